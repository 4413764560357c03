from __future__ import annotations

import json

import pytest

from audits.oversight.records import AppealCell, Path, Purpose, Review, TruthFrom
from tests.overseen import NO, YES, gold, review


def test_a_review_read_back_from_json_is_equal():
    for one in (review(), gold(caught=True, seconds=3.5, position=2, hour=9, pair="p")):
        assert Review.parse(json.loads(json.dumps(one.encode()))) == one


@pytest.mark.parametrize(
    "wrong",
    [
        {"truth": NO},
        {"truth_from": TruthFrom.LATER},
        {"purpose": Purpose.GOLD},
        {"confidence": 1.2},
        {"panels_required": 1, "panels_opened": 2},
        {"seconds": -1.0},
        {"words": -1},
        {"position": 0},
        {"hour": 24},
    ],
)
def test_what_cannot_be_is_refused(wrong):
    with pytest.raises(ValueError):
        review(**wrong)


def test_what_is_no_review_is_refused():
    with pytest.raises(ValueError, match="not a review"):
        Review.parse({"reviewer": "r1"})


def test_a_rejection_to_what_was_proposed_overrides_nothing():
    assert not review(verdict="reject").overridden
    assert review(outcome=NO).overridden


def test_who_did_not_see_the_proposal_can_neither_accept_nor_override_it():
    assert not review(purpose=Purpose.DOUBLE).saw_proposal
    assert not review(proposed=None, outcome=YES).saw_proposal
    assert review(purpose=Purpose.CHECK).saw_proposal


def test_only_an_appeal_can_overturn():
    with pytest.raises(ValueError, match="not appealed"):
        AppealCell(group=(), path=Path.REVIEWED, appealed=False, overturned=True, count=1)
