"""The verbs of monitors and incidents: see them, say what is done, close."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa

from audits.fairness import sequential
from audits.fairness.sequential import MonitorState, MonitorVerdict, Point
from audits.log.entries import EntryKind
from governance.clock import is_id
from governance.decisions import first_judgement
from governance.decisions import service as decisions
from governance.errors import Conflict, FieldProblem, InvalidInput, NotAllowed, NotFound
from governance.holds import service as holds
from governance.holds.models import Hold
from governance.identities.queries import names_of
from governance.ledger.models import LogRecord
from governance.monitors import acting, watching
from governance.monitors.models import DOUBT, NOTE, Incident, IncidentNote, MonitorRow
from governance.permissions import Permission
from governance.requests.models import Request
from governance.requests.service import RequestStatus
from governance.subjects import payloads
from governance.work import Work

LONGEST_NOTE: Final = 4000


@dataclass(frozen=True, slots=True, kw_only=True)
class MonitorView:
    """How one stream of a monitor stands: its evidence against the tolerance, as odds and over time.

    Recent counts by group are told to those who may read reports; None to others.
    """

    point: str
    name: str
    metric: str
    by: str | None
    group: str
    stage: str
    side: str
    tolerance: float
    watch: float | None
    on_breach: str
    threshold: float
    block: int
    verdict: str
    odds: str
    log10_e: float
    seen: int
    history: Sequence[Point]
    recent_group: tuple[int, int] | None
    recent_reference: tuple[int, int] | None
    started_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class NoteView:
    """What somebody did about an incident or its hold.

    ``kind`` is doubt, worse, held, note, closed, resume_asked, resume_declined or resumed; ``id`` is the entry's in the log, of the last three the request's or hold's.
    ``decision_id`` is the decision that a doubt is about, for those who may see it; its words are told to them, unless they judge it first, and to who handles incidents.
    """

    id: str
    kind: str
    at: datetime
    by: str
    by_name: str
    words: str | None
    decision_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentView:
    """An incident. ``held`` tells that the hold it set, or found, is in force.

    ``details`` holds recent counts by group for those who may read reports.
    """

    id: str
    point: str
    monitor: str
    group: str
    level: str
    status: str
    opened_at: datetime
    hold_id: str | None
    held: bool
    details: Mapping[str, Any]
    closed_at: datetime | None
    closed_by_name: str | None
    notes: Sequence[NoteView] = ()


def monitors(work: Work, point: str) -> Sequence[MonitorView]:
    """Return the streams of the monitors in the point's live policy; one that has seen nothing is not there yet.

    Raises:
        NotAllowed, NotFound: the actor may not see incidents; there is no such point.
    """
    work.require(Permission.INCIDENTS_READ)
    live = work.configuration.live.get(point)
    if live is None:
        raise NotFound(f"There is no decision point {point!r} with a published policy.")
    return [
        _monitor_view(work, row) for row, _ in watching.streams_of(work.session, point, live.policy)
    ]


def incidents(
    work: Work,
    *,
    point: str | None = None,
    status: str | None = None,
    since: datetime | None = None,
    limit: int = 100,
) -> Sequence[IncidentView]:
    """Return incidents, open ones first, then the newest.

    Raises:
        NotAllowed: the actor may not see incidents.
    """
    work.require(Permission.INCIDENTS_READ)
    query = sa.select(Incident).order_by(
        Incident.status != "open", Incident.opened_at.desc(), Incident.id.desc()
    )
    if point is not None:
        query = query.where(Incident.point == point)
    if status is not None:
        query = query.where(Incident.status == status)
    if since is not None:
        query = query.where(Incident.opened_at >= since)
    rows = work.session.execute(query.limit(limit)).scalars().all()
    return [view_of(work, row) for row in rows]


def open_incidents(work: Work) -> int:
    """Count the incidents that are open.

    Raises:
        NotAllowed: the actor may not see incidents.
    """
    work.require(Permission.INCIDENTS_READ)
    counting = sa.select(sa.func.count()).where(Incident.status == "open")
    return work.session.execute(counting).scalar_one()


def incident_of_hold(work: Work, hold_id: str) -> str | None:
    """Return the id of the newest incident that set a hold or found it in force.

    Raises:
        NotAllowed: the actor may not see incidents.
    """
    work.require(Permission.INCIDENTS_READ)
    newest = sa.select(Incident.id).where(Incident.hold_id == hold_id)
    return (
        work.session.execute(newest.order_by(Incident.opened_at.desc()).limit(1))
    ).scalar_one_or_none()


def incident(work: Work, incident_id: str) -> IncidentView:
    """Return one incident with all that was done about it.

    Raises:
        NotAllowed, NotFound: the actor may not see incidents; there is no such incident.
    """
    work.require(Permission.INCIDENTS_READ)
    return view_of(work, _row(work, incident_id), whole=True)


def add_note(work: Work, incident_id: str, words: str) -> IncidentView:
    """Say what is being done about an incident.

    Raises:
        NotAllowed, NotFound: the actor may not handle incidents; there is no such incident.
        InvalidInput: nothing is said, or too much.
        Conflict: it is closed.
    """
    work.require(Permission.INCIDENTS_HANDLE)
    row = _open(work, incident_id)
    acting.note(work, row, "note", {}, words_of(words))
    work.session.flush()
    return view_of(work, row, whole=True)


def close(work: Work, incident_id: str, words: str) -> IncidentView:
    """Close an incident with what was done; its monitor forgets its evidence and watches anew. A hold stays until it is lifted.

    Raises:
        NotAllowed, NotFound, InvalidInput, Conflict: as ``add_note``.
    """
    work.require(Permission.INCIDENTS_HANDLE)
    row = _open(work, incident_id)
    said = words_of(words)
    row.status, row.closed_at, row.closed_by = "closed", work.now, work.actor.reference
    entry = work.record(
        EntryKind.INCIDENT_CLOSED,
        refs={"incident": row.id},
        data={"point": row.point, "monitor": row.monitor},
        payloads={NOTE: said.encode()},
    )
    work.session.add(
        IncidentNote(
            id=entry, incident_id=row.id, kind="closed", at=work.now, by=work.actor.reference
        )
    )
    monitor = work.session.execute(
        sa.select(MonitorRow)
        .where(
            MonitorRow.point == row.point, MonitorRow.name == row.monitor, MonitorRow.grp == row.grp
        )
        .with_for_update()
    ).scalar_one_or_none()
    if monitor is not None:
        monitor.state = sequential.restarted(MonitorState.parse(monitor.state)).encode()
        monitor.verdict = monitor.acted = MonitorVerdict.QUIET.value
        monitor.updated_at = work.now
    work.session.flush()
    return view_of(work, row, whole=True)


def _row(work: Work, incident_id: str) -> Incident:
    row = work.session.get(Incident, incident_id) if is_id(incident_id) else None
    if row is None:
        raise NotFound("There is no such incident.")
    return row


def _open(work: Work, incident_id: str) -> Incident:
    _row(work, incident_id)
    row = work.session.execute(
        sa.select(Incident)
        .where(Incident.id == incident_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).scalar_one()
    if row.status != "open":
        raise Conflict(f"This incident was closed at {row.closed_at:%Y-%m-%d %H:%M} UTC.")
    return row


def words_of(words: str) -> str:
    """Return what somebody says about an incident.

    Raises:
        InvalidInput: it is nothing, or too much.
    """
    said = words.strip()
    if not 0 < len(said) <= LONGEST_NOTE:
        detail = f"Say in 1 to {LONGEST_NOTE} characters what was done; auditors will read it."
        raise InvalidInput(detail, [FieldProblem(pointer="/words", detail=detail)])
    return said


def _monitor_view(work: Work, row: MonitorRow) -> MonitorView:
    state = MonitorState.parse(row.state)
    recent, counted = state.recently, work.actor.may(Permission.REPORTS_READ)
    return MonitorView(
        point=row.point,
        name=row.name,
        metric=row.config["metric"],
        by=row.config["by"],
        group=row.grp,
        stage=row.config["stage"],
        side=row.config["side"],
        tolerance=row.config["tolerance"],
        watch=row.config["watch"],
        on_breach=row.config["on_breach"],
        threshold=row.config["threshold"],
        block=row.config["block"],
        verdict=row.verdict,
        odds=sequential.odds(state.violation.log10_e),
        log10_e=state.violation.log10_e,
        seen=state.seen + state.opened.total,
        history=state.history,
        recent_group=(recent.k_group, recent.n_group) if counted else None,
        recent_reference=(recent.k_reference, recent.n_reference) if counted else None,
        started_at=row.started_at,
        updated_at=row.updated_at,
    )


def view_of(work: Work, row: Incident, *, whole: bool = False) -> IncidentView:
    """Return an incident as it is told; whoever calls has checked that the actor may know of it."""
    hold = None if row.hold_id is None else work.session.get(Hold, row.hold_id)
    return IncidentView(
        id=row.id,
        point=row.point,
        monitor=row.monitor,
        group=row.grp,
        level=row.level,
        status=row.status,
        opened_at=row.opened_at,
        hold_id=row.hold_id,
        held=hold is not None and hold.lifted_at is None,
        details=row.details
        if work.actor.may(Permission.REPORTS_READ)
        else {name: value for name, value in row.details.items() if name != "recent"},
        closed_at=row.closed_at,
        closed_by_name=None
        if row.closed_by is None
        else names_of(work.session, [row.closed_by])[row.closed_by],
        notes=_story(work, row, hold) if whole else (),
    )


def _story(work: Work, row: Incident, hold: Hold | None) -> list[NoteView]:
    """Return what was done about an incident and, from its opening on, about its hold, in order of time."""
    told = _notes(work, row)
    if hold is not None:
        told += [one for one in _resuming(work, hold) if one.at >= row.opened_at]
    return sorted(told, key=lambda one: one.at)


def _resuming(work: Work, hold: Hold) -> Iterator[NoteView]:
    """Yield who asked that a hold be lifted, who said no, and who lifted it."""
    asked = work.session.execute(
        sa.select(Request).where(Request.kind == holds.LIFT).order_by(Request.requested_at)
    ).scalars()

    def note(kind: str, of: str, at: datetime, by: str, words: str | None) -> NoteView:
        return NoteView(
            id=of, kind=kind, at=at, by=by, by_name=names_of(work.session, [by])[by], words=words
        )

    for one in asked:
        if one.details["hold"] != hold.id:
            continue
        yield note("resume_asked", one.id, one.requested_at, one.requested_by, one.reason or None)
        if one.status == RequestStatus.DECLINED and one.closed_at and one.closed_by:
            reason = one.closing_reason
            yield note("resume_declined", one.id, one.closed_at, one.closed_by, reason)
    if hold.lifted_at is not None and hold.lifted_by is not None:
        yield note("resumed", hold.id, hold.lifted_at, hold.lifted_by, None)


def _notes(work: Work, row: Incident) -> list[NoteView]:
    rows = list(
        work.session.execute(
            sa.select(IncidentNote)
            .where(IncidentNote.incident_id == row.id)
            .order_by(IncidentNote.at, IncidentNote.id)
        ).scalars()
    )
    told = payloads.read_many(work.session, work.answerable.keys, [one.id for one in rows], NOTE)
    names = names_of(work.session, [one.by for one in rows])
    about = _doubted(work, [one.id for one in rows if one.kind == DOUBT])
    kept_back = first_judgement.withheld(work, list(about.values()))
    handles = work.actor.may(Permission.INCIDENTS_HANDLE)

    def may_read(one: IncidentNote) -> bool:
        if one.kind != DOUBT:
            return True
        return about[one.id] not in kept_back if one.id in about else handles

    if any(one.id in told and may_read(one) for one in rows):
        work.reads("incident", row.id, refs={"incident": row.id})
    return [
        NoteView(
            id=one.id,
            kind=one.kind,
            at=one.at,
            by=one.by,
            by_name=names[one.by],
            words=told[one.id].decode() if one.id in told and may_read(one) else None,
            decision_id=about.get(one.id),
        )
        for one in rows
    ]


def _doubted(work: Work, note_ids: Sequence[str]) -> dict[str, str]:
    """Return which decision each doubt is about, of those that the actor may see."""
    rows = work.session.execute(
        sa.select(LogRecord.id, LogRecord.decision_id).where(LogRecord.id.in_(note_ids))
    )
    about = {}
    for note_id, decision_id in rows:
        try:
            about[note_id] = decisions.readable(work, decision_id or "").id
        except (NotAllowed, NotFound):
            continue
    return about
