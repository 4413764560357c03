"""What holds of fairness figures for any table of decisions."""

from __future__ import annotations

import json
import math
import random
from collections import Counter
from dataclasses import replace
from functools import partial

import numpy as np
import pandas as pd
from fairlearn import metrics as fairlearn
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from sklearn import metrics as sklearn

from audits.fairness import metrics
from audits.fairness.counts import NEVER, NOT_YET, Cell, Stage
from audits.fairness.report import counts_document, counts_from, fairness_report, recompute
from audits.fairness.suppression import is_small, suppressed
from tests.conftest import FULL
from tests.fairness_tables import NO, YES, counts, group

POSITIVE = frozenset({YES})
GROUPS = tuple(group(gender=name) for name in ("female", "male", "diverse", "none"))

#: Their names in our reports, and the same figures of fairlearn and scikit-learn.
ORACLES = {
    "selection_rate": fairlearn.selection_rate,
    "tpr": fairlearn.true_positive_rate,
    "fpr": fairlearn.false_positive_rate,
    "fnr": fairlearn.false_negative_rate,
    "tnr": fairlearn.true_negative_rate,
    "precision": partial(sklearn.precision_score, zero_division=0.0),
    "npv": partial(sklearn.precision_score, pos_label=0, zero_division=0.0),
    "accuracy": sklearn.accuracy_score,
    "base_rate": lambda y_true, _, sample_weight: fairlearn.mean_prediction(
        y_true, y_true, sample_weight=sample_weight
    ),
}


def oracle(rows, weights):
    """Let fairlearn compute all figures by group; every one of them must be given the weights."""
    names, truth, decided = zip(*rows, strict=True)
    return fairlearn.MetricFrame(
        metrics=ORACLES,
        y_true=np.array(truth),
        y_pred=np.array(decided),
        # One row would be squeezed away, were it not a column with a name.
        sensitive_features=pd.Series(names, name="gender"),
        sample_params={name: {"sample_weight": np.array(weights)} for name in ORACLES},
    )


tables = st.dictionaries(
    st.tuples(st.sampled_from(GROUPS), st.sampled_from((0, 1)), st.sampled_from((0, 1))),
    st.integers(1, 40),
    min_size=1,
)


def cells_of(table):
    return [
        Cell(
            stage=Stage.PROPOSAL,
            group=of,
            value=YES if decided else NO,
            truth=YES if truth else NO,
            mature=True,
            imported=False,
            count=count,
        )
        for (of, truth, decided), count in table.items()
    ]


def stage_of(cells, **more):
    return fairness_report(counts(cells, **more), by=["gender"])["stages"]["proposal"]


@settings(max_examples=150 if FULL else 25)
@given(table=tables)
def test_rows_and_counts_and_ours_are_equal_to_the_last_bit(table):
    weighted = metrics.rows_for_oracle(cells_of(table), "gender", positive=POSITIVE)
    assert Counter({(of, truth, decided): n for of, truth, decided, n in weighted}) == table
    named = [(of[0][1], truth, decided) for of, truth, decided, _ in weighted]
    by_counts = oracle(named, [n for *_, n in weighted])
    single = [row for row, (*_, n) in zip(named, weighted, strict=True) for _ in range(n)]
    by_rows = oracle(single, [1] * len(single))
    stage = stage_of(cells_of(table))

    undefined = set()
    for row in stage["groups"]:
        name = row["group"]["gender"]
        for figure in ORACLES:
            theirs = by_counts.by_group[figure][name]
            assert theirs == by_rows.by_group[figure][name]
            if row["of"][figure][1] == 0:
                assert row[figure] is None
                assert row["intervals"][figure] is None
                undefined.add(figure)
            else:
                assert row[figure] == theirs, (name, figure)
    assert stage["overall"]["accuracy"] == by_rows.overall["accuracy"]
    for figure in ("selection_rate", "tpr", "fpr", "fnr", "precision", "accuracy", "base_rate"):
        if figure in undefined or len(stage["groups"]) < 2:
            continue
        worst = stage["worst"]
        assert worst[f"{figure}_difference"]["value"] == by_counts.difference()[figure]
        ratio = worst.get(f"{figure}_ratio", {"value": math.nan})["value"]
        assert np.array_equal(ratio, by_counts.ratio()[figure], equal_nan=True)


