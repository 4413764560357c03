from __future__ import annotations

import math
from statistics import NormalDist

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from statsmodels.stats.proportion import confint_proportions_2indep, proportion_confint

from audits.fairness.counts import (
    NEVER,
    WAIT_MINUTES,
    Cell,
    Counts,
    Measure,
    RatingCell,
    Stage,
    WaitCell,
)
from audits.fairness.mix import mix_report, ratings_report, same_mix, student, waits_report

MEN, WOMEN, OTHERS = ((("gender", name),) for name in ("male", "female", "other"))
Z = NormalDist().inv_cdf(0.975)


def cell(group, value, count, truth="", *, stage=Stage.OUTCOME, mature=True) -> Cell:
    return Cell(
        stage=stage,
        group=group,
        value=value,
        truth=truth,
        mature=mature,
        imported=False,
        count=count,
    )


def counted(*cells, kind="personalization", positive=(), enough=1, outcomes="abcd", **more):
    return Counts(
        decision_point="offers",
        kind=kind,
        since="2026-01-01",
        until="2026-01-31",
        outcomes={name: {"en": name} for name in outcomes},
        attributes=("gender",),
        measure=Measure(positive=frozenset(positive), enough=enough),
        cells=cells,
        **more,
    )


def of(found, group, **more):
    wanted = {"group": dict(group), **more}
    (one,) = [entry for entry in found if wanted.items() <= entry.items()]
    return one


# ---------------------------------------------------------------------------------------- mix


def test_shares_of_outcomes_add_up_to_everybody_who_has_one():
    told = mix_report(
        counted(
            cell(MEN, "a", 30),
            cell(MEN, "b", 10),
            cell(MEN, "", 5),
            cell(WOMEN, "a", 10),
            cell(WOMEN, "z", 10),
            cell((), "a", 99),
        ),
        ["gender"],
    )["stages"]

    (table,) = told["outcome"]
    assert told["proposal"] == []
    assert table["outcomes"] == ["a", "b", "c", "d", "z"]
    men = of(table["groups"], MEN)
    assert (men["count"], men["shares"]["a"], men["shares"]["c"]) == (40, 0.75, 0)
    assert men["intervals"]["a"] == pytest.approx(
        proportion_confint(30, 40, method="wilson"), abs=1e-9
    )
    assert of(table["groups"], WOMEN)["shares"]["z"] == 0.5


def test_where_several_outcomes_are_positive_their_mix_is_also_told_by_itself():
    cells = [cell(MEN, "a", 30), cell(MEN, "b", 10), cell(MEN, "c", 60), cell(WOMEN, "c", 5)]

    every, given = mix_report(counted(*cells, positive="ab"), ["gender"])["stages"]["outcome"]

    assert (every["among"], given["among"]) == ("all", "positive")
    assert of(given["groups"], MEN)["shares"] == {"a": 0.75, "b": 0.25}
    assert [entry["group"] for entry in given["groups"]] == [{"gender": "male"}]
    assert len(mix_report(counted(*cells, positive="a"), ["gender"])["stages"]["outcome"]) == 1


tables = st.lists(st.lists(st.integers(30, 200), min_size=3, max_size=3), min_size=2, max_size=4)


@given(tables)
def test_the_test_of_one_mix_is_pearsons(table):
    groups = {
        (("gender", str(at)),): dict(zip("abc", row, strict=True)) for at, row in enumerate(table)
    }

    told = same_mix(groups)

    expected = stats.chi2_contingency(np.array(table), correction=False)
    assert told["chi2"] == pytest.approx(expected.statistic, rel=1e-9, abs=1e-9)
    assert told["df"] == expected.dof
    assert told["p_value"] == pytest.approx(expected.pvalue, abs=1e-9)
    assert told["pooled"] == []


