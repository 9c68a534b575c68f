"""Which row of the store each line of a sheet is."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from spp_workshop.programme import Company
from spp_workshop.rowcodes import new_row, rows_of
from spp_workshop.rows import parent_row
from spp_workshop.worksheet import Worksheet, ancestors
from spp_workshop.workshop import Workshop

from .finding import FoundRow, FoundSheet, content
from .stamps import new_id
from .tables import MORE_KEY

# An id of a row, as this toolkit makes them.
_ROW = re.compile(r"(?=.{1,100}$)[a-z0-9_]+(\.[a-z0-9_]+)*")


class Rows:
    """The ids of the lines of a sheet: their own, those they were to have, or new ones."""

    def __init__(self, seated: Workshop, found: FoundSheet, company: Company):
        self.seated, self.found, self.company = seated, found, company
        sheet = found.sheet
        self.current = {row.row: row for row in seated.rows(sheet.name)} if sheet.repeats else {}
        self.alike: Counter[tuple[str, str]] = Counter()
        self.sources = self._sources(ancestors(sheet, seated.worksheets))
        again = list(self._again())
        self.said = [line for line in again if self._is_stored(line)]
        # By their places: to compare thousands of lines with one another takes long.
        repeated = {line.line for line in again} - {line.line for line in self.said}
        self.unclear = [line for line in found.rows if line.line in repeated or self._is_unclear(line)]
        self.by_number = {line.told.number: row for line in found.rows if (row := self._own(line, set()))}

    def _sources(self, sources: list[Worksheet]) -> set[str]:
        return {row.row for row in self.seated.rows(sources[0].name)} if sources else set()

    def named(self) -> Iterator[tuple[str, FoundRow]]:
        """Every line with the id of its row, and those without an answer left out where nothing is stored."""
        if not self.found.sheet.repeats:
            yield from (("", line) for line in self.found.rows)
            return
        taken: set[str] = set()
        left_out = {line.line for line in (*self.unclear, *self.said)}
        for line in (one for one in self.found.rows if one.line not in left_out):
            own = self._own(line, taken)
            if own and own not in self.current and _is_empty(line):
                continue
            row = own or self._new(line, taken)
            if row and row not in taken:
                taken.add(row)
                yield row, line if own else replace(line, revision=self._revision(row, line))

    def _own(self, line: FoundRow, taken: set[str]) -> str:
        """The id that a line bears, or that its code from paper means.

        One that was copied along with another line is that one's.
        """
        if row := self._of_code(line):
            return "" if row in taken else row
        if line.row in taken or not _ROW.fullmatch(line.row):
            return ""
        return line.row if self.found.stamp or line.row in self.current else ""

    def _of_code(self, line: FoundRow) -> str:
        """The row whose code stands beside an empty line: one that is there, or is to have this code."""
        letters = line.told.letters
        if not letters or line.row in self.current or rows_of(letters, [line.row]):
            return ""
        meant = rows_of(letters, {*self.current, *self.sources})
        return meant[0] if len(meant) == 1 else new_row(self.company.key, letters)

    def _again(self) -> Iterator[FoundRow]:
        """The lines beside which somebody wrote the code of a row that has a line in this sheet already."""
        seen = {line.row for line in self.found.rows if line.row in self.current}
        for line in self.found.rows:
            # With a number before it, the code was copied along with its line.
            row = "" if line.told.number or _is_empty(line) else self._of_code(line)
            if row and row in seen:
                yield line
            elif row:
                seen.add(row)

    def _is_stored(self, line: FoundRow) -> bool:
        """Whether nothing is written beside the code of a row but what is stored of it."""
        row = self.current.get(self._of_code(line))
        said = {name: one.value for name, one in line.answers.items() if one.value is not None}
        return row is not None and _says(row.answers, said)

    def _is_unclear(self, line: FoundRow) -> bool:
        """Whether something is written on a line of which nobody can say which row is meant."""
        if line.row in self.current or _is_empty(line):
            return False
        return line.told.wrong or len(rows_of(line.told.letters or "-", self.current)) > 1

    def _new(self, line: FoundRow, taken: set[str]) -> str:
        """The id of a line that has none: of a row that says the same, or made of what it says."""
        if _is_empty(line):
            return ""
        said = {name: one.value for name, one in line.answers.items()}
        for known in self.current.values():
            if known.revision and known.row not in taken and _says(known.answers, said):
                return known.row
        parent = self._parent(line)
        if self.found.stamp and line.row.startswith(MORE_KEY):
            return new_id(self.company.key, self.found.stamp.export, line.row, parent=parent)
        sheet, told = self.found.sheet.name, content(line)
        # A thousand lines that say the same are not counted from the first each time.
        number = self.alike[told, parent]
        while (row := new_id(self.company.key, sheet, told, number, parent=parent)) in taken:
            number += 1
        self.alike[told, parent] = number
        return row

    def _parent(self, line: FoundRow) -> str:
        """The row of an earlier worksheet that a new line is about: by its number, or by whose copy it is."""
        if not self.found.sheet.rows_from:
            return ""
        row = self.by_number.get(line.told.number) or self._own(line, set())
        return parent_row(row, dict.fromkeys(self.sources)) or row.partition(".")[0]

    def _revision(self, row: str, line: FoundRow) -> int:
        """Of a line without an id that says what is stored already: it is based on that."""
        known = self.current.get(row)
        said = {name: one.value for name, one in line.answers.items()}
        return known.revision if known and _says(known.answers, said) else 0


def _is_empty(line: FoundRow) -> bool:
    return all(answer.value is None for answer in line.answers.values())


def _says(stored: Mapping[str, Any], said: Mapping[str, Any]) -> bool:
    return all(stored.get(name) == value for name, value in said.items())
