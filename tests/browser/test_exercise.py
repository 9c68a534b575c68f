"""Exercises on pages, in a real browser, against the real server: from the code to the saved answer."""

from __future__ import annotations

import asyncio
import json
import os
import re
import shutil
import signal
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
from conftest import PROGRAMME
from serving.conftest import Served, serving
from serving.test_application import answering, command, free_port

from spp_workshop import forms, notebooks
from spp_workshop.documents import shipped
from spp_workshop.exercises import worksheets_of
from spp_workshop.seats import Seat, revoke, sittings
from spp_workshop.serving.kept_pages import Pages
from spp_workshop.workshop import Workshop, open_workshop

from .conftest import Lab
from .test_lab import run_all

expect = pytest.importorskip("playwright.sync_api").expect

EXERCISES = [path for path in notebooks.shipped_notebooks() if notebooks.is_exercise(path)]
WORDS, ENGLISH = forms.ui()["ja"], forms.ui()["en"]
COMPANIES = ("hoshikuzu", "kazaguruma", "yukiakari", "tsumujikaze", "akanegumo")
FIVE = dict(zip(COMPANIES, "甲乙丙丁戊", strict=True))
SHOWN = ".spp-bar, img[data-chart]"
# Buttons and labels whose words are wider than they.
CUT_OFF = """() => [...document.querySelectorAll(".room-current :is(button, label, legend, h3, h4, p)")]
  .filter((one) => one.checkVisibility() && one.scrollWidth > one.clientWidth + 1 && one.clientWidth > 0)
  .map((one) => `${one.tagName} ${one.className}: ${one.textContent.slice(0, 40)}`)"""
NO_NETWORK = "今、通信がつながっていません"


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sample programme, in which nobody has written anything, with its pages made."""
    folder = tmp_path_factory.mktemp("sample")
    shutil.copy(shipped("programmes") / "spp-2025" / "programme.yaml", folder)
    workshop = open_workshop(folder, seat=Seat.projector())
    pages = Pages(workshop)
    pages.begin()
    # Playwright has an event loop in this thread already.
    with ThreadPoolExecutor(1) as thread:
        for session in pages.notebooks:
            thread.submit(asyncio.run, pages.page(session, "/")).result()
    pages.close()
    workshop.store.engine.dispose()
    return folder


@pytest.fixture
def folder(sample: Path, tmp_path: Path) -> Path:
    shutil.copytree(sample, tmp_path, dirs_exist_ok=True)
    return tmp_path


@pytest.fixture
def served(folder: Path) -> Iterator[Served]:
    with serving(folder, session="dd_preparation") as running:
        yield running


@pytest.fixture
def person(chromium: Any) -> Iterator[Callable[..., Any]]:
    """A page of a new person with a browser of their own; an error in a script fails the test."""
    said: list[str] = []
    with ExitStack() as stack:

        def person(language: str = "ja", width: int = 900, **options: Any) -> Any:
            locale = {"ja": "ja-JP", "en": "en-GB"}[language]
            size = {"width": width, "height": 900}
            context = chromium.new_context(locale=locale, timezone_id="Asia/Tokyo", viewport=size, **options)
            stack.callback(context.close)
            page = context.new_page()
            page.set_default_timeout(30_000)
            page.on("pageerror", lambda error: said.append(str(error)))
            page.on(
                "console",
                lambda message: said.append(message.text) if "Content Security" in message.text else None,
            )
            return page

        yield person
    assert not said


def join(page: Any, served: Served, company: str = "hoshikuzu", code: str = "") -> None:
    """From the link with the code to the first screen of today's exercise."""
    page.goto(f"{served.address}join#{code or served.code(Seat.company(company))}")
    page.locator("#joining label:has(input[value=room])").click()
    page.locator("#joining [data-do=send]").click()
    page.locator("[data-do=agree]").click()
    ready(page)


