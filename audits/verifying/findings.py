"""What was found, in numbered steps."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from enum import IntEnum, StrEnum
from functools import partialmethod
from typing import Final

LIMIT: Final = 1_000
"""So many findings of a step are kept, the rest is counted."""


class Step(IntEnum):
    """What is checked, by its number in reports."""

    CHECKPOINT = 1
    """The newest checkpoint is signed by the log, and cosigned as the policy asks."""
    TREE = 2
    """The entries hash to the leaves, these to the tiles, and these to the signed root."""
    ENTRIES = 3
    """Each entry is canonical, of this log and of a known kind; no record stands in it twice; its keys are introduced by entries."""
    HISTORY = 4
    """Every earlier checkpoint, every pin and every epoch is the beginning of what is there now."""
    TIME = 5
    """The log's clock never goes back, entries lie between its ticks, and others' clocks agree."""
    RECEIPTS = 6
    """What receipts promised stands in the log."""
    ANCHORS = 7
    """What was left with third parties is the log's tree."""
    DISCLOSURES = 8
    """Disclosed payloads are those that the entries commit to."""
    SEQUENCES = 9
    """The numbers that apps give to their decisions have no gaps."""


class Severity(StrEnum):
    """What a finding means: something was changed, or something cannot be checked."""

    TAMPERED = "tampered"
    INCOMPLETE = "incomplete"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that is not as it must be; ``epoch`` is None where it concerns none alone."""

    step: Step
    severity: Severity
    what: str
    expected: str
    got: str
    epoch: int | None = None
    index: int | None = None
    record_id: str | None = None


class Findings:
    """Gathers findings: all are counted, and so many of each step and severity are kept."""

    def __init__(self, limit: int = LIMIT) -> None:
        self._limit = limit
        self._counts: Counter[tuple[Step, Severity]] = Counter()
        self._kept: list[Finding] = []

    def add(self, finding: Finding) -> None:
        key = (finding.step, finding.severity)
        self._counts[key] += 1
        if self._counts[key] <= self._limit:
            self._kept.append(finding)

    def _found(
        self,
        severity: Severity,
        step: Step,
        what: str,
        *,
        expected: object,
        got: object,
        epoch: int | None = None,
        index: int | None = None,
        record_id: str | None = None,
    ) -> None:
        self.add(
            Finding(
                step=step,
                severity=severity,
                what=what,
                expected=str(expected),
                got=str(got),
                epoch=epoch,
                index=index,
                record_id=record_id,
            )
        )

    tampered = partialmethod(_found, Severity.TAMPERED)
    incomplete = partialmethod(_found, Severity.INCOMPLETE)

    def merge(self, others: Findings) -> None:
        """Take over what was found elsewhere, its counts as well."""
        for key, count in others._counts.items():
            kept = [f for f in others._kept if (f.step, f.severity) == key]
            for finding in kept:
                self.add(finding)
            self._counts[key] += count - len(kept)

    def count(self, step: Step | None = None, severity: Severity | None = None) -> int:
        return sum(
            count
            for (of_step, of_severity), count in self._counts.items()
            if step in (None, of_step) and severity in (None, of_severity)
        )

    def kept(self, step: Step | None = None) -> Iterable[Finding]:
        """Return what was kept, by step, epoch and index."""
        return sorted(
            (f for f in self._kept if step in (None, f.step)),
            key=lambda f: (f.step, f.epoch or 0, -1 if f.index is None else f.index),
        )
