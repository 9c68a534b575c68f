"""Workbooks that came back, taken in from a notebook: who may do what, and what is kept where."""

from __future__ import annotations

import io
import json
import os
from typing import Any

import pytest
from workbook.edited import Edited, sent

from spp_workshop import receiving
from spp_workshop.errors import AnswerError, NotAllowed
from spp_workshop.receiving import Desk, workbooks
from spp_workshop.seats import Seat
from spp_workshop.spreadsheets.opening import read_content
from spp_workshop.widgets import form
from spp_workshop.workbook import asking, refused
from spp_workshop.workbook.comparing import judge
from spp_workshop.workbook.waiting import waiting
from spp_workshop.workshop import Workshop

LIST, PLAIN = "issues_found", "company_profile"
SECRET, PASSWORD = "とても秘密の製品", "ひらけごま"
LEADER = Seat.facilitator("dd_practice")


def put(desk: Desk, key: str, content: bytes, name: str = "宿題.xlsx", part: int = 1_000_000) -> None:
    """A file in parts, as the page sends it."""
    for at in range(0, max(len(content), 1), part):
        desk.answer(
            {"do": "part", "file": key, "name": name, "at": at}, [memoryview(content[at : at + part])]
        )


def told(desk: Desk, do: str = "look", **asked: Any) -> dict[str, dict[str, Any]]:
    """What is said of all files, by their key."""
    reply, _ = desk.answer({"do": do, **asked}, [])
    return {one["id"]: one for one in reply["files"]}


def counts(one: dict[str, Any]) -> dict[str, int]:
    return {told["state"]: told["count"] for told in one["found"]["counts"]}


def book(workshop: Workshop, company: str = "alpha", **answers: Any) -> bytes:
    edited = Edited(sent(workshop, company))
    edited.fill(LIST, 0, **(answers or {"situation": "換気が弱い"}))
    return edited.saved()


def in_conflict(workshop: Workshop) -> bytes:
    """A workbook of alpha in which an answer was changed that was changed here, too."""
    own = workshop.seated(Seat.company("alpha"))
    own.save(PLAIN, {"products": "はじめ"})
    edited = Edited(sent(workshop))
    own.save(PLAIN, {"products": "画面で"}, based_on=1)
    edited.answer(PLAIN, products="ブックで", sites="新しい所")
    return edited.saved()


def answers(workshop: Workshop, company: str = "alpha", worksheet: str = LIST) -> list[dict[str, Any]]:
    rows = workshop.seated(Seat.company(company)).rows(worksheet)
    return [dict(row.answers) for row in rows if row.revision]


@pytest.fixture
def desk(workshop: Workshop) -> Desk:
    """The custodian's."""
    return Desk(workshop)


@pytest.fixture
def leader(workshop: Workshop) -> Desk:
    """A facilitator's, as it is behind a page."""
    return Desk(workshop.seated(LEADER))


# --- The custodian ------------------------------------------------------------------------------------------


def test_each_file_is_told_with_its_company_before_anything_is_stored(desk: Desk, workshop: Workshop) -> None:
    put(desk, "1", book(workshop))
    put(desk, "2", book(workshop, "beta", situation="油", issue="ないもの"))
    found = told(desk)
    assert [found[key]["found"]["company"]["en"] for key in "12"] == ["Alpha Surface", "Beta Precision"]
    assert [counts(found[key]) for key in "12"] == [{"new": 1}, {"new": 1, "wrong": 1}]
    assert workshop.revision() == 0
    assert not (workshop.folder / "imports").exists()


def test_one_file_is_stored_and_the_other_waits(desk: Desk, workshop: Workshop) -> None:
    put(desk, "1", content := book(workshop))
    put(desk, "2", book(workshop, "beta"))
    found = told(desk, "store", files=["1"], overwrite=[])
    assert found["1"]["stored"] == {"count": 1}
    assert "stored" not in found["2"]
    assert (answers(workshop), answers(workshop, "beta")) == ([{"situation": "換気が弱い"}], [])
    (kept,) = workshop.store.latest(LIST)
    assert kept.source == f"workbook:{read_content(content, '').digest}"
    assert [file.read_bytes() for file in (workshop.folder / "imports").iterdir()] == [content]


def test_of_a_conflict_the_files_answer_is_taken_only_when_it_is_said(desk: Desk, workshop: Workshop) -> None:
    put(desk, "1", in_conflict(workshop))
    found = told(desk, "store", files=["1"], overwrite=[])["1"]
    assert answers(workshop, worksheet=PLAIN) == [{"products": "画面で", "sites": "新しい所"}]
    (line,) = [
        one for sheet in found["found"]["sheets"] for one in sheet["lines"] if one["state"] == "conflict"
    ]
    assert (line["given"]["ja"], line["stored"]["ja"]) == ("ブックで", "画面で")
    told(desk, "store", files=["1"], overwrite=["1"])
    assert answers(workshop, worksheet=PLAIN) == [{"products": "ブックで", "sites": "新しい所"}]


