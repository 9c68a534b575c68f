"""Hypothetical cases and discussion guides: what the room may see, and what only the facilitator sees.

The cases are invented. Real grievances are never collected, neither here nor anywhere else in the toolkit.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Annotated

from pydantic import Field, StringConstraints

from .documents import Document, Model, load_all
from .errors import DefinitionError, Message, Problem, message
from .messages import say
from .worksheet import ChoiceList, Code, Text

Texts = Annotated[tuple[Text, ...], Field(min_length=1)]
Codes = Annotated[tuple[Code, ...], Field(min_length=1)]
GroupSize = Annotated[str, StringConstraints(pattern=r"^[1-9][0-9]?-[1-9][0-9]?$")]
Lists = Mapping[str, ChoiceList]

# Key of a case that holds codes -> the list that they come from.
CODE_LISTS = {
    "issues": "human_rights_issues",
    "rights_holders": "rights_holders",
    "steps": "case_process_steps",
}


class Markdown(str):
    """Text that a notebook shows formatted."""

    __slots__ = ()

    def _repr_markdown_(self) -> str:
        return str(self)


class Case(Model):
    """An invented case for the exercise; `steps` are the steps of the process on which it turns."""

    name: Code
    title: Text
    issues: Codes
    rights_holders: Codes
    steps: Codes
    situation: Text
    questions: Texts
    notice: Texts
    good_handling: Texts
    information_card: Text
    source: Text

    def handout(self, language: str) -> Markdown:
        """What the room gets: the situation and the questions."""
        return _page(
            _title(message("Hypothetical case: {title}", title=_plain(self.title[language])), language),
            _plain(self.source[language]),
            _lines(self.situation[language]),
            _part(message("Let us think together"), language),
            _numbered(self.questions, language),
        )

    def notes(self, language: str, lists: Lists | None = None) -> Markdown:
        """What only the facilitator gets, with the card for midway; `lists` put the codes into words."""
        return _page(
            _only_for_facilitators(self.title, language),
            *([self._topics(language, lists)] if lists else []),
            _part(message("Points to notice"), language),
            _list(self.notice, language),
            _part(message("Good handling"), language),
            _list(self.good_handling, language),
            _part(message("Card to hand out midway"), language),
            f"> {_plain(self.information_card[language])}",
        )

    def _topics(self, language: str, lists: Lists) -> str:
        def labels(key: str) -> list[Message]:
            words = (lists[CODE_LISTS[key]].label(code, language) for code in getattr(self, key))
            return [message("“{label}”", label=_plain(label)) for label in words]

        sentences = (
            message("Human rights issues: {labels}", labels=labels("issues")),
            message("Those affected: {labels}", labels=labels("rights_holders")),
            message("Steps on which it turns: {labels}", labels=labels("steps")),
        )
        return "\n".join(f"- {say(sentence, language)}" for sentence in sentences)


class Guide(Model):
    """How to lead one group discussion."""

    name: Code
    topic: Text
    aim: Text
    minutes: Annotated[int, Field(gt=0)]
    group_size: GroupSize
    prompts: Texts
    typical_answers: Texts
    when_stuck: Texts
    output: Text
    source: Text

    def handout(self, language: str) -> Markdown:
        """What the room gets: the topic, the questions, and what to bring out of it."""
        size = self.group_size.replace("-", "–")
        frame = message("{minutes} minutes, {size} people in a group", minutes=self.minutes, size=size)
        return _page(
            _title(message("Discussion: {topic}", topic=_plain(self.topic[language])), language),
            _plain(self.aim[language]),
            say(frame, language),
            _part(message("Let us talk about this"), language),
            _numbered(self.prompts, language),
            _part(message("What you take away"), language),
            _plain(self.output[language]),
        )

    def notes(self, language: str) -> Markdown:
        """What only the facilitator gets: answers that often come, and what helps when it stalls."""
        return _page(
            _only_for_facilitators(self.topic, language),
            _part(message("Answers that often come"), language),
            _list(self.typical_answers, language),
            _part(message("If it stalls"), language),
            _list(self.when_stuck, language),
            _plain(self.source[language]),
        )


def load_cases(*folders: Path, lists: Lists | None = None) -> dict[str, Case]:
    """All cases, a later folder winning; with `lists`, their codes are checked against these.

    Raises DefinitionError with every problem of every file.
    """
    loaded = load_all(Case, folders)
    problems = [
        problem
        for case, document in loaded.values()
        for problem in _unknown_codes(case, document, lists or {})
    ]
    if problems:
        raise DefinitionError(problems)
    return {name: case for name, (case, _) in loaded.items()}


def load_guides(*folders: Path) -> dict[str, Guide]:
    """All discussion guides, a later folder winning. Raises DefinitionError with every problem."""
    return {name: guide for name, (guide, _) in load_all(Guide, folders).items()}


def _unknown_codes(case: Case, document: Document, lists: Lists) -> Iterable[Problem]:
    for key, list_name in CODE_LISTS.items():
        for index, code in enumerate(getattr(case, key)):
            if list_name in lists and code not in lists[list_name].by_code:
                yield Problem(
                    document.where((key, index)),
                    "unknown_choice",
                    message("The list {name} has no code “{code}”.", code=code, name=list_name),
                    message("Use a code of choices/{name}.yaml.", name=list_name),
                    field=key,
                )


# --- Markdown in which free text stays text ---------------------------------------------------------------

# What Markdown, HTML or MathJax would act on: anywhere, at the beginning, as number of a list, as address.
_ACTIVE = re.compile(r"[\\`*_\[\]<>&$~|]|^[#+=-]|(?<=\d)[.)](?=\s)|:(?=//)")


def _plain(text: str) -> str:
    return _ACTIVE.sub(_inert, " ".join(text.split()))


def _inert(found: re.Match[str]) -> str:
    entity = f"&#{ord(found[0])};"
    # MathJax reads the finished page, where an entity is a sign again; it never looks across an element.
    return f"<span>{entity}</span>" if found[0] in "\\$" else entity


def _lines(text: str) -> str:
    return "  \n".join(_plain(line) for line in text.splitlines() if line.strip())


def _list(texts: Iterable[Text], language: str) -> str:
    return "\n".join(f"- {_plain(text[language])}" for text in texts)


def _numbered(texts: Iterable[Text], language: str) -> str:
    return "\n".join(f"{number}. {_plain(text[language])}" for number, text in enumerate(texts, 1))


def _title(text: Message, language: str) -> str:
    return f"### {say(text, language)}"


def _part(text: Message, language: str) -> str:
    return f"#### {say(text, language)}"


def _only_for_facilitators(title: Text, language: str) -> str:
    return _title(message("For the facilitator only: {title}", title=_plain(title[language])), language)


def _page(*blocks: str) -> Markdown:
    return Markdown("\n\n".join(blocks))


__all__ = ["CODE_LISTS", "Case", "Guide", "Markdown", "load_cases", "load_guides"]
