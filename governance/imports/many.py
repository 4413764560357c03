"""What ``report_truth`` and ``record_groups`` do for one decision, for hundreds in one transaction: the same rows, the same entries, a tenth of the time.

A test holds both against each other. Where a decision is in a state in which one of these has more to consider, the one for one is called.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

import orjson
import sqlalchemy as sa

from audits.fairness.counts import NEVER
from audits.log.entries import EntryKind
from governance.actors import ActorKind
from governance.clock import rfc3339
from governance.counting import folding, groups
from governance.counting.folding import Change
from governance.decisions.models import Decision
from governance.decisions.preparing import DECISION_PAYLOAD, GROUPS_PAYLOAD
from governance.deltas.models import CountDelta
from governance.deltas.noting import states_of
from governance.deltas.states import read, text
from governance.imports.taking import Taken
from governance.ledger import appending
from governance.ledger.models import LogRecord, PendingRecord
from governance.permissions import Permission
from governance.points import queries as points
from governance.storage.inserting import insert
from governance.subjects import payloads
from governance.subjects.keys import SubjectKey
from governance.subjects.models import PayloadRow, SubjectKeyRow, VaultRow
from governance.truth import service as truth
from governance.truth.models import GroundTruth
from governance.work import Work
from policies.document import Policy

_AT_ONCE: Final = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """The ids of decisions for which something is ``new``; which are ``gone`` or were erased; and whose own policy does not know what was told (``unfit``)."""

    new: frozenset[str]
    gone: frozenset[str]
    unfit: frozenset[str]


def taken(line: int, decisions: Sequence[str], stored: Sequence[Stored], field: str) -> Taken:
    """Say what became of a line that meant these decisions; it is refused where it could be stored for none of them."""
    gone = frozenset().union(*(one.gone for one in stored))
    unfit = frozenset().union(*(one.unfit for one in stored))
    if gone.issuperset(decisions):
        return Taken(line=line, problem="The decision was erased.")
    if (gone | unfit).issuperset(decisions):
        problem = f"{field}: the policy under which it was decided does not declare it."
        return Taken(line=line, problem=problem)
    return Taken(line=line, known=all(one.new.isdisjoint(decisions) for one in stored))


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What turned out right for a decision; ``outcome`` None: nobody will ever know."""

    decision_id: str
    outcome: str | None
    known_at: datetime | None


def report_truths(work: Work, reports: Sequence[Report]) -> Stored:
    """Say what would have been right for decisions. Each ``known_at`` has passed, and each decision is told of once.

    Raises:
        NotAllowed: the actor may not report.
    """
    work.require(Permission.TRUTH_REPORT)
    told = {report.decision_id: report for report in reports}
    assert len(told) == len(reports), "each decision is told of once"
    rows = _locked(work, told)
    unfit = frozenset(
        one
        for one, row in rows.items()
        if told[one].outcome is not None and told[one].outcome not in _policy(work, row).outcomes
    )
    gone = frozenset(told.keys() - rows.keys())
    rows = {one: row for one, row in rows.items() if one not in unfit}
    standing = {
        row.decision_id: (row.outcome, row.known_at)
        for some in _some(list(rows))
        for row in work.session.execute(
            sa.select(GroundTruth.decision_id, GroundTruth.outcome, GroundTruth.known_at).where(
                GroundTruth.decision_id.in_(some)
            )
        )
    }
    changed = {
        decision_id: row
        for decision_id, row in rows.items()
        if standing.get(decision_id) != (told[decision_id].outcome, told[decision_id].known_at)
    }
    # A verdict that can still be undone has a change of its own waiting, with which this one is taken together.
    apart = [row.id for row in changed.values() if row.effective_at and row.effective_at > work.now]
    for decision_id in apart:
        del changed[decision_id]
        report = told[decision_id]
        truth.report_truth(
            work,
            decision_id,
            outcome=report.outcome,
            never=report.outcome is None,
            known_at=report.known_at,
        )
    if changed:
        _store_truths(work, changed, told)
    return Stored(new=frozenset({*changed, *apart}), gone=gone, unfit=unfit)


