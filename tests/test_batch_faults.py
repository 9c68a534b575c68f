"""What can befall a batch: killed at any moment, short of memory or disk, and notebooks that misbehave.

SPP_ROUNDS=50 python -m pytest tests/test_batch_faults.py -k killed      kill it that often
SPP_ROUNDS=20 python -m pytest tests/test_batch_faults.py -k marker      so many runs at once
"""

from __future__ import annotations

import json
import os
import random
import resource
import shutil
import signal
import subprocess
import sys
import textwrap
import time
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import nbformat
import pytest
from conftest import HEAD, PROGRAMME
from nbformat import v4

from spp_workshop.batch import summaries
from spp_workshop.cli import main
from spp_workshop.notebook_form import METADATA
from spp_workshop.seats import Seat
from spp_workshop.visibility import BUILT_IN
from spp_workshop.worksheet import Worksheet, ancestors
from spp_workshop.workshop import Workshop, open_workshop

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="kernels are forked on Linux only")

ROUNDS = int(os.environ.get("SPP_ROUNDS", "0"))
COMMAND = """
import resource, sys
files = int(sys.argv.pop(1))
resource.setrlimit(resource.RLIMIT_NOFILE, (files, files))
from spp_workshop.cli import main
sys.exit(main())
"""
MOUNTS = os.geteuid() == 0

Told = Callable[[Path], tuple[int, str]]

# Within so many seconds nothing of a batch may run any more, whatever it was that died; a machine that does
# much else gets more of them.
GONE = 5 + 3 * os.getloadavg()[0]


# --- Folders ------------------------------------------------------------------------------------------------

PARAMETERS = 'folder = "."\ncompany = ""\nlanguage = "ja"\nas_of = ""'


def workshop_folder(place: Path, companies: list[str], *sources: str) -> Path:
    """A workshop folder with these companies, and an own notebook of these cells as the company's summary."""
    names = [f"  - {{key: {key}, name: {{ja: {key}社, en: {key} Ltd.}}}}\n" for key in companies]
    head, sessions = HEAD[: HEAD.index("  - {key: alpha")], PROGRAMME[PROGRAMME.index("sessions:") :]
    place.mkdir(parents=True)
    text = head + "".join(names) + sessions.replace("[alpha]", f"[{companies[0]}]")
    (place / "programme.yaml").write_text(text, encoding="utf-8")
    if sources:
        cells = [
            v4.new_markdown_cell("# Summary"),
            v4.new_code_cell(PARAMETERS, metadata={"tags": ["parameters"]}),
            *(v4.new_code_cell(source) for source in sources),
            v4.new_code_cell('f"the end of {company}"'),
        ]
        notebook = v4.new_notebook(cells=cells, metadata=METADATA)
        (place / "notebooks").mkdir()
        nbformat.write(notebook, place / "notebooks" / "company_summary.ipynb")
    return place


