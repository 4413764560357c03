"""A decision as it is told to those who may see it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class RulingReason:
    """One reason of a ruling: its code, the rule it comes from, and its sentence in the reader's language."""

    code: str
    rule: str | None
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenQuestion:
    """What a person asked the app about a decision and was not told yet; ``words`` is None where it was erased."""

    id: str
    words: str | None
    until: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class DecisionView:
    """A decision at one instant, as everybody but a reviewer within the undo time sees it.

    ``withheld`` says that what was proposed is not shown to the reader yet, whose own judgement comes first. ``masked`` are facts that were given and are hidden from the reader. ``features``, ``metadata``, ``alternatives``, ``proposal_reasons`` and ``subject_ref`` are None where the payload was erased, and are not read for lists.
    ``hand_over`` is what a chat handed over, for people alone; None where there was none, it is masked, or was erased.
    """

    id: str | None
    point: str
    status: str
    outcome: str | None
    recorded_at: datetime
    occurred_at: datetime | None
    decided_at: datetime | None
    effective_at: datetime | None
    proposed_outcome: str | None
    confidence: float | None
    source: str
    disposition: str
    queue: str | None
    due_at: datetime | None
    reasons: Sequence[RulingReason]
    policy_version: int
    policy_digest: str
    rollout: str
    imported: bool
    person_requested: bool
    language: str | None
    channel: str | None
    sequence: int | None
    notice: str | None
    notice_language: str | None
    case_id: str | None = None
    question: OpenQuestion | None = None
    features: Mapping[str, Any] | None = None
    masked: Sequence[str] = ()
    withheld: bool = False
    metadata: Mapping[str, Any] | None = None
    hand_over: Mapping[str, Any] | None = None
    alternatives: Sequence[Mapping[str, Any]] | None = None
    proposal_reasons: Sequence[Mapping[str, Any]] | None = None
    subject_ref: str | None = None
    trace: Mapping[str, Any] | None = None
    replayed: bool = False
    #: Whether the reader may ask for the log's proof of it.
    provable: bool = False
    #: What the log promised whoever asked, for the answer to that alone; None: no key for receipts is here.
    receipt: str | None = None
    #: The token of the page of the person concerned; None for people of the business, who must not object in their name.
    subject_page: str | None = None
