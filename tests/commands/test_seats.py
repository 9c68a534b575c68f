"""`spp-workshop seats`: who has joined, which codes are good, and making them anew."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from spp_workshop import cli, seats
from spp_workshop.errors import NotAllowed
from spp_workshop.seats import Seat, Visitor
from spp_workshop.store import Store, utc_now
from spp_workshop.storefile import open_store

CODE = re.compile(r"\b([2-9A-HJKMNP-Z]{5})-([2-9A-HJKMNP-Z]{5})\b")
Told = Callable[..., tuple[int, str, str]]


@pytest.fixture
def told(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, folder: Path) -> Told:
    monkeypatch.setenv("LC_ALL", "C.UTF-8")

    def run(*words: str) -> tuple[int, str, str]:
        status = cli.main(("seats", str(folder), *words))
        return status, *capsys.readouterr()

    return run


@pytest.fixture
def store(folder: Path) -> Store:
    return open_store(folder / "workshop.db")


def codes(text: str) -> list[str]:
    return ["".join(found) for found in CODE.findall(text)]


def opens(store: Store, code: str) -> str:
    """The subject of the seat that a code opens."""
    return seats.join(store, code, Visitor())[0].seat.subject


def as_json(told: Told, *words: str) -> Any:
    status, said, _ = told(*words, "--json")
    assert status == 0
    return json.loads(said)


def test_every_company_and_the_projector_get_a_code_that_is_shown_once(told: Told, store: Store) -> None:
    status, said, _ = told("--new")
    assert status == 0
    alpha, beta, projector = codes(said)
    assert (opens(store, alpha), opens(store, beta)) == ("company:alpha", "company:beta")
    assert opens(store, projector) == ""
    assert "Alpha Surface" in said
    assert "not shown again" in said
    _, said, _ = told()
    assert codes(said) == []
    assert alpha not in said
    assert "company:alpha  Alpha Surface" in said


def test_the_list_tells_who_has_joined_and_never_a_code(told: Told, store: Store) -> None:
    (code,) = codes(told("--new", "alpha")[1])
    person, token = seats.join(store, code, Visitor("総務課長", "online", 3, "dd_practice"))
    other, _ = seats.join(store, code, Visitor("", "room", 1, "dd_practice"))
    seats.agree(store, person.seat.id)
    seats.revoke(store, other.seat.id)
    _, said, _ = told()
    lines = said.splitlines()
    assert any(
        all(words in line for words in ("総務課長", "Online", "3 at the device", person.seat.id))
        for line in lines
    )
    left = next(line for line in lines if other.seat.id in line)
    assert all(words in left for words in ("(no name)", "In the room", "notice not accepted yet", "has left"))
    assert "4 people joined so far" in said
    assert code not in said
    assert token not in said


def test_what_a_person_calls_themselves_does_nothing_to_the_terminal(told: Told, store: Store) -> None:
    (code,) = codes(told("--new", "alpha")[1])
    seats.join(store, code, Visitor("\x1b[31mred\x07", "room", 1, "dd_practice"))
    assert "\x1b" not in told()[1]


def test_a_machine_gets_seats_and_new_codes(told: Told, store: Store) -> None:
    found = as_json(told, "--new", "alpha")
    (made,) = found["codes"]
    assert made["id"] == "company:alpha"
    assert opens(store, made["code"]) == "company:alpha"
    again = as_json(told)
    assert again["codes"] == []
    code_seat, person = again["seats"]
    assert (code_seat["id"], code_seat["role"], code_seat["valid"]) == ("company:alpha", "participant", True)
    assert (person["parent"], person["people"]) == ("company:alpha", 1)
    assert "hash" not in json.dumps(again)


@pytest.mark.parametrize(
    ("key", "role"),
    [
        ("facilitator:dd_practice", "facilitator"),
        ("projector", "projector"),
        ("organiser", "organiser"),
        ("custodian", "custodian"),
        ("company:beta", "participant"),
    ],
)
def test_a_code_can_be_made_for_every_kind_of_seat(told: Told, store: Store, key: str, role: str) -> None:
    (code,) = codes(told("--new", key)[1])
    assert seats.join(store, code, Visitor())[0].seat.role == role


def test_a_renewed_code_is_good_and_the_old_one_is_not(told: Told, store: Store) -> None:
    (old,) = codes(told("--new", "alpha")[1])
    _, token = seats.join(store, old, Visitor())
    (fresh,) = codes(told("--renew", "alpha")[1])
    with pytest.raises(NotAllowed):
        opens(store, old)
    assert opens(store, fresh) == "company:alpha"
    assert seats.sitting(store, token)


def test_a_revoked_seat_ends_with_all_who_sit_there(told: Told, store: Store) -> None:
    (code,) = codes(told("--new", "alpha")[1])
    _, token = seats.join(store, code, Visitor())
    status, said, _ = told("--revoke", "company:alpha")
    assert (status, "Ended: company:alpha." in said) == (0, True)
    assert seats.sitting(store, token) is None
    assert "The code is revoked." in told()[1]


def test_one_person_is_sent_away_by_the_id_of_the_list(told: Told, store: Store) -> None:
    (code,) = codes(told("--new", "alpha")[1])
    (one, first), (_, second) = (seats.join(store, code, Visitor()) for _ in range(2))
    assert told("--revoke", one.seat.id)[0] == 0
    assert seats.sitting(store, first) is None
    assert seats.sitting(store, second)


def test_codes_are_good_through_the_day_that_is_named(told: Told, store: Store) -> None:
    day = datetime.now().astimezone().date() + timedelta(days=3)
    (made,) = as_json(told, "--new", "alpha", "--until", day.isoformat())["codes"]
    end = datetime.fromisoformat(made["until"])
    assert end.astimezone().date() == day + timedelta(days=1)
    assert (end.astimezone().hour, end.astimezone().minute) == (0, 0)


def test_without_a_day_codes_are_good_through_the_programme_and_for_a_month_at_least(told: Told) -> None:
    (made,) = as_json(told, "--new", "alpha")["codes"]
    end = datetime.fromisoformat(made["until"])
    assert end.date().isoformat() >= "2027-03-31"
    assert end > utc_now() + timedelta(days=28)


def test_with_the_address_of_the_server_links_and_sheets_are_made(told: Told, folder: Path) -> None:
    _, said, _ = told("--new", "--public-url", "https://example.jp/spp")
    alpha = codes(said)[0]
    assert f"https://example.jp/spp/join#{alpha}" in said
    sheet = (folder / "output" / "invitations" / "companies" / "alpha.html").read_text(encoding="utf-8")
    assert f"{alpha[:5]}-{alpha[5:]}" in sheet


REFUSED = {
    "nobody": (("--new", "alhpa"), "Did you mean “alpha”?"),
    "a code twice": (("--new", "beta", "--new", "alpha"), "has a code already"),
    "renewing nothing": (("--renew", "beta"), "There is no seat “beta”"),
    "ending nothing": (("--revoke", "beta"), "There is no seat “beta”"),
    "no date": (("--new", "beta", "--until", "tomorrow"), "“tomorrow” is not a date."),
    "a past date": (("--new", "beta", "--until", "2020-01-31"), "2020-01-31 is over"),
    "no address": (("--new", "beta", "--public-url", "example.jp"), "example.jp"),
    "half an address": (("--new", "beta", "--public-url", "http://["), "not an address"),
    "the end of time": (("--new", "beta", "--until", "9999-12-31"), "is not a date"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_done_is_a_sentence_and_changes_nothing(told: Told, store: Store, name: str) -> None:
    (code,) = codes(told("--new", "alpha")[1])
    words, sentence = REFUSED[name]
    before = seats.sittings(store)
    status, said, complaint = told(*words)
    assert (status, said) == (2, "")
    assert sentence in complaint
    assert "Traceback" not in complaint
    assert seats.sittings(store) == before
    assert opens(store, code) == "company:alpha"


def test_one_that_cannot_be_done_keeps_all_others_from_being_done(told: Told, store: Store) -> None:
    (code,) = codes(told("--new", "alpha")[1])
    assert told("--revoke", "alpha", "--new", "nobody")[0] == 2
    assert opens(store, code) == "company:alpha"


def test_it_speaks_japanese(told: Told) -> None:
    _, said, _ = told("--new", "alpha", "--language", "ja")
    assert "もう一度表示することはできません" in said
    assert "アルファ表面処理" in said
    _, said, _ = told("--language", "ja")
    assert "使えるコード1件" in said
    assert "アルファ表面処理" in said


def test_an_empty_folder_says_what_to_do(told: Told) -> None:
    _, said, _ = told()
    assert "3 of the companies and the projector have no good code" in said


def test_an_expired_code_is_told(told: Told, store: Store) -> None:
    seats.issue(store, Seat.company("alpha"), utc_now() - timedelta(days=1))
    _, said, _ = told()
    assert "The code has expired" in said
