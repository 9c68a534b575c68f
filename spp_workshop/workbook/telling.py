"""What is said of a file that came back: in sentences, and as data. Never the answers themselves."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

from spp_workshop.errors import Message, message
from spp_workshop.messages import say
from spp_workshop.workshop import Workshop

from .comparing import Judged, Told
from .states import LISTED, STATES


def counts(judged: Judged) -> dict[str, int]:
    """How many cells there are of each state; empty ones that were empty before count for nothing."""
    counted: Counter[str] = Counter(
        one.state for one in judged.told if one.state != "unchanged" or one.stored is not None
    )
    return {state: counted[state] for state in STATES}


def summary(judged: Judged) -> Message:
    """One line for a file."""
    numbers = [
        message("{state} {count}", state=STATES[state], count=count)
        for state, count in counts(judged).items()
        if count
    ]
    return message(
        "{file}, {company}: {counts}",
        file=judged.file.name,
        company=judged.company.name,
        counts=numbers or message("nothing is filled in"),
    )


def lines(workshop: Workshop, judged: Judged, language: str) -> Iterator[str]:
    """A line for every cell of which something is to be said, by urgency, then by place."""
    for state in LISTED:
        for one in judged.told:
            if one.state == state:
                yield _line(workshop, one, language)


def _line(workshop: Workshop, told: Told, language: str) -> str:
    label = _label(workshop, told)
    where = " ".join(filter(None, [told.page, told.cell]))
    about = f"{where} {label.in_language(language)}" if label else where
    reasons = [say(one, language) for one in (told.reason, told.remedy) if one is not None]
    words = "" if not reasons else (" " if language == "en" else "").join(reasons)
    return f"  {about}: {say(STATES[told.state], language)}{f' ({words})' if words else ''}"


def _label(workshop: Workshop, told: Told) -> Any:
    sheet = workshop.worksheets.get(told.worksheet)
    field = sheet.by_name.get(told.name.partition("@")[0]) if sheet else None
    return field.label if field else None


def as_json(judged: Judged, language: str) -> dict[str, Any]:
    """The same for a machine."""
    return {
        "file": judged.file.name,
        "sha256": judged.file.digest,
        "company": judged.company.key,
        "counts": counts(judged),
        "cells": [_as_json(one, language) for one in judged.told if one.state != "unchanged"],
    }


def _as_json(told: Told, language: str) -> dict[str, str]:
    return {
        "sheet": told.page,
        "cell": told.cell,
        "worksheet": told.worksheet,
        "row": told.row,
        "field": told.name,
        "state": told.state,
        "reason": say(told.reason, language) if told.reason else "",
        "remedy": say(told.remedy, language) if told.remedy else "",
    }
