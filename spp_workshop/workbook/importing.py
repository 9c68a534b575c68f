"""Files that came back, all of them: judged, held against one another, and stored if that is wanted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

from spp_workshop.errors import Problem, SppError
from spp_workshop.plain_text import without_controls
from spp_workshop.spreadsheets.opening import Returned, read_file
from spp_workshop.workshop import Workshop

from .annotating import annotated
from .applying import apply
from .comparing import STORED, Judged, disagreeing, judge
from .exporting import FOLDER, write
from .exports import is_export
from .submitted import Submitted, judge_submissions

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
    outcome = Outcome()
    read: list[Returned] = []
    for path, name in zip(files, _called(files), strict=True):
        try:
            file = read_file(path, partial(ask, name) if ask else None)
            read.append(replace(file, name=name))
        except SppError as error:
            outcome.refused += [problem.at(name) for problem in error.problems]
    outcome.judged, refused = judged_files(workshop, read, company=company, overwrite=overwrite)
    outcome.refused += refused
    if store:
        outcome.judged = [apply(workshop, one) for one in outcome.judged]
    for one in outcome.judged:
        # Of a form tool's export there is none: the company never had a workbook that could be marked.
        if not isinstance(one, Submitted) and has_to_be_seen(one, stored=store):
            outcome.copies[one.file.name] = marked_copy(workshop, one)
    return outcome


def _called(files: Sequence[Path]) -> list[str]:
    """What each file is called in what is said of it: by its path, where another one has the same name.

    A name that somebody has chosen reaches a terminal, where control characters would be orders.
    """
    alike = Counter(path.name for path in files)
    names = [path.name if alike[path.name] == 1 else str(path) for path in files]
    return [" ".join(without_controls(name).split()) for name in names]


def judged_files(
    workshop: Workshop, files: Sequence[Returned], *, company: str = "", overwrite: bool = False
) -> tuple[list[Judged], list[Problem]]:
    """What is in the files, held against one another, and what was refused: workbooks of companies, and
    exports of form tools with the submissions of many."""
    judged: list[Judged] = []
    refused: list[Problem] = []
    exports = [file for file in files if is_export(file.grids)]
    for file in files:
        if file not in exports:
            try:
                judged.append(judge(workshop, file, company=company, overwrite=overwrite))
            except SppError as error:
                refused += error.problems
    if exports:
        try:
            found, told = judge_submissions(workshop, exports, company=company, overwrite=overwrite)
            judged, refused = [*judged, *found], [*refused, *told]
        except SppError as error:
            refused += error.problems
    return disagreeing(judged), refused


def has_to_be_seen(judged: Judged, *, stored: bool) -> bool:
    """Whether there is something that the company should look at."""
    done = ("unchanged", *(STORED if stored else ()))
    return any(told.name and told.state not in done for told in judged.told)


def marked_copy(workshop: Workshop, judged: Judged) -> Path:
    """The copy for the company, as a file in the workshop folder."""
    folder = workshop.folder / CHECKED
    folder.mkdir(parents=True, exist_ok=True)
    name = f"{judged.company.folder_name}-{judged.file.digest[:8]}.xlsx"
    return write(folder / name, annotated(workshop, judged))
