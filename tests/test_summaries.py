"""Summaries and the report: planned, made, skipped where up to date, and each failure for itself."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import textwrap
from concurrent.futures import Executor, Future
from pathlib import Path
from typing import Any

import pytest
from conftest import PROGRAMME

from spp_workshop import making, summaries
from spp_workshop.documents import shipped
from spp_workshop.errors import NotebookError, SppError
from spp_workshop.kernels import Limits
from spp_workshop.manifest import Outcome
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


# --- Processes --------------------------------------------------------------------------------------------


def test_documents_are_made_in_own_processes_and_progress_is_told(folder: Path) -> None:
    use(folder, "says_its_parameters")
    told: list[tuple[str, int, int]] = []

    def progress(outcome: Outcome, done: int, total: int) -> None:
        told.append((outcome.company, done, total))

    run = summaries.make(folder, languages=["ja"], jobs=2, progress=progress)
    assert run.failed == []
    assert sorted(company for company, _, _ in told) == ["alpha", "beta"]
    assert [(done, total) for _, done, total in told] == [(1, 2), (2, 2)]


def test_a_killed_process_takes_no_other_document_with_it(folder: Path) -> None:
    use(folder, "kernel_dies_for_beta")
    path = folder / "notebooks" / "company_summary.ipynb"
    # os._exit(1) ends the kernel; this ends the process that runs it, as a system out of memory does.
    text = path.read_text(encoding="utf-8").replace("os._exit(1)", "os.kill(os.getppid(), 9)")
    path.write_text(text, encoding="utf-8")
    run = summaries.make(folder, languages=["ja"], jobs=2)
    assert statuses(run) == [("alpha", "ja", "made"), ("beta", "ja", "failed")]
    assert run.failed[0].problem is not None
    assert run.failed[0].problem.rule == "worker_killed"


@pytest.mark.skipif(sys.platform == "win32", reason="Ctrl+C is sent otherwise there")
def test_ctrl_c_keeps_what_was_finished_and_ends_at_once(folder: Path) -> None:
    use(folder, "never_ends_for_beta")
    program = f"""
        from pathlib import Path
        from spp_workshop import summaries

        def progress(outcome, done, total):
            print(outcome.company, flush=True)

        if __name__ == "__main__":
            try:
                summaries.make(Path({str(folder)!r}), languages=["ja"], jobs=2, progress=progress)
            except KeyboardInterrupt:
                print("stopped", flush=True)
    """
    script = folder / "program.py"
    script.write_text(textwrap.dedent(program), encoding="utf-8")
    options: dict[str, Any] = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    with subprocess.Popen([sys.executable, str(script)], start_new_session=True, **options) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "alpha\n"
        # To the whole group, as a terminal does it.
        os.killpg(process.pid, signal.SIGINT)
        said, complained = process.communicate(timeout=20)
    assert said == "stopped\n"
    assert complained == ""
    assert [(one["company"], one["status"]) for one in run_json(folder)["outcomes"]] == [("alpha", "made")]


def test_a_progress_bar_speaks_to_a_terminal_only(capsys: pytest.CaptureFixture[str]) -> None:
    progress = summaries.shell_progress()
    progress(Outcome("company_summary", "alpha", "ja", "made"), 1, 1)
    assert capsys.readouterr() == ("", "")
