"""What a session's notebook shows: nobody's answers to the room but what is shared, released or a total."""

from __future__ import annotations

import re
from html import unescape
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from conftest import GAMMA, HEAD

from spp_workshop import presenting, releases, showing
from spp_workshop.seats import Seat
from spp_workshop.workshop import open_workshop

if TYPE_CHECKING:
    from spp_workshop.workshop import Workshop

PROGRAMME = (
    HEAD
    + GAMMA
    + """\
  - {key: delta, name: {ja: デルタ電子, en: Delta Electronics}, sector: coating, size: 9}
sessions:
  - key: dd_practice
    part: hrdd
    title: {ja: 実践会, en: Practice}
    date: 2026-10-23
    start: "14:00"
    end: "15:00"
    method: mixed
    venue: {ja: 市民館, en: Town Hall}
    agenda:
      - key: work
        kind: worksheet_session
        minutes: 25
        title: {ja: 演習, en: Work}
        worksheets: [attendance, issues_found]
      - key: talk
        kind: lecture
        minutes: 35
        title: {ja: 講義, en: Lecture}
        lead: {ja: 講師, en: A lecturer}
"""
)
COMPANIES = ("alpha", "beta", "gamma", "delta")
GROUPS = """\
    groups:
      - key: a
        name: {ja: A班, en: Group A}
        companies: [alpha, beta]
        facilitator: {ja: 社労士, en: A sharoshi}
      - {key: b, name: {ja: B班, en: Group B}, companies: [gamma, delta]}
"""
SCRIPT = "<script>alert(1)</script>"


def opened(folder: Path, text: str = PROGRAMME + GROUPS) -> Workshop:
    (folder / "programme.yaml").write_text(text, encoding="utf-8")
    return open_workshop(folder, language="en")


@pytest.fixture
def workshop(tmp_path: Path) -> Workshop:
    return opened(tmp_path)


def words_of(shown: str) -> str:
    """What a reader reads of it."""
    without_style = re.sub(r"<style>.*?</style>", "", shown, flags=re.DOTALL)
    return " ".join(unescape(re.sub(r"<[^>]*>", " ", without_style)).split())


def save(workshop: Workshop, worksheet: str, subject: str, answers: dict[str, Any], row: str = "") -> None:
    workshop.save(worksheet, answers, subject=subject, row=row)


# --- The session --------------------------------------------------------------------------------------------


def test_today_tells_when_where_and_what_comes_next(workshop: Workshop) -> None:
    read = words_of(showing.today(workshop, "dd_practice"))
    assert "October 23, 2026 (Fri.) / Mixed format (mainly face-to-face) / Town Hall" in read
    assert "14:00–14:25 Work —" in read
    assert "14:25–15:00 Lecture A lecturer" in read


def test_today_says_what_to_do_when_no_company_is_listed(tmp_path: Path) -> None:
    nobody = re.sub(r"companies:\n( .*\n)+?sessions", "companies: []\nsessions", PROGRAMME)
    assert "No company is listed yet." in showing.today(opened(tmp_path, nobody), "dd_practice")


def test_a_programme_of_made_up_companies_says_so(tmp_path: Path) -> None:
    invented = PROGRAMME.replace("sessions:", "fictional: {ja: 架空です。, en: All invented.}\nsessions:", 1)
    assert "All invented." in showing.today(opened(tmp_path, invented), "dd_practice")


def test_groups_are_told_with_their_companies(workshop: Workshop) -> None:
    read = words_of(showing.groups(workshop, "dd_practice"))
    assert "Group A Alpha Surface, Beta Precision A sharoshi" in read
    assert "Group B Gamma Works, Delta Electronics —" in read


def test_without_groups_it_says_where_to_write_them(tmp_path: Path) -> None:
    assert "programme.yaml" in showing.groups(opened(tmp_path, PROGRAMME), "dd_practice")


def test_the_ground_rules_are_those_that_companies_consent_to(workshop: Workshop) -> None:
    shown = unescape(showing.ground_rules(workshop))
    for field in workshop.worksheets["consent"].fields:
        assert (field.label["en"] in shown) == (field.kind in ("note", "acknowledge"))
    agreed = workshop.worksheets["consent"].by_name["ground_rules_agreed"]
    assert agreed.guidance_hint is not None
    assert agreed.guidance_hint["en"] in shown


