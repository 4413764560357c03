"""Do the times in the log fit each other, and those of others?

The log's ticks never go back. An entry was recorded before the tick after it, and not before the tick ahead of it, but
where entries waited: then they come in the order of their times. A checkpoint that somebody else dated lies between
ticks of that time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from audits.log.entries import EntryKind, instant_text
from audits.verifying.findings import Findings, Step
from audits.verifying.scanning import OwnEntry, Span

SKEW: Final = timedelta(minutes=5)
"""So far may two clocks differ, and so long may a transaction take."""

ReadTimes = Callable[[int, int], Iterable[tuple[int, str, str]]]
"""Index, record id and time of the entries from an index to another."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Dated:
    """Somebody else said that the tree of this size was there at this time."""

    size: int
    at: datetime
    by: str


class Clock:
    """Follows an epoch's entries in order."""

    def __init__(
        self, *, epoch: int, dated: Iterable[Dated], read: ReadTimes, findings: Findings
    ) -> None:
        self.last_tick = ""
        self.ticks = 0
        self.doubts: list[tuple[int, int | None]] = []
        """Where the log itself says that its clock went back: from which entry, until which tick."""
        self._epoch = epoch
        self._dated = sorted(dated, key=lambda one: one.size, reverse=True)
        self._read = read
        self._findings = findings
        self._floor_tick = ""
        self._high = ""
        self._waiting: list[Span] = []
        self._came = False

    def gap(self) -> None:
        """Entries are missing here, so what follows is held against no earlier time."""
        self._floor_tick = self._high = ""
        self._waiting.clear()
        self._came = True

    def span(self, span: Span) -> None:
        self._came = True
        self._waiting.append(span)
        if span.earliest < self._floor(max(self._high, span.latest)):
            # Rare: what waited while nothing was placed, or what was dated back.
            for index, record_id, at in self._read(span.start, span.end):
                floor = self._floor(self._high)
                if at < floor:
                    self._findings.tampered(
                        Step.TIME,
                        "the entry says that it was recorded long before it was placed: it was dated back, or kept back",
                        expected=f"{floor} or later",
                        got=at,
                        epoch=self._epoch,
                        index=index,
                        record_id=record_id,
                    )
                self._high = max(self._high, at)
        self._high = max(self._high, span.latest)

    def own(self, entry: OwnEntry) -> None:
        if entry.kind == EntryKind.LOG_TICK:
            self._tick(entry)
        elif (
            entry.kind == EntryKind.LOG_ANOMALY_FOUND
            and entry.data.get("code") == "clock_went_back"
        ):
            self._floor_tick = self._high = ""
            self.doubts.append((entry.index, None))

    def finish(self) -> None:
        """Hold the last ticks against what others said."""
        while self._dated:
            self._compare(self._dated.pop(), None)

    def _floor(self, high: str) -> str:
        floor = min(self._floor_tick, high)
        return floor and _moved(floor, -SKEW)

    def _tick(self, tick: OwnEntry) -> None:
        at = tick.recorded_at
        while self._dated and self._dated[-1].size <= tick.index:
            self._compare(self._dated.pop(), at)
        self.ticks += 1
        if at < self.last_tick:
            self._findings.tampered(
                Step.TIME,
                "the log's clock went back",
                expected=f"{self.last_tick} or later",
                got=at,
                epoch=self._epoch,
                index=tick.index,
                record_id=tick.record_id,
            )
            return
        ceiling = _moved(at, SKEW)
        for span in self._waiting:
            if span.latest > ceiling:
                self._too_late(span, ceiling)
        self._waiting.clear()
        if self.doubts and self.doubts[-1][1] is None:
            self.doubts[-1] = (self.doubts[-1][0], tick.index)
        # Where nothing came since the tick before, nothing waited.
        if not self._came:
            self._high = max(self._high, at)
        self._came = False
        self.last_tick = self._floor_tick = at

    def _too_late(self, span: Span, ceiling: str) -> None:
        for index, record_id, at in self._read(span.start, span.end):
            if at > ceiling:
                self._findings.tampered(
                    Step.TIME,
                    "the entry says that it was recorded after the tick that follows it",
                    expected=f"{ceiling} or earlier",
                    got=at,
                    epoch=self._epoch,
                    index=index,
                    record_id=record_id,
                )

    def _compare(self, dated: Dated, after: str | None) -> None:
        said = instant_text(dated.at)
        if self.last_tick and self.last_tick > _moved(said, SKEW):
            self._findings.tampered(
                Step.TIME,
                f"the log's clock was ahead: {dated.by} dated the tree of size {dated.size} before the log's own last tick in it",
                expected=f"a tick by {_moved(said, SKEW)}",
                got=self.last_tick,
                epoch=self._epoch,
                index=dated.size - 1,
            )
        if after is not None and after < _moved(said, -SKEW):
            self._findings.incomplete(
                Step.TIME,
                f"{dated.by} dated the tree of size {dated.size} after ticks that the log placed behind it: they were dated back, or it was dated late",
                expected=f"a tick of {_moved(said, -SKEW)} or later",
                got=after,
                epoch=self._epoch,
                index=dated.size,
            )


def instant(text: str) -> datetime | None:
    """Read a time as entries hold it."""
    try:
        read = datetime.fromisoformat(text)
    except ValueError:
        return None
    return read.astimezone(UTC) if read.tzinfo is not None else None


def _moved(text: str, by: timedelta) -> str:
    read = instant(text)
    try:
        return text if read is None else instant_text(read + by)
    except OverflowError:
        return text
