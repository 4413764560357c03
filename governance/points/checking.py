"""Checking a policy's text all the way: is it one, do its own tests pass, and what is probably not meant?"""

from __future__ import annotations

from dataclasses import dataclass

from policies import linting, selftest
from policies.document import Policy, PolicyInvalid, Problem, load
from policies.linting import Remark
from policies.selftest import OwnTestResult


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckedPolicy:
    """What was found; ``policy`` is None where the text is none, and then ``problems`` says why."""

    policy: Policy | None
    problems: tuple[Problem, ...] = ()
    tests: tuple[OwnTestResult, ...] = ()
    remarks: tuple[Remark, ...] = ()

    @property
    def failed(self) -> tuple[OwnTestResult, ...]:
        """Return the policy's own tests that failed."""
        return tuple(test for test in self.tests if not test.passed)

    @property
    def ok(self) -> bool:
        """Tell whether it may be drafted: it is a policy, and its own tests pass."""
        return self.policy is not None and not self.failed


def check(text: str) -> CheckedPolicy:
    """Check a policy's text; never raises for what is in it."""
    try:
        policy = load(text)
    except PolicyInvalid as error:
        return CheckedPolicy(policy=None, problems=error.problems)
    return CheckedPolicy(policy=policy, tests=selftest.run(policy), remarks=linting.lint(policy))
