from __future__ import annotations

from datetime import timedelta

import pytest
import sqlalchemy as sa

from audits.log.entries import EntryKind
from audits.log.verify import Severity
from governance.actors import Actor, ActorKind, service
from governance.counting.regrouping import record_groups
from governance.decisions import service as decisions
from governance.decisions.asking import DecisionRequest, ProposalAsked, SubjectAsked
from governance.decisions.models import Decision
from governance.decisions.preparing import Asked
from governance.identities.service import add_person
from governance.ledger import epochs, highwater_file, publishing, queries
from governance.ledger.models import Leaf, LogRecord, PendingRecord
from governance.ledger.sequencing import drain
from governance.operations.verifying import verify
from governance.permissions import Role, of_roles
from governance.points.models import PolicyVersion
from governance.points.service import bootstrap_publish
from governance.reviews import overdue
from governance.reviews import service as reviews
from governance.reviews.models import Case, Verdict
from governance.subjects.models import PayloadRow, SubjectKeyRow, VaultRow
from governance.truth import service as truth
from governance.truth.models import Feedback, GroundTruth

CLI = service("cli", os_user="anna")
POLICY = """\
decision_point: offers
kind: personalization
title: {en: Offers}
purpose: {en: Who gets an offer.}
owner: sales
stakes: low
rollout: live
features:
  charges: {type: number, minimum: 0, label: {en: Charges}}
groups: [gender]
outcomes:
  offer: {label: {en: Offer}, favourable: true}
  none: {label: {en: No offer}, fallback: true}
proposal: {from: app, confidence: required}
review:
  queue: sales
  confidence_below: 0.8
  due_in: 1h
  when_overdue: {escalate_to: leads, then: fallback}
  sign_offs: 1
  undo: 10s
"""


def ask(answerable, confidence, *, ref="cust-1"):
    request = DecisionRequest(
        decision_point="offers",
        features={"charges": 12.5},
        subject=SubjectAsked(ref=ref, groups={"gender": "female"}),
        proposal=ProposalAsked(outcome="offer", confidence=confidence),
        channel="web",
        language="en",
        sequence=1017,
    )
    return decisions.ask(answerable, service("shop"), Asked(request=request))


def settle(answerable):
    drain(answerable)
    publishing.publish(answerable)


@pytest.fixture
def ada(answerable):
    with answerable.work(CLI) as work:
        bootstrap_publish(work, POLICY)
    with answerable.work(CLI) as work:
        person = add_person(
            work,
            email="ada@corner.example",
            name="Ada",
            roles=["manager"],
            queues=["sales", "leads"],
        ).person
    roles = frozenset({Role.MANAGER})
    return Actor(
        kind=ActorKind.PERSON,
        id=person.id,
        name="Ada",
        permissions=of_roles(roles),
        roles=roles,
        queues=frozenset({"sales", "leads"}),
    )


@pytest.fixture
def busy(answerable, ada, clock):
    """An installation in which everything that can happen to a decision has happened, by what happened."""
    happened = {"released": ask(answerable, 0.95).id}
    for what in ("approved", "undone", "withdrawn", "lapsed", "escalated", "open"):
        happened[what] = ask(answerable, 0.5, ref=f"cust-{what}").id

    def case_of(what):
        with answerable.database.read() as session:
            return session.execute(
                sa.select(Case.id).where(Case.decision_id == happened[what])
            ).scalar_one()

    def act(verb, what, **more):
        with answerable.work(ada) as work:
            verb(work, case_of(what), **more)

    for what, verdict in (("approved", "approve"), ("undone", "reject")):
        act(reviews.claim, what)
        act(reviews.give_verdict, what, verdict=verdict, reason="I looked.")
    act(reviews.undo, "undone")
    act(reviews.escalate, "escalated", reason="Too large for me.")
    with answerable.work(service("shop")) as work:
        decisions.withdraw(work, happened["withdrawn"])
    clock.advance(minutes=61)
    overdue.run(answerable)
    clock.advance(minutes=61)
    overdue.run(answerable)
    happened["open"] = ask(answerable, 0.5, ref="cust-open").id
    settle(answerable)
    return happened


def change(answerable, statement):
    with answerable.database.write() as session:
        if answerable.database.is_sqlite:
            for table in ("log_records", "log_leaves"):
                for act in ("update", "delete"):
                    session.execute(sa.text(f"DROP TRIGGER IF EXISTS {table}_no_{act}"))
        else:
            session.execute(sa.text("SET LOCAL session_replication_role = replica"))
        session.execute(statement)


def findings(answerable):
    return [str(finding) for finding in verify(answerable).findings]


def test_what_really_happened_is_found_in_order(answerable, busy):
    report = verify(answerable)
    assert [str(finding) for finding in report.findings] == []
    assert report.exit_code == 0
    assert report.decisions == len(busy) + 1
    assert report.entries == report.signed
    assert report.payloads > 2 * report.decisions
    assert report.pending == report.erased == 0


