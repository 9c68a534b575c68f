"""The words of the command line: commands, options, and help with an example for each, in two languages."""

from __future__ import annotations

import argparse
import gettext
import os
import shutil
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import NamedTuple

from spp_workshop.errors import Message, message
from spp_workshop.messages import LOCALE, Language, reader_language, say

from .homework_line import COMMANDS as HOMEWORK
from .options import BOTH, Parser, Words, add_companies, add_folder, add_json, add_language, add_session

HELP_COLUMN = 24
_DOCUMENTS = message("language of the documents: ja, en, or both (the usual)")


class Command(NamedTuple):
    """A command as the reader of `--help` sees it."""

    name: str
    about: Message
    example: str
    options: Callable[[Parser, Words], None]


def spoken_language(words: Sequence[str]) -> Language:
    """The language of a command line: its `--language` where that is ja or en, else the locale's."""
    glance = Parser(add_help=False, exit_on_error=False)
    glance.add_argument("--language", nargs="?")
    return reader_language(glance.parse_known_args(words)[0].language)


def parser(language: Language) -> Parser:
    """Reads the command line, and speaks `language`, in its help as in its complaints."""
    _translate_argparse(language)
    words: Words = partial(say, language=language)
    shape = partial(
        argparse.RawDescriptionHelpFormatter, max_help_position=HELP_COLUMN, width=_width(language)
    )
    top = Parser(
        prog="spp-workshop",
        description=words(
            message("Workshops on business and human rights: worksheets, notebooks, summaries, report.")
        ),
        epilog=words(message("Every command explains itself: spp-workshop summaries --help")),
        formatter_class=shape,
    )
    top.set_defaults(language=None, json=False)
    add_language(top, words)
    below = top.add_subparsers(
        dest="command", required=True, title=words(message("commands")), metavar=words(message("COMMAND"))
    )
    for command in COMMANDS:
        about = words(command.about)
        example = f"{words(message('Example:'))}\n  {command.example}"
        one = below.add_parser(
            command.name, help=about, description=about, epilog=example, formatter_class=shape
        )
        command.options(one, words)
    return top


def _translate_argparse(language: Language) -> None:
    # argparse takes its own sentences from the gettext of the process, which asks the environment.
    os.environ["LANGUAGE"] = language
    gettext.bindtextdomain("spp_workshop", LOCALE)
    gettext.textdomain("spp_workshop")


def _width(language: Language) -> int:
    """The width of help in letters: a Japanese one is as wide as two of the terminal's columns."""
    columns = shutil.get_terminal_size().columns - 2
    return HELP_COLUMN + max(columns - HELP_COLUMN, 40) // 2 if language == "ja" else max(columns, 60)


# --- Options ----------------------------------------------------------------------------------------------


def _add_making(one: Parser, words: Words) -> None:
    one.add_argument(
        "--formats",
        default="html",
        metavar="html",
        help=words(message("files to make beside the notebook, with commas between them")),
    )
    one.add_argument(
        "--jobs",
        type=int,
        metavar="N",
        help=words(message("how many to make at a time (usually: by the number of processors)")),
    )
    one.add_argument("--force", action="store_true", help=words(message("make also what is up to date")))
    one.set_defaults(since=None, failed=False)
    add_json(one, words)


def _add_choosing(one: Parser, words: Words) -> None:
    one.add_argument(
        "--since",
        metavar="DATE|TIME",
        help=words(
            message(
                "only where answers have changed since that day or moment, such as 2026-01-20, "
                "2026-01-20T14:00, or 14:00 (today)"
            )
        ),
    )
    one.add_argument(
        "--failed", action="store_true", help=words(message("only what failed when it was last tried"))
    )


def _add_serving(one: Parser, words: Words) -> None:
    """What is served where, and for which session; `preflight` asks whether it will do."""
    add_folder(one, words)
    about = message("the session, by its key in programme.yaml (usually: today's, or else the next)")
    add_session(one, words, about)
    _add_address(one, words)
    _add_tls(one, words)
    add_language(one, words)


def _add_address(one: Parser, words: Words) -> None:
    one.add_argument(
        "--host",
        default="127.0.0.1",
        metavar="ADDRESS",
        help=words(
            message("the address of this machine at which it listens; 0.0.0.0 stands for all of them")
        ),
    )
    one.add_argument(
        "--port", type=int, default=8888, metavar="N", help=words(message("the port (usually: 8888)"))
    )
    one.add_argument(
        "--public-url",
        default="",
        metavar="URL",
        help=words(
            message("where others reach it, such as https://workshop.example.jp/: it stands in the links")
        ),
    )
    one.add_argument(
        "--base-url",
        default="/",
        metavar="PATH",
        help=words(message("the path of that address, such as /spp/, where it is not the whole of it")),
    )
    one.add_argument(
        "--proxy",
        action="append",
        default=[],
        metavar="ADDRESS",
        help=words(
            message(
                "a proxy on another machine, by its address; one on this machine is known by --public-url"
            )
        ),
    )


