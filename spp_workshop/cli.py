"""One command, thin: it reads a command line, calls the package, and says what came of it.

Whatever is heavy is imported in the function that needs it, so that `--help` answers at once.
Exit status: 0 all well, 1 some of it failed, 2 nothing could be done.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
from argparse import Namespace
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from . import homework_commands, room_commands
from .command_line import parser, spoken_language
from .errors import Problem, SppError, message
from .messages import LANGUAGES
from .voice import ALL_WELL, NOTHING_DONE, SOME_FAILED, Voice, workshop_folder

if TYPE_CHECKING:
    from .batch.progress import Progress
    from .batch.summaries import Run


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


# --- The commands -----------------------------------------------------------------------------------------


def _new(options: Namespace, voice: Voice) -> int:
    from .folders import new_folder
    from .storefile import refuse_unsafe_place
    from .workshop import STORE_FILE

    refuse_unsafe_place(options.folder / STORE_FILE)
    programme = new_folder(options.folder, options.template)
    voice.tell(message("The workshop folder {folder} is made.", folder=options.folder))
    voice.tell(
        message(
            "Write your companies and dates into {file}, then check it: spp-workshop validate {folder}",
            file=programme,
            folder=_typed(options.folder),
        )
    )
    voice.data({"folder": str(options.folder), "programme": str(programme)})
    return ALL_WELL


def _demo(options: Namespace, voice: Voice) -> int:
    from .demo import demo_folder

    voice.tell(message("Making the demonstration in {folder} ...", folder=options.folder))
    folder = demo_folder(options.folder)
    options.language = None  # Both, whatever language this command speaks.
    runs = [_make_summaries(folder, options, voice), _make_report(folder, options, voice)]
    return _tell(folder, runs, voice)


def _open(options: Namespace, voice: Voice) -> int:
    from . import notebooks, programme

    folder = workshop_folder(options.folder)
    running = programme.load(folder)
    session = running.session(options.session)
    copy = notebooks.open_copy(folder, session, voice.language, running)
    voice.tell(message("The notebook {file} is ready.", file=copy))
    voice.tell(message("JupyterLab starts now. To end it, press Ctrl+C in this window."))
    with _jupyterlab_settings(voice.language) as settings:
        _start_jupyterlab(folder, copy, session.key, settings, browser=not options.no_browser)
    return ALL_WELL


@contextmanager
def _jupyterlab_settings(language: str) -> Iterator[Path]:
    """A folder with our defaults for JupyterLab's settings; its menus speak the language of the notebook."""
    shipped = json.loads(Path(__file__).with_name("jupyterlab").joinpath("overrides.json").read_text("utf-8"))
    spoken = {"@jupyterlab/translation-extension:plugin": {"locale": {"ja": "ja_JP", "en": "en"}[language]}}
    with TemporaryDirectory() as folder:
        Path(folder, "overrides.json").write_text(json.dumps(shipped | spoken), encoding="utf-8")
        yield Path(folder)


def _start_jupyterlab(folder: Path, notebook: Path, session: str, settings: Path, *, browser: bool) -> None:
    """JupyterLab on one notebook, asking nothing of the internet: no news, no updates, no extension store."""
    from urllib.parse import quote

    from jupyterlab.labapp import LabApp

    # A workspace for each session: JupyterLab does not bring back what was open at another.
    address = quote(f"/lab/workspaces/{session}/tree/{notebook.relative_to(folder).as_posix()}")
    words = [
        f"--ServerApp.root_dir={folder.resolve()}",
        f"--LabApp.default_url={address}",
        "--ServerApp.allow_root=True",  # Whoever works as root, as in a container, has decided so already.
        # Else it asks about news, and for a kernel when one is quick to run.
        f"--LabApp.app_settings_dir={settings}",
        "--LabApp.news_url=None",
        "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
        "--LabApp.extension_manager=readonly",
        "--LanguageServerManager.autodetect=False",
    ]
    LabApp.launch_instance(argv=words if browser else [*words, "--no-browser"])


def _summaries(options: Namespace, voice: Voice) -> int:
    folder = workshop_folder(options.folder)
    return _tell(folder, [_make_summaries(folder, options, voice)], voice)


