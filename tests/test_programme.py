"""A programme tells every problem with its line and remedy, and its clock times follow from the minutes."""

from __future__ import annotations

from datetime import date, time
from pathlib import Path

import pytest

from spp_workshop.documents import read, shipped
from spp_workshop.errors import DefinitionError, SppError
from spp_workshop.programme import Programme, folder_names, load
from spp_workshop.references import check_codes, check_worksheets
from spp_workshop.visibility import BUILT_IN
from spp_workshop.worksheet import load_choices, load_worksheets

TINY = """\
key: tiny
title: {ja: 小さな計画, en: A tiny plan}
organiser: {ja: 主催者, en: The organiser}
purpose: {ja: 目的, en: Purpose}
activities: {ja: 活動, en: Activities}
plans: {ja: 予定, en: Plans}
period: {start: 2026-04-01, end: 2027-03-31}
companies:
  - {key: alpha, name: {ja: アルファ, en: Alpha}, sector: plating, size: 40}
  - {key: beta, name: {ja: ベータ, en: Beta}}
sessions:
  - key: first
    part: hrdd
    title: {ja: 第一回, en: First}
    date: 2026-09-24
    start: 9:30
    end: 10:30
    method: online
    agenda:
      - {key: opening, kind: opening, minutes: 15, title: {ja: 開会, en: Opening}, published: false}
      - {key: work, kind: lecture, minutes: 45, title: {ja: 演習, en: Work}, worksheets: [issues_found]}
    groups:
      - {key: a, name: {ja: A班, en: Group A}, companies: [alpha]}
  - key: second
    part: closing
    title: {ja: 第二回, en: Second}
    date: 2026-10-23
    start: "14:00"
    end: "14:30"
    method: mixed
    before: [issues_found]
    agenda:
      - {key: talk, kind: lecture, minutes: 30, title: {ja: 講義, en: Lecture}}
"""


def written(folder: Path, *changes: tuple[str, str]) -> Path:
    text = TINY
    for old, new in changes:
        assert text.count(old) >= 1, old
        text = text.replace(old, new, 1)
    path = folder / "programme.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def line_of(words: str, text: str = TINY) -> int:
    return text[: text.index(words)].count("\n") + 1


def problems(folder: Path, *changes: tuple[str, str]) -> list[tuple[str, int]]:
    """(rule, line) of every problem of the tiny programme with these changes."""
    with pytest.raises(DefinitionError) as caught:
        load(written(folder, *changes))
    for problem in caught.value.problems:
        for language in ("ja", "en"):
            assert problem.text(language).startswith(f"{folder.name}/programme.yaml:")
    return [(problem.rule, int(problem.where.rpartition(":")[2])) for problem in caught.value.problems]


def test_clock_times_follow_from_start_and_minutes(tmp_path: Path) -> None:
    items = load(written(tmp_path)).session("first").items()
    assert [(item.key, item.start, item.end) for item in items] == [
        ("opening", time(9, 30), time(9, 45)),
        ("work", time(9, 45), time(10, 30)),
    ]
    assert (items[0].published, items[1].published) == (False, True)
    assert items[1].worksheets == ("issues_found",)


def test_a_folder_is_read_by_its_programme_file(tmp_path: Path) -> None:
    written(tmp_path)
    programme = load(tmp_path)
    assert programme.company("beta").name["ja"] == "ベータ"
    assert programme.session("second").date == date(2026, 10, 23)
    assert programme.session("first").worksheets == ["issues_found"]
    assert programme.session("first").notebook_name == "first"


def test_whom_to_ask_and_how_long_answers_are_kept_may_be_told(tmp_path: Path) -> None:
    assert (load(written(tmp_path)).contact, load(written(tmp_path)).kept_until) == (None, None)
    told = "kept_until: 2028-03-31\ncontact: {ja: 窓口, en: The desk}\nplans:"
    programme = load(written(tmp_path, ("plans:", told)))
    assert programme.kept_until == date(2028, 3, 31)
    assert programme.contact
    assert programme.contact["ja"] == "窓口"


def test_nothing_of_a_programme_can_be_changed(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="frozen"):
        load(written(tmp_path)).companies[0].key = "x"  # type: ignore[misc]


