"""A company presents: it sees exactly what the room would see, and agrees to it or takes it back."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING

from ipywidgets import HTML, Button, Dropdown, HBox, VBox, Widget  # type: ignore[import-untyped]

from . import analysis, charts, releases
from .analysis.rows import rows
from .errors import Message, message
from .messages import say
from .pages import Page, folded, page, picture, sentence
from .tables import answers

if TYPE_CHECKING:
    import pandas as pd

    from .workshop import Workshop


def shown(room: Workshop, worksheet: str) -> Page:
    """What companies agreed to show of a worksheet, each folded up by name; `room` is the projector's."""
    parts = []
    for company in room.programme.companies:
        frames = {name: _of(room.frames[name], company.key) for name in releases.fields(room, worksheet)}
        if any(len(frame) for frame in frames.values()):
            parts.append(folded(company.name, _drawn(room, worksheet, frames), room.language))
    nothing = message("No company has agreed to show this yet.")
    return page(*parts) if parts else page(sentence(nothing, room.language))


def ask_leave(workshop: Workshop, worksheet: str) -> VBox:
    """For one company at a time: what the room would see, and whether it agrees. Nothing is open before."""
    language = workshop.language
    options = [(say(message("Please choose a company"), language), "")]
    options += [(company.name[language], company.key) for company in workshop.companies]
    chooser, below = Dropdown(options=options), VBox()

    def open_company(_change: object = None) -> None:
        below.children = _leave(workshop, worksheet, chooser.value, open_company) if chooser.value else ()

    chooser.observe(open_company, names="value")
    return VBox([chooser, below])


def _leave(workshop: Workshop, worksheet: str, company: str, again: Callable[[], None]) -> list[Widget]:
    language = workshop.language
    if workshop.seat.role == "facilitator":
        return [HTML(sentence(_NOT_FROM_HERE, language))]
    frames = releases.preview(workshop, worksheet, company)
    if not any(len(frame) for frame in frames.values()):
        return [HTML(sentence(message("This company has not written anything here yet."), language))]
    told, offered = _NOT_SHOWN
    if releases.is_shown(workshop, worksheet, company):
        told, offered = _SHOWN
    intro = sentence(message("This is exactly what the others will see:"), language)
    seen = HTML(intro + _drawn(workshop, worksheet, frames) + sentence(told, language))
    acts = [(words, partial(act, workshop, worksheet, company)) for words, act in offered]
    return [seen, HBox([_button(words, language, act, again) for words, act in acts])]


def _button(words: Message, language: str, act: Callable[[], None], again: Callable[[], None]) -> Button:
    def click(_button: object) -> None:
        act()
        again()

    button = Button(description=say(words, language), layout={"width": "auto"})
    button.on_click(click)
    return button


_NOT_FROM_HERE = message(
    "No company's sheet is seen from this page. The company tells the person who keeps the records."
)
_TAKE_BACK = (message("Take it back"), releases.take_back)
_NOT_SHOWN = (
    message("The room does not see it."),
    [(message("The company agrees: show this to the room"), releases.agree)],
)
_SHOWN = (
    message("The room sees it as it was when the company agreed."),
    [(message("The company agrees: show what is written now"), releases.agree), _TAKE_BACK],
)


def _drawn(workshop: Workshop, worksheet: str, frames: Mapping[str, pd.DataFrame]) -> str:
    """A worksheet as it is presented: step 3 as the risk map, others as questions and answers."""
    if worksheet == "step3_prioritisation":
        risks = analysis.priorities(frames, workshop.levels)
        return picture(charts.risk_map(risks, workshop.language, workshop.choices))
    sheet = workshop.worksheets[worksheet]
    told = [
        answers(sheet, row, workshop.language, choices=workshop.choices) for row in rows(frames, worksheet)
    ]
    return "".join(one._repr_html_() for one in told)


def _of(frame: pd.DataFrame, company: str) -> pd.DataFrame:
    return frame[frame["company"] == company]


__all__: list[str] = ["ask_leave", "shown"]
