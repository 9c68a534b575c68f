"""Bad input and faults through the whole chain, as a person meets them: commands, files, sentences."""

from __future__ import annotations

import json
import re
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from bs4 import BeautifulSoup
from conftest import PROGRAMME

from spp_workshop import answers, forms
from spp_workshop.batch.manifest import Manifest
from spp_workshop.cli import main
from spp_workshop.documents import shipped
from spp_workshop.errors import StoreError
from spp_workshop.programme import folder_names, load
from spp_workshop.visibility import BUILT_IN
from spp_workshop.worksheet import Field, Worksheet, ancestors
from spp_workshop.workshop import Workshop, open_workshop

TINY = Path(__file__).parent / "data" / "notebooks"
Told = Callable[..., tuple[int, str, str]]


@pytest.fixture
def told(capsys: pytest.CaptureFixture[str]) -> Told:
    """Runs a command: its exit status, what it said, and what it complained of."""

    def run(*words: str | Path) -> tuple[int, str, str]:
        status = main([str(word) for word in words])
        return status, *capsys.readouterr()

    return run


def edit(path: Path, *changes: tuple[str, str]) -> None:
    """What a person does in an editor."""
    text = path.read_text(encoding="utf-8")
    for old, new in changes:
        assert old in text, old
        text = text.replace(old, new, 1)
    path.write_text(text, encoding="utf-8")


def use(folder: Path, name: str, as_name: str = "company_summary") -> None:
    """Let the workshop folder have this tiny notebook as its own."""
    (folder / "notebooks").mkdir(exist_ok=True)
    shutil.copy(TINY / f"{name}.ipynb", folder / "notebooks" / f"{as_name}.ipynb")


# --- Definitions: all problems at once --------------------------------------------------------------------


def own_copy(folder: Path, name: str) -> Path:
    """A worksheet of the toolkit that the workshop folder has as its own."""
    target = folder / "worksheets" / f"{name}.yaml"
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy(shipped("worksheets") / f"{name}.yaml", target)
    return target


def line_of(path: Path, part: str) -> int:
    """The last line of the file in which this stands."""
    lines = path.read_text(encoding="utf-8").splitlines()
    return max(number for number, line in enumerate(lines, 1) if part in line)


@pytest.fixture
def broken(folder: Path) -> dict[str, set[tuple[str, int]]]:
    """A folder in which everything is wrong that a person can get wrong; rules and lines by file."""
    programme = folder / "programme.yaml"
    edit(
        programme,
        ("organiser:", "organizer:"),
        ("sector: plating", "sector: platting"),
        ("key: beta, name: {ja: ベータ精密, en: Beta Precision}", "key: alpha, name: {ja: ベータ精密}"),
        ("date: 2026-09-24", "date: 2026-02-30"),
        ("method: mixed", "method: hybrid"),
    )
    consent = own_copy(folder, "consent")
    edit(consent, ("subject: company", "subject: compny"), ("select_one yes_no", "select_one yes_noo"))
    with consent.open("a", encoding="utf-8") as stream:
        stream.write("  - {type: text, name: agreed_by, label: {ja: あ, en: a}}\n")
    votes = own_copy(folder, "votes")
    votes.write_text(votes.read_text(encoding="utf-8") + "\n  : [\n", encoding="utf-8")
    use(folder, "mistyped_parameter")
    use(folder, "no_parameters", "programme_report")
    return {
        "programme.yaml": {
            ("missing", 1),
            ("extra_forbidden", line_of(programme, "organizer")),
            ("unknown_choice", line_of(programme, "platting")),
            ("missing", line_of(programme, "ベータ精密")),
            ("duplicate_key", line_of(programme, "ベータ精密")),
            ("date_from_datetime_parsing", line_of(programme, "2026-02-30")),
            ("literal_error", line_of(programme, "hybrid")),
        },
        "consent.yaml": {
            ("literal_error", line_of(consent, "compny")),
            ("unknown_list", line_of(consent, "yes_noo")),
            ("duplicate_field", line_of(consent, "agreed_by")),
        },
        "votes.yaml": {("not_yaml", line_of(votes, "  : ["))},
        "company_summary.ipynb": {("unknown_parameter", 0), ("missing_parameter", 0)},
        "programme_report.ipynb": {("parameters_cell", 0)},
    }


