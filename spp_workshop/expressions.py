"""When a question is asked: the little of XLSForm's `relevant` that we take.

`${f} = 'c'`, `selected(${f}, 'c')`, `and`, `or` (`and` binds closer). Parsed once, here; a form gets JSON.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

_TEST = re.compile(
    r"\s*(?:\$\{(?P<equal>\w+)\}\s*=\s*'(?P<value>\w+)'|selected\(\s*\$\{(?P<selected>\w+)\}\s*,\s*'(?P<code>\w+)'\s*\))\s*"
)


@dataclass(frozen=True)
class Test:
    """One field holds, or contains, a code."""

    field: str
    code: str


@dataclass(frozen=True)
class Expression:
    """True when all tests of one of the alternatives are true."""

    alternatives: tuple[tuple[Test, ...], ...]

    def holds(self, answers: Mapping[str, Any]) -> bool:
        """Whether it is true of these answers; an unanswered field equals nothing."""
        return any(all(_passes(test, answers) for test in tests) for tests in self.alternatives)

    def fields(self) -> set[str]:
        """The names of the fields that it asks."""
        return {test.field for tests in self.alternatives for test in tests}

    def as_json(self) -> list[list[dict[str, str]]]:
        """Alternatives of tests, for a form."""
        return [[{"field": test.field, "code": test.code} for test in tests] for tests in self.alternatives]


def _passes(test: Test, answers: Mapping[str, Any]) -> bool:
    value = answers.get(test.field)
    return test.code in value if isinstance(value, list) else value == test.code


def parse(text: str) -> Expression:
    """The expression of a text. Raises ValueError on anything beyond the grammar."""
    alternatives = re.split(r"\bor\b", text)
    return Expression(tuple(tuple(map(_test, re.split(r"\band\b", part))) for part in alternatives))


def _test(text: str) -> Test:
    match = _TEST.fullmatch(text)
    if not match:
        raise ValueError(text.strip())
    return Test(match["equal"] or match["selected"], match["value"] or match["code"])
