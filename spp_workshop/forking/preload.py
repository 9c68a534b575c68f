"""What the fork server has imported, and whether that is still what lies on the disk.

Nothing here may start a thread, open a zmq context or keep a file open: a fork has none of the server's
threads, and shares what is open with all others.
"""

from __future__ import annotations

import importlib
import os
import sys
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
    "spp_workshop.forking.kernel",
    "sqlalchemy.dialects.sqlite",
    "sqlite3",
    "tornado.platform.asyncio",
    "yaml",
    "zmq.utils.garbage",
)

# What the imports left in the environment, and which matplotlibrc was read.
LEFT: dict[str, str] = {}
MATPLOTLIBRC: dict[str, str] = {}

_states: dict[str, tuple[int, int] | None] = {}


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
    # What it sets for its own charts is not for everybody's.
    with mpl.rc_context():
        warming.preload()
    LEFT.update({name: os.environ[name] for name in os.environ if name not in before})
    remember()


def remember() -> None:
    """Note what the imported modules were imported from."""
    MATPLOTLIBRC["read"] = mpl.matplotlib_fname()
    files = {getattr(module, "__file__", None) for module in list(sys.modules.values())}
    _states.update({path: _state(path) for path in files if path})


def folder(place: str) -> None:
    """Read what all documents of this workshop folder have in common, if it is one; no answer is among it."""
    if (Path(place) / programme.FILE).is_file():
        warming.preload_folder(Path(place))


def outdated() -> bool:
    """Whether a module has been changed since it was imported: then a new kernel would get the old one."""
    return any(_state(path) != state for path, state in _states.items())


def _state(path: str) -> tuple[int, int] | None:
    try:
        # For each of 1,400 modules before each fork: a Path would take four times as long.
        found = os.stat(path)  # noqa: PTH116
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size
