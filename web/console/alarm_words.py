"""How pages tell an alarm and what was done about it."""

from __future__ import annotations

from collections.abc import Mapping

from audits.reports import oversight as telling
from governance.overseeing.alarms import AlarmView, Done
from web.console.speech import gettext as _
from web.console.speech import language
from web.console.times import moment, moment_or_none
from web.console.views.fairness import AlarmRow
from web.console.views.shell import Choice, Form


def choices() -> tuple[Choice, ...]:
    """Return what can be done about an alarm, in words."""
    return tuple(Choice(value=code.value, label=label) for code, label in _done_words().items())


def _done_words() -> Mapping[Done, str]:
    return {
        Done.JUDGE_FIRST: _("More cases are judged before the proposal is shown"),
        Done.SECOND_REVIEWER: _("A second person reviews"),
        Done.COACHING: _("We talked, and there was coaching"),
        Done.FINE: _("Looked into: the automation is fine, and so is the review"),
        Done.OTHER: _("Something else"),
    }


def row(view: AlarmView, form: Form | None = None) -> AlarmRow:
    """Return an alarm as pages tell it."""
    about = _("All people together")
    if view.of_one:
        about = _("You") if view.mine else view.name or _("One person, whose name is not kept")
    return AlarmRow(
        id=view.id,
        about=about,
        of_one=view.of_one,
        begins=moment(view.begins_at),
        ends=moment(view.ends_at),
        reviews=view.reviews,
        why=telling.alarm(view.measures, language=language()),
        shown=moment(view.shown_at) if view.of_one else None,
        done="" if view.done is None else _done_words()[view.done],
        done_at=moment_or_none(view.done_at),
        done_by=view.done_by_name,
        words=view.words or "",
        may_handle=view.may_handle,
        form=form or Form(),
    )
