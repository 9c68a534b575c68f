"""A file that comes a second time, corrected: its own earlier answers are no one else's."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from spp_workshop.workbook.annotating import annotated
from spp_workshop.workbook.applying import apply
from spp_workshop.workbook.importing import import_files
from spp_workshop.workshop import Workshop

from .edited import Edited, judged, put, sent, states, values

LIST, PLAIN = "issues_found", "company_profile"
MORE = {"sites": 2, "foreign_workers": 3, "technical_interns": 1}
FIRST = {"situation": "換気が弱い", "insight": "気付き", "issue": "ないもの"}


def filled(content: bytes, **answers: Any) -> Edited:
    edited = Edited(content)
    edited.fill(LIST, 0, **(answers or FIRST))
    edited.answer(PLAIN, employees=48, products="めっき", policy_date="2026-01-20", **MORE)
    return edited


@pytest.fixture
def content(workshop: Workshop) -> bytes:
    """The workbook as it went out."""
    return sent(workshop)


def test_what_a_company_corrects_in_its_own_file_is_changed_and_no_conflict(
    alpha: Workshop, workshop: Workshop, content: bytes
) -> None:
    edited = filled(content)
    apply(workshop, judged(workshop, edited.saved()))
    edited.fill(LIST, 0, situation="換気がとても弱い", issue="労働安全衛生", insight=None)
    edited.answer(PLAIN, employees=49)
    found = judged(workshop, edited.saved())
    assert states(found) == {
        (LIST, "situation"): "changed", (LIST, "issue"): "new", (LIST, "insight"): "cleared",
        (PLAIN, "employees"): "changed",
    }  # fmt: skip
    apply(workshop, found)
    assert alpha.rows(LIST)[0].answers == {
        "situation": "換気がとても弱い", "issue": "occupational_safety_health"
    }  # fmt: skip
    assert alpha.rows(PLAIN)[0].answers == {
        "employees": 49, "products": "めっき", "policy_date": "2026-01-20", "sites": "2",
        "foreign_workers": 3, "technical_interns": 1,
    }  # fmt: skip
    # And a third time.
    edited.answer(PLAIN, employees=50)
    assert values(apply(workshop, judged(workshop, edited.saved()))) == {"employees": 50}


def test_the_same_for_the_marked_copy_of_a_dry_run(
    alpha: Workshop, workshop: Workshop, content: bytes
) -> None:
    first = judged(workshop, filled(content).saved())
    copy = Edited(annotated(workshop, first))
    apply(workshop, first)
    copy.fill(LIST, 0, situation="書き直した", issue="労働安全衛生")
    found = judged(workshop, copy.saved())
    assert states(found) == {(LIST, "situation"): "changed", (LIST, "issue"): "new"}


def test_what_somebody_else_changed_meanwhile_is_still_a_conflict(
    alpha: Workshop, workshop: Workshop, content: bytes
) -> None:
    edited = filled(content)
    apply(workshop, judged(workshop, edited.saved()))
    (row,) = alpha.rows(LIST)
    alpha.save(LIST, {"situation": "画面で変えた"}, row=row.row, based_on=row.revision)
    edited.fill(LIST, 0, situation="ブックで変えた", insight="二つ目")
    assert states(judged(workshop, edited.saved())) == {
        (LIST, "situation"): "conflict", (LIST, "insight"): "changed", (LIST, "issue"): "wrong"
    }  # fmt: skip


def test_a_colleagues_copy_of_the_workbook_is_in_conflict_with_what_was_sent_first(
    alpha: Workshop, workshop: Workshop, content: bytes
) -> None:
    apply(workshop, judged(workshop, filled(content).saved()))
    other = Edited(content)
    other.fill(LIST, 0, situation="同僚が書いた", insight="別のこと")
    found = judged(workshop, other.saved())
    assert states(found) == {(LIST, "situation"): "conflict", (LIST, "insight"): "conflict"}
    apply(workshop, found)
    assert alpha.rows(LIST)[0].answers == {"situation": "換気が弱い", "insight": "気付き"}


def test_the_first_file_found_again_after_its_correction_takes_nothing_back(
    alpha: Workshop, workshop: Workshop, content: bytes, tmp_path: Path
) -> None:
    edited = filled(content)
    first = put(tmp_path, "first.xlsx", edited.saved())
    edited.answer(PLAIN, employees=49)
    second = put(tmp_path, "second.xlsx", edited.saved())
    import_files(workshop, [first], store=True)
    import_files(workshop, [second], store=True)
    revision = workshop.revision()
    for files in ([first], [second], [first, second], [second, first]):
        outcome = import_files(workshop, files, store=True)
        assert {state for found in outcome.judged for state in states(found).values()} == {"wrong"}
    assert workshop.revision() == revision
    assert alpha.rows(PLAIN)[0].answers["employees"] == 49


def test_a_row_that_was_withdrawn_after_its_file_came_stays_withdrawn_when_it_comes_again(
    alpha: Workshop, workshop: Workshop, content: bytes
) -> None:
    edited = filled(content)
    apply(workshop, judged(workshop, edited.saved()))
    (row,) = alpha.rows(LIST)
    alpha.withdraw(LIST, "", row.row)
    found = apply(workshop, judged(workshop, edited.saved()))
    assert [one.state for one in found.told if one.row == row.row] == ["ignored"]
    assert alpha.rows(LIST) == []


def test_whoever_says_that_the_file_holds_gets_what_is_in_it(
    alpha: Workshop, workshop: Workshop, content: bytes
) -> None:
    came = filled(content).saved()
    apply(workshop, judged(workshop, came))
    alpha.save(PLAIN, {"employees": 1}, based_on=1)
    assert (PLAIN, "employees") not in states(judged(workshop, came))
    apply(workshop, judged(workshop, came, overwrite=True))
    assert alpha.rows(PLAIN)[0].answers["employees"] == 48
