from __future__ import annotations

import pytest

from audits.reports.words import Words, numbers

GAP = numbers.NO_BREAK
LABELS = {"high": {"en": "High risk", "de": "Hohes Risiko"}, "odd": {"fr": "Bizarre"}}


def words(language: str = "en", **more: object) -> Words:
    return Words(language=language, positive=("high",), outcome_labels=LABELS, **more)


def test_an_outcome_is_called_as_the_policy_labels_it() -> None:
    assert words().outcome("high") == "High risk"
    assert words("de").outcome("high") == "Hohes Risiko"
    assert words("de").outcome("odd") == "Bizarre"
    assert words().outcome("unlabelled") == "unlabelled"


def test_people_are_named_by_what_is_recorded_of_them() -> None:
    group = {"gender": "female", "age_band": "60+"}
    assert words().people(group) == "people with gender “female” and age band “60+”"
    assert words("de").people(group) == "Menschen mit „Geschlecht: female“ und „Altersgruppe: 60+“"
    assert words().group(group) == "female · 60+"


def test_an_attribute_may_be_labelled_by_whoever_knows_it() -> None:
    labelled = words("de", attribute_labels={"tier": {"de": "Kundenstufe"}})
    assert labelled.attribute("tier") == "Kundenstufe"
    assert labelled.attribute("home_region") == "home region"


def test_a_rate_is_called_otherwise_of_what_was_done_in_the_end() -> None:
    assert words().metric_name("selection_rate", "proposal") == "share proposed “High risk”"
    assert words().metric_name("selection_rate", "outcome") == "share ending with “High risk”"


def test_a_name_that_ends_in_a_clause_is_closed_by_a_comma_inside_a_sentence() -> None:
    assert words("de").metric("review_rate") == "Anteil, der auf einen Menschen warten musste,"
    assert words("de").metric_name("review_rate") == "Anteil, der auf einen Menschen warten musste"
    assert words().metric("review_rate") == "share that had to wait for a person"


def test_several_measured_outcomes_are_alternatives() -> None:
    both = Words(language="en", positive=("high", "low"), outcome_labels=LABELS)
    assert both.positives() == "“High risk” or “low”"
    assert Words(language="en").positives() == "the measured outcome"


@pytest.mark.parametrize(
    ("weeks", "en", "de"),
    [
        (1, "1 week", "1 Woche"),
        (6, "6 weeks", "6 Wochen"),
        (7382, "141 years", "141 Jahren"),
    ],
)
def test_weeks_beyond_two_years_are_said_as_years(weeks: int, en: str, de: str) -> None:
    assert words().weeks(weeks) == en
    assert words("de").weeks(weeks) == de


def test_one_decision_is_one_decision() -> None:
    assert words().decisions(1) == "1 decision"
    assert words("de").decisions(3696) == "3.696 Entscheidungen"


def test_odds_are_written_as_monitors_write_them() -> None:
    assert words().odds(3.4) == f"1{GAP}: 2,512"
    assert words().odds(12.2) == f"1{GAP}: 10¹²"
    assert words("de").odds(-2) == f"100{GAP}: 1"
