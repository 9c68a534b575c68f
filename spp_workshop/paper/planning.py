"""What is printed for a session: who gets which worksheets, and what stands on them already.

A company gets its own worksheets and nothing of anybody else. Beside these a room needs the sheets of each
group, those of the facilitator, and one set for nobody in particular, to be copied: for whoever comes
unexpected, for a row more than was printed, and for slips without a name.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

from spp_workshop.forms.definitions import row_per_company
from spp_workshop.programme import Company, Group, Session
from spp_workshop.rowcodes import blank, codes
from spp_workshop.rows import Row
from spp_workshop.seats import Seat
from spp_workshop.visibility import BUILT_IN
from spp_workshop.workbook.plans import Line, carried_lines, line_of
from spp_workshop.worksheet import Field, Text, Worksheet, ancestors
from spp_workshop.workshop import Workshop

Audience = Literal["company", "group", "facilitator", "anybody"]

# Rows to be filled in at the end of a list; of one with few questions there are twice as many.
ROOM, FEW = 2, 4

# Further rows about something that is carried forward: another action for the same risk.
MORE = 1

# A list of nothing but short answers, and of no more than these, is a table; another has a block for a row.
WIDEST = 5
_SHORT = ("integer", "decimal", "date", "acknowledge")


@dataclass(frozen=True)
class PaperSheet:
    """One worksheet on paper: its lines, and how many there are for more of the same."""

    sheet: Worksheet
    lines: Sequence[Line]
    carried: Sequence[Field] = ()
    source: Worksheet | None = None
    more: int = 0

    @property
    def is_table(self) -> bool:
        """Whether the rows stand below one another in a table."""
        questions = self.sheet.questions
        narrow = len(questions) <= WIDEST and not self.carried
        return self.sheet.repeats and narrow and all(_is_short(self.sheet, one) for one in questions)

    @property
    def is_slip(self) -> bool:
        """Whether everybody fills in one of their own, without a name: what others wrote is not on it."""
        return is_slip(self.sheet)


@dataclass(frozen=True)
class Paper:
    """What one addressee gets, as one file; `name` is that of the file, without its ending."""

    audience: Audience
    name: str
    sheets: Sequence[PaperSheet]
    title: Text | None = None
    company: Company | None = None

    @cached_property
    def codes(self) -> dict[str, str]:
        """By id of a row the code that is printed beside it; a row about a company is told by that."""
        lists = [one for one in self.sheets if one.sheet.repeats and not row_per_company(one.sheet)]
        return codes(line.row for one in lists for line in one.lines if line.row)


def is_slip(sheet: Worksheet) -> bool:
    """A sheet about the session on which nobody sees what others wrote."""
    return sheet.subject == "session" and sheet.share == "own"


def worksheets_of(workshop: Workshop, session: Session) -> list[Worksheet]:
    """What is worked on in a session: what was to be brought along, and the worksheets on its agenda.

    What is due afterwards is done at home, and has a workbook.
    """
    names = [*session.before, *(name for item in session.agenda for name in item.worksheets)]
    known = [name for name in dict.fromkeys(names) if name in workshop.worksheets and name not in BUILT_IN]
    return [workshop.worksheets[name] for name in known]


def plans(workshop: Workshop, session: Session, companies: Sequence[Company], printing: str) -> list[Paper]:
    """The papers of these companies. `printing` tells the empty rows of this printing from any other's."""
    asked = [sheet for sheet in worksheets_of(workshop, session) if sheet.subject == "company"]
    if not asked:
        return []
    found = []
    for company in companies:
        seated = workshop.seated(Seat.company(company.key), workshop.store.now)
        drawn = _Lines(seated, "", company.key, printing, asked)
        sheets = [drawn.sheet(one) for one in asked]
        found.append(Paper("company", company.folder_name, sheets, company.name, company))
    return found


def room(workshop: Workshop, session: Session) -> list[Paper]:
    """What the room needs beside the companies' own: for each group, for the facilitator, for anybody."""
    asked = worksheets_of(workshop, session)
    papers = [_group(workshop, session, group, asked) for group in session.groups]
    recorded = [sheet for sheet in asked if sheet.subject == "session" and not is_slip(sheet)]
    seated = workshop.seated(Seat.facilitator(session.key), workshop.store.now)
    drawn = _Lines(seated, f"session:{session.key}", "", "", recorded)
    papers.append(Paper("facilitator", "room/facilitator", [drawn.sheet(one) for one in recorded]))
    handed_out = [sheet for sheet in asked if sheet not in recorded]
    papers.append(
        Paper("anybody", "room/blank", [_blank(workshop, sheet, handed_out) for sheet in handed_out])
    )
    return [paper for paper in papers if paper.sheets]


