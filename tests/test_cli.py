"""The command `spp-workshop`: what it does, how it speaks, and how fast it answers."""

from __future__ import annotations

import errno
import json
import os
import re
import shlex
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import nbformat
import pytest

from spp_workshop import cli, demo
from spp_workshop.batch import manifest
from spp_workshop.commands import workshops
from spp_workshop.commands.homework_line import ACTIONS
from spp_workshop.commands.line import COMMANDS, parser
from spp_workshop.workshop import open_workshop

COMMAND = [sys.executable, "-c", "import sys; from spp_workshop.cli import main; sys.exit(main())"]
HEAVY = {
    "IPython",
    "ipywidgets",
    "jupyterlab",
    "matplotlib",
    "nbconvert",
    "nbformat",
    "numpy",
    "pandas",
    "papermill",
    "pydantic",
    "sqlalchemy",
    "yaml",
}
Told = Callable[..., tuple[int, str, str]]


@pytest.fixture
def told(capsys: pytest.CaptureFixture[str]) -> Told:
    """Run a command in this process: (exit status, output, error output)."""

    def run(*words: str) -> tuple[int, str, str]:
        try:
            status = cli.main(words)
        except SystemExit as end:
            status = int(end.code or 0)
        return status, *capsys.readouterr()

    return run


@pytest.fixture(autouse=True)
def english_locale(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("LC_ALL", "LC_MESSAGES", "LANGUAGE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("LANG", "en_US.UTF-8")


PARAMETERS = {
    "company_summary": 'folder = "."\ncompany = ""\nlanguage = "ja"\nas_of = ""',
    "programme_report": 'folder = "."\nlanguage = "ja"\nas_of = ""',
    "dd_practice": 'folder = "."\nsession = "dd_practice"\nlanguage = "ja"',
}


def write_notebook(folder: Path, name: str, code: str) -> None:
    """An own notebook of a workshop folder that runs one line of code."""
    notebook = nbformat.v4.new_notebook(
        cells=[
            nbformat.v4.new_markdown_cell("# A heading", id="heading"),
            nbformat.v4.new_code_cell(PARAMETERS[name], id="parameters", metadata={"tags": ["parameters"]}),
            nbformat.v4.new_code_cell(code, id="work"),
        ],
        metadata={"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}},
    )
    target = folder / "notebooks" / f"{name}.ipynb"
    target.parent.mkdir(exist_ok=True)
    nbformat.write(notebook, target)


# --- Help -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", ["ja", "en"])
def test_help_lists_every_command(told: Told, language: str) -> None:
    status, help_text, _ = told("--language", language, "--help")
    assert status == 0
    for command in COMMANDS:
        assert re.search(rf"^    {command.name}\b", help_text, re.MULTILINE)


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.name)
@pytest.mark.parametrize(("language", "heading"), [("ja", "例:"), ("en", "Example:")])
def test_every_command_has_help_with_an_example(
    told: Told, command: object, language: str, heading: str
) -> None:
    status, help_text, _ = told(command.name, "--language", language, "--help")  # type: ignore[attr-defined]
    assert status == 0
    assert help_text.rstrip().endswith(f"{heading}\n  {command.example}")  # type: ignore[attr-defined]


@pytest.mark.parametrize("action", ACTIONS)
def test_whatever_can_be_done_with_worksheets_has_help_with_an_example(told: Told, action: str) -> None:
    _, example, _ = ACTIONS[action]
    status, help_text, _ = told("--language", "ja", "worksheets", action, "--help")
    assert status == 0
    assert help_text.rstrip().endswith(f"例:\n  {example}")
    assert parser("en").parse_args(shlex.split(example)[1:]).action == action


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.name)
def test_every_example_is_a_command_line_that_can_be_read(command: object) -> None:
    program, *words = shlex.split(command.example)  # type: ignore[attr-defined]
    assert program == "spp-workshop"
    assert parser("en").parse_args(words).command == command.name  # type: ignore[attr-defined]


def test_there_is_a_function_for_every_command() -> None:
    assert list(cli.COMMANDS) == [command.name for command in COMMANDS]


@pytest.mark.parametrize("command", ["", *(command.name for command in COMMANDS)])
def test_japanese_help_leaves_nothing_in_english(told: Told, command: str) -> None:
    _, help_text, _ = told(*filter(None, [command, "--language", "ja", "--help"]))
    prose = re.sub(r"spp-workshop.*|使い方:(.*\n)+?\n", "", help_text)
    english = set(re.findall(r"\b[a-z]{3,}\b", prose))
    names = {name for one in COMMANDS for name in re.findall(r"[a-z]+", one.example)} | {
        *("spp", "pilot", "programme", "yaml", "help", "language", "html", "json", "browser", "practice"),
        *("company", "formats", "force", "jobs", "both", "template", "demo", "since", "failed", "export"),
        *(
            "session",
            "host",
            "port",
            "public",
            "url",
            "base",
            "certfile",
            "keyfile",
            "insecure",
            "lan",
            "proxy",
        ),
        *("https", "workshop", "example", "facilitator", "projector", "organiser", "custodian", "revoke"),
    }
    assert english <= names | set(ACTIONS)


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ([], "誤り: 次の指定が必要です: コマンド"),
        (["opne"], "'opne' は選べません"),
        (["open"], "次の指定が必要です: SESSION"),
        (["report", "--jobs", "many"], "'many' は指定できません"),
        (["report", "--jobs"], "値を一つ指定してください"),
        (["new", "w", "--colour"], "分からない指定があります: --colour"),
        (["summaries", "--fo", "html"], "--fo はどれか決められません"),
        (["summaries", "--force=1"], "値 '1' は付けられません"),
    ],
)
def test_a_command_line_that_cannot_be_read_is_explained_in_japanese(
    told: Told, monkeypatch: pytest.MonkeyPatch, words: list[str], sentence: str
) -> None:
    monkeypatch.setenv("LANG", "ja_JP.UTF-8")
    status, _, complaint = told(*words)
    assert status == 2
    assert complaint.startswith("使い方: ")
    assert sentence in complaint
    assert not re.search(r"error|usage|expected|argument", complaint)


