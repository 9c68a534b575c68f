"""What one company has answered, and what follows from it: the facts behind its summary."""

from __future__ import annotations

from datetime import date
from functools import cached_property
from typing import TYPE_CHECKING

from spp_workshop import analysis
from spp_workshop.analysis.actions import planned
from spp_workshop.analysis.priorities import TYPES, ranked
from spp_workshop.analysis.rows import Row, as_frame, rows
from spp_workshop.errors import Problem, SppError, message
from spp_workshop.messages import say

from .answered import Answered

if TYPE_CHECKING:
    import pandas as pd

    from spp_workshop.programme import Session
    from spp_workshop.worksheet import Worksheet
    from spp_workshop.workshop import Workshop

# States of an action that asks for nothing more to be done by its due date.
FINISHED = ("done", "effect_checked", "cancelled")


class Own(Answered):
    """The answers of the company whose seat the workshop is opened from, without what others released to it.

    Raises SppError when the seat is not that of a company of the programme.
    """

    def __init__(self, workshop: Workshop, as_of: date):
        if not workshop.seat.company_key:
            raise SppError(_no_company(workshop))
        super().__init__(workshop)
        self.as_of = as_of
        self.company = workshop.programme.company(workshop.seat.company_key)

    def __getitem__(self, name: str) -> pd.DataFrame:
        frame = self.workshop.frame(name)
        return frame[frame["company"] == self.company.key]

    # --- Answers ------------------------------------------------------------------------------------------

    def _read(self, worksheet: str) -> list[Row]:
        about_companies = self.workshop.worksheet(worksheet).subject == "company"
        found = self._own_rows.get(worksheet, []) if about_companies else self.workshop.records(worksheet)
        return [row for row in found if row["company"] == self.company.key]

    @cached_property
    def _own_rows(self) -> dict[str, list[Row]]:
        return self.workshop.own_rows()

    def row(self, worksheet: str) -> Row:
        """The one row of a worksheet without rows; empty when nothing was answered."""
        found = self.rows(worksheet)
        return found[0] if found else {}

    @cached_property
    def sheets(self) -> list[Worksheet]:
        """The worksheets that companies answer in this programme, in the order of its sessions."""
        known = self.workshop.worksheets
        names = [name for session in self.workshop.programme.sessions for name in session.worksheets]
        asked = [known[name] for name in dict.fromkeys(names) if name in known]
        return [sheet for sheet in asked if sheet.subject == "company"]

    @cached_property
    def is_blank(self) -> bool:
        """Whether nothing has been answered on any worksheet."""
        return not any(self.rows(sheet.name) for sheet in self.sheets)

    # --- What follows from them ---------------------------------------------------------------------------

    @cached_property
    def risks(self) -> list[Row]:
        """The risks as `analysis.priorities` orders them."""
        return ranked(self, self.workshop.levels)

    @cached_property
    def priorities(self) -> pd.DataFrame:
        """The frame of `analysis.priorities`."""
        return as_frame(self.risks, TYPES)

    def name(self, risk: Row) -> str:
        """What a risk is called: its event, or what is known of it before that is written."""
        issues, language = self.workshop.choices["human_rights_issues"], self.workshop.language
        issue = issues.label(risk["issue"], language) if risk["issue"] else ""
        nameless = say(message("A risk that is not described yet"), language)
        return risk["event"] or risk["business_area"] or issue or nameless

    @cached_property
    def actions(self) -> list[Row]:
        """The actions in the order of their risks, as `analysis.actions`, with all that was answered."""
        said = {row["row"]: row for row in self.rows("action_plan")}
        return [said[action["row"]] | action for action in planned(self, self.risks)]

    @cached_property
    def states(self) -> Row:
        """How far the company has come, by goal, as `analysis.completion`."""
        found = analysis.completion(self, self.workshop.levels, [self.company.key])
        return rows({"states": found}, "states")[0]

    @cached_property
    def attended(self) -> dict[str, Row]:
        """By session: how many people came, in the room and online."""
        there = [row for row in self.rows("attendance") if (row["in_room"] or 0) + (row["online"] or 0)]
        return {row["session"]: row for row in there}

    # --- Sessions -----------------------------------------------------------------------------------------

    @property
    def held(self) -> list[Session]:
        """The sessions up to the day of the summary."""
        return [session for session in self.workshop.programme.sessions if session.date <= self.as_of]

    def is_time_for(self, worksheet: str) -> bool:
        """Whether a worksheet belongs to a session that was held, or is needed before or at the next one."""
        coming = self.workshop.programme.sessions[len(self.held) :][:1]
        now = [name for session in self.held for name in session.worksheets]
        now += [name for session in coming for name in session.before]
        now += [name for session in coming for item in session.agenda for name in item.worksheets]
        return worksheet in now

    def sessions_of(self, worksheet: str) -> list[Session]:
        """The sessions at, before or after which a worksheet is filled in."""
        return [one for one in self.workshop.programme.sessions if worksheet in one.worksheets]


def _no_company(workshop: Workshop) -> Problem:
    return Problem(
        "",
        "no_company",
        message("A summary is about one company, and none is named."),
        message(
            "Write its key into the parameter “company”: {keys}.",
            keys=[company.key for company in workshop.programme.companies],
        ),
    )


__all__ = ["FINISHED", "Own"]
