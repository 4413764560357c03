"""M6: do people who judge the same case apart agree, and do they agree more with the machine than with each other?"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import accumulate
from typing import Any, Final

from audits.fairness.intervals import Interval, wilson
from audits.oversight.plan import Volume
from audits.oversight.records import Purpose, Review

DRAWS: Final = 1000
SEED: Final = 20_261_125
#: Where more draws than this share have no figure, no interval is given.
_UNDEFINED: Final = 0.05

#: The values that one case was given, by as many raters as judged it; None where a rater did not.
Unit = Sequence[str | None]


class Agreeing(StrEnum):
    """What agreement among people says beside agreement with the machine."""

    #: People agree with the machine more than with each other, by more than chance explains.
    CLOSER_TO_MACHINE = "closer_to_machine"
    #: They do not, as far as can be seen.
    AS_CLOSE = "as_close"
    TOO_FEW = "too_few"
    #: Everybody gave one outcome to every case, so that agreement cannot be told from habit.
    UNDEFINED = "undefined"


@dataclass(frozen=True, slots=True, kw_only=True)
class Alpha:
    """Krippendorff's alpha with what it is made of; ``units`` are those that at least two raters judged."""

    alpha: float | None
    observed: float | None
    expected: float | None
    units: int
    values: int
    disagreeing: int


@dataclass(frozen=True, slots=True)
class _Part:
    """What cases add: how often each value came, how far values disagree, how many cases these are, and how many disagree."""

    counts: tuple[tuple[str, int], ...] = ()
    disagreement: float = 0.0
    units: int = 0
    disagreeing: int = 0


def krippendorff(units: Iterable[Unit]) -> Alpha:
    """Compute alpha for names (nominal): 1 less observed over expected disagreement.

    With n values in units of at least two, n_c of them of the name c, and m_u in unit u: observed = (1/n) sum over u of (m_u^2 - sum n_uc^2) /
    (m_u - 1), expected = (n^2 - sum n_c^2) / (n (n - 1)). 1 is perfect, 0 what chance gives, below 0 worse. None where only one
    name was used, because then nothing could have disagreed. Krippendorff, K. (2011), "Computing Krippendorff's alpha-reliability".
    """
    return _alpha((_part(unit), 1) for unit in units)


def _part(*units: Unit) -> _Part:
    totals: Counter[str] = Counter()
    disagreement, counted, disagreeing = 0.0, 0, 0
    for unit in units:
        counts = Counter(value for value in unit if value is not None)
        m = counts.total()
        if m < 2:
            continue
        apart = (m * m - sum(count * count for count in counts.values())) / (m - 1)
        totals.update(counts)
        disagreement += apart
        counted += 1
        disagreeing += apart > 0
    return _Part(tuple(sorted(totals.items())), disagreement, counted, disagreeing)


def _alpha(parts: Iterable[tuple[_Part, int]]) -> Alpha:
    """Put parts together, each so many times."""
    totals: Counter[str] = Counter()
    disagreement, units, disagreeing = 0.0, 0, 0
    for part, times in parts:
        for name, count in part.counts:
            totals[name] += count * times
        disagreement += part.disagreement * times
        units += part.units * times
        disagreeing += part.disagreeing * times
    n = totals.total()
    spread = n * n - sum(count * count for count in totals.values())
    return Alpha(
        alpha=1 - (n - 1) * disagreement / spread if spread else None,
        observed=disagreement / n if n else None,
        expected=spread / (n * (n - 1)) if n > 1 else None,
        units=units,
        values=n,
        disagreeing=disagreeing,
    )


def bounded(units: Sequence[Unit], z: float, confidence: float) -> Interval | None:
    """Bound alpha by drawing units anew, with replacement, from a fixed seed; None where that tells nothing.

    The percentile bootstrap of units, which covers as it says where drawing disagreements does not: Zapf, A. et al. (2016), BMC Medical Research
    Methodology 16, 93. Where nobody disagreed all draws are 1; the lower bound then supposes as many disagreements as Wilson's
    interval allows. Where one draw of twenty has no alpha, there is no interval.
    """
    parts = [part for unit in units if (part := _part(unit)).units]
    found = _alpha((part, 1) for part in parts)
    draws = _drawn([(part,) for part in parts]) if _moves(found) else []
    return _bounds(found, [alpha for (alpha,) in draws], z, confidence)


def _moves(found: Alpha) -> bool:
    """Say whether drawing anew could change the figure."""
    return found.alpha is not None and found.disagreeing > 0


def _bounds(
    found: Alpha, draws: Sequence[float | None], z: float, confidence: float
) -> Interval | None:
    if found.alpha is None or found.expected is None:
        return None
    if not found.disagreeing:
        return max(-1.0, 1 - wilson(0, found.units, z)[1] / found.expected), 1.0
    return _percentiles(draws, confidence)


