"""How a workbook looks: letters, colours, widths. One place for all sheets."""

from __future__ import annotations

import math
import re
import unicodedata
from typing import Any

# Office has it on Windows and macOS; elsewhere a system's own Japanese letters take its place.
FONT = "Yu Gothic"
INK, SOFT, ACCENT, TINT, LINE = "#1d2b29", "#52625f", "#0c6b62", "#e6f3f1", "#c3cdca"
PAPER, QUIET = "#ffffff", "#f4f6f5"

# Of a cell that came back: ground and edge, by what became of it.
STATES = {
    "new": "#e3f4e8",
    "changed": "#e3f4e8",
    "cleared": "#e3f4e8",
    "conflict": "#fdf0d0",
    "wrong": "#fbdcd8",
    "incomplete": "#fdf0d0",
}

_BASE = {"font_name": FONT, "font_size": 10, "font_color": INK, "valign": "top", "text_wrap": True}
_BOX = {"border": 1, "border_color": LINE}
_SIDES = {"left": 1, "right": 1, "left_color": LINE, "right_color": LINE}
_LINK = {"font_color": ACCENT, "underline": 1}
STYLES: dict[str, dict[str, Any]] = {
    "plain": {},
    "unseen": {"font_color": PAPER, "num_format": ";;;", "text_wrap": False},
    "hidden": {"font_color": SOFT, "text_wrap": False},
    "title": {"font_size": 15, "bold": True, "font_color": ACCENT, "text_wrap": False, "valign": "vcenter"},
    "cover": {"font_size": 20, "bold": True, "font_color": ACCENT, "valign": "vcenter"},
    "company": {"font_size": 14, "bold": True, "valign": "vcenter"},
    "intro": {"font_color": INK},
    "soft": {"font_size": 9, "font_color": SOFT},
    "part": {"font_size": 12, "bold": True, "font_color": ACCENT, "bottom": 2, "bottom_color": ACCENT},
    "head": {
        "border": 1, "border_color": PAPER, "bold": True, "font_color": PAPER, "bg_color": ACCENT,
        "valign": "vcenter",
    },
    "hint": {**_BOX, "font_size": 9, "font_color": SOFT, "bg_color": QUIET},
    "number": {**_BOX, "align": "center", "font_color": SOFT, "bg_color": QUIET},
    "carried": {**_BOX, "bg_color": QUIET, "font_color": SOFT},
    "question": {**_BOX, "bg_color": QUIET},
    "choice": {**_BOX, "bg_color": QUIET, "indent": 1},
    "section": {"bold": True, "font_size": 11, "font_color": ACCENT, "bg_color": TINT, **_BOX},
    "prose": {"bg_color": TINT, **_BOX},
    "note": {"font_size": 9, "font_color": SOFT, "bg_color": TINT, **_BOX},
    "link": {**_LINK, **_BOX},
    "link_first": {**_LINK, **_SIDES, "top": 1, "top_color": LINE},
    "link_inner": {**_LINK, **_SIDES},
    "link_last": {**_LINK, **_SIDES, "bottom": 1, "bottom_color": LINE},
    "cell": {**_BOX},
    "label": {"bold": True, "align": "right", "valign": "vcenter"},
    "bold": {"bold": True},
    "need": {"bold": True, "font_color": "#a6261d"},
    "small": {"font_size": 9, "font_color": SOFT},
    **{f"mark_{state}": {**_BOX, "bg_color": ground} for state, ground in STATES.items()},
}  # fmt: skip
ANSWER: dict[str, Any] = {**_BOX, "locked": False, "bg_color": PAPER}
# By kind of question how a cell takes what is typed; texts stay texts, whatever sign they begin with.
KINDS: dict[str, dict[str, Any]] = {
    "text": {"num_format": "@"},
    "integer": {"num_format": "General", "align": "center"},
    "decimal": {"num_format": "General", "align": "center"},
    "date": {"num_format": "yyyy-mm-dd", "align": "center"},
    "acknowledge": {"num_format": "@", "align": "center"},
    "select_one": {"num_format": "@"},
    "select_multiple": {"num_format": "@"},
    "tick": {"num_format": "@", "align": "center"},
    "number": {"num_format": "@", "align": "center"},
}
# Widths of a list's columns in letters, by kind; a long text has more room.
WIDTHS = {"text": 26, "integer": 11, "decimal": 11, "date": 13, "acknowledge": 14, "select_one": 22}
LONG = 38


class Looks:
    """The formats of one workbook, each made once."""

    def __init__(self, workbook: Any):
        self.workbook = workbook
        self._made: dict[tuple[str, ...], Any] = {}

    def __call__(self, name: str) -> Any:
        """A format of `STYLES`."""
        return self._format(("style", name), {**_BASE, **STYLES[name]})

    def answer(self, kind: str, state: str = "") -> Any:
        """The format of a cell to be filled in; marked, in a copy that goes back."""
        marked = {"bg_color": STATES[state]} if state in STATES else {}
        return self._format(("answer", kind, state), {**_BASE, **ANSWER, **KINDS[kind], **marked})

    def _format(self, key: tuple[str, ...], properties: dict[str, Any]) -> Any:
        if key not in self._made:
            self._made[key] = self.workbook.add_format(properties)
        return self._made[key]


def height(text: str, width: float, size: float = 10) -> float:
    """The height in points that a text needs in a cell of this width in letters."""
    per_line = max(width * 10 / size - 1, 1)
    lines = sum(max(1, math.ceil(breadth(part) / per_line)) for part in text.split("\n"))
    return lines * size * 1.42 + 5


def broken(text: str, width: float) -> list[str]:
    """The text in lines of this width in narrow letters, none of which begins with a closing mark."""
    lines = [""]
    for part in _PARTS.findall(text):
        if lines[-1] and breadth(lines[-1] + part.rstrip()) > width:
            lines.append("")
        lines[-1] += part
    return [line.strip() for line in lines]


# What stays together in a line: a word, or a Japanese letter with the marks beside it.
_PARTS = re.compile(r"[(\[]?[^!-~\s][^\w\s(\[!-'*-~]*[)\]]*\s?|[!-~]+\s?|\s")


def breadth(text: str) -> int:
    """The breadth in narrow letters: Japanese ones are twice as wide."""
    return sum(2 if unicodedata.east_asian_width(sign) in "WFA" else 1 for sign in text)
