"""“I am stuck here”: who says it, who hears of it, and that nothing else is told by it."""

from __future__ import annotations

from typing import Any

import pytest

from spp_workshop import forms, showing
from spp_workshop.errors import AnswerError, NotAllowed
from spp_workshop.seats import Seat
from spp_workshop.stuck import places, take_back, tell, worked_on
from spp_workshop.visibility import HELP
from spp_workshop.workshop import Workshop

STEP1, ALPHA, GROUP = "step1_risk_areas", "company:alpha", "group:dd_practice.a"
FACILITATOR = Seat.facilitator("dd_practice")
NOTE, ANSWER = "どこまで書けばよいですか", "とても秘密の工程"
PERSON = Seat("participant", ALPHA, "f3a1c0ffee", "鈴木")


def ask(
    workshop: Workshop, do: str, worksheet: str = STEP1, subject: str = ALPHA, **rest: Any
) -> dict[str, Any]:
    return forms.reply(workshop, {"id": "1", "do": do, "worksheet": worksheet, "subject": subject, **rest})


def heard(workshop: Workshop, seat: Seat = FACILITATOR) -> list[tuple[str, str, str | None]]:
    """What a seat reads of it."""
    found = workshop.seated(seat).records(HELP)
    return [(line["company"], line["of_question"], line["note"]) for line in found]


@pytest.fixture
def person(workshop: Workshop) -> Workshop:
    """Somebody of alpha, with a seat of their own, at the worksheet of step 1."""
    seen = workshop.seated(PERSON)
    seen.save(STEP1, {"business_area": ANSWER}, subject=ALPHA, row="r1")
    return seen


def test_the_facilitator_is_told_at_once(workshop: Workshop, person: Workshop) -> None:
    tell(person, ALPHA, STEP1, "business_area", row="r1", note=NOTE)
    assert heard(workshop) == [("alpha", "business_area", NOTE)]
    assert heard(workshop, Seat.custodian()) == [("alpha", "business_area", NOTE)]


@pytest.mark.parametrize(
    "seat", [Seat.company("beta"), Seat.organiser(), Seat.projector()], ids=lambda seat: seat.role
)
def test_nobody_else_hears_of_it(workshop: Workshop, person: Workshop, seat: Seat) -> None:
    before = workshop.seated(seat).stamp()
    tell(person, ALPHA, STEP1, "business_area", note=NOTE)
    assert heard(workshop, seat) == []
    assert workshop.seated(seat).stamp() == before
    assert NOTE not in str(workshop.seated(seat).frames[HELP].to_dict())


def test_where_people_write_without_a_name_nobody_asks(workshop: Workshop, person: Workshop) -> None:
    here = {"worksheet": "session_feedback", "subject": "session:dd_practice"}
    assert ask(person, "open", **here)["stuck"] is None
    assert ask(person, "stuck", field="comment", note=NOTE, **here)["faults"]
    assert heard(workshop) == []


def test_the_facilitator_sees_no_answer_by_it(workshop: Workshop, person: Workshop) -> None:
    tell(person, ALPHA, STEP1, "business_area", row="r1", note=NOTE)
    seen = workshop.seated(FACILITATOR)
    assert seen.records(STEP1) == []
    assert ANSWER not in showing.stuck(seen, "dd_practice")._repr_html_()
    with pytest.raises(NotAllowed):
        seen.history(STEP1, ALPHA, "r1")


def test_nobody_says_it_for_another_company(workshop: Workshop, beta: Workshop) -> None:
    tell(beta, ALPHA, STEP1, "business_area", note=NOTE)
    assert [company for company, *_ in heard(workshop)] == ["beta"]


@pytest.mark.parametrize(
    "seat", [Seat.organiser(), Seat.projector(), FACILITATOR], ids=lambda seat: seat.role
)
def test_a_seat_without_a_company_is_not_stuck(workshop: Workshop, seat: Seat) -> None:
    seen = workshop.seated(seat)
    for subject in (GROUP, ALPHA):
        reply = ask(seen, "stuck", "group_presentation", subject, field="common_risks")
        assert reply["faults"]
    assert heard(workshop) == []


