from __future__ import annotations

import json
from itertools import product
from math import comb, exp, inf, log, log10, nan

import pytest

from audits.fairness.sequential import (
    HISTORY_POINTS,
    LOWEST_THRESHOLD,
    ODDS_BEYOND,
    RECENT_BLOCKS,
    Detector,
    Kind,
    Monitor,
    MonitorState,
    MonitorVerdict,
    Side,
    Tally,
    alternatives,
    block_log_e,
    log_e,
    nearest_of_difference,
    nearest_of_ratio,
    observe,
    odds,
    restarted,
    start,
    threshold,
    verdict,
    years_per_false_alarm,
)

RATIO = Monitor(
    metric="selection_rate_ratio",
    kind=Kind.RATIO,
    side=Side.BELOW,
    tolerance=0.8,
    watch=0.9,
    threshold=2000,
)
DIFFERENCE = Monitor(
    metric="tpr_difference",
    kind=Kind.DIFFERENCE,
    side=Side.BELOW,
    tolerance=0.1,
    watch=0.05,
    threshold=2000,
)
RATE = Monitor(
    metric="automated_error",
    kind=Kind.RATE,
    side=Side.ABOVE,
    tolerance=0.05,
    watch=0.04,
    threshold=2000,
)

FAIR = {"k_group": 16, "n_group": 40, "k_reference": 64, "n_reference": 160}
UNFAIR = {"k_group": 8, "n_group": 40, "k_reference": 64, "n_reference": 160}
PAST = Tally(k_group=400, n_group=1000, k_reference=1600, n_reference=4000)


def fed(
    monitor: Monitor, *blocks: dict[str, int], state: MonitorState | None = None
) -> MonitorState:
    state = state or start(monitor)
    for block in blocks:
        state = observe(monitor, state, **block)
    return state


def distance(q: float, p: float) -> float:
    """Kullback and Leibler's, between two rates."""
    return (q * log(q / p) if q else 0.0) + ((1 - q) * log((1 - q) / (1 - p)) if q < 1 else 0.0)


def lowest_on(low: float, high: float, of: object) -> float:
    """Return where a convex function is lowest, by golden sections."""
    golden = (5**0.5 - 1) / 2
    for _ in range(200):
        left, right = high - golden * (high - low), low + golden * (high - low)
        if of(left) < of(right):
            high = right
        else:
            low = left
    return (low + high) / 2


# --------------------------------------------------------------------------------------- e-values

RATES = (0.01, 0.1, 0.35, 0.6, 0.85)
SIZES = ((1, 1), (40, 160), (10, 190), (160, 40), (200, 3))


@pytest.mark.parametrize("sizes", SIZES)
@pytest.mark.parametrize("ratio", [1.0, 0.9, 0.8, 0.5])
def test_the_nearest_rates_that_keep_a_ratio_are_those_a_search_finds(sizes, ratio) -> None:
    n_low, n_high = sizes
    for low, high in product(RATES, (0.05, 0.4, 0.9, 0.99)):
        if low >= ratio * high:
            continue
        found = nearest_of_ratio(low, high, n_low, n_high, ratio)

        searched = lowest_on(
            1e-9,
            1 - 1e-9,
            lambda p, low=low, high=high: (
                n_low * distance(low, ratio * p) + n_high * distance(high, p)
            ),
        )
        assert found[0] == pytest.approx(ratio * found[1])
        assert found[1] == pytest.approx(searched, abs=1e-6)


@pytest.mark.parametrize("sizes", SIZES)
@pytest.mark.parametrize("difference", [0.0, 0.05, 0.1, 0.3])
def test_the_nearest_rates_that_keep_a_difference_are_those_a_search_finds(
    sizes, difference
) -> None:
    n_low, n_high = sizes
    for low, high in product(RATES, (0.05, 0.4, 0.9, 0.99)):
        if high - low <= difference:
            continue
        found = nearest_of_difference(low, high, n_low, n_high, difference)

        searched = lowest_on(
            difference + 1e-9,
            1 - 1e-9,
            lambda p, low=low, high=high: (
                n_low * distance(low, p - difference) + n_high * distance(high, p)
            ),
        )
        assert found[1] - found[0] == pytest.approx(difference)
        assert found[1] == pytest.approx(searched, abs=1e-6)


