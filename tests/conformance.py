"""nbclient's and papermill's own tests, with ordinary kernels and ours: what passes there must pass here.

    python tests/conformance.py [--if-possible]

Both run at the same time, from the sources of exactly the versions that are installed, in a temporary
environment that sees the installed packages and the `conformance` extra of pyproject.toml. papermill's own
notebooks are executed with both kernels too, and must put out the same. The exit status is 1 when something
differs, also in a second try, since these tests mind a busy machine. It needs an index of packages; where
there is none, `--if-possible` makes that no failure. Four minutes; pytest does not collect this file.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import signal
import subprocess
import sys
import sysconfig
import tarfile
import tempfile
import time
import tomllib
import venv
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import psutil

ROOT = Path(__file__).parents[1]

# What runs in the temporary environment.
PART = Path(__file__).with_name("conformance_side.py")

# What is run of each package: that which starts kernels.
SUITES = {
    "nbclient": ["tests/test_client.py"],
    "papermill": [f"papermill/tests/test_{of}.py" for of in ("execute", "engines", "clientwrap", "autosave")],
}
NOTEBOOKS = "papermill/tests/notebooks"

# One says how long it took; the other sleeps for a minute, in which a test interrupts it.
NOT_COMPARED = {"binder.ipynb", "keyboard_interrupt.ipynb"}

# Seconds: for pip, for one suite (it takes two minutes), and for processes that are about to end.
INSTALLING, RUNNING, ENDING = 300, 600, 10

# How often what differs is tried again before it counts.
AGAIN = 2

# Every process that is started here carries this in its environment.
MARK = "SPP_CONFORMANCE"


class Trouble(Exception):
    """Nothing could be compared; says why."""


class NoIndex(Trouble):
    """There is no index of packages within reach."""

    def __str__(self) -> str:
        return f"No index of packages is within reach. {super().__str__()}"


@dataclass(frozen=True)
class Side:
    """One of the two kernels, with a folder of its own: sources, temporary files, what came out."""

    name: str
    folder: Path
    python: Path

    def environment(self) -> dict[str, str]:
        """That of this process, without what a person has set for Python, pytest and Jupyter."""
        kept = {k: v for k, v in os.environ.items() if not k.startswith(("PYTHON", "PYTEST", "JUPYTER"))}
        path = os.pathsep.join([str(self.python.parent), kept.get("PATH", os.defpath)])
        places = {"JUPYTER_PATH": "jupyter", "JUPYTER_RUNTIME_DIR": "runtime", "TMPDIR": "tmp"}
        own = {name: str(self.folder / place) for name, place in places.items()}
        return kept | own | {"PATH": path, MARK: str(self.folder)}


@dataclass(frozen=True)
class Result:
    """How a test or a notebook went, and what it said."""

    passed: bool
    said: str


Results = dict[str, Result]


@dataclass
class Compared:
    """What both sides made of the same work; `kernels` tells how many of ours were started and were forks."""

    title: str
    ordinary: Results
    ours: Results
    differing: list[str]
    kernels: dict[str, int]


# --- The two sides ------------------------------------------------------------------------------------------


@contextmanager
def two_sides() -> Iterator[list[Side]]:
    """Two places with everything that is needed; at the end nothing of them is left, and no process."""
    with tempfile.TemporaryDirectory(prefix="spp-conformance-", ignore_cleanup_errors=True) as name:
        place = Path(name).resolve()
        python = environment(place / "env")
        archives = sources(place / "sources")
        sides = [Side(name, place / name, python) for name in ("ordinary", "ours")]
        try:
            for side, kernel in zip(sides, (ordinary_kernel(), our_kernel()), strict=True):
                furnish(side, kernel, archives)
            yield sides
        finally:
            for side in sides:
                end(processes(side))


def environment(place: Path) -> Path:
    """A Python that sees what this one sees, and the packages that only the suites need."""
    builder = venv.EnvBuilder(symlinks=os.name != "nt")
    builder.create(place)
    python = Path(builder.ensure_directories(place).env_exe)
    (site,) = place.glob("[Ll]ib/**/site-packages")
    installed = dict.fromkeys(sysconfig.get_path(kind) for kind in ("purelib", "platlib"))
    # This way also an editable installation is seen.
    lines = [f"import site; site.addsitedir({path!r})\n" for path in installed]
    (site / "installed.pth").write_text("".join(lines), encoding="utf-8")
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    pip("--python", str(python), "install", *project["optional-dependencies"]["conformance"])
    return python


def sources(folder: Path) -> list[Path]:
    """The source distributions of what is installed."""
    wanted = [f"{name}=={version(name)}" for name in SUITES]
    pip("download", "--no-deps", "--no-binary", ",".join(SUITES), "--dest", str(folder), *wanted)
    return list(folder.glob("*.tar.gz"))


def pip(*words: str) -> None:
    """Run pip with our versions. Raises Trouble when it could not do it."""
    pins = str(ROOT / "constraints.txt")
    try:
        done = subprocess.run(
            [sys.executable, "-m", "pip", "--quiet", *words],
            env=os.environ | {"PIP_CONSTRAINT": pins, "PIP_BUILD_CONSTRAINT": pins},
            capture_output=True,
            text=True,
            timeout=INSTALLING,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise NoIndex(f"pip was not done within {INSTALLING} seconds.") from None
    if done.returncode:
        # An index that answers knows some version of each package.
        unreached = re.search(r"connection broken|from versions: none", done.stderr)
        errors = re.findall(r"ERROR: .*", done.stderr) or [done.stderr]
        raise (NoIndex if unreached else Trouble)("\n".join([f"pip {' '.join(words)}:", *errors]))


def ordinary_kernel() -> dict[str, Any]:
    """The kernelspec that ipykernel installs."""
    from ipykernel.kernelspec import get_kernel_dict

    spec: dict[str, Any] = get_kernel_dict()
    return spec | {"argv": ["python", *spec["argv"][1:]]}


def our_kernel() -> dict[str, Any]:
    """The kernelspec that we install."""
    text = (ROOT / "spp_workshop" / "kernelspec" / "kernel.json").read_text(encoding="utf-8")
    spec: dict[str, Any] = json.loads(text)
    return spec


def furnish(side: Side, kernel: dict[str, Any], archives: Sequence[Path]) -> None:
    """Make the folder of a side; its `python3` is this kernel."""
    kernels = side.folder / "jupyter" / "kernels" / "python3"
    for folder in (kernels, side.folder / "runtime", side.folder / "tmp"):
        folder.mkdir(parents=True)
    (kernels / "kernel.json").write_text(json.dumps(kernel), encoding="utf-8")
    for archive in archives:
        with tarfile.open(archive) as packed:
            packed.extractall(side.folder, filter="data")


def processes(side: Side) -> list[psutil.Process]:
    """What a side has started and still runs."""
    found = []
    for process in psutil.process_iter():
        try:
            if process.environ().get(MARK) == str(side.folder) and process.status() != psutil.STATUS_ZOMBIE:
                found.append(process)
        except (psutil.Error, OSError):
            continue
    return found


def end(running: Sequence[psutil.Process]) -> None:
    """End these processes at once."""
    for process in running:
        try:
            process.kill()
        except psutil.NoSuchProcess:
            continue
    psutil.wait_procs(running, ENDING)


# --- Running ------------------------------------------------------------------------------------------------


def run_both(sides: Sequence[Side], package: str, what: str, *words: str) -> None:
    """Start `conformance_side.py` with these words on both sides at the same time, and wait for both."""
    print(f"{what} ...", flush=True)
    started = {side.name: start(side, package, *words) for side in sides}
    limit = time.monotonic() + RUNNING
    for side in sides:
        try:
            status = started[side.name].wait(max(1, limit - time.monotonic()))
        except subprocess.TimeoutExpired:
            raise Trouble(
                f"{what}: not done within {RUNNING} seconds ({side.name}).\n{ending(side)}"
            ) from None
        # pytest says 1 when tests have failed.
        if status not in (0, 1):
            raise Trouble(f"{what}: ended with status {status} ({side.name}).\n{ending(side)}")
    for side in sides:
        leave_nothing(side, what)


def start(side: Side, package: str, *words: str) -> subprocess.Popen[bytes]:
    """Start it in the sources of a package."""
    with (side.folder / "log").open("wb") as log:
        return subprocess.Popen(
            [str(side.python), str(PART), *words],
            cwd=side.folder / f"{package}-{version(package)}",
            env=side.environment(),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
        )


def ending(side: Side) -> str:
    """The last lines that were said."""
    lines = (side.folder / "log").read_text(encoding="utf-8", errors="replace").splitlines()
    return "\n".join(f"    {line}" for line in lines[-30:])


def leave_nothing(side: Side, what: str) -> None:
    """Raise Trouble if our kernels, or what has forked them, stay when all is over."""
    limit = time.monotonic() + ENDING
    while (left := processes(side)) and time.monotonic() < limit:
        time.sleep(0.2)
    told = [" ".join(process.cmdline()) for process in left if process.is_running()]
    end(left)
    if told and side.name == "ours":
        raise Trouble(f"{what}: these processes were left behind: {'; '.join(told)}")


# --- Comparing ----------------------------------------------------------------------------------------------


def compare_suite(sides: Sequence[Side], package: str) -> Compared:
    """A package's own tests: whatever passes with an ordinary kernel passes with ours."""
    title = f"{package} {version(package)}: tests"

    def once(what: str, tests: Sequence[str]) -> list[Results]:
        run_both(sides, package, what, "suite", *tests)
        return [outcomes(side.folder / "tmp" / "results.xml") for side in sides]

    def worse(ordinary: Result, ours: Result) -> bool:
        return ordinary.passed and not ours.passed

    return compare(sides, title, SUITES[package], once, worse)


