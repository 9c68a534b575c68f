"""The names of what we add to a worksheet's questions in a form, and what the form says of itself.

They begin with a capital letter, which no question of a worksheet does, so they never meet one.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from typing import Any

from spp_workshop.errors import Message, message
from spp_workshop.worksheet import Worksheet

# The code by which a company says who it is; the row of an earlier worksheet that a row goes back to.
CODE, ROW_OF = "Company_code", "Row_of"
# Where the answers stand: a group for one answer to each question, a repeat for a list.
ANSWERS, ROWS = "Answers", "Rows"
# Worksheet, version and programme of a form; it comes back with every submission.
STAMP, INTRO = "Form_stamp", "Introduction"

_MARK = "spp-form/1"
_STAMP = re.compile(rf"{_MARK} ([a-z][a-z0-9_]*) (\d{{1,9}}) ([0-9a-f]{{8}})")
# What XML and every form tool take as the name of a choice.
_PLAIN_NAME = re.compile(r"[A-Za-z0-9_.-]+")


@dataclass(frozen=True)
class FormStamp:
    """Which worksheet a form is, and of which programme (the beginning of the checksum of its key)."""

    worksheet: str
    version: int
    programme: str

    @classmethod
    def of(cls, sheet: Worksheet, programme: str) -> FormStamp:
        """The stamp of a worksheet in the programme of this key."""
        return cls(sheet.name, sheet.version, short(programme))

    def text(self) -> str:
        """As it stands in the form."""
        return f"{_MARK} {self.worksheet} {self.version} {self.programme}"


def parse(text: Any) -> FormStamp | None:
    """The stamp in a cell; None when there is none."""
    match = _STAMP.fullmatch(text.strip()) if isinstance(text, str) else None
    return FormStamp(match[1], int(match[2]), match[3]) if match else None


def short(text: str) -> str:
    """The beginning of the checksum of a text."""
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()[:8]


def choice_name(code: str) -> str:
    """The name of a choice: its code, unless that holds spaces or signs, as the key of a company may."""
    return code if _PLAIN_NAME.fullmatch(code) else f"c{short(code)}"


def code_label() -> Message:
    """The question who somebody is."""
    return message("Your company's code")


def row_label(source: Worksheet) -> Message:
    """The question which row of an earlier worksheet is meant."""
    return message("Which one of “{title}” is this about?", title=source.title)
