"""What in a file that came back is new, changed, in conflict or wrong, and what would be stored of it.

Each answer is held against the one that the file knows of (sent out with it, or brought by an earlier file
from which this one goes on) and against the newest: so what somebody else has changed meanwhile stays, and
only an answer that both changed is a conflict. Nothing is stored here.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from spp_workshop import answers as answer_rules
from spp_workshop.errors import AnswerError, Message, Problem, message
from spp_workshop.homework import company_worksheets
from spp_workshop.programme import Company
from spp_workshop.seats import Seat
from spp_workshop.spreadsheets.opening import Returned
from spp_workshop.store import Place
from spp_workshop.worksheet import Worksheet
from spp_workshop.workshop import Workshop

from .columns import Display, shows
from .exports import is_export
from .finding import FoundAnswer, FoundRow, FoundSheet, find
from .lineage import SOURCE, Lineage
from .naming import Rows
from .recognising import stamps_of
from .stamps import Stamp
from .texts import LISTS
from .wording import Wording

State = Literal["new", "changed", "cleared", "unchanged", "conflict", "wrong", "ignored", "incomplete"]
STORED: tuple[State, ...] = ("new", "changed", "cleared")


@dataclass(frozen=True)
class Told:
    """What is said of one cell (or, without a cell, of a sheet)."""

    page: str
    cell: str
    state: State
    worksheet: str = ""
    row: str = ""
    name: str = ""
    part: str = ""
    reason: Message | None = None
    remedy: Message | None = None
    shown: Any = None
    value: Any = None
    stored: Any = None


@dataclass(frozen=True)
class Judged:
    """A file, whose it is, and what is said of its cells."""

    file: Returned
    company: Company
    stamp: Stamp | None
    told: list[Told]
    based_on: Mapping[tuple[str, str], int] = field(default_factory=dict)
    finished: frozenset[str] = frozenset()
    also: tuple[Returned, ...] = ()

    @property
    def source(self) -> str:
        """How answers from it are marked in the store."""
        return f"{SOURCE}{self.file.digest}"

    def changes(self) -> dict[tuple[str, str], dict[str, Any]]:
        """By worksheet and row the answers that can be stored."""
        found: dict[tuple[str, str], dict[str, Any]] = {}
        for one in self.told:
            if one.state in STORED:
                found.setdefault((one.worksheet, one.row), {})[one.name] = one.value
        return found


def judge(workshop: Workshop, file: Returned, *, company: str = "", overwrite: bool = False) -> Judged:
    """Compare a file with what is stored. `company` says whose it must be, as a company's own seat does.

    With `overwrite` the file holds where both were changed; what was stored stays in the history.

    Raises AnswerError when it is another's, nobody's, or no workbook of this programme.
    """
    if is_export(file.grids):
        raise AnswerError(_of_many(file.name))
    stamps = stamps_of(file.grids)
    owner = _owner(workshop, file, stamps, company or workshop.seat.company_key)
    seated = workshop.seated(Seat.company(owner.key), workshop.store.now)
    sheets = {sheet.name: sheet for sheet in company_worksheets(workshop)}
    found = list(find(file.grids, sheets, workshop.choices))
    whole = next((stamp for stamp in stamps if stamp.company == owner.key), None)
    return _Judge(seated, file, owner, whole, overwrite=overwrite).judged(found)


def disagreeing(judged: list[Judged]) -> list[Judged]:
    """The same, where two files of one company say different things of one answer: a conflict for both."""
    said: dict[tuple[str, ...], list[Any]] = {}
    for one in judged:
        for told in one.told:
            if told.state in STORED:
                said.setdefault(_answer_of(one, told), []).append(told.value)
    disputed = {key for key, values in said.items() if any(value != values[0] for value in values)}
    return [
        replace(
            one,
            told=[
                replace(told, state="conflict", reason=_two_files(), remedy=_take_one())
                if told.state in STORED and _answer_of(one, told) in disputed
                else told
                for told in one.told
            ],
        )
        for one in judged
    ]


def _answer_of(judged: Judged, told: Told) -> tuple[str, ...]:
    return judged.company.key, told.worksheet, told.row, told.name


# --- Whose it is ------------------------------------------------------------------------------------------


def _owner(workshop: Workshop, file: Returned, stamps: Iterable[Stamp], expected: str) -> Company:
    stamps = list(stamps)
    if any(stamp.programme != workshop.programme.key for stamp in stamps):
        raise AnswerError(_other_programme(file.name))
    whole = [stamp for stamp in stamps if not stamp.worksheet] or stamps
    key = whole[0].company if whole else expected
    if expected and key != expected:
        raise AnswerError(_other_company(workshop, file.name, key))
    companies = {company.key: company for company in workshop.programme.companies}
    if key not in companies:
        raise AnswerError(_nobody(file.name) if not key else _other_programme(file.name))
    return companies[key]


class _Judge:
    """The comparison of one file."""

    def __init__(
        self, seated: Workshop, file: Returned, company: Company, stamp: Stamp | None, *, overwrite: bool
    ):
        self.seated, self.file, self.company, self.stamp = seated, file, company, stamp
        self.overwrite = overwrite
        languages = [one for one in ("ja", "en") if stamp is None or one in stamp.languages.split(",")]
        self.display = Display(seated.choices, Wording(languages or ["ja"]))  # type: ignore[arg-type]
        self.based_on: dict[tuple[str, str], int] = {}
        self.finished: set[str] = set()
        self.lines: dict[str, tuple[list[FoundRow], list[tuple[str, FoundRow]]]] = {}

    def judged(self, found: Iterable[FoundSheet | str]) -> Judged:
        told: list[Told] = []
        seen: set[str] = set()
        found = list(found)
        self._know(found)
        for one in found:
            if isinstance(one, str):
                told += self._foreign(one)
            elif self._is_anothers(one):
                told.append(Told(one.name, "", "ignored", reason=_other_sheet()))
            elif one.sheet.name in seen:
                told.append(Told(one.name, "", "ignored", one.sheet.name, reason=_twice(one.sheet)))
            else:
                seen.add(one.sheet.name)
                told += self._sheet(one)
        return Judged(self.file, self.company, self.stamp, told, self.based_on, frozenset(self.finished))

    def _is_anothers(self, found: FoundSheet) -> bool:
        return found.stamp is not None and found.stamp.company != self.company.key

    def _know(self, found: Iterable[FoundSheet | str]) -> None:
        """Which rows the lines of the file are, and what it knows of those that are stored."""
        for one in found:
            if not isinstance(one, str) and not self._is_anothers(one) and one.sheet.name not in self.lines:
                rows = Rows(self.seated, one, self.company)
                self.lines[one.sheet.name] = rows.unclear, list(rows.named())
        said = {
            (sheet, row, name): answer.value
            for sheet, (_, lines) in self.lines.items()
            for row, line in lines
            for name, answer in line.answers.items()
        }
        subject, own = f"company:{self.company.key}", f"{SOURCE}{self.file.digest}"
        self.lineage = Lineage(self.seated.store, subject, said, own, anew=self.overwrite)

    def _foreign(self, name: str) -> Iterator[Told]:
        grid = next(grid for grid in self.file.grids if grid.name == name)
        if grid.cells and not stamps_of([grid]) and LISTS not in grid.cells.values():
            yield Told(name, "", "ignored", reason=message("This sheet is no worksheet of the programme."))

    def _sheet(self, found: FoundSheet) -> Iterator[Told]:
        sheet = found.sheet
        if found.stamp and found.stamp.version != sheet.version:
            yield Told(found.name, "", "ignored", sheet.name, reason=_other_version())
        if found.finished:
            self.finished.add(sheet.name)
        for cell, reason in found.ignored.items():
            yield Told(found.name, cell, "ignored", sheet.name, reason=reason)
        unclear, lines = self.lines[sheet.name]
        for line in unclear:
            where, (reason, remedy) = line.where, _two_lines() if line.told.letters else _no_such_code()
            yield Told(found.name, where, "wrong", sheet.name, reason=reason, remedy=remedy)
        for row, line in lines:
            yield from self._row(found, row, line)

    def _row(self, found: FoundSheet, row: str, line: FoundRow) -> Iterator[Told]:
        place = Place(f"company:{self.company.key}", found.sheet.name, row)
        newest = self.seated.store.newest(place)
        revision = line.revision if newest and line.revision <= newest.revision else 0
        known = self.lineage.known(place, revision) if newest and newest.revision > revision else {}
        takes = newest.revision if newest and (self.overwrite or known) else revision
        self.based_on[found.sheet.name, row] = takes
        if newest and newest.status == "withdrawn" and (revision or known):
            if any(one.value is not None for one in line.answers.values()):
                where = next(iter(line.answers.values())).where
                yield Told(found.name, where, "ignored", found.sheet.name, row, reason=_withdrawn())
            return
        base = self.seated.store.at([(place, revision)]) if revision else {}
        before = {**(base[place, revision].answers if base else {}), **known}
        now = newest.answers if newest and newest.status != "withdrawn" else {}
        for name, answer in line.answers.items():
            if answer.value is None and name not in before and name not in now and not found.finished:
                continue
            told = Told(found.name, answer.where, "unchanged", found.sheet.name, row, name, answer.part)
            yield self._answer(replace(told, shown=answer.shown, stored=now.get(name)), answer, before)

    def _answer(self, told: Told, answer: FoundAnswer, before: Mapping[str, Any]) -> Told:
        sheet = self.seated.worksheets[told.worksheet]
        field = sheet.by_name[answer_rules.original(told.name)]
        base = before.get(told.name)
        if base is not None and shows(answer.shown) == shows(self.display.value(field, base)):
            return told
        return compared(told, answer, base, overwrite=self.overwrite)


def compared(told: Told, answer: FoundAnswer, base: Any, *, overwrite: bool) -> Told:
    """What is said of an answer, given the one that the file knows of (`base`) and the one that is stored."""
    if isinstance(answer.value, Problem):
        problem = answer.value
        return replace(told, state="wrong", reason=problem.message, remedy=problem.remedy)
    told = replace(told, value=answer.value)
    if answer.value in (base, told.stored):
        return told
    if told.stored != base and not overwrite:
        return replace(told, state="conflict", reason=_changed_meanwhile(), remedy=_settle())
    state: State = "cleared" if answer.value is None else "new" if base is None else "changed"
    return replace(told, state=state)


# --- Wording ----------------------------------------------------------------------------------------------


def _other_programme(name: str) -> Problem:
    return Problem(
        name,
        "other_programme",
        message("This workbook belongs to another programme."),
        message("Ask for the workbook that was sent out in this programme."),
    )


def _other_company(workshop: Workshop, name: str, key: str) -> Problem:
    told = message("Send the workbook that you got for your own company.")
    if workshop.seat.role == "custodian":
        names = {company.key: company.name for company in workshop.programme.companies}
        told = message("It seems to be that of {company}.", company=names.get(key, key))
    return Problem(name, "other_company", message("This workbook is that of another company."), told)


def _of_many(name: str) -> Problem:
    return Problem(
        name,
        "export_of_many",
        message("This file comes out of a form tool and may hold the answers of many companies."),
        message("Give it to whoever keeps the records: it is taken in with spp-workshop worksheets import."),
    )


def _nobody(name: str) -> Problem:
    return Problem(
        name,
        "whose",
        message("This file does not say whose it is."),
        message("Say it: --company KEY, with the company's key in programme.yaml."),
    )


def _other_sheet() -> Message:
    return message("This sheet comes from another company's workbook; nothing in it was read.")


def _other_version() -> Message:
    return message("The sheet is of another version of the worksheet; what is still asked was read.")


def _twice(sheet: Worksheet) -> Message:
    return message("“{title}” is in this file already; this second one was left aside.", title=sheet.title)


def _no_such_code() -> tuple[Message, Message]:
    return (
        message("No row has this code, so nothing on this line was read."),
        message("Compare it with the paper. If it is not about a row from there, clear the cell."),
    )


def _two_lines() -> tuple[Message, Message]:
    return (
        message("The row with this code has another line in this sheet, so nothing on this line was read."),
        message("Write everything about a row into one line: the one that shows its code."),
    )


def _withdrawn() -> Message:
    return message("This row was withdrawn meanwhile; nothing in it was read.")


def _changed_meanwhile() -> Message:
    return message("This answer was changed meanwhile, and the workbook says something else.")


def _two_files() -> Message:
    return message("Two files of this company say different things here.")


def _take_one() -> Message:
    # With --overwrite they would disagree all the same.
    return message("Ask the company which one holds, and import that file alone.")


def _settle() -> Message:
    return message("Ask the company which one holds. To take the workbook's, import it with --overwrite.")