def ready(page: Any) -> None:
    page.locator("body[data-ready]").wait_for()
    page.locator(f".room-current :is({SHOWN})").locator("visible=true").wait_for()


def go(page: Any, step: str) -> None:
    page.evaluate(f"location.hash = '{step}'")
    page.locator(f"#{step}.room-current").wait_for()


def field(page: Any, name: str) -> Any:
    return page.locator(f".room-current [data-field={name}]")


def typed(page: Any, name: str) -> Any:
    return field(page, name).locator("input[type=text], input:not([type]), textarea").first


def saved(page: Any, name: str) -> None:
    field(page, name).locator(".spp-mark[data-state=saved]").wait_for()


def stored(served: Served, worksheet: str = "consent", company: str = "hoshikuzu") -> dict[str, Any]:
    def look() -> dict[str, Any]:
        with_all: Workshop = served.room.workshop.seated(Seat.custodian())
        rows = with_all.rows(worksheet, f"company:{company}")
        return rows[0].answers if rows else {}

    answers: dict[str, Any] = served.do(look)
    return answers


# --- The way of a person ----------------------------------------------------------------------------------


def test_a_person_joins_writes_and_finds_it_again_after_a_reload(
    person: Callable[..., Any], served: Served
) -> None:
    page = person()
    join(page, served)
    assert page.url.endswith("/exercise/dd_preparation")
    expect(page.locator("[data-who]")).to_contain_text("星くず鍍金工業株式会社")
    typed(page, "agreed_by").fill("総務課長")
    saved(page, "agreed_by")
    expect(page.locator(".room-current .spp-state")).to_contain_text("保存しました")
    assert stored(served)["agreed_by"] == "総務課長"
    page.reload()
    ready(page)
    expect(typed(page, "agreed_by")).to_have_value("総務課長")


def test_one_step_stands_on_the_screen_and_the_address_names_it(
    person: Callable[..., Any], served: Served
) -> None:
    page = person()
    join(page, served)
    expect(page.locator("[data-step]:visible")).to_have_count(1)
    expect(page.locator(".room-way-now")).to_have_text("全4画面の1番目", use_inner_text=True)
    page.get_by_role("link", name="次へ：会社の姿を書き出す").click()
    expect(page.get_by_role("heading", name="会社の姿を書き出す")).to_be_focused()
    expect(page.locator("[data-step]:visible")).to_have_count(1)
    expect(page.locator(".room-way-now")).to_have_text("全4画面の2番目", use_inner_text=True)
    assert page.url.endswith("#profile")
    page.reload()
    ready(page)
    expect(page.locator(".room-way-now")).to_have_text("全4画面の2番目", use_inner_text=True)
    page.keyboard.press("Alt+PageDown")
    expect(page.locator("#issues")).to_be_visible()
    page.keyboard.press("Alt+PageUp")
    expect(page.locator("#profile")).to_be_visible()
    page.go_back()
    expect(page.locator("#issues")).to_be_visible()


def test_all_screens_can_be_reached_by_keyboard_from_the_list(
    person: Callable[..., Any], served: Served
) -> None:
    page = person()
    join(page, served)
    page.locator(".room-all summary").focus()
    page.keyboard.press("Enter")
    expect(page.locator(".room-all a[aria-current=step]")).to_have_text(
        "約束事を確かめる", use_inner_text=True
    )
    for _ in range(3):
        page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.locator("#issues")).to_be_visible()
    expect(page.locator(".room-all[open]")).to_have_count(0)


