"""What was kept for long enough is let go of, and everything that is left can still be checked."""

from __future__ import annotations

from datetime import timedelta
from functools import partial

import pytest
import sqlalchemy as sa

from audits.log import tiles, tree
from audits.log.entries import EntryKind
from governance.appeals import subject_page
from governance.counting import folding, reconciling
from governance.erasing.models import LegalHold
from governance.errors import NotFound
from governance.gold import service as gold
from governance.gold.models import GoldCase
from governance.ledger import queries, reading
from governance.ledger.models import Leaf, Log, LogRecord
from governance.operations import retention
from governance.operations.verifying import verify
from governance.points.service import bootstrap_publish
from governance.reviews import overdue
from governance.reviews import service as reviews
from governance.subjects.models import PayloadRow, PrunedDecision, SubjectKeyRow, VaultRow
from tests import accounts, known
from tests.integration.test_gold import first
from tests.integration.test_log_verification import (
    CLI,
    POLICY,
    ada,  # noqa: F401 -- fixtures.
    ask,
    busy,  # noqa: F401
    settle,
)
from tests.people import app, person, publish
from tests.retention import QUEUE

KEPT = f"{POLICY}retention: {{keep: 60d}}\n"


@pytest.fixture(autouse=True)
def _kept_for_60_days(monkeypatch):
    monkeypatch.setattr("tests.integration.test_log_verification.POLICY", KEPT)


def count(answerable, model, *conditions):
    with answerable.database.read() as session:
        query = sa.select(sa.func.count()).select_from(model).where(*conditions)
        return session.execute(query, execution_options={"gold": "all"}).scalar_one()


def counts(answerable):
    with answerable.database.read() as session:
        return {
            table.__tablename__: sorted(
                map(tuple, session.execute(sa.select(table.__table__)).all()), key=str
            )
            for table in folding.TABLES
        }


def fold(answerable):
    while folding.fold(answerable):
        pass


def let_go(answerable):
    done = 0
    while some := retention.prune(answerable, batch=3):
        done += some
    return done


def said(answerable, kind):
    with answerable.work(CLI) as work:
        return [one.data for one in reading.entries(work, kind=kind).entries]


def findings(answerable):
    return [str(one) for one in verify(answerable).findings]


def test_payloads_go_when_their_time_has_passed_and_nothing_else_does(answerable, busy, clock):  # noqa: F811
    fold(answerable)
    clock.advance(days=59)
    assert let_go(answerable) == 0
    young = ask(answerable, 0.95, ref="cust-young").id
    fold(answerable)
    before = counts(answerable)
    clock.advance(days=3)
    assert let_go(answerable) == len(busy)
    there = {young, busy["open"]}
    with answerable.database.read() as session:
        decided = PayloadRow.name == "decision"
        left = set(session.execute(sa.select(PayloadRow.record_id).where(decided)).scalars())
        assert left == there
        assert set(session.execute(sa.select(VaultRow.decision_id)).scalars()) == there
        tags = set(session.execute(sa.select(SubjectKeyRow.subject_tag)).scalars())
    subjects = {answerable.keys.tag_of(ref) for ref in ("cust-young", "cust-open")}
    # Nobody is found by their reference any more of whom nothing is left.
    assert {tag for tag in tags if tag is not None} == subjects
    fold(answerable)
    assert counts(answerable) == before
    reconciled = reconciling.reconcile(answerable, CLI)
    assert (reconciled.differing, reconciled.erased) == (0, 0)
    settle(answerable)
    told = said(answerable, EntryKind.PAYLOADS_PRUNED)
    assert sum(one["decisions"] for one in told) == len(busy)
    assert all(set(one) == {"point", "keep", "before", "decisions", "payloads"} for one in told)
    report = verify(answerable)
    assert (findings(answerable), report.exit_code) == ([], 0)
    assert report.pruned >= len(busy)
    assert let_go(answerable) == 0
    with answerable.look(CLI) as work:
        assert retention.waiting(work) == retention.Waiting(due=0, held=0)


