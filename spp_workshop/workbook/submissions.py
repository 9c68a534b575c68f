"""The submissions in an export of a form tool: whose each is, of which form, when it came, and its lines.

Nothing is guessed. A submission without the code of a company, or of another programme's form, is told to
whoever keeps the records; so is a row of a repeat that belongs to no submission, or whose two ways to it
disagree.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from spp_workshop.errors import Message, Problem, message
from spp_workshop.spreadsheets.opening import SUBMITTED, Returned, reread
from spp_workshop.worksheet import Worksheet, ancestors
from spp_workshop.workshop import Workshop
from spp_workshop.xlsform import names

from .exports import Table, tables_of
from .finding import place_name
from .formcodes import company_of
from .heads import Heads

_NUMBER_IN_KEY = re.compile(r"\[(\d{1,6})\]$")
# What whoever keeps the records says in the form tool of a submission that is not to be used.
_REFUSED = ("validation_status_not_approved", "Not Approved", "rejected")


@dataclass(frozen=True)
class Line:
    """One line of a table, and the file in which it stands; of a row of a repeat, which one it is, from 1."""

    file: Returned
    heads: Heads
    line: int
    number: int = 0

    @property
    def page(self) -> str:
        """The sheet, as it is called."""
        return self.heads.table.grid.name


@dataclass
class Submission:
    """What somebody has sent with a form, once."""

    key: str
    company: str
    sheet: Worksheet
    version: int
    sent_at: str
    order: int
    refused: bool
    first: Line
    rows: list[Line] = field(default_factory=list)

    @property
    def lines(self) -> list[Line]:
        """Where its answers stand: in the rows of its repeat, or in its own line."""
        return self.rows if self.sheet.repeats else [self.first]


class Submissions:
    """All submissions of some files that were exported together."""

    def __init__(
        self, workshop: Workshop, files: Sequence[Returned], sheets: Mapping[str, Worksheet],
        codes: Mapping[str, str],
    ):  # fmt: skip
        self.workshop, self.sheets, self.codes = workshop, sheets, codes
        self.found: list[Submission] = []
        self.problems: list[Problem] = []
        self._heads: dict[tuple[int, str], Heads] = {}
        self._by_key: dict[str, list[Submission]] = {}
        tables = [(file, table) for file in files for table in tables_of(reread(file))]
        for file, table in tables:
            if max((row for row, _ in table.grid.cells), default=0) >= SUBMITTED.rows - 1:
                self._tell(file, table, 0, _too_many())
            elif not table.is_repeat:
                self._read_submissions(file, table)
        for file, table in tables:
            if table.is_repeat:
                self._read_rows(file, table)
        for one in self.found:
            one.rows.sort(key=lambda line: line.number)
        if not any(table.is_repeat for _, table in tables):
            self._miss_rows()

    def _tell(self, file: Returned, table: Table, line: int, words: tuple[str, Message, Message]) -> None:
        rule, wrong, remedy = words
        where = f"{file.name} {table.grid.name} {place_name((line, 0))}"
        self.problems.append(Problem(where, rule, wrong, remedy))

    # --- Submissions --------------------------------------------------------------------------------------

    def _read_submissions(self, file: Returned, table: Table) -> None:
        if names.STAMP not in table.heads.values():
            self._tell(file, table, table.head, _no_stamp())
            return
        for line in table.lines():
            stamp = names.parse(table.text(line, names.STAMP))
            sheet = self.sheets.get(stamp.worksheet) if stamp else None
            ours = stamp and stamp.programme == names.short(self.workshop.programme.key)
            if not stamp or not sheet or not ours:
                self._tell(file, table, line, _no_form())
                continue
            heads = self._heads_of(table, sheet)
            company = company_of(heads.text(line, names.CODE), self.codes)
            if not company:
                self._tell(file, table, line, _nobody())
                continue
            self._add(file, heads, line, company, stamp.version)

    def _add(self, file: Returned, heads: Heads, line: int, company: str, version: int) -> None:
        table = heads.table
        keys = [_plain_key(table.text(line, head)) for head in ("meta/rootUuid", "_uuid", "KEY")]
        keys = list(dict.fromkeys(key for key in keys if key))
        known = [one for key in keys for one in self._by_key.get(key, ()) if one.first.file is file]
        if not keys or known:
            self._tell(file, table, line, _no_key() if not keys else _twice())
            return
        state = table.text(line, "_validation_status", "ReviewState")
        found = Submission(
            keys[0],
            company,
            heads.sheet,
            version,
            _moment(table.value(line, "_submission_time", "SubmissionDate")),
            len(self.found),
            state in _REFUSED,
            Line(file, heads, line),
        )
        self.found.append(found)
        for key in keys:
            self._by_key.setdefault(key, []).append(found)

    def _heads_of(self, table: Table, sheet: Worksheet) -> Heads:
        key = (id(table), sheet.name)
        if key not in self._heads:
            sources = ancestors(sheet, self.workshop.worksheets)
            source = sources[0] if sources else None
            self._heads[key] = Heads(table, sheet, self.workshop.choices, source)
        return self._heads[key]

    # --- Rows of repeats ----------------------------------------------------------------------------------

    def _read_rows(self, file: Returned, table: Table) -> None:
        lines: dict[str, list[tuple[Submission, int]]] = {}
        for line in table.lines():
            owner = self._owner(file, table, line)
            if owner is None:
                self._tell(file, table, line, _orphan())
            elif not owner.sheet.repeats:
                self._tell(file, table, line, _no_list())
            else:
                lines.setdefault(owner.key, []).append((owner, line))
        for found in lines.values():
            self._number(file, table, found)

    def _miss_rows(self) -> None:
        """A table of texts holds no repeats; a workbook without a sheet of rows has none to bring."""
        lists = {id(one.first.heads): one for one in self.found if one.sheet.repeats}
        for one in lists.values():
            if one.first.file.ending == "csv":
                self._tell(one.first.file, one.first.heads.table, one.first.heads.table.head, _no_rows())

    def _owner(self, file: Returned, table: Table, line: int) -> Submission | None:
        """The submission that a row belongs to, if all that the row says of it says the same."""
        said = [
            _plain_key(table.text(line, head))
            for head in ("_submission_meta/rootUuid", "_submission__uuid", "PARENT_KEY")
        ]
        parents = [self._by_key.get(key, []) for key in said if key]
        index = table.text(line, "_parent_index")
        own = [one for one in self.found if index and one.first.file is file and _index(one) == index]
        if not parents:
            return own[0] if len(own) == 1 else None
        meant = [one for one in parents[0] if all(one in others for others in parents)]
        meant = [one for one in meant if one.first.file is file] or meant
        if len(meant) != 1 or (index and _index(meant[0]) and _index(meant[0]) != index):
            return None
        return meant[0]

    def _number(self, file: Returned, table: Table, found: Sequence[tuple[Submission, int]]) -> None:
        """Which row of its submission each is: by its key, by the count of the export, else by its place."""
        counts = [table.text(line, "_index").removesuffix(".0") for _, line in found]
        counted = all(count.isdecimal() and len(count) < 10 for count in counts)
        first = min((int(count) for count in counts), default=0) if counted else 0
        for place, (owner, line) in enumerate(found):
            match = _NUMBER_IN_KEY.search(table.text(line, "KEY"))
            number = int(match[1]) if match else int(counts[place]) - first + 1 if counted else place + 1
            if any(one.number == number for one in owner.rows):
                self._tell(file, table, line, _twice())
                continue
            owner.rows.append(Line(file, self._heads_of(table, owner.sheet), line, number))


def _index(one: Submission) -> str:
    return one.first.heads.table.text(one.first.line, "_index")


def _plain_key(text: str) -> str:
    return text.strip().removeprefix("uuid:").lower()


def _moment(value: Any) -> str:
    """When it was sent, in UTC and to the second, as text that sorts; empty when that cannot be read."""
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value.strip())
        except ValueError:
            return ""
    if not isinstance(value, datetime):
        return ""
    try:
        moment = value.astimezone(UTC) if value.tzinfo else value.replace(tzinfo=UTC)
    except (OverflowError, ValueError):
        return ""
    return moment.isoformat(timespec="seconds")


def latest(found: Iterable[Submission]) -> Iterator[tuple[Submission, Submission | None]]:
    """Every submission, with the later one of the same company that holds in its place, if there is one.

    Of a list each submission adds its rows, so all of them hold.
    """
    found = [one for one in found if not one.refused]
    last: dict[tuple[str, str], Submission] = {}
    for one in found:
        before = last.get((one.company, one.sheet.name))
        if before is None or (before.sent_at, before.order) < (one.sent_at, one.order):
            last[one.company, one.sheet.name] = one
    for one in found:
        holds = last[one.company, one.sheet.name]
        yield one, None if holds is one or one.sheet.repeats else holds


# --- Wording: the rule, what is wrong, what to do ----------------------------------------------------------

Wording = tuple[str, Message, Message]


def _too_many() -> Wording:
    return (
        "too_many_submissions",
        message("This table is longer than what is read at once; nothing in it was read."),
        message("Export it in parts, by date of submission."),
    )


def _no_stamp() -> Wording:
    return (
        "no_form_stamp",
        message("This export does not say of which form it is: its column {column} is missing.",
                column=names.STAMP),
        message("Export all questions, of a form that spp-workshop worksheets xlsform has written."),
    )  # fmt: skip


def _no_rows() -> Wording:
    return (
        "no_rows",
        message("This form is a list, and the table with its rows is missing."),
        message("In KoboToolbox, export XLS instead of CSV; of ODK Central, give the whole archive."),
    )


def _no_form() -> Wording:
    return (
        "other_form",
        message("This submission is of no form of this programme; nothing in it was read."),
        message("Look whether the export is the right one, and the workshop folder too."),
    )


def _nobody() -> Wording:
    return (
        "unknown_company_code",
        message("No company has the code of this submission; nothing in it was read."),
        message("Find out who has sent it, correct the code in the form tool, and export it once more."),
    )


def _no_key() -> Wording:
    return (
        "no_submission_key",
        message("This submission has lost its key; nothing in it was read."),
        message("Export the file once more, and do not change it."),
    )


def _twice() -> Wording:
    return (
        "submission_twice",
        message("This line stands in the file twice; the second one was left aside."),
        message("Export the file once more, and do not change it."),
    )


def _orphan() -> Wording:
    return (
        "row_of_no_submission",
        message("It is not clear to which submission this row belongs; nothing in it was read."),
        message("Give all tables of the export together, as they were exported."),
    )


def _no_list() -> Wording:
    return (
        "row_of_no_list",
        message("This form has no rows; nothing in this line was read."),
        message("Export the file once more, and do not change it."),
    )
