"""The settings page: what people of the business set, and what the service was started with."""

from __future__ import annotations

import os
from dataclasses import fields
from typing import Any

from flask import Response

from governance.errors import Conflict, InvalidInput
from governance.installation.service import BusinessSettings, business_settings, change_settings
from governance.permissions import Permission
from governance.requests.few import change_people_few
from governance.settings import Settings
from web import authentication
from web.console import forms
from web.console.queues import zones
from web.console.shell import blueprint, go, render, tell
from web.console.speech import gettext as _
from web.console.views.people import SettingRow, SettingsPage
from web.console.views.shell import Choice, Form
from web.security import requires

_ON, _OFF = "on", "off"


@blueprint.get("/settings")
@requires(Permission.SETTINGS_MANAGE)
def settings() -> Response:
    """Show the settings."""
    return _page(Form())


@blueprint.post("/settings")
@requires(Permission.SETTINGS_MANAGE)
def take_settings() -> Response:
    """Change what is changed here; what needs a second person becomes a request."""
    try:
        with authentication.installation().work(authentication.actor()) as work:
            few_before = business_settings(work.session).people_few
            change_settings(
                work,
                business_name=forms.text("business_name"),
                language=forms.text("language"),
                time_zone=forms.text("time_zone"),
                oversight_minutes_per_week=_whole(forms.text("oversight_minutes_per_week")),
                pace_guards=forms.text("pace_guards") != _OFF,
                keep_at_least_days=_whole(forms.text("keep_at_least_days")),
            )
            few = forms.text("people_few") == _ON
            waiting = None
            if few != few_before:
                waiting = change_people_few(work, value=few)
    except (InvalidInput, Conflict) as error:
        return _page(forms.told_again(error), status=422)
    tell("good", _("The settings were saved."))
    if waiting is not None:
        tell("info", _("Who may confirm alone is a request now: another admin confirms it."))
    return go("settings")


def _whole(typed: str) -> int:
    """Return the number that was typed; what is none is none that fits."""
    return int(typed or "0") if len(typed) < 9 and (typed or "0").isdecimal() else -1


def _page(form: Form, *, status: int = 200) -> Response:
    answerable = authentication.installation()
    with answerable.look(authentication.actor()) as work:
        business = business_settings(work.session)
    rows = (*_of_the_business(business), *(_of_the_process(answerable.settings)))
    page = SettingsPage(settings=rows, may_change=True, form=form)
    return render("settings", page, current="settings", status=status)


def _of_the_business(business: BusinessSettings) -> tuple[SettingRow, ...]:
    here = _("this page")
    return (
        SettingRow(
            name="business_name",
            label=_("Name of the business"),
            value=business.business_name,
            source=here,
            changeable=True,
        ),
        SettingRow(
            name="language",
            label=_("Language of new accounts"),
            value=business.language,
            source=here,
            changeable=True,
            options=(
                Choice(value="en", label="English"),
                Choice(value="de", label="Deutsch"),
            ),
        ),
        SettingRow(
            name="time_zone",
            label=_("Time zone of the business"),
            value=business.time_zone,
            source=here,
            changeable=True,
            options=tuple(Choice(value=zone, label=zone) for zone in zones(business.time_zone)),
        ),
        SettingRow(
            name="people_few",
            label=_("Few people: one may confirm alone"),
            value=_ON if business.people_few else _OFF,
            source=here,
            hint=_(
                "Only where nobody else could, after 24 hours and with a reason. The log says so."
            ),
            changeable=True,
            options=(Choice(value=_OFF, label=_("off")), Choice(value=_ON, label=_("on"))),
        ),
        SettingRow(
            name="oversight_minutes_per_week",
            label=_("Minutes a week for measuring oversight"),
            value=str(business.oversight_minutes_per_week or ""),
            source=here,
            hint=_(
                "At each decision point, for gold cases, checks, second reviews and judging first. Empty: 15 % of the measured time."
            ),
            changeable=True,
        ),
        SettingRow(
            name="pace_guards",
            label=_("Pace guards: a word to who decides in haste"),
            value=_ON if business.pace_guards else _OFF,
            source=here,
            hint=_(
                "After a streak of quick approvals, after an hour without a break, and before a verdict that came faster than anybody reads. They hold nobody back."
            ),
            changeable=True,
            options=(Choice(value=_ON, label=_("on")), Choice(value=_OFF, label=_("off"))),
        ),
        SettingRow(
            name="keep_at_least_days",
            label=_("Days a decision is kept at least"),
            value=str(business.keep_at_least_days or ""),
            source=here,
            hint=_(
                "As a law may require: nobody whom a decision is about is erased before. Empty: nothing is kept against a person's wish."
            ),
            changeable=True,
        ),
    )


def _of_the_process(chosen: Settings) -> tuple[SettingRow, ...]:
    rows = []
    for field in fields(Settings):
        value = getattr(chosen, field.name)
        rows.append(
            SettingRow(
                name=field.name,
                label=field.metadata["help"],
                value=_told(value, secret=field.metadata["secret"]),
                source=_source(field.name, changed=value != field.default),
            )
        )
    return tuple(rows)


def _told(value: Any, *, secret: bool) -> str:
    if value is None:
        return ""
    if secret:
        return _("set, not shown")
    if isinstance(value, bool):
        return _("on") if value else _("off")
    return str(value)


def _source(name: str, *, changed: bool) -> str:
    variable = f"ANSWERABLE_{name.upper()}"
    if variable in os.environ:
        return variable
    return "answerable.toml" if changed and name != "home" else _("the default")
