# ruff: noqa: E501  (XML as it stands in files)
"""Files that are small and become huge, or are huge: refused at once, or read within bounds."""

from __future__ import annotations

import io
import struct
import sys
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from spp_workshop.errors import AnswerError
from spp_workshop.spreadsheets.opening import read_content

from . import programs
from .opened_apart import opened

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="memory is looked up in /proc")

SHEET = f'<worksheet xmlns="{programs._MAIN}"><sheetData>%s</sheetData></worksheet>'


def packed(parts: dict[str, Any]) -> bytes:
    """A zip with these parts, the large ones piece by piece."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            if isinstance(content, (bytes, str)):
                archive.writestr(name, content)
            else:
                with archive.open(name, "w") as stream:
                    for piece in content:
                        stream.write(piece)
    return made.getvalue()


def xlsx(
    sheet: bytes | str | Iterator[bytes],
    *,
    sheets: int = 1,
    strings: str = "",
    naming: int = 1,
    look: str = "",
    looks: int = 1,
) -> bytes:
    """An .xlsx file that names this sheet and its table of texts so many times; and how numbers look."""
    office, package = programs._OFFICE, programs._PACKAGE
    listed = "".join(f'<sheet name="s{one}" sheetId="{one}" r:id="r"/>' for one in range(sheets))
    shared = "".join(
        f'<Relationship Id="s{one}" Type="{office}/sharedStrings" Target="strings.xml"/>'
        for one in range(naming)
    )
    return packed(
        {
            "xl/workbook.xml": f'<workbook xmlns="{programs._MAIN}" xmlns:r="{office}"><sheets>{listed}</sheets></workbook>',
            "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{package}"><Relationship Id="r" Type="{office}/worksheet" Target="sheet1.xml"/>{shared}<Relationship Id="t" Type="{office}/styles" Target="styles.xml"/></Relationships>',
            "xl/sheet1.xml": sheet,
            "xl/strings.xml": strings or "<sst/>",
            "xl/styles.xml": '<styleSheet><numFmts><numFmt numFmtId="200" formatCode="'
            + look
            + '"/></numFmts><cellXfs>'
            + '<xf numFmtId="200"/>' * looks
            + "</cellXfs></styleSheet>",
        }
    )


CELLS = "<row>" + "<c><v>1</v></c>" * 400 + "</row>"


def named_sheets(number: int) -> dict[str, str]:
    """What names so many sheets of an .xlsx file."""
    office, names = programs._OFFICE, range(number)
    sheets = "".join(f'<sheet name="{one}" r:id="r{one}"/>' for one in names)
    relations = "".join(
        f'<Relationship Id="r{one}" Type="{office}/worksheet" Target="{one}.xml"/>' for one in names
    )
    return {
        "xl/workbook.xml": f'<workbook xmlns:r="{office}">{sheets}</workbook>',
        "xl/_rels/workbook.xml.rels": f"<Relationships>{relations}</Relationships>",
    }


def listed(number: int) -> bytes:
    """A zip of one part that lists so many."""
    content = packed({"a": ""})
    begins, ends = content.find(b"PK\x01\x02"), content.find(b"PK\x05\x06")
    parts = content[begins:ends] * number
    last = struct.pack("<4sHHHHIIH", b"PK\x05\x06", 0, 0, 0xFFFF, 0xFFFF, len(parts), begins, 0)
    return content[:begins] + parts + last


def spaces(megabytes: int) -> Iterator[bytes]:
    return (b" " * 1_000_000 for _ in range(megabytes))


def lying(content: bytes) -> bytes:
    """A zip that says of each of its parts that it is small."""
    changed, place = bytearray(content), 0
    while (place := content.find(b"PK\x01\x02", place)) >= 0:
        struct.pack_into("<I", changed, place + 24, 1_000)
        place += 4
    return bytes(changed)


def ods(row: str) -> bytes:
    names = " ".join(
        f'xmlns:{name}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"'
        for name in ("office", "table", "text")
    )
    return packed(
        {
            "content.xml": f'<office:document-content {names}><table:table table:name="S">{row}</table:table></office:document-content>'
        }
    )


FAR_ODS = '<table:table-row table:number-rows-repeated="1048576"><table:table-cell table:number-columns-repeated="16384" office:value-type="float" office:value="1"/></table:table-row>'


def far_xlsb() -> bytes:
    """A sheet with a cell in its first and in its last corner."""
    far = programs._record(0, struct.pack("<I", 1_048_575) + b"\0" * 13) + programs.binary_cell(16_383, 1)
    near = programs._record(0, struct.pack("<I", 0) + b"\0" * 13) + programs.binary_cell(0, 1)
    return packed({"xl/workbook.bin": b"", "xl/worksheets/sheet1.bin": near + far})


def far_xls() -> bytes:
    """An .xls with such a sheet."""
    return compound(BEGIN + END + (BEGIN + number(0, 0) + number(65_535, 255) + END) * 3)


def ending_xls() -> bytes:
    """An .xls of whose sheet it is said that it has two thousand million rows, which ends calamine."""
    sheet = struct.pack("<HHIBB", 0x85, 9, 25, 0, 0) + b"\x01\0S"
    large = struct.pack("<HHIIHHH", 0x200, 14, 0, 0x7FFFFFFF, 0, 0xFFFF, 0)
    return compound(BEGIN + sheet + END + BEGIN + large + number(0, 0) + END)


BEGIN, END = struct.pack("<HHHH", 0x809, 4, 0x600, 0x10), struct.pack("<HH", 0x0A, 0)


def compound(stream: bytes, name: str = "Workbook") -> bytes:
    """A compound file of one stream ([MS-CFB] 2)."""
    stream = stream.ljust(4_608, b"\0")
    sectors = len(stream) // 512
    chain = [*range(3, sectors + 2), 0xFFFFFFFE]
    table = [0xFFFFFFFD, 0xFFFFFFFE, *chain]
    head = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 16
    head += struct.pack(
        "<HHHHH6xIIIIIIIIII", 0x3E, 3, 0xFFFE, 9, 6, 0, 1, 1, 0, 4_096, 0xFFFFFFFE, 0, 0xFFFFFFFE, 0, 0
    )
    head += b"\xff" * (512 - len(head))
    fat = struct.pack(f"<{len(table)}I", *table).ljust(512, b"\xff")
    return (
        head
        + fat
        + entry("Root Entry", 5, 1, 0xFFFFFFFE, 0)
        + entry(name, 2, 0xFFFFFFFF, 2, len(stream))
        + b"\0" * 256
        + stream
    )


def number(row: int, column: int) -> bytes:
    return struct.pack("<HHHHHd", 0x203, 14, row, column, 0, 1.0)


def entry(name: str, kind: int, child: int, begins: int, size: int) -> bytes:
    coded = (name + "\0").encode("utf-16-le")
    return (
        coded.ljust(64, b"\0") + struct.pack("<HBBIII", len(coded), kind, 1, 0xFFFFFFFF, 0xFFFFFFFF, child)
        + b"\0" * 36 + struct.pack("<IQ", begins, size)
    )  # fmt: skip


def looping_xls() -> bytes:
    """An .xls whose stream leads back to its beginning."""
    content = bytearray(far_xls())
    struct.pack_into("<I", content, 512 + 4 * 5, 2)
    # And says that it is as long as a stream can be.
    struct.pack_into("<Q", content, 1_024 + 128 + 120, 0x7FFFFFFF)
    return bytes(content)


LAUGHS = (
    '<!DOCTYPE a [<!ENTITY b "ha">'
    + "".join(f'<!ENTITY {chr(99 + n)} "{f"&{chr(98 + n)};" * 10}">' for n in range(9))
    + "]>"
)

REFUSED: dict[str, Callable[[], bytes]] = {
    "a sheet of 300 MB in an xlsx": lambda: xlsx(spaces(300)),
    "one of which it says that it is small": lambda: lying(xlsx(spaces(300))),
    "a table of texts of 300 MB": lambda: packed({"xl/workbook.xml": "<a/>", "xl/sharedStrings.xml": spaces(300)}),
    "a part of 300 MB in an ods": lambda: packed({"content.xml": spaces(300)}),
    "one of which it says that it is small, in an ods": lambda: lying(packed({"content.xml": spaces(300)})),
    "a part of 300 MB in an xlsb": lambda: packed({"xl/workbook.bin": spaces(300)}),
    "one of which it says that it is small, in an xlsb": lambda: lying(packed({"xl/workbook.bin": b"", "xl/worksheets/sheet1.bin": spaces(300)})),
    "a table of 300 MB in an archive": lambda: packed({"data.csv": spaces(300)}),
    "a cell of an ods that is repeated everywhere": lambda: ods(FAR_ODS),
    "a cell in the last corner of an xlsb": far_xlsb,
    "a cell in the last corner of an xls": far_xls,
    "an xls that ends whoever reads it": ending_xls,
    "an xls that leads back to its beginning": looping_xls,
    "an xls of 50 MB": lambda: b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1".ljust(50_000_000, b"\0"),
    "an xls of 19 MB": lambda: b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1".ljust(19_000_000, b"\0"),
    "a line of 50 MB": lambda: b"a" * 50_000_000,
    "a line of 19 MB": lambda: b"a" * 19_000_000,
    "a line of 19 MB of nothing but commas": lambda: b"," * 19_000_000,
    "words of words": lambda: xlsx(LAUGHS + SHEET % '<row><c t="inlineStr"><is><t>&k;</t></is></c></row>'),
    "words of words in another encoding": lambda: xlsx((LAUGHS + SHEET % "<row/>").encode("utf-16")),
    "words of words in an ods": lambda: packed({"content.xml": f"{LAUGHS}<a>&k;</a>"}),
    "elements within elements": lambda: xlsx("<a>" * 300_000 + "</a>" * 300_000),
    "fifty thousand parts": lambda: packed({f"p{one}.xml": "" for one in range(50_000)}),
    "four hundred thousand parts that are only listed": lambda: listed(400_000),
    "a text that stands in a hundred thousand cells": lambda: xlsx(
        SHEET % (("<row>" + '<c t="s"><v>0</v></c>' * 100 + "</row>") * 1_000), strings=f"<sst><si><t>{'あ' * 100_000}</t></si></sst>"
    ),
    "spaces that are told by their number": lambda: ods(
        "<table:table-row><table:table-cell><text:p>" + '<text:s text:c="1000"/>' * 500_000 + "</text:p></table:table-cell></table:table-row>"
    ),
    "paragraphs of nothing": lambda: ods(f"<table:table-row><table:table-cell>{'<text:p/>' * 1_500_000}</table:table-cell></table:table-row>"),
    "two million sheets in an ods": lambda: packed({"content.xml": f"<a>{'<table/>' * 2_000_000}</a>"}),
    "ten million records of an xlsb": lambda: packed({"xl/workbook.bin": b"", "xl/worksheets/sheet1.bin": b"\x40\0" * 9_900_000}),
    "cells of many sheets of an xlsx": lambda: packed({**named_sheets(8), **{f"xl/{one}.xml": SHEET % (CELLS * 400) for one in range(8)}}),
    "elements of many sheets of an xlsx": lambda: packed({**named_sheets(8), **{f"xl/{one}.xml": SHEET % ("<c/>" * 600_000) for one in range(8)}}),
    "three million texts": lambda: xlsx(SHEET % "", strings=f"<sst>{'<si/>' * 3_500_000}</sst>"),
    "an element with a million attributes": lambda: xlsx(SHEET % "<c {}/>".format(" ".join(map("a{}='1'".format, range(1_000_000))))),
    "a text of 17 MB": lambda: xlsx(SHEET % f"<row><c t='str'><v>{'&#38;' * 3_500_000}</v></c></row>"),
    "fifty thousand looks of numbers": lambda: xlsx(SHEET % "", look='"/><numFmt numFmtId="{}" formatCode="'.join(["[" * 250] * 50_000).format(*range(50_000))),
    "half a million merged cells": lambda: xlsx("<a>" + '<mergeCell ref="A1:B2"/>' * 500_000 + "</a>"),
    "half a million merged cells in an ods": lambda: ods('<table:table-row><table:table-cell table:number-columns-spanned="2"/></table:table-row>' * 200_000),
    "records of many sheets of an xlsb": lambda: packed({"xl/workbook.bin": b"", **{f"xl/sheet{one}.bin": b"\x40\0" * 900_000 for one in range(10)}}),
    "cells of an xlsb": lambda: packed({"xl/workbook.bin": b"", "xl/sheet1.bin": programs.binary_cell(0, 1) * 1_000_000}),
    "two thousand tables in an archive": lambda: packed({f"{one}.csv": b"a,b\n" * 1_500 for one in range(2_000)}),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_refused_within_a_second_and_200_megabytes(tmp_path: Path, name: str) -> None:
    path = tmp_path / "file"
    path.write_bytes(REFUSED[name]())
    told, seconds, megabytes = opened(path)
    assert told in ("too_large", "unreadable_file")
    assert seconds < 1
    assert megabytes < 200


READ: dict[str, tuple[Callable[[], bytes], int]] = {
    "a sheet that says that it is as large as it can be": (
        lambda: xlsx(SHEET.replace("<sheetData>", '<dimension ref="A1:XFD1048576"/><sheetData>') % '<row><c><v>1</v></c></row>'), 1,
    ),
    "a cell in the last corner": (
        lambda: xlsx(SHEET % '<row r="1"><c r="A1"><v>1</v></c></row><row r="1048576"><c r="XFD1048576"><v>1</v></c></row>'), 1,
    ),
    "half a million empty rows with a look": (
        lambda: xlsx(SHEET % "".join(f'<row r="{one}" s="1" customFormat="1"/>' for one in range(1, 450_000))), 0,
    ),
    "a sheet that a file names four thousand times": (
        lambda: xlsx(SHEET % (("<row>" + "<c><v>1</v></c>" * 300 + "</row>") * 1_000), sheets=4_000), 300_000,
    ),
    "a table of texts that a file names ten thousand times": (
        lambda: xlsx(SHEET % '<row><c t="s"><v>0</v></c></row>', strings="<sst>" + "<si><t>a</t></si>" * 100_000 + "</sst>", naming=10_000), 1,
    ),
    "a number's look that is endless": (lambda: xlsx(SHEET % '<row><c s="0"><v>1</v></c></row>', look="[" * 400_000), 1),
    "one that many cells have": (lambda: xlsx(SHEET % '<row><c s="0"><v>1</v></c></row>', look="a" * 400_000, looks=300_000), 1),
    "an empty ods with its last corner coloured": (
        lambda: ods(FAR_ODS.replace(' office:value-type="float" office:value="1"', "")), 0,
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", READ)
def test_read_within_bounds(tmp_path: Path, name: str) -> None:
    make, cells = READ[name]
    path = tmp_path / "file"
    path.write_bytes(make())
    told, seconds, megabytes = opened(path)
    assert told == cells
    assert seconds < 5
    assert megabytes < 200


def test_a_million_empty_rows_are_told_to_be_too_many(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(xlsx(SHEET % "".join(f'<row r="{one}" s="1"/>' for one in range(1, 1_000_001))))
    told, seconds, _ = opened(path)
    assert (told, path.stat().st_size < 20_000_000) == ("too_large", True)
    assert seconds < 1


def test_how_a_workbook_is_locked_is_not_looked_into_when_it_is_long() -> None:
    locked = compound(b"<a/>".ljust(60_000), "EncryptionInfo")
    with pytest.raises(AnswerError) as refused:
        read_content(locked, "a.xlsx")
    assert refused.value.problems[0].rule == "too_large"
