"""What a fork becomes: an IPython kernel, as near to a newly started one as can be."""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import signal
import socket
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar

from ipykernel import ipkernel
from ipykernel.iostream import OutStream
from ipykernel.kernelapp import IPKernelApp
from traitlets import DottedObjectName
from traitlets.config.loader import Config, DeferredConfigString

from . import preload
from .protocol import OWN_PLACE

_INLINE = "matplotlib_inline.backend_inline"


def prepare(line: socket.socket, outputs: list[int]) -> list[str]:
    """Read from the line what to do (`argv`, `env`, `cwd`), and make this process a new one; gives `argv`."""
    os.setsid()
    with line.makefile("rb", buffering=0) as stream:
        task = json.loads(stream.readline())
    _take_over(task, outputs)
    threading.Thread(target=_end_with_client, args=(line, task["argv"]), daemon=True).start()
    _forget_the_past()
    return list(task["argv"])


def _take_over(task: dict[str, Any], outputs: list[int]) -> None:
    """Streams, folder, environment and signals of a process that was just started."""
    for target, descriptor in enumerate(outputs, start=1):
        os.dup2(descriptor, target)
        os.close(descriptor)
    os.chdir(task["cwd"])
    os.environ.clear()
    os.environ.update(preload.LEFT | task["env"])
    time.tzset()
    sys.argv = ["ipykernel_launcher", *task["argv"]]
    signal.signal(signal.SIGINT, signal.default_int_handler)


def _forget_the_past() -> None:
    """What modules have remembered since they were imported, and what a new process would find out anew."""
    tempfile.tempdir = None
    # Python's own generator is seeded anew in every fork; numpy's is not.
    if numpy := sys.modules.get("numpy"):
        numpy.random.seed()
    if matplotlib := sys.modules.get("matplotlib"):
        _read_own_matplotlibrc(matplotlib)


def _read_own_matplotlibrc(matplotlib: Any) -> None:
    if matplotlib.matplotlib_fname() != preload.MATPLOTLIBRC.get("read"):
        matplotlib.rcdefaults()
        matplotlib.rc_file(matplotlib.matplotlib_fname(), use_default_template=False)


class ForkedKernelApp(IPKernelApp):
    """An IPython kernel that reads the arguments which Jupyter gives it without much ado."""

    outstream_class = DottedObjectName(f"{__name__}.PromptStream")

    def parse_command_line(self, argv: list[str] | None = None) -> None:
        """As ever; but the usual ones without a parser of every option of every class, which takes 10 ms."""
        config = _usual(argv or [])
        if config is None:
            super().parse_command_line(argv)
        else:
            self.update_config(config)

    def init_kernel(self) -> None:
        """As ever; but which modules there are, for the debugger, is known since before the fork.

        To ask each of them would copy two pages of memory for every one.
        """
        with _no_modules_to_ask():
            self.make_kernel()
        self.kernel._kernel_modules = preload.FILES
        if debugger := getattr(self.kernel, "debugger", None):
            debugger.kernel_modules = preload.FILES

    def make_kernel(self) -> None:
        """Create the kernel itself."""
        super().init_kernel()


# Its log's lines begin with this name, and Jupyter's clients know some of them.
ForkedKernelApp.__name__ = IPKernelApp.__name__


class PromptStream(OutStream):
    """stdout or stderr of a kernel, which is asked five times a cell to send what nobody has written."""

    def flush(self) -> None:
        """As ever, if there is something to be sent; to wait for another thread in vain takes 0.2 ms."""
        if self._flush_pending or self._subprocess_flush_pending or self.echo is not None:
            super().flush()


class _NoModules:
    """Python's `sys` without its modules."""

    modules: ClassVar[dict[str, Any]] = {}

    def __getattr__(self, name: str) -> Any:
        return getattr(sys, name)


@contextlib.contextmanager
def _no_modules_to_ask() -> Iterator[None]:
    names = vars(ipkernel)
    names["sys"] = _NoModules()
    try:
        yield
    finally:
        names["sys"] = sys


def _usual(argv: list[str]) -> Config | None:
    """What `-f FILE` and `--Class.trait=value` ask for, or None if there is anything else."""
    config, words = Config(), iter(argv)
    for word in words:
        found = re.fullmatch(r"--(\w+)\.(\w+)=(.*)", word, re.DOTALL)
        if found:
            config[found[1]][found[2]] = DeferredConfigString(found[3])
        elif word == "-f":
            config.IPKernelApp.connection_file = next(words)
        else:
            return None
    return config


def run(argv: list[str], kind: type[ForkedKernelApp] = ForkedKernelApp, **traits: Any) -> None:
    """Be the kernel for which `argv` asks, until it is ended."""
    # A parent of 1 is not watched: that does `_end_with_client`, the fork server being nobody to wait for.
    app = kind.instance(parent_handle=1, **traits)
    app.initialize(argv)
    _show_figures_inline(app.shell)
    _speak_to_widgets()
    app.start()


def _show_figures_inline(shell: Any) -> None:
    """matplotlib asks for its backend, and this for its kernel, when they are imported: that is past."""
    sys.modules.pop(_INLINE, None)
    if matplotlib := sys.modules.get("matplotlib"):
        matplotlib.rcParams["backend"] = os.environ["MPLBACKEND"]
    shell.events.register("post_execute", _flush_figures)


def _flush_figures() -> None:
    """Show the figures of a cell before pyplot, which is told next, draws each of them once more in vain."""
    if inline := sys.modules.get(_INLINE):
        inline.flush_figures()


def _speak_to_widgets() -> None:
    """ipywidgets tells the kernel its name when it is imported, if there is a kernel."""
    if ipywidgets := sys.modules.get("ipywidgets"):
        ipywidgets.register_comm_target()


def _end_with_client(line: socket.socket, argv: list[str]) -> None:
    """Wait until nobody is at the other end of the line; then end this process and what it has started."""
    with contextlib.suppress(OSError):
        while line.recv(1):
            pass
    for path in _files(argv):
        path.unlink(missing_ok=True)
    if place := os.environ.get(OWN_PLACE):
        # What a kernel that has only just begun puts there meanwhile, the server removes.
        shutil.rmtree(place, ignore_errors=True)
    os.killpg(0, signal.SIGKILL)


def _files(argv: list[str]) -> list[Path]:
    """The files through which the client spoke to us: connection file, and sockets where they are files."""
    found = [Path(argv[at + 1]) for at, word in enumerate(argv[:-1]) if word == "-f"]
    for path in list(found):
        with contextlib.suppress(OSError, ValueError, KeyError):
            connection = json.loads(path.read_text(encoding="utf-8"))
            if connection["transport"] == "ipc":
                ports = [value for name, value in connection.items() if name.endswith("_port")]
                found += [Path(f"{connection['ip']}-{port}") for port in ports]
    return found
