"""The papers of a session as files: HTML, and PDF where this machine can make it; one company's in each."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from spp_workshop import printing
from spp_workshop.errors import Problem
from spp_workshop.messages import Language
from spp_workshop.programme import Programme, Session
from spp_workshop.workbook.exporting import FOLDER, write
from spp_workshop.workshop import Workshop

from .drawing import Drawing
from .planning import plans, room


@dataclass
class Printed:
    """What was written, by the name of the paper and the ending of the file, and what could not be made."""

    session: Session
    files: dict[str, dict[str, Path]] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)


def session_of(programme: Programme, key: str, today: date) -> Session:
    """The session that is named; else today's, else the next one; when all are over, the last.

    Raises SppError when there is no such session.
    """
    if key:
        return programme.session(key)
    coming = [session for session in programme.sessions if session.date >= today]
    return coming[0] if coming else programme.sessions[-1]


def print_sheets(
    workshop: Workshop,
    session: Session,
    languages: Sequence[Language],
    *,
    companies: Sequence[str] = (),
    made: Callable[[Path], object] | None = None,
) -> Printed:
    """Write the papers of a session: of all companies and for the room, or of some companies alone.

    `made` is told of each file when it is there. A PDF that cannot be made is a problem of its own, and an
    older one of that name is taken away: it would be taken for today's.

    Raises SppError when there is no such company.
    """
    chosen = [workshop.programme.company(key) for key in companies] or workshop.programme.companies
    papers = plans(workshop, session, chosen, secrets.token_hex(4))
    papers += [] if companies else room(workshop, session)
    drawing = Drawing(workshop, session, languages)
    pages = {paper.name: drawing.page(paper) for paper in papers}
    printed = Printed(session)
    for name, page in pages.items():
        printed.files[name] = {"html": _write(workshop, name, "html", page.encode("utf-8"), made)}
    for name, outcome in printing.to_pdfs(pages):
        if isinstance(outcome, Problem):
            _place(workshop, name, "pdf").unlink(missing_ok=True)
            printed.problems += [outcome] if outcome not in printed.problems else []
        else:
            printed.files[name]["pdf"] = _write(workshop, name, "pdf", outcome, made)
    return printed


def _write(
    workshop: Workshop, name: str, ending: str, content: bytes, made: Callable[[Path], object] | None
) -> Path:
    path = _place(workshop, name, ending)
    path.parent.mkdir(parents=True, exist_ok=True)
    write(path, content)
    if made:
        made(path)
    return path


def _place(workshop: Workshop, name: str, ending: str) -> Path:
    return workshop.folder / FOLDER / f"{name}.{ending}"


__all__ = ["Printed", "print_sheets", "session_of"]
