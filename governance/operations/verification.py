"""Verifying the log from a page: asked for by a person, done in the background, and its last report kept."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

import orjson
import sqlalchemy as sa

from governance.clock import parse_rfc3339, rfc3339
from governance.jobs import queue
from governance.jobs.models import Job, PartState
from governance.operations.verifying import Finding, Report, verify
from governance.permissions import Permission
from governance.storage.inserting import insert
from governance.work import Work

if TYPE_CHECKING:
    from governance.application import Answerable

KIND = "log.verify"
#: Where the last report is kept, among what the parts last said.
PART = "verification-report"
_MOST_TOLD = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class LastReport:
    """The last verification: what it came to, and its first findings as sentences."""

    finished_at: datetime
    exit_code: int
    entries: int
    decisions: int
    payloads: int
    pending: int
    tampered: int
    incomplete: int
    findings: tuple[ToldFinding, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ToldFinding:
    """One finding, as a page shows it."""

    severity: str
    what: str
    expected: str
    got: str
    decision_id: str | None
    record_id: str | None
    index: int | None


def ask(work: Work) -> bool:
    """Have the log verified in the background; return False when that was asked for in this minute already.

    Raises:
        NotAllowed: the actor may not read the log.
    """
    work.require(Permission.LOG_READ)
    return queue.add(work, kind=KIND, unique_key=f"{KIND}:{work.now:%Y-%m-%dT%H:%M}", payload={})


def is_running(work: Work) -> bool:
    """Tell whether a verification is asked for and not done."""
    work.require(Permission.LOG_READ)
    return (
        work.session.execute(
            sa.select(Job.id).where(Job.kind == KIND, Job.done_at.is_(None)).limit(1)
        ).first()
        is not None
    )


def last(work: Work) -> LastReport | None:
    """Return the last verification that was asked for by ``ask``; a command's is not kept, as it writes nothing.

    Raises:
        NotAllowed: the actor may not read the log.
    """
    work.require(Permission.LOG_READ)
    row = work.session.get(PartState, PART)
    if row is None:
        return None
    kept: dict[str, Any] = orjson.loads(row.detail)
    return LastReport(
        **kept
        | {
            "finished_at": parse_rfc3339(kept["finished_at"]),
            "findings": tuple(ToldFinding(**finding) for finding in kept["findings"]),
        }
    )


def run(answerable: Answerable, by: str) -> bool:
    """Do a verification that was asked for; return whether there was one."""
    jobs = queue.take(answerable, by, kind=KIND)
    if not jobs:
        return False
    remember(answerable, verify(answerable))
    queue.done(answerable, jobs)
    return True


def remember(answerable: Answerable, report: Report) -> None:
    """Keep a report as the last one."""
    finished = report.finished_at or answerable.clock.now()
    kept = {
        "finished_at": rfc3339(finished),
        "exit_code": report.exit_code,
        "entries": report.entries,
        "decisions": report.decisions,
        "payloads": report.payloads,
        "pending": report.pending,
        "tampered": report.tampered,
        "incomplete": report.incomplete,
        "findings": [_told(finding) for finding in report.findings[:_MOST_TOLD]],
    }
    with answerable.database.write() as session:
        session.execute(
            insert(session, PartState)
            .values(
                part=PART, seen_at=finished, failing_since=None, detail=orjson.dumps(kept).decode()
            )
            .on_conflict_do_update(
                index_elements=["part"],
                set_={"seen_at": finished, "detail": orjson.dumps(kept).decode()},
            )
        )


def _told(finding: Finding) -> dict[str, Any]:
    return {
        "severity": str(finding.severity),
        "what": finding.what,
        "expected": finding.expected,
        "got": finding.got,
        "decision_id": finding.decision_id,
        "record_id": finding.record_id,
        "index": finding.index,
    }
