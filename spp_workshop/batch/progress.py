"""How far a run is: a bar at a terminal or in a notebook, a line now and then in a log.

It tells keys of companies, numbers and times; never a name or an answer.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from spp_workshop.errors import message
from spp_workshop.messages import reader_language, say

if TYPE_CHECKING:
    from .manifest import Outcome

# Called with each outcome, how many are done, and how many there are.
Progress = Callable[["Outcome", int, int], None]

# A log shall show that the run is alive, and not much more (seconds between two lines).
_PAUSE = 30.0


@contextmanager
def shell_progress(language: str | None = None) -> Iterator[Progress]:
    """On stderr: a bar where a person watches, else a line every half minute."""
    if sys.stderr.isatty():
        from tqdm import tqdm

        with _bar(tqdm, language) as progress:
            yield progress
    else:
        yield _lines(language)


@contextmanager
def notebook_progress(language: str | None = None) -> Iterator[Progress]:
    """A bar below the running cell of a notebook."""
    from tqdm.auto import tqdm

    with _bar(tqdm, language) as progress:
        yield progress


class _Count:
    """What is known so far. What was up to date before says nothing about the time that is left."""

    def __init__(self, language: str | None) -> None:
        self.language = reader_language(language)
        self.began = time.monotonic()
        self.initial = self.failed = 0

    def add(self, outcome: Outcome) -> None:
        self.initial += outcome.status == "current"
        self.failed += outcome.status == "failed"

    @property
    def elapsed(self) -> float:
        return time.monotonic() - self.began

    @property
    def times(self) -> str:
        """tqdm's template for the times."""
        times = message("{elapsed}, {remaining} left", elapsed="{elapsed}", remaining="{remaining}")
        return f"{{n_fmt}}/{{total_fmt}} [{say(times, self.language)}{{postfix}}]"

    @property
    def failures(self) -> str:
        return say(message("failed {count}", count=self.failed), self.language) if self.failed else ""


@contextmanager
def _bar(tqdm: Any, language: str | None) -> Iterator[Progress]:
    count = _Count(language)
    bar: Any = None

    def show(outcome: Outcome, done: int, total: int) -> None:
        nonlocal bar
        count.add(outcome)
        if outcome.status == "current":
            return
        if bar is None:
            # Smoothing would take the first documents, which wait for the start, for all.
            bar = tqdm(
                total=total,
                initial=count.initial,
                smoothing=0,
                file=sys.stderr,
                bar_format=f"{{l_bar}}{{bar}}| {count.times}",
            )
            bar.start_t -= count.elapsed
        bar.set_description(_name(outcome), refresh=False)
        bar.set_postfix_str(count.failures, refresh=False)
        bar.update(done - bar.n)

    try:
        yield show
    finally:
        if bar is not None:
            bar.close()


def _lines(language: str | None) -> Progress:
    from tqdm import tqdm

    count = _Count(language)
    told = count.began

    def show(outcome: Outcome, done: int, total: int) -> None:
        nonlocal told
        count.add(outcome)
        if time.monotonic() - told < _PAUSE or done == total:
            return
        told = time.monotonic()
        line = tqdm.format_meter(
            done,
            total,
            count.elapsed,
            prefix=_name(outcome),
            postfix=count.failures,
            initial=count.initial,
            bar_format=f"{{desc}}: {{percentage:.0f}}% {count.times}",
        )
        print(line, file=sys.stderr, flush=True)  # noqa: T201 (it is a log's task)

    return show


def _name(outcome: Outcome) -> str:
    return " ".join(filter(None, (outcome.company, outcome.language)))
