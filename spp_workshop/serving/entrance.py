"""What people see before their first answer: where one joins, and the notice."""

from __future__ import annotations

from collections.abc import Iterator

from spp_workshop.errors import Message, message
from spp_workshop.forms.words import both
from spp_workshop.messages import LANGUAGES, date_text, time_text
from spp_workshop.programme import Session
from spp_workshop.seats import Sitting
from spp_workshop.worksheet import Text

from .attendance import is_to_say_where
from .frame import render
from .room import Room

Both = dict[str, str]

# The worksheet in which companies are told what their answers are for, and its notes that the notice repeats.
_CONSENT = "consent"
_PURPOSE, _VISIBILITY = "purpose_note", "visibility_note"

LONGEST_NAME, MOST_PEOPLE = 40, 99


def join_page(room: Room, sitting: Sitting | None) -> str:
    """Where one joins; whoever has a seat at this device may go on, leave, or join with another code."""
    session = room.workshop.programme.session(room.session)
    return render(
        "join.html.j2",
        base_url=room.base_url,
        programme=room.workshop.programme,
        title=message("Join"),
        say=_JOIN,
        spoken=both,
        session=session,
        day=_day(room, session),
        sitting=sitting,
        whose=_whose(room, sitting) if sitting else None,
        home=room.home(sitting) if sitting else "",
        asks_again=bool(sitting and is_to_say_where(sitting, session, room.workshop.store.now())),
        place=_usual_place(session),
        longest_name=LONGEST_NAME,
        most_people=MOST_PEOPLE,
    )


def notice_page(room: Room, sitting: Sitting) -> str:
    """Purpose, who sees what, how long it is kept, whom to ask: half a screen before the first answer."""
    return render(
        "notice.html.j2",
        base_url=room.base_url,
        programme=room.workshop.programme,
        title=message("Before you begin"),
        say=_NOTICE,
        points=list(_points(room)),
        whose=_whose(room, sitting),
        agreed=bool(sitting.agreed_at),
    )


def usual_place(room: Room) -> str:
    """Where somebody is who does not say it: "online" only in a session that is held online alone."""
    return _usual_place(room.workshop.programme.session(room.session)) or "room"


def _usual_place(session: Session) -> str:
    return {"online": "online", "in_person": "room"}.get(session.method, "")


def _day(room: Room, session: Session) -> Both:
    method = room.workshop.choices["session_methods"]
    hours = f"{time_text(session.start)}–{time_text(session.end)}"
    return {
        language: f"{date_text(session.date, language)} {hours} · {method.label(session.method, language)}"
        for language in LANGUAGES
    }


def _whose(room: Room, sitting: Sitting) -> Both:
    """For whom a seat is held, in words."""
    if company := sitting.seat.company_key:
        return both(room.workshop.programme.company(company).name)
    return both(_ROLES[sitting.seat.role])


def _points(room: Room) -> Iterator[tuple[Both, Both]]:
    """What the notice says: a heading, and a sentence or two."""
    programme = room.workshop.programme
    notes = {field.name: field.label for field in room.workshop.worksheets[_CONSENT].fields}
    for name in (_PURPOSE, _VISIBILITY):
        if name in notes:
            yield _parted(both(notes[name]), _HEADINGS[name])
    if day := programme.kept_until:
        until = Text(ja=date_text(day, "ja"), en=date_text(day, "en"))
        kept = both(message("Until {day}; then it is erased.", day=until))
    else:
        kept = both(message("The organiser decides how long, and tells you."))
    yield both(message("How long it is kept")), kept
    asked = programme.contact or programme.organiser
    yield (
        both(message("Whom to ask")),
        both(message("{contact}. Ask there, too, to see, correct or erase what you wrote.", contact=asked)),
    )
    yield both(message("Please do not write")), both(_NOT_TO_WRITE)


def _parted(text: Both, heading: Message) -> tuple[Both, Both]:
    """A note of the worksheet that begins with its own heading ("Purpose: ...")."""
    headings, rests = both(heading), dict(text)
    for language in LANGUAGES:
        first, colon, rest = text[language].replace("\N{FULLWIDTH COLON}", ":", 1).partition(":")
        if colon and len(first) <= _LONGEST_HEADING:
            rest = rest.strip()
            headings[language], rests[language] = first.strip(), rest[:1].upper() + rest[1:]
    return headings, rests


_LONGEST_HEADING = 30

# --- Wording ------------------------------------------------------------------------------------------------

_HEADINGS = {
    _PURPOSE: message("Purpose"),
    _VISIBILITY: message("Who sees it"),
}

_NOT_TO_WRITE = message(
    "Names of persons, and real complaints or reports. The exercises use hypothetical cases."
)

_ROLES = {
    "custodian": message("The secretariat's recorder"),
    "facilitator": message("Facilitator"),
    "organiser": message("Organiser"),
    "projector": message("Projector"),
}

_JOIN = {
    "code": message("Code"),
    "code_hint": message("The 10 letters and digits of your invitation. Small letters, too, will do."),
    "code_linked": message("The code of your link has been filled in."),
    "place": message("Where are you?"),
    "room": message("In the room"),
    "online": message("Online"),
    "people": message("How many people are at this device?"),
    "people_hint": message("If several of you look at one screen, count all."),
    "fewer": message("One fewer"),
    "more": message("One more"),
    "name": message("Your role or a name (may be left empty)"),
    "name_hint": message(
        "Such as “head of general affairs”. Your own company and the person who keeps the records see it; "
        "others do not."
    ),
    "join": message("Join"),
    "seated": message("This device has joined already"),
    "seated_for": message("For:"),
    "seated_name": message("As:"),
    "go_on": message("Go on"),
    "leave": message("Leave"),
    "leave_hint": message(
        "Leave when somebody else is going to use this device. What was saved stays saved."
    ),
    "leave_unsent": message(
        "Some answers on this device are not saved yet. Go on to let them be sent; if you leave now, they "
        "are lost. Press “Leave” once more to leave all the same."
    ),
    "other": message("Join with another code"),
    "no_code": message("Please enter the code of your invitation."),
    "no_place": message("Please choose where you are."),
    "no_people": message("Please enter a number from 1 to 99."),
    "unreachable": message(
        "The server cannot be reached. Look whether this device is on the network, and try again."
    ),
    "trouble": message("That did not work. Try again; if it happens again, tell the facilitator."),
    "seconds": message("seconds to wait"),
}

_NOTICE = {
    "for": message("You write for:"),
    "agree": message("I have read this, and begin"),
    "agreed": message("You have accepted this already."),
    "go_on": message("Go on"),
    "leave": message("Leave"),
    "leave_hint": message(
        "Whoever does not agree can leave: nothing is recorded then but that you were here."
    ),
    "unreachable": _JOIN["unreachable"],
    "trouble": _JOIN["trouble"],
}

__all__ = ["LONGEST_NAME", "MOST_PEOPLE", "join_page", "notice_page", "usual_place"]
