"""What was made: `output/run.json` for machines and `output/index.html` for people.

Only this manifest says what succeeded, and from what. It holds no answer, and paths within the folder only.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import quote

from .documents import shipped
from .errors import Problem, message
from .messages import LANGUAGES, moment_text, say
from .programme import Programme

if TYPE_CHECKING:
    from jinja2 import Environment

Status = Literal["made", "current", "failed"]
OUTPUT = "output"
FILE = "run.json"
OVERVIEW = "index.html"


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
    def key(self) -> tuple[str, str, str]:
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
    """The newest outcome of every document of a workshop folder."""

    def __init__(self, folder: Path, programme: Programme):
        self.folder, self.programme = folder, programme
        self.path = folder / OUTPUT / FILE
        self.chain_head = ""
        self.entries = self._written()
        self._noted: set[tuple[str, str, str]] = set()

    def _written(self) -> dict[tuple[str, str, str], dict[str, Any]]:
        known = {"", *(company.key for company in self.programme.companies)}
        return {
            (entry["document"], entry["company"], entry["language"]): entry
            for entry in _read(self.path)
            if entry["company"] in known
        }

    def current(self, key: tuple[str, str, str], stamp: str) -> Outcome | None:
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

    def put(self, outcome: Outcome) -> None:
        """Note an outcome; `write` writes it down."""
        before = self.entries.get(outcome.key, {})
        entry = outcome.as_json()
        if outcome.status == "failed":
            entry["earlier"] = before.get("earlier") or (before.get("files", {}) if before else {})
        self.entries[outcome.key] = entry
        self._noted.add(outcome.key)

    def write(self) -> None:
        """Write `run.json` and the overview page; what another run has noted meanwhile is kept."""
        self.entries = self._written() | {key: self.entries[key] for key in self._noted}
        data = {
            "programme": self.programme.key,
            "version": version("spp-workshop"),
            "written_at": datetime.now(UTC).isoformat(timespec="seconds"),
            "chain_head": self.chain_head,
            "outcomes": self.ordered(),
        }
        write_beside(self.path, json.dumps(data, ensure_ascii=False, indent=1) + "\n")
        write_beside(self.folder / OUTPUT / OVERVIEW, overview(self))

    def ordered(self) -> list[dict[str, Any]]:
        """The entries in the programme's order: by document, company, language."""
        companies = ["", *(company.key for company in self.programme.companies)]
        return sorted(
            self.entries.values(),
            key=lambda e: (e["document"], companies.index(e["company"]), LANGUAGES.index(e["language"])),
        )


def _read(path: Path) -> list[dict[str, Any]]:
    """The entries of `run.json`; a file that is missing or spoilt says nothing, and all is made anew."""
    try:
        entries = json.loads(path.read_text(encoding="utf-8"))["outcomes"]
        needed = set(Outcome("", "", "", "made").as_json())
        return [entry for entry in entries if needed <= set(entry) and entry["language"] in LANGUAGES]
    except (OSError, ValueError, KeyError, TypeError):
        return []


def checksum(path: Path) -> str:
    """SHA-256 of a file, or an empty string where there is none."""
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError:
        return ""


def write_beside(path: Path, text: str) -> None:
    """Write a file beside its place and rename it: a reader sees the old one or the new one, never a half."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        part.write_text(text, encoding="utf-8", newline="\n")
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


# --- The overview page --------------------------------------------------------------------------------------


def overview(manifest: Manifest) -> str:
    """One page with every document and its state, in both languages."""
    page = _environment().get_template("overview.html.j2")
    return page.render(
        programme=manifest.programme, views=[_view(manifest, language) for language in LANGUAGES]
    )


@cache
def _environment() -> Environment:
    from jinja2 import Environment, FileSystemLoader

    loader = FileSystemLoader(shipped("templates"))
    return Environment(loader=loader, autoescape=True, trim_blocks=True, lstrip_blocks=True)


def _view(manifest: Manifest, language: str) -> dict[str, Any]:
    programme = manifest.programme
    names = {"": programme.title} | {company.key: company.name for company in programme.companies}
    found = {(entry["company"], entry["language"]): _cell(entry, language) for entry in manifest.ordered()}
    return {
        "language": language,
        "words": {name: say(text, language) for name, text in _WORDS.items()},
        "written": moment_text(datetime.now(UTC).isoformat(), language),
        "rows": [
            {
                "name": name[language],
                "whole": not key,
                "cells": [found.get((key, other)) for other in LANGUAGES],
            }
            for key, name in names.items()
            if any((key, other) in found for other in LANGUAGES)
        ],
    }


def _cell(entry: dict[str, Any], language: str) -> dict[str, Any]:
    return {
        "failed": entry["status"] == "failed",
        "problem": entry["wordings"].get(language, ""),
        "made": moment_text(entry["made_at"], language),
        "files": _links(entry["files"]),
        "earlier": _links(entry.get("earlier", {})),
    }


def _links(files: Mapping[str, str]) -> dict[str, str]:
    """Addresses as seen from the overview page, what people read first."""
    return {kind: quote(files[kind].removeprefix(f"{OUTPUT}/")) for kind in sorted(files)}


_WORDS = {
    "title": message("Documents of this programme"),
    # Translators: the name of the language into which you translate.
    "language": message("English"),
    "document": message("Document"),
    "report": message("Report of the whole programme"),
    "html": message("Open"),
    "ipynb": message("Notebook"),
    "partial": message("What there is of it"),
    "failed": message("Not made."),
    "earlier": message("Earlier version:"),
    "hint": message(
        "This page names every company: keep it to yourself, and give each company its own folder only."
    ),
}
