"""Attendance by joining: heads in the room and online, company by company, until a person corrects them."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from contextlib import suppress
from datetime import date, datetime
from functools import partial
from typing import TYPE_CHECKING

from spp_workshop import seats
from spp_workshop.errors import ConflictError, SppError
from spp_workshop.programme import Session
from spp_workshop.seats import Seat, Sitting
from spp_workshop.store import Revision
from spp_workshop.workshop import Workshop

if TYPE_CHECKING:
    from .writer import Writer

WORKSHEET = "attendance"
# Writes what the gate counts; nobody sits there.
RECORDER = Seat("custodian", id="recorder")
SOURCE = "joining"
# What the worksheet takes.
_MOST = 99
# Seconds for which others who join are awaited, so that a room that joins at once is written down once; and
# until it is tried again when it could not be stored.
_PAUSE, _AGAIN = 1.0, 15.0

Heads = tuple[int, int]  # in the room, online


class Attendance:
    """Writes the attendance of the day's session a moment after people have joined."""

    def __init__(self, workshop: Workshop, session: str, writer: Writer):
        self._writer, self._record = writer, partial(record, workshop, session)
        self._due: asyncio.TimerHandle | None = None
        self._task: asyncio.Task[None] | None = None

    def note(self, pause: float = _PAUSE) -> None:
        """Somebody has joined, or says anew where they are; call it where the event loop runs."""
        if self._due is None:
            self._due = asyncio.get_running_loop().call_later(pause, self._begin)

    def close(self) -> None:
        """Write what is not written yet."""
        if self._due is not None:
            self._due.cancel()
            self._due = None
            with suppress(SppError):
                self._record()

    def _begin(self) -> None:
        self._due = None
        self._task = asyncio.get_running_loop().create_task(self._write())

    async def _write(self) -> None:
        try:
            await self._writer.do(self._record)
        except SppError as error:
            rules = ", ".join(problem.rule for problem in error.problems)
            logging.getLogger("spp_workshop").error("The attendance was not saved: %s", rules)
            self.note(_AGAIN)


def record(workshop: Workshop, session: str) -> None:
    """Write how many people of each company joined for a session, where no person has written it.

    Raises StoreError when it cannot be stored.
    """
    recorder = workshop.seated(RECORDER)
    subject, day = f"session:{session}", workshop.programme.session(session)
    written = _by_company(recorder.store.latest(WORKSHEET, subject=subject))
    enrolled = {company.key for company in workshop.programme.companies}
    for key, (in_room, online) in heads(seats.sittings(workshop.store), day).items():
        lines = written.get(key, [])
        if key not in enrolled or any(line.author != RECORDER.id for line in lines):
            continue
        if not (lines or in_room or online):
            continue
        said = {"company": key, "in_room": min(in_room, _MOST), "online": min(online, _MOST)}
        based_on = lines[0].revision if lines else 0
        # A correction that comes in between stays.
        with suppress(ConflictError):
            recorder.save(WORKSHEET, said, subject=subject, row=key, based_on=based_on, source=SOURCE)


def heads(sittings: Iterable[Sitting], session: Session) -> dict[str, Heads]:
    """By company, people in the room and online who joined for a session; who came twice is there once.

    Who has left was there. Somebody without a place is in the room. Only one day counts, because people also
    join to do their homework: that of the session, or, where nobody joined then, the later day on which most
    did (it was held late).
    """
    joined = [one for one in sittings if one.seat.company_key and one.session == session.key]
    crowd: Counter[date] = Counter()
    for sitting in joined:
        crowd[joined_on(sitting)] += sitting.people
    days = [day for day in crowd if day >= session.date]
    held = (
        session.date if session.date in days else max(days, key=lambda day: (crowd[day], day), default=None)
    )
    counted: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    for sitting in _once(one for one in joined if joined_on(one) == held):
        counted[sitting.seat.company_key][sitting.place == "online"] += sitting.people
    return {company: (in_room, online) for company, (in_room, online) in counted.items()}


def joined_on(sitting: Sitting) -> date:
    """The day on which somebody joined, by the clock of this machine."""
    return datetime.fromisoformat(sitting.joined_at).astimezone().date()


def is_to_say_where(sitting: Sitting, session: Session, now: datetime) -> bool:
    """Whether somebody who has a seat already is not counted for the session yet, and it is its time."""
    today = now.astimezone().date()
    if sitting.seat.role != "participant" or today < session.date:
        return False
    return sitting.session != session.key or (today == session.date and joined_on(sitting) != today)


def _once(sittings: Iterable[Sitting]) -> Iterator[Sitting]:
    """All but those who left and joined again later by the same name, from whatever device."""
    again: set[tuple[str, str]] = set()
    for sitting in reversed(list(sittings)):
        who = (sitting.seat.subject, sitting.seat.name.casefold())
        if not (sitting.revoked and sitting.seat.name and who in again):
            yield sitting
        again.add(who)


def _by_company(lines: Iterable[Revision]) -> dict[str, list[Revision]]:
    """The lines of each company, wherever it is named: a person may have added one by hand."""
    found: dict[str, list[Revision]] = defaultdict(list)
    for line in lines:
        for key in {line.place.row, line.answers.get("company", "")}:
            found[key].append(line)
    return found


__all__ = ["RECORDER", "SOURCE", "Attendance", "heads", "is_to_say_where", "joined_on", "record"]
