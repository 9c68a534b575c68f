"""The options of the command line that several commands take."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from pathlib import Path

from spp_workshop.errors import Message, message
from spp_workshop.messages import LANGUAGES

Parser = argparse.ArgumentParser
Words = Callable[[Message], str]

BOTH = (*LANGUAGES, "both")
_SPEAK = message("speak Japanese (ja) or English (en); otherwise as your system does")


def add_folder(one: Parser, words: Words, default: str = ".") -> None:
    """The workshop folder."""
    about = message("the workshop folder (usually: the one you are in)")
    if default != ".":
        about = message("the workshop folder (usually: {default})", default=default)
    one.add_argument("folder", metavar="DIR", nargs="?", type=Path, default=Path(default), help=words(about))


def add_language(
    one: Parser, words: Words, choices: Sequence[str] = LANGUAGES, about: Message = _SPEAK
) -> None:
    """The language to speak, or that of what is made."""
    # Suppressed where it is not given, so that `--language` before the command is not forgotten.
    one.add_argument(
        "--language",
        choices=choices,
        metavar="|".join(choices),
        default=argparse.SUPPRESS,
        help=words(about),
    )


def add_companies(one: Parser, words: Words) -> None:
    """Some companies instead of all."""
    one.add_argument(
        "--company",
        action="append",
        metavar="KEY",
        help=words(message("only this company, by its key in programme.yaml; may be said several times")),
    )


def add_session(one: Parser, words: Words, about: Message) -> None:
    """One session, for what `about` says."""
    one.add_argument("--session", metavar="KEY", default="", help=words(about))


def add_json(one: Parser, words: Words) -> None:
    """The outcome for a program."""
    one.add_argument(
        "--json",
        action="store_true",
        default=argparse.SUPPRESS,
        help=words(message("say the outcome as JSON, for other programs")),
    )
