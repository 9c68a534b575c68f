"""Reading and checking answers: what a person typed becomes a stored value; all problems at once.

`invalid` (unreadable, unknown code, wrong type) is never stored; `incomplete` (required, out of bounds) is
stored as a draft and stands in the way of submitting. Form, workbook and command line say the same sentence.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping
from datetime import date
from typing import Any

from .errors import Message, Problem, message
from .messages import LANGUAGES
from .worksheet import ChoiceList, Field, Worksheet

Answers = dict[str, Any]
Lists = Mapping[str, ChoiceList]

# Longer than any answer of the pilot, short enough for every file that we make.
LONGEST_TEXT = 10_000

# Tab and line feed are text; the other control characters are not, and databases refuse NUL.
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")


class UnreadableError(ValueError):
    """An answer that is none: the sentence, and how to mend it."""

    def __init__(self, wording: Message, remedy: Message):
        self.wording, self.remedy = wording, remedy
        super().__init__(wording.text)


def read(worksheet: Worksheet, raw: Mapping[str, Any], lists: Lists) -> tuple[Answers, list[Problem]]:
    """Stored values of what was typed (None where an answer was cleared), and the problems of the rest."""
    values: Answers = {}
    problems: list[Problem] = []
    for name, typed in raw.items():
        field = worksheet.by_name.get(original(name))
        if field is None or (name != field.name and not _is_translation(field, name)):
            problems.append(_unknown_field(name))
            continue
        try:
            values[name] = read_value(field, typed, lists)
        except UnreadableError as error:
            problems.append(Problem("", "unreadable", error.wording, error.remedy, field=name))
    return values, problems


def read_value(field: Field, typed: Any, lists: Lists) -> Any:
    """One typed answer as it is stored; None for no answer. Raises UnreadableError."""
    if typed is None or (isinstance(typed, (str, list)) and not typed):
        return None
    return _READERS[field.kind](field, typed, lists)


def check(worksheet: Worksheet, answers: Mapping[str, Any]) -> list[Problem]:
    """All that keeps a row from being complete: unanswered questions, and answers out of bounds."""
    problems: list[Problem] = []
    for field in asked(worksheet, answers):
        value = answers.get(field.name)
        if _is_empty(value):
            problems += [_unanswered(field)] if field.required else []
        elif not _within(field, value):
            problems.append(_out_of_bounds(field))
    return problems


def asked(worksheet: Worksheet, answers: Mapping[str, Any]) -> list[Field]:
    """The questions that are asked, given these answers."""
    return [field for field in worksheet.questions if not field.relevance or field.relevance.holds(answers)]


def relevant(worksheet: Worksheet, answers: Mapping[str, Any]) -> Answers:
    """The answers without those whose question is not asked (any more); the store keeps them all."""
    names = {field.name for field in asked(worksheet, answers)}
    return {name: value for name, value in answers.items() if original(name) in names}


def shown(worksheet: Worksheet, answers: Mapping[str, Any], language: str) -> Answers:
    """One value per question, texts in the reader's language where a translation stands beside them."""
    names = {field.name for field in asked(worksheet, answers)}
    return {
        name: answers.get(f"{name}@{language}", answers.get(name)) if name in names else None
        for name in worksheet.by_name
    }


def original(name: str) -> str:
    """The field of which an answer `FIELD@en` is the translation."""
    return name.partition("@")[0]


def without_stale_translations(changes: Mapping[str, Any], names: Iterable[str]) -> Answers:
    """The changes, and the end of every translation whose original changes without it."""
    stale = {name: None for name in names if "@" in name and original(name) in changes}
    return {**stale, **changes}


# --- Readers, by type -------------------------------------------------------------------------------------


def _read_text(field: Field, typed: Any, _lists: Lists) -> str | None:
    if not isinstance(typed, str):
        raise UnreadableError(
            message("“{field}” must be text.", field=field.label), message("Write it in words.")
        )
    text = _CONTROL.sub("", typed.replace("\r\n", "\n").replace("\r", "\n"))
    # A lone surrogate is no character: it comes from broken copying, and no file can hold it.
    text = text.encode("utf-8", "replace").decode("utf-8").strip()
    if len(text) > LONGEST_TEXT:
        raise UnreadableError(
            message("“{field}” is too long.", field=field.label),
            message("Shorten it to {limit} characters.", limit=LONGEST_TEXT),
        )
    return text or None


