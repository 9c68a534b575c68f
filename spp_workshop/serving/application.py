"""One Jupyter Server on a workshop folder: our routes, those of Jupyter's that a seat needs, and no others.

It reads no configuration of this machine, opens no browser, and writes nothing of a request into a log.
"""

from __future__ import annotations

import asyncio
import logging
import os
import re
import socket
import ssl
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from jupyter_server.serverapp import ServerApp
from tornado.httpserver import HTTPServer
from tornado.httputil import HTTPHeaders, HTTPMessageDelegate
from tornado.netutil import is_valid_ip
from tornado.web import RequestHandler
from traitlets import Any as AnyTrait
from traitlets.config import Config

from . import desks, joining, messages, news, pages, pictures, workbooks
from .identity import SeatIdentity, SeatRights
from .requests import NothingHere
from .room import Room, origin
from .seat_kernels import OwnKernelSpecs, SeatConnection, SeatKernels

Route = tuple[str, type[RequestHandler]] | tuple[str, type[RequestHandler], dict[str, Any]]

# More is refused before it is read; a paste of 100 kB is a tenth of it.
_LARGEST_BODY = 2_000_000
_QUEUE = 1024
# Seconds that a connection may stand idle, or take to send what it has begun. A browser holds up to six and
# makes new ones without a word; each takes a place, of which Windows has 512.
_PATIENCE = 120.0


def our_routes() -> list[Route]:
    """What the modules of this package answer, below the base address."""
    ours = (joining, pages, messages, workbooks, pictures, news, desks)
    return [route for module in ours for route in module.ROUTES]


class RoomServer(ServerApp):
    """A Jupyter Server that serves a room. `room` is what its handlers share, `proxies` whom it believes."""

    name = "spp-workshop"
    default_services = ()  # type: ignore[assignment]
    room: Room = AnyTrait()  # type: ignore[assignment]
    proxies: frozenset[str] = AnyTrait(frozenset())  # type: ignore[assignment]

    def load_config_file(self, *_: Any, **__: Any) -> None:
        """Read none: what somebody has set for another Jupyter Server must not open this one."""

    def init_signal(self) -> None:
        """Whoever runs the server decides how it is ended."""

    def init_logging(self) -> None:
        """Say nothing but errors, and these on the error stream."""
        self.log_level = logging.ERROR
        super().init_logging()

    def init_webapp(self) -> None:
        """Take away every route that came with Jupyter Server, and put in those that a seat needs."""
        self.tornado_settings |= {
            "spp_room": self.room,
            "login_url": self.room.base_url + "join",
            "log_function": _log_failure,
            "xsrf_cookie_kwargs": {
                "path": self.room.base_url,
                "samesite": "Lax",
                "secure": self.room.secure,
                "expires_days": 90,
            },
        }
        super().init_webapp()
        router = self.web_app.wildcard_router
        router.rules.clear()
        router.named_rules.clear()
        router.add_rules(
            [(f"{re.escape(self.room.base_url)}{path}", *rest) for path, *rest in our_routes()]
            + [(r"(.*)", NothingHere)]
        )

    def init_httpserver(self) -> None:
        """The server, listening nowhere yet."""
        self._http_server = _HttpServer(
            self.web_app,
            ssl_options=self.ssl_options,
            max_body_size=_LARGEST_BODY,
            idle_connection_timeout=_PATIENCE,
            body_timeout=_PATIENCE,
        )
        self._http_server.proxies = self.proxies


class _HttpServer(HTTPServer):
    """Believes a proxy, and nobody else, about who asks and how."""

    proxies: frozenset[str] = frozenset()

    def start_request(self, server_conn: object, request_conn: Any) -> HTTPMessageDelegate:
        """Begin a request; only one that comes from a proxy may name another sender."""
        delegate: HTTPMessageDelegate = super().start_request(server_conn, request_conn)
        context = request_conn.context
        known = context.address[0] in self.proxies
        return _Forwarded(delegate, context, self.proxies) if known else delegate


