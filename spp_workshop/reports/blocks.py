"""The building blocks of a printed report: figures, cards and calm sentences, as HTML.

A row of a worksheet becomes a card: short answers in one line, texts below it. What people wrote is escaped,
and a change of writing direction ends with it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from spp_workshop.documents import shipped
from spp_workshop.messages import Words, date_text, worded
from spp_workshop.pages import Page
from spp_workshop.plain_text import NO_FORMULAS, in_html
from spp_workshop.tables import answers
from spp_workshop.worksheet import ChoiceList, Worksheet

Pairs = Iterable[tuple[Words, Words]]

# The classes of risks; each badge has a tone that can be told from its neighbours in grey.
CLASSES = "ABCD"


def section(*blocks: str) -> Page:
    """A section of a report."""
    return Page(f'<div class="report {NO_FORMULAS}">{"".join(blocks)}</div>')


def style() -> str:
    """The look of the blocks, to stand once at the head of a report."""
    blocks = (shipped("static") / "report.css").read_text(encoding="utf-8")
    return f"<style>\n{blocks}</style>"


def in_short(label: str) -> str:
    """A label without what it explains after a colon."""
    return label.partition("：")[0].partition(": ")[0]


def first_sentence(text: str) -> str:
    """The first sentence of a text, where it only has to be recognised."""
    return re.split(r"(?<=。)|(?<=[.!?])\s", text, maxsplit=1)[0]


@dataclass(frozen=True)
class Blocks:
    """Makes blocks in one language; `choices` is `Workshop.choices`."""

    language: str
    choices: Mapping[str, ChoiceList]

    # --- Words --------------------------------------------------------------------------------------------

    def word(self, words: Words) -> str:
        """A str, a Message or a bilingual Text as plain text; nothing for None."""
        return worded(words, self.language)

    def safe(self, words: Words) -> str:
        """Words as they can stand in HTML."""
        return in_html(self.word(words))

    def label(self, list_name: str, code: str | None) -> str:
        """What is shown for a code; nothing for None."""
        return self.choices[list_name].label(code, self.language) if code else ""

    def day(self, day: Any) -> str:
        """A date with its weekday."""
        return date_text(day, self.language)

    # --- Blocks -------------------------------------------------------------------------------------------

    def heading(self, rank: int, words: Words) -> str:
        """A heading within a section."""
        return f"<h{rank}>{self.safe(words)}</h{rank}>"

    def text(self, words: Words, kind: str = "") -> str:
        """A paragraph for each line; nothing when there are no words."""
        marked = f' class="report-{kind}"' if kind else ""
        lines = self.word(words).splitlines()
        return "".join(f"<p{marked}>{self.safe(line)}</p>" for line in lines if line.strip())

    def calm(self, *sentences: Words) -> str:
        """What is said where there is nothing to show, and what to do next."""
        return f'<div class="report-calm">{"".join(map(self.text, sentences))}</div>'

    def facts(self, pairs: Pairs) -> str:
        """Names with what they stand for, below one another; a pair with nothing to say is left out."""
        lines = [f"<dt>{name}</dt><dd>{words}</dd>" for name, words in self._told(pairs)]
        return f'<dl class="spp-answers">{"".join(lines)}</dl>' if lines else ""

    def meta(self, pairs: Pairs) -> str:
        """Short facts in one line."""
        lines = [f"<li><i>{name}</i> {words}</li>" for name, words in self._told(pairs)]
        return f'<ul class="report-meta">{"".join(lines)}</ul>' if lines else ""

    def figures(self, told: Iterable[tuple[Words, Words, Words]]) -> str:
        """A few large figures beside one another: (name, figure, a word more or nothing)."""
        boxes = [
            f"<div><span>{name}</span><strong>{figure}</strong><span>{more}</span></div>"
            for name, figure, more in (map(self.safe, box) for box in told)
        ]
        return f'<div class="report-figures">{"".join(boxes)}</div>'

    def badge(self, priority: str) -> str:
        """The class of a risk as a letter in its tone; a dash while it is not rated."""
        known = priority in CLASSES
        kind, letter = (priority.lower(), priority) if known else ("unrated", "–")
        return f'<b class="report-badge report-{kind}">{letter}</b>'

    def tag(self, words: Words) -> str:
        """A small mark, such as a state."""
        return f' <span class="report-tag">{self.safe(words)}</span>' if words else ""

    def card(self, title: str, *body: str) -> str:
        """A card; title and body are HTML already."""
        heading = f'<p class="report-card-title">{title}</p>'
        return f'<article class="report-card">{heading}{"".join(body)}</article>'

    def steps(self, lines: Iterable[str]) -> str:
        """A numbered list; the lines are HTML already."""
        return f'<ol class="report-steps">{"".join(f"<li>{line}</li>" for line in lines)}</ol>'

    def bullets(self, lines: Iterable[Words]) -> str:
        """A list; nothing when there are no lines."""
        told = "".join(f"<li>{self.safe(line)}</li>" for line in lines)
        return f"<ul>{told}</ul>" if told else ""

    def _told(self, pairs: Pairs) -> list[tuple[str, str]]:
        return [(self.safe(name), self.safe(words)) for name, words in pairs if self.word(words)]

    # --- Answers ------------------------------------------------------------------------------------------

    def answers(
        self, sheet: Worksheet, row: Mapping[str, Any], without: Iterable[str] = ()
    ) -> tuple[str, str]:
        """What was answered in a row: choices, numbers and dates in one line; texts below one another.

        In a line, what a label explains after a colon is left out.
        """
        hidden = set(without)
        texts = {question.name for question in sheet.questions if question.kind == "text"}
        short, long = (
            answers(sheet, row, self.language, choices=self.choices, fields=names - hidden).pairs
            for names in (set(sheet.by_name) - texts, texts)
        )
        return self.meta((in_short(label), words) for label, words in short), self.facts(long)

    def answer(self, sheet: Worksheet, name: str, row: Mapping[str, Any]) -> str:
        """One answer as a person reads it; nothing where there is none."""
        pairs = answers(sheet, row, self.language, choices=self.choices, fields=[name]).pairs
        return pairs[0][1] if pairs else ""


__all__ = ["CLASSES", "Blocks", "Words", "first_sentence", "in_short", "section", "style"]
