"""What draws charts in a process of its own: `python -m spp_workshop.serving.painting FOLDER`.

The server never imports this module: pandas and matplotlib are larger than all the rest of it. A job is a
line of JSON (chart, company and language), and so is its answer: the SVG and its text alternative, or the
name of what went wrong, whose words stay here, for they may quote an answer.
"""

from __future__ import annotations

import json
import signal
import sys
from contextlib import redirect_stdout
from pathlib import Path
from typing import TextIO

# What the first chart needs is imported before anybody asks for one.
import spp_workshop.reports.own  # noqa: F401
from spp_workshop.charts.lettering import drawable
from spp_workshop.charts.vector import svg
from spp_workshop.exercises import CHARTS
from spp_workshop.seats import Seat
from spp_workshop.workshop import Workshop, open_workshop


def main() -> None:
    """Draw what is asked for until nobody asks any more."""
    # Whoever stops the server with the keyboard stops this process by that, and in no other way.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # A library that prints something must not be taken for a picture.
    with redirect_stdout(sys.stderr):
        paint(Path(sys.argv[1]), sys.stdin, sys.__stdout__ or sys.stdout)


def paint(folder: Path, jobs: TextIO, pictures: TextIO) -> None:
    """A line for each line."""
    room = open_workshop(folder, seat=Seat.projector())
    # Looking through the fonts takes longer than any chart.
    drawable("A")
    for job in jobs:
        try:
            answer: list[str] | str = _drawn(room, *json.loads(job))
        except Exception as error:
            answer = type(error).__name__
        pictures.write(json.dumps(answer) + "\n")
        pictures.flush()


def _drawn(room: Workshop, chart: str, company: str, language: str) -> list[str]:
    own = room.seated(Seat.company(company))
    own.language = "ja" if language == "ja" else "en"
    drawn = CHARTS[chart](own)
    return [svg(drawn), drawn.alt_text]


if __name__ == "__main__":
    main()
