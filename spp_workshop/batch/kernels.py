"""Run a notebook through papermill in a fresh kernel, within time limits, and say what failed.

A killed kernel, a step over its time limit and an exception are three different exceptions, and the notebook
that papermill leaves does not always show them: what succeeded is known only from here.
"""

from __future__ import annotations

import contextlib
import copy
import logging
import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from spp_workshop.errors import Message, NotebookError, Problem, message
from spp_workshop.notebook_form import headings, tags

from .starter import Kernel, Starter

if TYPE_CHECKING:
    from nbformat import NotebookNode

# The cells that papermill puts in: parameters, and where an error was.
PAPERMILL = {"injected-parameters", "papermill-error-cell-tag"}


@dataclass(frozen=True)
class Limits:
    """Seconds that a kernel may take to start, one cell, and the whole notebook."""

    start: float = 120
    cell: float = 300
    notebook: float = 600


DEFAULT = Limits()


class RunError(NotebookError):
    """A notebook did not run to its end; `partial` is what there is of it (None if nothing ran)."""

    def __init__(self, problem: Problem, partial: NotebookNode | None):
        super().__init__(problem)
        self.partial = partial

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.problems[0], self.partial)


@dataclass
class _Watch:
    """What happens in the kernel, told by nbclient: the live notebook, its cell, the time that is left."""

    limits: Limits
    notebook: NotebookNode | None = None
    cell: int = 0
    deadline: float = field(default=0.0)

    def started(self, notebook: NotebookNode) -> None:
        self.notebook = notebook
        self.deadline = time.monotonic() + self.limits.notebook

    def cell_started(self, cell_index: int, **_: Any) -> None:
        self.cell = cell_index

    def seconds_left(self, _cell: NotebookNode) -> float:
        # Never zero, which nbclient takes for no limit at all.
        return max(0.01, min(self.limits.cell, self.deadline - time.monotonic()))


def run(
    notebook: NotebookNode,
    parameters: Mapping[str, Any],
    folder: Path,
    limits: Limits = DEFAULT,
    starter: Starter | None = None,
) -> NotebookNode:
    """The notebook as executed in a fresh kernel of this Python, which works in `folder`.

    A `starter` of the same folder has the kernel started already. Raises RunError with a problem that holds
    no answer, no traceback and no path.
    """
    starter = starter or Starter(folder)
    try:
        return _run(notebook, parameters, limits, starter)
    except RunError as error:
        # On a very busy machine a kernel may end before it begins; nothing is lost by asking for another.
        if error.partial is not None or starter.closed:
            raise
    return _run(notebook, parameters, limits, starter)


def _run(
    notebook: NotebookNode, parameters: Mapping[str, Any], limits: Limits, starter: Starter
) -> NotebookNode:
    watch = _Watch(limits)
    with _failures(watch, limits), _quiet, _kernel(starter) as kernel:
        executed = _through_papermill(
            notebook,
            dict(parameters),
            start_timeout=limits.start,
            km=kernel.manager,
            on_notebook_start=watch.started,
            on_cell_start=watch.cell_started,
            timeout_func=watch.seconds_left,
            # The default of 4 s counts a busy machine as a failure.
            iopub_timeout=60,
        )
    _complete(executed)
    return executed


def _through_papermill(notebook: NotebookNode, parameters: dict[str, Any], **how: Any) -> NotebookNode:
    """What `papermill.execute_notebook` does, less its files.

    It writes the notebook as JSON and reads it again, before and after, also where there is no file.
    """
    from papermill.engines import papermill_engines
    from papermill.execute import raise_for_execution_errors
    from papermill.parameterize import parameterize_notebook

    kernel_name = "python3"
    prepared = parameterize_notebook(
        _with_room_for_notes(notebook), parameters, kernel_name=kernel_name, language="python"
    )
    executed: NotebookNode = papermill_engines.execute_notebook_with_engine(
        None, prepared, kernel_name=kernel_name, progress_bar=False, **how
    )
    raise_for_execution_errors(executed, None)
    return executed


def _with_room_for_notes(notebook: NotebookNode) -> NotebookNode:
    """A copy in which papermill can note how it went."""
    noted = copy.deepcopy(notebook)
    for part in (noted, *noted.cells):
        part.metadata["papermill"] = {}
    for cell in noted.cells:
        cell.metadata.setdefault("tags", [])
    return noted


@contextlib.contextmanager
def _kernel(starter: Starter) -> Iterator[Kernel]:
    kernel = starter.take()
    try:
        yield kernel
    finally:
        starter.give_back(kernel)