def test_the_language_may_stand_before_or_after_the_command_and_wins_over_the_locale(
    told: Told, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LANG", "ja_JP.UTF-8")
    assert "研修会フォルダーではありません" in told("validate", str(tmp_path))[2]
    assert "This is not a workshop folder" in told("--language", "en", "validate", str(tmp_path))[2]
    assert "This is not a workshop folder" in told("validate", str(tmp_path), "--language=en")[2]


# --- How fast, and what is loaded -------------------------------------------------------------------------


def loaded_by(code: str) -> set[str]:
    script = f"import sys\n{code}\nprint(*{{name.split('.')[0] for name in sys.modules}}, file=sys.stderr)"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    return set(done.stderr.split())


def test_help_loads_nothing_heavy() -> None:
    code = "from spp_workshop.cli import main\ntry: main(['--help'])\nexcept SystemExit: pass"
    modules = loaded_by(code)
    assert "spp_workshop" in modules
    assert not modules & HEAVY


def test_importing_the_package_loads_no_charts_and_no_batch() -> None:
    modules = loaded_by("import spp_workshop")
    assert not modules & {"matplotlib", "papermill", "nbconvert"}


def test_help_answers_at_once() -> None:
    def seconds() -> float:
        before = os.times()
        subprocess.run([*COMMAND, "--help"], check=True, stdout=subprocess.DEVNULL)
        after = os.times()
        worked = after.children_user + after.children_system - before.children_user - before.children_system
        # Windows does not tell how long a child has worked.
        return worked or after.elapsed - before.elapsed

    # Time at work and the best of some, because other tests run on the same processors.
    assert min(seconds() for _ in range(7)) < 0.15


# --- new and validate -------------------------------------------------------------------------------------


def test_new_makes_a_workshop_folder_and_says_what_to_do_next(told: Told, tmp_path: Path) -> None:
    folder = tmp_path / "研修 2026"
    status, said, _ = told("new", str(folder))
    assert status == 0
    assert (folder / "programme.yaml").is_file()
    assert f"spp-workshop validate '{folder}'" in said


def test_new_tells_a_machine_what_it_made(told: Told, tmp_path: Path) -> None:
    status, said, _ = told("new", str(tmp_path / "w"), "--template", "spp-2025", "--json")
    assert status == 0
    assert json.loads(said) == {
        "folder": str(tmp_path / "w"),
        "programme": str(tmp_path / "w" / "programme.yaml"),
    }


def test_new_never_overwrites(told: Told, folder: Path) -> None:
    before = (folder / "programme.yaml").read_bytes()
    status, said, complaint = told("new", str(folder))
    assert (status, said) == (2, "")
    assert "nothing was overwritten" in complaint
    assert (folder / "programme.yaml").read_bytes() == before


def test_validate_finds_nothing_wrong_in_what_is_shipped(told: Told, tmp_path: Path) -> None:
    for template in ("pilot", "spp-2025"):
        told("new", str(tmp_path / template), "--template", template)
        status, said, _ = told("validate", str(tmp_path / template))
        assert said == "Programme, worksheets and notebooks are all right.\n"
        assert status == 0


def test_validate_names_every_problem_of_every_kind_at_once(told: Told, folder: Path) -> None:
    programme = (folder / "programme.yaml").read_text(encoding="utf-8")
    programme = programme.replace('end: "11:00"', 'end: "11:15"').replace(
        "sector: plating", "sector: platting"
    )
    (folder / "programme.yaml").write_text(programme, encoding="utf-8")
    (folder / "worksheets" / "choices").mkdir(parents=True)
    (folder / "worksheets" / "own.yaml").write_text("name: own\ntitel: x\n", encoding="utf-8")
    (folder / "worksheets" / "choices" / "own_list.yaml").write_text("name: [\n", encoding="utf-8")
    (folder / "notebooks").mkdir()
    (folder / "notebooks" / "dd_practice.ipynb").write_text("{}", encoding="utf-8")
    status, said, _ = told("validate", str(folder), "--json")
    problems = json.loads(said)["problems"]
    assert status == 1
    assert {problem["where"].split("/")[-1].split(":")[0] for problem in problems} >= {
        "programme.yaml",
        "own.yaml",
        "own_list.yaml",
        "dd_practice.ipynb",
    }
    assert {problem["rule"] for problem in problems} >= {
        "minutes_do_not_add_up",
        "extra_forbidden",
        "not_yaml",
    }
    assert all(problem["message"] and problem["remedy"] for problem in problems)


def test_validate_sees_a_promise_that_cannot_be_meant(told: Told, folder: Path) -> None:
    file = folder / "programme.yaml"
    programme = file.read_text(encoding="utf-8")
    file.write_text(f"kept_until: 2026-12-31\n{programme}", encoding="utf-8")
    status, said, _ = told("validate", str(folder))
    assert status == 1
    assert "programme.yaml:1: By “kept_until”, answers would be erased before the programme ends." in said
    file.write_text(f"kept_until: 2027-03-31\n{programme}", encoding="utf-8")
    assert told("validate", str(folder))[0] == 0


def test_validate_shows_file_line_problem_and_remedy_in_the_readers_language(
    told: Told, folder: Path
) -> None:
    programme = (folder / "programme.yaml").read_text(encoding="utf-8")
    (folder / "programme.yaml").write_text(programme.replace("organiser:", "organizer:"), encoding="utf-8")
    _, english, _ = told("validate", str(folder))
    _, japanese, _ = told("validate", str(folder), "--language", "ja")
    where = rf"^{re.escape(folder.name)}/programme\.yaml:3: "
    assert re.search(where + r".*organizer.*Did you mean “organiser”\?", english, re.MULTILINE)
    assert re.search(where + r".*organizer.*organiser", japanese, re.MULTILINE)
    assert re.search(r"問題は全部で\d+件です。", japanese)


@pytest.mark.parametrize("command", [["summaries"], ["report"], ["validate"], ["open", "dd_practice"]])
def test_a_folder_that_is_no_workshop_is_refused_and_left_alone(
    told: Told, tmp_path: Path, command: list[str]
) -> None:
    status, said, complaint = told(*command, str(tmp_path))
    assert (status, said) == (2, "")
    assert "This is not a workshop folder" in complaint
    assert "spp-workshop new my-workshop" in complaint
    assert list(tmp_path.iterdir()) == []


# --- summaries and report ---------------------------------------------------------------------------------


def test_summaries_are_made_once_and_told(told: Told, folder: Path) -> None:
    write_notebook(folder, "company_summary", "print(company)")
    status, said, complaint = told("summaries", str(folder), "--language", "ja")
    assert (status, complaint) == (0, "")
    assert "Made 2, up to date 0, failed 0." not in said
    assert "作成 2件、最新 0件、失敗 0件です。" in said
    assert str(folder / "output" / "index.html") in said
    assert (folder / "output" / "summaries" / "alpha" / "summary.ja.html").is_file()
    assert not (folder / "output" / "summaries" / "alpha" / "summary.en.html").exists()
    assert "作成 0件、最新 2件、失敗 0件です。" in told("summaries", str(folder), "--language", "ja")[1]


def test_one_company_that_fails_is_explained_and_the_other_is_made(told: Told, folder: Path) -> None:
    write_notebook(folder, "company_summary", 'print(company) if company == "alpha" else 1 / 0')
    status, said, _ = told("summaries", str(folder), "--language", "en")
    assert status == 1
    assert "Made 1, up to date 0, failed 1." in said
    assert "beta" in said
    assert "Traceback" not in said


def test_when_nothing_could_be_made_the_status_says_so(told: Told, folder: Path) -> None:
    write_notebook(folder, "company_summary", "1 / 0")
    status, said, _ = told("summaries", str(folder), "--company", "alpha", "--json", "--language", "en")
    assert status == 2
    (outcome,) = json.loads(said)["outcomes"]
    assert (outcome["company"], outcome["language"], outcome["status"]) == ("alpha", "en", "failed")
    assert outcome["problem"]


def test_a_company_that_is_not_there_is_told_with_the_nearest_name(told: Told, folder: Path) -> None:
    write_notebook(folder, "company_summary", "print(company)")
    status, _, complaint = told("summaries", str(folder), "--company", "alfa")
    assert status == 2
    assert "There is no company “alfa”" in complaint
    assert "alpha" in complaint


def test_the_report_is_made_in_both_languages(told: Told, folder: Path) -> None:
    write_notebook(folder, "programme_report", "print(language)")
    status, said, _ = told("report", str(folder), "--json")
    assert status == 0
    assert [outcome["files"]["html"] for outcome in json.loads(said)["outcomes"]] == [
        "output/report/programme_report.ja.html",
        "output/report/programme_report.en.html",
    ]


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["--jobs", "0"], "Write a number from 1 up"),
        (["--jobs", "-3"], "Write a number from 1 up"),
        (["--formats", "docx"], "“docx”. Use one of: html"),
        (["--since", "last week"], "“last week” is neither a day nor a time. Write a day as 2026-01-20"),
    ],
)
def test_options_that_make_no_sense_are_refused(
    told: Told, folder: Path, words: list[str], sentence: str
) -> None:
    write_notebook(folder, "company_summary", "print(company)")
    status, _, complaint = told("summaries", str(folder), *words)
    assert status == 2
    assert sentence in complaint
    assert not (folder / "output").exists()


