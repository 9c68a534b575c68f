"""The server that preflight really starts: on a copy, joined, written to, read; and what makes each red."""

from __future__ import annotations

import hashlib
import http.server
import json
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from spp_workshop.preflight import Finding, Plan, inspect, trial
from spp_workshop.workshop import Workshop

from .conftest import Certificates, free_port
from .test_still import elsewhere


def states(findings: list[Finding]) -> dict[str, str]:
    return {finding.check: finding.state for finding in findings}


def rules(findings: list[Finding], check: str) -> list[str]:
    (found,) = [finding for finding in findings if finding.check == check]
    return [problem.rule for problem in found.problems]


def contents(folder: Path) -> dict[str, str]:
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in folder.rglob("*")
        if path.is_file() and not path.name.startswith("workshop.db-")
    }


TIMES = ("user", "system", "children_user", "children_system")
LIVE = {"server", "page", "save", "address"}


def test_everything_is_tried_within_twenty_seconds_and_the_folder_stays_as_it_is(
    plan: Plan, alpha: Workshop
) -> None:
    alpha.save("company_profile", {"employees": 40})
    before, began = contents(plan.folder), os.times()
    findings = list(inspect(plan))
    # Time at work, because other tests run on the same processors; Windows does not tell that of a child.
    worked = [getattr(os.times(), name) - getattr(began, name) for name in TIMES]
    assert sum(worked) < 20
    assert states(findings) == {
        **dict.fromkeys(("options", "definitions", "port", "store", "seats", "disk", "fonts"), "green"),
        **dict.fromkeys(("kernels", "server", "page", "save", "address"), "green"),
        "name": "red",
    }
    assert rules(findings, "name") == ["only_here"]
    assert contents(plan.folder) == before
    assert [row["employees"] for row in alpha.records("company_profile")] == [40]


def test_a_port_that_is_taken_hides_nothing_of_the_server(plan: Plan) -> None:
    with socket.create_server(("127.0.0.1", plan.address.port)):
        found = states(list(inspect(plan)))
    assert found["port"] == "red"
    assert [found[name] for name in ("server", "page", "save")] == ["green"] * 3
    assert found["address"] == "not_tried"


def test_wrong_options_hide_nothing_of_the_server(plan: Plan) -> None:
    from spp_workshop.commands.line import parser
    from spp_workshop.preflight import planned

    words = ["preflight", str(plan.folder), "--session", "dd_practice", "--host", "0.0.0.0"]
    options = parser("en").parse_args([*words, "--port", str(free_port())])
    findings = list(inspect(planned(plan.folder, options, "en")))
    assert rules(findings, "options") == ["without_tls"]
    found = states(findings)
    assert [found[name] for name in ("server", "page", "save")] == ["green"] * 3
    # Nothing is said of an address that nobody asked for.
    assert (found["name"], found["address"]) == ("not_tried", "not_tried")


def test_broken_definitions_leave_the_rest_to_be_looked_at(plan: Plan) -> None:
    (plan.folder / "programme.yaml").write_text("key: [\n", encoding="utf-8")
    findings = list(inspect(plan))
    found = states(findings)
    assert found["definitions"] == "red"
    assert {name for name, state in found.items() if state == "not_tried"} == {*LIVE, "seats"}
    assert [found[name] for name in ("disk", "fonts", "kernels", "port", "store")] == ["green"] * 5


def test_a_notebook_of_ones_own_that_fails_makes_the_page_red_and_the_rest_is_tried(plan: Plan) -> None:
    from spp_workshop.notebooks import find_exercise

    shipped = find_exercise("dd_practice", plan.folder)
    text = shipped.read_text(encoding="utf-8")
    own = plan.folder / "notebooks" / "participant" / shipped.name
    own.parent.mkdir(parents=True)
    own.write_text(text.replace("exercise.form(", "exercise.from_nowhere(", 1), encoding="utf-8")
    findings = list(inspect(plan))
    found = states(findings)
    assert found["page"] == "red"
    assert found["server"] == "green"


def test_a_server_that_refuses_to_start_says_why(plan: Plan, monkeypatch: pytest.MonkeyPatch) -> None:
    complaint = "import sys; print('The cellar is under water.', file=sys.stderr); sys.exit(2)"
    monkeypatch.setattr(trial, "_COMMAND", (sys.executable, "-c", complaint))
    findings = list(inspect(plan))
    (server,) = [finding for finding in findings if finding.check == "server"]
    assert server.problems[0].text("en").startswith("The server does not start. The cellar is under water.")
    assert {name for name, state in states(findings).items() if state == "not_tried"} == LIVE - {"server"}


