"""What was made: `output/run.json` for machines and `output/index.html` for people. One run writes at a time.

Only this manifest says what succeeded, and from what. It holds no answer, and paths within the folder only.

Both files tell of all documents, so to write them for each would take longer the more there are. What came of
one document is therefore added to a journal, `output/run.jsonl`, at once; the journal is folded into the two
files now and then, and at the end. A run that was killed has lost nothing: the next one folds its journal.
"""

from __future__ import annotations

import hashlib
import json
import os
import time
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, Self

from spp_workshop.errors import Problem, SppError, message
from spp_workshop.messages import LANGUAGES
from spp_workshop.programme import Programme

from .overview import OUTPUT, Entry, overview

Status = Literal["made", "current", "failed"]
Key = tuple[str, str, str]
FILE = "run.json"
JOURNAL = "run.jsonl"
OVERVIEW = "index.html"
LOCK = ".run.lock"

# The two files are written at most that often (seconds), and in a hundredth of the time.
_OFTEN, _SHARE = 10, 100


@dataclass(frozen=True)
class Outcome:
    """What became of one document in one language; `files` are paths within the workshop folder."""

    document: str
    company: str
    language: str
    status: Status
    seconds: float = 0.0
    files: Mapping[str, str] = field(default_factory=dict)
    problem: Problem | None = None
    stamp: str = ""
    checksums: Mapping[str, str] = field(default_factory=dict)
    made_at: str = ""

    @property
    def key(self) -> Key:
        """Which document this is."""
        return self.document, self.company, self.language

    def as_json(self) -> dict[str, Any]:
        """For `run.json`: the problem in the document's language, and its wording in every language."""
        problem = self.problem
        return {
            "document": self.document,
            "company": self.company,
            "language": self.language,
            "status": self.status,
            "seconds": round(self.seconds, 2),
            "files": dict(self.files),
            "problem": problem.text(self.language) if problem else None,
            "wordings": {language: problem.text(language) for language in LANGUAGES} if problem else {},
            "made_at": self.made_at,
            "stamp": self.stamp,
            "checksums": dict(self.checksums),
        }


class Manifest:
    """The newest outcome of every document of a workshop folder.

    Anybody may look. `with` is for the run that makes documents: it holds the folder for itself, removes what
    a killed run has left, and at its end writes all down.
    """

    def __init__(self, folder: Path, programme: Programme):
        self.folder, self.programme = folder, programme
        self.path = folder / OUTPUT / FILE
        self.journal = folder / OUTPUT / JOURNAL
        self.chain_head = ""
        # What kept the end of the run from being written down.
        self.problem: Problem | None = None
        self.entries = self._written()
        self._next = 0.0

    # --- Held by one run ------------------------------------------------------------------------------------

    def __enter__(self) -> Self:
        """Raises SppError when another run holds the folder, or nothing can be written there."""
        from filelock import FileLock, Timeout

        output = self.folder / OUTPUT
        try:
            output.mkdir(parents=True, exist_ok=True)
            # It ends with its process, however that ends; the file stays, and means nothing by itself.
            self._lock = FileLock(output / LOCK, timeout=0)
            self._lock.acquire()
        except Timeout:
            raise SppError(_another_run(self.folder)) from None
        except OSError:
            raise SppError(_cannot_note(self.folder)) from None
        for part in output.rglob(".*.part"):
            with suppress(OSError):
                part.unlink()
        self.entries = self._written()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            self.write()
        except OSError:
            self.problem = _cannot_note(self.folder)
        finally:
            self._lock.release()

    def begin(self, chain_head: str, known: Iterable[Outcome]) -> None:
        """Write down how it stands before anything is made. Raises SppError where that is not possible."""
        self.chain_head = chain_head
        for outcome in known:
            self.put(outcome)
        try:
            self.write()
        except OSError:
            raise SppError(_cannot_note(self.folder)) from None

    def note(self, outcome: Outcome) -> None:
        """Write down an outcome so that no end of this process loses it."""
        line = json.dumps(self.put(outcome), ensure_ascii=False)
        # Where the disk is full, the end of the run tries once more, and tells.
        with suppress(OSError):
            with self.journal.open("a", encoding="utf-8", newline="\n") as stream:
                # The line's end stands before it: whatever was cut off before does not spoil this one.
                stream.write(f"\n{line}")
            if time.monotonic() > self._next:
                self.write()

    # --- What is known --------------------------------------------------------------------------------------

    def current(self, key: Key, stamp: str) -> Outcome | None:
        """The outcome of an earlier run, if it was made from the same and its files are as they were made."""
        entry = self.entries.get(key)
        if entry is None or entry["status"] == "failed" or entry["stamp"] != stamp:
            return None
        if any(
            checksum(self.folder / path) != entry["checksums"].get(kind)
            for kind, path in entry["files"].items()
        ):
            return None
        facts = {name: entry[name] for name in ("files", "stamp", "checksums", "made_at")}
        return Outcome(*key, status="current", **facts)

    def has_failed(self, key: Key) -> bool:
        """Whether the document was not made when that was last tried."""
        return key in self.entries and self.entries[key]["status"] == "failed"

    def put(self, outcome: Outcome) -> Entry:
        """Take an outcome as the newest of its document, and give its entry."""
        before = self.entries.get(outcome.key, {})
        entry = outcome.as_json()
        if outcome.status == "failed":
            entry["earlier"] = before.get("earlier") or before.get("files", {})
        self.entries[outcome.key] = entry
        return entry

    def _written(self) -> dict[Key, Entry]:
        known = {"", *(company.key for company in self.programme.companies)}
        return {
            (entry["document"], entry["company"], entry["language"]): entry
            for entry in [*_read(self.path), *_read_journal(self.journal)]
            if entry["company"] in known
        }

    # --- Two files ------------------------------------------------------------------------------------------

    def write(self) -> None:
        """Fold the journal into `run.json` and the overview page."""
        began = time.monotonic()
        entries = self._ordered()
        data = {
            "programme": self.programme.key,
            "version": version("spp-workshop"),
            "written_at": now(),
            "chain_head": self.chain_head,
            "outcomes": entries,
        }
        write_beside(self.path, json.dumps(data, ensure_ascii=False, indent=1) + "\n")
        self.journal.unlink(missing_ok=True)
        write_beside(self.folder / OUTPUT / OVERVIEW, overview(self.programme, entries))
        ended = time.monotonic()
        self._next = ended + max(_OFTEN, _SHARE * (ended - began))

    def _ordered(self) -> list[Entry]:
        """The entries in the programme's order: by document, company, language."""
        keys = ["", *(company.key for company in self.programme.companies)]
        place = {key: number for number, key in enumerate(keys)}
        return sorted(
            self.entries.values(),
            key=lambda e: (e["document"], place[e["company"]], LANGUAGES.index(e["language"])),
        )


