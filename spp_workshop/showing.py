"""What a session's notebook shows: for the room only what all may see, for the facilitator the rest.

For the room there are programme, worksheets and vocabularies (nobody's answers), totals, and what is shared
with all; what a single company agreed to show is the business of `presenting`. What is the facilitator's own
comes folded up by `only_for_you`.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from html import escape
from typing import TYPE_CHECKING, Any

from . import analysis, charts, sessions
from .cases import Markdown
from .errors import message
from .messages import date_text, join_text, moment_text, say, time_text, worded
from .pages import Page, bullets, folded, heading, lines_of, page, picture, rows_of, sentence, small
from .stuck import worked_on
from .tables import answers, rows_as_cards, table
from .visibility import HELP

if TYPE_CHECKING:
    import pandas as pd

    from .cases import Case
    from .programme import Session
    from .worksheet import Choice, Worksheet
    from .workshop import Workshop

NOTHING_YET = message("Nothing has been written yet.")

# --- The session --------------------------------------------------------------------------------------------


def today(workshop: Workshop, session: str) -> Page:
    """The session at a glance: date, place, and the agenda with clock times."""
    day, language = workshop.programme.session(session), workshop.language
    items = [
        {
            "time": f"{time_text(item.start)}–{time_text(item.end)}",
            "title": item.title[language],
            "lead": worded(item.lead, language),
        }
        for item in day.items()
    ]
    columns = {"time": message("Time"), "title": message("Agenda item"), "lead": message("Lead")}
    nobody = message("No company is listed yet. Write the companies into programme.yaml.")
    return page(
        sentence(workshop.programme.fictional, language),
        sentence("" if workshop.companies else nobody, language),
        sentence(" / ".join(_when_and_where(workshop, day)), language),
        rows_of(items, columns, language),
    )


def _when_and_where(workshop: Workshop, day: Session) -> list[str]:
    language = workshop.language
    method = workshop.choices["session_methods"].label(day.method, language)
    told = (date_text(day.date, language), method, day.platform, worded(day.venue, language), day.link)
    return [words for words in told if words]


def groups(workshop: Workshop, session: str) -> Page:
    """Which companies are planned to sit together, and who guides them."""
    programme, language = workshop.programme, workshop.language
    found = [
        {
            "group": group.name[language],
            "companies": join_text(
                [programme.company(key).name[language] for key in group.companies], language
            ),
            "facilitator": worded(group.facilitator, language),
        }
        for group in programme.session(session).groups
    ]
    columns = {
        "group": message("Group"),
        "companies": message("Companies"),
        "facilitator": message("Facilitator"),
    }
    nothing = message("No groups are planned yet. Write them into programme.yaml, under “groups”.")
    return page(rows_of(found, columns, language) if found else sentence(nothing, language))


def ground_rules(workshop: Workshop, *fields: str) -> Page:
    """What everybody agrees to, in the words of the consent worksheet: these fields of it, or all."""
    language, parts = workshop.language, []
    for asked in workshop.worksheets["consent"].fields:
        if fields and asked.name not in fields:
            continue
        if asked.kind == "note":
            parts.append(sentence(asked.label, language))
        elif asked.kind == "acknowledge":
            said = [text[language] for text in (asked.hint, asked.guidance_hint) if text]
            parts += [heading(asked.label, language), bullets(said)]
    return page(*parts)


# --- Words and examples: nobody's answers -------------------------------------------------------------------

# What a vocabulary may say of a choice, in the order of the columns.
_SAID = {
    "explanation": message("Explanation"),
    "response": message("What follows from it"),
    "needs": message("What it needs"),
    "example": message("For example"),
}


def words(workshop: Workshop, *lists: str, without: Collection[str] = ()) -> Page:
    """Vocabularies and scales with all that is said of each choice, for the room to look at while it works.

    `without` names what is left out, such as the hint that only repeats the meaning in short.
    """
    language, parts = workshop.language, []
    for vocabulary in (workshop.choices[name] for name in lists):
        told = [_told(choice, language, without) for choice in vocabulary.choices if not choice.retired]
        columns = {key: title for key, title in _SAID.items() if any(line[key] for line in told)}
        parts += [
            heading(vocabulary.title, language),
            rows_of(told, {"choice": message("Term"), **columns}, language),
            small(vocabulary.source, language),
        ]
    return page(*parts)


def _told(choice: Choice, language: str, without: Collection[str]) -> dict[str, str]:
    texts = {"meaning", "hint", "response", "needs", "example"} - set(without)
    said = {name: worded(getattr(choice, name), language) for name in texts}
    explanation = [said[name] for name in ("meaning", "hint") if said.get(name)]
    parts = {name: said.get(name, "") for name in ("response", "needs", "example")}
    return {"choice": choice.label[language], "explanation": "\n".join(explanation), **parts}


def worked_example(workshop: Workshop, *worksheets: str) -> Page:
    """The questions of worksheets with the answers of a fictional company."""
    columns = {"question": message("Question"), "example": message("Example"), "hint": message("Hint")}
    language, parts = workshop.language, []
    for sheet in (workshop.worksheets[name] for name in worksheets):
        asked = [
            {
                "question": question.label[language],
                "example": worded(question.example, language),
                "hint": worded(question.hint, language),
            }
            for question in sheet.questions
        ]
        parts += [heading(sheet.title, language), rows_of(asked, columns, language)]
    return page(*parts)


# --- Totals -------------------------------------------------------------------------------------------------


def returned(workshop: Workshop, *worksheets: str) -> Page:
    """How many companies have returned each worksheet; no company is named."""
    columns = {
        "worksheet": message("Worksheet"),
        "submitted": message("submitted"),
        "draft": message("being written"),
        "none": message("not begun"),
    }
    totals = _with_titles(workshop, sessions.returned(workshop, worksheets))
    return page(rows_of(totals, columns, workshop.language))


def themes(workshop: Workshop, *lists: str) -> Page:
    """What at least three companies have in common, as charts; the small-number rule is applied."""
    common, parts = analysis.themes(workshop.totals.frames), []
    for name in lists:
        counts, title = common[common["list"] == name], workshop.choices[name].title
        chart = charts.barrier_chart(counts, workshop.language, workshop.choices, title=title)
        parts.append(picture(chart))
    return page(*parts)


def readiness(workshop: Workshop) -> charts.Chart:
    """The self-check as a whole; empty while fewer than three companies have answered."""
    profiles = analysis.readiness(workshop.totals.frames, workshop.levels)
    several = profiles.dropna(subset="mean")["company"].nunique() >= 3
    return charts.readiness_chart(profiles if several else profiles[:0], workshop.language, workshop.choices)


def votes(workshop: Workshop, session: str, topic: str) -> Page:
    """How many votes each option got."""
    counts = sessions.votes(workshop, session, topic)
    columns = {"option": message("Option"), "votes": message("Votes")}
    return page(table(counts, columns, language=workshop.language)._repr_html_())


# --- What groups and the session wrote ----------------------------------------------------------------------


def written(room: Workshop, worksheet: str, session: str) -> Page:
    """What the groups, or the session, wrote on a worksheet that all may read; `room` is the projector's."""
    day, sheet = room.programme.session(session), room.worksheets[worksheet]
    titles = {f"group:{session}.{group.key}": group.name for group in day.groups}
    if sheet.subject == "session":
        titles = {f"session:{session}": day.title}
    frame, parts = room.frames[worksheet], []
    for subject, title in titles.items():
        rows = frame[frame["subject"] == subject]
        if len(rows):
            parts += [heading(title, room.language), _as_written(room, sheet, rows)]
    return page(*parts) if parts else page(sentence(NOTHING_YET, room.language))


