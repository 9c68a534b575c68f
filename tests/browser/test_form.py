"""The form on a page, in a real browser: what a person sees, types and finds again."""

from __future__ import annotations

import re
from typing import Any

import pytest

from spp_workshop import forms
from spp_workshop.workshop import Workshop

from .served import Served
from .using import ALPHA, STEP1, STEP2, WORDS, Open, area, button, field, saved, state, stored

expect = pytest.importorskip("playwright.sync_api").expect


# --- Every kind of question -----------------------------------------------------------------------------
def test_every_kind_of_answer_is_stored_and_shown_again(show: Open, workshop: Workshop) -> None:
    page = show()
    page.get_by_label("一行").fill("短い文")
    page.get_by_label("経緯").fill("一行目\n二行目")
    page.get_by_label("人数").fill("40")
    page.get_by_label("割合").fill("12.5")
    page.get_by_label("日付").fill("2026-09-24")
    page.get_by_label("読みました").check()
    page.get_by_label("はい", exact=True).check()
    page.get_by_label("課題").select_option(label="労働安全衛生")
    field(page, "likelihood").get_by_role("radio").first.check()
    for index in (0, 2):
        field(page, "holders").get_by_role("checkbox").nth(index).check()
    saved(page, "holders")
    answers = {
        "line": "短い文",
        "story": "一行目\n二行目",
        "people": 40,
        "share": 12.5,
        "day": "2026-09-24",
        "read": True,
        "changed": "yes",
        "issue": "occupational_safety_health",
        "likelihood": "likelihood_4",
        "holders": [workshop.choices["rights_holders"].codes[index] for index in (0, 2)],
    }
    assert stored(workshop) == answers
    page = show()
    assert page.get_by_label("経緯").input_value() == "一行目\n二行目"
    assert page.get_by_label("人数").input_value() == "40"
    assert page.get_by_label("日付").input_value() == "2026-09-24"
    assert page.get_by_text("2026年9月24日").is_visible()
    assert page.get_by_label("読みました").is_checked()
    assert page.get_by_label("課題").input_value() == "occupational_safety_health"
    assert field(page, "holders").locator(":checked").count() == 2


def test_numbers_and_scales_may_stay_empty_and_be_emptied(show: Open, workshop: Workshop) -> None:
    page = show()
    assert page.get_by_label("人数").input_value() == ""
    assert field(page, "likelihood").locator(":checked").count() == 0
    page.get_by_label("人数").fill("3")
    field(page, "likelihood").get_by_role("radio").nth(1).check()
    saved(page, "likelihood")
    field(page, "likelihood").get_by_role("button", name=WORDS["clear"]).click()
    page.get_by_label("人数").fill("")
    page.get_by_label("割合").focus()
    page.locator(".spp-state[data-state=saved]").wait_for()
    assert stored(workshop) == {}


def test_full_width_digits_are_a_number(show: Open, workshop: Workshop) -> None:
    page = show()
    people = page.get_by_label("人数")
    people.press_sequentially("１２")
    saved(page, "people")
    assert people.input_value() == "１２"
    page.get_by_label("割合").focus()
    assert people.input_value() == "12"
    assert stored(workshop) == {"people": 12}


def test_what_cannot_be_read_is_told_beside_the_field_and_not_lost(show: Open, workshop: Workshop) -> None:
    page = show()
    people = page.get_by_label("人数")
    people.fill("たくさん")
    page.get_by_label("一行").fill("ほかの回答")
    saved(page, "line")
    error = page.locator(f"[id='{people.get_attribute('aria-describedby').split()[-1]}']")
    error.get_by_text("「人数」").wait_for()
    assert people.get_attribute("aria-invalid") == "true"
    assert people.input_value() == "たくさん"
    assert WORDS["state_held"].format(count=1) in state(page)
    people.fill("12")
    saved(page, "people")
    assert not error.is_visible()
    assert stored(workshop) == {"people": 12, "line": "ほかの回答"}


