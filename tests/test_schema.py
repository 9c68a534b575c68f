"""Whatever is asked of the responses is found by an index, however many there are."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import pytest
import sqlalchemy as sa

from spp_workshop import schema, sessions
from spp_workshop.batch.changes import reached_since
from spp_workshop.seats import Seat
from spp_workshop.store import Place, Store
from spp_workshop.workshop import Workshop

PLACE = Place("company:alpha", "issues_found", "r1")
ALPHA, FACILITATOR = Seat.company("alpha"), Seat.facilitator("dd_practice")


def ask_everything(seat: Seat) -> Callable[[Workshop], object]:
    """Whatever a document or a form asks from this seat."""

    def ask(workshop: Workshop) -> object:
        seen = workshop.seated(seat)
        seen.own_rows()
        frames = [frame for names in (seen.frames, seen.standings) for frame in names.values()]
        return frames, seen.stamp(), [seen.rows(name, "company:alpha") for name in seen.worksheets]

    return ask


ASKED: dict[str, Callable[[Workshop], object]] = {
    "one worksheet": lambda workshop: workshop.store.latest("issues_found"),
    "one company": lambda workshop: workshop.store.latest(subject="company:alpha"),
    "one company's worksheet": lambda workshop: workshop.store.latest("issues_found", "company:alpha"),
    "one line of a list": lambda workshop: workshop.store.latest("attendance", row="alpha"),
    "several groups": lambda workshop: workshop.store.latest("discussion_notes", ["group:a", "group:b"]),
    "marks": lambda workshop: workshop.store.marks(["issues_found", "release"], ["company:alpha"]),
    "standing": lambda workshop: workshop.store.standing("issues_found"),
    "rows": lambda workshop: workshop.store.rows(["issues_found", "release"]),
    "a company's rows": lambda workshop: workshop.store.rows(["issues_found"], ["company:alpha"]),
    "orders": lambda workshop: workshop.store.latest(["issues_found", "release"], row="~order"),
    "history": lambda workshop: workshop.history("issues_found", "company:alpha", "r1"),
    "newest": lambda workshop: workshop.store.newest(PLACE),
    "one revision": lambda workshop: workshop.store.at([(PLACE, 1)]),
    "revision": lambda workshop: workshop.revision(),
    "head": lambda workshop: workshop.store.head(),
    "a save": lambda workshop: workshop.save(
        "issues_found", {"situation": "b"}, subject="company:alpha", row="r1", based_on=1
    ),
    "what is new": lambda workshop: reached_since(workshop, datetime(2026, 10, 1, tzinfo=UTC)),
    "progress": lambda workshop: sessions.returned(workshop, ["issues_found"]),
    "a company's seat": ask_everything(ALPHA),
    "a facilitator's seat": ask_everything(FACILITATOR),
    "the organiser's seat": ask_everything(Seat.organiser()),
    "the custodian's seat": ask_everything(Seat.custodian()),
}


@contextmanager
def listening(store: Store) -> Iterator[list[tuple[str, Any]]]:
    """Every statement that is sent to the store meanwhile, with its values."""
    said: list[tuple[str, Any]] = []

    def note(_connection: Any, _cursor: Any, statement: str, values: Any, *_: Any) -> None:
        said.append((statement, values))

    sa.event.listen(store.engine, "before_cursor_execute", note)
    yield said
    sa.event.remove(store.engine, "before_cursor_execute", note)


def scans(store: Store, said: list[tuple[str, Any]]) -> set[str]:
    """The statements that go through all responses, by SQLite's own account."""
    found = set()
    with store.engine.connect() as connection:
        for statement, values in said:
            plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values).mappings()
            if any(step["detail"].startswith("SCAN response") for step in plan):
                found.add(statement)
    return found


def responses(said: list[tuple[str, Any]]) -> list[tuple[str, Any]]:
    return [(statement, values) for statement, values in said if statement.startswith(("SELECT", "INSERT"))]


@pytest.fixture
def written(workshop: Workshop) -> Workshop:
    for key in ("alpha", "beta"):
        company = workshop.seated(Seat.company(key))
        company.save("issues_found", {"situation": "a"}, row="r1")
        company.release("issues_found", f"company:{key}", "r1", fields=["situation"], audience="programme")
        workshop.save("attendance", {"in_room": 2}, subject="session:dd_practice", row=key)
    return workshop


@pytest.mark.parametrize("name", ASKED)
def test_no_question_goes_through_all_responses(written: Workshop, name: str) -> None:
    with listening(written.store) as said:
        ASKED[name](written)
    asked = responses(said)
    assert asked
    assert scans(written.store, asked) == set()


def test_a_question_that_goes_through_all_responses_would_be_found(written: Workshop) -> None:
    with listening(written.store) as said, written.store.engine.connect() as connection:
        connection.execute(sa.select(schema.RESPONSE.c.seq).where(schema.RESPONSE.c.author == "x"))
    assert len(scans(written.store, said)) == 1


def test_how_far_all_are_is_told_from_the_index_alone(written: Workshop) -> None:
    with listening(written.store) as said:
        written.store.standing("issues_found")
    (statement, values), *_ = said
    with written.store.engine.connect() as connection:
        plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values).mappings()
        assert "COVERING INDEX response_by_worksheet" in plan.one()["detail"]


def effort(workshop: Workshop, ask: Callable[[], object]) -> int:
    """How many steps SQLite's machine takes."""
    steps = [0]

    def count() -> None:
        steps[0] += 1

    raw = workshop.store.engine.raw_connection()
    raw.driver_connection.set_progress_handler(count, 1)
    raw.close()  # back to the pool, from which the next question takes it
    ask()
    raw = workshop.store.engine.raw_connection()
    raw.driver_connection.set_progress_handler(None, 0)
    raw.close()
    return steps[0]


def test_what_others_write_costs_a_companys_documents_nothing(workshop: Workshop, alpha: Workshop) -> None:
    def ask() -> object:
        own = workshop.seated(ALPHA)
        company_sheets = [name for name, sheet in own.worksheets.items() if sheet.share != "programme"]
        return own.own_rows(), own.stamp(), [own.rows(name, "company:alpha") for name in company_sheets]

    alpha.save("issues_found", {"situation": "a"}, row="r1")
    ask()  # SQLite looks at its schema when it is first asked
    before = effort(workshop, ask)
    beta = workshop.seated(Seat.company("beta"))
    for number in range(40):
        beta.save("issues_found", {"situation": str(number)}, row=f"r{number}")
        workshop.save("attendance", {"in_room": 2}, subject="session:dd_practice", row=f"other{number}")
    # Reading what is the same for all of them is not counted: it is kept until the next save.
    workshop.seated(ALPHA).stamp()
    assert before > 100
    assert (
        effort(workshop, ask) < before + 20
    )  # 80 rows of others, and no more than a few steps to pass them by
