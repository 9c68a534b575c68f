"""Completion and progress are what their definition says, told here company by company."""

from __future__ import annotations

from typing import Any

import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from spp_workshop.analysis import actions, completion, priorities, progress
from spp_workshop.analysis.priorities import CLASSES, CRITERIA, UNRATED

COMPANIES = ["alpha", "beta"]
ROWS = ["a", "a.b1"]
ASKED = (*CRITERIA, "likelihood")
LEVELS = {name: {f"{name}_{level}": level for level in (1, 2, 3, 4)} for name in ASKED}
NAMES = (
    "step2_harm_process",
    "step3_prioritisation",
    "action_plan",
    "environment_improvement",
    "declaration",
)


def maybe(*values: Any) -> st.SearchStrategy[Any]:
    """Mostly answered, so that some companies get as far as the end."""
    return st.sampled_from([*values * 8, None])


ANSWERS: dict[str, dict[str, st.SearchStrategy[Any]]] = {
    "step2_harm_process": {"event": maybe("x")},
    "step3_prioritisation": {name: maybe(*LEVELS[name]) for name in ASKED},
    "action_plan": {
        "owner": maybe("HR"),
        "due_date": maybe("2026-04-01"),
        "state": maybe("planned", "done", "cancelled"),
    },
    "environment_improvement": {"improvement": maybe("doors"), "evidence": maybe(["photo"], [])},
    "declaration": {
        "declared": maybe("yes", "no"),
        "declared_on": maybe("2026-03-01"),
        "declared_by": maybe("President"),
        "users": maybe(["employees"]),
    },
}


@st.composite
def worksheets(draw: st.DrawFn) -> dict[str, pd.DataFrame]:
    """Frames as a small programme has them; a worksheet that nobody has begun may be missing."""
    found = {}
    for name, answers in ANSWERS.items():
        places = st.tuples(st.sampled_from(COMPANIES), st.sampled_from(ROWS))
        keys = draw(st.lists(places, unique=True, min_size=draw(st.sampled_from((0, 2, 4)))))
        status = st.sampled_from(("draft", "submitted", "submitted"))
        lines = [
            {"company": company, "row": row, "status": draw(status)}
            | {field: draw(given) for field, given in answers.items()}
            for company, row in keys
        ]
        if lines or draw(st.booleans()):
            columns = ["company", "row", "status", *answers]
            found[name] = pd.DataFrame(lines, columns=columns, dtype="object")
    return found


def slowly(frames: dict[str, pd.DataFrame], company: str) -> tuple[str, str]:
    """The states of one company, from its own rows of the frames that others see, too."""

    def own(frame: pd.DataFrame | None) -> list[dict[str, Any]]:
        return [] if frame is None else frame[frame["company"] == company].to_dict("records")

    risks, plan = own(priorities(frames, LEVELS)), own(actions(frames, LEVELS))
    occurring = [name for name in CLASSES.values() if any(risk["priority"] == name for risk in risks)]
    answered = {action["risk"] for action in plan if action["complete"]}
    urgent = [risk for risk in risks if risk["priority"] in occurring[:2]]
    rated = risks and all(risk["priority"] != UNRATED for risk in risks)
    improved = any(
        row["improvement"] and row["evidence"] for row in own(frames.get("environment_improvement"))
    )
    declared = any(
        row["declared"] == "yes" and row["declared_on"] and row["declared_by"] and row["users"]
        for row in own(frames.get("declaration"))
    )
    if rated and all(risk["row"] in answered for risk in urgent):
        hrdd = "completed"
    else:
        hrdd = "improving" if improved else "not_yet"
    return hrdd, "declared" if declared else "not_yet"


@settings(max_examples=60)
@given(frames=worksheets())
def test_the_states_of_all_are_those_of_each(frames: dict[str, pd.DataFrame]) -> None:
    found = completion(frames, LEVELS, COMPANIES)
    assert found["company"].tolist() == COMPANIES
    told = list(zip(found["hrdd"], found["grievance"], strict=True))
    assert told == [slowly(frames, company) for company in COMPANIES]


@settings(max_examples=60)
@given(frames=worksheets())
def test_progress_of_all_is_that_of_each(frames: dict[str, pd.DataFrame]) -> None:
    found = progress(frames, COMPANIES, NAMES)
    for name in NAMES:
        for company in COMPANIES:
            frame = frames.get(name)
            own = [] if frame is None else list(frame[frame["company"] == company]["status"])
            done = "submitted" if all(status == "submitted" for status in own) else "draft"
            assert found.loc[company, name] == (done if own else "none")


def test_the_examples_get_as_far_as_every_state() -> None:
    """A comparison of nothing but `not_yet` would hold for any code."""
    seen = set()

    @settings(derandomize=True, max_examples=60)
    @given(frames=worksheets())
    def look(frames: dict[str, pd.DataFrame]) -> None:
        seen.update(slowly(frames, company)[0] for company in COMPANIES)

    look()
    assert seen == {"completed", "improving", "not_yet"}
