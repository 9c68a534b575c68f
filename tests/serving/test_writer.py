from __future__ import annotations

import asyncio
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from spp_workshop.errors import AnswerError, Problem, StoreError, message
from spp_workshop.forms import reply
from spp_workshop.seats import Seat
from spp_workshop.serving.writer import Writer
from spp_workshop.store import Entry, Place, Store
from spp_workshop.storefile import open_store
from spp_workshop.workshop import Workshop

from .conftest import finished

HERE = Place("company:alpha", "step1", "r1")


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return open_store(tmp_path / "workshop.db")


@pytest.fixture
def writer(store: Store) -> Iterator[Writer]:
    made = Writer(store)
    yield made
    made.close()


def saving(store: Store, row: str, text: str = "x") -> Callable[[], int]:
    place = replace(HERE, row=row)
    return lambda: store.append(place, {"issue": text}, Entry("seat", version=1)).seq


def together(writer: Writer, *works: Callable[[], Any]) -> list[Any]:
    """What becomes of works that are all handed in before the first of them begins."""

    async def ask() -> list[Any]:
        gate = threading.Event()
        held = asyncio.ensure_future(writer.do(gate.wait))
        asked = [asyncio.ensure_future(writer.do(work)) for work in works]
        await asyncio.sleep(0)
        gate.set()
        return (await asyncio.gather(held, *asked, return_exceptions=True))[1:]

    return finished(ask())


