"""`Workshop`: programme, worksheets and answers as one seat sees them. The object that a notebook holds.

It is the only door to the answers: what a seat may not see never leaves this module.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from . import answers as answer_rules
from . import programme as programmes
from . import refusals
from .cases import Case, Guide, load_cases, load_guides
from .documents import keep, keep_all, shipped
from .errors import AnswerError, ConflictError, NotAllowed
from .frames import Frames, as_frame, as_rows, by_worksheet, standing_frame
from .ipython import show_errors_as_sentences
from .messages import Language
from .ordering import in_order, wish
from .programme import Company, Programme
from .rows import Row, Saved, carry_forward, in_steps, new_row_id, parent_row
from .schema import ORDER
from .seats import Seat, own_seat
from .sight import Sight
from .store import Entry, Place, Revision, Store, utc_now
from .storefile import open_store
from .visibility import RELEASE, may_read, may_write
from .worksheet import (
    ChoiceList,
    Worksheet,
    ancestors,
    as_choices,
    load_choices,
    load_worksheets,
    values_of,
)

if TYPE_CHECKING:
    import pandas as pd

STORE_FILE = "workshop.db"

# How often an order is put anew when somebody else moves rows at the same moment.
_TRIES = 5


class Workshop:
    """A workshop folder, opened from a seat. Make one with `open_workshop`."""

    def __init__(
        self,
        folder: Path,
        *,
        programme: Programme,
        worksheets: Mapping[str, Worksheet],
        choices: Mapping[str, ChoiceList],
        store: Store,
        seat: Seat,
        language: Language,
        sight: Sight | None = None,
    ):
        self.folder, self.programme, self.worksheets, self.choices = folder, programme, worksheets, choices
        self.store, self.seat, self.language = store, seat, language
        self._sight = sight or Sight(store, programme, worksheets)

    # --- Reading ------------------------------------------------------------------------------------------

    @property
    def companies(self) -> list[Company]:
        """The companies whose answers this seat may ask for: a participant's own, else all."""
        return [company for company in self.programme.companies if self.seat.company_key in ("", company.key)]

    @cached_property
    def levels(self) -> dict[str, dict[str, int]]:
        """For every scale the number behind each code."""
        return values_of(self.choices)

    def worksheet(self, name: str) -> Worksheet:
        """One worksheet. Raises AnswerError when there is none of that name."""
        if name not in self.worksheets:
            raise AnswerError(refusals.unknown_worksheet(name))
        return self.worksheets[name]

    @cached_property
    def cases(self) -> dict[str, Case]:
        """The hypothetical cases by code; a folder's own ones win over the shipped ones."""
        return load_cases(*_places(self.folder, "cases"), lists=self.choices)

    @cached_property
    def guides(self) -> dict[str, Guide]:
        """The discussion guides by code; a folder's own ones win over the shipped ones."""
        return load_guides(*_places(self.folder, "guides"))

    @cached_property
    def frames(self) -> Mapping[str, pd.DataFrame]:
        """Every worksheet's frame by name; each is read once, and again when the store has changed."""
        return Frames(self.worksheets, self.frame, self.revision)

    @cached_property
    def standings(self) -> Mapping[str, pd.DataFrame]:
        """As `frames`, with nothing but company and status: how far everybody is, without reading answers."""
        return Frames(self.worksheets, self._standing, self.revision)

    def frame(self, worksheet: str) -> pd.DataFrame:
        """All rows of a worksheet that this seat may read, withdrawn ones left out.

        Columns: subject, company (empty where there is none), session, row, revision, status, recorded_at,
        then every question: codes, numbers (Int64), ISO dates, lists of codes; texts in the workshop's
        language where a translation is stored.
        """
        sheet = self.worksheet(worksheet)
        return as_frame(sheet, self._visible(sheet), self.language)

    def own_rows(self) -> dict[str, list[dict[str, Any]]]:
        """By worksheet the rows of this seat's own company, with the columns of `frame`; one read for all."""
        return by_worksheet(self.worksheets, self._sight.own(self.seat), self.language)

    def records(self, worksheet: str) -> list[dict[str, Any]]:
        """The rows of `frame` as plain dictionaries."""
        sheet = self.worksheet(worksheet)
        return as_rows(sheet, self._visible(sheet), self.language)

    def rows(self, worksheet: str, subject: str = "", session: str = "") -> list[Row]:
        """The rows of one subject in order, with the rows carried forward that are not answered yet."""
        sheet = self.worksheet(worksheet)
        found = [
            Row(r.place.row, r.revision, r.status, r.answers, r.recorded_at)
            for r in self._visible(sheet, self._subject(subject), session)
        ]
        if not sheet.rows_from:
            return found
        sources = {
            source.name: {row.row: row for row in self.rows(source.name, subject) if row.revision}
            for source in ancestors(sheet, self.worksheets)
        }
        rows = carry_forward(found, sources[sheet.rows_from])
        if order := self._sight.order(sheet, self._subject(subject)):
            places = {row: place for place, row in enumerate(in_order([row.row for row in rows], order))}
            rows.sort(key=lambda row: places[row.row])
        return [replace(row, carried=self._carried(sheet, row, sources)) for row in rows]

    def history(self, worksheet: str, subject: str, row: str = "", session: str = "") -> list[Revision]:
        """The saved states of a row, oldest first; one author's saves within ten minutes are one."""
        sheet = self.worksheet(worksheet)
        place = Place(self._subject(subject), worksheet, row, session)
        revisions = self.store.history(place)
        if not all(may_read(self.seat, sheet, revision, self.programme) for revision in revisions):
            raise NotAllowed(refusals.not_yours())
        return in_steps(revisions)

    def revision(self) -> int:
        """A number that grows with every save by anybody."""
        return self.store.revision()

    @cached_property
    def totals(self) -> Workshop:
        """All answers, to be counted and never shown: a total is the same whoever looks, but participants."""
        return self if self.seat.role == "participant" else self.seated(Seat.custodian())

    def stamp(self) -> str:
        """A digest of every answer that this seat can read: equal stamps, equal reports."""
        return self._sight.stamp(self.seat)

    def seated(self, seat: Seat, now: Callable[[], datetime] | None = None) -> Workshop:
        """The same workshop as seen from another seat (and by another clock)."""
        return Workshop(
            self.folder,
            programme=self.programme,
            worksheets=self.worksheets,
            choices=self.choices,
            store=self.store.by(now or self.store.now),
            seat=seat,
            language=self.language,
            sight=self._sight,
        )

    # --- Writing ------------------------------------------------------------------------------------------

    def save(
        self,
        worksheet: str,
        changes: Mapping[str, Any],
        *,
        subject: str = "",
        row: str = "",
        session: str = "",
        based_on: int = 0,
        status: str = "draft",
        source: str = "form",
    ) -> Saved:
        """Store changed answers (None clears one) on top of the revision that they are based on.

        Raises AnswerError (unreadable; nothing stored), ConflictError (somebody else changed the same answer)
        and NotAllowed.
        """
        sheet = self.worksheet(worksheet)
        place = self._writable(sheet, subject, row, session)
        values, problems = answer_rules.read(sheet, changes, self.choices)
        if problems:
            raise AnswerError(problems)
        newest = self.store.newest(place)
        values = answer_rules.without_stale_translations(values, newest.answers if newest else ())
        entry = Entry(self.seat.id, sheet.version, based_on, status, source)
        return self._append(sheet, place, values, entry)

    def submit(self, worksheet: str, subject: str = "", row: str = "", session: str = "") -> Saved:
        """Say that a row is finished. It releases nothing. Raises AnswerError with all that is missing."""
        return self._act(worksheet, subject, row, session, status="submitted")

    def withdraw(self, worksheet: str, subject: str, row: str = "", session: str = "") -> Saved:
        """Take a row back. It stays in the history, and `restore` brings it back."""
        return self._act(worksheet, subject, row, session, status="withdrawn")

    def restore(
        self, worksheet: str, subject: str, row: str = "", *, revision: int, session: str = ""
    ) -> Saved:
        """Make an earlier state of a row the newest again. Raises AnswerError when there is no such state."""
        sheet = self.worksheet(worksheet)
        place = self._writable(sheet, subject, row, session)
        latest, wanted = self.store.newest(place), self.store.at([(place, revision)]).get((place, revision))
        if latest is None or wanted is None:
            raise AnswerError(refusals.no_such_state(revision))
        changes = dict.fromkeys(latest.answers) | wanted.answers
        return self._append(sheet, place, changes, Entry(self.seat.id, sheet.version, latest.revision))

    def release(
        self, worksheet: str, subject: str, row: str = "", *, fields: list[str], audience: str
    ) -> Saved:
        """Let an audience see these fields of the row as it is now; a later edit is not released by this."""
        sheet = self.worksheet(worksheet)
        place = self._writable(sheet, subject, row, "")
        newest = self.store.newest(place)
        changes = {
            "of_worksheet": worksheet,
            "of_row": row,
            "of_revision": newest.revision if newest else 0,
            "fields": " ".join(fields),
            "audience": audience,
            "released_on": self.store.now().date().isoformat(),
        }
        return self.save(RELEASE, changes, subject=place.subject, row=new_row_id(), status="submitted")

    def reorder(self, worksheet: str, subject: str, rows: Sequence[str], session: str = "") -> None:
        """Put the rows of a list in this order. Of two people who do so, the later one has it."""
        sheet = self.worksheet(worksheet)
        # Whoever may write a row may move it.
        place = self._writable(sheet, subject, ORDER, session)
        for _ in range(_TRIES):
            newest = self.store.newest(place)
            entry = Entry(self.seat.id, sheet.version, newest.revision if newest else 0)
            with suppress(ConflictError):
                self.store.append(place, wish(rows), entry)
                return

    # --- Inside -------------------------------------------------------------------------------------------

    def _subject(self, subject: str) -> str:
        """The subject in full; a company's own seat need not say it. Raises AnswerError when unknown."""
        subject = subject or (self.seat.subject if self.seat.role == "participant" else "")
        if subject not in self._sight.subjects:
            raise AnswerError(refusals.unknown_subject())
        return subject

    def _standing(self, name: str) -> pd.DataFrame:
        sheet = self.worksheet(name)
        # In a list about a session, the company is an answer.
        if sheet.subject != "company":
            return self.frame(name)[["company", "status"]]
        return standing_frame(self._sight.standing(self.seat, sheet))

    def _visible(self, sheet: Worksheet, subject: str = "", session: str | None = None) -> list[Revision]:
        return self._sight.rows(self.seat, sheet, subject, session)

    def _carried(
        self, sheet: Worksheet, row: Row, sources: Mapping[str, Mapping[str, Row]]
    ) -> dict[str, Any]:
        """What was said about this row on earlier worksheets, the nearest first, with its translations."""
        carried: dict[str, Any] = {}
        for source, rows in sources.items():
            if parent := rows.get(parent_row(row.row, rows)):
                said = answer_rules.relevant(self.worksheets[source], parent.answers)
                fresh = {
                    name: value for name, value in said.items() if answer_rules.original(name) not in carried
                }
                carried |= fresh
        places = {name: place for place, name in enumerate(sheet.carries)}
        kept = [name for name in carried if answer_rules.original(name) in places]
        return {
            name: carried[name] for name in sorted(kept, key=lambda name: places[answer_rules.original(name)])
        }

    def _writable(self, sheet: Worksheet, subject: str, row: str, session: str) -> Place:
        subject = self._subject(subject)
        if not may_write(self.seat, subject, self.programme, sheet.name, row):
            raise NotAllowed(refusals.not_yours())
        if subject.partition(":")[0] != sheet.subject:
            raise AnswerError(refusals.wrong_subject(sheet))
        if bool(row) != sheet.repeats:
            raise AnswerError(refusals.wrong_row(sheet))
        return Place(subject, sheet.name, row, session)

    def _act(self, worksheet: str, subject: str, row: str, session: str, *, status: str) -> Saved:
        """A new revision that changes nothing but the status."""
        sheet = self.worksheet(worksheet)
        place = self._writable(sheet, subject, row, session)
        newest = self.store.newest(place)
        entry = Entry(self.seat.id, sheet.version, newest.revision if newest else 0, status)
        return self._append(sheet, place, {}, entry)

    def _append(self, sheet: Worksheet, place: Place, changes: dict[str, Any], entry: Entry) -> Saved:
        def refuse_incomplete(merged: dict[str, Any]) -> None:
            problems = answer_rules.check(sheet, merged)
            if entry.status == "submitted" and problems:
                raise AnswerError(problems)

        stored = self.store.append(place, changes, entry, refuse_incomplete)
        merged = [
            name for name in stored.answers if name not in changes and stored.revision > entry.based_on + 1
        ]
        return Saved(
            place.row,
            stored.revision,
            stored.status,
            stored.answers,
            stored.recorded_at,
            answer_rules.check(sheet, stored.answers),
            merged,
        )


