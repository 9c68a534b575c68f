"""What a company's workbook holds, as data: sheets, lines, their ids, and what is written there already."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cached_property
from typing import Any

from spp_workshop.errors import Message
from spp_workshop.homework import company_worksheets, deadline
from spp_workshop.messages import Language
from spp_workshop.programme import Company, Programme, Session
from spp_workshop.rowcodes import codes
from spp_workshop.rows import Row, parent_row
from spp_workshop.seats import Seat
from spp_workshop.worksheet import ChoiceList, Field, Worksheet, ancestors
from spp_workshop.workshop import Workshop

from .columns import Column, Display, columns_of
from .stamps import Stamp
from .wording import Wording

# Lines of a list that are there to be filled in: as many as are left of these, and no fewer than the next.
LINES, ROOM = 10, 5

# Lines at the end of a list that others belong to: another action for the same risk.
MORE = 4


@dataclass(frozen=True)
class Mark:
    """What became of a cell that came back, and why: for the copy that a company gets."""

    state: str
    reason: Message | None = None


@dataclass(frozen=True)
class Line:
    """One row of a list (or the one of a single answer): its id, number and answers, and those before it.

    A `reserved` one is not stored anywhere yet: its id waits for whoever writes into it. With
    `given`, what a cell shows in place of its answer: what was sent, and could not be read.
    """

    row: str
    number: str = ""
    revision: int = 0
    status: str = ""
    answers: Mapping[str, Any] = field(default_factory=dict)
    carried: Mapping[str, Any] = field(default_factory=dict)
    given: Mapping[str, Any] = field(default_factory=dict)
    marks: Mapping[str, Mark] = field(default_factory=dict)
    reserved: bool = False


@dataclass(frozen=True)
class Page:
    """One worksheet in a workbook."""

    sheet: Worksheet
    stamp: Stamp
    columns: Sequence[Column]
    lines: Sequence[Line]
    carried: Sequence[Field] = ()
    due: Session | None = None
    source: Worksheet | None = None
    more: int = 0


@dataclass(frozen=True)
class Book:
    """The workbook of a company."""

    company: Company
    programme: Programme
    stamp: Stamp
    pages: Sequence[Page]
    words: Wording
    choices: Mapping[str, ChoiceList]
    made: date

    @cached_property
    def display(self) -> Display:
        """What its cells show."""
        return Display(self.choices, self.words)

    @cached_property
    def codes(self) -> dict[str, str]:
        """By id the short codes of the rows that are stored, as they stand on paper."""
        lines = [line for page in self.pages if page.sheet.repeats for line in page.lines]
        return codes(line.row for line in lines if not line.reserved)


def plan(
    workshop: Workshop,
    company: Company,
    languages: Sequence[Language],
    *,
    session: str = "",
    export: str = "",
) -> Book:
    """The workbook of a company as of now, seen from the company's own seat.

    Raises SppError when there is no such session.
    """
    seated = workshop.seated(Seat.company(company.key), workshop.store.now)
    stamp = Stamp(
        workshop.programme.key, company.key, export or secrets.token_hex(4), languages=",".join(languages)
    )
    today = workshop.store.now().astimezone().date()
    lines: dict[str, list[Line]] = {}
    pages = []
    for sheet in company_worksheets(workshop, session):
        own = _stamp(stamp, sheet)
        lines[sheet.name] = _lines(seated, sheet, own, lines)
        page = _page(seated, sheet, own, lines[sheet.name])
        pages.append(replace(page, due=deadline(workshop.programme, sheet.name, today)))
    words = Wording(languages)
    return Book(company, workshop.programme, stamp, pages, words, workshop.choices, today)


def _stamp(stamp: Stamp, sheet: Worksheet) -> Stamp:
    return replace(stamp, worksheet=sheet.name, version=sheet.version)


def _page(seated: Workshop, sheet: Worksheet, stamp: Stamp, lines: Sequence[Line]) -> Page:
    if not sheet.repeats:
        stamp = replace(stamp, revision=lines[0].revision)
    sources = ancestors(sheet, seated.worksheets)
    return Page(
        sheet,
        stamp,
        columns_of(sheet, seated.choices, [line.answers for line in lines], stamp.languages),
        lines,
        carried=[next(one.by_name[name] for one in sources if name in one.by_name) for name in sheet.carries],
        source=sources[0] if sources else None,
        more=MORE if sources else 0,
    )


def _lines(
    seated: Workshop, sheet: Worksheet, stamp: Stamp, before: Mapping[str, Sequence[Line]]
) -> list[Line]:
    rows = seated.rows(sheet.name)
    if not sheet.repeats:
        return [line_of(rows[0] if rows else Row(""), "")]
    if sheet.rows_from:
        return carried_lines(rows, before.get(sheet.rows_from, ())) or _room(0, stamp, LINES)
    written = [line_of(row, str(number + 1)) for number, row in enumerate(rows)]
    return [*written, *_room(len(written), stamp, max(ROOM, LINES - len(written)))]


def _room(taken: int, stamp: Stamp, lines: int) -> list[Line]:
    return [Line(stamp.reserved(number), str(taken + number + 1), reserved=True) for number in range(lines)]


def carried_lines(rows: Sequence[Row], source: Sequence[Line]) -> list[Line]:
    """Lines of a list with the numbers of those that they come from: the same number is the same risk."""
    numbers = {line.row: line.number for line in source}
    found: list[Line] = []
    seen: dict[str, int] = {}
    for row in rows:
        # Without its source in the workbook, a row is numbered by its place.
        parent = parent_row(row.row, numbers) or row.row
        number = numbers.setdefault(parent, str(len(numbers) + 1))
        seen[parent] = seen.get(parent, 0) + 1
        found.append(line_of(row, number if seen[parent] == 1 else f"{number}-{seen[parent]}"))
    empty = [Line(line.row, line.number, reserved=line.reserved) for line in source if line.row not in seen]
    return [*found, *empty]


def line_of(row: Row, number: str) -> Line:
    """A row as a line of its list."""
    return Line(row.row, number, row.revision, row.status, row.answers, row.carried)
