"""What a person concerned asked for, as it is told to those who may see it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from governance.rights.transitions import RightKind, RightsDoor, RightsStatus


@dataclass(frozen=True, slots=True, kw_only=True)
class RightsView:
    """What was asked for. ``asked_by`` and ``closed_by`` are references (``person:<id>``); the person concerned is told neither.

    ``words``, ``answer`` and ``subject_ref`` are None in lists, and where the subject was erased (``erased``).
    ``may_answer`` is about whoever looks, ``may_take`` whether the person could take the copy now.
    """

    id: str
    kind: RightKind
    status: RightsStatus
    door: RightsDoor
    asked_at: datetime
    asked_by: str
    due_at: datetime
    late: bool
    closed_at: datetime | None
    closed_by: str | None
    copy_until: datetime | None
    may_answer: bool
    may_take: bool
    erased: bool
    words: str | None = None
    answer: str | None = None
    subject_ref: str | None = None
