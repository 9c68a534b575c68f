"""How far each company has come: what it has returned, and whether the programme's two goals are reached.

Not finished is a normal state; companies are told apart by what they have, never ranked or scored.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from .actions import planned
from .priorities import CLASSES, UNRATED, ranked
from .rows import Frames, Levels, Row, as_frame, rows

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from spp_workshop.programme import Company

HRDD_STATES = ("completed", "improving", "not_yet")
GRIEVANCE_STATES = ("declared", "not_yet")


def progress(frames: Frames, companies: Iterable[Company | str], worksheets: Iterable[str]) -> pd.DataFrame:
    """Company by worksheet: `none`, `draft`, or `submitted` when every row of it is.

    It asks for company and status alone, so `Workshop.standings` will do for frames.
    """
    keys, columns = _keys(companies), {}
    for name in worksheets:
        states = _states(frames.get(name))
        columns[name] = [states.get(key, "none") for key in keys]
    return pd.DataFrame(columns, index=pd.Index(keys, name="company", dtype="object"), dtype="object")


def _keys(companies: Iterable[Company | str]) -> list[str]:
    return [company if isinstance(company, str) else company.key for company in companies]


def _states(frame: pd.DataFrame | None) -> dict[str, str]:
    """The state of every company that has a row."""
    if frame is None:
        return {}
    found = dict.fromkeys(frame["company"], "submitted")
    return found | dict.fromkeys(frame["company"][frame["status"] != "submitted"], "draft")


def completion(frames: Frames, levels: Levels, companies: Iterable[Company | str]) -> pd.DataFrame:
    """The state of every company: `hrdd` completed, improving or not_yet; `grievance` declared or not_yet.

    Completed: every risk of step 2 has a priority, and every risk of the two highest classes that occur has
    at least one action with owner and due date. Improving: a documented improvement of the internal
    environment without that. Declared: a declaration with date, by whom, and for which users; whether the
    mechanism works is another question. `companies` are all that enrolled, by key or as of the programme.
    """
    ordered = ranked(frames, levels)
    risks, plan = _by_company(ordered), _by_company(planned(frames, ordered))
    improving = {row["company"] for row in rows(frames, "environment_improvement") if _is_documented(row)}
    declared = {row["company"] for row in rows(frames, "declaration") if _is_declared(row)}
    found = []
    for company in _keys(companies):
        own = risks.get(company, ()), plan.get(company, ())
        found.append(
            {
                "company": company,
                "hrdd": _hrdd(*own, improving=company in improving),
                "grievance": "declared" if company in declared else "not_yet",
            }
        )
    return as_frame(found, {"company": "object", "hrdd": "object", "grievance": "object"})


def outcomes(completion: pd.DataFrame) -> pd.DataFrame:
    """How many companies are in each state: goal, state, companies, of. `of` is all that enrolled."""
    goals = {"hrdd": HRDD_STATES, "grievance": GRIEVANCE_STATES}
    found = [
        {"goal": goal, "state": state, "companies": count, "of": len(completion)}
        for goal, states in goals.items()
        for state, count in completion[goal].value_counts().reindex(states, fill_value=0).items()
    ]
    return as_frame(found, {"goal": "object", "state": "object", "companies": "int64", "of": "int64"})


def _by_company(lines: Iterable[Row]) -> dict[str, list[Row]]:
    found: dict[str, list[Row]] = {}
    for line in lines:
        found.setdefault(line["company"], []).append(line)
    return found


def _hrdd(risks: Collection[Row], plan: Collection[Row], *, improving: bool) -> str:
    if _is_completed(risks, plan):
        return "completed"
    return "improving" if improving else "not_yet"


def _is_completed(risks: Collection[Row], plan: Collection[Row]) -> bool:
    classes = {risk["priority"] for risk in risks}
    if not risks or UNRATED in classes:
        return False
    highest = [name for name in CLASSES.values() if name in classes][:2]
    urgent = {risk["row"] for risk in risks if risk["priority"] in highest}
    return urgent <= {action["risk"] for action in plan if action["complete"]}


def _is_documented(improvement: Row) -> bool:
    return bool(improvement.get("improvement") and improvement.get("evidence"))


def _is_declared(declaration: Row) -> bool:
    said = declaration.get("declared") == "yes"
    return said and all(declaration.get(name) for name in ("declared_on", "declared_by", "users"))
