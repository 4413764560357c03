"""Does the alarm find who stamps, and leave who looks in peace? Made-up reviewers on real cases; the seeds are fixed.

The folder of real data is not part of the repository; without it these tests are skipped, and say so.
"""

from __future__ import annotations

import math
import sys

import pytest

from audits.fairness.testing import normal_sf
from audits.oversight import alarm, disparity
from audits.oversight.plan import Plan, Volume
from audits.oversight.records import GroupCounts
from tests.overseen import (
    ACTOR,
    BIASED,
    HONEST,
    STAMPER,
    TERSE,
    cases_of,
    override_cells,
    reviewed,
)

REVIEWS = 120
SETS = pytest.mark.parametrize("name", ["german_credit", "vehicle_coupon"])


def flagged(person, cases, runs) -> float:
    """Return the share of runs in which the alarm is raised after 120 reviews."""
    found = 0
    for seed in range(runs):
        reviews = [one for one, _ in reviewed(person, cases, REVIEWS, seed=seed)]
        volume = Volume(reviews=len(reviews), weeks=5, plan=Plan())
        found += alarm.document(reviews, volume)["state"] == "raised"
    return found / runs


@SETS
@pytest.mark.parametrize("person", [STAMPER, ACTOR], ids=lambda person: person.name)
def test_who_stamps_is_flagged_after_120_reviews(shared_data, at_scale, name, person):
    assert flagged(person, cases_of(shared_data / name), at_scale(200)) >= 0.95


@SETS
@pytest.mark.parametrize("person", [HONEST, TERSE], ids=lambda person: person.name)
def test_who_looks_is_left_in_peace_however_quick_and_brief(shared_data, at_scale, name, person):
    assert flagged(person, cases_of(shared_data / name), at_scale(200)) <= 0.05


def leanings(person, cases, count, runs):
    """Return how often a group is found to be overridden against more, and less, than the other."""
    found = {"more": 0, "less": 0}
    for seed in range(runs):
        pairs = list(reviewed(person, cases, count, seed=seed))
        counts = GroupCounts(
            attributes=("gender",),
            reference={"gender": "Male"},
            overrides=override_cells(pairs),
        )
        rows = disparity.overrides(counts, Volume(reviews=count, weeks=5, plan=Plan()))
        for row in rows["comparisons"]:
            if row["direction"] == "against" and row["says"] in found:
                found[row["says"]] += 1
    return {says: number / runs for says, number in found.items()}


def test_who_overrides_against_one_group_is_found_once_there_are_enough_of_both(
    shared_data, at_scale
):
    cases = cases_of(shared_data / "vehicle_coupon")
    runs = at_scale(200)

    assert leanings(BIASED, cases, 200, runs) == {"more": 0, "less": 0}  # Too few of each group.
    found = leanings(BIASED, cases, 600, runs)
    assert found["more"] >= 0.95
    assert found["less"] == 0


@pytest.mark.full
def test_the_power_to_find_who_leans_grows_with_the_reviews(shared_data, at_scale, capsys):
    cases = cases_of(shared_data / "vehicle_coupon")
    runs = at_scale(200)
    power = {count: leanings(BIASED, cases, count, runs)["more"] for count in (300, 400, 500, 600)}
    with capsys.disabled():
        told = ", ".join(f"{count} reviews {share:.0%}" for count, share in power.items())
        sys.stdout.write(f"\nM8 finds who overrides against one group ({runs} runs): {told}\n")
    assert power[300] <= power[400] <= power[600]


def test_nobody_is_said_to_lean_by_more_than_chance(shared_data, at_scale):
    cases = cases_of(shared_data / "vehicle_coupon")
    runs = at_scale(200)
    found = leanings(HONEST, cases, 600, runs)

    # One in twenty by Holm's level, and what as many runs may add by chance (one in a thousand).
    most = 0.05 + 3.09 * math.sqrt(0.05 * 0.95 / runs)
    assert normal_sf(3.09) == pytest.approx(0.001, rel=0.01)
    assert found["more"] + found["less"] <= most
