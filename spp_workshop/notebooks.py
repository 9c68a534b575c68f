"""Notebooks, found and made ready: one language, the programme's clock times, and checked parameters.

A workshop folder may hold own notebooks; they win over the shipped ones of the same name.

    python -m spp_workshop.notebooks PATH...    bring edited notebooks into canonical form, say what is wrong
"""

from __future__ import annotations

import ast
import copy
import hashlib
import re
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .documents import shipped
from .errors import NotebookError, Problem, message
from .messages import reader_language, say
from .notebook_form import (
    assignments,
    canonical,
    headings,
    in_language,
    parameters,
    read,
    write_canonical,
)
from .notebook_rules import problems

if TYPE_CHECKING:
    from nbformat import NotebookNode

    from .programme import AgendaItem, Programme, Session

OWN = "notebooks"

# The folder of the participants' exercises; one has the name of its session's notebook for the facilitator.
PARTICIPANT = "participant"

# What the notebook of a session is given.
SESSION_PARAMETERS = ("folder", "session", "language")


# --- Finding ------------------------------------------------------------------------------------------------


def shipped_notebooks() -> list[Path]:
    """Every notebook that comes with the toolkit."""
    return _notebooks(shipped("notebooks"))


def own_notebooks(folder: Path) -> list[Path]:
    """The own notebooks of a workshop folder, without the copies that were made for JupyterLab."""
    return [path for path in _notebooks(folder / OWN) if "." not in path.stem]


def find(name: str, folder: Path | None = None) -> Path:
    """The facilitator's notebook or report of this name: the workshop folder's own, else the shipped one.

    Raises NotebookError when there is none.
    """
    return _found(name, [path for path in _known(folder) if not is_exercise(path)])


def find_exercise(name: str, folder: Path | None = None) -> Path:
    """The participant's exercise of this name: the workshop folder's own, else the shipped one.

    Raises NotebookError when there is none.
    """
    return _found(name, [path for path in _known(folder) if is_exercise(path)])


def exercises(programme: Programme, folder: Path | None = None) -> dict[str, Path]:
    """By session, in the programme's order: its exercise, where it has one."""
    named = {path.stem: path for path in reversed(_known(folder)) if is_exercise(path)}
    sessions = programme.sessions
    return {one.key: named[one.notebook_name] for one in sessions if one.notebook_name in named}


def is_exercise(path: Path) -> bool:
    """Whether this notebook is for participants, by the folder where it is."""
    return path.parent.name == PARTICIPANT


def _known(folder: Path | None) -> list[Path]:
    return (own_notebooks(folder) if folder else []) + shipped_notebooks()


def _found(name: str, places: list[Path]) -> Path:
    found = next((path for path in places if path.stem == name), None)
    if found is None:
        raise NotebookError(_unknown(name, sorted({path.stem for path in places})))
    return found


def _notebooks(root: Path) -> list[Path]:
    paths = (path for path in sorted(root.rglob("*.ipynb")) if path.is_file())
    return [path for path in paths if not any(part.startswith(".") for part in path.relative_to(root).parts)]


# --- Parameters ---------------------------------------------------------------------------------------------


def check_parameters(notebook: NotebookNode, given: Mapping[str, Any], where: str) -> None:
    """Refuse what papermill would only warn of: an unknown parameter, a missing one, one of a wrong type.

    A parameter with an empty default must be given. Raises NotebookError with every problem.
    """
    import papermill

    defaults = parameters(notebook)
    known = [name for name in papermill.inspect_notebook(_of_python(notebook)) if name in defaults]
    found = [_not_a_parameter(where, name, known) for name in given if name not in known]
    for name, default in defaults.items():
        if name not in given and default in ("", None):
            found.append(_not_given(where, name))
        elif name in given and default is not None and type(given[name]) is not type(default):
            found.append(_wrong_type(where, name, default))
    if found:
        raise NotebookError(found)


def _of_python(notebook: NotebookNode) -> NotebookNode:
    """A copy that says which kernel it wants, as one that was not written by JupyterLab may not."""
    notebook = copy.deepcopy(notebook)
    notebook.metadata.setdefault("kernelspec", {"name": "python3", "language": "python"})
    return notebook


def with_parameters(notebook: NotebookNode, given: Mapping[str, Any]) -> NotebookNode:
    """A copy whose `parameters` cell has these values; its comments and other parameters stay."""
    notebook = copy.deepcopy(notebook)
    cell, values = assignments(notebook)
    lines = [line.encode() for line in cell.source.splitlines(keepends=True)]
    # Backwards, because a replaced value moves what follows it; in bytes, because ast counts so.
    for name, node in sorted(values.items(), key=_place, reverse=True):
        if name in given:
            _replace(lines, node, literal(given[name]).encode())
    cell.source = b"".join(lines).decode()
    return notebook


def _place(parameter: tuple[str, ast.expr]) -> tuple[int, int]:
    return parameter[1].lineno, parameter[1].col_offset


def _replace(lines: list[bytes], node: ast.expr, value: bytes) -> None:
    first, last = node.lineno - 1, (node.end_lineno or node.lineno) - 1
    before, after = lines[first][: node.col_offset], lines[last][node.end_col_offset :]
    lines[first : last + 1] = [before + value + after]


def literal(value: Any) -> str:
    """A value as it is written in our notebooks: text in double quotation marks."""
    import json

    return json.dumps(value, ensure_ascii=False) if isinstance(value, str) else repr(value)


