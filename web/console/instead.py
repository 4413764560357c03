"""What a case's page offers instead of deciding: reasons to pass it on, times to put it off to, colleagues to hand it to."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from typing import Final

from governance.clock import rfc3339
from governance.decisions.masking import PACKET
from governance.reviews import handling
from governance.reviews.purposes import DECIDE
from governance.reviews.transitions import LONGEST_SLEEP, SkipReason
from governance.reviews.views import CaseView
from governance.work import Work
from web.console import times
from web.console.speech import gettext as _
from web.console.speech import language
from web.console.views.shell import Choice, Form
from web.console.views.work import Instead

#: When a day's work begins, for what is put off to another day.
_MORNING: Final = time(9)


def of_masked(view: CaseView, *, may: bool, opened: str = "", form: Form | None = None) -> Instead:
    """Return which facts of a case can be revealed by whoever may decide it."""
    return Instead(
        masked=tuple(
            Choice(
                value=name,
                label=_("What the chat handed over")
                if name == PACKET
                else view.policy.features[name].label.in_(language()),
            )
            for name in view.decision.masked
        )
        if may
        else (),
        open=opened,
        form=form or Form(),
    )


def of_case(
    work: Work, view: CaseView, *, held_by_me: bool, opened: str = "", form: Form | None = None
) -> Instead:
    """Return what whoever holds a case may do instead of deciding it; nothing for others."""
    shown = of_masked(view, may=held_by_me, opened=opened, form=form)
    if not held_by_me:
        return shown
    return replace(
        shown,
        skips=tuple(Choice(value=reason.value, label=text) for reason, text in _skips()),
        later=tuple(later(view.due_at)),
        colleagues=tuple(
            Choice(value=one.id, label=one.name) for one in handling.colleagues(work, view.id)
        ),
        may_ask=view.purpose == DECIDE
        and not view.asked
        and view.decision.source.startswith("app:"),
    )


def _skips() -> Iterator[tuple[SkipReason, str]]:
    yield SkipReason.NOT_MY_FIELD, _("I do not know enough about it")
    yield SkipReason.CONFLICT_OF_INTEREST, _("I know the person, or have a stake in it")
    yield SkipReason.LANGUAGE, _("I do not speak the language")
    yield SkipReason.BURDENING, _("It burdens me")
    yield SkipReason.NO_TIME, _("It takes longer than I have now")
    yield SkipReason.OTHER, _("Another reason")


def later(due: datetime | None) -> Iterator[Choice]:
    """Give the times that a case can be put off to: all that come before it is due."""
    now = times.now()
    local = now.astimezone(times.zone())
    mornings = [
        datetime.combine(local.date() + timedelta(days=days), _MORNING, times.zone()).astimezone(
            UTC
        )
        for days in (1, 2, 7)
    ]
    last = now + LONGEST_SLEEP if due is None else min(due, now + LONGEST_SLEEP)
    minute = now.replace(second=0, microsecond=0)
    for at in (minute + timedelta(minutes=30), minute + timedelta(hours=2), *mornings):
        if now < at < last:
            told = times.moment(at)
            yield Choice(value=rfc3339(at), label=told.text, hint=told.relative)
