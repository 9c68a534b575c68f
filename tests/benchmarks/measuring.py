"""What a command takes: seconds, processor seconds and memory of it and of all that it starts (Linux)."""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import platform
import resource
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Any

PACKAGES = (
    "ipykernel",
    "jupyter-client",
    "matplotlib",
    "nbclient",
    "nbconvert",
    "pandas",
    "papermill",
    "SQLAlchemy",
    "spp-workshop",
)

# A process may end later than the command that started it; longer than this it has been left behind.
_LATE = 5.0
_SUBREAPER = 36
_ROLES = ("runner", "server", "kernels")
_TICK = os.sysconf("SC_CLK_TCK")


@dataclass
class Spent:
    """What one command took.

    `seconds` are the wall clock's, from its start to its end; `cpu` are the processors', of the whole family,
    and `of` says whose: the runner (the command itself), the server (what it started), the kernels (what the
    server started). `peak` is proportional memory in MB of all together, and of each of the three; `late` is
    how many processes outlived the command by more than a few seconds, and `said` what it printed as JSON.
    """

    seconds: float
    cpu: float
    of: dict[str, float]
    peak: dict[str, float]
    late: int = 0
    said: dict[str, Any] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        """Rounded, for people and machines."""
        return {name: _rounded(value) for name, value in asdict(self).items()}


def measured(*words: str | Path, memory_every: float = 0.0) -> Spent:
    """Run a Python program and measure it; its memory too, each so many seconds.

    Raises SystemExit with what it complained of when it fails.
    """
    _adopt_orphans()
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    began = time.perf_counter()
    command = [sys.executable, *map(str, words)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        watch = _Watch(process.pid, memory_every)
        with watch:
            said, complained = process.communicate()
        seconds = time.perf_counter() - began
    late = _wait_for_orphans()
    if process.returncode:
        raise SystemExit(f"{' '.join(map(str, words))}\n{said}{complained}")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Spent(seconds, cpu, watch.shares(cpu), watch.peak, late, json.loads(said.splitlines()[-1]))


def machine() -> dict[str, Any]:
    """On what it was measured."""
    return {
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.release()}",
        "processor": _processor(),
        "cores": len(os.sched_getaffinity(0)),
        "load_before": round(os.getloadavg()[0], 2),
        "packages": {name: version(name) for name in PACKAGES},
    }


# --- The family of a process --------------------------------------------------------------------------------


class _Watch:
    """Looks at a process and its descendants while it runs."""

    def __init__(self, runner: int, memory_every: float):
        self.runner, self.memory_every = runner, memory_every
        self.peak: dict[str, float] = {}
        self._cpu: dict[int, dict[int, float]] = {}
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._look)

    def __enter__(self) -> None:
        self._thread.start()

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()

    def shares(self, cpu: float) -> dict[str, float]:
        """Whose processor seconds they were; the rest, which short-lived processes took, is the kernels'."""
        runner, server = (sum(self._cpu.get(depth, {}).values()) for depth in (0, 1))
        return dict(zip(_ROLES, (runner, server, max(0.0, cpu - runner - server)), strict=True))

    def _look(self) -> None:
        memory_at = time.monotonic()
        while not self._ended.wait(0.2):
            family = family_of(self.runner)
            for process, depth in family.items():
                with contextlib.suppress(OSError):
                    self._cpu.setdefault(depth, {})[process] = cpu(process)
            if self.memory_every and time.monotonic() >= memory_at:
                memory_at = time.monotonic() + self.memory_every
                self._weigh(family)

    def _weigh(self, family: Mapping[int, int]) -> None:
        weights = Counter[str]()
        for process, depth in family.items():
            weights[_ROLES[min(depth, 2)]] += memory(process)
        weights["all"] = sum(weights.values())
        self.peak = {role: max(weights[role], self.peak.get(role, 0.0)) for role in (*_ROLES, "all")}


def family_of(process: int) -> dict[int, int]:
    """A process and all its descendants, each with its distance."""
    children: dict[int, list[int]] = {}
    for place in Path("/proc").iterdir():
        if place.name.isdecimal():
            with contextlib.suppress(OSError):
                children.setdefault(int(_stat(place.name)[1]), []).append(int(place.name))
    found, here, depth = {process: 0}, [process], 0
    while here:
        depth += 1
        here = [child for parent in here for child in children.get(parent, [])]
        found |= dict.fromkeys(here, depth)
    return found


def _stat(process: int | str) -> list[str]:
    # The name stands in brackets and may hold anything; what follows it is counted.
    return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()


def cpu(process: int) -> float:
    """Processor seconds of a process until now."""
    fields = _stat(process)
    return (int(fields[11]) + int(fields[12])) / _TICK


def memory(process: int) -> float:
    """Megabytes of a process; what it shares with others counts in part (PSS)."""
    try:
        lines = Path(f"/proc/{process}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0.0
    return next((int(line.split()[1]) / 1024 for line in lines if line.startswith("Pss:")), 0.0)


def _adopt_orphans() -> None:
    """What outlives its parent becomes our child, so that it is counted, and seen if it stays."""
    ctypes.CDLL(None).prctl(_SUBREAPER, 1, 0, 0, 0)


def _wait_for_orphans() -> int:
    deadline = time.monotonic() + _LATE
    while time.monotonic() < deadline:
        try:
            process, _ = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return 0
        if not process:
            time.sleep(0.02)
    return len(family_of(os.getpid())) - 1


def _processor() -> str:
    lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "")


def _rounded(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _rounded(one) for name, one in value.items()}
    return round(value, 3) if isinstance(value, float) else value
