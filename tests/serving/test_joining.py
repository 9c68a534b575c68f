"""The gate: codes, the notice, leaving, and whatever people send instead."""

from __future__ import annotations

import logging
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from conftest import PROGRAMME

from spp_workshop import seats
from spp_workshop.seats import Seat, Sitting
from spp_workshop.serving.guard import Guard
from spp_workshop.serving.joining import _name
from spp_workshop.store import utc_now

from .conftest import Answer, Client, Served, serving

ALPHA, BETA = Seat.company("alpha"), Seat.company("beta")


def people(served: Served) -> list[Sitting]:
    return [one for one in seats.sittings(served.room.workshop.store) if one.is_personal]


def rules(answer: Answer) -> list[str]:
    return [fault["rule"] for fault in answer.json["faults"]]


def said(answer: Answer, language: str = "en") -> str:
    return " ".join(fault["text"][language] for fault in answer.json["faults"])


def newcomer(served: Served) -> Client:
    """A client that has opened the page, as a browser has."""
    client = served.client()
    assert client.page("join").status == 200
    return client


# --- Joining ------------------------------------------------------------------------------------------------


def test_a_code_makes_a_seat_and_leads_to_the_notice(served: Served) -> None:
    client = newcomer(served)
    code = served.code(ALPHA)
    answer = client.post("join", {"code": code, "name": "総務課長", "place": "online", "people": 3})
    assert (answer.status, answer.json) == (200, {"next": "/notice"})
    (person,) = people(served)
    assert (person.seat.subject, person.seat.name) == ("company:alpha", "総務課長")
    assert (person.place, person.people, person.session, person.agreed_at) == ("online", 3, "dd_practice", "")


def test_the_seat_is_kept_where_no_script_reads_it_and_links_from_mail_bring_it(served: Served) -> None:
    cookies = newcomer(served).join(served.code(ALPHA), agree=False).headers["Set-Cookie"]
    assert "spp_seat=" in cookies
    assert "HttpOnly" in cookies
    assert "SameSite=Lax" in cookies
    assert "Path=/" in cookies


def test_behind_tls_cookies_are_for_tls_alone(folder: Path) -> None:
    with serving(
        folder, session="dd_practice", public_url="https://example.jp/spp/", base_url="/spp/"
    ) as served:
        client = served.client()
        headers = {"Origin": "https://example.jp", "Content_Type": "application/json"}
        client.page("join")
        answer = client.post("join", {"code": served.code(ALPHA), "place": "room", "people": 1}, **headers)
        assert answer.status == 200
        assert "Secure" in answer.headers["Set-Cookie"]
        assert "Path=/spp/" in answer.headers["Set-Cookie"]
        assert answer.json == {"next": "/spp/notice"}


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_following_a_link_redeems_nothing(served: Served, method: str) -> None:
    code = served.code(ALPHA)
    client = served.client()
    for path in (f"join?code={code}", f"join?go_on=true&code={code}", f"join/{code}"):
        assert "spp_seat" not in str(client.ask(method, path, headers={"Accept": "text/html"}).headers)
    assert people(served) == []


def test_the_page_is_the_same_whatever_code_stands_in_the_address(served: Served) -> None:
    client = newcomer(served)
    page = client.page("join").text
    assert client.page(f"join?code={served.code(ALPHA)}").text == page
    assert 'method="get"' not in page.lower()
    assert "<form" not in page


def test_the_base_address_leads_to_where_one_joins(served: Served) -> None:
    answer = served.client().page("")
    assert (answer.status, answer.headers["Location"]) == (302, "/join")


def test_a_hundred_people_join_at_once_with_the_same_code(served: Served) -> None:
    code = served.code(ALPHA)
    with ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(lambda _: newcomer(served).join(code, people=1), range(100)))
    assert {answer.status for answer in answers} == {200}
    assert len({one.seat.id for one in people(served)}) == 100
    assert all(one.agreed_at for one in people(served))


def typed_anyhow(code: str) -> list[str]:
    wide = "".join(chr(ord(letter) + 0xFEE0) for letter in code)
    return [code.lower(), f"{code[:5]}-{code[5:]}", wide, f" {wide[:5]}－{wide[5:].lower()}　",
            f"http://127.0.0.1/join#{code}"]  # fmt: skip