# --- Preparing ----------------------------------------------------------------------------------------------


def prepare(
    notebook: NotebookNode,
    language: str,
    parameters: Mapping[str, Any],
    programme: Programme,
    session: str | None = None,
) -> NotebookNode:
    """A copy for one reader: one language, these parameters, and headings with the programme's clock times.

    A cell whose metadata says `spp_workshop: {"agenda": KEY}` gets the time, length and title of that agenda
    item of `session`; an item that the programme does not have loses the time it was shipped with.
    """
    notebook = with_parameters(notebook, parameters)
    notebook.cells = in_language(notebook, language)
    if session:
        items = {item.key: item for item in programme.session(session).items()}
        for cell in notebook.cells:
            key = cell.metadata.get("spp_workshop", {}).get("agenda")
            if key and cell.cell_type == "markdown":
                cell.source = _retimed(cell.source, items.get(key), language)
    return notebook


def agenda_heading(item: Any, language: str) -> str:
    """How an agenda item is headed in a facilitator's notebook: 14:10-14:40 (30分) Title."""
    length = say(message("{minutes} min", minutes=item.minutes), language)
    return f"{item.start:%H:%M}-{item.end:%H:%M} ({length}) {item.title[language]}"


_TIMED = re.compile(r"^(#{1,6})[ \t]+(?:\d{1,2}:\d{2}-\d{1,2}:\d{2} \([^)]*\) )?(.*)$", re.MULTILINE)


def _retimed(source: str, item: AgendaItem | None, language: str) -> str:
    def heading(found: re.Match[str]) -> str:
        return f"{found[1]} {agenda_heading(item, language) if item else found[2]}"

    return _TIMED.sub(heading, source, count=1)


# --- A copy for JupyterLab ----------------------------------------------------------------------------------


def open_copy(folder: Path, session: Session, language: str, programme: Programme) -> Path:
    """The session's notebook in the workshop folder, ready to be opened in JupyterLab.

    It is made at the first time, and again when the programme or the toolkit has changed, but never over a
    copy that somebody has edited. Raises NotebookError when there is no notebook for this session.
    """
    given = dict(zip(SESSION_PARAMETERS, ("..", session.key, language), strict=True))
    source = find(session.notebook_name, folder)
    notebook = read(source)
    check_parameters(notebook, given, source.name)
    fresh = prepare(notebook, language, given, programme, session.key)
    mark = _digest(fresh)
    fresh.metadata["spp_workshop"] = {"prepared": mark}
    target = folder / OWN / f"{session.key}.{language}.ipynb"
    if not target.exists() or _unedited(target, mark):
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(canonical(fresh), encoding="utf-8", newline="\n")
    return target


def _unedited(target: Path, mark: str) -> bool:
    """True when the copy is as it was made, but would be made differently now."""
    try:
        existing = read(target)
    except NotebookError:
        return False
    made = existing.metadata.get("spp_workshop", {}).get("prepared")
    return made == _digest(existing) and made != mark


def _digest(notebook: NotebookNode) -> str:
    sources = "\0".join(f"{cell.cell_type}\0{cell.source}" for cell in notebook.cells)
    return hashlib.sha256(sources.encode()).hexdigest()


# --- Wording ------------------------------------------------------------------------------------------------


def _unknown(name: str, known: list[str]) -> Problem:
    return Problem(
        "",
        "unknown_notebook",
        message("There is no notebook “{name}”.", name=name),
        message("Use one of: {names}.", names=known),
    )


def _not_a_parameter(where: str, name: str, known: list[str]) -> Problem:
    return Problem(
        where,
        "unknown_parameter",
        message("The notebook has no parameter “{name}”; it was not run.", name=name),
        message(
            "Its parameters are: {known}. Add “{name}” to the cell with the tag “parameters”, or correct it.",
            name=name,
            known=known,
        ),
    )


def _not_given(where: str, name: str) -> Problem:
    return Problem(
        where,
        "missing_parameter",
        message("The notebook's parameter “{name}” was given no value; it was not run.", name=name),
        message("Correct its name in the cell with the tag “parameters”, or give it a default there."),
    )


def _wrong_type(where: str, name: str, default: Any) -> Problem:
    return Problem(
        where,
        "parameter_type",
        message(
            "The notebook's parameter “{name}” got another kind of value than its default.",
            name=name,
        ),
        message(
            "Write a default of the given kind, such as text in quotation marks; now it is: {default}",
            default=repr(default),
        ),
    )


def main(paths: list[str]) -> int:
    """Write notebooks in canonical form, and say what a person has to mend; 1 if there is anything."""
    found: list[Problem] = []
    for path in map(Path, paths):
        try:
            write_canonical(read(path), path)
        except NotebookError as error:
            found += error.problems
        else:
            found += problems(path)
    for problem in found:
        sys.stderr.write(problem.text(reader_language()) + "\n")
    return 1 if found else 0


__all__ = [
    "SESSION_PARAMETERS",
    "agenda_heading",
    "canonical",
    "check_parameters",
    "exercises",
    "find",
    "find_exercise",
    "headings",
    "is_exercise",
    "open_copy",
    "own_notebooks",
    "parameters",
    "prepare",
    "problems",
    "read",
    "shipped_notebooks",
    "with_parameters",
    "write_canonical",
]

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
