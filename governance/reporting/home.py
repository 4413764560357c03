"""The auditor's home: what changed since somebody was last here, which decision points need looking at first, and why."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final

import sqlalchemy as sa

from audits.fairness.counts import Routed, Stage
from governance.counting.models import CellRow, Reconciliation
from governance.decisions.models import Decision
from governance.holds.models import Hold
from governance.identities.queries import names_of
from governance.imports.models import ImportRun
from governance.monitors.models import DOUBT, Incident
from governance.permissions import Permission
from governance.points.models import PolicyVersion
from governance.reporting.models import HomeVisit, ReportRow
from governance.storage.inserting import insert
from governance.work import Work

#: A look after so long is another visit; until then the mark stays where it is.
VISIT: Final = timedelta(minutes=30)
#: What somebody is told who was never here.
FIRST_LOOK: Final = timedelta(days=7)
#: The figures of a decision point are those of so many days, today included.
DAYS: Final = 30
#: From this share of decisions without any group on, what is measured of the others may mislead.
MANY_WITHOUT: Final = 0.2
#: Changes of one kind that are told one by one.
MOST_OF_A_KIND: Final = 20
_NO_GROUP: Final = "{}"
_SELDOM: Final = timedelta(minutes=1)


class Sign(StrEnum):
    """Something about a decision point that asks for attention, the gravest first: points stand in this order."""

    #: A monitor found what the policy does not tolerate, and the incident is open.
    VIOLATION = "violation"
    #: The newest signed report says so.
    BREACH = "breach"
    #: A monitor asks for attention.
    WATCH = "watch"
    #: People said that the automation is wrong, and the incident is open.
    DOUBTED = "doubted"
    #: No group is declared, or none is recorded: whether it is fair, nobody can say.
    NOT_MEASURED = "not_measured"
    #: Of many decisions no group is known.
    GROUPS_MISSING = "groups_missing"
    #: People alone decide.
    HELD = "held"
    #: The newest signed report could not tell.
    UNSETTLED = "unsettled"
    #: Nobody has made a report yet.
    NO_REPORT = "no_report"


class ChangeKind(StrEnum):
    """What can have changed."""

    POLICY_PUBLISHED = "policy_published"
    HOLD_SET = "hold_set"
    HOLD_LIFTED = "hold_lifted"
    INCIDENT_OPENED = "incident_opened"
    INCIDENT_CLOSED = "incident_closed"
    REPORT_MADE = "report_made"
    IMPORT_FINISHED = "import_finished"
    COUNTS_CORRECTED = "counts_corrected"
    LOG_CHECKED = "log_checked"


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """Since when changes are told; ``first``: the actor was never here. ``moves``: ``visit`` has something to keep."""

    since: datetime
    first: bool
    moves: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """Something that was done. ``id`` names what it is about; ``word`` is a level or a verdict, ``number`` a version or a count."""

    kind: ChangeKind
    at: datetime
    id: str = ""
    point: str | None = None
    by: str = ""
    word: str = ""
    number: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class NewestReport:
    """The newest signed report of a decision point."""

    id: str
    verdict: str
    made_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class PointRisk:
    """How a decision point stands. Its figures are of the last ``DAYS`` days; ``automated`` were released without a person."""

    name: str
    signs: Sequence[Sign]
    decisions: int
    automated: int
    without_groups: int
    attributes: Sequence[str]
    report: NewestReport | None
    incident_id: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Home:
    """What changed since ``since``, the newest first, and the decision points, those at most risk first."""

    since: datetime
    decisions: int
    changes: Sequence[Change]
    points: Sequence[PointRisk]


def mark(work: Work) -> Mark:
    """Return since when changes are told to the actor, as it stands at this look.

    Raises:
        NotAllowed: the actor may not read reports, or is no person.
    """
    work.require(Permission.REPORTS_READ)
    visit = work.session.get(HomeVisit, work.person_id)
    if visit is None:
        return Mark(since=work.now - FIRST_LOOK, first=True, moves=True)
    away = work.now - visit.last_at
    if away > VISIT:
        return Mark(since=visit.last_at, first=False, moves=True)
    since = visit.before_at or visit.last_at - FIRST_LOOK
    return Mark(since=since, first=visit.before_at is None, moves=away > _SELDOM)


def visit(work: Work) -> None:
    """Keep that the actor is here. A look within ``VISIT`` of the last belongs to the same visit.

    Raises:
        NotAllowed: as ``mark``.
    """
    work.require(Permission.REPORTS_READ)
    row = work.session.get(HomeVisit, work.person_id)
    if row is None:
        first = insert(work.session, HomeVisit).values(
            person_id=work.person_id, last_at=work.now, before_at=None
        )
        work.session.execute(first.on_conflict_do_nothing())
        return
    if work.now - row.last_at > VISIT:
        row.before_at = row.last_at
    row.last_at = work.now
    work.session.flush()


def home(work: Work, since: datetime) -> Home:
    """Return how everything stands, and what changed from an instant on.

    Raises:
        NotAllowed: the actor may not read reports.
    """
    work.require(Permission.REPORTS_READ)
    decisions = work.session.execute(
        sa.select(sa.func.count()).where(Decision.recorded_at >= since, Decision.gold_for.is_(None))
    ).scalar_one()
    return Home(
        since=since, decisions=decisions, changes=_changes(work, since), points=_points(work)
    )


# ------------------------------------------------------------------------------------ changes


def _changes(work: Work, since: datetime) -> list[Change]:
    found = sorted(_unnamed(work, since), key=lambda change: (change.at, change.id), reverse=True)
    names = names_of(work.session, [change.by for change in found])
    return [replace(change, by=names[change.by]) for change in found]


def _unnamed(work: Work, since: datetime) -> Iterator[Change]:
    """Yield what changed; ``by`` is a reference yet."""

    def newest(table: Any, at: Any, *conditions: Any) -> Iterator[Any]:
        query = sa.select(table).where(at >= since, *conditions).order_by(at.desc())
        yield from work.session.execute(query.limit(MOST_OF_A_KIND)).scalars()

    for version in newest(PolicyVersion, PolicyVersion.published_at):
        yield Change(
            kind=ChangeKind.POLICY_PUBLISHED,
            at=version.published_at,
            id=version.id,
            point=version.point,
            by=version.published_by or "",
            number=version.version,
        )
    for hold in newest(Hold, Hold.set_at):
        yield Change(
            kind=ChangeKind.HOLD_SET, at=hold.set_at, id=hold.id, point=hold.point, by=hold.set_by
        )
    for hold in newest(Hold, Hold.lifted_at):
        yield Change(
            kind=ChangeKind.HOLD_LIFTED,
            at=hold.lifted_at,
            id=hold.id,
            point=hold.point,
            by=hold.lifted_by or "",
        )
    for incident in newest(Incident, Incident.opened_at):
        yield _of_incident(ChangeKind.INCIDENT_OPENED, incident, incident.opened_at, "")
    for incident in newest(Incident, Incident.closed_at):
        yield _of_incident(
            ChangeKind.INCIDENT_CLOSED, incident, incident.closed_at, incident.closed_by or ""
        )
    for report in newest(ReportRow, ReportRow.made_at):
        yield Change(
            kind=ChangeKind.REPORT_MADE,
            at=report.made_at,
            id=report.id,
            point=report.point,
            by=report.made_by,
            word=report.verdict,
        )
    for run in newest(ImportRun, ImportRun.finished_at, ImportRun.dry_run.is_(False)):
        yield Change(
            kind=ChangeKind.IMPORT_FINISHED,
            at=run.finished_at,
            id=run.id,
            point=run.point,
            by=run.started_by,
            word=run.kind,
            number=run.accepted,
        )
    for one in newest(Reconciliation, Reconciliation.finished_at, Reconciliation.differing > 0):
        yield Change(
            kind=ChangeKind.COUNTS_CORRECTED, at=one.finished_at, id=one.id, number=one.differing
        )


def _of_incident(kind: ChangeKind, incident: Incident, at: datetime, by: str) -> Change:
    return Change(
        kind=kind, at=at, id=incident.id, point=incident.point, by=by, word=incident.level
    )


# ------------------------------------------------------------------------------------- points


@dataclass(slots=True)
class _Figures:
    decisions: int = 0
    automated: int = 0
    without_groups: int = 0


def _points(work: Work) -> list[PointRisk]:
    live = work.configuration.live
    incidents = _open_incidents(work)
    reports = _newest_reports(work)
    found = []
    for name, one in live.items():
        figures = _figures(work, name)
        report = reports.get(name)
        attributes = one.policy.attributes
        incident = incidents.get(name)
        found.append(
            PointRisk(
                name=name,
                signs=tuple(
                    _signs(
                        level=None if incident is None else incident.level,
                        report=report,
                        figures=figures,
                        attributes=attributes,
                        held=bool(work.configuration.holds_of(name)),
                    )
                ),
                decisions=figures.decisions,
                automated=figures.automated,
                without_groups=figures.without_groups,
                attributes=attributes,
                report=report,
                incident_id=None if incident is None else incident.id,
            )
        )
    return sorted(found, key=_risk)


def _risk(point: PointRisk) -> tuple[int, int, int, str]:
    """Order points: by the gravest sign, then by how much is decided without a person, then by how much at all."""
    signs = list(Sign)
    gravest = min((signs.index(sign) for sign in point.signs), default=len(signs))
    return gravest, -point.automated, -point.decisions, point.name


def _signs(
    *,
    level: str | None,
    report: NewestReport | None,
    figures: _Figures,
    attributes: Sequence[str],
    held: bool,
) -> Iterator[Sign]:
    """Yield a point's signs, the gravest first."""
    verdict = None if report is None else report.verdict
    without = figures.without_groups
    blind = not attributes or (figures.decisions > 0 and without >= figures.decisions)
    told = {
        Sign.VIOLATION: level == "violation",
        Sign.BREACH: verdict == "breach",
        Sign.WATCH: level == "watch",
        Sign.DOUBTED: level == DOUBT,
        Sign.NOT_MEASURED: blind,
        Sign.GROUPS_MISSING: not blind and without > MANY_WITHOUT * figures.decisions,
        Sign.HELD: held,
        Sign.UNSETTLED: verdict in {"not_enough_evidence", "not_estimable"},
        Sign.NO_REPORT: report is None and not blind,
    }
    yield from (sign for sign, is_so in told.items() if is_so)


