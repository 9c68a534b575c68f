"""Answers in files are recorded through the same door as everyone's, each at its own time."""

from __future__ import annotations

from pathlib import Path

import pytest

from spp_workshop import analysis
from spp_workshop.documents import shipped
from spp_workshop.errors import AnswerError, DefinitionError
from spp_workshop.folders import new_folder
from spp_workshop.rehearsal import record
from spp_workshop.seats import Seat
from spp_workshop.workshop import Workshop, open_workshop

PROFILE = "worksheet: company_profile"
ATTENDANCE = "worksheet: attendance, subject: session:dd_practice, row: alpha, status: submitted"


def written(folder: Path, **files: str) -> Path:
    answers = folder / "answers"
    answers.mkdir()
    for name, text in files.items():
        (answers / f"{name}.yaml").write_text(text, encoding="utf-8")
    return answers


def states(workshop: Workshop, subject: str, worksheet: str, row: str = "") -> list[tuple[str, str, str]]:
    return [
        (state.recorded_at[:16], state.author, state.status)
        for state in workshop.history(worksheet, subject, row)
    ]


def test_entries_are_recorded_in_the_order_of_their_time_and_as_of_it(
    workshop: Workshop, tmp_path: Path
) -> None:
    answers = written(
        tmp_path,
        alpha=f"- {{on: 2026-09-20T09:30, {PROFILE}, answers: {{employees: 41}}}}\n"
        f"- {{on: 2026-09-18T09:00, {PROFILE}, answers: {{employees: 40}}}}\n",
        beta=f"- {{on: 2026-09-19T18:00, {PROFILE}, answers: {{employees: 12}}}}\n",
    )
    assert record(workshop, answers) == 3
    assert states(workshop, "company:alpha", "company_profile") == [
        ("2026-09-18T00:00", "company:alpha", "draft"),
        ("2026-09-20T00:30", "company:alpha", "draft"),
    ]
    assert workshop.rows("company_profile", "company:alpha")[0].answers == {"employees": 41}
    assert [revision.place.subject for revision in workshop.store.latest("company_profile")] == [
        "company:alpha",
        "company:beta",
    ]


def test_a_later_entry_changes_only_what_it_names_and_keeps_the_status(
    workshop: Workshop, tmp_path: Path
) -> None:
    answers = written(
        tmp_path,
        sessions=f"- {{on: 2026-10-23T14:05, {ATTENDANCE},"
        " answers: {company: alpha, in_room: 2, online: 0}}\n"
        "- {on: 2026-10-23T14:30, worksheet: attendance, subject: session:dd_practice, row: alpha,"
        " answers: {in_room: 1}}\n",
    )
    record(workshop, answers)
    (row,) = workshop.rows("attendance", "session:dd_practice")
    assert (row.status, row.answers) == ("submitted", {"company": "alpha", "in_room": 1, "online": 0})
    assert states(workshop, "session:dd_practice", "attendance", "alpha")[-1][1] == "facilitator:dd_practice"


def test_a_group_s_notes_are_written_by_the_facilitator_of_its_session(
    workshop: Workshop, tmp_path: Path
) -> None:
    note = (
        "- {on: 2026-10-23T14:40, worksheet: discussion_notes, subject: group:dd_practice.a, row: n1,"
        " answers: {kind: idea}}\n"
    )
    record(workshop, written(tmp_path, sessions=note))
    (state,) = states(workshop, "group:dd_practice.a", "discussion_notes", "n1")
    assert state[1] == "facilitator:dd_practice"


def test_every_answer_that_is_refused_is_told_with_its_file_and_line(
    workshop: Workshop, tmp_path: Path
) -> None:
    answers = written(
        tmp_path,
        alpha="- on: 2026-09-18T09:00\n  worksheet: company_profile\n  answers:\n    employees: many\n"
        "    policy_status: none_at_all\n    shoe_size: 43\n",
        beta=f"- {{on: 2026-09-18T09:00, {PROFILE}, answers: {{employees: 12}}}}\n"
        "- {on: 2026-09-18T10:00, worksheet: company_portrait, answers: {employees: 12}}\n"
        f"- {{on: 2026-09-18T10:00, {PROFILE}, subject: company:gamma, answers: {{employees: 12}}}}\n",
    )
    with pytest.raises(AnswerError) as caught:
        record(workshop, answers)
    places = [problem.where for problem in caught.value.problems]
    alpha = ["answers/alpha.yaml:4", "answers/alpha.yaml:5", "answers/alpha.yaml:6"]
    assert places == [*alpha, "answers/beta.yaml:2", "answers/beta.yaml:3"]
    assert all(line.count(". ") for line in caught.value.text("en").splitlines())
    assert caught.value.text("ja") != caught.value.text("en")


def test_a_row_that_is_not_finished_cannot_be_submitted_here_either(
    workshop: Workshop, tmp_path: Path
) -> None:
    text = f"- {{on: 2026-10-23T14:05, {ATTENDANCE}, answers: {{company: alpha, in_room: 2}}}}\n"
    with pytest.raises(AnswerError) as caught:
        record(workshop, written(tmp_path, sessions=text))
    assert [(p.where, p.field) for p in caught.value.problems] == [("answers/sessions.yaml:1", "online")]
    assert workshop.rows("attendance", "session:dd_practice") == []


