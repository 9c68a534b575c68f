"""Rows of a list, in a real browser: moved, pasted from a sheet, and taken back."""

from __future__ import annotations

import re
import time
from typing import Any

import pytest

from spp_workshop.workshop import Workshop

from .served import Served
from .using import ALPHA, STEP1, STEP2, WORDS, Open, area, button, field, saved

expect = pytest.importorskip("playwright.sync_api").expect

# What Excel puts on the clipboard, given to the element that has the cursor.
PASTE = """({text, html}) => {
  const copied = new DataTransfer();
  copied.setData("text/plain", text);
  if (html) copied.setData("text/html", html);
  const event = new ClipboardEvent("paste", { clipboardData: copied, bubbles: true, cancelable: true });
  return document.activeElement.dispatchEvent(event);
}"""

# The longest time for which the page does nothing else.
PAUSES = """() => {
  let last = performance.now();
  window.longest = 0;
  setInterval(() => {
    window.longest = Math.max(window.longest, performance.now() - last);
    last = performance.now();
  }, 20);
}"""


def fill(workshop: Workshop, *rows: str, worksheet: str = STEP1) -> None:
    asked = {STEP1: "business_area", STEP2: "event"}[worksheet]
    for row in rows:
        workshop.save(worksheet, {asked: row}, subject=ALPHA, row=row)


def order(workshop: Workshop, worksheet: str = STEP1) -> list[str]:
    return [row.row for row in workshop.rows(worksheet, ALPHA)]


def titles(page: Any) -> list[str]:
    return list(page.locator(".spp-card-title").all_inner_texts())


def mover(page: Any, word: str, title: str) -> Any:
    return page.get_by_role("button", name=f"{WORDS[word]}: {title}", exact=True)


def paste(page: Any, text: str, html: str = "") -> bool:
    """Whether the browser was left to paste as ever."""
    return bool(page.evaluate(PASTE, {"text": text, "html": html}))


def preview(page: Any) -> Any:
    page.locator(".spp-paste .spp-primary").wait_for()
    return page.locator(".spp-paste")


def settled(page: Any) -> None:
    page.locator(".spp-state[data-state=saved], .spp-state[data-state=held]").wait_for()


# --- Moving ---------------------------------------------------------------------------------------------
def test_rows_are_moved_and_stay_where_they_were_put(show: Open, workshop: Workshop) -> None:
    fill(workshop, "r1", "r2", "r3")
    page = show(STEP1)
    mover(page, "move_up", "r3").click()
    mover(page, "move_up", "r3").click()
    assert titles(page) == ["r3", "r1", "r2"]
    settled(page)
    assert order(workshop) == ["r3", "r1", "r2"]
    assert titles(show(STEP1)) == ["r3", "r1", "r2"]
    assert titles(show(STEP2)) == ["r3", "r1", "r2"]


def test_an_opened_row_shows_the_code_that_stands_on_paper(show: Open, workshop: Workshop) -> None:
    fill(workshop, "rabcdefgh")
    page = show(STEP1)
    expect(page.locator(".spp-code")).to_have_count(0)
    page.locator(".spp-card-head").click()
    expect(page.locator(".spp-code")).to_have_text(f"{WORDS['row_code']} ABCD5")


def test_rows_are_moved_by_keyboard_and_it_is_said(show: Open, workshop: Workshop) -> None:
    fill(workshop, "r1", "r2", "r3")
    page = show(STEP1)
    page.locator(".spp-card-head").first.focus()
    page.keyboard.press("Alt+ArrowDown")
    said = WORDS["moved"].format(title="r1", place=2, count=3)
    expect(page.get_by_role("status").filter(has_text=said)).to_have_count(1)
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    assert titles(page) == ["r2", "r3", "r1"]
    down = mover(page, "move_down", "r1")
    expect(down).to_be_focused()
    expect(down).to_have_attribute("aria-disabled", "true")
    page.keyboard.press("Enter")
    assert titles(page) == ["r2", "r3", "r1"]
    settled(page)
    assert order(workshop) == ["r2", "r3", "r1"]