def test_only_what_failed_or_has_changed_is_made_where_that_is_asked_for(told: Told, folder: Path) -> None:
    write_notebook(folder, "company_summary", 'print(company) if company == "alpha" else 1 / 0')
    words = ("summaries", str(folder), "--language", "en")
    nothing = "There was nothing to make: no document is as you asked for it."
    assert nothing in told(*words, "--failed")[1]
    assert "Made 1, up to date 0, failed 1." in told(*words)[1]
    status, said, _ = told(*words, "--failed")
    assert (status, "Made 0, up to date 0, failed 1." in said) == (2, True)
    status, said, _ = told(*words, "--since", "2026-01-20")
    assert (status, nothing in said) == (0, True)
    open_workshop(folder).save("company_profile", {"products": "ねじ"}, subject="company:alpha")
    assert "Made 1, up to date 0, failed 0." in told(*words, "--since", "2026-01-20")[1]
    assert "Made 0, up to date 1, failed 0." in told(*words, "--since", "2026-01-20")[1]
    assert "Made 1, up to date 0, failed 0." in told(*words, "--since", "2026-01-20", "--force")[1]


def test_what_was_made_but_could_not_be_noted_is_told(
    told: Told, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full_from_now_on(self: manifest.Manifest, outcome: manifest.Outcome) -> None:
        monkeypatch.setattr(Path, "write_bytes", failing(OSError(errno.ENOSPC, "")))

    write_notebook(folder, "company_summary", "print(company)")
    monkeypatch.setattr(manifest.Manifest, "note", full_from_now_on)
    words = ("summaries", str(folder), "--company", "alpha", "--language", "en", "--json")
    status, said, complaint = told(*words)
    assert (status, complaint) == (1, "")
    assert [outcome["status"] for outcome in json.loads(said)["outcomes"]] == ["made"]
    (problem,) = json.loads(said)["problems"]
    assert (problem["rule"], problem["where"]) == ("cannot_note", str(folder))


# --- demo -------------------------------------------------------------------------------------------------


def test_a_demonstration_is_recorded_once(tmp_path: Path) -> None:
    folder = demo.demo_folder(tmp_path / "demo")
    recorded = open_workshop(folder).revision()
    assert recorded > 100
    assert open_workshop(demo.demo_folder(folder)).revision() == recorded
    assert [path.name for path in tmp_path.iterdir()] == ["demo"]


def test_an_empty_folder_can_become_the_demonstration(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    demo.demo_folder(Path())
    assert (tmp_path / "programme.yaml").is_file()
    assert (tmp_path / "workshop.db").is_file()


def test_a_demonstration_that_was_interrupted_leaves_nothing_half_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(demo, "record", interrupted)
        with pytest.raises(KeyboardInterrupt):
            demo.demo_folder(tmp_path / "demo")
    assert list(tmp_path.rglob("*")) == [tmp_path / "demo"]
    assert open_workshop(demo.demo_folder(tmp_path / "demo")).revision() > 100


@pytest.mark.parametrize("name", ["programme.yaml", "holiday.txt"])
def test_a_folder_with_something_else_in_it_does_not_become_the_demonstration(
    told: Told, folder: Path, name: str
) -> None:
    (folder / "programme.yaml").rename(folder / name)
    before = {path: path.read_bytes() for path in folder.rglob("*")}
    status, _, complaint = told("demo", str(folder))
    assert status == 2
    assert "something other than the demonstration" in complaint
    assert {path: path.read_bytes() for path in folder.rglob("*")} == before


# --- When something goes wrong ----------------------------------------------------------------------------


def failing(error: BaseException) -> Callable[..., int]:
    def run(*_: object) -> int:
        raise error

    return run


def test_an_interrupted_command_says_that_it_stopped(told: Told, monkeypatch: pytest.MonkeyPatch) -> None:
    # A command's process ends now; this one goes on, and still wants to hear of Ctrl+C.
    monkeypatch.setattr(cli.signal, "signal", lambda *_: None)
    monkeypatch.setitem(cli.COMMANDS, "validate", failing(KeyboardInterrupt()))
    assert told("validate") == (
        1,
        "",
        "Stopped. What was finished is kept; run the command again to make the rest.\n",
    )


def test_what_the_system_refuses_is_a_sentence(told: Told, monkeypatch: pytest.MonkeyPatch) -> None:
    full = OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), "output/run.json")
    monkeypatch.setitem(cli.COMMANDS, "validate", failing(full))
    status, _, complaint = told("validate")
    assert status == 2
    assert complaint.startswith("output/run.json: The computer could not do this: No space left on device.")


