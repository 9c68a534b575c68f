"""The forms on a page: their beginning, their messages, and whatever somebody sends instead."""

from __future__ import annotations

import json
import sqlite3
import threading
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from conftest import PROGRAMME
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from spp_workshop import seats
from spp_workshop.forms import reply
from spp_workshop.seats import Seat
from spp_workshop.serving import messages
from spp_workshop.store import Place

from .conftest import Answer, Client, Served, serving

ALPHA, BETA = Seat.company("alpha"), Seat.company("beta")
STEP1 = "step1_risk_areas"
SAVE = {
    "id": "m1",
    "do": "save",
    "worksheet": STEP1,
    "subject": "company:alpha",
    "row": "r1",
    "based_on": 0,
    "changes": {"sector_risk": "薬品 𠮷 🙂"},
}
# Two companies in one group, for what they write together.
GROUPED = PROGRAMME.replace("companies: [alpha]", "companies: [alpha, beta]")


def sent(client: Client, **other: Any) -> Answer:
    return client.post("spp/message", SAVE | other)


def rules(answer: Answer) -> list[str]:
    return [fault["rule"] for fault in answer.json["faults"]]


def stored(served: Served) -> list[tuple[str, str, dict[str, Any]]]:
    latest = served.room.workshop.store.latest()
    return [(line.place.subject, line.place.worksheet, line.answers) for line in latest]


@pytest.fixture
def alpha(served: Served) -> Client:
    return served.joined(ALPHA)


@pytest.fixture
def saved(served: Served, alpha: Client) -> Iterator[list[Any]]:
    """What the store holds before a forged message; afterwards nothing has changed."""
    assert sent(alpha).status == 200
    before = stored(served)
    yield before
    assert stored(served) == before
    assert served.room.workshop.store.verify() == []


# --- As it is meant -----------------------------------------------------------------------------------------


def test_the_page_begins_with_whose_it_is_and_what_was_answered(served: Served) -> None:
    alpha = served.joined(ALPHA, name="総務課長", place="online", people=3)
    assert sent(alpha).status == 200
    start = alpha.get("spp/start?exercise=dd_practice").json
    assert start["who"] == {
        "company": {"ja": "アルファ表面処理", "en": "Alpha Surface"},
        "name": "総務課長",
        "place": "online",
        "people": 3,
    }
    assert start["session"] == "dd_practice"
    form = start["forms"][STEP1]
    assert [one["subject"] for one in form["place"]["subjects"]] == ["company:alpha"]
    assert [row["answers"] for row in form["opened"]["rows"]] == [SAVE["changes"]]
    # Step 2 carries the row of step 1 forward.
    carried = start["forms"]["step2_harm_process"]["opened"]["rows"]
    assert [(row["row"], row["revision"]) for row in carried] == [("r1", 0)]


def test_the_beginning_is_what_a_notebook_would_be_told(served: Served, alpha: Client) -> None:
    sent(alpha)
    start = alpha.get("spp/start?exercise=dd_practice").json
    own = served.room.workshop.seated(ALPHA)
    for name in ("issues_found", STEP1, "step2_harm_process", "step3_prioritisation"):
        asked = {"do": "open", "worksheet": name, "subject": "company:alpha"}
        assert start["forms"][name]["opened"]["rows"] == reply(own, asked)["rows"]


def test_after_a_save_the_beginning_is_new_for_colleagues_and_the_same_for_others(served: Served) -> None:
    alpha, colleague, beta = served.joined(ALPHA), served.joined(ALPHA), served.joined(BETA)
    texts = [one.get("spp/start?exercise=dd_practice").text for one in (colleague, beta)]
    assert sent(alpha).status == 200
    again = [one.get("spp/start?exercise=dd_practice") for one in (colleague, beta)]
    assert [row["row"] for row in again[0].json["forms"][STEP1]["opened"]["rows"]] == ["r1"]
    assert (again[0].text != texts[0], again[1].text == texts[1]) == (True, True)


def test_a_save_is_answered_as_in_a_notebook_and_stored_under_the_personal_seat(
    served: Served, alpha: Client
) -> None:
    answer = sent(alpha)
    row = answer.json["row"]
    assert (answer.status, row["revision"], row["answers"]) == (200, 1, SAVE["changes"])
    (line,) = served.room.workshop.store.history(Place("company:alpha", STEP1, "r1"))
    people = [one.seat.id for one in seats.sittings(served.room.workshop.store) if one.is_personal]
    assert [line.author] == people
    assert answer.headers["Cache-Control"] == "no-store"


