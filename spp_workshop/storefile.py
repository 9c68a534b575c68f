"""The store's file: where it may lie, whose it is, and opening it without harm (SQLite)."""

from __future__ import annotations

import errno
import os
import sys
import tempfile
from collections.abc import Callable
from datetime import datetime
from pathlib import Path, PurePath
from typing import Any

import sqlalchemy as sa

from .errors import Message, Problem, StoreError, message
from .migrations import VERSION, migrate, version_of
from .schema import INDEXES, TABLES
from .store import Store, utc_now
from .transactions import locked

# PRAGMA application_id of our files ("SPPw").
APPLICATION_ID = 0x53505077


def open_store(path: Path, now: Callable[[], datetime] = utc_now) -> Store:
    """Open the store file, or make an empty one; an older toolkit's is brought to the present tables, and
    a copy of it left beside. Raises StoreError, having changed nothing.
    """
    refuse_unsafe_place(path)
    if not path.exists():
        _create(path)
    engine = _engine(path)
    try:
        _refuse_foreign(engine, path)
        migrate(engine, path, now)
        _add_indexes(engine)
    except BaseException:
        engine.dispose()
        raise
    return Store(engine, now)


def _engine(path: Path) -> sa.Engine:
    # Transactions are begun by hand (BEGIN IMMEDIATE), so the driver must not begin its own.
    engine = sa.create_engine(
        f"sqlite:///{path}",
        isolation_level="AUTOCOMMIT",
        connect_args={"timeout": 30, "check_same_thread": False},
    )

    @sa.event.listens_for(engine, "connect")
    def _settings(connection: Any, _record: Any) -> None:
        connection.execute("PRAGMA synchronous=FULL")
        connection.execute("PRAGMA secure_delete=ON")

    @sa.event.listens_for(engine, "handle_error")
    def _explain(context: sa.engine.ExceptionContext) -> None:
        # Whenever it happens: a disk may fill up, or a file be damaged, long after it was opened.
        if problem := _unusable(path, str(context.original_exception)):
            raise StoreError(problem) from None

    return engine


def _create(path: Path) -> None:
    """Make it beside its place first: where it is, it is whole, whenever somebody is stopped."""
    try:
        with tempfile.TemporaryDirectory(prefix=".spp-", dir=path.parent) as beside:
            made = Path(beside, path.name)
            engine = _engine(made)
            with engine.connect() as connection:
                connection.exec_driver_sql("PRAGMA journal_mode=WAL")
                TABLES.create_all(connection)
                connection.exec_driver_sql(f"PRAGMA application_id={APPLICATION_ID}")
                connection.exec_driver_sql(f"PRAGMA user_version={VERSION}")
            engine.dispose()
            # Other accounts of this machine have no business with the answers.
            made.chmod(0o600)
            _put(made, path)
    except OSError as error:
        full = error.errno == errno.ENOSPC
        raise StoreError(_problem(path, "disk_full" if full else "read_only_store")) from None


def _put(made: Path, path: Path) -> None:
    """Give the file its name; a store that another program has put there meanwhile stays."""
    try:
        os.link(made, path)
    except FileExistsError:
        return
    except OSError:
        # A memory stick knows no second name of a file.
        made.rename(path)


def _refuse_foreign(engine: sa.Engine, path: Path) -> None:
    with engine.connect() as connection:
        owner = connection.exec_driver_sql("PRAGMA application_id").scalar()
        version = version_of(connection)
    if owner != APPLICATION_ID:
        raise StoreError(_problem(path, "not_a_store"))
    if version > VERSION:
        raise StoreError(_problem(path, "newer_store"))
    if not os.access(path, os.W_OK) or not os.access(path.parent, os.W_OK):
        raise StoreError(_problem(path, "read_only_store"))


def _add_indexes(engine: sa.Engine) -> None:
    """The first stores lack the indexes; no answer depends on them."""
    with engine.connect() as connection:
        for index in INDEXES:
            connection.execute(sa.schema.CreateIndex(index, if_not_exists=True))


# Folders that a program on this machine copies elsewhere behind our back, in the middle of a write.
_CLOUD = (
    "onedrive",
    "dropbox",
    "box",
    "box sync",
    "google drive",
    "googledrive",
    "my drive",
    "マイドライブ",
    "icloud drive",
    "mobile documents",
    "creative cloud files",
)


def refuse_unsafe_place(path: Path) -> None:
    """Raise StoreError where a store would be in danger: in a synchronised folder, or on a network share."""
    whole = path.absolute()
    if any(_is_cloud(part) for part in whole.parts[:-1]):
        raise StoreError(_in_danger(path, "synchronised_folder", _SYNCHRONISED))
    if str(whole).startswith(("\\\\", "//")) or _is_network(whole):
        raise StoreError(_in_danger(path, "network_folder", _NETWORK))


def _is_cloud(part: str) -> bool:
    name = part.casefold()
    return name in _CLOUD or name.startswith(("onedrive -", "dropbox (", "googledrive-"))


def _is_network(path: Path) -> bool:
    """Whether the path is on a mounted network share (where SQLite's locks do not hold)."""
    if not sys.platform.startswith("linux"):
        return False
    mounts = [line.split()[1:3] for line in Path("/proc/mounts").read_text(encoding="utf-8").splitlines()]
    around = [(PurePath(place), kind) for place, kind in mounts if path.is_relative_to(place)]
    _, kind = max(around, key=lambda mount: len(mount[0].parts), default=(path, ""))
    return kind in ("nfs", "nfs4", "cifs", "smb3")


# --- Wording ----------------------------------------------------------------------------------------------


# By rule: what is wrong, and how to mend it.
_WORDING = {
    "not_a_store": (
        message("This file is not a store of a workshop."),
        message("Move it away, or open the folder of your workshop."),
    ),
    "newer_store": (
        message("This store was made by a newer version of the toolkit."),
        message("Install the newer version; nothing was changed."),
    ),
    "read_only_store": (
        message("This store, or its folder, can only be read."),
        message("Ask for the right to write there, or copy the workshop folder to a place of your own."),
    ),
    "damaged_store": (
        message("This store is damaged: its file is not whole."),
        message("Leave it as it is, and put the last backup of the workshop folder in another place."),
    ),
    "disk_full": (
        message("The disk is full, or does not write; nothing was stored."),
        message("Make room on the disk, and try again."),
    ),
}

# What SQLite says itself, and the rule that it means.
_SQLITE = {
    "readonly": "read_only_store",
    "unable to open": "read_only_store",
    "not a database": "not_a_store",
    "malformed": "damaged_store",
    "is full": "disk_full",
    "disk I/O": "disk_full",
}

_SYNCHRONISED = message(
    "This folder is copied to a cloud drive, which can destroy a store while it is written."
)
_NETWORK = message("This folder is on a network share, where a store can be destroyed.")


def _problem(path: Path, rule: str) -> Problem:
    return Problem(path.name, rule, *_WORDING[rule])


def _unusable(path: Path, said: str) -> Problem | None:
    """What SQLite's own words mean for a person; None for what is nobody's fault but ours."""
    rule = next((rule for words, rule in _SQLITE.items() if words in said), "")
    if rule:
        return _problem(path, rule)
    return locked() if "locked" in said else None


def _in_danger(path: Path, rule: str, what: Message) -> Problem:
    return Problem(
        path.name, rule, what, message("Move the workshop folder to {place}.", place=_better_place(path))
    )


def _better_place(path: Path) -> str:
    name = path.absolute().parent.name
    return str(Path.home() / "spp-workshop" / ("my-workshop" if _is_cloud(name) else name))
