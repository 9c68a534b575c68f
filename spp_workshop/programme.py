"""A programme: a year's run of sessions with its companies, read from `programme.yaml` and checked.

Clock times are never written twice: they follow from a session's start and the minutes of its agenda items.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from contextlib import suppress
from datetime import date, datetime, time, timedelta
from difflib import get_close_matches
from functools import cached_property
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

from pydantic import BeforeValidator, Field, ValidationError, field_validator
from pydantic_core import PydanticCustomError

from .contacts import Contact
from .documents import Document, Model, by_line, entries, keep, parse, read, rule_error
from .errors import DefinitionError, Message, Problem, SppError, message
from .names import safe_name
from .worksheet import Code, Text, Words

FILE = "programme.yaml"


def _written_as(pattern: str, rule: str) -> BeforeValidator:
    # pydantic alone would read a bare number as seconds since 1970.
    def check(value: Any) -> Any:
        if isinstance(value, date | time):
            return value
        if not isinstance(value, str) or not re.fullmatch(pattern, value):
            raise PydanticCustomError(rule, "unreadable")
        return value.rjust(5, "0")

    return BeforeValidator(check)


Day = Annotated[date, _written_as(r"\d{4}-\d{2}-\d{2}", "date_parsing")]
Clock = Annotated[time, _written_as(r"\d{1,2}:\d{2}", "time_parsing")]
Part = Literal["hrdd", "grievance", "closing"]
Method = Literal["online", "in_person", "mixed"]


class Period(Model):
    """The first and the last day of a programme."""

    start: Day
    end: Day


class Company(Model):
    """A company that has enrolled. Its key is any text, so a path is made of `folder_name` only."""

    key: Words
    name: Text
    sector: str = ""
    products: Text | None = None
    countries: tuple[str, ...] = ("JP",)
    size: int | None = Field(default=None, gt=0)

    @property
    def folder_name(self) -> str:
        """A file name for this company: safe on every system, and no other company's."""
        return safe_name(self.key)

    @field_validator("key")
    @classmethod
    def _key_can_be_printed(cls, value: str) -> str:
        if any(unicodedata.category(character) in ("Cc", "Cs", "Zl", "Zp") for character in value):
            raise rule_error(
                "unprintable_key",
                message("The key of this company has a character that cannot be seen."),
                message("Type the key again; best are small letters and digits."),
            )
        return value

    @field_validator("countries")
    @classmethod
    def _countries_are_codes(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for country in value:
            if not re.fullmatch("[A-Z]{2}", country):
                raise rule_error(
                    "country_code",
                    message("“{country}” is not the code of a country.", country=country),
                    message("Write two capital letters, such as JP or VN."),
                )
        return value


class AgendaItem(Model):
    """One item of a session's agenda; those that are `published` stand in the report's main programme."""

    key: Code
    kind: str
    minutes: int = Field(gt=0)
    title: Text
    lead: Text | None = None
    worksheets: tuple[str, ...] = ()
    materials: tuple[Text, ...] = ()
    published: bool = True


class TimedItem(AgendaItem):
    """An agenda item with the clock times at which it begins and ends."""

    start: time
    end: time


class Group(Model):
    """Companies that work together in one session, as planned; who came stands in the attendance."""

    key: Code
    name: Text
    companies: tuple[str, ...] = ()
    facilitator: Text | None = None


class Session(Model):
    """One day of a programme."""

    key: Code
    part: Part
    title: Text
    date: Day
    start: Clock
    end: Clock
    method: Method
    platform: str = ""
    venue: Text | None = None
    link: str = ""
    notebook: str = ""
    agenda: tuple[AgendaItem, ...]
    groups: tuple[Group, ...] = ()
    before: tuple[str, ...] = ()
    after: tuple[str, ...] = ()

    @property
    def notebook_name(self) -> str:
        """The facilitator's notebook of this session, without its ending."""
        return self.notebook or self.key

    @property
    def minutes(self) -> int:
        """The length of the session by its start and end."""
        return _minutes_of_day(self.end) - _minutes_of_day(self.start)

    @property
    def worksheets(self) -> list[str]:
        """Every worksheet that belongs to the session: before, at and after it, each once."""
        at_work = [name for item in self.agenda for name in item.worksheets]
        return list(dict.fromkeys([*self.before, *at_work, *self.after]))

    def items(self) -> list[TimedItem]:
        """The agenda with clock times: an item begins when the one before it ends."""
        timed = []
        moment = datetime.combine(self.date, self.start)
        for item in self.agenda:
            end = moment + timedelta(minutes=item.minutes)
            timed.append(TimedItem(**dict(item), start=moment.time(), end=end.time()))
            moment = end
        return timed

    def item(self, key: str) -> TimedItem:
        """One agenda item. Raises SppError when there is none of that key."""
        return _find(self.items(), key, message("There is no agenda item “{key}” in this session.", key=key))


class Programme(Model):
    """A year's run: who organises it, whom to ask and how long answers are kept, companies, sessions."""

    key: Words
    title: Text
    subtitle: Text | None = None
    organiser: Text
    cooperating: tuple[Text, ...] = ()
    members: tuple[Text, ...] = ()
    purpose: Text
    activities: Text
    plans: Text
    fictional: Text | None = None
    contact: Contact = None
    kept_until: Day | None = None
    period: Period
    companies: tuple[Company, ...] = ()
    sessions: tuple[Session, ...]

    def company(self, key: str) -> Company:
        """One company. Raises SppError when no company of that key has enrolled."""
        return _find(self.companies, key, message("There is no company “{key}” in this programme.", key=key))

    def session(self, key: str) -> Session:
        """One session. Raises SppError when there is none of that key."""
        return _find(self.sessions, key, message("There is no session “{key}” in this programme.", key=key))

    def groups_of(self, company: str) -> frozenset[str]:
        """The groups in which a company sits, each as `SESSION.GROUP`."""
        return self._seating.get(company, frozenset())

    @cached_property
    def _seating(self) -> dict[str, frozenset[str]]:
        groups = [(f"{day.key}.{group.key}", group) for day in self.sessions for group in day.groups]
        found: dict[str, set[str]] = {}
        for name, group in groups:
            for company in group.companies:
                found.setdefault(company, set()).add(name)
        return {company: frozenset(names) for company, names in found.items()}

    def as_of(self, day: str | None, today: date) -> date:
        """The day as of which a document speaks: the one that is asked for, else today.

        A programme that is over is told as of its last day, so its documents stay as they are. Raises
        SppError when `day` is no date.
        """
        if not day:
            return min(today, self.period.end)
        try:
            return date.fromisoformat(day)
        except ValueError:
            raise SppError(_not_a_day(day)) from None


def load(path: Path) -> Programme:
    """The programme of a file, or of the `programme.yaml` in a folder.

    Raises DefinitionError with every problem of the file at once.
    """
    file = path / FILE if path.is_dir() else path
    return keep(file, "programme", lambda: _load(file))


def _load(file: Path) -> Programme:
    document = read(file)
    problems = list(_checks(document))
    try:
        programme = parse(Programme, document)
    except DefinitionError as error:
        raise DefinitionError(by_line([*error.problems, *problems])) from None
    if problems:
        raise DefinitionError(by_line(problems))
    return programme


def folder_names(programme: Programme) -> dict[str, str]:
    """For every company's key a safe file name; it stays the same whoever else joins or leaves."""
    return {company.key: company.folder_name for company in programme.companies}


# --- Checks within the file: of all that can be read, so that one broken line hides no other problem --------

M = TypeVar("M", bound=Model)
Location = tuple[str | int, ...]


def _checks(document: Document) -> Iterator[Problem]:
    data = document.data if isinstance(document.data, dict) else {}
    companies, sessions = entries(data.get("companies")), entries(data.get("sessions"))
    yield from _distinct(document, ("companies",), companies)
    yield from _distinct(document, ("sessions",), sessions)
    for index, session in enumerate(sessions):
        for part in ("agenda", "groups"):
            yield from _distinct(document, ("sessions", index, part), entries(session.get(part)))
        yield from _known_companies(document, index, session, [one.get("key") for one in companies])
    readable = _readable(Session, sessions)
    for index, one in readable.items():
        yield from _lasts_as_long_as_its_items(document.where(("sessions", index, "agenda")), one)
    yield from _in_order(document, readable)
    for period in _readable(Period, [data.get("period")]).values():
        yield from _within(document, period, readable)


def _distinct(document: Document, location: Location, listed: list[dict[str, Any]]) -> Iterator[Problem]:
    seen: set[str] = set()
    for index, key in enumerate(str(entry.get("key", "")).strip() for entry in listed):
        if key and key in seen:
            yield Problem(
                document.where((*location, index, "key")),
                "duplicate_key",
                message("“{key}” is the key of an entry above already.", key=key),
                message("Give one of them another key."),
            )
        seen.add(key)


def _known_companies(
    document: Document, index: int, session: dict[str, Any], known: list[Any]
) -> Iterator[Problem]:
    placed: set[str] = set()
    for g, group in enumerate(entries(session.get("groups"))):
        for c, key in enumerate(_listed(group.get("companies"))):
            where = document.where(("sessions", index, "groups", g, "companies", c))
            if key not in known:
                wrong = message("There is no company “{key}” in this programme.", key=key)
                yield Problem(where, "unknown_company", wrong, did_you_mean(str(key), map(str, known)))
            elif key in placed:
                wrong = message("The company “{key}” is in two groups of this session.", key=key)
                yield Problem(where, "company_in_two_groups", wrong, message("Take it out of one of them."))
            placed.add(str(key))


def _lasts_as_long_as_its_items(where: str, session: Session) -> Iterator[Problem]:
    planned = sum(item.minutes for item in session.agenda)
    if session.minutes <= 0:
        wrong = message("The session “{key}” ends before it starts.", key=session.key)
        yield Problem(where, "end_before_start", wrong, message("Correct “start” or “end”."))
    elif planned != session.minutes:
        wrong = message(
            "The items of “{key}” take {planned} minutes, but the session lasts {length}.",
            key=session.key,
            planned=planned,
            length=session.minutes,
        )
        yield Problem(where, "minutes_do_not_add_up", wrong, _give_or_take(session.minutes - planned))


def _give_or_take(minutes: int) -> Message:
    if minutes > 0:
        return message("Give the items {minutes} minutes more, or correct “start” or “end”.", minutes=minutes)
    return message("Take {minutes} minutes from the items, or correct “start” or “end”.", minutes=-minutes)


def _in_order(document: Document, sessions: dict[int, Session]) -> Iterator[Problem]:
    for (_, earlier), (index, later) in pairwise(sessions.items()):
        if (later.date, later.start) < (earlier.date, earlier.start):
            yield Problem(
                document.where(("sessions", index, "date")),
                "out_of_order",
                message(
                    "The session “{later}” stands after “{earlier}”, but is held before it.",
                    later=later.key,
                    earlier=earlier.key,
                ),
                message("Put the sessions in the order of their dates, or correct the date."),
            )


def _within(document: Document, period: Period, sessions: dict[int, Session]) -> Iterator[Problem]:
    if period.end < period.start:
        wrong = message("The programme ends before it starts.")
        where = document.where(("period", "end"))
        yield Problem(where, "end_before_start", wrong, message("Correct “start” or “end”."))
        return
    for index, session in sessions.items():
        if not period.start <= session.date <= period.end:
            wrong = message("The session “{key}” is not within the period of the programme.", key=session.key)
            where = document.where(("sessions", index, "date"))
            yield Problem(where, "outside_period", wrong, message("Correct its date, or the period above."))


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _readable(model: type[M], entries: list[Any]) -> dict[int, M]:
    readable = {}
    for index, entry in enumerate(entries):
        with suppress(ValidationError):
            readable[index] = model.model_validate(entry)
    return readable


def _minutes_of_day(moment: time) -> int:
    return moment.hour * 60 + moment.minute


K = TypeVar("K", Company, Session, TimedItem)


def _find(entries: Iterable[K], key: str, unknown: Message) -> K:
    by_key = {entry.key: entry for entry in entries}
    if key not in by_key:
        raise SppError(Problem("", "unknown_key", unknown, did_you_mean(key, by_key)))
    return by_key[key]


def did_you_mean(word: str, known: Iterable[str]) -> Message:
    """The remedy for a name that is not known: the nearest that is, or all there are."""
    names = sorted(known)
    close = get_close_matches(word, names, 1)
    if close:
        return message("Did you mean “{close}”?", close=close[0])
    return message("Use one of: {names}.", names=names) if names else message("There is none yet: add one.")


__all__ = ["AgendaItem", "Company", "Group", "Programme", "Session", "did_you_mean", "folder_names", "load"]


def _not_a_day(text: str) -> Problem:
    return Problem(
        "",
        "not_a_day",
        message("“{text}” is not a date.", text=text),
        message("Write a date as 2026-01-20."),
    )
