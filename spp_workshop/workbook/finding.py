"""The rows and answers in a file that came back: read, with their places, and not yet compared."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Any, NamedTuple

from spp_workshop.errors import Message, Problem, message
from spp_workshop.messages import LANGUAGES, say
from spp_workshop.reading import is_ticked, plain, read_cell
from spp_workshop.rowcodes import Written, written
from spp_workshop.spreadsheets.opening import Grid, Unreadable
from spp_workshop.store import canonical
from spp_workshop.worksheet import ChoiceList, Field, Worksheet

from . import sheets, tables
from .recognising import Heads, answers_of, heads_of, key_of, labels, recognise, spread, stamp_of
from .stamps import Stamp
from .texts import ANOTHER, FINISHED_KEY, STATES_OF_WORK

Choices = Mapping[str, ChoiceList]
_SPECIAL = (tables.ROW_KEY, tables.REVISION_KEY, tables.NUMBER_KEY, tables.CARRIED_KEY)


@dataclass(frozen=True)
class FoundAnswer:
    """One answer: what stands in the cell, and what it means, or the Problem that makes it unreadable."""

    where: str
    shown: Any
    value: Any
    part: str = ""


@dataclass(frozen=True)
class FoundRow:
    """One line: the id and revision that it says of itself, its answers by name, and what is told by its
    number cell, which stands at `where`."""

    line: int
    row: str
    revision: int
    told: Written
    answers: Mapping[str, FoundAnswer]
    where: str = ""


@dataclass(frozen=True)
class FoundSheet:
    """One sheet that is a worksheet of ours, with what was left aside in it, by place."""

    name: str
    sheet: Worksheet
    stamp: Stamp | None
    rows: list[FoundRow]
    finished: bool = False
    ignored: Mapping[str, Message] = field(default_factory=dict)


def find(
    grids: Iterable[Grid], worksheets: Mapping[str, Worksheet], choices: Choices
) -> Iterator[FoundSheet | str]:
    """The worksheets in a file; of a sheet that is none of ours, its name."""
    for grid in grids:
        sheet = recognise(grid, worksheets)
        if sheet is None or not grid.cells:
            yield grid.name
            continue
        whole, covered = spread(grid)
        found = (_in_list if sheet.repeats else _single)(whole, sheet, choices, covered)
        yield replace(found, finished=_is_finished(whole))


def _is_finished(grid: Grid) -> bool:
    said = {plain(say(STATES_OF_WORK[0], language)) for language in LANGUAGES}
    both = plain("".join(say(STATES_OF_WORK[0], language) for language in LANGUAGES))
    rows = {row for (row, _), value in grid.cells.items() if value == FINISHED_KEY}
    return any(row in rows and plain(value) in (*said, both) for (row, _), value in grid.cells.items())


# --- One answer to each question --------------------------------------------------------------------------


def _single(grid: Grid, sheet: Worksheet, choices: Choices, covered: set[tuple[int, int]]) -> FoundSheet:
    places = answers_of(grid, sheet, choices, sheets.ANSWER_KEY)
    parts: dict[str, dict[str, tuple[int, int]]] = {}
    for place, (name, part) in places.items():
        if place not in covered:
            parts.setdefault(name, {})[part] = place
    answers = {name: _answer(grid, _field(sheet, name), choices, cells) for name, cells in parts.items()}
    stamp = stamp_of(grid)
    row = FoundRow(0, "", stamp.revision if stamp else 0, Written(), answers)
    unasked = {
        place_name(place): _not_asked()
        for place, value in grid.cells.items()
        if isinstance(value, str) and _is_old_question(grid, place, value, sheet)
    }
    return FoundSheet(grid.name, sheet, stamp, [row] if answers else [], ignored=unasked)


def _is_old_question(grid: Grid, place: tuple[int, int], value: str, sheet: Worksheet) -> bool:
    """A hidden name of a question that this version does not ask any more, with an answer beside it."""
    is_name = place[1] == sheets.KEY and place[0] >= sheets.FIRST and value.replace("_", "").isalnum()
    answered = (place[0], sheets.ANSWER) in grid.cells
    return is_name and answered and key_of(value, sheet) is None and stamp_of(grid) is not None


# --- Lists ------------------------------------------------------------------------------------------------


def _in_list(grid: Grid, sheet: Worksheet, choices: Choices, covered: set[tuple[int, int]]) -> FoundSheet:
    heads = heads_of(grid, sheet, _SPECIAL)
    stamp = stamp_of(grid)
    if heads is None:
        return FoundSheet(
            grid.name, sheet, stamp, [], ignored={"": message("The heads of its columns are missing.")}
        )
    rows = [
        row
        for line in sorted({row for row, _ in grid.cells if row >= heads.first})
        if (row := _row(grid, line, heads, _Asked(sheet, choices, covered)))
    ]
    lines = {row.line for row in rows}
    filled = {column for line, column in grid.cells if line in lines}
    unknown = {
        place_name((heads.first - 1, column)): _not_asked()
        for column, text in heads.unknown.items()
        if column in filled and text.strip()
    }
    return FoundSheet(grid.name, sheet, stamp, rows, ignored=unknown)


class _Asked(NamedTuple):
    """A worksheet, its choices, and the places of which nothing is said."""

    sheet: Worksheet
    choices: Choices
    covered: set[tuple[int, int]]


def _row(grid: Grid, line: int, heads: Heads, asked: _Asked) -> FoundRow | None:
    sheet, choices, covered = asked
    told = {key: grid.cells.get((line, column)) for key, column in heads.special.items()}
    if told.get(tables.ROW_KEY) in (tables.HINT_KEY, tables.EXAMPLE_KEY):
        return None
    cells = {key: (line, column) for column, key in heads.columns.items() if (line, column) not in covered}
    texts = [grid.cells[place] for place in cells.values() if place in grid.cells]
    is_ours = _is_text(told.get(tables.ROW_KEY))
    if (not texts and not is_ours) or _is_head(texts, sheet) or (not is_ours and _is_help(texts, sheet)):
        return None
    parts: dict[str, dict[str, tuple[int, int]]] = {}
    for (name, part), place in cells.items():
        parts.setdefault(name, {})[part] = place
    answers = {name: _answer(grid, _field(sheet, name), choices, places) for name, places in parts.items()}
    revision, number = told.get(tables.REVISION_KEY), told.get(tables.NUMBER_KEY)
    return FoundRow(
        line,
        str(told.get(tables.ROW_KEY) or "").strip(),
        int(revision) if isinstance(revision, (int, float, str)) and _is_count(revision) else 0,
        Written() if isinstance(number, Unreadable) else written(number),
        answers,
        place_name((line, heads.special[tables.NUMBER_KEY])) if tables.NUMBER_KEY in heads.special else "",
    )


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and bool(value.strip())


def _is_count(value: float | str) -> bool:
    return str(value).removesuffix(".0").isdecimal() and len(str(value)) < 10 and str(value).isascii()


def _is_head(texts: list[Any], sheet: Worksheet) -> bool:
    """A line of heads, pasted along with the rows below it."""
    names = labels(sheet)
    return len(texts) > 1 and all(isinstance(text, str) and plain(text) in names for text in texts)


def _is_help(texts: list[Any], sheet: Worksheet) -> bool:
    """A line of our hints or examples that has lost its hidden mark."""
    ours = _plain_texts(tuple(text for one in sheet.questions for text in _helps(one)))
    # A hint may have more lines, about when a question is asked.
    firsts = [text.split("\n")[0] for text in texts if isinstance(text, str)]
    return bool(texts) and len(firsts) == len(texts) and all(plain(text) in ours for text in firsts)


def _helps(field: Field) -> Iterator[str]:
    for text in (field.hint, field.example, *field.sector_examples.values()):
        if text:
            yield from (text.ja, text.en, f"{text.ja}{text.en}")
            yield from (text.ja.split("\n")[0], text.en.split("\n")[0])
    yield from (say(ANOTHER, language) for language in LANGUAGES)


@lru_cache(maxsize=64)
def _plain_texts(texts: tuple[str, ...]) -> frozenset[str]:
    return frozenset(map(plain, texts))


# --- Answers ----------------------------------------------------------------------------------------------


def _field(sheet: Worksheet, name: str) -> Field:
    return sheet.by_name[name.partition("@")[0]]


def _answer(grid: Grid, field: Field, choices: Choices, places: Mapping[str, tuple[int, int]]) -> FoundAnswer:
    """An answer from its cell, or from several of them."""
    if field.kind != "select_multiple":
        place = min(places.values())
        shown = grid.cells.get(place)
        return FoundAnswer(place_name(place), shown, _read(field, choices, shown))
    return _several(grid, field, choices[field.list_name], places)


def _several(
    grid: Grid, field: Field, choices: ChoiceList, places: Mapping[str, tuple[int, int]]
) -> FoundAnswer:
    codes: set[str] = set()
    # Where each choice has a line of its own, the cell of the question holds nothing.
    asked = {part: place for part, place in places.items() if part in choices.by_code} or places
    for part, place in sorted(asked.items()):
        shown = grid.cells.get(place)
        value = _ticked(field, part, shown) if part in choices.by_code else None
        if part not in choices.by_code:
            value = _read(field, {field.list_name: choices}, shown)
        if isinstance(value, Problem):
            return FoundAnswer(place_name(place), shown, value, part)
        codes |= set(value or ())
    chosen = [code for code in choices.codes if code in codes] or None
    part, first = min(asked.items(), key=lambda one: one[1])
    return FoundAnswer(place_name(first), None, chosen, part)


def _ticked(field: Field, code: str, shown: Any) -> list[str] | Problem | None:
    said = None if isinstance(shown, Unreadable) else is_ticked(shown)
    if said is None:
        return _neither(field)
    return [code] if said else None


def _read(field: Field, choices: Choices, shown: Any) -> Any:
    if isinstance(shown, Unreadable):
        return Problem(
            "",
            "error_in_cell",
            message("The cell shows an error of Excel, or a formula without a result."),
            message("Write the answer itself into the cell."),
            field=field.name,
        )
    return read_cell(field, choices.get(field.list_name), shown)


def content(row: FoundRow) -> str:
    """What a row says, to know it again."""
    said = {name: one.value for name, one in row.answers.items() if not isinstance(one.value, Problem)}
    return canonical({name: value for name, value in said.items() if value is not None})


def place_name(place: tuple[int, int]) -> str:
    """A place as Excel calls it."""
    row, column = place
    letters = ""
    column += 1
    while column:
        column, rest = divmod(column - 1, 26)
        letters = chr(65 + rest) + letters
    return f"{letters}{row + 1}"


def _neither(field: Field) -> Problem:
    return Problem(
        "",
        "unreadable",
        message("“{field}” is neither ticked nor not ticked.", field=field.label),
        message("Put a ○ into the cell, or leave it empty."),
        field=field.name,
    )


def _not_asked() -> Message:
    return message("The worksheet does not ask for this (any more); it was left aside.")
