"""Summaries and the report: planned, made, skipped where up to date, and each failure for itself."""

from __future__ import annotations

import json
import multiprocessing
import os
import re
import shutil
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Iterator
from concurrent.futures import Executor, Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from conftest import PROGRAMME

from spp_workshop.batch import making, summaries
from spp_workshop.batch.kernels import Limits
from spp_workshop.batch.manifest import Outcome
from spp_workshop.documents import shipped
from spp_workshop.errors import NotebookError, SppError
from spp_workshop.workshop import Workshop, open_workshop

TINY = Path(__file__).parent / "data" / "notebooks"
DAY = "2026-10-01"
SECRET = "a secret answer"


class Counted(Executor):
    """Works where it stands, and counts what it is given."""

    def __init__(self) -> None:
        self.tasks: list[making.Task] = []

    def submit(self, function: Any, /, *given: Any, **named: Any) -> Future[Any]:
        self.tasks += given
        done: Future[Any] = Future()
        done.set_result(function(*given, **named))
        return done


@pytest.fixture
def counted() -> Counted:
    return Counted()


def use(folder: Path, name: str, as_name: str = "company_summary") -> None:
    """Let the workshop folder have this tiny notebook as its own."""
    (folder / "notebooks").mkdir(exist_ok=True)
    shutil.copy(TINY / f"{name}.ipynb", folder / "notebooks" / f"{as_name}.ipynb")


def run_json(folder: Path) -> dict[str, Any]:
    return json.loads((folder / "output" / "run.json").read_text(encoding="utf-8"))


def statuses(run: summaries.Run) -> list[tuple[str, str, str]]:
    return [(outcome.company, outcome.language, outcome.status) for outcome in run.outcomes]


# --- What is made -----------------------------------------------------------------------------------------


def test_every_company_gets_its_summary_in_every_language(folder: Path, counted: Counted) -> None:
    use(folder, "says_its_parameters")
    run = summaries.make(folder, as_of=DAY, executor=counted)
    assert statuses(run) == [
        (key, language, "made") for key in ("alpha", "beta") for language in ("ja", "en")
    ]
    assert run.failed == []
    for outcome in run.outcomes:
        stem = f"output/summaries/{outcome.company}/summary.{outcome.language}"
        assert outcome.files == {"ipynb": f"{stem}.ipynb", "html": f"{stem}.html"}
        for path in outcome.files.values():
            text = (folder / path).read_text(encoding="utf-8")
            assert f"{outcome.company} {outcome.language} {DAY}" in text
            assert str(folder) not in text
            assert "papermill" not in text


def test_a_summary_reads_what_the_company_may_read(
    folder: Path, workshop: Workshop, counted: Counted
) -> None:
    use(folder, "reads_its_company")
    workshop.save("company_profile", {"products": "ねじ"}, subject="company:alpha")
    workshop.save("company_profile", {"products": "ばね"}, subject="company:beta")
    summaries.make(folder, ["alpha"], languages=["ja"], executor=counted)
    text = (folder / "output/summaries/alpha/summary.ja.html").read_text(encoding="utf-8")
    assert "ねじ" in text
    assert "ばね" not in text


def test_the_report_is_one_document_for_each_language(folder: Path, counted: Counted) -> None:
    use(folder, "reads_the_programme", "programme_report")
    run = summaries.make_report(folder, as_of=DAY, executor=counted)
    assert statuses(run) == [("", "ja", "made"), ("", "en", "made")]
    page = (folder / "output/report/programme_report.en.html").read_text(encoding="utf-8")
    assert f"A tiny programme {DAY}" in page
    assert "<title>Summary - A tiny programme</title>" in page