def test_an_unexpected_error_is_one_sentence_and_its_details_hold_no_answer(
    told: Told, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    monkeypatch.setitem(cli.COMMANDS, "validate", failing(ValueError("a company's secret answer")))
    status, _, complaint = told("validate")
    (details,) = tmp_path.glob("spp-workshop-*.txt")
    assert status == 2
    assert complaint.count("\n") == 1
    assert "(ValueError)" in complaint
    assert str(details) in complaint
    written = details.read_text(encoding="utf-8")
    assert "test_cli.py" in written
    assert "secret" not in complaint + written


def test_a_machine_gets_the_problems_as_data_too(told: Told, tmp_path: Path) -> None:
    status, said, _ = told("validate", str(tmp_path), "--json")
    assert status == 2
    assert [problem["rule"] for problem in json.loads(said)["problems"]] == ["no_workshop_folder"]


@pytest.mark.skipif(sys.platform == "win32", reason="a pipe that nobody reads is no error on Windows")
def test_output_that_nobody_reads_is_no_error(folder: Path) -> None:
    script = f"{shlex.join(COMMAND)} validate {shlex.quote(str(folder))} | true"
    done = subprocess.run(["bash", "-c", script], capture_output=True, text=True, check=False)
    assert done.stderr == ""


# --- open -------------------------------------------------------------------------------------------------


@pytest.fixture
def lab(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, str]]:
    """JupyterLab as `spp-workshop open` starts it: (workshop folder, address with its token)."""
    write_notebook(folder, "dd_practice", "print(session)")
    log = tmp_path_factory.mktemp("lab") / "log.txt"
    words = ["open", "dd_practice", str(folder), "--no-browser", "--language", "en"]
    with log.open("w", encoding="utf-8") as stream:
        running = subprocess.Popen([*COMMAND, *words], stdout=stream, stderr=subprocess.STDOUT)
        try:
            yield folder, address_in(log, running)
        finally:
            running.send_signal(signal.SIGTERM)
            running.wait(30)


