"""A worksheet with one answer to each question, as a sheet: question on the left, answer beside it.

row 0      the stamp, hidden
row 1      title; stays when the sheet is scrolled
row 2      introduction, and who sees it
row 3      finished?
row 4      what each column is
row 5 on   the questions; the first column, hidden, names them
"""

from __future__ import annotations

from spp_workshop.errors import message
from spp_workshop.worksheet import Field

from .cells import Sheet
from .columns import Column
from .looks import breadth, height
from .plans import Page
from .texts import FINISHED_KEY, hint_of, notice_of

STAMP, TITLE, INTRO, FINISH, HEAD, FIRST = range(6)
KEY, NUMBER, QUESTION, ANSWER, HELP = range(5)
ANSWER_KEY = "#answer"
WIDTHS = {NUMBER: 5, QUESTION: 40, ANSWER: 44, HELP: 40}
WHOLE = float(sum(WIDTHS.values()))


def write_sheet(sheet: Sheet, page: Page) -> None:
    """Write the questions and answers into their sheet."""
    sheet.worksheet.set_column(KEY, KEY, 10, sheet.looks("hidden"), {"hidden": True})
    for column, width in WIDTHS.items():
        sheet.worksheet.set_column(column, column, width)
    _top(sheet, page)
    parts: dict[str, list[Column]] = {}
    for cell in page.columns:
        parts.setdefault(cell.field.name, []).append(cell)
    row, number = FIRST, 0
    for field in page.sheet.fields:
        if field.kind == "note":
            row = _section(sheet, row, field)
        else:
            number += 1
            sheet.write(row, NUMBER, str(number), sheet.looks("number"))
            row = _question(sheet, page, row, parts[field.name])
    _print(sheet, row - 1)


def _top(sheet: Sheet, page: Page) -> None:
    words, looks, worksheet = sheet.words, sheet.looks, sheet.worksheet
    worksheet.set_row(STAMP, None, None, {"hidden": True})
    sheet.write(STAMP, KEY, page.stamp.text(), looks("hidden"))
    worksheet.set_row(TITLE, 26)
    sheet.write(TITLE, NUMBER, words.line(page.sheet.title), looks("title"))
    text = f"{words(page.sheet.intro)}\n{words(notice_of(page.sheet))}"
    worksheet.merge_range(INTRO, NUMBER, INTRO, HELP, text, looks("intro"))
    worksheet.set_row(INTRO, height(text, WHOLE))
    sheet.write(FINISH, KEY, FINISHED_KEY, looks("hidden"))
    sheet.finished(FINISH, QUESTION, page)
    heads = {
        NUMBER: message("No."),
        QUESTION: message("Question"),
        ANSWER: message("Your answer"),
        HELP: message("Example, and why it is asked"),
    }
    sheet.write(HEAD, KEY, ANSWER_KEY, looks("hidden"))
    for column, head in heads.items():
        sheet.write(HEAD, column, words.line(head), looks("head"))


def _section(sheet: Sheet, row: int, field: Field) -> int:
    looks, words = sheet.looks, sheet.words
    text = words.line(field.label)
    # A heading, or a whole paragraph.
    is_prose = breadth(text) > WHOLE / 2
    text = words(field.label) if is_prose else text
    sheet.worksheet.merge_range(row, NUMBER, row, HELP, text, looks("prose" if is_prose else "section"))
    sheet.worksheet.set_row(row, height(text, WHOLE, 10 if is_prose else 11))
    if field.hint:
        text = words(field.hint)
        sheet.worksheet.merge_range(row + 1, NUMBER, row + 1, HELP, text, looks("note"))
        sheet.worksheet.set_row(row + 1, height(text, WHOLE, 9))
        return row + 2
    return row + 1


def _question(sheet: Sheet, page: Page, row: int, columns: list[Column]) -> int:
    """A question with its answer, or with the choices to tick below it. Returns the next free row."""
    looks, line, field = sheet.looks, page.lines[0], columns[0].field
    sheet.write(row, HELP, _help(sheet, field), looks("hint"))
    _asked(sheet, page, row, field)
    _grow(sheet, page, row, columns[0])
    for place, column in enumerate(columns):
        below = row + place
        sheet.write(below, KEY, column.key, looks("hidden"))
        if field.kind == "select_multiple" and not column.part:
            sheet.write(below, ANSWER, sheet.words.line(message("Tick all that apply (○)")), looks("hint"))
            continue
        sheet.answer(below, ANSWER, column, line)
        sheet.rules(below, below, ANSWER, column, help_text=False)
        if place:
            _choice(sheet, below, column)
            _grow(sheet, page, below, column)
    return row + len(columns)


def _asked(sheet: Sheet, page: Page, row: int, field: Field) -> None:
    """The question, whether it is required, and the hint below it, in one cell."""
    words, looks = sheet.words, sheet.looks
    parts = [looks("bold"), words(field.label)]
    if field.required:
        parts += [looks("need"), " *"]
    if hint := hint_of(words, page.sheet, field, sheet.display):
        parts += [looks("small"), f"\n{hint}"]
    if len(parts) == 2:
        sheet.write(row, QUESTION, parts[1], looks("question"))
    else:
        sheet.worksheet.write_rich_string(row, QUESTION, *parts, looks("question"))


def _grow(sheet: Sheet, page: Page, row: int, column: Column) -> None:
    """A line as high as the longest of its texts."""
    field, line, is_question = column.field, page.lines[0], not column.part and "@" not in column.name
    answer = line.given.get(column.key, sheet.display.cell(column, line.answers))
    needed = [height(str(answer or ""), WIDTHS[ANSWER])]
    if is_question:
        label, hint = sheet.words(field.label), hint_of(sheet.words, page.sheet, field, sheet.display)
        below = height(hint, WIDTHS[QUESTION], 9) if hint else 0
        needed.append(height(f"{label} *", WIDTHS[QUESTION]) + below)
        needed.append(height(_help(sheet, field), WIDTHS[HELP], 9))
    sheet.worksheet.set_growing_row(row, max(needed))


def _choice(sheet: Sheet, row: int, column: Column) -> None:
    """The name of a choice, or of a translation, left of its cell."""
    words, looks = sheet.words, sheet.looks
    if "@" in column.name:
        sheet.write(row, QUESTION, words.line(message("(translation)")), looks("choice"))
        sheet.write(row, HELP, None, looks("hint"))
    else:
        choice = sheet.display.choices[column.field.list_name].by_code.get(column.part)
        label = sheet.display.labels(column.field.list_name).get(column.part, column.part)
        sheet.write(row, QUESTION, label, looks("choice"))
        sheet.write(row, HELP, words(choice.hint) if choice and choice.hint else None, looks("hint"))
    sheet.write(row, NUMBER, None, looks("number"))


def _help(sheet: Sheet, field: Field) -> str:
    sector = field.sector_examples.get(sheet.book.company.sector) or field.example
    parts = [message("Example: {example}", example=sector)] if sector else []
    parts += [message("Why: {why}", why=field.why)] if field.why else []
    return "\n".join(map(sheet.words, parts))


def _print(sheet: Sheet, last: int) -> None:
    worksheet = sheet.worksheet
    worksheet.freeze_panes(TITLE + 1, 0)
    worksheet.set_portrait()
    worksheet.fit_to_pages(1, 0)
    worksheet.repeat_rows(TITLE)
    worksheet.print_area(TITLE, NUMBER, last, HELP)
