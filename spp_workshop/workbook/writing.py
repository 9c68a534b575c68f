"""The workbook of a company: a cover, a sheet for each worksheet, and what the drop-downs offer."""

from __future__ import annotations

import io
import re
from collections.abc import Sequence
from typing import Any

from spp_workshop.errors import Message, message
from spp_workshop.worksheet import Text

from .cells import Sheet
from .looks import STATES as GROUNDS
from .looks import Looks, broken, height
from .plans import Book, Page
from .sheets import write_sheet
from .tables import write_table
from .texts import LISTS

# What Excel takes of a sheet's name.
LONGEST_NAME = 31
MARKS = "spp_stamp"
# Letters of a sheet's title on a line of the cover.
TITLE_WIDTH = 53
MARGINS = {"left": 0.45, "right": 0.45, "top": 0.55, "bottom": 0.6}
_BRACKETS = re.compile(r"\s*[(\uff08][^(\uff08)\uff09]*[)\uff09]")
# No password: a company that must change more can do so, and what comes home is understood all the same.
ALLOWED = {"format_columns": True, "format_rows": True, "sort": True, "autofilter": True, "insert_rows": True}

_QUIET = {
    "in_memory": True,
    "strings_to_formulas": False,
    "strings_to_urls": False,
    "strings_to_numbers": False,
}


def workbook(book: Book) -> bytes:
    """The company's workbook as a file."""
    import xlsxwriter

    from .growing import GrowingSheet

    stream = io.BytesIO()
    made = xlsxwriter.Workbook(stream, _QUIET)
    looks = Looks(made)
    names = sheet_names(book)
    cover = made.add_worksheet(_cover_name(book))
    sheets = [made.add_worksheet(name, GrowingSheet) for name in names]
    lists = _lists(made, book)
    _cover(Sheet(book, cover, looks, lists), names)
    for page, worksheet in zip(book.pages, sheets, strict=True):
        sheet = Sheet(book, worksheet, looks, lists)
        (write_table if page.sheet.repeats else write_sheet)(sheet, page)
        _finish(worksheet, book, page)
    _stamp(made, book)
    made.close()
    return stream.getvalue()


def sheet_names(book: Book) -> list[str]:
    """The names of the sheets: titles, shortened to what Excel takes, no two alike."""
    taken = {_cover_name(book).casefold(), LISTS, MARKS}
    names = []
    for page in book.pages:
        fitting = name = _tab(book, page)
        number = 2
        while name.casefold() in taken:
            name = f"{fitting[: LONGEST_NAME - 3]} {number}"
            number += 1
        taken.add(name.casefold())
        names.append(name)
    return names


def _tab(book: Book, page: Page) -> str:
    """A title on its tab: whole if it fits, else in the first language alone, without what is in brackets."""
    title = page.sheet.title[book.words.languages[0]]
    tries = (book.words.line(page.sheet.title), title, _BRACKETS.sub("", title))
    return next((_plain(one) for one in tries if _units(_plain(one)) <= LONGEST_NAME), _shortened(tries[-1]))


def _plain(title: str) -> str:
    """A title in letters that the name of a sheet may have."""
    kept = "".join(" " if sign in "[]:*?/\\" else sign for sign in title)
    return " ".join(kept.split()).strip("'").strip() or "sheet"


def _shortened(title: str) -> str:
    """Cut to what Excel takes: after a word, where there are words, and three dots tell it."""
    name = _plain(title)
    if _units(name) <= LONGEST_NAME:
        return name
    while _units(name) > LONGEST_NAME - 1:
        name, cut = name[:-1], name[-1]
    words = name if cut == " " or not cut.isascii() else name.rpartition(" ")[0] or name
    return f"{words.strip(chr(39) + ' ')}…"


def _units(text: str) -> int:
    return len(text.encode("utf-16-le")) // 2


def _cover_name(book: Book) -> str:
    return _shortened(book.words.line(message("Read this first")))


def _finish(worksheet: Any, book: Book, page: Page) -> None:
    worksheet.protect("", ALLOWED)
    worksheet.hide_gridlines(2)
    worksheet.set_paper(9)  # A4
    worksheet.set_margins(**MARGINS)
    worksheet.set_zoom(100)
    footer = f"{book.company.name[book.words.languages[0]]}   {page.sheet.title[book.words.languages[0]]}"
    if any(mark.state in _OPEN for line in page.lines for mark in line.marks.values()):
        worksheet.set_tab_color(GROUNDS["wrong"])
    worksheet.set_footer(f"&L&8{footer.replace('&', '&&')[:180]}&R&8&P / &N")


