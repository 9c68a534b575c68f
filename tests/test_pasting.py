"""A block of cells becomes rows: columns recognised, values read, and nothing lost that cannot be read."""

from __future__ import annotations

import string
import time

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from spp_workshop.documents import shipped
from spp_workshop.errors import AnswerError
from spp_workshop.pasting import Block, read_block
from spp_workshop.worksheet import Text, as_choices, load_choices, load_worksheets

LISTS = load_choices(shipped("worksheets") / "choices")
SHEETS = load_worksheets(shipped("worksheets"), lists=LISTS)
ALPHA = Text(ja="アルファ", en="Alpha")
LISTS = {**LISTS, "companies": as_choices("companies", ALPHA, {"alpha": ALPHA})}
PLAN, STEP1 = SHEETS["action_plan"], SHEETS["step1_risk_areas"]


def read(cells: list[list[str]], sheet: str = "step1_risk_areas", **said: object) -> Block:
    return read_block(SHEETS[sheet], cells, LISTS, **said)  # type: ignore[arg-type]


# --- Columns ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", ["ja", "en"])
def test_labels_name_the_columns_in_either_language(language: str) -> None:
    asked = [STEP1.by_name[name] for name in ("issue", "business_area")]
    labels = [field.label[language] for field in asked]
    block = read([[labels[0], "?", labels[1]], ["労働安全衛生", "x", "めっき"]])
    assert block.header
    assert block.columns == ["issue", "", "business_area"]
    (row,) = block.rows
    assert row.values == {"issue": "occupational_safety_health", "business_area": "めっき"}


def test_without_labels_columns_are_the_questions_in_order() -> None:
    names = list(STEP1.by_name)
    assert read([["めっき", "x"]]).columns == names[:2]
    assert read([["めっき", "x"]], first=names[3]).columns == names[3:5]
    assert read([["a", "b", "c"]], first=names[-1]).columns == [names[-1], "", ""]


def test_columns_can_be_said_otherwise() -> None:
    label = STEP1.by_name["business_area"].label.ja
    block = read([[label, "?"], ["めっき", "児童労働"]], columns=["", "issue"])
    assert [row.values for row in block.rows] == [{"issue": "child_labour"}]
    assert read([["x"]], columns=["no_such_question"]).rows == []


def test_a_label_that_stands_twice_names_one_column() -> None:
    label = STEP1.by_name["business_area"].label.ja
    assert read([[label, label], ["a", "b"]]).columns == ["business_area", ""]


def test_an_answer_that_is_also_a_word_of_the_sheet_is_no_header() -> None:
    block = read([["めっき", "労働安全衛生", "x", "y"]])
    assert not block.header
    assert len(block.rows) == 1


# --- Cells ------------------------------------------------------------------------------------------------


def test_dates_of_eras_numbers_and_choices_are_read_as_people_write_them() -> None:
    due = next(field.name for field in PLAN.questions if field.kind == "date")
    days = read(
        [["令和8年11月23日"], ["Ｒ８．１１．２３"], ["２０２６/１１/２３"], ["2026-11-23"]],
        "action_plan",
        first=due,
    )
    assert [row.values for row in days.rows] == [{due: "2026-11-23"}] * 4
    chosen = next(field for field in STEP1.questions if field.kind == "select_multiple")
    codes = LISTS[chosen.list_name].codes[:2]
    labels = [choice.label for choice in LISTS[chosen.list_name].choices[:2]]
    cells = [
        [f"{labels[0].ja}\n{labels[1].ja}"],
        [f"{labels[0].en}; {labels[1].en}"],
        ["\n".join(codes)],
    ]
    assert [row.values for row in read(cells, first=chosen.name).rows] == [{chosen.name: codes}] * 3
    (people,) = read([["４０"]], "company_profile", first="employees").rows
    assert people.values == {"employees": 40}


def test_what_cannot_be_read_is_kept_as_it_stood_beside_the_rest() -> None:
    (row,) = read([["めっき", "そのような課題はない"]], columns=["business_area", "issue"]).rows
    assert row.values == {"business_area": "めっき"}
    assert row.typed["issue"] == "そのような課題はない"
    assert [problem.field for problem in row.problems] == ["issue"]


def test_empty_lines_are_no_rows() -> None:
    assert read([]).rows == read([["", " "], ["\u3000"]]).rows == []
    assert len(read([["a"], [""], ["b"], ["", "", ""]]).rows) == 2


def test_too_many_rows_are_refused_whole() -> None:
    assert len(read([[str(number)] for number in range(500)]).rows) == 500
    with pytest.raises(AnswerError):
        read([[str(number)] for number in range(501)])


CELL = st.text(max_size=30) | st.sampled_from(["令和8年1月2日", "はい", "１２", "=1+1", "<b>x</b>", "\ud800"])


@settings(suppress_health_check=[HealthCheck.too_slow], max_examples=60)
@given(
    st.sampled_from(sorted(SHEETS)),
    st.lists(st.lists(CELL, max_size=8), max_size=8),
    st.sampled_from(["", "business_area", "no_such"]),
)
def test_whatever_is_pasted_no_cell_of_a_column_is_lost(
    name: str, cells: list[list[str]], first: str
) -> None:
    sheet = SHEETS[name]
    block = read_block(sheet, cells, LISTS, first=first)
    for row in block.rows:
        assert set(row.typed) <= set(sheet.by_name)
        assert set(row.values) | {problem.field for problem in row.problems} == set(row.typed)
        assert set(row.values).isdisjoint(problem.field for problem in row.problems)
    written = [line for line in cells if any(cell.strip() for cell in line)]
    body = written[1:] if block.header else written
    counted = sum(
        1
        for line in body
        for column, cell in zip(block.columns, line, strict=False)
        if column and cell.strip()
    )
    assert sum(len(row.typed) for row in block.rows) == counted


def test_a_hundred_kilobytes_are_read_while_a_person_waits() -> None:
    lines = [[f"作業{number}", "自社の工程", string.ascii_letters * 3, "児童労働"] for number in range(480)]
    assert sum(len(cell) for line in lines for cell in line) > 80_000
    began = time.process_time()
    assert len(read(lines).rows) == 480
    assert time.process_time() - began < 5


# --- Blocks that nobody copies from a sheet ---------------------------------------------------------------


@pytest.mark.parametrize("cell", ["1{}x", "令和{}x", "2026{}x", "2026-11-23{}x"])
def test_a_date_full_of_blanks_takes_no_time(cell: str) -> None:
    due = next(field.name for field in PLAN.questions if field.kind == "date")
    begun = time.monotonic()
    block = read([[cell.format(" " * 900_000)]], "action_plan", first=due)
    # Looking for a weekday at its end took hours.
    assert time.monotonic() - begun < 20
    assert [problem.field for problem in block.rows[0].problems] == [due]


def test_a_line_of_a_hundred_thousand_cells_takes_no_time() -> None:
    begun = time.monotonic()
    assert not read([["a"] * 100_000]).header
    # Each cell was compared anew with every label: fifteen seconds.
    assert time.monotonic() - begun < 5


def test_more_choices_than_there_are_is_no_list_of_them() -> None:
    sheet = next(
        sheet for sheet in SHEETS.values() for one in sheet.questions if one.kind == "select_multiple"
    )
    field = next(one for one in sheet.questions if one.kind == "select_multiple")
    code = LISTS[field.list_name].codes[0]
    begun = time.monotonic()
    (row,) = read([["、".join([code] * 50_000)]], sheet.name, first=field.name).rows
    assert time.monotonic() - begun < 20
    assert [problem.field for problem in row.problems] == [field.name]
