"""User-interface sentences, dates and times in Japanese and English (gettext; the English text is the key).

Each module NAME keeps its Japanese in `locale/ja/NAME.po`; `python -m spp_workshop.messages` compiles them.
"""

from __future__ import annotations

import gettext
import locale
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time
from functools import cache
from pathlib import Path
from typing import Any, Literal

Language = Literal["ja", "en"]
Words = Any  # a str, a Message or a bilingual Text
LANGUAGES: tuple[Language, ...] = ("ja", "en")
LOCALE = Path(__file__).parent / "locale"


@dataclass(frozen=True)
class Message:
    """A sentence to be worded in the reader's language; `text` is English and the key of its translation."""

    text: str
    values: Mapping[str, Any] = field(default_factory=dict)


def message(text: str, /, **values: Any) -> Message:
    """A lazy sentence with `{named}` places; a value may itself be a Message or a bilingual Text."""
    return Message(text, values)


@cache
def _catalogue(language: str) -> gettext.NullTranslations:
    return gettext.translation("spp_workshop", LOCALE, [language], fallback=True)


def say(text: Message, language: str) -> str:
    """The sentence in `language`; what is not translated is said in English."""
    wording = _catalogue(language).gettext(text.text)
    return wording.format_map({name: _spoken(value, language) for name, value in text.values.items()})


def _spoken(value: Any, language: str) -> str:
    if isinstance(value, (list, tuple)):
        return join_text([_spoken(item, language) for item in value], language)
    return worded(value, language)


def worded(words: Words, language: str) -> str:
    """A str, a Message or a bilingual Text in one language; nothing for None."""
    if isinstance(words, Message):
        return say(words, language)
    in_language = getattr(words, "in_language", None)
    if in_language:
        return str(in_language(language))
    return "" if words is None else str(words)


def join_text(words: Iterable[str], language: str) -> str:
    """A list as it is written in running text."""
    return ("、" if language == "ja" else ", ").join(words)


def reader_language(option: str | None = None) -> Language:
    """The language to speak: the option where it is given, else the locale of the machine."""
    if option in LANGUAGES:
        return option
    names = [os.environ.get(name, "") for name in ("LC_ALL", "LC_MESSAGES", "LANG")]
    spoken = next((name for name in names if name), "") or (locale.getlocale()[0] or "")
    return "ja" if spoken.lower().startswith(("ja", "japanese")) else "en"


def date_text(day: date | str, language: str) -> str:
    """A date with its weekday: 2025年9月24日(水), or September 24, 2025 (Wed.)."""
    day = date.fromisoformat(day) if isinstance(day, str) else day
    if language == "ja":
        return f"{day.year}年{day.month}月{day.day}日({'月火水木金土日'[day.weekday()]})"
    return f"{_MONTHS[day.month - 1]} {day.day}, {day.year} ({_WEEKDAYS[day.weekday()]})"


def month_text(day: date, language: str) -> str:
    """The month of a day: 2025年9月, or September 2025."""
    if language == "ja":
        return f"{day.year}年{day.month}月"
    return f"{_MONTHS[day.month - 1]} {day.year}"


def time_text(moment: datetime | time) -> str:
    """The clock time of a moment: 14:05."""
    return f"{moment:%H:%M}"


def moment_text(iso: str, language: str) -> str:
    """A moment as it is stored, by the clock of this machine: day and clock time; nothing for none."""
    if not iso:
        return ""
    moment = datetime.fromisoformat(iso).astimezone()
    return f"{date_text(moment.date(), language)} {time_text(moment)}"


# Not by strftime: its names follow the machine's locale, not the reader's language.
_MONTHS = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)
_WEEKDAYS = ("Mon.", "Tue.", "Wed.", "Thur.", "Fri.", "Sat.", "Sun.")


def compile_catalogues() -> list[Path]:
    """Merge every module's `.po` into the one `.mo` that is read at run time."""
    from babel.messages.mofile import write_mo
    from babel.messages.pofile import read_po

    written = []
    for folder in sorted(path for path in LOCALE.iterdir() if path.is_dir()):
        merged: Any = None
        for source in sorted(folder.glob("*.po")):
            with source.open("rb") as stream:
                catalogue = read_po(stream, locale=folder.name)
            merged = _merge(merged, catalogue)
        target = folder / "LC_MESSAGES" / "spp_workshop.mo"
        target.parent.mkdir(exist_ok=True)
        with target.open("wb") as stream:
            write_mo(stream, merged)
        written.append(target)
    return written


def _merge(merged: Any, catalogue: Any) -> Any:
    if merged is None:
        return catalogue
    for entry in catalogue:
        if entry.id:
            merged.add(entry.id, entry.string)
    return merged


__all__ = [
    "LANGUAGES",
    "Language",
    "Message",
    "Words",
    "date_text",
    "join_text",
    "message",
    "moment_text",
    "month_text",
    "reader_language",
    "say",
    "time_text",
    "worded",
]

if __name__ == "__main__":
    for path in compile_catalogues():
        print(path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path.name)
