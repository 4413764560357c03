"""What decisions' rows add up to, as the counts must have it: of those whose content is there, and of those that were erased."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any, Final

import orjson
import sqlalchemy as sa
from sqlalchemy.orm import Session

from governance.counting import folding, groups
from governance.counting.contributions import Coarseness, additions, class_of
from governance.counting.models import ErasedCount, ScoreRow
from governance.decisions.models import Decision
from governance.decisions.preparing import DECISION_PAYLOAD
from governance.deltas.noting import states_of
from governance.deltas.states import State
from governance.points import queries as points
from governance.storage.inserting import insert
from governance.subjects import payloads
from governance.work import Work

#: table -> key -> how many, and the sum of their contributions.
Sums = dict[Any, dict[tuple[Any, ...], list[int]]]
_Coarse = Mapping[tuple[str, str], Coarseness]
_AT_ONCE: Final = 500
#: Under this name the erased decisions themselves are counted.
_DECISIONS: Final = "decisions"


def none() -> Sums:
    """Return sums of nothing."""
    return defaultdict(lambda: defaultdict(lambda: [0, 0]))


def add(
    work: Work,
    rows: Sequence[Decision],
    stood: Mapping[str, State | None],
    coarse: _Coarse,
    values: groups.ReadOnlyValues,
    into: Sums,
) -> tuple[int, int]:
    """Add what decisions have in the counts as they stood; return how many were added, and how many cannot be, as their content is gone."""
    ids = [row.id for row in rows]
    told = groups.recorded(work.session, work.answerable.keys, ids)
    documents = payloads.read_many(work.session, work.answerable.keys, ids, DECISION_PAYLOAD)
    added = gone = 0
    for row in rows:
        state = stood[row.id]
        if state is None:
            continue
        if row.id not in documents:
            gone += 1
            continue
        added += 1
        policy = points.engine_of(work, row.point, row.policy_version).policy
        decision = folding.counted_of(row, documents[row.id])
        group = values.key_of(policy, row, told.get(row.id, {}))
        kept = coarse.get((decision.point, decision.day))
        for one in additions(decision, state, group, policy, kept):
            amount = into[one.table][one.key]
            amount[0] += 1
            amount[1] += one.total
    return added, gone


def keep_of_erased(work: Work, decision_ids: Sequence[str]) -> None:
    """Keep what decisions that are about to be erased have in the counts; all that changed about them must be counted.

    For the transaction that erases them, in which the vault can be read.
    """
    sums, moved = none(), 0
    coarse = folding.coarseness(work.session)
    values = groups.ReadOnlyValues(work.session)
    for start in range(0, len(decision_ids), _AT_ONCE):
        some = Decision.id.in_(decision_ids[start : start + _AT_ONCE])
        rows = list(work.session.execute(sa.select(Decision).where(some)).scalars())
        added, _ = add(work, rows, states_of(work.session, rows), coarse, values, sums)
        moved += added
    kept = [
        (table.__tablename__, list(key), amount)
        for table, of_table in sums.items()
        for key, amount in of_table.items()
        if any(amount)
    ]
    if moved:
        kept.append((_DECISIONS, [], [moved, 0]))
    for name, key, (n, total) in sorted(kept, key=lambda one: (one[0], str(one[1]))):
        written = orjson.dumps(key)
        statement = insert(work.session, ErasedCount).values(
            counted=name,
            digest=hashlib.sha256(written).hexdigest(),
            key=written.decode(),
            n=n,
            total=total,
        )
        work.session.execute(
            statement.on_conflict_do_update(
                index_elements=["counted", "digest"],
                set_={
                    "n": ErasedCount.n + statement.excluded.n,
                    "total": ErasedCount.total + statement.excluded.total,
                },
            )
        )


def add_erased(session: Session, coarse: _Coarse, into: Sums) -> int:
    """Add what erased decisions had in the counts; return how many decisions these were."""
    tables: dict[str, Any] = {table.__tablename__: table for table in folding.TABLES}
    decisions = 0
    for row in session.execute(sa.select(ErasedCount)).scalars():
        if row.counted == _DECISIONS:
            decisions = row.n
            continue
        table, key = tables[row.counted], tuple(orjson.loads(row.key))
        amount = into[table][_kept(key, coarse) if table is ScoreRow else key]
        amount[0] += row.n
        amount[1] += row.total
    return decisions


def _kept(key: tuple[Any, ...], coarse: _Coarse) -> tuple[Any, ...]:
    """Return the key of a confidence as its day keeps confidences by now."""
    point, day, *between, confidence = key
    kept = coarse.get((point, day))
    if kept is None:
        return key
    return (point, kept.kept_as, *between, class_of(confidence, kept.step))
