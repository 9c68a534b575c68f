"""The pages of the exercises: the same for everybody, nobody's answers in them, made once and kept."""

from __future__ import annotations

import gzip
import json
import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from bs4 import BeautifulSoup

from spp_workshop import notebooks
from spp_workshop.documents import shipped
from spp_workshop.exercises import charts_of, worksheets_of
from spp_workshop.seats import Seat
from spp_workshop.serving.assets import address, edition
from spp_workshop.serving.kept_pages import CACHE, NoPage, Pages, _Maker
from spp_workshop.workshop import Workshop, open_workshop

from .conftest import Served, finished

EXERCISES = [path for path in notebooks.shipped_notebooks() if notebooks.is_exercise(path)]
SECRET = "とても秘密の製品"
PRACTICE = "exercise/dd_practice"


@pytest.fixture
def pages(folder: Path) -> Iterator[Callable[[], Pages]]:
    """Makes the pages of the workshop folder, as a server that is started does."""
    made: list[Pages] = []

    def pages() -> Pages:
        made.append(Pages(open_workshop(folder, seat=Seat.projector()), "dd_practice"))
        return made[-1]

    yield pages
    for each in made:
        each.close()


def of(pages: Pages, session: str = "dd_practice", base_url: str = "/") -> str:
    return finished(pages.page(session, base_url)).plain.decode()


def parsed(text: str) -> Any:
    return BeautifulSoup(text, "html.parser")


# --- What is on a page ------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pages]:
    """The pages of the sample programme, which has all six exercises."""
    folder = tmp_path_factory.mktemp("whole")
    shutil.copy(shipped("programmes") / "spp-2025" / "programme.yaml", folder)
    pages = Pages(open_workshop(folder, seat=Seat.projector()))
    pages.begin()
    yield pages
    pages.close()


@pytest.mark.parametrize("notebook", EXERCISES, ids=lambda path: path.stem)
def test_every_form_and_chart_of_an_exercise_has_its_place_on_the_page(whole: Pages, notebook: Path) -> None:
    page = parsed(of(whole, notebook.stem))
    assert [part["data-form"] for part in page.select("[data-form]")] == list(worksheets_of(notebook))
    assert [part["data-chart"] for part in page.select("[data-chart]")] == list(charts_of(notebook))
    assert json.loads(whole.forms(notebook.stem).plain).keys() == set(worksheets_of(notebook))


@pytest.mark.parametrize("notebook", EXERCISES, ids=lambda path: path.stem)
@pytest.mark.parametrize("language", ["ja", "en"])
def test_every_step_of_an_exercise_is_there_in_each_language(
    whole: Pages, notebook: Path, language: str
) -> None:
    cells = notebooks.prepare(notebooks.read(notebook), language, {}, whole.workshop.programme).cells
    prose = [cell.source for cell in cells if cell.cell_type == "markdown"]
    titles = [text for source in prose for rank, text in notebooks.headings(source) if rank == 2]
    page = parsed(of(whole, notebook.stem))
    steps = page.select("[data-step]")
    assert [step.h2.select_one(f"[lang={language}]").get_text() for step in steps] == titles
    assert len({step["id"] for step in steps}) == len(titles) >= 4
    for step in steps:
        assert step.select_one(f".room-prose > [lang={language}] p"), step["id"]


@pytest.mark.parametrize("notebook", EXERCISES, ids=lambda path: path.stem)
def test_a_page_has_nothing_inline_and_every_id_once(whole: Pages, notebook: Path) -> None:
    page = parsed(of(whole, notebook.stem))
    assert not page.select("style, [style], script:not([src]), iframe")
    ids = [tag["id"] for tag in page.select("[id]")]
    assert len(set(ids)) == len(ids)
    steps = [f"#{step['id']}" for step in page.select("[data-step]")]
    assert [link["href"] for link in page.select(".room-all a")] == steps
    assert [link["href"] for link in page.select("[data-turn=next]")] == steps[1:]
    assert [link["href"] for link in page.select("[data-turn=back]")] == steps[:-1]


def test_a_page_shows_no_code_and_no_part_of_the_facilitators_notes(whole: Pages) -> None:
    page = of(whole, "grievance_practice")
    assert "open_exercise" not in page
    case = next(iter(whole.workshop.cases.values()))
    assert case.situation["ja"].splitlines()[0][:20] in page
    assert case.information_card["ja"][:20] not in page
    assert case.good_handling[0]["ja"][:20] not in page


