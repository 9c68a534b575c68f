from __future__ import annotations

import pytest

from spp_workshop.expressions import parse


@pytest.mark.parametrize(
    ("text", "answers", "holds"),
    [
        ("${a} = 'x'", {"a": "x"}, True),
        ("${a} = 'x'", {"a": "y"}, False),
        ("${a} = 'x'", {}, False),
        ("selected(${a}, 'x')", {"a": ["y", "x"]}, True),
        ("selected(${a}, 'x')", {"a": ["y"]}, False),
        ("${a} = 'x' and ${b} = 'y'", {"a": "x", "b": "y"}, True),
        ("${a} = 'x' and ${b} = 'y'", {"a": "x"}, False),
        ("${a} = 'x' or ${b} = 'y'", {"b": "y"}, True),
        ("${a} = 'x' or ${b} = 'y' and ${c} = 'z'", {"b": "y"}, False),
        ("${a} = 'x' or ${b} = 'y' and ${c} = 'z'", {"a": "x"}, True),
    ],
)
def test_it_holds_of_these_answers(text: str, answers: dict, holds: bool) -> None:
    assert parse(text).holds(answers) is holds


@pytest.mark.parametrize(
    "text", ["", "${a} > 3", "not(${a} = 'x')", "a = 'x'", "${a} = 'x' and", "__import__('os')"]
)
def test_anything_beyond_the_grammar_is_refused(text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 (the text of the exception is the culprit itself)
        parse(text)


def test_a_form_gets_alternatives_of_tests() -> None:
    assert parse("${a} = 'x' or selected(${b}, 'y')").as_json() == [
        [{"field": "a", "code": "x"}],
        [{"field": "b", "code": "y"}],
    ]
