"""A policy in plain words, and what one version says that another did not."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta
from difflib import SequenceMatcher

from babel.units import format_unit

from policies.document import Policy, Requirement, Rollout, Rule
from web.console.speech import gettext as _
from web.console.speech import language, ngettext
from web.console.times import locale
from web.console.views.rules import RuleView
from web.console.views.shell import Choice


def in_words(policy: Policy) -> Iterator[str]:
    """Say what a policy asks for, one sentence a matter."""
    review = policy.review
    if policy.rollout is Rollout.OBSERVE:
        yield _("It only observes: what the app proposes stands, and everything is recorded.")
    if review.confidence_below is not None:
        gate = f"{review.confidence_below:.2f}"
        yield _("A person decides where the app is less than %(gate)s sure.", gate=gate)
    else:
        yield _("However unsure the app is, only the rules send a case to a person.")
    yield _cases(policy)
    if review.sign_offs > 1:
        yield ngettext(
            "%(num)s person decides each case.",
            "%(num)s people must agree on each case.",
            review.sign_offs,
        )
    if review.undo:
        yield _("A verdict can be taken back for %(time)s.", time=duration(review.undo))
    if Requirement.SUBJECT in policy.require:
        yield _("Each request must name the person it is about.")
    if Requirement.GROUPS in policy.require:
        yield _("Each request must bring the group attributes, which nobody here sees.")
    if Requirement.REASONS in policy.require:
        yield _("Each request must bring the reasons for its proposal.")
    if policy.keep is None:
        yield _("What is known of the people concerned is kept for good.")
    else:
        yield ngettext(
            "What is known of the people concerned is deleted %(num)s day after a decision is settled.",
            "What is known of the people concerned is deleted %(num)s days after a decision is settled.",
            policy.keep.days,
        )
    if policy.notice is not None:
        yield _("The people concerned read: “%(notice)s”", notice=policy.notice.in_(language()))


def rules(policy: Policy) -> tuple[RuleView, ...]:
    """Show the rules in their order."""
    return tuple(
        RuleView(
            name=rule.name,
            when=rule.when,
            then=rule.then,
            because="" if rule.because is None else rule.because.in_(language()),
            sensitive=rule.sensitive,
            extras=tuple(_extras(rule)),
            line=rule.line,
        )
        for rule in policy.rules
    )


def outcomes(policy: Policy) -> tuple[Choice, ...]:
    """Show what can be decided."""
    return tuple(
        Choice(
            value=outcome.name,
            label=outcome.label.in_(language()),
            hint=", ".join(
                [_("favourable")] * outcome.favourable
                + [_("what rejected, refused and lapsed cases get")] * outcome.fallback
            ),
        )
        for outcome in policy.outcomes.values()
    )


def duration(length: timedelta) -> str:
    """Write out a length of time exactly."""
    left = int(length.total_seconds())
    parts = []
    for unit, seconds in (("day", 86_400), ("hour", 3600), ("minute", 60), ("second", 1)):
        count, left = divmod(left, seconds)
        if count:
            parts.append(format_unit(count, f"duration-{unit}", locale=locale()))
    return " ".join(parts) or format_unit(0, "duration-second", locale=locale())


def difference(
    before: Sequence[str], after: Sequence[str]
) -> tuple[tuple[int, ...], tuple[tuple[int, str], ...]]:
    """Return which lines are new, by number, and which are gone, with the numbers they had."""
    new: list[int] = []
    gone: list[tuple[int, str]] = []
    matcher = SequenceMatcher(a=before, b=after, autojunk=False)
    for tag, a_from, a_to, b_from, b_to in matcher.get_opcodes():
        if tag != "equal":
            new += range(b_from + 1, b_to + 1)
            gone += [(number + 1, before[number]) for number in range(a_from, a_to)]
    return tuple(new), tuple(gone)


def _cases(policy: Policy) -> str:
    review = policy.review
    label = policy.outcomes[policy.fallback].label.in_(language())
    if review.due_in is None:
        return _(
            "Cases go to %(queue)s; no time is set, so they may wait for ever.", queue=review.queue
        )
    due = duration(review.due_in)
    if review.when_overdue.escalate_to is not None:
        return _(
            "Cases go to %(queue)s and are due within %(due)s of work; after that they go to %(next)s, and then to “%(outcome)s”.",
            queue=review.queue,
            due=due,
            next=review.when_overdue.escalate_to,
            outcome=label,
        )
    return _(
        "Cases go to %(queue)s and are due within %(due)s of work; after that it is “%(outcome)s”.",
        queue=review.queue,
        due=due,
        outcome=label,
    )


def _extras(rule: Rule) -> Iterator[str]:
    if rule.queue is not None:
        yield _("to %(queue)s", queue=rule.queue)
    if rule.due_in is not None:
        yield _("due in %(time)s", time=duration(rule.due_in))
    if rule.sign_offs is not None and rule.sign_offs > 1:
        yield ngettext("%(num)s sign-off", "%(num)s sign-offs", rule.sign_offs)
