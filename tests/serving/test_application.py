"""The command `serve`: addresses, TLS, a real proxy, ports, and the ends that a server can have."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import time
from argparse import Namespace
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection, HTTPSConnection
from pathlib import Path
from typing import Any

import pytest
from websockets.sync.client import connect
from websockets.typing import Origin

from spp_workshop.cli import main
from spp_workshop.commands.line import parser
from spp_workshop.errors import SppError
from spp_workshop.seats import Seat
from spp_workshop.serving.addresses import addressed
from spp_workshop.workshop import open_workshop

from .conftest import Client, serving

ALPHA = Seat.company("alpha")


def options(*words: str) -> Namespace:
    return parser("en").parse_args(["serve", "folder", *words])


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


# --- Addresses --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "public_url", "base_url", "secure", "trusts"),
    [
        ([], "http://127.0.0.1:8888/", "/", False, False),
        (["--port", "80"], "http://127.0.0.1/", "/", False, False),
        (["--base-url", "spp"], "http://127.0.0.1:8888/spp/", "/spp/", False, False),
        (["--public-url", "https://w.example.jp"], "https://w.example.jp/", "/", True, True),
        (["--public-url", "https://w.example.jp/spp"], "https://w.example.jp/spp/", "/spp/", True, True),
        (
            ["--host", "0.0.0.0", "--certfile", "c", "--public-url", "https://w.example.jp:8888/"],
            "https://w.example.jp:8888/",
            "/",
            True,
            False,
        ),
        (
            ["--host", "192.0.2.7", "--insecure-lan"],
            "http://192.0.2.7:8888/",
            "/",
            False,
            False,
        ),
    ],
)
def test_where_others_reach_it(
    words: list[str], public_url: str, base_url: str, secure: bool, trusts: bool
) -> None:
    address = addressed(options(*words))
    assert (address.public_url, address.base_url, address.secure) == (public_url, base_url, secure)
    assert ("127.0.0.1" in address.proxies) == trusts


@pytest.mark.parametrize(
    ("words", "rule"),
    [
        (["--host", "0.0.0.0"], "without_tls"),
        (["--host", "192.0.2.7"], "without_tls"),
        (["--host", "0.0.0.0", "--public-url", "https://w.example.jp/"], "without_tls"),
        (["--public-url", "http://w.example.jp/"], "without_tls"),
        (["--public-url", "w.example.jp"], "public_url"),
        (["--public-url", "ftp://w.example.jp/"], "public_url"),
        (["--public-url", "https://w.example.jp/a/", "--base-url", "/b/"], "two_paths"),
        (["--keyfile", "key.pem"], "key_alone"),
    ],
)
def test_what_cannot_be_served_so_is_refused(words: list[str], rule: str) -> None:
    with pytest.raises(SppError) as refused:
        addressed(options(*words))
    assert [problem.rule for problem in refused.value.problems] == [rule]
    assert all(problem.text(language) for problem in refused.value.problems for language in ("ja", "en"))


# --- The command ------------------------------------------------------------------------------------------


_MAIN = "from spp_workshop.cli import main; raise SystemExit(main())"


@contextmanager
def command(folder: Path, *words: str) -> Iterator[subprocess.Popen[str]]:
    """`spp-workshop serve`, in a process of its own."""
    running = subprocess.Popen(
        [sys.executable, "-c", _MAIN, "serve", str(folder), "--language", "en", *words],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONUTF8": "1"},
        start_new_session=True,
    )
    try:
        yield running
    finally:
        if running.poll() is None:
            os.killpg(running.pid, signal.SIGKILL)
        running.communicate()


def answering(port: int, path: str = "/join", seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        try:
            connection = HTTPConnection("127.0.0.1", port, timeout=5)
            connection.request("GET", path)
            if connection.getresponse().status == 200:
                return
        except OSError:
            time.sleep(0.1)
        finally:
            connection.close()
    raise AssertionError("the server does not answer")


def codes(folder: Path) -> dict[str, str]:
    """By company the code on its new invitation."""
    found = {}
    for company in ("alpha", "beta"):
        (sheet,) = (folder / "output" / "invitations").rglob(f"{company}.html")
        text = sheet.read_text(encoding="utf-8")
        (found[company],) = set(re.findall(r"\b[2-9A-Z]{5}-[2-9A-Z]{5}\b", text))
    return found


@pytest.mark.parametrize("presses", [1, 3])
def test_it_tells_how_to_join_and_ends_quietly_with_ctrl_c(folder: Path, presses: int) -> None:
    port = free_port()
    with command(folder, "--port", str(port)) as running:
        answering(port)
        given = codes(folder)
        for _ in range(presses):
            os.killpg(running.pid, signal.SIGINT)
        said, complained = running.communicate(timeout=60)
    assert running.returncode == 0
    assert complained == ""
    assert f"http://127.0.0.1:{port}/join#{given['alpha'].replace('-', '')}" in said
    assert "Ended. Everything that was saved is kept." in said
    assert "Traceback" not in said


def test_a_second_start_gives_no_new_codes_and_says_so(folder: Path) -> None:
    port = free_port()
    for round_ in ("first", "second"):
        with command(folder, "--port", str(port)) as running:
            answering(port)
            if round_ == "first":
                code = codes(folder)["alpha"]
            else:
                assert Client(port).join(code).status == 200
            running.send_signal(signal.SIGTERM)
            said, _ = running.communicate(timeout=60)
        assert running.returncode == 0
    assert "join#" not in said
    assert "Links and codes given out before go on working: Alpha Surface, Beta Precision" in said


def test_a_folder_is_served_once_and_a_killed_server_is_in_nobodys_way(folder: Path) -> None:
    port = free_port()
    with command(folder, "--port", str(port)) as running:
        answering(port)
        with command(folder, "--port", str(free_port())) as second:
            said, complained = second.communicate(timeout=60)
        assert second.returncode == 2
        assert "This folder is served already" in complained
        assert "Traceback" not in said + complained
        os.killpg(running.pid, signal.SIGKILL)
    with command(folder, "--port", str(port)) as third:
        answering(port)
        third.send_signal(signal.SIGTERM)
        third.communicate(timeout=60)


def test_a_port_that_is_taken_is_told_with_another(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        assert main(["serve", str(folder), "--port", str(port), "--language", "en"]) == 2
    complained = capsys.readouterr().err
    assert "Another program listens at this port already." in complained
    assert f"--port {port + 1}" in complained
    assert "Traceback" not in complained


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--host", "0.0.0.0"], "Without TLS"),
        (["--host", "no.such.host.invalid", "--insecure-lan"], "This machine has no such address."),
        (["--session", "nowhere"], "There is no session “nowhere”"),
        (["--certfile", "missing.pem"], "Certificate and key cannot be used"),
    ],
)
def test_what_keeps_it_from_starting_is_a_sentence(
    folder: Path, words: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    port = str(free_port())
    assert main(["serve", str(folder), "--port", port, "--language", "en", *words]) == 2
    complained = capsys.readouterr().err
    assert said in complained
    assert "Traceback" not in complained


def test_whoever_had_joined_goes_on_after_the_server_was_killed(folder: Path) -> None:
    port = free_port()
    with command(folder, "--port", str(port)) as running:
        answering(port)
        client = Client(port)
        assert client.join(codes(folder)["alpha"]).status == 200
        save = {"id": "1", "do": "save", "worksheet": "step1_risk_areas", "subject": "company:alpha"}
        saved = client.post(
            "spp/message", save | {"row": "r1", "based_on": 0, "changes": {"business_area": "x"}}
        )
        assert saved.status == 200
        assert saved.json["row"]["revision"] == 1, saved.text
        os.killpg(running.pid, signal.SIGKILL)
    with command(folder, "--port", str(port)) as again:
        answering(port)
        assert client.get("spp/start?exercise=dd_practice").status == 200
        opened = client.post("spp/message", save | {"do": "open"}).json
        assert [row["row"] for row in opened["rows"]] == ["r1"]
        again.send_signal(signal.SIGTERM)
        again.communicate(timeout=60)


# --- TLS and proxies --------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A self-signed certificate of this machine, and its key."""
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("openssl makes the certificate")
    place = tmp_path_factory.mktemp("tls")
    cert, key = place / "cert.pem", place / "key.pem"
    kind = ["-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"]
    name = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"]
    files = ["-keyout", str(key), "-out", str(cert)]
    subprocess.run([openssl, "req", *kind, *name, *files], check=True, capture_output=True)
    return cert, key


