"""What a participant's exercise shows: forms, own charts, worked examples, words and hypothetical cases.

An exercise is a notebook (`notebooks/participant/`). With a kernel, in JupyterLab, its forms and charts are
those of the company that its parameter names. On a page there is no kernel: the notebook was run once, for
nobody, and each form and chart left only its name there, under the media type `PART`.
"""

from __future__ import annotations

import ast
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .documents import keep
from .errors import Message, message
from .messages import Language, join_text, say
from .seats import Seat
from .workshop import open_workshop

if TYPE_CHECKING:
    from .cases import Markdown
    from .charts import Chart
    from .pages import Page
    from .reports.own import Own
    from .workshop import Workshop

PART = "application/vnd.spp-workshop.part+json"


def open_exercise(folder: str | Path, session: str, *, company: str = "", language: Language) -> Exercise:
    """The exercise of a session, from the seat of this company; with no company it is nobody's.

    Raises SppError for a company or session that the programme does not have.
    """
    workshop = open_workshop(folder, seat=Seat.projector(), language=language)
    workshop.programme.session(session)
    if company:
        workshop = workshop.seated(Seat.company(workshop.programme.company(company).key))
    return Exercise(workshop, session)


@dataclass(frozen=True)
class Part:
    """A form or a chart: its name for a page, and what a notebook shows; a sentence when it is nobody's."""

    what: dict[str, str]
    shown: Any
    instead: str

    def _repr_mimebundle_(self, **_which: Any) -> tuple[dict[str, Any], dict[str, Any]]:
        data: dict[str, Any] = {"text/html": f"<p>{self.instead}</p>", "text/plain": self.instead}
        metadata: dict[str, Any] = {}
        if self.shown is not None:
            data, metadata = self.shown._repr_mimebundle_()
        return {**data, PART: self.what}, metadata


class Exercise:
    """One session's exercise of one company. Shown by itself, it tells whose it is."""

    def __init__(self, workshop: Workshop, session: str):
        self.workshop, self.session = workshop, session
        self.company = workshop.seat.company_key

    def form(self, worksheet: str) -> Part:
        """The form of a worksheet: the company's own, or that of its group in this session."""
        from . import widgets

        place = {"company": self.company} if self._about_company(worksheet) else {"session": self.session}
        shown = widgets.form(self.workshop, worksheet, **place) if self.company else None
        return self._part({"form": worksheet}, shown)

    def chart(self, name: str) -> Part:
        """An own chart, one of CHARTS."""
        drawn = CHARTS[name]
        return self._part({"chart": name}, drawn(self.workshop) if self.company else None)

    def example(self, *worksheets: str) -> Page:
        """Worksheets as a fictional company filled them in, folded up."""
        from . import showing
        from .pages import folded, page

        example = showing.worked_example(self.workshop, *worksheets)
        return page(folded(_EXAMPLE, example, self.workshop.language))

    def words(self, *lists: str) -> Page:
        """Vocabularies and scales with what is said of each choice, folded up under their titles."""
        from . import showing
        from .pages import folded, page

        language = self.workshop.language
        titles = join_text([self.workshop.choices[name].title[language] for name in lists], language)
        return page(folded(titles, showing.words(self.workshop, *lists), language))

    def cases(self) -> Markdown:
        """The hypothetical cases, each folded up."""
        from . import showing

        return showing.cases(self.workshop)

    def _repr_mimebundle_(self, **which: Any) -> tuple[dict[str, Any], dict[str, Any]]:
        programme, language = self.workshop.programme, self.workshop.language
        told = _NOBODYS
        if self.company:
            told = message("This is the exercise of {company}.", company=programme.company(self.company).name)
        keys = [company.key for company in programme.companies]
        sentence = say(Message(told.text, {**told.values, "keys": keys}), language)
        return Part({"exercise": self.session}, None, sentence)._repr_mimebundle_(**which)

    def _about_company(self, worksheet: str) -> bool:
        return self.workshop.worksheet(worksheet).subject == "company"

    def _part(self, what: dict[str, str], shown: Any) -> Part:
        return Part(what, shown, say(_HERE, self.workshop.language))


# --- Charts -------------------------------------------------------------------------------------------------


def _risk_map(workshop: Workshop) -> Chart:
    from . import charts

    return charts.risk_map(_own(workshop).risks, workshop.language, workshop.choices)


def _readiness(workshop: Workshop) -> Chart:
    from . import analysis, charts

    profile = analysis.readiness(_own(workshop), workshop.levels)
    return charts.readiness_chart(profile, workshop.language, workshop.choices)


def _own(workshop: Workshop) -> Own:
    """Without what other companies have released to this one."""
    from .reports.own import Own

    return Own(workshop, workshop.store.now().date())


# By the name that stands in a notebook and in a page's address: the chart of the company whose seat it is.
CHARTS: dict[str, Callable[[Workshop], Chart]] = {"risk_map": _risk_map, "readiness": _readiness}


# --- What stands in an exercise -----------------------------------------------------------------------------


def worksheets_of(notebook: Path) -> tuple[str, ...]:
    """The worksheets whose forms stand in the exercise of this file, in their order."""
    return _parts(notebook)["form"]


def charts_of(notebook: Path) -> tuple[str, ...]:
    """The own charts that stand in the exercise of this file."""
    return _parts(notebook)["chart"]


def _parts(notebook: Path) -> dict[str, tuple[str, ...]]:
    return keep(notebook, "parts of the exercise", lambda: _read_parts(notebook))


def _read_parts(notebook: Path) -> dict[str, tuple[str, ...]]:
    """Read without running anything: calls such as `exercise.form("declaration")`."""
    cells = json.loads(notebook.read_text(encoding="utf-8"))["cells"]
    sources = ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "code"]
    calls = [call for source in sources for call in _calls(source)]
    return {
        kind: tuple(dict.fromkeys(name for of, name in calls if of == kind)) for kind in ("form", "chart")
    }


def _calls(source: str) -> Iterator[tuple[str, str]]:
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.args:
            named = node.args[0]
            if isinstance(named, ast.Constant) and isinstance(named.value, str):
                yield node.func.attr, named.value


# --- Wording ------------------------------------------------------------------------------------------------

_EXAMPLE = message("See a worked example (a fictional company)")
_HERE = message("Here the company's own part appears, once a company is named.")
_NOBODYS = message(
    "This exercise belongs to no company yet. Write the company's key into the parameter “company” above and "
    "run all cells again. Keys: {keys}."
)

__all__ = ["CHARTS", "PART", "Exercise", "charts_of", "open_exercise", "worksheets_of"]
