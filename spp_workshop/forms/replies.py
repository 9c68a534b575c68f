"""One message of a form in, one answer out."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from spp_workshop import answers as answer_rules
from spp_workshop import refusals
from spp_workshop.errors import AnswerError, ConflictError, NotAllowed, Problem, SppError, message
from spp_workshop.pasting import read_block
from spp_workshop.rowcodes import codes
from spp_workshop.rows import Row, Saved, parent_row
from spp_workshop.store import Revision
from spp_workshop.stuck import asking, places, take_back, tell
from spp_workshop.visibility import FEEDBACK, may_write
from spp_workshop.worksheet import Worksheet
from spp_workshop.workshop import Workshop

from .definitions import row_per_company
from .words import ROLES, both, said

Json = dict[str, Any]
LONGEST_ROW = 200
# More than any form sends at once; each of them is looked at while others wait.
_MOST_CHANGES, _MOST_ADDED, _MOST_ROWS, _MOST_COLUMNS = 500, 1_000, 5_000, 16_384
# Revisions: beyond this neither a browser nor the store can count.
_Number = Annotated[int, Field(ge=0, lt=2**53)]
_Changes = Annotated[dict[str, Any], Field(max_length=_MOST_CHANGES)]
_Line = Annotated[list[str], Field(max_length=_MOST_COLUMNS)]


class Request(BaseModel):
    """One message of a form. What it asks for is judged by `Workshop`; here only its shape."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    do: Literal[
        "open", "save", "add", "submit", "withdraw", "undo", "history", "restore", "reorder",
        "read", "stuck", "unstuck",
    ]  # fmt: skip
    worksheet: str
    subject: str
    id: str = ""
    row: str = ""
    based_on: _Number = 0
    changes: _Changes = {}
    revision: _Number = 0
    known: Annotated[int, Field(ge=-1, lt=2**53)] = -1
    rows: Annotated[list[str], Field(max_length=_MOST_ROWS)] = []
    added: Annotated[dict[str, _Changes], Field(max_length=_MOST_ADDED)] = {}
    cells: list[_Line] = []
    columns: _Line | None = None
    field: str = ""
    note: str = ""


def reply(workshop: Workshop, message: Mapping[str, Any]) -> Json:
    """The answer to one message of a form; it never raises for anything that a person or a form did."""
    try:
        request = Request.model_validate(dict(message))
    except ValidationError:
        return {"id": str(message.get("id", "")), "faults": [said(_not_understood())]}
    try:
        _refuse_anothers(workshop, request.subject)
        if not all(
            _can_be_row(workshop, request, row) for row in (request.row, *request.rows, *request.added)
        ):
            raise AnswerError(_not_understood())
        return {"id": request.id, **_DOINGS[request.do](workshop, request)}
    except SppError as error:
        return {"id": request.id, "faults": [said(problem) for problem in error.problems]}


def _refuse_anothers(workshop: Workshop, subject: str) -> None:
    """A company's form is its own or its group's. Of others it is not even told whether they take part."""
    if workshop.seat.role != "participant" or not subject.startswith(("company:", "group:")):
        return
    if not may_write(workshop.seat, subject, workshop.programme):
        raise NotAllowed(refusals.not_yours())


_ROW = re.compile(r"([a-z0-9_]+(\.[a-z0-9_]+)*)?")


def _can_be_row(workshop: Workshop, request: Request, row: str) -> bool:
    """A row has an id of ours; in a list about the companies it is a company's key, which may be any text."""
    if _ROW.fullmatch(row) and len(row) <= LONGEST_ROW:
        return True
    keys = {company.key for company in workshop.programme.companies}
    listed = row_per_company(workshop.worksheet(request.worksheet)) or request.worksheet == FEEDBACK
    return bool(listed) and row in keys


def _open(workshop: Workshop, request: Request) -> Json:
    # The revision is asked first: what is stored in between is then read again, not missed.
    revision = workshop.revision()
    if revision == request.known:
        return {"same": True}
    return {"revision": revision, "rows": _rows(workshop, request), "stuck": _stuck_here(workshop, request)}


