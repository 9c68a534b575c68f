"""Seats: the right to read and write in a role, joined by a code that is stored only as a hash.

A participant sees the own company; an organiser (the companies' customer) only what is released; a projector
what is released to all. Custodian and facilitator help, and write down. See docs/security.md for the limits.

Whoever joins with a code gets a personal seat below it, with a random id and a token of its own, so that
heads can be counted and changes traced without anybody's name.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import secrets
import unicodedata
from dataclasses import asdict, dataclass, fields
from datetime import datetime
from typing import Any, Literal, NamedTuple

import sqlalchemy as sa

from .errors import NotAllowed, Problem, message
from .schema import SEAT
from .store import Store

Role = Literal["custodian", "organiser", "facilitator", "participant", "projector"]

# No 0, 1, I, L or O: a code is read from a screen and typed on a phone.
_LETTERS = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"
_CODE_LENGTH, _GROUP = 10, 5
_LONGEST_LINK = 2_000
_TOKEN_BYTES, _ID_BYTES = 32, 8


@dataclass(frozen=True)
class Seat:
    """Who reads and writes: a role, and the subject for which it is held (a company, a session, or none)."""

    role: Role
    subject: str = ""
    id: str = ""
    name: str = ""

    @classmethod
    def custodian(cls) -> Seat:
        """Runs the tool for the secretariat, bound by contract: sees everything."""
        return cls("custodian", id="custodian")

    @classmethod
    def company(cls, key: str) -> Seat:
        """A company's own seat."""
        return cls("participant", f"company:{key}", f"company:{key}")

    @classmethod
    def facilitator(cls, session: str) -> Seat:
        """Guides the groups of one session."""
        return cls("facilitator", f"session:{session}", f"facilitator:{session}")

    @classmethod
    def organiser(cls) -> Seat:
        """The secretariat and the buyers' staff: only what is released to them."""
        return cls("organiser", id="organiser")

    @classmethod
    def projector(cls) -> Seat:
        """The screen that the room sees: what is released to all."""
        return cls("projector", id="projector")

    @property
    def company_key(self) -> str:
        """The company of a participant's seat, or an empty string."""
        return self.subject.removeprefix("company:") if self.subject.startswith("company:") else ""


@dataclass(frozen=True)
class Sitting:
    """One line of the table of seats, without its hash: a code's seat, or a person who joined with the code.

    `place` is "room", "online" or not said; `people` share the one device; times are ISO 8601 in UTC, empty
    for what has not happened. A personal seat holds as long as that of its code (`parent`).
    """

    seat: Seat
    parent: str
    place: str
    people: int
    joined_at: str
    agreed_at: str
    expires_at: str
    revoked: bool
    session: str = ""

    @property
    def is_personal(self) -> bool:
        """Whether somebody sits here; else it is a seat that has a code."""
        return bool(self.parent)


class Visitor(NamedTuple):
    """Who joins, as they say themselves: any name or none, in the room or online, how many at the device, and
    for which session the code was redeemed."""

    name: str = ""
    place: str = ""
    people: int = 1
    session: str = ""


# --- The seat of a process ----------------------------------------------------------------------------------

_OF_PROCESS = "SPP_WORKSHOP_SEAT"


def environment_of(seat: Seat) -> dict[str, str]:
    """What makes a process this seat's, when it stands in its environment."""
    return {_OF_PROCESS: json.dumps(asdict(seat))}


def own_seat() -> Seat:
    """The seat for which this process was started: the custodian's, unless a server says otherwise."""
    given = os.environ.get(_OF_PROCESS)
    return Seat(**json.loads(given)) if given else Seat.custodian()


# --- Codes --------------------------------------------------------------------------------------------------


def issue(store: Store, seat: Seat, expires: datetime) -> str:
    """Make a seat that can be joined until `expires`, and give its code (shown once, stored as a hash).

    Raises NotAllowed when the seat has a code already.
    """
    code = _new_code()
    line: dict[str, Any] = {
        "id": seat.id or secrets.token_hex(8),
        "role": seat.role,
        "subject": seat.subject,
        "token_hash": _hash(code),
        "name": seat.name,
        "expires_at": expires.isoformat(),
        "revoked": False,
    }
    with store.transactions.writing() as connection:
        try:
            connection.execute(SEAT.insert().values(line))
        except sa.exc.IntegrityError:
            raise NotAllowed(_has_a_code(line["id"])) from None
    return code


