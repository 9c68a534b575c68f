"""A file that a company sent, opened without trust: what it is, whether it can be harmless, and its cells.

Nothing in it is ever run. How large it becomes is looked up in its directory before anything is unpacked.
"""

from __future__ import annotations

import csv
import hashlib
import io
import re
import zipfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from spp_workshop.errors import AnswerError, Message, Problem, message

# A company's workbook has 150 kB, and unpacked 2 MB; pictures that somebody adds are not unpacked.
LARGEST_FILE, LARGEST_PARTS, MOST_PARTS = 20_000_000, 20_000_000, 3_000
MOST_ROWS, MOST_COLUMNS = 3_000, 400
ERRORS = frozenset({"#REF!", "#N/A", "#VALUE!", "#NAME?", "#DIV/0!", "#NULL!", "#NUM!", "#GETTING_DATA"})
_OLE, _ZIP = b"\xd0\xcf\x11\xe0", b"PK\x03\x04"


class Unreadable:
    """A cell that shows an error of Excel, or a formula that was never computed."""


# Of an export, which holds many companies: more rows than a workbook, and columns for every choice.
MOST_SUBMITTED, MOST_HEADS = 20_000, 2_000


@dataclass(frozen=True)
class Grid:
    """A sheet: its name, and its cells by row and column, both from 0."""

    name: str
    cells: dict[tuple[int, int], Any]
    merged: list[tuple[int, int, int, int]] = field(default_factory=list)


@dataclass(frozen=True)
class Returned:
    """A file that came back, as it was read."""

    name: str
    content: bytes
    grids: list[Grid]
    ending: str = "xlsx"

    @property
    def digest(self) -> str:
        """The checksum of the file as it came."""
        return hashlib.sha256(self.content).hexdigest()


def read_file(path: Path, ask: Callable[[], str] | None = None) -> Returned:
    """Read a file. `ask` gives its password, if it has one. Raises AnswerError when it cannot be read."""
    try:
        if path.stat().st_size > LARGEST_FILE:
            raise AnswerError(_refused(path.name, "too_large"))
        content = path.read_bytes()
    except FileNotFoundError:
        raise AnswerError(_refused(path.name, "no_file")) from None
    return read_content(content, path.name, ask)


def read_content(content: bytes, name: str, ask: Callable[[], str] | None = None) -> Returned:
    """The same for a file that is in memory already."""
    if len(content) > LARGEST_FILE:
        raise AnswerError(_refused(name, "too_large"))
    grids, ending = _read(content, name, ask)
    return Returned(name, content, grids, ending)


def _read(content: bytes, name: str, ask: Callable[[], str] | None) -> tuple[list[Grid], str]:
    try:
        if content.startswith(_OLE):
            return _read_old(content, name, ask)
        if content.startswith(_ZIP):
            return _read_zip(content, name)
        return _read_text(content, name), "csv"
    except AnswerError:
        raise
    except (KeyboardInterrupt, SystemExit):
        raise
    except BaseException:
        # A damaged file may break a reader anywhere, the one in Rust with an exception that is no Exception.
        raise AnswerError(_refused(name, "unreadable_file")) from None


def _read_old(content: bytes, name: str, ask: Callable[[], str] | None) -> tuple[list[Grid], str]:
    """An .xls, or any workbook behind a password."""
    import msoffcrypto

    office = msoffcrypto.OfficeFile(io.BytesIO(content))
    if not office.is_encrypted():
        return _with_calamine(content), "xls"
    password = ask() if ask else ""
    if not password:
        raise AnswerError(_refused(name, "password"))
    opened = io.BytesIO()
    try:
        office.load_key(password=password)
        office.decrypt(opened)
    except Exception:
        raise AnswerError(_refused(name, "wrong_password")) from None
    if opened.getvalue().startswith(_ZIP):
        return _read_zip(opened.getvalue(), name)
    return _with_calamine(opened.getvalue()), "xls"


