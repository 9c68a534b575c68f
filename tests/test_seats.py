from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spp_workshop import seats
from spp_workshop.errors import NotAllowed
from spp_workshop.seats import Seat, Visitor
from spp_workshop.store import Store
from spp_workshop.storefile import open_store

NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)
TOMORROW = NOW + timedelta(days=1)
TODAY = Visitor(session="dd_practice")


class Watch:
    def __init__(self) -> None:
        self.time = NOW

    def __call__(self) -> datetime:
        return self.time


@pytest.fixture
def watch() -> Watch:
    return Watch()


@pytest.fixture
def store(tmp_path: Path, watch: Watch) -> Store:
    return open_store(tmp_path / "workshop.db", watch)


@pytest.fixture
def code(store: Store) -> str:
    """The code of company alpha."""
    return seats.issue(store, Seat.company("alpha"), TOMORROW)


# --- Codes --------------------------------------------------------------------------------------------------


def test_a_code_makes_a_personal_seat_below_the_one_it_was_issued_for(store: Store, code: str) -> None:
    person, token = seats.join(store, code, Visitor("総務課長", "room", 2, "dd_practice"))
    assert (person.seat.role, person.seat.subject, person.parent) == (
        "participant",
        "company:alpha",
        "company:alpha",
    )
    assert (person.seat.name, person.place, person.people) == ("総務課長", "room", 2)
    assert (person.joined_at, person.agreed_at, person.session) == (
        "2026-11-23T09:00:00.000+00:00",
        "",
        "dd_practice",
    )
    assert seats.sitting(store, token) == person


def test_everybody_gets_a_seat_and_a_token_of_their_own(store: Store, code: str) -> None:
    (one, first), (other, second) = (seats.join(store, code, TODAY) for _ in range(2))
    assert one.seat.id != other.seat.id
    assert first != second
    assert "alpha" not in one.seat.id


def test_neither_code_nor_token_is_anywhere_in_the_store(store: Store, code: str, tmp_path: Path) -> None:
    _, token = seats.join(store, code, TODAY)
    written = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    assert b"company:alpha" in written
    assert code.encode() not in written
    assert token.encode() not in written


@pytest.mark.parametrize("typed", ["", " ", "ABCDEFGHJK", "#", "0", "'; DROP TABLE seat; --", "👩‍🔧" * 3000])
def test_another_code_opens_nothing(store: Store, code: str, typed: str) -> None:
    with pytest.raises(NotAllowed):
        seats.join(store, typed, TODAY)


def typed_anyhow(code: str) -> list[str]:
    full_width = "".join(chr(ord(letter) + 0xFEE0) for letter in code)
    return [
        code.lower(),
        f"  {code[:5]} - {code[5:]}\t",
        full_width,
        full_width.lower() + "\u3000",
        f"{full_width[:5]}\uff0d{full_width[5:]}",
        f"{code[:5]}ー{code[5:]}",  # the long mark that a Japanese keyboard gives for a hyphen
        f"{code[:5]}−{code[5:]}",
        f"https://example.jp/spp/join#{code[:5]}-{code[5:]}",
    ]


@pytest.mark.parametrize("way", range(8))
def test_a_code_may_be_typed_anyhow(store: Store, code: str, way: int) -> None:
    person, _ = seats.join(store, typed_anyhow(code)[way], TODAY)
    assert person.seat.subject == "company:alpha"


@given(st.text(max_size=60))
def test_whatever_is_typed_as_a_code_ends_as_capital_letters_and_digits(typed: str) -> None:
    assert set(seats.plain(typed)) <= set("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ")
    assert seats.plain(seats.plain(typed)) == seats.plain(typed)


def test_a_code_is_shown_in_two_groups_and_read_from_them(code: str) -> None:
    assert seats.spelled("ABCDEFGHJK") == "ABCDE-FGHJK"
    assert seats.plain(seats.spelled(code)) == code


def test_a_code_and_the_seats_of_those_who_used_it_end_at_their_time(
    store: Store, code: str, watch: Watch
) -> None:
    _, token = seats.join(store, code, TODAY)
    watch.time = TOMORROW
    assert seats.sitting(store, token)
    watch.time = TOMORROW + timedelta(seconds=1)
    assert seats.sitting(store, token) is None
    with pytest.raises(NotAllowed):
        seats.join(store, code, TODAY)
    with pytest.raises(NotAllowed):
        seats.go_on(store, token, TODAY)


def test_a_revoked_code_opens_nothing_and_ends_the_seats_of_those_who_used_it(
    store: Store, code: str
) -> None:
    _, token = seats.join(store, code, TODAY)
    seats.revoke(store, "company:alpha")
    assert seats.sitting(store, token) is None
    with pytest.raises(NotAllowed):
        seats.join(store, code, TODAY)
    with pytest.raises(NotAllowed):
        seats.go_on(store, token, TODAY)


def test_one_person_can_be_sent_away_alone(store: Store, code: str) -> None:
    (one, first), (_, second) = (seats.join(store, code, TODAY) for _ in range(2))
    seats.revoke(store, one.seat.id)
    assert seats.sitting(store, first) is None
    assert seats.sitting(store, second)


def test_a_new_code_ends_the_old_one_and_nobodys_seat(store: Store, code: str, watch: Watch) -> None:
    _, token = seats.join(store, code, TODAY)
    renewed = seats.renew(store, "company:alpha", TOMORROW + timedelta(days=7))
    with pytest.raises(NotAllowed):
        seats.join(store, code, TODAY)
    assert seats.join(store, renewed, TODAY)
    watch.time = TOMORROW + timedelta(days=6)
    person = seats.sitting(store, token)
    assert person
    assert person.expires_at == "2026-12-01T09:00:00+00:00"