def test_the_strength_of_a_difference_is_corrected_for_chance():
    # Bergsma's correction by hand: phi2 less its mean by chance, over the corrected smaller side.
    groups = {MEN: {"a": 60, "b": 40}, WOMEN: {"a": 30, "b": 70}}
    chi2 = stats.chi2_contingency([[60, 40], [30, 70]], correction=False).statistic

    told = same_mix(groups)

    assert told["cramers_v"] == pytest.approx(
        math.sqrt((chi2 / 200 - 1 / 199) / ((2 - 1 / 199) - 1))
    )
    rows = [[30, 20, 10], [10, 20, 30]]
    groups = {
        group: dict(zip("abc", row, strict=True))
        for group, row in zip((MEN, WOMEN), rows, strict=True)
    }
    chi2 = stats.chi2_contingency(rows).statistic
    assert same_mix(groups)["cramers_v"] == pytest.approx(
        math.sqrt((chi2 / 120 - 2 / 119) / ((2 - 1 / 119) - 1))
    )
    assert same_mix({MEN: {"a": 50, "b": 50}, WOMEN: {"a": 51, "b": 49}})["cramers_v"] == 0
    apart = same_mix({MEN: {"a": 500, "b": 0}, WOMEN: {"a": 0, "b": 500}})
    assert apart["cramers_v"] == pytest.approx(1, abs=1e-9)


def test_equal_mixes_are_called_different_as_rarely_as_the_level_says():
    drawing = np.random.default_rng(5)
    runs, alarms, strength = 1000, 0, []
    for _ in range(runs):
        groups = {
            group: dict(zip("abcd", drawing.multinomial(size, [0.5, 0.3, 0.18, 0.02]), strict=True))
            for group, size in ((MEN, 400), (WOMEN, 150), (OTHERS, 60))
        }
        told = same_mix({g: {k: int(n) for k, n in row.items()} for g, row in groups.items()})
        alarms += told["p_value"] < 0.05
        strength.append(told["cramers_v"])

    assert 0.03 < alarms / runs < 0.07
    assert np.mean(strength) < 0.03


def test_outcomes_too_rare_for_the_test_are_taken_together():
    told = same_mix(
        {
            MEN: {"a": 500, "b": 480, "c": 2, "d": 3},
            WOMEN: {"a": 100, "b": 95, "c": 1, "d": 2},
        }
    )

    assert told["pooled"] == ["a", "c", "d"] or told["pooled"] == ["b", "c", "d"]
    assert told["df"] == 1


def test_groups_without_enough_stay_out_of_the_test_and_in_the_table():
    cells = [cell(MEN, "a", 60), cell(MEN, "b", 40), cell(WOMEN, "a", 40), cell(WOMEN, "b", 60)]

    (table,) = mix_report(counted(*cells, cell(OTHERS, "b", 9), enough=100), ["gender"])["stages"][
        "outcome"
    ]

    assert [entry["enough"] for entry in table["groups"]] == [True, True, False]
    assert table["test"]["groups"] == [{"gender": "female"}, {"gender": "male"}]
    (table,) = mix_report(counted(*cells[:2], enough=100), ["gender"])["stages"]["outcome"]
    assert table["test"] is None


def test_where_everybody_gets_the_same_there_is_nothing_to_test():
    assert same_mix({MEN: {"a": 50}, WOMEN: {"a": 80}}) is None


def test_exposure_stands_beside_acceptance():
    told = mix_report(
        counted(
            cell(WOMEN, "a", 12, "a"),
            cell(WOMEN, "a", 8, "b"),
            cell(WOMEN, "a", 10),
            cell(WOMEN, "a", 5, NEVER),
            cell(WOMEN, "a", 5, "a", mature=False),
            cell(WOMEN, "b", 60, "b"),
        ),
        ["gender"],
    )
    offered = of(told["acceptance"]["outcome"], WOMEN, outcome="a")

    assert (offered["exposed"], offered["exposure"]) == (40, 0.4)
    assert (offered["labelled"], offered["accepted"], offered["rate"]) == (20, 12, 0.6)
    assert offered["interval"] == pytest.approx(
        proportion_confint(12, 20, method="wilson"), abs=1e-9
    )
    assert of(told["acceptance"]["outcome"], WOMEN, outcome=None)["rate"] == 0.9
    assert told["wrong_team"] is None


