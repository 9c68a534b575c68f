from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from spp_workshop.errors import AnswerError, ConflictError, DefinitionError, NotAllowed
from spp_workshop.seats import Seat, environment_of
from spp_workshop.visibility import BUILT_IN
from spp_workshop.workshop import Workshop, open_workshop

ALPHA, BETA = "company:alpha", "company:beta"
SECRET = "the secret of beta"


def add(
    workshop: Workshop, subject: str = ALPHA, row: str = "r1", sheet: str = "issues_found", **answers
) -> None:
    workshop.save(sheet, answers or {"situation": SECRET}, subject=subject, row=row)


def test_a_save_says_what_is_stored_and_what_is_missing(workshop: Workshop) -> None:
    saved = workshop.save("issues_found", {"situation": "x"}, subject=ALPHA, row="r1")
    assert (saved.revision, saved.status, saved.answers) == (1, "draft", {"situation": "x"})
    assert "issue" in {problem.field for problem in saved.problems}


def test_an_unreadable_answer_is_not_stored_and_keeps_what_was_there(workshop: Workshop) -> None:
    workshop.save("company_profile", {"employees": 40}, subject=ALPHA)
    with pytest.raises(AnswerError):
        workshop.save("company_profile", {"employees": "many"}, subject=ALPHA, based_on=1)
    assert workshop.rows("company_profile", ALPHA)[0].answers == {"employees": 40}


def test_submitting_an_unfinished_row_tells_everything_that_is_missing(workshop: Workshop) -> None:
    add(workshop)
    with pytest.raises(AnswerError) as caught:
        workshop.submit("issues_found", ALPHA, "r1")
    missing = {problem.field for problem in caught.value.problems}
    assert {"issue", "rights_holders"} <= missing
    assert workshop.rows("issues_found", ALPHA)[0].status == "draft"


def test_totals_are_counted_over_all_whoever_looks_except_a_participant(workshop: Workshop) -> None:
    add(workshop, BETA)
    for seat, rows in (
        (Seat.facilitator("dd_practice"), 1),
        (Seat.projector(), 1),
        (Seat.company("alpha"), 0),
    ):
        seen = workshop.seated(seat)
        assert (len(seen.frames["issues_found"]), len(seen.totals.frames["issues_found"])) == (0, rows)


