"""What does a fairness report say, and does it still say what its counts say?

A report is a dict of JSON values (contract.md, "A fairness report"). It can carry its counts, and whoever has it can
then compute every figure again.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Any, Final

from audits.fairness import comparisons, metrics, strata
from audits.fairness.causes import reasons_report
from audits.fairness.comparisons import Chosen, Verdict
from audits.fairness.counts import (
    Cell,
    Counts,
    Group,
    Measure,
    RatingCell,
    ReasonCell,
    ReasonKind,
    Result,
    ScoreCell,
    Stage,
    StratumCell,
    Tolerance,
    WaitCell,
)
from audits.fairness.groups import Grouped
from audits.fairness.metrics import Item, Tallies
from audits.fairness.mix import mix_report, ratings_report, waits_report
from audits.fairness.presets import DEFAULT_TOLERANCES, Preset, preset_named
from audits.fairness.scores import scores_report
from audits.fairness.stages import Limit, Method, Staged, View, reference_among, stage_of

SCHEMA: Final = 1

#: What a policy may hold against a limit by itself: it compares no groups and has no place in a comparison.
WITHOUT_GROUPS: Final = frozenset({"automated_error", "overdue_share"})

_MEASURED: Final = (Stage.PROPOSAL, Stage.ROUTING, Stage.REVIEW, Stage.OUTCOME)
#: Fractions that differ by less than this, relatively or in all, are the same: libraries of mathematics round differently.
_SAME: Final = 1e-9
_NOTHING: Final = 1e-12


class ReportUnreadable(ValueError):
    """Raised where a report carries no counts, or counts that cannot be read."""


def fairness_report(
    counts: Counts,
    *,
    by: Sequence[str] = (),
    preset: str | None = None,
    confidence: float = 0.95,
    with_counts: bool = False,
) -> dict[str, Any]:
    """Report how groups are treated at each stage of a decision point.

    ``by`` names attributes (``gender``) or crossed ones (``gender*age_band``), none of them all attributes one by one. With its
    counts a report can be computed again.

    Raises:
        ValueError: there is no such preset, ``by`` names no attribute, the confidence is none, or a tolerance is of no
            disparity or out of range.
    """
    chosen = preset_named(preset)
    view = _view(counts, by, chosen, confidence)
    tallies = {
        stage: metrics.tally(counts.cells, stage, view.items, counts.measure.positive)
        for stage in _MEASURED
    }
    references = _references(view, tallies)
    staged = {stage: stage_of(view, stage, tallies[stage], references) for stage in _MEASURED}
    asked = list(view.items.values())
    appeals = _appeals(view, counts, references)
    scores = _scores(view, counts, asked)
    sections = {
        "waits": waits_report(counts, asked, confidence=confidence),
        "mix": mix_report(counts, asked, confidence=confidence),
        "conditional": _conditional(view, counts, references),
        "ratings": ratings_report(counts, asked, confidence=confidence),
        "reasons": reasons_report(counts, asked, confidence=confidence),
    }
    _note(view, counts, scores, sections)
    report: dict[str, Any] = {
        "schema": SCHEMA,
        "decision_point": counts.decision_point,
        "kind": counts.kind,
        "since": counts.since,
        "until": counts.until,
        "by": asked,
        "preset": preset,
        "attributes": list(counts.attributes),
        "measure": _measure_document(view),
        "policy_versions": [
            {"version": version, "decisions": decisions}
            for version, decisions in sorted(counts.versions.items())
        ],
        "pending": counts.pending,
        "exclusions": [one for stage in staged.values() for one in stage.exclusions],
        "methods": sorted(method.value for method in view.methods),
        "limits": sorted(limit.value for limit in view.limits),
        "verdict": _verdict(view, tallies, staged.values()),
        "stages": {
            **{stage.value: found.document for stage, found in staged.items()},
            Stage.APPEAL.value: appeals,
        },
        "scores": scores,
        **sections,
    }
    return report | {"counts": counts_document(counts)} if with_counts else report


def _appeals(
    view: View, counts: Counts, references: Mapping[Item, tuple[Group, Chosen]]
) -> dict[str, Any]:
    """Report who objected, and who was right; no verdict, for not everybody who was wronged objects."""
    if not any(cell.count for cell in counts.cells if cell.stage is Stage.APPEAL):
        return {"state": "none_recorded"}
    cells = list(metrics.with_decided(counts.cells))
    found = metrics.tally(cells, Stage.APPEAL, view.items, counts.measure.positive)
    document = stage_of(view, Stage.APPEAL, found, references).document
    return {"state": "recorded", **document, "verdict": None}


def _view(counts: Counts, by: Sequence[str], preset: Preset, confidence: float) -> View:
    items = metrics.items_of(by or counts.attributes)
    if preset.crossed:
        names = list(dict.fromkeys(name for asked in items.values() for name in asked.split("*")))
        if len(names) > 1:
            items |= {
                item: asked
                for item, asked in metrics.items_of(["*".join(names)]).items()
                if item not in items
            }
    tolerances = preset.tolerances
    if tolerances is None:
        tolerances = _own(counts.measure) or DEFAULT_TOLERANCES
    elif tolerances:
        # What the policy itself says of the same disparities is nearer than a convention.
        own = [
            one
            for one in _own(counts.measure)
            if not preset.against_highest and _alike(one, tolerances)
        ]
        tolerances = tuple(own) or tolerances
    for tolerance in tolerances:
        for disparity in comparisons.disparities_of(tolerance.metric):
            comparisons.tolerated(disparity.kind, tolerance)
    return View(
        measure=counts.measure,
        preset=preset,
        items=items,
        tolerances=tolerances,
        confidence=confidence,
        days=_days(counts),
        only_released=metrics.only_released_are_labelled(counts.cells),
    )


def _own(measure: Measure) -> tuple[Tolerance, ...]:
    return tuple(one for one in measure.tolerances if one.metric not in WITHOUT_GROUPS)


def _alike(one: Tolerance, others: Iterable[Tolerance]) -> bool:
    wanted = {found for other in others for found in comparisons.disparities_of(other.metric)}
    return wanted.issuperset(comparisons.disparities_of(one.metric))


def _days(counts: Counts) -> int | None:
    try:
        first, last = date.fromisoformat(counts.since[:10]), date.fromisoformat(counts.until[:10])
    except ValueError:
        return None
    return max(1, (last - first).days + 1)


def _references(view: View, tallies: Mapping[Stage, Tallies]) -> dict[Item, tuple[Group, Chosen]]:
    """Choose one reference for all stages, from the first of them that has groups."""
    found: dict[Item, tuple[Group, Chosen]] = {}
    for item in view.items:
        for stage in _MEASURED:
            reference = reference_among(item, tallies[stage].groups[item], view.measure)
            if reference is not None:
                found[item] = reference
                break
        declared = all(name in view.measure.reference for name in item)
        if declared and item in found and found[item][1] is not Chosen.DECLARED:
            view.limits.add(Limit.REFERENCE_ABSENT)
    return found


def _measure_document(view: View) -> dict[str, Any]:
    return {
        "positive": sorted(view.measure.positive),
        "reference": dict(sorted(view.measure.reference.items())),
        "enough": view.measure.enough,
        "maturity_days": view.measure.maturity_days,
        "confidence": view.confidence,
        "tolerances": [_tolerance_document(one) for one in view.tolerances],
    }


def _tolerance_document(one: Tolerance) -> dict[str, Any]:
    return {
        "metric": one.metric,
        "value": one.value,
        "watch": one.watch,
        "by": one.by,
        "source": one.source,
    }


def _conditional(
    view: View, counts: Counts, references: Mapping[Item, tuple[Group, Chosen]]
) -> list[dict[str, Any]]:
    """Compare groups within the classes of each feature that the policy names a legitimate stratum."""
    told = []
    for item, asked in view.items.items():
        found = strata.rates_within(counts.strata, item)
        for (stage, feature), rates in sorted(found.items()):
            chosen = references.get(item)
            if chosen is None or chosen[0] not in rates:
                continue
            for group in sorted(rates):
                if group == chosen[0]:
                    continue
                view.methods.add(Method.MANTEL_HAENSZEL)
                told.append(
                    {
                        "stage": stage.value,
                        "feature": feature,
                        "by": asked,
                        "group": dict(group),
                        "reference": dict(chosen[0]),
                        **strata.document(strata.between(rates, group, chosen[0]), view.z),
                    }
                )
    return told


def _scores(view: View, counts: Counts, asked: Sequence[str]) -> dict[str, Any] | None:
    """Report scores; a preset may leave small groups out of scoring rates, and seek the highest whatever is enough."""
    scores = scores_report(counts, asked, confidence=view.confidence)
    if scores is None or not scores["scoring_rate"] or view.preset.small_share is None:
        return scores
    every = replace(counts, measure=replace(counts.measure, enough=0))
    found = (
        scores if view.preset.judges else scores_report(every, asked, confidence=view.confidence)
    )
    assert found is not None
    for row, highest in zip(scores["scoring_rate"], found["scoring_rate"], strict=True):
        left_out = row["share"] < view.preset.small_share
        row["highest"] = highest["highest"]
        row["ratio"] = None if left_out else highest["ratio"]
        row["ratio_interval"] = None if left_out else highest["ratio_interval"]
    return scores


def _note(
    view: View, counts: Counts, scores: Mapping[str, Any] | None, sections: Mapping[str, Any]
) -> None:
    """Note limits and methods of what is not built of stages."""
    if any(cell.count for cell in counts.cells):
        view.limits.add(Limit.INDEPENDENT_DECISIONS)
    if counts.pending:
        view.limits.add(Limit.PENDING_COUNTS)
    if scores is not None and not scores["binary"]:
        view.limits.add(Limit.BINARY_SCORES_ONLY)
    if scores is not None and scores["auc"] is not None:
        view.methods.add(Method.DELONG)
    if sections["waits"] is not None:
        view.methods.add(Method.WOODRUFF)
    if any(table["test"] for tables in sections["mix"]["stages"].values() for table in tables):
        view.methods.add(Method.CRAMERS_V)
    if sections["reasons"]["comparisons"]:
        view.methods.add(Method.KITAGAWA)


def _verdict(view: View, tallies: Mapping[Stage, Tallies], staged: Iterable[Staged]) -> str | None:
    if not any(found for stage in tallies.values() for found in stage.groups.values()):
        return Verdict.NOT_MEASURED.value
    if not view.preset.judges:
        return None
    return comparisons.overall(verdict for stage in staged for verdict in stage.verdicts).value


# ------------------------------------------------------------------------------------------ counts


def counts_document(counts: Counts) -> dict[str, Any]:
    """Write counts as JSON values, alike whatever order they come in; groups are listed once and named by their place."""
    cells: tuple[Grouped, ...] = (
        *counts.cells,
        *counts.scores,
        *counts.waits,
        *counts.strata,
        *counts.reasons,
        *counts.ratings,
    )
    groups = sorted({cell.group for cell in cells})
    place = {group: at for at, group in enumerate(groups)}
    return {
        "schema": SCHEMA,
        "decision_point": counts.decision_point,
        "kind": counts.kind,
        "since": counts.since,
        "until": counts.until,
        "outcomes": {name: dict(labels) for name, labels in counts.outcomes.items()},
        "attributes": list(counts.attributes),
        "measure": {
            "positive": sorted(counts.measure.positive),
            "reference": dict(sorted(counts.measure.reference.items())),
            "enough": counts.measure.enough,
            "maturity_days": counts.measure.maturity_days,
            "tolerances": [_tolerance_document(one) for one in counts.measure.tolerances],
        },
        "versions": {str(version): n for version, n in sorted(counts.versions.items())},
        "pending": counts.pending,
        "groups": [[list(pair) for pair in group] for group in groups],
        "cells": sorted(
            [
                one.stage.value,
                place[one.group],
                one.value,
                one.truth,
                one.mature,
                one.imported,
                one.count,
            ]
            for one in counts.cells
        ),
        "scores": sorted(
            [place[one.group], one.result.value, one.confidence, one.mature, one.count]
            for one in counts.scores
        ),
        "waits": sorted(
            ([place[one.group], one.at_most, one.count] for one in counts.waits),
            key=lambda row: [math.inf if value is None else value for value in row],
        ),
        "strata": sorted(
            [
                one.stage.value,
                place[one.group],
                one.feature,
                one.value,
                one.positive,
                one.count,
            ]
            for one in counts.strata
        ),
        "reasons": sorted(
            [place[one.group], one.kind.value, one.name, one.count, one.total]
            for one in counts.reasons
        ),
        "ratings": sorted(
            [place[one.group], one.scale, one.rating, one.count] for one in counts.ratings
        ),
    }


def counts_from(document: Mapping[str, Any]) -> Counts:
    """Read counts back.

    Raises:
        ReportUnreadable: they are not as ``counts_document`` writes them.
    """
    try:
        if document["schema"] != SCHEMA:
            raise ReportUnreadable(
                f"The counts are of schema {document['schema']}; this version reads {SCHEMA}."
            )
        return _counts_from(document)
    except (KeyError, TypeError, ValueError, IndexError, AttributeError) as error:
        if isinstance(error, ReportUnreadable):
            raise
        raise ReportUnreadable(
            f"The counts are not as a report holds them ({type(error).__name__}: {error})."
        ) from error


def _counts_from(document: Mapping[str, Any]) -> Counts:
    groups: list[Group] = [
        tuple((str(name), str(value)) for name, value in group) for group in document["groups"]
    ]
    measure = document["measure"]
    return Counts(
        decision_point=document["decision_point"],
        kind=document["kind"],
        since=document["since"],
        until=document["until"],
        outcomes={name: dict(labels) for name, labels in document["outcomes"].items()},
        attributes=tuple(document["attributes"]),
        measure=Measure(
            positive=frozenset(measure["positive"]),
            reference=dict(measure["reference"]),
            enough=measure["enough"],
            maturity_days=measure["maturity_days"],
            tolerances=tuple(Tolerance(**one) for one in measure["tolerances"]),
        ),
        versions={int(version): n for version, n in document["versions"].items()},
        pending=document["pending"],
        cells=tuple(
            Cell(
                stage=Stage(stage),
                group=groups[at],
                value=value,
                truth=truth,
                mature=mature,
                imported=imported,
                count=_count(count),
            )
            for stage, at, value, truth, mature, imported, count in document["cells"]
        ),
        scores=tuple(
            ScoreCell(
                group=groups[at],
                result=Result(result),
                confidence=_count(confidence),
                mature=mature,
                count=_count(count),
            )
            for at, result, confidence, mature, count in document["scores"]
        ),
        waits=tuple(
            WaitCell(group=groups[at], at_most=at_most, count=_count(count))
            for at, at_most, count in document["waits"]
        ),
        strata=tuple(
            StratumCell(
                stage=Stage(stage),
                group=groups[at],
                feature=feature,
                value=value,
                positive=positive,
                count=_count(count),
            )
            for stage, at, feature, value, positive, count in document["strata"]
        ),
        reasons=tuple(
            ReasonCell(
                group=groups[at],
                kind=ReasonKind(kind),
                name=name,
                count=_count(count),
                total=total,
            )
            for at, kind, name, count, total in document["reasons"]
        ),
        ratings=tuple(
            RatingCell(group=groups[at], scale=scale, rating=rating, count=_count(count))
            for at, scale, rating, count in document["ratings"]
        ),
    )


def _count(given: Any) -> int:
    if type(given) is not int or given < 0:
        raise ReportUnreadable(f"A count is a whole number from 0 on; not {given!r}.")
    return given


# -------------------------------------------------------------------------------------- recomputing


def recompute(report: Mapping[str, Any]) -> list[str]:
    """Compute a report again from the counts it carries, and list the paths of figures that differ.

    Paths are JSON pointers (RFC 6901). What stands beside the figures at the top of the document, such as a signature, is not looked at.

    Raises:
        ReportUnreadable: the report carries no counts that can be read, or asks for what there is none of.
    """
    carried = report.get("counts")
    if not isinstance(carried, Mapping):
        raise ReportUnreadable(
            "The report carries no counts, so nothing can be computed again; ask for it with its counts."
        )
    counts = counts_from(carried)
    try:
        again = fairness_report(
            counts,
            by=report["by"],
            preset=report["preset"],
            confidence=report["measure"]["confidence"],
            with_counts=True,
        )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise ReportUnreadable(
            f"The report does not say how it was made ({type(error).__name__}: {error})."
        ) from error
    found = {name: report[name] for name in again if name in report}
    return list(_differing(found, again, ""))


def _differing(found: Any, again: Any, path: str) -> Iterator[str]:
    if isinstance(again, Mapping) and isinstance(found, Mapping):
        for name in sorted({*found, *again}, key=str):
            pointer = f"{path}/{str(name).replace('~', '~0').replace('/', '~1')}"
            if name not in found or name not in again:
                yield pointer
            else:
                yield from _differing(found[name], again[name], pointer)
    elif isinstance(again, list) and isinstance(found, list):
        if len(found) != len(again):
            yield path
            return
        for at, (one, other) in enumerate(zip(found, again, strict=True)):
            yield from _differing(one, other, f"{path}/{at}")
    elif not _same(found, again):
        yield path


def _same(found: Any, again: Any) -> bool:
    if isinstance(found, bool) or isinstance(again, bool):
        return found is again
    if isinstance(found, int) and isinstance(again, int):
        return found == again
    if isinstance(found, (int, float)) and isinstance(again, (int, float)):
        return math.isclose(found, again, rel_tol=_SAME, abs_tol=_NOTHING)
    return type(found) is type(again) and bool(found == again)
