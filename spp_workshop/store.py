"""The one store of answers: append-only, each revision chained to the one before (SQLAlchemy Core, SQLite).

Nothing is ever overwritten: a correction is a new revision, a withdrawal too. A save sends the changed fields
and the revision on which they are based; fields that nobody else touched merge by themselves.
"""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa

from . import schema
from .errors import ConflictError, Problem, message
from .schema import RESPONSE
from .transactions import Transactions


@dataclass(frozen=True)
class Place:
    """Where a response belongs: whose it is, on which sheet, in which row (empty for a single answer)."""

    subject: str
    worksheet: str
    row: str = ""
    session: str = ""


@dataclass(frozen=True)
class Entry:
    """How a save comes about: on which revision it is based, by whom, from where, with which status."""

    author: str
    version: int
    based_on: int = 0
    status: str = "draft"
    source: str = "form"


@dataclass(frozen=True)
class Revision:
    """One saved state of a row."""

    seq: int
    place: Place
    version: int
    revision: int
    based_on: int
    status: str
    answers: dict[str, Any]
    digest: str
    author: str
    source: str
    recorded_at: str


def utc_now() -> datetime:
    """The clock of a store, unless another is given."""
    return datetime.now(UTC)


class Store:
    """Append, latest, history, revision. Open it with `storefile.open_store`."""

    def __init__(self, engine: sa.Engine, now: Callable[[], datetime] = utc_now):
        self.engine, self.now = engine, now
        self.transactions = Transactions(engine)

    def by(self, now: Callable[[], datetime]) -> Store:
        """The same store by another clock; what is saved together with one is saved together with both."""
        other = Store(self.engine, now)
        other.transactions = self.transactions
        return other

    def append(
        self,
        place: Place,
        changes: Mapping[str, Any],
        entry: Entry,
        judge: Callable[[dict[str, Any]], None] | None = None,
    ) -> Revision:
        """Merge the changes with the latest revision and store the result, all in one transaction.

        `judge` is given the merged answers and raises to refuse them. The same state is not stored twice.
        Raises ConflictError when somebody else changed one of the same fields meanwhile.
        """
        with self.transactions.writing() as connection:
            latest = _newest_at(connection, place)
            answers = _merged(connection, place, latest, dict(changes), entry.based_on)
            if judge:
                judge(answers)
            if latest and latest.answers == answers and latest.status == entry.status:
                return latest
            line = chained(
                place,
                entry,
                answers,
                revision=latest.revision + 1 if latest else 1,
                before=latest.answers if latest else {},
                at=self.now(),
                previous=_head(connection),
            )
            line["seq"] = connection.execute(RESPONSE.insert(), line).lastrowid
            return _as_revision([line[column.name] for column in schema.READ])

    def latest(
        self,
        worksheet: Collection[str] | None = None,
        subject: Collection[str] | None = None,
        session: Collection[str] | None = None,
        row: Collection[str] | None = None,
    ) -> list[Revision]:
        """The newest revision of every row, withdrawn ones too, in the order in which they were entered.

        Of these alone, where they are given: one worksheet, subject, session, row, or several.
        """
        bounds = schema.bounds(worksheet=worksheet, subject=subject, session=session, row=row)
        with self.transactions.reading() as connection:
            return [_as_revision(line) for line in connection.execute(schema.latest(tuple(bounds)), bounds)]

    def marks(
        self,
        worksheet: Collection[str],
        subject: Collection[str] | None = None,
        row: Collection[str] | None = None,
    ) -> list[str]:
        """What tells the newest revisions from all others, withdrawn ones left out; no answers are read."""
        bounds = schema.bounds(worksheet=worksheet, subject=subject, row=row)
        with self.transactions.reading() as connection:
            return list(connection.execute(schema.marks(tuple(bounds)), bounds).scalars())

    def standing(self, worksheet: str) -> list[tuple[str, str]]:
        """Subject and status of the newest revision of every row of a worksheet; no answers are read."""
        with self.transactions.reading() as connection:
            found = connection.execute(schema.STANDING, {"worksheet": worksheet})
            return [(subject, status) for subject, status, _ in found]

    def rows(self, worksheet: Collection[str], subject: Collection[str] | None = None) -> list[Place]:
        """Every row that is not withdrawn, in the order in which they were entered; no answers are read."""
        bounds = schema.bounds(worksheet=worksheet, subject=subject)
        with self.transactions.reading() as connection:
            found = connection.execute(schema.rows(tuple(bounds)), bounds)
            return [Place(*key) for *key, status, _ in found if status != "withdrawn"]

    def history(self, place: Place) -> list[Revision]:
        """Every revision of one row, the oldest first."""
        with self.transactions.reading() as connection:
            return [_as_revision(line) for line in connection.execute(schema.HISTORY, asdict(place))]

    def newest(self, place: Place) -> Revision | None:
        """The newest revision of one row, withdrawn or not; None when nothing was ever saved there."""
        with self.transactions.reading() as connection:
            return _newest_at(connection, place)

    def at(self, wanted: Collection[tuple[Place, int]]) -> dict[tuple[Place, int], Revision]:
        """These revisions of these rows, as far as there are any."""
        found: dict[tuple[Place, int], Revision] = {}
        with self.transactions.reading() as connection:
            for place, revision in wanted:
                asked = {**asdict(place), "revision": revision}
                if line := connection.execute(schema.ONE, asked).first():
                    found[place, revision] = _as_revision(line)
        return found

    def saved_since(self, moment: datetime) -> list[Place]:
        """Every row that has a new revision since then, withdrawn ones too."""
        with self.transactions.reading() as connection:
            found = connection.execute(schema.SAVED_SINCE, {"moment": _written(moment)})
            return list(dict.fromkeys(Place(*key) for key in found))

    def revision(self, *subjects: str) -> int:
        """A number that grows with every save: the cheap question whether anything changed.

        With subjects, one that grows with every save about one of them.
        """
        bounds = schema.bounds(subject=subjects or None)
        with self.transactions.reading() as connection:
            return connection.execute(schema.revision(tuple(bounds)), bounds).scalar() or 0

    def head(self) -> str:
        """The end of the chain, to be written down elsewhere: without it a cut-off end does not show."""
        with self.transactions.reading() as connection:
            return _head(connection)

    def verify(self) -> list[int]:
        """The seq of every revision that does not fit the chain, or whose answers are not what was stored."""
        broken, previous = [], ""
        with self.transactions.reading() as connection:
            for row in connection.execute(schema.CHAIN).mappings():
                genuine = row["digest"] == _digest(row["salt"], row["answers"]) or not row["salt"]
                if row["previous"] != previous or row["own"] != _own(dict(row)) or not genuine:
                    broken.append(row["seq"])
                previous = row["own"]
        return broken

    def together(self) -> AbstractContextManager[object]:
        """What this thread saves meanwhile is stored by one commit: durable all at once, or not at all.

        Each save within sees those before it, and one that is refused leaves the others as they are; whoever
        reads elsewhere sees nothing of them before the end. Raises StoreError at the end when they could not
        be stored: what was saved may be told only after it.
        """
        return self.transactions.writing()


