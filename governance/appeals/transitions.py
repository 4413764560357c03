"""What may happen to an appeal, and what comes of it. Pure: values in, values out.

An appeal is open, then answered by a person for good, or withdrawn by whoever objected. The clock closes none: what is late is
shown as late. After an answer one more may be opened.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Final

from governance.decisions.states import Status
from governance.errors import Conflict, FieldProblem, InvalidInput

#: How often an objection to one decision is answered.
MOST_ANSWERS: Final = 2
#: How many appeals one decision may have in all, those that were withdrawn too.
MOST_APPEALS: Final = 6


class AppealStatus(StrEnum):
    """Where an appeal stands."""

    OPEN = "open"
    ANSWERED = "answered"
    WITHDRAWN = "withdrawn"


class Door(StrEnum):
    """Where an appeal came in: the person's own page, an app, or a person of the business for a caller or a letter."""

    PAGE = "page"
    APP = "app"
    MANAGER = "manager"


@dataclass(frozen=True, slots=True, kw_only=True)
class AppealState:
    """An appeal as its rules see it; ``outcome`` is set where it was upheld."""

    status: AppealStatus
    upheld: bool | None = None
    outcome: str | None = None
    closed_at: datetime | None = None


def require_openable(
    status: Status, outcome: str | None, earlier: Sequence[AppealState], *, erased: bool
) -> None:
    """Raise unless a decision can be objected to now; ``status`` and ``outcome`` are as everybody sees them.

    Raises:
        Conflict: it is not decided yet, or never was; it has an open appeal; or it was answered as often as it is.
    """
    if status is Status.IN_REVIEW:
        raise Conflict(
            "A person is deciding this already. An appeal can follow once it is decided."
        )
    if outcome is None:
        raise Conflict("Nothing was decided here, so there is nothing to object to.")
    if any(one.status is AppealStatus.OPEN for one in earlier):
        raise Conflict("This decision has an open appeal. Add words to it, or wait for its answer.")
    answered = sum(one.status is AppealStatus.ANSWERED for one in earlier)
    if answered >= MOST_ANSWERS:
        raise Conflict(f"This decision was answered {answered} times; that answer is the last one.")
    if len(earlier) >= MOST_APPEALS:
        raise Conflict("Too many appeals to this decision were opened and withdrawn.")
    if erased:
        raise Conflict("The content of this decision was erased, so nobody can look at it again.")


def answer(
    state: AppealState,
    *,
    upheld: bool,
    outcome: str | None,
    has_answer: bool,
    outcomes: Sequence[str],
    stands: str | None,
    erased: bool,
    now: datetime,
) -> AppealState:
    """Answer an appeal and return it answered. ``stands`` is the outcome that stands now, ``outcomes`` are those declared.

    Raises:
        Conflict: it is closed.
        InvalidInput: there is no answer for the person; or the outcome does not fit.
    """
    require_open(state)
    problems: list[FieldProblem] = []
    if not has_answer and not erased:
        problems.append(
            FieldProblem(pointer="/answer", detail="Expected the text for the person; got none.")
        )
    if upheld and erased:
        problems.append(
            FieldProblem(
                pointer="/upheld",
                detail="The content of the decision was erased; nothing new can be decided on it.",
            )
        )
    others = [name for name in outcomes if name != stands]
    if upheld and (outcome is None or outcome not in others):
        problems.append(
            FieldProblem(
                pointer="/outcome", detail=f"Expected another outcome: one of {', '.join(others)}."
            )
        )
    if not upheld and outcome is not None:
        problems.append(
            FieldProblem(
                pointer="/outcome", detail="Leave it out: where the appeal is dismissed, it stands."
            )
        )
    if problems:
        raise InvalidInput("The answer does not fit: " + problems[0].detail, problems)
    return replace(
        state, status=AppealStatus.ANSWERED, upheld=upheld, outcome=outcome, closed_at=now
    )


def withdraw(state: AppealState, now: datetime) -> AppealState:
    """Take an appeal back and return it withdrawn.

    Raises:
        Conflict: it is closed.
    """
    require_open(state)
    return replace(state, status=AppealStatus.WITHDRAWN, closed_at=now)


def require_open(state: AppealState) -> None:
    """Raise unless the appeal is open.

    Raises:
        Conflict: it is answered or withdrawn.
    """
    if state.status is AppealStatus.ANSWERED:
        raise Conflict("The appeal is answered; an answer is final.")
    if state.status is AppealStatus.WITHDRAWN:
        raise Conflict("The appeal was withdrawn.")
