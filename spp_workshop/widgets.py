"""The form as a widget of a notebook: the carrier of `forms`, and nothing more."""

from __future__ import annotations

import threading
from functools import cache
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary, WeakSet

from . import forms
from .documents import shipped
from .errors import message
from .messages import say
from .workshop import Workshop

if TYPE_CHECKING:
    import anywidget

# The open forms of each workshop: what one of them stores, the others show.
_OPEN: WeakKeyDictionary[Workshop, WeakSet[Any]] = WeakKeyDictionary()

# A kernel may hear widgets in a thread beside the one that runs cells (a subshell): one message at a time.
_ONE_AT_A_TIME = threading.Lock()

# What stores nothing; of all else the other forms are told.
_READING = {"open", "history", "read"}


def form(
    workshop: Workshop, worksheet: str, *, company: str = "", group: str = "", session: str = ""
) -> anywidget.AnyWidget:
    """The form of a worksheet. Without a company, group or session the person chooses one first.

    Raises AnswerError when there is no such worksheet, company, group or session.
    """
    place = forms.place(workshop, worksheet, company=company, group=group, session=session)
    widget = _form_class()(
        form=forms.definition(workshop, worksheet),
        place=place,
        language=workshop.language,
        opened=_opened(workshop, worksheet, place),
    )
    _OPEN.setdefault(workshop, WeakSet()).add(widget)
    widget.on_msg(lambda widget, content, _: _answer(workshop, widget, content))
    return widget


def _opened(workshop: Workshop, worksheet: str, place: dict[str, Any]) -> dict[str, Any]:
    """The answers, where it is clear whose: a form can then be filled in while the cells below still run."""
    if len(place["subjects"]) != 1:
        return {}
    return forms.reply(
        workshop, {"do": "open", "worksheet": worksheet, "subject": place["subjects"][0]["subject"]}
    )


def _answer(workshop: Workshop, widget: Any, content: dict[str, Any]) -> None:
    with _ONE_AT_A_TIME:
        widget.send(forms.reply(workshop, content))
    # The form has the answers now; a saved notebook, which may keep the state of its widgets, must not.
    widget.opened = {}
    if content.get("do") not in _READING:
        tell(workshop, content.get("subject", ""), but=widget)


def tell(workshop: Workshop, subject: str, but: Any = None) -> None:
    """The open forms of a workshop look for what was stored about this company, group or session."""
    for other in list(_OPEN.get(workshop, ())):
        if other is not but:
            other.send({"news": subject})


@cache
def _form_class() -> type[anywidget.AnyWidget]:
    """Made when the first form is: importing the package must stay light."""
    import anywidget
    import traitlets

    class Form(anywidget.AnyWidget):
        _esm = shipped("static") / "form.js"
        _css = shipped("static") / "form.css"
        form = traitlets.Dict().tag(sync=True)
        place = traitlets.Dict().tag(sync=True)
        language = traitlets.Unicode("ja").tag(sync=True)
        opened = traitlets.Dict().tag(sync=True)

        def __repr__(self) -> str:
            title = self.form["title"][self.language]
            return say(
                message("Form “{title}”: open this notebook in JupyterLab to fill it in.", title=title),
                self.language,
            )

    return Form
