from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from audits.fairness.causes import reasons_report
from audits.fairness.counts import Cell, Counts, Measure, Result, Routed, ScoreCell, Stage
from audits.fairness.groups import base, of_groups, references
from audits.fairness.metrics import items_of
from audits.fairness.mix import mix_report
from audits.fairness.report import fairness_report
from audits.fairness.scores import curve, scores_report
from audits.fairness.whatif import thresholds

GENDERS, AGES = ("female", "male"), ("under 60", "60+")
ITEMS = ["gender", "age", "gender*age"]


def some_group(age: str | None, gender: str | None):
    known = (("age", age), ("gender", gender))
    return tuple((name, value) for name, value in known if value is not None)


groups = st.builds(
    some_group, st.sampled_from([*AGES, None, "unknown"]), st.sampled_from([*GENDERS, None])
)
#: What each stage may hold; empty where nothing was proposed or decided yet.
VALUES = {
    Stage.PROPOSAL: ["yes", "no", ""],
    Stage.ROUTING: [Routed.RELEASED.value, Routed.REVIEW.value],
    Stage.OUTCOME: ["yes", "no", ""],
}
cells = st.sampled_from(list(VALUES)).flatmap(
    lambda stage: st.builds(
        Cell,
        stage=st.just(stage),
        group=groups,
        value=st.sampled_from(VALUES[stage]),
        truth=st.just("") if stage is Stage.ROUTING else st.sampled_from(["", "yes", "no"]),
        mature=st.booleans(),
        imported=st.just(False),
        count=st.integers(0, 3),
    )
)
scored = st.builds(
    ScoreCell,
    group=groups,
    result=st.sampled_from(Result),
    confidence=st.sampled_from([0, 300_000, 500_000, 900_000, 1_000_000]),
    mature=st.booleans(),
    count=st.integers(0, 3),
)
measures = st.builds(
    Measure,
    positive=st.sampled_from([frozenset(), frozenset({"yes"})]),
    reference=st.sampled_from([{}, {"gender": "male"}, {"gender": "nobody", "age": "60+"}]),
    enough=st.integers(0, 3),
)
counts_of_few = st.builds(
    Counts,
    decision_point=st.just("loans"),
    kind=st.sampled_from(["scoring", "routing", "personalization"]),
    since=st.just("2026-01-01"),
    until=st.just("2026-01-31"),
    outcomes=st.just({"yes": {"en": "Yes"}, "no": {"en": "No"}}),
    attributes=st.just(("age", "gender")),
    measure=measures,
    cells=st.lists(cells, max_size=12),
    scores=st.lists(scored, max_size=8),
)


@given(counts_of_few)
def test_every_part_of_a_report_compares_with_the_same_group(counts):
    chosen = references(counts, items_of(ITEMS))

    stages = fairness_report(counts, by=ITEMS)["stages"]
    for name in ("proposal", "routing", "outcome"):
        found = {one["by"]: one["group"] for one in stages[name]["references"]}
        shown = [row["group"] for row in stages[name]["groups"]]
        for item, asked in items_of(ITEMS).items():
            group = chosen.get(item)
            if group is not None and dict(group) in shown:
                assert found[asked] == dict(group)


@given(counts_of_few, st.floats(0, 1))
def test_whatever_is_counted_can_be_written_as_json(counts, threshold):
    for told in (
        scores_report(counts, ITEMS),
        mix_report(counts, ITEMS),
        reasons_report(counts, ITEMS),
        thresholds(counts, ITEMS, threshold),
    ):
        json.dumps(told, allow_nan=False)


def test_a_count_that_was_corrected_down_to_nothing_is_no_confidence():
    counted = [
        ScoreCell(group=(), result=Result.TRUE_POSITIVE, confidence=500_000, mature=True, count=0),
        ScoreCell(group=(), result=Result.TRUE_POSITIVE, confidence=300_000, mature=True, count=1),
        ScoreCell(
            group=(), result=Result.UNLABELLED_POSITIVE, confidence=300_000, mature=True, count=1
        ),
    ]
    assert curve(counted).confidences == [300_000]
    assert curve(counted).evenly_labelled(300_000)


def test_who_is_not_known_in_one_attribute_is_in_no_crossed_group():
    known, partly = some_group("60+", "male"), some_group(None, "male")
    counted = [
        ScoreCell(group=group, result=Result.TRUE_POSITIVE, confidence=1, mature=True, count=count)
        for group, count in ((known, 1), (partly, 2), (known, 0), ((), 4))
    ]

    assert {
        group: [cell.count for cell in own]
        for group, own in of_groups(counted, ("age", "gender")).items()
    } == {known: [1]}
    assert [
        sum(cell.count for cell in own) for own in of_groups(counted, ("gender",)).values()
    ] == [3]


def test_where_the_chosen_group_is_absent_the_largest_that_is_there_stands_in():
    men, women = (("gender", "male"),), (("gender", "female"),)
    chosen = {("gender",): men}

    assert base(("gender",), chosen, {men: 1, women: 9}, Measure()) == men
    assert base(("gender",), chosen, {women: 9}, Measure()) == women
    assert base(("gender",), chosen, {}, Measure()) is None