def _read_integer(field: Field, typed: Any, lists: Lists) -> int | None:
    number = _read_decimal(field, typed, lists)
    if number is not None and number != int(number):
        raise UnreadableError(
            message("“{field}” must be a whole number.", field=field.label),
            message("Write digits only, for example 12."),
        )
    return None if number is None else int(number)


def _read_decimal(field: Field, typed: Any, _lists: Lists) -> float | None:
    if isinstance(typed, (int, float)) and not isinstance(typed, bool):
        text = repr(typed)
    else:
        text = unicodedata.normalize("NFKC", str(typed)).replace(",", "").strip()
    if not text:
        return None
    if not re.fullmatch(r"[+-]?\d{1,15}(\.\d{0,15})?", text):
        raise UnreadableError(
            message("“{field}” must be a number.", field=field.label),
            message("Write digits only, for example 12."),
        )
    return float(text)


def _read_date(field: Field, typed: Any, _lists: Lists) -> str | None:
    text = unicodedata.normalize("NFKC", str(typed)).strip()
    if not text:
        return None
    match = re.fullmatch(r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?", text)
    try:
        return date(*map(int, match.groups())).isoformat() if match else date.fromisoformat(text).isoformat()
    except ValueError:
        raise UnreadableError(
            message("“{field}” must be a date.", field=field.label),
            message("Write it as 2026-01-20."),
        ) from None


def _read_acknowledge(field: Field, typed: Any, _lists: Lists) -> bool:
    if isinstance(typed, bool):
        return typed
    raise UnreadableError(
        message("“{field}” is neither ticked nor not ticked.", field=field.label),
        message("Tick the box, or leave it empty."),
    )


def _read_select_one(field: Field, typed: Any, lists: Lists) -> str:
    return _code(field, typed, lists)


def _read_select_multiple(field: Field, typed: Any, lists: Lists) -> list[str] | None:
    if not isinstance(typed, (list, tuple)):
        typed = [typed]
    chosen = {_code(field, code, lists) for code in typed}
    return [code for code in lists[field.list_name].codes if code in chosen] or None


def _code(field: Field, typed: Any, lists: Lists) -> str:
    if isinstance(typed, str) and typed in lists[field.list_name].by_code:
        return typed
    raise UnreadableError(
        message("“{field}” holds something that is not among its choices.", field=field.label),
        message("Choose one of those that are offered."),
    )


_READERS: dict[str, Callable[[Field, Any, Lists], Any]] = {
    "text": _read_text,
    "integer": _read_integer,
    "decimal": _read_decimal,
    "date": _read_date,
    "acknowledge": _read_acknowledge,
    "select_one": _read_select_one,
    "select_multiple": _read_select_multiple,
}


# --- Rules ------------------------------------------------------------------------------------------------


def _is_empty(value: Any) -> bool:
    # An unticked box is no consent, so it does not answer a required question.
    return value is None or value is False or value in ("", [])


def _within(field: Field, value: Any) -> bool:
    bounds = field.constraint
    if bounds is None:
        return True
    if isinstance(value, str):
        short = bounds.max_length is None or len(value) <= bounds.max_length
        return short and (bounds.pattern is None or re.fullmatch(bounds.pattern, value) is not None)
    if isinstance(value, (int, float)):
        return (bounds.min is None or value >= bounds.min) and (bounds.max is None or value <= bounds.max)
    return True


def _is_translation(field: Field, name: str) -> bool:
    return field.kind == "text" and name in {f"{field.name}@{language}" for language in LANGUAGES}


def _unknown_field(name: str) -> Problem:
    return Problem(
        "",
        "unknown_field",
        message("This worksheet does not ask for “{name}”.", name=name),
        message("Check the name."),
        field=name,
    )


def _unanswered(field: Field) -> Problem:
    return Problem(
        "",
        "required",
        message("“{field}” is not answered yet.", field=field.label),
        message("Please answer it before you submit."),
        "incomplete",
        field.name,
    )


def _out_of_bounds(field: Field) -> Problem:
    expected = field.constraint_message or field.label
    return Problem(
        "",
        "constraint",
        message("“{field}” is outside what is expected.", field=field.label),
        message("{expected}", expected=expected),
        "incomplete",
        field.name,
    )
