"""A store of an older toolkit is brought to the present tables, and a copy of it is left beside."""

from __future__ import annotations

import os
import sqlite3
import threading
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from spp_workshop import migrations, seats
from spp_workshop.errors import StoreError
from spp_workshop.seats import Seat, Visitor
from spp_workshop.storefile import VERSION, open_store

NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)
BACKUP = "workshop.version-1.20261123-090000.db"
# A store with answers, made by an old toolkit (its commit cfb36ba).
OLD = Path(__file__).parent / "data" / "store_version_1.db"

# What the first toolkits wrote about a seat; the code is ABCDEFGHJK.
OLD_SEAT = (
    "company:beta",
    "participant",
    "company:beta",
    "f57cbf1e3e471b25db4b8ad0844df41b2dae9c7d1944944d128e49294d412f66",
    "",
    "2026-12-31T00:00:00+00:00",
    0,
)


@pytest.fixture
def old(tmp_path: Path) -> Path:
    """A store of version 1 with answers and two seats."""
    path = tmp_path / "workshop.db"
    path.write_bytes(OLD.read_bytes())
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("INSERT INTO seat VALUES (?, ?, ?, ?, ?, ?, ?)", OLD_SEAT)
        connection.commit()
    return path


def asked(path: Path, question: str) -> list[tuple]:
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute(question).fetchall()


def test_an_old_seat_is_there_and_its_code_is_good(old: Path) -> None:
    store = open_store(old, lambda: NOW)
    _, line = seats.sittings(store)
    assert line.seat == Seat.company("beta")
    assert (line.parent, line.place, line.people, line.joined_at, line.agreed_at) == ("", "", 0, "", "")
    person, _ = seats.join(store, "abcde-fghjk", Visitor("佐藤", "room", 2))
    assert person.seat.subject == "company:beta"
    seats.agree(store, person.seat.id)
    seats.renew(store, "company:beta", NOW + timedelta(days=1))


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such rights")
def test_whoever_may_not_read_the_store_may_not_read_its_copy(old: Path) -> None:
    old.chmod(0o600)
    open_store(old, lambda: NOW)
    assert (old.parent / BACKUP).stat().st_mode & 0o777 == 0o600


def test_a_migrated_store_has_the_tables_of_a_new_one(old: Path, tmp_path: Path) -> None:
    open_store(old, lambda: NOW)
    open_store(tmp_path / "new.db")
    for table in ("seat", "response"):
        shapes = [
            set(
                asked(
                    path, f"SELECT name, type, \"notnull\", dflt_value, pk FROM pragma_table_info('{table}')"
                )
            )
            for path in (old, tmp_path / "new.db")
        ]
        assert shapes[0] == shapes[1]
    assert asked(old, "PRAGMA user_version") == [(VERSION,)] == [(2,)]


def test_a_copy_of_the_store_as_it_was_is_left_beside(old: Path) -> None:
    answers = asked(old, "SELECT * FROM response ORDER BY seq")
    open_store(old, lambda: NOW)
    beside = old.with_name(BACKUP)
    assert sorted(path.name for path in old.parent.glob("*.db")) == sorted([old.name, BACKUP])
    assert asked(beside, "PRAGMA user_version") == [(1,)]
    assert asked(beside, "SELECT * FROM seat")[1:] == [OLD_SEAT]
    assert asked(beside, "SELECT * FROM response ORDER BY seq") == answers
    assert asked(beside, "PRAGMA integrity_check") == [("ok",)]


def test_the_copy_opens_as_a_store_again(old: Path, tmp_path: Path) -> None:
    before = open_store(old, lambda: NOW)
    (tmp_path / "other").mkdir()
    copy = tmp_path / "other" / "workshop.db"
    copy.write_bytes(old.with_name(BACKUP).read_bytes())
    after = open_store(copy, lambda: NOW)
    assert (after.head(), after.revision(), after.verify()) == (before.head(), 8, [])


def test_a_store_is_migrated_once(old: Path) -> None:
    open_store(old, lambda: NOW)
    written = old.read_bytes()
    open_store(old, lambda: NOW + timedelta(days=1))
    assert [path.name for path in old.parent.glob("*version*")] == [BACKUP]
    assert old.read_bytes() == written


def test_a_new_store_needs_no_copy(tmp_path: Path) -> None:
    open_store(tmp_path / "workshop.db")
    assert [path.name for path in tmp_path.glob("*.db")] == ["workshop.db"]


def test_a_migration_that_fails_leaves_the_store_as_it_was(
    old: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    steps = (*migrations.STEPS[1], "ALTER TABLE no_table ADD COLUMN x TEXT")
    monkeypatch.setitem(migrations.STEPS, 1, steps)
    with pytest.raises(Exception, match="no such table: no_table"):
        open_store(old, lambda: NOW)
    assert asked(old, "PRAGMA user_version") == [(1,)]
    assert asked(old, "SELECT * FROM seat")[1:] == [OLD_SEAT]
    monkeypatch.undo()
    assert len(seats.sittings(open_store(old, lambda: NOW))) == 2


def test_a_store_of_which_no_copy_can_be_made_stays_as_it_is(
    old: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise sqlite3.OperationalError("database or disk is full")

    monkeypatch.setattr(migrations, "_back_up", full)
    with pytest.raises((StoreError, sqlite3.OperationalError), match="full"):
        open_store(old, lambda: NOW)
    assert asked(old, "PRAGMA user_version") == [(1,)]
    assert asked(old, "SELECT * FROM seat")[1:] == [OLD_SEAT]


def test_several_programs_that_open_an_old_store_at_once_migrate_it_once(old: Path) -> None:
    ready = threading.Barrier(4)
    failed: list[BaseException] = []

    def open_it() -> None:
        ready.wait()
        try:
            assert len(seats.sittings(open_store(old, lambda: NOW))) == 2
        except BaseException as error:
            failed.append(error)

    threads = [threading.Thread(target=open_it) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    assert [path.name for path in old.parent.glob("*version*")] == [BACKUP]
