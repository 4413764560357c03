"""What does one stage of a report say: its groups, how they compare, and what could not be said?"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final

from audits.fairness import comparisons, intervals, metrics, testing
from audits.fairness.comparisons import (
    Chosen,
    Comparison,
    Disparity,
    Kind,
    Reason,
    Verdict,
    finite,
)
from audits.fairness.counts import Group, Measure, Stage, Tolerance
from audits.fairness.metrics import Item, Labels, Metric, Part, Rate, Tallies, Tally
from audits.fairness.presets import DEFAULT_SOURCE, SMALL_SHARE, Preset


class Method(StrEnum):
    """The methods that a report names, each only where it is used."""

    WILSON = "wilson"
    NEWCOMBE = "newcombe"
    MOVER_R = "mover_r"
    MOVER = "mover"
    HOLM = "holm"
    CHI2_HOMOGENEITY = "chi2_homogeneity"
    CHI2_SIMULATED = "chi2_simulated"
    EXCESS_SD = "excess_sd"
    TWO_PROPORTION_Z = "two_proportion_z"
    WORST_CASE_BOUNDS = "worst_case_bounds"
    GENERALIZED_ENTROPY = "generalized_entropy"
    MANTEL_HAENSZEL = "mantel_haenszel"
    #: Of what is not built of stages: ranking by scores, mixes of outcomes, waits, and what differences are made of.
    DELONG = "delong"
    CRAMERS_V = "cramers_v"
    WOODRUFF = "woodruff"
    KITAGAWA = "kitagawa"


class Limit(StrEnum):
    """What a reader must know before relying on a report, each only where it holds."""

    #: Decisions are counted as independent, also where one person has several.
    INDEPENDENT_DECISIONS = "independent_decisions"
    #: The widest gap between any two groups grows with their number and smallness, also where nothing is wrong.
    WIDEST_GAP_GROWS = "widest_gap_grows"
    #: Labels exist (almost) only for what was decided one way, or released: rates given the truth are not identified.
    SELECTIVE_LABELS = "selective_labels"
    #: One way to decide has clearly fewer labels than the other, so rates given the truth lean.
    UNEVEN_LABELS = "uneven_labels"
    NO_LABELS = "no_labels"
    #: Some decisions are too young for their label to count.
    NOT_MATURE = "not_mature"
    PENDING_COUNTS = "pending_counts"
    SMALL_GROUPS = "small_groups"
    UNKNOWN_GROUPS = "unknown_groups"
    #: Nothing is known of whether what was imported is all that was decided.
    IMPORTED_DECISIONS = "imported_decisions"
    NO_POSITIVE_OUTCOME = "no_positive_outcome"
    #: Groups are compared with the one whose rate came out highest, which makes gaps look wider than they are.
    REFERENCE_BY_RESULT = "reference_by_result"
    #: The policy names a reference that nobody belongs to; the largest group stands in.
    REFERENCE_ABSENT = "reference_absent"
    #: Some group is too small for the chi-squared distribution; p-values come from simulation.
    SIMULATED_P_VALUES = "simulated_p_values"
    #: Scores are the chance of the positive outcome only where there are exactly two outcomes.
    BINARY_SCORES_ONLY = "binary_scores_only"


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """How counts are looked at, and what is noted on the way."""

    measure: Measure
    preset: Preset
    #: Each with its name as it was asked for.
    items: Mapping[Item, str]
    tolerances: Sequence[Tolerance]
    confidence: float
    days: int | None
    only_released: bool
    methods: set[Method] = field(default_factory=set)
    limits: set[Limit] = field(default_factory=set)

    @property
    def z(self) -> float:
        """The normal quantile of the confidence."""
        return intervals.z_of(self.confidence)


#: The figures whose sameness in all groups is tested.
TESTED: Final[Mapping[Stage, tuple[Metric, ...]]] = {
    Stage.PROPOSAL: (Metric.SELECTION_RATE, Metric.TPR, Metric.FPR, Metric.ACCURACY),
    Stage.ROUTING: (Metric.REVIEW_RATE, Metric.AUTOMATED_ERROR),
    Stage.REVIEW: (Metric.OVERRIDE_RATE, Metric.LAPSED_RATE),
    Stage.OUTCOME: (Metric.SELECTION_RATE, Metric.TPR, Metric.FPR, Metric.ACCURACY),
    Stage.APPEAL: (Metric.APPEAL_RATE, Metric.UPHELD_RATE),
}
_OF_OUTCOMES: Final = frozenset({Stage.PROPOSAL, Stage.OUTCOME})
_OF_POSITIVE: Final = frozenset(
    {
        Part.POSITIVE,
        Part.NEGATIVE,
        Part.TP,
        Part.FP,
        Part.FN,
        Part.TN,
        Part.TOWARD,
        Part.AWAY,
    }
)


def _needs_positive(metric: Metric) -> bool:
    # What people changed is counted also where no outcome is positive.
    return metric is not Metric.OVERRIDE_RATE and not _OF_POSITIVE.isdisjoint(
        metrics.DEFINITIONS[metric].numerator
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Groups:
    """The groups of one item at one stage."""

    stage: Stage
    item: Item
    name: str
    tallies: Mapping[Group, Tally]
    labels: Mapping[Group, Labels]
    total: int

    def share(self, group: Group) -> float:
        return self.tallies[group][Part.ALL] / self.total


@dataclass(frozen=True, slots=True, kw_only=True)
class Staged:
    """One stage of a report: its document, its verdicts and its exclusions."""

    document: dict[str, Any]
    verdicts: list[Verdict]
    exclusions: list[dict[str, Any]]


def stage_of(
    view: View, stage: Stage, tallies: Tallies, references: Mapping[Item, tuple[Group, Chosen]]
) -> Staged:
    """Write one stage of a report.

    ``references`` are those of the whole report; a stage that a reference does not reach takes its own largest group.
    """
    everybody = tallies.everybody
    labels = _labels(view, stage, everybody)
    items = [_groups(view, stage, item, name, tallies, labels) for item, name in view.items.items()]
    compared = [one for groups in items for one in _compare_all(view, groups, labels, references)]
    if view.preset.judges:
        compared = comparisons.judge(
            compared, enough=view.measure.enough, confidence=view.confidence, days=view.days
        )
    verdicts = [one.verdict for one in compared if one.verdict is not None]
    document: dict[str, Any] = {
        "decisions": everybody[Part.ALL],
        "imported": everybody[Part.IMPORTED],
        "with_ground_truth": everybody[Part.KNOWN],
        "unknown_group": tallies.partly_unknown,
        "unknown_by": {groups.name: tallies.unknown[groups.item] for groups in items},
        "labels": _labels_document(stage, everybody, labels, items),
        "groups": [row for groups in items for row in _rows(view, groups, labels, references)],
        "overall": _figures(view, stage, tallies.known, labels),
        "references": _references(items, references, view),
        "comparisons": [_comparison(view, one) for one in compared],
        "family": sum(one.judged for one in compared) if view.preset.judges else 0,
        "homogeneity": [one for groups in items for one in _homogeneity(view, groups)],
        "worst": _worst(view, items),
        "worst_by": {groups.name: _worst(view, [groups]) for groups in items},
        "verdict": _verdict(view, items, verdicts),
    }
    if stage in _OF_OUTCOMES:
        document["inequality"] = _inequality(view, labels, tallies.known, items)
    _note(view, stage, tallies, labels, items, compared)
    return Staged(
        document=document,
        verdicts=verdicts,
        exclusions=list(_exclusions(view, stage, tallies, items)),
    )


# ------------------------------------------------------------------------------------------ labels


def _labels(view: View, stage: Stage, everybody: Tally) -> Labels:
    if not everybody[Part.KNOWN]:
        return Labels.NONE
    if stage not in _OF_OUTCOMES:
        return Labels.USABLE
    found = metrics.labels_of(everybody)
    if found is Labels.USABLE and view.only_released:
        return Labels.ONLY_RELEASED
    return found


def _groups(
    view: View, stage: Stage, item: Item, name: str, tallies: Tallies, labels: Labels
) -> _Groups:
    found = dict(sorted(tallies.groups[item].items()))
    return _Groups(
        stage=stage,
        item=item,
        name=name,
        tallies=found,
        labels={group: _labels_within(stage, labels, of) for group, of in found.items()},
        total=sum(of[Part.ALL] for of in found.values()),
    )


def _labels_within(stage: Stage, labels: Labels, of: Tally) -> Labels:
    if not of[Part.KNOWN]:
        return Labels.NONE
    if labels.selective or stage not in _OF_OUTCOMES:
        return labels
    return metrics.labels_of(of)


def _state(labels: Labels) -> str:
    return "selective" if labels.selective else labels.value


def _labels_document(
    stage: Stage, everybody: Tally, labels: Labels, items: Sequence[_Groups]
) -> dict[str, Any]:
    return {
        "known": everybody[Part.KNOWN],
        "not_yet": everybody[Part.NOT_YET],
        "never": everybody[Part.NEVER],
        "not_mature": everybody[Part.NOT_MATURE],
        "state": _state(labels),
        "reason": labels.value if labels.selective else None,
        "by_group": [
            {
                "group": dict(group),
                "known": of[Part.KNOWN],
                "not_yet": of[Part.NOT_YET],
                "never": of[Part.NEVER],
                "coverage": metrics.rate(Metric.LABEL_COVERAGE, of).value,
                "state": _state(groups.labels[group]),
            }
            for groups in items
            for group, of in groups.tallies.items()
        ],
    }


# ------------------------------------------------------------------------------------------ groups


def _shown(view: View, metric: Metric, labels: Labels) -> bool:
    """Say whether a figure means anything here, whatever its counts are."""
    if _needs_positive(metric) and not view.measure.positive:
        return False
    return metrics.estimable(metric, labels)


def _figures(view: View, stage: Stage, of: Tally, labels: Labels) -> dict[str, Any]:
    """Write a group's size, counts and figures."""
    values: dict[str, Any] = {}
    bounds: dict[str, Any] = {}
    made_of: dict[str, Any] = {}
    for metric in metrics.OF_STAGE[stage]:
        rate = metrics.rate(metric, of) if _shown(view, metric, labels) else None
        interval = None if rate is None else metrics.interval_of(metric, rate, view.z)
        values[metric.value] = None if rate is None else rate.value
        bounds[metric.value] = None if interval is None else finite(interval)
        made_of[metric.value] = None if rate is None else [*rate]
    figures = {
        "count": of[Part.ALL],
        "counts": {part.value: of[part] for part in metrics.COUNTED[stage]},
        **values,
        "intervals": bounds,
        "of": made_of,
    }
    if labels.selective:
        figures["bounds"] = {
            metric.value: [*bound]
            for metric, bound in metrics.worst_case(of).items()
            if not metrics.estimable(metric, labels)
        }
        view.methods.add(Method.WORST_CASE_BOUNDS)
    return figures


