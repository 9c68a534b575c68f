"""Rows that have a height to begin with, and grow with what is typed into them.

Excel measures a row anew when something is typed, but not one whose height was set by hand, and XlsxWriter
marks every height as set by hand. Without a height, LibreOffice shows one line of text and cuts off the rest.
"""

from __future__ import annotations

from typing import Any

from xlsxwriter.worksheet import Worksheet


class GrowingSheet(Worksheet):
    """A sheet some of whose rows grow."""

    def __init__(self) -> None:
        super().__init__()
        self.growing: set[int] = set()

    def set_growing_row(self, row: int, height: float) -> None:
        """A row that is so high at first, in points."""
        self.set_row(row, height)
        self.growing.add(row)

    def _xml_start_tag(self, tag: str, attributes: Any = None) -> None:
        if tag == "row" and self.growing and dict(attributes)["r"] - 1 in self.growing:
            attributes = [(name, value) for name, value in attributes if name != "customHeight"]
        super()._xml_start_tag(tag, attributes or [])


__all__ = ["GrowingSheet"]
