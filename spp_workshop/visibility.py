"""Who may read and write what: the rule of secrecy, in the data layer (docs/security.md; handbook 6.5).

What one company writes is secret from the others unless it is released: one revision, named fields, a named
audience. A later edit is not released by an earlier release.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from .answers import original
from .programme import Programme
from .seats import Seat
from .store import Place, Revision, Store
from .worksheet import Worksheet

# The built-in worksheet on which a company says what others may see.
RELEASE = "release"


def visible(
    store: Store,
    sheet: Worksheet,
    *,
    seat: Seat,
    programme: Programme,
    subject: str = "",
    session: str | None = None,
) -> list[Revision]:
    """The newest rows that the seat may read, withdrawn ones left out; those of others as they were released.

    A company's own seat asks the store for its own rows only, so no other company's answers are even read.
    """
    own = seat.subject if sheet.subject == "company" and seat.role == "participant" else ""
    found = (
        store.latest(sheet.name, subject or own or None, session) if not own or subject in ("", own) else []
    )
    rows = [row for row in found if row.status != "withdrawn" and may_read(seat, sheet, row, programme)]
    if seat.role == "custodian" or sheet.subject != "company":
        return rows
    return rows + [
        row for row in _released(store, seat, programme, sheet) if subject in ("", row.place.subject)
    ]


def own_entries(store: Store, seat: Seat) -> list[Revision]:
    """The newest rows of the seat's own company on all worksheets, withdrawn ones left out: one read."""
    return [row for row in store.latest(subject=seat.subject) if row.status != "withdrawn"]


def _released(store: Store, seat: Seat, programme: Programme, sheet: Worksheet) -> Iterator[Revision]:
    for release in store.latest(RELEASE):
        others = release.place.subject != seat.subject
        same_sheet = release.answers.get("of_worksheet") == sheet.name
        if others and same_sheet and is_released_to(seat, release, programme):
            place = Place(release.place.subject, sheet.name, release.answers.get("of_row", ""))
            for revision in store.history(place):
                if revision.revision == release.answers.get("of_revision"):
                    yield as_released(revision, release)


def may_read(seat: Seat, worksheet: Worksheet, revision: Revision, programme: Programme) -> bool:
    """Whether the seat sees the whole of this row without a release."""
    kind, _, key = revision.place.subject.partition(":")
    if seat.role == "custodian":
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


def may_write(seat: Seat, subject: str, programme: Programme) -> bool:
    """Whether the seat may add a revision there."""
    kind, _, key = subject.partition(":")
    if seat.role == "custodian":
        return True
    if seat.role == "participant" and kind == "company":
        return seat.company_key == key
    if kind == "group":
        return _is_in_group(seat, key, programme)
    if seat.role == "facilitator":
        return seat.subject == f"session:{key}"
    return False


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
    return replace(revision, answers=kept, changed=[])


def _is_in_group(seat: Seat, group: str, programme: Programme) -> bool:
    session, _, key = group.partition(".")
    if seat.role == "facilitator":
        return seat.subject == f"session:{session}"
    groups = {group.key: group for group in programme.session(session).groups}
    return seat.role == "participant" and key in groups and seat.company_key in groups[key].companies


def _sit_together(one: str, other: str, programme: Programme) -> bool:
    groups = [group.companies for session in programme.sessions for group in session.groups]
    return any(one in companies and other in companies for companies in groups)


def _is_own_line(seat: Seat, revision: Revision) -> bool:
    """A company sees its own line of a list about a session, such as attendance."""
    return seat.role == "participant" and revision.place.row == seat.company_key
