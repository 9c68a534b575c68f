"""Open a file in a process of its own, and say what came of it, how long it took and how much memory."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

PROGRAM = """
import json, sys, time
from pathlib import Path
from spp_workshop.errors import AnswerError
from spp_workshop.spreadsheets.opening import read_file
import msoffcrypto, python_calamine

begun = time.process_time()
try:
    told = sum(len(grid.cells) for grid in read_file(Path(sys.argv[1])).grids)
except AnswerError as error:
    told = error.problems[0].rule
took = time.process_time() - begun
peak = next(line.split()[1] for line in open("/proc/self/status") if line.startswith("VmHWM"))
print(json.dumps([told, took, int(peak) // 1000]))
"""


class Opened(NamedTuple):
    """The number of cells or the rule by which it is refused; seconds; megabytes at most."""

    told: int | str
    seconds: float
    megabytes: int


def opened(path: Path) -> Opened:
    """What came of a file."""
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(path)], capture_output=True, text=True, check=True, timeout=120
    )
    return Opened(*json.loads(done.stdout))
