"""A server on a workshop folder, in a thread with an event loop of its own, and a small client with cookies.

def test_x(served: Served) -> None:
    alpha = served.client()
    alpha.join(served.code(Seat.company("alpha")))      # and agrees to the notice
    answer = alpha.get("spp/start?exercise=dd_practice")
    answer.status, answer.json
"""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Callable, Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from http.client import HTTPConnection
from http.cookies import SimpleCookie
from pathlib import Path
from typing import Any, TypeVar

import pytest

from spp_workshop.seats import Seat, issue, renew, sittings
from spp_workshop.serving.addresses import Address
from spp_workshop.serving.application import listen, run, server
from spp_workshop.serving.hosting import begin, furnished
from spp_workshop.serving.room import Room
from spp_workshop.store import utc_now

Result = TypeVar("Result")


def finished(work: Coroutine[Any, Any, Result]) -> Result:
    """What the work gives, in a thread of its own: in this one playwright may run an event loop already."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, work).result()


@dataclass
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes
    every: list[tuple[str, str]] = field(default_factory=list)  # headers, with those that come twice

    @property
    def text(self) -> str:
        return self.body.decode()

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class Client:
    """A browser without a window: keeps cookies, sends its origin and the XSRF token; follows no redirect."""

    port: int
    base: str = "/"
    cookies: dict[str, str] = field(default_factory=dict)

    @property
    def origin(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def connection(self) -> HTTPConnection:
        """A fresh one for each request."""
        return HTTPConnection("127.0.0.1", self.port, timeout=30)

    def get(self, path: str, **headers: str) -> Answer:
        """Asks for data; `page` for what a person opens."""
        return self.ask("GET", path, headers=_spelled(headers))

    def page(self, path: str) -> Answer:
        return self.get(path, Accept="text/html,application/xhtml+xml")

    def post(self, path: str, data: Any = None, **headers: str) -> Answer:
        sent = self.headers() | _spelled(headers)
        return self.ask("POST", path, json.dumps(data if data is not None else {}).encode(), sent)

    def headers(self) -> dict[str, str]:
        """What our own pages send with a POST."""
        if "_xsrf" not in self.cookies:
            self.page("join")
        return {
            "Content-Type": "application/json",
            "Origin": self.origin,
            "X-XSRFToken": self.cookies.get("_xsrf", ""),
        }

    def join(self, code: str, *, agree: bool = True, **visitor: Any) -> Answer:
        """Redeem a code, and accept the notice."""
        answer = self.post("join", {"code": code, "name": "", "place": "room", "people": 1} | visitor)
        if agree and answer.status == 200:
            self.post("notice", {"agree": True})
        return answer

    def ask(
        self, method: str, path: str, body: bytes | None = None, headers: dict[str, str] | None = None
    ) -> Answer:
        """One request; `path` is below the base address, or a whole one when it begins with a slash."""
        connection = self.connection()
        sent = {"Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items())} | (
            headers or {}
        )
        try:
            connection.request(method, path if path.startswith("/") else self.base + path, body, sent)
            reply = connection.getresponse()
            sent_back = reply.getheaders()
            answer = Answer(reply.status, dict(sent_back), reply.read(), sent_back)
            self._keep(reply.headers.get_all("Set-Cookie") or [])
        finally:
            connection.close()
        return answer

    def _keep(self, sent: list[str]) -> None:
        for line in sent:
            for name, morsel in SimpleCookie(line).items():
                if morsel.value:
                    self.cookies[name] = morsel.value
                else:
                    self.cookies.pop(name, None)


def _spelled(headers: dict[str, str]) -> dict[str, str]:
    return {name.replace("_", "-"): value for name, value in headers.items()}


@dataclass
class Served:
    """A running server."""

    room: Room
    port: int
    loop: asyncio.AbstractEventLoop
    application: Any

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}{self.room.base_url}"

    def client(self) -> Client:
        return Client(self.port, self.room.base_url)

    def code(self, seat: Seat) -> str:
        """A code for a seat; a second time it gets a new one."""
        store, until = self.room.workshop.store, utc_now() + timedelta(days=1)
        known = {sitting.seat.id for sitting in sittings(store)}
        return renew(store, seat.id, until) if seat.id in known else issue(store, seat, until)

    def joined(self, seat: Seat, **visitor: Any) -> Client:
        """A client that has joined with a seat's code."""
        client = self.client()
        answer = client.join(self.code(seat), **visitor)
        assert answer.status == 200, answer.text
        return client

    def wait(self, work: Coroutine[Any, Any, Any]) -> Any:
        """Wait for something that is done where the server's event loop runs."""
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(60)

    def do(self, work: Callable[[], Any]) -> Any:
        """Do something where the server's event loop runs."""

        async def call() -> Any:
            return work()

        return asyncio.run_coroutine_threadsafe(call(), self.loop).result(30)


@contextmanager
def serving(
    folder: Path,
    *,
    session: str = "",
    port: int = 0,
    base_url: str = "/",
    public_url: str = "",
    ahead: bool = False,
    **more: Any,
) -> Iterator[Served]:
    """Serve a workshop folder on a free port of this machine, or on `port`, while the block runs.

    With `ahead`, pages and painters are got ready in the background, as for a real session; else when asked.
    """
    listening = listen("127.0.0.1", port)
    port = listening.getsockname()[1]
    address = Address(
        port=port, public_url=public_url or f"http://127.0.0.1:{port}{base_url}", base_url=base_url, **more
    )
    started: threading.Event = threading.Event()
    found: dict[str, Any] = {}

    async def main() -> None:
        with furnished(folder, address, session) as (room, place):
            until = asyncio.Event()
            found.update(room=room, until=until, loop=asyncio.get_running_loop())
            found["application"] = server(room, place, proxies=address.proxies, tls=address.tls)
            if ahead:
                begin(room)
            asyncio.get_running_loop().call_soon(started.set)
            await run(found["application"], listening, until)

    def thread() -> None:
        try:
            asyncio.run(main())
        except BaseException as error:
            found["error"] = error
            raise
        finally:
            started.set()

    worker = threading.Thread(target=thread, daemon=True)
    worker.start()
    started.wait(60)
    if "error" in found:
        raise found["error"]
    try:
        yield Served(found["room"], port, found["loop"], found["application"])
    finally:
        found["loop"].call_soon_threadsafe(found["until"].set)
        worker.join(60)
        assert not worker.is_alive()


@pytest.fixture
def served(folder: Path) -> Iterator[Served]:
    with serving(folder, session="dd_practice") as running:
        yield running
