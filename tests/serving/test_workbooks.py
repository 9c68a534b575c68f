"""Homework in Excel on a company's own page: what may come in, from whom, and what it may cost the others."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from openpyxl import load_workbook
from workbook.edited import Edited, sent
from workbook.test_hostile import bomb

from spp_workshop.homework import company_worksheets
from spp_workshop.seats import Seat, revoke, sittings
from spp_workshop.serving.clerks import Clerks, TooMany
from spp_workshop.workbook import refused
from spp_workshop.workbook.asking import LARGEST
from spp_workshop.workbook.recognising import parse
from spp_workshop.workshop import Workshop, open_workshop

from .conftest import Answer, Client, Served, finished, serving

LIST, PLAIN = "issues_found", "company_profile"
SECRET = "betaの秘密"
EXCEL = "application/octet-stream"


@pytest.fixture
def room(served: Served) -> Served:
    return served


@pytest.fixture
def keeper(room: Served) -> Iterator[Workshop]:
    workshop = open_workshop(room.room.workshop.folder)
    yield workshop
    workshop.store.engine.dispose()


@pytest.fixture
def alpha(room: Served) -> Client:
    return room.joined(Seat.company("alpha"))


def book(keeper: Workshop, company: str = "alpha", **answers: Any) -> bytes:
    """A company's workbook with one line filled in."""
    edited = Edited(sent(keeper, company))
    edited.fill(LIST, 0, **(answers or {"situation": "換気が弱い"}))
    return edited.saved()


def send(
    client: Client, content: bytes, do: str = "look", head: dict[str, Any] | None = None, **headers: str
) -> Answer:
    asked = {"do": do, "name": "宿題.xlsx", **(head or {})}
    sent_along = (
        client.headers()
        | {"Content-Type": EXCEL}
        | {name.replace("_", "-"): value for name, value in headers.items()}
    )
    return client.ask("POST", "spp/workbook", json.dumps(asked).encode() + b"\n" + content, sent_along)


def rule(answer: Answer) -> str:
    found: str = answer.json["faults"][0]["rule"]
    assert set(answer.json["faults"][0]["text"]) == {"ja", "en"}
    return found


def counted(answer: Answer) -> dict[str, int]:
    assert answer.status == 200, answer.text
    return {one["state"]: one["count"] for one in answer.json["found"]["counts"]}


def stored(keeper: Workshop, worksheet: str = LIST, company: str = "alpha") -> list[dict[str, Any]]:
    rows = keeper.seated(Seat.company(company)).rows(worksheet)
    return [dict(row.answers) for row in rows if row.revision]


def written(keeper: Workshop) -> list[tuple[str, int]]:
    """What is stored, but for the attendance that the server counts by itself."""
    kept = keeper.store.latest()
    return [(one.digest, one.revision) for one in kept if one.place.worksheet != "attendance"]


# --- There and back -----------------------------------------------------------------------------------------


def test_what_is_in_a_file_is_told_and_nothing_is_stored(alpha: Client, keeper: Workshop) -> None:
    answer = send(alpha, book(keeper, situation="見るだけ", issue="ないもの"))
    assert counted(answer) == {"new": 1, "wrong": 1}
    (sheet,) = answer.json["found"]["sheets"]
    assert (sheet["title"], sheet["urgent"]) == ("事前に見つけた課題", True)
    wrong, new = sheet["lines"]
    assert (wrong["state"], wrong["given"]["en"], bool(wrong["reason"]["ja"])) == ("wrong", "ないもの", True)
    assert (new["state"], new["given"]["en"], new["question"]["en"]) == (
        "new",
        "見るだけ",
        "What you noticed",
    )
    assert stored(keeper) == []
    assert not (keeper.folder / "imports").exists()


def test_what_is_good_is_stored_by_the_person_who_sent_it_and_a_second_time_nothing_changes(
    room: Served, keeper: Workshop
) -> None:
    person = room.joined(Seat.company("alpha"), name="花子")
    content = book(keeper, situation="換気が弱い")
    answer = send(person, content, "store")
    assert answer.json["stored"] == {"count": 1}
    assert stored(keeper) == [{"situation": "換気が弱い"}]
    (kept,) = keeper.store.latest(LIST)
    (seat,) = [one.seat.id for one in sittings(keeper.store) if one.seat.name == "花子"]
    assert kept.author == seat
    assert kept.source.startswith("workbook:")
    assert [file.read_bytes() for file in (keeper.folder / "imports").glob("*.xlsx")] == [content]
    before = written(keeper)
    again = send(person, content, "store")
    assert (again.json["stored"], again.json["found"]["storable"]) == ({"count": 0}, 0)
    assert written(keeper) == before