def test_what_is_out_of_bounds_is_told_at_once(show: Open) -> None:
    page = show()
    page.get_by_label("人数").fill("999")
    field(page, "people").get_by_text("1から300までの数を入れてください。").wait_for()


def test_choices_are_saved_at_once_and_text_when_typing_pauses(show: Open, served: Served) -> None:
    page = show()
    page.get_by_label("一行").press_sequentially("abc", delay=20)
    saved(page, "line")
    saves = [message["changes"] for message in served.messages if message["do"] == "save"]
    assert saves == [{"line": "abc"}]
    page.get_by_label("一行").press_sequentially("d")
    page.get_by_label("いいえ", exact=True).check()
    saved(page, "changed")
    saves = [message["changes"] for message in served.messages if message["do"] == "save"]
    assert saves[1:] == [{"line": "abcd"}, {"changed": "no"}] or saves[1:] == [
        {"line": "abcd", "changed": "no"}
    ]


def test_a_question_appears_when_it_is_asked_and_keeps_what_was_typed(show: Open, workshop: Workshop) -> None:
    page = show()
    reason = page.get_by_label("変えた理由")
    assert not reason.is_visible()
    page.get_by_label("はい", exact=True).check()
    reason.fill("影響が大きいため")
    page.get_by_label("いいえ", exact=True).check()
    assert not reason.is_visible()
    page.get_by_label("はい", exact=True).check()
    assert reason.input_value() == "影響が大きいため"
    page.locator(".spp-state[data-state=saved]").wait_for()
    assert stored(workshop)["reason"] == "影響が大きいため"


def test_a_choice_that_is_no_longer_offered_is_shown_where_it_was_made(
    show: Open, workshop: Workshop
) -> None:
    page = show()
    assert field(page, "shade").locator("label:visible").all_inner_texts() == ["明るい", "暗い"]
    workshop.save("kinds", {"shade": "murky"}, subject=ALPHA)
    page = show()
    assert page.get_by_label("濁った").is_checked()


def test_example_of_the_sector_and_reason_are_there_on_demand(show: Open) -> None:
    page = show()
    example = field(page, "line").get_by_role("button", name=WORDS["example"])
    assert not page.get_by_text("めっきの例").is_visible()
    example.click()
    assert page.get_by_text("めっきの例").is_visible()
    assert example.get_attribute("aria-expanded") == "true"
    field(page, "line").get_by_role("button", name=WORDS["why"]).click()
    assert page.get_by_text("国連指導原則17").is_visible()
    page = show(company="beta")
    field(page, "line").get_by_role("button", name=WORDS["example"]).click()
    assert page.get_by_text("一般の例").is_visible()


# --- Keys and input methods -----------------------------------------------------------------------------
def test_enter_submits_nothing(show: Open, served: Served) -> None:
    page = show()
    page.get_by_label("一行").fill("文")
    page.get_by_label("一行").press("Enter")
    page.get_by_label("人数").press("Enter")
    saved(page, "line")
    assert {message["do"] for message in served.messages} == {"open", "save"}
    assert page.get_by_label("一行").input_value() == "文"


def test_half_composed_japanese_is_not_saved(show: Open, served: Served, workshop: Workshop) -> None:
    page = show()
    page.get_by_label("一行").focus()
    keys = page.context.new_cdp_session(page)
    for text in ("に", "にほ", "日本"):
        keys.send(
            "Input.imeSetComposition", {"text": text, "selectionStart": len(text), "selectionEnd": len(text)}
        )
        page.wait_for_timeout(150)
    page.wait_for_timeout(700)
    assert [message for message in served.messages if message["do"] == "save"] == []
    keys.send("Input.insertText", {"text": "日本"})
    saved(page, "line")
    assert page.get_by_label("一行").input_value() == "日本"
    assert stored(workshop) == {"line": "日本"}


