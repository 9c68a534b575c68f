"""The form as a widget, without a browser: what it carries, and to whom."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import pytest

from spp_workshop.errors import AnswerError
from spp_workshop.widgets import form
from spp_workshop.workshop import Workshop

PROFILE, ALPHA = "company_profile", "company:alpha"
SECRET = "とても秘密の製品"


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Any, dict[str, Any]]]:
    """What the widgets send, with the widget that sends it."""
    from anywidget import AnyWidget

    sent: list[tuple[Any, dict[str, Any]]] = []
    monkeypatch.setattr(
        AnyWidget, "send", lambda widget, content, buffers=None: sent.append((widget, content))
    )
    return sent


def hear(widget: Any, do: str, **rest: Any) -> None:
    """A message from the browser."""
    content = {"id": "1", "do": do, "worksheet": PROFILE, "subject": ALPHA, **rest}
    widget._handle_custom_msg(content, [])


def state(widget: Any) -> str:
    return json.dumps(widget.get_state(), default=str, ensure_ascii=False)


def test_importing_the_package_and_its_widgets_loads_no_widget_library() -> None:
    code = (
        "import sys, spp_workshop, spp_workshop.widgets;"
        "print([name for name in ('anywidget', 'ipywidgets', 'pandas', 'matplotlib') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_a_message_is_answered_to_the_form_that_asked(
    workshop: Workshop, sent: list[tuple[Any, dict[str, Any]]]
) -> None:
    widget = form(workshop, PROFILE, company="alpha")
    hear(widget, "save", changes={"products": "めっき"})
    ((asker, reply),) = sent
    assert asker is widget
    assert reply["row"]["answers"] == {"products": "めっき"}


def test_what_one_form_stores_the_others_are_told(
    workshop: Workshop, sent: list[tuple[Any, dict[str, Any]]]
) -> None:
    widget, other = (form(workshop, PROFILE, company="alpha") for _ in range(2))
    hear(widget, "open")
    hear(widget, "save", changes={"products": "めっき"})
    assert [(to, content) for to, content in sent if "news" in content] == [(other, {"news": ALPHA})]


@pytest.mark.parametrize(
    ("do", "rest", "is_told"),
    [
        ("stuck", {"field": "products"}, True),
        ("unstuck", {"field": "products"}, True),
        ("add", {"added": {"": {"products": "めっき"}}}, True),
        ("read", {"cells": [["めっき"]]}, False),
        ("history", {}, False),
    ],
)
def test_the_others_are_told_of_whatever_is_stored_and_of_nothing_else(
    workshop: Workshop, sent: list[tuple[Any, dict[str, Any]]], do: str, rest: dict[str, Any], is_told: bool
) -> None:
    widget, _ = (form(workshop, PROFILE, company="alpha") for _ in range(2))
    hear(widget, do, **rest)
    assert any("news" in content for _, content in sent) == is_told


def test_the_first_answers_come_along_and_are_let_go_when_the_form_has_them(
    workshop: Workshop, sent: list[tuple[Any, dict[str, Any]]]
) -> None:
    workshop.save(PROFILE, {"products": SECRET}, subject=ALPHA)
    widget = form(workshop, PROFILE, company="alpha")
    assert SECRET in state(widget)
    hear(widget, "open", known=1)
    assert SECRET not in state(widget)


def test_no_answers_come_along_before_a_company_is_chosen(workshop: Workshop) -> None:
    workshop.save(PROFILE, {"products": SECRET}, subject=ALPHA)
    assert SECRET not in state(form(workshop, PROFILE))


@pytest.mark.parametrize(
    ("language", "words"), [("ja", "入力フォーム「会社の概要」"), ("en", "Company profile")]
)
def test_where_nothing_can_be_filled_in_a_sentence_stands_for_the_form(
    workshop: Workshop, language: str, words: str
) -> None:
    workshop.save(PROFILE, {"products": SECRET}, subject=ALPHA)
    workshop.language = language  # type: ignore[assignment]
    widget = form(workshop, PROFILE, company="alpha")
    data = widget._repr_mimebundle_()[0]
    assert words in data["text/plain"]
    assert SECRET not in data["text/plain"]


def test_a_worksheet_or_company_that_is_not_there_is_refused(workshop: Workshop) -> None:
    with pytest.raises(AnswerError):
        form(workshop, "no_such_sheet")
    with pytest.raises(AnswerError):
        form(workshop, PROFILE, company="gamma")
