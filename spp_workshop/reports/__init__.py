"""The two documents that are handed out: a company's summary, and the programme's report.

A report's notebook makes one of these objects and shows its parts, one in each cell.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from spp_workshop.workshop import Workshop

    from .company import CompanySummary
    from .programme import ProgrammeReport


def company_summary(workshop: Workshop, as_of: str = "") -> CompanySummary:
    """The summary of the company from whose seat the workshop is opened, as of a day.

    The default is today, while the programme runs. Raises SppError when the seat is that of no company, or
    the day is no date.
    """
    from .company import CompanySummary

    return CompanySummary(workshop, workshop.programme.as_of(as_of, _today()))


def programme_report(workshop: Workshop, as_of: str = "") -> ProgrammeReport:
    """The report of the whole programme, as of a day (default: today, while the programme runs).

    Raises SppError when the day is no date.
    """
    from .programme import ProgrammeReport

    return ProgrammeReport(workshop, workshop.programme.as_of(as_of, _today()))


def _today() -> date:
    return datetime.now().astimezone().date()


__all__ = ["company_summary", "programme_report"]
