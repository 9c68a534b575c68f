"""Pages with a kernel behind them: the facilitator's desk and the projector's screen, drawn by Voila.

Voila and what it needs is imported when the first of them is opened: participants' pages do without, and work
where it is not installed.
"""

from __future__ import annotations

import asyncio
import re
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from jupyter_core.paths import jupyter_path
from jupyter_server.auth.decorator import allow_unauthenticated
from jupyter_server.base.handlers import FileFindHandler
from tornado.iostream import StreamClosedError
from traitlets.config import Config

from spp_workshop.documents import shipped
from spp_workshop.errors import Problem, message
from spp_workshop.messages import LANGUAGES, Language, say
from spp_workshop.seats import Seat

from .assets import address
from .frame import WORDS
from .identity import WITH_KERNEL
from .prepared import View, file_name, prepare
from .requests import Refusal, SeatHandler, not_for_you
from .room import Room
from .seat_kernels import KernelModelHandler, SeatKernelHandler, SeatKernels

if TYPE_CHECKING:
    from voila.notebook_renderer import NotebookRenderer

# JupyterLab's widgets and anywidget; whatever else is installed on this machine is not for these pages.
_EXTENSIONS = ["@jupyter-widgets/jupyterlab-manager", "@voila-dashboards/widgets-manager8", "anywidget"]

# Voila writes scripts into its page, and JupyterLab makes functions of schemas; yet nothing comes from
# elsewhere, and nothing goes there.
_POLICY = (
    "default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval' blob:; "
    "style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; font-src 'self' data:; "
    "frame-ancestors 'none'; base-uri 'none'; form-action 'self'"
)


class DeskHandler(SeatHandler):
    """Where whoever leads the session, or shows it to the room, begins."""

    @allow_unauthenticated
    async def get(self) -> None:
        """Lead to the own page, in the language that the browser prefers."""
        seat = self.require(*WITH_KERNEL).seat
        accepted = self.request.headers.get("Accept-Language", "")
        language = next((word for word in re.findall(r"[a-z]+", accepted) if word in LANGUAGES), "ja")
        view: View = "screen" if seat.role == "projector" else "desk"
        session = seat.subject.removeprefix("session:") or self.room.session
        self.redirect(f"{self.room.base_url}voila/render/{file_name(session, view, language)}")


class VoilaHandler(SeatHandler):
    """A prepared notebook, run in a kernel of the seat that asks."""

    @property
    def content_security_policy(self) -> str:
        """What Voila needs, and nothing from elsewhere."""
        return _POLICY

    @allow_unauthenticated
    async def get(self, session: str, view: View, language: Language) -> None:
        """Start a kernel for the seat, and send the page as its cells run."""
        seat = self.require(*WITH_KERNEL).seat
        if not _may_open(seat, session, view):
            raise Refusal(403, not_for_you())
        # A link or a picture on somebody else's page would start kernels.
        self.refuse_other_sites()
        if find_spec("voila") is None:
            raise Refusal(501, no_voila())
        renderer = await self._renderer(session, view, language)
        await renderer.initialize(template=None, theme=None)
        renderer.resources["spp"] = _words(self.room, session, view, language)
        await self._send(renderer, seat)

    async def _renderer(self, session: str, view: View, language: Language) -> NotebookRenderer:
        # Both take their time, and somebody may be saving meanwhile.
        folder = Path(self.contents_manager.root_dir)
        loop = asyncio.get_running_loop()
        name = await loop.run_in_executor(None, prepare, self.room, folder, session, view, language)
        configuration = await loop.run_in_executor(None, _configuration)

        from voila.notebook_renderer import NotebookRenderer

        return NotebookRenderer(
            request_handler=self,
            voila_configuration=configuration,
            traitlet_config=Config(),
            notebook_path=name,
            template_paths=_template_paths(),
            config_manager=self.config_manager,
            contents_manager=self.contents_manager,
            base_url=self.base_url,
            kernel_spec_manager=self.kernel_spec_manager,
            page_config=self._page_config(configuration),
        )

    def _page_config(self, configuration: Any) -> dict[str, Any]:
        from voila.utils import get_page_config

        found = get_page_config(self.base_url, self.settings, self.log, configuration)
        # Formulas would be drawn by a script from elsewhere; there are none in our notebooks.
        without = {"disabledExtensions": ["@jupyterlab/mathjax2-extension"], "fullMathjaxUrl": ""}
        return {**found, **without, "themesUrl": f"{self.base_url}voila/api/themes"}

    async def _send(self, renderer: NotebookRenderer, seat: Seat) -> None:
        kernels = cast("SeatKernels", self.kernel_manager)
        kernel_id = await kernels.start_for(seat)
        self.set_header("Content-Type", "text/html; charset=utf-8")
        try:
            async for part, _ in renderer.generate_content_generator(
                kernel_id, kernels.get_kernel(kernel_id)
            ):
                self.write(part)
                await self.flush()
        except BaseException as error:
            await kernels.shutdown_kernel(kernel_id, now=True)
            if not isinstance(error, StreamClosedError):
                raise


