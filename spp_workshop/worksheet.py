"""The one definition of a worksheet: questions, choices and scales, loaded from YAML and checked.

The words are XLSForm's: type, name, label, hint, guidance_hint, required, relevant, constraint, choices.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from functools import cached_property, partial
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, StringConstraints, field_validator, model_validator
from pydantic import Field as PydanticField

from . import expressions
from .documents import Document, Location, Model, entries, load_all, rule_error
from .errors import DefinitionError, Problem, message

Code = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*$", min_length=1)]
Words = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]
Subject = Literal["company", "group", "session"]
Share = Literal["own", "group", "organiser", "programme"]

TYPES = ("text", "integer", "decimal", "date", "acknowledge", "note", "select_one", "select_multiple")

# Every frame begins with these columns, so no question may have such a name. One may be named `company`: in a
# list about a session the column then says whose line it is.
FRAME_COLUMNS = ("subject", "company", "session", "row", "revision", "status", "recorded_at")
RESERVED = set(FRAME_COLUMNS) - {"company"}

# Lists that a programme fills; they have no file.
DYNAMIC_LISTS = ("companies",)


class Text(Model):
    """A text in both languages."""

    ja: Words
    en: Words

    def __getitem__(self, language: str) -> str:
        return self.ja if language == "ja" else self.en

    def in_language(self, language: str) -> str:
        """The text in one language."""
        return self[language]


class Choice(Model):
    """One choice: `name` is the stable code that is stored, `label` what is shown."""

    name: Code
    label: Text
    hint: Text | None = None
    value: int | None = None
    meti: Literal["high", "medium", "low"] | None = None
    meaning: Text | None = None
    response: Text | None = None
    example: Text | None = None
    question: Text | None = None
    needs: Text | None = None
    group: Code | None = None
    start_within_days: int | None = None
    retired: bool = False


class ChoiceList(Model):
    """A vocabulary or scale: codes with labels, level descriptors and values."""

    name: Code
    title: Text
    source: Text
    proposal: bool = False
    choices: tuple[Choice, ...]

    @cached_property
    def by_code(self) -> Mapping[str, Choice]:
        """Every choice by its code, retired ones too."""
        return MappingProxyType({choice.name: choice for choice in self.choices})

    @property
    def codes(self) -> list[str]:
        """The codes in the order of the list."""
        return [choice.name for choice in self.choices]

    @property
    def values(self) -> dict[str, int]:
        """The number behind each code that has one; unknown has none, for it is never low."""
        return {choice.name: choice.value for choice in self.choices if choice.value is not None}

    def label(self, code: str, language: str) -> str:
        """What is shown for a code; a code that the list has lost is shown as it is."""
        choice = self.by_code.get(code)
        return choice.label[language] if choice else str(code)


class Constraint(Model):
    """What an answer must be within: the part of XLSForm's `constraint` that we take."""

    min: float | None = None
    max: float | None = None
    max_length: int | None = None
    pattern: str | None = None