def test_without_a_tolerance_the_nearest_rate_is_that_of_both_together() -> None:
    assert nearest_of_ratio(0.2, 0.4, 40, 160, 1.0) == pytest.approx((0.36, 0.36))
    assert nearest_of_difference(0.2, 0.4, 40, 160, 0.0) == pytest.approx((0.36, 0.36))


def probability(k: int, n: int, p: float) -> float:
    return comb(n, k) * p**k * (1 - p) ** (n - k)


@pytest.mark.parametrize(
    ("monitor", "keeps"),
    [
        pytest.param(RATIO, lambda g, r: g >= 0.8 * r, id="ratio"),
        pytest.param(DIFFERENCE, lambda g, r: g >= r - 0.1 - 1e-12, id="difference"),
    ],
)
@pytest.mark.parametrize("past", [Tally(), PAST, Tally(k_group=3, n_group=20, n_reference=4)])
@pytest.mark.parametrize("sizes", [(1, 1), (3, 9), (8, 4)])
def test_no_e_value_exceeds_1_on_average_where_the_tolerance_is_kept(
    monitor, keeps, past, sizes
) -> None:
    """Sums over every result that a block may have."""
    n_group, n_reference = sizes
    e_values = {
        (k, m): [
            exp(value)
            for value in block_log_e(
                monitor,
                monitor.tolerance,
                Tally(k_group=k, n_group=n_group, k_reference=m, n_reference=n_reference),
                past,
            )
        ]
        for k in range(n_group + 1)
        for m in range(n_reference + 1)
    }
    grid = [step / 40 for step in range(41)]
    largest = 0.0
    for p_group, p_reference in product(grid, grid):
        if not keeps(p_group, p_reference):
            continue
        for which in range(len(ODDS_BEYOND)):
            mean = sum(
                probability(k, n_group, p_group)
                * probability(m, n_reference, p_reference)
                * e[which]
                for (k, m), e in e_values.items()
            )
            assert mean <= 1 + 1e-9, (p_group, p_reference, which)
            largest = max(largest, mean)
    # The bound is met, so evidence is not given away.
    assert largest > 0.99


def test_the_e_value_of_one_rate_keeps_its_bound_and_meets_it_at_the_limit() -> None:
    def mean(p: float) -> float:
        return sum(
            probability(k, 20, p)
            * exp(block_log_e(RATE, 0.05, Tally(k_group=k, n_group=20), Tally())[0])
            for k in range(21)
        )

    assert mean(0.05) == pytest.approx(1)
    assert all(mean(step / 1000) < 1 for step in range(50))
    assert mean(0.2) > 2


def test_a_rate_that_is_too_low_is_a_complement_that_is_too_high() -> None:
    low = Monitor(
        metric="agreement", kind=Kind.RATE, side=Side.BELOW, tolerance=0.95, threshold=2000
    )

    assert block_log_e(low, 0.95, Tally(k_group=170, n_group=200), Tally()) == pytest.approx(
        block_log_e(RATE, 0.05, Tally(k_group=30, n_group=200), Tally())
    )


def test_the_alternatives_leave_the_better_known_rate_as_it_was() -> None:
    few_in_group = alternatives(RATIO, 0.8, PAST)
    few_in_reference = alternatives(
        RATIO, 0.8, Tally(k_group=1600, n_group=4000, k_reference=400, n_reference=1000)
    )

    assert all(
        pair is not None and pair[1] == pytest.approx(0.4, abs=1e-3) for pair in few_in_group
    )
    assert all(
        pair is not None and pair[0] == pytest.approx(0.4, abs=1e-3) for pair in few_in_reference
    )
    for pair in (*few_in_group, *few_in_reference):
        assert pair is not None
        assert pair[0] < 0.8 * pair[1]


