"""Who joined stands in the attendance, until a person says otherwise."""

from __future__ import annotations

import logging
import time
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from spp_workshop import seats
from spp_workshop.errors import Problem, StoreError, message
from spp_workshop.seats import Seat, Visitor
from spp_workshop.serving import attendance
from spp_workshop.serving.attendance import heads, is_to_say_where, record
from spp_workshop.store import Revision, utc_now
from spp_workshop.workshop import Workshop

from .conftest import Served

DAY, SUBJECT = "dd_practice", "session:dd_practice"
ROOM, ONLINE = "room", "online"


class Gate:
    """People who join, without a server."""

    def __init__(self, workshop: Workshop) -> None:
        self.workshop = workshop
        # In the middle of the session.
        self.time = datetime(2026, 10, 23, 5, tzinfo=UTC)
        self.store = workshop.store.by(self.now)
        until = self.time + timedelta(days=400)
        self.codes = {key: seats.issue(self.store, Seat.company(key), until) for key in ("alpha", "beta")}

    def now(self) -> datetime:
        self.time += timedelta(seconds=1)
        return self.time

    def join(
        self, key: str, place: str = ROOM, people: int = 1, name: str = "", **how: Any
    ) -> tuple[str, str]:
        session, before = how.get("session", DAY), how.get("before", "")
        visitor = Visitor(name, place, people, session)
        person, token = seats.join(self.store, self.codes[key], visitor, before)
        return person.seat.id, token

    def heads(self) -> dict[str, tuple[int, int]]:
        return heads(seats.sittings(self.store), self.workshop.programme.session(DAY))

    def record(self) -> None:
        record(self.workshop, DAY)

    def lines(self) -> dict[str, Revision]:
        found = self.store.latest("attendance", subject=SUBJECT)
        return {line.answers.get("company", ""): line for line in found if line.status != "withdrawn"}

    def written(self) -> dict[str, tuple[int, int]]:
        return {key: (line.answers["in_room"], line.answers["online"]) for key, line in self.lines().items()}


@pytest.fixture
def gate(workshop: Workshop) -> Gate:
    return Gate(workshop)


def test_people_are_counted_by_company_in_the_room_and_online(gate: Gate) -> None:
    gate.join("alpha", ROOM, 2)
    gate.join("alpha", ROOM, 1)
    gate.join("alpha", ONLINE, 4)
    gate.join("beta", ONLINE, 1)
    gate.record()
    assert gate.written() == {"alpha": (3, 4), "beta": (0, 1)}


def test_it_is_written_by_the_recorder_and_says_where_it_comes_from(gate: Gate) -> None:
    gate.join("alpha", ROOM, 2)
    gate.record()
    line = gate.lines()["alpha"]
    assert (line.author, line.source, line.place.row) == ("recorder", "joining", "alpha")
    assert gate.workshop.store.verify() == []


def test_the_report_counts_it(gate: Gate) -> None:
    from spp_workshop.analysis.attendance import attendance as counted

    gate.join("alpha", ROOM, 2)
    gate.join("beta", ONLINE, 3)
    gate.record()
    frame = counted(gate.workshop.frames, gate.workshop.programme).set_index("session")
    assert frame.loc[DAY].to_dict() == {"companies": 2, "people": 5, "in_room": 2, "online": 3}
    assert frame.loc["dd_preparation", "people"] == 0


def test_who_joins_later_is_added_and_what_stands_is_not_written_again(gate: Gate) -> None:
    gate.join("alpha", ROOM, 2)
    for _ in range(5):
        gate.record()
    assert gate.lines()["alpha"].revision == 1
    gate.join("alpha", ROOM, 1)
    gate.record()
    assert gate.written() == {"alpha": (3, 0)}
    assert gate.lines()["alpha"].revision == 2


def test_a_person_who_corrects_it_has_the_last_word(gate: Gate) -> None:
    gate.join("alpha", ROOM, 2)
    gate.join("beta", ROOM, 1)
    gate.record()
    facilitator = gate.workshop.seated(Seat.facilitator(DAY))
    facilitator.save("attendance", {"in_room": 5}, subject=SUBJECT, row="alpha", based_on=1)
    gate.join("alpha", ROOM, 1)
    gate.join("beta", ROOM, 1)
    gate.record()
    assert gate.written() == {"alpha": (5, 0), "beta": (2, 0)}


