"""The people and apps of the tests, as actors: Ada and Ben manage, Cleo audits, Pia and Paul publish, Anna administers, Dov is a stranger."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa

from governance.actors import Actor, ActorKind, service
from governance.application import Answerable
from governance.clock import uuid7
from governance.identities import keys
from governance.identities.models import App, AppKey, Person
from governance.permissions import SCOPE_PERMISSIONS, Role, of_roles
from governance.points.models import DecisionPoint, PolicyVersion
from governance.queues.models import Queue, QueueMember
from policies import document

ROLES = {
    "Ada": {Role.MANAGER},
    "Ben": {Role.MANAGER},
    "Cleo": {Role.AUDITOR},
    "Pia": {Role.PUBLISHER},
    "Paul": {Role.PUBLISHER},
    "Anna": {Role.ADMIN},
    "Dov": set(),
}


def person(
    answerable: Answerable, name: str, *, queues: tuple[str, ...] = (), language: str = "en"
) -> Actor:
    """Return one of the people, stored on the first call; a manager works the queues named."""
    roles = frozenset(ROLES[name])
    with answerable.database.write() as session:
        row = session.execute(
            sa.select(Person).where(Person.email == f"{name.lower()}@corner.example")
        ).scalar_one_or_none()
        if row is None:
            row = Person(
                id=uuid7(),
                email=f"{name.lower()}@corner.example",
                name=name,
                roles=sorted(roles),
                language=language,
                time_zone="Europe/Berlin",
                mail_notices=True,
                created_at=answerable.clock.now(),
            )
            session.add(row)
            session.flush()
        for queue in queues:
            if session.get(Queue, queue) is None:
                session.add(Queue(name=queue, title=queue, created_at=answerable.clock.now()))
                session.flush()
            if session.get(QueueMember, (queue, row.id)) is None:
                session.add(QueueMember(queue=queue, person_id=row.id))
        return Actor(
            kind=ActorKind.PERSON,
            id=row.id,
            name=name,
            permissions=of_roles(roles),
            roles=roles,
            queues=frozenset(queues),
            language=language,
            time_zone="Europe/Berlin",
        )


def app(
    answerable: Answerable,
    name: str = "shop",
    *,
    points: tuple[str, ...] | None = None,
    scope: str = "decisions:write",
) -> Actor:
    """Return an app with a key of its own."""
    with answerable.work(service("tests")) as work:
        created = keys.create_key(work, app=name, scopes=[scope])
        row = work.session.execute(sa.select(App).where(App.name == name)).scalar_one()
        if points is not None:
            # Points that nobody published yet, which the real door refuses.
            work.session.get_one(AppKey, created.key.id).points = list(points)
    return Actor(
        kind=ActorKind.APP,
        id=row.id,
        name=name,
        permissions=SCOPE_PERMISSIONS[scope],
        points=None if points is None else frozenset(points),
        key_id=created.key.id,
    )


def publish(answerable: Answerable, text: str, *, at: datetime | None = None) -> document.Policy:
    """Put a policy in force as it stands, without the two people that publishing takes."""
    policy = document.load(text)
    with answerable.work(service("tests"), at=at) as work:
        point = work.session.get(DecisionPoint, policy.decision_point)
        if point is None:
            point = DecisionPoint(
                name=policy.decision_point, kind=policy.kind, created_at=work.now, live_version=None
            )
            work.session.add(point)
            work.session.flush()
        version = (point.live_version or 0) + 1
        work.session.add(
            PolicyVersion(
                id=work.new_id(),
                point=policy.decision_point,
                version=version,
                text=text,
                digest=policy.digest,
                status="published",
                drafted_at=work.now,
                drafted_by="service:tests",
                published_at=work.now,
                published_by="service:tests",
            )
        )
        point.live_version = version
        work.configuration_changed()
    return policy
