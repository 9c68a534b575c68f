"""A worksheet as a form needs it."""

from __future__ import annotations

from typing import Any

from spp_workshop.worksheet import Choice, ChoiceList, Field, Worksheet, ancestors
from spp_workshop.workshop import Workshop

from .words import NOTICES, both, ui

Json = dict[str, Any]


def definition(workshop: Workshop, worksheet: str) -> Json:
    """A worksheet as a form needs it: texts in both languages, choices, rules. It holds no answers."""
    sheet = workshop.worksheet(worksheet)
    carried = _carried_fields(workshop, sheet)
    lists = {field.list_name for field in (*sheet.fields, *carried) if field.list_name}
    source = workshop.worksheets.get(sheet.rows_from or "")
    return {
        "name": sheet.name,
        "title": both(sheet.title),
        "intro": both(sheet.intro),
        "notice": both(NOTICES[sheet.subject, sheet.share]),
        "subject": sheet.subject,
        "repeats": sheet.repeats,
        "rows_from": {"title": both(source.title)} if source else None,
        "rows_are": row_per_company(sheet),
        "row_title": sheet.row_title or ("" if carried else sheet.questions[0].name),
        "carries": [_field(field) for field in carried],
        "fields": [_field(field) for field in sheet.fields],
        "choices": {name: _choices(workshop.choices[name]) for name in sorted(lists)},
        "ui": ui(),
    }


def _field(field: Field) -> Json:
    texts = ("label", "hint", "guidance_hint", "example", "why", "source")
    return {
        "name": field.name,
        "kind": field.kind,
        "list": field.list_name,
        "required": field.required,
        "appearance": field.appearance or "",
        "personal": field.personal,
        "relevant": field.relevance.as_json() if field.relevance else None,
        "sector_examples": {sector: both(text) for sector, text in field.sector_examples.items()},
        **{name: both(text) for name in texts if (text := getattr(field, name))},
    }


def _choices(choices: ChoiceList) -> list[Json]:
    return [_choice(choice) for choice in choices.choices]


def _choice(choice: Choice) -> Json:
    said = choice.hint or choice.meaning
    return {
        "name": choice.name,
        "label": both(choice.label),
        "hint": both(said) if said else None,
        "retired": choice.retired,
    }


def _carried_fields(workshop: Workshop, sheet: Worksheet) -> list[Field]:
    sources = ancestors(sheet, workshop.worksheets)
    return [
        next(source.by_name[name] for source in sources if name in source.by_name) for name in sheet.carries
    ]


def row_per_company(sheet: Worksheet) -> str:
    """The question that the row itself answers: a list about the companies has one row for each of them."""
    titled = sheet.by_name.get(sheet.row_title or "")
    return titled.name if titled and titled.list_name == "companies" else ""
