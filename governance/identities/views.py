"""What is told of people, links, tokens and keys. Secrets appear in what was just made, once."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from governance.permissions import Role
from governance.requests.service import RequestView


class PersonState(StrEnum):
    """Whether somebody can sign in. Invited: they have yet to set a password."""

    ACTIVE = "active"
    INVITED = "invited"
    DISABLED = "disabled"
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonView:
    """Somebody who has an account."""

    id: str
    email: str
    name: str
    roles: tuple[Role, ...]
    queues: tuple[str, ...]
    state: PersonState
    language: str
    time_zone: str
    mail_notices: bool
    mail_digest: bool
    second_factor: bool
    created_at: datetime
    expires_at: datetime | None
    last_seen_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class OneTimeLink:
    """A link with which one person sets a password, once, until ``expires_at``."""

    url: str
    token: str
    expires_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonAdded:
    """A person who may sign in from now on; ``link`` is None where a password was given.

    ``request`` waits for another person where roles were asked for that confirm.
    """

    person: PersonView
    link: OneTimeLink | None
    request: RequestView | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonChanged:
    """A person after a change; ``request`` is what waits for another person, None: all was done."""

    person: PersonView
    request: RequestView | None


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenView:
    """A personal token, without its secret."""

    id: str
    name: str
    scopes: tuple[str, ...]
    created_at: datetime
    expires_at: datetime
    last_used_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenCreated:
    """A token that was just made; ``secret`` (``anp_...``) is never told again."""

    token: TokenView
    secret: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SecondFactorSetup:
    """What an authenticator app needs: ``secret`` in base32, ``uri`` for a QR code."""

    secret: str
    uri: str


class KeyState(StrEnum):
    """Whether an app key opens anything."""

    ACTIVE = "active"
    REVOKED = "revoked"
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyView:
    """An app key, without its secret. ``points`` None: all decision points."""

    id: str
    app_id: str
    app: str
    points: tuple[str, ...] | None
    scopes: tuple[str, ...]
    state: KeyState
    created_at: datetime
    created_by: str
    expires_at: datetime | None
    revoked_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyCreated:
    """A key that was just made; ``secret`` (``ans_...``) is never told again."""

    key: KeyView
    secret: str
