"""A company's summary: complete, of this company only, in both languages, and calm where there is nothing."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from conftest import HEAD
from report_pages import shown, skipped_ranks, text_of

from spp_workshop.batch import summaries
from spp_workshop.errors import SppError
from spp_workshop.reports.next_steps import next_steps
from spp_workshop.reports.own import Own
from spp_workshop.seats import Seat
from spp_workshop.visibility import BUILT_IN
from spp_workshop.worksheet import Field, Worksheet
from spp_workshop.workshop import Workshop, open_workshop

PROGRAMME = (
    HEAD
    + """\
fictional: {ja: 会社も回答も架空です。, en: Companies and answers are made up.}
sessions:
  - key: dd_preparation
    part: hrdd
    title: {ja: 準備会, en: Preparation}
    date: 2026-09-24
    start: "10:30"
    end: "11:00"
    method: online
    before: [company_profile, consent]
    after: [issues_found]
    agenda:
      - {key: opening, kind: opening, minutes: 30, title: {ja: 開会, en: Opening}, worksheets: [attendance]}
  - key: dd_practice
    part: hrdd
    title: {ja: 実践会, en: Practice}
    date: 2026-10-23
    start: "14:00"
    end: "15:00"
    method: mixed
    before: [issues_found]
    after: [action_plan, environment_improvement, stakeholder_engagement, engagement_questionnaire]
    agenda:
      - key: work
        kind: worksheet_session
        minutes: 60
        title: {ja: 演習, en: Work}
        worksheets: [step1_risk_areas, step2_harm_process, step3_prioritisation]
    groups:
      - {key: a, name: {ja: A班, en: Group A}, companies: [alpha, beta]}
  - key: closing
    part: closing
    title: {ja: 報告会, en: Closing}
    date: 2027-03-25
    start: "15:00"
    end: "16:00"
    method: online
    before: [grievance_readiness, mechanism_design, support_expected, declaration, closing_presentation]
    agenda:
      - {key: talks, kind: company_presentation, minutes: 60, title: {ja: 発表, en: Presentations}}
"""
)
BEFORE, AFTER = date(2026, 9, 1), date(2027, 3, 31)

# --- Answers to everything ----------------------------------------------------------------------------------

# Choices that make every question relevant; of other lists the first choice is taken.
CHOSEN = {
    "policy_status": "published",
    "rank_changed": "yes",
    "declared": "yes",
    "system_level": "level_3_external_desk",
}
NUMBERS = {"chosen_rank": 1}


def marker(company: str, sheet: Worksheet, field: Field, language: str) -> str:
    return f"{company}-{sheet.name}-{field.name}-{language}-end"


def everything(workshop: Workshop, company: str, sheet: Worksheet) -> dict[str, Any]:
    """An answer to every question, each text with a mark of its own in each language."""
    found: dict[str, Any] = {}
    for field in sheet.questions:
        if field.kind == "text":
            for language in ("ja", "en"):
                found[f"{field.name}@{language}"] = marker(company, sheet, field, language)
            found[field.name] = found.pop(f"{field.name}@ja")
        elif field.list_name:
            code = CHOSEN.get(field.name, workshop.choices[field.list_name].codes[0])
            found[field.name] = [code] if field.kind == "select_multiple" else code
        else:
            kinds = {"integer": NUMBERS.get(field.name, 7), "date": "2027-01-15", "acknowledge": True}
            found[field.name] = kinds[field.kind]
    return found


def company_sheets(workshop: Workshop) -> list[Worksheet]:
    sheets = workshop.worksheets.values()
    return [sheet for sheet in sheets if sheet.subject == "company" and sheet.name not in BUILT_IN]


def answer_everything(workshop: Workshop, company: str) -> None:
    own = workshop.seated(Seat.company(company))
    for sheet in company_sheets(workshop):
        row = "r1" if sheet.repeats else ""
        own.save(sheet.name, everything(workshop, company, sheet), row=row, status="submitted")


def release_everything(workshop: Workshop, company: str) -> None:
    own = workshop.seated(Seat.company(company))
    for sheet in company_sheets(workshop):
        row, names = "r1" if sheet.repeats else "", [question.name for question in sheet.questions]
        own.release(sheet.name, f"company:{company}", row, fields=names, audience="programme")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Alpha and beta answered everything, and beta lets everybody see all of it."""
    folder = tmp_path_factory.mktemp("answered")
    (folder / "programme.yaml").write_text(PROGRAMME, encoding="utf-8")
    workshop = open_workshop(folder)
    for company in ("alpha", "beta"):
        answer_everything(workshop, company)
        heads = {"company": company, "in_room": {"alpha": 31, "beta": 47}[company], "online": 0}
        workshop.save("attendance", heads, subject="session:dd_practice", row=company)
    release_everything(workshop, "beta")
    return folder