def test_of_a_conflict_both_answers_are_shown_and_the_files_is_taken_only_when_it_is_said(
    alpha: Client, keeper: Workshop
) -> None:
    own = keeper.seated(Seat.company("alpha"))
    own.save(PLAIN, {"products": "はじめ"})
    edited = Edited(sent(keeper))
    own.save(PLAIN, {"products": "画面で"}, based_on=1)
    edited.answer(PLAIN, products="ブックで")
    answer = send(alpha, edited.saved(), "store")
    (line,) = [one for sheet in answer.json["found"]["sheets"] for one in sheet["lines"]]
    assert (line["state"], line["given"]["ja"], line["stored"]["ja"]) == ("conflict", "ブックで", "画面で")
    assert "--overwrite" not in answer.text
    assert stored(keeper, PLAIN) == [{"products": "画面で"}]
    send(alpha, edited.saved(), "store", {"overwrite": True})
    assert stored(keeper, PLAIN) == [{"products": "ブックで"}]


def test_the_marked_copy_and_the_own_workbook_are_files_of_this_company(
    room: Served, alpha: Client, keeper: Workshop
) -> None:
    keeper.save(PLAIN, {"products": SECRET}, subject="company:beta")
    copy = send(alpha, book(keeper, "alpha", issue="ないもの"), "copy")
    blank = alpha.get("spp/workbook?language=en&company=beta&subject=company:beta&seat=company:beta")
    for answer in (copy, blank):
        assert answer.status == 200
        assert answer.headers["Content-Disposition"].startswith("attachment")
        made = load_workbook(BytesIO(answer.body))
        stamps = [parse(sheet["A1"].value) for sheet in made.worksheets]
        assert {stamp.company for stamp in stamps if stamp} == {"alpha"}
        assert SECRET not in str([[cell.value for row in sheet for cell in row] for sheet in made.worksheets])
    assert "Company profile" in load_workbook(BytesIO(blank.body)).sheetnames
    assert "会社の概要" in load_workbook(BytesIO(alpha.get("spp/workbook").body)).sheetnames
    marks = [cell.comment.text for sheet in load_workbook(BytesIO(copy.body)) for row in sheet for cell in row
             if cell.comment]  # fmt: skip
    assert len(marks) == 1


def test_a_file_with_a_password_asks_for_it(alpha: Client, keeper: Workshop) -> None:
    from msoffcrypto.format.ooxml import OOXMLFile

    locked = BytesIO()
    plain = OOXMLFile(BytesIO(book(keeper, situation="鍵の中")))
    plain.encrypt("ひらけごま", locked)
    assert rule(send(alpha, locked.getvalue())) == "password"
    assert rule(send(alpha, locked.getvalue(), head={"password": "ちがう"})) == "wrong_password"
    assert counted(send(alpha, locked.getvalue(), head={"password": "ひらけごま"})) == {"new": 1}


def test_sheets_that_no_page_takes_are_left_aside_and_told(
    room: Served, alpha: Client, keeper: Workshop
) -> None:
    closed = {sheet.name for sheet in company_worksheets(keeper)} - room.room.openings.worksheets
    assert closed, "every worksheet stands in an exercise: this test has nothing to look at"
    name = min(closed)
    edited = Edited(sent(keeper))
    field = next(one for one in keeper.worksheets[name].questions if one.kind == "text")
    if keeper.worksheets[name].repeats:
        edited.fill(name, 0, **{field.name: "秘密"})
    else:
        edited.answer(name, **{field.name: "秘密"})
    answer = send(alpha, edited.saved(), "store")
    (line,) = [one for sheet in answer.json["found"]["sheets"] for one in sheet["lines"]]
    assert (line["state"], "not filled in here" in line["reason"]["en"]) == ("ignored", True)
    assert stored(keeper, name) == []


# --- Whose it is --------------------------------------------------------------------------------------------