def test_the_manifest_tells_a_machine_what_was_made(
    folder: Path, workshop: Workshop, counted: Counted
) -> None:
    use(folder, "says_its_parameters")
    use(folder, "reads_the_programme", "programme_report")
    workshop.save("company_profile", {"products": SECRET}, subject="company:alpha")
    summaries.make(folder, languages=["en"], executor=counted)
    summaries.make_report(folder, languages=["en"], executor=counted)
    manifest = run_json(folder)
    assert manifest["chain_head"] == workshop.store.head()
    assert [
        (one["document"], one["company"], one["status"], one["problem"]) for one in manifest["outcomes"]
    ] == [
        ("company_summary", "alpha", "made", None),
        ("company_summary", "beta", "made", None),
        ("programme_report", "", "made", None),
    ]
    assert all(one["seconds"] > 0 for one in manifest["outcomes"])
    assert SECRET not in json.dumps(manifest)
    assert str(folder) not in json.dumps(manifest)


def test_the_overview_leads_to_every_document_in_both_languages(folder: Path, counted: Counted) -> None:
    use(folder, "kernel_dies_for_beta")
    summaries.make(folder, executor=counted)
    text = (folder / "output" / "index.html").read_text(encoding="utf-8")
    for expected in (
        "アルファ表面処理",
        "Alpha Surface",
        "summaries/alpha/summary.ja.html",
        "メモリー",
        "memory",
    ):
        assert expected in text
    assert "http" not in text.replace("http-equiv", "")
    assert "summary.ja.failed.ipynb" in text


def test_company_names_that_are_no_file_names_are_safe(folder: Path, counted: Counted) -> None:
    keys = ["../../x", "Ａ社", "A社", "🙂" * 200, "a/b"]
    text = (folder / "programme.yaml").read_text(encoding="utf-8").replace("[alpha]", "[]")
    head, _, rest = text.partition("  - {key: alpha")
    companies = "".join(
        f"  - {{key: {json.dumps(k, ensure_ascii=False)}, name: {{ja: あ, en: A}}}}\n" for k in keys
    )
    rest = rest[rest.index("sessions:") :]
    (folder / "programme.yaml").write_text(head + companies + rest, encoding="utf-8")
    use(folder, "says_its_parameters")
    run = summaries.make(folder, languages=["ja"], executor=counted)
    assert [outcome.company for outcome in run.outcomes if outcome.status == "made"] == keys
    made = {(folder / outcome.files["html"]).resolve() for outcome in run.outcomes}
    assert len(made) == len(keys)
    assert all(path.is_relative_to((folder / "output" / "summaries").resolve()) for path in made)


# --- What is refused --------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["mistyped_parameter", "number_for_company", "no_parameters"])
def test_a_notebook_with_other_parameters_is_refused_before_anything_runs(
    folder: Path, counted: Counted, name: str
) -> None:
    use(folder, name)
    with pytest.raises(NotebookError, match="parameter"):
        summaries.make(folder, executor=counted)
    assert counted.tasks == []
    assert not (folder / "output").exists()


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"companies": ["alpah"]}, "Did you mean “alpha”"),
        ({"languages": ["fr"]}, "Unknown language: “fr”"),
        ({"formats": ["docx"]}, "Unknown format: “docx”"),
        ({"as_of": "tomorrow"}, "“tomorrow” is not a date"),
    ],
)
def test_what_is_not_known_is_refused(
    folder: Path, counted: Counted, asked: dict[str, Any], said: str
) -> None:
    use(folder, "says_its_parameters")
    with pytest.raises(SppError, match=said):
        summaries.make(folder, executor=counted, **asked)
    assert counted.tasks == []


# --- Up to date -------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def made_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which the Japanese summaries of both companies are made."""
    folder = tmp_path_factory.mktemp("made")
    (folder / "programme.yaml").write_text(PROGRAMME, encoding="utf-8")
    use(folder, "says_its_parameters")
    workshop = open_workshop(folder)
    workshop.save("company_profile", {"products": "ねじ"}, subject="company:alpha")
    workshop.store.engine.dispose()
    summaries.make(folder, languages=["ja"], as_of=DAY, executor=Counted())
    return folder