def test_changing_the_language_loses_nothing_that_is_typed(
    person: Callable[..., Any], served: Served
) -> None:
    page = person()
    join(page, served)
    page.route("**/spp/message", lambda route: route.abort())
    typed(page, "agreed_by").press_sequentially("総務")
    page.get_by_role("button", name="English").click()
    expect(page.get_by_role("heading", name="Agree on the ground rules")).to_be_visible()
    expect(page.get_by_text("約束事を確かめる").first).to_be_hidden()
    expect(page.locator(".spp-form h3")).to_have_text("Consent and ground rules")
    expect(typed(page, "agreed_by")).to_have_value("総務")
    assert page.evaluate("document.documentElement.lang") == "en"
    assert page.title().startswith("Preparation Meeting")
    page.unroute("**/spp/message")
    typed(page, "agreed_by").press("End")
    typed(page, "agreed_by").press_sequentially("課長")
    saved(page, "agreed_by")
    assert stored(served)["agreed_by"] == "総務課長"
    page.reload()
    ready(page)
    expect(page.locator(".spp-form h3")).to_have_text("Consent and ground rules")


def test_two_people_in_the_same_field_see_both_answers_and_neither_is_lost(
    person: Callable[..., Any], served: Served
) -> None:
    code = served.code(Seat.company("hoshikuzu"))
    one, other = person(), person()
    for page in (one, other):
        join(page, served, code=code)
    other.route("**/spp/news*", lambda route: route.abort())
    typed(one, "agreed_by").fill("総務課長")
    saved(one, "agreed_by")
    typed(other, "agreed_by").fill("工場長")
    conflict = field(other, "agreed_by").locator(".spp-conflict")
    expect(conflict).to_contain_text("総務課長")
    expect(conflict).to_contain_text("工場長")
    assert stored(served)["agreed_by"] == "総務課長"
    conflict.get_by_role("button", name=WORDS["keep_mine"]).click()
    saved(other, "agreed_by")
    assert stored(served)["agreed_by"] == "工場長"


def test_whoever_has_gone_on_is_led_back_to_an_answer_that_waits_for_a_decision(
    person: Callable[..., Any], served: Served
) -> None:
    code = served.code(Seat.company("hoshikuzu"))
    one, other = person(), person(width=375)
    for page in (one, other):
        join(page, served, code=code)
    other.route("**/spp/news*", lambda route: route.abort())
    typed(one, "agreed_by").fill("総務課長")
    saved(one, "agreed_by")
    typed(other, "agreed_by").fill("工場長")
    conflict = field(other, "agreed_by").locator(".spp-conflict")
    conflict.wait_for()
    told = other.locator("[data-banner=held]")
    expect(told).to_be_hidden()  # it stands on the screen itself
    go(other, "profile")
    expect(told).to_contain_text("確認が必要な画面")
    told.get_by_role("link", name="約束事を確かめる").click()
    expect(told).to_be_hidden()
    conflict.get_by_role("button", name=WORDS["keep_mine"]).click()
    saved(other, "agreed_by")
    go(other, "profile")
    expect(told).to_be_hidden()


def test_what_a_colleague_saves_is_seen_without_a_reload(person: Callable[..., Any], served: Served) -> None:
    code = served.code(Seat.company("hoshikuzu"))
    one, other = person(), person()
    for page in (one, other):
        join(page, served, code=code)
    typed(one, "agreed_by").fill("総務課長")
    expect(typed(other, "agreed_by")).to_have_value("総務課長")


def test_the_own_risk_map_follows_what_is_written(person: Callable[..., Any], folder: Path) -> None:
    with serving(folder, session="dd_practice") as served:
        page = person()
        join(page, served)
        go(page, "risk-map")
        chart = page.locator("img[data-chart=risk_map]")
        expect(chart).to_be_visible()
        assert chart.evaluate("image => image.complete && image.naturalWidth > 300")
        before = chart.get_attribute("alt")

        def write() -> None:
            workshop = open_workshop(folder)
            subject = "company:hoshikuzu"
            workshop.save("step1_risk_areas", {"business_area": "めっき"}, subject=subject, row="r1")
            workshop.save("step2_harm_process", {"event": "目に酸が入る"}, subject=subject, row="r1")
            workshop.store.engine.dispose()

        write()
        expect(chart).not_to_have_attribute("alt", str(before))
        expect(chart).to_have_attribute("alt", re.compile("目に酸が入る"))
        page.get_by_role("button", name="English").click()
        expect(chart).to_have_attribute("alt", re.compile("not rated yet"))


