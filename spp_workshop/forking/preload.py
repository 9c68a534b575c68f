"""What the fork server has imported, and whether that is still what lies on the disk.

Nothing here may start a thread, open a zmq context or keep a file open: a fork has none of the server's
threads, and shares what is open with all others.
"""

from __future__ import annotations

import gc
import importlib
import math
import os
import sys
import sysconfig
import time
from collections.abc import Callable
from pathlib import Path

import matplotlib as mpl
from matplotlib.backends.registry import backend_registry

from spp_workshop import programme, warming

# The debugger is among them: a kernel that imports it anew needs half a second.
MODULES = (
    "IPython.core.completerlib",
    "IPython.core.debugger",
    "IPython.core.logger",
    "IPython.core.oinspect",
    "IPython.core.pylabtools",
    "IPython.extensions.storemagic",
    "IPython.utils.wildcard",
    "anywidget",
    "debugpy",
    "faulthandler",
    "ipykernel.debugger",
    "ipykernel.kernelapp",
    "ipywidgets",
    "jinja2",
    "matplotlib.backends.backend_agg",
    "matplotlib.pyplot",
    "matplotlib_inline.config",
    "pandas",
    "pandas.io.formats.style",
    "pdb",
    "runpy",
    "spp_workshop.forking.piped",
    "sqlalchemy.dialects.sqlite",
    "sqlite3",
    "tornado.platform.asyncio",
    "yaml",
    "zmq.utils.garbage",
)

# What the imports left in the environment, and which matplotlibrc was read.
LEFT: dict[str, str] = {}
MATPLOTLIBRC: dict[str, str] = {}

# The files of what is imported, for the debugger: not our own.
FILES: list[str] = []

# The states of files: of what was installed, and of all else, which people edit.
State = tuple[int, int] | None
_installed: dict[str, State] = {}
_states: dict[str, State] = {}
_INSTALLED = tuple(f"{sysconfig.get_path(kind)}{os.sep}" for kind in ("stdlib", "purelib", "platlib"))

# Seconds between two looks at what rarely changes, and when it was last looked at.
_OFTEN = 1.0
_looked_at: dict[str, float] = {}


def everything(still_wanted: Callable[[], bool] = lambda: True) -> None:
    """Import all of it, as long as it is wanted; what is not installed is left out."""
    before = set(os.environ)
    for name in filter(lambda _: still_wanted(), MODULES):
        try:
            importlib.import_module(name)
        except ImportError:
            continue
    if not still_wanted():
        return
    # Else every kernel looks for backends among all that is installed.
    backend_registry.list_all()
    # What is imported is no garbage: to look for some among it later would take a tenth of a second.
    gc.freeze()
    # What it sets for its own charts is not for everybody's.
    with mpl.rc_context():
        warming.preload()
    _look_at_sockets()
    LEFT.update({name: os.environ[name] for name in os.environ if name not in before})
    remember()


def _look_at_sockets() -> None:
    """zmq asks these classes for annotations; to say that it has none, each forgets what it knew of itself.

    `typing.Generic` is among them, and with it every class that is derived from it.
    """
    if zmq := sys.modules.get("zmq"):
        for base in {*zmq.Context.__mro__, *zmq.Socket.__mro__}:
            getattr(base, "__annotations__", None)


def remember() -> None:
    """Note what the imported modules were imported from."""
    MATPLOTLIBRC["read"] = mpl.matplotlib_fname()
    files = {getattr(module, "__file__", None) for module in list(sys.modules.values())}
    FILES[:] = sorted(filter(None, files))
    for path in FILES:
        (_installed if path.startswith(_INSTALLED) else _states)[path] = _state(path)
    _due("installed")


def folder(place: str) -> None:
    """Read what all documents of this workshop folder have in common, if it is one; no answer is among it.

    A kernel reads anew what has changed since.
    """
    if _due(place) and (Path(place) / programme.FILE).is_file():
        warming.preload_folder(Path(place))


def outdated() -> bool:
    """Whether a module has been changed since it was imported: then a new kernel would get the old one.

    What was installed is not looked at before each fork: 1,300 files, which takes longer than the fork.
    """
    looked_at = [_states, _installed] if _due("installed") else [_states]
    return any(_state(path) != state for states in looked_at for path, state in states.items())


def _due(what: str) -> bool:
    """Whether it was last looked at more than a second ago; if so, it is now."""
    now = time.monotonic()
    due = now - _looked_at.get(what, -math.inf) > _OFTEN
    if due:
        _looked_at[what] = now
    return due


def _state(path: str) -> State:
    try:
        # A Path would take four times as long.
        found = os.stat(path)  # noqa: PTH116
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size
