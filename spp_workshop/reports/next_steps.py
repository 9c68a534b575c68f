"""What a company does next, worked out from what it has answered and what is missing; the most urgent first.

People first: grave risks without an action come before worksheets that are not finished.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from spp_workshop import answers
from spp_workshop.analysis.rows import Row, parent
from spp_workshop.errors import Message, message
from spp_workshop.messages import date_text, join_text, say

from .blocks import first_sentence, in_short
from .own import FINISHED, Own

if TYPE_CHECKING:
    from spp_workshop.worksheet import Worksheet

ISSUES, PLAN = "issues_found", "action_plan"
STEP1, STEP2, STEP3 = "step1_risk_areas", "step2_harm_process", "step3_prioritisation"
DIALOGUE, IMPROVEMENT = "stakeholder_engagement", "environment_improvement"
READINESS, DESIGN, DECLARATION = "grievance_readiness", "mechanism_design", "declaration"

# These are needed before anything else, and at any time.
BASICS = ("company_profile", "consent")
# Worksheets that are asked for in words of their own; the others are asked for by their titles.
IN_OWN_WORDS = {ISSUES, STEP1, STEP2, STEP3, PLAN, DIALOGUE, IMPROVEMENT, READINESS, DESIGN, DECLARATION}

BEGIN = message("Begin these worksheets:")
STUCK = ("needs_rework", "on_hold")
JUDGED = ("scale", "scope", "irremediability", "likelihood")


@dataclass(frozen=True)
class Step:
    """One thing to do, and the rows that it is about, in the company's own words."""

    what: Message
    about: tuple[str, ...] = ()


def next_steps(own: Own) -> list[Step]:
    """Everything that is to be done next, the most urgent first."""
    rules = (_basics, _risks, _actions, _analysis, _policy, _dialogue, _mechanism, _reviews, _worksheets)
    return [step for rule in rules for step in rule(own)]


def _basics(own: Own) -> Iterator[Step]:
    unanswered = [sheet for sheet in own.sheets if sheet.name in BASICS and not own.rows(sheet.name)]
    yield from _step(BEGIN, _titles(own, unanswered))


# --- Risks and actions --------------------------------------------------------------------------------------


def _risks(own: Own) -> Iterator[Step]:
    answered = {action["risk"] for action in own.actions if action["state"] != "cancelled"}
    rated = [risk for risk in own.risks if risk["rank"]]
    highest = sorted({risk["priority"] for risk in rated})[:2]
    open_ = [risk for risk in rated if risk["priority"] in highest and risk["row"] not in answered]
    yield from _step(message("Decide what to do, who does it and by when:"), _events(own, open_))
    unrated = [risk for risk in own.risks if not risk["rank"]]
    yield from _step(
        message("Judge these risks, and so give them their place in the order:"), _open(own, unrated)
    )
    unsure = [risk for risk in rated if risk["needs_checking"]]
    what = message("Find out more, first from the people concerned; until then these do not count as small:")
    yield from _step(what, _events(own, unsure))


def _actions(own: Own) -> Iterator[Step]:
    plan = [action for action in own.actions if action["state"] != "cancelled"]
    stuck = [action for action in plan if action["state"] in STUCK]
    late = [action for action in plan if action not in stuck and _is_late(own, action)]
    yield from _step(
        message("These are past their due date. Do them, or set a new date:"),
        (_with_day(own, action["measure"], action["due_date"]) for action in late),
    )
    yield from _step(message("These do not work, or rest. Decide how to go on:"), _measures(stuck))
    unfinished = [action for action in plan if not action["complete"]]
    yield from _step(message("Name who is in charge and the due date:"), _measures(unfinished))
    done = [action for action in plan if action["state"] == "done"]
    yield from _step(message("These are done. Ask the people concerned whether they work:"), _measures(done))


def _is_late(own: Own, action: Row) -> bool:
    due = action["due_date"]
    return action["state"] not in FINISHED and bool(due) and due < own.as_of.isoformat()


def _analysis(own: Own) -> Iterator[Step]:
    areas, harms = own.rows(STEP1), own.rows(STEP2)
    known = {(own.company.key, area["row"]) for area in areas}
    told = {parent((own.company.key, harm["row"]), known) for harm in harms}
    if not own.rows(ISSUES) and _is_wanted(own, ISSUES):
        yield Step(message("Write down one to three things at work that have worried you."))
    elif not areas and not harms and own.is_time_for(STEP1):
        yield Step(
            message("Begin with Step 1: look for the parts of your business where people could be harmed.")
        )
    todo = [area for area in areas if (own.company.key, area["row"]) not in told]
    what = message("Write who could be harmed here, and how it comes about (Step 2):")
    yield from _step(what, (area["business_area"] for area in todo))


def _events(own: Own, risks: Iterable[Row]) -> Iterator[str]:
    return (first_sentence(own.name(risk)) for risk in risks)


def _open(own: Own, risks: Iterable[Row]) -> Iterator[str]:
    """Unrated risks, each with the questions that are still to be answered."""
    asked = own.workshop.worksheets[STEP3].by_name
    judged = {row["row"]: row for row in own.rows(STEP3)}
    language = own.workshop.language
    for risk in risks:
        open_ = [name for name in JUDGED if not judged.get(risk["row"], {}).get(name)]
        labels = join_text([in_short(asked[name].label[language]) for name in open_], language)
        yield say(
            message(
                "{risk} (still open: {questions})", risk=first_sentence(own.name(risk)), questions=labels
            ),
            language,
        )