def test_all_that_a_list_offers_works_on_a_page(person: Callable[..., Any], folder: Path) -> None:
    with serving(folder, session="dd_practice") as served:
        page = person()
        join(page, served)
        go(page, "step-1")
        sheet = page.locator(".room-current")
        titles = sheet.locator(".spp-card-title")

        def press(word: str, **more: str) -> None:
            sheet.get_by_role("button", name=WORDS[word].format(**more)).first.click()

        press("add")
        page.keyboard.type("めっき工程")
        saved(page, "business_area")
        press("copy")
        expect(titles).to_have_text(["めっき工程", "めっき工程"])
        typed(page, "business_area").fill("塗装工程")
        expect(titles).to_have_text(["めっき工程", "塗装工程"])
        sheet.get_by_role("button", name=f"{WORDS['move_up']}: 塗装工程").click()
        expect(titles).to_have_text(["塗装工程", "めっき工程"])
        press("withdraw")
        expect(titles).to_have_text(["めっき工程"])
        press("undo")
        expect(titles).to_have_text(["塗装工程", "めっき工程"])
        press("paste")
        page.keyboard.insert_text("検査\n出荷")
        press("paste_add", count="2")
        expect(titles).to_have_text(["塗装工程", "めっき工程", "検査", "出荷"])
        page.reload()
        ready(page)
        expect(titles).to_have_text(["塗装工程", "めっき工程", "検査", "出荷"])
        titles.first.click()
        typed(page, "business_area").fill("洗浄工程")
        saved(page, "business_area")
        press("history")
        sheet.locator(".spp-history li").nth(1).get_by_role("button", name=WORDS["restore"]).click()
        expect(titles.first).to_have_text("塗装工程")
        for told in ("example", "why"):
            button = field(page, "business_area").get_by_role("button", name=WORDS[told])
            button.click()
            expect(button).to_have_attribute("aria-expanded", "true")
        field(page, "business_area").get_by_role("button", name=WORDS["stuck"]).click()
        page.keyboard.insert_text("どこまで書けばよいですか")
        press("stuck_send")
        expect(field(page, "business_area").locator(".spp-told")).to_contain_text("どこまで書けばよいですか")
        go(page, "step-2")
        expect(titles).to_have_text(["塗装工程", "めっき工程", "検査", "出荷"])


# --- When something fails ---------------------------------------------------------------------------------


def test_what_is_typed_without_a_network_is_sent_when_it_is_back(
    person: Callable[..., Any], served: Served
) -> None:
    page = person()
    join(page, served)
    page.context.set_offline(True)
    expect(page.locator("[data-banner=offline]")).to_be_visible()
    typed(page, "agreed_by").fill("総務課長")
    expect(page.locator(".room-current .spp-state")).to_contain_text("未保存の回答が1件")
    go(page, "profile")  # its form needs nothing from the network any more
    go(page, "consent")
    page.context.set_offline(False)
    saved(page, "agreed_by")
    expect(page.locator("[data-banner=offline]")).to_be_hidden()
    assert stored(served)["agreed_by"] == "総務課長"


def test_the_last_screen_says_what_is_not_saved_and_it_is_sent_from_there_after_a_reload(
    person: Callable[..., Any], served: Served
) -> None:
    page = person(width=375)
    page.on("dialog", lambda dialog: dialog.accept())
    join(page, served)

    def no_save(route: Any) -> None:
        route.abort() if route.request.post_data_json["do"] == "save" else route.continue_()

    page.route("**/spp/message", no_save)
    typed(page, "agreed_by").fill("総務課長")
    field(page, "agreed_by").locator(".spp-mark[data-state=waiting]").wait_for()
    go(page, "feedback")
    ends = {one: page.locator(f"[data-end={one}]") for one in ("saved", "waiting")}
    expect(ends["waiting"]).to_be_visible()
    expect(ends["saved"]).to_be_hidden()
    # On a phone it stands above the way back, as wide as the page.
    assert ends["waiting"].bounding_box()["width"] > 330
    page.reload()
    ready(page)
    expect(ends["waiting"]).to_be_visible()
    page.unroute("**/spp/message")
    expect(ends["saved"]).to_be_visible()
    assert stored(served)["agreed_by"] == "総務課長"


