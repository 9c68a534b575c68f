"""What a document does for the first time in a process, done ahead: for a process whose forks make documents.

The surest way to have done it all is to make a summary: of a company that does not exist, in a store that is
never written to a disk. Nothing here reads an answer, starts a thread, or leaves a file, a connection or a
figure open.
"""

from __future__ import annotations

import ctypes
import gc
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from inspect import isfunction
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .cases import load_cases, load_guides
from .documents import shipped
from .errors import SppError
from .messages import LANGUAGES, Language

if TYPE_CHECKING:
    from .programme import Programme
    from .worksheet import ChoiceList, Field, Worksheet
    from .workshop import Workshop

COMPANY, ROW = "nobody", "r1"
SAID: dict[str, Any] = {
    "text": "文 a.",
    "integer": 1,
    "decimal": 1,
    "date": "2026-01-15",
    "acknowledge": True,
}


def preload() -> None:
    """Import what a summary and a report need, read what is shipped, and make a summary in each language."""
    from .reports import programme  # noqa: F401

    lists, worksheets = _definitions()
    with _workshop(lists, worksheets) as workshop:
        _answer_everything(workshop)
        for language in LANGUAGES:
            _make_summary(workshop, language)
    _style_a_table()
    _close_fonts()


def preload_folder(folder: Path) -> None:
    """Read what all documents of a workshop folder have in common; no answer is among it.

    What is wrong there is for those to tell who open the folder.
    """
    from .workshop import load_all

    with suppress(SppError, OSError):
        load_all(folder)


def _definitions() -> tuple[dict[str, ChoiceList], dict[str, Worksheet]]:
    """The files that come with the toolkit, from now on in memory (`documents.keep`)."""
    from .workshop import load_definitions

    place = shipped("worksheets")
    lists, worksheets = load_definitions(place)
    load_cases(place / "cases", lists=lists)
    load_guides(place / "guides")
    return lists, worksheets


@contextmanager
def _workshop(lists: dict[str, ChoiceList], worksheets: dict[str, Worksheet]) -> Iterator[Workshop]:
    import sqlalchemy as sa

    from .schema import TABLES
    from .seats import Seat
    from .store import Store
    from .workshop import Workshop, companies_of

    programme = _programme()
    engine = sa.create_engine("sqlite://", isolation_level="AUTOCOMMIT")
    try:
        TABLES.create_all(engine)
        yield Workshop(
            Path(),
            programme=programme,
            worksheets=worksheets,
            choices={**lists, "companies": companies_of(programme)},
            store=Store(engine),
            seat=Seat.custodian(),
            language="ja",
        )
    finally:
        engine.dispose()


def _programme() -> Programme:
    from .programme import Company, load

    pilot = load(shipped("programmes") / "pilot")
    return pilot.model_copy(update={"companies": (Company(key=COMPANY, name=pilot.title),)})


def _answer_everything(workshop: Workshop) -> None:
    subjects = {"company": f"company:{COMPANY}", "session": f"session:{workshop.programme.sessions[0].key}"}
    for sheet in workshop.worksheets.values():
        if sheet.subject in subjects:
            row = (COMPANY if sheet.subject == "session" else ROW) if sheet.repeats else ""
            answers = {field.name: _answer(field, workshop.choices) for field in sheet.questions}
            workshop.save(sheet.name, answers, subject=subjects[sheet.subject], row=row)


def _answer(field: Field, choices: Mapping[str, ChoiceList]) -> Any:
    if not field.list_name:
        return SAID[field.kind]
    code = choices[field.list_name].codes[0]
    return [code] if field.kind == "select_multiple" else code


def _make_summary(workshop: Workshop, language: Language) -> None:
    from .reports.company import CompanySummary
    from .seats import Seat

    seated = workshop.seated(Seat.company(COMPANY))
    seated.language = language
    summary = CompanySummary(seated, workshop.programme.period.end)
    for name, part in vars(CompanySummary).items():
        if isfunction(part) and not name.startswith("_"):
            part(summary)


def _style_a_table() -> None:
    """What own notebooks often show: the templates of pandas are compiled at their first use."""
    import pandas as pd

    pd.DataFrame({"a": [1]}).style.to_html()


def _close_fonts() -> None:
    """matplotlib keeps the files of its fonts open; a fork would have to open them anew anyway."""
    from matplotlib import font_manager

    font_manager._get_font.cache_clear()  # type: ignore[attr-defined]


def settle() -> None:
    """Make memory ready to be shared with forks.

    What is there stays, so the collector of a fork need not look at it; what is free goes back to the system,
    for a fork that wrote to it would have to copy it first.
    """
    gc.collect()
    gc.freeze()
    if sys.platform == "linux" and (trim := getattr(ctypes.CDLL(None), "malloc_trim", None)):
        trim(0)


__all__ = ["preload", "preload_folder", "settle"]
