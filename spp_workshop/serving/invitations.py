"""Invitations: for each seat that people join by a code its link, its code, and its QR code.

A code is stored as a hash only, so it can be told once: when it is made. What is on paper is the only copy.
"""

from __future__ import annotations

import io
import os
import re
import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from html import unescape
from itertools import zip_longest
from pathlib import Path
from typing import TYPE_CHECKING, Any

from spp_workshop import seats
from spp_workshop.documents import shipped
from spp_workshop.errors import message
from spp_workshop.messages import LANGUAGES, Words, date_text, join_text, moment_text, say, time_text, worded
from spp_workshop.names import safe_name
from spp_workshop.plain_text import width
from spp_workshop.programme import Programme, Session
from spp_workshop.seats import Seat
from spp_workshop.store import Store

if TYPE_CHECKING:
    import segno
    from jinja2 import Environment

# Within the workshop folder; whoever can read it can join as anybody.
FOLDER = "output/invitations"
TO_PRINT = "to-print.html"
# What stands on a sheet, for a server that has got another address since.
_CODE = re.compile(r'class="typed code">([0-9A-Z-]+)<')
_ADDRESS = re.compile(r'class="typed address">([^<]+)<')
# Between two invitations that stand side by side in a shell.
_GAP = "    "


@dataclass(frozen=True)
class Invitation:
    """What a company, the facilitator or the projector needs to join; no code where it has one already."""

    seat: Seat
    title: Words
    code: str
    link: str
    expires: datetime

    @property
    def file(self) -> str:
        """Where its sheet is, within the folder: named for what the seat is for, never for its code."""
        company = self.seat.company_key
        return f"companies/{safe_name(company)}.html" if company else f"{self.seat.role}.html"


# --- Codes ------------------------------------------------------------------------------------------------


def invite(
    store: Store,
    programme: Programme,
    session: str,
    public_url: str,
    until: datetime,
    *,
    renew: bool = False,
    folder: Path | None = None,
) -> list[Invitation]:
    """For every company, this session's facilitator and the projector what they need to join.

    A code that holds until `until` is made for a seat that has none, or whose code ends before the session,
    or for all with `renew`. A seat that was revoked on purpose stays so, and is left out. Where a sheet
    in the workshop `folder` tells another address, its code is given once more, for a sheet with this one.
    """
    known = {sitting.seat.id: sitting for sitting in seats.sittings(store)}
    needed = ends(programme.session(session))
    found = []
    for seat, title in _invited(programme, session):
        sitting = known.get(seat.id)
        if sitting is None:
            code = seats.issue(store, seat, until)
        elif sitting.revoked:
            continue
        elif renew or datetime.fromisoformat(sitting.expires_at) < needed:
            code = seats.renew(store, seat.id, until)
        else:
            there = Invitation(seat, title, "", "", datetime.fromisoformat(sitting.expires_at))
            found.append(_with_new_address(store, there, public_url, folder) if folder else there)
            continue
        found.append(invitation(seat, title, code, public_url, until))
    return found


def _with_new_address(store: Store, there: Invitation, public_url: str, folder: Path) -> Invitation:
    """The invitation with the code of its sheet, if that tells another address and the code still opens."""
    try:
        sheet = (folder / FOLDER / there.file).read_text(encoding="utf-8")
    except (OSError, UnicodeError):
        return there
    code, address = _CODE.search(sheet), _ADDRESS.search(sheet)
    if not code or not address or unescape(address[1]) == f"{public_url}join":
        return there
    if seats.opened_by(store, code[1]) != there.seat.id:
        return there
    return invitation(there.seat, there.title, seats.plain(code[1]), public_url, there.expires)


def ends(day: Session) -> datetime:
    """When a session ends, by the clock of this machine; now, for one that is over."""
    end = datetime.combine(day.date, day.end).astimezone()
    return max(end, datetime.now().astimezone())


def _invited(programme: Programme, session: str) -> Iterator[tuple[Seat, Words]]:
    for company in programme.companies:
        yield Seat.company(company.key), company.name
    yield Seat.facilitator(session), message("Facilitator")
    yield Seat.projector(), message("Projector")


def invitation(seat: Seat, title: Words, code: str, public_url: str, expires: datetime) -> Invitation:
    """The invitation with a code that was just made; what stands behind `#` never leaves the browser."""
    return Invitation(seat, title, seats.spelled(code), f"{public_url}join#{code}", expires)


def _qr(link: str) -> segno.QRCode:
    import segno

    # Level M mends 15 % of the picture: a crease or a stain on paper does not matter.
    return segno.make_qr(link, error="m")


# --- In the shell -----------------------------------------------------------------------------------------


