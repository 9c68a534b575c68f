"""Answers go into a form tool and come home as they were, for every worksheet and every kind of export."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from spp_workshop.spreadsheets.opening import read_content
from spp_workshop.workbook.importing import import_files, judged_files
from spp_workshop.workshop import Workshop

from .edited import put
from .form_tools import Sent, Style, archive, central, code_of, form, kobo, kobo_csv, xlsx
from .test_round_trip import SHEETS, rows_of

ROUNDS = int(os.environ.get("SPP_ROUNDS", "2"))
# A whole worksheet takes minutes to be made smaller, and says no more then.
QUIET: dict[str, Any] = {
    "suppress_health_check": list(HealthCheck), "database": None, "phases": [Phase.explicit, Phase.generate]
}  # fmt: skip
STYLES = [
    Style(),
    Style(groups=True, typed=True),
    Style("ja"),
    Style("ja", groups=True, multiple="details"),
    Style("en", groups=True, typed=True),
    Style("en", multiple="details"),
    Style(multiple="summary"),
    Style(multiple="details", typed=True),
]


def fit_for_a_form(rows: Sequence[dict[str, Any]], style: Style) -> list[dict[str, Any]]:
    """Without what a form does not ask, or cannot tell: translations, boxes that were unticked again; and
    without days that a typed export cannot hold."""
    return [
        {
            name: value
            for name, value in row.items()
            if "@" not in name and value is not False and not (style.typed and is_early(value))
        }
        for row in rows
    ]


def is_early(value: Any) -> bool:
    return isinstance(value, str) and len(value) == 10 and value[4:5] == "-" and value < "1900-03-01"


def sent_by(workshop: Workshop, company: str, rows: list[dict[str, Any]], number: int) -> Sent:
    """A submission of these rows; in a list that goes back to another, all about the first row of that."""
    return Sent(code_of(workshop, company), rows, number, row_of=["r1"] * len(rows))


def source_rows(workshop: Workshop, seated: Workshop, name: str) -> None:
    """A row in every list before this one, so that there is something to go back to."""
    source = workshop.worksheets[name].rows_from
    if source:
        source_rows(workshop, seated, source)
        if not any(row.revision for row in seated.rows(source)):
            first = next(one for one in workshop.worksheets[source].questions if one.kind == "text")
            seated.save(source, {first.name: "元の項目"}, row="r1")


def came_home(workshop: Workshop, files: dict[str, bytes], name: str) -> dict[str, list[dict[str, Any]]]:
    """By company the answers that would be stored."""
    judged, refused = judged_files(workshop, [read_content(content, file) for file, content in files.items()])
    assert refused == []
    for one in judged:
        odd = [told for told in one.told if told.state not in ("new", "unchanged")]
        assert [(told.page, told.cell, told.name, told.state, told.shown) for told in odd] == []
    return {
        one.company.key: [answers for (sheet, _), answers in one.changes().items() if sheet == name]
        for one in judged
    }


@pytest.mark.parametrize("style", STYLES, ids=str)
@pytest.mark.parametrize("name", SHEETS)
def test_answers_come_home_from_kobotoolbox(
    workshop: Workshop, alpha: Workshop, beta: Workshop, name: str, style: Style
) -> None:
    for seated in (alpha, beta):
        source_rows(workshop, seated, name)

    @settings(max_examples=ROUNDS, **QUIET)
    @given(rows_of(SHEETS[name]), rows_of(SHEETS[name]))
    def goes_round(one: list[dict[str, Any]], other: list[dict[str, Any]]) -> None:
        both = {"alpha": fit_for_a_form(one, style), "beta": fit_for_a_form(other, style)}
        sent = [
            sent_by(workshop, key, rows, place) for place, (key, rows) in enumerate(both.items(), start=1)
        ]
        tables = kobo(form(workshop, name), sent, style)
        expected = {key: [row for row in rows if row] for key, rows in both.items()}
        assert came_home(workshop, {"export.xlsx": xlsx(tables)}, name) == expected
        if not SHEETS[name].repeats:
            for bom in (False, True):
                assert came_home(workshop, {"export.csv": kobo_csv(tables, bom=bom)}, name) == expected

    goes_round()


@pytest.mark.parametrize("split", [False, True], ids=["one column", "a column for each choice"])
@pytest.mark.parametrize("name", SHEETS)
def test_answers_come_home_from_odk_central(
    workshop: Workshop, alpha: Workshop, beta: Workshop, name: str, split: bool
) -> None:
    for seated in (alpha, beta):
        source_rows(workshop, seated, name)

    @settings(max_examples=ROUNDS, **QUIET)
    @given(rows_of(SHEETS[name]), rows_of(SHEETS[name]), st.booleans())
    def goes_round(one: list[dict[str, Any]], other: list[dict[str, Any]], groups: bool) -> None:
        both = {"alpha": fit_for_a_form(one, Style()), "beta": fit_for_a_form(other, Style())}
        sent = [
            sent_by(workshop, key, rows, place) for place, (key, rows) in enumerate(both.items(), start=1)
        ]
        tables = central(form(workshop, name), sent, groups=groups, split=split)
        expected = {key: [row for row in rows if row] for key, rows in both.items()}
        assert came_home(workshop, {"export.zip": archive(tables)}, name) == expected
        assert came_home(workshop, tables, name) == expected

    goes_round()


@pytest.mark.parametrize("name", SHEETS)
def test_what_was_taken_in_is_stored_and_taking_it_in_again_changes_nothing(
    workshop: Workshop, alpha: Workshop, name: str, tmp_path: Path
) -> None:
    source_rows(workshop, alpha, name)

    @settings(max_examples=1, **QUIET)
    @given(rows_of(SHEETS[name]))
    def goes_round(rows: list[dict[str, Any]]) -> None:
        rows = fit_for_a_form(rows, Style())
        tables = kobo(form(workshop, name), [sent_by(workshop, "alpha", rows, 1)])
        path = put(tmp_path, "export.xlsx", xlsx(tables))
        before = {row.row for row in alpha.rows(name) if row.revision}
        import_files(workshop, [path], store=True)
        stored = [row for row in alpha.rows(name) if row.revision and row.row not in before]
        assert [row.answers for row in stored] == [row for row in rows if row]
        revision = workshop.revision()
        again = import_files(workshop, [path], store=True)
        assert workshop.revision() == revision
        assert {told.state for one in again.judged for told in one.told} <= {"unchanged", "incomplete"}

    goes_round()
