"""Instants as people read them: in their zone, in their language."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from babel.dates import format_date, format_skeleton, format_timedelta
from flask import g

from governance.actors import Actor
from governance.clock import rfc3339
from web import authentication
from web.console.speech import gettext as _
from web.console.speech import language
from web.console.views.shell import Moment

#: What a page's language is called where dates are written.
LOCALES: Final = {"en": "en_GB", "de": "de_DE"}
#: From how many of a unit on the next smaller one is no longer told.
_THRESHOLD: Final = 1.2


def locale() -> str:
    """Return how the present page writes dates and numbers."""
    return LOCALES[language()]


def zone() -> ZoneInfo:
    """Return the zone of whoever reads the present page."""
    known: Actor | None = g.get("actor")
    return ZoneInfo("UTC" if known is None else known.time_zone)


def now() -> datetime:
    """Return the present instant."""
    return authentication.installation().clock.now()


def in_zone(instant: datetime) -> datetime:
    """Return an instant in the reader's zone; in UTC where that zone's calendar would run over its end."""
    try:
        return instant.astimezone(zone())
    except OverflowError:
        return instant


def moment(instant: datetime) -> Moment:
    """Write an instant for whoever reads the present page."""
    present = now()
    here, local = present.astimezone(zone()), in_zone(instant)
    clock = f"{local:%H:%M}"
    if local.date() == here.date():
        text = _("today %(clock)s", clock=clock)
    else:
        days = format_skeleton(
            "MMMd" if local.year == here.year else "yMMMd", local, locale=locale()
        )
        text = f"{days}, {clock}"
    return Moment(
        iso=rfc3339(instant),
        text=text,
        relative=format_timedelta(
            instant - present, threshold=_THRESHOLD, add_direction=True, locale=locale()
        ),
        past=instant <= present,
    )


def moment_or_none(instant: datetime | None) -> Moment | None:
    """Write an instant that may be missing."""
    return None if instant is None else moment(instant)


def written(instant: datetime) -> str:
    """Write an instant inside a sentence."""
    local = in_zone(instant)
    return f"{format_skeleton('yMMMd', local, locale=locale())}, {local:%H:%M}"


def today() -> str:
    """Write out the present day."""
    return format_date(now().astimezone(zone()), "full", locale=locale())


def written_day(day: date) -> str:
    """Write a day."""
    return format_date(day, "medium", locale=locale())


def day_begins(day: str, *, after: int = 0) -> datetime | None:
    """Return when a day (2026-11-21) begins where the reader is, so many days later; None if it is no day."""
    try:
        begun = date.fromisoformat(day) + timedelta(days=after)
        return datetime.combine(begun, time(), zone()).astimezone(UTC)
    except (ValueError, OverflowError):
        return None