@pytest.mark.parametrize(
    ("change", "rule", "line"),
    [
        (("method: online", "methode: online"), "extra_forbidden", line_of("method: online")),
        (("method: online", "method: by phone"), "literal_error", line_of("method: online")),
        (("date: 2026-09-24", "date: 24 September"), "date_parsing", line_of("date: 2026-09-24")),
        (("date: 2026-09-24", "date: 2026-02-30"), "date_from_datetime_parsing", line_of("date: 2026-09-24")),
        (("date: 2026-09-24", "date: 86400"), "date_parsing", line_of("date: 2026-09-24")),
        (("start: 9:30", "start: 25:99"), "time_parsing", line_of("start: 9:30")),
        (("start: 9:30", "start: 930"), "time_parsing", line_of("start: 9:30")),
        (("end: 10:30", "end: 9:00"), "end_before_start", line_of("agenda:")),
        (("minutes: 15", "minutes: 20"), "minutes_do_not_add_up", line_of("agenda:")),
        (("minutes: 15", "minutes: 0"), "greater_than", line_of("minutes: 15")),
        (("companies: [alpha]", "companies: [alhpa]"), "unknown_company", line_of("companies: [alpha]")),
        (("key: beta", "key: alpha"), "duplicate_key", line_of("key: beta")),
        (("key: second", "key: first"), "duplicate_key", line_of("key: second")),
        (("key: work", "key: opening"), "duplicate_key", line_of("key: work")),
        (("plans: {ja: 予定, en: Plans}", "plans: {ja: 予定}"), "missing", line_of("plans:")),
        (("title: {ja: 第一回, en: First}", "title: 第一回"), "model_type", line_of("title: {ja: 第一回")),
        (("date: 2026-10-23", "date: 2026-08-01"), "out_of_order", line_of("date: 2026-10-23")),
        (("date: 2026-10-23", "date: 2027-04-01"), "outside_period", line_of("date: 2026-10-23")),
        (("end: 2027-03-31", "end: 2026-03-31"), "end_before_start", line_of("period:")),
        (("key: opening", "key: Opening!"), "string_pattern_mismatch", line_of("key: opening")),
        (("key: alpha", 'key: "a\\u0007b"'), "unprintable_key", line_of("key: alpha")),
        (("size: 40", "size: 40, countries: [Japan]"), "country_code", line_of("size: 40")),
        (("size: 40", "size: many"), "int_parsing", line_of("size: 40")),
        (("plans:", "kept_until: soon\nplans:"), "date_parsing", line_of("plans:")),
        (("plans:", "contact: somebody\nplans:"), "model_type", line_of("plans:")),
    ],
)
def test_a_mistake_is_told_with_its_line(
    tmp_path: Path, change: tuple[str, str], rule: str, line: int
) -> None:
    assert (rule, line) in problems(tmp_path, change)


def test_a_company_in_two_groups_of_a_session_is_a_mistake(tmp_path: Path) -> None:
    group = "      - {key: a, name: {ja: A班, en: Group A}, companies: [alpha]}\n"
    twice = group + group.replace("key: a,", "key: b,")
    assert problems(tmp_path, (group, twice)) == [
        ("company_in_two_groups", line_of("companies: [alpha]") + 1)
    ]


def test_one_broken_line_hides_no_other_problem(tmp_path: Path) -> None:
    found = problems(
        tmp_path,
        ("purpose: {ja: 目的, en: Purpose}", "purpose: {ja: 目的}"),
        ("key: beta", "key: alpha"),
        ("start: 9:30", "start: morning"),
        ("companies: [alpha]", "companies: [gamma]"),
        ("minutes: 30", "minutes: 45"),
    )
    assert {rule for rule, _ in found} == {
        "missing",
        "duplicate_key",
        "time_parsing",
        "unknown_company",
        "minutes_do_not_add_up",
    }
    assert [line for _, line in found] == sorted(line for _, line in found)


@pytest.mark.parametrize("content", ["", "just words", "- a\n- list\n", "sessions: nothing\ncompanies: 7\n"])
def test_a_file_that_is_no_programme_is_refused_with_sentences(tmp_path: Path, content: str) -> None:
    path = tmp_path / "programme.yaml"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(DefinitionError) as caught:
        load(path)
    assert caught.value.text("ja") != caught.value.text("en") != ""