# --- Drop-downs and stamps, out of sight ------------------------------------------------------------------


def _lists(made: Any, book: Book) -> dict[str, str]:
    """A hidden sheet with what the drop-downs offer; the name of each list's cells, by list."""
    hidden = made.add_worksheet(LISTS)
    hidden.very_hidden()
    hidden.write_string(0, 0, LISTS)
    fields = [column.field for page in book.pages for column in page.columns]
    names = sorted({field.list_name for field in fields if field.list_name})
    known = {}
    for place, name in enumerate(names, start=1):
        labels = book.display.labels(name)
        kept = [labels[one.name] for one in book.choices[name].choices if not one.retired]
        for row, label in enumerate(kept):
            hidden.write_string(row, place, label)
        if kept:
            from xlsxwriter.utility import xl_range_abs

            known[name] = f"list_{name}"
            made.define_name(known[name], f"={LISTS}!{xl_range_abs(0, place, len(kept) - 1, place)}")
    return known


def _stamp(made: Any, book: Book) -> None:
    """Whose workbook this is, twice: on a hidden sheet, and among the properties of the file."""
    hidden = made.add_worksheet(MARKS)
    hidden.very_hidden()
    hidden.write_string(0, 0, book.stamp.text())
    for row, page in enumerate(book.pages, start=1):
        hidden.write_string(row, 0, page.stamp.text())
    title = book.words.line(book.programme.title)
    made.set_properties({"title": title, "subject": book.company.name[book.words.languages[0]], "author": ""})
    made.set_custom_property("spp-workshop", book.stamp.text()[:250], "text")
    made.set_size(2400, 1500)


# --- The cover --------------------------------------------------------------------------------------------

_HOW: Sequence[Message] = (
    message("Fill in the white cells. Where a cell has a drop-down, choose from it."),
    message("At the top of each sheet it is said who reads it."),
    message("Leave empty what you do not know yet. A half-filled workbook is welcome, too."),
    message("When a sheet is finished, say so at its top."),
    message("Save the file, and send it back to the person from whom you got it."),
    message(
        "If a sheet does not let you do something, choose Review, then Unprotect Sheet: there is no password."
        " You may move columns and add rows; what you write is understood all the same."
    ),
    message(
        "Never write about real grievances or reports, or anything by which a person could be recognised."
    ),
)


def _cover(sheet: Sheet, names: Sequence[str]) -> None:
    book, words, looks, worksheet = sheet.book, sheet.words, sheet.looks, sheet.worksheet
    worksheet.set_column(0, 0, 3)
    worksheet.set_column(1, 1, 5)
    worksheet.set_column(2, 2, 52)
    worksheet.set_column(3, 3, 44)
    row = _marks(sheet, _heading(sheet))
    row = _block(sheet, row, message("How to fill it in"), _HOW)
    row = _contents(sheet, row, names)
    row = _block(sheet, row, message("If you need help"), [_contact(book)])
    if book.programme.fictional:
        sheet.worksheet.set_row(row, height(words(book.programme.fictional), 101, 9))
        worksheet.merge_range(row, 1, row, 3, words(book.programme.fictional), looks("soft"))
        row += 1
    worksheet.protect("", ALLOWED)
    worksheet.hide_gridlines(2)
    worksheet.set_paper(9)
    worksheet.set_margins(**MARGINS)
    worksheet.fit_to_pages(1, 1)
    worksheet.print_area(0, 1, row, 3)
    worksheet.set_first_sheet()
    worksheet.activate()


def _heading(sheet: Sheet) -> int:
    book, words, looks, worksheet = sheet.book, sheet.words, sheet.looks, sheet.worksheet
    # So that it is not taken for one of the worksheets that it names.
    sheet.write(0, 0, book.stamp.text(), looks("unseen"))
    worksheet.set_row(0, 10)
    lines = (
        (words(book.programme.title), "cover", 20),
        (words.line(message("Worksheets to fill in")), "company", 14),
        (words.line(book.company.name), "company", 14),
    )
    for row, (text, style, size) in enumerate(lines, start=1):
        worksheet.merge_range(row, 1, row, 3, text, looks(style))
        worksheet.set_row(row, height(text, 101, size))
    due = [page.due for page in book.pages if page.due and page.due.date >= book.made]
    row = len(lines) + 1
    if due:
        first = min(due, key=lambda session: session.date)
        told = message(
            "Please send it back by the day before {date} (“{session}”).",
            date=words.day(first.date),
            session=first.title,
        )
        worksheet.merge_range(row, 1, row, 3, words(told), looks("intro"))
        worksheet.set_row(row, height(words(told), 101))
        row += 1
    return row + 1


