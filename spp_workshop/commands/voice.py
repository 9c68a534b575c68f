"""How a command speaks to whoever typed it, and what it needs first: a workshop folder."""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TextIO

from spp_workshop.errors import Message, Problem, SppError, message
from spp_workshop.messages import Language, say
from spp_workshop.plain_text import without_controls

# Exit statuses.
ALL_WELL, SOME_FAILED, NOTHING_DONE = 0, 1, 2

_TURNS = re.compile(r"[\r\u202a-\u202e\u2066-\u2069]")


@dataclass(frozen=True)
class Voice:
    """How a command speaks: in one language, to a person or, with `--json`, to a machine."""

    language: Language
    as_json: bool = False

    def tell(self, text: Message) -> None:
        """A sentence for a person."""
        if not self.as_json:
            _print(say(text, self.language))

    def show(self, text: str) -> None:
        """What is worded already and may hold colours, for a person; what others wrote has been cleaned."""
        if not self.as_json:
            print(text, flush=True)

    def problems(self, found: Iterable[Problem]) -> None:
        """What is wrong and how to mend it, one problem on a line."""
        if not self.as_json:
            for problem in found:
                _print(problem.text(self.language))

    def data(self, values: dict[str, Any]) -> None:
        """The outcome for a machine."""
        if self.as_json:
            print(json.dumps(values, ensure_ascii=False, indent=2), flush=True)

    def complain(self, problems: list[Problem]) -> int:
        """What kept the command from doing anything, to a person on the error stream."""
        for problem in problems:
            _print(problem.text(self.language), sys.stderr)
        self.data({"problems": [problem.as_json(self.language) for problem in problems]})
        return NOTHING_DONE

    @property
    def colour(self) -> bool:
        """Whether colours may be added: for a person at a terminal who has not switched them off."""
        return sys.stdout.isatty() and "NO_COLOR" not in os.environ


def _print(text: str, stream: TextIO | None = None) -> None:
    # The name of a file that somebody sent may hold orders for the terminal, or turn its letters round.
    print(without_controls(_TURNS.sub("", text)), file=stream, flush=True)


def workshop_folder(folder: Path) -> Path:
    """The folder, if it is one of a workshop. Raises SppError otherwise."""
    from spp_workshop.programme import FILE

    if not (folder / FILE).is_file():
        raise SppError(_no_workshop(folder))
    return folder


def _no_workshop(folder: Path) -> Problem:
    return Problem(
        str(folder),
        "no_workshop_folder",
        message("This is not a workshop folder: it has no programme.yaml."),
        message("Name the folder of your workshop, or make one: spp-workshop new my-workshop"),
    )


__all__ = ["ALL_WELL", "NOTHING_DONE", "SOME_FAILED", "Voice", "workshop_folder"]
