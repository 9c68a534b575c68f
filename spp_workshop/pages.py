"""HTML that a notebook shows: sentences, tables and charts; what people wrote stands escaped in it."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterable, Mapping
from html import escape
from typing import Any

import pandas as pd

from .messages import Words, worded
from .plain_text import in_html
from .tables import table

Records = Iterable[Mapping[str, Any]]


class Page(str):
    """HTML that a notebook shows."""

    __slots__ = ()

    def _repr_html_(self) -> str:
        return str(self)

    def __repr__(self) -> str:
        # Beside the HTML goes a text; another copy of it, pictures and all, would double every notebook.
        return f"<Page: {len(self)} letters>"


def page(*parts: str) -> Page:
    """Parts of HTML below one another."""
    return Page("".join(parts))


def sentence(words: Words, language: str) -> str:
    """A paragraph; nothing when there are no words."""
    return f"<p>{in_html(worded(words, language))}</p>" if words else ""


def small(words: Words, language: str) -> str:
    """A paragraph in small letters, such as a source."""
    return f"<p><small>{in_html(worded(words, language))}</small></p>"


def heading(words: Words, language: str) -> str:
    """A heading below those of the notebook's cells."""
    return f"<h4>{escape(worded(words, language))}</h4>"


def bullets(lines: Iterable[str]) -> str:
    """A list of what people wrote."""
    return "<ul>" + "".join(f"<li>{in_html(line)}</li>" for line in lines) + "</ul>"


def rows_of(records: Records, columns: Mapping[str, Words], language: str) -> str:
    """A table of records with these columns."""
    frame = pd.DataFrame(list(records), columns=list(columns))
    return table(frame, columns, language=language)._repr_html_()


def lines_of(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """The lines of a frame, by the names of its columns."""
    return [{str(name): value for name, value in line.items()} for line in frame.to_dict("records")]


def picture(chart: Any) -> str:
    """A chart (`charts.Chart`) with its text alternative."""
    data = b64encode(chart.png()).decode("ascii")
    return f'<img style="max-width: 100%" src="data:image/png;base64,{data}" alt="{escape(chart.alt_text)}">'


def folded(summary: Words, inside: str, language: str) -> str:
    """Something that stands open only when somebody opens it."""
    return f"<details><summary>{escape(worded(summary, language))}</summary>{inside}</details>"
