"""Who is told of their pace: after a streak of quick approvals, and after an hour without a break."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from governance.reviews.pace import Paced, pace_of

NOW = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)


def verdicts(count, *, seconds=4.0, apart=10.0, words=20, approves=True, ending=NOW):
    """Return verdicts of one person, the newest first."""
    return [
        Paced(
            id=f"{ending:%H%M}-{count - n}",
            approves=approves,
            begun_at=ending - timedelta(seconds=apart * n + seconds),
            given_at=ending - timedelta(seconds=apart * n),
            seconds=seconds,
            words=words,
        )
        for n in range(count)
    ]


def test_a_streak_of_quick_approvals_is_told_with_its_median():
    found = pace_of(verdicts(25), NOW)
    assert (found.approvals, found.median_seconds, found.nudges) == (25, 4.0, ("streak",))
    assert found.streak == pace_of(verdicts(26)[:25] + verdicts(26)[25:], NOW).streak, (
        "a streak that goes on is the same one"
    )


def test_no_word_is_said_of_fewer_of_slower_ones_or_after_something_else():
    assert pace_of(verdicts(24), NOW).nudges == ()
    assert pace_of(verdicts(25, seconds=12.0, apart=14.0), NOW).nudges == ()
    assert pace_of(verdicts(25, seconds=12.0, apart=14.0, words=200), NOW).nudges == ("streak",)
    assert pace_of(verdicts(1, approves=False) + verdicts(25), NOW).approvals == 0


def test_a_break_of_ten_minutes_begins_anew():
    earlier = verdicts(24, ending=NOW - timedelta(minutes=10, seconds=5))
    assert pace_of(verdicts(1) + earlier, NOW).approvals == 1
    assert pace_of(earlier, NOW).approvals == 0


def test_an_hour_without_a_break_is_told_however_slow_it_was():
    steady = verdicts(21, seconds=170.0, apart=180.0)
    found = pace_of(steady, NOW)
    assert (found.minutes, found.nudges) == (62, ("break",))
    assert pace_of(steady[:15], NOW).nudges == ()
    assert pace_of(steady, NOW, guarded=False).nudges == ()