@st.composite
def tables_without_gaps(draw):
    """Draw tables in which every group has somebody who should be positive and somebody who should not."""
    names = draw(st.lists(st.sampled_from(GROUPS), min_size=2, unique=True))
    table = {}
    for of in names:
        for truth in (0, 1):
            decided = draw(st.booleans())
            table[of, truth, int(decided)] = draw(st.integers(1, 40))
            if draw(st.booleans()):
                table[of, truth, int(not decided)] = draw(st.integers(1, 40))
    return table


@settings(max_examples=150 if FULL else 25)
@given(table=tables_without_gaps())
def test_the_named_disparities_are_fairlearns_where_all_groups_are_defined(table):
    stage = stage_of(cells_of(table))
    weighted = metrics.rows_for_oracle(cells_of(table), "gender", positive=POSITIVE)
    names, truth, decided, weights = (
        np.array(column)
        for column in zip(
            *((of[0][1], truth, decided, n) for of, truth, decided, n in weighted), strict=True
        )
    )
    given_rows = {
        "y_true": truth,
        "y_pred": decided,
        "sensitive_features": names,
        "sample_weight": weights,
    }

    worst = stage["worst"]

    assert worst["selection_rate_difference"]["value"] == (
        fairlearn.demographic_parity_difference(**given_rows)
    )
    assert worst["tpr_difference"]["value"] == (
        fairlearn.equal_opportunity_difference(**given_rows)
    )
    assert worst["equalized_odds_difference"]["value"] == (
        fairlearn.equalized_odds_difference(**given_rows)
    )
    if "selection_rate_ratio" in worst:
        assert worst["selection_rate_ratio"]["value"] == (
            fairlearn.demographic_parity_ratio(**given_rows)
        )
    if "equalized_odds_ratio" in worst:
        assert worst["equalized_odds_ratio"]["value"] == (
            fairlearn.equalized_odds_ratio(**given_rows)
        )


# ------------------------------------------------------------------------------------- any counts


@st.composite
def anything(draw):
    """Draw cells of all stages, with unknown groups, missing labels and young decisions among them."""
    groups = [
        group(gender=gender, age=age)
        for gender in ("female", "male", "diverse")
        for age in ("old", "young")
    ]
    groups += [group(gender="female"), group(age="old"), ()]
    values = {
        Stage.PROPOSAL: (YES, NO, ""),
        Stage.OUTCOME: (YES, NO, ""),
        Stage.ROUTING: ("released", "review", "refused", "observed"),
        Stage.REVIEW: ("waiting", "kept", "toward", "away", "other", "lapsed", "withdrawn"),
    }
    truths = {
        Stage.PROPOSAL: (YES, NO, NOT_YET, NEVER),
        Stage.OUTCOME: (YES, NO, NOT_YET, NEVER),
        Stage.ROUTING: ("right", "wrong", NOT_YET, NEVER),
        Stage.REVIEW: ("right", "wrong", NOT_YET, NEVER),
    }
    stages = draw(st.lists(st.sampled_from([*values]), max_size=60))
    return [
        Cell(
            stage=stage,
            group=draw(st.sampled_from(groups)),
            value=draw(st.sampled_from(values[stage])),
            truth=draw(st.sampled_from(truths[stage])),
            mature=draw(st.booleans()),
            imported=draw(st.booleans()),
            count=draw(st.sampled_from((0, 1, 3, 12, 150, 2_000))),
        )
        for stage in stages
    ]


BY = ["gender", "age", "gender*age"]


def leaves(value, path=()):
    if isinstance(value, dict):
        for name, one in value.items():
            yield from leaves(one, (*path, name))
    elif isinstance(value, list):
        for at, one in enumerate(value):
            yield from leaves(one, (*path, at))
    else:
        yield path, value


@given(cells=anything())
def test_a_report_is_of_json_values_and_can_be_computed_again(cells):
    report = fairness_report(counts(cells), by=BY, with_counts=True)

    assert json.loads(json.dumps(report, allow_nan=False)) == report
    assert recompute(json.loads(json.dumps(report))) == []


@given(cells=anything())
def test_undefined_is_none_and_never_zero_and_never_a_pass(cells):
    report = fairness_report(counts(cells), by=BY)

    for stage in report["stages"].values():
        for row in stage.get("groups", ()):
            for name, made_of in row["of"].items():
                if made_of is None or made_of[1] == 0:
                    assert row[name] is None
                    assert row["intervals"][name] is None
                else:
                    assert row[name] == made_of[0] / made_of[1]
                    low, high = row["intervals"][name]
                    assert low <= row[name]
                    assert high is None or row[name] <= high
        for one in stage.get("comparisons", ()):
            if one["value"] is None or not one["enough"]:
                assert one["verdict"] != "pass"
            if one["verdict"] == "pass":
                low, high = one["interval"]
                assert one["tolerance"] <= low <= high <= 1 / one["tolerance"]
        if stage.get("verdict") == "pass":
            verdicts = {one["verdict"] for one in stage["comparisons"]} - {None}
            assert verdicts == {"pass"}