def test_another_companys_file_is_refused_without_a_word_about_whose_and_the_custodian_is_told(
    alpha: Client, keeper: Workshop, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    content = book(keeper, "beta", situation=SECRET)
    before = written(keeper)
    for do in ("look", "store", "copy"):
        answer = send(alpha, content, do)
        assert (answer.status, rule(answer)) == (400, "other_company")
        for word in ("beta", "Beta", "ベータ", SECRET):
            assert word not in answer.text
    assert written(keeper) == before
    assert stored(keeper, company="beta") == []
    noted = refused.noted(keeper.folder)
    assert {line["company"] for line in noted} == {"alpha"}
    assert "Beta Precision" in noted[0]["problems"][0]["text"]["en"]
    file = keeper.folder / refused.FILE
    assert os.name != "posix" or file.stat().st_mode & 0o077 == 0
    said = file.read_text() + caplog.text + "".join(capfd.readouterr())
    assert SECRET not in said
    assert not [kept for kept in file.parent.iterdir() if kept.read_bytes() == content]


def test_a_sheet_of_another_company_in_the_own_workbook_is_not_read(alpha: Client, keeper: Workshop) -> None:
    edited, other = Edited(sent(keeper)), Edited(sent(keeper, "beta"))
    other.answer(PLAIN, products=SECRET)
    mark = other.sheet(PLAIN)["A1"].value
    edited.sheet(PLAIN)["A1"].value = mark
    edited.answer(PLAIN, products=SECRET)
    answer = send(alpha, edited.saved(), "store")
    assert counted(answer)["ignored"] == 1
    assert "beta" not in answer.text.lower()
    assert SECRET not in str(stored(keeper, PLAIN))


def test_a_workbook_of_another_programme_is_refused(alpha: Client, keeper: Workshop) -> None:
    edited = Edited(sent(keeper))
    for sheet in edited.book.worksheets:
        if sheet["A1"].value:
            sheet["A1"].value = str(sheet["A1"].value).replace('"tiny"', '"other"')
    assert rule(send(alpha, edited.saved())) == "other_programme"


@pytest.mark.parametrize(
    ("seat", "status"),
    [(None, 401), (Seat.facilitator("dd_practice"), 403), (Seat.projector(), 403), (Seat.organiser(), 403),
     (Seat.custodian(), 403)],
)  # fmt: skip
def test_only_a_company_sends_and_takes_workbooks_here(
    room: Served, keeper: Workshop, seat: Seat | None, status: int
) -> None:
    client = room.joined(seat) if seat else room.client()
    before = written(keeper)
    assert send(client, book(keeper), "store").status == status
    assert client.get("spp/workbook").status == status
    assert written(keeper) == before


def test_whoever_has_not_read_the_notice_sends_nothing(room: Served, keeper: Workshop) -> None:
    unread = room.joined(Seat.company("alpha"), agree=False)
    assert rule(send(unread, book(keeper), "store")) == "notice_first"


def test_a_seat_that_is_revoked_while_its_file_waits_stores_nothing(room: Served, keeper: Workshop) -> None:
    person = room.joined(Seat.company("beta"))
    content = book(keeper, "beta", situation="遅すぎた")
    clerk = room.room.clerks._clerk
    begin = clerk.begin

    def late(*given: Any) -> Any:
        revoke(keeper.store, "company:beta")
        return begin(*given)

    clerk.begin = late  # type: ignore[method-assign]
    try:
        answer = send(person, content, "store")
    finally:
        clerk.begin = begin  # type: ignore[method-assign]
    assert (answer.status, rule(answer)) == (401, "not_allowed")
    assert stored(keeper, company="beta") == []


# --- Forged and malformed -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Sec_Fetch_Site": "cross-site"},
        {"X_XSRFToken": ""},
        {"X_XSRFToken": "2|00000000|00000000000000000000000000000000|1"},
    ],
)
def test_what_another_page_sends_is_refused(alpha: Client, keeper: Workshop, headers: dict[str, str]) -> None:
    before = written(keeper)
    answer = send(alpha, book(keeper, situation="forged"), "store", **headers)
    assert (answer.status, rule(answer) in ("foreign_page", "no_token")) == (403, True)
    assert written(keeper) == before


def test_another_page_does_not_have_the_own_workbook_written(alpha: Client) -> None:
    assert alpha.get("spp/workbook", Sec_Fetch_Site="cross-site").status == 403


def test_a_form_on_another_page_cannot_send_a_file(alpha: Client, keeper: Workshop) -> None:
    for kind in ("multipart/form-data; boundary=x", "text/plain", "application/x-www-form-urlencoded"):
        assert send(alpha, book(keeper), "store", Content_Type=kind).status == 415


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"PK\x03\x04", b"null\nx", b"[]\nx", b'{"do":"erase"}\nx', b'{"name":"a"}\nx', b"\xff\xfe\nx",
     b'{"do":"look","name":"\\ud800"}\nx', b"{" * 9_000 + b"\n", b"x" * 9_000],
)  # fmt: skip
def test_what_cannot_be_read_is_refused_in_a_sentence(alpha: Client, body: bytes) -> None:
    answer = alpha.ask("POST", "spp/workbook", body, alpha.headers() | {"Content-Type": EXCEL})
    assert (answer.status, rule(answer)) == (400, "unreadable")


