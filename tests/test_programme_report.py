"""The programme's report: the figures of the pilot's published report to the digit, and nobody's answers.

The published figures stand here and nowhere in the package; the report works them out from recorded answers.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from bs4 import BeautifulSoup, Tag
from report_pages import shown, skipped_ranks, text_of

from spp_workshop.batch import summaries
from spp_workshop.demo import demo_folder
from spp_workshop.folders import new_folder
from spp_workshop.visibility import BUILT_IN
from spp_workshop.workshop import Workshop, open_workshop

AS_OF = "2026-03-31"

# --- As published -------------------------------------------------------------------------------------------
# Session -> date, method, venue, participants, main programme: the beginning of each line, and its speakers.

METI = "Ms. Yuka Miyazaki, Director, Business and Human Rights Policy Office"
KAMOSHITA = "Ms. Mami Kamoshita, Program and Operations Officer"
TANAKA = "Mr. Ryusuke Tanaka, Programme Officer"
TAKAHASHI = "Mr. Daisuke Takahashi, Attorney at Law, Shinwa Law Office"
GOMI = "Ms. Yuko Gomi, Attorney at Law, Kunihiro Law Office"

PUBLISHED = {
    "【Day 1】 Preparation Meeting for Human Rights Due Diligence (Human Rights DD)": (
        "September 24, 2025 (Wed.) 10:30 - 12:30",
        "Online (Teams)",
        None,
        "11 people from 8 companies",
        [
            ("Opening Remarks from METI", [METI]),
            (
                (
                    "Lecture “Overview of Human Rights DD: Evaluation and Identification of Human Rights "
                    "Risks, Risk Mapping, and Stakeholder Engagement”"
                ),
                [KAMOSHITA],
            ),
            (
                (
                    "Lecture “About the ‘Reference Material on Respecting Human Rights in Responsible Supply "
                    "Chains’”"
                ),
                [METI, TANAKA],
            ),
        ],
    ),
    "【Day 2】 Human Rights DD Practice Workshop": (
        "October 23, 2025 (Thur.) 14:00 - 17:00",
        "Mixed format (mainly face-to-face)",
        "TKP Tokyo Station Otemachi Conference Center, Conference Room 22A",
        "13 people from 7 companies (Offline: 10, Online: 3)",
        [
            ("Workshop 1) Sharing homework results", []),
            ("Workshop 2) Work session (Practicing Steps 1 and 2 of the METI Work Sheets)", []),
            ("Workshop 3) Lecture: “Human Rights Risks: Connectivity and Prioritization”", [TANAKA]),
            ("Workshop 4) Work session (Practicing Step 3 of the METI Work Sheets)", []),
            ("Workshop 5) Group presentations", []),
            ("Lecture 1) Stakeholder Engagement and Responding to Human Rights Risks", [KAMOSHITA]),
        ],
    ),
    "【Day 3】 Human Rights DD Engagement Meeting": (
        "November 26, 2025 (Wed.) 14:00 - 17:00",
        "Mixed format (mainly face-to-face)",
        "AP Tokyo Marunouchi, Room E + F",
        "11 people from 5 companies (Offline: 11, Online: 0)",
        [
            ("Explanation of the pre-questionnaire results", []),
            ("Exchange of opinions (Engagement)", []),
            ("Social gathering", []),
        ],
    ),
    "【Day 1】 Grievance Mechanism Study Meeting": (
        "January 20, 2026 (Tue.) 14:00 - 16:00",
        "Online (Zoom)",
        None,
        "8 people from 7 companies",
        [
            (
                (
                    "Lecture “Introduction to the ‘Guide for Establishing a Reporting Contact Point "
                    "(Grievance Mechanism) for Small and Medium-sized Enterprises (Draft)’”"
                ),
                [TAKAHASHI],
            ),
            (
                (
                    "Lecture “Basics of Responding to Whistleblowing and Harassment Consultations: From "
                    "System Design to Practical Operation”"
                ),
                [GOMI],
            ),
            (
                (
                    "Group Discussion “How to increase management’s understanding of establishing a "
                    "consultation and reporting contact point”"
                ),
                [],
            ),
            (
                (
                    "Group Discussion “How to enhance the reliability of the contact point and the role of "
                    "management”"
                ),
                [],
            ),
        ],
    ),
    "【Day 2】 Grievance Mechanism Practice Workshop": (
        "February 19, 2026 (Thur.) 14:00 - 16:30",
        "Mixed format (mainly face-to-face)",
        None,
        "6 people from 4 companies (Offline: 6, Online: 0)",
        [
            (
                (
                    "Group Discussion “What level of system can be established? / What are the challenges in "
                    "establishing it?”"
                ),
                [],
            ),
            (
                (
                    "Group Discussion “What kind of support is expected from outside experts, industry "
                    "associations, and the government?”"
                ),
                [],
            ),
            (
                (
                    "Group Discussion “Discussion on hypothetical cases (How to handle grievance processes "
                    "based on realistic scenarios, etc.)”"
                ),
                [],
            ),
        ],
    ),
    "(3) Closing Meeting": (
        "March 25, 2026 (Wed.) 15:00 - 16:00",
        "Online (Teams)",
        None,
        "5 people from 3 companies",
        [
            ("Presentations by each company, Q&A session, and exchange of opinions", []),
            ("Comments", [KAMOSHITA, TAKAHASHI]),
            ("Information on activities for FY2026", []),
        ],
    ),
}

# The same in Japanese (dates, methods, venues and numbers are the published ones).
IN_JAPANESE = {
    "【第1回】 人権デュー・ディリジェンス(人権DD)準備会合": (
        "2025年9月24日(水) 10:30〜12:30",
        "オンライン(Teams)",
        None,
        "8社11名",
        3,
    ),
    "【第2回】 人権DD 実践ワークショップ": (
        "2025年10月23日(木) 14:00〜17:00",
        "ハイブリッド(対面中心)",
        "TKP東京駅大手町カンファレンスセンター カンファレンスルーム22A",
        "7社13名(オフライン10名、オンライン3名)",
        6,
    ),
    "【第3回】 人権DD エンゲージメント会合": (
        "2025年11月26日(水) 14:00〜17:00",
        "ハイブリッド(対面中心)",
        "AP東京丸の内 E+Fルーム",
        "5社11名(オフライン11名、オンライン0名)",
        3,
    ),
    "【第1回】 苦情処理メカニズム 勉強会": (
        "2026年1月20日(火) 14:00〜16:00",
        "オンライン(Zoom)",
        None,
        "7社8名",
        4,
    ),
    "【第2回】 苦情処理メカニズム 実践ワークショップ": (
        "2026年2月19日(木) 14:00〜16:30",
        "ハイブリッド(対面中心)",
        None,
        "4社6名(オフライン6名、オンライン0名)",
        3,
    ),
    "(3) クロージング会合": (
        "2026年3月25日(水) 15:00〜16:00",
        "オンライン(Teams)",
        None,
        "3社5名",
        3,
    ),
}

TITLES = {
    "en": [
        "1. Outline of Business",
        "(1) Background and purpose",
        "(2) Implementing structure, etc.",
        "(3) Outline of activities",
        "(4) Results of activities and future plans",
        "2. Brief Summary",
        "(1) Assistance for Human Rights Due Diligence",
        "(2) Assistance for the Formulation of a Grievance Mechanism",
        "(3) Closing Meeting",
        "3. Outcome of Events",
        "(1) Assistance for Human Rights Due Diligence",
        "(2) Assistance for the Formulation of a Grievance Mechanism",
        "(3) Closing Meeting",
    ],
    "ja": [
        "1. 事業の概要",
        "(1) 背景と目的",
        "(2) 実施体制等",
        "(3) 活動の概要",
        "(4) 活動の結果と今後の計画",
        "2. 各回の概要",
        "(1) 人権デュー・ディリジェンスの支援",
        "(2) 苦情処理メカニズム構築の支援",
        "(3) クロージング会合",
        "3. 開催実績",
        "(1) 人権デュー・ディリジェンスの支援",
        "(2) 苦情処理メカニズム構築の支援",
        "(3) クロージング会合",
    ],
}

# --- Reading the report -------------------------------------------------------------------------------------


class Report:
    """A report's page, read as a person reads it: headings, facts below them, text."""

    def __init__(self, page: str):
        soup = BeautifulSoup(page, "html.parser")
        for unseen in soup(["nav", "head"]):
            unseen.decompose()
        self.soup = soup
        self.text = text_of(page)
        self.headings = [_text(tag) for tag in soup.find_all(["h2", "h3"])]

    def events(self) -> dict[str, dict[str, str]]:
        """By session: the facts of its event."""
        found = {}
        for part in self.soup.find_all("ul"):
            facts = part.find_previous("dl")
            if facts and (heading := facts.find_previous(["h3", "h4"])):
                found[_text(heading)] = _facts(facts)
        return found

    def agenda(self, session: str) -> list[str]:
        """The main programme of a session."""
        heading = [tag for tag in self.soup.find_all(["h3", "h4"]) if _text(tag) == session][-1]
        return [_text(item) for item in heading.find_next("ul").find_all("li")]

    def facts_under(self, title: str) -> dict[str, str]:
        heading = next(tag for tag in self.soup.find_all(["h3", "h4"]) if _text(tag) == title)
        return _facts(heading.find_next("dl"))


