# ruff: noqa: E501  (XML as it stands in files)
"""Files that other programs saved mean what they meant before."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from openpyxl import load_workbook
from openpyxl.styles import Font
from workbook.edited import Edited, judged, sent, states, values

from spp_workshop.errors import AnswerError
from spp_workshop.spreadsheets.grids import Bounds, Unreadable
from spp_workshop.spreadsheets.opening import read_content
from spp_workshop.workshop import Workshop

from . import programs

LIST, PLAIN = "issues_found", "company_profile"
MEANT = {
    "situation": "𠮷野の床が\n滑る <a> & b", "issue": "occupational_safety_health",
    "rights_holders": ["employees", "women"], "employees": 48, "policy_date": "2026-01-20",
    "agreed_on": "2026-02-01", "purpose_understood": True,
}  # fmt: skip


def came_back(workshop: Workshop) -> bytes:
    """A workbook that is filled in, with a day that Excel counts."""
    edited = Edited(sent(workshop))
    edited.fill(
        LIST, 0, situation=MEANT["situation"], issue="労働安全衛生", rights_holders="自社の従業員(正社員)",
        rights_holders__2="女性",
    )  # fmt: skip
    edited.answer(PLAIN, employees=48, policy_date=datetime.fromisoformat("2026-01-20"))
    edited.answer("consent", agreed_on="令和8年2月1日", purpose_understood="○")
    return edited.saved()


@pytest.mark.parametrize(
    "program",
    [
        programs.google, programs.strict, programs.from_1904, programs.with_prefixes, programs.by_a_phone,
        programs.with_furigana, programs.numbers, programs.xlsb,
    ],
)  # fmt: skip
def test_saved_by(workshop: Workshop, program: Callable[[bytes], bytes]) -> None:
    found = judged(workshop, program(came_back(workshop)))
    assert values(found) == MEANT
    assert set(states(found).values()) <= {"new", "ignored"}


def test_an_xlsb_is_one(workshop: Workshop) -> None:
    assert read_content(programs.xlsb(came_back(workshop)), "a.xlsb").ending == "xlsb"


def test_an_xlsb_of_which_cells_would_be_passed_over_is_refused() -> None:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        archive.writestr("xl/workbook.bin", b"")
        archive.writestr("xl/worksheets/sheet1.bin", bytes([0, 4, 0, 0, 0, 0, 17, 4, 0, 0, 0, 0]))
    with pytest.raises(AnswerError, match="cannot be read"):
        read_content(made.getvalue(), "a.xlsb")


def cell_of(change: Callable[[Any], None]) -> Any:
    """What is read of a cell."""
    book = load_workbook(io.BytesIO(programs._saved(programs.Workbook())))
    change(book.active["B2"])
    (grid,) = read_content(programs._saved(book), "a.xlsx").grids
    return grid.cells.get((1, 1))


@pytest.mark.parametrize(
    ("shown", "code"),
    [
        ("day", "yyyy-mm-dd"), ("day", "[$-411]ggge年m月d日"), ("day", "[$-ja-JP-x-gannen]ggge\"年\"m\"月\"d\"日\";@"),
        ("day", "m/d"), ("number", "0.00E+00"), ("number", '#,##0"days"'), ("number", "General"), ("number", "[Red]0"),
        ("number", '0"時間"'),
    ],
)  # fmt: skip
def test_a_number_is_a_day_where_its_format_shows_one(shown: str, code: str) -> None:
    def change(cell: Any) -> None:
        cell.value, cell.number_format = 46042, code

    assert cell_of(change) == (datetime.fromisoformat("2026-01-20") if shown == "day" else 46042)


@pytest.mark.parametrize("number", [14, 22, 27, 31, 36, 50, 57, 58])
def test_days_of_east_asia_have_numbers_of_their_own(number: int) -> None:
    book = load_workbook(io.BytesIO(programs._saved(programs.Workbook())))
    book.active["B2"].value, book.active["B2"].font = 46042, Font(bold=True)  # type: ignore[index,union-attr]
    content = programs.changed(
        programs._saved(book),
        lambda name, text: text.replace('numFmtId="0" fontId="1"', f'numFmtId="{number}" fontId="1"'),
    )
    assert read_content(content, "a.xlsx").grids[0].cells[1, 1] == datetime.fromisoformat("2026-01-20")


@pytest.mark.parametrize(
    ("cell", "meant"),
    [
        ('<c r="B2" t="str"><f>A1</f><v>x</v></c>', "x"), ('<c r="B2" t="str"><f>A1</f><v></v></c>', None),
        ('<c r="B2"><f>A1</f></c>', Unreadable), ('<c r="B2"><f>A1</f><v>3</v></c>', 3),
        ('<c r="B2" t="e"><v>#N/A</v></c>', Unreadable), ('<c r="B2" t="b"><v>1</v></c>', True),
        ('<c r="B2" t="s"><v>999</v></c>', Unreadable), ('<c r="B2"><v>1e999</v></c>', Unreadable),
        ('<c r="B2"><v>0.5</v></c>', 0.5), ('<c r="B2" t="inlineStr"><is><t>a_x000D_b_x005F_c_x0041_</t></is></c>', "a\rb_c_x0041_"),
        ('<c r="B2" t="d"><v>2026-01-20T09:00:00Z</v></c>', datetime.fromisoformat("2026-01-20T09:00")),
    ],
)  # fmt: skip
def test_a_cell_in_every_form(cell: str, meant: Any) -> None:
    rows = f'<sheetData><row r="2">{cell}</row></sheetData>'
    content = programs.changed(
        programs._saved(programs.Workbook()),
        lambda _, text: re.sub(r"<sheetData ?/>|<sheetData></sheetData>", lambda _: rows, text),
    )
    found = read_content(content, "a.xlsx").grids[0].cells.get((1, 1))
    assert isinstance(found, Unreadable) if meant is Unreadable else found == meant


def ods(rows: str) -> bytes:
    names = " ".join(
        f'xmlns:{name}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"'
        for name in ("office", "table", "text")
    )
    content = (
        f"<office:document-content {names}><office:body><office:spreadsheet>"
        f'<table:table table:name="S">{rows}</table:table></office:spreadsheet></office:body></office:document-content>'
    )
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        archive.writestr("content.xml", content)
    return made.getvalue()


def test_an_ods_with_all_that_may_stand_in_it() -> None:
    rows = (
        '<table:table-row table:number-rows-repeated="2"><table:table-cell table:number-columns-repeated="3"/>'
        '<table:table-cell office:value-type="float" office:value="48"><text:p>48</text:p></table:table-cell>'
        "</table:table-row><table:table-row>"
        '<table:table-cell table:number-columns-spanned="2" office:value-type="string"><office:annotation><text:p>nein</text:p>'
        '</office:annotation><text:p>a<text:s text:c="2"/>b</text:p><text:p>c<text:tab/>d</text:p></table:table-cell>'
        "<table:covered-table-cell/>"
        '<table:table-cell office:value-type="date" office:date-value="2026-01-20"><text:p>R8</text:p></table:table-cell>'
        '<table:table-cell table:formula="of:=1/0"><text:p>#DIV/0!</text:p></table:table-cell></table:table-row>'
        '<table:table-row table:number-rows-repeated="1048000"><table:table-cell table:number-columns-repeated="16384"/></table:table-row>'
    )
    (grid,) = read_content(ods(rows), "a.ods").grids
    assert grid.merged == [(2, 0, 2, 1)]
    assert isinstance(grid.cells.pop((2, 3)), Unreadable)
    assert grid.cells == {
        (0, 3): 48, (1, 3): 48, (2, 0): "a  b\nc\td", (2, 2): datetime.fromisoformat("2026-01-20")
    }  # fmt: skip


@pytest.mark.parametrize("encoding", ["utf-8-sig", "cp932"])
def test_a_sheet_that_excel_saved_as_text(workshop: Workshop, encoding: str) -> None:
    # One sheet of the workbook, with everything on it: hidden lines, days as they are shown, empty fields.
    import csv

    for name, meant in ((PLAIN, {"employees": 48, "policy_date": "2026-01-20"}),
                        (LIST, {"situation": "床が\n滑る <a> & b"})):  # fmt: skip
        sheet = Edited(came_back(workshop)).sheet(name)
        stream = io.StringIO()
        for row in sheet.iter_rows(values_only=True):
            shown = [f"{one:%Y/%m/%d}" if isinstance(one, datetime) else one for one in row]
            csv.writer(stream).writerow(
                [str(one).replace("𠮷野の", "") if one is not None else "" for one in shown]
            )
        found = judged(workshop, stream.getvalue().encode(encoding, "replace"), "a.csv")
        assert {key: values(found)[key] for key in meant} == meant
        assert set(states(found).values()) == {"new"}


def test_no_more_is_read_than_can_be_meant() -> None:
    book = programs.Workbook()
    book.active["A1"].value = "x"  # type: ignore[index,union-attr]
    book.active.cell(Bounds().rows + 1, 1).value = "below"  # type: ignore[union-attr]
    book.active.cell(1, Bounds().columns + 1).value = "beside"  # type: ignore[union-attr]
    assert read_content(programs._saved(book), "a.xlsx").grids[0].cells == {(0, 0): "x"}
