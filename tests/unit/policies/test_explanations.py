from dataclasses import asdict
from datetime import UTC, datetime

import pytest

from policies.document import Disposition, load
from policies.explanations import (
    Audience,
    Ending,
    HumanPart,
    explain,
    what_would_change,
)
from policies.rulings import Context, Contribution, Proposal, Question, RulingStatus, engine_for
from tests.unit.policies.examples import RETENTION, TICKETS

NOW = datetime(2026, 11, 21, 10, tzinfo=UTC)
FACTS = {"tenure_months": 3, "monthly_charges": 120.0, "contract": "month-to-month"}
OFFER = Proposal(
    outcome="offer_discount",
    confidence=0.71,
    source="app:crm",
    reasons=(
        Contribution(feature="contract", contribution=0.1),
        Contribution(feature="tenure_months", contribution=-0.42),
    ),
)


def ruled(text=RETENTION, features=FACTS, proposal=OFFER, **more):
    policy = load(text)
    engine = engine_for(policy)
    question = Question(
        features=features,
        proposal=proposal,
        subject_known=True,
        context=Context(now=NOW),
        **more,
    )
    return policy, engine.rule(question, engine.check_values(features, proposal))


def told(audience, language="en", verdict=None, text=RETENTION, features=FACTS, proposal=OFFER):
    policy, ruling = ruled(text, features, proposal)
    return explain(policy, ruling, proposal, features, audience, language, verdict)


def everything(explanation) -> str:
    return str(asdict(explanation))


# ---------------------------------------------------------------------------------- the subject


def test_the_subject_learns_that_software_was_involved_what_was_used_and_how_to_ask_a_person():
    explanation = told(
        Audience.SUBJECT, verdict=HumanPart(ending=Ending.CHANGED, outcome="no_offer", reason="x")
    )
    assert explanation.headline == (
        "The decision: No offer. Software proposed something else, and a person decided differently."
    )
    text = " ".join(explanation.paragraphs)
    assert "These facts were used: Months as a customer, Monthly charges, Contract." in text
    assert "Never used" in text
    assert "gender, age band" in text
    assert "You can ask for a person" in text
    assert "Discounts on large contracts are decided by a person." in text


def test_the_subject_is_told_no_internals():
    explanation = told(Audience.SUBJECT)
    text = everything(explanation)
    for internal in ("0.8", "0.71", "120", "big-discount", "monthly_charges >", "sha256", "-0.42"):
        assert internal not in text
    assert explanation.trace is None


def test_the_subject_is_told_in_german_where_asked():
    explanation = told(Audience.SUBJECT, "de-AT")
    assert explanation.language == "de"
    assert explanation.headline.startswith("Ein Mensch entscheidet darüber.")
    assert "Monate als Kunde" in " ".join(explanation.paragraphs)


@pytest.mark.parametrize("ending", Ending)
def test_every_ending_has_its_headline(ending):
    explanation = told(Audience.SUBJECT, verdict=HumanPart(ending=ending, outcome="no_offer"))
    assert explanation.headline


@pytest.mark.parametrize("status", RulingStatus)
def test_every_status_has_its_headline(status):
    text = {
        RulingStatus.OBSERVED: RETENTION.replace("rollout: live", "rollout: observe"),
        RulingStatus.REFUSED: RETENTION.replace("then: review\n", "then: refuse\n"),
    }.get(status, RETENTION)
    features = FACTS | ({"monthly_charges": 1.0} if status is RulingStatus.RELEASED else {})
    sure = Proposal(outcome="offer_discount", confidence=1.0)
    _, ruling = ruled(text, features, sure)
    assert ruling.status is status
    assert told(Audience.SUBJECT, text=text, features=features, proposal=sure).headline


def test_the_subject_sees_only_changes_for_the_better_and_no_figures():
    ticket = {"text": "Hello", "language": "de", "orders": 500, "vip": True}
    proposal = Proposal(outcome="technical", confidence=0.9)
    without_orders = ticket | {"orders": 5, "vip": False}
    shown = told(Audience.SUBJECT, text=TICKETS, features=without_orders, proposal=proposal)
    assert [(change.path, change.would_be) for change in shown.what_would_change] == [
        ("features.language", "en")
    ]


def test_nobody_is_told_how_they_would_have_been_treated_worse():
    ticket = {"text": "Hello", "language": "en", "orders": 5, "vip": False}
    proposal = Proposal(outcome="technical", confidence=0.9)
    auditor = told(Audience.AUDITOR, text=TICKETS, features=ticket, proposal=proposal)
    assert Disposition.REFUSE in {change.disposition for change in auditor.what_would_change}
    subject = told(Audience.SUBJECT, text=TICKETS, features=ticket, proposal=proposal)
    assert subject.what_would_change == ()


