"""App keys: made, revoked, and recognised without reading the database."""

from __future__ import annotations

import hmac
import re
import secrets
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Final

import sqlalchemy as sa

from audits.log.entries import EntryKind
from governance import actors
from governance.actors import Actor, ActorKind
from governance.configuration import KnownKey
from governance.errors import Conflict, FieldProblem, InvalidInput, NotFound, NotSignedIn
from governance.identities.models import App, AppKey
from governance.identities.queries import digest
from governance.identities.views import KeyCreated, KeyState, KeyView
from governance.permissions import SCOPE_PERMISSIONS, Permission
from governance.points.models import DecisionPoint
from governance.work import Work

if TYPE_CHECKING:
    from governance.application import Answerable

_APP: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9 ._-]{0,62}")
_KEY: Final = re.compile(r"ans_([0-9a-f]{16})_([0-9a-f]{64})")


def create_key(
    work: Work,
    *,
    app: str,
    points: Iterable[str] | None = None,
    scopes: Iterable[str] = ("decisions:write",),
    expires_at: datetime | None = None,
) -> KeyCreated:
    """Make a key for an app, which is made too if it is new. ``points`` None opens all decision points.

    Raises:
        InvalidInput: something does not fit; all mistakes are listed.
    """
    work.require(Permission.KEYS_MANAGE)
    wanted_points = None if points is None else sorted(set(points))
    wanted_scopes = sorted(set(scopes))
    problems = []
    if not _APP.fullmatch(app):
        problems.append(
            ("app", "Name the app by 1 to 63 letters, digits, spaces, dots, hyphens or underlines.")
        )
    if not wanted_scopes or not set(wanted_scopes) <= set(SCOPE_PERMISSIONS):
        problems.append(("scopes", f"Choose from {', '.join(SCOPE_PERMISSIONS)}."))
    if wanted_points is not None:
        known = set(work.session.execute(sa.select(DecisionPoint.name)).scalars())
        unknown = sorted(set(wanted_points) - known)
        if unknown or not wanted_points:
            listed = ", ".join(sorted(known)) or "none yet, so publish a policy first"
            problems.append(
                ("points", f"{', '.join(unknown) or 'Nothing'} names no decision point: {listed}.")
            )
    if expires_at is not None and expires_at <= work.now:
        problems.append(("expires_at", "Give a time to come."))
    if problems:
        raise InvalidInput(
            " ".join(detail for _, detail in problems),
            [FieldProblem(pointer=f"/{field}", detail=detail) for field, detail in problems],
        )
    owner = _app(work, app)
    secret = secrets.token_hex(32)
    row = AppKey(
        id=secrets.token_hex(8),
        app_id=owner.id,
        secret_hash=digest(secret),
        points=wanted_points,
        scopes=wanted_scopes,
        created_at=work.now,
        created_by=work.actor.reference,
        expires_at=expires_at,
    )
    work.session.add(row)
    work.session.flush()
    work.record(
        EntryKind.APP_KEY_CREATED,
        refs={"app": owner.id, "key": row.id},
        data={"scopes": wanted_scopes, "points": wanted_points},
    )
    work.configuration_changed()
    return KeyCreated(key=_view(work, row, app), secret=f"ans_{row.id}_{secret}")


def revoke_key(work: Work, key_id: str) -> KeyView:
    """End a key: it opens nothing from the next request on, in every process.

    Raises:
        NotFound: there is no such key.
        Conflict: it is revoked already.
    """
    work.require(Permission.KEYS_MANAGE)
    row = work.session.get(AppKey, key_id, with_for_update=True)
    if row is None:
        raise NotFound(f"There is no app key {key_id!r}.")
    if row.revoked_at is not None:
        raise Conflict("This key is revoked already.")
    row.revoked_at = work.now
    work.session.flush()
    work.record(EntryKind.APP_KEY_REVOKED, refs={"app": row.app_id, "key": row.id})
    work.configuration_changed()
    return _view(work, row, work.session.get_one(App, row.app_id).name)


def list_keys(work: Work) -> Sequence[KeyView]:
    """Return all keys that were ever made, by app, newest first."""
    work.require(Permission.KEYS_MANAGE)
    found = work.session.execute(
        sa.select(AppKey, App.name)
        .join(App, App.id == AppKey.app_id)
        .order_by(App.name, AppKey.created_at.desc(), AppKey.id)
    )
    return [_view(work, row, name) for row, name in found]


def actor_of_key(answerable: Answerable, key: str) -> Actor:
    """Return the app whose key this is. A key that this process has met costs no look at the database.

    Raises:
        NotSignedIn: it is unknown, revoked or expired.
    """
    unknown = NotSignedIn("This app key is not known, or has ended. Ask an admin for another.")
    parts = _KEY.fullmatch(key)
    if parts is None:
        raise unknown
    known = answerable.configuration.current().keys.get(parts[1])
    if known is None:
        # It may have been made after this process last read.
        with answerable.look(actors.service("door")) as work:
            known = work.configuration.keys.get(parts[1])
    if known is None or not hmac.compare_digest(known.secret_hash, digest(parts[2])):
        raise unknown
    if known.expires_at is not None and known.expires_at <= answerable.clock.now():
        raise unknown
    return _actor(known)


def key_still_valid(work: Work) -> None:
    """Raise unless the acting app's key is still in force, in any process; other actors pass.

    Raises:
        NotSignedIn: it was revoked or has expired.
    """
    if work.actor.kind is not ActorKind.APP:
        return
    known = work.configuration.keys.get(work.actor.key_id or "")
    if known is None or (known.expires_at is not None and known.expires_at <= work.now):
        raise NotSignedIn("This app key has ended. Ask an admin for another.")


def _actor(known: KnownKey) -> Actor:
    return Actor(
        kind=ActorKind.APP,
        id=known.app_id,
        name=known.app,
        permissions=frozenset().union(*(SCOPE_PERMISSIONS[scope] for scope in known.scopes)),
        points=known.points,
        key_id=known.id,
    )


def _app(work: Work, name: str) -> App:
    row = work.session.execute(sa.select(App).where(App.name == name)).scalar_one_or_none()
    if row is None:
        row = App(id=work.new_id(), name=name, created_at=work.now)
        work.session.add(row)
        work.session.flush()
    return row


def _view(work: Work, row: AppKey, app: str) -> KeyView:
    state = KeyState.ACTIVE
    if row.revoked_at is not None:
        state = KeyState.REVOKED
    elif row.expires_at is not None and row.expires_at <= work.now:
        state = KeyState.EXPIRED
    return KeyView(
        id=row.id,
        app_id=row.app_id,
        app=app,
        points=None if row.points is None else tuple(row.points),
        scopes=tuple(row.scopes),
        state=state,
        created_at=row.created_at,
        created_by=row.created_by,
        expires_at=row.expires_at,
        revoked_at=row.revoked_at,
    )
