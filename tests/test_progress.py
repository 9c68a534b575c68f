"""How far a run is: a bar where somebody watches, a line now and then in a log, and nothing private in it."""

from __future__ import annotations

import io
import re
import subprocess
import sys
import textwrap
from contextlib import suppress
from types import SimpleNamespace
from typing import Any

import pytest

from spp_workshop.batch import progress as module
from spp_workshop.batch.manifest import Outcome
from spp_workshop.batch.progress import notebook_progress, shell_progress


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def outcome(number: int, status: Any = "made") -> Outcome:
    return Outcome("company_summary", f"c{number}", "ja", status)


def run(statuses: list[str], language: str = "en") -> None:
    with shell_progress(language) as progress:
        for number, status in enumerate(statuses, 1):
            progress(outcome(number, status), number, len(statuses))


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """A clock that a test turns."""
    now = [1000.0]
    monkeypatch.setattr(module.time, "monotonic", lambda: now[0])
    return now


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> Terminal:
    stream = Terminal()
    monkeypatch.setattr(module, "sys", SimpleNamespace(stderr=stream))
    return stream


def test_a_terminal_shows_a_bar_with_count_times_and_failures(terminal: Terminal) -> None:
    run(["made", "failed", "made", "made"])
    last = terminal.getvalue().split("\r")[-1]
    assert re.fullmatch(r"c4 ja: 100%\|.*\| 4/4 \[00:0\d, 00:00 left, failed 1\]\n", last), last


def test_the_bar_speaks_japanese(terminal: Terminal) -> None:
    run(["made", "failed"], "ja")
    assert re.search(r"2/2 \[00:0\d、残り 00:00, 失敗 1件\]", terminal.getvalue())


def test_what_was_up_to_date_says_nothing_about_the_time_that_is_left(
    terminal: Terminal, clock: list[float]
) -> None:
    with shell_progress("en") as progress:
        for number in range(1, 91):
            progress(outcome(number, "current"), number, 100)
        assert terminal.getvalue() == ""
        clock[0] += 5
        progress(outcome(91), 91, 100)
    # 9 are left, at 5 seconds each.
    assert re.search(r"91/100 \[00:0[56], 00:4[5-9] left\]", terminal.getvalue()), terminal.getvalue()


def test_nothing_is_shown_when_nothing_was_to_be_made(terminal: Terminal) -> None:
    run(["current", "current"])
    assert terminal.getvalue() == ""


def test_a_bar_that_is_broken_off_ends_its_line(terminal: Terminal) -> None:
    with suppress(KeyboardInterrupt), shell_progress("en") as progress:
        progress(outcome(1), 1, 2)
        raise KeyboardInterrupt
    assert terminal.getvalue().endswith("\n")


def test_a_log_gets_a_line_every_half_minute(capsys: pytest.CaptureFixture[str], clock: list[float]) -> None:
    with shell_progress("en") as progress:
        for number in range(1, 11):
            clock[0] += 10
            progress(outcome(number, "failed" if number == 2 else "made"), number, 10)
    said, complained = capsys.readouterr()
    assert said == ""
    assert complained.splitlines() == [
        "c3 ja: 30% 3/10 [00:30, 01:10 left, failed 1]",
        "c6 ja: 60% 6/10 [01:00, 00:40 left, failed 1]",
        "c9 ja: 90% 9/10 [01:30, 00:10 left, failed 1]",
    ]


def test_a_short_run_leaves_no_line_in_a_log(capsys: pytest.CaptureFixture[str]) -> None:
    run(["made", "failed"])
    assert capsys.readouterr() == ("", "")


def test_a_notebook_gets_a_widget() -> None:
    program = """
        import io
        from unittest import mock
        from ipykernel.kernelapp import IPKernelApp
        from IPython.core.interactiveshell import InteractiveShell
        from traitlets.config import Config

        shell = InteractiveShell.instance(config=Config({"IPKernelApp": {}}))
        from spp_workshop.batch.manifest import Outcome
        from spp_workshop.batch.progress import notebook_progress

        shown = []
        with mock.patch("tqdm.notebook.display", shown.append), notebook_progress("ja") as progress:
            for number in (1, 2):
                progress(Outcome("company_summary", f"c{number}", "ja", "made"), number, 2)
        (box,) = shown
        print([child.value for child in box.children])
    """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(program)], capture_output=True, text=True, check=False
    )
    # tqdm writes spaces as wide as a figure.
    said = done.stdout.replace(r"\u2007", " ").replace("\u2007", " ")
    assert re.search(r"'c2 ja: 100%', 2\.0, ' 2/2 \[00:0\d、残り 00:00\]'", said), done


def test_without_a_notebook_the_same_bar_is_written(terminal: Terminal) -> None:
    with notebook_progress("en") as progress:
        progress(outcome(1), 1, 1)
    assert "c1 ja: 100%" in terminal.getvalue()
