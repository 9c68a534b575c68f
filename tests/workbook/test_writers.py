"""No file that we write computes, runs or leads anywhere, whoever wrote it and whatever people typed."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from openpyxl import load_workbook

import spp_workshop
from spp_workshop import workbook as package
from spp_workshop.seats import Seat
from spp_workshop.workbook.annotating import annotated
from spp_workshop.workbook.plans import plan
from spp_workshop.workbook.writing import workbook as written
from spp_workshop.workbook.xlsforms import write_forms
from spp_workshop.workshop import Workshop, open_workshop

from .edited import Edited, judged

# What people type, harmless or not; a tab or a line feed before it does not make it a formula either.
TYPED = [
    "=1+1", "=cmd|'/C calc'!A0", "+81-3-0000-0000", "-5 degrees", "@SUM(A1)", "\t=1+1", "\r=1+1", "\n=1+1",
    "=HYPERLINK(\"http://example.com\")", "http://example.com/", "mailto:a@example.com", "file:///c:/x",
    "＝1+1", "{=1+1}", "'=1+1", "internal:Sheet!A1", "external:other.xlsx",
]  # fmt: skip
NAME = "=1+1 @http://example.com"


@pytest.fixture
def told(folder: Path) -> Workshop:
    """A programme in which everything that somebody writes begins like a formula."""
    file = folder / "programme.yaml"
    text = file.read_text(encoding="utf-8")
    text = text.replace("アルファ表面処理", NAME).replace("Alpha Surface", NAME).replace("事務局", NAME)
    file.write_text(text.replace("小さなプログラム", "'=2+2'"), encoding="utf-8")
    workshop = open_workshop(folder)
    alpha = workshop.seated(Seat.company("alpha"))
    for number, typed in enumerate(TYPED):
        alpha.save("issues_found", {"situation": typed, "insight": typed}, row=f"r{number}")
    alpha.save("company_profile", {"products": TYPED[0], "policy_approved_by": TYPED[4]})
    return workshop


def sent(workshop: Workshop) -> list[bytes]:
    company = workshop.programme.company("alpha")
    return [written(plan(workshop, company, languages)) for languages in (("ja",), ("en",), ("ja", "en"))]


def marked(workshop: Workshop) -> list[bytes]:
    """The marked copy of a file in which everything is wrong or in conflict, and told beside the cell."""
    edited = Edited(sent(workshop)[0])
    for line, typed in enumerate(TYPED):
        # As a text, which is how Excel keeps what is typed into these cells.
        edited.fill("issues_found", line, issue=f"{typed} ", situation=f"{typed}?")
    for sheet in edited.book.worksheets:
        for row in sheet.iter_rows():
            for cell in row:
                if cell.data_type == "f":
                    cell.data_type = "s"
    alpha = workshop.seated(Seat.company("alpha"))
    for row in alpha.rows("issues_found"):
        alpha.save("issues_found", {"situation": f"{row.answers['situation']}!"}, row=row.row, based_on=1)
    found = judged(workshop, edited.saved())
    assert {one.state for one in found.told} >= {"wrong", "conflict"}
    return [annotated(workshop, found)]


def forms(workshop: Workshop) -> list[bytes]:
    """The worksheets as forms of other tools, and the companies' codes."""
    made = write_forms(workshop)
    return [path.read_bytes() for path in (*made.files.values(), made.links)]


@pytest.mark.parametrize("writer", [sent, marked, forms])
def test_nothing_computes_runs_or_leads_elsewhere(
    told: Workshop, writer: Callable[[Workshop], list[bytes]]
) -> None:
    for content in writer(told):
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            for name in archive.namelist():
                text = archive.read(name).decode()
                assert not re.search(r"<(\w+:)?f[ >/]", text), name
                assert not re.search(
                    "externalLink|vbaProject|ddeLink|oleObject|connections|webExtension", name
                )
                assert "ddeLink" not in text
                assert 'TargetMode="External"' not in text, name
        cells = [
            cell for sheet in load_workbook(io.BytesIO(content)) for row in sheet.iter_rows() for cell in row
        ]
        for cell in cells:
            assert cell.data_type != "f", cell.coordinate
            assert cell.hyperlink is None or not cell.hyperlink.target, cell.coordinate


def test_what_was_typed_stands_in_the_workbook_as_it_was(told: Workshop) -> None:
    cells = {
        str(cell.value)
        for sheet in load_workbook(io.BytesIO(sent(told)[0]))
        for row in sheet.iter_rows()
        for cell in row
    }
    for typed in TYPED:
        assert typed.strip() in cells or typed in cells, typed


def test_there_is_no_other_writer() -> None:
    root = Path(spp_workshop.__file__).parent
    found = {
        path.relative_to(root).as_posix()
        for path in root.rglob("*.py")
        if re.search(r"from xlsxwriter|import xlsxwriter|csv\.writer|csv\.DictWriter|to_csv|to_excel",
                     path.read_text(encoding="utf-8"))
    }  # fmt: skip
    # growing.py only makes rows; clerking.py loads it beforehand.
    assert found - {"workbook/growing.py", "serving/clerking.py"} == {
        "workbook/writing.py", "workbook/xlsforms.py", "xlsform/writing.py"
    }  # fmt: skip


def test_the_package_names_all_its_modules() -> None:
    words = {word for line in (package.__doc__ or "").splitlines() if line.startswith("    ")
             for word in re.split(r"[ ,]+", line.strip().partition("  ")[0])}  # fmt: skip
    modules = {path.stem for path in Path(package.__file__).parent.glob("*.py")} - {"__init__"}
    assert modules <= words
