"""How soon does a monitor find a disparity, and how often does it cry wolf? ``python -m benchmarks.monitors``.

Streams are drawn with a fixed seed: a reference rate of .40 unless said otherwise, blocks of 200 decisions. The evidence does not depend
on the threshold, so one run of each stream tells the delay for every number of monitors, each of which raises the threshold.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import inf, log10
from statistics import median
from time import perf_counter

import numpy as np

from audits.fairness.sequential import Kind, Monitor, Side, observe, start

BLOCK = 200
ONE_MONITOR = 2_000
MONITORS = (1, 5, 20, 100)
SHARES = (0.05, 0.10, 0.20, 0.50)
RATIOS = (0.70, 0.60, 0.50, 0.40)
TOLERANCE, WATCH = 0.8, 0.9


@dataclass(frozen=True, kw_only=True)
class Found:
    """For each stream the decisions until the evidence first reached a threshold; infinite where it never did."""

    violation: list[float]
    watch: list[float]


def drawn(
    *, count: int, seed: int, share: float, base: np.ndarray, ratio: np.ndarray
) -> Iterator[list[list[int]]]:
    """Draw streams: k and n of the group, then of the reference, block by block."""
    for each in np.random.SeedSequence(seed).spawn(count):
        random = np.random.default_rng(each)
        n_group = random.binomial(BLOCK, share, len(base))
        yield np.column_stack(
            [
                random.binomial(n_group, base * ratio),
                n_group,
                random.binomial(BLOCK - n_group, base),
                BLOCK - n_group,
            ]
        ).tolist()


def run(
    thresholds: Sequence[float], *, start_at: int = 0, tolerance: float = TOLERANCE, **world
) -> dict[float, Found]:
    """Feed streams to a monitor and note when it reached each threshold, counted from block ``start_at``.

    What alarms before the change is left out of its delays.
    """
    monitor = Monitor(
        metric="selection_rate_ratio",
        kind=Kind.RATIO,
        side=Side.BELOW,
        tolerance=tolerance,
        watch=WATCH,
        threshold=max(thresholds),
    )
    levels = [log10(threshold) for threshold in thresholds]
    found = {threshold: Found(violation=[], watch=[]) for threshold in thresholds}
    for stream in drawn(**world):
        state = start(monitor)
        first: dict[tuple[str, int], int] = {}
        for k_group, n_group, k_reference, n_reference in stream:
            state = observe(
                monitor,
                state,
                k_group=k_group,
                n_group=n_group,
                k_reference=k_reference,
                n_reference=n_reference,
            )
            point = state.history[-1]
            for which, level in enumerate(levels):
                if point.violation >= level:
                    first.setdefault(("violation", which), point.block)
                if point.watch >= level:
                    first.setdefault(("watch", which), point.block)
            if ("violation", len(levels) - 1) in first and ("watch", len(levels) - 1) in first:
                break
        for which, threshold in enumerate(thresholds):
            for name, into in (
                ("violation", found[threshold].violation),
                ("watch", found[threshold].watch),
            ):
                block = first.get((name, which), inf)
                if block > start_at:
                    into.append((block - start_at) * BLOCK)
    return found


def told(delays: list[float], longest: int) -> str:
    """Tell the median delay, and the share found within ``longest`` decisions where it is not all of them."""
    within = sum(delay <= longest for delay in delays) / len(delays)
    middle = median(delays)
    text = f"{middle:,.0f}" if middle <= longest else f"> {longest:,}"
    return text if within > 0.995 else f"{text} ({within:.0%})"


def delays(streams: int) -> None:
    """Print the table of delays."""
    thresholds = [ONE_MONITOR * monitors for monitors in MONITORS]
    print(
        f"\nMedian of decisions until a violation is found (ratio tolerated {TOLERANCE}, reference rate .40, {streams} streams)."
        "\nIn brackets the share found at all, where not all: within 100,000 decisions from the start, 50,000 after a change."
    )
    print(
        f"{'':<34}"
        + "".join(f"{f'{m} monitor' + ('s' if m > 1 else ''):>17}" for m in MONITORS)
        + f"{'watch, 1':>17}"
    )
    for share in SHARES:
        for ratio in RATIOS:
            for changes in (False, True):
                blocks, start_at = 500, 250 if changes else 0
                found = run(
                    thresholds,
                    start_at=start_at,
                    count=streams,
                    seed=round(1000 * share + 100 * ratio),
                    share=share,
                    base=np.full(blocks, 0.4),
                    ratio=np.where(np.arange(blocks) < start_at, 1.0, ratio),
                )
                longest = (blocks - start_at) * BLOCK
                when = "from 50,000 on" if changes else "from the start"
                print(
                    f"{share:>5.0%} protected, {ratio:.2f} {when:<12}"
                    + "".join(f"{told(found[c].violation, longest):>17}" for c in thresholds)
                    + f"{told(found[ONE_MONITOR].watch, longest):>17}",
                    flush=True,
                )


def false_alarms(streams: int) -> None:
    """Print how many streams within the tolerance ever alarm, at the threshold of one monitor."""
    steady, drift = np.full(500, 0.4), np.linspace(0.3, 0.6, 500)
    seasons = 0.4 + 0.2 * np.sin(np.arange(500) / 8)
    print(
        f"\nShare of {streams} streams of 100,000 decisions that ever alarm, one monitor (c = {ONE_MONITOR:,})"
        f"\n{'':<46}{'violation':>12}{'watch':>12}"
    )
    for share in SHARES:
        for name, base, ratio in (
            ("even", steady, 1.0),
            ("even, base rate drifting .3 to .6", drift, 1.0),
            (f"ratio {WATCH}, at the edge of the watch", steady, WATCH),
            (f"ratio {TOLERANCE}, at the edge of the tolerance", steady, TOLERANCE),
            (f"ratio {TOLERANCE}, drifting", drift, TOLERANCE),
            (f"ratio {TOLERANCE}, seasons from .2 to .6", seasons, TOLERANCE),
        ):
            found = run(
                [ONE_MONITOR],
                count=streams,
                seed=round(1000 * share) + 7,
                share=share,
                base=base,
                ratio=np.full(500, ratio),
            )[ONE_MONITOR]
            shares = [
                sum(delay < inf for delay in each) / streams
                for each in (found.violation, found.watch)
            ]
            # Below the watch level an alarm of the watch is a true one.
            watch = f"{shares[1]:.3f}" if ratio >= WATCH else "(true)"
            print(f"{share:>5.0%} {name:<40}{shares[0]:>12.3f}{watch:>12}", flush=True)


def speed() -> None:
    """Print what a block costs."""
    print(f"\n{'Closing one block (pure Python)':<46}{'median us':>12}")
    for kind, side, tolerance, watch in (
        (Kind.RATIO, Side.BELOW, 0.8, 0.9),
        (Kind.RATIO, Side.BELOW, 0.8, None),
        (Kind.DIFFERENCE, Side.BELOW, 0.1, 0.05),
        (Kind.RATE, Side.ABOVE, 0.05, 0.04),
    ):
        monitor = Monitor(
            metric="m",
            kind=kind,
            side=side,
            tolerance=tolerance,
            watch=watch,
            threshold=ONE_MONITOR,
        )
        state, times = start(monitor), []
        (stream,) = drawn(
            count=1, seed=1, share=0.2, base=np.full(20_000, 0.4), ratio=np.full(20_000, 0.9)
        )
        for k_group, n_group, k_reference, n_reference in stream:
            if kind is Kind.RATE:
                counts = {"k_group": k_group // 2, "n_group": BLOCK}
            else:
                counts = {
                    "k_group": k_group,
                    "n_group": n_group,
                    "k_reference": k_reference,
                    "n_reference": n_reference,
                }
            begun = perf_counter()
            state = observe(monitor, state, **counts)
            times.append(perf_counter() - begun)
        print(
            f"{kind.value + (' with watch' if watch else ' without watch'):<46}{1e6 * median(times):>12.1f}"
        )


def main() -> None:
    """Run it all and print the tables."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.monitors", description=__doc__)
    parser.add_argument("--streams", type=int, default=200, help="how many streams a row rests on")
    options = parser.parse_args()
    delays(options.streams)
    false_alarms(options.streams)
    speed()


if __name__ == "__main__":
    main()
