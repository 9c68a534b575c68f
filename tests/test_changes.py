"""Whose documents can have changed since a moment: by an own answer, a group's, or one that was released."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from spp_workshop.batch.changes import reached_since
from spp_workshop.workshop import Workshop, open_workshop

BEFORE, NOON, AFTER = (datetime(2026, 10, 23, hour, tzinfo=UTC) for hour in (9, 12, 15))
At = Callable[[datetime], Workshop]


@pytest.fixture
def at(folder: Path) -> At:
    """The workshop at a moment."""
    return lambda moment: open_workshop(folder, now=lambda: moment)


def test_nothing_was_saved_and_nobody_is_reached(at: At) -> None:
    assert reached_since(at(AFTER), BEFORE) == set()


def test_an_own_answer_reaches_its_company_and_the_programme(at: At) -> None:
    at(BEFORE).save("company_profile", {"products": "ねじ"}, subject="company:alpha")
    at(NOON).save("company_profile", {"products": "ばね"}, subject="company:beta")
    assert reached_since(at(AFTER), BEFORE) == {"", "alpha", "beta"}
    assert reached_since(at(AFTER), NOON) == {"", "beta"}
    assert reached_since(at(AFTER), AFTER) == set()


def test_the_moment_may_be_of_another_time_zone(at: At) -> None:
    at(NOON).save("company_profile", {"products": "ねじ"}, subject="company:alpha")
    assert reached_since(at(AFTER), datetime.fromisoformat("2026-10-23T21:00+09:00")) == {"", "alpha"}
    assert reached_since(at(AFTER), datetime.fromisoformat("2026-10-23T21:01+09:00")) == set()


def test_what_was_taken_back_is_a_change_too(at: At) -> None:
    at(BEFORE).save("step1_risk_areas", {"sector_risk": "薬品"}, subject="company:alpha", row="r1")
    assert reached_since(at(AFTER), NOON) == set()
    at(AFTER).withdraw("step1_risk_areas", "company:alpha", "r1")
    assert reached_since(at(AFTER), NOON) == {"", "alpha"}


def test_a_groups_answer_reaches_the_companies_of_the_group(at: At) -> None:
    at(BEFORE).save("discussion_notes", {"point": "聞く"}, subject="group:dd_practice.a", row="r1")
    assert reached_since(at(AFTER), BEFORE) == {"", "alpha"}
    # What a group presents is for everybody.
    at(AFTER).save("group_presentation", {"learned": "聞くこと"}, subject="group:dd_practice.a")
    assert reached_since(at(AFTER), NOON) == {"", "alpha", "beta"}


def test_a_release_reaches_those_who_may_now_read_it(at: At) -> None:
    at(BEFORE).save("company_profile", {"products": "ねじ"}, subject="company:alpha")
    at(AFTER).release("company_profile", "company:alpha", fields=["products"], audience="organiser")
    assert reached_since(at(AFTER), NOON) == {"", "alpha"}
    at(AFTER).release("company_profile", "company:alpha", fields=["products"], audience="programme")
    assert reached_since(at(AFTER), NOON) == {"", "alpha", "beta"}
