"""Which risk comes first: severity, order and priority class.

The rule is this toolkit's proposal after UN Guiding Principles 14 and 24 (severity before likelihood, and one
grave side is enough). It stands here and nowhere else; the levels behind the codes are data in
`worksheets/choices/`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from .rows import Frames, Key, Levels, Row, as_frame, as_rows, by_key, parent

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    import pandas as pd

STEP1, STEP2, STEP3 = "step1_risk_areas", "step2_harm_process", "step3_prioritisation"
CRITERIA = ("scale", "scope", "irremediability")
CLASSES = {4: "A", 3: "B", 2: "C", 1: "D"}
UNRATED = "unrated"

TYPES = {
    "company": "object",
    "row": "object",
    "business_area": "object",
    "issue": "object",
    "affected": "object",
    "event": "object",
    "actual": "boolean",
    "vulnerable": "boolean",
    "involvement": "object",
    "scale": "Int64",
    "scope": "Int64",
    "irremediability": "Int64",
    "severity": "Int64",
    "likelihood": "Int64",
    "needs_checking": "boolean",
    "priority": "object",
    "derived_rank": "Int64",
    "rank": "Int64",
    "rank_changed": "boolean",
    "rank_reason": "object",
    "reason": "object",
    "review_date": "object",
}


def severity(scale: int, scope: int, irremediability: int) -> int:
    """How severe an impact is, 1 to 4: the graver of scale and irremediability; a wider scope adds one.

    Never an average: a grave harm to one person stays grave; a trifle that touches everyone rises one level.
    """
    base = max(scale, irremediability)
    return max(base, min(scope, base + 1))


def priorities(frames: Frames, levels: Levels) -> pd.DataFrame:
    """Every risk of step 2 with its judgement of step 3, for each company in the order in which to act.

    `severity` and the scales are levels (4 is the gravest). `priority` is A to D after severity, or `unrated`
    while one of the four answers is missing: an unrated risk has no rank and stands last. A likelihood
    answered as unknown is empty, stands as the highest and sets `needs_checking`, as does an unchecked
    source. `derived_rank` follows the rule; `rank` differs where a person chose another and gave a reason.
    """
    return as_frame(ranked(frames, levels), TYPES)


def ranked(frames: Frames, levels: Levels) -> list[Row]:
    """The rows of `priorities`."""
    by_company: dict[str, list[Row]] = {}
    for risk in _risks(frames):
        by_company.setdefault(risk["company"], []).append(_judged(risk, levels))
    ordered = (risk for company in sorted(by_company) for risk in _ranked(by_company[company], levels))
    return as_rows(ordered, TYPES)


def _risks(frames: Frames) -> Iterator[Row]:
    """The risks in their order of entry; one row of step 2 may have been split into several in step 3."""
    first, second, third = (by_key(frames, name) for name in (STEP1, STEP2, STEP3))
    judged: dict[Key | None, list[Key]] = {}
    for key in third:
        judged.setdefault(parent(key, second), []).append(key)
    for source in (*second, None):
        for key in judged.get(source, [source] if source else []):
            yield _risk(key, *(_carried(key, step) for step in (first, second, third)))


def _carried(key: Key, step: dict[Key, Row]) -> Row:
    source = parent(key, step)
    return step[source] if source else {}


def _risk(key: Key, first: Row, second: Row, third: Row) -> Row:
    """One risk, put together from the three steps; what step 2 leaves open is taken from step 1."""
    company, row = key
    return {
        **third,
        "company": company,
        "row": row,
        "business_area": first.get("business_area"),
        "issue": second.get("issue") or first.get("issue"),
        "affected": second.get("affected") or first.get("rights_holders"),
        "event": second.get("event"),
        "actual": _is(second.get("actuality"), "actual", "potential"),
        "vulnerable": _is(second.get("vulnerable"), "yes", "no"),
        "unchecked": second.get("confidence") == "not_checked",
    }


def _is(code: str | None, yes: str, no: str) -> bool | None:
    return {yes: True, no: False}.get(code or "")


def _judged(risk: Row, levels: Levels) -> Row:
    """The risk with levels for codes, its severity and its priority class.

    A likelihood that is answered by a code without a level is the one that is not known.
    """
    asked = (*CRITERIA, "likelihood")
    level = {name: levels.get(name, {}).get(risk.get(name) or "") for name in asked}
    grave = _severity(level)
    unknown = bool(risk.get("likelihood")) and level["likelihood"] is None
    rated = unknown or level["likelihood"] is not None
    return {
        **risk,
        **level,
        "severity": grave,
        "priority": CLASSES[grave] if grave and rated else UNRATED,
        "needs_checking": unknown or risk["unchecked"],
    }


def _severity(level: Mapping[str, int | None]) -> int | None:
    scale, scope, irremediability = (level[name] for name in CRITERIA)
    if scale is None or scope is None or irremediability is None:
        return None
    return severity(scale, scope, irremediability)


def _ranked(risks: list[Row], levels: Levels) -> list[Row]:
    """One company's risks in their order, each with both ranks; the unrated stand last and have none."""
    highest = max(levels.get("likelihood", {}).values(), default=4)
    rated = [risk for risk in risks if risk["priority"] != UNRATED]
    rated.sort(key=lambda risk: _urgency(risk, highest))  # stable: equal risks keep their order of entry
    for rank, risk in enumerate(rated, 1):
        risk["derived_rank"] = rank
        risk["rank_changed"] = _is_moved(risk)
    chosen = _with_chosen_ranks(rated)
    for rank, risk in enumerate(chosen, 1):
        risk["rank"] = rank
    unrated = [{**risk, "rank_changed": False} for risk in risks if risk["priority"] == UNRATED]
    return [*chosen, *unrated]


def _urgency(risk: Row, highest: int) -> tuple[int, int, bool, bool]:
    """Severity; then likelihood, unknown as the highest; then actual impacts; then vulnerable groups."""
    likelihood = highest if risk["likelihood"] is None else risk["likelihood"]
    return -risk["severity"], -likelihood, risk["actual"] is not True, risk["vulnerable"] is not True


def _is_moved(risk: Row) -> bool:
    """Whether a person moved the risk; without a reason the derived order stays."""
    return risk.get("rank_changed") == "yes" and all(
        risk.get(name) for name in ("chosen_rank", "rank_reason")
    )


def _with_chosen_ranks(derived: list[Row]) -> list[Row]:
    """The derived order with every moved risk at the rank chosen for it, or at the nearest free one after."""
    free = list(range(1, len(derived) + 1))
    places: dict[int, Row] = {}
    moved = [risk for risk in derived if risk["rank_changed"]]
    for risk in sorted(moved, key=lambda risk: risk["chosen_rank"]):
        place = next((rank for rank in free if rank >= risk["chosen_rank"]), free[-1])
        free.remove(place)
        places[place] = risk
    places.update(zip(free, (risk for risk in derived if not risk["rank_changed"]), strict=True))
    return [places[rank] for rank in sorted(places)]
