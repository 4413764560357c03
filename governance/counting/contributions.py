"""What one decision adds to the counts, standing as it stands and belonging to a group. Pure.

A change is counted by taking away what the decision added before and adding what it adds now; what has not changed
cancels out.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from audits.fairness.counts import (
    NEVER,
    RIGHT,
    WAIT_MINUTES,
    WRONG,
    Appealed,
    ReasonKind,
    Result,
    Reviewed,
    Routed,
    Stage,
)
from audits.oversight.overrides import band
from audits.oversight.records import Path
from governance.counting import models
from governance.deltas.states import State
from policies.document import Policy

#: What a person decided, as a status.
_BY_PEOPLE: Final = frozenset({"approved", "changed", "rejected"})
#: Longer texts are cut where they name a class of decisions.
_LONGEST_VALUE: Final = 200
MILLION: Final = 1_000_000

_ROUTED: Final[Mapping[str, Routed]] = {
    "release": Routed.RELEASED,
    "review": Routed.REVIEW,
    "refuse": Routed.REFUSED,
}
_STILL: Final[Mapping[str, Reviewed]] = {
    "in_review": Reviewed.WAITING,
    "withdrawn": Reviewed.WITHDRAWN,
    "lapsed": Reviewed.LAPSED,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    """What does not change about a decision, as far as counts go by it; ``reasons`` and ``features`` are None where nothing needs them.

    ``reverses`` tells that it took the place of another after an appeal, by which it is counted, at the stage of appeals of that other one.
    """

    point: str
    version: int
    day: str
    imported: bool
    observed: bool
    disposition: str
    proposed: str | None
    confidence: float | None
    codes: Sequence[Mapping[str, Any]]
    features: Mapping[str, Any] | None = None
    contributions: Sequence[Mapping[str, Any]] = ()
    reverses: bool = False


@dataclass(frozen=True, slots=True)
class Addition:
    """So much to be added to one row of a count table: ``key`` holds all columns but the sums."""

    table: type
    key: tuple[Any, ...]
    total: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Coarseness:
    """How the confidences of a day are kept: in classes this wide, in millionths, and counted under a day that stands for several."""

    step: int
    kept_as: str


def additions(
    decision: Counted, state: State, group: str, policy: Policy, coarse: Coarseness | None
) -> Iterator[Addition]:
    """Yield what a decision adds, each once. ``coarse`` is how its day keeps confidences, None: exactly."""
    if decision.reverses:
        return
    positive = policy.positive
    point, day, version = decision.point, decision.day, decision.version

    def cell(stage: Stage, value: str, truth: str) -> Addition:
        key = (point, stage.value, day, version, group, value, truth, decision.imported)
        return Addition(models.CellRow, key)

    routed = (
        Routed.OBSERVED
        if decision.observed and state.status == "observed"
        else _ROUTED[decision.disposition]
    )
    proposed, outcome = decision.proposed or "", state.outcome or ""
    yield cell(Stage.PROPOSAL, proposed, state.truth)
    yield cell(Stage.ROUTING, routed.value, _agreement(proposed, state.truth))
    yield cell(Stage.OUTCOME, outcome, state.truth)
    if routed is Routed.REVIEW:
        became = reviewed(state, proposed, positive)
        yield cell(Stage.REVIEW, became.value, _agreement(outcome, state.truth))
    if state.appeal:
        yield cell(Stage.APPEAL, state.appeal, "")
    if decision.confidence is not None and decision.proposed is not None:
        exact = round(decision.confidence * MILLION)
        kept = exact if coarse is None else class_of(exact, coarse.step)
        under = day if coarse is None else coarse.kept_as
        key = (point, under, version, group, result(proposed, state.truth, positive).value, kept)
        yield Addition(models.ScoreRow, key)
    yield from _overseen(decision, state, routed, group, positive)
    if state.waited is not None:
        yield Addition(models.WaitRow, (point, day, version, group, _at_most(state.waited)))
    for stratum in strata_of(policy, decision.features):
        yield _stratum(decision, Stage.PROPOSAL, group, stratum, positive=proposed in positive)
        if state.outcome is not None:
            yield _stratum(decision, Stage.OUTCOME, group, stratum, positive=outcome in positive)
    for scale, rating in state.ratings.items():
        yield Addition(models.RatingRow, (point, day, version, group, scale, rating))
    yield from _reasons(decision, routed, group, chosen=proposed in positive)


def _overseen(
    decision: Counted, state: State, routed: Routed, group: str, positive: frozenset[str]
) -> Iterator[Addition]:
    """Yield what oversight is measured by: whether a person turned the proposal round, and by which path the decision was made.

    Decisions of the past were reviewed elsewhere, if at all, and count for neither.
    """
    if decision.imported or state.outcome is None:
        return
    place = (decision.point, decision.day, decision.version, group)
    by_person = routed is Routed.REVIEW and state.status in _BY_PEOPLE
    if by_person and decision.proposed is not None:
        turned = reviewed(state, decision.proposed, positive) in (Reviewed.AWAY, Reviewed.TOWARD)
        bounds = band(decision.confidence)
        within = "" if bounds is None else f"{bounds[0]:g}-{bounds[1]:g}"
        key = (*place, within, decision.proposed in positive, turned)
        yield Addition(models.OverrideRow, key)
    path = Path.REVIEWED if by_person else Path.AUTOMATED
    appeal = "" if state.appeal == Appealed.WITHDRAWN else state.appeal
    yield Addition(models.PathRow, (*place, path.value, appeal))


def class_of(confidence: int, step: int) -> int:
    """Return the middle of the class that a confidence stands in; certainty is one of its own."""
    return min(confidence // step * step + step // 2, MILLION)


def reviewed(state: State, proposed: str, positive: frozenset[str]) -> Reviewed:
    """Say what became of a decision that a person had to see."""
    still = _STILL.get(state.status)
    if still is not None:
        return still
    outcome = state.outcome or ""
    if outcome == proposed:
        return Reviewed.KEPT
    was, now = proposed in positive, outcome in positive
    if was == now:
        return Reviewed.OTHER
    return Reviewed.TOWARD if now else Reviewed.AWAY


def result(proposed: str, truth: str, positive: frozenset[str]) -> Result:
    """Say how a proposal stands to the truth; two positive outcomes count as the same."""
    chosen = proposed in positive
    if truth in ("", NEVER):
        return Result.UNLABELLED_POSITIVE if chosen else Result.UNLABELLED_OTHER
    if chosen:
        return Result.TRUE_POSITIVE if truth in positive else Result.FALSE_POSITIVE
    if truth in positive:
        return Result.FALSE_NEGATIVE
    return Result.TRUE_NEGATIVE if truth == proposed else Result.OTHER_WRONG


def strata_of(policy: Policy, features: Mapping[str, Any] | None) -> Iterator[tuple[str, str]]:
    """Yield the declared strata of a decision, as text; an absent one is ``unknown``."""
    if features is None:
        return
    for name, feature in policy.features.items():
        if feature.stratum:
            value = features.get(name)
            if isinstance(value, bool):
                value = "true" if value else "false"
            yield name, "unknown" if value is None else str(value)[:_LONGEST_VALUE]


def _agreement(said: str, truth: str) -> str:
    if truth in ("", NEVER):
        return truth
    return RIGHT if said == truth else WRONG


def _at_most(seconds: int) -> int:
    at = bisect_left(WAIT_MINUTES, seconds / 60)
    return WAIT_MINUTES[at] if at < len(WAIT_MINUTES) else 0


def _stratum(
    decision: Counted, stage: Stage, group: str, stratum: tuple[str, str], *, positive: bool
) -> Addition:
    key = (
        decision.point,
        stage.value,
        decision.day,
        decision.version,
        group,
        *stratum,
        positive,
    )
    return Addition(models.StratumRow, key)


def _reasons(decision: Counted, routed: Routed, group: str, *, chosen: bool) -> Iterator[Addition]:
    """Yield why it was not released, and what the features said for the positive outcome.

    An app tells what spoke for its proposal; what spoke for another one spoke against the positive.
    """
    place = (decision.point, decision.day, decision.version, group)
    if routed in (Routed.REVIEW, Routed.REFUSED):
        named = {str(code["rule"] or code["code"])[:_LONGEST_VALUE] for code in decision.codes}
        for name in sorted(named):
            yield Addition(models.ReasonRow, (*place, ReasonKind.RULE.value, name))
    totals: dict[str, float] = {}
    for reason in decision.contributions:
        name = str(reason["feature"])[:_LONGEST_VALUE]
        told = reason["contribution"] if chosen else -reason["contribution"]
        totals[name] = totals.get(name, 0.0) + told
    for name, contribution in totals.items():
        total = round(max(-MILLION, min(MILLION, contribution)) * MILLION)
        yield Addition(models.ReasonRow, (*place, ReasonKind.FEATURE.value, name), total)
