"""Kernels that a seat may have behind its page, and what may be said to them: messages of widgets, no code.

A kernel is started by the server for one seat and runs as that seat, so that a forged message can do no more
than the seat may. Only that seat is let near it, and only by the websocket.
"""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import time
from collections import defaultdict
from typing import Any, cast

from jupyter_client.jsonutil import json_default
from jupyter_client.kernelspec import KernelSpec, KernelSpecManager
from jupyter_server.auth.decorator import allow_unauthenticated
from jupyter_server.base.handlers import JupyterHandler
from jupyter_server.services.kernels.connection.base import (
    deserialize_binary_message,
    deserialize_msg_from_ws_v1,
)
from jupyter_server.services.kernels.connection.channels import ZMQChannelsWebsocketConnection
from jupyter_server.services.kernels.kernelmanager import AsyncMappingKernelManager
from jupyter_server.services.kernels.websocket import KernelWebsocketHandler
from tornado.web import HTTPError

from spp_workshop.batch.starter import ENVIRONMENT
from spp_workshop.forking.client import UNFROZEN
from spp_workshop.seats import Seat, environment_of

from .requests import Refusal, SeatHandler, not_for_you, seated_now, sitting_of
from .room import Room

KERNEL = "spp-workshop"

# A seat that opens page after page keeps this many kernels; the oldest is ended for a new one.
_KERNELS_OF_A_SEAT = 3
# Seconds after which a kernel is ended whose page is closed.
_FORGOTTEN_AFTER, _LOOKED_FOR_EVERY = 120, 30

# What a page with widgets says. Nothing here makes a kernel run code that it is sent.
_SAID = {
    "shell": {"comm_open", "comm_msg", "comm_close", "comm_info_request", "kernel_info_request"},
    "control": {"kernel_info_request"},
}
# Asks for the widgets that there are. Any other target would make objects of the sender's choice.
_OPENED = {"jupyter.widget.control"}
_LARGEST_MESSAGE, _MOST_PARTS = 2_000_000, 100
# Seconds after which it is asked again whether the seat of an open line still holds.
_ASKED_EVERY = 1.0


class OwnKernelSpecs(KernelSpecManager):
    """One kind of kernel: this Python, forked where it can be."""

    def get_kernel_spec(self, _kernel_name: str) -> KernelSpec:
        """The one kind that there is, whatever is asked for."""
        return KernelSpec(
            argv=[sys.executable, *UNFROZEN, "-m", "ipykernel_launcher", "-f", "{connection_file}"],
            language="python",
            display_name="Python 3",
            env=dict(ENVIRONMENT),
            metadata={"kernel_provisioner": {"provisioner_name": "spp-workshop"}},
        )

    def get_all_specs(self) -> dict[str, Any]:
        """The same as Jupyter lists it."""
        return {KERNEL: {"resource_dir": "", "spec": self.get_kernel_spec(KERNEL).to_dict()}}