def test_when_a_file_cannot_be_read_nothing_is_recorded(workshop: Workshop, tmp_path: Path) -> None:
    answers = written(
        tmp_path,
        alpha=f"- {{on: 2026-09-18T09:00, {PROFILE}, answers: {{employees: 40}}}}\n",
        beta=f"- {{on: yesterday, {PROFILE}, answers: {{}}}}\n- {{on: 2026-09-18T09:00, wroksheet: x}}\n",
        broken="- {on: [\n",
    )
    with pytest.raises(DefinitionError) as caught:
        record(workshop, answers)
    assert {problem.where for problem in caught.value.problems} >= {
        "answers/beta.yaml:1",
        "answers/beta.yaml:2",
    }
    assert any(problem.where.startswith("answers/broken.yaml") for problem in caught.value.problems)
    assert workshop.revision() == 0


def test_what_is_released_is_seen_by_its_audience_and_no_more(workshop: Workshop, tmp_path: Path) -> None:
    answers = written(
        tmp_path,
        alpha="- {on: 2026-09-18T09:00, worksheet: closing_presentation,"
        " answers: {main_risks: Heat, plan: Fans}}\n"
        "- {on: 2026-09-18T10:00, worksheet: closing_presentation,"
        " release: {audience: programme, fields: [main_risks]}}\n",
    )
    record(workshop, answers)
    beta = open_workshop(workshop.folder, seat=Seat.company("beta"))
    (row,) = beta.frame("closing_presentation").to_dict("records")
    assert (row["main_risks"], row["plan"]) == ("Heat", None)


# --- The sample of the pilot: recorded answers make up the published figures --------------------------------


@pytest.fixture(scope="module")
def pilot(tmp_path_factory: pytest.TempPathFactory) -> Workshop:
    folder = tmp_path_factory.mktemp("spp-2025")
    new_folder(folder, "spp-2025")
    workshop = open_workshop(folder)
    record(workshop, shipped("programmes") / "spp-2025" / "answers")
    return workshop


def test_attendance_adds_up_to_the_published_figures(pilot: Workshop) -> None:
    attended = analysis.attendance(pilot.frames, pilot.programme).set_index("session")
    assert attended.loc[:, ["people", "companies", "in_room", "online"]].T.to_dict("list") == {
        "dd_preparation": [11, 8, 0, 11],
        "dd_practice": [13, 7, 10, 3],
        "dd_engagement": [11, 5, 11, 0],
        "grievance_study": [8, 7, 0, 8],
        "grievance_practice": [6, 4, 6, 0],
        "closing": [5, 3, 0, 5],
    }


def test_every_session_of_the_sample_has_its_record_in_both_languages(pilot: Workshop) -> None:
    for session in pilot.programme.sessions:
        (record_of,) = pilot.rows("session_record", f"session:{session.key}")
        texts = {"summary", "expert_comments", "participant_comments", "follow_up"}
        assert set(record_of.answers) == texts | {f"{name}@en" for name in texts}


def test_every_text_of_the_sample_has_its_translation(pilot: Workshop) -> None:
    missing = [
        f"{revision.place}: {question.name}"
        for revision in pilot.store.latest()
        if revision.place.worksheet != "release"
        for question in pilot.worksheets[revision.place.worksheet].questions
        if question.kind == "text" and question.name != "voter"
        if revision.answers.get(question.name) and not revision.answers.get(f"{question.name}@en")
    ]
    assert missing == []


def test_every_answer_was_written_within_the_programme_s_period(pilot: Workshop) -> None:
    period = pilot.programme.period
    days = {revision.recorded_at[:10] for revision in pilot.store.latest()}
    assert str(period.start) <= min(days)
    assert max(days) <= str(period.end)


def test_attendance_names_enrolled_companies_once_a_session(pilot: Workshop) -> None:
    attended = pilot.frames["attendance"]
    assert set(attended["company"]) == {company.key for company in pilot.programme.companies}
    assert not attended.duplicated(["session", "company"]).any()
    assert list(attended["row"]) == list(attended["company"])


def test_every_carried_row_of_the_sample_belongs_to_a_row_above_it(pilot: Workshop) -> None:
    known = {(r.place.worksheet, r.place.subject, r.place.row) for r in pilot.store.latest()}
    above = {name: sheet.rows_from for name, sheet in pilot.worksheets.items() if sheet.rows_from}
    orphans = [
        (subject, worksheet, row)
        for worksheet, subject, row in known
        if worksheet in above
        and not any((above[worksheet], subject, start) in known for start in beginnings(row))
    ]
    assert orphans == []


def beginnings(row: str) -> list[str]:
    """`a.b.c` -> itself and `a.b` and `a`: where its parent may stand."""
    parts = row.split(".")
    return [".".join(parts[:length]) for length in range(1, len(parts) + 1)]


def test_the_chain_of_the_sample_holds(pilot: Workshop) -> None:
    assert pilot.store.verify() == []


def test_completion_is_as_published(pilot: Workshop) -> None:
    done = analysis.completion(pilot.frames, pilot.levels, [c.key for c in pilot.programme.companies])
    assert done["hrdd"].value_counts().to_dict() == {"completed": 3, "improving": 2, "not_yet": 3}
    assert (done["grievance"] == "declared").sum() == 3
