"""For the tests of the reports: what a notebook shows, run in this process, and a page read as text."""

from __future__ import annotations

import ast
from typing import Any

from bs4 import BeautifulSoup

from spp_workshop import notebooks
from spp_workshop.workshop import open_workshop


def shown(name: str, language: str, **parameters: str) -> str:
    """The page of a report's notebook, without a kernel: its prose, and what its cells show as HTML."""
    programme = open_workshop(parameters["folder"]).programme
    given = {**parameters, "language": language}
    notebook = notebooks.prepare(notebooks.read(notebooks.find(name)), language, given, programme)
    names: dict[str, Any] = {}
    cells = [
        cell.source if cell.cell_type == "markdown" else _result(cell.source, names)
        for cell in notebook.cells
    ]
    return "\n".join(cells)


def _result(source: str, names: dict[str, Any]) -> str:
    """Run a cell; its last expression as a notebook shows it."""
    tree = ast.parse(source)
    last = tree.body.pop() if isinstance(tree.body[-1], ast.Expr) else None
    exec(compile(tree, "cell", "exec"), names)
    value = eval(compile(ast.Expression(last.value), "cell", "eval"), names) if last else None
    return value._repr_html_() if value is not None else ""


def text_of(page: str) -> str:
    """The words of a page as a person reads them, in one line."""
    soup = BeautifulSoup(page, "html.parser")
    for unseen in soup(["style", "nav", "head"]):
        unseen.decompose()
    return " ".join(soup.get_text(" ").split())


def skipped_ranks(page: str) -> list[str]:
    """The headings that stand more than one rank below the heading before them."""
    headings = BeautifulSoup(page, "html.parser").find_all(["h1", "h2", "h3", "h4", "h5", "h6"])
    ranks = [int(heading.name[1]) for heading in headings]
    return [
        str(later) for rank, later in zip(ranks, headings[1:], strict=False) if int(later.name[1]) > rank + 1
    ]
