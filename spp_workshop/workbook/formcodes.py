"""The codes by which companies say in a form who they are: one each, by chance, known to nobody else.

A form is shared by its link, so a list to choose from would name all companies to each of them, and let one
answer for another, be it by a slip of the finger. A code can be given along with the link. They stand in the
workshop folder, in a file for its owner alone; a company that has enrolled later gets one when forms are next
written.
"""

from __future__ import annotations

import json
import secrets
import unicodedata
from collections.abc import Mapping, Sequence
from pathlib import Path

from spp_workshop.errors import Problem, SppError, message
from spp_workshop.programme import Company
from spp_workshop.xlsform.surveys import CODE_LETTERS

from .exporting import write

FILE = "form-codes.json"
_LENGTH, _GROUP = 8, 4


def read_codes(folder: Path) -> dict[str, str]:
    """By company its code; nothing when no forms were written yet. Raises SppError when it cannot be read."""
    path = folder / FILE
    try:
        told = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except ValueError:
        told = None
    texts = isinstance(told, dict) and all(isinstance(code, str) and spelled(code) for code in told.values())
    if not isinstance(told, dict) or not texts:
        raise SppError(_unreadable())
    return {str(key): code for key, code in told.items()}


def codes_for(folder: Path, companies: Sequence[Company]) -> dict[str, str]:
    """The same, with a new code for each company that has none yet; these are kept."""
    known = read_codes(folder)
    missing = [company.key for company in companies if company.key not in known]
    for key in missing:
        known[key] = _new(known)
    if missing:
        text = json.dumps(known, ensure_ascii=False, indent=2)
        write(folder / FILE, f"{text}\n".encode())
    return {company.key: known[company.key] for company in companies}


def company_of(typed: str, known: Mapping[str, str]) -> str:
    """The company whose code this is, however it is written; empty when it is nobody's."""
    meant = spelled(typed)
    return next((key for key, code in known.items() if meant and spelled(code) == meant), "")


def spelled(code: str) -> str:
    """Nothing but the letters and digits of a code."""
    folded = unicodedata.normalize("NFKC", code).upper()
    return "".join(sign for sign in folded if sign.isalnum())


def _new(known: Mapping[str, str]) -> str:
    while True:
        letters = "".join(secrets.choice(CODE_LETTERS) for _ in range(_LENGTH))
        code = f"{letters[:_GROUP]}-{letters[_GROUP:]}"
        if code not in known.values():
            return code


def _unreadable() -> Problem:
    return Problem(
        FILE,
        "form_codes",
        message("The file with the codes of the companies cannot be read."),
        message(
            "Take it from a backup of the workshop folder: without it nobody knows whose answers are whose."
        ),
    )
