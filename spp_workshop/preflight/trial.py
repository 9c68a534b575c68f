"""The real server, really tried: on a copy of the folder without its answers, and never on the real store."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from spp_workshop.errors import Problem, SppError, message
from spp_workshop.programme import FILE
from spp_workshop.seats import Seat, issue
from spp_workshop.storefile import open_store
from spp_workshop.workshop import STORE_FILE

from .network import not_reached, reached
from .plan import Plan
from .visitor import Answer, Visitor

SECONDS = 60
ENDING_SECONDS = 5
WRITTEN = "preflight"
_COMMAND = (sys.executable, "-c", "import sys; from spp_workshop.cli import main; sys.exit(main())")
_COPIED = (FILE, "worksheets", "notebooks")


@dataclass(frozen=True)
class Trial:
    """A server that runs for a trial: where it listens, and a code of a company with which one may join."""

    plan: Plan
    base: str
    company: str
    code: str
    process: subprocess.Popen[bytes]
    complaints: Path

    def joined(self, base: str = "") -> Visitor:
        """Somebody of the company, who has read the notice. Raises SppError when it is refused."""
        visitor = Visitor(base or self.base)
        visitor.get("join")
        _expect(visitor.post("join", {"code": self.code, "name": "", "place": "online", "people": 1}))
        visitor.get("notice")
        if "next" not in _expect(visitor.post("notice", {"agree": True})).json():
            raise SppError(_another(self.plan))
        return visitor


@contextmanager
def running(plan: Plan) -> Iterator[Trial]:
    """`spp-workshop serve` with the plan's options, on a copy, begun but perhaps not answering yet."""
    with tempfile.TemporaryDirectory(prefix="spp-preflight-", ignore_cleanup_errors=True) as place:
        copy, complaints = Path(place, "workshop"), Path(place, "complaints")
        company, code = _copy(plan, copy)
        with complaints.open("wb") as stream:
            # What it prints are codes: nobody needs these.
            process = subprocess.Popen(  # noqa: S603 (our own command)
                [*_COMMAND, *_words(plan, copy)],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=stream,
            )
        try:
            base = f"{'https' if plan.address.certfile else 'http'}://{_here(plan)}{plan.address.base_url}"
            yield Trial(plan, base, company, code, process, complaints)
        finally:
            _end(process)


def _copy(plan: Plan, copy: Path) -> tuple[str, str]:
    """Copy what is served, but no answers; give the first company a code."""
    copy.mkdir()
    for name in _COPIED:
        source = plan.folder / name
        if source.is_dir():
            shutil.copytree(source, copy / name)
        elif source.is_file():
            shutil.copy(source, copy / name)
    company = plan.programme.companies[0].key
    store = open_store(copy / STORE_FILE)
    try:
        return company, issue(store, Seat.company(company), plan.ends + timedelta(days=1))
    finally:
        store.engine.dispose()


def _words(plan: Plan, copy: Path) -> list[str]:
    address = plan.address
    words = ["serve", str(copy), "--session", plan.day.key, "--language", plan.language]
    words += ["--host", address.host, "--port", str(address.port), "--public-url", address.public_url]
    for name, file in (("--certfile", address.certfile), ("--keyfile", address.keyfile)):
        words += [name, str(file)] if file else []
    for proxy in sorted(address.proxies):
        words += ["--proxy", proxy]
    return [*words, "--insecure-lan"] if plan.insecure_lan else words


def _here(plan: Plan) -> str:
    """Where this machine reaches the server by itself."""
    host = {"0.0.0.0": "127.0.0.1", "::": "::1", "": "127.0.0.1"}.get(plan.address.host, plan.address.host)  # noqa: S104
    return f"[{host}]:{plan.address.port}" if ":" in host else f"{host}:{plan.address.port}"


