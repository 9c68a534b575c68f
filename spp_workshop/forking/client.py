"""Ask for a fork, and watch over it: what a Jupyter client's process has of the fork server.

The server is started with the first fork, and again when it has died or what it imported has changed on disk.
"""

from __future__ import annotations

import contextlib
import json
import os
import select
import signal
import socket
import subprocess
import sys
import threading
import weakref
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from .protocol import NUMBER, OUTDATED

# What Python, the C library and imported packages read once, when they start: a fork has it from its server.
_READ_AT_START = (
    "DEBUGPY_",
    "GLIBC_",
    "HOME",
    "LANG",
    "LC_",
    "LD_",
    "MALLOC_",
    "MATPLOTLIB",
    "MKL_",
    "MPLCONFIGDIR",
    "NPY_",
    "NUMPY_",
    "OMP_",
    "OPENBLAS_",
    "PANDAS_",
    "PYDEVD_",
    "PYTHON",
    "XDG_",
)

# Without it the debugger misses breakpoints in the standard library; ipykernel starts kernels so too.
UNFROZEN = ("-Xfrozen_modules=off",)

# These speak of one kernel, or of the one who starts it.
_OF_ONE_KERNEL = ("JPY_", "MPLBACKEND")


# A server that dies this often in a row, without one fork between, does not work here.
_ENOUGH_FAILURES = 4


# Seconds between two looks for an answer. A thread that waits would not do: in a copy of the process that an
# extension or a test has forked, it would be missing.
_NAP = 0.002

# Seconds for the server to say how a fork has ended that has ended.
_LAST_WORDS = 5


class CannotFork(Exception):
    """There is no fork to be had for this; an ordinary process has to do."""


def can_fork() -> bool:
    """Whether this system forks, and lets a process be watched that is not one's child (Linux since 5.3)."""
    return sys.platform == "linux" and hasattr(os, "pidfd_open")


class Forked:
    """A process that was forked for us; as much of `subprocess.Popen` as Jupyter uses."""

    stdin = stdout = stderr = None

    def __init__(self, server: ForkServer, line: socket.socket, pid: int, process: int):
        # The server lives at least as long as its forks: when we let go of it, it ends them.
        self.server, self.pid = server, pid
        self.returncode: int | None = None
        self._line, self._process = line, process
        # If the server is dead, what the kernel has started may hold the other end, and say nothing.
        line.settimeout(_LAST_WORDS)

    def poll(self) -> int | None:
        """The exit status, negative for a signal, or None while the process runs."""
        if self.returncode is None and _speaks(self._process, 0):
            self._note_end()
        return self.returncode

    def wait(self, timeout: float | None = None) -> int | None:
        """Wait for the end; returns the exit status, or None when the time is over."""
        if self.returncode is None and _speaks(self._process, timeout):
            self._note_end()
        return self.returncode

    def send_signal(self, number: int) -> None:
        """Send a signal to the process and to what it has started, as one does to a kernel."""
        if self.poll() is None:
            try:
                os.killpg(self.pid, number)
            except ProcessLookupError:
                # It was forked just now and does not lead a group yet.
                signal.pidfd_send_signal(self._process, number)

    def kill(self) -> None:
        """End it at once."""
        self.send_signal(signal.SIGKILL)

    def terminate(self) -> None:
        """Ask it to end."""
        self.send_signal(signal.SIGTERM)

    def _note_end(self) -> None:
        try:
            self.returncode = _number(self._line.recv(NUMBER.size))
        except (OSError, EOFError):
            # The server is dead too, and with it the knowledge how the process ended.
            self.returncode = -signal.SIGKILL
        self.close()

    def close(self) -> None:
        """Let go of it: a kernel that still runs sees that nobody wants it, and ends."""
        self._line.close()
        if self._process >= 0:
            os.close(self._process)
            self._process = -1


