"""The batch against what a secretariat would use instead: a loop of `papermill` and `nbconvert` commands.

    python tests/benchmarks/batch.py [--companies 4] [--language ja]

Both make an executed notebook and an HTML page of the same companies from the same notebook, one after the
other in this run. Printed as a table and as JSON; the ratio is what counts, seconds are the machine's.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from spp_workshop import notebooks, programme, summaries
from spp_workshop.demo import demo_folder


def commands(folder: Path, companies: list[str], language: str) -> None:
    """A loop of commands, a kernel and two Pythons for each company."""
    source = notebooks.find("company_summary", folder)
    for number, company in enumerate(companies):
        made = folder / f"by_hand_{number}.ipynb"
        given = {"folder": ".", "company": company, "language": language}
        words = [word for name, value in given.items() for word in ("-p", name, value)]
        _run(folder, "papermill", "--no-progress-bar", str(source), str(made), *words)
        _run(folder, "nbconvert", "--to", "html", "--no-input", str(made))


def batch(folder: Path, companies: list[str], language: str) -> None:
    """Our own way, with as many at a time as it finds right."""
    run = summaries.make(folder, companies, languages=[language])
    if run.failed:
        raise SystemExit("A summary failed, so there is nothing to compare.")


def measure(way: Callable[[Path, list[str], str], None], companies: int, language: str) -> float:
    """Seconds for each company, in a workshop folder of its own."""
    with tempfile.TemporaryDirectory() as place:
        folder = demo_folder(Path(place, "demo"))
        keys = [company.key for company in programme.load(folder).companies][:companies]
        start = time.perf_counter()
        way(folder, keys, language)
        return (time.perf_counter() - start) / len(keys)


def _run(folder: Path, module: str, *words: str) -> None:
    subprocess.run([sys.executable, "-m", module, *words], cwd=folder, check=True, capture_output=True)


def main() -> None:
    """Measure, and say it."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--companies", type=int, default=4)
    options.add_argument("--language", choices=("ja", "en"), default="ja")
    asked = options.parse_args()
    seconds = {way.__name__: measure(way, asked.companies, asked.language) for way in (commands, batch)}
    seconds["ratio"] = seconds["commands"] / seconds["batch"]
    for name, value in seconds.items():
        print(f"{name:<10}{value:8.2f}{' times' if name == 'ratio' else ' s a company'}")
    print(
        json.dumps(
            {"companies": asked.companies, **{name: round(value, 2) for name, value in seconds.items()}}
        )
    )


if __name__ == "__main__":
    main()