def test_minutes_that_do_not_add_up_say_what_to_change(tmp_path: Path) -> None:
    with pytest.raises(DefinitionError) as caught:
        load(written(tmp_path, ("minutes: 45", "minutes: 40")))
    (problem,) = caught.value.problems
    assert "take 55 minutes, but the session lasts 60. Give the items 5 minutes more" in problem.text("en")
    assert "合計55分ですが、開始から終了までは60分です。" in problem.text("ja")
    assert "議題を5分増やすか" in problem.text("ja")


@pytest.mark.parametrize(
    ("kind", "key", "remedy"),
    [("company", "alhpa", "alpha"), ("session", "frist", "first")],
)
def test_a_key_that_is_not_there_brings_the_nearest(tmp_path: Path, kind: str, key: str, remedy: str) -> None:
    with pytest.raises(SppError) as caught:
        getattr(load(written(tmp_path)), kind)(key)
    assert f"Did you mean “{remedy}”?" in caught.value.text("en")
    assert remedy in caught.value.text("ja")


def test_an_agenda_item_is_found_with_its_times(tmp_path: Path) -> None:
    session = load(written(tmp_path)).session("first")
    assert session.item("work").start == time(9, 45)
    with pytest.raises(SppError):
        session.item("lunch")


def test_a_worksheet_that_is_not_there_is_told_with_its_line(tmp_path: Path) -> None:
    document = read(written(tmp_path))
    assert check_worksheets(document, ["issues_found"]) == []
    at_work, before = check_worksheets(document, ["issue_found"])
    assert at_work.where == f"{tmp_path.name}/programme.yaml:{line_of('key: work')}"
    assert before.where == f"{tmp_path.name}/programme.yaml:{line_of('before:')}"
    assert "Did you mean “issue_found”?" in at_work.text("en")


def test_kinds_and_sectors_are_checked_against_their_lists(tmp_path: Path) -> None:
    lists = load_choices(shipped("worksheets") / "choices")
    assert check_codes(read(written(tmp_path)), lists) == []
    changed = written(tmp_path, ("kind: opening", "kind: openning"), ("sector: plating", "sector: platting"))
    wrong = check_codes(read(changed), lists)
    assert [int(problem.where.rpartition(":")[2]) for problem in wrong] == [
        line_of("key: alpha"),
        line_of("key: opening"),
    ]


def test_folder_names_are_those_of_plain_keys(tmp_path: Path) -> None:
    assert folder_names(load(written(tmp_path))) == {"alpha": "alpha", "beta": "beta"}


# --- The programmes that come with the toolkit ------------------------------------------------------------


@pytest.fixture(params=["pilot", "spp-2025"])
def template(request: pytest.FixtureRequest) -> Programme:
    return load(shipped("programmes") / request.param)


@pytest.mark.parametrize("template", ["pilot", "spp-2025"])
def test_the_templates_ask_only_for_what_there_is(template: str) -> None:
    document = read(shipped("programmes") / template / "programme.yaml")
    lists = load_choices(shipped("worksheets") / "choices")
    worksheets = load_worksheets(shipped("worksheets"), lists=lists)
    assert check_worksheets(document, worksheets) + check_codes(document, lists) == []


def test_the_templates_have_the_six_sessions_of_the_notebooks(template: Programme) -> None:
    names = [
        "dd_preparation",
        "dd_practice",
        "dd_engagement",
        "grievance_study",
        "grievance_practice",
        "closing",
    ]
    assert [session.notebook_name for session in template.sessions] == names


def test_both_templates_have_the_same_agenda_keys_and_times() -> None:
    times = [
        [(item.key, item.start, item.end) for session in load(path).sessions for item in session.items()]
        for path in (shipped("programmes") / "pilot", shipped("programmes") / "spp-2025")
    ]
    assert times[0] == times[1]


def test_every_worksheet_has_its_place_in_the_programme(template: Programme) -> None:
    lists = load_choices(shipped("worksheets") / "choices")
    asked = {name for session in template.sessions for name in session.worksheets}
    assert set(load_worksheets(shipped("worksheets"), lists=lists)) - asked == BUILT_IN


