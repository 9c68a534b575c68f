"""A server that is killed while thirty people save: what was acknowledged is there, and the pages go on."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from http.client import HTTPException
from pathlib import Path

import pytest

from spp_workshop import seats
from spp_workshop.store import Place
from spp_workshop.workshop import Workshop, open_workshop

from .conftest import Client

PEOPLE = 30
STEP1 = "step1_risk_areas"

pytestmark = pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="no process can be killed here")


def free_port() -> int:
    with socket.socket() as asked:
        asked.bind(("127.0.0.1", 0))
        return int(asked.getsockname()[1])


@contextmanager
def served(folder: Path, port: int) -> Iterator[subprocess.Popen[bytes]]:
    """`spp-workshop serve` in a process of its own, listening."""
    command = [str(Path(sys.executable).with_name("spp-workshop")), "serve", str(folder)]
    options = ["--session", "dd_practice", "--port", str(port)]
    with subprocess.Popen([*command, *options], stdout=subprocess.DEVNULL) as process:
        try:
            deadline = time.monotonic() + 60
            while not listens(port):
                assert process.poll() is None
                assert time.monotonic() < deadline
                time.sleep(0.05)
            yield process
        finally:
            process.terminate()


def listens(port: int) -> bool:
    with socket.socket() as asked:
        return asked.connect_ex(("127.0.0.1", port)) == 0


def children(process: int) -> list[int]:
    tasks = Path(f"/proc/{process}/task")
    return [int(one) for task in tasks.iterdir() for one in (task / "children").read_text().split()]


def a_code(workshop: Workshop, company: str) -> str:
    """A code of a company; the server makes one when it begins, which it shows to nobody here."""
    deadline = time.monotonic() + 60
    while f"company:{company}" not in {sitting.seat.id for sitting in seats.sittings(workshop.store)}:
        assert time.monotonic() < deadline, "the server has made no code"
        time.sleep(0.05)
    return seats.renew(workshop.store, f"company:{company}", workshop.store.now() + timedelta(days=1))


class Person:
    """Saves one row after the other, and remembers what was acknowledged."""

    def __init__(self, port: int, company: str, code: str, number: int):
        self.client, self.company, self.number = Client(port), company, number
        self.acknowledged: dict[str, str] = {}
        assert self.client.join(code).status == 200

    def save_until(self, gone: threading.Event) -> None:
        turn = 0
        while not gone.is_set():
            row, text = f"p{self.number}n{turn}", f"言葉 {self.number} {turn}"
            message = {
                "do": "save",
                "worksheet": STEP1,
                "subject": f"company:{self.company}",
                "row": row,
                "changes": {"sector_risk": text},
            }
            try:
                answer = self.client.post("spp/message", message)
            except (OSError, HTTPException):
                return
            if answer.status == 200 and answer.json["row"]["revision"] == 1:
                self.acknowledged[row] = text
            turn += 1


@pytest.mark.skipif(not Path("/proc/self/task").is_dir(), reason="looks at processes as Linux shows them")
def test_every_acknowledged_save_is_there_after_a_kill_and_the_pages_go_on(folder: Path) -> None:
    port, gone = free_port(), threading.Event()
    with served(folder, port) as process:
        workshop = open_workshop(folder)
        codes = {key: a_code(workshop, key) for key in ("alpha", "beta")}
        people = [
            Person(port, key, codes[key], number)
            for number, key in zip(range(PEOPLE), ["alpha", "beta"] * PEOPLE, strict=False)
        ]
        threads = [threading.Thread(target=one.save_until, args=(gone,)) for one in people]
        for thread in threads:
            thread.start()
        deadline = time.monotonic() + 60
        while sum(len(one.acknowledged) for one in people) < 10 * PEOPLE and time.monotonic() < deadline:
            time.sleep(0.01)
        others = children(process.pid)
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
        gone.set()
        for thread in threads:
            thread.join(30)
    assert sum(len(one.acknowledged) for one in people) >= 10 * PEOPLE
    assert workshop.store.verify() == []
    for one in people:
        for row, text in one.acknowledged.items():
            revision = workshop.store.newest(Place(f"company:{one.company}", STEP1, row))
            assert revision, "an acknowledged save is lost"
            assert revision.answers == {"sector_risk": text}
    with served(folder, port):
        for one in people:
            opened = one.client.get("spp/start?exercise=dd_practice").json["forms"][STEP1]["opened"]
            known = {row["row"]: row["answers"]["sector_risk"] for row in opened["rows"]}
            assert one.acknowledged.items() <= known.items()
        one.client.post(
            "spp/message", {"do": "open", "worksheet": STEP1, "subject": f"company:{one.company}"}
        )
    deadline = time.monotonic() + 30
    while any(Path(f"/proc/{child}").exists() for child in others) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert not [child for child in others if Path(f"/proc/{child}").exists()]
