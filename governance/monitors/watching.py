"""Feeding monitors: what is counted is looked at by the monitors of the live policy, in the transaction that counts it.

A monitor of groups compares each value of its attribute with the reference, to either side, each as a stream of its own. Whatever
happens to a decision later, it is looked at once, when the metric first says something of it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import timedelta
from typing import Any, Final

import orjson
import sqlalchemy as sa
from sqlalchemy.orm import Session

from audits.fairness import sequential
from audits.fairness.counts import NEVER, Stage
from audits.fairness.sequential import Kind, Monitor, MonitorState, MonitorVerdict, Side
from governance.counting.folding import Change
from governance.counting.models import CellRow, GroupValue
from governance.deltas.states import State
from governance.monitors.models import MonitorRow
from governance.storage.inserting import insert
from governance.work import Work
from policies import document
from policies.document import Policy
from policies.schema import RATE_METRICS, RATIO_METRICS

#: Taken as a year's decisions where too few were made to say.
_USUAL_YEAR: Final = 100_000
_LOOKED_BACK: Final = timedelta(days=60)


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyMonitor:
    """One monitor of a policy with one side; ``name`` tells it from the point's others."""

    said: document.Monitor
    side: Side

    @property
    def name(self) -> str:
        """Name the monitor as its rows do."""
        return f"{self.said.name}:{self.side.value}"

    def made(self, threshold: float) -> Monitor:
        """Return the monitor itself, alarming at a threshold."""
        return Monitor(
            metric=self.said.metric,
            kind=kind_of(self.said.metric),
            side=self.side,
            tolerance=self.said.tolerance,
            watch=self.said.watch,
            threshold=threshold,
            block_size=self.said.block,
        )


def kind_of(metric: str) -> Kind:
    """Return how a metric's tolerance is meant."""
    if metric in RATE_METRICS:
        return Kind.RATE
    return Kind.RATIO if metric in RATIO_METRICS else Kind.DIFFERENCE


def monitors_of(policy: Policy) -> Sequence[PolicyMonitor]:
    """Return a policy's monitors, each side by itself; a rate can only be too high."""
    return [
        PolicyMonitor(said=said, side=side)
        for said in policy.monitors
        for side in ([Side.ABOVE] if kind_of(said.metric) is Kind.RATE else list(Side))
    ]


def watch(work: Work, changes: Sequence[Change]) -> None:
    """Show what is being counted to the monitors of the points' live policies."""
    points = dict.fromkeys(change.decision.point for change in changes)
    live = work.configuration.live
    for point in points:
        policy = live[point].policy if point in live else None
        if policy is None or not policy.monitors:
            continue
        mine = [change for change in changes if change.decision.point == point]
        streams = _Streams(work, policy)
        for monitor in monitors_of(policy):
            for change in mine:
                hit = observed(monitor.said, policy, change)
                if hit is not None:
                    streams.show(monitor, change.group, hit=hit)
        streams.store()


def observed(monitor: document.Monitor, policy: Policy, change: Change) -> bool | None:
    """Return what a change says to a monitor's metric: whether it counts as a hit, None where it says nothing."""
    decision, was, now = change.decision, change.was, change.now
    positive = policy.positive
    metric = monitor.metric
    if metric.startswith("selection_rate"):
        if monitor.stage == Stage.OUTCOME.value:
            fresh = now.outcome is not None and (was is None or was.outcome is None)
            return now.outcome in positive if fresh else None
        return decision.proposed in positive if was is None else None
    if metric.startswith("review_rate"):
        return decision.disposition == "review" if was is None else None
    if metric == "overdue_share":
        fresh = now.waited is not None and (was is None or was.waited is None)
        return now.late if fresh else None
    if not _known(now) or (was is not None and _known(was)) or decision.proposed is None:
        return None
    chosen, right = decision.proposed in positive, now.truth in positive
    if metric.startswith("tpr"):
        return chosen if right else None
    if metric.startswith("fpr"):
        return None if right else chosen
    if metric.startswith("accuracy"):
        return decision.proposed == now.truth
    # What is left is the error of the automated part.
    return decision.proposed != now.truth if decision.disposition == "release" else None


def _known(state: State) -> bool:
    return state.truth not in ("", NEVER)


