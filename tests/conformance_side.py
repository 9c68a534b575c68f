"""One side's part of `conformance.py`, in the temporary environment and in the sources of a package.

    python conformance_side.py suite TESTS...
    python conformance_side.py notebooks NAMES...

What came out is left in the folder for temporary files: `results.xml` or `results.json`, and `kernels.json`.
"""

from __future__ import annotations

import json
import os
import re
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

NOTEBOOKS = "papermill/tests/notebooks"

# As the suites want it, without their own options (they ask for coverage), and without files left behind.
PYTEST = [
    *("-q", "-p", "no:cacheprovider", "-o", "addopts=", "-o", "filterwarnings=default"),
    *("-o", "asyncio_default_fixture_loop_scope=function", "-o", "junit_family=xunit1"),
]


class Kernels:
    """Counts the kernels that our provisioner starts, and how many of them are forks."""

    def __init__(self) -> None:
        from spp_workshop.forking.client import Forked
        from spp_workshop.forking.provisioner import ForkingProvisioner

        self.counted = {"started": 0, "forked": 0}
        launch = ForkingProvisioner.launch_kernel

        async def counting(provisioner: ForkingProvisioner, cmd: list[str], **options: Any) -> Any:
            connection = await launch(provisioner, cmd, **options)
            self.counted["started"] += 1
            self.counted["forked"] += isinstance(provisioner.process, Forked)
            return connection

        ForkingProvisioner.launch_kernel = counting

    def save(self) -> None:
        """Write it down for the one who compares."""
        Path(tempfile.gettempdir(), "kernels.json").write_text(json.dumps(self.counted), encoding="utf-8")


def run_suite(tests: Sequence[str]) -> int:
    """Run tests of the package in whose sources we are."""
    import pytest

    return int(pytest.main([*PYTEST, f"--junitxml={Path(tempfile.gettempdir(), 'results.xml')}", *tests]))


def run_notebooks(names: Sequence[str]) -> int:
    """Execute notebooks, as papermill's tests do, and write down what they put out."""
    folder = Path(NOTEBOOKS)
    # One of them looks whether this file is beside it.
    (folder / "check.txt").write_text("exists", encoding="utf-8")
    told = {name: executed(folder / name) for name in names}
    Path(tempfile.gettempdir(), "results.json").write_text(json.dumps(told), encoding="utf-8")
    return 0


def executed(path: Path) -> tuple[bool, str]:
    """Whether it went well, and what every cell says; or what went wrong."""
    import nbformat
    import papermill

    made = Path(tempfile.gettempdir(), path.name)
    made.unlink(missing_ok=True)
    how: dict[str, Any] = {"parameters": {"msg": "Hello"}, "kernel_name": "python3", "progress_bar": False}
    wrong = ""
    try:
        papermill.execute_notebook(path, made, cwd=path.parent, **how)
    except Exception as error:
        # Whatever it is, it has to be the same on both sides.
        wrong = f"{type(error).__name__}: {error}\n"
    cells = nbformat.read(made, as_version=4).cells if made.exists() else []
    return not wrong, steady(wrong + "\n".join(f"{cell.source}\n{outputs(cell)}" for cell in cells))


def outputs(cell: Any) -> str:
    """What a cell put out. A stream may come in one piece or in several, and two of them in any order."""
    streams: dict[str, str] = {}
    rest = []
    for one in cell.get("outputs", []):
        if one.output_type == "stream":
            streams[one.name] = streams.get(one.name, "") + one.text
        else:
            rest.append({name: value for name, value in one.items() if name != "metadata"})
    return json.dumps([streams, rest], sort_keys=True)


def steady(text: str) -> str:
    """Without the numbers that are new in every process, and the side's own folder."""
    text = text.replace(os.environ["SPP_CONFORMANCE"], "FOLDER")
    return re.sub(r"ipykernel_\d+|0x[0-9a-f]+|\d\d:\d\d:\d\d[.,]?\d*", "NUMBER", text)


def main(work: str, *names: str) -> int:
    """Do it; returns the exit status."""
    # As `python -m` would have it: our own tests are nothing to these.
    sys.path[0] = str(Path.cwd())
    kernels = Kernels()
    try:
        return {"suite": run_suite, "notebooks": run_notebooks}[work](names)
    finally:
        kernels.save()


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
