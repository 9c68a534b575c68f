"""The workshop folder: its definitions, its store, its seats."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from spp_workshop.errors import Problem, message
from spp_workshop.messages import Words
from spp_workshop.seats import Seat, Sitting, sittings
from spp_workshop.storefile import open_store, refuse_unsafe_place
from spp_workshop.validation import validate

from .plan import Plan


def definitions(plan: Plan) -> list[Problem]:
    """Programme, worksheets and notebooks are right, and there is a session, with companies, to be served."""
    found = validate(plan.folder)
    if found:
        return found
    plan.day  # noqa: B018 (it raises what is wrong)
    return [] if plan.programme.companies else [_no_companies()]


def store(plan: Plan) -> list[Problem]:
    """The store lies in a safe place, opens, and holds what was written into it, unchanged."""
    refuse_unsafe_place(plan.store)
    if not plan.store.exists():
        return []  # It is made when it is first needed.
    opened = open_store(plan.store)
    try:
        return [_tampered(broken)] if (broken := opened.verify()) else []
    finally:
        opened.engine.dispose()


def seats(plan: Plan) -> list[Problem]:
    """Every company, the facilitator and the projector have a code that is valid until the session ends."""
    known = {sitting.seat.id: sitting for sitting in _sittings(plan)}
    wanted: list[tuple[Seat, Words]] = [
        (Seat.company(company.key), company.name) for company in plan.programme.companies
    ]
    wanted += [
        (Seat.facilitator(plan.day.key), message("Facilitator")),
        (Seat.projector(), message("Projector")),
    ]
    missing = [name for seat, name in wanted if seat.id not in known]
    shut = [name for seat, name in wanted if seat.id in known and known[seat.id].revoked]
    early = [
        name
        for seat, name in wanted
        if seat.id in known
        and not known[seat.id].revoked
        and datetime.fromisoformat(known[seat.id].expires_at) < plan.ends
    ]
    return [
        *([_no_codes(missing)] if missing else []),
        *([_shut_out(shut)] if shut else []),
        *([_end_early(early)] if early else []),
    ]


def _sittings(plan: Plan) -> Iterable[Sitting]:
    if not plan.store.exists():
        return []
    opened = open_store(plan.store)
    try:
        return sittings(opened)
    finally:
        opened.engine.dispose()


# --- Wording ----------------------------------------------------------------------------------------------


def _no_companies() -> Problem:
    return Problem(
        "programme.yaml",
        "no_companies",
        message("No company takes part yet."),
        message("Write the companies into programme.yaml."),
    )


def _tampered(broken: list[int]) -> Problem:
    return Problem(
        "workshop.db",
        "tampered_store",
        message("{count} saved answers are not as they were stored.", count=len(broken)),
        message("Leave the file as it is, ask whoever runs the toolkit, and go on with the last backup."),
    )


def _no_codes(names: list[Words]) -> Problem:
    return Problem(
        "",
        "no_codes",
        message("These have no code to join with: {names}.", names=names),
        message("Start spp-workshop serve once: it makes them, and sheets to print in output/invitations."),
    )


def _shut_out(names: list[Words]) -> Problem:
    return Problem(
        "",
        "revoked_codes",
        message("The code of these was revoked: {names}.", names=names),
        message("Give them a new one, if they are to take part: spp-workshop seats --help"),
    )


def _end_early(names: list[Words]) -> Problem:
    return Problem(
        "",
        "codes_end",
        message("The code of these ends before the session does: {names}.", names=names),
        message("Start spp-workshop serve for this session: it makes new ones, and sheets to print."),
    )
