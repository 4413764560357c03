"""What an import is about, and how far it is."""

from __future__ import annotations

from enum import StrEnum


class Kind(StrEnum):
    """What the lines of a file are."""

    DECISIONS = "decisions"
    GROUND_TRUTH = "ground_truth"
    GROUPS = "groups"


class RunStatus(StrEnum):
    """How far a run is. ``open``: uploaded, and nobody has said yet that it may begin. A run whose trial is over is done, too."""

    OPEN = "open"
    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


class Form(StrEnum):
    """How a file is written: a table with a header, or a JSON object a line."""

    CSV = "csv"
    NDJSON = "ndjson"
