"""Charts of small signs: what each company has returned, how many reached the goals. Shape before tone."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from matplotlib.patches import Wedge

from spp_workshop.analysis import outcomes
from spp_workshop.messages import Message, Words, join_text, message, say, worded
from spp_workshop.plain_text import width

from .canvas import (
    ACCENT,
    LINE,
    MARGIN,
    PALE_LINE,
    PAPER,
    SOFT,
    WIDTH,
    Chart,
    label,
    told,
    without_data,
)

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.patches import Circle

# --- Progress -----------------------------------------------------------------------------------------------

PROGRESS: dict[str, Message] = {
    "submitted": message("submitted"),
    "draft": message("being written"),
    "none": message("not begun"),
}
TOP, ROW, NAMES, FOLD = 0.95, 0.32, 2.4, 54


def progress_chart(
    progress: pd.DataFrame,
    language: str,
    choices: Mapping[str, Any],
    worksheets: Mapping[str, Any],
    *,
    title: Words | None = None,
) -> Chart:
    """What each company has returned, from `analysis.progress`: a full, a half or an empty circle.

    `worksheets` is `Workshop.worksheets`; the columns are numbered, and their titles stand below.
    """
    title = title or message("What has been returned")
    if progress.empty:
        return without_data(title, language)
    names = [label(choices, "companies", company, language) for company in progress.index]
    titles = [worded(worksheets[name].title, language) for name in map(str, progress.columns)]
    half, step = -(-len(titles) // 2), 0.2 if max(map(width, titles)) <= FOLD else 0.33
    bottom = TOP + ROW * len(names)
    chart = Chart(title, language, bottom + 0.2 + step * half)
    _draw_key(chart)
    _draw_grid(chart, names, progress)
    for place, words in enumerate(titles):
        x, y = MARGIN + WIDTH / 2 * (place // half), bottom + 0.1 + step * (place % half + 0.5)
        chart.write(x, y, str(place + 1), size=8, color=SOFT)
        chart.write_lines(x + 0.22, y, words, FOLD, size=8)
    lines = [
        f"{name} – {_returned(titles, states, language)}"
        for name, states in zip(names, progress.to_numpy().tolist(), strict=True)
    ]
    chart.alt_text = told(chart, lines)
    return chart


def _draw_key(chart: Chart) -> None:
    x = MARGIN + 0.1
    for state, words in PROGRESS.items():
        _draw_state(chart, x, 0.55, state)
        chart.write(x + 0.16, 0.55, words, size=8.5, color=SOFT)
        x += 1.3


def _draw_grid(chart: Chart, names: list[str], progress: pd.DataFrame) -> None:
    count = progress.shape[1]
    column = min(0.6, (WIDTH - 2 * MARGIN - NAMES) / count)
    for number in range(count):
        x = MARGIN + NAMES + column * (number + 0.5)
        chart.write(x, TOP - 0.13, str(number + 1), size=8.5, ha="center", color=SOFT)
    for place, (name, states) in enumerate(zip(names, progress.to_numpy().tolist(), strict=True)):
        y = TOP + ROW * (place + 0.5)
        if place % 2 == 0:
            chart.box(MARGIN, y - ROW / 2, NAMES + column * count, ROW)
        chart.write_lines(MARGIN + 0.06, y, name, 35, size=8.5)
        for number, state in enumerate(states):
            _draw_state(chart, MARGIN + NAMES + column * (number + 0.5), y, state).set_gid(state)


def _draw_state(chart: Chart, x: float, y: float, state: str) -> Circle:
    edge = PALE_LINE if state == "none" else ACCENT
    disc = chart.disc(x, y, 0.085, facecolor=ACCENT if state == "submitted" else PAPER, edgecolor=edge)
    if state == "draft":
        chart.place(Wedge((x, y), 0.085, 90, 270, facecolor=ACCENT, edgecolor="none"))
    return disc


def _returned(titles: list[str], states: list[str], language: str) -> str:
    parts = []
    for state, words in PROGRESS.items():
        own = [title for title, found in zip(titles, states, strict=True) if found == state]
        parts += [f"{say(words, language)}: {join_text(own, language)}"] if own else []
    return join_text(parts, language)


# --- Completion ---------------------------------------------------------------------------------------------

GOALS: dict[str, Message] = {
    "hrdd": message("Human rights due diligence"),
    "grievance": message("Grievance mechanism"),
}
STATES: dict[str, Message] = {
    "completed": message("Risk analysis and action plan completed"),
    "improving": message("Improving the internal environment"),
    "declared": message("Set-up declared"),
    "not_yet": message("Not yet"),
}
LOOKS: dict[str, dict[str, str]] = {
    "completed": {"facecolor": ACCENT},
    "declared": {"facecolor": ACCENT},
    "improving": {"hatch": "//////"},
}


def completion_chart(completion: pd.DataFrame, language: str, *, title: Words | None = None) -> Chart:
    """How many companies are in which state, from `analysis.completion`: a square for each, without names."""
    title = title or message("How far the companies have come")
    if completion.empty:
        return without_data(title, language)
    counts = outcomes(completion)
    chart = Chart(title, language, 0.55 + 0.3 * len(counts) + 0.4 * len(GOALS))
    y = 0.6
    for goal, words in GOALS.items():
        chart.write(MARGIN, y, words, size=10)
        for line in counts[counts["goal"] == goal].to_dict("records"):
            y += 0.29
            _draw_count(chart, y, line)
        y += 0.42
    chart.alt_text = told(chart, [_counted(line, language) for line in counts.to_dict("records")])
    return chart


def _counted(line: Mapping[Any, Any], language: str) -> str:
    goal, state = say(GOALS[line["goal"]], language), say(STATES[line["state"]], language)
    return f"{goal}, {state}: {line['companies']}/{line['of']}"


def _draw_count(chart: Chart, y: float, line: Mapping[Any, Any]) -> None:
    """One state: as many marked squares as companies are in it, then the others pale."""
    chart.write_lines(MARGIN + 0.15, y, STATES[line["state"]], 44, lines=1)
    left, size = MARGIN + 3.1, min(0.26, (WIDTH - 4.3) / line["of"])
    for place in range(line["of"]):
        inside = place < line["companies"]
        look = {"facecolor": PAPER, "edgecolor": ACCENT if inside else LINE}
        look |= LOOKS.get(line["state"], {}) if inside else {}
        square = chart.box(left + size * place, y - size * 0.4, size * 0.8, size * 0.8, **look)
        square.set_gid(line["state"] if inside else "others")
    words = message("{count} of {of}", count=line["companies"], of=line["of"])
    chart.write(WIDTH - MARGIN, y, words, ha="right")
