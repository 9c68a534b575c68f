"""The command `serve`: opens a session, and tells how everybody joins and how it is ended."""

from __future__ import annotations

from argparse import Namespace
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from spp_workshop.errors import Problem, SppError, message

from .voice import ALL_WELL, Voice, workshop_folder

if TYPE_CHECKING:
    from spp_workshop.serving.room import Room


def serve(options: Namespace, voice: Voice) -> int:
    """Serve the workshop folder until somebody ends it. Raises SppError when it cannot be."""
    from spp_workshop.serving import hosting
    from spp_workshop.serving.addresses import addressed

    folder = workshop_folder(options.folder)
    if find_spec("segno") is None:
        raise SppError(_not_installed())
    address = addressed(options)
    with suppress(KeyboardInterrupt):
        hosting.serve(folder, address, options.session, lambda room: _announce(room, folder, voice))
    voice.tell(message("Ended. Everything that was saved is kept."))
    return ALL_WELL


def _announce(room: Room, folder: Path, voice: Voice) -> None:
    """Where it is, who joins with what, and how it is ended."""
    from spp_workshop.serving import desks, invitations
    from spp_workshop.serving.hosting import codes_until

    programme, language = room.workshop.programme, voice.language
    until = codes_until(programme)
    store, address = room.workshop.store, room.public_url
    invited = invitations.invite(store, programme, room.session, address, until, folder=folder)
    page = invitations.write(folder, invited, programme, room.session)
    if page:
        voice.show(invitations.as_text(invited, language, colour=voice.colour))
    day = programme.session(room.session)
    voice.tell(message("“{title}” is open at {address}", title=day.title, address=address))
    if page:
        voice.tell(message("The new invitations, to be printed or sent one by one: {page}", page=page))
    if before := [one.title for one in invited if not one.code]:
        voice.tell(message("Links and codes given out before go on working: {names}.", names=before))
        voice.tell(message("For new ones: spp-workshop seats {folder}", folder=folder))
    if find_spec("voila") is None:
        voice.problems([desks.no_voila()])
    voice.tell(message("To end it, press Ctrl+C in this window."))


# --- Wording ----------------------------------------------------------------------------------------------


def _not_installed() -> Problem:
    return Problem(
        "",
        "serving_not_installed",
        message("What serving needs is not installed here."),
        message('Install it with: pip install "spp-workshop[serve]"'),
    )


__all__ = ["serve"]
