"""What comes back is understood, whatever people did to it; what is not is told, nothing else touched."""

from __future__ import annotations

import io
import os
import shutil
import subprocess
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from openpyxl import Workbook, load_workbook

from spp_workshop.errors import AnswerError
from spp_workshop.messages import say
from spp_workshop.seats import Seat
from spp_workshop.spreadsheets.opening import read_file
from spp_workshop.workbook.annotating import annotated
from spp_workshop.workbook.applying import apply
from spp_workshop.workbook.importing import import_files
from spp_workshop.workshop import Workshop

from .edited import Edited, judged, put, sent, states, values

LIST, PLAIN = "issues_found", "company_profile"


def filled(workshop: Workshop, **answers: Any) -> Edited:
    """A workbook that came back with one line filled in."""
    edited = Edited(sent(workshop))
    edited.fill(LIST, 0, **(answers or {"situation": "換気が弱い"}))
    return edited


# --- What is said -----------------------------------------------------------------------------------------


def test_an_untouched_workbook_says_nothing_new(alpha: Workshop, workshop: Workshop) -> None:
    alpha.save(LIST, {"situation": "換気", "rights_holders": ["employees", "women"]}, row="r1")
    alpha.save(PLAIN, {"employees": 40}, row="")
    alpha.save("consent", {"purpose_understood": True, "agreed_on": "2026-01-20"})
    for languages in (("ja",), ("en",), ("ja", "en")):
        assert states(judged(workshop, sent(workshop, languages=languages))) == {}  # type: ignore[arg-type]


def test_new_changed_and_cleared_answers_are_told_apart(alpha: Workshop, workshop: Workshop) -> None:
    alpha.save(LIST, {"situation": "換気", "insight": "気付き"}, row="r1")
    edited = Edited(sent(workshop))
    edited.fill(LIST, 0, situation="換気が弱い", insight=None, issue="労働安全衛生")
    found = judged(workshop, edited.saved())
    assert states(found) == {
        (LIST, "situation"): "changed", (LIST, "insight"): "cleared", (LIST, "issue"): "new"
    }  # fmt: skip
    assert values(found) == {
        "situation": "換気が弱い", "insight": None, "issue": "occupational_safety_health"
    }  # fmt: skip
    (place,) = [one for one in found.told if one.name == "issue" and one.state == "new"]
    assert place.page == "事前に見つけた課題"
    assert edited.sheet(LIST)[place.cell].value == "労働安全衛生"


def test_an_answer_that_somebody_else_changed_is_a_conflict_and_the_others_are_not(
    alpha: Workshop, workshop: Workshop
) -> None:
    alpha.save(LIST, {"situation": "はじめ", "insight": "はじめ"}, row="r1")
    edited = Edited(sent(workshop))
    alpha.save(LIST, {"situation": "画面で変えた", "insight": "画面で変えた"}, row="r1", based_on=1)
    edited.fill(LIST, 0, situation="ブックで変えた", issue="労働安全衛生")
    found = judged(workshop, edited.saved())
    assert states(found) == {(LIST, "situation"): "conflict", (LIST, "issue"): "new"}
    apply(workshop, found)
    (row,) = alpha.rows(LIST)
    assert row.answers == {
        "situation": "画面で変えた", "insight": "画面で変えた", "issue": "occupational_safety_health"
    }  # fmt: skip
    # Whoever has asked the company says so.
    apply(workshop, judged(workshop, edited.saved(), overwrite=True))
    assert alpha.rows(LIST)[0].answers["situation"] == "ブックで変えた"
    assert "画面で変えた" in [one.answers["situation"] for one in workshop.store.history(
        workshop.store.latest(LIST)[0].place)]  # fmt: skip


