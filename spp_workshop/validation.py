"""Every problem of a workshop folder at once: its programme, all worksheets and all notebooks."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TypeVar, cast

from . import notebook_form
from .batch.summaries import REPORT, SUMMARY
from .cases import load_cases, load_guides
from .contacts import is_unwritten
from .documents import Document, read, shipped
from .errors import Problem, SppError, message
from .notebooks import (
    SESSION_PARAMETERS,
    check_parameters,
    find,
    own_notebooks,
    problems,
    shipped_notebooks,
)
from .programme import FILE, Programme, load
from .references import check_codes, check_worksheets, session_notebooks
from .worksheet import ChoiceList, load_choices, load_worksheets

T = TypeVar("T")


def validate(folder: Path) -> list[Problem]:
    """What has to be mended before this workshop is held. Nothing is written, and the store is not opened."""
    found: list[Problem] = []
    places = (shipped("worksheets"), folder / "worksheets")
    choices = [place / "choices" for place in places]
    lists = _attempt(found, lambda: load_choices(*choices))
    # A list that cannot be read is told once; that its worksheets need it is no second problem.
    named = lists or cast("dict[str, ChoiceList]", dict.fromkeys(_stems(*choices)))
    _attempt(found, lambda: load_worksheets(*places, lists=named))
    _attempt(found, lambda: load_cases(*(place / "cases" for place in places), lists=lists))
    _attempt(found, lambda: load_guides(*(place / "guides" for place in places)))
    document = _attempt(found, lambda: read(folder / FILE))
    if document:
        programme = _attempt(found, lambda: load(folder))
        found += _of_keeping(document, programme) if programme else ()
        found += check_worksheets(document, _stems(*places))
        found += check_codes(document, lists or {})
        found += _of_needed_notebooks(document, folder)
    return [*found, *_of_notebooks(folder)]


def _attempt(found: list[Problem], load_it: Callable[[], T]) -> T | None:
    try:
        return load_it()
    except SppError as error:
        found += error.problems
        return None


def _stems(*folders: Path) -> set[str]:
    return {path.stem for folder in folders for path in folder.glob("*.yaml")}


def _of_keeping(document: Document, programme: Programme) -> Iterator[Problem]:
    """What the notice would promise to participants, and cannot be meant."""
    if is_unwritten(document.data.get("contact")):
        yield Problem(
            document.where(("contact",)),
            "contact_unwritten",
            message("“contact” is still that of the template; it is printed nowhere."),
            message("Write whom to ask and how, or take the line away."),
        )
    if programme.kept_until and programme.kept_until < programme.period.end:
        yield Problem(
            document.where(("kept_until",)),
            "kept_too_short",
            message("By “kept_until”, answers would be erased before the programme ends."),
            message("Correct the date, or the period."),
        )


def _of_needed_notebooks(document: Document, folder: Path) -> Iterator[Problem]:
    """Of the notebooks that will be run: those that are not there, or do not take what they will be given."""
    for report in (SUMMARY, REPORT):
        yield from _of_needed(report.name, "", report.parameters, folder)
    for location, name in session_notebooks(document):
        yield from _of_needed(name, document.where(location), SESSION_PARAMETERS, folder)


def _of_needed(name: str, where: str, given: Iterable[str], folder: Path) -> Iterator[Problem]:
    try:
        path = find(name, folder)
    except SppError as error:
        yield from (problem.at(where) for problem in error.problems)
        return
    if problems(path, own=True):
        return  # They are told with all others, and its parameters may not be there to be read.
    try:
        check_parameters(
            notebook_form.read(path), dict.fromkeys(given, "text"), f"{path.parent.name}/{path.name}"
        )
    except SppError as error:
        yield from error.problems


def _of_notebooks(folder: Path) -> Iterator[Problem]:
    for path in shipped_notebooks():
        yield from problems(path)
    for path in own_notebooks(folder):
        yield from problems(path, own=True)


__all__ = ["validate"]
