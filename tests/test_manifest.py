"""What was made, written down: nothing that was finished is lost, at a cost that does not grow."""

from __future__ import annotations

import errno
import json
import os
import subprocess
import sys
import textwrap
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from conftest import HEAD

from spp_workshop.batch import manifest as module
from spp_workshop.batch.manifest import Manifest, Outcome, write_together
from spp_workshop.errors import Problem, SppError, message
from spp_workshop.programme import Programme, load

WRONG = Problem("beta (ja)", "error_in_notebook", message("Not this time."), message("Mend it."))


@pytest.fixture
def programme(folder: Path) -> Programme:
    return load(folder)


def made(company: str, language: str = "ja", **facts: Any) -> Outcome:
    return Outcome("company_summary", company, language, "made", **facts)


def failed(company: str) -> Outcome:
    return Outcome("company_summary", company, "ja", "failed", problem=WRONG)


def written(folder: Path) -> list[tuple[str, str]]:
    data = json.loads((folder / "output" / "run.json").read_text(encoding="utf-8"))
    return [(one["company"], one["status"]) for one in data["outcomes"]]


def read_anew(folder: Path, programme: Programme) -> dict[str, str]:
    return {key[1]: entry["status"] for key, entry in Manifest(folder, programme).entries.items()}


# --- Nothing is lost --------------------------------------------------------------------------------------


def test_an_outcome_is_on_disk_at_once_and_in_the_files_at_the_end(
    folder: Path, programme: Programme
) -> None:
    with Manifest(folder, programme) as manifest:
        manifest.begin("head", [])
        manifest.note(made("beta"))
        assert written(folder) == []
        assert read_anew(folder, programme) == {"beta": "made"}
        manifest.note(made("alpha"))
    assert written(folder) == [("alpha", "made"), ("beta", "made")]
    assert not (folder / "output" / "run.jsonl").exists()
    page = (folder / "output" / "index.html").read_text(encoding="utf-8")
    assert "Alpha Surface" in page
    assert json.loads((folder / "output" / "run.json").read_text(encoding="utf-8"))["chain_head"] == "head"


