"""How often a key may ask."""

from __future__ import annotations

import pytest

from governance.errors import SettingsInvalid
from web.problems import TooManyRequests
from web.rate_limits import RateLimit, from_setting


class Seconds:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def test_a_key_may_ask_so_often_and_then_as_fast_as_its_bucket_fills() -> None:
    seconds = Seconds()
    limit = RateLimit(3, 60.0, seconds)
    for _ in range(3):
        limit.take("a")
    with pytest.raises(TooManyRequests) as caught:
        limit.take("a")
    limit.take("b")
    seconds.now += caught.value.retry_after
    limit.take("a")
    with pytest.raises(TooManyRequests):
        limit.take("a")


def test_a_bucket_never_holds_more_than_a_periods_requests() -> None:
    seconds = Seconds()
    limit = RateLimit(2, 1.0, seconds)
    limit.take("a")
    seconds.now += 3600
    limit.take("a")
    limit.take("a")
    with pytest.raises(TooManyRequests):
        limit.take("a")


def test_refused_requests_do_not_put_the_next_one_off() -> None:
    seconds = Seconds()
    limit = RateLimit(1, 10.0, seconds)
    limit.take("a")
    for _ in range(20):
        seconds.now += 0.4
        with pytest.raises(TooManyRequests):
            limit.take("a")
    seconds.now += 2.1
    limit.take("a")


def test_the_setting_is_off_or_a_number_in_a_time() -> None:
    assert from_setting("off") is None
    assert from_setting("200/second") is not None
    for text in ("200", "0/second", "ten/minute", "5/fortnight", "-1/second"):
        with pytest.raises(SettingsInvalid):
            from_setting(text)
