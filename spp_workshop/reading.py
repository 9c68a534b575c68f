"""One cell of a sheet, as a person filled it in, becomes an answer: for Excel files and for what is pasted.

A cell may hold what its drop-down offers, or what people type instead: a label in either language, a code,
full-width letters, a date of an era or of Excel's own count of days. Texts stay as they are typed.
"""

from __future__ import annotations

import re
import string
import unicodedata
from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime, time, timedelta
from functools import cache, lru_cache
from typing import Any

from .answers import UnreadableError, read_value
from .errors import Problem, message
from .messages import LANGUAGES, Message, say
from .worksheet import ChoiceList, Field

# What our drop-downs offer for a box to be ticked.
TICKED, NOT_TICKED = message("Confirmed"), message("Not confirmed yet")

# The sign that stands for a tick in a list of choices.
TICK = "○"


def read_cell(field: Field, choices: ChoiceList | None, value: Any) -> Any:
    """The answer in a cell as it is stored, None for an empty one, or the Problem that makes it unreadable.

    `value` is what the file holds: text, number, date, time, true or false, or nothing. `choices` is the list
    of a select.
    """
    if value is None or (isinstance(value, str) and not value.strip()):
        return None
    meant = _MEANINGS.get(field.kind, _as_text)(value, choices)
    try:
        return read_value(field, meant, {field.list_name: choices} if choices else {})
    except UnreadableError as error:
        return Problem("", "unreadable", error.wording, error.remedy, field=field.name)


def is_ticked(value: Any) -> bool | None:
    """Whether a cell says yes (True) or no (False, also when it is empty); None when it says neither."""
    if value is None or value is False:
        return False
    if value is True:
        return True
    word = _light(_as_text(value))
    if not word or word in _no_words():
        return False
    return True if word in _yes_words() else None


def offered(choices: ChoiceList, languages: Iterable[str]) -> dict[str, str]:
    """By code what a drop-down shows: the label, in two languages with a stroke between them.

    Two choices that would read the same are told apart by their codes.
    """
    return _offered(_labels(choices), tuple(languages))


def _offered(listed: Labels, spoken: tuple[str, ...]) -> dict[str, str]:
    places = [LANGUAGES.index(language) for language in spoken]
    labels = {code: " / ".join(dict.fromkeys(said[place] for place in places)) for code, said in listed}
    seen: dict[str, int] = {}
    for label in labels.values():
        seen[_light(label)] = seen.get(_light(label), 0) + 1
    return {
        code: label if seen[_light(label)] == 1 else f"{label} ({code})" for code, label in labels.items()
    }


def plain(text: Any) -> str:
    """Nothing but the letters and digits of a cell, of one width and case: equal for what reads the same."""
    return _loose(_as_text(text))


# --- By kind of question ----------------------------------------------------------------------------------


def _as_text(value: Any, _choices: ChoiceList | None = None) -> str:
    """What a cell shows, when a text is asked for and Excel made a number or a date of it."""
    if isinstance(value, bool):
        return str(value).upper()
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    if isinstance(value, datetime):
        day = value.date().isoformat()
        return day if value.time() == time() else f"{day} {value:%H:%M}"
    if isinstance(value, time):
        return f"{value:%H:%M}"
    return str(value)


def _as_number(value: Any, _choices: ChoiceList | None = None) -> Any:
    if isinstance(value, float):
        # Excel itself knows fifteen digits; the rest is what counting in twos has left.
        return float(f"{value:.15g}")
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    return _HEADS.sub(r"\1", _light(_as_text(value)))


def _as_day(value: Any, _choices: ChoiceList | None = None) -> str:
    if isinstance(value, (datetime, date)):
        return value.isoformat()[:10]
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return _counted_day(value) or _as_text(value)
    text = unicodedata.normalize("NFKC", str(value)).strip()
    if len(text) > _LONGEST_DAY:
        return text
    text = _without_weekday(text)
    for reader in (_day_of_an_era, _western_day, _spelled_day, _digits_day):
        if day := reader(text):
            return day
    return text


def _as_yes_or_no(value: Any, _choices: ChoiceList | None) -> Any:
    said = is_ticked(value)
    return value if said is None else said


def _as_code(value: Any, choices: ChoiceList | None) -> Any:
    text = _as_text(value)
    return (_code_of(choices, text) if choices else None) or text


