"""Every worksheet is a form that pyxform converts without a word, and ODK Validate, where there is Java."""

from __future__ import annotations

import io
import re
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from openpyxl import load_workbook
from pyxform.xls2xform import convert

from spp_workshop.documents import shipped
from spp_workshop.workbook.xlsforms import write_forms
from spp_workshop.worksheet import (
    Text,
    Worksheet,
    ancestors,
    as_choices,
    load_choices,
    load_worksheets,
)
from spp_workshop.workshop import open_workshop
from spp_workshop.xlsform import names
from spp_workshop.xlsform.surveys import Form, form_of
from spp_workshop.xlsform.writing import workbook

LISTS = load_choices(shipped("worksheets") / "choices")
ALL = load_worksheets(shipped("worksheets"), lists=LISTS)
COMPANIES = as_choices(
    "companies",
    Text(ja="企業", en="Companies"),
    {"alpha": Text(ja="甲", en="A"), "丙 工業 'x'": Text(ja="丙", en="C")},
)
EVERY = {**LISTS, "companies": COMPANIES}
JAVA = bool(shutil.which("java"))
JA, EN = "日本語 (ja)", "English (en)"


def form(sheet: Worksheet, sheets: Mapping[str, Worksheet] = ALL) -> Form:
    source = next(iter(ancestors(sheet, sheets)), None)
    return form_of(sheet, EVERY, programme='it\'s a "programme"', source=source)


def converted(content: bytes) -> ET.Element:
    """The XForm; any warning fails."""
    warnings: list[str] = []
    result = convert(io.BytesIO(content), warnings=warnings, file_type=".xlsx", validate=JAVA)
    assert warnings == []
    assert list(result.warnings) == []
    return ET.fromstring(result.xform)


def own(root: ET.Element, tag: str) -> list[ET.Element]:
    return [one for one in root.iter() if one.tag.rpartition("}")[2] == tag]


def lines(content: bytes, sheet: str) -> list[dict[str, Any]]:
    rows = load_workbook(io.BytesIO(content))[sheet].iter_rows(values_only=True)
    heads = next(rows)
    return [dict(zip(heads, row, strict=True)) for row in rows]


@pytest.mark.parametrize("name", ALL)
def test_a_worksheet_is_converted_without_a_warning(name: str) -> None:
    root = converted(workbook(form(ALL[name])))
    binds = {bind.get("nodeset", "").rpartition("/")[2]: bind for bind in own(root, "bind")}
    assert {*ALL[name].by_name, names.CODE, names.STAMP} <= set(binds)
    stamp = binds[names.STAMP].get("calculate", "")
    assert re.fullmatch(rf"'spp-form/1 {name} {ALL[name].version} [0-9a-f]{{8}}'", stamp)
    for field in ALL[name].questions:
        assert (binds[field.name].get("required") == "true()") is field.required
    assert len(own(root, "repeat")) == int(ALL[name].repeats)
    languages = {one.get("lang") for one in own(root, "translation")}
    assert languages == {JA, EN}
    assert [one.get("lang") for one in own(root, "translation") if one.get("default")] == [JA]


@pytest.mark.parametrize("name", ALL)
def test_both_languages_of_all_questions_and_choices_are_there(name: str) -> None:
    content = workbook(form(ALL[name]))
    survey = {line["name"]: line for line in lines(content, "survey") if not line["type"].startswith("end_")}
    for field in ALL[name].questions:
        line = survey[field.name]
        assert (line[f"label::{JA}"], line[f"label::{EN}"]) == (field.label.ja, field.label.en)
        assert field.hint is None or str(line[f"hint::{JA}"]).startswith(field.hint.ja)
        if field.constraint and field.constraint_message:
            assert line[f"constraint_message::{EN}"] == field.constraint_message.en
    choices = {(line["list_name"], line["name"]): line for line in lines(content, "choices")}
    for field in ALL[name].questions:
        for choice in EVERY[field.list_name].choices if field.list_name else ():
            key = (field.list_name, names.choice_name(choice.name))
            assert (key in choices) is not choice.retired
            if not choice.retired:
                assert choices[key][f"label::{EN}"] == choice.label.en


@pytest.mark.parametrize("name", ALL)
def test_nothing_in_a_form_is_a_formula_or_an_address(name: str) -> None:
    book = load_workbook(io.BytesIO(workbook(form(ALL[name]))))
    cells = [cell for sheet in book.worksheets for row in sheet.iter_rows() for cell in row]
    assert {cell.data_type for cell in cells} <= {"s", "n"}
    assert [cell.coordinate for cell in cells if cell.hyperlink] == []


