"""What is looked at before a server is started: each check is green, and red for what it is for."""

from __future__ import annotations

import os
import shutil
import socket
import sqlite3
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from spp_workshop import seats
from spp_workshop.errors import Problem, SppError
from spp_workshop.preflight import Plan, folder, machine, network
from spp_workshop.workshop import Workshop

from .conftest import Certificates


def rules(check: Callable[[Plan], list[Problem]], plan: Plan) -> list[str]:
    """The rules that are broken; every problem says in both languages what is wrong and how to mend it."""
    try:
        found = check(plan)
    except SppError as error:
        found = error.problems
    for problem in found:
        assert all(problem.text(language) for language in ("ja", "en"))
        assert problem.remedy.text
    return [problem.rule for problem in found]


def elsewhere(plan: Plan, **address: Any) -> Plan:
    return replace(plan, address=replace(plan.address, **address))


# --- The machine ------------------------------------------------------------------------------------------


def test_this_machine_has_fonts_disk_port_and_kernels(plan: Plan) -> None:
    for check in (machine.fonts, machine.disk, machine.port, machine.kernels):
        assert rules(check, plan) == []


def test_no_font_for_charts_is_red(plan: Plan, monkeypatch: pytest.MonkeyPatch) -> None:
    from matplotlib import font_manager

    from spp_workshop.charts import lettering

    western = [font for font in font_manager.fontManager.ttflist if font.name == lettering.LAST]
    monkeypatch.setattr(font_manager.fontManager, "ttflist", western)
    monkeypatch.setitem(sys.modules, "matplotlib_fontja", None)
    lettering._found.cache_clear()
    lettering._letters.cache_clear()
    try:
        assert rules(machine.fonts, plan) == ["no_font"]
    finally:
        lettering._found.cache_clear()
        lettering._letters.cache_clear()


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="other systems bring a Japanese font")
@pytest.mark.parametrize(("listed", "broken"), [("", ["no_screen_font"]), ("Noto Sans CJK JP", [])])
def test_a_screen_without_a_japanese_font_is_red(
    plan: Plan, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, listed: str, broken: list[str]
) -> None:
    lister = tmp_path / "bin" / "fc-list"
    lister.parent.mkdir()
    lister.write_text(f"#!/bin/sh\nprintf '%s' '{listed}'\n", encoding="utf-8")
    lister.chmod(0o755)
    monkeypatch.setenv("PATH", str(lister.parent), prepend=os.pathsep)
    monkeypatch.setenv("DISPLAY", ":0")
    assert rules(machine.fonts, plan) == broken
    monkeypatch.delenv("DISPLAY")
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    assert rules(machine.fonts, plan) == []


def test_a_port_that_another_program_has_is_red(plan: Plan) -> None:
    with socket.create_server(("127.0.0.1", plan.address.port)):
        assert rules(machine.port, plan) == ["port"]
        (problem,) = machine.port(plan)
        assert problem.message.text == "Port {port} is taken by another program."
    assert rules(machine.port, plan) == []


@pytest.mark.parametrize("host", ["192.0.2.7", "nobody.invalid"])
def test_a_host_that_is_not_this_machine_is_red(plan: Plan, host: str) -> None:
    (problem,) = machine.port(elsewhere(plan, host=host))
    assert problem.text("en").startswith(f"“{host}” is no address of this machine.")


def test_too_little_room_on_the_disk_is_red(plan: Plan, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine, "ROOM_NEEDED", shutil.disk_usage(plan.folder).total + 1)
    assert rules(machine.disk, plan) == ["disk_full"]


def test_a_disk_that_refuses_what_is_written_is_red(plan: Plan, monkeypatch: pytest.MonkeyPatch) -> None:
    resource = pytest.importorskip("resource")
    signal = pytest.importorskip("signal")
    before, handler = resource.getrlimit(resource.RLIMIT_FSIZE), signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1_000, before[1]))
    try:
        found = rules(machine.disk, plan)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, handler)
    assert found == ["cannot_write"]


def test_a_folder_that_cannot_be_written_is_red(plan: Plan, tmp_path: Path) -> None:
    if os.name == "nt" or os.geteuid() == 0:
        pytest.skip("whoever runs this test may write everywhere")
    plan.folder.chmod(0o500)
    try:
        assert rules(machine.disk, plan) == ["cannot_write"]
    finally:
        plan.folder.chmod(0o700)


