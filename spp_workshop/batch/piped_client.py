"""A Jupyter client of a kernel at the other end of a pipe (`forking.piped`)."""

from __future__ import annotations

import asyncio
import select
import socket
from collections.abc import Callable
from queue import Empty
from typing import Any

from nbclient.exceptions import DeadKernelError

from spp_workshop.forking.protocol import message_line, read_line

from .prompt_client import PromptClient

_MUCH = 1 << 18


class PipedClient(PromptClient):
    """As any client; what it asks and hears goes through `pipe`."""

    def __init__(self, pipe: socket.socket, **traits: Any):
        super().__init__(**traits)
        self._pipe, self._heard = pipe, bytearray()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._channels = {name: Channel(self._send) for name in ("shell", "iopub")}

    @property
    def shell_channel(self) -> Any:
        """Questions and their answers."""
        return self._channels["shell"]

    @property
    def iopub_channel(self) -> Any:
        """What the kernel says of itself, and what cells put out."""
        return self._channels["iopub"]

    def start_channels(self, *_: bool, **__: bool) -> None:
        """Begin to listen, in the loop that runs."""
        self._loop = asyncio.get_running_loop()
        self._pipe.setblocking(False)
        self._loop.add_reader(self._pipe, self._hear)

    def stop_channels(self) -> None:
        """End it."""
        if self._loop and not self._loop.is_closed():
            self._loop.remove_reader(self._pipe)
        self._loop = None

    def _send(self, message: dict[str, Any]) -> None:
        rest = memoryview(message_line(self.session, message))
        while rest:
            select.select([], [self._pipe], [])
            rest = rest[self._pipe.send(rest) :]

    def _hear(self) -> None:
        try:
            heard = self._pipe.recv(_MUCH)
        except BlockingIOError:
            return
        except OSError:
            heard = b""
        if not heard:
            self.stop_channels()
            self.shell_channel.hear(None)
            return
        self._heard += heard
        if b"\n" in heard:
            *lines, self._heard = self._heard.split(b"\n")
            for line in lines:
                self._sort(read_line(self.session, bytes(line)))

    def _sort(self, message: dict[str, Any]) -> None:
        # What is not an answer is for everybody.
        answers = message["msg_type"].endswith("_reply")
        (self.shell_channel if answers else self.iopub_channel).hear(message)


class Channel:
    """What has been heard of one kind, until it is asked for."""

    def __init__(self, send: Callable[[dict[str, Any]], None]):
        self.send = send
        self._waiting: asyncio.Queue[dict[str, Any] | None] = asyncio.Queue()

    def hear(self, message: dict[str, Any] | None) -> None:
        """Keep a message; None says that no more will come."""
        self._waiting.put_nowait(message)

    async def get_msg(self, timeout: float | None = None) -> dict[str, Any]:  # noqa: ASYNC109 (its name is jupyter_client's)
        """The next message. Raises Empty after `timeout` seconds, DeadKernelError when the kernel is gone."""
        try:
            message = self._waiting.get_nowait()
        except asyncio.QueueEmpty:
            message = await self._next(timeout)
        if message is None:
            raise DeadKernelError("Kernel died")
        return message

    async def _next(self, seconds: float | None) -> dict[str, Any] | None:
        try:
            return await asyncio.wait_for(self._waiting.get(), seconds)
        except TimeoutError:
            raise Empty from None

    def is_alive(self) -> bool:
        """There is nothing that could have ended before the kernel."""
        return True