@pytest.fixture
def tiny(tmp_path: Path) -> Workshop:
    """The same programme without any answer, as alpha sees it."""
    (tmp_path / "programme.yaml").write_text(PROGRAMME, encoding="utf-8")
    return open_workshop(tmp_path, seat=Seat.company("alpha"), language="en")


# --- Reading a summary --------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def summary(folder: Path) -> Callable[[str], str]:
    pages = {
        language: shown(
            "company_summary", language, folder=str(folder), company="alpha", as_of=AFTER.isoformat()
        )
        for language in ("ja", "en")
    }
    return pages.__getitem__


# --- Complete, and of one company only ----------------------------------------------------------------------


@pytest.mark.parametrize("language", ["ja", "en"])
def test_every_text_that_the_company_wrote_is_in_its_summary(
    folder: Path, summary: Callable[[str], str], language: str
) -> None:
    workshop, text = open_workshop(folder), text_of(summary(language))
    missing = [
        marker("alpha", sheet, field, language)
        for sheet in company_sheets(workshop)
        for field in sheet.questions
        if field.kind == "text" and marker("alpha", sheet, field, language) not in text
    ]
    assert missing == []


@pytest.mark.parametrize("language", ["ja", "en"])
def test_nothing_of_another_company_is_in_it_not_even_what_it_released(
    folder: Path, summary: Callable[[str], str], language: str
) -> None:
    alpha = open_workshop(folder, seat=Seat.company("alpha"), language="en")
    assert "beta-action_plan-measure-en-end" in set(alpha.frame("action_plan")["measure"])
    page = summary(language)
    assert "beta-" not in page
    assert "Beta Precision" not in page
    assert "ベータ精密" not in page
    assert "31" in text_of(page)
    assert "47" not in text_of(page)


def test_texts_stand_in_the_reader_s_language(summary: Callable[[str], str]) -> None:
    assert "-ja-end" not in summary("en")
    assert "-en-end" not in summary("ja")


def test_choices_dates_and_numbers_stand_in_words(summary: Callable[[str], str]) -> None:
    english, japanese = text_of(summary("en")), text_of(summary("ja"))
    for words in ("Cause: Stop or prevent the act.", "January 15, 2027 (Fri.)", "Declared", "31 in the room"):
        assert words in english
    for words in ("引き起こす：その行為を止める", "2027年1月15日(金)", "宣言済み", "会場31名"):
        assert words in japanese


def test_the_overview_comes_first_and_holds_what_counts(summary: Callable[[str], str]) -> None:
    overview = text_of(summary("en")).split("## 1. Priorities")[0]
    places = [
        overview.index(words)
        for words in (
            "Alpha Surface",
            "March 31, 2027 (Wed.)",
            "At a glance",
            "First priorities",
            "alpha-step2_harm_process-event-en-end",
            "alpha-action_plan-measure-en-end",
            "What comes next",
        )
    ]
    assert places == sorted(places)


def test_a_moved_risk_shows_both_ranks_and_the_reason(summary: Callable[[str], str]) -> None:
    reason = "alpha-step3_prioritisation-rank_reason-en-end"
    assert f"1 by the rule; moved to 1, because: {reason}" in text_of(summary("en"))


@pytest.mark.parametrize("language", ["ja", "en"])
def test_no_trace_of_missing_values_or_codes(summary: Callable[[str], str], language: str) -> None:
    text = re.sub(r"alpha-[\w-]+", "", text_of(summary(language)))
    assert not re.search(r"\b(None|nan|NaN|NaT|<NA>|True|False)\b|[a-z]+_[a-z]+|[{}]", text)


# --- Through papermill --------------------------------------------------------------------------------------


