"""The commands for a session in which people join with their own devices."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Callable

from .seats_command import seats
from .serve_command import serve
from .voice import ALL_WELL, SOME_FAILED, Voice, workshop_folder


def _preflight(options: Namespace, voice: Voice) -> int:
    from .preflight import inspect, planned, telling

    findings = []
    for finding in inspect(planned(workshop_folder(options.folder), options, voice.language)):
        findings.append(finding)
        voice.show(telling.as_text(finding, voice.language, colour=voice.colour))
    red = sum(finding.state == "red" for finding in findings)
    voice.tell(telling.verdict(red))
    voice.data({"ready": not red, "checks": [telling.as_json(one, voice.language) for one in findings]})
    return SOME_FAILED if red else ALL_WELL


COMMANDS: dict[str, Callable[[Namespace, Voice], int]] = {
    "preflight": _preflight,
    "serve": serve,
    "seats": seats,
}

__all__ = ["COMMANDS"]