def test_two_who_change_the_same_field_both_hear_of_it(served: Served, alpha: Client) -> None:
    other = served.joined(ALPHA)
    assert sent(alpha, changes={"sector_risk": "one"}).json["row"]["revision"] == 1
    answer = sent(other, changes={"sector_risk": "two", "product_risk": "three"})
    assert answer.json["conflicts"] == {"sector_risk": "one"}
    assert answer.json["row"]["answers"] == {"sector_risk": "one", "product_risk": "three"}


def test_every_doing_of_a_form_comes_through(alpha: Client) -> None:
    sent(alpha)
    assert sent(alpha, do="open", changes={}).json["rows"][0]["row"] == "r1"
    assert len(sent(alpha, do="history", changes={}).json["history"]) == 1
    assert "problems" in sent(alpha, do="submit", changes={}, row="").json
    assert sent(alpha, do="withdraw", changes={}).json == {"id": "m1"}
    assert sent(alpha, do="undo", changes={}).json["row"]["answers"] == SAVE["changes"]
    assert sent(alpha, do="restore", changes={}, revision=1).json["row"]["answers"] == SAVE["changes"]
    assert sent(alpha, do="stuck", changes={}, field="stage", note="?").json["stuck"][0]["note"] == "?"
    cells = [["めっき"], ["切削"]]
    read = sent(alpha, do="read", changes={}, cells=cells, field="business_area").json["read"]
    assert [row["answers"]["business_area"] for row in read] == ["めっき", "切削"]


def test_companies_of_a_group_write_on_one_sheet_and_others_do_not(folder: Path) -> None:
    (folder / "programme.yaml").write_text(GROUPED, encoding="utf-8")
    with serving(folder, session="dd_practice") as served:
        alpha, beta = served.joined(ALPHA), served.joined(BETA)
        start = alpha.get("spp/start?exercise=dd_practice").json
        place = start["forms"]["group_presentation"]["place"]
        assert [one["subject"] for one in place["subjects"]] == ["group:dd_practice.a"]
        known = beta.get("spp/news").json["revision"]
        sheet = served.room.workshop.worksheet("group_presentation")
        field = next(one.name for one in sheet.questions if one.kind == "text")
        together = {"worksheet": sheet.name, "subject": "group:dd_practice.a", "changes": {field: "ours"}}
        row = "r1" if sheet.repeats else ""
        assert sent(alpha, **together, row=row).json["row"]["revision"] == 1
        assert beta.get("spp/news").json["revision"] > known
        opened = beta.get("spp/start?exercise=dd_practice").json["forms"][sheet.name]["opened"]
        assert [one["answers"] for one in opened["rows"]] == [{field: "ours"}]


def test_a_company_without_a_group_cannot_write_for_one(served: Served) -> None:
    beta = served.joined(BETA)
    start = beta.get("spp/start?exercise=dd_practice").json
    assert start["forms"]["group_presentation"]["place"]["subjects"] == []
    answer = sent(beta, worksheet="group_presentation", subject="group:dd_practice.a", row="")
    assert rules(answer) == ["not_allowed"]


def test_news_is_told_of_the_own_company_and_of_no_other(served: Served, alpha: Client) -> None:
    colleague, beta = served.joined(ALPHA), served.joined(BETA)
    before = [one.get("spp/news?known=0").json["revision"] for one in (alpha, colleague, beta)]
    start = alpha.get("spp/start?exercise=dd_practice").json
    assert start["revision"] == before[0]
    sent(alpha)
    after = [one.get("spp/news?known=0").json["revision"] for one in (alpha, colleague, beta)]
    assert [new > old for new, old in zip(after, before, strict=True)] == [True, True, False]


# --- Forged -------------------------------------------------------------------------------------------------

