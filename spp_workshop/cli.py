"""One command, thin: it reads a command line, calls the package, and says what came of it.

Whatever is heavy is imported in the function that needs it, so that `--help` answers at once.
Exit status: 0 all well, 1 some of it failed, 2 nothing could be done.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
from argparse import Namespace
from collections.abc import Callable, Sequence
from pathlib import Path

from .commands import documents, homework, preflight, seats, serve, workshops
from .commands.line import parser, spoken_language
from .commands.voice import SOME_FAILED, Voice
from .errors import Problem, SppError, message


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit status. What went wrong is told in sentences, never a traceback."""
    words = sys.argv[1:] if argv is None else list(argv)
    _never_fail_to_print()
    language = spoken_language(words)
    options = parser(language).parse_args(words)
    voice = Voice(language, options.json)
    try:
        return COMMANDS[options.command](options, voice)
    except SppError as error:
        return voice.complain(error.problems)
    except KeyboardInterrupt:
        _no_more_interrupts()
        voice.complain([_interrupted()])
        return SOME_FAILED
    except BrokenPipeError:
        return _nobody_listens()
    except OSError as error:
        return voice.complain([_of_the_system(error)])
    except Exception as error:
        return voice.complain([_unexpected(error)])


COMMANDS: dict[str, Callable[[Namespace, Voice], int]] = {
    "new": workshops.new,
    "demo": documents.demo,
    "open": workshops.open_session,
    "summaries": documents.summaries,
    "report": documents.report,
    "validate": workshops.validate,
    "preflight": preflight.preflight,
    "serve": serve.serve,
    "seats": seats.seats,
    "worksheets": homework.worksheets,
    "homework": homework.homework,
}


# --- Small helps ------------------------------------------------------------------------------------------


def _never_fail_to_print() -> None:
    # A console of an old code page cannot show every Japanese name; that must not end a command.
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")


def _no_more_interrupts() -> None:
    # Who presses Ctrl+C twice has been heard; what is left of this process is its end.
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGINT, signal.SIG_IGN)


def _nobody_listens() -> int:
    # Whoever read our output has gone, as `| head` does. Python would complain once more when it ends.
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return SOME_FAILED


# --- Wording ----------------------------------------------------------------------------------------------


def _interrupted() -> Problem:
    return Problem(
        "",
        "interrupted",
        message("Stopped."),
        message("What was finished is kept; run the command again to make the rest."),
    )


def _of_the_system(error: OSError) -> Problem:
    return Problem(
        str(error.filename or ""),
        "system",
        message("The computer could not do this: {reason}.", reason=error.strerror or type(error).__name__),
        message("See that the disk is not full and that the folder is yours to write, and try again."),
    )


def _unexpected(error: Exception) -> Problem:
    return Problem(
        "",
        "unexpected",
        message("Something went wrong that should not have ({kind}).", kind=type(error).__name__),
        message("Please report it with this file, which holds no answers: {file}", file=_details(error)),
    )


def _details(error: Exception) -> Path:
    """Where in the code it happened, without the error's own words: they may quote an answer."""
    import tempfile
    import traceback

    lines = [*traceback.format_tb(error.__traceback__), type(error).__name__, "\n"]
    with tempfile.NamedTemporaryFile(
        "w", encoding="utf-8", prefix="spp-workshop-", suffix=".txt", delete=False
    ) as stream:
        stream.writelines(lines)
    return Path(stream.name)


__all__ = ["main"]
