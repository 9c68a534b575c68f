"""What the forms of an exercise hold when its page is opened: the answers of the seat that asks.

Most of it is the same for everybody of a company, and stays so until something is saved about the company or
one of its groups: it is kept as the text that is sent.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from spp_workshop import forms
from spp_workshop.exercises import worksheets_of
from spp_workshop.forms.words import both
from spp_workshop.seats import Seat, Sitting
from spp_workshop.workshop import Workshop

if TYPE_CHECKING:
    from collections.abc import Mapping

Json = dict[str, Any]


@dataclass
class _Kept:
    """The forms of one company in one exercise, each as JSON, as they were at this revision."""

    revision: int
    forms: dict[str, str] = field(default_factory=dict)


class Openings:
    """The forms of the exercises of one workshop folder; `notebooks` are the exercises by session."""

    def __init__(self, workshop: Workshop, notebooks: Mapping[str, Path]):
        self.workshop = workshop
        self._worksheets = {session: worksheets_of(path) for session, path in notebooks.items()}
        self._kept: dict[tuple[str, str], _Kept] = {}

    @property
    def worksheets(self) -> set[str]:
        """Every worksheet that stands in an exercise."""
        return {name for names in self._worksheets.values() for name in names}

    @property
    def sessions(self) -> set[str]:
        """The sessions that have an exercise."""
        return set(self._worksheets)

    def revision(self, seat: Seat) -> int:
        """A number that grows with every save about the company of the seat, or one of its groups."""
        groups = self.workshop.programme.groups_of(seat.company_key)
        return self.workshop.store.revision(seat.subject, *(f"group:{group}" for group in sorted(groups)))

    def start(self, sitting: Sitting, session: str) -> str:
        """All that the page of an exercise needs to begin, as JSON."""
        seat = sitting.seat
        # The revision is asked first: what is stored in between is then told again, not missed.
        revision = self.revision(seat)
        own = self.workshop.seated(seat)
        of_company = self._of_company(own, session, revision)
        found = {
            name: of_company.get(name) or _opened(own, name, session) for name in self._worksheets[session]
        }
        head = {"who": self._who(sitting), "session": session, "revision": revision}
        listed = ",".join(f"{json.dumps(name)}:{text}" for name, text in found.items())
        return f'{_json(head)[:-1]},"forms":{{{listed}}}}}'

    def _of_company(self, own: Workshop, session: str, revision: int) -> dict[str, str]:
        place = own.seat.company_key, session
        kept = self._kept.get(place)
        if kept is None or kept.revision != revision:
            names = [name for name in self._worksheets[session] if own.worksheet(name).subject != "session"]
            kept = _Kept(revision, {name: _opened(own, name, session) for name in names})
            self._kept[place] = kept
        return kept.forms

    def _who(self, sitting: Sitting) -> Json:
        company = self.workshop.programme.company(sitting.seat.company_key)
        return {
            "company": both(company.name),
            "name": sitting.seat.name,
            "place": sitting.place,
            "people": sitting.people,
        }


def _opened(own: Workshop, worksheet: str, session: str) -> str:
    """Whose answers a form takes, and what they are if it is clear whose.

    A form about the session asks by itself when it comes on the screen: it is one of the last, and what it
    holds is different for every person.
    """
    kind = own.worksheet(worksheet).subject
    whose = {"company": own.seat.company_key} if kind == "company" else {"session": session}
    place = forms.place(own, worksheet, **whose)
    opened: Json = {}
    if len(place["subjects"]) == 1 and kind != "session":
        subject = place["subjects"][0]["subject"]
        opened = forms.reply(own, {"do": "open", "worksheet": worksheet, "subject": subject})
    return _json({"place": place, "opened": opened})


def _json(data: Any) -> str:
    return json.dumps(data, ensure_ascii=False, separators=(",", ":"))


__all__ = ["Openings"]
