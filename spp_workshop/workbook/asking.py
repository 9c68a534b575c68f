"""The words of the place at which workbooks are taken in, in a notebook and on a company's own page."""

from __future__ import annotations

from functools import cache
from typing import Any, Literal

from spp_workshop.errors import message
from spp_workshop.forms.words import both
from spp_workshop.messages import LANGUAGES, say

from .states import STATES

# Bytes: a company's workbook is a hundredth of it.
LARGEST = 10_000_000

Role = Literal["page", "keeper", "desk"]


def held(role: Role, **more: Any) -> dict[str, Any]:
    """What `static/workbooks.js` needs to know before the first file."""
    states = {state: both(text) for state, text in STATES.items()}
    if role == "desk":
        # Whether it is new or changed is not for this seat to know.
        states["new"] = both(message("filled in"))
    return {"words": ui(), "states": states, "role": role, "largest": LARGEST, **more}


@cache
def ui() -> dict[str, dict[str, str]]:
    """The words by language."""
    return {language: {key: say(text, language) for key, text in _WORDS.items()} for language in LANGUAGES}


_WORDS = {
    "intro_page": message(
        "If Excel suits you better: take your company's workbook, fill it in, and bring it back here. "
        "You see what is in it before anything is stored."
    ),
    "intro_keeper": message(
        "Drop the files that the companies sent back. You see what is in them before anything is stored."
    ),
    "intro_desk": message(
        "Drop the files that the companies sent back, and hand them on. The person who keeps the records "
        "stores them; what the companies wrote before is not shown here."
    ),
    "only_for_you": message("Only for you: open it when the screen is not shared"),
    "blank": message("Take our company's workbook (.xlsx)"),
    "choose_page": message("Choose the file"),
    "choose_keeper": message("Choose files"),
    "drop": message("or drop here"),
    "kinds": message("Excel (.xlsx, .xlsb, .xls), .ods or .csv, up to 10 MB"),
    "reading": message("Reading “{file}” …", file="{file}"),
    "nothing_stored": message("Nothing of it is stored yet."),
    "nothing_new": message("There is nothing new in it."),
    "store": message("Store what is good ({count})", count="{count}"),
    "store_finished": message("Hand in the finished sheets"),
    "store_all": message("Store what is good in all files"),
    "storing": message("Storing …"),
    "stored": message("Stored: {count}.", count="{count}"),
    "still_open": message("What is listed below was not stored."),
    "stored_all": message("All of it is stored."),
    "overwrite": message(
        "Where an answer was changed here and in the file, too, take the file's ({count})", count="{count}"
    ),
    "hand_on": message("Hand it on"),
    "handed_on": message("It is handed on to the person who keeps the records."),
    "copy": message("Marked copy (.xlsx)"),
    "copy_help": message("The same workbook, with every cell marked that is to be looked at, and why."),
    "copy_at": message("The marked copy is here: {file}", file="{file}"),
    "remove": message("Put it away"),
    "given": message("In the file"),
    "stored_now": message("Stored here"),
    "none": message("(empty)"),
    "more": message("And {count} more; the marked copy has them all.", count="{count}"),
    "password": message("Password of this file"),
    "open": message("Open"),
    "whose": message("Whose file is it?"),
    "choose": message("Please choose"),
    "too_large": message("This file is far larger than a workbook of ours can be, and was not opened."),
    "no_reply": message("There is no answer at the moment. Nothing was stored; try again."),
    "refused_title": message("Files that companies sent on their page, and that were another's"),
    "waiting_title": message("Handed on from a facilitator's page"),
}

__all__ = ["LARGEST", "held"]
