"""Has fairness been lost since the monitor was last restarted? May be asked after every decision, for years.

A monitor watches one group against one reference (or one rate against a limit). Decisions are gathered into blocks. Each
closed block gives an e-value: a number whose expectation is at most 1 while the metric is within its tolerance, whatever
the true rates are and however they drift. E-values multiply, so evidence grows exponentially once the tolerance is left.

* E-value of a block of two samples: Turner, Ly and Grünwald, "Generic E-variables for exact sequential k-sample tests that
  allow for optional stopping" (2024); for a tolerance instead of equality, Turner and Grünwald, "Exact anytime-valid
  confidence intervals for contingency tables and beyond" (2023). With q the alternative and p the point of the null nearest
  to it, e = (q/p)^k ((1-q)/(1-p))^(n-k), multiplied over both samples.
* Change detection: the e-CUSUM of Shin, Ramdas and Rinaldo, "E-detectors: a nonparametric framework for sequential change
  detection" (2024): m(t) = max(m(t-1), 1) e(t). While the tolerance is kept, the first alarm at m >= c comes after at least
  c closed blocks on average. A monitor's evidence is the mean of one e-CUSUM for each alternative of ODDS_BEYOND, and the mean
  of e-detectors is one.

What is promised rests on this: given the sizes of its samples, the decisions of a block are independent of each other (the
same person twice in a block is not), which decision comes next and how many at once does not depend on their results, and
the mean rates within the block keep the tolerance. Single decisions may have any rates of their own. Nothing else is
assumed: group sizes, base rates and their drift are free.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from math import exp, floor, isfinite, log, sqrt
from typing import Any, Final

#: A block closes once it holds this many decisions, unless the monitor says otherwise.
BLOCK_SIZE: Final = 200
#: The rates that place the alternatives are those of so many closed blocks.
RECENT_BLOCKS: Final = 25
#: So many points of evidence are kept for a chart.
HISTORY_POINTS: Final = 200
#: The alternatives: how the odds of the lower rate differ from those that are just tolerated. The near one finds slight
#: disparities, the far one strong ones soon. Any choice is valid; `python -m benchmarks.monitors` shows what it gives.
ODDS_BEYOND: Final = (0.8, 0.6)
#: No alarm rests on less evidence than this, however generous the budget of false alarms is.
LOWEST_THRESHOLD: Final = 20.0

_SCHEMA: Final = 1
_NONE_YET: Final = tuple(0.0 for _ in ODDS_BEYOND)
_LOG_10: Final = log(10.0)
_DAYS_PER_YEAR: Final = 365.25
_DAYS: Final[Mapping[str, float]] = {"d": 1.0, "w": 7.0, "y": _DAYS_PER_YEAR}
_BUDGET: Final = re.compile(r"([1-9][0-9]{0,5}) per ([1-9][0-9]{0,5})([dwy])")
_NEARLY_ONE: Final = 0.999
_NEARLY_ZERO: Final = 0.001
_NEWTON_STEPS: Final = 100


class Kind(StrEnum):
    """How a monitor's tolerance is meant."""

    #: The lower rate is at least ``tolerance`` times the higher one, as in 0.8.
    RATIO = "ratio"
    #: The rates differ by at most ``tolerance``, as in 0.1.
    DIFFERENCE = "difference"
    #: One rate is at most ``tolerance`` (or at least, with ``Side.BELOW``); there is no reference.
    RATE = "rate"


class Side(StrEnum):
    """On which side the tolerance is left. Both sides are two monitors, and count as two in the budget of false alarms."""

    #: The group's rate is too low.
    BELOW = "below"
    #: The group's rate is too high.
    ABOVE = "above"


class MonitorVerdict(StrEnum):
    """What a monitor has found since it was last restarted."""

    QUIET = "quiet"
    WATCH = "watch"
    VIOLATION = "violation"