def _read_zip(content: bytes, name: str) -> tuple[list[Grid], str]:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        parts = archive.infolist()
        unpacked = [
            part
            for part in parts
            if part.filename.lower().endswith((".xml", ".bin", ".rels", ".vml", ".csv"))
        ]
        if len(parts) > MOST_PARTS or sum(part.file_size for part in unpacked) > LARGEST_PARTS:
            raise AnswerError(_refused(name, "too_large"))
        if any(_has_entities(archive, part) for part in unpacked if part.filename.lower().endswith("xml")):
            raise AnswerError(_refused(name, "unreadable_file"))
        names = {part.filename for part in parts}
        if "xl/workbook.xml" in names:
            return _with_openpyxl(content, archive), "xlsx"
        if tables := _tables(archive):
            return [grid for part, text in tables.items() for grid in _read_text(text, part)], "zip"
    if "xl/workbook.bin" in names:
        return _with_calamine(content), "xlsb"
    if "content.xml" in names:
        return _with_calamine(content), "ods"
    raise AnswerError(_refused(name, "unreadable_file"))


def _tables(archive: zipfile.ZipFile) -> dict[str, bytes]:
    """The tables in an archive of texts, such as form tools export; none when it is something else."""
    return {
        part.filename: archive.read(part)
        for part in archive.infolist()
        if part.filename.lower().endswith(".csv") and "/" not in part.filename.removeprefix("./")
    }


def _has_entities(archive: zipfile.ZipFile, part: zipfile.ZipInfo) -> bool:
    """Whether a part defines words of its own, as no office program does: a way to make it endless."""
    with archive.open(part) as stream:
        return b"<!DOCTYPE" in stream.read(1_000)


def reread(file: Returned) -> list[Grid]:
    """The sheets of an export of a form tool, once more and as it was written: no word in it is an error of a
    spreadsheet, and what Excel takes for a formula is an answer that begins with `=`.

    Up to MOST_SUBMITTED rows of a sheet. What is no table of such a tool is given as it was read before.
    """
    wide = {"rows": MOST_SUBMITTED, "columns": MOST_HEADS}
    if file.ending == "csv":
        return _read_text(file.content, file.name, **wide, errors=frozenset())
    if file.ending not in ("xlsx", "zip") or not file.content.startswith(_ZIP):
        return file.grids
    with zipfile.ZipFile(io.BytesIO(file.content)) as archive:
        if file.ending == "zip":
            texts = _tables(archive).items()
            return [
                grid for part, text in texts for grid in _read_text(text, part, **wide, errors=frozenset())
            ]
    return [_with_errors(grid, old) for grid, old in zip(_as_written(file), file.grids, strict=True)]


def _with_errors(grid: Grid, old: Grid) -> Grid:
    """A cell that shows an error of Excel, and is no formula, is no answer."""
    errors = {place: value for place, value in old.cells.items() if isinstance(value, Unreadable)}
    kept = {
        place: value for place, value in errors.items() if not str(grid.cells.get(place, "")).startswith("=")
    }
    return Grid(grid.name, {**grid.cells, **kept})


def _as_written(file: Returned) -> list[Grid]:
    from openpyxl import load_workbook

    workbook = load_workbook(io.BytesIO(file.content), read_only=True, keep_links=False)
    grids = []
    try:
        for sheet in workbook.worksheets:
            sheet.reset_dimensions()
            rows = sheet.iter_rows(max_row=MOST_SUBMITTED, values_only=True)
            cells = _cells((row[:MOST_HEADS] for row in rows), frozenset())
            written = {place: _decoded(getattr(value, "text", value)) for place, value in cells.items()}
            grids.append(Grid(str(sheet.title), written))
    finally:
        workbook.close()
    return grids


# --- Readers ----------------------------------------------------------------------------------------------


def _with_openpyxl(content: bytes, archive: zipfile.ZipFile) -> list[Grid]:
    from openpyxl import load_workbook

    workbook = load_workbook(io.BytesIO(content), read_only=True, data_only=True, keep_links=False)
    try:
        return [_grid(sheet, archive) for sheet in workbook.worksheets]
    finally:
        workbook.close()


def _grid(sheet: Any, archive: zipfile.ZipFile) -> Grid:
    sheet.reset_dimensions()
    rows = sheet.iter_rows(max_row=MOST_ROWS, max_col=MOST_COLUMNS, values_only=True)
    cells = {place: _decoded(value) for place, value in _cells(rows, frozenset()).items()}
    # What openpyxl leaves out when it only reads: merged cells, errors, and formulas without a result.
    raw = archive.read(sheet._worksheet_path.lstrip("/"))
    for name in (*_NEVER_COMPUTED.findall(raw), *_IN_ERROR.findall(raw)):
        cells[_place(name.decode())] = Unreadable()
    found = (match.decode().split(":") for match in _MERGED.findall(raw))
    return Grid(str(sheet.title), cells, [(*_place(one), *_place(other)) for one, other in found])


