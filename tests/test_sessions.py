"""A session seen from its end: what is on record, what is missing, the votes, the letter; and releases."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from conftest import GAMMA, HEAD

from spp_workshop import releases, sessions
from spp_workshop.seats import Seat
from spp_workshop.workshop import open_workshop

if TYPE_CHECKING:
    from spp_workshop.workshop import Workshop

PROGRAMME = (
    HEAD
    + GAMMA
    + """\
sessions:
  - key: dd_practice
    part: hrdd
    title: {ja: 実践会, en: Practice}
    date: 2026-10-23
    start: "14:00"
    end: "15:00"
    method: in_person
    before: [issues_found]
    after: [step3_prioritisation]
    agenda:
      - key: work
        kind: worksheet_session
        minutes: 60
        title: {ja: 演習, en: Work}
        worksheets: [attendance, issues_found, group_presentation]
    groups:
      - {key: a, name: {ja: A班, en: Group A}, companies: [alpha, beta]}
  - key: closing
    part: closing
    title: {ja: 報告会, en: The closing}
    date: 2026-11-26
    start: "9:30"
    end: "10:30"
    method: mixed
    platform: Teams
    venue: {ja: 市民館, en: Town Hall}
    link: https://meet.example/1
    before: [closing_presentation]
    agenda:
      - {key: talks, kind: company_presentation, minutes: 60, title: {ja: 発表, en: Talks}}
