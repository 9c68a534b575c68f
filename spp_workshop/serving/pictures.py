"""The addresses of a company's own charts.

GET spp/chart/NAME?language=ja          the picture (SVG), as the answers are now
GET spp/chart/NAME.json?language=ja     {alt, image}: its words, and the picture as a data address
"""

from __future__ import annotations

from base64 import b64encode

from jupyter_server.auth.decorator import allow_unauthenticated

from spp_workshop.errors import Problem, message
from spp_workshop.exercises import CHARTS
from spp_workshop.messages import LANGUAGES

from .painters import Pictures
from .requests import Refusal, SeatHandler


class PictureHandler(SeatHandler):
    """A chart of the company whose seat asks."""

    @allow_unauthenticated
    async def get(self, name: str, form: str) -> None:
        """Give the picture."""
        company = self.require("participant").seat.company_key
        language = self.get_query_argument("language", LANGUAGES[0])
        if name not in CHARTS or language not in LANGUAGES:
            raise Refusal(404, _no_such_chart())
        revision = self.room.workshop.store.revision(f"company:{company}")
        picture = await self.room.pictures.picture(name, company, language, revision)
        if form:
            image = b64encode(picture.svg.encode()).decode()
            self.give({"alt": picture.alt, "image": f"data:image/svg+xml;base64,{image}"})
        else:
            self.set_header("Content-Type", "image/svg+xml; charset=utf-8")
            self.finish(picture.svg)


ROUTES = [(r"spp/chart/([a-z_]+)(\.json|)", PictureHandler)]


def _no_such_chart() -> Problem:
    return Problem(
        "", "no_such_chart", message("There is no such chart."), message("Reload the page, and try again.")
    )


__all__ = ["ROUTES", "Pictures"]