def _open_incidents(work: Work) -> dict[str, Incident]:
    """Return the gravest open incident of each point, of those the newest."""
    rows = work.session.execute(
        sa.select(Incident)
        .where(Incident.status == "open")
        .order_by(Incident.level == "violation", Incident.level != DOUBT, Incident.opened_at)
    ).scalars()
    return {row.point: row for row in rows}


def _newest_reports(work: Work) -> Mapping[str, NewestReport]:
    newest = (
        sa.select(ReportRow.point, sa.func.max(ReportRow.made_at).label("made_at"))
        .group_by(ReportRow.point)
        .subquery()
    )
    rows = work.session.execute(
        sa.select(ReportRow.point, ReportRow.id, ReportRow.verdict, ReportRow.made_at).join(
            newest,
            sa.and_(ReportRow.point == newest.c.point, ReportRow.made_at == newest.c.made_at),
        )
    )
    return {
        row.point: NewestReport(id=row.id, verdict=row.verdict, made_at=row.made_at) for row in rows
    }


def _figures(work: Work, point: str) -> _Figures:
    first = (work.now.date() - timedelta(days=DAYS - 1)).isoformat()
    without = CellRow.grp == _NO_GROUP
    found = _Figures()
    for stage in (Stage.PROPOSAL, Stage.ROUTING):
        rows = work.session.execute(
            sa.select(CellRow.value, without, sa.cast(sa.func.sum(CellRow.n), sa.BigInteger))
            .where(CellRow.point == point, CellRow.stage == stage.value, CellRow.day >= first)
            .group_by(CellRow.value, without)
        )
        for value, blind, n in rows:
            if stage is Stage.PROPOSAL:
                found.decisions += n
                found.without_groups += n if blind else 0
            elif value == Routed.RELEASED.value:
                found.automated += n
    return found
