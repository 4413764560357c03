"""Rule a proposal by a policy: release it, send it to a person, or refuse it, and say exactly why.

Ruling is pure and total: the same question always has the same answer, and every question has one. The strictest word
wins (refuse over review over release), and whatever cannot be understood goes to a person.
"""

from __future__ import annotations

import math
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from functools import cache
from threading import Lock
from typing import Any, Final
from zoneinfo import ZoneInfo

from policies.conditions import Answer, Broken, Conditions
from policies.document import (
    Disposition,
    Feature,
    FeatureType,
    Overdue,
    Policy,
    Requirement,
    Rollout,
    Rule,
    facts_of,
)
from policies.reasons import Reason, ReasonCode, Scalar

__all__ = [
    "Alternative",
    "Checked",
    "Context",
    "Contribution",
    "Disposition",
    "Earlier",
    "Engine",
    "Proposal",
    "Question",
    "Reason",
    "ReasonCode",
    "Ruling",
    "RulingStatus",
    "Said",
    "Scalar",
    "TraceStep",
    "engine_for",
    "trace_document",
    "trace_from",
]

LONGEST_STRING: Final = 8192
"""Bytes of UTF-8 a text fact may have before rules are kept away from it."""

LONGEST_ARRAY: Final = 200
"""Items a list fact may have before rules are kept away from it."""

LARGEST_INTEGER: Final = 2**53

CONFIDENCE_RULE: Final = "review.confidence_below"


class RulingStatus(StrEnum):
    """What a ruling makes of a decision's status."""

    RELEASED = "released"
    OBSERVED = "observed"
    IN_REVIEW = "in_review"
    REFUSED = "refused"


class Said(StrEnum):
    """What a rule said when it was asked."""

    TRUE = "true"
    FALSE = "false"
    ERROR = "error"
    NOT_RUN = "not_run"


