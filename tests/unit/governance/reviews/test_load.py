"""Where a queue is going, from what came in and left by day."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from governance.reviews.load import MONTH, DayLoad, by_weekday, forecast

TODAY = date(2026, 11, 23)


def days(came_in, decided, *, otherwise=0, latest=None):
    """Return the last 28 days, all alike; ``latest`` are (came in, decided) of the last seven."""
    made = []
    for back in range(MONTH, 0, -1):
        came, left = latest if latest is not None and back <= 7 else (came_in, decided)
        day = TODAY - timedelta(days=back)
        made.append(DayLoad(day=day, came_in=came, decided=left, otherwise=otherwise))
    return made


def test_a_queue_that_shrinks_says_when_it_is_empty():
    found = forecast(100, days(10, 20), TODAY)
    assert (found.trend, found.days, found.a_day, found.clear_days) == ("shrinks", 7, -10, 5)
    assert found.empty_on == TODAY + timedelta(days=10)
    assert forecast(100_000, days(10, 20), TODAY).empty_on is None, "more than a year"


def test_a_queue_that_grows_is_never_empty():
    found = forecast(100, days(20, 8, otherwise=2), TODAY)
    assert (found.trend, found.a_day, found.clear_days, found.empty_on) == ("grows", 10, 10, None)


def test_what_chance_alone_explains_is_no_trend():
    assert forecast(30, days(0, 0, latest=(11, 10)), TODAY).trend == "steady"
    assert forecast(30, days(0, 0, latest=(4, 3)), TODAY).trend == "steady"
    assert forecast(30, days(0, 0, latest=(9, 3)), TODAY).trend == "grows"
    longer = forecast(30, days(7, 5), TODAY)
    assert (longer.trend, longer.days) == ("grows", 28), "a week cannot tell it, four can"


@pytest.mark.parametrize(
    ("waiting", "decided", "latest", "trend", "days_taken"),
    [
        (5, 0, (1, 1), "few", 28),
        (5, 1, (1, 1), "steady", 28),
        (0, 9, (9, 9), "empty", 28),
    ],
)
def test_too_few_say_nothing_and_a_slow_week_takes_the_month(
    waiting, decided, latest, trend, days_taken
):
    found = forecast(waiting, days(decided, decided, latest=latest), TODAY)
    assert (found.trend, found.days) == (trend, days_taken)


def test_days_are_added_up_by_weekday():
    found = by_weekday(days(2, 1, latest=(5, 4)))
    assert len(found) == 7
    monday = found[0]
    assert (monday.came_in_7, monday.decided_7) == (5, 4)
    assert (monday.came_in_28, monday.decided_28) == (5 + 3 * 2, 4 + 3 * 1)
