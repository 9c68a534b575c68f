"""Which answers a file knows of because an earlier file of the same company brought them.

Whoever corrects a workbook and sends it again sends the old revisions along: those of the day when it went
out. What its own first import stored would look like somebody else's change. A file goes on from an earlier
one when it repeats most of what that one brought; a colleague's copy of the same workbook, filled in apart,
does not, and stays in conflict with it. And what a file has brought itself, it cannot bring again.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cached_property
from itertools import pairwise
from typing import Any

from spp_workshop.store import Place, Revision, Store

# How answers out of a workbook are marked in the store, followed by the checksum of the file.
SOURCE = "workbook:"

# Worksheet, row and question.
Key = tuple[str, str, str]


class Lineage:
    """What a file knows of the store. `own` is its source, `said` what it says; with `anew` it is taken as if
    it had never been imported before."""

    def __init__(self, store: Store, subject: str, said: Mapping[Key, Any], own: str, *, anew: bool = False):
        self.store, self.subject, self.said, self.own, self.anew = store, subject, said, own, anew

    def known(self, place: Place, revision: int) -> dict[str, Any]:
        """By question the answers of a row that it knows of, of those stored after a revision."""
        return {
            name: value
            for saved, name, value in self._changes.get(place, ())
            if saved.revision > revision and saved.source in self._files
        }

    @cached_property
    def _changes(self) -> dict[Place, list[tuple[Revision, str, Any]]]:
        """By row every answer that was ever changed there, the oldest first."""
        sheets = {worksheet for worksheet, _, _ in self.said}
        rows = {Place(self.subject, worksheet, row) for worksheet, row, _ in self.said}
        rows |= set(self.store.rows(sheets, [self.subject]))
        return {place: list(changes(self.store.history(place))) for place in rows}

    @cached_property
    def _files(self) -> set[str]:
        """The sources from which it goes on, and its own. One that came after it is none of these."""
        brought: dict[str, list[tuple[int, Key, Any]]] = {}
        for place, changes in self._changes.items():
            for saved, name, value in changes:
                if saved.source.startswith(SOURCE):
                    key = (place.worksheet, place.row, name)
                    brought.setdefault(saved.source, []).append((saved.seq, key, value))
        first = min((seq for seq, _, _ in brought.pop(self.own, [])), default=None)
        earlier = {
            source
            for source, found in brought.items()
            if (first is None or min(found)[0] < first) and self._repeats(found)
        }
        return earlier if self.anew else earlier | {self.own}

    def _repeats(self, brought: list[tuple[int, Key, Any]]) -> bool:
        both = [self.said[key] == value for _, key, value in brought if key in self.said]
        return sum(both) * 2 > len(both)


def changes(history: list[Revision]) -> Iterator[tuple[Revision, str, Any]]:
    """Every answer that was changed in the history of a row, the oldest first."""
    if history:
        yield from ((history[0], name, value) for name, value in history[0].answers.items())
    for before, after in pairwise(history):
        for name in {**before.answers, **after.answers}:
            if before.answers.get(name) != after.answers.get(name):
                yield after, name, after.answers.get(name)
