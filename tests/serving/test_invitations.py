"""Invitations: who gets a code and when, and that a camera can read what is printed."""

from __future__ import annotations

import io
import os
import re
import stat
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import zxingcpp
from PIL import Image

from spp_workshop import seats
from spp_workshop.seats import Seat, Visitor, join
from spp_workshop.serving import invitations
from spp_workshop.serving.invitations import Invitation, as_page, as_text, invite, write
from spp_workshop.workshop import Workshop

URL = "https://workshop.example.jp/spp/"
UNTIL = datetime(2036, 10, 24, tzinfo=UTC)
LETTERS = "[2-9A-HJKMNP-Z]"


def invited(workshop: Workshop, until: datetime = UNTIL, **how: bool) -> list[Invitation]:
    return invite(workshop.store, workshop.programme, "dd_practice", URL, until, **how)


# --- Codes ------------------------------------------------------------------------------------------------


def test_every_company_the_facilitator_and_the_projector_get_a_code_that_opens_their_seat(
    workshop: Workshop,
) -> None:
    found = invited(workshop)
    assert [one.seat.id for one in found] == [
        "company:alpha",
        "company:beta",
        "facilitator:dd_practice",
        "projector",
    ]
    assert len({one.code for one in found}) == 4
    for one in found:
        assert re.fullmatch(f"{LETTERS}{{5}}-{LETTERS}{{5}}", one.code)
        assert one.link == f"{URL}join#{one.code.replace('-', '')}"
        sitting, _ = join(workshop.store, one.code, Visitor())
        assert (sitting.seat.role, sitting.seat.subject) == (one.seat.role, one.seat.subject)


def test_a_seat_that_has_a_code_gets_no_other_unless_it_is_asked_for(workshop: Workshop) -> None:
    first = invited(workshop)
    assert [(one.code, one.link) for one in invited(workshop)] == [("", "")] * 4
    join(workshop.store, first[0].code, Visitor())
    anew = invited(workshop, renew=True)
    assert all(one.code for one in anew)
    join(workshop.store, anew[0].code, Visitor())
    with pytest.raises(seats.NotAllowed):
        join(workshop.store, first[0].code, Visitor())


def test_a_code_that_ends_before_the_session_is_replaced_and_no_other(workshop: Workshop) -> None:
    invited(workshop)
    now = datetime.now(UTC)
    seats.renew(workshop.store, "company:alpha", now - timedelta(minutes=1))
    seats.renew(workshop.store, "company:beta", now + timedelta(minutes=5))
    later = now + timedelta(days=30)
    assert [one.seat.id for one in invited(workshop, until=later) if one.code] == ["company:alpha"]


def test_a_company_that_was_shut_out_stays_out(workshop: Workshop) -> None:
    invited(workshop)
    seats.revoke(workshop.store, "company:alpha")
    assert "company:alpha" not in [one.seat.id for one in invited(workshop, renew=True)]


def test_another_session_has_another_facilitator(workshop: Workshop) -> None:
    invited(workshop)
    other = invite(workshop.store, workshop.programme, "dd_preparation", URL, UNTIL)
    assert [one.seat.id for one in other if one.code] == ["facilitator:dd_preparation"]


# --- On paper ---------------------------------------------------------------------------------------------


def test_each_sheet_has_its_own_code_and_no_other(workshop: Workshop) -> None:
    alpha, beta, facilitator, _ = invited(workshop)
    page = as_page([alpha], workshop.programme, "dd_practice")
    assert alpha.code in page
    for other in (beta, facilitator):
        assert other.code not in page
        assert other.code.replace("-", "") not in page
    for words in (
        *(
            "アルファ表面処理",
            "Alpha Surface",
            "有効期限",
            "Valid until",
            "2036年10月24日",
            "October 24, 2036",
        ),
        *("進行役、事務局", "the facilitator, The secretariat", "https://workshop.example.jp/spp/join<"),
        *("実践会", "Practice", "14:00–15:00"),
    ):
        assert words in page
    assert page.count("<li>") == 3


def test_what_people_typed_is_text_on_a_sheet(workshop: Workshop) -> None:
    name = "<script>alert(1)</script>"
    one = invitations.invitation(Seat.company("alpha"), name, "ABCDE23456", URL, UNTIL)
    assert "<script" not in as_page([one], workshop.programme, "dd_practice")


def test_the_files_are_named_for_companies_and_hold_for_their_owner_alone(workshop: Workshop) -> None:
    found = invited(workshop)
    page = write(workshop.folder, found, workshop.programme, "dd_practice")
    target = workshop.folder / invitations.FOLDER
    assert page == target / "to-print.html"
    written = {path.relative_to(target).as_posix() for path in target.rglob("*") if path.is_file()}
    assert written == {
        *("companies/alpha.html", "companies/beta.html"),
        *("facilitator.html", "projector.html", "to-print.html"),
    }
    assert [one.code in page.read_text(encoding="utf-8") for one in found] == [True] * 4
    if os.name != "nt":
        assert stat.S_IMODE(target.stat().st_mode) == 0o700
        files = [path for path in target.rglob("*") if path.is_file()]
        assert {stat.S_IMODE(path.stat().st_mode) for path in files} == {0o600}