def test_addresses_begin_with_the_base_address(whole: Pages) -> None:
    page = parsed(of(whole, "closing", "/spp/"))
    named = [tag.get("src") or tag.get("href") for tag in page.select("[src], [href]")]
    assert all(one.startswith(("/spp/", "#", "data:")) for one in named)
    assert page.select_one("[data-start]")["data-start"] == "/spp/spp/start?exercise=closing"


# --- Making and keeping -----------------------------------------------------------------------------------


def test_a_page_is_found_on_disk_at_the_next_start(
    pages: Callable[[], Pages], folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = of(pages())
    monkeypatch.setattr(_Maker, "make", lambda *_: pytest.fail("it was made again"))
    assert of(pages()) == first
    assert [path.name.rpartition("-")[0] for path in (folder / CACHE).iterdir()] == ["dd_practice"]


def test_a_page_is_made_anew_when_notebook_worksheets_or_programme_have_changed(
    pages: Callable[[], Pages], folder: Path
) -> None:
    stamps = {pages()._stamp("dd_practice")}
    own = folder / "notebooks" / "participant"
    own.mkdir(parents=True)
    shutil.copy(notebooks.find_exercise("dd_practice"), own)
    with (own / "dd_practice.ipynb").open("a", encoding="utf-8") as file:
        file.write("\n")
    stamps.add(pages()._stamp("dd_practice"))
    (folder / "worksheets").mkdir()
    shutil.copy(shipped("worksheets") / "consent.yaml", folder / "worksheets")
    stamps.add(pages()._stamp("dd_practice"))
    (folder / "programme.yaml").write_bytes((folder / "programme.yaml").read_bytes() + b"# later\n")
    stamps.add(pages()._stamp("dd_practice"))
    assert len(stamps) == 4


def test_an_own_notebook_of_the_workshop_folder_wins(pages: Callable[[], Pages], folder: Path) -> None:
    own = folder / "notebooks" / "participant"
    own.mkdir(parents=True)
    text = notebooks.find_exercise("dd_practice").read_text(encoding="utf-8")
    (own / "dd_practice.ipynb").write_text(text.replace("グループ発表をまとめる", "わが社の見出し"), "utf-8")
    page = of(pages())
    assert "わが社の見出し" in page
    assert "グループ発表をまとめる" not in page


def test_todays_page_is_made_first(pages: Callable[[], Pages], monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[str] = []
    monkeypatch.setattr(_Maker, "make", lambda _, session, __: made.append(session) or {})
    whole = pages()
    whole.begin()
    for found in whole._contents.values():
        found.result(10)
    assert made == ["dd_practice", "dd_preparation"]


def test_a_notebook_that_fails_says_so_in_a_sentence_and_is_tried_again_when_mended(
    pages: Callable[[], Pages], folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    own = folder / "notebooks" / "participant"
    own.mkdir(parents=True)
    good = notebooks.find_exercise("dd_practice").read_text(encoding="utf-8")
    (own / "dd_practice.ipynb").write_text(good.replace("exercise.chart(", "exercise.no_such("), "utf-8")
    failing = pages()
    with pytest.raises(NoPage, match="could not be made"):
        of(failing)
    assert "ended with an error (AttributeError)" in caplog.text
    (own / "dd_practice.ipynb").write_text(good, encoding="utf-8")
    assert "data-chart" in of(failing)


def test_a_maker_that_is_ended_is_replaced_and_nobody_notices(
    pages: Callable[[], Pages], caplog: pytest.LogCaptureFixture
) -> None:
    whole = pages()
    whole._maker._begun().kill()
    assert "data-form" in of(whole)
    assert caplog.text == ""


def test_makers_that_always_end_are_told_to_whoever_hosts(
    pages: Callable[[], Pages], caplog: pytest.LogCaptureFixture
) -> None:
    whole = pages()
    begun = whole._maker._begun

    def ended() -> Any:
        process = begun()
        process.kill()
        return process

    whole._maker._begun = ended  # type: ignore[method-assign]
    with pytest.raises(NoPage):
        of(whole)
    assert caplog.text.count("The process that makes the pages of the exercises has ended.") == 1
    whole._maker._begun = begun  # type: ignore[method-assign]
    assert "data-form" in of(whole)


def test_the_process_that_makes_pages_ends_with_the_last_one(pages: Callable[[], Pages]) -> None:
    whole = pages()
    of(whole)
    for _ in range(100):
        if whole._maker._process is None:
            return
        time.sleep(0.05)
    pytest.fail("it is still there")


def test_a_folder_that_cannot_be_written_to_is_no_obstacle(pages: Callable[[], Pages], folder: Path) -> None:
    (folder / ".cache").write_text("a file where the folder should be", encoding="utf-8")
    assert "data-form" in of(pages())


# --- Over HTTP --------------------------------------------------------------------------------------------


def test_the_page_is_the_same_for_everybody_and_holds_nobodys_answers(
    served: Served, workshop: Workshop
) -> None:
    workshop.save("issues_found", {"situation": SECRET}, subject="company:alpha", row="r1")
    one, other = (served.joined(Seat.company(key)).page(PRACTICE) for key in ("alpha", "beta"))
    assert (one.status, other.status) == (200, 200)
    assert one.body == other.body
    for text in (one.text, served.joined(Seat.company("alpha")).get(f"{PRACTICE}/forms.json").text):
        assert SECRET not in text
        assert "アルファ" not in text


def test_now_leads_to_todays_exercise(served: Served) -> None:
    answer = served.joined(Seat.company("alpha")).page("now")
    assert (answer.status, answer.headers["Location"]) == (302, "/exercise/dd_practice")


@pytest.mark.parametrize("path", ["now", PRACTICE, f"{PRACTICE}/forms.json", "exercise/nothing"])
def test_nobody_gets_a_page_without_a_seat(served: Served, path: str) -> None:
    client = served.client()
    assert client.page(path).headers.get("Location") == "/join"
    assert client.get(path).status == 401


@pytest.mark.parametrize("path", ["now", PRACTICE, f"{PRACTICE}/forms.json"])
def test_the_pages_are_for_participants(served: Served, path: str) -> None:
    assert served.joined(Seat.facilitator("dd_practice")).get(path).status == 403


@pytest.mark.parametrize(
    "path",
    [
        "exercise/nothing",
        "exercise/nothing/forms.json",
        f"{PRACTICE}/forms.json?worksheet=release",
        "exercise/..%2f..%2fprogramme.yaml",
        "exercise/",
        "assets/0123456789abcdef/room.css",
        f"assets/{edition()}/../../workshop.db",
        f"assets/{edition()}/%2e%2e%2fform.js",
        f"assets/{edition()}/report.css",
    ],
)
def test_what_is_not_there_is_not_there(served: Served, path: str) -> None:
    answer = served.joined(Seat.company("alpha")).get(path)
    assert answer.status == 404
    assert answer.json["faults"][0]["text"].keys() == {"ja", "en"}


def test_a_page_that_the_browser_has_is_not_sent_again(served: Served) -> None:
    client = served.joined(Seat.company("alpha"))
    first = client.page(PRACTICE)
    assert first.headers["Cache-Control"] == "private, no-cache"
    again = client.get(PRACTICE, Accept="text/html", If_None_Match=first.headers["Etag"])
    assert (again.status, again.body) == (304, b"")


def test_pages_definitions_and_assets_are_sent_compressed_where_the_browser_takes_it(served: Served) -> None:
    client = served.joined(Seat.company("alpha"))
    for path in (PRACTICE, f"{PRACTICE}/forms.json", address("form.js")):
        plain = client.page(path)
        packed = client.get(path, Accept="text/html", Accept_Encoding="gzip, br")
        assert packed.headers["Content-Encoding"] == "gzip"
        assert packed.headers["Vary"] == "Accept-Encoding"
        assert gzip.decompress(packed.body) == plain.body
        assert len(packed.body) < 0.5 * len(plain.body)


def test_what_has_its_mark_in_its_address_is_kept_by_the_browser(served: Served) -> None:
    client = served.joined(Seat.company("alpha"))
    page = parsed(client.page(PRACTICE).text)
    for form in page.select("[data-form]"):
        answer = client.get(form["data-definition"].lstrip("/"))
        assert "immutable" in answer.headers["Cache-Control"]
        assert list(answer.json) == [form["data-form"]]
    stale = client.get(f"{PRACTICE}/forms.json?worksheet=issues_found&edition=0123")
    assert "immutable" not in stale.headers["Cache-Control"]


def test_scripts_and_styles_are_there_before_one_has_joined(served: Served) -> None:
    client = served.client()
    page = parsed(client.page("join").text)
    named = [tag.get("src") or tag.get("href") for tag in page.select("script[src], link[rel=stylesheet]")]
    assert named
    for one in named:
        answer = client.get(one.lstrip("/"))
        assert answer.status == 200
        assert "immutable" in answer.headers["Cache-Control"]
