"""What an app asks: the decision request as a value. Its shape on the wire is checked by ``web``."""

from __future__ import annotations

from typing import Any, Literal

import msgspec


class Alternative(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Another outcome that the machine considered."""

    outcome: str
    confidence: float | None = None


class FeatureReason(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """How much one feature spoke for the proposal (positive) or against it (negative), in the app's own measure."""

    feature: str
    contribution: float


class ProposalAsked(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What the machine wants."""

    outcome: str
    confidence: float | None = None
    alternatives: tuple[Alternative, ...] = ()
    reasons: tuple[FeatureReason, ...] = ()


class SubjectAsked(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The person concerned: an opaque reference, and group attributes that go to the vault and nowhere else."""

    ref: str
    groups: dict[str, str] = {}


class Turn(
    msgspec.Struct,
    frozen=True,
    forbid_unknown_fields=True,
    kw_only=True,
    omit_defaults=True,
    rename={"sender": "from"},
):
    """What somebody said in a chat before a person was asked. ``at`` is RFC 3339 text."""

    sender: Literal["customer", "bot", "person"]
    text: str
    at: str | None = None


class HandOver(
    msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True, omit_defaults=True
):
    """What a chat hands over to a person: what was said, what the bot tried and why it stopped, and an answer that nobody sent."""

    transcript: tuple[Turn, ...] = ()
    tried: tuple[str, ...] = ()
    stopped_because: str | None = None
    draft: str | None = None


class DecisionRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One decision to be made. ``occurred_at`` is RFC 3339 text, the app's own claim."""

    decision_point: str
    features: dict[str, Any]
    subject: SubjectAsked | None = None
    proposal: ProposalAsked | None = None
    person_requested: bool = False
    occurred_at: str | None = None
    channel: str | None = None
    language: str | None = None
    sequence: int | None = None
    metadata: dict[str, Any] = {}
    hand_over: HandOver | None = None
