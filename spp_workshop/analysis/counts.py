"""What companies have in common: barriers, support wanted, and themes as counts of companies."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from .rows import Frames, as_frame, rows
from .small_numbers import published

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

# For each list of choices the questions (worksheet and field) in which a company can name one of its codes.
THEMES: Mapping[str, tuple[tuple[str, str], ...]] = {
    "human_rights_issues": (
        ("issues_found", "issue"),
        ("step1_risk_areas", "issue"),
        ("step2_harm_process", "issue"),
    ),
    "rights_holders": (
        ("issues_found", "rights_holders"),
        ("step1_risk_areas", "rights_holders"),
        ("step2_harm_process", "affected"),
    ),
    "root_causes": (("step2_harm_process", "root_causes"),),
    "action_types": (("action_plan", "action_type"), ("environment_improvement", "kind")),
    "barrier_categories": (("engagement_questionnaire", "barriers"),),
    "support_wanted": (("support_expected", "wanted"),),
}

COUNTS = {"code": "object", "companies": "int64", "of": "int64"}


def barriers(frames: Frames) -> pd.DataFrame:
    """How many companies named each barrier, and how many as the biggest: barrier, companies, biggest, of.

    `of` is how many companies answered. The counts are bare: use `published` before others see them.
    """
    return _named(frames, "engagement_questionnaire", "barriers", "biggest_barrier", ("barrier", "biggest"))


def support(frames: Frames) -> pd.DataFrame:
    """How many companies want each kind of support, and how many most: support, companies, most_wanted, of.

    `of` is how many companies answered. The counts are bare: use `published` before others see them.
    """
    return _named(frames, "support_expected", "wanted", "most_wanted", ("support", "most_wanted"))


def themes(frames: Frames, floor: int = 3) -> pd.DataFrame:
    """What at least `floor` companies have in common, safe to publish: list, code, companies (as told), of.

    `list` is the list of choices that the code belongs to. A theme that fewer companies named is not there.
    """
    tables = []
    for name, questions in THEMES.items():
        named, of = _by_code(frames, questions), _answered(frames, questions)
        counts = [{"code": code, "companies": len(who), "of": of} for code, who in named.items()]
        told = published(as_frame(counts, COUNTS), floor, sensitive=True)
        tables.append(told.assign(list=name))
    return pd.concat(tables, ignore_index=True)[["list", "code", "companies", "of"]]


def _named(frames: Frames, worksheet: str, several: str, one: str, columns: tuple[str, str]) -> pd.DataFrame:
    """Counts by code, the most named first; who names a code as the foremost has named it."""
    questions = ((worksheet, several), (worksheet, one))
    named, foremost = _by_code(frames, questions), _by_code(frames, questions[1:])
    code, first = columns
    counts = {name: (len(who), len(foremost.get(name, ()))) for name, who in named.items()}
    ordered = sorted(counts, key=lambda name: (-counts[name][0], -counts[name][1], name))
    of = _answered(frames, questions)
    return as_frame(
        ({code: name, "companies": counts[name][0], first: counts[name][1], "of": of} for name in ordered),
        {code: "object", "companies": "int64", first: "int64", "of": "int64"},
    )


def _answered(frames: Frames, questions: Iterable[tuple[str, str]]) -> int:
    """How many companies returned one of the worksheets, whatever they answered there."""
    sheets = {worksheet for worksheet, _ in questions}
    return len({row["company"] for worksheet in sheets for row in rows(frames, worksheet)})


def _by_code(frames: Frames, questions: Iterable[tuple[str, str]]) -> dict[str, set[str]]:
    """The companies that named each code, wherever they did."""
    named: dict[str, set[str]] = {}
    for worksheet, field in questions:
        for row in rows(frames, worksheet):
            answer = row.get(field) or []
            for code in answer if isinstance(answer, list) else [answer]:
                named.setdefault(code, set()).add(row["company"])
    return named
