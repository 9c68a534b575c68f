"""The two documents that are handed out: a company's summary, and the programme's report.

A report's notebook makes one of these objects and shows its parts, one in each cell.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import TYPE_CHECKING

from spp_workshop.errors import Problem, SppError, message

if TYPE_CHECKING:
    from spp_workshop.workshop import Workshop

    from .company import CompanySummary
    from .programme import ProgrammeReport


def company_summary(workshop: Workshop, as_of: str = "") -> CompanySummary:
    """The summary of the company from whose seat the workshop is opened, as of a day (default: today).

    Raises SppError when the seat is that of no company, or the day is no date.
    """
    from .company import CompanySummary

    return CompanySummary(workshop, _day(as_of))


def programme_report(workshop: Workshop, as_of: str = "") -> ProgrammeReport:
    """The report of the whole programme, as of a day (default: today). Raises SppError when it is no date."""
    from .programme import ProgrammeReport

    return ProgrammeReport(workshop, _day(as_of))


def _day(as_of: str) -> date:
    if not as_of:
        return datetime.now().astimezone().date()
    try:
        return date.fromisoformat(as_of)
    except ValueError:
        raise SppError(_not_a_day(as_of)) from None


def _not_a_day(text: str) -> Problem:
    return Problem(
        "",
        "not_a_day",
        message("“{text}” is not a date.", text=text),
        message("Write a date as 2026-01-20."),
    )


__all__ = ["company_summary", "programme_report"]
