"""What a report is made of: counts by group, and what the policy says of how to measure.

Nothing here is about one decision. A group is a tuple of ``(attribute, value)`` in the order of the attributes' names;
an attribute that is not in it was not recorded, which every report counts as ``unknown``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

Group = tuple[tuple[str, str], ...]

UNKNOWN: Final = "unknown"
#: ``truth`` of a cell whose decisions have no ground truth yet, and of those of which none will ever be known.
NOT_YET: Final = ""
NEVER: Final = " never"
#: ``truth`` of a routing or review cell: whether what was done there agrees with the ground truth.
RIGHT: Final = "right"
WRONG: Final = "wrong"

#: Upper bounds in minutes of the classes in which waiting is counted; the last class is open.
WAIT_MINUTES: Final = (
    1, 2, 3, 5, 7, 10, 15, 20, 30, 45, 60, 90, 120, 180, 240, 360, 480, 720, 1080, 1440,
    2160, 2880, 4320, 5760, 7200, 10080, 14400, 20160, 43200,
)  # fmt: skip


class Stage(StrEnum):
    """Where on its way a decision is measured."""

    #: What the machine proposed: ``value`` is the proposed outcome, empty where there was none.
    PROPOSAL = "proposal"
    #: Who was sent to a person: ``value`` is one of ``Routed``.
    ROUTING = "routing"
    #: What people changed: ``value`` is one of ``Reviewed``.
    REVIEW = "review"
    #: What was finally done: ``value`` is the outcome, empty while there is none.
    OUTCOME = "outcome"
    #: Who objected, and who was right: ``value`` is one of ``Appealed``; what nobody objected to has no cell.
    APPEAL = "appeal"


class Routed(StrEnum):
    """What the ruling did with a proposal."""

    RELEASED = "released"
    REVIEW = "review"
    REFUSED = "refused"
    OBSERVED = "observed"


class Reviewed(StrEnum):
    """What became of a decision that a person had to see, in respect of the positive outcome."""

    WAITING = "waiting"
    KEPT = "kept"
    TOWARD = "toward"
    AWAY = "away"
    OTHER = "other"
    LAPSED = "lapsed"
    WITHDRAWN = "withdrawn"


class Appealed(StrEnum):
    """What became of an objection to a decision; one that was dismissed once and upheld later counts as upheld."""

    OPEN = "open"
    UPHELD = "upheld"
    DISMISSED = "dismissed"
    WITHDRAWN = "withdrawn"


class Result(StrEnum):
    """How a proposal stands to the positive outcome and the ground truth, for counts by confidence.

    The first letter of the two-letter codes says whether the proposal was right. ``other_wrong`` proposed something
    that is not positive where something else that is not positive was right. Without a positive outcome, right
    proposals are ``true_negative`` and wrong ones ``other_wrong``.
    """

    TRUE_POSITIVE = "tp"
    FALSE_POSITIVE = "fp"
    TRUE_NEGATIVE = "tn"
    FALSE_NEGATIVE = "fn"
    OTHER_WRONG = "xx"
    UNLABELLED_POSITIVE = "up"
    UNLABELLED_OTHER = "un"


class ReasonKind(StrEnum):
    """What a reason speaks of."""

    #: A rule's or a built-in reason's code, of decisions that were not released.
    RULE = "rule"
    #: A feature's contribution to the proposal, as the app told it.
    FEATURE = "feature"


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """So many decisions of one stage and group with this value and this ground truth.

    ``mature`` says whether they are old enough for their ground truth to be known (``Measure.maturity_days``).
    """

    stage: Stage
    group: Group
    value: str
    truth: str
    mature: bool
    imported: bool
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoreCell:
    """So many proposals with this confidence, in millionths (0 to 1,000,000)."""

    group: Group
    result: Result
    confidence: int
    mature: bool
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitCell:
    """So many decisions that waited this long for a person; ``at_most`` is one of WAIT_MINUTES, None beyond the last."""

    group: Group
    at_most: int | None
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class StratumCell:
    """So many decisions of a stage (proposal or outcome) whose feature has this value; ``positive`` as the policy measures."""

    stage: Stage
    group: Group
    feature: str
    value: str
    positive: bool
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ReasonCell:
    """How often a reason was given to a group; for features ``total`` is the sum of contributions in millionths."""

    group: Group
    kind: ReasonKind
    name: str
    count: int
    total: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class RatingCell:
    """So many ratings of one scale (csat, ces or nps)."""

    group: Group
    scale: str
    rating: int
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Tolerance:
    """How far a metric may be from even before it is a breach, and where that figure comes from.

    For a ratio, ``value`` is the lowest that is tolerated (0.8: from 0.8 to 1.25); for a difference, the largest in size.
    """

    metric: str
    value: float
    watch: float | None = None
    by: str | None = None
    source: str = "default"


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure:
    """What the policy says of how to measure its decision point.

    ``positive`` are the outcomes whose rates are compared (none: no rate of selection is shown). ``reference`` names for an
    attribute the value that others are compared with (default: the largest group with a known value).
    ``enough`` is the smallest denominator that a verdict rests on. Labels count from decisions older than ``maturity_days``.
    """

    positive: frozenset[str] = frozenset()
    reference: Mapping[str, str] = field(default_factory=dict)
    enough: int = 100
    maturity_days: int = 0
    tolerances: Sequence[Tolerance] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """All counts of one decision point within a window of days, both included.

    ``outcomes`` are all that the policy declares, with their labels by language. ``versions`` tells how many decisions each
    policy version made. ``pending`` changes are not counted yet.
    """

    decision_point: str
    kind: str
    since: str
    until: str
    outcomes: Mapping[str, Mapping[str, str]]
    attributes: Sequence[str]
    measure: Measure
    versions: Mapping[int, int] = field(default_factory=dict)
    pending: int = 0
    cells: Sequence[Cell] = ()
    scores: Sequence[ScoreCell] = ()
    waits: Sequence[WaitCell] = ()
    strata: Sequence[StratumCell] = ()
    reasons: Sequence[ReasonCell] = ()
    ratings: Sequence[RatingCell] = ()
