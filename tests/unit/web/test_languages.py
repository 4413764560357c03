"""Every sentence of a page is there in every language, with the same slots."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path

import pytest
from babel.messages.extract import extract_from_dir

from audits.log.entries import EntryKind, describe
from web.languages import LANGUAGES, Catalogue, catalogue

Sentence = str | tuple[str, ...]


def sentences_of_the_pages() -> list[Sentence]:
    """Collect what the templates and the pages' code mark for translation."""
    found = extract_from_dir(
        str(files("web")),
        [
            ("templates/**.html", "jinja2"),
            ("console/**.py", "python"),
            ("portal/**.py", "python"),
        ],
        {"templates/**.html": {"trimmed": "true", "encoding": "utf-8"}},
        keywords={"_": None, "ngettext": (1, 2)},
    )
    return [message for _, _, message, _, _ in found]


TEMPLATES = {"sentence": 1, "numbered": 2}


def calls_of_governance() -> Iterator[tuple[str, ast.Call]]:
    """Yield where sentences are made, and how."""
    for package in ("governance", "audits.log"):
        for path in Path(str(files(package))).rglob("*.py"):
            for call in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if (
                    isinstance(call, ast.Call)
                    and isinstance(call.func, ast.Name)
                    and call.func.id in TEMPLATES
                ):
                    yield f"{path}:{call.lineno}", call


def templates_of(where: str, call: ast.Call) -> list[str]:
    given = call.args[: TEMPLATES[call.func.id]]
    told = [one.value for one in given if isinstance(one, ast.Constant)]
    assert len(told) == len(given), f"{where}: no catalogue finds this"
    return told


def sentences_of_governance() -> Iterator[Sentence]:
    """Yield what pages are handed to say: how parts of the service fare, why something failed, and what entries of the log mean."""
    for where, call in calls_of_governance():
        told = templates_of(where, call)
        yield tuple(told) if len(told) > 1 else told[0]
    yield from (describe(kind).what for kind in EntryKind)


def sentences() -> list[Sentence]:
    return [*sentences_of_the_pages(), *sentences_of_governance()]


def slots(sentence: str) -> set[str]:
    return set(re.findall(r"%\((\w+)\)s", sentence))


def both_forms(words: Catalogue, sentence: Sentence) -> list[tuple[str, str]]:
    if isinstance(sentence, str):
        return [(sentence, words.gettext(sentence))]
    one, many = sentence
    return [(one, words.ngettext(one, many, 1)), (many, words.ngettext(one, many, 2))]


@pytest.mark.parametrize("language", [code for code in LANGUAGES if code != "en"])
def test_no_sentence_lacks_a_translation(language: str) -> None:
    known = catalogue(language)._sentences
    keys = {one if isinstance(one, str) else one[0] for one in sentences()}
    assert len(keys) > 500
    assert sorted(keys - known.keys()) == []
    assert sorted(known.keys() - keys) == [], "these are said by no page any more"
    both = {one[0] for one in sentences() if not isinstance(one, str)}
    assert {key for key in keys if isinstance(known[key], tuple)} == both


def test_a_sentence_is_given_what_its_slots_take() -> None:
    for where, call in calls_of_governance():
        given = {one.arg for one in call.keywords}
        if call.func.id == "numbered":
            given.add("num")
        assert set().union(*map(slots, templates_of(where, call))) <= given, where


@pytest.mark.parametrize("language", [code for code in LANGUAGES if code != "en"])
def test_a_translation_keeps_the_slots(language: str) -> None:
    words = catalogue(language)
    for sentence in sentences():
        for original, said in both_forms(words, sentence):
            assert slots(said) == slots(original), original


def test_one_is_singular_and_everything_else_plural() -> None:
    words = catalogue("de")
    said = [words.ngettext("%(num)s decision", "%(num)s decisions", n) for n in (0, 1, 2)]
    assert said == ["%(num)s Entscheidungen", "%(num)s Entscheidung", "%(num)s Entscheidungen"]


def test_what_is_not_translated_is_said_in_english() -> None:
    assert catalogue("de").gettext("Never written anywhere") == "Never written anywhere"
    assert catalogue("de").ngettext("one stone", "stones", 2) == "stones"
