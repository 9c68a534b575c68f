"""Bringing a store's file from an older version of the tables to the present one, its backup made first."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from shutil import copymode
from tempfile import TemporaryDirectory

import sqlalchemy as sa

# The version of the two tables, kept as SQLite's PRAGMA user_version.
VERSION = 2

# By the version from which they lead to the next one.
STEPS: dict[int, tuple[str, ...]] = {
    1: (
        "ALTER TABLE seat ADD COLUMN parent TEXT DEFAULT '' NOT NULL",
        "ALTER TABLE seat ADD COLUMN place TEXT DEFAULT '' NOT NULL",
        "ALTER TABLE seat ADD COLUMN people INTEGER DEFAULT 0 NOT NULL",
        "ALTER TABLE seat ADD COLUMN session TEXT DEFAULT '' NOT NULL",
        "ALTER TABLE seat ADD COLUMN joined_at TEXT DEFAULT '' NOT NULL",
        "ALTER TABLE seat ADD COLUMN agreed_at TEXT DEFAULT '' NOT NULL",
    ),
}


def version_of(connection: sa.Connection) -> int:
    """The version of the tables in a store's file; 0 when the file has none."""
    return connection.exec_driver_sql("PRAGMA user_version").scalar() or 0


def migrate(engine: sa.Engine, path: Path, now: Callable[[], datetime]) -> None:
    """Bring the tables to `VERSION`, all of it or nothing; a store that is there already stays as it is.

    Beside the file a copy of it as it was is left, such as `workshop.version-1.20261123-090000.db`.
    """
    with engine.connect() as connection:
        if version_of(connection) >= VERSION:
            return
        # Whoever else opens the store now waits here, and then finds it done.
        connection.exec_driver_sql("BEGIN IMMEDIATE")
        try:
            version = version_of(connection)
            if version < VERSION:
                _back_up(engine, path, version, now())
            for step in range(version, VERSION):
                for statement in STEPS[step]:
                    connection.exec_driver_sql(statement)
            connection.exec_driver_sql(f"PRAGMA user_version={max(version, VERSION)}")
        except BaseException:
            connection.exec_driver_sql("ROLLBACK")
            raise
        connection.exec_driver_sql("COMMIT")


def _back_up(engine: sa.Engine, path: Path, version: int, moment: datetime) -> None:
    """A whole copy under a name of its own; nobody writes meanwhile, because the caller holds the lock."""
    name = f"{path.stem}.version-{version}.{moment:%Y%m%d-%H%M%S}{path.suffix}"
    with TemporaryDirectory(prefix=".spp-", dir=path.parent) as beside:
        copy = Path(beside, name)
        with engine.connect() as reading:
            reading.exec_driver_sql("VACUUM INTO ?", (str(copy),))
        # Whoever was kept from the store is kept from its copy.
        copymode(path, copy)
        copy.replace(path.with_name(name))
