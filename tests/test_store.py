from __future__ import annotations

import sqlite3
import subprocess
import sys
import textwrap
import threading
from dataclasses import replace
from pathlib import Path

import pytest
import sqlalchemy as sa
from hypothesis import given, settings
from hypothesis import strategies as st

from spp_workshop.errors import AnswerError, ConflictError, Problem, StoreError, message
from spp_workshop.schema import RESPONSE
from spp_workshop.store import Entry, Place, Store
from spp_workshop.storefile import VERSION, _create, open_store

HERE = Place("company:alpha", "step1", "r1")
ENTRY = Entry("custodian", version=1)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return open_store(tmp_path / "workshop.db")


def save(store: Store, changes: dict, based_on: int = 0, place: Place = HERE, **how) -> int:
    return store.append(place, changes, replace(ENTRY, based_on=based_on, **how)).revision


def test_a_correction_is_a_new_revision_and_the_old_one_stays(store: Store) -> None:
    save(store, {"issue": "wages"})
    save(store, {"issue": "hours"}, 1)
    assert [r.answers["issue"] for r in store.history(HERE)] == ["wages", "hours"]
    assert [r.revision for r in store.latest("step1")] == [2]


def test_the_same_answer_again_is_not_stored_twice(store: Store) -> None:
    save(store, {"issue": "wages"})
    assert save(store, {"issue": "wages"}, 1) == 1
    assert store.revision() == 1


def test_fields_that_nobody_else_touched_merge_by_themselves(store: Store) -> None:
    save(store, {"issue": "wages", "stage": "own"})
    save(store, {"issue": "hours"}, 1)
    save(store, {"stage": "buying"}, 1)
    assert store.latest("step1")[0].answers == {"issue": "hours", "stage": "buying"}


def test_a_field_that_somebody_touched_is_a_conflict_with_both_values(store: Store) -> None:
    save(store, {"issue": "wages"})
    save(store, {"issue": "hours"}, 1)
    with pytest.raises(ConflictError) as caught:
        save(store, {"issue": "safety"}, 1)
    assert caught.value.theirs == {"issue": "hours"}
    assert caught.value.yours == {"issue": "safety"}
    assert store.revision() == 2


def test_two_people_who_type_the_same_are_not_in_conflict(store: Store) -> None:
    save(store, {"issue": "wages"})
    save(store, {"issue": "hours"}, 1)
    assert save(store, {"issue": "hours"}, 1) == 2


def test_clearing_an_answer_takes_it_out_and_keeps_it_in_the_history(store: Store) -> None:
    save(store, {"issue": "wages", "stage": "own"})
    save(store, {"stage": None}, 1)
    assert store.latest("step1")[0].answers == {"issue": "wages"}
    assert store.history(HERE)[0].answers["stage"] == "own"


def test_a_refused_save_leaves_nothing_behind(store: Store) -> None:
    def refuse(answers: dict) -> None:
        raise AnswerError(Problem("", "no", message("No."), message("Stop.")))

    with pytest.raises(AnswerError):
        store.append(HERE, {"issue": "wages"}, ENTRY, refuse)
    assert store.revision() == 0


def test_rows_come_in_the_order_in_which_they_were_entered(store: Store) -> None:
    for row in ("r2", "r1"):
        save(store, {"issue": "wages"}, place=replace(HERE, row=row))
    save(store, {"issue": "hours"}, 1, place=replace(HERE, row="r2"))
    assert [r.place.row for r in store.latest("step1")] == ["r2", "r1"]


def test_the_chain_holds_and_shows_a_changed_answer(store: Store) -> None:
    save(store, {"issue": "wages"})
    save(store, {"issue": "hours"}, 1)
    assert store.verify() == []
    with store.engine.connect() as connection:
        connection.execute(RESPONSE.update().where(RESPONSE.c.seq == 1).values(answers='{"issue":"x"}'))
    assert store.verify() == [1]


def test_the_chain_shows_a_deleted_revision(store: Store) -> None:
    for based_on, issue in enumerate(("wages", "hours", "safety")):
        save(store, {"issue": issue}, based_on)
    with store.engine.connect() as connection:
        connection.execute(RESPONSE.delete().where(RESPONSE.c.seq == 2))
    assert store.verify() == [3]


def test_the_chain_still_holds_when_an_answer_is_erased(store: Store) -> None:
    save(store, {"issue": "wages"})
    with store.engine.connect() as connection:
        connection.execute(RESPONSE.update().values(answers="", salt="", source=""))
    assert store.verify() == []


