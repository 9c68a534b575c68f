"""The tables of an export of KoboToolbox or ODK Central: known by the columns that these tools add.

KoboToolbox (formpack's reporting/export.py and kpi's COPY_FIELDS): one sheet with a line for each submission,
which ends in `_id, _uuid, _submission_time, _validation_status, ..., meta/rootUuid, _index`, and one sheet
for each repeat with `_index, _parent_table_name, _parent_index, _submission__id, _submission__uuid, ...`.
ODK Central (lib/data/briefcase.js): a table with `SubmissionDate ... KEY, SubmitterID, ..., FormVersion`, and
one for each repeat with `PARENT_KEY, KEY`; ODK Briefcase writes the same.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from spp_workshop.spreadsheets.opening import Grid

from .recognising import TOP

Tool = Literal["kobo", "odk"]

# Columns by which a table is known: of submissions, and of the rows of a repeat.
_MARKS: tuple[tuple[Tool, bool, frozenset[str]], ...] = (
    ("kobo", True, frozenset({"_parent_table_name", "_parent_index"})),
    ("kobo", True, frozenset({"_parent_index", "_submission__uuid"})),
    ("kobo", False, frozenset({"_uuid", "_submission_time"})),
    ("kobo", False, frozenset({"_id", "_uuid"})),
    ("odk", True, frozenset({"PARENT_KEY", "KEY"})),
    ("odk", False, frozenset({"SubmissionDate", "KEY"})),
)

# What these tools add beside the answers.
_ADDED = re.compile(
    r"_.*|SubmissionDate|KEY|PARENT_KEY|SET-OF-.*|Submitter(ID|Name)|Attachments(Present|Expected)|Status"
    r"|ReviewState|DeviceID|Edits|FormVersion|isValidated|(meta[-/])?(instanceI[Dd]|instanceName|rootUuid|audit)"
    r"|formhub/uuid|start|end|today"
)


@dataclass(frozen=True)
class Table:
    """A table of an export: where its heads stand, what they say, whether its lines are rows of a repeat."""

    grid: Grid
    tool: Tool
    is_repeat: bool
    head: int
    heads: Mapping[int, str]

    def lines(self) -> list[int]:
        """The lines below the heads, in order; one of tags (`#...`), which KoboToolbox may add, is none."""
        rows: dict[int, list[Any]] = {}
        for (row, _), value in self.grid.cells.items():
            if row > self.head:
                rows.setdefault(row, []).append(value)
        return sorted(row for row, values in rows.items() if not _is_tags(values))

    def value(self, line: int, *heads: str) -> Any:
        """What stands in a line below the first of these heads that has something there."""
        for head in heads:
            for column, text in self.heads.items():
                if text == head and (line, column) in self.grid.cells:
                    return self.grid.cells[line, column]
        return None

    def text(self, line: int, *heads: str) -> str:
        """The same as a text; a number without its fraction."""
        value = self.value(line, *heads)
        if isinstance(value, float) and value.is_integer():
            value = int(value)
        return "" if value is None else str(value).strip()

    def asked(self) -> dict[int, str]:
        """The columns that these tools did not add, by place."""
        return {column: text for column, text in self.heads.items() if not _ADDED.fullmatch(text)}


def _is_tags(values: Iterable[Any]) -> bool:
    return all(isinstance(value, str) and value.startswith("#") for value in values)


def tables_of(grids: Iterable[Grid]) -> list[Table]:
    """The tables of an export; none when the file is none."""
    return [table for grid in grids if (table := _table(grid))]


def is_export(grids: Iterable[Grid]) -> bool:
    """Whether a file comes out of a form tool, and so may hold the answers of many companies."""
    return bool(tables_of(grids))


def _table(grid: Grid) -> Table | None:
    rows: dict[int, dict[int, str]] = {}
    for (row, column), value in grid.cells.items():
        if row < TOP and isinstance(value, str):
            rows.setdefault(row, {})[column] = value.strip()
    for head, heads in sorted(rows.items()):
        said = set(heads.values())
        for tool, is_repeat, marks in _MARKS:
            if marks <= said:
                return Table(grid, tool, is_repeat, head, dict(sorted(heads.items())))
    return None
