"""Homework in Excel in a real browser: on a company's page, in JupyterLab, and on a facilitator's page."""

from __future__ import annotations

import base64
import io
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from conftest import PROGRAMME
from openpyxl import load_workbook
from serving.conftest import Served, serving
from workbook.edited import Edited, sent

from spp_workshop.seats import Seat
from spp_workshop.workbook.waiting import waiting
from spp_workshop.workshop import Workshop, open_workshop

from .conftest import Lab
from .test_exercise import CUT_OFF, WORDS, barriers, field, folder, join, person, sample, saved, served, typed
from .test_lab import run_all, save_notebook

__all__ = ["folder", "person", "sample", "served"]

expect = pytest.importorskip("playwright.sync_api").expect

COMPANY, LIST, PLAIN = "hoshikuzu", "issues_found", "company_profile"
LONGEST = 120_000  # ms: a page with a kernel, on a busy machine
# Drops a file as a person does, from a folder that stands open beside the browser.
DROP = """([content, name, where]) => {
    const bytes = Uint8Array.from(atob(content), (letter) => letter.charCodeAt(0));
    const dropped = new DataTransfer();
    dropped.items.add(new File([bytes], name));
    const place = document.querySelector(where);
    for (const kind of ["dragenter", "dragover", "drop"]) {
        place.dispatchEvent(new DragEvent(kind, { dataTransfer: dropped, bubbles: true, cancelable: true }));
    }
}"""


@pytest.fixture
def keeper(folder: Path) -> Iterator[Workshop]:
    workshop = open_workshop(folder)
    yield workshop
    workshop.store.engine.dispose()


def edited(keeper: Workshop, company: str = COMPANY) -> Edited:
    return Edited(sent(keeper, company))


def drop(page: Any, content: bytes, name: str = "宿題.xlsx", where: str = ".spp-books-place") -> None:
    page.evaluate(DROP, [base64.b64encode(content).decode(), name, where])


def opened(page: Any) -> Any:
    """The place for workbooks on the page."""
    page.locator(".room-excel > summary").click()
    page.locator(".spp-books-place").wait_for()
    return page.locator(".room-excel")


def file(page: Any) -> Any:
    return page.locator(".spp-books-file")


def press(page: Any, name: str) -> None:
    page.locator(".spp-books").get_by_role("button", name=name).click()


def book_of(download: Any) -> Any:
    """The workbook that was downloaded."""
    return load_workbook(io.BytesIO(Path(download.value.path()).read_bytes()))


def answers(keeper: Workshop, worksheet: str = PLAIN) -> list[dict[str, Any]]:
    rows = keeper.seated(Seat.company(COMPANY)).rows(worksheet)
    return [dict(row.answers) for row in rows if row.revision]


# --- On a company's page ------------------------------------------------------------------------------------


def test_a_file_that_is_dropped_anywhere_is_taken_and_the_page_stays(
    person: Callable[..., Any], served: Served, keeper: Workshop
) -> None:
    page = person()
    join(page, served)
    page.evaluate(
        "addEventListener('drop', (event) => { document.body.dataset.kept = event.defaultPrevented; })"
    )
    workbook = edited(keeper)
    workbook.answer("consent", agreed_by="総務課長")
    drop(page, workbook.saved(), where=".room-current h2")
    expect(file(page)).to_contain_text("まだ何も保存していません。")
    expect(file(page)).to_be_in_viewport()
    # Otherwise the browser would open the file in place of the page.
    assert page.evaluate("document.body.dataset.kept") == "true"
    drop(page, workbook.saved(), "もう一つ.xlsx", where=".room-current textarea, .room-current input")
    expect(file(page)).to_contain_text("もう一つ.xlsx")
    expect(file(page)).to_have_count(1)


