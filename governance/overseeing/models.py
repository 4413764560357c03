"""The staff notice and who acknowledged it, figures of people, and alarms. Texts are payloads; no row is about a person concerned."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from governance.storage.base import Base, Id, Instant


class StaffNotice(Base):
    """One version of what people are told before their work is measured; its texts are the payload ``notice`` of an entry."""

    __tablename__ = "staff_notices"

    version: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    entry_id: Mapped[str] = mapped_column(Id)
    published_at: Mapped[datetime] = mapped_column(Instant)
    published_by: Mapped[str] = mapped_column(sa.String(80))


class Acknowledgement(Base):
    """Somebody says that they read a version of the staff notice."""

    __tablename__ = "staff_acknowledgements"

    version: Mapped[int] = mapped_column(sa.ForeignKey("staff_notices.version"), primary_key=True)
    person_id: Mapped[str] = mapped_column(Id, sa.ForeignKey("people.id"), primary_key=True)
    acknowledged_at: Mapped[datetime] = mapped_column(Instant)


class PersonFigures(Base):
    """One person's figures at a decision point as they stood on a day; deleted after 90 days.

    ``document`` holds figures of one reviewer and nothing of the people that decisions were about. The comment is
    encrypted under a key of its own; both are deleted with it, so no entry of the log commits to it.
    """

    __tablename__ = "person_figures"
    __table_args__ = (sa.UniqueConstraint("point", "person_id", "until"),)

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    point: Mapped[str] = mapped_column(sa.String(63))
    person_id: Mapped[str] = mapped_column(Id, sa.ForeignKey("people.id"), index=True)
    since: Mapped[str] = mapped_column(sa.String(10))
    until: Mapped[str] = mapped_column(sa.String(10))
    made_at: Mapped[datetime] = mapped_column(Instant, index=True)
    document: Mapped[dict[str, Any]] = mapped_column(sa.JSON)
    commented_at: Mapped[datetime | None] = mapped_column(Instant)
    comment_key: Mapped[str | None] = mapped_column(Id, sa.ForeignKey("subject_keys.id"))
    nonce: Mapped[bytes | None]
    ciphertext: Mapped[bytes | None]


class AlarmWindow(Base):
    """The alarm was judged once over a window, of all people together (``person`` is empty) or of one.

    ``state`` is that of ``audits.oversight.alarm``; only ``raised`` is an alarm. ``done`` is what was done about it; its words are the payload
    ``note`` of the entry ``done_entry``.
    """

    __tablename__ = "alarm_windows"
    __table_args__ = (sa.UniqueConstraint("point", "person", "begins_at"),)

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    point: Mapped[str] = mapped_column(sa.String(63))
    person: Mapped[str] = mapped_column(sa.String(36), index=True)
    begins_at: Mapped[datetime] = mapped_column(Instant)
    ends_at: Mapped[datetime] = mapped_column(Instant)
    judged_at: Mapped[datetime] = mapped_column(Instant)
    reviews: Mapped[int]
    state: Mapped[str] = mapped_column(sa.String(20))
    measures: Mapped[dict[str, Any]] = mapped_column(sa.JSON)
    done: Mapped[str | None] = mapped_column(sa.String(20))
    done_at: Mapped[datetime | None] = mapped_column(Instant)
    done_by: Mapped[str | None] = mapped_column(sa.String(80))
    done_entry: Mapped[str | None] = mapped_column(Id)
