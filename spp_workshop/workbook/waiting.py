"""Files that a facilitator hands on: looked at without anything that is stored, and kept for the custodian.

A facilitator's seat may neither see nor store what companies write. So a file is judged against an empty
store, which tells whose it is and what in it cannot be read, and nothing about the company's answers; then it
waits in the workshop folder for whoever keeps the records.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import sqlalchemy as sa

from spp_workshop.errors import AnswerError, Problem, message
from spp_workshop.schema import TABLES
from spp_workshop.seats import Seat
from spp_workshop.store import Store
from spp_workshop.workshop import Workshop

from .applying import FOLDER as IMPORTS
from .comparing import Judged
from .exporting import write

FOLDER = IMPORTS / "waiting"

# Some three times as many as a programme has companies.
_MOST = 300


@contextmanager
def without_answers(workshop: Workshop) -> Iterator[Workshop]:
    """The same programme and worksheets, in which nobody has written anything."""
    engine = sa.create_engine("sqlite://", isolation_level="AUTOCOMMIT")
    try:
        TABLES.create_all(engine)
        yield Workshop(
            workshop.folder,
            programme=workshop.programme,
            worksheets=workshop.worksheets,
            choices=workshop.choices,
            store=Store(engine, workshop.store.now),
            seat=Seat.custodian(),
            language=workshop.language,
        )
    finally:
        engine.dispose()


def hand_on(folder: Path, judged: Judged) -> Path:
    """Keep the file for the custodian, as it came. Raises AnswerError when too many wait already."""
    place = folder / FOLDER
    place.mkdir(mode=0o700, parents=True, exist_ok=True)
    if os.name == "posix":
        place.parent.chmod(0o700)
    file = place / f"{judged.company.folder_name}-{judged.file.digest[:16]}.{judged.file.ending}"
    if not file.exists() and len(list(place.iterdir())) >= _MOST:
        raise AnswerError(_full())
    return write(file, judged.file.content)


def waiting(folder: Path) -> list[Path]:
    """The files that wait, the oldest first."""
    place = folder / FOLDER
    files = [file for file in place.iterdir() if not file.name.startswith(".")] if place.is_dir() else []
    return sorted(files, key=lambda file: (file.stat().st_mtime, file.name))


def settle(file: Path) -> None:
    """It waits no more; it stays beside the files that were stored."""
    file.replace(file.parent.parent / file.name)


def _full() -> Problem:
    return Problem(
        "",
        "too_many_waiting",
        message("Too many files wait to be stored already."),
        message("Ask the person who keeps the records to store them, and try again."),
    )


__all__ = ["hand_on", "settle", "waiting", "without_answers"]
