"""A notebook run in a fresh kernel: what can go wrong is told in one sentence, and nothing else is told."""

from __future__ import annotations

import copy
import logging
import pickle
import sys
import tempfile
import threading
import time
from pathlib import Path

import pytest
from nbformat import NotebookNode, v4

from spp_workshop.batch import kernels
from spp_workshop.batch.kernels import Limits, RunError
from spp_workshop.batch.starter import Kernel, Starter

SECRET = "passports are kept in the safe"


def notebook(*sources: str) -> NotebookNode:
    cells = [
        v4.new_markdown_cell("# Title"),
        v4.new_code_cell("x = 1", metadata={"tags": ["parameters"]}),
        v4.new_markdown_cell("## The part"),
        *(v4.new_code_cell(source) for source in sources),
        v4.new_markdown_cell("## After it"),
        v4.new_code_cell("print('the end')"),
    ]
    return v4.new_notebook(cells=cells, metadata={"language_info": {"name": "python"}})


def said(executed: NotebookNode) -> str:
    outputs = [output for cell in executed.cells for output in cell.get("outputs", [])]
    return "".join(output.get("text", "") for output in outputs)


def failed(folder: Path, source: str, limits: Limits = kernels.DEFAULT) -> RunError:
    with pytest.raises(RunError) as error:
        kernels.run(notebook(source), {"x": 2}, folder, limits)
    return error.value


def test_parameters_arrive_and_every_run_has_a_kernel_of_its_own(tmp_path: Path) -> None:
    first = kernels.run(notebook("y = x", "print(x, 'y' in dir())"), {"x": 2}, tmp_path)
    second = kernels.run(notebook("print(x, 'y' in dir())"), {"x": 3}, tmp_path)
    assert said(first) == "2 True\nthe end\n"
    assert said(second) == "3 False\nthe end\n"


def test_the_kernel_is_this_python_and_works_in_the_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A kernelspec of the same name that is broken must not matter.
    spec = tmp_path / "kernels" / "python3"
    spec.mkdir(parents=True)
    (spec / "kernel.json").write_text(
        '{"argv": ["no-such-python"], "display_name": "", "language": "python"}'
    )
    monkeypatch.setenv("JUPYTER_PATH", str(tmp_path))
    place = tmp_path / "人権 と 苦情"
    place.mkdir()
    run = kernels.run(notebook("import os, sys\nprint(sys.executable, os.getcwd())"), {"x": 1}, place)
    assert said(run).splitlines()[0] == f"{sys.executable} {place}"


@pytest.mark.parametrize(
    ("source", "rule"),
    [
        (f"raise ValueError('{SECRET}')", "error_in_notebook"),
        (f"input('{SECRET}')", "asks_for_input"),
        ("import os\nos._exit(1)", "kernel_died"),
        ("import os, signal\nos.kill(os.getpid(), signal.SIGTERM)", "kernel_died"),
        ("import sys\nsys.exit()", "ended_early"),
        ("import sys\nsys.exit(3)", "error_in_notebook"),
    ],
)
def test_each_failure_is_told_in_a_sentence_of_its_own(tmp_path: Path, source: str, rule: str) -> None:
    error = failed(tmp_path, f"print('before')\n{source}")
    (problem,) = error.problems
    assert (problem.rule, problem.where) == (rule, "The part")
    for language in ("ja", "en"):
        text = problem.text(language)
        assert SECRET not in text
        assert "Traceback" not in text
        assert str(tmp_path) not in text
        assert len(text) < 250
    assert problem.text("ja") != problem.text("en")
    assert error.partial is not None
    assert "the end" not in said(error.partial)


def test_a_step_that_does_not_end_is_stopped(tmp_path: Path) -> None:
    began = time.monotonic()
    (problem,) = failed(tmp_path, "while True:\n    pass", Limits(cell=1)).problems
    assert problem.rule == "time_limit"
    assert "A step of the notebook took longer than its limit of 1 seconds" in problem.text("en")
    assert time.monotonic() - began < 15


def test_many_short_steps_may_not_take_longer_than_the_whole(tmp_path: Path) -> None:
    slow = ["import time\ntime.sleep(0.8)"] * 4
    with pytest.raises(RunError, match="The notebook took longer than its limit of 2 seconds"):
        kernels.run(notebook(*slow), {"x": 1}, tmp_path, Limits(cell=60, notebook=2))


def test_a_kernel_that_cannot_start_is_told_and_nothing_is_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "executable", str(tmp_path / "no-python"))
    error = failed(tmp_path, "x")
    assert error.problems[0].rule == "kernel_did_not_start"
    assert error.partial is None


def test_nothing_of_a_run_is_logged_or_printed(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    with caplog.at_level(logging.DEBUG):
        failed(tmp_path, f"import sys\nprint('{SECRET}', file=sys.__stderr__)\nraise ValueError('{SECRET}')")
        failed(tmp_path, f"import os\nos.write(2, b'{SECRET}')\nos._exit(1)")
    assert SECRET not in caplog.text
    assert capfd.readouterr() == ("", "")
    assert not logging.getLogger("papermill").disabled


def test_loggers_are_quiet_until_the_last_of_several_runs_has_ended(tmp_path: Path) -> None:
    logger = logging.getLogger("nbclient")
    began, may_end = threading.Event(), threading.Event()

    def run() -> None:
        with kernels._quiet:
            began.set()
            may_end.wait(60)

    other = threading.Thread(target=run)
    other.start()
    began.wait(60)
    with kernels._quiet:
        pass
    assert logger.disabled
    may_end.set()
    other.join(60)
    assert not logger.disabled


def test_a_failure_can_be_sent_from_process_to_process(tmp_path: Path) -> None:
    error = failed(tmp_path, "1 / 0")
    again = pickle.loads(pickle.dumps(error))
    assert again.problems == error.problems
    assert again.partial == error.partial


def test_a_run_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    kernels.run(notebook(), {"x": 1}, tmp_path)
    failed(tmp_path, "import os\nos._exit(1)")
    assert list(tmp_path.iterdir()) == []


def test_a_kernel_starts_where_no_socket_has_room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    deep = tmp_path / ("苦情" * 20)
    deep.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(deep))
    assert said(kernels.run(notebook(), {"x": 1}, tmp_path)) == "the end\n"
    assert list(deep.iterdir()) == []


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere it has to be tcp")
def test_no_kernel_takes_a_port_that_another_may_have_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    deep = tmp_path / ("苦情" * 20)
    deep.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(deep))
    with Starter(tmp_path) as starter:
        kernel = starter.take()
        near = Path(kernel.manager.ip).parent
        assert (kernel.manager.transport, near.resolve()) == ("ipc", kernel.place)
        starter.give_back(kernel)
    assert not near.exists()


def test_a_kernel_that_ended_before_it_began_is_replaced_by_another(
    tmp_path: Path,
) -> None:
    taken: list[Kernel] = []

    class Unlucky(Starter):
        def take(self) -> Kernel:
            kernel = super().take()
            if not taken:
                kernel.kill()
            taken.append(kernel)
            return kernel

    with Unlucky(tmp_path, total=1) as starter:
        executed = kernels.run(notebook("print(x)"), {"x": 2}, tmp_path, starter=starter)
    assert said(executed) == "2\nthe end\n"
    assert len(taken) == 2


def test_a_notebook_that_is_run_stays_as_it_was(tmp_path: Path) -> None:
    # A batch runs the same one for every company.
    source = notebook("print(x)")
    before = copy.deepcopy(source)
    kernels.run(source, {"x": 2}, tmp_path)
    assert source == before
