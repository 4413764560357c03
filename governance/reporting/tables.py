"""A report's figures as one table in CSV, for spreadsheets: a line for each stage, group and metric."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from typing import Any, Final

_HEAD: Final = (
    "stage",
    "group",
    "metric",
    "value",
    "low",
    "high",
    "numerator",
    "denominator",
    "count",
    "enough",
)
#: What a spreadsheet takes for the beginning of a formula, also in full width.
_BEGINS_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠")


def csv_of(report: Mapping[str, Any]) -> str:
    """Return the rates of each group with interval, numerator and denominator; what cannot be estimated is an empty cell."""
    written = io.StringIO()
    out = csv.writer(written)
    out.writerow(_HEAD)
    for stage, found in report["stages"].items():
        for row in found.get("groups", ()):
            group = ", ".join(f"{name}={value}" for name, value in row["group"].items())
            for metric, (numerator, denominator) in sorted(row["of"].items()):
                low, high = row["intervals"].get(metric) or (None, None)
                out.writerow(
                    [
                        stage,
                        plain(group),
                        metric,
                        row.get(metric),
                        low,
                        high,
                        numerator,
                        denominator,
                        row["count"],
                        row["enough"],
                    ]
                )
    return written.getvalue()


def plain(text: str) -> str:
    """Keep a spreadsheet from taking a text for a formula."""
    return f"'{text}" if text.lstrip(" ").startswith(_BEGINS_FORMULA) else text
