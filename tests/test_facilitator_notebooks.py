"""The facilitator's notebooks: the whole agenda, words for every item, a form for every sheet, and no leak.

Each is run through papermill once in each language, first on an empty store and then, cell by cell again, on
a store in which every question of every worksheet is answered by four companies.
"""

from __future__ import annotations

import ast
import copy
import re
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

from spp_workshop import notebooks
from spp_workshop import programme as programmes
from spp_workshop.batch import kernels
from spp_workshop.documents import shipped
from spp_workshop.notebook_form import in_language, tags
from spp_workshop.visibility import BUILT_IN
from spp_workshop.workshop import Workshop, open_workshop

if TYPE_CHECKING:
    from nbformat import NotebookNode

    from spp_workshop.worksheet import Field, Worksheet

FOUND = sorted((shipped("notebooks") / "facilitator").glob("*.ipynb"))
PILOT = programmes.load(shipped("programmes") / "pilot")
COMPANIES = ("alpha", "beta", "gamma", "delta")
LANGUAGES = ("ja", "en")
THREE_LINES = {"ja": ("言う", "問いかけ", "詰まったら"), "en": ("Say", "Ask", "If stuck")}
KANA = re.compile(r"[\u3041-\u3096\u30a1-\u30fa]")

each_notebook = pytest.mark.parametrize("path", FOUND, ids=lambda path: path.stem)
each_language = pytest.mark.parametrize("language", LANGUAGES)


# --- As they are shipped ------------------------------------------------------------------------------------


def test_every_session_of_the_pilot_has_its_notebook() -> None:
    assert {path.stem for path in FOUND} == {session.notebook_name for session in PILOT.sessions}


@each_notebook
def test_it_is_kept_as_a_notebook_of_this_house(path: Path) -> None:
    assert [problem.text("en") for problem in notebooks.problems(path)] == []


def agenda_cells(path: Path, language: str) -> dict[str, str]:
    """Every text that belongs to an agenda item, by its key."""
    cells = in_language(notebooks.read(path), language)
    own = {cell.metadata.get("spp_workshop", {}).get("agenda"): cell.source for cell in cells}
    return {key: source for key, source in own.items() if key}


@each_language
@each_notebook
def test_the_headings_carry_the_pilots_agenda_with_its_clock_times(path: Path, language: str) -> None:
    told = {key: source.splitlines()[0] for key, source in agenda_cells(path, language).items()}
    items = PILOT.session(path.stem).items()
    assert list(told.items()) == [
        (item.key, f"## {notebooks.agenda_heading(item, language)}") for item in items
    ]


@each_language
@each_notebook
def test_every_agenda_item_has_words_to_say_to_ask_and_for_when_it_stalls(path: Path, language: str) -> None:
    for key, source in agenda_cells(path, language).items():
        lines = [line for line in source.splitlines() if line.startswith("- **")]
        labels = tuple(re.match(r"- \*\*(.+?)\*\*[:：] ?(.{10,})", line) for line in lines[:3])
        assert tuple(label and label[1] for label in labels) == THREE_LINES[language], key


def calls(path: Path, name: str) -> list[ast.Call]:
    code = "\n".join(cell.source for cell in notebooks.read(path).cells if cell.cell_type == "code")
    found = [node for node in ast.walk(ast.parse(code)) if isinstance(node, ast.Call)]
    return [call for call in found if ast.unparse(call.func) == name]


def forms(path: Path) -> list[str]:
    return [ast.literal_eval(call.args[1]) for call in calls(path, "form")]


@each_notebook
def test_every_worksheet_of_the_agenda_has_its_form(path: Path) -> None:
    items = PILOT.session(path.stem).items()
    asked = {name for item in items for name in item.worksheets}
    assert asked <= set(forms(path))


def test_every_worksheet_of_a_company_can_be_written_in_some_session() -> None:
    asked = {name for session in PILOT.sessions for name in session.worksheets}
    assert asked <= {name for path in FOUND for name in forms(path)}


@each_notebook
def test_it_begins_with_attendance_and_ends_with_what_remains(path: Path) -> None:
    sheets = forms(path)
    assert sheets[0] == "attendance"
    assert sheets[-2:] == ["session_feedback", "session_record"]
    for last in ("showing.recorded", "showing.missing", "showing.to_send"):
        assert len(calls(path, last)) == 1


