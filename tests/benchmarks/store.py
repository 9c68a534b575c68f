"""The store when a programme has grown, against what one would use instead: pandas over the table, and Excel.

    python tests/benchmarks/store.py [--responses 1000000] [--folder FOLDER] [--json FILE]

Makes a workshop folder with so many responses, a hundred for each company (or takes the FOLDER as an earlier
run left it), and measures in one run what forms, the batch and the facilitator's table ask of it. Without a
FOLDER it is made in a temporary place; a million take some minutes and 1.7 GB. Times are medians of the wall
clock; `cpu` is that of this process. The workbook is compared if openpyxl is installed.
"""

from __future__ import annotations

import argparse
import itertools
import json
import resource
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import grown
import pandas as pd

from spp_workshop import analysis, sessions
from spp_workshop.reports.answered import Answered
from spp_workshop.seats import Seat
from spp_workshop.sight import Sight
from spp_workshop.workshop import STORE_FILE, Workshop, open_workshop

EXCEL_ROWS = 20_000  # as many as one has the patience for; told for all by their share
KEY = ["subject", "worksheet", "session", "row"]
SHEET = "step2_harm_process"
LATEST = "latest state of a company, all worksheets"
PROGRESS = "progress of all companies, all their worksheets"
INSTEAD = ": "
PANDAS, PANDAS_ONE, EXCEL = "pandas, all read", "pandas, where subject = ...", "openpyxl, all read"


@dataclass(frozen=True)
class Measured:
    """One question, how long it took (milliseconds, the median), and how often it was asked."""

    what: str
    wall: float
    cpu: float
    times: int

    def as_json(self) -> dict[str, Any]:
        """For machines."""
        return {"ms": round(self.wall, 3), "cpu_ms": round(self.cpu, 3), "times": self.times}


def measure(what: str, ask: Callable[[], object], times: int = 25, patience: float = 15.0) -> Measured:
    """Ask once to warm up, then so many times, or until it has taken too long."""
    print(f"  {what} ...", file=sys.stderr)
    walls, cpus, began = [], [], time.perf_counter()
    for turn in range(times + 1):
        cpu, start = _cpu(), time.perf_counter()
        ask()
        # The first look at a cold cache counts only when there is to be no other.
        if turn or not times or time.perf_counter() - began > patience:
            walls.append(time.perf_counter() - start)
            cpus.append(_cpu() - cpu)
        if walls and time.perf_counter() - began > patience:
            break
    return Measured(what, statistics.median(walls) * 1e3, statistics.median(cpus) * 1e3, len(walls))


def _cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


# --- Ours ---------------------------------------------------------------------------------------------------


