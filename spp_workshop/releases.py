"""What a company lets the room see: it looks at exactly that, agrees, and can take it back.

A release holds the answers as they are at that moment; what is written later stays with the company until it
agrees again.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from .visibility import RELEASE

if TYPE_CHECKING:
    import pandas as pd

    from .rows import Row
    from .workshop import Workshop

AUDIENCE = "programme"

# The risk map needs answers of two worksheets. The first is the one that is carried forward into the second.
_RISK_MAP = {
    "step2_harm_process": ("event", "actuality", "vulnerable", "confidence"),
    "step3_prioritisation": (
        "scale",
        "scope",
        "irremediability",
        "likelihood",
        "rank_changed",
        "chosen_rank",
        "rank_reason",
    ),
}


def fields(workshop: Workshop, worksheet: str) -> Mapping[str, tuple[str, ...]]:
    """The questions that are shown when a company presents this worksheet, by worksheet.

    Of step 3 it is what the risk map is drawn from; of others, every question.
    """
    if worksheet in _RISK_MAP:
        return _RISK_MAP
    return {worksheet: tuple(question.name for question in workshop.worksheets[worksheet].questions)}


def agree(workshop: Workshop, worksheet: str, company: str) -> None:
    """Show the room what the company has written so far, in place of what it agreed to before."""
    take_back(workshop, worksheet, company)
    subject = f"company:{company}"
    for name, questions in fields(workshop, worksheet).items():
        for row in _written(workshop, name, subject):
            workshop.release(name, subject, row.row, fields=list(questions), audience=AUDIENCE)


def take_back(workshop: Workshop, worksheet: str, company: str) -> None:
    """Show the room nothing more of it."""
    for row in _agreed(workshop, worksheet, company):
        workshop.withdraw(RELEASE, f"company:{company}", row.row)


def is_shown(workshop: Workshop, worksheet: str, company: str) -> bool:
    """Whether the company lets the room see this worksheet."""
    return bool(_agreed(workshop, worksheet, company))


def preview(workshop: Workshop, worksheet: str, company: str) -> dict[str, pd.DataFrame]:
    """The frames that the room would get if the company agreed now: its rows, and only what is shown."""
    found = {}
    for name, questions in fields(workshop, worksheet).items():
        frame = workshop.frames[name]
        hidden = [name for name in workshop.worksheets[name].by_name if name not in questions]
        found[name] = frame[frame["company"] == company].drop(columns=hidden)
    return found


def _agreed(workshop: Workshop, worksheet: str, company: str) -> list[Row]:
    names = fields(workshop, worksheet)
    releases = workshop.rows(RELEASE, f"company:{company}")
    return [
        row
        for row in releases
        if row.answers.get("of_worksheet") in names and row.answers.get("audience") == AUDIENCE
    ]


def _written(workshop: Workshop, worksheet: str, subject: str) -> list[Row]:
    return [row for row in workshop.rows(worksheet, subject) if row.revision]


__all__ = ["agree", "fields", "is_shown", "preview", "take_back"]