def renamed(cell, names):
    return replace(cell, group=tuple((name, names[value]) for name, value in cell.group))


def mapped(value, names):
    """Rename groups in a report, and take its lists in any order."""
    if isinstance(value, dict):
        return frozenset((name, mapped(one, names)) for name, one in value.items())
    if isinstance(value, list):
        return frozenset(Counter(mapped(one, names) for one in value).items())
    return names.get(value, value) if isinstance(value, str) else value


def told_apart(cells):
    """Make all counts differ, so that one group is the largest."""
    return [
        replace(cell, count=cell.count and cell.count * 64 + at) for at, cell in enumerate(cells)
    ]


def ties(cells):
    """Say whether two groups of a stage are still equally large; either might then be the reference."""
    for stage in (Stage.PROPOSAL, Stage.ROUTING, Stage.REVIEW, Stage.OUTCOME):
        for groups in metrics.tally(cells, stage, metrics.items_of(BY), POSITIVE).groups.values():
            sizes = [of[metrics.Part.ALL] for of in groups.values()]
            if len(sizes) != len(set(sizes)):
                return True
    return False


@given(cells=anything().map(told_apart), seed=st.integers(0, 1_000))
def test_shuffling_cells_and_renaming_groups_changes_nothing(cells, seed):
    assume(not ties(cells))
    values = ["female", "male", "diverse", "old", "young"]
    shuffler = random.Random(seed)
    others = [f"group {at}" for at in range(len(values))]
    shuffler.shuffle(others)
    names = dict(zip(values, others, strict=True))
    turned = [renamed(cell, names) for cell in cells]
    shuffler.shuffle(turned)

    first = fairness_report(counts(cells), by=BY)["stages"]
    second = fairness_report(counts(turned), by=BY)["stages"]

    for stage in ("proposal", "routing", "review", "outcome"):
        for name, value in first[stage].items():
            if name in {"worst", "worst_by"}:
                # Where several pairs are equally far apart, any of them may be named.
                found = [
                    {path: one for path, one in leaves(report[stage][name]) if path[-1] == "value"}
                    for report in (first, second)
                ]
                assert found[0] == found[1]
            else:
                assert mapped(value, names) == mapped(second[stage][name], {})


@given(cells=anything())
def test_counts_are_read_back_as_they_were_written(cells):
    document = json.loads(json.dumps(counts_document(counts(cells))))

    read = counts_from(document)

    assert counts_document(read) == document
    assert Counter(read.cells) == Counter(counts(cells).cells)


# ------------------------------------------------------------------------------------- suppression


@given(cells=anything(), k=st.sampled_from((2, 5, 10)))
def test_nothing_published_counts_a_handful(cells, k):
    report = fairness_report(counts(cells), by=BY, with_counts=True)

    published = suppressed(report, k=k)

    assert "counts" not in published
    assert recompute(report) == []  # The report itself is left as it was.
    for stage in published["stages"].values():
        for row in stage.get("groups", ()):
            shown = [row["count"], *(row["counts"] or {}).values()]
            shown += [number for pair in (row["of"] or {}).values() if pair for number in pair]
            assert not any(is_small(number, k) for number in shown if number is not None)


@given(cells=anything())
def test_what_is_hidden_does_not_follow_from_what_is_published(cells):
    k = 5
    report = fairness_report(counts(cells), by=BY)

    published = suppressed(report, k=k)

    for stage in published["stages"].values():
        rows = stage.get("groups", ())
        for item in BY:
            hidden = [row for row in rows if _of(row, item)]
            gone = [row for row in hidden if row["count"] is None]
            shown = [row for row in hidden if row["count"] is not None]
            if not gone or not shown:
                continue
            left = stage["decisions"] - stage["unknown_by"][item]
            left -= sum(row["count"] for row in shown)
            # At least two share what is left, unless nobody is left to hide beside.
            assert len(gone) > 1
            assert left >= k


def _of(row, item):
    return {*row["group"]} == {*item.split("*")}
