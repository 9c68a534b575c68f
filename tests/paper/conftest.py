"""A workshop whose second session uses every worksheet there is, and one that was added without code."""

from __future__ import annotations

from html import unescape
from pathlib import Path

import pytest
import yaml
from conftest import PROGRAMME, Clock

from spp_workshop.documents import shipped
from spp_workshop.messages import Language
from spp_workshop.paper.drawing import Drawing
from spp_workshop.paper.planning import plans, room
from spp_workshop.visibility import BUILT_IN
from spp_workshop.workshop import Workshop, open_workshop

SESSION = "dd_practice"

# As worksheets/README.md tells facilitators to write one, with a list of their own.
ADDED = """\
name: safety_talk
version: 1
title: {ja: 安全の話し合い, en: Safety talk}
intro: {ja: 危ないと感じた作業を書き出します。, en: Write down work that felt dangerous.}
subject: company
repeats: true
row_title: work
share: own
source: {ja: 自社で作成, en: Made by our company}
fields:
  - type: text
    name: work
    label: {ja: 危ないと感じた作業, en: Work that felt dangerous}
    hint: {ja: 一行に一つ, en: One per row}
    required: true
  - type: select_one how_often
    name: often
    label: {ja: どのくらいあるか, en: How often it happens}
    hint: {ja: 一番近いもの, en: The nearest one}
"""
CHOICES = """\
name: how_often
title: {ja: 頻度, en: Frequency}
source: {ja: 自社で作成, en: Made by our company}
choices:
  - {name: daily, label: {ja: 毎日のように, en: Nearly every day}}
  - {name: rarely, label: {ja: 年に数回, en: A few times a year}}
  - {name: old, label: {ja: 昔の選択肢, en: A choice of old}, retired: true}
"""

SHEETS = sorted({path.stem for path in shipped("worksheets").glob("*.yaml")} - BUILT_IN)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    programme = yaml.safe_load(PROGRAMME)
    programme["sessions"][1]["agenda"][0]["worksheets"] = [*SHEETS, "safety_talk"]
    programme["sessions"][1]["groups"][0]["companies"] = ["alpha", "beta"]
    programme["contact"] = {"ja": "事務局の机(内線 12)", "en": "The secretariat's desk (ext. 12)"}
    programme["sessions"] = [
        {**one, "start": one["start"], "date": str(one["date"])} for one in programme["sessions"]
    ]
    (tmp_path / "programme.yaml").write_text(yaml.safe_dump(programme, allow_unicode=True), encoding="utf-8")
    (tmp_path / "worksheets" / "choices").mkdir(parents=True)
    (tmp_path / "worksheets" / "safety_talk.yaml").write_text(ADDED, encoding="utf-8")
    (tmp_path / "worksheets" / "choices" / "how_often.yaml").write_text(CHOICES, encoding="utf-8")
    return tmp_path


@pytest.fixture
def workshop(folder: Path) -> Workshop:
    return open_workshop(folder, now=Clock())


def drawn(
    workshop: Workshop, languages: tuple[Language, ...] = ("ja",), printing: str = "p1"
) -> dict[str, str]:
    """Every page of the session, by the name of its paper."""
    session = workshop.programme.session(SESSION)
    papers = [*plans(workshop, session, workshop.programme.companies, printing), *room(workshop, session)]
    drawing = Drawing(workshop, session, languages)
    return {paper.name: drawing.page(paper) for paper in papers}


def words(page: str) -> str:
    """The page as a person reads it, as far as words go."""
    return unescape(page)
