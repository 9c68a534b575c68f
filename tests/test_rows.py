from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from spp_workshop.rows import Row, carry_forward, in_steps, new_row_id, parent_row
from spp_workshop.store import Place, Revision


@pytest.mark.parametrize(
    ("row", "parent"),
    [
        ("r1", "r1"),
        ("r1.ab", "r1"),
        ("r1.ab.cd", "r1"),
        ("r2.x.yy", "r2.x"),
        ("r10", ""),
        ("r9", ""),
        ("", ""),
    ],
)
def test_the_parent_is_the_longest_beginning_that_exists(row: str, parent: str) -> None:
    assert parent_row(row, {"r1": 1, "r2": 1, "r2.x": 1}) == parent


def test_a_child_of_a_new_row_says_whose_it_is() -> None:
    parent = new_row_id()
    assert parent_row(new_row_id(parent), {parent: 1}) == parent
    assert new_row_id() != new_row_id()


def test_rows_not_answered_yet_stand_in_the_order_of_their_source() -> None:
    source = {name: Row(name, 1) for name in ("a", "b", "c")}
    rows = carry_forward([Row("own", 1), Row("b", 1), Row("b.x", 1)], source)
    assert [(row.row, row.revision) for row in rows] == [("a", 0), ("b", 1), ("b.x", 1), ("c", 0), ("own", 1)]


def test_ten_minutes_of_one_author_are_one_step() -> None:
    start = datetime(2026, 10, 1, 9, tzinfo=UTC)

    def state(minutes: int, author: str = "a", status: str = "draft") -> Revision:
        time = (start + timedelta(minutes=minutes)).isoformat()
        return Revision(minutes, Place("s", "w"), 1, 1, 0, status, {}, "", author, "form", time)

    states = [state(0), state(9), state(12, "b"), state(13), state(30), state(31, status="submitted")]
    assert [step.seq for step in in_steps(states)] == [9, 12, 13, 30, 31]