def compare_notebooks(sides: Sequence[Side]) -> Compared:
    """papermill's own notebooks: what they put out is the same, also where they fail as they should."""

    def once(what: str, names: Sequence[str]) -> list[Results]:
        run_both(sides, "papermill", what, "notebooks", *names)
        texts = [(side.folder / "tmp" / "results.json").read_text(encoding="utf-8") for side in sides]
        return [{name: Result(*told) for name, told in json.loads(text).items()} for text in texts]

    def other(ordinary: Result, ours: Result) -> bool:
        return ordinary != ours

    folder = sides[0].folder / f"papermill-{version('papermill')}" / NOTEBOOKS
    names = sorted(path.name for path in folder.glob("*.ipynb") if path.name not in NOT_COMPARED)
    return compare(sides, f"papermill {version('papermill')}: notebooks", names, once, other)


def compare(
    sides: Sequence[Side],
    title: str,
    work: Sequence[str],
    once: Callable[[str, Sequence[str]], list[Results]],
    differs: Callable[[Result, Result], bool],
) -> Compared:
    """Do the work on both sides, and again what differs: some of these tests fail by themselves at times."""
    ordinary, ours = once(title, work)
    kernels = json.loads((sides[1].folder / "tmp" / "kernels.json").read_text(encoding="utf-8"))
    nothing = Result(passed=False, said="it was not run")

    def differing() -> list[str]:
        return [name for name in ordinary if differs(ordinary[name], ours.get(name, nothing))]

    for _ in range(AGAIN):
        if not (again := differing()):
            break
        for first, second in zip((ordinary, ours), once(f"{title}, {len(again)} again", again), strict=True):
            first.update(second)
    return Compared(title, ordinary, ours, differing(), kernels)


