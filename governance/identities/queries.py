"""Reading people, and making actors of them."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from governance.actors import Actor, ActorKind
from governance.clock import is_id
from governance.errors import NotFound
from governance.identities.models import Person, SignInSession
from governance.identities.views import PersonState, PersonView
from governance.permissions import Permission, Role, of_roles
from governance.queues.models import QueueMember
from governance.queues.queries import works


def digest(secret: str) -> str:
    """Return what is kept of a secret of 256 random bits."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()


def has_people(session: Session) -> bool:
    """Tell whether anybody has an account; before that, the command line acts alone."""
    return session.execute(sa.select(Person.id).limit(1)).first() is not None


def locked_person(session: Session, person_id: str) -> Person:
    """Return one person's row, so that nobody else changes it before the commit.

    Raises:
        NotFound: there is no such person.
    """
    row = None
    if is_id(person_id):
        row = session.execute(
            sa.select(Person)
            .where(Person.id == person_id)
            .with_for_update()
            .execution_options(populate_existing=True)
        ).scalar_one_or_none()
    if row is None:
        raise NotFound(f"There is no person {person_id!r}.")
    return row


def person_by_email(session: Session, email: str) -> Person | None:
    """Return the person with an e-mail address, however it is written."""
    query = sa.select(Person).where(Person.email == email.strip().lower())
    return session.execute(query).scalar_one_or_none()


def names(session: Session, person_ids: Iterable[str | None]) -> dict[str, str]:
    """Return the names of people, by id; None and who is unknown are left out."""
    wanted = {person_id for person_id in person_ids if person_id is not None}
    if not wanted:
        return {}
    rows = session.execute(sa.select(Person.id, Person.name).where(Person.id.in_(wanted)))
    return {row[0]: row[1] for row in rows}


def names_of(session: Session, references: Iterable[str | None]) -> dict[str, str]:
    """Return what to call each actor, by its reference: a person's name, and the reference itself of what is no person."""
    people = {one: _person_in(one) for one in references if one is not None}
    known = names(session, people.values())
    return {one: known.get(person_id or "", one) for one, person_id in people.items()}


def deciders_of(session: Session, queue: str, now: datetime) -> list[Person]:
    """Return the people who work a queue now, can sign in and decide cases, by name."""
    members = session.execute(
        sa.select(Person)
        .join(QueueMember, QueueMember.person_id == Person.id)
        .where(QueueMember.queue == queue, works(now))
        .order_by(Person.name, Person.id)
    ).scalars()
    return [
        person
        for person in members
        if state_of(person, now) is PersonState.ACTIVE
        and Permission.CASES_DECIDE in of_roles(frozenset(map(Role, person.roles)))
    ]


def _person_in(reference: str) -> str | None:
    kind, _, identity = reference.partition(":")
    return identity if kind == ActorKind.PERSON else None


def state_of(person: Person, now: datetime) -> PersonState:
    """Tell whether a person can sign in now."""
    if person.disabled_at is not None:
        return PersonState.DISABLED
    if person.expires_at is not None and person.expires_at <= now:
        return PersonState.EXPIRED
    return PersonState.INVITED if person.password_hash is None else PersonState.ACTIVE


def actor_of(session: Session, person: Person, now: datetime) -> Actor:
    """Return a person as an actor, with the queues they work now: those that ask for competence only while theirs is valid."""
    roles = frozenset(map(Role, person.roles))
    return Actor(
        kind=ActorKind.PERSON,
        id=person.id,
        name=person.name,
        # Whoever waits for a role to be confirmed can already set up a second factor.
        permissions=of_roles(roles) | {Permission.ACCOUNT_USE},
        roles=roles,
        queues=frozenset(_queues(session, [person.id], works(now))[person.id]),
        language=person.language,
        time_zone=person.time_zone,
    )


def views(session: Session, people: Sequence[Person], now: datetime) -> list[PersonView]:
    """Return what is told of people."""
    ids = [person.id for person in people]
    queues = _queues(session, ids)
    seen = dict(
        session.execute(
            sa.select(SignInSession.person_id, sa.func.max(SignInSession.last_seen_at))
            .where(SignInSession.person_id.in_(ids))
            .group_by(SignInSession.person_id)
        ).all()
    )
    return [
        PersonView(
            id=person.id,
            email=person.email,
            name=person.name,
            roles=tuple(role for role in Role if role in person.roles),
            queues=tuple(queues[person.id]),
            state=state_of(person, now),
            language=person.language,
            time_zone=person.time_zone,
            mail_notices=person.mail_notices,
            mail_digest=person.mail_digest,
            second_factor=person.totp_secret is not None,
            created_at=person.created_at,
            expires_at=person.expires_at,
            last_seen_at=seen.get(person.id),
        )
        for person in people
    ]


def _queues(
    session: Session, people: Collection[str], *conditions: sa.ColumnElement[bool]
) -> Mapping[str, list[str]]:
    found: dict[str, list[str]] = defaultdict(list)
    members = session.execute(
        sa.select(QueueMember.person_id, QueueMember.queue)
        .where(QueueMember.person_id.in_(people), *conditions)
        .order_by(QueueMember.queue)
    )
    for person_id, queue in members:
        found[person_id].append(queue)
    return found