def pages(folder: Path) -> dict[str, bytes]:
    """Every page that was made for a company."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.glob("output/*/*/*.html")}


def outcomes(folder: Path) -> dict[str, dict[str, Any]]:
    """What the manifest says of each company (of whose documents there is one here)."""
    data = json.loads((folder / "output" / "run.json").read_text(encoding="utf-8"))
    return {one["company"]: one for one in data["outcomes"]}


def assert_whole(folder: Path) -> None:
    """No half file: what bears the name of a document is one, from its beginning to its end."""
    for path in (folder / "output").rglob("*"):
        text = path.read_text(encoding="utf-8") if path.is_file() and path.suffix != ".part" else ""
        if path.suffix == ".html":
            assert text.rstrip().endswith("</html>"), path
        elif path.suffix == ".ipynb":
            notebook = nbformat.reads(text, as_version=4)
            nbformat.validate(notebook)
            assert ".failed" in path.name or "the end of" in str(notebook.cells[-1].outputs), path
        elif path.suffix == ".json":
            assert json.loads(text)["outcomes"] is not None


# --- A batch, watched ---------------------------------------------------------------------------------------


@dataclass
class Batch:
    """The command in a process, with all that it starts: they bear a mark, and have a temporary folder."""

    folder: Path
    place: Path
    words: tuple[str, ...] = ("--language", "ja", "--jobs", "3")
    files: int = 1024
    mark: str = field(default_factory=lambda: uuid.uuid4().hex)

    @property
    def environment(self) -> dict[str, str]:
        return os.environ | {"SPP_TEST": self.mark, "TMPDIR": str(self.place)}

    def start(self) -> subprocess.Popen[str]:
        self.place.mkdir(exist_ok=True)
        return subprocess.Popen(
            [sys.executable, "-c", COMMAND, str(self.files), "summaries", str(self.folder), *self.words],
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def run(self) -> tuple[int, str]:
        """To its end: the exit status, and all that it said."""
        with self.start() as process:
            said, complained = process.communicate(timeout=600)
        self.assert_gone()
        assert "Traceback" not in said + complained
        return process.returncode, said + complained

    def family(self) -> dict[int, tuple[int, str]]:
        """Every process that bears our mark: its parent, and its command."""
        found = {}
        for place in Path("/proc").iterdir():
            try:
                if place.name.isdecimal() and self.mark.encode() in (place / "environ").read_bytes():
                    state, parent = (place / "stat").read_text().rpartition(")")[2].split()[:2]
                    if state != "Z":
                        found[int(place.name)] = int(parent), (place / "cmdline").read_text()
            except OSError:
                continue
        return found

    def members(self, role: str, runner: int) -> list[int]:
        """The processes of this role that live now."""
        family = self.family()
        servers = [pid for pid, (parent, _) in family.items() if parent == runner]
        kernels = [pid for pid, (parent, _) in family.items() if parent in servers]
        return {"runner": [runner], "server": servers, "kernel": kernels}[role]

    def assert_gone(self) -> None:
        """Nothing runs any more, and the temporary folder is empty."""
        until = time.monotonic() + GONE
        while (self.family() or list(self.place.iterdir())) and time.monotonic() < until:
            time.sleep(0.05)
        assert self.family() == {}
        assert [path.name for path in self.place.rglob("*")] == []


@pytest.fixture
def told(capfd: pytest.CaptureFixture[str]) -> Told:
    """The command in this process, which is quicker: its exit status, and all that it said."""

    def run(folder: Path) -> tuple[int, str]:
        status = main(["summaries", str(folder), "--language", "en", "--jobs", "2"])
        said = "".join(capfd.readouterr())
        assert "Traceback" not in said
        return status, said

    return run


# --- Killed at any moment -----------------------------------------------------------------------------------

COMPANIES = 6

TABLE = """\
import pandas as pd
import matplotlib.pyplot as plt
frame = pd.DataFrame({"month": range(4), "hours": [len(company) + month for month in range(4)]})
plt.bar(frame["month"], frame["hours"])
frame.style.set_uuid(company)"""


@dataclass
class Calm:
    """A folder, what an undisturbed run makes in it, and how long that takes."""

    folder: Path
    pages: dict[str, bytes]
    seconds: float


@pytest.fixture(scope="module")
def calm(tmp_path_factory: pytest.TempPathFactory) -> Calm:
    place = tmp_path_factory.mktemp("calm")
    companies = [f"company{number}" for number in range(COMPANIES)]
    untouched = workshop_folder(place / "untouched", companies, TABLE)
    folder = workshop_folder(place / "made", companies, TABLE)
    began = time.monotonic()
    status, said = Batch(folder, place / "tmp").run()
    assert status == 0, said
    assert_whole(folder)
    assert len(pages(folder)) == COMPANIES
    return Calm(untouched, pages(folder), time.monotonic() - began)


@pytest.mark.parametrize("number", range(ROUNDS or 3))
def test_a_batch_killed_at_any_moment_leaves_no_half_and_is_taken_up_again(
    calm: Calm, tmp_path: Path, number: int
) -> None:
    chance = random.Random(number)
    role = ("runner", "server", "kernel")[number % 3]
    batch = Batch(tmp_path / "workshop", tmp_path / "tmp")
    shutil.copytree(calm.folder, batch.folder)
    with batch.start() as process:
        moment = time.monotonic() + chance.uniform(0, calm.seconds)
        victims = []
        while process.poll() is None and not victims:
            time.sleep(max(0.0, moment - time.monotonic()))
            victims = batch.members(role, process.pid)
        if victims:
            kill(chance.choice(victims))
        said, complained = process.communicate(timeout=120)
    batch.assert_gone()
    assert "Traceback" not in said + complained
    assert_whole(batch.folder)

    finished = len(pages(batch.folder))
    run = summaries.make(batch.folder, languages=["ja"], jobs=3)
    assert run.failed == []
    assert pages(batch.folder) == calm.pages
    assert_whole(batch.folder)
    # What was finished is not made again, except what was in the making.
    assert sum(outcome.status == "made" for outcome in run.outcomes) <= COMPANIES - finished + 3
    assert not list(batch.folder.rglob("*.part"))
    assert not list(batch.folder.rglob("*.failed.ipynb"))


def test_a_folder_for_a_kernel_that_was_never_forked_goes_with_its_runner(tmp_path: Path) -> None:
    program = """
        import os
        from spp_workshop.batch import starter

        async def never(*_, **__):
            os.kill(os.getpid(), 9)

        starter.get_ready()
        starter._own_python().start_kernel = never
        starter.Kernel(".")
    """
    batch = Batch(tmp_path, tmp_path / "tmp")
    batch.place.mkdir()
    ended = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(program)], env=batch.environment, check=False
    )
    assert ended.returncode == -signal.SIGKILL
    batch.assert_gone()


def kill(process: int) -> None:
    try:
        os.kill(process, signal.SIGKILL)
    except ProcessLookupError:
        return


def test_a_fork_server_that_died_between_two_documents_costs_no_document(tmp_path: Path) -> None:
    from spp_workshop.forking.client import fork_server

    # One that was started for other kernels would not be asked at all.
    fork_server.forget()
    companies = ["alpha", "beta", "gamma", "delta"]
    folder = workshop_folder(tmp_path / "workshop", companies, "import os\nprint(os.getppid())")
    killed: list[int] = []

    def progress(*_: Any) -> None:
        if not killed and fork_server.pid:
            killed.append(fork_server.pid)
            kill(fork_server.pid)

    run = summaries.make(folder, languages=["ja"], jobs=1, progress=progress)
    assert killed
    assert [outcome.status for outcome in run.outcomes] == ["made"] * 4
    assert fork_server.pid != killed[0]


# --- Short of something -------------------------------------------------------------------------------------

# By the company's key: what its notebook does.
MISBEHAVING = """\
import os, resource, threading, time
deeds = {
    "hungry": "resource.setrlimit(resource.RLIMIT_AS, (4 << 30, 4 << 30)); held = bytearray(8 << 30)",
    "killed": "os.kill(os.getpid(), 9)",
    "widget": "get_ipython().run_line_magic('matplotlib', 'widget')",
    "inline": "get_ipython().run_line_magic('matplotlib', 'inline')",
    "thread": "threading.Thread(target=lambda: time.sleep(3600)).start()",
    "child": "os.spawnlp(os.P_NOWAIT, 'sleep', 'sleep', '3600')",
    "fine": "",
}
exec(deeds[company])"""
CHART = "import matplotlib.pyplot as plt\nlines = plt.plot([1, 2, 3])"


def test_what_a_notebook_does_wrong_is_told_of_its_document_alone(tmp_path: Path) -> None:
    companies = ["hungry", "killed", "widget", "inline", "thread", "child", "fine"]
    folder = workshop_folder(tmp_path / "workshop", companies, MISBEHAVING, CHART)
    status, _ = Batch(folder, tmp_path / "tmp", ("--language", "en", "--jobs", "2")).run()
    assert status == 1
    told = {key: (one["status"], one["problem"] or "") for key, one in outcomes(folder).items()}
    assert {key for key, (state, _) in told.items() if state == "failed"} == {"hungry", "killed", "widget"}
    assert "MemoryError" in told["hungry"][1]
    assert "memory ran out" in told["killed"][1]
    assert "A step of the notebook ended with an error" in told["widget"][1]
    for key in ("inline", "thread", "child", "fine"):
        page = (folder / f"output/summaries/{key}/summary.en.html").read_text(encoding="utf-8")
        assert 'src="data:image/png' in page
    assert_whole(folder)


MARKS = """\
import builtins, json, os, tempfile
import matplotlib as mpl, matplotlib.pyplot as plt, numpy as np, pandas as pd
from matplotlib import font_manager
found = [name for name in ("mark", "marked") if name in globals()]
found += [name for name in os.environ if name.startswith("MARK")]
found += ["rcParams"] * (mpl.rcParams["axes.facecolor"] == "lime")
found += ["pandas"] * (pd.get_option("display.max_rows") == 7)
found += [f"figure {number}" for number in plt.get_fignums()]
found += ["font"] * any(font.name == "Mark" for font in font_manager.fontManager.ttflist)
found += ["folder"] * (os.path.basename(os.getcwd()) != "workshop")
found += ["patched"] * hasattr(json, "mark") + ["builtin"] * hasattr(builtins, "mark")
found += [name for name in os.listdir(tempfile.gettempdir()) if name.startswith("mark")]
print("found:", found, "drawn:", np.random.random(), "by", os.getpid())"""
LEAVE = """\
mark = marked = os.environ["MARK_" + company] = company
mpl.rcParams["axes.facecolor"] = "lime"
pd.set_option("display.max_rows", 7)
figure = plt.figure()
font_manager.fontManager.ttflist.append(font_manager.FontEntry(name="Mark"))
json.mark = builtins.mark = len(company)
held = [tempfile.TemporaryDirectory(prefix="mark") for _ in range(3)]
os.chdir("/")"""


def test_nothing_that_a_notebook_does_to_its_process_reaches_the_next_with_few_files_at_hand(
    tmp_path: Path,
) -> None:
    companies = [f"company{number}" for number in range(12)]
    folder = workshop_folder(tmp_path / "workshop", companies, MARKS, LEAVE)

    batch = Batch(folder, tmp_path / "tmp", ("--language", "ja", "--jobs", "4"), files=300)
    status, said = batch.run()
    assert status == 0, said
    said_by = [notebook_says(folder, key) for key in companies]
    assert all("found: [] drawn: " in text for text in said_by)
    # A kernel for each, and chance for each.
    assert len({text.partition("drawn: ")[2] for text in said_by}) == 12
    assert len({text.partition("drawn: ")[2].partition(" by")[0] for text in said_by}) == 12


def notebook_says(folder: Path, company: str) -> str:
    """What the document of a company printed."""
    notebook = nbformat.read(folder / f"output/summaries/{company}/summary.ja.ipynb", as_version=4)
    cells = [cell for cell in notebook.cells if cell.cell_type == "code"]
    return "".join(output.get("text", "") for cell in cells for output in cell.outputs)


@pytest.fixture
def output(tmp_path: Path) -> Iterator[Callable[..., Path]]:
    """Makes the output folder of a workshop a small disk of its own."""
    mounted: list[Path] = []

    def mount(folder: Path, options: str) -> Path:
        place = folder / "output"
        place.mkdir(exist_ok=True)
        subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", place], check=True)
        mounted.append(place)
        return place

    yield mount
    for place in mounted:
        subprocess.run(["umount", "--lazy", place], check=True)


LARGE = "print('x' * 60_000)"


@pytest.mark.skipif(not MOUNTS, reason="only root can make a small disk")
def test_a_full_disk_is_told_and_what_there_is_of_documents_is_whole(
    tmp_path: Path, output: Callable[..., Path], told: Told
) -> None:
    companies = [f"company{number}" for number in range(6)]
    folder = workshop_folder(tmp_path / "workshop", companies, LARGE)
    disk = output(folder, "size=600k")
    status, said = told(folder)
    assert status in (1, 2)
    assert "disk is not full" in said
    assert_whole(folder)
    assert 1 <= len(pages(folder)) < 6

    subprocess.run(["mount", "-o", "remount,size=100m", disk], check=True)
    status, said = told(folder)
    assert status == 0, said
    assert len(pages(folder)) == 6
    assert_whole(folder)


def test_a_document_too_large_for_the_disk_is_told_and_leaves_the_earlier_one(
    tmp_path: Path, told: Told
) -> None:
    large = "large = 3\nprint('x' * (large if company == 'beta' else 3))"
    folder = workshop_folder(tmp_path / "workshop", ["alpha", "beta"], large)
    assert told(folder)[0] == 0
    before = pages(folder)

    notebook = folder / "notebooks" / "company_summary.ipynb"
    text = notebook.read_text(encoding="utf-8").replace("large = 3", "large = 300_000")
    notebook.write_text(text, encoding="utf-8")
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, limits[1]))
    try:
        status, said = told(folder)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert status == 1
    assert "disk is not full" in said
    assert {key: one["status"] for key, one in outcomes(folder).items()} == {
        "alpha": "made",
        "beta": "failed",
    }
    assert pages(folder) == before
    assert_whole(folder)


def test_an_output_folder_that_is_read_only_is_a_sentence_and_stays_as_it_was(
    tmp_path: Path, output: Callable[..., Path], told: Told
) -> None:
    folder = workshop_folder(tmp_path / "workshop", ["alpha", "beta"], "x = 1")
    if MOUNTS:
        place = output(folder, "size=1m,mode=755")
    else:
        place = folder / "output"
        place.mkdir()
    (place / "mine.txt").write_text("mine", encoding="utf-8")
    if MOUNTS:
        subprocess.run(["mount", "-o", "remount,ro", place], check=True)
    else:
        place.chmod(0o555)
    status, said = told(folder)
    assert status == 2
    assert "the folder is yours" in said
    assert [path.name for path in place.rglob("*")] == ["mine.txt"]
    if not MOUNTS:
        place.chmod(0o755)


# --- Whose answers ------------------------------------------------------------------------------------------

OWNERS = [f"owner{number}" for number in range(8)]


def marker(company: str, sheet: Worksheet, name: str) -> str:
    """Stands in one answer of one company, and nowhere else."""
    return f"{company}-{sheet.name}-{name}-only"


def answer_everything(workshop: Workshop, company: str) -> list[str]:
    """Every question of every worksheet of a company, in both languages; returns the markers."""
    seat = workshop.seated(Seat.company(company))
    sheets = [
        one for one in workshop.worksheets.values() if one.subject == "company" and one.name not in BUILT_IN
    ]
    found: list[str] = []
    for sheet in sorted(sheets, key=lambda sheet: len(ancestors(sheet, workshop.worksheets))):
        changes: dict[str, Any] = {}
        for question in sheet.questions:
            if question.kind == "text":
                for name in (question.name, f"{question.name}@en"):
                    changes[name] = marker(company, sheet, name)
                    found.append(changes[name])
            elif question.kind.startswith("select"):
                codes = workshop.choices[question.list_name].codes
                changes[question.name] = codes[:1] if question.kind == "select_multiple" else codes[0]
            else:
                changes[question.name] = {"date": "2026-10-05", "acknowledge": True}.get(question.kind, 3)
        seat.save(sheet.name, changes, row="r1" if sheet.repeats else "")
    return found


@pytest.fixture(scope="module")
def answered(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, list[str]]]:
    folder = workshop_folder(tmp_path_factory.mktemp("answered") / "workshop", OWNERS)
    workshop = open_workshop(folder)
    markers = {company: answer_everything(workshop, company) for company in OWNERS}
    workshop.store.engine.dispose()
    return folder, markers


def test_no_marker_of_a_company_is_in_anything_of_another(
    answered: tuple[Path, dict[str, list[str]]], tmp_path: Path
) -> None:
    prepared, markers = answered
    runs = [Batch(tmp_path / f"run{n}", tmp_path / f"tmp{n}", ("--jobs", "8")) for n in range(ROUNDS or 1)]
    for batch in runs:
        shutil.copytree(prepared, batch.folder)
    with ThreadPoolExecutor(len(runs)) as pool:
        ended = list(pool.map(Batch.run, runs))
    for batch, (status, said) in zip(runs, ended, strict=True):
        assert status == 0, said
        assert_apart(batch.folder, markers, said)
    # Made alone, and by other processes, a document is the same.
    before = pages(runs[0].folder)
    assert summaries.make(runs[0].folder, [OWNERS[3]], jobs=1, force=True).failed == []
    assert pages(runs[0].folder) == before


def assert_apart(folder: Path, markers: dict[str, list[str]], said: str) -> None:
    """Each company's files hold its own markers and no other's; what all share holds none."""
    output = folder / "output"
    for company, own in markers.items():
        files = [path for path in (output / "summaries" / company).rglob("*") if path.is_file()]
        assert len(files) == 4
        for path in files:
            text = path.read_text(encoding="utf-8")
            language = path.name.split(".")[1]
            shown = [one for one in own if one in text]
            assert len(shown) > 20, path
            assert any(one.endswith("@en-only") for one in shown) == (language == "en"), path
            others = [one for other in OWNERS if other != company for one in markers[other] if one in text]
            assert others == [], path
    shared = [path.read_text(encoding="utf-8") for path in output.iterdir() if path.is_file()]
    assert "-only" not in "".join([*shared, said])