def test_where_the_larger_sample_leaves_no_alternative_the_other_gives_one() -> None:
    past = Tally(k_group=3900, n_group=4000, k_reference=500, n_reference=1000)

    assert all(
        pair is not None and pair[1] == pytest.approx(0.5, abs=1e-3)
        for pair in alternatives(RATIO, 0.8, past)
    )


def test_there_is_no_evidence_where_the_difference_cannot_be_exceeded() -> None:
    past = Tally(k_group=0, n_group=500, k_reference=100, n_reference=4000)
    block = Tally(k_group=0, n_group=40, k_reference=30, n_reference=160)

    assert alternatives(DIFFERENCE, 0.1, past) == [None, None]
    assert block_log_e(DIFFERENCE, 0.1, block, past) == (0.0, 0.0)


# ----------------------------------------------------------------------------- evidence and alarms


def test_evidence_is_the_mean_of_what_each_alternative_gathered() -> None:
    state = fed(RATIO, FAIR, FAIR, UNFAIR, UNFAIR)
    expected = [0.0, 0.0]
    recent = Tally()
    for block in (FAIR, FAIR, UNFAIR, UNFAIR):
        tally = Tally(**block)
        for which, (low, high) in enumerate(alternatives(RATIO, 0.8, recent)):
            p_low, p_high = nearest_of_ratio(low, high, 40, 160, 0.8)
            expected[which] = max(expected[which], 0.0) + (
                log_e(tally.k_group, 40, low, p_low) + log_e(tally.k_reference, 160, high, p_high)
            )
        recent = Tally(
            k_group=recent.k_group + tally.k_group,
            n_group=recent.n_group + 40,
            k_reference=recent.k_reference + tally.k_reference,
            n_reference=recent.n_reference + 160,
        )

    assert state.violation.logs == pytest.approx(expected)
    assert state.violation.log10_e == pytest.approx(
        log10(sum(exp(value) for value in expected) / len(expected))
    )
    assert state.recently == recent


def test_a_fair_stream_stays_quiet_and_gathers_nothing() -> None:
    state = fed(RATIO, *[FAIR] * 500)

    assert verdict(state) is MonitorVerdict.QUIET
    assert state.violation.log10_e < 0


def test_an_unfair_stream_is_first_watched_and_then_a_violation() -> None:
    state = start(RATIO)
    seen = []
    for _ in range(20):
        state = observe(RATIO, state, **UNFAIR)
        seen.append(verdict(state))

    assert seen[0] is MonitorVerdict.QUIET
    assert seen == sorted(seen, key=list(MonitorVerdict).index)
    assert set(seen) == set(MonitorVerdict)


def test_what_is_within_the_tolerance_but_not_even_is_only_watched() -> None:
    slightly = {"k_group": 13, "n_group": 40, "k_reference": 64, "n_reference": 160}  # 0.81

    assert verdict(fed(RATIO, *[slightly] * 300)) is MonitorVerdict.WATCH


def test_an_alarm_is_raised_at_the_block_that_reaches_the_threshold_and_not_before() -> None:
    state = fed(RATIO, *[UNFAIR] * 20)
    alarm = state.violation.alarm
    assert alarm is not None

    assert state.history[alarm - 1].violation >= log10(2000)
    assert state.history[alarm - 2].violation < log10(2000)


def test_an_alarm_stays_when_the_evidence_falls_until_it_is_acknowledged() -> None:
    alarmed = fed(RATIO, *[UNFAIR] * 12)
    later = fed(RATIO, *[FAIR] * 300, state=alarmed)

    assert later.violation.log10_e < 0
    assert verdict(later) is MonitorVerdict.VIOLATION
    assert later.violation.alarm == alarmed.violation.alarm
    assert verdict(restarted(later)) is MonitorVerdict.QUIET