@pytest.fixture
def made(made_once: Path, folder: Path) -> Path:
    """A copy of it for one test."""
    return shutil.copytree(made_once, folder, dirs_exist_ok=True)


def again(folder: Path, **how: Any) -> list[str]:
    """The companies whose summaries a second run makes."""
    how = {"languages": ["ja"], "as_of": DAY} | how
    run = summaries.make(folder, executor=Counted(), **how)
    assert run.failed == []
    return [outcome.company for outcome in run.outcomes if outcome.status == "made"]


def test_nothing_is_made_twice(made: Path) -> None:
    before = run_json(made)["outcomes"]
    counted = Counted()
    run = summaries.make(made, languages=["ja"], as_of=DAY, executor=counted)
    assert counted.tasks == []
    assert statuses(run) == [("alpha", "ja", "current"), ("beta", "ja", "current")]
    for then, now in zip(before, run_json(made)["outcomes"], strict=True):
        assert now | {"status": "made", "seconds": then["seconds"]} == then


def test_force_makes_all_again(made: Path) -> None:
    assert again(made, force=True) == ["alpha", "beta"]


def test_an_answer_of_one_company_makes_only_its_summary_again(made: Path) -> None:
    workshop = open_workshop(made)
    workshop.save("company_profile", {"products": "ばね"}, subject="company:beta")
    assert again(made) == ["beta"]
    assert again(made) == []


@pytest.mark.parametrize("spoil", ["missing", "edited"])
def test_a_file_that_is_missing_or_edited_is_made_again(made: Path, spoil: str) -> None:
    page = made / "output" / "summaries" / "alpha" / "summary.ja.html"
    before = page.read_bytes()
    page.unlink() if spoil == "missing" else page.write_text("mine", encoding="utf-8")
    assert again(made) == ["alpha"]
    assert page.read_bytes() == before


def test_another_day_or_another_notebook_makes_all_again(made: Path) -> None:
    assert again(made, as_of="2026-10-02") == ["alpha", "beta"]
    path = made / "notebooks" / "company_summary.ipynb"
    path.write_text(path.read_text(encoding="utf-8").replace("# まとめ", "# 要約"), encoding="utf-8")
    assert again(made, as_of="2026-10-02") == ["alpha", "beta"]
    assert again(made, as_of="2026-10-02") == []


def test_an_own_worksheet_or_a_change_of_the_programme_makes_all_again(made: Path) -> None:
    (made / "worksheets").mkdir()
    shutil.copy(shipped("worksheets") / "company_profile.yaml", made / "worksheets")
    assert again(made) == ["alpha", "beta"]
    text = (made / "programme.yaml").read_text(encoding="utf-8")
    (made / "programme.yaml").write_text(text.replace("アルファ表面処理", "アルファ"), encoding="utf-8")
    assert again(made) == ["alpha", "beta"]


@pytest.mark.parametrize("text", ["", "{", "[]", '{"outcomes": 3}', '{"outcomes": [{"language": "ja"}, 4]}'])
def test_a_spoilt_manifest_says_nothing(made: Path, text: str) -> None:
    (made / "output" / "run.json").write_text(text, encoding="utf-8")
    assert again(made) == ["alpha", "beta"]


def test_a_run_for_one_company_forgets_no_other(made: Path) -> None:
    assert again(made, companies=["alpha", "alpha"], force=True) == ["alpha"]
    assert [one["company"] for one in run_json(made)["outcomes"]] == ["alpha", "beta"]