class _Forwarded(HTTPMessageDelegate):
    """A request that a proxy hands on. The last address before the proxies is the one that they have seen."""

    def __init__(self, delegate: HTTPMessageDelegate, context: Any, proxies: frozenset[str]):
        self._delegate, self._context, self._proxies = delegate, context, proxies
        self._own = context.remote_ip, context.protocol

    def headers_received(self, start_line: Any, headers: HTTPHeaders) -> Any:
        """Take sender and scheme from what the proxy says, where it can be read."""
        through = [one.strip() for one in headers.get("X-Forwarded-For", "").split(",")]
        sender = next((one for one in reversed(through) if one not in self._proxies), "")
        if is_valid_ip(sender):
            self._context.remote_ip = sender
        scheme = headers.get("X-Forwarded-Proto", "").rpartition(",")[2].strip()
        if scheme in ("http", "https"):
            self._context.protocol = scheme
        return self._delegate.headers_received(start_line, headers)

    def data_received(self, chunk: bytes) -> Any:
        """A part of the body."""
        return self._delegate.data_received(chunk)

    def finish(self) -> None:
        """The whole request is there; the next on this line is somebody else's."""
        self._delegate.finish()
        self._context.remote_ip, self._context.protocol = self._own

    def on_connection_close(self) -> None:
        """Nobody waits for the answer any more."""
        self._delegate.on_connection_close()
        self._context.remote_ip, self._context.protocol = self._own


def _log_failure(handler: RequestHandler) -> None:
    # An address may name what somebody does; what failed is told by the handler's own log.
    if handler.get_status() >= 500:
        logging.getLogger("spp_workshop").error(
            "%s %s: %s", handler.request.method, type(handler).__name__, handler.get_status()
        )


def server(
    room: Room, place: Path, *, proxies: Iterable[str] = (), tls: ssl.SSLContext | None = None
) -> RoomServer:
    """A server for this room, initialised; `place` is an empty folder of its own.

    Call it where the event loop runs.
    """
    # What Jupyter Server takes for its documents holds prepared notebooks and nothing else.
    notebooks, runtime = place / "notebooks", place / "runtime"
    notebooks.mkdir()
    runtime.mkdir(mode=0o700)
    made = RoomServer(
        # Whether a notebook is trusted is noted nowhere: these are made anew each time.
        config=Config({"NotebookNotary": {"db_file": ":memory:"}}),
        room=room,
        proxies=frozenset(proxies),
        base_url=room.base_url,
        root_dir=str(notebooks),
        runtime_dir=str(runtime),
        identity_provider_class=SeatIdentity,
        authorizer_class=SeatRights,
        kernel_manager_class=SeatKernels,
        kernel_spec_manager_class=OwnKernelSpecs,
        kernel_websocket_connection_class=SeatConnection,
        allow_unauthenticated_access=False,
        allow_remote_access=True,
        allow_origin=origin(room.public_url),
        allow_root=True,
        authenticate_prometheus=True,
        cookie_secret=os.urandom(32),
        jpserver_extensions={},
        open_browser=False,
        no_browser_open_file=True,
        quit_button=False,
        terminals_enabled=False,
        ssl_options={},
    )
    made.initialize(argv=[], find_extensions=False)
    if tls:
        made.http_server.ssl_options = tls
    return made


def listen(host: str, port: int) -> socket.socket:
    """Take the port of this address; 0 is any free one. Raises OSError."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # A room that joins at once stands in a queue for a moment.
    taken = socket.create_server((host, port), family=family, backlog=_QUEUE)
    taken.setblocking(False)
    return taken


async def run(made: RoomServer, listening: socket.socket, until: asyncio.Event) -> None:
    """Answer requests until it is time to end; then end every kernel."""
    made.http_server.add_socket(listening)
    try:
        await until.wait()
    finally:
        made.http_server.stop()
        await made._cleanup()
        await made.http_server.close_all_connections()


__all__ = ["RoomServer", "listen", "our_routes", "run", "server"]
