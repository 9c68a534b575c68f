"""Workshop folders with as many companies as a measurement wants.

The eight made-up companies of the demonstration answer again under new keys: each of their revisions, those
of their groups and their lines on the sessions' lists are saved once more through `Store.append`, at their
times.
"""

from __future__ import annotations

import copy
import json
import shutil
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from spp_workshop import documents, programme
from spp_workshop.demo import TEMPLATE, demo_folder
from spp_workshop.folders import new_folder
from spp_workshop.store import Entry, Place, Revision, Store
from spp_workshop.storefile import open_store
from spp_workshop.workshop import STORE_FILE

FIRST = 8  # companies of the demonstration
REFERENCE = Path(__file__).with_name("reference.ipynb")


def real(folder: Path, companies: int) -> list[str]:
    """The demonstration with so many companies and their answers; returns the companies' keys."""
    demo_folder(folder)
    keys = enrol(folder / programme.FILE, companies)
    _answer(folder / STORE_FILE, keys)
    return keys


def reference(folder: Path, companies: int) -> list[str]:
    """A folder whose own notebook is the reference notebook, which needs no answers."""
    new_folder(folder, TEMPLATE)
    (folder / "notebooks").mkdir()
    shutil.copy(REFERENCE, folder / "notebooks" / "company_summary.ipynb")
    return enrol(folder / programme.FILE, companies)


# --- The programme ------------------------------------------------------------------------------------------


def enrol(path: Path, wanted: int) -> list[str]:
    """Give the programme so many companies and the groups in which they sit. JSON is YAML, too."""
    data: dict[str, Any] = copy.deepcopy(documents.read(path).data)
    times = range(-(-wanted // FIRST))
    data["companies"] = [_copied(one, number) for number in times for one in data["companies"]][:wanted]
    keys = [company["key"] for company in data["companies"]]
    asked = set(keys)
    for session in data["sessions"]:
        groups = [_copied(one, number) for number in times for one in session.get("groups", [])]
        for group in groups:
            group["companies"] = [key for key in group["companies"] if key in asked]
        session["groups"] = [group for group in groups if group["companies"]]
    path.write_text(json.dumps(data, ensure_ascii=False, indent=1, default=str), encoding="utf-8")
    return keys


def _copied(one: dict[str, Any], number: int) -> dict[str, Any]:
    inside = {"companies": [_key(key, number) for key in one["companies"]]} if "companies" in one else {}
    return one | {"key": _key(one["key"], number)} | inside


def _key(key: str, number: int) -> str:
    return f"{key}_{number}" if number else key


# --- The answers --------------------------------------------------------------------------------------------


def _answer(path: Path, keys: list[str]) -> None:
    """Save the answers of all companies that have none, as the first eight gave them."""
    store, asked = open_store(path), set(keys)
    revisions = _revisions(store)

    @sa.event.listens_for(store.engine, "checkout")
    def _hurry(connection: Any, *_: Any) -> None:
        # Nobody's answers: a crash would cost nothing but this folder.
        connection.execute("PRAGMA synchronous=OFF")

    for number in range(1, -(-len(keys) // FIRST)):
        for revision in revisions:
            for place, answers in again(revision, number, asked):
                at = datetime.fromisoformat(revision.recorded_at)
                entry = Entry(
                    revision.author, revision.version, revision.based_on, revision.status, revision.source
                )
                Store(store.engine, lambda at=at: at).append(place, answers, entry)
    store.engine.dispose()


def _revisions(store: Store) -> list[Revision]:
    """Every revision in the order in which they were saved."""
    return sorted(
        (revision for latest in store.latest() for revision in store.history(latest.place)),
        key=lambda revision: revision.seq,
    )


def again(revision: Revision, number: int, asked: set[str]) -> Iterator[tuple[Place, dict[str, Any]]]:
    """Where the revision is saved once more, if its company is one of those asked for."""
    place, answers = revision.place, revision.answers
    kind, _, key = place.subject.partition(":")
    if (kind == "company" and _key(key, number) in asked) or kind == "group":
        yield replace(place, subject=f"{kind}:{_key(key, number)}"), answers
    elif kind == "session" and _key(place.row, number) in asked:
        line = {"company": _key(place.row, number)} if "company" in answers else {}
        yield replace(place, row=_key(place.row, number)), answers | line
