"""Files that came back, all of them: judged, held against one another, and stored if that is wanted."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from spp_workshop.errors import Problem, SppError
from spp_workshop.workshop import Workshop

from .annotating import annotated
from .applying import apply
from .comparing import STORED, Judged, disagreeing, judge
from .exporting import FOLDER, write
from .opening import Returned, read_file

CHECKED = FOLDER / "checked"


@dataclass
class Outcome:
    """What came of the files: those that could be read, copies for the companies, and what was refused."""

    judged: list[Judged] = field(default_factory=list)
    copies: dict[str, Path] = field(default_factory=dict)
    refused: list[Problem] = field(default_factory=list)


def import_files(
    workshop: Workshop,
    files: Sequence[Path],
    *,
    company: str = "",
    store: bool = False,
    overwrite: bool = False,
    ask: Callable[[str], str] | None = None,
) -> Outcome:
    """Say what is in the files; with `store`, store what is good in them, each file whole or not at all.

    `company` says whose all of them are, where they do not say so. `ask` gives the password of a file.
    """
    reads = [partial(read_file, path, partial(ask, path.name) if ask else None) for path in files]
    return take_in(workshop, reads, company=company, store=store, overwrite=overwrite)


def take_in(
    workshop: Workshop,
    reads: Sequence[Callable[[], Returned]],
    *,
    company: str = "",
    store: bool = False,
    overwrite: bool = False,
) -> Outcome:
    """The same for files wherever they are: each of `reads` reads one, or raises SppError."""
    outcome = Outcome()
    for read in reads:
        try:
            outcome.judged.append(judge(workshop, read(), company=company, overwrite=overwrite))
        except SppError as error:
            outcome.refused += error.problems
    outcome.judged = disagreeing(outcome.judged)
    if store:
        outcome.judged = [apply(workshop, one) for one in outcome.judged]
    for one in outcome.judged:
        done = ("unchanged", *(STORED if store else ()))
        if any(told.name and told.state not in done for told in one.told):
            outcome.copies[one.file.name] = _copy(workshop, one)
    return outcome


def _copy(workshop: Workshop, judged: Judged) -> Path:
    folder = workshop.folder / CHECKED
    folder.mkdir(parents=True, exist_ok=True)
    name = f"{judged.company.folder_name}-{judged.file.digest[:8]}.xlsx"
    return write(folder / name, annotated(workshop, judged))
