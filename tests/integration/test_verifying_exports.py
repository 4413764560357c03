"""What the product writes, the stand-alone verifier accepts; what was changed in the database meanwhile, it finds."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from audits.log.entries import EntryKind
from audits.log.witness_policy import WitnessPolicy
from audits.verifying.checking import Report, Request, verify
from audits.verifying.findings import Step
from governance.actors import Actor, service
from governance.decisions import service as decisions
from governance.decisions.asking import DecisionRequest, ProposalAsked, SubjectAsked
from governance.decisions.preparing import Asked
from governance.ledger import epochs, exporting, mirroring, publishing, queries, rotation
from governance.ledger.exporting import Wanted
from governance.ledger.models import KeyPurpose, LogRecord, StoredCheckpoint
from governance.ledger.sequencing import drain
from governance.points.service import bootstrap_publish
from tests.conftest import Beginning
from tests.integration.test_log_verification import POLICY
from tests.people import app

CLI = service("cli")
SHOP = service("shop")


def sign(answerable: Any) -> None:
    drain(answerable)
    publishing.publish(answerable)


def decide(answerable: Any, number: int, who: Actor = SHOP) -> Any:
    request = DecisionRequest(
        decision_point="offers",
        subject=SubjectAsked(ref=f"customer-{number}"),
        features={"charges": 12.5},
        proposal=ProposalAsked(outcome="offer", confidence=0.95),
        sequence=number,
    )
    return decisions.ask(answerable, who, Asked(request=request))


def fill(answerable: Any) -> Any:
    with answerable.work(CLI) as work:
        bootstrap_publish(work, POLICY)
    shop = app(answerable)
    made = []
    for round_ in range(3):
        made += [decide(answerable, round_ * 10 + number, shop) for number in range(10)]
        with answerable.work(CLI) as work:
            for _ in range(110):
                work.record(EntryKind.ACCESS_READ, data={"what": "test"})
        sign(answerable)
        answerable.clock.advance(minutes=20)
    sign(answerable)
    return [(one.id, one.receipt) for one in made]


@pytest.fixture
def beginning() -> Beginning:
    return Beginning("log-of-350-decided", fill)


def exported(answerable: Any, path: Path, **wanted: Any) -> Path:
    exporting.export(answerable, CLI, path, Wanted(**wanted), zipped=path.suffix == ".zip")
    return path


def check(path: Path, **more: Any) -> Report:
    return verify(replace(Request(export=path), **more))


def clean(report: Report) -> Report:
    assert report.findings == (), [(f.what, f.index, f.expected, f.got) for f in report.findings]
    return report


def test_an_export_is_verified_with_its_receipts_and_disclosures(
    answerable: Any, begun: Any, tmp_path: Path
) -> None:
    told, receipt = begun[3]
    kept = tmp_path / "kept"
    kept.mkdir()
    (kept / "one.note").write_text(receipt)

    for name in ("export", "export.zip"):
        report = clean(
            check(
                exported(answerable, tmp_path / name, disclose=[told]),
                receipts=[kept],
                max_age=timedelta(days=1),
                now=answerable.clock.now(),
            )
        )
        assert report.epochs[0].checked == report.epochs[0].size > 350
        assert report.done[Step.RECEIPTS].startswith("2 receipts, of which 2 are kept")
        assert report.done[Step.DISCLOSURES].startswith("1 disclosed payload ")
        assert report.done[Step.SEQUENCES].startswith("1 app with numbers of their own, and 0")


def test_its_own_policy_is_enough_for_another_export(answerable: Any, tmp_path: Path) -> None:
    first = exported(answerable, tmp_path / "first")
    pin = (first / "checkpoint").read_text()
    with answerable.work(CLI) as work:
        rotation.rotate(work, KeyPurpose.LOG)
    sign(answerable)
    answerable.clock.advance(minutes=20)
    decide(answerable, 30)
    sign(answerable)

    report = clean(
        check(
            exported(answerable, tmp_path / "second"),
            policy=WitnessPolicy.parse((first / "policy").read_bytes()),
            pins=[("first", pin)],
        )
    )
    assert not any("keys are those" in line for line in report.not_checked)


def test_every_epoch_is_verified(answerable: Any, tmp_path: Path) -> None:
    with answerable.work(CLI) as work:
        epochs.new_epoch(work, reason="The test wants another.")
    publishing.publish(answerable, epoch=1)
    decide(answerable, 30)
    sign(answerable)

    report = clean(check(exported(answerable, tmp_path / "export")))
    assert [epoch.number for epoch in report.epochs] == [1, 2]

    mirroring.mirror(answerable, tmp_path / "copy", entries=True)
    report = check(tmp_path / "copy")
    assert report.findings == (), [(f.what, f.index, f.expected, f.got) for f in report.findings]


def test_an_entry_edited_in_the_database_is_named(
    answerable: Any, begun: Any, tmp_path: Path
) -> None:
    edited = begun[15][0]
    with answerable.database.write() as session:
        entry = session.execute(
            sa.select(LogRecord.entry).where(LogRecord.id == edited)
        ).scalar_one()
        unlock(session)
        session.execute(
            sa.update(LogRecord)
            .where(LogRecord.id == edited)
            .values(entry=entry.replace(b'"outcome":"offer"', b'"outcome":"other"'))
        )

    report = check(exported(answerable, tmp_path / "export"))

    assert {(one.step, one.record_id) for one in report.findings} == {(Step.TREE, edited)}
    assert "tiles of epoch 1 are what was signed" in report.remarks[0]


def test_a_checkpoint_taken_from_the_database_is_missed_by_who_kept_it(
    answerable: Any, tmp_path: Path
) -> None:
    """The database was put back, and everything outside it with it."""
    pin = (exported(answerable, tmp_path / "before") / "checkpoint").read_text()
    with answerable.database.write() as session:
        unlock(session)
        newest = queries.newest_checkpoint(session, 1).size
        session.execute(sa.delete(StoredCheckpoint).where(StoredCheckpoint.size == newest))

    report = check(exported(answerable, tmp_path / "after"), pins=[("mine", pin)])

    assert [one.step for one in report.findings] == [Step.HISTORY]
    assert "cut short or rolled back" in report.findings[0].what


def unlock(session: Any) -> None:
    """Take the triggers away that a database administrator takes away first."""
    if session.get_bind().dialect.name == "sqlite":
        names = session.execute(sa.text("SELECT name FROM sqlite_master WHERE type = 'trigger'"))
        for name in names.scalars().all():
            session.execute(sa.text(f"DROP TRIGGER {name}"))
    else:
        session.execute(sa.text("SET LOCAL session_replication_role = replica"))
