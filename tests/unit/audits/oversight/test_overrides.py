from __future__ import annotations

import pytest

from audits.oversight import overrides
from audits.oversight.plan import Plan, Volume
from audits.oversight.records import Purpose, TruthFrom
from tests.overseen import NO, YES, gold, review

LATER = {"truth_from": TruthFrom.LATER}


def told(reviews, **plan):
    volume = Volume(reviews=len(reviews), weeks=4, plan=Plan(**plan))
    return overrides.document(reviews, volume)


def some(changed, of, wrong, known, **more):
    """Make reviews of which so many are changed, and of which so many of the first known are wrong."""
    return [
        review(
            outcome=NO if at < changed else YES,
            **({"truth": NO if at < wrong else YES, **LATER} if at < known else {}),
            **more,
        )
        for at in range(of)
    ]


def test_far_less_changed_than_is_wrong_is_said():
    found = told(some(1, 400, 40, 200))["overall"]

    assert found["changed"]["of"] == [1, 400]
    assert found["error"]["rate"] == 0.2
    assert found["changed"]["interval"][1] < 0.05
    assert found["says"] == "far_below_error"


def test_a_low_rate_is_right_where_the_machine_is():
    assert told(some(1, 400, 2, 200))["overall"]["says"] == "in_keeping"


def test_too_few_reviews_and_an_unknown_error_are_no_verdict():
    assert told(some(0, 99, 20, 99))["overall"]["says"] == "too_few"
    assert told(some(0, 400, 5, 29))["overall"]["says"] == "error_unknown"
    empty = told([])["overall"]
    assert empty["says"] == "too_few"
    assert empty["changed"]["rate"] is None
    assert empty["error"]["rate"] is None


def test_chosen_cases_do_not_tell_how_often_the_machine_is_wrong():
    appealed = [review(truth=NO, truth_from=TruthFrom.APPEAL)] * 50
    doubled = [review(truth=YES, truth_from=TruthFrom.DOUBLE)] * 50
    found = told([*appealed, *doubled, *[gold(caught=True)] * 50])["overall"]

    assert found["error"]["of"] == [0, 50]
    assert found["changed"]["of"] == [0, 100]


def test_who_saw_no_proposal_is_in_no_override_rate():
    found = told([review(purpose=Purpose.DOUBLE, outcome=NO), review(proposed=None)])
    assert found["overall"]["changed"]["of"] == [0, 0]


def test_bands_share_out_what_has_a_confidence():
    found = told(
        [review(confidence=c) for c in (0.0, 0.49, 0.5, 0.59, 0.95, 1.0)] + [review()],
    )

    assert [(row["from"], row["to"], row["changed"]["of"][1]) for row in found["bands"]] == [
        (0.0, 0.5, 2), (0.5, 0.6, 2), (0.95, 1.0, 2),
    ]  # fmt: skip
    assert found["without_confidence"] == 1


@pytest.mark.parametrize(("confidence", "band"), [(0.9, (0.9, 0.95)), (1.0, (0.95, 1.0))])
def test_an_edge_belongs_to_the_band_above(confidence, band):
    assert overrides.band(confidence) == band
