"""The forms on a page: what they hold at the beginning, and every message that they send.

GET  spp/start?exercise=SESSION     {who, session, revision, forms: {worksheet: {place, opened}}}
POST spp/message                    one message of a form; the answer is that of `forms.reply`

What may be read and written is decided by `Workshop` from the seat of the cookie; here only messages about
worksheets that stand in an exercise come in. What changes the store is done by the writer, and answered when
it is durable. When it could not be stored, the answer says so and has the status 503.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Any

from jupyter_server.auth.decorator import allow_unauthenticated

from spp_workshop import forms
from spp_workshop.errors import NotAllowed, Problem, SppError, message
from spp_workshop.forms.words import said
from spp_workshop.seats import Seat, sitting

from .requests import COOKIE, Refusal, SeatHandler

Json = dict[str, Any]

# Bytes: a paste of 100 kB with its answers is a quarter of it.
LARGEST = 1_000_000

# Seconds after which a seat is looked up again.
WAITED = 0.5

# What stores nothing is answered at once; all else goes through the writer.
_READING = ("open", "history")


class StartHandler(SeatHandler):
    """What the forms of an exercise hold."""

    @allow_unauthenticated
    async def get(self) -> None:
        """The answers of the seat's company and its groups, and whose they are."""
        who = self.require("participant")
        session = self.get_query_argument("exercise", self.room.session)
        if session not in self.room.openings.sessions:
            raise Refusal(404, _no_exercise())
        self.set_header("Content-Type", "application/json; charset=utf-8")
        self.finish(self.room.openings.start(who, session))


class MessageHandler(SeatHandler):
    """One message of a form."""

    @allow_unauthenticated
    async def post(self) -> None:
        """Do what it asks for, and answer when that is durable."""
        seat = self.require("participant").seat
        sent = self.json_body(LARGEST)
        worksheet = sent.get("worksheet")
        if not isinstance(worksheet, str) or worksheet not in self.room.openings.worksheets:
            self._refuse(sent, 403, _not_here())
            return
        try:
            answer = await self._answer(seat, sent)
        except SppError as error:
            status = 401 if isinstance(error, NotAllowed) else 503
            self._refuse(sent, status, *(problem.at("") for problem in error.problems))
            return
        self.give(answer)

    async def _answer(self, seat: Seat, sent: Json) -> Json:
        room = self.room
        if sent.get("do") == "read":
            # Needs no store, and takes its time with a large block; meanwhile others are answered.
            return await asyncio.to_thread(forms.reply, room.seated(seat), sent)
        if sent.get("do") in _READING:
            return forms.reply(room.seated(seat), sent)
        token = self.get_cookie(COOKIE) or ""
        return await room.writer.do(self._storing(seat, token, sent))

    def _storing(self, seat: Seat, token: str, sent: Json) -> Callable[[], Json]:
        workshop, asked_at = self.room.seated(seat), time.monotonic()

        def store() -> Json:
            # It may have waited for another program, and the seat have been revoked meanwhile.
            if time.monotonic() > asked_at + WAITED and sitting(workshop.store, token) is None:
                raise NotAllowed(_ended())
            return forms.reply(workshop, sent)

        return store

    def _refuse(self, sent: Json, status: int, *problems: Problem) -> None:
        """Told as `forms.reply` tells it, so that the form says it and keeps what was typed."""
        self.set_status(status)
        self.give({"id": str(sent.get("id", ""))[:100], "faults": [said(problem) for problem in problems]})


ROUTES = [(r"spp/start", StartHandler), (r"spp/message", MessageHandler)]


# --- Wording ------------------------------------------------------------------------------------------------


def _no_exercise() -> Problem:
    return Problem(
        "",
        "no_exercise",
        message("This session has no exercise."),
        message("Go back to today's exercise."),
    )


def _not_here() -> Problem:
    return Problem(
        "",
        "not_in_an_exercise",
        message("This worksheet is not filled in here."),
        message("Reload the page, and try again."),
    )


def _ended() -> Problem:
    return Problem(
        "",
        "seat_ended",
        message("Your seat has been ended; this was not stored."),
        message("Join again with your code."),
    )


__all__ = ["ROUTES", "MessageHandler", "StartHandler"]
