"""Which question a column of an export is, and the answer in a line of it.

Columns are headed by names or by labels in either language, with or without the group before them; a question
with several choices has one column, or one for each choice, or both (formpack's `multiple_select`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from spp_workshop.errors import Message, Problem, message
from spp_workshop.messages import LANGUAGES, say
from spp_workshop.reading import is_ticked, plain, read_cell
from spp_workshop.spreadsheets.opening import Unreadable
from spp_workshop.worksheet import ChoiceList, Field, Worksheet
from spp_workshop.xlsform import names

from .exports import Table
from .finding import FoundAnswer, place_name

# Name of a question (or of what a form adds), and the choice that a column is about.
Key = tuple[str, str]
Choices = Mapping[str, ChoiceList]

_GROUPS = f"(?:(?:{names.ANSWERS}|{names.ROWS})[^A-Za-z0-9_]+)?"
_NAME = re.compile(rf"{_GROUPS}(?P<name>[A-Za-z][A-Za-z0-9_]*)(?:/(?P<choice>.+))?", re.DOTALL)
# Ways to read labels without marks between them; more than two say no more than two.
_ENOUGH = 2


class Heads:
    """The columns of a table of an export, as questions of a worksheet."""

    def __init__(self, table: Table, sheet: Worksheet, choices: Choices, source: Worksheet | None = None):
        self.table, self.sheet, self.choices, self.source = table, sheet, choices, source
        self.keys: dict[int, Key] = {}
        self.unknown: dict[int, str] = {}
        labelled = self._labelled()
        for column, text in table.asked().items():
            key = self._named(text) or labelled.get(column)
            if key and key not in self.keys.values():
                self.keys[column] = key
            elif not key and text not in (names.INTRO, names.STAMP):
                self.unknown[column] = text
        self._columns = {key: column for column, key in self.keys.items()}
        self._parts: dict[str, dict[str, int]] = {}
        for (name, choice), column in self._columns.items():
            if choice:
                self._parts.setdefault(name, {})[choice] = column

    def _named(self, text: str) -> Key | None:
        match = _NAME.fullmatch(text)
        if not match:
            return None
        name, choice = match["name"], match["choice"] or ""
        if not choice and name in (names.CODE, names.ROW_OF, names.STAMP):
            return name, ""
        field = self.sheet.by_name.get(name)
        if field is None:
            return None
        code = _codes(self.choices, field).get(choice, "")
        return (name, code) if bool(code) == bool(choice) else None

    def _labelled(self) -> dict[int, Key]:
        """Columns by label. Where questions share one, their columns stand in the order of the form."""
        meant: dict[str, list[Key]] = {}
        for key, text in self._labels():
            meant.setdefault(text, [])
            if key not in meant[text]:
                meant[text].append(key)
        shown: dict[str, list[int]] = {}
        for column, text in self.table.asked().items():
            shown.setdefault(plain(text), []).append(column)
        return {
            column: key
            for text, columns in shown.items()
            if len(meant.get(text, ())) == len(columns)
            for column, key in zip(columns, meant[text], strict=True)
        }

    def _labels(self) -> Iterator[tuple[Key, str]]:
        """Every question, and every choice of one with several, with what may stand at its head."""
        for language in LANGUAGES:
            group = self.sheet.title[language]
            added = {names.CODE: names.code_label()}
            if self.source:
                added[names.ROW_OF] = names.row_label(self.source)
            for name, words in added.items():
                yield from (((name, ""), plain(one + say(words, language))) for one in ("", group))
            for field in self.sheet.questions:
                label = field.label[language]
                yield from (((field.name, ""), plain(one + label)) for one in ("", group))
                if field.kind == "select_multiple":
                    for choice in self.choices[field.list_name].choices:
                        text = label + choice.label[language]
                        yield from (((field.name, choice.name), plain(one + text)) for one in ("", group))

    # --- A line -------------------------------------------------------------------------------------------

    def text(self, line: int, name: str) -> str:
        """What stands in a line in the column of something that a form adds."""
        value = self._value(line, self._column(name))
        return "" if value is None or isinstance(value, Unreadable) else str(value).strip()

    def place(self, line: int, name: str = "") -> str:
        """Where this stands, as Excel calls it; without a name, the beginning of the line."""
        column = self._column(name)
        return place_name((line, 0 if column is None else column))

    def _column(self, name: str) -> int | None:
        return self._columns.get((name, ""))

    def _value(self, line: int, column: int | None) -> Any:
        return None if column is None else self.table.grid.cells.get((line, column))

    def answers(self, line: int) -> dict[str, FoundAnswer]:
        """The answers of a line, by question; None where there is none."""
        asked = {name for name, _ in self.keys.values()}
        return {
            field.name: self._answer(line, field) for field in self.sheet.questions if field.name in asked
        }

    def _answer(self, line: int, field: Field) -> FoundAnswer:
        if field.kind == "select_multiple":
            return self._several(line, field)
        column = self._column(field.name)
        shown = self._value(line, column)
        where = place_name((line, column or 0))
        if isinstance(shown, Unreadable):
            return FoundAnswer(where, shown, _problem(field, _in_error()))
        choices = self.choices.get(field.list_name)
        if choices and isinstance(shown, str):
            shown = _codes(self.choices, field).get(shown, shown)
        return FoundAnswer(where, shown, read_cell(field, choices, shown))

    def _several(self, line: int, field: Field) -> FoundAnswer:
        """An answer from the one column, from those of the choices, or from both if they say the same."""
        column = self._column(field.name)
        parts = self._parts.get(field.name, {})
        places = [*([column] if column is not None else []), *parts.values()]
        where, shown = place_name((line, places[0])), self._value(line, column)
        ticked = self._ticked(line, parts)
        said = _spelled(field, self.choices, shown)
        if ticked is None or isinstance(shown, Unreadable):
            return FoundAnswer(where, shown, _problem(field, _in_error()))
        if column is not None and said is not None:
            shown_in_parts = {code for code in said if code in parts}
            if parts and shown_in_parts != ticked:
                return FoundAnswer(where, shown, _problem(field, _differing()))
            return FoundAnswer(where, shown, self._in_order(field, said))
        if not parts or (shown is not None and not ticked):
            return FoundAnswer(where, shown, _problem(field, _unclear()))
        return FoundAnswer(where, shown, self._in_order(field, ticked))

    def _ticked(self, line: int, parts: Mapping[str, int]) -> set[str] | None:
        """The choices whose columns say yes; None when one of them says neither yes nor no."""
        found = set()
        for code, column in parts.items():
            value = self._value(line, column)
            said = None if isinstance(value, Unreadable) else is_ticked(value)
            if said is None:
                return None
            if said:
                found.add(code)
        return found

    def _in_order(self, field: Field, codes: Sequence[str] | set[str]) -> list[str] | None:
        return [code for code in self.choices[field.list_name].codes if code in codes] or None


def _codes(choices: Choices, field: Field) -> dict[str, str]:
    """By the name of a choice in a form its code."""
    listed = choices.get(field.list_name)
    return {names.choice_name(code): code for code in listed.codes} if listed else {}


def _spelled(field: Field, choices: Choices, shown: Any) -> set[str] | None:
    """The choices that one cell names, with spaces between them: names, or labels; None when unclear."""
    if shown is None or (isinstance(shown, str) and not shown.strip()):
        return set()
    text = str(shown)
    known = _codes(choices, field)
    if all(part in known for part in text.split()):
        return {known[part] for part in text.split()}
    for language in LANGUAGES:
        labels = {code: plain(one.label[language]) for code, one in choices[field.list_name].by_code.items()}
        found = _readings(plain(text), labels)
        if len(found) == 1:
            return set(found[0])
    return None


def _readings(text: str, labels: Mapping[str, str]) -> list[frozenset[str]]:
    """The ways in which a text is labels one after the other, up to two of them."""
    # Of every beginning of the text: what it may be.
    found: dict[int, list[frozenset[str]]] = {0: [frozenset()]}
    for end in range(len(text)):
        for codes in found.get(end, ()):
            for code, label in labels.items():
                if label and code not in codes and text.startswith(label, end):
                    ways = found.setdefault(end + len(label), [])
                    if codes | {code} not in ways and len(ways) < _ENOUGH:
                        ways.append(codes | {code})
    return found.get(len(text), [])


# --- Wording ----------------------------------------------------------------------------------------------


def _problem(field: Field, words: tuple[Message, Message]) -> Problem:
    return Problem("", "unreadable", *words, field=field.name)


def _in_error() -> tuple[Message, Message]:
    return (
        message("This cell holds an error, or neither 1 nor 0."),
        message("Export the file once more, and do not change it."),
    )


def _differing() -> tuple[Message, Message]:
    return (
        message("The column of this question and those of its choices say different things."),
        message("Export the file once more, and do not change it."),
    )


def _unclear() -> tuple[Message, Message]:
    return (
        message("It is not clear which choices these are."),
        message("Export it with XML values and headers."),
    )
