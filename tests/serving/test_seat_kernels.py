"""Pages with a kernel: whose kernel it is, what may be said to it, and that a forged message does no more."""

from __future__ import annotations

import asyncio
import json
import re
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from jupyter_server.services.kernels.connection.base import (
    deserialize_msg_from_ws_v1,
    serialize_binary_message,
    serialize_msg_to_ws_v1,
)
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect

from spp_workshop.seats import Seat, revoke, sitting
from spp_workshop.workshop import open_workshop

from .conftest import Client, Served, serving

V1 = "v1.kernel.websocket.jupyter.org"
SECRET = "the secret of beta"
FACILITATOR = Seat.facilitator("dd_practice")


@pytest.fixture(scope="module")
def gate(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    from conftest import PROGRAMME

    folder = tmp_path_factory.mktemp("kernels")
    (folder / "programme.yaml").write_text(PROGRAMME, encoding="utf-8")
    beta = open_workshop(folder, seat=Seat.company("beta"))
    beta.save("issues_found", {"situation": SECRET}, row="r1")
    beta.store.engine.dispose()
    with serving(folder, session="dd_practice") as running:
        yield running


@pytest.fixture(scope="module")
def facilitator(gate: Served) -> Client:
    return gate.joined(FACILITATOR)


@pytest.fixture(scope="module")
def desk(facilitator: Client) -> str:
    """The facilitator's page, as it is sent."""
    answer = facilitator.page("voila/render/dd_practice.desk.en.ipynb")
    assert answer.status == 200
    return answer.text


@pytest.fixture(scope="module")
def kernel(desk: str) -> str:
    found = re.search(r'"kernelId": "([\w-]+)"', desk)
    assert found
    return found[1]


Talk = Callable[..., AbstractContextManager["Line"]]


@pytest.fixture
def talk(gate: Served, facilitator: Client, kernel: str) -> Talk:
    """Opens a line from the facilitator's page to its kernel; the protocol may be said."""
    return partial(line, gate, facilitator, kernel)


class Line:
    """The websocket of a page to its kernel, in one of the ways in which Jupyter writes its messages."""

    def __init__(self, socket: Any, protocol: str):
        self.socket, self.protocol = socket, protocol

    def send(
        self,
        kind: str,
        content: dict[str, Any],
        channel: str = "shell",
        metadata: dict[str, Any] | None = None,
    ) -> str:
        message_id = uuid.uuid4().hex
        head = {"msg_id": message_id, "msg_type": kind, "session": "s", "username": "", "version": "5.4"}
        head |= {"date": "2026-11-23T00:00:00Z"}
        parts = {"header": head, "parent_header": {}, "metadata": metadata or {}, "content": content}
        if self.protocol == V1:
            self.socket.send(serialize_msg_to_ws_v1(parts, channel, lambda part: json.dumps(part).encode()))
        elif self.protocol == "binary":
            self.socket.send(serialize_binary_message(parts | {"channel": channel, "buffers": [b"x"]}))
        else:
            self.socket.send(json.dumps(parts | {"channel": channel, "buffers": []}))
        return message_id

    def hear(self, *, until: str = "", seconds: float = 20) -> list[dict[str, Any]]:
        """What comes until a message of this kind, or for so long."""
        heard, deadline = [], time.monotonic() + seconds
        while (left := deadline - time.monotonic()) > 0:
            try:
                message = self._read(self.socket.recv(left))
            except TimeoutError:
                break
            heard.append(message)
            if until and message["header"]["msg_type"] == until:
                return heard
        assert not until, f"no {until} among {[one['header']['msg_type'] for one in heard]}"
        return heard

    def _read(self, sent: Any) -> dict[str, Any]:
        if self.protocol != V1:
            return json.loads(sent)  # type: ignore[no-any-return]
        _, parts = deserialize_msg_from_ws_v1(sent)
        names = ("header", "parent_header", "metadata", "content")
        return {name: json.loads(part) for name, part in zip(names, parts[:4], strict=True)}


@contextmanager
def line(gate: Served, client: Client, kernel: str, protocol: str = "", **headers: str) -> Iterator[Line]:
    cookies = "; ".join(f"{name}={value}" for name, value in client.cookies.items())
    address = f"ws://127.0.0.1:{gate.port}{gate.room.base_url}api/kernels/{kernel}/channels?session_id=s"
    asked = [V1] if protocol == V1 else None
    sent = {"Cookie": cookies, "Origin": client.origin} | headers
    origin = sent.pop("Origin")
    with connect(
        address, additional_headers=sent, subprotocols=asked, origin=origin, max_size=None
    ) as socket:  # type: ignore[arg-type]
        yield Line(socket, protocol)


def comms(page: Line) -> list[str]:
    page.send("comm_info_request", {"target_name": "jupyter.widget"})
    return list(page.hear(until="comm_info_reply")[-1]["content"]["comms"])


def form(page: Line, worksheet: str) -> str:
    """The id of the form of a worksheet among the widgets of the page."""
    asked = uuid.uuid4().hex
    opened = {"comm_id": asked, "target_name": "jupyter.widget.control", "data": {}}
    page.send("comm_open", opened, metadata={"version": "1.0.0"})
    page.send("comm_msg", {"comm_id": asked, "data": {"method": "request_states"}})
    deadline = time.monotonic() + 20
    # What was said before this line was opened may come first.
    while time.monotonic() < deadline:
        for message in page.hear(until="comm_msg"):
            states = message["content"].get("data", {}).get("states", {})
            for widget, state in states.items():
                if state.get("state", {}).get("form", {}).get("name") == worksheet:
                    return str(widget)
    raise AssertionError(worksheet)


def say(page: Line, widget: str, content: dict[str, Any]) -> dict[str, Any]:
    """Send a message of a form to its widget, and give the widget's answer."""
    page.send("comm_msg", {"comm_id": widget, "data": {"method": "custom", "content": content}})
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        for message in page.hear(until="comm_msg"):
            data = message["content"].get("data", {})
            if data.get("method") == "custom" and data["content"].get("id") == content["id"]:
                return dict(data["content"])
    raise AssertionError


# --- Whose kernel it is -----------------------------------------------------------------------------------


def test_a_kernel_is_started_for_the_page_and_runs_as_the_seat(gate: Served, kernel: str, desk: str) -> None:
    assert gate.do(gate.application.kernel_manager.list_kernel_ids) == [kernel]
    assert SECRET not in desk
    # A total is there, which no facilitator's own rows could give.
    assert "Traceback" not in desk
    assert str(gate.room.workshop.folder) not in desk


@pytest.mark.parametrize(
    "seat",
    [None, Seat.company("alpha"), Seat.projector(), Seat.organiser(), Seat.custodian(), FACILITATOR],
    ids=["nobody", "participant", "projector", "organiser", "custodian", "another facilitator"],
)
def test_nobody_else_is_let_near_it_even_by_its_id(gate: Served, kernel: str, seat: Seat | None) -> None:
    client = gate.joined(seat) if seat else gate.client()
    assert client.get(f"api/kernels/{kernel}").status in (401, 403)
    with pytest.raises(InvalidStatus) as refused, line(gate, client, kernel):
        pass
    assert refused.value.response.status_code == 403


def test_its_own_page_is_let_near_it_and_another_site_is_not(
    gate: Served, kernel: str, facilitator: Client
) -> None:
    assert facilitator.get(f"api/kernels/{kernel}").json["id"] == kernel
    with line(gate, facilitator, kernel) as page:
        assert comms(page)
    with (
        pytest.raises(InvalidStatus) as refused,
        line(gate, facilitator, kernel, Origin="https://evil.example"),
    ):
        pass
    assert refused.value.response.status_code == 403


def test_a_seat_that_is_ended_is_let_near_it_no_more(gate: Served) -> None:
    client = gate.joined(Seat.projector())
    seat = one_seat(gate, "projector")
    kernel = gate.wait(gate.application.kernel_manager.start_for(seat))
    with line(gate, client, kernel) as page:
        page.send("kernel_info_request", {})
        page.hear(until="kernel_info_reply")
    client.post("leave")
    with pytest.raises(InvalidStatus), line(gate, client, kernel):
        pass
    gate.wait(gate.application.kernel_manager.shutdown_kernel(kernel, now=True))


@pytest.mark.parametrize("how", ["it leaves", "its code is revoked"])
def test_an_open_line_ends_with_its_seat(gate: Served, how: str) -> None:
    other = Seat.facilitator("dd_preparation")
    client = gate.joined(other)
    manager = gate.application.kernel_manager
    kernel = gate.wait(manager.start_for(one_seat(gate, "facilitator")))
    with line(gate, client, kernel) as page:
        page.send("kernel_info_request", {})
        page.hear(until="kernel_info_reply")
        if how == "it leaves":
            client.post("leave")
        else:
            revoke(gate.room.workshop.store, other.id)
        time.sleep(1.1)
        page.send("kernel_info_request", {})
        with pytest.raises(ConnectionClosed):
            page.hear(until="kernel_info_reply")
    gate.wait(manager.shutdown_kernel(kernel, now=True))


def one_seat(gate: Served, role: str) -> Seat:
    from spp_workshop.seats import sittings

    return next(
        one.seat
        for one in reversed(sittings(gate.room.workshop.store))
        if one.seat.role == role and one.is_personal and not one.revoked
    )


def test_a_seat_that_opens_page_after_page_has_three_kernels_at_most(gate: Served) -> None:
    manager = gate.application.kernel_manager
    seat = Seat("projector", id="busy")
    before = set(gate.do(manager.list_kernel_ids))
    started = [gate.wait(manager.start_for(seat)) for _ in range(5)]
    assert set(gate.do(manager.list_kernel_ids)) - before == set(started[2:])
    for one in started[2:]:
        gate.wait(manager.shutdown_kernel(one, now=True))


def test_pages_that_a_seat_opens_at_once_have_three_kernels_at_most_too(gate: Served) -> None:
    manager = gate.application.kernel_manager
    before = set(gate.do(manager.list_kernel_ids))

    async def start() -> list[str]:
        return await asyncio.gather(*(manager.start_for(Seat("projector", id="hasty")) for _ in range(5)))

    gate.wait(start())
    there = set(gate.do(manager.list_kernel_ids)) - before
    assert len(there) == 3
    for one in there:
        gate.wait(manager.shutdown_kernel(one, now=True))


# --- What may be said to it -------------------------------------------------------------------------------

FORBIDDEN = [
    ("shell", "execute_request"),
    ("control", "execute_request"),
    ("shell", "inspect_request"),
    ("shell", "complete_request"),
    ("shell", "history_request"),
    ("shell", "is_complete_request"),
    ("shell", "connect_request"),
    ("shell", "shutdown_request"),
    ("control", "shutdown_request"),
    ("control", "interrupt_request"),
    ("control", "debug_request"),
    ("control", "create_subshell_request"),
    ("control", "usage_request"),
    ("control", "comm_msg"),
    ("stdin", "input_reply"),
    ("stdin", "execute_request"),
    ("iopub", "execute_request"),
    ("", "execute_request"),
    ("nowhere", "execute_request"),
]


@pytest.mark.parametrize("protocol", ["", "binary", V1])
@pytest.mark.parametrize(("channel", "kind"), FORBIDDEN)
def test_code_and_everything_but_widgets_is_dropped(
    talk: Talk, tmp_path: Path, channel: str, kind: str, protocol: str
) -> None:
    trace = tmp_path / "trace"
    code = {"code": f"open({str(trace)!r}, 'w')", "silent": False, "command": "x", "arguments": {}}
    with talk(protocol) as page:
        sent = page.send(kind, code, channel)
        page.send("kernel_info_request", {})
        heard = page.hear(until="kernel_info_reply")
        heard += page.hear(seconds=0.3)
    assert not trace.exists()
    assert not [one for one in heard if one["parent_header"].get("msg_id") == sent]


@pytest.mark.parametrize("protocol", ["", V1])
@pytest.mark.parametrize("target", ["jupyter.widget", "jupyter.widget.version", "x", ""])
def test_a_page_opens_no_widgets_of_its_own_choice(talk: Talk, target: str, protocol: str) -> None:
    state = {
        "_model_module": "@jupyter-widgets/controls",
        "_model_name": "TextModel",
        "_model_module_version": "2.0.0",
        "_view_module": "@jupyter-widgets/controls",
        "_view_name": "TextView",
        "_view_module_version": "2.0.0",
    }
    with talk(protocol) as page:
        before = set(comms(page))
        opened = {"comm_id": "forged", "target_name": target, "data": {"state": state}, "metadata": {}}
        page.send("comm_open", opened, metadata={"version": "2.1.0"})
        assert set(comms(page)) == before


@pytest.mark.parametrize(
    "sent",
    [
        b"",
        b"\x00",
        b"\xff" * 100,
        b"\x00\x00\x00\x02\xff\xff\xff\xff",
        "",
        "{",
        "[]",
        "null",
        '{"channel": 1}',
        '{"channel":"shell","header":"execute_request","content":{}}',
        "[" * 50_000,
        '{"channel":"shell","header":{"msg_type":["execute_request"]},"content":{}}',
    ],
)
@pytest.mark.parametrize("protocol", ["", V1])
def test_what_is_no_message_is_dropped_and_the_line_holds(
    talk: Talk, sent: str | bytes, protocol: str
) -> None:
    with talk(protocol) as page:
        page.socket.send(sent)
        page.send("kernel_info_request", {})
        page.hear(until="kernel_info_reply")


def test_a_message_of_ten_megabytes_is_dropped(gate: Served, kernel: str, facilitator: Client) -> None:
    with line(gate, facilitator, kernel) as page:
        try:
            page.send("comm_msg", {"comm_id": "x", "data": {"text": "x" * 10_000_000}})
            page.send("kernel_info_request", {})
            page.hear(until="kernel_info_reply")
        except ConnectionClosed:
            pass
    with line(gate, facilitator, kernel) as page:
        assert comms(page)


# --- What widgets can do ----------------------------------------------------------------------------------


def test_a_facilitator_writes_what_a_facilitator_may(gate: Served, kernel: str, facilitator: Client) -> None:
    with line(gate, facilitator, kernel) as page:
        attendance = form(page, "attendance")
        answer = say(
            page,
            attendance,
            {
                "id": "7",
                "do": "save",
                "worksheet": "attendance",
                "subject": "session:dd_practice",
                "row": "by_hand",
                "based_on": 0,
                "changes": {"company": "alpha", "in_room": 2},
            },
        )
    assert "faults" not in answer, answer
    own = sitting(gate.room.workshop.store, facilitator.cookies["spp_seat"])
    assert own
    saved = gate.room.workshop.store.latest("attendance", subject="session:dd_practice")
    assert [row.answers["in_room"] for row in saved if row.place.row == "by_hand"] == [2]
    assert {row.author for row in saved if row.place.row == "by_hand"} == {own.seat.id}


@pytest.mark.parametrize("do", ["open", "save", "submit", "withdraw", "history", "restore"])
@pytest.mark.parametrize("subject", ["company:beta", "session:dd_preparation"])
def test_a_forged_message_of_a_form_does_no_more_than_the_seat_may(
    gate: Served, kernel: str, facilitator: Client, do: str, subject: str
) -> None:
    sheet = "issues_found" if subject.startswith("company") else "attendance"
    with gate.room.workshop.store.engine.connect() as connection:
        before = connection.exec_driver_sql("select count(*) from response").scalar()
    message = {
        "id": "8",
        "do": do,
        "worksheet": sheet,
        "subject": subject,
        "row": "r1",
        "revision": 1,
        "based_on": 1,
        "changes": {"situation": "forged"} if sheet == "issues_found" else {"in_room": 3},
    }
    with line(gate, facilitator, kernel) as page:
        answer = say(page, form(page, "attendance"), message)
    assert SECRET not in json.dumps(answer)
    # What is empty may be shown empty; nothing that somebody wrote is.
    assert all(row["revision"] == 0 for row in answer.get("rows", []))
    assert not answer.get("history")
    assert "faults" in answer or do not in ("save", "withdraw", "restore")
    with gate.room.workshop.store.engine.connect() as connection:
        assert connection.exec_driver_sql("select count(*) from response").scalar() == before


def test_a_facilitator_of_one_session_opens_no_page_of_another(gate: Served, facilitator: Client) -> None:
    answer = facilitator.page("voila/render/dd_preparation.desk.en.ipynb")
    assert answer.status == 403


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec_Fetch_Site": "cross-site"},
        {"Sec_Fetch_Site": "same-site"},
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
    ],
    ids=str,
)
def test_a_page_of_another_address_starts_no_kernel(
    gate: Served, facilitator: Client, headers: dict[str, str]
) -> None:
    before = gate.do(gate.application.kernel_manager.list_kernel_ids)
    answer = facilitator.get("voila/render/dd_practice.desk.en.ipynb", Accept="text/html", **headers)
    assert answer.status == 403
    assert "a page of another address" in answer.text
    assert gate.do(gate.application.kernel_manager.list_kernel_ids) == before


