"""The pictures of the READMEs, taken from the running product: .venv/bin/python docs/images/make.py

Needs Chromium, and the extra `test` for playwright.
"""

from __future__ import annotations

import base64
import io
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from PIL import Image
from playwright.sync_api import Page, sync_playwright

from spp_workshop.batch.summaries import make
from spp_workshop.demo import demo_folder
from spp_workshop.messages import LANGUAGES

HERE = Path(__file__).parent
COMPANY = "hoshikuzu"
SHEET = "step3_prioritisation"
COMMAND = [sys.executable, "-c", "import sys; from spp_workshop.cli import main; sys.exit(main())"]
QUIET = ["--no-sandbox", "--disable-background-networking", "--disable-component-update", "--no-first-run"]
STYLE = (
    "body{margin:0;padding:20px;display:flex;gap:20px;background:#eef1f4} img{width:880px;border-radius:6px}"
)
ABOVE_THE_MAP = """
    const map = document.querySelector("img");
    const above = (heading) => heading.compareDocumentPosition(map) & Node.DOCUMENT_POSITION_FOLLOWING;
    [...document.querySelectorAll("h2")].filter(above).at(-1).scrollIntoView({behavior: "instant"});
"""
SIZE = {"width": 900, "height": 1060}


@contextmanager
def jupyterlab(folder: Path, language: str) -> Iterator[str]:
    """The address of a session's notebook, as `spp-workshop open` prints it."""
    words = ["open", "dd_practice", str(folder), "--no-browser", "--language", language]
    log, fresh = folder / "lab.log", {"JUPYTERLAB_WORKSPACES_DIR": str(folder / f"workspaces-{language}")}
    with log.open("w", encoding="utf-8") as stream:
        running = subprocess.Popen(
            [*COMMAND, *words], stdout=stream, stderr=subprocess.STDOUT, env={**os.environ, **fresh}
        )
    try:
        while not (found := re.search(r"http://localhost\S+token=\w+", log.read_text(encoding="utf-8"))):
            time.sleep(0.2)
        yield found[0]
    finally:
        running.send_signal(signal.SIGTERM)
        running.wait(30)


def notebook(page: Page, address: str) -> bytes:
    """The session's notebook where the company puts its risks in order."""
    page.goto(address)
    page.get_by_text(re.compile(r"\| (Idle|アイドル)")).first.wait_for()
    page.locator('[data-id="filebrowser"]').click()  # without the list of files
    page.locator(".lm-MenuBar-itemLabel", has_text=re.compile("^(Run|実行)$")).click()
    page.locator('[data-command="runmenu:run-all"]').click()
    cell = page.locator(".jp-CodeCell", has_text=f'form(workshop, "{SHEET}"').first
    cell.locator("select").first.select_option(f"company:{COMPANY}")
    card = cell.locator(".spp-card").first
    card.wait_for()
    card.locator("button").first.click()
    time.sleep(1)
    cell.locator(".spp-title").evaluate("it => it.scrollIntoView({block: 'start'})")
    time.sleep(1)
    return page.screenshot()


def summary(page: Page, path: Path) -> bytes:
    """The company's summary where its risks stand on the map."""
    page.goto(path.as_uri())
    page.evaluate(ABOVE_THE_MAP)
    time.sleep(1)
    return page.screenshot()


def side_by_side(page: Page, pictures: list[bytes], target: Path) -> None:
    """Both on one picture."""
    images = [f'<img src="data:image/png;base64,{base64.b64encode(one).decode()}">' for one in pictures]
    page.set_viewport_size({"width": 1820, "height": 1080})
    page.set_content(f"<style>{STYLE}</style>{''.join(images)}")
    with Image.open(io.BytesIO(page.screenshot())) as picture:
        picture.convert("RGB").quantize(256, Image.Quantize.MAXCOVERAGE).save(target, optimize=True)


def main() -> None:
    """One picture for each language, beside this file."""
    with tempfile.TemporaryDirectory() as place, sync_playwright() as playwright:
        folder = demo_folder(Path(place) / "demo")
        made = make(folder, companies=[COMPANY], as_of="2026-03-31")
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=QUIET)
        for language, outcome in zip(LANGUAGES, made.outcomes, strict=True):
            page = browser.new_page(viewport=SIZE, timezone_id="Asia/Tokyo")
            with jupyterlab(folder, language) as address:
                left = notebook(page, address)
            right = summary(page, folder / outcome.files["html"])
            side_by_side(page, [left, right], HERE / f"overview.{language}.png")
        browser.close()


if __name__ == "__main__":
    main()