def test_it_is_made_by_papermill_with_the_notice_on_top(folder: Path) -> None:
    made = summaries.make(folder, ["alpha"], languages=["ja"], as_of=AFTER.isoformat(), jobs=1)
    (outcome,) = made.outcomes
    assert outcome.status == "made"
    page = (folder / outcome.files["html"]).read_text(encoding="utf-8")
    text = text_of(page.partition("<body")[2])
    assert (
        text.index("会社も回答も架空です。") < text.index("ビジネスと人権") < text.index("アルファ表面処理")
    )
    assert "alpha-action_plan-measure-ja-end" in text
    assert "beta-" not in page
    assert page.count("data:image/png") == 2
    assert skipped_ranks(page) == []
    assert str(folder) not in page


# --- Nothing, or half ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("language", "first", "calm"),
    [
        ("en", "Nothing has been written down yet.", "Not begun yet: Corrective action plan."),
        (
            "ja",
            "まだ記入がありません。どの会社も、ここから始まります。",
            "まだ記入がありません：是正・行動計画",
        ),
    ],
)
def test_a_company_that_answered_nothing_gets_a_calm_page(
    tiny: Workshop, language: str, first: str, calm: str
) -> None:
    page = shown(
        "company_summary", language, folder=str(tiny.folder), company="alpha", as_of=AFTER.isoformat()
    )
    text = text_of(page)
    assert text.count(first) == 1
    assert calm in text
    assert "<table" not in page
    assert "<img" not in page
    assert "<dl></dl>" not in page
    assert not re.search(r"\b(None|nan|NaN|NaT|<NA>)\b", text)


def test_a_japanese_page_holds_no_english(tiny: Workshop) -> None:
    page = shown("company_summary", "ja", folder=str(tiny.folder), company="alpha", as_of=AFTER.isoformat())
    assert re.findall(r"[A-Za-z]{2,}", text_of(page)) == []


def test_a_page_before_the_sessions_tells_when_each_sheet_comes(tiny: Workshop) -> None:
    page = shown("company_summary", "en", folder=str(tiny.folder), company="alpha", as_of=BEFORE.isoformat())
    text = text_of(page)
    assert "It belongs to the session “Practice” on October 23, 2026 (Fri.)." in text
    assert "no record of taking part" not in text


def test_a_session_whose_attendance_nobody_wrote_down_is_not_told_as_absence(tiny: Workshop) -> None:
    page = shown("company_summary", "en", folder=str(tiny.folder), company="alpha", as_of=AFTER.isoformat())
    text = text_of(page)
    assert "no record of taking part" in text
    assert "absent" not in text


def test_a_risk_that_is_not_rated_is_shown_without_a_rank(tiny: Workshop) -> None:
    tiny.save("step1_risk_areas", {"business_area": "Plating"}, row="r1")
    tiny.save("step2_harm_process", {"event": "Acid burns the eyes"}, row="r1")
    page = shown("company_summary", "en", folder=str(tiny.folder), company="alpha", as_of=AFTER.isoformat())
    assert "not rated 1" in text_of(page)
    assert "First priorities" not in text_of(page)
    assert "1. Acid" not in text_of(page)


def test_a_risk_without_any_words_is_named_all_the_same(tiny: Workshop) -> None:
    tiny.save("step2_harm_process", {"actuality": "actual"}, row="r1")
    page = shown("company_summary", "en", folder=str(tiny.folder), company="alpha", as_of=AFTER.isoformat())
    assert "A risk that is not described yet" in text_of(page)
    assert "None" not in text_of(page)


def test_markup_in_answers_stays_text(tiny: Workshop) -> None:
    nasty = "<script>alert(1)</script> {{ x }} $y$ **z**"
    tiny.save("step2_harm_process", {"event": nasty}, row="r1")
    tiny.save("issues_found", {"situation": nasty}, row="i1")
    page = shown("company_summary", "en", folder=str(tiny.folder), company="alpha", as_of=AFTER.isoformat())
    assert "<script" not in page
    assert text_of(page).count(nasty) >= 2


@pytest.mark.parametrize(
    ("language", "sentence"),
    [
        ("en", "A summary is about one company, and none is named."),
        ("ja", "まとめは1社ごとに作りますが、会社が指定されていません。"),
    ],
)
def test_without_a_company_one_sentence_says_that_it_is_to_be_named(
    folder: Path, language: str, sentence: str
) -> None:
    with pytest.raises(SppError) as refused:
        shown("company_summary", language, folder=str(folder), company="", as_of="")
    assert refused.value.text(language).startswith(sentence)
    assert "alpha" in refused.value.text(language)


