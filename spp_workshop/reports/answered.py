"""What was answered, read once for a report: the rows of each worksheet, as often as they are asked for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from spp_workshop.analysis.rows import Row, answered

if TYPE_CHECKING:
    import pandas as pd

    from spp_workshop.workshop import Workshop


class Answered(Mapping[str, "pd.DataFrame"]):
    """The frames of a workshop for `analysis`, which finds their rows at hand and needs no frame then."""

    def __init__(self, workshop: Workshop):
        self.workshop = workshop
        self._rows: dict[str, list[Row]] = {}

    def __getitem__(self, name: str) -> pd.DataFrame:
        return self.workshop.frame(name)

    def __iter__(self) -> Iterator[str]:
        return iter(self.workshop.worksheets)

    def __len__(self) -> int:
        return len(self.workshop.worksheets)

    def rows(self, worksheet: str) -> list[Row]:
        """The rows of a worksheet; what was not answered is None."""
        if worksheet not in self._rows:
            self._rows[worksheet] = [answered(row) for row in self._read(worksheet)]
        return self._rows[worksheet]

    def _read(self, worksheet: str) -> list[Row]:
        return self.workshop.records(worksheet)


__all__ = ["Answered"]
