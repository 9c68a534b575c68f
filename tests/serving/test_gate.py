"""The gate: every route with every kind of seat, and whatever somebody without that seat may try."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from conftest import PROGRAMME

from spp_workshop.seats import Seat
from spp_workshop.serving.application import our_routes
from spp_workshop.workshop import open_workshop

from .conftest import Client, Served, serving

KERNEL = "12345678-1234-1234-1234-123456789012"
SECRET = "the secret of beta"

KINDS = ("nobody", "unread", "participant", "facilitator", "projector", "organiser", "custodian")
# What a request for data gets by kind of seat, in the order of KINDS.
EVERYBODY = (200,) * 7
COMPANIES = (401, 403, 200, 403, 403, 403, 403)
LEADERS = (401, 403, 403, 200, 200, 403, 200)
NOWHERE = (404,) * 7
POSTED = (405,) * 7

# Every route, an address of it, and what each kind of seat gets there. A route that is not here fails the
# test: whoever adds one says who may use it.
ROUTES: dict[str, tuple[str, tuple[int, ...]]] = {
    "": ("", (302,) * 7),
    "join": ("join", EVERYBODY),
    "notice": ("notice", (302, *EVERYBODY[1:])),
    "leave": ("leave", POSTED),
    "now": ("now", (401, 403, 302, 403, 403, 403, 403)),
    "exercise/([a-z0-9_]+)": ("exercise/dd_practice", COMPANIES),
    r"exercise/([a-z0-9_]+)/forms\.json": ("exercise/dd_practice/forms.json", COMPANIES),
    r"assets/([0-9a-f]+)/([a-z]+\.(?:css|js))": ("assets/{edition}/form.js", EVERYBODY),
    "spp/start": ("spp/start?exercise=dd_practice", COMPANIES),
    "spp/message": ("spp/message", POSTED),
    "spp/workbook": ("spp/workbook?language=ja", COMPANIES),
    r"spp/chart/([a-z_]+)(\.json|)": ("spp/chart/risk_map?language=ja", COMPANIES),
    "spp/news": ("spp/news?known=0", COMPANIES),
    "desk": ("desk", (401, 403, 403, 302, 302, 403, 302)),
    # Of another session than the facilitator's, and none of the programme: no kernel is started.
    r"voila/render/([\w-]+)\.(desk|screen)\.(ja|en)\.ipynb": (
        "voila/render/elsewhere.desk.ja.ipynb",
        (401, 403, 403, 403, 403, 403, 503),
    ),
    r"api/kernels/(?P<kernel_id>\w+-\w+-\w+-\w+-\w+)": (f"api/kernels/{KERNEL}", (401, *(403,) * 6)),
    r"api/kernels/(?P<kernel_id>\w+-\w+-\w+-\w+-\w+)/channels": (
        f"api/kernels/{KERNEL}/channels",
        (403,) * 7,
    ),
    "voila/(?:templates/lab/)?static/(.+)": ("voila/static/voila.js", LEADERS),
    "voila/labextensions/(.+)": ("voila/labextensions/anywidget/package.json", LEADERS),
    "voila/api/themes/(.+)": ("voila/api/themes/@jupyterlab/theme-light-extension/index.css", LEADERS),
}


@pytest.fixture(scope="module")
def gate(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("gate")
    (folder / "programme.yaml").write_text(PROGRAMME, encoding="utf-8")
    beta = open_workshop(folder, seat=Seat.company("beta"))
    beta.save("issues_found", {"situation": SECRET}, row="r1")
    beta.store.engine.dispose()
    with serving(folder, session="dd_practice") as running:
        yield running


@pytest.fixture(scope="module")
def seated(gate: Served) -> dict[str, Client]:
    return {
        "nobody": gate.client(),
        "unread": gate.joined(Seat.company("beta"), agree=False),
        "participant": gate.joined(Seat.company("alpha")),
        "facilitator": gate.joined(Seat.facilitator("dd_practice")),
        "projector": gate.joined(Seat.projector()),
        "organiser": gate.joined(Seat.organiser()),
        "custodian": gate.joined(Seat.custodian()),
    }


def kernels(gate: Served) -> list[str]:
    found: list[str] = gate.do(gate.application.kernel_manager.list_kernel_ids)
    return found


def the_store(gate: Served) -> tuple[int, int]:
    """How much has been written: responses, without the attendance that the gate counts itself, and seats."""
    counted = "select count(*) from response where worksheet <> 'attendance'", "select count(*) from seat"
    with gate.room.workshop.store.engine.connect() as connection:
        responses, seats = (connection.exec_driver_sql(query).scalar() or 0 for query in counted)
    return responses, seats


# --- The route walk -----------------------------------------------------------------------------------------


def test_every_route_of_the_running_application_is_known(gate: Served) -> None:
    running = [rule.matcher.regex.pattern for rule in gate.application.web_app.wildcard_router.rules]
    assert running == [f"/{path}$" for path in ROUTES] + ["(.*)$"]
    # Nothing answers beside them.
    assert [rule.target for rule in gate.application.web_app.default_router.rules] == [
        gate.application.web_app.wildcard_router
    ]


@pytest.mark.parametrize("route", ROUTES)
def test_each_seat_gets_what_it_may_and_nothing_else(
    gate: Served, seated: dict[str, Client], route: str
) -> None:
    from spp_workshop.serving.assets import edition

    address, expected = ROUTES[route]
    before = the_store(gate)
    answers = [seated[kind].get(address.format(edition=edition())) for kind in KINDS]
    assert dict(zip(KINDS, (answer.status for answer in answers), strict=True)) == dict(
        zip(KINDS, expected, strict=True)
    )
    assert not any(SECRET in answer.body.decode("utf-8", "replace") for answer in answers)
    assert kernels(gate) == []
    assert the_store(gate) == before


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE", "POST", "TRACE", "CONNECT"])
@pytest.mark.parametrize("route", ROUTES)
def test_no_route_does_anything_by_another_method_or_without_our_token(
    gate: Served, seated: dict[str, Client], route: str, method: str
) -> None:
    before = the_store(gate)
    for kind in KINDS:
        answer = seated[kind].ask(method, ROUTES[route][0], b"{}", {"Content-Type": "application/json"})
        assert answer.status in (401, 403, 404, 405), (kind, answer.status)
    assert the_store(gate) == before
    assert kernels(gate) == []


@pytest.mark.parametrize(
    "address",
    [
        "api",
        "api/status",
        "api/contents",
        "api/contents/dd_practice.desk.ja.ipynb",
        "api/sessions",
        "api/kernels",
        "api/kernelspecs",
        "api/terminals",
        "api/config/notebook",
        "api/me",
        "api/shutdown",
        "api/events",
        "api/nbconvert",
        "terminals/1",
        "terminals/websocket/1",
        "files/workshop.db",
        "nbconvert/html/dd_practice.desk.ja.ipynb",
        "view/dd_practice.desk.ja.ipynb",
        "lab",
        "lab/tree/workshop.db",
        "lab/api/workspaces/default",
        "lab/api/settings",
        "tree",
        "notebooks/dd_practice.desk.ja.ipynb",
        "edit/programme.yaml",
        "login",
        "login?token=",
        "logout",
        "metrics",
        "static/favicon.ico",
        "voila",
        "voila/tree",
        "voila/render/",
        "voila/render/dd_practice.ipynb",
        "voila/render/../../workshop.db",
        "voila/files/workshop.db",
        "voila/files/dd_practice.desk.ja.ipynb",
        "voila/api/contents/",
        f"voila/api/shutdown/{KERNEL}",
        f"voila/execution/{KERNEL}",
        "voila/query/" + KERNEL,
        "voila/templates/lab/index.html.j2",
        f"api/kernels/{KERNEL}/restart",
        f"api/kernels/{KERNEL}/interrupt",
    ],
)
def test_what_jupyter_and_voila_bring_is_not_there_for_anybody(
    gate: Served, seated: dict[str, Client], address: str
) -> None:
    for kind in KINDS:
        for answer in (seated[kind].get(address), seated[kind].page(address), seated[kind].post(address)):
            assert answer.status == 404, kind
            assert b"Jupyter" not in answer.body
    assert kernels(gate) == []


@pytest.mark.parametrize(
    "path",
    [
        "/../../../etc/passwd",
        "/%2e%2e/%2e%2e/etc/passwd",
        "/exercise/../../workshop.db",
        "/exercise/..%2f..%2fworkshop.db",
        "/exercise/dd_practice%00",
        "/assets/../../workshop.db",
        "/assets/abc/..%2f..%2fseats.py",
        "/spp/chart/..%2f..%2fworkshop",
        "/voila/static/../../../../../../../../etc/passwd",
        "/voila/static/..%2f..%2f..%2f..%2f..%2f..%2f..%2fetc%2fpasswd",
        "/voila/static/%2fetc%2fpasswd",
        "/voila/static//etc/passwd",
        "/voila/labextensions/..%2f..%2f..%2f..%2fetc%2fpasswd",
        "/voila/labextensions/../../../../pyvenv.cfg",
        "/voila/api/themes/..%2f..%2f..%2fkernels%2fpython3%2fkernel.json",
        "/voila/render/..%2f..%2fworkshop.desk.ja.ipynb",
        "//evil.example/",
    ],
)
def test_no_path_leads_out_of_its_folder(gate: Served, seated: dict[str, Client], path: str) -> None:
    for kind in KINDS:
        answer = seated[kind].ask("GET", path)
        assert answer.status in (400, 401, 403, 404, 405), (kind, answer.status)
        assert b"root:" not in answer.body
        assert b"SQLite" not in answer.body
        assert b"argv" not in answer.body
    assert kernels(gate) == []


@pytest.mark.parametrize(
    ("address", "status"),
    [
        ("spp/start?exercise=dd_practice&company=beta", 200),
        ("spp/start?exercise=dd_practice&subject=company:beta&seat=company:beta", 200),
        ("spp/news?known=0&company=beta", 200),
        ("exercise/dd_practice?company=beta", 200),
        ("exercise/dd_practice/forms.json?company=beta", 200),
        ("spp/chart/risk_map.json?language=ja&company=beta", 200),
        ("exercise/dd_practice/beta", 404),
        ("exercise/beta", 404),
        ("exercise/company_summary", 404),
        ("exercise/programme_report", 404),
        ("spp/start?exercise=company_summary", 404),
        ("voila/render/dd_practice.desk.ja.ipynb?company=beta", 403),
    ],
)
def test_an_address_that_names_another_company_or_notebook_tells_nothing_of_it(
    gate: Served, seated: dict[str, Client], address: str, status: int
) -> None:
    answer = seated["participant"].get(address)
    assert (answer.status, SECRET in answer.text) == (status, False)
    if address.startswith("spp/start") and status == 200:
        assert answer.json == seated["participant"].get("spp/start?exercise=dd_practice").json
        assert answer.json["who"]["company"]["en"] == "Alpha Surface"
    assert kernels(gate) == []


def test_no_handler_of_ours_leaves_it_to_jupyter_who_may_ask() -> None:
    for _, handler, *_ in our_routes():
        for method in ("get", "head", "post", "put", "patch", "delete", "options"):
            ours = getattr(handler, method)
            implemented = ours.__name__ != "_unimplemented_method"
            # A websocket that nobody has joined is refused by its own decorator.
            decorated = hasattr(ours, "__allow_unauthenticated")
            assert decorated or not implemented or handler.__name__ == "SeatKernelHandler", (handler, method)


# --- Headers ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "address", ["join", "nothing", "exercise/dd_practice", "spp/start?exercise=dd_practice"]
)
def test_every_answer_says_that_nothing_comes_from_elsewhere(
    gate: Served, seated: dict[str, Client], address: str
) -> None:
    headers = seated["participant"].page(address).headers
    policy = dict(part.strip().split(" ", 1) for part in headers["Content-Security-Policy"].split(";"))
    assert policy["default-src"] == "'self'"
    assert not {"script-src", "style-src"} & policy.keys()
    assert policy["frame-ancestors"] == "'none'"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "no-referrer"
    assert "Server" not in headers
    assert "Access-Control-Allow-Credentials" not in headers


def test_the_cookie_of_a_seat_is_for_no_script_and_no_other_site(gate: Served) -> None:
    client = gate.client()
    answer = client.join(gate.code(Seat.company("alpha")), agree=False)
    sent = [value for name, value in answer.every if name == "Set-Cookie" and value.startswith("spp_seat=")]
    assert len(sent) == 1
    flags = {flag.strip().lower() for flag in sent[0].split(";")[1:]}
    assert {"httponly", "samesite=lax", "path=/"} <= flags
    assert "secure" not in flags


# --- Forged requests ----------------------------------------------------------------------------------------


def message(**more: object) -> dict[str, object]:
    return {
        "id": 1,
        "do": "save",
        "worksheet": "issues_found",
        "subject": "company:alpha",
        "row": "r1",
        "based_on": 0,
        "changes": {"situation": "forged"},
    } | more


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://127.0.0.1:1"},
        {"Sec_Fetch_Site": "cross-site"},
        {"Sec_Fetch_Site": "same-site"},
        {"X_XSRFToken": ""},
        {"X_XSRFToken": "2|00000000|00000000000000000000000000000000|1"},
    ],
)
@pytest.mark.parametrize("address", ["spp/message", "join", "notice", "leave"])
def test_what_another_page_sends_is_refused(gate: Served, address: str, headers: dict[str, str]) -> None:
    client = gate.joined(Seat.company("alpha"))
    before = the_store(gate)
    answer = client.post(address, message(code=gate_code(gate), agree=True), **headers)
    assert answer.status == 403
    assert answer.json["faults"][0]["rule"] in ("foreign_page", "no_token")
    assert set(answer.json["faults"][0]["text"]) == {"ja", "en"}
    assert the_store(gate) == before


def gate_code(gate: Served) -> str:
    """No code that opens anything: what is refused for its origin must not even be looked at."""
    return "AAAAAAAAAA"


def test_a_form_on_another_page_cannot_send_json(gate: Served) -> None:
    client = gate.joined(Seat.company("alpha"))
    before = the_store(gate)
    answer = client.post("spp/message", message(), Content_Type="text/plain")
    assert answer.status == 415
    assert the_store(gate) == before


def test_the_token_of_somebody_else_is_not_ours(gate: Served) -> None:
    one, other = gate.joined(Seat.company("alpha")), gate.joined(Seat.company("beta"))
    answer = one.post("spp/message", message(), X_XSRFToken=other.cookies["_xsrf"])
    assert answer.status == 403


def test_a_seat_is_taken_from_no_address_and_no_body(gate: Served, seated: dict[str, Client]) -> None:
    token = seated["participant"].cookies["spp_seat"]
    stranger = gate.client()
    assert stranger.get(f"spp/start?exercise=dd_practice&spp_seat={token}&token={token}").status == 401
    assert stranger.get("spp/start?exercise=dd_practice", Authorization=f"token {token}").status == 401
    assert stranger.post("spp/message", message(spp_seat=token, seat=token)).status == 401


@pytest.mark.parametrize("token", ["", "x", "a" * 10_000, "company:alpha", "漢字", "%00", "1' or '1'='1"])
def test_a_made_up_cookie_opens_nothing(gate: Served, token: str) -> None:
    client = gate.client()
    client.cookies["spp_seat"] = token.encode().decode("latin-1")
    assert client.get("spp/start?exercise=dd_practice").status in (400, 401)
    assert client.get("desk").status in (400, 401)


def test_a_code_is_no_cookie(gate: Served) -> None:
    client = gate.client()
    client.cookies["spp_seat"] = gate.code(Seat.company("beta"))
    assert client.get("spp/start?exercise=dd_practice").status == 401


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"null", b'"x"', b"\xff", b"1e999", b"[" * 100_000])
def test_what_cannot_be_read_is_refused_in_a_sentence(gate: Served, body: bytes) -> None:
    client = gate.joined(Seat.company("alpha"))
    answer = client.ask("POST", "spp/message", body, client.headers())
    assert answer.status == 400
    assert answer.json["faults"][0]["text"]["en"]


def test_ten_megabytes_are_refused_unread(gate: Served) -> None:
    client = gate.joined(Seat.company("alpha"))
    before = the_store(gate)
    try:
        answer = client.ask("POST", "spp/message", b"x" * 10_000_000, client.headers())
    except OSError:
        pass  # It has closed the line before all was sent.
    else:
        assert answer.status in (400, 413)
    assert the_store(gate) == before
    assert client.get("spp/start?exercise=dd_practice").status == 200


# --- Pages in sentences -------------------------------------------------------------------------------------


def test_an_address_that_nobody_answers_is_told_in_both_languages(gate: Served) -> None:
    answer = gate.client().page("api/contents")
    assert "There is nothing at this address." in answer.text
    assert "このアドレスには何もありません。" in answer.text


def test_a_fault_of_ours_is_a_sentence_and_no_traceback(
    gate: Served, seated: dict[str, Client], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise RuntimeError(SECRET)

    monkeypatch.setattr(gate.room.workshop.store, "revision", fail)
    monkeypatch.setattr(type(gate.room), "seated", fail)
    answer = seated["participant"].get("spp/start?exercise=dd_practice")
    assert answer.status == 500
    assert answer.json["faults"][0]["rule"] == "our_fault"
    assert "Traceback" not in answer.text
    assert SECRET not in answer.text
    assert SECRET not in caplog.text


def test_where_voila_is_missing_the_page_says_so(
    gate: Served, seated: dict[str, Client], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("spp_workshop.serving.desks.find_spec", lambda name: None)
    answer = seated["facilitator"].page("voila/render/dd_practice.desk.ja.ipynb")
    assert answer.status == 501
    assert "Voila is not installed here" in answer.text
    assert kernels(gate) == []


def test_what_jupyter_takes_for_its_documents_is_a_folder_of_its_own(gate: Served) -> None:
    root = Path(gate.application.contents_manager.root_dir)
    assert [path.name for path in root.iterdir() if not path.name.endswith(".ipynb")] == []
    assert not root.is_relative_to(gate.room.workshop.folder)


@pytest.mark.parametrize(
    "begun",
    [
        b"",
        b"GET /join HTTP/1.1\r\nHost: x\r\n",
        b"POST /join HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{",
    ],
    ids=["nothing", "half a head", "half a body"],
)
def test_a_connection_on_which_nothing_comes_is_not_kept_for_ever(
    folder: Path, monkeypatch: pytest.MonkeyPatch, begun: bytes
) -> None:
    monkeypatch.setattr("spp_workshop.serving.application._PATIENCE", 0.5)
    with serving(folder, session="dd_practice") as running:
        with socket.create_connection(("127.0.0.1", running.port), timeout=20) as waiting:
            waiting.sendall(begun)
            assert waiting.recv(1) == b""
        assert running.client().get("join").status == 200
