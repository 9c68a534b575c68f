"""What comes out of a form tool goes to the right company, once, and what does not fit is told."""

from __future__ import annotations

import io
import json
import random
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from openpyxl import Workbook as Book
from openpyxl import load_workbook

from spp_workshop.answers import read
from spp_workshop.cli import main
from spp_workshop.errors import AnswerError, SppError
from spp_workshop.rowcodes import codes
from spp_workshop.seats import Seat
from spp_workshop.spreadsheets.opening import read_content
from spp_workshop.workbook.comparing import judge
from spp_workshop.workbook.heads import _readings
from spp_workshop.workbook.importing import Outcome, import_files, judged_files
from spp_workshop.workbook.submitted import judge_submissions
from spp_workshop.workshop import Workshop
from spp_workshop.xlsform import names

from .edited import put
from .form_tools import Sent, Style, Tables, archive, central, code_of, form, kobo, kobo_csv, xlsx
from .test_hostile import JUNK, ROUNDS, with_bytes_exchanged, with_xml_exchanged

LIST, PLAIN, NEXT = "issues_found", "company_profile", "step2_harm_process"


def sent(workshop: Workshop, company: str, *rows: dict[str, Any], **how: Any) -> Sent:
    return Sent(code_of(workshop, company), rows, **how)


def taken(workshop: Workshop, folder: Path, content: bytes, name: str = "export.xlsx", **how: Any) -> Outcome:
    return import_files(workshop, [put(folder, name, content)], **{"store": True, **how})


def exported(workshop: Workshop, name: str, *submissions: Sent, style: Style | None = None) -> bytes:
    return xlsx(kobo(form(workshop, name), submissions, style or Style()))


def said(outcome: Outcome) -> dict[tuple[str, str], str]:
    """By company and question what is said of answers; a short test leaves many questions open."""
    return {
        (one.company.key, told.name): told.state
        for one in outcome.judged
        for told in one.told
        if told.state not in ("unchanged", "incomplete")
    }


# --- Whose it is ------------------------------------------------------------------------------------------


def test_each_submission_goes_to_its_company(
    workshop: Workshop, alpha: Workshop, beta: Workshop, tmp_path: Path
) -> None:
    content = exported(
        workshop,
        LIST,
        sent(workshop, "alpha", {"situation": "甲の一"}, {"situation": "甲の二"}),
        sent(workshop, "beta", {"situation": "乙の一"}, number=2),
    )
    taken(workshop, tmp_path, content)
    assert [row.answers["situation"] for row in alpha.rows(LIST)] == ["甲の一", "甲の二"]
    assert [row.answers["situation"] for row in beta.rows(LIST)] == ["乙の一"]
    digest = read_content(content, "a.xlsx").digest
    assert {one.source for one in workshop.store.latest(LIST)} == {f"formtool:{digest}"}
    assert (workshop.folder / "imports" / f"{digest}.xlsx").read_bytes() == content


@pytest.mark.parametrize("written", ["{}", " {} ", "{lower}", "{wide}", "{bare}"])
def test_a_code_is_known_however_it_is_written(workshop: Workshop, tmp_path: Path, written: str) -> None:
    code = code_of(workshop, "beta")
    wide = "".join(chr(ord(sign) + 0xFEE0) for sign in code)
    typed = written.format(code, lower=code.lower(), wide=wide, bare=code.replace("-", ""))
    outcome = taken(workshop, tmp_path, exported(workshop, PLAIN, Sent(typed, [{"employees": 7}])))
    assert said(outcome) == {("beta", "employees"): "new"}


@pytest.mark.parametrize("code", ["", "ZZZZ-ZZZZ", "alpha", "アルファ表面処理"])
def test_a_code_of_nobody_is_told_with_its_place_and_nothing_is_stored(
    workshop: Workshop, tmp_path: Path, code: str
) -> None:
    code_of(workshop, "alpha")
    outcome = taken(workshop, tmp_path, exported(workshop, LIST, Sent(code, [{"situation": "誰の"}])))
    assert outcome.judged == []
    # The submission, and the row that would belong to it.
    assert [one.rule for one in outcome.refused] == ["unknown_company_code", "row_of_no_submission"]
    assert outcome.refused[0].where.startswith("export.xlsx 事前に見つけた課題")
    assert outcome.refused[0].where.endswith(" A2")
    assert "誰の" not in "".join(one.text("ja") for one in outcome.refused)
    assert workshop.revision() == 0


