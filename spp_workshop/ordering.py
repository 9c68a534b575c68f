"""The order of the rows of a list, where people have put them in one of their own.

It is kept beside the rows, as a response in a row that is none: same subject, same worksheet. So whoever may
read the rows, and nobody else, reads their order, and whatever looks whether the rows have changed sees that
it has. An order that names rows that are gone, or misses some, does no harm.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from itertools import chain
from typing import Any

from .rows import parent_row
from .schema import ORDER
from .store import Place, Revision
from .worksheet import Worksheet

# Longer than any list of a workshop; what is beyond keeps the order of entry.
MOST_ROWS = 5_000


def wish(order: Iterable[str]) -> dict[str, Any]:
    """The answers that say in which order rows are wanted."""
    return {"order": list(dict.fromkeys(order))[:MOST_ROWS]}


def wished(answers: Mapping[str, Any]) -> list[str]:
    """The order that such answers say."""
    return [row for row in answers.get("order", ()) if isinstance(row, str)]


def in_order(rows: Iterable[str], order: Sequence[str]) -> list[str]:
    """The rows as they are wanted; one that the order does not know stands after its kin, else at the end."""
    known, last = set(order), {_family(row): row for row in order}
    there, new = dict.fromkeys(rows), defaultdict(list)
    for row in there:
        if row not in known:
            new[_family(row)].append(row)
    placed = (
        [row, *(new.pop(_family(row), ()) if last[_family(row)] == row else ())]
        for row in dict.fromkeys(order)
    )
    kept = [row for row in chain.from_iterable(placed) if row in there]
    return [*kept, *(row for row in there if _family(row) in new and row not in known)]


def follow(rows: Iterable[str], source: Iterable[str]) -> list[str]:
    """The rows in the order of those that they come from; the others last."""
    places = {row: place for place, row in enumerate(source)}
    return sorted(rows, key=lambda row: places.get(parent_row(row, places), len(places)))


def apart(revisions: Iterable[Revision]) -> tuple[list[Revision], list[Revision]]:
    """The rows, and what says in which order they are wanted."""
    rows: list[Revision] = []
    orders: list[Revision] = []
    for revision in revisions:
        (orders if revision.place.row == ORDER else rows).append(revision)
    return rows, orders


class Lists:
    """The rows of some worksheets in order of entry, and the orders into which some of them were put."""

    def __init__(self, sheets: Mapping[str, Worksheet], places: Iterable[Place], orders: Iterable[Revision]):
        self._sheets = sheets
        self._rows: dict[tuple[str, str], list[str]] = defaultdict(list)
        for place in places:
            self._rows[place.subject, place.worksheet].append(place.row)
        self._orders = {
            (order.place.subject, order.place.worksheet): wished(order.answers) for order in orders
        }

    def order(self, sheet: Worksheet, subject: str) -> list[str]:
        """The rows of one subject: carried ones follow the sheet they come from, unless put otherwise."""
        rows = self._rows.get((subject, sheet.name), [])
        if source := self._sheets.get(sheet.rows_from or ""):
            rows = follow(rows, self.order(source, subject))
        return in_order(rows, self._orders.get((subject, sheet.name), ()))

    def arranged(self, sheet: Worksheet, revisions: Sequence[Revision]) -> list[Revision]:
        """The revisions, each subject's in its order, in the places that this subject has among all."""
        own = defaultdict(list)
        for revision in revisions:
            own[revision.place.subject].append(revision)
        queues = {subject: iter(_sorted(found, self.order(sheet, subject))) for subject, found in own.items()}
        return [next(queues[revision.place.subject]) for revision in revisions]


def _sorted(revisions: Iterable[Revision], order: Sequence[str]) -> list[Revision]:
    places = {row: place for place, row in enumerate(order)}
    return sorted(revisions, key=lambda revision: places.get(revision.place.row, len(places)))


def _family(row: str) -> str:
    """The row that a row and its copies go back to."""
    return row.partition(".")[0]
