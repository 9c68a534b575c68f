"""The list of seats for a person at a shell: who sits where, which codes are good, and making them anew."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict
from datetime import date, datetime, time, timedelta
from typing import Any

from spp_workshop import seats
from spp_workshop.errors import Message, Problem, SppError, message
from spp_workshop.messages import Words, moment_text, say, worded
from spp_workshop.plain_text import without_controls
from spp_workshop.programme import Programme, did_you_mean
from spp_workshop.seats import Seat, Sitting
from spp_workshop.store import Store

from .invitations import Invitation, invitation

# --- Making and ending ------------------------------------------------------------------------------------


def make(store: Store, programme: Programme, keys: Iterable[str], until: datetime) -> dict[Seat, str]:
    """A code for each of these seats; an empty key stands for all companies and the projector, as far as
    they have none. Raises SppError, and then none of them is made.
    """
    known = {sitting.seat.id for sitting in seats.sittings(store)}
    found: dict[str, Seat] = {}
    for key in keys:
        named = (
            [seat_of(key, programme)] if key else [one for one in _usual(programme) if one.id not in known]
        )
        found |= {seat.id: seat for seat in named}
    with store.together():
        return {seat: seats.issue(store, seat, until) for seat in found.values()}


def renew(store: Store, keys: Iterable[str], until: datetime) -> dict[Seat, str]:
    """A new code for each of these seats. Raises SppError, and then the old ones stay."""
    known = {sitting.seat.id: sitting.seat for sitting in seats.sittings(store) if not sitting.is_personal}
    with store.together():
        found = {known[_known(key, known)] for key in keys}
        return {seat: seats.renew(store, seat.id, until) for seat in found}


def revoke(store: Store, keys: Iterable[str]) -> list[Sitting]:
    """End each of these seats, of a code or of one person, and give them. Raises SppError; then all stay."""
    known = {sitting.seat.id: sitting for sitting in seats.sittings(store)}
    ended = []
    with store.together():
        for key in keys:
            ended.append(known[_known(key, known)])
            seats.revoke(store, ended[-1].seat.id)
    return ended


def invited(
    codes: Mapping[Seat, str], programme: Programme, until: datetime, public_url: str
) -> list[Invitation]:
    """What to hand to those for whom codes were made; they are shown once, because only hashes are kept."""
    return [invitation(seat, title(seat, programme), code, public_url, until) for seat, code in codes.items()]


def seat_of(key: str, programme: Programme) -> Seat:
    """The seat of a company's key, or of the name that the list shows. Raises SppError when there is none."""
    possible = {seat.id: seat for seat in _possible(programme)}
    company = Seat.company(key).id
    wanted = key if key in possible else company
    if wanted not in possible:
        names = [name.removeprefix("company:") for name in possible]
        raise SppError(_unknown(key, did_you_mean(key, names)))
    return possible[wanted]


def ends(day: str, now: datetime) -> datetime:
    """The end of a day that somebody typed, by this machine's clock. SppError for the past, or none."""
    try:
        last = datetime.combine(date.fromisoformat(day) + timedelta(days=1), time()).astimezone()
    except (ValueError, OverflowError):
        raise SppError(_no_day(day)) from None
    if last <= now:
        raise SppError(_past(day))
    return last


def _possible(programme: Programme) -> Iterator[Seat]:
    yield from _usual(programme)
    yield from (Seat.facilitator(session.key) for session in programme.sessions)
    yield Seat.organiser()
    yield Seat.custodian()


def _usual(programme: Programme) -> Iterator[Seat]:
    yield from (Seat.company(company.key) for company in programme.companies)
    yield Seat.projector()


def _known(key: str, known: Iterable[str]) -> str:
    names = list(known)
    for wanted in (key, Seat.company(key).id):
        if wanted in names:
            return wanted
    raise SppError(_unknown(key, message("Look at the list of seats: spp-workshop seats")))


# --- Telling ----------------------------------------------------------------------------------------------


def title(seat: Seat, programme: Programme) -> Words:
    """For whom a seat is, in words."""
    if seat.company_key:
        names: dict[str, Words] = {company.key: company.name for company in programme.companies}
        return names.get(seat.company_key, message("(not in the programme any more)"))
    if seat.role == "facilitator":
        sessions: dict[str, Words] = {session.key: session.title for session in programme.sessions}
        session = sessions.get(seat.subject.removeprefix("session:"), "")
        return message("Facilitator of “{session}”", session=session)
    return _ROLES.get(seat.role, seat.role)


