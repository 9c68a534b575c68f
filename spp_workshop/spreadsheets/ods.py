"""An .ods file as its sheets of cells: LibreOffice's own form, which Excel and Google Sheets write, too.

The form is that of OpenDocument 1.3, part 3, chapters 9 and 19.
"""

from __future__ import annotations

import math
import re
from datetime import datetime, time, timedelta
from typing import Any

from .grids import ERRORS, MOST_MERGED, MOST_SHEETS, Bounds, Grid, TooLargeError, Unreadable
from .parts import Parts, walk

# Of all sheets together; ours have some 7,000. A small file can say that it repeats a cell a million times.
MOST_CELLS = 300_000
# Spaces that are told by their number, and paragraphs: a small file can have any number of them.
_MOST_SIGNS = 500_000
# What stands in a cell and is none of its text: a comment, furigana, a drawing.
_BESIDE = ("annotation", "ruby-text", "shapes", "frame", "custom-shape")
_TIME = re.compile(r"PT(\d{1,6})H(\d{1,2})M(\d{1,2})(?:\.\d*)?S")


def looks_like(parts: Parts) -> bool:
    """Whether a zip is an .ods file."""
    return "content.xml" in parts


def read(parts: Parts, bounds: Bounds) -> list[Grid]:
    """The sheets. Raises whatever a broken file may lead to."""
    content = _Content(bounds)
    walk(parts.read("content.xml"), content)
    return content.found


class _Content:
    """The cells of all sheets; what is repeated is written out, within bounds."""

    def __init__(self, bounds: Bounds):
        self.bounds = bounds
        self.found: list[Grid] = []
        self.row, self.column, self.left = 0, 0, MOST_CELLS
        self.signs = 0
        self.line: dict[int, Any] = {}
        self.rows, self.times = 1, 1
        self.kind, self.attributes = "", dict[str, str]()
        self.paragraphs: list[list[str]] = []
        self.beside, self.in_text = 0, False

    def begins(self, name: str, attributes: dict[str, str]) -> None:
        if name in _BESIDE or self.beside:
            self.beside += 1
        elif name == "table":
            if len(self.found) >= MOST_SHEETS:
                raise TooLargeError
            self.found.append(Grid(attributes.get("table:name", ""), {}))
            self.row = 0
        elif name == "table-row":
            self.line, self.column = {}, 0
            self.rows = _count(attributes.get("table:number-rows-repeated"))
        elif name in ("table-cell", "covered-table-cell"):
            self.attributes, self.paragraphs = attributes, []
            self.times = _count(attributes.get("table:number-columns-repeated"))
        elif name in ("p", "h"):
            self._count_signs(1)
            self.paragraphs.append([])
            self.in_text = True
        elif self.paragraphs and name in _SIGNS:
            times = min(_count(attributes.get("text:c")), 1_000)
            self._count_signs(times)
            self.paragraphs[-1].append(_SIGNS[name] * times)

    def ends(self, name: str) -> None:
        if self.beside:
            self.beside -= 1
        elif name in ("p", "h"):
            self.in_text = False
        elif name in ("table-cell", "covered-table-cell"):
            self._cell(name)
        elif name == "table-row":
            self._row()

    def says(self, text: str) -> None:
        if self.in_text and not self.beside:
            self.paragraphs[-1].append(text)

    def _count_signs(self, number: int) -> None:
        self.signs += number
        if self.signs > _MOST_SIGNS:
            raise TooLargeError

    def _cell(self, name: str) -> None:
        value = self._value() if name == "table-cell" else None
        if value is not None and value != "":
            last = min(self.column + self.times, self.bounds.columns)
            self.line.update(dict.fromkeys(range(self.column, last), value))
        across = _count(self.attributes.get("table:number-columns-spanned"))
        down = _count(self.attributes.get("table:number-rows-spanned"))
        if (across > 1 or down > 1) and self.found:
            last_row, last_column = self.row + down - 1, self.column + across - 1
            self.found[-1].merged.append((self.row, self.column, last_row, last_column))
            if len(self.found[-1].merged) > MOST_MERGED:
                raise TooLargeError
        self.column += self.times

    def _row(self) -> None:
        if self.line and self.found:
            rows = range(self.row, min(self.row + self.rows, self.bounds.rows))
            self.left -= len(rows) * len(self.line)
            if self.left < 0:
                raise TooLargeError
            for row in rows:
                self.found[-1].cells.update({(row, column): value for column, value in self.line.items()})
        self.row += self.rows

    def _value(self) -> Any:
        told = self.attributes.get
        text = "\n".join("".join(paragraph) for paragraph in self.paragraphs)
        kind = told("office:value-type", "")
        is_formula = "table:formula" in self.attributes
        if told("calcext:value-type") == "error" or (is_formula and (text in ERRORS or not kind)):
            return Unreadable()
        if kind in ("float", "percentage", "currency"):
            return _number(told("office:value", ""))
        if kind == "boolean":
            return told("office:boolean-value") == "true"
        if kind in ("date", "time"):
            return (_moment if kind == "date" else _length)(told(f"office:{kind}-value", ""), text)
        return text or told("office:string-value", "")


_SIGNS = {"s": " ", "tab": "\t", "line-break": "\n"}


def _count(text: str | None) -> int:
    return max(int(text), 1) if text and text.isascii() and text.isdecimal() and len(text) < 10 else 1


def _number(text: str) -> Any:
    try:
        value = float(text)
    except ValueError:
        return Unreadable()
    if not math.isfinite(value):
        return Unreadable()
    return int(text) if text.lstrip("-").isdecimal() else value


def _moment(text: str, shown: str) -> Any:
    try:
        return datetime.fromisoformat(text).replace(tzinfo=None)
    except ValueError:
        return shown


def _length(text: str, shown: str) -> Any:
    if not (match := _TIME.fullmatch(text)):
        return shown
    hours, minutes, seconds = map(int, match.groups())
    passed = timedelta(hours=hours, minutes=minutes, seconds=seconds)
    return time(hours, minutes, seconds) if hours < 24 and minutes < 60 and seconds < 60 else passed
