from datetime import timedelta

import pytest

from policies.document import (
    MOST_PROBLEMS,
    Disposition,
    Overdue,
    PolicyInvalid,
    Requirement,
    Rollout,
    Text,
    load,
)
from tests.unit.policies.examples import BARE, OBSERVED, RETENTION, TICKETS


def problems(text: str) -> list[tuple[int, str, str]]:
    with pytest.raises(PolicyInvalid) as caught:
        load(text)
    return [(problem.line, problem.pointer, problem.detail) for problem in caught.value.problems]


def line_of(text: str, part: str) -> int:
    return text[: text.index(part)].count("\n") + 1


def test_the_example_of_the_contract_is_a_policy():
    policy = load(RETENTION)
    assert policy.decision_point == "retention-offer"
    assert policy.fallback == "no_offer"
    assert policy.require == {Requirement.SUBJECT}
    assert policy.queues == ("sales-managers", "sales-leads")
    assert policy.review.when_overdue == Overdue(escalate_to="sales-leads")
    assert policy.review.due_in == timedelta(hours=4)
    assert policy.features["tenure_months"].label.in_("de") == "Monate als Kunde"
    assert not policy.features["monthly_charges"].changeable
    (rule,) = policy.rules
    assert rule.then is Disposition.REVIEW
    assert rule.line == line_of(RETENTION, "name: big-discount")
    assert policy.text == RETENTION


def test_what_is_left_out_has_its_default():
    policy = load(BARE)
    assert (policy.stakes, policy.rollout, policy.review.sign_offs) == ("low", Rollout.LIVE, 1)
    assert policy.review.undo == timedelta(seconds=10)
    assert policy.review.confidence_below is None
    assert dict(policy.features) == {}
    assert policy.outcomes["yes"].label.in_("de") == "Yes"
    assert load(OBSERVED).rollout is Rollout.OBSERVE


def test_the_digest_is_of_what_is_said_and_not_of_how():
    reordered = "# A comment\n" + BARE.replace("kind: scoring\n", "") + "kind: 'scoring'\n"
    assert load(reordered).digest == load(BARE).digest
    assert load(reordered) == load(BARE)
    assert load(BARE.replace("scoring", "routing")).digest != load(BARE).digest


def test_a_text_falls_back_to_its_main_language_and_to_english():
    text = Text({"en": "Yes", "de": "Ja"})
    assert [text.in_(tag) for tag in ("de", "de-AT", "fr", None)] == ["Ja", "Ja", "Yes", "Yes"]
    with pytest.raises(ValueError, match="English"):
        Text({"de": "Ja"})


@pytest.mark.parametrize(
    ("key", "written"),
    [
        ("jurisdiction", "jurisdiction: [gdpr]"),
        ("model", "proposal: {from: app, model: retention}"),
        ("proposal.from: model", "proposal: {from: model}"),
    ],
)
def test_what_this_version_does_not_enforce_is_refused_with_its_line(key, written):
    lines = [line for line in BARE.splitlines() if line.split(":")[0] != written.split(":")[0]]
    text = "\n".join([*lines, written])
    ((line, _, detail),) = problems(text)
    assert line == len(lines) + 1
    assert detail == f"{key} is not enforced by this version, so it is refused; remove it"


def test_proposals_without_a_confidence_need_a_sample_and_no_threshold():
    bare = BARE + "proposal: {from: app, confidence: none}\n"
    ((_, pointer, detail),) = problems(bare)
    assert (pointer, "review.sample" in detail) == ("/proposal/confidence", True)
    sampled = bare.replace("{queue: people}", "{queue: people, sample: 0.1, confidence_below: 0.8}")
    ((_, pointer, _),) = problems(sampled)
    assert pointer == "/review/confidence_below"
    policy = load(sampled.replace(", confidence_below: 0.8", ""))
    assert (policy.review.sample, policy.proposal.confidence) == (0.1, "none")


def test_a_confidence_by_target_error_is_refused():
    ((_, pointer, detail),) = problems(
        BARE.replace("{queue: people}", "{queue: people, confidence_below: {target_error: 0.05}}")
    )
    assert pointer == "/review/confidence_below"
    assert "target_error is not enforced by this version" in detail


def test_an_unknown_key_is_refused_with_the_one_that_was_meant():
    ((line, pointer, detail),) = problems(TICKETS.replace("due_in: 2d", "due_on: 2d"))
    assert (line, pointer) == (line_of(TICKETS, "due_in: 2d"), "/review/due_on")
    assert detail == "unknown key 'due_on'; did you mean 'due_in'?"


