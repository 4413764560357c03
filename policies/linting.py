"""Point out what is allowed in a policy and probably not meant."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from policies.document import Disposition, Policy
from policies.rulings import Engine, Said, engine_for
from policies.schema import duration_text
from policies.selftest import ruling_of
from policies.source import read

#: What laws ask for at least, as far as one figure can say it.
SIX_MONTHS: Final = timedelta(days=183)
THIRTY_DAYS: Final = timedelta(days=30)
THREE_YEARS: Final = timedelta(days=3 * 366)


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Remark:
    """Something in a policy that is probably not meant."""

    line: int
    code: str
    detail: str


def lint(policy: Policy) -> tuple[Remark, ...]:
    """Give the remarks about a policy, in the order of its text."""
    positions = read(policy.text).keys
    engine = engine_for(policy)
    found = [
        Remark(
            line=positions[pointer].line if pointer in positions else 1, code=code, detail=detail
        )
        for pointer, code, detail in _about_all(policy)
    ]
    found += [
        Remark(line=policy.rules[at].line, code=code, detail=detail)
        for at, code, detail in _about_rules(policy, engine)
    ]
    return tuple(sorted(found))


def _about_all(policy: Policy) -> Iterator[tuple[str, str, str]]:
    if policy.review.due_in is None:
        yield "/review", "never-due", "a case may wait for ever; add review.due_in"
    doubts = [rule for rule in policy.rules if rule.then is not Disposition.RELEASE]
    if policy.review.confidence_below is None and not doubts:
        yield "/review", "never-reviewed", "no rule and no confidence_below ever asks for a person"
    if not policy.tests:
        yield (
            "",
            "no-tests",
            "the policy has no tests; add one for each rule, and one that is released",
        )
    if policy.notice is None:
        yield "", "no-notice", "nothing tells people that software was involved; add a notice"
    yield from _about_keeping(policy)


def _about_keeping(policy: Policy) -> Iterator[tuple[str, str, str]]:
    at, keep = "/retention/keep", policy.keep
    if keep is None:
        yield (
            "",
            "kept-for-good",
            "nothing says how long facts about persons are kept; add retention: {keep: 400d}, for instance",
        )
        return
    said = duration_text(keep)
    if policy.stakes == "high" and keep < SIX_MONTHS:
        yield (
            at,
            "kept-briefly",
            f"{said} is less than the six months for which records of decisions with high stakes must be kept in the EU (AI Act, Article 26(6))",
        )
    if keep < policy.appeals.due_in + THIRTY_DAYS:
        yield (
            at,
            "kept-briefly",
            f"whoever objects late finds nothing to decide by after {said}; keep for at least 30 days more than appeals.due_in",
        )
    if policy.measure.maturity and keep < policy.measure.maturity:
        yield (
            at,
            "kept-briefly",
            f"what turned out right is known after measure.maturity, and {said} is less",
        )
    if keep > THREE_YEARS:
        yield (
            at,
            "kept-long",
            f"{said} is longer than any of the usual minimums (six months in the EU, 25 months and 3 years in the US); say why in your records",
        )


def _about_rules(policy: Policy, engine: Engine) -> Iterator[tuple[int, str, str]]:
    conditions = engine.conditions
    tested = _said_true_in_a_test(policy, engine)
    for at, rule in enumerate(policy.rules):
        names = conditions.names[at]
        if not names:
            yield at, "constant", f"rule {rule.name!r} looks at no fact, so it always says the same"
        if rule.then is Disposition.RELEASE:
            yield (
                at,
                "documents-only",
                f"rule {rule.name!r} says release, which documents and never weakens another rule",
            )
        for fact in conditions.unguarded[at]:
            if fact.startswith(("features.", "context.")):
                yield (
                    at,
                    "unguarded",
                    f"rule {rule.name!r} goes to a person whenever {fact} is absent; ask has({fact}) if that is not meant",
                )
        for before in policy.rules[:at]:
            same = " ".join(before.when.split()) == " ".join(rule.when.split())
            if same and (before.then is rule.then or before.then is Disposition.REFUSE):
                yield (
                    at,
                    "repeated",
                    f"rule {rule.name!r} has the condition of {before.name!r} and adds nothing to its {before.then}",
                )
        if policy.tests and rule.name not in tested:
            yield at, "untested", f"no test makes rule {rule.name!r} say true"


def _said_true_in_a_test(policy: Policy, engine: Engine) -> set[str]:
    return {
        step.rule
        for test in policy.tests
        for step in ruling_of(engine, test.given).trace
        if step.said is Said.TRUE
    }
