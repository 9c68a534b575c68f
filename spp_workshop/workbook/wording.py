"""A text in one language, or in two with one above the other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from spp_workshop.messages import Language, date_text, worded


@dataclass(frozen=True)
class Wording:
    """The languages of a workbook, the first one first."""

    languages: Sequence[Language]

    def __call__(self, words: Any, between: str = "\n") -> str:
        """A sentence, a bilingual text or a plain one; the same in both languages is said once."""
        said = dict.fromkeys(worded(words, language) for language in self.languages)
        return between.join(text for text in said if text)

    def line(self, words: Any) -> str:
        """The same on one line."""
        return self(words, " / ")

    def day(self, day: date) -> str:
        """A date with its weekday."""
        return " / ".join(date_text(day, language) for language in self.languages)
