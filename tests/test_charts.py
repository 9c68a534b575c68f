"""Charts are judged by what stands on them: marks, words and places, never by pixels."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from base64 import b64decode
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from itertools import combinations, pairwise
from math import dist
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg, RendererAgg
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties
from matplotlib.patches import Circle, Rectangle
from PIL import Image

from spp_workshop import analysis, charts
from spp_workshop.charts import canvas, drawing, lettering
from spp_workshop.charts.drawing import Renderer
from spp_workshop.documents import shipped
from spp_workshop.worksheet import Text, as_choices, load_choices, values_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from spp_workshop.charts import Chart

LISTS = load_choices(shipped("worksheets") / "choices")
LEVELS = values_of(LISTS)
COMPANIES = {
    "alpha": Text(ja="アルファ表面処理", en="Alpha Surface Treatment"),
    "beta": Text(ja="ベータ精密", en="Beta Precision"),
}
CHOICES = LISTS | {"companies": as_choices("companies", Text(ja="会社", en="Companies"), COMPANIES)}
SHEETS = {
    "step1": SimpleNamespace(title=Text(ja="ステップ①", en="Step 1")),
    "plan": SimpleNamespace(title=Text(ja="是正・行動計画", en="Corrective action plan")),
}
PROGRAMME = SimpleNamespace(
    session={
        "practice": SimpleNamespace(title=Text(ja="実践会", en="Practice Workshop"), date="2025-10-23"),
        "closing": SimpleNamespace(title=Text(ja="報告会", en="Closing Meeting"), date="2026-03-25"),
    }.__getitem__
)
# Letters beyond the BMP, variants, signs, what could be read as a formula or as markup, and what has no form.
HARD = "𠮷髙﨑①㈱Ω→ 辻\U000e0100🙂 $x^2$ \\frac <b>&amp; \u202eabc\u202c\x00\x1b[31m\n\tend"


def a_risk(row: str, **answers: Any) -> dict[str, Any]:
    usual = {"scale": 4, "scope": 2, "irremediability": 3, "likelihood": 2}
    levels = {name: f"{name}_{answers.pop(name, level)}" for name, level in usual.items()}
    event = {"event": f"Something may happen to people ({row}).", "actuality": "potential"}
    return {"company": "alpha", "row": row, "status": "draft", **levels, **event, **answers}


def priorities(*risks: dict[str, Any]) -> pd.DataFrame:
    frame = pd.DataFrame(risks)
    return analysis.priorities({"step2_harm_process": frame, "step3_prioritisation": frame}, LEVELS)


def readiness(*companies: str, answered: str | None = "in_place") -> pd.DataFrame:
    questions = [f"{criterion}_q{n}" for criterion in LISTS["readiness_criteria"].codes for n in range(1, 5)]
    frame = pd.DataFrame(
        [{"company": name, "row": "", **dict.fromkeys(questions, answered)} for name in companies]
    )
    frames = {
        "grievance_readiness": frame if companies else pd.DataFrame(columns=["company", "row", *questions])
    }
    return analysis.readiness(frames, LEVELS)


BARRIERS = pd.DataFrame(
    [
        {"barrier": "no_time_no_people", "companies": 7, "biggest": 3, "of": 8},
        {"barrier": "cost", "companies": 4, "biggest": 0, "of": 8},
        {"barrier": "language_culture", "companies": 1, "biggest": 1, "of": 8},
    ]
)
PROGRESS = pd.DataFrame(
    {"step1": ["submitted", "draft"], "plan": ["draft", "none"]},
    index=pd.Index(["alpha", "beta"], name="company"),
)
COMPLETION = pd.DataFrame(
    {
        "company": ["a", "b", "c"],
        "hrdd": ["completed", "improving", "not_yet"],
        "grievance": ["declared", "not_yet", "not_yet"],
    }
)
ATTENDANCE = pd.DataFrame(
    [
        {"session": "practice", "companies": 7, "people": 13, "in_room": 10, "online": 3},
        {"session": "closing", "companies": 0, "people": 0, "in_room": 0, "online": 0},
    ]
)
CROWD = [a_risk(f"r{n:02}") for n in range(12)]

DRAWN: dict[str, Callable[[str], Any]] = {
    "risk_map": lambda language: charts.risk_map(priorities(*CROWD), language, CHOICES),
    "progress": lambda language: charts.progress_chart(PROGRESS, language, CHOICES, SHEETS),
    "barriers": lambda language: charts.barrier_chart(BARRIERS, language, CHOICES),
    "published": lambda language: charts.barrier_chart(analysis.published(BARRIERS), language, CHOICES),
    "readiness": lambda language: charts.readiness_chart(readiness("alpha"), language, CHOICES),
    "readiness_of_several": lambda language: charts.readiness_chart(readiness(*"abc"), language, CHOICES),
    "attendance": lambda language: charts.attendance_chart(ATTENDANCE, language, PROGRAMME),
    "completion": lambda language: charts.completion_chart(COMPLETION, language),
}
EMPTY: dict[str, Callable[[str], Any]] = {
    "risk_map": lambda language: charts.risk_map(analysis.priorities({}, LEVELS), language, CHOICES),
    "progress": lambda language: charts.progress_chart(
        analysis.progress({}, [], ["plan"]), language, CHOICES, SHEETS
    ),
    "no_worksheets": lambda language: charts.progress_chart(PROGRESS[[]], language, CHOICES, SHEETS),
    "barriers": lambda language: charts.barrier_chart(analysis.barriers({}), language, CHOICES),
    "support": lambda language: charts.barrier_chart(analysis.support({}), language, CHOICES),
    "themes": lambda language: charts.barrier_chart(analysis.themes({}), language, CHOICES),
    "readiness": lambda language: charts.readiness_chart(readiness(), language, CHOICES),
    "readiness_unanswered": lambda language: charts.readiness_chart(
        readiness("a", answered=None), language, CHOICES
    ),
    "attendance": lambda language: charts.attendance_chart(ATTENDANCE[:0], language, PROGRAMME),
    "completion": lambda language: charts.completion_chart(COMPLETION[:0], language),
}
NOTHING = {"ja": "まだ表示できる内容がありません。", "en": "There is nothing to show yet."}
# What leads to a first line of it.
LEADS = {
    "risk_map": {
        "ja": "ステップ②に書き、ステップ③で評価した内容が、ここに表示されます。",
        "en": "What is written in step 2 and rated in step 3 appears here.",
    }
}


def words(chart: Chart) -> list[str]:
    return [text.get_text() for text in chart.texts]


def marks(chart: Chart, name: str) -> list[Any]:
    return [mark for mark in chart.artists if str(mark.get_gid() or "").startswith(name)]


@pytest.mark.parametrize("language", ["ja", "en"])
@pytest.mark.parametrize("name", DRAWN)
class TestEveryChart:
    def test_is_a_figure_with_a_title_and_a_text_alternative(self, name: str, language: str) -> None:
        chart = DRAWN[name](language)
        assert isinstance(chart, Figure)
        assert chart.get_suptitle()
        assert chart.alt_text.startswith(chart.get_suptitle())
        assert chart.alt_text != DRAWN[name]("en" if language == "ja" else "ja").alt_text

    def test_keeps_every_word_on_the_sheet(self, name: str, language: str) -> None:
        chart = DRAWN[name](language)
        renderer = FigureCanvasAgg(chart).get_renderer()
        width, height = chart.bbox.width, chart.bbox.height
        for text in chart.texts:
            box = text.get_window_extent(renderer)
            inside = box.x0 >= 0 and box.y0 >= 0 and box.x1 <= width and box.y1 <= height
            assert inside, (text.get_text(), box)

    def test_lets_no_words_run_into_each_other(self, name: str, language: str) -> None:
        chart = DRAWN[name](language)
        renderer = FigureCanvasAgg(chart).get_renderer()
        boxes = [(text.get_text(), text.get_window_extent(renderer)) for text in chart.texts]
        for (one, box), (two, other) in combinations(boxes, 2):
            across = min(box.x1, other.x1) - max(box.x0, other.x0)
            down = min(box.y1, other.y1) - max(box.y0, other.y0)
            assert across <= 0 or down <= 1.5, (one, two)

    def test_is_drawn_quickly(self, name: str, language: str) -> None:
        def seconds() -> float:
            start = time.process_time()
            DRAWN[name](language).png()
            return time.process_time() - start

        # Twice what it takes on a slow machine: a guard against work done anew for each chart.
        assert min(seconds() for _ in range(3)) < 0.3


@pytest.mark.parametrize("language", ["ja", "en"])
@pytest.mark.parametrize("name", EMPTY)
def test_without_answers_a_chart_says_so_calmly(name: str, language: str) -> None:
    chart = EMPTY[name](language)
    said = LEADS.get(name, NOTHING)[language]
    assert words(chart) == [chart.get_suptitle(), said]
    assert chart.alt_text.endswith(said)
    assert not chart.alt_text.endswith(("。。", ".."))


def test_a_title_can_be_given() -> None:
    own = Text(ja="当社のリスク", en="Our risks")
    assert charts.risk_map(priorities(*CROWD), "ja", CHOICES, title=own).get_suptitle() == "当社のリスク"
    assert charts.completion_chart(COMPLETION[:0], "en", title="Ours").get_suptitle() == "Ours"


class TestRiskMap:
    def draw(self, *risks: dict[str, Any], language: str = "en") -> Chart:
        return charts.risk_map(priorities(*risks), language, CHOICES)  # type: ignore[return-value]

    def on_the_map(self, chart: Chart) -> dict[str, Circle]:
        """The discs in the map, by number; those of the list below come after them."""
        discs: dict[str, Circle] = {}
        for disc in marks(chart, "risk"):
            discs.setdefault(disc.get_gid(), disc)
        return discs

    def test_twelve_risks_in_one_cell_do_not_touch_and_stay_in_it(self) -> None:
        chart = self.draw(*CROWD)
        discs = list(self.on_the_map(chart).values())
        assert len(discs) == 12
        for one, two in combinations(discs, 2):
            assert dist(one.center, two.center) >= one.radius + two.radius
        boxes = [box for box in chart.artists if isinstance(box, Rectangle)]
        around = [{place for place, box in enumerate(boxes) if self.holds(box, disc)} for disc in discs]
        assert around[0]
        assert all(cell == around[0] for cell in around)

    def holds(self, box: Rectangle, disc: Circle) -> bool:
        (x, y), r = disc.center, disc.radius
        across = box.get_x() + r <= x <= box.get_x() + box.get_width() - r
        return across and box.get_y() + r <= y <= box.get_y() + box.get_height() - r

    def test_severity_leads_upwards_and_likelihood_to_the_right_with_unknown_last(self) -> None:
        chart = self.draw(
            a_risk("grave", likelihood=1),
            a_risk("light", scale=1, scope=1, irremediability=1, likelihood=4),
            a_risk("unclear", scale=1, scope=1, irremediability=1, likelihood="unknown"),
        )
        discs = self.on_the_map(chart)
        (grave, light, unclear) = (discs[f"risk {rank}"].center for rank in (1, 2, 3))
        assert grave[1] < light[1] == unclear[1]
        assert grave[0] < light[0] < unclear[0]

    def test_the_number_is_the_rank_and_the_list_tells_the_rest(self) -> None:
        moved = {"rank_changed": "yes", "chosen_rank": 1, "rank_reason": "It cannot wait."}
        chart = self.draw(
            a_risk("first", event="Burns"),
            a_risk("second", event="Debts", scale=2, irremediability=2, likelihood="unknown", **moved),
            a_risk("third", event="Noise", scope="none"),
        )
        assert "Debts (by the rule: 2) (needs checking)" in words(chart)
        assert "Noise (not rated yet)" in words(chart)
        assert chart.alt_text == (
            "Risk map: 1 Debts (by the rule: 2) (needs checking), class C, likelihood: Unknown; "
            "2 Burns, class A, likelihood: Possible; Noise (not rated yet)."
        )

    def test_actual_and_potential_differ_in_tone_and_unrated_in_their_outline(self) -> None:
        chart = self.draw(a_risk("a", actuality="actual"), a_risk("b"), a_risk("c", scale="none"))
        dark, light = (self.on_the_map(chart)[f"risk {rank}"] for rank in (1, 2))
        assert grey(dark.get_facecolor()) < 0.3
        assert grey(light.get_facecolor()) > 0.9
        dotted = [disc for disc in chart.artists if isinstance(disc, Circle) and disc.get_linestyle() == ":"]
        assert len(dotted) == 1

    def test_a_risk_without_event_goes_by_its_issue(self) -> None:
        chart = self.draw(a_risk("a", event=None, issue="privacy"), a_risk("b", event=None))
        assert LISTS["human_rights_issues"].label("privacy", "en") in words(chart)
        assert "—" in words(chart)

    def test_risks_of_several_companies_are_numbered_through_and_named(self) -> None:
        chart = self.draw(
            a_risk("a", event="Burns"), a_risk("a", company="beta", event="Debts"), language="ja"
        )
        assert set(self.on_the_map(chart)) == {"risk 1", "risk 2"}
        assert "アルファ表面処理: Burns" in words(chart)
        assert "ベータ精密: Debts" in words(chart)

    def test_rows_can_be_told_apart_in_grey(self) -> None:
        tones = [grey(to_rgb(tone)) for tone in canvas.STEPS]
        assert all(two - one > 0.07 for one, two in pairwise(tones))


def grey(color: Any) -> float:
    red, green, blue = color[:3]
    return 0.299 * red + 0.587 * green + 0.114 * blue


class TestCounts:
    def test_bars_are_as_long_as_their_counts_with_the_biggest_in_the_dark(self) -> None:
        chart = DRAWN["barriers"]("en")
        bars = [bar.get_width() for bar in marks(chart, "bar")]
        assert [round(bar / bars[2], 6) for bar in bars] == [7, 4, 1]
        assert [round(bar.get_width() / bars[2], 6) for bar in marks(chart, "foremost")] == [3, 1]

    def test_published_counts_carry_their_rule_and_tell_no_more(self) -> None:
        chart = DRAWN["published"]("en")
        shown = words(chart)
        assert "3+" in shown
        assert "4" in shown
        assert not {"7", "1"} & set(shown)
        assert any("Numbers under 3 companies are not shown" in line for line in shown)
        bars = [bar.get_width() for bar in marks(chart, "bar")]
        assert round(bars[0] / bars[1], 6) == 0.75
        assert "7" not in chart.alt_text.replace("3+", "")

    def test_support_and_a_theme_are_drawn_likewise(self) -> None:
        support = pd.DataFrame(
            [{"support": "association_templates", "companies": 2, "most_wanted": 1, "of": 3}]
        )
        theme = pd.DataFrame(
            [{"list": "root_causes", "code": LISTS["root_causes"].codes[0], "companies": "3+", "of": 8}]
        )
        assert LISTS["support_wanted"].label("association_templates", "en") in " ".join(
            words(charts.barrier_chart(support, "en", CHOICES))
        )
        assert charts.barrier_chart(theme, "ja", CHOICES).get_suptitle() == LISTS["root_causes"].title["ja"]

    def test_attendance_stacks_the_room_and_the_screen(self) -> None:
        chart = DRAWN["attendance"]("en")
        (room, _), (online, _) = marks(chart, "in_room"), marks(chart, "online")
        assert round(room.get_width() / online.get_width(), 6) == round(10 / 3, 6)
        assert room.get_x() + room.get_width() == pytest.approx(online.get_x())
        assert online.get_hatch()
        assert {"13 people from 7 companies", "in the room 10, online 3", "no record"} <= set(words(chart))


class TestSigns:
    def test_progress_tells_states_by_shape(self) -> None:
        chart = DRAWN["progress"]("en")
        assert [mark.get_gid() for mark in marks(chart, "") if mark.get_gid()] == [
            "submitted",
            "draft",
            "draft",
            "none",
        ]
        assert (
            "Alpha Surface Treatment – submitted: Step 1, being written: Corrective action plan"
            in chart.alt_text
        )

    def test_completion_shows_a_square_for_each_company_and_no_name(self) -> None:
        chart = DRAWN["completion"]("en")
        states = ["completed", "improving", "declared", "not_yet", "others"]
        assert [len(marks(chart, state)) for state in states] == [1, 1, 1, 3, 9]
        assert marks(chart, "improving")[0].get_hatch()
        assert words(chart).count("1 of 3") == 4

    def test_readiness_of_one_company_shows_a_square_for_each_question(self) -> None:
        chart = DRAWN["readiness"]("en")
        assert len(marks(chart, "in_place")) == 32
        assert "Legitimate – In place: 4" in chart.alt_text

    def test_readiness_of_several_shows_means_from_three_companies_up(self) -> None:
        assert len(marks(DRAWN["readiness_of_several"]("en"), "mean")) == 8
        few = charts.readiness_chart(readiness("a", "b"), "en", CHOICES)
        assert not marks(few, "mean")  # type: ignore[arg-type]
        assert "Legitimate – —" in few.alt_text  # type: ignore[attr-defined]


class TestLettering:
    def test_hard_letters_are_drawn_without_a_missing_glyph(self) -> None:
        """pytest turns matplotlib's warning about a missing glyph into an error."""
        hard = a_risk("a", event=HARD, company=HARD)
        chart = charts.risk_map(priorities(hard), "ja", CHOICES, title=HARD)
        assert chart.png().startswith(b"\x89PNG")  # type: ignore[attr-defined]

    @pytest.mark.parametrize(
        ("text", "drawn"),
        [
            ("a\x00b\u202ec\u200b", "abc"),
            ("two\nlines\tand  gaps", "two lines and gaps"),
            ("辻\U000e0100", "辻"),
            ("$5 to $9", r"\$5 to \$9"),
            ("\U0003fffd\ue000\ud800", "〓〓〓"),
            ("髙﨑①㈱Ω→", "髙﨑①㈱Ω→"),
        ],
    )
    def test_what_cannot_be_seen_or_drawn_is_left_out_or_replaced(self, text: str, drawn: str) -> None:
        assert lettering.drawable(text) == drawn

    def test_a_letter_that_no_font_has_stands_in_its_usual_form(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(lettering, "_letters", lambda: frozenset(map(ord, "吉〓")))
        assert lettering.drawable("𠮷𠮟") == "吉〓"

    def test_a_formula_is_shown_as_it_was_typed(self) -> None:
        chart = charts.risk_map(priorities(a_risk("a", event="$x^2$")), "en", CHOICES)
        text = next(text for text in chart.texts if "x^2" in text.get_text())
        assert not text._preprocess_math(text.get_text())[1]

    def test_text_is_folded_between_words_and_before_no_closing_mark(self) -> None:
        assert lettering.fold("one two three", 8, 3) == ["one two", "three"]
        assert lettering.fold("あいう、えお", 6, 3) == ["あい", "う、え", "お"]
        assert lettering.fold("あいう「えお」", 8, 3) == ["あいう", "「えお」"]
        assert lettering.fold("", 8) == [""]

    def test_what_does_not_fit_ends_in_an_ellipsis(self) -> None:
        assert lettering.fold("あいうえおかきくけこ", 8, 2) == ["あいうえ", "おかき…"]
        assert all(lettering.width(line) <= 20 for line in lettering.fold("x" * 99 + "漢字" * 50, 20, 3))

    def test_the_font_is_set_once_and_nothing_else(self) -> None:
        before = {name: value for name, value in mpl.rcParams.items() if name != "font.family"}
        families = charts.use_japanese_font()
        assert mpl.rcParams["font.family"] == list(families)
        assert families[-1] == "DejaVu Sans"
        assert len(families) > 1
        after = {name: value for name, value in mpl.rcParams.items() if name != "font.family"}
        assert before == after


class TestShowing:
    def test_a_notebook_shows_it_as_a_picture_with_its_words(self) -> None:
        from IPython.core.formatters import DisplayFormatter

        chart = DRAWN["completion"]("en")
        data, metadata = DisplayFormatter().format(chart)
        assert data["text/plain"] == metadata["alt"] == chart.alt_text
        picture = Image.open(BytesIO(b64decode(data["image/png"])))
        shown = metadata["image/png"]
        assert picture.size == (2 * shown["width"], 2 * shown["height"])
        assert shown["alt"] == chart.alt_text

    def test_its_palette_keeps_paper_white_and_ink_dark(self) -> None:
        picture = Image.open(BytesIO(DRAWN["risk_map"]("ja").png())).convert("RGB")
        colors = {color for _, color in picture.getcolors(256)}
        assert {
            tuple(round(255 * part) for part in to_rgb(tone)) for tone in (canvas.PAPER, canvas.INK)
        } <= colors

    def test_it_is_made_without_pyplot(self) -> None:
        code = (
            "import sys, pandas as pd; from spp_workshop import charts;"
            "f = pd.DataFrame({'company': ['a'], 'hrdd': ['not_yet'], 'grievance': ['declared']});"
            "charts.completion_chart(f, 'ja').png(); print('matplotlib.pyplot' in sys.modules)"
        )
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, encoding="utf-8", check=True)
        assert done.stdout.strip() == "False"
        assert done.stderr == ""

    def test_it_can_be_saved_like_any_figure(self) -> None:
        file = BytesIO()
        DRAWN["completion"]("ja").savefig(file, format="svg")
        assert b"<svg" in file.getvalue()


