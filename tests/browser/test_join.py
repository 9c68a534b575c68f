"""Joining in a real browser: from a link or by typing, with the keyboard, on a phone, in both languages."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
from conftest import PROGRAMME
from serving.conftest import Served, serving

from spp_workshop import seats
from spp_workshop.seats import Seat, Sitting

expect = pytest.importorskip("playwright.sync_api").expect

ALPHA = Seat.company("alpha")
ON_A_PHONE = {"viewport": {"width": 375, "height": 740}, "has_touch": True}
WRONG = "このコードは使えません"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "programme.yaml").write_text(PROGRAMME, encoding="utf-8")
    return tmp_path


@pytest.fixture
def served(folder: Path) -> Iterator[Served]:
    with serving(folder, session="dd_practice") as running:
        yield running


@pytest.fixture
def code(served: Served) -> str:
    return served.code(ALPHA)


@pytest.fixture
def person(chromium: Any) -> Iterator[Callable[..., Any]]:
    """A person with a browser of their own; an error in a script, and a request elsewhere, fails the test."""
    contexts, errors = [], []

    def come(**how: Any) -> Any:
        settings = {"locale": "ja-JP", "viewport": {"width": 900, "height": 800}} | how
        context = chromium.new_context(**settings)
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(10_000)
        # What comes after the gate is tried elsewhere.
        page.route("**/now", lambda route: route.fulfill(body="<p>exercise</p>", content_type="text/html"))
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.on("console", lambda said: errors.append(said.text) if "Content Security" in said.text else None)
        return page

    yield come
    for context in contexts:
        context.close()
    assert not errors


def people(served: Served) -> list[Sitting]:
    return [one for one in seats.sittings(served.room.workshop.store) if one.is_personal]


def focused(page: Any) -> str:
    """The id of what has the focus, its value, or what stands on it."""
    return page.evaluate(
        "(({id, value, innerText}) => id || value || innerText || '')(document.activeElement)"
    ).strip()


def join(page: Any) -> None:
    page.locator("#joining").get_by_role("button", name="参加する").click()


def test_the_code_of_a_link_is_filled_in_and_leaves_the_address(
    person: Callable[..., Any], served: Served, code: str
) -> None:
    page = person()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url + (request.post_data or "")))
    page.goto(f"{served.address}join#{code}")
    expect(page.get_by_label("参加コード")).to_have_value(f"{code[:5]}-{code[5:]}")
    expect(page.get_by_text("リンクのコードを入れました。")).to_be_visible()
    assert page.url == f"{served.address}join"
    assert not any(code in one for one in asked)
    page.get_by_label("会場").check()
    page.get_by_role("button", name="1人増やす").click()
    page.get_by_label("役職または呼び名").fill("総務課長")
    join(page)
    page.wait_for_url("**/notice")
    expect(page.get_by_text("取引先の評価、価格の交渉、契約の判断には使いません")).to_be_visible()
    (one,) = people(served)
    assert (one.seat.name, one.place, one.people, one.agreed_at) == ("総務課長", "room", 2, "")
    page.get_by_role("button", name="読みました。始めます").click()
    page.wait_for_url("**/now")
    assert people(served)[0].agreed_at


def test_where_most_are_is_chosen_already_and_what_is_chosen_has_the_cursor(
    person: Callable[..., Any], folder: Path
) -> None:
    with serving(folder, session="dd_preparation") as served:
        page = person()
        page.goto(f"{served.address}join#{served.code(ALPHA)}")
        expect(page.get_by_label("オンライン")).to_be_checked()
        expect(page.get_by_label("オンライン")).to_be_focused()


def test_opening_a_link_redeems_nothing(person: Callable[..., Any], served: Served, code: str) -> None:
    page = person()
    page.goto(f"{served.address}join#{code}")
    page.reload()
    page.wait_for_load_state("networkidle")
    assert people(served) == []
    assert not any(cookie["name"] == "spp_seat" for cookie in page.context.cookies())


def test_a_second_link_in_the_same_tab_brings_its_own_code(
    person: Callable[..., Any], served: Served, code: str
) -> None:
    page = person()
    page.goto(f"{served.address}join#ABCDEFGHJK")
    page.get_by_label("会場").check()
    join(page)
    expect(page.get_by_text(WRONG)).to_be_visible()
    page.evaluate(f"location.hash = '{code}'")
    expect(page.get_by_label("参加コード")).to_have_value(f"{code[:5]}-{code[5:]}")
    expect(page.get_by_text(WRONG)).to_be_hidden()


def test_a_code_may_be_typed_in_full_width_small_letters(
    person: Callable[..., Any], served: Served, code: str
) -> None:
    page = person()
    page.goto(f"{served.address}join")
    wide = "".join(chr(ord(letter) + 0xFEE0) for letter in code.lower())
    page.get_by_label("参加コード").fill(f"{wide[:5]}ー{wide[5:]}")
    page.get_by_label("オンライン").check()
    page.get_by_label("この端末を何人で").fill("１２")
    join(page)
    page.wait_for_url("**/notice")
    (one,) = people(served)
    assert (one.place, one.people) == ("online", 12)


def test_a_wrong_code_says_so_at_its_field_in_the_language_of_the_reader(
    person: Callable[..., Any], served: Served
) -> None:
    page = person()
    page.goto(f"{served.address}join")
    page.get_by_label("参加コード").fill("ABCDE-FGHJK")
    page.get_by_label("会場").check()
    join(page)
    alert = page.locator("#code-problem")
    expect(alert).to_contain_text(WRONG)
    assert alert.get_attribute("role") == "alert"
    assert focused(page) == "code"
    expect(page.locator("#code")).to_have_attribute("aria-invalid", "true")
    page.get_by_role("button", name="English").click()
    expect(alert).to_have_text(re.compile("This code opens no seat"), use_inner_text=True)
    expect(page.get_by_label("Code")).to_have_value("ABCDE-FGHJK")


def test_everything_that_is_missing_is_said_at_once_and_nothing_is_sent(
    person: Callable[..., Any], served: Served
) -> None:
    page = person()
    page.goto(f"{served.address}join")
    page.get_by_label("この端末を何人で").fill("0")
    join(page)
    problems = {
        "code": "コードを入れてください",
        "place": "会場かオンラインかを選んで",
        "people": "1から99まで",
    }
    for field, words in problems.items():
        expect(page.locator(f"#{field}-problem")).to_contain_text(words)
    assert focused(page) == "code"


def test_a_guesser_is_told_how_long_to_wait(person: Callable[..., Any], served: Served, code: str) -> None:
    page = person()
    page.goto(f"{served.address}join")
    page.get_by_label("会場").check()
    for number in range(4):
        page.get_by_label("参加コード").fill(f"ABCDEFGHJ{number}")
        with page.expect_response("**/join") as answered:
            join(page)
        assert answered.value.status == 403
    button = page.locator("#joining").get_by_role("button", name="参加する")
    expect(page.get_by_text("違うコードが何度も入力されました")).to_be_visible()
    expect(page.get_by_text("秒お待ちください")).to_be_visible()
    expect(button).to_be_disabled()
    expect(button).to_be_enabled()
    expect(page.get_by_text("秒お待ちください")).to_be_hidden()
    page.get_by_label("参加コード").fill(code)
    button.click()
    page.wait_for_url("**/notice")


def test_all_of_it_goes_by_the_keyboard_alone(person: Callable[..., Any], served: Served, code: str) -> None:
    page = person()
    page.goto(f"{served.address}join")
    for _ in range(8):
        page.keyboard.press("Tab")
        if focused(page) == "code":
            break
    page.keyboard.type(code.lower())
    page.keyboard.press("Enter")
    page.keyboard.press("Space")
    assert page.locator("input[value=room]").is_checked()
    page.keyboard.press("ArrowRight")
    assert page.locator("input[value=online]").is_checked()
    page.keyboard.press("Enter")
    assert focused(page) == "people"
    page.keyboard.type("3")
    page.keyboard.press("Enter")
    assert focused(page) == "name"
    page.keyboard.type("Sato")
    page.keyboard.press("Enter")
    assert people(served) == []
    page.keyboard.press("Space")
    page.wait_for_url("**/notice")
    (one,) = people(served)
    assert (one.place, one.seat.name) == ("online", "Sato")
    for _ in range(8):
        page.keyboard.press("Tab")
        if "始めます" in focused(page):
            break
    page.keyboard.press("Enter")
    page.wait_for_url("**/now")


def test_the_enter_of_an_input_method_neither_submits_nor_leads_on(
    person: Callable[..., Any], served: Served, code: str
) -> None:
    page = person()
    page.goto(f"{served.address}join#{code}")
    page.get_by_label("会場").check()
    name = page.get_by_label("役職または呼び名")
    name.focus()
    keys = page.context.new_cdp_session(page)
    keys.send("Input.imeSetComposition", {"text": "そうむ", "selectionStart": 3, "selectionEnd": 3})
    # So browsers send the Enter that only ends a composition.
    enter = {"key": "Enter", "code": "Enter", "windowsVirtualKeyCode": 229, "nativeVirtualKeyCode": 229}
    keys.send("Input.dispatchKeyEvent", {"type": "rawKeyDown", **enter})
    keys.send("Input.insertText", {"text": "総務"})
    keys.send("Input.dispatchKeyEvent", {"type": "keyUp", **enter})
    assert focused(page) == "name"
    expect(name).to_have_value("総務")
    page.keyboard.press("Enter")
    assert "参加する" in focused(page)
    page.wait_for_timeout(300)
    assert page.url.endswith("/join")
    assert people(served) == []


def test_a_double_click_joins_once(person: Callable[..., Any], served: Served, code: str) -> None:
    page = person()
    page.goto(f"{served.address}join#{code}")
    page.get_by_label("会場").check()
    page.locator("#joining").get_by_role("button", name="参加する").dblclick()
    page.wait_for_url("**/notice")
    page.wait_for_timeout(300)
    assert len(people(served)) == 1


def test_without_a_network_it_says_so_and_can_be_tried_again(
    person: Callable[..., Any], served: Served, code: str
) -> None:
    page = person()
    page.goto(f"{served.address}join#{code}")
    page.get_by_label("会場").check()
    page.context.set_offline(True)
    join(page)
    expect(page.locator("#joining-problem")).to_contain_text("サーバーにつながりません")
    page.context.set_offline(False)
    join(page)
    page.wait_for_url("**/notice")


def test_html_in_a_name_is_shown_as_it_was_typed(
    person: Callable[..., Any], served: Served, code: str
) -> None:
    page = person()
    page.goto(f"{served.address}join#{code}")
    page.get_by_label("会場").check()
    page.get_by_label("役職または呼び名").fill("<b>課長</b>👩‍🔧")
    join(page)
    page.wait_for_url("**/notice")
    page.goto(f"{served.address}join")
    expect(page.get_by_text("<b>課長</b>👩‍🔧", exact=True)).to_be_visible()


# --- Who has a seat -----------------------------------------------------------------------------------------


def seated(page: Any, served: Served, code: str) -> None:
    page.goto(f"{served.address}join#{code}")
    page.get_by_label("会場").check()
    join(page)
    page.wait_for_url("**/notice")
    page.get_by_role("button", name="読みました。始めます").click()
    page.wait_for_url("**/now")


def test_who_has_a_seat_goes_on_or_leaves(person: Callable[..., Any], served: Served, code: str) -> None:
    page = person()
    seated(page, served, code)
    page.goto(f"{served.address}join")
    expect(page.get_by_text("この端末は、すでに参加しています")).to_be_visible()
    expect(page.get_by_label("参加コード")).to_be_hidden()
    page.get_by_role("link", name="続ける").click()
    page.wait_for_url("**/now")
    page.goto(f"{served.address}join")
    page.get_by_role("button", name="退出する").click()
    expect(page.get_by_label("参加コード")).to_be_visible()
    assert people(served)[0].revoked


def test_leaving_with_unsaved_answers_is_asked_twice_and_takes_them_along(
    person: Callable[..., Any], served: Served, code: str
) -> None:
    page = person()
    seated(page, served, code)
    page.goto(f"{served.address}join")
    page.evaluate("sessionStorage.setItem('spp-workshop:unsent:x', '{}')")
    page.get_by_role("button", name="退出する").click()
    expect(page.get_by_text("まだ保存されていない回答があります")).to_be_visible()
    assert not people(served)[0].revoked
    page.get_by_role("button", name="退出する").click()
    expect(page.get_by_label("参加コード")).to_be_visible()
    assert page.evaluate("sessionStorage.length") == 0


def test_another_code_takes_the_device_to_another_company(
    person: Callable[..., Any], served: Served, code: str
) -> None:
    page = person()
    seated(page, served, code)
    page.goto(f"{served.address}join#{served.code(Seat.company('beta'))}")
    page.get_by_role("button", name="別のコードで参加する").click()
    page.locator("#joining").get_by_label("会場").check()
    join(page)
    page.wait_for_url("**/notice")
    expect(page.get_by_text("ベータ精密")).to_be_visible()
    assert {one.seat.company_key: one.people for one in people(served)} == {"alpha": 0, "beta": 1}


def test_a_seat_of_the_last_session_says_anew_where_it_is(person: Callable[..., Any], folder: Path) -> None:
    page = person()
    with serving(folder, session="dd_preparation") as served:
        seated(page, served, served.code(ALPHA))
        port = served.port
    with serving(folder, session="dd_practice", port=port) as served:
        page.goto(f"{served.address}join")
        page.get_by_role("button", name="続ける").click()
        expect(page.locator("#again-place-problem")).to_contain_text("会場かオンラインかを選んで")
        page.locator("#seated").get_by_label("オンライン").check()
        page.get_by_role("button", name="続ける").click()
        page.wait_for_url("**/now")
        assert sorted((one.session, one.place) for one in people(served)) == [
            ("dd_practice", "online"),
            ("dd_preparation", "room"),
        ]


# --- How it looks and reads ---------------------------------------------------------------------------------


def barriers(page: Any) -> list[str]:
    """What axe finds serious or critical on the page as it is."""
    page.evaluate((files("axe_playwright_python") / "axe.min.js").read_text(encoding="utf-8"))
    found = page.evaluate("axe.run(document, {resultTypes: ['violations']})")
    grave = [one for one in found["violations"] if one["impact"] in ("serious", "critical")]
    return [f"{one['id']}: {one['nodes'][0]['html'][:200]}" for one in grave]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("language", ["ja", "en"])
def test_join_and_notice_have_no_barrier(
    person: Callable[..., Any], served: Served, code: str, language: str, scheme: str
) -> None:
    page = person(locale="ja-JP" if language == "ja" else "en-US", color_scheme=scheme)
    page.goto(f"{served.address}join")
    assert barriers(page) == []
    page.locator("#joining [data-do=send]").click()
    page.locator("#code-problem").wait_for()
    assert barriers(page) == []
    page.locator("#code").fill(code)
    page.locator("input[value=room]").check()
    page.locator("#joining [data-do=send]").click()
    page.wait_for_url("**/notice")
    assert barriers(page) == []
    page.goto(f"{served.address}join")
    page.locator("[data-do=other]").click()
    assert barriers(page) == []


@pytest.mark.parametrize("locale", ["ja-JP", "en-US"])
def test_on_a_phone_nothing_is_cut_off_and_everything_can_be_touched(
    person: Callable[..., Any], served: Served, code: str, locale: str
) -> None:
    page = person(locale=locale, **ON_A_PHONE)
    page.goto(f"{served.address}join#{code}")
    assert page.evaluate("document.documentElement.scrollWidth") <= 375
    sizes = [box.bounding_box() for box in page.locator("#joining button, .room-choices label").all()]
    assert all(size["height"] >= 44 and size["x"] + size["width"] <= 375 for size in sizes)
    page.locator("input[value=room]").check()
    page.locator("#joining [data-do=send]").tap()
    page.wait_for_url("**/notice")
    assert page.evaluate("document.documentElement.scrollWidth") <= 375


def test_at_twice_its_size_nothing_is_cut_off(person: Callable[..., Any], served: Served, code: str) -> None:
    page = person(viewport={"width": 640, "height": 800})
    for path in (f"join#{code}", "notice"):
        page.goto(served.address + path)
        page.evaluate("document.documentElement.style.fontSize = '200%'")
        assert page.evaluate("document.documentElement.scrollWidth") <= 640
        if path != "notice":
            page.get_by_label("会場").check()
            join(page)
            page.wait_for_url("**/notice")


def test_the_notice_is_half_a_screen(person: Callable[..., Any], served: Served, code: str) -> None:
    page = person(viewport={"width": 1280, "height": 900})
    page.goto(f"{served.address}join#{code}")
    page.get_by_label("会場").check()
    join(page)
    page.wait_for_url("**/notice")
    assert page.locator(".room-points").bounding_box()["height"] <= 450
    button = page.get_by_role("button", name="読みました。始めます").bounding_box()
    assert button["y"] + button["height"] <= 900
