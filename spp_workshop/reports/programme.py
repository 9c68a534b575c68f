"""The report of a programme, in the order of the pilot's report: outline, sessions, events, results.

It is made for others' eyes: of what companies wrote it holds only totals, by the small-number rule. Session
records, which the secretariat writes for the report, stand in it as they are.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import date
from functools import cached_property
from typing import TYPE_CHECKING

from spp_workshop import analysis, charts
from spp_workshop.analysis.rows import Row, rows
from spp_workshop.charts.grids import GOALS, STATES
from spp_workshop.errors import Message, message
from spp_workshop.messages import join_text, month_text, time_text
from spp_workshop.pages import Page, picture

from .answered import Answered
from .blocks import Blocks, Words, section, style

if TYPE_CHECKING:
    import pandas as pd

    from spp_workshop.programme import AgendaItem, Session
    from spp_workshop.worksheet import Text
    from spp_workshop.workshop import Workshop

PARTS: dict[str, Message] = {
    "hrdd": message("Assistance for Human Rights Due Diligence"),
    "grievance": message("Assistance for the Formulation of a Grievance Mechanism"),
    "closing": message("Closing Meeting"),
}

ISSUES = message("Human rights issues that companies took up")
BARRIERS = message("Difficulties and barriers that companies meet")
SUPPORT = message("Support that companies want")

NOBODY = message("Who took part is not on record yet.")
TOO_FEW = message(
    "Nothing can be told here: something is told only when at least three companies said it and none of them "
    "can be made out."
)


class ProgrammeReport:
    """The parts of a report, each shown by one cell. Make one with `programme_report`."""

    def __init__(self, workshop: Workshop, as_of: date):
        self.workshop, self.as_of, self.language = workshop, as_of, workshop.language
        self.programme = workshop.programme
        self.answers = Answered(workshop)
        self.blocks = Blocks(workshop.language, workshop.choices)

    @cached_property
    def _attendance(self) -> pd.DataFrame:
        return analysis.attendance(self.answers, self.programme)

    @cached_property
    def _people(self) -> dict[str, Row]:
        """By session: companies, people, in_room and online; only where somebody came."""
        counted = rows({"attendance": self._attendance}, "attendance")
        return {line["session"]: line for line in counted if line["people"]}

    @cached_property
    def _records(self) -> dict[str, Row]:
        return {row["session"]: row for row in self.answers.rows("session_record")}

    @cached_property
    def _completion(self) -> pd.DataFrame:
        return analysis.completion(self.answers, self.workshop.levels, self.programme.companies)

    @cached_property
    def _states(self) -> dict[str, int]:
        """How many companies are in each state of the two goals."""
        hrdd, grievance = self._completion["hrdd"], self._completion["grievance"]
        counts = {state: int((hrdd == state).sum()) for state in ("completed", "improving", "not_yet")}
        return counts | {"declared": int((grievance == "declared").sum()), "of": len(self._completion)}

    @property
    def _held(self) -> list[Session]:
        return [session for session in self.programme.sessions if session.date <= self.as_of]

    # --- Head and overview --------------------------------------------------------------------------------

    def head(self) -> Page:
        """Which programme it is, organised by whom, as of which day."""
        blocks, programme = self.blocks, self.programme
        made_up = message("Fictional sample") if programme.fictional else ""
        day = message("Records as of {day}", day=blocks.day(self.as_of))
        return section(
            style(),
            '<div class="report-head">',
            f'<p class="report-name">{blocks.safe(programme.title)}{blocks.tag(made_up)}</p>',
            blocks.text(programme.subtitle),
            blocks.text(programme.organiser, "soft"),
            blocks.text(day, "soft"),
            "</div>",
        )

    def overview(self) -> Page:
        """The programme in a few figures, and what is still missing for the report."""
        people = sum(line["people"] for line in self._people.values())
        companies, sessions = self._states["of"], len(self.programme.sessions)
        of_sessions = message("of {count} sessions", count=sessions)
        of_companies = message("of {count} companies", count=companies)
        goals = [
            (message("Due diligence completed or improving"), str(self._reached), of_companies),
            (message("Reporting desk declared"), str(self._states["declared"]), of_companies),
        ]
        figures = self.blocks.figures(
            [
                (message("Sessions held"), str(len(self._held)), of_sessions),
                (message("Participating companies"), str(companies), ""),
                (message("Participants"), str(people), message("all sessions together")),
                *(goals if companies else []),
            ]
        )
        return section(figures, self._missing())

    @property
    def _reached(self) -> int:
        return self._states["completed"] + self._states["improving"]

    def _missing(self) -> str:
        """What the secretariat still has to write down, for sessions that have been held."""
        titles = [
            [session.title for session in self._held if session.key not in known]
            for known in (self._people, self._records)
        ]
        lines = [
            message("No company is entered in programme.yaml yet.") if not self.programme.companies else None,
            message("Who took part is not on record: {titles}", titles=titles[0]) if titles[0] else None,
            message("The record of the session is not written: {titles}", titles=titles[1])
            if titles[1]
            else None,
        ]
        if not any(lines):
            return ""
        return self.blocks.text(message("To be completed"), "label") + self.blocks.bullets(
            filter(None, lines)
        )

    # --- 1. Outline ---------------------------------------------------------------------------------------

    def purpose(self) -> Page:
        """Background and purpose."""
        return section(self.blocks.text(self.programme.purpose))

    def structure(self) -> Page:
        """Who organised, cooperated and took part, and when."""
        programme = self.programme
        return section(
            self.blocks.facts(
                [
                    (message("Organizer (Secretariat)"), programme.organiser),
                    (message("Member companies"), self._names(programme.members)),
                    (
                        message("Cooperating organizations"),
                        self._names(programme.cooperating),
                    ),
                    (message("Participating companies"), self._companies()),
                    (message("Implementation period"), self._period()),
                ]
            )
        )

    def _names(self, names: Iterable[Text]) -> str:
        return join_text([name[self.language] for name in names], self.language)

    def _companies(self) -> Message:
        companies = self.programme.companies
        if not companies:
            return message("No company has enrolled yet.")
        names = [company.name for company in companies]
        return message("{count} companies: {names}", count=len(companies), names=names)

    def _period(self) -> Message:
        period = self.programme.period
        first, last = (month_text(day, self.language) for day in (period.start, period.end))
        return message("From {first} to {last}", first=first, last=last)

    def activities(self) -> Page:
        """Outline of activities."""
        return section(self.blocks.text(self.programme.activities))

    def achieved(self) -> Page:
        """Results, in the pilot's own way of counting, and plans."""
        return section(*map(self.blocks.text, self._results()), self.blocks.text(self.programme.plans))

    def _results(self) -> Iterator[Message]:
        states = self._states
        if not states["of"]:
            yield message("There are no results yet: no company has enrolled.")
            return
        yield message(
            "Due diligence: {count} of the {of} participating companies completed the risk analysis and the "
            "corrective action plan or worked on improving their internal environment.",
            count=self._reached,
            of=states["of"],
        )
        yield message(
            "Grievance mechanism: {count} of the {of} participating companies declared the establishment of "
            "a grievance mechanism.",
            count=states["declared"],
            of=states["of"],
        )

    # --- 2. and 3. Sessions -------------------------------------------------------------------------------

    def summaries(self) -> Page:
        """What happened in each session, from its record."""
        return section(*self._by_part(self._summary))

    def events(self) -> Page:
        """When, how and where each session was held, with how many people, and its main programme."""
        return section(*self._by_part(self._event))

    def participants(self) -> Page:
        """People by session, in the room and online."""
        if not self._people:
            return section(
                self.blocks.calm(
                    NOBODY, message("It is entered in the session's notebook, under attendance.")
                )
            )
        return section(picture(charts.attendance_chart(self._attendance, self.language, self.programme)))

    def _by_part(self, told: Callable[[Session], str]) -> Iterator[str]:
        """The sessions under the titles of their parts; a part that is one meeting needs no day."""
        parts = dict.fromkeys(session.part for session in self.programme.sessions)
        for number, part in enumerate(parts, 1):
            sessions = [session for session in self.programme.sessions if session.part == part]
            yield self.blocks.heading(3, message("({number}) {title}", number=number, title=PARTS[part]))
            for day, session in enumerate(sessions, 1):
                title = message("【Day {day}】 {title}", day=day, title=session.title)
                heading = self.blocks.heading(4, title) if len(sessions) > 1 else ""
                yield f'<div class="report-session">{heading}{told(session)}</div>'

    def _summary(self, session: Session) -> str:
        record = self._records.get(session.key)
        if not record:
            return self.blocks.calm(self._no_record(session))
        sheet = self.workshop.worksheets["session_record"]
        rest = ("expert_comments", "participant_comments", "follow_up")
        pairs = [(sheet.by_name[name].label, record[name]) for name in rest]
        return self.blocks.text(record["summary"]) + self.blocks.facts(pairs)

    def _no_record(self, session: Session) -> Message:
        if session.date > self.as_of:
            return message("This session is to be held on {day}.", day=self.blocks.day(session.date))
        return message("The record of this session is not written yet. It is the last form in its notebook.")

    def _event(self, session: Session) -> str:
        facts = self.blocks.facts(
            [
                (message("Date"), self._when(session)),
                (message("Method"), self._method(session)),
                (message("Venue"), session.venue),
                (message("Number of Participants"), self._number(session)),
            ]
        )
        agenda = "".join(self._item(item) for item in session.agenda if item.published)
        programme = self.blocks.text(message("Main Program"), "label") + f"<ul>{agenda}</ul>"
        return f'<div class="report-kept">{facts}{programme}</div>'

    def _when(self, session: Session) -> Message:
        return message(
            "{day} {start} - {end}",
            day=self.blocks.day(session.date),
            start=time_text(session.start),
            end=time_text(session.end),
        )

    def _method(self, session: Session) -> Words:
        method = self.blocks.label("session_methods", session.method)
        if session.method != "online" or not session.platform:
            return method
        return message("{method} ({platform})", method=method, platform=session.platform)

    def _number(self, session: Session) -> Message:
        """People and companies; where people could come to a room, how many did and how many were online."""
        there = self._people.get(session.key)
        if not there:
            return message("to come") if session.date > self.as_of else NOBODY
        counts = {name: there[name] for name in ("people", "companies", "in_room", "online")}
        if session.method == "online":
            return message("{people} people from {companies} companies", **counts)
        return message(
            "{people} people from {companies} companies (Offline: {in_room}, Online: {online})", **counts
        )

    def _item(self, item: AgendaItem) -> str:
        return f"<li>{self.blocks.safe(item.title)}{self.blocks.text(item.lead, 'soft')}</li>"

    # --- 4. and 5. Results and themes ---------------------------------------------------------------------

    def results(self) -> Page:
        """How far the companies have come: completed, improving and not yet, told apart."""
        if not self._states["of"]:
            return section(self.blocks.calm(*self._results()))
        counts = rows({"counts": analysis.outcomes(self._completion)}, "counts")
        told = (self._counted(goal, [line for line in counts if line["goal"] == goal]) for goal in GOALS)
        return section(*told, picture(charts.completion_chart(self._completion, self.language)))

    def _counted(self, goal: str, counts: list[Row]) -> str:
        pairs = [
            (
                STATES[line["state"]],
                message("{count} of {of} companies", count=line["companies"], of=line["of"]),
            )
            for line in counts
        ]
        return self.blocks.heading(3, GOALS[goal]) + self.blocks.facts(pairs)

    def themes(self) -> Page:
        """What at least three companies have in common, without telling of any of them."""
        issues = analysis.themes(self.answers)
        told = [
            (ISSUES, issues[issues["list"] == "human_rights_issues"]),
            (BARRIERS, analysis.published(analysis.barriers(self.answers))),
            (SUPPORT, analysis.published(analysis.support(self.answers))),
        ]
        return section(*(self._theme(*theme) for theme in told))

    def _theme(self, title: Message, counts: pd.DataFrame) -> str:
        if counts.empty:
            return self.blocks.text(title, "label") + self.blocks.calm(TOO_FEW)
        return picture(charts.barrier_chart(counts, self.language, self.workshop.choices, title=title))


__all__ = ["ProgrammeReport"]
