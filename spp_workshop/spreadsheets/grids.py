"""A sheet as its cells, whatever kind of file it came in; and how much of one is read."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any, NamedTuple


class Unreadable:
    """A cell that shows an error of Excel, or a formula that was never computed."""


class Bounds(NamedTuple):
    """How many rows and columns of a sheet are read, and how many cells it may have there."""

    rows: int = 3_000
    columns: int = 400
    cells: int = 1_200_000


# Of one file, whatever its kind. Ours has 25 sheets and 100,000 letters.
MOST_SHEETS, MOST_LETTERS = 1_000, 30_000_000

# Blocks of cells made one, of one sheet. Ours has 20.
MOST_MERGED = 20_000

ERRORS = frozenset({"#REF!", "#N/A", "#VALUE!", "#NAME?", "#DIV/0!", "#NULL!", "#NUM!", "#GETTING_DATA"})


class TooLargeError(Exception):
    """More than a workbook of ours can have."""


@dataclass(frozen=True)
class Grid:
    """A sheet: its name, and its cells by row and column, both from 0."""

    name: str
    cells: dict[tuple[int, int], Any]
    merged: list[tuple[int, int, int, int]] = field(default_factory=list)


_PLACE = re.compile("([A-Z]{1,3})([0-9]{1,7})")


def place_of(name: str) -> tuple[int, int] | None:
    """Row and column of a place as Excel calls it."""
    match = _PLACE.fullmatch(name)
    if not match or match[2] == "0" * len(match[2]):
        return None
    column = 0
    for letter in match[1]:
        column = column * 26 + ord(letter) - 64
    return int(match[2]) - 1, column - 1
