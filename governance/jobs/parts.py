"""What the parts of the service that work in the background say of themselves, for the status page."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import sqlalchemy as sa
from sqlalchemy.orm import Session

from audits.sentences import Sentence, packed, unpacked
from governance.jobs.models import PartState
from governance.storage.base import Instant
from governance.storage.inserting import insert

if TYPE_CHECKING:
    from governance.application import Answerable

#: How often a part that is well says so again.
PULSE = timedelta(seconds=15)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reported:
    """The last word of a part: ``failing_since`` is None when it is well."""

    seen_at: datetime
    failing_since: datetime | None
    detail: Sentence


class Parts:
    """The reports of one process. One that cannot be stored is not lost: the next one tells the same."""

    def __init__(self, answerable: Answerable) -> None:
        self._answerable = answerable
        self._said: dict[str, tuple[datetime, str | None]] = {}
        self._failing_since: dict[str, datetime] = {}
        self._lock = threading.Lock()

    def well(self, part: str) -> None:
        """Say that a part is well."""
        self._say(part, None)

    def failing(self, part: str, detail: Sentence) -> None:
        """Say that a part fails, and how, without naming anybody."""
        self._say(part, detail)

    def _say(self, part: str, fault: Sentence | None) -> None:
        now = self._answerable.clock.now()
        with self._lock:
            if fault is None:
                self._failing_since.pop(part, None)
            since = None if fault is None else self._failing_since.setdefault(part, now)
            said = self._said.get(part)
            if said is not None and said[1] == fault and timedelta() <= now - said[0] < PULSE:
                return
            try:
                with self._answerable.database.write() as session:
                    _store(session, part, now, since, "" if fault is None else packed(fault))
            except (sa.exc.SQLAlchemyError, OSError):
                return
            self._said[part] = (now, fault)


def reported(session: Session) -> dict[str, Reported]:
    """Return the last word of each part."""
    return {
        row.part: Reported(
            seen_at=row.seen_at, failing_since=row.failing_since, detail=unpacked(row.detail)
        )
        for row in session.execute(sa.select(PartState)).scalars()
    }


def _store(session: Session, part: str, now: datetime, since: datetime | None, detail: str) -> None:
    # Another process may have noticed earlier that the part fails; then it fails since then.
    earlier = PartState.failing_since
    session.execute(
        insert(session, PartState)
        .values(part=part, seen_at=now, failing_since=since, detail=detail)
        .on_conflict_do_update(
            index_elements=["part"],
            set_={
                "seen_at": now,
                "failing_since": sa.null()
                if since is None
                else sa.func.coalesce(earlier, sa.literal(since, Instant)),
                "detail": detail,
            },
        )
    )