def test_the_ground_rules_alone_can_be_recalled(workshop: Workshop) -> None:
    sheet = workshop.worksheets["consent"]
    shown = unescape(showing.ground_rules(workshop, "ground_rules_agreed"))
    assert sheet.by_name["ground_rules_agreed"].label["en"] in shown
    assert sheet.by_name["purpose_understood"].label["en"] not in shown
    assert not any(field.label["en"] in shown for field in sheet.fields if field.kind == "note")


# --- Words and examples -------------------------------------------------------------------------------------


def test_a_scale_is_shown_with_every_level_and_what_it_means(workshop: Workshop) -> None:
    read = words_of(showing.words(workshop, "scale", "likelihood"))
    for name in ("scale", "likelihood"):
        vocabulary = workshop.choices[name]
        assert vocabulary.title["en"] in read
        for choice in vocabulary.choices:
            assert choice.hint is not None
            assert f"{choice.label['en']} {choice.hint['en']}" in read


def test_a_vocabulary_has_only_the_columns_that_it_fills(workshop: Workshop) -> None:
    assert "What follows from it" in showing.words(workshop, "involvement")
    assert "What follows from it" not in showing.words(workshop, "system_levels")
    assert "What it needs" in showing.words(workshop, "system_levels")


def test_a_text_can_be_left_out(workshop: Workshop) -> None:
    first = workshop.choices["involvement"].choices[0]
    assert first.hint is not None
    assert first.meaning is not None
    read = words_of(showing.words(workshop, "involvement", without=("hint",)))
    assert first.hint["en"] not in read
    assert first.meaning["en"] in read


def test_a_worked_example_has_every_question_and_nobodys_answers(workshop: Workshop) -> None:
    save(workshop, "issues_found", "company:alpha", {"situation": "our secret"}, "one")
    read = words_of(showing.worked_example(workshop, "issues_found"))
    for question in workshop.worksheets["issues_found"].questions:
        assert question.label["en"] in read
    assert "our secret" not in read


# --- Totals -------------------------------------------------------------------------------------------------


def test_returned_names_no_company(workshop: Workshop) -> None:
    save(workshop, "issues_found", "company:alpha", {"situation": "暑い"}, "one")
    read = words_of(showing.returned(workshop, "issues_found", "consent"))
    assert "Issues found beforehand 0 1 3" in read
    assert not any(company.name["en"] in read for company in workshop.companies)


def test_themes_show_what_three_have_in_common_and_hide_what_two_have(workshop: Workshop) -> None:
    for company, issue in zip(COMPANIES, ["privacy", "privacy", "privacy", "discrimination"], strict=True):
        save(workshop, "issues_found", f"company:{company}", {"issue": issue}, "one")
    read = showing.themes(workshop, "human_rights_issues")
    label = workshop.choices["human_rights_issues"].label
    assert label("privacy", "en") in unescape(read)
    assert label("discrimination", "en") not in unescape(read)


def test_the_self_check_is_shown_only_when_three_have_answered(workshop: Workshop) -> None:
    answers = {"legitimate_q1": "works_and_reviewed", "legitimate_q2": "not_yet"}
    empty = showing.readiness(workshop).alt_text
    for company in COMPANIES[:2]:
        save(workshop, "grievance_readiness", f"company:{company}", answers)
        assert showing.readiness(workshop).alt_text == empty
    save(workshop, "grievance_readiness", "company:gamma", answers)
    assert showing.readiness(workshop).alt_text != empty


def test_votes_are_told_without_voters(workshop: Workshop) -> None:
    vote = {"topic": "guide_support_expected", "option": SCRIPT, "voter": "v-7f3a"}
    save(workshop, "votes", "session:dd_practice", vote, "one")
    shown = showing.votes(workshop, "dd_practice", "guide_support_expected")
    assert f"{SCRIPT} 1" in words_of(shown)
    assert SCRIPT not in shown
    assert "v-7f3a" not in shown


# --- What groups and the session wrote ----------------------------------------------------------------------


