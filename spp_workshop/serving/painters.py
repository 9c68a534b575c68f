"""The own charts of a company as pictures, drawn by processes of their own and kept until an answer changes.

A picture that several ask for at once is drawn once. The processes begin when the server is up, or when the
first picture is asked for, and one that ends is replaced.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from queue import LifoQueue
from typing import NamedTuple

from spp_workshop.errors import Problem, SppError, message

from .helping import Helper, asked

# One draws thirty maps in 0.2 seconds. A second one would take 65 MB where it can be forked and 100 MB where
# it cannot, and the process that they are forked from as much again.
PAINTERS = 1
# Seconds: the first picture of a process waits for all of its imports.
PATIENCE = 60
# Pictures kept: thirty companies, all their charts in both languages, several times over.
KEPT = 500

Job = tuple[str, str, str]


class Picture(NamedTuple):
    """An SVG, and the same in words."""

    svg: str
    alt: str


class Pictures:
    """Draws the charts of the companies of one workshop folder."""

    def __init__(self, folder: Path):
        self._all = [_Painter(folder) for _ in range(PAINTERS)]
        self._painters: LifoQueue[_Painter] = LifoQueue()
        for painter in self._all:
            self._painters.put(painter)
        self._threads = ThreadPoolExecutor(PAINTERS, "pictures")
        self._kept: OrderedDict[Job, tuple[int, asyncio.Future[Picture]]] = OrderedDict()

    def begin(self) -> None:
        """Get the processes ready, in the background."""
        for _ in range(PAINTERS):
            self._threads.submit(self._prepare)

    def close(self) -> None:
        """End the processes."""
        self._threads.shutdown(wait=False, cancel_futures=True)
        for painter in self._all:
            painter.end()
        self._threads.shutdown(wait=True)
        for painter in self._all:
            painter.close()

    async def picture(self, chart: str, company: str, language: str, revision: int) -> Picture:
        """The chart as it is at this revision of the company's answers, or later.

        Raises SppError when it could not be drawn.
        """
        job = (chart, company, language)
        made_at, found = self._kept.get(job, (-1, None))
        if found is None or made_at < revision or _failed(found):
            found = asyncio.get_running_loop().run_in_executor(self._threads, self._paint, job)
            self._kept[job] = (revision, found)
        self._kept.move_to_end(job)
        if len(self._kept) > KEPT:
            self._kept.popitem(last=False)
        # Several may wait for it; one who goes away does not take it from the others.
        return await asyncio.shield(found)

    def _prepare(self) -> None:
        painter = self._painters.get()
        try:
            painter.begin()
        finally:
            self._painters.put(painter)

    def _paint(self, job: Job) -> Picture:
        painter = self._painters.get()
        try:
            return painter.paint(job)
        finally:
            self._painters.put(painter)


def _failed(found: asyncio.Future[Picture]) -> bool:
    return found.done() and (found.cancelled() or found.exception() is not None)


# --- The processes ------------------------------------------------------------------------------------------


class _Painter(Helper):
    """One process that draws, one picture after the other."""

    def __init__(self, folder: Path):
        super().__init__("painting", lambda: [str(folder)], _SETTINGS)

    def paint(self, job: Job) -> Picture:
        """One picture; a process that ends over it is replaced, and asked once more."""
        for _ in range(2):
            with suppress(OSError, ValueError):
                said = asked(self.begin(), job, PATIENCE)
                if isinstance(said, list):
                    return Picture(*said)
                break
            self.close()
        raise SppError(_not_drawn())


# Nothing here is computed by several threads, each of which would have memory of its own.
_SETTINGS = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}


# --- Wording ------------------------------------------------------------------------------------------------


def _not_drawn() -> Problem:
    return Problem(
        "",
        "not_drawn",
        message("This chart cannot be drawn at the moment; your answers are stored."),
        message("Try again; if it happens again, tell the facilitator."),
    )


__all__ = ["Job", "Picture", "Pictures"]
