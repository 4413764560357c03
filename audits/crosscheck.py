"""The headline figures of a report, computed once more by fairlearn, which is not ours.

Run as ``python -m audits.crosscheck`` with weighted rows as JSON on standard input; it prints fairlearn's figures. A process of its
own, since fairlearn and what it needs take seconds to import and much memory, and nothing that serves may load them.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from typing import Any, Final

#: Figures that need no ground truth, and those that do.
OF_DECISIONS: Final = ("selection_rate",)
OF_LABELS: Final = ("tpr", "fpr", "fnr", "accuracy", "precision")

Row = tuple[str, int | None, int, int]


def figures(rows: Sequence[Row]) -> dict[str, dict[str, float]]:
    """Return fairlearn's figures by metric and group from rows of group, label (None: none), decision and weight.

    Raises:
        ImportError: fairlearn is not installed.
    """
    from fairlearn.metrics import (
        MetricFrame,
        false_negative_rate,
        false_positive_rate,
        selection_rate,
        true_positive_rate,
    )
    from sklearn.metrics import accuracy_score, precision_score

    def of(metrics: Mapping[str, Any], used: Sequence[Row], truth: Sequence[int]) -> Any:
        weights = {"sample_weight": [row[3] for row in used]}
        return MetricFrame(
            metrics=dict(metrics),
            y_true=truth,
            y_pred=[row[2] for row in used],
            sensitive_features=[row[0] for row in used],
            # A metric that is missing here would be computed unweighted, without a word.
            sample_params=dict.fromkeys(metrics, weights),
        ).by_group

    found: dict[str, dict[str, float]] = {}
    frames = []
    if rows:
        # The rate of selection looks at no label; fairlearn wants one all the same.
        frames.append(of({"selection_rate": selection_rate}, rows, [row[2] for row in rows]))
    labelled = [row for row in rows if row[1] is not None]
    if labelled:
        by_labels = {
            "tpr": true_positive_rate,
            "fpr": false_positive_rate,
            "fnr": false_negative_rate,
            "accuracy": accuracy_score,
            "precision": lambda y_true, y_pred, sample_weight: precision_score(
                y_true, y_pred, sample_weight=sample_weight, zero_division=0.0
            ),
        }
        frames.append(of(by_labels, labelled, [int(row[1] or 0) for row in labelled]))
    for frame in frames:
        for metric in frame.columns:
            found[metric] = {str(group): float(value) for group, value in frame[metric].items()}
    return found


def main() -> None:
    """Read tables by name, write fairlearn's version and its figures for each."""
    import fairlearn

    tables = json.load(sys.stdin)
    told = {name: figures([tuple(row) for row in rows]) for name, rows in tables.items()}
    json.dump({"by": f"fairlearn {fairlearn.__version__}", "figures": told}, sys.stdout)


if __name__ == "__main__":
    main()
