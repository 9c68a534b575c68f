"""Priorities, completion and counts, on tiny literal frames."""

from __future__ import annotations

from collections import defaultdict
from itertools import combinations_with_replacement, pairwise, product
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, ClassVar

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spp_workshop import analysis
from spp_workshop.analysis import HIDDEN, actions, completion, priorities, severity, suppress

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

SCALES = ("scale", "scope", "irremediability", "likelihood")
LEVELS = {name: {f"{name}_{level}": level for level in (4, 3, 2, 1)} for name in SCALES} | {
    "readiness_levels": {"not_yet": 0, "started": 1, "in_place": 2, "works_and_reviewed": 3}
}


def frame(*rows: Mapping[str, Any], company: str = "alpha") -> pd.DataFrame:
    """A worksheet's frame as `Workshop.frame` makes it, unless a row says otherwise: alpha's, and a draft."""
    usual = {"company": company, "session": "", "row": "", "revision": 1, "status": "draft"}
    columns = dict.fromkeys([*usual, *(name for row in rows for name in row)])
    return pd.DataFrame([usual | row for row in rows], columns=list(columns))


def judged(
    row: str, scale: int, scope: int, irremediability: int, likelihood: Any, **more: Any
) -> dict[str, Any]:
    levels = dict(zip(SCALES, (scale, scope, irremediability, likelihood), strict=True))
    codes = {name: level and f"{name}_{level}" for name, level in levels.items()}
    return {"row": row, **codes, **more}


# The test vectors of the rule: a press without guard, unpaid minutes, passports held (hearsay), an outing
# that happened, late pay slips for all, noise for neighbours.
VECTORS = [
    judged("A", 4, 1, 4, 2),
    judged("B", 2, 4, 2, 4),
    judged("C", 4, 2, 3, "unknown"),
    judged("D", 3, 1, 4, 4),
    judged("E", 1, 4, 1, 4),
    judged("F", 2, 2, 2, 1),
]
STEP2 = [{"row": row, "actuality": "actual" if row == "D" else "potential"} for row in "ABCDEF"]


def ranked(step3: list[dict[str, Any]], step2: list[dict[str, Any]] | None = None) -> pd.DataFrame:
    step2 = [{"row": row["row"]} for row in step3] if step2 is None else step2
    frames = {"step2_harm_process": frame(*step2), "step3_prioritisation": frame(*step3)}
    return priorities(frames, LEVELS)


class TestSeverity:
    def test_of_the_vectors(self) -> None:
        assert ranked(VECTORS, STEP2).set_index("row")["severity"].reindex(list("ABCDEF")).tolist() == [
            4, 3, 4, 4, 2, 2,
        ]  # fmt: skip

    def test_one_grave_side_is_enough(self) -> None:
        assert severity(1, 1, 4) == severity(4, 1, 1) == 4

    def test_a_trifle_that_touches_everyone_rises_by_one_level_only(self) -> None:
        assert severity(1, 4, 1) == 2

    def test_is_never_an_average_and_never_below_its_graver_side(self) -> None:
        for scale, scope, irremediability in product(range(1, 5), repeat=3):
            found = severity(scale, scope, irremediability)
            base = max(scale, irremediability)
            assert base <= found <= min(4, base + 1)
            assert (found > base) == (scope > base)