def test_moving_loses_nothing_that_is_typed(show: Open, workshop: Workshop, served: Served) -> None:
    fill(workshop, "r1", "r2")
    page = show(STEP1)
    page.locator(".spp-card-head").first.click()
    served.down = True
    area(page).fill("書きかけ")
    mover(page, "move_down", "書きかけ").click()
    assert titles(page) == ["r2", "書きかけ"]
    page.locator(".spp-state[data-state=unsaved]").wait_for()
    served.down = False
    page.locator(".spp-state[data-state=saved]").wait_for()
    assert order(workshop) == ["r2", "r1"]
    assert area(page).input_value() == "書きかけ"
    assert {row.answers["business_area"] for row in workshop.rows(STEP1, ALPHA)} == {"r2", "書きかけ"}


def test_of_two_people_who_move_rows_the_later_has_it(
    show: Open, workshop: Workshop, alpha: Workshop
) -> None:
    fill(workshop, "r1", "r2", "r3")
    page = show(STEP1)
    alpha.reorder(STEP1, ALPHA, ["r3", "r2", "r1"])
    mover(page, "move_down", "r1").click()
    settled(page)
    assert order(workshop) == ["r2", "r1", "r3"]
    alpha.reorder(STEP1, ALPHA, ["r1", "r3", "r2"])
    page.evaluate("window.dispatchEvent(new Event('focus'))")
    expect(page.locator(".spp-card-title")).to_have_text(["r1", "r3", "r2"])
    assert page.locator(".spp-conflict:visible").count() == 0


def test_a_reload_right_after_a_move_does_not_lose_it(show: Open, workshop: Workshop, served: Served) -> None:
    fill(workshop, "r1", "r2")
    page = show(STEP1)
    served.down = True
    mover(page, "move_up", "r2").click()
    served.down = False
    page.reload()
    expect(page.locator(".spp-card-title")).to_have_text(["r2", "r1"])
    settled(page)
    assert order(workshop) == ["r2", "r1"]
    assert page.evaluate("sessionStorage.length") == 0


def test_a_single_row_cannot_be_moved(show: Open, workshop: Workshop) -> None:
    fill(workshop, "r1")
    assert show(STEP1).locator(".spp-mover:visible").count() == 0


# --- Pasting ----------------------------------------------------------------------------------------------
def labels(workshop: Workshop, *names: str, language: str = "ja") -> str:
    return "\t".join(workshop.worksheets[STEP1].by_name[name].label[language] for name in names)


@pytest.fixture
def ready(show: Open, workshop: Workshop) -> Any:
    """A page with one row, and the cursor in its first question."""
    fill(workshop, "r1")
    page = show(STEP1)
    page.locator(".spp-card-head").click()
    area(page).focus()
    return page


def test_cells_are_shown_first_and_then_become_rows(ready: Any, workshop: Workshop) -> None:
    head = labels(workshop, "issue", "business_area", language="en")
    cells = f'{head}\r\n労働安全衛生\t"めっき\r\n(第二工場)"\r\nChild labour\t"「""急ぎ""」の外注"\r\n'
    assert not paste(ready, cells)
    box = preview(ready)
    assert box.get_by_text(WORDS["paste_header"]).is_visible()
    assert box.locator("tbody tr").count() == 2
    assert workshop.worksheets[STEP1].by_name["issue"].label["ja"] in box.locator("th").first.inner_text()
    assert box.locator("td").nth(2).inner_text() == "児童労働"
    assert order(workshop) == ["r1"]
    box.get_by_role("button", name=WORDS["paste_add"].format(count=2)).click()
    settled(ready)
    _, first, second = workshop.rows(STEP1, ALPHA)
    assert first.answers == {"issue": "occupational_safety_health", "business_area": "めっき\n(第二工場)"}
    assert second.answers == {"issue": "child_labour", "business_area": '「"急ぎ"」の外注'}
    ready.locator(".spp-offer").get_by_role("button", name=WORDS["undo"]).click()
    expect(ready.locator(".spp-card")).to_have_count(1)
    settled(ready)
    assert order(workshop) == ["r1"]


