"""A session's notebook as a page: the facilitator's whole, the projector's with what the room may see."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from spp_workshop import notebooks
from spp_workshop.documents import shipped
from spp_workshop.messages import LANGUAGES, Language
from spp_workshop.notebook_form import PARAMETERS, headings, read, tags
from spp_workshop.seats import Seat
from spp_workshop.serving.prepared import View, prepare
from spp_workshop.serving.room import Room
from spp_workshop.workshop import open_workshop

SESSIONS = [path.stem for path in notebooks.shipped_notebooks() if path.parent.name == "facilitator"]

# What only JupyterLab has: its menus and keys.
OF_JUPYTERLAB = ("Shift", "Run →", "実行 →", "Create New View", "新しいビュー")


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory) -> Room:
    folder = tmp_path_factory.mktemp("sample")
    shutil.copy(shipped("programmes") / "spp-2025" / "programme.yaml", folder)
    return Room(open_workshop(folder, seat=Seat.projector()), SESSIONS[0], "http://127.0.0.1/")


def prose(room: Room, folder: Path, session: str, view: View, language: Language) -> str:
    notebook = read(folder / prepare(room, folder, session, view, language))
    return "\n\n".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("session", SESSIONS)
def test_a_page_does_not_explain_jupyterlab(
    room: Room, tmp_path: Path, session: str, language: Language
) -> None:
    shipped_text = "".join(cell.source for cell in read(notebooks.find(session)).cells)
    assert any(words in shipped_text for words in OF_JUPYTERLAB)
    text = prose(room, tmp_path, session, "desk", language)
    assert not [words for words in OF_JUPYTERLAB if words in text]
    assert len(headings(text)) > 10


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("session", SESSIONS)
def test_the_room_sees_no_call_and_nothing_that_is_for_the_facilitator(
    room: Room, tmp_path: Path, session: str, language: Language
) -> None:
    text = prose(room, tmp_path, session, "screen", language)
    theirs = {
        "ja": ("言う", "詰まったら", "あなただけ", "書く："),
        "en": ("Say**", "If stuck", "Only for you", "Write:"),
    }
    assert not [words for words in theirs[language] if words in text]
    agenda = room.workshop.programme.session(session).agenda
    assert [item.title[language] for item in agenda if item.title[language] in text]


@pytest.mark.parametrize("view", ["desk", "screen"])
@pytest.mark.parametrize("session", SESSIONS)
def test_a_page_has_its_parameters(room: Room, tmp_path: Path, session: str, view: View) -> None:
    notebook = read(tmp_path / prepare(room, tmp_path, session, view, "ja"))
    (given,) = [cell.source for cell in notebook.cells if PARAMETERS in tags(cell)]
    assert f'session = "{session}"' in given
