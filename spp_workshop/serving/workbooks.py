"""The addresses for homework in Excel: the company's own workbook, and what comes back.

GET  spp/workbook?language=ja    the workbook of the seat's company, as of now
POST spp/workbook                a line of JSON {do, name, password, overwrite}, and after it the file itself

`do` is "look" (nothing is stored), "store", or "copy" (the marked copy, as a file). What is in the file is
told as `workbook.findings` has it. A file is taken in as it comes, up to its largest size, and is read by a
process of its own (`clerks`). The server never opens it.
"""

from __future__ import annotations

import json
from base64 import b64decode
from pathlib import Path
from typing import IO, Any
from urllib.parse import quote

from jupyter_server.auth.decorator import allow_unauthenticated
from tornado.web import stream_request_body

from spp_workshop.errors import Problem, message
from spp_workshop.messages import LANGUAGES
from spp_workshop.workbook.asking import LARGEST

from .clerks import TooMany
from .requests import COOKIE, Refusal, SeatHandler

Json = dict[str, Any]

# Bytes of the line before the file.
LARGEST_HEAD = 4_000
_KIND = "application/octet-stream"
_EXCEL = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@stream_request_body
class WorkbookHandler(SeatHandler):
    """A company's workbook, there and back."""

    _company = ""
    _file: IO[bytes] | None = None
    _head: bytes = b""
    _size = 0

    async def prepare(self) -> None:  # type: ignore[override]
        """Before anything of the file is taken in: whose it is, whether it may come, and how large it is."""
        await super().prepare()
        if self._finished or self.request.method != "POST":
            return
        seat = self.require("participant").seat
        if self.request.headers.get("Content-Type", "") != _KIND:
            raise Refusal(415, _unreadable())
        length = self.request.headers.get("Content-Length", "0")
        if length.isdecimal() and int(length) > LARGEST + LARGEST_HEAD:
            # What still comes on this line is not waited for.
            self.set_header("Connection", "close")
            raise Refusal(413, _too_large())
        self._admit(seat.company_key)
        self._file = self.room.clerks.file()
        connection: Any = self.request.connection
        connection.set_max_body_size(LARGEST + 2 * LARGEST_HEAD)

    def data_received(self, chunk: bytes) -> None:
        """A part of what is sent: the line first, then the file."""
        if self._file is None:
            return
        if b"\n" not in self._head:
            chunk = self._head + chunk
            head, mark, chunk = chunk.partition(b"\n")
            self._head = (head + mark)[: LARGEST_HEAD + 1]
        self._size += len(chunk)
        if self._size <= LARGEST and len(self._head) <= LARGEST_HEAD:
            self._file.write(chunk)

    @allow_unauthenticated
    async def get(self) -> None:
        """The company's workbook in one language, with what it has answered."""
        company = self.require("participant").seat.company_key
        # A picture on somebody else's page would have it written again and again.
        self.refuse_other_sites()
        language = self.get_query_argument("language", LANGUAGES[0])
        self._admit(company)
        self._send(await self._done({"do": "blank", "language": language}))

    @allow_unauthenticated
    async def post(self) -> None:
        """Say what is in the file, store it, or send the copy in which that is marked."""
        asked = self._asked()
        if self._file is None:
            raise Refusal(400, _unreadable())
        self._file.close()
        answer = await self._done({**asked, "path": self._file.name})
        if asked["do"] == "copy":
            self._send(answer)
            return
        self.set_status(answer.pop("status", 200))
        self.give(answer)

    def on_finish(self) -> None:
        """However it went: nothing of it is kept here."""
        super().on_finish()
        self._let_go()

    def on_connection_close(self) -> None:
        """Whoever sent it has gone."""
        super().on_connection_close()
        self._let_go()

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        """A company that sends more than can be read hears when to come back."""
        error = (kwargs.get("exc_info") or (None, None, None))[1]
        if isinstance(error, TooMany):
            self.refuse(429, *error.problems)
            return
        super().write_error(status_code, **kwargs)

    @property
    def _token(self) -> str:
        return self.get_cookie(COOKIE) or ""

    async def _done(self, job: Json) -> Json:
        return await self.room.clerks.do(self._company, {**job, "token": self._token})

    def _admit(self, company: str) -> None:
        self.room.clerks.admit(company)
        self._company = company

    def _let_go(self) -> None:
        if self._company:
            self.room.clerks.release(self._company)
            self._company = ""
        if self._file is not None:
            self._file.close()
            Path(self._file.name).unlink(missing_ok=True)
            self._file = None

    def _send(self, answer: Json) -> None:
        """What the process has written, as a file; or why it has not."""
        if "workbook" not in answer:
            self.set_status(answer["status"])
            self.give({"faults": answer["faults"]})
            return
        name = f"filename=\"homework.xlsx\"; filename*=UTF-8''{quote(answer['name'])}"
        self.set_header("Content-Type", _EXCEL)
        self.set_header("Content-Disposition", f"attachment; {name}")
        self.finish(b64decode(answer["workbook"]))

    def _asked(self) -> Json:
        """The line before the file, read with care. Raises Refusal."""
        if self._size > LARGEST:
            raise Refusal(413, _too_large())
        try:
            sent = json.loads(self._head)
            known = {"do": str(sent["do"]), "overwrite": sent.get("overwrite") is True}
            texts = {name: str(sent.get(name, ""))[:200] for name in ("name", "password")}
            json.dumps(texts, ensure_ascii=False).encode()
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
            raise Refusal(400, _unreadable()) from None
        if known["do"] not in ("look", "store", "copy"):
            raise Refusal(400, _unreadable())
        return {**known, **texts}


ROUTES = [(r"spp/workbook", WorkbookHandler)]


# --- Wording ------------------------------------------------------------------------------------------------


def _too_large() -> Problem:
    return Problem(
        "",
        "too_large",
        message("This file is far larger than a workbook of ours can be, and was not opened."),
        message("Copy the answers into a fresh workbook, without pictures, and send that."),
    )


def _unreadable() -> Problem:
    return Problem(
        "",
        "unreadable",
        message("What was sent cannot be read; nothing of it was stored."),
        message("Reload the page, and try again."),
    )


__all__ = ["ROUTES", "WorkbookHandler"]
