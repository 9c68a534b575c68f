"""Short codes of rows: what stands beside a row on paper, and leads back to it when it is typed in later.

A row's id is long and means nothing to people. Its code is the beginning of it and one letter more, by which
a mistyped code is noticed. A row that is still empty on paper has a code, too: whoever types it in makes the
row that bears this code, however often it is typed, and the same one on every worksheet that rows are carried
to.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Collection, Iterable
from itertools import takewhile
from typing import Any, NamedTuple

from .reading import plain

# The letters of the rows' ids: none that is taken for another. There are 31 of them, a prime number, so that
# the last letter of a code tells every single wrong letter, and every two that were exchanged.
LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"
SHORTEST = 4

_OWN = re.compile(rf"r([{LETTERS}]{{8}})")
_CODE = re.compile(rf"[{LETTERS}]{{{SHORTEST + 1},9}}")
_NUMBER = re.compile(r"\d{1,4}(?:[-.]\d{1,4})?")


def codes(rows: Iterable[str]) -> dict[str, str]:
    """The code of each row, as it is printed; as long as is needed to tell these rows from one another."""
    spelled = sorted((_letters(row), row) for row in set(rows))
    around = ["", *(letters for letters, _ in spelled), ""]
    found = {}
    for place, (letters, row) in enumerate(spelled, start=1):
        # Those that begin most like it are its neighbours.
        shared = max(_shared(letters, around[other]) for other in (place - 1, place + 1))
        found[row] = printed(letters[: max(SHORTEST, shared + 1)])
    return found


def printed(letters: str) -> str:
    """The code that begins with these letters: capitals, the last one to check the others."""
    return f"{letters}{_check(letters)}".upper()


def rows_of(letters: str, rows: Collection[str]) -> list[str]:
    """Which of these rows a code without its last letter means: one, or none, or (hardly ever) several."""
    return [row for row in rows if _letters(row).startswith(letters)]


def new_row(company: str, letters: str) -> str:
    """The id of the row that a company wrote beside a code that no row had yet."""
    rest = _digest("row of a code", company, letters)
    return f"r{(letters + rest)[:8]}"


def blank(company: str, printing: str, number: int) -> str:
    """The id of a row that is empty on this printing of a sheet; typed in by its code, it gets this id."""
    return new_row(company, _digest("blank row", company, printing, number)[:SHORTEST])


class Written(NamedTuple):
    """What stands in the number cell of a line: its number and the letters of its code.

    Letters without their check letter; `wrong` where something looks like a code, and is none.
    """

    number: str = ""
    letters: str = ""
    wrong: bool = False


def written(text: Any) -> Written:
    """A number cell, as we or people filled it in: `3`, `3-2`, a code, or a number with a code below it."""
    if not isinstance(text, str):
        return Written("" if text is None else plain(text))
    number = letters = ""
    wrong = False
    for part in text.split():
        told = plain(part)
        if _NUMBER.fullmatch(part) or len(told) <= SHORTEST:
            number = number or told
        elif _CODE.fullmatch(told):
            right = _check(told[:-1]) == told[-1]
            letters, wrong = (told[:-1], wrong) if right else (letters, True)
        else:
            number = number or told
    return Written(number, letters, wrong and not letters)


def _letters(row: str) -> str:
    own = _OWN.fullmatch(row)
    return own[1] if own else _digest("code of a row", row)


def _shared(one: str, other: str) -> int:
    """How many letters two codes have in common from the beginning."""
    pairs = zip(one, other, strict=False)
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], pairs))


def _digest(*parts: Any) -> str:
    digest = hashlib.sha256(json.dumps(parts, ensure_ascii=False).encode("utf-8", "replace")).digest()
    return "".join(LETTERS[byte % len(LETTERS)] for byte in digest[:8])


def _check(letters: str) -> str:
    total = sum((place + 2) * LETTERS.index(letter) for place, letter in enumerate(letters))
    return LETTERS[total % len(LETTERS)]


__all__ = ["SHORTEST", "Written", "blank", "codes", "new_row", "printed", "rows_of", "written"]
