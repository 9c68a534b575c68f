"""What each seat sees of the store, by the rules of `visibility`, reading no more than that.

What companies have released, and what is open to all, is the same for many seats: it is read once for all of
them, and again when something was saved.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Mapping
from functools import cached_property

from . import ordering
from .ordering import Lists
from .programme import Programme
from .schema import ORDER
from .seats import Seat
from .store import Place, Revision, Store
from .visibility import RELEASE, as_released, is_released_to, may_read, reach
from .worksheet import Worksheet, ancestors


class Sight:
    """The answers of one workshop, as any of its seats may read them."""

    def __init__(self, store: Store, programme: Programme, worksheets: Mapping[str, Worksheet]):
        self.store, self.programme, self.worksheets = store, programme, worksheets
        self._kept = _Common(0, (), programme)

    @cached_property
    def subjects(self) -> set[str]:
        """Everybody about whom something can be written in this programme."""
        sessions = self.programme.sessions
        return (
            {f"company:{company.key}" for company in self.programme.companies}
            | {f"session:{session.key}" for session in sessions}
            | {f"group:{session.key}.{group.key}" for session in sessions for group in session.groups}
        )

    def rows(
        self, seat: Seat, sheet: Worksheet, subject: str = "", session: str | None = None
    ) -> list[Revision]:
        """The newest rows that the seat may read, withdrawn ones left out; those of others as released."""
        rows = self._unreleased(seat, sheet, subject, session)
        all_there = seat.role == "custodian" or sheet.subject != "company"
        if all_there or (subject and subject == seat.subject):
            return rows
        return rows + self._released(seat, sheet, subject)

    def own(self, seat: Seat) -> list[Revision]:
        """The newest rows of the seat's own company on all worksheets, withdrawn ones left out: one read."""
        found = [row for row in self.store.latest(subject=seat.subject) if row.status != "withdrawn"]
        rows, orders = ordering.apart(found)
        lists = Lists(self.worksheets, [row.place for row in rows], orders)
        own: dict[str, list[Revision]] = defaultdict(list)
        for row in rows:
            own[row.place.worksheet].append(row)
        sheets = self.worksheets
        return [
            row
            for name, there in own.items()
            for row in (lists.arranged(sheets[name], there) if name in sheets else there)
        ]

    def order(self, sheet: Worksheet, subject: str) -> list[str]:
        """The order into which the rows of one subject were put; empty when they never were."""
        found = self.store.latest(sheet.name, subject=subject, row=ORDER)
        return [row for one in found for row in ordering.wished(one.answers)]

    def standing(self, seat: Seat, sheet: Worksheet) -> list[tuple[str, str]]:
        """Subject and status of the rows that the seat may read; who sees everything reads no answers."""
        if seat.role != "custodian":
            return [(row.place.subject, row.status) for row in self.rows(seat, sheet)]
        return [line for line in self.store.standing(sheet.name) if line[1] != "withdrawn"]

    def stamp(self, seat: Seat) -> str:
        """A digest of every answer that the seat can read: equal stamps, equal reports."""
        if seat.role == "custodian":
            return _digest([self.store.head()])
        by_bounds: dict[tuple[tuple[str, frozenset[str]], ...], list[str]] = {}
        for sheet in self.worksheets.values():
            if (bounds := reach(seat, sheet, self.programme)) is not None:
                by_bounds.setdefault(tuple(bounds.items()), []).append(sheet.name)
        own = [self._marks(dict(bounds), names) for bounds, names in by_bounds.items()]
        return _digest([*own, *self._marks_of_releases(seat)])

    # --- Inside -------------------------------------------------------------------------------------------

    def _unreleased(self, seat: Seat, sheet: Worksheet, subject: str, session: str | None) -> list[Revision]:
        bounds = reach(seat, sheet, self.programme)
        if bounds is None or (subject and subject not in bounds.get("subject", (subject,))):
            return []
        if subject:
            bounds["subject"] = frozenset([subject])
        found = self.store.latest(sheet.name, session=session, **bounds)
        readable = [
            row for row in found if row.status != "withdrawn" and may_read(seat, sheet, row, self.programme)
        ]
        return self._in_order(sheet, readable, one=bool(subject))

    def _in_order(self, sheet: Worksheet, found: list[Revision], one: bool) -> list[Revision]:
        """The rows as they were put; who reads `one` subject looks itself where these come from."""
        rows, orders = ordering.apart(found)
        sources = [] if one or not rows else [source.name for source in ancestors(sheet, self.worksheets)]
        places = [row.place for row in rows]
        if sources:
            subjects = {row.place.subject for row in rows}
            whose = subjects if len(subjects) == 1 else None
            places += self.store.rows(sources, whose)
            orders += self.store.latest(sources, whose, row=ORDER)
        if not sources and not orders:
            return rows
        return Lists(self.worksheets, places, orders).arranged(sheet, rows)

    def _released(self, seat: Seat, sheet: Worksheet, subject: str) -> list[Revision]:
        others = [
            release
            for release in self._common().releases.get(sheet.name, ())
            if release.place.subject != seat.subject and subject in ("", release.place.subject)
        ]
        reaching = [release for release in others if is_released_to(seat, release, self.programme)]
        rows = self.store.at([_shown_by(release) for release in reaching])
        found = ((rows.get(_shown_by(release)), release) for release in reaching)
        # What is released stands in the order in which it was: later moves are not released by it.
        return [as_released(row, release) for row, release in found if row and row.place.row != ORDER]

    def _marks(self, bounds: Mapping[str, frozenset[str]], names: list[str]) -> str:
        """A digest of the rows within these bounds; without any it is the same for many seats."""
        if bounds:
            return _digest(self.store.marks(names, **bounds))
        kept, key = self._common().open, tuple(names)
        if key not in kept:
            kept[key] = _digest(self.store.marks(names))
        return kept[key]

    def _marks_of_releases(self, seat: Seat) -> list[str]:
        """What tells the releases that reach the seat from others: each shows one revision for ever."""
        common = self._common()
        if seat.role == "participant":
            groups = sorted(self.programme.groups_of(seat.company_key))
            return [common.to_all, *(mark for group in groups for mark in common.to_group.get(group, ()))]
        narrow = (release for release in common.narrow if is_released_to(seat, release, self.programme))
        return [common.to_all, *map(_mark, narrow)]

    def _common(self) -> _Common:
        # Several threads may be here at once; each goes on with what it has found itself.
        revision, kept = self.store.revision(), self._kept
        if kept.revision == revision:
            return kept
        common = _Common(revision, self.store.latest(RELEASE), self.programme)
        # What is not certain yet may come to nothing, and its number be given to something else.
        if not self.store.transactions.is_open:
            self._kept = common
        return common


