"""The evidence of a monitor, drawn."""

from __future__ import annotations

from math import log10

from audits.reports.charts.evidence import Evidence, evidence
from audits.reports.charts.figure import Figure
from audits.reports.words import Words
from governance.monitors.service import MonitorView
from web.console.speech import language


def evidence_of(view: MonitorView, title: str) -> Figure | None:
    """Draw how a monitor's evidence grew with the decisions it saw; None while no block of them is full."""
    if not view.history:
        return None
    return evidence(
        f"evidence-{view.name}-{view.group}",
        [Evidence(at=point.end, log10_e=point.violation) for point in view.history],
        threshold=log10(view.threshold),
        words=Words(language=language()),
        title=title,
    )
