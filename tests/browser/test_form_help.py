"""What a form says beside its questions: saved when, not saved and why, and that somebody is stuck."""

from __future__ import annotations

import json
import re
from importlib.resources import files
from typing import Any

import pytest

from spp_workshop.seats import Seat
from spp_workshop.visibility import HELP
from spp_workshop.workshop import Workshop

from .served import Served
from .using import ALPHA, STEP1, WORDS, Open, button, field, saved, state, stored

expect = pytest.importorskip("playwright.sync_api").expect

SAID = "空き容量がありません。"
FULL = {"rule": "disk_full", "row": "", "field": "", "text": {"ja": SAID, "en": "The disk is full."}}


# --- Saved at ---------------------------------------------------------------------------------------------
def test_each_field_says_when_it_was_saved_and_nothing_moves(show: Open) -> None:
    page = show()
    line = field(page, "line")
    fields = "[...document.querySelectorAll('.spp-field:not([hidden])')]"

    def places() -> Any:
        return page.evaluate(f"{fields}.map((node) => node.getBoundingClientRect().top)")

    before = places()
    page.get_by_label("一行").press_sequentially("短い文")
    while_saving = places()
    saved(page, "line")
    assert re.search(r"\d{2}:\d{2}$", line.locator(".spp-mark").inner_text())
    assert line.locator(".spp-mark").inner_text().startswith(WORDS["mark_saved"].partition("{")[0].strip())
    assert before == while_saving == places()
    button(page, "English").click()
    assert line.locator(".spp-mark").inner_text().startswith("saved ")


def test_while_more_is_typed_the_mark_stays(show: Open, served: Served) -> None:
    page = show()
    page.get_by_label("一行").fill("一")
    saved(page, "line")
    said = field(page, "line").locator(".spp-mark").inner_text()
    served.slow = 0.5
    page.get_by_label("一行").press_sequentially("二")
    field(page, "line").locator(".spp-mark[data-state=saving]").wait_for()
    assert field(page, "line").locator(".spp-mark").inner_text() == said
    saved(page, "line")


# --- Not saved --------------------------------------------------------------------------------------------
def test_a_full_disk_is_said_and_what_is_typed_stays(show: Open, served: Served, workshop: Workshop) -> None:
    page = show()
    answer, full = served.reply, {"on": True}

    def reply(message: dict[str, Any]) -> dict[str, Any]:
        return {"id": message["id"], "faults": [FULL]} if full["on"] else answer(message)

    served.reply = reply  # type: ignore[method-assign]
    page.get_by_label("一行").fill("待つ文")
    expect(page.locator(".spp-state")).to_contain_text(f"{WORDS['state_refused']} {SAID}")
    expect(field(page, "line").locator(".spp-mark")).to_have_text(WORDS["mark_waiting"])
    page.evaluate("window.dispatchEvent(new Event('focus'))")
    page.wait_for_timeout(200)
    assert page.get_by_label("一行").input_value() == "待つ文"
    full["on"] = False
    saved(page, "line")
    assert stored(workshop) == {"line": "待つ文"}


def test_a_seat_that_has_ended_is_said_and_what_is_typed_stays(show: Open, served: Served) -> None:
    page = show()
    page.get_by_label("一行").fill("書いた文")
    saved(page, "line")
    served.reply = lambda message: {"id": message["id"], "faults": [FULL]}  # type: ignore[method-assign]
    page.evaluate("window.dispatchEvent(new Event('focus'))")
    expect(page.locator(".spp-offer")).to_contain_text(SAID)
    assert page.get_by_label("一行").input_value() == "書いた文"
    page.get_by_label("一行").fill("まだ書ける")
    page.locator(".spp-state[data-state=unsaved]").wait_for()
    assert WORDS["state_refused"] in state(page)
    assert page.get_by_label("一行").input_value() == "まだ書ける"


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("👩‍🏭 𠮷野家 ①㈱", "👩‍🏭 𠮷野家 ①㈱"),
        ("a\u0000b\u0007c\u001b[31m", "abc[31m"),
        ("<b>x</b>&amp;", "<b>x</b>&amp;"),
        ("\ud800単独", "?単独"),
    ],
)
def test_odd_signs_are_stored_as_text(show: Open, workshop: Workshop, typed: str, kept: str) -> None:
    page = show()
    page.get_by_label("経緯").evaluate(
        """(node, text) => { node.focus(); node.value = JSON.parse(text);
        node.dispatchEvent(new InputEvent("input", { bubbles: true })); }""",
        json.dumps(typed),
    )
    saved(page, "story")
    assert stored(workshop)["story"] in (kept, kept.replace("?", "\ufffd"))


