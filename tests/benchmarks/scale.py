"""From 8 to 1,000 companies: what a summary costs, and what the batch holds, as a programme grows.

    python tests/benchmarks/scale.py [--companies 8 40 200 1000] [--json FILE]

The real company summary in one language, once for each size. The cost is the whole command, from its start to
its end, divided by the companies; start-up is told beside it, and not taken out. Linux only.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import crowd
from measuring import Spent, machine, measured

WAYS = Path(__file__).with_name("ways.py")

# Megabytes, and how much more a company may cost among many than among few.
MOST_MEMORY = 1000
FLAT = 1.10

# Fewer companies are done before there is a pace.
PACED = 40


@dataclass
class Size:
    """What so many companies took."""

    companies: int
    spent: Spent

    @property
    def whole(self) -> float:
        """Seconds a company, of the whole command."""
        return self.spent.seconds / self.companies

    @property
    def cpu(self) -> float:
        """Processor seconds a company, of the whole command."""
        return self.spent.cpu / self.companies

    def held(self, companies: int) -> tuple[float, int] | None:
        """What the runner held after so many: megabytes and open files."""
        return self.spent.said["holds"].get(str(companies))

    def as_json(self) -> dict[str, Any]:
        """For machines."""
        spent = self.spent.as_json()
        del spent["said"]["shown"]
        return {"companies": self.companies, "whole": round(self.whole, 4), "cpu": round(self.cpu, 4)} | spent


def measure(companies: int, jobs: int | None) -> Size:
    """One run of the batch in a new folder."""
    with tempfile.TemporaryDirectory(prefix="spp-benchmark-") as place:
        keys = crowd.real(Path(place, "workshop"), companies)
        options = ["--jobs", str(jobs)] if jobs else []
        spent = measured(WAYS, "ours", Path(place, "workshop"), *keys, *options, memory_every=1.0)
    return Size(companies, spent)


def verdicts(sizes: list[Size]) -> dict[str, tuple[float, bool]]:
    """What was to be shown: the number, and whether it is as it should be."""
    first, last = sizes[0], sizes[-1]
    peak = max(size.spent.peak["all"] for size in sizes)
    found = {
        "seconds of the last size, times the first": (last.whole / first.whole, FLAT),
        "processor seconds of the last size, times the first": (last.cpu / first.cpu, FLAT),
        "processor seconds of its kernels, times the first": (_kernels(last) / _kernels(first), FLAT),
        "megabytes of all processes at most": (peak, MOST_MEMORY),
    }
    if many := [size for size in sizes[:-1] if size.companies >= PACED]:
        found["steady seconds of the last size, times the first of forty or more"] = (
            _steady(last) / _steady(many[0]),
            FLAT,
        )
    early, late = last.held(100), last.held(last.companies)
    if early and late:
        found["megabytes that the runner grew after 100 companies"] = (late[0] - early[0], 5)
        found["files that the runner opened after 100 companies"] = (late[1] - early[1], 5)
    return {what: (round(value, 3), value <= most) for what, (value, most) in found.items()}


def _kernels(size: Size) -> float:
    return size.spent.of["kernels"] / size.companies


def _steady(size: Size) -> float:
    return float(size.spent.said["steady"])


def main() -> None:
    """Measure, and say it."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--companies", type=int, nargs="+", default=[8, 40, 200, 1000])
    options.add_argument("--jobs", type=int)
    options.add_argument("--json", type=Path, help="a file for all that was measured")
    asked = options.parse_args()
    about = machine()
    print("companies    whole   steady  start-up  processor  runner  server  kernels     MB  runner MB")
    sizes = []
    for companies in asked.companies:
        sizes.append(measure(companies, asked.jobs))
        print(_line(sizes[-1]), flush=True)
    reached = verdicts(sizes)
    for what, (value, well) in reached.items():
        print(f"{value:>9.2f} {what}: {'met' if well else 'MISSED'}")
    data = {"machine": about, "sizes": [size.as_json() for size in sizes], "verdicts": reached}
    if asked.json:
        asked.json.write_text(json.dumps(data, indent=1) + "\n", encoding="utf-8")


def _line(size: Size) -> str:
    spent, said = size.spent, size.spent.said
    shares = " ".join(f"{value / size.companies:7.3f}" for value in spent.of.values())
    return (
        f"{size.companies:>9} {size.whole:8.3f} {said['steady']:8.3f} {said['start_up']:9.2f} "
        f"{size.cpu:10.3f} {shares} {spent.peak['all']:8.0f} {spent.peak['runner']:8.0f}"
    )


if __name__ == "__main__":
    main()
