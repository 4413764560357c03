from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from statsmodels.stats.contingency_tables import StratifiedTable
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.proportion import confint_proportions_2indep

from audits.fairness.counts import WaitCell
from audits.oversight import disparity
from audits.oversight.plan import Plan, Volume
from audits.oversight.records import GroupCounts, OverrideCell, QueueCell
from tests.fairness_tables import group

WOMEN, MEN, OTHERS = group(gender="female"), group(gender="male"), group(gender="other")
VOLUME = Volume(reviews=1000, weeks=4, plan=Plan())


def cells(of, positive, *bands):
    """Make cells of a group from bands, each so many overridden of so many."""
    return [
        OverrideCell(group=of, band=str(at), positive=positive, overridden=overridden, count=count)
        for at, (hits, size) in enumerate(bands)
        for overridden, count in ((True, hits), (False, size - hits))
    ]


def told(*found, **more):
    counts = GroupCounts(attributes=("gender",), overrides=[one for each in found for one in each])
    return disparity.overrides(counts, Volume(reviews=1000, weeks=4, plan=Plan(**more)))[
        "comparisons"
    ]


rates = st.integers(100, 300).flatmap(lambda n: st.tuples(st.integers(1, n - 1), st.just(n)))


@given(pairs=st.lists(st.tuples(rates, rates), min_size=1, max_size=5), positive=st.booleans())
def test_the_test_within_bands_is_that_of_statsmodels(pairs, positive):
    (row,) = told(
        cells(WOMEN, positive, *[own for own, _ in pairs]),
        cells(MEN, positive, *[other for _, other in pairs]),
    )

    tables = []
    for own, other in pairs:
        pair = (own, other) if row["group"] == {"gender": "female"} else (other, own)
        tables.append(np.array([[k, n - k] for k, n in pair], dtype=float))
    table = StratifiedTable(tables)
    assert row["p_value"] == pytest.approx(table.test_null_odds().pvalue, rel=1e-6, abs=1e-12)
    assert row["ratio"] == pytest.approx(table.riskratio_pooled, rel=1e-9)
    assert row["direction"] == ("against" if positive else "for")


def test_the_direction_is_told():
    against = told(cells(WOMEN, True, (60, 120)), cells(MEN, True, (30, 150)))
    favour = told(cells(WOMEN, False, (60, 120)), cells(MEN, False, (30, 150)))
    turned = told(cells(WOMEN, True, (5, 120)), cells(MEN, True, (60, 150)))

    assert [(row["direction"], row["says"]) for row in against] == [("against", "more")]
    assert [(row["direction"], row["says"]) for row in favour] == [("for", "more")]
    assert [row["says"] for row in turned] == ["less"]


def test_a_gap_that_bands_explain_is_none():
    # Women are more often in the band that is overridden more; within each band all are treated alike.
    (row,) = told(cells(WOMEN, True, (80, 160), (4, 40)), cells(MEN, True, (40, 80), (16, 160)))
    assert row["crude_difference"] > 0.15
    assert row["difference"] == pytest.approx(0)
    assert row["says"] == "even"


def test_below_a_hundred_on_either_side_nothing_is_said():
    (row,) = told(cells(WOMEN, True, (99, 99)), cells(MEN, True, (1, 200)))
    assert row["says"] == "too_few"
    assert row["p_holm"] is None
    assert row["needed"]["count"] == 1


def test_nothing_overridden_at_all_is_no_evenness():
    (row,) = told(cells(WOMEN, True, (0, 120)), cells(MEN, True, (0, 150)))
    assert row["says"] == "undefined"


def test_many_comparisons_are_allowed_for():
    rows = told(
        cells(WOMEN, True, (40, 120)), cells(OTHERS, True, (44, 110)), cells(MEN, True, (40, 150)),
        cells(WOMEN, False, (40, 120)), cells(OTHERS, False, (30, 110)), cells(MEN, False, (40, 150)),
    )  # fmt: skip
    wanted = multipletests([row["p_value"] for row in rows], method="holm")[1]

    assert len(rows) == 4
    assert [row["p_holm"] for row in rows] == pytest.approx(list(wanted))


def test_every_figure_compares_with_the_same_group():
    many = [QueueCell(group=MEN, queued=False, wrong=False, count=900)]
    few = [QueueCell(group=WOMEN, queued=False, wrong=True, count=800)]
    counts = GroupCounts(
        attributes=("gender",),
        overrides=[
            *cells(WOMEN, True, (30, 300)),
            *cells(MEN, True, (30, 200)),
            *cells(WOMEN, False, (3, 300)),
            *cells(MEN, False, (30, 200)),
        ],
        queue=many + few,
    )
    rows = disparity.overrides(counts, VOLUME)["comparisons"]
    rows += disparity.queues(counts, VOLUME, since="2026-10-01", until="2026-10-28")["wrong"]

    assert {row["reference"]["gender"] for row in rows} == {"male"}


def test_a_group_that_a_figure_lacks_is_no_reference_there():
    counts = GroupCounts(
        attributes=("gender",),
        overrides=[*cells(WOMEN, True, (30, 300)), *cells(OTHERS, True, (30, 200))],
        queue=[QueueCell(group=MEN, queued=False, wrong=None, count=900)],
    )
    (row,) = disparity.overrides(counts, VOLUME)["comparisons"]
    assert row["reference"] == {"gender": "female"}


def test_groups_without_attributes_or_reviews_are_no_comparison():
    assert told() == []
    assert told(cells((), True, (3, 200))) == []


# ------------------------------------------------------------------------------ queues

QUEUE = GroupCounts(
    attributes=("gender",),
    reference={"gender": "male"},
    queue=[
        QueueCell(group=WOMEN, queued=True, wrong=None, count=60),
        QueueCell(group=WOMEN, queued=True, wrong=True, count=5),
        QueueCell(group=WOMEN, queued=False, wrong=True, count=20),
        QueueCell(group=WOMEN, queued=False, wrong=False, count=100),
        QueueCell(group=MEN, queued=True, wrong=None, count=30),
        QueueCell(group=MEN, queued=False, wrong=False, count=170),
        QueueCell(group=MEN, queued=False, wrong=None, count=50),
    ],
    waits=[
        WaitCell(group=WOMEN, at_most=1440, count=65),
        WaitCell(group=MEN, at_most=60, count=30),
    ],
)


def queues(counts=QUEUE):
    return disparity.queues(counts, VOLUME, since="2026-10-01", until="2026-10-28")


def test_who_waits_and_who_is_misjudged_by_machine_alone():
    found = queues()
    women, men = found["queued"]

    assert women["of"] == [65, 185]
    assert men["of"] == [30, 250]
    assert men["difference_interval"] is None
    wanted = confint_proportions_2indep(65, 185, 30, 250, method="newcomb", compare="diff")
    assert women["difference_interval"] == pytest.approx(wanted, abs=1e-9)
    assert [row["of"] for row in found["wrong"]] == [[20, 120], [0, 170]]
    assert [row["count"] for row in found["waits"]["groups"]] == [65, 30]


def test_without_counts_nothing_is_claimed():
    assert queues(GroupCounts(attributes=("gender",))) == {
        "queued": [], "wrong": [], "waits": None,
    }  # fmt: skip
