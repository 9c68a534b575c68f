"""A worksheet as an XLSForm: the rows of its sheets `survey`, `choices` and `settings`, as data.

Columns and their meaning: the XLSForm standard (xlsform.org), as pyxform reads it. Labels and hints are there
in both languages; the person who fills the form in chooses.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from spp_workshop.errors import Message, message
from spp_workshop.forms.words import NOTICES
from spp_workshop.messages import LANGUAGES, Language, say, worded
from spp_workshop.worksheet import ChoiceList, Field, Worksheet

from . import names

Line = dict[str, Any]

# The letters of a company's code, and how it is written: in two groups.
CODE_LETTERS = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"
_CODE_PATTERN = (
    f"^ *[{CODE_LETTERS}{CODE_LETTERS[8:].lower()}]{{4}}-?[{CODE_LETTERS}{CODE_LETTERS[8:].lower()}]{{4}} *$"
)

# What we take over of a question's look; both form tools know these.
_LOOKS = ("multiline", "likert", "minimal")


@dataclass(frozen=True)
class Form:
    """One worksheet as a form."""

    sheet: Worksheet
    survey: Sequence[Line]
    choices: Sequence[Line]
    settings: Line


def form_of(
    sheet: Worksheet,
    lists: Mapping[str, ChoiceList],
    *,
    programme: str,
    source: Worksheet | None = None,
    language: Language = "ja",
) -> Form:
    """The form of a worksheet in the programme of this key; it opens in this language.

    `source` is the worksheet from which its rows are carried forward.
    """
    used = list(dict.fromkeys(field.list_name for field in sheet.questions if field.list_name))
    survey = [*_beginning(sheet, programme), *_body(sheet, lists, source)]
    choices = [_choice(name, choice) for name in used for choice in lists[name].choices if not choice.retired]
    stamp = names.FormStamp.of(sheet, programme)
    settings = {
        "form_title": _safe(f"{sheet.title.ja} / {sheet.title.en}"),
        "form_id": f"spp_{sheet.name}_{stamp.programme}",
        "version": f"{sheet.version}.{_digest(survey, choices)}",
        "default_language": spoken(language),
    }
    return Form(sheet, survey, choices, settings)


def spoken(language: Language) -> str:
    """A language as form tools name it: its own name and its code."""
    return f"{say(message('English'), language)} ({language})"


def in_both(column: str, words: Any) -> Line:
    """A text in the columns of both languages."""
    return {f"{column}::{spoken(one)}": _safe(worded(words, one)) for one in LANGUAGES}


def _safe(text: str) -> str:
    """The text without what a form would take for the name of a question."""
    return text.replace("${", "$ {")


def _digest(*parts: Any) -> str:
    """A form that is changed gets another version: ODK Central takes none twice."""
    return hashlib.sha256(json.dumps(parts, ensure_ascii=False).encode("utf-8", "replace")).hexdigest()[:8]


# --- What we add ------------------------------------------------------------------------------------------


def _beginning(sheet: Worksheet, programme: str) -> Iterator[Line]:
    stamp = names.FormStamp.of(sheet, programme).text()
    intro = message("{intro}\n\n{notice}\n\n{server}", intro=sheet.intro,
                    notice=NOTICES[sheet.subject, sheet.share], server=_on_a_server())  # fmt: skip
    yield {"type": "note", "name": names.INTRO, **in_both("label", intro)}
    yield {
        "type": "text",
        "name": names.CODE,
        **in_both("label", names.code_label()),
        **in_both("hint", _keep_it()),
        "required": "yes",
        **in_both("required_message", _needed(names.code_label())),
        "constraint": f"regex(., '{_CODE_PATTERN}')",
        **in_both("constraint_message", message("It has eight letters and digits, such as K7QM-A2XR.")),
    }
    yield {"type": "calculate", "name": names.STAMP, "calculation": f"'{stamp}'"}


def _body(sheet: Worksheet, lists: Mapping[str, ChoiceList], source: Worksheet | None) -> Iterator[Line]:
    kind, name = ("repeat", names.ROWS) if sheet.repeats else ("group", names.ANSWERS)
    look = {"appearance": "field-list"} if sheet.repeats else {}
    yield {"type": f"begin_{kind}", "name": name, **in_both("label", sheet.title), **look}
    if source:
        yield _row_of(source)
    for field in sheet.fields:
        yield _field(sheet, field, lists)
    yield {"type": f"end_{kind}", "name": name}


def _row_of(source: Worksheet) -> Line:
    return {
        "type": "text",
        "name": names.ROW_OF,
        **in_both("label", names.row_label(source)),
        **in_both("hint", _which_row()),
        "required": "yes",
        **in_both("required_message", _needed(names.row_label(source))),
    }


# --- Questions --------------------------------------------------------------------------------------------


def _field(sheet: Worksheet, field: Field, lists: Mapping[str, ChoiceList]) -> Line:
    line: Line = {"type": field.type, "name": field.name, **in_both("label", field.label)}
    if field.kind == "note":
        return line
    for column, parts in (("hint", _help(field)), ("guidance_hint", _more(field, lists))):
        if parts:
            line |= _together(column, parts)
    if field.required:
        line |= {"required": "yes", **in_both("required_message", _needed(field.label))}
    if field.relevance:
        line["relevant"] = _relevant(sheet, field)
    if field.constraint and (within := _within(field)):
        line |= {"constraint": within, **in_both("constraint_message", field.constraint_message)}
    if field.appearance in _LOOKS:
        line["appearance"] = field.appearance
    return line


def _together(column: str, parts: Sequence[Any]) -> Line:
    """Several texts, one below the other, in the columns of both languages."""
    return {
        f"{column}::{spoken(one)}": _safe("\n".join(worded(part, one) for part in parts)) for one in LANGUAGES
    }


def _help(field: Field) -> list[Any]:
    example = message("Example (a made-up company): {text}", text=field.example) if field.example else None
    warning = message("Please write nothing by which a person could be recognised.")
    return [one for one in (field.hint, example, warning if field.personal else None) if one]


def _more(field: Field, lists: Mapping[str, ChoiceList]) -> list[Any]:
    """What a person opens who wants to know more: longer help, the reason, what each choice means."""
    listed = lists[field.list_name].choices if field.list_name else ()
    meant = [
        message("{choice}: {meaning}", choice=choice.label, meaning=choice.hint)
        for choice in listed
        if choice.hint and not choice.retired
    ]
    return [one for one in (field.guidance_hint, field.why, *meant) if one]


def _choice(list_name: str, choice: Any) -> Line:
    return {
        "list_name": list_name,
        "name": names.choice_name(choice.name),
        **in_both("label", choice.label),
    }


# --- Rules ------------------------------------------------------------------------------------------------


def _relevant(sheet: Worksheet, field: Field) -> str:
    """When it is asked, as XPath: the same grammar, and `selected` wherever several may be chosen."""
    alternatives = field.relevance.alternatives if field.relevance else ()
    return " or ".join(
        " and ".join(_test(sheet, test.field, test.code) for test in tests) for tests in alternatives
    )


def _test(sheet: Worksheet, name: str, code: str) -> str:
    value = names.choice_name(code)
    if sheet.by_name[name].kind == "select_multiple":
        return f"selected(${{{name}}}, '{value}')"
    return f"${{{name}}} = '{value}'"


def _within(field: Field) -> str:
    """The bounds of an answer, as XPath; each for the kinds of question that it is about."""
    bounds = field.constraint
    if bounds is None:
        return ""
    tests: list[str] = []
    if field.kind in ("integer", "decimal"):
        tests += [f". >= {_number(bounds.min)}"] if bounds.min is not None else []
        tests += [f". <= {_number(bounds.max)}"] if bounds.max is not None else []
    if field.kind == "text":
        tests += [f"string-length(.) <= {bounds.max_length}"] if bounds.max_length is not None else []
        # Some tools look for the pattern anywhere in the answer.
        tests += [f"regex(., {_literal(f'^(?:{bounds.pattern})$')})"] if bounds.pattern is not None else []
    return " and ".join(tests)


def _number(number: float) -> str:
    return f"{number:.15g}"


def _literal(text: str) -> str:
    """A text in XPath, which knows no way to write both kinds of quotation marks in one."""
    if "'" not in text:
        return f"'{text}'"
    if '"' not in text:
        return f'"{text}"'
    parts = ', "\'", '.join(f"'{part}'" for part in text.split("'"))
    return f"concat({parts})"


# --- Wording ----------------------------------------------------------------------------------------------


def _on_a_server() -> Message:
    return message(
        "What you send lies on the server of this form tool until whoever keeps the records takes it over."
        " Please write no names of persons, and no real complaint."
    )


def _keep_it() -> Message:
    return message(
        "It came with the link to this form; often it is filled in already. It says whose answers these are,"
        " so please give it to nobody outside your company."
    )


def _which_row() -> Message:
    return message(
        "Write the code that stands beside its number in your workbook or on the printed worksheet, or its"
        " name exactly as you wrote it there."
    )


def _needed(label: Any) -> Message:
    return message("“{field}” is not answered yet.", field=label)


__all__ = ["CODE_LETTERS", "Form", "form_of", "in_both", "spoken"]