def test_the_enter_of_an_input_method_neither_submits_nor_doubles(show: Open, served: Served) -> None:
    page = show(STEP1)
    button(page, WORDS["add"]).click()
    keys = page.context.new_cdp_session(page)
    keys.send("Input.imeSetComposition", {"text": "めっき", "selectionStart": 3, "selectionEnd": 3})
    # So browsers send the Enter that only ends a composition.
    enter = {"key": "Enter", "code": "Enter", "windowsVirtualKeyCode": 229, "nativeVirtualKeyCode": 229}
    keys.send("Input.dispatchKeyEvent", {"type": "rawKeyDown", **enter})
    keys.send("Input.insertText", {"text": "めっき"})
    keys.send("Input.dispatchKeyEvent", {"type": "keyUp", **enter})
    saved(page, "business_area")
    page.keyboard.press("Enter")
    page.wait_for_timeout(700)
    assert area(page).input_value() == "めっき"
    assert page.locator(".spp-card").count() == 1
    sent = [message for message in served.messages if message["do"] not in ("open", "read")]
    assert [(message["do"], message["changes"]) for message in sent] == [
        ("save", {"business_area": "めっき"})
    ]


def test_an_answer_of_somebody_else_does_not_break_a_composition(show: Open, alpha: Workshop) -> None:
    page = show()
    page.get_by_label("一行").focus()
    keys = page.context.new_cdp_session(page)
    keys.send("Input.imeSetComposition", {"text": "にほ", "selectionStart": 2, "selectionEnd": 2})
    alpha.save("kinds", {"story": "ほかの人の経緯"}, subject=ALPHA)
    page.evaluate("window.dispatchEvent(new Event('focus'))")
    expect(page.get_by_label("経緯")).to_have_value("ほかの人の経緯")
    assert page.get_by_label("一行").input_value() == "にほ"
    keys.send("Input.insertText", {"text": "日本"})
    assert page.get_by_label("一行").input_value() == "日本"


def test_the_form_can_be_filled_in_by_keyboard_alone(show: Open, workshop: Workshop) -> None:
    page = show()
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "English"
    page.keyboard.press("Tab")
    page.keyboard.type("文")
    for _ in range(20):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.type") == "radio":
            break
    page.keyboard.press("Space")
    page.keyboard.press("ArrowDown")
    saved(page, "changed")
    assert stored(workshop) == {"line": "文", "changed": "no"}


# --- Two languages --------------------------------------------------------------------------------------
def test_switching_the_language_loses_nothing_that_is_typed(show: Open, served: Served) -> None:
    page = show()
    served.down = True
    line = page.get_by_label("一行")
    line.fill("書きかけの文")
    line.evaluate("node => node.setSelectionRange(2, 4)")
    button(page, "English").click()
    assert page.get_by_role("heading", name="Every kind").is_visible()
    line = page.get_by_label("A line")
    assert line.input_value() == "書きかけの文"
    assert line.evaluate("node => [node.selectionStart, node.selectionEnd]") == [2, 4]
    assert page.get_by_text("Keep it short").is_visible()
    assert page.locator("section.spp-form").get_attribute("lang") == "en"
    assert not re.findall("[ぁ-ん]", page.locator(".spp-fields").inner_text())
    button(page, "日本語").click()
    assert page.get_by_label("一行").input_value() == "書きかけの文"


def test_a_translation_is_shown_to_who_reads_in_english(show: Open, workshop: Workshop) -> None:
    workshop.save("kinds", {"line": "酸のミスト", "line@en": "acid mist"}, subject=ALPHA)
    page = show()
    assert not page.get_by_text("acid mist").is_visible()
    button(page, "English").click()
    assert page.get_by_text("acid mist").is_visible()
    assert page.get_by_label("A line").input_value() == "酸のミスト"
    page.get_by_label("A line").fill("別の文")
    assert not page.get_by_text("acid mist").is_visible()
    saved(page, "line")
    assert stored(workshop) == {"line": "別の文"}


