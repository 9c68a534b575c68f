"""A file that a company sent, opened without trust: what it is, whether it can be harmless, and its cells.

Nothing in it is ever run. How large it becomes is looked up before anything is unpacked.
"""

from __future__ import annotations

import csv
import hashlib
import io
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from spp_workshop.errors import AnswerError, Message, Problem, message
from spp_workshop.plain_text import without_controls

from . import ods, xlsx
from .binary import cells_of, read_xls, read_xlsb
from .grids import ERRORS, MOST_LETTERS, MOST_SHEETS, Bounds, Grid, TooLargeError, Unreadable
from .parts import Parts

# A company's workbook has 150 kB; an export of a form tool may have some megabytes.
LARGEST_FILE, LARGEST_TEXT = 20_000_000, 8_000_000
# What says how a workbook is locked, and how large it is at most; Office's has 3,000 bytes.
_LOCK, _LARGEST_LOCK = "EncryptionInfo", 50_000
# Excel's own has 31 letters.
_LONGEST_NAME = 100
_OLE, _ZIP = b"\xd0\xcf\x11\xe0", b"PK\x03\x04"

ORDINARY = Bounds()
# Of an export, which holds many companies: more rows than a workbook, and columns for every choice.
SUBMITTED = Bounds(20_000, 2_000, 2_000_000)


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
    except OSError:
        raise AnswerError(_refused(path.name, "not_read")) from None
    return read_content(content, path.name, ask)


def read_content(content: bytes, name: str, ask: Callable[[], str] | None = None) -> Returned:
    """The same for a file that is in memory already."""
    if len(content) > LARGEST_FILE:
        raise AnswerError(_refused(name, "too_large"))
    if not content:
        raise AnswerError(_refused(name, "empty_file"))
    grids, ending = _read(content, name, ask)
    return Returned(name, content, _named(grids), ending)


def _named(grids: list[Grid]) -> list[Grid]:
    """The same, each called by a name that can be shown on a line: one in an archive may be anything."""
    return [replace(grid, name=_on_a_line(grid.name)) for grid in grids]


def _on_a_line(name: str) -> str:
    return " ".join(without_controls(name).split())[:_LONGEST_NAME]


def _read(content: bytes, name: str, ask: Callable[[], str] | None) -> tuple[list[Grid], str]:
    try:
        grids, ending = _read_kind(content, name, ask)
        _weigh(grids)
        return grids, ending
    except AnswerError:
        raise
    except TooLargeError:
        raise AnswerError(_refused(name, "too_large")) from None
    except (KeyboardInterrupt, SystemExit):
        raise
    except BaseException:
        # A damaged file may break a reader anywhere, the one in Rust with an exception that is no Exception.
        raise AnswerError(_refused(name, "unreadable_file")) from None


def _read_kind(content: bytes, name: str, ask: Callable[[], str] | None) -> tuple[list[Grid], str]:
    if content.startswith(_OLE):
        return _read_old(content, name, ask)
    if content.startswith(_ZIP):
        return _read_zip(content, name)
    return _read_text(content, name), "csv"


def _weigh(grids: list[Grid]) -> None:
    """Refuse what takes little room, and much as soon as somebody looks at it: a text that stands in a
    hundred thousand cells, or cells in a thousand sheets."""
    texts = sum(len(value) for grid in grids for value in grid.cells.values() if isinstance(value, str))
    cells = sum(len(grid.cells) for grid in grids)
    if len(grids) > MOST_SHEETS or texts > MOST_LETTERS or cells > SUBMITTED.cells:
        raise TooLargeError


def _read_old(content: bytes, name: str, ask: Callable[[], str] | None) -> tuple[list[Grid], str]:
    """An .xls, or any workbook behind a password."""
    import msoffcrypto
    import olefile

    with olefile.OleFileIO(io.BytesIO(content)) as compound:
        # It is XML, read by a reader that takes words of words for what they are.
        if compound.exists(_LOCK) and compound.get_size(_LOCK) > _LARGEST_LOCK:
            raise TooLargeError
    office = msoffcrypto.OfficeFile(io.BytesIO(content))
    if not office.is_encrypted():
        return read_xls(content, ORDINARY), "xls"
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
    return read_xls(opened.getvalue(), ORDINARY), "xls"


def _read_zip(content: bytes, name: str) -> tuple[list[Grid], str]:
    parts = Parts(content)
    if xlsx.looks_like(parts):
        return xlsx.read(parts, ORDINARY), "xlsx"
    if tables := _tables(parts):
        return _read_texts(tables, ORDINARY), "zip"
    if "xl/workbook.bin" in parts:
        return read_xlsb(parts, ORDINARY), "xlsb"
    if ods.looks_like(parts):
        return ods.read(parts, ORDINARY), "ods"
    raise AnswerError(_refused(name, "unreadable_file"))


def _tables(parts: Parts) -> dict[str, bytes]:
    """The tables in an archive of texts, such as form tools export; none when it is something else."""
    names = [name for name in parts.names(".csv") if "/" not in name.removeprefix("./")]
    return {name: parts.read(name) for name in names}


def reread(file: Returned) -> list[Grid]:
    """The sheets of an export of a form tool, once more and as it was written: no word in it is an error of a
    spreadsheet, and what Excel takes for a formula is an answer that begins with `=`.

    As far as SUBMITTED. What is no table of such a tool is given as it was read before.
    """
    nothing = frozenset[str]()
    if file.ending == "csv":
        return _read_text(file.content, file.name, SUBMITTED, errors=nothing)
    if file.ending not in ("xlsx", "zip") or not file.content.startswith(_ZIP):
        return file.grids
    parts = Parts(file.content)
    if file.ending == "zip":
        return _named(_read_texts(_tables(parts), SUBMITTED, errors=nothing))
    return _named(xlsx.read(parts, SUBMITTED, as_written=True))


def _read_texts(texts: Mapping[str, bytes], bounds: Bounds, errors: frozenset[str] = ERRORS) -> list[Grid]:
    """The tables of an archive, within the bounds of one."""
    found: list[Grid] = []
    left = bounds.cells
    for part, text in texts.items():
        found += _read_text(text, part, bounds._replace(cells=left), errors)
        left -= len(found[-1].cells)
    return found


def _read_text(
    content: bytes, name: str, bounds: Bounds = ORDINARY, errors: frozenset[str] = ERRORS
) -> list[Grid]:
    """A text with commas, semicolons or tabs: as Excel saves it today, and as it did for decades."""
    if len(content) > LARGEST_TEXT:
        raise TooLargeError
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
    return [Grid(Path(name).stem, cells_of(_first(lines, bounds), errors))]


def _first(lines: Iterator[list[str]], bounds: Bounds) -> Iterator[list[str]]:
    left = bounds.cells
    for _, line in zip(range(bounds.rows), lines, strict=False):
        kept = line[: bounds.columns]
        left -= sum(map(bool, kept))
        if left < 0:
            raise TooLargeError
        yield kept


# --- Wording ----------------------------------------------------------------------------------------------

_AGAIN = message("Open it in Excel, save it as an .xlsx file, and send that.")
_WORDING: dict[str, tuple[Message, Message]] = {
    "no_file": (message("There is no such file."), message("Check the name.")),
    "empty_file": (
        message("There is nothing in this file."),
        message("See that it is the right one and was saved, and give it again."),
    ),
    "not_read": (
        message("This file could not be read."),
        message("If it is open in Excel, close it there; if it is a folder, give the files in it."),
    ),
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


__all__ = ["Grid", "Returned", "Unreadable", "read_content", "read_file", "reread"]