def _end(process: subprocess.Popen[bytes]) -> None:
    process.send_signal(signal.SIGTERM if os.name == "nt" else signal.SIGINT)
    try:
        process.wait(ENDING_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


# --- What is tried ----------------------------------------------------------------------------------------


def answers(trial: Trial) -> list[Problem]:
    """The server answers before long; if it ends instead, its last words tell why."""
    visitor, deadline = Visitor(trial.base, seconds=2), time.monotonic() + SECONDS
    while time.monotonic() < deadline and trial.process.poll() is None:
        with suppress(OSError):
            if visitor.get("join").status == 200:
                return []
        time.sleep(0.1)
    said = trial.complaints.read_text(encoding="utf-8", errors="replace").strip().splitlines()
    return [_does_not_start(said[-1] if said and trial.process.poll() is not None else "")]


def page(trial: Trial) -> list[Problem]:
    """Somebody joins, and gets today's exercise as a page with a form in it."""
    shown = _expect(trial.joined().get("now"))
    return [] if b"data-form=" in shown.body else [_no_form()]


def save(trial: Trial) -> list[Problem]:
    """An answer is saved, and somebody else of the same company reads it."""
    writer, reader = trial.joined(), trial.joined()
    key = writer.get("now").url.rpartition("/")[2]
    forms = _expect(writer.get(f"exercise/{key}/forms.json")).json()
    worksheet, field = _first_text(forms)
    sent = {"do": "save", "worksheet": worksheet, "subject": f"company:{trial.company}", "id": "1"}
    row = {"row": WRITTEN} if forms[worksheet]["repeats"] else {}
    reply = _expect(writer.post("spp/message", {**sent, **row, "changes": {field: WRITTEN}})).json()
    if reply.get("faults") or reply.get("refused") or not reply.get("row"):
        return [_not_saved()]
    opened = _expect(reader.post("spp/message", {**sent, "do": "open"})).json()
    read = [found["answers"].get(field) for found in opened.get("rows", [])]
    return [] if WRITTEN in read else [_not_saved()]


def address(trial: Trial) -> list[Problem]:
    """At the address of the links answers this server, and no other: its code opens a seat there."""
    if problems := reached(trial.plan):
        return problems
    try:
        trial.joined(trial.plan.address.public_url)
    except OSError:
        return [not_reached(trial.plan)]
    except (SppError, ValueError):
        return [_another(trial.plan)]
    return []


def _first_text(forms: dict[str, Any]) -> tuple[str, str]:
    """A worksheet about the company, and a question of it that takes any text."""
    for name, form in forms.items():
        fields = [field["name"] for field in form["fields"] if field["kind"] == "text"]
        if form["subject"] == "company" and fields and not form["rows_from"]:
            return name, fields[0]
    raise SppError(_no_form())


def _expect(answer: Answer) -> Answer:
    if answer.status != 200:
        raise SppError(_refused(answer.status))
    return answer


# --- Wording ----------------------------------------------------------------------------------------------


def _does_not_start(said: str) -> Problem:
    return Problem(
        "",
        "server_does_not_start",
        message("The server does not start. {said}", said=said),
        message("Mend what is red above, and try again."),
    )


def _refused(status: int) -> Problem:
    return Problem(
        "",
        "refused",
        message("The server runs, but refuses what it should do ({status}).", status=status),
        message("Mend what is red above; if nothing is, please report this."),
    )


def _no_form() -> Problem:
    return Problem(
        "",
        "no_form",
        message("The page of this session has no form in which a company could write."),
        message("Choose a session that has an exercise by --session, or look at its notebook."),
    )


def _not_saved() -> Problem:
    return Problem(
        "",
        "not_saved",
        message("An answer was sent, but is not there afterwards."),
        message("Mend what is red above; if nothing is, please report this."),
    )


def _another(plan: Plan) -> Problem:
    return Problem(
        "--public-url",
        "another_server",
        message("At “{name}” answers something else than this server.", name=plan.name),
        message("See that the proxy leads to --host and --port, and that the path of --public-url is right."),
    )