def test_an_offer_whose_truth_nobody_knows_has_no_rate_of_acceptance():
    told = mix_report(counted(cell(WOMEN, "a", 12)), ["gender"])["acceptance"]["outcome"]

    assert all(entry["rate"] is entry["interval"] is None for entry in told)


def test_the_wrong_team_is_told_beside_the_largest_group():
    told = mix_report(
        counted(
            cell(MEN, "a", 90, "a", stage=Stage.PROPOSAL),
            cell(MEN, "a", 10, "b", stage=Stage.PROPOSAL),
            cell(WOMEN, "b", 30, "b", stage=Stage.PROPOSAL),
            cell(WOMEN, "b", 20, "a", stage=Stage.PROPOSAL),
            kind="routing",
        ),
        ["gender"],
    )
    women = of(told["wrong_team"]["proposal"], WOMEN)

    assert told["acceptance"] is None
    assert (women["rate"], women["reference"]) == (0.4, dict(MEN))
    assert women["difference"] == pytest.approx(0.3)
    assert women["difference_interval"] == pytest.approx(
        confint_proportions_2indep(20, 50, 10, 100, compare="diff", method="newcomb"), abs=1e-6
    )
    assert of(told["wrong_team"]["proposal"], MEN)["difference"] is None


# -------------------------------------------------------------------------------------- waits


def wait(group, at_most, count) -> WaitCell:
    return WaitCell(group=group, at_most=at_most, count=count)


def test_a_quantile_of_waiting_is_the_class_it_lies_in():
    told = waits_report(
        counted(waits=(wait(MEN, 60, 49), wait(MEN, 90, 2), wait(MEN, None, 49))), ["gender"]
    )

    men = of(told["groups"], MEN)
    assert men["median"] == {"from": 60, "to": 90}
    assert men["p90"] == {"from": 43200, "to": None}
    assert men["median_interval"] == {"from": 45, "to": None}
    assert told["overall"]["median"] == men["median"]


@given(
    st.lists(
        st.tuples(st.sampled_from([*WAIT_MINUTES, None]), st.integers(1, 9)), min_size=1, max_size=9
    )
)
def test_the_class_of_a_quantile_holds_the_wait_of_its_rank(rows):
    told = waits_report(counted(waits=[wait(MEN, *row) for row in rows]), ["gender"])["overall"]

    waits = sorted(
        math.inf if at_most is None else at_most for at_most, n in rows for _ in range(n)
    )
    for name, level in (("median", 0.5), ("p90", 0.9)):
        expected = waits[max(0, math.ceil(level * len(waits)) - 1)]
        assert (told[name]["to"] or math.inf) == expected
        assert told[name]["from"] < expected
        assert told[f"{name}_interval"]["from"] <= told[name]["from"]


def test_shares_of_long_waits_are_exact_and_told_beside_the_reference():
    told = waits_report(
        counted(
            waits=(
                wait(MEN, 240, 90),
                wait(MEN, 360, 10),
                wait(WOMEN, 180, 30),
                wait(WOMEN, 1440, 15),
                wait(WOMEN, 2160, 5),
                wait((), 5, 50),
            )
        ),
        ["gender"],
    )
    women = of(told["groups"], WOMEN)

    assert (women["over_4h"]["rate"], women["over_24h"]["rate"]) == (0.4, 0.1)
    assert women["over_4h"]["difference"] == pytest.approx(0.3)
    assert women["over_4h"]["reference"] == dict(MEN)
    assert women["over_4h"]["difference_interval"] == pytest.approx(
        confint_proportions_2indep(20, 50, 10, 100, compare="diff", method="newcomb"), abs=1e-6
    )
    assert told["overall"]["over_4h"]["of"] == [30, 200]


