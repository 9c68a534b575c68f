"""Workbooks that came back, taken in from a notebook: looked at first, then stored or handed on.

The custodian sees what is new, changed and in conflict, and stores it. A facilitator's seat may neither see
nor store what companies write: it learns whose a file is and what in it cannot be read, and hands it on.

Answers stand in messages to the page and in no state of the widget, so a saved notebook holds none; nor is a
password kept longer than until the file is open.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from . import widgets
from .documents import shipped
from .errors import NotAllowed, Problem, SppError, message
from .forms.words import both, said
from .messages import moment_text, say
from .refusals import not_yours
from .spreadsheets.opening import Returned, read_content
from .workbook import asking, refused, waiting
from .workbook.applying import apply
from .workbook.comparing import STORED, Judged, disagreeing, judge
from .workbook.findings import found
from .workbook.importing import has_to_be_seen, marked_copy
from .workshop import Workshop

if TYPE_CHECKING:
    import anywidget

Json = dict[str, Any]

# How many files may lie on the desk, and how many lines of what was refused are told.
MOST_FILES, MOST_LINES = 100, 50

_ONE_AT_A_TIME = threading.Lock()


def workbooks(workshop: Workshop) -> anywidget.AnyWidget:
    """The place at which workbooks are dropped. Raises NotAllowed for a seat that takes none in."""
    roles: dict[str, asking.Role] = {"custodian": "keeper", "facilitator": "desk"}
    if workshop.seat.role not in roles:
        raise NotAllowed(not_yours())
    role = roles[workshop.seat.role]
    companies = [{"key": company.key, "name": both(company.name)} for company in workshop.companies]
    widget = _books_class()(**asking.held(role, companies=companies), language=workshop.language)
    desk = Desk(workshop)
    widget.on_msg(lambda widget, content, buffers: _answer(desk, widget, content, buffers))
    return widget


def _answer(desk: Desk, widget: Any, content: Json, buffers: list[Any]) -> None:
    with _ONE_AT_A_TIME:
        try:
            reply, sent = desk.answer(content, buffers)
        except SppError as error:
            reply, sent = {"faults": [said(problem.at("")) for problem in error.problems]}, []
    widget.send({"id": content.get("id"), **reply}, sent)


@dataclass
class _File:
    """A file on the desk; `done` is what was told of it when it was stored or handed on."""

    name: str
    content: bytearray = field(default_factory=bytearray)
    password: str = ""
    company: str = ""
    waits: Path | None = None
    read: Returned | None = None
    done: Json | None = None

    def returned(self) -> Returned:
        """The file, read once. Raises AnswerError."""
        if self.read is None:
            password, self.password = self.password, ""
            self.read = read_content(bytes(self.content), self.name, lambda: password)
        return self.read


class Desk:
    """The files that lie here, and what is done with them; one for each widget."""

    def __init__(self, workshop: Workshop):
        self.workshop = workshop
        self.is_keeper = workshop.seat.role == "custodian"
        self.files: dict[str, _File] = {}

    def answer(self, asked: Mapping[str, Any], buffers: list[Any]) -> tuple[Json, list[bytes]]:
        """The answer to one message, and what goes with it as bytes. Raises SppError."""
        what, file = asked.get("do"), self.files.get(str(asked.get("file")))
        if what == "part":
            self._add(asked, buffers)
            return {}, []
        if what == "copy" and file is not None and self.is_keeper:
            copy = self._copy(str(asked["file"]))
            return {"name": copy.name}, [copy.read_bytes()]
        if what == "store":
            return self._stored(asked), []
        if what == "unlock" and file is not None:
            file.password = str(asked.get("password", ""))[:200]
        elif what == "assign" and file is not None:
            file.company = str(asked.get("company", ""))
        elif what == "remove" and file is not None:
            self._put_away(str(asked["file"]))
        return self._told(self._judged([])), []

    # --- What lies here -----------------------------------------------------------------------------------

    def _add(self, asked: Mapping[str, Any], buffers: list[Any]) -> None:
        """A part of a file; what would be larger than a file may be is not kept."""
        key, at = str(asked.get("file")), asked.get("at")
        if at == 0 and len(self.files) < MOST_FILES:
            self.files[key] = _File(str(asked.get("name", ""))[:200])
        file = self.files.get(key)
        part = b"".join(bytes(buffer) for buffer in buffers)
        if file is not None and file.read is None and at == len(file.content):
            if len(file.content) + len(part) <= asking.LARGEST:
                file.content += part
            else:
                del self.files[key]

    def _take_waiting(self) -> None:
        """What was handed on from a facilitator's page lies on the custodian's desk."""
        keys = {company.folder_name: company.key for company in self.workshop.programme.companies}
        for path in waiting.waiting(self.workshop.folder) if self.is_keeper else ():
            if path.name not in self.files and len(self.files) < MOST_FILES:
                # Whoever handed it on has said whose it is, where the file does not.
                whose = keys.get(path.name.rpartition("-")[0], "")
                content = bytearray(path.read_bytes())
                self.files[path.name] = _File(path.name, content, company=whose, waits=path)

    def _put_away(self, key: str) -> None:
        file = self.files.pop(key)
        if file.waits and file.waits.exists():
            waiting.settle(file.waits)

    # --- Judging ------------------------------------------------------------------------------------------

    def _judged(self, overwrite: list[str]) -> dict[str, Judged | SppError]:
        """All files, held against one another too; what cannot be read is told instead."""
        self._take_waiting()
        if self.is_keeper:
            return self._judged_in(self.workshop, overwrite)
        with waiting.without_answers(self.workshop) as blank:
            return self._judged_in(blank, [])

    def _judged_in(self, workshop: Workshop, overwrite: list[str]) -> dict[str, Judged | SppError]:
        judged: dict[str, Judged | SppError] = {}
        for key, file in self.files.items():
            try:
                takes = key in overwrite
                judged[key] = judge(workshop, file.returned(), company=file.company, overwrite=takes)
            except SppError as error:
                judged[key] = error
        whole = {key: one for key, one in judged.items() if isinstance(one, Judged)}
        return judged | dict(zip(whole, disagreeing(list(whole.values())), strict=True))

    def _stored(self, asked: Mapping[str, Any]) -> Json:
        overwrite = [str(key) for key in asked.get("overwrite") or ()]
        judged = self._judged(overwrite)
        for key in map(str, asked.get("files") or ()):
            one = judged.get(key)
            if isinstance(one, Judged):
                self.files[key].done = self._store(one) if self.is_keeper else self._hand_on(one)
                if (place := self.files[key].waits) and place.exists():
                    waiting.settle(place)
        return self._told(self._judged([]))

    def _store(self, judged: Judged) -> Json:
        count = len([told for told in judged.told if told.state in STORED])
        applied = apply(self.workshop, judged)
        widgets.tell(self.workshop, f"company:{judged.company.key}")
        told = self._of(applied) | {"stored": {"count": count}}
        if has_to_be_seen(applied, stored=True):
            told["at"] = self._named(marked_copy(self.workshop, applied))
        return told

    def _hand_on(self, judged: Judged) -> Json:
        waiting.hand_on(self.workshop.folder, judged)
        return self._of(judged) | {"handed": True}

    def _copy(self, key: str) -> Path:
        judged = self._judged([])[key]
        if isinstance(judged, SppError):
            raise judged
        return marked_copy(self.workshop, judged)

    def _named(self, path: Path) -> str:
        return path.relative_to(self.workshop.folder).as_posix()

    # --- Telling ------------------------------------------------------------------------------------------

    def _told(self, judged: Mapping[str, Judged | SppError]) -> Json:
        files = [
            {"id": key, "name": file.name, "copy": self.is_keeper} | (file.done or self._of(judged[key]))
            for key, file in self.files.items()
        ]
        return {"files": files, "refused": self._refused() if self.is_keeper else []}

    def _of(self, judged: Judged | SppError) -> Json:
        if isinstance(judged, SppError):
            return {"faults": [said(_here(problem)) for problem in judged.problems]}
        return {"found": found(self.workshop, judged, values=self.is_keeper)}

    def _refused(self) -> list[Json]:
        names = {company.key: company.name for company in self.workshop.programme.companies}
        return [
            both(
                message(
                    "{time}, sent by {company}: {problem}",
                    time=_Moment(line["at"]),
                    company=names.get(line["company"], line["company"]),
                    problem=_Said(line["problems"][0]["text"]),
                )
            )
            for line in refused.noted(self.workshop.folder)[:MOST_LINES]
            if line["problems"]
        ]


def _here(problem: Problem) -> Problem:
    """As it is said here, where whose a file is can be chosen."""
    remedy = message("Choose the company below.") if problem.rule == "whose" else problem.remedy
    return replace(problem, remedy=remedy)


@dataclass(frozen=True)
class _Said:
    """A sentence that was worded earlier."""

    texts: Mapping[str, str]

    def in_language(self, language: str) -> str:
        """It, in one language."""
        return self.texts[language]


@dataclass(frozen=True)
class _Moment:
    """A moment as people say it."""

    at: str

    def in_language(self, language: str) -> str:
        """It, in one language."""
        return moment_text(self.at, language)


@cache
def _books_class() -> type[anywidget.AnyWidget]:
    """Made when the first is: importing the package must stay light."""
    import anywidget
    import traitlets

    class Workbooks(anywidget.AnyWidget):
        _esm = shipped("static") / "workbooks.js"
        _css = shipped("static") / "workbooks.css"
        words = traitlets.Dict().tag(sync=True)
        states = traitlets.Dict().tag(sync=True)
        companies: traitlets.List[Any] = traitlets.List().tag(sync=True)
        role = traitlets.Unicode().tag(sync=True)
        largest = traitlets.Int().tag(sync=True)
        language = traitlets.Unicode("ja").tag(sync=True)

        def __repr__(self) -> str:
            return say(message("Open this notebook in JupyterLab to take workbooks in."), self.language)

    return Workbooks


__all__ = ["Desk", "workbooks"]