# --- Failures ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "rule"),
    [
        ("raises_for_beta", "error_in_notebook"),
        ("kernel_dies_for_beta", "kernel_died"),
        ("never_ends_for_beta", "time_limit"),
        ("asks_for_input_for_beta", "asks_for_input"),
        ("ends_itself_for_beta", "ended_early"),
    ],
)
def test_a_failure_is_told_kept_and_stops_no_other(
    folder: Path, counted: Counted, name: str, rule: str
) -> None:
    use(folder, "says_its_parameters")
    summaries.make(folder, ["beta"], languages=["ja"], as_of=DAY, executor=counted)
    good = (folder / "output/summaries/beta/summary.ja.html").read_bytes()

    use(folder, name)
    run = summaries.make(folder, languages=["ja"], as_of=DAY, executor=counted, limits=Limits(cell=3))
    assert statuses(run) == [("alpha", "ja", "made"), ("beta", "ja", "failed")]
    (failed,) = run.failed
    assert failed.problem is not None
    assert failed.problem.rule == rule
    assert failed.problem.where == "beta (ja) 途中の部分"

    entry = run_json(folder)["outcomes"][1]
    assert entry["problem"] == failed.problem.text("ja") == entry["wordings"]["ja"]
    assert entry["wordings"]["en"] == failed.problem.text("en")
    assert entry["files"] == {"partial": "output/summaries/beta/summary.ja.failed.ipynb"}
    assert entry["earlier"]["html"] == "output/summaries/beta/summary.ja.html"
    for private in (SECRET, "Traceback", str(folder)):
        assert private not in json.dumps(entry, ensure_ascii=False)

    partial = (folder / entry["files"]["partial"]).read_text(encoding="utf-8")
    assert "途中の部分" in partial
    assert str(folder) not in partial
    assert "papermill" not in partial
    assert (folder / "output/summaries/beta/summary.ja.html").read_bytes() == good


def test_the_next_run_makes_only_what_failed(folder: Path, counted: Counted) -> None:
    use(folder, "raises_for_beta")
    summaries.make(folder, languages=["ja"], as_of=DAY, executor=counted)
    summaries.make(folder, languages=["ja"], as_of=DAY, executor=counted)
    assert [task.company for task in counted.tasks] == ["alpha", "beta", "beta"]


def test_the_leftover_of_a_failure_goes_when_the_document_is_made(folder: Path, counted: Counted) -> None:
    use(folder, "raises_for_beta")
    summaries.make(folder, ["beta"], languages=["ja"], executor=counted)
    use(folder, "says_its_parameters")
    run = summaries.make(folder, ["beta"], languages=["ja"], executor=counted)
    assert run.failed == []
    names = {path.name for path in (folder / "output" / "summaries" / "beta").iterdir()}
    assert names == {"summary.ja.ipynb", "summary.ja.html"}


def test_a_place_that_cannot_be_written_is_told(folder: Path, counted: Counted) -> None:
    use(folder, "says_its_parameters")
    (folder / "output").mkdir()
    (folder / "output" / "summaries").write_text("a file where a folder should be", encoding="utf-8")
    run = summaries.make(folder, ["alpha"], languages=["en"], executor=counted)
    (failed,) = run.failed
    assert failed.problem is not None
    assert failed.problem.rule == "cannot_write"


def test_a_fault_of_the_toolkit_is_told_by_its_kind_alone(
    folder: Path, counted: Counted, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: Any) -> str:
        raise ZeroDivisionError(SECRET)

    use(folder, "says_its_parameters")
    monkeypatch.setattr(making.publish, "page", broken)
    (failed,) = summaries.make(folder, ["alpha"], languages=["en"], executor=counted).failed
    assert failed.problem is not None
    assert "ZeroDivisionError" in failed.problem.text("en")
    assert SECRET not in failed.problem.text("en")


# --- Only some of them ------------------------------------------------------------------------------------


def save(folder: Path, key: str, products: str, at: datetime) -> None:
    workshop = open_workshop(folder, now=lambda: at)
    workshop.save("company_profile", {"products": products}, subject=f"company:{key}")
    workshop.store.engine.dispose()