def renew(store: Store, seat_id: str, expires: datetime) -> str:
    """A new code for a seat; the old code opens nothing more. Whoever sits there stays, until `expires`.

    Raises NotAllowed when there is no such seat.
    """
    code = _new_code()
    fresh = {"token_hash": _hash(code), "expires_at": expires.isoformat(), "revoked": False}
    with store.transactions.writing() as connection:
        changed = connection.execute(SEAT.update().where(SEAT.c.id == seat_id, _HAS_A_CODE).values(fresh))
    if not changed.rowcount:
        raise NotAllowed(_unknown_seat(seat_id))
    return code


def revoke(store: Store, seat_id: str) -> None:
    """End a seat with all the seats below it; its code opens nothing any more, also not for who sits there.

    Raises NotAllowed when there is no such seat.
    """
    below = sa.and_(SEAT.c.parent == seat_id, sa.not_(_HAS_A_CODE))
    here = sa.or_(SEAT.c.id == seat_id, below)
    with store.transactions.writing() as connection:
        changed = connection.execute(SEAT.update().where(here).values(revoked=True))
    if not changed.rowcount:
        raise NotAllowed(_unknown_seat(seat_id))


def opened_by(store: Store, code: str) -> str:
    """The id of the seat that a code opens now; empty when it opens none. Nobody sits down."""
    with store.transactions.reading() as connection:
        line = connection.execute(_BY_HASH, {"hash": _hash(plain(code))}).mappings().first()
    holds = line is not None and not line["parent"] and _holds(line, store.now())
    return str(line["id"]) if line and holds else ""


def spelled(code: str) -> str:
    """A code as it is shown: XXXXX-XXXXX."""
    return "-".join(code[start : start + _GROUP] for start in range(0, len(code), _GROUP))


def plain(code: str) -> str:
    """A code as it was issued, from what somebody typed: in small or full-width letters, with hyphens and
    spaces, or a whole link with the code at its end."""
    letters = unicodedata.normalize("NFKC", code[-_LONGEST_LINK:]).upper()
    return re.sub("[^0-9A-Z]", "", letters.rpartition("#")[2])


# --- People -------------------------------------------------------------------------------------------------


def join(store: Store, code: str, visitor: Visitor, before: str = "") -> tuple[Sitting, str]:
    """Redeem a code: a personal seat below it, and the token that holds it (kept in the store as a hash).

    `before` is the token of the seat that this device had, if any: its people are not counted twice. Raises
    NotAllowed when the code opens nothing (any more).
    """
    with store.transactions.writing() as connection:
        above = connection.execute(_BY_HASH, {"hash": _hash(plain(code))}).mappings().first()
        if above is None or above["parent"] or not _holds(above, store.now()):
            raise NotAllowed(no_seat())
        return _sit_down(connection, above, visitor, before=_line_of(connection, before), now=store.now())


def go_on(store: Store, token: str, visitor: Visitor) -> tuple[Sitting, str]:
    """Somebody who has a seat takes part in another session, or says anew who and where they are.

    Raises NotAllowed when the token holds no seat (any more).
    """
    with store.transactions.writing() as connection:
        line = _line_of(connection, token)
        if line is None or not _holds(line, store.now()):
            raise NotAllowed(no_seat())
        above = connection.execute(_BY_ID, {"id": line["parent"]}).mappings().one()
        return _sit_down(
            connection, above, visitor, before=line, now=store.now(), agreed_at=line["agreed_at"]
        )


def sitting(store: Store, token: str) -> Sitting | None:
    """Who sits with this token; None when it holds no seat, or one that was revoked or is past its time."""
    with store.transactions.reading() as connection:
        line = _line_of(connection, token)
    return _as_sitting(line) if line and _holds(line, store.now()) else None


def agree(store: Store, seat_id: str) -> None:
    """The notice was read and accepted; the first time counts."""
    now = store.now().isoformat(timespec="seconds")
    with store.transactions.writing() as connection:
        first = sa.and_(SEAT.c.id == seat_id, SEAT.c.agreed_at == "")
        connection.execute(SEAT.update().where(first).values(agreed_at=now))


def sittings(store: Store) -> list[Sitting]:
    """All seats: those with a code first, then the people in the order in which they joined."""
    with store.transactions.reading() as connection:
        return [_as_sitting(line) for line in connection.execute(_ALL).mappings()]


