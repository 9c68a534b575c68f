"""Where somebody is stuck: told to the facilitator, with a note if they like, and taken back when solved.

The facilitator sees company, worksheet, question and note, never an answer (`visibility`); other companies,
the organiser and the room see nothing of it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from .errors import AnswerError, Problem, message
from .visibility import HELP

if TYPE_CHECKING:
    from .rows import Row
    from .worksheet import Worksheet
    from .workshop import Workshop


def asking(workshop: Workshop, subject: str) -> str:
    """The company that asks when somebody is stuck with the answers of a subject; empty when there is none.

    In the work of a group it is the own company. On a sheet about the session, such as the feedback, people
    write without any name, so nobody asks there.
    """
    if workshop.seat.role == "participant" and not subject.startswith("session:"):
        return workshop.seat.subject
    return subject if subject.startswith("company:") else ""


def tell(
    workshop: Workshop, subject: str, worksheet: str, question: str, *, row: str = "", note: str = ""
) -> None:
    """Tell the facilitator; telling it again changes the note. Raises AnswerError when it is no question."""
    sheet = workshop.worksheet(worksheet)
    if question not in sheet.by_name:
        raise AnswerError(_no_such_question())
    said = {"of_worksheet": worksheet, "of_question": question, "of_row": row, "note": note}
    place, company = _row(worksheet, question, row), asking(workshop, subject)
    known = {one.row: one.revision for one in workshop.rows(HELP, company)}
    workshop.save(HELP, said, subject=company, row=place, based_on=known.get(place, 0), status="submitted")


def take_back(workshop: Workshop, subject: str, worksheet: str, question: str, row: str = "") -> None:
    """No help is needed there any more; nothing happens when none was asked for."""
    company, place = asking(workshop, subject), _row(worksheet, question, row)
    if any(one.row == place for one in workshop.rows(HELP, company)):
        workshop.withdraw(HELP, company, place)


def places(workshop: Workshop, subject: str, worksheet: str) -> list[Row]:
    """Where the company of this form is stuck on the worksheet: rows of the built-in worksheet."""
    rows = workshop.rows(HELP, asking(workshop, subject))
    return [row for row in rows if row.answers.get("of_worksheet") == worksheet]


def worked_on(workshop: Workshop, session: str) -> set[str]:
    """The worksheets at which somebody can be stuck in a session: its own, and those that belong to none."""
    day = workshop.programme.session(session)

    def is_there(sheet: Worksheet) -> bool:
        return sheet.session in ("", session) or sheet.name in day.worksheets

    return {name for name, sheet in workshop.worksheets.items() if is_there(sheet)}


def _row(worksheet: str, question: str, row: str) -> str:
    return ".".join(part for part in (worksheet, question, row) if part)


def _no_such_question() -> Problem:
    return Problem(
        "", "unknown_field", message("There is no such question here."), message("Reload the page.")
    )


__all__ = ["asking", "places", "take_back", "tell", "worked_on"]
