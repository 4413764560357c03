"""A unit of work: one session, one instant, one actor; what it changes and what the log says of it are committed together."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

import orjson
import sqlalchemy as sa
from sqlalchemy.orm import Session

from audits.log.entries import EntryKind
from governance import configuration
from governance.actors import Actor, ActorKind
from governance.errors import NotAllowed
from governance.installation.models import Installation
from governance.keyring import Keyring
from governance.ledger import appending
from governance.ledger.models import LogRecord, PendingRecord
from governance.permissions import Permission
from governance.subjects import payloads as stored_payloads
from governance.subjects.keys import SubjectKey
from governance.subjects.models import SubjectKeyRow

if TYPE_CHECKING:
    from governance.application import Answerable
    from governance.configuration import Configuration


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """That something was read: ``what`` it is, ``about`` which one, and what the entry says of it besides, in codes and ids."""

    what: str
    about: str
    decision_id: str | None
    refs: Mapping[str, str]
    data: Mapping[str, Any]


@dataclass(slots=True, kw_only=True)
class Work:
    """What a verb of a service is given. ``now`` is one instant for the whole unit."""

    answerable: Answerable
    session: Session
    actor: Actor
    now: datetime
    writes: bool
    readings: list[Reading] = field(default_factory=list)

    def reads(
        self,
        what: str,
        about: str,
        *,
        decision_id: str | None = None,
        refs: Mapping[str, str] | None = None,
        data: Mapping[str, Any] | None = None,
    ) -> None:
        """Say that the actor, if it is a person or an app, is shown something that the log must tell of: a payload, an export, the vault."""
        if self.actor.kind is not ActorKind.SERVICE:
            self.readings.append(
                Reading(
                    what=what,
                    about=about,
                    decision_id=decision_id,
                    refs=refs or {},
                    data=data or {},
                )
            )

    def require(self, permission: Permission) -> None:
        """Raise NotAllowed unless the actor has the permission."""
        self.actor.require(permission)

    def new_id(self) -> str:
        """Return a fresh id."""
        return self.answerable.new_id()

    @property
    def configuration(self) -> Configuration:
        """Return the configuration in force."""
        return self.answerable.configuration.fresh(self.session)

    @property
    def keyring(self) -> Keyring:
        """Return the secrets, with the key-encryption key in use by which new keys are wrapped.

        Raises:
            WrongInstallation: this process does not have that key.
        """
        ring = self.answerable.keyring
        said = self.session.execute(sa.select(Installation.fingerprints)).scalar_one()
        if ring.fingerprints()["kek"] != said["kek"]:
            ring.adopt(said["kek"])
        return ring

    def configuration_changed(self) -> None:
        """Say that rulings now depend on something else."""
        configuration.changed(self.session)

    def record(
        self,
        kind: EntryKind,
        *,
        record_id: str | None = None,
        decision_id: str | None = None,
        occurred_at: datetime | None = None,
        refs: Mapping[str, str | None] | None = None,
        data: Mapping[str, Any] | None = None,
        payloads: Mapping[str, bytes] | None = None,
        key: SubjectKey | None = None,
    ) -> str:
        """Write the log entry of a change into its transaction and return its record id.

        ``data`` holds codes, ids and numbers as text, never free text or anything personal; that goes into ``payloads``, which are encrypted
        under ``key`` (default: a fresh key of this record's own) and committed to by the entry.
        """
        assert self.writes, "a log entry needs a unit of work that writes"
        record_id = record_id or self.new_id()
        payloads = dict(payloads or {})
        if self.actor.os_user is not None:
            payloads["actor"] = orjson.dumps({"os_user": self.actor.os_user})
        commitments: dict[str, bytes] = {}
        if payloads:
            key = self.stored_key(key)
            for name, plaintext in payloads.items():
                commitments[name] = key.commit(record_id, name, plaintext)
                stored_payloads.store(self.session, key, record_id, name, plaintext)
        prepared = appending.prepare(
            kind,
            record_id=record_id,
            origin=self.answerable.origin,
            actor=self.actor,
            recorded_at=self.now,
            occurred_at=occurred_at,
            decision_id=decision_id,
            refs=refs,
            data=data,
            commitments=commitments,
        )
        self.session.add(
            LogRecord(
                id=prepared.id,
                kind=prepared.kind,
                recorded_at=prepared.recorded_at,
                decision_id=prepared.decision_id,
                entry=prepared.entry,
            )
        )
        self.session.flush()
        self.session.add(PendingRecord(record_id=prepared.id, leaf_hash=prepared.leaf_hash))
        return record_id

    def stored_key(self, key: SubjectKey | None = None) -> SubjectKey:
        """Return a key whose row is in this transaction: the one given, or a fresh one of nobody's."""
        if key is not None and not key.is_new:
            return key
        key = key or self.answerable.keys.fresh(None)
        _ = self.keyring
        self.session.add(SubjectKeyRow(**self.answerable.keys.row_of(key, self.now)))
        self.session.flush()
        return SubjectKey(key.id, key.secret, key.subject_tag)

    @property
    def person_id(self) -> str:
        """Return the acting person's id; an actor that is no person may not do what asks for it."""
        if self.actor.kind is not ActorKind.PERSON:
            raise NotAllowed("Only a signed-in person may do this; an app or a command may not.")
        return self.actor.id
