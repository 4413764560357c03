"""What a monitor looks for and what it found, in plain words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from audits.fairness.sequential import Kind, MonitorVerdict, Side
from audits.reports.words import Words, numbers
from governance.monitors.models import DOUBT
from governance.monitors.service import IncidentView, MonitorView
from governance.monitors.watching import kind_of
from policies.document import Policy
from web.console.speech import gettext as _
from web.console.speech import language
from web.console.views.audit import Chip, Compared

_BELOW: Final = Side.BELOW.value
_RAISED: Final = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")


@dataclass(frozen=True, slots=True, kw_only=True)
class Watched:
    """What one monitor looks at: a metric of one group, to one side. ``group`` is empty where no groups are compared."""

    metric: str
    by: str | None
    group: str
    stage: str
    side: str
    tolerance: float
    watch: float | None
    recent_group: tuple[int, int] | None
    recent_reference: tuple[int, int] | None


def of_monitor(view: MonitorView) -> Watched:
    """Return what a monitor looks at."""
    return Watched(
        metric=view.metric,
        by=view.by,
        group=view.group,
        stage=view.stage,
        side=view.side,
        tolerance=view.tolerance,
        watch=view.watch,
        recent_group=view.recent_group,
        recent_reference=view.recent_reference,
    )


def of_incident(view: IncidentView) -> Watched:
    """Return what the monitor of an incident looked at when it raised the alarm."""
    details: Mapping[str, Any] = view.details
    recent = details.get("recent")
    return Watched(
        metric=details["metric"],
        by=details["by"],
        group=view.group,
        stage=details["stage"],
        side=details["side"],
        tolerance=details["tolerance"],
        watch=details["watch"],
        recent_group=None if recent is None else tuple(recent["group"]),
        recent_reference=None if recent is None else tuple(recent["reference"]),
    )


def incident_title(policy: Policy | None, view: IncidentView) -> str:
    """Say in a sentence what an incident is about."""
    if view.level == DOUBT:
        return _("People say that the software is wrong here")
    return title(policy, of_incident(view))


def title(policy: Policy | None, watched: Watched) -> str:
    """Say in a sentence what a monitor's alarm means."""
    words = _words(policy)
    people = words.people({watched.by or "": watched.group})
    said = _sentence(watched) % {"people": people, "positive": words.positives()}
    return said[:1].upper() + said[1:]


def tolerated(watched: Watched) -> str:
    """Say what the policy tolerates."""
    limit, watch = _share(watched.tolerance), watched.watch
    kind = kind_of(watched.metric)
    if kind is Kind.RATIO:
        said = _("Tolerated: the lower share is at least %(limit)s of the higher.", limit=limit)
    elif kind is Kind.DIFFERENCE:
        points = numbers.trimmed(watched.tolerance * 100, language())
        said = _("Tolerated: the shares are at most %(points)s points apart.", points=points)
    else:
        said = _("Tolerated: at most %(limit)s.", limit=limit)
    if watch is None:
        return said
    if kind is Kind.DIFFERENCE:
        from_ = numbers.trimmed(watch * 100, language())
        return said + " " + _("Watched from %(points)s points on.", points=from_)
    return said + " " + _("Watched from %(limit)s on.", limit=_share(watch))


def recently(policy: Policy | None, watched: Watched) -> tuple[Compared, ...]:
    """Say how often it happened lately to the group and to those it is compared with; nothing to who may not read counts."""
    if watched.recent_group is None or watched.recent_reference is None:
        return ()
    if watched.by is None:
        return (_compared(_("all"), watched.recent_group),)
    reference = "" if policy is None else policy.measure.reference.get(watched.by, "")
    name = _words(policy).attribute(watched.by)
    return (
        _compared(f"{name}: {watched.group}", watched.recent_group),
        _compared(
            f"{name}: {reference}" if reference else _("the others"), watched.recent_reference
        ),
    )


def found(policy: Policy | None, watched: Watched, against: str, decisions: int) -> tuple[str, ...]:
    """Say what was found, in sentences made from the figures."""
    said = []
    shown = recently(policy, watched)
    rate = _rate(watched) % {"positive": _words(policy).positives()}
    if len(shown) == 2:
        group, reference = shown
        said.append(
            _(
                "Before the alarm, %(rate)s in %(part)s of %(whole)s decisions with %(who)s (%(share)s), and in %(other_part)s of %(other_whole)s with %(other)s (%(other_share)s).",
                rate=rate,
                who=group.who,
                part=_count(group.part),
                whole=_count(group.whole),
                share=group.share,
                other=reference.who,
                other_part=_count(reference.part),
                other_whole=_count(reference.whole),
                other_share=reference.share,
            )
        )
    elif shown:
        said.append(
            _(
                "Before the alarm, %(rate)s in %(part)s of %(whole)s (%(share)s).",
                rate=rate,
                part=_count(shown[0].part),
                whole=_count(shown[0].whole),
                share=shown[0].share,
            )
        )
    said.append(tolerated(watched))
    said.append(
        _(
            "After %(decisions)s decisions the odds against this being kept stood at %(odds)s.",
            decisions=_count(decisions),
            odds=odds(against),
        )
    )
    return tuple(said)


