"""How a policy says that its decision point is measured, in the words of the figures."""

from __future__ import annotations

import math
from typing import Final

from audits.fairness.counts import Measure, Tolerance
from policies.document import Policy

_DAY: Final = 86_400


def measure_of(policy: Policy) -> Measure:
    """Return what a policy says of measuring; its monitors' tolerances are those that reports judge by."""
    said = policy.measure
    return Measure(
        positive=policy.positive,
        reference=dict(said.reference),
        enough=said.enough,
        maturity_days=math.ceil(said.maturity.total_seconds() / _DAY),
        tolerances=tuple(
            Tolerance(
                metric=monitor.metric,
                value=monitor.tolerance,
                watch=monitor.watch,
                by=monitor.by,
                source="policy",
            )
            for monitor in policy.monitors
        ),
    )