def test_a_minute_without_a_network_loses_nothing_and_needs_no_hand(
    person: Callable[..., Any], served: Served
) -> None:
    page = person()
    page.clock.install()
    join(page, served)
    # As when the way to the server is cut somewhere: the browser itself believes that it is connected.
    page.route("**/spp/**", lambda route: route.abort())
    typed(page, "agreed_by").fill("総務課長")
    field(page, "purpose_understood").locator("input").check()
    for _ in range(6):
        page.clock.run_for(10_000)
        expect(page.locator("[data-banner=offline]")).to_contain_text(NO_NETWORK)
    expect(page.locator(".room-current .spp-state")).to_contain_text("未保存の回答が2件")
    assert "agreed_by" not in stored(served)
    page.unroute("**/spp/**")
    page.clock.run_for(5_000)
    saved(page, "agreed_by")
    saved(page, "purpose_understood")
    expect(page.locator("[data-banner=offline]")).to_be_hidden()
    assert stored(served)["agreed_by"] == "総務課長"
    assert stored(served)["purpose_understood"] is True


def test_a_page_comes_back_by_itself_when_the_server_was_restarted(
    person: Callable[..., Any], folder: Path
) -> None:
    page = person()
    with serving(folder, session="dd_preparation") as served:
        join(page, served)
        typed(page, "agreed_by").fill("総務")
        saved(page, "agreed_by")
        port = served.port
    typed(page, "agreed_by").fill("総務課長")
    expect(page.locator("[data-banner=offline]")).to_contain_text(NO_NETWORK)
    with serving(folder, session="dd_preparation", port=port) as served:
        saved(page, "agreed_by")
        expect(page.locator("[data-banner=offline]")).to_be_hidden()
        assert stored(served)["agreed_by"] == "総務課長"


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="no process can be killed here")
def test_a_page_comes_back_by_itself_when_the_server_was_killed(
    person: Callable[..., Any], folder: Path
) -> None:
    page, port = person(), free_port()
    words = ("--session", "dd_preparation", "--port", str(port))
    with command(folder, *words) as running:
        answering(port)
        (sheet,) = (folder / "output" / "invitations").rglob("hoshikuzu.html")
        (code,) = set(re.findall(r"\b[2-9A-Z]{5}-[2-9A-Z]{5}\b", sheet.read_text(encoding="utf-8")))
        page.goto(f"http://127.0.0.1:{port}/join#{code.replace('-', '')}")
        page.locator("#joining label:has(input[value=room])").click()
        page.locator("#joining [data-do=send]").click()
        page.locator("[data-do=agree]").click()
        ready(page)
        typed(page, "agreed_by").fill("総務")
        saved(page, "agreed_by")
        os.killpg(running.pid, signal.SIGKILL)
        typed(page, "agreed_by").fill("総務課長")
        expect(page.locator("[data-banner=offline]")).to_contain_text(NO_NETWORK)
    with command(folder, *words):
        saved(page, "agreed_by")
        expect(page.locator("[data-banner=offline]")).to_be_hidden()
        page.reload()
        ready(page)
        expect(typed(page, "agreed_by")).to_have_value("総務課長")


