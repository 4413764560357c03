from __future__ import annotations

import itertools
from copy import deepcopy

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import linalg

from audits.fairness.counts import (
    RatingCell,
    ReasonCell,
    ReasonKind,
    Stage,
    StratumCell,
    WaitCell,
)
from audits.fairness.report import fairness_report
from audits.fairness.suppression import _equations, closure, is_small, key_of, suppressed
from tests.fairness_tables import cell, confusion, counts, group, selection


def gender(name):
    return group(gender=name)


WOMEN, MEN, DIVERSE, NONE = (gender(name) for name in ("female", "male", "diverse", "none"))


def published(cells, by=("gender",), k=5, **more):
    return suppressed(fairness_report(counts(cells, **more), by=by, with_counts=True), k=k)


def rows_of(report, stage="proposal"):
    return {key_of(row["group"]): row for row in report["stages"][stage]["groups"]}


# ---------------------------------------------------------------------------------------- what is small


def test_nobody_is_not_few_and_neither_are_k():
    assert [count for count in range(8) if is_small(count, 5)] == [1, 2, 3, 4]


def test_a_small_group_is_hidden_with_the_next_smallest_so_that_no_sum_gives_it_away():
    report = published(
        [
            *selection(WOMEN, 40, 100),
            *selection(MEN, 60, 100),
            *selection(NONE, 6, 12),
            *selection(DIVERSE, 1, 3),
        ]
    )
    rows = rows_of(report)

    for hidden in (DIVERSE, NONE):
        assert rows[hidden]["suppressed"] is True
        assert rows[hidden]["count"] is None
        assert rows[hidden]["selection_rate"] is None
        assert rows[hidden]["counts"] is None
    for shown in (WOMEN, MEN):
        assert "suppressed" not in rows[shown]
        assert rows[shown]["count"] == 100


def test_hidden_groups_are_at_least_k_together():
    rows = rows_of(
        published(
            [
                *selection(WOMEN, 50, 100),
                *selection(MEN, 50, 90),
                *selection(DIVERSE, 0, 1),
                *selection(NONE, 0, 2),
            ]
        )
    )

    # One and two are three: the rest of a sum would still be of a handful.
    assert {of for of, row in rows.items() if row["count"] is None} == {DIVERSE, NONE, MEN}


def test_what_mentions_a_hidden_group_is_hidden_too():
    report = published(
        [
            *confusion(WOMEN, tp=400, fp=100, fn=100, tn=400),
            *confusion(MEN, tp=500, fp=100, fn=100, tn=300),
            *confusion(NONE, tp=6, fn=6),
            *selection(DIVERSE, 1, 3),
        ]
    )
    stage = report["stages"]["proposal"]

    for one in stage["comparisons"]:
        touched = {key_of(one["group"]), key_of(one["reference"])} & {DIVERSE, NONE}
        assert (one["value"] is None) == bool(touched)
        assert (one["interval"] is None) == bool(touched)
        assert (one["of"] is None) == bool(touched)
        if touched:
            assert one["suppressed"]
            assert one["verdict"] is None
    for one in stage["homogeneity"]:
        assert (one["chi2"], one["p_value"], one["excess_sd"]) == (None, None, None)
    assert stage["worst"]["selection_rate_ratio"]["value"] is None
    assert stage["worst"]["selection_rate_ratio"]["between"] is None
    labels = {key_of(row["group"]): row for row in stage["labels"]["by_group"]}
    assert labels[DIVERSE]["known"] is None
    assert labels[WOMEN]["known"] == 1_000
    assert stage["inequality"]["between"] == {"gender": None}


def test_a_comparison_with_a_hidden_reference_would_tell_its_rate():
    report = published(
        [*selection(WOMEN, 400, 1_000), *selection(MEN, 300, 900), *selection(DIVERSE, 1, 3)],
        measure={"reference": {"gender": "diverse"}},
    )

    shown = [one for one in report["stages"]["proposal"]["comparisons"] if one["value"] is not None]
    assert shown == []