def _as_codes(value: Any, choices: ChoiceList | None) -> list[str]:
    """Several choices in one cell: labels or codes with a line break or a mark between them."""
    text = _as_text(value).strip(f"{_BETWEEN}{string.whitespace}")
    return _codes_in(choices, text) if choices else [text]


_BETWEEN = "\n\r\t、,，;；|/／・･､"


def _codes_in(choices: ChoiceList, text: str) -> list[str]:
    """The choices of a text, or the text itself; a label may hold the marks that stand between labels."""
    found: list[str] = []
    while text:
        code, text = _first_code(choices, text)
        # More than there are to choose from is no list of them, and would only take time.
        if not code or len(found) == len(choices.choices):
            return [text]
        found.append(code)
    return found


def _first_code(choices: ChoiceList, text: str) -> tuple[str | None, str]:
    """The choice with which a text begins, the longest that fits, and the rest of the text."""
    ends = [match.start() for match in re.finditer(f"[{_BETWEEN}]", text[:_LONGEST_LABEL])]
    # No label has more marks in it, even when each is followed by a line break.
    ends = ends[: 2 * _most_marks(_labels(choices)) + 10]
    for end in sorted({len(text[:_LONGEST_LABEL]), *ends}, reverse=True):
        if code := _code_of(choices, text[:end].strip()):
            return code, text[end:].strip(f"{_BETWEEN}{string.whitespace}")
    return None, text


@lru_cache(maxsize=256)
def _most_marks(listed: Labels) -> int:
    """How many marks that stand between choices one of these has in it."""
    labels = _offered(listed, tuple(LANGUAGES)).values()
    return max((sum(map(label.count, _BETWEEN)) for label in labels), default=0)


# Of what stands between two marks, in letters: longer than any label in two languages.
_LONGEST_LABEL = 600

_MEANINGS: dict[str, Callable[[Any, ChoiceList | None], Any]] = {
    "integer": _as_number,
    "decimal": _as_number,
    "date": _as_day,
    "acknowledge": _as_yes_or_no,
    "select_one": _as_code,
    "select_multiple": _as_codes,
}

# --- Choices ----------------------------------------------------------------------------------------------


def _code_of(choices: ChoiceList | None, text: str) -> str | None:
    """The code that a text means, if it is one choice and no other."""
    if choices is None:
        return None
    if text in choices.by_code:
        return text
    if len(text) > _LONGEST_LABEL:
        return None
    light, loose = _names(_labels(choices))
    return light.get(_light(text)) or loose.get(_loose(text))


# Code and its label in each of LANGUAGES, in the order of the list.
Labels = tuple[tuple[str, tuple[str, ...]], ...]


def _labels(choices: ChoiceList) -> Labels:
    return tuple(
        (choice.name, tuple(choice.label[language] for language in LANGUAGES)) for choice in choices.choices
    )


@lru_cache(maxsize=256)
def _names(listed: Labels) -> tuple[Mapping[str, str], Mapping[str, str]]:
    """By what may be written the code that is meant, written nearly so and written in any way."""
    shown = [(code, code) for code, _ in listed]
    for spoken in (*((language,) for language in LANGUAGES), LANGUAGES):
        shown += _offered(listed, spoken).items()
    found = []
    for written in (_light, _loose):
        meant: dict[str, set[str]] = {}
        for code, label in shown:
            meant.setdefault(written(label), set()).add(code)
        found.append({name: min(codes) for name, codes in meant.items() if name and len(codes) == 1})
    return found[0], found[1]


# --- Signs ------------------------------------------------------------------------------------------------

# The many dashes and waves that keyboards and programs make of one another.
_DASHES = dict.fromkeys(map(ord, "‐‑‒–—―−－"), "-") | dict.fromkeys(map(ord, "〜～∼˜"), "~")


def _light(text: str) -> str:
    """The text without differences of width, case, spaces and the shape of dashes."""
    folded = unicodedata.normalize("NFKC", text.translate(_DASHES)).casefold()
    return re.sub(r"\s+", "", folded)


def _loose(text: str) -> str:
    """Nothing but its letters and digits."""
    return "".join(sign for sign in _light(text) if sign.isalnum())


