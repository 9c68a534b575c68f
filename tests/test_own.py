"""What a summary reads of the store: as much as it needs, and once."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from inspect import isfunction
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from spp_workshop import analysis, reports
from spp_workshop.analysis.rows import rows
from spp_workshop.reports.company import CompanySummary
from spp_workshop.schema import ORDER
from spp_workshop.seats import Seat
from spp_workshop.workshop import Workshop, open_workshop

RISK = {"event": "Acid burns the eyes", "actuality": "potential", "vulnerable": "no"}
LAST_DAY = "2027-03-31"


@pytest.fixture
def workshop(workshop: Workshop) -> Workshop:
    """Both companies have risks, an action and people in the room, and let all see a part of it."""
    for company in ("alpha", "beta"):
        own = workshop.seated(Seat.company(company))
        own.save("step2_harm_process", RISK | {"event": f"Burns at {company}"}, row="acid")
        own.save("action_plan", {"measure": f"Pumps at {company}"}, row="acid")
        own.release("action_plan", f"company:{company}", "acid", fields=["measure"], audience="programme")
        heads = {"company": company, "in_room": 2, "online": 0}
        workshop.save("attendance", heads, subject="session:dd_practice", row=company)
    return workshop


@contextmanager
def queries(workshop: Workshop) -> Iterator[list[tuple[str, Any]]]:
    """What is asked of the store meanwhile: statements with their values."""
    said: list[tuple[str, Any]] = []

    def note(_connection: Any, _cursor: Any, statement: str, values: Any, *_rest: Any) -> None:
        said.append((statement, values))

    sa.event.listen(workshop.store.engine, "before_cursor_execute", note)
    yield said
    sa.event.remove(workshop.store.engine, "before_cursor_execute", note)


def show_all(document: Any) -> None:
    for name, part in vars(type(document)).items():
        if isfunction(part) and not name.startswith("_"):
            part(document)


def summary(workshop: Workshop, company: str = "alpha") -> CompanySummary:
    return reports.company_summary(workshop.seated(Seat.company(company)), LAST_DAY)


def test_a_whole_summary_asks_the_store_twice(workshop: Workshop) -> None:
    with queries(workshop) as said:
        show_all(summary(workshop))
    # What the company wrote, and where the secretariat has it in its lists; however many sections there are.
    assert [values for _, values in said] == [("company:alpha",), ("attendance", "alpha")]


def test_a_summary_that_is_shown_twice_asks_no_more(workshop: Workshop) -> None:
    document = summary(workshop)
    show_all(document)
    with queries(workshop) as said:
        show_all(document)
    assert said == []


def test_a_summary_reads_no_row_of_another_company(
    workshop: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[str] = []
    genuine = workshop.store.latest

    def latest(*which: Any, **bounds: Any) -> list[Any]:
        found = genuine(*which, **bounds)
        read.extend(f"{row.place.subject} {row.place.row}" for row in found)
        return found

    document = summary(workshop)
    monkeypatch.setattr(type(document.workshop.store), "latest", lambda _self, *a, **b: latest(*a, **b))
    show_all(document)
    others = {row for row in read if not row.startswith("company:alpha ")}
    assert others == {"session:dd_practice alpha"}
    assert len(read) == 4  # and a risk, an action, and what was released of it


def test_the_report_reads_each_worksheet_once(workshop: Workshop) -> None:
    document = reports.programme_report(workshop, LAST_DAY)
    with queries(workshop) as said:
        show_all(document)
    # Beside their answers, the order of carried rows is that of the sheet that they come from.
    said_all = [(statement, values) for statement, values in said if ORDER not in values]
    asked = [values[0] for statement, values in said_all if "response.answers" in statement]
    assert len(asked) == len(set(asked))
    answers, places, orders = len(asked), 2, 2
    assert len(said) == answers + places + orders
    assert {"attendance", "step2_harm_process", "action_plan", "session_record"} <= set(asked)


@pytest.mark.parametrize(("module", "name"), [("priorities", "ranked"), ("actions", "planned")])
def test_risks_and_actions_are_worked_out_once_for_the_summary_and_once_for_its_state(
    workshop: Workshop, monkeypatch: pytest.MonkeyPatch, module: str, name: str
) -> None:
    genuine = getattr(import_module(f"spp_workshop.analysis.{module}"), name)
    calls: list[int] = []

    def counted(*of: Any) -> Any:
        calls.append(1)
        return genuine(*of)

    for user in ("spp_workshop.reports.own", "spp_workshop.analysis.completion"):
        monkeypatch.setattr(import_module(user), name, counted)
    show_all(summary(workshop))
    assert len(calls) == 2


def test_rows_without_a_frame_are_the_rows_of_the_frame(workshop: Workshop) -> None:
    for document in (summary(workshop), reports.programme_report(workshop, LAST_DAY)):
        read = document.own if isinstance(document, CompanySummary) else document.answers
        for name in workshop.worksheets:
            assert read.rows(name) == rows({name: read[name]}, name), name


def test_analysis_of_rows_and_of_frames_is_the_same(workshop: Workshop) -> None:
    read = reports.programme_report(workshop, LAST_DAY).answers
    for finding in (analysis.priorities, analysis.actions, analysis.readiness):
        of_rows, of_frames = (finding(frames, workshop.levels) for frames in (read, workshop.frames))
        assert of_rows.equals(of_frames)
        assert of_rows.dtypes.equals(of_frames.dtypes)


def test_a_thousand_companies_are_one_list_of_choices_for_all_who_open_the_folder(folder: Path) -> None:
    file = folder / "programme.yaml"
    os.utime(file, (1_000_000_000, 1_000_000_000))
    first, second = (open_workshop(folder).choices["companies"] for _ in range(2))
    assert first is second
    file.write_text(
        file.read_text(encoding="utf-8").replace("Alpha Surface", "Alpha & Sons"), encoding="utf-8"
    )
    assert open_workshop(folder).choices["companies"].label("alpha", "en") == "Alpha & Sons"
