"""A company's summary: what it found, what comes first, what it does about it, and what comes next.

It is opened from the company's own seat and shows nothing of any other company.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date
from functools import cached_property
from typing import TYPE_CHECKING

from spp_workshop import analysis, charts
from spp_workshop.analysis.priorities import UNRATED
from spp_workshop.analysis.rows import Row
from spp_workshop.charts.grids import STATES
from spp_workshop.errors import Message, message
from spp_workshop.messages import join_text, say
from spp_workshop.pages import Page, picture
from spp_workshop.tables import answers

from .blocks import CLASSES, Blocks, Words, first_sentence, section, style
from .next_steps import BASICS, IN_OWN_WORDS, PLAN, READINESS, STEP1, STEP2, STEP3, Step, next_steps
from .own import Own

if TYPE_CHECKING:
    from spp_workshop.programme import Session
    from spp_workshop.workshop import Workshop

SUPPORT = ("engagement_questionnaire", "support_expected")
# The worksheets that have a place of their own in the summary.
ELSEWHERE = {*IN_OWN_WORDS, *BASICS, *SUPPORT}

# How much of the lists stands in the overview.
FIRST = 3

# What names a row, where the text by which lists name it is too long for a heading.
TITLES = {
    "issues_found": "issue",
    "stakeholder_engagement": "rights_holders",
    "environment_improvement": "kind",
}

ACTUALITY = {True: message("happening"), False: message("could happen")}
RULE = message(
    "Severity comes first: one grave side is enough, and nothing less grave stands above it. Likelihood "
    "orders what is equally grave. The rule is a proposal of this toolkit after UN Guiding Principles 14 and "
    "24."
)


class CompanySummary:
    """The parts of a summary, each shown by one cell. Make one with `company_summary`."""

    def __init__(self, workshop: Workshop, as_of: date):
        self.own = Own(workshop, as_of)
        self.workshop, self.as_of, self.language = workshop, as_of, workshop.language
        self.blocks = Blocks(workshop.language, workshop.choices)
        self.sheets = workshop.worksheets

    @cached_property
    def _steps(self) -> list[Step]:
        return next_steps(self.own)

    # --- Overview -----------------------------------------------------------------------------------------

    def head(self) -> Page:
        """Whose summary it is, of which programme, as of which day."""
        programme, blocks = self.workshop.programme, self.blocks
        made_up = message("Fictional sample") if programme.fictional else ""
        day = message("Answers as of {day}", day=blocks.day(self.as_of))
        return section(
            style(),
            '<div class="report-head">',
            f'<p class="report-name">{blocks.safe(self.own.company.name)}{blocks.tag(made_up)}</p>',
            blocks.text(programme.title, "soft"),
            blocks.text(day, "soft"),
            "</div>",
        )

    def overview(self) -> Page:
        """Half a page for somebody who has a minute: figures, first priorities, what comes next."""
        if self.own.is_blank:
            return section(
                self.blocks.calm(
                    message("Nothing has been written down yet. That is where everybody starts."),
                    message(
                        "The first steps stand below. The secretariat and the facilitators help with them."
                    ),
                ),
                self._first_steps(),
            )
        return section(self._figures(), self.blocks.text(self._found()), self._top(), self._first_steps())

    def _figures(self) -> str:
        own = self.own
        attended = sum(session.key in own.attended for session in own.held)
        done = sum(action["state"] in ("done", "effect_checked") for action in own.actions)
        of = message("of {count} held so far", count=len(own.held))
        carried_out = message("carried out: {count}", count=done) if own.actions else ""
        return self.blocks.figures(
            [
                (message("Sessions attended"), str(attended), of),
                (message("Risks to people identified"), str(len(own.risks)), self._classes()),
                (message("Actions in the plan"), str(len(own.actions)), carried_out),
                (message("Reporting desk"), *self._desk()),
            ]
        )

    def _classes(self) -> str:
        """How many risks are of each class."""
        risks = [risk["priority"] for risk in self.own.risks]
        counts = [f"{name} {risks.count(name)}" for name in CLASSES if name in risks]
        if UNRATED in risks:
            counts.append(self.blocks.word(message("not rated {count}", count=risks.count(UNRATED))))
        return join_text(counts, self.language)

    def _desk(self) -> tuple[Message, str]:
        if self.own.states["grievance"] == "declared":
            return message("Declared"), self.blocks.day(self.own.row("declaration")["declared_on"])
        return message("Being prepared") if self.own.row("mechanism_design") else message("Still to come"), ""

    def _found(self) -> str:
        """What was found, in a few sentences; only what there is."""
        own = self.own
        counts = {
            "issues": len(own.rows("issues_found")),
            "areas": len(own.rows(STEP1)),
            "risks": len(own.risks),
            "actual": sum(risk["actual"] is True for risk in own.risks),
        }
        sentences = {
            "issues": message("Issues noticed beforehand: {issues}.", **counts),
            "areas": message("Business areas looked at: {areas}.", **counts),
            "risks": message("Risks to people identified: {risks}, already happening: {actual}.", **counts),
        }
        told = [say(words, self.language) for name, words in sentences.items() if counts[name]]
        return ("" if self.language == "ja" else " ").join([*told, say(self._state(), self.language)])

    def _state(self) -> Message:
        if self.own.states["hrdd"] == "not_yet":
            return message("Analysis and action plan are on the way.")
        return message("State of due diligence: {state}.", state=STATES[self.own.states["hrdd"]])

    def _top(self) -> str:
        """The first risks, each with what is done about it."""
        risks = [risk for risk in self.own.risks if risk["rank"]][:FIRST]
        if not risks:
            return ""
        lines = "".join(map(self._top_risk, risks))
        return self.blocks.heading(3, message("First priorities")) + f'<ul class="report-top">{lines}</ul>'

    def _top_risk(self, risk: Row) -> str:
        badge = self.blocks.badge(risk["priority"])
        return f"<li>{badge}<div><strong>{self._risk_words(risk)}</strong>{self._answer_to(risk)}</div></li>"

    def _answer_to(self, risk: Row) -> str:
        actions = [
            one for one in self.own.actions if one["risk"] == risk["row"] and one["state"] != "cancelled"
        ]
        if not actions:
            return self.blocks.text(message("No action has been decided yet."), "soft")
        first = actions[0]
        more = message("and {count} more", count=len(actions) - 1) if len(actions) > 1 else ""
        state = self.blocks.label("action_states", first["state"])
        due = self._until(first)
        facts = [self.blocks.word(one) for one in (first["owner"], due, state, more) if one]
        return (
            f"<p>{self.blocks.safe(first_sentence(first['measure'] or ''))} "
            f'<span class="report-soft">{self.blocks.safe(" / ".join(facts))}</span></p>'
        )

    def _until(self, action: Row) -> Words:
        return message("by {day}", day=self.blocks.day(action["due_date"])) if action["due_date"] else ""

    def _first_steps(self) -> str:
        if not self._steps:
            return ""
        return self.blocks.heading(3, message("What comes next")) + self._listed(self._steps[:FIRST])

    # --- Risks --------------------------------------------------------------------------------------------

    def priorities(self) -> Page:
        """The risk map, then every risk in the order in which to act, with the reasons."""
        if not self.own.risks:
            return section(self._nothing_in(STEP3))
        chart = charts.risk_map(self.own.priorities, self.language, self.workshop.choices)
        judged = {row["row"]: row for row in self.own.rows(STEP3)}
        cards = (self._risk_card(risk, judged.get(risk["row"], {})) for risk in self.own.risks)
        return section(picture(chart), self.blocks.text(RULE, "soft"), *cards)

    def _risk_words(self, risk: Row) -> str:
        """Rank and event of a risk, and what must be known of it."""
        checking = message("needs checking") if risk["needs_checking"] else ""
        marks = [mark for mark in (ACTUALITY.get(risk["actual"], ""), checking) if mark]
        event = self.own.name(risk)
        ranked = message("{rank}. {event}", rank=risk["rank"], event=event) if risk["rank"] else event
        return self.blocks.safe(ranked) + "".join(map(self.blocks.tag, marks))

    def _risk_card(self, risk: Row, judged: Row) -> str:
        sheet = self.sheets[STEP3]
        reasons = ("reason", "rank_changed", "chosen_rank", "rank_reason", "involvement")
        short, _ = self.blocks.answers(sheet, judged, without=reasons)
        affected = risk["affected"] or []
        about = self.blocks.meta(
            [
                (self.sheets[STEP1].by_name["business_area"].label, risk["business_area"]),
                (
                    self.sheets[STEP2].by_name["issue"].label,
                    self.blocks.label("human_rights_issues", risk["issue"]),
                ),
                (self.sheets[STEP2].by_name["affected"].label, self._labels("rights_holders", affected)),
            ]
        )
        facts = self.blocks.facts(
            [
                (message("Rank"), self._moved(risk)),
                (sheet.by_name["reason"].label, judged.get("reason")),
                (sheet.by_name["involvement"].label, self._involvement(judged.get("involvement"))),
            ]
        )
        title = self.blocks.badge(risk["priority"]) + self._risk_words(risk)
        return self.blocks.card(title + self._draft(judged), about, short, facts)

    def _moved(self, risk: Row) -> Words:
        """Where the rule would have put a risk that a person moved, and why it was moved."""
        if not risk["rank_changed"]:
            return ""
        return message(
            "{derived} by the rule; moved to {rank}, because: {reason}",
            derived=risk["derived_rank"],
            rank=risk["rank"],
            reason=risk["rank_reason"],
        )

    def _involvement(self, code: str | None) -> Words:
        """The kind of involvement, and what follows from it."""
        if not code:
            return ""
        choice = self.workshop.choices["involvement"].by_code[code]
        if not choice.response:
            return choice.label
        return message("{kind}: {response}", kind=choice.label, response=choice.response)

    def actions(self) -> Page:
        """The corrective action plan, in the order of the risks."""
        if not self.own.actions:
            return section(self._nothing_in(PLAN))
        return section(*map(self._action_card, self.own.actions))

    def _action_card(self, action: Row) -> str:
        short, long = self.blocks.answers(self.sheets[PLAN], action, without=("measure", "state", "owner"))
        state = self.blocks.label("action_states", action["state"])
        owner = self.blocks.meta([(self.sheets[PLAN].by_name["owner"].label, action["owner"])])
        answers = message("Against: {event}", event=action["event"]) if action["event"] else ""
        title = self.blocks.badge(action["priority"]) + self.blocks.safe(action["measure"])
        marks = self.blocks.tag(state) + self._draft(action)
        return self.blocks.card(title + marks, self.blocks.text(answers, "soft"), owner, short, long)

    def found(self) -> Page:
        """How the risks were found: issues noticed beforehand, then steps 1 and 2."""
        return section(*self._sheets("issues_found", STEP1, STEP2))

    # --- The other parts ----------------------------------------------------------------------------------

    def dialogue(self) -> Page:
        """Talks with people concerned, and what has become better."""
        return section(*self._sheets("stakeholder_engagement", "environment_improvement"))

    def mechanism(self) -> Page:
        """The reporting desk: declaration, self-check by the eight criteria, design."""
        return section(*self._sheets("declaration", READINESS, "mechanism_design"))

    def support(self) -> Page:
        """Difficulties, and the support that the company asks for."""
        return section(*self._sheets(*SUPPORT))

    def company(self) -> Page:
        """The company, its policy and its consent; the sessions that it took part in."""
        sessions = self.workshop.programme.sessions
        attended = self.blocks.facts((self._session_name(one), self._attendance(one)) for one in sessions)
        heading = self.blocks.heading(3, message("Sessions"))
        return section(*self._sheets(*BASICS), heading, attended)

    def coming(self) -> Page:
        """Everything that comes next; what the company presented; worksheets that the programme added."""
        done = message(
            "Nothing is open at the moment. Keep the plan alive and look at it again in half a year."
        )
        steps = self._listed(self._steps) if self._steps else self.blocks.calm(done)
        rest = [sheet.name for sheet in self.own.sheets if sheet.name not in ELSEWHERE]
        return section(steps, *self._sheets(*(name for name in rest if self.own.rows(name))))

    # --- Pieces -------------------------------------------------------------------------------------------

    def _sheets(self, *names: str) -> Iterator[str]:
        """Worksheets with what was answered, each under its title; those without an answer come last."""
        answered = [name for name in names if self.own.rows(name)]
        for name in answered:
            yield self.blocks.heading(3, self.sheets[name].title)
            yield from self._cards(name) if self.sheets[name].repeats else self._answers(name)
        yield self._nothing_in(*(name for name in names if name not in answered))

    def _cards(self, name: str) -> Iterator[str]:
        """Every row of a worksheet as a card."""
        sheet = self.sheets[name]
        named = TITLES.get(name, sheet.row_title or "")
        for row in self.own.rows(name):
            title = self.blocks.safe(self.blocks.answer(sheet, named, row)) + self._draft(row)
            yield self.blocks.card(title, *self.blocks.answers(sheet, row, without=(named,)))

    def _answers(self, name: str) -> Iterator[str]:
        """The answers of a worksheet without rows, below one another; of the self-check its profile."""
        sheet, row = self.sheets[name], self.own.row(name)
        yield self._draft(row)
        if name != READINESS:
            yield answers(sheet, row, self.language, choices=self.workshop.choices)._repr_html_()
            return
        profile = analysis.readiness(self.own, self.workshop.levels)
        yield picture(charts.readiness_chart(profile, self.language, self.workshop.choices))
        yield self.blocks.facts([(sheet.by_name["next_step"].label, row["next_step"])])

    def _nothing_in(self, *names: str) -> str:
        """What has not been begun, and when or how it will come; nothing when there is no such worksheet."""
        if not names:
            return ""
        sessions = [session for name in names for session in self.own.sessions_of(name)]
        coming = min(
            (one for one in sessions if one.date > self.as_of), key=lambda one: one.date, default=None
        )
        later = message("It can be written at any time. A sheet that is half done is welcome.")
        if coming:
            day = self.blocks.day(coming.date)
            later = message("It belongs to the session “{session}” on {day}.", session=coming.title, day=day)
        titles = [self.sheets[name].title for name in names]
        return self.blocks.calm(message("Not begun yet: {titles}.", titles=titles), later)

    def _draft(self, row: Row) -> str:
        return self.blocks.tag(message("being written")) if row.get("status") == "draft" else ""

    def _labels(self, list_name: str, codes: Iterable[str]) -> str:
        return join_text([self.blocks.label(list_name, code) for code in codes], self.language)

    def _session_name(self, session: Session) -> Message:
        return message("{day} {title}", day=self.blocks.day(session.date), title=session.title)

    def _attendance(self, session: Session) -> Message:
        there = self.own.attended.get(session.key)
        if not there:
            return message("to come") if session.date > self.as_of else message("no record of taking part")
        room, online = there["in_room"] or 0, there["online"] or 0
        if not online:
            return message("{count} in the room", count=room)
        if not room:
            return message("{count} online", count=online)
        return message("{room} in the room, {online} online", room=room, online=online)

    def _listed(self, steps: list[Step]) -> str:
        lines = [self.blocks.safe(step.what) + self.blocks.bullets(step.about) for step in steps]
        return self.blocks.steps(lines)


__all__ = ["CompanySummary"]
