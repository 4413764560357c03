from __future__ import annotations

from audits.oversight import reliance
from audits.oversight.plan import Plan, Volume
from audits.oversight.records import Purpose, TruthFrom
from tests.overseen import NO, YES, gold, review

VOLUME = Volume(reviews=100, weeks=4, plan=Plan())
LATER = TruthFrom.LATER


def test_following_what_is_wrong_and_leaving_what_is_right_stand_apart():
    reviews = [
        *[review(truth=NO, truth_from=LATER)] * 3,  # Followed, and wrong.
        *[review(truth=NO, truth_from=LATER, outcome=NO)] * 5,
        *[review(truth=NO, truth_from=LATER, outcome="maybe")] * 2,  # Overridden, and still wrong.
        *[review(truth=YES, truth_from=LATER)] * 9,
        review(truth=YES, truth_from=LATER, outcome=NO),
        review(),  # Of this nothing is known.
    ]
    found = reliance.document(reviews, VOLUME)

    assert found["over"]["of"] == [3, 10]
    assert found["under"]["of"] == [1, 10]
    assert found["put_right"]["of"] == [5, 7]


def test_each_source_of_truth_is_told_apart():
    reviews = [gold(caught=False), review(truth=YES, truth_from=TruthFrom.APPEAL)]
    found = reliance.document(reviews, VOLUME)

    assert [(row["source"], row["over"]["of"]) for row in found["by_source"]] == [
        ("gold", [1, 1]), ("appeal", [0, 0]),
    ]  # fmt: skip
    assert found["over"]["of"] == [1, 1]
    assert found["over"]["enough"] is False


def test_without_any_truth_nothing_is_claimed():
    found = reliance.document([review()] * 50, VOLUME)
    assert found["over"]["rate"] is found["under"]["rate"] is None
    assert found["by_source"] == []


def test_a_switch_is_a_judgement_given_up_for_the_machine():
    told = {"truth": NO, "truth_from": LATER}
    reviews = [
        *[review(first=NO, **told)] * 2,  # Right at first, and given up.
        review(first=NO, truth=YES, truth_from=LATER),  # Given up rightly.
        review(first=NO),
        review(first=NO, outcome=NO),  # Stood by.
        *[review(first=YES)] * 4,
        review(),  # Not judged first.
        review(first=NO, purpose=Purpose.DOUBLE),
    ]
    found = reliance.switches(reviews, VOLUME)

    assert found["disagreed"]["of"] == [5, 9]
    assert found["switched"]["of"] == [4, 5]
    assert found["wrong"]["of"] == [2, 3]
