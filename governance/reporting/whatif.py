"""What could be done about a breach: what another threshold would have given, and the policy with that change, to try."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from audits.fairness import whatif
from governance.counting import reading
from governance.errors import FieldProblem, InvalidInput
from governance.permissions import Permission
from governance.reporting import fairness
from governance.work import Work
from policies import editing


def thresholds(
    work: Work,
    point: str,
    *,
    since: str | None = None,
    until: str | None = None,
    by: Sequence[str] = (),
    threshold: float | None = None,
) -> dict[str, Any]:
    """Return, for each review threshold, what would go to a person, what error would be left, and how groups would fare.

    Raises:
        NotAllowed, NotFound: the actor may not read reports; there is no such point.
        InvalidInput: the window, an attribute or the threshold is none.
    """
    work.require(Permission.REPORTS_READ)
    current = reading.live_policy(work, point).review.confidence_below
    found = reading.counts(work, point, since, until)
    wanted = fairness.checked_by(found.attributes, by)
    grid = None
    if threshold is not None:
        grid = sorted({*whatif.GRID, checked(threshold)})
    return {
        "decision_point": point,
        "since": found.since,
        "until": found.until,
        "current": current,
        "decisions": sum(cell.count for cell in found.scores),
        "thresholds": whatif.thresholds(found, wanted, current, grid),
    }


def policy_with(work: Work, point: str, threshold: float) -> str:
    """Return the live policy's text with another threshold and nothing else changed; it is not put in force.

    Raises:
        NotAllowed, NotFound: the actor may not read policies; there is no such point.
        InvalidInput: the threshold is none.
    """
    work.require(Permission.POLICIES_READ)
    try:
        return editing.with_threshold(reading.live_policy(work, point).text, checked(threshold))
    except editing.EditRefused as refused:
        raise InvalidInput(refused.detail) from refused


def checked(threshold: float) -> float:
    """Return a threshold if it is one.

    Raises:
        InvalidInput: it is not from 0 to 1.
    """
    if not 0 <= threshold <= 1:
        detail = f"Expected a threshold from 0 to 1; got {threshold:g}."
        raise InvalidInput(detail, [FieldProblem(pointer="/threshold", detail=detail)])
    return threshold
