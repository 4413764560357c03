"""The installation's row and the business's settings."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from governance.storage.base import Base, Instant


class Installation(Base):
    """The one row: its origin names the log, its generation rises with every change that rulings depend on."""

    __tablename__ = "installation"

    id: Mapped[int] = mapped_column(primary_key=True)
    origin: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(Instant)
    generation: Mapped[int] = mapped_column(sa.BigInteger)
    fingerprints: Mapped[dict[str, str]] = mapped_column(sa.JSON)


class BusinessSetting(Base):
    """One setting that people change on the settings page."""

    __tablename__ = "business_settings"

    name: Mapped[str] = mapped_column(primary_key=True)
    value: Mapped[Any] = mapped_column(sa.JSON)
    changed_at: Mapped[datetime] = mapped_column(Instant)
    changed_by: Mapped[str]


class KeyEncryptionKey(Base):
    """A key-encryption key that was ever in use here, by its id; never the key itself.

    ``rewrapped_at`` is when nothing was encrypted under it any more, ``deleted_at`` when it was deleted, after which no older backup opens.
    """

    __tablename__ = "key_encryption_keys"

    id: Mapped[str] = mapped_column(sa.String(16), primary_key=True)
    used_from: Mapped[datetime] = mapped_column(Instant)
    used_until: Mapped[datetime | None] = mapped_column(Instant)
    rewrapped_at: Mapped[datetime | None] = mapped_column(Instant)
    deleted_at: Mapped[datetime | None] = mapped_column(Instant)
