"""The README promises commands; every one of them is there, and the main ones do what it says."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from spp_workshop.command_line import parser
from spp_workshop.programme import load

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
    from spp_workshop.command_line import COMMANDS

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
        [sys.executable, "-c", "import sys; from spp_workshop.cli import main; sys.exit(main())", *words],
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
