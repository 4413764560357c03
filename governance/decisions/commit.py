"""Committing decisions: requests of one process share a transaction; each decision's rows are all or none.

A request puts its prepared rows on a list; the first becomes the leader and writes for all that wait, then wakes them and hands the lead to the next that came
meanwhile (leader and followers: no writer thread). How a batch is written is ``storing``'s matter; each database checks first that the configuration is still
the one the decisions were ruled by.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from governance.decisions.storing.rows import Fate, Prepared, Store
from governance.errors import LogUnavailable, Unavailable
from governance.storage.database import Database

if TYPE_CHECKING:
    from governance.application import Answerable

_BATCH = 256
#: How long a commit waits at most for decisions that are being prepared, and how often it looks.
_GATHER_SECONDS = 0.002
_GATHER_PAUSE = 0.0002


class _Call:
    """The decisions of one call of ``commit``, and the lock its thread sleeps on: let go when they are done, or when it is its turn to lead."""

    __slots__ = ("done", "items", "woken")

    def __init__(self, items: Sequence[Prepared]) -> None:
        self.items = items
        self.done = False
        self.woken = threading.Lock()
        self.woken.acquire()


class DecisionWriter:
    """The one writer of decisions in a process."""

    def __init__(self, answerable: Answerable) -> None:
        self._answerable = answerable
        self._limit = answerable.settings.commit_queue
        self._waiting: deque[_Call] = deque()
        self._led = False
        self._preparing = 0
        self._list_lock = threading.Lock()
        self._commit_lock = threading.Lock()
        self._kind = _kind_of_store(answerable.database)
        self._store: Store | None = None

    @contextmanager
    def preparing(self) -> Iterator[None]:
        """Say that decisions are being prepared, so that a commit about to begin waits a moment for them."""
        with self._list_lock:
            self._preparing += 1
        try:
            yield
        finally:
            with self._list_lock:
                self._preparing -= 1

    def commit(self, prepared: Sequence[Prepared]) -> None:
        """Store decisions; on return each has its fate.

        Raises:
            Unavailable: too many wait already; nothing of these was stored.
        """
        call = _Call(prepared)
        with self._list_lock:
            if len(self._waiting) >= self._limit:
                raise Unavailable(
                    "More decisions wait to be stored than this process takes. Nothing was stored; try again.",
                    retry_after=1,
                )
            self._waiting.append(call)
            leads, self._led = not self._led, True
        if not leads:
            call.woken.acquire()
        if not call.done:
            self._lead(call)

    @property
    def idle(self) -> bool:
        """Tell whether nothing is being prepared or waits in this process."""
        return not self._preparing and not self._waiting

    def close(self) -> None:
        """Close the connection."""
        with self._commit_lock:
            if self._store is not None:
                self._store.close()
                self._store = None

    def _lead(self, own: _Call) -> None:
        """Write for all that wait until one's own call is done, then wake them and hand the lead on."""
        taken: list[_Call] = []
        try:
            while not own.done:
                self._gather()
                batch = self._take()
                taken += batch
                try:
                    with self._commit_lock:
                        self._write([item for call in batch for item in call.items])
                finally:
                    for call in batch:
                        call.done = True
        finally:
            with self._list_lock:
                heir = self._waiting[0] if self._waiting else None
                self._led = heir is not None
            if heir is not None:
                heir.woken.release()
            for call in taken:
                if call is not own:
                    call.woken.release()

    def _gather(self) -> None:
        """Wait a moment while others prepare: one commit for many costs little more than for one."""
        end = time.perf_counter() + _GATHER_SECONDS
        while self._preparing and time.perf_counter() < end:
            time.sleep(_GATHER_PAUSE)

    def _take(self) -> list[_Call]:
        """Take calls off the list, at least one, up to a batch."""
        batch: list[_Call] = []
        count = 0
        with self._list_lock:
            while self._waiting and (not batch or count + len(self._waiting[0].items) <= _BATCH):
                batch.append(self._waiting.popleft())
                count += len(batch[-1].items)
        return batch

    def _write(self, batch: list[Prepared]) -> None:
        try:
            self._write_all(batch)
        except Exception as error:  # noqa: BLE001 -- whatever it was, each request must be told its fate.
            if len(batch) == 1 or self._is_outage(error):
                fate = Fate.KEY_GONE if self._kind.is_missing_key(error) else Fate.FAILED
                for item in batch:
                    item.error, item.fate = error, fate
                return
            for item in batch:
                self._write([item])
        except BaseException:
            for item in batch:
                if item.fate is Fate.WAITING:
                    item.fate = Fate.FAILED
                    item.error = Unavailable(
                        "The process was stopped before this decision was stored. Try again."
                    )
            raise

    def _write_all(self, batch: list[Prepared]) -> None:
        for attempt in (1, 2):
            if self._store is None:
                self._store = self._kind(self._answerable.database)
            try:
                fates = self._store.write(batch)
                break
            except Exception as error:
                # A connection that died while it was idle is noticed only now, so it is worth a second try. Should the batch have been
                # stored before it died, the second try finds it there.
                lost = self._kind.is_lost_connection(error)
                if lost or self._store.broken:
                    self._store.close()
                    self._store = None
                    if attempt == 1 and lost:
                        continue
                raise
        for item, fate in zip(batch, fates, strict=True):
            if fate is Fate.STORED:
                self._answerable.keys.committed(item.key)
            item.fate = fate

    def _is_outage(self, error: Exception) -> bool:
        return self._kind.is_outage(error) or isinstance(error, OSError | LogUnavailable)


def _kind_of_store(database: Database) -> type[Store]:
    """Return the store of a database; of PostgreSQL's driver nothing is loaded where it is not used."""
    if database.is_sqlite:
        from governance.decisions.storing.sqlite import SQLiteStore

        return SQLiteStore
    from governance.decisions.storing.postgresql import PostgreSQLStore

    return PostgreSQLStore