class Field(Model):
    """One question."""

    type: str
    name: Code
    label: Text
    hint: Text | None = None
    guidance_hint: Text | None = None
    example: Text | None = None
    sector_examples: Annotated[Mapping[str, Text], AfterValidator(MappingProxyType)] = PydanticField(
        default={}, validate_default=True
    )
    why: Text | None = None
    source: Text | None = None
    required: bool = False
    relevant: str | None = None
    constraint: Constraint | None = None
    constraint_message: Text | None = None
    appearance: str | None = None
    personal: bool = False

    @property
    def kind(self) -> str:
        """The type without the name of its list."""
        return self.type.split()[0]

    @property
    def list_name(self) -> str:
        """The list of choices, or an empty string."""
        return self.type.partition(" ")[2].strip()

    @cached_property
    def relevance(self) -> expressions.Expression | None:
        """When the question is asked; None is always."""
        return expressions.parse(self.relevant) if self.relevant else None

    @field_validator("type")
    @classmethod
    def _type_is_known(cls, value: str) -> str:
        kind, _, list_name = value.partition(" ")
        if kind not in TYPES or kind.startswith("select") != bool(list_name.strip()):
            raise rule_error(
                "unknown_type",
                message("The type “{type}” is not known.", type=value),
                message("Use one of: {types}. A select needs the name of its list.", types=list(TYPES)),
            )
        return value

    @field_validator("relevant")
    @classmethod
    def _relevant_can_be_read(cls, value: str | None) -> str | None:
        try:
            expressions.parse(value) if value else None
        except ValueError:
            raise rule_error(
                "unreadable_relevant",
                message("“relevant” cannot be read."),
                message("Only ${{f}} = 'code', selected(${{f}}, 'code'), and, or are understood."),
            ) from None
        return value

    @model_validator(mode="after")
    def _constraint_has_its_message(self) -> Field:
        if bool(self.constraint) != bool(self.constraint_message):
            raise rule_error(
                "constraint_message",
                message("“{name}” has a constraint without a message, or a message without.", name=self.name),
                message("Write both, so that a person learns what is expected."),
            )
        return self


class Worksheet(Model):
    """A sheet of questions about one company, group or session; with `repeats`, a table of rows."""

    name: Code
    version: int
    title: Text
    intro: Text
    session: str = ""
    subject: Subject
    repeats: bool = False
    rows_from: Code | None = None
    carries: tuple[Code, ...] = ()
    row_title: Code | None = None
    share: Share
    source: Text
    fields: tuple[Field, ...]

    @cached_property
    def by_name(self) -> Mapping[str, Field]:
        """Every question by name; notes are none."""
        return MappingProxyType({field.name: field for field in self.fields if field.kind != "note"})

    @property
    def questions(self) -> list[Field]:
        """The questions in order."""
        return list(self.by_name.values())


# --- Loading ----------------------------------------------------------------------------------------------


def load_choices(*folders: Path) -> dict[str, ChoiceList]:
    """All lists of choices, a later folder winning. Raises DefinitionError with all problems."""
    loaded = load_all(ChoiceList, folders, _codes_are_distinct)
    return {name: choice_list for name, (choice_list, _) in loaded.items()}


def load_worksheets(*folders: Path, lists: Mapping[str, ChoiceList]) -> dict[str, Worksheet]:
    """All worksheets, a later folder winning. Raises DefinitionError with every problem of every file."""
    names = {path.stem for folder in folders for path in folder.glob("*.yaml")}
    checks = (
        _names_are_distinct,
        _named_fields_exist,
        partial(_lists_exist, lists=lists),
        partial(_source_exists, names=names),
    )
    loaded = load_all(Worksheet, folders, *checks)
    sheets = {name: worksheet for name, (worksheet, _) in loaded.items()}
    found = [one for sheet, document in loaded.values() for one in _carried_exist(sheet, document, sheets)]
    if found:
        raise DefinitionError(found)
    return sheets


def _top(document: Document) -> dict[str, Any]:
    return document.data if isinstance(document.data, dict) else {}


def _fields(document: Document) -> list[dict[str, Any]]:
    return entries(_top(document).get("fields"))


def _codes_are_distinct(document: Document) -> Iterator[Problem]:
    for index, code in _repeated(entries(_top(document).get("choices"))):
        wrong = message("The choice “{code}” stands twice.", code=code)
        yield Problem(document.where(("choices", index, "name")), "duplicate_choice", wrong, _RENAME)


def _names_are_distinct(document: Document) -> Iterator[Problem]:
    fields = _fields(document)
    for index, name in _repeated(fields):
        wrong = message("The field “{name}” stands twice.", name=name)
        yield Problem(document.where(("fields", index, "name")), "duplicate_field", wrong, _RENAME)
    for index, name in enumerate(_names(fields)):
        if name in RESERVED:
            wrong = message("The name “{name}” is used by the toolkit.", name=name)
            yield Problem(document.where(("fields", index, "name")), "reserved_name", wrong, _RENAME)