class ForkServer:
    """A process that forks for this one. It ends when this object is gone, and its forks with it.

    Raises OSError when it cannot be started.
    """

    def __init__(self, environment: Mapping[str, str]):
        self.owner = os.getpid()
        self.settings = _settings(environment)
        with contextlib.ExitStack() as unless_started:
            self._channel, far = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
            unless_started.callback(self._channel.close)
            with far:
                self._process = _started(far, environment)
            unless_started.pop_all()
        weakref.finalize(self, _end, self.owner, self._channel, self._process)

    async def fork(self, task: Mapping[str, Any], descriptors: Sequence[int]) -> Forked | None:
        """A fork that does `task`, or None if the server is outdated.

        `descriptors` are its stdout, its stderr and, if it is to be asked through a pipe, its end of that.

        Raises OSError or EOFError when the server is dead, CannotFork when it could not fork.
        """
        # Not sooner: the server's start would wait for it.
        import asyncio

        line, far = socket.socketpair()
        with contextlib.ExitStack() as unless_forked:
            unless_forked.callback(line.close)
            with far:
                socket.send_fds(self._channel, [task["cwd"].encode()], [far.fileno(), *descriptors])
            line.sendall(json.dumps(task).encode() + b"\n")
            # The first answer comes when all is imported; the client's other work goes on meanwhile.
            while not _speaks(line.fileno(), 0):  # noqa: ASYNC110 (nobody could set an event)
                await asyncio.sleep(_NAP)
            data, passed, *_ = socket.recv_fds(line, NUMBER.size, 1)
            pid = _number(data)
            if pid < 0:
                raise CannotFork(os.strerror(-pid))
            if pid == OUTDATED:
                return None
            unless_forked.pop_all()
            return Forked(self, line, pid, passed[0])

    @property
    def pid(self) -> int:
        """The number of the server's process."""
        return self._process.pid


def _started(channel: socket.socket, environment: Mapping[str, str]) -> subprocess.Popen[bytes]:
    return subprocess.Popen(  # noqa: S603 (it is this Python, and our own module)
        [sys.executable, *UNFROZEN, "-m", "spp_workshop.forking.server", str(channel.fileno())],
        pass_fds=[channel.fileno()],
        env={name: environment[name] for name in environment if not name.startswith(_OF_ONE_KERNEL)},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        # Ctrl+C in a terminal is not for it, nor does it hold on to a folder.
        start_new_session=True,
        cwd=os.sep,
    )


def _end(owner: int, channel: socket.socket, process: subprocess.Popen[bytes]) -> None:
    """The one who asked has gone, and so have the forks, or all of us end."""
    if owner == os.getpid():
        # In this order: a server whose client is gone tidies up after it, and we do that ourselves.
        process.kill()
        process.wait()
        channel.close()


def _settings(environment: Mapping[str, str]) -> tuple[str, dict[str, str]]:
    """What cannot be changed after the start: which Python it is, and what it read in its environment."""
    return sys.executable, {
        name: value for name, value in environment.items() if name.startswith(_READ_AT_START)
    }


def _speaks(descriptor: int, timeout: float | None) -> bool:
    """Whether there is something to be read; a process that has ended says so too."""
    waiting = select.poll()
    waiting.register(descriptor, select.POLLIN)
    return bool(waiting.poll(None if timeout is None else timeout * 1000))


def _looks_around(environment: Mapping[str, str]) -> bool:
    """Whether modules are found from where Python is started, which is another place for the server."""
    places = environment.get("PYTHONPATH", "").split(os.pathsep)
    return any(place and not Path(place).is_absolute() for place in places)


def _number(data: bytes) -> int:
    """What the server said on a line. Raises EOFError when it is dead."""
    if len(data) < NUMBER.size:
        raise EOFError
    return int(NUMBER.unpack(data)[0])


class OneForkServer:
    """The fork server of this process: started when it is needed, and anew when it is dead or outdated."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._server: ForkServer | None = None
        self._failures = 0

    def start(self, environment: Mapping[str, str]) -> None:
        """Let it begin to import, so that the first fork waits less."""
        with contextlib.suppress(CannotFork):
            self._current(environment)

    async def fork(
        self, task: Mapping[str, Any], environment: Mapping[str, str], descriptors: Sequence[int]
    ) -> Forked:
        """A fork that does `task` in this environment. Raises CannotFork when an ordinary process must do."""
        for _ in range(2):
            server = self._current(environment)
            try:
                forked = await server.fork(task, descriptors)
            except (OSError, EOFError):
                self._failures += 1
            else:
                self._failures = 0
                if forked:
                    return forked
            self.forget(server)
        raise CannotFork

    @property
    def pid(self) -> int | None:
        """The number of the server's process, if there is one."""
        return self._server.pid if self._server else None

    def _current(self, environment: Mapping[str, str]) -> ForkServer:
        with self._lock:
            if not can_fork() or self._failures >= _ENOUGH_FAILURES or _looks_around(environment):
                raise CannotFork
            # In a copy of the process that it works for, it is not ours; and what it has read at its start
            # must be what this fork would read.
            fitting = os.getpid(), _settings(environment)
            if not self._server or (self._server.owner, self._server.settings) != fitting:
                self._server = self._new(environment)
            return self._server

    def _new(self, environment: Mapping[str, str]) -> ForkServer:
        try:
            return ForkServer(environment)
        except OSError:
            self._failures += 1
            raise CannotFork from None

    def forget(self, server: ForkServer | None = None) -> None:
        """Do not ask this server again, or whichever there is; the forks that it has go on."""
        with self._lock:
            if server in (None, self._server):
                self._server = None


fork_server = OneForkServer()