def test_a_seat_that_was_revoked_gets_a_new_code_and_nobody_comes_back_by_it(store: Store, code: str) -> None:
    _, token = seats.join(store, code, TODAY)
    seats.revoke(store, "company:alpha")
    renewed = seats.renew(store, "company:alpha", TOMORROW)
    assert seats.sitting(store, token) is None
    assert seats.join(store, renewed, TODAY)


def test_a_seat_has_one_code(store: Store, code: str) -> None:
    with pytest.raises(NotAllowed, match="has a code already"):
        seats.issue(store, Seat.company("alpha"), TOMORROW)
    assert seats.join(store, code, TODAY)


@pytest.mark.parametrize("seat_id", ["company:nobody", "", "%", "' OR 1=1 --"])
def test_a_seat_that_is_not_there_is_neither_renewed_nor_revoked(
    store: Store, code: str, seat_id: str
) -> None:
    with pytest.raises(NotAllowed, match="no seat of this name"):
        seats.renew(store, seat_id, TOMORROW)
    with pytest.raises(NotAllowed, match="no seat of this name"):
        seats.revoke(store, seat_id)
    assert seats.join(store, code, TODAY)


def test_no_code_is_made_for_a_personal_seat(store: Store, code: str) -> None:
    person, token = seats.join(store, code, TODAY)
    with pytest.raises(NotAllowed):
        seats.renew(store, person.seat.id, TOMORROW)
    assert seats.sitting(store, token)


# --- People -------------------------------------------------------------------------------------------------


def test_a_code_is_no_token_and_a_token_no_code(store: Store, code: str) -> None:
    _, token = seats.join(store, code, TODAY)
    assert seats.sitting(store, code) is None
    with pytest.raises(NotAllowed):
        seats.join(store, token, TODAY)


@pytest.mark.parametrize("token", ["", "x", "\ud800", "\x00", "あ" * 10_000])
def test_another_token_holds_no_seat(store: Store, code: str, token: str) -> None:
    seats.join(store, code, TODAY)
    assert seats.sitting(store, token) is None


def test_the_first_time_that_somebody_agrees_counts(store: Store, code: str, watch: Watch) -> None:
    person, token = seats.join(store, code, TODAY)
    other, _ = seats.join(store, code, TODAY)
    seats.agree(store, person.seat.id)
    watch.time += timedelta(hours=1)
    seats.agree(store, person.seat.id)
    agreed = seats.sitting(store, token)
    assert agreed
    assert agreed.agreed_at == "2026-11-23T09:00:00+00:00"
    assert {one.seat.id: one.agreed_at for one in seats.sittings(store)}[other.seat.id] == ""


def test_a_device_that_joins_again_has_one_seat(store: Store, code: str) -> None:
    person, token = seats.join(store, code, Visitor("佐藤", "room", 3, "dd_practice"))
    seats.agree(store, person.seat.id)
    again, fresh = seats.join(store, code, Visitor("鈴木", "online", 2, "dd_practice"), before=token)
    assert again.seat.id == person.seat.id
    assert [(one.seat.name, one.people) for one in seats.sittings(store) if one.is_personal] == [("鈴木", 2)]
    assert seats.sitting(store, token) is None
    # Somebody else may sit there now, who has not read the notice.
    assert seats.sitting(store, fresh) == again
    assert again.agreed_at == ""


def test_who_left_and_joins_again_is_counted_once_and_gets_another_seat(store: Store, code: str) -> None:
    person, token = seats.join(store, code, Visitor("", "room", 3, "dd_practice"))
    seats.revoke(store, person.seat.id)
    again, _ = seats.join(store, code, Visitor("", "room", 2, "dd_practice"), before=token)
    assert again.seat.id != person.seat.id
    assert sum(one.people for one in seats.sittings(store)) == 2
    assert seats.sitting(store, token) is None


def test_a_device_that_moves_to_another_company_is_not_counted_where_it_was(store: Store, code: str) -> None:
    _, token = seats.join(store, code, Visitor("", "room", 3, "dd_practice"))
    beta = seats.issue(store, Seat.company("beta"), TOMORROW)
    seats.join(store, beta, Visitor("", "room", 3, "dd_practice"), before=token)
    people = {one.seat.subject: (one.people, one.revoked) for one in seats.sittings(store) if one.is_personal}
    assert people == {"company:alpha": (0, True), "company:beta": (3, False)}
    assert seats.sitting(store, token) is None


def test_who_goes_on_into_another_session_is_there_in_both(store: Store, code: str) -> None:
    person, token = seats.join(store, code, Visitor("佐藤", "room", 3, "dd_preparation"))
    seats.agree(store, person.seat.id)
    later, fresh = seats.go_on(store, token, Visitor("佐藤", "online", 1, "dd_practice"))
    counted = [(one.session, one.place, one.people) for one in seats.sittings(store) if one.is_personal]
    assert sorted(counted) == [("dd_practice", "online", 1), ("dd_preparation", "room", 3)]
    assert later.agreed_at
    assert seats.sitting(store, token) is None
    assert seats.sitting(store, fresh) == later


def test_who_goes_on_in_the_same_session_keeps_the_seat(store: Store, code: str) -> None:
    person, token = seats.join(store, code, Visitor("佐藤", "room", 3, "dd_practice"))
    same, _ = seats.go_on(store, token, Visitor("佐藤", "online", 1, "dd_practice"))
    assert same.seat.id == person.seat.id
    assert [(one.place, one.people) for one in seats.sittings(store) if one.is_personal] == [("online", 1)]


def test_the_list_of_seats_tells_no_secret(store: Store, code: str) -> None:
    person, token = seats.join(store, code, TODAY)
    told = repr(seats.sittings(store))
    assert person.seat.id in told
    assert code not in told
    assert token not in told
    assert seats._hash(code) not in told
