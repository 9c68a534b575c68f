"""What a programme refers to and must find elsewhere: worksheets, and codes of the lists of choices.

Read from the file as it stands, so that what cannot be read in one place hides no problem in another.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from .documents import Document, Location, entries
from .errors import Problem, message
from .programme import did_you_mean
from .worksheet import ChoiceList

Reference = tuple[Location, str]


def check_worksheets(document: Document, names: Collection[str]) -> list[Problem]:
    """Every worksheet that the programme asks for and that is not among `names`."""
    return [
        Problem(
            document.where(location),
            "unknown_worksheet",
            message("There is no worksheet “{name}”.", name=name),
            did_you_mean(name, names),
        )
        for location, name in _asked_worksheets(document)
        if name not in names
    ]


def check_codes(document: Document, lists: Mapping[str, ChoiceList]) -> list[Problem]:
    """Every kind of agenda item and every sector that its list of choices does not have."""
    return [
        Problem(
            document.where(location),
            "unknown_choice",
            message("“{code}” is not in the list {name}.", code=code, name=name),
            did_you_mean(code, lists[name].codes),
        )
        for name, (location, code) in _used_codes(document)
        if name in lists and code not in lists[name].codes
    ]


def session_notebooks(document: Document) -> Iterator[Reference]:
    """The facilitator's notebook of every session."""
    for s, session in enumerate(_part(document, "sessions")):
        key = "notebook" if session.get("notebook") else "key"
        yield from _texts(session, key, ("sessions", s))


def _asked_worksheets(document: Document) -> Iterator[Reference]:
    for s, session in enumerate(_part(document, "sessions")):
        for i, item in enumerate(entries(session.get("agenda"))):
            yield from _texts(item, "worksheets", ("sessions", s, "agenda", i))
        for key in ("before", "after"):
            yield from _texts(session, key, ("sessions", s))


def _used_codes(document: Document) -> Iterator[tuple[str, Reference]]:
    for c, company in enumerate(_part(document, "companies")):
        for reference in _texts(company, "sector", ("companies", c)):
            yield "sectors", reference
    for s, session in enumerate(_part(document, "sessions")):
        for i, item in enumerate(entries(session.get("agenda"))):
            for reference in _texts(item, "kind", ("sessions", s, "agenda", i)):
                yield "agenda_item_kinds", reference


def _part(document: Document, key: str) -> list[dict[str, Any]]:
    return entries(document.data.get(key)) if isinstance(document.data, dict) else []


def _texts(mapping: dict[str, Any], key: str, location: Location) -> Iterator[Reference]:
    """The text, or the texts, under a key; what is something else is told where the file is checked."""
    value = mapping.get(key)
    if isinstance(value, str) and value:
        yield (*location, key), value
    for index, text in enumerate(value if isinstance(value, list) else []):
        if isinstance(text, str):
            yield (*location, key, index), text


__all__ = ["check_codes", "check_worksheets", "session_notebooks"]
