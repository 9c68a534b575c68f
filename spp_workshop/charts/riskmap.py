"""The risk map: severity leads, likelihood orders what is alike. Each risk is a number, explained below."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from spp_workshop.messages import Words, message, say

from .canvas import (
    INK,
    LEADING,
    MARGIN,
    PALE_LINE,
    PAPER,
    SOFT,
    STEPS,
    WIDTH,
    Chart,
    label,
    told,
    without_data,
)
from .lettering import fold

CLASSES = "ABCD"  # severity 4 to 1, the top row first
TONES = dict(zip(CLASSES, STEPS, strict=True))
LIKELIHOODS = (1, 2, 3, 4)
UNKNOWN = 0

TOP, LABELS, GAP, DISC, STEP = 0.78, 1.45, 0.14, 0.13, 0.32
COLUMN = (WIDTH - 2 * MARGIN - LABELS - GAP) / (len(LIKELIHOODS) + 1)
ACROSS = 3  # discs beside each other in a cell

_NOTHING = message("What is written in step 2 and rated in step 3 appears here.")

Risk = dict[str, Any]


def risk_map(
    priorities: pd.DataFrame | Sequence[Risk],
    language: str,
    choices: Mapping[str, Any],
    *,
    title: Words | None = None,
) -> Chart:
    """The risks of `analysis.priorities` by severity (rows) and likelihood (columns, with one for unknown).

    They may be given as the rows of that frame, which takes less time than making one.

    A dark disc is an actual impact, a white one a potential; the number is the rank. Risks that are not rated
    yet are listed below without a place. Of several companies, the risks are numbered through.
    """
    title = title or message("Risk map")
    lines = priorities.to_dict("records") if isinstance(priorities, pd.DataFrame) else priorities
    risks = _numbered(lines, choices, language)
    if not risks:
        return without_data(title, language, _NOTHING)
    cells = _cells(risks)
    heights = {name: _height(name, cells) for name in CLASSES}
    bottom = TOP + sum(heights.values())
    folded = [fold(_line(risk, language), 104, 2 if len(risks) <= 12 else 1) for risk in risks]
    chart = Chart(title, language, bottom + 0.72 + sum(map(_list_height, folded)))
    _draw_key(chart)
    _draw_columns(chart, choices, bottom)
    top = TOP
    for name, height in heights.items():
        _draw_row_name(chart, name, top + height / 2, choices)
        for column in (*LIKELIHOODS, UNKNOWN):
            look = {"facecolor": TONES[name], "edgecolor": PAPER, "linewidth": 1.5}
            chart.box(_left(column), top, COLUMN, height, **look)
            _draw_discs(chart, cells.get((name, column), []), _left(column) + COLUMN / 2, top + height / 2)
        top += height
    _draw_list(chart, risks, folded, bottom + 0.64)
    chart.alt_text = told(chart, [_in_words(risk, language, choices) for risk in risks])
    return chart


def _numbered(lines: Sequence[Mapping[Any, Any]], choices: Mapping[str, Any], language: str) -> list[Risk]:
    """The risks with the number that stands in their disc ("–" while unrated) and the words of the list."""
    several = len({risk["company"] for risk in lines}) > 1
    risks: list[Risk] = []
    for place, risk in enumerate(lines, 1):
        rated = risk["priority"] in CLASSES
        issue = risk["issue"] and label(choices, "human_rights_issues", risk["issue"], language)
        words = risk["event"] or issue or "—"
        company = label(choices, "companies", risk["company"], language)
        risks.append(
            {
                **{str(name): value for name, value in risk.items()},
                "number": str(place if several else risk["rank"]) if rated else "–",
                "words": f"{company}: {words}" if several else words,
                "column": UNKNOWN if pd.isna(risk["likelihood"]) else risk["likelihood"],
            }
        )
    return risks


def _cells(risks: list[Risk]) -> dict[tuple[str, int], list[Risk]]:
    cells: dict[tuple[str, int], list[Risk]] = {}
    for risk in risks:
        if risk["priority"] in CLASSES:
            cells.setdefault((risk["priority"], risk["column"]), []).append(risk)
    return cells


def _height(name: str, cells: Mapping[tuple[str, int], list[Risk]]) -> float:
    """A row is as high as its fullest cell needs, so that no disc touches another."""
    fullest = max((len(risks) for (row, _), risks in cells.items() if row == name), default=0)
    return max(0.5, -(-fullest // ACROSS) * STEP + 0.14)


def _left(column: int) -> float:
    place = len(LIKELIHOODS) * COLUMN + GAP if column == UNKNOWN else (column - 1) * COLUMN
    return MARGIN + LABELS + place


def _draw_key(chart: Chart) -> None:
    for x, actual, words in ((5.1, True, message("actual")), (6.15, False, message("potential"))):
        chart.disc(x, 0.55, 0.07, facecolor=INK if actual else PAPER)
        chart.write(x + 0.14, 0.55, words, size=8.5, color=SOFT)


def _draw_columns(chart: Chart, choices: Mapping[str, Any], bottom: float) -> None:
    chart.write(MARGIN, TOP - 0.14, message("Severity"), color=SOFT, size=8.5)
    chart.write(MARGIN, bottom + 0.18, message("Likelihood"), color=SOFT, size=8.5)
    for column in (*LIKELIHOODS, UNKNOWN):
        words = label(choices, "likelihood", f"likelihood_{column or 'unknown'}", chart.language)
        for number, line in enumerate(fold(words, 18)):
            chart.write(_left(column) + COLUMN / 2, bottom + 0.18 + 0.14 * number, line, size=8, ha="center")


def _draw_row_name(chart: Chart, name: str, y: float, choices: Mapping[str, Any]) -> None:
    words = label(choices, "priority_classes", f"priority_{name.lower()}", chart.language)
    chart.write_lines(MARGIN, y - 0.08, words, 22, lines=1)
    level = len(CLASSES) - CLASSES.index(name)
    chart.write(MARGIN, y + 0.09, message("severity {level}", level=level), size=8, color=SOFT)


def _draw_discs(chart: Chart, risks: list[Risk], x: float, y: float) -> None:
    """The discs of one cell in rows of three, centred."""
    rows = [risks[start : start + ACROSS] for start in range(0, len(risks), ACROSS)]
    for number, row in enumerate(rows):
        for place, risk in enumerate(row):
            across = x + (place - (len(row) - 1) / 2) * STEP
            _draw_disc(chart, risk, across, y + (number - (len(rows) - 1) / 2) * STEP)


def _draw_disc(chart: Chart, risk: Risk, x: float, y: float) -> None:
    actual = risk["actual"] is True
    disc = chart.disc(x, y, DISC, facecolor=INK if actual else PAPER, zorder=3)
    disc.set_gid(f"risk {risk['number']}")
    chart.write(x, y, risk["number"], size=8.5, ha="center", color=PAPER if actual else INK, zorder=4)


def _list_height(lines: list[str]) -> float:
    return 0.16 + LEADING * len(lines)


def _draw_list(chart: Chart, risks: list[Risk], folded: list[list[str]], top: float) -> None:
    """Every number with its words, below the map."""
    chart.rule(MARGIN, top - 0.06, WIDTH - 2 * MARGIN)
    for risk, lines in zip(risks, folded, strict=True):
        y = top + _list_height(lines) / 2
        if risk["priority"] in CLASSES:
            _draw_disc(chart, risk, MARGIN + DISC, y)
        else:
            chart.disc(MARGIN + DISC, y, DISC, facecolor=PAPER, edgecolor=PALE_LINE, linestyle=":")
        for number, line in enumerate(lines):
            chart.write(MARGIN + 0.4, y + LEADING * (number - (len(lines) - 1) / 2), line, size=8.5)
        top += _list_height(lines)


def _line(risk: Risk, language: str) -> str:
    """What the list says about a risk: its words, and what a reader must know of its rank."""
    if risk["priority"] not in CLASSES:
        return say(message("{words} (not rated yet)", words=risk["words"]), language)
    words = risk["words"]
    if risk["rank_changed"]:
        words = say(
            message("{words} (by the rule: {rank})", words=words, rank=risk["derived_rank"]), language
        )
    if risk["needs_checking"]:
        words = say(message("{words} (needs checking)", words=words), language)
    return words


def _in_words(risk: Risk, language: str, choices: Mapping[str, Any]) -> str:
    """The risk as a person hears it who does not see the map."""
    if risk["priority"] not in CLASSES:
        return _line(risk, language)
    code = f"likelihood_{risk['column'] or 'unknown'}"
    sentence = message(
        "{number} {words}, class {name}, likelihood: {likelihood}",
        number=risk["number"],
        words=_line(risk, language),
        name=risk["priority"],
        likelihood=label(choices, "likelihood", code, language),
    )
    return say(sentence, language)
