"""Every sentence of the user interface is there in both languages, and says the same in both."""

from __future__ import annotations

import ast
import gettext
import re
import shutil
import string
from collections.abc import Iterator
from pathlib import Path

import pytest
from babel.messages.pofile import read_po

from spp_workshop import messages

PACKAGE = Path(messages.__file__).parent
JAPANESE = PACKAGE / "locale" / "ja"
# argparse translates its own words through gettext; they stand in no source of ours.
FOREIGN = {"argparse"}


def literals(path: Path) -> Iterator[tuple[str, str]]:
    """(sentence, place) of every `message("...")`; one that is not a plain literal cannot be translated."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and _name(node.func) == "message" and node.args:
            place = f"{path.name}:{node.lineno}"
            assert isinstance(node.args[0], ast.Constant), f"{place}: message() takes a plain string"
            yield node.args[0].value, place


def _name(function: ast.expr) -> str:
    return function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")


def translations(path: Path) -> dict[str, str]:
    with path.open("rb") as stream:
        return {str(entry.id): str(entry.string) for entry in read_po(stream, locale="ja") if entry.id}


def places(sentence: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(sentence) if name is not None}


SOURCES = sorted(PACKAGE.rglob("*.py"))
SENTENCES = {text: place for path in SOURCES for text, place in literals(path)}
CATALOGUES = {path.stem: translations(path) for path in sorted(JAPANESE.glob("*.po"))}
OURS = {key: text for name, words in CATALOGUES.items() if name not in FOREIGN for key, text in words.items()}


def test_sentences_were_found() -> None:
    assert len(SENTENCES) > 100


def test_every_sentence_has_a_japanese_translation() -> None:
    missing = [f"{place}: {text}" for text, place in SENTENCES.items() if not OURS.get(text)]
    assert not missing


def test_no_translation_is_left_over() -> None:
    assert not [text for text in OURS if text not in SENTENCES]


@pytest.mark.parametrize("name", sorted(set(CATALOGUES) - FOREIGN))
def test_the_places_of_values_are_the_same_in_both_languages(name: str) -> None:
    different = [
        english for english, japanese in CATALOGUES[name].items() if places(english) != places(japanese)
    ]
    assert not different


@pytest.mark.parametrize("name", sorted(set(CATALOGUES) - FOREIGN))
def test_a_translation_is_japanese(name: str) -> None:
    kana_or_kanji = re.compile(r"[\u3040-\u30ff\u4e00-\u9fff]")
    foreign = [text for text in CATALOGUES[name].values() if not kana_or_kanji.search(text)]
    # Sentences that are nothing but values and signs have nothing to translate.
    assert not [text for text in foreign if re.search(r"[A-Za-z]", re.sub(r"\{[^}]*\}", "", text))]


def test_a_sentence_has_one_translation_wherever_it_is_said() -> None:
    twice = [
        english
        for english in OURS
        if len({words[english] for words in CATALOGUES.values() if english in words}) > 1
    ]
    assert not twice


def test_what_is_compiled_is_what_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.copytree(PACKAGE / "locale", tmp_path / "locale")
    monkeypatch.setattr(messages, "LOCALE", tmp_path / "locale")
    (fresh,) = messages.compile_catalogues()
    assert _sentences(fresh) == _sentences(JAPANESE / "LC_MESSAGES" / "spp_workshop.mo")


def _sentences(path: Path) -> dict[str, str]:
    with path.open("rb") as stream:
        catalogue = gettext.GNUTranslations(stream)._catalog  # type: ignore[attr-defined]
    return {key: text for key, text in catalogue.items() if key}


# Where Japanese is data or a rule and no sentence of the user interface.
JAPANESE_CODE = {
    "answers.py": "dates as people type them",
    "charts/lettering.py": "letters and marks",
    "documents.py": "an example of a text in two languages",
    "messages.py": "dates and lists are put together here",
    "preflight/machine.py": "letters that a font for Japanese has, and others lack",
    "reading.py": "eras, weekdays and ticks as people write them, and marks between words",
    "storefile.py": "names of folders that drives are copied to",
    "warming.py": "an answer of a company that does not exist",
}


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.relative_to(PACKAGE).as_posix())
def test_no_japanese_sentence_stands_in_the_code(path: Path) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    documented = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    docstrings = {
        id(node.body[0].value)  # type: ignore[attr-defined]
        for node in ast.walk(tree)
        if isinstance(node, documented) and is_docstring(node.body)
    }
    found = [
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docstrings
        if re.search(r"[\u3040-\u30ff\u4e00-\u9fff]", node.value)
    ]
    assert not found or path.relative_to(PACKAGE).as_posix() in JAPANESE_CODE


def is_docstring(body: list[ast.stmt]) -> bool:
    return bool(body) and isinstance(body[0], ast.Expr) and isinstance(body[0].value, ast.Constant)
