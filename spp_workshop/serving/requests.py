"""What every handler of ours is made of: whose request it is, what it may ask, and how it is answered.

The seat is read from the cookie and from nothing else. What is refused is said in sentences, in both
languages, as a page or as JSON (`{"faults": [{rule, row, field, text}]}`); nothing that somebody wrote goes
into a log.
"""

from __future__ import annotations

import hmac
import json
import traceback
from typing import Any, NoReturn

from jupyter_server.auth.decorator import allow_unauthenticated
from jupyter_server.base.handlers import JupyterHandler
from tornado import web

from spp_workshop import seats
from spp_workshop.errors import AnswerError, ConflictError, Message, NotAllowed, Problem, SppError, message
from spp_workshop.forms.words import said
from spp_workshop.seats import Role, Sitting

from .frame import render
from .room import Room

COOKIE = "spp_seat"
_COOKIE_DAYS = 400

POLICY = (
    "default-src 'self'; img-src 'self' data:; frame-ancestors 'none'; base-uri 'none'; form-action 'self'"
)
HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}


class Refusal(web.HTTPError):
    """A request that is refused, and why."""

    def __init__(self, status: int, *problems: Problem):
        super().__init__(status)
        self.problems = list(problems)


def sitting_of(handler: web.RequestHandler) -> Sitting | None:
    """Whose request this is, by the cookie, read once; None for nobody, or a seat that does not hold."""
    if not hasattr(handler, "_spp_sitting"):
        handler._spp_sitting = seated_now(handler)  # type: ignore[attr-defined]
    return handler._spp_sitting  # type: ignore[attr-defined]


def seated_now(handler: web.RequestHandler) -> Sitting | None:
    """The same, read now: a line that stays open must not outlive its seat."""
    room: Room = handler.settings["spp_room"]
    token = handler.get_cookie(COOKIE)
    return seats.sitting(room.workshop.store, token) if token else None


class SeatHandler(JupyterHandler):
    """A request from a seat. Every method of a subclass is `@allow_unauthenticated`, and asks `require`."""

    @property
    def room(self) -> Room:
        """The served workshop folder."""
        room: Room = self.settings["spp_room"]
        return room

    @property
    def sitting(self) -> Sitting | None:
        """Whose request this is; None for nobody."""
        return sitting_of(self)

    def require(self, *roles: Role) -> Sitting:
        """The seat, if it has one of these roles (any, if none is named) and has read the notice.

        Otherwise a page leads to where one joins, or to the notice, and anything else is refused.
        """
        sitting = self.sitting
        if sitting is None:
            self._lead_to("join", Refusal(401, _nobody()))
        if roles and sitting.seat.role not in roles:
            raise Refusal(403, not_for_you())
        if sitting.seat.role == "participant" and not sitting.agreed_at:
            self._lead_to("notice", Refusal(403, _notice_first()))
        return sitting

    def keep_seat(self, token: str) -> None:
        """Let the browser keep the token of a seat; no script can read it."""
        self.set_cookie(
            COOKIE,
            token,
            path=self.room.base_url,
            httponly=True,
            secure=self.room.secure,
            samesite="Lax",
            expires_days=_COOKIE_DAYS,
        )

    def leave_seat(self) -> None:
        """Let the browser forget the token."""
        self.clear_cookie(COOKIE, path=self.room.base_url)

    # --- What was sent ------------------------------------------------------------------------------------

    def json_body(self, limit: int = 1_000_000) -> dict[str, Any]:
        """The JSON object that was sent, of at most `limit` bytes. Raises Refusal."""
        if len(self.request.body) > limit:
            raise Refusal(413, _too_much())
        if self.request.headers.get("Content-Type", "").partition(";")[0].strip() != "application/json":
            raise Refusal(415, _unreadable())
        try:
            sent = json.loads(self.request.body)
            # What is no text (half of a surrogate pair) can be neither stored nor sent back.
            json.dumps(sent, ensure_ascii=False).encode()
        except (ValueError, RecursionError):
            raise Refusal(400, _unreadable()) from None
        if not isinstance(sent, dict):
            raise Refusal(400, _unreadable())
        return sent

    def check_xsrf_cookie(self) -> None:
        """Only our own pages may change anything: by their origin, and by a token that only they can read."""
        self.refuse_other_sites()
        given = self.request.headers.get("X-XSRFToken", "")
        if not given or not self._is_our_token(given):
            raise Refusal(403, _reload())

    def refuse_other_sites(self) -> None:
        """Raise Refusal for what a page of another address sends, or opens."""
        asker = self.request.headers.get("Origin")
        site = self.request.headers.get("Sec-Fetch-Site", "same-origin")
        if (asker is not None and asker not in self.room.origins) or site not in ("same-origin", "none"):
            raise Refusal(403, _foreign())

    def _is_our_token(self, given: str) -> bool:
        _, token, _ = self._decode_xsrf_token(given)
        _, expected, _ = self._get_raw_xsrf_token()
        if not self.get_cookie("_xsrf") or not token or not expected:
            return False
        return hmac.compare_digest(token, expected)

    async def prepare(self) -> None:  # type: ignore[override]
        """What Jupyter Server does, and our token: the pages send it back with each POST."""
        method = getattr(type(self), (self.request.method or "").lower())
        if method is web.RequestHandler._unimplemented_method:
            raise web.HTTPError(405)
        await super().prepare()
        _ = self.xsrf_token

    # --- How it is answered -------------------------------------------------------------------------------

    @property
    def content_security_policy(self) -> str:
        """Nothing from elsewhere, nothing inline."""
        return POLICY

    def set_default_headers(self) -> None:
        """The headers of every answer; a handler may allow its own to be cached."""
        super().set_default_headers()
        self.clear_header("Server")
        for name, value in HEADERS.items():
            self.set_header(name, value)

    def give(self, data: Any) -> None:
        """Answer with JSON."""
        self.set_header("Content-Type", "application/json; charset=utf-8")
        self.finish(json.dumps(data, ensure_ascii=False, separators=(",", ":")))

    def give_page(self, html: str) -> None:
        """Answer with a page."""
        self.set_header("Content-Type", "text/html; charset=utf-8")
        self.finish(html)

    def refuse(self, status: int, *problems: Problem) -> None:
        """Answer that it is not done, and why."""
        self.set_status(status)
        self.set_header("Cache-Control", "no-store")
        if self._asks_for_page():
            self.give_page(_page(self.room, problems))
        else:
            self.give({"faults": [said(problem) for problem in problems]})

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        """Whatever went wrong, in sentences."""
        error = (kwargs.get("exc_info") or (None, None, None))[1]
        if isinstance(error, Refusal):
            self.refuse(error.status_code, *error.problems)
        elif isinstance(error, SppError):
            self.refuse(_status(error), *(problem.at("") for problem in error.problems))
        else:
            self.refuse(status_code, _nothing_here() if status_code in (404, 405) else _our_fault())

    def log_exception(self, typ: Any, value: Any, tb: Any) -> None:
        """Where in the code it happened, without the error's own words: they may quote an answer."""
        if not isinstance(value, (SppError, web.HTTPError)):
            self.log.error(
                "%s in %s\n%s", typ.__name__, self.__class__.__name__, "".join(traceback.format_tb(tb))
            )

    def _asks_for_page(self) -> bool:
        return self.request.method in ("GET", "HEAD") and "text/html" in self.request.headers.get(
            "Accept", ""
        )

    def _lead_to(self, path: str, refusal: Refusal) -> NoReturn:
        if not self._asks_for_page():
            raise refusal
        self.redirect(self.room.base_url + path)
        raise web.Finish