@dataclass(frozen=True, slots=True, kw_only=True)
class Alternative:
    """An outcome the machine thought of too, with its confidence from 0 to 1."""

    outcome: str
    confidence: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Contribution:
    """How much a feature spoke for the proposal (positive) or against it (negative), in the app's own measure."""

    feature: str
    contribution: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """What the machine wants; confidence from 0 to 1, None where it gave none."""

    outcome: str
    confidence: float | None = None
    source: str = "app"
    alternatives: tuple[Alternative, ...] = ()
    reasons: tuple[Contribution, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Earlier:
    """What was decided about the same subject at the same point before."""

    count_30d: int = 0
    last_outcome: str | None = None
    last_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """The circumstances: now is aware, the zone gives conditions their hour and weekday.

    ``earlier`` is None where it was not looked up; conditions that use it are then broken.
    """

    now: datetime
    zone: str = "UTC"
    language: str | None = None
    channel: str | None = None
    earlier: Earlier | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """All that a ruling depends on; ``holds`` are the reasons of the holds in force, ``people_only`` a mark of the subject's."""

    features: Mapping[str, Any]
    proposal: Proposal | None
    subject_known: bool
    context: Context
    person_requested: bool = False
    people_only: bool = False
    holds: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """What is wrong with a request (refuse it, by pointer), and what is surprising in it (a person decides)."""

    problems: tuple[tuple[str, str], ...] = ()
    surprises: tuple[Reason, ...] = ()

    @property
    def ok(self) -> bool:
        """Say whether the request can be ruled."""
        return not self.problems


@dataclass(frozen=True, slots=True, kw_only=True)
class TraceStep:
    """One rule as it was asked: what it looked at, and what it said. Facts that were absent are not in ``looked_at``."""

    rule: str
    when: str
    then: Disposition
    said: Said
    looked_at: Mapping[str, Any] = field(default_factory=dict)
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ruling:
    """What the policy says of a proposal, and how a person is to decide where one must.

    ``queue``, ``due_in``, ``when_overdue`` are None unless the status is in_review. ``approvable`` is False where a
    rule that might refuse was not answered or was overridden: a person may change, reject or escalate, not approve.
    ``judge_first`` is the probability, from 0 to 1, with which people judge before they see the proposal.
    """

    disposition: Disposition
    status: RulingStatus
    outcome: str | None
    reasons: tuple[Reason, ...]
    trace: tuple[TraceStep, ...]
    queue: str | None = None
    due_in: timedelta | None = None
    when_overdue: Overdue | None = None
    sign_offs: int = 1
    sensitive: bool = False
    approvable: bool = True
    undo: timedelta = timedelta(seconds=10)
    judge_first: float = 0.0


Check = Callable[[Any], str | None]
"""Say what is wrong with a value, or nothing."""

Surprise = Callable[[Any], Reason | None]
"""Say what is surprising in a value of the right kind, or nothing."""


class Engine:
    """A policy prepared for ruling. Threads may share one."""

    def __init__(self, policy: Policy) -> None:
        """Prepare the policy's conditions and the checks of its features."""
        self.policy = policy
        self.conditions = Conditions(
            [rule.when for rule in policy.rules], facts_of(policy.features)
        )
        self._checks = [
            (
                name,
                f"/features/{name}",
                feature.required,
                feature.nullable,
                _check(feature),
                _surprise(feature),
            )
            for name, feature in policy.features.items()
        ]
        self._context = tuple(name for name in _CONTEXT if name in self.conditions.used)
        self._rules = list(zip(policy.rules, self.conditions.names, strict=True))

    @property
    def uses_earlier(self) -> bool:
        """Say whether a rule looks at earlier decisions, so that they must be looked up first."""
        return self.conditions.use_earlier

    def check(
        self,
        *,
        features: Mapping[str, Any],
        proposal: Proposal | None,
        subject: str | None = None,
        groups: Mapping[str, Any] | None = None,
    ) -> Checked:
        """Check a request against what the policy declares.

        The app's mistakes are problems, each with its pointer into the request; the world's surprises are reasons for
        a person to decide.
        """
        problems: list[tuple[str, str]] = []
        surprises: list[Reason] = []
        seen = 0
        for name, pointer, required, nullable, check, surprise in self._checks:
            if name not in features:
                if required:
                    problems.append((pointer, "required; the policy declares this fact"))
                continue
            seen += 1
            value = features[name]
            if value is None:
                if not nullable:
                    problems.append(
                        (
                            pointer,
                            _NO_NULL if required else _NO_NULL_BUT_ABSENT,
                        )
                    )
                continue
            wrong = check(value)
            if wrong is not None:
                problems.append((pointer, wrong))
                continue
            found = surprise(value)
            if found is not None:
                surprises.append(found)
        if seen != len(features):
            declared = self.policy.features
            problems += [
                (_pointer("/features", name), "unknown; the policy declares no such fact")
                for name in features
                if name not in declared
            ]
        problems += self._check_proposal(proposal, surprises)
        if subject is not None or groups or self.policy.require:
            problems += self._check_subject(subject, groups)
        return Checked(problems=tuple(problems), surprises=tuple(surprises))

    def _check_proposal(
        self, proposal: Proposal | None, surprises: list[Reason]
    ) -> list[tuple[str, str]]:
        if proposal is None:
            return [("/proposal", "required; this decision point takes its proposals from the app")]
        problems: list[tuple[str, str]] = []
        outcomes = self.policy.outcomes
        if proposal.outcome not in outcomes:
            wrong = _wrong_text(proposal.outcome)
            if wrong:
                problems.append(("/proposal/outcome", wrong))
            else:
                surprises.append(_UNDECLARED)
        if proposal.confidence is None:
            if self.policy.proposal.confidence == "required":
                surprises.append(_UNSURE)
        elif wrong := _wrong_confidence(proposal.confidence):
            problems.append(("/proposal/confidence", wrong))
        problems += _wrong_alternatives(proposal.alternatives)
        problems += _wrong_contributions(proposal.reasons)
        if Requirement.REASONS in self.policy.require and not proposal.reasons:
            problems.append(
                ("/proposal/reasons", "required; the policy asks for the proposal's reasons")
            )
        return problems

    def _check_subject(
        self, subject: str | None, groups: Mapping[str, Any] | None
    ) -> list[tuple[str, str]]:
        problems: list[tuple[str, str]] = []
        if subject is None:
            if Requirement.SUBJECT in self.policy.require:
                problems.append(
                    ("/subject", "required; the policy asks whom the decision is about")
                )
        elif not subject:
            problems.append(("/subject/ref", "expected a reference; got an empty text"))
        elif wrong := _wrong_text(subject):
            problems.append(("/subject/ref", wrong))
        declared = self.policy.groups
        for name, value in (groups or {}).items():
            pointer = _pointer("/subject/groups", name)
            if name not in declared:
                problems.append((pointer, "unknown; the policy declares no such group attribute"))
            elif not isinstance(value, str) or not value:
                problems.append((pointer, "expected a text"))
            elif wrong := _wrong_text(value):
                problems.append((pointer, wrong))
        if Requirement.GROUPS in self.policy.require:
            problems += [
                (f"/subject/groups/{name}", "required; the policy asks for this group attribute")
                for name in declared
                if name not in (groups or {})
            ]
        return problems

    def rule(self, question: Question, checked: Checked) -> Ruling:
        """Rule a question that was checked. Never raises: what fails goes to a person who cannot approve it."""
        try:
            facts = self._facts(question)
            return self._weigh(
                facts,
                proposal=question.proposal,
                checked=checked,
                person_requested=question.person_requested,
                people_only=question.people_only,
                holds=question.holds,
            )
        except Exception as error:  # noqa: BLE001  # whatever happened, a person decides
            return self._failed(error)

    def reweigh(
        self, ruling: Ruling, *, features: Mapping[str, Any], proposal: Proposal | None
    ) -> Ruling:
        """Rule again with other features or another proposal, and all else as the ruling's trace recorded it.

        Holds, a request for a person and a mark of the subject's stay in force. With the same features and proposal it gives the same ruling.
        """
        recorded = {name: value for step in ruling.trace for name, value in step.looked_at.items()}
        facts: dict[str, Any] = {f"features.{name}": value for name, value in features.items()}
        if proposal is not None:
            facts |= _proposal_facts(proposal)
        for name, value in recorded.items():
            if name.startswith(("context.", "subject.")):
                facts[name] = _instant(value) if name in _INSTANTS else value
        return self._weigh(
            facts,
            proposal=proposal,
            checked=self.check_values(features, proposal),
            person_requested=any(
                reason.code is ReasonCode.PERSON_REQUESTED for reason in ruling.reasons
            ),
            people_only=any(
                reason.code is ReasonCode.SUBJECT_PEOPLE_ONLY for reason in ruling.reasons
            ),
            holds=tuple(
                str(reason.params.get("reason", ""))
                for reason in ruling.reasons
                if reason.code is ReasonCode.HOLD
            ),
        )

    def check_values(self, features: Mapping[str, Any], proposal: Proposal | None) -> Checked:
        """Check features and proposal alone, without what else the policy requires of a request."""
        checked = self.check(features=features, proposal=proposal)
        apart = ("/subject", "/proposal/reasons")
        problems = tuple(found for found in checked.problems if not found[0].startswith(apart))
        return replace(checked, problems=problems)

    def _facts(self, question: Question) -> dict[str, Any]:
        facts: dict[str, Any] = {
            f"features.{name}": value for name, value in question.features.items()
        }
        if question.proposal is not None:
            facts |= _proposal_facts(question.proposal)
        for name in self._context:
            value = _CONTEXT[name](question)
            if value is not None:
                facts[name] = value
        return facts

    def _failed(self, error: Exception) -> Ruling:
        detail = f"{type(error).__name__}: {error}"[:200].encode("utf-8", "replace").decode()
        reason = Reason(code=ReasonCode.RULING_FAILED, rule="ruling", params={"detail": detail})
        review = self.policy.review
        return Ruling(
            disposition=Disposition.REVIEW,
            status=RulingStatus.IN_REVIEW,
            outcome=None,
            reasons=(reason,),
            trace=tuple(_not_run(rule) for rule in self.policy.rules),
            queue=review.queue,
            due_in=review.due_in,
            when_overdue=review.when_overdue,
            sign_offs=max([review.sign_offs, *(rule.sign_offs or 1 for rule in self.policy.rules)]),
            sensitive=any(rule.sensitive for rule in self.policy.rules),
            approvable=False,
            undo=review.undo,
            judge_first=1.0,
        )

    def _weigh(
        self,
        facts: Mapping[str, Any],
        *,
        proposal: Proposal | None,
        checked: Checked,
        person_requested: bool,
        people_only: bool,
        holds: Sequence[str],
    ) -> Ruling:
        scales = _Scales(self.policy)
        if person_requested:
            scales.to_people.append(_PERSON_REQUESTED)
        if people_only:
            scales.to_people.append(_SUBJECT_PEOPLE_ONLY)
        for hold in holds:
            params: dict[str, Scalar] = {"reason": hold}
            scales.to_people.append(Reason(code=ReasonCode.HOLD, rule="hold", params=params))
        if checked.problems:
            pointer, detail = checked.problems[0]
            params = {"pointer": pointer, "detail": detail}
            reason = Reason(code=ReasonCode.INPUT_INVALID, rule="request", params=params)
            scales.to_people.append(reason)
        if proposal is None:
            scales.to_people.append(_NO_PROPOSAL)
        scales.to_people += checked.surprises
        if checked.problems or any(r.code is ReasonCode.TOO_LONG for r in checked.surprises):
            for rule, _ in self._rules:
                scales.not_asked(rule)
        else:
            answers = self.conditions.ask(facts)
            for (rule, names), answer in zip(self._rules, answers, strict=True):
                looked_at = {name: _stored(facts[name]) for name in names if name in facts}
                scales.answered(rule, answer, looked_at)
        scales.weigh_confidence(proposal)
        return scales.ruling(proposal, forced=person_requested or people_only or bool(holds))


class _Scales:
    """Collect what speaks for each disposition, and read off the ruling."""

    def __init__(self, policy: Policy) -> None:
        self.policy = policy
        self.to_people: list[Reason] = []
        self.to_refuse: list[Reason] = []
        self.to_release: list[Reason] = []
        self.trace: list[TraceStep] = []
        self.approvable = True
        self.sensitive = False
        self.sign_offs = policy.review.sign_offs
        self.queue: str | None = None
        self.due_in = policy.review.due_in
        self.judge_first = policy.judge_first

    def not_asked(self, rule: Rule) -> None:
        """Note a rule that could not be asked; it might have said the strictest it can."""
        self.trace.append(_not_run(rule))
        self.approvable = self.approvable and rule.then is not Disposition.REFUSE
        self.sensitive = self.sensitive or rule.sensitive
        self.sign_offs = max(self.sign_offs, rule.sign_offs or 1)
        self.judge_first = 1.0 if rule.judge_first else self.judge_first

    def answered(self, rule: Rule, answer: Answer, looked_at: Mapping[str, Any]) -> None:
        """Note what a rule said."""
        if isinstance(answer, Broken):
            said, detail = Said.ERROR, answer.detail
            self.to_people.append(_broken(rule.name, answer))
            self.approvable = self.approvable and rule.then is not Disposition.REFUSE
        elif answer:
            said, detail = Said.TRUE, ""
            reason = Reason(code=ReasonCode.RULE_MATCHED, rule=rule.name)
            self._side(rule.then).append(reason)
        else:
            said, detail = Said.FALSE, ""
        self.trace.append(
            TraceStep(
                rule=rule.name,
                when=rule.when,
                then=rule.then,
                said=said,
                looked_at=looked_at,
                detail=detail,
            )
        )
        if said is not Said.FALSE:
            self._take_terms(rule)

    def _side(self, then: Disposition) -> list[Reason]:
        if then is Disposition.REFUSE:
            return self.to_refuse
        return self.to_people if then is Disposition.REVIEW else self.to_release

    def _take_terms(self, rule: Rule) -> None:
        """Take over how people are to decide: the first queue named, the shortest time, the most sign-offs."""
        self.sensitive = self.sensitive or rule.sensitive
        if rule.then is not Disposition.REVIEW:
            return
        self.queue = self.queue or rule.queue
        if rule.due_in is not None and (self.due_in is None or rule.due_in < self.due_in):
            self.due_in = rule.due_in
        self.sign_offs = max(self.sign_offs, rule.sign_offs or 1)
        self.judge_first = 1.0 if rule.judge_first else self.judge_first

    def weigh_confidence(self, proposal: Proposal | None) -> None:
        """Hold the proposal's confidence against the least that the policy accepts without a person."""
        threshold = self.policy.review.confidence_below
        if threshold is None:
            return
        confidence = proposal.confidence if proposal is not None else None
        # Written so that a confidence which is not a number is below every threshold.
        below = confidence is not None and not confidence >= threshold
        said = Said.NOT_RUN if confidence is None else Said.TRUE if below else Said.FALSE
        self.trace.append(
            TraceStep(
                rule=CONFIDENCE_RULE,
                when=f"proposal.confidence < {threshold}",
                then=Disposition.REVIEW,
                said=said,
                looked_at={}
                if confidence is None
                else {"proposal.confidence": _stored(confidence)},
            )
        )
        if below:
            params: dict[str, Scalar] = {"confidence": _stored(confidence), "threshold": threshold}
            reason = Reason(code=ReasonCode.CONFIDENCE_BELOW, rule=CONFIDENCE_RULE, params=params)
            self.to_people.append(reason)

    def ruling(self, proposal: Proposal | None, *, forced: bool) -> Ruling:
        """Read the ruling off; ``forced`` says that a person was asked for or people only decide now."""
        policy, review, approvable = self.policy, self.policy.review, self.approvable
        if self.to_refuse and not forced:
            disposition, reasons = Disposition.REFUSE, self.to_refuse
        elif self.to_people:
            # Even a refusal is looked at by a person who was asked for, but never approved away.
            disposition, reasons = Disposition.REVIEW, self.to_people + self.to_refuse
            approvable = approvable and not self.to_refuse
        else:
            disposition, reasons = Disposition.RELEASE, self.to_release or [_NOTHING_MATCHED]

        declared = proposal is not None and proposal.outcome in policy.outcomes
        proposed = proposal.outcome if proposal is not None and declared else None
        outcome: str | None
        if policy.rollout is Rollout.OBSERVE and not forced:
            status, outcome = RulingStatus.OBSERVED, proposed
        elif disposition is Disposition.RELEASE:
            status, outcome = RulingStatus.RELEASED, proposed
        elif disposition is Disposition.REFUSE:
            status, outcome = RulingStatus.REFUSED, policy.fallback
        else:
            status, outcome = RulingStatus.IN_REVIEW, None
        waits = status is RulingStatus.IN_REVIEW
        return Ruling(
            disposition=disposition,
            status=status,
            outcome=outcome,
            reasons=tuple(reasons),
            trace=tuple(self.trace),
            queue=(self.queue or review.queue) if waits else None,
            due_in=self.due_in if waits else None,
            when_overdue=review.when_overdue if waits else None,
            sign_offs=self.sign_offs,
            sensitive=self.sensitive,
            approvable=approvable,
            undo=review.undo,
            judge_first=self.judge_first if waits else 0.0,
        )


_UNDECLARED: Final = Reason(code=ReasonCode.UNDECLARED_OUTCOME, rule="outcomes")
_UNSURE: Final = Reason(code=ReasonCode.CONFIDENCE_MISSING, rule="proposal.confidence")
_NO_PROPOSAL: Final = Reason(code=ReasonCode.PROPOSAL_MISSING, rule="proposal")
_PERSON_REQUESTED: Final = Reason(code=ReasonCode.PERSON_REQUESTED, rule="person_requested")
_SUBJECT_PEOPLE_ONLY: Final = Reason(
    code=ReasonCode.SUBJECT_PEOPLE_ONLY, rule="subject_people_only"
)
_NOTHING_MATCHED: Final = Reason(code=ReasonCode.NOTHING_MATCHED, rule="rules")


@cache
def _zone(name: str) -> ZoneInfo:
    return ZoneInfo(name)


_CONTEXT: Final[Mapping[str, Callable[[Question], Any]]] = {
    "subject.known": lambda q: q.subject_known,
    "context.now": lambda q: q.context.now,
    "context.hour": lambda q: q.context.now.astimezone(_zone(q.context.zone)).hour,
    "context.weekday": lambda q: q.context.now.astimezone(_zone(q.context.zone)).isoweekday(),
    "context.language": lambda q: q.context.language,
    "context.channel": lambda q: q.context.channel,
    "context.earlier.count_30d": lambda q: (
        q.context.earlier.count_30d if q.context.earlier else None
    ),
    "context.earlier.last_outcome": lambda q: (
        q.context.earlier.last_outcome if q.context.earlier else None
    ),
    "context.earlier.last_at": lambda q: q.context.earlier.last_at if q.context.earlier else None,
}
_NO_NULL: Final = "null is not accepted here; give a value"
_NO_NULL_BUT_ABSENT: Final = "null is not accepted here; give a value or leave it out"
_INSTANTS: Final = frozenset({"context.now", "context.earlier.last_at"})


def _proposal_facts(proposal: Proposal) -> dict[str, Any]:
    facts: dict[str, Any] = {
        "proposal.outcome": proposal.outcome,
        "proposal.source": proposal.source,
    }
    if proposal.confidence is not None:
        facts["proposal.confidence"] = proposal.confidence
    return facts


def _broken(rule: str, answer: Broken) -> Reason:
    if answer.absent:
        return Reason(code=ReasonCode.FACT_ABSENT, rule=rule, params={"fact": answer.absent[0]})
    return Reason(code=ReasonCode.RULE_BROKEN, rule=rule)


def _not_run(rule: Rule) -> TraceStep:
    return TraceStep(rule=rule.name, when=rule.when, then=rule.then, said=Said.NOT_RUN)


def _stored(value: Any) -> Any:
    """Give a value as the trace keeps it, which JSON can hold."""
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    if isinstance(value, str | int | float | list) or value is None:
        return value
    return list(value) if isinstance(value, tuple) else str(value)


def _instant(text: str) -> datetime:
    return datetime.fromisoformat(text)


def _pointer(parent: str, name: str) -> str:
    return f"{parent}/{name.replace('~', '~0').replace('/', '~1')}"


def _wrong_text(value: object) -> str | None:
    if not isinstance(value, str):
        return "expected a text"
    if "\x00" in value:
        return "the character U+0000 is not accepted"
    try:
        value.encode()
    except UnicodeEncodeError:
        return "not valid Unicode: it holds half a surrogate pair"
    return None


def _wrong_number(value: object) -> str | None:
    if type(value) is int:
        return (
            None
            if -LARGEST_INTEGER <= value <= LARGEST_INTEGER
            else "an integer beyond 2^53 is not accepted"
        )
    if type(value) is not float:
        return "expected a number"
    return None if math.isfinite(value) else "NaN and infinity are not accepted; expected a number"


def _wrong_alternatives(alternatives: Sequence[Alternative]) -> Iterator[tuple[str, str]]:
    for at, alternative in enumerate(alternatives):
        wrong = _wrong_text(alternative.outcome)
        if wrong:
            yield f"/proposal/alternatives/{at}/outcome", wrong
        confidence = alternative.confidence
        wrong = None if confidence is None else _wrong_confidence(confidence)
        if wrong:
            yield f"/proposal/alternatives/{at}/confidence", wrong


def _wrong_contributions(contributions: Sequence[Contribution]) -> Iterator[tuple[str, str]]:
    for at, reason in enumerate(contributions):
        wrong = _wrong_text(reason.feature)
        if wrong:
            yield f"/proposal/reasons/{at}/feature", wrong
        wrong = _wrong_number(reason.contribution)
        if wrong:
            yield f"/proposal/reasons/{at}/contribution", wrong


def _wrong_integer(value: object) -> str | None:
    if type(value) is not int:
        return "expected an integer"
    return (
        None
        if -LARGEST_INTEGER <= value <= LARGEST_INTEGER
        else "an integer beyond 2^53 is not accepted"
    )


def _wrong_boolean(value: object) -> str | None:
    return None if type(value) is bool else "expected true or false"


def _wrong_array(value: object) -> str | None:
    if not isinstance(value, list | tuple):
        return "expected a list of texts"
    for at, item in enumerate(value):
        wrong = _wrong_text(item)
        if wrong:
            return f"item {at}: {wrong}"
    return None


def _wrong_confidence(value: object) -> str | None:
    if type(value) not in (int, float) or not 0 <= value <= 1:  # type: ignore[operator]  # a number by now
        return "expected a number from 0 to 1"
    return None


def _check(feature: Feature) -> Check:
    return {
        FeatureType.STRING: _wrong_text,
        FeatureType.INTEGER: _wrong_integer,
        FeatureType.NUMBER: _wrong_number,
        FeatureType.BOOLEAN: _wrong_boolean,
        FeatureType.ARRAY: _wrong_array,
    }[feature.type]


def _surprise(feature: Feature) -> Surprise:
    rule = f"features.{feature.name}"
    out_of_range = Reason(code=ReasonCode.OUT_OF_RANGE, rule=rule, params={"feature": feature.name})
    empty = Reason(code=ReasonCode.EMPTY_TEXT, rule=rule, params={"feature": feature.name})
    too_long = Reason(code=ReasonCode.TOO_LONG, rule=rule, params={"feature": feature.name})
    values = frozenset(feature.values) if feature.values is not None else None
    low = -math.inf if feature.minimum is None else feature.minimum
    high = math.inf if feature.maximum is None else feature.maximum

    def of_string(value: str) -> Reason | None:
        if _is_long(value):
            return too_long
        if values is not None:
            return None if value in values else empty if not value.strip() else out_of_range
        return None if value and not value.isspace() else empty

    def of_number(value: float) -> Reason | None:
        return (
            None if low <= value <= high and (values is None or value in values) else out_of_range
        )

    def of_array(value: Sequence[str]) -> Reason | None:
        if len(value) > LONGEST_ARRAY or any(_is_long(item) for item in value):
            return too_long
        for item in value:
            if values is not None and item not in values:
                return out_of_range
            if not item or item.isspace():
                return empty
        return None

    if feature.type is FeatureType.STRING:
        return of_string
    if feature.type is FeatureType.ARRAY:
        return of_array
    return of_number if feature.type is not FeatureType.BOOLEAN else _no_surprise


def _is_long(value: str) -> bool:
    # A character has at most four bytes, so that most texts need not be encoded to know.
    return len(value) * 4 > LONGEST_STRING and len(value.encode()) > LONGEST_STRING


def _no_surprise(value: object) -> Reason | None:
    return None


_engines: OrderedDict[str, Engine] = OrderedDict()
_engines_lock = Lock()
_MOST_ENGINES: Final = 256


def engine_for(policy: Policy) -> Engine:
    """Give the engine of a policy, prepared once and kept while it is among the most recently used."""
    with _engines_lock:
        engine = _engines.get(policy.digest)
        if engine is None:
            engine = _engines[policy.digest] = Engine(policy)
            if len(_engines) > _MOST_ENGINES:
                _engines.popitem(last=False)
        else:
            _engines.move_to_end(policy.digest)
        return engine


def trace_document(ruling: Ruling) -> dict[str, Any]:
    """Write a ruling with its trace as plain values that JSON can hold; ``trace_from`` reads it back."""
    return {
        "version": 1,
        "disposition": str(ruling.disposition),
        "status": str(ruling.status),
        "outcome": ruling.outcome,
        "reasons": [
            {"code": str(reason.code), "rule": reason.rule, "params": dict(reason.params)}
            for reason in ruling.reasons
        ],
        "trace": [
            {
                "rule": step.rule,
                "when": step.when,
                "then": str(step.then),
                "said": str(step.said),
                "looked_at": dict(step.looked_at),
                "detail": step.detail,
            }
            for step in ruling.trace
        ],
        "queue": ruling.queue,
        "due_in": None if ruling.due_in is None else int(ruling.due_in.total_seconds()),
        "when_overdue": None
        if ruling.when_overdue is None
        else {"escalate_to": ruling.when_overdue.escalate_to, "then": ruling.when_overdue.then},
        "sign_offs": ruling.sign_offs,
        "sensitive": ruling.sensitive,
        "approvable": ruling.approvable,
        "undo": int(ruling.undo.total_seconds()),
        "judge_first": ruling.judge_first,
    }


def trace_from(document: Mapping[str, Any]) -> Ruling:
    """Read back what ``trace_document`` wrote.

    Raises:
        ValueError: the document is of a later version than this one reads.
    """
    if document["version"] != 1:
        raise ValueError(
            f"a trace of version {document['version']} was written by a later release; upgrade to read it"
        )
    overdue = document["when_overdue"]
    return Ruling(
        disposition=Disposition(document["disposition"]),
        status=RulingStatus(document["status"]),
        outcome=document["outcome"],
        reasons=tuple(
            Reason(
                code=ReasonCode(reason["code"]), rule=reason["rule"], params=dict(reason["params"])
            )
            for reason in document["reasons"]
        ),
        trace=tuple(
            TraceStep(
                rule=step["rule"],
                when=step["when"],
                then=Disposition(step["then"]),
                said=Said(step["said"]),
                looked_at=dict(step["looked_at"]),
                detail=step["detail"],
            )
            for step in document["trace"]
        ),
        queue=document["queue"],
        due_in=None if document["due_in"] is None else timedelta(seconds=document["due_in"]),
        when_overdue=None
        if overdue is None
        else Overdue(escalate_to=overdue["escalate_to"], then=overdue["then"]),
        sign_offs=document["sign_offs"],
        sensitive=document["sensitive"],
        approvable=document["approvable"],
        undo=timedelta(seconds=document["undo"]),
        judge_first=document.get("judge_first", 0.0),
    )
