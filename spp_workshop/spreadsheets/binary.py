"""The binary kinds of workbook, .xls and .xlsb, read by calamine once it is known how far their cells reach.

Calamine makes a table of a sheet from its first cell to its last: a single one in the lowest corner would
cost gigabytes. So the records of cells are looked through first; both kinds are a row of records, each with a
number and a length ([MS-XLS] 2.1.4, [MS-XLSB] 2.1.4).
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator
from struct import unpack_from
from typing import Any

from .apart import sheets_of
from .grids import ERRORS, Bounds, Grid, TooLargeError, Unreadable
from .parts import BrokenError, Parts

# Bytes of an .xls; ours has 400,000.
LARGEST_OLD = 6_000_000
# Records of all sheets of an .xlsb: the smallest has two bytes.
_MOST_RECORDS = 600_000
# Cells from the first to the last, empty ones counted, of all sheets together.
_WIDEST = 2_000_000
# BIFF records of values that begin with row and column: formulas, numbers, texts, truths.
_XLS_CELLS = frozenset({0x06, 0xBD, 0xD6, 0xFD, 0x203, 0x204, 0x205, 0x27E})
_XLS_BEGINS = 0x809
_XLSB_ROW, _XLSB_CELLS = 0, range(2, 12)
# Cells that leave out their column. Excel writes none; calamine would pass over them in silence.
_XLSB_SHORT = range(12, 19)


def read_xls(content: bytes, bounds: Bounds) -> list[Grid]:
    """The sheets of an .xls file. Raises whatever a broken file may lead to."""
    import msoffcrypto

    if len(content) > LARGEST_OLD:
        raise TooLargeError
    office = msoffcrypto.OfficeFile(io.BytesIO(content))
    office.data.workbook.seek(0)
    _measure(_xls_places(office.data.workbook.read()))
    return _with_calamine(content, bounds)


def read_xlsb(parts: Parts, bounds: Bounds) -> list[Grid]:
    """The sheets of an .xlsb file. Raises whatever a broken file may lead to."""
    names = [name for name in parts.names(".bin") if "sheet" in name.casefold()]
    _measure(_xlsb_places(map(parts.read, names)))
    return _with_calamine(parts.repacked(), bounds)


def _measure(places: Iterable[tuple[int, int, int]]) -> None:
    """Refuse sheets that reach too far. A place is the number of the sheet, row and column."""
    reach: dict[int, tuple[int, int]] = {}
    for sheet, row, column in places:
        last, widest = reach.get(sheet, (0, 0))
        reach[sheet] = max(last, row), max(widest, column)
    if sum((last + 1) * (widest + 1) for last, widest in reach.values()) > _WIDEST:
        raise TooLargeError


def _xls_places(stream: bytes) -> Iterator[tuple[int, int, int]]:
    place, sheet = 0, 0
    while place + 4 <= len(stream):
        kind, length = unpack_from("<HH", stream, place)
        if kind == _XLS_BEGINS:
            sheet += 1
        elif kind in _XLS_CELLS and place + 8 <= len(stream):
            yield sheet, *unpack_from("<HH", stream, place + 4)
        place += 4 + length


def _xlsb_places(sheets: Iterable[bytes]) -> Iterator[tuple[int, int, int]]:
    left = _MOST_RECORDS
    for sheet, stream in enumerate(sheets):
        row = 0
        for kind, place, length in _xlsb_records(stream):
            left -= 1
            if left < 0:
                raise TooLargeError
            if kind == _XLSB_ROW and length >= 4:
                (row,) = unpack_from("<I", stream, place)
            elif kind in _XLSB_SHORT:
                raise BrokenError
            elif kind in _XLSB_CELLS and length >= 4:
                yield sheet, row, *unpack_from("<I", stream, place)


def _xlsb_records(stream: bytes) -> Iterator[tuple[int, int, int]]:
    """Of each record the number of its kind, where it begins, and how long it is."""
    place = 0
    while place < len(stream):
        kind, place = _number(stream, place, 2)
        length, place = _number(stream, place, 4)
        yield kind, place, length
        place += length


def _number(stream: bytes, place: int, longest: int) -> tuple[int, int]:
    """A number written seven bits at a time, and where it ends."""
    value = 0
    for step in range(longest):
        value |= (stream[place] & 0x7F) << 7 * step
        place += 1
        if stream[place - 1] < 0x80:
            break
    return value, place


def _with_calamine(content: bytes, bounds: Bounds) -> list[Grid]:
    return [
        Grid(
            name, cells_of(rows, ERRORS), [(top, left, bottom, right) for top, left, bottom, right in merged]
        )
        for name, rows, merged in sheets_of(content, bounds.rows, bounds.columns)
    ]


def cells_of(rows: Iterable[Iterable[Any]], errors: frozenset[str]) -> dict[tuple[int, int], Any]:
    """What is not empty, by place; these words are errors of a spreadsheet."""
    return {
        (row, column): Unreadable() if isinstance(value, str) and value in errors else value
        for row, values in enumerate(rows)
        for column, value in enumerate(values)
        if value is not None and value != ""
    }
