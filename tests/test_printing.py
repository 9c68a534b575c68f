"""A page becomes a PDF, by either way: with its text, without asking anybody, and not for ever."""

from __future__ import annotations

import os
import shutil
import subprocess
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from spp_workshop import printing
from spp_workshop.errors import Problem, SppError
from spp_workshop.printing import Way, to_pdf, to_pdfs

PAGE = (
    '<!DOCTYPE html><html lang="ja"><head><meta charset="utf-8"><title>t</title></head><body>{}</body></html>'
)
WAYS = ("weasyprint", "browser")

needs_poppler = pytest.mark.skipif(not shutil.which("pdftotext"), reason="poppler-utils is not here")


@pytest.fixture(params=WAYS)
def by(request: pytest.FixtureRequest) -> Way:
    """Either way, where this machine has it."""
    there = printing._has_weasyprint() if request.param == "weasyprint" else printing.browser()
    if not there:
        pytest.skip(f"there is no {request.param} here")
    return request.param  # type: ignore[no-any-return]


def text_of(pdf: bytes, folder: Path) -> str:
    (folder / "it.pdf").write_bytes(pdf)
    told = subprocess.run(["pdftotext", str(folder / "it.pdf"), "-"], check=True, capture_output=True)
    return told.stdout.decode("utf-8")


@needs_poppler
def test_the_text_of_the_page_is_in_the_pdf(by: Way, tmp_path: Path) -> None:
    pdf = to_pdf(PAGE.format("<p>髙橋の𠮷野</p><p style='break-before: page'>二枚目</p>"), by)
    text = text_of(pdf, tmp_path)
    assert "髙橋の𠮷野" in text.split("\f")[0]
    assert "二枚目" in text.split("\f")[1]


@pytest.fixture
def asked() -> Iterator[tuple[str, list[str]]]:
    """A server that notes what it is asked for: its address, and the list."""
    paths: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            paths.append(self.path)
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}", paths
    server.shutdown()
    server.server_close()


@needs_poppler
def test_no_address_is_asked_and_no_file_is_opened(
    by: Way, asked: tuple[str, list[str]], tmp_path: Path
) -> None:
    address, paths = asked
    secret = tmp_path / "secret.html"
    secret.write_text("<p>GEHEIM</p>", encoding="utf-8")
    inside = f"""
        <link rel="stylesheet" href="{address}/style"><style>@import url({address}/import);
        @font-face {{ font-family: x; src: url({address}/font) }} p {{ font-family: x }}</style>
        <img src="{address}/image"><iframe src="{secret.as_uri()}"></iframe>
        <object data="{secret.as_uri()}"></object><iframe src="{address}/frame"></iframe>
        <script>fetch("{address}/script")</script>
        <script>document.body.append("SCRIPTED")</script><p>here</p>"""
    text = text_of(to_pdf(PAGE.format(inside), by), tmp_path)
    assert "here" in text
    assert "GEHEIM" not in text
    assert "SCRIPTED" not in text
    assert paths == []


def test_many_pages_come_back_by_their_names(by: Way) -> None:
    pages = {str(number): PAGE.format(f"<p>{number}</p>") for number in range(5)}
    made = dict(to_pdfs(pages, by))
    assert set(made) == set(pages)
    assert all(isinstance(one, bytes) and one.startswith(b"%PDF") for one in made.values())


@pytest.mark.skipif(os.name != "posix", reason="the made-up browser is a shell script")
def test_a_browser_that_hangs_is_ended_with_all_that_it_started(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hanging = tmp_path / "browser"
    child = tmp_path / "child"
    hanging.write_text(f"#!/bin/sh\nsleep 600 &\necho $! > '{child}'\nwait\n", encoding="utf-8")
    hanging.chmod(0o755)
    monkeypatch.setattr(printing, "browser", lambda: str(hanging))
    monkeypatch.setattr(printing, "TIME_LIMIT", 1.0)
    began = time.monotonic()
    with pytest.raises(SppError) as told:
        to_pdf(PAGE.format(""), "browser")
    assert told.value.problems[0].rule == "not_printed"
    assert time.monotonic() - began < 20
    assert not _is_running(int(child.read_text()))


def _is_running(process: int) -> bool:
    for _ in range(50):
        try:
            state = Path(f"/proc/{process}/stat").read_text(encoding="utf-8").split()[2]
        except FileNotFoundError:
            return False
        if state == "Z":
            return False
        time.sleep(0.1)
    return True


def test_a_page_that_breaks_the_printer_holds_up_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    weasyprint = pytest.importorskip("weasyprint")
    write = weasyprint.HTML.write_pdf

    def write_or_break(self: object) -> object:
        text = self.etree_element.findtext(".//p")  # type: ignore[attr-defined]
        return 1 / 0 if text == "broken" else write(self)

    monkeypatch.setattr(weasyprint.HTML, "write_pdf", write_or_break)
    pages = {name: PAGE.format(f"<p>{name}</p>") for name in ("broken", "whole")}
    made = dict(to_pdfs(pages, "weasyprint"))
    assert isinstance(made["broken"], Problem)
    assert isinstance(made["whole"], bytes)


def test_where_nothing_can_make_pdfs_it_is_said_with_a_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(printing, "way", lambda: None)
    (found,) = dict(to_pdfs({"one": PAGE.format("")})).values()
    assert isinstance(found, Problem)
    assert "Chrome" in found.text("en")
    assert "ブラウザー" in found.text("ja")
    with pytest.raises(SppError):
        to_pdf(PAGE.format(""))


def test_without_weasyprint_the_browser_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(printing, "_has_weasyprint", lambda: False)
    monkeypatch.setattr(printing, "browser", lambda: "a-browser")
    printing.way.cache_clear()
    try:
        assert printing.way() == "browser"
    finally:
        printing.way.cache_clear()