class TestOrder:
    def test_of_the_vectors(self) -> None:
        assert ranked(VECTORS, STEP2)["row"].tolist() == list("DCABEF")

    def test_classes_follow_severity_alone(self) -> None:
        assert ranked(VECTORS, STEP2)["priority"].tolist() == ["A", "A", "A", "B", "C", "C"]

    def test_an_unknown_likelihood_stands_as_the_highest_and_needs_checking(self) -> None:
        found = ranked(VECTORS, STEP2).set_index("row")
        assert found.index[found["needs_checking"]].tolist() == ["C"]
        assert pd.isna(found.loc["C", "likelihood"])
        assert found.loc["C", "derived_rank"] < found.loc["A", "derived_rank"]

    def test_an_unchecked_source_needs_checking_too(self) -> None:
        found = ranked([judged("r", 2, 2, 2, 2)], [{"row": "r", "confidence": "not_checked"}])
        assert found["needs_checking"].tolist() == [True]

    def test_actual_comes_before_potential_and_then_vulnerable_groups(self) -> None:
        step2 = [
            {"row": "a", "actuality": "potential", "vulnerable": "no"},
            {"row": "b", "actuality": "potential", "vulnerable": "yes"},
            {"row": "c", "actuality": "actual", "vulnerable": "unknown"},
            {"row": "d", "actuality": "actual", "vulnerable": "yes"},
        ]
        found = ranked([judged(row, 3, 1, 1, 3) for row in "abcd"], step2)
        assert found["row"].tolist() == ["d", "c", "b", "a"]
        assert found["actual"].tolist() == [True, True, False, False]
        assert found["vulnerable"].isna().tolist() == [False, True, False, False]

    def test_involvement_never_changes_the_rank(self) -> None:
        kinds = ("directly_linked", "contribute", "cause", "not_yet_known")
        found = ranked([judged(f"r{n}", 3, 1, 1, 3, involvement=kind) for n, kind in enumerate(kinds)])
        assert found["involvement"].tolist() == list(kinds)

    def test_each_company_has_its_own_ranks(self) -> None:
        both = pd.concat([frame(*VECTORS[:2], company="beta"), frame(*VECTORS[:2])])
        found = priorities({"step3_prioritisation": both}, LEVELS)
        assert found[["company", "row", "rank"]].values.tolist() == [
            ["alpha", "A", 1], ["alpha", "B", 2], ["beta", "A", 1], ["beta", "B", 2],
        ]  # fmt: skip


class TestUnrated:
    @pytest.mark.parametrize("missing", SCALES)
    def test_a_missing_answer_is_never_guessed(self, missing: str) -> None:
        found = ranked([judged("whole", 1, 1, 1, 1), judged("gap", 4, 4, 4, 4) | {missing: None}])
        assert found["row"].tolist() == ["whole", "gap"]
        assert found["priority"].tolist() == ["D", "unrated"]
        assert found["rank"].isna().tolist() == found["derived_rank"].isna().tolist() == [False, True]
        assert found["needs_checking"].tolist() == [False, False]

    def test_a_risk_of_step_2_that_nobody_judged_yet_is_there(self) -> None:
        found = priorities({"step2_harm_process": frame({"row": "r", "event": "A burn"})}, LEVELS)
        assert found[["row", "event", "priority"]].values.tolist() == [["r", "A burn", "unrated"]]

    def test_a_rank_cannot_be_chosen_for_it(self) -> None:
        moved = {"rank_changed": "yes", "chosen_rank": 1, "rank_reason": "It feels urgent."}
        found = ranked([judged("gap", 4, 4, 4, None, **moved), judged("whole", 1, 1, 1, 1)])
        assert found["row"].tolist() == ["whole", "gap"]

    def test_an_empty_store_gives_an_empty_frame_with_all_columns(self) -> None:
        assert priorities({}, LEVELS).columns.tolist() == ranked(VECTORS).columns.tolist()
        assert priorities({"step3_prioritisation": frame()}, LEVELS).empty