@pytest.mark.parametrize(
    "content", [b"", b"PK\x03\x04", b"\xd0\xcf\x11\xe0junk", b"\x89PNG\r\n\0\xff", b"\0" * 900]
)
def test_what_is_no_workbook_is_told_and_nothing_stored(
    alpha: Client, keeper: Workshop, content: bytes
) -> None:
    before = written(keeper)
    answer = send(alpha, content, "store")
    assert answer.status == 400 or answer.json["found"]["storable"] == 0
    assert written(keeper) == before


def test_a_zip_bomb_is_refused_and_the_next_file_is_read(alpha: Client, keeper: Workshop) -> None:
    counted(send(alpha, book(keeper, situation="先に")))  # so that the process is there
    assert rule(send(alpha, bomb(300_000_000))) == "too_large"
    assert counted(send(alpha, book(keeper, situation="次"))) == {"new": 1}


# --- How large, how many, how long --------------------------------------------------------------------------


def raw(room: Served, client: Client, head: str) -> socket.socket:
    """A connection on which the head of a POST was sent."""
    line = socket.create_connection(("127.0.0.1", room.port), timeout=20)
    sent_along = client.headers() | {"Content-Type": EXCEL, "Host": f"127.0.0.1:{room.port}"}
    sent_along["Cookie"] = "; ".join(f"{name}={value}" for name, value in client.cookies.items())
    lines = [f"{name}: {value}" for name, value in sent_along.items()]
    line.sendall("\r\n".join(["POST /spp/workbook HTTP/1.1", *lines, head, "", ""]).encode())
    return line


def left(room: Served) -> list[Path]:
    """What still lies where files are taken in."""
    place = room.room.clerks._place
    return list(place.iterdir()) if place.exists() else []


def all_gone(room: Served) -> bool:
    """Whether nothing lies there any more, a moment after the answer."""
    for _ in range(100):
        if not left(room):
            return True
        time.sleep(0.05)
    return False


def test_sixty_megabytes_are_refused_before_they_are_sent(room: Served, alpha: Client) -> None:
    with raw(room, alpha, "Content-Length: 60000000") as line:
        answer = line.recv(65_536)
    assert answer.startswith(b"HTTP/1.1 413 ")
    assert all_gone(room)


def test_a_body_without_a_length_is_cut_off_at_the_limit(room: Served, alpha: Client) -> None:
    part = b"%x\r\n" % 1_000_000 + b"x" * 1_000_000 + b"\r\n"
    taken = 0
    with raw(room, alpha, "Transfer-Encoding: chunked") as line, suppress(ConnectionError):
        for _ in range(60):
            line.sendall(part)
            taken += 1
    # What lies in the buffers of the line is not read either.
    assert 10 <= taken < 40
    assert alpha.get("spp/news?known=0").status == 200
    assert all_gone(room)


def test_a_chunked_file_of_a_usual_size_is_taken(room: Served, alpha: Client, keeper: Workshop) -> None:
    body = b'{"do": "look", "name": "a.xlsx"}\n' + book(keeper, situation="かけら")
    with raw(room, alpha, "Transfer-Encoding: chunked") as line:
        for at in range(0, len(body), 7_001):
            part = body[at : at + 7_001]
            line.sendall(b"%x\r\n" % len(part) + part + b"\r\n")
        line.sendall(b"0\r\n\r\n")
        assert line.recv(65_536).startswith(b"HTTP/1.1 200 ")


def test_a_little_too_much_is_told_in_a_sentence(room: Served, alpha: Client) -> None:
    answer = send(alpha, b"x" * (LARGEST + 1))
    assert (answer.status, rule(answer)) == (413, "too_large")
    assert all_gone(room)


def test_whoever_goes_away_while_sending_leaves_nothing_behind(room: Served, alpha: Client) -> None:
    with raw(room, alpha, "Content-Length: 100000") as line:
        line.sendall(b'{"do": "store", "name": "a"}\nhalf')
        for _ in range(100):
            if left(room):
                break
            time.sleep(0.05)
        assert left(room)
    assert all_gone(room)
    assert room.room.clerks._waiting.total() == 0


