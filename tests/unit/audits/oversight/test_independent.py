"""Every measure of one window of made-up reviews on real cases, computed once more by other means.

By numpy, scipy, statsmodels and krippendorff, from columns rather than records. The folder of real data is not part of the repository; without it
these tests are skipped, and say so.
"""

from __future__ import annotations

from typing import Any

import krippendorff
import numpy as np
import pytest
from scipy.stats import binom, chi2_contingency
from statsmodels.stats.contingency_tables import StratifiedTable
from statsmodels.stats.proportion import proportion_confint

from audits.oversight.records import GroupCounts
from audits.oversight.report import oversight_report
from tests.overseen import (
    HONEST,
    POINT,
    STAMPER,
    YES,
    cases_of,
    doubled,
    override_cells,
    reviewed,
)


@pytest.fixture(scope="module")
def window(shared_data) -> tuple[dict[str, Any], dict[str, np.ndarray], list[tuple]]:
    """Return a report, the columns of its reviews, and the reviews with their cases."""
    cases = cases_of(shared_data / "vehicle_coupon")
    pairs = [*reviewed(HONEST, cases, 1200, seed=11), *reviewed(STAMPER, cases, 600, seed=12)]
    reviews = doubled(pairs)
    counts = GroupCounts(
        attributes=("gender",), reference={"gender": "Male"}, overrides=override_cells(pairs)
    )
    report = oversight_report(
        reviews, counts, decision_point=POINT, since="2026-10-01", until="2026-12-31"
    )
    names = ("reviewer", "purpose", "proposed", "outcome", "truth", "truth_from", "first", "pair")
    numbers = ("seconds", "words", "panels_required", "panels_opened", "reason_length", "position")
    columns = {
        name: np.array([str(getattr(one, name) or "") for one in reviews])
        for name in (*names, "reason_digest")
    } | {
        name: np.array([getattr(one, name) or np.nan for one in reviews], dtype=float)
        for name in (*numbers, "confidence")
    }
    for name in ("panels_required", "panels_opened", "reason_length", "words"):
        columns[name] = np.nan_to_num(columns[name])
    return report, columns, pairs


def check(share: dict[str, Any], hits: np.ndarray, of: np.ndarray) -> None:
    """Compare a share with masks: its counts, its rate and Wilson's interval."""
    count, total = int((hits & of).sum()), int(of.sum())
    assert total > 0
    assert share["of"] == [count, total]
    assert share["rate"] == pytest.approx(count / total)
    wanted = proportion_confint(count, total, method="wilson")
    assert share["interval"] == pytest.approx(wanted, abs=1e-12)


def test_overrides_by_band_and_the_error_beside_them(window):
    report, c, _ = window
    found = report["measures"]["overrides"]
    reviewed_ = ~np.isin(c["purpose"], ["gold", "double"])
    changed, wrong = c["outcome"] != c["proposed"], c["truth"] != c["proposed"]
    known = np.isin(c["truth_from"], ["later", "double"])

    check(found["overall"]["changed"], changed, reviewed_)
    check(found["overall"]["error"], wrong, reviewed_ & known)
    for row in found["bands"]:
        inside = np.digitize(c["confidence"], [row["from"], row["to"]]) == 1
        check(row["changed"], changed, reviewed_ & inside)


def test_reliance_and_judgement_given_up(window):
    report, c, _ = window
    found, switches = report["measures"]["reliance"], report["measures"]["switches"]
    saw = (c["purpose"] != "double") & (c["truth"] != "")
    changed, wrong = c["outcome"] != c["proposed"], c["truth"] != c["proposed"]
    check(found["over"], ~changed, saw & wrong)
    check(found["under"], changed, saw & ~wrong)
    check(found["put_right"], c["outcome"] == c["truth"], saw & wrong & changed)

    first = c["first"] != ""
    disagreed = first & (c["first"] != c["proposed"])
    check(switches["disagreed"], disagreed, first)
    check(switches["switched"], ~changed, disagreed)


def test_time_and_evidence(window):
    report, c, _ = window
    found = report["measures"]["dwell"]
    ratios = c["seconds"] / (c["words"] / 238 * 60 * 0.5 + 2)
    assert found["median"] == pytest.approx(np.median(ratios))
    check(found["below_floor"], ratios < 1, ~np.isnan(ratios))
    required = c["panels_required"] > 0
    opened = report["measures"]["opened"]
    check(opened["opened"], c["panels_opened"] == c["panels_required"], required)
    shares = c["panels_opened"][required] / c["panels_required"][required]
    assert opened["panels"] == pytest.approx(shares.mean())


