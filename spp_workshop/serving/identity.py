"""Who is a Jupyter user: custodian, facilitator and projector; a participant is not, and nobody else.

Jupyter Server asks this for every address that is not ours, and Voila's pages ask nothing more. What a user
may do is then asked of `SeatRights`: nothing but talking with the widgets of a kernel of the own seat.
"""

from __future__ import annotations

from typing import Any

from jupyter_server.auth import Authorizer, IdentityProvider, User
from tornado.web import RequestHandler
from traitlets import default

from spp_workshop.seats import Role

from .requests import sitting_of
from .seat_kernels import SeatKernelHandler

# Whose page has a kernel behind it.
WITH_KERNEL: tuple[Role, ...] = ("custodian", "facilitator", "projector")


class SeatIdentity(IdentityProvider):
    """Reads the seat's cookie. Jupyter's own tokens and passwords open nothing."""

    @default("token")
    def _no_token(self) -> str:
        return ""

    def get_user(self, handler: RequestHandler) -> User | None:
        """The user that sends this request, or None."""
        sitting = sitting_of(handler)
        if sitting is None or sitting.seat.role not in WITH_KERNEL:
            return None
        return User(username=sitting.seat.id, name=sitting.seat.role)

    def is_token_authenticated(self, *_: RequestHandler) -> bool:
        """Never: so an origin is always checked."""
        return False

    def get_handlers(self) -> list[tuple[str, object]]:
        """No page for Jupyter's own passwords."""
        return []

    def validate_security(self, app: Any, ssl_options: dict[str, Any] | None = None) -> None:
        """Without TLS we ask for consent before (see `hosting`)."""


class SeatRights(Authorizer):
    """Nothing is allowed but to talk with a kernel by its websocket, which asks whose kernel it is."""

    def is_authorized(self, handler: Any, _user: User, action: str, resource: str) -> bool:
        """Whether this user may do that."""
        return isinstance(handler, SeatKernelHandler) and (action, resource) == ("execute", "kernels")