def _as_written(room: Workshop, sheet: Worksheet, rows: pd.DataFrame) -> str:
    if not sheet.repeats:
        (row,) = lines_of(rows)
        return answers(sheet, row, room.language, choices=room.choices)._repr_html_()
    title = sheet.row_title or ""
    cards = rows_as_cards(rows, list(sheet.by_name), sheet, room.language, title=title, choices=room.choices)
    return cards._repr_html_()


# --- For the facilitator ------------------------------------------------------------------------------------


def notes(workshop: Workshop, session: str, guide: str) -> Page:
    """The notes of all groups on one topic, by kind, without the groups' names."""
    frame, sheet = workshop.frames["discussion_notes"], workshop.worksheets["discussion_notes"]
    said = frame[(frame["session"] == session) & (frame["guide"] == guide)]
    ordered = said.sort_values("kind", kind="stable")
    columns = ("kind", "point")
    told = table(ordered, columns, sheet, workshop.language, choices=workshop.choices)
    return page(told._repr_html_())


def unnamed(workshop: Workshop, worksheet: str, *questions: str) -> Page:
    """What companies wrote into text questions, without their names and in no order of companies."""
    sheet, frame, language = workshop.worksheets[worksheet], workshop.frames[worksheet], workshop.language
    parts = []
    for name in questions:
        said = sorted(text.strip() for text in frame[name] if isinstance(text, str) and text.strip())
        parts += [heading(sheet.by_name[name].label, language), bullets(said)] if said else []
    return page(*parts) if parts else page(sentence(NOTHING_YET, language))