def test_conditions_and_bounds_are_those_of_the_worksheet() -> None:
    survey = {line["name"]: line for line in form(ALL["mechanism_design"]).survey}
    (condition,) = {line["relevant"] for line in survey.values() if "relevant" in line}
    assert condition == (
        "${system_level} = 'level_3_external_desk' or ${system_level} = 'level_4_open_to_chain'"
        " or selected(${channels_offered}, 'external_lawyer_sharoshi')"
        " or selected(${channels_offered}, 'shared_industry_desk')"
    )
    assert survey["inquiry_days"]["constraint"] == ". >= 5 and . <= 120"
    assert "string-length(.) <= 100" in {line.get("constraint") for line in survey.values()}


def odd_worksheet(tmp_path: Path) -> Worksheet:
    """One that a facilitator wrote, with all that is hard on a form."""
    (tmp_path / "odd.yaml").write_text(
        """\
name: odd
version: 3
title: {ja: "=変わった紙 ${x}", en: "=An odd sheet ${x}"}
intro: {ja: "<b>&</b> ${where}", en: "<b>&</b> ${where} - _x_ *y*"}
subject: company
repeats: true
share: own
source: {ja: 自社, en: Ours}
fields:
  - {type: select_multiple yes_no_unknown, name: type, label: {ja: 型, en: Type}}
  - {type: text, name: label, label: {ja: 札, en: Label}, relevant: "${type} = 'yes' and ${type} = 'no'",
     constraint: {pattern: "it's \\"(a|b)\\""}, constraint_message: {ja: "形", en: "Form"}}
  - {type: text, name: instanceID, label: {ja: 番号, en: Number}}
  - {type: decimal, name: start, label: {ja: "始め", en: "Start"}, constraint: {min: -0.5, max: 1000000.25},
     constraint_message: {ja: "幅", en: "Bounds"}}
  - {type: note, name: note, label: {ja: "+知らせ", en: "+Note"}}
  - {type: acknowledge, name: name, required: true, label: {ja: "確認", en: "Check"}}
""".replace("instanceID", "instanceid"),
        encoding="utf-8",
    )
    return load_worksheets(tmp_path, lists=LISTS)["odd"]


def test_a_worksheet_that_is_hard_on_a_form_is_converted_too(tmp_path: Path) -> None:
    content = workbook(form(odd_worksheet(tmp_path)))
    converted(content)
    survey = {line["name"]: line for line in lines(content, "survey")}
    assert survey["label"]["relevant"] == "selected(${type}, 'yes') and selected(${type}, 'no')"
    assert survey["start"]["constraint"] == ". >= -0.5 and . <= 1000000.25"
    assert survey["label"]["constraint"].startswith("regex(., concat('^(?:it', \"'\", 's")


def test_a_form_that_is_changed_has_another_version_and_else_the_same() -> None:
    sheet = ALL["issues_found"]
    again, changed = form(sheet), form(sheet.model_copy(update={"title": Text(ja="別の題", en="Another")}))
    assert form(sheet).settings == again.settings
    assert changed.settings["version"] != again.settings["version"]
    assert again.settings["form_id"].startswith("spp_issues_found_")


def test_forms_are_written_for_an_added_worksheet_as_well_and_codes_stay(folder: Path) -> None:
    (folder / "worksheets").mkdir()
    text = (shipped("worksheets") / "issues_found.yaml").read_text(encoding="utf-8")
    added = text.replace("name: issues_found", "name: added", 1)
    (folder / "worksheets" / "added.yaml").write_text(added, encoding="utf-8")
    forms = write_forms(open_workshop(folder))
    converted(forms.files["added"].read_bytes())
    codes = (folder / "form-codes.json").read_bytes()
    assert (folder / "form-codes.json").stat().st_mode & 0o077 == 0
    written = {cell for row in load_workbook(forms.links).worksheets[0].iter_rows(values_only=True)
               for cell in row if cell}  # fmt: skip
    assert {part for part in written if str(part).startswith("?d[Company_code]=")} != set()
    write_forms(open_workshop(folder))
    assert (folder / "form-codes.json").read_bytes() == codes


def test_of_a_session_what_is_due_then(folder: Path) -> None:
    text = (folder / "programme.yaml").read_text(encoding="utf-8")
    due = text.replace("    method: mixed", "    method: mixed\n    before: [issues_found]")
    (folder / "programme.yaml").write_text(due, encoding="utf-8")
    assert list(write_forms(open_workshop(folder), session="dd_practice").files) == ["issues_found"]