class LibraryHandler(SeatHandler, FileFindHandler):
    """Scripts and styles of Voila and of the widgets' libraries, for whoever has a page with a kernel."""

    @allow_unauthenticated
    async def get(self, path: str, include_body: bool = True) -> None:
        """One file."""
        self.require(*WITH_KERNEL)
        await FileFindHandler.get(self, path, include_body)

    @allow_unauthenticated
    async def head(self, path: str) -> None:
        """Whether it is there."""
        await self.get(path, include_body=False)

    def set_default_headers(self) -> None:
        """They are the same for everybody, and may be kept; the browser asks whether they are still so."""
        super().set_default_headers()
        self.set_header("Cache-Control", "no-cache")


def _may_open(seat: Seat, session: str, view: View) -> bool:
    if seat.role == "facilitator":
        return seat.subject == f"session:{session}"
    return seat.role == "custodian" or view == "screen"


@cache
def _configuration() -> Any:
    """How Voila is to work, whatever is configured on this machine."""
    from voila.configuration import VoilaConfiguration

    return VoilaConfiguration(
        config=Config(),
        template="lab",
        theme="light",
        allow_template_override="NO",
        allow_theme_override="NO",
        file_allowlist=[],
        extension_allowlist=_EXTENSIONS,
    )


def _template_paths() -> list[str]:
    from voila.paths import collect_template_paths

    return [str(shipped("templates") / "voila"), *collect_template_paths(["voila", "nbconvert"], "lab")]


def _words(room: Room, session: str, view: View, language: Language) -> dict[str, str]:
    other: Language = "en" if language == "ja" else "ja"
    note = message("What is written here is saved by itself. Do not show this page to the room.")
    return {
        "view": view,
        "title": room.workshop.programme.session(session).title[language],
        "note": say(note, language) if view == "desk" else "",
        "reload": say(message("Bring up to date"), language),
        "loading": say(message("The page is being made ready."), language),
        "other": file_name(session, view, other),
        "other_language": other,
        "other_name": say(WORDS["this_language"], other),
        "style": room.base_url + address("voila.css"),
    }


def no_voila() -> Problem:
    """Participants' pages do without Voila; this one does not."""
    return Problem(
        "",
        "no_voila",
        message("Voila is not installed here, so there are no pages for facilitator and projector."),
        message("Install it with: pip install spp-workshop[serve]. Participants' pages work without it."),
    )


def _library(*parts: str) -> dict[str, list[str]]:
    return {"path": [folder for part in parts for folder in jupyter_path(*part.split("/"))]}


_KERNEL = r"(?P<kernel_id>\w+-\w+-\w+-\w+-\w+)"

ROUTES: list[Any] = [
    (r"desk", DeskHandler),
    (r"voila/render/([\w-]+)\.(desk|screen)\.(ja|en)\.ipynb", VoilaHandler),
    (rf"api/kernels/{_KERNEL}", KernelModelHandler),
    (rf"api/kernels/{_KERNEL}/channels", SeatKernelHandler),
    (
        r"voila/(?:templates/lab/)?static/(.+)",
        LibraryHandler,
        _library(
            "voila/templates/lab/static", "voila/templates/base/static", "nbconvert/templates/lab/static"
        ),
    ),
    (r"voila/labextensions/(.+)", LibraryHandler, _library("voila/labextensions", "labextensions")),
    (r"voila/api/themes/(.+)", LibraryHandler, _library("voila/themes")),
]