def test_a_restart_forgets_evidence_and_keeps_what_was_seen() -> None:
    alarmed = fed(RATIO, *[UNFAIR] * 12, {**FAIR, "n_reference": 100})
    again = restarted(alarmed)

    assert again.violation == again.watch == Detector()
    assert again.restarted_at == 12
    assert (again.recent, again.opened, again.history, again.seen) == (
        alarmed.recent,
        alarmed.opened,
        alarmed.history,
        alarmed.seen,
    )
    assert verdict(fed(RATIO, *[UNFAIR] * 20, state=again)) is MonitorVerdict.VIOLATION


def test_a_restart_of_the_watch_keeps_the_evidence_of_a_violation_and_the_other_way_round() -> None:
    alarmed = fed(RATIO, *[UNFAIR] * 12)

    watch_forgotten = restarted(alarmed, only=MonitorVerdict.WATCH)
    assert (watch_forgotten.violation, watch_forgotten.watch) == (alarmed.violation, Detector())
    violation_forgotten = restarted(alarmed, only=MonitorVerdict.VIOLATION)
    assert (violation_forgotten.violation, violation_forgotten.watch) == (
        Detector(),
        alarmed.watch,
    )
    assert verdict(violation_forgotten) is MonitorVerdict.WATCH


def test_a_monitor_without_a_watch_level_never_watches() -> None:
    monitor = Monitor(metric="m", kind=Kind.RATIO, side=Side.BELOW, tolerance=0.8, threshold=2000)
    state = fed(monitor, *[UNFAIR] * 20)

    assert state.watch is None
    assert state.history[-1].watch is None
    assert verdict(state) is MonitorVerdict.VIOLATION
    assert restarted(state).watch is None


def test_an_advantage_is_found_by_the_monitor_of_the_other_side() -> None:
    above = Monitor(metric="m", kind=Kind.RATIO, side=Side.ABOVE, tolerance=0.8, threshold=2000)
    favoured = {"k_group": 28, "n_group": 40, "k_reference": 64, "n_reference": 160}

    assert verdict(fed(above, *[favoured] * 30)) is MonitorVerdict.VIOLATION
    assert verdict(fed(RATIO, *[favoured] * 30)) is MonitorVerdict.QUIET
    assert verdict(fed(above, *[UNFAIR] * 30)) is MonitorVerdict.QUIET


@pytest.mark.parametrize(
    ("monitor", "kept", "left"),
    [
        pytest.param(
            DIFFERENCE,
            {"k_group": 30, "n_group": 50, "k_reference": 100, "n_reference": 150},
            {"k_group": 20, "n_group": 50, "k_reference": 100, "n_reference": 150},
            id="difference",
        ),
        pytest.param(
            RATE,
            {"k_group": 8, "n_group": 200},
            {"k_group": 20, "n_group": 200},
            id="rate",
        ),
    ],
)
def test_the_other_kinds_tell_kept_from_left(monitor, kept, left) -> None:
    assert verdict(fed(monitor, *[kept] * 200)) is MonitorVerdict.QUIET
    assert verdict(fed(monitor, *[kept] * 200, *[left] * 20)) is MonitorVerdict.VIOLATION


# --------------------------------------------------------------------------------------- blocks


def test_a_block_closes_when_it_is_full() -> None:
    one = {"k_group": 0, "n_group": 0, "k_reference": 1, "n_reference": 1}
    state = fed(RATIO, *[one] * 199)
    assert (state.blocks, state.seen, state.opened.total) == (0, 0, 199)

    state = observe(RATIO, state, **one)
    assert (state.blocks, state.seen, state.opened) == (1, 200, Tally())
    assert state.recent == (Tally(k_reference=200, n_reference=200),)


