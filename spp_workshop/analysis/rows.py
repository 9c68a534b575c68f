"""Reading frames row by row: unanswered is None, and a row knows the row it was carried forward from."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any, Protocol, runtime_checkable

import pandas as pd

Frames = Mapping[str, pd.DataFrame]
Levels = Mapping[str, Mapping[str, int]]
Row = dict[str, Any]
Key = tuple[str, str]  # company and row id: two companies may use the same row id


@runtime_checkable
class KeepsRows(Protocol):
    """Frames that have their rows at hand."""

    def rows(self, worksheet: str) -> list[Row]:
        """The rows of a worksheet, in which what was not answered is None."""


def rows(frames: Frames, worksheet: str) -> list[Row]:
    """The rows of a worksheet in the order of the frame; empty when nobody has answered it."""
    if isinstance(frames, KeepsRows):
        return frames.rows(worksheet)
    frame = frames.get(worksheet)
    return [] if frame is None else [answered(record) for record in frame.to_dict("records")]


def answered(record: Mapping[Any, Any]) -> Row:
    """A row as it is read here: what was not answered is None."""
    return {str(name): _answer(value) for name, value in record.items()}


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
    lines = list(records)
    columns = {name: [line.get(name) for line in lines] for name in types}
    return pd.DataFrame({name: pd.Series(columns[name], dtype=types[name]) for name in types})


def as_rows(records: Iterable[Mapping[str, Any]], names: Iterable[str]) -> list[Row]:
    """The rows of a frame with these columns, without making the frame."""
    columns = list(names)
    return [{name: _answer(record.get(name)) for name in columns} for record in records]


def _answer(value: Any) -> Any:
    if value is None or isinstance(value, int):
        return value
    if isinstance(value, str):
        return value if value.strip() else None
    if isinstance(value, list | tuple):
        return list(value) or None
    return None if pd.isna(value) else value
