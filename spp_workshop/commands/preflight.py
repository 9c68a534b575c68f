"""The command `preflight`: is everything there that a session needs?"""

from __future__ import annotations

from argparse import Namespace

from .voice import ALL_WELL, SOME_FAILED, Voice, workshop_folder


def preflight(options: Namespace, voice: Voice) -> int:
    """Try what a session needs, and tell it as it is found. Raises SppError when nothing can be tried."""
    from spp_workshop.preflight import inspect, planned, telling

    findings = []
    for finding in inspect(planned(workshop_folder(options.folder), options, voice.language)):
        findings.append(finding)
        voice.show(telling.as_text(finding, voice.language, colour=voice.colour))
    red = sum(finding.state == "red" for finding in findings)
    voice.tell(telling.verdict(red))
    voice.data({"ready": not red, "checks": [telling.as_json(one, voice.language) for one in findings]})
    return SOME_FAILED if red else ALL_WELL


__all__ = ["preflight"]
