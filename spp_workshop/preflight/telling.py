"""What was found, for a person at a shell and for a machine: a sign and a word for each, not colour alone."""

from __future__ import annotations

from typing import Any

from spp_workshop.errors import Message, message
from spp_workshop.messages import LANGUAGES, Language, say
from spp_workshop.plain_text import width

from .inspection import Finding

_WORDS = {
    "green": ("✓", message("Ready"), "32"),
    "red": ("✗", message("To mend"), "31"),
    "not_tried": ("–", message("Not tried"), "33"),
}
_INDENT = 2 + max(width(say(word, language)) for _, word, _ in _WORDS.values() for language in LANGUAGES)


def as_text(finding: Finding, language: Language, *, colour: bool = False) -> str:
    """A line for the check, and below it what is wrong and, after an arrow, how to mend it."""
    sign, word, shade = _WORDS[finding.state]
    state = say(word, language)
    padded = f"{sign} {state}{' ' * (_INDENT - 2 - width(state))}"
    shown = f"\x1b[{shade}m{padded}\x1b[0m" if colour else padded
    told = [f"{shown}  {say(finding.title, language)}"]
    for problem in finding.problems:
        where = f"{problem.where}: " if problem.where else ""
        told += [f"    {where}{say(problem.message, language)}", f"    → {say(problem.remedy, language)}"]
    return "\n".join(told)


def verdict(red: int) -> Message:
    """Whether everything is ready."""
    return message("To be mended: {count}.", count=red) if red else message("Everything is ready.")


def as_json(finding: Finding, language: Language) -> dict[str, Any]:
    """The same for a machine; the name of a check stays, its title may change."""
    return {
        "check": finding.check,
        "title": say(finding.title, language),
        "state": finding.state,
        "problems": [problem.as_json(language) for problem in finding.problems],
    }


__all__ = ["as_json", "as_text", "verdict"]
