"""Counting failed tries, so that guessing is slow.

A try is counted before it is checked and taken back when it was right: many at once gain nothing.
Keys are HMACs, so that the table tells neither e-mail addresses nor network addresses.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from governance.errors import TooManyTries
from governance.identities.models import SignInFailure
from governance.keyring import Keyring

#: Failures after which each try waits. One address may stand for a whole office.
ACCOUNT_LIMIT: Final = 5
ADDRESS_LIMIT: Final = 20
LONGEST_WAIT: Final = timedelta(minutes=15)
#: Failures this long ago no longer count.
FORGOTTEN_AFTER: Final = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class Counter:
    """What is counted under one key; ``limit`` failures are free."""

    key: str
    limit: int


def counters(keyring: Keyring, account: str, address: str) -> tuple[Counter, Counter]:
    """Return the counters of a try: of the account, and of the network address it comes from."""
    return (
        Counter(keyring.tag("failed sign-ins of an account", account), ACCOUNT_LIMIT),
        Counter(keyring.tag("failed sign-ins from an address", address), ADDRESS_LIMIT),
    )


def count(session: Session, tried: Sequence[Counter], now: datetime) -> bool:
    """Count a try as failed; tell whether the account's counter has reached its limit with it.

    Raises:
        TooManyTries: the wait after the last failure is not over; this try was not counted.
    """
    insert = sqlite.insert if session.get_bind().dialect.name == "sqlite" else postgresql.insert
    rows = []
    # Always in the same order, so that two tries never wait for each other.
    for counter in sorted(tried, key=lambda one: one.key):
        fresh = {"key": counter.key, "count": 0, "last_at": now}
        session.execute(insert(SignInFailure).values(fresh).on_conflict_do_nothing())
        row = _locked(session, counter.key)
        assert row is not None
        if row.blocked_until is not None and row.blocked_until > now:
            seconds = math.ceil((row.blocked_until - now).total_seconds())
            raise TooManyTries(
                f"Too many tries failed. Wait {seconds} seconds, then try again.",
                retry_after=seconds,
            )
        rows.append((counter, row))
    for counter, row in rows:
        row.count = 1 if row.last_at <= now - FORGOTTEN_AFTER else row.count + 1
        row.last_at = now
        row.blocked_until = _blocked_until(row.count, counter.limit, now)
    session.flush()
    return any(row.count == ACCOUNT_LIMIT and counter is tried[0] for counter, row in rows)


def take_back(session: Session, tried: Sequence[Counter]) -> None:
    """Say that the try was right: the account's failures are forgotten, the address's are one fewer."""
    account, address = tried
    forget(session, account)
    row = _locked(session, address.key)
    if row is not None:
        row.count = max(0, row.count - 1)
        row.blocked_until = _blocked_until(row.count, address.limit, row.last_at)


def forget(session: Session, counter: Counter) -> None:
    """Forget the failures counted under a key."""
    session.execute(sa.delete(SignInFailure).where(SignInFailure.key == counter.key))


def _locked(session: Session, key: str) -> SignInFailure | None:
    return session.execute(
        sa.select(SignInFailure)
        .where(SignInFailure.key == key)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).scalar_one_or_none()


def _blocked_until(failures: int, limit: int, now: datetime) -> datetime | None:
    if failures < limit:
        return None
    doublings = min(failures - limit + 1, 10)
    return now + min(timedelta(seconds=2**doublings), LONGEST_WAIT)