def test_what_cannot_be_read_is_told_with_its_place_and_the_rest_is_stored(
    alpha: Workshop, workshop: Workshop
) -> None:
    edited = filled(workshop, situation="換気", issue="ないもの")
    edited.answer(PLAIN, employees="たくさん", products="めっき")
    found = judged(workshop, edited.saved())
    assert states(found) == {
        (LIST, "situation"): "new", (LIST, "issue"): "wrong",
        (PLAIN, "employees"): "wrong", (PLAIN, "products"): "new",
    }  # fmt: skip
    for one in found.told:
        if one.state == "wrong":
            assert one.reason
            assert one.remedy
    apply(workshop, found)
    assert alpha.rows(LIST)[0].answers == {"situation": "換気"}
    assert alpha.rows(PLAIN)[0].answers == {"products": "めっき"}


def test_two_files_of_one_company_that_disagree_are_a_conflict_for_both(
    alpha: Workshop, workshop: Workshop, tmp_path: Path
) -> None:
    one, other = (
        filled(workshop, situation="甲", insight="同じ"),
        filled(workshop, situation="乙", insight="同じ"),
    )
    files = [put(tmp_path, "one.xlsx", one.saved()), put(tmp_path, "other.xlsx", other.saved())]
    outcome = import_files(workshop, files, store=True)
    for found in outcome.judged:
        assert states(found)[LIST, "situation"] == "conflict"
    assert alpha.rows(LIST)[0].answers == {"insight": "同じ"}


def test_files_of_one_name_are_told_apart_each_with_its_copy(workshop: Workshop, tmp_path: Path) -> None:
    files = []
    for place, situation in (("monday", "甲"), ("friday", "乙")):
        (tmp_path / place).mkdir()
        files.append(put(tmp_path / place, "back.xlsx", filled(workshop, situation=situation).saved()))
    outcome = import_files(workshop, files)
    assert [one.file.name for one in outcome.judged] == [str(file) for file in files]
    assert len(set(outcome.copies.values())) == 2
    (told,) = [one for one in outcome.judged[0].told if one.state == "conflict"]
    # With both given again, it would do nothing.
    assert "--overwrite" not in say(told.remedy, "en")


@pytest.mark.skipif(os.name == "nt", reason="Windows takes no such names")
def test_a_files_name_gives_no_orders_to_a_terminal(workshop: Workshop, tmp_path: Path) -> None:
    name = "a\x1b[2J\nb.xlsx"
    files = [put(tmp_path, name, filled(workshop).saved()), put(tmp_path, f"{name}.xls", b"\xd0\xcf\x11\xe0")]
    outcome = import_files(workshop, [*files, tmp_path / f"no{name}"])
    said = [outcome.judged[0].file.name, *(problem.where for problem in outcome.refused)]
    assert said == ["a\ufffd[2J b.xlsx", "a\ufffd[2J b.xlsx.xls", "noa\ufffd[2J b.xlsx"]


# --- Storing ----------------------------------------------------------------------------------------------


def test_a_dry_run_stores_nothing(workshop: Workshop, tmp_path: Path) -> None:
    import_files(workshop, [put(tmp_path, "a.xlsx", filled(workshop).saved())])
    assert workshop.revision() == 0
    assert not (workshop.folder / "imports").exists()


def test_a_file_is_kept_as_it_came_and_named_as_the_source(
    alpha: Workshop, workshop: Workshop, tmp_path: Path
) -> None:
    content = filled(workshop).saved()
    outcome = import_files(workshop, [put(tmp_path, "a.xlsx", content)], store=True)
    digest = outcome.judged[0].file.digest
    kept = workshop.folder / "imports" / f"{digest}.xlsx"
    assert kept.read_bytes() == content
    assert kept.stat().st_mode & 0o077 == 0
    (stored,) = workshop.store.latest(LIST)
    assert (stored.source, stored.author, stored.status) == (f"workbook:{digest}", "company:alpha", "draft")


