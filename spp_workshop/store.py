"""The one store of answers: append-only, each revision chained to the one before (SQLAlchemy Core, SQLite).

Nothing is ever overwritten: a correction is a new revision, a withdrawal too. A save sends the changed fields
and the revision on which they are based; fields that nobody else touched merge by themselves.
"""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa

from .errors import ConflictError, Problem, StoreError, message

TABLES = sa.MetaData()

RESPONSE = sa.Table(
    "response",
    TABLES,
    sa.Column("seq", sa.Integer, primary_key=True, autoincrement=True),
    sa.Column("subject", sa.Text, nullable=False),
    sa.Column("session", sa.Text, nullable=False),
    sa.Column("worksheet", sa.Text, nullable=False),
    sa.Column("version", sa.Integer, nullable=False),
    sa.Column("row", sa.Text, nullable=False),
    sa.Column("revision", sa.Integer, nullable=False),
    sa.Column("based_on", sa.Integer, nullable=False),
    sa.Column("status", sa.Text, nullable=False),
    sa.Column("answers", sa.Text, nullable=False),
    sa.Column("changed", sa.Text, nullable=False),
    sa.Column("salt", sa.Text, nullable=False),
    sa.Column("digest", sa.Text, nullable=False),
    sa.Column("author", sa.Text, nullable=False),
    sa.Column("source", sa.Text, nullable=False),
    sa.Column("recorded_at", sa.Text, nullable=False),
    sa.Column("previous", sa.Text, nullable=False),
    sa.Column("own", sa.Text, nullable=False),
    sa.UniqueConstraint("subject", "worksheet", "session", "row", "revision"),
    sqlite_autoincrement=True,
)

SEAT = sa.Table(
    "seat",
    TABLES,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("role", sa.Text, nullable=False),
    sa.Column("subject", sa.Text, nullable=False),
    sa.Column("token_hash", sa.Text, nullable=False, unique=True),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("expires_at", sa.Text, nullable=False),
    sa.Column("revoked", sa.Boolean, nullable=False),
)


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
    changed: list[str]
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
        with self._writing() as connection:
            latest = _latest_at(connection, place)
            answers = _merged(connection, place, latest, dict(changes), entry.based_on)
            if judge:
                judge(answers)
            if latest and latest.answers == answers and latest.status == entry.status:
                return latest
            row = {**asdict(place), **asdict(entry), **_sealed(answers)}
            row["revision"] = latest.revision + 1 if latest else 1
            row["changed"] = canonical(_changed(latest.answers if latest else {}, answers))
            row["recorded_at"] = self.now().astimezone(UTC).isoformat(timespec="milliseconds")
            row["previous"] = _head(connection)
            row["own"] = _own(row)
            written = connection.execute(RESPONSE.insert().values(**row))
            return _as_revision({**row, "seq": written.lastrowid})

    def latest(
        self, worksheet: str | None = None, subject: str | None = None, session: str | None = None
    ) -> list[Revision]:
        """The newest revision of every row, withdrawn ones too, in the order in which they were entered."""
        newer = RESPONSE.alias()
        superseded = sa.exists().where(
            newer.c.subject == RESPONSE.c.subject,
            newer.c.worksheet == RESPONSE.c.worksheet,
            newer.c.session == RESPONSE.c.session,
            newer.c.row == RESPONSE.c.row,
            newer.c.revision == RESPONSE.c.revision + 1,
        )
        query = sa.select(RESPONSE).where(~superseded)
        wanted = {"worksheet": worksheet, "subject": subject, "session": session}
        for column, value in wanted.items():
            if value is not None:
                query = query.where(RESPONSE.c[column] == value)
        first = RESPONSE.alias()
        entered = (
            sa.select(first.c.seq)
            .where(
                first.c.subject == RESPONSE.c.subject,
                first.c.worksheet == RESPONSE.c.worksheet,
                first.c.session == RESPONSE.c.session,
                first.c.row == RESPONSE.c.row,
                first.c.revision == 1,
            )
            .scalar_subquery()
        )
        with self.engine.connect() as connection:
            return [_as_revision(dict(row)) for row in connection.execute(query.order_by(entered)).mappings()]

    def history(self, place: Place) -> list[Revision]:
        """Every revision of one row, the oldest first."""
        query = sa.select(RESPONSE).where(*_at(place)).order_by(RESPONSE.c.revision)
        with self.engine.connect() as connection:
            return [_as_revision(dict(row)) for row in connection.execute(query).mappings()]

    def revision(self) -> int:
        """A number that grows with every save: the cheap question whether anything changed."""
        with self.engine.connect() as connection:
            return connection.execute(sa.select(sa.func.max(RESPONSE.c.seq))).scalar() or 0

    def head(self) -> str:
        """The end of the chain, to be written down elsewhere: without it a cut-off end does not show."""
        with self.engine.connect() as connection:
            return _head(connection)

    def verify(self) -> list[int]:
        """The seq of every revision that does not fit the chain, or whose answers are not what was stored."""
        broken, previous = [], ""
        with self.engine.connect() as connection:
            for row in connection.execute(sa.select(RESPONSE).order_by(RESPONSE.c.seq)).mappings():
                genuine = row["digest"] == _digest(row["salt"], row["answers"]) or not row["salt"]
                if row["previous"] != previous or row["own"] != _own(dict(row)) or not genuine:
                    broken.append(row["seq"])
                previous = row["own"]
        return broken

    @contextmanager
    def _writing(self) -> Iterator[sa.Connection]:
        # The write lock is taken before reading, so what was read is still true when it is written.
        with self.engine.connect() as connection:
            try:
                connection.exec_driver_sql("BEGIN IMMEDIATE")
            except sa.exc.OperationalError:
                raise StoreError(locked()) from None
            try:
                yield connection
            except BaseException:
                # A full disk makes SQLite roll back by itself, and then there is nothing to roll back.
                with suppress(sa.exc.OperationalError):
                    connection.exec_driver_sql("ROLLBACK")
                raise
            connection.exec_driver_sql("COMMIT")


