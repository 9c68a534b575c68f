"""The pages of facilitator and projector, in a real browser, with a real kernel behind them."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from serving.conftest import Served, serving

from spp_workshop.documents import shipped
from spp_workshop.seats import Seat

pytest.importorskip("voila")
pytest.importorskip("playwright.sync_api")

SESSION = "dd_practice"
SEATS = {"desk": Seat.facilitator(SESSION), "screen": Seat.projector()}
LONGEST = 120_000  # ms: a page with a kernel, on a busy machine


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("sample")
    shutil.copy(shipped("programmes") / "spp-2025" / "programme.yaml", folder)
    with serving(folder, session=SESSION) as served:
        yield served


@pytest.fixture
def opened(chromium: Any, served: Served) -> Iterator[Callable[..., Any]]:
    """The page of a role; whatever it asks of another machine fails the test."""
    contexts, elsewhere = [], []

    def look(view: str, **how: Any) -> Any:
        context = chromium.new_context(
            **{"locale": "ja-JP", "viewport": {"width": 1000, "height": 800}, **how}
        )
        contexts.append(context)
        seat = served.joined(SEATS[view])
        context.add_cookies(
            [{"name": name, "value": value, "url": served.address} for name, value in seat.cookies.items()]
        )
        page = context.new_page()
        here = (served.address, "data:", "blob:", served.address.replace("http", "ws"))
        page.on("request", lambda asked: asked.url.startswith(here) or elsewhere.append(asked.url))
        page.goto(served.address + "desk")
        page.locator("#rendered_cells").wait_for(timeout=LONGEST)
        return page

    yield look
    for context in contexts:
        context.close()
    assert not elsewhere


def widths(page: Any) -> tuple[int, int]:
    return tuple(page.evaluate("[document.documentElement.scrollWidth, innerWidth]"))


@pytest.mark.parametrize("view", SEATS)
def test_the_whole_page_can_be_scrolled_through(opened: Callable[..., Any], view: str) -> None:
    page = opened(view)
    last = page.locator("#rendered_cells h2").last
    # Forms and charts are still coming, and move what stands below them.
    for _ in range(60):
        last.scroll_into_view_if_needed()
        page.wait_for_timeout(500)
        if 0 <= last.bounding_box()["y"] <= 800:
            break
    assert 0 <= last.bounding_box()["y"] <= 800
    assert page.evaluate("scrollY") > 800


def test_on_a_phone_the_facilitators_page_is_as_wide_as_the_phone(opened: Callable[..., Any]) -> None:
    wide, there = widths(opened("desk", viewport={"width": 390, "height": 800}))
    assert wide <= there


@pytest.mark.parametrize(("width", "letters"), [(1000, 20), (1920, 26.88)])
def test_letters_grow_with_the_screen_of_the_room(
    opened: Callable[..., Any], width: int, letters: float
) -> None:
    page = opened("screen", viewport={"width": width, "height": 1080})
    text = page.locator("#rendered_cells .jp-RenderedHTMLCommon p").first
    size = text.evaluate("node => parseFloat(getComputedStyle(node).fontSize)")
    assert size == pytest.approx(letters, abs=0.1)
    wide, there = widths(page)
    assert wide <= there


def test_the_facilitator_fills_in_a_form_and_it_is_stored(opened: Callable[..., Any], served: Served) -> None:
    page = opened("desk")
    heads = page.locator(".spp-form input[inputmode=numeric]")
    heads.first.wait_for(timeout=LONGEST)
    heads.first.fill("3")
    heads.first.blur()
    page.locator(".spp-mark[data-state=saved]").first.wait_for(timeout=LONGEST)
    workshop = served.room.workshop.seated(Seat.facilitator(SESSION))
    assert [row.answers["in_room"] for row in workshop.rows("attendance", f"session:{SESSION}")] == [3]
