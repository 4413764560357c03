"""The table of work: filled in the transaction that owes the work, emptied by any number of workers.

A job is done at least once: whoever takes one and dies leaves a lease behind that runs out. What carries it out must therefore be harmless to repeat.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from governance.jobs.models import Job
from governance.storage.inserting import insert
from governance.work import Work

if TYPE_CHECKING:
    from governance.application import Answerable

LEASE = timedelta(minutes=2)
#: Twelve tries with these pauses between them take about six hours.
MOST_ATTEMPTS = 12
_FIRST_PAUSE = timedelta(seconds=15)
_LONGEST_PAUSE = timedelta(hours=1)
KEEP_DONE = timedelta(days=7)


@dataclass(frozen=True, slots=True, kw_only=True)
class TakenJob:
    """A job that is this worker's until its lease runs out; ``attempts`` counts this one."""

    id: str
    kind: str
    payload: Mapping[str, Any]
    attempts: int


def add(
    work: Work,
    *,
    kind: str,
    unique_key: str,
    payload: Mapping[str, Any],
    run_at: datetime | None = None,
) -> bool:
    """Owe a job, from now or an instant on; return False when one with this key was owed before, done or not."""
    assert work.writes, "a job is owed by a unit of work that writes"
    added = work.session.execute(
        insert(work.session, Job)
        .values(
            id=work.new_id(),
            kind=kind,
            unique_key=unique_key,
            payload=dict(payload),
            run_at=run_at or work.now,
            attempts=0,
        )
        .on_conflict_do_nothing()
        .returning(Job.id)
    ).first()
    return added is not None


def take(answerable: Answerable, by: str, *, kind: str, limit: int = 20) -> list[TakenJob]:
    """Take due jobs whose kind begins so; others get them again when the lease runs out."""
    now = answerable.clock.now()
    due = (
        Job.done_at.is_(None),
        Job.run_at <= now,
        Job.kind.startswith(kind, autoescape=True),
        sa.or_(Job.lease_until.is_(None), Job.lease_until <= now),
    )
    with answerable.database.read() as session:
        # Most of the time there is nothing to do, and then nobody is kept from writing.
        if session.execute(sa.select(Job.id).where(*due).limit(1)).first() is None:
            return []
    with answerable.database.write() as session:
        rows = session.execute(
            sa.select(Job)
            .where(*due)
            .order_by(Job.run_at, Job.id)
            .limit(limit)
            .with_for_update(skip_locked=True)
        ).scalars()
        taken = []
        for row in rows:
            row.attempts += 1
            row.lease_until, row.lease_by = now + LEASE, by
            taken.append(
                TakenJob(id=row.id, kind=row.kind, payload=row.payload, attempts=row.attempts)
            )
        return taken


def done(answerable: Answerable, jobs: Sequence[TakenJob]) -> None:
    """Say that jobs are done. What they carried is dropped, as it may name people."""
    _close(answerable, jobs, error=None)


def give_up(answerable: Answerable, jobs: Sequence[TakenJob], error: str) -> None:
    """Say that jobs will never be done, and why, without naming anybody."""
    _close(answerable, jobs, error=error)


def fail(answerable: Answerable, jobs: Sequence[TakenJob], error: str) -> None:
    """Say that jobs could not be done now, and why, without naming anybody; each is tried again later, at longer and longer intervals."""
    final = [job for job in jobs if job.attempts >= MOST_ATTEMPTS]
    if final:
        give_up(answerable, final, error)
    now = answerable.clock.now()
    with answerable.database.write() as session:
        for job in jobs:
            if job in final:
                continue
            pause = min(_FIRST_PAUSE * 2 ** (job.attempts - 1), _LONGEST_PAUSE)
            session.execute(
                sa.update(Job)
                .where(Job.id == job.id, Job.done_at.is_(None))
                .values(run_at=now + pause, lease_until=None, lease_by=None, error=error)
            )


def clean(answerable: Answerable) -> None:
    """Drop jobs that were closed a week ago."""
    with answerable.database.write() as session:
        session.execute(sa.delete(Job).where(Job.done_at < answerable.clock.now() - KEEP_DONE))


def _close(answerable: Answerable, jobs: Sequence[TakenJob], *, error: str | None) -> None:
    if not jobs:
        return
    with answerable.database.write() as session:
        session.execute(
            sa.update(Job)
            .where(Job.id.in_([job.id for job in jobs]))
            .values(
                done_at=answerable.clock.now(),
                payload={},
                lease_until=None,
                lease_by=None,
                error=error,
            )
        )
