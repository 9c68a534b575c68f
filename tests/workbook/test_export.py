"""The workbook that a company gets: everything is in it, nothing in it can do anything, and text is text."""

from __future__ import annotations

import io
import re
import zipfile
from pathlib import Path
from typing import Any

import pytest
from openpyxl import load_workbook

from spp_workshop.cli import main
from spp_workshop.errors import SppError
from spp_workshop.workbook.exporting import export
from spp_workshop.workbook.looks import broken
from spp_workshop.workshop import Workshop, open_workshop

from .edited import Edited, sent

COMPANY_SHEETS = 15


def parts(content: bytes) -> dict[str, str]:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return {name: archive.read(name).decode("utf-8") for name in archive.namelist()}


def texts(content: bytes) -> list[str]:
    book = load_workbook(io.BytesIO(content))
    return [str(cell.value) for sheet in book for row in sheet.iter_rows() for cell in row if cell.value]


def test_nothing_in_it_computes_runs_or_leads_elsewhere(alpha: Workshop, workshop: Workshop) -> None:
    typed = {"situation": '=HYPERLINK("http://example.com")', "insight": "@cmd"}
    alpha.save("issues_found", typed, row="r1")
    for name, text in parts(sent(workshop)).items():
        assert not re.search(r"<f[ >/]", text), name
        assert "externalLink" not in name
        assert "vbaProject" not in name
        assert "ddeLink" not in text
        if name.endswith(".rels"):
            assert 'TargetMode="External"' not in text, name


@pytest.mark.parametrize(
    "typed", ["=1+1", "+81", "-5", "@a", "007", "1-2", "_x0041_", "𠮷髙﨑①㈱", "a\tb\nc"]
)
def test_what_looks_like_a_formula_or_a_number_stays_text(
    alpha: Workshop, workshop: Workshop, typed: str
) -> None:
    alpha.save("issues_found", {"situation": typed}, row="r1")
    edited = Edited(sent(workshop))
    cell = edited.sheet("issues_found").cell(
        edited.lines("issues_found")[0], edited.keys("issues_found")["situation"]
    )
    assert cell.data_type in ("s", "inlineStr")
    assert cell.value == typed


def test_only_the_cells_of_answers_can_be_written_into(workshop: Workshop) -> None:
    edited = Edited(sent(workshop))
    for sheet in edited.book.worksheets:
        if sheet.sheet_state == "visible":
            assert sheet.protection.sheet
            assert not sheet.protection.password
    sheet, keys = edited.sheet("issues_found"), edited.keys("issues_found")
    line = edited.lines("issues_found")[0]
    open_cells = {key for key, column in keys.items() if not sheet.cell(line, column).protection.locked}
    # Beside an empty line its number, too: the code of a row on paper can be written there.
    assert open_cells == {key for key in keys if not key.startswith("#")} | {"#number"}


def test_every_choice_is_offered_by_its_label_in_the_language(workshop: Workshop) -> None:
    for languages, label in (
        (("ja",), "はい"), (("en",), "Yes"), (("ja", "en"), "はい / Yes"),
    ):  # fmt: skip
        edited = Edited(sent(workshop, languages=languages))
        lists = edited.book["spp_lists"]
        assert lists.sheet_state == "veryHidden"
        assert label in {cell.value for row in lists.iter_rows() for cell in row}
    rules = edited.sheet("issues_found").data_validations.dataValidation
    assert {rule.formula1 for rule in rules if rule.type == "list"} >= {
        "list_human_rights_issues", "list_rights_holders"
    }  # fmt: skip


def test_title_introduction_hints_and_examples_are_there(workshop: Workshop) -> None:
    found = texts(sent(workshop))
    sheet = workshop.worksheets["step1_risk_areas"]
    everything = "\n".join(found)
    assert sheet.title.ja in everything
    assert sheet.intro.ja in everything
    for field in sheet.questions:
        for text in (field.label, field.hint):
            assert text
            assert text.ja in everything, field.name
    # The example is that of the company's own sector, where there is one.
    assert "めっきライン(薬液の補充と段取り)" in everything
    assert "Plating line" not in everything


def test_rows_are_carried_forward_with_their_ids_and_numbers(alpha: Workshop, workshop: Workshop) -> None:
    alpha.save("step1_risk_areas", {"business_area": "塗装"}, row="r1")
    edited = Edited(sent(workshop))
    first, later = edited.sheet("step1_risk_areas"), edited.sheet("step2_harm_process")
    one, two = edited.lines("step1_risk_areas"), edited.lines("step2_harm_process")
    # Below the number stands the code of the row.
    assert (later.cell(two[0], 1).value, later.cell(two[0], 3).value) == ("r1", "1\n32FXX")
    assert "塗装" in [cell.value for cell in later[two[0]]]
    # What is not written yet has the same id on the same number, so that the answers meet.
    for line in range(1, 5):
        assert first.cell(one[line], 1).value == later.cell(two[line], 1).value
        assert first.cell(one[line], 3).value == later.cell(two[line], 3).value == str(line + 1)


def test_it_is_set_up_for_paper_and_for_scrolling(workshop: Workshop) -> None:
    edited = Edited(sent(workshop))
    for sheet in edited.book.worksheets:
        if sheet.sheet_state == "visible":
            assert sheet.page_setup.paperSize == 9
            assert sheet.page_setup.fitToHeight == (None if sheet.title == "はじめに" else 0)
    assert edited.sheet("issues_found").freeze_panes == "E7"
    assert edited.sheet("issues_found").print_title_rows == "$6:$6"
    assert edited.sheet("issues_found").page_setup.orientation == "landscape"
    assert edited.sheet("consent").page_setup.orientation == "portrait"


