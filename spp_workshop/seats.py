"""Seats: the right to read and write in a role, joined by a code that is stored only as a hash.

A participant sees the own company; an organiser (the companies' customer) only what is released; a projector
what is released to all. Custodian and facilitator help, and write down. See docs/security.md for the limits.
"""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

import sqlalchemy as sa

from .errors import NotAllowed, Problem, message
from .schema import SEAT
from .store import Store

Role = Literal["custodian", "organiser", "facilitator", "participant", "projector"]

# No 0, 1, I, L or O: a code is read from a screen and typed on a phone.
_LETTERS = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"
_CODE_LENGTH = 10


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


def issue(store: Store, seat: Seat, expires: datetime) -> str:
    """Make a seat that can be joined until `expires`, and give its code (shown once, stored as a hash)."""
    code = "".join(secrets.choice(_LETTERS) for _ in range(_CODE_LENGTH))
    with store.engine.connect() as connection:
        connection.execute(
            SEAT.insert().values(
                id=seat.id or secrets.token_hex(8),
                role=seat.role,
                subject=seat.subject,
                token_hash=_hash(code),
                name=seat.name,
                expires_at=expires.isoformat(),
                revoked=False,
            )
        )
    return code


def redeem(store: Store, code: str) -> Seat:
    """The seat of a code. Raises NotAllowed when there is none, or it is revoked or past its time."""
    with store.engine.connect() as connection:
        query = sa.select(SEAT).where(SEAT.c.token_hash == _hash(code.strip().upper()))
        row = connection.execute(query).mappings().first()
    if row is None or row["revoked"] or datetime.fromisoformat(row["expires_at"]) < store.now():
        raise NotAllowed(_no_seat())
    return Seat(row["role"], row["subject"], row["id"], row["name"])


def revoke(store: Store, seat_id: str) -> None:
    """End a seat; its code opens nothing any more."""
    with store.engine.connect() as connection:
        connection.execute(SEAT.update().where(SEAT.c.id == seat_id).values(revoked=True))


def _hash(code: str) -> str:
    return hashlib.sha256(code.encode()).hexdigest()


def _no_seat() -> Problem:
    return Problem(
        "",
        "no_seat",
        message("This code opens no seat (any more)."),
        message("Ask the facilitator for a new one."),
    )
