"""A business in which women are offered less, and a decision point of which nobody can tell: for the pages of fairness."""

from __future__ import annotations

import msgspec

from governance.actors import Actor
from governance.application import Answerable
from governance.counting import folding
from governance.decisions import service as decisions
from governance.decisions.asking import DecisionRequest
from governance.decisions.preparing import Asked
from governance.truth import service as truth
from tests import retention

POINT = retention.POINT
POLICY = retention.POLICY.replace(
    "notice:",
    """measure: {positive: offer_discount, reference: {gender: male, age_band: 30-59}, enough: 30}
fairness:
  - {metric: selection_rate_ratio, by: gender, tolerance: 0.8, watch: 0.9, on_breach: alert}
notice:""",
)
BLIND_POINT = "early-bird"
BLIND = retention.POLICY.replace("retention-offer", BLIND_POINT).replace(
    "groups: [gender, age_band]\n", ""
)
#: What is proposed how often, to whom; whose subjects and groups no page about a decision may show together.
_PROPOSED = (
    ("female", "30-59", "offer_discount", 16),
    ("female", "30-59", "no_offer", 64),
    ("male", "30-59", "offer_discount", 48),
    ("male", "30-59", "no_offer", 32),
    ("female", "60+", "no_offer", 12),
    ("male", "60+", "offer_discount", 8),
)
_CONFIDENCES = (0.62, 0.71, 0.78, 0.84, 0.93)


def subject(number: int) -> str:
    """Name a subject as the app does."""
    return f"cust-{number:05d}"


def fill(answerable: Answerable, shop: Actor) -> list[str]:
    """Decide, tell what was right of two in three, and count; return the decisions."""
    asked = [Asked(request=one) for one in _requests()]
    views = decisions.ask_many(answerable, shop, asked)
    made = [str(view.id) for view in views]  # type: ignore[union-attr]
    with answerable.work(shop) as work:
        for number, decision_id in enumerate(made):
            if number % 3:
                right = "offer_discount" if number % 5 else "no_offer"
                truth.report_truth(work, decision_id, outcome=right)
    while folding.fold(answerable):
        pass
    return made


def _requests() -> list[DecisionRequest]:
    made: list[DecisionRequest] = []
    for gender, band, outcome, many in _PROPOSED:
        for turn in range(many):
            confidence = _CONFIDENCES[turn % len(_CONFIDENCES)]
            body = retention.body(
                subject={
                    "ref": subject(len(made)),
                    "groups": {"gender": gender, "age_band": band},
                },
                proposal={
                    "outcome": outcome,
                    "confidence": confidence,
                    "reasons": [
                        {"feature": "tenure_months", "contribution": 0.4},
                        {"feature": "monthly_charges", "contribution": -0.1},
                    ],
                },
            )
            made.append(msgspec.convert(body, DecisionRequest))
    return made
