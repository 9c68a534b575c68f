"""Guessing codes: slowed down, then refused; a room behind one address joins all the same.

Only wrong codes count. Whoever typed some waits, longer with each (a *browser*: an address with a cookie of
ours), while the right codes of all others pass. Against a guesser who throws the cookie away each time there
are allowances of wrong codes for each address and for all together: generous, because a room that mistypes
shares one address; they fill again slowly. A wrong code counts once for an address, however many send it, so
a whole room with last week's sheet harms nobody.

A code has 31^10 forms. At the five guesses a second that one address has in the long run, a hundred valid
codes and a whole year, the odds of finding any are one in fifty thousand.
"""

from __future__ import annotations

import hashlib
import ipaddress
import math
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

# Wrong codes that anybody may type before waiting, and the longest wait in seconds.
FREE, LONGEST = 3, 900
# What a wrong code costs, in seconds, while the allowance of its address, or of all, is almost used up.
CROWDED = 30
# A browser that typed nothing wrong for so many seconds is as any other.
FORGOTTEN = 3_600
# Wrong codes at once, and a second in the long run.
OF_AN_ADDRESS, OF_ALL = (3_000, 5.0), (20_000, 50.0)
# Whatever is remembered is remembered of so many, the latest.
MOST = 20_000


@dataclass(slots=True)
class _Browser:
    wrong: int = 0
    last: float = 0.0
    until: float = 0.0


@dataclass(slots=True)
class _Allowance:
    """How many wrong codes are left, filling again with time."""

    most: int
    rate: float
    left: float
    at: float

    def fill(self, now: float) -> None:
        self.left = min(self.most, self.left + (now - self.at) * self.rate)
        self.at = now

    def wait(self) -> float:
        """Seconds until there is one again."""
        return max(0.0, (1 - self.left) / self.rate)

    def crowded(self) -> float:
        """0 while at least half is left, 1 when nothing is."""
        return max(0.0, 1 - 2 * max(0.0, self.left) / self.most)


class Guard:
    """Who may try a code now. `clock` tells seconds, from whenever."""

    def __init__(self, clock: Callable[[], float] = time.monotonic):
        self._clock = clock
        self._browsers: OrderedDict[str, _Browser] = OrderedDict()
        self._addresses: OrderedDict[str, _Allowance] = OrderedDict()
        self._all = _Allowance(*OF_ALL, OF_ALL[0], clock())
        # What was tried from which address, and whom it was charged to.
        self._tried: OrderedDict[tuple[str, bytes], str] = OrderedDict()

    def admit(self, address: str, browser: str, code: str) -> int:
        """How many seconds to wait before trying this code; with 0 it may be tried now.

        It is charged at once, as if it were wrong, so that many sent together gain nothing; `forgive` takes
        that back.
        """
        address, now = network(address), self._clock()
        key = _key(address, browser)
        known = self._browsers.get(key)
        if known and known.until > now:
            return math.ceil(known.until - now)
        if (address, _digest(code)) in self._tried:
            return 0
        allowances = self._allowances(address, now)
        if wait := max(allowance.wait() for allowance in allowances):
            return math.ceil(wait)
        self._charge(key, allowances, now)
        _keep(self._tried, (address, _digest(code)), key)
        return 0

    def forgive(self, address: str, code: str) -> None:
        """The code was right, or could not be tried."""
        address, now = network(address), self._clock()
        key = self._tried.pop((address, _digest(code)), None)
        if key is None:
            return
        for allowance in self._allowances(address, now):
            allowance.left = min(allowance.most, allowance.left + 1)
        if browser := self._browsers.get(key):
            # What was typed wrong before stays counted: one's own code is no way to guess on.
            browser.wrong, browser.until = max(0, browser.wrong - 1), now

    def wait(self, address: str, browser: str) -> int:
        """How many seconds this browser has to wait before another code."""
        known = self._browsers.get(_key(network(address), browser))
        return max(0, math.ceil(known.until - self._clock())) if known else 0

    def _allowances(self, address: str, now: float) -> list[_Allowance]:
        own = self._addresses.get(address) or _Allowance(*OF_AN_ADDRESS, OF_AN_ADDRESS[0], now)
        _keep(self._addresses, address, own)
        for allowance in (own, self._all):
            allowance.fill(now)
        return [own, self._all]

    def _charge(self, key: str, allowances: list[_Allowance], now: float) -> None:
        browser = self._browsers.get(key) or _Browser()
        _keep(self._browsers, key, browser)
        if now - browser.last > FORGOTTEN:
            browser.wrong = 0
        browser.wrong, browser.last = browser.wrong + 1, now
        for allowance in allowances:
            allowance.left -= 1
        crowded = CROWDED * max(allowance.crowded() for allowance in allowances)
        browser.until = now + max(_delay(browser.wrong), crowded)


def network(address: str) -> str:
    """Whose address it is: with IPv6 one device has 2^64 of them."""
    try:
        found = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if isinstance(found, ipaddress.IPv6Address):
        mapped = found.ipv4_mapped
        return str(mapped or ipaddress.ip_network((found, 64), strict=False).network_address)
    return str(found)


def _delay(wrong: int) -> float:
    """Seconds to wait after so many wrong codes: none, then 2, 4, 8 and so on."""
    return float(min(LONGEST, 2 ** min(wrong - FREE, 20))) if wrong > FREE else 0.0


def _key(address: str, browser: str) -> str:
    return hashlib.sha256(f"{address}\n{browser}".encode("utf-8", "replace")).hexdigest()[:32]


def _digest(code: str) -> bytes:
    return hashlib.sha256(code.encode("utf-8", "replace")).digest()[:16]


K = TypeVar("K")
V = TypeVar("V")


def _keep(kept: OrderedDict[K, V], key: K, value: V) -> None:
    """As the latest of those that are remembered; the one that was not touched for longest is forgotten."""
    kept[key] = value
    kept.move_to_end(key)
    if len(kept) > MOST:
        kept.popitem(last=False)


__all__ = ["Guard"]
