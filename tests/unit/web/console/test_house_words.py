"""What the pages of the house say of policies and of working hours."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest
from flask import Flask, g

from governance.permissions import Permission
from policies import document
from tests import retention
from web.console import policy_words
from web.console.permission_words import permission_words
from web.console.queues import _in_words, zones

LINES = ["one", "two", "three", "four"]


@pytest.fixture(params=["en"])
def language(request: pytest.FixtureRequest) -> Iterator[str]:
    with Flask("words").test_request_context():
        g.language = request.param
        yield request.param


german = pytest.mark.parametrize("language", ["de"], indirect=True)


def test_what_is_the_same_is_no_difference() -> None:
    assert policy_words.difference(LINES, LINES) == ((), ())


def test_new_lines_are_numbered_as_they_stand_and_gone_ones_as_they_stood() -> None:
    after = ["zero", "one", "three", "vier"]
    assert policy_words.difference(LINES, after) == ((1, 4), ((2, "two"), (4, "four")))


def test_a_rule_that_was_dropped_is_seen() -> None:
    new, gone = policy_words.difference(LINES, LINES[:2])
    assert new == ()
    assert gone == ((3, "three"), (4, "four"))


@pytest.mark.parametrize(
    ("length", "said"),
    [
        (timedelta(0), "0 seconds"),
        (timedelta(seconds=10), "10 seconds"),
        (timedelta(minutes=90), "1 hour 30 minutes"),
        (timedelta(days=2, hours=4), "2 days 4 hours"),
    ],
)
def test_a_length_of_time_is_told_exactly(language: str, length: timedelta, said: str) -> None:
    assert policy_words.duration(length) == said


@german
def test_a_length_of_time_is_told_in_german(language: str) -> None:
    assert policy_words.duration(timedelta(hours=4)) == "4 Stunden"


def test_a_policy_is_told_in_plain_words(language: str) -> None:
    said = list(policy_words.in_words(document.load(retention.POLICY)))
    assert said[:3] == [
        "A person decides where the app is less than 0.80 sure.",
        (
            "Cases go to sales-managers and are due within 4 hours of work; after that they go to sales-leads, "
            "and then to “No offer”."
        ),
        "A verdict can be taken back for 10 seconds.",
    ]
    assert said[-1].startswith("The people concerned read: “This offer was suggested by software.")


def test_what_a_policy_leaves_out_is_told_too(language: str) -> None:
    text = retention.POLICY.replace("  confidence_below: 0.80\n", "").replace("  due_in: 4h\n", "")
    text = text.replace("  when_overdue: {escalate_to: sales-leads, then: fallback}\n", "")
    said = "\n".join(
        policy_words.in_words(document.load(text.replace("owner:", "rollout: observe\nowner:")))
    )
    assert "It only observes" in said
    assert "only the rules send a case to a person" in said
    assert "they may wait for ever" in said


def test_a_rule_is_told_with_what_it_asks_for_besides(language: str) -> None:
    policy = document.load(retention.POLICY)
    rule = replace(policy.rules[0], queue="offers", due_in=timedelta(hours=2), sign_offs=2)
    told = policy_words.rules(replace(policy, rules=(rule,)))[0]
    assert told.extras == ("to offers", "due in 2 hours", "2 sign-offs")
    assert told.sensitive


def test_hours_of_days_that_are_alike_are_told_together(language: str) -> None:
    week = {day: [["09:00", "17:00"]] for day in ("monday", "tuesday", "wednesday", "friday")}
    hours = {"hours": week | {"saturday": [["10:00", "12:00"], ["13:00", "16:00"]]}}
    assert _in_words(hours) == "Mon–Wed 09:00–17:00, Fri 09:00–17:00, Sat 10:00–12:00 13:00–16:00"
    assert _in_words({}) == "always open"


def test_a_zone_in_use_can_be_chosen_even_where_it_is_unusual() -> None:
    assert "Etc/GMT+5" not in zones()
    assert "Etc/GMT+5" in zones("Etc/GMT+5")
    assert {"UTC", "Europe/Berlin"} <= set(zones())


def test_each_permission_has_its_words(language: str) -> None:
    words = permission_words()
    assert len(set(words.values())) == len(words)
    assert set(words) == set(Permission)
