"""Having the headline figures computed by fairlearn too, in a process of its own, and saying whether they are the same."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from typing import Any, Final

from audits.fairness import metrics
from audits.fairness.counts import Counts, Group, Stage

_STAGES: Final = (Stage.PROPOSAL, Stage.OUTCOME)
_SECONDS: Final = 120


def installed() -> bool:
    """Tell whether fairlearn is there; ``pip install 'answerable[analysis]'`` brings it."""
    return find_spec("fairlearn") is not None


def cross_check(counts: Counts, report: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return by what the figures were computed too, how many, and which differ; None where it is not installed.

    A rate whose denominator is empty is not compared: fairlearn calls it 0, a report says that it cannot be estimated.
    """
    if not installed():
        return None
    tables: dict[str, list[Any]] = {}
    for stage in _STAGES:
        for by in report["by"]:
            rows = metrics.rows_for_oracle(
                counts.cells, by, positive=counts.measure.positive, stage=stage
            )
            tables[f"{stage.value}|{by}"] = [[_name(row[0]), *row[1:]] for row in rows]
    ran = subprocess.run(
        [sys.executable, "-W", "ignore", "-m", "audits.crosscheck"],
        input=json.dumps(tables),
        capture_output=True,
        text=True,
        timeout=_SECONDS,
        check=False,
    )
    if ran.returncode != 0:
        last = ran.stderr.strip().splitlines()[-1:] or ["it said nothing"]
        return {"by": "fairlearn", "figures": 0, "differing": [], "failed": last[0][:200]}
    told = json.loads(ran.stdout)
    compared, differing = 0, []
    for table, found in told["figures"].items():
        stage, _, by = table.partition("|")
        groups = report["stages"][stage].get("groups", [])
        for row in _of(groups, by):
            name = _name(tuple(sorted(row["group"].items())))
            for metric, values in found.items():
                ours = row.get(metric)
                if ours is None or name not in values:
                    continue
                compared += 1
                if ours != values[name]:
                    differing.append(f"{stage} {metric} {name}: {ours} here, {values[name]} there")
    return {"by": told["by"], "figures": compared, "differing": differing}


def _of(groups: Sequence[Mapping[str, Any]], by: str) -> list[Mapping[str, Any]]:
    names = set(by.split("*"))
    return [row for row in groups if set(row["group"]) == names]


def _name(group: Group) -> str:
    return ", ".join(f"{name}={value}" for name, value in group)
