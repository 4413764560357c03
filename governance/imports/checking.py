"""What no line may hold, whatever the policy says: the same that the API takes in no body."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any, Final, NoReturn

import msgspec

from governance.decisions.asking import DecisionRequest, ProposalAsked, SubjectAsked
from governance.imports.values import Unfit, shown

LONGEST_REFERENCE: Final = 200
LONGEST_GROUP: Final = 200
#: What a group attribute says that nobody knows; it is then not recorded.
UNKNOWN: Final = "unknown"
_LONGEST_OUTCOME: Final = 200
_LONGEST_CHANNEL: Final = 64
_LONGEST_NAME: Final = 63
_MOST_MEMBERS: Final = 50
_MOST_REASONS: Final = 200
_MOST_LEVELS: Final = 32
_LARGEST: Final = 2**53
_LANGUAGE: Final = re.compile(r"[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*", re.ASCII)
_LONG_NUMBER: Final = re.compile(rb"(?<![0-9.])[0-9]{16}")


def check_json(raw: bytes, document: Any, canonical: bytes) -> None:
    """Refuse in a JSON text that can be read what readers of JSON disagree on; ``canonical`` is the document written anew.

    Raises:
        Unfit: a key stands twice, a whole number is too large, U+0000 is in it, or it is too deep.
    """
    if b"\\u0000" in raw:
        raise Unfit("It holds the character U+0000, which is not taken; leave it out.")
    # A key that stands twice is gone from the document, and its quotation marks with it.
    if canonical.count(b'"') != raw.count(b'"') or _LONG_NUMBER.search(raw):
        json.loads(raw, object_pairs_hook=_members, parse_int=_whole)
    if raw.count(b"{") + raw.count(b"[") > _MOST_LEVELS and _deep(document):
        raise Unfit(f"It is nested deeper than {_MOST_LEVELS} levels.")


def not_json(error: Exception) -> NoReturn:
    """Say why a line is no object that is wanted here.

    Raises:
        Unfit: always.
    """
    if isinstance(error, msgspec.ValidationError):
        raise Unfit(f"{error}.") from None
    if isinstance(error, RecursionError):
        raise Unfit(f"It is nested deeper than {_MOST_LEVELS} levels.") from None
    raise Unfit(f"Not JSON: {error}.") from None


def check_limits(request: DecisionRequest, reference: str | None) -> None:
    """Refuse what is longer, or more, than a decision may hold.

    Raises:
        Unfit: something is.
    """
    if reference is not None:
        _within("reference", reference, LONGEST_REFERENCE)
    if request.subject is not None:
        _check_subject(request.subject)
    if request.proposal is not None:
        _check_proposal(request.proposal)
    if request.channel is not None:
        _within("channel", request.channel, _LONGEST_CHANNEL)
    if request.language is not None and (
        len(request.language) > 35 or _LANGUAGE.fullmatch(request.language) is None
    ):
        raise Unfit(f"language: {shown(request.language)} is no language tag like en or de-AT.")
    if request.sequence is not None and not 0 <= request.sequence < _LARGEST:
        raise Unfit("sequence: expected a number from 0 to 2^53 - 1.")
    if request.hand_over is not None:
        raise Unfit("hand_over: what was decided in the past hands nothing over.")
    if len(request.metadata) > _MOST_MEMBERS:
        raise Unfit(f"metadata: expected at most {_MOST_MEMBERS} members.")


def known_groups(told: Mapping[str, str]) -> dict[str, str]:
    """Return the group attributes that are known; an empty one, or the word unknown, says nothing."""
    stripped = {name: value.strip() for name, value in told.items()}
    return {
        name: value for name, value in stripped.items() if value and value.casefold() != UNKNOWN
    }


def check_groups(groups: Mapping[str, str]) -> None:
    """Refuse a group attribute that is too long. What it says is told to nobody.

    Raises:
        Unfit: one is.
    """
    for name, value in groups.items():
        if len(value) > LONGEST_GROUP:
            raise Unfit(f"groups.{name}: expected at most {LONGEST_GROUP} characters.")


def _check_subject(subject: SubjectAsked) -> None:
    _within("subject.ref", subject.ref, LONGEST_REFERENCE)
    if len(subject.groups) > _MOST_MEMBERS:
        raise Unfit(f"subject.groups: expected at most {_MOST_MEMBERS} members.")
    check_groups(subject.groups)


def _check_proposal(proposal: ProposalAsked) -> None:
    _within("proposal.outcome", proposal.outcome, _LONGEST_OUTCOME)
    if len(proposal.alternatives) > _MOST_MEMBERS:
        raise Unfit(f"proposal.alternatives: expected at most {_MOST_MEMBERS}.")
    if len(proposal.reasons) > _MOST_REASONS:
        raise Unfit(f"proposal.reasons: expected at most {_MOST_REASONS}.")
    for alternative in proposal.alternatives:
        _within("proposal.alternatives", alternative.outcome, _LONGEST_OUTCOME)
    for reason in proposal.reasons:
        _within("proposal.reasons", reason.feature, _LONGEST_NAME)


def _within(field: str, text: str, longest: int) -> None:
    if not 1 <= len(text) <= longest:
        raise Unfit(f"{field}: expected 1 to {longest} characters.")
    if "\0" in text:
        raise Unfit(f"{field}: the character U+0000 is not taken; leave it out.")


def _members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members: dict[str, Any] = {}
    for name, value in pairs:
        if name in members:
            raise Unfit(f"The key {shown(name)} stands twice in one object; say it once.")
        members[name] = value
    return members


def _whole(digits: str) -> int:
    if len(digits) > 20 or abs(int(digits)) > _LARGEST:
        raise Unfit("Whole numbers are taken from -2^53 to 2^53; write a longer one as a text.")
    return int(digits)


def _deep(document: Any) -> bool:
    layer = [document]
    for _ in range(_MOST_LEVELS):
        layer = [
            inner
            for value in layer
            for inner in (
                value.values()
                if isinstance(value, dict)
                else value
                if isinstance(value, list)
                else ()
            )
        ]
        if not layer:
            return False
    return any(isinstance(value, dict | list) for value in layer)
