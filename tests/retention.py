"""The policy and the request that most tests are about: an offer to a customer likely to leave."""

from __future__ import annotations

from typing import Any

import msgspec

from governance.decisions.asking import DecisionRequest

POINT = "retention-offer"
QUEUE = "sales-managers"
POLICY = """\
decision_point: retention-offer
kind: personalization
title: {en: Offers to customers likely to leave, de: Angebote an Kundinnen und Kunden}
purpose: {en: We offer a discount to customers who may be about to leave.}
owner: sales-managers
features:
  tenure_months: {type: integer, minimum: 0, label: {en: Months as a customer}}
  monthly_charges: {type: number, minimum: 0, label: {en: Monthly charges}}
  contract: {type: string, values: [month-to-month, one-year, two-year], label: {en: Contract}}
  message: {type: string, required: false, label: {en: Message}}
groups: [gender, age_band]
outcomes:
  offer_discount: {label: {en: Offer a discount}, favourable: true}
  offer_gift: {label: {en: Send a gift}, favourable: true}
  no_offer: {label: {en: No offer}, fallback: true}
proposal: {from: app, confidence: required}
review:
  queue: sales-managers
  confidence_below: 0.80
  due_in: 4h
  when_overdue: {escalate_to: sales-leads, then: fallback}
  undo: 10s
rules:
  - name: big-discount
    when: features.monthly_charges > 100 && proposal.outcome == "offer_discount"
    then: review
    sensitive: true
    because: {en: Discounts on large contracts are decided by a person.}
  - name: never-for-newcomers
    when: features.tenure_months < 1
    then: refuse
    because: {en: Newcomers get no offer.}
notice: {en: This offer was suggested by software. You can ask for a person to decide., de: Software hat dieses Angebot vorgeschlagen.}
tests:
  - name: a big discount goes to a person
    given:
      features: {tenure_months: 3, monthly_charges: 120, contract: month-to-month}
      proposal: {outcome: offer_discount, confidence: 0.95}
    expect: {disposition: review, rule: big-discount}
"""


def body(**changes: Any) -> dict[str, Any]:
    """Return a request that is released, as JSON; a change to None leaves the key out."""
    made = {
        "decision_point": POINT,
        "subject": {"ref": "cust-4711", "groups": {"gender": "female", "age_band": "60+"}},
        "features": {"tenure_months": 3, "monthly_charges": 89.5, "contract": "month-to-month"},
        "proposal": {"outcome": "offer_discount", "confidence": 0.91},
        **changes,
    }
    return {name: value for name, value in made.items() if value is not None}


def request(**changes: Any) -> DecisionRequest:
    """Return the same as a value."""
    return msgspec.convert(body(**changes), DecisionRequest)


def unsure(**changes: Any) -> DecisionRequest:
    """Return a request that goes to a person."""
    return request(proposal={"outcome": "offer_discount", "confidence": 0.5}, **changes)
