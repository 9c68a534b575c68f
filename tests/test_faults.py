"""Bad input and faults through the whole chain, as a person meets them: the command, its files, its sentences."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from spp_workshop.cli import main
from spp_workshop.documents import shipped

TINY = Path(__file__).parent / "data" / "notebooks"
Told = Callable[..., tuple[int, str, str]]


@pytest.fixture
def told(capsys: pytest.CaptureFixture[str]) -> Told:
    """Runs a command: its exit status, what it said, and what it complained of."""

    def run(*words: str | Path) -> tuple[int, str, str]:
        status = main([str(word) for word in words])
        return status, *capsys.readouterr()

    return run


def edit(path: Path, *changes: tuple[str, str]) -> None:
    """What a person does in an editor."""
    text = path.read_text(encoding="utf-8")
    for old, new in changes:
        assert old in text, old
        text = text.replace(old, new, 1)
    path.write_text(text, encoding="utf-8")


def use(folder: Path, name: str, as_name: str = "company_summary") -> None:
    """Let the workshop folder have this tiny notebook as its own."""
    (folder / "notebooks").mkdir(exist_ok=True)
    shutil.copy(TINY / f"{name}.ipynb", folder / "notebooks" / f"{as_name}.ipynb")


# --- Definitions: all problems at once --------------------------------------------------------------------


def own_copy(folder: Path, name: str) -> Path:
    """A worksheet of the toolkit that the workshop folder has as its own."""
    target = folder / "worksheets" / f"{name}.yaml"
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy(shipped("worksheets") / f"{name}.yaml", target)
    return target


def line_of(path: Path, part: str) -> int:
    """The last line of the file in which this stands."""
    lines = path.read_text(encoding="utf-8").splitlines()
    return max(number for number, line in enumerate(lines, 1) if part in line)


@pytest.fixture
def broken(folder: Path) -> dict[str, set[tuple[str, int]]]:
    """A folder in which everything is wrong that a person can get wrong; rules and lines by file."""
    programme = folder / "programme.yaml"
    edit(
        programme,
        ("organiser:", "organizer:"),
        ("sector: plating", "sector: platting"),
        ("key: beta, name: {ja: ベータ精密, en: Beta Precision}", "key: alpha, name: {ja: ベータ精密}"),
        ("date: 2026-09-24", "date: 2026-02-30"),
        ("method: mixed", "method: hybrid"),
    )
    consent = own_copy(folder, "consent")
    edit(consent, ("subject: company", "subject: compny"), ("select_one yes_no", "select_one yes_noo"))
    with consent.open("a", encoding="utf-8") as stream:
        stream.write("  - {type: text, name: agreed_by, label: {ja: あ, en: a}}\n")
    votes = own_copy(folder, "votes")
    votes.write_text(votes.read_text(encoding="utf-8") + "\n  : [\n", encoding="utf-8")
    use(folder, "mistyped_parameter")
    use(folder, "no_parameters", "programme_report")
    return {
        "programme.yaml": {
            ("missing", 1),
            ("extra_forbidden", line_of(programme, "organizer")),
            ("unknown_choice", line_of(programme, "platting")),
            ("missing", line_of(programme, "ベータ精密")),
            ("duplicate_key", line_of(programme, "ベータ精密")),
            ("date_from_datetime_parsing", line_of(programme, "2026-02-30")),
            ("literal_error", line_of(programme, "hybrid")),
        },
        "consent.yaml": {
            ("literal_error", line_of(consent, "compny")),
            ("unknown_list", line_of(consent, "yes_noo")),
            ("duplicate_field", line_of(consent, "agreed_by")),
        },
        "votes.yaml": {("not_yaml", line_of(votes, "  : ["))},
        "company_summary.ipynb": {("unknown_parameter", 0), ("missing_parameter", 0)},
        "programme_report.ipynb": {("parameters_cell", 0)},
    }


def test_every_mistake_of_every_file_is_told_at_once_with_its_line(
    told: Told, folder: Path, broken: dict[str, set[tuple[str, int]]]
) -> None:
    status, said, _ = told("validate", folder, "--json", "--language", "ja")
    found: dict[str, set[tuple[str, int]]] = {}
    for problem in json.loads(said)["problems"]:
        file, _, line = problem["where"].partition(":")
        found.setdefault(file.rpartition("/")[2], set()).add((problem["rule"], int(line or 0)))
    assert status == 1
    assert found == broken


@pytest.mark.parametrize("language", ["ja", "en"])
def test_every_mistake_has_a_sentence_and_a_remedy_in_the_readers_language(
    told: Told, folder: Path, broken: dict[str, Any], language: str
) -> None:
    status, said, complaint = told("validate", folder, "--language", language)
    lines = said.splitlines()
    assert (status, complaint) == (1, "")
    assert len(lines) == sum(map(len, broken.values())) + 1
    japanese = [any("ぁ" <= letter <= "ん" for letter in line) for line in lines]
    assert all(japanese) if language == "ja" else not any(japanese)
    assert "Traceback" not in said


def test_a_bad_edit_of_the_programme_leaves_answers_and_documents_alone(told: Told, folder: Path) -> None:
    use(folder, "says_its_parameters")
    assert told("summaries", folder, "--language", "ja")[0] == 0
    before = {path: path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}
    edit(folder / "programme.yaml", ("organiser:", "organizer:"))
    for command in ("summaries", "report"):
        status, said, complaint = told(command, folder)
        assert (status, said) == (2, "")
        assert "organizer" in complaint
    edit(folder / "programme.yaml", ("organizer:", "organiser:"))
    assert {path: path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()} == before


@pytest.mark.parametrize("name", ["mistyped_parameter", "no_parameters"])
@pytest.mark.parametrize("language", ["ja", "en"])
def test_parameters_that_do_not_fit_are_told_by_validate_and_refused_by_every_command(
    told: Told, folder: Path, name: str, language: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("spp_workshop.kernels.run", lambda *_: pytest.fail("a kernel was started"))
    for own in ("company_summary", "programme_report", "dd_practice"):
        use(folder, name, own)
    status, said, _ = told("validate", folder, "--language", language)
    assert status == 1
    for own in ("company_summary", "programme_report", "dd_practice"):
        assert f"notebooks/{own}.ipynb" in said
    for command in (["summaries", folder], ["report", folder], ["open", "dd_practice", folder]):
        status, said, complaint = told(*command, "--language", language)
        assert (status, said) == (2, "")
        assert ("パラメータ" if language == "ja" else "parameter") in complaint
    assert not (folder / "output").exists()