@each_notebook
def test_forms_of_groups_and_of_the_session_are_those_of_this_session(path: Path) -> None:
    subjects = {name: sheet.subject for name, sheet in definitions().items()}
    for call in calls(path, "form"):
        names = {keyword.arg: ast.unparse(keyword.value) for keyword in call.keywords}
        own = {} if subjects[ast.literal_eval(call.args[1])] == "company" else {"session": "session"}
        assert names == own, ast.unparse(call)


@each_notebook
def test_what_tells_of_single_companies_is_folded_up(path: Path) -> None:
    folded = [ast.unparse(call.args[1]) for call in calls(path, "showing.only_for_you")]
    for private in ("recorded", "missing", "notes", "unnamed", "case_notes"):
        for call in calls(path, f"showing.{private}"):
            assert ast.unparse(call) in folded
    code = "\n".join(cell.source for cell in notebooks.read(path).cells if cell.cell_type == "code")
    assert len(re.findall(r"\.notes\(language\)", code)) == sum(".notes(language)" in call for call in folded)


@cache
def definitions() -> dict[str, Worksheet]:
    from spp_workshop.workshop import load_definitions

    return load_definitions(Path("nowhere"))[1]


# --- A store in which everything is answered ----------------------------------------------------------------


def secret(company: str, worksheet: str, question: str) -> str:
    return f"SECRET-{company}-{worksheet}-{question}"


def programme_text() -> str:
    """The pilot with four companies and, in every session, two groups."""
    text = (shipped("programmes") / "pilot" / "programme.yaml").read_text(encoding="utf-8")
    lines = [
        f"  - {{key: {key}, name: {{ja: {key}社, en: {key.title()} Co.}}, sector: plating}}"
        for key in COMPANIES
    ]
    groups = [
        "    groups:",
        "      - {key: a, name: {ja: A班, en: Group A}, companies: [alpha, beta]}",
        "      - {key: b, name: {ja: B班, en: Group B}, companies: [gamma, delta]}",
    ]
    text = text.replace("companies: []", "\n".join(["companies:", *lines]), 1)
    return text.replace("    agenda:", "\n".join([*groups, "    agenda:"]))


def answer(workshop: Workshop, field: Field, text: str) -> Any:
    codes = [choice.name for choice in workshop.choices[field.list_name].choices] if field.list_name else []
    number = int(field.constraint.min or 1) if field.constraint else 1
    return {
        "integer": number,
        "decimal": float(number),
        "date": "2026-10-01",
        "acknowledge": True,
        "select_one": codes[0] if codes else None,
        "select_multiple": codes[:1],
    }.get(field.kind, text)


def fill(workshop: Workshop) -> None:
    """Every question of every worksheet but the built-in ones, answered for every subject."""
    sessions = workshop.programme.sessions
    subjects = {
        "company": [f"company:{company}" for company in COMPANIES],
        "group": [f"group:{session.key}.{group.key}" for session in sessions for group in session.groups],
        "session": [f"session:{session.key}" for session in sessions],
    }
    for name, sheet in workshop.worksheets.items():
        for subject in subjects[sheet.subject] if name not in BUILT_IN else ():
            who = subject.partition(":")[2] if sheet.subject == "company" else "together"
            answers = {
                question.name: answer(workshop, question, secret(who, name, question.name))
                for question in sheet.questions
            }
            workshop.save(name, answers, subject=subject, row="alpha" if sheet.repeats else "")


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The pilot's template as it is: no company, no group, no answer."""
    folder = tmp_path_factory.mktemp("empty")
    source = shipped("programmes") / "pilot" / "programme.yaml"
    (folder / "programme.yaml").write_bytes(source.read_bytes())
    return folder


