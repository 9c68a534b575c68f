"""Workbooks that companies send and ask for: read and written by a process of its own, one after the other.

The process begins with the first of them, and is replaced when it ends or takes too long over a file. What
is sent lies in a folder of the server's own until it is read, and nowhere afterwards.
"""

from __future__ import annotations

import asyncio
import subprocess
import tempfile
import time
from collections import Counter, deque
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import IO, Any

from spp_workshop.errors import Problem, SppError, message

from .helping import Helper, asked

Json = dict[str, Any]

# Seconds for one file, the start of the process included; a company's workbook takes a fifth of one.
PATIENCE = 30.0

# How many of one company may wait at a time, and how many of all. A room of thirty that sends at once waits
# six seconds for the last.
OF_A_COMPANY, OF_ALL = 3, 60

# Seconds of the process that one company may take in so many: a tenth, or some three hundred ordinary files.
MOST, WITHIN = 60.0, 600.0

# Whoever writes goes first (elsewhere than on Windows the process says it of itself).
_AFTER_OTHERS = getattr(subprocess, "BELOW_NORMAL_PRIORITY_CLASS", 0)


class TooMany(SppError):
    """More is sent than can be read; whoever sent it may try again later."""


class Clerks:
    """Reads the workbooks of one workshop folder; `worksheets` are those that pages take."""

    def __init__(self, folder: Path, worksheets: Callable[[], Iterable[str]], place: Path):
        self._place = place
        self._clerk = _Clerk(folder, worksheets)
        self._thread = ThreadPoolExecutor(1, "clerk")
        self._waiting: Counter[str] = Counter()
        # By company, when each of its files was done, and the seconds that it took.
        self._taken: dict[str, deque[tuple[float, float]]] = {}

    def close(self) -> None:
        """Read no more, and end the process."""
        self._thread.shutdown(wait=False, cancel_futures=True)
        self._clerk.end()
        self._thread.shutdown(wait=True)
        self._clerk.close()

    def admit(self, company: str) -> None:
        """Count one that this company is about to send. Raises TooMany when it has to wait."""
        crowded = self._waiting.total() >= OF_ALL or self._waiting[company] >= OF_A_COMPANY
        if crowded or self._seconds(company) >= MOST:
            raise TooMany(_too_many())
        self._waiting[company] += 1

    def release(self, company: str) -> None:
        """What was admitted is done, or was given up."""
        self._waiting[company] -= 1

    def file(self) -> IO[bytes]:
        """An empty file for what is being sent; it is gone when it is closed."""
        self._place.mkdir(mode=0o700, exist_ok=True)
        # Windows lets no other process open a file that goes by itself.
        return tempfile.NamedTemporaryFile(dir=self._place, delete=False)

    async def do(self, company: str, job: Json) -> Json:
        """What the process tells of a job (see `clerking`). Raises SppError when it could not be done."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, self._do, company, job)

    def _do(self, company: str, job: Json) -> Json:
        begun = time.monotonic()
        try:
            return self._clerk.do(job)
        finally:
            done = time.monotonic()
            self._taken.setdefault(company, deque()).append((done, done - begun))

    def _seconds(self, company: str) -> float:
        """How long the process worked for this company of late."""
        taken = self._taken.setdefault(company, deque())
        while taken and taken[0][0] < time.monotonic() - WITHIN:
            taken.popleft()
        return sum(seconds for _, seconds in taken.copy())


class _Clerk(Helper):
    """The process."""

    def __init__(self, folder: Path, worksheets: Callable[[], Iterable[str]]):
        super().__init__("clerking", lambda: [str(folder), *sorted(worksheets())], {})

    def do(self, job: Json) -> Json:
        """The answer to one job; a process that ends over it is replaced for the next."""
        with suppress(OSError, ValueError):
            answer: Json = asked(self.begin(_AFTER_OTHERS), job, PATIENCE)
            if "broken" not in answer:
                return answer
            raise SppError(_not_read())
        self.close()
        raise SppError(_not_read())


# --- Wording ------------------------------------------------------------------------------------------------


def _too_many() -> Problem:
    return Problem(
        "",
        "too_many_files",
        message("Many files are being read at the moment; this one was not looked at."),
        message("Wait for a minute, and send it again."),
    )


def _not_read() -> Problem:
    return Problem(
        "",
        "not_read",
        message("This file could not be read in the time that there is for one."),
        message("Copy the answers into a fresh workbook, and send that."),
    )


__all__ = ["Clerks", "TooMany"]