def _add_tls(one: Parser, words: Words) -> None:
    one.add_argument(
        "--certfile",
        type=Path,
        metavar="FILE",
        help=words(message("a certificate with its whole chain, to speak TLS without a proxy")),
    )
    one.add_argument(
        "--keyfile", type=Path, metavar="FILE", help=words(message("the key of that certificate"))
    )
    one.add_argument(
        "--insecure-lan",
        action="store_true",
        help=words(
            message("speak without TLS to others: in a closed room, in a network that is yours alone")
        ),
    )


def _preflight(one: Parser, words: Words) -> None:
    _add_serving(one, words)
    add_json(one, words)


def _serve(one: Parser, words: Words) -> None:
    _add_serving(one, words)


def _new(one: Parser, words: Words) -> None:
    one.add_argument("folder", metavar="DIR", type=Path, help=words(message("the folder to make")))
    one.add_argument(
        "--template",
        default="pilot",
        metavar="NAME",
        help=words(
            message(
                "the programme to begin with: pilot (the usual: six sessions, no companies yet) "
                "or spp-2025 (with eight made-up companies)"
            )
        ),
    )
    add_language(one, words)
    add_json(one, words)


def _demo(one: Parser, words: Words) -> None:
    add_folder(one, words, "demo")
    one.set_defaults(company=None)
    add_language(one, words)
    _add_making(one, words)


def _open(one: Parser, words: Words) -> None:
    one.add_argument(
        "session",
        metavar="SESSION",
        help=words(message("the session's key in programme.yaml, such as dd_practice")),
    )
    add_folder(one, words)
    one.add_argument(
        "--no-browser",
        action="store_true",
        help=words(message("start JupyterLab without opening a browser, and show its address")),
    )
    add_language(one, words)


def _summaries(one: Parser, words: Words) -> None:
    add_folder(one, words)
    add_companies(one, words)
    add_language(one, words, BOTH, _DOCUMENTS)
    _add_making(one, words)
    _add_choosing(one, words)


def _report(one: Parser, words: Words) -> None:
    add_folder(one, words)
    add_language(one, words, BOTH, _DOCUMENTS)
    _add_making(one, words)
    _add_choosing(one, words)


def _validate(one: Parser, words: Words) -> None:
    add_folder(one, words)
    add_language(one, words)
    add_json(one, words)


def _seats(one: Parser, words: Words) -> None:
    add_folder(one, words)
    new = message(
        "make a code for this company (or facilitator:SESSION, projector, organiser, custodian); "
        "without KEY for every company that has none, and the projector"
    )
    one.add_argument(
        "--new", action="append", nargs="?", const="", default=[], metavar="KEY", help=words(new)
    )
    renew = message("a new code for this seat; the old one opens nothing more, and who sits there stays")
    one.add_argument("--renew", action="append", default=[], metavar="KEY", help=words(renew))
    end = message("end this seat, with everybody who joined by its code; or one person, by the id")
    one.add_argument("--revoke", action="append", default=[], metavar="KEY", help=words(end))
    until = message("the last day of the new codes (usually: well after the programme)")
    one.add_argument("--until", default="", metavar="DATE", help=words(until))
    url = message("the address of the server: then links, QR codes and sheets to print are made, too")
    one.add_argument("--public-url", default="", metavar="URL", help=words(url))
    add_language(one, words)
    add_json(one, words)


COMMANDS = (
    Command(
        "new",
        message("Make a workshop folder, where everything of one programme is kept."),
        "spp-workshop new my-workshop --template pilot",
        _new,
    ),
    Command(
        "demo",
        message("Make a whole made-up programme, with every company's summary and the report."),
        "spp-workshop demo demo",
        _demo,
    ),
    Command(
        "open",
        message("Open a session's notebook in JupyterLab, with the times of your programme in it."),
        "spp-workshop open dd_practice my-workshop --language en",
        _open,
    ),
    Command(
        "summaries",
        message("Make every company's summary; what is up to date is not made again."),
        "spp-workshop summaries my-workshop --language both --since 2026-01-20",
        _summaries,
    ),
    Command(
        "report",
        message("Make the report of the whole programme."),
        "spp-workshop report my-workshop --language ja --failed",
        _report,
    ),
    Command(
        "validate",
        message("Name everything that is wrong in programme, worksheets and notebooks."),
        "spp-workshop validate my-workshop",
        _validate,
    ),
    Command(
        "preflight",
        message("Try everything that a session needs, and say what is red and how to mend it."),
        "spp-workshop preflight my-workshop --public-url https://workshop.example.jp/",
        _preflight,
    ),
    Command(
        "serve",
        message(
            "Open a session, so that everybody joins with their own device by link, QR code or short code."
        ),
        "spp-workshop serve my-workshop --public-url https://workshop.example.jp/",
        _serve,
    ),
    Command(
        "seats",
        message("List who has joined and which codes are good; make, renew and end codes."),
        "spp-workshop seats my-workshop --renew alpha --until 2027-03-31",
        _seats,
    ),
    *(Command(*one) for one in HOMEWORK),
)

__all__ = ["COMMANDS", "Command", "parser", "spoken_language"]
