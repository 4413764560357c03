"""Put all figures of oversight of one decision point into one document, over all people and for each who has enough of their own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, Final

from audits.oversight import (
    agreement,
    alarm,
    appeals,
    attention,
    disparity,
    gold,
    overrides,
    reasons,
    reliance,
)
from audits.oversight.plan import Plan, Volume, cost
from audits.oversight.records import GroupCounts, Review

SCHEMA: Final = 1

#: By measure of a selection of reviews, where the figure stands that says whether there is enough of it.
_STANDS: Final[Mapping[str, tuple[str, ...]]] = {
    "overrides": ("overrides", "overall", "changed"),
    "reliance": ("reliance", "over"),
    "switches": ("switches", "switched"),
    "dwell": ("dwell", "below_floor"),
    "opened": ("opened", "opened"),
    "agreement": ("agreement", "between_people"),
    "gold": ("gold", "caught"),
    "reasons": ("reasons", "repeated"),
}


def oversight_report(
    reviews: Sequence[Review],
    counts: GroupCounts,
    *,
    decision_point: str,
    since: str,
    until: str,
    plan: Plan | None = None,
    people: bool = False,
    most_minutes: float | None = None,
) -> dict[str, Any]:
    """Report M1 to M12 and the alarm of one decision point, from its reviews of a window of days, both included.

    ``people`` asks for figures of each person as well, which only what the people concerned know of may. A person with fewer reviews than
    ``plan.reviews`` has none, only what is missing, and is in those of all. Nothing ranks people: they stand in the order of their
    opaque names. ``most_minutes`` is what measuring may take in a week, in place of the plan's share.

    Raises:
        ValueError: a review is of another decision point, or the window's days are none.
    """
    plan = plan or Plan()
    strange = {one.decision_point for one in reviews} - {decision_point}
    if strange:
        raise ValueError(
            f"A report is of one decision point; of {decision_point} and not of {sorted(strange)}."
        )
    days = (date.fromisoformat(until[:10]) - date.fromisoformat(since[:10])).days + 1
    if days < 1:
        raise ValueError(f"A window begins before it ends; not {since} to {until}.")
    volume = Volume(reviews=len(reviews), weeks=days / 7, plan=plan)
    decided = sum(cell.count for cell in counts.queue or counts.appeals)
    decisions = Volume(reviews=decided, weeks=volume.weeks, plan=plan)
    measures = measures_of(reviews, volume)
    groups = {
        "attributes": list(counts.attributes),
        "overrides": disparity.overrides(counts, volume),
        "queues": disparity.queues(counts, decisions, since=since, until=until),
        "appeals": appeals.document(counts, decisions),
    }
    return {
        "schema": SCHEMA,
        "decision_point": decision_point,
        "since": since,
        "until": until,
        "days": days,
        "plan": plan.encode(),
        "reviews": len(reviews),
        "reviewers": len({one.reviewer for one in reviews}),
        "per_week": volume.reviews / volume.weeks,
        "cost": cost(
            volume,
            reviews,
            median_seconds=measures["dwell"]["seconds"],
            most_minutes=most_minutes,
        ),
        "measures": measures,
        "speaks": [*speaks(measures), *speaks_of_groups(groups)],
        "groups": groups,
        "people": _people(reviews, volume) if people else None,
    }


def measures_of(reviews: Sequence[Review], volume: Volume) -> dict[str, Any]:
    """Write every figure that a selection of reviews gives by itself."""
    return {
        "alarm": alarm.document(reviews, volume),
        "overrides": overrides.document(reviews, volume),
        "reliance": reliance.document(reviews, volume),
        "switches": reliance.switches(reviews, volume),
        "dwell": attention.dwell(reviews, volume),
        "opened": attention.opened(reviews, volume),
        "agreement": agreement.document(reviews, volume),
        "gold": gold.document(reviews, volume),
        "vigilance": attention.vigilance(reviews, volume),
        "reasons": reasons.document(reviews, volume),
    }


def speaks(measures: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Tell of each measure whether it can speak, and else what is missing and when it first can at the present volume."""
    found = []
    for measure, path in _STANDS.items():
        standing: Any = measures
        for name in path:
            standing = standing[name]
        found.append(
            {"measure": measure, "enough": standing["enough"], "needed": standing["needed"]}
        )
    places = measures["vigilance"]["by_position"]["rows"]
    return [*found, _all_of("vigilance", [row["caught"] for row in places])]


def _all_of(measure: str, rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Tell that a measure can speak once each of its rows can, and what the one lacks that lacks most."""
    lacking = [row["needed"] for row in rows if not row["enough"]]
    most = max(lacking, key=lambda needed: needed["count"], default=None)
    return {"measure": measure, "enough": bool(rows) and most is None, "needed": most}


def speaks_of_groups(groups: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Tell the same of what is counted by group, which cannot speak where no group is known."""
    return [
        _all_of("disparity", groups["overrides"]["comparisons"]),
        _all_of("queues", groups["queues"]["queued"]),
        _all_of("appeals", groups["appeals"]["overturned_by_group"]),
    ]


def _people(reviews: Sequence[Review], volume: Volume) -> list[dict[str, Any]]:
    by_person: dict[str, list[Review]] = {}
    for one in reviews:
        by_person.setdefault(one.reviewer, []).append(one)
    # The second reviews of a person's cases are others' work, and what that person is compared with.
    cases: dict[str, list[Review]] = {}
    for one in reviews:
        if one.pair is not None:
            cases.setdefault(one.pair, []).append(one)
    return [_person(reviewer, by_person[reviewer], cases, volume) for reviewer in sorted(by_person)]


def _person(
    reviewer: str,
    own: Sequence[Review],
    cases: Mapping[str, Sequence[Review]],
    volume: Volume,
) -> dict[str, Any]:
    theirs = Volume(reviews=len(own), weeks=volume.weeks, plan=volume.plan)
    standing = theirs.standing(len(own), least=volume.plan.reviews, per_review=1.0)
    found = None
    if standing["enough"]:
        pairs = sorted({one.pair for one in own if one.pair is not None})
        shared = [one for pair in pairs for one in cases[pair]]
        found = measures_of(own, theirs) | {"agreement": agreement.document(shared, theirs)}
    return {
        "reviewer": reviewer,
        "reviews": len(own),
        "pooled": found is None,
        **standing,
        # Gold cases speak by themselves, so that those given to somebody new are of use at once.
        "gold": gold.document(own, theirs) if gold.says(own)[1] is not None else None,
        "measures": found,
        "speaks": None if found is None else speaks(found),
    }
