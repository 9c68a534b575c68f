"""Notebooks: found, checked, kept in canonical form, and made ready for one reader."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from spp_workshop import notebooks, programme
from spp_workshop.documents import shipped
from spp_workshop.errors import NotebookError, SppError
from spp_workshop.notebook_form import tidied
from spp_workshop.notebook_rules import problems

TINY = Path(__file__).parent / "data" / "notebooks"
SHIPPED = notebooks.shipped_notebooks()
FACILITATORS = [path for path in SHIPPED if path.parent.name == "facilitator"]


def rules(path: Path, own: bool = False) -> set[str]:
    return {problem.rule for problem in problems(path, own)}


def changed(source: Path, target: Path, **cells: dict[str, object]) -> Path:
    """A copy with parts of some cells (named by id, `_` for `-`) replaced, not in canonical form."""
    data = json.loads(source.read_text(encoding="utf-8"))
    for cell in data["cells"]:
        cell.update(cells.get(cell["id"].replace("-", "_"), {}))
    target.write_text(json.dumps(data), encoding="utf-8")
    return target


# --- What is shipped --------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_a_shipped_notebook_is_as_the_house_wants_it(path: Path) -> None:
    assert [problem.text("en") for problem in problems(path)] == []


def test_no_two_shipped_notebooks_share_a_name_but_an_exercise_and_its_session() -> None:
    names = [path.stem for path in SHIPPED if not notebooks.is_exercise(path)]
    exercises = [path.stem for path in SHIPPED if notebooks.is_exercise(path)]
    assert len(set(names)) == len(names)
    assert sorted(exercises) == sorted(path.stem for path in FACILITATORS)


@pytest.mark.parametrize("path", FACILITATORS, ids=lambda path: path.stem)
@pytest.mark.parametrize("language", ["ja", "en"])
def test_a_shipped_notebook_carries_the_times_of_the_pilot(path: Path, language: str) -> None:
    pilot = programme.load(shipped("programmes") / "pilot")
    notebook = notebooks.read(path)
    plain = notebooks.prepare(notebook, language, {}, pilot)
    timed = notebooks.prepare(notebook, language, {}, pilot, session=path.stem)
    assert [cell.source for cell in timed.cells] == [cell.source for cell in plain.cells]


@pytest.mark.parametrize("path", FACILITATORS, ids=lambda path: path.stem)
def test_a_shipped_notebook_has_every_agenda_item_of_the_pilot_in_order(path: Path) -> None:
    cells = notebooks.prepare(
        notebooks.read(path), "ja", {}, programme.load(shipped("programmes") / "pilot")
    ).cells
    agenda = [cell.metadata.get("spp_workshop", {}).get("agenda") for cell in cells]
    planned = programme.load(shipped("programmes") / "pilot").session(path.stem).agenda
    assert list(filter(None, agenda)) == [item.key for item in planned]


# --- Finding ----------------------------------------------------------------------------------------------


def test_an_own_notebook_wins_over_the_shipped_one(folder: Path) -> None:
    own = folder / "notebooks" / "facilitator"
    own.mkdir(parents=True)
    shutil.copy(TINY / "agenda_of_a_session.ipynb", own / "dd_practice.ipynb")
    assert notebooks.find("dd_practice", folder) == own / "dd_practice.ipynb"


def test_an_exercise_is_not_mistaken_for_the_facilitators_notebook_of_the_same_name(folder: Path) -> None:
    own = folder / "notebooks" / "participant"
    own.mkdir(parents=True)
    shutil.copy(TINY / "agenda_of_a_session.ipynb", own / "dd_practice.ipynb")
    assert notebooks.find("dd_practice", folder).parent.name == "facilitator"
    assert notebooks.find_exercise("dd_practice", folder) == own / "dd_practice.ipynb"
    assert notebooks.find_exercise("dd_practice").parent.name == "participant"
    with pytest.raises(NotebookError, match="no notebook “company_summary”"):
        notebooks.find_exercise("company_summary", folder)


def test_the_exercises_of_a_programme_are_told_by_session_in_its_order(folder: Path) -> None:
    own = folder / "notebooks" / "participant"
    own.mkdir(parents=True)
    shutil.copy(TINY / "agenda_of_a_session.ipynb", own / "dd_practice.ipynb")
    found = notebooks.exercises(programme.load(folder), folder)
    assert list(found) == ["dd_preparation", "dd_practice"]
    assert found["dd_practice"] == own / "dd_practice.ipynb"
    assert found["dd_preparation"] == notebooks.find_exercise("dd_preparation")


def test_copies_for_jupyterlab_and_checkpoints_are_no_own_notebooks(folder: Path) -> None:
    for name in ("dd_practice.ja.ipynb", ".ipynb_checkpoints/dd_practice.ipynb", "notes.ipynb"):
        path = folder / "notebooks" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(TINY / "no_parameters.ipynb", path)
    assert [path.name for path in notebooks.own_notebooks(folder)] == ["notes.ipynb"]


def test_a_notebook_that_is_nowhere_is_told_with_those_that_are_there(folder: Path) -> None:
    (folder / "notebooks").mkdir()
    shutil.copy(TINY / "no_parameters.ipynb", folder / "notebooks" / "mine.ipynb")
    with pytest.raises(NotebookError, match=r"no notebook “main”.*mine"):
        notebooks.find("main", folder)


@pytest.mark.parametrize(
    "text", ["", "no JSON", "[]", "{}", '{"cells": 3, "nbformat": 4}', '{"cells": [{}]}']
)
def test_a_file_that_is_no_notebook_is_told_so(tmp_path: Path, text: str) -> None:
    path = tmp_path / "x.ipynb"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(NotebookError, match="cannot be read as a notebook"):
        notebooks.read(path)
    assert rules(path) == {"not_a_notebook"}


# --- Rules ------------------------------------------------------------------------------------------------

HOUSE = "agenda_of_a_session"


def test_the_tiny_example_breaks_no_rule() -> None:
    assert problems(TINY / f"{HOUSE}.ipynb") == []


@pytest.mark.parametrize(
    ("rule", "cells"),
    [
        ("parameters_cell", {"parameters": {"metadata": {"tags": []}}}),
        ("parameters_cell", {"open_workshop": {"metadata": {"tags": ["parameters"]}}}),
        ("parameters_plain", {"parameters": {"source": "import os"}}),
        ("parameters_plain", {"parameters": {"source": "language = get()"}}),
        ("no_twin", {"work_en": {"metadata": {"tags": []}}}),
        ("twins_differ", {"work_en": {"source": "### Work"}}),
        ("twins_differ", {"work_en": {"metadata": {"tags": ["lang-en"]}}}),
        ("wrong_language", {"work_ja": {"source": "## Work"}}),
        ("wrong_language", {"work_en": {"source": "## これは日本語です"}}),
        ("one_title", {"title_ja": {"source": "## 演習"}, "title_en": {"source": "## Practice"}}),
        ("one_title", {"work_ja": {"source": "# 演習"}, "work_en": {"source": "# Work"}}),
        ("skipped_rank", {"work_ja": {"source": "### 演習"}, "work_en": {"source": "### Work"}}),
        ("long_cell", {"open_workshop": {"source": "x = 1\n" * 9}}),
        ("logic", {"open_workshop": {"source": "def f():\n    pass"}}),
        ("logic", {"open_workshop": {"source": "x = [y for y in range(3)]"}}),
        ("logic", {"open_workshop": {"source": "try:\n    x = 1\nfinally:\n    x = 2"}}),
        ("import", {"open_workshop": {"source": "import pandas as pd"}}),
        ("import", {"open_workshop": {"source": "from os import path"}}),
        ("input", {"open_workshop": {"source": "x = input()"}}),
        ("sql", {"open_workshop": {"source": "x = 'SELECT answers FROM response'"}}),
        ("address", {"open_workshop": {"source": "x = '/home/somebody/workshop'"}}),
        ("address", {"open_workshop": {"source": "x = 'C:\\\\workshop'"}}),
        ("address", {"open_workshop": {"source": "x = 'https://example.org'"}}),
        ("not_python", {"open_workshop": {"source": "!pip install pandas"}}),
        ("outputs", {"open_workshop": {"execution_count": 1}}),
        ("tags", {"work_ja": {"metadata": {"tags": ["lang-ja", "secret"]}}}),
        ("code_shown", {"open_workshop": {"metadata": {"tags": ["hide-input"]}}}),
        ("id", {"open_workshop": {"id": "3f2a9c01"}}),
        ("id", {"open_workshop": {"id": "title-ja"}}),
    ],
)
def test_a_broken_rule_is_found(tmp_path: Path, rule: str, cells: dict[str, dict[str, object]]) -> None:
    assert rule in rules(changed(TINY / f"{HOUSE}.ipynb", tmp_path / "x.ipynb", **cells))


def test_other_metadata_and_other_json_are_found(tmp_path: Path) -> None:
    data = json.loads((TINY / f"{HOUSE}.ipynb").read_text(encoding="utf-8"))
    data["metadata"]["kernelspec"]["name"] = "my-kernel"
    (tmp_path / "x.ipynb").write_text(json.dumps(data), encoding="utf-8")
    assert rules(tmp_path / "x.ipynb") == {"metadata", "canonical"}


def test_an_own_notebook_must_only_be_fit_to_run(tmp_path: Path) -> None:
    free = {"source": "import pandas as pd\nx = [1 for y in 'abc']", "execution_count": 7}
    path = changed(TINY / f"{HOUSE}.ipynb", tmp_path / "x.ipynb", open_workshop=free)
    assert len(rules(path)) > 2
    assert rules(path, own=True) == set()
    assert rules(changed(path, path, parameters={"source": "?"}), own=True) == {"parameters_plain"}


def test_a_heading_mark_in_a_block_of_code_is_no_heading() -> None:
    assert notebooks.headings("# Title\n\n```\n# no heading\n```\n\n## Part #") == [(1, "Title"), (2, "Part")]


# --- Canonical form ---------------------------------------------------------------------------------------


def test_an_edited_notebook_is_brought_into_canonical_form(tmp_path: Path) -> None:
    def untidy(cell: dict[str, object]) -> dict[str, object]:
        return cell | {"id": "3f2a9c01-0000-4000-8000-000000000000"}

    shown = {"metadata": {"collapsed": False, "tags": ["mine"]}, "execution_count": 3}
    shown |= {"outputs": [{"name": "stdout", "output_type": "stream", "text": "an answer"}]}
    path = changed(TINY / f"{HOUSE}.ipynb", tmp_path / "x.ipynb", open_workshop=untidy(shown))
    assert notebooks.main([str(path)]) == 0
    again = path.read_bytes()
    assert problems(path) == []
    assert b"an answer" not in again
    assert notebooks.main([str(path)]) == 0
    assert path.read_bytes() == again


def test_what_only_a_person_can_mend_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = changed(TINY / f"{HOUSE}.ipynb", tmp_path / "x.ipynb", open_workshop={"source": "import pandas"})
    assert notebooks.main([str(path), str(tmp_path / "none.ipynb")]) == 1
    said = capsys.readouterr().err
    assert "x.ipynb [open-workshop]" in said
    assert "none.ipynb" in said


def test_a_cell_without_a_name_gets_a_readable_one() -> None:
    notebook = notebooks.read(TINY / f"{HOUSE}.ipynb")
    for cell in notebook.cells:
        cell["id"] = "0123abcd"
    named = [cell.id for cell in tidied(notebook).cells]
    assert named[:4] == ["practice-ja", "practice-en", "folder", "min-work-ja"]
    assert len(set(named)) == len(named)


# --- Parameters -------------------------------------------------------------------------------------------

GIVEN = {"folder": ".", "company": "alpha", "language": "ja", "as_of": "2026-10-01"}


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("mistyped_parameter", {"unknown_parameter", "missing_parameter"}),
        ("number_for_company", {"parameter_type"}),
        ("no_parameters", {"parameters_cell"}),
    ],
)
def test_parameters_that_do_not_fit_are_refused(name: str, expected: set[str]) -> None:
    with pytest.raises(NotebookError) as refused:
        notebooks.check_parameters(notebooks.read(TINY / f"{name}.ipynb"), GIVEN, f"{name}.ipynb")
    assert {problem.rule for problem in refused.value.problems} == expected


def test_parameters_that_fit_are_accepted() -> None:
    notebooks.check_parameters(notebooks.read(TINY / "reads_its_company.ipynb"), GIVEN, "")


def test_parameters_are_filled_in_and_all_else_stays() -> None:
    notebook = notebooks.read(TINY / "reads_its_company.ipynb")
    notebook.cells[2].source = 'a = "あ"; company = ""  # whose\nlanguage: str = """ja"""\nsize = [1,\n  2]'
    filled = notebooks.with_parameters(notebook, {"company": 'x"\\\n', "language": "en", "size": 3})
    assert (
        filled.cells[2].source == 'a = "あ"; company = "x\\"\\\\\\n"  # whose\nlanguage: str = "en"\nsize = 3'
    )
    assert notebooks.parameters(filled) == {"a": "あ", "company": 'x"\\\n', "language": "en", "size": 3}
    assert "ja" in notebook.cells[2].source


# --- Preparing --------------------------------------------------------------------------------------------


def prepared(folder: Path, language: str) -> list[str]:
    notebook = notebooks.read(TINY / "agenda_of_a_session.ipynb")
    given = {"folder": "..", "language": language}
    ready = notebooks.prepare(notebook, language, given, programme.load(folder), session="dd_practice")
    return [cell.source for cell in ready.cells]


def test_one_language_is_kept(folder: Path) -> None:
    text = "\n".join(prepared(folder, "en"))
    assert "How to go on." in text
    assert "進め方" not in text
    assert 'folder = ".."\nsession = "dd_practice"\nlanguage = "en"' in text


def test_headings_take_the_times_and_titles_of_the_programme(folder: Path) -> None:
    text = (folder / "programme.yaml").read_text(encoding="utf-8")
    text = text.replace('start: "14:00"', 'start: "9:30"').replace('end: "15:00"', 'end: "10:30"')
    (folder / "programme.yaml").write_text(text.replace("ja: 演習", "ja: グループ演習"), encoding="utf-8")
    assert prepared(folder, "ja")[2] == "## 09:30-10:30 (60分) グループ演習\n\n進め方です。"
    assert prepared(folder, "en")[2].splitlines()[0] == "## 09:30-10:30 (60 min) Work"


def test_an_item_that_the_programme_does_not_have_loses_its_time(folder: Path) -> None:
    assert prepared(folder, "ja")[3] == "## 休憩"


# --- The copy for JupyterLab ------------------------------------------------------------------------------


def opened(folder: Path, language: str = "ja") -> Path:
    running = programme.load(folder)
    return notebooks.open_copy(folder, running.session("dd_practice"), language, running)


@pytest.fixture
def own(folder: Path) -> Path:
    """A workshop folder with an own notebook for its session."""
    (folder / "notebooks").mkdir()
    shutil.copy(TINY / "agenda_of_a_session.ipynb", folder / "notebooks" / "dd_practice.ipynb")
    return folder


def test_a_copy_finds_its_folder_wherever_the_folder_is_moved(own: Path) -> None:
    copy = opened(own)
    assert (copy.parent / notebooks.parameters(notebooks.read(copy))["folder"]).resolve() == own.resolve()
    assert str(own) not in copy.read_text(encoding="utf-8")


def test_each_language_has_a_copy_of_its_own(own: Path) -> None:
    assert opened(own, "ja").name == "dd_practice.ja.ipynb"
    assert opened(own, "en").name == "dd_practice.en.ipynb"
    assert "進め方" in opened(own, "ja").read_text(encoding="utf-8")


def test_an_edited_copy_is_never_overwritten(own: Path) -> None:
    copy = opened(own)
    edited = changed(copy, copy, work_ja={"source": "## 自分のメモ"}).read_bytes()
    (own / "notebooks" / "dd_practice.ipynb").unlink()
    shutil.copy(TINY / "agenda_of_a_session.ipynb", own / "notebooks" / "dd_practice.ipynb")
    assert opened(own).read_bytes() == edited


def test_a_copy_that_was_only_run_keeps_its_outputs_until_the_programme_changes(own: Path) -> None:
    copy = opened(own)
    run = changed(copy, copy, open_workshop={"execution_count": 1}).read_bytes()
    assert opened(own).read_bytes() == run
    text = (own / "programme.yaml").read_text(encoding="utf-8")
    (own / "programme.yaml").write_text(text.replace("ja: 演習", "ja: 新しい演習"), encoding="utf-8")
    assert "(60分) 新しい演習" in opened(own).read_text(encoding="utf-8")


def test_a_spoilt_copy_is_left_alone(own: Path) -> None:
    opened(own).write_text("half a file", encoding="utf-8")
    assert opened(own).read_text(encoding="utf-8") == "half a file"


def test_a_session_without_a_notebook_is_told(own: Path) -> None:
    text = (own / "programme.yaml").read_text(encoding="utf-8")
    text = text.replace("  - key: dd_practice\n", "  - key: dd_practice\n    notebook: nowhere\n")
    (own / "programme.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(SppError, match="nowhere"):
        opened(own)