def _measures(actions: Iterable[Row]) -> Iterator[str]:
    return (first_sentence(action["measure"] or "") for action in actions)


# --- Policy, dialogue, mechanism ----------------------------------------------------------------------------


def _policy(own: Own) -> Iterator[Step]:
    said: dict[str, Message] = {
        "none": message("Write a human rights policy. One page is enough; top management approves it."),
        "drafting": message("Finish the human rights policy and have top management approve it."),
        "adopted": message("Publish the human rights policy, so that people outside can read it."),
    }
    status = own.row("company_profile").get("policy_status")
    if status in said:
        yield Step(said[status])


def _dialogue(own: Own) -> Iterator[Step]:
    talks = own.rows(DIALOGUE)
    if own.risks and not talks and own.is_time_for(DIALOGUE):
        yield Step(message("Talk with the people who are or could be harmed, and write down what they say."))
    open_ = [talk for talk in talks if talk["reported_back"] == "no"]
    what = message("Tell those who spoke what came of it:")
    yield from _step(what, (_with_day(own, talk["heard"], talk["held_on"]) for talk in open_))
    improved = bool(own.rows(IMPROVEMENT)) or own.states["hrdd"] == "completed"
    if not improved and own.is_time_for(IMPROVEMENT):
        yield Step(message("Note what has already become better at work. Small improvements count too."))


def _mechanism(own: Own) -> Iterator[Step]:
    check, design = own.row(READINESS), own.row(DESIGN)
    is_declared = own.states["grievance"] == "declared"
    if not check and own.is_time_for(READINESS):
        yield Step(
            message("Check where your reporting desk stands, with the 32 questions of the self-check.")
        )
    if not is_declared:
        yield from _step(
            message("First thing by your own self-check:"), [first_sentence(check.get("next_step") or "")]
        )
    if not design and own.is_time_for(DESIGN):
        yield Step(
            message("Design your reporting desk. Two named people and one sheet of paper are a start.")
        )
    if design and not is_declared:
        yield Step(message("Decide whether to declare the reporting desk; top management tells everybody."))
    if is_declared and own.row(DECLARATION).get("first_review_done") != "yes":
        yield _review(
            own, message("Look at the reporting desk with its users"), design.get("next_review_date")
        )


def _reviews(own: Own) -> Iterator[Step]:
    judged = {row["row"]: row for row in own.rows(STEP3)}
    days = [
        judged[risk["row"]]["review_date"] for risk in own.risks if risk["rank"] and risk["row"] in judged
    ]
    if dated := sorted(filter(None, days)):
        yield _review(own, message("Look at the risks and their order again"), dated[0])


def _review(own: Own, what: Message, day: str | None) -> Step:
    if not day:
        return Step(message("{what}.", what=what))
    return Step(message("{what} (planned for {day}).", what=what, day=_day(own, day)))


# --- Worksheets ---------------------------------------------------------------------------------------------


def _worksheets(own: Own) -> Iterator[Step]:
    drafts = (
        (sheet, [row for row in own.rows(sheet.name) if row["status"] == "draft"]) for sheet in own.sheets
    )
    unfinished = (_unfinished(own, sheet, rows) for sheet, rows in drafts if rows)
    yield from _step(message("Finish these worksheets:"), unfinished)
    others = [sheet for sheet in own.sheets if sheet.name not in (*IN_OWN_WORDS, *BASICS)]
    wanted = [sheet for sheet in others if not own.rows(sheet.name) and _is_wanted(own, sheet.name)]
    yield from _step(BEGIN, _titles(own, wanted))


def _unfinished(own: Own, sheet: Worksheet, drafts: list[Row]) -> str | None:
    """A worksheet with the number of its open answers; None where these are asked for in other steps."""
    gaps = sum(len(answers.check(sheet, row)) for row in drafts)
    if not gaps:
        return say(message("{title} (complete: please submit it)", title=sheet.title), own.workshop.language)
    if sheet.name in (STEP3, PLAN):
        return None
    return say(
        message("{title} (answers still open: {count})", title=sheet.title, count=gaps), own.workshop.language
    )


def _is_wanted(own: Own, worksheet: str) -> bool:
    """A worksheet for a session is wanted until that session has been held."""
    return own.is_time_for(worksheet) and own.sessions_of(worksheet)[-1].date >= own.as_of


# --- Words --------------------------------------------------------------------------------------------------


def _step(what: Message, about: Iterable[str | None]) -> Iterator[Step]:
    """A step, if there is anything that it is about."""
    if lines := tuple(filter(None, about)):
        yield Step(what, lines)


def _titles(own: Own, sheets: Iterable[Worksheet]) -> Iterator[str]:
    return (sheet.title[own.workshop.language] for sheet in sheets)


def _with_day(own: Own, words: str | None, day: str | None) -> str | None:
    if not words or not day:
        return words
    short = first_sentence(words)
    return say(message("{words} ({day})", words=short, day=_day(own, day)), own.workshop.language)


def _day(own: Own, day: str) -> str:
    return date_text(day, own.workshop.language)


__all__ = ["Step", "next_steps"]
