"""A real browser, a page with a form, and a real JupyterLab. Skipped where there is no Chromium to drive."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from spp_workshop.workshop import Workshop

from .served import Served
from .using import Open

HERE = Path(__file__).parent


@pytest.fixture(scope="session", autouse=True)
def patience() -> None:
    """A machine that does other things as well is no failure."""
    pytest.importorskip("playwright.sync_api").expect.set_options(timeout=20_000)


@pytest.fixture
def page(chromium: Any) -> Iterator[Any]:
    """A page of a person in Japan; an error in a script fails the test."""
    context = chromium.new_context(
        locale="ja-JP", timezone_id="Asia/Tokyo", viewport={"width": 900, "height": 900}
    )
    page = context.new_page()
    page.set_default_timeout(10_000)
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    yield page
    context.close()
    assert not errors


@pytest.fixture
def served(workshop: Workshop) -> Iterator[Served]:
    """The workshop's forms on pages, over HTTP."""
    with Served(workshop).running() as served:
        yield served


@pytest.fixture
def folder(folder: Path) -> Path:
    """The workshop folder, with a worksheet of its own that has every kind of question."""
    (folder / "worksheets" / "choices").mkdir(parents=True)
    shutil.copy(HERE / "kinds.yaml", folder / "worksheets")
    shutil.copy(HERE / "shades.yaml", folder / "worksheets" / "choices")
    return folder


@pytest.fixture
def show(page: Any, served: Served) -> Open:
    """Open the form of a worksheet, for company alpha unless said otherwise."""

    def show(worksheet: str = "kinds", **place: str) -> Any:
        page.goto(served.address(worksheet, **({"company": "alpha"} | place)))
        page.locator("body[data-ready]").wait_for()
        page.locator(".spp-bar, .spp-chooser").first.wait_for()
        return page

    return show


class Lab:
    """A JupyterLab on this machine, with a folder of its own."""

    def __init__(self, url: str, folder: Path, token: str):
        self.url, self.folder, self.token = url, folder, token

    def notebook(self, name: str, *cells: str) -> str:
        """Write a notebook of code cells; gives the address at which it opens."""
        notebook = {
            "nbformat": 4,
            "nbformat_minor": 5,
            "metadata": {
                "kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"},
                "language_info": {"name": "python"},
            },
            "cells": [
                {
                    "cell_type": "code",
                    "id": f"c{index}",
                    "metadata": {},
                    "source": source,
                    "outputs": [],
                    "execution_count": None,
                }
                for index, source in enumerate(cells)
            ],
        }
        (self.folder / name).write_text(json.dumps(notebook), encoding="utf-8")
        return f"{self.url}doc/tree/{name}?token={self.token}"


@pytest.fixture(scope="session")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """JupyterLab, started once, on a port that the system chooses."""
    home, folder = tmp_path_factory.mktemp("home"), tmp_path_factory.mktemp("lab")
    news = home / "settings" / "@jupyterlab" / "apputils-extension" / "notification.jupyterlab-settings"
    news.parent.mkdir(parents=True)
    news.write_text('{"fetchNews": "false", "checkForUpdates": false}', encoding="utf-8")
    places = {"CONFIG": "config", "DATA": "data", "RUNTIME": "runtime"}
    environment = os.environ | {f"JUPYTER_{key}_DIR": str(home / name) for key, name in places.items()}
    environment |= {
        "JUPYTERLAB_SETTINGS_DIR": str(home / "settings"),
        "JUPYTERLAB_WORKSPACES_DIR": str(home / "spaces"),
    }
    command = [
        sys.executable,
        "-m",
        "jupyterlab",
        "--no-browser",
        "--allow-root",
        "--ServerApp.port=0",
        "--ServerApp.ip=127.0.0.1",
        f"--ServerApp.root_dir={folder}",
        "--LabApp.extension_manager=readonly",
        "--LabApp.expose_app_in_browser=True",
    ]
    with (home / "log").open("wb") as log:
        process = subprocess.Popen(command, env=environment, stdout=log, stderr=log)
    try:
        server = _wait_for(lambda: next((home / "runtime").glob("jpserver-*.json"), None), process)
        described = json.loads(server.read_text(encoding="utf-8"))
        yield Lab(described["url"], folder, described["token"])
    finally:
        process.terminate()
        process.wait(20)


def _wait_for(look: Callable[[], Any], process: subprocess.Popen[bytes]) -> Any:
    for _ in range(300):
        if found := look():
            time.sleep(0.5)
            return found
        if process.poll() is not None:
            pytest.fail("JupyterLab did not start")
        time.sleep(0.1)
    pytest.fail("JupyterLab did not start in time")