@pytest.mark.parametrize("way", range(5))
def test_a_code_may_be_typed_anyhow(served: Served, way: int) -> None:
    code = served.code(ALPHA)
    assert newcomer(served).join(typed_anyhow(code)[way]).status == 200


def test_who_does_not_say_where_they_are_is_where_the_session_is(served: Served) -> None:
    assert newcomer(served).post("join", {"code": served.code(ALPHA)}).status == 200
    (person,) = people(served)
    assert (person.place, person.people) == ("room", 1)


@pytest.mark.parametrize("seat", [Seat.facilitator("dd_practice"), Seat.projector(), Seat.custodian()])
def test_who_guides_or_shows_needs_no_notice(served: Served, seat: Seat) -> None:
    assert newcomer(served).join(served.code(seat), agree=False).json == {"next": "/desk"}


# --- What is refused ----------------------------------------------------------------------------------------


def test_a_wrong_code_says_so_in_both_languages(served: Served) -> None:
    answer = newcomer(served).join("ABCDE-FGHJK")
    assert answer.status == 403
    (fault,) = answer.json["faults"]
    assert (fault["rule"], fault["field"]) == ("no_seat", "code")
    assert fault["text"]["ja"].startswith("このコードは使えません。")
    assert fault["text"]["en"].startswith("This code opens no seat")
    assert people(served) == []


@pytest.mark.parametrize("code", ["", "-", "　", "😀", "ここ"])
def test_no_code_at_all_is_no_guess(served: Served, code: str) -> None:
    client = newcomer(served)
    for _ in range(10):
        answer = client.join(code)
        assert (answer.status, rules(answer)) == (400, ["code_wrong"])
    assert client.join(served.code(ALPHA)).status == 200


def test_an_expired_a_revoked_and_a_renewed_code_open_nothing(served: Served) -> None:
    store = served.room.workshop.store
    expired = seats.issue(store, Seat.company("beta"), utc_now() - timedelta(seconds=1))
    renewed = served.code(ALPHA)
    revoked = served.code(ALPHA)
    seats.revoke(store, "company:alpha")
    for code in (expired, renewed, revoked):
        assert newcomer(served).join(code).status == 403


def test_a_seat_ends_when_its_code_is_revoked(served: Served) -> None:
    client = served.joined(ALPHA)
    seats.revoke(served.room.workshop.store, "company:alpha")
    assert client.page("notice").headers["Location"] == "/join"
    assert client.post("notice", {"agree": True}).status == 403
    assert client.post("join", {"go_on": True}).status == 403