# --- Text is text ---------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    "text",
    [
        "<img src=x onerror=\"document.title='run'\">",
        "<script>document.title='run'</script>",
        "\u202e右から左\u202c",
        "{{ 7 * 7 }} $\\frac{1}{2}$ <b>太字</b>",
        "𠮷野家 髙﨑 ①㈱ 👩‍🏭",
    ],
)
def test_free_text_is_shown_as_it_was_written(show: Open, workshop: Workshop, text: str) -> None:
    workshop.save(STEP1, {"business_area": text, "business_area@en": text}, subject=ALPHA, row="r1")
    page = show(STEP2, language="en")
    head = page.locator(".spp-card-title")
    assert head.inner_text() == text
    head.click()
    page = show(STEP1)
    page.locator(".spp-card-head").click()
    assert area(page).input_value() == text
    button(page, WORDS["history"]).click()
    page.locator(".spp-history").get_by_text(text, exact=True).first.wait_for()
    assert page.title() == "form"
    assert page.locator("main img, main script, main b").count() == 0


# --- Rows -----------------------------------------------------------------------------------------------
def test_a_row_is_added_named_and_stored(show: Open, workshop: Workshop) -> None:
    page = show(STEP1)
    assert page.get_by_text(WORDS["empty"]).is_visible()
    button(page, WORDS["add"]).click()
    page.keyboard.type("めっき工程")
    saved(page, "business_area")
    assert page.locator(".spp-card-title").inner_text() == "めっき工程"
    assert stored(workshop, STEP1) == {"business_area": "めっき工程"}


def test_an_added_row_that_stays_empty_is_not_stored(show: Open, workshop: Workshop) -> None:
    page = show(STEP1)
    button(page, WORDS["add"]).click()
    button(page, WORDS["add"]).click()
    assert page.locator(".spp-card").count() == 2
    page.wait_for_timeout(600)
    assert workshop.revision() == 0


def test_rows_open_one_at_a_time(show: Open, workshop: Workshop) -> None:
    for row in ("r1", "r2", "r3"):
        workshop.save(STEP1, {"business_area": row}, subject=ALPHA, row=row)
    page = show(STEP1)
    heads = page.locator(".spp-card-head")
    for index in (0, 2):
        heads.nth(index).click()
        assert area(page).count() == 1
        assert area(page).input_value() == f"r{index + 1}"
        assert heads.nth(index).get_attribute("aria-expanded") == "true"
    heads.nth(2).click()
    assert area(page).count() == 0


def test_a_row_is_copied(show: Open, workshop: Workshop) -> None:
    workshop.save(STEP1, {"business_area": "めっき", "issue": "child_labour"}, subject=ALPHA, row="r1")
    page = show(STEP1)
    page.locator(".spp-card-head").click()
    button(page, WORDS["copy"]).click()
    page.locator(".spp-state[data-state=saved]").wait_for()
    first, second = workshop.rows(STEP1, ALPHA)
    assert first.row != second.row
    assert first.answers == second.answers


def test_a_withdrawn_row_can_be_brought_back(show: Open, workshop: Workshop) -> None:
    for row in ("r1", "r2"):
        workshop.save(STEP1, {"business_area": row}, subject=ALPHA, row=row)
    page = show(STEP1)
    page.locator(".spp-card-head").first.click()
    button(page, WORDS["withdraw"]).click()
    page.get_by_text(WORDS["withdrawn"].format(title="r1")).wait_for()
    assert page.locator(".spp-card-title").all_inner_texts() == ["r2"]
    assert [row.row for row in workshop.rows(STEP1, ALPHA)] == ["r2"]
    button(page, WORDS["undo"]).click()
    page.locator(".spp-card").nth(1).wait_for()
    assert page.locator(".spp-card-title").all_inner_texts() == ["r1", "r2"]
    assert stored(workshop, STEP1) == {"business_area": "r1"}


