"""From an executed notebook to files that can be given away: a scrubbed notebook, and one HTML page.

Neither holds a path of the machine that made it. The page loads nothing: styles and pictures stand in it, the
fonts are the reader's own, and its content security policy lets no script run and no address be asked.
"""

from __future__ import annotations

import copy
import html as entities
import re
import sys
import tempfile
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from spp_workshop.documents import PACKAGE, shipped
from spp_workshop.errors import message
from spp_workshop.messages import LANGUAGES, date_text, say
from spp_workshop.notebook_form import canonical, tags
from spp_workshop.notebooks import with_parameters
from spp_workshop.plain_text import without_controls

from .kernels import PAPERMILL

if TYPE_CHECKING:
    from jinja2 import Template
    from nbformat import NotebookNode

    from spp_workshop.programme import Programme
    from spp_workshop.worksheet import Text

# Best first; all else (widgets, scripts, formulas) is left out.
_SHOWN = ["text/html", "image/svg+xml", "image/png", "image/jpeg", "text/markdown", "text/plain"]

# A table of contents pays from this number of sections.
_LONG = 5

_ESCAPES = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")


# --- The notebook -------------------------------------------------------------------------------------------


def shareable(executed: NotebookNode, parameters: Mapping[str, Any], folder: Path) -> NotebookNode:
    """A copy without traces of the run: no papermill metadata, paths or messages, and no dead widgets.

    Its parameters cell holds `parameters`, so that it can be run again.
    """
    from nbconvert.preprocessors import CoalesceStreamsPreprocessor

    notebook = with_parameters(executed, parameters)
    notebook.cells = [cell for cell in notebook.cells if not PAPERMILL & set(tags(cell))]
    kept = ("kernelspec", "spp_workshop")
    notebook.metadata = {key: value for key, value in notebook.metadata.items() if key in kept}
    notebook.metadata["language_info"] = {"name": "python"}
    private = _private_paths(folder, tempfile.gettempdir())
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs = [output for output in cell.outputs if _can_be_shown(output)]
    # A busy kernel tells in pieces what was printed at once, and a path could be cut in two.
    CoalesceStreamsPreprocessor().preprocess(notebook, {})
    for cell in notebook.cells:
        _scrub(cell, private)
    return notebook


def _scrub(cell: NotebookNode, private: list[re.Pattern[str]]) -> None:
    kept = ("tags", "jupyter", "spp_workshop")
    cell.metadata = {key: value for key, value in cell.metadata.items() if key in kept and value}
    if cell.cell_type == "code":
        cell.outputs = [_without_paths(output, private) for output in cell.outputs]


def _can_be_shown(output: NotebookNode) -> bool:
    if output.output_type == "stream":
        return output.name == "stdout"
    if "data" not in output:
        return True
    widget = "application/vnd.jupyter.widget-view+json" in output.data
    return not widget and any(kind in output.data for kind in _SHOWN)


def _without_paths(output: NotebookNode, private: list[re.Pattern[str]]) -> NotebookNode:
    def clean(value: Any) -> Any:
        if isinstance(value, list):
            return [clean(part) for part in value]
        for path in private:
            value = path.sub("…", value)
        return without_controls(value)

    if output.output_type == "error":
        lines = [_ESCAPES.sub("", line) for line in output.traceback]
        output.evalue, output.traceback = clean(_ESCAPES.sub("", output.evalue)), clean(lines)
    elif output.output_type == "stream":
        output.text = clean(_ESCAPES.sub("", output.text))
    else:
        texts = {kind: clean(data) for kind, data in output.data.items() if kind.startswith("text/")}
        pictures = {kind: data for kind, data in output.data.items() if kind.startswith("image/")}
        output.data = texts | pictures
    return output


@lru_cache(maxsize=16)
def _private_paths(folder: Path, temporary: str) -> list[re.Pattern[str]]:
    """The places of this machine that an output could name, the longest first."""
    named = (
        folder.absolute(),
        folder.resolve(),
        PACKAGE.parent,
        Path.home(),
        Path(temporary),
        Path(sys.prefix),
        Path(sys.base_prefix),
    )
    places = sorted({path for path in named if len(path.parts) > 1}, key=lambda path: -len(str(path)))
    return [_as_written(path) for path in places]


def _as_written(path: Path) -> re.Pattern[str]:
    ways = {str(path), path.as_posix(), repr(str(path))[1:-1], entities.escape(str(path))}
    return re.compile("|".join(re.escape(way) for way in sorted(ways, key=len, reverse=True)) + r"(?![\w.-])")


def as_file(notebook: NotebookNode, notice: Text | None) -> str:
    """The notebook as JSON, in canonical form; where companies are made up, it begins by saying so."""
    if notice:
        notebook = copy.copy(notebook)
        notebook.cells = [_notice_cell(notice), *notebook.cells]
    return canonical(notebook)


def _notice_cell(notice: Text) -> NotebookNode:
    from nbformat.v4 import new_markdown_cell

    lines = "  \n".join(f"> **{notice[language]}**" for language in LANGUAGES)
    return new_markdown_cell(lines, id="fictional-notice")


