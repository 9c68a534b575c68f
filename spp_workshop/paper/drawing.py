"""A paper as its template draws it: texts in one language or in two, boxes to tick, lines to write on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any

from spp_workshop.answers import shown
from spp_workshop.documents import shipped
from spp_workshop.errors import Message, message
from spp_workshop.messages import Language, moment_text, say, time_text
from spp_workshop.plain_text import in_css, without_controls
from spp_workshop.programme import Programme, Session
from spp_workshop.reading import TICKED, offered
from spp_workshop.workbook.columns import Display
from spp_workshop.workbook.looks import breadth
from spp_workshop.workbook.plans import Line
from spp_workshop.workbook.texts import STATES_OF_WORK, hint_of, notice_of, same_number
from spp_workshop.workbook.wording import Wording
from spp_workshop.worksheet import ChoiceList, Field, Worksheet
from spp_workshop.workshop import Workshop

from .planning import Paper, PaperSheet

if TYPE_CHECKING:
    from jinja2 import Template

Json = dict[str, Any]

# Lines to write on: for a long answer, in a row of a list or on a sheet of its own, and for a short one.
LONG, LONGER, SHORT = 3, 4, 1

# In an answered row all choices are printed where there are no more than these, else only what was chosen.
FEW = 6

# Choices that take more than this, in narrow letters, have the whole breadth of the page; a note that does is
# no heading.
HALF, PROSE = 110, 70


class Drawing:
    """Draws the papers of one session in one language, or in two with one above the other."""

    def __init__(self, workshop: Workshop, session: Session, languages: Sequence[Language]):
        self.programme: Programme = workshop.programme
        self.choices: Mapping[str, ChoiceList] = workshop.choices
        self.session, self.words = session, Wording(languages)
        self.display = Display(workshop.choices, self.words)
        self.read_at = workshop.store.now().isoformat()

    def page(self, paper: Paper) -> str:
        """A paper as one HTML page that needs nothing but itself."""
        sheets = [self._sheet(paper, one) for one in paper.sheets]
        return _template().render(
            language=self.words.languages[0],
            line={name: self.words.line(text) for name, text in _WORDS.items()},
            paper=paper,
            programme=self.words(self.programme.title),
            fictional=self.words(self.programme.fictional) if self.programme.fictional else "",
            title=self._title(paper, " / "),
            name=self._title(paper, "\n"),
            session=self.words(self.session.title),
            when=self._when(),
            venue=self.words(self.session.venue) if self.session.venue else "",
            how=[self.words(text) for text in _how(paper)],
            hand_in=self.words(_HAND_IN),
            foot=in_css(say(_HAND_IN, self.words.languages[0])),
            typing=[self.words(text) for text in _TYPING] if paper.audience == "company" else [],
            contact=self.words(self._contact()),
            read=" / ".join(moment_text(self.read_at, one) for one in self.words.languages),
            sheets=sheets,
            is_bilingual=len(self.words.languages) > 1,
            any_rows=any(one.sheet.repeats for one in paper.sheets),
        )

    def _title(self, paper: Paper, between: str) -> str:
        if paper.title is None:
            return self.words(_TITLES[paper.audience], between)
        return self.words(paper.title, between)

    def _when(self) -> str:
        day, session = self.words.day(self.session.date), self.session
        return f"{day} {time_text(session.start)}–{time_text(session.end)}"

    def _contact(self) -> Any:
        programme = self.programme
        asked = message("Ask the secretariat: {organiser}", organiser=programme.organiser)
        return programme.contact or asked

    # --- Sheets and rows ----------------------------------------------------------------------------------

    def _sheet(self, paper: Paper, one: PaperSheet) -> Json:
        sheet = one.sheet
        rows = [self._row(paper, one, line) for line in one.lines]
        rows += [self._row(paper, one, Line("", reserved=True), more=True)] * one.more
        return {
            "title": self.words(sheet.title),
            "line": self.words.line(sheet.title),
            "short": sheet.title[self.words.languages[0]],
            "intro": self.words(sheet.intro),
            "notice": self.words(notice_of(sheet)),
            "numbers": self.words(_same_number(one)) if one.source else "",
            "finished": self.words.line(STATES_OF_WORK[0]),
            "is_list": sheet.repeats,
            "is_table": one.is_table,
            "is_likert": not sheet.repeats and any(one.appearance == "likert" for one in sheet.fields),
            "is_slip": one.is_slip,
            "is_for": sheet.subject,
            "levels": self._levels(sheet),
            "notes": [self._note(field) for field in sheet.fields if field.kind == "note"],
            "heads": [self._question(one, field, Line("")) for field in sheet.questions],
            "rows": rows,
            # In the margin of its pages, where styles write it.
            "margin": in_css(f"{self._title(paper, ' / ')}   {self.words.line(sheet.title)}"),
        }

    def _levels(self, sheet: Worksheet) -> list[Json]:
        """What each choice of a short list means, once for the sheet: a form would show it at the choice."""
        found: dict[str, Json] = {}
        for field in sheet.questions:
            listed = self.choices[field.list_name].choices if field.list_name else ()
            told = [(one.label, one.hint or one.meaning) for one in listed if not one.retired]
            if 1 < len(told) <= FEW and all(meaning for _, meaning in told):
                found.setdefault(
                    field.list_name,
                    {
                        "title": self.words.line(self.choices[field.list_name].title),
                        "meanings": [(self.words.line(label), self.words.line(text)) for label, text in told],
                    },
                )
        return list(found.values())

    def _row(self, paper: Paper, one: PaperSheet, line: Line, *, more: bool = False) -> Json:
        parts = [
            self._note(field) if field.kind == "note" else self._question(one, field, line)
            for field in one.sheet.fields
            if field.kind != "note" or not one.sheet.repeats
        ]
        return {
            "number": line.number,
            "code": "" if more else paper.codes.get(line.row, ""),
            "more": more,
            "carried": [
                (self.words.line(field.label), self._carried(field, line))
                for field in one.carried
                if field.name in line.carried
            ],
            "parts": parts,
            "pairs": _pairs(parts) if one.sheet.repeats else [],
        }

    def _carried(self, field: Field, line: Line) -> str:
        """What was said on an earlier worksheet: in the language of the paper, where it was translated."""
        own = line.carried[field.name]
        told = [line.carried.get(f"{field.name}@{language}", own) for language in self.words.languages]
        return " / ".join(dict.fromkeys(self._text(field, one, " / ") for one in told))

    def _note(self, field: Field) -> Json:
        label, hint = self.words(field.label), self.words(field.hint) if field.hint else ""
        # A heading, or a whole paragraph.
        return {"kind": "note", "label": label, "hint": hint, "is_prose": breadth(label) > PROSE}

    def _question(self, one: PaperSheet, field: Field, line: Line) -> Json:
        value = line.answers.get(field.name)
        options = self._options(one.sheet, field, value)
        # Beside an answer nobody needs the hint any more; without it a row is shorter.
        hint = "" if value is not None and one.sheet.repeats else self._hint(one.sheet, field)
        return {
            "kind": _kind(field, is_table=one.is_table),
            "label": self.words.line(field.label) if one.sheet.repeats else self.words(field.label),
            "required": field.required,
            "hint": hint,
            "answer": self._answer(one.sheet, field, line.answers),
            "answered": value is not None,
            "options": options,
            "choose": _choose(field) if value is None and not one.is_table else "",
            "lines": _lines(one.sheet, field),
            "is_wide": sum(breadth(option["label"]) + 5 for option in options) > HALF,
        }

    def _hint(self, sheet: Worksheet, field: Field) -> str:
        hint = hint_of(self.words, sheet, field, self.display)
        return hint.replace("\n", " / ") if sheet.repeats else hint

    def _answer(self, sheet: Worksheet, field: Field, answers: Mapping[str, Any]) -> str:
        """What is stored: a translation where there is one in the language of the paper, or both on it."""
        value = answers.get(field.name)
        if field.kind in ("select_multiple", "acknowledge") or value is None:
            return ""
        told = [shown(sheet, answers, language)[field.name] for language in self.words.languages]
        # A question that is not asked (any more) has its answer all the same.
        kept = dict.fromkeys(value if one is None else one for one in told)
        return "\n".join(self._text(field, one, "\n") for one in kept)

    def _text(self, field: Field, value: Any, between: str) -> str:
        if field.kind == "date":
            return str(value)
        text = str(self.display.value(field, value))
        return without_controls(text).replace("\r", "").replace("\n", between) if between != "\n" else text

    def _options(self, sheet: Worksheet, field: Field, value: Any) -> list[Json]:
        """The boxes to tick; in an answered row of a list what was chosen, where there are many."""
        if field.kind == "acknowledge":
            return [{"label": self.words.line(TICKED), "ticked": value is True}]
        if not field.list_name:
            return []
        chosen = [value] if isinstance(value, str) else value or []
        choices = self.choices[field.list_name]
        labels = offered(choices, self.words.languages)
        offering = value is None or not sheet.repeats or len(choices.choices) <= FEW
        known = [one.name for one in choices.choices if one.name in chosen or (offering and not one.retired)]
        lost = [code for code in chosen if code not in choices.by_code]
        return [{"label": labels.get(code, code), "ticked": code in chosen} for code in [*known, *lost]]


def _how(paper: Paper) -> list[Message]:
    has_codes = any(one.sheet.repeats for one in paper.sheets)
    return [text for text in _HOW[paper.audience] if text is not _CODES or has_codes]


def _same_number(one: PaperSheet) -> Message:
    if one.more and one.source:
        return same_number(one.source)
    title = one.source.title if one.source else ""
    return message(
        "The numbers are those of “{title}”: beside the same number, write about the same thing.", title=title
    )


def _kind(field: Field, *, is_table: bool) -> str:
    if is_table and field.list_name:
        return "text"
    return "choices" if field.list_name or field.kind == "acknowledge" else field.kind


def _choose(field: Field) -> str:
    return {"select_one": "one", "select_multiple": "several"}.get(field.kind, "")


def _pairs(parts: Sequence[Json]) -> list[list[Json]]:
    """Questions side by side, in their order; one with many choices has the whole breadth.

    A long answer that stands alone has twice the breadth, and needs a line less.
    """
    found: list[list[Json]] = []
    for one in parts:
        beside = found and len(found[-1]) == 1 and not found[-1][0]["is_wide"] and not one["is_wide"]
        if beside:
            found[-1].append(one)
        else:
            found.append([one])
    return [
        [{**pair[0], "lines": min(pair[0]["lines"], LONG - 1)}] if len(pair) == 1 else pair for pair in found
    ]


def _lines(sheet: Worksheet, field: Field) -> int:
    """How many lines there are to write on."""
    if field.kind != "text" or field.appearance != "multiline":
        return SHORT
    return LONG if sheet.repeats else LONGER


@cache
def _template() -> Template:
    from jinja2 import Environment, FileSystemLoader

    loader = FileSystemLoader(shipped("templates"))
    environment = Environment(loader=loader, autoescape=True, trim_blocks=True, lstrip_blocks=True)
    environment.filters["text"] = without_controls
    return environment.get_template("paper/sheets.html.j2")


# --- Wording ----------------------------------------------------------------------------------------------

_TITLES = {
    "facilitator": message("Facilitator"),
    "anybody": message("Blank sheets, to be copied"),
}
_WORDS = {
    "about": message("Worksheets on paper"),
    "another": message("Another one for the number:"),
    "code": message("Row code"),
    "company": message("Company:"),
    "contact": message("If you need help"),
    "day": message("Day"),
    "group": message("Group:"),
    "finish": message("When you have finished"),
    "how": message("How to fill it in"),
    "month": message("Month"),
    "new": message("new"),
    "number": message("No."),
    "one": message("(one)"),
    "several": message("(all that apply)"),
    "sheets": message("The sheets"),
    "slip": message("For one person. Please write no name."),
    "stored": message("Printed as it was stored:"),
    "title": message("Worksheet"),
    "type": message("For the person who types this in"),
    "year": message("Year"),
}

_HAND_IN = message(
    "Before you leave, give all sheets to the person who keeps the records, and to nobody else."
)
_TICK = message("Tick the boxes, and write on the lines; where these are too short, on the back.")
_KNOWN = message(
    "What is printed as an answer is stored already. To change it, strike it out and write beside it."
)
_CODES = message(
    "Each row has a number and a code; by the code your answers are found again. The same code on another"
    " sheet is the same thing."
)
_UNKNOWN = message("Leave empty what you do not know yet.")
_NEVER = message(
    "Never write about real grievances or reports, or anything by which a person could be recognised."
)
_COPY = message(
    "For whoever has no sheets of their own: copy what is needed, and write company or group at the top."
)
_HOW: dict[str, tuple[Message, ...]] = {
    "company": (_TICK, _KNOWN, _CODES, _UNKNOWN, _NEVER),
    "group": (_TICK, _KNOWN, _UNKNOWN, _NEVER),
    "facilitator": (_TICK, _KNOWN, _UNKNOWN, _NEVER),
    "anybody": (_COPY, _TICK, _UNKNOWN, _NEVER),
}
_TYPING = (
    message(
        "Into the form: open it for this company. A row that is opened shows its code at the end. A row whose"
        " code is not there is a new one."
    ),
    message(
        "Into the workbook: export it afresh. Below each row's number stands its code. For a row whose code"
        " is not there, take an empty line and write the code in place of the number; then import the"
        " workbook."
    ),
)

__all__ = ["Drawing"]
