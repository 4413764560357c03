"""The body of a decision request: a fast way for those that fit, and a thorough one that lists all mistakes.

What the fast way takes, the thorough one takes with an equal value; what it does not take, the thorough one decides. So
only the thorough one says what is a mistake.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from typing import Any, Final

import marshmallow as ma
import msgspec
import orjson

from governance.decisions.asking import (
    Alternative,
    DecisionRequest,
    FeatureReason,
    HandOver,
    ProposalAsked,
    SubjectAsked,
    Turn,
)
from governance.errors import FieldProblem, InvalidInput
from web.api.bodies import MOST_BYTES, MOST_EXACT, MOST_LEVELS, decode, deeper_than, listed, misfit
from web.api.schemas import (
    Body,
    Flag,
    List,
    Members,
    Nested,
    Number,
    Text,
    Whole,
    at_most,
    is_rfc3339,
    one_of,
)
from web.problems import TooLarge

_LONGEST_NAME: Final = 63
_LONGEST_REFERENCE: Final = 200
_LONGEST_OUTCOME: Final = 200
_LONGEST_CHANNEL: Final = 64
_MOST_ALTERNATIVES: Final = 50
_MOST_REASONS: Final = 200
_MOST_GROUPS: Final = 50
_MOST_METADATA: Final = 50
_MOST_TURNS: Final = 200
_LONGEST_TURN: Final = 8192
_MOST_TRIED: Final = 50
_LONGEST_TRIED: Final = 1000
_SENDERS: Final = ("customer", "bot", "person")
_LAST_SEQUENCE: Final = MOST_EXACT - 1
_LONGEST_LANGUAGE: Final = 35
_LANGUAGE: Final = re.compile(r"[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*", re.ASCII)
_KEY: Final = re.compile(r"[\x21-\x7e]{1,200}", re.ASCII)

#: A whole number of so many digits may lie beyond 2^53; digits behind a point do not matter.
_LONG_NUMBER: Final = re.compile(rb"(?<![0-9.])[0-9]{16}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Parsed:
    """A request that fits in form, the SHA-256 (hex) of its canonical body, and the key a line of a batch carries."""

    request: DecisionRequest
    digest: str
    idempotency_key: str | None = None


def parse(raw: bytes) -> Parsed:
    """Read the body of one decision request.

    Raises:
        TooLarge, NotJson: it cannot be read.
        InvalidInput: it does not fit; every mistake is listed.
    """
    if len(raw) > MOST_BYTES:
        raise TooLarge(f"The body has {len(raw):,} bytes; at most {MOST_BYTES:,} are taken.")
    return parse_fitting(raw) or _thorough(decode(raw))


def parse_line(raw: bytes) -> Parsed:
    """Read one line of a batch: a decision request that may carry ``idempotency_key``.

    Raises:
        TooLarge, NotJson, InvalidInput: as ``parse``.
    """
    if b'"idempotency_key"' not in raw:
        return parse(raw)
    if len(raw) > MOST_BYTES:
        raise TooLarge(f"The line has {len(raw):,} bytes; at most {MOST_BYTES:,} are taken.")
    document = decode(raw)
    if not isinstance(document, dict) or "idempotency_key" not in document:
        return _thorough(document)
    key = document.pop("idempotency_key")
    problems = (
        []
        if is_idempotency_key(key)
        else [FieldProblem(pointer="/idempotency_key", detail=KEY_EXPECTED)]
    )
    try:
        parsed = _thorough(document)
    except InvalidInput as error:
        raise misfit([*problems, *error.problems]) from None
    if problems:
        raise misfit(problems)
    return Parsed(request=parsed.request, digest=parsed.digest, idempotency_key=key)


KEY_EXPECTED: Final = "Expected 1 to 200 visible ASCII characters."


def is_idempotency_key(value: Any) -> bool:
    """Tell whether a value may be an idempotency key."""
    return isinstance(value, str) and _KEY.fullmatch(value) is not None


def parse_fitting(raw: bytes) -> Parsed | None:
    """Read a body that fits; None where only the thorough way can tell."""
    if b"\\u0000" in raw or b"\\u0022" in raw or _LONG_NUMBER.search(raw):
        return None
    try:
        request = _DECODER.decode(raw)
        document = orjson.loads(raw)
    except (ValueError, msgspec.MsgspecError, RecursionError):
        return None
    canonical = orjson.dumps(document, option=orjson.OPT_SORT_KEYS)
    # A key that stands twice is gone from the document, and its quotation marks with it.
    if canonical.count(b'"') != raw.count(b'"') or not _within_limits(request):
        return None
    if raw.count(b"{") + raw.count(b"[") > MOST_LEVELS and deeper_than(document, MOST_LEVELS):
        return None
    return Parsed(request=request, digest=hashlib.sha256(canonical).hexdigest())


_DECODER: Final = msgspec.json.Decoder(DecisionRequest)


def _within_limits(request: DecisionRequest) -> bool:
    subject, proposal = request.subject, request.proposal
    return (
        1 <= len(request.decision_point) <= _LONGEST_NAME
        and (subject is None or _subject_within_limits(subject))
        and (proposal is None or _proposal_within_limits(proposal))
        and (request.occurred_at is None or is_rfc3339(request.occurred_at))
        and (request.channel is None or 1 <= len(request.channel) <= _LONGEST_CHANNEL)
        and (request.language is None or _is_language(request.language))
        and (request.sequence is None or 0 <= request.sequence <= _LAST_SEQUENCE)
        and len(request.metadata) <= _MOST_METADATA
        and (request.hand_over is None or _packet_within_limits(request.hand_over))
    )


def _packet_within_limits(packet: HandOver) -> bool:
    return (
        len(packet.transcript) <= _MOST_TURNS
        and all(
            1 <= len(turn.text) <= _LONGEST_TURN and (turn.at is None or is_rfc3339(turn.at))
            for turn in packet.transcript
        )
        and len(packet.tried) <= _MOST_TRIED
        and all(1 <= len(each) <= _LONGEST_TRIED for each in packet.tried)
        and (packet.stopped_because is None or 1 <= len(packet.stopped_because) <= _LONGEST_TRIED)
        and (packet.draft is None or 1 <= len(packet.draft) <= _LONGEST_TURN)
    )


def _is_language(text: str) -> bool:
    return len(text) <= _LONGEST_LANGUAGE and _LANGUAGE.fullmatch(text) is not None


def _subject_within_limits(subject: SubjectAsked) -> bool:
    return (
        1 <= len(subject.ref) <= _LONGEST_REFERENCE
        and len(subject.groups) <= _MOST_GROUPS
        and all(len(value) <= _LONGEST_OUTCOME for value in subject.groups.values())
    )


def _proposal_within_limits(proposal: ProposalAsked) -> bool:
    return (
        1 <= len(proposal.outcome) <= _LONGEST_OUTCOME
        and (proposal.confidence is None or 0 <= proposal.confidence <= 1)
        and len(proposal.alternatives) <= _MOST_ALTERNATIVES
        and len(proposal.reasons) <= _MOST_REASONS
        and all(
            1 <= len(each.outcome) <= _LONGEST_OUTCOME
            and (each.confidence is None or 0 <= each.confidence <= 1)
            for each in proposal.alternatives
        )
        and all(1 <= len(each.feature) <= _LONGEST_NAME for each in proposal.reasons)
    )


def _thorough(document: Any) -> Parsed:
    try:
        loaded = _SCHEMA.load(document)
    except ma.ValidationError as error:
        raise misfit(list(listed(error.messages))) from None
    canonical = orjson.dumps(document, option=orjson.OPT_SORT_KEYS)
    return Parsed(request=_request(loaded), digest=hashlib.sha256(canonical).hexdigest())


def _request(loaded: dict[str, Any]) -> DecisionRequest:
    subject, proposal = loaded.pop("subject", None), loaded.pop("proposal", None)
    packet = loaded.pop("hand_over", None)
    if packet is not None:
        packet["transcript"] = tuple(Turn(**each) for each in packet.get("transcript", ()))
        packet["tried"] = tuple(packet.get("tried", ()))
    if proposal is not None:
        proposal["alternatives"] = tuple(
            Alternative(**each) for each in proposal.get("alternatives", ())
        )
        proposal["reasons"] = tuple(FeatureReason(**each) for each in proposal.get("reasons", ()))
    return DecisionRequest(
        subject=None if subject is None else SubjectAsked(**subject),
        proposal=None if proposal is None else ProposalAsked(**proposal),
        hand_over=None if packet is None else HandOver(**packet),
        **loaded,
    )


_CONFIDENCE: Final = ma.validate.Range(min=0, max=1, error="Expected a number from 0 to 1.")


def _check_time(text: str) -> None:
    if not is_rfc3339(text):
        raise ma.ValidationError("Expected a time with an offset, like 2026-11-21T10:00:00Z.")


def _check_language(text: str) -> None:
    if not _is_language(text):
        raise ma.ValidationError("Expected a language tag like en or de-AT.")


class AlternativeBody(Body):
    """Another outcome that the machine considered."""

    outcome = Text(required=True, validate=at_most(_LONGEST_OUTCOME))
    confidence = Number(allow_none=True, validate=_CONFIDENCE)


class FeatureReasonBody(Body):
    """How much one feature contributed to the proposal."""

    feature = Text(required=True, validate=at_most(_LONGEST_NAME))
    contribution = Number(
        required=True, metadata={"description": "Above zero speaks for the proposal"}
    )


class ProposalBody(Body):
    """What the machine wants."""

    outcome = Text(
        required=True,
        validate=at_most(_LONGEST_OUTCOME),
        metadata={"description": "One the policy does not declare is stored, and goes to a person"},
    )
    confidence = Number(allow_none=True, validate=_CONFIDENCE)
    alternatives = List(
        Nested(AlternativeBody),
        validate=ma.validate.Length(
            max=_MOST_ALTERNATIVES, error=f"Expected at most {_MOST_ALTERNATIVES}."
        ),
    )
    reasons = List(
        Nested(FeatureReasonBody),
        validate=ma.validate.Length(max=_MOST_REASONS, error=f"Expected at most {_MOST_REASONS}."),
    )


class SubjectBody(Body):
    """The person the decision is about."""

    ref = Text(
        required=True,
        validate=at_most(_LONGEST_REFERENCE),
        metadata={"description": "The app's own opaque reference; neither a name nor an address"},
    )
    groups = Members(
        texts=True,
        most=_MOST_GROUPS,
        longest=_LONGEST_OUTCOME,
        metadata={
            "description": "Protected facts; kept apart, seen by no rule and no reviewer, never given back"
        },
    )


class TurnBody(Body):
    """What somebody said in a chat."""

    sender = Text(required=True, data_key="from", validate=one_of(_SENDERS))
    text = Text(required=True, validate=at_most(_LONGEST_TURN))
    at = Text(allow_none=True, validate=_check_time, metadata={"format": "date-time"})


class PacketBody(Body):
    """What a chat hands over to a person. It is shown to whoever judges the case, and to nobody else."""

    transcript = List(
        Nested(TurnBody),
        validate=ma.validate.Length(max=_MOST_TURNS, error=f"Expected at most {_MOST_TURNS}."),
        metadata={"description": "In the order in which it was said"},
    )
    tried = List(
        Text(validate=at_most(_LONGEST_TRIED)),
        validate=ma.validate.Length(max=_MOST_TRIED, error=f"Expected at most {_MOST_TRIED}."),
        metadata={"description": "What the bot tried"},
    )
    stopped_because = Text(
        allow_none=True,
        validate=at_most(_LONGEST_TRIED),
        metadata={"description": "Why the bot went no further"},
    )
    draft = Text(
        allow_none=True,
        validate=at_most(_LONGEST_TURN),
        metadata={"description": "An answer that the bot would give, and that nobody sent"},
    )


class DecisionRequestBody(Body):
    """A decision to be made."""

    decision_point = Text(required=True, validate=at_most(_LONGEST_NAME))
    features = Members(
        required=True,
        metadata={"description": "The facts; `GET /decision-points/{point}` has their JSON Schema"},
    )
    subject = Nested(SubjectBody, allow_none=True)
    proposal = Nested(ProposalBody, allow_none=True)
    person_requested = Flag(
        metadata={"description": "The subject wants a person to decide; nothing weakens it"}
    )
    occurred_at = Text(
        allow_none=True,
        validate=_check_time,
        metadata={
            "format": "date-time",
            "description": "When it happened, by the app's clock; at most 5 minutes ahead of ours",
        },
    )
    channel = Text(allow_none=True, validate=at_most(_LONGEST_CHANNEL))
    language = Text(
        allow_none=True,
        validate=_check_language,
        metadata={
            "pattern": f"^{_LANGUAGE.pattern}$",
            "maxLength": _LONGEST_LANGUAGE,
            "description": "The language of the person concerned, like en or de-AT",
        },
    )
    sequence = Whole(
        allow_none=True,
        validate=ma.validate.Range(
            min=0, max=_LAST_SEQUENCE, error="Expected a number from 0 to 2^53 - 1."
        ),
        metadata={
            "description": "The app's own counter, without gaps over all its keys and decision points"
        },
    )
    metadata = Members(most=_MOST_METADATA)
    hand_over = Nested(PacketBody, allow_none=True)


_SCHEMA: Final = DecisionRequestBody()
