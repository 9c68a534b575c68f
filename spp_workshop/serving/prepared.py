"""A session's notebook as a page: all of it for the facilitator, for the projector what the room may see."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from spp_workshop import notebooks
from spp_workshop.errors import Message, message
from spp_workshop.messages import Language, say
from spp_workshop.notebook_form import LAB_ONLY, canonical, headings, read, tags

from .room import Room
from .seat_kernels import KERNEL

if TYPE_CHECKING:
    from nbformat import NotebookNode

View = Literal["desk", "screen"]

# How the headings of what the room sees begin, in front of a colon or alone.
_TO_THE_ROOM = message("Show the room")


def file_name(session: str, view: View, language: str) -> str:
    """The name of a prepared notebook."""
    return f"{session}.{view}.{language}.ipynb"


def prepare(room: Room, target: Path, session: str, view: View, language: Language) -> str:
    """Write the notebook into the folder `target`, and give its name there.

    Raises NotebookError when there is none for this session, and SppError when there is no such session.
    """
    folder, programme = room.workshop.folder, room.workshop.programme
    day = programme.session(session)
    source = notebooks.find(day.notebook_name, folder)
    notebook = read(source)
    given = dict(zip(notebooks.SESSION_PARAMETERS, (".", session, language), strict=True))
    notebooks.check_parameters(notebook, given, source.name)
    ready = notebooks.prepare(notebook, language, given, programme, session)
    # A page runs by itself: nobody needs to be told how JupyterLab does.
    cells = [cell for cell in ready.cells if LAB_ONLY not in tags(cell)]
    ready.cells = list(_for_room(cells, language)) if view == "screen" else cells
    ready.metadata["title"] = day.title[language]
    ready.metadata["kernelspec"] = {"name": KERNEL, "display_name": KERNEL, "language": "python"}
    name = file_name(session, view, language)
    (target / name).write_text(canonical(ready), encoding="utf-8", newline="\n")
    return name


def _for_room(cells: list[NotebookNode], language: Language) -> Iterator[NotebookNode]:
    """The set-up, the headings of the agenda, and each section that is headed as one for the room."""
    shown, set_up = False, 0
    for cell in cells:
        for level, text in _headings(cell):
            shown = level == 3 and _names(_TO_THE_ROOM, text, language)
        if cell.cell_type == "code":
            if set_up < 2 or shown:
                yield cell
            # Parameters, and the cell that opens the workshop.
            set_up += 1
        elif shown:
            yield _headed(cell, language)
        elif "agenda" in cell.metadata.get("spp_workshop", {}):
            cell.source = cell.source.partition("\n")[0]
            yield cell


def _headings(cell: NotebookNode) -> list[tuple[int, str]]:
    return headings(cell.source) if cell.cell_type == "markdown" else []


def _names(what: Message, heading: str, language: Language) -> bool:
    begins = say(what, language)
    return heading.startswith(begins) and heading[len(begins) : len(begins) + 1] in ("", ":", "：")


def _headed(cell: NotebookNode, language: Language) -> NotebookNode:
    """Its heading alone, without the call to show it: what stands below is said to the facilitator."""
    title = cell.source.partition("\n")[0].removeprefix("### ").removeprefix(say(_TO_THE_ROOM, language))
    cell.source = f"### {title.lstrip(':： ')}"
    return cell


__all__ = ["View", "file_name", "prepare"]
