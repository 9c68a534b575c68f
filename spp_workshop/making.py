"""Make documents from notebooks, several at a time, each in a worker process and a fresh kernel.

A worker is sent a Task and sends back an Outcome, whatever happens: one that fails stops no other.
"""

from __future__ import annotations

import multiprocessing
import signal
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import BrokenExecutor, Executor, Future, ProcessPoolExecutor, as_completed
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from . import kernels, notebooks, publish
from .errors import Problem, SppError, message
from .kernels import Limits
from .manifest import Outcome, checksum, write_beside
from .programme import Programme, load

if TYPE_CHECKING:
    from nbformat import NotebookNode

FORMATS = ("html",)


@dataclass(frozen=True)
class Document:
    """A document that is made from a notebook.

    The notebook's name, the folder and stem of the document's files, and the parameters that the notebook is
    given.
    """

    name: str
    folder: str
    stem: str
    parameters: tuple[str, ...]


@dataclass(frozen=True)
class Task:
    """One document to be made: all that a worker process must know, in values that can be sent to it."""

    folder: Path
    document: Document
    notebook: Path
    company: str
    language: str
    formats: tuple[str, ...]
    as_of: str
    place: str
    stamp: str
    limits: Limits

    @property
    def key(self) -> tuple[str, str, str]:
        """Which document this is, for the manifest."""
        return self.document.name, self.company, self.language

    def parameters(self, folder: str) -> dict[str, str]:
        """The notebook's parameters, seen from a place from which the workshop folder is `folder`."""
        known = {
            "folder": folder,
            "company": self.company,
            "language": self.language,
            "as_of": self.as_of,
        }
        return {name: known[name] for name in self.document.parameters}

    def file(self, ending: str) -> str:
        """A file of this document: its path within the workshop folder."""
        return f"{self.place}.{self.language}.{ending}"


Done = Callable[[Outcome], None]


# --- Several at a time --------------------------------------------------------------------------------------


def work(tasks: list[Task], jobs: int, executor: Executor | None, done: Done) -> None:
    """Make all documents, `jobs` at a time in own processes, or as the executor likes; `done` hears of each.

    An interruption (Ctrl+C) ends the processes at once; what was finished has been told to `done`.
    """
    if executor:
        lost = _collect(executor, tasks, done)
    else:
        lost = _in_processes(tasks, jobs, done)
        # A worker process was killed and took the others' work with it: each alone shows which one it was.
        lost = [task for task in lost if _in_processes([task], 1, done)]
    for task in lost:
        done(_failed(task, _worker_killed(), 0.0))


def _in_processes(tasks: list[Task], jobs: int, done: Done) -> list[Task]:
    """Make the documents in new processes; returns those whose process was killed."""
    if not tasks:
        return []
    others = set(multiprocessing.active_children())
    # Spawned, not forked: nothing of this process, not even an open store, goes with it.
    context = multiprocessing.get_context("spawn")
    pool = ProcessPoolExecutor(min(jobs, len(tasks)), context, _leave_interrupts)
    try:
        return _collect(pool, tasks, done)
    except BaseException:
        for worker in set(multiprocessing.active_children()) - others:
            worker.terminate()
        raise
    finally:
        pool.shutdown(cancel_futures=True)


def _collect(executor: Executor, tasks: list[Task], done: Done) -> list[Task]:
    lost = []
    with _interrupts_held_back():
        asked: dict[Future[Outcome], Task] = {executor.submit(make_document, task): task for task in tasks}
    try:
        for future in as_completed(asked):
            try:
                outcome = future.result()
            except BrokenExecutor:
                lost.append(asked[future])
            else:
                done(outcome)
    except BaseException:
        for future in asked:
            future.cancel()
        raise
    return lost


def _leave_interrupts() -> None:
    # Ctrl+C goes to every process of a terminal; the first one decides what is to be stopped.
    signal.signal(signal.SIGINT, signal.SIG_IGN)