def test_it_is_taken_back_and_said_again(workshop: Workshop, person: Workshop) -> None:
    for note in (NOTE, "まだ分かりません"):
        tell(person, ALPHA, STEP1, "business_area", row="r1", note=note)
    assert heard(workshop) == [("alpha", "business_area", "まだ分かりません")]
    take_back(person, ALPHA, STEP1, "business_area", row="r2")
    assert len(heard(workshop)) == 1
    for _ in range(2):
        take_back(person, ALPHA, STEP1, "business_area", row="r1")
        assert heard(workshop) == []
    tell(person, ALPHA, STEP1, "business_area", row="r1")
    assert heard(workshop) == [("alpha", "business_area", None)]


def test_in_a_group_the_own_company_says_it(workshop: Workshop, person: Workshop) -> None:
    tell(person, GROUP, "group_presentation", "common_risks")
    assert heard(workshop) == [("alpha", "common_risks", None)]
    assert places(workshop.seated(Seat.company("beta")), GROUP, "group_presentation") == []


@pytest.mark.parametrize("question", ["no_such_question", "", "business_area@en"])
def test_only_at_a_question(person: Workshop, question: str) -> None:
    with pytest.raises(AnswerError):
        tell(person, ALPHA, STEP1, question)


def test_a_note_that_is_too_long_is_refused(workshop: Workshop, person: Workshop) -> None:
    reply = ask(person, "stuck", field="business_area", note="あ" * 501)
    assert reply["faults"]
    assert heard(workshop) == []


# --- In a form --------------------------------------------------------------------------------------------


def test_a_form_knows_where_help_was_asked_for_on_every_device(workshop: Workshop, person: Workshop) -> None:
    assert ask(person, "open")["stuck"] == []
    (told,) = ask(person, "stuck", field="business_area", row="r1", note=NOTE)["stuck"]
    assert (told["row"], told["field"], told["note"]) == ("r1", "business_area", NOTE)
    assert ask(workshop.seated(Seat.company("alpha")), "open")["stuck"] == [told]
    assert ask(person, "open", "company_profile")["stuck"] == []
    assert ask(person, "unstuck", field="business_area", row="r1")["stuck"] == []
    assert ask(workshop, "open", "attendance", "session:dd_practice")["stuck"] is None


# --- In the facilitator's notebook --------------------------------------------------------------------------


@pytest.mark.parametrize("language", ["ja", "en"])
def test_the_newest_stands_first_with_names_instead_of_codes(
    workshop: Workshop, person: Workshop, beta: Workshop, language: str
) -> None:
    tell(person, ALPHA, STEP1, "business_area", row="r1", note="<b>最初</b>")
    tell(beta, "company:beta", STEP1, "issue")
    seen = workshop.seated(FACILITATOR)
    seen.language = "ja" if language == "ja" else "en"
    html = showing.stuck(seen, "dd_practice")._repr_html_()
    alpha, second = (workshop.programme.company(key).name[language] for key in ("alpha", "beta"))
    assert html.index(second) < html.index(alpha)
    sheet = workshop.worksheets[STEP1]
    assert sheet.title[language] in html
    assert sheet.by_name["issue"].label[language] in html
    assert "&lt;b&gt;最初&lt;/b&gt;" in html
    assert "business_area" not in html


def test_when_nobody_is_stuck_it_says_so(workshop: Workshop) -> None:
    assert "まだありません" in showing.stuck(workshop, "dd_practice")._repr_html_()


def test_another_sessions_worksheets_are_left_out(workshop: Workshop, person: Workshop) -> None:
    tell(person, ALPHA, STEP1, "business_area", note=NOTE)
    day = workshop.worksheets[STEP1].session
    assert day == "dd_practice"
    assert STEP1 in worked_on(workshop, "dd_practice")
    assert NOTE not in showing.stuck(workshop, "dd_preparation")._repr_html_()


def test_a_company_or_question_that_is_gone_breaks_nothing(workshop: Workshop, person: Workshop) -> None:
    answers = {"of_worksheet": STEP1, "of_question": "was_renamed"}
    person.save(HELP, answers, subject=ALPHA, row="x", status="submitted")
    person.save(HELP, {"of_worksheet": "no_more", "of_question": "q"}, subject=ALPHA, row="y")
    person.save(HELP, {"note": "only a note"}, subject=ALPHA, row="z")
    assert "was_renamed" in showing.stuck(workshop, "dd_practice")._repr_html_()
    assert ask(person, "open")["stuck"] is not None