EDITS = {
    "point": "offers2",
    "policy_version": 2,
    "policy_digest": "sha256:0",
    "source": "app:other",
    "rollout": "observe",
    "disposition": "release",
    "reasons": [],
    "proposed_outcome": "none",
    "confidence": 0.5000000000000001,
    "person_requested": True,
    "language": "de",
    "channel": "mail",
    "sequence": 1018,
    "status": "rejected",
    "outcome": "none",
    "queue": "leads",
    "actor": "service:other",
    "app_id": "019a0000-0000-7000-8000-000000000000",
    "imported": True,
}


def test_an_edited_column_of_a_decision_names_the_decision(answerable, busy, clock):
    decision_id = busy["approved"]
    later = clock.now() + timedelta(microseconds=1)
    times = dict.fromkeys(("recorded_at", "due_at", "decided_at", "effective_at"), later)
    row = sa.update(Decision).where(Decision.id == decision_id)
    for column, edited in (EDITS | times).items():
        with answerable.database.read() as session:
            kept = getattr(session.get(Decision, decision_id), column)
        change(answerable, row.values({column: edited}))
        found = verify(answerable).findings
        assert {finding.decision_id for finding in found} == {decision_id}, column
        assert any(f"decisions.{column}" in finding.what for finding in found), column
        change(answerable, row.values({column: kept}))
    assert findings(answerable) == []


@pytest.mark.parametrize("model", [PayloadRow, VaultRow])
def test_one_changed_byte_of_a_payload_names_the_decision(answerable, busy, model):
    decision_id = busy["released"]
    owner = model.record_id if model is PayloadRow else model.decision_id
    with answerable.database.read() as session:
        kept = session.execute(sa.select(model.ciphertext).where(owner == decision_id)).scalar_one()
    spoiled = kept[:7] + bytes([kept[7] ^ 1]) + kept[8:]
    change(answerable, sa.update(model).where(owner == decision_id).values(ciphertext=spoiled))
    (told,) = findings(answerable)
    assert decision_id in told
    assert "does not decrypt" in told


def test_a_payload_moved_to_another_decision_names_both(answerable, busy):
    one, other = busy["released"], busy["approved"]
    parked = "00000000-0000-7000-8000-000000000000"
    for source, target in ((one, parked), (other, one), (parked, other)):
        change(
            answerable,
            sa.update(PayloadRow)
            .where(PayloadRow.record_id == source, PayloadRow.name == "decision")
            .values(record_id=target),
        )
    assert {finding.decision_id for finding in verify(answerable).findings} == {one, other}


def test_a_payload_that_is_gone_is_told_as_what_cannot_be_checked(answerable, busy):
    decision_id = busy["released"]
    change(answerable, sa.delete(PayloadRow).where(PayloadRow.record_id == decision_id))
    report = verify(answerable)
    (finding,) = report.findings
    assert finding.severity is Severity.INCOMPLETE
    assert finding.decision_id == decision_id
    assert (report.exit_code, report.missing) == (2, 1)


def test_a_changed_key_of_a_subject_names_its_decisions(answerable, busy):
    with answerable.database.read() as session:
        key_id = session.execute(
            sa.select(PayloadRow.key_id).where(PayloadRow.record_id == busy["released"])
        ).scalar_one()
    change(
        answerable,
        sa.update(SubjectKeyRow).where(SubjectKeyRow.id == key_id).values(subject_tag="0" * 64),
    )
    assert {f.decision_id for f in verify(answerable).findings} == {busy["released"]}
    change(
        answerable,
        sa.update(SubjectKeyRow).where(SubjectKeyRow.id == key_id).values(wrapped=bytes(60)),
    )
    assert {f.decision_id for f in verify(answerable).findings} == {busy["released"]}


def test_an_edited_entry_names_its_decision(answerable, busy):
    decision_id = busy["released"]
    with answerable.database.read() as session:
        entry = session.get(LogRecord, decision_id).entry
    change(
        answerable,
        sa.update(LogRecord)
        .where(LogRecord.id == decision_id)
        .values(entry=entry.replace(b'"0.95"', b'"0.99"')),
    )
    told = findings(answerable)
    assert any("does not hash to its leaf" in line and decision_id in line for line in told)
    assert any("decisions.confidence" in line and decision_id in line for line in told)


def test_an_entry_that_sqlite_turned_into_text_is_still_read(answerable, busy):
    if not answerable.database.is_sqlite:
        pytest.skip("PostgreSQL keeps a column's type.")
    change(
        answerable,
        sa.text(
            "UPDATE log_records SET entry = replace(CAST(entry AS TEXT), '0.95', '0.99') WHERE id = :id"
        ).bindparams(id=busy["released"]),
    )
    assert any(busy["released"] in line for line in findings(answerable))


