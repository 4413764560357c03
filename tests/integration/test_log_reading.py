from __future__ import annotations

import pytest

from audits.log.bundles import parse_bundle
from audits.log.entries import EntryKind
from audits.log.notes import open_checkpoint
from audits.log.proofs import parse_proof
from audits.log.tiles import TileAt, root_of, tiles_of
from audits.log.tree import HASH_BYTES, inclusion_holds, leaf_hash
from governance.actors import Actor, ActorKind, service
from governance.clock import uuid7
from governance.errors import InvalidInput, NotAllowed, NotFound
from governance.ledger import proving, publishing, reading, serving
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
        log = serving.log_of(work.session, None)
        given = {
            (level, index): serving.content(work.session, log, TileAt(level, index, width))
            for level, index, width in tiles_of(signed.size)
        }
    assert root_of(signed.size, lambda level, index: given.get((level, index))) == signed.root


def test_tiles_beyond_what_was_signed_are_not_given_out(grown):
    answerable, _ = grown
    drain(answerable)
    with answerable.look(CLI) as work:
        signed = reading.newest_checkpoint(work)
        assert reading.state(work).size > signed.size
        width = signed.size % 256
        log = serving.log_of(work.session, None)
        for narrow in (1, width):
            given = serving.content(work.session, log, TileAt(0, 1, narrow))
            assert len(given) == narrow * HASH_BYTES
        for level in (0, None):
            for at in (TileAt(level, 1, width + 1), TileAt(level, 2, 1), TileAt(63, 0, 1)):
                with pytest.raises(NotFound):
                    serving.content(work.session, log, at)


def test_a_bundle_holds_the_entries_that_its_tile_holds_the_hashes_of(grown):
    answerable, _ = grown
    with answerable.look(CLI) as work:
        size = reading.newest_checkpoint(work).size
        log = serving.log_of(work.session, None)
        for index, width in ((0, 256), (1, size - 256), (1, 3)):
            bundle = serving.content(work.session, log, TileAt(None, index, width))
            tile = serving.content(work.session, log, TileAt(0, index, width))
            assert b"".join(map(leaf_hash, parse_bundle(bundle, width))) == tile


def test_entries_that_were_pruned_are_not_given_out_and_their_hashes_are(grown):
    answerable, _ = grown
    with answerable.database.write() as session:
        serving.log_of(session, None).min_index = 256
    with answerable.look(CLI) as work:
        log = serving.log_of(work.session, None)
        assert len(serving.content(work.session, log, TileAt(0, 0, 256))) == 256 * HASH_BYTES
        assert serving.content(work.session, log, TileAt(None, 1, 3))
        with pytest.raises(NotFound):
            serving.content(work.session, log, TileAt(None, 0, 256))


def test_a_proof_leads_from_each_entry_to_the_signed_root_and_one_that_waits_has_none(grown):
    answerable, ids = grown
    with answerable.look(CLI) as work:
        for record_id in (ids[0], ids[255], ids[-2]):
            proof = proving.proof_of(work.session, record_id)
            read = parse_proof(proof.text)
            signed = open_checkpoint(
                read.checkpoint, serving.log_of(work.session, proof.epoch).verifying_keys
            )
            assert inclusion_holds(
                index=read.index,
                size=signed.size,
                leaf=leaf_hash(proof.entry),
                proof=read.hashes,
                root=signed.root,
            )
        assert proving.proof_of(work.session, ids[-1]) is None
        assert proving.proof_of(work.session, answerable.new_id()) is None


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
        with pytest.raises(InvalidInput):
            reading.entries(work, kind="no.such")
