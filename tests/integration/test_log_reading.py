from __future__ import annotations

import pytest

from audits.log.entries import EntryKind
from audits.log.tiles import root_of, tiles_of
from audits.log.tree import HASH_BYTES
from governance.actors import Actor, ActorKind, service
from governance.clock import uuid7
from governance.errors import InvalidInput, NotAllowed, NotFound
from governance.ledger import publishing, reading
from governance.ledger.sequencing import drain

CLI = service("cli")
DOV = Actor(kind=ActorKind.PERSON, id=uuid7(), name="Dov", permissions=frozenset())


@pytest.fixture
def grown(answerable):
    """An installation with 300 entries in a signed log and one that waits."""
    with answerable.work(CLI) as work:
        ids = [work.record(EntryKind.ACCESS_READ, data={"n": n}) for n in range(300)]
    drain(answerable)
    publishing.publish(answerable)
    with answerable.work(CLI) as work:
        ids.append(work.record(EntryKind.SETTINGS_CHANGED))
    return answerable, ids


def test_pages_give_every_entry_once_newest_first(grown):
    answerable, _ = grown
    seen, cursor = [], None
    while True:
        with answerable.look(CLI) as work:
            page = reading.entries(work, kind="access.read", before=cursor, limit=70)
        seen += page.entries
        cursor = page.next_cursor
        if cursor is None:
            break
    assert sorted(entry.data["n"] for entry in seen) == list(range(300))
    indexes = [entry.place.index for entry in seen]
    assert indexes == sorted(indexes, reverse=True)


def test_an_entry_that_waits_has_no_place_yet(grown):
    answerable, ids = grown
    with answerable.look(CLI) as work:
        placed, waits = reading.entry(work, ids[0]), reading.entry(work, ids[-1])
        assert reading.entry_at(work, placed.place.index) == placed
        assert waits.place is None
        assert reading.places(work, ids).keys() == set(ids[:-1])
        assert reading.backlog(work).count == 1
        assert reading.backlog(work).oldest_at == waits.recorded_at


def test_the_tiles_that_are_given_out_make_the_signed_root(grown):
    answerable, _ = grown
    with answerable.look(DOV) as work:
        signed = reading.newest_checkpoint(work)
        given = {
            (level, index): reading.tile(work, level, index, width)
            for level, index, width in tiles_of(signed.size)
        }
        assert reading.checkpoint(work, signed.size) == signed
    assert root_of(signed.size, lambda level, index: given.get((level, index))) == signed.root


def test_tiles_beyond_what_was_signed_are_not_given_out(grown):
    answerable, _ = grown
    drain(answerable)
    with answerable.look(CLI) as work:
        signed = reading.newest_checkpoint(work)
        assert reading.state(work).size > signed.size
        width = signed.size % 256
        assert len(reading.tile(work, 0, 1, width)) == width * HASH_BYTES
        for level, index, wide in ((0, 1, width + 1), (0, 2, 1), (2, 0, 1), (0, -1, 1), (0, 0, 0)):
            with pytest.raises(NotFound):
                reading.tile(work, level, index, wide)


def test_who_may_not_read_the_log_sees_no_entry(grown):
    answerable, ids = grown
    with answerable.look(DOV) as work:
        for ask in (
            lambda: reading.entries(work),
            lambda: reading.entry(work, ids[0]),
            lambda: reading.entry(work, answerable.new_id()),
            lambda: reading.entry_at(work, 0),
            lambda: reading.state(work),
        ):
            with pytest.raises(NotAllowed):
                ask()


def test_what_is_not_there_is_said_so(grown):
    answerable, _ = grown
    with answerable.look(CLI) as work:
        with pytest.raises(NotFound):
            reading.entry(work, answerable.new_id())
        with pytest.raises(NotFound):
            reading.entry_at(work, 100_000)
        with pytest.raises(NotFound):
            reading.checkpoint(work, 3)
        with pytest.raises(InvalidInput):
            reading.entries(work, kind="no.such")
