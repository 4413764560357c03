"""What the tests stand on: fresh databases of the newest schema, a still clock, no way out of this machine."""

from __future__ import annotations

import socket
from datetime import timedelta

import pytest
import sqlalchemy as sa
from pytest_socket import SocketConnectBlockedError

from governance.schema import current, head
from governance.storage.database import Database


@pytest.mark.parametrize("turn", [1, 2])
def test_every_test_gets_a_fresh_database_of_the_newest_schema(database_url, turn):
    database = Database(database_url)
    try:
        assert current(database) == head()
        with database.engine.begin() as connection:
            connection.execute(sa.text("CREATE TABLE left_behind (id integer)"))
    finally:
        database.dispose()


def test_an_empty_database_has_no_table(empty_database_url):
    database = Database(empty_database_url)
    try:
        assert sa.inspect(database.engine).get_table_names() == []
    finally:
        database.dispose()


def test_the_clock_moves_only_when_told(clock):
    before = clock.now()
    assert clock.now() == before
    clock.advance(minutes=10)
    assert clock.now() - before == timedelta(minutes=10)


def test_no_test_reaches_another_machine():
    with socket.socket() as connection:
        connection.settimeout(1)
        with (
            pytest.warns(UserWarning, match=r"192\.0\.2\.1"),
            pytest.raises(SocketConnectBlockedError, match=r"192\.0\.2\.1"),
        ):
            connection.connect(("192.0.2.1", 80))


def test_counts_are_a_tenth_and_never_nothing(at_scale, request):
    assert at_scale(5) >= 1
    assert at_scale(1000) in {100, 1000}
