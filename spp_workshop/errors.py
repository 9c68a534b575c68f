"""What can be wrong, as data: a sentence is worded later, in the reader's language."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any, Literal

from .messages import Message, message, say

Grade = Literal["invalid", "incomplete"]


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong: where it is, which rule, what, and how to mend it.

    `invalid` is never stored; `incomplete` is stored as a draft and stands in the way of submitting.
    """

    where: str
    rule: str
    message: Message
    remedy: Message
    grade: Grade = "invalid"
    field: str = ""
    row: str = ""

    def at(self, where: str) -> Problem:
        """The same problem, found at another place."""
        return replace(self, where=where)

    def text(self, language: str) -> str:
        """`where: what is wrong. How to mend it.`"""
        between = "" if language == "ja" else " "
        sentences = f"{say(self.message, language)}{between}{say(self.remedy, language)}"
        return f"{self.where}: {sentences}" if self.where else sentences

    def as_json(self, language: str) -> dict[str, str]:
        """The problem for a machine or a page, worded in one language."""
        return {
            "where": self.where,
            "rule": self.rule,
            "grade": self.grade,
            "field": self.field,
            "row": self.row,
            "message": say(self.message, language),
            "remedy": say(self.remedy, language),
        }


class SppError(Exception):
    """Something a person can mend; it carries every problem found, never an answer of a company."""

    def __init__(self, problems: Problem | Iterable[Problem]):
        self.problems = [problems] if isinstance(problems, Problem) else list(problems)
        super().__init__(self.text("en"))

    def text(self, language: str) -> str:
        """All problems, one on a line."""
        return "\n".join(problem.text(language) for problem in self.problems)


class DefinitionError(SppError):
    """A worksheet, a list of choices or a programme is not as it must be."""


class AnswerError(SppError):
    """An answer is unreadable; nothing was stored."""


class NotAllowed(SppError):
    """This seat may not read or write that."""


class StoreError(SppError):
    """The store cannot be used; nothing in it was changed."""


class NotebookError(SppError):
    """A notebook is missing, or not fit to run."""


class ConflictError(SppError):
    """Somebody else changed the same field meanwhile. Both values are kept: `yours` is not lost."""

    def __init__(
        self,
        problems: list[Problem],
        *,
        theirs: dict[str, Any],
        yours: dict[str, Any],
        revision: int,
        answers: dict[str, Any],
    ):
        self.theirs, self.yours, self.revision, self.answers = theirs, yours, revision, answers
        super().__init__(problems)


__all__ = [
    "AnswerError",
    "ConflictError",
    "DefinitionError",
    "Grade",
    "Message",
    "NotAllowed",
    "NotebookError",
    "Problem",
    "SppError",
    "StoreError",
    "message",
]
