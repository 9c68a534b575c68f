from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from spp_workshop import seats
from spp_workshop.errors import NotAllowed
from spp_workshop.seats import Seat
from spp_workshop.store import Store
from spp_workshop.storefile import open_store

TOMORROW = datetime.now(UTC) + timedelta(days=1)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return open_store(tmp_path / "workshop.db")


def test_a_code_opens_the_seat_it_was_issued_for(store: Store) -> None:
    code = seats.issue(store, Seat.company("alpha"), TOMORROW)
    assert seats.redeem(store, f" {code.lower()} ") == Seat.company("alpha")


def test_the_code_itself_is_nowhere_in_the_store(store: Store, tmp_path: Path) -> None:
    code = seats.issue(store, Seat.company("alpha"), TOMORROW)
    assert not any(code.encode() in path.read_bytes() for path in tmp_path.iterdir())


@pytest.mark.parametrize("code", ["", "ABCDEFGHJK"])
def test_another_code_opens_nothing(store: Store, code: str) -> None:
    seats.issue(store, Seat.company("alpha"), TOMORROW)
    with pytest.raises(NotAllowed):
        seats.redeem(store, code)


def test_a_code_past_its_time_opens_nothing(store: Store) -> None:
    code = seats.issue(store, Seat.company("alpha"), datetime.now(UTC) - timedelta(seconds=1))
    with pytest.raises(NotAllowed):
        seats.redeem(store, code)


def test_a_revoked_code_opens_nothing(store: Store) -> None:
    code = seats.issue(store, Seat.company("alpha"), TOMORROW)
    seats.revoke(store, "company:alpha")
    with pytest.raises(NotAllowed):
        seats.redeem(store, code)