def test_two_files_of_a_company_that_disagree_are_a_conflict_for_both(desk: Desk, workshop: Workshop) -> None:
    put(desk, "1", book(workshop, situation="甲"))
    put(desk, "2", book(workshop, situation="乙"))
    assert [counts(one) for one in told(desk).values()] == [{"conflict": 1}] * 2
    assert [counts(one) for one in told(desk, "remove", file="1").values()] == [{"new": 1}]


def test_the_marked_copy_is_a_file_that_is_named_and_sent(desk: Desk, workshop: Workshop) -> None:
    put(desk, "1", book(workshop, situation="換気", issue="ないもの"))
    reply, (content,) = desk.answer({"do": "copy", "file": "1"}, [])
    assert read_content(content, "copy.xlsx").grids
    found = told(desk, "store", files=["1"], overwrite=[])["1"]
    assert found["at"] == f"output/worksheets/checked/{reply['name']}"
    assert (workshop.folder / found["at"]).is_file()


def test_a_password_opens_its_file_and_is_kept_nowhere(desk: Desk, workshop: Workshop) -> None:
    from msoffcrypto.format.ooxml import OOXMLFile

    stream = io.BytesIO()
    OOXMLFile(io.BytesIO(book(workshop))).encrypt(PASSWORD, stream)
    put(desk, "1", stream.getvalue())
    assert told(desk)["1"]["faults"][0]["rule"] == "password"
    assert told(desk, "unlock", file="1", password="ちがう")["1"]["faults"][0]["rule"] == "wrong_password"
    found = told(desk, "unlock", file="1", password=PASSWORD)
    assert counts(found["1"]) == {"new": 1}
    assert counts(told(desk)["1"]) == {"new": 1}
    assert PASSWORD not in repr(desk.files) + json.dumps(found, ensure_ascii=False)


def test_a_file_that_does_not_say_whose_it_is_is_assigned(desk: Desk, workshop: Workshop) -> None:
    put(desk, "1", "気になった状況,近い人権課題\n換気,\n".encode(), "list.csv")
    fault = told(desk)["1"]["faults"][0]
    assert (fault["rule"], "--company" in fault["text"]["en"]) == ("whose", False)
    found = told(desk, "assign", file="1", company="beta")["1"]
    assert found["found"]["company"]["en"] == "Beta Precision"


def test_what_companies_sent_that_was_anothers_is_told(desk: Desk, workshop: Workshop) -> None:
    put(desk, "1", book(workshop))
    file = desk.files["1"].returned()
    with pytest.raises(AnswerError) as told_to_custodian:
        judge(workshop, file, company="beta")
    refused.note(workshop, "beta", file, told_to_custodian.value.problems)
    reply, _ = desk.answer({"do": "look"}, [])
    (line,) = reply["refused"]
    assert "sent by Beta Precision" in line["en"]
    assert "Alpha Surface" in line["en"]


def test_the_open_forms_are_told_what_was_stored(workshop: Workshop, monkeypatch: pytest.MonkeyPatch) -> None:
    from anywidget import AnyWidget

    heard: list[Any] = []
    monkeypatch.setattr(AnyWidget, "send", lambda _, content, buffers=None: heard.append(content))
    open_form = form(workshop, LIST, company="alpha")
    desk = Desk(workshop)
    put(desk, "1", book(workshop))
    told(desk)
    assert heard == []
    told(desk, "store", files=["1"], overwrite=[])
    assert heard == [{"news": "company:alpha"}]
    open_form.close()


# --- A facilitator's page -----------------------------------------------------------------------------------


def test_a_facilitators_seat_learns_whose_it_is_and_nothing_that_is_stored(
    leader: Desk, workshop: Workshop
) -> None:
    put(leader, "1", in_conflict(workshop))
    reply = told(leader)["1"]
    assert reply["found"]["company"]["en"] == "Alpha Surface"
    assert set(counts(reply)) == {"new"}
    said = json.dumps(reply, ensure_ascii=False)
    assert not [word for word in ("画面で", "はじめ", "ブックで", "新しい所") if word in said]


def test_it_stores_nothing_but_hands_on_to_the_custodian(
    leader: Desk, desk: Desk, workshop: Workshop
) -> None:
    content = in_conflict(workshop)
    before = workshop.revision()
    put(leader, "1", content)
    found = told(leader, "store", files=["1"], overwrite=["1"])
    assert found["1"]["handed"] is True
    assert workshop.revision() == before
    (file,) = waiting(workshop.folder)
    assert file.read_bytes() == content
    assert os.name != "posix" or file.parent.stat().st_mode & 0o077 == 0
    ((key, here),) = told(desk).items()
    assert counts(here) == {"new": 1, "conflict": 1}
    told(desk, "store", files=[key], overwrite=[])
    assert {"sites": "新しい所", "products": "画面で"} in answers(workshop, worksheet=PLAIN)
    assert waiting(workshop.folder) == []
    assert told(Desk(workshop)) == {}


