"""What a fresh machine installs: the files that say it agree, and the wheel carries all that is needed."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import sysconfig
import tomllib
import venv
import zipfile
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
CARD = {"jupyterlab", "ipywidgets", "pandas", "matplotlib", "nbconvert", "papermill", "pytest"}


def requirements() -> dict[str, Requirement]:
    """What pyproject.toml asks for, with the extras."""
    extras = [line for lines in PROJECT["optional-dependencies"].values() for line in lines]
    wanted = [Requirement(line) for line in [*PROJECT["dependencies"], *extras]]
    return {canonicalize_name(one.name): one for one in wanted if one.name != PROJECT["name"]}


def pins() -> dict[str, list[Requirement]]:
    """What constraints.txt pins; a package has several lines where Python versions differ."""
    found: dict[str, list[Requirement]] = {}
    for line in (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("#"):
            one = Requirement(line)
            found.setdefault(canonicalize_name(one.name), []).append(one)
    return found


def version_of(pin: Requirement) -> str:
    (specifier,) = pin.specifier
    assert specifier.operator == "==", f"{pin} is not pinned"
    return specifier.version


# --- The three files --------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", requirements())
def test_every_requirement_is_pinned_to_a_version_that_it_allows(name: str) -> None:
    assert name in pins(), f"{name} is not in constraints.txt"
    assert all(requirements()[name].specifier.contains(version_of(pin)) for pin in pins()[name])


def test_everything_that_these_need_in_turn_is_pinned_too() -> None:
    seen: set[str] = set()
    left = list(requirements())
    while left:
        name = left.pop()
        if name not in seen:
            seen.add(name)
            left += needed_here(name)
    assert len(seen) > 80
    assert seen - set(pins()) == set()


def needed_here(name: str) -> list[str]:
    try:
        wanted = [Requirement(line) for line in distribution(name).requires or []]
    except PackageNotFoundError:
        return []
    here = [one for one in wanted if one.marker is None or one.marker.evaluate({"extra": ""})]
    return [canonicalize_name(one.name) for one in here]


def test_a_package_with_several_pins_says_which_is_for_which_python() -> None:
    for several in pins().values():
        assert len(several) == 1 or all(pin.marker for pin in several)


def test_the_tools_for_windows_and_macos_are_pinned_for_them() -> None:
    only = {name: str(several[0].marker) for name, several in pins().items()}
    assert "win32" in only["colorama"]
    assert "nt" in only["pywinpty"]
    assert "darwin" in only["appnope"]


def test_environment_yml_names_the_cards_packages_with_the_bounds_of_pyproject() -> None:
    environment = yaml.safe_load((ROOT / "environment.yml").read_text(encoding="utf-8"))
    entries = environment["dependencies"]
    conda = {one.name: one for one in map(Requirement, filter(lambda e: isinstance(e, str), entries))}
    assert set(conda) == CARD | {"python", "pip"}
    assert str(conda["python"].specifier) == PROJECT["requires-python"]
    for name in CARD:
        assert conda[name].specifier == requirements()[name].specifier


def test_environment_yml_lets_pip_install_the_toolkit_at_the_pinned_versions() -> None:
    environment = yaml.safe_load((ROOT / "environment.yml").read_text(encoding="utf-8"))
    (by_pip,) = [entry["pip"] for entry in environment["dependencies"] if isinstance(entry, dict)]
    assert by_pip == ["--constraint constraints.txt", ".[test]"]


@pytest.mark.parametrize(
    "name", ["constraints.txt", "environment.yml", "pyproject.toml", "Makefile", ".ci/run"]
)
def test_no_file_names_the_address_of_a_package_index(name: str) -> None:
    text = (ROOT / name).read_text(encoding="utf-8")
    assert not re.search(r"https?://|--(extra-)?index-url|--find-links", text)


def test_the_version_is_said_once_more_and_the_same() -> None:
    import spp_workshop

    assert spp_workshop.__version__ == PROJECT["version"]
    assert f"## {PROJECT['version']}" in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")


def test_ci_runs_what_a_person_runs() -> None:
    script = ROOT / ".ci" / "run"
    assert os.access(script, os.X_OK)
    text = script.read_text(encoding="utf-8")
    assert re.findall(r"^make (\w+) \|\| failed=1$", text, re.MULTILINE) == ["lint", "test"]


# --- The wheel --------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    target = tmp_path_factory.mktemp("wheel")
    words = ["wheel", "--quiet", "--no-deps", "--no-build-isolation", "--wheel-dir", str(target), str(ROOT)]
    subprocess.run([sys.executable, "-m", "pip", *words], check=True)
    (built,) = target.glob("*.whl")
    return built


def files(folder: Path, pattern: str) -> set[str]:
    return {
        path.relative_to(folder).as_posix() for path in folder.rglob(pattern) if ".ipynb_" not in str(path)
    }


@pytest.mark.parametrize(
    ("folder", "pattern", "inside"),
    [
        ("worksheets", "*.yaml", "spp_workshop/_shipped/worksheets"),
        ("notebooks", "*.ipynb", "spp_workshop/_shipped/notebooks"),
        ("spp_workshop", "*.py", "spp_workshop"),
        ("spp_workshop/programmes", "*.yaml", "spp_workshop/programmes"),
        ("spp_workshop/templates", "*.*", "spp_workshop/templates"),
        ("spp_workshop/static", "*.*", "spp_workshop/static"),
        ("spp_workshop/locale", "*.mo", "spp_workshop/locale"),
        ("spp_workshop/jupyterlab", "*.json", "spp_workshop/jupyterlab"),
    ],
)
def test_the_wheel_carries_what_the_checkout_has(wheel: Path, folder: str, pattern: str, inside: str) -> None:
    wanted = {f"{inside}/{name}" for name in files(ROOT / folder, pattern)}
    assert wanted
    with zipfile.ZipFile(wheel) as archive:
        assert wanted - set(archive.namelist()) == set()


def test_the_wheel_carries_nothing_else_but_the_kernel_that_jupyter_looks_for(wheel: Path) -> None:
    name = f"spp_workshop-{PROJECT['version']}"
    with zipfile.ZipFile(wheel) as archive:
        files = archive.namelist()
    assert {file.split("/")[0] for file in files} == {"spp_workshop", f"{name}.dist-info", f"{name}.data"}
    kernel = f"{name}.data/data/share/jupyter/kernels/spp-workshop/kernel.json"
    assert [file for file in files if file.startswith(f"{name}.data/")] == [kernel]


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The command of a fresh environment, in a place with spaces and Japanese, that has the wheel."""
    place = tmp_path_factory.mktemp("研修 の 場所") / "環境 1"
    venv.create(place, symlinks=os.name != "nt")
    scripts = place / ("Scripts" if os.name == "nt" else "bin")
    python = scripts / ("python.exe" if os.name == "nt" else "python")
    words = ["--python", str(python), "install", "--quiet", "--no-deps", "--no-index", str(wheel)]
    subprocess.run([sys.executable, "-m", "pip", *words], check=True)
    # It shares the dependencies of this environment, whose .pth files, and with them the checkout, stay out.
    (site,) = place.rglob("site-packages")
    (site / "dependencies.pth").write_text(sysconfig.get_path("purelib") + "\n", encoding="utf-8")
    return scripts / ("spp-workshop.exe" if os.name == "nt" else "spp-workshop")


