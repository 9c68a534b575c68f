"""What Jupyter sees: a kernel provisioner that forks where it can, and else starts an ordinary kernel.

Named `spp-workshop` in a kernelspec's metadata, it serves any Jupyter client: papermill, nbclient, Voila,
JupyterLab. https://jupyter-client.readthedocs.io/en/stable/provisioning.html
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from jupyter_client.connect import KernelConnectionInfo
from jupyter_client.provisioning.local_provisioner import LocalProvisioner

from .client import UNFROZEN, CannotFork, Forked, fork_server
from .protocol import PIPE

# A kernel that is killed is gone within milliseconds; waiting for it here spares the client its longer nap.
_NAP, _NAPS = 0.002, 500

# What a kernel may be started with and still be forked.
_UNDERSTOOD = {"cwd", "env", "stdout", "stderr"}


class ForkingProvisioner(LocalProvisioner):
    """Forks kernels from a process that has already imported what they use."""

    # A Forked or a subprocess.Popen: what the base class does with it, both can.
    process: Any = None

    async def launch_kernel(self, cmd: list[str], **kwargs: Any) -> KernelConnectionInfo:
        """Start a kernel: a fork if it can be one, else as `cmd` says."""
        pipe = [kwargs.pop(PIPE)] if PIPE in kwargs else []
        try:
            forked = await self._forked(cmd, LocalProvisioner._scrub_kwargs(kwargs), pipe)
        except CannotFork:
            return await super().launch_kernel(cmd, **kwargs)
        self.process = forked
        self.pid = self.pgid = forked.pid
        self.cwd = kwargs.get("cwd") or Path.cwd()
        return self.connection_info

    async def _forked(self, cmd: list[str], options: dict[str, Any], pipe: list[int]) -> Forked:
        cwd = str(options.get("cwd") or Path.cwd())
        # A folder that is not there is told better by what starts an ordinary kernel.
        if not options.keys() <= _UNDERSTOOD or not os.path.isdir(cwd):  # noqa: ASYNC240, PTH112
            raise CannotFork
        environment = dict(options.get("env") or os.environ)
        task = {"argv": _arguments(cmd), "env": environment, "cwd": cwd}
        with _outputs(options) as outputs:
            return await fork_server.fork(task, environment, [*outputs, *pipe])

    async def send_signal(self, signum: int) -> None:
        """Send a signal to the kernel and what it has started."""
        if isinstance(self.process, Forked):
            self.process.send_signal(signum)
        else:
            await super().send_signal(signum)

    async def kill(self, restart: bool = False) -> None:
        """End the kernel, and see that it is gone."""
        await super().kill(restart)
        if isinstance(self.process, Forked):
            for _ in range(_NAPS):
                if self.process.poll() is not None:
                    return
                await asyncio.sleep(_NAP)


def _arguments(cmd: list[str]) -> list[str]:
    """The arguments of an IPython kernel of this Python. Raises CannotFork if `cmd` starts something else."""
    words = [word for at, word in enumerate(cmd) if at != 1 or word not in UNFROZEN]
    if words[:3] != [sys.executable, "-m", "ipykernel_launcher"]:
        raise CannotFork
    return words[3:]


@contextlib.contextmanager
def _outputs(options: dict[str, Any]) -> Iterator[list[int]]:
    """File descriptors for stdout and stderr. Raises CannotFork where somebody wants to read them."""
    with contextlib.ExitStack() as stack:
        yield [_output(options.get(name), own, stack) for own, name in ((1, "stdout"), (2, "stderr"))]


def _output(given: Any, own: int, stack: contextlib.ExitStack) -> int:
    if given is None:
        return own
    if given == subprocess.DEVNULL:
        return stack.enter_context(Path(os.devnull).open("wb")).fileno()
    if given in (subprocess.PIPE, subprocess.STDOUT):
        raise CannotFork
    return given if isinstance(given, int) else int(given.fileno())
