from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from policies.document import Disposition, load
from policies.rulings import (
    Alternative,
    Checked,
    Context,
    Contribution,
    Earlier,
    Engine,
    Proposal,
    Question,
    ReasonCode,
    RulingStatus,
    Said,
    engine_for,
    trace_document,
    trace_from,
)
from tests.unit.policies.examples import BARE, OBSERVED, RETENTION, TICKETS

NOW = datetime(2026, 11, 21, 22, 30, tzinfo=UTC)
TICKET = {"text": "My order is late.", "language": "en", "orders": 3, "vip": False}
SURE = Proposal(outcome="billing", confidence=0.9, source="app:helpdesk")


def rule(text=TICKETS, features=None, proposal=SURE, **more):
    engine = engine_for(load(text))
    given = TICKET if features is None else features
    question = Question(
        features=given,
        proposal=proposal,
        subject_known=more.pop("subject_known", True),
        context=more.pop("context", Context(now=NOW, earlier=Earlier())),
        **more,
    )
    return engine.rule(question, engine.check_values(given, proposal))


def codes(ruling):
    return [str(reason.code) for reason in ruling.reasons]


def with_rule(rule_text: str, text: str = BARE) -> str:
    return text + f"rules:\n  - {rule_text}\n"


# ------------------------------------------------------------------------------- what it says


def test_what_no_rule_stops_is_released_with_the_proposed_outcome():
    ruling = rule()
    assert (ruling.disposition, ruling.status) == (Disposition.RELEASE, RulingStatus.RELEASED)
    assert ruling.outcome == "billing"
    assert codes(ruling) == ["nothing_matched"]
    assert (ruling.queue, ruling.due_in, ruling.when_overdue) == (None, None, None)


def test_a_rule_that_says_release_documents_itself():
    ruling = rule(features=TICKET | {"tags": ["easy"]})
    assert [(reason.code, reason.rule) for reason in ruling.reasons] == [("rule_matched", "tagged")]


def test_a_rule_that_says_release_weakens_nothing():
    ruling = rule(features=TICKET | {"tags": ["easy"], "vip": True})
    assert ruling.disposition is Disposition.REVIEW


def test_a_rule_sends_to_a_person_without_an_outcome():
    ruling = rule(features=TICKET | {"vip": True})
    assert ruling.status is RulingStatus.IN_REVIEW
    assert ruling.outcome is None
    assert ruling.queue == "support"
    assert ruling.approvable


def test_a_refusal_gives_the_fallback_and_no_person_is_asked():
    german = TICKET | {"language": "de"}
    ruling = rule(features=german, proposal=replace(SURE, outcome="technical"))
    assert (ruling.disposition, ruling.status) == (Disposition.REFUSE, RulingStatus.REFUSED)
    assert ruling.outcome == "general"
    assert ruling.queue is None


def test_a_refusal_is_stricter_than_a_review():
    german = TICKET | {"language": "de", "vip": True}
    ruling = rule(features=german, proposal=replace(SURE, outcome="technical", confidence=0.1))
    assert ruling.disposition is Disposition.REFUSE
    assert [reason.rule for reason in ruling.reasons] == ["no-german-technicians"]


def test_of_several_rules_the_first_queue_the_shortest_time_and_the_most_sign_offs_hold():
    ruling = rule(features=TICKET | {"text": "My lawyer says hello.", "vip": True, "orders": 500})
    assert ruling.queue == "legal"
    assert ruling.due_in == timedelta(hours=4)
    assert ruling.sign_offs == 2
    assert ruling.sensitive
    assert [reason.rule for reason in ruling.reasons] == ["legal-threat", "vip", "many-orders"]


def test_a_longer_time_of_a_rule_does_not_extend_that_of_the_policy():
    text = with_rule("{name: slow, when: 'true', then: review, due_in: 9d}").replace(
        "{queue: people}", "{queue: people, due_in: 1d}"
    )
    ruling = rule(text, features={}, proposal=Proposal(outcome="yes", confidence=1))
    assert ruling.due_in == timedelta(days=1)