def test_the_files_are_written_now_and_then_so_that_a_person_sees_how_it_goes(
    folder: Path, programme: Programme, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Manifest(folder, programme) as manifest:
        manifest.begin("", [])
        later = time.monotonic() + 3600
        monkeypatch.setattr(module.time, "monotonic", lambda: later)
        manifest.note(made("beta"))
        assert written(folder) == [("beta", "made")]
        manifest.note(made("alpha"))
        assert written(folder) == [("beta", "made")]


@pytest.mark.parametrize("cut", range(1, 400, 37))
def test_a_line_that_was_cut_off_spoils_no_other(folder: Path, programme: Programme, cut: int) -> None:
    journal = folder / "output" / "run.jsonl"
    with Manifest(folder, programme) as manifest:
        manifest.note(made("alpha"))
        manifest.note(made("beta"))
        journal.write_bytes(journal.read_bytes()[:-cut])
        manifest.note(made("alpha", "en"))
        entries = Manifest(folder, programme).entries
        assert {key[1:] for key in entries} == {("alpha", "ja"), ("alpha", "en")}


def test_the_next_run_takes_over_what_a_killed_one_has_noted(folder: Path, programme: Programme) -> None:
    program = f"""
        import os
        from pathlib import Path
        from spp_workshop.batch.manifest import Manifest, Outcome, write_together
        from spp_workshop.programme import load

        folder = Path({str(folder)!r})
        with Manifest(folder, load(folder)) as manifest:
            manifest.begin("", [])
            manifest.note(Outcome("company_summary", "alpha", "ja", "made", stamp="x" * 64))
            (folder / "output" / ".x.html.1.part").write_text("half")
            os._exit(9)
    """
    subprocess.run([sys.executable, "-c", textwrap.dedent(program)], check=False)
    assert written(folder) == []
    with Manifest(folder, programme) as manifest:
        assert manifest.current(("company_summary", "alpha", "ja"), "x" * 64)
        manifest.note(made("beta"))
    assert written(folder) == [("alpha", "made"), ("beta", "made")]
    assert {path.name for path in (folder / "output").iterdir()} == {".run.lock", "index.html", "run.json"}


def test_a_failure_remembers_the_good_files_of_before(folder: Path, programme: Programme) -> None:
    files = {"html": "output/summaries/beta/summary.ja.html"}
    for outcome in (made("beta", files=files), failed("beta"), failed("beta")):
        with Manifest(folder, programme) as manifest:
            manifest.note(outcome)
    (entry,) = Manifest(folder, programme).entries.values()
    assert entry["earlier"] == files
    assert Manifest(folder, programme).has_failed(("company_summary", "beta", "ja"))
    assert not Manifest(folder, programme).has_failed(("company_summary", "beta", "en"))


# --- One run at a time ------------------------------------------------------------------------------------


def test_only_one_run_holds_a_folder(folder: Path, programme: Programme) -> None:
    with Manifest(folder, programme):
        with pytest.raises(SppError, match="another command"), Manifest(folder, programme):
            pytest.fail("two runs hold the folder")
        # Whoever only looks is not kept from it.
        assert Manifest(folder, programme).entries == {}
    with Manifest(folder, programme):
        pass


def test_a_fault_lets_go_of_the_folder_and_keeps_what_was_noted(folder: Path, programme: Programme) -> None:
    with suppress(ZeroDivisionError), Manifest(folder, programme) as manifest:
        manifest.note(made("alpha"))
        raise ZeroDivisionError
    with Manifest(folder, programme):
        assert written(folder) == [("alpha", "made")]


# --- A disk that does not write ---------------------------------------------------------------------------


def test_a_disk_that_fills_up_stops_nothing_and_is_told_at_the_end(
    folder: Path, programme: Programme, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Manifest(folder, programme) as manifest:
        manifest.note(made("alpha"))
    before = (folder / "output" / "run.json").read_bytes()

    def full(*_: Any, **__: Any) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patched:
        with Manifest(folder, programme) as manifest:
            for name in ("open", "write_bytes"):
                patched.setattr(Path, name, full)
            manifest.note(made("beta"))
        assert manifest.problem
        assert manifest.problem.rule == "cannot_note"
    assert (folder / "output" / "run.json").read_bytes() == before
    assert [path.name for path in (folder / "output").glob(".*.part")] == []
    # The folder is free again.
    with Manifest(folder, programme) as manifest:
        manifest.note(made("beta"))
    assert manifest.problem is None
    assert written(folder) == [("alpha", "made"), ("beta", "made")]


def test_an_output_that_cannot_be_written_is_told_before_anything_is_made(
    folder: Path, programme: Programme
) -> None:
    (folder / "output").write_text("a file where the folder should be", encoding="utf-8")
    with pytest.raises(SppError, match="cannot be noted in the folder “output”"), Manifest(folder, programme):
        pytest.fail("nothing can be written there")


def test_files_that_belong_together_are_written_together_or_not_at_all(folder: Path) -> None:
    one, other = folder / "a" / "summary.ipynb", folder / "b" / "summary.html"
    assert write_together({one: "1", other: "2"}) == {
        one: "6b86b273ff34fce19d6b804eff5a3f5747ada4eaa22f1d49c01e52ddb7875b4b",
        other: "d4735e3a265e16eee03f59718b9b5d03019c07d8b6c51f90da3a666eec13ab35",
    }
    (folder / "c").write_text("a file where a folder should be", encoding="utf-8")
    with pytest.raises(OSError, match="c"):
        write_together({one: "3", folder / "c" / "summary.html": "4", other: "5"})
    assert (one.read_text(encoding="utf-8"), other.read_text(encoding="utf-8")) == ("1", "2")
    assert [path.name for path in folder.rglob("*.part")] == []


# --- Cost -------------------------------------------------------------------------------------------------


def with_companies(folder: Path, count: int) -> Programme:
    head, _, _ = HEAD.partition("companies:")
    lines = "".join(f"  - {{key: c{n}, name: {{ja: 会社{n}, en: Company {n}}}}}\n" for n in range(count))
    folder.mkdir()
    (folder / "programme.yaml").write_text(f"{head}companies:\n{lines}sessions: []\n", encoding="utf-8")
    return load(folder)


def seconds_to_note(folder: Path, programme: Programme) -> float:
    """Of work, for each of ten documents, when the others are there."""
    outcomes = [made(company.key, language) for company in programme.companies for language in ("ja", "en")]
    with Manifest(folder, programme) as manifest:
        manifest.begin("", outcomes[:-10])
        began = time.process_time()
        for outcome in outcomes[-10:]:
            manifest.note(outcome)
        return (time.process_time() - began) / 10


def test_to_note_a_document_costs_the_same_however_many_there_are(tmp_path: Path) -> None:
    few, many = with_companies(tmp_path / "few", 8), with_companies(tmp_path / "many", 500)
    cost = min(seconds_to_note(tmp_path / "few", few) for _ in range(5))
    # The two files of a thousand documents take a hundred times as long.
    assert min(seconds_to_note(tmp_path / "many", many) for _ in range(5)) < 5 * cost + 0.001
