"""From paper back into the store: what stands beside a code lands in the row of that code."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from workbook.edited import Edited, sent

from spp_workshop.forms import reply
from spp_workshop.rows import Row
from spp_workshop.seats import Seat
from spp_workshop.spreadsheets.opening import read_content
from spp_workshop.workbook.applying import apply
from spp_workshop.workbook.comparing import Judged, judge
from spp_workshop.workshop import Workshop

from .conftest import drawn
from .test_paper import CODE, section

LIST, CARRIED = "step1_risk_areas", "step2_harm_process"


@pytest.fixture
def alpha(workshop: Workshop) -> Workshop:
    return workshop.seated(Seat.company("alpha"))


def codes(workshop: Workshop, worksheet: str, printing: str = "p1") -> list[str]:
    """The codes beside the rows of a worksheet on alpha's paper."""
    page = drawn(workshop, printing=printing)["alpha"]
    return CODE.findall(section(page, workshop.worksheets[worksheet].title.ja))


def typed(edited: Edited, worksheet: str, line: int, code: str, **answers: Any) -> None:
    """What somebody types from paper into a line of a workbook: the code into the cell of the number."""
    edited.sheet(worksheet).cell(edited.lines(worksheet)[line], 3).value = code
    edited.fill(worksheet, line, **answers)


def taken(workshop: Workshop, edited: Edited) -> Judged:
    return apply(workshop, judge(workshop, read_content(edited.saved(), "typed.xlsx")))


def rows(company: Workshop, worksheet: str) -> dict[str, Row]:
    return {row.row: row for row in company.rows(worksheet) if row.revision}


def test_a_row_that_was_empty_on_paper_becomes_the_row_of_its_code(
    workshop: Workshop, alpha: Workshop
) -> None:
    first, second = codes(workshop, LIST)[:2]
    edited = Edited(sent(workshop))
    # Into any empty line, in any order, as people write codes.
    typed(edited, LIST, 4, second.lower(), business_area="二つ目")
    typed(edited, LIST, 7, f" {first} ", business_area="一つ目")
    taken(workshop, edited)
    found = {row.answers["business_area"]: row.row for row in alpha.rows(LIST)}
    assert set(found) == {"一つ目", "二つ目"}
    # Its id begins as its code does, and so it has that code ever after.
    assert found["一つ目"][1:5].upper() == first[:4]
    assert set(codes(workshop, LIST, "p2")[:2]) == {first, second}


def test_the_same_code_on_the_next_worksheet_is_the_same_row(workshop: Workshop, alpha: Workshop) -> None:
    code = codes(workshop, LIST)[1]
    assert code in codes(workshop, CARRIED)
    edited = Edited(sent(workshop))
    typed(edited, LIST, 0, code, business_area="塗装")
    typed(edited, CARRIED, 5, code, event="目に入る")
    taken(workshop, edited)
    (row,) = rows(alpha, LIST)
    assert set(rows(alpha, CARRIED)) == {row}
    assert [one.carried["business_area"] for one in alpha.rows(CARRIED)] == ["塗装"]


def test_typed_in_twice_it_is_one_row(workshop: Workshop, alpha: Workshop) -> None:
    code = codes(workshop, LIST)[0]
    for line in (0, 3):
        edited = Edited(sent(workshop))
        # The second time the row is there already, and has a line: whoever overlooks it takes another one.
        typed(edited, LIST, line, code, business_area="塗装")
        taken(workshop, edited)
    assert len(rows(alpha, LIST)) == 1
    assert len(workshop.store.history(workshop.store.latest(LIST)[0].place)) == 1


def test_a_row_that_was_stored_is_found_by_the_code_below_its_number(
    workshop: Workshop, alpha: Workshop
) -> None:
    alpha.save(LIST, {"business_area": "めっき"}, row="rabcdefgh")
    alpha.save(LIST, {"business_area": "塗装"}, row="r2")
    code = codes(workshop, LIST)[1]
    # After printing, rows come before it and are moved.
    alpha.save(LIST, {"business_area": "検査"}, row="r3")
    alpha.reorder(LIST, "", ["r3", "r2", "rabcdefgh"])
    edited = Edited(sent(workshop))
    sheet = edited.sheet(LIST)
    (line,) = [
        place
        for place, row in enumerate(edited.lines(LIST))
        if code in str(sheet.cell(row, 3).value).split("\n")
    ]
    edited.fill(LIST, line, sector_risk="溶剤")
    taken(workshop, edited)
    assert rows(alpha, LIST)["r2"].answers == {"business_area": "塗装", "sector_risk": "溶剤"}
    assert "sector_risk" not in rows(alpha, LIST)["rabcdefgh"].answers


def test_a_code_on_an_empty_line_whose_row_has_a_line_is_told(workshop: Workshop, alpha: Workshop) -> None:
    alpha.save(LIST, {"business_area": "めっき"}, row="rabcdefgh")
    for line in (6, 0):
        edited = Edited(sent(workshop))
        sheet, own = edited.sheet(LIST), edited.lines(LIST)[0]
        if line == 0:  # sorted by somebody: the own line comes later
            for column in range(1, sheet.max_column + 1):
                sheet.cell(own + 5, column).value = sheet.cell(own, column).value
                sheet.cell(own, column).value = None
        typed(edited, LIST, line, "ABCD5", sector_risk="溶剤")
        found = taken(workshop, edited)
        (wrong,) = [one for one in found.told if one.state == "wrong"]
        assert wrong.reason
        assert wrong.reason.text.startswith("The row with this code has another line")
        assert rows(alpha, LIST)["rabcdefgh"].answers == {"business_area": "めっき"}
        assert len(rows(alpha, LIST)) == 1