FORGED: dict[str, tuple[dict[str, Any], int, str]] = {
    "another company": ({"subject": "company:beta"}, 200, "not_allowed"),
    "the company of nobody": ({"subject": "company:omega"}, 200, "not_allowed"),
    "another company's list": ({"do": "open", "subject": "company:beta", "changes": {}}, 200, "not_allowed"),
    "a list of nobody": ({"do": "open", "subject": "company:omega", "changes": {}}, 200, "not_allowed"),
    "what another company never wrote": (
        {"do": "history", "subject": "company:beta", "changes": {}},
        200,
        "not_allowed",
    ),
    "the group of nobody": ({"subject": "group:dd_practice.omega"}, 200, "not_allowed"),
    "everybody": ({"subject": "programme"}, 200, "unknown_subject"),
    "a session": ({"subject": "session:dd_practice"}, 200, "not_allowed"),
    "a worksheet of another role": ({"worksheet": "session_record"}, 403, "not_in_an_exercise"),
    "the built-in release": ({"worksheet": "release"}, 403, "not_in_an_exercise"),
    "no worksheet": ({"worksheet": "../../etc/passwd"}, 403, "not_in_an_exercise"),
    "a worksheet that is a list": ({"worksheet": ["step1_risk_areas"]}, 403, "not_in_an_exercise"),
    "a doing of nobody": ({"do": "erase"}, 200, "not_understood"),
    "a doing that is a list": ({"do": ["open"]}, 200, "not_understood"),
    "more than a form sends": ({"author": "custodian"}, 200, "not_understood"),
    "a seat in the body": ({"seat": {"role": "custodian"}}, 200, "not_understood"),
    "a row that is a path": ({"row": "../r1"}, 200, "not_understood"),
    "a row that is long": ({"row": "r" * 201}, 200, "not_understood"),
    "a row that is SQL": ({"row": "r1'; drop table response; --"}, 200, "not_understood"),
    "changes that are a list": ({"changes": ["a"]}, 200, "not_understood"),
    "an id that is a number": ({"id": 5}, 200, "not_understood"),
    "endless changes": ({"changes": {f"a{number}": "x" for number in range(501)}}, 200, "not_understood"),
    "endless new rows": ({"do": "add", "added": {f"a{n}": {} for n in range(1_001)}}, 200, "not_understood"),
    "endless old rows": ({"do": "withdraw", "rows": ["r1"] * 5_001}, 200, "not_understood"),
    "endless columns": ({"do": "read", "cells": [["a"] * 16_385]}, 200, "not_understood"),
    "a revision that is text": ({"based_on": "one"}, 200, "not_understood"),
    "a revision below none": ({"based_on": -1}, 200, "not_understood"),
    "a revision beyond the store's numbers": ({"based_on": 2**70}, 200, "not_understood"),
    "a known beyond the store's numbers": (
        {"do": "open", "known": 10**30, "changes": {}},
        200,
        "not_understood",
    ),
    "a state beyond the store's numbers": (
        {"do": "restore", "revision": 2**64, "changes": {}},
        200,
        "not_understood",
    ),
    "a state that never was": ({"do": "restore", "revision": 7, "changes": {}}, 200, "no_such_state"),
}


@pytest.mark.parametrize("what", FORGED)
def test_a_forged_message_is_refused_in_a_sentence(alpha: Client, saved: list[Any], what: str) -> None:
    forged, status, rule = FORGED[what]
    answer = sent(alpha, **forged)
    assert (answer.status, rules(answer)) == (status, [rule])
    for fault in answer.json["faults"]:
        assert fault["text"]["ja"] != fault["text"]["en"]


@pytest.mark.parametrize(
    "changes",
    [
        {"nothing_of_ours": "x"},
        {"sector_risk": 5},
        {"sector_risk": ["a"]},
        {"sector_risk": {"$ne": None}},
        {"sector_risk@fr": "x"},
        {"stage": "not_a_choice"},
        {"stage": {"deep": [1]}},
        {"area_kinds": [["deep"]]},
        {"sector_risk": "x" * 10_001},
    ],
    ids=str,
)
def test_an_answer_of_the_wrong_kind_is_refused_at_its_field(
    alpha: Client, saved: list[Any], changes: dict[str, Any]
) -> None:
    answer = sent(alpha, changes=changes, based_on=1)
    assert answer.status == 200
    assert list(answer.json["refused"]) == list(changes)


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 400),
        (b"save, please", 400),
        (b"[1, 2]", 400),
        (b'"text"', 400),
        (b"\xff\xfe\x00", 400),
        (b"[" * 100_000, 400),
        (b'{"a":' * 100_000, 400),
        (b'{"worksheet": "\\ud800"}', 400),
        (b'{"worksheet": ' + b"9" * 5_000 + b"}", 400),
        (json.dumps(SAVE | {"changes": {"sector_risk": "x" * 1_000_000}}).encode(), 413),
    ],
    ids=["empty", "text", "list", "string", "bytes", "lists", "objects", "half a letter", "digits", "1 MB"],
)
def test_what_is_no_message_is_refused_unread(
    alpha: Client, saved: list[Any], body: bytes, status: int
) -> None:
    headers = {
        "Content-Type": "application/json",
        "Origin": alpha.origin,
        "X-XSRFToken": alpha.cookies["_xsrf"],
    }
    answer = alpha.ask("POST", "spp/message", body, headers)
    assert (answer.status, len(rules(answer))) == (status, 1)


