"""The words that stand on every sheet: who sees it, whether it is finished, when a question is asked."""

from __future__ import annotations

from spp_workshop.errors import Message, message
from spp_workshop.forms.words import NOTICES
from spp_workshop.worksheet import Field, Worksheet

from .columns import Display
from .wording import Wording

# The hidden sheet of what the drop-downs offer bears its own name inside, too: it may be renamed.
LISTS = "spp_lists"

FINISHED_KEY = "#finished"
FINISHED = message("Is this sheet finished? (choose when it is)")
STATES_OF_WORK = (message("Finished: please take it"), message("Not finished yet"))

ANOTHER = message("Another one, if there is one")
PERSONAL = message("Please write nothing by which a person could be recognised.")


def notice_of(sheet: Worksheet) -> Message:
    """Who will see the answers, and what the star means."""
    return message("{notice} (* required)", notice=NOTICES[sheet.subject, sheet.share])


def same_number(source: Worksheet) -> Message:
    """How the lines of a list belong to those of an earlier one."""
    return message(
        "The numbers are those of “{title}”: on the line with the same number, write about the same thing. If"
        " you need another line for it, write its number into an empty line at the end.",
        title=source.title,
    )


def hint_of(words: Wording, sheet: Worksheet, field: Field, display: Display) -> str:
    """Under a question: how to answer it, when it is asked, and what not to write."""
    parts = [words(field.hint) if field.hint else ""]
    if field.relevance:
        parts.append(words(_when(sheet, field, display)))
    if field.personal:
        parts.append(words(PERSONAL))
    return "\n".join(filter(None, parts))


def _when(sheet: Worksheet, field: Field, display: Display) -> Message:
    asked = field.relevance
    tests = [test for tests in asked.alternatives for test in tests] if asked else []
    told = []
    for test in tests:
        other = sheet.by_name[test.field]
        choice = display.choices[other.list_name].by_code.get(test.code) if other.list_name else None
        label = choice.label if choice else test.code
        told.append(message("“{question}”: “{choice}”", question=other.label, choice=label))
    return message("(Only when: {tests})", tests=told)
