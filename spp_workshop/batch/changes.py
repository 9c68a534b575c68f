"""Whose documents can have changed: which companies can read something that was saved since a moment."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from spp_workshop.seats import Seat
from spp_workshop.store import Place
from spp_workshop.visibility import RELEASE, is_released_to, may_read
from spp_workshop.workshop import Workshop


def reached_since(workshop: Workshop, moment: datetime) -> set[str]:
    """The keys of these companies, and "" (the whole programme) if anything was saved since then."""
    places = workshop.store.saved_since(moment)
    reached = {""} if places else set()
    for place in places:
        kind, _, key = place.subject.partition(":")
        if kind == "company":
            reached.add(key)
        if kind != "company" or place.worksheet == RELEASE:
            reached |= _readers(workshop, place)
    return reached


def _readers(workshop: Workshop, place: Place) -> set[str]:
    """The companies that can read this row of a group or a session, or reach what it releases."""
    sheet = workshop.worksheets.get(place.worksheet)
    if sheet is None:
        return set()
    # What is withdrawn was there for the same readers until then.
    newest = replace(workshop.store.history(place)[-1], status="draft")
    seats = [Seat.company(company.key) for company in workshop.programme.companies]
    if place.worksheet == RELEASE:
        return {seat.company_key for seat in seats if is_released_to(seat, newest, workshop.programme)}
    return {seat.company_key for seat in seats if may_read(seat, sheet, newest, workshop.programme)}
