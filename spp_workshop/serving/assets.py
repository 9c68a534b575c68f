"""Scripts and styles of the pages: read and compressed once, under an address that changes with them."""

from __future__ import annotations

import gzip
import hashlib
from dataclasses import dataclass
from functools import cache

from spp_workshop.documents import shipped

# What a page may ask for, and nothing else that lies in that folder.
NAMES = ("form.css", "form.js", "join.js", "page.js", "room.css", "room.js")
_KINDS = {".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8"}


@dataclass(frozen=True)
class Asset:
    """One file as it is sent: plain and compressed."""

    kind: str
    plain: bytes
    packed: bytes


@cache
def assets() -> dict[str, Asset]:
    """Every script and style by name."""
    return {name: _asset(name) for name in NAMES if (shipped("static") / name).is_file()}


def _asset(name: str) -> Asset:
    plain = (shipped("static") / name).read_bytes()
    kind = _KINDS[name[name.rindex(".") :]]
    # Without a time in it: the same file is the same bytes on every server.
    return Asset(kind, plain, gzip.compress(plain, 9, mtime=0))


@cache
def edition() -> str:
    """What stands for all of them together in an address: scripts name one another without knowing it."""
    digest = hashlib.sha256()
    for name, asset in assets().items():
        digest.update(name.encode() + b"\0" + asset.plain)
    return digest.hexdigest()[:16]


def address(name: str) -> str:
    """The address of a script or style, below the server's base address."""
    if name not in NAMES:
        raise LookupError(name)
    return f"assets/{edition()}/{name}"