def test_a_form_of_another_programme_is_not_read(workshop: Workshop, tmp_path: Path) -> None:
    stamp = names.FormStamp(PLAIN, 1, names.short("another")).text()
    one = sent(workshop, "alpha", {"employees": 7}, told={names.STAMP: stamp})
    outcome = taken(workshop, tmp_path, exported(workshop, PLAIN, one))
    assert [one.rule for one in outcome.refused] == ["other_form"]
    assert workshop.revision() == 0


def test_an_export_without_the_stamp_is_not_guessed(workshop: Workshop, tmp_path: Path) -> None:
    tables = kobo(form(workshop, PLAIN), [sent(workshop, "alpha", {"employees": 7})])
    cut = {name: [[*line[:2], *line[3:]] for line in lines] for name, lines in tables.items()}
    outcome = taken(workshop, tmp_path, xlsx(cut))
    assert [one.rule for one in outcome.refused] == ["no_form_stamp"]
    assert workshop.revision() == 0


def test_only_who_may_see_all_companies_takes_an_export_in(workshop: Workshop, alpha: Workshop) -> None:
    content = exported(workshop, PLAIN, sent(workshop, "beta", {"employees": 7}))
    file = read_content(content, "export.xlsx")
    for seat in (Seat.company("alpha"), Seat.organiser(), Seat.projector()):
        with pytest.raises(AnswerError) as told:
            judge_submissions(workshop.seated(seat), [file])
        assert told.value.problems[0].rule == "export_of_many"
    # Nor is it taken for one company's own workbook, whoever says so.
    with pytest.raises(AnswerError) as told:
        judge(alpha, file)
    assert told.value.problems[0].rule == "export_of_many"
    found, _ = judged_files(workshop, [file], company="alpha")
    assert found == []
    found, _ = judged_files(workshop, [file], company="beta")
    assert [one.company.key for one in found] == ["beta"]


def test_a_row_whose_ways_to_its_submission_disagree_is_left_out(
    workshop: Workshop, alpha: Workshop, beta: Workshop, tmp_path: Path
) -> None:
    tables = kobo(form(workshop, LIST), [sent(workshop, "alpha", {"situation": "甲"}),
                                         sent(workshop, "beta", {"situation": "乙"}, number=2)])  # fmt: skip
    heads = tables["Rows"][0]
    # Somebody sorted one column alone.
    for line, other in ((1, 2), (2, 1)):
        tables["Rows"][line][heads.index("_parent_index")] = other
    outcome = taken(workshop, tmp_path, xlsx(tables))
    assert [one.rule for one in outcome.refused] == ["row_of_no_submission"] * 2
    assert workshop.revision() == 0


# --- Once, and the latest ---------------------------------------------------------------------------------


def test_of_a_form_with_single_answers_the_latest_submission_holds(
    workshop: Workshop, alpha: Workshop, tmp_path: Path
) -> None:
    late = sent(workshop, "alpha", {"employees": 9, "products": "めっき"}, at="2026-10-03T09:00:00")
    early = sent(workshop, "alpha", {"employees": 7}, number=2, at="2026-10-02T09:00:00")
    outcome = taken(workshop, tmp_path, exported(workshop, PLAIN, late, early))
    assert alpha.rows(PLAIN)[0].answers == {"employees": 9, "products": "めっき"}
    (ignored,) = [one for one in outcome.judged[0].told if one.state == "ignored"]
    assert (ignored.page[:5], ignored.cell) == ("会社の概要", "A3")
    # An export from before that comes late changes nothing; a later submission does.
    outcome = taken(workshop, tmp_path, exported(workshop, PLAIN, early), "early.xlsx")
    assert said(outcome) == {("alpha", ""): "ignored"}
    last = replace(early, rows=[{"employees": 11}], number=3, at="2026-10-04T09:00:00")
    outcome = taken(workshop, tmp_path, exported(workshop, PLAIN, last, late, early), "last.xlsx")
    assert alpha.rows(PLAIN)[0].answers == {"employees": 11}
    assert said(outcome)["alpha", "products"] == "cleared"


