from __future__ import annotations

import json
from dataclasses import replace
from itertools import pairwise
from math import log, log10

from hypothesis import assume, given
from hypothesis import strategies as st

from audits.fairness.sequential import (
    ODDS_BEYOND,
    Kind,
    Monitor,
    MonitorState,
    MonitorVerdict,
    Side,
    Tally,
    alternatives,
    block_log_e,
    nearest_of_difference,
    nearest_of_ratio,
    observe,
    start,
    verdict,
)

ANY_KIND = st.sampled_from(Kind)
TWO_SAMPLES = st.sampled_from([Kind.RATIO, Kind.DIFFERENCE])


@st.composite
def monitors(draw: st.DrawFn, kinds: st.SearchStrategy[Kind] = ANY_KIND) -> Monitor:
    kind, side = draw(kinds), draw(st.sampled_from(Side))
    looser, stricter = sorted(draw(st.tuples(*[st.floats(0.02, 0.98)] * 2)))
    if kind is Kind.DIFFERENCE or (kind is Kind.RATE and side is Side.ABOVE):
        looser, stricter = stricter, looser
    return Monitor(
        metric="m",
        kind=kind,
        side=side,
        tolerance=looser,
        watch=draw(st.sampled_from([None, stricter])),
        threshold=20.0,
        block_size=draw(st.integers(1, 60)),
    )


@st.composite
def samples(draw: st.DrawFn, most: int = 300, least: int = 0) -> tuple[int, int]:
    n = draw(st.integers(least, most))
    return draw(st.integers(0, n)), n


@st.composite
def tallies(draw: st.DrawFn, most: int = 300, least: int = 0) -> Tally:
    (k_group, n_group), (k_reference, n_reference) = (
        draw(samples(most, least)),
        draw(samples(most, least)),
    )
    return Tally(k_group=k_group, n_group=n_group, k_reference=k_reference, n_reference=n_reference)


def for_(monitor: Monitor, tally: Tally) -> Tally:
    return replace(tally, k_reference=0, n_reference=0) if monitor.kind is Kind.RATE else tally


def fed(monitor: Monitor, blocks: list[Tally], state: MonitorState | None = None) -> MonitorState:
    state = start(monitor) if state is None else state
    for block in blocks:
        tally = for_(monitor, block)
        state = observe(
            monitor,
            state,
            k_group=tally.k_group,
            n_group=tally.n_group,
            k_reference=tally.k_reference,
            n_reference=tally.n_reference,
        )
    return state


#: One decision: of the group or of the reference, positive or not.
DECISIONS = st.lists(
    st.sampled_from(
        [
            Tally(n_group=1),
            Tally(k_group=1, n_group=1),
            Tally(n_reference=1),
            Tally(k_reference=1, n_reference=1),
        ]
    ),
    max_size=250,
)


def together(decisions: list[Tally]) -> Tally:
    return Tally(
        k_group=sum(each.k_group for each in decisions),
        n_group=sum(each.n_group for each in decisions),
        k_reference=sum(each.k_reference for each in decisions),
        n_reference=sum(each.n_reference for each in decisions),
    )


@given(monitor=monitors(TWO_SAMPLES), decisions=DECISIONS, cuts=st.sets(st.integers(0, 250)))
def test_it_does_not_matter_in_how_many_calls_a_block_is_fed(
    monitor: Monitor, decisions: list[Tally], cuts: set[int]
) -> None:
    one_by_one = fed(monitor, decisions)
    ends = sorted(
        {0, len(decisions)}
        | {cut for cut in cuts if cut < len(decisions)}
        | set(range(0, len(decisions), monitor.block_size))
    )

    assert one_by_one.blocks == len(decisions) // monitor.block_size
    assert one_by_one.seen == one_by_one.blocks * monitor.block_size
    assert (
        fed(monitor, [together(decisions[begin:end]) for begin, end in pairwise(ends)])
        == one_by_one
    )


@given(monitor=monitors(TWO_SAMPLES), decisions=DECISIONS, order=st.randoms(use_true_random=False))
def test_the_order_within_a_block_does_not_matter(monitor: Monitor, decisions, order) -> None:
    mixed = []
    for begin in range(0, len(decisions), monitor.block_size):
        block = decisions[begin : begin + monitor.block_size]
        order.shuffle(block)
        mixed.extend(block)

    assert fed(monitor, mixed) == fed(monitor, decisions)


@given(
    monitor=monitors(),
    blocks=st.lists(tallies(), max_size=40),
    calls=st.lists(tallies(), max_size=9),
)
def test_a_state_read_back_from_json_is_equal_and_goes_on_alike(
    monitor: Monitor, blocks: list[Tally], calls: list[Tally]
) -> None:
    state = fed(monitor, blocks)
    read = MonitorState.parse(json.loads(json.dumps(state.encode(), allow_nan=False)))

    assert read == state
    assert fed(monitor, calls, read) == fed(monitor, calls, state)