@pytest.mark.parametrize(
    ("old", "new", "pointer", "said"),
    [
        ("kind: scoring", "kind: guessing", "/kind", "one of routing, scoring, personalization"),
        ("decision_point: bare", "decision_point: Bare Point", "/decision_point", "63 lower-case"),
        ("title: Bare\n", "", "/title", "'title' is needed here"),
        ("title: Bare", "title: {de: Bloß}", "/title", "English"),
        ("title: Bare", "title: 7", "/title", "expected a text"),
        ("title: Bare", "title: {en: 7}", "/title/en", "quotation marks"),
        ("{queue: people}", "{}", "/review/queue", "'queue' is needed"),
        ("{queue: people}", "people", "/review", "keys with values"),
        ("{queue: people}", "{queue: people, undo: 11m}", "/review/undo", "from 0s to 10m"),
        ("{queue: people}", "{queue: people, sign_offs: 6}", "/review/sign_offs", "from 1 to 5"),
        ("{queue: people}", "{queue: people, sign_offs: 1.5}", "/review/sign_offs", "whole"),
        ("{queue: people}", "{queue: people, due_in: 4}", "/review/due_in", "such as 10s"),
        (
            "{queue: people}",
            "{queue: people, confidence_below: 80}",
            "/review/confidence_below",
            "from 0 to 1",
        ),
        (
            "{queue: people}",
            "{queue: people, due_in: 1d, when_overdue: {escalate_to: people}}",
            "/review/when_overdue/escalate_to",
            "another queue",
        ),
        (
            "{queue: people}",
            "{queue: people, when_overdue: {escalate_to: leads}}",
            "/review/when_overdue",
            "review.due_in",
        ),
        (
            "{queue: people}",
            "{queue: people, when_overdue: {then: approve}}",
            "/review/when_overdue/then",
            "fallback",
        ),
        ("{fallback: true}", "{}", "/outcomes", "one outcome must be the fallback"),
        ("yes: {}", "yes: {fallback: true}", "/outcomes/yes/fallback", "only one"),
        ("yes: {}", "' yes': {}", "/outcomes/ yes", "an outcome of up to 100"),
        ("features: {}", "features: {Age: {type: integer}}", "/features/Age", "lower-case"),
        ("features: {}", "features: {in: {type: integer}}", "/features/in", "another meaning"),
        ("features: {}", "features: {a: {type: date}}", "/features/a/type", "one of string"),
        ("features: {}", "features: {a: {}}", "/features/a/type", "needed"),
        ("features: {}", "features: []", "/features", "keys with values"),
        (
            "features: {}",
            "features: {a: {type: integer, minimum: 3, maximum: 2}}",
            "/features/a/minimum",
            "above the maximum",
        ),
        (
            "features: {}",
            "features: {a: {type: string, minimum: 3}}",
            "/features/a/minimum",
            "only an integer or a number",
        ),
        (
            "features: {}",
            "features: {a: {type: integer, values: [1, x]}}",
            "/features/a/values/1",
            "of type integer",
        ),
        (
            "features: {}",
            "features: {a: {type: string, values: [x, x]}}",
            "/features/a/values/1",
            "twice",
        ),
        (
            "features: {}",
            "features: {a: {type: boolean, values: [x]}}",
            "/features/a/values",
            "true or false",
        ),
        (
            "features: {}",
            "features: {sex: {type: string}}\ngroups: [sex]",
            "/groups/0",
            "also a feature",
        ),
        ("features: {}", "features: {}\nrequire: [groups]", "/require", "none are declared"),
        ("features: {}", "features: {}\nrequire: [age]", "/require/0", "one of subject"),
        (
            "features: {}",
            "features: {}\nrules: [{name: a, when: 'true', then: refuse, queue: q}]",
            "/rules/0/queue",
            "only a rule that says review",
        ),
        (
            "features: {}",
            "features: {}\nrules: [{name: a, when: 'true', then: review}, {name: a, when: 'false', then: review}]",
            "/rules/1/name",
            "a name of its own",
        ),
        (
            "features: {}",
            "features: {}\nrules: [{name: a, when: true, then: review}]",
            "/rules/0/when",
            "quotation marks",
        ),
        (
            "features: {}",
            "features: {}\ntests: [{name: x, given: {proposal: {outcome: yes}}, expect: {disposition: review, rule: zz}}]",
            "/tests/0/expect/rule",
            "no rule is called 'zz'",
        ),
        (
            "features: {}",
            "features: {}\ntests: [{name: x, given: {proposal: {outcome: yes}, context: {now: soon, zone: Mars}}, expect: {disposition: review}}]",
            "/tests/0/given/context/now",
            "2026-11-21",
        ),
    ],
)
def test_a_mistake_is_found_at_its_place(old, new, pointer, said):
    text = BARE.replace(old, new)
    assert text != BARE
    found = {at: detail for _, at, detail in problems(text)}
    assert said in found[pointer]