def test_a_kernel_that_does_not_start_is_red(
    plan: Plan, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    from spp_workshop.batch import starter

    def no_process(*_: Any, **__: Any) -> None:
        raise OSError("Cannot allocate memory")

    monkeypatch.setattr(starter, "_manager", no_process)
    assert rules(machine.kernels, plan) == ["no_kernel"]


def test_a_kernel_that_does_not_answer_in_time_is_red(plan: Plan, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine, "KERNEL_SECONDS", 0.02)
    assert rules(machine.kernels, plan) == ["no_kernel"]


def test_voila_that_is_missing_is_red(plan: Plan, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine, "find_spec", lambda name: None)
    assert rules(machine.kernels, plan) == ["no_voila"]


# --- The folder -------------------------------------------------------------------------------------------


def test_this_folder_is_all_right(plan: Plan) -> None:
    for check in (folder.definitions, folder.store, folder.seats):
        assert rules(check, plan) == []


def test_a_folder_without_a_store_is_all_right_but_for_its_codes(plan: Plan) -> None:
    for file in plan.folder.glob("workshop.db*"):
        file.unlink()
    assert rules(folder.store, plan) == []
    assert rules(folder.seats, plan) == ["no_codes"]
    assert not plan.store.exists()


def test_every_broken_definition_is_told(plan: Plan) -> None:
    text = (plan.folder / "programme.yaml").read_text(encoding="utf-8")
    (plan.folder / "programme.yaml").write_text(
        text.replace('end: "11:00"', 'end: "11:15"'), encoding="utf-8"
    )
    (plan.folder / "worksheets").mkdir()
    (plan.folder / "worksheets" / "own.yaml").write_text("name: [\n", encoding="utf-8")
    assert {"minutes_do_not_add_up", "not_yaml"} <= set(rules(folder.definitions, plan))


def test_a_session_that_is_not_there_and_a_programme_without_companies_are_red(plan: Plan) -> None:
    assert rules(folder.definitions, replace(plan, session="dd_practise")) == ["unknown_key"]
    text = (plan.folder / "programme.yaml").read_text(encoding="utf-8")
    head, rest = text.split("companies:\n")
    rest = rest[rest.index("sessions:") :].replace("companies: [alpha]", "companies: []")
    (plan.folder / "programme.yaml").write_text(f"{head}companies: []\n{rest}", encoding="utf-8")
    assert rules(folder.definitions, replace(plan)) == ["no_companies"]


def test_a_store_that_somebody_changed_is_red(plan: Plan, alpha: Workshop) -> None:
    alpha.save("company_profile", {"employees": 40})
    assert rules(folder.store, plan) == []
    with sqlite3.connect(plan.store) as connection:
        connection.execute("UPDATE response SET answers = '{}'")
    assert rules(folder.store, plan) == ["tampered_store"]


def test_a_store_that_is_no_store_or_lies_in_a_cloud_is_red(plan: Plan, tmp_path: Path) -> None:
    cloud = tmp_path / "OneDrive" / "workshop"
    cloud.mkdir(parents=True)
    assert rules(folder.store, replace(plan, folder=cloud)) == ["synchronised_folder"]
    other = tmp_path / "other"
    other.mkdir()
    (other / "workshop.db").write_bytes(b"no database at all" * 100)
    assert rules(folder.store, replace(plan, folder=other)) == ["not_a_store"]


def test_codes_that_are_missing_revoked_or_end_too_early_are_red_and_named(
    plan: Plan, workshop: Workshop
) -> None:
    seats.revoke(workshop.store, "company:alpha")
    seats.renew(workshop.store, "projector", datetime.now(UTC) + timedelta(minutes=-1))
    (shut, early) = folder.seats(plan)
    assert (shut.rule, early.rule) == ("revoked_codes", "codes_end")
    assert "Alpha Surface" in shut.text("en")
    assert "Projector" in early.text("en")
    assert "会場の画面" in early.text("ja")
    assert rules(folder.seats, replace(plan, session="dd_preparation"))[0] == "no_codes"


def test_a_code_has_to_hold_until_the_last_minute_of_the_session(plan: Plan, workshop: Workshop) -> None:
    text = (plan.folder / "programme.yaml").read_text(encoding="utf-8")
    coming = datetime.now().astimezone().date() + timedelta(days=2)
    text = text.replace("2026-10-23", str(coming)).replace("2027-03-31", str(coming + timedelta(days=9)))
    (plan.folder / "programme.yaml").write_text(text, encoding="utf-8")
    end = datetime.combine(coming, datetime.strptime("15:00", "%H:%M").time()).astimezone()  # noqa: DTZ007
    seats.renew(workshop.store, "company:beta", end - timedelta(minutes=1))
    assert rules(folder.seats, replace(plan)) == ["codes_end"]
    seats.renew(workshop.store, "company:beta", end)
    assert rules(folder.seats, replace(plan)) == []


# --- The address ------------------------------------------------------------------------------------------


def test_a_certificate_for_this_name_from_a_known_authority_is_all_right(
    plan: Plan, certificates: Certificates
) -> None:
    certfile, keyfile = certificates("rooms.example.jp")
    served = elsewhere(plan, public_url="https://rooms.example.jp/", certfile=certfile, keyfile=keyfile)
    assert rules(network.certificate, served) == []
    assert rules(network.certificate, plan) == []


@pytest.mark.parametrize(
    "bad",
    [
        ("rooms.example.jp", (-9, -1), "certificate", "The certificate is out of date."),
        ("rooms.example.jp", (1, 9), "certificate", "The certificate is not valid yet."),
        ("other.example.jp", (-1, 9), "certificate", "The certificate is not for “rooms.example.jp”."),
        ("rooms.example.jp", (-1, 1), "certificate_ends", "The certificate ends before the session does"),
    ],
)
def test_a_certificate_that_browsers_would_refuse_is_red(
    plan: Plan, certificates: Certificates, bad: tuple[str, tuple[int, int], str, str]
) -> None:
    name, days, rule, sentence = bad
    text = (plan.folder / "programme.yaml").read_text(encoding="utf-8")
    coming = datetime.now().astimezone().date() + timedelta(days=3)
    text = text.replace("2026-10-23", str(coming)).replace("2027-03-31", str(coming))
    (plan.folder / "programme.yaml").write_text(text, encoding="utf-8")
    certfile, keyfile = certificates(name, *days)
    served = elsewhere(plan, public_url="https://rooms.example.jp/", certfile=certfile, keyfile=keyfile)
    (problem,) = network.certificate(served)
    assert problem.rule == rule
    assert problem.text("en").startswith(sentence)


def test_a_certificate_of_an_authority_that_nobody_knows_is_red(
    plan: Plan, certificates: Certificates, monkeypatch: pytest.MonkeyPatch
) -> None:
    certfile, keyfile = certificates("rooms.example.jp")
    monkeypatch.delenv("SSL_CERT_FILE")
    served = elsewhere(plan, public_url="https://rooms.example.jp/", certfile=certfile, keyfile=keyfile)
    (problem,) = network.certificate(served)
    assert problem.text("en").startswith("Browsers will not trust the certificate of “rooms.example.jp”")


def test_files_that_are_no_certificate_or_no_pair_are_red(
    plan: Plan, certificates: Certificates, tmp_path: Path
) -> None:
    certfile, keyfile = certificates("rooms.example.jp")
    served = elsewhere(plan, public_url="https://rooms.example.jp/", certfile=certfile, keyfile=keyfile)
    for files in (
        {"certfile": tmp_path / "nothing.pem"},
        {"certfile": keyfile},
        {"keyfile": certfile},
        {"keyfile": certfile.with_name("ca.key")},
    ):
        assert rules(network.certificate, elsewhere(served, **files)) == ["unreadable_certificate"]


def test_a_key_with_a_password_is_red_and_nobody_is_asked_for_it(
    plan: Plan, certificates: Certificates
) -> None:
    import subprocess

    certfile, keyfile = certificates("rooms.example.jp")
    locked = keyfile.with_name("locked.key")
    words = ["ec", "-in", str(keyfile), "-aes256", "-passout", "pass:secret", "-out", str(locked)]
    subprocess.run(["openssl", *words], check=True, capture_output=True)
    served = elsewhere(plan, public_url="https://rooms.example.jp/", certfile=certfile, keyfile=locked)
    began = time.monotonic()
    assert rules(network.certificate, served) == ["unreadable_certificate"]
    assert time.monotonic() - began < 5


def test_a_name_that_nobody_knows_or_only_this_machine_is_red(
    plan: Plan, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert rules(network.resolved, elsewhere(plan, public_url="http://nobody.invalid/")) == ["unknown_name"]
    for url in ("http://127.0.0.1:8888/", "http://localhost/", "http://[::1]:8888/"):
        assert rules(network.resolved, elsewhere(plan, public_url=url)) == ["only_here"]
    assert rules(network.resolved, elsewhere(plan, public_url="http://192.0.2.7/")) == []


def test_an_address_where_nobody_listens_is_red(plan: Plan) -> None:
    assert rules(network.reached, plan) == ["not_reached"]
    with socket.create_server(("127.0.0.1", plan.address.port)):
        assert rules(network.reached, plan) == []