def test_applying_a_file_twice_changes_nothing(alpha: Workshop, workshop: Workshop, tmp_path: Path) -> None:
    edited = filled(workshop, situation="一", rights_holders="自社の従業員(正社員)")
    edited.fill(LIST, 2, situation="三")
    edited.answer(PLAIN, employees=12)
    edited.fill("step1_risk_areas", 0, business_area="塗装")
    edited.fill("step2_harm_process", 0, event="転倒")
    last = len(edited.lines("step2_harm_process")) - 1
    edited.fill("step2_harm_process", last, event="火傷")
    edited.sheet("step2_harm_process").cell(edited.lines("step2_harm_process")[last], 3).value = "1"
    # A line that somebody added below, without any id.
    sheet = edited.sheet(LIST)
    sheet.cell(sheet.max_row + 1, edited.keys(LIST)["situation"]).value = "足した行"
    path = put(tmp_path, "a.xlsx", edited.saved())
    import_files(workshop, [path], store=True)
    after = workshop.revision()
    assert after == 7
    outcome = import_files(workshop, [path], store=True)
    assert workshop.revision() == after
    assert states(outcome.judged[0]) == {}
    first, second = alpha.rows("step2_harm_process")
    assert second.row.startswith(f"{first.row}.")
    assert [row.carried.get("business_area") for row in (first, second)] == ["塗装", "塗装"]