def _save(workshop: Workshop, request: Request) -> Json:
    """Store what can be stored: an unreadable answer, or a disputed one, does not hold up the others."""
    sheet = workshop.worksheet(request.worksheet)
    changes, refused, conflicts = dict(request.changes), Json(), Json()
    while changes:
        given = {**_said_by_the_row(sheet, request.row), **changes}
        try:
            saved = workshop.save(
                sheet.name, given, subject=request.subject, row=request.row, based_on=request.based_on
            )
        except AnswerError as error:
            unreadable = _by_field(problem for problem in error.problems if problem.field in changes)
            if not unreadable:
                raise
            refused |= unreadable
        except ConflictError as error:
            conflicts |= error.theirs
        else:
            return {"row": _stored(saved), "refused": refused, "conflicts": conflicts}
        changes = {name: value for name, value in changes.items() if name not in (*refused, *conflicts)}
    now = [row for row in _rows(workshop, request) if row["row"] == request.row]
    return {"row": now[0] if now else None, "refused": refused, "conflicts": conflicts}


def _add(workshop: Workshop, request: Request) -> Json:
    """Store several new rows at once, each as far as it can be stored."""
    with workshop.store.together():
        stored = {
            row: _save(workshop, request.model_copy(update={"row": row, "changes": changes}))
            for row, changes in request.added.items()
        }
    return {"rows": stored}


def _submit(workshop: Workshop, request: Request) -> Json:
    sheet = workshop.worksheet(request.worksheet)
    rows = [row for row in workshop.rows(sheet.name, request.subject) if row.revision]
    if request.row:  # a person's one line of a list
        rows = [row for row in rows if row.row == request.row]
    if request.row or not sheet.repeats:
        rows = rows or [Row(request.row)]
    problems = [
        replace(problem, row=row.row) for row in rows for problem in answer_rules.check(sheet, row.answers)
    ]
    if not rows:
        problems = [_nothing_written()]
    for row in rows if not problems else []:
        if row.status != "submitted":
            workshop.submit(sheet.name, request.subject, row.row)
    return {
        "revision": workshop.revision(),
        "rows": _rows(workshop, request),
        "problems": [said(problem) for problem in problems],
    }


def _withdraw(workshop: Workshop, request: Request) -> Json:
    with workshop.store.together():
        for row in dict.fromkeys(request.rows or [request.row]):
            workshop.withdraw(request.worksheet, request.subject, row)
    return {}


def _reorder(workshop: Workshop, request: Request) -> Json:
    workshop.reorder(request.worksheet, request.subject, request.rows)
    return {}


def _undo(workshop: Workshop, request: Request) -> Json:
    states = workshop.history(request.worksheet, request.subject, request.row)
    before = [state for state in states if state.status != "withdrawn"]
    if not before:
        raise AnswerError(_no_such_state())
    saved = _restored(workshop, request, before[-1].revision)
    if before[-1].status == "submitted":
        saved = workshop.submit(request.worksheet, request.subject, request.row)
    return {"row": _stored(saved)}


def _history(workshop: Workshop, request: Request) -> Json:
    """The steps of a row, the newest first, each with what it changed."""
    steps = workshop.history(request.worksheet, request.subject, request.row)
    earlier = [{}, *(step.answers for step in steps)]
    told = [_step(workshop, step, before) for step, before in zip(steps, earlier, strict=False)]
    return {"history": told[::-1]}


def _restore(workshop: Workshop, request: Request) -> Json:
    states = workshop.history(request.worksheet, request.subject, request.row)
    if request.revision not in {state.revision for state in states}:
        raise AnswerError(_no_such_state())
    saved = _restored(workshop, request, request.revision)
    return {"row": _stored(saved)}


def _restored(workshop: Workshop, request: Request, revision: int) -> Saved:
    return workshop.restore(request.worksheet, request.subject, request.row, revision=revision)


# --- Cells of a sheet, before they are rows -----------------------------------------------------------------


def _read(workshop: Workshop, request: Request) -> Json:
    """What a block of cells means; nothing is stored by it."""
    sheet = workshop.worksheet(request.worksheet)
    block = read_block(sheet, request.cells, workshop.choices, first=request.field, columns=request.columns)
    rows = [
        {"typed": row.typed, "answers": row.values, "problems": _by_field(row.problems)} for row in block.rows
    ]
    return {"columns": block.columns, "header": block.header, "read": rows}


# --- Where somebody is stuck --------------------------------------------------------------------------------


def _stuck(workshop: Workshop, request: Request) -> Json:
    _refuse_nobody(workshop, request)
    row, note = request.row, request.note
    tell(workshop, request.subject, request.worksheet, request.field, row=row, note=note)
    return {"stuck": _stuck_here(workshop, request)}


def _unstuck(workshop: Workshop, request: Request) -> Json:
    _refuse_nobody(workshop, request)
    take_back(workshop, request.subject, request.worksheet, request.field, request.row)
    return {"stuck": _stuck_here(workshop, request)}