def test_a_company_whose_key_is_a_word_of_ours_takes_no_place_of_ours(workshop: Workshop) -> None:
    one = invitations.invitation(Seat.company("../to-print"), "x", "ABCDE23456", URL, UNTIL)
    write(workshop.folder, [one], workshop.programme, "dd_practice")
    target = workshop.folder / invitations.FOLDER
    (own,) = (target / "companies").iterdir()
    assert {path.name for path in target.iterdir()} == {"companies", "to-print.html"}
    assert own.suffix == ".html"


def test_sheets_of_earlier_codes_stay_until_there_is_a_new_code(workshop: Workshop) -> None:
    write(workshop.folder, invited(workshop), workshop.programme, "dd_practice")
    target = workshop.folder / invitations.FOLDER
    before = {path: path.read_bytes() for path in target.rglob("*.html")}
    assert write(workshop.folder, invited(workshop), workshop.programme, "dd_practice") is None
    assert {path: path.read_bytes() for path in target.rglob("*.html")} == before
    write(workshop.folder, invited(workshop, renew=True), workshop.programme, "dd_practice")
    assert all(path.read_bytes() != text for path, text in before.items())


def test_a_server_with_another_address_makes_the_sheets_anew_with_the_same_codes(workshop: Workshop) -> None:
    store, programme, folder = workshop.store, workshop.programme, workshop.folder
    first = invite(store, programme, "dd_practice", "http://127.0.0.1:8888/", UNTIL, folder=folder)
    write(folder, first, programme, "dd_practice")
    seats.renew(store, "company:beta", UNTIL)
    (folder / invitations.FOLDER / "projector.html").unlink()
    again = invite(store, programme, "dd_practice", URL, UNTIL, folder=folder)
    assert [one.code for one in again] == [first[0].code, "", first[2].code, ""]
    assert again[0].link == f"{URL}join#{first[0].code.replace('-', '')}"
    page = write(folder, again, programme, "dd_practice")
    assert page
    assert f"{URL}join<" in page.read_text(encoding="utf-8")
    third = invite(store, programme, "dd_practice", URL, UNTIL, folder=folder)
    assert [one.code for one in third] == [""] * 4


# --- What a camera sees -----------------------------------------------------------------------------------


def read_by_camera(picture: Image.Image) -> list[str]:
    return [found.text for found in zxingcpp.read_barcodes(picture.convert("L"))]


@pytest.mark.parametrize("pixels", [900, 375])
def test_a_camera_reads_the_link_from_every_sheet(workshop: Workshop, chromium: Any, pixels: int) -> None:
    found = invited(workshop)
    page = write(workshop.folder, found, workshop.programme, "dd_practice")
    assert page
    tab = chromium.new_page(viewport={"width": pixels, "height": 1100})
    tab.goto(page.as_uri())
    sheets = tab.locator(".sheet").all()
    seen = [read_by_camera(Image.open(io.BytesIO(sheet.screenshot()))) for sheet in sheets]
    tab.close()
    assert seen == [[one.link] for one in found]


def test_each_sheet_fills_one_page_of_paper_even_with_long_names(workshop: Workshop, chromium: Any) -> None:
    long = "株式会社" + "とても長い名前の" * 5
    url = "https://a-long-name-of-a-server.workshops.example.or.jp/human-rights/"
    them = [
        invitations.invitation(Seat.company(key), long, "ABCDE23456", url, UNTIL) for key in ("alpha", "beta")
    ]
    page = write(workshop.folder, them, workshop.programme, "dd_practice")
    assert page
    tab = chromium.new_page()
    tab.goto(page.as_uri())
    printed = tab.pdf(prefer_css_page_size=True)
    tab.close()
    assert len(re.findall(rb"/Type\s*/Page\b", printed)) == 2


def drawn(lines: list[str]) -> Image.Image:
    """The blocks of a shell as a picture: each letter is two dots, one above the other; blocks are light."""
    upper, lower = {"█", "▀"}, {"█", "▄"}
    picture = Image.new("L", (len(lines[0]), 2 * len(lines)))
    for y, line in enumerate(lines):
        for x, letter in enumerate(line):
            picture.putpixel((x, 2 * y), 255 * (letter in upper))
            picture.putpixel((x, 2 * y + 1), 255 * (letter in lower))
    return picture.resize((picture.width * 6, picture.height * 6), Image.Resampling.NEAREST)


@pytest.mark.parametrize(("columns", "beside"), [("60", 1), ("200", 4)])
@pytest.mark.parametrize("colour", [True, False])
def test_a_camera_reads_the_links_from_the_shell(
    workshop: Workshop, monkeypatch: pytest.MonkeyPatch, columns: str, beside: int, colour: bool
) -> None:
    monkeypatch.setenv("COLUMNS", columns)
    found = invited(workshop)
    said = as_text(found, "ja", colour=colour)
    assert ("\x1b[97;40m" in said) == colour
    lines = re.sub(r"\x1b\[[\d;]*m", "", said).splitlines()
    assert max(map(len, lines)) <= int(columns)
    pictures = [line for line in lines if re.fullmatch("[█▀▄ ]+", line)]
    room = max(map(len, pictures))
    seen = read_by_camera(drawn([line.ljust(room) for line in pictures]))
    assert sorted(seen) == sorted(one.link for one in found)
    for one in found:
        assert one.code in said
        assert one.link in said
    assert sum("アルファ表面処理" in line and "ベータ精密" in line for line in lines) == (beside > 1)


def test_the_shell_says_nothing_of_codes_that_are_not_new(workshop: Workshop) -> None:
    invited(workshop)
    assert as_text(invited(workshop), "en") == ""
