"""Fairness reports of every kind, made from counts, for tests of how they are told and drawn."""

from __future__ import annotations

import math
import random
from collections import Counter
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any, Final

from audits.fairness.counts import (
    NEVER,
    RIGHT,
    WAIT_MINUTES,
    WRONG,
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
from audits.fairness.report import fairness_report
from audits.fairness.suppression import suppressed
from audits.fairness.whatif import thresholds
from tests.fairness_tables import confusion, counts

#: COMPAS by race: found, wrongly flagged, missed, rightly left alone (score of 5 and more; all 7,214 rows).
COMPAS: Final = {
    "African-American": (1369, 805, 532, 990),
    "Asian": (6, 2, 3, 21),
    "Caucasian": (505, 349, 461, 1139),
    "Hispanic": (103, 87, 129, 318),
    "Native American": (9, 3, 1, 5),
    "Other": (43, 36, 90, 208),
}
HIGH: Final = {"yes": {"en": "High risk", "de": "Hohes Risiko"}, "no": {"en": "Low risk"}}
OFFERS: Final = {
    "offer": {"en": "Offer a discount", "de": "Rabatt anbieten"},
    "none": {"en": "No offer", "de": "Kein Angebot"},
}
TEAMS: Final = ("billing", "returns", "repair", "sales")
_LIMITS: Final = (
    Tolerance(metric="selection_rate_ratio", value=0.8, watch=0.9, source="policy"),
    Tolerance(metric="fpr_difference", value=0.1, source="policy"),
)


def compas_counts(**more: Any) -> Counts:
    cells: list[Cell] = []
    for stage in (Stage.PROPOSAL, Stage.OUTCOME):
        for race, (tp, fp, fn, tn) in COMPAS.items():
            of: Group = (("race", race),)
            cells += confusion(of, tp=tp, fp=fp, fn=fn, tn=tn, stage=stage, imported=True)
    measure = {"reference": {"race": "Caucasian"}, "tolerances": _LIMITS}
    return counts(
        cells, outcomes=HIGH, measure=measure, until="2027-12-31", versions={3: 7214}, **more
    )


@cache
def staged_counts(*, groups: bool = True, selective: bool = False, many: int = 4000) -> Counts:
    """Make offers that went the whole way: proposed, routed, reviewed, done, waited for, explained and rated."""
    chance = random.Random(20_261_121)
    cells: Counter[tuple[Stage, Group, str, str, bool]] = Counter()
    scores: Counter[tuple[Group, str, int, bool]] = Counter()
    waits: Counter[tuple[Group, int | None]] = Counter()
    strata: Counter[tuple[Stage, Group, str, bool]] = Counter()
    reasons: Counter[tuple[Group, ReasonKind, str]] = Counter()
    totals: Counter[tuple[Group, str]] = Counter()
    ratings: Counter[tuple[Group, str, int]] = Counter()
    for _ in range(many):
        gender = chance.choices(["female", "male", "diverse"], [46, 53, 1])[0]
        age = chance.choices(["18-44", "45-59", "60+"], [50, 30, 20])[0]
        of: Group = (
            (("age", age), ("gender", gender)) if chance.random() > 0.05 else (("age", age),)
        )
        of = of if groups else ()
        contract = chance.choices(["monthly", "yearly"], [7, 3] if age != "60+" else [3, 7])[0]
        tenure = chance.gauss(0.5 if contract == "monthly" else -0.4, 1)
        log_odds = round(tenure - (0.8 if age == "60+" else 0), 3) or 0.001
        proposed = log_odds > 0
        confidence = 1 / (1 + math.exp(-abs(log_odds)))
        right = chance.random() < 1 / (1 + math.exp(-log_odds))
        truth = chance.choices(["offer" if right else "none", "", NEVER], [75, 20, 5])[0]
        if selective and not proposed:
            truth = NEVER
        mature = chance.random() < 0.9
        to_person = confidence < 0.6 or (age == "60+" and chance.random() < 0.2)
        done = proposed
        cells[Stage.PROPOSAL, of, _offer(proposed), truth, mature] += 1
        cells[
            Stage.ROUTING,
            of,
            "review" if to_person else "released",
            _agrees(proposed, truth),
            mature,
        ] += 1
        scores[of, _result(proposed, truth), round(confidence * 1e6), mature] += 1
        if to_person:
            done = _reviewed(chance, proposed)
            what = "kept" if done == proposed else "toward" if done else "away"
            what = chance.choices([what, "lapsed", "waiting"], [90, 6, 4])[0]
            done = done if what not in {"lapsed", "waiting"} else False
            cells[Stage.REVIEW, of, what, _agrees(done, truth), mature] += 1
            minutes = chance.lognormvariate(5.5 if age == "60+" else 5, 1.2)
            waits[of, next((most for most in WAIT_MINUTES if most >= minutes), None)] += 1
            rule = "review.confidence_below" if confidence < 0.6 else "long-standing"
            reasons[of, ReasonKind.RULE, rule] += 1
        cells[Stage.OUTCOME, of, _offer(done), truth, mature] += 1
        for stage, positive in ((Stage.PROPOSAL, proposed), (Stage.OUTCOME, done)):
            strata[stage, of, contract, positive] += 1
        reasons[of, ReasonKind.FEATURE, "tenure"] += 1
        totals[of, "tenure"] += round(tenure * 1e6)
        if chance.random() < 0.1:
            ratings[of, "csat", chance.choice([3, 4, 5] if done else [2, 3, 4])] += 1
            ratings[of, "nps", chance.randint(0, 10)] += 1
    return Counts(
        decision_point="retention-offer",
        kind="personalization",
        since="2026-08-01",
        until="2026-10-31",
        outcomes=OFFERS,
        attributes=("age", "gender"),
        measure=Measure(
            positive=frozenset({"offer"}),
            reference={"gender": "male"},
            maturity_days=30,
            tolerances=(
                *_LIMITS[:1],
                Tolerance(metric="review_rate_difference", value=0.1, source="policy"),
            ),
        ),
        versions={3: many // 4, 4: many - many // 4},
        pending=12,
        cells=[
            Cell(
                stage=stage,
                group=of,
                value=value,
                truth=truth,
                mature=mature,
                imported=False,
                count=n,
            )
            for (stage, of, value, truth, mature), n in cells.items()
        ],
        scores=[
            ScoreCell(
                group=of, result=Result(result), confidence=confidence, mature=mature, count=n
            )
            for (of, result, confidence, mature), n in scores.items()
        ],
        waits=[WaitCell(group=of, at_most=most, count=n) for (of, most), n in waits.items()],
        strata=[
            StratumCell(
                stage=stage, group=of, feature="contract", value=value, positive=positive, count=n
            )
            for (stage, of, value, positive), n in strata.items()
        ],
        reasons=[
            ReasonCell(group=of, kind=kind, name=name, count=n, total=totals[of, name])
            for (of, kind, name), n in reasons.items()
        ],
        ratings=[
            RatingCell(group=of, scale=scale, rating=rating, count=n)
            for (of, scale, rating), n in ratings.items()
        ],
    )


def _offer(positive: bool) -> str:
    return "offer" if positive else "none"


def _agrees(positive: bool, truth: str) -> str:
    if truth in {"", NEVER}:
        return truth
    return RIGHT if truth == _offer(positive) else WRONG


def _result(positive: bool, truth: str) -> str:
    if truth in {"", NEVER}:
        return "up" if positive else "un"
    if positive:
        return "tp" if truth == "offer" else "fp"
    return "fn" if truth == "offer" else "tn"


def _reviewed(chance: random.Random, proposed: bool) -> bool:
    return proposed if chance.random() > 0.15 else not proposed


@cache
def routing_counts() -> Counts:
    """Make tickets of four teams, by the language they are written in; no outcome is positive."""
    chance = random.Random(20_261_122)
    cells: Counter[tuple[Stage, Group, str, str]] = Counter()
    scores: Counter[tuple[Group, str, int]] = Counter()
    for _ in range(3000):
        language = chance.choices(["de", "en", "tr", "pl"], [60, 25, 12, 3])[0]
        of: Group = (("language", language),)
        team = chance.choice(TEAMS)
        right = chance.random() < (0.9 if language in {"de", "en"} else 0.75)
        proposed = team if right else TEAMS[TEAMS.index(team) - 1]
        truth = team if chance.random() < 0.5 else ""
        agreed = "" if not truth else RIGHT if right else WRONG
        to_person = chance.random() < (0.15 if right else 0.5)
        cells[Stage.PROPOSAL, of, proposed, truth] += 1
        cells[Stage.ROUTING, of, "review" if to_person else "released", agreed] += 1
        if to_person:
            cells[Stage.REVIEW, of, "kept" if right else "other", RIGHT if truth else ""] += 1
        cells[Stage.OUTCOME, of, team if to_person else proposed, truth] += 1
        result = ("tn" if right else "xx") if truth else "un"
        scores[of, result, round(chance.uniform(0.6 if right else 0.4, 1), 2) * 1_000_000] += 1
    return Counts(
        decision_point="ticket-routing",
        kind="routing",
        since="2026-10-01",
        until="2026-10-31",
        outcomes={team: {"en": team.title(), "de": team.title()} for team in TEAMS},
        attributes=("language",),
        measure=Measure(),
        versions={1: 3000},
        cells=[
            Cell(
                stage=stage,
                group=of,
                value=value,
                truth=truth,
                mature=True,
                imported=False,
                count=n,
            )
            for (stage, of, value, truth), n in cells.items()
        ],
        scores=[
            ScoreCell(group=of, result=Result(result), confidence=int(at), mature=True, count=n)
            for (of, result, at), n in scores.items()
        ],
    )


def nothing_counts() -> Counts:
    return Counts(
        decision_point="nothing",
        kind="scoring",
        since="2026-10-01",
        until="2026-10-31",
        outcomes={},
        attributes=(),
        measure=Measure(),
    )


_BY: Final = ("gender", "age", "age*gender")
SAMPLES: Final[Mapping[str, Callable[[], dict[str, Any]]]] = {
    "compas": lambda: fairness_report(compas_counts(), with_counts=True),
    "four_fifths": lambda: fairness_report(compas_counts(), preset="four_fifths"),
    "nyc_ll144": lambda: fairness_report(compas_counts(), preset="nyc_ll144"),
    "equal_opportunity": lambda: fairness_report(compas_counts(), preset="equal_opportunity"),
    "staged": lambda: fairness_report(staged_counts(), by=_BY, with_counts=True),
    "selective": lambda: fairness_report(staged_counts(selective=True), by=_BY, with_counts=True),
    "not_measured": lambda: fairness_report(staged_counts(groups=False), by=("gender",)),
    "routing": lambda: fairness_report(routing_counts(), with_counts=True),
    "nothing": lambda: fairness_report(nothing_counts(), with_counts=True),
    "published": lambda: suppressed(fairness_report(staged_counts(), by=_BY), k=40),
}


@cache
def sample(name: str) -> dict[str, Any]:
    """Make a report by its name; it is shared, so no test may change it."""
    return SAMPLES[name]()


@cache
def sample_whatif() -> dict[str, Any]:
    return thresholds(staged_counts(), ["gender", "age"], current=0.6)
