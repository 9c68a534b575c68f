"""A workshop folder whose store has grown: the demonstration's companies, answering a thousand times over.

Every row that they wrote is written again under new keys, field after field as a form saves it, each revision
digested and chained by the store's own code. Only the way into the file is shorter: many lines at a time,
one transaction, no waiting for the disk. It is nobody's data.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

import crowd

from spp_workshop import programme
from spp_workshop.demo import demo_folder
from spp_workshop.store import RESPONSE, Entry, Place, Revision, chained
from spp_workshop.storefile import open_store
from spp_workshop.visibility import RELEASE
from spp_workshop.workshop import STORE_FILE

# How often a row is saved: at least once, and four times as the mean.
MOST_REVISIONS = 7
AT_ONCE = 10_000
ORIGINALS = 8  # companies of the demonstration


@dataclass(frozen=True)
class Life:
    """One row: where it stands, its answers in the end, and how many revisions lead to them."""

    place: Place
    end: Revision
    answers: dict[str, Any]
    revisions: int

    def state(self, number: int) -> dict[str, Any]:
        """The answers after so many of its revisions: the form is filled in from the top."""
        filled = -(-len(self.answers) * number // self.revisions)
        return dict(itertools.islice(self.answers.items(), filled))


def make(folder: Path, companies: int, seed: int = 1) -> None:
    """Make the folder: so many companies with about a hundred responses each."""
    demo_folder(folder)
    store = open_store(folder / STORE_FILE)
    rows = store.latest()
    store.engine.dispose()
    (folder / STORE_FILE).unlink()
    keys = crowd.enrol(folder / programme.FILE, companies)
    store = open_store(folder / STORE_FILE)
    with store.engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA synchronous=OFF")
        connection.exec_driver_sql("PRAGMA cache_size=-400000")
        connection.exec_driver_sql("BEGIN IMMEDIATE")
        lines = _lines(rows, set(keys), Random(seed))
        while batch := list(itertools.islice(lines, AT_ONCE)):
            connection.execute(RESPONSE.insert(), batch)
        connection.exec_driver_sql("COMMIT")
    store.engine.dispose()


def _lines(rows: list[Revision], keys: set[str], random: Random) -> Iterator[dict[str, Any]]:
    """The lines of the table in the order of their time: all first saves of a row, all second ones ..."""
    previous, at = "", datetime.fromisoformat(rows[0].recorded_at)
    revisions: dict[Place, int] = {}
    for row in rows:
        lives = list(_lives(row, keys, revisions, random))
        for number in range(1, MOST_REVISIONS + 1):
            random.shuffle(lives)
            for life in lives:
                if number <= life.revisions:
                    at += timedelta(seconds=1)
                    line = _line(life, number, at, previous)
                    yield line
                    previous = line["own"]


def _lives(row: Revision, keys: set[str], known: dict[Place, int], random: Random) -> Iterator[Life]:
    # Once only: what the facilitator writes down, and what a company agrees to show.
    once = row.place.subject.startswith("session:") or row.place.worksheet == RELEASE
    for number in range(-(-len(keys) // ORIGINALS)):
        again = crowd.again(row, number, keys) if number else [(row.place, row.answers)]
        for place, said in again:
            revisions = 1 if once else random.randint(1, MOST_REVISIONS)
            known[place] = revisions
            yield Life(place, row, _shown(place, said, known), revisions)


def _shown(place: Place, said: dict[str, Any], known: dict[Place, int]) -> dict[str, Any]:
    """A release shows the last revision that its row has here."""
    if place.worksheet != RELEASE:
        return said
    row = replace(place, worksheet=said["of_worksheet"], row=said.get("of_row", ""))
    return said | {"of_revision": known[row]}


def _line(life: Life, number: int, at: datetime, previous: str) -> dict[str, Any]:
    status = life.end.status if number == life.revisions else "draft"
    entry = Entry(life.place.subject, life.end.version, number - 1, status)
    before = life.state(number - 1) if number > 1 else {}
    return chained(
        life.place, entry, life.state(number), revision=number, before=before, at=at, previous=previous
    )
