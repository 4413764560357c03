"""Whoever owns the database, and even the log's key, rewrites the past in it: the log refuses to sign, `audit verify` names what was done."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from audits.log import canonical, notes, tiles
from audits.log.entries import EntryKind
from audits.log.highwater import Forked, HighWater, RolledBack, SigningRefused
from audits.log.tree import EMPTY_ROOT, leaf_hash
from governance.actors import service
from governance.application import Answerable, open_installation
from governance.ledger import highwater_file, keys, publishing, queries
from governance.ledger.models import Leaf, Log, LogRecord, StoredCheckpoint, Tile
from governance.ledger.sequencing import Sequencer, drain
from governance.operations.verifying import verify
from tests.conftest import Beginning, _fresh_postgres
from tests.integration.test_log import change

CLI = service("cli")


def record(answerable: Answerable, many: int) -> None:
    with answerable.work(CLI) as work:
        for _ in range(many):
            work.record(EntryKind.SETTINGS_CHANGED)


def sign(answerable: Answerable) -> str | None:
    drain(answerable)
    return publishing.publish(answerable)


def begin(answerable: Answerable) -> None:
    for _ in range(2):
        record(answerable, 140)
        sign(answerable)
        answerable.clock.advance(minutes=2)


@pytest.fixture
def beginning() -> Beginning:
    return Beginning("log-of-280", begin)


@pytest.fixture
def another(
    answerable: Answerable,
    request: pytest.FixtureRequest,
    tmp_path: Path,
    _kept_installations: Callable[[str], Any],
) -> Iterator[Answerable]:
    """Return the same installation on a copy of its database, with the same keys and the same mark."""
    with ExitStack() as stack:
        if answerable.database.is_sqlite:
            path = tmp_path / "another.sqlite"
            shutil.copyfile(_kept_installations("sqlite").database, path)
            url = f"sqlite:///{path}"
        else:
            server = request.getfixturevalue("postgres_server")
            template = _kept_installations("postgresql").database
            url = stack.enter_context(_fresh_postgres(server, template=template))
        settings = replace(answerable.settings, database_url=url)
        other = open_installation(settings, clock=answerable.clock)
        yield other
        other.close()


@dataclass
class Past:
    """A log's rows as an attacker rewrites them: ids and entries, in order."""

    rows: list[tuple[str, bytes]]

    def edit(self, at: int) -> None:
        record_id, entry = self.rows[at]
        said = canonical.parse(entry)
        said["data"] = {"names": ["nothing"]}
        self.rows[at] = (record_id, canonical.canonical(said))

    def insert(self, at: int) -> None:
        record_id, entry = self.rows[at]
        said = canonical.parse(entry)
        said["id"] = record_id[:-1] + ("0" if record_id[-1] != "0" else "1")
        self.rows.insert(at, (str(said["id"]), canonical.canonical(said)))

    def delete(self, at: int) -> None:
        del self.rows[at]

    def swap(self, at: int) -> None:
        self.rows[at], self.rows[at + 1] = self.rows[at + 1], self.rows[at]

    def cut(self, at: int) -> None:
        del self.rows[at:]


def past_of(answerable: Answerable) -> Past:
    with answerable.database.read() as session:
        rows = session.execute(
            sa.select(LogRecord.id, LogRecord.entry)
            .join(Leaf, Leaf.record_id == LogRecord.id)
            .order_by(Leaf.leaf_index)
        )
        return Past([(row.id, bytes(row.entry)) for row in rows])


