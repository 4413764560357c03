"""Recording group attributes after the decision: into the vault, and the counts moved to where the decision belongs now."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import orjson
import sqlalchemy as sa

from audits.log.entries import EntryKind
from governance.counting import folding, groups
from governance.counting.folding import Change
from governance.decisions import queries as decisions
from governance.decisions.models import Decision
from governance.decisions.preparing import DECISION_PAYLOAD, GROUPS_PAYLOAD
from governance.deltas.models import CountDelta
from governance.deltas.noting import state_of
from governance.deltas.states import read
from governance.errors import FieldProblem, Gone, InvalidInput, NotFound
from governance.permissions import Permission
from governance.points import queries as points
from governance.storage.inserting import insert
from governance.subjects import payloads
from governance.subjects.models import VaultRow
from governance.work import Work

LONGEST_VALUE: Final = 200


def record_groups(work: Work, decision_id: str, told: Mapping[str, str], point: str) -> bool:
    """Store a decision's group attributes, those it had replaced, and count it anew; return False where nothing changes.

    ``work`` is one that may read the vault. An attribute that is not told keeps what it was.

    Raises:
        NotAllowed: the actor may not record groups.
        NotFound: there is no such decision at this point.
        InvalidInput: an attribute is not declared, or a value is empty or too long.
        Gone: the decision was erased.
    """
    work.require(Permission.GROUPS_RECORD)
    row = decisions.lock(work.session, decision_id)
    if row is None or row.point != point:
        raise NotFound(f"There is no decision {decision_id} at {point!r}.")
    policy = points.engine_of(work, row.point, row.policy_version).policy
    problems = [
        FieldProblem(pointer=f"/groups/{name}", detail=detail)
        for name, value in told.items()
        for detail in _faults(name, value, policy.groups)
    ]
    if problems:
        raise InvalidInput("The group attributes do not fit. Nothing was stored.", problems)
    key = payloads.key_of_record(work.session, work.answerable.keys, row.id)
    payload = payloads.read(work.session, work.answerable.keys, row.id, DECISION_PAYLOAD)
    if key is None or payload is None:
        raise Gone(f"The decision {decision_id} was erased.")
    had = groups.recorded(work.session, work.answerable.keys, [row.id]).get(row.id, {})
    has = had | {name: value.strip() for name, value in told.items()}
    if has == had:
        return False
    _move(work, row, payload, had, has)
    plaintext = orjson.dumps(has, option=orjson.OPT_SORT_KEYS)
    nonce, ciphertext = key.encrypt(row.id, GROUPS_PAYLOAD, plaintext)
    values = {"key_id": key.id, "nonce": nonce, "ciphertext": ciphertext}
    work.session.execute(
        insert(work.session, VaultRow)
        .values(decision_id=row.id, **values)
        .on_conflict_do_update(index_elements=["decision_id"], set_=values)
    )
    work.record(
        EntryKind.GROUPS_RECORDED,
        decision_id=row.id,
        data={
            "attributes": sorted(told),
            # The vault's row is the decision's: so is what vouches for it.
            "commit": key.commit(row.id, GROUPS_PAYLOAD, plaintext).hex(),
        },
    )
    return True


def _faults(name: str, value: object, declared: tuple[str, ...]) -> list[str]:
    if name not in declared:
        return [
            f"{name!r} is not declared under groups; declared are {', '.join(declared) or 'none'}."
        ]
    if not isinstance(value, str) or not value.strip() or len(value) > LONGEST_VALUE:
        return [f"Expected a text of 1 to {LONGEST_VALUE} characters."]
    return []


def _move(
    work: Work, row: Decision, payload: bytes, had: Mapping[str, str], has: Mapping[str, str]
) -> None:
    """Count what waits of this decision in its old group, then move all of it to the new one."""
    policy = points.engine_of(work, row.point, row.policy_version).policy
    values = groups.KnownValues(work.session)
    before, after = values.key_of(policy, row, had), values.key_of(policy, row, has)
    decision = folding.counted_of(row, payload)
    waiting = list(
        work.session.execute(
            sa.select(CountDelta)
            .where(CountDelta.decision_id == row.id)
            .order_by(CountDelta.id)
            .with_for_update()
        ).scalars()
    )
    first = waiting[0].was if waiting else None
    if waiting and first is None:
        # It was never counted; the list says what to count, and the group is looked up then.
        return
    stands = read(first) if first is not None else state_of(work.session, row)
    change = Change(
        decision=decision,
        policy=policy,
        group=after,
        was=stands,
        now=stands,
        decided_at=row.decided_at,
    )
    folding.count(work.session, [change], regrouped_from={0: before})
