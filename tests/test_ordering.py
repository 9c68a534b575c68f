"""The order of the rows of a list: what people put, kept harmless, and the same wherever rows are shown."""

from __future__ import annotations

import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spp_workshop.errors import AnswerError, NotAllowed
from spp_workshop.ordering import follow, in_order
from spp_workshop.rows import Row, carry_forward
from spp_workshop.seats import Seat
from spp_workshop.workshop import Workshop

STEP1, STEP2 = "step1_risk_areas", "step2_harm_process"
ALPHA = "company:alpha"

IDS = st.lists(st.sampled_from(["a", "b", "c", "a.x", "a.y", "b.x", "d", "e.z"]), unique=True)


# --- The rule ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rows", "order", "expected"),
    [
        (["a", "b", "c"], [], ["a", "b", "c"]),
        (["a", "b", "c"], ["c", "a", "b"], ["c", "a", "b"]),
        (["a", "b", "c"], ["c"], ["c", "a", "b"]),
        (["a", "b"], ["gone", "b", "a"], ["b", "a"]),
        (["a", "b", "a.x"], ["b", "a"], ["b", "a", "a.x"]),
        (["a", "b", "a.x"], ["a", "b"], ["a", "a.x", "b"]),
        (["b", "a.x"], ["a", "b"], ["a.x", "b"]),
        (["a", "b"], ["b", "b", "a", "b"], ["b", "a"]),
    ],
)
def test_rows_stand_as_they_were_put(rows: list[str], order: list[str], expected: list[str]) -> None:
    assert in_order(rows, order) == expected


@given(IDS, st.lists(st.sampled_from(["a", "b", "c", "a.x", "gone", "b.y"])))
def test_whatever_an_order_says_no_row_is_lost_or_doubled(rows: list[str], order: list[str]) -> None:
    found = in_order(rows, order)
    assert sorted(found) == sorted(rows)
    wanted = [row for row in dict.fromkeys(order) if row in rows]
    assert [row for row in found if row in order] == wanted
    assert in_order(found, order) == found


@given(IDS, IDS)
def test_rows_follow_their_source_as_in_a_form(rows: list[str], source: list[str]) -> None:
    carried = carry_forward([Row(row, 1) for row in rows], {row: Row(row, 1) for row in source})
    assert follow(rows, source) == [row.row for row in carried if row.revision]


# --- In a workshop ----------------------------------------------------------------------------------------


def fill(workshop: Workshop, worksheet: str = STEP1, *rows: str) -> None:
    first = {STEP1: "business_area", STEP2: "event"}[worksheet]
    for row in rows or ("r1", "r2", "r3"):
        workshop.save(worksheet, {first: row}, subject=ALPHA, row=row)


def shown(workshop: Workshop, worksheet: str = STEP1) -> list[list[str]]:
    """The rows of alpha in all the ways in which they leave the data layer."""
    frame = workshop.frames[worksheet]
    seen = workshop.seated(Seat.company("alpha"))
    return [
        [row.row for row in workshop.rows(worksheet, ALPHA) if row.revision],
        list(frame[frame["company"] == "alpha"]["row"]),
        [line["row"] for line in workshop.records(worksheet) if line["company"] == "alpha"],
        [line["row"] for line in seen.own_rows().get(worksheet, [])],
    ]


def everywhere(*rows: str) -> list[list[str]]:
    return [list(rows)] * 4


def test_a_list_is_reordered_wherever_it_is_shown(workshop: Workshop, alpha: Workshop) -> None:
    fill(workshop)
    workshop.save(STEP1, {"business_area": "theirs"}, subject="company:beta", row="r9")
    assert shown(workshop) == everywhere("r1", "r2", "r3")
    alpha.reorder(STEP1, ALPHA, ["r3", "r1", "r2"])
    assert shown(workshop) == everywhere("r3", "r1", "r2")
    fill(workshop, STEP1, "r4")
    assert shown(workshop) == everywhere("r3", "r1", "r2", "r4")
    workshop.withdraw(STEP1, ALPHA, "r1")
    assert shown(workshop) == everywhere("r3", "r2", "r4")


