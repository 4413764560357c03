"""The verbs of decision points and their policies: draft, publish, step back, read.

Publishing and stepping back are requests that another person confirms; what then happens is registered here.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any, Final

import sqlalchemy as sa

from audits.log.entries import EntryKind
from governance.actors import ActorKind
from governance.errors import Conflict, FieldProblem, InvalidInput, NotAllowed, NotFound
from governance.identities import queries as identities
from governance.permissions import Permission
from governance.points import describing, queries
from governance.points.checking import CheckedPolicy, check
from governance.points.models import DecisionPoint, PolicyVersion
from governance.points.views import PointSummary, PointView, VersionState, VersionView
from governance.queues.service import ensure_queue
from governance.requests import service as requests
from governance.requests.service import RequestView, confirmable
from governance.storage.inserting import insert
from governance.work import Work

PUBLISH: Final = "policy.publish"
RESTORE: Final = "policy.restore"

_DRAFT, _PUBLISHED, _WITHDRAWN = "draft", "published", "withdrawn"


class PolicyRefused(InvalidInput):
    """The text is no policy, or its own tests fail; ``checked`` says what is wrong, by line."""

    def __init__(self, checked: CheckedPolicy) -> None:
        problems = [
            FieldProblem(pointer=problem.pointer, detail=f"line {problem.line}: {problem.detail}")
            for problem in checked.problems
        ] + [
            FieldProblem(pointer="/tests", detail=f"line {test.line}: {test.name}: {test.detail}")
            for test in checked.failed
        ]
        what = "its own tests fail" if checked.policy is not None else "it does not fit"
        count = len(problems)
        super().__init__(
            f"The policy was not taken, for {what}: {count} problem{'s' if count != 1 else ''}. "
            + " ".join(f"{problem.detail}." for problem in problems[:3]),
            problems,
        )
        self.checked = checked


def draft(work: Work, text: str, reason: str) -> VersionView:
    """Keep a policy as a draft and ask that another person publish it.

    Raises:
        NotAllowed: the actor may not draft.
        PolicyRefused: it is no policy, or its own tests fail; every problem has its line.
        Conflict: it says what the live version says.
    """
    work.require(Permission.POLICIES_DRAFT)
    row = _draft(work, text)
    requests.make(
        work,
        PUBLISH,
        {"point": row.point, "version": row.version, "digest": row.digest},
        reason,
    )
    return _view(work, row)


def bootstrap_publish(work: Work, text: str) -> VersionView:
    """Publish a policy at once, by the command line, while the installation has no people who could.

    Raises:
        NotAllowed: there are people, or the actor is not the command line.
        PolicyRefused, Conflict: as ``draft``.
    """
    work.require(Permission.POLICIES_PUBLISH)
    if work.actor.kind is not ActorKind.SERVICE or has_people(work):
        raise NotAllowed(
            "Only while an installation has no people is a policy published at once; "
            "make a draft that a second person confirms."
        )
    row = _draft(work, text)
    _publish(work, row, bootstrap=True)
    return _view(work, row)


def has_people(work: Work) -> bool:
    """Tell whether the installation has people, so that two of them can publish."""
    return identities.has_people(work.session)


def withdraw_draft(work: Work, point: str, version: int, reason: str) -> VersionView:
    """Take a draft back, or say no to another's; its request is declined.

    Raises:
        NotAllowed: the actor neither drafted it nor may publish.
        NotFound: there is no such version.
        Conflict: it is no draft that waits.
        InvalidInput: there is no reason.
    """
    work.require(Permission.POLICIES_READ)
    row = queries.version_row(work, point, version)
    request = _open_requests(work).get((point, version))
    if row.status != _DRAFT or request is None:
        raise Conflict(f"Version {version} of {point!r} is no draft that waits to be published.")
    requests.decline(work, request.id, reason)
    return _view(work, row)


def restore_before(
    work: Work, point: str, reason: str, *, version: int | None = None
) -> RequestView:
    """Ask that an earlier version be live again: the one given, else the one published before the live one.

    Raises:
        NotAllowed, NotFound: the actor may not ask; there is no such point or version.
        Conflict: there is none to step back to, it is live already, or the same was asked for.
    """
    work.require(Permission.POLICIES_DRAFT)
    live = _point_row(work, point).live_version
    if version is None:
        version = work.session.execute(
            sa.select(sa.func.max(PolicyVersion.version)).where(
                PolicyVersion.point == point,
                PolicyVersion.status == _PUBLISHED,
                PolicyVersion.version < (live or 0),
            )
        ).scalar_one()
        if version is None:
            raise Conflict(f"No version of {point!r} was published before the live one.")
    row = queries.version_row(work, point, version)
    _require_restorable(row, live)
    return requests.make(
        work, RESTORE, {"point": point, "version": version, "digest": row.digest}, reason
    )


def list_points(work: Work) -> Sequence[PointSummary]:
    """Return the decision points by name: an app's own that are live, all to a person."""
    work.require(Permission.POINTS_READ)
    rows = work.session.execute(sa.select(DecisionPoint).order_by(DecisionPoint.name)).scalars()
    points = [row for row in rows if _may_see(work, row)]
    waiting = _open_requests(work)
    shown = work.session.execute(
        sa.select(PolicyVersion)
        .join(DecisionPoint, DecisionPoint.name == PolicyVersion.point)
        .where(
            sa.or_(
                PolicyVersion.status == _DRAFT,
                PolicyVersion.version == DecisionPoint.live_version,
            )
        )
        .order_by(PolicyVersion.version)
    ).scalars()
    by_point: dict[str, list[PolicyVersion]] = {}
    for version_row in shown:
        by_point.setdefault(version_row.point, []).append(version_row)
    people = _names(work, [row for found in by_point.values() for row in found])
    configuration = work.configuration
    summaries = []
    for row in points:
        views = [
            _told(work, found, row.live_version, people, waiting)
            for found in by_point.get(row.name, ())
        ]
        summaries.append(
            PointSummary(
                name=row.name,
                kind=row.kind,
                live=next((view for view in views if view.state is VersionState.LIVE), None),
                drafts=[view for view in views if view.state is VersionState.DRAFT],
                holds=configuration.holds_of(row.name),
            )
        )
    return summaries