def _store_truths(work: Work, rows: Mapping[str, Decision], told: Mapping[str, Report]) -> None:
    before = states_of(work.session, list(rows.values()))
    deltas = []
    for decision_id, state in before.items():
        after = replace(state, truth=told[decision_id].outcome or NEVER)
        if text(after) != text(state):
            deltas.append({"decision_id": decision_id, "was": text(state), "now": text(after)})
    connection = work.session.connection()
    statement = insert(work.session, GroundTruth)
    names = ("outcome", "known_at", "reported_at", "reported_by")
    connection.execute(
        statement.on_conflict_do_update(
            index_elements=["decision_id"],
            set_={name: statement.excluded[name] for name in names},
        ),
        [
            {
                "decision_id": decision_id,
                "outcome": told[decision_id].outcome,
                "known_at": told[decision_id].known_at,
                "reported_at": work.now,
                "reported_by": work.actor.reference,
            }
            for decision_id in rows
        ],
    )
    if deltas:
        connection.execute(sa.insert(CountDelta), deltas)
    _record(
        work,
        EntryKind.GROUND_TRUTH_REPORTED,
        {
            decision_id: {
                "outcome": told[decision_id].outcome,
                "never": told[decision_id].outcome is None,
                "known_at": None
                if (known_at := told[decision_id].known_at) is None
                else rfc3339(known_at),
            }
            for decision_id in rows
        },
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Known:
    """What must be known of a decision to record its groups."""

    key: SubjectKey
    payload: bytes


def record_groups(work: Work, told: Mapping[str, Mapping[str, str]], point: str) -> Stored:
    """Store group attributes of decisions at a point, those they had replaced, and count them anew.

    ``work`` is one that may read the vault; no value is empty or too long.

    Raises:
        NotAllowed: the actor may not record groups.
    """
    work.require(Permission.GROUPS_RECORD)
    rows = {one: row for one, row in _locked(work, told).items() if row.point == point}
    unfit = frozenset(
        one for one, row in rows.items() if not told[one].keys() <= set(_policy(work, row).groups)
    )
    known = _known(work, [one for one in rows if one not in unfit])
    had = groups.recorded(work.session, work.answerable.keys, list(known))
    has = {
        one: had.get(one, {}) | {name: value.strip() for name, value in told[one].items()}
        for one in known
    }
    changed = [one for one in known if has[one] != had.get(one, {})]
    if changed:
        _move(work, [rows[one] for one in changed], known, had, has)
        _store_groups(work, changed, known, told, has)
    gone = frozenset(told.keys() - known.keys() - unfit)
    return Stored(new=frozenset(changed), gone=gone, unfit=unfit)


def _known(work: Work, ids: Sequence[str]) -> dict[str, _Known]:
    plaintexts = payloads.read_many(work.session, work.answerable.keys, ids, DECISION_PAYLOAD)
    opened: dict[str, SubjectKey] = {}
    found = {}
    for some in _some(ids):
        rows = work.session.execute(
            sa.select(
                PayloadRow.record_id,
                SubjectKeyRow.id,
                SubjectKeyRow.subject_tag,
                SubjectKeyRow.wrapped,
            )
            .join(SubjectKeyRow, SubjectKeyRow.id == PayloadRow.key_id)
            .where(PayloadRow.record_id.in_(some), PayloadRow.name == DECISION_PAYLOAD)
        )
        for record_id, key_id, subject_tag, wrapped in rows:
            if key_id not in opened:
                opened[key_id] = work.answerable.keys.open(key_id, subject_tag, wrapped)
            if record_id in plaintexts:
                found[record_id] = _Known(key=opened[key_id], payload=plaintexts[record_id])
    return found


def _move(
    work: Work,
    rows: Sequence[Decision],
    known: Mapping[str, _Known],
    had: Mapping[str, Mapping[str, str]],
    has: Mapping[str, Mapping[str, str]],
) -> None:
    """Count what waits of each decision in its old group, then move all of it to the new one."""
    first: dict[str, str | None] = {}
    for some in _some([row.id for row in rows]):
        waiting = work.session.execute(
            sa.select(CountDelta.decision_id, CountDelta.was)
            .where(CountDelta.decision_id.in_(some))
            .order_by(CountDelta.id)
            .with_for_update()
        )
        for decision_id, was in waiting:
            first.setdefault(decision_id, was)
    # One that was never counted is looked up in its new group when it is.
    moving = [row for row in rows if first.get(row.id, "") is not None]
    stands = states_of(work.session, [row for row in moving if row.id not in first])
    stands |= {one: read(was) for one, was in first.items() if was is not None}
    values = groups.KnownValues(work.session)
    changes: list[Change] = []
    before: dict[int, str] = {}
    for row in moving:
        policy = _policy(work, row)
        before[len(changes)] = values.key_of(policy, row, had.get(row.id, {}))
        changes.append(
            Change(
                decision=folding.counted_of(row, known[row.id].payload),
                policy=policy,
                group=values.key_of(policy, row, has[row.id]),
                was=stands[row.id],
                now=stands[row.id],
                decided_at=row.decided_at,
            )
        )
    folding.count(work.session, changes, regrouped_from=before)


def _store_groups(
    work: Work,
    ids: Sequence[str],
    known: Mapping[str, _Known],
    told: Mapping[str, Mapping[str, str]],
    has: Mapping[str, Mapping[str, str]],
) -> None:
    rows, data = [], {}
    for one in ids:
        key = known[one].key
        plaintext = orjson.dumps(has[one], option=orjson.OPT_SORT_KEYS)
        nonce, ciphertext = key.encrypt(one, GROUPS_PAYLOAD, plaintext)
        rows.append(
            {"decision_id": one, "key_id": key.id, "nonce": nonce, "ciphertext": ciphertext}
        )
        data[one] = {
            "attributes": sorted(told[one]),
            "commit": key.commit(one, GROUPS_PAYLOAD, plaintext).hex(),
        }
    statement = insert(work.session, VaultRow)
    work.session.connection().execute(
        statement.on_conflict_do_update(
            index_elements=["decision_id"],
            set_={name: statement.excluded[name] for name in ("key_id", "nonce", "ciphertext")},
        ),
        rows,
    )
    _record(work, EntryKind.GROUPS_RECORDED, data)


def _policy(work: Work, row: Decision) -> Policy:
    return points.engine_of(work, row.point, row.policy_version).policy


def _locked(work: Work, ids: Iterable[str]) -> dict[str, Decision]:
    """Return the rows of decisions, locked in an order that keeps two who do it from waiting for each other."""
    if work.actor.kind is not ActorKind.SERVICE:
        # Whoever may not see everybody's decisions reports for one after the other.
        work.require(Permission.LOG_READ)
    found: dict[str, Decision] = {}
    for some in _some(sorted(ids)):
        rows = work.session.execute(
            sa.select(Decision)
            .where(Decision.id.in_(some))
            .order_by(Decision.id)
            .with_for_update()
            .execution_options(populate_existing=True)
        ).scalars()
        found |= {row.id: row for row in rows}
    return found


def _record(work: Work, kind: EntryKind, data: Mapping[str, Mapping[str, Any]]) -> None:
    """Write an entry for each decision. Who had the file imported stands in the import's own entry, with the system's user."""
    entries = [
        appending.prepare(
            kind,
            record_id=work.new_id(),
            origin=work.answerable.origin,
            actor=work.actor,
            recorded_at=work.now,
            decision_id=decision_id,
            data=said,
        )
        for decision_id, said in data.items()
    ]
    connection = work.session.connection()
    connection.execute(
        sa.insert(LogRecord),
        [
            {
                "id": entry.id,
                "kind": entry.kind,
                "recorded_at": entry.recorded_at,
                "decision_id": entry.decision_id,
                "entry": entry.entry,
            }
            for entry in entries
        ],
    )
    connection.execute(
        sa.insert(PendingRecord),
        [{"record_id": entry.id, "leaf_hash": entry.leaf_hash} for entry in entries],
    )


def _some(ids: Sequence[str]) -> Iterable[Sequence[str]]:
    return (ids[start : start + _AT_ONCE] for start in range(0, len(ids), _AT_ONCE))
