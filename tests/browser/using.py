"""What a person finds on a form, by the names that the form gives it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from spp_workshop import forms
from spp_workshop.workshop import Workshop

ALPHA = "company:alpha"
WORDS = forms.ui()["ja"]
STEP1, STEP2 = "step1_risk_areas", "step2_harm_process"

# Opens the form of a worksheet, for company alpha unless said otherwise.
Open = Callable[..., Any]


def stored(workshop: Workshop, worksheet: str = "kinds") -> dict[str, Any]:
    rows = workshop.rows(worksheet, ALPHA)
    return rows[0].answers if rows else {}


def field(page: Any, name: str) -> Any:
    return page.locator(f"[data-field={name}]")


def saved(page: Any, name: str) -> None:
    field(page, name).locator(".spp-mark[data-state=saved]").wait_for()


def state(page: Any) -> str:
    return page.locator(".spp-state").inner_text()


def area(page: Any) -> Any:
    return field(page, "business_area").locator("input")


def button(page: Any, name: str) -> Any:
    return page.get_by_role("button", name=name, exact=True)