def point(work: Work, name: str, *, language: str | None = None) -> PointView:
    """Return what may be asked of a decision point.

    Raises:
        NotFound: there is no such point for this actor, or nothing of it is published.
    """
    work.require(Permission.POINTS_READ)
    row = _point_row(work, name)
    if row.live_version is None:
        raise NotFound(f"Nothing is published for the decision point {name!r} yet.")
    policy = queries.engine_of(work, name, row.live_version).policy
    return PointView(
        name=name,
        kind=row.kind,
        version=row.live_version,
        policy=policy,
        features_schema=describing.features_schema(policy, language),
        example=describing.example_request(policy),
        holds=work.configuration.holds_of(name),
    )


def versions(work: Work, point: str) -> Sequence[VersionView]:
    """Return all versions of a point's policy, newest first.

    Raises:
        NotAllowed, NotFound: the actor may not read policies; there is no such point.
    """
    work.require(Permission.POLICIES_READ)
    live = _point_row(work, point).live_version
    rows = list(
        work.session.execute(
            sa.select(PolicyVersion)
            .where(PolicyVersion.point == point)
            .order_by(PolicyVersion.version.desc())
        ).scalars()
    )
    people, waiting = _names(work, rows), _open_requests(work)
    return [_told(work, row, live, people, waiting) for row in rows]


def version(work: Work, point: str, number: int) -> VersionView:
    """Return one version.

    Raises:
        NotAllowed, NotFound: the actor may not read policies; there is no such version.
    """
    work.require(Permission.POLICIES_READ)
    return _view(work, queries.version_row(work, point, number))


def _drafter(work: Work, details: Mapping[str, Any]) -> Collection[str]:
    """Return whoever wrote a version: nobody publishes what they wrote."""
    return (queries.version_row(work, details["point"], details["version"]).drafted_by,)


def _withdraw(work: Work, request: RequestView) -> None:
    row = queries.version_row(work, request.details["point"], request.details["version"])
    row.status = _WITHDRAWN
    work.record(
        EntryKind.POLICY_WITHDRAWN,
        refs={"request": request.id},
        data={"point": row.point, "version": row.version, "digest": row.digest},
    )


@confirmable(
    PUBLISH,
    ask=Permission.POLICIES_DRAFT,
    confirm=Permission.POLICIES_PUBLISH,
    declined=_withdraw,
    parties=_drafter,
)
def _publish_confirmed(work: Work, request: RequestView) -> None:
    row = queries.version_row(work, request.details["point"], request.details["version"])
    _publish(work, row, request=request)


@confirmable(RESTORE, ask=Permission.POLICIES_DRAFT, confirm=Permission.POLICIES_PUBLISH)
def _restore_confirmed(work: Work, request: RequestView) -> None:
    details = request.details
    owner = _locked_point(work, details["point"])
    row = queries.version_row(work, owner.name, details["version"])
    _require_restorable(row, owner.live_version)
    before, owner.live_version = owner.live_version, row.version
    policy = queries.engine_of(work, row.point, row.version).policy
    owner.kind = policy.kind.value
    for queue in policy.queues:
        ensure_queue(work, queue)
    work.record(
        EntryKind.POLICY_RESTORED,
        refs={"request": request.id},
        data={
            "point": row.point,
            "version": row.version,
            "digest": row.digest,
            "before": before,
        },
    )
    work.configuration_changed()