def test_rows_come_from_the_step_before_with_what_was_said_there(show: Open, workshop: Workshop) -> None:
    page = show(STEP2)
    assert workshop.worksheets[STEP1].title["ja"] in page.locator(".spp-empty").inner_text()
    workshop.save(STEP1, {"business_area": "めっき", "issue": "child_labour"}, subject=ALPHA, row="r1")
    page = show(STEP2)
    assert "めっき" in page.locator(".spp-card-head").inner_text()
    assert WORDS["status_unanswered"] in page.locator(".spp-card-head").inner_text()
    page.locator(".spp-card-head").click()
    assert "児童労働" in page.locator(".spp-carried").inner_text()
    field(page, "event").locator("textarea").fill("一つ目")
    saved(page, "event")
    button(page, WORDS["add_same"]).click()
    assert "児童労働" in page.locator(".spp-carried").inner_text()
    field(page, "event").locator("textarea").fill("二つ目")
    saved(page, "event")
    first, second = workshop.rows(STEP2, ALPHA)
    assert first.row == "r1"
    assert re.fullmatch(r"r1\.[a-z0-9]{4}", second.row)
    assert page.locator(".spp-card-title").all_inner_texts() == ["一つ目", "二つ目"]


def test_attendance_asks_for_every_company_at_a_glance(show: Open, workshop: Workshop) -> None:
    page = show("attendance", session="dd_practice", company="")
    assert page.locator(".spp-register h4").all_inner_texts() == ["アルファ表面処理", "ベータ精密"]
    beta = page.get_by_role("region", name="ベータ精密")
    beta.locator("[data-field=in_room] input").fill("2")
    beta.locator("[data-field=online] input").fill("1")
    page.locator(".spp-mark[data-state=saved]").nth(1).wait_for()
    (row,) = workshop.rows("attendance", "session:dd_practice")
    assert (row.row, row.answers) == ("beta", {"company": "beta", "in_room": 2, "online": 1})
    button(page, "English").click()
    assert page.locator(".spp-register h4").all_inner_texts() == ["Alpha Surface", "Beta Precision"]
    button(page, "Submit").click()
    page.locator(".spp-state .spp-chip[data-state=submitted]").wait_for()


# --- Submitting -----------------------------------------------------------------------------------------
def test_submitting_lists_what_is_missing_and_leads_there(show: Open, workshop: Workshop) -> None:
    page = show()
    page.get_by_label("人数").fill("999")
    button(page, WORDS["submit"]).click()
    summary = page.locator(".spp-summary")
    summary.wait_for()
    assert summary.get_by_role("button").count() == 2
    assert WORDS["problems"].format(count=2) in summary.inner_text()
    summary.get_by_role("button").first.click()
    assert page.evaluate("document.activeElement === document.querySelector('[data-field=line] input')")
    assert field(page, "line").locator(".spp-error").is_visible()
    page.keyboard.type("書きました")
    page.get_by_label("人数").fill("30")
    button(page, WORDS["submit"]).click()
    page.locator(".spp-state .spp-chip[data-state=submitted]").wait_for()
    assert not summary.is_visible()
    assert workshop.rows("kinds", ALPHA)[0].status == "submitted"


def test_the_summary_opens_the_row_that_it_speaks_of(show: Open, workshop: Workshop) -> None:
    for row in ("r1", "r2"):
        workshop.save(STEP1, {"business_area": row}, subject=ALPHA, row=row)
    page = show(STEP1)
    button(page, WORDS["submit"]).click()
    page.locator(".spp-summary").get_by_role("button").filter(has_text=re.compile("^2")).first.click()
    assert area(page).input_value() == "r2"


def test_a_change_after_submitting_makes_it_a_draft_again(show: Open) -> None:
    page = show()
    page.get_by_label("一行").fill("文")
    button(page, WORDS["submit"]).click()
    page.locator(".spp-state .spp-chip[data-state=submitted]").wait_for()
    assert page.locator(".spp-offer").inner_text() == WORDS["submitted"]
    submit = button(page, WORDS["submit"])
    assert "spp-primary" not in submit.get_attribute("class")
    page.get_by_label("経緯").fill("追加")
    page.locator(".spp-state .spp-chip[data-state=draft]").wait_for()
    assert "spp-primary" in submit.get_attribute("class")


