"""What the filters of the ledger are called, and what was wrong with one."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from babel.dates import format_date

from governance.decisions.states import Status
from governance.errors import InvalidInput
from governance.reporting.filters import Disposition, Filters, Person, Truth
from governance.work import Work
from policies.reasons import ReasonCode
from web.console import telling, times
from web.console.requests import point_title
from web.console.speech import gettext as _
from web.console.views.shell import Choice, Form


def labels() -> Mapping[str, str]:
    """Name each filter."""
    return {
        "point": _("Decision point"),
        "status": _("Status"),
        "disposition": _("The policy said"),
        "proposed": _("Proposed"),
        "outcome": _("Outcome"),
        "version": _("Policy version"),
        "rule": _("Rule"),
        "reason": _("Reason"),
        "person": _("Person"),
        "truth": _("Right answer"),
        "confidence_from": _("Confidence from"),
        "confidence_to": _("Confidence to"),
        "imported": _("Origin"),
        "source": _("App"),
        "since": _("From"),
        "until": _("Until"),
    }


def statuses() -> tuple[Choice, ...]:
    """Name how a decision can stand."""
    said = {
        Status.RELEASED: _("released"),
        Status.OBSERVED: _("observed"),
        Status.IN_REVIEW: _("in review"),
        Status.APPROVED: _("approved"),
        Status.CHANGED: _("changed"),
        Status.REJECTED: _("rejected"),
        Status.LAPSED: _("lapsed"),
        Status.REFUSED: _("refused"),
        Status.WITHDRAWN: _("withdrawn"),
    }
    return tuple(Choice(value=value, label=label) for value, label in said.items())


def dispositions() -> tuple[Choice, ...]:
    """Name what a policy can say."""
    said = {
        Disposition.RELEASE: _("release"),
        Disposition.REVIEW: _("review"),
        Disposition.REFUSE: _("refuse"),
    }
    return tuple(Choice(value=value, label=label) for value, label in said.items())


def persons() -> tuple[Choice, ...]:
    """Name what a person can have had to do with a decision."""
    said = {
        Person.SENT: _("was asked"),
        Person.NONE: _("was not asked"),
        Person.KEPT: _("kept the proposal"),
        Person.CHANGED: _("changed the proposal"),
    }
    return tuple(Choice(value=value, label=label) for value, label in said.items())


def truths() -> tuple[Choice, ...]:
    """Name what can be known of what would have been right."""
    said = {
        Truth.PROPOSAL_WRONG: _("the proposal was wrong"),
        Truth.PROPOSAL_RIGHT: _("the proposal was right"),
        Truth.OUTCOME_WRONG: _("the outcome was wrong"),
        Truth.KNOWN: _("known"),
        Truth.MISSING: _("not known yet"),
        Truth.NEVER: _("will never be known"),
    }
    return tuple(Choice(value=value, label=label) for value, label in said.items())


def origins() -> tuple[Choice, ...]:
    """Name where a decision can come from."""
    return (
        Choice(value="no", label=_("decided here")),
        Choice(value="yes", label=_("imported")),
    )


def reasons() -> tuple[Choice, ...]:
    """Name the reasons that a ruling can have."""
    said = {
        ReasonCode.RULE_MATCHED: _("a rule applied"),
        ReasonCode.CONFIDENCE_BELOW: _("not sure enough"),
        ReasonCode.CONFIDENCE_MISSING: _("came without a confidence"),
        ReasonCode.HOLD: _("people only"),
        ReasonCode.PERSON_REQUESTED: _("a person was asked for"),
        ReasonCode.SUBJECT_PEOPLE_ONLY: _("always a person"),
        ReasonCode.NOTHING_MATCHED: _("no rule applied"),
        ReasonCode.FACT_ABSENT: _("a fact was absent"),
        ReasonCode.OUT_OF_RANGE: _("a fact was out of range"),
        ReasonCode.EMPTY_TEXT: _("a text was empty"),
        ReasonCode.TOO_LONG: _("a fact was too long"),
        ReasonCode.INPUT_INVALID: _("the facts did not fit"),
        ReasonCode.PROPOSAL_MISSING: _("no proposal"),
        ReasonCode.UNDECLARED_OUTCOME: _("an outcome nobody declared"),
        ReasonCode.RULE_BROKEN: _("a rule could not be evaluated"),
        ReasonCode.RULING_FAILED: _("the policy could not be applied"),
    }
    return tuple(Choice(value=value, label=label) for value, label in said.items())


def told(work: Work, wanted: Filters, name: str, value: str) -> str:
    """Say one filter in words."""
    return _("%(label)s: %(value)s", label=labels()[name], value=_value(work, wanted, name, value))


def mistakes(said: Mapping[str, str], error: InvalidInput) -> Form:
    """Say what was wrong with the filters, in the reader's words."""
    expected = {
        "version": _("Give the number of a policy version, such as 3."),
        "confidence_from": _("Give a number from 0 to 1, such as 0.8."),
        "confidence_to": _("Give a number from 0 to 1 that is no less than the first."),
        "since": _("Give a date like 2027-03-01."),
        "until": _("Give a date like 2027-03-01 that is no earlier than the first."),
    }
    names = [problem.pointer.removeprefix("/") for problem in error.problems]
    return Form(
        values=said,
        errors={name: expected.get(name, _("Choose one that is offered.")) for name in names},
    )


def _value(work: Work, wanted: Filters, name: str, value: str) -> str:
    if name == "point":
        return point_title(work, value)
    if name in {"proposed", "outcome"}:
        live = work.configuration.live.get(wanted.point or "")
        return value if live is None else telling.outcome_label(live.policy, value)
    if name in {"since", "until"}:
        return format_date(date.fromisoformat(value), "medium", locale=times.locale())
    if name == "source":
        return telling.source(value)
    chosen = {
        "status": statuses,
        "disposition": dispositions,
        "person": persons,
        "truth": truths,
        "reason": reasons,
        "imported": origins,
    }
    if name in chosen:
        return next(one.label for one in chosen[name]() if one.value == value)
    return value
