from __future__ import annotations

from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError


def test_our_errors_are_a_sentence_without_a_traceback_and_still_fail_the_cell(folder: Path) -> None:
    notebook = nbformat.v4.new_notebook()
    notebook.cells = [
        nbformat.v4.new_code_cell(
            "from spp_workshop import open_workshop\n"
            f"workshop = open_workshop({str(folder)!r}, language='ja')\n"
            "workshop.frame('no_such_sheet')"
        )
    ]
    with pytest.raises(CellExecutionError):
        NotebookClient(notebook, kernel_name="python3").execute()
    (error,) = [output for output in notebook.cells[0].outputs if output.output_type == "error"]
    (sentence,) = error.traceback
    assert sentence.startswith("「no_such_sheet」というワークシートはありません。")