@pytest.mark.parametrize(
    ("confidence", "disposition"),
    [(0.6, Disposition.RELEASE), (0.59, Disposition.REVIEW), (0, Disposition.REVIEW)],
)
def test_confidence_below_the_threshold_goes_to_a_person(confidence, disposition):
    ruling = rule(proposal=replace(SURE, confidence=confidence))
    assert ruling.disposition is disposition
    assert ("confidence_below" in codes(ruling)) is (disposition is Disposition.REVIEW)


def test_the_reason_for_doubt_names_both_figures():
    (reason,) = rule(proposal=replace(SURE, confidence=0.5)).reasons
    assert (reason.rule, reason.params) == (
        "review.confidence_below",
        {"confidence": 0.5, "threshold": 0.6},
    )


def test_where_proposals_come_without_a_confidence_its_absence_asks_for_nobody():
    text = BARE.replace("{queue: people}", "{queue: people, sample: 0.1}")
    told = {"features": {}, "proposal": Proposal(outcome="yes")}
    assert rule(text, **told).disposition is Disposition.REVIEW
    plain = text + "proposal: {from: app, confidence: none}\n"
    assert rule(plain, **told).disposition is Disposition.RELEASE


# ----------------------------------------------------------- what the world may surprise us with


@pytest.mark.parametrize(
    ("features", "proposal", "code"),
    [
        ({}, replace(SURE, confidence=None), ReasonCode.CONFIDENCE_MISSING),
        ({}, replace(SURE, outcome="astrology"), ReasonCode.UNDECLARED_OUTCOME),
        ({"orders": 1001}, SURE, ReasonCode.OUT_OF_RANGE),
        ({"orders": -1}, SURE, ReasonCode.OUT_OF_RANGE),
        ({"language": "fr"}, SURE, ReasonCode.OUT_OF_RANGE),
        ({"language": ""}, SURE, ReasonCode.EMPTY_TEXT),
        ({"text": ""}, SURE, ReasonCode.EMPTY_TEXT),
        ({"text": " \n"}, SURE, ReasonCode.EMPTY_TEXT),
        ({"tags": ["a", ""]}, SURE, ReasonCode.EMPTY_TEXT),
        ({"text": "x" * 8193}, SURE, ReasonCode.TOO_LONG),
        ({"text": "é" * 4097}, SURE, ReasonCode.TOO_LONG),
        ({"tags": ["a"] * 201}, SURE, ReasonCode.TOO_LONG),
    ],
)
def test_a_surprise_goes_to_a_person_and_is_no_problem(features, proposal, code):
    engine = engine_for(load(TICKETS))
    checked = engine.check(features=TICKET | features, proposal=proposal)
    assert checked.ok
    assert [reason.code for reason in checked.surprises] == [code]
    ruling = rule(features=TICKET | features, proposal=proposal)
    assert ruling.status is RulingStatus.IN_REVIEW
    assert code in codes(ruling)


@pytest.mark.parametrize(
    "features", [{"text": "x" * 8192}, {"text": "é" * 4096}, {"tags": ["a"] * 200}, {"orders": 100}]
)
def test_what_is_just_within_its_bounds_surprises_nobody(features):
    assert rule(features=TICKET | features).disposition is Disposition.RELEASE


def test_rules_are_not_asked_about_what_is_too_long_and_the_strictest_is_assumed():
    ruling = rule(features=TICKET | {"text": "x" * 9000})
    assert {step.said for step in ruling.trace if step.rule != "review.confidence_below"} == {
        Said.NOT_RUN
    }
    assert not ruling.approvable
    assert ruling.sensitive
    assert ruling.sign_offs == 2


def test_a_text_is_not_too_empty_where_the_policy_lists_it():
    text = BARE.replace("features: {}", 'features: {a: {type: string, values: ["", x]}}')
    ruling = rule(text, features={"a": ""}, proposal=Proposal(outcome="yes", confidence=1))
    assert ruling.disposition is Disposition.RELEASE