def odds(told: str) -> str:
    """Write odds as the page's language does; ``told`` is as monitors write them."""
    figure = told.removeprefix("1 : ")
    if figure.isdigit():
        return f"1{numbers.NO_BREAK}: {_count(int(figure))}"
    raised = figure.removeprefix("10^").translate(_RAISED)
    return f"1{numbers.NO_BREAK}: 10{raised}"


def evidence(log10_e: float) -> str:
    """Write evidence as odds against the tolerance being kept."""
    return Words(language=language()).odds(max(log10_e, 0.0))


def verdict_chip(verdict: str) -> Chip:
    """Name what a monitor has found."""
    return {
        MonitorVerdict.VIOLATION.value: Chip(text=_("violation"), tone="bad", drawing="alert"),
        MonitorVerdict.WATCH.value: Chip(text=_("watch"), tone="warn", drawing="eye"),
        DOUBT: Chip(text=_("said by people"), tone="warn", drawing="people"),
    }.get(verdict, Chip(text=_("quiet"), tone="good", drawing="check"))


def status_chip(status: str) -> Chip:
    """Name how an incident stands."""
    if status == "open":
        return Chip(text=_("open"), tone="warn", drawing="clock")
    return Chip(text=_("closed"), drawing="check")


def gravest(verdicts: Sequence[str]) -> str:
    """Return the gravest of some verdicts."""
    order = [MonitorVerdict.QUIET.value, MonitorVerdict.WATCH.value, MonitorVerdict.VIOLATION.value]
    return max(verdicts, key=order.index, default=MonitorVerdict.QUIET.value)


def _words(policy: Policy | None) -> Words:
    if policy is None:
        return Words(language=language())
    return Words(
        language=language(),
        positive=sorted(policy.positive),
        outcome_labels={name: dict(one.label) for name, one in policy.outcomes.items()},
    )


def _compared(who: str, counts: tuple[int, int]) -> Compared:
    part, whole = counts
    return Compared(
        who=who,
        part=part,
        whole=whole,
        share=numbers.share(part / whole if whole else None, language()),
    )


def _share(figure: float) -> str:
    return f"{numbers.trimmed(figure * 100, language())}{numbers.NO_BREAK}%"


def _count(figure: int) -> str:
    return numbers.count(figure, language())


def _rate(watched: Watched) -> str:
    """Return what is counted, as a clause; its slot is positive."""
    if watched.metric.startswith("selection_rate") and watched.stage == "outcome":
        return _("%(positive)s was the outcome")
    clauses = {
        "selection_rate": _("%(positive)s was proposed"),
        "review_rate": _("a person was asked"),
        "tpr": _("%(positive)s was proposed, where it was right,"),
        "fpr": _("%(positive)s was proposed, where it was wrong,"),
        "accuracy": _("the proposal turned out right"),
        "automated_error": _("what no person had seen turned out wrong"),
        "overdue_share": _("a case was decided after it was due"),
    }
    return clauses[watched.metric.removesuffix("_ratio").removesuffix("_difference")]


def _sentence(watched: Watched) -> str:
    """Return the sentence of a metric and a side, too low or too high; its slots are people and positive."""
    alone = {
        "automated_error": _("Decisions that no person sees turn out wrong too often"),
        "overdue_share": _("Cases are decided after they were due too often"),
    }
    by_people = {
        "review_rate": (
            _("Decisions about %(people)s go to a person too rarely"),
            _("Decisions about %(people)s go to a person too often"),
        ),
        "tpr": (
            _("Where %(positive)s would be right, it is proposed too rarely for %(people)s"),
            _("Where %(positive)s would be right, it is proposed too often for %(people)s"),
        ),
        "fpr": (
            _("Where %(positive)s would be wrong, it is proposed too rarely for %(people)s"),
            _("Where %(positive)s would be wrong, it is proposed too often for %(people)s"),
        ),
        "accuracy": (
            _("Proposals about %(people)s are right too rarely"),
            _("Proposals about %(people)s are right too often"),
        ),
        "automated_error": (
            _("Decisions about %(people)s that no person sees turn out wrong too rarely"),
            _("Decisions about %(people)s that no person sees turn out wrong too often"),
        ),
        "selection_rate": (
            _("%(positive)s is proposed too rarely for %(people)s"),
            _("%(positive)s is proposed too often for %(people)s"),
        ),
    }
    in_the_end = (
        _("%(people)s get %(positive)s too rarely"),
        _("%(people)s get %(positive)s too often"),
    )
    if watched.metric in alone:
        return alone[watched.metric]
    rate = watched.metric.removesuffix("_ratio").removesuffix("_difference")
    if rate == "selection_rate" and watched.stage == "outcome":
        return in_the_end[watched.side != _BELOW]
    return by_people[rate][watched.side != _BELOW]
