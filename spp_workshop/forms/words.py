"""The words of the form itself, and whatever it is told, in both languages at once."""

from __future__ import annotations

from functools import cache
from typing import Any

from spp_workshop.errors import Message, Problem, message
from spp_workshop.messages import LANGUAGES, say


def both(text: Any) -> dict[str, str]:
    """A sentence or a bilingual text, as data."""
    if isinstance(text, Message):
        return {language: say(text, language) for language in LANGUAGES}
    return {language: text[language] for language in LANGUAGES}


def said(problem: Problem) -> dict[str, Any]:
    """A problem as a form gets it: row and field, and the sentence with its remedy in both languages."""
    here = problem.at("") if problem.where else problem
    text = {language: here.text(language) for language in LANGUAGES}
    return {"rule": problem.rule, "row": problem.row, "field": problem.field, "text": text}


@cache
def ui() -> dict[str, dict[str, str]]:
    """The words of the form itself, by language."""
    return {language: {key: say(text, language) for key, text in _WORDS.items()} for language in LANGUAGES}


_WORDS = {
    "add": message("Add a row"),
    "add_same": message("Add another for this"),
    "cancel": message("Cancel"),
    "carried": message("From the earlier steps"),
    "cells_help": message(
        "Copy cells in Excel, with the line of column names if you like, and paste them here."
    ),
    "cells_label": message("Cells"),
    "change": message("Change"),
    "choose": message("Please choose"),
    "choose_company": message("For which company do you write?"),
    "choose_group": message("For which group do you write?"),
    "choose_session": message("For which session do you write?"),
    "clear": message("Clear this answer"),
    "column_none": message("(not taken over)"),
    "column_of": message("Column {number}", number="{number}"),
    "conflict": message("Somebody else has changed this answer meanwhile. Which one is to stay?"),
    "copy": message("Copy"),
    "empty": message("Nothing is written yet. Begin with “Add a row”."),
    "empty_source": message(
        "Please fill in “{title}” first. What is written there is carried forward to this place.",
        title="{title}",
    ),
    "example": message("Example"),
    "guidance": message("More"),
    "history": message("History"),
    "history_empty": message("Nothing has been saved yet."),
    "keep_mine": message("Keep my answer"),
    "loading": message("Opening…"),
    "mark_held": message("Not saved"),
    "mark_saved": message("saved {time}", time="{time}"),
    "mark_saving": message("Saving"),
    "mark_waiting": message("Not saved yet"),
    "mine": message("My answer"),
    "move_down": message("Move down"),
    "move_up": message("Move up"),
    "moved": message(
        "“{title}” is now number {place} of {count}.", title="{title}", place="{place}", count="{count}"
    ),
    "no_answer": message("(no answer)"),
    "no_reply": message("There is no connection at the moment. Please try again."),
    "no_groups": message(
        "There is no group here yet for which you can write. Whoever runs the programme makes the groups."
    ),
    "nobody": message("There is nothing here for this seat to fill in."),
    "paste": message("Paste from Excel"),
    "paste_add": message("Add {count} rows", count="{count}"),
    "paste_columns": message("Which question does each column answer? You can change it here."),
    "paste_header": message("The first line was read as names of columns."),
    "paste_left": message("Columns that are not taken over: {count}", count="{count}"),
    "paste_more": message("and {count} more rows", count="{count}"),
    "paste_nothing": message("There is nothing to add: no column belongs to a question."),
    "paste_title": message("These rows will be added"),
    "paste_unread": message(
        "Cells that cannot be read: {count}. They are added as they stand, for you to mend.", count="{count}"
    ),
    "pasted": message("Rows added: {count}", count="{count}"),
    "pasted_text": message("This was pasted:"),
    "personal": message("Please write nothing by which a person could be recognised."),
    "problems": message("Please look at these before you submit ({count})", count="{count}"),
    "required": message("Required"),
    "resend": message("Send again now"),
    "restore": message("Go back to this"),
    "row_code": message("Row code"),
    "source": message("Source:"),
    "state_fresh": message("What you write is saved by itself."),
    "state_held": message("Answers to look at again: {count}", count="{count}"),
    "state_refused": message("Not saved."),
    "state_saved": message("Saved {time}", time="{time}"),
    "state_saving": message("Saving…"),
    "state_unsaved": message("Not saved yet: {count} (sent again by itself)", count="{count}"),
    "status_attention": message("Look again"),
    "status_draft": message("Draft"),
    "status_submitted": message("Submitted"),
    "status_unanswered": message("Not answered yet"),
    "status_unsaved": message("Not saved yet"),
    "status_withdrawn": message("Withdrawn"),
    "stuck": message("I am stuck here"),
    "stuck_again": message("Change the note"),
    "stuck_back": message("It is solved"),
    "stuck_note": message("What are you stuck with? (optional)"),
    "stuck_notice": message(
        "The facilitator and the person who keeps the records see company, worksheet, question and this note,"
        " never your answers. Nobody else sees it."
    ),
    "stuck_send": message("Tell the facilitator"),
    "stuck_told": message("The facilitator has been told ({time}).", time="{time}"),
    "submit": message("Submit"),
    "submitted": message("Submitted. If you change something, please submit again."),
    "take_theirs": message("Take the other answer"),
    "theirs": message("The other answer"),
    "ticked": message("Yes (ticked)"),
    "took_theirs": message("The other answer was taken."),
    "translation": message("In English:"),
    "undo": message("Undo"),
    "unsaved_answer": message("This answer is not saved yet."),
    "untitled": message("(nothing written yet)"),
    "why": message("Why we ask"),
    "withdraw": message("Withdraw"),
    "withdrawn": message("“{title}” was withdrawn.", title="{title}"),
}

ROLES = {
    "custodian": message("The secretariat's recorder"),
    "facilitator": message("A facilitator"),
    "participant": message("A participant"),
    # serving.attendance.RECORDER
    "recorder": message("Counted from those who joined"),
}

_GROUP = message(
    "The companies of this group, its facilitator and the person who keeps the records see this."
)
_FACILITATOR = message("Only the facilitator and the person who keeps the records see single answers.")
_EVERYBODY = message(
    "Everybody in the programme sees this. Please write so that no company can be recognised."
)

# Who will see the answers, by what the sheet is about and how it is shared: visibility.py in words.
NOTICES = {
    ("company", "own"): message(
        "Only your company and the person who keeps the records see this. Others see it only"
        " if your company releases it."
    ),
    ("company", "group"): message(
        "To be talked about in your group. In writing, only your company and the person who keeps the records"
        " see it until your company releases it."
    ),
    ("company", "organiser"): message(
        "Meant for the organiser, who sees it only when your company releases it. Until then only your"
        " company and the person who keeps the records do; figures are shown only for three companies or"
        " more."
    ),
    ("company", "programme"): message(
        "To be presented to everybody in the programme, once your company releases it. Until then only your"
        " company and the person who keeps the records see it."
    ),
    ("group", "own"): _GROUP,
    ("group", "group"): _GROUP,
    ("group", "organiser"): message(
        "The companies of this group, its facilitator and the organiser see this."
    ),
    ("group", "programme"): _EVERYBODY,
    ("session", "own"): _FACILITATOR,
    ("session", "group"): _FACILITATOR,
    ("session", "organiser"): message(
        "The facilitator, the organiser and the person who keeps the records see this."
    ),
    ("session", "programme"): _EVERYBODY,
}