class _Streams:
    """The streams of one point's monitors: read when first needed, written back at the end."""

    def __init__(self, work: Work, policy: Policy) -> None:
        self._work = work
        self._policy = policy
        self._loaded: dict[tuple[str, str], tuple[MonitorRow, Monitor, MonitorState]] = {}
        self._values: dict[str, list[str]] = {}
        self._threshold_of: dict[str, float] = {}

    def show(self, monitor: PolicyMonitor, group: str, *, hit: bool) -> None:
        """Show one decision to a monitor; a reference's decision is shown to every other value's stream."""
        by = monitor.said.by
        if by is None:
            self._observe(monitor, "", k_group=int(hit), n_group=1)
            return
        told: Mapping[str, str] = orjson.loads(group)
        value = told.get(by)
        if value is None:
            return
        if value != self._policy.measure.reference[by]:
            self._observe(monitor, value, k_group=int(hit), n_group=1)
            return
        for other in self._others(by):
            self._observe(monitor, other, k_group=0, n_group=0, k_reference=int(hit), n_reference=1)

    def store(self) -> None:
        """Write back what changed."""
        for row, _, state in self._loaded.values():
            row.state = state.encode()
            row.verdict = sequential.verdict(state).value
            row.updated_at = self._work.now
        self._work.session.flush()

    def _observe(self, monitor: PolicyMonitor, value: str, **tally: int) -> None:
        key = (monitor.name, value)
        found = self._loaded.get(key) or self._load(monitor, value)
        row, made, state = found
        self._loaded[key] = row, made, sequential.observe(made, state, **tally)

    def _load(self, monitor: PolicyMonitor, value: str) -> tuple[MonitorRow, Monitor, MonitorState]:
        session, point = self._work.session, self._policy.decision_point
        row = session.execute(
            sa.select(MonitorRow)
            .where(
                MonitorRow.point == point, MonitorRow.name == monitor.name, MonitorRow.grp == value
            )
            .with_for_update()
        ).scalar_one_or_none()
        wanted = _config(monitor)
        if row is not None and {**row.config, "threshold": None} == {**wanted, "threshold": None}:
            made = monitor.made(row.config["threshold"])
            return row, made, MonitorState.parse(row.state)
        wanted["threshold"] = self._threshold(monitor)
        made = monitor.made(wanted["threshold"])
        state = sequential.start(made)
        values = {
            "config": wanted,
            "state": state.encode(),
            "verdict": MonitorVerdict.QUIET.value,
            "acted": MonitorVerdict.QUIET.value,
            "started_at": self._work.now,
            "updated_at": self._work.now,
        }
        session.execute(
            insert(session, MonitorRow)
            .values(point=point, name=monitor.name, grp=value, **values)
            .on_conflict_do_update(index_elements=["point", "name", "grp"], set_=values)
        )
        row = session.get_one(MonitorRow, (point, monitor.name, value), populate_existing=True)
        return row, made, state

    def _others(self, by: str) -> list[str]:
        if by not in self._values:
            known = self._work.session.execute(
                sa.select(GroupValue.value).where(
                    GroupValue.point == self._policy.decision_point, GroupValue.attribute == by
                )
            ).scalars()
            reference = self._policy.measure.reference[by]
            self._values[by] = sorted(set(known) - {reference})
        return self._values[by]

    def _threshold(self, monitor: PolicyMonitor) -> float:
        """Return the evidence for an alarm: the budget is shared by all blocks that the monitors with it close in a year."""
        budget = monitor.said.false_alarms
        if budget not in self._threshold_of:
            decisions = yearly(self._work, self._policy.decision_point)
            blocks = sum(
                (1 if one.said.by is None else max(1, len(self._others(one.said.by))))
                * decisions
                / one.said.block
                for one in monitors_of(self._policy)
                if one.said.false_alarms == budget
            )
            self._threshold_of[budget] = sequential.threshold(
                budget, monitors=1, blocks_per_year=max(blocks, 1.0)
            )
        return self._threshold_of[budget]


def yearly(work: Work, point: str) -> float:
    """Return how many decisions a point makes in a year, at its present volume."""
    since = (work.now - _LOOKED_BACK).date().isoformat()
    counted, first = work.session.execute(
        sa.select(sa.func.sum(CellRow.n), sa.func.min(CellRow.day)).where(
            CellRow.point == point,
            CellRow.stage == Stage.PROPOSAL.value,
            CellRow.day >= since,
        )
    ).one()
    if not counted or counted < 1000:
        return _USUAL_YEAR
    days = (work.now.date() - work.now.date().fromisoformat(first)).days + 1
    return float(counted) * 365.25 / max(days, 7)


def _config(monitor: PolicyMonitor) -> dict[str, Any]:
    return asdict(monitor.said) | {"side": monitor.side.value}


def streams_of(
    session: Session, point: str, policy: Policy
) -> Iterator[tuple[MonitorRow, PolicyMonitor]]:
    """Yield the streams that the live policy's monitors have begun, with the monitor each belongs to."""
    monitors = {monitor.name: monitor for monitor in monitors_of(policy)}
    rows = session.execute(
        sa.select(MonitorRow)
        .where(MonitorRow.point == point)
        .order_by(MonitorRow.name, MonitorRow.grp)
    ).scalars()
    for row in rows:
        if row.name in monitors:
            yield row, monitors[row.name]