def test_each_sheet_says_out_of_sight_whose_it_is(workshop: Workshop) -> None:
    edited = Edited(sent(workshop))
    hidden = edited.book["spp_stamp"]
    assert hidden.sheet_state == "veryHidden"
    assert hidden.max_row == COMPANY_SHEETS + 1
    assert '"company":"alpha"' in str(edited.book.custom_doc_props["spp-workshop"].value)
    assert edited.sheet("consent").row_dimensions[1].hidden
    assert edited.sheet("consent").column_dimensions["A"].hidden


def test_one_file_for_each_company_none_for_others_to_read(workshop: Workshop) -> None:
    written = export(workshop, ["ja"])
    assert [path.name for path in written.values()] == ["alpha.xlsx", "beta.xlsx"]
    assert all(path.stat().st_mode & 0o077 == 0 for path in written.values())
    with pytest.raises(SppError):
        export(workshop, ["ja"], companies=["nobody"])


def test_no_company_finds_anything_of_another(beta: Workshop, workshop: Workshop) -> None:
    beta.save("issues_found", {"situation": "漏れたら困る話"}, row="r1")
    for text in parts(sent(workshop, "alpha")).values():
        assert "困る話" not in text
        assert "beta" not in text
        assert "ベータ" not in text


def test_the_command_writes_what_is_due_at_a_session(tmp_path: Path, capsys: Any) -> None:
    assert main(["new", str(tmp_path / "w"), "--template", "spp-2025"]) == 0
    command = [
        "worksheets",
        "export",
        str(tmp_path / "w"),
        "--company",
        "tsuchinoko",
        "--session",
        "dd_engagement",
    ]
    assert main(command) == 0
    (path,) = (tmp_path / "w" / "output" / "worksheets").glob("*.xlsx")
    names = load_workbook(path).sheetnames
    assert [name for name in names if name.startswith("ステップ")] == names[1:4]
    assert len(names) == 1 + 4 + 2
    assert "tsuchinoko.xlsx" in capsys.readouterr().out


def test_long_titles_of_sheets_stay_apart(workshop: Workshop) -> None:
    names = Edited(sent(workshop, languages=("ja", "en"))).book.sheetnames
    assert len({name.casefold() for name in names}) == len(names)
    assert all(len(name.encode("utf-16-le")) <= 62 for name in names)


def test_a_long_title_is_not_cut_within_a_phrase(workshop: Workshop) -> None:
    english = Edited(sent(workshop, languages=("en",))).book.sheetnames
    assert {"Company profile", "Step 3 Assess the company's…", "Questionnaire before the…"} <= set(english)
    both = Edited(sent(workshop, languages=("ja", "en"))).book.sheetnames
    assert {"会社の概要 Company profile", "事前に見つけた課題"} <= set(both)
    assert "ステップ③ 負の影響と企業の関わりの評価及び優先順位付け" in both


def test_a_long_title_on_the_cover_has_a_link_on_each_of_its_lines(workshop: Workshop) -> None:
    # LibreOffice shows a link on one line, and cuts off what does not fit.
    cover = Edited(sent(workshop, languages=("en",))).book.worksheets[0]
    linked = [cell for row in cover.iter_rows() for cell in row if cell.hyperlink]
    assert all(len(cell.value) <= 53 for cell in linked)
    step = [cell.value for cell in linked if "Step 3" in cell.hyperlink.location]
    assert step == [
        "Step 3: Assess the company's involvement in adverse",
        "impacts (human rights risks) and set priorities",
    ]
    assert len({cell.hyperlink.location for cell in linked}) == COMPANY_SHEETS


def test_lines_break_at_words_and_before_no_closing_mark() -> None:
    assert broken("自己点検(指導原則31の8要件)", 14) == ["自己点検(指導", "原則31の8要件)"]
    assert broken("one two three", 8) == ["one two", "three"]
    assert broken("", 8) == [""]


ONE_QUESTION = """\
name: safety_talk
version: 1
title: {ja: 安全の話し合い, en: Safety talk}
intro: {ja: 危ない作業を書きます。, en: Write down what felt dangerous.}
subject: company
repeats: true
row_title: work
share: own
source: {ja: 自社で作成, en: Made by us}
fields:
  - type: text
    name: work
    label: {ja: 作業, en: Work}
    hint: {ja: 一行に一つ, en: One per row}
    example: {ja: 荷下ろし, en: Unloading}
    why: {ja: 知るため。, en: To know.}
    source: {ja: 自社で作成, en: Made by us}
"""


def test_a_list_of_one_question_has_room_and_prints_with_the_cell_that_finishes_it(
    workshop: Workshop,
) -> None:
    (workshop.folder / "worksheets").mkdir(exist_ok=True)
    (workshop.folder / "worksheets" / "safety_talk.yaml").write_text(ONE_QUESTION, encoding="utf-8")
    sheet = Edited(sent(open_workshop(workshop.folder))).sheet("safety_talk")
    assert round(sheet.column_dimensions["D"].width) == 66
    assert sheet.print_area.endswith("$C$2:$E$18")
    assert sheet.page_setup.orientation == "portrait"


def test_an_empty_programme_is_told(tmp_path: Path, capsys: Any) -> None:
    assert main(["new", str(tmp_path / "w")]) == 0
    assert main(["worksheets", "export", str(tmp_path / "w")]) == 2
    assert "programme.yaml" in capsys.readouterr().err
    assert open_workshop(tmp_path / "w").programme.companies == ()
