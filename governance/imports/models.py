"""Imports and their progress, and the files that were uploaded for them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from governance.storage.base import Base, Id, Instant


class ImportRun(Base):
    """One file's import; the same file with the same map at the same point is the same run, and goes on where it stopped.

    ``kind`` and ``status`` are those of ``states``; ``digest`` identifies file and map. ``mapping`` says how the file is written and understood.
    ``lines`` counts all, ``done`` those gone through; of these so many were ``accepted``, of which some were ``known`` before, and so many ``refused``.
    ``key_id`` names the key of the run's parts while there are any.
    """

    __tablename__ = "import_runs"

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    kind: Mapped[str] = mapped_column(sa.String(16))
    point: Mapped[str] = mapped_column(sa.String(63))
    digest: Mapped[str] = mapped_column(sa.String(64), unique=True)
    file_name: Mapped[str] = mapped_column(sa.String(200))
    mapping: Mapped[dict[str, Any]] = mapped_column(sa.JSON)
    dry_run: Mapped[bool]
    status: Mapped[str] = mapped_column(sa.String(8))
    lines: Mapped[int | None]
    done: Mapped[int]
    accepted: Mapped[int]
    known: Mapped[int]
    refused: Mapped[int]
    problem: Mapped[str | None] = mapped_column(sa.Text)
    started_at: Mapped[datetime] = mapped_column(Instant)
    started_by: Mapped[str] = mapped_column(sa.String(80))
    finished_at: Mapped[datetime | None] = mapped_column(Instant)
    key_id: Mapped[str | None] = mapped_column(Id, sa.ForeignKey("subject_keys.id"))


class ImportPart(Base):
    """A piece of an uploaded file (``what`` file) or of the list of refused lines (``what`` refused), encrypted under the run's key."""

    __tablename__ = "import_parts"

    run_id: Mapped[str] = mapped_column(Id, sa.ForeignKey("import_runs.id"), primary_key=True)
    what: Mapped[str] = mapped_column(sa.String(8), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    nonce: Mapped[bytes]
    ciphertext: Mapped[bytes]


class ImportReference(Base):
    """The decision that a business knows by a reference of its own; ``tag`` is an HMAC of point and reference under the lookup secret.

    Only imports write it. Whoever erases a decision deletes its row here too.
    """

    __tablename__ = "import_references"
    __table_args__ = ({"sqlite_with_rowid": False},)

    tag: Mapped[str] = mapped_column(sa.String(64), primary_key=True)
    decision_id: Mapped[str] = mapped_column(Id)