def test_a_few_errors_hide_what_is_made_of_labels_and_nothing_else():
    report = published(
        [
            *confusion(WOMEN, tp=400, fp=100, fn=100, tn=400),
            *confusion(MEN, tp=500, fp=100, fn=2, tn=300),
            *confusion(NONE, tp=60, fp=20, fn=20, tn=60),
        ]
    )
    rows = rows_of(report)

    # The men for their two misses, and the smallest other group because all misses are a published sum.
    for hidden in (MEN, NONE):
        assert rows[hidden]["count"] is not None
        assert rows[hidden]["selection_rate"] is not None
        for name in ("tpr", "fpr", "fnr", "precision", "accuracy", "base_rate"):
            assert rows[hidden][name] is None
            assert rows[hidden]["intervals"][name] is None
            assert rows[hidden]["of"][name] is None
        assert rows[hidden]["counts"]["tp"] is None
        assert rows[hidden]["counts"]["positive"] is not None
    assert rows[WOMEN]["tpr"] == 0.8
    for one in report["stages"]["proposal"]["comparisons"]:
        if one["metric"].startswith("selection_rate"):
            assert one["value"] is not None
        else:
            assert one["value"] is None


def test_a_few_selected_hide_labels_as_well_because_these_add_up_to_them():
    rows = rows_of(
        published(
            [
                *confusion(WOMEN, tp=400, fp=100, fn=100, tn=400),
                *confusion(MEN, tp=3, fn=100, tn=300),
                *confusion(NONE, tp=60, fp=20, fn=20, tn=60),
            ]
        )
    )

    for hidden in (MEN, NONE):
        assert rows[hidden]["selection_rate"] is None
        assert rows[hidden]["impact_ratio"] is None
        assert rows[hidden]["counts"]["positive"] is None
        assert rows[hidden]["tpr"] is None
        assert rows[hidden]["label_coverage"] == 1


def test_k_of_one_hides_nothing_but_the_counts():
    cells = [*selection(WOMEN, 1, 2), *selection(MEN, 0, 1)]
    report = fairness_report(counts(cells), with_counts=True)
    before = deepcopy(report)

    found = suppressed(report, k=1)

    assert report == before
    assert "counts" not in found
    assert found.pop("suppression") == {"k": 1}
    assert found.pop("outcomes") == report["counts"]["outcomes"]
    assert found == {name: value for name, value in report.items() if name != "counts"}
    with pytest.raises(ValueError, match="at least 1"):
        suppressed(report, k=0)


# ------------------------------------------------------------------------------------- complements


def crossed(table):
    """Lay out the sizes of two attributes, crossed and one by one."""
    sizes = {}
    for (row, column), count in table.items():
        for key in (
            (("age", column), ("gender", row)),
            (("age", column),),
            (("gender", row),),
        ):
            sizes[key] = sizes.get(key, 0) + count
    return sizes


def solutions(sizes, hidden, most):
    """Find all whole tables that agree with what is shown: by trying, so for small ones only."""
    equations = list(_equations(sizes))
    order = sorted(hidden)
    found = []
    for values in itertools.product(range(most + 1), repeat=len(order)):
        tried = dict(sizes) | dict(zip(order, values, strict=True))
        if all(
            sum(sign * tried[key] for key, sign in equation.items())
            == sum(sign * sizes[key] for key, sign in equation.items())
            for equation in equations
        ):
            found.append(values)
    return found


def test_a_crossed_cell_does_not_follow_from_its_row_and_its_column():
    sizes = crossed(
        {
            ("female", "old"): 3,
            ("female", "young"): 9,
            ("male", "old"): 12,
            ("male", "young"): 14,
            ("diverse", "old"): 7,
            ("diverse", "young"): 8,
        }
    )
    small = (("age", "old"), ("gender", "female"))

    hidden = closure(sizes, {small}, 5)

    assert small in hidden
    assert len(hidden) == 4
    assert {len(key) for key in hidden} == {2}
    found = solutions(sizes, hidden, 20)
    for values in zip(*found, strict=True):
        assert len(set(values)) > 1