def test_a_seat_ends_at_its_time_whatever_it_asks_for(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    client, store = served.joined(ALPHA), served.room.workshop.store
    save = {"id": "1", "do": "save", "worksheet": "issues_found", "subject": "company:alpha", "row": "r1"}
    asked = (
        "spp/start?exercise=dd_practice",
        "spp/news?known=0",
        "spp/chart/risk_map",
        "exercise/dd_practice",
    )
    assert client.get(asked[0]).status == 200
    monkeypatch.setattr(store, "now", lambda: utc_now() + timedelta(days=2))
    assert [client.get(address).status for address in asked] == [401] * 4
    assert client.post("spp/message", save | {"changes": {"situation": "too late"}}).status == 401
    assert client.post("join", {"go_on": True}).status == 403
    assert client.page("exercise/dd_practice").headers["Location"] == "/join"
    assert store.latest("issues_found") == []


def test_another_companys_token_is_another_companys_seat(served: Served) -> None:
    alpha, beta = served.joined(ALPHA), served.joined(BETA)
    alpha.cookies["spp_seat"] = beta.cookies["spp_seat"]
    page = alpha.page("join").text
    assert "Beta Precision" in page
    assert "Alpha Surface" not in page


def test_a_code_in_the_cookie_is_no_seat(served: Served) -> None:
    code = served.code(ALPHA)
    client = newcomer(served)
    client.cookies["spp_seat"] = code
    assert client.page("notice").headers["Location"] == "/join"
    assert client.post("join", {"go_on": True}).status == 403


@pytest.mark.parametrize(
    ("sent", "field"),
    [
        ({"name": "あ" * 41}, "name"),
        ({"name": "x" * 10_000}, "name"),
        ({"name": 7}, "name"),
        ({"name": ["x"]}, "name"),
        ({"code": {"$ne": ""}}, "code"),
        ({"place": "the moon"}, "place"),
        ({"place": "<script>"}, "place"),
        ({"people": 0}, "people"),
        ({"people": 100}, "people"),
        ({"people": -1}, "people"),
        ({"people": 1.5}, "people"),
        ({"people": True}, "people"),
        ({"people": "3"}, "people"),
        ({"people": None}, "people"),
    ],
)
def test_what_is_not_as_it_must_be_is_said_at_its_field(
    served: Served, sent: dict[str, Any], field: str
) -> None:
    client = newcomer(served)
    answer = client.post("join", {"code": served.code(ALPHA), "place": "room", "people": 1} | sent)
    assert answer.status == 400
    assert [fault["field"] for fault in answer.json["faults"]] == [field]
    assert people(served) == []
    # It was no guess.
    assert client.join(served.code(ALPHA)).status == 200


@pytest.mark.parametrize("body", [b"", b"[]", b"null", b"{", b'"code"', b"\xff\xfe", b"[" * 5_000])
def test_what_cannot_be_read_is_refused(served: Served, body: bytes) -> None:
    client = newcomer(served)
    headers = {
        "Content-Type": "application/json",
        "Origin": client.origin,
        "X-XSRFToken": client.cookies["_xsrf"],
    }
    for path in ("join", "notice", "leave"):
        assert client.ask("POST", path, body, headers).status in (400, 403)


def test_a_body_that_is_far_too_large_is_refused(served: Served) -> None:
    answer = newcomer(served).post("join", {"code": served.code(ALPHA), "name": "x" * 100_000})
    assert answer.status == 413
    assert people(served) == []


def test_a_page_of_another_address_redeems_nothing(served: Served) -> None:
    client = newcomer(served)
    sent = {"code": served.code(ALPHA), "place": "room", "people": 1}
    assert client.post("join", sent, Origin="https://elsewhere.example").status == 403
    assert client.post("join", sent, X_XSRFToken="").status == 403
    joined = served.joined(BETA)
    for path in ("notice", "leave"):
        assert joined.post(path, {"agree": True}, Origin="https://elsewhere.example").status == 403
    assert [one.seat.company_key for one in people(served)] == ["beta"]
    assert not people(served)[0].revoked


NAMES = {
    "  総務   課長 ": "総務 課長",
    "😀👩‍🔧": "😀👩‍🔧",
    "a\x00b\x1b[31mc\r\nd": "a b [31mc d",
    "<b>課長</b>": "<b>課長</b>",
    "\u202egnp.exe\u2066": "gnp.exe",
    "か\u3099": "が",
    "𠮷田髙﨑①㈱": "𠮷田髙﨑①㈱",
    "x" * 40: "x" * 40,
    " \t\n": "",
}


@pytest.mark.parametrize("typed", NAMES)
def test_a_name_is_kept_as_it_is_read(served: Served, typed: str) -> None:
    client = newcomer(served)
    assert client.join(served.code(ALPHA), name=typed).status == 200
    assert people(served)[0].seat.name == NAMES[typed] == _name(NAMES[typed])


def test_a_name_is_text_on_the_page_and_nothing_else(served: Served) -> None:
    client = newcomer(served)
    client.join(served.code(ALPHA), name='"><img src=x onerror=alert(1)>{{7*7}}')
    page = client.page("join").text
    assert "<img" not in page
    assert "&lt;img src=x onerror=alert(1)&gt;{{7*7}}" in page


def test_neither_code_nor_name_nor_token_stands_in_a_log(
    served: Served, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    code = served.code(ALPHA)
    client = newcomer(served)
    with caplog.at_level(logging.DEBUG):
        client.join("WRONGWRONG", name="secret name")
        client.join(code, name="secret name")
        client.page(f"join?code={code}")
    told = caplog.text + "".join(capfd.readouterr())
    for secret in (code, "WRONGWRONG", "secret name", client.cookies["spp_seat"]):
        assert secret not in told


# --- Guessing -----------------------------------------------------------------------------------------------


def letters(number: int) -> str:
    """A code that nobody was given."""
    return f"0000000{number:03}"


def test_guessing_is_slowed_down_and_then_refused(served: Served) -> None:
    clock = [0.0]
    served.room.guard = Guard(lambda: clock[0])
    client = newcomer(served)
    statuses = [client.join(letters(number)).status for number in range(6)]
    assert statuses == [403, 403, 403, 403, 429, 429]
    refused = client.join(served.code(ALPHA))
    assert (refused.status, refused.json["wait"], refused.headers["Retry-After"]) == (429, 2, "2")
    assert "2 seconds" in said(refused)
    assert "2秒" in said(refused, "ja")
    clock[0] += 2
    again = client.join(letters(7))
    assert (again.status, again.json["wait"], rules(again)) == (403, 4, ["no_seat", "wait"])
    clock[0] += 4
    assert client.join(served.code(ALPHA)).status == 200


def test_the_room_joins_while_somebody_behind_the_same_address_guesses(served: Served) -> None:
    code = served.code(ALPHA)
    guesser = newcomer(served)

    def guess(number: int) -> int:
        return guesser.join(letters(number)).status

    def join(_: int) -> int:
        return newcomer(served).join(code).status

    with ThreadPoolExecutor(12) as pool:
        guesses = [pool.submit(guess, number) for number in range(200)]
        joins = [pool.submit(join, number) for number in range(40)]
        assert {one.result() for one in joins} == {200}
        found = [one.result() for one in guesses]
    assert found.count(403) <= 6
    assert found.count(429) >= 194
    assert len(people(served)) == 40


def test_last_weeks_sheet_locks_nobody_out(served: Served) -> None:
    old = served.code(ALPHA)
    code = served.code(ALPHA)
    for _ in range(12):
        client = newcomer(served)
        assert [client.join(old).status for _ in range(6)] == [403] * 6
        assert client.join(code).status == 200


# --- The notice ---------------------------------------------------------------------------------------------


def test_the_notice_tells_purpose_secrecy_keeping_and_whom_to_ask(folder: Path) -> None:
    told = "contact: {ja: 人権窓口, en: The rights desk}\nkept_until: 2028-03-31\n"
    (folder / "programme.yaml").write_text(told + PROGRAMME, encoding="utf-8")
    with serving(folder, session="dd_practice") as served:
        client = newcomer(served)
        client.join(served.code(ALPHA), agree=False)
        page = client.page("notice").text
    for words in (
        "アルファ表面処理",
        "取引先の評価、価格の交渉、契約の判断には使いません",
        "Not for rating suppliers",
        "集計は3社以上がまとまるときだけ示します",
        "Totals are shown only where at least three companies",
        "2028年3月31日(金)まで保管し、その後は消去します。",
        "Until March 31, 2028 (Fri.); then it is erased.",
        "人権窓口。",
        "The rights desk.",
    ):
        assert words in page


def test_without_a_word_in_the_programme_the_notice_promises_nothing(served: Served) -> None:
    client = newcomer(served)
    client.join(served.code(ALPHA), agree=False)
    page = client.page("notice").text
    assert "保管する期間は、主催団体が決めてお知らせします。" in page
    assert "The organiser decides how long, and tells you." in page
    assert "erased." not in page
    assert "事務局。書いた内容の開示・訂正・消去のご希望も" in page


def test_a_folders_own_words_stand_in_the_notice(folder: Path) -> None:
    shipped = Path(__file__).parents[2] / "worksheets" / "consent.yaml"
    own = shipped.read_text(encoding="utf-8").replace("en: 'Purpose: only", "en: 'Aim: nothing but")
    (folder / "worksheets").mkdir()
    (folder / "worksheets" / "consent.yaml").write_text(own, encoding="utf-8")
    with serving(folder, session="dd_practice") as served:
        client = newcomer(served)
        client.join(served.code(ALPHA), agree=False)
        page = client.page("notice").text
    assert ">Aim<" in page
    assert "Nothing but to support" in page


def test_only_who_agrees_has_agreed(served: Served) -> None:
    client = newcomer(served)
    client.join(served.code(ALPHA), agree=False)
    for sent in ({}, {"agree": False}, {"agree": "yes"}, {"agree": 1}):
        assert client.post("notice", sent).status == 400
    assert people(served)[0].agreed_at == ""
    answer = client.post("notice", {"agree": True})
    assert (answer.status, answer.json) == (200, {"next": "/now"})
    assert people(served)[0].agreed_at


def test_who_has_not_agreed_neither_reads_nor_writes_answers(served: Served) -> None:
    client = newcomer(served)
    client.join(served.code(ALPHA), agree=False)
    save = {"id": 1, "do": "save", "worksheet": "step1_risk_areas", "subject": "company:alpha", "row": "r1"}
    save |= {"based_on": 0, "changes": {"situation": "x"}}
    for answer in (client.post("spp/message", save), client.get("spp/start?exercise=dd_practice")):
        assert (answer.status, rules(answer)) == (403, ["notice_first"])
    assert client.page("now").headers["Location"] == "/notice"
    assert served.room.workshop.store.latest(subject="company:alpha") == []
    client.post("notice", {"agree": True})
    assert client.get("spp/start?exercise=dd_practice").status == 200


def test_reading_the_notice_accepts_nothing(served: Served) -> None:
    client = newcomer(served)
    client.join(served.code(ALPHA), agree=False)
    client.page("notice?agree=true")
    assert people(served)[0].agreed_at == ""


def test_who_has_no_seat_is_led_from_the_notice_to_where_one_joins(served: Served) -> None:
    assert served.client().page("notice").headers["Location"] == "/join"
    assert newcomer(served).post("notice", {"agree": True}).status == 403


# --- Again, and leaving -------------------------------------------------------------------------------------


def test_who_has_a_seat_is_offered_to_go_on_or_to_leave(served: Served) -> None:
    client = newcomer(served)
    client.join(served.code(ALPHA), name="総務課長")
    page = client.page("join").text
    for words in ("すでに参加しています", "アルファ表面処理", "総務課長", 'href="/now"', 'data-do="leave"'):
        assert words in page
    assert "すでに参加しています" not in newcomer(served).page("join").text


def test_who_leaves_has_no_seat_and_what_the_device_kept_is_worth_nothing(served: Served) -> None:
    client = served.joined(ALPHA)
    token = client.cookies["spp_seat"]
    answer = client.post("leave")
    assert (answer.status, answer.json) == (200, {"next": "/join"})
    assert "spp_seat" not in client.cookies
    client.cookies["spp_seat"] = token
    assert client.page("notice").headers["Location"] == "/join"
    assert people(served)[0].revoked


def test_leaving_without_a_seat_does_no_harm(served: Served) -> None:
    assert newcomer(served).post("leave").status == 200


def test_others_of_the_company_stay_when_one_leaves(served: Served) -> None:
    one, other = served.joined(ALPHA), newcomer(served)
    code = served.code(ALPHA)
    other.join(code)
    one.post("leave")
    assert other.page("notice").status == 200


def test_a_seat_of_an_earlier_session_goes_on_into_this_one(folder: Path) -> None:
    with serving(folder, session="dd_preparation") as served:
        client = newcomer(served)
        client.join(served.code(ALPHA), name="佐藤", place="online", people=2)
    with serving(folder, session="dd_practice") as served:
        client.port = served.port
        page = client.page("join").text
        assert 'value="佐藤"' in page
        assert client.page("now").headers["Location"] == "/join"
        sent = {"go_on": True, "name": "佐藤", "place": "room", "people": 3}
        assert client.post("join", sent).json == {"next": "/now"}
        found = sorted((one.session, one.place, one.people) for one in people(served))
        assert found == [("dd_practice", "room", 3), ("dd_preparation", "online", 2)]
        assert "again-people" not in client.page("join").text
        assert client.page("now").headers["Location"] == "/exercise/dd_practice"


def test_a_device_that_joins_for_another_company_leaves_the_first(served: Served) -> None:
    client = served.joined(ALPHA, people=4)
    first = client.cookies["spp_seat"]
    assert client.join(served.code(BETA), people=2).status == 200
    assert {one.seat.company_key: one.people for one in people(served)} == {"alpha": 0, "beta": 2}
    assert client.cookies["spp_seat"] != first


def test_nothing_of_a_seat_is_cached(served: Served) -> None:
    client = served.joined(ALPHA)
    for path in ("join", "notice"):
        headers = client.page(path).headers
        assert headers["Cache-Control"] == "no-store"
        assert "default-src 'self'" in headers["Content-Security-Policy"]
        assert headers["Referrer-Policy"] == "no-referrer"


def test_the_pages_have_nothing_inline_and_nothing_from_elsewhere(served: Served) -> None:
    client = served.joined(ALPHA)
    for path in ("join", "notice"):
        page = client.page(path).text
        assert "style=" not in page
        assert "onclick" not in page
        assert "http://" not in page.replace(client.origin, "")
        assert "https://" not in page
