"""The profile of a grievance mechanism against the eight criteria of UN Guiding Principle 31."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import pandas as pd

from spp_workshop.analysis import readiness_overall
from spp_workshop.messages import Words, join_text, message, say
from spp_workshop.plain_text import width

from .canvas import (
    ACCENT,
    MARGIN,
    PALE_LINE,
    PAPER,
    SOFT,
    TINT,
    WIDTH,
    Chart,
    label,
    told,
    without_data,
)

if TYPE_CHECKING:
    from matplotlib.patches import Rectangle

Line = dict[Any, Any]

TOP, ROW, LEFT, SQUARE = 0.95, 0.34, MARGIN + 3.0, 0.21


def readiness_chart(
    readiness: pd.DataFrame, language: str, choices: Mapping[str, Any], *, title: Words | None = None
) -> Chart:
    """The profile against the eight criteria, from `analysis.readiness`. No score: it shows where to go on.

    Of one company: a square for each question, filled as far as it has come. Of several: the mean as a dot,
    only where three companies or more answered.
    """
    title = title or message("Readiness of the grievance mechanism, by criterion")
    answered = readiness.dropna(subset="mean")
    if answered.empty:
        return without_data(title, language)
    columns = list(readiness.columns)
    levels = columns[columns.index("criterion") + 1 : columns.index("unanswered")]
    several = answered["company"].nunique() > 1
    rows = (
        readiness_overall(readiness)
        if several
        else readiness[readiness["company"] == answered["company"].iloc[0]]
    )
    names = [label(choices, "readiness_criteria", criterion, language) for criterion in rows["criterion"]]
    lines = rows.astype("object").where(rows.notna(), None).to_dict("records")
    chart = Chart(title, language, TOP + ROW * len(lines) + 0.05)
    for place, name in enumerate(names):
        chart.write_lines(MARGIN, _y(place), name, 46, lines=1)
        chart.rule(MARGIN, _y(place) + ROW / 2, WIDTH - 2 * MARGIN, color=TINT)
    draw = _draw_means if several else _draw_questions
    said = draw(chart, lines, levels, choices)
    chart.alt_text = told(chart, [f"{name} – {words}" for name, words in zip(names, said, strict=True)])
    return chart


def _y(place: int) -> float:
    return TOP + ROW * (place + 0.5) - 0.05


def _draw_questions(
    chart: Chart, lines: list[Line], levels: list[str], choices: Mapping[str, Any]
) -> list[str]:
    """A square for every question, the furthest first; what they say in words."""
    fills = {level: place / (len(levels) - 1) for place, level in enumerate(levels)} | {"unanswered": None}
    names = {level: label(choices, "readiness_levels", level, chart.language) for level in levels}
    names["unanswered"] = say(message("not answered"), chart.language)
    x = MARGIN
    for level, filled in fills.items():
        _draw_square(chart, x, 0.58, filled)
        chart.write(x + SQUARE + 0.07, 0.58, names[level], size=8.5, color=SOFT)
        x += SQUARE + 0.25 + 0.068 * width(names[level])
    order = [*reversed(levels), "unanswered"]
    for place, line in enumerate(lines):
        signs = [level for level in order for _ in range(line[level])]
        for number, level in enumerate(signs):
            _draw_square(chart, LEFT + 0.36 * number, _y(place), fills[level]).set_gid(level)
    return [
        join_text([f"{names[level]}: {line[level]}" for level in order if line[level]], chart.language)
        for line in lines
    ]


def _draw_square(chart: Chart, x: float, y: float, filled: float | None) -> Rectangle:
    """A square, filled from below as far as a question has come; dotted when it is not answered."""
    top = y - SQUARE / 2
    edge = {"edgecolor": PALE_LINE, "linestyle": ":"} if filled is None else {"edgecolor": ACCENT}
    square = chart.box(x, top, SQUARE, SQUARE, facecolor=PAPER, **edge)
    if filled:
        chart.box(x, top + SQUARE * (1 - filled), SQUARE, SQUARE * filled, facecolor=ACCENT, edgecolor=ACCENT)
    return square


def _draw_means(chart: Chart, lines: list[Line], levels: list[str], choices: Mapping[str, Any]) -> list[str]:
    """A dot for the mean of each criterion on the line of levels; what they say in words."""
    step = (WIDTH - MARGIN - 0.6 - LEFT) / (len(levels) - 1)
    for place, level in enumerate(levels):
        x = LEFT + step * place
        top = TOP - 0.1
        chart.rule(x, top, 0, chart.get_figheight() - 0.12 - top, zorder=0)
        words = label(choices, "readiness_levels", level, chart.language)
        chart.write_lines(x, TOP - 0.26, words, 21, size=8.5, color=SOFT, ha="center")
    for place, line in enumerate(lines):
        if line["mean"] is None:
            chart.write(LEFT + 0.06, _y(place), "—", color=SOFT)
        else:
            x = step * line["mean"]
            chart.rule(LEFT, _y(place), x, color=ACCENT, linewidth=2.5)
            chart.disc(LEFT + x, _y(place), 0.075, facecolor=ACCENT, zorder=3).set_gid("mean")
    last = len(levels) - 1
    return ["—" if line["mean"] is None else f"{line['mean']:.1f} / {last}" for line in lines]