class TestDrawing:
    """Texts are laid down from slips: they must look as matplotlib's own do, where its own stand."""

    TEXTS = ("深刻度4", "Likelihood", "4", "gy, j", "㈱", "")

    def drawn(self, renderer: type[RendererAgg], text: str, **look: Any) -> np.ndarray:
        """The ink of a text in a small chart."""
        chart = canvas.Chart("", "en", 1.0)
        chart.write(3.3337, 0.5553, text, ha="center", **look)
        paper = renderer(720, 100, 100)
        chart.draw(paper)
        return 255 - np.asarray(paper.buffer_rgba())[..., 1].astype(float)

    @pytest.mark.parametrize("text", TEXTS)
    @pytest.mark.parametrize("color", ["#1c2733", "#8d99a5"])
    def test_a_text_looks_as_matplotlib_draws_it_and_stands_within_half_a_dot(
        self, text: str, color: str
    ) -> None:
        own, other = (self.drawn(kind, text, color=color) for kind in (RendererAgg, Renderer))
        assert other.sum() == pytest.approx(own.sum(), rel=0.02)
        if not own.any():
            return
        for axis in (0, 1):
            places = np.arange(own.shape[axis])
            middle, found = ((ink.sum(axis=1 - axis) * places).sum() / ink.sum() for ink in (own, other))
            assert found == pytest.approx(middle, abs=0.6)
        upside_down = other.copy()
        rows = np.flatnonzero(other.any(axis=1))
        upside_down[rows[0] : rows[-1] + 1] = upside_down[rows[0] : rows[-1] + 1][::-1]
        assert abs(own - other).sum() < 0.8 * abs(own - upside_down).sum()

    @pytest.mark.parametrize(("text", "look"), [("aslant", {"rotation": 30}), ("$x^2$", {})])
    def test_what_is_no_level_text_is_left_to_matplotlib(
        self, text: str, look: dict[str, Any], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("spp_workshop.charts.canvas.drawable", str)  # formulas too
        assert (self.drawn(RendererAgg, text, **look) == self.drawn(Renderer, text, **look)).all()

    def test_words_that_were_drawn_once_are_not_set_again(self, monkeypatch: pytest.MonkeyPatch) -> None:
        first = DRAWN["readiness"]("ja").png()
        for way in ("_quickly", "_by_matplotlib"):
            monkeypatch.setattr(drawing, way, lambda *_: pytest.fail("set again"))
        assert DRAWN["readiness"]("ja").png() == first

    def test_the_quick_way_lays_every_dot_where_matplotlib_does(self) -> None:
        prop, ways = self.prop(), []
        for text in ("苦情処理メカニズム", "「あ」、ｱ㈱・", "Likelihood: 4", "gy|(", "- ー ―"):
            quick, slow = drawing._quickly(text, prop, 200), drawing._by_matplotlib(text, prop, 200)
            assert quick
            assert not slow.dots[: slow.above - quick.above].any()
            kept = slow.dots[slow.above - quick.above :, slow.left :][: quick.dots.shape[0]]
            ways.append((np.trim_zeros(quick.dots), np.trim_zeros(kept)))
        for quick_dots, slow_dots in ways:
            assert quick_dots.shape[0] == slow_dots.shape[0]
            assert (quick_dots == slow_dots[:, : quick_dots.shape[1]]).all()
            assert not slow_dots[:, quick_dots.shape[1] :].any()

    @pytest.mark.parametrize(
        ("text", "why"), [("job", "reaches out to the left"), ("a \u10d0", "has a letter of another font")]
    )
    def test_what_the_quick_way_cannot_draw_is_drawn_by_matplotlib(self, text: str, why: str) -> None:
        assert drawing._quickly(text, self.prop(), 200) is None, why
        assert drawing._by_matplotlib(text, self.prop(), 200).dots.any()

    def test_threads_and_forks_have_fonts_of_their_own(self) -> None:
        def dots() -> bytes:
            quick = drawing._quickly("苦情処理", self.prop(), 200)
            assert quick
            return quick.dots.tobytes()

        def fonts() -> int:
            return drawing._font.cache_info().misses

        first, count = dots(), fonts()
        with ThreadPoolExecutor(1) as other:
            assert other.submit(dots).result() == first
        assert fonts() == count + 1
        if hasattr(os, "fork") and (child := os.fork()) == 0:
            os._exit(int(dots() != first or fonts() != count + 2))
        assert not hasattr(os, "fork") or os.waitpid(child, 0)[1] == 0

    def prop(self) -> FontProperties:
        charts.use_japanese_font()
        return FontProperties(size=8.5)

    def test_the_same_words_in_another_size_or_tone_are_others(self) -> None:
        small, large, pale = (
            self.drawn(Renderer, "Aa", **look) for look in ({"size": 8}, {"size": 16}, {"color": "#c3ccd5"})
        )
        assert large.sum() > 2 * small.sum()
        assert 0 < pale.max() < self.drawn(Renderer, "Aa").max()
