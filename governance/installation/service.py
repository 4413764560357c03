"""Making an installation, and the settings that its people change."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit
from zoneinfo import available_timezones

import orjson
import sqlalchemy as sa
from sqlalchemy.orm import Session

from audits.log.entries import EntryKind
from governance import actors, keyring, schema
from governance.actors import Actor
from governance.clock import Clock, IdSource, SystemClock, uuid7
from governance.errors import Conflict, FieldProblem, InvalidInput
from governance.installation.models import BusinessSetting, Installation
from governance.permissions import Permission
from governance.settings import Settings
from governance.storage.database import Database
from governance.work import Work

LANGUAGES: Final = ("en", "de")
_LONGEST_NAME: Final = 200
#: Minutes of a week.
MOST_MINUTES: Final = 10_080


@dataclass(frozen=True, slots=True, kw_only=True)
class BusinessSettings:
    """What people of the business set; ``help`` says of each what it does."""

    business_name: str = field(metadata={"help": "What pages and mails call the business."})
    language: str = field(
        default="en", metadata={"help": "The language of new accounts, en or de."}
    )
    time_zone: str = field(
        default="UTC",
        metadata={"help": "Where the business is: rules ask for its hours, competence ends there."},
    )
    people_few: bool = field(
        default=False,
        metadata={
            "help": "One person may confirm alone after 24 hours, where no second could. Changing it is a request."
        },
    )
    oversight_minutes_per_week: int = field(
        default=0,
        metadata={
            "help": "What measuring oversight may take at a decision point; 0: 15 % of the measured time."
        },
    )
    pace_guards: bool = field(
        default=True,
        metadata={
            "help": "Whoever decides in haste, or for an hour without a break, is told so, and is held back by nothing."
        },
    )


def create(
    settings: Settings,
    *,
    business_name: str,
    language: str = "en",
    time_zone: str = "UTC",
    public_url: str | None = None,
    actor: Actor | None = None,
    clock: Clock | None = None,
    new_id: IdSource | None = None,
) -> None:
    """Make the home folder, secrets, schema, log and `answerable.toml` of a new installation.

    What a try that failed has left behind is used by the next one. Settings that come from variables
    of the environment are not written into the file.

    Raises:
        Conflict: the home folder or the database holds an installation already.
        InvalidInput: a setting does not fit.
    """
    # Both know this module's parts; importing them here keeps them above it.
    from governance.application import Answerable
    from governance.ledger import epochs, rotation

    settings = replace(settings, public_url=public_url or settings.public_url)
    values = {"business_name": business_name, "language": language, "time_zone": time_zone}
    _check(values)
    file = settings.home / "answerable.toml"
    if file.exists():
        raise Conflict(
            f"{settings.home} holds an installation already. Choose another home folder."
        )
    settings.home.mkdir(mode=0o700, parents=True, exist_ok=True)
    ring = keyring.create(settings.home / "secrets")
    database = Database(settings.database)
    origin = f"{urlsplit(settings.public_url).hostname}/log"
    answerable = Answerable(
        settings,
        ring,
        database,
        clock=clock or SystemClock(),
        new_id=new_id or uuid7,
        origin=origin,
    )
    try:
        schema.upgrade(database)
        with answerable.work(actor or actors.service("cli")) as work:
            if work.session.get(Installation, 1) is not None:
                raise Conflict(
                    "The database holds an installation already. Choose another database, "
                    "or start this program with the home folder that belongs to it."
                )
            work.session.add(
                Installation(
                    id=1,
                    origin=origin,
                    created_at=work.now,
                    generation=1,
                    fingerprints=ring.fingerprints(),
                )
            )
            work.session.flush()
            epochs.open_first(work)
            work.record(EntryKind.INSTALLATION_CREATED, data={"secrets": ring.fingerprints()})
            rotation.make_first_receipt_key(work)
            apply(work, values)
    finally:
        answerable.close()
    _write_settings(file, settings)


def business_settings(session: Session) -> BusinessSettings:
    """Return the business's settings; everybody may know them."""
    known = {one.name for one in fields(BusinessSettings)}
    rows = session.execute(sa.select(BusinessSetting)).scalars()
    values = {row.name: row.value for row in rows if row.name in known}
    return BusinessSettings(**{"business_name": "Answerable", **values})


