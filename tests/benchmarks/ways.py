"""Four ways to make one document for each company from the same notebook, each in a process of its own.

    python ways.py WAY FOLDER COMPANY...

Prints one line of JSON: seconds without the imports, and what was shown, so that ways can be compared.
"""

from __future__ import annotations

import argparse
import ast
import gc
import io
import json
import multiprocessing
import os
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from measuring import memory

DAY = "2026-02-28"

Shown = dict[str, list[int]]
Way = Callable[..., dict[str, Any]]


def commands(folder: Path, language: str, companies: list[str]) -> dict[str, Any]:
    """A loop of the commands `papermill` and `jupyter nbconvert`: a kernel and three Pythons each."""
    began = time.perf_counter()
    place, source = Path(sys.executable).parent, _notebook(folder)
    for company in companies:
        made = folder / f"{company}.ipynb"
        words = [word for given in _parameters(company, language).items() for word in ("-p", *given)]
        _command(folder, place / "papermill", "--no-progress-bar", source, made, *words)
        _command(folder, place / "jupyter", "nbconvert", "--to", "html", "--no-input", made)
    return {"seconds": time.perf_counter() - began, "shown": _shown(_pages(folder, companies))}


def loop(folder: Path, language: str, companies: list[str]) -> dict[str, Any]:
    """papermill's and nbconvert's APIs in a loop: one Python, an ordinary kernel each."""
    import papermill
    from nbconvert import HTMLExporter

    os.chdir(folder)
    began = time.perf_counter()
    source, exporter = _notebook(folder), HTMLExporter(exclude_input=True)
    for company in companies:
        made = folder / f"{company}.ipynb"
        papermill.execute_notebook(
            source, made, _parameters(company, language), kernel_name="python3", progress_bar=False
        )
        page, _ = exporter.from_filename(str(made))
        made.with_suffix(".html").write_text(page, encoding="utf-8")
    return {"seconds": time.perf_counter() - began, "shown": _shown(_pages(folder, companies))}


def ours(folder: Path, language: str, companies: list[str], jobs: int | None = None) -> dict[str, Any]:
    """The batch as a secretariat runs it.

    `steady` is its pace between the first documents and the last one, `start_up` what the seconds hold beside
    that pace, and `holds` what this process holds after so many documents: megabytes and open files.
    """
    from spp_workshop.batch.starter import get_ready

    # As the command does before it imports anything.
    get_ready()
    from spp_workshop.batch import summaries

    ends: list[float] = []
    holds: dict[int, tuple[float, int]] = {}

    def progress(_outcome: Any, done: int, total: int) -> None:
        ends.append(time.perf_counter())
        if done in (8, 40, 100, 200, 500, total):
            holds[done] = memory(os.getpid()), len(list(Path("/proc/self/fd").iterdir()))

    began = time.perf_counter()
    run = summaries.make(folder, companies, languages=[language], as_of=DAY, jobs=jobs, progress=progress)
    seconds = time.perf_counter() - began
    if run.failed:
        raise SystemExit(f"{run.failed[0].problem} ({len(run.failed)} failed)")
    pages = {outcome.company: folder / outcome.files["html"] for outcome in run.outcomes}
    return {"seconds": seconds, "holds": holds, "shown": _shown(pages)} | _pace(ends, seconds)


def bare(folder: Path, language: str, companies: list[str]) -> dict[str, Any]:
    """The cells in plain Python, with all imported, in two processes: no kernel, no notebook, no page."""
    os.environ["MPLBACKEND"] = "agg"
    work = [_cells(folder, language, company) for company in companies]
    os.chdir(folder)
    # Everything is imported, and every cache is filled, before the processes are forked.
    _computed(work[0])
    gc.collect()
    gc.freeze()
    with multiprocessing.get_context("fork").Pool(2) as pool:
        pool.map(time.sleep, [0.2] * 2, chunksize=1)
        began = time.perf_counter()
        done = pool.map(_computed, work, chunksize=1)
        seconds = time.perf_counter() - began
    shown = {company: counted for company, (counted, _) in zip(companies, done, strict=True)}
    return {"seconds": seconds, "computing": sum(cpu for _, cpu in done), "shown": shown}


