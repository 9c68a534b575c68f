"""Where a workshop folder is served and reached: by TLS, behind a proxy, or plainly in a closed room."""

from __future__ import annotations

import ipaddress
import socket
import ssl
from argparse import Namespace
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from urllib.parse import urlsplit

from spp_workshop.errors import Problem, SppError, message

from .room import origin

# Whom a proxy on this machine comes from.
_HERE = ("127.0.0.1", "::1")
_ALL = ("0.0.0.0", "::", "")  # noqa: S104 - told apart here, and refused without TLS
# Belongs to nobody (RFC 5737): nothing is sent there, only asked which of our addresses would be used.
_SOMEWHERE = ("192.0.2.1", 9)


@dataclass(frozen=True)
class Address:
    """Where the server listens, and where it is reached."""

    host: str = "127.0.0.1"
    port: int = 8888
    public_url: str = ""  # with a slash at the end
    base_url: str = "/"  # with a slash at both ends
    certfile: Path | None = None
    keyfile: Path | None = None
    proxies: frozenset[str] = frozenset()  # who may say for whom they ask

    @property
    def secure(self) -> bool:
        """Whether browsers reach it by TLS."""
        return self.public_url.startswith("https:")

    @cached_property
    def origins(self) -> frozenset[str]:
        """The origins of our own pages: the public one, and this machine's own names for itself."""
        scheme = "https" if self.certfile else "http"
        here = {origin(f"{scheme}://{name}:{self.port}") for name in ("127.0.0.1", "localhost", "[::1]")}
        return frozenset({origin(self.public_url), *here})

    @cached_property
    def tls(self) -> ssl.SSLContext | None:
        """What speaks TLS here. Raises SppError when certificate or key are of no use."""
        if self.certfile is None:
            return None
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        try:
            # A key with a password would have the server wait for somebody who types it.
            context.load_cert_chain(self.certfile, self.keyfile, password=lambda: "")
        except (OSError, ValueError):
            raise SppError(_no_certificate(self.certfile)) from None
        return context


def addressed(options: Namespace) -> Address:
    """What the options of the command line ask for. Raises SppError with all that cannot be so."""
    base_url = _path(options.base_url)
    public = _public_url(options, base_url)
    parts = urlsplit(public)
    found = []
    if parts.scheme not in ("http", "https") or not parts.hostname:
        found.append(_no_address(options.public_url))
    elif base_url not in ("/", parts.path):
        found.append(_two_paths(base_url, parts.path))
    elif not options.insecure_lan and _is_open(options, public):
        found.append(_without_tls())
    if options.keyfile and not options.certfile:
        found.append(_key_alone())
    if found:
        raise SppError(found)
    behind = parts.scheme == "https" and not options.certfile
    proxies = frozenset((*_HERE, *options.proxy)) if behind or options.proxy else frozenset()
    return Address(options.host, options.port, public, parts.path, options.certfile, options.keyfile, proxies)


def public_address(url: str) -> str:
    """A server's address as links begin with it, with a slash at the end. Raises SppError when it is none."""
    try:
        parts = urlsplit(url)
        known = parts.scheme in ("http", "https") and parts.hostname
    except ValueError:  # half of an address of IPv6
        known = None
    if not known:
        raise SppError(_no_address(url))
    return url.rstrip("/") + "/"


def _path(base_url: str) -> str:
    inside = base_url.strip("/")
    return f"/{inside}/" if inside else "/"


def _public_url(options: Namespace, base_url: str) -> str:
    if options.public_url:
        return str(options.public_url).rstrip("/") + "/"
    scheme = "https" if options.certfile else "http"
    host = own_address() if options.host in _ALL else options.host
    return origin(f"{scheme}://{f'[{host}]' if ':' in host else host}:{options.port}") + base_url


def own_address() -> str:
    """This machine's address in its network, or its name where it has none."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
        try:
            asking.connect(_SOMEWHERE)
            return str(asking.getsockname()[0])
        except OSError:
            return socket.gethostname()


def _is_open(options: Namespace, public: str) -> bool:
    """Whether answers would go over a network in plain sight: from here, or from the proxy on."""
    listens = not options.certfile and not _is_this_machine(options.host)
    parts = urlsplit(public)
    return listens or (parts.scheme == "http" and not _is_this_machine(parts.hostname or ""))


def _is_this_machine(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


# --- Wording ----------------------------------------------------------------------------------------------


def _no_address(public_url: str) -> Problem:
    return Problem(
        "--public-url",
        "public_url",
        message("“{address}” is not an address that a browser can open.", address=public_url),
        message("Write it in full, such as https://workshop.example.jp/."),
    )


def _two_paths(base_url: str, path: str) -> Problem:
    return Problem(
        "--base-url",
        "two_paths",
        message("The path “{base}” is not that of the public address, “{path}”.", base=base_url, path=path),
        message("Leave --base-url out, or write the same path at the end of --public-url."),
    )


def _without_tls() -> Problem:
    return Problem(
        "--host",
        "without_tls",
        message("Without TLS, everybody in the network could read what companies write."),
        message(
            "Name a certificate (--certfile, --keyfile) or use a proxy that speaks TLS (--public-url https://…);"
            " in a closed room with a network of your own, add --insecure-lan."
        ),
    )


def _key_alone() -> Problem:
    return Problem(
        "--keyfile",
        "key_alone",
        message("A key without its certificate is of no use."),
        message("Name the certificate, too: --certfile."),
    )


def _no_certificate(certfile: Path) -> Problem:
    return Problem(
        str(certfile),
        "no_certificate",
        message("Certificate and key cannot be used: missing, unreadable, not a pair, or with a password."),
        message("Check both files; the key must be one without a password."),
    )


__all__ = ["Address", "addressed", "own_address"]