class TestChosenRank:
    def moved(
        self, row: str, to: int | None, reason: str | None = "Delay would make it worse."
    ) -> pd.DataFrame:
        change = {"rank_changed": "yes", "chosen_rank": to, "rank_reason": reason}
        return ranked([{**one, **change} if one["row"] == row else one for one in VECTORS], STEP2)

    def test_both_ranks_are_kept(self) -> None:
        found = self.moved("E", 1).set_index("row")
        assert found.index.tolist() == list("EDCABF")
        assert found["derived_rank"].tolist() == [5, 1, 2, 3, 4, 6]
        assert found["rank"].tolist() == [1, 2, 3, 4, 5, 6]
        assert found.index[found["rank_changed"]].tolist() == ["E"]
        assert found.loc["E", "rank_reason"] == "Delay would make it worse."

    @pytest.mark.parametrize("reason", [None, "", "  "])
    def test_it_needs_a_reason(self, reason: str | None) -> None:
        found = self.moved("E", 1, reason)
        assert found["row"].tolist() == list("DCABEF")
        assert not found["rank_changed"].any()

    def test_it_needs_a_rank(self) -> None:
        assert self.moved("E", None)["row"].tolist() == list("DCABEF")

    def test_one_beyond_the_end_is_the_last(self) -> None:
        assert self.moved("D", 99)["row"].tolist() == list("CABEFD")

    def test_two_for_the_same_rank_stand_in_their_derived_order(self) -> None:
        change = {"rank_changed": "yes", "chosen_rank": 1, "rank_reason": "Both are urgent."}
        found = ranked([{**one, **change} if one["row"] in "EF" else one for one in VECTORS], STEP2)
        assert found["row"].tolist() == list("EFDCAB")

    def test_nothing_is_moved_where_the_change_was_taken_back(self) -> None:
        kept = {"rank_changed": "no", "chosen_rank": 1, "rank_reason": "Was urgent."}
        found = ranked([{**one, **kept} if one["row"] == "E" else one for one in VECTORS], STEP2)
        assert found["row"].tolist() == list("DCABEF")


class TestCarriedForward:
    def test_what_a_risk_is_comes_from_the_steps_before(self) -> None:
        frames = {
            "step1_risk_areas": frame(
                {
                    "row": "r1",
                    "business_area": "Plating",
                    "issue": "forced_labour",
                    "rights_holders": ["women"],
                },
                {
                    "row": "r2",
                    "business_area": "Shipping",
                    "issue": "privacy",
                    "rights_holders": ["employees"],
                },
            ),
            "step2_harm_process": frame(
                {"row": "r1", "issue": "child_labour", "affected": ["young_workers"], "event": "First"},
                {"row": "r1.ab12", "issue": None, "affected": None, "event": "Second"},
                {"row": "r2", "issue": None, "affected": [], "event": "Third"},
            ),
            "step3_prioritisation": frame(
                judged("r1", 4, 1, 1, 1), judged("r1.ab12", 3, 1, 1, 1), judged("r2.xy34", 2, 1, 1, 1)
            ),
        }
        found = priorities(frames, LEVELS)
        assert found[["row", "business_area", "issue", "affected", "event"]].values.tolist() == [
            ["r1", "Plating", "child_labour", ["young_workers"], "First"],
            ["r1.ab12", "Plating", "forced_labour", ["women"], "Second"],
            ["r2.xy34", "Shipping", "privacy", ["employees"], "Third"],
        ]

    def test_the_parent_is_the_longest_beginning_that_is_known(self) -> None:
        step2 = [{"row": "r1", "event": "First"}, {"row": "r1.ab12", "event": "Second"}]
        found = ranked([judged("r1.ab12.cd34.ef56", 4, 1, 1, 1), judged("r1.zz99", 3, 1, 1, 1)], step2)
        assert found["event"].tolist() == ["Second", "First"]

    def test_a_risk_whose_step_2_is_gone_is_not_lost(self) -> None:
        found = ranked([judged("lost", 4, 1, 1, 1)], [])
        assert found[["row", "event", "priority"]].to_numpy().tolist() == [["lost", None, "A"]]

    def test_what_was_not_answered_is_none_or_na_and_never_nan(self) -> None:
        found = ranked([judged("a", 2, 2, 2, 2, reason="Seen"), judged("b", 1, 1, 1, None)])
        assert found["reason"].tolist() == ["Seen", None]
        assert found["event"].tolist() == [None, None]
        assert found["rank"].dtype == "Int64"

    def test_another_companys_row_of_the_same_id_is_not_mistaken_for_it(self) -> None:
        frames = {
            "step2_harm_process": pd.concat(
                [frame({"row": "r", "event": "Ours"}), frame({"row": "r", "event": "Theirs"}, company="beta")]
            )
        }
        assert priorities(frames, LEVELS).set_index("company")["event"].to_dict() == {
            "alpha": "Ours",
            "beta": "Theirs",
        }


