"""Who owes what until when, and the words to ask for it."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from spp_workshop.cli import main
from spp_workshop.documents import shipped
from spp_workshop.errors import SppError
from spp_workshop.homework import (
    company_worksheets,
    deadline,
    due_at,
    next_session,
    owed,
    reminder,
    reminders,
)
from spp_workshop.programme import load
from spp_workshop.seats import Seat
from spp_workshop.workshop import Workshop, open_workshop

PILOT = load(shipped("programmes") / "spp-2025")


@pytest.fixture
def pilot(tmp_path: Path) -> Workshop:
    main(["new", str(tmp_path / "w"), "--template", "spp-2025"])
    return open_workshop(tmp_path / "w")


def test_what_is_due_at_a_session_is_what_the_one_before_gave_and_what_it_asks_for() -> None:
    assert due_at(PILOT, PILOT.session("dd_preparation")) == ["company_profile", "consent"]
    assert due_at(PILOT, PILOT.session("dd_practice")) == ["issues_found"]
    assert due_at(PILOT, PILOT.session("dd_engagement")) == [
        "step1_risk_areas", "step2_harm_process", "step3_prioritisation", "engagement_questionnaire"
    ]  # fmt: skip
    assert due_at(PILOT, PILOT.session("closing")) == [
        "mechanism_design", "declaration", "closing_presentation"
    ]  # fmt: skip


def test_a_deadline_is_the_next_session_that_asks_for_it() -> None:
    due = deadline(PILOT, "issues_found", date(2025, 10, 1))
    assert due
    assert due.key == "dd_practice"
    over = deadline(PILOT, "issues_found", date(2026, 10, 1))
    assert over
    assert over.key == "dd_practice"
    assert deadline(PILOT, "release", date(2025, 10, 1)) is None
    coming = next_session(PILOT, date(2025, 10, 1))
    assert coming
    assert coming.key == "dd_practice"


def test_a_companys_worksheets_are_those_about_companies_in_the_order_of_the_programme(
    pilot: Workshop,
) -> None:
    names = [sheet.name for sheet in company_worksheets(pilot)]
    assert names[:4] == ["company_profile", "consent", "issues_found", "step1_risk_areas"]
    assert {"release", "help_wanted", "votes", "session_record"} & set(names) == set()
    with pytest.raises(SppError):
        company_worksheets(pilot, "no_such_session")


def test_a_reminder_names_what_is_missing_and_nothing_of_the_answers(pilot: Workshop) -> None:
    company = pilot.seated(Seat.company("tsuchinoko"))
    company.save("issues_found", {"situation": "内緒の話"}, row="r1")
    one = next(
        one for one in reminders(pilot, PILOT.session("dd_practice")) if one["company"] == "tsuchinoko"
    )
    assert one["worksheets"] == {"issues_found": "begun"}
    assert "つちのこプレス工業株式会社 御中" in one["reminder"]["ja"]
    assert "事前に見つけた課題(記入中、未提出)" in one["reminder"]["ja"]
    assert "2025年10月23日(木)" in one["reminder"]["ja"]
    assert "Issues found beforehand (begun, not submitted)" in one["reminder"]["en"]
    assert "内緒" not in json.dumps(one, ensure_ascii=False)


def test_a_reminder_does_not_ask_for_a_day_that_is_over(pilot: Workshop) -> None:
    session, company = PILOT.session("dd_practice"), pilot.programme.company("tsuchinoko")
    missing = [one for one in owed(pilot, session) if one.company.key == company.key]
    told = {
        day: [
            reminder(PILOT, company, missing, language, date.fromisoformat(day)) for language in ("ja", "en")
        ]
        for day in ("2025-10-22", "2025-10-23", "2025-10-24")
    }
    assert "前日までに" in told["2025-10-22"][0]
    assert "by the day before" in told["2025-10-22"][1]
    for day in ("2025-10-23", "2025-10-24"):
        assert "前日までに" not in told[day][0]
        assert "できるだけ早く" in told[day][0]
        assert "as soon as you can" in told[day][1]
    assert "was on" in told["2025-10-24"][1]
    assert "was on" not in told["2025-10-23"][1]
    assert "を開きましたが" in told["2025-10-24"][0]


def test_the_contact_of_the_template_is_told_and_printed_nowhere(tmp_path: Path, capsys: Any) -> None:
    main(["new", str(tmp_path / "w")])
    file = tmp_path / "w" / "programme.yaml"
    written = file.read_text(encoding="utf-8")
    assert load(tmp_path / "w").contact is None
    assert main(["validate", str(tmp_path / "w")]) == 0
    file.write_text(written.replace("# contact:", "contact:"), encoding="utf-8")
    capsys.readouterr()
    assert main(["validate", str(tmp_path / "w")]) == 1
    assert "contact" in capsys.readouterr().out
    assert load(tmp_path / "w").contact is None
    file.write_text(written + "\ncontact: {ja: 窓口 03-0000-0000, en: The desk}\n", encoding="utf-8")
    assert main(["validate", str(tmp_path / "w")]) == 0
    assert str(load(tmp_path / "w").contact)


def test_who_has_submitted_everything_gets_no_reminder(pilot: Workshop) -> None:
    company = pilot.seated(Seat.company("tsuchinoko"))
    answers = {"purpose_understood": True, "ground_rules_agreed": True, "status_by_name": "yes",
               "agreed_on": "2025-09-20", "agreed_by": "社長"}  # fmt: skip
    company.save("consent", answers)
    company.submit("consent")
    (one,) = [
        one for one in reminders(pilot, PILOT.session("dd_preparation")) if one["company"] == "tsuchinoko"
    ]
    assert one["worksheets"] == {"company_profile": "nothing", "consent": "submitted"}
    assert "参加にあたっての確認" not in one["reminder"]["ja"]


def test_the_command_says_it_to_people_and_to_machines(pilot: Workshop, capsys: Any) -> None:
    capsys.readouterr()
    words = ["homework", str(pilot.folder), "--session", "dd_practice"]
    assert main([*words, "--language", "ja"]) == 0
    told = capsys.readouterr().out
    assert "つちのこプレス工業株式会社: 事前に見つけた課題 (未記入)" in told
    assert main([*words, "--json"]) == 0
    data = json.loads(capsys.readouterr().out)
    assert data["session"] == "dd_practice"
    assert len(data["companies"]) == 8


def test_a_worksheet_that_a_facilitator_adds_is_in_form_workbook_table_and_check(
    pilot: Workshop, capsys: Any
) -> None:
    from spp_workshop.forms import definition
    from spp_workshop.workbook.plans import plan
    from spp_workshop.workbook.writing import workbook
    from tests.workbook.edited import Edited, judged, values

    readme = (shipped("worksheets") / "README.md").read_text(encoding="utf-8")
    shown = readme.partition("```yaml\n")[2].partition("```")[0]
    (pilot.folder / "worksheets").mkdir(exist_ok=True)
    file = pilot.folder / "worksheets" / "safety_talk.yaml"
    file.write_text(shown, encoding="utf-8")
    assert main(["validate", str(pilot.folder)]) == 0
    workshop = open_workshop(pilot.folder)
    assert [field["name"] for field in definition(workshop, "safety_talk")["fields"]] == ["work"]
    company = workshop.programme.company("tsuchinoko")
    edited = Edited(workbook(plan(workshop, company, ["ja"])))
    edited.fill("safety_talk", 0, work="高い棚からの荷下ろし")
    assert values(judged(workshop, edited.saved())) == {"work": "高い棚からの荷下ろし"}
    assert list(workshop.frame("safety_talk").columns)[-1] == "work"
    file.write_text(shown.replace("subject: company", "subject: nobody"), encoding="utf-8")
    capsys.readouterr()
    assert main(["validate", str(pilot.folder)]) == 1
    assert "safety_talk.yaml:" in capsys.readouterr().out
