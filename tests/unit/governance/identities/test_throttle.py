from __future__ import annotations

from datetime import UTC, datetime

import pytest

from governance.identities.throttle import _blocked_until, counters
from governance.keyring import Keyring

NOW = datetime(2026, 11, 23, 10, tzinfo=UTC)


@pytest.mark.parametrize(
    ("failures", "seconds"),
    [(5, 2), (6, 4), (7, 8), (12, 256), (13, 512), (14, 900), (15, 900), (100_000, 900)],
)
def test_the_wait_doubles_with_each_failure_up_to_a_quarter_of_an_hour(failures, seconds):
    until = _blocked_until(failures, 5, NOW)
    assert until is not None
    assert (until - NOW).total_seconds() == seconds


def test_four_failures_are_free():
    assert _blocked_until(4, 5, NOW) is None


def test_what_is_counted_tells_neither_who_nor_from_where():
    ring = Keyring(kek=b"k" * 32, lookup=b"l" * 32, session=b"s" * 32)
    account, address = counters(ring, "ada@corner.example", "192.0.2.7")
    assert account.key != address.key
    assert "ada" not in account.key
    assert "192" not in address.key
    assert counters(ring, "ada@corner.example", "192.0.2.8")[0] == account
