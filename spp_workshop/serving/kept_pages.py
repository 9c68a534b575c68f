"""The exercises' pages: made in the background when the server starts, kept on disk, and sent from memory.

What a page shows is the same for everybody and holds nobody's answers. The next start finds it on disk,
unless notebook, worksheets, programme or toolkit have changed.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import logging
import subprocess
import sys
import threading
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

from spp_workshop import forms, notebooks
from spp_workshop.documents import PACKAGE, shipped
from spp_workshop.errors import Message, Problem, SppError, message
from spp_workshop.exercises import worksheets_of
from spp_workshop.forms.words import both
from spp_workshop.workbook import asking
from spp_workshop.workshop import Workshop

from .assets import Kept, address
from .frame import render

Json = dict[str, Any]

_log = logging.getLogger("spp_workshop")

# Below the workshop folder; it can be thrown away at any time.
CACHE = ".cache/exercises"


class NoPage(SppError):
    """An exercise that is not there, or cannot be made into a page."""


class Pages:
    """The pages of one workshop's exercises; `today` is the session whose page is made first."""

    def __init__(self, workshop: Workshop, today: str = ""):
        self.workshop, self.today = workshop, today
        self.notebooks = notebooks.exercises(workshop.programme, workshop.folder)
        self._maker = _Maker(workshop.folder)
        self._lock = threading.Lock()
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="exercises")
        self._contents: dict[str, Future[Json]] = {}
        self._rendered: dict[tuple[str, str, str], Kept] = {}
        self._forms: dict[tuple[str, str], Kept] = {}

    def begin(self) -> None:
        """Make all pages in the background, today's first."""
        for session in sorted(self.notebooks, key=lambda session: session != self.today):
            self._content(session)

    def close(self) -> None:
        """Make no more."""
        self._thread.shutdown(wait=False, cancel_futures=True)
        self._maker.stop()
        self._thread.shutdown()
        self._maker.rest()

    async def page(self, session: str, base_url: str) -> Kept:
        """The page of a session's exercise; waits until it is made. Raises NoPage."""
        found = self._content(session)
        content = await asyncio.wrap_future(found)
        key = session, base_url, address("page.js")
        if key not in self._rendered:
            self._rendered[key] = Kept.of(self._render(session, base_url, content).encode())
        return self._rendered[key]

    def forms(self, session: str, worksheet: str = "") -> Kept:
        """The worksheets of an exercise as their forms need them, by name; all, or one. Raises NoPage."""
        key = session, worksheet
        if key not in self._forms:
            there = worksheets_of(self._notebook(session))
            if worksheet and worksheet not in there:
                raise NoPage(_no_exercise())
            names = [worksheet] if worksheet else there
            defined = {name: forms.definition(self.workshop, name) for name in names}
            text = json.dumps(defined, ensure_ascii=False, separators=(",", ":"))
            self._forms[key] = Kept.of(text.encode())
        return self._forms[key]

    def _render(self, session: str, base_url: str, content: Json) -> str:
        place = f"{base_url}exercise/{session}/forms.json"
        there = worksheets_of(self._notebook(session))
        # The mark lets the browser keep a definition for as long as it is this one.
        definitions = {
            name: f"{place}?worksheet={name}&edition={self.forms(session, name).mark}" for name in there
        }
        first = [part["form"] for part in content["steps"][0]["parts"] if "form" in part]
        steps = content["steps"]
        return render(
            "exercise.html.j2",
            base_url=base_url,
            programme=self.workshop.programme,
            title=self.workshop.programme.session(session).title,
            content=content,
            numbered=[_step(number, len(steps)) for number in range(1, len(steps) + 1)],
            following=[message("Next: {title}", title=_Title(step["title"])) for step in steps[1:]],
            session=session,
            definitions=definitions,
            first=[definitions[name] for name in first],
            start_address=f"{base_url}spp/start?exercise={session}",
            say={name: both(text) for name, text in WORDS.items()},
            excel=json.dumps(asking.held("page", blank=f"{base_url}spp/workbook"), ensure_ascii=False),
        )

    def _notebook(self, session: str) -> Path:
        if session not in self.notebooks:
            raise NoPage(_no_exercise())
        return self.notebooks[session]

    def _content(self, session: str) -> Future[Json]:
        """What stands on the page, as it will be; a page that could not be made is tried again."""
        self._notebook(session)
        with self._lock:
            found = self._contents.get(session)
            if found is None or (found.done() and (found.cancelled() or found.exception())):
                found = self._contents[session] = self._thread.submit(self._kept_or_made, session)
            return found

    def _kept_or_made(self, session: str) -> Json:
        file = self.workshop.folder / CACHE / f"{session}-{self._stamp(session)}.json"
        with suppress(OSError, ValueError):
            kept: Json = json.loads(file.read_text(encoding="utf-8"))
            return kept
        try:
            made = self._maker.make(session, self.notebooks[session])
        finally:
            self._rest_if_last(session)
        # A folder that cannot be written to costs a few seconds at the next start, and nothing else.
        with suppress(OSError):
            _keep(file, made)
        return made

    def _rest_if_last(self, session: str) -> None:
        with self._lock:
            waiting = [one for one, found in self._contents.items() if one != session and not found.done()]
        if not waiting:
            self._maker.rest()

    def _stamp(self, session: str) -> str:
        """What the page is made from, as a checksum."""
        folder = self.workshop.folder
        roots = (shipped("worksheets"), folder / "worksheets")
        definitions = [path for root in roots for path in sorted(root.rglob("*.yaml"))]
        code = sorted(PACKAGE.glob("*.py"))
        digest = hashlib.sha256(f"{version('spp-workshop')}\0{session}".encode())
        for path in (self.notebooks[session], folder / "programme.yaml", *definitions, *code):
            digest.update(hashlib.sha256(path.read_bytes()).digest())
        return digest.hexdigest()[:24]