def as_text(invitations: Iterable[Invitation], language: str, *, colour: bool = False) -> str:
    """Links, codes and QR codes for a shell, as many beside one another as there is room.

    With `colour`, light is light whatever the colours of the terminal; a file has no use for that.
    """
    fresh = [one for one in invitations if one.code]
    pictures = [_picture(one) for one in fresh]
    words = [[worded(one.title, language), one.code, one.link] for one in fresh]
    room = max(
        [len(line) for lines in pictures for line in lines]
        + [width(w) for lines in words for w in lines]
        + [1]
    )
    columns = max(1, (shutil.get_terminal_size().columns + len(_GAP)) // (room + len(_GAP)))
    lines = []
    for start in range(0, len(fresh), columns):
        row = slice(start, start + columns)
        lines += [*_beside(pictures[row], room, len, colour=colour), *_beside(words[row], room, width), ""]
    return "\n".join(lines)


def _picture(one: Invitation) -> list[str]:
    drawn = io.StringIO()
    _qr(one.link).terminal(drawn, border=2, compact=True)
    return drawn.getvalue().splitlines()


def _beside(
    blocks: list[list[str]], room: int, measure: Callable[[str], int], *, colour: bool = False
) -> Iterator[str]:
    """The lines of several blocks, each in a column of `room` letters."""
    for cells in zip_longest(*blocks, fillvalue=""):
        padding = [" " * (room - measure(cell)) for cell in cells]
        # Bright white on black: half of all terminals are dark on light, and would show a negative.
        shown = [f"\x1b[97;40m{cell}\x1b[0m" if colour and cell else cell for cell in cells]
        yield _GAP.join(map("".join, zip(shown, padding, strict=True))).rstrip()


# --- On paper ---------------------------------------------------------------------------------------------


def as_page(invitations: Iterable[Invitation], programme: Programme, session: str) -> str:
    """A page for printing: one A4 sheet for each invitation with a code, in both languages."""
    sheets = [_sheet(one, programme) for one in invitations if one.code]
    return (
        _environment()
        .get_template("room/invitations.html.j2")
        .render(
            programme=programme,
            languages=LANGUAGES,
            words={language: _worded(language) for language in LANGUAGES},
            day={language: _day(programme, session, language) for language in LANGUAGES},
            sheets=sheets,
        )
    )


def _sheet(one: Invitation, programme: Programme) -> dict[str, Any]:
    role = one.seat.role
    expires = one.expires.isoformat()
    return {
        "role": role,
        "title": {language: worded(one.title, language) for language in LANGUAGES},
        "code": one.code,
        "address": one.link.partition("#")[0],
        "qr": _qr(one.link).svg_inline(border=4, omitsize=True, svgclass="qr", lineclass=None),
        "steps": {language: [say(step, language) for step in _STEPS[role]] for language in LANGUAGES},
        "secret": {language: say(_SECRETS[role], language) for language in LANGUAGES},
        "until": {language: moment_text(expires, language) for language in LANGUAGES},
        "ask": {language: _whom_to_ask(one, programme, language) for language in LANGUAGES},
    }


def _whom_to_ask(one: Invitation, programme: Programme, language: str) -> str:
    people = [worded(programme.contact or programme.organiser, language)]
    if one.seat.role == "participant":
        people.insert(0, say(message("the facilitator"), language))
    return join_text(people, language)


def _day(programme: Programme, key: str, language: str) -> str:
    session = programme.session(key)
    hours = f"{time_text(session.start)}–{time_text(session.end)}"
    return f"{session.title[language]}  {date_text(session.date, language)} {hours}"


def _worded(language: str) -> Mapping[str, str]:
    return {name: say(text, language) for name, text in _WORDS.items()}


@cache
def _environment() -> Environment:
    from jinja2 import Environment, FileSystemLoader

    loader = FileSystemLoader(shipped("templates"))
    return Environment(loader=loader, autoescape=True, trim_blocks=True, lstrip_blocks=True)


def write(folder: Path, invitations: Iterable[Invitation], programme: Programme, session: str) -> Path | None:
    """Write each new invitation's own sheet, and all of them for the printer; that page, or None without any.

    Only the owner of the workshop folder can read them (Windows: whoever can read the folder). The sheets of
    invitations whose codes were made earlier stay as they are.
    """
    fresh = [one for one in invitations if one.code]
    if not fresh:
        return None
    target = folder / FOLDER
    (target / "companies").mkdir(parents=True, exist_ok=True)
    target.chmod(0o700)
    for one in fresh:
        _put(target / one.file, as_page([one], programme, session))
    _put(target / TO_PRINT, as_page(fresh, programme, session))
    return target / TO_PRINT


def _put(path: Path, page: str) -> None:
    """Write it for the owner alone; a page of that name is replaced, never opened with its wider rights."""
    path.unlink(missing_ok=True)
    with os.fdopen(
        os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8"
    ) as stream:
        stream.write(page)


# --- Wording ----------------------------------------------------------------------------------------------


_WORDS = {
    "title": message("Invitations"),
    "join": message("How to join"),
    "code": message("Code"),
    "address": message("Address"),
    "valid": message("Valid until"),
    "ask": message("Ask"),
}

_SCAN = message("Point the camera of your phone or tablet at the picture and open the link.")
_TYPE = message("On a computer: type the address into the browser, then the code.")

_STEPS = {
    "participant": (
        _SCAN,
        _TYPE,
        message("Read the notice, and begin. Several people may join, each on their own device."),
    ),
    "facilitator": (
        _SCAN,
        _TYPE,
        message("You see your session's notebook. Keep this screen to yourself: it is not for the room."),
    ),
    "projector": (
        message("On the computer of the projector: type the address into the browser, then the code."),
        message("Put the browser on the full screen (F11)."),
        message("It shows what is released to all, and nothing else."),
    ),
}

_SECRETS = {
    "participant": message(
        "This code is for your company alone. Whoever has it reads and writes your company's answers."
    ),
    "facilitator": message("This code is for the facilitators of this session alone. Give it to no company."),
    "projector": message("This code is for the screen in front of the room. Give it to no company."),
}

__all__ = [
    "FOLDER",
    "TO_PRINT",
    "Invitation",
    "as_page",
    "as_text",
    "ends",
    "invitation",
    "invite",
    "write",
]
