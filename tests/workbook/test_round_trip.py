"""Answers go out in a workbook and come home as they were, for every worksheet and in both languages."""

from __future__ import annotations

import io
import os
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from openpyxl import load_workbook

from spp_workshop.answers import UnreadableError, read_value
from spp_workshop.documents import shipped
from spp_workshop.homework import company_worksheets
from spp_workshop.messages import Language
from spp_workshop.visibility import BUILT_IN
from spp_workshop.workbook.applying import apply
from spp_workshop.workbook.columns import columns_of
from spp_workshop.workbook.plans import Book, Line, Page, plan
from spp_workshop.workbook.writing import workbook
from spp_workshop.worksheet import ChoiceList, Field, Worksheet, load_choices, load_worksheets
from spp_workshop.workshop import Workshop

from .edited import judged

LISTS = load_choices(shipped("worksheets") / "choices")
ALL = load_worksheets(shipped("worksheets"), lists=LISTS)
SHEETS = {name: one for name, one in ALL.items() if one.subject == "company" and name not in BUILT_IN}
ROUNDS = int(os.environ.get("SPP_ROUNDS", "3"))
LANGUAGES: list[tuple[Language, ...]] = [("ja",), ("en",), ("ja", "en")]

TRICKY = ["=1+1", "+81-3", "-5", "@cmd", "007", "1-2", "令和8年1月20日", "_x0041_", "𠮷髙﨑①㈱", "a\tb\n\n=c",
          "#N/A",
          "TRUE", "2026-01-20", "12.0", "'x", "\ufeffx", "x\u2028y", "\ufffe", "<a>&amp;",
          "\u200b"]  # fmt: skip


def texts() -> st.SearchStrategy[str]:
    written = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=60)
    return st.one_of(written, st.sampled_from(TRICKY), st.text("あア漢a1 　\n", min_size=1, max_size=400))


def answer_to(field: Field, lists: Mapping[str, ChoiceList]) -> st.SearchStrategy[Any]:
    if field.list_name:
        codes = lists[field.list_name].codes
        one = st.sampled_from(codes)
        return (
            one if field.kind == "select_one" else st.lists(one, min_size=1, max_size=len(codes), unique=True)
        )
    return {
        "text": texts(),
        "integer": st.integers(-(10**14), 10**14),
        "decimal": st.decimals(-(10**6), 10**6, places=6).map(float),
        "date": st.dates(date(1868, 1, 25), date(2200, 1, 1)).map(date.isoformat),
        "acknowledge": st.booleans(),
    }[field.kind]


@st.composite
def rows_of(draw: st.DrawFn, sheet: Worksheet) -> list[dict[str, Any]]:
    """Answers as they are stored, of one to four rows; a text may have its translation."""
    found = []
    for _ in range(draw(st.integers(1, 4)) if sheet.repeats else 1):
        row: dict[str, Any] = {}
        for field in sheet.questions:
            names = [field.name, *([f"{field.name}@en"] if field.kind == "text" else [])]
            for name in names:
                if draw(st.integers(0, 3)):
                    row[name] = stored(field, draw(answer_to(field, LISTS)))
        found.append({name: value for name, value in row.items() if value is not None})
    return found


def stored(field: Field, typed: Any) -> Any:
    try:
        return read_value(field, typed, LISTS)
    except UnreadableError:
        return None


def filled_in(book: Book, name: str, rows: list[dict[str, Any]]) -> Book:
    """The workbook with these answers in the first lines of one worksheet, and no other worksheet."""
    (page,) = [page for page in book.pages if page.sheet.name == name]
    own = [*page.lines, *(Line(page.stamp.reserved(100 + more), "+") for more in range(4))]
    lines = [replace(line, answers=row) for line, row in zip(own, rows, strict=False)]
    columns = columns_of(page.sheet, book.choices, rows)
    changed: Page = replace(page, columns=columns, lines=[*lines, *own[len(lines) :]])
    return replace(book, pages=[changed])


def came_home(workshop: Workshop, content: bytes, name: str) -> list[dict[str, Any]]:
    found = judged(workshop, content)
    assert [
        (one.cell, one.state, one.name) for one in found.told if one.state not in ("new", "unchanged")
    ] == []
    return [answers for (sheet, _), answers in found.changes().items() if sheet == name]


