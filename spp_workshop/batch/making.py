"""Make documents from notebooks, several at a time, each in a fresh kernel.

A thread is given a Task and gives back an Outcome, whatever happens: one that fails stops no other.
"""

from __future__ import annotations

import atexit
import gc
import signal
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import (
    BrokenExecutor,
    CancelledError,
    Executor,
    Future,
    ThreadPoolExecutor,
    as_completed,
    wait,
)
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from spp_workshop import notebooks
from spp_workshop.documents import keep
from spp_workshop.errors import Problem, SppError, message
from spp_workshop.programme import Programme, load

from . import kernels, publish
from .kernels import Limits
from .manifest import Outcome, now, write_beside, write_together
from .starter import Starter

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
    """One document to be made: all that there is to know, in values that can be sent to another process."""

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
    """Make all documents, `jobs` at a time in threads, or as the executor likes; `done` hears of each.

    An interruption (Ctrl+C) ends all kernels at once; what was finished has been told to `done`.
    """
    if executor:
        _collect({executor.submit(make_document, task): task for task in tasks}, done)
    elif tasks:
        _in_threads(tasks, min(jobs, len(tasks)), done)


def _in_threads(tasks: list[Task], jobs: int, done: Done) -> None:
    with (
        _collector_spared(),
        ThreadPoolExecutor(jobs) as pool,
        Starter(tasks[0].folder, jobs, len(tasks)) as starter,
    ):
        # While the first kernel is on its way.
        publish.warm_up()
        asked = {pool.submit(_in_a_thread, task, starter): task for task in tasks}

        def stop() -> None:
            starter.close()
            # Threads that are past their kernel finish what they write.
            wait(asked)

        _collect(asked, done, stop)


@contextmanager
def _collector_spared() -> Iterator[None]:
    """What is there when a batch begins is no garbage: to look at it again and again takes much time.

    Nor is it looked at once more when the process ends, which would take a quarter of a second.
    """
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()
        atexit.unregister(gc.freeze)
        atexit.register(gc.freeze)


def _in_a_thread(task: Task, starter: Starter) -> Outcome:
    from jupyter_core.utils import ensure_event_loop

    try:
        return make_document(task, starter)
    finally:
        # Jupyter's, of this thread; nobody else closes it and its open files.
        ensure_event_loop().close()


def _collect(asked: dict[Future[Outcome], Task], done: Done, stop: Callable[[], None] | None = None) -> None:
    left = set(asked)
    try:
        for future in _as_completed(asked):
            done(_outcome(future, asked[future]))
            left.discard(future)
    except BaseException:
        with _interrupts_held_back():
            for future in left:
                future.cancel()
            if stop:
                stop()
            for future in left:
                if future.done() and _outcome(future, asked[future]).status == "made":
                    done(future.result())
        raise


def _as_completed(futures: Iterable[Future[Outcome]]) -> Iterator[Future[Outcome]]:
    left = set(futures)
    while left:
        # Not without an end: on Windows such a wait does not hear of Ctrl+C.
        with suppress(TimeoutError):
            for future in as_completed(left, timeout=1):
                left.discard(future)
                yield future


def _outcome(future: Future[Outcome], task: Task) -> Outcome:
    try:
        return future.result()
    except (BrokenExecutor, CancelledError):
        return _failed(task, _worker_killed(), 0.0)


@contextmanager
def _interrupts_held_back() -> Iterator[None]:
    """A second Ctrl+C does not disturb the tidying up; only the main thread hears of it at all."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


# --- One document -------------------------------------------------------------------------------------------


def make_document(task: Task, starter: Starter | None = None) -> Outcome:
    """Make one document, whatever happens: what an executor runs, in any process that sees the folder."""
    began = time.monotonic()
    try:
        files, checksums = _write(task, _texts(task, starter))
        (task.folder / task.file("failed.ipynb")).unlink(missing_ok=True)
    except Exception as error:
        partial = None if starter and starter.closed else getattr(error, "partial", None)
        return _failed(task, _explained(error), time.monotonic() - began, partial)
    return Outcome(*task.key, "made", time.monotonic() - began, files, None, task.stamp, checksums, now())


def _explained(error: Exception) -> Problem:
    if isinstance(error, SppError):
        return error.problems[0]
    return _cannot_write() if isinstance(error, OSError) else _unexpected(type(error).__name__)


def _texts(task: Task, starter: Starter | None) -> dict[str, str]:
    """The document in every format, by the ending of its file."""
    programme = load(task.folder)
    notebook, heading = keep(task.notebook, task.language, lambda: _prepared(task, programme))
    executed = kernels.run(notebook, task.parameters("."), task.folder, task.limits, starter)
    shared = _shareable(task, executed)
    about = publish.About(task.language, _title(task, heading, programme), programme, task.as_of)
    makers = {"html": publish.page}
    texts = {"ipynb": publish.as_file(shared, programme.fictional)}
    return texts | {kind: makers[kind](shared, about) for kind in task.formats}


def _prepared(task: Task, programme: Programme) -> tuple[NotebookNode, str]:
    """The notebook in the task's language, and its title: the same for every company."""
    notebook = notebooks.prepare(notebooks.read(task.notebook), task.language, {}, programme)
    prose = [cell.source for cell in notebook.cells if cell.cell_type == "markdown"]
    titles = [text for source in prose for _, text in notebooks.headings(source)]
    return notebook, next(iter(titles), "")


def _shareable(task: Task, executed: NotebookNode) -> NotebookNode:
    up = "/".join([".."] * len(PurePosixPath(task.place).parent.parts))
    return publish.shareable(executed, task.parameters(up), task.folder)


def _title(task: Task, heading: str, programme: Programme) -> str:
    about = programme.company(task.company).name if task.company else programme.title
    return " - ".join(filter(None, (heading, about[task.language])))


def _write(task: Task, texts: dict[str, str]) -> tuple[dict[str, str], dict[str, str]]:
    """The files of the document, and their checksums."""
    files = {kind: task.file(kind) for kind in texts}
    digests = write_together({task.folder / files[kind]: text for kind, text in texts.items()})
    return files, {kind: digests[task.folder / file] for kind, file in files.items()}


def _failed(task: Task, problem: Problem, seconds: float, partial: NotebookNode | None = None) -> Outcome:
    """The outcome of a failure; what ran is kept beside the good files of an earlier run, which stay."""
    where = " ".join(filter(None, (task.company, f"({task.language})", problem.where)))
    files: dict[str, str] = {}
    if partial is not None:
        with suppress(OSError, SppError):
            text = publish.as_file(_shareable(task, partial), load(task.folder).fictional)
            write_beside(task.folder / task.file("failed.ipynb"), text)
            files = {"partial": task.file("failed.ipynb")}
    return Outcome(*task.key, "failed", seconds, files, problem.at(where), made_at=now())


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
