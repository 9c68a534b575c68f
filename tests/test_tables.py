"""Tables, cards and lists of answers: labels for codes, nothing run, nothing lost."""

from __future__ import annotations

import re
from html import unescape
from html.parser import HTMLParser
from typing import Any

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spp_workshop import analysis
from spp_workshop.documents import shipped
from spp_workshop.messages import message
from spp_workshop.tables import answers, rows_as_cards, table
from spp_workshop.worksheet import Text, Worksheet, as_choices, load_choices

LISTS = load_choices(shipped("worksheets") / "choices")
COMPANIES = as_choices("companies", Text(ja="会社", en="Companies"), {"a": Text(ja="甲社", en="Company A")})
CHOICES = LISTS | {"companies": COMPANIES}


def question(name: str, kind: str, ja: str, en: str, **more: Any) -> dict[str, Any]:
    return {"name": name, "type": kind, "label": {"ja": ja, "en": en}, **more}


SHEET = Worksheet.model_validate(
    {
        "name": "sheet",
        "version": 1,
        "title": {"ja": "シート", "en": "Sheet"},
        "intro": {"ja": "説明", "en": "Intro"},
        "subject": "company",
        "share": "own",
        "source": {"ja": "出典", "en": "Source"},
        "fields": [
            question("head", "note", "見出し", "A heading"),
            question("issue", "select_one human_rights_issues", "人権課題", "Issue"),
            question("holders", "select_multiple rights_holders", "影響を受ける人", "People affected"),
            question("what", "text", "内容", "What happened"),
            question("seen_on", "date", "確認した日", "Seen on"),
            question("people", "integer", "人数", "People"),
            question("agreed", "acknowledge", "同意", "Agreed"),
            question("changed", "select_one yes_no", "変更", "Changed"),
            question("why", "text", "理由", "Reason", relevant="${changed} = 'yes'"),
        ],
    }
)
ROW = {
    "issue": "privacy",
    "holders": ["women", "employees"],
    "what": "一行目\n二行目",
    "what@en": "First line",
    "seen_on": "2025-09-24",
    "people": 1200,
    "agreed": True,
    "changed": "no",
    "why": "Kept from before",
}


class Read(HTMLParser):
    """What a browser makes of HTML: the elements, and the words in them."""

    def __init__(self, html: str):
        super().__init__()
        self.elements: list[str] = []
        self.attributes: set[str] = set()
        self.cells: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append(tag)
        self.attributes |= {name for name, _ in attrs}
        if tag in ("th", "td", "dt", "dd", "p"):
            self.cells.append("")

    def handle_data(self, data: str) -> None:
        if self.cells and self.elements[-1] in ("bdi", "th", "td", "dt", "dd", "p", "strong"):
            self.cells[-1] += data.strip("\n")


def cells(shown: Any) -> list[str]:
    return Read(shown._repr_html_()).cells