def local(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone()


@pytest.mark.parametrize(
    ("since", "companies"),
    [
        ("2026-10-01", ["alpha", "beta"]),
        ("2026-10-02", ["beta"]),
        ("2026-10-02T14:00", ["beta"]),
        ("2026-10-02 14:01", []),
        ("2030-01-01", []),
    ],
)
def test_since_makes_only_what_has_changed_since_that_day_or_moment(
    folder: Path, counted: Counted, since: str, companies: list[str]
) -> None:
    use(folder, "says_its_parameters")
    save(folder, "alpha", "ねじ", local("2026-10-01T23:59:59"))
    save(folder, "beta", "ばね", local("2026-10-02T14:00"))
    run = summaries.make(folder, languages=["ja"], as_of=DAY, since=since, executor=counted)
    assert statuses(run) == [(company, "ja", "made") for company in companies]
    assert [task.company for task in counted.tasks] == companies


def test_a_clock_time_is_one_of_today(folder: Path, counted: Counted) -> None:
    use(folder, "says_its_parameters")
    midnight = datetime.now().astimezone().replace(hour=0, minute=0, second=0, microsecond=0)
    save(folder, "alpha", "ねじ", midnight - timedelta(seconds=1))
    save(folder, "beta", "ばね", midnight)
    run = summaries.make(folder, languages=["ja"], since="00:00", executor=counted)
    assert [outcome.company for outcome in run.outcomes] == ["beta"]


def test_since_and_company_and_force_go_together(folder: Path, counted: Counted) -> None:
    use(folder, "says_its_parameters")
    save(folder, "alpha", "ねじ", local("2026-10-01"))
    save(folder, "beta", "ばね", local("2026-10-03"))
    how: dict[str, Any] = {"languages": ["ja"], "as_of": DAY, "executor": counted}
    summaries.make(folder, **how)
    assert statuses(summaries.make(folder, since="2026-10-02", **how)) == [("beta", "ja", "current")]
    assert statuses(summaries.make(folder, since="2026-10-02", force=True, **how)) == [("beta", "ja", "made")]
    assert statuses(summaries.make(folder, ["alpha"], since="2026-10-02", force=True, **how)) == []
    # What was not asked for is still known.
    assert [one["company"] for one in run_json(folder)["outcomes"]] == ["alpha", "beta"]


def test_the_report_is_made_when_any_answer_has_changed_since(folder: Path, counted: Counted) -> None:
    use(folder, "reads_the_programme", "programme_report")
    save(folder, "beta", "ばね", local("2026-10-03"))
    how: dict[str, Any] = {"languages": ["en"], "executor": counted}
    assert statuses(summaries.make_report(folder, since="2026-10-04", **how)) == []
    assert statuses(summaries.make_report(folder, since="2026-10-03", **how)) == [("", "en", "made")]


@pytest.mark.parametrize("since", ["yesterday", "2026-13-01", "2026", "", "14:61", "1e9"])
def test_a_moment_that_is_none_is_told(folder: Path, counted: Counted, since: str) -> None:
    use(folder, "says_its_parameters")
    with pytest.raises(SppError, match="is neither a day nor a time"):
        summaries.make(folder, since=since, executor=counted)
    assert counted.tasks == []
    assert not (folder / "output").exists()


def test_failed_makes_only_what_failed_when_it_was_last_tried(folder: Path, counted: Counted) -> None:
    how: dict[str, Any] = {"as_of": DAY, "executor": counted}
    use(folder, "raises_for_beta")
    assert statuses(summaries.make(folder, failed=True, **how)) == []
    summaries.make(folder, **how)
    counted.tasks.clear()
    run = summaries.make(folder, failed=True, languages=["en"], **how)
    assert statuses(run) == [("beta", "en", "failed")]
    assert statuses(summaries.make(folder, ["alpha"], failed=True, **how)) == []
    use(folder, "says_its_parameters")
    run = summaries.make(folder, failed=True, **how)
    assert statuses(run) == [("beta", "ja", "made"), ("beta", "en", "made")]
    assert statuses(summaries.make(folder, failed=True, **how)) == []
    assert [task.company for task in counted.tasks] == ["beta", "beta", "beta"]


def test_failed_and_since_ask_for_what_is_both(folder: Path, counted: Counted) -> None:
    how: dict[str, Any] = {"languages": ["ja"], "as_of": DAY, "failed": True, "executor": counted}
    use(folder, "raises_for_beta")
    save(folder, "beta", "ばね", local("2026-10-03"))
    summaries.make(folder, languages=["ja"], as_of=DAY, executor=counted)
    assert statuses(summaries.make(folder, since="2026-10-04", **how)) == []
    assert statuses(summaries.make(folder, since="2026-10-03", **how)) == [("beta", "ja", "failed")]


# --- Several at a time ------------------------------------------------------------------------------------


def test_documents_are_made_several_at_a_time_and_progress_is_told(folder: Path) -> None:
    use(folder, "says_its_parameters")
    told: list[tuple[str, int, int]] = []

    def progress(outcome: Outcome, done: int, total: int) -> None:
        told.append((outcome.company, done, total))

    run = summaries.make(folder, languages=["ja"], jobs=2, progress=progress)
    assert run.failed == []
    assert sorted(company for company, _, _ in told) == ["alpha", "beta"]
    assert [(done, total) for _, done, total in told] == [(1, 2), (2, 2)]


@pytest.mark.parametrize(
    ("processors", "forks", "jobs"),
    [(1, True, 2), (4, True, 5), (64, True, 16), (2, False, 2), (8, False, 4)],
)
def test_as_many_are_made_at_a_time_as_processors_and_memory_allow(
    monkeypatch: pytest.MonkeyPatch, processors: int, forks: bool, jobs: int
) -> None:
    monkeypatch.setattr(summaries.os, "sched_getaffinity", lambda _: set(range(processors)), raising=False)
    monkeypatch.setattr(summaries, "can_fork", lambda: forks)
    assert summaries._jobs() == jobs


def test_a_document_can_be_made_in_another_process(folder: Path) -> None:
    use(folder, "says_its_parameters")
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool:
        run = summaries.make(folder, ["alpha"], executor=pool)
    assert statuses(run) == [("alpha", "ja", "made"), ("alpha", "en", "made")]


def test_a_worker_that_was_killed_is_told_and_stops_no_other(folder: Path) -> None:
    class Unlucky(Counted):
        def submit(self, function: Any, /, *given: Any, **named: Any) -> Future[Any]:
            if given[0].company == "alpha":
                return super().submit(function, *given, **named)
            lost: Future[Any] = Future()
            lost.set_exception(BrokenProcessPool())
            return lost

    use(folder, "says_its_parameters")
    run = summaries.make(folder, languages=["ja"], executor=Unlucky())
    assert statuses(run) == [("alpha", "ja", "made"), ("beta", "ja", "failed")]
    assert run.failed[0].problem is not None
    assert run.failed[0].problem.rule == "worker_killed"


@pytest.mark.skipif(sys.platform != "linux", reason="open files are counted in /proc")
def test_threads_leave_no_open_file_and_no_event_loop(folder: Path) -> None:
    use(folder, "says_its_parameters")
    summaries.make(folder, jobs=2)
    before = len(list(Path("/proc/self/fd").iterdir()))
    summaries.make(folder, jobs=2, force=True)
    assert len(list(Path("/proc/self/fd").iterdir())) <= before


PROGRAM = """
    import sys
    from pathlib import Path
    from spp_workshop.cli import main

    sys.exit(main(["summaries", {folder!r}, "--language", "ja", "--jobs", "2"]))
"""


def begun(folder: Path) -> subprocess.Popen[str]:
    """The command in a process group of its own, when alpha's summary is there and beta's never ends."""
    use(folder, "never_ends_for_beta")
    options: dict[str, Any] = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    program = textwrap.dedent(PROGRAM).format(folder=str(folder))
    process = subprocess.Popen([sys.executable, "-c", program], start_new_session=True, **options)
    journal = folder / "output" / "run.jsonl"
    until = time.monotonic() + 60
    while not (journal.exists() and "alpha" in journal.read_text(encoding="utf-8")):
        assert time.monotonic() < until
        assert process.poll() is None, process.stderr and process.stderr.read()
        time.sleep(0.02)
    return process


@pytest.mark.skipif(sys.platform == "win32", reason="Ctrl+C is sent otherwise there")
@pytest.mark.parametrize("times", [1, 5])
def test_ctrl_c_keeps_what_was_finished_and_ends_at_once(folder: Path, times: int) -> None:
    with begun(folder) as process:
        for _ in range(times):
            # To the whole group, as a terminal does it.
            os.killpg(process.pid, signal.SIGINT)
            time.sleep(0.05)
        said, complained = process.communicate(timeout=20)
    assert (process.returncode, said) == (1, "")
    assert re.fullmatch("[^\n]*(Stopped|中止)[^\n]*\n", complained)
    assert [(one["company"], one["status"]) for one in run_json(folder)["outcomes"]] == [("alpha", "made")]
    beta = folder / "output" / "summaries" / "beta"
    assert not beta.exists() or list(beta.iterdir()) == []


@pytest.mark.skipif(sys.platform == "win32", reason="there is no such signal there")
def test_a_run_that_is_killed_loses_nothing_and_leaves_the_folder_free(folder: Path) -> None:
    with begun(folder) as process:
        assert [one["company"] for one in run_json(folder)["outcomes"]] == []
        (folder / "output" / "summaries" / "alpha" / ".summary.ja.html.1.part").write_text("<html>")
        process.kill()
    use(folder, "never_ends_for_beta")
    run = summaries.make(folder, ["alpha"], languages=["ja"], executor=Counted())
    assert statuses(run) == [("alpha", "ja", "current")]
    assert [one["status"] for one in run_json(folder)["outcomes"]] == ["current"]
    names = {path.name for path in (folder / "output").rglob("*") if path.is_file()}
    assert names == {"run.json", "index.html", ".run.lock", "summary.ja.ipynb", "summary.ja.html"}


@pytest.mark.skipif(sys.platform == "win32", reason="there is no such signal there")
def test_a_second_run_on_the_same_folder_is_refused_and_touches_nothing(
    folder: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    with begun(folder) as process:
        before = {path: path.read_bytes() for path in (folder / "output").rglob("*") if path.is_file()}
        with pytest.raises(SppError, match="are just being made by another command") as refused:
            summaries.make(folder, executor=Counted())
        assert str(folder) == refused.value.problems[0].where
        # Another folder is not disturbed.
        other = tmp_path_factory.mktemp("other")
        (other / "programme.yaml").write_text(PROGRAMME, encoding="utf-8")
        use(other, "says_its_parameters")
        assert not summaries.make(other, ["alpha"], languages=["ja"], executor=Counted()).failed
        after = {path: path.read_bytes() for path in (folder / "output").rglob("*") if path.is_file()}
        assert after == before
        process.kill()


def test_a_notebook_gets_a_bar_by_itself_and_a_script_gets_none(
    folder: Path, counted: Counted, monkeypatch: pytest.MonkeyPatch
) -> None:
    use(folder, "says_its_parameters")
    told: list[str] = []

    @contextmanager
    def bar() -> Iterator[summaries.Progress]:
        yield lambda outcome, _done, _total: told.append(outcome.company)

    monkeypatch.setattr(summaries, "notebook_progress", bar)
    summaries.make(folder, languages=["ja"], executor=counted)
    assert told == []
    monkeypatch.setattr(summaries, "in_a_notebook", lambda: True)
    summaries.make(folder, languages=["ja"], executor=counted)
    assert told == ["alpha", "beta"]