class SeatKernels(AsyncMappingKernelManager):
    """Starts kernels for seats, and for nobody else, in the workshop folder."""

    cull_idle_timeout = _FORGOTTEN_AFTER
    cull_interval = _LOOKED_FOR_EVERY

    def __init__(self, **traits: Any):
        super().__init__(**traits)
        self._seats: dict[str, Seat] = {}
        self._turns: defaultdict[Seat, asyncio.Lock] = defaultdict(asyncio.Lock)

    async def start_for(self, seat: Seat) -> str:
        """A kernel that runs as this seat; its id."""
        # One after the other: pages opened at once would each count the kernels before any has begun.
        async with self._turns[seat]:
            return await self._start_for(seat)

    async def _start_for(self, seat: Seat) -> str:
        await self._make_room_for(seat)
        room: Room = cast("Any", self.parent).room
        kernel_id = await self._async_start_kernel(
            kernel_name=KERNEL,
            env=os.environ | environment_of(seat),
            cwd=str(room.workshop.folder),
            # What a kernel says on its own streams may quote answers, and is not for the terminal.
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        self._seats[kernel_id] = seat
        return kernel_id

    def belongs_to(self, kernel_id: str, seat: Seat) -> bool:
        """Whether the kernel was started for this very seat."""
        return self._seats.get(kernel_id) == seat

    async def start_kernel(self, **_: Any) -> str:  # type: ignore[override]
        """Nobody else starts any."""
        raise HTTPError(403)

    async def _make_room_for(self, seat: Seat) -> None:
        own = [kernel_id for kernel_id, whose in self._seats.items() if whose == seat and kernel_id in self]
        for kernel_id in own[: len(own) + 1 - _KERNELS_OF_A_SEAT]:
            await self.shutdown_kernel(kernel_id, now=True)

    def remove_kernel(self, kernel_id: str) -> Any:
        """It has ended, and is nobody's any more."""
        self._seats.pop(kernel_id, None)
        return super().remove_kernel(kernel_id)


class SeatConnection(ZMQChannelsWebsocketConnection):
    """Hands on what a page's widgets say to their kernel, and drops everything else."""

    _asked_at, _is_ended = -_ASKED_EVERY, False

    def handle_outgoing_message(self, stream: str, outgoing_msg: list[Any]) -> None:
        """One message of the kernel, on its way to the page."""
        if self._holds():
            super().handle_outgoing_message(stream, outgoing_msg)

    def _holds(self) -> bool:
        """Whether the seat that opened this line has it still; the line of one that has ended is closed."""
        now = time.monotonic()
        if not self._is_ended and now >= self._asked_at + _ASKED_EVERY:
            self._asked_at = now
            page = cast("JupyterHandler", self.websocket_handler)
            sitting = seated_now(page)
            kernels = cast("SeatKernels", self.multi_kernel_manager)
            self._is_ended = sitting is None or not kernels.belongs_to(self.kernel_id, sitting.seat)
            if self._is_ended:
                self.websocket_handler.close()
        return not self._is_ended

    def handle_incoming_message(self, incoming_msg: str | bytes) -> None:
        """One message of the page, on its way to the kernel."""
        if not self._holds():
            return
        try:
            allowed = len(incoming_msg) <= _LARGEST_MESSAGE and _is_of_widgets(*self._read(incoming_msg))
        except Exception:
            # However it is malformed: it is nothing that a page of ours has sent.
            allowed = False
        if allowed:
            super().handle_incoming_message(incoming_msg)  # type: ignore[arg-type]

    def _read(self, sent: str | bytes) -> tuple[str, dict[str, Any], dict[str, Any]]:
        """Channel, header and content of a message, in each of the ways in which Jupyter sends them."""
        if self.subprotocol == "v1.kernel.websocket.jupyter.org":
            # Jupyter Server would go on reading for ever where a message claims to have so many parts.
            if int.from_bytes(cast("bytes", sent)[:8], "little") > _MOST_PARTS:
                raise ValueError
            channel, parts = deserialize_msg_from_ws_v1(sent)
            return channel, json.loads(parts[0]), json.loads(parts[3])
        if isinstance(sent, bytes) and int.from_bytes(sent[:4], "big") > _MOST_PARTS:
            raise ValueError
        said = deserialize_binary_message(sent) if isinstance(sent, bytes) else json.loads(sent)
        return said["channel"], said["header"], said["content"]


def _is_of_widgets(channel: str, header: dict[str, Any], content: dict[str, Any]) -> bool:
    # The kernel, too, goes by what the header says, and looks into no other place.
    kind = header["msg_type"]
    if kind not in _SAID.get(channel, ()):
        return False
    return kind != "comm_open" or content["target_name"] in _OPENED


class KernelModelHandler(SeatHandler):
    """What a page asks about its kernel before it speaks with it."""

    @allow_unauthenticated
    async def get(self, kernel_id: str) -> None:
        """Its id and how it is."""
        self.require()
        if not _is_theirs(self, kernel_id):
            raise Refusal(403, not_for_you())
        model = self.kernel_manager.kernel_model(kernel_id)
        self.give(json.loads(json.dumps(model, default=json_default)))


class SeatKernelHandler(KernelWebsocketHandler):
    """The websocket to the kernel of a page: for the seat for which it was started."""

    async def pre_get(self) -> None:
        """Let nobody else near it, and tell nobody whether there is such a kernel."""
        if not _is_theirs(self, self.kernel_id):
            raise HTTPError(403)
        await super().pre_get()

    def log_exception(self, typ: Any, value: Any, tb: Any) -> None:
        """Where it happened, without what was said."""
        SeatHandler.log_exception(cast("SeatHandler", self), typ, value, tb)

    def write_error(self, status_code: int, **_: Any) -> None:
        """A script asks here, which understands the number."""
        self.set_status(status_code)
        self.finish()


def _is_theirs(handler: JupyterHandler, kernel_id: str) -> bool:
    """Whether the kernel was started for the seat that asks."""
    sitting = sitting_of(handler)
    kernels = cast("SeatKernels", handler.kernel_manager)
    return sitting is not None and kernels.belongs_to(kernel_id, sitting.seat)


__all__ = [
    "KERNEL",
    "KernelModelHandler",
    "OwnKernelSpecs",
    "SeatConnection",
    "SeatKernelHandler",
    "SeatKernels",
]
