"""The corrective action plan, in the order of the risks that it answers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .priorities import UNRATED, ranked
from .rows import Frames, Levels, Row, as_frame, as_rows, parent, rows

if TYPE_CHECKING:
    from collections.abc import Iterable

    import pandas as pd

TYPES = {
    "company": "object",
    "risk": "object",
    "row": "object",
    "priority": "object",
    "rank": "Int64",
    "event": "object",
    "action_type": "object",
    "measure": "object",
    "owner": "object",
    "start_date": "object",
    "due_date": "object",
    "indicator": "object",
    "state": "object",
    "complete": "boolean",
}


def actions(frames: Frames, levels: Levels) -> pd.DataFrame:
    """Every action with the risk that it answers (`risk` is its row id), by company and rank of the risk.

    `complete`: it has an owner and a due date, and was not cancelled.
    """
    return as_frame(_planned(frames, ranked(frames, levels)), TYPES)


def planned(frames: Frames, risks: Iterable[Row]) -> list[Row]:
    """The rows of `actions`; `risks` are those of `priorities.ranked`."""
    return as_rows(_planned(frames, risks), TYPES)


def _planned(frames: Frames, risks: Iterable[Row]) -> list[Row]:
    known = {(risk["company"], risk["row"]): risk for risk in risks}
    places = {key: place for place, key in enumerate(known)}
    found = []
    for action in rows(frames, "action_plan"):
        source = parent((action["company"], action["row"]), known)
        place = places[source] if source else len(places)
        found.append((action["company"], place, _action(action, known[source] if source else {})))
    found.sort(key=lambda entry: entry[:2])
    return [action for _, _, action in found]


def _action(action: Row, risk: Row) -> Row:
    return {
        **action,
        "risk": risk.get("row", ""),
        "priority": risk.get("priority", UNRATED),
        "rank": risk.get("rank"),
        "event": risk.get("event"),
        "complete": _is_complete(action),
    }


def _is_complete(action: Row) -> bool:
    return all(action.get(name) for name in ("owner", "due_date")) and action.get("state") != "cancelled"