def test_an_unknown_company_and_a_day_that_is_none_are_refused(folder: Path) -> None:
    with pytest.raises(SppError, match="alfa"):
        shown("company_summary", "en", folder=str(folder), company="alfa", as_of="")
    with pytest.raises(SppError, match="2026-02-30"):
        shown("company_summary", "en", folder=str(folder), company="alpha", as_of="2026-02-30")


# --- What comes next ----------------------------------------------------------------------------------------

AREA = {"business_area": "Plating line"}
RISK = {"event": "Acid burns the eyes", "actuality": "potential", "vulnerable": "no", "confidence": "seen"}
JUDGED = {
    "involvement": "cause",
    "scale": "scale_4",
    "scope": "scope_1",
    "irremediability": "irremediability_4",
    "likelihood": "likelihood_2",
    "reason": "Eyes do not heal.",
}
ACTION = {"measure": "Fit pumps", "owner": "Plant manager", "due_date": "2027-02-01", "state": "in_progress"}


def steps(workshop: Workshop, as_of: date = AFTER) -> dict[str, tuple[str, ...]]:
    """What is to be done (in English) -> what it is about."""
    from spp_workshop.messages import say

    return {say(step.what, "en"): step.about for step in next_steps(Own(workshop, as_of))}


def write(workshop: Workshop, **changed: dict[str, Any]) -> None:
    """A risk that is rated and has an action, with these answers changed."""
    sheets = {
        "step1_risk_areas": AREA,
        "step2_harm_process": RISK,
        "step3_prioritisation": JUDGED,
        "action_plan": ACTION,
    }
    for name, answers in sheets.items():
        workshop.save(name, answers | changed.get(name, {}), row="acid", status="draft")


def test_before_the_first_session_only_what_is_needed_for_it_is_asked(tiny: Workshop) -> None:
    assert steps(tiny, BEFORE) == {"Begin these worksheets:": ("Company profile", "Consent and ground rules")}


def test_between_the_sessions_the_homework_is_asked(tiny: Workshop) -> None:
    asked = steps(tiny, date(2026, 10, 1))
    assert "Write down one to three things at work that have worried you." in asked
    assert not any("Step 1" in what or "reporting desk" in what for what in asked)


def test_after_everything_a_blank_company_is_told_where_to_begin(tiny: Workshop) -> None:
    asked = list(steps(tiny))
    assert asked[0] == "Begin these worksheets:"
    assert asked[1].startswith("Begin with Step 1")
    assert any(what.startswith("Check where your reporting desk stands") for what in asked)


def test_a_grave_risk_without_an_action_comes_before_everything_else_about_risks(tiny: Workshop) -> None:
    tiny.save("step2_harm_process", RISK, row="acid")
    tiny.save("step3_prioritisation", JUDGED, row="acid")
    asked = steps(tiny)
    assert asked["Decide what to do, who does it and by when:"] == ("Acid burns the eyes",)
    assert list(asked)[1] == "Decide what to do, who does it and by when:"


def test_a_cancelled_action_answers_no_risk(tiny: Workshop) -> None:
    write(tiny, action_plan={"state": "cancelled"})
    assert "Decide what to do, who does it and by when:" in steps(tiny)


def test_an_action_in_time_with_owner_and_date_asks_for_nothing(tiny: Workshop) -> None:
    write(tiny)
    asked = steps(tiny, date(2027, 1, 31))
    assert not any("due date" in what or what.startswith("Decide what") for what in asked)


def test_an_action_past_its_date_is_told_with_the_date(tiny: Workshop) -> None:
    write(tiny)
    asked = steps(tiny, date(2027, 2, 2))
    assert asked["These are past their due date. Do them, or set a new date:"] == (
        "Fit pumps (February 1, 2027 (Mon.))",
    )


def test_of_long_texts_the_first_sentence_is_enough(tiny: Workshop) -> None:
    write(tiny, action_plan={"measure": "Fit pumps at 2.5 bar. Then buy goggles.", "state": "done"})
    asked = steps(tiny)
    assert asked["These are done. Ask the people concerned whether they work:"] == ("Fit pumps at 2.5 bar.",)