# --- Merging and chaining ---------------------------------------------------------------------------------


def _merged(
    connection: sa.Connection, place: Place, latest: Revision | None, changes: dict[str, Any], based_on: int
) -> dict[str, Any]:
    # A withdrawn row is empty to whoever did not see it, and answers it anew.
    anew = latest is None or (latest.status == "withdrawn" and not based_on)
    current = {} if latest is None or anew else dict(latest.answers)
    if latest and not anew and latest.revision != based_on:
        base = _answers_of(connection, place, based_on)
        theirs = {
            name: current.get(name)
            for name, value in changes.items()
            if current.get(name) not in (base.get(name), value)
        }
        if theirs:
            yours = {name: changes[name] for name in theirs}
            raise ConflictError(
                [_conflict(name) for name in theirs],
                theirs=theirs,
                yours=yours,
                revision=latest.revision,
                answers=current,
            )
    current.update(changes)
    return {name: value for name, value in current.items() if value is not None}


def _answers_of(connection: sa.Connection, place: Place, revision: int) -> dict[str, Any]:
    line = connection.execute(schema.ONE, {**asdict(place), "revision": revision}).first()
    return _as_revision(line).answers if line else {}


def _newest_at(connection: sa.Connection, place: Place) -> Revision | None:
    line = connection.execute(schema.NEWEST, asdict(place)).first()
    return _as_revision(line) if line else None


def _head(connection: sa.Connection) -> str:
    return connection.execute(schema.HEAD).scalar() or ""


def chained(
    place: Place,
    entry: Entry,
    answers: dict[str, Any],
    *,
    revision: int,
    before: Mapping[str, Any],
    at: datetime,
    previous: str,
) -> dict[str, Any]:
    """The line of the table for a revision, sealed and chained to the previous line.

    `before` are the answers of the row until then; what changed is told from them.
    """
    line = {**asdict(place), **asdict(entry), **_sealed(answers)}
    line["revision"] = revision
    line["changed"] = canonical(_changed(before, answers))
    line["recorded_at"] = _written(at)
    line["previous"] = previous
    line["own"] = _own(line)
    return line


def _written(moment: datetime) -> str:
    """A moment as it is stored: the order of these texts is that of time."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds")


def _changed(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[str]:
    return sorted(name for name in {*before, *after} if before.get(name) != after.get(name))


def _sealed(answers: dict[str, Any]) -> dict[str, str]:
    written, salt = canonical(answers), secrets.token_hex(16)
    return {"answers": written, "salt": salt, "digest": _digest(salt, written)}


def canonical(value: Any) -> str:
    """JSON in one form only, so that equal answers have equal digests."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def _digest(salt: str, answers: str) -> str:
    return hashlib.sha256(f"{salt}{answers}".encode()).hexdigest()


def _own(row: Mapping[str, Any]) -> str:
    # Salt, answers and source stay out: erasing a company empties them, and the chain must still verify.
    chained = {name: row[name] for name in _CHAINED}
    return hashlib.sha256(canonical(chained).encode()).hexdigest()


_UNCHAINED = ("seq", "salt", "answers", "source", "own")
_CHAINED = [column.name for column in RESPONSE.columns if column.name not in _UNCHAINED]


def _as_revision(line: Sequence[Any]) -> Revision:
    """A revision from the columns `schema.READ`, in their order."""
    seq, subject, session, worksheet, version, row, revision, based_on, status, answers, *rest = line
    place = Place(subject, worksheet, row, session)
    return Revision(seq, place, version, revision, based_on, status, json.loads(answers or "{}"), *rest)


def _conflict(name: str) -> Problem:
    return Problem(
        "",
        "conflict",
        message("Somebody else changed this answer at the same time."),
        message("Choose which of the two to keep; neither is lost."),
        field=name,
    )
