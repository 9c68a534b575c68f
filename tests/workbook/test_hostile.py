"""Files that are broken, huge or meant to harm: told in a sentence, at once, and nothing wrong is stored."""

from __future__ import annotations

import csv
import io
import os
import random
import re
import shutil
import time
import tracemalloc
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from spreadsheets import programs

from spp_workshop.answers import read
from spp_workshop.errors import AnswerError, Problem
from spp_workshop.homework import company_worksheets
from spp_workshop.reading import read_cell
from spp_workshop.spreadsheets.grids import Grid
from spp_workshop.spreadsheets.opening import read_content, read_file
from spp_workshop.workbook.comparing import judge
from spp_workshop.workbook.importing import import_files
from spp_workshop.workbook.recognising import recognise, stamps_of
from spp_workshop.workshop import Workshop

from .edited import Edited, put, sent
from .test_import import converted

ROUNDS = int(os.environ.get("SPP_ROUNDS", "120"))

JUNK: list[Any] = [
    None, "", 0, -1, 1e308, True, "=1+1", "#REF!", "spp-workshop/1 {",
    'spp-workshop/1 {"programme":"tiny"}',
    "#row", "#hint", "+1", "+", "r1", "issue", "x" * 40_000, "〜" * 300, "令和99年99月99日",
    "2026-02-30", "\x01",
    "beta", "はい", "従業員、女性", "気になった状況", "999999999999999999999", "-", "○", "R8.1.20", 46042,
]  # fmt: skip


def with_cells_exchanged(content: bytes, chance: random.Random) -> bytes:
    """Cells, rows, columns, sheets and names as a person in a hurry would leave them."""
    edited = Edited(content)
    for _ in range(chance.randint(1, 12)):
        sheet = chance.choice(edited.book.worksheets)
        row, column = chance.randint(1, 25), chance.randint(1, 14)
        doing = chance.randint(0, 8)
        if doing <= 4:
            cell = sheet.cell(row, column)
            value = chance.choice(JUNK)
            if type(cell).__name__ != "MergedCell" and value != "\x01":
                cell.value = value
        elif doing == 5:
            chance.choice([sheet.delete_rows, sheet.insert_rows])(row, chance.randint(1, 3))
        elif doing == 6:
            chance.choice([sheet.delete_cols, sheet.insert_cols])(column, chance.randint(1, 2))
        elif doing == 7:
            sheet.title = f"{chance.choice(['表', 'Sheet', '会社の概要'])}{chance.randint(1, 10**6)}"
        elif len(edited.book.worksheets) > 2:
            edited.book.remove(sheet)
    return edited.saved()


def with_xml_exchanged(content: bytes, chance: random.Random) -> bytes:
    """Words of the XML inside, as a broken program would write them."""
    made = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(made, "w") as new:
        chosen = chance.choice(old.namelist())
        for name in old.namelist():
            data = old.read(name)
            if name == chosen:
                words = re.findall(rb'"[^"]{0,20}"|<[a-zA-Z]+', data) or [b"x"]
                for _ in range(chance.randint(1, 5)):
                    data = data.replace(
                        chance.choice(words), chance.choice([*words, b'"-1"', b'"A99999999"', b""]), 1
                    )
            if name != chosen or chance.random() > 0.1:
                new.writestr(name, data)
    return made.getvalue()


def with_bytes_exchanged(content: bytes, chance: random.Random) -> bytes:
    data = bytearray(content)
    for _ in range(chance.randint(1, 20)):
        data[chance.randrange(len(data))] = chance.randrange(256)
    return bytes(data[: chance.randrange(len(data))] if chance.random() < 0.2 else data)


@pytest.mark.parametrize("mutate", [with_cells_exchanged, with_xml_exchanged, with_bytes_exchanged])
def test_no_traceback_no_wrong_company_and_nothing_invalid_stored(
    workshop: Workshop, alpha: Workshop, tmp_path: Path, mutate: Any
) -> None:
    alpha.save("issues_found", {"situation": "換気", "issue": "child_labour"}, row="r1")
    alpha.save("step1_risk_areas", {"business_area": "塗装"}, row="r2")
    edited = Edited(sent(workshop, session=""))
    for name in edited.book.sheetnames[9:-2]:
        del edited.book[name]
    edited.answer("company_profile", employees=40, policy_date="2026-01-20")
    content, seed = edited.saved(), int(os.environ.get("SPP_SEED", "1"))
    for number in range(seed, seed + ROUNDS):
        mutated = mutate(content, random.Random(number))
        outcome = import_files(workshop, [put(tmp_path, "a.xlsx", mutated)], store=True)
        assert len(outcome.judged) + len(outcome.refused) == 1, number
    assert_all_good(workshop)