@pytest.mark.parametrize(
    ("changed", "what"),
    [
        ({"owner": None}, "Name who is in charge and the due date:"),
        ({"state": "done"}, "These are done. Ask the people concerned whether they work:"),
        ({"state": "needs_rework"}, "These do not work, or rest. Decide how to go on:"),
        ({"state": "on_hold", "due_date": "2026-12-01"}, "These do not work, or rest. Decide how to go on:"),
    ],
)
def test_what_an_action_still_needs_is_asked(tiny: Workshop, changed: dict[str, Any], what: str) -> None:
    write(tiny, action_plan=changed)
    asked = steps(tiny, date(2027, 1, 31))
    assert asked[what] == ("Fit pumps",)
    assert "These are past their due date. Do them, or set a new date:" not in asked


def test_an_unrated_risk_names_what_is_still_open(tiny: Workshop) -> None:
    write(tiny, step3_prioritisation={"scope": None, "likelihood": None})
    assert steps(tiny)["Judge these risks, and so give them their place in the order:"] == (
        "Acid burns the eyes (still open: Scope, Likelihood)",
    )


def test_an_unknown_likelihood_is_to_be_found_out(tiny: Workshop) -> None:
    write(tiny, step3_prioritisation={"likelihood": "likelihood_unknown"})
    what = "Find out more, first from the people concerned; until then these do not count as small:"
    assert steps(tiny)[what] == ("Acid burns the eyes",)


def test_an_area_without_a_harm_is_carried_on(tiny: Workshop) -> None:
    tiny.save("step1_risk_areas", AREA, row="line")
    tiny.save("step1_risk_areas", {"business_area": "Dormitory"}, row="home")
    tiny.save("step2_harm_process", RISK, row="line.ab12")
    what = "Write who could be harmed here, and how it comes about (Step 2):"
    assert steps(tiny)[what] == ("Dormitory",)


@pytest.mark.parametrize(
    ("status", "what"),
    [
        ("none", "Write a human rights policy. One page is enough; top management approves it."),
        ("drafting", "Finish the human rights policy and have top management approve it."),
        ("adopted", "Publish the human rights policy, so that people outside can read it."),
    ],
)
def test_the_policy_s_next_stage_is_asked(tiny: Workshop, status: str, what: str) -> None:
    tiny.save("company_profile", {"policy_status": status})
    assert what in steps(tiny)


def test_those_who_spoke_are_told_what_came_of_it(tiny: Workshop) -> None:
    talk = {"heard": "The goggles mist over", "held_on": "2026-11-06", "reported_back": "no"}
    tiny.save("stakeholder_engagement", talk, row="t1")
    assert steps(tiny)["Tell those who spoke what came of it:"] == (
        "The goggles mist over (November 6, 2026 (Fri.))",
    )


def test_the_reporting_desk_goes_from_check_to_design_to_declaration_to_review(tiny: Workshop) -> None:
    def desk() -> list[str]:
        return [what for what in steps(tiny) if "reporting desk" in what or "self-check" in what]

    assert [what.split()[0] for what in desk()] == ["Check", "Design"]
    tiny.save("grievance_readiness", {"next_step": "Name two people"})
    assert steps(tiny)["First thing by your own self-check:"] == ("Name two people",)
    tiny.save("mechanism_design", {"mechanism_name": "Desk", "next_review_date": "2027-10-01"})
    assert desk()[-1].startswith("Decide whether to declare")
    declared = {"declared": "yes", "declared_on": "2027-03-16", "declared_by": "President"}
    tiny.save("declaration", declared | {"users": ["own_regular"], "first_review_done": "no"})
    assert desk() == ["Look at the reporting desk with its users (planned for October 1, 2027 (Fri.))."]


def test_a_draft_tells_how_many_answers_are_open(tiny: Workshop) -> None:
    tiny.save("support_expected", {"from_experts": "Come and see us."})
    assert "Support expected from outside (answers still open: 1)" in steps(tiny)["Finish these worksheets:"]


def test_a_complete_company_has_only_reviews_ahead(folder: Path) -> None:
    alpha = open_workshop(folder, seat=Seat.company("alpha"), language="en")
    assert not any(what.startswith(("Begin", "Finish", "Decide what", "Judge")) for what in steps(alpha))