WAYS: dict[str, Way] = {way.__name__: way for way in (commands, loop, ours, bare)}


# --- Small helps --------------------------------------------------------------------------------------------


def _notebook(folder: Path) -> Path:
    from spp_workshop import notebooks

    return notebooks.find("company_summary", folder)


def _parameters(company: str, language: str) -> dict[str, str]:
    return {"folder": ".", "company": company, "language": language, "as_of": DAY}


def _command(folder: Path, *words: str | Path) -> None:
    run = subprocess.run(list(map(str, words)), cwd=folder, capture_output=True, text=True, check=False)
    if run.returncode:
        raise SystemExit(run.stderr)


def _pace(ends: list[float], seconds: float) -> dict[str, float]:
    """The steady seconds a document, and the rest of the whole."""
    skipped = min(8, len(ends) // 2)
    steady = (ends[-1] - ends[skipped - 1]) / (len(ends) - skipped) if skipped else seconds
    return {"steady": steady, "start_up": seconds - steady * len(ends)}


def _pages(folder: Path, companies: list[str]) -> dict[str, Path]:
    return {company: folder / f"{company}.html" for company in companies}


def _shown(pages: dict[str, Path]) -> Shown:
    """How many pictures and tables each company got: the check that every way did the same work."""
    return {company: _counted(page.read_text(encoding="utf-8")) for company, page in pages.items()}


def _counted(html: str) -> list[int]:
    return [html.count('src="data:image/png'), html.count("<table")]


# --- Plain computing ----------------------------------------------------------------------------------------


def _cells(folder: Path, language: str, company: str) -> list[str]:
    """The code of the notebook for this company."""
    from spp_workshop import notebooks, programme

    given = _parameters(company, language)
    source = notebooks.read(_notebook(folder))
    prepared = notebooks.prepare(source, language, given, programme.load(folder))
    return [cell.source for cell in prepared.cells if cell.cell_type == "code"]


def _computed(sources: list[str]) -> tuple[list[int], float]:
    """One company's cells, and what they show as HTML and PNG; returns how much, and processor seconds."""
    before = _cpu()
    names: dict[str, Any] = {}
    shown = "".join(part for source in sources for part in _executed(source, names))
    return _counted(shown), _cpu() - before


def _cpu() -> float:
    spent = resource.getrusage(resource.RUSAGE_SELF)
    return spent.ru_utime + spent.ru_stime


def _executed(source: str, names: dict[str, Any]) -> Iterator[str]:
    """Run one cell; its last value as HTML, and its figures as a notebook shows them."""
    *statements, last = ast.parse(source).body
    end = [last] if isinstance(last, ast.Expr) else []
    body = statements if end else [*statements, last]
    exec(compile(ast.Module(body, []), "cell", "exec"), names)
    if end:
        value = eval(compile(ast.Expression(end[0].value), "cell", "eval"), names)
        if hasattr(value, "_repr_html_"):
            yield value._repr_html_()
    if pyplot := sys.modules.get("matplotlib.pyplot"):
        for number in pyplot.get_fignums():
            picture = io.BytesIO()
            pyplot.figure(number).savefig(picture, format="png", bbox_inches="tight")
            yield f'<img src="data:image/png;{len(picture.getvalue())}">'
        pyplot.close("all")


def main() -> None:
    """Go one way, and say how it went."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("way", choices=WAYS)
    options.add_argument("folder", type=Path)
    options.add_argument("companies", nargs="+")
    options.add_argument("--language", choices=("ja", "en"), default="ja")
    options.add_argument("--jobs", type=int)
    asked = options.parse_args()
    more = {"jobs": asked.jobs} if asked.jobs else {}
    print(json.dumps(WAYS[asked.way](asked.folder.absolute(), asked.language, asked.companies, **more)))


if __name__ == "__main__":
    main()
