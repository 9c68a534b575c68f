"""One cell to be filled in: value, look, drop-down, and the reason where it came back."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from spp_workshop.errors import message
from spp_workshop.reading import NOT_TICKED, TICK, TICKED

from .columns import Column
from .looks import Looks
from .plans import Book, Line, Mark, Page
from .texts import FINISHED, STATES_OF_WORK

# What Excel takes: of a help text beside a cell, of its title, of a list that is written out, of a comment.
LONGEST_HELP, LONGEST_TITLE, LONGEST_LIST, LONGEST_NOTE = 255, 32, 255, 2000


class Sheet:
    """A sheet of a workbook that is being written."""

    def __init__(self, book: Book, worksheet: Any, looks: Looks, names: Mapping[str, str]):
        self.book, self.worksheet, self.looks, self.names = book, worksheet, looks, names
        self.words, self.display = book.words, book.display

    def write(self, row: int, column: int, value: Any, style: Any) -> None:
        """Whatever it is, a text is written as text: never a formula, never an address."""
        if value is None or value == "":
            self.worksheet.write_blank(row, column, None, style)
        elif isinstance(value, date):
            self.worksheet.write_datetime(row, column, value, style)
        elif isinstance(value, (int, float)) and float(f"{value:.16G}") == value:
            self.worksheet.write_number(row, column, value, style)
        else:
            self.worksheet.write_string(row, column, str(value), style)

    def answer(self, row: int, column: int, cell: Column, line: Line) -> None:
        """The cell of an answer, with its drop-down."""
        value = line.given[cell.key] if cell.key in line.given else self.display.cell(cell, line.answers)
        mark = line.marks.get(cell.key)
        self.write(row, column, value, self.looks.answer(_kind(cell), mark.state if mark else ""))
        if mark and mark.reason is not None:
            self.comment(row, column, mark)

    def comment(self, row: int, column: int, mark: Mark) -> None:
        """Why a cell is marked."""
        text = self.words(mark.reason)[:LONGEST_NOTE]
        size = {"x_scale": 2.2, "y_scale": max(1.0, len(text) / 70)}
        self.worksheet.write_comment(row, column, text, {"author": "spp-workshop", "font_size": 9, **size})

    def rules(self, first: int, last: int, column: int, cell: Column, *, help_text: bool) -> None:
        """What a drop-down offers in these rows, what a cell takes, and the help beside it."""
        rule = self._rule(cell)
        if help_text:
            rule |= self._help(cell)
        if rule.get("validate") or help_text:
            rule.setdefault("validate", "any")
            self.worksheet.data_validation(first, column, last, column, rule)

    def finished(self, row: int, column: int, page: Page) -> None:
        """The question whether a sheet is finished, and the cell where to say so."""
        written = [line for line in page.lines if line.revision]
        done = bool(written) and all(line.status == "submitted" for line in written)
        states = [self.words.line(state) for state in STATES_OF_WORK]
        self.write(row, column, self.words.line(FINISHED), self.looks("label"))
        self.write(row, column + 1, states[0] if done else None, self.looks.answer("select_one"))
        self.choose(row, column + 1, states)

    def choose(self, row: int, column: int, offered: list[str]) -> None:
        """A drop-down of a few words."""
        self.worksheet.data_validation(row, column, row, column, {"validate": "list", "source": offered})

    def _rule(self, cell: Column) -> dict[str, Any]:
        kind = _kind(cell)
        told = {
            "error_title": self._title(cell),
            "error_message": self.words(_CHOOSE)[:LONGEST_HELP],
            # A warning only: what is pasted in another wording is understood when it comes home.
            "error_type": "warning",
        }
        if kind == "tick":
            return {"validate": "list", "source": [TICK], **told}
        if kind == "acknowledge":
            words = [self.words.line(TICKED), self.words.line(NOT_TICKED)]
            return {"validate": "list", "source": words, **told}
        if cell.field.list_name in self.names and kind.startswith("select"):
            return {"validate": "list", "source": f"={self.names[cell.field.list_name]}", **told}
        return {}

    def _help(self, cell: Column) -> dict[str, Any]:
        hint = self.words(cell.field.hint) if cell.field.hint else ""
        if not hint:
            return {}
        return {"input_title": self._title(cell), "input_message": clipped(hint, LONGEST_HELP)}

    def _title(self, cell: Column) -> str:
        return clipped(self.words.line(cell.field.label), LONGEST_TITLE)


def _kind(cell: Column) -> str:
    several = cell.field.kind == "select_multiple" and cell.part
    return "tick" if several and not cell.part.isdigit() else cell.field.kind


def clipped(text: str, longest: int) -> str:
    """The text, or its beginning with three dots; Excel counts a sign beyond the BMP twice."""
    if _units(text) <= longest:
        return text
    while _units(text) > longest - 1:
        text = text[: -max(1, (_units(text) - longest + 1) // 2)]
    return f"{text.rstrip()}…"


def _units(text: str) -> int:
    return len(text.encode("utf-16-le", "replace")) // 2


_CHOOSE = message("This is not among the choices. Is it to stay as it is?")
