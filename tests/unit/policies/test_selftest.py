import pytest

from policies.document import load
from policies.selftest import run
from tests.unit.policies.examples import RETENTION


def outcome_of(expect: str, given: str = "monthly_charges: 120") -> str:
    text = RETENTION.replace("monthly_charges: 120", given).replace(
        "{disposition: review, rule: big-discount}", expect
    )
    (result,) = run(load(text))
    return result.detail


def test_the_example_passes_its_own_test():
    (result,) = run(load(RETENTION))
    assert result.passed
    assert result.name == "a big discount goes to a person"
    assert RETENTION.splitlines()[result.line - 1].strip().startswith("- name: a big discount")


@pytest.mark.parametrize(
    ("expect", "detail"),
    [
        ("{disposition: review, reason: rule_matched, queue: sales-managers, sensitive: true}", ""),
        (
            "{disposition: release}",
            "expected release; got review, because of big-discount (rule_matched)",
        ),
        (
            "{disposition: review, reason: confidence_below}",
            "expected reason confidence_below; got big-discount (rule_matched)",
        ),
        (
            "{disposition: review, outcome: no_offer}",
            "expected outcome no_offer; got None",
        ),
        ("{disposition: review, sign_offs: 2}", "expected sign_offs 2; got 1"),
    ],
)
def test_what_differs_is_said(expect, detail):
    assert outcome_of(expect) == detail


def test_a_rule_that_did_not_say_so_is_missed():
    assert outcome_of("{disposition: release, rule: big-discount}", "monthly_charges: 12") == (
        "expected rule big-discount; got rules (nothing_matched)"
    )


def test_a_request_that_would_be_refused_is_a_failed_test():
    assert outcome_of("{disposition: review}", "monthly_charges: many").startswith(
        "the request would be refused: /features/monthly_charges expected a number"
    )


def test_a_test_may_set_the_circumstances():
    text = RETENTION.replace(
        "when: features.monthly_charges > 100 &&",
        "when: context.hour == 9 && context.earlier.count_30d == 2 && subject.known == false &&"
        " context.channel == 'web' &&",
    ).replace(
        "{features: {",
        "{subject: {known: false}, context: {now: '2026-11-21T08:30:00Z', zone: Europe/Vienna,"
        " channel: web, earlier: {count_30d: 2}}, features: {",
    )
    (result,) = run(load(text))
    assert result.detail == ""
