"""Serving a workshop folder from beginning to end: what is got ready, announced, answered, and taken away."""

from __future__ import annotations

import asyncio
import errno
import gc
import signal
import socket
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from datetime import datetime, time, timedelta
from functools import partial
from pathlib import Path

from filelock import FileLock, Timeout

from spp_workshop.errors import Problem, SppError, message
from spp_workshop.programme import Programme
from spp_workshop.seats import Seat
from spp_workshop.workshop import open_workshop

from .addresses import Address
from .application import RoomServer, listen, run, server
from .attendance import Attendance
from .clerks import Clerks
from .guard import Guard
from .kept_pages import Pages
from .openings import Openings
from .painters import Pictures
from .room import Room, session_of_the_day
from .writer import Writer

LOCK = ".serving.lock"


def serve(folder: Path, address: Address, session: str, announce: Callable[[Room], None]) -> None:
    """Serve the folder until Ctrl+C (KeyboardInterrupt) or a signal to end; `announce` when it listens.

    Raises SppError when it cannot be.
    """
    tls = address.tls
    with (
        _alone(folder),
        furnished(folder, address, session) as (room, place),
        _listen(address) as listening,
    ):
        make = partial(server, room, place, proxies=address.proxies, tls=tls)
        asyncio.run(_serve(room, make, listening, announce))


async def _serve(
    room: Room,
    make: Callable[[], RoomServer],
    listening: socket.socket,
    announce: Callable[[Room], None],
) -> None:
    until = asyncio.Event()
    with suppress(NotImplementedError):  # Windows ends a process without asking it.
        # Who presses Ctrl+C twice has been heard: what ends the kernels is not broken off in its midst.
        for one in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(one, until.set)
    made = make()
    announce(room)
    begin(room)
    # What is loaded by now stays; looking through it for garbage would take a tenth of a second, in the midst
    # of a room's saves.
    gc.freeze()
    await run(made, listening, until)


def begin(room: Room) -> None:
    """What is done ahead, in the background: pages, and the processes that draw."""
    room.pages.begin()
    room.pictures.begin()


@contextmanager
def furnished(folder: Path, address: Address, session: str = "") -> Iterator[tuple[Room, Path]]:
    """The room with all that its handlers need, and an empty folder for what the server keeps meanwhile.

    Raises SppError when the workshop folder is not as it must be, or has no session of that key.
    """
    workshop = open_workshop(folder.resolve(), seat=Seat.projector())
    key = _session(workshop.programme, session)
    with ExitStack() as stack:
        stack.callback(workshop.store.engine.dispose)
        place = Path(stack.enter_context(_own_place()))
        room = Room(
            workshop,
            key,
            address.public_url,
            address.base_url,
            secure=address.secure,
            origins=address.origins,
        )
        room.guard, room.writer = Guard(), Writer(workshop.store)
        stack.callback(room.writer.close)
        room.attendance = Attendance(workshop, key, room.writer)
        stack.callback(room.attendance.close)
        room.pictures = Pictures(workshop.folder)
        stack.callback(room.pictures.close)
        room.pages = Pages(workshop, key)
        stack.callback(room.pages.close)
        room.openings = Openings(workshop, room.pages.notebooks)
        room.clerks = Clerks(workshop.folder, lambda: room.openings.worksheets, place / "workbooks")
        stack.callback(room.clerks.close)
        yield room, place


def _own_place() -> tempfile.TemporaryDirectory[str]:
    # A virus scanner may still hold a file of it when all is over.
    return tempfile.TemporaryDirectory(prefix="spp-serve-", ignore_cleanup_errors=True)


def _session(programme: Programme, session: str) -> str:
    if not programme.sessions:
        raise SppError(_no_session())
    return programme.session(session).key if session else session_of_the_day(programme, _today().date())


def codes_until(programme: Programme) -> datetime:
    """How long a code that is made now opens its seat: through the programme, and after it for a while.

    The same for all codes that are made within a month, so that starting again makes no new ones.
    """
    today = _today()
    after = (today.replace(day=1) + timedelta(days=62)).replace(day=1)
    last = max(programme.period.end + timedelta(days=1), after.date())
    return datetime.combine(last, time()).astimezone()


def _today() -> datetime:
    return datetime.now().astimezone()


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Nobody else serves this folder meanwhile; the lock of a server that was killed holds no more."""
    lock = FileLock(folder / LOCK, timeout=0)
    try:
        lock.acquire()
    except Timeout:
        raise SppError(_served_already(folder)) from None
    try:
        yield
    finally:
        lock.release()


def _listen(address: Address) -> socket.socket:
    try:
        return listen(address.host, address.port)
    except OSError as error:
        raise SppError(_not_listening(address, error)) from None


# --- Wording ----------------------------------------------------------------------------------------------


def _no_session() -> Problem:
    return Problem(
        "",
        "no_session",
        message("This programme has no session yet, so there is nothing to join."),
        message("Write its sessions into programme.yaml."),
    )


def _served_already(folder: Path) -> Problem:
    return Problem(
        str(folder),
        "served_already",
        message("This folder is served already, by another window or program of this machine."),
        message("Go on with that one, or end it there with Ctrl+C."),
    )


def _not_listening(address: Address, error: OSError) -> Problem:
    where = f"{address.host}:{address.port}"
    if error.errno == errno.EADDRINUSE:
        return Problem(
            where,
            "port_taken",
            message("Another program listens at this port already."),
            message("End that program, or take another port, such as --port {port}.", port=address.port + 1),
        )
    if error.errno in (errno.EACCES, errno.EPERM):
        return Problem(
            where,
            "port_forbidden",
            message("This account may not use this port."),
            message("Take one from 1024 up, such as --port 8888."),
        )
    return Problem(
        where,
        "no_such_host",
        message("This machine has no such address."),
        message("Write 127.0.0.1 for this machine alone, or 0.0.0.0 for all its addresses, after --host."),
    )


__all__ = ["begin", "codes_until", "furnished", "serve"]