def test_the_decisions_of_one_call_stay_in_one_block() -> None:
    state = fed(
        RATIO,
        {"k_group": 0, "n_group": 1, "k_reference": 2, "n_reference": 2},
        {"k_group": 100, "n_group": 300, "k_reference": 500, "n_reference": 900},
    )

    assert (state.blocks, state.seen) == (1, 1203)
    assert state.recent == (Tally(k_group=100, n_group=301, k_reference=502, n_reference=902),)


def test_the_last_blocks_and_points_are_kept() -> None:
    blocks = [{**FAIR, "k_group": number % 40} for number in range(HISTORY_POINTS + 30)]
    state = fed(RATIO, *blocks)

    assert [tally.k_group for tally in state.recent] == [
        block["k_group"] for block in blocks[-RECENT_BLOCKS:]
    ]
    assert state.recently.k_group == sum(block["k_group"] for block in blocks[-RECENT_BLOCKS:])
    assert state.recently.n_reference == 160 * RECENT_BLOCKS
    assert [point.block for point in state.history] == list(range(31, HISTORY_POINTS + 31))
    assert [point.end for point in state.history] == [
        200 * block for block in range(31, HISTORY_POINTS + 31)
    ]
    assert state.history[-1].violation == pytest.approx(state.violation.log10_e, abs=1e-4)
    assert state.watch is not None
    assert state.history[-1].watch == pytest.approx(state.watch.log10_e, abs=1e-4)


@pytest.mark.parametrize(
    "counts",
    [
        {"k_group": 2, "n_group": 1, "k_reference": 0, "n_reference": 0},
        {"k_group": 0, "n_group": 1, "k_reference": 3, "n_reference": 2},
        {"k_group": -1, "n_group": 1, "k_reference": 0, "n_reference": 0},
        {"k_group": 0, "n_group": -1, "k_reference": 0, "n_reference": 0},
        {"k_group": 0, "n_group": 0, "k_reference": -1, "n_reference": 1},
    ],
)
def test_impossible_counts_are_refused(counts) -> None:
    with pytest.raises(ValueError, match="cannot be positive"):
        observe(RATIO, start(RATIO), **counts)


def test_a_monitor_of_one_rate_takes_no_reference() -> None:
    with pytest.raises(ValueError, match="has no reference"):
        observe(RATE, start(RATE), k_group=0, n_group=1, k_reference=0, n_reference=1)


# ------------------------------------------------------------------------------- configuration


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"tolerance": 0.0}, "tolerance of a ratio"),
        ({"tolerance": 1.25}, "tolerance of a ratio"),
        ({"tolerance": nan}, "tolerance of a ratio"),
        ({"watch": 0.7}, "looser than the tolerance"),
        ({"watch": 1.1}, "watch level of a ratio"),
        ({"threshold": 1.0}, "finite number above 1"),
        ({"threshold": inf}, "finite number above 1"),
        ({"block_size": 0}, "at least one decision"),
        ({"kind": Kind.DIFFERENCE, "watch": 0.9}, "looser than the tolerance"),
        ({"kind": Kind.DIFFERENCE, "tolerance": 1.0, "watch": None}, "tolerance of a difference"),
        ({"kind": Kind.RATE, "side": Side.ABOVE, "watch": 0.9}, "looser than the tolerance"),
        ({"kind": Kind.RATE, "watch": 0.7}, "looser than the tolerance"),
        ({"kind": Kind.RATE, "tolerance": 1.0, "watch": None}, "tolerance of a rate"),
    ],
)
def test_a_monitor_that_makes_no_sense_is_refused(changed, message) -> None:
    values = {
        "metric": "m",
        "kind": Kind.RATIO,
        "side": Side.BELOW,
        "tolerance": 0.8,
        "watch": 0.9,
        "threshold": 2000.0,
    }
    assert Monitor(**values)

    with pytest.raises(ValueError, match=message):
        Monitor(**{**values, **changed})