def test_a_text_of_a_hundred_kilobytes_is_kept_until_it_is_shortened(
    show: Open, workshop: Workshop, served: Served
) -> None:
    page = show()
    story = page.get_by_label("経緯")
    story.fill("長" * 34_000)
    expect(field(page, "story").locator(".spp-error")).to_contain_text("10000")
    expect(field(page, "story").locator(".spp-mark")).to_have_text(WORDS["mark_held"])
    assert len(story.input_value()) == 34_000
    page.on("dialog", lambda dialog: dialog.accept())
    page.reload()
    page.locator(".spp-state[data-state=held]").wait_for()
    assert len(story.input_value()) == 34_000
    story.fill("短く")
    saved(page, "story")
    assert stored(workshop) == {"story": "短く"}
    assert page.evaluate("sessionStorage.length") == 0


# --- I am stuck here ----------------------------------------------------------------------------------------
@pytest.fixture
def person(workshop: Workshop, served: Served) -> Workshop:
    """The page is that of somebody of alpha."""
    served.workshop = workshop.seated(Seat("participant", ALPHA, "f3a1c0ffee", ""))
    return served.workshop


def tell(page: Any, note: str = "") -> None:
    line = field(page, "line")
    line.get_by_role("button", name=WORDS["stuck"]).click()
    expect(line.get_by_label(WORDS["stuck_note"])).to_be_focused()
    page.keyboard.insert_text(note)
    line.get_by_role("button", name=WORDS["stuck_send"]).click()


def test_the_facilitator_is_told_and_it_says_so_on_every_device(
    show: Open, person: Workshop, workshop: Workshop
) -> None:
    page = show()
    assert page.get_by_text(WORDS["stuck_notice"]).count() == 0
    tell(page, "何を書けばよいですか")
    told = field(page, "line").locator(".spp-told")
    said = re.compile(re.escape(WORDS["stuck_told"]).replace(r"\{time\}", r".*\d{2}:\d{2}"))
    expect(told).to_contain_text(said)
    expect(told).to_contain_text("何を書けばよいですか")
    (heard,) = workshop.seated(Seat.facilitator("dd_practice")).records(HELP)
    assert (heard["company"], heard["of_worksheet"], heard["of_question"]) == ("alpha", "kinds", "line")
    page.reload()
    expect(told).to_contain_text(said)
    assert page.locator(".spp-told:visible").count() == 1
    assert not field(page, "line").get_by_role("button", name=WORDS["stuck"]).is_visible()
    told.get_by_role("button", name=WORDS["stuck_back"]).click()
    expect(told).to_be_hidden()
    expect(field(page, "line").get_by_role("button", name=WORDS["stuck"])).to_be_focused()
    assert workshop.records(HELP) == []


def test_it_is_said_who_sees_what_before_anything_is_told(show: Open, person: Workshop) -> None:
    page = show()
    field(page, "line").get_by_role("button", name=WORDS["stuck"]).click()
    assert page.get_by_text(WORDS["stuck_notice"]).is_visible()
    button(page, "English").click()
    assert page.get_by_text("never your answers").is_visible()
    field(page, "line").get_by_role("button", name="Cancel").click()
    assert not page.get_by_text("never your answers").is_visible()
    assert person.revision() == 0


def test_a_note_waits_when_there_is_no_network(show: Open, person: Workshop, served: Served) -> None:
    page = show()
    served.down = True
    tell(page, "電波のない所で")
    page.get_by_text(WORDS["no_reply"]).wait_for()
    note = field(page, "line").get_by_label(WORDS["stuck_note"])
    assert note.input_value() == "電波のない所で"
    served.down = False
    field(page, "line").get_by_role("button", name=WORDS["stuck_send"]).click()
    expect(field(page, "line").locator(".spp-told")).to_contain_text("電波のない所で")


