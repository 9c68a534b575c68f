"""What people typed, on its way to a page: it is text and nothing else, in HTML and in Markdown."""

from __future__ import annotations

import re
import unicodedata
from html import escape

# Classes by which MathJax (2 and 3) lets dollar signs alone: what people typed is no formula.
NO_FORMULAS = "mathjax_ignore tex2jax_ignore"

# What neither HTML nor a reader can do anything with.
_CONTROLS = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ufffe\uffff\ud800-\udfff]")
_MARKDOWN = re.compile(r"([\\`*_{}\[\]()#+!|~$-])")


def in_html(text: str) -> str:
    """The text as it can stand in HTML; a writing direction that it sets ends with it."""
    return f"<bdi>{escape(without_controls(text))}</bdi>"


def in_markdown(text: str) -> str:
    """The text as it can stand in a line of Markdown, where nothing of it is markup."""
    lines = _MARKDOWN.sub(r"\\\1", escape(without_controls(text))).splitlines()
    return "<br>".join(lines)


def in_css(text: str) -> str:
    """The text as it can stand between quotation marks in a style sheet that stands in a page."""
    return "".join(c if c.isalnum() or c == " " else f"\\{ord(c):x} " for c in without_controls(text))


def without_controls(text: str) -> str:
    """The text with a replacement character for each control character but line ends and tabs."""
    return _CONTROLS.sub("\N{REPLACEMENT CHARACTER}", text)


def width(text: str) -> int:
    """How wide the text is, in half-width letters."""
    return sum(2 if unicodedata.east_asian_width(letter) in "WFA" else 1 for letter in text)
