"""This machine: fonts, port, disk, kernels."""

from __future__ import annotations

import errno
import os
import shutil
import socket
import subprocess
import sys
import tempfile
from importlib.util import find_spec
from pathlib import Path

from spp_workshop.errors import Problem, SppError, message

from .plan import Plan

# What a session with forty companies writes is a hundredth of this; the rest is for reports made meanwhile.
ROOM_NEEDED = 200_000_000
KERNEL_SECONDS = 30
# Letters that a font for Japanese has and others lack, two of them from names of people and places.
_LETTERS = "人権リスク髙﨑①㈱"


def fonts(_plan: Plan) -> list[Problem]:
    """Charts are drawn here, so they need a Japanese font here; so does a browser on its screen."""
    return [*_fonts_of_charts(), *_fonts_of_the_screen()]


def _fonts_of_charts() -> list[Problem]:
    try:
        from spp_workshop.charts.canvas import without_data
        from spp_workshop.charts.lettering import NO_LETTER, drawable

        if NO_LETTER in drawable(_LETTERS):
            return [_no_font_for_charts()]
        without_data(_LETTERS, "ja").png()
    except (ImportError, OSError, RuntimeError):
        return [_no_font_for_charts()]
    return []


def _fonts_of_the_screen() -> list[Problem]:
    # Windows and macOS bring one; a server without a screen shows nothing to anybody.
    has_screen = os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")
    lister = shutil.which("fc-list")
    if not (sys.platform.startswith("linux") and has_screen and lister):
        return []
    found = subprocess.run([lister, ":lang=ja"], capture_output=True, check=False, timeout=20)  # noqa: S603
    return [] if found.stdout.strip() else [_no_font_for_screen()]


def port(plan: Plan) -> list[Problem]:
    """The port has to be free, at the address of this machine at which the server will listen."""
    try:
        places = socket.getaddrinfo(
            plan.address.host or None, plan.address.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )
        for family, kind, protocol, _, address in places:
            with socket.socket(family, kind, protocol) as one:
                if os.name != "nt":
                    # As the server does: a port that was used a minute ago is free.
                    one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                if family == socket.AF_INET6:
                    one.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
                one.bind(address)
                one.listen()
    except OSError as error:
        return [_no_port(plan, error)]
    return []


def disk(plan: Plan) -> list[Problem]:
    """There is room for what will be written, and the folder can really be written."""
    free = shutil.disk_usage(plan.folder).free
    found = [_little_room(plan.folder, free)] if free < ROOM_NEEDED else []
    try:
        with tempfile.TemporaryFile(dir=plan.folder) as stream:
            stream.write(b"0" * 1_000_000)
            stream.flush()
            os.fsync(stream.fileno())
    except OSError as error:
        full = error.errno in (errno.ENOSPC, errno.EDQUOT)
        found = [_little_room(plan.folder, free)] if full else [*found, _cannot_write(plan.folder)]
    return found


def kernels(_plan: Plan) -> list[Problem]:
    """Pages and reports come from kernels: one starts and answers. The facilitator's page needs Voila."""
    found = [] if find_spec("voila") else [_no_voila()]
    try:
        if _answer_of_a_kernel() != "42\n":
            found.append(_no_kernel())
    except (SppError, OSError):
        found.append(_no_kernel())
    return found


def _answer_of_a_kernel() -> str:
    from nbformat.v4 import new_code_cell, new_notebook

    from spp_workshop.batch.kernels import Limits, run

    asked = new_notebook(cells=[new_code_cell("print(6 * 7)")])
    limits = Limits(start=KERNEL_SECONDS, cell=KERNEL_SECONDS, notebook=KERNEL_SECONDS)
    with tempfile.TemporaryDirectory() as folder:
        executed = run(asked, {}, Path(folder), limits)
    return "".join(output.get("text", "") for output in executed.cells[-1].outputs)


# --- Wording ----------------------------------------------------------------------------------------------


def _no_font_for_charts() -> Problem:
    return Problem(
        "",
        "no_font",
        message("Charts cannot be drawn in Japanese: this machine has no font for it."),
        message("Install the toolkit anew (it brings a font), or a font such as Noto Sans CJK JP."),
    )


def _no_font_for_screen() -> Problem:
    return Problem(
        "",
        "no_screen_font",
        message("A browser on this machine cannot show Japanese: it has no font for it."),
        message("Install one, for example: apt install fonts-noto-cjk"),
    )


_PORT = {
    errno.EADDRINUSE: (
        message("Port {port} is taken by another program."),
        message("End that program (perhaps a workshop that is served already), or take another: --port 8899"),
    ),
    errno.EACCES: (
        message("Port {port} may not be used by you."),
        message("Take one above 1023, such as --port 8899, and a proxy before it if need be."),
    ),
}
_NOT_HERE = (
    message("“{host}” is no address of this machine."),
    message("Leave --host out, or name an address that this machine has; 0.0.0.0 stands for all of them."),
)


def _no_port(plan: Plan, error: OSError) -> Problem:
    # Windows says the same in numbers of its own.
    number = {10048: errno.EADDRINUSE, 10013: errno.EACCES}.get(error.errno or 0, error.errno)
    what, remedy = _PORT.get(number, _NOT_HERE) if number else _NOT_HERE
    values = {"port": plan.address.port, "host": plan.address.host}
    return Problem("", "port", type(what)(what.text, values), remedy)


def _little_room(folder: Path, free: int) -> Problem:
    return Problem(
        str(folder),
        "disk_full",
        message(
            "The disk has only {free} MB left; {needed} MB are needed.",
            free=free // 1_000_000,
            needed=ROOM_NEEDED // 1_000_000,
        ),
        message("Make room on it, or move the workshop folder to another disk."),
    )


def _cannot_write(folder: Path) -> Problem:
    return Problem(
        str(folder),
        "cannot_write",
        message("The folder cannot be written."),
        message("Ask for the right to write there, or copy the workshop folder to a place of your own."),
    )


def _no_kernel() -> Problem:
    return Problem(
        "",
        "no_kernel",
        message(
            "A kernel does not start, or does not answer within {seconds} seconds.", seconds=KERNEL_SECONDS
        ),
        message("End other programs, and install the toolkit anew if that does not help."),
    )


def _no_voila() -> Problem:
    return Problem(
        "",
        "no_voila",
        message("Voila is not installed, so there is no page for the facilitator."),
        message('Install what serving needs: pip install "spp-workshop[serve]"'),
    )
