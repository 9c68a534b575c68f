"""A worksheet that is a list, as a sheet: a line for each row, a column for each question.

row 0      the stamp, hidden
row 1      title
row 2      introduction, and who sees it
row 3      finished?
row 4      what each column is, hidden
row 5      the questions; what stands above scrolls with nothing
row 6, 7   hints and examples
row 8 on   the lines, the first two columns hidden: id and revision
"""

from __future__ import annotations

import math
from typing import Any

from spp_workshop.errors import message
from spp_workshop.worksheet import Field

from .cells import Sheet
from .columns import Column
from .looks import LONG, WIDTHS, height
from .plans import Line, Page
from .texts import ANOTHER, FINISHED, FINISHED_KEY, hint_of, notice_of, same_number

STAMP, TITLE, INTRO, FINISH, KEYS, HEAD, HINT, EXAMPLE, FIRST = range(9)
ROW_KEY, REVISION_KEY, NUMBER_KEY, CARRIED_KEY = "#row", "#revision", "#number", "#carried"
HINT_KEY, EXAMPLE_KEY, MORE_KEY = "#hint", "#example", "+"
ID, REVISION, NUMBER, BEGIN = range(4)

# Of an empty line, in points; it grows with what is typed. A list that is hardly filled in fits on a page.
ROOM, LITTLE_ROOM = 27.0, 21.0

# In letters: what an A4 page on its side holds so that it can be read, and what is seen without scrolling.
PAGE_WIDTH, SEEN = 170, 110
# What an upright page holds.
UPRIGHT = 80
# By how much a column may be wider than usual, and how wide it is where whether a list is finished is said.
WIDEST, FINISH_WIDTH = 2.5, 22


def write_table(sheet: Sheet, page: Page) -> None:
    """Write a list into its sheet."""
    widths = _widths(page)
    _columns(sheet, widths)
    _top(sheet, page, widths)
    _heads(sheet, page, widths)
    last = FIRST + len(page.lines) + page.more - 1
    for place, line in enumerate(page.lines):
        _line(sheet, page, FIRST + place, line, widths)
    for place in range(page.more):
        _more(sheet, page, FIRST + len(page.lines) + place, place + 1)
    for place, column in enumerate(page.columns):
        sheet.rules(FIRST, last, BEGIN + len(page.carried) + place, column, help_text=True)
    _print(sheet, page, widths)


def _widths(page: Page) -> list[float]:
    """How wide the columns are; a list of few questions spreads out, and its introduction above it, too."""
    widths = [*map(_width, page.carried), *map(_width, page.columns)]
    wider = min(WIDEST, max(1.0, SEEN / sum(widths, 7.0)))
    return [width * wider for width in widths]


def _width(one: Field | Column) -> float:
    field = one.field if isinstance(one, Column) else one
    if isinstance(one, Field):
        return 20
    if field.kind == "text" and field.appearance == "multiline":
        return LONG
    return WIDTHS.get(field.kind, WIDTHS["select_one"])


def _columns(sheet: Sheet, widths: list[float]) -> None:
    sheet.worksheet.set_column(ID, REVISION, 10, sheet.looks("hidden"), {"hidden": True})
    sheet.worksheet.set_column(NUMBER, NUMBER, 7)
    for place, width in enumerate(widths):
        sheet.worksheet.set_column(BEGIN + place, BEGIN + place, width)
    if len(widths) == 1:
        sheet.worksheet.set_column(BEGIN + 1, BEGIN + 1, FINISH_WIDTH)


def _top(sheet: Sheet, page: Page, widths: list[float]) -> None:
    words, worksheet = sheet.words, sheet.worksheet
    worksheet.set_row(STAMP, None, None, {"hidden": True})
    sheet.write(STAMP, ID, page.stamp.text(), sheet.looks("hidden"))
    title = words.line(page.sheet.title)
    worksheet.set_row(TITLE, 26)
    sheet.write(TITLE, NUMBER, title, sheet.looks("title"))
    across, seen = 0, 7.0
    while across < len(widths) and (seen < SEEN or across < 2):
        seen, across = seen + widths[across], across + 1
    texts = (words(page.sheet.intro), _same_number(sheet, page), words(notice_of(page.sheet)))
    text = "\n".join(filter(None, texts))
    worksheet.merge_range(INTRO, NUMBER, INTRO, NUMBER + across, text, sheet.looks("intro"))
    worksheet.set_row(INTRO, height(text, seen))
    _finish(sheet, page, widths)


def _same_number(sheet: Sheet, page: Page) -> str:
    return sheet.words(same_number(page.source)) if page.source else ""


def _finish(sheet: Sheet, page: Page, widths: list[float]) -> None:
    # Bold letters are wider.
    needed = height(sheet.words.line(FINISHED), widths[0] * 0.85)
    sheet.worksheet.set_row(FINISH, max(20.0, needed))
    sheet.write(FINISH, ID, FINISHED_KEY, sheet.looks("hidden"))
    sheet.finished(FINISH, BEGIN, page)


