"""A kernel that is asked through a pipe puts out what one with sockets does."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import psutil
import pytest
from nbformat import v4

from spp_workshop.batch import kernels, starter
from spp_workshop.batch.kernels import Limits, RunError
from spp_workshop.forking.client import can_fork

pytestmark = pytest.mark.skipif(not can_fork(), reason="nothing is forked here")

SHOWN = "from IPython.display import clear_output, display, HTML\n"

TASK = """
import asyncio
done = []
async def work():
    await asyncio.sleep(0.01)
    done.append(1)
task = asyncio.create_task(work())
"""

CELLS = {
    "a value": ["1 + 1"],
    "both streams": ["import sys\nprint('a')\nprint('b', file=sys.stderr)\nprint('c')"],
    "streams around a display": [SHOWN + "print('a')\ndisplay(HTML('<b>b</b>'))\nprint('c')\n'd'"],
    "letters": ["print('𠮷髙﨑①㈱')"],
    "a number that is none": ["display({'application/json': {'n': float('nan')}}, raw=True)"],
    "five megabytes": ["print('x' * 5_000_000)"],
    "a program": ["import subprocess\nsubprocess.run(['echo', 'told'])\nprint('after')", "1"],
    "a shell": ["!echo told", "x = !echo caught\nx"],
    "a display that changes": [SHOWN + "h = display('a', display_id='one')", "h.update('b')"],
    "outputs that are cleared": [SHOWN + "print('a')\nclear_output()\nprint('b')"],
    "an await": ["import asyncio\nawait asyncio.sleep(0.01)\n'awaited'"],
    "a task that goes on": [
        TASK,
        "await task\ndone",
    ],
    "a thread that has ended": [
        "import threading\nt = threading.Thread(target=print, args=('told',))\nt.start()\nt.join()"
    ],
    "a widget": [
        "import ipywidgets as w\ns = w.IntSlider(3, description='s')\ns",
        "w.Image(value=bytes(range(256)))",
    ],
    "an output widget": [
        "import ipywidgets as w\no = w.Output()\nwith o:\n    print('inside')\nprint('outside')\no",
        "with o:\n    print('more')\no.outputs",
    ],
    "figures": ["import matplotlib.pyplot as plt\nfig = plt.figure(figsize=(1, 1))\nplt.plot([1, 2])"],
    "an input that is asked for and caught": [
        "try:\n    input()\nexcept Exception as e:\n    print(type(e))"
    ],
    "who asks": ["get_ipython().__class__.__name__, __name__, get_ipython().kernel.implementation"],
    "history": ["a = 1", "a\n", "In[-2:], Out"],
    "magics": ["%matplotlib inline\n%config InlineBackend.figure_format", "%who_ls"],
    "folder and arguments": ["import os, sys\nos.path.basename(os.getcwd()), os.path.basename(sys.argv[0])"],
}

Through = Any


@pytest.fixture
def through(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Through:
    """Runs cells in a fork, through a pipe or sockets; gives their outputs and the widgets' states."""

    def run(way: str, sources: list[str]) -> Any:
        cells = [v4.new_code_cell(source) for source in sources]
        for cell in cells:
            cell.metadata["tags"] = []
        notebook = v4.new_notebook(cells=cells, metadata={"language_info": {"name": "python"}})
        with monkeypatch.context() as patch:
            if way == "sockets":
                patch.setattr(starter, "can_fork", lambda: False)
            executed = kernels.run(notebook, {}, tmp_path)
        return plain([cell.outputs for cell in executed.cells]), plain(executed.metadata.get("widgets", {}))

    return run


def plain(value: Any) -> Any:
    """Without what is another each time: the names of widgets and addresses of objects."""
    names: dict[str, str] = {}
    text = repr(value)
    for name in re.findall(r"[0-9a-f]{32}|0x[0-9a-f]{6,}", text):
        names.setdefault(name, f"name{len(names)}")
    for name, other in names.items():
        text = text.replace(name, other)
    return text


@pytest.mark.parametrize("what", CELLS)
def test_a_pipe_carries_what_sockets_do(through: Through, what: str) -> None:
    assert through("pipe", CELLS[what]) == through("sockets", CELLS[what])


def test_the_pipe_is_used(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    kernel = starter.Kernel(tmp_path)
    try:
        assert type(kernel.manager.client()).__name__ == "PipedClient"
        assert not (kernel.place / "k-1").exists()
    finally:
        kernel.end()


def test_a_cell_that_never_ends_is_ended_in_time(tmp_path: Path) -> None:
    notebook = v4.new_notebook(cells=[v4.new_code_cell("print('x' * 10)\nwhile True: pass")])
    notebook.cells[0].metadata["tags"] = []
    with pytest.raises(RunError) as error:
        kernels.run(notebook, {}, tmp_path, Limits(cell=1))
    assert error.value.problems[0].rule == "time_limit"
    assert error.value.partial is not None


def test_a_kernel_that_dies_while_it_speaks_is_told_at_once(tmp_path: Path) -> None:
    cell = v4.new_code_cell("import os\nprint('half', flush=True)\nos._exit(0)", metadata={"tags": []})
    with pytest.raises(RunError) as error:
        kernels.run(v4.new_notebook(cells=[cell]), {}, tmp_path)
    assert error.value.problems[0].rule == "kernel_died"
    assert error.value.partial is not None
    assert "half" in str(error.value.partial.cells[-1].outputs)


def test_no_pipe_is_left_open(tmp_path: Path) -> None:
    def run() -> None:
        cell = v4.new_code_cell("1", metadata={"tags": []})
        kernels.run(v4.new_notebook(cells=[cell]), {}, tmp_path)

    run()
    before = psutil.Process().num_fds()
    for _ in range(3):
        run()
    assert psutil.Process().num_fds() == before


def test_half_a_letter_is_shown_as_a_question_mark(tmp_path: Path) -> None:
    cell = v4.new_code_cell("print('a\\ud800b')", metadata={"tags": []})
    executed = kernels.run(v4.new_notebook(cells=[cell]), {}, tmp_path)
    assert executed.cells[-1].outputs[0]["text"] == "a?b\n"