@given(
    kind=TWO_SAMPLES,
    side=st.sampled_from(Side),
    tolerance=st.floats(0.02, 0.98),
    past=tallies(),
    sizes=st.tuples(st.integers(0, 300), st.integers(0, 300)),
    p_high=st.floats(0, 1),
    share=st.floats(0, 1),
)
def test_no_e_value_exceeds_1_on_average_wherever_the_tolerance_is_kept(
    kind: Kind,
    side: Side,
    tolerance: float,
    past: Tally,
    sizes: tuple[int, int],
    p_high: float,
    share: float,
) -> None:
    """Takes the mean in closed form: the product over both samples of (p q/p' + (1-p)(1-q)/(1-p'))^n."""
    monitor = Monitor(metric="m", kind=kind, side=side, tolerance=tolerance, threshold=20)
    least = tolerance * p_high if kind is Kind.RATIO else max(p_high - tolerance, 0)
    p_low = least + share * (1 - least)
    n_low, n_high = sizes
    assume(n_low and n_high)
    nearest = nearest_of_ratio if kind is Kind.RATIO else nearest_of_difference
    for pair in alternatives(monitor, tolerance, past):
        if pair is None:
            continue
        low, high = pair
        at_low, at_high = nearest(low, high, n_low, n_high, tolerance)
        log_mean = n_low * log(p_low * low / at_low + (1 - p_low) * (1 - low) / (1 - at_low))
        log_mean += n_high * log(
            p_high * high / at_high + (1 - p_high) * (1 - high) / (1 - at_high)
        )

        assert log_mean <= 1e-9


@given(monitor=monitors(), block=tallies(), past=tallies(), by=st.integers(1, 300))
def test_evidence_grows_with_the_disparity(
    monitor: Monitor, block: Tally, past: Tally, by: int
) -> None:
    block, past = for_(monitor, block), for_(monitor, past)
    below = monitor.side is Side.BELOW
    k_group = max(block.k_group - by, 0) if below else min(block.k_group + by, block.n_group)
    k_reference = (
        min(block.k_reference + by, block.n_reference) if below else max(block.k_reference - by, 0)
    )
    plain = block_log_e(monitor, monitor.tolerance, block, past)

    for worse in (replace(block, k_group=k_group), replace(block, k_reference=k_reference)):
        for more, before in zip(
            block_log_e(monitor, monitor.tolerance, worse, past), plain, strict=True
        ):
            assert more >= before - 1e-9


@given(monitor=monitors(TWO_SAMPLES), blocks=st.lists(tallies(), max_size=60), which=st.booleans())
def test_there_is_never_an_alarm_without_decisions_of_both(
    monitor: Monitor, blocks: list[Tally], which: bool
) -> None:
    empty = {"k_group": 0, "n_group": 0} if which else {"k_reference": 0, "n_reference": 0}
    state = fed(monitor, [replace(block, **empty) for block in blocks])

    assert verdict(state) is MonitorVerdict.QUIET
    assert state.violation.log10_e == 0
    assert all(point.violation == 0 and not point.watch for point in state.history)


@given(monitor=monitors(TWO_SAMPLES), block=tallies(), past=tallies())
def test_an_empty_sample_says_nothing(monitor: Monitor, block: Tally, past: Tally) -> None:
    nothing = tuple(0.0 for _ in ODDS_BEYOND)

    for empty in (
        replace(block, k_group=0, n_group=0),
        replace(block, k_reference=0, n_reference=0),
    ):
        assert block_log_e(monitor, monitor.tolerance, empty, past) == nothing


@given(monitor=monitors(TWO_SAMPLES), blocks=st.lists(tallies(), max_size=40))
def test_group_and_reference_exchanged_are_the_other_side(
    monitor: Monitor, blocks: list[Tally]
) -> None:
    other = Side.ABOVE if monitor.side is Side.BELOW else Side.BELOW
    exchanged = [
        Tally(
            k_group=block.k_reference,
            n_group=block.n_reference,
            k_reference=block.k_group,
            n_reference=block.n_group,
        )
        for block in blocks
    ]

    one, two = fed(monitor, blocks), fed(replace(monitor, side=other), exchanged)
    assert (one.violation, one.watch, one.history) == (two.violation, two.watch, two.history)


@given(monitor=monitors(), blocks=st.lists(tallies(), max_size=60))
def test_an_alarm_is_never_lost_and_the_history_shows_why_it_was_raised(
    monitor: Monitor, blocks: list[Tally]
) -> None:
    state = start(monitor)
    gravest = MonitorVerdict.QUIET
    order = list(MonitorVerdict)
    for block in blocks:
        state = fed(monitor, [block], state)
        assert order.index(verdict(state)) >= order.index(gravest)
        gravest = verdict(state)
    reached = [point.block for point in state.history if point.violation > log10(20) + 1e-4]
    if state.violation.alarm is None:
        assert not reached
    else:
        assert state.violation.alarm <= min(reached, default=state.blocks)