def _rows(
    view: View,
    groups: _Groups,
    labels: Labels,
    references: Mapping[Item, tuple[Group, Chosen]],
) -> Iterator[dict[str, Any]]:
    reference, highest = _reference(view, groups, references), _highest(view, groups)
    for group, of in groups.tallies.items():
        view.methods.add(Method.WILSON)
        share = groups.share(group)
        row = {
            "group": dict(group),
            "by": groups.name,
            "share": share,
            "enough": of[Part.ALL] >= view.measure.enough,
            "below_share": share < SMALL_SHARE,
            **_figures(view, groups.stage, of, _within(groups, group, labels)),
        }
        if groups.stage in _OF_OUTCOMES:
            _add_impact(view, groups, row, group, reference=reference, highest=highest)
        yield row


def _within(groups: _Groups, group: Group, labels: Labels) -> Labels:
    found = groups.labels[group]
    return labels if found is Labels.NONE else found


def _add_impact(
    view: View,
    groups: _Groups,
    row: dict[str, Any],
    group: Group,
    *,
    reference: Group | None,
    highest: Group | None,
) -> None:
    """Add a group's impact ratios: to the highest group, which carries no interval, and to the reference."""
    own = metrics.rate(Metric.SELECTION_RATE, groups.tallies[group])
    left_out = _left_out(view, groups, group)
    row["impact_ratio"] = None
    row["impact_ratio_reference"] = None
    row["intervals"]["impact_ratio_reference"] = None
    if highest is not None and own.value is not None and not left_out:
        top = metrics.rate(Metric.SELECTION_RATE, groups.tallies[highest]).value
        row["impact_ratio"] = own.value / top if top else None
    if reference is not None and reference in groups.tallies and own.of:
        other = metrics.rate(Metric.SELECTION_RATE, groups.tallies[reference])
        if other.value:
            row["impact_ratio_reference"] = own.hits / own.of / other.value
        if other.value and group != reference:
            interval = intervals.mover_ratio(*own, *other, view.z)
            row["intervals"]["impact_ratio_reference"] = finite(interval)
            view.methods.add(Method.MOVER_R)


