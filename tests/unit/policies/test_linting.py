import pytest

from policies.document import load
from policies.linting import lint
from tests.unit.policies.examples import BARE, RETENTION, TICKETS


def remarks(text: str) -> set[str]:
    return {remark.code for remark in lint(load(text))}


def test_a_policy_that_is_meant_as_it_stands_gets_no_remark():
    assert lint(load(RETENTION)) == ()


def test_what_the_least_policy_lacks_is_pointed_out():
    assert remarks(BARE) == {
        "never-due",
        "never-reviewed",
        "no-tests",
        "no-notice",
        "kept-for-good",
    }


def test_rules_that_document_or_lack_a_fact_are_pointed_out_at_their_line():
    found = {(remark.code, remark.line) for remark in lint(load(TICKETS))}
    lines = TICKETS.splitlines()
    assert ("documents-only", lines.index("  - name: tagged") + 1) in found
    assert ("unguarded", lines.index("  - name: many-orders") + 1) in found


@pytest.mark.parametrize(
    ("rule", "code"),
    [
        ("{name: always, when: 1 < 2, then: review}", "constant"),
        (
            '{name: again, when: features.monthly_charges > 100  && proposal.outcome == "offer_discount", then: review}',
            "repeated",
        ),
        ("{name: unseen, when: features.tenure_months > 500, then: review}", "untested"),
    ],
)
def test_a_rule_that_is_probably_not_meant_is_pointed_out(rule, code):
    text = RETENTION.replace("notice:", f"  - {rule}\nnotice:")
    assert code in remarks(text)


@pytest.mark.parametrize(
    ("keep", "stakes", "code"),
    [
        ("182d", "high", "kept-briefly"),
        ("182d", "low", None),
        ("45d", "low", "kept-briefly"),
        ("1200d", "low", "kept-long"),
    ],
)
def test_how_long_facts_are_kept_is_held_against_what_laws_and_appeals_need(keep, stakes, code):
    text = RETENTION.replace("keep: 400d", f"keep: {keep}").replace(
        "stakes: low", f"stakes: {stakes}"
    )
    found = {(remark.code, remark.line) for remark in lint(load(text))}
    line = text[: text.index("keep:")].count("\n") + 1
    assert found == (set() if code is None else {(code, line)})
