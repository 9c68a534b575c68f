"""Readiness of a grievance mechanism against the eight criteria of UN Guiding Principle 31.

A profile to find the next step from, not a score.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from .rows import Frames, Levels, Row, as_frame, rows

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    import pandas as pd

WORKSHEET = "grievance_readiness"
_QUESTION = re.compile(r"(?P<criterion>.+)_q\d+$")


def readiness(frames: Frames, levels: Levels) -> pd.DataFrame:
    """By company and criterion: how many questions stand at each level, `unanswered`, `mean` of the answered.

    The columns between `criterion` and `unanswered` are the codes of the levels, the lowest first; `mean` is
    empty when no question of the criterion was answered.
    """
    scale = dict(sorted(levels.get("readiness_levels", {}).items(), key=lambda level: level[1]))
    answered = rows(frames, WORKSHEET)
    criteria = _criteria(answered)
    found = [
        _profile(row, criterion, questions, scale)
        for row in answered
        for criterion, questions in criteria.items()
    ]
    counts = dict.fromkeys([*scale, "unanswered"], "int64")
    return as_frame(found, {"company": "object", "criterion": "object", **counts, "mean": "Float64"})


def readiness_overall(readiness: pd.DataFrame, floor: int = 3) -> pd.DataFrame:
    """By criterion over all companies: `companies` that answered, and the `mean` of their means.

    The mean is empty where fewer than `floor` companies answered, for it would tell what they answered.
    """
    answered = readiness.dropna(subset="mean")
    found = [
        {
            "criterion": criterion,
            "companies": (count := int((answered["criterion"] == criterion).sum())),
            "mean": answered[answered["criterion"] == criterion]["mean"].mean() if count >= floor else None,
        }
        for criterion in dict.fromkeys(readiness["criterion"])
    ]
    return as_frame(found, {"criterion": "object", "companies": "int64", "mean": "Float64"})


def _criteria(answered: list[Row]) -> dict[str, list[str]]:
    """The questions of each criterion, in the order of the worksheet; every row has them all."""
    criteria: dict[str, list[str]] = {}
    for name in answered[0] if answered else ():
        if question := _QUESTION.match(name):
            criteria.setdefault(question["criterion"], []).append(name)
    return criteria


def _profile(row: Row, criterion: str, questions: Iterable[str], scale: Mapping[str, int]) -> dict[str, Any]:
    codes = [row.get(question) for question in questions]
    values = [scale[code] for code in codes if code is not None and code in scale]
    return {
        "company": row["company"],
        "criterion": criterion,
        **{level: codes.count(level) for level in scale},
        "unanswered": len(codes) - len(values),
        "mean": sum(values) / len(values) if values else None,
    }