def asked(port: int, path: str, certificate: Path, **headers: str) -> tuple[int, dict[str, str], list[str]]:
    trusted = ssl.create_default_context(cafile=str(certificate))
    connection = HTTPSConnection("localhost", port, timeout=20, context=trusted)
    try:
        connection.request("GET", path, headers=headers)
        reply = connection.getresponse()
        reply.read()
        return reply.status, dict(reply.getheaders()), reply.headers.get_all("Set-Cookie") or []
    finally:
        connection.close()


def test_it_speaks_tls_by_itself(folder: Path, certificate: tuple[Path, Path]) -> None:
    cert, key = certificate
    port = free_port()
    words = ("--port", str(port), "--certfile", str(cert), "--keyfile", str(key))
    with command(folder, *words, "--public-url", f"https://localhost:{port}/") as running:
        status, cookies = waited(port, "/join", cert)
        running.send_signal(signal.SIGTERM)
        said, _ = running.communicate(timeout=60)
    assert status == 200
    assert any(cookie.startswith("_xsrf=") and "Secure" in cookie for cookie in cookies)
    assert f"https://localhost:{port}/join#" in said


def waited(port: int, path: str, certificate: Path) -> tuple[int, list[str]]:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        try:
            status, _, cookies = asked(port, path, certificate)
        except OSError:
            time.sleep(0.1)
        else:
            return status, cookies
    raise AssertionError("the server does not answer")