def rewrite(answerable: Answerable, past: Past) -> None:
    """Make records, leaves, tiles and the log's state fit a past; what was signed stays."""
    with answerable.database.read() as session:
        log = queries.current(session)
        ids = {record_id for record_id, _ in past.rows}
        sample = session.execute(sa.select(LogRecord).limit(1)).scalar_one()
        known = set(session.execute(sa.select(LogRecord.id)).scalars())
        at = session.execute(sa.select(Leaf.integrated_at).limit(1)).scalar_one()
    made = tiles.integrate(0, [leaf_hash(entry) for _, entry in past.rows], lambda *_: None)
    change(answerable, sa.delete(Leaf))
    change(answerable, sa.delete(Tile))
    change(answerable, sa.delete(LogRecord).where(LogRecord.id.not_in(ids)))
    for record_id, entry in past.rows:
        if record_id in known:
            change(
                answerable,
                sa.update(LogRecord).where(LogRecord.id == record_id).values(entry=entry),
            )
    with answerable.database.write() as session:
        for record_id, entry in past.rows:
            if record_id not in known:
                row = {"id": record_id, "kind": sample.kind, "recorded_at": sample.recorded_at}
                session.execute(sa.insert(LogRecord).values(**row, entry=entry))
        session.execute(
            sa.insert(Leaf),
            [
                {
                    "epoch": log.epoch,
                    "leaf_index": index,
                    "record_id": record_id,
                    "leaf_hash": leaf_hash(entry),
                    "integrated_at": at,
                }
                for index, (record_id, entry) in enumerate(past.rows)
            ],
        )
        session.execute(
            sa.insert(Tile),
            [
                {"epoch": log.epoch, "level": level, "idx": index, "hashes": hashes}
                for (level, index), hashes in made.tiles.items()
            ],
        )
        session.execute(
            sa.update(Log)
            .where(Log.epoch == log.epoch)
            .values(size=len(past.rows), root=made.root if past.rows else EMPTY_ROOT)
        )


@pytest.mark.parametrize(
    ("attack", "at", "refusal"),
    [
        (Past.edit, 20, Forked),
        (Past.insert, 20, Forked),
        (Past.delete, 20, RolledBack),
        (Past.swap, 20, Forked),
        (Past.cut, 200, RolledBack),
    ],
    ids=["an entry edited", "one inserted", "one deleted", "two swapped", "the end cut off"],
)
def test_a_past_in_which_everything_fits_together_is_neither_signed_nor_passed(
    answerable: Answerable,
    attack: Callable[[Past, int], None],
    at: int,
    refusal: type[SigningRefused],
) -> None:
    past = past_of(answerable)
    attack(past, at)
    rewrite(answerable, past)
    with pytest.raises(refusal):
        publishing.publish(answerable)
    report = verify(answerable)
    assert report.exit_code == 1
    found = " ".join(finding.what for finding in report.findings)
    assert "checkpoint" in found or "more entries were signed than there are" in found
    assert "high-water mark" in found
    # It goes on growing, and still nothing is signed.
    record(answerable, 300)
    with pytest.raises(Forked):
        sign(answerable)


def test_a_past_that_is_signed_anew_with_the_stolen_key_is_told_by_the_mark_outside(
    answerable: Answerable,
) -> None:
    past = past_of(answerable)
    past.edit(20)
    rewrite(answerable, past)
    with answerable.database.read() as session:
        log = queries.current(session)
        signers = keys.signing_keys(answerable, log)
    note = notes.sign(notes.checkpoint_body(log.origin, log.size, log.root), *signers)
    change(answerable, sa.delete(StoredCheckpoint).where(StoredCheckpoint.size < log.size))
    change(answerable, sa.update(StoredCheckpoint).values(root=log.root, note=note))
    findings = verify(answerable).findings
    assert findings
    assert all("high-water" in finding.what for finding in findings), [str(f) for f in findings]
    # With the mark rewritten too nothing here can tell: only who kept a checkpoint, a witness or an anchor.
    highwater_file.path_of(answerable, log).unlink()
    highwater_file.store(answerable, log, HighWater.of(note, log.verifying_keys))
    assert not verify(answerable).findings


def test_two_sequencers_on_two_databases_do_not_both_sign(
    answerable: Answerable, another: Answerable
) -> None:
    """The second database is a copy that went its own way, with the same key and the same mark."""
    record(answerable, 3)
    record(another, 5)
    Sequencer(another).tick()
    Sequencer(answerable).tick()
    assert publishing.publish(another) is not None
    with pytest.raises((RolledBack, Forked)):
        publishing.publish(answerable)
    record(answerable, 9)
    with pytest.raises(Forked):
        sign(answerable)
    with answerable.database.read() as session:
        signed = session.execute(sa.select(sa.func.max(StoredCheckpoint.size))).scalar_one()
        assert signed < queries.current(session).size
