"""Every company's summary and the programme's report, made again only where something has changed.

A stamp tells what is up to date, `making` makes the rest, and the manifest notes what came of it.
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from importlib.metadata import version
from pathlib import Path, PurePosixPath
from typing import TypedDict, Unpack

from . import notebooks
from .documents import PACKAGE, shipped
from .errors import Message, NotebookError, Problem, message
from .kernels import DEFAULT, Limits
from .making import FORMATS, Document, Task, work
from .manifest import OUTPUT, Manifest, Outcome, checksum
from .messages import LANGUAGES
from .programme import FILE, folder_names
from .seats import Seat
from .workshop import open_workshop

SUMMARY = Document("company_summary", "summaries", "summary", ("folder", "company", "language", "as_of"))
REPORT = Document("programme_report", "report", "programme_report", ("folder", "language", "as_of"))


@dataclass(frozen=True)
class Run:
    """What came of one call: an outcome for each document that was asked for."""

    folder: Path
    outcomes: list[Outcome]

    @property
    def failed(self) -> list[Outcome]:
        """The documents that were not made, each with its problem."""
        return [outcome for outcome in self.outcomes if outcome.status == "failed"]


Progress = Callable[[Outcome, int, int], None]


# --- The two commands ---------------------------------------------------------------------------------------


class How(TypedDict, total=False):
    """How documents are made.

    Of `languages` and `formats` all, unless some are named. `jobs` are made at a time (default: by the number
    of processors), or as many as the `executor` likes. `force` makes what is up to date too, and `as_of` is
    the day of the documents (default: today, while the programme runs). `progress` is called with each
    outcome, how many are done and how many there are.
    """

    languages: Iterable[str]
    formats: Iterable[str]
    jobs: int | None
    force: bool
    as_of: str | None
    progress: Progress | None
    executor: Executor | None
    limits: Limits


def make(folder: Path, companies: Iterable[str] | None = None, **how: Unpack[How]) -> Run:
    """Make the summaries of all (or these) companies; skip what is up to date.

    One that fails is told in its outcome and stops no other. Raises SppError when nothing can be made: the
    programme, the store or the notebook has a problem, or a company, language or format is not known.
    """
    batch = _Batch(folder, SUMMARY, **how)
    enrolled = [company.key for company in batch.programme.companies]
    keys = enrolled if companies is None else [batch.programme.company(key).key for key in companies]
    return batch.run([task for key in dict.fromkeys(keys) for task in batch.tasks(key)])


def make_report(folder: Path, **how: Unpack[How]) -> Run:
    """Make the programme's report; everything else is as in `make`."""
    batch = _Batch(folder, REPORT, **how)
    return batch.run(list(batch.tasks("")))


def shell_progress() -> Progress:
    """A progress bar on stderr, for a person at a terminal; it says nothing where nobody watches."""
    from tqdm import tqdm

    bar: tqdm[None] | None = None

    def show(outcome: Outcome, done: int, total: int) -> None:
        nonlocal bar
        bar = bar or tqdm(
            total=total, file=sys.stderr, disable=None, bar_format="{l_bar}{bar}| {n}/{total} {elapsed}"
        )
        bar.set_description_str(" ".join(filter(None, (outcome.company, outcome.language))), refresh=False)
        bar.update()
        if done == total:
            bar.close()

    return show


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
        progress: Progress | None = None,
        executor: Executor | None = None,
        limits: Limits = DEFAULT,
    ):
        self.folder, self.document, self.limits = folder.absolute(), document, limits
        self.jobs, self.force, self.executor, self.progress = jobs or _jobs(), force, executor, progress
        self.languages = _offered(languages, LANGUAGES, message("language"))
        self.formats = _offered(formats, FORMATS, message("format"))
        self.workshop = open_workshop(self.folder)
        self.programme = self.workshop.programme
        today = datetime.now().astimezone().date()
        self.as_of = self.programme.as_of(as_of, today).isoformat()
        self.notebook = notebooks.find(document.name, self.folder)
        self.made_from = self._made_from()

    def tasks(self, company: str) -> Iterator[Task]:
        """The documents of one company ("" is the whole programme), one for each language."""
        name = folder_names(self.programme).get(company, "")
        place = PurePosixPath(OUTPUT, self.document.folder, name, self.document.stem)
        answers = self._answers(company)
        for language in self.languages:
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

    def run(self, tasks: list[Task]) -> Run:
        """Make what is not up to date, and note every outcome as soon as it is known."""
        if tasks:
            notebooks.check_parameters(
                notebooks.read(self.notebook), tasks[0].parameters("."), self.notebook.name
            )
        manifest = Manifest(self.folder, self.programme)
        manifest.chain_head = self.workshop.store.head()
        self.workshop.store.engine.dispose()
        outcomes: dict[tuple[str, str, str], Outcome] = {}

        def note(outcome: Outcome) -> None:
            outcomes[outcome.key] = outcome
            manifest.put(outcome)

        def tell(outcome: Outcome) -> None:
            if self.progress:
                self.progress(outcome, len(outcomes), len(tasks))

        def done(outcome: Outcome) -> None:
            note(outcome)
            # At once, and before it is told, so that an end in the middle loses nothing.
            manifest.write()
            tell(outcome)

        found = {task.key: None if self.force else manifest.current(task.key, task.stamp) for task in tasks}
        for current in filter(None, found.values()):
            note(current)
            tell(current)
        manifest.write()
        work([task for task in tasks if not found[task.key]], self.jobs, self.executor, done)
        return Run(self.folder, [outcomes[task.key] for task in tasks])


def _jobs() -> int:
    # A kernel takes some 200 MB, which matters more than the number of processors.
    return min(os.cpu_count() or 1, 4)


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


__all__ = ["FORMATS", "How", "Outcome", "Run", "make", "make_report", "shell_progress"]
