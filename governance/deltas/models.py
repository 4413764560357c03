"""Changes that wait to be counted."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from governance.storage.base import Base, Id, Instant


class CountDelta(Base):
    """A decision stood as ``was`` (None: it was not counted yet) and stands as ``now``; both as ``states.text`` writes them.

    Folding takes it from ``ready_at`` on (None: at once), which lets a verdict be undone before anything is made of it.
    """

    __tablename__ = "count_deltas"

    id: Mapped[int] = mapped_column(
        sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True, autoincrement=True
    )
    decision_id: Mapped[str] = mapped_column(Id)
    was: Mapped[str | None] = mapped_column(sa.Text)
    now: Mapped[str] = mapped_column(sa.Text)
    ready_at: Mapped[datetime | None] = mapped_column(Instant)
