"""The customers, leads and proposals of Corner & Co., drawn from a seeded source: the same seed, the same business.

The shop's machine is a handful of weights with noise. What it does to groups is written here openly, in
``AGE_60_PENALTY`` and ``WOMEN_PENALTY``; the facts themselves are drawn without regard to any group.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random
from typing import Any, Final
from zoneinfo import ZoneInfo

from msgspec.structs import replace

from governance.clock import rfc3339
from governance.decisions.asking import (
    Alternative,
    DecisionRequest,
    FeatureReason,
    ProposalAsked,
    SubjectAsked,
)
from governance.decisions.importing import Past
from governance.demo import tickets

SEED: Final = 1
DAYS: Final = 60
#: How many decisions of the past there are at each point.
COUNTS: Final[Mapping[str, int]] = {
    "ticket-routing": 2400,
    "lead-scoring": 1000,
    "retention-offer": 1600,
}
#: Taken off the score of a subscriber of 60 or older before a discount is proposed.
AGE_60_PENALTY: Final = 0.7
#: Taken off the score of a lead whose contact is a woman.
WOMEN_PENALTY: Final = 0.06

#: How often the machine forgets what it has learnt: no call without consent, one discount a year.
_FORGETS: Final = 0.15
#: After so many days it is known what would have been right; of offers later, when it is seen who stayed.
_KNOWN_AFTER: Final = {"ticket-routing": 2, "lead-scoring": 10, "retention-offer": 21}
_ZONE: Final = ZoneInfo("Europe/Berlin")
_CUSTOMERS: Final = 1500


@dataclass(frozen=True, slots=True, kw_only=True)
class Customer:
    """Somebody who buys at the shop."""

    ref: str
    language: str
    gender: str
    age_band: str
    tenure_months: int
    monthly_charges: float
    contract: str

    @property
    def groups(self) -> dict[str, str]:
        """Return the group attributes, which go to the vault alone."""
        return {"gender": self.gender, "age_band": self.age_band}


class Shop:
    """Draws requests as the shop's own software would send them."""

    def __init__(self, seed: int = SEED) -> None:
        self._random = Random(seed)  # noqa: S311 -- made-up data, no secret.
        # Sources of their own, so that the facts are the same on whatever day and in whatever words.
        self._days = Random(seed)  # noqa: S311 -- as above.
        self._words = Random(seed)  # noqa: S311 -- as above.
        self._customers = [self._customer(number) for number in range(1, _CUSTOMERS + 1)]
        self._sequence = 0
        self._draw: Mapping[str, Callable[[], tuple[DecisionRequest, str]]] = {
            "ticket-routing": self._ticket,
            "lead-scoring": self._lead,
            "retention-offer": self._offer,
        }

    def past(self, until: datetime, counts: Mapping[str, int] = COUNTS) -> Iterator[Past]:
        """Draw the decisions of the last 60 days in the order of time."""
        points = [point for point, count in counts.items() for _ in range(count)]
        self._random.shuffle(points)
        for point, at in zip(points, self._instants(until, len(points)), strict=True):
            yield self._past(point, at, until)

    def request(self, point: str) -> DecisionRequest:
        """Draw one request, without a time or a place in the app's sequence; a chat hands over what was said in it."""
        request = self._draw[point]()[0]
        if request.channel != "chat":
            return request
        return replace(
            request,
            hand_over=tickets.handed_over(request.features["text"], request.language or "en"),
        )

    def numbered(self, request: DecisionRequest, **more: Any) -> DecisionRequest:
        """Give a request the next place in the app's gapless sequence, and what else it is to say."""
        self._sequence += 1
        return replace(request, sequence=self._sequence, **more)

    def _past(self, point: str, at: datetime, until: datetime) -> Past:
        request, right = self._draw[point]()
        known = right if until - at > timedelta(days=_KNOWN_AFTER[point]) else None
        proposal = request.proposal
        assert proposal is not None
        assert proposal.confidence is not None
        request = self.numbered(request, occurred_at=rfc3339(at))
        fallback, limit = _REVIEW[point]
        looked_at = proposal.confidence < limit or self._random.random() < 0.04
        if not looked_at:
            return Past(request=request, outcome=proposal.outcome, ground_truth=known)
        if proposal.outcome == right:
            return Past(request=request, outcome=right, verdict="approve", ground_truth=known)
        verdict = "reject" if right == fallback else "change"
        return Past(request=request, outcome=right, verdict=verdict, ground_truth=known)

    def _instants(self, until: datetime, count: int) -> Sequence[datetime]:
        """Draw instants of the last 60 days: more in the middle of the day, fewer at weekends."""
        instants: list[datetime] = []
        while len(instants) < count:
            day = (until - timedelta(days=self._days.uniform(0, DAYS))).astimezone(_ZONE)
            if day.weekday() >= 5 and self._days.random() < 0.6:
                continue
            seconds = self._days.triangular(7, 22, 11) * 3600
            midnight = day.replace(hour=0, minute=0, second=0, microsecond=0)
            at = midnight + timedelta(seconds=int(seconds))
            if until - timedelta(days=DAYS) < at < until:
                instants.append(at)
        return sorted(instants)

    def _customer(self, number: int) -> Customer:
        random = self._random
        contract = random.choices(("month-to-month", "one-year", "two-year"), (55, 30, 15))[0]
        return Customer(
            ref=f"cust-{1000 + number}",
            language=random.choices(("en", "de"), (7, 3))[0],
            gender=random.choices(("female", "male", "diverse"), (51, 47, 2))[0],
            age_band=random.choices(("18-29", "30-44", "45-59", "60+"), (22, 31, 26, 21))[0],
            tenure_months=min(240, int(random.expovariate(1 / 22))),
            monthly_charges=round(min(400.0, random.lognormvariate(3.9, 0.55)), 2),
            contract=contract,
        )

    def _ticket(self) -> tuple[DecisionRequest, str]:
        random, customer = self._random, self._random.choice(self._customers)
        team = random.choices(tickets.TEAMS, (32, 18, 20, 18, 12))[0]
        grave = random.random() < 0.015
        text = tickets.write(self._words, team=team, language=customer.language, grave=grave)
        features: dict[str, Any] = {
            "text": text,
            "language": customer.language,
            "tickets_30d": min(9, int(random.expovariate(0.8))),
        }
        if random.random() < 0.7:
            features["order_value"] = round(min(2900.0, random.lognormvariate(4.2, 1.1)), 2)
        right = random.random() < 0.93
        others = [other for other in tickets.TEAMS if other != team]
        proposed = team if right else random.choice(others)
        confidence = random.betavariate(9, 1.1) if right else random.betavariate(4, 2.6)
        rest = team if not right else random.choice(others)
        return (
            DecisionRequest(
                decision_point="ticket-routing",
                subject=SubjectAsked(ref=customer.ref, groups=customer.groups),
                features=features,
                proposal=_proposal(proposed, confidence, {rest: (1 - confidence) * 0.8}),
                channel=random.choices(("mail", "web", "chat"), (5, 3, 2))[0],
                language=customer.language,
                metadata={"ticket": f"T-{random.randrange(10_000, 99_999)}"},
            ),
            team,
        )

    def _lead(self) -> tuple[DecisionRequest, str]:
        random = self._random
        woman = random.random() < 0.48
        features: dict[str, Any] = {
            "employees": max(2, min(1500, int(random.lognormvariate(3.2, 1.25)))),
            "source": random.choices(
                ("website", "fair", "referral", "newsletter"), (45, 20, 20, 15)
            )[0],
            "pages_visited": min(60, int(random.expovariate(1 / 6))),
            "wants_tasting": random.random() < 0.4,
            "sector": random.choices(
                ("office", "workshop", "hospitality", "public"), (62, 18, 16, 4)
            )[0],
            "may_be_called": random.random() < 0.93,
        }
        if random.random() < 0.65:
            features["monthly_budget"] = round(features["employees"] * random.uniform(4, 22), 2)
        weights = {
            "wants_tasting": 0.8 if features["wants_tasting"] else -0.6,
            "pages_visited": 0.09 * (features["pages_visited"] - 6),
            "source": {"referral": 0.9, "fair": 0.2, "website": 0.0, "newsletter": -0.6}[
                features["source"]
            ],
            "employees": 0.35 * (math.log(features["employees"]) - 3.2),
        }
        fair = sum(weights.values()) - 0.2
        score = fair - (WOMEN_PENALTY if woman else 0.0) + random.gauss(0, 0.3)
        shares = _shares(
            {"call-today": 4.5 * score, "call-this-week": 0.9, "send-brochure": -4.5 * score}
        )
        if not features["may_be_called"] and random.random() > _FORGETS:
            shares = {"send-brochure": 0.97, "call-this-week": 0.03}
        ranked = sorted(shares, key=lambda name: -shares[name])
        right = ranked[0] if random.random() < 0.5 + shares[ranked[0]] / 2 else ranked[1]
        language = random.choices(("en", "de"), (4, 6))[0]
        return (
            DecisionRequest(
                decision_point="lead-scoring",
                subject=SubjectAsked(
                    ref=f"lead-{random.randrange(100_000, 999_999)}",
                    groups={"gender": "female" if woman else "male"},
                ),
                features=features,
                proposal=_proposal(
                    ranked[0],
                    shares[ranked[0]],
                    {name: shares[name] for name in ranked[1:]},
                    _for(weights, "call-today", ranked[0]),
                ),
                channel="web" if features["source"] == "website" else "mail",
                language=language,
            ),
            right,
        )

    def _offer(self) -> tuple[DecisionRequest, str]:
        random, customer = self._random, self._random.choice(self._customers)
        features: dict[str, Any] = {
            "tenure_months": customer.tenure_months,
            "monthly_charges": customer.monthly_charges,
            "contract": customer.contract,
            "deliveries_paused": min(9, int(random.expovariate(1 / 1.6))),
            "complaint_open": random.random() < 0.02,
            "discount_this_year": random.random() < 0.12,
        }
        weights = {
            "contract": {"month-to-month": 0.6, "one-year": -0.3, "two-year": -1.0}[
                customer.contract
            ],
            "deliveries_paused": 0.4 * (features["deliveries_paused"] - 1),
            "tenure_months": -0.025 * (customer.tenure_months - 18),
            "monthly_charges": 0.008 * (customer.monthly_charges - 55),
        }
        penalty = AGE_60_PENALTY if customer.age_band == "60+" else 0.0
        score = sum(weights.values()) - penalty + random.gauss(0, 0.5)
        share = 1 / (1 + math.exp(-2.2 * score))
        if features["discount_this_year"]:
            share = share if random.random() < _FORGETS else min(share, 0.04)
        proposed, other = (
            ("offer_discount", "no_offer") if share >= 0.5 else ("no_offer", "offer_discount")
        )
        confidence = max(share, 1 - share)
        right = proposed if random.random() < confidence else other
        return (
            DecisionRequest(
                decision_point="retention-offer",
                subject=SubjectAsked(ref=customer.ref, groups=customer.groups),
                features=features,
                proposal=_proposal(
                    proposed,
                    confidence,
                    {other: 1 - confidence},
                    _for(weights, "offer_discount", proposed),
                ),
                channel=random.choices(("web", "mail"), (6, 4))[0],
                language=customer.language,
            ),
            right,
        )


