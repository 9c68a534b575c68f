"""Every case and guide in the folder, a later one too, is fit to be put before people."""

from __future__ import annotations

import html
import re
from typing import TYPE_CHECKING

import pytest

from spp_workshop.cases import CODE_LISTS, load_cases, load_guides
from spp_workshop.documents import shipped
from spp_workshop.messages import LANGUAGES
from spp_workshop.worksheet import Text, load_choices

if TYPE_CHECKING:
    from collections.abc import Iterator

    from spp_workshop.documents import Model

FOLDER = shipped("worksheets")
LISTS = load_choices(FOLDER / "choices")
CASES = load_cases(FOLDER / "cases", lists=LISTS)
GUIDES = load_guides(FOLDER / "guides")

each_case = pytest.mark.parametrize("name", CASES)
each_guide = pytest.mark.parametrize("name", GUIDES)
each_language = pytest.mark.parametrize("language", LANGUAGES)

JAPANESE = re.compile(r"[ぁ-んァ-ヶ一-龥]")
# A sentence that does not end as です・ます does.
PLAIN_FORM = re.compile(
    r"(?<!です)(?<!ます)(?<!ました)(?<!でした)(?<!ません)(?<!しょう)(?<!ください)(?<!か)。"
)
QUOTED = re.compile(r"「[^」]*」|\([^)]*\)")


def texts(definition: Model) -> Iterator[Text]:
    """Every bilingual text in a definition."""
    for value in dict(definition).values():
        yield from (
            item for item in (value if isinstance(value, tuple) else (value,)) if isinstance(item, Text)
        )


def test_the_cases_and_guides_are_those_that_people_choose_from() -> None:
    assert sorted(CASES) == sorted(LISTS["hypothetical_cases"].codes)
    assert sorted(GUIDES) == sorted(LISTS["discussion_guides"].codes)


@each_case
def test_a_case_is_called_the_same_where_it_is_chosen(name: str) -> None:
    assert CASES[name].title == LISTS["hypothetical_cases"].by_code[name].label


@each_guide
def test_a_guide_is_called_the_same_where_it_is_chosen(name: str) -> None:
    assert GUIDES[name].topic == LISTS["discussion_guides"].by_code[name].label


@each_case
def test_the_codes_of_a_case_are_in_their_lists_and_not_retired(name: str) -> None:
    for key, list_name in CODE_LISTS.items():
        for code in getattr(CASES[name], key):
            assert not LISTS[list_name].by_code[code].retired


@each_case
@each_language
def test_the_handout_of_a_case_holds_nothing_of_the_facilitators_notes(name: str, language: str) -> None:
    case = CASES[name]
    handout = html.unescape(case.handout(language))
    hidden = [*case.notice, *case.good_handling, case.information_card]
    assert hidden
    assert not [words[language] for words in hidden if words[language] in handout]
    assert all(question[language] in handout for question in case.questions)


@each_guide
@each_language
def test_the_handout_of_a_guide_holds_nothing_of_the_facilitators_notes(name: str, language: str) -> None:
    guide = GUIDES[name]
    handout = html.unescape(guide.handout(language))
    hidden = [*guide.typical_answers, *guide.when_stuck]
    assert not [words[language] for words in hidden if words[language] in handout]
    assert all(prompt[language] in handout for prompt in guide.prompts)


@pytest.mark.parametrize("name", [*CASES, *GUIDES])
def test_both_languages_are_written_in_their_own_script(name: str) -> None:
    for text in texts(CASES.get(name) or GUIDES[name]):
        assert JAPANESE.search(text.ja)
        assert not JAPANESE.search(text.en)
        assert re.search("[a-z]", text.en)


@pytest.mark.parametrize("name", [*CASES, *GUIDES])
def test_japanese_is_written_politely_outside_of_what_people_say(name: str) -> None:
    for text in texts(CASES.get(name) or GUIDES[name]):
        assert not PLAIN_FORM.search(QUOTED.sub("", text.ja)), text.ja


@each_case
@each_language
def test_a_case_says_that_it_is_invented_and_no_legal_advice(name: str, language: str) -> None:
    handout = CASES[name].handout(language)
    words = ("架空", "法的助言ではありません") if language == "ja" else ("Invented", "not legal advice")
    assert all(word in handout for word in words)


@each_case
def test_a_situation_has_as_many_lines_in_both_languages(name: str) -> None:
    situation = CASES[name].situation
    assert len(situation.ja.splitlines()) == len(situation.en.splitlines()) >= 5
