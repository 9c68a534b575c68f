"""What is good in a file that came back is stored: all of it or nothing, with the file's checksum as source.

The file itself is kept as it came, for whoever asks later what a company sent. Applying a file twice changes
nothing.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from spp_workshop import answers as answer_rules
from spp_workshop.errors import ConflictError
from spp_workshop.seats import Seat
from spp_workshop.workshop import Workshop

from .comparing import Judged, Told
from .exporting import write

FOLDER = Path("imports")


def apply(workshop: Workshop, judged: Judged) -> Judged:
    """Store what can be stored, as the company; and say of finished sheets what still keeps them open.

    A person of the company who does so has it in that person's name.
    """
    keep(workshop.folder, judged)
    seated = workshop
    if workshop.seat.company_key != judged.company.key:
        seated = workshop.seated(Seat.company(judged.company.key), workshop.store.now)
    with workshop.store.transactions.writing():
        disputed = [
            told
            for (sheet, row), changes in judged.changes().items()
            for told in _save(seated, judged, sheet, row, changes)
        ]
        incomplete = [told for sheet in sorted(judged.finished) for told in _submit(seated, judged, sheet)]
    told = [one for one in judged.told if not any(_is_same(one, other) for other in disputed)]
    return replace(judged, told=[*told, *disputed, *incomplete])


def keep(folder: Path, judged: Judged) -> Path:
    """The file as it came, under its checksum, for the owner of the workshop folder alone; and others that
    belong to it."""
    place = folder / FOLDER
    place.mkdir(mode=0o700, exist_ok=True)
    if os.name == "posix":
        place.chmod(0o700)
    for file in (judged.file, *judged.also):
        kept = place / f"{file.digest}.{file.ending}"
        if not kept.exists():
            write(kept, file.content)
    return place / f"{judged.file.digest}.{judged.file.ending}"


def _save(seated: Workshop, judged: Judged, sheet: str, row: str, changes: Mapping[str, Any]) -> list[Told]:
    """Store the answers of a row; those that somebody changed in this very moment are told as conflicts."""
    left, disputed = dict(changes), list[Told]()
    based_on = judged.based_on.get((sheet, row), 0)
    while left:
        try:
            saved = seated.save(sheet, left, row=row, based_on=based_on, source=judged.source)
        except ConflictError as error:
            disputed += [replace(one, state="conflict") for one in _told(judged, sheet, row, error.theirs)]
            left = {name: value for name, value in left.items() if name not in error.theirs}
        else:
            if not saved.answers:
                # Whoever empties a line means that it is no longer there.
                seated.withdraw(sheet, "", row)
            break
    return disputed


def _told(judged: Judged, sheet: str, row: str, names: Mapping[str, Any]) -> list[Told]:
    return [one for one in judged.told if (one.worksheet, one.row) == (sheet, row) and one.name in names]


def _is_same(one: Told, other: Told) -> bool:
    return (one.worksheet, one.row, one.name) == (other.worksheet, other.row, other.name)


def _submit(seated: Workshop, judged: Judged, name: str) -> list[Told]:
    """Submit the rows of a finished sheet, unless one of its cells is open; what is missing is told."""
    told = {(one.row, one.name): one for one in judged.told if one.worksheet == name}
    if any(one.state in ("wrong", "conflict") for one in told.values()):
        return []
    rows = [row for row in seated.rows(name) if row.revision and row.status == "draft"]
    sheet, page = seated.worksheet(name), next((one.page for one in told.values()), "")
    missing = []
    for row in rows:
        for problem in answer_rules.check(sheet, row.answers):
            cell = told.get((row.row, problem.field))
            place = (cell.page, cell.cell) if cell else (page, "")
            missing.append(
                Told(
                    *place,
                    "incomplete",
                    name,
                    row.row,
                    problem.field,
                    cell.part if cell else "",
                    problem.message,
                    problem.remedy,
                )
            )
    for row in rows if not missing else []:
        seated.submit(name, row=row.row)
    return missing


__all__ = ["apply", "keep"]