def test_a_seat_that_was_ended_says_so_and_the_answer_is_sent_after_joining_again(
    person: Callable[..., Any], served: Served
) -> None:
    page = person()
    join(page, served)

    def end() -> None:
        store = served.room.workshop.store
        for sitting in sittings(store):
            if sitting.parent:
                revoke(store, sitting.seat.id)

    served.do(end)
    typed(page, "agreed_by").fill("総務課長")
    banner = page.locator("[data-banner=ended]")
    # Where it was typed, far below the top of the page.
    expect(banner).to_be_in_viewport(ratio=1)
    expect(typed(page, "agreed_by")).to_have_value("総務課長")
    assert "agreed_by" not in stored(served)
    page.on("dialog", lambda dialog: dialog.accept())  # the browser asks whether to leave the page
    banner.get_by_role("link").click()
    page.wait_for_url("**/join")
    join(page, served)
    saved(page, "agreed_by")
    assert stored(served)["agreed_by"] == "総務課長"


def test_a_full_disk_is_told_and_the_answer_is_kept(person: Callable[..., Any], served: Served) -> None:
    page = person()
    join(page, served)
    text = {"ja": "ディスクがいっぱいです。", "en": "The disk is full."}
    fault = {"rule": "disk", "row": "", "field": "", "text": text}

    def refuse(route: Any) -> None:
        refused = {"id": route.request.post_data_json["id"], "faults": [fault]}
        route.fulfill(status=503, content_type="application/json", body=json.dumps(refused))

    page.route("**/spp/message", refuse)
    typed(page, "agreed_by").fill("総務課長")
    expect(page.locator(".room-current .spp-state")).to_contain_text("ディスクがいっぱいです。")
    page.unroute("**/spp/message")
    saved(page, "agreed_by")
    assert stored(served)["agreed_by"] == "総務課長"


def test_leaving_ends_the_seat_and_leaves_nothing_of_it_in_the_browser(
    person: Callable[..., Any], served: Served
) -> None:
    page = person()
    join(page, served)
    page.route("**/spp/message", lambda route: route.abort())
    typed(page, "agreed_by").fill("総務課長")
    expect(page.locator(".room-current .spp-mark[data-state=waiting]")).to_have_count(1)
    asked: list[str] = []
    page.on("dialog", lambda dialog: (asked.append(dialog.message), dialog.accept()))
    page.locator("[data-leave]").click()
    page.wait_for_url("**/join")
    assert len(asked) == 1
    assert "まだ保存されていない記入があります" in asked[0]
    assert page.evaluate("sessionStorage.length") == 0
    page.goto(f"{served.address}exercise/dd_preparation")
    assert page.url.endswith("/join")


def test_the_way_back_shows_the_next_person_nothing(person: Callable[..., Any], served: Served) -> None:
    page = person()
    join(page, served)
    typed(page, "agreed_by").fill("品質保証の山びこ")
    saved(page, "agreed_by")
    page.evaluate(
        "fetch('/leave', {method: 'POST', body: '{}', headers: {'Content-Type': 'application/json',"
        " 'X-XSRFToken': decodeURIComponent(document.cookie.match(/_xsrf=([^;]*)/)[1])}})"
    )
    # As browsers do it that keep whole pages: this one was put away with all that stood on it.
    page.evaluate("dispatchEvent(new PageTransitionEvent('pageshow', {persisted: true}))")
    page.wait_for_url("**/join")
    assert "品質保証の山びこ" not in page.content()


# --- Many, small, and without eyes ------------------------------------------------------------------------


