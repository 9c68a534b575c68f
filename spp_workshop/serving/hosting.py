"""Serving a workshop folder: what is got ready before the first request, and taken away after the last."""

from __future__ import annotations

import importlib
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from spp_workshop.seats import Seat
from spp_workshop.store import utc_now
from spp_workshop.workshop import open_workshop

from .room import Room, origin, session_of_the_day


@contextmanager
def furnished(
    folder: Path, *, session: str = "", public_url: str, base_url: str = "/", port: int = 0
) -> Iterator[tuple[Room, Path]]:
    """The room with all that its handlers need, and the folder of prepared notebooks.

    Raises SppError when the workshop folder is not as it must be, or has no session of that key.
    """
    workshop = open_workshop(folder.resolve(), seat=Seat.projector())
    programme = workshop.programme
    key = (
        programme.session(session).key
        if session
        else session_of_the_day(programme, utc_now().astimezone().date())
    )
    with ExitStack() as stack:
        stack.callback(workshop.store.engine.dispose)
        notebooks = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="spp-serve-")))
        room = Room(
            workshop, key, public_url, base_url, public_url.startswith("https:"), _origins(public_url, port)
        )
        _furnish(room, stack)
        yield room, notebooks


def _origins(public_url: str, port: int) -> frozenset[str]:
    """The addresses whose pages are ours: the public one, and this machine's own."""
    scheme = urlsplit(public_url).scheme
    here = (
        {origin(f"{scheme}://{name}:{port}") for name in ("127.0.0.1", "localhost", "[::1]")}
        if port
        else set()
    )
    return frozenset({origin(public_url), *here})


def _furnish(room: Room, stack: ExitStack) -> None:
    for name, kind, given in _PARTS:
        if not find_spec(f"{__package__}.{name}"):
            continue
        part: Any = getattr(importlib.import_module(f".{name}", __package__), kind)(*given(room))
        setattr(room, name, part)
        if hasattr(part, "close"):
            stack.callback(part.close)


_PARTS: tuple[tuple[str, str, Any], ...] = (
    ("guard", "Guard", lambda _: ()),
    ("writer", "Writer", lambda room: (room.workshop.store,)),
    ("attendance", "Attendance", lambda room: (room,)),
    ("pictures", "Pictures", lambda room: (room.workshop.folder,)),
    ("pages", "Pages", lambda room: (room.workshop, room.session)),
)