def _left_out(view: View, groups: _Groups, group: Group) -> bool:
    small = view.preset.small_share
    return small is not None and groups.share(group) < small


# -------------------------------------------------------------------------------------- references


def _reference(
    view: View, groups: _Groups, references: Mapping[Item, tuple[Group, Chosen]]
) -> Group | None:
    found = references.get(groups.item)
    if found is not None and found[0] in groups.tallies:
        return found[0]
    return choose(groups.item, groups.tallies, view.measure)


def choose(item: Item, tallies: Mapping[Group, Tally], measure: Measure) -> Group | None:
    """Choose the reference among the groups of an item; None without groups."""
    found = reference_among(item, tallies, measure)
    return None if found is None else found[0]


def reference_among(
    item: Item, tallies: Mapping[Group, Tally], measure: Measure
) -> tuple[Group, Chosen] | None:
    """Choose the reference among the groups of an item, and say how; what is counted of them decides between equals."""
    return comparisons.reference_of(
        item,
        {group: of[Part.ALL] for group, of in tallies.items()},
        measure,
        {group: tuple(of[part] for part in Part) for group, of in tallies.items()},
    )


def _highest(view: View, groups: _Groups) -> Group | None:
    if groups.stage not in _OF_OUTCOMES or not view.measure.positive:
        return None
    return comparisons.highest_of(
        {group: metrics.rate(Metric.SELECTION_RATE, of) for group, of in groups.tallies.items()},
        enough=view.measure.enough if view.preset.judges else 0,
    )


