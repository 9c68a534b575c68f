"""A company's workbook in somebody's hands: what people do to it in Excel, done with openpyxl."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

from openpyxl import load_workbook

from spp_workshop.messages import Language
from spp_workshop.spreadsheets.opening import read_content
from spp_workshop.workbook.comparing import Judged, judge
from spp_workshop.workbook.plans import plan
from spp_workshop.workbook.recognising import parse
from spp_workshop.workbook.writing import workbook
from spp_workshop.workshop import Workshop


def sent(
    workshop: Workshop, company: str = "alpha", languages: tuple[Language, ...] = ("ja",), session: str = ""
) -> bytes:
    """The workbook as it goes out."""
    book = plan(workshop, workshop.programme.company(company), languages, session=session, export="e1")
    return workbook(book)


class Edited:
    """A workbook that is open in Excel."""

    def __init__(self, content: bytes):
        self.book = load_workbook(io.BytesIO(content))

    def sheet(self, worksheet: str) -> Any:
        """The sheet of a worksheet, whatever it is called."""
        for sheet in self.book.worksheets:
            stamp = parse(sheet["A1"].value)
            if stamp and stamp.worksheet == worksheet:
                return sheet
        raise KeyError(worksheet)

    def keys(self, worksheet: str) -> dict[str, int]:
        """The columns of a list by their hidden names, from 1."""
        sheet = self.sheet(worksheet)
        for row in sheet.iter_rows(max_row=20):
            if row[0].value == "#row":
                return {str(cell.value): cell.column for cell in row if cell.value}
        raise KeyError(worksheet)

    def lines(self, worksheet: str) -> list[int]:
        """The lines of a list that can be filled in, from 1."""
        sheet = self.sheet(worksheet)
        first = next(row[0].row for row in sheet.iter_rows(max_row=20) if row[0].value == "#example") + 1
        return list(range(first, sheet.max_row + 1))

    def fill(self, worksheet: str, line: int, **answers: Any) -> None:
        """Write answers into a line of a list, counted from 0; `name__2` is the second cell of several."""
        keys, sheet = self.keys(worksheet), self.sheet(worksheet)
        for name, value in answers.items():
            key = name.replace("__", "#")
            column = keys.get(key) or keys[f"{key}#1"]
            sheet.cell(self.lines(worksheet)[line], column).value = value

    def answer(self, worksheet: str, **answers: Any) -> None:
        """Write answers beside their questions."""
        sheet = self.sheet(worksheet)
        rows = {str(sheet.cell(row, 1).value): row for row in range(1, sheet.max_row + 1)}
        for name, value in answers.items():
            sheet.cell(rows[name.replace("__", "#")], 4).value = value

    def finish(self, worksheet: str, words: str) -> None:
        """Choose that a sheet is finished, or not."""
        sheet = self.sheet(worksheet)
        (row,) = [row for row in range(1, 12) if sheet.cell(row, 1).value == "#finished"]
        column = 5 if self.is_list(worksheet) else 4
        sheet.cell(row, column).value = words

    def is_list(self, worksheet: str) -> bool:
        """Whether a sheet is a list."""
        return any(row[0].value == "#row" for row in self.sheet(worksheet).iter_rows(max_row=20))

    def saved(self) -> bytes:
        """The file as it is sent back."""
        stream = io.BytesIO()
        self.book.save(stream)
        return stream.getvalue()


def judged(workshop: Workshop, content: bytes, name: str = "back.xlsx", **how: Any) -> Judged:
    """What is said of a file."""
    return judge(workshop, read_content(content, name), **how)


def states(found: Judged) -> dict[tuple[str, str], str]:
    """By worksheet and question what is said, of all cells of which anything is to be said."""
    return {(one.worksheet, one.name): one.state for one in found.told if one.state != "unchanged"}


def values(found: Judged) -> dict[str, Any]:
    """All answers that would be stored, by question."""
    return {name: value for answers in found.changes().values() for name, value in answers.items()}


def put(folder: Path, name: str, content: bytes) -> Path:
    """A file as it came by mail."""
    (folder / name).write_bytes(content)
    return folder / name
