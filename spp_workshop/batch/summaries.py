"""Every company's summary and the programme's report, made again only where something has changed.

A stamp tells what is up to date, `making` makes the rest, and the manifest notes what came of it.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Executor
from contextlib import AbstractContextManager, nullcontext, suppress
from dataclasses import dataclass
from datetime import datetime, time
from functools import cache
from importlib.metadata import version
from pathlib import Path, PurePosixPath
from typing import TypedDict, Unpack

from spp_workshop import notebooks
from spp_workshop.documents import PACKAGE, shipped
from spp_workshop.errors import Message, NotebookError, Problem, SppError, message
from spp_workshop.forking.client import can_fork
from spp_workshop.ipython import in_a_notebook
from spp_workshop.messages import LANGUAGES
from spp_workshop.programme import FILE
from spp_workshop.seats import Seat
from spp_workshop.workshop import open_workshop

from .changes import reached_since
from .kernels import DEFAULT, Limits
from .making import FORMATS, Document, Task, work
from .manifest import Manifest, Outcome, checksum
from .overview import OUTPUT
from .progress import Progress, notebook_progress, shell_progress
from .starter import get_ready

SUMMARY = Document("company_summary", "summaries", "summary", ("folder", "company", "language", "as_of"))
REPORT = Document("programme_report", "report", "programme_report", ("folder", "language", "as_of"))


@dataclass(frozen=True)
class Run:
    """What came of one call: an outcome for each document that was asked for.

    `problem` says why it could not be written down, where that is so.
    """

    folder: Path
    outcomes: list[Outcome]
    problem: Problem | None = None

    @property
    def failed(self) -> list[Outcome]:
        """The documents that were not made, each with its problem."""
        return [outcome for outcome in self.outcomes if outcome.status == "failed"]


# --- The two commands ---------------------------------------------------------------------------------------


class How(TypedDict, total=False):
    """How documents are made.

    Of `languages` and `formats` all, unless some are named. `jobs` are made at a time (default: by the number
    of processors), or as many as the `executor` likes. `force` makes what is up to date too, and `as_of` is
    the day of the documents (default: today, while the programme runs). `since` leaves out every document
    whose answers have not changed since that day or moment, and `failed` every one that did not fail when it
    was last tried. `progress` is called with each outcome, how many are done and how many there are; without
    it, a notebook shows a bar.
    """

    languages: Iterable[str]
    formats: Iterable[str]
    jobs: int | None
    force: bool
    as_of: str | None
    since: str | None
    failed: bool
    progress: Progress | None
    executor: Executor | None
    limits: Limits


def make(folder: Path, companies: Iterable[str] | None = None, **how: Unpack[How]) -> Run:
    """Make the summaries of all (or these) companies; skip what is up to date.

    One that fails is told in its outcome and stops no other. Raises SppError when nothing can be made: the
    programme, the store or the notebook has a problem, a company, language, format or day is not known, or
    another run is making documents of this folder.
    """
    batch = _Batch(folder, SUMMARY, **how)
    enrolled = [company.key for company in batch.programme.companies]
    keys = enrolled if companies is None else [batch.programme.company(key).key for key in companies]
    return batch.run(list(dict.fromkeys(keys)))


def make_report(folder: Path, **how: Unpack[How]) -> Run:
    """Make the programme's report; everything else is as in `make`."""
    return _Batch(folder, REPORT, **how).run([""])


# --- Planning -----------------------------------------------------------------------------------------------