def test_required_stands_beside_the_question_on_a_phone(show: Open) -> None:
    page = show("consent")
    page.set_viewport_size({"width": 375, "height": 740})
    # Below what is ticked, which has the whole width, it shares a line with what is saved.
    told = field(page, "purpose_understood")
    told.locator("input").check()
    saved(page, "purpose_understood")
    badge, mark = told.locator(".spp-required").bounding_box(), told.locator(".spp-mark").bounding_box()
    assert abs(badge["y"] - mark["y"]) < 12
    assert badge["x"] + badge["width"] < mark["x"]
    # Elsewhere it follows the last word of a question that has two lines.
    last_line = "node => [...node.children].slice(0, 2).map((one) => [...one.getClientRects()].at(-1).y)"
    words, required = field(page, "status_by_name").locator(".spp-label").evaluate(last_line)
    assert abs(words - required) < 12


# --- When the connection fails --------------------------------------------------------------------------
def test_what_cannot_be_sent_waits_says_so_and_is_sent_later(
    show: Open, served: Served, workshop: Workshop
) -> None:
    page = show()
    served.down = True
    page.get_by_label("一行").fill("電波のない所で")
    page.locator(".spp-state[data-state=unsaved]").wait_for()
    assert WORDS["state_unsaved"].format(count=1) in state(page)
    assert stored(workshop) == {}
    served.down = False
    saved(page, "line")
    assert stored(workshop) == {"line": "電波のない所で"}


def test_a_store_that_cannot_be_written_says_so_and_is_tried_again(show: Open, served: Served) -> None:
    page = show()
    answer, broken = served.reply, {"on": True}
    fault = {
        "rule": "store_locked",
        "row": "",
        "field": "",
        "text": {"ja": "保管庫が使用中です。", "en": "Locked."},
    }

    def locked(message: dict[str, Any]) -> dict[str, Any]:
        return {"id": message["id"], "faults": [fault]} if broken["on"] else answer(message)

    served.reply = locked  # type: ignore[method-assign]
    page.get_by_label("一行").fill("待つ文")
    page.locator(".spp-state").get_by_text("保管庫が使用中です。").wait_for()
    broken["on"] = False
    saved(page, "line")


def test_a_row_that_was_never_stored_can_be_brought_back_too(show: Open, served: Served) -> None:
    page = show(STEP1)
    served.down = True
    button(page, WORDS["add"]).click()
    page.keyboard.type("書きかけ")
    button(page, WORDS["withdraw"]).click()
    assert page.locator(".spp-card").count() == 0
    button(page, WORDS["undo"]).click()
    assert page.locator(".spp-card-title").inner_text() == "書きかけ"


def test_what_could_not_be_sent_survives_a_reload(show: Open, served: Served, workshop: Workshop) -> None:
    page = show(STEP1)
    served.down = True
    button(page, WORDS["add"]).click()
    page.keyboard.type("書きかけ")
    page.locator(".spp-state[data-state=unsaved]").wait_for()
    page.on("dialog", lambda dialog: dialog.accept())
    served.down = False
    page = show(STEP1)
    page.locator(".spp-state[data-state=saved]").wait_for()
    assert page.locator(".spp-card-title").inner_text() == "書きかけ"
    assert stored(workshop, STEP1) == {"business_area": "書きかけ"}
    assert page.evaluate("sessionStorage.length") == 0


def test_a_slow_answer_is_not_taken_for_a_conflict(show: Open, served: Served, workshop: Workshop) -> None:
    page = show()
    served.slow = 0.6
    line = page.get_by_label("一行")
    for _ in range(12):
        line.press_sequentially("あ", delay=120)
    saved(page, "line")
    page.locator(".spp-state[data-state=saved]").wait_for()
    assert page.locator(".spp-conflict:visible").count() == 0
    assert stored(workshop) == {"line": "あ" * 12}


