"""Charts of bars: what companies name, most first; and who took part in each session."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from spp_workshop.analysis import note
from spp_workshop.messages import Message, Words, date_text, join_text, message, say, worded

from .canvas import (
    ACCENT,
    INK,
    LEADING,
    MARGIN,
    PALE,
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

LEFT = MARGIN + 2.85
ROW = 0.34

# By the first column of a frame of counts: the list of choices of its codes, the title, the foremost ones.
LISTS = {"barrier": "barrier_categories", "support": "support_wanted"}
TITLES = {
    "barrier": message("Barriers named by the companies"),
    "support": message("Support wanted by the companies"),
}
FOREMOST = {"biggest": message("named as the biggest"), "most_wanted": message("wanted most")}


def barrier_chart(
    counts: pd.DataFrame, language: str, choices: Mapping[str, Any], *, title: Words | None = None
) -> Chart:
    """How many companies name each barrier, the most named first; the dark part names it as the biggest.

    Takes `analysis.barriers`, or `analysis.published` of it for others' eyes: `3+` is then a bar with an open
    end, and the rule stands below. Draws `analysis.support` and one list of `analysis.themes` likewise.
    """
    kind = str(counts.columns[0])
    title = title or TITLES.get(kind) or _title_of_theme(counts, choices)
    if counts.empty:
        return without_data(title, language)
    lines = counts.to_dict("records")
    marks = [line["companies"] for line in lines if isinstance(line["companies"], str)]
    chart = Chart(title, language, 0.75 + ROW * len(lines) + (0.45 if marks else 0.05))
    of = int(counts["of"].max())
    chart.write(MARGIN, 0.52, message("Companies that answered: {of}", of=of), color=SOFT, size=8.5)
    foremost = next((name for name in FOREMOST if name in counts), None)
    if foremost:
        _draw_key(chart, LEFT, FOREMOST[foremost], ACCENT)
    names = [_name(line, choices, language) for line in lines]
    for place, (name, line) in enumerate(zip(names, lines, strict=True)):
        y = 0.75 + ROW * (place + 0.5) - 0.05
        chart.write_lines(MARGIN, y, name, 42, size=8.5)
        _draw_bar(chart, y, line, line.get(foremost, 0))
    if marks:
        floor = min((int(mark[:-1]) for mark in marks if mark.endswith("+")), default=3)
        chart.write_lines(MARGIN, chart.get_figheight() - 0.25, note(floor), 108, size=8, color=SOFT)
    chart.alt_text = told(
        chart, [f"{name}: {line['companies']}" for name, line in zip(names, lines, strict=True)]
    )
    return chart


def _title_of_theme(counts: pd.DataFrame, choices: Mapping[str, Any]) -> Words:
    lists = set(counts["list"]) if "list" in counts else set()
    name = lists.pop() if len(lists) == 1 else ""
    return choices[name].title if name in choices else message("What companies have in common")


def _name(line: Mapping[Any, Any], choices: Mapping[str, Any], language: str) -> str:
    kind = next(name for name in (*LISTS, "code") if name in line)
    return label(choices, LISTS.get(kind) or line.get("list", ""), line[kind], language)


def _draw_key(chart: Chart, x: float, words: Words, color: str, **look: Any) -> None:
    chart.box(x, 0.455, 0.2, 0.13, facecolor=color, edgecolor=ACCENT, **look)
    chart.write(x + 0.28, 0.52, words, size=8.5, color=SOFT)


def _draw_bar(chart: Chart, y: float, line: Mapping[Any, Any], foremost: int) -> None:
    """A bar with its number; where only a lower bound is told, a dotted end shows how far it could go."""
    unit = (WIDTH - MARGIN - 0.5 - LEFT) / line["of"]
    number = str(line["companies"])
    is_bound = number.endswith("+")
    length = int(number.rstrip("+")) * unit
    if is_bound:
        chart.box(LEFT, y - 0.09, line["of"] * unit, 0.18, facecolor=PAPER, edgecolor=ACCENT, linestyle=":")
    chart.box(LEFT, y - 0.09, length, 0.18, facecolor=PALE, edgecolor=ACCENT).set_gid("bar")
    if foremost:
        chart.box(LEFT, y - 0.09, foremost * unit, 0.18, facecolor=ACCENT, edgecolor=ACCENT).set_gid(
            "foremost"
        )
    chart.write(LEFT + (line["of"] * unit if is_bound else length) + 0.08, y, number)


def attendance_chart(
    attendance: pd.DataFrame, language: str, programme: Any, *, title: Words | None = None
) -> Chart:
    """Who took part in each session, from `analysis.attendance`: people in the room (dark) and online."""
    title = title or message("Participants by session")
    if attendance.empty or not attendance["people"].sum():
        return without_data(title, language)
    row = 0.58
    chart = Chart(title, language, 0.75 + row * len(attendance) + 0.05)
    _draw_key(chart, LEFT, message("in the room"), ACCENT)
    _draw_key(chart, LEFT + 1.4, message("online"), PAPER, hatch="/////")
    unit = (WIDTH - MARGIN - 2.05 - LEFT) / max(attendance["people"])
    lines = []
    for place, line in enumerate(attendance.to_dict("records")):
        session, y = programme.session(line["session"]), 0.75 + row * (place + 0.5) - 0.05
        name = worded(session.title, language)
        taken = chart.write_lines(MARGIN, y - 0.08, name, 42, size=8.5)
        below = y + 0.02 + LEADING * taken / 2
        chart.write(MARGIN, below, date_text(session.date, language), size=8, color=SOFT)
        _draw_people(chart, y, line, unit)
        lines.append(join_text([name, *(say(words, language) for words in _people(line))], language))
    chart.alt_text = told(chart, lines)
    return chart


def _draw_people(chart: Chart, y: float, line: Mapping[Any, Any], unit: float) -> None:
    room, online = line["in_room"] * unit, line["online"] * unit
    chart.box(LEFT, y - 0.12, room, 0.24, facecolor=ACCENT, edgecolor=ACCENT).set_gid("in_room")
    look = {"facecolor": PAPER, "edgecolor": ACCENT, "hatch": "/////"}
    chart.box(LEFT + room, y - 0.12, online, 0.24, **look).set_gid("online")
    for words, below, color in zip(_people(line), (-0.075, 0.085), (INK, SOFT), strict=False):
        chart.write(LEFT + room + online + 0.1, y + below, words, size=8.5, color=color)


def _people(line: Mapping[Any, Any]) -> list[Message]:
    """How many people from how many companies, and how they took part."""
    if not line["people"]:
        return [message("no record")]
    people, companies, in_room, online = (line[name] for name in ("people", "companies", "in_room", "online"))
    return [
        message("{people} people from {companies} companies", people=people, companies=companies),
        message("in the room {in_room}, online {online}", in_room=in_room, online=online),
    ]
