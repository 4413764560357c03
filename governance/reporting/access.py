"""Saying in the log who read counts by group: at most once a person, report and hour in each process."""

from __future__ import annotations

from collections import OrderedDict
from threading import Lock
from typing import TYPE_CHECKING, Final

from audits.log.entries import EntryKind
from governance.actors import Actor, ActorKind

if TYPE_CHECKING:
    from governance.application import Answerable

_MOST: Final = 10_000
_told: OrderedDict[tuple[str, str, str, str, str], None] = OrderedDict()
_lock = Lock()


def note_reading(answerable: Answerable, actor: Actor, *, what: str, point: str) -> None:
    """Write an entry that a person reads ``what`` of a decision point, unless this hour's is there.

    Raises:
        Unavailable: the database could not do it; then nothing may be shown either.
    """
    if actor.kind is not ActorKind.PERSON:
        return
    now = answerable.clock.now()
    key = (answerable.origin, actor.id, what, point, f"{now:%Y-%m-%dT%H}")
    with _lock:
        if key in _told:
            return
    with answerable.work(actor) as work:
        work.record(EntryKind.ACCESS_READ, data={"what": what, "point": point})
    with _lock:
        _told[key] = None
        while len(_told) > _MOST:
            _told.popitem(last=False)