def _heads(sheet: Sheet, page: Page, widths: list[float]) -> None:
    words, looks = sheet.words, sheet.looks
    sheet.worksheet.set_row(KEYS, None, None, {"hidden": True})
    for place, key in enumerate((ROW_KEY, REVISION_KEY, NUMBER_KEY)):
        sheet.write(KEYS, place, key, looks("hidden"))
    sheet.write(HEAD, NUMBER, words(message("No.")), looks("head"))
    for row, key, name in ((HINT, HINT_KEY, message("Hint")), (EXAMPLE, EXAMPLE_KEY, message("Example"))):
        sheet.write(row, ID, key, looks("hidden"))
        sheet.write(row, NUMBER, words(name), looks("hint"))
    tall = [20.0, 20.0, 20.0]
    everything: list[Field | Column] = [*page.carried, *page.columns]
    for place, one in enumerate(everything):
        texts = _head(sheet, page, one)
        key = one.key if isinstance(one, Column) else f"{CARRIED_KEY}:{one.name}"
        sheet.write(KEYS, BEGIN + place, key, looks("hidden"))
        for row, text, style in zip((HEAD, HINT, EXAMPLE), texts, ("head", "hint", "hint"), strict=True):
            sheet.write(row, BEGIN + place, text, looks(style))
        sizes = (10, 9, 9)
        tall = [
            max(one, height(text, widths[place], size))
            for one, text, size in zip(tall, texts, sizes, strict=True)
        ]
    for row, needed in zip((HEAD, HINT, EXAMPLE), tall, strict=True):
        sheet.worksheet.set_row(row, needed)


def _head(sheet: Sheet, page: Page, one: Field | Column) -> tuple[str, str, str]:
    """Label, hint and example of a column."""
    words = sheet.words
    if isinstance(one, Field):
        return words(one.label), words(message("From an earlier worksheet; nothing to write here.")), ""
    field, label = one.field, words(one.field.label)
    if "@" in one.name:
        return f"{label}\n{words(message('(translation)'))}", "", ""
    if one.part not in ("", "1"):
        return f"{label} ({one.part})", words(ANOTHER), ""
    label = f"{label} ({one.part})" if one.part else label
    if field.required:
        label = f"{label} *"
    return label, hint_of(words, page.sheet, field, sheet.display), _example(sheet, field)


def _example(sheet: Sheet, field: Field) -> str:
    sector = field.sector_examples.get(sheet.book.company.sector)
    return sheet.words(sector or field.example) if (sector or field.example) else ""


def _line(sheet: Sheet, page: Page, row: int, line: Line, widths: list[float]) -> None:
    looks = sheet.looks
    sheet.write(row, ID, line.row, looks("hidden"))
    sheet.write(row, REVISION, line.revision, looks("hidden"))
    _number(sheet, row, line)
    for place, field in enumerate(page.carried):
        value = line.carried.get(field.name)
        shown = None if value is None else sheet.display.value(field, value)
        sheet.write(row, BEGIN + place, str(shown) if shown is not None else None, looks("carried"))
    for place, column in enumerate(page.columns):
        sheet.answer(row, BEGIN + len(page.carried) + place, column, line)
    sheet.worksheet.set_growing_row(row, _height(sheet, page, line, widths))


def _number(sheet: Sheet, row: int, line: Line) -> None:
    """The number, and below it the row's code as on paper; an empty line takes a code from there."""
    code = sheet.book.codes.get(line.row)
    look = sheet.looks.answer("number") if line.reserved else sheet.looks("number")
    sheet.write(row, NUMBER, f"{line.number}\n{code}" if code else line.number, look)


def _height(sheet: Sheet, page: Page, line: Line, widths: list[float]) -> float:
    shown = [
        sheet.display.value(one, line.carried[one.name]) if one.name in line.carried else ""
        for one in page.carried
    ]
    shown += [line.given.get(one.key, sheet.display.cell(one, line.answers)) for one in page.columns]
    return max([ROOM, *(height(str(text or ""), width) for text, width in zip(shown, widths, strict=True))])


def _more(sheet: Sheet, page: Page, row: int, number: int) -> None:
    """An empty line that belongs to the one whose number is written into it."""
    looks = sheet.looks
    sheet.write(row, ID, f"{MORE_KEY}{number}", looks("hidden"))
    sheet.write(row, NUMBER, None, looks.answer("number"))
    for place, _ in enumerate(page.carried):
        sheet.write(row, BEGIN + place, None, looks("carried"))
    for place, column in enumerate(page.columns):
        sheet.answer(row, BEGIN + len(page.carried) + place, column, Line(""))
    sheet.worksheet.set_growing_row(row, LITTLE_ROOM)


def _print(sheet: Sheet, page: Page, widths: list[float]) -> None:
    worksheet: Any = sheet.worksheet
    # The number and the first column stay, on the screen and on every page.
    kept = BEGIN + 1 if widths and widths[0] <= LONG else BEGIN
    worksheet.freeze_panes(HEAD + 1, kept)
    if sum(widths) <= UPRIGHT:
        worksheet.set_portrait()
    else:
        worksheet.set_landscape()
    worksheet.fit_to_pages(max(1, math.ceil(sum(widths) / PAGE_WIDTH)), 0)
    worksheet.repeat_rows(HEAD)
    worksheet.repeat_columns(NUMBER, kept - 1)
    # The cell where it is said whether the list is finished stands in the second column, though there be one.
    last = BEGIN + max(len(widths), 2) - 1
    worksheet.print_area(TITLE, NUMBER, FIRST + len(page.lines) + page.more - 1, last)
