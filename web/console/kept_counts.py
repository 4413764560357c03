"""Counts that took long to read, kept for a moment: what a page shows of them can then be changed without reading them again."""

from __future__ import annotations

import time
from collections import OrderedDict
from dataclasses import dataclass
from datetime import datetime, timedelta
from threading import Lock
from typing import Final

from flask import current_app

from audits.fairness.counts import Counts
from governance.counting import reading
from governance.permissions import Permission
from governance.work import Work

#: What is read faster than this is always read anew, so that a small business sees each decision at once.
_WORTH_KEEPING: Final = 0.15
_KEPT_FOR: Final = timedelta(minutes=1)
_MOST: Final = 12
_EXTENSION: Final = "answerable.kept_counts"

_Key = tuple[str, int, str, str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Read:
    """Counts, and when they were read."""

    counts: Counts
    at: datetime


class KeptCounts:
    """The counts that one process read last, by point, policy version and window."""

    def __init__(self) -> None:
        self._kept: OrderedDict[_Key, Read] = OrderedDict()
        self._lock = Lock()

    def read(self, work: Work, point: str, since: str, until: str) -> Read:
        """Return the counts of a window of days.

        Raises:
            NotAllowed, NotFound: the actor may not read reports; there is no such point.
            InvalidInput: the window is none.
        """
        work.require(Permission.REPORTS_READ)
        version = work.configuration.live[point].version if point in work.configuration.live else 0
        # Whether a label is old enough to count changes at midnight.
        key = (point, version, since, until, work.now.date().isoformat())
        with self._lock:
            kept = self._kept.get(key)
        if kept is not None and work.now - kept.at < _KEPT_FOR:
            return kept
        began = time.perf_counter()
        found = Read(counts=reading.counts(work, point, since, until), at=work.now)
        if time.perf_counter() - began > _WORTH_KEEPING:
            with self._lock:
                self._kept[key] = found
                self._kept.move_to_end(key)
                while len(self._kept) > _MOST:
                    self._kept.popitem(last=False)
        return found


def read(work: Work, point: str, since: str, until: str) -> Read:
    """Return the counts of a window of days, as they were at most a minute ago.

    Raises:
        NotAllowed, NotFound, InvalidInput: as ``KeptCounts.read``.
    """
    kept: KeptCounts = current_app.extensions.setdefault(_EXTENSION, KeptCounts())
    return kept.read(work, point, since, until)
