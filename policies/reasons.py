"""Name the reasons that a ruling can have."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

Scalar = str | int | float | bool | None


class ReasonCode(StrEnum):
    """Why a ruling is what it is. Grammar: what was met, then how it was found, in lower-case words joined by ``_``."""

    CONFIDENCE_BELOW = "confidence_below"
    CONFIDENCE_MISSING = "confidence_missing"
    EMPTY_TEXT = "empty_text"
    FACT_ABSENT = "fact_absent"
    HOLD = "hold"
    INPUT_INVALID = "input_invalid"
    NOTHING_MATCHED = "nothing_matched"
    OUT_OF_RANGE = "out_of_range"
    PERSON_REQUESTED = "person_requested"
    PROPOSAL_MISSING = "proposal_missing"
    RULE_BROKEN = "rule_broken"
    RULE_MATCHED = "rule_matched"
    RULING_FAILED = "ruling_failed"
    SUBJECT_PEOPLE_ONLY = "subject_people_only"
    TOO_LONG = "too_long"
    UNDECLARED_OUTCOME = "undeclared_outcome"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """One reason of a ruling: its code, the rule or key of the policy that it comes from, and what its text names.

    The params hold no value of a fact, so that a reason may be shown and stored where facts may not.
    """

    code: ReasonCode
    rule: str
    params: Mapping[str, Scalar] = field(default_factory=dict)
