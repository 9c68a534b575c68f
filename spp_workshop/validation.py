"""Every problem of a workshop folder at once: its programme, all worksheets and all notebooks."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar, cast

from .cases import load_cases, load_guides
from .documents import shipped
from .errors import Problem, SppError
from .notebooks import find, own_notebooks, problems, shipped_notebooks
from .programme import Programme, load
from .references import check_codes, check_worksheets
from .summaries import REPORT, SUMMARY
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
    programme = _attempt(found, lambda: load(folder))
    if programme:
        found += check_worksheets(programme, _stems(*places))
        found += check_codes(programme, lists or {})
        found += _missing_notebooks(programme, folder)
    return [*found, *_of_notebooks(folder)]


def _attempt(found: list[Problem], load_it: Callable[[], T]) -> T | None:
    try:
        return load_it()
    except SppError as error:
        found += error.problems
        return None


def _stems(*folders: Path) -> set[str]:
    return {path.stem for folder in folders for path in folder.glob("*.yaml")}


def _missing_notebooks(programme: Programme, folder: Path) -> Iterator[Problem]:
    needed = {
        session.notebook_name: programme.where("sessions", index, "notebook" if session.notebook else "key")
        for index, session in enumerate(programme.sessions)
    }
    for name, where in {SUMMARY.name: "", REPORT.name: "", **needed}.items():
        try:
            find(name, folder)
        except SppError as error:
            yield from (problem.at(where) for problem in error.problems)


def _of_notebooks(folder: Path) -> Iterator[Problem]:
    for path in shipped_notebooks():
        yield from problems(path)
    for path in own_notebooks(folder):
        yield from problems(path, own=True)


__all__ = ["validate"]
