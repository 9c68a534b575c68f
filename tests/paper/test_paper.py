"""What is printed: everything that a worksheet asks, to whom it belongs, and nothing of anybody else."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from conftest import Clock

from spp_workshop import printing
from spp_workshop.cli import main
from spp_workshop.errors import SppError
from spp_workshop.messages import Language
from spp_workshop.paper.drawing import Drawing
from spp_workshop.paper.making import print_sheets, session_of
from spp_workshop.paper.planning import plans
from spp_workshop.seats import Seat
from spp_workshop.workshop import Workshop, open_workshop

from .conftest import SESSION, SHEETS, drawn, words

SAMPLE = "𠮷野さんと髙橋さん、山﨑①㈱"
CODE = re.compile(r'<span class="code"><small>[^<]*</small> ([A-Z2-9]+)</span>')
PAPER_OF = {"company": "alpha", "group": "room/group-a", "session": "room/facilitator"}

needs_poppler = pytest.mark.skipif(not shutil.which("pdftotext"), reason="poppler-utils is not here")


def section(page: str, title: str) -> str:
    """The part of a page that is one worksheet."""
    parts = re.findall(r'<section class="sheet sheet-\d+">.*?</section>', page, re.DOTALL)
    (found,) = [part for part in parts if f"<h2>{title}</h2>" in words(part)]
    return words(found)


# --- Everything is there ----------------------------------------------------------------------------------


@pytest.mark.parametrize("language", ["ja", "en"])
@pytest.mark.parametrize("name", [*SHEETS, "safety_talk"])
def test_every_worksheet_is_printed_with_all_that_it_asks(
    workshop: Workshop, name: str, language: Language
) -> None:
    sheet, pages = workshop.worksheets[name], drawn(workshop, (language,))
    slip = sheet.subject == "session" and sheet.share == "own"
    text = section(pages["room/blank" if slip else PAPER_OF[sheet.subject]], sheet.title[language])
    for field in sheet.fields:
        assert field.label[language] in text, field.name
        if field.hint:
            assert field.hint[language] in text, field.name
        if field.list_name and field.list_name != "companies":
            for choice in workshop.choices[field.list_name].choices:
                assert (choice.label[language] in text) is not choice.retired, choice.name
        if field.list_name == "companies":
            assert [one.name[language] in text for one in workshop.programme.companies] == [True, True]
    assert sheet.intro[language] in text


def test_every_page_says_whose_it_is_when_and_where_it_goes(workshop: Workshop) -> None:
    for language in ("ja", "en"):
        page = words(drawn(workshop, (language,))["alpha"])
        session = workshop.programme.session(SESSION)
        company = workshop.programme.company("alpha")
        assert workshop.programme.contact
        for text in (workshop.programme.title, session.title, company.name, workshop.programme.contact):
            assert text[language] in page
        assert "14:00–15:00" in page
    assert "帰る前に、全てのシートを記録担当者に渡してください。" in words(drawn(workshop)["alpha"])
    # Who sees the answers stands on each sheet.
    notice = "この内容を見るのは、自社と、記録を預かる担当者だけです。"
    assert notice in section(drawn(workshop)["alpha"], "会社の概要")


def test_what_the_levels_of_a_scale_mean_stands_on_the_sheet_once(workshop: Workshop) -> None:
    text = section(drawn(workshop)["alpha"], workshop.worksheets["step3_prioritisation"].title.ja)
    assert text.count("はっきりした不利益や苦痛があるが、健康や生活の土台は保たれている") == 1
    ready = section(drawn(workshop, ("en",))["alpha"], workshop.worksheets["grievance_readiness"].title.en)
    meanings = [choice.hint for choice in workshop.choices["readiness_levels"].choices]
    assert [ready.count(meaning.en) for meaning in meanings if meaning] == [1, 1, 1, 1]


def test_both_languages_stand_on_one_sheet(workshop: Workshop) -> None:
    text = section(drawn(workshop, ("ja", "en"))["alpha"], "安全の話し合い\nSafety talk")
    assert "危ないと感じた作業 / Work that felt dangerous" in text
    assert "毎日のように / Nearly every day" in text


def test_what_was_answered_is_printed_and_what_was_chosen_is_ticked(workshop: Workshop) -> None:
    alpha = workshop.seated(Seat.company("alpha"))
    alpha.save("safety_talk", {"work": "高い棚", "often": "old"}, row="r1")
    alpha.save("company_profile", {"employees": 40, "policy_status": "adopted", "policy_date": "2026-01-20"})
    page = drawn(workshop)["alpha"]
    text = section(page, "安全の話し合い")
    assert '<div class="said">高い棚</div>' in text
    # A choice that is no longer offered is printed where it was chosen, and nowhere else.
    assert text.count("昔の選択肢") == 1
    assert 'on"><span class="box">■</span>昔の選択肢' in text
    profile = section(page, "会社の概要")
    assert '<div class="said">40</div>' in profile
    assert '<div class="said">2026-01-20</div>' in profile
    assert 'on"><span class="box">■</span>決定した(社内のみ)' in profile
    assert '"><span class="box">□</span>作成中' in profile


def test_a_translation_is_printed_in_its_language(workshop: Workshop) -> None:
    alpha = workshop.seated(Seat.company("alpha"))
    alpha.save("safety_talk", {"work": "高い棚", "work@en": "High shelves"}, row="r1")
    said = [
        section(drawn(workshop, ("en",))["alpha"], "Safety talk"),
        section(drawn(workshop)["alpha"], "安全の話し合い"),
    ]
    assert [("高い棚" in text, "High shelves" in text) for text in said] == [(False, True), (True, False)]
    alpha.save("step1_risk_areas", {"business_area": "塗装", "business_area@en": "Painting"}, row="r1")
    carried = section(drawn(workshop, ("en",))["alpha"], workshop.worksheets["step2_harm_process"].title.en)
    assert "Business area:</small> Painting" in carried


def test_rows_are_carried_forward_with_number_code_and_what_was_said(workshop: Workshop) -> None:
    alpha = workshop.seated(Seat.company("alpha"))
    alpha.save("step1_risk_areas", {"business_area": "塗装", "overall": "high"}, row="rabcdefgh")
    page = drawn(workshop)["alpha"]
    one, two = (
        section(page, workshop.worksheets[name].title.ja)
        for name in ("step1_risk_areas", "step2_harm_process")
    )
    codes = CODE.findall(one)
    assert codes[0] == "ABCD5"
    # The empty rows, too: the same number and code is the same risk.
    assert len(codes) == 3
    assert CODE.findall(two) == codes
    assert "事業領域:</small> 塗装" in two
    assert "高い" in two
    # And one row more for whatever else there is to say about one of them.
    assert two.count("同じ番号でもう一つ(番号を記入):") == 1


def test_each_empty_row_has_a_code_of_its_own_and_another_printing_has_others(workshop: Workshop) -> None:
    first, again = (section(drawn(workshop, printing=one)["alpha"], "安全の話し合い") for one in ("p1", "p2"))
    codes = CODE.findall(first)
    assert len(set(codes)) == len(codes) == 4
    assert not set(codes) & set(CODE.findall(again))


# --- Nothing of anybody else ------------------------------------------------------------------------------


def test_no_paper_has_anything_of_another_company(workshop: Workshop) -> None:
    workshop.seated(Seat.company("beta")).save("issues_found", {"situation": "漏れたら困る話"}, row="r1")
    workshop.save("case_handling", {"first_day": "班の話"}, subject="group:dd_practice.a", row="r1")
    pages = drawn(workshop)
    assert [name for name, page in pages.items() if "漏れたら困る話" in page] == ["beta"]
    assert [name for name, page in pages.items() if "班の話" in page] == ["room/group-a"]
    assert "ベータ" not in pages["alpha"]


def test_what_somebody_wrote_without_a_name_is_never_printed(workshop: Workshop) -> None:
    workshop.save(
        "session_feedback", {"comment": "本音です"}, subject=f"session:{SESSION}", row="f3a1c0ffee1"
    )
    assert not [name for name, page in drawn(workshop).items() if "本音です" in page]


def test_rows_for_nobody_in_particular_have_no_codes(workshop: Workshop) -> None:
    page = drawn(workshop)["room/blank"]
    assert not CODE.findall(page)
    assert "会社名:" in section(page, "安全の話し合い")
    assert "会社名:" not in section(page, workshop.worksheets["session_feedback"].title.ja)


def test_a_page_loads_nothing_and_what_people_typed_is_text(workshop: Workshop) -> None:
    alpha = workshop.seated(Seat.company("alpha"))
    typed = '<script>alert(1)</script><img src="http://example.com/x">"} body{display:none}'
    alpha.save("safety_talk", {"work": typed}, row="r1")
    for page in drawn(workshop).values():
        assert not re.search(r"<(script|img|link|iframe|object|a|form)\b", page)
        assert not re.search(r"url\(|@import|https?://(?!example\.com)", page)
        assert "default-src 'none'" in page
    assert "&lt;script&gt;alert(1)" in drawn(workshop)["alpha"]


# --- Which session, which files ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("today", "session"),
    [
        ("2026-09-01", "dd_preparation"),
        ("2026-09-24", "dd_preparation"),
        ("2026-09-25", "dd_practice"),
        ("2026-10-23", "dd_practice"),
        ("2027-01-01", "dd_practice"),
    ],
)
def test_the_session_is_todays_else_the_next_else_the_last(
    workshop: Workshop, today: str, session: str
) -> None:
    assert session_of(workshop.programme, "", date.fromisoformat(today)).key == session
    assert session_of(workshop.programme, "dd_preparation", date.fromisoformat(today)).key == "dd_preparation"


def test_what_is_due_afterwards_is_not_printed(tmp_path: Path) -> None:
    assert main(["new", str(tmp_path / "w"), "--template", "spp-2025"]) == 0
    from spp_workshop.paper.planning import worksheets_of
    from spp_workshop.workshop import open_workshop

    workshop = open_workshop(tmp_path / "w")
    found = [sheet.name for sheet in worksheets_of(workshop, workshop.programme.session("dd_engagement"))]
    assert found == [
        "engagement_questionnaire", "attendance", "engagement_exchange", "action_plan", "session_feedback",
        "session_record",
    ]  # fmt: skip


@cache
def _fake(page: str, _by: object = None) -> bytes:
    return f"%PDF of {len(page)}".encode()


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """No PDFs are made: what is tried here is which files there are."""
    monkeypatch.setattr(printing, "way", lambda: "browser")
    monkeypatch.setattr(printing, "to_pdf", _fake)


def test_a_file_for_each_company_beside_its_workbook_and_the_rooms_in_a_folder(
    quick: None, workshop: Workshop
) -> None:
    printed = print_sheets(workshop, workshop.programme.session(SESSION), ["ja"])
    assert set(printed.files) == {"alpha", "beta", "room/group-a", "room/facilitator", "room/blank"}
    for name, files in printed.files.items():
        for ending, path in files.items():
            assert path == workshop.folder / "output" / "worksheets" / f"{name}.{ending}"
            assert path.stat().st_mode & 0o077 == 0


def test_some_companies_alone(quick: None, workshop: Workshop) -> None:
    printed = print_sheets(workshop, workshop.programme.session(SESSION), ["ja"], companies=["beta"])
    assert set(printed.files) == {"beta"}
    with pytest.raises(SppError):
        print_sheets(workshop, workshop.programme.session(SESSION), ["ja"], companies=["nobody"])


def test_without_pdfs_the_pages_are_there_the_remedy_is_told_and_no_old_pdf_is_left(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    old = folder / "output" / "worksheets" / "alpha.pdf"
    old.parent.mkdir(parents=True)
    old.write_bytes(b"%PDF of last week")
    monkeypatch.setattr(printing, "way", lambda: None)
    assert main(["worksheets", "print", str(folder), "--session", SESSION, "--language", "ja"]) == 1
    told = capsys.readouterr().out
    assert (folder / "output" / "worksheets" / "alpha.html").is_file()
    assert not old.exists()
    assert told.count("このパソコンではPDFを作れません") == 1
    assert main(["worksheets", "print", str(folder), "--session", SESSION, "--json"]) == 1
    outcome = json.loads(capsys.readouterr().out)
    assert outcome["session"] == SESSION
    assert set(outcome["files"]["alpha"]) == {"html"}
    assert [problem["rule"] for problem in outcome["problems"]] == ["no_printer"]


def test_a_session_without_worksheets_is_told(folder: Path, capsys: Any) -> None:
    assert main(["worksheets", "print", str(folder), "--session", "dd_preparation"]) == 2
    assert "programme.yaml" in capsys.readouterr().err


def test_a_programme_without_companies_has_blank_sheets(quick: None, tmp_path: Path) -> None:
    assert main(["new", str(tmp_path / "w")]) == 0
    assert main(["worksheets", "print", str(tmp_path / "w"), "--session", "dd_practice"]) == 0
    files = (tmp_path / "w" / "output" / "worksheets").rglob("*.html")
    assert {path.stem for path in files} >= {"blank", "facilitator"}


# --- The paper itself -------------------------------------------------------------------------------------


@needs_poppler
@pytest.mark.parametrize("language", ["ja", "en"])
def test_every_worksheet_stands_in_the_pdf_with_numbered_pages(
    workshop: Workshop, language: Language, tmp_path: Path
) -> None:
    for paper in ("alpha", "room/facilitator"):
        text = pdf_text(drawn(workshop, (language,))[paper], tmp_path)
        pages = text.split("\f")[:-1]
        assert len(pages) > 3
        for number, page in enumerate(pages, start=1):
            assert re.search(rf"\b{number} / {len(pages)}\b", page)
        told = plain(text)
        for name in SHEETS:
            sheet = workshop.worksheets[name]
            if PAPER_OF[sheet.subject] == paper and (sheet.subject, sheet.share) != ("session", "own"):
                assert plain(sheet.title[language]) in told
                assert all(plain(field.label[language]) in told for field in sheet.questions)


@needs_poppler
def test_the_cover_in_both_languages_is_one_page(tmp_path: Path) -> None:
    assert main(["new", str(tmp_path / "w"), "--template", "spp-2025"]) == 0
    workshop = open_workshop(tmp_path / "w", now=Clock())
    companies = [workshop.programme.company("akanegumo")]
    session = workshop.programme.session("dd_practice")
    (paper,) = plans(workshop, session, companies, "p1")
    cover, second, *_ = pdf_text(Drawing(workshop, session, ("ja", "en")).page(paper), tmp_path).split("\f")
    assert plain(workshop.programme.fictional["en"]) in plain(cover)
    assert plain("Homework before the workshop.") in plain(second)


@needs_poppler
def test_rare_letters_long_answers_and_forty_rows_are_on_paper(workshop: Workshop, tmp_path: Path) -> None:
    alpha = workshop.seated(Seat.company("alpha"))
    for number in range(40):
        alpha.save("safety_talk", {"work": f"{SAMPLE} {number + 1}番目の作業"}, row=f"r{number + 1}")
    longest = "鱻" * 4_900
    alpha.save("company_profile", {"products": longest})
    page = drawn(workshop)["alpha"]
    told = plain(pdf_text(page, tmp_path))
    assert SAMPLE in told
    assert all(f"{number}番目の作業" in told for number in range(1, 41))
    assert told.count("鱻") == 4_900
    # The font of every letter is in the file, so that any printer has it.
    fonts = subprocess.run(["pdffonts", str(tmp_path / "it.pdf")], check=True, capture_output=True, text=True)
    listed = fonts.stdout.splitlines()[2:]
    assert listed
    assert all(re.search(r"\byes yes yes\b", line) for line in listed)


@needs_poppler
@pytest.mark.skipif(
    "Noto Sans CJK" not in subprocess.run(["fc-list"], capture_output=True, text=True, check=False).stdout
    if shutil.which("fc-list")
    else True,
    reason="there is no font with all Japanese letters here",
)
def test_rare_letters_are_drawn_and_not_boxes_in_their_place(tmp_path: Path) -> None:
    signs = "𠮷髙﨑①㈱□■\U0010fffd"
    body = "".join(f'<p style="font-size: 200pt; break-after: page; margin: 0">{sign}</p>' for sign in signs)
    from spp_workshop.documents import shipped

    style = (shipped("templates") / "paper" / "sheets.css").read_text(encoding="utf-8")
    head = f'<!DOCTYPE html><html lang="ja"><head><meta charset="utf-8"><style>{style}</style></head>'
    pdf_text(f"{head}<body>{body}</body></html>", tmp_path)
    part = ["-r", "20", "-x", "0", "-y", "0", "-W", "200", "-H", "120"]
    subprocess.run(["pdftoppm", *part, str(tmp_path / "it.pdf"), str(tmp_path / "sign")], check=True)
    pictures = [path.read_bytes() for path in sorted(tmp_path.glob("sign*"))]
    assert len(pictures) == len(signs)
    # The last one is no letter, and drawn as a box that stands for it; nothing else looks like another.
    assert len(set(pictures)) == len(signs)


@needs_poppler
def test_no_row_is_broken_that_fits_on_a_page(workshop: Workshop, tmp_path: Path) -> None:
    alpha = workshop.seated(Seat.company("alpha"))
    for number in range(12):
        alpha.save("safety_talk", {"work": "高い棚からの荷下ろし。" * (number * 3 + 1)}, row=f"r{number}")
    page = drawn(workshop)["alpha"]
    told = plain(pdf_text(page, tmp_path))
    codes = CODE.findall(page)
    # The head of a row that goes on on another page is repeated there.
    assert len(codes) > 25
    assert re.findall(r"番号\d+行コード([A-Z2-9]{5})", told) == codes


def pdf_text(page: str, folder: Path) -> str:
    (folder / "it.pdf").write_bytes(printing.to_pdf(page))
    told = subprocess.run(["pdftotext", "-raw", str(folder / "it.pdf"), "-"], check=True, capture_output=True)
    return told.stdout.decode("utf-8")


def plain(text: str) -> str:
    """Without spaces, line ends and page ends, which paper puts anywhere."""
    return re.sub(r"\s+", "", text)
