# ruff: noqa: E501  (XML as it stands in files)
"""Workbooks as other programs save them: the same cells in the form that each is known for.

None of these programs runs here. What each does to a file is imitated as far as it can be read in reports:
Google Sheets writes whole numbers with a point, styled empty cells to the end of its grid and a rule for each
cell (github.com/fileverse/fileverse-dsheets, pull request 421); "Strict Open XML" has its own namespaces and
writes days as text (ECMA-376, part 1, 18.18.11, `d`); Excel for Mac counted days from 1904 (18.17.4.1); small
programs put prefixes before every name, or write texts into the cells and leave out places and styles, which
the standard leaves to them (18.3.1.4, 18.3.1.73). An .xlsb is a row of records ([MS-XLSB] 2.1.4).
"""

from __future__ import annotations

import io
import re
import struct
import zipfile
from collections.abc import Callable
from datetime import datetime
from typing import Any

from openpyxl import Workbook, load_workbook

Change = Callable[[str, str], str]


def changed(content: bytes, change: Change, leave: str = "\0") -> bytes:
    """The file with every part of XML changed, and those left out whose names begin like this."""
    made = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            if not name.startswith(leave):
                text = old.read(name).decode() if name.endswith((".xml", ".rels")) else None
                new.writestr(name, old.read(name) if text is None else change(name, text))
    return made.getvalue()


def google(content: bytes) -> bytes:
    """By Google Sheets."""
    empty = "".join(
        f'<row r="{row}"><c r="A{row}" s="1"/><c r="Z{row}" s="1"/></row>' for row in range(900, 2000)
    )

    def change(name: str, text: str) -> str:
        if name.startswith("xl/worksheets/"):
            text = re.sub(r"<v>(\d+)</v>(?=</c>)", _with_a_point, text)
            text = re.sub("<sheetProtection[^>]*/>", "", text)
            return re.sub(
                r"<c r=\"[A-Z]+\d+\" s=\"\d+\" t=\"n\"><v>", lambda m: m[0].replace(' t="n"', ""), text
            ).replace("</sheetData>", f"{empty}</sheetData>")
        return text.replace('state="veryHidden"', 'state="hidden"')

    return changed(content, change, "docProps/")


def _with_a_point(match: re.Match[str]) -> str:
    # The number of a text in the table of texts has none.
    before = match.string[: match.start()].rpartition("<c ")[2]
    return match[0] if 't="s"' in before or 't="b"' in before else f"<v>{match[1]}.0</v>"


def strict(content: bytes) -> bytes:
    """As "Strict Open XML Workbook"."""

    def change(_: str, text: str) -> str:
        for old, new in (
            (
                "http://schemas.openxmlformats.org/spreadsheetml/2006/main",
                "http://purl.oclc.org/ooxml/spreadsheetml/main",
            ),
            (
                "http://schemas.openxmlformats.org/officeDocument/2006/relationships",
                "http://purl.oclc.org/ooxml/officeDocument/relationships",
            ),
        ):
            text = text.replace(old, new)
        return text

    book = load_workbook(io.BytesIO(content))
    book.iso_dates = True
    return changed(_saved(book), change)


def from_1904(content: bytes) -> bytes:
    """By an Excel that counts from 1904."""
    book = load_workbook(io.BytesIO(content))
    book.epoch = datetime.fromisoformat("1904-01-01")
    return _saved(book)


def with_prefixes(content: bytes) -> bytes:
    """By a program that puts a prefix before every name, and uses backslashes and absolute targets."""

    def change(name: str, text: str) -> str:
        if name.endswith(".rels") and "worksheets/" in text:
            return re.sub(r'Target="/?(?:xl/)?(worksheets|sharedStrings|styles)', r'Target="/xl/\1', text)
        if not name.startswith("xl/") or "spreadsheetml/2006/main" not in text:
            return text
        text = re.sub(r"<(/?)(?=[a-zA-Z]+[ />])(?!\w+:)", r"<\1x:", text)
        return text.replace(
            'xmlns="http://schemas.openxmlformats.org/spread',
            'xmlns:x="http://schemas.openxmlformats.org/spread',
        )

    return changed(content, change)


def by_a_phone(content: bytes) -> bytes:
    """By a small program: texts in the cells, no table of texts, no styles, no places where they follow."""
    book = load_workbook(io.BytesIO(content))
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        sheets, relations = "", ""
        for number, sheet in enumerate(book.worksheets, start=1):
            rows = "".join(_plain_row(row) for row in sheet.iter_rows(values_only=True))
            archive.writestr(
                f"xl/worksheets/sheet{number}.xml",
                f'<worksheet xmlns="{_MAIN}"><sheetData>{rows}</sheetData></worksheet>',
            )
            sheets += f'<sheet name="表{number}" sheetId="{number}" r:id="rId{number}"/>'
            relations += f'<Relationship Id="rId{number}" Type="{_OFFICE}/worksheet" Target="worksheets/sheet{number}.xml"/>'
        archive.writestr(
            "xl/workbook.xml",
            f'<workbook xmlns="{_MAIN}" xmlns:r="{_OFFICE}"><sheets>{sheets}</sheets></workbook>',
        )
        archive.writestr(
            "xl/_rels/workbook.xml.rels", f'<Relationships xmlns="{_PACKAGE}">{relations}</Relationships>'
        )
        archive.writestr(
            "_rels/.rels",
            f'<Relationships xmlns="{_PACKAGE}"><Relationship Id="a" Type="{_OFFICE}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
        )
    return made.getvalue()