def test_a_rule_that_lacks_an_optional_fact_goes_to_a_person_and_says_which():
    ruling = rule(features={name: TICKET[name] for name in ("text", "language", "vip")})
    (reason,) = ruling.reasons
    assert (reason.code, reason.rule) == (ReasonCode.FACT_ABSENT, "many-orders")
    assert reason.params == {"fact": "features.orders"}
    assert ruling.approvable


def test_a_rule_that_cannot_be_evaluated_goes_to_a_person():
    text = with_rule("{name: odd, when: 1 / (context.hour - 22) > 0, then: review, queue: odd}")
    ruling = rule(text, features={}, proposal=Proposal(outcome="yes", confidence=1))
    assert codes(ruling) == ["rule_broken"]
    assert ruling.queue == "odd"
    assert ruling.trace[0].said is Said.ERROR
    assert ruling.trace[0].detail == "divide by zero"


def test_what_a_broken_refusal_left_open_cannot_be_approved():
    text = with_rule("{name: odd, when: 1 / (context.hour - 22) > 0, then: refuse}")
    ruling = rule(text, features={}, proposal=Proposal(outcome="yes", confidence=1))
    assert ruling.status is RulingStatus.IN_REVIEW
    assert not ruling.approvable


# ------------------------------------------------------------------ people come first


def test_a_request_for_a_person_is_never_released():
    ruling = rule(person_requested=True)
    assert ruling.status is RulingStatus.IN_REVIEW
    assert codes(ruling) == ["person_requested"]
    assert ruling.approvable


def test_a_hold_sends_everything_to_people_and_names_its_reason():
    ruling = rule(holds=("The model drifts.",))
    assert ruling.status is RulingStatus.IN_REVIEW
    assert ruling.reasons[0].params == {"reason": "The model drifts."}


@pytest.mark.parametrize(
    "more", [{"person_requested": True}, {"people_only": True}, {"holds": ("Stop.",)}]
)
def test_where_people_only_decide_a_refusal_is_looked_at_but_cannot_be_approved(more):
    ruling = rule(
        features=TICKET | {"language": "de"}, proposal=replace(SURE, outcome="technical"), **more
    )
    assert ruling.status is RulingStatus.IN_REVIEW
    assert "no-german-technicians" in [reason.rule for reason in ruling.reasons]
    assert not ruling.approvable


def test_what_is_only_observed_keeps_the_proposed_outcome():
    ruling = rule(OBSERVED, features=TICKET | {"vip": True})
    assert (ruling.disposition, ruling.status) == (Disposition.REVIEW, RulingStatus.OBSERVED)
    assert ruling.outcome == "billing"
    assert ruling.queue is None


def test_what_is_only_observed_has_no_outcome_where_an_undeclared_one_is_proposed():
    ruling = rule(OBSERVED, proposal=replace(SURE, outcome="astrology"))
    assert (ruling.status, ruling.outcome) == (RulingStatus.OBSERVED, None)


@pytest.mark.parametrize(
    "more", [{"person_requested": True}, {"people_only": True}, {"holds": ("Stop.",)}]
)
def test_people_come_first_also_where_the_policy_only_observes(more):
    ruling = rule(OBSERVED, **more)
    assert ruling.status is RulingStatus.IN_REVIEW
    assert ruling.queue == "support"


# ------------------------------------------------------------------------------ what is refused


