"""Cases and guides: all problems at once; the room never sees the notes; free text stays text."""

from __future__ import annotations

import html
import re
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from IPython.core.formatters import DisplayFormatter
from pydantic import ValidationError

from spp_workshop.cases import Case, Guide, load_cases, load_guides
from spp_workshop.errors import DefinitionError
from spp_workshop.worksheet import Choice, ChoiceList, Text

if TYPE_CHECKING:
    from pathlib import Path


def text(word: str) -> dict[str, str]:
    return {"ja": f"{word}です", "en": f"the {word}"}


CASE: dict[str, Any] = {
    "name": "case_lamp",
    "title": text("lamp"),
    "issues": ["privacy"],
    "rights_holders": ["women"],
    "steps": ["receive"],
    "situation": {"ja": "暗い通路です。\n灯りがありません。", "en": "A dark passage.\nThere is no lamp."},
    "questions": [text("first question"), text("second question")],
    "notice": [text("point to notice")],
    "good_handling": [text("good handling")],
    "information_card": text("card"),
    "source": text("source"),
}
GUIDE: dict[str, Any] = {
    "name": "guide_lamp",
    "topic": text("topic"),
    "aim": text("aim"),
    "minutes": 25,
    "group_size": "4-5",
    "prompts": [text("first prompt"), text("second prompt")],
    "typical_answers": [text("typical answer")],
    "when_stuck": [text("way out")],
    "output": text("output"),
    "source": text("source"),
}


def case(**changes: Any) -> Case:
    return Case.model_validate(CASE | changes)


def write(folder: Path, definition: dict[str, Any], name: str = "") -> Path:
    folder.mkdir(exist_ok=True)
    path = folder / f"{name or definition['name']}.yaml"
    path.write_text(yaml.safe_dump(definition, allow_unicode=True, sort_keys=False), encoding="utf-8")
    return path


def problems(folder: Path, **lists: Any) -> dict[str, str]:
    with pytest.raises(DefinitionError) as caught:
        load_cases(folder, **lists)
    return {problem.where.split("/")[-1]: problem.rule for problem in caught.value.problems}


# --- Loading ----------------------------------------------------------------------------------------------


def test_a_case_is_found_under_its_name(tmp_path: Path) -> None:
    write(tmp_path, CASE)
    assert load_cases(tmp_path) == {"case_lamp": case()}


def test_a_guide_is_found_under_its_name(tmp_path: Path) -> None:
    write(tmp_path, GUIDE)
    assert load_guides(tmp_path) == {"guide_lamp": Guide.model_validate(GUIDE)}


def test_a_workshops_own_case_wins_over_the_shipped_one(tmp_path: Path) -> None:
    write(tmp_path / "shipped", CASE)
    write(tmp_path / "own", CASE | {"title": text("candle")})
    assert load_cases(tmp_path / "shipped", tmp_path / "own")["case_lamp"].title.en == "the candle"


def test_a_folder_that_is_not_there_holds_no_cases(tmp_path: Path) -> None:
    assert load_cases(tmp_path / "nowhere") == {}


def test_a_case_cannot_be_changed() -> None:
    with pytest.raises(ValidationError):
        case().name = "case_candle"  # type: ignore[misc]


def test_every_problem_of_every_file_is_told_with_its_line(tmp_path: Path) -> None:
    write(tmp_path, CASE | {"title": {"ja": "灯り"}, "colour": "red"})
    write(tmp_path, CASE | {"name": "case_candle", "questions": []})
    found = problems(tmp_path)
    assert found == {
        "case_lamp.yaml:2": "missing",
        "case_lamp.yaml:34": "extra_forbidden",
        "case_candle.yaml:18": "too_short",
    }


def test_a_case_must_be_named_as_its_file(tmp_path: Path) -> None:
    write(tmp_path, CASE, name="case_other")
    assert problems(tmp_path) == {"case_other.yaml:1": "name_is_not_file"}


def test_a_code_that_the_list_does_not_have_is_told_with_its_line(tmp_path: Path) -> None:
    write(tmp_path, CASE | {"issues": ["privacy", "privcy"]})
    label = Text(ja="一覧", en="list")
    issues = ChoiceList(
        name="human_rights_issues", title=label, source=label, choices=(Choice(name="privacy", label=label),)
    )
    assert problems(tmp_path, lists={"human_rights_issues": issues}) == {"case_lamp.yaml:7": "unknown_choice"}


@pytest.mark.parametrize("size", ["", "4", "0-5", "4-", "four to five", "4-5\n", "<b>4-5</b>"])
def test_a_group_size_is_two_numbers(size: str) -> None:
    with pytest.raises(ValidationError):
        Guide.model_validate(GUIDE | {"group_size": size})


