"""The words of the command line for homework: worksheets as workbooks, there and back, and who owes what."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from spp_workshop.errors import Message, message
from spp_workshop.messages import LANGUAGES

from .options import BOTH, Parser, Words, add_companies, add_folder, add_json, add_language, add_session

_WORKBOOKS = message("language of the workbooks: ja (the usual), en, or both in one workbook")


def _worksheets(one: Parser, words: Words) -> None:
    add_language(one, words, BOTH, _WORKBOOKS)
    below = one.add_subparsers(dest="action", required=True, metavar="|".join(ACTIONS))
    for action, (about, example, options) in ACTIONS.items():
        told = words(about)
        one_below = below.add_parser(
            action,
            help=told,
            description=told,
            epilog=f"{words(message('Example:'))}\n  {example}",
            formatter_class=one.formatter_class,
        )
        options(one_below, words)


def _export(one: Parser, words: Words) -> None:
    add_folder(one, words)
    add_companies(one, words)
    add_session(one, words, message("only the worksheets that are due at this session"))
    add_language(one, words, BOTH, _WORKBOOKS)
    add_json(one, words)


def _print(one: Parser, words: Words) -> None:
    add_folder(one, words)
    add_companies(one, words)
    add_session(one, words, message("the worksheets of this session (usually: today's, else the next one)"))
    add_language(one, words, BOTH, message("language on the paper: ja (the usual), en, or both"))
    add_json(one, words)


def _import(one: Parser, words: Words) -> None:
    one.add_argument(
        "files", metavar="FILE", nargs="+", type=Path, help=words(message("the files that came back"))
    )
    one.add_argument("--apply", action="store_true", help=words(message("store what is good in them")))
    one.add_argument(
        "--overwrite",
        action="store_true",
        help=words(message("where an answer was changed here and in the file, take the file's")),
    )
    one.add_argument(
        "--company",
        metavar="KEY",
        default="",
        help=words(message("whose the files are, where they do not say so")),
    )
    one.add_argument(
        "--folder",
        metavar="DIR",
        type=Path,
        default=Path(),
        help=words(message("the workshop folder (usually: the one you are in)")),
    )
    add_language(one, words)
    add_json(one, words)


def _xlsform(one: Parser, words: Words) -> None:
    add_folder(one, words)
    add_session(one, words, message("only the worksheets that are due at this session"))
    add_language(
        one, words, LANGUAGES, message("language in which a form opens: ja (the usual) or en; it has both")
    )
    add_json(one, words)


def _homework(one: Parser, words: Words) -> None:
    add_folder(one, words)
    add_session(one, words, message("for this session (usually: the next one to which something is due)"))
    add_language(one, words)
    add_json(one, words)


# What can be done with worksheets: what it does, an example, and its options.
ACTIONS: dict[str, tuple[Message, str, Callable[[Parser, Words], None]]] = {
    "export": (
        message("Write one Excel workbook for each company, ready to send."),
        "spp-workshop worksheets export my-workshop --session dd_practice",
        _export,
    ),
    "print": (
        message("Print the worksheets of a session, for when the network fails in the room."),
        "spp-workshop worksheets print my-workshop --session dd_practice",
        _print,
    ),
    "import": (
        message(
            "Say what is in workbooks that came back, and with --apply store it; nothing is stored otherwise."
        ),
        "spp-workshop worksheets import returned.xlsx --folder my-workshop --apply",
        _import,
    ),
    "xlsform": (
        message("Write each worksheet as a form (XLSForm) for KoboToolbox and ODK."),
        "spp-workshop worksheets xlsform my-workshop",
        _xlsform,
    ),
}

# Name, what it does, an example, and its options, as `line.Command` has them.
COMMANDS: tuple[tuple[str, Message, str, Callable[[Parser, Words], None]], ...] = (
    (
        "worksheets",
        message("Send worksheets out as Excel workbooks, and take in what comes back."),
        "spp-workshop worksheets import returned.xlsx --folder my-workshop --apply",
        _worksheets,
    ),
    (
        "homework",
        message("Say who has not returned what, with reminders to copy; nothing is sent."),
        "spp-workshop homework my-workshop --session dd_practice",
        _homework,
    ),
)
