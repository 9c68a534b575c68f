"""An XLSForm as the Excel workbook that form tools take: text and nothing else in its cells."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Any

from .surveys import Form, Line

# Widths in letters: of codes, and of texts that people read.
_NARROW, _WIDE = 32, 44


def workbook(form: Form) -> bytes:
    """The workbook of a form, with its three sheets."""
    from xlsxwriter import Workbook

    stream = io.BytesIO()
    book = Workbook(stream, {"in_memory": True})
    head = book.add_format(
        {"bold": True, "bg_color": "#E8EEF4", "bottom": 1, "text_wrap": True, "valign": "top"}
    )
    # On one line each, as form makers are used to it: a form's texts are long.
    cell = book.add_format({"valign": "top"})
    for name, lines in (("survey", form.survey), ("choices", form.choices), ("settings", [form.settings])):
        _sheet(book.add_worksheet(name), lines, head, cell)
    book.close()
    return stream.getvalue()


def _sheet(sheet: Any, lines: Sequence[Line], head: Any, cell: Any) -> None:
    columns = columns_of(lines) or ["list_name", "name", "label"]
    for place, column in enumerate(columns):
        sheet.write_string(0, place, column, head)
        sheet.set_column(place, place, _WIDE if "::" in column or column == "form_title" else _NARROW)
        for row, line in enumerate(lines, start=1):
            if line.get(column):
                # Whatever it begins with, it is text: never a formula, never an address.
                sheet.write_string(row, place, str(line[column]), cell)
    sheet.freeze_panes(1, 2 if "name" in columns else 0)


def columns_of(lines: Sequence[Line]) -> list[str]:
    """The columns of some lines, those of `type`, name and label first."""
    found = dict.fromkeys(column for line in lines for column in line)
    last = [column for column in ("relevant", "constraint", "appearance", "calculation") if column in found]
    return [*(column for column in found if column not in last), *last]