def test_every_mistake_of_every_file_is_told_at_once_with_its_line(
    told: Told, folder: Path, broken: dict[str, set[tuple[str, int]]]
) -> None:
    status, said, _ = told("validate", folder, "--json", "--language", "ja")
    found: dict[str, set[tuple[str, int]]] = {}
    for problem in json.loads(said)["problems"]:
        file, _, line = problem["where"].partition(":")
        found.setdefault(file.rpartition("/")[2], set()).add((problem["rule"], int(line or 0)))
    assert status == 1
    assert found == broken


@pytest.mark.parametrize("language", ["ja", "en"])
def test_every_mistake_has_a_sentence_and_a_remedy_in_the_readers_language(
    told: Told, folder: Path, broken: dict[str, Any], language: str
) -> None:
    status, said, complaint = told("validate", folder, "--language", language)
    lines = said.splitlines()
    assert (status, complaint) == (1, "")
    assert len(lines) == sum(map(len, broken.values())) + 1
    japanese = [any("ぁ" <= letter <= "ん" for letter in line) for line in lines]
    assert all(japanese) if language == "ja" else not any(japanese)
    assert "Traceback" not in said


def test_a_bad_edit_of_the_programme_leaves_answers_and_documents_alone(told: Told, folder: Path) -> None:
    use(folder, "says_its_parameters")
    assert told("summaries", folder, "--language", "ja")[0] == 0
    before = {path: path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}
    edit(folder / "programme.yaml", ("organiser:", "organizer:"))
    for command in ("summaries", "report"):
        status, said, complaint = told(command, folder)
        assert (status, said) == (2, "")
        assert "organizer" in complaint
    edit(folder / "programme.yaml", ("organizer:", "organiser:"))
    assert {path: path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()} == before


