"""M2 and M3: do people follow the machine where it is wrong, leave it where it is right, and give up a judgement of their own for it?"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from audits.oversight.plan import Volume
from audits.oversight.records import Purpose, Review, TruthFrom


def known(reviews: Iterable[Review]) -> list[Review]:
    """Keep reviews in sight of a proposal of which it is known whether it was right.

    Of a sampled check that is mostly known from the check itself, which then cannot have relied wrongly; so no check is one of them.
    """
    return [
        one
        for one in reviews
        if one.saw_proposal and one.proposal_right is not None and one.purpose is not Purpose.CHECK
    ]


def relied(reviews: Iterable[Review], volume: Volume) -> dict[str, Any]:
    """Write the pair: accepted of the wrong proposals (over-reliance), overridden of the right ones (under-reliance).

    Range 0 to 1 both; good is both low. One of them alone can be had for nothing, by overriding all or by accepting all. The terms are those
    of Schemmer et al. (2023), "Appropriate reliance on AI advice", IUI.
    """
    used = known(reviews)
    wrong = [one for one in used if not one.proposal_right]
    right = [one for one in used if one.proposal_right]
    overridden = [one for one in wrong if one.overridden]
    least = volume.plan.known
    return {
        "over": volume.share(len(wrong) - len(overridden), len(wrong), least=least),
        "under": volume.share(sum(one.overridden for one in right), len(right), least=least),
        "put_right": volume.share(
            sum(one.outcome == one.truth for one in overridden), len(overridden), least=least
        ),
    }


def document(reviews: Sequence[Review], volume: Volume) -> dict[str, Any]:
    """Write M2 over every source of truth, and source by source: gold and appealed cases were chosen, the others were not."""
    return {
        **relied(reviews, volume),
        "by_source": [
            {"source": source.value, **relied(own, volume)}
            for source in TruthFrom
            if (own := [one for one in known(reviews) if one.truth_from is source])
        ],
    }


def switches(reviews: Sequence[Review], volume: Volume) -> dict[str, Any]:
    """Write M3: of those who first judged otherwise than the machine, who ended with it.

    ``disagreed``: first judgement not the proposal, of all judged first. ``switched``: of these, final outcome the proposal. ``wrong``: of the
    switches whose truth is known, those to a wrong proposal, which are over-reliance. Range 0 to 1. A first judgement lowers
    agreement with the machine whether it is right or wrong (Fogliato et al. 2022), so a high rate of disagreeing is no merit in itself.
    """
    plan = volume.plan
    first = [
        one
        for one in reviews
        if one.saw_proposal and one.first is not None and one.purpose is not Purpose.GOLD
    ]
    disagreed = [one for one in first if one.first != one.proposed]
    switched = [one for one in disagreed if not one.overridden]
    told = [one for one in switched if one.proposal_right is not None]
    return {
        "disagreed": volume.share(
            len(disagreed), len(first), least=plan.switches, per_review=plan.first_share
        ),
        "switched": volume.share(len(switched), len(disagreed), least=plan.switches),
        "wrong": volume.share(
            sum(not one.proposal_right for one in told), len(told), least=plan.switches
        ),
    }