# What still has to be seen to in a copy that goes back.
_OPEN = ("wrong", "conflict", "incomplete")
_GROUNDS = (
    (("wrong",), message("Could not be read: please correct it.")),
    (("conflict", "incomplete"), message("Not settled yet: please look at it.")),
    (("new", "changed", "cleared"), message("Read well; nothing to do.")),
)


def _marks(sheet: Sheet, row: int) -> int:
    """In a copy that goes back, what its colours mean."""
    marks = [mark for page in sheet.book.pages for line in page.lines for mark in line.marks.values()]
    counted = [(states[0], text, sum(mark.state in states for mark in marks)) for states, text in _GROUNDS]
    found = [one for one in counted if one[2]]
    if not found:
        return row
    told = message("The reason is in the note at each cell. A coloured tab has something to be looked at.")
    lines = [message("{what} (cells: {count})", what=text, count=count) for _, text, count in found]
    end = _block(sheet, row, message("What was in your file, by colour"), [*lines, told])
    for place, (state, _, _) in enumerate(found, start=1):
        sheet.write(row + place, 1, None, sheet.looks(f"mark_{state}"))
    sheet.write(row + len(found) + 1, 1, None, sheet.looks("soft"))
    return end


def _block(sheet: Sheet, row: int, title: Message, lines: Sequence[Message | Text]) -> int:
    words, looks, worksheet = sheet.words, sheet.looks, sheet.worksheet
    worksheet.merge_range(row, 1, row, 3, words.line(title), looks("part"))
    worksheet.set_row(row, 22)
    for number, line in enumerate(lines, start=1):
        text = words(line)
        if len(lines) > 1:
            sheet.write(row + number, 1, str(number), looks("soft"))
        worksheet.merge_range(row + number, 2, row + number, 3, text, looks("intro"))
        worksheet.set_row(row + number, height(text, 95))
    return row + len(lines) + 2


def _contents(sheet: Sheet, row: int, names: Sequence[str]) -> int:
    """The sheets, each with the session for which it is wanted; a click leads there."""
    words, looks, worksheet = sheet.words, sheet.looks, sheet.worksheet
    worksheet.merge_range(row, 1, row, 3, words.line(message("The sheets")), looks("part"))
    worksheet.set_row(row, 22)
    row += 1
    heads = (message("No."), message("Sheet"), message("Wanted for"))
    for column, head in enumerate(heads, start=1):
        sheet.write(row, column, words(head), looks("head"))
    worksheet.set_row(row, height(words(heads[0]), 5))
    row += 1
    for number, (page, name) in enumerate(zip(sheet.book.pages, names, strict=True), start=1):
        row = _entry(sheet, row, number, page, name)
    return row + 1


def _entry(sheet: Sheet, row: int, number: int, page: Page, name: str) -> int:
    """A sheet in the list. Returns the next free row.

    Each line of its title is a link in a cell of its own: LibreOffice shows a link on one line only, and cuts
    off the rest.
    """
    title = [line for part in sheet.words(page.sheet.title).split("\n") for line in broken(part, TITLE_WIDTH)]
    due, last = _wanted(sheet, page), row + len(title) - 1
    line_height = height("", TITLE_WIDTH)
    left = max(line_height, height(due, 44) - line_height * (len(title) - 1))
    quoted = name.replace("'", "''")
    for place, line in enumerate(title):
        look = sheet.looks(_LINKS[place == 0, place == len(title) - 1])
        sheet.worksheet.write_url(row + place, 2, f"internal:'{quoted}'!A1", look, line)
        sheet.worksheet.set_row(row + place, left if row + place == last else line_height)
    for column, text, style in ((1, str(number), "number"), (3, due, "cell")):
        if last > row:
            sheet.worksheet.merge_range(row, column, last, column, None, sheet.looks(style))
        sheet.write(row, column, text, sheet.looks(style))
    return last + 1


# The look of a line of a title, by whether it is the first, and the last.
_LINKS = {
    (True, True): "link",
    (True, False): "link_first",
    (False, False): "link_inner",
    (False, True): "link_last",
}


def _wanted(sheet: Sheet, page: Page) -> str:
    if not page.due:
        return sheet.words.line(message("At any time"))
    return f"{sheet.words.day(page.due.date)}\n{sheet.words(page.due.title)}"


def _contact(book: Book) -> Message | Text:
    return book.programme.contact or message(
        "Ask the secretariat: {organiser}", organiser=book.programme.organiser
    )
