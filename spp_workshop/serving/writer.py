"""One thread that writes for all requests: what waits is stored together, by one visit to the disk.

Two hundred saves at once would otherwise be two hundred visits, each holding up all that come after it.
Nothing is acknowledged before it is durable. Reading needs no writer and never waits for it.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from queue import Empty, SimpleQueue
from typing import Any, TypeVar

from spp_workshop.errors import StoreError
from spp_workshop.store import Store

Result = TypeVar("Result")

# Seconds after which no more is taken in, so that the first need not wait for the last, and other programs
# get their turn to write.
LONGEST = 0.05


@dataclass
class _Work:
    """Something to be done, by whom it is awaited, and what became of it."""

    do: Callable[[], Any]
    loop: asyncio.AbstractEventLoop
    future: asyncio.Future[Any]
    result: Any = None
    error: BaseException | None = None

    def settle(self) -> None:
        if self.future.done():
            return
        if self.error is None:
            self.future.set_result(self.result)
        else:
            self.future.set_exception(self.error)


@dataclass
class Writer:
    """Does what changes the store, one after the other, and stores together what waits."""

    store: Store
    _waiting: SimpleQueue[_Work | None] = field(default_factory=SimpleQueue)
    _thread: threading.Thread | None = None

    async def do(self, work: Callable[[], Result]) -> Result:
        """What `work` returns, once all that it saved is durable; it runs in the writer's thread.

        Raises what it raises, and then nothing of it is stored; StoreError when it could not be stored.
        """
        self._begin()
        loop = asyncio.get_running_loop()
        awaited: asyncio.Future[Result] = loop.create_future()
        self._waiting.put(_Work(work, loop, awaited))
        return await awaited

    def close(self) -> None:
        """Do what waits still, and end."""
        if self._thread:
            self._waiting.put(None)
            self._thread.join()
            self._thread = None

    def _begin(self) -> None:
        if self._thread is None:
            # It may be stopped at any moment: what is not durable was not acknowledged.
            self._thread = threading.Thread(target=self._write, name="writer", daemon=True)
            self._thread.start()

    def _write(self) -> None:
        while first := self._waiting.get():
            done: list[_Work] = []
            try:
                with self.store.together():
                    for work in self._next(first):
                        done.append(work)
                        self._try(work)
            except Exception as error:
                # Not one of them is stored, so each of them has to hear it; those who wait, too, where it
                # did not even begin: it would take as long again.
                done = done or [*self._next(first)]
                for work in done:
                    work.error = StoreError(error.problems) if isinstance(error, StoreError) else error
            _tell(done)

    def _next(self, first: _Work) -> Iterator[_Work]:
        """The first, and what waits with it."""
        yield first
        end = time.monotonic() + LONGEST
        while time.monotonic() < end:
            try:
                work = self._waiting.get_nowait()
            except Empty:
                return
            if work is None:
                self._waiting.put(None)
                return
            yield work

    def _try(self, work: _Work) -> None:
        try:
            with self.store.together():
                work.result = work.do()
        except Exception as error:
            work.error = error


def _tell(done: list[_Work]) -> None:
    """Let those who wait go on; each loop is woken once."""

    def settle(works: list[_Work]) -> None:
        for work in works:
            work.settle()

    for loop in {work.loop for work in done}:
        mine = [work for work in done if work.loop is loop]
        try:
            loop.call_soon_threadsafe(settle, mine)
        except RuntimeError:
            # The server has stopped meanwhile, and nobody waits any more.
            continue


__all__ = ["Writer"]
