"""Reading frames row by row: unanswered is None, and a row knows the row it was carried forward from."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any

import pandas as pd

Frames = Mapping[str, pd.DataFrame]
Levels = Mapping[str, Mapping[str, int]]
Row = dict[str, Any]
Key = tuple[str, str]  # company and row id: two companies may use the same row id


def rows(frames: Frames, worksheet: str) -> list[Row]:
    """The rows of a worksheet in the order of the frame; empty when nobody has answered it."""
    frame = frames.get(worksheet)
    if frame is None:
        return []
    return [
        {str(column): _answer(value) for column, value in record.items()}
        for record in frame.to_dict("records")
    ]


def by_key(frames: Frames, worksheet: str) -> dict[Key, Row]:
    """The rows of a worksheet by company and row id."""
    return {(row["company"], row["row"]): row for row in rows(frames, worksheet)}


def parent(key: Key, known: Collection[Key]) -> Key | None:
    """The row that a row was carried forward from: its own id, else the longest dotted beginning known."""
    company, row = key
    while row and (company, row) not in known:
        row = row.rpartition(".")[0]
    return (company, row) if row else None


def as_frame(records: Iterable[Mapping[str, Any]], types: Mapping[str, str]) -> pd.DataFrame:
    """A frame with these columns in this order, each of its type even when there is no row."""
    lines = [[record.get(name) for name in types] for record in records]
    return pd.DataFrame(lines, columns=list(types), dtype="object").astype(dict(types))


def _answer(value: Any) -> Any:
    if isinstance(value, str):
        return value if value.strip() else None
    if isinstance(value, list | tuple):
        return list(value) or None
    return None if pd.isna(value) else value