"""
)
RISK = {"event": "手をはさむ", "process": "プレス", "actuality": "potential", "confidence": "seen"}
JUDGED = {
    "scale": "scale_4",
    "scope": "scope_1",
    "irremediability": "irremediability_4",
    "likelihood": "likelihood_2",
    "reason": "うちだけの事情",
}


@pytest.fixture
def workshop(tmp_path: Path) -> Workshop:
    (tmp_path / "programme.yaml").write_text(PROGRAMME, encoding="utf-8")
    return open_workshop(tmp_path, language="en")


def write_risk(workshop: Workshop, company: str, row: str = "press") -> None:
    subject = f"company:{company}"
    workshop.save("step1_risk_areas", {"business_area": "プレス"}, subject=subject, row=row)
    workshop.save("step2_harm_process", RISK, subject=subject, row=row)
    workshop.save("step3_prioritisation", JUDGED, subject=subject, row=row)


# --- What is on record, what is missing ---------------------------------------------------------------------


def test_on_record_is_what_the_agenda_asks_for_and_nothing_of_another_session(workshop: Workshop) -> None:
    for session in ("dd_practice", "closing"):
        there = {"company": "alpha", "in_room": 2, "online": 0}
        workshop.save("attendance", there, subject=f"session:{session}", row="alpha")
    for company in ("alpha", "beta"):
        workshop.save("issues_found", {"situation": "暑い"}, subject=f"company:{company}", row="one")
    saved = workshop.save("issues_found", {"situation": "暗い"}, subject="company:beta", row="two")
    found = sessions.recorded(workshop, "dd_practice").set_index("worksheet")
    assert list(found.index) == ["attendance", "issues_found", "group_presentation"]
    assert found["rows"].tolist() == [1, 3, 0]
    assert found["by"].tolist()[1:] == [2, 0]
    assert found["by"].isna().tolist() == [True, False, False]
    assert found.loc["issues_found", "last"] == saved.recorded_at
    assert found.loc["group_presentation", "last"] == ""


def test_missing_names_a_company_until_it_has_submitted_everything(workshop: Workshop) -> None:
    workshop.save("issues_found", {"situation": "暗い"}, subject="company:beta", row="one")
    states = sessions.missing(workshop, "dd_practice")
    assert states.loc["alpha"].tolist() == ["none", "none"]
    assert states.loc["beta"].tolist() == ["draft", "none"]


def test_who_has_submitted_everything_is_not_missing(workshop: Workshop) -> None:
    everything = {"main_risks": "プレスの手はさみ", "plan": "工場長が6月までにガードを付ける"}
    workshop.save("closing_presentation", everything, subject="company:alpha", status="submitted")
    assert sessions.missing(workshop, "closing").index.tolist() == ["beta", "gamma"]


def test_returned_counts_companies_and_names_none(workshop: Workshop) -> None:
    everything = {"main_risks": "手はさみ", "plan": "ガード"}
    workshop.save("closing_presentation", everything, subject="company:alpha", status="submitted")
    workshop.save("closing_presentation", {"plan": "ガード"}, subject="company:beta")
    found = sessions.returned(workshop, ["closing_presentation", "declaration"])
    assert found.to_dict("records") == [
        {"worksheet": "closing_presentation", "none": 1, "draft": 1, "submitted": 1},
        {"worksheet": "declaration", "none": 3, "draft": 0, "submitted": 0},
    ]


def test_an_empty_store_is_the_first_case(workshop: Workshop) -> None:
    assert sessions.recorded(workshop, "dd_practice")["rows"].tolist() == [0, 0, 0]
    assert len(sessions.missing(workshop, "dd_practice")) == 3
    assert sessions.votes(workshop, "dd_practice", "guide_support_expected").empty


# --- Votes --------------------------------------------------------------------------------------------------


def cast(workshop: Workshop, session: str, topic: str, voter: str, option: str) -> None:
    vote = {"topic": topic, "option": option, "voter": voter}
    subject = f"session:{session}"
    rows = {row.row: row.revision for row in workshop.rows("votes", subject)}
    row = f"{topic}.{voter}"
    workshop.save("votes", vote, subject=subject, row=row, based_on=rows.get(row, 0))


def test_votes_are_counted_by_topic_and_session_and_a_second_vote_replaces_the_first(
    workshop: Workshop,
) -> None:
    topic = "guide_support_expected"
    for voter, option in (("v1", "共同の窓口"), ("v2", " 共同の窓口 "), ("v3", "ひな形"), ("v4", "研修")):
        cast(workshop, "closing", topic, voter, option)
    cast(workshop, "closing", topic, "v4", "ひな形")
    cast(workshop, "closing", topic, "v5", "ひな形")
    cast(workshop, "closing", "guide_level_of_system", "v1", "レベル1")
    cast(workshop, "dd_practice", topic, "v1", "研修")
    found = sessions.votes(workshop, "closing", topic)
    assert found.to_dict("records") == [
        {"option": "ひな形", "votes": 3},
        {"option": "共同の窓口", "votes": 2},
    ]


# --- What to send -------------------------------------------------------------------------------------------


def test_the_letter_tells_homework_and_the_next_session(workshop: Workshop) -> None:
    assert sessions.to_send(workshop, "dd_practice") == (
        "Subject: [A tiny programme] Thank you for “Practice”\n"
        "\n"
        "Thank you for taking part in “Practice” on October 23, 2026 (Fri.).\n"
        "\n"
        "■ Until the next session (November 26, 2026 (Thur.))\n"
        "- Step 3: Assess the company's involvement in adverse impacts (human rights risks) "
        "and set priorities\n"
        "- Closing presentation\n"
        "\n"
        "■ Next session: The closing\n"
        "Date: November 26, 2026 (Thur.) 09:30–10:30\n"
        "Method: Mixed format (mainly face-to-face) / Teams\n"
        "Venue: Town Hall\n"
        "Link: https://meet.example/1\n"
        "\n"
        "If anything is unclear, or if time is short, please tell the secretariat. "
        "A sheet that is half done is welcome.\n"
    )


def test_the_letter_of_the_last_session_invites_to_nothing(tmp_path: Path) -> None:
    (tmp_path / "programme.yaml").write_text(PROGRAMME, encoding="utf-8")
    letter = sessions.to_send(open_workshop(tmp_path, language="ja"), "closing")
    assert letter.startswith(
        "件名：【小さなプログラム】「報告会」へのご参加のお礼\n\n2026年11月26日(木)の「報告会」に"
    )
    assert "会合は今回で終わりです。" in letter
    assert "■" not in letter


def test_the_letter_holds_nothing_that_anybody_wrote(workshop: Workshop) -> None:
    before = sessions.to_send(workshop, "dd_practice")
    write_risk(workshop, "alpha")
    assert sessions.to_send(workshop, "dd_practice") == before


# --- Releases -----------------------------------------------------------------------------------------------


def room_of(workshop: Workshop) -> Workshop:
    return workshop.seated(Seat.projector())


def test_the_room_sees_nothing_until_the_company_agrees(workshop: Workshop) -> None:
    write_risk(workshop, "alpha")
    write_risk(workshop, "beta")
    assert room_of(workshop).frames["step3_prioritisation"].empty
    releases.agree(workshop, "step3_prioritisation", "alpha")
    room = room_of(workshop)
    assert room.frames["step3_prioritisation"]["company"].tolist() == ["alpha"]
    assert room.frames["step2_harm_process"]["event"].tolist() == ["手をはさむ"]
    assert releases.is_shown(workshop, "step3_prioritisation", "alpha")
    assert not releases.is_shown(workshop, "step3_prioritisation", "beta")


def test_only_what_the_risk_map_needs_is_released(workshop: Workshop) -> None:
    write_risk(workshop, "alpha")
    releases.agree(workshop, "step3_prioritisation", "alpha")
    room = room_of(workshop)
    assert room.frames["step2_harm_process"]["process"].isna().all()
    assert room.frames["step3_prioritisation"]["reason"].isna().all()
    assert room.frames["step1_risk_areas"].empty


def test_what_is_written_later_stays_with_the_company_until_it_agrees_again(workshop: Workshop) -> None:
    talk = {"main_risks": "手はさみ", "plan": "ガード"}
    first = workshop.save("closing_presentation", talk, subject="company:alpha")
    releases.agree(workshop, "closing_presentation", "alpha")
    later = {"plan": "まだ言えない計画"}
    workshop.save("closing_presentation", later, subject="company:alpha", based_on=first.revision)
    assert room_of(workshop).frames["closing_presentation"]["plan"].tolist() == ["ガード"]
    releases.agree(workshop, "closing_presentation", "alpha")
    assert room_of(workshop).frames["closing_presentation"]["plan"].tolist() == ["まだ言えない計画"]


def test_an_agreement_can_be_taken_back_for_one_company_and_one_worksheet(workshop: Workshop) -> None:
    for company in ("alpha", "beta"):
        workshop.save("closing_presentation", {"plan": "ガード"}, subject=f"company:{company}")
        releases.agree(workshop, "closing_presentation", company)
    write_risk(workshop, "alpha")
    releases.agree(workshop, "step3_prioritisation", "alpha")
    releases.take_back(workshop, "closing_presentation", "alpha")
    room = room_of(workshop)
    assert room.frames["closing_presentation"]["company"].tolist() == ["beta"]
    assert room.frames["step3_prioritisation"]["company"].tolist() == ["alpha"]


def test_the_preview_is_what_the_room_gets(workshop: Workshop) -> None:
    write_risk(workshop, "alpha")
    write_risk(workshop, "alpha", row="forklift")
    write_risk(workshop, "beta")
    seen = releases.preview(workshop, "step3_prioritisation", "alpha")
    releases.agree(workshop, "step3_prioritisation", "alpha")
    room = room_of(workshop)
    for name, frame in seen.items():
        shown = room.frames[name].dropna(axis="columns", how="all")
        filled = frame.dropna(axis="columns", how="all")
        assert filled.to_dict("records") == shown[filled.columns].to_dict("records")
        assert set(shown) == set(filled)


def test_the_release_worksheet_has_the_codes_that_are_used_here(workshop: Workshop) -> None:
    assert "programme" in workshop.choices["audiences"].codes
    asked = workshop.worksheets["release"].by_name
    assert {"of_worksheet", "of_row", "of_revision", "fields", "audience"} <= set(asked)


def test_the_questions_of_the_risk_map_exist(workshop: Workshop) -> None:
    for name, questions in releases.fields(workshop, "step3_prioritisation").items():
        assert set(questions) <= set(workshop.worksheets[name].by_name)
