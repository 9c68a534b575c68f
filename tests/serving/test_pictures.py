"""Own charts as pictures: whose they are, when they are made anew, and what happens when drawing fails."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import textwrap
from base64 import b64decode
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from conftest import PROGRAMME

from spp_workshop.errors import SppError
from spp_workshop.seats import Seat
from spp_workshop.serving import helping, painters
from spp_workshop.serving.painters import Picture, Pictures
from spp_workshop.workshop import Workshop, open_workshop

from .conftest import Answer, Served, finished, serving

ALPHA, BETA = Seat.company("alpha"), Seat.company("beta")


def tell_a_risk(workshop: Workshop, company: str, event: str, row: str = "r1") -> None:
    subject = f"company:{company}"
    workshop.save("step1_risk_areas", {"sector_risk": "x"}, subject=subject, row=row)
    workshop.save("step2_harm_process", {"event": event}, subject=subject, row=row)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One folder for all: a process that draws takes a second to begin."""
    made = tmp_path_factory.mktemp("pictures")
    (made / "programme.yaml").write_text(PROGRAMME, encoding="utf-8")
    return made


@pytest.fixture(scope="module")
def served(folder: Path) -> Iterator[Served]:
    with serving(folder, session="dd_practice") as running:
        tell_a_risk(open_workshop(folder), "alpha", "Alpha's <b>fumes</b> 𠮷🙂")
        tell_a_risk(open_workshop(folder), "beta", "Beta's noise")
        yield running


def rules(answer: Answer) -> list[str]:
    return [fault["rule"] for fault in answer.json["faults"]]


# --- On a page ----------------------------------------------------------------------------------------------


def test_a_company_gets_its_own_map_with_its_words_in_both_languages(served: Served) -> None:
    alpha = served.joined(ALPHA)
    for language, title in (("ja", "リスクマップ"), ("en", "Risk map")):
        picture = alpha.get(f"spp/chart/risk_map?language={language}&revision=1")
        assert picture.headers["Content-Type"] == "image/svg+xml; charset=utf-8"
        words = ["".join(one.itertext()) for one in ET.fromstring(picture.body).iter() if one.text]
        assert title in words
        assert any("Alpha's <b>fumes</b> 𠮷🙂" in one for one in words)
        told = alpha.get(f"spp/chart/risk_map.json?language={language}").json
        assert told["alt"].startswith(title)
        assert "Alpha's <b>fumes</b>" in told["alt"]
        kind, _, data = told["image"].partition(",")
        assert (kind, b64decode(data)) == ("data:image/svg+xml;base64", picture.body)


def test_no_company_sees_another_ones(served: Served) -> None:
    beta = served.joined(BETA)
    for query in ("", "company=alpha", "company:alpha", "seat=company:alpha"):
        text = beta.get(f"spp/chart/risk_map?{query}").text
        assert "Beta&apos;s noise" in text.replace("'", "&apos;")
        assert "fumes" not in text


def test_a_new_answer_makes_a_new_picture_and_another_companys_does_not(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn: list[Any] = []
    paint = painters._Painter.paint
    monkeypatch.setattr(painters._Painter, "paint", lambda self, job: drawn.append(job) or paint(self, job))
    alpha = served.joined(ALPHA)

    def look() -> str:
        return alpha.get("spp/chart/risk_map?language=en").text

    look()
    drawn.clear()
    first = look()
    tell_a_risk(open_workshop(served.room.workshop.folder), "beta", "More noise", "r2")
    assert (look(), drawn) == (first, [])
    tell_a_risk(open_workshop(served.room.workshop.folder), "alpha", "Alpha's heat", "r2")
    assert "Alpha's heat" in look()
    assert drawn == [("risk_map", "alpha", "en")]


@pytest.mark.parametrize(
    "path",
    [
        "spp/chart/nothing?language=ja",
        "spp/chart/risk_map?language=fr",
        "spp/chart/risk_map?language=../../x",
        "spp/chart/risk_map.json?language=",
    ],
)
def test_what_is_no_chart_is_refused_in_a_sentence(served: Served, path: str) -> None:
    answer = served.joined(ALPHA).get(path)
    assert (answer.status, rules(answer)) == (404, ["no_such_chart"])


def test_only_participants_have_a_chart_of_their_own(served: Served) -> None:
    asked = {"nobody": served.client(), "projector": served.joined(Seat.projector())}
    statuses = {name: one.get("spp/chart/risk_map").status for name, one in asked.items()}
    assert statuses == {"nobody": 401, "projector": 403}


def test_the_server_draws_nothing_itself(folder: Path) -> None:
    """Serving a start, a save and a chart imports neither pandas nor matplotlib into the server."""
    program = f"""
        import sys
        from pathlib import Path
        sys.path.insert(0, {str(Path(__file__).parents[1])!r})
        from serving.conftest import serving
        from spp_workshop.seats import Seat
        with serving(Path({str(folder)!r}), session="dd_practice") as served:
            alpha = served.joined(Seat.company("alpha"))
            assert alpha.get("spp/start?exercise=dd_practice").status == 200
            save = {{"do": "save", "worksheet": "step1_risk_areas", "subject": "company:alpha", "row": "r9"}}
            assert alpha.post("spp/message", save | {{"changes": {{"sector_risk": "x"}}}}).status == 200
            assert alpha.get("spp/chart/risk_map").status == 200
            heavy = {{"pandas", "numpy", "matplotlib", "papermill", "nbconvert"}} & set(sys.modules)
        print(sorted(heavy))
    """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(program)], capture_output=True, text=True, check=False
    )
    assert done.stdout.strip() == "[]", done.stderr