def test_a_process_that_was_started_for_a_seat_opens_the_workshop_from_it(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert open_workshop(folder).seat == Seat.custodian()
    for name, value in environment_of(Seat.facilitator("dd_practice")).items():
        monkeypatch.setenv(name, value)
    assert open_workshop(folder).seat == Seat.facilitator("dd_practice")


def test_a_conflict_brings_both_values(workshop: Workshop) -> None:
    add(workshop, situation="a")
    workshop.save("issues_found", {"situation": "b"}, subject=ALPHA, row="r1", based_on=1)
    with pytest.raises(ConflictError) as caught:
        workshop.save("issues_found", {"situation": "c"}, subject=ALPHA, row="r1", based_on=1)
    assert (caught.value.theirs, caught.value.yours) == ({"situation": "b"}, {"situation": "c"})


def test_a_withdrawn_row_is_gone_and_can_be_restored(workshop: Workshop) -> None:
    add(workshop, situation="a")
    workshop.withdraw("issues_found", ALPHA, "r1")
    assert workshop.rows("issues_found", ALPHA) == []
    assert workshop.frame("issues_found").empty
    workshop.restore("issues_found", ALPHA, "r1", revision=1)
    assert workshop.rows("issues_found", ALPHA)[0].answers == {"situation": "a"}


@pytest.mark.parametrize(("row", "revision"), [("r1", 7), ("r1", 0), ("r9", 1)])
def test_to_restore_what_never_was_is_refused_with_a_sentence(
    workshop: Workshop, row: str, revision: int
) -> None:
    add(workshop, situation="a")
    with pytest.raises(AnswerError) as caught:
        workshop.restore("issues_found", ALPHA, row, revision=revision)
    assert caught.value.problems[0].rule == "unknown_revision"
    assert str(revision) in caught.value.text("ja")
    assert workshop.revision() == 1


def test_restoring_an_earlier_state_takes_later_answers_back(workshop: Workshop) -> None:
    add(workshop, situation="a")
    workshop.save("issues_found", {"insight": "later"}, subject=ALPHA, row="r1", based_on=1)
    workshop.restore("issues_found", ALPHA, "r1", revision=1)
    assert workshop.rows("issues_found", ALPHA)[0].answers == {"situation": "a"}


def test_history_shows_one_authors_quick_saves_as_one_step(folder: Path) -> None:
    workshop = open_workshop(folder)
    for based_on, text in enumerate("abc"):
        workshop.save("issues_found", {"situation": text}, subject=ALPHA, row="r1", based_on=based_on)
    assert [step.answers["situation"] for step in workshop.history("issues_found", ALPHA, "r1")] == ["c"]


def test_history_keeps_saves_of_different_hours_apart(workshop: Workshop) -> None:
    add(workshop, situation="a")
    workshop.save("issues_found", {"situation": "b"}, subject=ALPHA, row="r1", based_on=1)
    assert len(workshop.history("issues_found", ALPHA, "r1")) == 2


def test_a_translation_stands_beside_the_original_and_goes_when_that_changes(
    workshop: Workshop, folder: Path
) -> None:
    add(workshop, **{"situation": "日本語", "situation@en": "English"})
    english = open_workshop(folder, language="en")
    assert workshop.frame("issues_found")["situation"].tolist() == ["日本語"]
    assert english.frame("issues_found")["situation"].tolist() == ["English"]
    workshop.save("issues_found", {"situation": "新しい"}, subject=ALPHA, row="r1", based_on=1)
    assert english.frame("issues_found")["situation"].tolist() == ["新しい"]


# --- Rows that are carried forward ------------------------------------------------------------------------


def test_a_risk_travels_from_step_1_to_the_action_plan_without_retyping(workshop: Workshop) -> None:
    add(workshop, row="r1", sheet="step1_risk_areas", business_area="めっき工程")
    assert [row.row for row in workshop.rows("step2_harm_process", ALPHA)] == ["r1"]
    assert workshop.rows("step2_harm_process", ALPHA)[0].carried["business_area"] == "めっき工程"
    add(workshop, row="r1", sheet="step2_harm_process", event="酸が目に入る")
    add(workshop, row="r1", sheet="step3_prioritisation", scale="scale_4")
    carried = workshop.rows("action_plan", ALPHA)[0].carried
    assert carried["event"] == "酸が目に入る"


def test_a_row_not_answered_yet_is_not_carried_further(workshop: Workshop) -> None:
    add(workshop, row="r1", sheet="step1_risk_areas", business_area="めっき工程")
    assert workshop.rows("step3_prioritisation", ALPHA) == []


def test_a_second_harm_of_the_same_area_stands_behind_the_first(workshop: Workshop) -> None:
    for row in ("r1", "r2"):
        add(workshop, row=row, sheet="step1_risk_areas", business_area=row)
    for row in ("r2", "r1", "r1.abcd"):
        add(workshop, row=row, sheet="step2_harm_process", event=row)
    assert [row.row for row in workshop.rows("step2_harm_process", ALPHA)] == ["r1", "r1.abcd", "r2"]
    assert workshop.rows("step2_harm_process", ALPHA)[1].carried["business_area"] == "r1"


# --- Secrecy ----------------------------------------------------------------------------------------------


@pytest.fixture
def both(workshop: Workshop) -> Workshop:
    """A workshop in which beta has answered every worksheet about a company that takes a text."""
    for name, sheet in workshop.worksheets.items():
        texts = [question.name for question in sheet.questions if question.kind == "text"]
        if sheet.subject == "company" and texts and name not in BUILT_IN:
            workshop.save(name, {texts[0]: SECRET}, subject=BETA, row="r1" if sheet.repeats else "")
    return workshop


def everything_that_can_be_asked(seat: Workshop) -> str:
    """All that a seat can get out of the workshop, as one text."""
    got: list[object] = [seat.stamp()]
    for name in seat.worksheets:
        got += [seat.frame(name).to_dict(), seat.frames[name].to_dict()]
        for subject in ("", ALPHA, BETA, "group:dd_practice.a", "session:dd_practice"):
            for row in ("", "r1"):
                for ask in (seat.rows, seat.history, seat.save, seat.submit, seat.withdraw):
                    got.append(answer_or_refusal(ask, name, subject, row))
    return repr(got)


def answer_or_refusal(ask, name: str, subject: str, row: str) -> object:
    try:
        if ask.__name__ == "save":
            return ask(name, {}, subject=subject, row=row)
        return ask(name, subject) if ask.__name__ == "rows" else ask(name, subject, row)
    except (AnswerError, NotAllowed, ConflictError) as refusal:
        return refusal.text("ja") + refusal.text("en")


@pytest.mark.parametrize(
    "seat", [Seat.company("alpha"), Seat.organiser(), Seat.projector(), Seat.facilitator("dd_practice")]
)
def test_no_seat_gets_another_companys_answers_whatever_it_asks(
    both: Workshop, folder: Path, seat: Seat
) -> None:
    assert SECRET not in everything_that_can_be_asked(open_workshop(folder, seat=seat))
    assert both.rows("issues_found", BETA)[0].answers["situation"] == SECRET  # and could change nothing


def test_another_companys_answers_do_not_even_change_the_stamp(both: Workshop, alpha: Workshop) -> None:
    before = alpha.stamp()
    both.save("issues_found", {"situation": "more"}, subject=BETA, row="r9")
    assert alpha.stamp() == before
    both.save("issues_found", {"situation": "mine"}, subject=ALPHA, row="r1")
    assert alpha.stamp() != before


def test_a_company_cannot_write_for_another(alpha: Workshop) -> None:
    with pytest.raises(NotAllowed):
        alpha.save("issues_found", {"situation": "x"}, subject=BETA, row="r1")


def test_a_release_shows_the_named_fields_of_that_revision_only(
    both: Workshop, beta: Workshop, alpha: Workshop
) -> None:
    beta.save("issues_found", {"insight": "shared", "situation": SECRET}, subject=BETA, row="r1", based_on=1)
    beta.release("issues_found", BETA, "r1", fields=["insight"], audience="programme")
    beta.save("issues_found", {"insight": "later"}, subject=BETA, row="r1", based_on=2)
    frame = alpha.frame("issues_found")
    assert frame["insight"].tolist() == ["shared"]
    assert SECRET not in everything_that_can_be_asked(alpha)


def test_a_withdrawn_release_shows_nothing_any_more(both: Workshop, beta: Workshop, alpha: Workshop) -> None:
    release = beta.release("issues_found", BETA, "r1", fields=["situation"], audience="programme")
    assert SECRET in everything_that_can_be_asked(alpha)
    beta.withdraw("release", BETA, release.row)
    assert SECRET not in everything_that_can_be_asked(alpha)


@pytest.mark.parametrize(
    ("audience", "sees"),
    [
        ("facilitator", {"facilitator"}),
        ("group", {"facilitator"}),
        ("organiser", {"facilitator", "organiser"}),
        ("programme", {"facilitator", "organiser", "participant", "projector"}),
    ],
)
def test_a_release_reaches_its_audience_and_no_further(
    both: Workshop, folder: Path, audience: str, sees: set[str]
) -> None:
    both.release("issues_found", BETA, "r1", fields=["situation"], audience=audience)
    seats = [Seat.company("alpha"), Seat.organiser(), Seat.projector(), Seat.facilitator("dd_practice")]
    reached = {
        seat.role for seat in seats if not open_workshop(folder, seat=seat).frame("issues_found").empty
    }
    assert reached == sees


def test_a_company_reads_its_own_line_of_the_attendance_list(workshop: Workshop, alpha: Workshop) -> None:
    for key in ("alpha", "beta"):
        workshop.save("attendance", {"company": key, "online": 2}, subject="session:dd_practice", row=key)
    assert alpha.frame("attendance")["company"].tolist() != ["alpha", "beta"]
    assert alpha.frame("attendance")["row"].tolist() == ["alpha"]


def test_a_group_reads_what_the_group_wrote_and_others_do_not(alpha: Workshop, beta: Workshop) -> None:
    alpha.save("case_handling", {"first_day": "ask"}, subject="group:dd_practice.a", row="r1")
    assert alpha.frame("case_handling")["first_day"].tolist() == ["ask"]
    assert beta.frame("case_handling").empty


# --- Frames and mistakes ----------------------------------------------------------------------------------


def test_an_empty_frame_has_every_column(workshop: Workshop) -> None:
    frame = workshop.frame("step1_risk_areas")
    assert frame.empty
    assert {"company", "row", "revision", "business_area", "issue"} <= set(frame.columns)


def test_frames_are_read_once_until_something_is_saved(workshop: Workshop) -> None:
    assert workshop.frames["issues_found"] is workshop.frames["issues_found"]
    add(workshop)
    assert len(workshop.frames["issues_found"]) == 1


@pytest.mark.parametrize(
    ("sheet", "subject", "row"),
    [
        ("no_such_sheet", ALPHA, ""),
        ("issues_found", "company:gamma", "r1"),
        ("issues_found", ALPHA, ""),
        ("company_profile", ALPHA, "r1"),
        ("issues_found", "session:dd_practice", "r1"),
    ],
)
def test_a_wrong_place_is_told_in_both_languages(
    workshop: Workshop, sheet: str, subject: str, row: str
) -> None:
    with pytest.raises(AnswerError) as caught:
        workshop.save(sheet, {}, subject=subject, row=row)
    assert caught.value.text("ja") != caught.value.text("en")


def test_a_folder_without_a_programme_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(DefinitionError) as caught:
        open_workshop(tmp_path)
    assert "programme.yaml" in caught.value.text("ja")


def test_an_own_worksheet_wins_over_the_shipped_one(workshop: Workshop, folder: Path) -> None:
    own = folder / "worksheets" / "consent.yaml"
    own.parent.mkdir()
    shipped = Path(__file__).parents[1] / "worksheets" / "consent.yaml"
    own.write_text(shipped.read_text(encoding="utf-8").replace("version: 1", "version: 7"), encoding="utf-8")
    assert open_workshop(folder).worksheets["consent"].version == 7


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=st.text(max_size=200))
def test_any_text_comes_back_as_it_was_typed_but_for_control_characters(
    workshop: Workshop, text: str
) -> None:
    row = workshop.rows("company_profile", ALPHA)
    saved = workshop.save(
        "company_profile", {"products": text}, subject=ALPHA, based_on=row[0].revision if row else 0
    )
    kept = saved.answers.get("products", "")
    assert "\x00" not in kept
    if text.isprintable():
        assert kept == text.strip()


def test_a_release_is_complete_as_it_is_made(both: Workshop, beta: Workshop) -> None:
    assert (
        beta.release("issues_found", BETA, "r1", fields=["insight"], audience="programme").status
        == "submitted"
    )


def test_what_is_carried_forward_brings_its_translation(workshop: Workshop) -> None:
    answers = {"business_area": "めっき工程", "business_area@en": "plating line"}
    add(workshop, row="r1", sheet="step1_risk_areas", **answers)
    assert workshop.rows("step2_harm_process", ALPHA)[0].carried == answers