@pytest.mark.parametrize(
    ("features", "pointer", "said"),
    [
        ({"text": 7}, "/features/text", "expected a text"),
        ({"text": None}, "/features/text", "null"),
        ({"text": "a\x00b"}, "/features/text", "U+0000"),
        ({"text": "\ud800"}, "/features/text", "Unicode"),
        ({"orders": 1.0}, "/features/orders", "expected an integer"),
        ({"orders": True}, "/features/orders", "expected an integer"),
        ({"orders": 2**53 + 1}, "/features/orders", "2^53"),
        ({"vip": 1}, "/features/vip", "true or false"),
        ({"vip": "yes"}, "/features/vip", "true or false"),
        ({"tags": "a"}, "/features/tags", "a list of texts"),
        ({"tags": ["a", 1]}, "/features/tags", "item 1"),
        ({"a/b": 1}, "/features/a~1b", "unknown"),
    ],
)
def test_the_apps_mistake_is_a_problem_at_its_place(features, pointer, said):
    checked = engine_for(load(TICKETS)).check(features=TICKET | features, proposal=SURE)
    ((found, detail),) = checked.problems
    assert found == pointer
    assert said in detail


@pytest.mark.parametrize("value", [float("nan"), float("inf"), "1", True, 2**54])
def test_a_number_is_a_finite_number(value):
    engine = engine_for(load(RETENTION))
    features = {"tenure_months": 1, "monthly_charges": value, "contract": "one-year"}
    offer = Proposal(outcome="no_offer", confidence=1)
    checked = engine.check(features=features, proposal=offer, subject="cust-1")
    assert [pointer for pointer, _ in checked.problems] == ["/features/monthly_charges"]


def test_an_integer_is_accepted_where_a_number_is_declared_and_null_where_it_may_be():
    engine = engine_for(load(RETENTION))
    features = {"tenure_months": 1, "monthly_charges": 80, "contract": "one-year"}
    offer = Proposal(outcome="no_offer", confidence=1)
    assert engine.check(features=features, proposal=offer, subject="cust-1").ok
    assert engine_for(load(TICKETS)).check(features=TICKET | {"language": None}, proposal=SURE).ok


def test_a_required_fact_must_be_there():
    checked = engine_for(load(TICKETS)).check(features={"text": "x"}, proposal=SURE)
    assert [pointer for pointer, _ in checked.problems] == ["/features/language", "/features/vip"]


@pytest.mark.parametrize(
    ("proposal", "pointer"),
    [
        (None, "/proposal"),
        (replace(SURE, confidence=1.01), "/proposal/confidence"),
        (replace(SURE, confidence=-0.1), "/proposal/confidence"),
        (replace(SURE, confidence=float("nan")), "/proposal/confidence"),
        (replace(SURE, confidence=True), "/proposal/confidence"),
        (replace(SURE, outcome="a\x00"), "/proposal/outcome"),
        (
            replace(SURE, alternatives=(Alternative(outcome="general", confidence=2),)),
            "/proposal/alternatives/0/confidence",
        ),
        (
            replace(SURE, reasons=(Contribution(feature="text", contribution=float("inf")),)),
            "/proposal/reasons/0/contribution",
        ),
    ],
)
def test_a_proposal_that_makes_no_sense_is_a_problem(proposal, pointer):
    checked = engine_for(load(TICKETS)).check(features=TICKET, proposal=proposal)
    assert [found for found, _ in checked.problems] == [pointer]


def test_what_the_policy_requires_of_the_subject_must_be_there():
    text = RETENTION.replace("require: [subject]", "require: [subject, groups, reasons]")
    engine = engine_for(load(text))
    features = {"tenure_months": 1, "monthly_charges": 80, "contract": "one-year"}
    offer = Proposal(outcome="no_offer", confidence=1)
    checked = engine.check(features=features, proposal=offer)
    assert [pointer for pointer, _ in checked.problems] == [
        "/proposal/reasons",
        "/subject",
        "/subject/groups/gender",
        "/subject/groups/age_band",
    ]
    reasoned = replace(offer, reasons=(Contribution(feature="contract", contribution=0.4),))
    groups = {"gender": "female", "age_band": "60+"}
    assert engine.check(features=features, proposal=reasoned, subject="cust-1", groups=groups).ok