def _keep(file: Path, made: Json) -> None:
    """Whole or not at all; what was kept of an earlier state goes."""
    file.parent.mkdir(parents=True, exist_ok=True)
    beside = file.with_suffix(".new")
    beside.write_text(json.dumps(made, ensure_ascii=False), encoding="utf-8")
    beside.replace(file)
    session = file.stem.rpartition("-")[0]
    for old in file.parent.glob(f"{session}-*.json"):
        if old != file:
            old.unlink(missing_ok=True)


class _Maker:
    """The process in which pages are made; it ends with the last order, and takes its memory with it."""

    def __init__(self, folder: Path):
        self.folder = folder
        self._process: subprocess.Popen[str] | None = None
        self._stopped = False

    def make(self, session: str, notebook: Path) -> Json:
        """What stands on the page. Raises NoPage; what went wrong is told to whoever hosts."""
        order = {"folder": str(self.folder), "session": session, "notebook": str(notebook)}
        answer = self._ask(json.dumps(order))
        if "faults" in answer:
            for fault in answer["faults"]:
                _log.error("%s: %s", session, fault["text"]["en"])
            raise NoPage(_not_made())
        page: Json = answer["page"]
        return page

    def rest(self) -> None:
        """There is nothing more to make for now."""
        if self._process:
            self._process.communicate()
            self._process = None

    def stop(self) -> None:
        """End the process, whatever it does."""
        self._stopped = True
        if self._process:
            self._process.kill()

    def _ask(self, order: str) -> Json:
        for _ in range(2):
            process = self._begun()
            with suppress(OSError, ValueError):
                return _answer(process, order)
            # It was ended from outside, as by a Ctrl+C in the instant of its start; another may do better.
            process.kill()
            self.rest()
            if self._stopped:
                break
        else:
            _log.error("The process that makes the pages of the exercises has ended.")
        raise NoPage(_not_made())

    def _begun(self) -> subprocess.Popen[str]:
        if self._process is None:
            command = [sys.executable, "-m", f"{__package__}.making"]
            self._process = subprocess.Popen(  # noqa: S603 (our own Python)
                command,
                encoding="utf-8",
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                # Ctrl+C at the terminal is for the server, which ends this process itself.
                start_new_session=True,
            )
        if self._stopped:
            self._process.kill()
        return self._process


def _answer(process: subprocess.Popen[str], order: str) -> Json:
    if process.stdin is None or process.stdout is None:
        raise BrokenPipeError
    process.stdin.write(order + "\n")
    process.stdin.flush()
    answer: Json = json.loads(process.stdout.readline())
    return answer


# --- Wording ------------------------------------------------------------------------------------------------

WORDS = {
    "steps": message("All screens"),
    "progress": message("Where you are"),
    "back": message("Back"),
    "end": message("This was the last screen. Everything you wrote is saved; you can close this page."),
    "end_waiting": message(
        "This was the last screen. Some answers are not saved yet: please keep this page open. "
        "Under “All screens” you can go back to them."
    ),
    "held": message("An answer is not saved yet. The screen that needs your look:"),
    "opening": message("Opening…"),
    "offline": message(
        "There is no connection at the moment. You can go on writing: what is not saved yet is kept in this "
        "page, and sent when the connection is back."
    ),
    "back_online": message("The connection is back."),
    "ended": message(
        "Your seat has ended, so nothing more is saved. What you wrote last is kept in this tab: join again "
        "here, and it is sent."
    ),
    "join_again": message("Join again"),
    "leave": message("Leave"),
    "leave_unsent": message("Some answers are not saved yet and would be lost. Leave all the same?"),
    "chart": message("Your own chart appears here."),
    "chart_failed": message("The chart cannot be shown at the moment. It is tried again by itself."),
    "chart_name": message("Your own chart"),
    "chart_words": message("Read the chart as text"),
    "chart_changes": message("It follows what you and your colleagues write."),
    "people": message("{count} people", count="{count}"),
    "excel": message("Homework in Excel"),
}


def _step(number: int, total: int) -> Message:
    return message("Screen {number} of {total}", number=number, total=total)


@dataclass(frozen=True)
class _Title:
    """A step's title, from the notebook, in both languages."""

    texts: dict[str, str]

    def in_language(self, language: str) -> str:
        """The title in one language."""
        return self.texts[language]


def _no_exercise() -> Problem:
    return Problem(
        "",
        "no_exercise",
        message("This session has no exercise to fill in on a page."),
        message("Please ask the facilitator what comes next."),
    )


def _not_made() -> Problem:
    return Problem(
        "",
        "page_not_made",
        message("The page of this exercise could not be made."),
        message("Reload this page in a moment; if it stays so, tell the facilitator."),
    )


__all__ = ["CACHE", "NoPage", "Pages"]
