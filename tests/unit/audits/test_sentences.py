from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from audits.sentences import (
    Sentence,
    Value,
    numbered,
    packed,
    sentence,
    together,
    unpacked,
    verbatim,
)

AT = datetime(2026, 11, 26, 9, 5, tzinfo=UTC)
WAITS = sentence("It waits for %(whom)s.", whom=sentence("witnesses"))
COVERS = numbered("It covers %(num)s entry.", "It covers %(num)s entries.", 1234)


def translated(said: Sentence) -> str:
    """Say a sentence in a language that shouts, and writes numbers as Germans do."""

    def written(value: Value) -> str:
        if isinstance(value, Sentence):
            return translated(value)
        return value if isinstance(value, str) else f"{value:,}".replace(",", ".")

    fits = said.plural if said.plural and said.values["num"] != 1 else said.template
    return said.told(fits.replace("It", "ES"), written)


def test_a_sentence_is_its_english_text() -> None:
    assert WAITS == "It waits for witnesses."
    assert sentence("All is 100 % well.") == "All is 100 % well."
    assert sentence("At %(at)s, on %(day)s.", at=AT, day=date(2026, 11, 26)) == (
        "At 2026-11-26 09:05 UTC, on 2026-11-26."
    )
    assert sentence("%(free)s GB of %(all)s", free=12.345, all=20.0) == "12.3 GB of 20.0"


@pytest.mark.parametrize(("num", "said"), [(0, "0 days"), (1, "1 day"), (2, "2 days")])
def test_a_number_decides_between_one_and_many(num: int, said: str) -> None:
    assert numbered("%(num)s day", "%(num)s days", num) == said


def test_it_can_be_said_in_another_language() -> None:
    assert translated(WAITS) == "ES waits for witnesses."
    assert translated(together(COVERS, None, verbatim(""), WAITS)) == (
        "ES covers 1.234 entries. ES waits for witnesses."
    )


def test_a_text_that_is_no_sentence_is_the_same_in_every_language() -> None:
    foreign = verbatim("It broke at 50 % (%s).")
    assert foreign == "It broke at 50 % (%s)."
    assert translated(foreign) == "It broke at 50 % (%s)."
    assert verbatim(WAITS) is WAITS


def test_sentences_together_are_one() -> None:
    assert together(WAITS, COVERS) == f"{WAITS} {COVERS}"
    assert together(WAITS, COVERS, between="\n") == f"{WAITS}\n{COVERS}"
    assert together(None, verbatim("")) == ""


@pytest.mark.parametrize("said", [WAITS, COVERS, together(WAITS, COVERS), verbatim("{")])
def test_what_is_stored_can_still_be_said_in_another_language(said: Sentence) -> None:
    kept = unpacked(packed(said))
    assert kept == said
    assert translated(kept) == translated(said)


def test_an_instant_is_stored_as_it_is_told() -> None:
    told = sentence("Since %(at)s.", at=AT)
    assert unpacked(packed(told)) == told


@pytest.mark.parametrize("stored", ["", "It waits.", '"It waits."', "7", '{"finished_at": "now"}'])
def test_what_was_stored_as_a_mere_text_is_read_as_one(stored: str) -> None:
    assert unpacked(stored) == stored
