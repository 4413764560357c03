from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from governance.webhooks.transitions import (
    PAUSES,
    After,
    Answered,
    DeliveryState,
    Stopped,
    after,
)

NOW = datetime(2026, 11, 23, 10, tzinfo=UTC)


def follows(status: int | None, *, tries: int = 1, jitter: float = 0.0, **said) -> After:
    since = said.pop("failing_since", None)
    answered = Answered(milliseconds=5, status=status, **said)
    return after(answered, tries=tries, failing_since=since, now=NOW, jitter=lambda: jitter)


@pytest.mark.parametrize("status", [200, 201, 204, 299])
def test_any_2xx_is_success_and_ends_a_row_of_failures(status) -> None:
    done = follows(status, failing_since=NOW - timedelta(days=9))
    assert done == After(state=DeliveryState.DELIVERED)


@pytest.mark.parametrize("status", [None, 100, 301, 302, 400, 401, 404, 500])
def test_all_else_is_tried_again(status) -> None:
    failed = follows(status)
    assert failed.state is DeliveryState.WAITING
    assert failed.due_at == NOW + timedelta(seconds=5)
    assert failed.failing_since == NOW


def test_the_pauses_grow_and_last_for_days_in_all_and_then_it_is_given_up() -> None:
    pauses = [follows(500, tries=tries).due_at - NOW for tries in range(1, len(PAUSES) + 1)]
    assert pauses == sorted(pauses) == list(PAUSES)
    assert sum(pauses, timedelta()) == timedelta(hours=75, minutes=35, seconds=5)
    last = follows(500, tries=len(PAUSES) + 1)
    assert (last.state, last.due_at) == (DeliveryState.FAILED, None)


def test_pauses_are_longer_at_random_by_a_fifth_at_most() -> None:
    assert follows(500, tries=2, jitter=1.0).due_at == NOW + timedelta(minutes=6)


def test_a_receiver_that_is_gone_stops_its_endpoint_at_once() -> None:
    assert follows(410).stops is Stopped.GONE


def test_an_endpoint_that_failed_for_three_days_stops() -> None:
    assert follows(500, failing_since=NOW - timedelta(days=3)).stops is Stopped.FAILING
    assert follows(500, failing_since=NOW - timedelta(days=2, hours=23)).stops is None


@pytest.mark.parametrize("status", [429, 502, 503, 504])
def test_an_overloaded_receiver_is_left_alone_for_as_long_as_it_says_within_an_hour(status) -> None:
    assert follows(status).hold_until == NOW + timedelta(seconds=30)
    asked = follows(status, retry_after=120)
    assert asked.hold_until == asked.due_at == NOW + timedelta(seconds=120)
    assert follows(status, retry_after=99_999).hold_until == NOW + timedelta(hours=1)


def test_a_receiver_that_is_too_slow_is_left_alone_too() -> None:
    assert follows(None, too_slow=True).hold_until == NOW + timedelta(seconds=30)
    assert follows(None).hold_until is None
