"""The page `output/index.html`: every document of a workshop folder and its state, in both languages."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from functools import cache
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from spp_workshop.documents import shipped
from spp_workshop.errors import message
from spp_workshop.messages import LANGUAGES, moment_text, say
from spp_workshop.programme import Programme

if TYPE_CHECKING:
    from jinja2 import Environment

# Where all documents are, within the workshop folder.
OUTPUT = "output"

Entry = dict[str, Any]


def overview(programme: Programme, entries: Iterable[Entry]) -> str:
    """The page, from the entries of `run.json`."""
    page = _environment().get_template("overview.html.j2")
    entries = list(entries)
    return page.render(
        programme=programme, views=[_view(programme, entries, language) for language in LANGUAGES]
    )


@cache
def _environment() -> Environment:
    from jinja2 import Environment, FileSystemLoader

    loader = FileSystemLoader(shipped("templates"))
    return Environment(loader=loader, autoescape=True, trim_blocks=True, lstrip_blocks=True)


def _view(programme: Programme, entries: list[Entry], language: str) -> dict[str, Any]:
    names = {"": programme.title} | {company.key: company.name for company in programme.companies}
    found = {(entry["company"], entry["language"]): _cell(entry, language) for entry in entries}
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


def _cell(entry: Entry, language: str) -> dict[str, Any]:
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
