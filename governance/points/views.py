"""Decision points and policy versions as they are told."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from governance.configuration import HoldInForce
from policies.document import Policy


class VersionState(StrEnum):
    """Where a policy version stands. Past ones were live once; withdrawn ones never were."""

    DRAFT = "draft"
    LIVE = "live"
    PAST = "past"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True, slots=True, kw_only=True)
class VersionView:
    """One version. ``drafted_by`` and ``published_by`` are references with names beside them.

    ``request_id`` is the open request that would bring it into force.
    """

    point: str
    version: int
    state: VersionState
    digest: str
    text: str
    policy: Policy
    drafted_at: datetime
    drafted_by: str
    drafted_by_name: str
    published_at: datetime | None
    published_by: str | None
    published_by_name: str | None
    request_id: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PointSummary:
    """A decision point with what is live (None: nothing yet), what waits, and the holds in force."""

    name: str
    kind: str
    live: VersionView | None
    drafts: Sequence[VersionView]
    holds: Sequence[HoldInForce]


@dataclass(frozen=True, slots=True, kw_only=True)
class PointView:
    """What may be asked of a decision point."""

    name: str
    kind: str
    version: int
    policy: Policy
    features_schema: Mapping[str, Any]
    example: Mapping[str, Any]
    holds: Sequence[HoldInForce]