def test_the_reference_of_waits_is_the_one_of_proposals_and_not_whoever_waits_most():
    told = waits_report(
        counted(
            cell(MEN, "a", 900, stage=Stage.PROPOSAL),
            cell(WOMEN, "a", 100, stage=Stage.PROPOSAL),
            waits=(wait(MEN, 5, 10), wait(WOMEN, 5, 80)),
        ),
        ["gender"],
    )

    assert of(told["groups"], WOMEN)["over_4h"]["reference"] == dict(MEN)


def test_where_nobody_waited_there_is_no_report_of_waits():
    assert waits_report(counted(), ["gender"]) is None


# ------------------------------------------------------------------------------------ ratings


def rating(scale, value, count, group=MEN) -> RatingCell:
    return RatingCell(group=group, scale=scale, rating=value, count=count)


def test_each_scale_has_its_own_share():
    told = ratings_report(
        counted(
            ratings=(
                *(rating("csat", at, 10) for at in range(1, 6)),
                *(rating("ces", at, 10) for at in range(1, 8)),
                *(rating("nps", at, 10) for at in range(11)),
            )
        ),
        ["gender"],
    )

    assert [(entry["scale"], entry["share_of"]) for entry in told] == [
        ("csat", "top_two"),
        ("ces", "easy"),
        ("nps", "net_promoters"),
    ]
    assert [entry["overall"]["share"] for entry in told] == [
        0.4,
        pytest.approx(3 / 7),
        pytest.approx((2 - 7) / 11),
    ]
    assert [entry["overall"]["mean"] for entry in told] == [3, 4, 5]
    assert told[0]["groups"][0]["group"] == dict(MEN)


def test_a_mean_has_students_interval():
    ratings = [1, 2, 2, 4, 5, 5, 5]
    (told,) = ratings_report(counted(ratings=[rating("csat", at, 1) for at in ratings]), ["gender"])

    expected = stats.t.interval(0.95, len(ratings) - 1, np.mean(ratings), stats.sem(ratings))
    assert told["overall"]["mean_interval"] == pytest.approx(
        [max(1, expected[0]), min(5, expected[1])], abs=0.005
    )
    assert told["overall"]["interval"] == pytest.approx(
        proportion_confint(4, 7, method="wilson"), abs=1e-9
    )


@pytest.mark.parametrize("df", [1, 2, 3, 4, 6, 10, 30, 1000])
def test_quantiles_of_students_distribution_are_near_the_true_ones(df):
    assert student(Z, df) == pytest.approx(stats.t.ppf(0.975, df), rel=0.002)


def test_ratings_that_are_all_alike_say_nothing_of_how_sure_their_mean_is():
    (told,) = ratings_report(counted(ratings=[rating("csat", 5, 3)]), ["gender"])

    assert told["overall"]["mean"] == 5
    assert told["overall"]["mean_interval"] is None
    assert told["overall"]["interval"][0] < 0.5


@pytest.mark.parametrize("shares", [(0.5, 0.2), (0.05, 0.9), (0.3, 0.3)])
def test_the_interval_of_net_promoters_holds_the_truth_as_often_as_it_says(shares):
    drawing = np.random.default_rng(2)
    promoters, detractors = shares
    runs, held = 1500, 0
    for _ in range(runs):
        up, down, rest = drawing.multinomial(60, [promoters, detractors, 1 - sum(shares)])
        counts = counted(
            ratings=[rating("nps", at, int(n)) for at, n in ((9, up), (3, down), (8, rest)) if n]
        )
        low, high = ratings_report(counts, [])[0]["overall"]["interval"]
        held += low <= promoters - detractors <= high

    assert 0.93 < held / runs < 0.975


def test_where_nobody_rated_there_are_no_scales():
    assert ratings_report(counted(), ["gender"]) == []