def test_a_file_is_dropped_looked_at_in_both_languages_and_stored_and_the_form_shows_it(
    person: Callable[..., Any], served: Served, keeper: Workshop
) -> None:
    page = person()
    join(page, served)
    workbook = edited(keeper)
    workbook.answer("consent", agreed_by="総務課長")
    workbook.answer(PLAIN, employees="たくさん", products="めっき加工")
    opened(page)
    drop(page, workbook.saved())
    expect(file(page)).to_contain_text("まだ何も保存していません。")
    sheets = file(page).locator(".spp-books-sheet")
    profile = sheets.filter(has_text="会社の概要")
    # What has to be looked at stands open, the rest is folded up.
    expect(profile.locator("li")).to_have_count(2)
    expect(profile.locator("li").first).to_be_visible()
    expect(profile.locator("li").first).to_contain_text("たくさん")
    expect(sheets.filter(has_text="参加にあたって").locator("li")).to_be_hidden()
    page.get_by_role("button", name="English").click()
    expect(file(page)).to_contain_text("Nothing of it is stored yet.")
    expect(profile.locator("li").first).to_contain_text("People employed (total)")
    expect(profile.locator("li").first).to_contain_text("must be a number")
    assert answers(keeper) == []
    press(page, "Store what is good (2)")
    expect(file(page)).to_contain_text("Stored: 2. What is listed below was not stored.")
    # Without a reload.
    expect(typed(page, "agreed_by")).to_have_value("総務課長")
    assert answers(keeper) == [{"products": "めっき加工"}]


def test_what_is_typed_and_not_saved_yet_is_not_lost_and_both_answers_are_shown(
    person: Callable[..., Any], served: Served, keeper: Workshop
) -> None:
    page = person()
    join(page, served)
    workbook = edited(keeper)
    workbook.answer("consent", agreed_by="ブックの係")
    opened(page)
    drop(page, workbook.saved())
    file(page).wait_for()
    page.route("**/spp/message", lambda route: route.abort())
    typed(page, "agreed_by").fill("画面の係")
    typed(page, "agreed_by").blur()
    press(page, "保存できるものを保存する")
    expect(file(page)).to_contain_text("すべて保存済みです。")
    page.unroute("**/spp/message")
    page.evaluate("dispatchEvent(new Event('online'))")
    conflict = field(page, "agreed_by")
    expect(conflict).to_contain_text("ブックの係", timeout=40_000)
    expect(typed(page, "agreed_by")).to_have_value("画面の係")
    conflict.get_by_role("button", name=WORDS["keep_mine"]).click()
    saved(page, "agreed_by")
    assert answers(keeper, "consent") == [{"agreed_by": "画面の係"}]


def test_of_a_conflict_both_answers_are_told_and_the_files_is_taken_when_it_is_ticked(
    person: Callable[..., Any], served: Served, keeper: Workshop
) -> None:
    own = keeper.seated(Seat.company(COMPANY))
    own.save(PLAIN, {"products": "はじめ"})
    workbook = edited(keeper)
    own.save(PLAIN, {"products": "画面で"}, based_on=1)
    workbook.answer(PLAIN, products="ブックで")
    page = person()
    join(page, served)
    opened(page)
    drop(page, workbook.saved())
    line = file(page).locator("li[data-state=conflict]").last
    expect(line).to_contain_text("ブックで")
    expect(line).to_contain_text("画面で")
    expect(page.locator(".spp-books").get_by_role("button", name="保存できるもの")).to_have_count(0)
    file(page).get_by_role("checkbox").check()
    press(page, "保存できるものを保存する(1件)")
    expect(file(page)).to_contain_text("すべて保存済みです。")
    assert answers(keeper) == [{"products": "ブックで"}]


def test_by_keyboard_alone(person: Callable[..., Any], served: Served, keeper: Workshop) -> None:
    page = person("en")
    # Told only when the key is pressed, the browser may open a window of its own before it has heard.
    page.on("filechooser", lambda chooser: None)
    join(page, served)
    page.locator(".room-excel > summary").focus()
    page.keyboard.press("Enter")
    page.locator(".spp-books-place").wait_for()
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Take our company's workbook")).to_be_focused()
    page.keyboard.press("Tab")
    chooser = page.locator(".spp-books-input")
    expect(chooser).to_be_focused()
    assert page.locator(".spp-books-place").evaluate("one => getComputedStyle(one).outlineStyle") == "solid"
    workbook = edited(keeper)
    workbook.answer(PLAIN, products="Plating")
    with page.expect_file_chooser() as chosen:
        page.keyboard.press("Enter")
    chosen.value.set_files([{"name": "a.xlsx", "mimeType": "", "buffer": workbook.saved()}])
    expect(file(page).locator("h4")).to_be_focused()
    for _ in range(9):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.textContent").startswith("Store"):
            break
    page.keyboard.press("Enter")
    expect(file(page)).to_contain_text("All of it is stored.")
    assert answers(keeper) == [{"products": "Plating"}]