def test_five_people_of_five_companies_write_at_the_same_time(
    person: Callable[..., Any], served: Served
) -> None:
    pages = {company: person(width=375 if at % 2 else 900) for at, company in enumerate(FIVE)}
    codes = {company: served.code(Seat.company(company)) for company in FIVE}
    for company, page in pages.items():
        join(page, served, code=codes[company])
    for company, page in pages.items():
        typed(page, "agreed_by").fill(f"{FIVE[company]}の課長")
    for page in pages.values():
        saved(page, "agreed_by")
    for company, page in pages.items():
        assert stored(served, company=company)["agreed_by"] == f"{FIVE[company]}の課長"
        page.reload()
        ready(page)
        expect(typed(page, "agreed_by")).to_have_value(f"{FIVE[company]}の課長")
        page.route("**/spp/news*", lambda route: route.abort())
    for company in FIVE:
        a_colleague_writes(served, company, "工場長")
    for company, page in pages.items():
        typed(page, "agreed_by").fill(f"{FIVE[company]}の部長")
    for company, page in pages.items():
        conflict = field(page, "agreed_by").locator(".spp-conflict")
        expect(conflict).to_contain_text("工場長")
        expect(conflict).to_contain_text(f"{FIVE[company]}の部長")
        page.get_by_role("button", name="English").click()
        conflict.get_by_role("button", name=ENGLISH["keep_mine"]).click()
    for company, page in pages.items():
        saved(page, "agreed_by")
        expect(typed(page, "agreed_by")).to_have_value(f"{FIVE[company]}の部長")
        assert stored(served, company=company)["agreed_by"] == f"{FIVE[company]}の部長"


def a_colleague_writes(served: Served, company: str, text: str) -> None:
    """On another device, over the first answer."""
    workshop = served.room.workshop.seated(Seat.company(company))
    answer = {"agreed_by": text}
    served.do(lambda: workshop.save("consent", answer, subject=f"company:{company}", based_on=1))


@pytest.mark.parametrize("notebook", EXERCISES, ids=lambda path: path.stem)
@pytest.mark.parametrize("language", ["ja", "en"])
def test_every_screen_of_an_exercise_works_and_fits_on_a_phone_and_has_no_barrier(
    person: Callable[..., Any], folder: Path, notebook: Path, language: str
) -> None:
    with serving(folder, session=notebook.stem) as served:
        page = person(language, width=375)
        join(page, served)
        steps = page.eval_on_selector_all("[data-step]", "steps => steps.map((step) => step.id)")
        drawn = []
        for step in steps:
            go(page, step)
            page.locator(f".room-current :is({SHOWN})").locator("visible=true").wait_for()
            drawn += page.eval_on_selector_all(
                ".room-current [data-form]", "n => n.map((one) => one.dataset.form)"
            )
            assert page.evaluate("document.documentElement.scrollWidth") <= 375, step
            assert barriers(page) == [], step
        assert drawn == list(worksheets_of(notebook))


@pytest.mark.parametrize("language", ["ja", "en"])
def test_the_pages_before_an_exercise_have_no_barrier(
    person: Callable[..., Any], served: Served, language: str
) -> None:
    page = person(language)
    page.goto(f"{served.address}join#{served.code(Seat.company('hoshikuzu'))}")
    page.locator("#code-linked").wait_for()
    assert barriers(page) == []
    page.locator("#joining label:has(input[value=online])").click()
    page.locator("#joining [data-do=send]").click()
    page.locator("[data-do=agree]").wait_for()
    assert barriers(page) == []
    page.goto(f"{served.address}exercise/nothing")
    assert barriers(page) == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_form_that_is_being_filled_in_has_no_barrier(
    person: Callable[..., Any], served: Served, scheme: str
) -> None:
    page = person(color_scheme=scheme)
    join(page, served)
    go(page, "issues")
    page.get_by_role("button", name=WORDS["add"]).click()
    page.get_by_role("button", name=WORDS["example"]).first.click()
    page.get_by_role("button", name=WORDS["submit"]).click()
    page.locator(".room-current .spp-summary").wait_for()
    page.get_by_text("全体を見る", exact=True).click()
    assert barriers(page) == []


def barriers(page: Any) -> list[str]:
    """What axe finds serious or critical on the page as it is."""
    script = (files("axe_playwright_python") / "axe.min.js").read_text(encoding="utf-8")
    page.evaluate(script)
    found = page.evaluate("axe.run(document, {resultTypes: ['violations']})")
    grave = [one for one in found["violations"] if one["impact"] in ("serious", "critical")]
    return [f"{one['id']}: {one['nodes'][0]['html'][:200]}" for one in grave]


