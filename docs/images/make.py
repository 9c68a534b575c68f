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
from html import escape
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright

from spp_workshop.batch.summaries import make
from spp_workshop.demo import demo_folder
from spp_workshop.messages import LANGUAGES

HERE = Path(__file__).parent
COMPANY = "hoshikuzu"
SHEET = "step3_prioritisation"
COMMAND = [sys.executable, "-c", "import sys; from spp_workshop.cli import main; sys.exit(main())"]
QUIET = ["--no-sandbox", "--disable-background-networking", "--disable-component-update", "--no-first-run"]
STYLE = (
    "body{margin:0;padding:20px;display:flex;gap:20px;background:#eef1f4} img{height:%spx;border-radius:6px}"
)
TERMINAL = (
    "body{margin:0;background:#12211f;color:#e8efed} pre{margin:0;padding:28px;white-space:pre-wrap;"
    "font:22px/1.7 'Noto Sans Mono CJK JP','DejaVu Sans Mono',monospace}"
)
ABOVE_THE_MAP = """
    const map = document.querySelector("img");
    const above = (heading) => heading.compareDocumentPosition(map) & Node.DOCUMENT_POSITION_FOLLOWING;
    [...document.querySelectorAll("h2")].filter(above).at(-1).scrollIntoView({behavior: "instant"});
"""
SIZE = {"width": 900, "height": 1060}
PHONE, COMPUTER = {"width": 375, "height": 800}, {"width": 900, "height": 800}
PUBLIC = "https://workshop.example.jp/"


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


def command(*words: str) -> str:
    """What our command prints to a person."""
    done = subprocess.run([*COMMAND, *words], capture_output=True, encoding="utf-8", check=False)
    return done.stdout


@contextmanager
def served(folder: Path, port: int) -> Iterator[str]:
    """The link of the company, while `spp-workshop serve` runs."""
    words = ["serve", str(folder), "--session", "dd_practice", "--port", str(port)]
    log = folder / "serve.log"
    with log.open("w", encoding="utf-8") as stream:
        running = subprocess.Popen(
            [*COMMAND, *words, "--public-url", PUBLIC], stdout=stream, stderr=subprocess.STDOUT
        )
    try:
        while not (found := re.search(r"/join#\w+", log.read_text(encoding="utf-8"))):
            time.sleep(0.2)
        yield f"http://127.0.0.1:{port}{found[0]}"
    finally:
        running.send_signal(signal.SIGINT)
        running.wait(30)


def join(page: Page, link: str, language: str) -> bytes:
    """Join in the room, and read the notice; the picture is of the first page."""
    page.goto(link)
    page.locator(f'[data-speak="{language}"]').click()
    page.locator('label:has(input[value="room"])').click()
    page.locator("#code-linked").wait_for()
    picture = page.screenshot()
    page.locator("#joining [data-do=send]").click()
    page.locator("[data-do=agree]").click()
    page.wait_for_url("**/exercise/**")
    return picture


def step(page: Page, key: str, found: str) -> bytes:
    """A screen of the exercise, from where `found` is."""
    page.goto(page.url.partition("#")[0] + f"#{key}")
    place = page.locator(f"#{key} {found}").first
    place.wait_for()
    time.sleep(2)
    if "card-head" in found:
        place.click()
        time.sleep(1)
    place.evaluate("it => window.scrollBy(0, it.getBoundingClientRect().top - 90)")
    time.sleep(1)
    return page.screenshot()


def participant(browser: Browser, link: str, language: str) -> list[bytes]:
    """Joining and an exercise on a phone; the own risk map on a computer."""
    phone = browser.new_page(viewport=PHONE, timezone_id="Asia/Tokyo")
    pictures = [join(phone, link, language), step(phone, "step-1", ".spp-card-head")]
    computer = browser.new_page(viewport=COMPUTER, timezone_id="Asia/Tokyo")
    join(computer, link, language)
    return [*pictures, step(computer, "risk-map", "h2")]


def sheet(page: Page, folder: Path) -> bytes:
    """The company's invitation as it is printed."""
    page.set_viewport_size({"width": 794, "height": 1123})
    page.emulate_media(media="print")
    page.goto((folder / "output" / "invitations" / "companies" / f"{COMPANY}.html").as_uri())
    return page.screenshot()


def shell(page: Page, text: str) -> bytes:
    """What a shell shows."""
    page.set_viewport_size({"width": 1000, "height": 1123})
    page.set_content(f"<style>{TERMINAL}</style><pre>{escape(text)}</pre>")
    return page.screenshot()


def side_by_side(page: Page, pictures: list[bytes], target: Path, height: int) -> None:
    """All of them on one picture."""
    images = [f'<img src="data:image/png;base64,{base64.b64encode(one).decode()}">' for one in pictures]
    page.set_viewport_size({"width": 3000, "height": height + 40})
    page.set_content(f"<style>{STYLE % height}</style>{''.join(images)}")
    width = page.evaluate("[...document.images].at(-1).getBoundingClientRect().right + 20")
    page.set_viewport_size({"width": round(width), "height": height + 40})
    with Image.open(io.BytesIO(page.screenshot())) as picture:
        picture.convert("RGB").quantize(256, Image.Quantize.MAXCOVERAGE).save(target, optimize=True)


def overview(browser: Browser, folder: Path, html: str, language: str) -> None:
    """A session's notebook, and the summary that comes of it."""
    page = browser.new_page(viewport=SIZE, timezone_id="Asia/Tokyo")
    with jupyterlab(folder, language) as address:
        left = notebook(page, address)
    right = summary(page, folder / html)
    side_by_side(page, [left, right], HERE / f"overview.{language}.png", 1036)


def room(browser: Browser, link: str, language: str) -> None:
    """What participants see."""
    pictures = participant(browser, link, language)
    side_by_side(browser.new_page(), pictures, HERE / f"participant.{language}.png", PHONE["height"])


def hosting(browser: Browser, folder: Path, language: str) -> None:
    """What whoever hosts a session prints and reads."""
    said = command("preflight", str(folder), "--session", "dd_practice", "--language", language)
    printed = sheet(browser.new_page(), folder)
    told = shell(browser.new_page(), f"$ spp-workshop preflight my-workshop\n\n{said}")
    side_by_side(browser.new_page(), [printed, told], HERE / f"hosting.{language}.png", 900)


def main() -> None:
    """Three pictures for each language, beside this file."""
    with tempfile.TemporaryDirectory() as place, sync_playwright() as playwright:
        folder = demo_folder(Path(place) / "demo")
        made = make(folder, companies=[COMPANY], as_of="2026-03-31")
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=QUIET)
        with served(folder, 8871) as link:
            for language in LANGUAGES:
                room(browser, link, language)
        for language, outcome in zip(LANGUAGES, made.outcomes, strict=True):
            hosting(browser, folder, language)
            overview(browser, folder, outcome.files["html"], language)
        browser.close()


if __name__ == "__main__":
    main()