level = st.sampled_from([1, 2, 3, 4])
risks = st.lists(
    st.tuples(level, level, level, st.sampled_from([1, 2, 3, 4, "unknown"]), st.booleans(), st.booleans()),
    min_size=1,
    max_size=7,
)


def frames_of(drawn: Iterable[tuple[str, tuple[Any, ...]]]) -> dict[str, pd.DataFrame]:
    drawn = list(drawn)
    second = [
        {"row": row, "actuality": "actual" if actual else "potential", "vulnerable": "yes" if weak else "no"}
        for row, (*_, actual, weak) in drawn
    ]
    third = [judged(row, *levels) for row, (*levels, _, _) in drawn]
    return {"step2_harm_process": frame(*second), "step3_prioritisation": frame(*third)}


@settings(max_examples=60)
@given(risks)
def test_nothing_less_severe_ever_stands_above_something_more_severe(drawn: list[tuple[Any, ...]]) -> None:
    found = priorities(frames_of((f"r{n}", risk) for n, risk in enumerate(drawn)), LEVELS)
    severities = found.sort_values("derived_rank")["severity"].tolist()
    assert severities == sorted(severities, reverse=True)
    assert found["derived_rank"].tolist() == found["rank"].tolist() == list(range(1, len(drawn) + 1))


@settings(max_examples=60)
@given(risks, st.randoms(use_true_random=False))
def test_the_order_of_entry_decides_only_between_equals(drawn: list[tuple[Any, ...]], random: Any) -> None:
    entered = [(f"r{n}", risk) for n, risk in enumerate(drawn)]
    shuffled = random.sample(entered, len(entered))
    orders = [priorities(frames_of(entries), LEVELS)["row"].tolist() for entries in (entered, shuffled)]
    what = dict(entered)
    alike = [[(severity(*what[row][:3]), *what[row][3:]) for row in order] for order in orders]
    as_highest = [[(s, 4 if p == "unknown" else p, *rest) for s, p, *rest in order] for order in alike]
    assert as_highest[0] == as_highest[1]
    places = [row for row, _ in shuffled]
    for one, two in zip(orders[1], orders[1][1:], strict=False):
        key = dict(zip(orders[1], as_highest[1], strict=True))
        assert key[one] != key[two] or places.index(one) < places.index(two)


class TestActions:
    frames: ClassVar = {
        "step2_harm_process": frame(*STEP2),
        "step3_prioritisation": frame(*VECTORS),
        "action_plan": frame(
            {"row": "B", "measure": "Pay", "owner": "President", "due_date": "2026-05-01"},
            {"row": "D", "measure": "Talk", "owner": "President"},
            {
                "row": "D.ab12",
                "measure": "Train",
                "owner": "HR",
                "due_date": "2026-04-01",
                "state": "cancelled",
            },
            {"row": "lost", "measure": "Unclear", "owner": " ", "due_date": "2026-04-01"},
        ),
    }

    def test_stand_in_the_order_of_their_risks(self) -> None:
        found = actions(self.frames, LEVELS)
        assert found[["risk", "row", "priority"]].values.tolist() == [
            ["D", "D", "A"], ["D", "D.ab12", "A"], ["B", "B", "B"], ["", "lost", "unrated"],
        ]  # fmt: skip

    def test_are_complete_with_an_owner_and_a_due_date_unless_cancelled(self) -> None:
        found = actions(self.frames, LEVELS).set_index("row")
        assert found.index[found["complete"]].tolist() == ["B"]