def test_a_watch_level_may_equal_the_tolerance() -> None:
    for monitor in (RATIO, DIFFERENCE, RATE):
        same = Monitor(
            metric="m", kind=monitor.kind, side=monitor.side, tolerance=0.5, watch=0.5, threshold=20
        )
        state = fed(same, {"k_group": 3, "n_group": 200})
        assert state.watch == state.violation


@pytest.mark.parametrize(
    ("text", "years"),
    [
        ("1 per 5y", 5.0),
        ("2 per 1y", 0.5),
        ("1 per 30d", 30 / 365.25),
        ("3 per 26w", 26 * 7 / 365.25 / 3),
    ],
)
def test_a_budget_of_false_alarms_is_read_as_years(text, years) -> None:
    assert years_per_false_alarm(text) == pytest.approx(years)


@pytest.mark.parametrize(
    "text",
    ["", "5y", "0 per 5y", "1 per 0y", "1 per y", "1 per 12m", "1 per 5 y", "-1 per 5y", "1 per 5y ", "1.5 per 5y", "1 per ٥y"],
)  # fmt: skip
def test_a_budget_of_another_form_is_refused(text) -> None:
    with pytest.raises(ValueError, match="reads like"):
        years_per_false_alarm(text)


def test_the_threshold_grows_with_monitors_volume_and_patience() -> None:
    assert threshold("1 per 5y", monitors=1, blocks_per_year=400) == pytest.approx(2000)
    assert threshold("1 per 5y", monitors=12, blocks_per_year=400) == pytest.approx(24_000)
    assert threshold("1 per 10y", monitors=1, blocks_per_year=800) == pytest.approx(8000)


def test_no_alarm_rests_on_slight_evidence_however_generous_the_budget() -> None:
    assert threshold("10 per 1w", monitors=1, blocks_per_year=3) == LOWEST_THRESHOLD


@pytest.mark.parametrize(("monitors", "blocks"), [(0, 100.0), (1, 0.0), (1, -1.0), (1, nan)])
def test_a_threshold_needs_monitors_and_blocks(monitors, blocks) -> None:
    with pytest.raises(ValueError, match="At least one monitor"):
        threshold("1 per 5y", monitors=monitors, blocks_per_year=blocks)


@pytest.mark.parametrize(
    ("log10_e", "text"),
    [
        (-5.0, "1 : 1"),
        (0.0, "1 : 1"),
        (log10(25), "1 : 25"),
        (log10(2000), "1 : 2000"),
        (5.9999, "1 : 999769"),
        (6.0, "1 : 10^6"),
        (412.7, "1 : 10^412"),
    ],
)
def test_evidence_is_told_as_odds_rounded_down(log10_e, text) -> None:
    assert odds(log10_e) == text


# --------------------------------------------------------------------------------------- as JSON


def test_a_state_survives_being_written_as_json() -> None:
    state = fed(RATIO, *[UNFAIR] * 30, {**FAIR, "n_reference": 99})

    assert MonitorState.parse(json.loads(json.dumps(state.encode()))) == state
    assert MonitorState.parse(json.loads(json.dumps(start(RATE).encode()))) == start(RATE)


@pytest.mark.parametrize(
    "changed",
    [
        {"schema": 2},
        {"schema": None},
        {"blocks": None},
        {"opened": [1, 2, 3]},
        {"opened": "text"},
        {"violation": {"logs": [0.0], "alarm": None}},
        {"violation": {"logs": [0.0, nan], "alarm": None}},
        {"violation": {"logs": [0.0, 0.0]}},
        {"watch": []},
        {"history": [[1, 2]]},
        {"recent": 7},
    ],
)
def test_what_is_no_state_is_refused(changed) -> None:
    with pytest.raises(ValueError, match=r"monitor's state"):
        MonitorState.parse({**start(RATIO).encode(), **changed})


def test_a_state_with_a_part_missing_is_refused() -> None:
    whole = start(RATIO).encode()
    for part in whole:
        with pytest.raises(ValueError, match=r"monitor's state"):
            MonitorState.parse({name: value for name, value in whole.items() if name != part})