def test_what_groups_present_is_shown_by_group(workshop: Workshop) -> None:
    room = workshop.seated(Seat.projector())
    assert "Nothing has been written yet." in showing.written(room, "group_presentation", "dd_practice")
    save(workshop, "group_presentation", "group:dd_practice.b", {"common_risks": f"long hours {SCRIPT}"})
    shown = showing.written(room, "group_presentation", "dd_practice")
    assert words_of(shown).startswith("Group B ")
    assert f"long hours {SCRIPT}" in words_of(shown)
    assert SCRIPT not in shown


def test_what_the_session_wrote_is_shown_line_by_line(workshop: Workshop) -> None:
    for row, question in (("one", "Where to begin?"), ("two", "How to ask?")):
        answers = {"topic": "cost", "question": question, "advice": f"advice on {row}"}
        save(workshop, "engagement_exchange", "session:dd_practice", answers, row)
    read = words_of(showing.written(workshop.seated(Seat.projector()), "engagement_exchange", "dd_practice"))
    assert "Where to begin?" in read
    assert "advice on two" in read


def test_what_stays_in_a_group_is_not_shown_to_the_room(workshop: Workshop) -> None:
    note = {"guide": "guide_level_of_system", "kind": "opinion", "point": "between us"}
    save(workshop, "discussion_notes", "group:dd_practice.a", note, "one")
    room = workshop.seated(Seat.projector())
    assert "between us" not in showing.written(room, "discussion_notes", "dd_practice")


# --- For the facilitator ------------------------------------------------------------------------------------


def test_notes_are_told_by_topic_without_the_groups(workshop: Workshop) -> None:
    for group, guide, point in (
        ("a", "guide_level_of_system", "two persons"),
        ("b", "guide_level_of_system", "one sheet"),
        ("b", "guide_support_expected", "templates"),
    ):
        note = {"guide": guide, "kind": "idea", "point": point}
        save(workshop, "discussion_notes", f"group:dd_practice.{group}", note, "one" + group + guide[-8:])
    read = words_of(showing.notes(workshop, "dd_practice", "guide_level_of_system"))
    assert "two persons" in read
    assert "one sheet" in read
    assert "templates" not in read
    assert "Group" not in read


def test_questions_come_without_names_and_in_no_order_of_companies(workshop: Workshop) -> None:
    for company, question in (("alpha", "zebra?"), ("beta", SCRIPT), ("gamma", "apple?")):
        save(workshop, "engagement_questionnaire", f"company:{company}", {"question": question})
    shown = showing.unnamed(workshop, "engagement_questionnaire", "question", "wish")
    said = re.findall(r"<li><bdi>(.*?)</bdi></li>", shown)
    assert [unescape(line) for line in said] == [SCRIPT, "apple?", "zebra?"]
    assert SCRIPT not in shown
    assert workshop.worksheets["engagement_questionnaire"].by_name["wish"].label["en"] not in shown


def test_on_record_tells_the_titles_and_when(workshop: Workshop) -> None:
    save(workshop, "issues_found", "company:alpha", {"situation": "暑い"}, "one")
    read = words_of(showing.recorded(workshop, "dd_practice"))
    assert re.search(r"Issues found beforehand 1 1 \w+ \d+, \d{4} \(\w+\.\) \d\d:\d\d", read)
    assert "Attendance — 0 —" in read


def test_what_is_missing_is_a_chart_until_all_is_there(tmp_path: Path) -> None:
    asked = PROGRAMME.replace("    agenda:", "    after: [declaration]\n    agenda:", 1)
    workshop = opened(tmp_path, asked)
    assert "Beta Precision" in unescape(showing.missing(workshop, "dd_practice"))
    for company in COMPANIES:
        subject = f"company:{company}"
        workshop.save("declaration", {"declared": "no"}, subject=subject, status="submitted")
    assert words_of(showing.missing(workshop, "dd_practice")) == "Nothing is missing."


def test_the_letter_is_shown_as_text(tmp_path: Path) -> None:
    named = PROGRAMME.replace("en: A tiny programme", f"en: '{SCRIPT}'", 1)
    shown = showing.to_send(opened(tmp_path, named), "dd_practice")
    assert SCRIPT not in shown
    assert f"Subject: [{SCRIPT}]" in words_of(shown)


