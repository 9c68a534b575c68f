"""The workbooks of all companies, as files in the workshop folder."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Sequence
from pathlib import Path

from spp_workshop.messages import Language
from spp_workshop.workshop import Workshop

from .plans import plan
from .writing import workbook

FOLDER = Path("output", "worksheets")


def export(
    workshop: Workshop, languages: Sequence[Language], *, companies: Sequence[str] = (), session: str = ""
) -> dict[str, Path]:
    """Write a workbook for each company (these alone, where some are named), and say where it is, by key.

    Raises SppError when there is no such company or session.
    """
    chosen = [workshop.programme.company(key) for key in companies] or workshop.programme.companies
    folder = workshop.folder / FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    written = {}
    for company in chosen:
        book = plan(workshop, company, languages, session=session)
        written[company.key] = write(folder / f"{company.folder_name}.xlsx", workbook(book))
    return written


def write(path: Path, content: bytes) -> Path:
    """A file for its owner alone, written beside its place first: it is whole or not there."""
    descriptor, beside = tempfile.mkstemp(prefix=".spp-", dir=path.parent)
    try:
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(content)
        Path(beside).replace(path)
    except BaseException:
        Path(beside).unlink(missing_ok=True)
        raise
    return path
