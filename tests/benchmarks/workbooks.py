"""How long the workbooks of 100 companies take, out and in.

    .venv/bin/python tests/benchmarks/workbooks.py [COMPANIES]

Every company has answered every worksheet of a list three times, and sends its workbook back with each text
changed. Said are seconds in all, and the size of one workbook.
"""

from __future__ import annotations

import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path

from spp_workshop.folders import new_folder
from spp_workshop.seats import Seat
from spp_workshop.workbook.exporting import FOLDER, export
from spp_workshop.workbook.importing import import_files
from spp_workshop.workbook.plans import plan
from spp_workshop.workbook.writing import workbook
from spp_workshop.workshop import Workshop, open_workshop

GOAL = 20.0


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


def main() -> int:
    """Measure, say it, and fail above the goal."""
    companies = int(sys.argv[1]) if len(sys.argv) > 1 else 100
    with tempfile.TemporaryDirectory() as place:
        workshop = programme_of(Path(place, "w"), companies)
        begun = time.process_time()
        written = export(workshop, ["ja"])
        out = time.process_time() - begun
        for key, path in written.items():
            path.write_bytes(answered(workshop, key))
        size = max(path.stat().st_size for path in (Path(place, "w") / FOLDER).glob("*.xlsx"))
        begun = time.process_time()
        outcome = import_files(workshop, list(written.values()), store=True)
        back = time.process_time() - begun
        stored = sum(one.state in ("new", "changed") for found in outcome.judged for one in found.told)
    print(f"{companies} companies: out {out:.1f} s, in {back:.1f} s ({stored} answers); {size // 1000} kB")
    assert len(outcome.judged) == companies
    assert not outcome.refused
    return 0 if max(out, back) < GOAL * companies / 100 else 1


if __name__ == "__main__":
    sys.exit(main())
