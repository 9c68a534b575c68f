"""The README promises commands; every one of them is there, and the main ones do what it says."""

from __future__ import annotations

import json
import os
import re
import shlex
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from contextlib import suppress
from pathlib import Path

import pytest

from spp_workshop.commands.line import parser
from spp_workshop.programme import load

COMMAND = "import sys; from spp_workshop.cli import main; sys.exit(main())"
ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
JAPANESE = (ROOT / "README.ja.md").read_text(encoding="utf-8")
CONTRIBUTING = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")


def blocks(text: str) -> list[str]:
    return re.findall(r"^```(?:sh|powershell)\n(.*?)^```", text, re.DOTALL | re.MULTILINE)


def commands(text: str) -> list[str]:
    return [line for block in blocks(text) for line in block.splitlines()]


def ours(text: str) -> list[list[str]]:
    """The words that follow `spp-workshop` in every such command."""
    lines = [line.replace(".venv\\Scripts\\", "") for line in commands(text)]
    return [shlex.split(line)[1:] for line in lines if line.startswith("spp-workshop ")]


def test_the_japanese_readme_shows_the_same_commands() -> None:
    assert blocks(JAPANESE) == blocks(README)


def test_the_two_readmes_have_the_same_parts() -> None:
    def parts(text: str) -> list[str]:
        return [line.split()[0] for line in text.splitlines() if line.startswith("#")]

    assert parts(JAPANESE) == parts(README)


@pytest.mark.parametrize("words", ours(README), ids=" ".join)
def test_every_command_of_the_readme_exists(words: list[str]) -> None:
    assert parser("en").parse_args(words).command == words[0]


def test_the_readme_shows_every_command() -> None:
    from spp_workshop.commands.line import COMMANDS

    assert {words[0] for words in ours(README)} == {command.name for command in COMMANDS}


