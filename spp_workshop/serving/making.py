"""Make an exercise's page from its notebook: run it for nobody, once in each language; keep what it shows.

This needs kernels, papermill and a renderer of Markdown, so it happens in a process of its own, which ends
when all pages are made: `python -m spp_workshop.serving.making` answers each line, an order, with a line.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from spp_workshop import notebook_rules, notebooks
from spp_workshop.batch import kernels
from spp_workshop.batch.starter import Starter
from spp_workshop.errors import NotebookError, SppError
from spp_workshop.exercises import PART
from spp_workshop.forms.words import said
from spp_workshop.messages import LANGUAGES
from spp_workshop.programme import load

if TYPE_CHECKING:
    from nbformat import NotebookNode

Json = dict[str, Any]

_TITLE = re.compile(r"^#[ \t]+(.+?)[ \t]*$", re.MULTILINE)
_STEP = re.compile(r"^##[ \t]+(.+?)[ \t]*$", re.MULTILINE)


def made(folder: Path, session: str, notebook: Path, starter: Starter | None = None) -> Json:
    """What stands on the page: `title`, `intro`, and `steps`, each with `key`, `title` and `parts`.

    A part is `{"html": {ja, en}}`, `{"form": worksheet}` or `{"chart": name}`. Raises NotebookError when the
    notebook cannot be run, or is not the same in both languages.
    """
    wrong = notebook_rules.problems(notebook, own=True)
    if wrong:
        raise NotebookError(wrong)
    source = notebooks.read(notebook)
    run = {language: _executed(source, folder, session, language, starter) for language in LANGUAGES}
    return _page(list(zip(*run.values(), strict=True)))


def _executed(
    source: NotebookNode, folder: Path, session: str, language: str, starter: Starter | None
) -> list[NotebookNode]:
    """The cells of one language, as they are when nobody's company is named."""
    given = {"folder": ".", "session": session, "company": "", "language": language}
    notebooks.check_parameters(source, given, "")
    prepared = notebooks.prepare(source, language, {}, load(folder), session)
    executed = kernels.run(prepared, given, folder, starter=starter)
    return [cell for cell in executed.cells if not kernels.PAPERMILL & set(cell.metadata.get("tags", []))]


Cells = tuple[Any, ...]  # the same cell in each language


def _page(cells: list[Cells]) -> Json:
    page: Json = {"title": {}, "intro": [], "steps": []}
    for twins in cells:
        if twins[0].cell_type == "markdown":
            _add_prose(page, twins)
        else:
            _into(page).extend(_parts(twins))
    return page


def _into(page: Json) -> list[Json]:
    """Where the next part belongs: into the step that was begun last."""
    parts: list[Json] = page["steps"][-1]["parts"] if page["steps"] else page["intro"]
    return parts


def _add_prose(page: Json, twins: Cells) -> None:
    """Each `##` begins a step; `#` is the title of the page."""
    texts = [cell.source for cell in twins]
    if not page["title"] and all(_TITLE.search(text) for text in texts):
        page["title"] = _in_each([_TITLE.search(text)[1] for text in texts])  # type: ignore[index]
        texts = [_TITLE.sub("", text, count=1) for text in texts]
    # Text before the first heading, then heading and text in turn.
    split = [_STEP.split(text) for text in texts]
    _add_text(page, [parts[0] for parts in split])
    for number, at in enumerate(range(1, min(map(len, split)), 2)):
        key = re.sub(r"-(ja|en)$", "", twins[0].get("id", "")) or "step"
        title = _in_each([parts[at] for parts in split])
        page["steps"].append({"key": f"{key}-{number + 1}" if number else key, "title": title, "parts": []})
        _add_text(page, [parts[at + 1] for parts in split])


def _add_text(page: Json, texts: list[str]) -> None:
    if any(text.strip() for text in texts):
        _into(page).append({"html": _in_each([_from_markdown(text) for text in texts])})


def _parts(twins: Cells) -> Iterator[Json]:
    """What a cell shows, in each language; a form or a chart is the same for both."""
    for outputs in zip(*(_shown(cell) for cell in twins), strict=True):
        named = outputs[0].get(PART)
        if named is None:
            yield {"html": _in_each([_as_html(data) for data in outputs])}
        elif "exercise" not in named:
            yield named


def _shown(cell: NotebookNode) -> list[Json]:
    kinds = {PART, "text/html", "text/markdown"}
    return [output.data for output in cell.outputs if "data" in output and kinds & set(output.data)]


def _as_html(data: Json) -> str:
    if "text/html" in data:
        return _plain_html(data["text/html"])
    return _from_markdown(data["text/markdown"])


def _from_markdown(text: str) -> str:
    from nbconvert.filters.markdown_mistune import markdown2html_mistune

    return _plain_html(markdown2html_mistune(text))


def _plain_html(markup: str) -> str:
    """Without what a page's security policy forbids (styles, scripts), and without links to headings."""
    from bs4 import BeautifulSoup

    soup = BeautifulSoup(markup, "html.parser")
    for tag in soup.select("style, script, iframe, object, embed, a.anchor-link"):
        tag.decompose()
    for tag in soup.find_all(True):
        for name in [name for name in tag.attrs if name in ("style", "id") or name.startswith("on")]:
            del tag[name]
    return str(soup).strip()


def _in_each(texts: list[str]) -> dict[str, str]:
    return dict(zip(LANGUAGES, texts, strict=True))


def main() -> int:
    """Answer orders until there are no more."""
    answers, sys.stdout = sys.stdout, sys.stderr
    starters: dict[str, Starter] = {}
    for line in sys.stdin:
        order = json.loads(line)
        folder = Path(order["folder"])
        starter = starters.setdefault(order["folder"], Starter(folder, 1))
        answers.write(json.dumps(_answer(folder, order, starter), ensure_ascii=True) + "\n")
        answers.flush()
    for starter in starters.values():
        starter.close()
    return 0


def _answer(folder: Path, order: Json, starter: Starter) -> Json:
    try:
        return {"page": made(folder, order["session"], Path(order["notebook"]), starter)}
    except SppError as error:
        return {"faults": [said(problem) for problem in error.problems]}


if __name__ == "__main__":
    sys.exit(main())