class TestTable:
    def test_shows_labels_for_codes_and_the_readers_dates(self) -> None:
        found = table(pd.DataFrame([ROW]), ["issue", "holders", "seen_on", "people", "agreed"], SHEET, "en")
        assert found.labels == ("Issue", "People affected", "Seen on", "People", "Agreed")
        label = LISTS["rights_holders"].label
        holders = f"{label('women', 'en')}, {label('employees', 'en')}"
        privacy = LISTS["human_rights_issues"].label("privacy", "en")
        assert found.cells == ((privacy, holders, "September 24, 2025 (Wed.)", "1,200", "Yes"),)

    def test_speaks_japanese(self) -> None:
        found = table(pd.DataFrame([ROW]), ["seen_on", "agreed", "holders"], SHEET, "ja")
        assert found.cells[0][:2] == ("2025年9月24日(水)", "はい")
        assert "、" in found.cells[0][2]

    def test_headings_are_given_in_words_or_lazily(self) -> None:
        headings = {"x": "Plain", "y": Text(ja="二", en="Two"), "z": message("Yes")}
        assert table(pd.DataFrame([{"x": 1}]), headings, language="ja").labels == ("Plain", "二", "はい")

    def test_knows_the_columns_of_the_analysis(self) -> None:
        frame = pd.DataFrame([{"company": "a", "issue": "privacy", "affected": ["women"], "state": "done"}])
        found = table(frame, dict.fromkeys(frame, "x"), language="en", choices=CHOICES)
        assert found.cells[0] == (
            "Company A",
            LISTS["human_rights_issues"].label("privacy", "en"),
            LISTS["rights_holders"].label("women", "en"),
            LISTS["action_states"].label("done", "en"),
        )

    def test_a_theme_says_which_list_it_is_of(self) -> None:
        code = LISTS["root_causes"].codes[0]
        frame = pd.DataFrame([{"list": "root_causes", "code": code, "companies": "3+", "of": 8}])
        found = table(frame, {"code": "Theme", "companies": "Companies"}, language="en")
        assert found.cells == ((LISTS["root_causes"].label(code, "en"), "3+"),)
        assert found.numbers == (False, True)

    def test_an_unknown_likelihood_and_an_unrated_risk_are_told_in_words(self) -> None:
        scales = {"scale": "scale_4", "scope": "scope_1", "irremediability": "irremediability_1"}
        rows = [
            {"row": "a", **scales, "likelihood": "likelihood_unknown"},
            {"row": "b", **scales, "likelihood": None},
        ]
        frame = pd.DataFrame(rows).assign(company="a")
        risks = analysis.priorities({"step3_prioritisation": frame}, {n: s.values for n, s in LISTS.items()})
        found = table(risks, {"likelihood": "L", "priority": "P", "rank": "R"}, language="en")
        assert found.cells == (("Unknown", "A", "1"), ("—", "Not rated yet", "—"))

    @pytest.mark.parametrize("nothing", [None, float("nan"), pd.NA, "", "  ", [], pd.NaT])
    def test_what_was_not_answered_is_a_dash(self, nothing: Any) -> None:
        assert table(pd.DataFrame({"x": pd.Series([nothing], dtype="object")}), ["x"]).cells == (("—",),)

    def test_zero_and_no_are_answers(self) -> None:
        found = table(pd.DataFrame({"x": [0], "y": [False]}), ["x", "y"], language="en")
        assert found.cells == (("0", "No"),)

    @pytest.mark.parametrize(
        ("number", "words"),
        [(1200, "1,200"), (-4, "-4"), (2.0, "2"), (1.5, "1.5"), (1 / 3, "0.33"), (12345.678, "12,345.68")],
    )
    def test_numbers_stand_right_and_can_be_read(self, number: float, words: str) -> None:
        found = table(pd.DataFrame({"x": [number], "y": ["text"]}), ["x", "y"])
        assert found.cells[0][0] == words
        assert found.numbers == (True, False)
        assert re.search(r'<td class="number short" style="text-align: right', found._repr_html_())

    def test_what_only_looks_like_a_date_stays_as_it_is(self) -> None:
        assert table(pd.DataFrame({"x": ["2025-13-45"]}), ["x"]).cells == (("2025-13-45",),)

    def test_short_columns_are_not_broken_while_there_is_room(self) -> None:
        frame = pd.DataFrame({"date": ["2026-03-27"], "text": ["長い文が続きます。" * 9]})
        date, text = re.findall(r"<td (.*?)>", table(frame, ["date", "text"])._repr_html_())
        assert "nowrap" in date
        assert "pre-line" in text
        crowded = pd.DataFrame([{f"x{n}": "十二文字の言葉が続" for n in range(9)}])
        html = table(crowded, list(crowded))._repr_html_()
        assert 0 < html.count('<td class="short"') < 9

    def test_has_a_caption_and_column_headings_for_those_who_listen(self) -> None:
        html = table(pd.DataFrame({"x": [1]}), {"x": "X"}, caption="What <it> is")._repr_html_()
        assert "<caption><bdi>What &lt;it&gt; is</bdi></caption>" in html
        assert html.count('<th scope="col"') == 1

    def test_without_rows_it_says_so_calmly(self) -> None:
        assert cells(table(pd.DataFrame(columns=["x"]), ["x"], language="ja")) == ["まだ記入がありません。"]
        assert cells(table(pd.DataFrame(columns=["x"]), ["x"], empty="Not <yet>.")) == ["Not <yet>."]
        assert table(pd.DataFrame(), [], language="en")._repr_markdown_() == r"Nothing has been written yet."

    def test_as_markdown_it_keeps_its_columns_and_runs_nothing(self) -> None:
        frame = pd.DataFrame({"x": ["a|b\n<b>*c*</b> $d$ [e](f) `g`"], "y": [1]})
        lines = table(frame, {"x": "X", "y": "Y"})._repr_markdown_().splitlines()
        assert lines[1] == "| :-- | --: |"
        assert lines[2] == r"| a\|b<br>&lt;b&gt;\*c\*&lt;/b&gt; \$d\$ \[e\]\(f\) \`g\` | 1 |"


