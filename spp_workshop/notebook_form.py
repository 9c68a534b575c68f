"""How this house keeps a notebook, and how its parts are read.

Prose stands in pairs of cells tagged `lang-ja` and `lang-en`; exactly one cell is tagged `parameters`. In git
a notebook has no outputs, readable cell ids and one canonical JSON, so that a change to it can be read.
"""

from __future__ import annotations

import ast
import copy
import json
import re
import sys
import warnings
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from .errors import NotebookError, Problem, message
from .messages import LANGUAGES

if TYPE_CHECKING:
    from types import ModuleType

    from nbformat import NotebookNode

PARAMETERS = "parameters"
HIDDEN = "hide-input"
# What tells how to work in JupyterLab; a page made of the notebook leaves it out.
LAB_ONLY = "lab-only"
TAGS = {PARAMETERS, HIDDEN, LAB_ONLY, *(f"lang-{language}" for language in LANGUAGES)}
METADATA = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}

READABLE_ID = re.compile(r"(?=.{2,64}$)(?![0-9a-f]{8}$)[a-z][a-z0-9]*(-[a-z0-9]+)*")
_HEADING = re.compile(r"^ {0,3}(#{1,6})[ \t]+(.+?)[ \t]*#*$", re.MULTILINE)
_FENCE = re.compile(r"^ {0,3}(```|~~~).*?^ {0,3}\1", re.MULTILINE | re.DOTALL)

# --- Reading and writing ------------------------------------------------------------------------------------


def read(path: Path) -> NotebookNode:
    """The notebook in this file. Raises NotebookError when there is none, or it cannot be read."""
    nbformat = _nbformat()
    try:
        return nbformat.from_dict(_checked(json.loads(path.read_text(encoding="utf-8"))))
    except FileNotFoundError:
        raise NotebookError(_missing(path.name)) from None
    except (ValueError, KeyError, TypeError, AttributeError):
        raise NotebookError(_unreadable(path.name)) from None


@cache
def _nbformat() -> Any:
    """The package nbformat, within 0.1 instead of 0.8 seconds.

    It imports jsonschema, which loads a whole grammar of international web addresses where there is one
    (JupyterLab brings it). No notebook needs it, so for the moment there is none.
    """
    grammar = "rfc3987_syntax"
    hidden = sys.modules.setdefault(grammar, cast("ModuleType", None)) is None
    try:
        import nbformat
    finally:
        if hidden:
            del sys.modules[grammar]
    return nbformat


def _checked(data: dict[str, Any]) -> dict[str, Any]:
    if not isinstance(data["cells"], list) or data["nbformat"] != 4:
        raise ValueError
    with warnings.catch_warnings():
        # Missing and repeated ids are told by our own rule; on a copy, because nbformat mends them silently.
        warnings.simplefilter("ignore")
        _nbformat().validate(copy.deepcopy(data), relax_add_props=True)
    for cell in data["cells"]:
        cell["source"] = _joined(cell["source"])
    return data


def _joined(source: str | list[str]) -> str:
    return source if isinstance(source, str) else "".join(source)


def canonical(notebook: NotebookNode) -> str:
    """The one way to write this notebook as JSON."""
    data = json.loads(json.dumps(notebook))
    for cell in data["cells"]:
        cell["source"] = _joined(cell["source"]).splitlines(keepends=True)
    return json.dumps(data, ensure_ascii=False, indent=1, sort_keys=True) + "\n"


def write_canonical(notebook: NotebookNode, path: Path) -> None:
    """Write the notebook in canonical form: no outputs, known metadata, readable ids, hidden code."""
    path.write_text(canonical(tidied(notebook)), encoding="utf-8", newline="\n")


def tidied(notebook: NotebookNode) -> NotebookNode:
    """A copy without outputs and traces of editing; what a person wrote stays as it is."""
    notebook = copy.deepcopy(notebook)
    notebook.nbformat, notebook.nbformat_minor = 4, 5
    own = notebook.metadata.get("spp_workshop")
    notebook.metadata = copy.deepcopy(METADATA) | ({"spp_workshop": own} if own else {})
    for cell in notebook.cells:
        _tidy(cell)
    _name_cells(notebook.cells)
    return notebook


def _tidy(cell: NotebookNode) -> None:
    known = {tag for tag in tags(cell) if tag in TAGS}
    own = cell.metadata.get("spp_workshop")
    cell.metadata = {"spp_workshop": own} if own else {}
    if cell.cell_type == "code":
        cell.outputs, cell.execution_count = [], None
        if PARAMETERS not in known:
            known.add(HIDDEN)
            cell.metadata["jupyter"] = {"source_hidden": True}
    if known:
        cell.metadata["tags"] = sorted(known)
    cell.source = "\n".join(line.rstrip() for line in cell.source.strip("\n").splitlines())