def _by_highest(view: View, disparity: Disparity) -> bool:
    return view.preset.against_highest and disparity.metrics == (Metric.SELECTION_RATE,)


def _references(
    items: Sequence[_Groups], references: Mapping[Item, tuple[Group, Chosen]], view: View
) -> list[dict[str, Any]]:
    told = []
    for groups in items:
        reference, highest = _reference(view, groups, references), _highest(view, groups)
        found = references.get(groups.item)
        told.append(
            {
                "by": groups.name,
                "group": None if reference is None else dict(reference),
                "chosen": (
                    found[1] if found is not None and found[0] == reference else Chosen.LARGEST
                ).value,
                "highest": None if highest is None else dict(highest),
            }
        )
    return told


# ------------------------------------------------------------------------------------- comparisons


def _compare_all(
    view: View,
    groups: _Groups,
    labels: Labels,
    references: Mapping[Item, tuple[Group, Chosen]],
) -> Iterator[Comparison]:
    reference, highest = _reference(view, groups, references), _highest(view, groups)
    for disparity, tolerance in _asked(view, groups, labels):
        base = highest if _by_highest(view, disparity) else reference
        if base is None:
            continue
        for group in groups.tallies:
            if group == base:
                continue
            if _by_highest(view, disparity) and _left_out(view, groups, group):
                continue
            pairs = tuple(
                (
                    metrics.rate(metric, groups.tallies[group]),
                    metrics.rate(metric, groups.tallies[base]),
                )
                for metric in disparity.metrics
            )
            yield comparisons.compare(
                disparity,
                item=groups.item,
                group=group,
                reference=base,
                pairs=pairs,
                size=groups.tallies[group][Part.ALL],
                enough=view.measure.enough,
                z=view.z,
                tolerance=tolerance,
                reason=_why_not(view, groups, disparity, group, base),
            )


def _asked(
    view: View, groups: _Groups, labels: Labels
) -> Iterator[tuple[Disparity, Tolerance | None]]:
    """Give what is compared: what has a tolerance, and the usual as far as anything can be said of it."""
    tolerances = _tolerances(view, groups)
    usual = comparisons.ALWAYS[groups.stage]
    if groups.stage in _OF_OUTCOMES and view.preset.always is not None:
        usual = view.preset.always
    for name in dict.fromkeys((*usual, *tolerances)):
        disparity, tolerance = comparisons.DISPARITIES[name], tolerances.get(name)
        declared = tolerance is not None and tolerance.source != DEFAULT_SOURCE
        if not declared and any(
            (_needs_positive(metric) and not view.measure.positive)
            or (metrics.DEFINITIONS[metric].given is not None and labels is Labels.NONE)
            for metric in disparity.metrics
        ):
            continue
        yield disparity, tolerance


