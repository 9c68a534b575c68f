"""All checks, one after the other: each is green, or red with its problems; none hides another."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from typing import Any, Literal, NamedTuple

from spp_workshop.errors import Message, Problem, SppError, message

from . import folder, machine, network, trial
from .plan import Plan

State = Literal["green", "red", "not_tried"]


@dataclass(frozen=True)
class Finding:
    """What came of one check; one that could not be tried is not green either."""

    check: str
    title: Message
    state: State
    problems: list[Problem] = field(default_factory=list)


class Check(NamedTuple):
    """One thing that a session needs: a function from what is looked at to what is wrong."""

    name: str
    title: Message
    look: Callable[[Any], list[Problem]]


# Of the machine and the folder as they are.
STILL = (
    Check("fonts", message("Fonts for Japanese"), machine.fonts),
    Check("disk", message("Room on the disk, and the right to write there"), machine.disk),
    Check("definitions", message("Programme, worksheets and notebooks"), folder.definitions),
    Check("store", message("The store of answers"), folder.store),
    Check("seats", message("Codes for all who will join"), folder.seats),
    Check("kernels", message("Kernels, and Voila"), machine.kernels),
    Check("port", message("Port"), machine.port),
    Check("certificate", message("Certificate"), network.certificate),
    Check("name", message("The name in the links"), network.resolved),
)
# Of the server, which is started on a copy.
SERVER = Check("server", message("The server starts"), lambda _: [])
LIVE = (
    Check("page", message("Somebody joins, and sees today's page"), trial.page),
    Check("save", message("An answer is saved, and read again"), trial.save),
    Check("address", message("The address in the links, from this machine"), trial.address),
)


def inspect(plan: Plan) -> Iterator[Finding]:
    """Look at everything, and tell of each check as soon as it is done; no answer is touched."""
    told: list[Problem] = []
    red: set[str] = set()
    for check in STILL:
        finding = _looked(check, plan, told)
        if finding.state == "red":
            red.add(check.name)
        told += finding.problems
        yield finding
    yield from _live(plan, told, red)


def _live(plan: Plan, told: list[Problem], red: set[str]) -> Iterator[Finding]:
    if "definitions" in red:
        yield from (_not_tried(check) for check in (SERVER, *LIVE))
        return
    tried = _elsewhere(plan) if "port" in red else plan
    with ExitStack() as stack:
        running: list[trial.Trial] = []

        def start(plan: Plan) -> list[Problem]:
            running.append(stack.enter_context(trial.running(plan)))
            return []

        yield _looked(SERVER._replace(look=start), tried, told)
        for check in LIVE:
            hopeless = not running or (check.name == "address" and tried is not plan)
            yield _not_tried(check) if hopeless else _looked(check, running[0], told)


def _elsewhere(plan: Plan) -> Plan:
    """The same at a free port that only this machine reaches: what is wrong with the other hides nothing."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port = one.getsockname()[1]
    return replace(plan, host="127.0.0.1", port=port)


def _looked(check: Check, at: Any, told: list[Problem]) -> Finding:
    try:
        problems = check.look(at)
    except SppError as error:
        problems = error.problems
        if problems and all(problem in told for problem in problems):
            # It could not be looked at, for a reason that is told already.
            return _not_tried(check)
    except Exception as error:
        problems = [_unexpected(error)]
    return Finding(check.name, check.title, "red" if problems else "green", problems)


def _not_tried(check: Check) -> Finding:
    return Finding(check.name, check.title, "not_tried")


def _unexpected(error: Exception) -> Problem:
    return Problem(
        "",
        "unexpected",
        message("This could not be looked at ({kind}).", kind=type(error).__name__),
        message("Mend what is red above, and try again; please report it if it stays."),
    )


__all__ = ["LIVE", "SERVER", "STILL", "Check", "Finding", "inspect"]