class TestCompletion:
    def plan(self, *rows: str) -> pd.DataFrame:
        return frame(*({"row": row, "owner": "HR", "due_date": "2026-04-01"} for row in rows))

    def state(self, **frames: pd.DataFrame) -> str:
        return completion(frames, LEVELS, ["alpha"])["hrdd"].item()

    def risks(self) -> dict[str, pd.DataFrame]:
        return {"step2_harm_process": frame(*STEP2), "step3_prioritisation": frame(*VECTORS)}

    def test_completed_with_actions_for_the_two_highest_classes(self) -> None:
        assert self.state(**self.risks(), action_plan=self.plan(*"ABCD")) == "completed"
        assert self.state(**self.risks(), action_plan=self.plan(*"ABCDEF")) == "completed"

    @pytest.mark.parametrize("without", "ABCD")
    def test_every_risk_of_these_classes_needs_one(self, without: str) -> None:
        rows = [row for row in "ABCDEF" if row != without]
        assert self.state(**self.risks(), action_plan=self.plan(*rows)) == "not_yet"

    def test_the_two_highest_classes_are_those_that_occur(self) -> None:
        step3 = frame(judged("c", 2, 1, 1, 1), judged("d", 1, 1, 1, 1))
        frames = {"step2_harm_process": frame({"row": "c"}, {"row": "d"}), "step3_prioritisation": step3}
        assert self.state(**frames, action_plan=self.plan("c")) == "not_yet"
        assert self.state(**frames, action_plan=self.plan("c", "d")) == "completed"

    def test_an_action_without_owner_or_date_or_cancelled_does_not_count(self) -> None:
        for lack in ({"owner": None}, {"due_date": None}, {"state": "cancelled"}):
            plan = frame(*({"row": r, "owner": "HR", "due_date": "2026-04-01"} | lack for r in "ABCD"))
            assert self.state(**self.risks(), action_plan=plan) == "not_yet"

    def test_a_risk_of_step_2_without_priority_stands_in_the_way(self) -> None:
        frames = self.risks()
        frames["step2_harm_process"] = frame(*STEP2, {"row": "new"})
        assert self.state(**frames, action_plan=self.plan(*"ABCDEF")) == "not_yet"

    def test_an_empty_step_2_is_never_completed(self) -> None:
        assert self.state() == "not_yet"
        assert self.state(action_plan=self.plan("A")) == "not_yet"

    @pytest.mark.parametrize(
        ("text", "evidence", "expected"),
        [
            ("Doors that open", ["photo"], "improving"),
            ("Doors that open", [], "not_yet"),
            ("", ["photo"], "not_yet"),
        ],
    )
    def test_improving_needs_what_was_done_and_its_evidence(
        self, text: str, evidence: list[str], expected: str
    ) -> None:
        assert (
            self.state(environment_improvement=frame({"improvement": text, "evidence": evidence})) == expected
        )

    def test_completed_goes_before_improving(self) -> None:
        improvement = frame({"improvement": "Doors", "evidence": ["photo"]})
        frames = {**self.risks(), "environment_improvement": improvement}
        assert self.state(**frames, action_plan=self.plan(*"ABCD")) == "completed"
        assert self.state(**frames, action_plan=self.plan("A")) == "improving"

    def test_one_companys_plan_does_not_complete_another(self) -> None:
        beta = frame(*({"row": r, "owner": "HR", "due_date": "2026-04-01"} for r in "ABCD"), company="beta")
        found = completion({**self.risks(), "action_plan": beta}, LEVELS, ["alpha", "beta"])
        assert found["hrdd"].tolist() == ["not_yet", "not_yet"]

    @pytest.mark.parametrize("lack", ["declared", "declared_on", "declared_by", "users", None])
    def test_declared_with_date_by_whom_and_for_which_users(self, lack: str | None) -> None:
        whole = {
            "declared": "yes",
            "declared_on": "2026-03-01",
            "declared_by": "President",
            "users": ["employees"],
        }
        given = {name: None if name == lack else value for name, value in whole.items()}
        found = completion({"declaration": frame(given)}, LEVELS, ["alpha"])
        assert found["grievance"].item() == ("not_yet" if lack else "declared")

    def test_the_denominator_is_who_enrolled_in_their_order(self) -> None:
        enrolled = [SimpleNamespace(key="beta"), SimpleNamespace(key="alpha")]
        found = completion({**self.risks(), "action_plan": self.plan(*"ABCD")}, LEVELS, enrolled)  # type: ignore[list-item]
        assert found.values.tolist() == [["beta", "not_yet", "not_yet"], ["alpha", "completed", "not_yet"]]
        assert analysis.outcomes(found).values.tolist() == [
            ["hrdd", "completed", 1, 2], ["hrdd", "improving", 0, 2], ["hrdd", "not_yet", 1, 2],
            ["grievance", "declared", 0, 2], ["grievance", "not_yet", 2, 2],
        ]  # fmt: skip


