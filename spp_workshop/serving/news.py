"""Whether anything changed that a page shows: one small question, asked again and again by every page.

GET spp/news    {revision}: another number than before when the company or one of its groups saved something
"""

from __future__ import annotations

from jupyter_server.auth.decorator import allow_unauthenticated

from .requests import SeatHandler


class NewsHandler(SeatHandler):
    """The revision of what a seat sees."""

    @allow_unauthenticated
    async def get(self) -> None:
        """A number that grows with every save that concerns the seat."""
        seat = self.require("participant").seat
        self.give({"revision": self.room.openings.revision(seat)})


ROUTES = [(r"spp/news", NewsHandler)]

__all__ = ["ROUTES", "NewsHandler"]
