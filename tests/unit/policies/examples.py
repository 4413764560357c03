"""Policies that the tests rule by."""

RETENTION = """\
decision_point: retention-offer
kind: personalization
title: {en: Offers to customers likely to leave, de: "Angebote an Kunden, die vielleicht gehen"}
purpose: {en: We offer a discount to customers who may be about to leave.}
owner: sales-managers
stakes: low
rollout: live
features:
  tenure_months:   {type: integer, minimum: 0, label: {en: Months as a customer, de: Monate als Kunde}}
  monthly_charges: {type: number, minimum: 0, label: {en: Monthly charges}, changeable: false}
  contract:        {type: string, values: [month-to-month, one-year, two-year], label: {en: Contract}}
  message:         {type: string, required: false, label: {en: Message}}
groups: [gender, age_band]
require: [subject]
outcomes:
  offer_discount: {label: {en: Offer a discount, de: Rabatt anbieten}, favourable: true}
  no_offer:       {label: {en: No offer}, fallback: true}
proposal: {from: app, confidence: required}
review:
  queue: sales-managers
  confidence_below: 0.80
  due_in: 4h
  when_overdue: {escalate_to: sales-leads, then: fallback}
  sign_offs: 1
  undo: 10s
rules:
  - name: big-discount
    when: features.monthly_charges > 100 && proposal.outcome == "offer_discount"
    then: review
    sensitive: true
    because: {en: Discounts on large contracts are decided by a person.}
notice: {en: This offer was suggested by software. You can ask for a person to decide.}
retention: {keep: 400d}
tests:
  - name: a big discount goes to a person
    given: {features: {tenure_months: 3, monthly_charges: 120, contract: month-to-month}, proposal: {outcome: offer_discount, confidence: 0.95}}
    expect: {disposition: review, rule: big-discount}
"""

TICKETS = """\
decision_point: ticket-routing
kind: routing
title: Which team gets a ticket
purpose: Every ticket reaches the team that can answer it.
owner: support-leads
features:
  text: {type: string}
  language: {type: string, values: [en, de], nullable: true}
  tags: {type: array, required: false}
  orders: {type: integer, required: false, minimum: 0, maximum: 1000}
  vip: {type: boolean}
outcomes:
  billing: {}
  technical: {}
  general: {fallback: true}
review:
  queue: support
  confidence_below: 0.6
  due_in: 2d
rules:
  - name: legal-threat
    when: features.text.contains("lawyer")
    then: review
    queue: legal
    due_in: 4h
    sign_offs: 2
    sensitive: true
  - name: vip
    when: features.vip
    then: review
    due_in: 1d
  - name: many-orders
    when: features.orders > 100
    then: review
  - name: no-german-technicians
    when: features.language == "de" && proposal.outcome == "technical"
    then: refuse
  - name: tagged
    when: has(features.tags) && "easy" in features.tags
    then: release
"""

OBSERVED = TICKETS.replace("kind: routing", "kind: routing\nrollout: observe")

BARE = """\
decision_point: bare
kind: scoring
title: Bare
purpose: The least a policy can say.
owner: owners
features: {}
outcomes: {no: {fallback: true}, yes: {}}
review: {queue: people}
"""