def _names(listed: list[dict[str, Any]]) -> list[str]:
    return [str(entry.get("name", "")) for entry in listed]


def _repeated(listed: list[dict[str, Any]]) -> Iterator[tuple[int, str]]:
    seen: set[str] = set()
    for index, name in enumerate(_names(listed)):
        if name and name in seen:
            yield index, name
        seen.add(name)


def _named_fields_exist(document: Document) -> Iterator[Problem]:
    fields = _fields(document)
    named: list[tuple[Location, str]] = [
        (("fields", index, "relevant"), name) for index, field in enumerate(fields) for name in _asked(field)
    ]
    if title := _top(document).get("row_title"):
        named.append((("row_title",), str(title)))
    for location, name in named:
        if name not in _names(fields):
            yield Problem(
                document.where(location),
                "unknown_field",
                message("The field “{name}” is asked for, but is not in this worksheet.", name=name),
                message("Correct the name, or add the field."),
            )


def _asked(field: dict[str, Any]) -> list[str]:
    """The fields on which it depends whether this one is asked; what cannot be read is told elsewhere."""
    try:
        return sorted(expressions.parse(field["relevant"]).fields())
    except (KeyError, TypeError, ValueError):
        return []


def _lists_exist(document: Document, lists: Mapping[str, ChoiceList]) -> Iterator[Problem]:
    for index, field in enumerate(_fields(document)):
        name = str(field.get("type", "")).partition(" ")[2].strip()
        if name and name not in (*lists, *DYNAMIC_LISTS):
            yield Problem(
                document.where(("fields", index, "type")),
                "unknown_list",
                message("There is no list of choices “{name}”.", name=name),
                message("Correct the name, or add the file choices/{name}.yaml.", name=name),
                field=str(field.get("name", "")),
            )


def _source_exists(document: Document, names: Collection[str]) -> Iterator[Problem]:
    source = _top(document).get("rows_from")
    if source and source not in names:
        yield Problem(
            document.where(("rows_from",)),
            "unknown_worksheet",
            message("There is no worksheet “{name}” to carry rows from.", name=source),
            message("Correct the name."),
        )


def _carried_exist(
    worksheet: Worksheet, document: Document, sheets: Mapping[str, Worksheet]
) -> Iterator[Problem]:
    carried = {name for source in ancestors(worksheet, sheets) for name in source.by_name}
    for index, name in enumerate(worksheet.carries):
        if name not in carried:
            yield Problem(
                document.where(("carries", index)),
                "unknown_carried_field",
                message("The field “{name}” is in none of the worksheets that rows come from.", name=name),
                message("Correct the name."),
            )


_RENAME = message("Give it another name.")


def ancestors(worksheet: Worksheet, sheets: Mapping[str, Worksheet]) -> list[Worksheet]:
    """The worksheets that its rows come from, the nearest first."""
    chain: list[Worksheet] = []
    source = sheets.get(worksheet.rows_from or "")
    while source and source not in chain:
        chain.append(source)
        source = sheets.get(source.rows_from or "")
    return chain


def as_choices(name: str, title: Text, labels: Mapping[str, Text]) -> ChoiceList:
    """A list that a programme fills, such as its companies; their keys are whatever the programme says."""
    choices = tuple(
        Choice.model_construct(name=code, label=label, retired=False) for code, label in labels.items()
    )
    return ChoiceList.model_construct(name=name, title=title, source=title, choices=choices)


def values_of(lists: Mapping[str, ChoiceList]) -> dict[str, dict[str, int]]:
    """For every scale the number behind each code."""
    return {name: choice_list.values for name, choice_list in lists.items() if choice_list.values}


__all__ = [
    "Choice",
    "ChoiceList",
    "Constraint",
    "Field",
    "Text",
    "Worksheet",
    "ancestors",
    "as_choices",
    "load_choices",
    "load_worksheets",
    "values_of",
]