def _text(tag: Tag) -> str:
    return " ".join(tag.get_text(" ").split())


def _facts(tag: Tag) -> dict[str, str]:
    names, words = tag.find_all("dt"), tag.find_all("dd")
    return {_text(name): _text(word) for name, word in zip(names, words, strict=True)}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return demo_folder(tmp_path_factory.mktemp("spp-2025") / "demo")


@pytest.fixture(scope="module")
def pages(folder: Path) -> dict[str, str]:
    """The report as it is handed out, by language."""
    made = summaries.make_report(folder, as_of=AS_OF, jobs=2)
    assert [outcome.status for outcome in made.outcomes] == ["made", "made"]
    return {
        outcome.language: (folder / outcome.files["html"]).read_text(encoding="utf-8")
        for outcome in made.outcomes
    }


@pytest.fixture(scope="module")
def report(pages: dict[str, str]) -> Callable[[str], Report]:
    read = {language: Report(page) for language, page in pages.items()}
    return read.__getitem__


# --- To the digit -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("session", PUBLISHED)
def test_an_event_is_told_as_published(report: Callable[[str], Report], session: str) -> None:
    day, method, venue, participants, _ = PUBLISHED[session]
    told = {"Date": day, "Method": method, "Venue": venue, "Number of Participants": participants}
    assert report("en").events()[session] == {name: words for name, words in told.items() if words}