# --- Inside -------------------------------------------------------------------------------------------------

Line = sa.RowMapping | dict[str, Any]

# A personal seat holds as long as the seat above it: what is done to the code is done to all who used it.
_ABOVE = SEAT.alias("above")
_SEATS = sa.select(
    *(column for column in SEAT.columns if column.name not in ("expires_at", "revoked", "token_hash")),
    sa.func.coalesce(_ABOVE.c.expires_at, SEAT.c.expires_at).label("expires_at"),
    sa.or_(SEAT.c.revoked, sa.func.coalesce(_ABOVE.c.revoked, sa.false())).label("revoked"),
).join_from(SEAT, _ABOVE, _ABOVE.c.id == SEAT.c.parent, isouter=True)
_BY_HASH = _SEATS.where(SEAT.c.token_hash == sa.bindparam("hash"))
_BY_ID = _SEATS.where(SEAT.c.id == sa.bindparam("id"))
_ALL = _SEATS.order_by(SEAT.c.joined_at, SEAT.c.id)
_HAS_A_CODE = SEAT.c.parent == ""


def _line_of(connection: sa.Connection, token: str) -> Line | None:
    """The line of a personal seat. A code is no token: it is short, and guesses at tokens are not counted."""
    if not token:
        return None
    line = connection.execute(_BY_HASH, {"hash": _hash(token)}).mappings().first()
    return line if line is not None and line["parent"] else None


def _sit_down(
    connection: sa.Connection,
    above: Line,
    visitor: Visitor,
    *,
    before: Line | None,
    now: datetime,
    agreed_at: str = "",
) -> tuple[Sitting, str]:
    token = secrets.token_urlsafe(_TOKEN_BYTES)
    line: dict[str, Any] = {
        "role": above["role"],
        "subject": above["subject"],
        "token_hash": _hash(token),
        "expires_at": above["expires_at"],
        "revoked": False,
        "parent": above["id"],
        "joined_at": now.isoformat(timespec="milliseconds"),
        "agreed_at": agreed_at,
        **visitor._asdict(),
    }
    same_day = before is not None and before["session"] == visitor.session
    if before is not None and same_day and before["parent"] == above["id"] and not before["revoked"]:
        # The same device says anew who is there.
        line["id"] = before["id"]
        connection.execute(SEAT.update().where(SEAT.c.id == line["id"]).values(line))
    else:
        if before is not None:
            # It has another seat now, and its people are there once. Another session stays as it was. Who
            # left gets a new seat: the next one at that device may be somebody else.
            gone = {"revoked": True} | ({"people": 0} if same_day else {})
            connection.execute(SEAT.update().where(SEAT.c.id == before["id"]).values(gone))
        line["id"] = secrets.token_hex(_ID_BYTES)
        connection.execute(SEAT.insert().values(line))
    return _as_sitting(line), token


def _holds(line: Line, now: datetime) -> bool:
    return not line["revoked"] and datetime.fromisoformat(line["expires_at"]) >= now


def _as_sitting(line: Line) -> Sitting:
    seat = Seat(line["role"], line["subject"], line["id"], line["name"])
    told = {field.name: line[field.name] for field in fields(Sitting) if field.name != "seat"}
    return Sitting(seat, **told | {"revoked": bool(line["revoked"])})


def _new_code() -> str:
    return "".join(secrets.choice(_LETTERS) for _ in range(_CODE_LENGTH))


def _hash(code: str) -> str:
    return hashlib.sha256(code.encode("utf-8", "replace")).hexdigest()


# --- Wording ------------------------------------------------------------------------------------------------


def no_seat() -> Problem:
    """What was typed is no code, or no longer one; which of the two is nobody's business."""
    return Problem(
        "",
        "no_seat",
        message("This code opens no seat (any more)."),
        message("Compare it with your invitation; if it is the same, ask the facilitator for a new one."),
    )


def _has_a_code(seat_id: str) -> Problem:
    return Problem(
        seat_id,
        "seat_exists",
        message("This seat has a code already, and codes are not kept, so it cannot be shown again."),
        message("Renew it: the seat gets a new code, and the old one opens nothing any more."),
    )


def _unknown_seat(seat_id: str) -> Problem:
    return Problem(
        seat_id,
        "unknown_seat",
        message("There is no seat of this name."),
        message("Look at the list of seats: spp-workshop seats"),
    )
