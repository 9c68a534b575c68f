"""Kernels for a batch: of this Python, started ahead, each with a private place for its connection.

A kernel is forked where it can be (see `forking`), and every document has one of its own.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
from collections import deque
from functools import cache
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from spp_workshop.forking.client import UNFROZEN, Forked, can_fork, fork_server
from spp_workshop.forking.protocol import OWN_PLACE, PIPE
from spp_workshop.forking.server import place_prefix

if TYPE_CHECKING:
    from jupyter_client.manager import AsyncKernelManager

# Quiet, in UTF-8 on every system, and without the debugger's remarks on a frozen standard library.
ENVIRONMENT = {"PYTHONWARNINGS": "ignore", "PYTHONUTF8": "1", "PYDEVD_DISABLE_FILE_VALIDATION": "1"}

# A batch types nothing that anybody would want to type again.
_ARGUMENTS = ["--HistoryManager.enabled=False"]

# Where Python looks for the folder of temporary files.
_TEMPORARY = ("TMPDIR", "TEMP", "TMP")

# A path of a Unix socket may have 104 to 108 bytes, and jupyter_client adds a dash and a number to ours.
_LONGEST_SOCKET = 95


def get_ready() -> None:
    """Begin at once with what the first kernel will need; it goes on while the caller does other things."""
    fork_server.start(os.environ | ENVIRONMENT)


class Kernel:
    """A kernel that has been started in `folder`; `end` leaves nothing of it."""

    def __init__(self, folder: Path):
        # Not before what it needs is imported: who is killed meanwhile leaves no folder that nobody knows of.
        own_python = _own_python()
        self.place = Path(tempfile.mkdtemp(prefix=place_prefix(fork_server.pid or os.getpid())))
        self._ended = False
        with contextlib.ExitStack() as belongings, contextlib.ExitStack() as meanwhile:
            belongings.callback(shutil.rmtree, self.place, ignore_errors=True)
            sockets = belongings.enter_context(contextlib.closing(SocketFolder(self.place)))
            pipe, far = _pipe(belongings, meanwhile)
            self.manager = _manager(own_python, self.place, sockets.path, pipe)
            # What a kernel says on its own streams may quote answers, and is not for the terminal.
            _wait_for(
                self.manager.start_kernel,
                cwd=str(folder),
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                extra_arguments=_ARGUMENTS,
                **({PIPE: far.fileno()} if far else {}),
            )
            self._belongings = belongings.pop_all()

    def kill(self) -> None:
        """End its process, from any thread; who uses the kernel finds it dead."""
        process = getattr(self.manager.provisioner, "process", None)
        if process:
            with contextlib.suppress(OSError):
                process.kill()

    def end(self) -> None:
        """End it, and take away all that belongs to it."""
        if self._ended:
            return
        self._ended = True
        with self._belongings:
            for one in self.manager.clients:  # type: ignore[attr-defined]
                one.stop_channels()
            _wait_for(self.manager.shutdown_kernel, now=True)


class SocketFolder:
    """A folder by a name (`path`) that is short enough for sockets in it; None where there is none.

    On Linux every folder has one, as long as we hold it open. Elsewhere a kernel may have to take tcp ports,
    on which many that start at once collide: one that comes too late ends before it begins.
    """

    def __init__(self, folder: Path):
        self.path: Path | None = folder
        self._held = -1
        if sys.platform == "win32":
            self.path = None
        elif len(os.fsencode(folder)) + 10 >= _LONGEST_SOCKET:
            self.path = self._hold(folder)

    def _hold(self, folder: Path) -> Path | None:
        if sys.platform != "linux":
            return None
        self._held = os.open(folder, os.O_PATH | os.O_DIRECTORY)
        held = Path(f"/proc/{os.getpid()}/fd/{self._held}")
        return held if held.is_dir() else None

    def close(self) -> None:
        """Let go of it."""
        if self._held >= 0:
            os.close(self._held)
            self._held = -1


class Starter:
    """Gives a kernel to each document of a batch in `folder`, and keeps `ahead` more started.

    `total` is how many will be asked for: no more are started ahead. Safe to be used by several threads.
    """

    def __init__(self, folder: Path, ahead: int = 0, total: int = sys.maxsize):
        self.folder, self.ahead, self._left = folder, ahead, total
        self._lock = threading.Lock()
        self._waiting: deque[Kernel] = deque()
        self._kernels: set[Kernel] = set()
        self._closed = threading.Event()
        get_ready()

    def take(self) -> Kernel:
        """A kernel for one document; give it back when the document is done. Raises OSError once closed."""
        kernel = self._first_waiting() or self._start()
        self._start_ahead()
        if kernel is None:
            raise OSError
        return kernel

    def give_back(self, kernel: Kernel) -> None:
        """The document is done, and so is its kernel: what one company left in it must not reach the next."""
        with self._lock:
            self._kernels.discard(kernel)
        kernel.end()

    @property
    def closed(self) -> bool:
        """Whether the batch has ended; what fails from now on fails for that reason."""
        return self._closed.is_set()

    def close(self) -> None:
        """End every kernel, also those at work."""
        with self._lock:
            self._closed.set()
            kernels, waiting = set(self._kernels), set(self._waiting)
            self._waiting.clear()
        for kernel in kernels - waiting:
            kernel.kill()
        for kernel in waiting:
            self.give_back(kernel)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _first_waiting(self) -> Kernel | None:
        with self._lock:
            return self._waiting.popleft() if self._waiting else None

    def _start_ahead(self) -> None:
        while len(self._waiting) < self.ahead and self._left > 0:
            try:
                kernel = self._start()
            except OSError:
                # Who needs it will start it, and say what is wrong.
                return
            if kernel is None:
                return
            with self._lock:
                self._waiting.append(kernel)
            if self._closed.is_set():
                self.close()

    def _start(self) -> Kernel | None:
        """One more, or None when none is wanted any more."""
        if self._closed.is_set():
            return None
        with self._lock:
            self._left -= 1
        kernel = Kernel(self.folder)
        with self._lock:
            self._kernels.add(kernel)
        if self._closed.is_set():
            self.give_back(kernel)
            return None
        return kernel


def _pipe(
    belongings: contextlib.ExitStack, meanwhile: contextlib.ExitStack
) -> tuple[socket.socket | None, socket.socket | None]:
    """Our end and a fork's of what we ask it through; nothing where there are no forks.

    Ours stays, the other is open until the fork has its own.
    """
    if not can_fork():
        return None, None
    ours, far = socket.socketpair()
    return belongings.enter_context(ours), meanwhile.enter_context(far)


def _manager(
    own_python: Any, place: Path, sockets: Path | None, pipe: socket.socket | None
) -> AsyncKernelManager:
    temporary = place / "tmp"
    temporary.mkdir()
    # What a notebook puts into a temporary file goes with its kernel, too.
    own = {OWN_PLACE: str(place), **dict.fromkeys(_TEMPORARY, str(temporary))}
    manager: AsyncKernelManager = own_python(
        ENVIRONMENT | own, pipe, connection_file=str(place / "kernel.json")
    )
    if sockets:
        manager.transport, manager.ip = "ipc", str(sockets / "k")
    return manager


@cache
def _own_python() -> Any:
    """Starts the Python that runs us: a kernelspec `python3` may be missing, or be another Python."""
    from jupyter_client.kernelspec import KernelSpec
    from jupyter_client.manager import AsyncKernelManager

    from .piped_client import PipedClient
    from .prompt_client import PromptClient

    class OwnPython(AsyncKernelManager):
        def __init__(self, environment: dict[str, str], pipe: socket.socket | None, **traits: Any):
            super().__init__(client_factory=PromptClient, **traits)
            self.environment, self.pipe = environment, pipe
            self.clients: list[Any] = []

        @property
        def kernel_spec(self) -> KernelSpec:
            return KernelSpec(
                argv=[sys.executable, *UNFROZEN, "-m", "ipykernel_launcher", "-f", "{connection_file}"],
                language="python",
                env=self.environment,
                metadata={"kernel_provisioner": {"provisioner_name": "spp-workshop"}},
            )

        def client(self, **options: Any) -> Any:
            # Where it could not be forked it is an ordinary kernel, which knows nothing of a pipe.
            forked = isinstance(getattr(self.provisioner, "process", None), Forked)
            through_pipe = self.pipe if forked else None
            made = PipedClient(through_pipe) if through_pipe else super().client(**options)
            self.clients.append(made)
            return made

    return OwnPython


def _wait_for(function: Any, **options: Any) -> Any:
    from jupyter_core.utils import run_sync

    return run_sync(function)(**options)
