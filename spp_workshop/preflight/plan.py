"""What is going to be served, and where: the options of `spp-workshop serve`, as the checks need them."""

from __future__ import annotations

from argparse import Namespace
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property
from pathlib import Path
from urllib.parse import urlsplit

from spp_workshop.errors import Problem, SppError
from spp_workshop.messages import Language
from spp_workshop.programme import Programme, Session, load
from spp_workshop.serving.addresses import Address, addressed
from spp_workshop.serving.invitations import ends
from spp_workshop.serving.room import session_of_the_day
from spp_workshop.workshop import STORE_FILE


@dataclass(frozen=True)
class Plan:
    """A workshop folder that is to be served on one day, from this machine, at one address."""

    folder: Path
    address: Address
    session: str = ""  # its key; the session of the day, unless it is said
    insecure_lan: bool = False
    language: Language = "ja"
    faults: tuple[Problem, ...] = ()  # of the options; the address is then this machine's own

    @cached_property
    def programme(self) -> Programme:
        """The programme of the folder. Raises DefinitionError."""
        return load(self.folder)

    @cached_property
    def day(self) -> Session:
        """The session that is served. Raises SppError when there is none of that key."""
        today = datetime.now().astimezone().date()
        return self.programme.session(self.session or session_of_the_day(self.programme, today))

    @property
    def ends(self) -> datetime:
        """When the session ends, by the clock of this machine; now, for one that is over."""
        return ends(self.day)

    @property
    def store(self) -> Path:
        """The store's file, which may not be there yet."""
        return self.folder / STORE_FILE

    @property
    def name(self) -> str:
        """The host that others ask for: a name or a number."""
        return urlsplit(self.address.public_url).hostname or ""

    @property
    def public_port(self) -> int:
        """The port that others ask for."""
        parts = urlsplit(self.address.public_url)
        return parts.port or (443 if parts.scheme == "https" else 80)

    def at_home(self, port: int) -> Plan:
        """The same where only this machine reaches it."""
        return replace(self, address=at_home(port), insecure_lan=False)


def at_home(port: int) -> Address:
    """An address that only this machine reaches."""
    return Address("127.0.0.1", port, f"http://127.0.0.1:{port}/")


def planned(folder: Path, options: Namespace, language: Language) -> Plan:
    """What the options of a command line say; what is wrong with them is a finding like any other."""
    faults: tuple[Problem, ...] = ()
    try:
        address = addressed(options)
    except SppError as error:
        address, faults = at_home(options.port), tuple(error.problems)
    return Plan(folder, address, options.session, options.insecure_lan, language, faults)


__all__ = ["Plan", "at_home", "planned"]
