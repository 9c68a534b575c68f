"""A folder that is ready, and certificates made by openssl."""

from __future__ import annotations

import shutil
import socket
import subprocess
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from spp_workshop.preflight import Plan
from spp_workshop.preflight.plan import at_home
from spp_workshop.serving.invitations import invite
from spp_workshop.workshop import Workshop

Certificates = Callable[..., tuple[Path, Path]]


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


@pytest.fixture
def plan(workshop: Workshop) -> Plan:
    """A session of this folder, at a name that resolves to this machine's own network address or loopback."""
    until = datetime.now(UTC) + timedelta(days=400)
    invite(workshop.store, workshop.programme, "dd_practice", "http://127.0.0.1/", until)
    return Plan(workshop.folder, at_home(free_port()), session="dd_practice", language="en")


@pytest.fixture
def certificates(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Certificates:
    """Make a certificate for names, from day to day (counted from today); its authority is known here."""
    if not shutil.which("openssl"):
        pytest.skip("there is no openssl on this machine")
    place = tmp_path / "authority"
    place.mkdir()

    def openssl(*words: str) -> None:
        subprocess.run(["openssl", *words], cwd=place, check=True, capture_output=True)

    curve = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes")
    openssl("req", "-x509", *curve, "-keyout", "ca.key", "-out", "ca.pem", "-days", "3", "-subj", "/CN=Tests")
    monkeypatch.setenv("SSL_CERT_FILE", str(place / "ca.pem"))

    def make(name: str, first: float = -1, last: float = 400) -> tuple[Path, Path]:
        openssl("req", *curve, "-keyout", "own.key", "-out", "own.csr", "-subj", f"/CN={name}")
        kind = "IP" if name[0].isdigit() else "DNS"
        (place / "own.ext").write_text(f"subjectAltName={kind}:{name}\n", encoding="utf-8")
        (place / "index.txt").write_text("", encoding="utf-8")
        (place / "serial.txt").write_text("01\n", encoding="utf-8")
        (place / "ca.conf").write_text(AUTHORITY, encoding="utf-8")
        dates = [f"{datetime.now(UTC) + timedelta(days=day):%y%m%d%H%M%SZ}" for day in (first, last)]
        openssl(
            *(
                "ca",
                "-batch",
                "-config",
                "ca.conf",
                "-in",
                "own.csr",
                "-out",
                "own.pem",
                "-extfile",
                "own.ext",
            ),
            *("-startdate", dates[0], "-enddate", dates[1], "-notext"),
        )
        return place / "own.pem", place / "own.key"

    return make


AUTHORITY = """\
[ca]
default_ca = own
[own]
database = index.txt
serial = serial.txt
new_certs_dir = .
certificate = ca.pem
private_key = ca.key
default_md = sha256
policy = any
[any]
commonName = supplied
"""
