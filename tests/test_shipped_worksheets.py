"""Every worksheet and list of choices in the folder, a later one too, is fit to be put before people."""

from __future__ import annotations

import re
from datetime import date
from typing import TYPE_CHECKING, Any

import pytest

from spp_workshop.documents import read, shipped
from spp_workshop.expressions import parse
from spp_workshop.worksheet import (
    DYNAMIC_LISTS,
    Choice,
    ChoiceList,
    Constraint,
    Field,
    Worksheet,
    ancestors,
    load_choices,
    load_worksheets,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from spp_workshop.documents import Model
    from spp_workshop.workshop import Workshop

FOLDER = shipped("worksheets")
SHEET_FILES = sorted(FOLDER.glob("*.yaml"))
CHOICE_FILES = sorted((FOLDER / "choices").glob("*.yaml"))
LISTS = load_choices(FOLDER / "choices")
SHEETS = load_worksheets(FOLDER, lists=LISTS)

SCALES = ["scale", "scope", "irremediability", "likelihood"]
SESSIONS = {
    "dd_preparation", "dd_practice", "dd_engagement", "grievance_study", "grievance_practice", "closing"
}  # fmt: skip

# Lists that no question asks for: they name things in programmes, notebooks and reports.
REFERENCE_LISTS = {
    "agenda_item_kinds", "case_process_steps", "case_states", "hrdd_steps", "key_terms", "priority_classes",
    "readiness_criteria", "sectors", "session_methods",
}  # fmt: skip

# Companies that are named in the report of the pilot, in the spellings that would give them away.
REAL_COMPANIES = re.compile(
    r"\bNEC\b|Panasonic|Tanaka Precious|Toshiba|\bNikon\b|Fujitsu|Mitsubishi|Yokogawa|Aono Kogyo|Shikoku Toso"
    r"|Tateyama|Data Service|Nikko Electric|Fuji Seira|Waka Manufacturing|Sansha"
    r"|パナソニック|東芝|ニコン|富士通|三菱電機|横河|日本電気|田中貴金属"
)
JAPANESE = re.compile(r"[ぁ-んァ-ヶ一-龥]")
# An example that is a date, a number or codes: small letters with a digit or an underscore among them.
CODE = re.compile(r"(?=.*[0-9_])[a-z0-9_., -]+")
# Words that would promise an official approval which there is not.
APPROVAL = re.compile(
    r"METI(の)?(認定|認証|準拠)|経済産業省(の)?(認定|認証|準拠)|certified|METI.compliant", re.IGNORECASE
)


def by_name(path: Path) -> str:
    return path.stem


def texts(data: Any, place: str = "") -> Iterator[tuple[str, str, str]]:
    """Every text in a file, with where it stands: (place, Japanese, English)."""
    if isinstance(data, dict) and set(data) == {"ja", "en"}:
        yield place, data["ja"], data["en"]
    elif isinstance(data, dict):
        for key, value in data.items():
            yield from texts(value, f"{place}/{key}")
    elif isinstance(data, list):
        for index, value in enumerate(data):
            named = value.get("name", index) if isinstance(value, dict) else index
            yield from texts(value, f"{place}/{named}")


def all_questions() -> list[Any]:
    """Every question of every worksheet, as a case of its own."""
    return [
        pytest.param(sheet, field, id=f"{sheet.name}.{field.name}")
        for sheet in SHEETS.values()
        for field in sheet.questions
    ]


def choices_of(field: Field) -> tuple[Choice, ...]:
    return LISTS[field.list_name].choices if field.list_name in LISTS else ()


@pytest.mark.parametrize("path", [*SHEET_FILES, *CHOICE_FILES], ids=by_name)
def test_both_languages_say_something_of_their_own(path: Path) -> None:
    for place, japanese, english in texts(read(path).data):
        assert not JAPANESE.search(english), f"{place}: Japanese in the English text"
        if english == japanese:
            assert CODE.fullmatch(english), f"{place}: only a date, a number or a code is the same in both"
        else:
            assert JAPANESE.search(japanese), f"{place}: no Japanese in the Japanese text"


@pytest.mark.parametrize("path", [*SHEET_FILES, *CHOICE_FILES], ids=by_name)
def test_japanese_is_set_in_japanese_punctuation(path: Path) -> None:
    for place, japanese, _ in texts(read(path).data):
        assert not re.search(r"[ぁ-んァ-ヶー一-龥」)][?:;!,]", japanese), f"{place}: {japanese}"
        assert not re.search(r"[。、]{2}|  |[ぁ-ん]\.", japanese), f"{place}: {japanese}"


@pytest.mark.parametrize("path", [*SHEET_FILES, *CHOICE_FILES], ids=by_name)
def test_no_real_company_and_no_official_approval(path: Path) -> None:
    for place, japanese, english in texts(read(path).data):
        for text in (japanese, english):
            assert not REAL_COMPANIES.search(text), f"{place}: {text}"
            assert not APPROVAL.search(text), f"{place}: {text}"


@pytest.mark.parametrize(("sheet", "field"), all_questions())
def test_a_question_explains_itself(sheet: Worksheet, field: Field) -> None:
    for key in ("hint", "example", "why", "source"):
        assert getattr(field, key), f"{sheet.name}.{field.name} has no {key}"
    assert field.hint
    for language, longest in (("ja", 80), ("en", 180)):
        assert len(field.hint[language]) <= longest, "a hint is one short line"
        assert "\n" not in field.hint[language]


@pytest.mark.parametrize(("sheet", "field"), all_questions())
def test_an_example_could_be_an_answer(sheet: Worksheet, field: Field) -> None:
    assert field.example
    example = field.example.ja
    if field.kind == "integer":
        assert re.fullmatch(r"\d+", example), example
    if field.kind == "date":
        assert date.fromisoformat(example)
    if field.kind == "decimal":
        assert re.fullmatch(r"\d+(\.\d+)?", example), example
    bounds = field.constraint
    if bounds and bounds.max is not None:
        assert (bounds.min or 0) <= float(example) <= bounds.max
    if bounds and bounds.max_length is not None:
        assert len(example) <= bounds.max_length


@pytest.mark.parametrize(("sheet", "field"), all_questions())
def test_an_example_names_choices_as_they_are_called(sheet: Worksheet, field: Field) -> None:
    assert field.example
    for language, quoted, ending in (("ja", r"「([^」]+)」", "を選択"), ("en", r"“([^”]+)”", " chosen")):
        example = field.example[language]
        labels = [choice.label[language] for choice in choices_of(field)]
        if labels and ending in example:
            named = re.findall(quoted, example.partition(ending)[0])
            assert named, example
            for words in named:
                known = [label for label in labels if label.startswith(words)]
                assert known, f"{words} is no choice of {field.list_name}"


@pytest.mark.parametrize(("sheet", "field"), all_questions())
def test_a_sector_example_is_for_a_sector(sheet: Worksheet, field: Field) -> None:
    assert set(field.sector_examples) <= set(LISTS["sectors"].codes)


@pytest.mark.parametrize(("sheet", "field"), all_questions())
def test_relevance_asks_for_codes_that_exist(sheet: Worksheet, field: Field) -> None:
    for tests in parse(field.relevant).alternatives if field.relevant else ():
        for test in tests:
            asked = sheet.by_name[test.field]
            assert asked.kind == "acknowledge" or test.code in LISTS[asked.list_name].codes


@pytest.mark.parametrize("sheet", SHEETS.values(), ids=lambda sheet: sheet.name)
def test_a_worksheet_is_worked_on_in_a_session_of_the_pilot(sheet: Worksheet) -> None:
    assert sheet.session in SESSIONS | {""}


@pytest.mark.parametrize("sheet", SHEETS.values(), ids=lambda sheet: sheet.name)
def test_a_worksheet_is_listed_in_the_readme(sheet: Worksheet) -> None:
    readme = (FOLDER / "README.md").read_text(encoding="utf-8")
    assert f"| `{sheet.name}` |" in readme, "add a line to the table of worksheets/README.md"
    assert sheet.title.en in readme
    assert sheet.title.ja in readme


def test_the_worksheet_that_the_readme_shows_can_be_loaded(tmp_path: Path) -> None:
    readme = (FOLDER / "README.md").read_text(encoding="utf-8")
    (shown,) = re.findall(r"```yaml\n(.*?)```", readme, re.DOTALL)
    (tmp_path / "safety_talk.yaml").write_text(shown, encoding="utf-8")
    sheets = load_worksheets(FOLDER, tmp_path, lists=LISTS)
    assert [field.name for field in sheets["safety_talk"].questions] == ["work"]


@pytest.mark.parametrize("model", [Worksheet, Field, ChoiceList, Choice, Constraint])
def test_the_readme_knows_every_key(model: type[Model]) -> None:
    readme = (FOLDER / "README.md").read_text(encoding="utf-8")
    assert [key for key in model.model_fields if f"`{key}`" not in readme] == []


def test_every_list_is_used_or_is_for_reference() -> None:
    fields = (field for sheet in SHEETS.values() for field in sheet.fields)
    used = {field.list_name for field in fields if field.list_name} - set(DYNAMIC_LISTS)
    assert set(LISTS) - used == REFERENCE_LISTS


def test_rows_travel_from_step_1_to_the_action_plan() -> None:
    plan = SHEETS["action_plan"]
    chain = [sheet.name for sheet in (plan, *ancestors(plan, SHEETS))]
    assert chain == ["action_plan", "step3_prioritisation", "step2_harm_process", "step1_risk_areas"]
    for name in chain:
        assert SHEETS[name].repeats
        assert SHEETS[name].subject == "company"
    assert all("event" in SHEETS[name].carries for name in chain[:2]), "the risk is shown wherever it goes"


def test_the_steps_bear_the_titles_of_metis_steps() -> None:
    steps = LISTS["hrdd_steps"].by_code
    for code, name in (
        ("step_1", "step1_risk_areas"),
        ("step_2", "step2_harm_process"),
        ("step_3", "step3_prioritisation"),
    ):
        assert steps[code].label == SHEETS[name].title
        assert "経済産業省の作業シートそのものではありません" in SHEETS[name].source.ja


@pytest.mark.parametrize("name", SCALES)
def test_a_scale_has_four_described_levels(name: str) -> None:
    levels = [choice for choice in LISTS[name].choices if choice.value is not None]
    assert [(level.name, level.value, level.meti) for level in levels] == [
        (f"{name}_4", 4, "high"),
        (f"{name}_3", 3, "high"),
        (f"{name}_2", 2, "medium"),
        (f"{name}_1", 1, "low"),
    ]
    assert all(level.hint for level in levels)
    assert LISTS[name].proposal


def test_unknown_is_never_a_number() -> None:
    unknown = [
        choice
        for choice_list in LISTS.values()
        for choice in choice_list.choices
        if choice.name.endswith(("unknown", "not_yet_known", "unrated"))
    ]
    assert {choice.name for choice in unknown} >= {"likelihood_unknown", "unknown", "priority_unrated"}
    assert all(choice.value is None and choice.meti is None for choice in unknown)


def test_priority_classes_are_the_severity_levels() -> None:
    assert LISTS["priority_classes"].values == {
        "priority_a": 4, "priority_b": 3, "priority_c": 2, "priority_d": 1
    }  # fmt: skip


@pytest.mark.parametrize(
    "sheet", [sheet for sheet in SHEETS.values() if sheet.subject == "company"], ids=lambda sheet: sheet.name
)
def test_a_worksheet_can_be_filled_in_and_submitted(sheet: Worksheet, alpha: Workshop) -> None:
    row = "first" if sheet.repeats else ""
    alpha.save(sheet.name, {field.name: _answer(field) for field in sheet.questions}, row=row)
    assert alpha.submit(sheet.name, row=row).status == "submitted"
    assert len(alpha.frame(sheet.name)) == 1


def _answer(field: Field) -> Any:
    """What a company would answer that follows the example, or takes the first choice."""
    assert field.example
    if field.kind.startswith("select"):
        code = LISTS[field.list_name].codes[0]
        return code if field.kind == "select_one" else [code]
    return True if field.kind == "acknowledge" else field.example.ja