def outcomes(path: Path) -> Results:
    """What a JUnit file says, by the names with which pytest can be asked for the tests again."""
    found = {}
    for case in ET.parse(path).getroot().iter("testcase"):
        module = Path(case.attrib["file"])
        inside = case.attrib["classname"].removeprefix(".".join(module.with_suffix("").parts)).strip(".")
        name = "::".join(filter(None, [module.as_posix(), *inside.split("."), case.attrib["name"]]))
        bad = [one for one in case if one.tag in ("failure", "error", "skipped")]
        said = "; ".join(f"{one.tag}: {one.get('message', '')}" for one in bad)
        found[name] = Result(passed=not bad, said=said)
    return found


# --- Telling ------------------------------------------------------------------------------------------------


def tell(compared: Sequence[Compared]) -> int:
    """A table, and what differs. Returns the exit status."""
    print(f"\n{'':30}{'ordinary':>16}{'ours':>16}{'differing':>12}   our kernels that are forks")
    for one in compared:
        passed = [
            f"{sum(result.passed for result in of.values())} of {len(of)}" for of in (one.ordinary, one.ours)
        ]
        forks = f"{one.kernels['forked']} of {one.kernels['started']}"
        print(f"{one.title:30}{passed[0]:>16}{passed[1]:>16}{len(one.differing):>12}   {forks}")
    for one in compared:
        for name in one.differing:
            said = [of[name].said if name in of else "it was not run" for of in (one.ordinary, one.ours)]
            print(f"\n{name}\n  ordinary: {said[0] or 'passed'}\n  ours: {said[1] or 'passed'}")
    return int(any(one.differing for one in compared) or not really_forked(compared))


def really_forked(compared: Sequence[Compared]) -> bool:
    """Whether it was our kernels that were tested, where this system forks."""
    from spp_workshop.forking.client import can_fork

    forked = all(one.kernels["forked"] for one in compared)
    if not forked:
        print("\nNot all of it was done with forked kernels, so it says nothing about them.")
    return forked or not can_fork()


def main() -> int:
    """Compare, and tell."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--if-possible", action="store_true", help="no index of packages is no failure")
    options = parser.parse_args()
    # Whoever ends us lets us clear up.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        with two_sides() as sides:
            suites = [compare_suite(sides, package) for package in SUITES]
            return tell([*suites, compare_notebooks(sides)])
    except Trouble as trouble:
        print(f"Conformance could not be tested. {trouble}", flush=True)
        return 0 if options.if_possible and isinstance(trouble, NoIndex) else 1


if __name__ == "__main__":
    sys.exit(main())