def ours(workshop: Workshop) -> Iterator[Measured]:
    """What forms, the batch and the facilitator's table ask, each of another company every time."""
    done = workshop.standings["company_profile"].query("status == 'submitted'")["company"]
    keys = itertools.cycle(done[len(done) // 50 :: len(done) // 25 or 1])
    company_sheets = [sheet.name for sheet in workshop.worksheets.values() if sheet.subject == "company"]

    def seat() -> Workshop:
        return workshop.seated(Seat.company(next(keys)))

    def every_form() -> None:
        own = seat()
        for name in company_sheets:
            own.rows(name)

    def completion() -> object:
        return analysis.completion(Answered(workshop), workshop.levels, workshop.companies)

    def first_of_a_batch() -> object:
        # Opened anew: nothing is known yet of what is the same for all.
        return Sight(workshop.store, workshop.programme, workshop.worksheets).stamp(seat().seat)

    def save(status: str = "draft") -> None:
        own = seat()
        row = own.rows("company_profile", own.seat.subject)[0]
        changes = {"employees": (row.answers.get("employees") or 0) % 200 + 1}
        own.save("company_profile", changes, based_on=row.revision, status=status)

    asked: list[tuple[str, Callable[[], object]]] = [
        (LATEST, lambda: seat().own_rows()),
        ("the same as every form asks it, one by one", every_form),
        ("latest rows of a company, one worksheet", lambda: seat().rows(SHEET)),
        ("latest rows of a company as a frame", lambda: seat().frame(SHEET)),
        ("stamp of a company", lambda: seat().stamp()),
        ("stamp of the first company of a batch", first_of_a_batch),
        ("stamp of the programme", workshop.stamp),
        ("head of the chain", workshop.store.head),
        ("has anything changed (revision)", workshop.store.revision),
        ("a save, with the row read before", save),
        ("a submit, with the row read before", lambda: save("submitted")),
        (PROGRESS, lambda: sessions.returned(workshop.seated(workshop.seat), company_sheets)),
        ("states of all companies, as the report has them", completion),
        (f"frame of all companies ({SHEET})", lambda: workshop.frame(SHEET)),
    ]
    for what, ask in asked:
        yield measure(what, ask)
    broken: list[int] = []
    yield measure("verify the whole chain", lambda: broken.extend(workshop.store.verify()), times=1)
    if broken:
        raise SystemExit(f"The chain is broken at {broken[:5]}: what was measured is not a store.")


# --- Instead ------------------------------------------------------------------------------------------------


def by_pandas(path: Path, company: str) -> Iterator[Measured]:
    """Read the table, keep the last revision of every row, look for what is wanted."""
    address, subject = f"sqlite:///{path}", f"company:{company}"

    def newest(columns: str, where: str = "") -> pd.DataFrame:
        table = pd.read_sql(f"select {columns} from response {where}", address)
        return table.sort_values("revision").groupby(KEY, sort=False).last().reset_index()

    def latest(where: str = "") -> object:
        rows = newest("*", where)
        return rows[rows["subject"] == subject]["answers"].map(json.loads).tolist()

    def progress() -> object:
        rows = newest(", ".join([*KEY, "revision", "status"]))
        done = rows.assign(done=rows["status"] == "submitted").groupby(["subject", "worksheet"])["done"]
        return done.all().unstack()

    yield measure(f"{LATEST}{INSTEAD}{PANDAS}", latest, times=1)
    yield measure(f"{LATEST}{INSTEAD}{PANDAS_ONE}", lambda: latest(f"where subject = '{subject}'"))
    yield measure(f"{PROGRESS}{INSTEAD}{PANDAS}", progress, times=1)


def by_excel(path: Path, folder: Path, responses: int) -> Iterator[Measured]:
    """The same table as a workbook, and reading it: of the first rows, told for all of them."""
    import openpyxl

    table = pd.read_sql(f"select * from response limit {EXCEL_ROWS}", f"sqlite:///{path}")
    file = folder / "responses.xlsx"
    book = openpyxl.Workbook(write_only=True)
    sheet = book.create_sheet()
    for row in table.itertuples(index=False):
        sheet.append(list(row))
    book.save(file)

    def latest() -> object:
        rows = openpyxl.load_workbook(file, read_only=True).active.iter_rows(values_only=True)
        newest: dict[tuple[object, ...], object] = {}
        for row in rows:
            newest[row[1], row[3], row[2], row[5]] = row
        return newest

    found = measure(EXCEL, latest, times=1)
    share = responses / len(table)
    what = f"{EXCEL} ({len(table):,} rows, times {share:.0f})"
    yield Measured(f"{LATEST}{INSTEAD}{what}", found.wall * share, found.cpu * share, found.times)


# --- All of it ----------------------------------------------------------------------------------------------


def run(folder: Path, responses: int) -> dict[str, Any]:
    """Make the folder if it is not there, measure, print, and return it for machines."""
    path = folder / STORE_FILE
    if not path.exists():
        began = time.perf_counter()
        grown.make(folder, companies=max(8, responses // 100))
        print(f"  made in {time.perf_counter() - began:.0f} s", file=sys.stderr)
    opened: list[Workshop] = []
    opening = measure("open the folder", lambda: opened.append(open_workshop(folder)), times=0)
    workshop, count = opened[0], opened[0].store.revision()
    companies = [company.key for company in workshop.programme.companies]
    found = [opening, *ours(workshop), *by_pandas(path, companies[len(companies) // 2])]
    if find_spec("openpyxl"):
        found += by_excel(path, folder, count)
    print(f"{count:,} responses of {len(companies):,} companies, {path.stat().st_size / 1e6:,.0f} MB")
    show(found)
    return {
        "responses": count,
        "companies": len(companies),
        "measured": {one.what: one.as_json() for one in found},
    }


def show(found: list[Measured]) -> None:
    """A line for each question, and under it what one would do instead."""
    for one in found:
        if INSTEAD in one.what:
            continue
        print(f"{one.what:<52}{one.wall:>13,.2f} ms{one.cpu:>13,.2f} cpu")
        for other in found:
            question, _, way = other.what.partition(INSTEAD)
            if way and question == one.what:
                ratio = other.wall / one.wall
                print(f"    {way:<48}{other.wall:>13,.2f} ms{other.cpu:>13,.2f} cpu{ratio:>12,.1f} times")


def main() -> None:
    """Measure, and say it."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--responses", type=int, default=1_000_000)
    options.add_argument("--folder", type=Path, help="where the store is made, and kept for the next run")
    options.add_argument("--json", type=Path, help="also write the numbers to this file")
    asked = options.parse_args()
    with tempfile.TemporaryDirectory() as place:
        found = run(asked.folder or Path(place, "grown"), asked.responses)
    print(json.dumps(found))
    if asked.json:
        asked.json.write_text(json.dumps(found, indent=2), encoding="utf-8")


if __name__ == "__main__":
    main()