def as_text(sittings: list[Sitting], programme: Programme, now: datetime, language: str) -> str:
    """Every seat that has a code, with the people who joined below it."""
    below: dict[str, list[Sitting]] = defaultdict(list)
    for sitting in sittings:
        below[sitting.parent].append(sitting)
    blocks = []
    for one in sorted(below[""], key=lambda one: one.seat.id):
        lines = [f"{one.seat.id}  {worded(title(one.seat, programme), language)}"]
        lines.append(f"    {say(_state(one, now, language), language)}")
        lines += [f"    {_person(person, language)}" for person in below[one.seat.id]]
        blocks.append("\n".join(lines))
    return "\n".join(blocks)


def codes_as_text(made: Iterable[Invitation], language: str) -> str:
    """New codes, a seat on a line."""
    return "\n".join(f"{one.code}  {one.seat.id}  {worded(one.title, language)}" for one in made)


def summary(sittings: Iterable[Sitting], programme: Programme, now: datetime) -> Message:
    """What is there in all, and what is still to be made."""
    found = list(sittings)
    good = {one.seat.id for one in found if not one.is_personal and _is_good(one, now)}
    missing = sum(seat.id not in good for seat in _usual(programme))
    there = sum(one.people for one in found if one.is_personal)
    if missing:
        return message(
            "{good} good codes, {there} people joined so far. {missing} of the companies and the projector "
            "have no good code: make one with --new, or --renew where one has ended.",
            good=len(good),
            there=there,
            missing=missing,
        )
    return message("{good} good codes, {there} people joined so far.", good=len(good), there=there)


def _is_good(sitting: Sitting, now: datetime) -> bool:
    return not sitting.revoked and datetime.fromisoformat(sitting.expires_at) >= now


def _state(sitting: Sitting, now: datetime, language: str) -> Message:
    until = moment_text(sitting.expires_at, language)
    if sitting.revoked:
        return message("The code is revoked.")
    if not _is_good(sitting, now):
        return message("The code has expired ({until}).", until=until)
    return message("The code is good until {until}.", until=until)


def _person(sitting: Sitting, language: str) -> str:
    parts: list[Words] = [
        without_controls(sitting.seat.name) or message("(no name)"),
        _PLACES.get(sitting.place, ""),
        message("{count} at the device", count=sitting.people) if sitting.people else message("moved on"),
        moment_text(sitting.joined_at, language),
        "" if sitting.agreed_at or sitting.seat.role != "participant" else message("notice not accepted yet"),
        message("has left") if sitting.revoked else "",
        sitting.seat.id,
    ]
    return "- " + " | ".join(text for text in (worded(part, language) for part in parts) if text)


def as_json(sitting: Sitting, now: datetime) -> dict[str, Any]:
    """A seat for another program; `valid` says whether it opens anything now."""
    said = asdict(sitting)
    seat = said.pop("seat")
    return {**seat, **said, "valid": _is_good(sitting, now)}


# --- Wording ----------------------------------------------------------------------------------------------

_ROLES: dict[str, Message] = {
    "custodian": message("The secretariat's recorder"),
    "organiser": message("Organiser"),
    "projector": message("Projector"),
}
_PLACES = {"room": message("In the room"), "online": message("Online")}


def _unknown(key: str, remedy: Message) -> Problem:
    return Problem(
        "", "unknown_seat", message("There is no seat “{key}” in this programme.", key=key), remedy
    )


def _no_day(day: str) -> Problem:
    return Problem(
        "--until",
        "not_a_day",
        message("“{text}” is not a date.", text=day),
        message("Write a date as 2026-01-20."),
    )


def _past(day: str) -> Problem:
    return Problem(
        "--until",
        "day_past",
        message("{day} is over: such a code would open nothing.", day=day),
        message("Name a day from today on."),
    )


__all__ = [
    "as_json",
    "as_text",
    "codes_as_text",
    "ends",
    "invited",
    "make",
    "renew",
    "revoke",
    "seat_of",
    "summary",
    "title",
]
