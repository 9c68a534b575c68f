"""What a sheet says of itself, out of sight: whose it is, which worksheet and version, from which export.

It tells where answers belong; it is no proof of anything. Rows that nobody has written yet have their ids
already, so that a workbook that is sent in twice adds them once.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from typing import Any

from spp_workshop.plain_text import without_controls

MARK = "spp-workshop/1 "
# Of a key; a whole cell could be one otherwise.
_LONGEST = 1_000
_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"


@dataclass(frozen=True)
class Stamp:
    """Of a sheet; the one of the whole workbook names no worksheet. `revision` is that of a single answer."""

    programme: str
    company: str
    export: str
    worksheet: str = ""
    version: int = 0
    revision: int = 0
    languages: str = ""

    def text(self) -> str:
        """As it stands in a cell."""
        return MARK + json.dumps(asdict(self), ensure_ascii=False, separators=(",", ":"))

    def reserved(self, number: int) -> str:
        """The id of a row that is not written yet."""
        return new_id(self.company, self.export, self.worksheet, number)


def parse(text: Any) -> Stamp | None:
    """The stamp in a cell; None when there is none, or not a whole one."""
    if not isinstance(text, str) or not text.startswith(MARK):
        return None
    try:
        told = json.loads(text[len(MARK) :])
        stamp = Stamp(**told)
    except (ValueError, TypeError, RecursionError):
        return None
    texts = (stamp.programme, stamp.company, stamp.export, stamp.worksheet, stamp.languages)
    numbers = (stamp.version, stamp.revision)
    whole = all(isinstance(one, str) and _is_key(one) for one in texts) and all(
        type(one) is int for one in numbers
    )
    return stamp if whole else None


def _is_key(text: str) -> bool:
    """Whether it can be one: whoever keeps the records is told of those that are not known."""
    return len(text) <= _LONGEST and without_controls(text) == text


def new_id(*parts: Any, parent: str = "") -> str:
    """A row id as `rows.new_row_id` makes them, but the same for the same parts."""
    digest = hashlib.sha256(json.dumps(parts, ensure_ascii=False, default=str).encode("utf-8", "replace"))
    letters = "".join(_LETTERS[byte % len(_LETTERS)] for byte in digest.digest()[: 4 if parent else 8])
    return f"{parent}.{letters}" if parent else f"r{letters}"