def _draft(work: Work, text: str) -> PolicyVersion:
    checked = check(text)
    policy = checked.policy
    if policy is None or checked.failed:
        raise PolicyRefused(checked)
    name = policy.decision_point
    work.session.execute(
        insert(work.session, DecisionPoint)
        .values(name=name, kind=policy.kind.value, created_at=work.now, live_version=None)
        .on_conflict_do_nothing()
    )
    owner = _locked_point(work, name)
    newest = work.session.execute(
        sa.select(sa.func.max(PolicyVersion.version)).where(PolicyVersion.point == name)
    ).scalar_one()
    if owner.live_version is not None:
        live = queries.version_row(work, name, owner.live_version)
        if live.digest == policy.digest:
            raise Conflict(
                f"This says what version {live.version} says, which is live; there is nothing to publish."
            )
    row = PolicyVersion(
        id=work.new_id(),
        point=name,
        version=(newest or 0) + 1,
        text=text,
        digest=policy.digest,
        status=_DRAFT,
        drafted_at=work.now,
        drafted_by=work.actor.reference,
        published_at=None,
        published_by=None,
    )
    work.session.add(row)
    work.session.flush()
    work.record(
        EntryKind.POLICY_DRAFTED,
        data={"point": name, "version": row.version, "digest": row.digest},
    )
    return row


def _publish(
    work: Work,
    row: PolicyVersion,
    *,
    request: RequestView | None = None,
    bootstrap: bool = False,
) -> None:
    owner = _locked_point(work, row.point)
    if row.status != _DRAFT:
        raise Conflict(f"Version {row.version} of {row.point!r} is no draft any more.")
    newest = work.session.execute(
        sa.select(sa.func.max(PolicyVersion.version)).where(
            PolicyVersion.point == row.point, PolicyVersion.status == _PUBLISHED
        )
    ).scalar_one()
    if newest is not None and newest > row.version:
        raise Conflict(
            f"Version {newest} of {row.point!r} was published after this draft was written. "
            "Decline it, and draft the policy again with what changed since."
        )
    row.status, row.published_at, row.published_by = _PUBLISHED, work.now, work.actor.reference
    policy = queries.engine_of(work, row.point, row.version).policy
    owner.live_version, owner.kind = row.version, policy.kind.value
    for queue in policy.queues:
        ensure_queue(work, queue)
    data: dict[str, Any] = {"point": row.point, "version": row.version, "digest": row.digest}
    if bootstrap:
        data["bootstrap"] = True
    work.record(
        EntryKind.POLICY_PUBLISHED,
        refs={"request": None if request is None else request.id},
        data=data,
    )
    work.configuration_changed()
    work.session.flush()


def _require_restorable(row: PolicyVersion, live: int | None) -> None:
    if row.status != _PUBLISHED:
        raise Conflict(f"Version {row.version} of {row.point!r} was never published.")
    if row.version == live:
        raise Conflict(f"Version {row.version} of {row.point!r} is live already.")


def _may_see(work: Work, row: DecisionPoint) -> bool:
    if work.actor.points is not None and row.name not in work.actor.points:
        return False
    return row.live_version is not None or work.actor.may(Permission.POLICIES_READ)


def _point_row(work: Work, name: str) -> DecisionPoint:
    row = work.session.get(DecisionPoint, name)
    if row is None or not _may_see(work, row):
        raise NotFound(f"There is no decision point {name!r}.")
    return row


def _locked_point(work: Work, name: str) -> DecisionPoint:
    return work.session.execute(
        sa.select(DecisionPoint)
        .where(DecisionPoint.name == name)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).scalar_one()


def _open_requests(work: Work) -> dict[tuple[str, int], RequestView]:
    return {
        (request.details["point"], request.details["version"]): request
        for request in requests.open_requests(work, PUBLISH)
    }


def _names(work: Work, rows: Sequence[PolicyVersion]) -> dict[str, str]:
    """Return the names of all who drafted or published, by reference."""
    return identities.names_of(
        work.session, [by for row in rows for by in (row.drafted_by, row.published_by)]
    )


def _view(work: Work, row: PolicyVersion) -> VersionView:
    live = _point_row(work, row.point).live_version
    return _told(work, row, live, _names(work, [row]), _open_requests(work))


def _told(
    work: Work,
    row: PolicyVersion,
    live: int | None,
    people: Mapping[str, str],
    waiting: Mapping[tuple[str, int], RequestView],
) -> VersionView:
    if row.version == live:
        state = VersionState.LIVE
    else:
        state = VersionState.PAST if row.status == _PUBLISHED else VersionState(row.status)
    request = waiting.get((row.point, row.version))
    published_by = row.published_by
    return VersionView(
        point=row.point,
        version=row.version,
        state=state,
        digest=row.digest,
        text=row.text,
        policy=work.answerable.configuration.engine_of(row.digest, row.text).policy,
        drafted_at=row.drafted_at,
        drafted_by=row.drafted_by,
        drafted_by_name=people.get(row.drafted_by, row.drafted_by),
        published_at=row.published_at,
        published_by=published_by,
        published_by_name=None if published_by is None else people.get(published_by, published_by),
        request_id=None if request is None else request.id,
    )
