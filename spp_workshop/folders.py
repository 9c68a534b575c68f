"""Workshop folders: a new one from a template, and next year's programme from this year's."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import yaml

from .documents import shipped
from .errors import Problem, SppError, message
from .programme import FILE, load


def templates() -> list[str]:
    """The programmes that come with the toolkit."""
    return sorted(path.parent.name for path in shipped("programmes").glob(f"*/{FILE}"))


def new_folder(target: Path, template: str = "pilot") -> Path:
    """Make a workshop folder from a template and return its programme file.

    Raises SppError when there is no such template, or a programme stands there already.
    """
    if template not in templates():
        raise SppError(_no_template(template))
    programme = target / FILE
    try:
        (target / "output").mkdir(parents=True, exist_ok=True)
        with programme.open("xb") as stream:
            stream.write((shipped("programmes") / template / FILE).read_bytes())
    except FileExistsError as error:
        raise SppError(_taken(programme if error.filename == str(programme) else target)) from None
    except OSError:
        raise SppError(_cannot_write(target)) from None
    return programme


def _no_template(template: str) -> Problem:
    return Problem(
        "",
        "unknown_template",
        message("There is no programme template “{template}”.", template=template),
        message("Use one of: {names}.", names=templates()),
    )


def _taken(place: Path) -> Problem:
    return Problem(
        str(place),
        "already_there",
        message("This is there already, and nothing was overwritten."),
        message("Choose another folder, or move this one away first."),
    )


def _cannot_write(place: Path) -> Problem:
    return Problem(
        str(place),
        "cannot_write",
        message("The folder cannot be written."),
        message("Choose a folder of your own, for example in your documents."),
    )


# --- Next year --------------------------------------------------------------------------------------------

Edit = tuple[int, int, str]


def clone(path: Path, years: int = 1) -> str:
    """The text of a later year's `programme.yaml`: the same sessions on the same weekdays, and nobody's data.

    All sessions move by the same number of weeks. Companies, groups and meeting links are emptied; comments
    and all else stay as written. Raises DefinitionError when this year's file has a problem.
    """
    year = load(path).period.start.year
    text = path.read_text(encoding="utf-8-sig")
    parts = _parts(yaml.compose(text, Loader=yaml.SafeLoader))
    edits = [*_new_dates(parts, years), *_new_names(parts, text, year, years), *_without_data(parts, text)]
    for start, end, replacement in sorted(edits, reverse=True):
        text = text[:start] + replacement + text[end:]
    return text


def _parts(mapping: Any) -> dict[str, tuple[Any, Any]]:
    """Of a mapping in the file, the nodes of key and value by name; nodes know their place in the text."""
    return {key.value: (key, value) for key, value in mapping.value}


def _new_dates(parts: dict[str, tuple[Any, Any]], years: int) -> Iterator[Edit]:
    nodes = [_parts(session)["date"][1] for session in parts["sessions"][1].value]
    days = [date.fromisoformat(node.value) for node in nodes]
    weeks = timedelta(weeks=round((_later(days[0], years) - days[0]) / timedelta(weeks=1)))
    for node, day in zip(nodes, days, strict=True):
        yield _rewrite(node, str(day + weeks))
    period = _parts(parts["period"][1])
    for (_, node), widest in ((period["start"], min), (period["end"], max)):
        last_or_first = widest(day + weeks for day in days)
        yield _rewrite(node, str(widest(_later(date.fromisoformat(node.value), years), last_or_first)))


def _new_names(parts: dict[str, tuple[Any, Any]], text: str, year: int, years: int) -> Iterator[Edit]:
    for name in ("key", "title", "subtitle"):
        if name in parts:
            start, end = parts[name][1].start_mark.index, parts[name][1].end_mark.index
            yield start, end, re.sub(rf"(?<!\d){year}(?!\d)", str(year + years), text[start:end])


def _without_data(parts: dict[str, tuple[Any, Any]], text: str) -> Iterator[Edit]:
    emptied = [(parts, "companies", "[]"), (parts, "fictional", "null")]
    for session in parts["sessions"][1].value:
        emptied += [(_parts(session), "groups", "[]"), (_parts(session), "link", '""')]
    for mapping, name, empty in emptied:
        if name in mapping:
            key, value = mapping[name]
            yield key.end_mark.index, _end(value, text), f": {empty}"


def _later(day: date, years: int) -> date:
    try:
        return day.replace(year=day.year + years)
    except ValueError:
        return day.replace(year=day.year + years, day=28)


def _rewrite(node: Any, text: str) -> Edit:
    return node.start_mark.index, node.end_mark.index, text


def _end(node: Any, text: str) -> int:
    """Where the last word of a part ends: its own mark would take the comments that follow with it."""
    if isinstance(node, yaml.CollectionNode) and node.value and not node.flow_style:
        last = node.value[-1]
        return _end(last[1] if isinstance(last, tuple) else last, text)
    return len(text[: node.end_mark.index].rstrip())


__all__ = ["clone", "new_folder", "templates"]