@pytest.mark.parametrize("text", [README, CONTRIBUTING], ids=["README", "CONTRIBUTING"])
def test_every_target_of_make_that_is_named_exists(text: str) -> None:
    targets = re.findall(r"^(\w+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
    shown = "\n".join([*blocks(text), *re.findall(r"^    .*|`[^`\n]+`", text, re.MULTILINE)])
    named = re.findall(r"(?:^ *|`)make (\w+)", shown, re.MULTILINE)
    assert named
    assert set(named) <= set(targets)


@pytest.mark.parametrize("name", ["README.md", "README.ja.md", "CONTRIBUTING.md", "CHANGELOG.md"])
def test_every_link_to_a_file_leads_somewhere(name: str) -> None:
    text = (ROOT / name).read_text(encoding="utf-8")
    links = re.findall(r"\]\((?!https?:)([^)#]+)", text)
    assert [link for link in links if not (ROOT / link).exists()] == []


def test_the_sessions_that_are_named_are_those_of_the_programme() -> None:
    programme = load(ROOT / "spp_workshop" / "programmes" / "pilot")
    for text in (README, JAPANESE):
        assert [session.key for session in programme.sessions if f"`{session.key}`" not in text] == []


def spp_workshop(*words: str, folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", COMMAND, *words],
        cwd=folder,
        env={**os.environ, "PYTHONUTF8": "1", "LANG": "en_US.UTF-8"},
        capture_output=True,
        encoding="utf-8",
        check=False,
    )


def test_the_way_of_a_secretariat_works_from_beginning_to_end(tmp_path: Path) -> None:
    for words in ours(README):
        if words[0] in ("new", "validate", "summaries", "report"):
            done = spp_workshop(*words, folder=tmp_path)
            assert done.returncode == 0, done.stdout + done.stderr
    for language in ("ja", "en"):
        assert (tmp_path / f"my-workshop/output/report/programme_report.{language}.html").is_file()


@pytest.fixture
def session_folder(tmp_path: Path) -> Path:
    """The workshop folder of the README's commands, with companies in it."""
    assert spp_workshop("new", "my-workshop", "--template", "spp-2025", folder=tmp_path).returncode == 0
    return tmp_path


def of_the_readme(command: str) -> list[str]:
    (words,) = [words for words in ours(README) if words[0] == command]
    return words


def free_port() -> str:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return str(one.getsockname()[1])


def test_the_way_of_a_host_works_from_beginning_to_end(session_folder: Path) -> None:
    port = free_port()
    words = [sys.executable, "-c", COMMAND, *of_the_readme("serve"), "--port", port]
    environment = {**os.environ, "PYTHONUTF8": "1", "LANG": "en_US.UTF-8"}
    with (session_folder / "serve.log").open("w", encoding="utf-8") as log:
        serving = subprocess.Popen(words, cwd=session_folder, env=environment, stdout=log, stderr=log)
    try:
        page = wait_for(f"http://127.0.0.1:{port}/join", serving)
    finally:
        serving.send_signal(signal.SIGTERM if os.name == "nt" else signal.SIGINT)
        serving.wait(30)
    assert "参加コード" in page
    said = (session_folder / "serve.log").read_text(encoding="utf-8")
    assert len(set(re.findall(r"/join#[2-9A-Z]{10}", said))) == 10
    sheets = session_folder / "my-workshop" / "output" / "invitations"
    assert len(list((sheets / "companies").glob("*.html"))) == 8
    assert (sheets / "to-print.html").is_file()
    listed = spp_workshop(*of_the_readme("seats"), folder=session_folder)
    assert listed.returncode == 0, listed.stderr
    assert "company:hoshikuzu" in listed.stdout
    tried = spp_workshop(*of_the_readme("preflight"), "--port", port, "--json", folder=session_folder)
    checks = {check["check"]: check["state"] for check in json.loads(tried.stdout)["checks"]}
    # Without --public-url nobody else can join, and it says so; all else is ready.
    assert {name for name, state in checks.items() if state != "green"} == {"name"}


def wait_for(address: str, serving: subprocess.Popen[bytes]) -> str:
    for _ in range(600):
        assert serving.poll() is None
        with suppress(OSError), urllib.request.urlopen(address, timeout=5) as answer:
            return str(answer.read().decode())
        time.sleep(0.1)
    raise AssertionError(address)


def test_the_demonstration_makes_everything_and_says_where_it_is(tmp_path: Path) -> None:
    done = spp_workshop("demo", "--json", folder=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    outcomes = json.loads(done.stdout)["outcomes"]
    assert [outcome["status"] for outcome in outcomes] == ["made"] * (8 * 2 + 2)
    for outcome in outcomes:
        assert (tmp_path / "demo" / outcome["files"]["html"]).is_file()
    again, output = spp_workshop("demo", folder=tmp_path), Path("demo", "output")
    assert again.stdout.splitlines()[1:] == [
        "Made 0, up to date 18, failed 0.",
        f"They are in {output}; this page leads to all of them: {output / 'index.html'}",
    ]


def test_homework_goes_out_comes_back_and_is_asked_for(session_folder: Path) -> None:
    shown = {words[1]: words for words in ours(README) if words[0] == "worksheets"}
    worksheets, back = shown["export"], shown["import"]
    assert spp_workshop(*shown["xlsform"], folder=session_folder).returncode == 0
    assert (session_folder / "my-workshop" / "output" / "xlsform" / "links.xlsx").is_file()
    assert spp_workshop(*worksheets, folder=session_folder).returncode == 0
    sent = session_folder / "my-workshop" / "output" / "worksheets" / "tsuchinoko.xlsx"
    (session_folder / "returned.xlsx").write_bytes(sent.read_bytes())
    done = spp_workshop(*back, "--apply", folder=session_folder)
    assert done.returncode == 0, done.stdout + done.stderr
    asked = spp_workshop(*of_the_readme("homework"), folder=session_folder)
    assert asked.returncode == 0, asked.stdout + asked.stderr