def test_progress_tells_none_draft_and_submitted_apart() -> None:
    sheets = {
        "some": frame({"row": "a", "status": "submitted"}, {"row": "b"}),
        "all": frame({"row": "a", "status": "submitted"}, {"row": "b", "status": "submitted"}),
    }
    found = analysis.progress(sheets, ["alpha", "beta"], ["some", "all", "other"])
    assert found.index.tolist() == ["alpha", "beta"]
    assert found.to_dict("list") == {
        "some": ["draft", "none"], "all": ["submitted", "none"], "other": ["none", "none"],
    }  # fmt: skip


def test_attendance_counts_heads_and_the_companies_they_belong_to() -> None:
    programme = SimpleNamespace(sessions=[SimpleNamespace(key="first"), SimpleNamespace(key="second")])
    line = {"company": "alpha", "in_room": 2, "online": None}
    rows = [
        {"session": "first", "row": "alpha", **line},
        {"session": "first", "row": "beta", "company": "beta", "in_room": 1, "online": 3},
        {"session": "first", "row": "gamma", "company": "gamma", "in_room": 0, "online": 0},
        {"session": "elsewhere", "row": "alpha", **line},
    ]
    found = analysis.attendance({"attendance": frame(*rows)}, programme)
    assert found.values.tolist() == [["first", 2, 6, 3, 3], ["second", 0, 0, 0, 0]]


class TestReadiness:
    questions = ("legitimate_q1", "legitimate_q2", "accessible_q1", "accessible_q2")

    def answered(self, *answers: str | None) -> pd.DataFrame:
        return frame(dict(zip(self.questions, answers, strict=True)) | {"next_step": "Ask"})

    def test_counts_questions_by_level_and_leaves_the_unanswered_out_of_the_mean(self) -> None:
        sheet = self.answered("not_yet", "in_place", "works_and_reviewed", None)
        found = analysis.readiness({"grievance_readiness": sheet}, LEVELS)
        assert found.columns.tolist() == [
            "company", "criterion", "not_yet", "started", "in_place", "works_and_reviewed",
            "unanswered", "mean",
        ]  # fmt: skip
        assert found.values.tolist() == [
            ["alpha", "legitimate", 1, 0, 1, 0, 0, 1.0],
            ["alpha", "accessible", 0, 0, 0, 1, 1, 3.0],
        ]

    def test_nothing_answered_has_no_mean(self) -> None:
        found = analysis.readiness({"grievance_readiness": self.answered(*[None] * 4)}, LEVELS)
        assert found["mean"].isna().all()

    def test_overall_is_told_from_three_companies_up(self) -> None:
        sheets = [
            frame({"legitimate_q1": code, "accessible_q1": code if company != "c" else None}, company=company)
            for company, code in zip("abc", ["not_yet", "started", "in_place"], strict=True)
        ]
        found = analysis.readiness({"grievance_readiness": pd.concat(sheets)}, LEVELS)
        overall = analysis.readiness_overall(found).set_index("criterion")
        assert overall["companies"].to_dict() == {"legitimate": 3, "accessible": 2}
        assert overall.loc["legitimate", "mean"] == 1.0
        assert pd.isna(overall.loc["accessible", "mean"])


