"""The older kinds of workbook, read by calamine in a process of its own.

A broken file can end whoever reads it: what it takes for a size is asked of the system, and where that is
refused, Rust stops the process. Run as a program (by its place, so that it loads nothing else) this module
reads a workbook from its standard input and writes its cells as JSON.
"""

from __future__ import annotations

import io
import json
import subprocess
import sys
from contextlib import suppress
from datetime import date, datetime, time, timedelta
from typing import Any

# Bytes and seconds; ours takes a twentieth of them. Where memory cannot be limited, time is.
_MEMORY, _TIME = 800_000_000, 20


def sheets_of(content: bytes, rows: int, columns: int) -> list[tuple[str, list[list[Any]], list[list[int]]]]:
    """Name, cells and merged blocks of every sheet. Raises ValueError when it cannot be read."""
    command = [sys.executable, "-I", __file__, str(rows), str(columns)]
    try:
        done = subprocess.run(  # noqa: S603  (our own interpreter and this file)
            command, input=content, capture_output=True, check=True, timeout=_TIME
        )
        found = json.loads(done.stdout)
    except (subprocess.SubprocessError, ValueError):
        raise ValueError from None
    return [(name, [[_value(one) for one in row] for row in cells], merged) for name, cells, merged in found]


def _value(told: Any) -> Any:
    if not isinstance(told, dict):
        return told
    kind, text = next(iter(told.items()))
    if kind == "timedelta":
        return timedelta(seconds=text)
    kinds: dict[str, Any] = {"datetime": datetime, "date": date, "time": time}
    return kinds[kind].fromisoformat(text)


def _told(value: Any) -> Any:
    if isinstance(value, timedelta):
        return {"timedelta": value.total_seconds()}
    return {type(value).__name__: value.isoformat()}


def main() -> None:
    """Read one workbook."""
    from python_calamine import CalamineWorkbook

    with suppress(ImportError, ValueError, OSError):
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
        # Whoever is ended like this leaves no memory on the disk: answers are in it.
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    most_rows, most_columns = map(int, sys.argv[1:])
    workbook = CalamineWorkbook.from_filelike(io.BytesIO(sys.stdin.buffer.read()))
    found = []
    for name in workbook.sheet_names:
        sheet = workbook.get_sheet_by_name(name)
        rows = sheet.to_python(skip_empty_area=False, nrows=most_rows)
        merged = [[*first, *last] for first, last in sheet.merged_cell_ranges or []]
        found.append((name, [row[:most_columns] for row in rows], merged))
    sys.stdout.write(json.dumps(found, default=_told))


if __name__ == "__main__":
    main()