def test_the_room_gets_the_case_and_only_the_facilitator_the_notes(workshop: Workshop) -> None:
    room, own = unescape(showing.cases(workshop)), unescape(showing.case_notes(workshop))
    for case in workshop.cases.values():
        assert case.questions[0]["en"] in room
        for text in (*case.notice, *case.good_handling, case.information_card):
            assert text["en"] not in room
            assert text["en"] in own


@pytest.mark.parametrize("kind", ["page", "markdown"])
def test_what_is_only_for_the_facilitator_is_folded_up(workshop: Workshop, kind: str) -> None:
    view = showing.recorded(workshop, "dd_practice") if kind == "page" else showing.case_notes(workshop)
    shown = showing.only_for_you(workshop, view)
    assert type(shown) is type(view)
    assert re.match(r"<details><summary>Only for you: [^<]*</summary>", shown)
    assert shown.rstrip().endswith("</details>")
    assert str(view) in shown


# --- A company presents -------------------------------------------------------------------------------------


def write_risk(workshop: Workshop, company: str, event: str) -> None:
    levels = {
        "scale": "scale_4",
        "scope": "scope_1",
        "irremediability": "irremediability_4",
        "likelihood": "likelihood_unknown",
        "reason": "a reason that stays at home",
    }
    save(workshop, "step1_risk_areas", f"company:{company}", {"business_area": "presses"}, "press")
    save(
        workshop, "step2_harm_process", f"company:{company}", {"event": event, "actuality": "actual"}, "press"
    )
    save(workshop, "step3_prioritisation", f"company:{company}", levels, "press")


def chosen(workshop: Workshop, worksheet: str, company: str) -> Any:
    view = presenting.ask_leave(workshop, worksheet)
    chooser, below = view.children
    assert below.children == ()
    chooser.value = company
    return below


def pictures(html: str) -> list[str]:
    return re.findall(r"<img[^>]*>", html)


def test_nothing_is_open_until_a_company_is_chosen(workshop: Workshop) -> None:
    write_risk(workshop, "alpha", "crushed hands")
    chooser, below = presenting.ask_leave(workshop, "step3_prioritisation").children
    assert chooser.value == ""
    assert below.children == ()
    assert [key for _, key in chooser.options] == ["", *COMPANIES]


def test_the_company_sees_what_the_room_will_see_and_agrees(workshop: Workshop) -> None:
    write_risk(workshop, "alpha", "crushed hands")
    write_risk(workshop, "beta", "burnt arms")
    room = workshop.seated(Seat.projector())
    assert "No company has agreed" in presenting.shown(room, "step3_prioritisation")
    below = chosen(workshop, "step3_prioritisation", "alpha")
    seen, buttons = below.children
    preview = pictures(seen.value)
    assert "The room does not see it." in seen.value
    buttons.children[0].click()
    shown = presenting.shown(room, "step3_prioritisation")
    assert pictures(shown) == preview
    assert "crushed hands" in preview[0]
    assert "Alpha Surface" in shown
    assert "Beta Precision" not in shown
    assert "a reason that stays at home" not in shown
    assert "The room sees it" in below.children[0].value


def test_the_company_takes_it_back(workshop: Workshop) -> None:
    save(workshop, "closing_presentation", "company:alpha", {"plan": f"guards {SCRIPT}"})
    room = workshop.seated(Seat.projector())
    below = chosen(workshop, "closing_presentation", "alpha")
    below.children[1].children[0].click()
    shown = presenting.shown(room, "closing_presentation")
    assert f"guards {SCRIPT}" in words_of(shown)
    assert SCRIPT not in shown
    below.children[1].children[1].click()
    assert "guards" not in presenting.shown(room, "closing_presentation")
    assert not releases.is_shown(workshop, "closing_presentation", "alpha")


def test_a_company_that_wrote_nothing_has_nothing_to_agree_to(workshop: Workshop) -> None:
    below = chosen(workshop, "closing_presentation", "gamma")
    assert len(below.children) == 1
    assert "not written anything" in below.children[0].value
