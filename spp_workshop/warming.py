"""What a document does for the first time in a process, done ahead: for a process whose forks make documents.

Nothing here reads an answer, starts a thread, or leaves a file, a connection or a figure open.
"""

from __future__ import annotations

from .cases import load_cases, load_guides
from .documents import shipped
from .worksheet import load_choices, load_worksheets


def preload() -> None:
    """Import what a summary and a report need, and make what is the same for all of them."""
    from . import analysis, charts, reports, workshop  # noqa: F401
    from .reports import company, programme  # noqa: F401

    _definitions()


def _definitions() -> None:
    """The files that come with the toolkit are read (`documents.keep`)."""
    worksheets = shipped("worksheets")
    lists = load_choices(worksheets / "choices")
    load_worksheets(worksheets, lists=lists)
    load_cases(worksheets / "cases", lists=lists)
    load_guides(worksheets / "guides")


__all__ = ["preload"]
