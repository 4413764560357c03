"""People, their sessions and tokens; apps and their keys."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from governance.storage.base import Base, Id, Instant


class Person(Base):
    """Somebody who signs in. ``email`` is kept in lower case; ``mail_digest`` asks for one mail a working morning instead of one at once."""

    __tablename__ = "people"

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    email: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    password_hash: Mapped[str | None]
    totp_secret: Mapped[bytes | None]
    totp_last_step: Mapped[int | None] = mapped_column(sa.BigInteger)
    roles: Mapped[list[str]] = mapped_column(sa.JSON)
    language: Mapped[str]
    time_zone: Mapped[str]
    mail_notices: Mapped[bool]
    mail_digest: Mapped[bool] = mapped_column(server_default=sa.false())
    mailed_at: Mapped[datetime | None] = mapped_column(Instant)
    created_at: Mapped[datetime] = mapped_column(Instant)
    expires_at: Mapped[datetime | None] = mapped_column(Instant)
    disabled_at: Mapped[datetime | None] = mapped_column(Instant)


class SignInLink(Base):
    """A one-time link with which a person sets a password; only the token's SHA-256 is kept."""

    __tablename__ = "sign_in_links"

    token_hash: Mapped[str] = mapped_column(sa.String(64), primary_key=True)
    person_id: Mapped[str] = mapped_column(Id, sa.ForeignKey("people.id"), index=True)
    created_at: Mapped[datetime] = mapped_column(Instant)
    expires_at: Mapped[datetime] = mapped_column(Instant)
    used_at: Mapped[datetime | None] = mapped_column(Instant)


class SignInSession(Base):
    """A signed-in browser; only the SHA-256 of its secret is kept."""

    __tablename__ = "sessions"

    secret_hash: Mapped[str] = mapped_column(sa.String(64), primary_key=True)
    person_id: Mapped[str] = mapped_column(Id, sa.ForeignKey("people.id"), index=True)
    created_at: Mapped[datetime] = mapped_column(Instant)
    last_seen_at: Mapped[datetime] = mapped_column(Instant)
    expires_at: Mapped[datetime] = mapped_column(Instant)
    second_factor_due: Mapped[bool]


class SignInFailure(Base):
    """Failed sign-ins counted for one key: the HMAC of an e-mail address or of a network address."""

    __tablename__ = "sign_in_failures"

    key: Mapped[str] = mapped_column(sa.String(64), primary_key=True)
    count: Mapped[int]
    last_at: Mapped[datetime] = mapped_column(Instant)
    blocked_until: Mapped[datetime | None] = mapped_column(Instant)


class PersonalToken(Base):
    """A person's key to the API (``anp_...``); ends with the person's role."""

    __tablename__ = "personal_tokens"

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    person_id: Mapped[str] = mapped_column(Id, sa.ForeignKey("people.id"), index=True)
    name: Mapped[str]
    secret_hash: Mapped[str] = mapped_column(sa.String(64))
    scopes: Mapped[list[str]] = mapped_column(sa.JSON)
    created_at: Mapped[datetime] = mapped_column(Instant)
    expires_at: Mapped[datetime] = mapped_column(Instant)
    revoked_at: Mapped[datetime | None] = mapped_column(Instant)
    last_used_at: Mapped[datetime | None] = mapped_column(Instant)


class App(Base):
    """A program of the business that asks for decisions."""

    __tablename__ = "apps"

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    name: Mapped[str] = mapped_column(unique=True)
    created_at: Mapped[datetime] = mapped_column(Instant)


class AppKey(Base):
    """An app's key (``ans_...``); only the SHA-256 of its secret is kept. ``points`` None means all."""

    __tablename__ = "app_keys"

    id: Mapped[str] = mapped_column(sa.String(16), primary_key=True)
    app_id: Mapped[str] = mapped_column(Id, sa.ForeignKey("apps.id"), index=True)
    secret_hash: Mapped[str] = mapped_column(sa.String(64))
    points: Mapped[list[str] | None] = mapped_column(sa.JSON(none_as_null=True))
    scopes: Mapped[list[str]] = mapped_column(sa.JSON)
    created_at: Mapped[datetime] = mapped_column(Instant)
    created_by: Mapped[str]
    expires_at: Mapped[datetime | None] = mapped_column(Instant)
    revoked_at: Mapped[datetime | None] = mapped_column(Instant)
