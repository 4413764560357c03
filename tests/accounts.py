"""Accounts of the tests: people who sign in for real, with a password each."""

from __future__ import annotations

import functools
from collections.abc import Iterable

import argon2
import orjson
import sqlalchemy as sa

from governance.actors import Actor, service
from governance.application import Answerable
from governance.identities import queries
from governance.identities import service as identities
from governance.identities.models import Person
from governance.ledger.models import LogRecord

PASSWORD = "a sentence is easy to remember"
ADDRESS = "192.0.2.7"


def join(
    answerable: Answerable, name: str, *roles: str, queues: Iterable[str] = (), **more: object
) -> Actor:
    """Give somebody an account and return them; where two admins are there, roles wait for one of them."""
    with answerable.work(service("cli")) as work:
        added = identities.add_person(
            work,
            email=email_of(name),
            name=name,
            roles=roles,
            queues=queues,
            **more,
        )
        work.session.get_one(Person, added.person.id).password_hash = kept(PASSWORD)
    return again(answerable, added.person.id)


@functools.cache
def kept(password: str) -> str:
    """Return what is kept of a password of the tests, made so that proving it takes no time: a hash says itself how much work it is."""
    return argon2.PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(password)


def again(answerable: Answerable, person_id: str) -> Actor:
    """Return somebody as they are now."""
    with answerable.look(service("tests")) as work:
        return queries.actor_of(work.session, work.session.get_one(Person, person_id), work.now)


def email_of(name: str) -> str:
    return f"{name.lower()}@corner.example"


def entries(answerable: Answerable, kind: str | None = None) -> list[dict]:
    """Return the log's entries, oldest first, all or those of one kind."""
    query = sa.select(LogRecord.entry).order_by(LogRecord.recorded_at, LogRecord.id)
    if kind is not None:
        query = query.where(LogRecord.kind == kind)
    with answerable.database.read() as session:
        return [orjson.loads(entry) for entry in session.execute(query).scalars()]
