"""Which worksheet a sheet is, and which of its cells belong to which question.

By what is stamped in where that is left, else by titles and labels: sheets are renamed, columns moved, added
and deleted, hidden rows and columns lost, and blocks pasted into a workbook of one's own.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Any

from spp_workshop.errors import message
from spp_workshop.messages import LANGUAGES, say
from spp_workshop.reading import plain
from spp_workshop.spreadsheets.grids import Bounds, Grid
from spp_workshop.worksheet import ChoiceList, Field, Worksheet

from .stamps import Stamp, parse
from .texts import LISTS

# Where stamps, titles and heads stand, even when somebody has put something above them.
TOP = 40
# How far from the left questions stand that are below one another.
_LEFT = 12
# How many cells a merged block may be taken for.
_MOST_MERGED = 20_000

Key = tuple[str, str]  # name of an answer, and which of its cells it is


def stamps_of(grids: Collection[Grid]) -> list[Stamp]:
    """All stamps of a workbook, wherever they stand."""
    found = (parse(value) for grid in grids for (row, _), value in grid.cells.items() if row < TOP)
    return [stamp for stamp in found if stamp]


def stamp_of(grid: Grid) -> Stamp | None:
    """The stamp of a sheet about a worksheet."""
    return next((stamp for stamp in stamps_of([grid]) if stamp.worksheet), None)


def recognise(grid: Grid, sheets: Mapping[str, Worksheet]) -> Worksheet | None:
    """The worksheet that a sheet is, by stamp, title, or the labels of most of its questions."""
    stamps = stamps_of([grid])
    if stamps:
        # The hidden sheet with all of them is none of these.
        return sheets.get(stamps[0].worksheet)
    titles = {plain(value) for (row, _), value in grid.cells.items() if row < TOP and isinstance(value, str)}
    named = [sheet for sheet in sheets.values() if titles & set(_titles(sheet))]
    if len(named) == 1:
        return named[0]
    if named:
        # The cover names them all.
        return None
    if LISTS in grid.cells.values():
        return None
    texts = _at_the_edge(grid)
    counted = {name: _most_labels(texts, set(labels(sheet))) for name, sheet in sheets.items()}
    # Some questions stand on several worksheets: the one with most of them is meant, if there is one.
    best, *others = [*sorted(counted, key=lambda name: -counted[name]), ""]
    enough = best and counted[best] >= min(2, len(sheets[best].questions))
    return sheets[best] if enough and counted[best] > counted.get(others[0], 0) else None


def _at_the_edge(grid: Grid) -> dict[tuple[int, int], str]:
    """The texts above and at the left, where questions stand: not all of what somebody else has written."""
    return {
        (row, column): plain(value.split("\n")[0])
        for (row, column), value in grid.cells.items()
        if isinstance(value, str) and (row < TOP or column < _LEFT)
    }


def _most_labels(texts: Mapping[tuple[int, int], str], names: set[str]) -> int:
    """How many questions stand in one line, or in one column."""
    found: Counter[tuple[str, int]] = Counter()
    for (row, column), text in texts.items():
        if text in names:
            found["row", row] += 1
            found["column", column] += 1
    return max(found.values(), default=0)


def _titles(sheet: Worksheet) -> list[str]:
    return [plain(sheet.title.ja), plain(sheet.title.en), plain(f"{sheet.title.ja}{sheet.title.en}")]


def labels(sheet: Worksheet) -> Mapping[str, str]:
    """By what may stand above or beside a question its name; a label that two have is nobody's."""
    return _labels(tuple((one.name, one.label.ja, one.label.en) for one in sheet.questions))


@lru_cache(maxsize=256)
def _labels(questions: tuple[tuple[str, str, str], ...]) -> Mapping[str, str]:
    found: dict[str, set[str]] = {}
    for name, japanese, english in questions:
        for text in (japanese, english, f"{japanese}{english}", name):
            found.setdefault(plain(text), set()).add(name)
    return {text: min(names) for text, names in found.items() if text and len(names) == 1}


def spread(grid: Grid) -> tuple[Grid, set[tuple[int, int]]]:
    """The sheet with the value of merged cells in each of their lines, and the places that they cover.

    Merged downwards, a value is meant for every line; merged sideways, nothing is said of what is covered.
    """
    cells, covered = dict(grid.cells), set()
    left = _MOST_MERGED
    for top, first, bottom, last in grid.merged:
        bottom = min(bottom, Bounds().rows)  # noqa: PLW2901
        last = min(last, first + 100)  # noqa: PLW2901
        left -= max(0, (bottom - top + 1) * (last - first + 1))
        if left < 0:
            break
        for row in range(top, bottom + 1):
            if (top, first) in grid.cells:
                cells[row, first] = grid.cells[top, first]
            covered |= {(row, column) for column in range(first + 1, last + 1)}
    return replace(grid, cells=cells), covered


# --- Lists ------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Heads:
    """The columns of a list: what each is, those that nobody asked for, and where the lines begin."""

    first: int
    columns: Mapping[int, Key]
    special: Mapping[str, int] = field(default_factory=dict)
    unknown: Mapping[int, str] = field(default_factory=dict)


