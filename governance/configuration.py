"""What rulings depend on, as one process last read it: live policies, holds, marks of subjects, app keys, queues' hours, the time zone, keys for receipts.

Each change of these raises the installation's generation in its own transaction. A decision is committed only under the generation it was ruled by,
so a hold, a publication or a revoked key is in force from the next request on in every process, without a message between them.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from governance.holds.models import Hold
from governance.identities.models import App, AppKey
from governance.installation.models import BusinessSetting, Installation
from governance.ledger.models import KeyPurpose, LogKey
from governance.points.models import DecisionPoint, PolicyVersion
from governance.queues.calendar import Calendar
from governance.queues.models import Queue
from governance.storage.database import Database
from governance.subjects.models import PeopleOnlyRow
from policies import document
from policies.rulings import Engine


@dataclass(frozen=True, slots=True, kw_only=True)
class LivePolicy:
    """The policy in force at a decision point, ready to rule."""

    version: int
    engine: Engine

    @property
    def policy(self) -> document.Policy:
        """Return the document."""
        return self.engine.policy


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownKey:
    """What a process must know of an app key to let it in."""

    id: str
    app_id: str
    app: str
    secret_hash: str
    points: frozenset[str] | None
    scopes: frozenset[str]
    expires_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class HoldInForce:
    """A hold of one point, or of all (``point`` None)."""

    id: str
    point: str | None
    reason: str
    set_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Configuration:
    """One generation of it all; ``people_only`` are the tags of subjects about whom a person always decides.

    ``receipt_vkeys`` are the keys with which receipts may be signed, oldest first.
    """

    generation: int
    origin: str
    time_zone: str
    live: Mapping[str, LivePolicy]
    holds: tuple[HoldInForce, ...]
    keys: Mapping[str, KnownKey]
    calendars: Mapping[str, Calendar]
    people_only: frozenset[str] = frozenset()
    receipt_vkeys: tuple[str, ...] = ()

    def due(self, queue: str, start: datetime, working: timedelta) -> datetime:
        """Return when so much working time of a queue has passed."""
        calendar = self.calendars.get(queue)
        return start + working if calendar is None else calendar.after(start, working)

    def holds_of(self, point: str) -> tuple[HoldInForce, ...]:
        """Return the holds in force at a point."""
        return tuple(hold for hold in self.holds if hold.point is None or hold.point == point)


class ConfigurationCache:
    """The newest configuration this process has read. Compiled policies are kept by digest over generations."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._lock = threading.Lock()
        self._current: Configuration | None = None
        self._engines: dict[str, Engine] = {}
        self._versions: dict[tuple[str, int], Engine] = {}

    def current(self) -> Configuration:
        """Return the configuration last read, reading it the first time."""
        return self._current or self.reload()

    def fresh(self, session: Session) -> Configuration:
        """Return the configuration in force in this session's view, reading it again only when it changed."""
        generation = session.execute(sa.select(Installation.generation)).scalar_one()
        current = self._current
        return (
            current if current is not None and current.generation == generation else self.reload()
        )

    def reload(self) -> Configuration:
        """Read it all again."""
        with self._lock, self._database.read() as session:
            configuration = self._read(session)
            if self._current is None or configuration.generation >= self._current.generation:
                self._current = configuration
            return self._current

    def engine_of(self, digest: str, text: str) -> Engine:
        """Return the compiled policy of a version."""
        engine = self._engines.get(digest)
        if engine is None:
            engine = self._engines[digest] = Engine(document.load(text))
        return engine

    def known_version(self, point: str, version: int) -> Engine | None:
        """Return the compiled policy of a version if this process has met it."""
        return self._versions.get((point, version))

    def remember_version(self, point: str, version: int, digest: str, text: str) -> Engine:
        """Compile the policy of a version, once a process: versions never change."""
        engine = self._versions[point, version] = self.engine_of(digest, text)
        return engine

    def _read(self, session: Session) -> Configuration:
        installation = session.execute(sa.select(Installation)).scalar_one()
        if self._current is not None and self._current.generation == installation.generation:
            return self._current
        zone = session.execute(
            sa.select(BusinessSetting.value).where(BusinessSetting.name == "time_zone")
        ).scalar_one_or_none()
        versions = session.execute(
            sa.select(PolicyVersion).join(
                DecisionPoint,
                (DecisionPoint.name == PolicyVersion.point)
                & (DecisionPoint.live_version == PolicyVersion.version),
            )
        ).scalars()
        live = {
            row.point: LivePolicy(version=row.version, engine=self.engine_of(row.digest, row.text))
            for row in versions
        }
        holds = session.execute(
            sa.select(Hold).where(Hold.lifted_at.is_(None)).order_by(Hold.set_at)
        ).scalars()
        keys = session.execute(
            sa.select(AppKey, App.name)
            .join(App, App.id == AppKey.app_id)
            .where(AppKey.revoked_at.is_(None))
        )
        return Configuration(
            generation=installation.generation,
            origin=installation.origin,
            time_zone="UTC" if zone is None else zone,
            live=live,
            holds=tuple(
                HoldInForce(id=h.id, point=h.point, reason=h.reason, set_at=h.set_at) for h in holds
            ),
            keys={
                key.id: KnownKey(
                    id=key.id,
                    app_id=key.app_id,
                    app=name,
                    secret_hash=key.secret_hash,
                    points=None if key.points is None else frozenset(key.points),
                    scopes=frozenset(key.scopes),
                    expires_at=key.expires_at,
                )
                for key, name in keys
            },
            calendars={
                queue.name: Calendar.from_document(queue.calendar)
                for queue in session.execute(sa.select(Queue)).scalars()
            },
            people_only=frozenset(session.execute(sa.select(PeopleOnlyRow.subject_tag)).scalars()),
            receipt_vkeys=tuple(
                session.execute(
                    sa.select(LogKey.vkey)
                    .where(LogKey.purpose == KeyPurpose.RECEIPT, LogKey.retired_at.is_(None))
                    .order_by(LogKey.number)
                ).scalars()
            ),
        )


def changed(session: Session) -> None:
    """Say, in the transaction of the change, that rulings now depend on something else."""
    session.execute(sa.update(Installation).values(generation=Installation.generation + 1))
