"""The house rules that a machine can keep: who may import whom, and how large things may grow."""

from __future__ import annotations

import ast
import re
import sys
import tomllib
from collections.abc import Iterator
from graphlib import TopologicalSorter
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "spp_workshop"
# By the path within the package, without its ending; `analysis/x` belongs to the module `analysis`.
FILES = {path.relative_to(PACKAGE).with_suffix("").as_posix(): path for path in sorted(PACKAGE.rglob("*.py"))}
TREES = {name: ast.parse(path.read_text(encoding="utf-8")) for name, path in FILES.items()}
MODULES = {name.split("/")[0] for name in FILES} - {"__init__"}
LONGEST_MODULE, LONGEST_FUNCTION = 400, 60


def layers() -> dict[str, int]:
    """Module -> height, as CONTRIBUTING.md tells it to people: the lowest line first."""
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    block = re.search(r"<!-- layers -->\n+```text\n(.*?)```", text, re.DOTALL)
    assert block, "CONTRIBUTING.md has lost its list of layers"
    names = [re.split(r"\s{2,}", line)[0] for line in block[1].splitlines()]
    return {name: height for height, line in enumerate(names) for name in re.findall(r"\w+", line)}


def imported(tree: ast.Module, package: list[str]) -> Iterator[tuple[str, int]]:
    """(module of ours, line) of every import, wherever it stands, in a file of this package."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            targets = [name.name.split(".") for name in node.names]
        elif isinstance(node, ast.ImportFrom):
            above = package[: len(package) - node.level + 1] if node.level else []
            base = above + (node.module.split(".") if node.module else [])
            targets = [[*base, name.name] for name in node.names]
        else:
            continue
        for root, *inside in targets:
            if root == "spp_workshop":
                yield (inside[0] if inside and inside[0] in MODULES else "__init__"), node.lineno


def upward(height: dict[str, int], trees: dict[str, ast.Module]) -> list[str]:
    found = []
    for name, tree in trees.items():
        module, *below = name.split("/")
        package = ["spp_workshop", module, *below[:-1]] if below else ["spp_workshop"]
        for other, line in imported(tree, package):
            within = bool(below) and other == module
            if module in height and not within and height.get(other, len(height)) >= height[module]:
                found.append(f"{name}.py:{line} imports {other}")
    return found


def test_the_list_of_layers_names_every_module_once_and_nothing_else() -> None:
    assert sorted(layers()) == sorted(MODULES)


def test_a_module_imports_only_modules_of_a_lower_layer() -> None:
    assert upward(layers(), TREES) == []


@pytest.mark.parametrize("package", sorted({name.split("/")[0] for name in FILES if "/" in name}))
def test_the_modules_of_a_package_import_one_another_in_no_circle(package: str) -> None:
    TopologicalSorter(needs(package)).prepare()  # CycleError names the circle


def needs(package: str) -> dict[str, set[str]]:
    """Module of a package -> the modules of the same package that it imports."""
    within = {name for name in FILES if name.startswith(f"{package}/") and not name.endswith("/__init__")}
    found = {}
    for name in within:
        source = FILES[name].read_text(encoding="utf-8")
        words = re.findall(r"^ *from \.(\w*) import (.+)$", source, re.MULTILINE)
        others = [other for base, names in words for other in ([base] if base else names.split(", "))]
        found[name] = {f"{package}/{other}" for other in others} & within
    return found


@pytest.mark.parametrize(
    "source",
    [
        "import spp_workshop.cli",
        "from spp_workshop.cli import main",
        "from spp_workshop import cli",
        "from . import cli",
        "from .cli import main",
        "def f():\n    from .cli import main",
        "if TYPE_CHECKING:\n    from .cli import Voice",
        "from . import open_workshop",
    ],
)
def test_an_upward_import_is_found_however_it_is_written(source: str) -> None:
    assert upward({"errors": 0, "cli": 1}, {"errors": ast.parse(source)})


def test_an_upward_import_is_found_in_a_package_too() -> None:
    height = {"analysis": 0, "cli": 1}
    assert upward(height, {"analysis/themes": ast.parse("from ..cli import main")})
    assert not upward(height, {"analysis/themes": ast.parse("from .small_numbers import suppress")})


def test_a_downward_import_is_allowed() -> None:
    assert not upward(
        {"errors": 0, "cli": 1}, {"cli": ast.parse("import json\nfrom .errors import SppError")}
    )


@pytest.mark.parametrize("name", FILES)
def test_no_module_is_too_long(name: str) -> None:
    lines = len(FILES[name].read_text(encoding="utf-8").splitlines())
    assert lines <= LONGEST_MODULE


@pytest.mark.parametrize("name", FILES)
def test_no_function_is_too_long(name: str) -> None:
    lengths = {
        f"{node.name} (line {node.lineno})": (node.end_lineno or 0) - node.lineno + 1
        for node in ast.walk(TREES[name])
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    }
    assert {function: lines for function, lines in lengths.items() if lines > LONGEST_FUNCTION} == {}


def test_what_the_package_imports_is_what_it_says_it_needs() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = project["optional-dependencies"]
    wanted = [*project["dependencies"], *extras["serve"], *extras["pdf"]]
    declared = {normal(re.split(r"[\[><=!~; ]", item)[0]) for item in wanted}
    distributions = packages_distributions()
    foreign = {name for tree in TREES.values() for name in top_level(tree)} - {"spp_workshop"}
    provided = {
        name: {normal(one) for one in distributions.get(name, [name])}
        for name in foreign - sys.stdlib_module_names
    }
    # Babel only compiles the translations, which a developer does; pydantic-core is a part of pydantic.
    assert {name for name, by in provided.items() if not by & declared} <= {"babel", "pydantic_core"}
    # JupyterLab finds its language pack by itself; nobody imports it.
    assert declared <= set().union(*provided.values(), {"jupyterlab-language-pack-ja-jp"})


def normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def top_level(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (name.name.split(".")[0] for name in node.names)
        elif isinstance(node, ast.ImportFrom) and not node.level and node.module:
            yield node.module.split(".")[0]
