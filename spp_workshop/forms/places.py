"""Whose answers a form may take."""

from __future__ import annotations

import hashlib
from typing import Any

from spp_workshop.errors import AnswerError, Problem, message
from spp_workshop.programme import Programme, Session
from spp_workshop.visibility import may_write, own_line
from spp_workshop.worksheet import Text, Worksheet
from spp_workshop.workshop import Workshop

from .words import both

Json = dict[str, Any]


def place(
    workshop: Workshop, worksheet: str, *, company: str = "", group: str = "", session: str = ""
) -> Json:
    """Whose answers a form may take; with several `subjects` the person chooses, and nothing is open before.

    Raises AnswerError when a company, group or session is named that this seat may not fill in.
    """
    sheet = workshop.worksheet(worksheet)
    subjects = [
        subject
        for subject in _candidates(workshop, sheet, company, group, session)
        if may_write(
            workshop.seat, subject["subject"], workshop.programme, sheet.name, subject.get("row", "")
        )
    ]
    # A session may have no groups (yet): then there is nobody to choose, and nothing is wrong.
    is_open = sheet.subject == "group" and session in {day.key for day in workshop.programme.sessions}
    named = company or group or ("" if is_open else session)
    if named and not subjects:
        raise AnswerError(_nobody(named))
    folder = str(workshop.folder.resolve()).encode()
    return {"workshop": hashlib.sha256(folder).hexdigest()[:12], "subjects": subjects}


def _candidates(workshop: Workshop, sheet: Worksheet, company: str, group: str, session: str) -> list[Json]:
    if sheet.subject == "company":
        companies = [found for found in workshop.companies if company in ("", found.key)]
        return [_subject(f"company:{found.key}", found.name, found.sector) for found in companies]
    days = _days(workshop.programme, sheet, session)
    if sheet.subject == "session":
        # A participant has one line of a list about a session, and sees and writes no other.
        line = {"row": own_line(workshop.seat)} if workshop.seat.role == "participant" else {}
        return [_subject(f"session:{day.key}", day.title) | line for day in days]
    groups = [(day, found) for day in days for found in day.groups if group in ("", found.key)]
    return [_subject(f"group:{day.key}.{found.key}", found.name) for day, found in groups]


def _days(programme: Programme, sheet: Worksheet, session: str) -> list[Session]:
    """The session that is named; else the one where the sheet is worked on; else all of them."""
    if session:
        return [day for day in programme.sessions if day.key == session]
    return [day for day in programme.sessions if day.key == sheet.session] or list(programme.sessions)


def _subject(subject: str, name: Text, sector: str = "") -> Json:
    return {"subject": subject, "name": both(name), "sector": sector}


def _nobody(named: str) -> Problem:
    return Problem(
        "",
        "nobody",
        message("“{name}” is not among those for whom this seat may write.", name=named),
        message("Check the key in programme.yaml, or leave it out and choose in the form."),
    )
