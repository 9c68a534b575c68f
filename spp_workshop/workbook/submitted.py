"""Answers out of an export of KoboToolbox or ODK Central, judged like those of a workbook, by company.

A form is filled in without sight of what is stored. So an empty answer says nothing, unless an earlier import
of the same form brought one; and what is stored otherwise is in conflict with a different answer, and not
replaced. Each row of a list is known by its submission and its place there, so an export that is taken in
twice adds nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from spp_workshop.errors import AnswerError, Message, Problem, message
from spp_workshop.homework import company_worksheets
from spp_workshop.messages import LANGUAGES
from spp_workshop.reading import plain
from spp_workshop.rowcodes import rows_of, written
from spp_workshop.rows import Row, parent_row
from spp_workshop.seats import Seat
from spp_workshop.spreadsheets.opening import Returned
from spp_workshop.store import Place, Revision
from spp_workshop.worksheet import Worksheet, ancestors
from spp_workshop.workshop import Workshop
from spp_workshop.xlsform import names

from .comparing import STORED, Judged, Told, compared
from .finding import place_name
from .formcodes import read_codes
from .lineage import changes
from .stamps import new_id
from .submissions import Line, Submission, Submissions, latest

# How answers out of a form tool are marked in the store: this, the file's checksum, and the time of sending.
SOURCE = "formtool:"


@dataclass(frozen=True)
class Submitted(Judged):
    """What one company has sent with a form, out of a file with the submissions of many."""

    sent_at: str = ""

    @property
    def source(self) -> str:
        """How answers from it are marked in the store."""
        return f"{SOURCE}{self.file.digest} {self.sent_at}".strip()


def judge_submissions(
    workshop: Workshop, files: Sequence[Returned], *, company: str = "", overwrite: bool = False
) -> tuple[list[Judged], list[Problem]]:
    """What is in exports that were given together, by company; and what is told to whoever keeps the records.

    `company` says that only this company's submissions are wanted. Raises AnswerError for a seat that may not
    see the answers of several companies.
    """
    if workshop.seat.role not in ("custodian", "facilitator"):
        raise AnswerError([_not_yours(file.name) for file in files])
    sheets = {sheet.name: sheet for sheet in company_worksheets(workshop)}
    enrolled = {one.key for one in workshop.companies}
    codes = {key: code for key, code in read_codes(workshop.folder).items() if key in enrolled}
    found = Submissions(workshop, files, sheets, codes)
    judged: list[Judged] = []
    for key in sorted({one.company for one in found.found if company in ("", one.company)}):
        by_file: dict[str, list[Submission]] = {}
        for one in found.found:
            if one.company == key:
                by_file.setdefault(_file(one).digest, []).append(one)
        judged += [_Company(workshop, key, overwrite=overwrite).judged(own) for own in by_file.values()]
    return judged, found.problems


def _file(one: Submission) -> Returned:
    """The file in which the answers of a submission stand."""
    return one.lines[0].file if one.lines else one.first.file


class _Company:
    """The submissions of one company in one file, held against what is stored."""

    def __init__(self, workshop: Workshop, key: str, *, overwrite: bool):
        self.company, self.overwrite = workshop.programme.company(key), overwrite
        self.seated = workshop.seated(Seat.company(key), workshop.store.now)
        self.subject = f"company:{key}"
        self.based_on: dict[tuple[str, str], int] = {}

    def judged(self, found: Sequence[Submission]) -> Submitted:
        told = [_left_aside(one, _not_to_be_used()) for one in found if one.refused]
        holding = []
        for one, later in latest(found):
            if later:
                told.append(_left_aside(one, _earlier()))
            else:
                holding.append(one)
                told += self._submission(one)
        file = _file(found[0])
        also = {
            one.first.file.digest: one.first.file for one in found if one.first.file.digest != file.digest
        }
        single = [one.sent_at for one in holding if not one.sheet.repeats]
        return Submitted(
            file,
            self.company,
            None,
            told,
            self.based_on,
            frozenset(one.sheet.name for one in holding if self._is_finished(one.sheet, told)),
            tuple(also.values()),
            single[0] if len(single) == 1 else "",
        )

    def _submission(self, one: Submission) -> Iterator[Told]:
        if one.version != one.sheet.version:
            yield _left_aside(one, _other_version())
        for line in one.lines:
            table = line.heads.table
            for column in line.heads.unknown:
                if (line.line, column) in table.grid.cells:
                    where = place_name((line.line, column))
                    yield Told(line.page, where, "ignored", one.sheet.name, reason=_not_asked())
            row = self._row(one, line)
            if row is None:
                where = line.heads.place(line.line, names.ROW_OF)
                reason, remedy = _no_such_row()
                yield Told(line.page, where, "wrong", one.sheet.name, reason=reason, remedy=remedy)
            else:
                yield from self._answers(one, line, row)

    def _answers(self, one: Submission, line: Line, row: str) -> Iterator[Told]:
        sheet = one.sheet.name
        history = self.seated.store.history(Place(self.subject, sheet, row))
        ours = [saved for saved in history if saved.source.startswith(SOURCE)]
        newest = history[-1] if history else None
        withdrawn = newest is not None and newest.status == "withdrawn"
        if reason := self._is_over(one, ours, withdrawn=withdrawn):
            yield Told(line.page, line.heads.place(line.line), "ignored", sheet, row, reason=reason)
            return
        self.based_on[sheet, row] = newest.revision if newest and not withdrawn else 0
        now = newest.answers if newest and not withdrawn else {}
        base = {name: value for saved, name, value in changes(history) if saved in ours}
        for name, answer in line.heads.answers(line.line).items():
            told = Told(line.page, answer.where, "unchanged", sheet, row, name, shown=answer.shown)
            told = replace(told, stored=now.get(name))
            if answer.value is not None or base.get(name) is not None:
                told = compared(told, answer, base.get(name), overwrite=self.overwrite)
            if told.state == "conflict":
                reason, remedy = _answered_elsewhere()
                told = replace(told, reason=reason, remedy=remedy)
            yield told

    def _is_over(self, one: Submission, ours: Sequence[Revision], *, withdrawn: bool) -> Message | None:
        """Why a line that was taken in before, or came too late, is left aside."""
        if withdrawn and ours:
            return message("This row was withdrawn meanwhile; nothing in it was read.")
        times = [saved.source.partition(" ")[2] for saved in ours]
        if not one.sheet.repeats and max(times, default="") > one.sent_at and not self.overwrite:
            return _earlier()
        return None

    def _is_finished(self, sheet: Worksheet, told: Sequence[Told]) -> bool:
        """Whoever sends a form has finished it; drafts that were written elsewhere are not meant."""
        sent = {one.row for one in told if one.worksheet == sheet.name and one.state in STORED}
        drafts = [row.row for row in self.seated.rows(sheet.name) if row.revision and row.status == "draft"]
        places = [Place(self.subject, sheet.name, row) for row in drafts if row not in sent]
        newest = [self.seated.store.newest(place) for place in places]
        return all(saved is not None and saved.source.startswith(SOURCE) for saved in newest)

    # --- Rows of lists ------------------------------------------------------------------------------------

    def _row(self, one: Submission, line: Line) -> str | None:
        """The id of the row that a line is; None when it is about a row that there is not."""
        if not one.sheet.repeats:
            return ""
        own = new_id("formtool", self.company.key, one.key, line.number)
        sources = ancestors(one.sheet, self.seated.worksheets)
        if not sources:
            return own
        for place in self.seated.store.rows([one.sheet.name], [self.subject]):
            if place.row.endswith(f".{own}"):
                return place.row
        parent = self._parent(one.sheet, sources[0], line.heads.text(line.line, names.ROW_OF))
        return f"{parent}.{own}" if parent else None

    def _parent(self, sheet: Worksheet, source: Worksheet, typed: str) -> str:
        """The row of an earlier worksheet that is meant, by its code or its name; empty when unclear."""
        before = {row.row: row for row in self.seated.rows(source.name)}
        here = {row.row: row for row in self.seated.rows(sheet.name)}
        told = written(typed)
        coded = rows_of(told.letters, {*before, *here}) if told.letters else []
        named = [
            row
            for row, found in {**before, **here}.items()
            if plain(typed) in self._names(sheet, source, found)
        ]
        for meant in ([typed] if typed in before else [], coded, named):
            parents = {parent_row(row, before) or row for row in meant}
            if len(parents) == 1:
                return parents.pop()
        return ""

    def _names(self, sheet: Worksheet, source: Worksheet, row: Row) -> set[str]:
        """What a row of the earlier worksheet is called, in letters and digits."""
        found = set[str]()
        for one in [source, *ancestors(source, self.seated.worksheets)]:
            for name in (one.row_title, *sheet.carries[-1:]):
                field = one.by_name.get(name or "")
                value = {**row.carried, **row.answers}.get(name or "")
                if field and isinstance(value, str):
                    listed = self.seated.choices.get(field.list_name)
                    labels = [listed.label(value, language) for language in LANGUAGES] if listed else [value]
                    found |= {plain(label) for label in labels}
        return found - {""}


def _left_aside(one: Submission, reason: Message) -> Told:
    line = one.first
    return Told(line.page, line.heads.place(line.line), "ignored", one.sheet.name, reason=reason)


# --- Wording ----------------------------------------------------------------------------------------------


def _not_yours(name: str) -> Problem:
    return Problem(
        name,
        "export_of_many",
        message("This file comes out of a form tool and may hold the answers of many companies."),
        message("Give it to whoever keeps the records: it is taken in with spp-workshop worksheets import."),
    )


def _answered_elsewhere() -> tuple[Message, Message]:
    return (
        message("This was answered elsewhere, and the form says something else."),
        message("Ask the company which one holds. To take the form's, import it with --overwrite."),
    )


def _earlier() -> Message:
    return message("The company has sent this form again later; this submission was left aside.")


def _not_to_be_used() -> Message:
    return message("In the form tool this submission is marked as not approved; it was left aside.")


def _other_version() -> Message:
    return message("The form is of another version of the worksheet; what is still asked was read.")


def _not_asked() -> Message:
    return message("The worksheet does not ask for this (any more); it was left aside.")


def _no_such_row() -> tuple[Message, Message]:
    return (
        message("No row of the company has this code or name, so nothing on this line was read."),
        message("Correct it in the form tool, and export the file once more."),
    )


__all__ = ["SOURCE", "Submitted", "judge_submissions"]
