"""Run a policy's own tests."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from policies.document import Expectation, Given, Policy, PolicyTest
from policies.rulings import Context, Earlier, Engine, Proposal, Question, Ruling, engine_for

NOON_ON_A_MONDAY: Final = datetime(2026, 1, 5, 12, 0, tzinfo=UTC)
"""The time of a test that names none, so that a test never depends on when it is run."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnTestResult:
    """How one of the policy's own tests went; ``detail`` says what differed, and is empty where it passed."""

    name: str
    line: int
    detail: str

    @property
    def passed(self) -> bool:
        """Say whether all was as expected."""
        return not self.detail


def run(policy: Policy) -> tuple[OwnTestResult, ...]:
    """Run every test of the policy, in the order of the text."""
    engine = engine_for(policy)
    return tuple(
        OwnTestResult(name=test.name, line=test.line, detail="; ".join(_differences(engine, test)))
        for test in policy.tests
    )


def _differences(engine: Engine, test: PolicyTest) -> Iterator[str]:
    given = test.given
    proposal = Proposal(outcome=given.outcome, confidence=given.confidence, source=given.source)
    checked = engine.check_values(given.features, proposal)
    if checked.problems:
        for pointer, detail in checked.problems:
            yield f"the request would be refused: {pointer} {detail}"
        return
    yield from _unlike(test.expect, ruling_of(engine, given))


def ruling_of(engine: Engine, given: Given) -> Ruling:
    """Rule what a test gives; the request must be one that is not refused."""
    proposal = Proposal(outcome=given.outcome, confidence=given.confidence, source=given.source)
    earlier = Earlier(
        count_30d=given.earlier_count_30d,
        last_outcome=given.earlier_last_outcome,
        last_at=given.earlier_last_at,
    )
    context = Context(
        now=given.now or NOON_ON_A_MONDAY,
        zone=given.zone or "UTC",
        language=given.language,
        channel=given.channel,
        earlier=earlier,
    )
    question = Question(
        features=given.features,
        proposal=proposal,
        subject_known=given.subject_known,
        context=context,
        person_requested=given.person_requested,
    )
    return engine.rule(question, engine.check_values(given.features, proposal))


def _unlike(expect: Expectation, ruling: Ruling) -> Iterator[str]:
    rules = [reason.rule for reason in ruling.reasons]
    because = ", ".join(f"{reason.rule} ({reason.code})" for reason in ruling.reasons)
    if ruling.disposition is not expect.disposition:
        yield f"expected {expect.disposition}; got {ruling.disposition}, because of {because}"
    if expect.rule is not None and expect.rule not in rules:
        yield f"expected rule {expect.rule}; got {because}"
    if expect.reason is not None and expect.reason not in [
        reason.code for reason in ruling.reasons
    ]:
        yield f"expected reason {expect.reason}; got {because}"
    for name, expected, got in (
        ("outcome", expect.outcome, ruling.outcome),
        ("queue", expect.queue, ruling.queue),
        ("sensitive", expect.sensitive, ruling.sensitive),
        ("sign_offs", expect.sign_offs, ruling.sign_offs),
    ):
        if expected is not None and expected != got:
            yield f"expected {name} {expected}; got {got}"
