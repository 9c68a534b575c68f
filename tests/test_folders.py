"""Names are safe whatever was typed; a folder is never overwritten; next year has the same weekdays."""

from __future__ import annotations

import os
import sys
import unicodedata
from datetime import timedelta
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from spp_workshop.documents import shipped
from spp_workshop.errors import DefinitionError, SppError
from spp_workshop.folders import clone, new_folder, templates
from spp_workshop.names import LONGEST, RESERVED, safe_name
from spp_workshop.programme import load

# A key a line: paths, devices, case, width, emoji, length, composition, marks that cannot be seen.
TYPED = [
    *("a/b", "a?b", "..", ".", "", " ", "a.", "a ", "-rf", "_", "a_b", "a-b"),
    *("CON", "con", "nul", "COM1", "lpt9"),
    *("A", "a", "\uff21", "\uff41", "\u30a2", "\uff71", "ß", "ss", "ı", "i"),
    *("株式会社\U0001f3ed", "\U0001f469\u200d\U0001f467"),
    *("x" * 200, "x" * 201, "a" * 29 + "_" + "0" * 10),
    *("\u00e9", "e\u0301", "\u304c", "\u304b\u3099", "\u2460", "1", "\u3231"),
    *("\u202egnp", "a\u0000b", "日本\n語", "\U00020bb7野家", "髙﨑"),
]


def meet(one: str, other: str) -> bool:
    """Whether two names are one file on some system: case and composition do not count."""
    return unicodedata.normalize("NFKC", one).casefold() == unicodedata.normalize("NFKC", other).casefold()


def assert_is_safe(name: str) -> None:
    assert name
    assert name.partition(".")[0].casefold() not in RESERVED
    assert name == Path(name).name == name.strip()
    assert name[0] not in ".-"
    assert not name.endswith(".")
    assert not set(name) & set('<>:"/\\|?*')
    assert all(character.isprintable() for character in name)
    assert len(name) <= LONGEST + 11
    assert len(name.encode()) < 200


@pytest.mark.parametrize("key", ["hoshikuzu", "company_1", "a-b", "星くず鍍金", "\U00020bb7野家", "2026"])
def test_a_plain_key_is_its_own_name(key: str) -> None:
    assert safe_name(key) == key


@pytest.mark.parametrize("key", TYPED)
def test_whatever_is_typed_becomes_a_safe_name(key: str) -> None:
    assert_is_safe(safe_name(key))


def test_keys_that_look_alike_get_names_that_do_not_meet() -> None:
    names = [safe_name(key) for key in TYPED]
    folded = {unicodedata.normalize("NFKC", name).casefold() for name in names}
    assert len(folded) == len(set(TYPED)) == len(TYPED)


def test_what_can_be_read_stays_readable() -> None:
    assert safe_name("株式会社 星くず/本社").startswith("株式会社_星くず_本社_")
    assert safe_name("ACME").startswith("acme_")


@given(st.text(), st.text())
def test_two_keys_never_share_a_file(one: str, other: str) -> None:
    assert_is_safe(safe_name(one))
    assert safe_name(one) == safe_name(one)
    assert one == other or not meet(safe_name(one), safe_name(other))


@given(st.text(min_size=1))
def test_a_name_never_meets_the_name_of_another_spelling(key: str) -> None:
    for twin in {key.upper(), key.lower(), unicodedata.normalize("NFKC", key), key + " ", key + "."} - {key}:
        assert not meet(safe_name(key), safe_name(twin))


@given(st.text(max_size=60))
def test_a_name_can_be_made_as_a_folder_here(tmp_path_factory: pytest.TempPathFactory, key: str) -> None:
    folder = tmp_path_factory.getbasetemp() / safe_name(key)
    folder.mkdir(exist_ok=True)
    assert folder.parent == tmp_path_factory.getbasetemp()


# --- A new folder -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("template", ["pilot", "spp-2025"])
def test_a_new_folder_is_the_template_with_its_comments(tmp_path: Path, template: str) -> None:
    target = tmp_path / "研修 2026" / "workshop"
    path = new_folder(target, template)
    assert path.read_bytes() == (shipped("programmes") / template / "programme.yaml").read_bytes()
    assert (target / "output").is_dir()
    load(target)


def test_the_templates_are_listed() -> None:
    assert templates() == ["pilot", "spp-2025"]


def test_a_programme_is_never_overwritten(tmp_path: Path) -> None:
    (tmp_path / "programme.yaml").write_text("mine", encoding="utf-8")
    with pytest.raises(SppError) as caught:
        new_folder(tmp_path)
    assert (tmp_path / "programme.yaml").read_text(encoding="utf-8") == "mine"
    assert "nothing was overwritten" in caught.value.text("en")
    assert "上書きしていません" in caught.value.text("ja")


