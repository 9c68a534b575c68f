"""The batch against what people would use instead, and against the bare computation, side by side in one run.

    python tests/benchmarks/batch.py [--companies 40] [--runs 3] [--json FILE]

Two notebooks: the reference (two styled tables, two charts), and the real company summary. What counts are
the ratios, and processor seconds where the machine was busy; seconds are the machine's. `ways.py` tells the
ways. Loops of commands and of APIs are measured on fewer companies: each costs the same. Linux only.
"""

from __future__ import annotations

import argparse
import json
import shutil
import statistics
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import crowd
from measuring import Spent, machine, measured

WAYS = Path(__file__).with_name("ways.py")


@dataclass
class Measured:
    """One way, measured several times: seconds and processor seconds for each company (medians).

    `whole` is the command from its start to its end, `seconds` what it did after its imports, and `steady`
    its pace without start-up (both the same where there is none).
    """

    way: str
    companies: int
    whole: float
    seconds: float
    steady: float
    cpu: dict[str, float]
    runs: list[dict[str, Any]]


def measure(notebook: str, companies: dict[str, int], runs: int) -> list[Measured]:
    """Every way on as many companies as asked for, in turns, so that a busy minute meets all of them."""
    with tempfile.TemporaryDirectory(prefix="spp-benchmark-") as place:
        folder = Path(place, "workshop")
        keys = getattr(crowd, notebook)(folder, max(companies.values()))
        found: dict[str, list[Spent]] = {way: [] for way in companies}
        for turn in range(runs + 1):
            for way, wanted in companies.items():
                # The first turn warms the disk, and is not counted.
                spent = _go(way, folder, keys[: wanted if turn else 2])
                found[way] += [spent] if turn else []
        _same_work(found)
    return [_median(way, wanted, found[way]) for way, wanted in companies.items()]


def _go(way: str, folder: Path, keys: list[str]) -> Spent:
    """One way in a copy of the folder."""
    with tempfile.TemporaryDirectory(prefix="spp-benchmark-") as place:
        copy = shutil.copytree(folder, Path(place, "workshop"))
        return measured(WAYS, way, copy, *keys)


def _same_work(found: dict[str, list[Spent]]) -> None:
    """Every way has shown the same number of pictures and tables for every company."""
    shown: dict[str, list[int]] = {}
    for way, spent in found.items():
        for company, counted in spent[0].said["shown"].items():
            if shown.setdefault(company, counted) != counted or not any(counted):
                raise SystemExit(
                    f"{way} showed {counted} pictures and tables to {company}, another way {shown[company]}."
                )


def _median(way: str, companies: int, spent: list[Spent]) -> Measured:
    def each(values: list[float]) -> float:
        return round(statistics.median(values) / companies, 4)

    seconds = [one.said["seconds"] for one in spent]
    steady = [one.said.get("steady", one.said["seconds"] / companies) * companies for one in spent]
    cpu = {role: each([one.of[role] for one in spent]) for role in spent[0].of}
    if "computing" in spent[0].said:
        cpu = {"computing": each([one.said["computing"] for one in spent])}
    runs = [one.as_json() for one in spent]
    for run in runs:
        del run["said"]["shown"]
    return Measured(
        way, companies, each([one.seconds for one in spent]), each(seconds), each(steady), cpu, runs
    )


# --- What is said -------------------------------------------------------------------------------------------


@dataclass
class Goal:
    """What was to be reached, and what was: by the whole command, and by its pace without start-up."""

    what: str
    goal: float
    most: bool
    whole: float
    steady: float

    def met(self, reached: float) -> str:
        """Whether this number reaches it."""
        well = reached <= self.goal if self.most else reached >= self.goal
        return f"{reached:.3g} {'met' if well else 'MISSED'}"


def goals(reference: list[Measured], real: list[Measured]) -> list[Goal]:
    """The whole is a command from its start to its end: nothing of it is left out."""
    of, summary = ({one.way: one for one in found} for found in (reference, real))
    own, bare = of["ours"], of["bare"].seconds
    commands, loop = of["commands"].seconds, of["loop"].seconds
    made, computed = summary["ours"], summary["bare"].seconds
    return [
        Goal("times faster than the commands", 40, False, commands / own.whole, commands / own.steady),
        Goal("times faster than a loop of APIs", 10, False, loop / own.whole, loop / own.steady),
        Goal("times the bare computation", 2.5, True, own.whole / bare, own.steady / bare),
        Goal(
            "seconds a summary above its computation",
            0.12,
            True,
            made.whole - computed,
            made.steady - computed,
        ),
    ]


def tell(title: str, found: list[Measured]) -> None:
    """A table for people."""
    print(f"\n{title}, seconds for each company")
    print(f"{'way':<10}{'companies':>10}{'whole':>9}{'imported':>10}{'steady':>9}   processor seconds")
    for one in found:
        cpu = ", ".join(f"{role} {value:.3f}" for role, value in one.cpu.items())
        print(
            f"{one.way:<10}{one.companies:>10}{one.whole:>9.3f}{one.seconds:>10.3f}{one.steady:>9.3f}   {cpu}"
        )


def main() -> None:
    """Measure, and say it."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--companies", type=int, default=40)
    options.add_argument("--commands", type=int, default=4, help="companies of the loop of commands")
    options.add_argument("--loop", type=int, default=8, help="companies of the loop of APIs")
    options.add_argument("--runs", type=int, default=3)
    options.add_argument("--json", type=Path, help="a file for all that was measured")
    asked = options.parse_args()
    about = machine()
    both = {"ours": asked.companies, "bare": asked.companies}
    others = {"commands": asked.commands, "loop": asked.loop}
    reference = measure("reference", others | both, asked.runs)
    real = measure("real", both, asked.runs)
    tell("Reference notebook", reference)
    tell("Company summary", real)
    print()
    reached = goals(reference, real)
    for goal in reached:
        word = "at most" if goal.most else "at least"
        print(
            f"{goal.what} ({word} {goal.goal}): whole command {goal.met(goal.whole)}, "
            f"without start-up {goal.met(goal.steady)}"
        )
    data = {
        "machine": about,
        "reference": [vars(one) for one in reference],
        "real": [vars(one) for one in real],
        "goals": [vars(goal) for goal in reached],
    }
    if asked.json:
        asked.json.write_text(json.dumps(data, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    print(json.dumps({goal.what: [round(goal.whole, 3), round(goal.steady, 3)] for goal in reached}))


if __name__ == "__main__":
    main()
