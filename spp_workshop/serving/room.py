"""What all requests share while a workshop folder is served: the workshop, today's session, its addresses."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from spp_workshop.programme import Programme
from spp_workshop.seats import Seat, Sitting
from spp_workshop.workshop import Workshop

if TYPE_CHECKING:
    from .attendance import Attendance
    from .clerks import Clerks
    from .guard import Guard
    from .kept_pages import Pages
    from .openings import Openings
    from .painters import Pictures
    from .writer import Writer


@dataclass
class Room:
    """A served workshop folder; handlers find it in `settings["spp_room"]`."""

    workshop: Workshop  # as the projector sees it; `seated` gives it to anybody else
    session: str  # the key of today's session
    public_url: str  # where others reach the server, with a slash at the end: https://example.jp/spp/
    base_url: str = "/"  # the path of that address, with a slash at both ends
    secure: bool = False  # whether cookies are for TLS alone
    origins: frozenset[str] = field(default_factory=frozenset)  # of pages that may send us something
    guard: Guard = field(init=False, repr=False)
    writer: Writer = field(init=False, repr=False)
    attendance: Attendance = field(init=False, repr=False)
    pictures: Pictures = field(init=False, repr=False)
    pages: Pages = field(init=False, repr=False)
    openings: Openings = field(init=False, repr=False)
    clerks: Clerks = field(init=False, repr=False)

    def home(self, sitting: Sitting) -> str:
        """Where somebody begins who has just joined."""
        if sitting.seat.role != "participant":
            return self.base_url + "desk"
        return self.base_url + ("now" if sitting.agreed_at else "notice")

    def seated(self, seat: Seat) -> Workshop:
        """The workshop as this seat sees it."""
        return self.workshop.seated(seat)


def origin(url: str) -> str:
    """What a browser says of the page that asks: scheme, host, and a port that is not the usual one."""
    parts = urlsplit(url)
    usual = {"http": 80, "https": 443}.get(parts.scheme)
    host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname
    return f"{parts.scheme}://{host}" + (f":{parts.port}" if parts.port not in (None, usual) else "")


def session_of_the_day(programme: Programme, today: date) -> str:
    """The session of today, else the next one, else the last that there was."""
    coming = [session for session in programme.sessions if session.date >= today]
    days = sorted(coming, key=lambda session: session.date) or [
        max(programme.sessions, key=lambda session: session.date)
    ]
    return days[0].key


__all__ = ["Room", "origin", "session_of_the_day"]