def _name_cells(cells: list[NotebookNode]) -> None:
    """Give a readable id to every cell that has none: a reader of a difference sees which cell it is."""
    taken = {cell.id for cell in cells if READABLE_ID.fullmatch(cell.get("id", ""))}
    for position, cell in enumerate(cells):
        if not READABLE_ID.fullmatch(cell.get("id", "")):
            cell["id"] = _free(_id_from(cells, position), taken)
            taken.add(cell["id"])


def _id_from(cells: list[NotebookNode], position: int) -> str:
    cell, following = cells[position], cells[position + 1 : position + 2]
    if "lang-ja" in tags(cell) and following and "lang-en" in tags(following[0]):
        return _slug(following[0].source) + "-ja"
    return _slug(cell.source) + ("-en" if "lang-en" in tags(cell) else "")


def _slug(source: str) -> str:
    first = source.strip().splitlines()[-1 if "import" in source else 0] if source.strip() else ""
    words = re.findall(r"[a-z0-9]+", first.lower())
    return "-".join(word for word in words if not word.isdigit())[:40].strip("-") or "cell"


def _free(wanted: str, taken: set[str]) -> str:
    wanted = wanted if READABLE_ID.fullmatch(wanted) else f"cell-{wanted}"
    number = 2
    name = wanted
    while name in taken:
        name, number = f"{wanted}-{number}", number + 1
    return name


# --- Parts of a notebook ------------------------------------------------------------------------------------


def tags(cell: NotebookNode) -> list[str]:
    """The tags of a cell."""
    return list(cell.metadata.get("tags", []))


def in_language(notebook: NotebookNode, language: str) -> list[NotebookNode]:
    """The cells that a reader of this language gets: tagged with it, or with no language."""
    others = {f"lang-{other}" for other in LANGUAGES if other != language}
    return [cell for cell in notebook.cells if not others & set(tags(cell))]


def headings(source: str) -> list[tuple[int, str]]:
    """Rank and text of every heading in a Markdown text."""
    return [(len(marks), text) for marks, text in _HEADING.findall(_FENCE.sub("", source))]


def assignments(notebook: NotebookNode) -> tuple[NotebookNode, dict[str, ast.expr]]:
    """The `parameters` cell, and the value of each parameter in it. Raises NotebookError unless there is one
    such cell, made of plain `name = value` lines."""
    cells = [cell for cell in notebook.cells if PARAMETERS in tags(cell)]
    if len(cells) != 1:
        raise NotebookError(_not_one_parameters_cell(len(cells)))
    try:
        body = ast.parse(cells[0].source).body
        values = dict(_assignment(statement) for statement in body)
        for value in values.values():
            ast.literal_eval(value)
    except (SyntaxError, ValueError):
        raise NotebookError(_parameters_not_plain(cells[0].get("id", ""))) from None
    return cells[0], values


def _assignment(statement: ast.stmt) -> tuple[str, ast.expr]:
    if isinstance(statement, ast.Assign) and len(statement.targets) == 1:
        target, value = statement.targets[0], statement.value
    elif isinstance(statement, ast.AnnAssign) and statement.value is not None:
        target, value = statement.target, statement.value
    else:
        raise ValueError
    if not isinstance(target, ast.Name):
        raise ValueError
    return target.id, value


def parameters(notebook: NotebookNode) -> dict[str, Any]:
    """Every parameter with its default. Raises NotebookError as `assignments` does."""
    return {name: ast.literal_eval(value) for name, value in assignments(notebook)[1].items()}


# --- Wording ----------------------------------------------------------------------------------------------


def _missing(name: str) -> Problem:
    return Problem(
        name,
        "no_notebook",
        message("There is no such notebook."),
        message("Check its name, or take it again from the toolkit."),
    )


def _unreadable(name: str) -> Problem:
    return Problem(
        name,
        "not_a_notebook",
        message("This file cannot be read as a notebook."),
        message("Open it in JupyterLab and save it, or take it again from the toolkit."),
    )


def _not_one_parameters_cell(count: int) -> Problem:
    return Problem(
        "",
        "parameters_cell",
        message("The notebook has {count} cells with the tag “parameters”.", count=count),
        message("Give this tag to the one cell that holds the parameters."),
    )


def _parameters_not_plain(cell: str) -> Problem:
    return Problem(
        cell,
        "parameters_plain",
        message("The cell with the parameters holds more than names with plain values."),
        message("Write one line for each parameter, such as: {line}", line='language = "ja"'),
    )