@pytest.mark.parametrize(("language", "width"), [("ja", 375), ("en", 375), ("ja", 900), ("en", 900)])
def test_it_fits_a_phone_and_has_no_barrier(
    person: Callable[..., Any], served: Served, keeper: Workshop, language: str, width: int
) -> None:
    own = keeper.seated(Seat.company(COMPANY))
    own.save(LIST, {"situation": "はじめ"}, row="r1")
    workbook = edited(keeper)
    own.save(LIST, {"situation": "画面で"}, row="r1", based_on=1)
    workbook.fill(LIST, 0, situation="ブックで" * 40, issue="ないもの")
    workbook.answer(PLAIN, employees="x" * 200, products="めっき")
    page = person(language, width)
    join(page, served)
    opened(page)
    for _ in range(2):
        assert barriers(page) == []
        wide, there = page.evaluate("[document.documentElement.scrollWidth, innerWidth]")
        assert wide <= there
        assert page.evaluate(CUT_OFF.replace(".room-current", ".room-excel")) == []
        drop(page, workbook.saved(), "とても長い名前の宿題のファイル-第二版-最終-2.xlsx")
        file(page).wait_for()


def test_the_files_that_are_given_back_are_workbooks_of_the_company(
    person: Callable[..., Any], served: Served, keeper: Workshop
) -> None:
    page = person("en")
    join(page, served)
    opened(page)
    with page.expect_download() as blank:
        page.get_by_role("link", name="Take our company's workbook").click()
    assert blank.value.suggested_filename == "hoshikuzu.xlsx"
    assert "Company profile" in book_of(blank).sheetnames
    workbook = edited(keeper)
    workbook.answer(PLAIN, employees="many")
    drop(page, workbook.saved())
    file(page).wait_for()
    with page.expect_download() as copy:
        press(page, "Marked copy")
    assert [cell.comment.text for sheet in book_of(copy) for row in sheet for cell in row if cell.comment]


def test_a_password_is_asked_for_and_forgotten(
    person: Callable[..., Any], served: Served, keeper: Workshop
) -> None:
    from msoffcrypto.format.ooxml import OOXMLFile

    workbook, locked = edited(keeper), io.BytesIO()
    workbook.answer(PLAIN, products="めっき")
    OOXMLFile(io.BytesIO(workbook.saved())).encrypt("ひらけごま", locked)
    page = person()
    join(page, served)
    opened(page)
    drop(page, locked.getvalue())
    page.get_by_label("このファイルのパスワード").fill("ちがう")
    press(page, "開く")
    expect(file(page).get_by_role("alert")).to_contain_text("このパスワードでは")
    expect(page.get_by_label("このファイルのパスワード")).to_have_value("")
    expect(page.get_by_label("このファイルのパスワード")).to_be_focused()
    page.get_by_label("このファイルのパスワード").fill("ひらけごま")
    page.keyboard.press("Enter")
    press(page, "保存できるものを保存する(1件)")
    expect(file(page)).to_contain_text("すべて保存済みです。")
    assert "ひらけごま" not in page.evaluate("JSON.stringify([{...sessionStorage}, {...localStorage}])")


def test_what_is_refused_is_said_in_both_languages(
    person: Callable[..., Any], served: Served, keeper: Workshop
) -> None:
    page = person()
    join(page, served)
    opened(page)
    drop(page, edited(keeper, "kazaguruma").saved())
    alert = file(page).get_by_role("alert")
    expect(alert).to_contain_text("別の会社")
    assert "風車" not in file(page).inner_text()
    page.get_by_role("button", name="English").click()
    expect(alert).to_contain_text("This workbook is that of another company.")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url) if "spp/workbook" in request.url else None)
    drop(page, b"x" * 10_000_001, "large.xlsx")
    expect(page.locator(".spp-books-faults")).to_contain_text("large.xlsx: This file is far larger")
    assert asked == []
    page.context.set_offline(True)
    drop(page, edited(keeper).saved())
    expect(page.locator(".spp-books-faults")).to_contain_text("There is no answer at the moment.")
    page.context.set_offline(False)


def test_what_the_page_of_an_exercise_loads_at_first_has_not_grown(
    person: Callable[..., Any], served: Served
) -> None:
    page = person()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    join(page, served)
    page.wait_for_timeout(500)
    assert not [url for url in asked if "workbooks." in url or "homework." in url]
    opened(page)
    assert [url for url in asked if "workbooks.js" in url]


