"""docs/hosting.md: its commands can be read, and its proxies really lead to the server."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from spp_workshop.commands.line import parser
from spp_workshop.preflight import Plan, network, trial
from spp_workshop.serving.addresses import Address, addressed

from .conftest import Certificates, free_port

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "docs" / "hosting.md").read_text(encoding="utf-8")
HOST = "workshop.example.jp"


def commands(text: str = TEXT) -> list[list[str]]:
    """The words after `spp-workshop` in every such command."""
    text = text.replace("\\\n", " ")
    return [shlex.split(line)[1:] for line in re.findall(r"^    (spp-workshop .*)$", text, re.MULTILINE)]


def snippet(language: str, text: str = TEXT) -> str:
    (found,) = re.findall(rf"^```{language}\n(.*?)^```", text, re.DOTALL | re.MULTILINE)
    return str(found)


@pytest.mark.parametrize("words", commands(), ids=" ".join)
def test_every_command_can_be_read_and_its_address_is_allowed(words: list[str]) -> None:
    options = parser("en").parse_args(words)
    if options.command in ("serve", "preflight"):
        assert addressed(options).public_url == (options.public_url or "http://127.0.0.1:8888/")


def test_the_commands_are_there() -> None:
    assert [words[0] for words in commands()] == [
        "preflight", "serve", "serve", "serve", "open", "worksheets"
    ]  # fmt: skip


def test_in_japanese_it_says_the_same_commands_and_proxies() -> None:
    japanese = (ROOT / "docs" / "hosting.ja.md").read_text(encoding="utf-8")
    assert commands(japanese) == commands()
    assert [snippet(one, japanese) for one in ("caddy", "nginx")] == [snippet("caddy"), snippet("nginx")]
    assert len(re.findall("^## ", japanese, re.MULTILINE)) == len(re.findall("^## ", TEXT, re.MULTILINE))


@pytest.fixture
def proxied(folder: Path, certificates: Certificates) -> tuple[Plan, int, Path, Path]:
    """A session behind a proxy that speaks TLS on this machine: its plan, the proxy's port, and its files."""
    certfile, keyfile = certificates("127.0.0.1")
    outside = free_port()
    proxies = frozenset({"127.0.0.1", "::1"})
    address = Address("127.0.0.1", free_port(), f"https://127.0.0.1:{outside}/", proxies=proxies)
    return Plan(folder, address, session="dd_practice", language="en"), outside, certfile, keyfile


@contextmanager
def proxy(words: list[str], port: int, place: Path) -> Iterator[None]:
    with (place / "log").open("wb") as log:
        environment = {**os.environ, "HOME": str(place), "XDG_DATA_HOME": str(place)}
        process = subprocess.Popen(words, stdout=log, stderr=log, env=environment)
    try:
        for _ in range(200):
            assert process.poll() is None, (place / "log").read_text(encoding="utf-8")
            if not network.reached(Plan(place, Address(public_url=f"http://127.0.0.1:{port}/"))):
                break
            time.sleep(0.05)
        yield
    finally:
        process.terminate()
        process.wait(10)


def joins_and_saves(plan: Plan, log: Path) -> None:
    """Through the proxy: somebody joins, sees the page, and saves."""
    with trial.running(plan) as here:
        assert trial.answers(here) == []
        assert trial.address(here) == []
        outside = trial.Trial(
            plan, plan.address.public_url, here.company, here.code, here.process, here.complaints
        )
        assert trial.page(outside) == []
        assert trial.save(outside) == []
        assert here.code.encode() not in log.read_bytes()


def test_nginx_as_it_stands_there_leads_to_the_server(
    proxied: tuple[Plan, int, Path, Path], tmp_path: Path
) -> None:
    nginx = shutil.which("nginx")
    if not nginx:
        pytest.skip("there is no nginx on this machine")
    plan, outside, certfile, keyfile = proxied
    text = snippet("nginx").replace("listen 443 ssl", f"listen 127.0.0.1:{outside} ssl")
    text = re.sub(r"ssl_certificate .*;", f"ssl_certificate {certfile};", text)
    text = re.sub(r"ssl_certificate_key .*;", f"ssl_certificate_key {keyfile};", text)
    text = text.replace(HOST, "127.0.0.1").replace("127.0.0.1:8888", f"127.0.0.1:{plan.address.port}")
    place = Path(tempfile.mkdtemp(dir=tmp_path))
    around = "".join(
        f"{name}_temp_path {place}/{name};" for name in ("proxy", "client_body", "fastcgi", "uwsgi", "scgi")
    )
    user = "user root;" if os.name != "nt" and os.geteuid() == 0 else ""
    (place / "nginx.conf").write_text(
        f"daemon off; {user} pid {place}/pid; error_log stderr; events {{}}\n"
        f"http {{ {around} access_log {place}/access;\n{text}}}\n",
        encoding="utf-8",
    )
    with proxy([nginx, "-p", str(place), "-c", str(place / "nginx.conf"), "-e", "stderr"], outside, place):
        joins_and_saves(plan, place / "access")


def test_caddy_as_it_stands_there_leads_to_the_server(
    proxied: tuple[Plan, int, Path, Path], tmp_path: Path
) -> None:
    caddy = shutil.which("caddy")
    if not caddy:
        pytest.skip("there is no caddy on this machine")
    plan, outside, certfile, keyfile = proxied
    text = snippet("caddy").replace("127.0.0.1:8888", f"127.0.0.1:{plan.address.port}")
    # Only the certificate is another: nobody gives one to a test.
    text = text.replace(f"{HOST} {{", f"https://127.0.0.1:{outside} {{\n    tls {certfile} {keyfile}")
    place = Path(tempfile.mkdtemp(dir=tmp_path))
    alone = "{\n    admin off\n    auto_https disable_redirects\n    skip_install_trust\n}\n"
    (place / "Caddyfile").write_text(alone + text, encoding="utf-8")
    words = [caddy, "run", "--config", str(place / "Caddyfile"), "--adapter", "caddyfile"]
    with proxy(words, outside, place):
        joins_and_saves(plan, place / "log")


def test_a_laptop_in_a_closed_room_is_reached_at_its_own_address(folder: Path) -> None:
    from spp_workshop.serving.addresses import own_address

    here = own_address()
    if not re.fullmatch(r"[\d.]+", here) or here.startswith("127."):
        pytest.skip("this machine is in no network")
    port = str(free_port())
    words = ["serve", str(folder), "--host", "0.0.0.0", "--port", port, "--insecure-lan"]
    address = addressed(parser("en").parse_args(words))
    assert address.public_url == f"http://{here}:{port}/"
    with trial.running(Plan(folder, address, session="dd_practice", insecure_lan=True, language="en")) as one:
        assert trial.answers(one) == []
        assert trial.address(one) == []
