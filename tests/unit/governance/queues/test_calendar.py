"""Working hours, holidays and changes of the clocks."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from governance.queues.calendar import DAYS, Calendar

OFFICE = {
    "zone": "Europe/Berlin",
    "hours": {day: [["09:00", "12:00"], ["13:00", "17:00"]] for day in DAYS[:5]},
    "holidays": ["2026-12-25"],
}


def _utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def test_without_hours_time_always_runs() -> None:
    start = _utc("2026-11-21T22:00")
    assert Calendar.from_document(None).after(start, timedelta(hours=4)) == start + timedelta(
        hours=4
    )


@pytest.mark.parametrize(
    ("start", "hours", "due"),
    [
        ("2026-11-23T08:00", 2, "2026-11-23T10:00"),  # Monday 9:00 in Berlin.
        ("2026-11-23T08:00", 4, "2026-11-23T13:00"),  # Over lunch.
        ("2026-11-20T15:00", 2, "2026-11-23T09:00"),  # Friday 16:00 to Monday 10:00.
        ("2026-11-21T10:00", 1, "2026-11-23T09:00"),  # Begun on a Saturday.
        ("2026-12-24T15:30", 1, "2026-12-28T08:30"),  # Over a holiday and a weekend.
        (
            "2026-03-27T15:00",
            2,
            "2026-03-30T08:00",
        ),  # Over the change to summer time: 10:00 is now 8:00 UTC.
    ],
)
def test_due_times_count_working_hours(start: str, hours: int, due: str) -> None:
    calendar = Calendar.from_document(OFFICE)
    assert calendar.after(_utc(start), timedelta(hours=hours)) == _utc(due)


def test_a_night_shift_over_the_missing_hour_is_as_long_as_it_really_is() -> None:
    calendar = Calendar.from_document(
        {
            "zone": "Europe/Berlin",
            "hours": {"sunday": [["00:00", "06:00"]], "monday": [["00:00", "06:00"]]},
        }
    )
    # On 29 March 2026 the hour from 2 to 3 is missing: Sunday's span has 5 hours.
    due = calendar.after(_utc("2026-03-28T22:00"), timedelta(hours=5, minutes=30))
    assert due == _utc("2026-03-29T22:30")


@pytest.mark.parametrize(
    ("document", "told"),
    [
        ({"zone": "Mars/Olympus"}, "not a time zone"),
        ({"hours": {"funday": [["09:00", "10:00"]]}}, "not a weekday"),
        ({"hours": {"monday": [["9 am", "10:00"]]}}, "not a time of day"),
        ({"hours": {"monday": [["10:00", "09:00"]]}}, "end before they begin"),
        ({"hours": {"monday": [["09:00", "12:00"], ["11:00", "13:00"]]}}, "overlap"),
        ({"hours": {"monday": []}}, "at least one open span"),
        ({"holidays": ["Christmas"]}, "a date like"),
        ({"open": "always"}, "not open"),
    ],
)
def test_a_calendar_that_does_not_fit_is_refused_with_what_was_expected(
    document: dict, told: str
) -> None:
    with pytest.raises(ValueError, match=told):
        Calendar.from_document(document)


def test_with_nothing_but_holidays_time_runs_through() -> None:
    start = datetime(2026, 1, 5, tzinfo=UTC)
    holidays = [(start + timedelta(days=i)).date().isoformat() for i in range(800)]
    calendar = Calendar.from_document(
        {"hours": {"monday": [["09:00", "10:00"]]}, "holidays": holidays}
    )
    assert calendar.after(start, timedelta(hours=1)) == start + timedelta(hours=1)