def open_workshop(
    folder: str | Path = ".",
    *,
    seat: Seat | None = None,
    language: Language = "ja",
    now: Callable[[], datetime] = utc_now,
) -> Workshop:
    """Open a workshop folder from a seat (that of this process, unless another is given).

    Own worksheets in the folder win over the shipped ones. Raises DefinitionError with all problems of
    programme and worksheets, and StoreError when the store cannot be used.
    """
    show_errors_as_sentences(language)
    folder = Path(folder)
    programme, lists, worksheets = load_all(folder)
    store = open_store(folder / STORE_FILE, now)
    return Workshop(
        folder,
        programme=programme,
        worksheets=worksheets,
        choices=lists,
        store=store,
        seat=seat or own_seat(),
        language=language,
    )


def load_all(folder: Path) -> tuple[Programme, dict[str, ChoiceList], dict[str, Worksheet]]:
    """Programme and definitions of a workshop folder; its companies are one of the lists of choices."""
    file = folder / programmes.FILE
    programme = programmes.load(file)
    lists, worksheets = load_definitions(folder)
    companies = keep(file, "companies", lambda: companies_of(programme))
    return programme, {**lists, companies.name: companies}, worksheets


def companies_of(programme: Programme) -> ChoiceList:
    """The companies of a programme as a list of choices."""
    names = {company.key: company.name for company in programme.companies}
    return as_choices("companies", programme.title, names)


def load_definitions(folder: Path) -> tuple[dict[str, ChoiceList], dict[str, Worksheet]]:
    """The lists of choices and the worksheets of a workshop folder, over the shipped ones."""
    choices, sheets = _places(folder, "choices"), _places(folder)
    files = [path for place in (*choices, *sheets) for path in sorted(place.glob("*.yaml"))]

    def load() -> tuple[dict[str, ChoiceList], dict[str, Worksheet]]:
        lists = load_choices(*choices)
        return lists, load_worksheets(*sheets, lists=lists)

    lists, worksheets = keep_all(files, "definitions", load)
    return dict(lists), dict(worksheets)


def _places(folder: Path, part: str = "") -> list[Path]:
    return [shipped("worksheets") / part, folder / "worksheets" / part]
