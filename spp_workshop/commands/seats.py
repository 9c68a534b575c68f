"""The command `seats`: who has joined, which codes are good, and making them anew."""

from __future__ import annotations

from argparse import Namespace
from datetime import datetime
from typing import TYPE_CHECKING

from spp_workshop.errors import message
from spp_workshop.messages import moment_text

from .voice import ALL_WELL, Voice, workshop_folder

if TYPE_CHECKING:
    from spp_workshop.programme import Programme
    from spp_workshop.serving.invitations import Invitation
    from spp_workshop.workshop import Workshop


def seats(options: Namespace, voice: Voice) -> int:
    """End, renew and make seats, all of it or nothing; without any of these, list them. Raises SppError."""
    from spp_workshop.seats import sittings
    from spp_workshop.serving import seating
    from spp_workshop.serving.addresses import public_address
    from spp_workshop.workshop import open_workshop

    address = public_address(options.public_url) if options.public_url else ""
    workshop = open_workshop(workshop_folder(options.folder), language=voice.language)
    store, programme, now = workshop.store, workshop.programme, workshop.store.now()
    until = seating.ends(options.until, now) if options.until else _codes_until(programme)
    with store.together():
        ended = seating.revoke(store, options.revoke)
        codes = seating.renew(store, options.renew, until)
        codes |= seating.make(store, programme, options.new, until)
    found = sittings(store)
    for one in ended:
        voice.tell(message("Ended: {seat}. It opens nothing any more.", seat=one.seat.id))
    if codes:
        _hand_out(seating.invited(codes, programme, until, address), workshop, voice, sheets=bool(address))
    elif options.new:
        voice.tell(message("Every company and the projector have a code already; --renew makes a new one."))
    elif not ended:
        voice.show(seating.as_text(found, programme, now, voice.language))
        voice.tell(seating.summary(found, programme, now))
    made = [{"id": seat.id, "code": code, "until": until.isoformat()} for seat, code in codes.items()]
    voice.data({"seats": [seating.as_json(one, now) for one in found], "codes": made})
    return ALL_WELL


def _codes_until(programme: Programme) -> datetime:
    from spp_workshop.serving.hosting import codes_until

    return codes_until(programme)


def _hand_out(made: list[Invitation], workshop: Workshop, voice: Voice, *, sheets: bool) -> None:
    """Show new codes this once, and write their sheets where the address of the server is known."""
    from spp_workshop.serving import invitations, seating

    voice.show(seating.codes_as_text(made, voice.language))
    until = moment_text(made[0].expires.isoformat(), voice.language)
    voice.tell(
        message("Good until {until}. Note them now: they are not kept, and not shown again.", until=until)
    )
    if sheets:
        printed = [one for one in made if one.seat.role in ("participant", "facilitator", "projector")]
        page = invitations.write(workshop.folder, printed, workshop.programme, _session(workshop))
        voice.show(invitations.as_text(made, voice.language, colour=voice.colour))
        if page:
            voice.tell(message("To print: {page}", page=page))


def _session(workshop: Workshop) -> str:
    from spp_workshop.serving.room import session_of_the_day

    return session_of_the_day(workshop.programme, workshop.store.now().astimezone().date())


__all__ = ["seats"]