def test_what_was_answered_elsewhere_is_a_conflict_or_stays(
    workshop: Workshop, alpha: Workshop, tmp_path: Path
) -> None:
    alpha.save(PLAIN, {"employees": 40, "products": "画面で書いた"})
    content = exported(workshop, PLAIN, sent(workshop, "alpha", {"employees": 41, "foreign_workers": 5}))
    outcome = taken(workshop, tmp_path, content)
    assert said(outcome) == {("alpha", "employees"): "conflict", ("alpha", "foreign_workers"): "new"}
    expected = {"employees": 40, "products": "画面で書いた", "foreign_workers": 5}
    assert alpha.rows(PLAIN)[0].answers == expected
    taken(workshop, tmp_path, content, overwrite=True)
    assert alpha.rows(PLAIN)[0].answers == {**expected, "employees": 41}


def test_a_change_after_the_import_is_not_undone_by_taking_it_in_again(
    workshop: Workshop, alpha: Workshop, tmp_path: Path
) -> None:
    content = exported(
        workshop, LIST, sent(workshop, "alpha", {"situation": "一"}, {"situation": "二"}, {"situation": "三"})
    )
    taken(workshop, tmp_path, content)
    first, second, _ = alpha.rows(LIST)
    alpha.save(LIST, {"situation": "直した"}, row=first.row, based_on=first.revision)
    alpha.withdraw(LIST, "", second.row)
    revision = workshop.revision()
    outcome = taken(workshop, tmp_path, content)
    assert workshop.revision() == revision
    assert [row.answers["situation"] for row in alpha.rows(LIST)] == ["直した", "三"]
    assert said(outcome) == {("alpha", ""): "ignored"}


def test_a_submission_that_was_edited_in_the_form_tool_changes_its_rows(
    workshop: Workshop, alpha: Workshop, tmp_path: Path
) -> None:
    one = sent(workshop, "alpha", {"situation": "一"}, {"situation": "二", "insight": "消す"})
    taken(workshop, tmp_path, exported(workshop, LIST, one))
    tables = kobo(form(workshop, LIST), [replace(one, rows=[{"situation": "一"}, {"situation": "二の直し"}])])
    # KoboToolbox gives an edited submission a new _uuid, and keeps the first as its root.
    for lines in tables.values():
        place = next(place for place, head in enumerate(lines[0]) if head in ("_uuid", "_submission__uuid"))
        for line in lines[1:]:
            line[place] = "bbbb1111-0000-0000-0000-000000000009"
    outcome = taken(workshop, tmp_path, xlsx(tables), "edited.xlsx")
    assert said(outcome) == {("alpha", "situation"): "changed", ("alpha", "insight"): "cleared"}
    assert [row.answers for row in alpha.rows(LIST)] == [{"situation": "一"}, {"situation": "二の直し"}]


@pytest.mark.parametrize("status", ["validation_status_not_approved", "Not Approved", "rejected"])
def test_what_is_not_approved_in_the_form_tool_is_left_aside(
    workshop: Workshop, tmp_path: Path, status: str
) -> None:
    one = sent(workshop, "alpha", {"employees": 7}, status=status)
    if status == "rejected":
        outcome = taken(workshop, tmp_path, archive(central(form(workshop, PLAIN), [one])), "export.zip")
    else:
        outcome = taken(workshop, tmp_path, exported(workshop, PLAIN, one))
    assert said(outcome) == {("alpha", ""): "ignored"}
    assert workshop.revision() == 0


