"""Making a signed report: its figures with the counts they come from, checked by fairlearn where that is installed, its digest in the log."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from importlib.metadata import version
from typing import TYPE_CHECKING, Any, Final

import orjson
import sqlalchemy as sa

from audits.log.entries import EntryKind
from governance.actors import Actor, ActorKind
from governance.clock import is_id, rfc3339
from governance.counting import reading
from governance.errors import AnswerableError, NotFound
from governance.identities.queries import names_of
from governance.jobs import queue as jobs
from governance.jobs.models import Job
from governance.permissions import Permission
from governance.reporting import crosschecking, fairness, signing
from governance.reporting.models import ReportRow
from governance.work import Work

if TYPE_CHECKING:
    from governance.application import Answerable

FAIRNESS: Final = "fairness"
_MAKE: Final = "report.make"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportView:
    """A signed report in a list."""

    id: str
    point: str
    since: str
    until: str
    by: Sequence[str]
    preset: str | None
    digest: str
    verdict: str
    made_at: datetime
    made_by_name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MadeReport:
    """A signed report: ``document`` is what was signed, ``text`` its canonical form.

    ``hides_below`` is set where it is one for publication (``publishing``).
    """

    view: ReportView
    document: Mapping[str, Any]
    text: str
    note: str
    hides_below: int | None = None


def make(
    answerable: Answerable,
    actor: Actor,
    point: str,
    *,
    since: str | None = None,
    until: str | None = None,
    by: Sequence[str] = (),
    preset: str | None = None,
    report_id: str | None = None,
) -> MadeReport:
    """Make and sign a report and put its digest into the log; with a ``report_id`` of the caller's, once.

    Raises:
        NotAllowed, NotFound: the actor may not make reports; there is no such point.
        InvalidInput: the window, an attribute or the preset is none.
        Unavailable: the database could not do it; nothing was stored.
    """
    actor.require(Permission.REPORTS_MAKE)
    report_id = report_id or answerable.new_id()
    with answerable.look(actor) as work:
        if work.session.get(ReportRow, report_id) is not None:
            return made(work, report_id)
        found = reading.counts(work, point, since, until)
        policy = reading.live_policy(work, point)
        live = work.configuration.live[point]
        at = work.now
    figures = fairness.figures_of(found, by=by, preset=preset, with_counts=True)
    key = signing.key_of(answerable.keyring, answerable.origin)
    document = {
        "id": report_id,
        "report": FAIRNESS,
        "title": dict(policy.title),
        "made_at": rfc3339(at),
        "made_by": actor.kind.value,
        "origin": answerable.origin,
        "software": f"answerable {version('answerable')}",
        "measured_by": {"policy_version": live.version, "policy_digest": policy.digest},
        "cross_check": crosschecking.cross_check(found, figures),
        "signed_by": key.verifying_key.encode(),
        **figures,
    }
    sealed = signing.signed(document, key)
    with answerable.work(actor) as work:
        if work.session.get(ReportRow, report_id) is None:
            work.session.add(
                ReportRow(
                    id=report_id,
                    kind=FAIRNESS,
                    point=point,
                    since=document["since"],
                    until=document["until"],
                    options={"by": document["by"], "preset": preset},
                    digest=sealed.digest,
                    document=sealed.text,
                    note=sealed.note,
                    verdict=document["verdict"] or "not_estimable",
                    made_at=work.now,
                    made_by=actor.reference,
                )
            )
            work.record(
                EntryKind.REPORT_MADE,
                refs={"report": report_id},
                data={
                    "point": point,
                    "report": FAIRNESS,
                    "since": document["since"],
                    "until": document["until"],
                    "by": document["by"],
                    "preset": preset,
                    "digest": sealed.digest,
                    "signed_by": document["signed_by"],
                },
            )
            work.session.flush()
        return made(work, report_id)


def ask(
    work: Work,
    point: str,
    *,
    since: str | None = None,
    until: str | None = None,
    by: Sequence[str] = (),
    preset: str | None = None,
) -> str:
    """Have a report made in the background; return the id it will have. What does not fit is refused at once.

    Raises:
        NotAllowed, NotFound, InvalidInput: as ``make``.
    """
    work.require(Permission.REPORTS_MAKE)
    policy = reading.live_policy(work, point)
    first, last = reading.window(work, point, since, until)
    fairness.figures_of(reading.counts(work, point, last, last), by=by, preset=preset)
    report_id = work.new_id()
    jobs.add(
        work,
        kind=_MAKE,
        unique_key=f"{_MAKE}:{report_id}",
        payload={
            "report": report_id,
            "point": policy.decision_point,
            "since": first,
            "until": last,
            "by": list(by),
            "preset": preset,
            "for": work.person_id,
        },
    )
    return report_id


def run(answerable: Answerable, by: str) -> int:
    """Make the reports that were asked for; return how many."""
    taken = jobs.take(answerable, by, kind=_MAKE, limit=2)
    for job in taken:
        asked = job.payload
        maker = Actor(
            kind=ActorKind.PERSON,
            id=asked["for"],
            name=asked["for"],
            permissions=frozenset({Permission.REPORTS_MAKE, Permission.REPORTS_READ}),
        )
        try:
            make(
                answerable,
                maker,
                asked["point"],
                since=asked["since"],
                until=asked["until"],
                by=asked["by"],
                preset=asked["preset"],
                report_id=asked["report"],
            )
        except AnswerableError as error:
            jobs.fail(answerable, [job], error.detail)
        else:
            jobs.done(answerable, [job])
    return len(taken)


def is_asked(work: Work, report_id: str) -> bool:
    """Tell whether a report is yet to be made."""
    work.require(Permission.REPORTS_READ)
    return (
        work.session.execute(
            sa.select(Job.id).where(Job.unique_key == f"{_MAKE}:{report_id}", Job.done_at.is_(None))
        ).first()
        is not None
    )


def made(work: Work, report_id: str) -> MadeReport:
    """Return a signed report.

    Raises:
        NotAllowed, NotFound: the actor may not read reports; there is no such report.
    """
    work.require(Permission.REPORTS_READ)
    row = work.session.get(ReportRow, report_id) if is_id(report_id) else None
    if row is None:
        raise NotFound("There is no such report.")
    return MadeReport(
        view=_view(work, row),
        document=orjson.loads(row.document),
        text=row.document,
        note=row.note,
    )


def list_made(
    work: Work, *, point: str | None = None, since: datetime | None = None, limit: int = 50
) -> list[ReportView]:
    """Return signed reports, the newest first.

    Raises:
        NotAllowed: the actor may not read reports.
    """
    work.require(Permission.REPORTS_READ)
    query = sa.select(ReportRow).order_by(ReportRow.made_at.desc(), ReportRow.id.desc())
    if point is not None:
        query = query.where(ReportRow.point == point)
    if since is not None:
        query = query.where(ReportRow.made_at >= since)
    return [_view(work, row) for row in work.session.execute(query.limit(limit)).scalars()]


def _view(work: Work, row: ReportRow) -> ReportView:
    return ReportView(
        id=row.id,
        point=row.point,
        since=row.since,
        until=row.until,
        by=row.options["by"],
        preset=row.options["preset"],
        digest=row.digest,
        verdict=row.verdict,
        made_at=row.made_at,
        made_by_name=names_of(work.session, [row.made_by])[row.made_by],
    )
