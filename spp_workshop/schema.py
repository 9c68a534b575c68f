"""The two tables of a store, and what is asked of the responses: every question is put together once, and
finds its lines by an index (a test holds that).
"""

from __future__ import annotations

from collections.abc import Collection
from functools import cache
from typing import Any

import sqlalchemy as sa

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

# The unique key finds what one company wrote. The first of these finds what all wrote on one worksheet, and
# how far they are, without reading a single answer; the second finds what is new.
INDEXES = (
    sa.Index(
        "response_by_worksheet",
        *(RESPONSE.c[name] for name in ("worksheet", "row", "subject", "session", "revision", "status")),
    ),
    sa.Index("response_by_time", RESPONSE.c.recorded_at),
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
    # Empty and 0 for a seat that has a code; the others are of the personal seats made by joining with it.
    sa.Column("parent", sa.Text, nullable=False, server_default=""),
    sa.Column("place", sa.Text, nullable=False, server_default=""),
    sa.Column("people", sa.Integer, nullable=False, server_default=sa.text("0")),
    sa.Column("session", sa.Text, nullable=False, server_default=""),
    sa.Column("joined_at", sa.Text, nullable=False, server_default=""),
    sa.Column("agreed_at", sa.Text, nullable=False, server_default=""),
)

# The row that is none: it holds the order of the rows of a list (see `ordering`).
ORDER = "~order"

# --- Questions to the responses ---------------------------------------------------------------------------

# The others are for `Store.verify` alone.
_UNREAD = ("changed", "salt", "previous", "own")
READ = [column for column in RESPONSE.columns if column.name not in _UNREAD]
# In the order of the fields of `store.Place`.
KEY = [RESPONSE.c[name] for name in ("subject", "worksheet", "row", "session")]
_HERE = [column == sa.bindparam(column.name) for column in KEY]

REVISION = sa.select(sa.func.max(RESPONSE.c.seq))
HEAD = sa.select(RESPONSE.c.own).where(RESPONSE.c.seq == REVISION.scalar_subquery())
CHAIN = sa.select(RESPONSE).order_by(RESPONSE.c.seq).execution_options(yield_per=1_000)

SAVED_SINCE = sa.select(*KEY).where(RESPONSE.c.recorded_at >= sa.bindparam("moment"))

# Of one row: all its revisions, the newest, and one of them.
HISTORY = sa.select(*READ).where(*_HERE).order_by(RESPONSE.c.revision)
NEWEST = sa.select(*READ).where(*_HERE).order_by(RESPONSE.c.revision.desc()).limit(1)
ONE = sa.select(*READ).where(*_HERE, RESPONSE.c.revision == sa.bindparam("revision"))

# SQLite takes the status from the line that has the highest revision.
STANDING = (
    sa.select(RESPONSE.c.subject, RESPONSE.c.status, sa.func.max(RESPONSE.c.revision))
    .where(RESPONSE.c.worksheet == sa.bindparam("worksheet"), RESPONSE.c.row != ORDER)
    .group_by(*KEY)
)


@cache
def rows(bounded: tuple[str, ...]) -> sa.Select[Any]:
    """Key and status of every row in order of entry, without its answers; `bounded` as in `latest`."""
    within = [RESPONSE.c[name].in_(sa.bindparam(name, expanding=True)) for name in bounded]
    newest = sa.func.max(RESPONSE.c.revision)
    found = sa.select(*KEY, RESPONSE.c.status, newest).where(*within, RESPONSE.c.row != ORDER)
    return found.group_by(*KEY).order_by(sa.func.min(RESPONSE.c.seq))


def bounds(**wanted: Collection[str] | None) -> dict[str, list[str]]:
    """Which values are asked for, by column; a column that may hold anything is left out."""
    found = {name: [one] if isinstance(one, str) else one for name, one in wanted.items()}
    return {name: sorted(one) for name, one in found.items() if one is not None}


@cache
def revision(bounded: tuple[str, ...]) -> sa.Select[Any]:
    """The newest seq; `bounded` are the columns of `bounds`."""
    return sa.select(sa.func.max(RESPONSE.c.seq)).where(*_within(bounded))


@cache
def latest(bounded: tuple[str, ...]) -> sa.Select[Any]:
    """The newest revision of every row, in order of entry; `bounded` are the columns of `bounds`."""
    rows = _rows(bounded)
    return sa.select(*READ).join(rows, RESPONSE.c.seq == rows.c.newest).order_by(rows.c.first)


@cache
def marks(bounded: tuple[str, ...]) -> sa.Select[Any]:
    """What tells these from any others: the chained digest of each that is not withdrawn, and its salt, which
    is empty when the answers were erased."""
    rows = _rows(bounded)
    newest = sa.select(RESPONSE.c.own + RESPONSE.c.salt).join(rows, RESPONSE.c.seq == rows.c.newest)
    return newest.where(RESPONSE.c.status != "withdrawn").order_by(rows.c.newest)


def _rows(bounded: tuple[str, ...]) -> sa.Subquery:
    """The newest and the first seq of every row: later revisions have higher ones."""
    newest, first = (edge(RESPONSE.c.seq) for edge in (sa.func.max, sa.func.min))
    rows = sa.select(newest.label("newest"), first.label("first")).where(*_within(bounded))
    return rows.group_by(*KEY).subquery()


def _within(bounded: tuple[str, ...]) -> list[sa.ColumnElement[bool]]:
    return [RESPONSE.c[name].in_(sa.bindparam(name, expanding=True)) for name in bounded]
