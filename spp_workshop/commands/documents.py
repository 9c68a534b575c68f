"""The commands that make documents: `summaries`, `report`, and `demo`, which begins with a programme."""

from __future__ import annotations

from argparse import Namespace
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from spp_workshop.errors import Problem, SppError, message
from spp_workshop.messages import LANGUAGES

from .voice import ALL_WELL, NOTHING_DONE, SOME_FAILED, Voice, workshop_folder

if TYPE_CHECKING:
    from spp_workshop.batch.progress import Progress
    from spp_workshop.batch.summaries import Run


def demo(options: Namespace, voice: Voice) -> int:
    """Make the demonstration, and all its documents. Raises SppError when its folder cannot be made."""
    from spp_workshop.demo import demo_folder

    voice.tell(message("Making the demonstration in {folder} ...", folder=options.folder))
    folder = demo_folder(options.folder)
    options.language = None  # Both, whatever language this command speaks.
    runs = [_make_summaries(folder, options, voice), _make_report(folder, options, voice)]
    return _tell(folder, runs, voice)


def summaries(options: Namespace, voice: Voice) -> int:
    """Make the summaries of companies. Raises SppError when none can be made."""
    folder = workshop_folder(options.folder)
    return _tell(folder, [_make_summaries(folder, options, voice)], voice)


def report(options: Namespace, voice: Voice) -> int:
    """Make the programme's report. Raises SppError when it cannot be made."""
    folder = workshop_folder(options.folder)
    return _tell(folder, [_make_report(folder, options, voice)], voice)


def _make_summaries(folder: Path, options: Namespace, voice: Voice) -> Run:
    _prepare_kernels()
    from spp_workshop.batch.summaries import make

    with _progress(voice) as progress:
        return make(folder, companies=options.company, progress=progress, **_how(options))


def _make_report(folder: Path, options: Namespace, voice: Voice) -> Run:
    _prepare_kernels()
    from spp_workshop.batch.summaries import make_report

    with _progress(voice) as progress:
        return make_report(folder, progress=progress, **_how(options))


def _prepare_kernels() -> None:
    """First of all: what the kernels need is imported elsewhere while we import ours."""
    from spp_workshop.batch.starter import get_ready

    get_ready()


def _progress(voice: Voice) -> AbstractContextManager[Progress]:
    from spp_workshop.batch.progress import shell_progress

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
    from spp_workshop.batch.manifest import OVERVIEW
    from spp_workshop.batch.overview import OUTPUT

    page = folder / OUTPUT / OVERVIEW
    voice.tell(
        message("They are in {folder}; this page leads to all of them: {page}", folder=page.parent, page=page)
    )


# --- Wording ----------------------------------------------------------------------------------------------


def _no_jobs() -> Problem:
    return Problem(
        "--jobs",
        "no_jobs",
        message("Nothing can be made by fewer than one job."),
        message("Write a number from 1 up, or leave the option out."),
    )


__all__ = ["demo", "report", "summaries"]