def test_agreement(window):
    report, c, _ = window
    found = report["measures"]["agreement"]
    both, machine = [], []
    for pair in sorted(set(c["pair"]) - {""}):
        inside = c["pair"] == pair
        both.append(c["outcome"][inside])
        saw = inside & (c["purpose"] != "double")
        machine.append([c["outcome"][saw][0], c["proposed"][saw][0]])
    for name, units in (("between_people", both), ("with_machine", machine)):
        data = (np.array(units) == YES).astype(float).T
        wanted = krippendorff.alpha(reliability_data=data, level_of_measurement="nominal")
        assert found[name]["alpha"] == pytest.approx(wanted)
        drawing = np.random.default_rng(3)
        drawn = []
        for _ in range(400):
            chosen = data[:, drawing.integers(0, data.shape[1], data.shape[1])]
            drawn.append(
                krippendorff.alpha(reliability_data=chosen, level_of_measurement="nominal")
            )
        # Another stream of chance, so the ends agree as far as drawing lets them.
        assert found[name]["interval"] == pytest.approx(
            np.quantile(drawn, [0.025, 0.975]), abs=0.03
        )


def test_gold_cases(window):
    report, c, _ = window
    found = report["measures"]["gold"]
    mistakes = (c["purpose"] == "gold") & (c["truth"] != c["proposed"])
    check(found["caught"], c["outcome"] != c["proposed"], mistakes)
    rule, of = found["rule"], int(mistakes.sum())
    assert rule["of"] == of == 90
    assert rule["wrongly"] == pytest.approx(binom.cdf(rule["flag_below"] - 1, of, 0.8))
    # Where 80 % and 50 % explain what is seen equally well.
    even = next(k for k in range(of) if binom.pmf(k, of, 0.8) >= binom.pmf(k, of, 0.5))
    assert rule["flag_below"] == even


def test_overrides_by_group(window):
    report, _, pairs = window
    rows = [(one, case) for one, case in pairs if one.purpose != "gold"]
    women = np.array([dict(case.group)["gender"] == "Female" for _, case in rows])
    positive = np.array([one.proposed == YES for one, _ in rows])
    changed = np.array([one.outcome != one.proposed for one, _ in rows])
    edges = [0, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 1.0001]
    bands = np.digitize([one.confidence for one, _ in rows], edges)
    for row in report["groups"]["overrides"]["comparisons"]:
        directed = positive if row["direction"] == "against" else ~positive
        tables = []
        for band in sorted(set(bands[directed])):
            inside = directed & (bands == band)
            tables.append(
                np.array(
                    [
                        [(inside & own & changed).sum(), (inside & own & ~changed).sum()]
                        for own in (women, ~women)
                    ],
                    dtype=float,
                )
            )
        usable = [table for table in tables if table.sum(axis=1).min() > 0]
        wanted = StratifiedTable(usable)
        assert row["group"] == {"gender": "Female"}
        assert row["ratio"] == pytest.approx(wanted.riskratio_pooled)
        assert row["p_value"] == pytest.approx(wanted.test_null_odds().pvalue)
        check(row["own"], changed, directed & women)


def test_vigilance(window):
    report, c, _ = window
    mistakes = (c["purpose"] == "gold") & (c["truth"] != c["proposed"])
    table = []
    for row in report["measures"]["vigilance"]["by_position"]["rows"]:
        inside = (c["position"] >= row["from"]) & (c["position"] <= (row["to"] or np.inf))
        check(row["caught"], c["outcome"] != c["proposed"], mistakes & inside)
        hits, of = row["caught"]["of"]
        table.append([hits, of - hits])
    wanted = chi2_contingency(table, correction=False).pvalue
    assert report["measures"]["vigilance"]["by_position"]["caught"] == pytest.approx(wanted)


def test_reasons(window):
    report, c, _ = window
    given = c["reason_digest"] != ""
    of_person = [
        f"{who} {what}" for who, what in zip(c["reviewer"], c["reason_digest"], strict=True)
    ]
    found = report["measures"]["reasons"]
    repeated = int(given.sum()) - len(
        {one for one, is_ in zip(of_person, given, strict=True) if is_}
    )
    assert found["repeated"]["of"] == [repeated, int(given.sum())]
    check(found["short"], c["reason_length"] < 15, given)
