"""Answers and findings as tables, cards and lists for a page: labels for codes, all escaped.

What people typed is text and nothing else: markup, scripts and control characters in it do nothing, and a
change of writing direction ends with the answer.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache, cached_property
from itertools import accumulate
from numbers import Number
from typing import TYPE_CHECKING, Any

import pandas as pd

from .answers import asked, shown
from .documents import shipped
from .messages import Words, date_text, join_text, message, say, worded
from .plain_text import NO_FORMULAS, in_html, in_markdown, width
from .worksheet import load_choices

if TYPE_CHECKING:
    from .worksheet import ChoiceList, Worksheet

Lists = Mapping[str, "ChoiceList"]

NONE = "—"

# In half-width letters: up to where a column is short, and how much of A4 short columns may take together.
SHORT, ROOM = 18, 60

# The lists of choices behind the columns of the frames that `analysis` makes.
LISTS = {
    "company": "companies",
    "issue": "human_rights_issues",
    "affected": "rights_holders",
    "involvement": "involvement",
    "action_type": "action_types",
    "state": "action_states",
    "barrier": "barrier_categories",
    "support": "support_wanted",
    "criterion": "readiness_criteria",
}


@dataclass(frozen=True)
class Table:
    """A table that a notebook shows; its `cells` are words already, `numbers` the columns aligned right."""

    labels: tuple[str, ...]
    cells: tuple[tuple[str, ...], ...]
    numbers: tuple[bool, ...]
    caption: str
    nothing: str

    def _repr_html_(self) -> str:
        if not self.cells:
            return _paragraph(self.nothing)
        caption = f"<caption>{in_html(self.caption)}</caption>" if self.caption else ""
        head = f"<thead><tr>{self._row('th', self.labels)}</tr></thead>"
        body = "\n".join(f"<tr>{self._row('td', row)}</tr>" for row in self.cells)
        return f'<table class="spp-table {NO_FORMULAS}">{caption}{head}\n<tbody>\n{body}\n</tbody></table>'

    def _row(self, tag: str, row: Iterable[str]) -> str:
        scope = ' scope="col"' if tag == "th" else ""
        cells = zip(row, self._looks, strict=True)
        return "".join(f"<{tag}{scope} {look}>{in_html(words)}</{tag}>" for words, look in cells)

    @cached_property
    def _looks(self) -> list[str]:
        """Class and style of each column's cells.

        The style stands in the cell, because JupyterLab aligns all cells to the right and drops style sheets
        from notebooks that it does not trust yet. Short columns are not broken as long as there is room.
        """
        columns = zip(self.labels, *self.cells, strict=True)
        widths = [max(map(width, column)) for column in columns]
        short = {place for place, taken in _running_sum(widths) if taken <= ROOM and widths[place] <= SHORT}
        return [_look(is_number, place in short) for place, is_number in enumerate(self.numbers)]

    def _repr_markdown_(self) -> str:
        if not self.cells:
            return in_markdown(self.nothing)
        rule = tuple("--:" if is_number else ":--" for is_number in self.numbers)
        head, *body = (tuple(map(in_markdown, row)) for row in (self.labels, *self.cells))
        lines = ["| " + " | ".join(row) + " |" for row in (head, rule, *body)]
        return "\n".join([f"**{in_markdown(self.caption)}**\n", *lines] if self.caption else lines)

    def __repr__(self) -> str:
        return f"<Table: {len(self.cells)} x {len(self.labels)}>"


@dataclass(frozen=True)
class Answers:
    """Questions with their answers, below one another; with a `title`, as a card."""

    pairs: tuple[tuple[str, str], ...]
    nothing: str
    title: str = ""

    def _repr_html_(self) -> str:
        if not self.pairs and not self.title:
            return _paragraph(self.nothing)
        pairs = "\n".join(
            f"<dt>{in_html(label)}</dt><dd>{in_html(answer)}</dd>" for label, answer in self.pairs
        )
        answers = f'<dl class="spp-answers {NO_FORMULAS}">\n{pairs}\n</dl>' if pairs else ""
        if not self.title:
            return answers
        look = "margin-top: 1.2em; padding-left: 0.6em; border-left: 4px solid #1b4f72"
        title = f'<p class="spp-card-title" style="{look}"><strong>{in_html(self.title)}</strong></p>'
        return f'<section class="spp-card {NO_FORMULAS}">{title}{answers}</section>'

    def _repr_markdown_(self) -> str:
        if not self.pairs and not self.title:
            return in_markdown(self.nothing)
        title = [f"**{in_markdown(self.title)}**\n"] if self.title else []
        pairs = [f"- **{in_markdown(label)}**: {in_markdown(answer)}" for label, answer in self.pairs]
        return "\n".join([*title, *pairs])

    def __repr__(self) -> str:
        return f"<Answers: {len(self.pairs)}>"


@dataclass(frozen=True)
class Cards:
    """Rows as cards, where a table would be too wide for a page upright."""

    cards: tuple[Answers, ...]
    nothing: str

    def _repr_html_(self) -> str:
        cards = "\n".join(card._repr_html_() for card in self.cards)
        return cards or _paragraph(self.nothing)

    def _repr_markdown_(self) -> str:
        cards = "\n\n".join(card._repr_markdown_() for card in self.cards)
        return cards or in_markdown(self.nothing)

    def __repr__(self) -> str:
        return f"<Cards: {len(self.cards)}>"


# --- Making them --------------------------------------------------------------------------------------------


def table(
    frame: pd.DataFrame,
    columns: Mapping[str, Words] | Iterable[str],
    worksheet: Worksheet | None = None,
    language: str = "ja",
    *,
    choices: Lists | None = None,
    caption: Words = "",
    empty: Words | None = None,
) -> Table:
    """The columns of a frame as a table: column -> heading, or names of the worksheet's questions.

    Codes become labels: by the worksheet's questions, or by the known columns of `analysis`. `choices` is
    `Workshop.choices` (without it, the shipped lists); `empty` is said when there is no row.
    """
    headings = _headings(columns, worksheet, language)
    reader = _Reader(language, worksheet, choices)
    rows = [{str(name): value for name, value in row.items()} for row in frame.to_dict("records")]
    cells = tuple(tuple(reader.words(name, row) for name in headings) for row in rows)
    numbers = tuple(_are_numbers(row.get(name) for row in rows) for name in headings)
    labels = tuple(headings.values())
    return Table(labels, cells, numbers, worded(caption, language), _nothing(empty, language))


def rows_as_cards(
    frame: pd.DataFrame,
    columns: Mapping[str, Words] | Iterable[str],
    worksheet: Worksheet | None = None,
    language: str = "ja",
    *,
    title: str = "",
    choices: Lists | None = None,
    empty: Words | None = None,
) -> Cards:
    """Every row of a frame as a card: for rows with long texts. The column `title` is the card's heading.

    Otherwise as `table`; what a row leaves unanswered is left out.
    """
    headings = _headings(columns, worksheet, language)
    reader = _Reader(language, worksheet, choices)
    cards = []
    for number, record in enumerate(frame.to_dict("records"), 1):
        row = {str(name): value for name, value in record.items()}
        answered = [name for name in headings if name != title and not _is_blank(row.get(name))]
        pairs = tuple((headings[name], reader.words(name, row)) for name in answered)
        heading = reader.words(title, row) if title else str(number)
        cards.append(Answers(pairs, "", heading))
    return Cards(tuple(cards), _nothing(empty, language))


def answers(
    worksheet: Worksheet,
    answers: Mapping[str, Any],
    language: str = "ja",
    *,
    choices: Lists | None = None,
    fields: Iterable[str] | None = None,
    unanswered: bool = False,
    empty: Words | None = None,
) -> Answers:
    """The questions of a worksheet with one row's answers, in the order of the sheet.

    What was not answered is left out, unless `unanswered` asks for it; a question that these answers make
    irrelevant never stands there. `fields` takes some of the questions only.
    """
    reader = _Reader(language, worksheet, choices)
    wanted = None if fields is None else set(fields)
    said = shown(worksheet, answers, language)
    pairs = tuple(
        (question.label[language], reader.words(question.name, said))
        for question in asked(worksheet, answers)
        if (wanted is None or question.name in wanted) and (unanswered or not _is_blank(said[question.name]))
    )
    return Answers(pairs, _nothing(empty, language))


# --- Words --------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Reader:
    """Words values for one reader."""

    language: str
    worksheet: Worksheet | None
    choices: Lists | None

    def words(self, name: str, row: Mapping[str, Any]) -> str:
        """The value of a column as the reader sees it."""
        value = row.get(name)
        if name == "likelihood" and _is_blank(value) and row.get("needs_checking") is True:
            return self._label("likelihood", "likelihood_unknown")
        if name == "priority" and value == "unrated":
            return self._label("priority_classes", "priority_unrated")
        if _is_blank(value):
            return NONE
        if isinstance(value, list | tuple):
            return join_text([self._one(name, one, row) for one in value], self.language)
        return self._one(name, value, row)

    def _one(self, name: str, value: Any, row: Mapping[str, Any]) -> str:
        if isinstance(value, bool):
            return say(message("Yes") if value else message("No"), self.language)
        if isinstance(value, Number):
            return _number(value)
        if list_name := self._list_of(name, row):
            return self._label(list_name, str(value))
        return _date(str(value), self.language)

    def _list_of(self, name: str, row: Mapping[str, Any]) -> str:
        if self.worksheet and name in self.worksheet.by_name:
            return self.worksheet.by_name[name].list_name
        return str(row.get("list", "")) if name == "code" else LISTS.get(name, "")

    def _label(self, list_name: str, code: str) -> str:
        lists = _shipped_lists() if self.choices is None else self.choices
        return lists[list_name].label(code, self.language) if list_name in lists else code


@cache
def _shipped_lists() -> Lists:
    return load_choices(shipped("worksheets") / "choices")


def _headings(
    columns: Mapping[str, Words] | Iterable[str], worksheet: Worksheet | None, language: str
) -> dict[str, str]:
    if isinstance(columns, Mapping):
        return {name: worded(words, language) for name, words in columns.items()}
    known = worksheet.by_name if worksheet else {}
    return {name: known[name].label[language] if name in known else name for name in columns}


def _nothing(empty: Words | None, language: str) -> str:
    return worded(message("Nothing has been written yet.") if empty is None else empty, language)


def _is_blank(value: Any) -> bool:
    if isinstance(value, str | list | tuple):
        return not value or (isinstance(value, str) and not value.strip())
    return value is None or bool(pd.isna(value))


def _are_numbers(values: Iterable[Any]) -> bool:
    answered = [value for value in values if not _is_blank(value)]
    return bool(answered) and all(_is_number(value) for value in answered)


def _is_number(value: Any) -> bool:
    """A number, or a count as `analysis.suppress` tells it."""
    if isinstance(value, str):
        return re.fullmatch(r"\d+\+?|—", value) is not None
    return isinstance(value, Number) and not isinstance(value, bool)


def _number(value: Any) -> str:
    return f"{value:,.2f}".rstrip("0").rstrip(".") if float(value) % 1 else f"{int(value):,}"


def _date(text: str, language: str) -> str:
    """A date in the reader's form; any other text as it is."""
    if not re.fullmatch(r"\d{4}-\d{2}-\d{2}", text):
        return text
    try:
        return date_text(date.fromisoformat(text), language)
    except ValueError:
        return text


def _look(is_number: bool, is_short: bool) -> str:
    names = ["number"] * is_number + ["short"] * is_short
    named = f'class="{" ".join(names)}" ' if names else ""
    breaks = "white-space: nowrap" if is_short else "white-space: pre-line; min-width: 5.5em"
    side = "right" if is_number else "left"
    return f'{named}style="text-align: {side}; vertical-align: top; {breaks}"'


def _running_sum(widths: list[int]) -> Iterator[tuple[int, int]]:
    """Every place with the width of all columns up to it, the narrowest first."""
    places = sorted(range(len(widths)), key=lambda place: widths[place])
    return zip(places, accumulate(widths[place] for place in places), strict=True)


def _paragraph(text: str) -> str:
    return f'<p class="spp-nothing {NO_FORMULAS}">{in_html(text)}</p>'


__all__ = ["Answers", "Cards", "Table", "answers", "rows_as_cards", "table"]