def test_equal_answers_have_different_digests_so_a_guess_cannot_be_confirmed(store: Store) -> None:
    save(store, {"issue": "wages"})
    save(store, {"issue": "wages"}, place=replace(HERE, row="r2"))
    first, second = store.latest("step1")
    assert first.digest != second.digest


def test_thirty_writers_at_once_lose_nothing(store: Store) -> None:
    def write(name: int) -> None:
        for number in range(3):
            save(store, {f"by{name}_{number}": number})

    writers = [threading.Thread(target=write, args=(name,)) for name in range(30)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert len(store.latest("step1")[0].answers) == 90
    assert [revision.revision for revision in store.history(HERE)] == [*range(1, 91)]
    assert store.verify() == []


@settings(max_examples=30)
@given(saves=st.lists(st.dictionaries(st.sampled_from("abc"), st.one_of(st.none(), st.text())), max_size=6))
def test_the_newest_state_is_every_change_on_top_of_the_last(tmp_path_factory, saves: list[dict]) -> None:
    store = open_store(tmp_path_factory.mktemp("s") / "workshop.db")
    expected: dict = {}
    based_on = 0
    for changes in saves:
        based_on = save(store, changes, based_on)
        expected |= changes
    latest = store.latest("step1")
    kept = {name: value for name, value in expected.items() if value is not None}
    assert (latest[0].answers if latest else {}) == kept
    assert store.verify() == []


# --- Several together ---------------------------------------------------------------------------------------


def row(number: int) -> Place:
    return replace(HERE, row=f"r{number}")


def save_together(store: Store, *numbers: int, text: str = "hours", fail: bool = False) -> None:
    with store.together():
        for number in numbers:
            save(store, {"issue": text}, place=row(number))
        if fail:
            raise ZeroDivisionError


def rows_seen_by_another_program(store: Store) -> int:
    with sqlite3.connect(store.engine.url.database or "") as other:
        return other.execute("select count(*) from response").fetchone()[0]


def test_saves_together_see_one_another_and_are_seen_at_the_end(store: Store) -> None:
    with store.together():
        save(store, {"issue": "wages"})
        assert save(store, {"issue": "hours"}, 1) == 2
        assert [r.answers["issue"] for r in store.history(HERE)] == ["wages", "hours"]
        assert store.rows([HERE.worksheet]) == [HERE]
        assert store.head() == store.by(store.now).head() != ""
        assert rows_seen_by_another_program(store) == 0
    assert rows_seen_by_another_program(store) == 2
    assert store.verify() == []


def test_saves_together_are_all_stored_or_none(store: Store) -> None:
    save(store, {"issue": "wages"})
    with pytest.raises(ZeroDivisionError):
        save_together(store, *range(2, 9), fail=True)
    assert [r.place.row for r in store.latest()] == ["r1"]
    assert save(store, {"issue": "hours"}, 1) == 2
    assert store.verify() == []


def test_one_of_several_that_is_refused_does_not_harm_the_others(store: Store) -> None:
    with store.together():
        save(store, {"issue": "wages"})
        save(store, {"issue": "hours"}, 1)
        with pytest.raises(ConflictError):
            save(store, {"issue": "safety"}, 1)
        with pytest.raises(ZeroDivisionError):
            save_together(store, 2, fail=True)
        save(store, {"issue": "pay"}, place=row(3))
    assert [(r.place.row, r.revision) for r in store.latest()] == [("r1", 2), ("r3", 1)]
    assert store.verify() == []


def test_whoever_reads_in_another_thread_sees_nothing_uncertain(store: Store) -> None:
    seen: list[int] = []
    with store.together():
        save(store, {"issue": "wages"})
        reader = threading.Thread(target=lambda: seen.append(store.revision()))
        reader.start()
        reader.join()
        assert store.revision() == 1
    assert seen == [0]


@pytest.mark.parametrize("pages", [0, 2])
def test_when_the_disk_fills_up_among_several_none_is_stored_and_none_follows(
    store: Store, pages: int
) -> None:
    save(store, {"issue": "wages"})
    with store.engine.connect() as connection:
        size = connection.exec_driver_sql("PRAGMA page_count").scalar()

    @sa.event.listens_for(store.engine, "checkout")
    def limit(connection, *_) -> None:
        connection.execute(f"PRAGMA max_page_count={size + pages}")
        # The pages go to the disk, and find it full, before the end.
        connection.execute("PRAGMA cache_size=1")

    with pytest.raises(StoreError) as caught:
        save_together(store, *range(2, 40), text="x" * 3_000)
    assert caught.value.problems[0].rule == "disk_full"
    sa.event.remove(store.engine, "checkout", limit)
    assert [r.place.row for r in store.latest()] == ["r1"]
    assert store.verify() == []


def test_after_a_transaction_came_to_nothing_by_itself_nothing_is_stored_one_by_one(store: Store) -> None:
    def lose_it() -> None:
        with store.together():
            save(store, {"issue": "wages"})
            with store.transactions.reading() as connection:
                connection.exec_driver_sql("ROLLBACK")  # as SQLite does it when the disk does not write
            with pytest.raises(StoreError):
                save(store, {"issue": "wages"}, place=row(2))

    with pytest.raises(StoreError) as caught:
        lose_it()
    assert caught.value.problems[0].rule == "not_saved"
    assert store.revision() == 0


def test_programs_that_save_together_at_the_same_time_keep_one_chain(tmp_path: Path) -> None:
    path = tmp_path / "workshop.db"
    store = open_store(path)
    program = f"""
        import sys
        from pathlib import Path
        from spp_workshop.store import Entry, Place
        from spp_workshop.storefile import open_store

        store = open_store(Path({str(path)!r}))
        for turn in range(10):
            with store.together():
                for number in range(5):
                    place = Place("company:alpha", "step1", f"{{sys.argv[1]}}t{{turn}}n{{number}}")
                    store.append(place, {{"issue": "x"}}, Entry("seat", version=1))
    """
    others = [
        subprocess.Popen([sys.executable, "-c", textwrap.dedent(program), name]) for name in ("a", "b", "c")
    ]
    assert [other.wait(120) for other in others] == [0, 0, 0]
    assert len(store.latest()) == 150
    assert store.verify() == []


@pytest.mark.skipif(sys.platform == "win32", reason="no process can be killed like this")
def test_a_program_killed_among_several_saves_leaves_all_of_a_group_or_nothing(tmp_path: Path) -> None:
    path = tmp_path / "workshop.db"
    store = open_store(path)
    program = f"""
        import sys
        from pathlib import Path
        from spp_workshop.store import Entry, Place
        from spp_workshop.storefile import open_store

        store = open_store(Path({str(path)!r}))
        for turn in range(1000):
            with store.together():
                for number in range(7):
                    place = Place("company:alpha", "step1", f"t{{turn}}n{{number}}")
                    store.append(place, {{"issue": "x"}}, Entry("seat", version=1))
            print(turn, flush=True)
    """
    with subprocess.Popen([sys.executable, "-c", textwrap.dedent(program)], stdout=subprocess.PIPE) as other:
        assert other.stdout
        told = [int(other.stdout.readline()) for _ in range(20)]
        other.kill()
        told += [int(line) for line in other.stdout.read().splitlines() if line.strip().isdigit()]
    found = [r.place.row for r in store.latest()]
    assert len(found) % 7 == 0
    assert len(found) >= 7 * len(told)
    assert store.verify() == []


def test_a_number_grows_with_saves_about_these_subjects_alone(store: Store) -> None:
    beta = replace(HERE, subject="company:beta")
    save(store, {"issue": "wages"})
    assert (store.revision("company:alpha"), store.revision("company:beta")) == (1, 0)
    save(store, {"issue": "wages"}, place=beta)
    assert (store.revision("company:alpha"), store.revision("company:beta")) == (1, 2)
    assert store.revision("company:alpha", "company:beta") == store.revision() == 2


# --- Opening ----------------------------------------------------------------------------------------------


def rule_of(path: Path) -> str:
    with pytest.raises(StoreError) as caught:
        open_store(path)
    return caught.value.problems[0].rule


def test_a_file_that_is_no_database_is_refused_and_kept(tmp_path: Path) -> None:
    path = tmp_path / "workshop.db"
    path.write_bytes(b"my diary" * 200)
    assert rule_of(path) == "not_a_store"
    assert path.read_bytes() == b"my diary" * 200


def test_another_programs_database_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "workshop.db"
    with sqlite3.connect(path) as connection:
        connection.execute("create table cats (name)")
    assert rule_of(path) == "not_a_store"


def test_an_empty_file_is_no_store(tmp_path: Path) -> None:
    (tmp_path / "workshop.db").touch()
    assert rule_of(tmp_path / "workshop.db") == "not_a_store"


def test_a_store_of_a_newer_toolkit_is_refused_and_not_changed(tmp_path: Path) -> None:
    path = tmp_path / "workshop.db"
    store = open_store(path)
    save(store, {"issue": "wages"})
    with store.engine.connect() as connection:
        connection.exec_driver_sql(f"PRAGMA user_version={VERSION + 1}")
    assert rule_of(path) == "newer_store"
    assert store.revision() == 1


def test_a_store_that_can_only_be_read_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "workshop.db"
    open_store(path)
    monkeypatch.setattr("os.access", lambda *_: False)  # file modes do not bind root, who runs CI
    assert rule_of(path) == "read_only_store"


@pytest.mark.skipif(sys.platform == "win32", reason="rights are told otherwise there")
def test_other_accounts_of_the_machine_cannot_read_a_store(tmp_path: Path) -> None:
    open_store(tmp_path / "workshop.db")
    assert (tmp_path / "workshop.db").stat().st_mode & 0o077 == 0


@pytest.mark.parametrize(
    "name", ["OneDrive", "OneDrive - Acme KK", "Dropbox", "Box", "Google Drive", "マイドライブ"]
)
def test_a_folder_that_a_cloud_drive_copies_is_refused_with_a_better_place(tmp_path: Path, name: str) -> None:
    folder = tmp_path / name / "spp"
    folder.mkdir(parents=True)
    with pytest.raises(StoreError) as caught:
        open_store(folder / "workshop.db")
    assert caught.value.problems[0].rule == "synchronised_folder"
    assert "spp-workshop" in caught.value.text("ja")
    assert list(folder.iterdir()) == []


def test_a_network_share_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("spp_workshop.storefile._is_network", lambda path: True)
    assert rule_of(tmp_path / "workshop.db") == "network_folder"


@pytest.mark.parametrize("step", ["PRAGMA journal_mode", "CREATE TABLE seat", "PRAGMA user_version"])
def test_a_store_whose_making_is_stopped_is_made_the_next_time(tmp_path: Path, step: str) -> None:
    path = tmp_path / "workshop.db"
    program = f"""
        import os
        import sqlalchemy as sa
        from pathlib import Path
        from spp_workshop.storefile import open_store

        @sa.event.listens_for(sa.Engine, "after_cursor_execute")
        def stop(connection, cursor, statement, *rest):
            if statement.strip().startswith({step!r}):
                os.kill(os.getpid(), 9)

        open_store(Path({str(path)!r}))
    """
    ended = subprocess.run([sys.executable, "-c", textwrap.dedent(program)], check=False)
    assert ended.returncode == -9
    assert save(open_store(path), {"issue": "wages"}) == 1


def test_of_two_who_make_a_store_at_once_neither_takes_the_others(tmp_path: Path) -> None:
    path = tmp_path / "workshop.db"
    first = open_store(path)
    save(first, {"issue": "wages"})
    _create(path)
    assert open_store(path).revision() == 1
    assert [one.name for one in tmp_path.iterdir() if one.name.startswith(".")] == []


def test_a_missing_folder_is_a_sentence(tmp_path: Path) -> None:
    assert rule_of(tmp_path / "nowhere" / "workshop.db") == "read_only_store"


def test_every_column_of_a_key_must_be_there(store: Store) -> None:
    assert not any(column.nullable for column in sa.inspect(RESPONSE).columns)


def test_a_withdrawn_row_that_is_answered_anew_starts_empty(store: Store) -> None:
    save(store, {"issue": "wages", "stage": "own"})
    save(store, {}, 1, status="withdrawn")
    save(store, {"issue": "hours"})
    assert store.latest("step1")[0].answers == {"issue": "hours"}


def test_an_edit_that_crosses_a_withdrawal_keeps_the_rest_of_the_row(store: Store) -> None:
    save(store, {"issue": "wages", "stage": "own"})
    save(store, {}, 1, status="withdrawn")
    save(store, {"issue": "hours"}, 1)
    assert store.latest("step1")[0].answers == {"issue": "hours", "stage": "own"}


# --- Older stores -------------------------------------------------------------------------------------------

# Made by the toolkit as it was before the indexes (its commit cfb36ba), with what that one said of it.
OLD = Path(__file__).parent / "data" / "store_version_1.db"
OLD_HEAD = "2d40725e98402929baef08425edd297d98cd0e5ea23d45ad33113e212e815288"
OLD_LATEST = [
    ("company:alpha", "issues_found", "r2", 2, "draft"),
    ("company:alpha", "issues_found", "r1", 1, "draft"),
    ("company:beta", "issues_found", "r1", 1, "draft"),
    ("company:alpha", "issues_found", "r3", 2, "withdrawn"),
    ("company:beta", "release", "rdxvvevyx", 1, "submitted"),
    ("session:dd_practice", "attendance", "alpha", 1, "draft"),
]


def indexes(path: Path) -> set[str]:
    with sqlite3.connect(path) as connection:
        return {name for (name,) in connection.execute("select name from sqlite_master where type = 'index'")}


def test_a_store_of_an_older_toolkit_opens_with_all_that_is_in_it(tmp_path: Path) -> None:
    path = tmp_path / "workshop.db"
    path.write_bytes(OLD.read_bytes())
    assert not any(name.startswith("response_by_") for name in indexes(path))
    store = open_store(path)
    assert {"response_by_worksheet", "response_by_time"} <= indexes(path)
    found = [(r.place.subject, r.place.worksheet, r.place.row, r.revision, r.status) for r in store.latest()]
    assert found == OLD_LATEST
    assert store.latest("issues_found", "company:alpha")[0].answers == {
        "situation": "残業が多い月がある。",
        "situation@en": "Some months have much overtime.",
    }
    assert (store.head(), store.verify(), store.revision()) == (OLD_HEAD, [], 8)


def test_an_older_store_goes_on_where_it_was_and_is_opened_again_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "workshop.db"
    path.write_bytes(OLD.read_bytes())
    store = open_store(path)
    row = Place("company:alpha", "issues_found", "r1")
    assert save(store, {"situation": "床を拭いた"}, 1, place=row) == 2
    assert [revision.revision for revision in store.history(row)] == [1, 2]
    again = open_store(path)
    assert (again.head(), again.verify()) == (store.head(), [])


# --- Not lost -----------------------------------------------------------------------------------------------


def test_every_save_is_on_the_disk_before_it_is_told(store: Store) -> None:
    with store.engine.connect() as connection:
        settings = ("journal_mode", "synchronous", "secure_delete")
        found = [connection.exec_driver_sql(f"PRAGMA {name}").scalar() for name in settings]
    assert found == ["wal", 2, 1]  # 2 is FULL


def test_one_revision_of_several_rows_is_found_and_what_is_not_there_is_left_out(store: Store) -> None:
    other = replace(HERE, row="r2")
    save(store, {"issue": "wages"})
    save(store, {"issue": "hours"}, 1)
    save(store, {"issue": "safety"}, place=other)
    found = store.at([(HERE, 1), (other, 1), (other, 2), (replace(HERE, row="r9"), 1)])
    assert {place.row: revision.answers["issue"] for (place, _), revision in found.items()} == {
        "r1": "wages",
        "r2": "safety",
    }
    assert store.newest(HERE) == store.history(HERE)[-1]
    assert store.newest(replace(HERE, row="r9")) is None


def test_how_far_a_worksheet_is_tells_the_status_of_the_newest_revisions(store: Store) -> None:
    save(store, {"issue": "wages"}, status="submitted")
    save(store, {"issue": "hours"}, 1)
    save(store, {"issue": "wages"}, place=replace(HERE, row="r2"), status="submitted")
    save(store, {}, 0, place=replace(HERE, subject="company:beta"), status="withdrawn")
    assert sorted(store.standing("step1")) == [
        ("company:alpha", "draft"),
        ("company:alpha", "submitted"),
        ("company:beta", "withdrawn"),
    ]
    assert store.standing("step2") == []


@settings(max_examples=30)
@given(rows=st.lists(st.tuples(st.sampled_from("ab"), st.sampled_from("xy"), st.sampled_from("12"))))
def test_the_newest_revisions_are_those_that_no_later_one_follows(
    tmp_path_factory, rows: list[tuple]
) -> None:
    store = open_store(tmp_path_factory.mktemp("s") / "workshop.db")
    saved: dict[Place, list[int]] = {}
    for number, (subject, worksheet, row) in enumerate(rows):
        place = Place(f"company:{subject}", worksheet, row)
        save(store, {"number": number}, len(saved.get(place, [])), place)
        saved.setdefault(place, []).append(number)
    newest = [(place, numbers[-1], len(numbers)) for place, numbers in saved.items()]

    def told(**bounds: str) -> list[tuple]:
        return [(r.place, r.answers["number"], r.revision) for r in store.latest(**bounds)]

    assert told() == newest
    for name, values in {"worksheet": "xy", "row": "12"}.items():
        for value in values:
            assert told(**{name: value}) == [line for line in newest if getattr(line[0], name) == value]
    for subject in ("company:a", "company:b"):
        assert told(subject=subject, worksheet="x") == [
            line for line in newest if (line[0].subject, line[0].worksheet) == (subject, "x")
        ]
    store.engine.dispose()
