"""Files that a company sent and that were not its own: who sent one, when, and whose it seems to be.

It is for whoever keeps the records, and stands in the workshop folder, readable for its owner alone. Whoever
sent the file is told that it is another's, and nothing more; nothing of what is in it is kept.
"""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from spp_workshop.errors import Problem
from spp_workshop.forms.words import said
from spp_workshop.spreadsheets.opening import Returned
from spp_workshop.workshop import Workshop

from .applying import FOLDER

FILE = FOLDER / "refused.jsonl"

# Bytes: some three thousand files. Whoever sends more is in the list often enough.
_LARGEST = 1_000_000


def note(workshop: Workshop, company: str, file: Returned, problems: Sequence[Problem]) -> None:
    """Write down that this company sent a file that was refused; the problems as the custodian hears them."""
    folder = workshop.folder / FOLDER
    folder.mkdir(mode=0o700, exist_ok=True)
    place = workshop.folder / FILE
    with suppress(FileNotFoundError):
        if place.stat().st_size > _LARGEST:
            return
    line = {
        "at": workshop.store.now().isoformat(timespec="seconds"),
        "company": company,
        "sha256": file.digest,
        "problems": [said(problem) for problem in problems],
    }
    descriptor = os.open(place, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    with os.fdopen(descriptor, "a", encoding="utf-8") as stream:
        stream.write(json.dumps(line, ensure_ascii=False) + "\n")


def noted(folder: Path) -> list[dict[str, Any]]:
    """What was written down, the newest first."""
    try:
        lines = (folder / FILE).read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        return []
    return [json.loads(line) for line in reversed(lines) if line.startswith("{")]


__all__ = ["FILE", "note", "noted"]