def test_two_people_who_send_the_same_at_once_add_it_once(room: Served, keeper: Workshop) -> None:
    people = [room.joined(Seat.company("alpha")) for _ in range(2)]
    content = book(keeper, situation="同時に送った")
    with ThreadPoolExecutor(2) as threads:
        answers = list(threads.map(lambda person: send(person, content, "store"), people))
    assert [answer.status for answer in answers] == [200, 200]
    assert sorted(answer.json["stored"]["count"] for answer in answers) == [0, 1]
    assert [one["situation"] for one in stored(keeper)].count("同時に送った") == 1


def test_of_one_company_three_wait_and_a_fourth_is_told_to(room: Served, alpha: Client) -> None:
    lines = [raw(room, alpha, "Content-Length: 1000") for _ in range(3)]
    try:
        for _ in range(100):
            if room.room.clerks._waiting["alpha"] == 3:
                break
            time.sleep(0.05)
        answer = send(alpha, b"x")
        assert (answer.status, rule(answer)) == (429, "too_many_files")
    finally:
        for line in lines:
            line.close()


def test_one_company_takes_so_much_of_the_time_and_another_still_may(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("spp_workshop.serving.clerks.MOST", 0.2)
    clerks = Clerks(tmp_path, list, tmp_path / "place")
    monkeypatch.setattr(clerks._clerk, "do", lambda job: time.sleep(job["seconds"]) or {})
    for seconds in (0, 0.21):
        clerks.admit("alpha")
        finished(clerks.do("alpha", {"seconds": seconds}))
        clerks.release("alpha")
    with pytest.raises(TooMany):
        clerks.admit("alpha")
    clerks.admit("beta")
    monkeypatch.setattr("spp_workshop.serving.clerks.WITHIN", 0.0)
    clerks.admit("alpha")
    clerks.close()


can_stop = pytest.mark.skipif(not hasattr(signal, "SIGSTOP"), reason="no process is stopped here")


@can_stop
def test_a_file_that_takes_too_long_is_given_up_and_the_next_one_is_read(
    alpha: Client, keeper: Workshop, room: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    counted(send(alpha, book(keeper, situation="先に")))
    process = room.room.clerks._clerk._process
    assert process
    monkeypatch.setattr("spp_workshop.serving.clerks.PATIENCE", 0.5)
    process.send_signal(signal.SIGSTOP)
    answer = send(alpha, book(keeper))
    assert (answer.status, rule(answer)) == (503, "not_read")
    monkeypatch.undo()
    assert counted(send(alpha, book(keeper, situation="次"))) == {"new": 1}


@can_stop
def test_while_a_file_is_read_the_others_are_answered(alpha: Client, keeper: Workshop, room: Served) -> None:
    counted(send(alpha, book(keeper, situation="先に")))
    process = room.room.clerks._clerk._process
    assert process
    process.send_signal(signal.SIGSTOP)
    beta = room.joined(Seat.company("beta"))
    with ThreadPoolExecutor(1) as thread:
        waiting = thread.submit(send, alpha, book(keeper, situation="長い"))
        for _ in range(20):
            assert beta.get("spp/news?known=0").status == 200
        assert not waiting.done()
        process.send_signal(signal.SIGCONT)
        assert counted(waiting.result()) == {"new": 1}


@pytest.mark.skipif(sys.platform != "linux", reason="memory is limited where the system can do so")
def test_the_process_that_reads_has_a_limit_of_memory_and_lets_others_go_first(
    alpha: Client, keeper: Workshop, room: Served
) -> None:
    counted(send(alpha, book(keeper, situation="先に")))
    process = room.room.clerks._clerk._process
    assert process
    limits = Path(f"/proc/{process.pid}/limits").read_text()
    most = re.search(r"Max address space +(\d+)", limits)
    assert most
    assert int(most[1]) <= 500_000_000
    assert os.getpriority(os.PRIO_PROCESS, process.pid) == 10


def test_the_server_itself_opens_no_workbook() -> None:
    code = (
        "import sys; import spp_workshop.serving.hosting;"
        "print([name for name in ('openpyxl', 'pandas', 'xlsxwriter', 'python_calamine', 'msoffcrypto')"
        " if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_the_process_ends_with_the_server(folder: Path) -> None:
    with serving(folder, session="dd_practice") as running:
        client = running.joined(Seat.company("alpha"))
        assert client.get("spp/workbook").status == 200
        process = running.room.clerks._clerk._process
        assert process
    assert process.returncode is not None
