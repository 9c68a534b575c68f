"""Exports as form tools write them, of answers that a test makes up.

KoboToolbox, after kobotoolbox/formpack 3.0.0, src/formpack/reporting/export.py and schema/fields.py, and the
COPY_FIELDS of kobotoolbox/kpi, kpi/models/import_export_task.py: heads by name or by label, with or without
the groups before them; several choices in one column, in one for each, or both (the default); all as text or
typed; XLS with a sheet for each repeat, CSV without repeats. ODK Central, after getodk/central-backend,
lib/data/briefcase.js: an archive of CSV tables. What is made here was compared, cell by cell, with what
formpack itself makes of the same forms and submissions.
"""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from xlsxwriter import Workbook as Writer

from spp_workshop.workbook.formcodes import codes_for
from spp_workshop.worksheet import Worksheet, ancestors
from spp_workshop.workshop import Workshop
from spp_workshop.xlsform import names
from spp_workshop.xlsform.surveys import Form, form_of, spoken

Tables = dict[str, list[list[Any]]]
COPIED = [
    "_id", "_uuid", "_submission_time", "_validation_status", "_notes", "_status", "_submitted_by",
    "__version__", "_tags", "meta/rootUuid",
]  # fmt: skip


@dataclass
class Sent:
    """One submission: the company's code, and answers as they are stored, of one row or several."""

    code: str
    rows: Sequence[dict[str, Any]]
    number: int = 1
    at: str = "2026-10-01T09:00:00"
    row_of: Sequence[str] = ()
    status: str = ""
    version: int = 0
    told: dict[str, str] = field(default_factory=dict)

    @property
    def uuid(self) -> str:
        return f"aaaa1111-0000-0000-0000-{self.number:012d}"


@dataclass(frozen=True)
class Style:
    """How somebody has set the export: language of heads and values (none: names), groups, choices, types."""

    language: str = ""
    groups: bool = False
    multiple: str = "both"
    typed: bool = False


PLAIN = Style()


def form(workshop: Workshop, name: str) -> Form:
    sheet = workshop.worksheets[name]
    source = next(iter(ancestors(sheet, workshop.worksheets)), None)
    return form_of(sheet, workshop.choices, programme=workshop.programme.key, source=source)


def code_of(workshop: Workshop, company: str) -> str:
    return codes_for(workshop.folder, workshop.programme.companies)[company]


def kept(sheet: Worksheet, row: dict[str, Any]) -> dict[str, str]:
    """Answers as a form tool keeps them: texts, and only those that were given."""
    found = {}
    for name, value in row.items():
        kind = sheet.by_name[name].kind
        if kind == "acknowledge":
            text = "OK" if value else ""
        elif kind == "select_multiple":
            text = " ".join(names.choice_name(code) for code in value)
        elif kind == "select_one":
            text = names.choice_name(value)
        else:
            text = repr(value) if isinstance(value, float) else str(value)
        if text:
            found[name] = text
    return found


# --- KoboToolbox ------------------------------------------------------------------------------------------


def kobo(form: Form, sent: Sequence[Sent], style: Style = PLAIN) -> Tables:
    """The tables of an export; that of a repeat only when it has lines, as in XLS."""
    title = form.settings["form_title"]
    top = [line for line in form.survey if line["name"] in (names.INTRO, names.CODE, names.STAMP)]
    inner = [
        line for line in form.survey if line not in top and not line["type"].startswith(("begin_", "end_"))
    ]
    sheet, is_list = form.sheet, form.sheet.repeats
    main = [*top, *([] if is_list else inner)]
    heads = [head for line in main for head in _heads(form, line, line not in top, style)]
    tables: Tables = {title: [[*heads, *COPIED, "_index"]]}
    rows: list[list[Any]] = [
        [
            *(head for line in inner for head in _heads(form, line, True, style)),
            "_index", "_parent_table_name", "_parent_index", *(f"_submission_{name}" for name in COPIED),
        ]
    ]  # fmt: skip
    index = 0
    for place, one in enumerate(sent, start=1):
        version = one.version or sheet.version
        stamp = names.FormStamp(sheet.name, version, names.FormStamp.of(sheet, "tiny").programme).text()
        values = {names.CODE: one.code, names.STAMP: stamp, **one.told}
        answers = [kept(sheet, row) for row in one.rows]
        copied = [
            one.number, one.uuid,
            datetime.fromisoformat(one.at) if style.typed else one.at, one.status, "",
            "submitted_via_web", "", "v1", "", f"uuid:{one.uuid}",
        ]  # fmt: skip
        if not is_list:
            values |= answers[0]
        cells = [cell for line in main for cell in _cells(form, line, values, style)]
        tables[title].append([*cells, *copied, place])
        for number, row in enumerate(answers if is_list else []):
            index += 1
            said = {**row, **({names.ROW_OF: one.row_of[number]} if one.row_of else {})}
            cells = [cell for line in inner for cell in _cells(form, line, said, style)]
            rows.append([*cells, index, title, place, *copied])
    if index:
        tables[names.ROWS] = rows
    return tables


def _heads(form: Form, line: dict[str, Any], grouped: bool, style: Style) -> Iterator[str]:
    group = names.ROWS if form.sheet.repeats else names.ANSWERS
    column = f"label::{spoken(style.language)}" if style.language else ""  # type: ignore[arg-type]
    label = line.get(column) or line["name"]
    before = form.sheet.title[style.language] if style.language else group
    head = f"{before}/{label}" if grouped and style.groups else label
    several = line["type"].startswith("select_multiple")
    if not several or style.multiple in ("both", "summary"):
        yield head
    if several and style.multiple in ("both", "details"):
        for choice in _choices(form, line):
            yield f"{head}/{choice.get(column) or choice['name']}"


