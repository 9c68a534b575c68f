"""All checks, one after the other: each is green, or red with its problems; none hides another."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
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


# Without these no server can be started.
FIRST = (
    Check("options", message("Options"), network.options),
    Check("definitions", message("Programme, worksheets and notebooks"), folder.definitions),
    Check("port", message("Port"), machine.port),
)
# Of the machine and the folder as they are.
STILL = (
    Check("store", message("The store of answers"), folder.store),
    Check("seats", message("Codes for all who will join"), folder.seats),
    Check("disk", message("Room on the disk, and the right to write there"), machine.disk),
    Check("fonts", message("Fonts for Japanese"), machine.fonts),
    Check("kernels", message("Kernels, and Voila"), machine.kernels),
    Check("name", message("The name in the links"), network.resolved),
    Check("certificate", message("Certificate"), network.certificate),
)
# Of the server, which is started on a copy.
LIVE = (
    Check("server", message("The server starts"), trial.answers),
    Check("page", message("Somebody joins, and sees today's page"), trial.page),
    Check("save", message("An answer is saved, and read again"), trial.save),
    Check("address", message("The address in the links, from this machine"), trial.address),
)


def inspect(plan: Plan) -> Iterator[Finding]:
    """Look at everything, and tell of each check as soon as it is done; no answer is touched."""
    told: list[Problem] = []
    red: set[str] = set()

    def looked(check: Check, at: Any) -> Finding:
        finding = _looked(check, at, told)
        told.extend(finding.problems)
        if finding.state != "green":
            red.add(check.name)
        return finding

    with ExitStack() as stack:
        for check in FIRST:
            yield looked(check, plan)
        tried = plan.at_home(_free_port()) if red & {"options", "port"} else plan
        running: list[trial.Trial] = []

        def begin(at: Plan) -> list[Problem]:
            running.append(stack.enter_context(trial.running(at)))
            return []

        # The server starts while the rest is looked at.
        begun = None if "definitions" in red else looked(LIVE[0]._replace(look=begin), tried)
        for check in STILL:
            if check.name != "certificate" or plan.address.certfile:
                yield looked(check, plan)
        for check in LIVE:
            hopeless = "server" in red or (check.name == "address" and tried is not plan)
            if running and not hopeless:
                yield looked(check, running[0])
            else:
                yield begun if begun and begun.problems and check is LIVE[0] else _not_tried(check)


def _free_port() -> int:
    """Where the server is tried when it cannot be at its own port: what is wrong there hides nothing."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


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


__all__ = ["FIRST", "LIVE", "STILL", "Check", "Finding", "inspect"]