def test_axe_finds_a_barrier_where_there_is_one(person: Callable[..., Any], served: Served) -> None:
    page = person()
    page.goto(f"{served.address}join")
    page.evaluate("document.querySelector('label[for=code]').remove()")
    assert any(found.startswith("label") for found in barriers(page))


@pytest.mark.parametrize("notebook", EXERCISES, ids=lambda path: path.stem)
def test_every_screen_can_be_read_at_twice_its_size(
    person: Callable[..., Any], folder: Path, notebook: Path
) -> None:
    with serving(folder, session=notebook.stem) as served:
        page = person(width=640)
        join(page, served)
        page.evaluate("document.documentElement.style.fontSize = '200%'")
        steps = page.eval_on_selector_all("[data-step]", "steps => steps.map((step) => step.id)")
        for step in steps:
            go(page, step)
            page.locator(f".room-current :is({SHOWN})").locator("visible=true").wait_for()
            assert page.evaluate("document.documentElement.scrollWidth") <= 640, step
            assert page.evaluate(CUT_OFF) == [], step


# --- One form, two carriers -------------------------------------------------------------------------------


@pytest.fixture(params=["page", "notebook"])
def carried(request: pytest.FixtureRequest, person: Callable[..., Any], tmp_path: Path) -> Iterator[Any]:
    """The form of the same exercise of company alpha, on a page and in JupyterLab, and the folder."""
    page = person(width=1200)
    if request.param == "page":
        (tmp_path / "programme.yaml").write_text(PROGRAMME, encoding="utf-8")
        with serving(tmp_path, session="dd_preparation") as served:
            join(page, served, "alpha")
            yield page.locator("#consent .spp-form"), tmp_path
        return
    lab: Lab = request.getfixturevalue("lab")
    folder = lab.folder / "carried"
    folder.mkdir()
    (folder / "programme.yaml").write_text(PROGRAMME, encoding="utf-8")
    notebook = notebooks.read(notebooks.find_exercise("dd_preparation"))
    given = {"folder": str(folder), "company": "alpha"}
    (lab.folder / "carried.ipynb").write_text(
        notebooks.canonical(notebooks.with_parameters(notebook, given)), encoding="utf-8"
    )
    page.goto(f"{lab.url}doc/tree/carried.ipynb?token={lab.token}")
    run_all(page)
    place = page.locator(".spp-form", has=page.get_by_role("heading", name="参加にあたっての確認と約束事"))
    place.locator(".spp-bar").wait_for()
    yield place, folder


def test_the_same_interaction_works_through_both_carriers(carried: Any) -> None:
    place, folder = carried

    def asked(name: str) -> Any:
        return place.locator(f"[data-field={name}]")

    def is_saved(name: str) -> None:
        asked(name).locator(".spp-mark[data-state=saved]").wait_for()

    asked("agreed_by").locator("input").fill("総務課長")
    is_saved("agreed_by")
    asked("purpose_understood").locator("input").check()
    is_saved("purpose_understood")
    workshop = open_workshop(folder)
    workshop.save("consent", {"agreed_by": "工場長"}, subject="company:alpha", based_on=2)
    workshop.store.engine.dispose()
    asked("agreed_by").locator("input").fill("社長")
    conflict = asked("agreed_by").locator(".spp-conflict")
    expect(conflict).to_contain_text("工場長")
    conflict.get_by_role("button", name=WORDS["take_theirs"]).click()
    expect(asked("agreed_by").locator("input")).to_have_value("工場長")
    place.get_by_role("button", name=WORDS["submit"]).click()
    expect(place.locator(".spp-summary li")).to_have_count(3)
    workshop = open_workshop(folder)
    (row,) = workshop.rows("consent", "company:alpha")
    assert row.answers == {"agreed_by": "工場長", "purpose_understood": True}
    workshop.store.engine.dispose()
