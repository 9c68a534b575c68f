"""The copy that goes back to a company: a fresh workbook of ours with their answers, marked, and why.

Their own file is never touched. The copy can be filled in and sent back like any other.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from spp_workshop.errors import Message, message
from spp_workshop.messages import LANGUAGES, Language
from spp_workshop.spreadsheets.opening import Unreadable
from spp_workshop.workshop import Workshop

from .columns import shows
from .comparing import STORED, Judged, Told
from .plans import Book, Line, Mark, Page, plan
from .writing import workbook


def annotated(workshop: Workshop, judged: Judged) -> bytes:
    """The company's workbook as of now, with what came back in it and every cell marked of which something
    is to be said."""
    stamp = judged.stamp
    languages: list[Language] = [one for one in LANGUAGES if stamp and one in stamp.languages.split(",")]
    export = stamp.export if stamp else ""
    book = plan(workshop, judged.company, languages or ["ja"], export=export)
    by_page: dict[str, list[Told]] = {}
    for one in judged.told:
        if one.name and one.state != "unchanged":
            by_page.setdefault(one.worksheet, []).append(one)
    pages = [_marked(book, page, by_page.get(page.sheet.name, [])) for page in book.pages]
    return workbook(replace(book, pages=pages))


def _marked(book: Book, page: Page, told: list[Told]) -> Page:
    by_row: dict[str, list[Told]] = {}
    for one in told:
        by_row.setdefault(one.row, []).append(one)
    lines = [_line(book, page, line, by_row.pop(line.row, [])) for line in page.lines]
    added = [_line(book, page, Line(row, "+"), cells) for row, cells in by_row.items()]
    filled = sum(bool(line.revision or line.answers or line.given) for line in lines)
    return replace(page, lines=[*lines[:filled], *added, *lines[filled:]] if added else lines)


def _line(book: Book, page: Page, line: Line, told: list[Told]) -> Line:
    answers = dict(line.answers)
    given: dict[str, Any] = {}
    marks: dict[str, Mark] = {}
    for one in told:
        key = _key(page, one)
        if one.state in STORED:
            answers[one.name] = one.value
        elif one.state in ("wrong", "conflict"):
            field = page.sheet.by_name[one.name.partition("@")[0]]
            told_value = one.shown if one.shown is not None else _value(book, field, one.value)
            given[key] = None if isinstance(one.shown, Unreadable) else _writable(told_value)
        marks[key] = Mark(one.state, _reason(book, page, one))
    return replace(line, answers=answers, given=given, marks=marks)


def _key(page: Page, told: Told) -> str:
    """The cell of ours for a cell of theirs."""
    own = [column.key for column in page.columns if column.name == told.name]
    wanted = f"{told.name}#{told.part}" if told.part else told.name
    if wanted in own:
        return wanted
    parts = [key for key in own if "#" in key]
    return (parts or own or [wanted])[0]


def _value(book: Book, field: Any, value: Any) -> Any:
    return None if value is None else book.display.value(field, value)


def _writable(value: Any) -> Any:
    value = shows(value)
    return value if value is None or isinstance(value, (str, int, float)) else str(value)


def _reason(book: Book, page: Page, told: Told) -> Message | None:
    if told.reason is None:
        return None
    if told.state == "conflict" and told.stored is not None:
        field = page.sheet.by_name[told.name.partition("@")[0]]
        stored = str(shows(_value(book, field, told.stored)))
        return message("{reason} Stored is: {stored}", reason=told.reason, stored=stored)
    if told.remedy is not None and told.state != "conflict":
        return message("{reason} {remedy}", reason=told.reason, remedy=told.remedy)
    return told.reason