def test_a_row_that_cannot_be_read_at_all_is_named(answerable, busy):
    if not answerable.database.is_sqlite:
        pytest.skip("PostgreSQL keeps a column's type.")
    for column, value in (("reasons", "[{"), ("recorded_at", "yesterday"), ("point", b"\xff\xfe")):
        change(
            answerable,
            sa.text(f"UPDATE decisions SET {column} = :value WHERE id = :id").bindparams(
                value=value, id=busy["lapsed"]
            ),
        )
        told = findings(answerable)
        assert told
        assert all(busy["lapsed"] in line for line in told)


def test_a_deleted_decision_and_one_put_in_are_named(answerable, busy):
    decision_id = busy["released"]
    stranger = answerable.new_id()
    change(answerable, sa.update(Decision).where(Decision.id == decision_id).values(id=stranger))
    told = findings(answerable)
    assert any(decision_id in line and "gone" in line for line in told)
    assert any(stranger in line and "no entry" in line for line in told)


def test_a_verdict_and_a_case_that_were_edited_name_their_decision(answerable, busy):
    decision_id = busy["approved"]
    for statement, where in (
        (sa.update(Verdict).values(outcome="none"), "verdicts.outcome"),
        (sa.update(Case).values(sensitive=True), "cases.sensitive"),
        (sa.update(Case).values(queue="leads"), "cases.queue"),
        (sa.delete(Verdict), "verdicts"),
    ):
        model = statement.entity_description["entity"]
        change(answerable, statement.where(model.decision_id == decision_id))
        found = verify(answerable).findings
        assert {finding.decision_id for finding in found} == {decision_id}
        assert any(where in finding.what for finding in found)


def test_an_edited_policy_is_told_with_its_version(answerable, busy):
    change(answerable, sa.update(PolicyVersion).values(text=POLICY.replace("0.8", "0.1")))
    (told,) = findings(answerable)
    assert "version 1 of the policy of offers" in told


def test_entries_that_wait_are_counted_and_checked(answerable, busy):
    waiting = ask(answerable, 0.95).id
    report = verify(answerable)
    assert (report.exit_code, report.pending) == (0, 1)
    change(answerable, sa.delete(PendingRecord).where(PendingRecord.record_id == waiting))
    (told,) = findings(answerable)
    assert waiting in told
    assert "neither" in told


def test_a_deleted_leaf_is_found(answerable, busy):
    change(answerable, sa.delete(Leaf).where(Leaf.record_id == busy["released"]))
    told = findings(answerable)
    assert any("missing" in line for line in told)
    assert any(busy["released"] in line for line in told)


def test_a_missing_high_water_file_leaves_something_unchecked(answerable, busy):
    with answerable.database.read() as session:
        highwater_file.path_of(answerable, queries.current(session)).unlink()
    report = verify(answerable)
    assert report.exit_code == 2
    assert "high-water" in report.findings[0].what


def test_every_epoch_is_checked(answerable, busy):
    late = ask(answerable, 0.95).id
    with answerable.work(CLI) as work:
        epochs.new_epoch(work, reason="A year has passed.")
    publishing.publish(answerable, epoch=1)
    settle(answerable)
    report = verify(answerable)
    assert [str(finding) for finding in report.findings] == []
    assert report.epochs == 2
    change(
        answerable,
        sa.update(LogRecord).where(LogRecord.id == late).values(kind=EntryKind.ACCESS_READ.value),
    )
    assert late in findings(answerable)[0]


@pytest.mark.parametrize("column", ["body_digest", "idempotency_key"])
def test_how_a_decision_was_asked_for_cannot_be_edited_unseen(answerable, busy, column):
    decision_id = busy["released"]
    change(
        answerable,
        sa.update(Decision).where(Decision.id == decision_id).values({column: "0" * 64}),
    )
    (told,) = findings(answerable)
    assert decision_id in told
    assert f"decisions.{column}" in told


def test_edited_ground_truth_and_ratings_name_the_decision(answerable, busy):
    decision_id = busy["released"]
    with answerable.work(service("cli")) as work:
        truth.report_truth(work, decision_id, outcome="none")
        truth.report_truth(work, decision_id, never=True)
        truth.report_truth(work, decision_id, outcome="offer")
        truth.report_feedback(work, decision_id, scale="nps", rating=9)
    assert findings(answerable) == []
    change(answerable, sa.update(GroundTruth).values(outcome="none"))
    change(answerable, sa.update(Feedback).values(rating=10))
    told = findings(answerable)
    assert len(told) == 2
    assert all(decision_id in one for one in told)
    change(answerable, sa.delete(GroundTruth))
    change(answerable, sa.delete(Feedback))
    assert len(findings(answerable)) == 2


def test_groups_recorded_later_are_vouched_for_by_their_entry(answerable, busy):
    decision_id = busy["released"]
    for told in ({"gender": "male"}, {"gender": "diverse"}):
        with answerable.work_as_fairness(service("cli")) as work:
            assert record_groups(work, decision_id, told, "offers")
    assert findings(answerable) == []
    change(
        answerable,
        sa.update(VaultRow).where(VaultRow.decision_id == decision_id).values(nonce=b"0" * 12),
    )
    (told,) = findings(answerable)
    assert decision_id in told
