"""What governance knows of a decision, in the words of the page of the person concerned."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from babel.dates import format_date

from governance.appeals.service import LONGEST_WORDS
from governance.appeals.subject_page import SubjectPage
from governance.appeals.views import AppealView
from governance.decisions.states import Status
from governance.rights.transitions import RightKind, RightsStatus
from governance.rights.views import RightsView
from governance.subjects.files import MOST_BYTES, MOST_FILES
from policies import corrections
from policies.document import Feature, FeatureType, Policy
from policies.texts import shown
from web.console import telling as pages
from web.console.speech import gettext as _
from web.console.speech import language, ngettext
from web.console.times import LOCALES
from web.console.views.shell import Choice
from web.portal.views import (
    Answered,
    AppealForm,
    AppealShown,
    AskedShown,
    Correctable,
    Corrected,
    Day,
    DecisionPage,
    Used,
)


def decision(
    page: SubjectPage,
    asked: Sequence[RightsView],
    token: str,
    form: str,
    *,
    error: str = "",
) -> DecisionPage:
    """Show a decision to the person concerned."""
    view, standing, policy = page.decision, page.standing, page.policy
    zone = ZoneInfo(page.time_zone)
    shown_appeals = [_appeal(page, one, zone) for one in standing.appeals]
    open_one = next((one for one in shown_appeals if 0 < one.step < 3), None)
    last = open_one or (shown_appeals[-1] if shown_appeals else None)
    was = pages.outcome_label(policy, view.outcome) if standing.reversed_by else ""
    days = math.ceil(standing.answered_within / timedelta(days=1))
    return DecisionPage(
        token=token,
        number=str(view.id),
        title=policy.title.in_(language()),
        purpose=policy.purpose.in_(language()),
        decided=_day_or_none(view.decided_at, zone),
        recorded=day(view.occurred_at or view.recorded_at, zone),
        outcome=pages.outcome_label(policy, standing.outcome),
        headline=page.explanation.headline,
        waiting=standing.status == Status.IN_REVIEW,
        withdrawn=standing.status == Status.WITHDRAWN,
        before=was,
        changed_on=_day_or_none(standing.reversed_at, zone),
        objected=any(one.upheld for one in standing.appeals),
        reasons=tuple(reason.text for reason in page.explanation.reasons),
        would_change=tuple(change.text for change in page.explanation.what_would_change),
        used=_used(policy, view.features),
        never_used=", ".join(name.replace("_", " ") for name in policy.groups),
        kept=_kept(page),
        notice=view.notice or "",
        erased=standing.erased,
        appeal=last,
        earlier=tuple(one for one in shown_appeals if one is not last),
        may_appeal=standing.why_not is None,
        again=any(one.step == 3 for one in shown_appeals),
        answer_in=ngettext("%(num)s day", "%(num)s days", days),
        always_person=None if page.marked is None else page.marked.people_only,
        always_since=None if page.marked is None else _day_or_none(page.marked.since, zone),
        asked=tuple(_asked(one, zone) for one in asked),
        may_ask=tuple(
            kind.value
            for kind in RightKind
            if not any(one.kind is kind and one.status is RightsStatus.OPEN for one in asked)
        ),
        longest_words=LONGEST_WORDS,
        form=form,
        error=error,
    )


def _kept(page: SubjectPage) -> str:
    if page.keep is None:
        return ""
    return ngettext(
        "What is stored about you here is deleted %(num)s day after the decision is settled, unless a law or a court needs it for longer.",
        "What is stored about you here is deleted %(num)s days after the decision is settled, unless a law or a court needs it for longer.",
        page.keep.days,
    )


def appeal_form(
    page: SubjectPage,
    token: str,
    form: str,
    now: datetime,
    *,
    values: Mapping[str, str] | None = None,
    errors: Mapping[str, str] | None = None,
) -> AppealForm:
    """Show the form with which the person asks for a person."""
    features = page.decision.features or {}
    facts = tuple(
        _correctable(feature, features.get(name))
        for name, feature in corrections.correctable(page.policy).items()
    )
    typed, wrong = values or {}, errors or {}
    return AppealForm(
        token=token,
        title=page.policy.title.in_(language()),
        outcome=pages.outcome_label(page.policy, page.standing.outcome),
        due=day(now + page.standing.answered_within, ZoneInfo(page.time_zone)),
        facts=facts,
        most_files=MOST_FILES,
        most_megabytes=MOST_BYTES // 1_000_000,
        longest_words=LONGEST_WORDS,
        form=form,
        values=typed,
        errors=wrong,
        opened=any(name.startswith("fact.") and value for name, value in typed.items())
        or any(name.startswith("fact.") for name in wrong),
    )


def _asked(one: RightsView, zone: ZoneInfo) -> AskedShown:
    return AskedShown(
        id=one.id,
        kind=one.kind.value,
        state=one.status.value,
        asked=day(one.asked_at, zone),
        due=day(one.due_at, zone),
        late=one.late,
        words=one.words or "",
        answer=one.answer or "",
        closed=_day_or_none(one.closed_at, zone),
        until=_day_or_none(one.copy_until, zone),
        takable=one.may_take,
    )


def day(instant: datetime, zone: ZoneInfo) -> Day:
    """Write a day in the business's zone and the page's language."""
    local = instant.astimezone(zone).date()
    return Day(iso=local, text=format_date(local, "long", locale=LOCALES[language()]))


def expected(feature: Feature) -> str:
    """Say what is expected of a corrected fact."""
    if feature.values is not None:
        return _("Choose one of the values.")
    low, high = feature.minimum, feature.maximum
    if feature.type in {FeatureType.INTEGER, FeatureType.NUMBER}:
        whole = feature.type is FeatureType.INTEGER
        if low is not None and high is not None:
            return _("Give a number from %(low)s to %(high)s.", low=f"{low:g}", high=f"{high:g}")
        if low is not None:
            return _("Give a number of %(low)s or more.", low=f"{low:g}")
        if high is not None:
            return _("Give a number of %(high)s or less.", high=f"{high:g}")
        return _("Give a whole number.") if whole else _("Give a number.")
    return _("This does not fit; write it differently.")


def _day_or_none(instant: datetime | None, zone: ZoneInfo) -> Day | None:
    return None if instant is None else day(instant, zone)


def _used(policy: Policy, features: Mapping[str, Any] | None) -> tuple[Used, ...]:
    told = []
    for name, feature in policy.features.items():
        if features is None or name not in features:
            continue
        label = feature.label.in_(language())
        if not feature.correctable:
            told.append(Used(label=label))
        elif features[name] is None:
            told.append(Used(label=label, absent=True))
        else:
            told.append(Used(label=label, value=shown(features[name], language())))
    return tuple(told)


def _correctable(feature: Feature, value: Any) -> Correctable:
    kind = "text"
    choices: tuple[Choice, ...] = ()
    if feature.type is FeatureType.BOOLEAN:
        kind = "choice"
        choices = (Choice(value="true", label=_("yes")), Choice(value="false", label=_("no")))
    elif feature.type is FeatureType.ARRAY:
        kind = "lines"
    elif feature.values is not None:
        kind = "choice"
        choices = tuple(
            Choice(value=str(one), label=shown(one, language())) for one in feature.values
        )
    elif feature.type in {FeatureType.INTEGER, FeatureType.NUMBER}:
        kind = "number"
    return Correctable(
        name=feature.name,
        label=feature.label.in_(language()),
        recorded="" if value is None else shown(value, language()),
        kind=kind,
        choices=choices,
    )


def _appeal(page: SubjectPage, one: AppealView, zone: ZoneInfo) -> AppealShown:
    features, policy = page.decision.features or {}, page.policy
    step = {"open": 2 if one.looked_at else 1, "answered": 3}.get(one.status, 0)
    return AppealShown(
        step=step,
        opened=day(one.opened_at, zone),
        due=day(one.due_at, zone),
        late=one.overdue,
        words=tuple(words.text for words in one.words),
        corrections=corrected(policy, features, one.corrections),
        files=tuple(file.name for file in one.files),
        answer=None
        if one.closed_at is None or one.upheld is None
        else Answered(upheld=one.upheld, text=one.answer or "", at=day(one.closed_at, zone)),
        withdrawn=one.status == "withdrawn",
    )


def corrected(
    policy: Policy, features: Mapping[str, Any], corrections: Mapping[str, Any] | None
) -> tuple[Corrected, ...]:
    """Show corrected facts beside what was recorded."""
    return tuple(
        Corrected(
            label=policy.features[name].label.in_(language()) if name in policy.features else name,
            recorded="" if features.get(name) is None else shown(features[name], language()),
            should_be=shown(value, language()),
        )
        for name, value in (corrections or {}).items()
    )
