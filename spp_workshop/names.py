"""Names for files that are made from what people typed."""

from __future__ import annotations

import hashlib
import re
import unicodedata

LONGEST = 40

# Names that Windows keeps for devices, whatever ending follows.
RESERVED = {"con", "prn", "aux", "nul", *(f"{port}{n}" for port in ("com", "lpt") for n in range(10))}


def safe_name(key: str) -> str:
    """A file name for a key that somebody typed: safe on every system, the same every time, no other key's.

    A plain key is its own name. Any other keeps what can be kept and ends in a checksum of the key, because
    `A`, `a` and a full-width `A` would meet in one file, and so would `a/b` and `a?b`.
    """
    if _is_plain(key):
        return key
    kept = re.sub(r"[-_]+", "_", "".join(c if _is_safe(c) else "_" for c in _folded(key)))
    stem = kept.strip("_")[:LONGEST].strip("_") or "company"
    return f"{stem}_{hashlib.sha256(key.encode('utf-8', 'surrogatepass')).hexdigest()[:10]}"


def _is_plain(key: str) -> bool:
    looks_like_ours = re.search(r"_[0-9a-f]{10}$", key)
    return (
        0 < len(key) <= LONGEST
        and key == _folded(key)
        and key[0].isalnum()
        and all(_is_safe(c) for c in key)
        and key not in RESERVED
        and not looks_like_ours
    )


def _folded(key: str) -> str:
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", key).casefold())


def _is_safe(character: str) -> bool:
    # Of letters with case only ASCII ones: systems disagree about which of the others are the same.
    if character.isascii():
        return character.isdigit() or character.islower() or character in "-_"
    return character.isalnum() and character.upper() == character.lower()
