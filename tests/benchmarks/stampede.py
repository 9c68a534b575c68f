"""A room that comes in at once: how long until all have their form, and what that takes.

    python tests/benchmarks/stampede.py [--visitors 30 200] [--voila 10] [--browser] [--json FILE]

Makes the demonstration with thirty companies, serves it as people do (`spp-workshop serve`), and lets the
visitors of `visitors.py` join, fetch the page, its scripts and their answers, save all at once, and ask for
their risk maps: for each number of visitors in a server of its own. With --voila the same notebook is served
by stock Voila, an ordinary kernel for each visitor; with --browser Chromium opens the page with a processor
four times slower and a 3G network. Everything runs in one go on this machine, clients too.

`cpu` are the processor seconds of the server process alone; on a machine that does something else meanwhile
they say more than the clock. Memory is proportional (PSS), of the server and all that it started.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import crowd
import measuring
import nbformat

from spp_workshop.documents import shipped
from spp_workshop.seats import Seat, issue, renew, sittings
from spp_workshop.workshop import Workshop, open_workshop

COMPANIES, SESSION = 30, "dd_practice"
# Seconds: a 3G network as Chromium's own audits take it (Lighthouse: 150 ms, 1.6 and 0.75 Mbit/s).
LATENCY, DOWN, UP = 150, 1.6e6 / 8, 0.75e6 / 8
SLOWER = 4
GOALS = {
    30: {"arrive": 0.5, "save": 0.3, "pictures": 0.3},
    200: {"arrive": 2.0, "save": 0.3, "pictures": 0.3},
}
MOST_MEMORY, USABLE = 300, 3.0  # MB, seconds
PATIENCE = 90  # seconds that a visitor of Voila waits

Json = dict[str, Any]


# --- Ours ---------------------------------------------------------------------------------------------------


def ours(original: Path, place: Path, visitors: int) -> Json:
    """Let so many visitors in, on a folder and a server of their own."""
    folder = place / f"workshop-{visitors}"
    shutil.copytree(original, folder)
    with served(folder) as (address, server):
        codes = codes_of(open_workshop(folder))
        sent = json.dumps([codes[number % len(codes)] for number in range(visitors)])
        before = weighed(server)
        asked = [address, SESSION, str(COMPANIES), str(server)]
        program = str(Path(__file__).with_name("visitors.py"))
        done = subprocess.run(
            [sys.executable, program, *asked], input=sent, capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise SystemExit(done.stderr)
        turns = {what: _told(turn) for what, turn in json.loads(done.stdout).items()}
        memory = {"before": sum(before.values()), "after": sum(weighed(server).values())}
    broken = open_workshop(folder).store.verify()
    if broken:
        raise SystemExit(f"The chain is broken at {broken[:5]}: what was measured is not a store.")
    return {"turns": turns, "memory": memory}


def _told(turn: Json) -> Json:
    seconds = turn["seconds"]
    return {"median": seconds[len(seconds) // 2], "slowest": seconds[-1], "cpu": turn["cpu"]}


def codes_of(workshop: Workshop) -> list[str]:
    """A new code for each company; those that the server has made open nothing any more."""
    store, known = workshop.store, {sitting.seat.id for sitting in sittings(workshop.store)}
    until = store.now() + timedelta(days=1)
    seats = [Seat.company(company.key) for company in workshop.programme.companies]
    codes = [
        renew(store, seat.id, until) if seat.id in known else issue(store, seat, until) for seat in seats
    ]
    store.engine.dispose()
    return codes


@contextmanager
def served(folder: Path) -> Iterator[tuple[str, int]]:
    """`spp-workshop serve`, ready: its address, and the id of its process."""
    port = free_port()
    command = [Path(sys.executable).with_name("spp-workshop"), "serve", str(folder)]
    options = ["--session", SESSION, "--port", str(port)]
    with subprocess.Popen([*command, *options], stdout=subprocess.DEVNULL) as process:
        try:
            _wait_for(port)
            _wait_for_calm(process.pid)
            yield f"http://127.0.0.1:{port}/", process.pid
        finally:
            process.send_signal(signal.SIGTERM)


def _wait_for(port: int) -> None:
    deadline = time.monotonic() + 60
    while True:
        with socket.socket() as asked:
            if asked.connect_ex(("127.0.0.1", port)) == 0:
                return
        if time.monotonic() > deadline:
            raise SystemExit("The server does not answer.")
        time.sleep(0.1)


def _wait_for_calm(server: int) -> None:
    """Pages are made and processes started in the background; a room does not join in that second."""
    calm = 0
    while calm < 5:
        before = _spent(server)
        time.sleep(1)
        calm = calm + 1 if abs(_spent(server) - before) < 0.05 else 0


def _spent(server: int) -> float:
    """Processor seconds of a process and of all that it started and that is still there."""
    spent = 0.0
    for process in measuring.family_of(server):
        with suppress(OSError):
            spent += measuring.cpu(process)
    return spent


def weighed(process: int) -> dict[int, float]:
    """Megabytes of a process and of each that it started."""
    return {one: measuring.memory(one) for one in measuring.family_of(process)}


def free_port() -> int:
    """A port that nobody uses."""
    with socket.socket() as asked:
        asked.bind(("127.0.0.1", 0))
        return int(asked.getsockname()[1])


# --- Instead: Voila as it comes -----------------------------------------------------------------------------


def voila(folder: Path, place: Path, visitors: int) -> Json:
    """The same notebook by stock Voila: each visitor opens it, and has a kernel.

    Kernels that begin at the same moment may take one another's port, and end; their visitors wait in vain.
    """
    root = place / "voila"
    root.mkdir()
    workshop = open_workshop(folder)
    keys = [company.key for company in workshop.programme.companies]
    for number in range(visitors):
        _write_notebook(folder, root / f"{number}.ipynb", keys[number % len(keys)])
    port = free_port()
    command = [sys.executable, "-m", "voila", str(root), "--no-browser", f"--port={port}"]
    # A visitor who waits longer than a minute is still waiting, not refused.
    options = ["--VoilaExecutor.timeout=600", "--Voila.log_level=ERROR"]
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    with subprocess.Popen([*command, *options], cwd=root, **quiet) as process:
        try:
            _wait_for(port)
            times = asyncio.run(_open_all(port, visitors))
            memory = sum(weighed(process.pid).values())
        finally:
            family = measuring.family_of(process.pid)
            process.terminate()
            process.wait(30)
            for one in family:
                if Path(f"/proc/{one}").exists():
                    os.kill(one, signal.SIGKILL)
    found = {"visitors": visitors, "in_vain": visitors - len(times), "memory": memory}
    return found | {"median": times[len(times) // 2], "slowest": times[-1]}


def _write_notebook(folder: Path, path: Path, company: str) -> None:
    notebook = nbformat.read(shipped("notebooks") / "participant" / f"{SESSION}.ipynb", as_version=4)
    cell = next(cell for cell in notebook.cells if "parameters" in cell.metadata.get("tags", []))
    cell.source += f"\nfolder = {str(folder)!r}\ncompany = {company!r}\n"
    notebook.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3", "language": "python"}
    nbformat.write(notebook, path)


async def _open_all(port: int, visitors: int) -> list[float]:
    began = time.perf_counter()

    async def opened(number: int) -> float | None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=1 << 24)
        head = (f"GET /voila/render/{number}.ipynb HTTP/1.1", f"Host: 127.0.0.1:{port}", "Connection: close")
        writer.write("\r\n".join([*head, "", ""]).encode())
        try:
            page = await asyncio.wait_for(reader.read(-1), PATIENCE)
        except TimeoutError:
            return None
        finally:
            writer.close()
        if b"jupyter-widgets-view" not in page and b"application/vnd.jupyter.widget-view" not in page:
            raise SystemExit(f"Voila shows no form: {page[:500]!r}")
        return time.perf_counter() - began

    return sorted(filter(None, await asyncio.gather(*map(opened, range(visitors)))))


# --- In a browser -------------------------------------------------------------------------------------------


def first_form(original: Path, place: Path) -> Json:
    """Seconds until the first form can be used, in a browser that has seen nothing of it before."""
    from playwright.sync_api import sync_playwright

    folder = place / "workshop-browser"
    shutil.copytree(original, folder)
    chromium = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    with served(folder) as (address, _), sync_playwright() as playwright:
        code = codes_of(open_workshop(folder))[0]
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        times = [_usable(browser, address, code) for _ in range(3)]
        browser.close()
    return {"usable": sorted(times)[1], "all": times}


def _usable(browser: Any, address: str, code: str) -> float:
    """From the moment when the exercise is opened until something in its first form can be used."""
    page = browser.new_page(locale="ja-JP")
    slow = page.context.new_cdp_session(page)
    page.goto(f"{address}join#{code}")
    page.evaluate(_JOIN, [address, code])
    slow.send("Network.enable")
    network = {"offline": False, "latency": LATENCY, "downloadThroughput": DOWN, "uploadThroughput": UP}
    slow.send("Network.emulateNetworkConditions", network)
    slow.send("Network.clearBrowserCache")
    slow.send("Emulation.setCPUThrottlingRate", {"rate": SLOWER})
    began = time.perf_counter()
    page.goto(f"{address}exercise/{SESSION}", wait_until="commit")
    page.wait_for_selector(_FIELD, state="visible", timeout=60_000)
    took = time.perf_counter() - began
    page.context.close()
    return took


# The first thing in a form that one can press or write in.
_FIELD = "[data-form] :is(input, textarea, select, button):not([disabled]):visible >> nth=0"
_JOIN = """async ([address, code]) => {
  const token = document.cookie.split("; ").find((one) => one.startsWith("_xsrf=")).slice(6);
  const headers = {"Content-Type": "application/json", "X-XSRFToken": token};
  const post = (path, data) => fetch(address + path, {method: "POST", headers, body: JSON.stringify(data)});
  await post("join", {code, name: "", place: "room", people: 1});
  const agreed = await post("notice", {agree: true});
  if (!agreed.ok) throw new Error("not joined");
}"""


# --- All of it ----------------------------------------------------------------------------------------------


def run(asked: argparse.Namespace) -> Json:
    """Measure what was asked for."""
    found: Json = {"machine": measuring.machine(), "ours": {}}
    with tempfile.TemporaryDirectory(prefix="spp-stampede-") as where:
        place = Path(where)
        original = place / "workshop"
        crowd.real(original, COMPANIES)
        for visitors in asked.visitors:
            found["ours"][visitors] = ours(original, place, visitors)
            show(visitors, found["ours"][visitors])
        if asked.browser:
            found["browser"] = first_form(original, place)
            _line("first form, slow browser", found["browser"]["usable"], USABLE)
        if asked.voila and find_spec("voila"):
            found["voila"] = voila(original, place, asked.voila)
            told = found["voila"]
            print(f"stock Voila, {told['visitors']} visitors, {told['in_vain']} of them in vain")
            _line("arrive", told["slowest"], None)
            _line("memory (MB)", told["memory"], None)
    found["load_after"] = round(os.getloadavg()[0], 2)
    print(f"load before {found['machine']['load_before']}, after {found['load_after']}")
    return found


def show(visitors: int, found: Json) -> None:
    """A line for each turn, with its goal."""
    print(f"{visitors} visitors")
    for what, turn in found["turns"].items():
        goal = GOALS.get(visitors, {}).get(what.partition(" ")[0])
        _line(what, turn["slowest"], goal, f"median {turn['median']:.3f}, cpu {turn['cpu']:.2f}")
    _line("memory (MB)", found["memory"]["after"], MOST_MEMORY)


def _line(what: str, value: float, goal: float | None, more: str = "") -> None:
    held = "" if goal is None else f"goal {goal:<6} {'held' if value <= goal else 'MISSED'}"
    print(f"  {what:<26}{value:>9.3f}  {held:<20}{more}", flush=True)


def main() -> None:
    """Measure, and say it."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--visitors", type=int, nargs="*", default=[30, 200])
    options.add_argument("--voila", type=int, default=0, help="so many visitors of stock Voila, beside it")
    options.add_argument("--browser", action="store_true", help="the first form in Chromium, made slow")
    options.add_argument("--json", type=Path, help="also write the numbers to this file")
    asked = options.parse_args()
    found = run(asked)
    if asked.json:
        asked.json.write_text(json.dumps(found, indent=2), encoding="utf-8")


if __name__ == "__main__":
    main()