def test_japanese_sentences_are_not_torn_apart_by_folded_lines(template: Programme) -> None:
    for text in (template.purpose, template.activities, template.plans, template.fictional):
        assert text is None or "。 " not in text.ja


# What the pilot's report says: day, clock times, method, platform, venue, and the main programme.
PUBLISHED = {
    "dd_preparation": ("2025-09-24 10:30-12:30 online Teams", ""),
    "dd_practice": (
        "2025-10-23 14:00-17:00 mixed Teams",
        "TKP Tokyo Station Otemachi Conference Center, Conference Room 22A",
    ),
    "dd_engagement": ("2025-11-26 14:00-17:00 mixed ", "AP Tokyo Marunouchi, Room E + F"),
    "grievance_study": ("2026-01-20 14:00-16:00 online Zoom", ""),
    "grievance_practice": ("2026-02-19 14:00-16:30 mixed ", ""),
    "closing": ("2026-03-25 15:00-16:00 online Teams", ""),
}
MAIN_PROGRAMME = """\
dd_preparation
Opening Remarks from METI
“Overview of Human Rights DD: Evaluation and Identification of Human Rights Risks,
  Risk Mapping, and Stakeholder Engagement”
“About the ‘Reference Material on Respecting Human Rights in Responsible Supply Chains’”

dd_practice
1) Sharing homework results
2) Work session (Practicing Steps 1 and 2 of the METI Work Sheets)
3) Lecture: “Human Rights Risks: Connectivity and Prioritization”
4) Work session (Practicing Step 3 of the METI Work Sheets)
5) Group presentations
1) Stakeholder Engagement and Responding to Human Rights Risks

dd_engagement
Explanation of the pre-questionnaire results
Exchange of opinions (Engagement)
Social gathering

grievance_study
“Introduction to the ‘Guide for Establishing a Reporting Contact Point (Grievance Mechanism)
  for Small and Medium-sized Enterprises (Draft)’”
“Basics of Responding to Whistleblowing and Harassment Consultations:
  From System Design to Practical Operation”
“How to increase management’s understanding of establishing a consultation and reporting contact point”
“How to enhance the reliability of the contact point and the role of management”

grievance_practice
“What level of system can be established? / What are the challenges in establishing it?”
“What kind of support is expected from outside experts, industry associations,
  and the government?”
“Discussion on hypothetical cases (How to handle grievance processes
  based on realistic scenarios, etc.)”

closing
Presentations by each company, Q&A session, and exchange of opinions
Comments
Information on activities for FY2026
"""
TITLES = {
    block.splitlines()[0]: block.splitlines()[1:]
    for block in MAIN_PROGRAMME.replace("\n  ", " ").strip().split("\n\n")
}


@pytest.mark.parametrize("key", PUBLISHED)
def test_the_pilot_is_as_published(key: str) -> None:
    schedule, venue = PUBLISHED[key]
    session = load(shipped("programmes") / "spp-2025").session(key)
    held = f"{session.date} {session.start:%H:%M}-{session.end:%H:%M} {session.method} {session.platform}"
    assert (held, session.venue.en if session.venue else "") == (schedule, venue)
    published = [item.title.en for item in session.agenda if item.published]
    assert [title[-len(told) :] for title, told in zip(published, TITLES[key], strict=True)] == TITLES[key]


def test_the_sample_says_in_both_languages_that_its_companies_are_made_up() -> None:
    notice = load(shipped("programmes") / "spp-2025").fictional
    assert notice is not None
    assert "架空" in notice.ja
    assert "made up" in notice.en


def test_the_companies_of_the_sample_are_eight_small_ones_of_eight_sectors() -> None:
    companies = load(shipped("programmes") / "spp-2025").companies
    assert len({company.sector for company in companies}) == len(companies) == 8
    assert all(5 <= (company.size or 0) <= 300 for company in companies)


@pytest.mark.parametrize(
    ("asked", "today", "told"),
    [
        ("", date(2026, 10, 1), date(2026, 10, 1)),
        ("", date(2027, 4, 1), date(2027, 3, 31)),
        ("2028-01-01", date(2026, 10, 1), date(2028, 1, 1)),
    ],
)
def test_a_programme_that_is_over_is_told_as_of_its_last_day(
    workshop, asked: str, today: date, told: date
) -> None:
    assert workshop.programme.as_of(asked, today) == told
