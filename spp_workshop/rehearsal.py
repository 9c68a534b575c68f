"""Rehearsal: the answers of made-up companies, recorded through the same door as everyone's.

A folder holds one YAML file of answers for each company (`COMPANY.yaml`) and one for sessions and groups.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, RootModel

from .documents import Document, Model, parse, read
from .errors import AnswerError, DefinitionError, Problem, SppError
from .seats import Seat
from .store import Place
from .workshop import Workshop

JAPAN = timezone(timedelta(hours=9))


class Release(Model):
    """Who may see which answers of the row from then on."""

    audience: str
    fields: tuple[str, ...]


class Entry(Model):
    """What was written on one worksheet at one moment (Japan time): only the answers that changed.

    Without `status` the row stays as it is: a draft until it is submitted, submitted afterwards.
    """

    on: datetime
    worksheet: str
    subject: str = ""
    row: str = ""
    status: Literal["", "draft", "submitted"] = ""
    answers: dict[str, Any] = Field(default_factory=dict)
    release: Release | None = None


class Entries(RootModel[tuple[Entry, ...]]):
    """A file of answers."""


@dataclass(frozen=True)
class _Line:
    """An entry, the file in which it stands, and its number there."""

    document: Document
    index: int
    entry: Entry

    @property
    def subject(self) -> str:
        return self.entry.subject or f"company:{self.document.path.stem}"

    def where(self, field: str) -> str:
        return self.document.where((self.index, "answers", field) if field else (self.index,))


def record(workshop: Workshop, folder: Path) -> int:
    """Record all answers of a folder in the order of their time, each as of that time; return how many.

    Every entry is written from the seat of its company, or of the session's facilitator. Raises
    DefinitionError when a file cannot be read (then nothing is recorded), and AnswerError with file, line and
    remedy of every answer that was refused.
    """
    lines = sorted(_lines(folder), key=lambda line: line.entry.on)
    refused: list[Problem] = []
    for line in lines:
        try:
            _record(workshop, line)
        except SppError as error:
            refused += [problem.at(line.where(problem.field)) for problem in error.problems]
    if refused:
        raise AnswerError(refused)
    return len(lines)


def _lines(folder: Path) -> Iterator[_Line]:
    lines: list[_Line] = []
    problems: list[Problem] = []
    for path in sorted(folder.glob("*.yaml")):
        try:
            document = read(path)
            entries = parse(Entries, document).root
            lines += [_Line(document, index, entry) for index, entry in enumerate(entries)]
        except DefinitionError as error:
            problems += error.problems
    if problems:
        raise DefinitionError(problems)
    return iter(lines)


def _record(workshop: Workshop, line: _Line) -> None:
    entry, subject = line.entry, line.subject
    author = workshop.seated(_seat(subject), lambda: entry.on.replace(tzinfo=JAPAN))
    states = workshop.store.history(Place(subject, entry.worksheet, entry.row))
    latest = states[-1] if states else None
    if entry.answers or entry.status:
        author.save(
            entry.worksheet,
            entry.answers,
            subject=subject,
            row=entry.row,
            based_on=latest.revision if latest else 0,
            status=entry.status or (latest.status if latest else "draft"),
            source="rehearsal",
        )
    if entry.release:
        author.release(
            entry.worksheet,
            subject,
            entry.row,
            fields=list(entry.release.fields),
            audience=entry.release.audience,
        )


def _seat(subject: str) -> Seat:
    kind, _, key = subject.partition(":")
    return Seat.company(key) if kind == "company" else Seat.facilitator(key.partition(".")[0])


__all__ = ["record"]
