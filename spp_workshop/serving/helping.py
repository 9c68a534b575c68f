"""A process of its own beside the server, which is asked one thing after the other, in lines of JSON."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import Any


class Helper:
    """A process that runs `module` of this package with the arguments it has when it begins.

    It begins when it is first needed, and again when it has ended. Its environment is the server's and more.
    """

    def __init__(self, module: str, arguments: Callable[[], Sequence[str]], environment: Mapping[str, str]):
        self._module, self._arguments, self._environment = module, arguments, environment
        self._ended = False
        self._process: subprocess.Popen[str] | None = None

    def begin(self, priority: int = 0) -> subprocess.Popen[str]:
        """The process, which is started if it is not there (any more). Raises OSError when it cannot be."""
        if self._ended:
            raise BrokenPipeError
        if self._process is None or self._process.poll() is not None:
            self.close()
            self._process = subprocess.Popen(  # noqa: S603 (our own module)
                [sys.executable, "-m", f"{__package__}.{self._module}", *self._arguments()],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                encoding="utf-8",
                env={**os.environ, "PYTHONUTF8": "1", **self._environment},
                creationflags=priority,
            )
        return self._process

    def end(self) -> None:
        """End the process, and start no other."""
        self._ended = True
        if self._process is not None:
            self._process.kill()

    def close(self) -> None:
        """End the process."""
        if self._process is not None:
            self._process.kill()
            for stream in filter(None, (self._process.stdin, self._process.stdout)):
                # What was not sent is of no use to anybody now.
                with suppress(OSError):
                    stream.close()
            self._process.wait()
            self._process = None


def asked(process: subprocess.Popen[str], job: Any, patience: float) -> Any:
    """What the process answers.

    Raises OSError or ValueError when it ended, or was ended because it took more than `patience` seconds.
    """
    jobs, answers = process.stdin, process.stdout
    if jobs is None or answers is None:
        raise BrokenPipeError
    late = threading.Timer(patience, process.kill)
    late.start()
    try:
        jobs.write(json.dumps(job) + "\n")
        jobs.flush()
        return json.loads(answers.readline())
    finally:
        late.cancel()


__all__ = ["Helper", "asked"]
