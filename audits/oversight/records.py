"""What is known of one review, and what of groups: the values that every figure of oversight is made of.

A reviewer is an opaque name, a reason a digest and a length. Groups of the people concerned come as counts, because nothing else of them
leaves the vault.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from audits.fairness.counts import Group, WaitCell


class Purpose(StrEnum):
    """What a review is for."""

    #: To decide a case that was sent to a person.
    DECIDE = "decide"
    #: To look afterwards at a sampled release.
    CHECK = "check"
    #: To see whether a known mistake is caught.
    GOLD = "gold"
    #: To judge what another has judged, without seeing the proposal or that verdict; or, where there is nobody else, one's own a month later.
    DOUBLE = "double"


class Verdict(StrEnum):
    """What ended a review."""

    APPROVE = "approve"
    CHANGE = "change"
    REJECT = "reject"


class TruthFrom(StrEnum):
    """How it is known what would have been right."""

    #: A lead chose the case for its known answer.
    GOLD = "gold"
    #: Another person judged the same case without seeing the proposal; never the reviewer's own answer.
    DOUBLE = "double"
    #: Somebody else upheld or turned down an appeal.
    APPEAL = "appeal"
    #: It was reported later, or found by a sampled check.
    LATER = "later"


#: Sources whose cases were not chosen for being wrong, so that the machine's error can be estimated from them.
REPRESENTATIVE: Final = frozenset({TruthFrom.DOUBLE, TruthFrom.LATER})


@dataclass(frozen=True, slots=True, kw_only=True)
class Review:
    """One finished review by one person.

    ``truth`` of a gold case is its known answer. ``pair`` is shared by all reviews of a case that was reviewed twice. ``seconds`` are those in
    which the page was visible and had the focus; None where that cannot be measured, as without JavaScript. ``position`` is
    the place in a session, from 1; ``hour`` that of the reviewer's clock.
    """

    reviewer: str
    decision_point: str
    queue: str
    given_at: datetime
    purpose: Purpose
    verdict: Verdict
    outcome: str
    proposed: str | None = None
    proposed_positive: bool | None = None
    confidence: float | None = None
    first: str | None = None
    truth: str | None = None
    truth_from: TruthFrom | None = None
    pair: str | None = None
    seconds: float | None = None
    words: int = 0
    panels_required: int = 0
    panels_opened: int = 0
    reason_digest: str | None = None
    reason_length: int = 0
    revealed: bool = False
    position: int | None = None
    hour: int | None = None

    def __post_init__(self) -> None:
        if (self.truth is None) != (self.truth_from is None):
            raise ValueError("A truth and where it is from are told together, or neither.")
        if self.purpose is Purpose.GOLD and self.truth_from is not TruthFrom.GOLD:
            raise ValueError("A gold case has a known answer: truth, and truth_from 'gold'.")
        if self.confidence is not None and not 0 <= self.confidence <= 1:
            raise ValueError(f"A confidence lies between 0 and 1; not {self.confidence}.")
        if not 0 <= self.panels_opened <= self.panels_required:
            raise ValueError(
                f"Of {self.panels_required} required panels, {self.panels_opened} cannot have been opened."
            )
        if self.seconds is not None and self.seconds < 0:
            raise ValueError(f"Nobody looks for {self.seconds} seconds.")
        if self.words < 0 or self.reason_length < 0:
            raise ValueError("A number of words or letters is not below 0.")
        if self.position is not None and self.position < 1:
            raise ValueError(f"Positions in a session count from 1; not {self.position}.")
        if self.hour is not None and not 0 <= self.hour <= 23:
            raise ValueError(f"An hour is 0 to 23; not {self.hour}.")

    @property
    def saw_proposal(self) -> bool:
        """Say whether the final answer was given in sight of a proposal, which alone can be accepted or overridden."""
        return self.proposed is not None and self.purpose is not Purpose.DOUBLE

    @property
    def overridden(self) -> bool:
        """Say whether the outcome is another than the proposed one; a rejection to the proposed outcome changes nothing."""
        return self.outcome != self.proposed

    @property
    def proposal_right(self) -> bool | None:
        """Say whether the proposal was right; None where that is not known."""
        if self.truth is None or self.proposed is None:
            return None
        return self.truth == self.proposed

    def encode(self) -> dict[str, Any]:
        """Return the review as JSON values that ``parse`` reads back to an equal one."""
        values = {field.name: getattr(self, field.name) for field in fields(self)}
        return values | {"given_at": self.given_at.isoformat()}

    @classmethod
    def parse(cls, document: Mapping[str, Any]) -> Review:
        """Read what ``encode`` wrote.

        Raises:
            ValueError: it is not a review.
        """
        try:
            found = {name: document[name] for name in (field.name for field in fields(cls))}
            source = found["truth_from"]
            return cls(
                **found
                | {
                    "given_at": datetime.fromisoformat(found["given_at"]),
                    "purpose": Purpose(found["purpose"]),
                    "verdict": Verdict(found["verdict"]),
                    "truth_from": None if source is None else TruthFrom(source),
                }
            )
        except (KeyError, TypeError) as error:
            raise ValueError(f"This is not a review: {error}.") from error


# ------------------------------------------------------------------------------------ counts


class Path(StrEnum):
    """How a decision was first made."""

    AUTOMATED = "automated"
    REVIEWED = "reviewed"


@dataclass(frozen=True, slots=True, kw_only=True)
class OverrideCell:
    """So many reviewed proposals about a group: in which band of score, whether positive, and whether they were turned round.

    ``overridden`` means from positive to something else, or from something else to positive; nothing else is turned round.
    """

    group: Group
    band: str
    positive: bool
    overridden: bool
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueCell:
    """So many decisions about a group: whether a person had to see them, and whether the outcome was wrong, None where unknown."""

    group: Group
    queued: bool
    wrong: bool | None
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AppealCell:
    """So many decisions about a group, by how they were made, whether they were appealed, and whether that overturned them.

    ``overturned`` is None where there was no appeal, or none that is answered yet.
    """

    group: Group
    path: Path
    appealed: bool
    overturned: bool | None
    count: int

    def __post_init__(self) -> None:
        if self.overturned is not None and not self.appealed:
            raise ValueError("What was not appealed cannot have been overturned or upheld.")


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupCounts:
    """What is counted by group in the window of a report; ``reference`` names what an attribute's values are compared with."""

    attributes: Sequence[str] = ()
    reference: Mapping[str, str] | None = None
    overrides: Sequence[OverrideCell] = ()
    queue: Sequence[QueueCell] = ()
    waits: Sequence[WaitCell] = ()
    appeals: Sequence[AppealCell] = ()