def test_a_form_that_was_sent_is_a_finished_worksheet_and_a_draft_from_elsewhere_is_not(
    workshop: Workshop, alpha: Workshop, beta: Workshop, tmp_path: Path
) -> None:
    whole = {
        "purpose_understood": True, "ground_rules_agreed": True, "status_by_name": "yes",
        "agreed_on": "2026-01-20", "agreed_by": "社長",
    }  # fmt: skip
    taken(workshop, tmp_path, exported(workshop, "consent", sent(workshop, "alpha", whole)))
    assert alpha.rows("consent")[0].status == "submitted"
    lacking = {name: value for name, value in whole.items() if name != "agreed_by"}
    outcome = taken(workshop, tmp_path, exported(workshop, "consent", sent(workshop, "beta", lacking)))
    missing = [told.name for told in outcome.judged[0].told if told.state == "incomplete"]
    assert missing == ["agreed_by"]
    row = {
        "situation": "送った", "issue": "child_labour", "rights_holders": ["women"],
        "sources": ["worker_interviews"],
    }  # fmt: skip
    for seated in (alpha, beta):
        key = seated.seat.company_key
        content = exported(workshop, LIST, sent(workshop, key, row))
        if seated is alpha:
            alpha.save(LIST, {**row, "situation": "下書き"}, row="r1")
        taken(workshop, tmp_path, content)
    assert {found.status for found in alpha.rows(LIST)} == {"draft"}
    assert {found.status for found in beta.rows(LIST)} == {"submitted"}


# --- Rows that go back to earlier ones --------------------------------------------------------------------


def test_a_row_says_by_code_or_name_what_it_is_about(
    workshop: Workshop, alpha: Workshop, beta: Workshop, tmp_path: Path
) -> None:
    alpha.save("step1_risk_areas", {"business_area": "塗装 ブース"}, row="rabcdefgh")
    alpha.save("step1_risk_areas", {"business_area": "出荷"}, row="rmnpqrstu")
    beta.save("step1_risk_areas", {"business_area": "旋盤"}, row="rbbbbbbbb")
    code = codes(["rabcdefgh", "rmnpqrstu"])["rmnpqrstu"]
    rows = [
        {"event": "転倒"},
        {"event": "火傷"},
        {"event": "別の会社の"},
        {"event": "どれでもない"},
        {"event": "空"},
    ]
    one = sent(workshop, "alpha", *rows, row_of=["塗装ブース", f"2\n{code.lower()}", "旋盤", "9", ""])
    content = exported(workshop, NEXT, one, style=Style("ja", groups=True))
    outcome = taken(workshop, tmp_path, content)
    found = {row.answers["event"]: row for row in alpha.rows(NEXT) if row.revision}
    assert set(found) == {"転倒", "火傷"}
    assert found["転倒"].row.startswith("rabcdefgh.")
    assert found["火傷"].carried["business_area"] == "出荷"
    wrong = [told for told in outcome.judged[0].told if told.state == "wrong"]
    assert [(told.page, told.cell) for told in wrong] == [("Rows", "A4"), ("Rows", "A5"), ("Rows", "A6")]
    # The name may change later: the rows stay the same rows.
    alpha.save("step1_risk_areas", {"business_area": "塗装室"}, row="rabcdefgh", based_on=1)
    alpha.save("step1_risk_areas", {"business_area": "塗装 ブース"}, row="rmnpqrstu", based_on=1)
    revision = workshop.revision()
    taken(workshop, tmp_path, content)
    assert workshop.revision() == revision


# --- Bad values -------------------------------------------------------------------------------------------


def test_bad_values_are_told_with_sheet_row_and_column_and_the_rest_is_stored(
    workshop: Workshop, alpha: Workshop, tmp_path: Path
) -> None:
    tables = kobo(form(workshop, LIST), [sent(workshop, "alpha", {"situation": "一", "issue": "child_labour"},
                                              {"situation": "二", "rights_holders": ["women"]})])  # fmt: skip
    heads = tables["Rows"][0]
    tables["Rows"][1][heads.index("issue")] = "unheard_of"
    tables["Rows"][2][heads.index("rights_holders/employees")] = "1"
    outcome = taken(workshop, tmp_path, xlsx(tables))
    wrong = {
        (told.name, told.page, told.cell[-1]) for told in outcome.judged[0].told if told.state == "wrong"
    }
    assert wrong == {("issue", "Rows", "2"), ("rights_holders", "Rows", "3")}
    assert [row.answers for row in alpha.rows(LIST)] == [{"situation": "一"}, {"situation": "二"}]


def test_choices_by_label_in_one_cell_that_can_be_read_in_two_ways_are_not_guessed(
    workshop: Workshop,
) -> None:
    labels = {"a": "北", "b": "北南", "c": "南", "d": "東"}
    assert (
        _readings("北南", labels) == [frozenset("b"), frozenset("ac")] or len(_readings("北南", labels)) == 2
    )
    assert _readings("北東", labels) == [frozenset("ad")]
    assert _readings("西", labels) == []


