"""Erasures, legal holds and what is held about somebody, as they are told to those who may see them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from governance.erasing.transitions import ErasureStatus, Ground, Obstacle


@dataclass(frozen=True, slots=True, kw_only=True)
class InTheWay:
    """What stands in the way of an erasure, and until when (None: until somebody does something about it)."""

    obstacle: Obstacle
    until: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class HoldView:
    """A legal hold; ``reason`` is None once the subject was erased."""

    id: str
    reason: str | None
    set_at: datetime
    set_by: str
    set_by_name: str
    lifted_at: datetime | None
    lifted_by_name: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ErasureView:
    """An erasure. ``subject_ref`` and ``words`` are None once the subject was erased, and where there are none.

    ``may_confirm`` is about whoever looks; ``in_the_way`` is what it waits for. ``mixed`` tells whether the log named the records.
    """

    id: str
    status: ErasureStatus
    ground: Ground
    request_id: str | None
    rights_id: str | None
    asked_at: datetime
    asked_by: str
    asked_by_name: str
    closed_at: datetime | None
    closed_by_name: str | None
    erased_at: datetime | None
    subject_ref: str | None
    words: str | None
    may_confirm: bool
    in_the_way: InTheWay | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """What is held about a subject, in counts by name, and what stands in the way of erasing it."""

    subject_ref: str | None
    counts: Mapping[str, int]
    holds: Sequence[HoldView]
    erasure: ErasureView | None
    in_the_way: InTheWay | None