@contextmanager
def _interrupts_held_back() -> Iterator[None]:
    """Workers that start now inherit that Ctrl+C is not for them; only the main thread can arrange it."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


# --- In a worker process ------------------------------------------------------------------------------------


def make_document(task: Task) -> Outcome:
    """Make one document, whatever happens: what an executor runs, in any process that sees the folder."""
    began = time.monotonic()
    try:
        files = _write(task, _texts(task))
    except Exception as error:
        return _failed(task, _explained(error), time.monotonic() - began, getattr(error, "partial", None))
    (task.folder / task.file("failed.ipynb")).unlink(missing_ok=True)
    checksums = {kind: checksum(task.folder / path) for kind, path in files.items()}
    return Outcome(*task.key, "made", time.monotonic() - began, files, None, task.stamp, checksums, _now())


def _explained(error: Exception) -> Problem:
    if isinstance(error, SppError):
        return error.problems[0]
    return _cannot_write() if isinstance(error, OSError) else _unexpected(type(error).__name__)


def _texts(task: Task) -> dict[str, str]:
    """The document in every format, by the ending of its file."""
    programme = load(task.folder)
    notebook = notebooks.prepare(notebooks.read(task.notebook), task.language, {}, programme)
    executed = kernels.run(notebook, task.parameters("."), task.folder, task.limits)
    shared = _shareable(task, executed)
    about = publish.About(task.language, _title(task, notebook, programme), programme, task.as_of)
    makers = {"html": publish.page}
    texts = {"ipynb": publish.as_file(shared, programme.fictional)}
    return texts | {kind: makers[kind](shared, about) for kind in task.formats}


def _shareable(task: Task, executed: NotebookNode) -> NotebookNode:
    up = "/".join([".."] * len(PurePosixPath(task.place).parent.parts))
    return publish.shareable(executed, task.parameters(up), task.folder)


def _title(task: Task, notebook: NotebookNode, programme: Programme) -> str:
    prose = [cell.source for cell in notebook.cells if cell.cell_type == "markdown"]
    titles = [text for source in prose for _, text in notebooks.headings(source)]
    about = programme.company(task.company).name if task.company else programme.title
    return " - ".join([*titles[:1], about[task.language]])


def _write(task: Task, texts: dict[str, str]) -> dict[str, str]:
    files = {kind: task.file(kind) for kind in texts}
    for kind, text in texts.items():
        write_beside(task.folder / files[kind], text)
    return files


def _failed(task: Task, problem: Problem, seconds: float, partial: NotebookNode | None = None) -> Outcome:
    """The outcome of a failure; what ran is kept beside the good files of an earlier run, which stay."""
    where = " ".join(filter(None, (task.company, f"({task.language})", problem.where)))
    files: dict[str, str] = {}
    if partial is not None:
        with suppress(OSError, SppError):
            text = publish.as_file(_shareable(task, partial), load(task.folder).fictional)
            write_beside(task.folder / task.file("failed.ipynb"), text)
            files = {"partial": task.file("failed.ipynb")}
    return Outcome(*task.key, "failed", seconds, files, problem.at(where), made_at=_now())


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


# --- Wording ----------------------------------------------------------------------------------------------


def _cannot_write() -> Problem:
    return Problem(
        "",
        "cannot_write",
        message("A file of this document could not be read or written."),
        message(
            "Close it in other programs, see that the disk is not full and the folder is yours, and run the "
            "command again."
        ),
    )


def _worker_killed() -> Problem:
    return Problem(
        "",
        "worker_killed",
        message(
            "The program that makes this document was ended from outside, most often because memory ran out."
        ),
        message(
            "Close other programs, or make fewer documents at a time (--jobs 1), and run the command again."
        ),
    )


def _unexpected(kind: str) -> Problem:
    return Problem(
        "",
        "unexpected",
        message(
            "This document could not be made, for a reason that the toolkit does not know ({kind}).",
            kind=kind,
        ),
        message("Run the command again; if it stays so, tell the maintainers this sentence."),
    )