def test_what_cannot_be_read_is_told_and_pasted_as_it_stands(ready: Any, workshop: Workshop) -> None:
    paste(ready, "めっき\t大きな段階\n塗装\t")
    box = preview(ready)
    assert "大きな段階" in box.locator(".spp-unread").inner_text()
    assert WORDS["paste_unread"].format(count=1) in box.inner_text()
    box.locator(".spp-primary").click()
    settled(ready)
    ready.locator(".spp-card-head").nth(1).click()
    stage = field(ready, "stage")
    assert "大きな段階" in stage.locator(".spp-pasted").inner_text()
    assert stage.locator(".spp-error").is_visible()
    ready.on("dialog", lambda dialog: dialog.accept())
    ready.reload()
    ready.locator(".spp-state[data-state=held]").wait_for()
    ready.locator(".spp-card-head").nth(1).click()
    assert "大きな段階" in stage.locator(".spp-pasted").inner_text()
    stage.locator("select").focus()
    area(ready).focus()
    assert "大きな段階" in stage.locator(".spp-pasted").inner_text()
    stage.locator("select").select_option(index=1)
    saved(ready, "stage")
    assert not stage.locator(".spp-pasted").is_visible()
    assert workshop.rows(STEP1, ALPHA)[1].answers.keys() == {"business_area", "stage"}


def test_a_column_is_given_to_another_question(ready: Any, workshop: Workshop) -> None:
    paste(ready, "労働安全衛生\tめっき")
    box = preview(ready)
    box.locator("th select").nth(1).select_option("business_area")
    expect(box.locator("th select").first).to_have_value("")
    box.locator("th select").first.select_option("issue")
    expect(box.locator("td").first).to_have_text("労働安全衛生")
    expect(box.locator(".spp-unread")).to_have_count(0)
    box.locator(".spp-primary").click()
    settled(ready)
    assert workshop.rows(STEP1, ALPHA)[1].answers == {
        "issue": "occupational_safety_health",
        "business_area": "めっき",
    }


def test_a_table_of_a_page_is_read_and_nothing_in_it_runs(ready: Any, workshop: Workshop) -> None:
    html = (
        "<html><body><table><tr><td rowspan=2>めっき</td><td>児童<br>労働</td></tr>"
        "<tr><td>労働安全衛生</td></tr>"
        "<tr><td><img src=x onerror=\"document.title='run'\">塗装</td><td></td></tr></table></body></html>"
    )
    paste(ready, "めっき 児童労働 労働安全衛生", html)
    rows = preview(ready).locator("tbody tr")
    assert [row.locator("td").first.inner_text() for row in rows.all()] == ["めっき", "", "塗装"]
    assert rows.first.locator("td").nth(1).locator(".spp-answer").inner_text() == "児童\n労働"
    assert ready.title() == "form"
    ready.keyboard.press("Escape")
    expect(ready.locator(".spp-paste")).to_have_count(0)
    expect(area(ready)).to_be_focused()
    assert order(workshop) == ["r1"]


@pytest.mark.parametrize("text", ["一行だけ", "一行目\n二行目\n三行目", "=1+1", "a  b"])
def test_text_without_cells_is_pasted_as_ever(ready: Any, text: str) -> None:
    assert paste(ready, text)
    assert paste(ready, text, "<p>一行目</p><p>二行目</p>")
    assert ready.locator(".spp-paste").count() == 0


def test_there_is_a_place_to_paste_for_who_looks_for_one(show: Open, workshop: Workshop) -> None:
    page = show(STEP1)
    button(page, WORDS["paste"]).click()
    box = page.get_by_label(WORDS["cells_label"])
    expect(box).to_be_focused()
    page.keyboard.insert_text("めっき\n塗装")
    preview(page).locator(".spp-primary").click()
    expect(page.locator(".spp-card-title")).to_have_text(["めっき", "塗装"])
    settled(page)
    assert [row.answers for row in workshop.rows(STEP1, ALPHA)] == [
        {"business_area": "めっき"},
        {"business_area": "塗装"},
    ]


