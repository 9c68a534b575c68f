"""The parts of a zipped workbook (.xlsx, .xlsb, .ods), unpacked within bounds, and the XML in them.

What a zip says of the size of its parts is believed only as far as they then keep to it. No program for
spreadsheets defines words of its own in its XML, which is a way to make a small part endless: it is refused.
"""

from __future__ import annotations

import io
import re
import zipfile
from typing import Protocol
from xml.parsers import expat

from .grids import TooLargeError

# A company's workbook has 2 MB unpacked, in 30 parts; pictures that somebody adds are not unpacked.
LARGEST_PARTS, MOST_PARTS = 20_000_000, 3_000
# What an office program nests is less than thirty deep.
DEEPEST = 200
# Signs that begin an element or end one, of a whole file: eight for a cell with a text of its own. A
# company's workbook has 50,000. Reading one takes a microsecond, counting them nothing.
MOST_MARKS = 2_000_000
# From one such sign to the next: the longest text that fits into a cell has 100,000 bytes. What stands within
# an element is held in memory many times over.
_ENDLESS = re.compile(rb"<[^<]{500000}")
_UNPACKED = (".xml", ".bin", ".rels", ".vml", ".csv")


class BrokenError(Exception):
    """No XML of a spreadsheet."""


class Parts:
    """The parts by name, whatever strokes and capitals the program that packed them used."""

    def __init__(self, content: bytes):
        # Listing them takes more memory than they do: they are counted first.
        if content.count(b"PK\x01\x02") > MOST_PARTS:
            raise TooLargeError
        self.archive = zipfile.ZipFile(io.BytesIO(content))
        parts = self.archive.infolist()
        found = [part for part in parts if part.filename.lower().endswith(_UNPACKED)]
        if sum(part.file_size for part in found) > LARGEST_PARTS:
            raise TooLargeError
        self._infos = {_plain(part.filename): part for part in found}
        self._weigh()

    def _weigh(self) -> None:
        """Refuse what is small and takes seconds to read, before any of it is read."""
        left = MOST_MARKS
        for name, info in self._infos.items():
            if not name.endswith((".csv", ".bin")):
                content = self._unpacked(info)
                left -= content.count(b"<")
                if left < 0 or _ENDLESS.search(content):
                    raise TooLargeError

    def __contains__(self, name: str) -> bool:
        return _plain(name) in self._infos

    def read(self, name: str) -> bytes:
        """A part; empty when there is none."""
        info = self._infos.get(_plain(name))
        return self._unpacked(info) if info else b""

    def _unpacked(self, info: zipfile.ZipInfo) -> bytes:
        # Asked for so much, and not for all, it unpacks no more than that, whatever there is.
        with self.archive.open(info) as stream:
            return stream.read(info.file_size + 1)

    def names(self, ending: str) -> list[str]:
        """The names of the parts that end in this way, as they were packed."""
        return [info.filename for name, info in self._infos.items() if name.endswith(ending)]

    def repacked(self) -> bytes:
        """The same without compression, for a reader that would unpack whatever comes: parts that are larger
        than they say are found out here."""
        made = io.BytesIO()
        with zipfile.ZipFile(made, "w") as archive:
            for info in self._infos.values():
                archive.writestr(info.filename, self._unpacked(info))
        return made.getvalue()


def _plain(name: str) -> str:
    return name.replace("\\", "/").lstrip("/").casefold()


class Reader(Protocol):
    """What is told of each element, without the prefix of its name."""

    def begins(self, name: str, attributes: dict[str, str]) -> None:
        """An element begins."""

    def ends(self, name: str) -> None:
        """It ends."""

    def says(self, text: str) -> None:
        """A piece of text in it."""


def walk(content: bytes, reader: Reader) -> None:
    """Read XML piece by piece. Raises ExpatError, or BrokenError."""
    depth = 0

    def begins(name: str, attributes: dict[str, str]) -> None:
        nonlocal depth
        depth += 1
        if depth > DEEPEST:
            raise BrokenError
        reader.begins(name.rpartition(":")[2], attributes)

    def ends(name: str) -> None:
        nonlocal depth
        depth -= 1
        reader.ends(name.rpartition(":")[2])

    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.StartElementHandler, parser.EndElementHandler = begins, ends
    parser.CharacterDataHandler = reader.says
    parser.StartDoctypeDeclHandler = _refuse
    parser.Parse(content, True)


def _refuse(*_: object) -> None:
    raise BrokenError
