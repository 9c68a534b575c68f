"""What is said of a file that came back, as a page shows it: by sheet, in both languages, worst things first.

The company itself, or whoever keeps the records, sees it; answers are in it only where both are asked for.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

from spp_workshop import answers as answer_rules
from spp_workshop.errors import Message, message
from spp_workshop.forms.words import both
from spp_workshop.messages import LANGUAGES
from spp_workshop.spreadsheets.opening import Unreadable
from spp_workshop.workshop import Workshop

from .columns import Display, shows
from .comparing import STORED, Judged, Told
from .states import LISTED
from .telling import counts
from .wording import Wording

Json = dict[str, Any]

# What somebody has to look at; a sheet that has some stands open.
URGENT = ("wrong", "conflict", "incomplete")

# Lines told of one file, and letters told of one answer: more is for a program, not for a person.
MOST_LINES, MOST_LETTERS = 500, 300


def only(judged: Judged, worksheets: Iterable[str]) -> Judged:
    """The same, where sheets of no other worksheets than these are read; each of the others is told once."""
    open_ones = set(worksheets)
    told, closed = list[Told](), set[str]()
    for one in judged.told:
        if not one.worksheet or one.worksheet in open_ones:
            told.append(one)
        elif one.worksheet not in closed and one.state != "unchanged":
            closed.add(one.worksheet)
            told.append(Told(one.page, "", "ignored", one.worksheet, reason=_not_here()))
    return replace(judged, told=told, finished=judged.finished & open_ones)


def found(workshop: Workshop, judged: Judged, *, values: bool = False) -> Json:
    """A file as a page shows it: `file`, `company`, `counts`, `sheets`, `more`, and how much can be stored.

    A sheet has its `title` and its `lines`, each with cell, state, question and reason; with `values` also
    what the file says and what is stored, where that is of use.
    """
    told = [one for state in LISTED for one in judged.told if one.state == state]
    numbers = counts(judged)
    return {
        "file": judged.file.name,
        "company": both(judged.company.name),
        "counts": [{"state": state, "count": count} for state, count in numbers.items() if count],
        "storable": sum(numbers[state] for state in STORED),
        "conflicts": numbers["conflict"],
        "finished": bool(judged.finished),
        "sheets": _by_sheet(workshop, judged, told[:MOST_LINES], values),
        "more": max(0, len(told) - MOST_LINES),
    }


def _by_sheet(workshop: Workshop, judged: Judged, told: Sequence[Told], values: bool) -> list[Json]:
    """In the order of the workbook."""
    pages = dict.fromkeys(one.page for one in judged.told)
    by_page: dict[str, list[Told]] = {page: [] for page in pages}
    for one in told:
        by_page[one.page].append(one)
    displays = {
        language: Display(workshop.choices, Wording([language])) for language in LANGUAGES
    }  # each keeps the labels that it has looked up
    return [
        {
            "title": page,
            "urgent": any(one.state in URGENT for one in lines),
            "lines": [_line(workshop, one, displays, values) for one in lines],
        }
        for page, lines in by_page.items()
        if lines
    ]


def _line(workshop: Workshop, told: Told, displays: dict[Any, Display], values: bool) -> Json:
    sheet = workshop.worksheets.get(told.worksheet)
    field = sheet.by_name.get(answer_rules.original(told.name)) if sheet and told.name else None
    reasons = [both(one) for one in (told.reason, _remedy(told)) if one is not None]
    line: Json = {
        "cell": told.cell,
        "state": told.state,
        "question": both(field.label) if field else None,
        "reason": {
            language: ("" if language == "ja" else " ").join(one[language] for one in reasons)
            for language in LANGUAGES
        },
    }
    if values and field:
        given = _sent(told) if told.state == "wrong" else _shown(field, told.value, displays)
        line["given"] = given if told.state in ("new", "changed", "wrong", "conflict") else None
        line["stored"] = (
            _shown(field, told.stored, displays) if told.state in ("changed", "cleared", "conflict") else None
        )
    return line


def _remedy(told: Told) -> Message | None:
    """How to mend it; what to do about a conflict is asked right there."""
    return None if told.state == "conflict" else told.remedy


def _sent(told: Told) -> Json | None:
    """What stands in a cell that could not be read."""
    if told.shown is None or isinstance(told.shown, Unreadable):
        return None
    return dict.fromkeys(LANGUAGES, _short(shows(told.shown)))


def _shown(field: Any, value: Any, displays: dict[Any, Display]) -> Json | None:
    """An answer as people read it."""
    if value is None:
        return None
    return {
        language: _short(_worded(field, value, display, language)) for language, display in displays.items()
    }


def _worded(field: Any, value: Any, display: Display, language: str) -> str:
    if field.kind == "select_multiple":
        labels = display.labels(field.list_name)
        return ("、" if language == "ja" else ", ").join(str(labels.get(code, code)) for code in value)
    return str(shows(display.value(field, value)))


def _short(value: Any) -> str:
    text = str(value)
    return text if len(text) <= MOST_LETTERS else text[: MOST_LETTERS - 1] + "…"


def _not_here() -> Message:
    return message("This sheet is not filled in here; nothing in it was read.")


__all__ = ["found", "only"]