def _tolerances(view: View, groups: _Groups) -> dict[str, Tolerance]:
    """Find the tolerance of each disparity at this stage and item; one for the very item wins."""
    found: dict[str, Tolerance] = {}
    for tolerance in sorted(view.tolerances, key=lambda one: one.by is not None):
        if tolerance.by is not None and groups.item not in metrics.items_of([tolerance.by]):
            continue
        for disparity in comparisons.disparities_of(tolerance.metric):
            if comparisons.belongs_to(disparity, groups.stage):
                found[disparity.name] = tolerance
    return found


def _why_not(
    view: View, groups: _Groups, disparity: Disparity, group: Group, base: Group
) -> Reason | None:
    for metric in disparity.metrics:
        if _needs_positive(metric) and not view.measure.positive:
            return Reason.NO_POSITIVE_OUTCOME
        if metrics.DEFINITIONS[metric].given is None:
            continue
        labels = (groups.labels[group], groups.labels[base])
        if Labels.NONE in labels:
            return Reason.NO_LABELS
        if not all(metrics.estimable(metric, one) for one in labels):
            return Reason.SELECTIVE_LABELS
    return None


def _comparison(view: View, one: Comparison) -> dict[str, Any]:
    told = comparisons.document(one)
    if one.interval is not None:
        view.methods.add(Method.MOVER_R if one.disparity.kind is Kind.RATIO else Method.NEWCOMBE)
        if len(one.pairs) > 1:
            view.methods.add(Method.MOVER)
    if one.judged and view.preset.judges:
        view.methods.add(Method.HOLM)
    if view.preset.two_deviations and one.disparity.name == "selection_rate_ratio":
        told["significance"] = _significance(one)
        view.methods.add(Method.TWO_PROPORTION_Z)
    return told


def _significance(one: Comparison) -> dict[str, Any]:
    """Tell practical beside statistical significance of a ratio."""
    own, other = one.pairs[0]
    tested = testing.two_proportions(*own, *other)
    limit = 0.8 if one.tolerance is None else one.tolerance.value
    return {
        "practical": None if one.value is None else one.value < limit,
        "statistical": None if tested is None else abs(tested[0]) > 2,
        "z": None if tested is None else tested[0],
        "p_value": None if tested is None else tested[1],
    }


def _verdict(view: View, items: Sequence[_Groups], verdicts: Sequence[Verdict]) -> str | None:
    if not any(groups.tallies for groups in items):
        return Verdict.NOT_MEASURED.value
    return comparisons.overall(verdicts).value if view.preset.judges else None


# ---------------------------------------------------------------------------------- all groups at once


def _rates(view: View, groups: _Groups, metric: Metric) -> dict[Group, Rate]:
    """Collect the rates of the groups in which a figure is estimable."""
    found = {
        group: metrics.rate(metric, of)
        for group, of in groups.tallies.items()
        if _shown(view, metric, groups.labels[group])
    }
    return {group: rate for group, rate in found.items() if rate.of}


def _homogeneity(view: View, groups: _Groups) -> Iterator[dict[str, Any]]:
    for metric in TESTED[groups.stage]:
        rates = list(_rates(view, groups, metric).values())
        tested = testing.homogeneity(rates)
        if tested is None:
            continue
        view.methods.update({Method.CHI2_HOMOGENEITY, Method.EXCESS_SD})
        if tested.simulated:
            view.methods.add(Method.CHI2_SIMULATED)
            view.limits.add(Limit.SIMULATED_P_VALUES)
        yield {
            "by": groups.name,
            "metric": metric.value,
            "groups": len(rates),
            "chi2": tested.chi2,
            "df": tested.df,
            "p_value": tested.p_value,
            "smallest_expected": tested.smallest_expected,
            "simulated": tested.simulated,
            "draws": testing.DRAWS if tested.simulated else None,
            "seed": testing.SEED if tested.simulated else None,
            "excess_sd": testing.excess_sd(rates),
        }


def _worst(view: View, items: Sequence[_Groups]) -> dict[str, Any]:
    """Find the widest gaps; with several items the widest of all, named with its item."""
    found: dict[str, list[dict[str, Any]]] = {}
    for groups in items:
        for name, gap in _gaps(view, groups):
            found.setdefault(name, []).append(gap)
    return {
        name: (min if name.endswith(Kind.RATIO) else max)(gaps, key=lambda gap: gap["value"])
        for name, gaps in found.items()
    }