@pytest.fixture(scope="module")
def full(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("full")
    (folder / "programme.yaml").write_text(programme_text(), encoding="utf-8")
    fill(open_workshop(folder))
    return folder


def test_the_full_store_is_full(full: Path) -> None:
    workshop = open_workshop(full)
    empty = [name for name, frame in workshop.frames.items() if frame.empty]
    assert set(empty) == BUILT_IN


# --- Run ----------------------------------------------------------------------------------------------------


class Run(NamedTuple):
    """The code cells as executed on the empty store, and again on the full one; what widgets leave behind."""

    on_empty: list[NotebookNode]
    on_full: list[NotebookNode]
    widgets: str


_RUN: dict[tuple[str, str], Run] = {}


def run(path: Path, language: str, empty: Path, full: Path) -> Run:
    """The notebook run once, by one kernel; later asked for the same it is remembered."""
    if (path.stem, language) not in _RUN:
        given = {"folder": str(empty), "session": path.stem, "language": language}
        ready = notebooks.prepare(notebooks.read(path), language, given, PILOT, path.stem)
        again = [copy.deepcopy(cell) for cell in ready.cells if cell.cell_type == "code"]
        for cell in again:
            cell.id += "-again"
            if "parameters" in tags(cell):
                cell.metadata["tags"] = []
                cell.source = f"folder = {str(full)!r}"
        ready.cells += again
        executed = kernels.run(ready, given, empty)
        cells = [cell for cell in executed.cells if cell.cell_type == "code"]
        _RUN[path.stem, language] = Run(
            [cell for cell in cells if not cell.id.endswith("-again")],
            [cell for cell in cells if cell.id.endswith("-again")],
            str(executed.metadata.get("widgets")),
        )
    return _RUN[path.stem, language]


def shown(cell: NotebookNode) -> dict[str, str]:
    """What the cell shows, by its kind."""
    return {
        kind: "".join(text)
        for output in cell.outputs
        for kind, text in output.get("data", {}).items()
        if isinstance(text, str | list)
    }


def view(cell: NotebookNode) -> bool:
    return any(
        "application/vnd.jupyter.widget-view+json" in output.get("data", {}) for output in cell.outputs
    )


@each_language
@each_notebook
def test_it_runs_through_on_an_empty_and_on_a_full_store(
    path: Path, language: str, empty: Path, full: Path
) -> None:
    on_empty, on_full, _ = run(path, language, empty, full)
    assert len(on_empty) >= len(on_full) > 10
    for cell in (*on_empty, *on_full):
        assert not [output for output in cell.outputs if output.output_type in ("error", "stream")], cell.id
        if cell.source.startswith("form("):
            assert view(cell), cell.id


def stands_open(cell: NotebookNode) -> str:
    """What can be read after the cell has run, but for what is folded up for the facilitator."""
    told = shown(cell)
    if cell.source.startswith("showing.only_for_you"):
        folded = told.get("text/html") or told["text/markdown"]
        return re.sub(r"(?s)^<details><summary>[^<]*</summary>.*</details>$", "", folded.strip())
    return "\n".join(words for kind, words in told.items() if kind != "image/png")


@each_language
@each_notebook
def test_no_company_is_betrayed_to_the_room(path: Path, language: str, empty: Path, full: Path) -> None:
    """Nothing that a company wrote stands open, nor in a widget; what groups and the session share may."""
    betrayed = re.compile(rf"SECRET-({'|'.join(COMPANIES)})")
    done = run(path, language, empty, full)
    for cell in done.on_full:
        assert not betrayed.search(stands_open(cell)), cell.id
    assert "anywidget" in done.widgets
    assert not betrayed.search(done.widgets)


@each_language
@each_notebook
def test_what_is_shared_with_all_is_shown(path: Path, language: str, empty: Path, full: Path) -> None:
    """The other side of the test above: its secrets would be seen if they were shown."""
    for cell in run(path, language, empty, full).on_full:
        if cell.source.startswith("showing.written("):
            assert "SECRET-together" in stands_open(cell), cell.id


@each_notebook
def test_an_english_reader_meets_no_japanese(path: Path, empty: Path, full: Path) -> None:
    on_empty, on_full, _ = run(path, "en", empty, full)
    for cell in (*on_empty, *on_full):
        told = shown(cell)
        assert not KANA.search(told.get("text/html", "") + told.get("text/markdown", "")), cell.id


@each_notebook
def test_the_cells_can_be_run_in_any_order_after_set_up(path: Path, full: Path) -> None:
    code = [cell for cell in notebooks.read(path).cells if cell.cell_type == "code"]
    names: dict[str, Any] = {}
    set_up = next(position for position, cell in enumerate(code) if "open_workshop(" in cell.source)
    for cell in [*code[: set_up + 1], *reversed(code[set_up + 1 :])]:
        exec(compile(cell.source, cell.id, "exec"), names)
        if "parameters" in tags(cell):
            names |= {"folder": str(full)}