class TestCards:
    def test_a_row_is_a_card_with_what_it_answers(self) -> None:
        frame = pd.DataFrame([ROW, {"what": "Only this"}])
        found = rows_as_cards(frame, ["issue", "what", "people"], SHEET, "en", title="what")
        assert [card.title for card in found.cards] == ["一行目\n二行目", "Only this"]
        assert [len(card.pairs) for card in found.cards] == [2, 0]
        assert Read(found._repr_html_()).elements.count("section") == 2

    def test_cards_without_a_title_are_numbered(self) -> None:
        found = rows_as_cards(pd.DataFrame({"x": ["a", "b"]}), {"x": "X"})
        assert [card.title for card in found.cards] == ["1", "2"]
        assert "**X**: b" in found._repr_markdown_()

    def test_without_rows_it_says_so_calmly(self) -> None:
        assert cells(rows_as_cards(pd.DataFrame(columns=["x"]), ["x"], language="en")) == [
            "Nothing has been written yet."
        ]


class TestAnswers:
    def test_leaves_out_what_was_not_answered_or_not_asked(self) -> None:
        found = answers(
            SHEET, {"what": "Text", "people": None, "holders": [], "changed": "no", "why": "Old"}, "en"
        )
        assert found.pairs == (("What happened", "Text"), ("Changed", LISTS["yes_no"].label("no", "en")))

    def test_shows_all_questions_when_asked_to(self) -> None:
        found = answers(SHEET, {"changed": "yes"}, "en", unanswered=True)
        assert [label for label, _ in found.pairs] == [
            "Issue", "People affected", "What happened", "Seen on", "People", "Agreed", "Changed", "Reason",
        ]  # fmt: skip
        assert found.pairs[0][1] == "—"

    def test_prefers_the_readers_translation(self) -> None:
        assert ("What happened", "First line") in answers(SHEET, ROW, "en").pairs
        assert ("内容", "一行目\n二行目") in answers(SHEET, ROW, "ja").pairs

    def test_takes_some_questions_only(self) -> None:
        assert [label for label, _ in answers(SHEET, ROW, "en", fields=["people", "issue"]).pairs] == [
            "Issue",
            "People",
        ]

    def test_without_answers_it_says_so_calmly(self) -> None:
        assert cells(answers(SHEET, {}, "ja")) == ["まだ記入がありません。"]
        assert cells(answers(SHEET, {}, "en", empty=message("No"))) == ["No"]


# --- Safety -------------------------------------------------------------------------------------------------

HOSTILE = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "</td></table><h1>",
    "&lt;b&gt; &amp; \"quotes\" 'and' more",
    "{{ 7 * 7 }} {% raw %} ${x}",
    "$x^2$ \\(y\\) \\begin{align}",
    "\x00\x1b[31m\x7f\x9f",
    "\u202eabc\u2066def",
    "\ud800 lone",
    "[link](javascript:alert(1)) <javascript:x>",
]


def everywhere(text: str) -> list[Any]:
    frame = pd.DataFrame({"what": [text]})
    return [
        table(frame, {"what": text}, caption=text),
        table(frame[:0], ["what"], empty=text),
        rows_as_cards(frame, {"what": text}, title="what"),
        answers(SHEET, {"what": text}, "en"),
    ]


@pytest.mark.parametrize("text", HOSTILE)
def test_what_people_typed_is_shown_and_never_run(text: str) -> None:
    ours = {
        "table",
        "caption",
        "thead",
        "tbody",
        "tr",
        "th",
        "td",
        "section",
        "p",
        "strong",
        "dl",
        "dt",
        "dd",
        "bdi",
    }
    for shown in everywhere(text):
        html = shown._repr_html_()
        read = Read(html)
        assert set(read.elements) <= ours
        assert read.attributes <= {"class", "style", "scope"}
        assert not re.search(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]", html)
        assert "mathjax_ignore" in html
        visible = re.sub(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]", "\N{REPLACEMENT CHARACTER}", text)
        assert visible in unescape(html)


@given(st.text(max_size=60))
def test_any_text_comes_out_as_it_went_in(text: str) -> None:
    html = table(pd.DataFrame({"x": [f"a{text}b"]}), {"x": "X"})._repr_html_()
    clean = re.sub(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ufffe\uffff\ud800-\udfff]", "\ufffd", f"a{text}b")
    found = re.search(r"<td [^>]*><bdi>(.*)</bdi></td>", html, re.S)
    assert found
    assert unescape(found[1]) == unescape(clean.replace("&", "&amp;"))
    html.encode("utf-8")


def test_a_writing_direction_ends_with_its_cell() -> None:
    html = table(pd.DataFrame({"x": ["\u202eabc"], "y": ["after"]}), ["x", "y"])._repr_html_()
    assert "<bdi>\u202eabc</bdi>" in html


def test_in_plain_text_it_shows_no_answers() -> None:
    assert [repr(shown) for shown in everywhere("secret")] == [
        "<Table: 1 x 1>",
        "<Table: 0 x 1>",
        "<Cards: 1>",
        "<Answers: 1>",
    ]
