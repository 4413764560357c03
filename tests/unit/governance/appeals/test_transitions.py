"""What may happen to an appeal, without a database."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from governance.appeals import transitions
from governance.appeals.transitions import MOST_APPEALS, AppealState, AppealStatus
from governance.decisions.states import Status
from governance.errors import Conflict, InvalidInput

NOW = datetime(2026, 11, 23, 10, tzinfo=UTC)
OPEN = AppealState(status=AppealStatus.OPEN)
ANSWERED = AppealState(status=AppealStatus.ANSWERED, upheld=False, closed_at=NOW)
WITHDRAWN = AppealState(status=AppealStatus.WITHDRAWN, closed_at=NOW)


def answer(state: AppealState = OPEN, **changes) -> AppealState:
    given = {
        "upheld": False,
        "outcome": None,
        "has_answer": True,
        "outcomes": ("offer", "gift", "nothing"),
        "stands": "nothing",
        "erased": False,
        "now": NOW,
    }
    return transitions.answer(state, **{**given, **changes})


@pytest.mark.parametrize("earlier", [[], [ANSWERED], [WITHDRAWN], [WITHDRAWN, ANSWERED]])
def test_a_decision_can_be_objected_to_and_once_more_after_an_answer(earlier) -> None:
    transitions.require_openable(Status.RELEASED, "nothing", earlier, erased=False)


@pytest.mark.parametrize(
    ("status", "outcome", "earlier", "erased", "why"),
    [
        (Status.IN_REVIEW, None, [], False, "deciding this already"),
        (Status.WITHDRAWN, None, [], False, "Nothing was decided"),
        (Status.RELEASED, "nothing", [OPEN], False, "open appeal"),
        (Status.RELEASED, "nothing", [ANSWERED, ANSWERED], False, "the last one"),
        (Status.RELEASED, "nothing", [WITHDRAWN] * MOST_APPEALS, False, "Too many"),
        (Status.RELEASED, "nothing", [], True, "erased"),
    ],
)
def test_why_no_appeal_can_be_opened(status, outcome, earlier, erased, why) -> None:
    with pytest.raises(Conflict, match=why):
        transitions.require_openable(status, outcome, earlier, erased=erased)


def test_an_appeal_is_dismissed_and_the_outcome_stands() -> None:
    after = answer()
    assert (after.status, after.upheld, after.outcome) == (AppealStatus.ANSWERED, False, None)
    assert after.closed_at == NOW


def test_an_appeal_is_upheld_with_another_outcome() -> None:
    after = answer(upheld=True, outcome="offer")
    assert (after.status, after.upheld, after.outcome) == (AppealStatus.ANSWERED, True, "offer")


@pytest.mark.parametrize(
    ("changes", "pointer"),
    [
        ({"has_answer": False}, "/answer"),
        ({"upheld": True}, "/outcome"),
        ({"upheld": True, "outcome": "nothing"}, "/outcome"),
        ({"upheld": True, "outcome": "a yacht"}, "/outcome"),
        ({"outcome": "offer"}, "/outcome"),
        ({"upheld": True, "outcome": "offer", "erased": True}, "/upheld"),
    ],
)
def test_an_answer_that_does_not_fit_is_refused(changes, pointer) -> None:
    with pytest.raises(InvalidInput) as refused:
        answer(**changes)
    assert pointer in {problem.pointer for problem in refused.value.problems}


def test_what_was_erased_can_still_be_closed_without_a_word() -> None:
    assert answer(erased=True, has_answer=False).upheld is False


@pytest.mark.parametrize("closed", [ANSWERED, WITHDRAWN])
def test_nothing_happens_to_a_closed_appeal(closed) -> None:
    with pytest.raises(Conflict):
        answer(closed)
    with pytest.raises(Conflict):
        transitions.withdraw(closed, NOW)


def test_whoever_objected_can_take_it_back() -> None:
    assert transitions.withdraw(OPEN, NOW).status is AppealStatus.WITHDRAWN