class _Common:
    """What is the same for many seats, as it was at one revision of the store."""

    def __init__(self, revision: int, releases: Iterable[Revision], programme: Programme):
        self.revision = revision
        self.open: dict[tuple[str, ...], str] = {}
        self.releases: dict[str, list[Revision]] = defaultdict(list)
        self.to_group: dict[str, list[str]] = defaultdict(list)
        self.narrow: list[Revision] = []
        to_all: list[str] = []
        for release in releases:
            self.releases[release.answers.get("of_worksheet", "")].append(release)
            if is_released_to(_ANYBODY, release, programme):
                to_all.append(_mark(release))
            else:
                self.narrow.append(release)
        self.to_all = _digest(to_all)
        for release in self.narrow:
            company = release.place.subject.removeprefix("company:")
            if release.status != "withdrawn" and release.answers.get("audience") == "group":
                for group in programme.groups_of(company):
                    self.to_group[group].append(_mark(release))


# What reaches this seat reaches all.
_ANYBODY = Seat.projector()


def _shown_by(release: Revision) -> tuple[Place, int]:
    said = release.answers
    place = Place(release.place.subject, said.get("of_worksheet", ""), said.get("of_row", ""))
    return place, said.get("of_revision", 0)


def _mark(release: Revision) -> str:
    return f"{release.place}{release.revision}{release.digest}"


def _digest(marks: Iterable[str]) -> str:
    return hashlib.sha256("\n".join(marks).encode()).hexdigest()
