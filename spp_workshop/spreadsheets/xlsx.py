"""An .xlsx file as its sheets of cells: the values alone, whichever program wrote them.

Read here, and not by openpyxl, because of what people send: "Strict Open XML" has other namespaces, cells
need not say where they are, Japanese days have number formats that only Excel in Japan lists, and furigana
stand among the texts. It also takes a fifth of the time, and no more memory than the cells.

The form is that of ECMA-376, part 1, chapter 18.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from datetime import datetime, time, timedelta
from posixpath import join, normpath
from typing import Any, NamedTuple

from .grids import MOST_MERGED, Bounds, Grid, TooLargeError, Unreadable, place_of
from .parts import Parts, walk

# Numbers of formats that show days and times; 27 to 36 and 50 to 58 are those of East Asia (18.8.30).
_DAYS = frozenset([*range(14, 23), *range(27, 37), *range(45, 48), *range(50, 59)])
_NOT_SHOWN = re.compile(r'"[^"]*"|\\.|_.|\*.|\[(?!h+\]|m+\]|s+\])[^][]*\]', re.IGNORECASE)
# Beyond the year 9999.
_LAST_DAY = 2_958_466
_LENGTH = re.compile(r"\[(h+|m+|s+)\]", re.IGNORECASE)

# What XML cannot hold is written like this. Other characters nobody writes so: who sees them typed them.
_DISGUISED = re.compile("_x(00[01][0-9A-Fa-f]|005[Ff]|[Ff]{3}[EeFf])_")


_EMPTY = b"<none/>"

# In letters; Excel takes no longer ones, and 250 of them.
_LONGEST_FORMAT, _MOST_FORMATS = 255, 5_000


def looks_like(parts: Parts) -> bool:
    """Whether a zip is an .xlsx file."""
    return bool(_workbook_name(parts))


def read(parts: Parts, bounds: Bounds, *, as_written: bool = False) -> list[Grid]:
    """The sheets, the hidden ones, too. With `as_written`, formulas instead of what they gave.

    Raises whatever a broken file may lead to.
    """
    name = _workbook_name(parts)
    book = _Book()
    walk(parts.read(name), book)
    targets = _relations(parts, name)
    strings, styles = _Strings(), _Styles()
    # There is one of each; and each sheet is a part of its own, however often a file names it.
    kinds = dict(targets.values())
    walk(parts.read(kinds.get("sharedStrings", "")) or _EMPTY, strings)
    walk(parts.read(kinds.get("styles", "")) or _EMPTY, styles)
    known = _Known(strings.found, styles.shown, book.first_day, bounds, as_written)
    found = []
    for title, identity in book.sheets:
        kind, target = targets.pop(identity, ("", ""))
        if kind == "worksheet" and target in parts:
            sheet = _Sheet(known)
            walk(parts.read(target), sheet)
            found.append(Grid(title, sheet.cells, sheet.merged))
    return found


def _workbook_name(parts: Parts) -> str:
    named = (target for kind, target in _relations(parts, "").values() if kind == "officeDocument")
    name = next(named, "xl/workbook.xml")
    return name if name in parts and name.endswith(".xml") else ""


def _relations(parts: Parts, name: str) -> dict[str, tuple[str, str]]:
    """By id the kind and the name of the parts to which a part refers."""
    folder, _, own = name.rpartition("/")
    found = _Relations()
    if content := parts.read(join(folder, "_rels", f"{own}.rels")):
        walk(content, found)
    # A target that begins with a stroke is told from the top, any other from the part that names it.
    return {
        identity: (kind, normpath(join("/", folder, target)).lstrip("/"))
        for identity, kind, target in found.found
    }


class _Relations:
    def __init__(self) -> None:
        self.found: list[tuple[str, str, str]] = []

    def begins(self, name: str, attributes: dict[str, str]) -> None:
        if name == "Relationship" and attributes.get("TargetMode") != "External":
            kind = attributes.get("Type", "").rpartition("/")[2]
            self.found.append((attributes.get("Id", ""), kind, attributes.get("Target", "")))

    def ends(self, name: str) -> None:
        pass

    def says(self, text: str) -> None:
        pass


class _Book(_Relations):
    """Names and ids of the sheets, and from which day on days are counted."""

    def __init__(self) -> None:
        self.sheets: list[tuple[str, str]] = []
        self.first_day = datetime(1899, 12, 30)  # noqa: DTZ001

    def begins(self, name: str, attributes: dict[str, str]) -> None:
        if name == "workbookPr" and attributes.get("date1904", "") in ("1", "true", "on"):
            self.first_day = datetime(1904, 1, 1)  # noqa: DTZ001
        if name == "sheet":
            identity = next((value for key, value in attributes.items() if key.endswith(":id")), "")
            self.sheets.append((attributes.get("name", ""), identity))


class _Strings:
    """Texts, without the furigana above them."""

    def __init__(self) -> None:
        self.found: list[str] = []
        self.pieces: list[str] = []
        self.is_open, self.above = False, 0

    def begins(self, name: str, _: dict[str, str]) -> None:
        if name == "si":
            self.pieces = []
        self.above += name == "rPh"
        self.is_open = name == "t" and not self.above

    def ends(self, name: str) -> None:
        self.is_open = False
        self.above -= name == "rPh"
        if name == "si":
            self.found.append(_text("".join(self.pieces)))

    def says(self, text: str) -> None:
        if self.is_open:
            self.pieces.append(text)


class _Styles:
    """For every style what a number in it shows: "day", "length" of time, or nothing but itself."""

    def __init__(self) -> None:
        self.shown: list[str] = []
        self.codes: dict[str, str] = {}
        self.known: dict[str, str] = {}
        self.in_cells = False

    def begins(self, name: str, attributes: dict[str, str]) -> None:
        if name == "numFmt":
            # What is longer is none, and looking through it takes time with the square of its length.
            code = attributes.get("formatCode", "")
            self.codes[attributes.get("numFmtId", "")] = code if len(code) <= _LONGEST_FORMAT else ""
            if len(self.codes) > _MOST_FORMATS:
                raise TooLargeError
        self.in_cells = name == "cellXfs" or (self.in_cells and name != "cellStyles")
        if name == "xf" and self.in_cells:
            number = attributes.get("numFmtId", "0")
            if number not in self.known:
                self.known[number] = _shown(number, self.codes)
            self.shown.append(self.known[number])

    def ends(self, name: str) -> None:
        self.in_cells = self.in_cells and name != "cellXfs"

    def says(self, text: str) -> None:
        pass


def _shown(number: str, codes: dict[str, str]) -> str:
    if number not in codes:
        return "day" if number.isdecimal() and int(number) in _DAYS else ""
    code = _NOT_SHOWN.sub("", codes[number].split(";")[0])
    if _LENGTH.search(code):
        return "length"
    # Of Japanese eras e is the year; with a number sign it belongs to a power of ten.
    return "day" if re.search(r"[ymdhs]|(?<![0#?])e", code, re.IGNORECASE) and "General" not in code else ""


class _Known(NamedTuple):
    """What cells refer to, and how much of a sheet is wanted."""

    strings: list[str]
    shown: list[str]
    first_day: datetime
    bounds: Bounds
    as_written: bool


class _Sheet:
    """The cells of a sheet, as far as they stand where ours can be."""

    def __init__(self, known: _Known):
        self.known = known
        self.cells: dict[tuple[int, int], Any] = {}
        self.merged: list[tuple[int, int, int, int]] = []
        self.row, self.column = -1, -1
        self.kind, self.style = "", ""
        self.pieces: list[str] = []
        self.formula: list[str] | None = None
        self.is_open, self.in_formula, self.above, self.has_value = False, False, 0, False

    def begins(self, name: str, attributes: dict[str, str]) -> None:
        if name == "c":
            self._cell(attributes)
        elif name == "row":
            self.row, self.column = _count(attributes.get("r"), self.row + 2) - 1, -1
        elif name == "v":
            self.is_open = self.has_value = True
        elif name == "t":
            self.is_open = not self.above
        elif name == "f":
            self.formula = []
            self.in_formula = True
        elif name == "rPh":
            self.above += 1
        elif name == "mergeCell":
            self.merged += _block(attributes.get("ref", ""))
            if len(self.merged) > MOST_MERGED:
                raise TooLargeError

    def ends(self, name: str) -> None:
        self.is_open = self.in_formula = False
        self.above -= name == "rPh"
        bounds = self.known.bounds
        if name == "c" and 0 <= self.row < bounds.rows and 0 <= self.column < bounds.columns:
            value = self._value()
            if value is not None and value != "":
                self.cells[self.row, self.column] = value
            if len(self.cells) > bounds.cells:
                raise TooLargeError

    def says(self, text: str) -> None:
        if self.is_open:
            self.pieces.append(text)
        elif self.in_formula and self.formula is not None:
            self.formula.append(text)

    def _cell(self, attributes: dict[str, str]) -> None:
        row, column = place_of(attributes.get("r", "")) or (self.row, self.column + 1)
        self.row, self.column = max(row, 0), column
        self.kind, self.style = attributes.get("t", "n"), attributes.get("s", "")
        self.pieces, self.formula, self.has_value = [], None, False

    def _value(self) -> Any:
        text = "".join(self.pieces)
        computed = self.formula is not None
        if computed and self.known.as_written:
            return f"={_text(''.join(self.formula or ()))}"
        # A formula may give an empty text; one without any result was never computed.
        if self.kind == "e" or (computed and not text and (self.kind != "str" or not self.has_value)):
            return Unreadable()
        if self.kind in ("str", "inlineStr"):
            return _text(text)
        return self._meant(text.strip()) if text.strip() else None

    def _meant(self, text: str) -> Any:
        if self.kind == "s":
            place, strings = _count(text, -1), self.known.strings
            return strings[place] if 0 <= place < len(strings) else Unreadable()
        if self.kind == "b":
            return text in ("1", "true")
        return _moment(text) if self.kind == "d" else self._number(text)

    def _number(self, text: str) -> Any:
        try:
            value = float(text)
        except ValueError:
            return Unreadable()
        if not math.isfinite(value):
            return Unreadable()
        style, styles = _count(self.style, 0), self.known.shown
        shown = styles[style] if style < len(styles) else ""
        if shown and abs(value) < _LAST_DAY:
            return _day(value, shown, self.known.first_day)
        return int(value) if text.lstrip("+-").isdecimal() else value


def _moment(text: str) -> Any:
    try:
        return datetime.fromisoformat(text).replace(tzinfo=None)
    except ValueError:
        return text


def _day(value: float, shown: str, first_day: datetime) -> Any:
    passed = timedelta(seconds=round(value * 86_400))
    if shown == "length":
        return passed
    if 0 <= value < 1:
        return time() if value == 0 else (first_day + passed).time()
    try:
        # Excel counts a 29th of February 1900, which there never was.
        return first_day + passed + timedelta(days=value < 60 and first_day.year < 1900)
    except OverflowError:
        return value


def _text(text: str) -> str:
    if "_x" not in text:
        return text
    return _DISGUISED.sub(lambda match: chr(int(match[1], 16)), text)


def _count(text: str | None, otherwise: int) -> int:
    whole = text.strip() if text else ""
    return int(whole) if whole.isascii() and whole.isdecimal() and len(whole) < 10 else otherwise


def _block(reference: str) -> Iterator[tuple[int, int, int, int]]:
    first, _, last = reference.partition(":")
    here, there = place_of(first), place_of(last)
    if here and there:
        yield (*here, *there)