NGINX = """\
daemon off;
pid {place}/nginx.pid;
error_log {place}/error.log;
events {{}}
http {{
  access_log off;
  client_body_temp_path {place}/body;
  proxy_temp_path {place}/proxy;
  fastcgi_temp_path {place}/fastcgi;
  uwsgi_temp_path {place}/uwsgi;
  scgi_temp_path {place}/scgi;
  map $http_upgrade $connection_upgrade {{ default upgrade; '' close; }}
  server {{
    listen 127.0.0.1:{port} ssl;
    server_name localhost;
    ssl_certificate {cert};
    ssl_certificate_key {key};
    location /spp/ {{
      proxy_pass http://127.0.0.1:{behind};
      proxy_http_version 1.1;
      proxy_set_header Host $http_host;
      proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
      proxy_set_header X-Forwarded-Proto $scheme;
      proxy_set_header Upgrade $http_upgrade;
      proxy_set_header Connection $connection_upgrade;
    }}
  }}
}}
"""


@contextmanager
def nginx(place: Path, behind: int, certificate: tuple[Path, Path]) -> Iterator[int]:
    program = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
    if program is None:
        pytest.skip("nginx is the proxy")
    port, (cert, key) = free_port(), certificate
    configuration = place / "nginx.conf"
    configuration.write_text(NGINX.format(place=place, port=port, behind=behind, cert=cert, key=key))
    running = subprocess.Popen(
        [program, "-p", str(place), "-c", str(configuration), "-e", str(place / "error.log")],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        yield port
    finally:
        running.terminate()
        running.wait(30)


def test_behind_a_real_proxy_with_tls_people_join_and_save(
    folder: Path, tmp_path_factory: pytest.TempPathFactory, certificate: tuple[Path, Path]
) -> None:
    behind, place = free_port(), tmp_path_factory.mktemp("nginx")
    with nginx(place, behind, certificate) as port:
        public = f"https://localhost:{port}/spp/"
        with serving(
            folder,
            session="dd_practice",
            port=behind,
            base_url="/spp/",
            public_url=public,
            proxies=frozenset({"127.0.0.1"}),
        ) as served:
            client = TlsClient(port, "/spp/", certificate=certificate[0])
            answer = client.join(served.code(ALPHA))
            assert answer.status == 200, answer.text
            assert answer.json["next"].startswith("/spp/")
            assert all("Secure" in value for name, value in answer.every if name == "Set-Cookie")
            assert client.get("spp/start?exercise=dd_practice").status == 200
            save = {"id": "1", "do": "save", "worksheet": "step1_risk_areas", "subject": "company:alpha"}
            saved = client.post("spp/message", save | {"row": "r1", "changes": {"business_area": "x"}})
            assert saved.json["row"]["revision"] == 1, saved.text
            assert client.post("spp/message", save, Origin="https://evil.example").status == 403
            client.join(served.code(Seat.facilitator("dd_practice")))
            assert client.page("desk").headers["Location"].startswith("/spp/voila/render/")
            page = client.page(client.page("desk").headers["Location"])
            assert page.status == 200
            (kernel,) = re.findall(r'"kernelId": "([\w-]+)"', page.text)
            assert answers_through(client, kernel) == {"status": "ok"}


def answers_through(client: TlsClient, kernel: str) -> dict[str, str]:
    """What the kernel of a page says when its websocket goes through the proxy."""
    trusted = ssl.create_default_context(cafile=str(client.certificate))
    cookies = "; ".join(f"{name}={value}" for name, value in client.cookies.items())
    address = f"wss://localhost:{client.port}{client.base}api/kernels/{kernel}/channels?session_id=s"
    head = {"msg_id": "m", "msg_type": "kernel_info_request", "session": "s", "username": "", "date": ""}
    asked = {"header": head, "parent_header": {}, "metadata": {}, "content": {}, "channel": "shell"}
    with connect(
        address, additional_headers={"Cookie": cookies}, origin=Origin(client.origin), ssl=trusted
    ) as line:
        line.send(json.dumps(asked))
        while True:
            told = json.loads(line.recv(30))
            if told["header"]["msg_type"] == "kernel_info_reply":
                return {"status": told["content"]["status"]}


class TlsClient(Client):
    """The same through TLS."""

    def __init__(self, port: int, base: str, certificate: Path):
        super().__init__(port, base)
        self.certificate = certificate

    @property
    def origin(self) -> str:
        return f"https://localhost:{self.port}"

    def connection(self) -> HTTPConnection:
        trusted = ssl.create_default_context(cafile=str(self.certificate))
        return HTTPSConnection("localhost", self.port, timeout=30, context=trusted)


@pytest.mark.parametrize(
    ("proxies", "sent", "believed"),
    [
        ({"127.0.0.1"}, {"X-Forwarded-For": "203.0.113.9"}, ("203.0.113.9", "http")),
        ({"127.0.0.1"}, {"X-Forwarded-For": "6.6.6.6, 203.0.113.9"}, ("203.0.113.9", "http")),
        ({"127.0.0.1"}, {"X-Forwarded-For": "203.0.113.9, 127.0.0.1"}, ("203.0.113.9", "http")),
        ({"127.0.0.1"}, {"X-Forwarded-For": "x; drop table", "X-Real-Ip": "6.6.6.6"}, ("127.0.0.1", "http")),
        ({"127.0.0.1"}, {"X-Real-Ip": "6.6.6.6"}, ("127.0.0.1", "http")),
        ({"127.0.0.1"}, {"X-Forwarded-Proto": "https"}, ("127.0.0.1", "https")),
        ({"127.0.0.1"}, {"X-Forwarded-Proto": "gopher"}, ("127.0.0.1", "http")),
        ({"192.0.2.1"}, {"X-Forwarded-For": "203.0.113.9"}, ("127.0.0.1", "http")),
        (set(), {"X-Forwarded-For": "203.0.113.9", "X-Forwarded-Proto": "https"}, ("127.0.0.1", "http")),
    ],
)
def test_only_a_proxy_may_say_for_whom_it_asks(
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    proxies: set[str],
    sent: dict[str, str],
    believed: tuple[str, str],
) -> None:
    from spp_workshop.serving.requests import NothingHere

    seen: list[tuple[str, str]] = []

    def note(self: Any, *_: Any) -> None:
        seen.append((self.request.remote_ip, self.request.protocol))
        self.finish(json.dumps({}))

    monkeypatch.setattr(NothingHere, "refuse", note)
    with serving(folder, proxies=frozenset(proxies)) as served:
        served.client().ask("GET", "nothing", headers=sent)
    assert seen == [believed]


# --- What it does not import ------------------------------------------------------------------------------


def test_the_first_page_is_sent_without_what_only_kernels_and_painters_need(folder: Path) -> None:
    """Memory and seconds: thirty people join a server on a small machine."""
    told = subprocess.run(
        [sys.executable, "-c", _IMPORTS, str(folder)], capture_output=True, text=True, timeout=120, check=True
    )
    assert told.stdout.split() == ["200"]


_IMPORTS = """
import sys
sys.path.insert(0, "tests")
from pathlib import Path
from serving.conftest import serving
from spp_workshop.seats import Seat
with serving(Path(sys.argv[1]), session="dd_practice") as served:
    client = served.joined(Seat.company("alpha"))
    print(client.get("spp/start?exercise=dd_practice").status)
for name in ("pandas", "matplotlib", "papermill", "nbconvert", "voila"):
    if name in sys.modules:
        print(name)
"""


def test_the_store_of_a_served_folder_can_be_opened_beside(folder: Path) -> None:
    with serving(folder, session="dd_practice") as served:
        served.joined(ALPHA)
        beside = open_workshop(folder)
        assert beside.revision() == served.room.workshop.revision()
        beside.store.engine.dispose()