def test_all_mistakes_are_told_at_once_in_the_order_of_the_text():
    text = (
        TICKETS.replace("kind: routing", "kind: guessing")
        .replace("due_in: 2d", "due_in: soon")
        .replace("vip: {type: boolean}", "vip: {type: boolean, secret: true}")
        .replace("when: features.vip\n", "when: features.vipp\n")
        .replace("features.orders > 100", 'features.orders > "many"')
        .replace("general: {fallback: true}", "general: {}")
    )
    found = problems(text)
    assert [line for line, _, _ in found] == sorted(line for line, _, _ in found)
    assert {pointer for _, pointer, _ in found} == {
        "/kind",
        "/features/vip/secret",
        "/outcomes",
        "/review/due_in",
        "/rules/1/when",
        "/rules/2/when",
    }


def test_a_fault_in_a_condition_has_its_line_and_column():
    text = TICKETS.replace("features.orders > 100", "features.orders > 'many'")
    with pytest.raises(PolicyInvalid) as caught:
        load(text)
    (problem,) = caught.value.problems
    line = text.splitlines()[problem.line - 1]
    assert line[problem.column - 1 :] == "> 'many'"
    assert str(problem).startswith(f"line {problem.line}, column {problem.column}: '>' cannot")


@pytest.mark.parametrize("text", ["just words", "[1, 2]", "7", "null"])
def test_what_is_not_a_set_of_keys_is_no_policy(text):
    ((_, _, detail),) = problems(text)
    assert "a set of keys" in detail


def test_of_very_many_problems_the_first_are_told():
    found = problems("a:\n" + "".join(f"b{number}:\n" for number in range(500)))
    assert len(found) == MOST_PROBLEMS + 1
    assert "more problems" in found[-1][2]


def measured(text):
    return load(BARE.replace("outcomes:", "groups: [gender]\noutcomes:") + text)


def told(text):
    with pytest.raises(PolicyInvalid) as invalid:
        measured(text)
    return [problem.detail for problem in invalid.value.problems]


def test_a_policy_says_how_it_is_measured_and_monitored():
    first, second = load(BARE).outcomes
    policy = measured(
        f"measure: {{positive: {first}, reference: {{gender: male}}, enough: 50, maturity: 90d}}\n"
        "fairness:\n"
        "  - {metric: selection_rate_ratio, by: gender, tolerance: 0.8, watch: 0.9, on_breach: review_all}\n"
        "  - {metric: automated_error, tolerance: 0.1, block: 500, false_alarms: 1 per 30d}\n"
    )
    assert policy.positive == {first}
    assert (policy.measure.enough, policy.measure.maturity.days) == (50, 90)
    assert [monitor.name for monitor in policy.monitors] == [
        "proposal:selection_rate_ratio:gender",
        "routing:automated_error",
    ]
    assert [monitor.on_breach for monitor in policy.monitors] == ["review_all", "alert"]
    assert second not in policy.positive


def test_without_a_measure_the_favourable_outcomes_are_compared():
    assert load(RETENTION).positive == {
        name for name, outcome in load(RETENTION).outcomes.items() if outcome.favourable
    }
    assert load(BARE).monitors == ()


def test_what_cannot_be_measured_is_refused_with_what_to_do():
    first, second = load(BARE).outcomes
    assert told(f"measure: {{positive: [{first}, {second}]}}") == [
        "where every outcome is positive there is nothing to compare"
    ]
    assert told("measure: {positive: yacht}") == ["no outcome is called 'yacht'"]
    assert told("measure: {reference: {shoe: '38'}}") == ["'shoe' is not declared under groups"]
    assert told(f"measure: {{positive: [{first}, {first}]}}") == [
        "something stands here twice; remove one"
    ]


@pytest.mark.parametrize(
    ("monitor", "detail"),
    [
        ("{metric: accuracy_difference, tolerance: 0.1}", "name an attribute under by"),
        ("{metric: automated_error, tolerance: 0.1, by: gender}", "remove by"),
        ("{metric: accuracy_difference, tolerance: 0.1, by: shoe}", "not declared under groups"),
        (
            "{metric: accuracy_difference, tolerance: 0.1, by: gender}",
            "add it to measure.reference",
        ),
        ("{metric: automated_error, tolerance: 0.1, stage: outcome}", "looked at by stage"),
        ("{metric: automated_error, tolerance: 1}", "between 0 and 1"),
        ("{metric: automated_error, tolerance: 0.1, watch: 0.2}", "below it for a difference"),
        (
            "{metric: review_rate_ratio, by: gender, tolerance: 0.8, watch: 0.7}",
            "above it for a ratio",
        ),
        ("{metric: review_rate_ratio, by: gender, tolerance: 0.8, watch: 1}", "must be below it"),
        ("{metric: automated_error, tolerance: 0.1, false_alarms: never}", "such as 1 per 5y"),
    ],
)
def test_a_monitor_that_cannot_stand_is_refused_with_what_to_do(monitor, detail):
    assert any(detail in one for one in told(f"fairness: [{monitor}]"))


def test_where_work_is_routed_the_language_is_always_a_group():
    assert load(TICKETS).attributes[-1] == "language"
    assert "language" not in load(RETENTION).attributes