def heads_of(grid: Grid, sheet: Worksheet, special: Collection[str]) -> Heads | None:
    """The columns of a list; None when nothing in the sheet looks like its heads."""
    rows = _by_row(grid, TOP)
    keys = {row: _keyed(values, sheet, special) for row, values in rows.items()}
    key_row = max(keys, key=lambda row: (len(keys[row]), -row), default=-1)
    heads = {row: _labelled(values, sheet) for row, values in rows.items() if row != key_row or not keys[row]}
    head_row = max(heads, key=lambda row: (len(heads[row]), -row), default=-1)
    keyed = keys.get(key_row, {})
    labelled = heads.get(head_row, {})
    if max(len(keyed), len(labelled)) < min(2, len(sheet.questions)):
        return None
    columns: dict[int, Key] = {}
    for column, key in sorted({**labelled, **keyed}.items()):
        if key not in columns.values():
            columns[column] = key
    questions = {column: key for column, key in columns.items() if not key[0].startswith("#")}
    told = {key[0]: column for column, key in columns.items() if key[0].startswith("#")}
    row = head_row if labelled else key_row
    named = {column: str(value) for column, value in rows.get(row, {}).items() if column not in columns}
    first = max(key_row if keyed else -1, head_row if labelled else -1) + 1
    return Heads(first, questions, told, named)


def _by_row(grid: Grid, most: int) -> dict[int, dict[int, Any]]:
    rows: dict[int, dict[int, Any]] = {}
    for (row, column), value in grid.cells.items():
        if row < most:
            rows.setdefault(row, {})[column] = value
    return rows


def _keyed(values: Mapping[int, Any], sheet: Worksheet, special: Collection[str]) -> dict[int, Key]:
    found: dict[int, Key] = {}
    for column, value in values.items():
        if isinstance(value, str) and (key := key_of(value, sheet, special)):
            found[column] = key
    return found


def key_of(text: str, sheet: Worksheet, special: Collection[str] = ()) -> Key | None:
    """What a hidden name means; None when it names nothing of this worksheet."""
    if text.startswith("#"):
        return (text, "") if text.partition(":")[0] in special else None
    name, _, part = text.partition("#")
    original, _, language = name.partition("@")
    known = original in sheet.by_name and language in ("", *LANGUAGES)
    return (name, part) if known else None


def _labelled(values: Mapping[int, Any], sheet: Worksheet) -> dict[int, Key]:
    names, found = labels(sheet), {}
    for column, value in values.items():
        if not isinstance(value, str):
            continue
        text = plain(value)
        name, part = names.get(text, ""), ""
        if not name:
            # One of several cells side by side: its label and a number.
            cut = re.sub(r"\d{1,2}$", "", text)
            name, part = names.get(cut, ""), text[len(cut) :]
            if name and sheet.by_name[name].kind != "select_multiple":
                name = ""
        if name:
            found[column] = (name, part)
    return found


# --- One answer to each question --------------------------------------------------------------------------


def answers_of(
    grid: Grid, sheet: Worksheet, choices: Mapping[str, ChoiceList], mark: str
) -> dict[tuple[int, int], Key]:
    """The places of the answers of a sheet with one answer to each question."""
    lines = dict(_keyed_lines(grid, sheet)) or dict(_labelled_lines(grid, sheet, choices))
    if not lines:
        return {}
    beside = Counter(column for _, column in lines).most_common(1)[0][0]
    column = _answer_column(grid, mark)
    if column is None:
        column = beside + 1 if not _is_hidden_name(grid, lines, sheet) else beside + 3
    found: dict[tuple[int, int], Key] = {}
    for (row, _), key in sorted(lines.items()):
        if key not in found.values():
            found[row, column] = key
    return found


def _keyed_lines(grid: Grid, sheet: Worksheet) -> Iterator[tuple[tuple[int, int], Key]]:
    """The names of questions in the column that has most of them."""
    found = [
        (place, key)
        for place, value in grid.cells.items()
        if isinstance(value, str) and (key := key_of(value, sheet))
    ]
    columns = Counter(column for (_, column), _ in found)
    for place, key in found:
        if place[1] == columns.most_common(1)[0][0]:
            yield place, key


def _is_hidden_name(grid: Grid, lines: Mapping[tuple[int, int], Key], sheet: Worksheet) -> bool:
    return any(key_of(str(grid.cells.get(place, "")), sheet) for place in lines)


def _labelled_lines(
    grid: Grid, sheet: Worksheet, choices: Mapping[str, ChoiceList]
) -> Iterator[tuple[tuple[int, int], Key]]:
    """The questions by their labels, and below one with several choices the choices by theirs."""
    names = labels(sheet)
    texts = {place: value for place, value in grid.cells.items() if isinstance(value, str)}
    questions = {
        place: name for place, value in texts.items() if (name := names.get(plain(value.split("\n")[0])))
    }
    columns = Counter(column for _, column in questions)
    if not columns:
        return
    column = columns.most_common(1)[0][0]
    asked: Field | None = None
    for row in sorted({row for row, _ in texts}):
        place = (row, column)
        if place in questions:
            asked = sheet.by_name[questions[place]]
            yield place, (asked.name, "")
        elif asked and asked.kind == "select_multiple" and place in texts:
            code = _choice(choices[asked.list_name], texts[place])
            yield from [(place, (asked.name, code))] if code else []


def _choice(choices: ChoiceList, text: str) -> str:
    for choice in choices.choices:
        label = choice.label
        if plain(text) in (plain(label.ja), plain(label.en), plain(f"{label.ja}{label.en}")):
            return choice.name
    return ""


def _answer_column(grid: Grid, mark: str) -> int | None:
    """The column that says of itself that the answers are in it."""
    said = {plain(say(ANSWER, language)) for language in LANGUAGES}
    both = plain("".join(say(ANSWER, language) for language in LANGUAGES))
    rows = [row for (row, _), value in grid.cells.items() if value == mark]
    for (row, column), value in sorted(grid.cells.items()):
        in_row = row in rows or (not rows and row < TOP)
        if in_row and isinstance(value, str) and plain(value) in (*said, both):
            return column
    return None


ANSWER = message("Your answer")
