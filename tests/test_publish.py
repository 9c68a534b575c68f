"""What leaves the house: a notebook without traces of the machine, and a page that needs only itself."""

from __future__ import annotations

import re
import sys
import tempfile
from html.parser import HTMLParser
from pathlib import Path

import pytest
from bs4 import BeautifulSoup
from conftest import PROGRAMME
from nbformat import NotebookNode, v4

from spp_workshop import notebooks
from spp_workshop.batch import kernels, publish
from spp_workshop.programme import Programme, load
from spp_workshop.worksheet import Text

TINY = Path(__file__).parent / "data" / "notebooks"
GIVEN = {"folder": "../../..", "company": "alpha", "language": "ja", "as_of": "2026-10-01"}
NOTICE = Text(ja='企業と回答は"架空"です</style>。', en="Companies and answers are made up.")


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workshop folder with a name that needs care."""
    folder = tmp_path_factory.mktemp("人権 workshop")
    (folder / "programme.yaml").write_text(PROGRAMME, encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def executed(place: Path) -> NotebookNode:
    """A notebook that shows every kind of output, as it comes from the kernel."""
    notebook = notebooks.read(TINY / "shows_all_kinds_of_output.ipynb")
    return kernels.run(notebooks.prepare(notebook, "ja", {}, load(place)), GIVEN | {"folder": "."}, place)


@pytest.fixture(scope="module")
def shared(executed: NotebookNode, place: Path) -> NotebookNode:
    """The same, to be given away."""
    return publish.shareable(executed, GIVEN, place)


@pytest.fixture
def programme(folder: Path) -> Programme:
    """A programme whose companies are made up."""
    return load(folder).model_copy(update={"fictional": NOTICE})


def page(notebook: NotebookNode, programme: Programme, language: str = "ja") -> str:
    return publish.page(notebook, publish.About(language, "<題名>", programme, "2026-10-01"))


def result(programme: Programme, **data: str) -> str:
    """The page of a notebook with one output."""
    kinds = {kind.replace("_", "/"): value for kind, value in data.items()}
    output = v4.new_output("display_data", data=kinds)
    return page(v4.new_notebook(cells=[v4.new_code_cell("x", outputs=[output])]), programme)


# --- The notebook -----------------------------------------------------------------------------------------


def test_the_run_leaves_a_trace_that_has_to_go(executed: NotebookNode) -> None:
    assert "papermill" in executed.metadata
    assert sys.prefix in str(executed.cells)


def test_no_path_and_no_metadata_of_the_run_is_left(shared: NotebookNode, place: Path) -> None:
    text = publish.as_file(shared, None)
    for private in (str(place), place.name, sys.prefix, str(Path.home()) + "/", tempfile.gettempdir()):
        assert private not in text
    assert "papermill" not in text
    assert "injected" not in text
    assert set(shared.metadata) == {"kernelspec", "language_info"}
    assert all(set(cell.metadata) <= {"tags", "jupyter", "spp_workshop"} for cell in shared.cells)


def test_messages_widgets_and_scripts_are_left_out(shared: NotebookNode) -> None:
    outputs = str([cell.outputs for cell in shared.cells if cell.cell_type == "code"])
    assert "said aloud" in outputs
    for gone in ("whispered", "a warning", "IntSlider", "widget", "alert(2)"):
        assert gone not in outputs


def test_the_notebook_can_be_run_again_from_where_it_lies(shared: NotebookNode) -> None:
    assert notebooks.parameters(shared) == GIVEN


def test_the_run_itself_is_not_changed(executed: NotebookNode, place: Path) -> None:
    before = str(executed)
    publish.shareable(executed, GIVEN, place)
    assert str(executed) == before


@pytest.mark.parametrize("way", ["{}", "<{}/a.py>", "File {}:12", "[31m{}/x[0m", "{}/a b/c", "'{}'"])
def test_a_path_is_taken_out_however_it_is_written(place: Path, way: str) -> None:
    output = v4.new_output("stream", name="stdout", text=way.format(place))
    cells = [
        v4.new_code_cell("x = 1", metadata={"tags": ["parameters"]}),
        v4.new_code_cell("", outputs=[output]),
    ]
    text = publish.as_file(publish.shareable(v4.new_notebook(cells=cells), {}, place), None)
    assert str(place) not in text
    assert place.name not in text


def test_an_error_keeps_its_name_but_no_path(place: Path) -> None:
    error = v4.new_output(
        "error", ename="E", evalue=f"in {place}", traceback=[f"\x1b[31m{place}/x.py\x1b[0m"]
    )
    cells = [
        v4.new_code_cell("x = 1", metadata={"tags": ["parameters"]}),
        v4.new_code_cell("", outputs=[error]),
    ]
    (kept,) = publish.shareable(v4.new_notebook(cells=cells), {}, place).cells[1].outputs
    assert (kept.ename, kept.evalue, kept.traceback) == ("E", "in …", ["…/x.py"])


def test_a_picture_is_not_touched(place: Path) -> None:
    picture = v4.new_output("display_data", data={"image/png": "iVBOR/tmp/AAAA", "text/plain": "/tmp/x"})
    cells = [
        v4.new_code_cell("x = 1", metadata={"tags": ["parameters"]}),
        v4.new_code_cell("", outputs=[picture]),
    ]
    (kept,) = publish.shareable(v4.new_notebook(cells=cells), {}, place).cells[1].outputs
    assert kept.data["image/png"] == "iVBOR/tmp/AAAA"


def test_a_made_up_programme_says_so_in_the_notebook_in_both_languages(shared: NotebookNode) -> None:
    first = publish.as_file(shared, NOTICE).split('"cell_type"')[1]
    assert "架空" in first
    assert "made up" in first
    assert "架空" not in publish.as_file(shared, None)


def test_what_was_printed_in_pieces_is_one_piece(place: Path, programme: Programme) -> None:
    def said(name: str, text: str) -> NotebookNode:
        return v4.new_output("stream", name=name, text=text)

    outputs = [
        said("stdout", "10 %\r20 %"),
        said("stderr", "a warning"),
        said("stdout", f" and {str(place)[:4]}"),
        said("stdout", f"{str(place)[4:]}\n"),
        v4.new_output("display_data", data={"text/plain": "between"}),
        said("stdout", "after\n"),
    ]
    cells = [
        v4.new_code_cell("x = 1", metadata={"tags": ["parameters"]}),
        v4.new_code_cell("", outputs=outputs),
    ]
    shared = publish.shareable(v4.new_notebook(cells=cells), {}, place)
    assert [one.get("text", "picture") for one in shared.cells[1].outputs] == [
        "20 % and …\n",
        "picture",
        "after\n",
    ]
    assert "<pre>20 % and …\n</pre>" in page(shared, programme)
    # What the kernel said is not changed.
    assert [one.get("text", "")[:5] for one in outputs] == [
        "10 %\r",
        "a war",
        " and ",
        str(place)[4:9],
        "",
        "after",
    ]


def test_control_characters_become_visible(place: Path) -> None:
    output = v4.new_output("stream", name="stdout", text="a\x00b\x1bc\ud800d\te\n")
    cells = [
        v4.new_code_cell("x = 1", metadata={"tags": ["parameters"]}),
        v4.new_code_cell("", outputs=[output]),
    ]
    text = publish.as_file(publish.shareable(v4.new_notebook(cells=cells), {}, place), None)
    assert "a�b�c�d\\te" in text
    assert text.encode("utf-8")


# --- The page ---------------------------------------------------------------------------------------------


class Addresses(HTMLParser):
    """Everything in a page that would make a browser ask for something, or run something."""

    def __init__(self, text: str):
        super().__init__()
        self.found: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in ("script", "link", "iframe", "object", "embed", "base"):
            self.found.append(tag)
        for name, value in attrs:
            outside = name in ("src", "href", "srcset", "poster", "data", "action") and value
            if outside and not value.startswith(("#", "data:image/")):
                self.found.append(f"{tag} {name}={value}")
            if name.startswith("on"):
                self.found.append(f"{tag} {name}")


def test_the_page_loads_and_runs_nothing(shared: NotebookNode, programme: Programme) -> None:
    text = page(shared, programme)
    assert Addresses(text).found == []
    assert not re.search(r"url\(|@import|https?://", text)
    assert "default-src 'none'" in text


def test_the_page_shows_results_and_no_code(shared: NotebookNode, programme: Programme) -> None:
    text = page(shared, programme)
    assert "said aloud" in text
    assert "<strong>bold</strong>" in text
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in text
    for hidden in ("import sys", "display(", "whispered", "alert(2)", "IntSlider", "In&nbsp;["):
        assert hidden not in text


@pytest.mark.parametrize("language", ["ja", "en"])
def test_the_page_says_its_language_and_title(
    shared: NotebookNode, programme: Programme, language: str
) -> None:
    text = page(shared, programme, language)
    assert f'<html lang="{language}">' in text
    assert "<title>&lt;題名&gt;</title>" in text
    assert "2026年10月1日" in text if language == "ja" else "October 1, 2026" in text


def test_a_made_up_programme_says_so_on_the_page_and_on_every_sheet_of_paper(
    shared: NotebookNode, programme: Programme
) -> None:
    text = page(shared, programme, "en")
    assert '<p lang="en">Companies and answers are made up.</p>' in text
    assert '<p lang="ja">企業と回答は"架空"です&lt;/style&gt;。</p>' in text.replace("&quot;", '"')
    assert '@top-center { content: "Companies and answers are made up\\2e "; }' in text


def test_a_notice_cannot_break_out_of_the_style_sheet(shared: NotebookNode, programme: Programme) -> None:
    text = page(shared, programme, "ja")
    assert text.count("</style>") == 1
    assert publish.css_text('a"\\\n<é字') == "a\\22 \\5c \\a \\3c é字"


def test_a_programme_that_is_real_has_no_notice(shared: NotebookNode, folder: Path) -> None:
    assert "<aside" not in page(shared, load(folder))
    assert "@top-center { content" not in page(shared, load(folder))


def test_a_long_page_has_a_table_of_contents_that_leads_to_every_section(
    shared: NotebookNode, programme: Programme
) -> None:
    text = page(shared, programme)
    linked = re.findall(r'<li class="rank-(\d)"><a href="#([^"]+)">([^<]+)</a>', text)
    assert [rank for rank, _, _ in linked] == ["2"] * 5 + ["3"]
    assert linked[0][2] == "1番目の節"
    assert linked[5][2] == "A bold heading"
    for _, name, _ in linked:
        assert text.count(f'id="{name}"') == 1
    assert text.index("</h1>") < text.index("<nav") < text.index("<h2")


def test_a_short_page_has_none(programme: Programme) -> None:
    text = page(v4.new_notebook(cells=[v4.new_markdown_cell("# A\n\n## B\n\n## C")]), programme)
    assert "<nav" not in text
    assert ">C</h2>" in text


def test_a_picture_has_its_text_alternative(programme: Programme) -> None:
    told = {"alt": 'a "map"', "image/png": {"width": 640}}
    output = v4.new_output("display_data", data={"image/png": "AAAA"}, metadata=told)
    text = page(v4.new_notebook(cells=[v4.new_code_cell("x", outputs=[output])]), programme)
    (picture,) = BeautifulSoup(text, "html.parser").find_all("img")
    assert (picture["alt"], picture["width"]) == ('a "map"', "640")


@pytest.mark.parametrize(
    ("markup", "kept"),
    [
        (
            "<p>a<br>b</p><table><tr><td>c</td></tr></table>",
            "<p>a<br>b</p><table><tr><td>c</td></tr></table>",
        ),
        ("<b>open", "<b>open</b>"),
        ("</div></main><p>closed too often</p>", "<p>closed too often</p>"),
        ("<div><span>crossed</div></span>", "<div><span>crossed</span></div>"),
        ('<P TITLE="a > b">upper case</p>', '<P TITLE="a > b">upper case</p>'),
        ('<img src="data:,">', '<img alt="" src="data:,"/>'),
        ('<img alt="told" src="data:,">', '<img alt="told" src="data:,">'),
        ("<!-- not ended", ""),
    ],
)
def test_what_a_cell_shows_stays_in_its_place(programme: Programme, markup: str, kept: str) -> None:
    for text in (
        result(programme, text_html=markup),
        page(v4.new_notebook(cells=[v4.new_markdown_cell(markup)]), programme),
    ):
        assert kept in text
        assert text.count("<main>") == text.count("</main>") == 1
        assert text.count("<!--") == text.count("-->")
        assert text.index("</main>") > text.index(kept)


@pytest.mark.parametrize("text", ["<b>&", "{{ 7 * 7 }}", "$x^2$", "\\textbf{x}", "\u202eevil"])
def test_plain_text_stays_plain_text(programme: Programme, text: str) -> None:
    escaped = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    assert f"<pre>{escaped}</pre>" in result(programme, text_plain=text)


def test_an_output_that_nobody_can_read_leaves_no_hole(programme: Programme) -> None:
    assert "secret" not in result(programme, application_json="secret", text_latex="secret")