@pytest.mark.parametrize("session", PUBLISHED)
def test_the_main_programme_is_as_published(report: Callable[[str], Report], session: str) -> None:
    lines, published = report("en").agenda(session), PUBLISHED[session][4]
    assert len(lines) == len(published)
    for line, (title, speakers) in zip(lines, published, strict=True):
        assert line.startswith(title)
        assert all(speaker in line for speaker in speakers)
        assert speakers or line == title


@pytest.mark.parametrize("session", IN_JAPANESE)
def test_an_event_is_told_in_japanese(report: Callable[[str], Report], session: str) -> None:
    day, method, venue, participants, items = IN_JAPANESE[session]
    told = {"日時": day, "方法": method, "会場": venue, "参加者数": participants}
    assert report("ja").events()[session] == {name: words for name, words in told.items() if words}
    assert len(report("ja").agenda(session)) == items


@pytest.mark.parametrize("language", ["ja", "en"])
def test_the_sections_are_those_of_the_published_report(
    report: Callable[[str], Report], language: str
) -> None:
    assert report(language).headings[: len(TITLES[language])] == TITLES[language]


def test_the_title_names_the_programme(report: Callable[[str], Report]) -> None:
    assert "Implementation Report Sustainable Procurement Partnership (SPP) Pilot 2025" in report("en").text
    assert "実施報告書 サステナブル調達パートナーシップ(SPP)パイロット2025" in report("ja").text


