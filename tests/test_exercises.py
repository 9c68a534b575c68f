"""What a participant's exercise shows, with a kernel and for a page; and which forms stand in which."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

from spp_workshop import notebooks
from spp_workshop.batch import kernels
from spp_workshop.documents import shipped
from spp_workshop.errors import AnswerError, NotAllowed, SppError
from spp_workshop.exercises import CHARTS, PART, Exercise, charts_of, open_exercise, worksheets_of
from spp_workshop.programme import load
from spp_workshop.seats import Seat
from spp_workshop.visibility import own_line
from spp_workshop.workshop import Workshop

EXERCISES = [path for path in notebooks.shipped_notebooks() if notebooks.is_exercise(path)]
PILOT = load(shipped("programmes") / "spp-2025")
SESSION = "dd_practice"


def bundle(shown: Any) -> dict[str, Any]:
    return shown._repr_mimebundle_()[0]


# --- Which forms stand where ------------------------------------------------------------------------------


def test_the_exercises_hold_the_forms_of_their_session_in_the_order_of_the_day() -> None:
    assert {path.stem: worksheets_of(path) for path in EXERCISES} == {
        "dd_preparation": ("consent", "company_profile", "issues_found", "session_feedback"),
        "dd_practice": (
            "issues_found",
            "step1_risk_areas",
            "step2_harm_process",
            "step3_prioritisation",
            "group_presentation",
            "session_feedback",
        ),
        "dd_engagement": (
            "engagement_questionnaire",
            "action_plan",
            "environment_improvement",
            "stakeholder_engagement",
            "session_feedback",
        ),
        "grievance_study": (
            "discussion_notes",
            "grievance_readiness",
            "support_expected",
            "session_feedback",
        ),
        "grievance_practice": (
            "mechanism_design",
            "support_expected",
            "discussion_notes",
            "case_handling",
            "session_feedback",
        ),
        "closing": ("declaration", "closing_presentation", "session_feedback"),
    }
    assert {path.stem: charts_of(path) for path in EXERCISES} == {
        "dd_preparation": (),
        "dd_practice": ("risk_map",),
        "dd_engagement": ("risk_map",),
        "grievance_study": ("readiness",),
        "grievance_practice": ("readiness",),
        "closing": ("risk_map",),
    }


def test_every_worksheet_that_a_company_is_asked_for_stands_in_some_exercise(workshop: Workshop) -> None:
    asked = {name for session in PILOT.sessions for name in session.worksheets}
    of_companies = {name for name in asked if workshop.worksheet(name).subject == "company"}
    assert of_companies <= {name for path in EXERCISES for name in worksheets_of(path)}


@pytest.mark.parametrize("path", EXERCISES, ids=lambda path: path.stem)
@pytest.mark.parametrize("language", ["ja", "en"])
def test_every_step_tells_what_to_do_how_long_it_takes_and_what_is_enough(path: Path, language: str) -> None:
    cells = notebooks.prepare(notebooks.read(path), language, {}, PILOT).cells
    steps = [cell.source for cell in cells if cell.source.startswith("## ")]
    told = {
        "ja": ("**すること**：", "**時間の目安**：", "**ここまでで十分**："),
        "en": ("**What to do**:", "**Time**:", "**Enough**:"),
    }[language]
    assert steps
    for step in steps:
        assert all(f"- {point}" in step for point in told), step.splitlines()[0]
        assert len(step) < {"ja": 420, "en": 850}[language], step.splitlines()[0]


@pytest.mark.parametrize("path", EXERCISES, ids=lambda path: path.stem)
def test_a_step_holds_one_form_or_one_chart(path: Path) -> None:
    cells = notebooks.prepare(notebooks.read(path), "en", {}, PILOT).cells
    steps = "".join(cell.source if cell.source.startswith("## ") else cell.source + "\n" for cell in cells)
    for step in steps.split("## ")[1:]:
        assert step.count("exercise.form(") + step.count("exercise.chart(") == 1, step.splitlines()[0]


# --- Whose it is ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", ["ja", "en"])
def test_an_exercise_of_nobody_opens_no_form_and_says_how_to_name_a_company(
    folder: Path, language: Any
) -> None:
    exercise = open_exercise(folder, SESSION, language=language)
    assert bundle(exercise.form("company_profile")) == {
        "text/html": f"<p>{bundle(exercise.form('company_profile'))['text/plain']}</p>",
        "text/plain": bundle(exercise.chart("risk_map"))["text/plain"],
        PART: {"form": "company_profile"},
    }
    assert bundle(exercise.chart("risk_map"))[PART] == {"chart": "risk_map"}
    assert "alpha" in bundle(exercise)["text/html"]
    assert "company" in bundle(exercise)["text/html"]


def test_an_exercise_of_a_company_has_its_forms_and_nobody_elses(folder: Path) -> None:
    exercise = open_exercise(folder, SESSION, company="alpha", language="en")
    shown = exercise.form("company_profile")
    assert [subject["subject"] for subject in shown.shown.place["subjects"]] == ["company:alpha"]
    assert "application/vnd.jupyter.widget-view+json" in bundle(shown)
    assert bundle(shown)[PART] == {"form": "company_profile"}
    group = exercise.form("group_presentation").shown.place
    assert [subject["subject"] for subject in group["subjects"]] == ["group:dd_practice.a"]
    assert bundle(exercise)["text/plain"] == "This is the exercise of Alpha Surface."


def test_a_company_without_a_group_is_told_so_and_nothing_breaks(folder: Path) -> None:
    exercise = open_exercise(folder, SESSION, company="beta", language="en")
    assert exercise.form("group_presentation").shown.place["subjects"] == []


@pytest.mark.parametrize(
    ("session", "company", "said"),
    [("dd_practice", "gamma", "no company “gamma”"), ("no_day", "alpha", "no session “no_day”")],
)
def test_a_company_or_session_that_is_not_there_is_refused(
    folder: Path, session: str, company: str, said: str
) -> None:
    with pytest.raises(SppError, match=said):
        open_exercise(folder, session, company=company, language="en")


# --- Charts -----------------------------------------------------------------------------------------------

RISK = {"event": "目に酸が入る", "actuality": "potential"}
RATED = {
    "scale": "scale_4",
    "scope": "scope_1",
    "irremediability": "irremediability_4",
    "likelihood": "likelihood_2",
}


def write_risk(workshop: Workshop, key: str, event: str) -> None:
    subject = f"company:{key}"
    workshop.save("step1_risk_areas", {"business_area": "めっき"}, subject=subject, row="r1")
    workshop.save("step2_harm_process", RISK | {"event": event}, subject=subject, row="r1")
    workshop.save("step3_prioritisation", RATED, subject=subject, row="r1")


def test_the_risk_map_shows_the_own_risks_and_not_what_others_have_released(workshop: Workshop) -> None:
    write_risk(workshop, "alpha", "自社の出来事")
    write_risk(workshop, "beta", "他社の出来事")
    for name, fields in (("step2_harm_process", list(RISK)), ("step3_prioritisation", list(RATED))):
        workshop.release(name, "company:beta", "r1", fields=fields, audience="programme")
    alpha = workshop.seated(Seat.company("alpha"))
    assert "他社の出来事" in str(alpha.frame("step2_harm_process").to_dict())
    said = CHARTS["risk_map"](alpha).alt_text
    assert "自社の出来事" in said
    assert "他社の出来事" not in said


def test_the_readiness_chart_shows_the_own_answers(workshop: Workshop) -> None:
    questions = [field.name for field in workshop.worksheet("grievance_readiness").questions]
    levels = [choice.name for choice in workshop.choices["readiness_levels"].choices]
    for key, level in (("alpha", levels[0]), ("beta", levels[-1])):
        workshop.save("grievance_readiness", dict.fromkeys(questions[:4], level), subject=f"company:{key}")
    charts = {
        key: CHARTS["readiness"](workshop.seated(Seat.company(key))).alt_text for key in ("alpha", "beta")
    }
    assert charts["alpha"] != charts["beta"]
    assert CHARTS["readiness"](workshop.seated(Seat.company("alpha"))).alt_text == charts["alpha"]


@pytest.mark.parametrize("name", sorted(CHARTS))
def test_a_chart_of_no_answers_says_so(alpha: Workshop, name: str) -> None:
    assert CHARTS[name](alpha).alt_text


# --- Feedback: one line for each person -------------------------------------------------------------------

PERSON, OTHER = Seat("participant", "company:alpha", "3f09ab"), Seat("participant", "company:alpha", "77aa10")
ASKED = {"worksheet": "session_feedback", "subject": "session:dd_practice"}


def test_everybody_has_one_line_of_feedback_that_nobody_else_of_the_company_sees(workshop: Workshop) -> None:
    one, other = workshop.seated(PERSON), workshop.seated(OTHER)
    one.save("session_feedback", {"comment": "分かった"}, subject=ASKED["subject"], row=own_line(PERSON))
    other.save("session_feedback", {"comment": "速い"}, subject=ASKED["subject"], row=own_line(OTHER))
    assert [row.answers["comment"] for row in one.rows("session_feedback", ASKED["subject"])] == ["分かった"]
    assert [row.answers["comment"] for row in other.rows("session_feedback", ASKED["subject"])] == ["速い"]
    assert len(workshop.frame("session_feedback")) == 2


@pytest.mark.parametrize(
    ("worksheet", "row"),
    [
        ("session_feedback", own_line(OTHER)),
        ("session_feedback", "r1"),
        ("attendance", own_line(PERSON)),
        ("attendance", "alpha"),
        ("session_record", ""),
    ],
)
def test_a_participant_writes_nothing_else_about_a_session(
    workshop: Workshop, worksheet: str, row: str
) -> None:
    with pytest.raises((NotAllowed, AnswerError)):
        workshop.seated(PERSON).save(worksheet, {}, subject=ASKED["subject"], row=row)
    assert workshop.frame(worksheet).empty


def test_a_company_as_a_whole_has_the_companys_line(folder: Path) -> None:
    exercise = open_exercise(folder, SESSION, company="alpha", language="ja")
    (subject,) = exercise.form("session_feedback").shown.place["subjects"]
    assert subject["row"] == own_line(exercise.workshop.seat) == "alpha"


# --- In a kernel ------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def pilot(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("pilot")
    shutil.copy(shipped("programmes") / "spp-2025" / "programme.yaml", folder)
    return folder


@pytest.mark.parametrize("path", EXERCISES, ids=lambda path: path.stem)
@pytest.mark.parametrize("language", ["ja", "en"])
def test_an_exercise_runs_in_a_kernel_and_shows_the_companys_forms(
    pilot: Path, path: Path, language: str
) -> None:
    given = {"folder": ".", "session": path.stem, "company": "hoshikuzu", "language": language}
    notebook = notebooks.prepare(notebooks.read(path), language, given, PILOT, path.stem)
    executed = kernels.run(notebook, given, pilot)
    outputs = [output.data for cell in executed.cells for output in cell.get("outputs", [])]
    parts = [data[PART] for data in outputs if PART in data]
    assert [part["form"] for part in parts if "form" in part] == list(worksheets_of(path))
    assert [part["chart"] for part in parts if "chart" in part] == list(charts_of(path))
    for data in outputs:
        if "form" in data.get(PART, {}):
            assert "application/vnd.jupyter.widget-view+json" in data
        if "chart" in data.get(PART, {}):
            assert "image/png" in data


def test_what_an_exercise_says_by_itself_is_named(alpha: Workshop) -> None:
    assert bundle(Exercise(alpha, SESSION))[PART] == {"exercise": SESSION}