# --------------------------------------------------------------------------------- the reviewer


def test_the_reviewer_sees_a_band_and_no_bare_confidence():
    explanation = told(Audience.REVIEWER)
    assert explanation.paragraphs[0] == (
        "Proposed: Offer a discount. How sure the software is: likely (70 to 90 %)."
    )
    assert "0.71" not in everything(explanation)
    assert explanation.trace is None


def test_the_reviewer_sees_the_facts_that_weigh_most_first():
    facts = told(Audience.REVIEWER).facts
    assert [(fact.name, fact.contribution) for fact in facts] == [
        ("tenure_months", -0.42),
        ("contract", 0.1),
        ("monthly_charges", None),
    ]


def test_the_reviewer_is_told_what_the_case_asks_of_them():
    text = RETENTION.replace("sign_offs: 1", "sign_offs: 2")
    _, ruling = ruled(text.replace("then: review\n", "then: refuse\n"), person_requested=True)
    policy = load(text)
    explanation = explain(policy, ruling, OFFER, FACTS, Audience.REVIEWER)
    said = " ".join(explanation.paragraphs)
    assert "cannot be approved" in said
    assert "sensitive" in said
    assert "2 people" in said


# ---------------------------------------------------------------------------------- the auditor


def test_the_auditor_sees_everything():
    verdict = HumanPart(ending=Ending.APPROVED, outcome="offer_discount", reason="Loyal customer.")
    explanation = told(Audience.AUDITOR, verdict=verdict)
    policy, ruling = ruled()
    assert explanation.trace == ruling.trace
    text = " ".join(explanation.paragraphs)
    for part in (policy.digest, "app:crm", "0.71", "Loyal customer.", "approved"):
        assert part in text
    assert [reason.text for reason in explanation.reasons] == [
        "Discounts on large contracts are decided by a person.",
        "Confidence 0.71 is below 0.80.",
    ]


# --------------------------------------------------------------------- what would have changed it


def test_what_would_change_names_the_nearest_figure_of_a_rule():
    facts = {"text": "Hello", "language": "en", "orders": 500, "vip": False}
    proposal = Proposal(outcome="billing", confidence=0.9)
    policy, ruling = ruled(TICKETS, facts, proposal)
    (change,) = what_would_change(policy, ruling, proposal, facts)
    assert (change.path, change.was, change.would_be) == ("features.orders", 500, 100)
    assert change.disposition is Disposition.RELEASE
    assert change.outcome == "billing"
    assert change.text == "If “Orders” had been 100 instead of 500, it would have been released."


def test_every_change_is_exact():
    facts = {"text": "Hello", "language": "en", "orders": 5, "vip": False, "tags": ["easy"]}
    proposal = Proposal(outcome="technical", confidence=0.5)
    policy, ruling = ruled(TICKETS, facts, proposal)
    engine = engine_for(policy)
    changes = what_would_change(policy, ruling, proposal, facts)
    assert {(change.path, change.would_be) for change in changes} == {
        ("features.language", "de"),
        ("proposal.confidence", 0.6),
    }
    for change in changes:
        if change.path.startswith("features."):
            name = change.path.removeprefix("features.")
            other = engine.reweigh(
                ruling, features=facts | {name: change.would_be}, proposal=proposal
            )
            assert other.disposition is change.disposition


def test_what_cannot_be_changed_is_not_varied():
    sure = Proposal(outcome="offer_discount", confidence=0.95)
    policy, ruling = ruled(proposal=sure)
    assert what_would_change(policy, ruling, sure, FACTS) == ()
    changeable = RETENTION.replace(", changeable: false", "")
    policy, ruling = ruled(changeable, proposal=sure)
    (change,) = what_would_change(policy, ruling, sure, FACTS)
    assert change.would_be == 100


def test_nothing_changes_that_a_person_was_asked_for():
    policy, ruling = ruled(person_requested=True)
    assert what_would_change(policy, ruling, OFFER, FACTS) == ()


def test_the_circumstances_of_the_time_hold_when_ruling_again():
    text = TICKETS.replace("when: features.vip\n", "when: features.vip && context.hour == 10\n")
    facts = {"text": "Hello", "language": "en", "orders": 5, "vip": True}
    proposal = Proposal(outcome="billing", confidence=0.9)
    policy, ruling = ruled(text, facts, proposal)
    (change,) = what_would_change(policy, ruling, proposal, facts)
    assert (change.path, change.would_be) == ("features.vip", False)
