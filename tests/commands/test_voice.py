"""How a command speaks: to a person at a terminal, and to a program."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from spp_workshop.commands.voice import NOTHING_DONE, Voice
from spp_workshop.errors import Problem, message

WIPES_THE_SCREEN = Path("a\x1b[2J\x9b0m\r\u202eb.xlsx")


@pytest.mark.parametrize("said", ["tell", "problems", "complain"])
def test_the_name_of_a_file_gives_a_terminal_no_orders(capsys: pytest.CaptureFixture[str], said: str) -> None:
    text = message("Written: {file}", file=WIPES_THE_SCREEN)
    voice, problem = Voice("en"), Problem(str(WIPES_THE_SCREEN), "rule", text, text)
    {
        "tell": lambda: voice.tell(text),
        "problems": lambda: voice.problems([problem]),
        "complain": lambda: voice.complain([problem]),
    }[said]()
    printed = "".join(capsys.readouterr())
    assert "b.xlsx" in printed
    assert not set(printed) & set("\x1b\x9b\r\u202e")


def test_a_program_hears_one_thing_alone(capsys: pytest.CaptureFixture[str]) -> None:
    voice = Voice("ja", as_json=True)
    voice.tell(message("Stopped."))
    voice.show("worded")
    assert voice.complain([Problem("", "rule", message("Stopped."), message("Stopped."))]) == NOTHING_DONE
    out, complaint = capsys.readouterr()
    assert [one["rule"] for one in json.loads(out)["problems"]] == ["rule"]
    assert complaint.strip() != "Stopped."
