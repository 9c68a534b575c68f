"""A kernel for one client alone, which it hears and answers through a pipe instead of through zmq.

Same kernel, same messages, one a line. What a batch does without is left out: sockets, threads that serve
them, signatures, a heart that beats, a connection file.
https://jupyter-client.readthedocs.io/en/stable/messaging.html
"""

from __future__ import annotations

import asyncio
import contextlib
import inspect
import select
import socket
import sys
import threading
from types import SimpleNamespace
from typing import Any

from ipykernel.iostream import IOPubThread
from ipykernel.ipkernel import IPythonKernel
from jupyter_client.session import Session
from tornado.ioloop import IOLoop
from traitlets import DottedObjectName, Type

from . import kernel
from .protocol import message_line, read_line


def run(argv: list[str], pipe: int) -> None:
    """Be the kernel of whoever is at the other end of the pipe, until nobody is."""
    kernel.run(argv, PipedKernelApp, pipe=socket.socket(fileno=pipe))


class PipedSession(Session):
    """Sends messages through the pipe, whatever channel they are for: their kind tells."""

    def __init__(self, pipe: socket.socket, **traits: Any):
        super().__init__(**traits)
        self._pipe, self._lock = pipe, threading.Lock()

    def send(  # noqa: PLR0917 (jupyter_client's)
        self,
        _stream: Any,
        msg_or_type: Any,
        content: Any = None,
        parent: Any = None,
        ident: Any = None,  # noqa: ARG002 (there is but one who hears)
        buffers: Any = None,
        track: bool = False,  # noqa: ARG002
        header: Any = None,
        metadata: Any = None,
    ) -> dict[str, Any]:
        """Send one message; returns it. When nobody hears any more, the process is about to be ended."""
        if isinstance(msg_or_type, dict):
            told = msg_or_type
        else:
            told = self.msg(msg_or_type, content=content, parent=parent, header=header, metadata=metadata)
        line = message_line(self, told, buffers or told.get("buffers") or [])
        with contextlib.suppress(OSError), self._lock:
            self._write(line)
        return told

    def _write(self, line: bytes) -> None:
        rest = memoryview(line)
        while rest:
            # The other direction is read without waiting, and so neither does this one.
            select.select([], [self._pipe], [])
            rest = rest[self._pipe.send(rest) :]


class AtOnce(IOPubThread):
    """Stands for the thread that sends what is written: here whoever flushes does so itself."""

    def __init__(self) -> None:
        self.thread = self.io_loop = None  # type: ignore[assignment]

    def schedule(self, f: Any) -> None:
        """Do it."""
        f()


class PipedStream(kernel.PromptStream):
    """stdout or stderr: what is written waits for the end of the cell, or for what is shown after it."""

    def _schedule_flush(self) -> None:
        self._flush_pending = True


class PipedKernel(IPythonKernel):
    """An IPython kernel that is asked one thing after the other."""

    def _abort_queues(self, subshell_id: str | None = None) -> None:
        """Nothing waits behind a cell that has failed."""


class PipedKernelApp(kernel.ForkedKernelApp):
    """An IPython kernel as ever, but for how it hears and speaks."""

    outstream_class = DottedObjectName(f"{__name__}.PipedStream")
    kernel_class = Type(PipedKernel, klass=IPythonKernel)

    def __init__(self, pipe: socket.socket, **traits: Any):
        super().__init__(**traits)
        self._pipe = pipe
        self.session = PipedSession(pipe, parent=self)

    def init_connection_file(self) -> None:
        """There is none."""

    init_poller = init_heartbeat = init_connection_file

    def write_connection_file(self, **_: Any) -> None:
        """There is nothing to be written into it."""

    def init_sockets(self) -> None:
        """There are none; what is written to stdout and stderr goes through the pipe."""
        self.iopub_thread = AtOnce()

    def log_connection_info(self) -> None:
        """Nobody else can connect."""
        self._ports = {}

    def make_kernel(self) -> None:
        """Create the kernel, without sockets."""
        made = self.kernel_class.instance(
            parent=self,
            session=self.session,
            iopub_thread=self.iopub_thread,
            log=self.log,
            # It asks this which thread is its own, before it awaits anything.
            shell_channel_thread=SimpleNamespace(parent_thread=threading.current_thread()),
            profile_dir=self.profile_dir,
            user_ns=self.user_ns,
        )
        self.kernel = made
        self.displayhook.get_execution_count = lambda: made.execution_count

    def start(self) -> None:
        """Answer until nobody is there to ask."""
        self._pipe.setblocking(False)
        IOLoop.current().run_sync(self._answer)

    async def _answer(self) -> None:
        # As a kernel that listens to zmq has it, for what a notebook does with the loop.
        self.kernel.io_loop = IOLoop.current()
        reader, _ = await asyncio.open_connection(sock=self._pipe, limit=sys.maxsize)
        while line := await reader.readline():
            await self._do(read_line(self.session, line))

    async def _do(self, asked: dict[str, Any]) -> None:
        made = self.kernel
        made.set_parent([], asked)
        made._publish_status("busy", "shell")
        handler = made.shell_handlers.get(asked["header"]["msg_type"])
        made.pre_handler_hook()
        try:
            done = handler and handler(None, [], asked)
            if inspect.isawaitable(done):
                await done
        finally:
            made.post_handler_hook()
        made._publish_status("idle", "shell", parent=asked)