def test_a_code_on_two_lines_is_told_and_nothing_is_overwritten(workshop: Workshop, alpha: Workshop) -> None:
    code = codes(workshop, LIST)[0]
    edited = Edited(sent(workshop))
    typed(edited, LIST, 0, code, business_area="塗装")
    typed(edited, LIST, 1, code, business_area="めっき")
    found = taken(workshop, edited)
    assert len([one for one in found.told if one.state == "wrong"]) == 1
    assert [row.answers for row in alpha.rows(LIST)] == [{"business_area": "塗装"}]


def test_where_the_row_is_stored_meanwhile_its_code_adds_to_it_and_overwrites_nothing(
    workshop: Workshop, alpha: Workshop
) -> None:
    code = codes(workshop, LIST)[0]
    # A workbook from before anything was typed in, and somebody who types the same paper into the form.
    early, edited = Edited(sent(workshop)), Edited(sent(workshop))
    typed(early, LIST, 0, code, business_area="めっき")
    taken(workshop, early)
    typed(edited, LIST, 6, code, business_area="塗装", sector_risk="溶剤")
    found = taken(workshop, edited)
    assert {one.name: one.state for one in found.told if one.state != "unchanged"} == {
        "business_area": "conflict", "sector_risk": "new"
    }  # fmt: skip
    assert [row.answers for row in alpha.rows(LIST)] == [{"business_area": "めっき", "sector_risk": "溶剤"}]


def test_a_mistyped_code_is_told_and_the_other_lines_are_stored(workshop: Workshop, alpha: Workshop) -> None:
    alpha.save(LIST, {"business_area": "めっき"}, row="rabcdefgh")
    edited = Edited(sent(workshop))
    typed(edited, LIST, 3, "ABCE5", business_area="どこのことか")
    typed(edited, LIST, 4, codes(workshop, LIST)[1], business_area="塗装")
    found = taken(workshop, edited)
    (wrong,) = [one for one in found.told if one.state == "wrong"]
    assert edited.sheet(LIST)[wrong.cell].value == "ABCE5"
    assert wrong.reason
    assert wrong.reason.text == "No row has this code, so nothing on this line was read."
    assert {row.answers["business_area"] for row in alpha.rows(LIST)} == {"めっき", "塗装"}


def test_a_code_means_nothing_in_another_company(workshop: Workshop, alpha: Workshop) -> None:
    alpha.save(LIST, {"business_area": "めっき"}, row="rabcdefgh")
    edited = Edited(sent(workshop, "beta"))
    typed(edited, LIST, 0, "ABCD5", business_area="ベータの行")
    taken(workshop, edited)
    beta = workshop.seated(Seat.company("beta"))
    assert [row.answers for row in beta.rows(LIST)] == [{"business_area": "ベータの行"}]
    assert rows(alpha, LIST)["rabcdefgh"].answers == {"business_area": "めっき"}


def test_the_command_takes_it_in_and_says_what_is_wrong(
    folder: Path, workshop: Workshop, capsys: Any
) -> None:
    from spp_workshop.cli import main

    code = codes(workshop, LIST)[0]
    edited = Edited(sent(workshop))
    typed(edited, LIST, 0, code, business_area="塗装")
    typed(edited, LIST, 1, "ABCE5", business_area="どこのことか")
    (folder / "typed.xlsx").write_bytes(edited.saved())
    words = ["worksheets", "import", str(folder / "typed.xlsx"), "--folder", str(folder), "--apply"]
    assert main([*words, "--language", "ja"]) == 1
    assert "このコードの行はありません" in capsys.readouterr().out
    assert [row.answers["business_area"] for row in workshop.rows(LIST, "company:alpha")] == ["塗装"]


def test_the_command_says_when_there_is_nothing_new(folder: Path, workshop: Workshop, capsys: Any) -> None:
    from spp_workshop.cli import main

    edited = Edited(sent(workshop))
    typed(edited, LIST, 0, codes(workshop, LIST)[0], business_area="塗装")
    (folder / "typed.xlsx").write_bytes(edited.saved())
    words = ["worksheets", "import", str(folder / "typed.xlsx"), "--folder", str(folder), "--language", "en"]
    ends = []
    for more in ([], ["--apply"], ["--apply"]):
        assert main([*words, *more]) == 0
        ends.append(capsys.readouterr().out.splitlines()[-1])
    assert ends[0].startswith("Nothing was stored.")
    assert ends[1].startswith("What is good is stored")
    assert ends[2] == "There is nothing new to be stored in it."


def test_the_form_tells_the_same_code(workshop: Workshop, alpha: Workshop) -> None:
    alpha.save(LIST, {"business_area": "めっき"}, row="r2")
    told = reply(alpha, {"id": "1", "do": "open", "worksheet": LIST, "subject": "company:alpha"})
    assert [row["code"] for row in told["rows"]] == codes(workshop, LIST)[:1]
    request = {"id": "2", "do": "save", "worksheet": LIST, "subject": "company:alpha", "row": "rabcdefgh"}
    saved = reply(alpha, {**request, "changes": {"business_area": "塗装"}})
    assert saved["row"]["code"] == "ABCD5"


def test_every_row_of_every_list_has_its_code_in_the_workbook(workshop: Workshop, alpha: Workshop) -> None:
    for name in (LIST, "issues_found"):
        asked = {LIST: "business_area", "issues_found": "situation"}[name]
        for row in ("rabcdefgh", "r2"):
            alpha.save(name, {asked: "一"}, row=row)
        edited = Edited(sent(workshop))
        sheet = edited.sheet(name)
        shown = [str(sheet.cell(line, 3).value) for line in edited.lines(name)]
        printed = codes(workshop, name)
        assert [re.sub(r"^\d+\n", "", text) for text in shown[:2]] == printed[:2]
