"""The states of a decision, and what each reader may know of them at an instant. Pure."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Final

#: The source of a decision that takes the place of another after an appeal or a sampled check; no app's source reads like this.
REVERSAL: Final = "appeal"


class Status(StrEnum):
    """Where a decision stands."""

    RELEASED = "released"
    OBSERVED = "observed"
    IN_REVIEW = "in_review"
    APPROVED = "approved"
    CHANGED = "changed"
    REJECTED = "rejected"
    LAPSED = "lapsed"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"


def visible(
    status: str, outcome: str | None, effective_at: datetime | None, now: datetime
) -> tuple[Status, str | None]:
    """Return status and outcome as everybody but the reviewer sees them: a verdict counts from ``effective_at``."""
    if effective_at is not None and now < effective_at:
        return Status.IN_REVIEW, None
    return Status(status), outcome


def is_final(status: str, effective_at: datetime | None, now: datetime) -> bool:
    """Tell whether the outcome can no longer change by itself."""
    return status != Status.IN_REVIEW and (effective_at is None or now >= effective_at)
