"""Rows of a worksheet: one risk, one action. Their ids travel from step 1 to the action plan.

A row that is carried forward keeps its id; a second row for the same risk is its child, `PARENT.xxxx`.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from .errors import Problem
from .store import Revision

# One author's saves within this time are one step of the history that a person sees.
_ONE_STEP = timedelta(minutes=10)

_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"


@dataclass(frozen=True)
class Row:
    """A row as its company sees it. `revision` 0: carried forward, not answered here yet."""

    row: str
    revision: int = 0
    status: str = ""
    answers: dict[str, Any] = field(default_factory=dict)
    recorded_at: str = ""
    carried: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Saved:
    """What became of a save: the state that is stored now, and what still keeps it from being complete."""

    row: str
    revision: int
    status: str
    answers: dict[str, Any]
    recorded_at: str
    problems: list[Problem]
    merged: list[str]


def new_row_id(parent: str = "") -> str:
    """A row id that nobody has; with a parent, one that says whose child it is."""
    letters = "".join(secrets.choice(_LETTERS) for _ in range(4 if parent else 8))
    return f"{parent}.{letters}" if parent else f"r{letters}"


def parent_row(row: str, rows: Mapping[str, Any]) -> str:
    """The row of `rows` that a row belongs to: its longest dotted beginning; empty when there is none."""
    while row and row not in rows:
        row = row.rpartition(".")[0]
    return row


def carry_forward(found: Sequence[Row], source: Mapping[str, Row]) -> list[Row]:
    """The rows in the order of those they come from, with an empty row for each that has none yet."""
    parents = {row.row: parent_row(row.row, source) for row in found}
    missing = [Row(row) for row in source if row not in parents.values()]
    order = {row: position for position, row in enumerate(source)}
    return sorted([*found, *missing], key=lambda row: order.get(parents.get(row.row, row.row), len(order)))


def in_steps(revisions: Iterable[Revision]) -> list[Revision]:
    """The states that a person would call steps: one author's saves within ten minutes are one, the last."""
    steps: list[Revision] = []
    for revision in revisions:
        if steps and _is_one_step(steps[-1], revision):
            steps.pop()
        steps.append(revision)
    return steps


def _is_one_step(before: Revision, after: Revision) -> bool:
    earlier, later = (datetime.fromisoformat(revision.recorded_at) for revision in (before, after))
    same = before.author == after.author and before.status == after.status
    return same and later - earlier <= _ONE_STEP
