"""What reads workbooks in a process of its own: `python -m spp_workshop.serving.clerking FOLDER SHEET...`.

The server never imports this module: a file that somebody sent is opened here, where it can take neither the
memory nor the time of those who write. A job is a line of JSON, and so is its answer. Whose file it may be is
asked of the store, by the token of the seat; what goes wrong is told by its name alone, for its words may
quote an answer.

    {do: "look", path, name, password, overwrite, token}    {found}: what is in the file; nothing is stored
    {do: "store", ...}                                      {found}: what was stored, and what is still open
    {do: "copy", ...}                                       {name, workbook}: the marked copy, in base 64
    {do: "blank", language, token}                          {name, workbook}: the company's workbook as of now
"""

from __future__ import annotations

import json
import os
import signal
import sys
from base64 import b64encode
from collections.abc import Callable
from contextlib import redirect_stdout, suppress
from pathlib import Path
from typing import Any, TextIO

from spp_workshop.errors import AnswerError, NotAllowed, SppError
from spp_workshop.forms.words import said
from spp_workshop.messages import LANGUAGES
from spp_workshop.refusals import not_yours
from spp_workshop.seats import Seat, sitting
from spp_workshop.spreadsheets.opening import Returned, read_content
from spp_workshop.workbook import refused
from spp_workshop.workbook.annotating import annotated
from spp_workshop.workbook.applying import apply
from spp_workshop.workbook.comparing import STORED, Judged, judge
from spp_workshop.workbook.findings import found, only
from spp_workshop.workbook.plans import plan
from spp_workshop.workbook.writing import workbook
from spp_workshop.workshop import Workshop, open_workshop

Json = dict[str, Any]

# Bytes: the largest file that is opened needs a third of it.
MEMORY = 500_000_000


def main() -> None:
    """Do what is asked for until nobody asks any more."""
    # Whoever stops the server with the keyboard stops this process by that, and in no other way.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _be_modest()
    folder, *worksheets = sys.argv[1:]
    # A library that prints something must not be taken for an answer.
    with redirect_stdout(sys.stderr):
        Clerk(Path(folder), worksheets).work(sys.stdin, sys.__stdout__ or sys.stdout)


def _be_modest() -> None:
    """Where it can be said: no more memory than a workbook can need, and no time of those who write."""
    with suppress(ImportError, OSError, ValueError):
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    if hasattr(os, "nice"):
        os.nice(10)


class Clerk:
    """Reads and writes the workbooks of one workshop folder; `worksheets` are those that pages take."""

    def __init__(self, folder: Path, worksheets: list[str]):
        self.room = open_workshop(folder, seat=Seat.projector())
        self.worksheets = worksheets

    def work(self, jobs: TextIO, answers: TextIO) -> None:
        """A line for each line."""
        for job in jobs:
            answers.write(json.dumps(self.answer(json.loads(job))) + "\n")
            answers.flush()

    def answer(self, job: Json) -> Json:
        """What is told of one job."""
        doing: dict[str, Callable[[Workshop, Json], Json]] = {
            "look": self._look,
            "store": self._store,
            "copy": self._copy,
            "blank": self._blank,
        }
        try:
            return doing[job["do"]](self._seated(job["token"]), job)
        except SppError as error:
            status = 401 if isinstance(error, NotAllowed) else 400 if isinstance(error, AnswerError) else 503
            return {"status": status, "faults": [said(problem) for problem in error.problems]}
        except Exception as error:
            return {"broken": type(error).__name__}

    def _seated(self, token: str) -> Workshop:
        """The workshop as whoever asks sees it now. Raises NotAllowed when it is no company's person."""
        found = sitting(self.room.store, token)
        if found is None or found.seat.role != "participant" or not found.agreed_at:
            raise NotAllowed(not_yours())
        return self.room.seated(found.seat)

    def _look(self, own: Workshop, job: Json) -> Json:
        return {"found": found(own, self._judged(own, job), values=True)}

    def _store(self, own: Workshop, job: Json) -> Json:
        judged = self._judged(own, job)
        count = len([told for told in judged.told if told.state in STORED])
        if judged.finished or count:
            judged = apply(own, judged)
        return {"found": found(own, judged, values=True), "stored": {"count": count}}

    def _copy(self, own: Workshop, job: Json) -> Json:
        return _sent(own, annotated(own, self._judged(own, job)))

    def _blank(self, own: Workshop, job: Json) -> Json:
        company = own.programme.company(own.seat.company_key)
        languages = [language for language in LANGUAGES if language == job["language"]] or LANGUAGES
        return _sent(own, workbook(plan(own, company, languages)))

    def _judged(self, own: Workshop, job: Json) -> Judged:
        file = read_content(Path(job["path"]).read_bytes(), job["name"], lambda: job["password"])
        try:
            judged = judge(own, file, overwrite=job["overwrite"])
        except AnswerError:
            self._note(own, file)
            raise
        return only(judged, self.worksheets)

    def _note(self, own: Workshop, file: Returned) -> None:
        """Whoever keeps the records learns whose file it seems to be, and nobody else."""
        keeper = own.seated(Seat.custodian())
        try:
            judge(keeper, file, company=own.seat.company_key)
        except AnswerError as error:
            refused.note(keeper, own.seat.company_key, file, error.problems)


def _sent(own: Workshop, content: bytes) -> Json:
    company = own.programme.company(own.seat.company_key)
    return {"name": f"{company.folder_name}.xlsx", "workbook": b64encode(content).decode()}


if __name__ == "__main__":
    main()