def locked() -> Problem:
    """Another program writes, and does not stop."""
    return Problem(
        "",
        "store_locked",
        message("The store is being written by another program, and did not become free."),
        message("Close other windows of this workshop, and try again."),
    )


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
    query = sa.select(RESPONSE.c.answers).where(*_at(place), RESPONSE.c.revision == revision)
    found = connection.execute(query).scalar()
    return json.loads(found) if found else {}


def _latest_at(connection: sa.Connection, place: Place) -> Revision | None:
    query = sa.select(RESPONSE).where(*_at(place)).order_by(RESPONSE.c.revision.desc()).limit(1)
    row = connection.execute(query).mappings().first()
    return _as_revision(dict(row)) if row else None


def _at(place: Place) -> list[sa.ColumnElement[bool]]:
    return [
        RESPONSE.c.subject == place.subject,
        RESPONSE.c.worksheet == place.worksheet,
        RESPONSE.c.session == place.session,
        RESPONSE.c.row == place.row,
    ]


def _head(connection: sa.Connection) -> str:
    query = sa.select(RESPONSE.c.own).order_by(RESPONSE.c.seq.desc()).limit(1)
    return connection.execute(query).scalar() or ""


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


def _as_revision(row: Mapping[str, Any]) -> Revision:
    return Revision(
        row["seq"],
        Place(row["subject"], row["worksheet"], row["row"], row["session"]),
        row["version"],
        row["revision"],
        row["based_on"],
        row["status"],
        json.loads(row["answers"] or "{}"),
        json.loads(row["changed"]),
        row["digest"],
        row["author"],
        row["source"],
        row["recorded_at"],
    )


def _conflict(name: str) -> Problem:
    return Problem(
        "",
        "conflict",
        message("Somebody else changed this answer at the same time."),
        message("Choose which of the two to keep; neither is lost."),
        field=name,
    )