# --- The page -----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class About:
    """What stands around a page: language, the name in the browser's tab, programme, day of the answers."""

    language: str
    title: str
    programme: Programme
    as_of: str

    @property
    def notice(self) -> str:
        """That companies and answers are made up, in this language ("" where they are not)."""
        return self.programme.fictional[self.language] if self.programme.fictional else ""

    @property
    def notices(self) -> list[tuple[str, str]]:
        """The same in every language, the reader's first."""
        notice = self.programme.fictional
        languages = sorted(LANGUAGES, key=lambda language: language != self.language)
        return [(language, notice[language]) for language in languages] if notice else []

    @property
    def made(self) -> str:
        """From what, and by what, the page is made."""
        day = date_text(self.as_of, self.language)
        return say(
            message(
                "Made with spp-workshop {version} from the answers as of {day}.",
                version=_version(),
                day=day,
            ),
            self.language,
        )

    @property
    def contents(self) -> str:
        """The name of the table of contents."""
        return say(message("Contents"), self.language)


@cache
def _version() -> str:
    # Asked of the installation once: each question takes a moment, and leaves a little behind.
    return version("spp-workshop")


def page(notebook: NotebookNode, about: About) -> str:
    """The notebook as one HTML page: prose and results, no code; it needs nothing but itself."""
    # Not by the exporter: it would copy and check the notebook many times, and read the whole page anew.
    text = _template().render(nb=notebook, resources={"about": about})
    return _with_contents(text.lstrip(), about.contents)


def warm_up() -> None:
    """Load what the first page needs, so that it need not wait for it."""
    _template()


_LOADING = threading.Lock()


def _template() -> Template:
    with _LOADING:
        return _loaded_template()


@cache
def _loaded_template() -> Template:
    from nbconvert.exporters import HTMLExporter

    exporter = HTMLExporter(
        template_name="document",
        extra_template_basedirs=[str(shipped("templates"))],
        extra_template_paths=[str(shipped("templates"))],
        exclude_anchor_links=True,
    )
    for each in (css_text, best_kind, whole):
        exporter.register_filter(each.__name__, each)
    return exporter.template


_TAG = re.compile(r"<(/?)([a-zA-Z][a-zA-Z0-9]*)[^>]*?(/?)>")
_WITHOUT_ALT = re.compile(r"<img\b(?![^>]*\balt=)", re.IGNORECASE)
_VOID = {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}


def whole(markup: str) -> str:
    """HTML of a cell that keeps to itself: what a person left open does not reach into the rest of the page.

    A picture without a text alternative gets an empty one: else its data would be read out.
    """
    from bs4 import BeautifulSoup

    if _is_whole(markup) and not _WITHOUT_ALT.search(markup):
        return markup
    soup = BeautifulSoup(markup, "html.parser")
    for picture in soup.select("img:not([alt])"):
        picture["alt"] = ""
    return str(soup)


def _is_whole(markup: str) -> bool:
    """Whether every tag is closed, in the right order."""
    left: list[str] = []
    for closing, name, closed in _TAG.findall(markup):
        tag = name.lower()
        if closing:
            if not left or left.pop() != tag:
                return False
        elif not closed and tag not in _VOID:
            left.append(tag)
    return not left and markup.count("<!--") == markup.count("-->")


def best_kind(output: NotebookNode) -> str:
    """Which of the forms of an output the page shows."""
    return next((kind for kind in _SHOWN if kind in output.data), "")


def css_text(text: str) -> str:
    """A text as it can stand between quotation marks in a style sheet that stands in a page."""
    return "".join(c if c.isalnum() or c == " " else f"\\{ord(c):x} " for c in text)


_HEADING = re.compile(r"<h([23])((?:\s[^>]*)?)>(.*?)</h\1>", re.DOTALL)
_ID = re.compile(r'\s+id="[^"]*"')


def _with_contents(text: str, title: str) -> str:
    """Give the sections names, and where there are many, put a table of contents before the first one."""
    entries: list[tuple[str, int, str]] = []

    def numbered(found: re.Match[str]) -> str:
        rank, attributes, title = found.groups()
        name = f"section-{len(entries) + 1}"
        entries.append((name, int(rank), re.sub(r"<[^>]+>", "", title).strip()))
        return f'<h{rank} id="{name}"{_ID.sub("", attributes)}>{title}</h{rank}>'

    text = _HEADING.sub(numbered, text)
    if sum(rank == 2 for _, rank, _ in entries) < _LONG:
        return text
    first = text.index("<h2")
    # Below the title and what belongs to it, between two sections, where it can stay in sight.
    place = max(text.rfind(f'<section class="{kind}">', 0, first) for kind in ("prose", "results"))
    place = first if "<h1" in text[place:first] else place
    links = "\n".join(_link(*entry) for entry in entries)
    contents = f'<nav aria-label="{title}"><p class="nav-title">{title}</p><ol>\n{links}\n</ol></nav>\n'
    return text[:place] + contents + text[place:]


def _link(name: str, rank: int, title: str) -> str:
    return f'<li class="rank-{rank}"><a href="#{name}">{title}</a></li>'


__all__ = ["About", "as_file", "page", "shareable"]
