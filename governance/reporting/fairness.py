"""The fairness report of a decision point: its figures as they are now, and what they were measured by."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from audits.fairness.counts import Counts
from audits.fairness.presets import PRESETS
from audits.fairness.report import fairness_report
from governance.counting import reading
from governance.errors import FieldProblem, InvalidInput
from governance.work import Work

MOST_BY: Final = 6
_MOST_CROSSED: Final = 3


def figures(
    work: Work,
    point: str,
    *,
    since: str | None = None,
    until: str | None = None,
    by: Sequence[str] = (),
    preset: str | None = None,
    with_counts: bool = False,
) -> dict[str, Any]:
    """Return the report's figures; ``by`` none means each group attribute by itself.

    Raises:
        NotAllowed, NotFound: the actor may not read reports; there is no such point.
        InvalidInput: the window, an attribute or the preset is none.
    """
    found = reading.counts(work, point, since, until)
    return figures_of(found, by=by, preset=preset, with_counts=with_counts)


def figures_of(
    counts: Counts, *, by: Sequence[str] = (), preset: str | None = None, with_counts: bool = False
) -> dict[str, Any]:
    """Return the figures of counts that were read.

    Raises:
        InvalidInput: an attribute or the preset is none.
    """
    wanted = checked_by(counts.attributes, by)
    if preset is not None and preset not in PRESETS:
        detail = f"Expected one of {', '.join(sorted(PRESETS))}; got {preset[:40]!r}."
        raise InvalidInput(detail, [FieldProblem(pointer="/preset", detail=detail)])
    return fairness_report(counts, by=wanted, preset=preset, with_counts=with_counts)


def checked_by(attributes: Sequence[str], by: Sequence[str]) -> list[str]:
    """Return the attributes to report by, crossed ones in the order of their names, each once.

    Raises:
        InvalidInput: one is not declared, or they are too many.
    """
    wanted: list[str] = []
    for item in by:
        crossed = sorted({name.strip() for name in item.split("*")})
        unknown = [name for name in crossed if name not in attributes]
        if unknown or len(crossed) > _MOST_CROSSED:
            declared = ", ".join(attributes) or "none"
            detail = (
                f"Expected group attributes that the policy declares ({declared}), up to {_MOST_CROSSED} of them crossed "
                f"with *; got {item[:80]!r}."
            )
            raise InvalidInput(detail, [FieldProblem(pointer="/by", detail=detail)])
        name = "*".join(crossed)
        if name not in wanted:
            wanted.append(name)
    if len(wanted) > MOST_BY:
        detail = f"A report goes by at most {MOST_BY} attributes at once; got {len(wanted)}."
        raise InvalidInput(detail, [FieldProblem(pointer="/by", detail=detail)])
    return wanted or list(attributes)
