from __future__ import annotations

from IPython.core.formatters import DisplayFormatter

from spp_workshop.pages import page


def test_a_notebook_keeps_a_page_once() -> None:
    shown = page("<p>one</p>", "<p>two</p>")
    data, _ = DisplayFormatter().format(shown)
    assert data == {"text/html": "<p>one</p><p>two</p>", "text/plain": "<Page: 20 letters>"}
    assert f"{shown}" == "<p>one</p><p>two</p>"