class _Quiet:
    """papermill and nbclient log paths, and the source and output of a cell that failed.

    While notebooks run, several in threads, these loggers say nothing; after the last one they are as before.
    """

    def __init__(self) -> None:
        self._lock, self._running = threading.Lock(), 0
        self._loggers = [
            logging.getLogger(name) for name in ("papermill", "traitlets", "nbclient", "jupyter_client")
        ]
        self._before: list[bool] = []

    def __enter__(self) -> None:
        with self._lock:
            if not self._running:
                self._before = [logger.disabled for logger in self._loggers]
            self._running += 1
            for logger in self._loggers:
                logger.disabled = True

    def __exit__(self, *_: object) -> None:
        with self._lock:
            self._running -= 1
            if not self._running:
                for logger, was in zip(self._loggers, self._before, strict=True):
                    logger.disabled = was


_quiet = _Quiet()


@contextlib.contextmanager
def _failures(watch: _Watch, limits: Limits) -> Iterator[None]:
    from nbclient.exceptions import CellTimeoutError, DeadKernelError
    from papermill.exceptions import PapermillExecutionError

    try:
        yield
    except PapermillExecutionError as error:
        failed = _raised(error.ename)
    except CellTimeoutError:
        failed = _took_too_long(limits, time.monotonic() >= watch.deadline)
    except DeadKernelError:
        failed = _died()
    except Exception as error:
        failed = _did_not_start() if watch.notebook is None else _raised(type(error).__name__)
    else:
        return
    raise RunError(failed.at(_part(watch)), watch.notebook) from None


def _part(watch: _Watch) -> str:
    """The heading under which the failing cell stands: that a reader finds, and it is nobody's answer."""
    own = [cell for cell in watch.notebook.cells if not PAPERMILL & set(tags(cell))] if watch.notebook else []
    cells = own[: watch.cell]
    titles = [text for cell in cells if cell.cell_type == "markdown" for _, text in headings(cell.source)]
    return titles[-1] if titles else ""


def _complete(executed: NotebookNode) -> None:
    """papermill takes sys.exit() for success and leaves out the rest; a report that lacks its end is none."""
    code = [at for at, cell in enumerate(executed.cells) if _is_to_be_run(cell)]
    ran = [at for at in code if executed.cells[at].execution_count is not None]
    if ran != code:
        raise RunError(_ended_early().at(_part(_Watch(DEFAULT, executed, max(ran, default=0)))), executed)


def _is_to_be_run(cell: NotebookNode) -> bool:
    return cell.cell_type == "code" and bool(cell.source.strip()) and "skip-execution" not in tags(cell)


# --- Wording ------------------------------------------------------------------------------------------------


def _failure(rule: str, what: Message, remedy: Message) -> Problem:
    return Problem("", rule, what, remedy)


def _raised(name: str) -> Problem:
    if name == "StdinNotImplementedError":
        return _failure(
            "asks_for_input",
            message("The notebook waits for something to be typed, and nobody can type here."),
            message("Take input() out of the notebook and use a parameter; then run the command again."),
        )
    kind = name if name.isidentifier() else "Exception"
    return _failure(
        "error_in_notebook",
        message("A step of the notebook ended with an error ({kind}).", kind=kind),
        message("Run the notebook in JupyterLab to see the error, mend it, and run the command again."),
    )


def _took_too_long(limits: Limits, whole: bool) -> Problem:
    if whole:
        what = message(
            "The notebook took longer than its limit of {seconds} seconds and was stopped.",
            seconds=round(limits.notebook),
        )
    else:
        what = message(
            "A step of the notebook took longer than its limit of {seconds} seconds and was stopped.",
            seconds=round(limits.cell),
        )
    return _failure(
        "time_limit",
        what,
        message(
            "Run the command again when the machine is less busy; if it stays so, look for a step that does "
            "not end."
        ),
    )


def _died() -> Problem:
    return _failure(
        "kernel_died",
        message("The calculation was ended from outside, most often because memory ran out."),
        message(
            "Close other programs, or make fewer documents at a time (--jobs 1), and run the command again."
        ),
    )


def _did_not_start() -> Problem:
    return _failure(
        "kernel_did_not_start",
        message("Python could not be started for this notebook."),
        message("Run the command again; if it stays so, install the toolkit anew."),
    )


def _ended_early() -> Problem:
    return _failure(
        "ended_early",
        message("The notebook ended itself before its last step."),
        message("Take exit() out of the notebook, and run the command again."),
    )