class _Batch:
    """What the documents of one call share. Checks all of it, so that no kernel is started in vain."""

    def __init__(
        self,
        folder: Path,
        document: Document,
        *,
        languages: Iterable[str] = LANGUAGES,
        formats: Iterable[str] = FORMATS,
        jobs: int | None = None,
        force: bool = False,
        as_of: str | None = None,
        since: str | None = None,
        failed: bool = False,
        progress: Progress | None = None,
        executor: Executor | None = None,
        limits: Limits = DEFAULT,
    ):
        self.folder, self.document, self.limits = folder.absolute(), document, limits
        self.jobs, self.executor, self.progress = jobs or _jobs(), executor, progress
        self.force, self.failed, self.since = force, failed, None if since is None else _moment(since)
        self.languages = _offered(languages, LANGUAGES, message("language"))
        self.formats = _offered(formats, FORMATS, message("format"))
        if executor is None:
            # While all the rest is read and planned.
            get_ready()
        self.workshop = open_workshop(self.folder)
        self.programme = self.workshop.programme
        today = datetime.now().astimezone().date()
        self.as_of = self.programme.as_of(as_of, today).isoformat()
        self.notebook = notebooks.find(document.name, self.folder)
        self.made_from = self._made_from()

    def tasks(self, companies: list[str]) -> Iterator[Task]:
        """The documents of these companies that are asked for, one for each language."""
        reached = set(companies) if self.since is None else reached_since(self.workshop, self.since)
        before = Manifest(self.folder, self.programme) if self.failed else None
        for company in filter(reached.__contains__, companies):
            languages = [
                language
                for language in self.languages
                if before is None or before.has_failed((self.document.name, company, language))
            ]
            if languages:
                yield from self._tasks(company, languages)

    def _tasks(self, company: str, languages: list[str]) -> Iterator[Task]:
        """The documents of one company ("" is the whole programme)."""
        name = self.programme.company(company).folder_name if company else ""
        place = PurePosixPath(OUTPUT, self.document.folder, name, self.document.stem)
        answers = self._answers(company)
        for language in languages:
            facts = [self.made_from, answers, company, language]
            stamp = hashlib.sha256(json.dumps(facts).encode()).hexdigest()
            yield Task(
                self.folder,
                self.document,
                self.notebook,
                company,
                language,
                self.formats,
                self.as_of,
                str(place),
                stamp,
                self.limits,
            )

    def _answers(self, company: str) -> str:
        """A digest of all that the document's seat can read: the company's own, or the custodian's."""
        seat = Seat.company(company) if company else Seat.custodian()
        return self.workshop.seated(seat).stamp()

    def _made_from(self) -> list[object]:
        """All but the answers from which the documents are made: equal here and there, equal documents."""
        worksheets = [
            _folder_checksum(place) for place in (shipped("worksheets"), self.folder / "worksheets")
        ]
        files = [checksum(self.notebook), checksum(self.folder / FILE), *worksheets]
        return [self.document.name, self.formats, self.as_of, version("spp-workshop"), _package(), files]

    def run(self, companies: list[str]) -> Run:
        """Make what is not up to date, and note every outcome as soon as it is known."""
        tasks = list(self.tasks(companies))
        if tasks:
            notebooks.check_parameters(
                notebooks.read(self.notebook), tasks[0].parameters("."), self.notebook.name
            )
        chain_head = self.workshop.store.head()
        self.workshop.store.engine.dispose()
        outcomes: dict[tuple[str, str, str], Outcome] = {}
        with Manifest(self.folder, self.programme) as manifest, self._watched() as progress:
            found = {task.key: self._current(task, manifest) for task in tasks}
            current = list(filter(None, found.values()))
            manifest.begin(chain_head, current)

            def tell(outcome: Outcome) -> None:
                outcomes[outcome.key] = outcome
                if progress:
                    progress(outcome, len(outcomes), len(tasks))

            def done(outcome: Outcome) -> None:
                # Before it is told, so that an end in the middle loses nothing.
                manifest.note(outcome)
                tell(outcome)

            for outcome in current:
                tell(outcome)
            work([task for task in tasks if not found[task.key]], self.jobs, self.executor, done)
        return Run(self.folder, [outcomes[task.key] for task in tasks], manifest.problem)

    def _current(self, task: Task, manifest: Manifest) -> Outcome | None:
        return None if self.force else manifest.current(task.key, task.stamp)

    def _watched(self) -> AbstractContextManager[Progress | None]:
        if self.progress is None and in_a_notebook():
            return notebook_progress()
        return nullcontext(self.progress)


def _jobs() -> int:
    """One more than there are processors that this process may use; fewer where every kernel is large."""
    processors = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    # A document waits now and then. A forked kernel takes some 60 MB, any other 200 MB.
    return min(processors + 1, 16) if can_fork() else min(processors, 4)


def _moment(text: str) -> datetime:
    """A day (its beginning), a moment, or a time of today, by the clock of this machine."""
    with suppress(ValueError):
        return datetime.fromisoformat(text).astimezone()
    with suppress(ValueError):
        if ":" in text:
            return datetime.combine(datetime.now().astimezone().date(), time.fromisoformat(text)).astimezone()
    raise SppError(_not_a_moment(text))


@cache
def _package() -> str:
    """A digest of the installed package: while it is being worked on, its version says too little."""
    return _folder_checksum(PACKAGE)


def _folder_checksum(folder: Path) -> str:
    files = [path for path in sorted(folder.rglob("*")) if path.is_file() and path.suffix != ".pyc"]
    named = [f"{path.relative_to(folder).as_posix()} {checksum(path)}" for path in files]
    return hashlib.sha256("\n".join(named).encode()).hexdigest()


def _offered(given: Iterable[str], offered: Sequence[str], kind: Message) -> tuple[str, ...]:
    chosen = tuple(dict.fromkeys(given))
    unknown = [_not_offered(kind, one, offered) for one in chosen if one not in offered]
    if unknown:
        raise NotebookError(unknown)
    return chosen


# --- Wording ----------------------------------------------------------------------------------------------


def _not_offered(kind: Message, one: str, offered: Sequence[str]) -> Problem:
    return Problem(
        "",
        "not_offered",
        message("Unknown {kind}: “{one}”.", kind=kind, one=one),
        message("Use one of: {names}.", names=list(offered)),
    )


def _not_a_moment(text: str) -> Problem:
    return Problem(
        "--since",
        "not_a_moment",
        message("“{text}” is neither a day nor a time.", text=text),
        message("Write a day as 2026-01-20, a moment as 2026-01-20T14:00, or a time of today as 14:00."),
    )


__all__ = ["FORMATS", "How", "Outcome", "Progress", "Run", "make", "make_report", "shell_progress"]