def change_settings(
    work: Work,
    *,
    business_name: str | None = None,
    language: str | None = None,
    time_zone: str | None = None,
    oversight_minutes_per_week: int | None = None,
    pace_guards: bool | None = None,
) -> BusinessSettings:
    """Change what one person may change alone; None leaves a setting as it is.

    Raises:
        InvalidInput: a value does not fit; all mistakes are listed.
    """
    work.require(Permission.SETTINGS_MANAGE)
    given = {
        "business_name": business_name,
        "language": language,
        "time_zone": time_zone,
        "oversight_minutes_per_week": oversight_minutes_per_week,
        "pace_guards": pace_guards,
    }
    changes = {name: value for name, value in given.items() if value is not None}
    _check(changes)
    apply(work, changes)
    return business_settings(work.session)


def apply(
    work: Work, changes: Mapping[str, Any], *, bootstrap: bool = False, request: str | None = None
) -> None:
    """Store settings for somebody whose right to it was checked; what stays as it is writes no entry.

    ``request`` is the one that was confirmed for it; ``bootstrap`` says that nobody could have confirmed.
    """
    stored = {
        row.name: row
        for row in work.session.execute(sa.select(BusinessSetting).with_for_update()).scalars()
    }
    changed = {
        name: value
        for name, value in changes.items()
        if name not in stored or stored[name].value != value
    }
    for name, value in changed.items():
        row = stored.get(name)
        if row is None:
            row = BusinessSetting(name=name)
            work.session.add(row)
        row.value = value
        row.changed_at = work.now
        row.changed_by = work.actor.reference
    if changed:
        work.session.flush()
        work.record(
            EntryKind.SETTINGS_CHANGED,
            refs={"request": request},
            data={"names": sorted(changed), **({"bootstrap": True} if bootstrap else {})},
            payloads={"settings": orjson.dumps(changed, option=orjson.OPT_SORT_KEYS)},
        )
    if "time_zone" in changed:
        # Rules ask for the hour and the weekday where the business is.
        work.configuration_changed()


def _check(changes: Mapping[str, Any]) -> None:
    problems = []
    name = changes.get("business_name")
    if name is not None and not 0 < len(name.strip()) <= _LONGEST_NAME:
        problems.append(("business_name", f"Give a name of 1 to {_LONGEST_NAME} characters."))
    if changes.get("language", "en") not in LANGUAGES:
        problems.append(("language", f"Choose one of {', '.join(LANGUAGES)}."))
    if changes.get("time_zone", "UTC") not in available_timezones():
        problems.append(("time_zone", "Give the name of a time zone, like Europe/Berlin."))
    minutes = changes.get("oversight_minutes_per_week", 0)
    if not 0 <= minutes <= MOST_MINUTES:
        detail = f"Give whole minutes from 0 to {MOST_MINUTES}; 0 allows 15 % of the measured time."
        problems.append(("oversight_minutes_per_week", detail))
    if problems:
        raise InvalidInput(
            " ".join(detail for _, detail in problems),
            [FieldProblem(pointer=f"/{field}", detail=detail) for field, detail in problems],
        )


def _write_settings(path: Path, settings: Settings) -> None:
    lines = ["# Settings of this installation. Variables ANSWERABLE_<NAME> win over this file."]
    for one in fields(Settings):
        value = getattr(settings, one.name)
        apart = one.name == "home" or f"ANSWERABLE_{one.name.upper()}" in os.environ
        if one.name != "public_url" and (apart or value == one.default):
            continue
        shown = str(value.resolve()) if isinstance(value, Path) else value
        # JSON writes texts, whole numbers and flags as TOML does.
        lines.append(f"{one.name} = {json.dumps(shown, ensure_ascii=False)}")
    making = path.with_suffix(".making")
    descriptor = os.open(making, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write("\n".join(lines) + "\n")
    making.rename(path)