class TestCounts:
    def questionnaire(self, answers: dict[str, tuple[list[str] | None, str | None]]) -> pd.DataFrame:
        return pd.concat(
            frame({"barriers": several, "biggest_barrier": one}, company=company)
            for company, (several, one) in answers.items()
        )

    def test_barriers_are_ranked_by_companies(self) -> None:
        sheet = self.questionnaire(
            {"a": (["cost", "time"], "time"), "b": (["time"], "cost"), "c": (None, None)}
        )
        found = analysis.barriers({"engagement_questionnaire": sheet})
        assert found.columns.tolist() == ["barrier", "companies", "biggest", "of"]
        assert found.values.tolist() == [["cost", 2, 1, 3], ["time", 2, 1, 3]]

    def test_support_likewise(self) -> None:
        sheet = frame({"wanted": ["templates"], "most_wanted": "templates"})
        found = analysis.support({"support_expected": sheet})
        assert found.to_dict("records") == [
            {"support": "templates", "companies": 1, "most_wanted": 1, "of": 1}
        ]

    def test_published_drops_what_is_hidden_and_what_would_tell_by_subtraction(self) -> None:
        answers = {
            c: (["time", *(["cost"] if c in "abcd" else []), *(["rare"] if c == "a" else [])], None)
            for c in "abcdefgh"
        }
        bare = analysis.barriers({"engagement_questionnaire": self.questionnaire(answers)})
        found = analysis.published(bare)
        assert found.values.tolist() == [["time", "3+", 8], ["cost", "4", 8]]
        assert found.columns.tolist() == ["barrier", "companies", "of"]

    def test_nothing_to_publish_is_an_empty_frame(self) -> None:
        assert analysis.published(analysis.barriers({})).empty
        assert analysis.themes({}).columns.tolist() == ["list", "code", "companies", "of"]

    def test_themes_join_what_a_company_says_in_several_places(self) -> None:
        def named(sheet: str, codes: dict[str, str]) -> dict[str, pd.DataFrame]:
            return {
                sheet: pd.concat(frame({"row": "r", "issue": code}, company=c) for c, code in codes.items())
            }

        frames = named(
            "issues_found", {"a": "privacy", "b": "privacy", "d": "discrimination", "e": "bribery"}
        )
        frames |= named("step2_harm_process", {"a": "privacy", "c": "privacy", "f": "bribery"})
        found = analysis.themes(frames)
        assert found.values.tolist() == [["human_rights_issues", "privacy", "3", 6]]


# --- Small numbers ------------------------------------------------------------------------------------------

FLOOR = 3


def told(counts: Iterable[int], of: int, **how: bool) -> tuple[str, ...]:
    return tuple(suppress(pd.Series(list(counts)), of, FLOOR, **how))


