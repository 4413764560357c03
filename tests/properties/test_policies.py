"""What holds for every policy and every question."""

import json
from dataclasses import replace
from datetime import UTC, datetime

import yaml
from hypothesis import example, given
from hypothesis import strategies as st

from policies.conditions import Conditions, Fact, FactType, faults
from policies.document import Disposition, PolicyInvalid, Problem, Rule, facts_of, load
from policies.explanations import Audience, explain
from policies.reasons import ReasonCode
from policies.rulings import (
    Checked,
    Context,
    Earlier,
    Engine,
    Proposal,
    Question,
    Ruling,
    RulingStatus,
    engine_for,
    trace_document,
    trace_from,
)
from tests.unit.policies.examples import OBSERVED, RETENTION, TICKETS

STRICTNESS = {Disposition.RELEASE: 0, Disposition.REVIEW: 1, Disposition.REFUSE: 2}
POLICY = load(TICKETS)

CONDITIONS = [
    "features.vip",
    "!features.vip",
    "features.orders > 100",
    "features.orders / 0 > 1",
    "has(features.orders) && features.orders < 10",
    'features.language == "de"',
    "size(features.text) > 10",
    "features.text.matches('(a+)+$')",
    "has(features.tags) && features.tags.exists(tag, tag == 'easy')",
    'proposal.outcome == "billing"',
    "proposal.confidence < 0.9",
    "subject.known",
    "context.hour < 12 || context.weekday > 5",
    "context.earlier.count_30d > 1",
    "true",
    "false",
]

json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text()
    | st.text(alphabet=st.characters(codec=None, categories=("Cs", "L"))),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)
tickets = st.fixed_dictionaries(
    {
        "text": st.text(max_size=20) | st.sampled_from(["a lawyer", "x" * 9000]),
        "language": st.sampled_from(["en", "de", "fr", None]),
        "vip": st.booleans(),
    },
    optional={
        "tags": st.lists(st.sampled_from(["easy", "hard", ""]), max_size=3),
        "orders": st.integers(-5, 2000),
    },
)
proposals = st.builds(
    Proposal,
    outcome=st.sampled_from(["billing", "technical", "general", "astrology"]),
    confidence=st.none() | st.floats(0, 1),
)
contexts = st.builds(
    Context,
    now=st.datetimes(min_value=datetime(2020, 1, 1), timezones=st.just(UTC)),
    zone=st.sampled_from(["UTC", "Europe/Vienna", "Asia/Kathmandu"]),
    language=st.none() | st.just("de"),
    earlier=st.none() | st.builds(Earlier, count_30d=st.integers(0, 5)),
)
questions = st.builds(
    Question,
    features=tickets,
    proposal=proposals,
    subject_known=st.booleans(),
    person_requested=st.booleans(),
    people_only=st.booleans(),
    holds=st.just(()) | st.just(("Stop.",)),
    context=contexts,
)
rules = st.lists(
    st.builds(
        Rule,
        name=st.uuids().map(str),
        when=st.sampled_from(CONDITIONS),
        then=st.sampled_from(Disposition),
        sensitive=st.booleans(),
    ),
    max_size=4,
)


def ruled(question: Question, engine: Engine) -> Ruling:
    return engine.rule(question, engine.check_values(question.features, question.proposal))


def strictness(ruling: Ruling) -> int:
    return STRICTNESS[ruling.disposition]


def test_the_conditions_of_these_properties_are_sound():
    assert not any(faults(CONDITIONS, facts_of(POLICY.features)))


# --------------------------------------------------------------------------------- total and pure


@given(
    features=st.dictionaries(st.sampled_from([*POLICY.features, "other"]), json_values),
    outcome=st.text() | st.sampled_from(list(POLICY.outcomes)),
    confidence=st.none() | st.floats() | st.integers(),
    rules=rules,
    context=contexts,
    checked=st.booleans(),
)
def test_every_question_has_an_answer(features, outcome, confidence, rules, context, checked):
    engine = Engine(replace(POLICY, rules=tuple(rules)))
    proposal = Proposal(outcome=outcome, confidence=confidence)
    question = Question(features=features, proposal=proposal, subject_known=True, context=context)
    found = engine.check(features=features, proposal=proposal) if checked else Checked()
    ruling = engine.rule(question, found)
    assert ruling.reasons
    assert len(ruling.trace) == len(rules) + 1
    assert ruling == engine.rule(question, found)
    if found.problems or found.surprises:
        assert ruling.disposition is not Disposition.RELEASE


@given(question=questions, rules=rules)
def test_a_release_gives_a_declared_outcome_and_a_wait_gives_none(question, rules):
    ruling = ruled(question, Engine(replace(POLICY, rules=tuple(rules))))
    waits = ruling.status is RulingStatus.IN_REVIEW
    assert (ruling.outcome is None) is waits
    assert (ruling.queue is not None) is waits
    if not waits:
        assert ruling.outcome in POLICY.outcomes


# ------------------------------------------------------------------------------- stricter is stricter


@given(question=questions, rules=rules, more=rules)
def test_adding_rules_never_makes_a_ruling_laxer(question, rules, more):
    before = ruled(question, Engine(replace(POLICY, rules=tuple(rules))))
    after = ruled(question, Engine(replace(POLICY, rules=(*rules, *more))))
    assert strictness(after) >= strictness(before)
    assert after.sign_offs >= before.sign_offs
    assert after.sensitive >= before.sensitive
    if before.status is after.status is RulingStatus.IN_REVIEW:
        assert after.approvable <= before.approvable