def _gaps(view: View, groups: _Groups) -> Iterator[tuple[str, dict[str, Any]]]:
    odds: dict[Kind, list[dict[str, Any]]] = {Kind.RATIO: [], Kind.DIFFERENCE: []}
    for metric in metrics.WIDEST[groups.stage]:
        rates = {group: rate.hits / rate.of for group, rate in _rates(view, groups, metric).items()}
        gaps = metrics.widest_gap(rates)
        if gaps is None:
            continue
        for kind, gap in zip((Kind.DIFFERENCE, Kind.RATIO), gaps, strict=True):
            if gap.value is None:
                continue
            told = {
                "value": gap.value,
                "between": [dict(gap.lowest), dict(gap.highest)],
                "by": groups.name,
                "left_out": len(groups.tallies) - len(rates),
            }
            yield f"{metric}_{kind}", told
            if metric in {Metric.TPR, Metric.FPR}:
                odds[kind].append(told)
    # Equalized odds: the wider of the two gaps, where both rates are estimable.
    for kind, both in odds.items():
        if len(both) == 2:
            widest = min if kind is Kind.RATIO else max
            yield f"equalized_odds_{kind}", dict(widest(both, key=lambda gap: gap["value"]))


def _inequality(
    view: View, labels: Labels, known: Tally, items: Sequence[_Groups]
) -> dict[str, Any] | None:
    """Tell how unequally right and wrong decisions fall on people, where labels allow it."""
    if labels is not Labels.USABLE or not view.measure.positive:
        return None
    overall = metrics.inequality([known])
    if overall is None:
        return None
    view.methods.add(Method.GENERALIZED_ENTROPY)
    between: dict[str, float | None] = {}
    for groups in items:
        within = metrics.inequality(list(groups.tallies.values()))
        between[groups.name] = None if within is None else within.between
    return {
        "generalized_entropy": overall.generalized_entropy,
        "theil": overall.theil,
        "between": between,
    }


# ------------------------------------------------------------------------------------------- notes


def _exclusions(
    view: View, stage: Stage, tallies: Tallies, items: Sequence[_Groups]
) -> Iterator[dict[str, Any]]:
    for code, count in sorted(tallies.left_out.items()):
        yield {"code": code, "stage": stage.value, "count": count}
    if tallies.everybody[Part.NOT_MATURE]:
        yield {
            "code": "not_mature",
            "stage": stage.value,
            "count": tallies.everybody[Part.NOT_MATURE],
            "labelled": tallies.everybody[Part.NOT_MATURE_LABELLED],
        }
    for groups in items:
        if tallies.unknown[groups.item]:
            yield {
                "code": "unknown_group",
                "stage": stage.value,
                "by": groups.name,
                "count": tallies.unknown[groups.item],
            }
        if stage not in _OF_OUTCOMES:
            continue
        for group, of in groups.tallies.items():
            if _left_out(view, groups, group):
                yield {
                    "code": "below_share",
                    "stage": stage.value,
                    "by": groups.name,
                    "group": dict(group),
                    "count": of[Part.ALL],
                    "share": groups.share(group),
                }


def _note(
    view: View,
    stage: Stage,
    tallies: Tallies,
    labels: Labels,
    items: Sequence[_Groups],
    compared: Iterable[Comparison],
) -> None:
    """Note which limits hold for this stage."""
    everybody = tallies.everybody
    if not everybody[Part.ALL]:
        return
    found = {
        Limit.NOT_MATURE: everybody[Part.NOT_MATURE] > 0,
        Limit.UNKNOWN_GROUPS: tallies.partly_unknown > 0,
        Limit.IMPORTED_DECISIONS: everybody[Part.IMPORTED] > 0,
        Limit.SMALL_GROUPS: any(
            of[Part.ALL] < view.measure.enough for groups in items for of in groups.tallies.values()
        ),
        Limit.WIDEST_GAP_GROWS: any(len(groups.tallies) > 1 for groups in items),
        Limit.REFERENCE_BY_RESULT: any(_by_highest(view, one.disparity) for one in compared),
    }
    if stage in _OF_OUTCOMES:
        found |= {
            Limit.NO_LABELS: labels is Labels.NONE,
            Limit.SELECTIVE_LABELS: labels.selective
            or any(one.selective for groups in items for one in groups.labels.values()),
            Limit.UNEVEN_LABELS: labels is Labels.USABLE and metrics.uneven(everybody),
            Limit.NO_POSITIVE_OUTCOME: not view.measure.positive,
        }
    view.limits.update(limit for limit, holds in found.items() if holds)