def _drawn(clusters: Sequence[tuple[_Part, ...]]) -> Iterator[tuple[float | None, ...]]:
    """Draw as many clusters as there are, over and over, and give the alpha of each of their parts."""
    # Clusters alike are one kind, so that a draw costs what its kinds do; kinds stand in the order they came.
    kinds = Counter(clusters)
    known = list(kinds)
    weights = list(accumulate(kinds.values()))
    drawing = random.Random(SEED)  # noqa: S311 -- A simulation, which must come out alike again.
    for _ in range(DRAWS):
        drawn = Counter(drawing.choices(range(len(known)), cum_weights=weights, k=len(clusters)))
        yield tuple(
            _alpha((known[kind][place], times) for kind, times in drawn.items()).alpha
            for place in range(len(known[0]))
        )


def _percentiles(figures: Iterable[float | None], confidence: float) -> Interval | None:
    defined = sorted(figure for figure in figures if figure is not None)
    if len(defined) < DRAWS * (1 - _UNDEFINED):
        return None
    tail = (1 - confidence) / 2
    last = len(defined) - 1
    return defined[round(tail * last)], defined[round((1 - tail) * last)]


# ------------------------------------------------------------------------------------ of reviews


def document(reviews: Sequence[Review], volume: Volume) -> dict[str, Any]:
    """Write agreement among people, of people with the machine on the same cases, and of a person with themselves.

    Cases are those reviewed twice. ``between_people`` are the final outcomes that different people gave; ``with_machine`` sets those given in sight
    of the proposal beside it. ``closer`` is with_machine less between_people, bounded by drawing cases; wholly above 0, it is what
    following the machine looks like. With nobody else to ask, a second look a month later is ``own_second_look``: it tells
    steadiness, not agreement. Alpha is at most 1; it does not say who is right.
    """
    plan = volume.plan
    cases: dict[str, list[Review]] = {}
    for one in reviews:
        if one.pair is not None:
            cases.setdefault(one.pair, []).append(one)
    ordered = [cases[pair] for pair in sorted(cases)]
    shared = [own for own in ordered if len({one.reviewer for one in own}) > 1]
    alone = [own for own in ordered if len(own) > 1 and len({one.reviewer for one in own}) == 1]
    people = [_part(_by_person(own)) for own in shared]
    machine = [
        _part(*([one.outcome, one.proposed] for one in own if one.saw_proposal)) for own in shared
    ]
    second = [_part([one.outcome for one in own]) for own in alone]
    found, beside = (_alpha((part, 1) for part in parts) for parts in (people, machine))
    # Both are drawn at once: their difference needs the same cases, and drawing takes the time.
    draws: list[tuple[float | None, ...]] = []
    if _moves(found) or _moves(beside):
        draws = list(_drawn(list(zip(people, machine, strict=True))))
    closer = None
    if found.alpha is not None and beside.alpha is not None:
        differences = [
            None if one is None or other is None else other - one for one, other in draws
        ]
        bounds = _percentiles(differences, plan.confidence)
        closer = {
            "value": beside.alpha - found.alpha,
            "interval": None if bounds is None else list(bounds),
        }
    between = _written(found, [one for one, _ in draws], volume)
    with_machine = _written(beside, [other for _, other in draws], volume)
    own = _alpha((part, 1) for part in second)
    again = [one for (one,) in _drawn([(part,) for part in second])] if _moves(own) else []
    return {
        "between_people": between,
        "with_machine": with_machine,
        "closer": closer,
        "own_second_look": _written(own, again, volume),
        "says": _says(between, with_machine, closer).value,
    }


def _by_person(reviews: Sequence[Review]) -> list[str]:
    """Take one outcome of each person, the last one given."""
    return list(
        {
            one.reviewer: one.outcome
            for one in sorted(
                reviews, key=lambda one: (one.given_at, one.purpose is Purpose.DOUBLE)
            )
        }.values()
    )


def _written(found: Alpha, draws: Sequence[float | None], volume: Volume) -> dict[str, Any]:
    plan = volume.plan
    bounds = _bounds(found, draws, plan.z, plan.confidence)
    return {
        "alpha": found.alpha,
        "interval": None if bounds is None else list(bounds),
        "units": found.units,
        "disagreeing": found.disagreeing,
        "observed": found.observed,
        "expected": found.expected,
        **volume.standing(found.units, least=plan.pairs, per_review=plan.double_share),
    }


def _says(
    between: dict[str, Any], with_machine: dict[str, Any], closer: dict[str, Any] | None
) -> Agreeing:
    if not (between["enough"] and with_machine["enough"]):
        return Agreeing.TOO_FEW
    if closer is None:
        return Agreeing.UNDEFINED
    if closer["value"] <= 0:
        return Agreeing.AS_CLOSE
    if closer["interval"] is None:
        return Agreeing.UNDEFINED
    return Agreeing.CLOSER_TO_MACHINE if closer["interval"][0] > 0 else Agreeing.AS_CLOSE