_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006/relationships"


def _plain_row(values: tuple[Any, ...]) -> str:
    cells = ""
    for value in values:
        if isinstance(value, (int, float)):
            cells += f"<c><v>{value}</v></c>"
        elif value is None:
            cells += "<c/>"
        else:
            shown = f"{value:%Y/%m/%d}" if isinstance(value, datetime) else str(value)
            shown = shown.replace("&", "&amp;").replace("<", "&lt;")
            cells += f'<c t="inlineStr"><is><t xml:space="preserve">{shown}</t></is></c>'
    return f"<row>{cells}</row>"


def with_furigana(content: bytes) -> bytes:
    """By Excel or WPS Office in East Asia: letters of several kinds in one text, and readings above them."""

    def rich(match: re.Match[str]) -> str:
        first, rest = match[1][:1], match[1][1:]
        run = '<r><rPr><charset val="128"/></rPr><t xml:space="preserve">{}</t></r>'
        return f'<si>{run.format(first)}{run.format(rest)}<rPh sb="0" eb="1"><t>ヨミ</t></rPh><phoneticPr fontId="1"/></si>'

    def change(name: str, text: str) -> str:
        if name != "xl/sharedStrings.xml":
            return text
        return re.sub(r"<si><t(?: [^>]*)?>([^&<]{2,})</t></si>", rich, text)

    return changed(content, change)


def numbers(content: bytes) -> bytes:
    """By Numbers: a summary in front, tables as sheets, nothing hidden, no rules, no names."""
    book = load_workbook(io.BytesIO(content))
    for sheet in book.worksheets:
        if sheet.sheet_state != "visible":
            book.remove(sheet)
            continue
        sheet.data_validations.dataValidation = []
        sheet.protection.disable()
        sheet.title = f"{sheet.title[:20]} - 表1"
        for dimension in (*sheet.row_dimensions.values(), *sheet.column_dimensions.values()):
            dimension.hidden = False
    summary = book.create_sheet("書き出しの概要", 0)
    for sheet in book.worksheets[1:]:
        summary.append([sheet.title, "表1", sheet.title])
    book.defined_names.clear()
    return _saved(book)


def xlsb(content: bytes) -> bytes:
    """By Excel as a binary workbook."""
    book = load_workbook(io.BytesIO(content))
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        listed, relations = _record(131) + _record(143), ""
        for number, sheet in enumerate(book.worksheets, start=1):
            archive.writestr(f"xl/worksheets/sheet{number}.bin", _binary_sheet(sheet))
            listed += _record(156, struct.pack("<II", 0, number) + _wide(f"rId{number}") + _wide(sheet.title))
            relations += f'<Relationship Id="rId{number}" Type="{_OFFICE}/worksheet" Target="worksheets/sheet{number}.bin"/>'
        archive.writestr("xl/workbook.bin", listed + _record(144) + _record(132))
        archive.writestr(
            "xl/_rels/workbook.bin.rels", f'<Relationships xmlns="{_PACKAGE}">{relations}</Relationships>'
        )
    return made.getvalue()


def _binary_sheet(sheet: Any) -> bytes:
    rows = (
        _record(129)
        + _record(148, struct.pack("<IIII", 0, sheet.max_row, 0, sheet.max_column))
        + _record(145)
    )
    for number, row in enumerate(sheet.iter_rows(values_only=True)):
        rows += _record(0, struct.pack("<I", number) + b"\0" * 13)
        for column, value in enumerate(row):
            rows += binary_cell(column, value) if value is not None else b""
    return rows + _record(146) + _record(130)


def binary_cell(column: int, value: Any) -> bytes:
    """The record of a cell."""
    begins = struct.pack("<II", column, 0)
    if isinstance(value, (int, float)):
        return _record(5, begins + struct.pack("<d", value))
    shown = f"{value:%Y/%m/%d}" if isinstance(value, datetime) else str(value)
    return _record(6, begins + _wide(shown))


def _record(kind: int, data: bytes = b"") -> bytes:
    return _seven(kind) + _seven(len(data)) + data


def _seven(number: int) -> bytes:
    told = b""
    while number > 127:
        told, number = told + bytes([number & 127 | 128]), number >> 7
    return told + bytes([number])


def _wide(text: str) -> bytes:
    coded = text.encode("utf-16-le")
    return struct.pack("<I", len(coded) // 2) + coded


def _saved(book: Workbook) -> bytes:
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()