def stuck(workshop: Workshop, session: str) -> Page:
    """Who asks for the facilitator, at which question and since when, the newest first; no answers."""
    language, there = workshop.language, worked_on(workshop, session)
    asked = workshop.frames[HELP].sort_values("recorded_at", ascending=False, kind="stable")
    lines = [_stuck_at(workshop, line) for line in lines_of(asked) if line["of_worksheet"] in there]
    columns = {
        "since": message("Since"),
        "company": message("Company"),
        "worksheet": message("Worksheet"),
        "question": message("Question"),
        "note": message("Note"),
    }
    nobody = message("Nobody has said that they are stuck.")
    return page(rows_of(lines, columns, language) if lines else sentence(nobody, language))


def _stuck_at(workshop: Workshop, line: dict[str, Any]) -> dict[str, str]:
    sheet, language = workshop.worksheets[line["of_worksheet"]], workshop.language
    question = sheet.by_name.get(line["of_question"])
    return {
        "since": moment_text(line["recorded_at"], language),
        "company": workshop.choices["companies"].label(line["company"], language),
        "worksheet": sheet.title[language],
        "question": question.label[language] if question else line["of_question"],
        "note": line["note"] or "",
    }


def recorded(workshop: Workshop, session: str) -> Page:
    """What is on record of the session."""
    columns = {
        "worksheet": message("Worksheet"),
        "by": message("Written by"),
        "rows": message("Rows"),
        "last": message("Last saved"),
    }
    found = _with_titles(workshop, sessions.recorded(workshop, session))
    for line in found:
        line["last"] = moment_text(line["last"], workshop.language)
    return page(rows_of(found, columns, workshop.language))


def missing(workshop: Workshop, session: str) -> Page:
    """Who has not returned what, as a chart; a sentence when all is there."""
    states = sessions.missing(workshop, session)
    if states.empty:
        return page(sentence(message("Nothing is missing."), workshop.language))
    title, titles = message("What has not come yet"), workshop.worksheets
    chart = charts.progress_chart(states, workshop.language, workshop.choices, titles, title=title)
    return page(picture(chart))


def to_send(workshop: Workshop, session: str) -> Page:
    """The text to send to the companies; one click selects it all."""
    look = "user-select: all; white-space: pre-wrap; padding: 1em; border: 1px solid #c3ccd5"
    return page(f'<pre style="{look}">{escape(sessions.to_send(workshop, session))}</pre>')


def cases(workshop: Workshop) -> Markdown:
    """The hypothetical cases, each folded up: situation and questions, for the room."""
    return _each_folded(workshop, lambda case: case.handout(workshop.language))


def case_notes(workshop: Workshop) -> Markdown:
    """Points to notice, good handling and the card of each case, for the facilitator only."""
    return _each_folded(workshop, lambda case: case.notes(workshop.language, workshop.choices))


def only_for_you(workshop: Workshop, view: Page | Markdown) -> Page | Markdown:
    """The view folded up, so that it does not stand open on a screen that is shared."""
    summary = message("Only for you: open it when the screen is not shared")
    if isinstance(view, Markdown):
        return Markdown(_folded_markdown(say(summary, workshop.language), view))
    return page(folded(summary, view, workshop.language))


def _each_folded(workshop: Workshop, told: Callable[[Case], Markdown]) -> Markdown:
    language = workshop.language
    parts = [_folded_markdown(case.title[language], told(case)) for case in workshop.cases.values()]
    return Markdown("\n\n".join(parts))


def _folded_markdown(summary: str, inside: str) -> str:
    # The empty lines make what is inside Markdown again.
    return f"<details><summary>{escape(summary)}</summary>\n\n{inside}\n\n</details>"


# --- From frames --------------------------------------------------------------------------------------------


def _with_titles(workshop: Workshop, frame: pd.DataFrame) -> list[dict[str, Any]]:
    """The lines of the frame, with the title of the worksheet for its name."""
    titles = {name: sheet.title[workshop.language] for name, sheet in workshop.worksheets.items()}
    return lines_of(frame.assign(worksheet=frame["worksheet"].map(titles)))


__all__ = [
    "case_notes",
    "cases",
    "ground_rules",
    "groups",
    "missing",
    "notes",
    "only_for_you",
    "readiness",
    "recorded",
    "returned",
    "stuck",
    "themes",
    "to_send",
    "today",
    "unnamed",
    "votes",
    "words",
    "worked_example",
    "written",
]
