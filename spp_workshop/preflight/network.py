"""The address that others must reach: its name, its certificate, and a socket that really connects to it."""

from __future__ import annotations

import socket
import ssl
from contextlib import suppress
from datetime import UTC, datetime
from ipaddress import ip_address
from pathlib import Path

from spp_workshop.errors import Message, Problem, SppError, message

from .plan import Plan

SECONDS = 5
# OpenSSL's numbers for what is wrong with a certificate (X509_V_ERR_...).
_NOT_YET, _EXPIRED, _OTHER_NAMES = 9, 10, (62, 64)


def certificate(plan: Plan) -> list[Problem]:
    """The certificate and its key belong together, name this address, and hold until the session ends."""
    certfile = plan.address.certfile
    if not certfile:
        return []
    try:
        server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        # A key with a password would have the server wait for somebody who types it.
        server.load_cert_chain(certfile, plan.address.keyfile, password=lambda: "")
    except (OSError, ssl.SSLError):
        return [_unreadable_certificate(plan)]
    for client in (_trusting(certfile), ssl.create_default_context()):
        if problems := _judged(server, client, plan):
            return problems
    return []


def _trusting(certfile: Path) -> ssl.SSLContext:
    """A client that takes this certificate's word for who made it, and looks at everything else."""
    client = ssl.create_default_context(cafile=str(certfile))
    client.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    return client


def _judged(server: ssl.SSLContext, client: ssl.SSLContext, plan: Plan) -> list[Problem]:
    try:
        end = _greet(server, client, plan.name)
    except ssl.SSLCertVerificationError as error:
        return [_bad_certificate(error.verify_code, plan)]
    except ssl.SSLError:
        return [_unreadable_certificate(plan)]
    return [_certificate_ends(end)] if end < plan.ends else []


def _greet(server: ssl.SSLContext, client: ssl.SSLContext, name: str) -> datetime:
    """Let both shake hands in memory, and say until when the certificate holds. Raises ssl.SSLError."""
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    here = client.wrap_bio(to_client, to_server, server_hostname=name)
    there = server.wrap_bio(to_server, to_client, server_side=True)
    # Client and server speak by turns, three times at most.
    for side in (here, there) * 3:
        with suppress(ssl.SSLWantReadError):
            side.do_handshake()
    return ends_at(dict(here.getpeercert() or {}))


def ends_at(peer: dict[str, object]) -> datetime:
    """Until when a certificate holds."""
    return datetime.fromtimestamp(ssl.cert_time_to_seconds(str(peer["notAfter"])), UTC)


def options(plan: Plan) -> list[Problem]:
    """What was asked for can be: an address that a browser can open, and no answers in plain sight."""
    return list(plan.faults)


def resolved(plan: Plan) -> list[Problem]:
    """The name that others type is known, and its number is not one by which a machine calls itself."""
    if plan.faults:
        raise SppError(plan.faults)  # the name that was meant is not known
    try:
        found = socket.getaddrinfo(plan.name, plan.public_port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        return [_unknown_name(plan.name)]
    numbers = [ip_address(str(address[0]).partition("%")[0]) for *_, address in found]
    return [_only_here(plan.name)] if all(number.is_loopback for number in numbers) else []


def reached(plan: Plan) -> list[Problem]:
    """While a server listens: a socket connects to the address of the links, and trusts who answers."""
    try:
        with socket.create_connection((plan.name, plan.public_port), timeout=SECONDS) as plain:
            if not plan.address.public_url.startswith("https:"):
                return []
            with ssl.create_default_context().wrap_socket(plain, server_hostname=plan.name) as secured:
                end = ends_at(dict(secured.getpeercert() or {}))
                return [_certificate_ends(end)] if end < plan.ends else []
    except ssl.SSLCertVerificationError as error:
        return [_bad_certificate(error.verify_code, plan)]
    except OSError:
        return [not_reached(plan)]


# --- Wording ----------------------------------------------------------------------------------------------


def _bad_certificate(code: int, plan: Plan) -> Problem:
    what, remedy = _UNTRUSTED
    if code == _EXPIRED:
        what, remedy = _OUT_OF_DATE
    elif code == _NOT_YET:
        what, remedy = _TOO_EARLY
    elif code in _OTHER_NAMES:
        what, remedy = _OTHER_NAME
    return Problem("", "certificate", Message(what.text, {"name": plan.name}), remedy)


_OUT_OF_DATE = (message("The certificate is out of date."), message("Renew it, and name the new files."))
_TOO_EARLY = (
    message("The certificate is not valid yet."),
    message("See whether the clock of this machine is right; else wait, or take another certificate."),
)
_OTHER_NAME = (
    message("The certificate is not for “{name}”."),
    message("Take the name of the certificate for --public-url, or a certificate for this name."),
)
_UNTRUSTED = (
    message(
        "Browsers will not trust the certificate of “{name}”: no authority that they know stands behind it."
    ),
    message("Get one from an authority such as Let's Encrypt, and name the file with the whole chain."),
)


def _certificate_ends(end: datetime) -> Problem:
    return Problem(
        "",
        "certificate_ends",
        message(
            "The certificate ends before the session does, at {end}.",
            end=f"{end.astimezone():%Y-%m-%d %H:%M}",
        ),
        message("Renew it before the session."),
    )


def _unreadable_certificate(plan: Plan) -> Problem:
    return Problem(
        str(plan.address.certfile),
        "unreadable_certificate",
        message("Certificate and key cannot be read, or do not belong together."),
        message(
            "Name a PEM file with the whole chain by --certfile, and its key without a password by --keyfile."
        ),
    )


def _unknown_name(name: str) -> Problem:
    return Problem(
        "--public-url",
        "unknown_name",
        message("Nobody finds “{name}”: the name has no number in the network.", name=name),
        message("Correct it, or have it entered in the DNS; in a closed room take this machine's number."),
    )


def _only_here(name: str) -> Problem:
    return Problem(
        "--public-url",
        "only_here",
        message("Only this machine itself reaches “{name}”; nobody else can join.", name=name),
        message("Say where others reach it by --public-url, and by --host at which address it listens."),
    )


def not_reached(plan: Plan) -> Problem:
    """Nobody answers at the address of the links."""
    return Problem(
        "--public-url",
        "not_reached",
        message(
            "Nobody answers at “{name}”, port {port}, although the server runs.",
            name=plan.name,
            port=plan.public_port,
        ),
        message(
            "See that the proxy runs and leads to --host and --port, and that the firewall lets others in."
        ),
    )