def address_in(log: Path, running: subprocess.Popen[bytes]) -> str:
    until = time.monotonic() + 60
    while time.monotonic() < until and running.poll() is None:
        found = re.search(r"http://(?:localhost|127\.0\.0\.1):\S+token=\w+", log.read_text(encoding="utf-8"))
        if found:
            return found[0]
        time.sleep(0.2)
    raise AssertionError(log.read_text(encoding="utf-8"))


def test_open_prepares_the_notebook_and_starts_jupyterlab_without_the_internet(lab: tuple[Path, str]) -> None:
    folder, address = lab
    base, _, query = address.partition("?")
    assert base.endswith("/lab/workspaces/dd_practice/tree/notebooks/dd_practice.en.ipynb")
    text = (folder / "notebooks" / "dd_practice.en.ipynb").read_text(encoding="utf-8")
    assert 'session = \\"dd_practice\\"' in text

    def get(path: str) -> str:
        url = f"{base.partition('/lab/')[0]}/lab/{path}?{query}"
        with urllib.request.urlopen(url, timeout=30) as answer:
            return str(answer.read().decode())

    found = re.search(r'id="jupyter-config-data"[^>]*>(.*?)</script>', get("tree/notebooks"), re.DOTALL)
    assert found
    config = json.loads(found[1])
    assert config["news"] == {"disabled": True}
    assert config["extensionManager"]["can_install"] is False
    assert json.loads(get("api/update")) == {"notification": None}
    settings = json.loads(get("api/settings/@jupyterlab/apputils-extension:notification"))
    # Neither news nor the question whether news is wanted.
    assert settings["schema"]["properties"]["fetchNews"]["default"] == "false"


def test_open_names_the_sessions_when_it_does_not_know_one(told: Told, folder: Path) -> None:
    status, _, complaint = told("open", "dd_practise", str(folder))
    assert status == 2
    assert complaint == "There is no session “dd_practise” in this programme. Did you mean “dd_practice”?\n"


@pytest.mark.parametrize(("language", "locale"), [("ja", "ja_JP"), ("en", "en")])
def test_jupyterlab_speaks_the_language_of_the_notebook_and_asks_for_no_news(
    language: str, locale: str
) -> None:
    with workshops._jupyterlab_settings(language) as folder:
        settings = json.loads((folder / "overrides.json").read_text(encoding="utf-8"))
    assert settings["@jupyterlab/translation-extension:plugin"] == {"locale": locale}
    assert settings["@jupyterlab/apputils-extension:notification"]["fetchNews"] == "false"
