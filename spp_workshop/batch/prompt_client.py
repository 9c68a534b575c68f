"""A Jupyter client that knows at once when its kernel is ready.

jupyter_client's own waits for 0.2 seconds in which nothing more comes, which is as long as it takes to make a
document. Here the kernel's word that it has done what it was asked ends the wait.
"""

from __future__ import annotations

import math
import time
from queue import Empty
from typing import Any

from jupyter_client.asynchronous.client import AsyncKernelClient

# Seconds to wait for an answer before asking again: the first may have been said before we listened.
_ANSWER, _WORD = 1, 0.2


class PromptClient(AsyncKernelClient):
    """As jupyter_client's, but `wait_for_ready` ends when the kernel is idle, and it opens what is used.

    Nobody types in a batch, and whether a kernel lives its manager knows better than a heart that beats.
    """

    def start_channels(self, *_: bool, **__: bool) -> None:
        """Begin to talk, on the two channels on which a notebook is run."""
        super().start_channels(stdin=False, hb=False, control=False)

    def stop_channels(self) -> None:
        """End it, and leave no socket open."""
        for channel in (self._shell_channel, self._iopub_channel):
            if channel and channel.is_alive():
                channel.stop()
        if self._created_context and not self.context.closed:
            self.context.destroy(linger=100)

    async def _until_ready(self, timeout: float | None = None) -> None:  # noqa: ASYNC109 (its name is jupyter_client's)
        """Wait until the kernel answers. Raises RuntimeError when it died, or the time is over."""
        end = time.monotonic() + (math.inf if timeout is None else timeout)
        asked: set[str] = set()
        while time.monotonic() < end:
            asked.add(self.kernel_info())
            try:
                reply = await self.shell_channel.get_msg(timeout=_ANSWER)
                while not _is_end_of(asked, await self.iopub_channel.get_msg(timeout=_WORD)):
                    pass
            except Empty:
                if not await self._async_is_alive():
                    raise RuntimeError("The kernel died before it was ready.") from None
            else:
                self._handle_kernel_info_reply(reply)
                return
        raise RuntimeError("The kernel was not ready in time.")

    wait_for_ready = _until_ready


def _is_end_of(asked: set[str], told: dict[str, Any]) -> bool:
    # Of any question: on a busy machine the newest is answered last.
    idle = told["content"].get("execution_state") == "idle"
    return idle and told["parent_header"].get("msg_id") in asked