def run(installed: Path, folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    return subprocess.run(
        [str(installed), *words],
        cwd=folder,
        env={**environment, "LANG": "en_US.UTF-8", "PYTHONUTF8": "1"},
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
    )


def test_an_installed_toolkit_works_outside_the_checkout(installed: Path) -> None:
    folder = installed.parents[2]
    assert run(installed, folder, "new", "私の 研修", "--template", "spp-2025").returncode == 0
    checked = run(installed, folder, "validate", "私の 研修")
    assert checked.stdout + checked.stderr == "Programme, worksheets and notebooks are all right.\n"
    made = run(installed, folder, "summaries", "私の 研修", "--company", "hoshikuzu", "--json")
    assert made.returncode == 0, made.stdout + made.stderr
    for outcome in json.loads(made.stdout)["outcomes"]:
        assert (folder / "私の 研修" / outcome["files"]["html"]).stat().st_size > 10_000


def test_an_installed_toolkit_uses_its_own_files(installed: Path) -> None:
    python = installed.with_name("python.exe" if os.name == "nt" else "python")
    code = "from spp_workshop.documents import shipped; print(shipped('worksheets'))"
    done = subprocess.run(
        [python, "-c", code], cwd=installed.parent, capture_output=True, encoding="utf-8", check=True
    )
    assert Path(done.stdout.strip()).is_relative_to(installed.parents[1])
