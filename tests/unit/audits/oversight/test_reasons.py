from __future__ import annotations

import pytest

from audits.oversight import reasons
from audits.oversight.plan import Plan, Volume
from tests.overseen import review

VOLUME = Volume(reviews=100, weeks=4, plan=Plan())


def test_reasons_repeat_within_a_person_and_not_across_people():
    reviews = [
        *[review(reason_digest="a", reason_length=20)] * 3,
        review(reason_digest="b", reason_length=14),
        review(reason_digest="a", reason_length=20, reviewer="r2"),
        review(revealed=True),
    ]
    found = reasons.document(reviews, VOLUME)

    assert found["repeated"]["of"] == [2, 5]
    assert found["short"]["of"] == [1, 5]
    assert found["revealed"]["of"] == [1, 6]
    assert found["reveals_per_100"] == pytest.approx(100 / 6)


def test_no_reasons_are_not_all_different_ones():
    found = reasons.document([review()], VOLUME)
    assert found["repeated"]["rate"] is found["short"]["rate"] is None
    assert reasons.document([], VOLUME)["reveals_per_100"] is None
