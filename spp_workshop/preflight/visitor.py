"""Somebody who joins: a browser without a screen, of the standard library, with cookies and our tokens."""

from __future__ import annotations

import http.client
import json
import ssl
from http.cookies import SimpleCookie
from typing import Any, NamedTuple
from urllib.parse import urljoin, urlsplit

MOST_STEPS = 5


class Answer(NamedTuple):
    """What came back: the status, the address it came from in the end, and the body."""

    status: int
    url: str
    body: bytes

    def json(self) -> Any:
        """The body, if it is JSON. Raises ValueError."""
        return json.loads(self.body)


class Visitor:
    """A visitor of the server at `base` (with a slash at the end). Raises OSError when nobody answers.

    Who the server is was looked at before; here it is believed.
    """

    def __init__(self, base: str, seconds: float = 60):
        self.base, self.seconds = base, seconds
        self._cookies: dict[str, str] = {}

    def get(self, path: str) -> Answer:
        """A page or data, wherever it leads."""
        url = urljoin(self.base, path)
        for _ in range(MOST_STEPS):
            status, headers, body = self._ask("GET", url, None)
            if status not in (301, 302, 303, 307, 308):
                break
            url = urljoin(url, headers["Location"])
        return Answer(status, url, body)

    def post(self, path: str, data: dict[str, Any]) -> Answer:
        """Send something, as our pages do."""
        url = urljoin(self.base, path)
        status, _, body = self._ask("POST", url, json.dumps(data).encode())
        return Answer(status, url, body)

    def _ask(self, method: str, url: str, body: bytes | None) -> tuple[int, http.client.HTTPMessage, bytes]:
        parts = urlsplit(url)
        connection = _connection(parts.scheme, parts.netloc, self.seconds)
        headers = {
            "Accept": "application/json" if body else "text/html,application/json",
            "Cookie": "; ".join(f"{name}={value}" for name, value in self._cookies.items()),
        }
        if body:
            headers |= {"Content-Type": "application/json", "X-XSRFToken": self._cookies.get("_xsrf", "")}
        try:
            connection.request(method, f"{parts.path}?{parts.query}".rstrip("?"), body, headers)
            answer = connection.getresponse()
            for line in answer.headers.get_all("Set-Cookie", []):
                self._cookies |= {name: crumb.value for name, crumb in SimpleCookie(line).items()}
            return answer.status, answer.headers, answer.read()
        except http.client.HTTPException as error:
            raise ConnectionError(*error.args) from None
        finally:
            connection.close()


def _connection(scheme: str, place: str, seconds: float) -> http.client.HTTPConnection:
    if scheme != "https":
        return http.client.HTTPConnection(place, timeout=seconds)
    believing = ssl.create_default_context()
    believing.check_hostname = False
    believing.verify_mode = ssl.CERT_NONE
    return http.client.HTTPSConnection(place, timeout=seconds, context=believing)
