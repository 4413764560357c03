"""Appeals as they are told: to the person concerned and apps, and to those who answer them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from governance.subjects.files import FileView
from policies.document import Policy


@dataclass(frozen=True, slots=True, kw_only=True)
class WordsView:
    """What the person concerned wrote, and when."""

    at: datetime
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AppealView:
    """One appeal. ``words``, ``corrections`` and ``files`` are empty for apps, and where they were erased.

    ``looked_at`` tells that somebody took its case. ``outcome`` and ``reversed_by`` (the decision with that outcome) are set where it was upheld.
    """

    id: str
    decision_id: str
    case_id: str
    status: str
    door: str
    opened_at: datetime
    due_at: datetime
    overdue: bool
    looked_at: bool
    closed_at: datetime | None
    upheld: bool | None
    outcome: str | None
    reversed_by: str | None
    answer: str | None
    words: Sequence[WordsView] = ()
    corrections: Mapping[str, Any] | None = None
    files: Sequence[FileView] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class EarlierVerdict:
    """What a person said of the case when it was decided; not who."""

    verdict: str
    outcome: str
    reason: str | None
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class AppealCase:
    """An appeal with all that is needed to answer it, beside the view of its case; ``stands`` is the outcome that stands now."""

    appeal: AppealView
    policy: Policy
    stands: str | None
    earlier: Sequence[EarlierVerdict]
    others: Sequence[AppealView]


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What stands of a decision after appeals, as the person concerned is told: the outcome, since when, and whether one may be opened now.

    ``why_not`` is None where an appeal may be opened, which would be answered within ``answered_within``.
    """

    decision_id: str
    status: str
    outcome: str | None
    reversed_by: str | None
    reversed_at: datetime | None
    appeals: Sequence[AppealView]
    why_not: str | None
    erased: bool
    answered_within: timedelta

    @property
    def open(self) -> AppealView | None:
        """Return the appeal that waits for an answer."""
        return next((one for one in self.appeals if one.status == "open"), None)