_MERGED = re.compile(rb'<(?:\w+:)?mergeCell\s[^>]*?ref="([A-Z]{1,3}[0-9]{1,7}:[A-Z]{1,3}[0-9]{1,7})"')
_NEVER_COMPUTED = re.compile(
    rb'<c r="([A-Z]{1,3}[0-9]{1,7})"[^>]*><f(?:/>|[^>]*>[^<]*</f>)(?:<v\s*/>|<v></v>)?</c>'
)


_IN_ERROR = re.compile(rb'<c r="([A-Z]{1,3}[0-9]{1,7})"[^>]*? t="e"')
_NO_CHARACTER = re.compile("_x(FFFE|FFFF)_")


def _decoded(value: Any) -> Any:
    """The text without the disguise of what XML cannot hold."""
    if isinstance(value, str) and "_xFFF" in value:
        return _NO_CHARACTER.sub(lambda match: chr(int(match[1], 16)), value)
    return value


def _place(name: str) -> tuple[int, int]:
    letters = name.rstrip("0123456789")
    column = 0
    for letter in letters:
        column = column * 26 + ord(letter) - 64
    return int(name[len(letters) :]) - 1, column - 1


def _with_calamine(content: bytes) -> list[Grid]:
    from python_calamine import CalamineWorkbook

    workbook = CalamineWorkbook.from_filelike(io.BytesIO(content))
    grids = []
    for name in workbook.sheet_names:
        sheet = workbook.get_sheet_by_name(name)
        rows = sheet.to_python(skip_empty_area=False, nrows=MOST_ROWS)
        merged = [(*first, *last) for first, last in sheet.merged_cell_ranges or []]
        grids.append(Grid(name, _cells(row[:MOST_COLUMNS] for row in rows), merged))
    return grids


def _read_text(
    content: bytes, name: str, rows: int = 0, columns: int = 0, errors: frozenset[str] = ERRORS
) -> list[Grid]:
    """A text with commas, semicolons or tabs: as Excel saves it today, and as it did for decades."""
    for encoding in ("utf-16",) if content[:2] in (b"\xff\xfe", b"\xfe\xff") else ("utf-8-sig", "cp932"):
        try:
            text = content.decode(encoding)
            break
        except UnicodeDecodeError:
            continue
    else:
        raise AnswerError(_refused(name, "unreadable_file"))
    if "\0" in text:
        raise AnswerError(_refused(name, "unreadable_file"))
    # What stands in quotation marks is text, in which marks are just marks.
    beginning = re.sub('"[^"]*("|$)', "", text[:5_000])
    mark = max(",\t;", key=beginning.count)
    lines = csv.reader(io.StringIO(text, newline=""), delimiter=mark)
    found = _first(lines, rows or MOST_ROWS, columns or MOST_COLUMNS)
    return [Grid(Path(name).stem, _cells(found, errors))]


def _first(lines: Iterator[list[str]], rows: int, columns: int) -> Iterator[list[str]]:
    for _, line in zip(range(rows), lines, strict=False):
        yield line[:columns]


def _cells(rows: Iterable[Iterable[Any]], errors: frozenset[str] = ERRORS) -> dict[tuple[int, int], Any]:
    """What is not empty, by place; these words are errors of a spreadsheet."""
    return {
        (row, column): Unreadable() if isinstance(value, str) and value in errors else value
        for row, values in enumerate(rows)
        for column, value in enumerate(values)
        if value is not None and value != ""
    }


# --- Wording ----------------------------------------------------------------------------------------------

_AGAIN = message("Open it in Excel, save it as an .xlsx file, and send that.")
_WORDING: dict[str, tuple[Message, Message]] = {
    "no_file": (message("There is no such file."), message("Check the name.")),
    "too_large": (
        message("This file is far larger than a workbook of ours can be, and was not opened."),
        message("Copy the answers into a fresh workbook, without pictures, and send that."),
    ),
    "unreadable_file": (message("This file cannot be read as a workbook."), _AGAIN),
    "password": (
        message("This file is protected by a password."),
        message("Give the password when you are asked for it, or save the file without one."),
    ),
    "wrong_password": (message("The password does not open this file."), message("Ask for it again.")),
}


def _refused(name: str, rule: str) -> Problem:
    return Problem(name, rule, *_WORDING[rule])
