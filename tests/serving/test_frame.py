"""The frame of all pages: both languages, nothing inline, nothing from elsewhere."""

from __future__ import annotations

import re
from typing import Any

import pytest
from bs4 import BeautifulSoup

from spp_workshop import programme
from spp_workshop.documents import shipped
from spp_workshop.errors import message
from spp_workshop.serving import frame
from spp_workshop.serving.assets import NAMES, address, assets, edition

TITLE = {"ja": "<i>題</i>", "en": "A & B"}


@pytest.fixture
def page() -> Any:
    sample = programme.load(shipped("programmes") / "spp-2025")
    made = frame.render(
        "refusal.html.j2",
        base_url="/spp/",
        programme=sample,
        title=TITLE,
        texts=[{"ja": "<script>x</script>", "en": "a\nb"}],
        back=message("To the start"),
    )
    return BeautifulSoup(made, "html.parser")


def test_a_text_stands_in_both_languages_and_what_is_in_it_stays_text() -> None:
    assert frame.both({"ja": "<b>", "en": "a\nb"}) == (
        '<span class="room-said" lang="ja">&lt;b&gt;</span><span class="room-said" lang="en">a<br>b</span>'
    )


def test_nothing_in_a_page_is_inline_or_comes_from_elsewhere(page: Any) -> None:
    assert not page.select("style, [style], script:not([src]), iframe, object, embed")
    assert not [name for tag in page.find_all(True) for name in tag.attrs if name.startswith("on")]
    addresses = [tag.get("src") or tag.get("href") for tag in page.select("[src], [href]")]
    assert addresses
    assert all(re.match(r"/spp/|#|data:,$", one) for one in addresses)


def test_what_is_put_into_a_page_is_escaped(page: Any) -> None:
    assert "<script>x</script>" in page.main.get_text()
    assert page.title["data-ja"].startswith("<i>題</i> | ")
    assert page.title["data-en"].startswith("A & B | ")


def test_a_made_up_programme_says_so_in_both_languages(page: Any) -> None:
    said = {part["lang"]: part.get_text() for part in page.select(".room-fictional .room-said")}
    assert "架空" in said["ja"]
    assert "made up" in said["en"]


def test_one_can_skip_to_the_content(page: Any) -> None:
    assert page.body.find("a")["href"] == "#content"
    assert page.select_one("main#content[tabindex='-1']")


def test_every_script_and_style_is_there_and_its_address_changes_with_it(monkeypatch: Any) -> None:
    assert set(assets()) == set(NAMES)
    before = edition()
    assert address("room.css") == f"assets/{before}/room.css"
    changed = {**assets(), "room.css": assets()["room.js"]}
    monkeypatch.setattr("spp_workshop.serving.assets.assets", lambda: changed)
    edition.cache_clear()
    try:
        assert edition() != before
    finally:
        monkeypatch.undo()
        edition.cache_clear()


def test_a_file_that_is_no_asset_has_no_address() -> None:
    with pytest.raises(LookupError):
        address("../seats.py")


@pytest.mark.parametrize("name", [name for name in NAMES if name.endswith(".css")])
def test_styles_ask_for_nothing(name: str) -> None:
    style = assets()[name].kept.plain.decode()
    assert not re.search(r"url\(|@import|//[a-z]", style)


@pytest.mark.parametrize("name", [name for name in NAMES if name.endswith(".js")])
def test_scripts_name_no_address_of_the_internet(name: str) -> None:
    script = assets()[name].kept.plain.decode()
    assert not re.search(r"https?://", script)
    assert "innerHTML" not in script
