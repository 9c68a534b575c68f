"""A session seen from its end: what is on record, what has not come yet, the votes, and what to send.

Frames and plain text; how they look in a notebook is the business of `showing`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

import pandas as pd

from .analysis import progress
from .errors import Message, message
from .messages import date_text, say, time_text

if TYPE_CHECKING:
    from .programme import Session
    from .workshop import Workshop

STATES = ("none", "draft", "submitted")


def recorded(workshop: Workshop, session: str) -> pd.DataFrame:
    """What is on record of the worksheets on the session's agenda: worksheet, by, rows, last.

    `by` is how many companies or groups wrote (missing for a worksheet about the session itself), `rows` how
    many rows there are, `last` when the newest was saved (ISO 8601, or empty). What companies wrote on the
    same worksheet at another time counts too.
    """
    agenda = workshop.programme.session(session).agenda
    names = dict.fromkeys(name for item in agenda for name in item.worksheets)
    found = [_on_record(workshop, name, session) for name in names]
    return pd.DataFrame(found, columns=["worksheet", "by", "rows", "last"]).astype({"by": "Int64"})


def _on_record(workshop: Workshop, name: str, session: str) -> tuple[str, int | None, int, str]:
    subject, rows = workshop.worksheets[name].subject, workshop.totals.frames[name]
    if subject != "company":
        rows = rows[rows["session"] == session]
    by = None if subject == "session" else rows["subject"].nunique()
    return name, by, len(rows), max(rows["recorded_at"], default="")


def missing(workshop: Workshop, session: str) -> pd.DataFrame:
    """Company by worksheet of before and after the session, as `analysis.progress`, without the companies
    that have submitted everything."""
    day = workshop.programme.session(session)
    names = [name for name in dict.fromkeys((*day.before, *day.after)) if _is_of_companies(workshop, name)]
    states = progress(workshop.totals.standings, workshop.companies, names)
    return states[(states != "submitted").any(axis=1)]


def _is_of_companies(workshop: Workshop, name: str) -> bool:
    return workshop.worksheets[name].subject == "company"


def returned(workshop: Workshop, worksheets: Iterable[str]) -> pd.DataFrame:
    """How many companies have not begun, are writing, and have submitted: worksheet, none, draft, submitted.

    Totals of progress tell nothing of what a company wrote, so the room may see them.
    """
    states = progress(workshop.totals.standings, workshop.companies, worksheets)
    found = [(name, *((states[name] == state).sum() for state in STATES)) for name in states.columns]
    return pd.DataFrame(found, columns=["worksheet", *STATES])


def votes(workshop: Workshop, session: str, topic: str) -> pd.DataFrame:
    """The votes on one topic of a session, the most first: option, votes. Who voted is left out."""
    cast = workshop.frames["votes"]
    cast = cast[(cast["session"] == session) & (cast["topic"] == topic)]
    counts = Counter(cast["option"].dropna().str.strip())
    ranked = sorted(counts.items(), key=lambda line: (-line[1], line[0]))
    return pd.DataFrame(ranked, columns=["option", "votes"])


# --- What to send -------------------------------------------------------------------------------------------


def to_send(workshop: Workshop, session: str) -> str:
    """The text to send to the companies after a session: thanks, homework, and the next session."""
    day = workshop.programme.session(session)
    coming = _after(workshop, day)
    parts = [
        [message("Subject: {text}", text=_subject(workshop, day))],
        [_thanks(workshop, day)],
        _homework(workshop, day, coming),
        _invitation(workshop, coming) if coming else [_LAST],
        [_HELP],
    ]
    told = ["\n".join(say(line, workshop.language) for line in part) for part in parts]
    return "\n\n".join(part for part in told if part) + "\n"


_LAST = message("This was the last session. Your worksheets stay open.")
_HELP = message(
    "If anything is unclear, or if time is short, please tell the secretariat. "
    "A sheet that is half done is welcome."
)


def _subject(workshop: Workshop, day: Session) -> Message:
    title = workshop.programme.title
    return message("[{programme}] Thank you for “{session}”", programme=title, session=day.title)


def _thanks(workshop: Workshop, day: Session) -> Message:
    when = _day(workshop, day)
    return message("Thank you for taking part in “{session}” on {day}.", session=day.title, day=when)


def _after(workshop: Workshop, day: Session) -> Session | None:
    days = workshop.programme.sessions
    place = days.index(day) + 1
    return days[place] if place < len(days) else None


def _homework(workshop: Workshop, day: Session, coming: Session | None) -> Iterator[Message]:
    names = dict.fromkeys((*day.after, *(coming.before if coming else ())))
    asked = [workshop.worksheets[name] for name in names if _is_of_companies(workshop, name)]
    if asked and coming:
        yield message("■ Until the next session ({day})", day=_day(workshop, coming))
    elif asked:
        yield message("■ What is left to write")
    yield from (message("- {title}", title=sheet.title) for sheet in asked)


def _invitation(workshop: Workshop, day: Session) -> Iterator[Message]:
    yield message("■ Next session: {title}", title=day.title)
    yield message(
        "Date: {day} {start}–{end}",
        day=_day(workshop, day),
        start=time_text(day.start),
        end=time_text(day.end),
    )
    yield message("Method: {method}", method=_method(workshop, day))
    if day.venue:
        yield message("Venue: {venue}", venue=day.venue)
    if day.link:
        yield message("Link: {link}", link=day.link)


def _method(workshop: Workshop, day: Session) -> str:
    method = workshop.choices["session_methods"].label(day.method, workshop.language)
    return " / ".join(words for words in (method, day.platform) if words)


def _day(workshop: Workshop, day: Session) -> str:
    return date_text(day.date, workshop.language)


__all__ = ["STATES", "missing", "recorded", "returned", "to_send", "votes"]