class Commits:
    """How often the store went to the disk."""

    def __init__(self, store: Store):
        import sqlalchemy as sa

        self.count = 0
        sa.event.listen(store.engine, "before_cursor_execute", self._note)

    def _note(self, _connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        self.count += statement == "COMMIT"


def test_what_waits_is_stored_by_one_commit_and_chained(store: Store, writer: Writer) -> None:
    commits = Commits(store)
    assert together(writer, *(saving(store, f"r{n}") for n in range(40))) == [*range(1, 41)]
    assert commits.count < 10  # one each time when the machine is not busy
    assert store.verify() == []
    assert store.revision() == 40


def test_what_is_acknowledged_is_there_for_everybody_else(store: Store, writer: Writer) -> None:
    async def ask() -> list[int]:
        await writer.do(saving(store, "r1"))
        # Another connection, as another program has it.
        with sqlite3.connect(store.engine.url.database or "") as other:
            return [count for (count,) in other.execute("select count(*) from response")]

    assert finished(ask()) == [1]


def test_one_that_is_refused_leaves_the_others_and_nothing_of_itself(store: Store, writer: Writer) -> None:
    def half() -> None:
        saving(store, "r2")()
        raise AnswerError(Problem("", "no", message("No."), message("Stop.")))

    def bug() -> None:
        saving(store, "r4")()
        raise ZeroDivisionError

    found = together(writer, saving(store, "r1"), half, saving(store, "r3"), bug, saving(store, "r5"))
    assert [type(one) for one in found] == [int, AnswerError, int, ZeroDivisionError, int]
    assert [line.place.row for line in store.latest()] == ["r1", "r3", "r5"]
    assert store.verify() == []


def test_each_sees_what_those_before_it_saved_and_nobody_else_does(store: Store, writer: Writer) -> None:
    seen: list[int] = []

    def look() -> int:
        reader = threading.Thread(target=lambda: seen.append(store.revision()))
        reader.start()
        reader.join()
        return store.revision()

    assert together(writer, saving(store, "r1"), look) == [1, 1]
    assert seen == [0]


def test_readers_do_not_wait(store: Store, writer: Writer) -> None:
    begun, gate = threading.Event(), threading.Event()

    def slow() -> None:
        saving(store, "r1")()
        begun.set()
        gate.wait(10)

    async def ask() -> float:
        work = asyncio.ensure_future(writer.do(slow))
        await asyncio.to_thread(begun.wait, 10)
        start = time.perf_counter()
        assert store.revision() == 0
        took = time.perf_counter() - start
        gate.set()
        await work
        return took

    assert finished(ask()) < 1


@pytest.fixture
def full(store: Store) -> Callable[[int], None]:
    """Lets the store's disk be so many pages large from now on."""
    import sqlalchemy as sa

    def limit(pages: int) -> None:
        @sa.event.listens_for(store.engine, "checkout")
        def _(connection: Any, *_: Any) -> None:
            connection.execute(f"PRAGMA max_page_count={pages}")

    return limit


def test_on_a_full_disk_everybody_hears_it_and_nothing_is_half_stored(
    store: Store, writer: Writer, full: Callable[[int], None]
) -> None:
    assert together(writer, saving(store, "r0")) == [1]
    pages = store.engine.connect().exec_driver_sql("PRAGMA page_count").scalar()
    full(pages + 2)
    found = together(writer, *(saving(store, f"r{n}", "long " * 300) for n in range(1, 9)))
    assert {type(error) for error in found} == {StoreError}
    assert {error.problems[0].rule for error in found} == {"disk_full"}
    assert [line.place.row for line in store.latest()] == ["r0"]
    full(100_000)
    assert together(writer, saving(store, "r9")) == [2]
    assert store.verify() == []


def test_on_a_full_disk_forms_are_told_too(workshop: Workshop) -> None:
    """A form hears of everything as `faults`; the writer must not take that for stored."""
    import sqlalchemy as sa

    writer = Writer(workshop.store)
    seated = workshop.seated(Seat.company("alpha"))

    def save(row: str) -> Callable[[], Any]:
        sent = {"do": "save", "worksheet": "step1_risk_areas", "subject": "company:alpha", "row": row}
        return lambda: reply(seated, sent | {"changes": {"sector_risk": "long " * 900}})

    pages = workshop.store.engine.connect().exec_driver_sql("PRAGMA page_count").scalar()

    @sa.event.listens_for(workshop.store.engine, "checkout")
    def _(connection: Any, *_: Any) -> None:
        connection.execute(f"PRAGMA max_page_count={pages + 3}")

    found = together(writer, *(save(f"r{n}") for n in range(8)))
    writer.close()
    stored = {revision.place.row for revision in workshop.store.latest()}
    told = {f"r{n}" for n, one in enumerate(found) if isinstance(one, dict) and "faults" not in one}
    assert told == stored
    refused = [one for n, one in enumerate(found) if f"r{n}" not in told]
    assert refused
    for one in refused:
        rule = one["faults"][0]["rule"] if isinstance(one, dict) else one.problems[0].rule
        assert rule == "disk_full"
    assert workshop.store.verify() == []


def test_a_store_that_another_program_holds_is_told_to_all_who_wait(
    store: Store, writer: Writer, monkeypatch: pytest.MonkeyPatch
) -> None:
    import sqlalchemy as sa

    @sa.event.listens_for(store.engine, "checkout")
    def _(connection: Any, *_: Any) -> None:
        connection.execute("PRAGMA busy_timeout=50")

    with sqlite3.connect(store.engine.url.database or "", isolation_level=None) as other:
        other.execute("BEGIN IMMEDIATE")
        start = time.perf_counter()

        async def ask() -> list[Any]:
            asked = (writer.do(saving(store, f"r{n}")) for n in range(50))
            return await asyncio.gather(*asked, return_exceptions=True)

        found = finished(ask())
        assert time.perf_counter() - start < 2  # and not fifty times as long
        other.execute("ROLLBACK")
    assert {error.problems[0].rule for error in found} == {"store_locked"}
    assert together(writer, saving(store, "r1")) == [1]


def test_it_ends_when_all_that_waits_is_done(store: Store) -> None:
    writer = Writer(store)

    async def ask() -> list[int]:
        asked = [asyncio.ensure_future(writer.do(saving(store, f"r{n}"))) for n in range(5)]
        await asyncio.sleep(0)
        await asyncio.to_thread(writer.close)
        return await asyncio.gather(*asked)

    assert finished(ask()) == [1, 2, 3, 4, 5]
    assert not [thread for thread in threading.enumerate() if thread.name == "writer"]