def test_ten_megabytes_are_not_even_read(alpha: Client, saved: list[Any]) -> None:
    headers = {
        "Content-Type": "application/json",
        "Origin": alpha.origin,
        "X-XSRFToken": alpha.cookies["_xsrf"],
    }
    try:
        answer = alpha.ask("POST", "spp/message", b"x" * 10_000_000, headers)
    except (ConnectionError, BrokenPipeError):
        return  # the connection was closed before all was sent
    assert answer.status in (400, 413)


def test_numbers_that_are_none_are_refused(alpha: Client, saved: list[Any]) -> None:
    for number in ("NaN", "Infinity", "-Infinity", "1e999"):
        body = json.dumps(SAVE).replace('"based_on": 0', f'"based_on": {number}')
        headers = {
            "Content-Type": "application/json",
            "Origin": alpha.origin,
            "X-XSRFToken": alpha.cookies["_xsrf"],
        }
        answer = alpha.ask("POST", "spp/message", body.encode(), headers)
        assert answer.status in (200, 400)
        assert len(rules(answer)) == 1
        assert "NaN" not in answer.text
        assert "Infinity" not in answer.text


@pytest.mark.parametrize("seat", [Seat.facilitator("dd_practice"), Seat.projector(), Seat.organiser()])
def test_other_seats_are_sent_away(served: Served, seat: Seat) -> None:
    other = served.joined(seat)
    for answer in (sent(other), other.get("spp/start"), other.get("spp/news")):
        assert (answer.status, rules(answer)) == (403, ["not_for_you"])
    assert stored(served) == []


def test_without_a_seat_nothing_is_told_and_nothing_stored(served: Served) -> None:
    nobody = served.client()
    for answer in (sent(nobody), nobody.get("spp/start"), nobody.get("spp/news")):
        assert (answer.status, rules(answer)) == (401, ["no_seat"])
    assert stored(served) == []


def test_before_the_notice_nothing_is_told_and_nothing_stored(served: Served) -> None:
    hasty = served.client()
    hasty.join(served.code(ALPHA), agree=False)
    for answer in (sent(hasty), hasty.get("spp/start"), hasty.get("spp/news")):
        assert (answer.status, rules(answer)) == (403, ["notice_first"])
    assert stored(served) == []


def test_a_session_without_an_exercise_is_not_begun(alpha: Client) -> None:
    for session in ("nowhere", "", "../programme", "%00"):
        answer = alpha.get(f"spp/start?exercise={session}")
        assert (answer.status, rules(answer)) == (404, ["no_exercise"]) or answer.status == 400


def test_a_seat_that_was_revoked_saves_nothing_more(served: Served, alpha: Client, saved: list[Any]) -> None:
    seats.revoke(served.room.workshop.store, "company:alpha")
    assert sent(alpha, row="r2").status == 401


def test_a_seat_that_is_revoked_while_its_save_waits_saves_nothing(
    served: Served, alpha: Client, saved: list[Any]
) -> None:
    writer, store = served.room.writer, served.room.workshop.store
    (person,) = [one.seat.id for one in seats.sittings(store) if one.is_personal]
    begun, gate = threading.Event(), threading.Event()

    def end_the_seat() -> None:
        begun.set()
        gate.wait(20)
        seats.revoke(store, person)

    answers: list[Answer] = []
    threads = [
        threading.Thread(target=lambda: served.wait(writer.do(end_the_seat))),
        threading.Thread(target=lambda: answers.append(sent(alpha, row="r2"))),
    ]
    threads[0].start()
    assert begun.wait(20)
    threads[1].start()
    deadline = time.monotonic() + 20
    while writer._waiting.empty() and time.monotonic() < deadline:
        time.sleep(0.01)
    time.sleep(messages.WAITED + 0.1)
    gate.set()
    for thread in threads:
        thread.join(20)
    assert [(answer.status, rules(answer)) for answer in answers] == [(401, ["seat_ended"])]