def assert_all_good(workshop: Workshop) -> None:
    """What is stored is alpha's, and valid."""
    for stored in workshop.store.latest():
        assert stored.place.subject == "company:alpha"
        sheet = workshop.worksheets[stored.place.worksheet]
        if stored.place.row != "#order":
            assert read(sheet, stored.answers, workshop.choices)[1] == []
    assert workshop.store.verify() == []


def other_kinds(content: bytes, folder: Path) -> dict[str, bytes]:
    """The same as the other kinds of file that are read: those that LibreOffice writes, if it is there."""
    sheet = Edited(content).sheet("issues_found")
    lines = io.StringIO()
    for row in sheet.iter_rows(values_only=True):
        csv.writer(lines).writerow(["" if one is None else str(one) for one in row])
    found = {"csv": lines.getvalue().encode("cp932", "replace"), "xlsb": programs.xlsb(content)}
    if shutil.which("soffice"):
        found |= {ending: converted(content, ending, folder) for ending in ("xls", "ods")}
    return found


def with_parts_exchanged(content: bytes, chance: random.Random) -> bytes:
    """Bytes within the parts of a zip, which is whole outside."""
    made = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(made, "w") as new:
        chosen = chance.choice(old.namelist())
        for name in old.namelist():
            data = old.read(name)
            new.writestr(name, with_bytes_exchanged(data, chance) if name == chosen and data else data)
    return made.getvalue()