def test_whose_a_file_is_that_does_not_say_so_is_told_once(leader: Desk, desk: Desk) -> None:
    put(leader, "1", "気になった状況,近い人権課題\n換気,\n".encode(), "list.csv")
    told(leader, "assign", file="1", company="beta")
    told(leader, "store", files=["1"], overwrite=[])
    ((_, here),) = told(desk).items()
    assert here["found"]["company"]["en"] == "Beta Precision"


def test_it_gets_no_marked_copy_and_hears_of_no_refusal(leader: Desk, workshop: Workshop) -> None:
    workshop.save(PLAIN, {"products": SECRET}, subject="company:alpha")
    put(leader, "1", book(workshop))
    reply, buffers = leader.answer({"do": "copy", "file": "1"}, [])
    assert buffers == []
    assert reply["refused"] == []
    assert not (workshop.folder / "output").exists()


def test_what_is_put_away_that_waited_is_not_lost(leader: Desk, desk: Desk, workshop: Workshop) -> None:
    put(leader, "1", content := book(workshop))
    told(leader, "store", files=["1"], overwrite=[])
    (key,) = told(desk)
    assert told(desk, "remove", file=key) == {}
    assert waiting(workshop.folder) == []
    assert [file.read_bytes() for file in (workshop.folder / "imports").glob("*.xlsx")] == [content]


@pytest.mark.parametrize("seat", [Seat.organiser(), Seat.projector(), Seat.company("alpha")])
def test_no_other_seat_takes_workbooks_in(workshop: Workshop, seat: Seat) -> None:
    with pytest.raises(NotAllowed):
        workbooks(workshop.seated(seat))


# --- What a page may send -----------------------------------------------------------------------------------


def test_a_file_comes_in_parts_and_in_their_order(desk: Desk, workshop: Workshop) -> None:
    content = book(workshop)
    put(desk, "1", content, part=7_001)
    assert bytes(desk.files["1"].content) == content
    desk.answer({"do": "part", "file": "1", "name": "x", "at": 3}, [b"forged"])
    assert bytes(desk.files["1"].content) == content


def test_more_than_a_file_may_have_is_not_kept(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asking, "LARGEST", 10_000)
    put(desk, "1", b"x" * 10_001, part=1_000)
    assert desk.files == {}


def test_there_is_room_for_so_many_files(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(receiving, "MOST_FILES", 3)
    for number in range(5):
        put(desk, str(number), b"x")
    assert set(desk.files) == {"0", "1", "2"}


@pytest.fixture
def heard(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """What a widget sends."""
    from anywidget import AnyWidget

    found: list[Any] = []
    monkeypatch.setattr(AnyWidget, "send", lambda _, content, buffers=None: found.append(content))
    return found


@pytest.mark.parametrize(
    "content",
    [{}, {"do": "store"}, {"do": "copy", "file": "no"}, {"do": "unlock", "file": ["x"]}, {"do": 5},
     {"do": "part", "file": "1", "at": "0"}, {"do": "assign", "file": "1", "company": "nobody"}],
)  # fmt: skip
def test_whatever_is_sent_is_answered(workshop: Workshop, heard: list[Any], content: dict[str, Any]) -> None:
    widget = workbooks(workshop)
    widget._handle_custom_msg({"id": "7", **content}, [])
    assert [one["id"] for one in heard] == ["7"]
    assert workshop.revision() == 0


def test_no_state_of_the_widget_holds_an_answer_a_name_or_a_password(
    workshop: Workshop, heard: list[Any]
) -> None:
    widget = workbooks(workshop)
    content = book(workshop, situation=SECRET)
    for asked, buffers in (
        ({"do": "part", "file": "1", "name": "秘密の名前.xlsx", "at": 0}, [content]),
        ({"do": "unlock", "file": "1", "password": PASSWORD}, []),
        ({"do": "store", "files": ["1"]}, []),
    ):
        widget._handle_custom_msg({"id": "1", **asked}, buffers)
    assert answers(workshop) == [{"situation": SECRET}]
    state = json.dumps(widget.get_state(), default=str, ensure_ascii=False) + repr(widget)
    assert not [word for word in (SECRET, PASSWORD, "秘密の名前") if word in state]
    assert "秘密の名前" in str(heard)


@pytest.mark.parametrize(("language", "words"), [("ja", "JupyterLabで開いて"), ("en", "JupyterLab")])
def test_where_nothing_can_be_dropped_a_sentence_stands_for_it(
    workshop: Workshop, language: str, words: str
) -> None:
    workshop.language = language  # type: ignore[assignment]
    assert words in workbooks(workshop)._repr_mimebundle_()[0]["text/plain"]