def test_who_organised_and_took_part_is_as_published(report: Callable[[str], Report]) -> None:
    facts = report("en").facts_under("(2) Implementing structure, etc.")
    assert "Sustainable Procurement Partnership Concept Study TF" in facts["Organizer (Secretariat)"]
    assert facts["Member companies"] == (
        "NEC Corporation (Leader), Panasonic Holdings Corporation (Subleader), Tanaka Precious Metal Group "
        "Co., Ltd., Toshiba Corporation, Nikon Corporation, Fujitsu Limited, Mitsubishi Electric "
        "Corporation, Yokogawa Electric Corporation"
    )
    assert facts["Cooperating organizations"] == (
        "ILO (International Labour Organization) office for Japan, All Japan Federation of Certified Social "
        "Insurance and Labour Consultant Associations"
    )
    assert facts["Participating companies"].startswith("8 companies: ")
    assert facts["Implementation period"] == "From September 2025 to March 2026"
    assert report("ja").facts_under("(2) 実施体制等")["実施期間"] == "2025年9月から2026年3月まで"


def test_results_are_counted_as_the_pilot_counted_them(report: Callable[[str], Report]) -> None:
    english, japanese = report("en").text, report("ja").text
    assert "5 of the 8 participating companies completed the risk analysis" in english
    assert "3 of the 8 participating companies declared the establishment" in english
    assert (
        "参加企業8社のうち5社が、リスク分析と是正・行動計画の策定を完了したか、社内環境の改善に取り組みました"
        in japanese
    )
    assert "参加企業8社のうち3社が、設置を宣言しました" in japanese


def test_completed_improving_and_not_yet_are_told_apart(report: Callable[[str], Report]) -> None:
    assert report("en").facts_under("Human rights due diligence") == {
        "Risk analysis and action plan completed": "3 of 8 companies",
        "Improving the internal environment": "2 of 8 companies",
        "Not yet": "3 of 8 companies",
    }
    assert report("en").facts_under("Grievance mechanism") == {
        "Set-up declared": "3 of 8 companies",
        "Not yet": "5 of 8 companies",
    }


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("en", ["To have come from a human-rights policy to the stage of action plans", "Experts' comments"]),
        ("ja", ["人権方針の段階から行動計画の段階まで進んだこと自体が大きな成果である", "専門家の講評"]),
    ],
)
def test_every_session_is_summarised_from_its_record(
    report: Callable[[str], Report], folder: Path, language: str, words: list[str]
) -> None:
    text = report(language).text.lower()
    assert all(word.lower() in text for word in words)
    records = open_workshop(folder, language=language).frame("session_record")
    assert len(records) == 6
    assert all(" ".join(summary.split()).lower() in text for summary in records["summary"])


# --- As a page ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", ["ja", "en"])
def test_the_page_says_that_companies_are_made_up_and_shows_its_charts(
    pages: dict[str, str], folder: Path, language: str
) -> None:
    notice = open_workshop(folder).programme.fictional
    assert notice
    body = pages[language].partition("<body")[2]
    assert body.index(notice[language]) < body.index("<h1")
    charts = re.findall(r'<img[^>]*alt="([^"]+)"', body)
    assert len(charts) == 5
    assert skipped_ranks(body) == []
    assert all(charts)
    assert str(folder) not in body


@pytest.mark.parametrize("language", ["ja", "en"])
def test_no_trace_of_missing_values_or_codes(report: Callable[[str], Report], language: str) -> None:
    assert not re.search(r"\b(None|nan|NaN|NaT|<NA>)\b|[a-z]+_[a-z]+|[{}]", report(language).text)