@pytest.mark.parametrize("languages", LANGUAGES, ids="-".join)
@pytest.mark.parametrize("name", SHEETS)
def test_answers_come_home_as_they_were(
    workshop: Workshop, name: str, languages: tuple[Language, ...]
) -> None:
    book = plan(workshop, workshop.programme.company("alpha"), languages)

    @settings(max_examples=ROUNDS, suppress_health_check=list(HealthCheck), database=None)
    @given(rows_of(SHEETS[name]))
    def goes_round(rows: list[dict[str, Any]]) -> None:
        content = workbook(filled_in(book, name, rows))
        assert came_home(workshop, content, name) == [row for row in rows if row]

    goes_round()


def everything(
    workshop: Workshop, languages: tuple[Language, ...]
) -> tuple[bytes, dict[str, list[dict[str, Any]]]]:
    """A workbook with every worksheet filled in, and what is in it."""
    book = plan(workshop, workshop.programme.company("alpha"), languages)
    answers = {sheet.name: a_row_of_each_kind(sheet) for sheet in company_worksheets(workshop)}
    pages = [filled_in(book, name, rows).pages[0] for name, rows in answers.items()]
    return workbook(replace(book, pages=pages)), answers


def a_row_of_each_kind(sheet: Worksheet) -> list[dict[str, Any]]:
    rows = []
    for number in range(3 if sheet.repeats else 1):
        row = {}
        for place, field in enumerate(sheet.questions):
            codes = LISTS[field.list_name].codes if field.list_name else []
            tricky = [
                text for text in TRICKY if text not in ("\ufffe", "#N/A", "x\u2028y", "\ufeffx", "\u200b")
            ]
            row[field.name] = stored(field, {
                "text": f"{tricky[(place + number) % len(tricky)]} {number}", "integer": 12 + number,
                "decimal": 1.5, "date": "2026-01-20", "acknowledge": True,
                "select_one": codes[number % len(codes)] if codes else "",
                "select_multiple": codes[: 1 + number * 2],
            }[field.kind])  # fmt: skip
        rows.append(row)
    return rows


@pytest.mark.parametrize("languages", LANGUAGES, ids="-".join)
def test_a_whole_workbook_goes_through_the_store_and_out_again(
    workshop: Workshop, alpha: Workshop, languages: tuple[Language, ...]
) -> None:
    content, answers = everything(workshop, languages)
    apply(workshop, judged(workshop, content))
    for name, rows in answers.items():
        assert [row.answers for row in alpha.rows(name) if row.revision] == rows, name
    again = workbook(plan(workshop, workshop.programme.company("alpha"), languages))
    assert {one.state for one in judged(workshop, again).told} == {"unchanged"}


def test_a_workbook_that_openpyxl_saved_again(workshop: Workshop) -> None:
    content, answers = everything(workshop, ("ja",))
    stream = io.BytesIO()
    load_workbook(io.BytesIO(content)).save(stream)
    for name, rows in answers.items():
        assert came_home(workshop, stream.getvalue(), name) == rows, name


SOFFICE = shutil.which("soffice")


@pytest.mark.skipif(not SOFFICE, reason="LibreOffice is not installed")
@pytest.mark.parametrize("languages", LANGUAGES, ids="-".join)
def test_a_workbook_that_libreoffice_saved_again(
    workshop: Workshop, tmp_path: Path, languages: tuple[Language, ...]
) -> None:
    content, answers = everything(workshop, languages)
    (tmp_path / "in.xlsx").write_bytes(content)
    words = ["--headless", f"-env:UserInstallation=file://{tmp_path}/profile", "--convert-to", "xlsx"]
    subprocess.run(
        [str(SOFFICE), *words, "--outdir", str(tmp_path / "out"), str(tmp_path / "in.xlsx")],
        check=True,
        capture_output=True,
    )
    saved = (tmp_path / "out" / "in.xlsx").read_bytes()
    for name, rows in answers.items():
        assert came_home(workshop, saved, name) == rows, name
