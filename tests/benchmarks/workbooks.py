"""How long the workbooks of 100 companies take, out and in, beside the same cells by pandas and openpyxl.

    .venv/bin/python tests/benchmarks/workbooks.py [COMPANIES]

Every company has answered every worksheet of a list three times, and sends its workbook back with each text
changed. What people would use instead only writes the cells into plain sheets and reads them back: no look,
no drop-downs, no ids, nothing compared or stored. Said are seconds by the clock and of the processor, and how
they relate to it in the same run.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple, TypeVar

import pandas as pd

from spp_workshop.folders import new_folder
from spp_workshop.seats import Seat
from spp_workshop.workbook.exporting import export
from spp_workshop.workbook.importing import import_files
from spp_workshop.workbook.plans import plan
from spp_workshop.workbook.writing import workbook
from spp_workshop.workshop import Workshop, open_workshop

GOAL = 20.0
T = TypeVar("T")


def programme_of(folder: Path, companies: int) -> Workshop:
    """A workshop folder with so many made-up companies, each with some rows on two lists."""
    file = new_folder(folder, "pilot")
    lines = [
        f'  - {{key: c{number:04}, name: {{ja: "会社{number}", en: "Company {number}"}}}}'
        for number in range(companies)
    ]
    told = file.read_text(encoding="utf-8")
    begun = told.index("\ncompanies:") + 1
    file.write_text(
        f"{told[:begun]}companies:\n{chr(10).join(lines)}\n{told[told.index(chr(10), begun) + 1 :]}",
        encoding="utf-8",
    )
    workshop = open_workshop(folder)
    with workshop.store.transactions.writing():
        for company in workshop.programme.companies:
            seated = workshop.seated(Seat.company(company.key))
            for row in range(3):
                for name, field in (("issues_found", "situation"), ("step1_risk_areas", "business_area")):
                    seated.save(name, {field: f"ここに書いた文 {row}" * 5}, row=f"r{row}")
    return workshop


def answered(workshop: Workshop, key: str) -> bytes:
    """The workbook of a company with every text changed."""
    book = plan(workshop, workshop.programme.company(key), ["ja"])
    pages = []
    for page in book.pages:
        texts = {field.name: "変えた文です。" * 8 for field in page.sheet.questions if field.kind == "text"}
        lines = [replace(line, answers={**line.answers, **texts}) for line in page.lines[:4]]
        pages.append(replace(page, lines=[*lines, *page.lines[4:]]))
    return workbook(replace(book, pages=pages))


def by_pandas(files: list[Path], folder: Path) -> None:
    """The same cells as plain sheets, written by pandas with openpyxl."""
    for file in files:
        with pd.ExcelWriter(folder / file.name, engine="openpyxl") as writer:
            for name, frame in _FRAMES[file].items():
                frame.to_excel(writer, sheet_name=name, header=False, index=False)


def read_by_pandas(files: list[Path]) -> None:
    """All cells of these files."""
    for file in files:
        _FRAMES[file] = pd.read_excel(file, sheet_name=None, header=None, engine="openpyxl")


_FRAMES: dict[Path, dict[str, pd.DataFrame]] = {}


class Measured(NamedTuple):
    """Seconds by the clock and of the processor."""

    clock: float
    processor: float


def measured(work: Callable[[], T]) -> tuple[T, Measured]:
    """What something gives, and how long it takes."""
    begun = time.perf_counter(), time.process_time()
    given = work()
    return given, Measured(time.perf_counter() - begun[0], time.process_time() - begun[1])


def main() -> int:
    """Measure, say it, and fail above the goal."""
    companies = int(sys.argv[1]) if len(sys.argv) > 1 else 100
    with tempfile.TemporaryDirectory() as place:
        workshop = programme_of(Path(place, "w"), companies)
        written, out = measured(lambda: export(workshop, ["ja"]))
        files = list(written.values())
        for key, path in written.items():
            path.write_bytes(answered(workshop, key))
        size = max(path.stat().st_size for path in files)
        outcome, back = measured(lambda: import_files(workshop, files, store=True))
        stored = sum(one.state in ("new", "changed") for found in outcome.judged for one in found.told)
        _, reading = measured(lambda: read_by_pandas(files))
        _, writing = measured(lambda: by_pandas(files, Path(place)))
    print(f"{companies} companies, {size // 1000} kB each, {stored} answers")
    for name, ours, theirs in (("out", out, writing), ("in", back, reading)):
        print(
            f"  {name}: {ours.clock:.1f} s ({ours.processor:.1f} s of the processor);"
            f" pandas and openpyxl {theirs.clock:.1f} s; ratio {ours.clock / theirs.clock:.2f}"
        )
    assert len(outcome.judged) == companies
    assert not outcome.refused
    return 0 if max(out.clock, back.clock) < GOAL * companies / 100 else 1


if __name__ == "__main__":
    sys.exit(main())
