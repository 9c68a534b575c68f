"""Answers as pandas frames: one row per response, one column per question."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from .answers import shown
from .store import Revision
from .worksheet import FRAME_COLUMNS, Worksheet

if TYPE_CHECKING:
    import pandas as pd

# Whole numbers stay whole where some are missing.
_TYPES = {"integer": "Int64", "decimal": "Float64"}


def as_frame(sheet: Worksheet, revisions: Iterable[Revision], language: str) -> pd.DataFrame:
    """The rows with FRAME_COLUMNS, then every question: codes, numbers, ISO dates, lists of codes, texts.

    Texts are in `language` where a translation is stored. An empty frame has all columns too.
    """
    import pandas as pd

    data: dict[str, list[Any]] = {name: [] for name in (*FRAME_COLUMNS, *sheet.by_name)}
    for revision in revisions:
        for name, value in _cells(sheet, revision, language).items():
            data[name].append(value)
    types = {name: _TYPES.get(question.kind, "object") for name, question in sheet.by_name.items()}
    types["revision"] = "Int64"
    series = {name: pd.Series(column, dtype=types.get(name, "object")) for name, column in data.items()}
    return pd.DataFrame(series)


def standing_frame(standing: Iterable[tuple[str, str]]) -> pd.DataFrame:
    """Company and status of rows that are given by subject and status."""
    import pandas as pd

    lines = [(_company(subject), status) for subject, status in standing]
    return pd.DataFrame(lines, columns=["company", "status"], dtype="object")


def by_worksheet(
    sheets: Mapping[str, Worksheet], revisions: Iterable[Revision], language: str
) -> dict[str, list[dict[str, Any]]]:
    """What companies answered, by worksheet: the rows of its frame as plain dictionaries."""
    found: dict[str, list[dict[str, Any]]] = {}
    for revision in revisions:
        sheet = sheets.get(revision.place.worksheet)
        if sheet and sheet.subject == "company":
            found.setdefault(sheet.name, []).append(_cells(sheet, revision, language))
    return found


def as_rows(sheet: Worksheet, revisions: Iterable[Revision], language: str) -> list[dict[str, Any]]:
    """The rows of `as_frame` as plain dictionaries."""
    return [_cells(sheet, revision, language) for revision in revisions]


def _cells(sheet: Worksheet, revision: Revision, language: str) -> dict[str, Any]:
    kind, _, key = revision.place.subject.partition(":")
    return {
        "subject": revision.place.subject,
        "company": _company(revision.place.subject),
        "session": revision.place.session or (key.partition(".")[0] if kind != "company" else ""),
        "row": revision.place.row,
        "revision": revision.revision,
        "status": revision.status,
        "recorded_at": revision.recorded_at,
        **shown(sheet, revision.answers, language),
    }


def _company(subject: str) -> str:
    kind, _, key = subject.partition(":")
    return key if kind == "company" else ""


class Frames(Mapping[str, "pd.DataFrame"]):
    """Frames by worksheet, each read when it is first asked for and kept until something is saved."""

    def __init__(
        self, names: Iterable[str], read: Callable[[str], pd.DataFrame], revision: Callable[[], int]
    ):
        self._names, self._read, self._revision = list(names), read, revision
        self._kept: dict[str, pd.DataFrame] = {}
        self._kept_at = -1

    def __getitem__(self, name: str) -> pd.DataFrame:
        if name not in self._names:
            raise KeyError(name)
        revision = self._revision()
        if revision != self._kept_at:
            self._kept, self._kept_at = {}, revision
        if name not in self._kept:
            self._kept[name] = self._read(name)
        return self._kept[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)