def _refuse_nobody(workshop: Workshop, request: Request) -> None:
    """Only a company asks the facilitator, on its own sheet or in a group."""
    if not asking(workshop, request.subject):
        raise NotAllowed(_nobody_asks())


def _stuck_here(workshop: Workshop, request: Request) -> list[Json] | None:
    """The questions of this form at which the company is stuck; None where no company could be."""
    if not asking(workshop, request.subject):
        return None
    return [
        {
            "row": row.answers.get("of_row", ""),
            "field": row.answers["of_question"],
            "note": row.answers.get("note", ""),
            "at": row.recorded_at,
        }
        for row in places(workshop, request.subject, request.worksheet)
    ]


_DOINGS: dict[str, Callable[[Workshop, Request], Json]] = {
    "open": _open,
    "save": _save,
    "add": _add,
    "submit": _submit,
    "withdraw": _withdraw,
    "undo": _undo,
    "history": _history,
    "restore": _restore,
    "reorder": _reorder,
    "read": _read,
    "stuck": _stuck,
    "unstuck": _unstuck,
}

# --- Rows and problems as a form gets them ----------------------------------------------------------------


def _rows(workshop: Workshop, request: Request) -> list[Json]:
    sheet = workshop.worksheet(request.worksheet)
    rows = [*workshop.rows(sheet.name, request.subject)]
    if row_per_company(sheet):
        rows = _one_for_each(workshop, sheet, rows)
    sources = workshop.rows(sheet.rows_from, request.subject) if sheet.rows_from else []
    ids = {row.row: row for row in sources if row.revision}
    return [_row(sheet, row, parent_row(row.row, ids)) for row in rows]


def _one_for_each(workshop: Workshop, sheet: Worksheet, rows: list[Row]) -> list[Row]:
    stored = {row.row: row for row in rows}
    keys = [company.key for company in workshop.programme.companies]
    listed = [stored.pop(key, Row(key, answers=_said_by_the_row(sheet, key))) for key in keys]
    return [*listed, *stored.values()]


def _said_by_the_row(sheet: Worksheet, row: str) -> Json:
    name = row_per_company(sheet)
    return {name: row} if name else {}


def _row(sheet: Worksheet, row: Row, source: str) -> Json:
    problems = answer_rules.check(sheet, row.answers) if row.revision else []
    return {
        "row": row.row,
        "code": _code(row.row),
        "revision": row.revision,
        "status": row.status,
        "answers": row.answers,
        "at": row.recorded_at,
        "carried": row.carried,
        "source": source,
        "problems": [said(problem) for problem in problems],
    }


def _stored(saved: Saved) -> Json:
    return {
        "row": saved.row,
        "code": _code(saved.row),
        "revision": saved.revision,
        "status": saved.status,
        "answers": saved.answers,
        "at": saved.recorded_at,
        "problems": [said(problem) for problem in saved.problems],
    }


def _code(row: str) -> str:
    """The code by which a row of a list is found that stands on paper."""
    return codes([row])[row] if row else ""


def _step(workshop: Workshop, step: Revision, before: Json) -> Json:
    names = {*before, *step.answers}
    return {
        "revision": step.revision,
        "at": step.recorded_at,
        "author": _author(workshop, step.author),
        "status": step.status,
        "changed": sorted(name for name in names if before.get(name) != step.answers.get(name)),
        "answers": step.answers,
    }


def _by_field(problems: Iterable[Problem]) -> dict[str, list[Json]]:
    found: dict[str, list[Json]] = {}
    for problem in problems:
        found.setdefault(problem.field, []).append(said(problem))
    return found


def _author(workshop: Workshop, seat: str) -> dict[str, str]:
    """Who wrote, in words: a company by its name, others by their role."""
    role, _, key = seat.partition(":")
    names = {company.key: company.name for company in workshop.programme.companies}
    return both(names[key] if role == "company" and key in names else ROLES.get(role, ROLES["participant"]))


def _not_understood() -> Problem:
    return Problem(
        "",
        "not_understood",
        message("The form sent something that is not understood."),
        message("Reload the page."),
    )


def _nobody_asks() -> Problem:
    return Problem(
        "",
        "nobody_asks",
        message("Only a company can say that it is stuck."),
        message("Speak to the facilitator."),
    )


def _nothing_written() -> Problem:
    return Problem(
        "", "nothing_written", message("Nothing is written yet."), message("Please write something first.")
    )


def _no_such_state() -> Problem:
    return Problem(
        "", "no_such_state", message("There is no such earlier state."), message("Open the history again.")
    )
