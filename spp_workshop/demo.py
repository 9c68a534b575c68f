"""The demonstration: a whole made-up programme in a folder of its own."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from .documents import shipped
from .errors import Problem, SppError, message
from .folders import new_folder
from .programme import FILE, load
from .rehearsal import record
from .storefile import refuse_unsafe_place
from .workshop import STORE_FILE, open_workshop

TEMPLATE = "spp-2025"


def demo_folder(folder: Path) -> Path:
    """The folder with the demonstration, made if it is not there yet.

    Raises SppError when something else is there; that is left alone.
    """
    if (folder / FILE).is_file():
        if load(folder).key != load(shipped("programmes") / TEMPLATE).key:
            raise SppError(_taken(folder))
    elif folder.exists() and any(folder.iterdir()):
        raise SppError(_taken(folder))
    else:
        refuse_unsafe_place(folder / STORE_FILE)
        _make(folder)
    return folder


def _make(folder: Path) -> None:
    """In a folder beside it first; the programme comes last: where it is, the demonstration is whole."""
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="spp-demo-", dir=folder.resolve().parent) as beside:
        making = Path(beside)
        new_folder(making, TEMPLATE)
        workshop = open_workshop(making)
        record(workshop, shipped("programmes") / TEMPLATE / "answers")
        workshop.store.engine.dispose()
        for path in sorted(making.iterdir(), key=lambda path: path.name == FILE):
            shutil.move(path, folder / path.name)


def _taken(folder: Path) -> Problem:
    return Problem(
        str(folder),
        "folder_is_something_else",
        message("This folder holds something other than the demonstration; nothing in it was changed."),
        message("Name a new folder, for example: spp-workshop demo my-demo"),
    )


__all__ = ["demo_folder"]