def test_what_is_stored_without_our_hearing_of_it_is_no_conflict_either(
    page: Any, show: Open, served: Served, workshop: Workshop
) -> None:
    show()
    deaf = {"on": True}
    answer = served.reply

    def lose_the_answer(message: dict[str, Any]) -> dict[str, Any]:
        reply = answer(message)
        if deaf["on"] and message["do"] == "save":
            raise ConnectionError
        return reply

    served.reply = lose_the_answer  # type: ignore[method-assign]
    page.get_by_label("一行").fill("最初")
    page.locator(".spp-state[data-state=unsaved]").wait_for()
    assert stored(workshop) == {"line": "最初"}
    page.get_by_label("一行").fill("最初と次")
    deaf["on"] = False
    saved(page, "line")
    assert page.locator(".spp-conflict:visible").count() == 0
    assert stored(workshop) == {"line": "最初と次"}


# --- Several people -------------------------------------------------------------------------------------
@pytest.fixture
def disputed(show: Open, workshop: Workshop, alpha: Workshop) -> Any:
    """A page on which two people have answered the same question."""
    workshop.save("kinds", {"line": "元の文", "story": "元の経緯"}, subject=ALPHA)
    page = show()
    alpha.save("kinds", {"line": "相手の文", "share": 5}, subject=ALPHA, based_on=1)
    page.get_by_label("一行").fill("自分の文")
    page.locator(".spp-conflict").first.wait_for()
    return page


def test_a_conflict_shows_both_and_mine_can_be_kept(disputed: Any, workshop: Workshop) -> None:
    conflict = field(disputed, "line").locator(".spp-conflict")
    assert "自分の文" in conflict.inner_text()
    assert "相手の文" in conflict.inner_text()
    assert disputed.get_by_label("割合").input_value() == "5"
    assert stored(workshop)["line"] == "相手の文"
    button(disputed, WORDS["keep_mine"]).click()
    saved(disputed, "line")
    assert stored(workshop)["line"] == "自分の文"
    assert not conflict.is_visible()


def test_the_other_answer_can_be_taken_and_that_undone(disputed: Any, workshop: Workshop) -> None:
    button(disputed, WORDS["take_theirs"]).click()
    assert disputed.get_by_label("一行").input_value() == "相手の文"
    assert stored(workshop)["line"] == "相手の文"
    button(disputed, WORDS["undo"]).click()
    saved(disputed, "line")
    assert disputed.get_by_label("一行").input_value() == "自分の文"
    assert stored(workshop)["line"] == "自分の文"


def test_a_conflict_holds_up_no_other_answer(disputed: Any, workshop: Workshop) -> None:
    disputed.get_by_label("人数").fill("7")
    saved(disputed, "people")
    assert stored(workshop)["people"] == 7
    assert field(disputed, "line").locator(".spp-conflict").is_visible()


def test_two_forms_on_one_page_do_not_break_each_other(page: Any, served: Served, workshop: Workshop) -> None:
    page.goto(served.address("kinds", company="alpha", forms="2"))
    page.locator(".spp-bar").nth(1).wait_for()
    first, second = page.locator(".spp-form").nth(0), page.locator(".spp-form").nth(1)
    first.get_by_label("一行").fill("左の文")
    second.get_by_label("経緯").fill("右の経緯")
    second.locator("[data-field=story] .spp-mark[data-state=saved]").wait_for()
    first.locator("[data-field=line] .spp-mark[data-state=saved]").wait_for()
    assert stored(workshop) == {"line": "左の文", "story": "右の経緯"}
    page.evaluate("window.dispatchEvent(new Event('focus'))")
    expect(second.get_by_label("一行")).to_have_value("左の文")
    ids = page.evaluate("[...document.querySelectorAll('[id]')].map((node) => node.id)")
    assert len(ids) == len(set(ids))


