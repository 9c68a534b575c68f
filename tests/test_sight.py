"""What a seat sees is what the rules allow, told here the slow way: read everything, then leave out."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from conftest import GAMMA, HEAD, PROGRAMME
from hypothesis import given, settings
from hypothesis import strategies as st

from spp_workshop import analysis, programme, sessions
from spp_workshop.schema import RESPONSE
from spp_workshop.seats import Seat
from spp_workshop.sight import Sight
from spp_workshop.store import Entry, Place, Revision, Store
from spp_workshop.storefile import open_store
from spp_workshop.visibility import RELEASE, as_released, is_released_to, may_read
from spp_workshop.worksheet import Worksheet
from spp_workshop.workshop import Workshop, load_definitions, open_workshop

GROUP_B = "      - {key: b, name: {ja: B班, en: Group B}, companies: [beta, gamma]}\n"
EARLIER = "    groups: [{key: c, name: {ja: C班, en: Group C}, companies: [gamma, alpha]}]\n"
SECOND = "  - key: dd_practice\n"
THREE = PROGRAMME.replace(HEAD, HEAD + GAMMA).replace(SECOND, EARLIER + SECOND) + GROUP_B
COMPANIES = ("alpha", "beta", "gamma")
SEATS = (
    *map(Seat.company, COMPANIES),
    Seat.custodian(),
    Seat.organiser(),
    Seat.projector(),
    Seat.facilitator("dd_practice"),
    Seat.facilitator("dd_preparation"),
)
# By subject the worksheets of each kind of sharing.
SHEETS = {
    "company": ("issues_found", "closing_presentation", "declaration", RELEASE),
    "group": ("discussion_notes", "group_presentation"),
    "session": ("attendance", "session_record", "session_feedback"),
}
SUBJECTS = {
    "company": [f"company:{key}" for key in COMPANIES],
    "group": ["group:dd_practice.a", "group:dd_practice.b", "group:dd_preparation.c"],
    "session": ["session:dd_practice", "session:dd_preparation"],
}


@dataclass
class Small:
    """A small programme in memory, and the sight that is tested."""

    store: Store
    programme: programme.Programme
    worksheets: dict[str, Worksheet]

    @property
    def sight(self) -> Sight:
        return Sight(self.store, self.programme, self.worksheets)


@pytest.fixture(scope="module")
def defined(tmp_path_factory: pytest.TempPathFactory) -> tuple[programme.Programme, dict[str, Worksheet]]:
    folder = tmp_path_factory.mktemp("three")
    (folder / "programme.yaml").write_text(THREE, encoding="utf-8")
    return programme.load(folder), load_definitions(folder)[1]


def small(defined: Any, folder: Path) -> Small:
    return Small(hurried(open_store(folder / "workshop.db")), *defined)


def hurried(store: Store) -> Store:
    """Without waiting for the disk: nothing here outlives its test."""
    with store.engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA synchronous=OFF")
    return store


# --- The slow way -------------------------------------------------------------------------------------------


def slowly(
    small: Small, seat: Seat, sheet: Worksheet, subject: str = "", session: str | None = None
) -> list[Revision]:
    rows = [
        row
        for row in small.store.latest()
        if row.place.worksheet == sheet.name
        and row.status != "withdrawn"
        and subject in ("", row.place.subject)
        and session in (None, row.place.session)
        and may_read(seat, sheet, row, small.programme)
    ]
    if seat.role == "custodian" or sheet.subject != "company":
        return rows
    return rows + [row for row in _released(small, seat, sheet) if subject in ("", row.place.subject)]


def _released(small: Small, seat: Seat, sheet: Worksheet) -> Iterator[Revision]:
    for release in small.store.latest():
        said = release.answers
        if release.place.worksheet != RELEASE or said.get("of_worksheet") != sheet.name:
            continue
        if release.place.subject != seat.subject and is_released_to(seat, release, small.programme):
            place = Place(release.place.subject, sheet.name, said.get("of_row", ""))
            yield from (
                as_released(revision, release)
                for revision in small.store.history(place)
                if revision.revision == said.get("of_revision")
            )


def progress_slowly(workshop: Workshop, names: list[str]) -> dict[str, dict[str, str]]:
    found: dict[str, dict[str, str]] = {}
    for name in names:
        frame = workshop.frames[name]
        for company in workshop.companies:
            own = [line.status for line in frame.itertuples() if line.company == company.key]
            done = "submitted" if all(status == "submitted" for status in own) else "draft"
            found.setdefault(name, {})[company.key] = done if own else "none"
    return found


# --- Random stores ------------------------------------------------------------------------------------------


@st.composite
def saves(draw: st.DrawFn) -> tuple[Place, dict[str, Any], str]:
    """One save, wherever; a release shows a row that may or may not be there."""
    kind = draw(st.sampled_from(sorted(SHEETS)))
    sheet = draw(st.sampled_from(SHEETS[kind]))
    place = Place(
        draw(st.sampled_from(SUBJECTS[kind])),
        sheet,
        draw(st.sampled_from(COMPANIES)),
        draw(st.sampled_from(("", "dd_practice"))) if kind == "group" else "",
    )
    answers: dict[str, Any] = {"situation": draw(st.sampled_from("xyz")), "in_room": 1}
    if sheet == RELEASE:
        answers = {
            "of_worksheet": draw(st.sampled_from(SHEETS["company"][:3])),
            "of_row": draw(st.sampled_from(COMPANIES)),
            "of_revision": draw(st.integers(1, 2)),
            "fields": "situation",
            "audience": draw(st.sampled_from(("programme", "group", "organiser", "facilitator"))),
        }
    return place, answers, draw(st.sampled_from(("draft", "submitted", "submitted", "withdrawn")))


def save(store: Store, place: Place, answers: dict[str, Any], status: str) -> None:
    newest = store.newest(place)
    store.append(place, answers, Entry("x", 1, newest.revision if newest else 0, status))


@settings(max_examples=25)
@given(written=st.lists(saves(), max_size=25))
def test_a_seat_sees_what_the_rules_allow_and_in_the_same_order(
    tmp_path_factory: pytest.TempPathFactory, defined: Any, written: list[Any]
) -> None:
    here = small(defined, tmp_path_factory.mktemp("s"))
    for one in written:
        save(here.store, *one)
    sight = here.sight
    for kind, names in SHEETS.items():
        for sheet in (here.worksheets[name] for name in names):
            for seat in SEATS:
                assert sight.rows(seat, sheet) == slowly(here, seat, sheet)
                for subject in SUBJECTS[kind]:
                    assert sight.rows(seat, sheet, subject, "") == slowly(here, seat, sheet, subject, "")
    here.store.engine.dispose()


@settings(max_examples=20)
@given(written=st.lists(saves(), max_size=12), then=st.lists(saves(), min_size=1, max_size=4))
def test_what_changes_for_a_seat_changes_its_stamp(
    tmp_path_factory: pytest.TempPathFactory, defined: Any, written: list[Any], then: list[Any]
) -> None:
    here = small(defined, tmp_path_factory.mktemp("s"))

    def seen(seat: Seat) -> list[Any]:
        return [(row.place, row.answers, row.status) for sheet in sheets for row in slowly(here, seat, sheet)]

    sheets, sight = [here.worksheets[name] for names in SHEETS.values() for name in names], here.sight
    for one in written:
        save(here.store, *one)
    before = {seat: (seen(seat), sight.stamp(seat)) for seat in SEATS}
    assert before == {seat: (seen(seat), here.sight.stamp(seat)) for seat in SEATS}
    for one in then:
        save(here.store, *one)
    for seat in SEATS:
        if seen(seat) != before[seat][0]:
            assert sight.stamp(seat) != before[seat][1]
    here.store.engine.dispose()


@settings(max_examples=12)
@given(written=st.lists(saves(), max_size=25))
def test_progress_is_the_same_with_and_without_reading_answers(
    tmp_path_factory: pytest.TempPathFactory, written: list[Any]
) -> None:
    folder = tmp_path_factory.mktemp("s")
    (folder / "programme.yaml").write_text(THREE, encoding="utf-8")
    workshop = open_workshop(folder)
    hurried(workshop.store)
    for one in written:
        save(workshop.store, *one)
    names = [name for names in SHEETS.values() for name in names]
    for seat in (Seat.custodian(), Seat.company("alpha"), Seat.facilitator("dd_practice")):
        seen = workshop.seated(seat)
        slow = progress_slowly(seen, names)
        for frames in (seen.frames, seen.standings):
            assert analysis.progress(frames, seen.companies, names).to_dict() == slow
        # Totals are those of all answers, from whichever seat the session is led.
        everybody = progress_slowly(seen.totals, names)
        counted = sessions.returned(seen, names).set_index("worksheet")
        for name in names:
            told = list(everybody[name].values())
            assert [*counted.loc[name]] == [told.count(state) for state in sessions.STATES]
    workshop.store.engine.dispose()


REACHES = {
    "programme": {"beta", "gamma", "organiser", "projector", "facilitator"},
    "group": {"gamma", "facilitator"},
    "organiser": {"organiser", "facilitator"},
    "facilitator": {"facilitator"},
}


@pytest.mark.parametrize("audience", REACHES)
def test_a_release_changes_the_stamps_of_those_whom_it_reaches(
    defined: Any, tmp_path: Path, audience: str
) -> None:
    here = small(defined, tmp_path)
    seats = [*map(Seat.company, ("beta", "gamma")), Seat.organiser(), Seat.projector()]
    named = {seat.company_key or seat.role: seat for seat in [*seats, Seat.facilitator("dd_practice")]}

    def stamps() -> dict[str, str]:
        return {name: here.sight.stamp(seat) for name, seat in named.items()}

    row, release = (Place("company:alpha", name, "r1") for name in ("issues_found", RELEASE))
    save(here.store, row, {"situation": "x"}, "draft")
    before = stamps()
    shown = {"of_worksheet": "issues_found", "of_row": "r1", "of_revision": 1, "fields": "situation"}
    save(here.store, release, {**shown, "audience": audience}, "submitted")
    after = stamps()
    assert {name for name in named if after[name] != before[name]} == REACHES[audience]
    save(here.store, row, {"situation": "later"}, "draft")
    assert stamps() == after
    save(here.store, release, {}, "withdrawn")
    assert stamps() == before


def test_a_row_that_came_and_went_leaves_a_companys_stamp_as_it_was(defined: Any, tmp_path: Path) -> None:
    here, alpha = small(defined, tmp_path), Seat.company("alpha")
    before = here.sight.stamp(alpha)
    place = Place("company:alpha", "issues_found", "r1")
    save(here.store, place, {"situation": "x"}, "draft")
    assert here.sight.stamp(alpha) != before
    save(here.store, place, {}, "withdrawn")
    assert here.sight.stamp(alpha) == before


def test_a_company_whose_answers_were_erased_has_another_stamp(defined: Any, tmp_path: Path) -> None:
    here, alpha = small(defined, tmp_path), Seat.company("alpha")
    save(here.store, Place("company:alpha", "issues_found", "r1"), {"situation": "x"}, "draft")
    before = here.sight.stamp(alpha)
    with here.store.engine.connect() as connection:
        connection.execute(RESPONSE.update().values(answers="", salt="", source=""))
    assert here.sight.stamp(alpha) != before


# --- Nothing of others --------------------------------------------------------------------------------------


def test_a_companys_documents_read_no_row_of_another_company(defined: Any, tmp_path: Path) -> None:
    here = small(defined, tmp_path)
    for key in COMPANIES:
        for name in ("issues_found", "declaration"):
            save(here.store, Place(f"company:{key}", name, "r1"), {"situation": key}, "draft")
        save(here.store, Place("session:dd_practice", "attendance", key), {"in_room": 1}, "submitted")
    save(here.store, Place("group:dd_practice.b", "discussion_notes", "r1"), {"situation": "b"}, "draft")
    alpha, sight = Seat.company("alpha"), here.sight
    expected = {name: sight.rows(alpha, sheet) for name, sheet in here.worksheets.items()}
    unreadable = RESPONSE.update().where(RESPONSE.c.subject != "company:alpha", RESPONSE.c.row != "alpha")
    with here.store.engine.connect() as connection:
        assert connection.execute(unreadable.values(answers="{not for alpha")).rowcount == 7
    sight = here.sight
    assert {name: sight.rows(alpha, sheet) for name, sheet in here.worksheets.items()} == expected
    assert len(sight.own(alpha)) == 2
    sight.stamp(alpha)
    with pytest.raises(json.JSONDecodeError):
        sight.rows(Seat.custodian(), here.worksheets["issues_found"])


def test_what_is_the_same_for_all_seats_is_read_once_and_again_after_a_save(
    defined: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = small(defined, tmp_path)
    asked: list[str] = []
    latest = Store.latest

    def noted(self: Store, worksheet: Any = None, *others: Any, **bounds: Any) -> list[Revision]:
        asked.append(worksheet)
        return latest(self, worksheet, *others, **bounds)

    monkeypatch.setattr(Store, "latest", noted)
    sight = here.sight
    row = Place("company:alpha", "issues_found", "r1")
    save(here.store, row, {"situation": "x"}, "draft")
    for _ in range(3):
        for key in COMPANIES:
            sight.stamp(Seat.company(key))
    assert asked.count(RELEASE) == 1
    save(here.store, replace(row, row="r2"), {"situation": "x"}, "draft")
    sight.stamp(Seat.company("beta"))
    assert asked.count(RELEASE) == 2


def test_a_group_of_a_session_that_is_no_more_is_seen_by_no_company(defined: Any, tmp_path: Path) -> None:
    here = small(defined, tmp_path)
    place = Place("group:last_year.a", "discussion_notes", "r1")
    save(here.store, place, {"situation": "x"}, "draft")
    sheet = here.worksheets["discussion_notes"]
    assert here.sight.rows(Seat.company("alpha"), sheet) == []
    assert [row.place for row in here.sight.rows(Seat.custodian(), sheet)] == [place]


# --- Several at once ----------------------------------------------------------------------------------------


def test_a_release_that_came_to_nothing_is_shown_to_nobody(tmp_path: Path) -> None:
    """Its number in the store is given to something else, and must not bring back what was looked at then."""
    (tmp_path / "programme.yaml").write_text(THREE, encoding="utf-8")
    workshop = open_workshop(tmp_path)
    alpha, projector = workshop.seated(Seat.company("alpha")), workshop.seated(Seat.projector())
    alpha.save("closing_presentation", {"plan": "secret"})
    workshop.save("closing_presentation", {"plan": "beta"}, subject="company:beta")

    def release_and_fail() -> None:
        with workshop.store.together():
            alpha.release("closing_presentation", "company:alpha", fields=["plan"], audience="programme")
            assert len(projector.records("closing_presentation")) == 1
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        release_and_fail()
    workshop.save("closing_presentation", {"plan": "more"}, subject="company:beta", based_on=1)
    assert projector.records("closing_presentation") == []


def test_threads_that_read_and_write_one_workshop_each_see_their_own(tmp_path: Path) -> None:
    (tmp_path / "programme.yaml").write_text(THREE, encoding="utf-8")
    workshop, wrong = open_workshop(tmp_path), []

    def work(company: str) -> None:
        own = workshop.seated(Seat.company(company))
        for number in range(12):
            own.save("issues_found", {"situation": f"{company} {number}"}, row=f"r{number}")
            if number % 4 == 3:
                row = f"r{number}"
                own.release("issues_found", own.seat.subject, row, fields=["situation"], audience="group")
            texts = [row.answers["situation"] for row in own.rows("issues_found")]
            wrong.extend(text for text in texts if not text.startswith(company))
            others = (one for one in own.records("issues_found") if one["company"] != company)
            wrong.extend(one for one in others if one["row"] not in {"r3", "r7", "r11"})

    threads = [threading.Thread(target=work, args=(company,)) for company in COMPANIES * 2]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []
    assert workshop.store.verify() == []
