"""Scripts and styles of the pages: read and compressed once, under an address that changes with them."""

from __future__ import annotations

import gzip
import hashlib
from dataclasses import dataclass
from functools import cache

from spp_workshop.documents import shipped

# What a page may ask for, and nothing else that lies in that folder.
NAMES = (
    *("form.css", "form.js", "homework.js", "join.js", "page.js", "room.css", "room.js"),
    *("voila.css", "workbooks.css", "workbooks.js"),
)
_KINDS = {".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8"}


@dataclass(frozen=True)
class Kept:
    """A text as it is sent: plain, compressed once, and with a mark that changes with it."""

    plain: bytes
    packed: bytes
    mark: str

    @classmethod
    def of(cls, plain: bytes) -> Kept:
        """What is kept of a text."""
        # Without a time in it: the same text is the same bytes on every server.
        return cls(plain, gzip.compress(plain, 9, mtime=0), hashlib.sha256(plain).hexdigest()[:16])


@dataclass(frozen=True)
class Asset:
    """A script or style, and its media type."""

    kind: str
    kept: Kept


@cache
def assets() -> dict[str, Asset]:
    """Every script and style by name."""
    return {name: _asset(name) for name in NAMES if (shipped("static") / name).is_file()}


def _asset(name: str) -> Asset:
    return Asset(_KINDS[name[name.rindex(".") :]], Kept.of((shipped("static") / name).read_bytes()))


@cache
def edition() -> str:
    """What stands for all of them together in an address: scripts name one another without knowing it."""
    digest = hashlib.sha256()
    for name, asset in assets().items():
        digest.update(name.encode() + asset.kept.mark.encode())
    return digest.hexdigest()[:16]


def address(name: str) -> str:
    """The address of a script or style, below the server's base address."""
    if name not in NAMES:
        raise LookupError(name)
    return f"assets/{edition()}/{name}"
