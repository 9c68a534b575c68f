"""What a programme refers to and must find elsewhere: worksheets, and codes of the lists of choices."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping

from .errors import Problem, message
from .programme import Location, Programme, did_you_mean
from .worksheet import ChoiceList


def check_worksheets(programme: Programme, names: Collection[str]) -> list[Problem]:
    """Every worksheet that the programme asks for and that is not among `names`."""
    return [
        Problem(
            programme.where(*location),
            "unknown_worksheet",
            message("There is no worksheet “{name}”.", name=name),
            did_you_mean(name, names),
        )
        for location, name in _asked_worksheets(programme)
        if name not in names
    ]


def check_codes(programme: Programme, lists: Mapping[str, ChoiceList]) -> list[Problem]:
    """Every kind of agenda item and every sector that its list of choices does not have."""
    return [
        Problem(
            programme.where(*location),
            "unknown_choice",
            message("“{code}” is not in the list {name}.", code=code, name=name),
            did_you_mean(code, lists[name].codes),
        )
        for location, name, code in _used_codes(programme)
        if name in lists and code not in lists[name].codes
    ]


def _asked_worksheets(programme: Programme) -> Iterator[tuple[Location, str]]:
    for s, session in enumerate(programme.sessions):
        for i, item in enumerate(session.agenda):
            for w, name in enumerate(item.worksheets):
                yield ("sessions", s, "agenda", i, "worksheets", w), name
        for key in ("before", "after"):
            for w, name in enumerate(getattr(session, key)):
                yield ("sessions", s, key, w), name


def _used_codes(programme: Programme) -> Iterator[tuple[Location, str, str]]:
    for c, company in enumerate(programme.companies):
        if company.sector:
            yield ("companies", c, "sector"), "sectors", company.sector
    for s, session in enumerate(programme.sessions):
        for i, item in enumerate(session.agenda):
            yield ("sessions", s, "agenda", i, "kind"), "agenda_item_kinds", item.kind


__all__ = ["check_codes", "check_worksheets"]