# --- What is shown ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", ["ja", "en"])
def test_the_room_sees_situation_and_questions_and_nothing_of_the_notes(language: str) -> None:
    handout = html.unescape(case().handout(language))
    for seen in ("title", "source"):
        assert CASE[seen][language] in handout
    assert all(question[language] in handout for question in CASE["questions"])
    assert all(line in handout for line in CASE["situation"][language].splitlines())
    hidden = [*CASE["notice"], *CASE["good_handling"], CASE["information_card"]]
    assert not [words for words in hidden if words[language] in handout]


@pytest.mark.parametrize("language", ["ja", "en"])
def test_the_facilitator_sees_notes_and_card(language: str) -> None:
    notes = html.unescape(case().notes(language))
    for words in (*CASE["notice"], *CASE["good_handling"], CASE["information_card"]):
        assert words[language] in notes


def test_codes_are_put_into_words_where_the_lists_are_given() -> None:
    def one(name: str, code: str) -> ChoiceList:
        label = Text(ja=f"{code}の言葉", en=f"words for {code}")
        return ChoiceList(name=name, title=label, source=label, choices=(Choice(name=code, label=label),))

    lists = {
        "human_rights_issues": one("human_rights_issues", "privacy"),
        "rights_holders": one("rights_holders", "women"),
        "case_process_steps": one("case_process_steps", "receive"),
    }
    assert "影響を受ける人：「womenの言葉」" in case().notes("ja", lists)
    assert "Steps on which it turns: “words for receive”" in case().notes("en", lists)
    assert "receive" not in case().notes("en")


@pytest.mark.parametrize("language", ["ja", "en"])
def test_a_guide_shows_the_room_its_prompts_and_the_facilitator_the_rest(language: str) -> None:
    guide = Guide.model_validate(GUIDE)
    room, notes = guide.handout(language), guide.notes(language)
    assert all(prompt[language] in room for prompt in GUIDE["prompts"])
    assert GUIDE["output"][language] in room
    for words in (*GUIDE["typical_answers"], *GUIDE["when_stuck"]):
        assert words[language] in notes
        assert words[language] not in room


def test_a_guide_says_how_long_and_in_how_large_groups() -> None:
    guide = Guide.model_validate(GUIDE)
    assert "時間25分、1グループ4–5人" in guide.handout("ja")
    assert "25 minutes, 4–5 people in a group" in guide.handout("en")


def test_a_notebook_shows_it_as_markdown() -> None:
    shown, _ = DisplayFormatter().format(case().handout("en"))
    assert shown["text/markdown"].startswith("### Hypothetical case: the lamp")


# --- Free text stays text ---------------------------------------------------------------------------------

ACTIVE = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "[here](javascript:alert(1))",
    "![picture](http://127.0.0.1/x)",
    "**bold** _slanted_ `code` ~~struck~~",
    "# a heading",
    "- an item",
    "+ an item",
    "1. an item",
    "===",
    "> quoted",
    "a | b",
    "&lt;b&gt;",
    "{{ 7 * 7 }} {title}",
]


def rendered(markdown: str) -> str:
    from nbconvert.filters import markdown2html

    return str(markdown2html(markdown))


@pytest.mark.parametrize("words", ACTIVE)
def test_free_text_comes_out_as_it_was_written(words: str) -> None:
    both = {"ja": words, "en": words}
    changed = case(title=both, situation=both, questions=[both], notice=[both], information_card=both)
    for markdown in (changed.handout("en"), changed.notes("en")):
        page = rendered(markdown)
        assert html.unescape(re.sub("<[^>]+>", "", page)).count(words) >= 2
        tags = set(re.findall(r"<([a-z0-9]+)", page))
        assert tags <= {"h3", "h4", "a", "p", "br", "ol", "ul", "li", "blockquote", "span"}
        assert page.count("<a ") == page.count('class="anchor-link"')


@pytest.mark.parametrize("words", ["$x^2$ and $$y$$", r"\(x\) and \[y\]", r"\begin{x}y\end{x}"])
def test_no_formula_is_left_for_mathjax(words: str) -> None:
    both = {"ja": words, "en": words}
    page = rendered(case(situation=both).handout("en"))
    # MathJax does not look across an element: every sign that could begin a formula stands in one of its own.
    outside = html.unescape(re.sub(r"<span>&#\d+;</span>|<span>[$\\]</span>", "", page))
    assert "$" not in outside
    assert "\\" not in outside
    assert html.unescape(re.sub("<[^>]+>", "", page)).count(words) == 1
