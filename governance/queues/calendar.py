"""Working hours: when a queue's time runs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Self
from zoneinfo import ZoneInfo, available_timezones

DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


@dataclass(frozen=True, slots=True, kw_only=True)
class Calendar:
    """When people of a queue work: hours by weekday (0 is Monday) in a time zone, without holidays. No hours at all: always open."""

    zone: ZoneInfo = field(default_factory=lambda: ZoneInfo("UTC"))
    hours: Mapping[int, Sequence[tuple[time, time]]] = field(default_factory=dict)
    holidays: frozenset[date] = frozenset()

    @classmethod
    def from_document(cls, document: Mapping[str, Any] | None) -> Self:
        """Read ``{"zone": "Europe/Berlin", "hours": {"monday": [["09:00", "17:00"]]}, "holidays": ["2026-12-25"]}``.

        Raises:
            ValueError: something in it does not fit; the message says what was expected.
        """
        if document is None:
            return cls()
        unknown = set(document) - {"zone", "hours", "holidays"}
        if unknown:
            raise ValueError(
                f"A calendar has zone, hours and holidays, not {', '.join(sorted(unknown))}."
            )
        zone = document.get("zone", "UTC")
        if zone not in available_timezones():
            raise ValueError(f"{zone!r} is not a time zone; expected a name like Europe/Berlin.")
        hours: dict[int, list[tuple[time, time]]] = {}
        for day, spans in dict(document.get("hours", {})).items():
            if day not in DAYS:
                raise ValueError(f"{day!r} is not a weekday; expected one of {', '.join(DAYS)}.")
            parsed = sorted((_clock_time(opens), _clock_time(closes)) for opens, closes in spans)
            ends = [time.min, *(closes for _, closes in parsed)]
            for (opens, closes), before in zip(parsed, ends, strict=False):
                if not before <= opens < closes:
                    raise ValueError(f"The hours of {day} overlap or end before they begin.")
            if parsed:
                hours[DAYS.index(day)] = parsed
        if document.get("hours") and not hours:
            raise ValueError(
                "A calendar with hours needs at least one open span; leave hours out for always open."
            )
        try:
            holidays = frozenset(date.fromisoformat(day) for day in document.get("holidays", ()))
        except (TypeError, ValueError):
            raise ValueError("A holiday is a date like 2026-12-25.") from None
        return cls(zone=ZoneInfo(zone), hours=hours, holidays=holidays)

    def after(self, start: datetime, working: timedelta) -> datetime:
        """Return the instant at which this much working time has passed since ``start`` (aware); UTC.

        With holidays on every working day of two years the time simply runs through.
        """
        if not self.hours:
            return (start + working).astimezone(UTC)
        left = working
        for opens, closes in self._open_spans(start):
            available = closes - max(opens, start)
            if left <= available:
                return (max(opens, start) + left).astimezone(UTC)
            left -= available
        return (start + working).astimezone(UTC)

    def _open_spans(self, start: datetime) -> Iterator[tuple[datetime, datetime]]:
        """Yield the open spans that end after ``start``, as UTC instants, over two years."""
        day = start.astimezone(self.zone).date()
        for _ in range(740):
            if day not in self.holidays:
                for opens, closes in self.hours.get(day.weekday(), ()):
                    # Converting to UTC first makes a span over a change of the clocks as long as it really is.
                    begin = datetime.combine(day, opens, self.zone).astimezone(UTC)
                    end = datetime.combine(day, closes, self.zone).astimezone(UTC)
                    if end > start and end > begin:
                        yield begin, end
            day += timedelta(days=1)


def _clock_time(text: Any) -> time:
    try:
        if text == "24:00":
            return time(23, 59, 59, 999999)
        return time.fromisoformat(text)
    except (TypeError, ValueError):
        raise ValueError(f"{text!r} is not a time of day; expected one like 09:00.") from None
