"""Browsers without a window, all at once: what `stampede.py` lets loose on a server.

    python tests/benchmarks/visitors.py ADDRESS SESSION PICTURES SERVER < codes.json

Reads codes from its standard input, one for each visitor (JSON), lets all of them do one thing at the same
moment, then the next, and prints as JSON for each turn when each was done, in seconds from that moment, and
the processor seconds that the process SERVER took for it. Each visitor has cookies and connections of its
own, as many as a browser keeps open. The program is not to be in the way itself: bare asyncio, one process,
nothing parsed that need not be.
"""

from __future__ import annotations

import asyncio
import gzip
import json
import random
import re
import sys
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any
from urllib.parse import urlsplit

import measuring

CONNECTIONS = 6  # of a browser to one host
DRAWING = 0.3  # seconds that a browser draws the first form before it asks for more
LATER = 1.0, 5.0  # seconds until a page fetches its other forms, as `fetchAhead` of page.js
_LINKS = re.compile(rb'(?:href|src)="([^"]*assets/[^"]+)"')
_FORMS = re.compile(rb'"([^"]*forms\.json[^"]*)"')


@dataclass
class Reply:
    """An answer of the server."""

    status: int
    body: bytes
    cookies: dict[str, str]


@dataclass
class Visitor:
    """One browser: a code, cookies, a cache, and a few connections."""

    address: str
    session: str
    code: str
    cookies: dict[str, str] = field(default_factory=dict)
    cached: set[str] = field(default_factory=set)
    subject: str = ""
    later: list[str] = field(default_factory=list)
    _free: list[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = field(default_factory=list)
    _slots: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(CONNECTIONS))

    # --- What a visitor does ------------------------------------------------------------------------------

    async def open_link(self) -> None:
        """Open the invitation: the page where one joins, and what belongs to it."""
        page = await self.get("join")
        await self._assets(page.body)

    async def arrive(self) -> None:
        """Send the code, accept the notice, and have the form with its answers on the screen."""
        visitor = {"code": self.code, "name": "", "place": "room", "people": 1}
        await self.post("join", visitor)
        await self.post("notice", {"agree": True})
        await self.open_page()

    async def open_page(self) -> None:
        """The page of the exercise, with all that must be there before the first form can be used."""
        page = await self.get(f"exercise/{self.session}")
        self.later = [
            link.decode().replace("&amp;", "&") for link in dict.fromkeys(_FORMS.findall(page.body))
        ]
        if not self.later:
            raise RuntimeError("the page names no forms")
        start, *_ = await asyncio.gather(
            self.get(f"spp/start?exercise={self.session}"),
            self._once(self.later.pop(0)),
            self._assets(page.body),
        )
        opened = json.loads(start.body)["forms"]["step1_risk_areas"]
        self.subject = opened["place"]["subjects"][0]["subject"]

    async def go_on(self) -> None:
        """What the page does when its first form is there: looks for news, and fetches other forms later."""
        await asyncio.sleep(DRAWING)
        message = {"do": "open", "worksheet": "issues_found", "subject": self.subject}
        await self.post("spp/message", message)
        await asyncio.sleep(random.uniform(*LATER))
        for link in self.later:
            await self._once(link)

    async def save(self, row: str) -> None:
        """Save one answer of a new row."""
        sent = {
            "id": "1",
            "do": "save",
            "worksheet": "step1_risk_areas",
            "subject": self.subject,
            "row": row,
            "based_on": 0,
            "changes": {"sector_risk": "めっき工程での薬品の取り扱い"},
        }
        reply = await self.post("spp/message", sent)
        if json.loads(reply.body).get("row", {}).get("revision") != 1:
            raise RuntimeError(f"not saved: {reply.body[:300]!r}")

    async def look(self) -> None:
        """Ask for the own risk map."""
        reply = await self.get("spp/chart/risk_map.json?language=ja")
        if not json.loads(reply.body)["image"].startswith("data:image/svg"):
            raise RuntimeError("no picture")

    # --- How ----------------------------------------------------------------------------------------------

    async def get(self, path: str) -> Reply:
        """A page or data."""
        return await self._asked("GET", path)

    async def post(self, path: str, data: Any) -> Reply:
        """Something that changes the store."""
        return await self._asked("POST", path, json.dumps(data).encode())

    async def _assets(self, page: bytes) -> None:
        await asyncio.gather(*(self._once(link.decode()) for link in set(_LINKS.findall(page))))

    async def _once(self, link: str) -> None:
        """Scripts and styles are kept."""
        if link not in self.cached:
            self.cached.add(link)
            await self.get(link.replace("&amp;", "&"))

    async def _asked(self, method: str, path: str, body: bytes = b"") -> Reply:
        address = urlsplit(self.address)
        head = [
            f"{method} {path if path.startswith('/') else address.path + path} HTTP/1.1",
            f"Host: {address.netloc}",
            "Accept-Encoding: gzip",
            f"Cookie: {'; '.join(f'{name}={value}' for name, value in self.cookies.items())}",
        ]
        if method == "POST":
            head += [
                f"Origin: {address.scheme}://{address.netloc}",
                f"X-XSRFToken: {self.cookies.get('_xsrf', '')}",
                "Content-Type: application/json",
                f"Content-Length: {len(body)}",
            ]
        async with self._slots:
            if not self._free:
                self._free.append(await asyncio.open_connection(address.hostname, address.port))
            reader, writer = self._free.pop()
            writer.write("\r\n".join([*head, "", ""]).encode() + body)
            reply = await _read(reader)
            self._free.append((reader, writer))
        self.cookies |= reply.cookies
        if reply.status != 200:
            raise RuntimeError(f"{method} {path}: {reply.status} {reply.body[:500]!r}")
        return reply