def _report(options: Namespace, voice: Voice) -> int:
    folder = workshop_folder(options.folder)
    return _tell(folder, [_make_report(folder, options, voice)], voice)


def _validate(options: Namespace, voice: Voice) -> int:
    from .validation import validate

    found = validate(workshop_folder(options.folder))
    voice.problems(found)
    if found:
        voice.tell(message("{count} problems in all.", count=len(found)))
    else:
        voice.tell(message("Programme, worksheets and notebooks are all right."))
    voice.data({"problems": [problem.as_json(voice.language) for problem in found]})
    return SOME_FAILED if found else ALL_WELL


COMMANDS = {
    "new": _new,
    "demo": _demo,
    "open": _open,
    "summaries": _summaries,
    "report": _report,
    "validate": _validate,
    **room_commands.COMMANDS,
    **homework_commands.COMMANDS,
}


# --- Making documents -------------------------------------------------------------------------------------


def _make_summaries(folder: Path, options: Namespace, voice: Voice) -> Run:
    _prepare_kernels()
    from .batch.summaries import make

    with _progress(voice) as progress:
        return make(folder, companies=options.company, progress=progress, **_how(options))


def _make_report(folder: Path, options: Namespace, voice: Voice) -> Run:
    _prepare_kernels()
    from .batch.summaries import make_report

    with _progress(voice) as progress:
        return make_report(folder, progress=progress, **_how(options))


def _prepare_kernels() -> None:
    """First of all: what the kernels need is imported elsewhere while we import ours."""
    from .batch.starter import get_ready

    get_ready()


def _progress(voice: Voice) -> AbstractContextManager[Progress]:
    from .batch.progress import shell_progress

    return shell_progress(voice.language)


def _how(options: Namespace) -> dict[str, Any]:
    if options.jobs is not None and options.jobs < 1:
        raise SppError(_no_jobs())
    return {
        "languages": [options.language] if options.language in LANGUAGES else LANGUAGES,
        "formats": options.formats.split(","),
        "jobs": options.jobs,
        "force": options.force,
        "since": options.since,
        "failed": options.failed,
    }


def _tell(folder: Path, runs: list[Run], voice: Voice) -> int:
    """Say what was made, what was not and why, and where it is."""
    outcomes = [outcome for run in runs for outcome in run.outcomes]
    failed = [outcome.problem for outcome in outcomes if outcome.problem]
    unnoted = [run.problem for run in runs if run.problem]
    voice.problems([*failed, *unnoted])
    counts = {
        status: sum(outcome.status == status for outcome in outcomes)
        for status in ("made", "current", "failed")
    }
    voice.tell(message("Made {made}, up to date {current}, failed {failed}.", **counts))
    if not outcomes:
        voice.tell(message("There was nothing to make: no document is as you asked for it."))
    elif len(failed) < len(outcomes):
        _tell_where(folder, voice)
    voice.data(
        {
            "folder": str(folder),
            "outcomes": [outcome.as_json() for outcome in outcomes],
            "problems": [problem.as_json(voice.language) for problem in unnoted],
        }
    )
    if failed or unnoted:
        return SOME_FAILED if len(failed) < len(outcomes) else NOTHING_DONE
    return ALL_WELL


def _tell_where(folder: Path, voice: Voice) -> None:
    from .batch.manifest import OVERVIEW
    from .batch.overview import OUTPUT

    page = folder / OUTPUT / OVERVIEW
    voice.tell(
        message("They are in {folder}; this page leads to all of them: {page}", folder=page.parent, page=page)
    )


# --- Small helps ------------------------------------------------------------------------------------------


def _typed(path: Path) -> str:
    """A path as one types it in a shell."""
    import shlex

    text = str(path)
    if sys.platform == "win32":
        return f'"{text}"' if " " in text else text
    return shlex.quote(text)


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


def _no_jobs() -> Problem:
    return Problem(
        "--jobs",
        "no_jobs",
        message("Nothing can be made by fewer than one job."),
        message("Write a number from 1 up, or leave the option out."),
    )


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
