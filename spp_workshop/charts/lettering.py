"""Letters for charts: a Japanese font on every machine, text that a font can draw, and lines that fit."""

from __future__ import annotations

import re
import unicodedata
from functools import cache

import matplotlib as mpl
from matplotlib import font_manager, ft2font

from spp_workshop.plain_text import width

# What Windows, macOS and Linux bring, the best first. IPAexGothic comes with matplotlib-fontja.
JAPANESE = (
    "BIZ UDPGothic",
    "Yu Gothic",
    "Hiragino Sans",
    "Meiryo",
    "Noto Sans CJK JP",
    "Noto Sans JP",
    "IPAexGothic",
    "IPAGothic",
)
# Comes with matplotlib; it has signs that a Japanese font may lack.
LAST = "DejaVu Sans"

# Characters of names beyond the BMP, and the form that is usual where a machine cannot show them.
USUAL_FORM = str.maketrans("𠮷𡈽𣘺𥔎𦚰𠮟", "吉土橋碕脇叱")
# What Japanese printers set for a letter that they do not have.
NO_LETTER = "〓"

_CLOSING = "、。，．,.!?！？：；:;」』】〕》〉）)］]ー々ゃゅょっャュョッ…・"
_OPENING = "「『【〔《〈（(［["
# What stays together at the end of a line: a word, or one letter of a script without spaces.
_PIECE = re.compile(
    rf"[{re.escape(_OPENING)}]*(?:[^\s\u2e80-\uffef\U00020000-\U0003ffff{re.escape(_OPENING)}]+|\S)"
    rf"[{re.escape(_CLOSING)}]*\s*"
)


def use_japanese_font() -> tuple[str, ...]:
    """Let matplotlib draw Japanese on this machine from now on; the families, in the order they are tried.

    Takes the fonts that the machine has, else the one of matplotlib-fontja. They are looked for once.
    """
    families = _found()
    mpl.rcParams["font.family"] = list(families)
    return families


@cache
def _found() -> tuple[str, ...]:
    found = _families()
    if not found:
        # Importing it adds its font, but also makes it the only one; that part is undone.
        with mpl.rc_context():
            import matplotlib_fontja  # noqa: F401
        found = _families()
    return (*found, LAST)


def _families() -> list[str]:
    known = {font.name for font in font_manager.fontManager.ttflist}
    return [family for family in JAPANESE if family in known]


@cache
def _letters() -> frozenset[int]:
    """Every character that the fonts in use can draw."""
    paths = (font_manager.findfont(family) for family in use_japanese_font())
    return frozenset(code for path in paths for code in ft2font.FT2Font(path).get_charmap())


def drawable(text: str) -> str:
    """The text as these fonts can draw it, in one line: what cannot be seen is left out, what cannot be drawn
    stands in its usual form or as 〓, and nothing is read as a formula."""
    letters = (_letter(letter) for letter in unicodedata.normalize("NFC", text))
    return " ".join("".join(letters).split()).replace("$", r"\$")


def _letter(letter: str) -> str:
    if letter.isspace():
        return " "
    unseen = unicodedata.category(letter) in ("Cc", "Cf")
    if unseen or "VARIATION SELECTOR" in unicodedata.name(letter, ""):
        return ""
    if ord(letter) in _letters():
        return letter
    usual = letter.translate(USUAL_FORM)
    return usual if ord(usual) in _letters() else NO_LETTER


def fold(text: str, columns: int, lines: int = 2) -> list[str]:
    """The text in at most so many lines of so many half-width letters; an ellipsis for the rest."""
    folded, used = [""], 0
    for piece in _pieces(" ".join(text.split()), columns):
        if used + width(piece.rstrip()) > columns:
            folded.append("")
            used = 0
        folded[-1] += piece
        used += width(piece)
    folded = [line.rstrip() for line in folded]
    if len(folded) > lines:
        folded[lines - 1 :] = [_cut(folded[lines - 1], columns - 2) + "…"]
    return folded


def _pieces(text: str, columns: int) -> list[str]:
    """What may not be torn apart at the end of a line, unless it is longer than one."""
    pieces = []
    for piece in _PIECE.findall(text):
        rest = piece
        while width(rest.rstrip()) > columns:
            pieces.append(_cut(rest, columns))
            rest = rest[len(pieces[-1]) :]
        pieces.append(rest)
    return pieces


def _cut(text: str, columns: int) -> str:
    while width(text) > columns:
        text = text[:-1]
    return text