def test_when_the_disk_is_full_the_form_hears_that_it_is_not_saved(
    served: Served, alpha: Client, saved: list[Any]
) -> None:
    import sqlalchemy as sa

    engine = served.room.workshop.store.engine
    with engine.connect() as connection:
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar()

    @sa.event.listens_for(engine, "checkout")
    def _(connection: Any, *_: Any) -> None:
        connection.execute(f"PRAGMA max_page_count={pages}")

    answer = sent(alpha, row="r2", changes={"sector_risk": "x" * 9_000})
    assert rules(answer) == ["disk_full"]
    assert answer.json["id"] == "m1"
    # What is there can still be read.
    assert alpha.get("spp/start?exercise=dd_practice").status == 200


def test_when_another_program_holds_the_store_the_form_hears_it(served: Served, alpha: Client) -> None:
    import sqlalchemy as sa

    engine = served.room.workshop.store.engine

    @sa.event.listens_for(engine, "checkout")
    def _(connection: Any, *_: Any) -> None:
        connection.execute("PRAGMA busy_timeout=50")

    with sqlite3.connect(engine.url.database or "", isolation_level=None) as other:
        other.execute("BEGIN IMMEDIATE")
        answer = sent(alpha)
        assert alpha.get("spp/start?exercise=dd_practice").status == 200
        other.execute("ROLLBACK")
    assert (answer.status, rules(answer)) == (503, ["store_locked"])
    assert sent(alpha).json["row"]["revision"] == 1


# --- Anything at all ----------------------------------------------------------------------------------------

SCALARS = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False), st.text(max_size=20))
JSON = st.recursive(
    SCALARS,
    lambda inside: st.one_of(
        st.lists(inside, max_size=4), st.dictionaries(st.text(max_size=10), inside, max_size=4)
    ),
    max_leaves=12,
)
FIELDS = st.sampled_from(["sector_risk", "stage", "area_kinds", "x"])
SUBJECTS = ("company:alpha", "company:beta", "group:dd_practice.a", "session:dd_practice")
NAMES = ("id", "do", "worksheet", "subject", "row", "based_on", "changes", "revision", "known", "rows")
DOINGS = ("open", "save", "submit", "withdraw", "undo", "history", "restore", "reorder", "stuck", "add")
LIKELY = {
    "do": st.sampled_from(DOINGS),
    "worksheet": st.sampled_from([STEP1, "consent", "session_feedback", "group_presentation", "release"]),
    "subject": st.sampled_from(
        ["company:alpha", "company:beta", "group:dd_practice.a", "session:dd_practice"]
    ),
    "row": st.sampled_from(["", "r1", "r2", "r1.ab", "alpha"]),
    "changes": st.dictionaries(
        st.sampled_from(["sector_risk", "stage", "area_kinds", "x"]), JSON, max_size=3
    ),
}


@st.composite
def anything(draw: st.DrawFn) -> dict[str, Any]:
    names = draw(st.sets(st.sampled_from([*NAMES, "added", "cells", "field", "note", "other"])))
    fields = names | draw(st.sampled_from([set(), set(LIKELY)]))
    return {
        name: draw(st.one_of(LIKELY[name], JSON) if name in LIKELY and draw(st.booleans()) else JSON)
        for name in sorted(fields)
    }


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Served, Client]]:
    folder = tmp_path_factory.mktemp("room")
    (folder / "programme.yaml").write_text(PROGRAMME, encoding="utf-8")
    with serving(folder, session="dd_practice") as served:
        store, until = served.room.workshop.store, served.room.workshop.store.now() + timedelta(days=1)
        client = served.client()
        client.join(seats.issue(store, ALPHA, until))
        yield served, client


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(message=anything())
def test_whatever_is_sent_is_answered_and_touches_nobody_else(
    running: tuple[Served, Client], message: dict[str, Any]
) -> None:
    served, client = running
    answer = client.post("spp/message", message)
    assert answer.status in (200, 400, 403), answer.text
    told = answer.json
    assert isinstance(told, dict)
    allowed = {"company:alpha", "group:dd_practice.a", "session:dd_practice"}
    for line in served.room.workshop.store.latest():
        assert line.place.subject in allowed
        assert line.place.worksheet != "release"
    assert served.room.workshop.store.verify() == []
