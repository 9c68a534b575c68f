from __future__ import annotations

from xml.etree import ElementTree as ET

import pandas as pd
import pytest

from spp_workshop import charts
from spp_workshop.charts import canvas
from spp_workshop.charts.vector import svg
from spp_workshop.worksheet import ChoiceList

SVG = "{http://www.w3.org/2000/svg}"
RISK = {
    "company": "alpha",
    "priority": "A",
    "rank": 1,
    "derived_rank": 1,
    "rank_changed": False,
    "needs_checking": False,
    "issue": None,
    "event": "Fumes & <script>alert(1)</script> $5$ 𠮷 🙂 \x07",
    "actual": True,
    "likelihood": 3,
}


def drawn(chart: charts.Chart) -> ET.Element:
    return ET.fromstring(svg(chart))


def texts(picture: ET.Element) -> list[str]:
    return ["".join(text.itertext()) for text in picture.iter(f"{SVG}text")]


def a_map(*risks: dict) -> charts.Chart:
    choices: dict[str, ChoiceList] = {}
    return charts.risk_map(list(risks), "en", choices)


def test_words_stand_there_as_they_were_typed_and_as_nothing_else() -> None:
    picture = drawn(a_map(RISK))
    assert "Fumes & <script>alert(1)</script> $5$ 𠮷 🙂 �" in texts(picture)
    assert {mark.tag.removeprefix(SVG) for mark in picture.iter()} == {
        "svg",
        "rect",
        "circle",
        "polyline",
        "text",
    }


def test_it_is_as_large_as_the_sheet_and_everything_stands_on_it() -> None:
    chart = a_map(RISK, RISK | {"rank": 2, "actual": False, "likelihood": None})
    picture = drawn(chart)
    width, height = (float(picture.attrib[side]) for side in ("width", "height"))
    assert (width, height) == (720, pytest.approx(chart.get_figheight() * 100, abs=0.01))
    for text in picture.iter(f"{SVG}text"):
        assert 0 < float(text.attrib["x"]) < width
        assert 0 < float(text.attrib["y"]) < height
    for disc in picture.iter(f"{SVG}circle"):
        assert 0 < float(disc.attrib["cx"]) < width


def test_an_actual_impact_is_dark_and_a_potential_one_white() -> None:
    discs = [
        [disc.attrib["fill"] for disc in drawn(a_map(RISK | {"actual": actual})).iter(f"{SVG}circle")]
        for actual in (True, False)
    ]
    # The first two are the key; then the disc in its cell, and again in the list.
    assert discs == [[canvas.INK, canvas.PAPER, ink, ink] for ink in (canvas.INK, canvas.PAPER)]


def test_rows_and_their_frame_give_the_same_map() -> None:
    frame = pd.DataFrame([RISK])
    assert svg(charts.risk_map(frame, "ja", {})) == svg(charts.risk_map([RISK], "ja", {}))


def test_what_cannot_be_drawn_is_refused_and_not_left_out() -> None:
    chart = charts.Chart("Bars", "en", 2)
    chart.box(1, 1, 1, 1, hatch="///")
    with pytest.raises(TypeError, match="hatch"):
        svg(chart)


def test_it_loads_nothing() -> None:
    assert "http" not in svg(a_map(RISK)).replace("http://www.w3.org/2000/svg", "")