@dataclass(frozen=True, slots=True, kw_only=True)
class Monitor:
    """What one monitor looks for. The state of a monitor goes on only with the same monitor: a changed one starts anew.

    ``tolerance`` makes a violation; ``watch`` is a stricter one that only asks for attention, None for none. ``threshold`` is
    the evidence that makes an alarm of either, see ``threshold``.
    """

    metric: str
    kind: Kind
    side: Side
    tolerance: float
    watch: float | None = None
    threshold: float
    block_size: int = BLOCK_SIZE

    def __post_init__(self) -> None:
        _check_tolerance(self.kind, self.tolerance, "tolerance")
        if self.watch is not None:
            _check_tolerance(self.kind, self.watch, "watch level")
            lower_is_looser = self.kind is Kind.RATIO or (
                self.kind is Kind.RATE and self.side is Side.BELOW
            )
            if self.watch != self.tolerance and (self.watch > self.tolerance) != lower_is_looser:
                raise ValueError(
                    f"The watch level {self.watch} of {self.metric} is looser than the tolerance {self.tolerance}; it must be stricter."
                )
        if not (isfinite(self.threshold) and self.threshold > 1):
            raise ValueError(
                f"A monitor's threshold is a finite number above 1, not {self.threshold}."
            )
        if self.block_size < 1:
            raise ValueError(f"A block holds at least one decision, not {self.block_size}.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """So many decisions of the group and of the reference (n), and so many of them positive (k)."""

    k_group: int = 0
    n_group: int = 0
    k_reference: int = 0
    n_reference: int = 0

    @property
    def total(self) -> int:
        """The decisions of both."""
        return self.n_group + self.n_reference


@dataclass(frozen=True, slots=True, kw_only=True)
class Detector:
    """The evidence against one tolerance: the natural logarithm of an e-CUSUM for each alternative.

    ``alarm`` is the number of the block that first took the evidence to the threshold; it stays until a restart.
    """

    logs: tuple[float, ...] = _NONE_YET
    alarm: int | None = None

    @property
    def log10_e(self) -> float:
        """The decimal logarithm of the evidence: 0 is none, 3 is odds of 1 : 1000. Below 0 the next block starts at 0."""
        return _log_mean(self.logs) / _LOG_10


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """The evidence after one block, as decimal logarithms: what a chart draws. ``end`` counts decisions from the first."""

    block: int
    end: int
    violation: float
    watch: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class MonitorState:
    """All that a monitor remembers: nothing of it is about one decision.

    ``blocks`` are closed, and hold ``seen`` decisions; ``opened`` is the block that is still filling. ``recent`` are the last
    RECENT_BLOCKS closed blocks, ``recently`` their sum. ``restarted_at`` is the number of blocks closed before the last restart.
    """

    blocks: int = 0
    seen: int = 0
    restarted_at: int = 0
    opened: Tally = Tally()
    violation: Detector = Detector()
    watch: Detector | None = None
    recent: tuple[Tally, ...] = ()
    recently: Tally = Tally()
    history: tuple[Point, ...] = ()

    def encode(self) -> dict[str, Any]:
        """Return the state as JSON values that ``parse`` reads back to an equal one."""
        return {
            "schema": _SCHEMA,
            "blocks": self.blocks,
            "seen": self.seen,
            "restarted_at": self.restarted_at,
            "opened": _tally_values(self.opened),
            "violation": _detector_values(self.violation),
            "watch": None if self.watch is None else _detector_values(self.watch),
            "recent": [_tally_values(tally) for tally in self.recent],
            "history": [[p.block, p.end, p.violation, p.watch] for p in self.history],
        }

    @classmethod
    def parse(cls, document: Mapping[str, Any]) -> MonitorState:
        """Read what ``encode`` wrote.

        Raises:
            ValueError: it is not a monitor's state, or one of another version.
        """
        if document.get("schema") != _SCHEMA:
            raise ValueError(
                f"A monitor's state of schema {_SCHEMA} was expected, not of {document.get('schema')!r}."
            )
        try:
            recent = tuple(_tally(values) for values in document["recent"])
            return cls(
                blocks=int(document["blocks"]),
                seen=int(document["seen"]),
                restarted_at=int(document["restarted_at"]),
                opened=_tally(document["opened"]),
                violation=_detector(document["violation"]),
                watch=None if document["watch"] is None else _detector(document["watch"]),
                recent=recent,
                recently=_sum(recent),
                history=tuple(_point(values) for values in document["history"]),
            )
        except (KeyError, TypeError, ValueError) as error:
            raise ValueError(f"This is no monitor's state that can be read: {error}.") from error


# ------------------------------------------------------------------------------ what is observed


def start(monitor: Monitor) -> MonitorState:
    """Return the state of a monitor that has seen nothing."""
    return MonitorState(watch=None if monitor.watch is None else Detector())


def observe(
    monitor: Monitor,
    state: MonitorState,
    *,
    k_group: int,
    n_group: int,
    k_reference: int = 0,
    n_reference: int = 0,
) -> MonitorState:
    """Add decisions to the open block, and close it where it holds ``monitor.block_size`` or more of them.

    The decisions of one call stay in one block: counts have no order by which to divide them. So a call that goes beyond the
    block's size makes a larger block, which is as valid as any other, and a call with no decisions changes nothing. Two ways
    to feed the same decisions give equal states if the calls that close a block end at the same decisions; how many calls
    there were within a block does not matter. Fed one by one, every block holds exactly the block size. How many come in one
    call must not depend on their results, and no decision may be fed twice or taken back.

    Raises:
        ValueError: more positive than all, a negative number, or a reference for a monitor of kind rate.
    """
    if not (0 <= k_group <= n_group and 0 <= k_reference <= n_reference):
        raise ValueError(
            f"{k_group} of {n_group} in the group and {k_reference} of {n_reference} in the reference cannot be positive."
        )
    if n_reference and monitor.kind is Kind.RATE:
        raise ValueError(f"The monitor of {monitor.metric} measures one rate and has no reference.")
    before = state.opened
    block = Tally(
        k_group=before.k_group + k_group,
        n_group=before.n_group + n_group,
        k_reference=before.k_reference + k_reference,
        n_reference=before.n_reference + n_reference,
    )
    if block.total < monitor.block_size:
        return replace(state, opened=block)
    return _closed(monitor, state, block)


def verdict(state: MonitorState) -> MonitorVerdict:
    """Return the gravest alarm since the last restart. It stays when the evidence falls again."""
    if state.violation.alarm is not None:
        return MonitorVerdict.VIOLATION
    if state.watch is not None and state.watch.alarm is not None:
        return MonitorVerdict.WATCH
    return MonitorVerdict.QUIET


def restarted(state: MonitorState, *, only: MonitorVerdict | None = None) -> MonitorState:
    """Forget the evidence and the alarms, as is due once somebody has acknowledged them; ``only`` names one of the two.

    The recent rates, the open block and the history are kept. A disparity that goes on is found again after its usual delay.
    """
    violation, watch = state.violation, state.watch
    if only is not MonitorVerdict.WATCH:
        violation = Detector()
    if only is not MonitorVerdict.VIOLATION and watch is not None:
        watch = Detector()
    return replace(state, violation=violation, watch=watch, restarted_at=state.blocks)


def odds(log10_e: float) -> str:
    """Return evidence as odds against the tolerance being kept, rounded down: ``1 : 2511``, from a million on ``1 : 10^6``.

    >>> odds(3.4)
    '1 : 2511'
    >>> odds(7.9)
    '1 : 10^7'
    >>> odds(-0.2)
    '1 : 1'
    """
    if log10_e >= 6:
        return f"1 : 10^{floor(log10_e)}"
    return f"1 : {floor(10 ** max(log10_e, 0.0) + 1e-9)}"


# ------------------------------------------------------------------------ budget of false alarms


def years_per_false_alarm(text: str) -> float:
    """Read a budget such as ``1 per 5y`` (d, w and y are days, weeks and years) as years between false alarms.

    >>> years_per_false_alarm("1 per 5y")
    5.0
    >>> years_per_false_alarm("2 per 1y")
    0.5

    Raises:
        ValueError: the text has another form.
    """
    found = _BUDGET.fullmatch(text)
    if found is None:
        raise ValueError(
            f"A budget of false alarms reads like “1 per 5y”, “1 per 26w” or “2 per 30d”, not {text!r}."
        )
    alarms, length, unit = found.groups()
    return int(length) * _DAYS[unit] / _DAYS_PER_YEAR / int(alarms)


def threshold(false_alarms: str, *, monitors: int, blocks_per_year: float) -> float:
    """Return the evidence for an alarm so that all monitors together keep the budget of false alarms.

    ``monitors`` counts monitors (two for both sides), ``blocks_per_year`` the blocks that one of them closes, the mean where they
    differ. While every monitor's tolerance is kept, the first alarm of any comes after at least the budget's years on
    average, however the monitors depend on each other: their evidence summed is an e-detector of all blocks they close.
    """
    if monitors < 1 or not blocks_per_year > 0:
        raise ValueError(
            f"At least one monitor and some blocks a year are needed, not {monitors} and {blocks_per_year}."
        )
    return max(LOWEST_THRESHOLD, monitors * blocks_per_year * years_per_false_alarm(false_alarms))


# --------------------------------------------------------------------------------------- e-values


def nearest_of_ratio(
    low: float, high: float, n_low: int, n_high: int, ratio: float
) -> tuple[float, float]:
    """Return the rates nearest to (low, high) of all that keep the ratio, for samples of these sizes.

    Nearest is the least n_low KL(low, p_low) + n_high KL(high, p_high). Where the ratio is broken, it lies at
    p_low = ratio p_high, and the condition of first order is a quadratic equation in p_high, of which this is the smaller root.
    """
    positive = n_low * low + n_high * high
    linear = positive * (1 + ratio) + n_low * (1 - low) * ratio + n_high * (1 - high)
    inner = linear * linear - 4 * ratio * (n_low + n_high) * positive
    nearest = 2 * positive / (linear + sqrt(max(inner, 0.0)))
    return ratio * nearest, nearest


def nearest_of_difference(
    low: float, high: float, n_low: int, n_high: int, difference: float
) -> tuple[float, float]:
    """Return the rates nearest to (low, high) of all whose difference is at most this, for samples of these sizes.

    As ``nearest_of_ratio``; here p_low = p_high - difference, found by Newton's steps, halving where one leaves the bracket.
    """
    least, most = low + difference, high
    low_weight, high_weight = n_low / (low * (1 - low)), n_high / (high * (1 - high))
    nearest = (low_weight * least + high_weight * most) / (low_weight + high_weight)
    for _ in range(_NEWTON_STEPS):
        p = nearest - difference
        low_spread, high_spread = p * (1 - p), nearest * (1 - nearest)
        slope = n_low * (p - low) / low_spread + n_high * (nearest - high) / high_spread
        if slope > 0:
            most = nearest
        else:
            least = nearest
        curvature = n_low * (p * p - 2 * p * low + low) / (low_spread * low_spread) + n_high * (
            nearest * nearest - 2 * nearest * high + high
        ) / (high_spread * high_spread)
        step = slope / curvature
        nearest -= step
        if not least <= nearest <= most:
            nearest = (least + most) / 2
        elif abs(step) < 1e-10:  # What is left after this step is about its square.
            break
    return nearest - difference, nearest


def log_e(k: int, n: int, q: float, p: float) -> float:
    """Return the logarithm of the likelihood of q to that of p, at k positive of n."""
    return k * log(q / p) + (n - k) * log((1 - q) / (1 - p))


def alternatives(
    monitor: Monitor, tolerance: float, recently: Tally
) -> list[tuple[float, float] | None]:
    """Return for each of ODDS_BEYOND the rates (low, high) that the next block is tested for; None where there are none.

    They rest on past blocks alone, as validity asks. The rate of the sample that was larger is taken as it was: it is the
    better known. The other lies beyond what is tolerated. The rates need not be close to the true ones to be valid.
    """
    if monitor.kind is Kind.RATE:
        limit = tolerance if monitor.side is Side.ABOVE else 1 - tolerance
        return [(limit, _shifted(limit, 1 / beyond)) for beyond in ODDS_BEYOND]
    k_low, n_low, k_high, n_high = _roles(monitor, recently)
    low, high = (k_low + 0.5) / (n_low + 1), (k_high + 0.5) / (n_high + 1)
    ratio = monitor.kind is Kind.RATIO
    just_tolerated = tolerance * high if ratio else high - tolerance
    found: list[tuple[float, float] | None] = []
    for beyond in ODDS_BEYOND:
        if n_low > n_high:
            edge = _shifted(low, 1 / beyond)
            at = edge / tolerance if ratio else edge + tolerance
            if at < _NEARLY_ONE:
                found.append((low, at))
                continue
        if ratio or just_tolerated > _NEARLY_ZERO:
            found.append((_shifted(just_tolerated, beyond), high))
        else:
            found.append(None)
    return found


def block_log_e(
    monitor: Monitor, tolerance: float, block: Tally, recently: Tally
) -> tuple[float, ...]:
    """Return the logarithm of a block's e-value for each alternative. It is 0 where a sample of the two is empty."""
    k_low, n_low, k_high, n_high = _roles(monitor, block)
    one = monitor.kind is Kind.RATE
    if not n_high or not (n_low or one):
        return _NONE_YET
    nearest = nearest_of_ratio if monitor.kind is Kind.RATIO else nearest_of_difference
    logs = []
    for alternative in alternatives(monitor, tolerance, recently):
        if alternative is None:
            logs.append(0.0)
            continue
        low, high = alternative
        if one:
            logs.append(log_e(k_high, n_high, high, low))
            continue
        p_low, p_high = nearest(low, high, n_low, n_high, tolerance)
        logs.append(log_e(k_low, n_low, low, p_low) + log_e(k_high, n_high, high, p_high))
    return tuple(logs)


# --------------------------------------------------------------------------------- closing a block


def _closed(monitor: Monitor, state: MonitorState, block: Tally) -> MonitorState:
    number, end = state.blocks + 1, state.seen + block.total
    violation, violation_e = _advanced(
        monitor, monitor.tolerance, state.violation, block, state.recently, number
    )
    watch, watch_e = None, None
    if monitor.watch is not None:
        before = state.watch or Detector()
        watch, watch_e = _advanced(monitor, monitor.watch, before, block, state.recently, number)
    point = Point(block=number, end=end, violation=violation_e, watch=watch_e)
    gone = state.recent[0] if len(state.recent) == RECENT_BLOCKS else Tally()
    return MonitorState(
        blocks=number,
        seen=end,
        restarted_at=state.restarted_at,
        violation=violation,
        watch=watch,
        recent=(*state.recent[1 - RECENT_BLOCKS :], block),
        recently=_exchanged(state.recently, gone, block),
        history=(*state.history[1 - HISTORY_POINTS :], point),
    )


def _advanced(
    monitor: Monitor,
    tolerance: float,
    detector: Detector,
    block: Tally,
    recently: Tally,
    number: int,
) -> tuple[Detector, float]:
    """Return the detector after a block, and its evidence as a decimal logarithm, rounded for a chart."""
    gains = block_log_e(monitor, tolerance, block, recently)
    # A list inside, for this runs once for each block of every monitor and a generator takes twice as long.
    logs = tuple(
        [
            before + gain if before > 0 else gain
            for before, gain in zip(detector.logs, gains, strict=True)
        ]
    )
    evidence = _log_mean(logs)
    alarm = detector.alarm
    if alarm is None and evidence >= log(monitor.threshold):
        alarm = number
    return Detector(logs=logs, alarm=alarm), round(evidence / _LOG_10, 4)


def _roles(monitor: Monitor, tally: Tally) -> tuple[int, int, int, int]:
    """Return k and n of the sample whose rate would be too low, then of the one whose rate would be too high.

    A monitor of one rate that is too low is one of its complement that is too high.
    """
    if monitor.side is Side.ABOVE:
        return tally.k_reference, tally.n_reference, tally.k_group, tally.n_group
    if monitor.kind is Kind.RATE:
        return 0, 0, tally.n_group - tally.k_group, tally.n_group
    return tally.k_group, tally.n_group, tally.k_reference, tally.n_reference


def _shifted(rate: float, factor: float) -> float:
    """Return the rate whose odds are ``factor`` times those of this one."""
    return factor * rate / (1 - rate + factor * rate)


def _log_mean(logs: tuple[float, ...]) -> float:
    most = max(logs)
    return most + log(sum([exp(value - most) for value in logs]) / len(logs))


def _check_tolerance(kind: Kind, value: float, name: str) -> None:
    fits = {
        Kind.RATIO: 0 < value <= 1,
        Kind.DIFFERENCE: 0 <= value < 1,
        Kind.RATE: 0 < value < 1,
    }[kind]
    if not fits:
        raise ValueError(
            f"The {name} of a {kind} lies between 0 and 1, not at {value}: "
            "for a ratio write the lowest that is tolerated, as in 0.8."
        )


def _sum(tallies: tuple[Tally, ...]) -> Tally:
    total = Tally()
    for tally in tallies:
        total = _exchanged(total, Tally(), tally)
    return total


def _exchanged(total: Tally, gone: Tally, come: Tally) -> Tally:
    return Tally(
        k_group=total.k_group - gone.k_group + come.k_group,
        n_group=total.n_group - gone.n_group + come.n_group,
        k_reference=total.k_reference - gone.k_reference + come.k_reference,
        n_reference=total.n_reference - gone.n_reference + come.n_reference,
    )


# ------------------------------------------------------------------------------ as values of JSON


def _tally_values(tally: Tally) -> list[int]:
    return [tally.k_group, tally.n_group, tally.k_reference, tally.n_reference]


def _tally(values: Any) -> Tally:
    k_group, n_group, k_reference, n_reference = values
    return Tally(
        k_group=int(k_group),
        n_group=int(n_group),
        k_reference=int(k_reference),
        n_reference=int(n_reference),
    )


def _detector_values(detector: Detector) -> dict[str, Any]:
    return {"logs": list(detector.logs), "alarm": detector.alarm}


def _detector(document: Any) -> Detector:
    alarm = document["alarm"]
    logs = tuple(float(value) for value in document["logs"])
    if len(logs) != len(ODDS_BEYOND) or not all(isfinite(value) for value in logs):
        raise ValueError(f"it takes {len(ODDS_BEYOND)} finite logarithms, not {logs}")
    return Detector(logs=logs, alarm=None if alarm is None else int(alarm))


def _point(values: Any) -> Point:
    block, end, violation, watch = values
    return Point(
        block=int(block),
        end=int(end),
        violation=float(violation),
        watch=None if watch is None else float(watch),
    )
