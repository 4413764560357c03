"""Making log records, to be stored in the transaction of the change they tell of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from audits.log.canonical import canonical
from audits.log.entries import Actor as EntryActor
from audits.log.entries import ActorType, EntryKind, build
from audits.log.tree import leaf_hash
from governance.actors import Actor


@dataclass(frozen=True, slots=True, kw_only=True)
class PreparedRecord:
    """One entry and its leaf hash, ready to be stored."""

    id: str
    kind: str
    recorded_at: datetime
    decision_id: str | None
    entry: bytes
    leaf_hash: bytes


def prepare(
    kind: EntryKind,
    *,
    record_id: str,
    origin: str,
    actor: Actor,
    recorded_at: datetime,
    occurred_at: datetime | None = None,
    decision_id: str | None = None,
    refs: Mapping[str, str | None] | None = None,
    data: Mapping[str, Any] | None = None,
    commitments: Mapping[str, bytes] | None = None,
) -> PreparedRecord:
    """Build the canonical entry of one act. ``commitments`` maps payload names to their commitments."""
    all_refs = {name: value for name, value in (refs or {}).items() if value is not None}
    if decision_id is not None:
        all_refs["decision"] = decision_id
    entry = canonical(
        build(
            kind,
            record_id=record_id,
            origin=origin,
            recorded_at=recorded_at,
            occurred_at=occurred_at,
            actor=EntryActor(
                type=ActorType(actor.kind.value),
                ref=actor.id if actor.key_id is None else f"{actor.id}/{actor.key_id}",
            ),
            refs=all_refs,
            data=dict(data or {}),
            commitments=dict(commitments or {}),
        )
    )
    return PreparedRecord(
        id=record_id,
        kind=kind.value,
        recorded_at=recorded_at,
        decision_id=decision_id,
        entry=entry,
        leaf_hash=leaf_hash(entry),
    )
