"""M12: are reasons written or ticked off, and how often is what is masked revealed?"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final

from audits.oversight.plan import Volume
from audits.oversight.records import Review

#: Letters below which a reason says hardly anything.
SHORT: Final = 15


def repeats(reviews: Iterable[Review]) -> tuple[int, int]:
    """Count reasons that say word for word what an earlier one of the same person said, and all reasons."""
    given = [(one.reviewer, one.reason_digest) for one in reviews if one.reason_digest is not None]
    return len(given) - len(set(given)), len(given)


def document(reviews: Sequence[Review], volume: Volume) -> dict[str, Any]:
    """Write the share of reasons that repeat, that are shorter than 15 letters, and reveals for each hundred reviews.

    Range 0 to 1, and 0 to 100. Alike cases deserve alike reasons, so repetition is a sign among others. A reason's words never come
    here, only a digest and a length.
    """
    least = volume.plan.reasons
    given = [one for one in reviews if one.reason_digest is not None]
    repeated, of = repeats(reviews)
    revealed = volume.share(
        sum(one.revealed for one in reviews),
        len(reviews),
        least=volume.plan.reviews,
        per_review=1.0,
    )
    return {
        "repeated": volume.share(repeated, of, least=least),
        "short": volume.share(
            sum(one.reason_length < SHORT for one in given), len(given), least=least
        ),
        "revealed": revealed,
        "reveals_per_100": None if revealed["rate"] is None else revealed["rate"] * 100,
    }