# --- The projector ----------------------------------------------------------------------------------------


def test_the_screen_shows_what_is_for_the_room_and_nothing_for_the_facilitator(gate: Served) -> None:
    client = gate.joined(Seat.projector())
    assert client.page("voila/render/dd_practice.desk.en.ipynb").status == 403
    answer = client.page("voila/render/dd_practice.screen.en.ipynb")
    assert answer.status == 200
    page = answer.text
    assert "How far we are".lower() in page.lower()
    for words in ("<strong>Say</strong>", "<strong>Ask</strong>", "If stuck", "Only for you", "Write:"):
        assert words not in page
    assert SECRET not in page
    assert "application/vnd.jupyter.widget-view+json" not in page


@pytest.mark.parametrize("page", ["desk.en", "desk.ja", "screen.ja"])
def test_no_address_of_another_host_stands_in_a_page(gate: Served, facilitator: Client, page: str) -> None:
    client = facilitator if page.startswith("desk") else gate.joined(Seat.projector())
    text = client.page(f"voila/render/dd_practice.{page}.ipynb").text
    head = text.partition("<body")[0]
    assert not re.findall(r'(?:src|href)="(?:https?:)?//', text)
    assert "cdn" not in head
    assert "There was an error when executing cell" not in text


def test_the_screens_kernel_takes_neither_code_nor_widgets(gate: Served, tmp_path: Path) -> None:
    client, trace = gate.joined(Seat.projector()), tmp_path / "trace"
    page = client.page("voila/render/dd_practice.screen.en.ipynb").text
    found = re.search(r'"kernelId": "([\w-]+)"', page)
    assert found
    code = {"code": f"open({str(trace)!r}, 'w')", "silent": False}
    save = {"id": "9", "do": "save", "worksheet": "issues_found", "subject": "company:beta", "row": "r1"}
    forged = {"method": "custom", "content": save | {"changes": {"situation": "forged"}}}
    for protocol in ("", "binary", V1):
        with line(gate, client, found[1], protocol) as talk:
            before = comms(talk)
            for channel in ("shell", "control"):
                talk.send("execute_request", code, channel)
            talk.send("comm_open", {"comm_id": "forged", "target_name": "jupyter.widget", "data": {}})
            for widget in (*before, "forged"):
                talk.send("comm_msg", {"comm_id": widget, "data": forged})
            assert comms(talk) == before
    assert not trace.exists()
    (beta,) = gate.room.workshop.store.latest("issues_found", subject="company:beta")
    assert beta.answers == {"situation": SECRET}