def test_a_server_that_never_answers_is_red_and_ended(plan: Plan, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trial, "SECONDS", 0.5)
    monkeypatch.setattr(trial, "_COMMAND", (sys.executable, "-c", "import time; time.sleep(60)"))
    with trial.running(plan) as one:
        (problem,) = trial.answers(one)
    assert problem.rule == "server_does_not_start"
    assert one.process.poll() is not None


# --- The address of the links -----------------------------------------------------------------------------


@pytest.fixture
def another_server() -> Iterator[int]:
    """Something else that answers every request with a page."""

    class Answers(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b"It works!")

        do_POST = do_GET  # noqa: N815

        def log_message(self, *_: Any) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Answers) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield server.server_port
        server.shutdown()
        thread.join()


@pytest.fixture
def tried(plan: Plan) -> Iterator[trial.Trial]:
    with trial.running(plan) as one:
        assert trial.answers(one) == []
        yield one


def test_an_address_where_something_else_answers_is_red(tried: trial.Trial, another_server: int) -> None:
    public = f"http://127.0.0.1:{another_server}/"
    there = replace(tried, plan=elsewhere(tried.plan, public_url=public))
    assert [problem.rule for problem in trial.address(there)] == ["another_server"]


def test_an_address_where_nobody_answers_is_red(tried: trial.Trial) -> None:
    there = replace(tried, plan=elsewhere(tried.plan, public_url=f"http://127.0.0.1:{free_port()}/"))
    assert [problem.rule for problem in trial.address(there)] == ["not_reached"]


def test_a_save_that_a_server_does_not_keep_is_red(
    tried: trial.Trial, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert trial.save(tried) == []
    posted = trial.Visitor.post

    def forgets(self: trial.Visitor, path: str, data: dict[str, Any]) -> Any:
        if data.get("do") == "open":
            reply = {"revision": 1, "rows": []}
            return trial.Answer(200, path, json.dumps(reply).encode())
        return posted(self, path, data)

    monkeypatch.setattr(trial.Visitor, "post", forgets)
    assert [problem.rule for problem in trial.save(tried)] == ["not_saved"]


def test_a_certificate_is_really_spoken_with(
    plan: Plan, certificates: Certificates, monkeypatch: pytest.MonkeyPatch
) -> None:
    certfile, keyfile = certificates("127.0.0.1")
    port = free_port()
    served = elsewhere(
        plan, port=port, public_url=f"https://127.0.0.1:{port}/", certfile=certfile, keyfile=keyfile
    )
    found = states(list(inspect(served)))
    assert [found[name] for name in ("certificate", "server", "page", "save", "address")] == ["green"] * 5
    old, key = certificates("127.0.0.1", -9, -1)
    findings = list(inspect(elsewhere(served, certfile=old, keyfile=key)))
    assert rules(findings, "certificate") == ["certificate"]
    assert states(findings)["server"] == "green"


# --- The command ------------------------------------------------------------------------------------------


def preflight(plan: Plan, *words: str) -> subprocess.CompletedProcess[str]:
    code = "import sys; from spp_workshop.cli import main; sys.exit(main())"
    port = str(plan.address.port)
    options = ["preflight", str(plan.folder), "--session", "dd_practice", "--port", port]
    return subprocess.run(
        [sys.executable, "-c", code, *options, *words],
        env={**os.environ, "PYTHONUTF8": "1"},
        capture_output=True,
        encoding="utf-8",
        check=False,
    )


def test_the_command_says_with_sign_and_word_what_is_to_be_mended(plan: Plan) -> None:
    done = preflight(plan, "--language", "ja")
    assert done.returncode == 1, done.stdout + done.stderr
    assert done.stdout.count("✓ 良好") == 12
    assert done.stdout.count("✗ 要対応") == 1
    assert "    → ほかの人が開くアドレスを--public-urlに、" in done.stdout
    assert done.stdout.endswith("要対応が1件あります。\n")
    assert "\x1b" not in done.stdout


def test_the_command_tells_a_machine_the_same(plan: Plan) -> None:
    done = preflight(plan, "--json", "--language", "en")
    told = json.loads(done.stdout)
    assert done.returncode == 1
    assert told["ready"] is False
    assert {one["check"]: one["state"] for one in told["checks"]}["save"] == "green"
    (red,) = [one for one in told["checks"] if one["state"] == "red"]
    assert red["problems"][0]["rule"] == "only_here"
    assert red["problems"][0]["remedy"]
