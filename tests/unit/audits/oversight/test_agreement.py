from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import krippendorff as oracle
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from audits.fairness.intervals import wilson, z_of
from audits.oversight import agreement
from audits.oversight.agreement import bounded, krippendorff
from audits.oversight.plan import Plan, Volume
from audits.oversight.records import Purpose
from tests.overseen import NO, YES, review

Z = z_of(0.95)
VOLUME = Volume(reviews=200, weeks=4, plan=Plan())
#: Krippendorff (2011), "Computing Krippendorff's alpha-reliability", part C: four observers, twelve units, missing values.
OBSERVERS = (
    "1 2 3 3 2 1 4 1 2 . . .",
    "1 2 3 3 2 2 4 1 2 5 . 3",
    ". 3 3 3 2 3 4 2 2 5 1 .",
    "1 2 3 3 2 4 4 1 2 5 1 .",
)
TABLE = list(
    zip(*[[None if v == "." else v for v in row.split()] for row in OBSERVERS], strict=True)
)


def test_the_example_of_the_literature_gives_its_figure():
    found = krippendorff(TABLE)

    assert found.alpha == pytest.approx(0.743, abs=0.0005)
    # The coincidence matrix worked by hand: 40 values, of which 9, 13, 10, 5 and 3; 8 disagreeing pairs.
    assert (found.units, found.values) == (11, 40)
    assert found.observed == pytest.approx(8 / 40)
    assert found.expected == pytest.approx((40**2 - 9**2 - 13**2 - 10**2 - 5**2 - 3**2) / (40 * 39))
    assert found.alpha == pytest.approx(1 - (8 / 40) / (1216 / 1560))


def test_two_observers_of_ten_units_give_the_figure_of_the_literature():
    # The same paper, part A: two observers, ten units, two values: alpha 0.095.
    meg = ["0", "1", "0", "0", "0", "0", "0", "0", "1", "0"]
    owen = ["1", "1", "1", "0", "0", "1", "0", "0", "0", "0"]
    assert krippendorff(zip(meg, owen, strict=True)).alpha == pytest.approx(0.095, abs=0.0005)


tables = st.integers(2, 5).flatmap(
    lambda raters: st.lists(
        st.lists(st.sampled_from([None, "a", "b", "c", "d"]), min_size=raters, max_size=raters),
        min_size=1,
        max_size=40,
    )
)


@given(table=tables)
def test_alpha_is_that_of_another_implementation(table):
    found = krippendorff(table)
    used = [unit for unit in table if sum(value is not None for value in unit) > 1]
    if len({value for unit in used for value in unit if value is not None}) < 2:
        assert found.alpha is None
        return
    data = np.array(
        [
            [np.nan if v is None else float(ord(v)) for v in rater]
            for rater in zip(*table, strict=True)
        ]
    )
    wanted = oracle.alpha(reliability_data=data, level_of_measurement="nominal")
    assert found.alpha == pytest.approx(wanted, abs=1e-9)


def test_where_only_one_answer_was_given_agreement_is_not_known():
    for table in ([["a", "a"]] * 30, [], [["a", None]] * 5):
        assert krippendorff(table).alpha is None
        assert bounded(table, Z, 0.95) is None


def test_nobody_disagreeing_by_luck_is_allowed_for():
    table = [["a", "a"]] * 10 + [["b", "b"]] * 10
    low, high = bounded(table, Z, 0.95)

    assert krippendorff(table).alpha == high == 1
    assert low == pytest.approx(1 - wilson(0, 20, Z)[1] / krippendorff(table).expected)
    assert low < 0.75


def test_the_interval_holds_the_figure_shrinks_with_cases_and_comes_out_alike():
    some = [["a", "a"]] * 12 + [["b", "b"]] * 12 + [["a", "b"]] * 6
    bounds = [bounded(some * times, Z, 0.95) for times in (1, 4, 16)]

    for low, high in bounds:
        assert low < krippendorff(some).alpha < high
    assert all(
        after[1] - after[0] < 0.6 * (before[1] - before[0]) for before, after in pairwise(bounds)
    )
    assert bounded(some, Z, 0.95) == bounds[0]


def test_the_interval_covers_what_is_true():
    """Two raters that give a true answer with 85 %, else the other: alpha is (2 * .85 - 1) ** 2 = .49."""
    drawing = np.random.default_rng(7)
    covered, tries = 0, 150
    for _ in range(tries):
        truth = drawing.integers(0, 2, 80)
        said = [truth ^ (drawing.random(80) > 0.85) for _ in range(2)]
        table = [[str(one), str(other)] for one, other in zip(*said, strict=True)]
        low, high = bounded(table, Z, 0.95)
        covered += low <= 0.49 <= high
    assert covered / tries >= 0.9


# ------------------------------------------------------------------------------ of reviews


def cases(*kinds):
    """Make cases reviewed twice: how many, what the first reviewer said in sight of a proposal, and what the blind one said."""
    found = []
    for times, proposed, first, second in kinds:
        for _ in range(times):
            pair = f"{len(found):05}"
            one = review(pair=pair, proposed=proposed, outcome=first)
            found += [one, replace(one, reviewer="r2", purpose=Purpose.DOUBLE, outcome=second)]
    return found


STAMPING = cases((15, YES, YES, YES), (15, NO, NO, NO), (10, YES, YES, NO), (10, NO, NO, YES))
LOOKING = cases((20, YES, YES, YES), (20, NO, NO, NO), (8, YES, NO, NO), (8, NO, YES, YES))


def test_agreeing_with_the_machine_more_than_with_each_other_is_said():
    found = agreement.document(STAMPING, VOLUME)

    assert found["with_machine"]["alpha"] == 1
    assert found["between_people"]["alpha"] < 0.3
    assert found["closer"]["interval"][0] > 0
    assert found["says"] == "closer_to_machine"


def test_who_decides_as_the_blind_colleague_does_is_not_close_to_the_machine():
    found = agreement.document(LOOKING, VOLUME)

    assert found["between_people"]["alpha"] == 1
    assert found["closer"]["value"] < 0
    assert found["says"] == "as_close"


def test_few_cases_say_nothing_yet():
    found = agreement.document(cases((5, YES, YES, NO), (5, NO, NO, NO)), VOLUME)
    assert found["says"] == "too_few"
    assert found["between_people"]["needed"]["count"] == 20


def test_one_answer_for_all_is_no_agreement():
    found = agreement.document(cases((40, YES, YES, YES)), VOLUME)
    assert found["says"] == "undefined"
    assert found["between_people"]["alpha"] is None


def test_everybody_agreeing_with_everything_is_not_closer_to_the_machine():
    found = agreement.document(cases((20, YES, YES, YES), (20, NO, NO, NO)), VOLUME)
    assert found["closer"] == {"value": 0, "interval": None}
    assert found["says"] == "as_close"


def test_where_nobody_saw_a_proposal_there_is_nothing_to_be_close_to():
    blind = [replace(one, proposed=None) for one in LOOKING]
    found = agreement.document(blind, VOLUME)
    assert found["between_people"]["alpha"] == 1
    assert found["with_machine"]["alpha"] is None
    assert found["says"] == "too_few"


def test_a_second_look_of_ones_own_is_no_second_person():
    alone = [replace(one, reviewer="r1") for one in STAMPING]
    found = agreement.document(alone, VOLUME)

    assert found["between_people"]["units"] == 0
    assert found["own_second_look"]["units"] == 50
    assert found["says"] == "too_few"
