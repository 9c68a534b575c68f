"""From a whole HTML page to a PDF: by WeasyPrint, else by the browser that is installed.

A page brings everything along. Whoever makes the PDF asks no address and opens no other file for it.

WeasyPrint needs Pango, which Linux and macOS have or install; where it is missing, as on Windows, Edge,
Chrome or Chromium prints without a window.
"""

from __future__ import annotations

import io
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import redirect_stdout, suppress
from functools import cache, partial
from pathlib import Path
from typing import Literal

from .errors import Problem, SppError, message

Way = Literal["weasyprint", "browser"]

# In seconds: a browser that takes longer for one page hangs.
TIME_LIMIT = 120.0

# A second process pays from this number of pages on: it takes as long to start as two pages take.
_PAYS = 4


@cache
def way() -> Way | None:
    """How this machine makes PDFs; None when it cannot."""
    if _has_weasyprint():
        return "weasyprint"
    return "browser" if browser() else None


def to_pdf(page: str, by: Way | None = None) -> bytes:
    """The PDF of a page. Raises SppError when this machine cannot make it."""
    by = by or way()
    if by is None:
        raise SppError(no_way())
    return _by_weasyprint(page) if by == "weasyprint" else _by_browser(page)


def to_pdfs(pages: Mapping[str, str], by: Way | None = None) -> Iterator[tuple[str, bytes | Problem]]:
    """The PDFs of many pages by their names, as they are done, on all processors; or what went wrong."""
    by = by or way()
    if by is None:
        yield from ((name, no_way()) for name in pages)
        return
    workers = min(os.cpu_count() or 1, len(pages) // _PAYS + 1, 8)
    if workers == 1:
        yield from ((name, _tried(page, by)) for name, page in pages.items())
        return
    import multiprocessing
    from concurrent.futures import (
        BrokenExecutor,
        Executor,
        ProcessPoolExecutor,
        ThreadPoolExecutor,
        as_completed,
    )

    pool: Executor = ThreadPoolExecutor(workers)
    if by == "weasyprint":
        # Not forked: this process may have threads.
        pool = ProcessPoolExecutor(workers, multiprocessing.get_context("spawn"), _let_interrupt)
    with pool:
        begun = {pool.submit(_tried, page, by): name for name, page in pages.items()}
        try:
            for done in as_completed(begun):
                try:
                    outcome = done.result()
                except BrokenExecutor:
                    outcome = _not_printed()
                yield begun[done], outcome
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise


def _let_interrupt() -> None:
    """Ctrl+C is for the one who gave out the work."""
    import signal

    signal.signal(signal.SIGINT, signal.SIG_IGN)


def _tried(page: str, by: Way) -> bytes | Problem:
    try:
        return to_pdf(page, by)
    except SppError as error:
        return error.problems[0]


# --- WeasyPrint -------------------------------------------------------------------------------------------


@cache
def _has_weasyprint() -> bool:
    try:
        # Without Pango it prints a page of advice of its own.
        with redirect_stdout(io.StringIO()):
            import weasyprint  # noqa: F401
    except (ImportError, OSError):
        return False
    return True


def _by_weasyprint(page: str) -> bytes:
    from weasyprint import HTML
    from weasyprint.urls import URLFetcher

    # What stands in the page itself, and nothing else.
    inside = URLFetcher(allowed_protocols={"data"})
    try:
        made: bytes = HTML(string=page, url_fetcher=inside).write_pdf()
    except Exception as error:
        raise SppError(_not_printed()) from error
    return made


# --- The installed browser --------------------------------------------------------------------------------

_NAMES = (
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
    "chrome",
    "microsoft-edge",
    "msedge",
)
_WINDOWS = ("Microsoft/Edge/Application/msedge.exe", "Google/Chrome/Application/chrome.exe")
_MACOS = ("Google Chrome", "Microsoft Edge", "Chromium")

# Nothing is fetched: every host is unknown, and the way there leads to a door that is closed.
_QUIET = (
    "--headless",
    "--disable-gpu",
    "--disable-extensions",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--no-default-browser-check",
    "--host-resolver-rules=MAP * ~NOTFOUND",
    "--proxy-server=127.0.0.1:9",
    "--no-pdf-header-footer",
)
# Of whatever else a page allows, this is left.
_ALLOWED = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; font-src data:"
_HEAD = re.compile(r"<head(?:\s[^>]*)?>", re.IGNORECASE)


@cache
def browser() -> str:
    """Edge, Chrome or Chromium, where one is installed; else an empty string."""
    if found := next(filter(None, map(shutil.which, _NAMES)), None):
        return found
    folders = [os.environ.get(name) for name in ("ProgramFiles(x86)", "ProgramFiles", "LocalAppData")]
    places = [Path(folder, name) for folder in folders if folder for name in _WINDOWS]
    if sys.platform == "darwin":
        places += [Path("/Applications", f"{name}.app", "Contents", "MacOS", name) for name in _MACOS]
    return next((str(place) for place in places if place.is_file()), "")


def _by_browser(page: str) -> bytes:
    if not browser():
        raise SppError(no_way())
    closed = _HEAD.sub(partial(_closed, _ALLOWED), page, count=1)
    # A browser that was killed may write into its folder for another moment.
    with tempfile.TemporaryDirectory(prefix="spp-print-", ignore_cleanup_errors=True) as temporary:
        source, target = Path(temporary, "page.html"), Path(temporary, "page.pdf")
        source.write_text(closed, encoding="utf-8")
        _print(source, target, Path(temporary, "profile"))
        if not target.is_file():
            raise SppError(_not_printed())
        return target.read_bytes()


def _closed(allowed: str, head: re.Match[str]) -> str:
    return f'{head[0]}<meta http-equiv="Content-Security-Policy" content="{allowed}">'


def _print(source: Path, target: Path, profile: Path) -> None:
    own = [f"--user-data-dir={profile}", f"--print-to-pdf={target}", source.as_uri()]
    # The sandbox does not start for an administrator, as in a container.
    bare = ["--no-sandbox"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []
    # The browser that is installed, on a page of ours.
    started = subprocess.Popen(  # noqa: S603
        [browser(), *_QUIET, *bare, *own],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=os.name == "posix",
    )
    try:
        started.wait(TIME_LIMIT)
    except subprocess.TimeoutExpired:
        raise SppError(_not_printed()) from None
    finally:
        _end(started)


def _end(started: subprocess.Popen[bytes]) -> None:
    """The browser and all the processes that it started."""
    if sys.platform == "win32":
        if started.poll() is None:
            subprocess.run(  # noqa: S603
                ["taskkill", "/T", "/F", "/PID", str(started.pid)],  # noqa: S607
                check=False,
                capture_output=True,
            )
    else:
        import signal

        with suppress(ProcessLookupError, PermissionError):
            os.killpg(started.pid, signal.SIGKILL)
    started.wait()


# --- Wording ----------------------------------------------------------------------------------------------


def no_way() -> Problem:
    """Why there are no PDFs on this machine, and what to do."""
    return Problem(
        "PDF",
        "no_printer",
        message("This machine cannot make PDFs: it has neither WeasyPrint with Pango nor a browser for it."),
        message(
            "Install Edge, Chrome or Chromium; or WeasyPrint (pip install weasyprint) and Pango. Until then,"
            " open the HTML file in any browser, and print it from there."
        ),
    )


def _not_printed() -> Problem:
    return Problem(
        "PDF",
        "not_printed",
        message("A PDF was not made: what makes it broke off, or took too long."),
        message("Try again; or open the HTML file in a browser, and print it from there."),
    )


__all__ = ["TIME_LIMIT", "Way", "browser", "no_way", "to_pdf", "to_pdfs", "way"]
