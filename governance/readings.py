"""Saying in the log who read what: once an actor, object and hour, in all processes together.

A unit of work gathers what is read in it (``Work.reads``). What this hour's entries do not tell of yet is written when it ends: into its own transaction,
or for one that only reads into one of its own, before anything is shown.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from audits.log.entries import EntryKind
from governance.actors import Actor
from governance.ledger.models import ReadingRow
from governance.storage.inserting import insert
from governance.work import Reading, Work

_MOST: Final = 20_000
_KEPT: Final = timedelta(hours=2)
_Key = tuple[str, str, str, datetime]


class Told:
    """The readings of which this process knows that the log tells of them; without it each look would ask the database."""

    def __init__(self) -> None:
        self._known: OrderedDict[_Key, None] = OrderedDict()
        self._lock = threading.Lock()

    def untold(self, actor: Actor, readings: Iterable[Reading], now: datetime) -> list[Reading]:
        """Return those of which nobody here knows that the log tells of them, in an order that is the same everywhere."""
        with self._lock:
            fresh = [one for one in readings if _key(actor, one, now) not in self._known]
        return sorted(fresh, key=lambda one: (one.what, one.about))

    def add(self, actor: Actor, readings: Iterable[Reading], now: datetime) -> None:
        """Remember that the log tells of these; their transaction is committed."""
        with self._lock:
            for one in readings:
                self._known[_key(actor, one, now)] = None
            while len(self._known) > _MOST:
                self._known.popitem(last=False)


def write(work: Work, readings: Iterable[Reading]) -> None:
    """Write an entry of each reading that no entry of this hour tells of."""
    for one in readings:
        if first_this_hour(work, one.what, one.about):
            work.record(
                EntryKind.ACCESS_READ,
                decision_id=one.decision_id,
                refs=dict(one.refs),
                data={"what": one.what, **dict(one.data)},
            )


def first_this_hour(work: Work, what: str, about: str) -> bool:
    """Take this hour's place of the actor's reading; tell whether it was free."""
    made = work.session.execute(
        insert(work.session, ReadingRow)
        .values(actor=work.actor.reference, what=what, about=about, hour=hour_of(work.now))
        .on_conflict_do_nothing()
        .returning(ReadingRow.hour)
    ).first()
    return made is not None


def forget_old(session: Session, now: datetime) -> None:
    """Delete the places of hours gone by; the log tells of them."""
    session.execute(sa.delete(ReadingRow).where(ReadingRow.hour < hour_of(now) - _KEPT))


def hour_of(instant: datetime) -> datetime:
    """Return when the hour of an instant began."""
    return instant.replace(minute=0, second=0, microsecond=0)


def _key(actor: Actor, reading: Reading, now: datetime) -> _Key:
    return actor.reference, reading.what, reading.about, hour_of(now)