#: Each point's fallback outcome, and the confidence below which people looked at a proposal of the past.
_REVIEW: Final[Mapping[str, tuple[str, float]]] = {
    "ticket-routing": ("front-desk", 0.60),
    "lead-scoring": ("send-brochure", 0.50),
    "retention-offer": ("no_offer", 0.60),
}


def _proposal(
    outcome: str,
    confidence: float,
    others: Mapping[str, float],
    weights: Mapping[str, float] | None = None,
) -> ProposalAsked:
    return ProposalAsked(
        outcome=outcome,
        confidence=round(confidence, 3),
        alternatives=tuple(
            Alternative(outcome=name, confidence=round(share, 3)) for name, share in others.items()
        ),
        reasons=tuple(
            FeatureReason(feature=name, contribution=round(weight, 3))
            for name, weight in (weights or {}).items()
        ),
    )


def _for(weights: Mapping[str, float], outcome: str, proposed: str) -> Mapping[str, float]:
    """Turn weights that speak for an outcome into those that speak for what is proposed."""
    return weights if proposed == outcome else {name: -weight for name, weight in weights.items()}


def _shares(scores: Mapping[str, float]) -> dict[str, float]:
    powers = {name: math.exp(score) for name, score in scores.items()}
    total = sum(powers.values())
    return {name: power / total for name, power in powers.items()}
