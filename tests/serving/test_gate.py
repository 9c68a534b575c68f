"""The gate: who gets in, and what each seat finds behind it."""

from __future__ import annotations

from .conftest import Served


def test_an_address_that_nobody_answers_is_told_in_sentences(served: Served) -> None:
    answer = served.client().page("api/contents")
    assert answer.status == 404
    assert "There is nothing at this address." in answer.text
    assert "Server" not in answer.headers
