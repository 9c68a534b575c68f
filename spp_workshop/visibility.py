"""Who may read and write what: the rule of secrecy, in the data layer (docs/security.md; handbook 6.5).

What one company writes is secret from the others unless it is released: one revision, named fields, a named
audience. A later edit is not released by an earlier release.
"""

from __future__ import annotations

from dataclasses import replace

from .answers import original
from .programme import Programme
from .seats import Seat
from .store import Revision
from .worksheet import Worksheet

# The built-in worksheet on which a company says what others may see.
RELEASE = "release"

# The built-in worksheet on which a company tells the facilitator where it is stuck: writing it shows it.
HELP = "help_wanted"

# What is kept about the work on the other worksheets, and is no part of it.
BUILT_IN = frozenset({RELEASE, HELP})

# The built-in worksheet about a session on which everybody has one line of their own, without a name.
FEEDBACK = "session_feedback"


def reach(seat: Seat, sheet: Worksheet, programme: Programme) -> dict[str, frozenset[str]] | None:
    """Where rows of this worksheet can stand that the seat sees without a release; None is nowhere.

    By column of the store what it may hold, so that no other company's answers are even read; a column that
    is left out may hold anything. `may_read` decides of every row that is found there.
    """
    if seat.role == "custodian" or _is_told(seat, sheet):
        return {}
    if sheet.subject == "company":
        return {"subject": frozenset([seat.subject])} if seat.role == "participant" else None
    if sheet.share == "programme" or seat.role == "facilitator":
        return {}
    if seat.role == "participant" and sheet.subject == "group":
        groups = programme.groups_of(seat.company_key)
        return {"subject": frozenset(f"group:{group}" for group in groups)} if groups else None
    if seat.role == "participant":
        return {"row": frozenset([seat.company_key, own_line(seat)])}
    return {} if seat.role == "organiser" and sheet.share == "organiser" else None


def may_read(seat: Seat, worksheet: Worksheet, revision: Revision, programme: Programme) -> bool:
    """Whether the seat sees the whole of this row without a release."""
    kind, _, key = revision.place.subject.partition(":")
    if seat.role == "custodian" or _is_told(seat, worksheet):
        return True
    if kind == "company":
        return seat.role == "participant" and seat.company_key == key
    if worksheet.share == "programme":
        return True
    if kind == "group":
        return _is_in_group(seat, key, programme)
    if seat.role == "organiser":
        return worksheet.share == "organiser"
    return _is_own_line(seat, revision) or (seat.role == "facilitator" and seat.subject == f"session:{key}")


def may_write(seat: Seat, subject: str, programme: Programme, worksheet: str = "", row: str = "") -> bool:
    """Whether the seat may add a revision there; a participant's own feedback needs worksheet and row."""
    kind, _, key = subject.partition(":")
    if seat.role == "custodian":
        return True
    if seat.role == "participant" and kind == "session":
        return worksheet == FEEDBACK and row == own_line(seat)
    if seat.role == "participant" and kind == "company":
        return seat.company_key == key
    if kind == "group":
        return _is_in_group(seat, key, programme)
    if seat.role == "facilitator":
        return seat.subject == f"session:{key}"
    return False


def own_line(seat: Seat) -> str:
    """The row of a list about a session that is the seat's own: one for each person who joined.

    A seat that is the company's as a whole, as in a notebook, has the company's line.
    """
    return seat.company_key if seat.id in ("", seat.subject) else seat.id


def is_released_to(seat: Seat, release: Revision, programme: Programme) -> bool:
    """Whether a company's release reaches this seat; the codes are those of choices/audiences.yaml."""
    audience = release.answers.get("audience")
    if release.status == "withdrawn" or audience is None:
        return False
    if seat.role == "custodian" or audience == "programme":
        return True
    if audience == "organiser":
        return seat.role in ("organiser", "facilitator")
    if audience == "group" and seat.role == "participant":
        return _sit_together(seat.company_key, release.place.subject.removeprefix("company:"), programme)
    return seat.role == "facilitator"


def as_released(revision: Revision, release: Revision) -> Revision:
    """The row with the released fields only."""
    names = release.answers.get("fields", "").split()
    kept = {name: value for name, value in revision.answers.items() if original(name) in names}
    return replace(revision, answers=kept)


def _is_told(seat: Seat, sheet: Worksheet) -> bool:
    """Whether the sheet holds what companies tell the facilitator, and this is one."""
    return sheet.name == HELP and seat.role == "facilitator"


def _is_in_group(seat: Seat, group: str, programme: Programme) -> bool:
    if seat.role == "facilitator":
        return seat.subject == f"session:{group.partition('.')[0]}"
    return seat.role == "participant" and group in programme.groups_of(seat.company_key)


def _sit_together(one: str, other: str, programme: Programme) -> bool:
    return not programme.groups_of(one).isdisjoint(programme.groups_of(other))


def _is_own_line(seat: Seat, revision: Revision) -> bool:
    """A company sees its own line of a list about a session, such as attendance."""
    return seat.role == "participant" and revision.place.row in (seat.company_key, own_line(seat))