# --- Drawing ------------------------------------------------------------------------------------------------


@pytest.fixture
def pictures(folder: Path) -> Iterator[Pictures]:
    made = Pictures(folder)
    yield made
    made.close()


def process(pictures: Pictures) -> subprocess.Popen[str]:
    (painter,) = pictures._all
    assert painter._process
    return painter._process


def test_several_who_ask_at_once_are_given_one_picture(
    pictures: Pictures, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn: list[Any] = []
    paint = painters._Painter.paint
    monkeypatch.setattr(painters._Painter, "paint", lambda self, job: drawn.append(job) or paint(self, job))

    async def ask() -> list[Picture]:
        asked = (pictures.picture("risk_map", "alpha", "ja", 1) for _ in range(20))
        return await asyncio.gather(*asked)

    assert len({one.svg for one in finished(ask())}) == 1
    assert drawn == [("risk_map", "alpha", "ja")]


def test_one_who_goes_away_does_not_take_the_picture_from_the_others(pictures: Pictures) -> None:
    async def ask() -> Picture:
        first = asyncio.ensure_future(pictures.picture("risk_map", "alpha", "ja", 1))
        other = asyncio.ensure_future(pictures.picture("risk_map", "alpha", "ja", 1))
        await asyncio.sleep(0)
        first.cancel()
        return await other

    assert finished(ask()).svg.startswith("<svg")


def test_a_process_that_was_killed_is_replaced(pictures: Pictures) -> None:
    async def ask(revision: int) -> Picture:
        return await pictures.picture("risk_map", "alpha", "ja", revision)

    first = finished(ask(1))
    before = process(pictures)
    os.kill(before.pid, signal.SIGKILL)
    before.wait()
    assert finished(ask(2)) == first
    assert process(pictures).pid != before.pid


@pytest.mark.skipif(not hasattr(signal, "SIGSTOP"), reason="a process cannot be held up here")
def test_a_process_that_hangs_is_replaced(pictures: Pictures, monkeypatch: pytest.MonkeyPatch) -> None:
    async def ask(revision: int) -> Picture:
        return await pictures.picture("risk_map", "alpha", "ja", revision)

    first = finished(ask(1))
    held = process(pictures)
    os.kill(held.pid, signal.SIGSTOP)
    limits = iter([0.5])
    timer = helping.threading.Timer
    monkeypatch.setattr(
        helping.threading, "Timer", lambda patience, kill: timer(next(limits, patience), kill)
    )
    assert finished(ask(2)) == first
    assert held.poll() == -signal.SIGKILL


def test_what_cannot_be_drawn_is_told_and_tried_again(pictures: Pictures) -> None:
    async def ask() -> list[str]:
        found = []
        for _ in range(2):
            with pytest.raises(SppError) as caught:
                await pictures.picture("no_such_chart", "alpha", "ja", 1)
            found.append(caught.value.problems[0].rule)
        return found

    assert finished(ask()) == ["not_drawn", "not_drawn"]


def test_a_folder_that_cannot_be_opened_is_told(tmp_path: Path) -> None:
    pictures = Pictures(tmp_path / "nowhere")
    with pytest.raises(SppError):
        finished(pictures.picture("risk_map", "alpha", "ja", 1))
    pictures.close()


def test_it_leaves_no_process_behind(folder: Path) -> None:
    pictures = Pictures(folder)
    finished(pictures.picture("risk_map", "alpha", "ja", 1))
    ended = process(pictures)
    pictures.close()
    assert ended.poll() is not None
    with pytest.raises((SppError, RuntimeError)):
        finished(pictures.picture("risk_map", "alpha", "ja", 2))


def test_it_is_ended_by_closing_while_it_begins(folder: Path) -> None:
    pictures = Pictures(folder)
    pictures.begin()
    pictures.close()
    (painter,) = pictures._all
    assert painter._process is None or painter._process.wait(20) is not None