# --- Nobody's answers ---------------------------------------------------------------------------------------


def test_no_sentence_that_a_company_wrote_leaves_it(folder: Path, pages: dict[str, str]) -> None:
    for language, page in pages.items():
        workshop = open_workshop(folder, language=language)
        text = text_of(page)
        for name, sheet in workshop.worksheets.items():
            fields = [field.name for field in sheet.questions if field.kind == "text"]
            if sheet.subject == "company" and name not in BUILT_IN:
                frame = workshop.frame(name)
                written = [words for field in fields for words in frame[field] if isinstance(words, str)]
                # Short answers such as a name of a position may well stand in an agenda.
                assert not [words for words in written if len(words) > 25 and " ".join(words.split()) in text]


def test_a_theme_of_two_companies_is_not_told(folder: Path, pages: dict[str, str]) -> None:
    workshop = open_workshop(folder, language="en")
    named = (
        workshop.frame("engagement_questionnaire")
        .explode("barriers")
        .groupby("barriers")["company"]
        .nunique()
    )
    labels = workshop.choices["barrier_categories"]
    rare = [labels.label(code, "en") for code, count in named.items() if count < 3]
    common = [labels.label(code, "en") for code, count in named.items() if count >= 3]
    told = " ".join(re.findall(r'<img[^>]*alt="([^"]+)"', pages["en"]))
    assert rare
    assert common
    assert not [label for label in rare if label in told]
    assert all(label in told for label in common)


# --- Worked out, not written down ---------------------------------------------------------------------------


@pytest.fixture
def changed(tmp_path: Path, folder: Path) -> Workshop:
    """A copy of the whole programme, to be changed."""
    import shutil

    shutil.copytree(folder, tmp_path / "copy", ignore=shutil.ignore_patterns("output"))
    return open_workshop(tmp_path / "copy")


def test_one_more_person_is_one_more_in_the_report(changed: Workshop) -> None:
    there = {"company": "hoshikuzu", "in_room": 0, "online": 3}
    revision = changed.rows("attendance", "session:dd_preparation")[0].revision
    changed.save("attendance", there, subject="session:dd_preparation", row="hoshikuzu", based_on=revision)
    assert "12 people from 8 companies" in text_of(
        shown("programme_report", "en", folder=str(changed.folder), as_of=AS_OF)
    )


def test_a_declaration_taken_back_is_no_longer_counted(changed: Workshop) -> None:
    changed.withdraw("declaration", "company:tsuchinoko")
    assert "2 of the 8 participating companies declared" in text_of(
        shown("programme_report", "en", folder=str(changed.folder), as_of=AS_OF)
    )


# --- Before anything has happened ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("language", "calm"),
    [
        ("en", ["No company has enrolled yet.", "This session is to be held on", "There are no results yet"]),
        ("ja", ["参加企業はまだ登録されていません。", "に開催する予定です。", "結果はまだありません。"]),
    ],
)
def test_an_empty_programme_gets_a_calm_report(tmp_path: Path, language: str, calm: list[str]) -> None:
    new_folder(tmp_path / "new", "pilot")
    page = shown("programme_report", language, folder=str(tmp_path / "new"), as_of="2026-04-01")
    text = text_of(page)
    assert all(sentence in text for sentence in calm)
    assert "<table" not in page
    assert "<img" not in page
    assert "<dl></dl>" not in page
    assert not re.search(r"\b(None|nan|NaN|NaT|<NA>)\b", text)


def test_what_is_still_missing_for_the_report_is_told(tmp_path: Path) -> None:
    new_folder(tmp_path / "new", "spp-2025")
    text = text_of(shown("programme_report", "en", folder=str(tmp_path / "new"), as_of="2025-10-01"))
    assert "Who took part is not on record: Preparation Meeting for Human Rights Due Diligence" in text
    assert "The record of the session is not written: Preparation Meeting" in text
    assert "0 of the 8 participating companies declared" in text