def test_the_custodians_own_correction_stays_too(gate: Gate) -> None:
    gate.join("alpha", ROOM, 2)
    gate.record()
    gate.workshop.save("attendance", {"online": 9}, subject=SUBJECT, row="alpha", based_on=1)
    gate.join("alpha", ROOM, 1)
    gate.record()
    assert gate.written() == {"alpha": (2, 9)}


def test_a_line_that_a_person_added_is_not_counted_twice(gate: Gate) -> None:
    facilitator = gate.workshop.seated(Seat.facilitator(DAY))
    said = {"company": "alpha", "in_room": 3, "online": 0}
    facilitator.save("attendance", said, subject=SUBJECT, row="r7")
    gate.join("alpha", ROOM, 2)
    gate.record()
    assert [line.place.row for line in gate.store.latest("attendance")] == ["r7"]


def test_a_line_that_a_person_took_away_stays_away(gate: Gate) -> None:
    gate.join("alpha", ROOM, 2)
    gate.record()
    gate.workshop.seated(Seat.facilitator(DAY)).withdraw("attendance", SUBJECT, "alpha")
    gate.join("alpha", ROOM, 2)
    gate.record()
    assert gate.written() == {}


def test_who_left_was_there(gate: Gate) -> None:
    person, _ = gate.join("alpha", ROOM, 2)
    seats.revoke(gate.store, person)
    assert gate.heads() == {"alpha": (2, 0)}


def test_a_device_that_left_and_joins_again_is_there_once(gate: Gate) -> None:
    person, token = gate.join("alpha", ROOM, 2)
    seats.revoke(gate.store, person)
    gate.join("alpha", ONLINE, 2, before=token)
    assert gate.heads() == {"alpha": (0, 2)}


def test_a_person_who_left_and_joins_by_the_same_name_elsewhere_is_there_once(gate: Gate) -> None:
    for name in ("佐藤", "佐藤", "Sato"):
        person, _ = gate.join("alpha", ROOM, 1, name)
        seats.revoke(gate.store, person)
    gate.join("alpha", ROOM, 1, "佐藤")
    gate.join("alpha", ROOM, 1, "sato")
    assert gate.heads() == {"alpha": (2, 0)}


def test_people_of_one_name_who_are_both_there_are_two(gate: Gate) -> None:
    gate.join("alpha", ROOM, 1, "佐藤")
    gate.join("alpha", ONLINE, 1, "佐藤")
    gate.join("beta", ROOM, 1, "佐藤")
    assert gate.heads() == {"alpha": (1, 1), "beta": (1, 0)}


def test_a_device_that_moves_to_another_company_is_counted_there(gate: Gate) -> None:
    _, token = gate.join("alpha", ROOM, 2)
    gate.record()
    gate.join("beta", ROOM, 2, before=token)
    gate.record()
    assert gate.written() == {"alpha": (0, 0), "beta": (2, 0)}


def test_another_session_is_another_attendance(gate: Gate) -> None:
    gate.join("alpha", ROOM, 2, session="dd_preparation")
    gate.record()
    assert gate.heads() == gate.written() == {}


def test_facilitator_and_projector_are_not_counted(gate: Gate) -> None:
    for seat in (Seat.facilitator(DAY), Seat.projector(), Seat.organiser(), Seat.custodian()):
        code = seats.issue(gate.store, seat, gate.store.now() + timedelta(days=9))
        seats.join(gate.store, code, Visitor("", ROOM, 3, DAY))
    assert gate.heads() == {}


def test_more_people_than_the_worksheet_takes_are_as_many_as_it_takes(gate: Gate) -> None:
    gate.join("alpha", ROOM, 99)
    gate.join("alpha", ROOM, 99)
    gate.record()
    assert gate.written() == {"alpha": (99, 0)}


def test_a_company_that_is_not_in_the_programme_any_more_is_left_out(gate: Gate) -> None:
    code = seats.issue(gate.store, Seat.company("gone"), gate.store.now() + timedelta(days=9))
    seats.join(gate.store, code, Visitor("", ROOM, 1, DAY))
    gate.join("alpha")
    gate.record()
    assert gate.written() == {"alpha": (1, 0)}


def test_who_joins_before_the_session_for_homework_was_not_there(gate: Gate) -> None:
    gate.time -= timedelta(days=3)
    gate.join("alpha", ROOM, 2)
    gate.record()
    assert gate.written() == {}
    gate.time += timedelta(days=3)
    gate.join("beta", ROOM, 1)
    gate.record()
    assert gate.written() == {"beta": (1, 0)}


