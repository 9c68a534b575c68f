"""A forked kernel is as an ordinary one, to whoever works with it; and nothing of it stays behind."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil
import pytest
from jupyter_client import BlockingKernelClient, KernelManager
from jupyter_client.kernelspec import get_kernel_spec
from jupyter_core.utils import run_sync

from spp_workshop.forking import client as forking
from spp_workshop.forking import preload
from spp_workshop.forking.client import CannotFork, ForkServer, OneForkServer, fork_server
from spp_workshop.forking.server import Server

pytestmark = [
    pytest.mark.skipif(not forking.can_fork(), reason="this system does not fork kernels"),
    # jupyter_client's blocking client leaves its event loops to the garbage collector.
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
]


class Talk:
    """A conversation with a kernel."""

    def __init__(self, manager: KernelManager):
        self.manager = manager
        self.client: BlockingKernelClient = manager.client()
        self.client.start_channels()
        self.client.wait_for_ready(timeout=30)

    @property
    def pid(self) -> int:
        return int(self.manager.provisioner.pid)

    def run(self, source: str, **how: Any) -> list[dict[str, Any]]:
        """What a cell puts out: the contents of its messages, with their kinds."""
        found: list[dict[str, Any]] = []
        self.client.execute_interactive(
            textwrap.dedent(source),
            timeout=30,
            output_hook=lambda told: found.append(told["content"] | {"kind": told["msg_type"]}),
            **{"allow_stdin": False} | how,
        )
        return [content for content in found if content["kind"] not in ("status", "execute_input")]

    def says(self, source: str) -> str:
        return "".join(one.get("text", "") for one in self.run(source)).strip()

    def knows(self, source: str) -> Any:
        """The value of an expression, as JSON."""
        return json.loads(self.says(f"import json\nprint(json.dumps({source}))"))


@contextmanager
def kernel(name: str = "spp-workshop", **how: Any) -> Iterator[Talk]:
    manager = KernelManager(kernel_name=name)
    manager.start_kernel(**how)
    talk = Talk(manager)
    try:
        yield talk
    finally:
        talk.client.stop_channels()
        manager.shutdown_kernel(now=True)


@pytest.fixture(scope="module")
def talk() -> Iterator[Talk]:
    """One kernel for what can be asked in passing."""
    with kernel() as talk:
        yield talk


def eventually(true: Callable[[], Any], seconds: float = 10) -> bool:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if true():
            return True
        time.sleep(0.02)
    return False


def gone(*pids: int) -> bool:
    return not any(runs(pid) for pid in pids)


def runs(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != "zombie"
    except psutil.NoSuchProcess:
        return False


def interrupted(talk: Talk, begun: Path) -> list[dict[str, Any]]:
    """What a cell says that is interrupted while it sleeps."""

    def interrupt() -> None:
        eventually(begun.exists)
        talk.manager.interrupt_kernel()

    thread = threading.Thread(target=interrupt)
    thread.start()
    said = talk.run(f"import time\nopen({str(begun)!r}, 'w').close()\ntime.sleep(30)")
    thread.join()
    return said


def is_fork(talk: Talk) -> bool:
    return isinstance(talk.manager.provisioner.process, forking.Forked)


# --- As an ordinary kernel ----------------------------------------------------------------------------------


def test_jupyter_finds_the_kernel_by_its_name() -> None:
    spec = get_kernel_spec("spp-workshop")
    assert spec.metadata["kernel_provisioner"]["provisioner_name"] == "spp-workshop"
    assert spec.language == "python"


def test_a_kernel_is_a_fork_of_the_server(talk: Talk) -> None:
    assert is_fork(talk)
    assert psutil.Process(talk.pid).ppid() == fork_server.pid
    assert talk.knows("'pandas' in __import__('sys').modules")


PORTRAIT = """
import asyncio, builtins, decimal, gc, json, locale, logging, matplotlib, multiprocessing, os, pandas
import resource, signal, sys, tempfile, threading, time, warnings
from IPython import get_ipython
ip = get_ipython()
numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGCHLD, signal.SIGPIPE, signal.SIGHUP)
print(json.dumps({
    "path": sys.path, "flags": str(sys.flags), "executable": sys.executable,
    "main": sys.modules["__main__"].__name__, "arguments": sys.argv[1:-1], "folder": os.getcwd(),
    "umask": os.umask(0o22), "temporary": tempfile.gettempdir(),
    "environment": {k: v for k, v in os.environ.items() if k not in ("JPY_PARENT_PID", "_")},
    "signals": [str(signal.getsignal(number)).split(" at ")[0] for number in numbers],
    "limits": resource.getrlimit(resource.RLIMIT_NOFILE), "zone": time.tzname, "locale": locale.getlocale(),
    "encodings": [sys.getfilesystemencoding(), sys.stdout.encoding, sys.stdin.encoding],
    "collector": [gc.isenabled(), gc.get_threshold()], "recursion": sys.getrecursionlimit(),
    "log": ip.kernel.parent.log.name,
    "logging": [len(logging.getLogger().handlers), logging.getLogger().level, logging.root.manager.disable],
    "warnings": sorted({str(one[:1] + one[2:3]) for one in warnings.filters}),
    "pandas": str(pandas.options.display.max_rows), "decimals": str(decimal.getcontext()),
    "matplotlib": {k: str(v) for k, v in matplotlib.rcParams.items()},
    "figures": matplotlib.pyplot.get_fignums(),
    "method": multiprocessing.get_start_method(), "parent": str(multiprocessing.parent_process()),
    "policy": type(asyncio.get_event_loop_policy()).__name__, "main_thread": threading.current_thread().name,
    "leader": [os.getpid() == os.getsid(0), os.getpid() == os.getpgid(0)],
    "config": str({k: v for k, v in ip.config.items() if k != "IPKernelApp"}),
    "extensions": sorted(ip.extension_manager.loaded), "magics": sorted(ip.magics_manager.lsmagic()["line"]),
    "names": sorted(name for name in dir(builtins)), "user": sorted(k for k in ip.user_ns if k[0] != "_"),
    "hooks": [str(hook).split(" at ")[0] for hook in (*sys.meta_path, *sys.path_hooks)],
    "displays": sorted(map(str, ip.display_formatter.formatters["image/png"].type_printers)),
}))
"""


def test_a_kernel_finds_itself_as_a_newly_started_python_would(tmp_path: Path) -> None:
    def portrait(name: str) -> dict[str, Any]:
        with kernel(name, cwd=str(tmp_path)) as talk:
            talk.run("import matplotlib.pyplot as plt\nplt.plot([1, 2])")
            return json.loads(talk.says(PORTRAIT))

    ordinary, forked = portrait("python3"), portrait("spp-workshop")
    for name, value in ordinary.items():
        assert forked[name] == value, name


def test_every_kernel_has_its_own_random_numbers() -> None:
    draw = "[__import__('random').random(), __import__('numpy').random.rand()]"
    with kernel() as one, kernel() as other:
        assert len({*one.knows(draw), *other.knows(draw)}) == 4


def test_figures_are_shown_as_pictures_when_a_cell_ends(talk: Talk) -> None:
    (shown,) = talk.run("import matplotlib.pyplot as plt\nplt.plot([1, 2])\nNone")
    assert "image/png" in shown["data"]
    talk.run("%config InlineBackend.figure_formats = ['svg']")
    (shown,) = talk.run("plt.plot([1, 2])\nNone")
    assert "image/svg+xml" in shown["data"]


def test_widgets_speak_with_the_page_in_both_directions(talk: Talk) -> None:
    told: list[Any] = []
    talk.client.execute_interactive(
        "import ipywidgets\nslider = ipywidgets.IntSlider(3)\nseen = []\n"
        "slider.observe(lambda change: seen.append(change.new), 'value')",
        timeout=30,
        output_hook=told.append,
    )
    opened = [one["content"] for one in told if one["msg_type"] == "comm_open"][-1]
    assert opened["data"]["state"]["value"] == 3
    data = {"method": "update", "state": {"value": 7}, "buffer_paths": []}
    content = {"comm_id": opened["comm_id"], "data": data}
    talk.client.shell_channel.send(talk.client.session.msg("comm_msg", content))
    assert talk.knows("[slider.value, seen]") == [7, [7]]


def test_a_page_that_comes_later_finds_the_widgets(talk: Talk) -> None:
    content = {"comm_id": "a-page", "target_name": "jupyter.widget.control", "data": {}}
    talk.run("import ipywidgets\nipywidgets.IntSlider(41)")
    message = talk.client.session.msg("comm_open", content, metadata={"version": "1.0.0"})
    talk.client.shell_channel.send(message)
    ask = talk.client.session.msg("comm_msg", {"comm_id": "a-page", "data": {"method": "request_states"}})
    talk.client.shell_channel.send(ask)
    while (told := talk.client.get_iopub_msg(timeout=10))["parent_header"].get("msg_id") != ask["header"][
        "msg_id"
    ]:
        pass
    while told["msg_type"] != "comm_msg":
        told = talk.client.get_iopub_msg(timeout=10)
    assert told["content"]["data"]["method"] == "update_states"
    assert 41 in [one["state"].get("value") for one in told["content"]["data"]["states"].values()]


def test_a_kernel_asks_a_person_for_input(talk: Talk) -> None:
    assert (
        talk.run(
            "print(input('name? '))", allow_stdin=True, stdin_hook=lambda told: talk.client.input("Aoi")
        )[-1]["text"]
        == "Aoi\n"
    )


def test_the_debugger_is_there(talk: Talk) -> None:
    arguments = {"clientID": "test", "adapterID": "python", "pathFormat": "path"}
    content = {"type": "request", "seq": 1, "command": "initialize", "arguments": arguments}
    asked = talk.client.session.msg("debug_request", content)
    talk.client.control_channel.send(asked)
    reply = talk.client.get_control_msg(timeout=20)
    assert reply["content"]["success"]


def test_the_debugger_knows_which_modules_are_not_our_own(talk: Talk) -> None:
    talk.run("import IPython, pandas\nkernel = IPython.get_ipython().kernel")
    assert talk.knows("kernel.debugger.kernel_modules is kernel._kernel_modules")
    assert talk.knows("{pandas.__file__, IPython.__file__} <= set(kernel._kernel_modules)")
    assert talk.knows("kernel._kernel_modules == sorted(set(kernel._kernel_modules))")


def test_what_was_flushed_is_told_though_the_kernel_ends_at_once() -> None:
    with kernel() as talk:
        told: list[str] = []
        source = (
            "import os, sys\nprint('said')\nsys.stderr.write('wrong')\nsys.stdout.flush()\nsys.stderr.flush()"
        )
        talk.client.execute(f"{source}\nimport time; time.sleep(0.05)\nos._exit(1)")
        while len(told) < 2:
            message = talk.client.get_iopub_msg(timeout=30)
            told += [message["content"]["text"]] if message["msg_type"] == "stream" else []
    assert sorted(told) == ["said\n", "wrong"]


def test_completion_knows_the_names_of_a_package(talk: Talk) -> None:
    talk.run("import pandas")
    reply = talk.client.complete("pandas.DataFra", reply=True, timeout=20)
    assert "DataFrame" in [match.split(".")[-1] for match in reply["content"]["matches"]]


def test_an_edited_module_is_read_again_where_autoreload_is_on(tmp_path: Path) -> None:
    module = tmp_path / "edited.py"
    module.write_text("def answer():\n    return 1\n", encoding="utf-8")
    with kernel(cwd=str(tmp_path)) as talk:
        talk.run("%load_ext autoreload\n%autoreload 2\nimport edited")
        assert talk.knows("edited.answer()") == 1
        module.write_text("def answer():\n    return 1000\n", encoding="utf-8")
        assert talk.knows("edited.answer()") == 1000


# --- Signals and ends ---------------------------------------------------------------------------------------


def test_an_interrupt_stops_the_cell_and_not_the_kernel(tmp_path: Path) -> None:
    with kernel() as talk:
        (told,) = interrupted(talk, tmp_path / "begun")
        assert told["ename"] == "KeyboardInterrupt"
        assert talk.knows("1 + 1") == 2


def test_an_interrupt_reaches_what_the_cell_has_started(tmp_path: Path) -> None:
    with kernel() as talk:
        child = talk.knows("__import__('subprocess').Popen(['sleep', '30']).pid")
        interrupted(talk, tmp_path / "begun")
        assert eventually(lambda: gone(child))


def test_a_restarted_kernel_has_forgotten_everything() -> None:
    with kernel() as talk:
        talk.run("x = 1")
        before = talk.pid
        talk.manager.restart_kernel(now=True)
        talk.client.wait_for_ready(timeout=30)
        assert talk.pid != before
        assert gone(before)
        assert talk.knows("'x' in dir()") is False
        assert is_fork(talk)


def test_a_kernel_that_is_asked_to_end_says_good_bye(tmp_path: Path) -> None:
    farewell = tmp_path / "farewell"
    with kernel() as talk:
        talk.run(f"import atexit, pathlib\natexit.register(pathlib.Path({str(farewell)!r}).touch)")
        process = talk.manager.provisioner.process
        talk.client.shutdown()
        assert process.wait(20) == 0
        assert farewell.exists()


def test_how_a_kernel_ended_is_known() -> None:
    with kernel() as talk:
        process = talk.manager.provisioner.process
        talk.client.execute("import os\nos._exit(7)")
        assert process.wait(20) == 7
        assert not talk.manager.is_alive()
    with kernel() as talk:
        process = talk.manager.provisioner.process
        os.kill(talk.pid, signal.SIGTERM)
        assert process.wait(20) == -signal.SIGTERM


@pytest.mark.parametrize("now", [True, False])
def test_what_a_kernel_has_started_ends_with_it(now: bool) -> None:
    with kernel() as talk:
        child = talk.knows("__import__('subprocess').Popen(['sleep', '60']).pid")
        talk.manager.shutdown_kernel(now=now)
        assert eventually(lambda: gone(child))


def test_a_kernel_leaves_nothing_open_in_its_client() -> None:
    def once() -> None:
        manager = KernelManager(kernel_name="spp-workshop")
        manager.start_kernel()
        manager.shutdown_kernel(now=True)

    once()
    before = psutil.Process().num_fds(), threading.active_count()
    for _ in range(5):
        once()
    assert psutil.Process().num_fds() <= before[0]
    assert threading.active_count() <= before[1]


# --- Where an ordinary kernel has to do ---------------------------------------------------------------------


@pytest.mark.parametrize(
    "how",
    [
        {"independent": True},
        {"stdout": subprocess.PIPE},
        {"env": os.environ | {"PYTHONPATH": "beside"}},
        {"preexec_fn": None},
    ],
    ids=["outlives us", "read by us", "relative path", "an option of Popen"],
)
def test_what_only_a_new_python_can_be_is_one(how: dict[str, Any]) -> None:
    fork_server.start(os.environ)
    with kernel(**how) as talk:
        assert not is_fork(talk)
        assert psutil.Process(talk.pid).ppid() == os.getpid()
        if path := how.get("env", {}).get("PYTHONPATH"):
            assert str(Path(path).absolute()) in talk.knows("__import__('sys').path")


def test_a_system_that_does_not_fork_starts_an_ordinary_kernel(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(forking, "can_fork", lambda: False)
    with kernel() as talk:
        assert not is_fork(talk)
        assert talk.knows("6 * 7") == 42


def test_a_folder_that_is_not_there_is_told_as_ever(tmp_path: Path) -> None:
    manager = KernelManager(kernel_name="spp-workshop")
    with pytest.raises(FileNotFoundError):
        manager.start_kernel(cwd=str(tmp_path / "nowhere"))


def test_a_copy_of_the_client_has_a_server_of_its_own() -> None:
    with kernel() as talk:
        copy = os.fork()
        if copy == 0:
            # As in a test of nbclient: processes that were forked run notebooks too.
            with kernel() as other:
                os._exit(0 if is_fork(other) and other.knows("6 * 7") == 42 else 1)
        assert os.waitpid(copy, 0)[1] == 0
        assert talk.knows("6 * 7") == 42


def test_the_environment_of_one_kernel_is_not_that_of_the_next() -> None:
    with kernel(env=os.environ | {"OF_ONE": "1"}) as one, kernel() as other:
        assert is_fork(one)
        asked = "__import__('os').environ.get('OF_ONE')"
        assert (one.knows(asked), other.knows(asked)) == ("1", None)


# --- The server ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "value", "shows"),
    [
        ("PYTHONPATH", "/somewhere", "'/somewhere' in __import__('sys').path"),
        ("LC_ALL", "C", "__import__('locale').setlocale(0) == 'C'"),
    ],
    ids=["import path", "locale"],
)
def test_what_is_read_at_the_start_is_read_by_a_server_of_its_own(name: str, value: str, shows: str) -> None:
    with kernel() as one, kernel(env=os.environ | {name: value}) as other, kernel() as third:
        for talk in (one, other, third):
            assert is_fork(talk)
            assert talk.knows(shows) is (talk is other)


def test_a_server_that_was_killed_is_started_again_and_its_kernels_go_on() -> None:
    with kernel() as talk:
        assert fork_server.pid
        os.kill(fork_server.pid, signal.SIGKILL)
        assert talk.knows("6 * 7") == 42
        with kernel() as next_one:
            assert is_fork(next_one)
            assert next_one.knows("6 * 7") == 42
        assert talk.manager.is_alive()
        pid = talk.pid
    assert gone(pid)


def test_a_server_that_always_dies_is_not_asked_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    started = []

    class Dead(ForkServer):
        def __init__(self, environment: Any):
            super().__init__(environment)
            started.append(self.pid)
            self._process.kill()
            self._process.wait()

    monkeypatch.setattr(forking, "ForkServer", Dead)
    server = OneForkServer()
    for _ in range(5):
        with pytest.raises(CannotFork):
            run_sync(server.fork)({"cwd": "/"}, os.environ, [1, 2])
    assert len(started) == 4


def test_a_server_that_cannot_be_started_leaves_nothing_open(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", "/no/python")
    before = psutil.Process().num_fds()
    with pytest.raises(CannotFork):
        run_sync(OneForkServer().fork)({"cwd": "/"}, os.environ, [1, 2])
    assert psutil.Process().num_fds() == before


def test_a_package_that_was_edited_makes_the_server_outdated(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    module = tmp_path / "edited_package.py"
    module.write_text("answer = 1\n", encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(preload, "_states", {})
    __import__("edited_package")
    preload.remember()
    assert not preload.outdated()
    module.write_text("answer = 1000\n", encoding="utf-8")
    assert preload.outdated()
    module.unlink()
    assert preload.outdated()


def test_what_is_installed_is_looked_at_now_and_then(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    module = tmp_path / "installed_package.py"
    module.write_text("answer = 1\n", encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    for name, value in {
        "_states": {},
        "_installed": {},
        "_looked_at": {},
        "_INSTALLED": (str(tmp_path),),
    }.items():
        monkeypatch.setattr(preload, name, value)
    __import__("installed_package")
    preload.remember()
    module.unlink()
    assert not preload.outdated()
    monkeypatch.setattr(preload, "_OFTEN", 0.0)
    assert preload.outdated()


def test_an_outdated_server_does_not_fork_and_says_so() -> None:
    prepared: list[str] = []
    here, there = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    thread = threading.Thread(target=Server(there, lambda: True, prepared.append).serve)
    thread.start()
    line, far = socket.socketpair()
    with here, line, far:
        socket.send_fds(here, [b"/a/folder"], [far.fileno(), 1, 2])
        far.close()
        assert line.recv(8) == bytes(8)
        assert line.recv(1) == b""
    thread.join(10)
    there.close()
    assert not thread.is_alive()
    assert prepared == ["/a/folder"]


ALONE = """
import json, os, sys, time
from jupyter_client import KernelManager
manager = KernelManager(kernel_name="spp-workshop", transport="ipc", ip=sys.argv[1] + "/k")
manager.connection_file = sys.argv[1] + "/kernel.json"
os.mkdir("own")
manager.start_kernel(env=os.environ | {"SPP_WORKSHOP_KERNEL": os.path.abspath("own")})
client = manager.client()
client.start_channels()
client.wait_for_ready(timeout=60)
client.execute("import subprocess; open('child', 'w').write(str(subprocess.Popen(['sleep', '60']).pid))")
client.get_shell_msg(timeout=30)
from spp_workshop.forking.client import fork_server
print(json.dumps([manager.provisioner.pid, fork_server.pid, int(open("child").read())]), flush=True)
time.sleep(60)
"""


@pytest.mark.parametrize("first", ["client", "server and client", "kernel and client"])
def test_whatever_dies_nothing_is_left(tmp_path: Path, first: str) -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", ALONE, str(tmp_path)], stdout=subprocess.PIPE, cwd=tmp_path
    )
    assert process.stdout
    pids = dict(zip(("kernel", "server", "child"), json.loads(process.stdout.readline()), strict=True))
    assert (tmp_path / "kernel.json").exists()
    for name in first.split(" and "):
        os.kill(pids.get(name, process.pid), signal.SIGKILL)
    process.stdout.close()
    process.wait()
    assert eventually(lambda: gone(*pids.values())), {k: gone(v) for k, v in pids.items()}
    if "kernel" not in first:
        assert eventually(lambda: {path.name for path in tmp_path.iterdir()} == {"child"})
