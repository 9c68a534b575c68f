from __future__ import annotations

from pathlib import Path

import pytest

from spp_workshop.errors import DefinitionError
from spp_workshop.worksheet import load_choices, load_worksheets

GOOD = """\
name: sheet
version: 1
title: {ja: 表, en: Sheet}
intro: {ja: 紹介, en: Intro}
subject: company
share: own
source: {ja: 本ツールキット, en: This toolkit}
fields:
  - type: text
    name: first
    label: {ja: 一つ目, en: First}
  - type: select_one yes_no
    name: second
    label: {ja: 二つ目, en: Second}
"""

YES_NO = """\
name: yes_no
title: {ja: はい・いいえ, en: Yes or no}
source: {ja: 本ツールキット, en: This toolkit}
choices:
  - {name: yes, label: {ja: はい, en: Yes}}
  - {name: no, label: {ja: いいえ, en: No}}
"""


@pytest.fixture
def write(tmp_path: Path):
    def write(text: str, name: str = "sheet") -> Path:
        (tmp_path / f"{name}.yaml").write_text(text, encoding="utf-8")
        return tmp_path

    return write


def load(folder: Path):
    (folder / "choices").mkdir(exist_ok=True)
    (folder / "choices" / "yes_no.yaml").write_text(YES_NO, encoding="utf-8")
    return load_worksheets(folder, lists=load_choices(folder / "choices"))


def problems(folder: Path) -> list[tuple[str, str]]:
    with pytest.raises(DefinitionError) as caught:
        load(folder)
    assert all(problem.text("ja") != problem.text("en") for problem in caught.value.problems)
    return [(problem.where.rpartition(":")[2], problem.rule) for problem in caught.value.problems]


def test_a_good_worksheet_loads(write) -> None:
    sheet = load(write(GOOD))["sheet"]
    assert [field.name for field in sheet.questions] == ["first", "second"]
    assert sheet.by_name["second"].list_name == "yes_no"


def test_yes_and_no_stay_words(write) -> None:
    assert load_choices(write(YES_NO, "yes_no"))["yes_no"].codes == ["yes", "no"]


@pytest.mark.parametrize(
    ("was", "becomes", "expected"),
    [
        ("intro: {ja: 紹介, en: Intro}", "intro: {ja: 紹介}", ("4", "missing")),
        ("version: 1", "version: one", ("2", "int_parsing")),
        ("share: own", "shaer: own", ("6", "extra_forbidden")),
        ("share: own", "share: friends", ("6", "literal_error")),
        ("name: second", "name: first", ("13", "duplicate_field")),
        ("name: second", "name: row", ("13", "reserved_name")),
        ("type: text", "type: essay", ("9", "unknown_type")),
        ("type: select_one yes_no", "type: select_one", ("12", "unknown_type")),
        ("type: select_one yes_no", "type: select_one nowhere", ("12", "unknown_list")),
        ("name: sheet", "name: other", ("1", "name_is_not_file")),
        ("version: 1", "version: 1\nversion: 2", ("3", "duplicate_key")),
        ("version: 1", "version: [1", ("3", "not_yaml")),
        ("version: 1", "version: 1\nrows_from: nowhere", ("3", "unknown_worksheet")),
        ("version: 1", "version: 1\nrow_title: nothing", ("3", "unknown_field")),
        ("label: {ja: 一つ目, en: First}", "label: {ja: 一つ目, en: ''}", ("11", "string_too_short")),
        ("label: {ja: 一つ目, en: First}", "relevant: ${x} > 1", ("11", "unreadable_relevant")),
    ],
)
def test_each_mistake_is_told_with_its_line(write, was: str, becomes: str, expected: tuple[str, str]) -> None:
    assert expected in problems(write(GOOD.replace(was, becomes)))


def test_the_mistakes_of_all_files_are_told_at_once(write) -> None:
    write(GOOD.replace("version: 1", "version: one").replace("share: own", "shaer: own"))
    found = problems(write(GOOD.replace("name: sheet", "name: x").replace("type: text", "type: essay"), "x"))
    assert {rule for _, rule in found} >= {"int_parsing", "extra_forbidden", "missing", "unknown_type"}


def test_a_mistyped_key_is_guessed(write) -> None:
    with pytest.raises(DefinitionError) as caught:
        load(write(GOOD.replace("share: own", "shaer: own")))
    assert "Did you mean “share”?" in caught.value.text("en")


def test_a_later_folder_wins(tmp_path: Path) -> None:
    for number, place in enumerate(("shipped", "own"), 1):
        (tmp_path / place).mkdir()
        text = YES_NO.replace("はい・いいえ", f"第{number}版")
        (tmp_path / place / "yes_no.yaml").write_text(text, encoding="utf-8")
    assert load_choices(tmp_path / "shipped", tmp_path / "own")["yes_no"].title["ja"] == "第2版"


def test_a_code_that_a_list_has_lost_is_shown_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "yes_no.yaml").write_text(YES_NO, encoding="utf-8")
    assert load_choices(tmp_path)["yes_no"].label("perhaps", "ja") == "perhaps"
