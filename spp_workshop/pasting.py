"""A block of cells, as it is copied from a sheet, becomes rows of a worksheet; nothing is stored by it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from .errors import AnswerError, Problem, message
from .reading import plain, read_cell
from .worksheet import ChoiceList, Field, Worksheet

Cells = Sequence[Sequence[str]]

# More rows than any list of a workshop has; whoever brings more brings a file.
MOST_ROWS = 500

# In letters: more than any label in two languages has.
_LONGEST_LABEL = 600


@dataclass(frozen=True)
class PastedRow:
    """One line of cells: what stood there and what it means, by question; None where it cannot be read."""

    typed: dict[str, str]
    values: dict[str, Any]
    problems: list[Problem]


@dataclass(frozen=True)
class Block:
    """A block of cells: the question that each column answers (empty: none), and its rows."""

    columns: list[str]
    header: bool
    rows: list[PastedRow]


def read_block(
    sheet: Worksheet,
    cells: Cells,
    lists: Mapping[str, ChoiceList],
    *,
    first: str = "",
    columns: Sequence[str] | None = None,
) -> Block:
    """The rows that a block of cells makes; lines without anything in a recognised column are none.

    A first line of labels, in either language, names the columns; else they are the questions in order, from
    the question `first` on. `columns` says it otherwise. Raises AnswerError when there are too many rows.
    """
    lines = [line for line in cells if any(cell.strip() for cell in line)]
    named = _named(sheet, lines[0]) if lines else []
    found = list(columns) if columns is not None else named or _in_turn(sheet, lines, first)
    body = lines[1:] if named else lines
    if len(body) > MOST_ROWS:
        raise AnswerError(_too_many())
    asked = [sheet.by_name.get(name) for name in found]
    rows = [_row(asked, line, lists) for line in body]
    return Block(
        [field.name if field else "" for field in asked], bool(named), [row for row in rows if row.typed]
    )


def _named(sheet: Worksheet, line: Sequence[str]) -> list[str]:
    """The questions that a line of labels names; empty when it is no such line."""
    named, found = _names(sheet), dict.fromkeys([""])
    columns: list[str] = []
    for cell in line:
        name = named.get(plain(cell), "") if len(cell) <= _LONGEST_LABEL else ""
        columns.append("" if name in found else name)
        found[name] = None
    written = sum(1 for cell in line if cell.strip())
    return columns if 2 * sum(map(bool, columns)) >= max(written, 1) else []


def _names(sheet: Worksheet) -> dict[str, str]:
    """The questions by all that a column may be called; of two that read the same, the first."""
    found: dict[str, str] = {}
    for field in sheet.questions:
        ja, en = field.label.ja, field.label.en
        for name in (ja, en, f"{ja} / {en}", field.name):
            found.setdefault(plain(name), field.name)
    return found


def _in_turn(sheet: Worksheet, lines: Cells, first: str) -> list[str]:
    names = list(sheet.by_name)
    begin = names.index(first) if first in names else 0
    width = max(map(len, lines), default=0)
    return [*names[begin : begin + width], *[""] * (begin + width - len(names))]


def _row(asked: Sequence[Field | None], line: Sequence[str], lists: Mapping[str, ChoiceList]) -> PastedRow:
    row = PastedRow({}, {}, [])
    for field, cell in zip(asked, line, strict=False):
        if field is None or not cell.strip():
            continue
        row.typed[field.name] = cell
        value = read_cell(field, lists.get(field.list_name), cell)
        if isinstance(value, Problem):
            row.problems.append(value)
        else:
            row.values[field.name] = value
    return row


def _too_many() -> Problem:
    return Problem(
        "",
        "too_many_rows",
        message("These are too many rows at once."),
        message("Paste up to {rows} rows at a time.", rows=MOST_ROWS),
    )


__all__ = ["MOST_ROWS", "Block", "PastedRow", "read_block"]
