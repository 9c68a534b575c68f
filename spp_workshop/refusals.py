"""What a workshop refuses, and what to do then."""

from __future__ import annotations

from .errors import Problem, message
from .worksheet import Worksheet


def not_yours() -> Problem:
    """It is another's."""
    return Problem(
        "",
        "not_allowed",
        message("This seat may not read or write that."),
        message("Open your own company's link."),
    )


def unknown_worksheet(name: str) -> Problem:
    """No worksheet has that name."""
    return Problem(
        "",
        "unknown_worksheet",
        message("There is no worksheet “{name}”.", name=name),
        message("Check the name; the worksheets are listed in the folder worksheets."),
    )


def unknown_subject() -> Problem:
    """Nobody of that key takes part."""
    return Problem(
        "",
        "unknown_subject",
        message("There is no such company, group or session in this programme."),
        message("Check the key in programme.yaml."),
    )


def no_such_state(revision: int) -> Problem:
    """The row was never saved so often."""
    return Problem(
        "",
        "unknown_revision",
        message("This row has no earlier state of number {number}.", number=revision),
        message("Choose one of those in its history."),
    )


def wrong_subject(sheet: Worksheet) -> Problem:
    """The worksheet is about somebody else."""
    kinds = {"company": message("a company"), "group": message("a group"), "session": message("a session")}
    return Problem(
        "",
        "wrong_subject",
        message("The worksheet “{title}” is about {kind}.", title=sheet.title, kind=kinds[sheet.subject]),
        message("Say for which one it is."),
    )


def wrong_row(sheet: Worksheet) -> Problem:
    """A list needs a row, and what is no list has none."""
    if sheet.repeats:
        return Problem(
            "",
            "row_missing",
            message("The worksheet “{title}” is a list, and the row is not named.", title=sheet.title),
            message("Add a row first."),
        )
    return Problem(
        "",
        "row_unexpected",
        message("The worksheet “{title}” has no rows.", title=sheet.title),
        message("Save the answers without a row."),
    )