@pytest.mark.parametrize("name", ["mistyped_parameter", "no_parameters"])
@pytest.mark.parametrize("language", ["ja", "en"])
def test_parameters_that_do_not_fit_are_told_by_validate_and_refused_by_every_command(
    told: Told, folder: Path, name: str, language: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("spp_workshop.batch.kernels.run", lambda *_: pytest.fail("a kernel was started"))
    for own in ("company_summary", "programme_report", "dd_practice"):
        use(folder, name, own)
    status, said, _ = told("validate", folder, "--language", language)
    assert status == 1
    for own in ("company_summary", "programme_report", "dd_practice"):
        assert f"notebooks/{own}.ipynb" in said
    for command in (["summaries", folder], ["report", folder], ["open", "dd_practice", folder]):
        status, said, complaint = told(*command, "--language", language)
        assert (status, said) == (2, "")
        assert ("パラメータ" if language == "ja" else "parameter") in complaint
    assert not (folder / "output").exists()


# --- The store's file -------------------------------------------------------------------------------------


def answered(folder: Path) -> Path:
    """A store with answers, closed."""
    workshop = open_workshop(folder)
    for number in range(40):
        workshop.save(
            "company_profile", {"products": f"{number} " * 400}, subject="company:alpha", based_on=number
        )
    workshop.store.engine.dispose()
    return folder / "workshop.db"


def spoil(path: Path, how: str) -> None:
    """What happens to files."""
    if how == "cut off":
        path.write_bytes(path.read_bytes()[: path.stat().st_size // 2 + 13])
    elif how == "another's":
        path.write_bytes(b"PK\x03\x04" + b"a workbook" * 500)
    else:
        with sqlite3.connect(path) as database:
            database.execute("PRAGMA user_version = 99")
        database.close()


@pytest.mark.parametrize(
    ("how", "english", "japanese"),
    [
        ("cut off", "This store is damaged", "壊れて"),
        ("another's", "is not a store of a workshop", "データベースではありません"),
        ("newer", "was made by a newer version", "新しい版"),
    ],
)
def test_a_store_that_cannot_be_used_is_a_sentence_and_stays_as_it_is(
    told: Told, folder: Path, how: str, english: str, japanese: str
) -> None:
    path = answered(folder)
    spoil(path, how)
    before = path.read_bytes()
    for command in ("summaries", "report"):
        for language, words in (("en", english), ("ja", japanese)):
            status, said, complaint = told(command, folder, "--language", language)
            assert (status, said) == (2, "")
            assert words in complaint
            assert len(complaint.splitlines()) == 1
    assert path.read_bytes() == before
    assert sorted(path.name for path in folder.iterdir()) == ["programme.yaml", "workshop.db"]


def test_a_disk_that_is_full_is_a_sentence_and_loses_nothing(folder: Path) -> None:
    answered(folder)
    workshop = open_workshop(folder)
    with workshop.store.engine.connect() as connection:
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar()

    @sa.event.listens_for(workshop.store.engine, "checkout")
    def _no_room(connection: Any, *_: Any) -> None:
        connection.execute(f"PRAGMA max_page_count = {pages}")

    with pytest.raises(StoreError, match="The disk is full"):
        workshop.save("company_profile", {"sites": "広" * 9000}, subject="company:beta")
    workshop.store.engine.dispose()
    (row,) = open_workshop(folder).rows("company_profile", "company:alpha")
    assert row.answers["products"].startswith("39 39")


@pytest.mark.parametrize("command", ["new", "demo"])
def test_nothing_is_begun_in_a_folder_that_a_cloud_drive_copies(
    told: Told, tmp_path: Path, command: str
) -> None:
    drive = tmp_path / "OneDrive - 会社"
    drive.mkdir()
    for place in (drive, drive / "人権"):
        status, _, complaint = told(command, place, "--language", "ja")
        assert status == 2
        assert "クラウドドライブ" in complaint
        assert "OneDrive" not in complaint
    assert list(drive.iterdir()) == []


# --- Two runs at once -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("language", "sentence"),
    [("en", "are just being made by another command"), ("ja", "別のコマンドが作成中です")],
)
@pytest.mark.parametrize("command", ["summaries", "report"])
def test_a_second_run_on_the_same_folder_is_a_sentence_and_touches_nothing(
    told: Told, folder: Path, command: str, language: str, sentence: str
) -> None:
    use(folder, "says_its_parameters")
    use(folder, "reads_the_programme", "programme_report")
    with Manifest(folder, load(folder)):
        before = {path: path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}
        status, said, complaint = told(command, folder, "--language", language)
        after = {path: path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}
    assert (status, said) == (2, "")
    assert sentence in complaint
    assert len(complaint.splitlines()) == 1
    assert re.findall(r"/\S*", complaint) == [f"{folder}:"]
    assert before.keys() - after.keys() == set()
    assert {path.name for path in after.keys() - before.keys()} <= {"workshop.db"}
    assert all(after[path] == before[path] for path in before)


# --- Company names and free text through the whole chain --------------------------------------------------

# What people could type, by mistake or on purpose: each would do harm in another place.
TRICKS = (
    "</title></style></script><script>document.title='run'</script>"
    "<img src='http://evil.example/i.png' onerror=\"document.title='run'\"><style>*{display:none}</style>"
    " $$\\frac{1$ \\(x^{\\) {{ 7 * 7 }}{% raw %}{{ cycler.__init__ }} ${7*7} <%= 7 %> -->]]>"
    ' ![p](http://evil.example/p.png) [l](javascript:alert(1)) \u202eabc\u2066 "\' onclick="x 👩‍🏭𠮷髙 '
)
TYPED = TRICKS + "\x00\x1b[31m\x07" + "w" * 300
KEYS = ("../../x/" + "🙂" * 60, "Ａ社")
OTHERS = ("A社", "..", "con", "長" * 200, "ｶﾞ", "ガ")


def with_companies(folder: Path) -> None:
    """The programme with names that are no file names and no plain text; the first two will answer."""
    text = (folder / "programme.yaml").read_text(encoding="utf-8").replace("[alpha]", f"[{quoted(KEYS[0])}]")
    head, _, rest = text.partition("companies:\n")
    head = head.replace("A tiny programme", quoted("tiny " + TRICKS))
    lines = [
        f"  - {{key: {quoted(key)}, name: {{ja: {quoted(key + TRICKS)}, en: {quoted(key + TRICKS)}}}}}\n"
        for key in (*KEYS, *OTHERS)
    ]
    text = head + "companies:\n" + "".join(lines) + rest[rest.index("sessions:") :]
    text = text.replace("method: mixed", "method: mixed\n    before: [closing_presentation]")
    (folder / "programme.yaml").write_text(text, encoding="utf-8")


def quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def canary(number: int, sheet: Worksheet, field: Field) -> str:
    """Found nowhere else: whose answer it is, and to which question."""
    return f"canary{number}-{sheet.name}-{field.name}-"


def typed(workshop: Workshop, number: int, sheet: Worksheet) -> dict[str, Any]:
    """An answer to every question, as a form sends it; every text is full of tricks."""
    changes: dict[str, Any] = {}
    for field in sheet.questions:
        if field.kind == "text":
            changes[field.name] = canary(number, sheet, field) + TYPED
        elif field.kind.startswith("select") and field.list_name != "companies":
            codes = workshop.choices[field.list_name].codes
            changes[field.name] = codes[:1] if field.kind == "select_multiple" else codes[0]
        elif field.kind in ("integer", "decimal"):
            changes[field.name] = 3
        elif field.kind in ("date", "acknowledge"):
            changes[field.name] = "2026-10-05" if field.kind == "date" else True
    return changes


def answer_everything(workshop: Workshop) -> None:
    """Through the form's messages, as on a page: both companies, the group and the session."""
    sheets = [sheet for sheet in workshop.worksheets.values() if sheet.name not in BUILT_IN]
    for sheet in sorted(sheets, key=lambda sheet: len(ancestors(sheet, workshop.worksheets))):
        shared = {"session": "session:dd_practice", "group": "group:dd_practice.a"}.get(sheet.subject)
        for number, key in enumerate(KEYS):
            row = key if forms.definition(workshop, sheet.name)["rows_are"] else "r1"
            reply = forms.reply(
                workshop,
                {
                    "do": "save",
                    "worksheet": sheet.name,
                    "subject": shared or f"company:{key}",
                    "row": row if sheet.repeats else "",
                    "changes": typed(workshop, number if not shared else 9, sheet),
                },
            )
            known = {"faults", "refused", "conflicts"} & {name for name in reply if reply[name]}
            assert not known - ({"conflicts"} if shared else set()), (sheet.name, reply)


@dataclass
class Made:
    """What one run of the commands left behind."""

    folder: Path
    said: str
    outcomes: list[dict[str, Any]]

    def files(self, number: int) -> list[Path]:
        """The files of one company."""
        own = [one for one in self.outcomes if one["company"] == KEYS[number]]
        return [self.folder / path for one in own for path in one["files"].values()]

    @property
    def shared(self) -> list[str]:
        """What is seen of the run as a whole: manifest, overview, names of files, sayings of the commands."""
        output = self.folder / "output"
        names = [path.relative_to(self.folder).as_posix() for path in output.rglob("*")]
        return [(output / name).read_text(encoding="utf-8") for name in ("run.json", "index.html")] + [
            *names,
            self.said,
        ]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    """The real summaries and the real report of that programme, made by the real command."""
    folder = tmp_path_factory.mktemp("tricks")
    (folder / "programme.yaml").write_text(PROGRAMME, encoding="utf-8")
    with_companies(folder)
    workshop = open_workshop(folder)
    answer_everything(workshop)
    workshop.store.engine.dispose()
    said = ""
    for words in (["summaries", "--company", KEYS[0], "--company", KEYS[1], "--jobs", "2"], ["report"]):
        program = "import sys; from spp_workshop.cli import main; sys.exit(main())"
        command = [sys.executable, "-c", program, *words, "--language", "ja", str(folder)]
        run = subprocess.run(command, capture_output=True, text=True, encoding="utf-8", check=False)
        assert run.returncode == 0, run.stdout + run.stderr
        said += run.stdout + run.stderr
    manifest = json.loads((folder / "output" / "run.json").read_text(encoding="utf-8"))
    return Made(folder, said, manifest["outcomes"])


def test_every_name_has_a_place_of_its_own_inside_the_folder(made: Made) -> None:
    names = folder_names(load(made.folder))
    assert len({name.casefold() for name in names.values()}) == len(KEYS) + len(OTHERS)
    for number in range(2):
        places = {path.resolve().parent for path in made.files(number)}
        assert places == {(made.folder / "output" / "summaries" / names[KEYS[number]]).resolve()}


def test_every_text_reaches_its_own_company_and_no_other(made: Made) -> None:
    workshop = open_workshop(made.folder)
    sheets = [sheet for sheet in workshop.worksheets.values() if sheet.subject == "company"]
    for number in range(2):
        asked = [
            canary(number, sheet, field)
            for sheet in sheets
            for field in answers.asked(sheet, typed(workshop, number, sheet))
            if field.kind == "text" and sheet.name not in BUILT_IN
        ]
        for path in made.files(number):
            text = path.read_text(encoding="utf-8")
            assert [mark for mark in asked if mark not in text] == []
            assert f"canary{1 - number}-" not in text
            assert KEYS[1 - number] not in text
            assert "canary9-" not in text


def test_the_report_manifest_overview_and_sayings_hold_no_answer_of_a_company(made: Made) -> None:
    report = sorted((made.folder / "output" / "report").iterdir())
    for text in [*made.shared, *(path.read_text(encoding="utf-8") for path in report)]:
        assert "canary0-" not in text
        assert "canary1-" not in text
    assert all("canary" not in text for text in made.shared)


def test_nothing_that_was_typed_is_markup_on_any_page(made: Made) -> None:
    for path in sorted((made.folder / "output").rglob("*.html")):
        text = path.read_text(encoding="utf-8")
        page = BeautifulSoup(text, "html.parser")
        assert page.find(["script", "iframe", "object", "embed", "link", "form"]) is None
        assert all(image["src"].startswith("data:image/") for image in page.find_all("img"))
        attributes = {name for element in page.find_all(True) for name in element.attrs}
        assert not {name for name in attributes if name.startswith("on")}
        links = {link["href"] for link in page.find_all("a")}
        assert all(re.match(r"#section-|summaries/|report/", link) for link in links)
        assert not re.search(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]", text)
        assert not re.search(
            r"""(?:@import|url\(|src=["']?(?!data:)http)""", "".join(map(str, page("style")))
        )
        if "canary" in text:
            assert "{{ 7 * 7 }}{% raw %}{{ cycler.__init__ }} ${7*7} <%= 7 %>" in page.get_text()


def test_in_a_browser_nothing_runs_and_nothing_is_asked_of_any_address(made: Made, chromium: Any) -> None:
    page = chromium.new_page(viewport={"width": 390, "height": 800})
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    for path in sorted((made.folder / "output").rglob("*.html")):
        asked.clear()
        page.goto(path.as_uri())
        assert page.title() != "run"
        assert [url for url in asked if not url.startswith("data:")] == [path.as_uri()]
        assert page.locator("h1").first.is_visible()
        assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
    page.close()
