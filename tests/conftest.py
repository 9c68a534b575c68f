"""Tiny whole workshops for every test: two companies, two sessions, one group."""

from __future__ import annotations

import shutil
import signal
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

from spp_workshop.seats import Seat
from spp_workshop.workshop import Workshop, open_workshop

# A time limit for each example would test the machine, not the code.
settings.register_profile("any machine", deadline=None)
settings.load_profile("any machine")

# Who runs the tests in the background may make them ignore Ctrl+C, and with them every process of theirs.
signal.signal(signal.SIGINT, signal.default_int_handler)

# A programme as it begins, to which tests add their own sessions (and more companies).
HEAD = """\
key: tiny
title: {ja: 小さなプログラム, en: A tiny programme}
organiser: {ja: 事務局, en: The secretariat}
purpose: {ja: 学び合うこと。, en: To learn together.}
activities: {ja: 企業の研修。, en: Sessions for companies.}
plans: {ja: 来年も続けます。, en: To go on next year.}
period: {start: 2026-04-01, end: 2027-03-31}
companies:
  - {key: alpha, name: {ja: アルファ表面処理, en: Alpha Surface}, sector: plating, size: 40}
  - {key: beta, name: {ja: ベータ精密, en: Beta Precision}, sector: machining, size: 12}
"""
GAMMA = """\
  - {key: gamma, name: {ja: ガンマ工業, en: Gamma Works}, sector: coating, size: 7}
"""

PROGRAMME = (
    HEAD
    + """\
sessions:
  - key: dd_preparation
    part: hrdd
    title: {ja: 準備会, en: Preparation}
    date: 2026-09-24
    start: "10:30"
    end: "11:00"
    method: online
    agenda:
      - {key: opening, kind: opening, minutes: 30, title: {ja: 開会, en: Opening}}
  - key: dd_practice
    part: hrdd
    title: {ja: 実践会, en: Practice}
    date: 2026-10-23
    start: "14:00"
    end: "15:00"
    method: mixed
    agenda:
      - {key: work, kind: worksheet_session, minutes: 60, title: {ja: 演習, en: Work}}
    groups:
      - {key: a, name: {ja: A班, en: Group A}, companies: [alpha]}
"""
)


class Clock:
    """A clock that goes on by an hour at each look, so that every save has a time of its own."""

    def __init__(self, start: datetime = datetime(2026, 10, 1, 9, tzinfo=UTC)):
        self.time = start

    def __call__(self) -> datetime:
        self.time += timedelta(hours=1)
        return self.time


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A workshop folder with a programme and no answers."""
    (tmp_path / "programme.yaml").write_text(PROGRAMME, encoding="utf-8")
    return tmp_path


@pytest.fixture
def workshop(folder: Path) -> Workshop:
    """The workshop as its custodian sees it."""
    return open_workshop(folder, now=Clock())


@pytest.fixture
def alpha(workshop: Workshop) -> Workshop:
    """The same workshop as company alpha sees it."""
    return workshop.seated(Seat.company("alpha"))


@pytest.fixture
def beta(workshop: Workshop) -> Workshop:
    """The same workshop as company beta sees it."""
    return workshop.seated(Seat.company("beta"))


# --- A real browser -----------------------------------------------------------------------------------------

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
QUIET = (
    "--no-sandbox",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
)


@pytest.fixture(scope="session")
def chromium() -> Iterator[Any]:
    """The browser, started once: playwright can be started only once in a process."""
    sync_api = pytest.importorskip("playwright.sync_api")
    if not CHROMIUM:
        pytest.skip("there is no Chromium on this machine")
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=list(QUIET))
        yield browser
        browser.close()
