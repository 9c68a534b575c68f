"""Tools for workshops on business and human rights: worksheets, sessions, summaries, the programme's report.

The names that a notebook needs. Heavy parts are loaded when they are first used.
"""

from __future__ import annotations

import importlib
from typing import Any

_WHERE = {
    "Seat": "seats",
    "Workshop": "workshop",
    "analysis": "",
    "charts": "",
    "form": "widgets",
    "open_workshop": "workshop",
    "tables": "",
}

__all__ = ["Seat", "Workshop", "analysis", "charts", "form", "open_workshop", "tables"]
__version__ = "0.1.0"


def __getattr__(name: str) -> Any:
    if name not in _WHERE:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module = importlib.import_module(f".{_WHERE[name] or name}", __name__)
    return getattr(module, name) if _WHERE[name] else module


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