def test_what_a_legal_hold_protects_stays_until_it_is_lifted(answerable, busy, clock):  # noqa: F811
    held = busy["approved"]
    tag = answerable.keys.tag_of("cust-approved")
    with answerable.database.write() as session:
        key = (
            session.execute(sa.select(SubjectKeyRow.id).where(SubjectKeyRow.subject_tag == tag))
            .scalars()
            .first()
        )
        hold = LegalHold(id=answerable.new_id(), key_id=key, set_at=clock.now(), set_by="x")
        session.add(hold)
    clock.advance(days=61)
    let_go(answerable)
    payload = PayloadRow.record_id == held
    assert count(answerable, PayloadRow, payload) == 1
    with answerable.look(CLI) as work:
        assert retention.waiting(work) == retention.Waiting(due=0, held=1)
    with answerable.database.write() as session:
        session.get_one(LegalHold, hold.id).lifted_at = clock.now()
    assert let_go(answerable) == 1
    assert count(answerable, PayloadRow, payload) == 0


def test_a_pruner_that_is_killed_loses_nothing_and_goes_on(answerable, busy, clock, monkeypatch):  # noqa: F811
    clock.advance(days=61)
    models = (PayloadRow, VaultRow, SubjectKeyRow, LogRecord, PrunedDecision)
    before = [count(answerable, model) for model in models]

    def killed(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(retention, "_drop_keys", killed)
        with pytest.raises(KeyboardInterrupt):
            retention.prune(answerable)
    assert [count(answerable, model) for model in models] == before
    assert let_go(answerable) == len(busy)
    settle(answerable)
    assert findings(answerable) == []


@pytest.fixture
def old(answerable, busy, clock):  # noqa: F811
    """A log of some bundles, all old but for its end, and the checkpoint that was signed of it then."""
    with answerable.work(CLI) as work:
        for _ in range(600):
            work.record(EntryKind.PERSON_SIGNED_IN, refs={"person": work.new_id()})
    settle(answerable)
    with answerable.look(CLI) as work:
        signed = reading.newest_checkpoint(work)
    clock.advance(days=61)
    ask(answerable, 0.95, ref="cust-young")
    settle(answerable)
    return signed


def prune_entries(answerable):
    bundles = 0
    while some := retention.prune_entries(answerable, bundles=1):
        bundles += some
    return bundles


def log_of(answerable):
    with answerable.database.read() as session:
        return queries.current(session)


def test_entries_go_by_whole_bundles_and_all_proofs_of_newer_ones_stay(answerable, old, clock):
    # A decision that waits keeps its entry, and all that came after it.
    assert prune_entries(answerable) == 0
    overdue.run(answerable)
    clock.advance(days=61)
    overdue.run(answerable)
    clock.advance(days=61)
    let_go(answerable)
    settle(answerable)
    size = log_of(answerable).size
    assert prune_entries(answerable) == size // 256
    log = log_of(answerable)
    assert log.min_index == size // 256 * 256 > 0
    settle(answerable)
    log = log_of(answerable)
    with answerable.database.read() as session:
        range_root = partial(tiles.range_root, read_tile=queries.tile_reader(session, log.epoch))
        for index in (log.min_index, log.size - 1):
            leaf = session.get_one(Leaf, (log.epoch, index)).leaf_hash
            proof = tree.inclusion_proof(index, log.size, range_root)
            assert tree.inclusion_holds(
                index=index, size=log.size, leaf=leaf, proof=proof, root=log.root
            )
        proof = tree.consistency_proof(old.size, log.size, range_root)
        assert tree.consistency_holds(
            old_size=old.size, size=log.size, old_root=old.root, root=log.root, proof=proof
        )
    report = verify(answerable)
    assert ([str(one) for one in report.findings], report.exit_code) == ([], 0)
    assert report.pruned_entries > 500
    told = said(answerable, EntryKind.LOG_PRUNED)
    assert sum(one["entries"] for one in told) == report.pruned_entries
    with answerable.look(CLI) as work, pytest.raises(NotFound, match="its time had passed"):
        reading.entry_at(work, 40)
    # Who may do what is still in the log, and still checked.
    assert count(answerable, LogRecord, LogRecord.kind == EntryKind.PERSON_ADDED) == 1


def test_nothing_is_deleted_while_a_live_policy_keeps_for_good(answerable, clock):
    with answerable.work(CLI) as work:
        bootstrap_publish(work, KEPT)
        bootstrap_publish(work, POLICY.replace("decision_point: offers", "decision_point: other"))
        for _ in range(300):
            work.record(EntryKind.PERSON_SIGNED_IN, refs={"person": work.new_id()})
    settle(answerable)
    clock.advance(days=4000)
    assert prune_entries(answerable) == 0
    with answerable.work(CLI) as work:
        bootstrap_publish(work, KEPT.replace("decision_point: offers", "decision_point: other"))
    assert prune_entries(answerable) == 1


def test_what_is_deleted_behind_the_program_is_found(answerable, clock):
    with answerable.work(CLI) as work:
        bootstrap_publish(work, KEPT)
        for _ in range(300):
            work.record(EntryKind.PERSON_SIGNED_IN, refs={"person": work.new_id()})
    decision = ask(answerable, 0.95).id
    settle(answerable)
    kept = sa.select(Leaf.record_id).join(Log, Log.epoch == Leaf.epoch)
    below, above = Leaf.leaf_index < Log.min_index, Leaf.leaf_index >= Log.min_index

    def delete(where):
        with answerable.database.write() as session:
            found = session.execute(
                kept.join(LogRecord, LogRecord.id == Leaf.record_id).where(where).limit(1)
            ).scalar_one()
            session.execute(sa.delete(LogRecord).where(LogRecord.id == found))

    with pytest.raises(sa.exc.DBAPIError, match="append-only"):
        delete(above)
    clock.advance(days=61)
    ask(answerable, 0.95, ref="cust-young")
    let_go(answerable)
    assert prune_entries(answerable) == 1
    settle(answerable)
    assert findings(answerable) == []
    with pytest.raises(sa.exc.DBAPIError, match="append-only"):
        delete(above)
    delete(below)
    assert any("are gone as were pruned" in one for one in findings(answerable))
    with answerable.database.write() as session:
        session.execute(sa.update(Log).values(min_index=512))
        session.add(PrunedDecision(decision_id=answerable.new_id(), pruned_at=clock.now()))
    found = findings(answerable)
    assert any("logs.min_index" in one for one in found)
    assert any("marked as pruned" in one for one in found)
    assert count(answerable, PayloadRow, PayloadRow.record_id == decision) == 0


def test_a_known_case_ends_with_what_it_was_made_of_and_pages_say_that_it_is_gone(
    answerable, clock
):
    publish(answerable, known.HALF.replace("tests:", "retention: {keep: 60d}\ntests:"))
    shop = app(answerable)
    source = known.resolved(answerable, clock, shop, person(answerable, "Ben", queues=(QUEUE,)))
    made = known.make(answerable, source)
    anna = accounts.join(answerable, "Anna", "manager", queues=[QUEUE])
    served = first(answerable, shop, anna)
    clock.advance(days=61)
    fold(answerable)
    # What somebody is judging keeps what it is made of; nobody is given it any more.
    let_go(answerable)
    assert count(answerable, PayloadRow, PayloadRow.record_id == source) == 1
    assert count(answerable, GoldCase, GoldCase.retired_at.is_(None)) == 0
    with answerable.work(anna) as work:
        reviews.claim(work, served.id)
    with answerable.work(anna) as work:
        reviews.give_verdict(work, served.id, verdict="approve")
    clock.advance(days=1)
    let_go(answerable)
    clock.advance(days=61)
    fold(answerable)
    overdue.run(answerable)
    let_go(answerable)
    for gone in (source, made.id, served.decision.id):
        assert count(answerable, PayloadRow, PayloadRow.record_id == gone) == 0, gone
    settle(answerable)
    # The people and the policy of this test came without an entry.
    assert not [one for one in findings(answerable) if "payload" in one or "gold" in one]
    with answerable.look(subject_page.actor()) as work:
        page = subject_page.read(work, source, language="en")
    assert (page.decision.features, page.decision.subject_ref) == (None, None)
    assert (page.standing.erased, page.keep) == (True, timedelta(days=60))
    with answerable.look(known.lead(answerable)) as work:
        assert [one.note for one in gold.list_gold(work)] == [None]