class NothingHere(SeatHandler):
    """Every address that nobody else answers."""

    @allow_unauthenticated
    async def get(self, *_: str) -> None:
        """There is no such page."""
        self.refuse(404, _nothing_here())

    head = post = put = patch = delete = options = get


def _page(room: Room, problems: tuple[Problem, ...]) -> str:
    texts = [said(problem)["text"] for problem in problems]
    return render(
        "refusal.html.j2",
        base_url=room.base_url,
        programme=room.workshop.programme,
        title=message("This did not work"),
        texts=texts,
        back=message("To the start"),
    )


def _status(error: SppError) -> int:
    statuses = {NotAllowed: 403, ConflictError: 409, AnswerError: 400}
    return next((status for kind, status in statuses.items() if isinstance(error, kind)), 503)


# --- Wording ----------------------------------------------------------------------------------------------


def _problem(rule: str, what: Message, remedy: Message) -> Problem:
    return Problem("", rule, what, remedy)


def _nobody() -> Problem:
    return _problem(
        "no_seat",
        message("You have not joined here, or your seat is not valid any more."),
        message("Join again with your code; what you have sent is kept."),
    )


def not_for_you() -> Problem:
    """Somebody has a seat, but another one."""
    return _problem(
        "not_for_you",
        message("This is not for your seat."),
        message("Go back to your own page, or join with another code."),
    )


def _notice_first() -> Problem:
    return _problem(
        "notice_first",
        message("You have not accepted the notice yet."),
        message("Reload the page, and read the notice first."),
    )


def _foreign() -> Problem:
    return _problem(
        "foreign_page",
        message("This was sent from a page of another address, and is refused."),
        message("Open the address that you were given, and try again there."),
    )


def _reload() -> Problem:
    return _problem(
        "no_token",
        message("Your browser did not send what shows that this page is ours."),
        message("Allow cookies for this address, reload the page, and try again."),
    )


def _too_much() -> Problem:
    return _problem(
        "too_much",
        message("This is too much at once; nothing of it was stored."),
        message("Send less, such as a part of the text."),
    )


def _unreadable() -> Problem:
    return _problem(
        "unreadable",
        message("What was sent cannot be read; nothing of it was stored."),
        message("Reload the page, and try again."),
    )


def _nothing_here() -> Problem:
    return _problem(
        "nothing_here",
        message("There is nothing at this address."),
        message("Check it, or begin at the start."),
    )


def _our_fault() -> Problem:
    return _problem(
        "our_fault",
        message("Something went wrong that should not have; nothing of it was stored."),
        message("Try again; if it happens again, tell the facilitator."),
    )


__all__ = ["COOKIE", "NothingHere", "Refusal", "SeatHandler", "not_for_you", "seated_now", "sitting_of"]