def _choices(form: Form, line: dict[str, Any]) -> list[dict[str, Any]]:
    return [one for one in form.choices if one["list_name"] == line["type"].partition(" ")[2]]


def _cells(form: Form, line: dict[str, Any], values: dict[str, str], style: Style) -> Iterator[Any]:
    value, kind = values.get(line["name"]), line["type"].partition(" ")[0]
    column = f"label::{spoken(style.language)}" if style.language else "name"  # type: ignore[arg-type]
    labels = {one["name"]: one[column] for one in _choices(form, line)}
    if kind == "select_multiple":
        given = (value or "").split()
        if style.multiple in ("both", "summary"):
            said = " ".join(labels.get(one, one) for one in given)
            yield _number(said) if style.typed and len(given) == 1 else said
        if style.multiple in ("both", "details"):
            ticks = [str(int(one in given)) for one in labels]
            yield from ((int(tick) if style.typed else tick) if value is not None else "" for tick in ticks)
    elif kind == "select_one":
        said = labels.get(value or "", value or "")
        yield _number(said) if style.typed else said
    elif value and style.typed and kind in ("integer", "decimal"):
        yield _number(value)
    elif value and style.typed and kind == "date":
        yield date.fromisoformat(value)
    else:
        yield value or ""


def _number(text: str) -> Any:
    """As formpack's `try_get_number`."""
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text


def xlsx(tables: Tables) -> bytes:
    """As formpack's `to_xlsx`: with XlsxWriter, which makes a formula of what begins with `=`."""
    stream = io.BytesIO()
    options = {"constant_memory": True, "default_date_format": "yyyy-mm-dd", "remove_timezone": True}
    book = Writer(stream, options)
    for name, lines in tables.items():
        title = "".join("_" if sign in "[]*?:\\/" else sign for sign in name)
        sheet = book.add_worksheet(title if len(title) <= 31 else f"{title[:28]}...")
        for row, line in enumerate(lines):
            for column, value in enumerate(line):
                sheet.write(row, column, value)
    book.close()
    return stream.getvalue()


def kobo_csv(tables: Tables, *, bom: bool = False) -> bytes:
    """As formpack's `to_csv`: the submissions alone, all quoted, with semicolons."""
    lines = next(iter(tables.values()))
    text = "".join(
        '"' + '";"'.join(str(value).replace('"', '""') for value in line) + '"\r\n' for line in lines
    )
    return text.encode("utf-8-sig" if bom else "utf-8")


# --- ODK Central ------------------------------------------------------------------------------------------


def central(
    form: Form, sent: Sequence[Sent], *, groups: bool = True, split: bool = False
) -> dict[str, bytes]:
    """The tables of an export of ODK Central, as files."""
    sheet, form_id = form.sheet, form.settings["form_id"]
    inner = [line for line in form.survey if line["name"] in sheet.by_name or line["name"] == names.ROW_OF]
    before = f"{names.ANSWERS}-" if groups and not sheet.repeats else ""
    heads = [
        head
        for line in inner
        for head in (
            f"{before}{line['name']}",
            *(
                f"{before}{line['name']}/{one['name']}"
                for one in _choices(form, line)
                if split and line["type"].startswith("select_multiple")
            ),
        )
    ]
    instance = "meta-instanceID" if groups else "instanceID"
    added = [
        "KEY", "SubmitterID", "SubmitterName", "AttachmentsPresent", "AttachmentsExpected", "Status",
        "ReviewState", "DeviceID", "Edits", "FormVersion",
    ]  # fmt: skip
    own = [] if sheet.repeats else heads
    root = [["SubmissionDate", names.CODE, names.STAMP, *own, instance, *added]]
    rows = [[*heads, "PARENT_KEY", "KEY"]]
    for one in sent:
        key = f"uuid:{one.uuid}"
        stamp = names.FormStamp.of(sheet, "tiny").text()
        lines = [
            {**kept(sheet, row), names.ROW_OF: one.row_of[place] if one.row_of else ""}
            for place, row in enumerate(one.rows)
        ]
        cells = [list(_central_cells(form, inner, values, split)) for values in lines]
        root.append(
            [f"{one.at}.000Z", one.code, stamp, *([] if sheet.repeats else cells[0]), key,
             key, "", "", "0", "0", "", one.status, "", "0", form.settings["version"]]
        )  # fmt: skip
        if sheet.repeats:
            rows += [[*line, key, f"{key}/{names.ROWS}[{n}]"] for n, line in enumerate(cells, start=1)]
    tables = {f"{form_id}.csv": root, **({f"{form_id}-{names.ROWS}.csv": rows} if sheet.repeats else {})}
    return {name: _comma_separated(lines) for name, lines in tables.items()}


def _central_cells(
    form: Form, inner: Sequence[dict[str, Any]], values: dict[str, str], split: bool
) -> Iterator[str]:
    for line in inner:
        yield values.get(line["name"], "")
        if split and line["type"].startswith("select_multiple"):
            given = values.get(line["name"], "").split()
            yield from (str(int(choice["name"] in given)) for choice in _choices(form, line))


def _comma_separated(lines: Sequence[Sequence[Any]]) -> bytes:
    stream = io.StringIO(newline="")
    csv.writer(stream, lineterminator="\n").writerows(lines)
    return stream.getvalue().encode()


def archive(files: dict[str, bytes]) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as made:
        for name, content in files.items():
            made.writestr(name, content)
    return stream.getvalue()