@given(question=questions, low=st.floats(0, 1), high=st.floats(0, 1))
def test_asking_for_more_confidence_never_makes_a_ruling_laxer(question, low, high):
    low, high = min(low, high), max(low, high)
    laxer, stricter = (
        ruled(
            question,
            Engine(replace(POLICY, review=replace(POLICY.review, confidence_below=threshold))),
        )
        for threshold in (low, high)
    )
    assert strictness(stricter) >= strictness(laxer)


@given(question=questions, rules=rules, text=st.sampled_from([TICKETS, OBSERVED]))
def test_where_a_person_is_asked_for_or_a_hold_is_in_force_a_person_decides(question, rules, text):
    engine = Engine(replace(load(text), rules=tuple(rules)))
    for forced in (
        replace(question, person_requested=True),
        replace(question, people_only=True),
        replace(question, holds=("Stop.",)),
    ):
        ruling = ruled(forced, engine)
        assert ruling.status is RulingStatus.IN_REVIEW
        assert ruling.disposition is Disposition.REVIEW


@given(question=questions, rules=rules)
def test_what_a_rule_might_forbid_is_never_approvable(question, rules):
    engine = Engine(replace(POLICY, rules=tuple(rules)))
    ruling = ruled(question, engine)
    refusals = {
        step.rule: str(step.said) for step in ruling.trace if step.then is Disposition.REFUSE
    }
    if ruling.status is RulingStatus.IN_REVIEW:
        assert ruling.approvable is not any(said != "false" for said in refusals.values())


# ------------------------------------------------------------------------------------- there and back


@given(question=questions, rules=rules)
def test_a_ruling_is_stored_and_read_back_as_it_was(question, rules):
    ruling = ruled(question, Engine(replace(POLICY, rules=tuple(rules))))
    stored = json.dumps(trace_document(ruling), allow_nan=False)
    assert trace_from(json.loads(stored)) == ruling


@given(question=questions)
def test_ruling_again_from_the_trace_says_the_same(question):
    engine = engine_for(POLICY)
    ruling = ruled(question, engine)
    again = engine.reweigh(ruling, features=question.features, proposal=question.proposal)
    assert again == ruling


@given(
    question=questions,
    audience=st.sampled_from(Audience),
    language=st.sampled_from(["en", "de", "fr"]),
)
def test_every_ruling_can_be_explained_and_every_change_it_names_is_exact(
    question, audience, language
):
    ruling = ruled(question, engine_for(POLICY))
    explanation = explain(POLICY, ruling, question.proposal, question.features, audience, language)
    assert explanation.headline
    assert explanation.reasons
    for change in explanation.what_would_change:
        assert change.disposition is not ruling.disposition
        if change.path.startswith("features."):
            name = change.path.removeprefix("features.")
            changed = replace(question, features={**question.features, name: change.would_be})
        else:
            changed = replace(
                question, proposal=replace(question.proposal, confidence=change.would_be)
            )
        assert ruled(changed, engine_for(POLICY)).disposition is change.disposition


# --------------------------------------------------------------------------- any text is read or refused


def problems_of(text: str) -> tuple[Problem, ...]:
    try:
        policy = load(text)
    except PolicyInvalid as invalid:
        return invalid.problems
    assert load(json.dumps(dict(policy.document))).digest == policy.digest
    return ()


def refused_or_read(text: str) -> None:
    for problem in problems_of(text):
        assert problem.line >= 1
        assert problem.column >= 1
        assert problem.detail


@given(st.text())
@example("a: \x85 ? - : %")
def test_any_text_is_a_policy_or_has_problems(text):
    refused_or_read(text)


@given(document=st.dictionaries(st.sampled_from([*POLICY.document, "x"]), json_values))
def test_any_set_of_keys_is_a_policy_or_has_problems(document):
    refused_or_read(json.dumps(document))


@st.composite
def damaged(draw):
    """Take a sound policy and put any value in any place of it."""
    document = json.loads(json.dumps(dict(load(RETENTION).document)))
    at = document
    while True:
        keys = range(len(at)) if isinstance(at, list) else list(at)
        key = draw(st.sampled_from(keys))
        if draw(st.booleans()) and isinstance(at[key], dict | list) and at[key]:
            at = at[key]
            continue
        at[key] = draw(json_values)
        return document


@given(document=damaged())
def test_any_damage_to_a_policy_is_told_and_not_raised(document):
    refused_or_read(json.dumps(document))


@given(
    condition=st.text()
    | st.sampled_from(CONDITIONS).flatmap(lambda c: st.integers(0, len(c)).map(lambda n: c[:n]))
)
def test_any_condition_is_sound_or_has_faults(condition):
    features = {"vip": Fact(type=FactType.BOOLEAN), "orders": Fact(type=FactType.INTEGER)}
    (found,) = faults([condition], features)
    if not found:
        assert Conditions([condition], features).ask({"features.vip": True, "features.orders": 3})


def test_yaml_and_json_of_the_same_document_are_the_same_policy():
    for text in (RETENTION, TICKETS):
        assert load(json.dumps(dict(load(text).document), indent=1)).digest == load(text).digest
        assert load(yaml.safe_dump(dict(load(text).document))).digest == load(text).digest


def test_every_reason_that_a_ruling_gives_is_one_of_the_vocabulary():
    ruling = Engine(POLICY).rule(
        Question(
            features={}, proposal=None, subject_known=False, context=Context(now=datetime.now(UTC))
        ),
        Checked(),
    )
    assert {reason.code for reason in ruling.reasons} <= set(ReasonCode)
