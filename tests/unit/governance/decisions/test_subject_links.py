"""The link of the person concerned cannot be guessed, altered, or used for ever."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from governance.decisions import subject_links
from governance.keyring import Keyring

RING = Keyring(kek=b"k" * 32, lookup=b"l" * 32, session=b"s" * 32)
OTHER = Keyring(kek=b"k" * 32, lookup=b"m" * 32, session=b"s" * 32)
DECISION = "019a0000-0000-7000-8000-0000000004d2"
NOW = datetime(2026, 11, 23, 10, tzinfo=UTC)


def token() -> str:
    return subject_links.token_of(RING, DECISION, NOW, 90)


def test_a_link_tells_its_decision_and_its_last_day() -> None:
    found = subject_links.read(RING, token())
    assert found is not None
    assert found.decision_id == DECISION
    assert found.until == (NOW + timedelta(days=90)).date()


def test_a_link_works_through_its_last_day_and_not_longer() -> None:
    found = subject_links.read(RING, token())
    assert found is not None
    assert not found.expired(NOW + timedelta(days=90, hours=13))
    assert found.expired(NOW + timedelta(days=91))


def test_no_letter_of_a_link_can_be_changed() -> None:
    genuine = token()
    for place, letter in enumerate(genuine):
        for other in {"A", "_", "9", chr(ord(letter) ^ 1)} - {letter}:
            altered = genuine[:place] + other + genuine[place + 1 :]
            assert subject_links.read(RING, altered) is None, altered


@pytest.mark.parametrize(
    "wrong", ["x", "used", "ä" * 58, "A" * 58, DECISION, "../" * 10, "=" * 58, "A" * 5000]
)
def test_what_is_no_link_opens_nothing(wrong: str) -> None:
    for text in (wrong, wrong + token(), token() + wrong, ""):
        assert subject_links.read(RING, text) is None


def test_another_installation_knows_nothing_of_it() -> None:
    assert subject_links.read(OTHER, token()) is None


def test_a_link_holds_enough_that_nobody_knows() -> None:
    assert len(token()) == 58
    assert DECISION.replace("-", "") not in token()


def test_a_day_beyond_the_calendar_is_its_last_one() -> None:
    far = subject_links.token_of(RING, DECISION, datetime(9999, 12, 30, tzinfo=UTC), 3650)
    found = subject_links.read(RING, far)
    assert found is not None
    assert found.until.year == 9999