async def _read(reader: asyncio.StreamReader) -> Reply:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
    cookies, length, packed = {}, 0, False
    for line in head[1:]:
        name, _, value = line.partition(": ")
        match name.lower():
            case "set-cookie":
                key, _, rest = value.partition("=")
                cookies[key] = rest.partition(";")[0]
            case "content-length":
                length = int(value)
            case "content-encoding":
                packed = value == "gzip"
            case "transfer-encoding":
                raise RuntimeError("an answer in chunks was not expected")
    body = await reader.readexactly(length)
    return Reply(int(head[0].split()[1]), gzip.decompress(body) if packed else body, cookies)


Doing = Callable[[], Awaitable[None]]


@dataclass
class Turns:
    """What all visitors did at the same moment, turn after turn."""

    server: int
    found: dict[str, dict[str, Any]] = field(default_factory=dict)

    async def at_once(self, what: str, doings: list[Doing], after: list[Doing] | None = None) -> None:
        """Let all of them begin at the same moment; note when each was done, and what it cost the server.

        `after` is what each does then, while others are still at it.
        """
        await asyncio.sleep(0.5)
        cpu, began = measuring.cpu(self.server), time.perf_counter()

        async def done(doing: Doing, then: Doing | None) -> float:
            await doing()
            took = time.perf_counter() - began
            if then:
                await then()
            return took

        pairs = zip(doings, after or [None] * len(doings), strict=True)
        times = sorted(await asyncio.gather(*(done(*pair) for pair in pairs)))
        self.found[what] = {"seconds": times, "cpu": measuring.cpu(self.server) - cpu}


async def visit(address: str, session: str, codes: list[str], pictures: int, server: int) -> Turns:
    """All of it, one after the other."""
    visitors, turns = [Visitor(address, session, code) for code in codes], Turns(server)
    await turns.at_once("link", [one.open_link for one in visitors])
    await turns.at_once("arrive", [one.arrive for one in visitors], [one.go_on for one in visitors])
    for what, mark in (("save", "a"), ("save again", "b")):
        saves = [partial(one.save, f"r{mark}{number}x") for number, one in enumerate(visitors)]
        await turns.at_once(what, saves)
    # One of each company: what one is given, the others of the company have for nothing.
    few = list({one.subject: one for one in visitors}.values())[:pictures]
    await turns.at_once("pictures", [one.look for one in few])
    await turns.at_once("reload", [one.open_page for one in visitors])
    return turns


def main() -> None:
    """Visit, and say how long it took."""
    address, session, pictures, server = sys.argv[1:]
    turns = asyncio.run(visit(address, session, json.load(sys.stdin), int(pictures), int(server)))
    print(json.dumps(turns.found))


if __name__ == "__main__":
    main()
