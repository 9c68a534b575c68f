"""What is wrong with a notebook: is it fit to run, and is it kept as this house keeps its notebooks?"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

from .errors import Message, NotebookError, Problem, message
from .messages import LANGUAGES
from .notebook_form import (
    HIDDEN,
    METADATA,
    PARAMETERS,
    READABLE_ID,
    TAGS,
    assignments,
    canonical,
    headings,
    in_language,
    read,
    tags,
)

if TYPE_CHECKING:
    from nbformat import NotebookNode

MOST_LINES = 8

_REPEATS = (ast.For, ast.AsyncFor, ast.While, ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
_DEFINES = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)
_LOGIC = (*_REPEATS, *_DEFINES, ast.Try, ast.TryStar)
_SQL = re.compile(
    r"\b(select\b.+\bfrom|insert\s+into|update\b.+\bset|delete\s+from|create\s+table)\b",
    re.IGNORECASE | re.DOTALL,
)
_ABSOLUTE = re.compile(r"^(/[\w.]|~|[A-Za-z]:[\\/]|\\\\|\w+://)")
_JAPANESE = re.compile(r"[\u3040-\u30ff\u3400-\u9fff]")
_KANA = re.compile(r"[\u3041-\u3096\u30a1-\u30fa]")


def problems(path: Path, own: bool = False) -> list[Problem]:
    """Everything that is wrong with the notebook in this file.

    An own notebook (of a workshop folder) must only be fit to run in both languages; how it is kept, what
    code it holds and its outputs are its owner's business.
    """
    try:
        notebook = read(path)
    except NotebookError as error:
        return error.problems
    rules = FIT_TO_RUN if own else FIT_TO_RUN + HOUSE
    found = [problem for rule in rules for problem in rule(notebook)]
    if not own and path.read_bytes() != canonical(notebook).encode():
        found.append(_not_canonical())
    file = f"{path.parent.name}/{path.name}"
    return [problem.at(f"{file} [{problem.where}]" if problem.where else file) for problem in found]


# --- Fit to run ---------------------------------------------------------------------------------------------
# A rule yields problems whose `where` is the id of a cell, or empty for the notebook as a whole.

Rule = Callable[["NotebookNode"], Iterator[Problem]]


def _one_parameters_cell(notebook: NotebookNode) -> Iterator[Problem]:
    try:
        assignments(notebook)
    except NotebookError as error:
        yield from error.problems


def _for_python(notebook: NotebookNode) -> Iterator[Problem]:
    if notebook.metadata.get("kernelspec", {}).get("language", "python") != "python":
        yield Problem(
            "",
            "kernel",
            message("The notebook is not written for Python."),
            message("Choose the kernel “Python 3” for it, and save it."),
        )


def _in_both_languages(notebook: NotebookNode) -> Iterator[Problem]:
    spoken = [_language(cell) for cell in notebook.cells]
    for position, cell in enumerate(notebook.cells):
        if spoken[position : position + 2] == ["ja", "en"]:
            yield from _alike(*notebook.cells[position : position + 2])
        elif spoken[position] == "ja" or (spoken[position] == "en" and spoken[max(position - 1, 0)] != "ja"):
            yield _problem(
                cell,
                "no_twin",
                message("This text stands here in one language only."),
                message("Put a cell tagged lang-ja and a cell tagged lang-en one directly after the other."),
            )


def _language(cell: NotebookNode) -> str:
    return next((tag.removeprefix("lang-") for tag in tags(cell) if tag.startswith("lang-")), "")


def _alike(japanese: NotebookNode, english: NotebookNode) -> Iterator[Problem]:
    ranks = [[rank for rank, _ in headings(cell.source)] for cell in (japanese, english)]
    agenda = [cell.metadata.get("spp_workshop") for cell in (japanese, english)]
    if ranks[0] != ranks[1] or agenda[0] != agenda[1]:
        yield _problem(
            english,
            "twins_differ",
            message("The Japanese and the English cell differ in their headings or in their agenda item."),
            message("Give both the same heading ranks and the same agenda item."),
        )
    if not _JAPANESE.search(japanese.source) or _KANA.search(english.source):
        yield _problem(
            japanese,
            "wrong_language",
            message("The text is not in the language of its tag."),
            message("Exchange the tags lang-ja and lang-en, or translate the text."),
        )


# --- As this house keeps them -------------------------------------------------------------------------------


def _heading_ranks(notebook: NotebookNode) -> Iterator[Problem]:
    for language in LANGUAGES:
        prose = [cell for cell in in_language(notebook, language) if cell.cell_type == "markdown"]
        ranks = [(cell, rank) for cell in prose for rank, _ in headings(cell.source)]
        if [rank for _, rank in ranks[:1]] != [1] or any(rank == 1 for _, rank in ranks[1:]):
            yield Problem(
                "",
                "one_title",
                message(
                    "In one language ({language}) the notebook has not exactly one title at its beginning.",
                    language=language,
                ),
                message("Begin with one line “# Title” in each language, and use ## and ### below it."),
            )
        for (_, above), (cell, rank) in pairwise(ranks):
            if rank > above + 1:
                yield _problem(
                    cell,
                    "skipped_rank",
                    message("A heading skips a rank."),
                    message("Below # comes ##, below ## comes ###."),
                )


def _short_code_of_the_package(notebook: NotebookNode) -> Iterator[Problem]:
    for cell in notebook.cells:
        if cell.cell_type == "code":
            try:
                nodes = list(ast.walk(ast.parse(cell.source)))
            except SyntaxError:
                yield _not_python(cell)
            else:
                yield from _logic(cell, nodes)
                yield from _texts(cell, nodes)


def _logic(cell: NotebookNode, nodes: list[ast.AST]) -> Iterator[Problem]:
    remedy = message("Move this into the package, and call it from here.")
    if len(cell.source.splitlines()) > MOST_LINES:
        wrong = message("This cell has more than {most} lines.", most=MOST_LINES)
        yield _problem(cell, "long_cell", wrong, remedy)
    if any(isinstance(node, _LOGIC) for node in nodes):
        wrong = message("This cell defines, repeats or catches something.")
        yield _problem(cell, "logic", wrong, remedy)
    if not all(_from_package(node) for node in nodes):
        wrong = message("This cell imports something that is not from spp_workshop.")
        yield _problem(cell, "import", wrong, remedy)
    if any(isinstance(node, ast.Call) and getattr(node.func, "id", "") == "input" for node in nodes):
        wrong = message("This cell waits for something to be typed.")
        yield _problem(cell, "input", wrong, message("Use a form, or a parameter."))


def _texts(cell: NotebookNode, nodes: list[ast.AST]) -> Iterator[Problem]:
    texts = [node.value for node in nodes if isinstance(node, ast.Constant) and isinstance(node.value, str)]
    if any(_SQL.search(text) for text in texts):
        wrong = message("This cell speaks SQL to the store.")
        yield _problem(cell, "sql", wrong, message("Move this into the package, and call it from here."))
    if any(_ABSOLUTE.match(text) for text in texts):
        wrong = message("This cell holds an absolute path or an address of the internet.")
        yield _problem(
            cell, "address", wrong, message("Use the folder of the workshop, which is a parameter.")
        )


def _from_package(node: ast.AST) -> bool:
    if isinstance(node, ast.Import):
        return all(name.name.split(".")[0] == "spp_workshop" for name in node.names)
    return not isinstance(node, ast.ImportFrom) or (node.module or "").split(".")[0] == "spp_workshop"


def _kept_clean(notebook: NotebookNode) -> Iterator[Problem]:
    metadata = {key: value for key, value in notebook.metadata.items() if key != "spp_workshop"}
    if metadata != METADATA or (notebook.nbformat, notebook.nbformat_minor) != (4, 5):
        wrong = message("The notebook's metadata is not that of a notebook of this toolkit.")
        yield Problem("", "metadata", wrong, _TIDY)
    for cell in notebook.cells:
        if cell.get("outputs") or cell.get("execution_count"):
            yield _problem(cell, "outputs", message("This cell has outputs."), _TIDY)
        if set(tags(cell)) - TAGS or (cell.cell_type == "code" and _language(cell)):
            wrong = message("This cell has a tag that is not known here.")
            yield _problem(cell, "tags", wrong, message("Use only: {tags}.", tags=sorted(TAGS)))
        if cell.cell_type == "code" and PARAMETERS not in tags(cell) and not _folded(cell):
            yield _problem(cell, "code_shown", message("The code of this cell is not folded away."), _TIDY)


def _folded(cell: NotebookNode) -> bool:
    return HIDDEN in tags(cell) and cell.metadata.get("jupyter", {}).get("source_hidden") is True


def _readable_ids(notebook: NotebookNode) -> Iterator[Problem]:
    seen: set[str] = set()
    for cell in notebook.cells:
        name = cell.get("id", "")
        if name in seen or not READABLE_ID.fullmatch(name):
            yield _problem(
                cell,
                "id",
                message("This cell has no readable id of its own."),
                message("Give it a short English name in small letters with hyphens."),
            )
        seen.add(name)


FIT_TO_RUN: list[Rule] = [_one_parameters_cell, _for_python, _in_both_languages]
HOUSE: list[Rule] = [_heading_ranks, _short_code_of_the_package, _kept_clean, _readable_ids]


# --- Wording ------------------------------------------------------------------------------------------------

_TIDY = message("Run: {command}", command="python -m spp_workshop.notebooks PATH")


def _problem(cell: NotebookNode, rule: str, what: Message, remedy: Message) -> Problem:
    return Problem(cell.get("id", ""), rule, what, remedy)


def _not_python(cell: NotebookNode) -> Problem:
    return Problem(
        cell.get("id", ""),
        "not_python",
        message("This cell is not plain Python."),
        message("Leave out % and ! commands, and mend the line that Python does not read."),
    )


def _not_canonical() -> Problem:
    return Problem(
        "",
        "canonical",
        message("The file is not in canonical form, so that changes to it are hard to read."),
        _TIDY,
    )
