"""When work may be measured, and when a window for the alarm ends."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from governance.overseeing.periods import covered, ends_at, measured


def day(month: int, number: int, hour: int = 0) -> datetime:
    return datetime(2026, month, number, hour, tzinfo=UTC)


PUBLISHED = {1: day(3, 1), 2: day(4, 1)}


def test_work_is_measured_from_acknowledging_until_another_version_takes_its_place():
    known = measured(PUBLISHED, {1: day(3, 5), 2: day(4, 20)})
    assert not covered(known, day(3, 4))
    assert covered(known, day(3, 5))
    assert not covered(known, day(4, 1)), "the new version was not acknowledged yet"
    assert covered(known, day(4, 20))
    assert covered(known, day(9, 1))


def test_who_acknowledged_nothing_or_too_late_is_never_measured():
    assert measured(PUBLISHED, {}) == []
    assert measured(PUBLISHED, {1: day(4, 2)}) == []


def test_a_window_ends_with_its_month_or_with_its_hundredth_review_whichever_is_later():
    quickly = [day(3, 1) + timedelta(hours=number) for number in range(150)]
    assert ends_at(day(3, 1), quickly) == day(4, 1)
    slowly = [day(3, 1) + timedelta(days=number) for number in range(120)]
    ended = ends_at(day(3, 1), slowly)
    assert ended is not None
    assert sum(given < ended for given in slowly) == 100
    assert ends_at(day(3, 1), slowly[:99]) is None


def test_what_follows_begins_where_the_window_before_ended_and_waits_for_its_own_month():
    begins = day(4, 29)
    assert ends_at(begins, [begins + timedelta(minutes=number) for number in range(100)]) == day(
        5, 1
    )