def _group(workshop: Workshop, session: Session, group: Group, asked: Sequence[Worksheet]) -> Paper:
    written = [sheet for sheet in asked if sheet.subject == "group"]
    seated = workshop.seated(Seat.facilitator(session.key), workshop.store.now)
    subject = f"group:{session.key}.{group.key}"
    drawn = _Lines(seated, subject, "", "", written)
    return Paper("group", f"room/group-{group.key}", [drawn.sheet(one) for one in written], group.name)


def _blank(workshop: Workshop, sheet: Worksheet, printed: Sequence[Worksheet]) -> PaperSheet:
    """A sheet for nobody in particular. Its rows have no codes: a copy of it would have the same ones."""
    sources = ancestors(sheet, workshop.worksheets)
    lines = [Line("")]
    if sheet.repeats:
        begun = next((one for one in reversed(sources) if one in printed), sheet)
        lines = [Line("", str(number + 1), reserved=True) for number in range(_room_in(begun))]
    return PaperSheet(sheet, lines, (), sources[0] if sources else None)


class _Lines:
    """The lines of one subject's worksheets, by worksheet."""

    def __init__(
        self, seated: Workshop, subject: str, company: str, printing: str, printed: Sequence[Worksheet]
    ):
        self.seated, self.subject, self.company, self.printing = seated, subject, company, printing
        self.printed = {sheet.name for sheet in printed}
        self._found: dict[str, list[Line]] = {}
        self._blanks = 0

    def sheet(self, sheet: Worksheet) -> PaperSheet:
        """One of them as it is printed."""
        sources = ancestors(sheet, self.seated.worksheets)
        carried = [
            next(one.by_name[name] for one in sources if name in one.by_name) for name in sheet.carries
        ]
        source = sources[0] if sources else None
        return PaperSheet(sheet, self.lines(sheet), carried, source, MORE if source else 0)

    def lines(self, sheet: Worksheet) -> list[Line]:
        """What is written, what is carried forward to here, and room for more."""
        if sheet.name not in self._found:
            self._found[sheet.name] = self._lines(sheet)
        return self._found[sheet.name]

    def _lines(self, sheet: Worksheet) -> list[Line]:
        rows = self.seated.rows(sheet.name, self.subject)
        if not sheet.repeats:
            return [line_of(rows[0] if rows else Row(""), "")]
        if about := row_per_company(sheet):
            return self._line_for_each(rows, about)
        if source := self.seated.worksheets.get(sheet.rows_from or ""):
            found = carried_lines(rows, self.lines(source))
            return found or self._room(sheet, 0)
        found = [line_of(row, str(number + 1)) for number, row in enumerate(rows)]
        # Where a list is only there for others to carry from, nobody can write into its empty rows.
        return [*found, *self._room(sheet, len(found))] if sheet.name in self.printed else found

    def _line_for_each(self, rows: Sequence[Row], about: str) -> list[Line]:
        """A line for every company, whether anything is written about it or not."""
        stored = {row.row: row for row in rows}
        keys = [company.key for company in self.seated.programme.companies]
        listed = [stored.get(key) or Row(key, answers={about: key}) for key in keys]
        return [line_of(row, str(number + 1)) for number, row in enumerate(listed)]

    def _room(self, sheet: Worksheet, taken: int) -> list[Line]:
        lines = []
        for number in range(taken + 1, taken + 1 + _room_in(sheet)):
            self._blanks += 1
            row = blank(self.company, self.printing, self._blanks) if self.company else ""
            lines.append(Line(row, str(number), reserved=True))
        return lines


def _room_in(sheet: Worksheet) -> int:
    return ROOM * 2 if len(sheet.questions) <= FEW else ROOM


def _is_short(sheet: Worksheet, one: Field) -> bool:
    plain = one.kind == "text" and one.appearance != "multiline"
    return plain or one.kind in _SHORT or one.name == row_per_company(sheet)


__all__ = ["Paper", "PaperSheet", "is_slip", "plans", "room", "worksheets_of"]
