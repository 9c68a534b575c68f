"""Homework: which worksheets are due when, who has returned what, and the words of a reminder.

A worksheet is due at the session that names it in `before`, or that follows the one that has it in `after`.
Nothing is ever sent from here.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from typing import Any, Literal

from .errors import Message, message
from .messages import LANGUAGES, date_text, say
from .programme import Company, Programme, Session
from .visibility import BUILT_IN
from .worksheet import Worksheet
from .workshop import Workshop

State = Literal["nothing", "begun", "submitted"]


def due_at(programme: Programme, session: Session) -> list[str]:
    """The worksheets that companies are to bring along to a session."""
    earlier = {later.key: before for before, later in pairwise(programme.sessions)}.get(session.key)
    return list(dict.fromkeys([*(earlier.after if earlier else ()), *session.before]))


def deadline(programme: Programme, worksheet: str, today: date) -> Session | None:
    """The next session to which a worksheet is due; when all are over, the last one; None: at no session."""
    asking = [session for session in programme.sessions if worksheet in due_at(programme, session)]
    coming = [session for session in asking if session.date >= today]
    return coming[0] if coming else (asking[-1] if asking else None)


def company_worksheets(workshop: Workshop, session: str = "") -> list[Worksheet]:
    """The worksheets that a company fills in, in the order of the programme; for a session, what is due then.

    Raises SppError when there is no such session.
    """
    programme = workshop.programme
    days = programme.sessions
    named = [name for day in days for name in day.worksheets]
    if session:
        named = due_at(programme, programme.session(session))
    names = dict.fromkeys(named if session else [*named, *workshop.worksheets])
    return [
        workshop.worksheets[name]
        for name in names
        if name in workshop.worksheets
        and workshop.worksheets[name].subject == "company"
        and name not in BUILT_IN
    ]


@dataclass(frozen=True)
class Owed:
    """One worksheet of one company: how far it is, and to which session it is due."""

    company: Company
    worksheet: Worksheet
    state: State
    due: Session


def owed(workshop: Workshop, session: Session) -> list[Owed]:
    """For every company what is due at a session, and how far it is. No answers are read."""
    sheets = company_worksheets(workshop, session.key)
    standing = {sheet.name: _states(workshop, sheet) for sheet in sheets}
    return [
        Owed(company, sheet, standing[sheet.name].get(company.key, "nothing"), session)
        for company in workshop.companies
        for sheet in sheets
    ]


def _states(workshop: Workshop, sheet: Worksheet) -> dict[str, State]:
    """By company: submitted when every row is."""
    found: dict[str, State] = {}
    for company, status in workshop.standings[sheet.name].itertuples(index=False):
        done: State = "submitted" if status == "submitted" else "begun"
        found[company] = "begun" if found.get(company, done) != done else done
    return found


def next_session(programme: Programme, today: date) -> Session | None:
    """The next session to which something is due; when all are over, the last of these."""
    asking = [session for session in programme.sessions if due_at(programme, session)]
    coming = [session for session in asking if session.date >= today]
    return coming[0] if coming else (asking[-1] if asking else None)


def reminder(programme: Programme, company: Company, missing: list[Owed], language: str, today: date) -> str:
    """A letter to a company that has not returned everything, to be copied; empty when nothing is missing."""
    if not missing:
        return ""
    due = missing[0].due
    lines = [
        message("To {company}", company=company.name),
        None,
        message("Thank you for taking part in {programme}.", programme=programme.title),
        _asked(due, language, today),
        *_missing(missing),
        _until_when(due, today),
        message("If you have sent it already, or need help with it, please tell us."),
        None,
        programme.organiser,
        *([programme.contact] if programme.contact else []),
    ]
    return "\n".join("" if line is None else _said(line, language) for line in lines)


def _asked(due: Session, language: str, today: date) -> Message:
    told = {"session": due.title, "date": date_text(due.date, language)}
    if due.date < today:
        return message(
            "The session “{session}” was on {date}. We still do not have these worksheets from you:", **told
        )
    return message(
        "For the session “{session}” on {date} we do not have these worksheets from you yet:", **told
    )


def _until_when(due: Session, today: date) -> Message:
    if due.date <= today:
        return message("Please send the workbook back as soon as you can, even if it is only half filled in.")
    return message("Please send the workbook back by the day before, even if it is only half filled in.")


def _missing(missing: list[Owed]) -> Iterator[Any]:
    for one in missing:
        if one.state == "begun":
            yield message("- {title} (begun, not submitted)", title=one.worksheet.title)
        else:
            yield message("- {title}", title=one.worksheet.title)


def _said(line: Any, language: str) -> str:
    in_language = getattr(line, "in_language", None)
    return str(in_language(language)) if in_language else say(line, language)


def reminders(workshop: Workshop, session: Session) -> list[dict[str, Any]]:
    """By company what is missing, and the reminder in both languages."""
    found = []
    today = workshop.store.now().astimezone().date()
    states = owed(workshop, session)
    for company in workshop.companies:
        own = [one for one in states if one.company.key == company.key]
        missing = [one for one in own if one.state != "submitted"]
        found.append(
            {
                "company": company.key,
                "worksheets": {one.worksheet.name: one.state for one in own},
                "reminder": {
                    language: reminder(workshop.programme, company, missing, language, today)
                    for language in LANGUAGES
                },
            }
        )
    return found


__all__ = [
    "Owed",
    "company_worksheets",
    "deadline",
    "due_at",
    "next_session",
    "owed",
    "reminder",
    "reminders",
]