def _read(path: Path) -> list[Entry]:
    """The entries of `run.json`; a file that is missing or spoilt says nothing, and all is made anew."""
    try:
        return _whole(json.loads(path.read_text(encoding="utf-8"))["outcomes"])
    except (OSError, ValueError, KeyError, TypeError):
        return []


def _read_journal(path: Path) -> list[Entry]:
    """The entries of a run that has not come to its end, without a line that was cut off."""
    entries = []
    with suppress(OSError):
        for line in path.read_text(encoding="utf-8", errors="replace").split("\n"):
            with suppress(ValueError, TypeError):
                entries += _whole([json.loads(line)])
    return entries


def _whole(entries: Iterable[Entry]) -> list[Entry]:
    needed = set(Outcome("", "", "", "made").as_json())
    return [entry for entry in entries if needed <= set(entry) and entry["language"] in LANGUAGES]


def now() -> str:
    """This moment, as outcomes and `run.json` tell it."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def checksum(path: Path) -> str:
    """SHA-256 of a file, or an empty string where there is none."""
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError:
        return ""


def write_beside(path: Path, text: str) -> str:
    """Write a file beside its place and rename it: a reader sees the old one or the new one, never a half.

    Gives its SHA-256.
    """
    return write_together({path: text})[path]


def write_together(texts: Mapping[Path, str]) -> dict[Path, str]:
    """The same for files that belong together: where one cannot be written, the others stay as they were."""
    parts: dict[Path, Path] = {}
    digests: dict[Path, str] = {}
    try:
        for path, text in texts.items():
            data = text.encode()
            path.parent.mkdir(parents=True, exist_ok=True)
            parts[path] = path.with_name(f".{path.name}.{os.getpid()}.part")
            parts[path].write_bytes(data)
            digests[path] = hashlib.sha256(data).hexdigest()
        for path, part in parts.items():
            part.replace(path)
    finally:
        for part in parts.values():
            with suppress(OSError):
                part.unlink(missing_ok=True)
    return digests


# --- Wording ------------------------------------------------------------------------------------------------


def _another_run(folder: Path) -> Problem:
    return Problem(
        str(folder),
        "another_run",
        message("Documents of this folder are just being made by another command."),
        message("Wait until it has ended, or end it, and run this one again; nothing was changed."),
    )


def _cannot_note(folder: Path) -> Problem:
    return Problem(
        str(folder),
        "cannot_note",
        message("What was made cannot be noted in the folder “output”."),
        message("See that the disk is not full and the folder is yours, and run the command again."),
    )