def test_a_folder_with_other_files_may_become_a_workshop(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("x", encoding="utf-8")
    assert new_folder(tmp_path).exists()


def test_a_file_in_the_place_of_the_folder_is_not_touched(tmp_path: Path) -> None:
    place = tmp_path / "workshop"
    place.write_text("mine", encoding="utf-8")
    with pytest.raises(SppError):
        new_folder(place)
    assert place.read_text(encoding="utf-8") == "mine"


def test_an_unknown_template_brings_the_list(tmp_path: Path) -> None:
    with pytest.raises(SppError) as caught:
        new_folder(tmp_path / "new", "pilott")
    assert "pilot, spp-2025" in caught.value.text("en")
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize("name", ["../pilot", "", ".", "/etc"])
def test_a_template_is_a_name_and_not_a_path(tmp_path: Path, name: str) -> None:
    with pytest.raises(SppError):
        new_folder(tmp_path / "new", name)


@pytest.mark.skipif(
    sys.platform == "win32" or os.geteuid() == 0, reason="needs a folder that refuses writing"
)
def test_a_folder_that_cannot_be_written_is_told_in_a_sentence(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(SppError) as caught:
        new_folder(tmp_path / "new")
    assert "cannot be written" in caught.value.text("en")


# --- Next year --------------------------------------------------------------------------------------------


@pytest.fixture(params=["pilot", "spp-2025"])
def year(request: pytest.FixtureRequest) -> Path:
    return shipped("programmes") / request.param / "programme.yaml"


def cloned(path: Path, folder: Path, years: int = 1) -> Path:
    copy = folder / "programme.yaml"
    copy.write_text(clone(path, years), encoding="utf-8")
    return copy


@pytest.mark.parametrize("years", [1, 2, 3, 7])
def test_next_year_has_the_same_sessions_on_the_same_weekdays(year: Path, tmp_path: Path, years: int) -> None:
    before, after = load(year), load(cloned(year, tmp_path, years))
    for old, new in zip(before.sessions, after.sessions, strict=True):
        assert new.date.weekday() == old.date.weekday()
        assert abs(new.date - old.date.replace(year=old.date.year + years)) <= timedelta(days=4)
        assert (new.key, new.start, new.end, new.agenda) == (old.key, old.start, old.end, old.agenda)
    assert after.period.start.year == before.period.start.year + years


def test_next_year_has_nobody_s_data(year: Path, tmp_path: Path) -> None:
    after = load(cloned(year, tmp_path))
    assert (after.companies, after.fictional) == ((), None)
    assert all(session.groups == () and session.link == "" for session in after.sessions)
    assert not [company.key for company in load(year).companies if company.key in clone(year)]


def test_next_year_keeps_the_comments(year: Path) -> None:
    comments = [
        line.strip() for line in year.read_text(encoding="utf-8").splitlines() if line.strip()[:1] == "#"
    ]
    kept = clone(year)
    assert comments
    assert all(comment in kept for comment in comments)


def test_key_and_title_of_the_next_year_say_its_year() -> None:
    after = yaml.safe_load(clone(shipped("programmes") / "spp-2025" / "programme.yaml"))
    assert after["key"] == "spp-2026"
    assert (after["title"]["ja"][-4:], after["title"]["en"][-4:]) == ("2026", "2026")


def test_a_leap_day_has_a_next_year(tmp_path: Path) -> None:
    text = (shipped("programmes") / "pilot" / "programme.yaml").read_text(encoding="utf-8")
    leap = text.replace("start: 2026-09-01, end: 2027-03-31", "start: 2028-02-29, end: 2028-02-29")
    for session in load(shipped("programmes") / "pilot").sessions:
        leap = leap.replace(f"date: {session.date}", "date: 2028-02-29")
    # Six sessions on one day, one after the other, need six different hours.
    leap = leap[
        : leap.index("  # ---------------------------------------------------------------- 人権DD 第2回")
    ]
    (tmp_path / "programme.yaml").write_text(leap, encoding="utf-8")
    after = load(cloned(tmp_path / "programme.yaml", tmp_path))
    assert after.sessions[0].date.weekday() == 1
    assert after.period.start <= after.sessions[0].date <= after.period.end


def test_a_programme_with_a_problem_is_not_cloned(tmp_path: Path) -> None:
    (tmp_path / "programme.yaml").write_text("key: x", encoding="utf-8")
    with pytest.raises(DefinitionError):
        clone(tmp_path / "programme.yaml")