def test_of_a_column_that_stands_twice_the_first_one_holds(
    workshop: Workshop, alpha: Workshop, tmp_path: Path
) -> None:
    one = sent(workshop, "alpha", {"employees": 7})
    (lines,) = kobo(form(workshop, PLAIN), [one]).values()
    place = lines[0].index("employees")
    twice = [[*lines[0], "employees", "Company_code"], [*lines[1], "9", code_of(workshop, "beta")]]
    assert twice[1][place] == "7"
    taken(workshop, tmp_path, xlsx({"A": twice}))
    assert alpha.rows(PLAIN)[0].answers == {"employees": 7}


def test_another_version_of_the_form_is_told_and_its_answers_are_read(
    workshop: Workshop, alpha: Workshop, tmp_path: Path
) -> None:
    outcome = taken(
        workshop, tmp_path, exported(workshop, PLAIN, sent(workshop, "alpha", {"employees": 7}, version=99))
    )
    assert said(outcome) == {("alpha", ""): "ignored", ("alpha", "employees"): "new"}


def test_a_list_in_a_csv_of_kobotoolbox_has_no_rows_and_it_is_said_what_to_do(
    workshop: Workshop, tmp_path: Path
) -> None:
    tables = kobo(form(workshop, LIST), [sent(workshop, "alpha", {"situation": "一"})])
    outcome = taken(workshop, tmp_path, kobo_csv(tables), "export.csv")
    assert [one.rule for one in outcome.refused] == ["no_rows"]
    assert "XLS" in outcome.refused[0].text("ja")


def test_the_tables_of_odk_central_may_come_one_by_one_and_both_are_kept(
    workshop: Workshop, alpha: Workshop, tmp_path: Path
) -> None:
    files = central(form(workshop, LIST), [sent(workshop, "alpha", {"situation": "一"}, {"situation": "二"})])
    paths = [put(tmp_path, name, content) for name, content in files.items()]
    import_files(workshop, paths, store=True)
    assert [row.answers["situation"] for row in alpha.rows(LIST)] == ["一", "二"]
    assert len(list((workshop.folder / "imports").iterdir())) == 2
    # The rows alone belong to nobody.
    rows = next(path for path in paths if "Rows" in path.name)
    assert {one.rule for one in import_files(workshop, [rows]).refused} == {"row_of_no_submission"}


def test_an_export_that_was_saved_again_by_a_spreadsheet_and_sorted_is_read(
    workshop: Workshop, alpha: Workshop, tmp_path: Path
) -> None:
    rows = [{"situation": text} for text in ("=1+1", "二", "三")]
    content = exported(workshop, LIST, sent(workshop, "alpha", *rows))
    book = load_workbook(io.BytesIO(content))
    sheet = book["Rows"]
    lines = [[cell.value for cell in line] for line in sheet.iter_rows()]
    again = Book()
    again.active.title = "Rows"  # type: ignore[union-attr]
    for line in [lines[0], *reversed(lines[1:])]:
        again.active.append(line)  # type: ignore[union-attr]
    first = again.create_sheet("A")
    for line in book.worksheets[0].iter_rows(values_only=True):
        first.append(line)
    taken(workshop, tmp_path, content)
    revision = workshop.revision()
    stream = io.BytesIO()
    again.save(stream)
    outcome = taken(workshop, tmp_path, stream.getvalue(), "sorted.xlsx")
    assert said(outcome) == {}
    assert workshop.revision() == revision
    assert [row.answers["situation"] for row in alpha.rows(LIST)] == ["=1+1", "二", "三"]


def test_codes_that_cannot_be_read_are_told(workshop: Workshop, tmp_path: Path) -> None:
    content = exported(workshop, PLAIN, sent(workshop, "alpha", {"employees": 7}))
    (workshop.folder / "form-codes.json").write_text("{", encoding="utf-8")
    outcome = taken(workshop, tmp_path, content)
    assert [one.rule for one in outcome.refused] == ["form_codes"]


# --- The command ------------------------------------------------------------------------------------------


