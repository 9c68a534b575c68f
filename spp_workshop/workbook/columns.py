"""The cells of a question, and what they show of an answer.

A question has one cell. One with several choices has more: in a list a few cells side by side, each with a
drop-down; else a line for each choice, to be ticked.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from spp_workshop.messages import LANGUAGES
from spp_workshop.reading import NOT_TICKED, TICK, TICKED, offered
from spp_workshop.worksheet import ChoiceList, Field, Worksheet

from .wording import Wording

# Cells side by side for a question with several choices; more where an answer has more.
SLOTS = 3

# Excel counts days from here, and wrongly before the first of March 1900.
FIRST_DAY = "1900-03-01"


@dataclass(frozen=True)
class Column:
    """One cell of a question: `name` is the answer that it belongs to, `part` which of its cells it is."""

    field: Field
    name: str
    part: str = ""

    @property
    def key(self) -> str:
        """What names the cell out of sight."""
        return f"{self.name}#{self.part}" if self.part else self.name


def columns_of(
    sheet: Worksheet,
    choices: Mapping[str, ChoiceList],
    answers: Iterable[Mapping[str, Any]],
    languages: str = ",".join(LANGUAGES),
) -> list[Column]:
    """The cells of a worksheet, in order, for these answers: with translations and all their choices.

    A translation has a cell where there is one, and the workbook speaks its language.
    """
    stored = list(answers)
    translated = {name for one in stored for name in one if name.partition("@")[2] in languages.split(",")}
    found: list[Column] = []
    for field in sheet.questions:
        if field.kind == "select_multiple":
            found += _several(sheet, field, choices[field.list_name], stored)
        else:
            names = [f"{field.name}@{language}" for language in LANGUAGES]
            found += [
                Column(field, name)
                for name in (field.name, *names)
                if name not in names or name in translated
            ]
    return found


def _several(
    sheet: Worksheet, field: Field, choices: ChoiceList, stored: Sequence[Mapping[str, Any]]
) -> list[Column]:
    given: list[list[str]] = [one.get(field.name) or [] for one in stored]
    if sheet.repeats:
        most = max([SLOTS, *(len(codes) for codes in given)])
        return [
            Column(field, field.name, str(number + 1))
            for number in range(min(most, max(len(choices.choices), 1)))
        ]
    chosen = {code for codes in given for code in codes}
    lines = [choice.name for choice in choices.choices if not choice.retired or choice.name in chosen]
    return [Column(field, field.name), *(Column(field, field.name, code) for code in lines)]


class Display:
    """What the cells of one workbook show."""

    def __init__(self, choices: Mapping[str, ChoiceList], words: Wording):
        self.choices, self.words = choices, words
        self._labels: dict[str, dict[str, str]] = {}

    def labels(self, list_name: str) -> dict[str, str]:
        """By code what the drop-downs of a list show."""
        if list_name not in self._labels:
            self._labels[list_name] = offered(self.choices[list_name], self.words.languages)
        return self._labels[list_name]

    def cell(self, column: Column, answers: Mapping[str, Any]) -> Any:
        """The value of a cell: a text, a number, a date, or None."""
        value = answers.get(column.name)
        if value is None:
            return None
        if column.field.kind == "select_multiple":
            return self._one_of_several(column, value)
        return self.value(column.field, value)

    def value(self, field: Field, value: Any) -> Any:
        """A stored answer as one cell shows it."""
        if field.kind == "select_multiple":
            return "\n".join(self.labels(field.list_name).get(code, code) for code in value)
        if field.kind == "select_one":
            return self.labels(field.list_name).get(value, value)
        if field.kind == "acknowledge":
            return self.words.line(TICKED if value else NOT_TICKED)
        if field.kind == "date" and value >= FIRST_DAY:
            return date.fromisoformat(value)
        return value

    def _one_of_several(self, column: Column, codes: Sequence[str]) -> Any:
        if not column.part:
            return None
        if not column.part.isdigit():
            return TICK if column.part in codes else None
        place = int(column.part) - 1
        return (
            self.labels(column.field.list_name).get(codes[place], codes[place])
            if place < len(codes)
            else None
        )


def shows(value: Any) -> Any:
    """What a cell shows, to be compared with what a file holds: days are days, numbers numbers."""
    if isinstance(value, datetime):
        return value.date().isoformat() if value.time() == datetime.min.time() else value.isoformat()
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value.replace("\r\n", "\n").strip() if isinstance(value, str) else value
