"""What a form is given, and what its messages are answered."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from spp_workshop import forms
from spp_workshop.errors import AnswerError
from spp_workshop.seats import Seat
from spp_workshop.workshop import Workshop, open_workshop

PROFILE, STEP1, STEP2 = "company_profile", "step1_risk_areas", "step2_harm_process"
ALPHA = "company:alpha"


def ask(
    workshop: Workshop, do: str, worksheet: str = PROFILE, subject: str = ALPHA, **rest: Any
) -> dict[str, Any]:
    return forms.reply(workshop, {"id": "1", "do": do, "worksheet": worksheet, "subject": subject, **rest})


def save(workshop: Workshop, changes: dict[str, Any], based_on: int = 0, **rest: Any) -> dict[str, Any]:
    return ask(workshop, "save", changes=changes, based_on=based_on, **rest)


def faults(reply: dict[str, Any]) -> list[str]:
    return [fault["rule"] for fault in reply["faults"]]


# --- Definition -------------------------------------------------------------------------------------------


def test_every_worksheet_is_defined_for_a_form_in_both_languages(workshop: Workshop) -> None:
    for name, sheet in workshop.worksheets.items():
        definition = json.loads(json.dumps(forms.definition(workshop, name)))
        assert [field["name"] for field in definition["fields"]] == [field.name for field in sheet.fields]
        assert set(definition["title"]) == set(definition["notice"]) == {"ja", "en"}
        lists = {field["list"] for field in definition["fields"]} - {""}
        assert lists <= set(definition["choices"])


def test_relevance_goes_out_as_data(workshop: Workshop) -> None:
    fields = {field["name"]: field for field in forms.definition(workshop, PROFILE)["fields"]}
    assert fields["policy_date"]["relevant"] == [
        [{"field": "policy_status", "code": "adopted"}],
        [{"field": "policy_status", "code": "published"}],
    ]
    assert fields["products"]["relevant"] is None


def test_a_sheet_that_carries_rows_brings_the_questions_of_the_earlier_steps(workshop: Workshop) -> None:
    definition = forms.definition(workshop, STEP2)
    assert definition["rows_from"]["title"] == workshop.worksheets[STEP1].title.model_dump()
    assert {field["name"] for field in definition["carries"]} == set(workshop.worksheets[STEP2].carries)
    assert definition["row_title"] == "event"


def test_the_words_of_the_form_are_there_in_both_languages_and_differ() -> None:
    words = forms.ui()
    assert words["ja"].keys() == words["en"].keys()
    assert [key for key in words["ja"] if words["ja"][key] == words["en"][key]] == []
    assert "{time}" in words["ja"]["state_saved"]


def test_a_definition_holds_no_answers(workshop: Workshop) -> None:
    save(workshop, {"products": "とても秘密の製品"})
    assert "とても秘密の製品" not in json.dumps(forms.definition(workshop, PROFILE), ensure_ascii=False)


# --- Whose answers ----------------------------------------------------------------------------------------


def subjects(workshop: Workshop, worksheet: str, **named: str) -> list[str]:
    return [found["subject"] for found in forms.place(workshop, worksheet, **named)["subjects"]]


def test_a_custodian_chooses_the_company(workshop: Workshop) -> None:
    assert subjects(workshop, PROFILE) == ["company:alpha", "company:beta"]
    assert subjects(workshop, PROFILE, company="beta") == ["company:beta"]


def test_a_company_has_its_own_form_and_no_other(alpha: Workshop) -> None:
    assert subjects(alpha, PROFILE) == ["company:alpha"]
    with pytest.raises(AnswerError):
        forms.place(alpha, PROFILE, company="beta")


def test_groups_and_sessions_are_chosen_among_those_of_the_programme(workshop: Workshop) -> None:
    assert subjects(workshop, "group_presentation") == ["group:dd_practice.a"]
    assert subjects(workshop, "group_presentation", group="a", session="dd_practice") == [
        "group:dd_practice.a"
    ]
    assert subjects(workshop, "session_record") == ["session:dd_preparation", "session:dd_practice"]
    assert subjects(workshop, "session_record", session="dd_practice") == ["session:dd_practice"]


def test_a_session_without_groups_offers_none_and_an_unknown_one_is_refused(workshop: Workshop) -> None:
    assert subjects(workshop, "discussion_notes", session="dd_preparation") == []
    with pytest.raises(AnswerError):
        forms.place(workshop, "discussion_notes", session="no_such_day")


def test_the_projector_writes_nowhere(folder: Path) -> None:
    projector = open_workshop(folder, seat=Seat.projector())
    assert subjects(projector, PROFILE) == subjects(projector, "session_record") == []


@pytest.mark.parametrize("named", [{"company": "gamma"}, {"company": "alpha "}, {"company": "group:a"}])
def test_a_company_that_is_not_there_is_refused(workshop: Workshop, named: dict[str, str]) -> None:
    with pytest.raises(AnswerError):
        forms.place(workshop, PROFILE, **named)


def test_two_folders_are_two_places_and_neither_tells_its_path(folder: Path, tmp_path_factory: Any) -> None:
    other = tmp_path_factory.mktemp("other")
    (other / "programme.yaml").write_text((folder / "programme.yaml").read_text("utf-8"), encoding="utf-8")
    here, there = (forms.place(open_workshop(path), PROFILE)["workshop"] for path in (folder, other))
    assert here != there
    assert folder.name not in here


# --- Saving -----------------------------------------------------------------------------------------------


def test_what_is_saved_is_opened_again(workshop: Workshop) -> None:
    saved = save(workshop, {"products": "めっき", "employees": "４０"})
    assert saved["id"] == "1"
    assert saved["row"]["answers"] == {"products": "めっき", "employees": 40}
    opened = ask(workshop, "open")
    assert opened["rows"][0]["answers"] == saved["row"]["answers"]
    assert opened["rows"][0]["revision"] == saved["row"]["revision"] == 1


def test_nothing_is_sent_again_when_nothing_changed(workshop: Workshop) -> None:
    save(workshop, {"products": "めっき"})
    known = ask(workshop, "open")["revision"]
    assert ask(workshop, "open", known=known) == {"id": "1", "same": True}
    save(workshop, {"employees": 4}, 1)
    assert ask(workshop, "open", known=known)["rows"]


def test_an_unreadable_answer_does_not_hold_up_the_others(workshop: Workshop) -> None:
    saved = save(workshop, {"products": "めっき", "employees": "many", "policy_status": "no_such_code"})
    assert saved["row"]["answers"] == {"products": "めっき"}
    assert set(saved["refused"]) == {"employees", "policy_status"}
    assert set(saved["refused"]["employees"][0]["text"]) == {"ja", "en"}


def test_only_unreadable_answers_store_nothing(workshop: Workshop) -> None:
    saved = save(workshop, {"employees": "many"})
    assert saved["row"] is None
    assert list(saved["refused"]) == ["employees"]
    assert workshop.rows(PROFILE, ALPHA) == []


def test_a_conflict_shows_the_other_value_and_the_rest_is_stored(workshop: Workshop, alpha: Workshop) -> None:
    save(workshop, {"products": "めっき", "sites": "長野"})
    save(alpha, {"products": "塗装"}, 1)
    saved = save(workshop, {"products": "切削", "sites": "岡山", "employees": 3}, 1)
    assert saved["conflicts"] == {"products": "塗装"}
    assert saved["row"]["answers"] == {"products": "塗装", "sites": "岡山", "employees": 3}
    kept = save(workshop, {"products": "切削"}, saved["row"]["revision"])
    assert kept["row"]["answers"]["products"] == "切削"


def test_a_conflict_and_nothing_else_gives_the_row_as_it_stands(workshop: Workshop, alpha: Workshop) -> None:
    save(alpha, {"products": "塗装"})
    saved = save(workshop, {"products": "切削"}, 0)
    assert saved["conflicts"] == {"products": "塗装"}
    assert saved["row"]["revision"] == 1


def test_sending_the_same_again_is_no_new_revision(workshop: Workshop) -> None:
    first, again = (save(workshop, {"products": "めっき"}, 0) for _ in range(2))
    assert first["row"]["revision"] == again["row"]["revision"] == 1
    assert again["conflicts"] == {}


def test_what_is_out_of_bounds_is_stored_as_a_draft_and_told(workshop: Workshop) -> None:
    saved = save(workshop, {"employees": 0})
    assert saved["row"]["answers"] == {"employees": 0}
    told = {problem["field"]: problem["rule"] for problem in saved["row"]["problems"]}
    assert told["employees"] == "constraint"
    assert told["products"] == "required"


# --- Rows -------------------------------------------------------------------------------------------------


def test_rows_are_carried_forward_with_what_was_said_and_their_source(workshop: Workshop) -> None:
    save(workshop, {"business_area": "めっき"}, worksheet=STEP1, row="r1")
    (row,) = ask(workshop, "open", STEP2)["rows"]
    assert (row["row"], row["revision"], row["source"]) == ("r1", 0, "r1")
    assert row["carried"]["business_area"] == "めっき"
    save(workshop, {"event": "やけど"}, worksheet=STEP2, row="r1.ab2c")
    (row,) = ask(workshop, "open", STEP2)["rows"]
    assert (row["row"], row["source"], row["carried"]["business_area"]) == ("r1.ab2c", "r1", "めっき")


def test_attendance_has_a_row_for_every_company(workshop: Workshop) -> None:
    session = {"worksheet": "attendance", "subject": "session:dd_practice"}
    assert forms.definition(workshop, "attendance")["rows_are"] == "company"
    rows = ask(workshop, "open", **session)["rows"]
    assert [(row["row"], row["revision"]) for row in rows] == [("alpha", 0), ("beta", 0)]
    save(workshop, {"in_room": 2}, row="beta", **session)
    rows = ask(workshop, "open", **session)["rows"]
    assert [row["answers"] for row in rows] == [{"company": "alpha"}, {"company": "beta", "in_room": 2}]


def test_a_withdrawn_row_comes_back_as_it_was(workshop: Workshop) -> None:
    save(workshop, {"business_area": "めっき"}, worksheet=STEP1, row="r1")
    assert ask(workshop, "withdraw", STEP1, row="r1") == {"id": "1"}
    assert ask(workshop, "open", STEP1)["rows"] == []
    assert ask(workshop, "undo", STEP1, row="r1")["row"]["answers"] == {"business_area": "めっき"}
    assert len(ask(workshop, "open", STEP1)["rows"]) == 1


def test_undo_of_what_was_never_there_is_refused(workshop: Workshop) -> None:
    assert faults(ask(workshop, "undo", STEP1, row="r1")) == ["no_such_state"]


def test_an_order_is_stored_and_found_on_another_device(workshop: Workshop, alpha: Workshop) -> None:
    for row in ("r1", "r2", "r3"):
        save(workshop, {"business_area": row}, worksheet=STEP1, row=row)
    assert ask(alpha, "reorder", STEP1, rows=["r3", "r1", "r2", "not_stored_yet"]) == {"id": "1"}
    assert [row["row"] for row in ask(workshop, "open", STEP1)["rows"]] == ["r3", "r1", "r2"]
    assert ask(workshop, "submit", STEP1)["problems"][0]["row"] == "r3"


def test_many_rows_are_added_at_once_and_taken_back_at_once(workshop: Workshop) -> None:
    added = {f"r{number}": {"business_area": f"作業{number}"} for number in range(20)}
    added["r3"] |= {"issue": "no_such_code"}
    stored = ask(workshop, "add", STEP1, added=added)["rows"]
    assert [stored[row]["row"]["answers"] for row in added] == [
        {"business_area": f"作業{n}"} for n in range(20)
    ]
    assert list(stored["r3"]["refused"]) == ["issue"]
    assert [row["row"] for row in ask(workshop, "open", STEP1)["rows"]] == list(added)
    # An answer that did not arrive is asked for again: nothing is stored twice.
    assert ask(workshop, "add", STEP1, added=added)["rows"] == stored
    assert ask(workshop, "withdraw", STEP1, rows=list(added)) == {"id": "1"}
    assert ask(workshop, "open", STEP1)["rows"] == []


def test_a_row_that_is_refused_whole_does_not_hold_up_the_others(workshop: Workshop) -> None:
    added = {"r1": {"issue": "no_such_code"}, "r2": {"business_area": "めっき"}}
    stored = ask(workshop, "add", STEP1, added=added)["rows"]
    assert stored["r1"] == {"row": None, "refused": stored["r1"]["refused"], "conflicts": {}}
    assert stored["r2"]["row"]["revision"] == 1


def test_cells_are_read_and_nothing_is_stored(workshop: Workshop, beta: Workshop) -> None:
    reply = ask(workshop, "read", STEP1, cells=[["めっき", "?"], ["塗装", ""]], field="business_area")
    assert reply["columns"] == ["business_area", "stage"]
    assert reply["header"] is False
    first, second = reply["read"]
    assert first["answers"] == {"business_area": "めっき"}
    assert first["typed"]["stage"] == "?"
    assert set(first["problems"]["stage"][0]["text"]) == {"ja", "en"}
    assert second["problems"] == {}
    assert workshop.revision() == 0
    assert faults(ask(workshop, "read", STEP1, cells=[["x"]] * 501)) == ["too_many_rows"]


def test_a_person_has_one_line_of_feedback_and_no_other(workshop: Workshop) -> None:
    person, other = (
        workshop.seated(Seat("participant", ALPHA, f"f3a1c0ffee{number}", "")) for number in (1, 2)
    )
    session = {"worksheet": "session_feedback", "subject": "session:dd_practice"}
    (place,) = forms.place(person, session["worksheet"], session="dd_practice")["subjects"]
    assert place["row"] == "f3a1c0ffee1"
    answers = {"understanding": "agree", "useful": "agree"}
    for seen, row in ((person, "f3a1c0ffee1"), (other, "f3a1c0ffee2")):
        save(seen, answers, row=row, **session)
    assert [row["row"] for row in ask(person, "open", **session)["rows"]] == ["f3a1c0ffee1"]
    assert faults(save(person, answers, row="f3a1c0ffee2", **session)) == ["not_allowed"]
    reply = ask(person, "submit", row="f3a1c0ffee1", **session)
    assert [(row["row"], row["status"]) for row in reply["rows"]] == [("f3a1c0ffee1", "submitted")]
    (theirs,) = ask(other, "open", **session)["rows"]
    assert theirs["status"] == "draft"
    assert "row" not in forms.place(workshop, session["worksheet"], session="dd_practice")["subjects"][0]


# --- Submitting -------------------------------------------------------------------------------------------


def test_all_that_is_missing_is_told_at_once_and_nothing_is_submitted(workshop: Workshop) -> None:
    save(workshop, {"products": "めっき"})
    reply = ask(workshop, "submit")
    missing = {problem["field"] for problem in reply["problems"]}
    assert {"sites", "employees"} <= missing
    assert "products" not in missing
    assert reply["rows"][0]["status"] == "draft"


def test_rows_say_which_of_them_is_not_complete(workshop: Workshop) -> None:
    for row in ("r1", "r2"):
        save(workshop, {"business_area": row}, worksheet=STEP1, row=row)
    assert {problem["row"] for problem in ask(workshop, "submit", STEP1)["problems"]} == {"r1", "r2"}


def test_an_empty_list_is_not_submitted(workshop: Workshop) -> None:
    assert [problem["rule"] for problem in ask(workshop, "submit", STEP1)["problems"]] == ["nothing_written"]


def test_a_complete_sheet_is_submitted_and_a_later_change_makes_it_a_draft(workshop: Workshop) -> None:
    feedback = {"worksheet": "session_feedback", "subject": "session:dd_practice", "row": "r1"}
    save(workshop, {"understanding": "agree", "useful": "agree"}, **feedback)
    reply = ask(workshop, "submit", feedback["worksheet"], feedback["subject"])
    assert reply["problems"] == []
    assert reply["rows"][0]["status"] == "submitted"
    changed = save(workshop, {"comment": "よく分かりました"}, reply["rows"][0]["revision"], **feedback)
    assert changed["row"]["status"] == "draft"


def test_a_submitted_row_that_was_withdrawn_by_mistake_is_submitted_again(workshop: Workshop) -> None:
    feedback = {"worksheet": "session_feedback", "subject": "session:dd_practice"}
    save(workshop, {"understanding": "agree", "useful": "agree"}, row="r1", **feedback)
    ask(workshop, "submit", **feedback)
    ask(workshop, "withdraw", row="r1", **feedback)
    assert ask(workshop, "undo", row="r1", **feedback)["row"]["status"] == "submitted"


# --- History ----------------------------------------------------------------------------------------------


def test_history_tells_who_changed_what_the_newest_first(workshop: Workshop, alpha: Workshop) -> None:
    save(workshop, {"products": "めっき", "sites": "長野"})
    save(alpha, {"products": "塗装"}, 1)
    newest, oldest = ask(workshop, "history")["history"]
    assert newest["author"]["ja"] == "アルファ表面処理"
    assert newest["changed"] == ["products"]
    assert oldest["author"]["en"] == "The secretariat's recorder"
    assert oldest["changed"] == ["products", "sites"]


def test_an_earlier_state_is_made_the_newest_again(workshop: Workshop) -> None:
    save(workshop, {"products": "めっき", "sites": "長野"})
    save(workshop, {"products": "塗装", "sites": None}, 1)
    restored = ask(workshop, "restore", revision=1)["row"]
    assert restored["answers"] == {"products": "めっき", "sites": "長野"}
    assert restored["revision"] == 3


def test_a_state_that_never_was_is_not_restored(workshop: Workshop) -> None:
    save(workshop, {"products": "めっき"})
    assert faults(ask(workshop, "restore", revision=7)) == ["no_such_state"]


# --- What it refuses ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("do", ["open", "history"])
def test_a_company_reads_nothing_of_another(workshop: Workshop, beta: Workshop, do: str) -> None:
    save(workshop, {"products": "秘密の製品"})
    assert "秘密の製品" not in json.dumps(ask(beta, do), ensure_ascii=False)


@pytest.mark.parametrize("do", ["save", "submit", "withdraw", "restore", "undo", "reorder", "add"])
def test_a_company_changes_nothing_of_another(workshop: Workshop, beta: Workshop, do: str) -> None:
    save(workshop, {"products": "秘密の製品"})
    before = workshop.history(PROFILE, ALPHA)
    reply = ask(beta, do, changes={"products": "x"}, revision=1, added={"": {"products": "x"}}, rows=[""])
    assert reply.get("faults") or reply["problems"]
    assert "秘密の製品" not in json.dumps(reply, ensure_ascii=False)
    assert workshop.history(PROFILE, ALPHA) == before


@pytest.mark.parametrize(
    "message",
    [
        {},
        {"do": "erase", "worksheet": PROFILE, "subject": ALPHA},
        {"do": "open", "worksheet": PROFILE},
        {"do": "open", "worksheet": PROFILE, "subject": ALPHA, "seat": "custodian"},
        {"do": "save", "worksheet": PROFILE, "subject": ALPHA, "changes": ["products"]},
        {
            "do": "save",
            "worksheet": STEP1,
            "subject": ALPHA,
            "row": "../x",
            "changes": {"business_area": "x"},
        },
        {
            "do": "save",
            "worksheet": STEP1,
            "subject": ALPHA,
            "row": "a" * 300,
            "changes": {"business_area": "x"},
        },
        {"id": {"nested": 1}, "do": "open", "worksheet": PROFILE, "subject": ALPHA},
        {"do": "add", "worksheet": STEP1, "subject": ALPHA, "added": {"../x": {"business_area": "x"}}},
        {"do": "add", "worksheet": STEP1, "subject": ALPHA, "added": {"r1": ["business_area"]}},
        {"do": "withdraw", "worksheet": STEP1, "subject": ALPHA, "rows": ["r1", "../x"]},
        {"do": "reorder", "worksheet": STEP1, "subject": ALPHA, "rows": ["~order"]},
        {"do": "reorder", "worksheet": STEP1, "subject": ALPHA, "rows": "r1"},
        {"do": "read", "worksheet": STEP1, "subject": ALPHA, "cells": [["x", 1]]},
        {"do": "stuck", "worksheet": STEP1, "subject": ALPHA, "field": ["issue"]},
    ],
)
def test_a_message_that_no_form_sends_is_refused(workshop: Workshop, message: dict[str, Any]) -> None:
    assert faults(forms.reply(workshop, message)) == ["not_understood"]
    assert workshop.revision() == 0


@pytest.mark.parametrize(
    ("changed", "rule"),
    [
        ({"worksheet": "no_such_sheet"}, "unknown_worksheet"),
        ({"subject": "company:gamma"}, "unknown_subject"),
        ({"subject": "session:dd_practice"}, "wrong_subject"),
        ({"row": "r1"}, "row_unexpected"),
        ({"worksheet": STEP1}, "row_missing"),
    ],
)
def test_a_message_for_a_place_that_is_not_there_is_refused(
    workshop: Workshop, changed: dict[str, str], rule: str
) -> None:
    message = {"do": "save", "worksheet": PROFILE, "subject": ALPHA, "changes": {"products": "x"}, **changed}
    assert faults(forms.reply(workshop, message)) == [rule]
    assert workshop.revision() == 0


def test_an_unknown_field_is_refused_and_the_others_are_stored(workshop: Workshop) -> None:
    saved = save(workshop, {"products": "めっき", "no_such_field": "x"})
    assert list(saved["refused"]) == ["no_such_field"]
    assert saved["row"]["answers"] == {"products": "めっき"}