def test_who_has_no_company_is_not_asked(show: Open, workshop: Workshop) -> None:
    page = show("session_record", session="dd_practice", company="")
    assert page.get_by_role("button", name=WORDS["stuck"]).count() == 0


# --- In a page ----------------------------------------------------------------------------------------------
def test_a_page_with_a_language_switch_of_its_own_has_one(show: Open, served: Served) -> None:
    start = served.start
    served.start = lambda query: {**start(query), "switch": False}  # type: ignore[method-assign]
    page = show()
    assert not page.locator(".spp-language").is_visible()
    served.start = start  # type: ignore[method-assign]
    assert show().locator(".spp-language").is_visible()


def test_a_person_has_one_line_of_feedback_as_a_single_sheet(
    show: Open, person: Workshop, workshop: Workshop
) -> None:
    page = show("session_feedback", session="dd_practice", company="")
    assert page.locator(".spp-card, .spp-add").count() == 0
    for name in ("understanding", "useful"):
        field(page, name).get_by_role("radio").first.check()
        saved(page, name)
    button(page, WORDS["submit"]).click()
    page.locator(".spp-state .spp-chip[data-state=submitted]").wait_for()
    (row,) = workshop.rows("session_feedback", "session:dd_practice")
    assert (row.row, row.status) == ("f3a1c0ffee", "submitted")
    page.reload()
    expect(field(page, "useful").get_by_role("radio").first).to_be_checked()


# --- For everybody ------------------------------------------------------------------------------------------
def barriers(page: Any) -> list[str]:
    """What axe finds serious or critical in the form as it is."""
    page.evaluate((files("axe_playwright_python") / "axe.min.js").read_text(encoding="utf-8"))
    found = page.evaluate("axe.run('.spp-form', {resultTypes: ['violations']})")
    grave = [one for one in found["violations"] if one["impact"] in ("serious", "critical")]
    return [f"{one['id']}: {one['nodes'][0]['html'][:200]}" for one in grave]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_grave_in_whatever_a_form_can_show(
    show: Open, page: Any, alpha: Workshop, workshop: Workshop, scheme: str
) -> None:
    pytest.importorskip("axe_playwright_python")
    page.emulate_media(color_scheme=scheme)
    workshop.save("kinds", {"line": "元の文"}, subject=ALPHA)
    show()
    alpha.save("kinds", {"line": "相手の文"}, subject=ALPHA, based_on=1)
    page.get_by_label("一行").fill("自分の文")
    page.locator(".spp-conflict").first.wait_for()
    page.get_by_label("人数").fill("たくさん")
    page.locator("[data-field=people] .spp-error").wait_for()
    story = field(page, "story")
    story.get_by_role("button", name=WORDS["stuck"]).click()
    for key in ("example", "why"):
        field(page, "line").get_by_role("button", name=WORDS[key]).click()
    button(page, WORDS["history"]).click()
    page.locator(".spp-history li").first.wait_for()
    button(page, WORDS["submit"]).click()
    page.locator(".spp-summary").wait_for()
    assert barriers(page) == []
    story.get_by_role("button", name=WORDS["stuck_send"]).click()
    page.locator(".spp-told:visible").wait_for()
    assert barriers(page) == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_grave_in_rows_and_pasted_cells(
    show: Open, page: Any, workshop: Workshop, scheme: str
) -> None:
    pytest.importorskip("axe_playwright_python")
    page.emulate_media(color_scheme=scheme)
    for row in ("r1", "r2"):
        workshop.save(STEP1, {"business_area": row}, subject=ALPHA, row=row)
    show(STEP1)
    page.locator(".spp-card-head").first.click()
    button(page, WORDS["paste"]).click()
    page.get_by_label(WORDS["cells_label"]).fill("めっき\t大きな段階\n塗装\t?")
    page.locator(".spp-unread").first.wait_for()
    assert barriers(page) == []
    page.locator(".spp-paste .spp-primary").click()
    page.locator(".spp-state[data-state=held]").wait_for()
    page.locator(".spp-card-head").nth(2).click()
    page.locator(".spp-pasted:visible").wait_for()
    assert barriers(page) == []
