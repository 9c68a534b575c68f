"""Who took part in each session, in the room and online."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .rows import Frames, Row, as_frame, rows

if TYPE_CHECKING:
    import pandas as pd


def attendance(frames: Frames, programme: Any) -> pd.DataFrame:
    """For every session of the programme: companies that took part, people, in_room, online.

    A company counts when at least one person of it was there, whether it had enrolled or walked in.
    """
    lines = [_heads(row) for row in rows(frames, "attendance")]
    found = []
    for session in programme.sessions:
        there = [line for line in lines if line["session"] == session.key and line["people"]]
        sums = {mode: sum(line[mode] for line in there) for mode in ("people", "in_room", "online")}
        found.append({"session": session.key, "companies": len({line["company"] for line in there}), **sums})
    counts = ("companies", "people", "in_room", "online")
    return as_frame(found, {"session": "object"} | dict.fromkeys(counts, "int64"))


def _heads(row: Row) -> dict[str, Any]:
    in_room, online = int(row.get("in_room") or 0), int(row.get("online") or 0)
    company = row.get("company") or row["row"]
    return {
        "session": row["session"],
        "company": company,
        "people": in_room + online,
        "in_room": in_room,
        "online": online,
    }