def test_cells_pasted_into_a_new_row_take_its_place(show: Open, workshop: Workshop) -> None:
    page = show(STEP1)
    button(page, WORDS["add"]).click()
    paste(page, "めっき\t\n塗装\t")
    preview(page).locator(".spp-primary").click()
    expect(page.locator(".spp-card-title")).to_have_text(["めっき", "塗装"])


def test_cells_pasted_into_a_carried_row_belong_to_the_same_row(show: Open, workshop: Workshop) -> None:
    fill(workshop, "r1", "r2")
    page = show(STEP2)
    assert page.get_by_role("button", name=WORDS["paste"]).count() == 0
    page.locator(".spp-card-head").first.click()
    field(page, "event").locator("textarea").focus()
    paste(page, "一つ目\t\n二つ目\t")
    preview(page).locator(".spp-primary").click()
    settled(page)
    assert [row.answers.get("event") for row in workshop.rows(STEP2, ALPHA) if row.revision] == [
        "一つ目",
        "二つ目",
    ]
    assert all(
        re.fullmatch(r"r1\.[a-z0-9]{4}", row.row) for row in workshop.rows(STEP2, ALPHA) if row.revision
    )
    assert titles(page) == ["r1", "一つ目", "二つ目", "r2"]


def test_a_hundred_kilobytes_are_pasted_while_the_page_stays_alive(
    ready: Any, workshop: Workshop, served: Served
) -> None:
    lines = [f"作業{number}\t\t{'長い説明' * 25}" for number in range(300)]
    cells = "\n".join(lines)
    assert len(cells.encode()) > 90_000
    ready.evaluate(PAUSES)
    began = time.monotonic()
    paste(ready, cells)
    box = preview(ready)
    assert time.monotonic() - began < 10
    assert box.locator("tbody tr").count() == 30
    assert WORDS["paste_more"].format(count=270) in box.inner_text()
    box.locator(".spp-primary").click()
    expect(ready.locator(".spp-card")).to_have_count(301)
    ready.locator(".spp-state[data-state=saved]").wait_for(timeout=60_000)
    assert ready.evaluate("window.longest") < 3000
    assert len(order(workshop)) == 301
    # A handful of rows in each message; on a busy machine one of them may go out twice.
    sent = [message["added"].keys() for message in served.messages if message["do"] == "add"]
    assert {len(rows) for rows in sent} == {20}
    assert len(set().union(*sent)) == 300
    assert all(message["do"] != "save" for message in served.messages)
    ready.locator(".spp-offer").get_by_role("button", name=WORDS["undo"]).click()
    expect(ready.locator(".spp-card")).to_have_count(1)
    for _ in range(300):
        if order(workshop) == ["r1"]:
            break
        ready.wait_for_timeout(100)
    assert order(workshop) == ["r1"]
    assert ready.evaluate("window.longest") < 3000


def test_pasted_rows_wait_for_the_network_and_survive_a_reload(
    ready: Any, workshop: Workshop, served: Served
) -> None:
    paste(ready, "\n".join(f"作業{number}\t" for number in range(25)))
    box = preview(ready)
    served.down = True
    box.locator(".spp-primary").click()
    ready.locator(".spp-state[data-state=unsaved]").wait_for()
    ready.on("dialog", lambda dialog: dialog.accept())
    served.down = False
    ready.reload()
    ready.locator(".spp-state[data-state=saved]").wait_for()
    assert [row.answers["business_area"] for row in workshop.rows(STEP1, ALPHA)[1:]] == [
        f"作業{number}" for number in range(25)
    ]
    assert ready.evaluate("sessionStorage.length") == 0


def test_more_rows_than_can_be_are_refused_and_nothing_is_added(ready: Any, workshop: Workshop) -> None:
    paste(ready, "x\ty\n" * 501)
    ready.locator(".spp-paste [role=alert]").get_by_text("500").wait_for()
    assert not ready.locator(".spp-paste .spp-primary").is_visible()
    assert order(workshop) == ["r1"]