def test_all_of_a_file_is_stored_or_nothing(
    workshop: Workshop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    edited = filled(workshop)
    edited.answer(PLAIN, employees=12)
    saves = []

    def failing(self: Workshop, worksheet: str, *rest: Any, **how: Any) -> Any:
        saves.append(worksheet)
        if len(saves) == 2:
            raise OSError("the disk is gone")
        return save(self, worksheet, *rest, **how)

    save = Workshop.save
    monkeypatch.setattr(Workshop, "save", failing)
    with pytest.raises(OSError, match="gone"):
        import_files(workshop, [put(tmp_path, "a.xlsx", edited.saved())], store=True)
    assert len(saves) == 2
    assert workshop.revision() == 0


def test_a_finished_sheet_is_submitted_when_nothing_is_missing(alpha: Workshop, workshop: Workshop) -> None:
    edited = Edited(sent(workshop))
    edited.answer(
        "consent",
        ground_rules_agreed="○",
        status_by_name="はい",
        agreed_on="令和8年1月20日",
        agreed_by="社長",
    )
    edited.finish("consent", "書き終えました(提出します)")
    found = apply(workshop, judged(workshop, edited.saved()))
    (missing,) = [one for one in found.told if one.state == "incomplete"]
    assert missing.name == "purpose_understood"
    assert missing.cell
    assert alpha.rows("consent")[0].status == "draft"
    edited.answer("consent", purpose_understood="確認しました")
    again = apply(workshop, judged(workshop, edited.saved()))
    assert [one for one in again.told if one.state == "incomplete"] == []
    (row,) = alpha.rows("consent")
    assert row.status == "submitted"
    assert row.answers["agreed_on"] == "2026-01-20"
    revision = workshop.revision()
    apply(workshop, judged(workshop, edited.saved()))
    assert workshop.revision() == revision


def test_a_line_that_was_emptied_is_withdrawn(alpha: Workshop, workshop: Workshop) -> None:
    alpha.save(LIST, {"situation": "取り消す"}, row="r1")
    edited = Edited(sent(workshop))
    edited.fill(LIST, 0, situation=None)
    apply(workshop, judged(workshop, edited.saved()))
    assert alpha.rows(LIST) == []


def test_a_line_that_is_gone_from_the_file_stays_and_a_withdrawn_one_stays_withdrawn(
    alpha: Workshop, workshop: Workshop
) -> None:
    alpha.save(LIST, {"situation": "一"}, row="r1")
    alpha.save(LIST, {"situation": "二"}, row="r2")
    edited = Edited(sent(workshop))
    edited.sheet(LIST).delete_rows(edited.lines(LIST)[0])
    edited.fill(LIST, 0, situation="二の二")
    alpha.withdraw(LIST, "", "r2")
    found = apply(workshop, judged(workshop, edited.saved()))
    assert [(one.state, one.row) for one in found.told if one.state != "unchanged"] == [("ignored", "r2")]
    assert [row.answers["situation"] for row in alpha.rows(LIST)] == ["一"]


# --- Whose it is ------------------------------------------------------------------------------------------


def test_another_companys_workbook_is_refused_and_whose_it_is_told_to_the_custodian_alone(
    alpha: Workshop, workshop: Workshop
) -> None:
    content = Edited(sent(workshop, "beta")).saved()
    with pytest.raises(AnswerError) as told:
        judged(workshop, content, company="alpha")
    assert "ベータ精密" in told.value.text("ja")
    assert "Beta Precision" in told.value.text("en")
    for seat in (Seat.company("alpha"),):
        with pytest.raises(AnswerError) as said:
            judged(workshop.seated(seat), content)
        for language in ("ja", "en"):
            assert "eta" not in said.value.text(language)
            assert "ベータ" not in said.value.text(language)
    assert judged(workshop, content).company.key == "beta"


def test_a_sheet_out_of_another_companys_workbook_is_left_aside(
    alpha: Workshop, beta: Workshop, workshop: Workshop
) -> None:
    beta.save(LIST, {"situation": "ベータの話"}, row="r1")
    theirs, ours = Edited(sent(workshop, "beta")), Edited(sent(workshop))
    for row in theirs.sheet(LIST).iter_rows():
        for cell in row:
            if cell.value is not None and type(cell).__name__ != "MergedCell":
                ours.sheet(LIST)[cell.coordinate].value = cell.value
    found = apply(workshop, judged(workshop, ours.saved()))
    assert {one.state for one in found.told if one.page == "事前に見つけた課題"} == {"ignored"}
    assert alpha.rows(LIST) == []


def test_a_workbook_of_another_programme_and_one_of_nobody_are_refused(workshop: Workshop) -> None:
    edited = Edited(sent(workshop))
    for sheet in edited.book.worksheets:
        if isinstance(sheet["A1"].value, str):
            sheet["A1"].value = sheet["A1"].value.replace('"tiny"', '"other"')
    with pytest.raises(AnswerError, match="another programme"):
        judged(workshop, edited.saved())
    with pytest.raises(AnswerError, match="whose"):
        judged(workshop, b"\xe4\xba\x8b,1\n")


# --- What people do to a sheet ----------------------------------------------------------------------------


def test_columns_that_were_moved_added_or_deleted(workshop: Workshop) -> None:
    edited = filled(workshop, situation="換気", insight="気付き", issue="労働安全衛生")
    sheet, keys = edited.sheet(LIST), edited.keys(LIST)
    sheet.move_range(f"{sheet.cell(1, keys['situation']).column_letter}5:"
                     f"{sheet.cell(1, keys['situation']).column_letter}{sheet.max_row}", cols=30)  # fmt: skip
    sheet.cell(6, 60).value = "社内メモ"
    sheet.cell(edited.lines(LIST)[0], 60).value = "見せない"
    sheet.delete_cols(keys["insight"])
    found = judged(workshop, edited.saved())
    assert values(found) == {"situation": "換気", "issue": "occupational_safety_health"}
    assert [one.state for one in found.told if one.state == "ignored"] == ["ignored"]


def test_renamed_sorted_and_hidden(alpha: Workshop, workshop: Workshop) -> None:
    for number, text in enumerate(("一", "二", "三")):
        alpha.save(LIST, {"situation": text}, row=f"r{number}")
    edited = Edited(sent(workshop))
    sheet, lines = edited.sheet(LIST), edited.lines(LIST)
    sheet.title = "課題(最終版)"
    rows = [[cell.value for cell in sheet[line]] for line in lines[:3]]
    for line, row in zip(lines, rows[::-1], strict=False):
        for column, value in enumerate(row, start=1):
            sheet.cell(line, column).value = value
    sheet.row_dimensions[lines[1]].hidden = True
    edited.fill(LIST, 0, situation="三の二")
    edited.fill(LIST, 1, situation="二の二")
    apply(workshop, judged(workshop, edited.saved()))
    assert [row.answers["situation"] for row in alpha.rows(LIST)] == ["一", "二の二", "三の二"]


def test_a_line_copied_with_its_hidden_id_is_a_line_of_its_own(alpha: Workshop, workshop: Workshop) -> None:
    alpha.save(LIST, {"situation": "元の行"}, row="r1")
    edited = Edited(sent(workshop))
    sheet, lines = edited.sheet(LIST), edited.lines(LIST)
    for cell in sheet[lines[0]]:
        sheet.cell(lines[1], cell.column).value = cell.value
    edited.fill(LIST, 1, situation="写した行")
    apply(workshop, judged(workshop, edited.saved()))
    first, second = alpha.rows(LIST)
    assert (first.answers, second.answers) == ({"situation": "元の行"}, {"situation": "写した行"})


def test_a_block_pasted_over_the_sheet_with_its_heads(alpha: Workshop, workshop: Workshop) -> None:
    edited = Edited(sent(workshop))
    sheet, keys, lines = edited.sheet(LIST), edited.keys(LIST), edited.lines(LIST)
    for line, (situation, issue) in enumerate((("気になった状況", "近い人権課題"), ("足元", "労働安全衛生"))):
        sheet.cell(lines[-1] + 2 + line, keys["situation"]).value = situation
        sheet.cell(lines[-1] + 2 + line, keys["issue"]).value = issue
    apply(workshop, judged(workshop, edited.saved()))
    told = [row.answers for row in alpha.rows(LIST)]
    assert told == [{"situation": "足元", "issue": "occupational_safety_health"}]


def test_merged_cells_are_meant_for_all_their_lines(workshop: Workshop, alpha: Workshop) -> None:
    edited = filled(workshop, situation="一", issue="労働安全衛生")
    edited.fill(LIST, 1, situation="二")
    sheet, lines, column = edited.sheet(LIST), edited.lines(LIST), edited.keys(LIST)["issue"]
    sheet.merge_cells(start_row=lines[0], end_row=lines[1], start_column=column, end_column=column)
    apply(workshop, judged(workshop, edited.saved()))
    assert [row.answers.get("issue") for row in alpha.rows(LIST)] == ["occupational_safety_health"] * 2


def test_without_hidden_rows_and_columns_labels_lead(workshop: Workshop, alpha: Workshop) -> None:
    edited = filled(
        workshop, situation="換気", rights_holders="自社の従業員(正社員)", rights_holders__2="女性"
    )
    sheet = edited.sheet(LIST)
    sheet.delete_rows(5)
    sheet.delete_cols(1, 2)
    profile = edited.sheet(PLAIN)
    edited.answer(PLAIN, employees="４８人".removesuffix("人"))
    profile.delete_cols(1)
    found = judged(workshop, edited.saved())
    assert values(found) == {"situation": "換気", "rights_holders": ["employees", "women"], "employees": 48}


@pytest.mark.parametrize("language", ["ja", "en"])
def test_values_pasted_into_a_workbook_of_ones_own(workshop: Workshop, language: Any) -> None:
    sheet = workshop.worksheets[LIST]
    own = Workbook()
    page = own.active
    assert page is not None
    page.append(["メモ"])
    page.append([sheet.by_name[name].label[language] for name in ("issue", "situation")])
    page.append(["ｏccupational_safety_health", " 床が\n滑る "])
    stream = io.BytesIO()
    own.save(stream)
    found = judged(workshop, stream.getvalue(), company="alpha")
    assert values(found) == {"issue": "occupational_safety_health", "situation": "床が\n滑る"}


@pytest.mark.parametrize(
    ("name", "typed", "stored"),
    [
        ("employees", "４８", 48), ("employees", " 1,200 ", 1200), ("employees", 48.0, 48),
        ("policy_date", "令和8年1月20日", "2026-01-20"), ("policy_date", 46042, "2026-01-20"),
        ("policy_date", datetime.fromisoformat("2026-01-20"), "2026-01-20"),
        ("products", "めっき\r\n加工 ", "めっき\n加工"),
    ],
)  # fmt: skip
def test_cells_as_people_fill_them_in(workshop: Workshop, name: str, typed: Any, stored: Any) -> None:
    assert name in workshop.worksheets[PLAIN].by_name
    edited = Edited(sent(workshop))
    edited.answer(PLAIN, **{name: typed})
    assert values(judged(workshop, edited.saved())) == {name: stored}


def test_a_formula_without_result_and_an_error_are_told(workshop: Workshop) -> None:
    edited = filled(workshop, situation="=A1&B1", insight="#REF!", issue="労働安全衛生")
    assert states(judged(workshop, edited.saved())) == {
        (LIST, "situation"): "wrong", (LIST, "insight"): "wrong", (LIST, "issue"): "new"
    }  # fmt: skip


def test_an_older_version_of_a_worksheet_gives_what_is_still_asked(workshop: Workshop) -> None:
    edited = filled(workshop, situation="換気")
    sheet, keys = edited.sheet(LIST), edited.keys(LIST)
    sheet["A1"].value = sheet["A1"].value.replace('"version":1', '"version":0')
    sheet.cell(5, keys["insight"]).value = "old_question"
    sheet.cell(6, keys["insight"]).value = "昔の質問"
    edited.fill(LIST, 0)
    sheet.cell(edited.lines(LIST)[0], keys["insight"]).value = "昔の答え"
    found = judged(workshop, edited.saved())
    assert values(found) == {"situation": "換気"}
    assert [one.state for one in found.told].count("ignored") == 2


# --- The copy that goes back ------------------------------------------------------------------------------


def test_the_copy_marks_cells_says_why_and_can_be_sent_in_again(workshop: Workshop, alpha: Workshop) -> None:
    edited = filled(workshop, situation="換気", issue="ないもの")
    edited.answer(PLAIN, employees="たくさん")
    content = edited.saved()
    found = apply(workshop, judged(workshop, content))
    copy = Edited(annotated(workshop, found))
    cell = copy.sheet(LIST).cell(copy.lines(LIST)[0], copy.keys(LIST)["issue"])
    assert cell.value == "ないもの"
    assert "選択肢" in cell.comment.text
    assert cell.fill.fgColor.rgb == "FFFBDCD8"
    copy.fill(LIST, 0, issue="労働安全衛生")
    copy.answer(PLAIN, employees=40)
    apply(workshop, judged(workshop, copy.saved()))
    (row,) = alpha.rows(LIST)
    assert row.answers == {"situation": "換気", "issue": "occupational_safety_health"}
    assert alpha.rows(PLAIN)[0].answers == {"employees": 40}


def test_the_cover_of_the_copy_says_what_the_colours_mean_and_tabs_where_to_look(workshop: Workshop) -> None:
    edited = filled(workshop, situation="換気", issue="ないもの")
    edited.answer(PLAIN, employees=40)
    copy = Edited(annotated(workshop, judged(workshop, edited.saved())))
    cover = {cell.value: cell for row in copy.book.worksheets[0].iter_rows() for cell in row if cell.value}
    wrong = cover["読み取れませんでした。直してください。(セルの数: 1)"]
    assert wrong.offset(0, -1).fill.fgColor.rgb == "FFFBDCD8"
    assert "読み取れました。直す必要はありません。(セルの数: 2)" in cover
    assert copy.sheet(LIST).sheet_properties.tabColor.rgb == "FFFBDCD8"
    assert copy.sheet(PLAIN).sheet_properties.tabColor is None
    plain = Edited(sent(workshop)).book.worksheets[0]
    assert not any("色" in str(cell.value) for row in plain.iter_rows() for cell in row)


def test_the_copy_shows_both_answers_of_a_conflict(workshop: Workshop, alpha: Workshop) -> None:
    alpha.save(LIST, {"situation": "はじめ"}, row="r1")
    edited = Edited(sent(workshop))
    alpha.save(LIST, {"situation": "画面"}, row="r1", based_on=1)
    edited.fill(LIST, 0, situation="ブック")
    copy = Edited(annotated(workshop, judged(workshop, edited.saved())))
    cell = copy.sheet(LIST).cell(copy.lines(LIST)[0], copy.keys(LIST)["situation"])
    assert cell.value == "ブック"
    assert "画面" in cell.comment.text


# --- Other programs ---------------------------------------------------------------------------------------

SOFFICE = shutil.which("soffice")


def converted(content: bytes, ending: str, folder: Path) -> bytes:
    """The file as LibreOffice saves it."""
    if not SOFFICE:
        pytest.skip("LibreOffice is not installed")
    path = put(folder, "in.xlsx", content)
    words = ["--headless", f"-env:UserInstallation=file://{folder}/profile", "--convert-to", ending]
    subprocess.run(
        [SOFFICE, *words, "--outdir", str(folder / "out"), str(path)], check=True, capture_output=True
    )
    return (folder / "out" / f"in.{ending.partition(':')[0]}").read_bytes()


@pytest.mark.parametrize("ending", ["xlsx", "xls", "ods"])
def test_saved_by_another_program(workshop: Workshop, tmp_path: Path, ending: str) -> None:
    edited = filled(workshop, situation="換気", rights_holders="自社の従業員(正社員)")
    edited.answer(PLAIN, employees=48, policy_date="2026-01-20")
    content = converted(edited.saved(), ending, tmp_path)
    expected = {
        "situation": "換気",
        "rights_holders": ["employees"],
        "employees": 48,
        "policy_date": "2026-01-20",
    }
    assert values(judged(workshop, content)) == expected


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp932", "utf-16"])
@pytest.mark.parametrize("mark", [",", "\t", ";"])
def test_text_with_commas_in_every_encoding(workshop: Workshop, encoding: str, mark: str) -> None:
    sheet = workshop.worksheets[LIST]
    heads = [sheet.by_name[name].label.ja for name in ("issue", "situation")
             if name in sheet.by_name]  # fmt: skip
    line = ["労働安全衛生", '"床が\n滑る"']
    text = "\r\n".join([mark.join(heads), mark.join(line)])
    found = judged(workshop, text.encode(encoding), "a.csv", company="alpha")
    assert values(found)["situation"] == "床が\n滑る"
    assert values(found)["issue"] == "occupational_safety_health"


def test_a_password_is_asked_for(workshop: Workshop, tmp_path: Path) -> None:
    from msoffcrypto.format.ooxml import OOXMLFile

    stream = io.BytesIO()
    OOXMLFile(io.BytesIO(filled(workshop).saved())).encrypt("ひみつ1", stream)
    path = put(tmp_path, "a.xlsx", stream.getvalue())
    refused = import_files(workshop, [path]).refused
    assert [problem.rule for problem in refused] == ["password"]
    assert [one.rule for one in import_files(workshop, [path], ask=lambda _: "falsch").refused] == [
        "wrong_password"
    ]
    outcome = import_files(workshop, [path], ask=lambda _: "ひみつ1", store=True)
    assert values(outcome.judged[0]) == {"situation": "換気が弱い"}


def test_our_own_file_is_read_after_openpyxl_and_theirs_is_never_changed(
    workshop: Workshop, tmp_path: Path
) -> None:
    path = put(tmp_path, "a.xlsx", filled(workshop).saved())
    before = path.read_bytes()
    import_files(workshop, [path], store=True)
    assert path.read_bytes() == before
    assert load_workbook(path).sheetnames


def test_a_folder_and_a_name_of_nothing_are_told_like_files_that_cannot_be_read(tmp_path: Path) -> None:
    (tmp_path / "empty.xlsx").touch()
    for name, rule in (
        (tmp_path, "not_read"),
        (tmp_path / "gone.xlsx", "no_file"),
        (tmp_path / "empty.xlsx", "empty_file"),
    ):
        with pytest.raises(AnswerError) as error:
            read_file(name)
        assert [problem.rule for problem in error.value.problems] == [rule]
