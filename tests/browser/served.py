"""A page with a form on it, served from this machine: the second carrier, beside the notebook's."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from spp_workshop import forms
from spp_workshop.documents import shipped
from spp_workshop.workshop import Workshop

HERE = Path(__file__).parent
TYPES = {".html": "text/html", ".js": "text/javascript", ".css": "text/css", ".json": "application/json"}


class Served:
    """One workshop behind an address; `down` and `slow` make the network bad."""

    def __init__(self, workshop: Workshop):
        self.workshop = workshop
        self.down, self.slow = False, 0.0
        self.messages: list[dict[str, Any]] = []
        self._lock = threading.Lock()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True

    def address(self, worksheet: str, **place: str) -> str:
        """The page of a worksheet's form: `company`, `group`, `session`, `language`, `forms` (how many)."""
        query = "&".join(f"{name}={value}" for name, value in {"worksheet": worksheet, **place}.items())
        return f"http://127.0.0.1:{self._server.server_port}/?{query}"

    def start(self, query: dict[str, str]) -> dict[str, Any]:
        """What the page is given before the first message."""
        named = {kind: query[kind] for kind in ("company", "group", "session") if kind in query}
        return {
            "form": forms.definition(self.workshop, query["worksheet"]),
            "place": forms.place(self.workshop, query["worksheet"], **named),
            "language": query.get("language", "ja"),
        }

    def reply(self, message: dict[str, Any]) -> dict[str, Any]:
        """The answer to one message, one at a time."""
        time.sleep(self.slow)
        with self._lock:
            self.messages.append(message)
            return forms.reply(self.workshop, message)

    @contextmanager
    def running(self) -> Iterator[Served]:
        thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        thread.start()
        yield self
        self._server.shutdown()
        self._server.server_close()

    def _handler(served) -> type[BaseHTTPRequestHandler]:  # noqa: N805 (self is the handler's own)
        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                url = urlsplit(self.path)
                if url.path == "/start":
                    self._give(json.dumps(served.start(dict(parse_qsl(url.query)))).encode(), ".json")
                    return
                name = Path(url.path).name or "page.html"
                file = HERE / name if (HERE / name).exists() else shipped("static") / name
                self._give(file.read_bytes(), file.suffix)

            def do_POST(self) -> None:
                message = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                if served.down:
                    self.send_error(503)
                    return
                self._give(json.dumps(served.reply(message)).encode(), ".json")

            def _give(self, body: bytes, suffix: str) -> None:
                self.send_response(200)
                self.send_header("Content-Type", f"{TYPES[suffix]}; charset=utf-8")
                self.send_header("Content-Length", str(len(body)))
                self.send_header("Content-Security-Policy", "default-src 'self'; img-src 'self' data:")
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                """A test prints nothing of its own."""

        return Handler
