"""The gate: redeeming a code, the notice, leaving.

GET shows a page and changes nothing, because the scanners of mail programs follow links; the code stands in a
link's fragment, which no browser sends. POST redeems it.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from functools import partial
from typing import Any

from jupyter_server.auth.decorator import allow_unauthenticated

from spp_workshop import seats
from spp_workshop.errors import Message, NotAllowed, Problem, message
from spp_workshop.forms.words import said
from spp_workshop.seats import Sitting, Visitor

from .entrance import LONGEST_NAME, MOST_PEOPLE, join_page, notice_page, usual_place
from .requests import COOKIE, Refusal, SeatHandler

# The token of the seat that left this device: it holds nothing any more, but its people are counted once.
BEFORE = "spp_before"
_BEFORE_DAYS = 1
_LARGEST = 20_000
_PLACES = ("room", "online")


class _PageHandler(SeatHandler):
    """A page that is the same for many: a room opens it within a minute."""

    def _kept(self, key: str, make: Callable[[], str]) -> str:
        pages: dict[str, str] = self.settings.setdefault("spp_gate_pages", {})
        if key not in pages:
            pages[key] = make()
        return pages[key]


class StartHandler(SeatHandler):
    """The base address."""

    @allow_unauthenticated
    async def get(self) -> None:
        """Lead to where one joins."""
        self.redirect(f"{self.room.base_url}join")


class JoinHandler(_PageHandler):
    """`join`: the page, and a code on its way in."""

    @allow_unauthenticated
    async def get(self) -> None:
        """The page; the same whatever code stands in the link, and for everybody who has no seat."""
        if self.sitting is None:
            self.give_page(self._kept("join", partial(join_page, self.room, None)))
        else:
            self.give_page(join_page(self.room, self.sitting))

    @allow_unauthenticated
    async def post(self) -> None:
        """Redeem `code`, or with `go_on` take the seat of this device into today's session: {next}.

        Refuses with 400 (who joins is not told as it must be), 403 (no such code) and 429 (`wait` seconds).
        """
        sent = self.json_body(_LARGEST)
        visitor = self._visitor(sent)
        if sent.get("go_on") is True:
            sitting, token = await self._go_on(visitor)
        else:
            sitting, token = await self._redeem(_text(sent, "code"), visitor)
        self.keep_seat(token)
        if self.get_cookie(BEFORE):
            self.clear_cookie(BEFORE, path=self.room.base_url)
        self.room.attendance.note()
        self.give({"next": self.room.home(sitting)})

    async def _go_on(self, visitor: Visitor) -> tuple[Sitting, str]:
        token = self.get_cookie(COOKIE) or ""
        return await self.room.writer.do(partial(seats.go_on, self.room.workshop.store, token, visitor))

    async def _redeem(self, typed: str, visitor: Visitor) -> tuple[Sitting, str]:
        code, address, browser = seats.plain(typed), self.request.remote_ip or "", self._browser()
        if not code:
            raise Refusal(400, _faulty("code", _NO_CODE))
        if wait := self.room.guard.admit(address, browser, code):
            raise _Wait(429, wait)
        before = self.get_cookie(COOKIE) or self.get_cookie(BEFORE) or ""
        store = self.room.workshop.store
        try:
            joined = await self.room.writer.do(partial(seats.join, store, code, visitor, before))
        except NotAllowed as error:
            wait = self.room.guard.wait(address, browser)
            raise _Wait(403, wait, *map(_at_code, error.problems)) from None
        except BaseException:
            self.room.guard.forgive(address, code)
            raise
        self.room.guard.forgive(address, code)
        return joined

    def _browser(self) -> str:
        """What tells this browser from others at the same address: the token against foreign pages."""
        token: bytes = self._get_raw_xsrf_token()[1]
        return token.hex()

    def _visitor(self, sent: dict[str, Any]) -> Visitor:
        name, place, people = _name(_text(sent, "name")), _text(sent, "place"), sent.get("people", 1)
        faults = []
        if len(name) > LONGEST_NAME:
            faults.append(_faulty("name", _LONG_NAME))
        if place and place not in _PLACES:
            faults.append(_faulty("place", _NO_PLACE))
        if type(people) is not int or not 1 <= people <= MOST_PEOPLE:
            faults.append(_faulty("people", _NO_PEOPLE))
        if faults:
            raise Refusal(400, *faults)
        return Visitor(name, place or usual_place(self.room), people, self.room.session)

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        """A wait is told as a number, too."""
        error = (kwargs.get("exc_info") or (None, None, None))[1]
        if not isinstance(error, _Wait):
            super().write_error(status_code, **kwargs)
            return
        self.set_status(status_code)
        self.set_header("Retry-After", str(error.seconds))
        self.give({"faults": [said(problem) for problem in error.problems], "wait": error.seconds})


class NoticeHandler(_PageHandler):
    """`notice`: what everybody is told before the first answer."""

    @allow_unauthenticated
    async def get(self) -> None:
        """The page; whoever has no seat is led to where one joins."""
        sitting = self.sitting
        if sitting is None:
            self.redirect(f"{self.room.base_url}join")
        else:
            key = f"notice {bool(sitting.agreed_at)} {sitting.seat.role} {sitting.seat.subject}"
            self.give_page(self._kept(key, partial(notice_page, self.room, sitting)))

    @allow_unauthenticated
    async def post(self) -> None:
        """Accept it (`agree` is true): {next}."""
        sitting = self.sitting
        if sitting is None:
            raise NotAllowed(seats.no_seat())
        if self.json_body(_LARGEST).get("agree") is not True:
            raise Refusal(400, _faulty("agree", _NOT_AGREED))
        store = self.room.workshop.store
        await self.room.writer.do(partial(seats.agree, store, sitting.seat.id))
        self.give({"next": self.room.home(seats.sitting(store, self.get_cookie(COOKIE) or "") or sitting)})


class LeaveHandler(SeatHandler):
    """`leave`: the end of a seat, for the next person at this device."""

    @allow_unauthenticated
    async def post(self) -> None:
        """End the seat of this device, if it has one: {next}."""
        self.json_body(_LARGEST)
        if sitting := self.sitting:
            await self.room.writer.do(partial(seats.revoke, self.room.workshop.store, sitting.seat.id))
            self.set_cookie(
                BEFORE,
                self.get_cookie(COOKIE) or "",
                path=self.room.base_url,
                httponly=True,
                secure=self.room.secure,
                samesite="Lax",
                expires_days=_BEFORE_DAYS,
            )
        self.leave_seat()
        self.give({"next": f"{self.room.base_url}join"})


class _Wait(Refusal):
    """A wrong code, or too many: so many seconds have to pass before the next one."""

    def __init__(self, status: int, seconds: int, *problems: Problem):
        super().__init__(status, *problems, *([_wait(seconds)] if seconds else []))
        self.seconds = seconds


# --- What was sent ------------------------------------------------------------------------------------------

# Marks that turn the direction of what stands after them; a name is no place for them.
_TURNING = {chr(code) for code in (0x061C, 0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2066, 0x206A))}


def _text(sent: dict[str, Any], name: str) -> str:
    """A text that was sent, or none. Raises Refusal for anything else."""
    found = sent.get(name)
    if found is None:
        return ""
    if not isinstance(found, str):
        raise Refusal(400, _faulty(name, _NO_TEXT))
    return found


def _name(typed: str) -> str:
    """A name on one line, without what cannot be seen."""
    shown = (" " if _is_blank(letter) else letter for letter in typed if letter not in _TURNING)
    return unicodedata.normalize("NFC", " ".join("".join(shown).split()))


def _is_blank(letter: str) -> bool:
    return unicodedata.category(letter) in ("Cc", "Zl", "Zp", "Zs")


# --- Wording ------------------------------------------------------------------------------------------------


def _faulty(field: str, words: tuple[Message, Message]) -> Problem:
    return Problem("", f"{field}_wrong", *words, field=field)


def _at_code(problem: Problem) -> Problem:
    return Problem("", problem.rule, problem.message, problem.remedy, field="code")


def _wait(seconds: int) -> Problem:
    minutes, rest = -(-seconds // 60), seconds
    remedy = (
        message("Look at the code again, and try once more in {seconds} seconds.", seconds=rest)
        if seconds <= _SHORT
        else message(
            "Ask the facilitator for the code, and try once more in {minutes} minutes.", minutes=minutes
        )
    )
    return Problem("", "wait", message("Too many wrong codes were entered."), remedy)


_SHORT = 90
_NO_CODE = (
    message("There is no code here."),
    message("Enter the 10 letters and digits of your invitation."),
)
_LONG_NAME = (message("The name is too long."), message("Write at most 40 letters, or leave it empty."))
_NO_PLACE = (message("It is not clear where you are."), message("Choose “in the room” or “online”."))
_NO_PEOPLE = (message("This is no number of people."), message("Enter a number from 1 to 99."))
_NO_TEXT = (message("What was sent is no text."), message("Reload the page, and try again."))
_NOT_AGREED = (message("The notice was not accepted."), message("Read it, and press the button below it."))

ROUTES = [
    (r"", StartHandler),
    (r"join", JoinHandler),
    (r"notice", NoticeHandler),
    (r"leave", LeaveHandler),
]