@pytest.mark.parametrize("mutate", [with_bytes_exchanged, with_parts_exchanged])
def test_the_same_for_the_other_kinds_of_file(
    workshop: Workshop, tmp_path: Path, mutate: Callable[[bytes, random.Random], bytes]
) -> None:
    edited = Edited(sent(workshop))
    edited.fill("issues_found", 0, situation="換気", issue="労働安全衛生")
    kinds, seed = other_kinds(edited.saved(), tmp_path), int(os.environ.get("SPP_SEED", "1"))
    for number in range(seed, seed + ROUNDS // 4):
        for ending, content in kinds.items():
            if mutate is with_bytes_exchanged or content.startswith(b"PK"):
                path = put(tmp_path, f"a.{ending}", mutate(content, random.Random(number)))
                outcome = import_files(workshop, [path], company="alpha", store=True)
                assert len(outcome.judged) + len(outcome.refused) == 1, (ending, number)
    assert_all_good(workshop)


def bomb(size: int) -> bytes:
    made = io.BytesIO()
    archive = zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED)
    with archive, archive.open("xl/workbook.xml", "w") as stream:
        for _ in range(size // 1_000_000):
            stream.write(b" " * 1_000_000)
    return made.getvalue()


def refused(content: bytes) -> str:
    """The rule by which a file is refused, within a second and 200 MB."""
    tracemalloc.start()
    begun = time.process_time()
    with pytest.raises(AnswerError) as told:
        read_content(content, "a.xlsx")
    took, (_, peak) = time.process_time() - begun, tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert took < 1
    assert peak < 200_000_000
    return told.value.problems[0].rule


def test_a_zip_bomb_is_refused_before_it_is_unpacked() -> None:
    assert refused(bomb(300_000_000)) == "too_large"


def test_a_file_of_50_megabytes_is_refused_unread(tmp_path: Path) -> None:
    path = tmp_path / "large.xlsx"
    with path.open("wb") as stream:
        stream.truncate(50_000_000)
    begun = time.process_time()
    with pytest.raises(AnswerError, match="larger"):
        read_file(path)
    assert time.process_time() - begun < 1


def test_many_small_parts_are_refused() -> None:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        for number in range(4_000):
            archive.writestr(f"xl/{number}.xml", "")
    assert refused(made.getvalue()) == "too_large"


def test_words_defined_inside_are_refused() -> None:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        archive.writestr("xl/workbook.xml", '<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b "b">]><a>&b;</a>')
    assert refused(made.getvalue()) == "unreadable_file"


@pytest.mark.parametrize(
    "content",
    [b"", b"PK\x03\x04", b"\xd0\xcf\x11\xe0junk", b"\x89PNG\r\n\0\xff", b"%PDF-1.7\n\xe2\xe3", b"\0" * 900],
)
def test_what_is_no_workbook_is_told(workshop: Workshop, tmp_path: Path, content: bytes) -> None:
    outcome = import_files(workshop, [put(tmp_path, "a.xlsx", content)], company="alpha")
    stored = [one for found in outcome.judged for one in found.told if one.state in ("new", "changed")]
    assert stored == []
    assert outcome.refused or outcome.judged


def test_a_sheet_that_claims_a_million_rows_is_read_to_a_limit(workshop: Workshop, tmp_path: Path) -> None:
    edited = Edited(sent(workshop))
    edited.sheet("issues_found").cell(1_048_576, 16_384).value = "x"
    begun = time.process_time()
    import_files(workshop, [put(tmp_path, "a.xlsx", edited.saved())])
    assert time.process_time() - begun < 20


def test_a_large_sheet_of_their_own_is_passed_over_quickly(workshop: Workshop) -> None:
    cells = {(row, column): f"{row}-{column} 品番" for row in range(3_000) for column in range(100)}
    sheets = {sheet.name: sheet for sheet in company_worksheets(workshop)}
    begun = time.process_time()
    assert recognise(Grid("在庫", cells), sheets) is None
    assert time.process_time() - begun < 6


def stamped(text: str) -> bytes:
    """A table with this in its first cell."""
    made = io.StringIO(newline="")
    csv.writer(made).writerow([text])
    return made.getvalue().encode()


@pytest.mark.parametrize(
    "told",
    [
        "[" * 100_000,
        '{"programme":"tiny","company":"\\ud800","export":"e"}',
        '{"programme":"tiny","company":"alpha","export":"\\ud800"}',
        '{"programme":"tiny","company":"\\u001b[2J","export":"e"}',
        f'{{"programme":"tiny","company":"{"b" * 30_000}","export":"e"}}',
    ],
)
def test_a_stamp_that_is_no_stamp_is_passed_over(told: str) -> None:
    grids = read_content(stamped(f"spp-workshop/1 {told}"), "a.csv").grids
    assert len(grids[0].cells) == 1
    assert list(stamps_of(grids)) == []


def test_the_name_of_a_sheet_tells_a_terminal_nothing() -> None:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        archive.writestr("a\x1b[2J\n\x9b1mb" + "c" * 300 + ".csv", "a,b\n1,2\n")
    (grid,) = read_content(made.getvalue(), "a.zip").grids
    assert grid.name.isprintable()
    assert len(grid.name) == 100


def test_thousands_of_lines_that_say_the_same_take_no_longer_than_others(workshop: Workshop) -> None:
    label = workshop.worksheets["issues_found"].by_name
    heads = [label["situation"].label.ja, label["insight"].label.ja]
    made = io.StringIO(newline="")
    csv.writer(made).writerows([heads, *[["同じ", "同じ"]] * 2_900])
    begun = time.process_time()
    judged = judge(workshop, read_content(made.getvalue().encode(), "a.csv"), company="alpha")
    assert len({told.row for told in judged.told if told.state == "new"}) == 2_900
    assert time.process_time() - begun < 5


@pytest.mark.parametrize("cell", ["a、" * 200, "\ufdfa" * 2_000])
def test_what_is_no_choice_is_looked_up_quickly(workshop: Workshop, cell: str) -> None:
    sheet = workshop.worksheets["issues_found"]
    fields = [field for field in sheet.questions if field.kind.startswith("select")]
    begun = time.process_time()
    for field in fields * 100:
        assert isinstance(read_cell(field, workshop.choices[field.list_name], cell), Problem)
    assert time.process_time() - begun < 0.003 * 100 * len(fields)