def test_the_command_writes_forms_and_takes_an_export_in(
    folder: Path, tmp_path: Path, workshop: Workshop, alpha: Workshop, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["worksheets", "xlsform", str(folder), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert LIST in told["files"]
    assert told["limits"][NEXT]
    assert told["limits"][""]
    content = exported(workshop, PLAIN, sent(workshop, "alpha", {"employees": 7}), Sent("ZZZZ-ZZZZ", [{}], 2))
    path = put(tmp_path, "export.xlsx", content)
    words = ["worksheets", "import", str(path), "--folder", str(folder), "--language", "en"]
    assert main(words) == 1
    output = capsys.readouterr().out
    assert "Alpha Surface: new 1" in output
    assert "No company has the code of this submission" in output
    assert workshop.revision() == 0
    assert main([*words, "--apply", "--json"]) == 1
    assert json.loads(capsys.readouterr().out)["files"][0]["counts"]["new"] == 1
    assert alpha.rows(PLAIN)[0].answers == {"employees": 7}


# --- Meant to harm ----------------------------------------------------------------------------------------


def with_cells_exchanged(tables: Tables, chance: random.Random, *, mixed: bool) -> Tables:
    """Lines and cells as a person in a hurry would leave them; `mixed`: also with cells of others."""
    made = {name: [list(line) for line in lines] for name, lines in tables.items()}
    for _ in range(chance.randint(1, 10)):
        lines = made[chance.choice(list(made))]
        line, doing = chance.randrange(len(lines)), chance.randint(0, 6)
        place = chance.randrange(len(lines[line])) if lines[line] else 0
        if doing <= 2 and lines[line]:
            other = chance.choice(chance.choice(lines) or [""])
            value = chance.choice([*JUNK, other, other] if mixed else JUNK)
            lines[line][place] = None if value == "\x01" else value
        elif doing == 3 and len(lines) > 1:
            del lines[line]
        elif doing == 4:
            lines.insert(line, list(chance.choice(lines)))
        elif doing == 5:
            for one in lines:
                del one[place : place + 1]
        else:
            chance.shuffle(lines)
    return made


def mutated(workshop: Workshop, tables: Tables, chance: random.Random, *, mixed: bool) -> tuple[str, bytes]:
    doing = chance.randint(0, 4)
    if doing == 0:
        return "a.xlsx", with_xml_exchanged(xlsx(tables), chance)
    if doing == 1:
        return "a.xlsx", with_bytes_exchanged(xlsx(tables), chance)
    if doing == 2:
        files = central(form(workshop, LIST), [sent(workshop, "alpha", {"situation": "甲"}, number=5)])
        return "a.zip", with_bytes_exchanged(archive(files), chance)
    changed = with_cells_exchanged(tables, chance, mixed=mixed)
    return ("a.csv", kobo_csv(changed)) if doing == 3 else ("a.xlsx", xlsx(changed))


@pytest.mark.parametrize("mixed", [True, False], ids=["with others' cells", "without"])
@pytest.mark.parametrize("name", [LIST, PLAIN])
def test_no_traceback_no_wrong_company_and_nothing_invalid_stored(
    workshop: Workshop, tmp_path: Path, name: str, mixed: bool
) -> None:
    own = {"alpha": "甲の", "beta": "乙の"}
    field = "situation" if name == LIST else "products"
    submissions = [
        sent(workshop, key, *({field: f"{word}{n}"} for n in range(3 if name == LIST else 1)), number=place)
        for place, (key, word) in enumerate(own.items(), start=1)
    ]
    tables = kobo(form(workshop, name), submissions)
    for seed in range(ROUNDS):
        chance = random.Random(seed)
        file, content = mutated(workshop, tables, chance, mixed=mixed)
        try:
            import_files(workshop, [put(tmp_path, file, content)], store=True)
        except SppError as error:
            raise AssertionError(seed) from error
    for stored in workshop.store.latest():
        sheet = workshop.worksheets[stored.place.worksheet]
        assert read(sheet, stored.answers, workshop.choices)[1] == []
        key = stored.place.subject.removeprefix("company:")
        texts = [value for value in stored.answers.values() if isinstance(value, str)]
        others = [word for company, word in own.items() if company != key]
        assert key in own
        assert mixed or not [text for text in texts if text.startswith(tuple(others))]
    assert len(workshop.store.latest()) > 1
    assert workshop.store.verify() == []
