"""A cell says what its person meant, however it is written; what cannot be meant is told, never guessed."""

from __future__ import annotations

from datetime import datetime, time
from typing import Any

import pytest

from spp_workshop.documents import shipped
from spp_workshop.errors import Problem
from spp_workshop.reading import is_ticked, offered, read_cell
from spp_workshop.worksheet import ChoiceList, Field, load_choices

# As files hold them: days without a place on the globe.
DAY = datetime.fromisoformat("2026-01-20")
MOMENT = datetime.fromisoformat("2026-01-20T14:05")
LISTS = load_choices(shipped("worksheets") / "choices")
STAGES = LISTS["value_chain_stages"]


def field(kind: str) -> Field:
    return Field.model_validate({"type": kind, "name": "asked", "label": {"ja": "質問", "en": "Question"}})


def made(*labels: tuple[str, str, str]) -> ChoiceList:
    text = {"ja": "試験", "en": "Test"}
    choices = [{"name": code, "label": {"ja": ja, "en": en}} for code, ja, en in labels]
    return ChoiceList.model_validate({"name": "made", "title": text, "source": text, "choices": choices})


def read(kind: str, value: Any) -> Any:
    name = kind.partition(" ")[2]
    return read_cell(field(kind), LISTS.get(name), value)


@pytest.mark.parametrize("value", [None, "", "  ", "\u3000\n"])
@pytest.mark.parametrize("kind", ["text", "integer", "date", "acknowledge", "select_one yes_no"])
def test_an_empty_cell_is_no_answer(kind: str, value: Any) -> None:
    assert read(kind, value) is None


@pytest.mark.parametrize(
    ("value", "stored"),
    [
        ("=1+1", "=1+1"),
        ("ﾊﾝｶｸ ～", "ﾊﾝｶｸ ～"),
        (12.0, "12"),
        (0.5, "0.5"),
        ("007", "007"),
        (DAY, "2026-01-20"),
        (MOMENT, "2026-01-20 14:05"),
        (time(9, 30), "09:30"),
        (" 一行目\r\n二行目 ", "一行目\n二行目"),
    ],
)
def test_a_text_stays_as_it_was_typed(value: Any, stored: str) -> None:
    assert read("text", value) == stored


@pytest.mark.parametrize(
    ("value", "stored"),
    [
        (12.0, 12),
        ("１２", 12),
        ("1,234", 1234),
        ("１，２３４", 1234),
        (" 1 200\n", 1200),
        ("−3", -3),
        (0, 0),
        ("12人", 12),
        ("１，２００ 名", 1200),
    ],
)
def test_numbers(value: Any, stored: int) -> None:
    assert read("integer", value) == stored
    assert read("decimal", value) == stored


def test_what_counting_in_twos_has_left_is_no_part_of_a_number() -> None:
    assert read("decimal", 0.1 + 0.2) == 0.3


@pytest.mark.parametrize(
    "value",
    [
        "令和8年1月20日", "令和８年１月２０日", "R8.1.20", "Ｒ８．１．２０", "r8/1/20", "令和8年1月20日(火)",
        "2026-01-20", "2026/1/20", "2026年1月20日", "2026年1月20日(火)", "２０２６．１．２０",
        "2026年 1月 20日", "2026-01-20 00:00:00", "2026-01-20T00:00:00", "January 20, 2026 (Tue.)",
        "20 Jan 2026",
        "Jan. 20th, 2026", "20260120", 20260120, 46042, 46042.0, 46042.75, "46042", DAY,
        " 2026-01-20\n",
    ],
)  # fmt: skip
def test_dates_in_all_ways_in_which_they_are_written(value: Any) -> None:
    assert read("date", value) == "2026-01-20"


def test_the_first_year_of_an_era_has_a_name() -> None:
    assert read("date", "令和元年5月1日") == "2019-05-01"
    assert read("date", "平成元年1月8日") == "1989-01-08"
    assert read("date", "昭和64年1月7日") == "1989-01-07"


@pytest.mark.parametrize(
    "value", ["1/20/2026", "1月20日", "来月", "2026-02-30", "令和8年13月1日", 12, 3.5, True]
)
def test_a_date_that_may_mean_two_days_or_none_is_not_guessed(value: Any) -> None:
    assert isinstance(read("date", value), Problem)


@pytest.mark.parametrize("value", ["たくさん", "約10", "約10人", "14日", "人", "1e5", True, DAY, "1-2"])
def test_what_is_no_number_is_told(value: Any) -> None:
    problem = read("integer", value)
    assert isinstance(problem, Problem)
    assert problem.field == "asked"
    assert "質問" in problem.text("ja")


def test_a_choice_by_code_and_by_label_in_both_languages() -> None:
    for choice in STAGES.choices:
        for written in (
            choice.name, choice.label.ja, choice.label.en, choice.label.en.upper(), f" {choice.label.ja}\n",
            f"{choice.label.ja} / {choice.label.en}", f"{choice.label.ja}\n{choice.label.en}",
            choice.label.ja.replace("・", "･").replace("、", "､"),
        ):  # fmt: skip
            assert read("select_one value_chain_stages", written) == choice.name, written


def test_half_width_kana_and_wave_dashes_are_read() -> None:
    choices = made(("one", "サーバー〜ガラス", "Servers - glass"))
    for written in ("ｻｰﾊﾞｰ～ｶﾞﾗｽ", "サーバー~ガラス", "Ｓｅｒｖｅｒｓ － ｇｌａｓｓ", "servers–glass"):
        assert read_cell(field("select_one made"), choices, written) == "one", written


@pytest.mark.parametrize("name", LISTS)
def test_every_label_that_is_offered_is_read_as_its_code(name: str) -> None:
    for languages in (["ja"], ["en"], ["ja", "en"]):
        labels = offered(LISTS[name], languages)
        assert list(labels) == LISTS[name].codes
        for code, label in labels.items():
            assert read_cell(field(f"select_one {name}"), LISTS[name], label) == code
        for mark in ("\n", "、", ", ", ";", "・"):
            together = mark.join(labels.values())
            assert read_cell(field(f"select_multiple {name}"), LISTS[name], together) == LISTS[name].codes


def test_labels_that_read_the_same_are_told_apart_by_their_codes() -> None:
    choices = made(("one", "その他", "Other"), ("two", "その他", "Other"))
    labels = offered(choices, ["ja"])
    assert labels == {"one": "その他 (one)", "two": "その他 (two)"}
    assert read_cell(field("select_one made"), choices, "その他 (two)") == "two"
    assert isinstance(read_cell(field("select_one made"), choices, "その他"), Problem)


@pytest.mark.parametrize("value", ["ない段階", 3, True, "own_operations、ない段階"])
def test_what_is_no_choice_is_told(value: Any) -> None:
    assert isinstance(read("select_one value_chain_stages", value), Problem)
    assert isinstance(read("select_multiple value_chain_stages", value), Problem)


def test_a_tick_is_whatever_people_use_for_one() -> None:
    for yes in (True, 1, "○", "◯", "〇", "レ", "✓", "はい", "Yes", "ＯＫ", "確認しました", "Confirmed"):
        assert is_ticked(yes) is True, yes
        assert read("acknowledge", yes) is True
    for no in (False, "いいえ", "no", "まだ確認していません", "Not confirmed yet", "－", "□"):
        assert is_ticked(no) is False, no
        assert read("acknowledge", no) is False
    assert is_ticked(None) is False
    for neither in ("×", "x", "たぶん"):
        assert is_ticked(neither) is None
        assert isinstance(read("acknowledge", neither), Problem)