def test_carried_rows_follow_their_source_until_they_are_put_themselves(workshop: Workshop) -> None:
    fill(workshop)
    fill(workshop, STEP2, "r2", "r1", "r3", "r1.abcd")
    assert shown(workshop, STEP2) == everywhere("r1", "r1.abcd", "r2", "r3")
    workshop.reorder(STEP1, ALPHA, ["r3", "r2", "r1"])
    assert shown(workshop, STEP2) == everywhere("r3", "r2", "r1", "r1.abcd")
    workshop.reorder(STEP2, ALPHA, ["r1.abcd", "r2", "r3", "r1"])
    assert shown(workshop, STEP2) == everywhere("r1.abcd", "r2", "r3", "r1")
    assert shown(workshop) == everywhere("r3", "r2", "r1")
    assert shown(workshop, "step3_prioritisation") == everywhere()


def test_rows_not_answered_yet_can_be_moved_too(workshop: Workshop) -> None:
    fill(workshop)
    workshop.reorder(STEP2, ALPHA, ["r2", "r3", "r1"])
    assert [row.row for row in workshop.rows(STEP2, ALPHA)] == ["r2", "r3", "r1"]


def test_an_order_is_no_row_and_counts_nowhere(workshop: Workshop) -> None:
    fill(workshop)
    before = workshop.standings[STEP1].to_dict("records")
    workshop.reorder(STEP1, ALPHA, ["r3", "r1", "r2"])
    assert workshop.standings[STEP1].to_dict("records") == before
    assert len(workshop.frames[STEP1]) == 3


def test_moving_a_row_changes_what_reports_are_made_from(workshop: Workshop, alpha: Workshop) -> None:
    fill(workshop)
    before = alpha.stamp(), workshop.stamp()
    alpha.reorder(STEP1, ALPHA, ["r2", "r1", "r3"])
    assert alpha.stamp() != before[0]
    assert workshop.stamp() != before[1]


def test_groups_order_their_lists_too(workshop: Workshop, alpha: Workshop) -> None:
    group = "group:dd_practice.a"
    for row in ("n1", "n2"):
        alpha.save("discussion_notes", {"point": row}, subject=group, row=row)
    alpha.reorder("discussion_notes", group, ["n2", "n1"])
    assert [row.row for row in workshop.rows("discussion_notes", group)] == ["n2", "n1"]
    assert list(workshop.frames["discussion_notes"]["row"]) == ["n2", "n1"]


def test_nobody_moves_rows_of_another_company(workshop: Workshop, beta: Workshop) -> None:
    fill(workshop)
    with pytest.raises(NotAllowed):
        beta.reorder(STEP1, ALPHA, ["r3", "r2", "r1"])
    for seat in (Seat.projector(), Seat.organiser()):
        with pytest.raises(NotAllowed):
            workshop.seated(seat).reorder(STEP1, ALPHA, ["r3"])
    assert shown(workshop) == everywhere("r1", "r2", "r3")


def test_a_sheet_without_rows_has_no_order(workshop: Workshop) -> None:
    with pytest.raises(AnswerError):
        workshop.reorder("company_profile", ALPHA, ["r1"])


def test_an_order_is_not_released(workshop: Workshop, alpha: Workshop) -> None:
    fill(workshop)
    alpha.reorder(STEP1, ALPHA, ["r3", "r2", "r1"])
    alpha.release(STEP1, ALPHA, "~order", fields=["order"], audience="programme")
    assert workshop.seated(Seat.projector()).records(STEP1) == []


def test_of_many_who_move_rows_at_once_one_has_it_and_nothing_is_lost(workshop: Workshop) -> None:
    fill(workshop)
    orders = [["r3", "r2", "r1"], ["r2", "r1", "r3"], ["r1", "r3", "r2"]] * 3
    threads = [threading.Thread(target=workshop.reorder, args=(STEP1, ALPHA, order)) for order in orders]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [row.row for row in workshop.rows(STEP1, ALPHA)] in orders
    assert len(workshop.frames[STEP1]) == 3
    assert workshop.store.verify() == []
