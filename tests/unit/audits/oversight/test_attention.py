from __future__ import annotations

import pytest

from audits.oversight import attention
from audits.oversight.plan import Plan, Volume
from tests.overseen import gold, review


def volume(reviews):
    return Volume(reviews=len(reviews), weeks=4, plan=Plan())


def test_the_floor_is_half_the_words_at_238_a_minute_and_two_seconds():
    assert attention.floor_of(238) == pytest.approx(32.0)
    assert attention.floor_of(0) == 2.0


def test_dwell_is_told_of_what_was_measured_alone():
    reviews = [review(words=238, seconds=s) for s in (16.0, 32.0, 64.0)] + [review(words=238)]
    found = attention.dwell(reviews, volume(reviews))

    assert found["median"] == pytest.approx(1.0)
    assert found["interval"] == pytest.approx([0.5, 2.0])
    assert found["below_floor"]["of"] == [1, 3]
    assert (found["measured"], found["not_measured"]) == (3, 1)
    assert found["seconds"] == 32.0


def test_where_nothing_was_measured_nobody_was_fast():
    found = attention.dwell([review()] * 200, volume([review()] * 200))
    assert found["median"] is None
    assert found["below_floor"]["rate"] is None
    assert found["below_floor"]["enough"] is False


def test_evidence_counts_as_opened_where_all_of_it_was():
    reviews = [
        review(panels_required=2, panels_opened=2),
        review(panels_required=2, panels_opened=1),
        review(panels_required=4, panels_opened=0),
        review(),
    ]
    found = attention.opened(reviews, volume(reviews))

    assert found["opened"]["of"] == [1, 3]
    assert found["panels"] == pytest.approx(0.5)
    assert attention.opened([review()], volume([review()]))["panels"] is None


def test_tiring_is_looked_for_over_the_session_and_the_day():
    fresh = [gold(caught=True, position=3, hour=9)] * 20
    tired = [gold(caught=False, position=60, hour=17)] * 20
    reviews = [*fresh, *tired, gold(caught=True)]
    found = attention.vigilance(reviews, volume(reviews))

    rows = found["by_position"]["rows"]
    assert [(row["from"], row["to"], row["caught"]["of"]) for row in rows] == [
        (1, 10, [20, 20]), (51, None, [0, 20]),
    ]  # fmt: skip
    assert found["by_position"]["caught"] < 0.001
    assert [(row["from"], row["over"]["of"]) for row in found["by_hour"]["rows"]] == [
        (9, [0, 20]), (15, [20, 20]),
    ]  # fmt: skip


def test_one_band_alone_cannot_differ():
    reviews = [gold(caught=True, position=1)] * 5
    assert attention.vigilance(reviews, volume(reviews))["by_position"]["caught"] is None


def test_every_hour_and_place_has_a_band():
    assert [first for first, _ in attention.HOURS[1:]] == [
        last + 1 for _, last in attention.HOURS[:-1]
    ]
    assert (attention.HOURS[0][0], attention.HOURS[-1][1]) == (0, 23)
    assert [first for first, _ in attention.POSITIONS[1:]] == [
        last + 1 for _, last in attention.POSITIONS[:-1]
    ]