# --- In JupyterLab ------------------------------------------------------------------------------------------


def test_in_a_notebook_files_are_stored_and_the_notebook_keeps_none_of_it(page: Any, lab: Lab) -> None:
    place = lab.folder / "workbooks"
    place.mkdir()
    (place / "programme.yaml").write_text(PROGRAMME, encoding="utf-8")
    workshop = open_workshop(place)
    one, other = Edited(sent(workshop)), Edited(sent(workshop, "beta"))
    one.answer(PLAIN, products="とても秘密の製品", employees="ないしょ")
    other.answer(PLAIN, products="べつの秘密")
    page.goto(
        lab.notebook(
            "workbooks.ipynb",
            "from spp_workshop import form, open_workshop, receiving\n"
            f"workshop = open_workshop({str(place)!r})",
            "receiving.workbooks(workshop)",
            "form(workshop, 'company_profile', company='alpha')",
        )
    )
    run_all(page)
    products = page.locator("[data-field=products]").locator("textarea, input").first
    products.wait_for(timeout=30_000)
    page.locator(".spp-books > summary").click()
    page.locator(".spp-books-input").set_input_files(
        [{"name": f"{name}.xlsx", "mimeType": "", "buffer": book.saved()}
         for name, book in (("秘密甲", one), ("秘密乙", other))]
    )  # fmt: skip
    expect(file(page)).to_have_count(2, timeout=30_000)
    expect(file(page).first).to_contain_text("アルファ表面処理")
    expect(file(page).first).to_contain_text("ないしょ")
    expect(file(page).last).to_contain_text("ベータ精密")
    press(page, "すべてのファイルについて")
    expect(file(page).last).to_contain_text("すべて保存済みです。")
    expect(products).to_have_value("とても秘密の製品")
    stored = [workshop.rows(PLAIN, f"company:{key}")[0].answers["products"] for key in ("alpha", "beta")]
    assert stored == ["とても秘密の製品", "べつの秘密"]
    text = save_notebook(page, place)
    assert "JupyterLab" in text
    assert not [word for word in ("秘密", "ないしょ") if word in text]


# --- On a facilitator's page --------------------------------------------------------------------------------


def test_a_facilitator_hands_files_on_through_the_guard_of_its_page(
    chromium: Any, folder: Path, keeper: Workshop
) -> None:
    pytest.importorskip("voila")
    keeper.save(PLAIN, {"products": "保存済みの秘密"}, subject=f"company:{COMPANY}")
    workbook = edited(keeper)
    workbook.answer(PLAIN, products="ファイルの秘密", employees="たくさん")
    content = workbook.saved()
    before = keeper.revision()
    with serving(folder, session="dd_practice") as served:
        seat = served.joined(Seat.facilitator("dd_practice"))
        context = chromium.new_context(locale="ja-JP", viewport={"width": 900, "height": 900})
        context.add_cookies(
            [{"name": name, "value": value, "url": served.address} for name, value in seat.cookies.items()]
        )
        page = context.new_page()
        page.goto(served.address + "desk")
        page.locator(".spp-books > summary").click(timeout=LONGEST)
        page.locator(".spp-books-input").set_input_files(
            [{"name": "宿題.xlsx", "mimeType": "", "buffer": content},
             # In parts, for the guard lets no message of more than two megabytes through.
             {"name": "large.xlsx", "mimeType": "", "buffer": b"PK\x03\x04" + b"x" * 5_000_000},
             {"name": "too-large.xlsx", "mimeType": "", "buffer": b"x" * 10_000_001}]
        )  # fmt: skip
        expect(file(page)).to_have_count(2, timeout=LONGEST)
        expect(page.locator(".spp-books-faults")).to_contain_text("too-large.xlsx")
        expect(file(page).first).to_contain_text("星くず")
        expect(file(page).first).to_contain_text("要修正")
        assert "秘密" not in page.locator(".spp-books").inner_text()
        press(page, "記録を預かる担当者に渡す")
        expect(file(page).first).to_contain_text("記録を預かる担当者に渡しました。")
        context.close()
    assert [kept.read_bytes() for kept in waiting(folder)] == [content]
    assert [one.seq for one in keeper.store.latest(PLAIN)] == [before]
