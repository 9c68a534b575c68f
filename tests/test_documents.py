from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel, ValidationError

from spp_workshop import programme
from spp_workshop.cases import load_cases, load_guides
from spp_workshop.documents import Document, Model, keep, keep_all, read, shipped
from spp_workshop.errors import DefinitionError
from spp_workshop.worksheet import load_choices, load_worksheets
from spp_workshop.workshop import load_definitions

AN_HOUR = 3600


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return written(tmp_path / "one.yaml", "said: first")


def written(path: Path, text: str, age: float = AN_HOUR) -> Path:
    """A file as it lies there some time after it was written."""
    path.write_text(text, encoding="utf-8")
    now = path.stat().st_mtime
    os.utime(path, (now - age, now - age))
    return path


def test_a_file_that_stays_as_it_is_is_read_once(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = read(file)
    monkeypatch.setattr(Path, "read_text", lambda *_, **__: pytest.fail("read again"))
    assert read(file).data is first.data


def test_an_edited_file_is_seen_at_once(file: Path) -> None:
    assert read(file).data == {"said": "first"}
    written(file, "said: again", age=AN_HOUR - 1)  # as long as before
    assert read(file).data == {"said": "again"}
    written(file, "said: more than before", age=AN_HOUR - 1)  # no later than before
    assert read(file).data == {"said": "more than before"}


def test_a_file_that_takes_the_place_of_another_is_seen_though_as_long_and_as_old(file: Path) -> None:
    assert read(file).data == {"said": "first"}
    other = written(file.with_name("other.yaml"), "said: other")
    os.utime(other, ns=(file.stat().st_atime_ns, file.stat().st_mtime_ns))
    other.replace(file)
    assert read(file).data == {"said": "other"}


def test_a_file_that_was_written_a_moment_ago_is_not_trusted_to_stay(tmp_path: Path) -> None:
    path = tmp_path / "one.yaml"
    for said in ("one", "two", "six"):  # within one tick of the disk's clock, and of one length
        path.write_text(f"said: {said}", encoding="utf-8")
        assert read(path).data == {"said": said}


def test_two_folders_have_each_their_own_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("here", "there"):
        (tmp_path / name).mkdir()
        written(tmp_path / name / "one.yaml", f"said: {name}")
    for name in ("here", "there", "here"):
        monkeypatch.chdir(tmp_path / name)
        assert read(Path("one.yaml")).data == {"said": name}


def test_a_problem_names_the_file_as_it_was_asked_for(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(file.parent)
    assert read(file).where() == f"{file.parent.name}/one.yaml:1"
    assert read(Path("one.yaml")).where() == "one.yaml:1"


def test_what_is_wrong_is_told_every_time(tmp_path: Path) -> None:
    broken = written(tmp_path / "one.yaml", "said: [")
    for _ in range(2):
        with pytest.raises(DefinitionError):
            read(broken)
    written(broken, "said: []")
    assert read(broken).data == {"said": []}


def test_a_tag_that_yaml_does_not_know_is_told_with_its_line(tmp_path: Path) -> None:
    with pytest.raises(DefinitionError) as caught:
        read(written(tmp_path / "one.yaml", "said: one\nmore: !python two"))
    assert [(one.where.rpartition("/")[2], one.rule) for one in caught.value.problems] == [
        ("one.yaml:2", "not_yaml")
    ]


def test_each_use_of_a_file_is_kept_by_itself(file: Path) -> None:
    assert [keep(file, use, lambda use=use: use.upper()) for use in ("one", "two", "one")] == [
        "ONE",
        "TWO",
        "ONE",
    ]


def test_what_several_files_make_is_made_again_when_one_of_them_changes_or_joins_or_leaves(
    tmp_path: Path,
) -> None:
    one, two = (written(tmp_path / name, name) for name in ("one", "two"))
    made: list[str] = []

    def both(*files: Path) -> str:
        def make() -> str:
            made.append("".join(file.read_text(encoding="utf-8") for file in files))
            return made[-1]

        return keep_all(files, "both", make)

    assert [both(one, two), both(one, two)] == ["onetwo", "onetwo"]
    written(two, "2", age=AN_HOUR - 1)
    assert [both(one, two), both(one), both(one, two)] == ["one2", "one", "one2"]
    assert made == ["onetwo", "one2", "one"]


def test_an_own_worksheet_of_a_folder_is_seen_when_it_comes_when_it_changes_and_when_it_goes(
    tmp_path: Path,
) -> None:
    shipped_title = load_definitions(tmp_path)[1]["consent"].title["en"]
    own = tmp_path / "worksheets" / "consent.yaml"
    own.parent.mkdir()
    text = (shipped("worksheets") / "consent.yaml").read_text(encoding="utf-8")
    for said in ("First title", "Other title"):
        written(own, text.replace(f"en: {shipped_title}", f"en: {said}"), age=AN_HOUR - len(said))
        assert load_definitions(tmp_path)[1]["consent"].title["en"] == said
    own.unlink()
    assert load_definitions(tmp_path)[1]["consent"].title["en"] == shipped_title


# --- What is shared cannot be changed -----------------------------------------------------------------------


def definitions() -> dict[str, BaseModel]:
    """Everything that is kept: one programme and all that is shipped."""
    place = shipped("worksheets")
    lists = load_choices(place / "choices")
    sheets, cases = load_worksheets(place, lists=lists), load_cases(place / "cases", lists=lists)
    pilot = programme.load(shipped("programmes") / "pilot")
    return {**lists, **sheets, **cases, **load_guides(place / "guides"), "programme": pilot}


def inside(value: Any) -> Iterator[Any]:
    """A value and all that it is made of, what it has worked out included."""
    yield value
    if isinstance(value, BaseModel):
        parts = [*vars(value).values(), getattr(value, "by_name", None), getattr(value, "by_code", None)]
    elif isinstance(value, Mapping):
        parts = list(value.values())
    else:
        parts = list(value) if isinstance(value, list | tuple | set | frozenset) else []
    for part in parts:
        yield from inside(part)


def test_nothing_of_a_definition_can_be_changed() -> None:
    found = [part for one in definitions().values() for part in inside(one)]
    assert {type(part).__name__ for part in found if isinstance(part, list | dict | set | bytearray)} == set()
    models = {type(part): part for part in found if isinstance(part, BaseModel)}
    assert {"Worksheet", "Field", "Choice", "Text", "Case", "Guide", "Programme"} <= {
        kind.__name__ for kind in models
    }
    for model in models.values():
        with pytest.raises(ValidationError):
            setattr(model, next(iter(type(model).model_fields)), None)


def test_a_definition_is_the_same_object_for_all_who_ask() -> None:
    first, second = definitions(), definitions()
    assert [name for name in first if first[name] is not second[name]] == []


def test_a_document_keeps_its_models_to_itself(file: Path) -> None:
    class Said(Model):
        said: str

    from spp_workshop.documents import parse

    document = read(file)
    assert parse(Said, document) is parse(Said, read(file))
    assert document == Document(file, document.data, document.text)
