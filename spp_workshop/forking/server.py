"""The process that forks: it has imported what kernels use, and every kernel is a fork of it.

    python -m spp_workshop.forking.server FD

FD is a socket on which a client asks. A request names the folder in which the kernel will work, and carries a
line to the client, the kernel's stdout and stderr, and its end of a pipe if it is to be asked through one. On
the line the server says the fork's pid, and when it has ended, how; the fork reads there what it is to do.
When the client is gone, all of them end.

It listens nowhere: a stranger cannot ask, and no socket file can be left behind. The standard library's fork
server leaves one when its client is killed, and imports the client's main module again in every fork.
"""

from __future__ import annotations

import contextlib
import gc
import os
import selectors
import shutil
import signal
import socket
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from .protocol import LONGEST_REQUEST, NUMBER, OUTDATED

# Seconds that kernels have to end by themselves when their client is gone.
PATIENCE = 2.0

Work = Callable[[], None]


@dataclass(frozen=True)
class Child:
    """A fork that runs: its pid, and the line to the client that asked for it."""

    pid: int
    line: socket.socket


def main() -> None:
    """Import everything, then fork until the client is gone. A fork goes on from here as a kernel."""
    # `python -m` looks for modules where it was started; a kernel must not.
    if not sys.flags.safe_path:
        del sys.path[0]
    from spp_workshop import warming

    from . import preload

    # Nothing that is imported is garbage, and to look for some would take a tenth of the time.
    gc.disable()
    channel = socket.socket(fileno=int(sys.argv[1]))
    preload.everything(lambda: _has_client(channel))
    warming.settle()
    gc.enable()
    become = Server(channel, preload.outdated, preload.folder).serve()
    if become:
        become()
    else:
        _remove_places()


class Server:
    """Forks for one client.

    `outdated` tells whether what was imported is still what lies on the disk; `prepare` is told the folder in
    which the next fork will work.
    """

    def __init__(self, channel: socket.socket, outdated: Callable[[], bool], prepare: Callable[[str], None]):
        self.channel, self.outdated, self.prepare = channel, outdated, prepare
        self.selector = selectors.DefaultSelector()
        self.selector.register(channel, selectors.EVENT_READ)
        self.children: dict[int, Child] = {}
        self.patience: float | None = None

    def serve(self) -> Work | None:
        """Fork for every request. Returns in a fork what it is to do, and in the server None at the end."""
        while self.selector.get_map():
            ready = self.selector.select(self.patience)
            if not ready:
                self._kill_all()
            for key, _ in ready:
                if key.fileobj is not self.channel:
                    self._ended(key.fd)
                elif become := self._asked():
                    return become
        return None

    def _asked(self) -> Work | None:
        data, passed, *_ = socket.recv_fds(self.channel, LONGEST_REQUEST, 4)
        if not data:
            self._client_gone()
            return None
        self.prepare(data.decode())
        line = socket.socket(fileno=passed[0])
        descriptors = passed[1:]
        become = None if self._refused(line) else self._fork(line, descriptors)
        if become is None:
            for descriptor in descriptors:
                os.close(descriptor)
        return become

    def _refused(self, line: socket.socket) -> bool:
        outdated = self.outdated()
        if outdated:
            _say(line, OUTDATED)
            line.close()
        return outdated

    def _fork(self, line: socket.socket, descriptors: list[int]) -> Work | None:
        try:
            pid = os.fork()
        except OSError as error:
            _say(line, -(error.errno or 1))
            line.close()
            return None
        if pid == 0:
            self._leave()
            return lambda: _become_kernel(line, descriptors)
        process = os.pidfd_open(pid)
        self.children[process] = Child(pid, line)
        self.selector.register(process, selectors.EVENT_READ)
        _say(line, pid, process)
        return None

    def _leave(self) -> None:
        """In a fork: let go of everything of the server's."""
        self.selector.close()
        self.channel.close()
        for process, child in self.children.items():
            os.close(process)
            child.line.close()
        self.children.clear()

    def _ended(self, process: int) -> None:
        """A fork has ended: end what it has started, and tell the client how it ended."""
        self.selector.unregister(process)
        child = self.children.pop(process)
        # Before it is waited for its number cannot belong to another.
        _kill_group(child.pid)
        _, status = os.waitpid(child.pid, 0)
        _say(child.line, os.waitstatus_to_exitcode(status))
        child.line.close()
        os.close(process)

    def _client_gone(self) -> None:
        """Its kernels see it too, and end; those that hang are ended."""
        self.selector.unregister(self.channel)
        self.patience = PATIENCE

    def _kill_all(self) -> None:
        for child in self.children.values():
            _kill_group(child.pid)


def _has_client(channel: socket.socket) -> bool:
    try:
        return bool(channel.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT))
    except BlockingIOError:
        return True


def place_prefix(server: int) -> str:
    """How the temporary folders begin that a client makes for the kernels of this server."""
    return f"spp-{server}-"


def _remove_places() -> None:
    """A client that was killed may have made a folder for a kernel that was never forked."""
    for place in Path(tempfile.gettempdir()).glob(f"{place_prefix(os.getpid())}*"):
        shutil.rmtree(place, ignore_errors=True)


def _say(line: socket.socket, number: int, *descriptors: int) -> None:
    # The client may be gone, or no longer care.
    with contextlib.suppress(OSError):
        socket.send_fds(line, [NUMBER.pack(number)], descriptors, socket.MSG_DONTWAIT | socket.MSG_NOSIGNAL)


def _kill_group(pid: int) -> None:
    """End a fork and what it has started; one that is not yet the leader of its group is ended alone."""
    for end in (os.killpg, os.kill):
        with contextlib.suppress(ProcessLookupError, PermissionError):
            end(pid, signal.SIGKILL)


def _become_kernel(line: socket.socket, descriptors: list[int]) -> None:
    from . import kernel, piped

    outputs, pipe = descriptors[:2], descriptors[2:]
    argv = kernel.prepare(line, outputs)
    if pipe:
        piped.run(argv, pipe[0])
    else:
        kernel.run(argv)


if __name__ == "__main__":
    main()
