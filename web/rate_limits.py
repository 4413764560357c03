"""How often one key may ask, counted in each process by itself."""

from __future__ import annotations

import re
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from typing import Final

from governance.errors import SettingsInvalid
from web.problems import TooManyRequests

_FORM: Final = re.compile(r"([1-9][0-9]{0,8})/(second|minute|hour)", re.ASCII)
_SECONDS: Final = {"second": 1.0, "minute": 60.0, "hour": 3600.0}
#: Keys remembered at once; the one that asked longest ago is forgotten first.
_MOST_KEYS: Final = 10_000


class RateLimit:
    """A bucket for each key, which holds a period's requests and fills evenly."""

    def __init__(
        self, requests: int, seconds: float, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._most = float(requests)
        self._pace = requests / seconds
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def take(self, key: str) -> None:
        """Count one request of a key.

        Raises:
            TooManyRequests: it asked more often than it may.
        """
        now = self._monotonic()
        with self._lock:
            left, at = self._buckets.pop(key, (self._most, now))
            left = min(self._most, left + (now - at) * self._pace)
            allowed = left >= 1
            self._buckets[key] = (left - 1 if allowed else left, now)
            if len(self._buckets) > _MOST_KEYS:
                self._buckets.popitem(last=False)
        if not allowed:
            wait = max(1, round((1 - left) / self._pace + 0.5))
            raise TooManyRequests(
                f"This key asked more often than it may. Ask again in {wait} s.", retry_after=wait
            )


def from_setting(text: str) -> RateLimit | None:
    """Return the limit that the setting ``rate_limit`` names, None where it is off.

    Raises:
        SettingsInvalid: it names none.
    """
    if text == "off":
        return None
    match = _FORM.fullmatch(text)
    if match is None:
        raise SettingsInvalid(
            [
                f"rate_limit: {text!r} does not fit: expected off, or a limit like 200/second or 5000/minute"
            ]
        )
    return RateLimit(int(match[1]), _SECONDS[match[2]])