@given(
    table=st.fixed_dictionaries(
        {
            (row, column): st.sampled_from([0, 1, 3, 7, 25])
            for row in ("female", "male", "diverse")
            for column in ("old", "young")
        }
    )
)
def test_no_hidden_cell_has_one_solution(table):
    sizes = {key: count for key, count in crossed(table).items() if count}
    hidden = closure(sizes, {key for key, count in sizes.items() if is_small(count, 5)}, 5)

    # A cell follows from what is published if nothing that all sums leave open can move it.
    order = sorted(hidden)
    sums = [[one.get(key, 0) for key in order] for one in _equations(sizes)]
    open_ways = linalg.null_space(np.array(sums, dtype=float)) if order else np.zeros((0, 1))
    for key, moves in zip(order, open_ways, strict=True):
        alone = all(other in hidden for other in sizes if len(other) == len(key))
        assert alone or np.abs(moves).max(initial=0) > 1e-9
    for item in {tuple(name for name, _ in key) for key in sizes if key not in hidden}:
        gone = [key for key in hidden if tuple(name for name, _ in key) == item]
        assert len(gone) != 1
        assert not 0 < sum(sizes[key] for key in gone) < 5


def test_nothing_is_hidden_where_nothing_is_small():
    assert closure({WOMEN: 10, MEN: 20}, set(), 5) == set()


def test_where_all_are_few_all_are_hidden():
    assert closure({WOMEN: 2, MEN: 1}, {WOMEN, MEN}, 5) == {WOMEN, MEN}


# ---------------------------------------------------------------------------------------- sections


def test_every_other_part_of_a_report_hides_the_same_groups():
    groups = {WOMEN: 40, MEN: 50, NONE: 12, DIVERSE: 2}
    cells = [one for of, n in groups.items() for one in selection(of, n * 5, n * 10)]
    cells += [cell(of, n, "review", stage=Stage.ROUTING) for of, n in groups.items()]
    cells += [cell(of, 9 * n, "released", stage=Stage.ROUTING) for of, n in groups.items()]
    more = {
        "waits": [WaitCell(group=of, at_most=60, count=n) for of, n in groups.items()],
        "ratings": [
            RatingCell(group=of, scale="csat", rating=4, count=n) for of, n in groups.items()
        ],
        "reasons": [
            ReasonCell(group=of, kind=ReasonKind.RULE, name="big", count=n)
            for of, n in groups.items()
        ],
        "strata": [
            StratumCell(
                stage=Stage.PROPOSAL,
                group=of,
                feature="contract",
                value="monthly",
                positive=positive,
                count=n,
            )
            for of, n in groups.items()
            for positive in (True, False)
        ],
    }
    report = published(cells, kind="personalization", **more)

    def texts(value):
        """Give every row that names the smallest group."""
        if isinstance(value, dict):
            if any(
                isinstance(value.get(name), dict) and value[name].get("gender") == "diverse"
                for name in ("group", "reference")
            ):
                yield value
            for one in value.values():
                yield from texts(one)
        elif isinstance(value, list):
            for one in value:
                yield from texts(one)

    sections = ("waits", "ratings", "conditional", "reasons")
    assert all(any(True for _ in texts(report[name])) for name in sections)
    for name in sections:
        for row in texts(report[name]):
            assert row["suppressed"] is True, (name, row)
            shown = {key for key, value in row.items() if value is not None}
            assert shown <= {
                "suppressed",
                "group",
                "reference",
                "by",
                "stage",
                "feature",
                "outcome",
                "scale",
            }


def test_the_rest_of_a_mix_does_not_give_a_small_part_away():
    report = published(
        [
            cell(WOMEN, 100, "yes"),
            cell(WOMEN, 80, "no"),
            cell(MEN, 100, "yes"),
            cell(MEN, 3, "no"),
            cell(NONE, 50, "yes"),
            cell(NONE, 40, "no"),
        ],
        kind="personalization",
    )

    for table in report["mix"]["stages"]["proposal"]:
        shown = [row["group"]["gender"] for row in table["groups"] if "suppressed" not in row]
        assert shown == ["female"]
        assert table["test"] is None


def test_a_few_objections_are_hidden_as_any_few_are():
    decided = [
        *selection(WOMEN, 100, 400, stage=Stage.OUTCOME),
        *selection(MEN, 300, 600, stage=Stage.OUTCOME),
    ]
    few = [
        cell(WOMEN, 2, "upheld", stage=Stage.APPEAL),
        cell(MEN, 40, "upheld", stage=Stage.APPEAL),
    ]
    stage = suppressed(fairness_report(counts([*decided, *few])))["stages"]["appeal"]

    for row in stage["groups"]:
        assert row["counts"]["upheld"] is None
        assert row["upheld_rate"] is None
