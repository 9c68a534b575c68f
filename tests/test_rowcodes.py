"""Codes of rows: short, told from one another, and a slip of the hand is noticed."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spp_workshop.rowcodes import LETTERS, blank, codes, new_row, rows_of, written
from spp_workshop.rows import new_row_id


def test_a_code_is_the_beginning_of_the_id_and_a_letter_to_check_it() -> None:
    # a, b, c, d are 0 to 3; 2 x 0 + 3 x 1 + 4 x 2 + 5 x 3 = 26, and the letter number 26 is 5.
    assert codes(["rabcdefgh"]) == {"rabcdefgh": "ABCD5"}


def test_rows_that_begin_alike_have_longer_codes() -> None:
    found = codes(["rabcdefgh", "rabcdefgj", "rabcdzzzz", "rzzzzzzzz"])
    assert [len(code) for code in found.values()] == [9, 9, 6, 5]
    for row, code in found.items():
        assert rows_of(written(code).letters, list(found)) == [row]


@pytest.mark.parametrize("row", ["r1", "rabcdefgh.wxyz", "line_12", "alpha"])
def test_a_row_with_any_other_id_has_a_code_too(row: str) -> None:
    code = codes([row, "rabcdefgh"])[row]
    assert len(code) == 5
    assert rows_of(written(code).letters, ["rabcdefgh", row]) == [row]


def test_every_mistyped_letter_and_every_two_exchanged_ones_are_noticed() -> None:
    code = codes(["rk7mq4xyz"])["rk7mq4xyz"].lower()
    slips = {code[:i] + letter + code[i + 1 :] for i in range(5) for letter in LETTERS}
    slips |= {code[:i] + code[i + 1] + code[i] + code[i + 2 :] for i in range(4)}
    assert len(slips) > 150
    assert [slip for slip in slips - {code} if not written(slip).wrong] == []
    assert not written(code).wrong


@pytest.mark.parametrize(
    ("cell", "number", "letters"),
    [
        ("3", "3", ""),
        (3, "3", ""),
        (3.0, "3", ""),
        ("3-2", "32", ""),
        ("ABCD5", "", "abcd"),
        ("3\nABCD5", "3", "abcd"),
        ("12 abcd5", "12", "abcd"),
        ("\uff21\uff22\uff23\uff24\uff15", "", "abcd"),
        (" a-b-c-d-5 ", "", "abcd"),
        ("", "", ""),
        (None, "", ""),
    ],
)
def test_a_number_cell_is_read_however_it_is_written(cell: object, number: str, letters: str) -> None:
    assert written(cell) == (number, letters, False)


@given(st.one_of(st.none(), st.text(max_size=30), st.floats(allow_nan=False), st.integers()))
def test_nothing_in_a_number_cell_is_too_much(cell: object) -> None:
    told = written(cell)
    assert not (told.letters and told.wrong)


@given(st.sampled_from(["alpha", "beta"]), st.text(max_size=8), st.integers(1, 500))
def test_an_empty_row_gets_the_id_to_which_its_code_leads(company: str, printing: str, number: int) -> None:
    row = blank(company, printing, number)
    code = codes([row])[row]
    assert new_row(company, written(code).letters) == row
    assert codes([new_row(company, written(code).letters)]) == {row: code}


def test_the_same_code_is_another_row_in_another_company() -> None:
    assert new_row("alpha", "abcd") != new_row("beta", "abcd")


def test_thousands_of_rows_are_told_from_one_another() -> None:
    rows = [new_row_id() for _ in range(5_000)]
    found = codes(rows)
    assert len(set(found.values())) == 5_000
    assert max(map(len, found.values())) <= 9