def test_who_joins_after_the_session_for_homework_was_not_there(gate: Gate) -> None:
    gate.join("alpha", ROOM, 2)
    gate.time += timedelta(days=1)
    gate.join("alpha", ONLINE, 5)
    gate.join("beta", ONLINE, 5)
    gate.record()
    assert gate.written() == {"alpha": (2, 0)}


def test_a_session_that_is_held_late_was_held_when_most_came(gate: Gate) -> None:
    gate.time += timedelta(days=7)
    gate.join("alpha", ROOM, 1)
    gate.time += timedelta(days=1)
    gate.join("alpha", ROOM, 2)
    gate.join("beta", ROOM, 3)
    gate.time += timedelta(days=1)
    gate.join("beta", ROOM, 4)
    gate.record()
    assert gate.written() == {"alpha": (2, 0), "beta": (3, 0)}


def test_who_comes_back_by_the_cookie_says_first_where_they_are(gate: Gate) -> None:
    day = gate.workshop.programme.session(DAY)
    _, token = gate.join("alpha", ROOM, 2, session="dd_preparation")
    person = seats.sitting(gate.store, token)
    assert person
    assert is_to_say_where(person, day, gate.time)
    # Between the sessions nobody is asked.
    assert not is_to_say_where(person, day, gate.time - timedelta(days=3))
    here, token = seats.go_on(gate.store, token, Visitor("", ONLINE, 1, DAY))
    assert not is_to_say_where(here, day, gate.time)
    assert not is_to_say_where(here, day, gate.time + timedelta(days=1))


def test_who_joined_the_day_before_says_on_the_day_where_they_are_and_is_there_once(gate: Gate) -> None:
    day = gate.workshop.programme.session(DAY)
    gate.time -= timedelta(days=1)
    _, token = gate.join("alpha", ONLINE, 1)
    gate.time += timedelta(days=1)
    person = seats.sitting(gate.store, token)
    assert person
    assert is_to_say_where(person, day, gate.time)
    here, _ = seats.go_on(gate.store, token, Visitor("", ROOM, 2, DAY))
    assert here.seat.id == person.seat.id
    assert gate.heads() == {"alpha": (2, 0)}


# --- While a room is served ---------------------------------------------------------------------------------


def written(served: Served) -> dict[str, tuple[int, int]]:
    lines = served.room.workshop.store.latest("attendance", subject=SUBJECT)
    return {line.place.row: (line.answers["in_room"], line.answers["online"]) for line in lines}


def wait_until(found: Any) -> None:
    end = time.monotonic() + 20
    while not found():
        assert time.monotonic() < end
        time.sleep(0.05)


def test_a_room_that_joins_at_once_is_written_down_once(served: Served) -> None:
    code = served.code(Seat.company("alpha"))
    for _ in range(6):
        assert served.client().join(code, people=2).status == 200
    wait_until(lambda: written(served) == {"alpha": (12, 0)})
    (line,) = served.room.workshop.store.latest("attendance")
    assert line.revision <= 3


def test_what_is_not_written_yet_is_written_when_the_server_ends(served: Served) -> None:
    served.do(lambda: served.room.attendance.note(3_600))
    served.joined(Seat.company("alpha"), place="online", people=3)
    assert written(served) == {}
    served.do(served.room.attendance.close)
    assert written(served) == {"alpha": (0, 3)}


FULL = Problem(
    "", "disk_full", message("The disk is full."), message("Make room on the disk, and try again.")
)


def test_what_could_not_be_stored_is_tried_again(
    served: Served, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    tries: list[float] = []

    def fail_once() -> None:
        tries.append(time.monotonic())
        if len(tries) == 1:
            raise StoreError(FULL)
        record(served.room.workshop, DAY)

    monkeypatch.setattr(served.room.attendance, "_record", fail_once)
    monkeypatch.setattr(attendance, "_AGAIN", 0.2)
    with caplog.at_level(logging.ERROR):
        served.joined(Seat.company("alpha"), name="secret name")
        wait_until(lambda: written(served) == {"alpha": (1, 0)})
    assert len(tries) == 2
    assert "disk_full" in caplog.text
    assert "secret name" not in caplog.text


def test_the_codes_of_these_tests_are_valid(served: Served) -> None:
    # Else the tests above would prove nothing about people who joined.
    served.joined(Seat.company("alpha"))
    (person,) = [one for one in seats.sittings(served.room.workshop.store) if one.is_personal]
    assert (person.session, person.people) == (DAY, 1)
    assert person.expires_at > utc_now().isoformat()