def test_an_undeclared_group_attribute_is_a_problem():
    engine = engine_for(load(TICKETS))
    checked = engine.check(
        features=TICKET, proposal=SURE, subject="cust-1", groups={"religion": "none"}
    )
    assert [pointer for pointer, _ in checked.problems] == ["/subject/groups/religion"]


def test_a_question_with_problems_is_ruled_all_the_same_and_goes_to_a_person():
    ruling = rule(features={"text": 7})
    assert codes(ruling) == ["input_invalid"]
    assert not ruling.approvable


def test_whatever_fails_inside_goes_to_a_person():
    engine = engine_for(load(with_rule("{name: late, when: context.hour > 20, then: refuse}")))
    question = Question(
        features={},
        proposal=Proposal(outcome="yes", confidence=1),
        subject_known=False,
        context=Context(now=NOW, zone="Mars/Olympus"),
    )
    ruling = engine.rule(question, Checked())
    assert (ruling.status, codes(ruling)) == (RulingStatus.IN_REVIEW, ["ruling_failed"])
    assert not ruling.approvable


# -------------------------------------------------------------------- circumstances and trace


@pytest.mark.parametrize(
    ("zone", "hour", "weekday"), [("UTC", 22, 6), ("Europe/Vienna", 23, 6), ("Asia/Tokyo", 7, 7)]
)
def test_the_hour_and_the_weekday_are_those_of_the_zone(zone, hour, weekday):
    text = with_rule(
        f"{{name: when, when: context.hour == {hour} && context.weekday == {weekday}, then: review}}"
    )
    context = Context(now=NOW, zone=zone)
    ruling = rule(text, {}, Proposal(outcome="yes", confidence=1), context=context)
    assert ruling.disposition is Disposition.REVIEW


def test_earlier_decisions_are_looked_at_where_a_rule_asks_for_them():
    text = with_rule(
        "{name: often, when: context.earlier.count_30d > 2 && has(context.earlier.last_at)"
        " && context.earlier.last_outcome == 'yes', then: refuse}"
    )
    assert Engine(load(text)).uses_earlier
    assert not Engine(load(TICKETS)).uses_earlier
    offer = Proposal(outcome="yes", confidence=1)
    earlier = Earlier(count_30d=3, last_outcome="yes", last_at=NOW)
    ruling = rule(text, {}, offer, context=Context(now=NOW, earlier=earlier))
    assert ruling.disposition is Disposition.REFUSE
    assert ruling.trace[0].looked_at["context.earlier.last_at"] == "2026-11-21T22:30:00.000000Z"
    assert rule(text, {}, offer, context=Context(now=NOW)).status is RulingStatus.IN_REVIEW


def test_the_trace_says_of_every_rule_what_it_looked_at_and_what_it_said():
    ruling = rule(features=TICKET | {"vip": True})
    said = {step.rule: (str(step.said), dict(step.looked_at)) for step in ruling.trace}
    assert said == {
        "legal-threat": ("false", {"features.text": "My order is late."}),
        "vip": ("true", {"features.vip": True}),
        "many-orders": ("false", {"features.orders": 3}),
        "no-german-technicians": (
            "false",
            {"features.language": "en", "proposal.outcome": "billing"},
        ),
        "tagged": ("false", {}),
        "review.confidence_below": ("false", {"proposal.confidence": 0.9}),
    }


def test_a_trace_of_a_later_version_is_not_misread():
    document = trace_document(rule()) | {"version": 2}
    with pytest.raises(ValueError, match="later release"):
        trace_from(document)


def test_ruling_again_with_the_same_facts_says_the_same():
    features = TICKET | {"vip": True, "orders": 500}
    ruling = rule(features=features, holds=("Stop.",))
    again = engine_for(load(TICKETS)).reweigh(ruling, features=features, proposal=SURE)
    assert again == ruling


def test_engines_are_made_once_for_each_policy():
    assert engine_for(load(TICKETS)) is engine_for(load(TICKETS + "# a comment"))
    assert engine_for(load(TICKETS)) is not engine_for(load(BARE))