def test_history_tells_and_brings_back(show: Open, workshop: Workshop, alpha: Workshop) -> None:
    workshop.save("kinds", {"line": "最初の文"}, subject=ALPHA)
    alpha.save("kinds", {"line": "次の文", "people": 3}, subject=ALPHA, based_on=1)
    page = show()
    button(page, WORDS["history"]).click()
    entries = page.locator(".spp-history li")
    entries.first.wait_for()
    assert "アルファ表面処理" in entries.nth(0).inner_text()
    assert forms.words.both(forms.words.ROLES["custodian"])["ja"] in entries.nth(1).inner_text()
    assert "最初の文" in entries.nth(1).inner_text()
    button(page, WORDS["restore"]).click()
    expect(page.get_by_label("一行")).to_have_value("最初の文")
    assert stored(workshop) == {"line": "最初の文"}


# --- Whose form -----------------------------------------------------------------------------------------
def test_nothing_is_opened_before_a_company_is_chosen(show: Open, served: Served, workshop: Workshop) -> None:
    workshop.save("kinds", {"line": "アルファの秘密"}, subject=ALPHA)
    page = show(company="")
    assert served.messages == []
    assert page.locator(".spp-field").count() == 0
    assert "アルファの秘密" not in page.content()
    page.get_by_label(WORDS["choose_company"]).select_option(label="ベータ精密")
    page.get_by_label("一行").fill("ベータの文")
    saved(page, "line")
    button(page, WORDS["change"]).click()
    page.get_by_label(WORDS["choose_company"]).select_option(label="アルファ表面処理")
    page.get_by_label("一行").wait_for()
    assert page.get_by_label("一行").input_value() == "アルファの秘密"
    assert workshop.rows("kinds", "company:beta")[0].answers == {"line": "ベータの文"}


def test_another_company_is_not_opened_before_everything_is_stored(show: Open, served: Served) -> None:
    page = show(company="")
    page.get_by_label(WORDS["choose_company"]).select_option(label="ベータ精密")
    page.get_by_label("一行").wait_for()
    served.down = True
    page.get_by_label("一行").fill("ベータの文")
    button(page, WORDS["change"]).click()
    page.locator(".spp-summary").wait_for()
    assert page.get_by_label("一行").input_value() == "ベータの文"
    assert page.locator(".spp-whose").inner_text().startswith("ベータ精密")


def test_the_form_says_who_will_see_it(show: Open, workshop: Workshop) -> None:
    page = show()
    notice = forms.definition(workshop, "kinds")["notice"]
    assert page.locator(".spp-notice").inner_text() == notice["ja"]
    button(page, "English").click()
    assert page.locator(".spp-notice").inner_text() == notice["en"]


def test_a_form_that_is_ended_leaves_nothing_behind(show: Open, served: Served) -> None:
    page = show()
    page.evaluate("window.end()")
    assert page.locator(".spp-form").count() == 0
    before = len(served.messages)
    page.evaluate("window.dispatchEvent(new Event('focus'))")
    page.wait_for_timeout(300)
    assert len(served.messages) == before


# --- Every shipped worksheet, at every width ------------------------------------------------------------
def test_every_shipped_worksheet_fits_a_phone_in_both_languages(
    page: Any, served: Served, workshop: Workshop
) -> None:
    page.set_viewport_size({"width": 360, "height": 800})
    for name, sheet in workshop.worksheets.items():
        kind = {"company": "alpha", "group": "a", "session": "dd_practice"}[sheet.subject]
        place = {sheet.subject: kind} | ({"session": "dd_practice"} if sheet.subject == "group" else {})
        page.goto(served.address(name, **place))
        page.locator(".spp-bar").wait_for()
        adds = page.locator(".spp-add")
        if adds.count():
            adds.click()
        for _ in range(2):
            width = page.evaluate("document.documentElement.scrollWidth")
            assert width <= 360, f"{name} is {width} wide"
            page.locator(".spp-language").click()
