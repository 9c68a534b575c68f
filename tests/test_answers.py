from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spp_workshop import answers
from spp_workshop.worksheet import ChoiceList, Worksheet

BOTH = {"ja": "あ", "en": "a"}


def choice(code: str) -> dict:
    return {"name": code, "label": BOTH}


LISTS = {
    "yes_no": ChoiceList(name="yes_no", title=BOTH, source=BOTH, choices=[choice("yes"), choice("no")]),
    "issues": ChoiceList(
        name="issues", title=BOTH, source=BOTH, choices=[choice("wages"), choice("hours"), choice("safety")]
    ),
}


def sheet(*fields: dict) -> Worksheet:
    defaults = {"label": BOTH}
    return Worksheet(
        name="sheet",
        version=1,
        title=BOTH,
        intro=BOTH,
        subject="company",
        share="own",
        source=BOTH,
        fields=[{**defaults, **field} for field in fields],
    )


def read(kind: str, typed: object) -> tuple[object, list[str]]:
    values, problems = answers.read(sheet({"type": kind, "name": "field"}), {"field": typed}, LISTS)
    return values.get("field"), [problem.rule for problem in problems]


@pytest.mark.parametrize(
    ("kind", "typed", "stored"),
    [
        ("text", "  two\r\nlines\x00 ", "two\nlines"),
        ("text", "<b>𠮷</b> {{x}}", "<b>𠮷</b> {{x}}"),
        ("text", "   ", None),
        ("integer", "40", 40),
        ("integer", "１,２００", 1200),
        ("integer", 0, 0),
        ("integer", "", None),
        ("decimal", "2.5", 2.5),
        ("date", "2026-01-20", "2026-01-20"),
        ("date", "2026/1/20", "2026-01-20"),
        ("date", "2026年1月20日", "2026-01-20"),
        ("acknowledge", True, True),
        ("select_one yes_no", "no", "no"),
        ("select_multiple issues", ["safety", "wages"], ["wages", "safety"]),
        ("select_multiple issues", [], None),
    ],
)
def test_what_people_type_is_understood(kind: str, typed: object, stored: object) -> None:
    assert read(kind, typed) == (stored, [])


@pytest.mark.parametrize(
    ("kind", "typed"),
    [
        ("text", 3),
        ("text", "x" * 10_001),
        ("integer", "about 40"),
        ("integer", "4.5"),
        ("integer", "nan"),
        ("integer", "9" * 400),
        ("decimal", "1e999"),
        ("decimal", "inf"),
        ("date", "2026-02-30"),
        ("date", "soon"),
        ("acknowledge", "yes"),
        ("select_one yes_no", "はい"),
        ("select_one yes_no", ["yes"]),
        ("select_multiple issues", ["wages", "cats"]),
    ],
)
def test_what_cannot_be_read_is_told_and_not_stored(kind: str, typed: object) -> None:
    assert read(kind, typed) == (None, ["unreadable"])


def test_all_problems_are_told_at_once_and_the_good_answers_are_kept() -> None:
    worksheet = sheet(
        {"type": "integer", "name": "a"}, {"type": "date", "name": "b"}, {"type": "text", "name": "c"}
    )
    values, problems = answers.read(worksheet, {"a": "x", "b": "y", "c": "fine", "d": "?"}, LISTS)
    assert values == {"c": "fine"}
    assert [(problem.field, problem.rule) for problem in problems] == [
        ("a", "unreadable"),
        ("b", "unreadable"),
        ("d", "unknown_field"),
    ]


def test_a_problem_never_repeats_the_answer() -> None:
    _, problems = answers.read(sheet({"type": "integer", "name": "a"}), {"a": "my secret"}, LISTS)
    assert "secret" not in problems[0].text("en") + problems[0].text("ja")


def test_only_a_text_has_translations() -> None:
    worksheet = sheet({"type": "text", "name": "a"}, {"type": "date", "name": "b"})
    values, problems = answers.read(worksheet, {"a@en": "x", "b@en": "2026-01-20", "a@fr": "y"}, LISTS)
    assert values == {"a@en": "x"}
    assert [problem.field for problem in problems] == ["b@en", "a@fr"]


def test_a_required_question_is_asked_only_when_it_is_relevant() -> None:
    worksheet = sheet(
        {"type": "select_one yes_no", "name": "declared", "required": True},
        {"type": "date", "name": "on", "required": True, "relevant": "${declared} = 'yes'"},
    )
    assert [p.field for p in answers.check(worksheet, {})] == ["declared"]
    assert [p.field for p in answers.check(worksheet, {"declared": "yes"})] == ["on"]
    assert answers.check(worksheet, {"declared": "no"}) == []


def test_an_answer_to_a_question_that_is_no_longer_asked_is_kept_but_not_shown() -> None:
    worksheet = sheet(
        {"type": "select_one yes_no", "name": "declared"},
        {"type": "date", "name": "on", "relevant": "${declared} = 'yes'"},
    )
    stored = {"declared": "no", "on": "2026-01-20"}
    assert answers.shown(worksheet, stored, "ja") == {"declared": "no", "on": None}


@pytest.mark.parametrize(
    ("constraint", "good", "bad"),
    [
        ({"min": 1, "max": 20}, 20, 21),
        ({"max_length": 3}, "abc", "abcd"),
        ({"pattern": "[a-z]+"}, "abc", "ab1"),
    ],
)
def test_an_answer_out_of_bounds_is_a_draft_with_the_worksheets_own_words(constraint, good, bad) -> None:
    kind = "text" if isinstance(good, str) else "integer"
    message = {"ja": "範囲内で。", "en": "Within bounds."}
    worksheet = sheet({"type": kind, "name": "a", "constraint": constraint, "constraint_message": message})
    assert answers.check(worksheet, {"a": good}) == []
    problem = answers.check(worksheet, {"a": bad})[0]
    assert (problem.grade, problem.rule) == ("incomplete", "constraint")
    assert "範囲内で。" in problem.text("ja")


def test_an_unticked_box_is_no_consent() -> None:
    worksheet = sheet({"type": "acknowledge", "name": "agreed", "required": True})
    assert answers.check(worksheet, {"agreed": False})
    assert not answers.check(worksheet, {"agreed": True})


def test_zero_is_an_answer() -> None:
    assert not answers.check(sheet({"type": "integer", "name": "a", "required": True}), {"a": 0})


@given(typed=st.one_of(st.text(), st.integers(), st.floats(), st.booleans(), st.lists(st.text()), st.none()))
@pytest.mark.parametrize(
    "kind",
    ["text", "integer", "decimal", "date", "acknowledge", "select_one yes_no", "select_multiple issues"],
)
def test_whatever_arrives_is_stored_readably_or_told(kind: str, typed: object) -> None:
    value, problems = read(kind, typed)
    assert value is None or not problems
    assert read(kind, value) == (value, [])  # what is stored reads as itself