class TestSuppress:
    def test_a_count_under_three_is_hidden_and_none_as_well(self) -> None:
        assert told([0, 1, 2, 3, 5], 8) == (HIDDEN, HIDDEN, HIDDEN, "3", "5")

    def test_all_or_nearly_all_is_three_or_more(self) -> None:
        for count in (6, 7, 8):
            assert told([count], 8) == ("3+",)

    def test_on_sensitive_items_nothing_stands_out_as_nearly_all(self) -> None:
        assert told([7, 5, 4, 1], 8) == ("3+", "3+", "3+", HIDDEN)
        assert told([7, 5, 4, 1], 8, sensitive=False) == ("3+", "5", "4", HIDDEN)

    def test_three_companies_tell_nothing_at_all(self) -> None:
        assert told([0, 1, 3], 3) == (HIDDEN, HIDDEN, HIDDEN)

    def test_a_hidden_part_takes_another_with_it(self) -> None:
        assert told([5, 3, 1], 9, partition=True) == ("5", HIDDEN, HIDDEN)

    def test_parts_that_are_all_large_are_told(self) -> None:
        assert told([4, 4], 8, partition=True) == ("4", "4")

    def test_persons_are_counted_from_five(self) -> None:
        assert suppress(pd.Series([4, 5, 9]), 20, floor=5).tolist() == [HIDDEN, "5", "9"]

    def test_keeps_the_index(self) -> None:
        assert suppress(pd.Series({"cost": 3, "time": 2}), 8).to_dict() == {"cost": "3", "time": HIDDEN}


counts_out_of = st.integers(1, 20).flatmap(
    lambda of: st.tuples(st.lists(st.integers(0, of), max_size=6), st.just(of), st.booleans())
)


@given(counts_out_of)
def test_no_figure_and_no_difference_to_the_total_tells_of_fewer_than_three(
    case: tuple[list[int], int, bool],
) -> None:
    counts, of, sensitive = case
    for count, mark in zip(counts, told(counts, of, sensitive=sensitive), strict=True):
        assert mark in (HIDDEN, "3+", str(count))
        if mark.isdigit():
            assert count >= FLOOR
            assert of - count >= FLOOR
        if mark == "3+":
            assert count >= FLOOR
            assert of > FLOOR


@given(st.lists(st.integers(0, 12), min_size=2, max_size=6))
def test_parts_of_a_whole_tell_no_few_by_subtraction(counts: list[int]) -> None:
    marks = told(counts, sum(counts), partition=True)
    exact = [count for count, mark in zip(counts, marks, strict=True) if mark.isdigit()]
    for size in range(1, len(exact) + 1):
        rest = sum(counts) - sum(sorted(exact)[-size:])
        assert rest >= FLOOR or (rest == 0 and len(exact) == len(counts))
    assert len(counts) - len(exact) != 1


def partitions(of: int, parts: int) -> Iterator[tuple[int, ...]]:
    for cuts in combinations_with_replacement(range(of + 1), parts - 1):
        edges = (0, *cuts, of)
        yield tuple(right - left for left, right in pairwise(edges))


@pytest.mark.parametrize("sensitive", [True, False])
@pytest.mark.parametrize("parts", [2, 3, 4])
@pytest.mark.parametrize("of", range(1, 11))
def test_a_reader_who_knows_the_rule_cannot_work_out_a_small_part(
    of: int, parts: int, sensitive: bool
) -> None:
    """Every table that could stand behind what is told: no hidden cell has the same small value in all."""
    behind = defaultdict(list)
    for counts in partitions(of, parts):
        behind[told(counts, of, partition=True, sensitive=sensitive)].append(counts)
    for marks, tables in behind.items():
        for cell, mark in enumerate(marks):
            possible = {counts[cell] for counts in tables}
            assert len(possible) > 1 or mark.isdigit(), (marks, cell, tables)


@pytest.mark.parametrize("sensitive", [True, False])
@pytest.mark.parametrize("of", range(1, 11))
def test_nor_whether_all_or_none_have_something(of: int, sensitive: bool) -> None:
    behind = defaultdict(list)
    for counts in product(range(of + 1), repeat=2):
        behind[told(counts, of, sensitive=sensitive)].append(counts)
    for marks, tables in behind.items():
        for cell, mark in enumerate(marks):
            assert mark.isdigit() or len({counts[cell] for counts in tables}) > 1