# Words that are read here, never shown: what people put into a box to tick it, or to leave it.
_YES = (
    "○",
    "◯",
    "〇",
    "●",
    "◎",
    "✓",
    "✔",
    "☑",
    "✅",
    "レ",
    "v",
    "yes",
    "y",
    "true",
    "1",
    "ok",
    "はい",
    "有",
    "済",
)
_NO = ("-", "□", "☐", "no", "n", "false", "0", "いいえ", "無", "未")


@cache
def _yes_words() -> frozenset[str]:
    return _said(TICKED, _YES)


@cache
def _no_words() -> frozenset[str]:
    return _said(NOT_TICKED, _NO)


def _said(word: Message, words: tuple[str, ...]) -> frozenset[str]:
    ours = [say(word, language) for language in LANGUAGES]
    return frozenset(map(_light, [*words, *ours, "/".join(ours)]))


# People write heads with what heads are counted by; 14 days or weeks is another matter.
_HEADS = re.compile(r"^(\d[\d,]{0,15}) ?[人名]$")


# --- Days -------------------------------------------------------------------------------------------------

# The year before the first of each era, by what people write for it.
_ERAS = {"令和": 2018, "平成": 1988, "昭和": 1925, "大正": 1911, "r": 2018, "h": 1988, "s": 1925, "t": 1911}
_ERA_DAY = re.compile(
    r"(令和|平成|昭和|大正|[RHSTrhst])\s*\.?\s*(元|\d{1,2})\s*[年./-]\s*(\d{1,2})\s*[月./-]\s*(\d{1,2})\s*日?"
)
_WESTERN_DAY = re.compile(
    r"(\d{4})\s*[-/.年]\s*(\d{1,2})\s*[-/.月]\s*(\d{1,2})\s*日?(?:[T\s]+\d{1,2}:\d{2}(?::\d{2}(?:\.\d+)?)?)?"
)
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_WEEKDAY = re.compile(
    r"\s*\((?:[月火水木金土日]曜?日?|(?:mon|tue|wed|thu|fri|sat|sun)[a-z]*\.?)\)\s*$", re.IGNORECASE
)

# In letters. What is longer is no day, and looking for one in it takes time with the square of its length.
_LONGEST_DAY = 100

# Excel counts days from here; those between 1954 and 2119 cannot be meant for anything else.
_FIRST_DAY = date(1899, 12, 30)
_COUNTS = range(20_000, 80_500)


def _without_weekday(text: str) -> str:
    return _WEEKDAY.sub("", text)


def _day_of_an_era(text: str) -> str | None:
    if not (match := _ERA_DAY.fullmatch(text)):
        return None
    era, year, month, day = match.groups()
    return _day(_ERAS[era.lower()] + (1 if year == "元" else int(year)), int(month), int(day))


def _western_day(text: str) -> str | None:
    match = _WESTERN_DAY.fullmatch(text)
    return _day(*map(int, match.groups())) if match else None


def _spelled_day(text: str) -> str | None:
    """January 20, 2026 or 20 January 2026, also shortened."""
    words = re.findall(r"[a-z]+|\d+", text.lower())
    numbers = [int(word) for word in words if word.isdigit()]
    names = [word for word in words if not word.isdigit() and word not in ("st", "nd", "rd", "th")]
    if len(names) != 1 or len(numbers) != 2 or names[0][:3] not in _MONTHS:
        return None
    day, year = sorted(numbers)
    return _day(year, _MONTHS.index(names[0][:3]) + 1, day) if year > 31 else None


def _digits_day(text: str) -> str | None:
    if re.fullmatch(r"(19|20)\d{6}", text):
        return _day(int(text[:4]), int(text[4:6]), int(text[6:]))
    return _counted_day(float(text)) if re.fullmatch(r"\d{5}(\.\d+)?", text) else None


def _counted_day(number: float) -> str | None:
    whole = int(number) if abs(number) < 1e9 else 0
    if whole in _COUNTS:
        return (_FIRST_DAY + timedelta(days=whole)).isoformat()
    return _digits_day(str(whole)) if len(str(whole)) == 8 else None


def _day(year: int, month: int, day: int) -> str | None:
    try:
        return date(year, month, day).isoformat()
    except ValueError:
        return None


__all__ = ["NOT_TICKED", "TICK", "TICKED", "is_ticked", "offered", "plain", "read_cell"]
