"""The addresses of the exercises' pages, and of the scripts and styles of all pages.

GET now                             leads to today's exercise
GET exercise/SESSION                the page, the same for every participant
GET exercise/SESSION/forms.json     the worksheets on it, as its forms need them
GET assets/EDITION/NAME             scripts and styles; an address that never changes its content
"""

from __future__ import annotations

from typing import Any

from jupyter_server.auth.decorator import allow_unauthenticated
from tornado import web

from .assets import Kept, assets, edition
from .attendance import is_to_say_where
from .kept_pages import NoPage, Pages
from .requests import SeatHandler

_FOR_EVER = "private, max-age=31536000, immutable"
_ASK_AGAIN = "private, no-cache"


class _KeptHandler(SeatHandler):
    """Sends a text that is kept compressed, and only when the browser has not got it."""

    _mark = ""

    def send(self, kept: Kept, kind: str, cache: str) -> None:
        """Answer with a kept text of this media type."""
        self._mark = f'"{kept.mark}"'
        self.set_header("Content-Type", kind)
        self.set_header("Cache-Control", cache)
        self.set_header("Vary", "Accept-Encoding")
        packed = "gzip" in self.request.headers.get("Accept-Encoding", "")
        if packed:
            self.set_header("Content-Encoding", "gzip")
        self.finish(kept.packed if packed else kept.plain)

    def compute_etag(self) -> str | None:
        """The mark of the kept text."""
        return self._mark or super().compute_etag()


class NowHandler(SeatHandler):
    """Where a participant's day begins."""

    @allow_unauthenticated
    async def get(self) -> None:
        """Lead to today's exercise; whoever comes back for the session says first where they are."""
        sitting, workshop = self.require("participant"), self.room.workshop
        if is_to_say_where(sitting, workshop.programme.session(self.room.session), workshop.store.now()):
            self.redirect(f"{self.room.base_url}join")
            return
        self.redirect(f"{self.room.base_url}exercise/{self.room.session}")


class PageHandler(_KeptHandler):
    """The page of an exercise."""

    @allow_unauthenticated
    async def get(self, session: str) -> None:
        """The page; it waits while the page is still being made."""
        self.require("participant")
        page = await _found(self, session)
        if page:
            self.send(page, "text/html; charset=utf-8", _ASK_AGAIN)


class FormsHandler(_KeptHandler):
    """The worksheets on an exercise's page."""

    @allow_unauthenticated
    async def get(self, session: str) -> None:
        """The definitions by name; with their mark in the address they may be kept."""
        self.require("participant")
        try:
            kept = self.room.pages.forms(session, self.get_query_argument("worksheet", ""))
        except NoPage as error:
            self.refuse(404, *error.problems)
            return
        known = self.get_query_argument("edition", "") == kept.mark
        self.send(kept, "application/json; charset=utf-8", _FOR_EVER if known else _ASK_AGAIN)


class AssetHandler(_KeptHandler):
    """Scripts and styles, for everybody: the page on which one joins needs them too."""

    async def prepare(self) -> None:  # type: ignore[override]
        """Nobody is looked for: most requests of a room that joins are for these."""

    @allow_unauthenticated
    async def get(self, asked: str, name: str) -> None:
        """A script or style of this edition."""
        found = assets().get(name) if asked == edition() else None
        if found is None:
            raise web.HTTPError(404)
        self.send(found.kept, found.kind, _FOR_EVER)


async def _found(handler: _KeptHandler, session: str) -> Kept | None:
    """The page, or nothing when it was refused."""
    room = handler.room
    try:
        return await room.pages.page(session, room.base_url)
    except NoPage as error:
        known = session in room.pages.notebooks
        handler.refuse(503 if known else 404, *error.problems)
        return None


ROUTES: list[tuple[str, Any]] = [
    (r"now", NowHandler),
    (r"exercise/([a-z0-9_]+)", PageHandler),
    (r"exercise/([a-z0-9_]+)/forms\.json", FormsHandler),
    (r"assets/([0-9a-f]+)/([a-z]+\.(?:css|js))", AssetHandler),
]

__all__ = ["ROUTES", "AssetHandler", "FormsHandler", "NowHandler", "PageHandler", "Pages"]
