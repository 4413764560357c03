"""Whatever is done to the appeals of one decision, in whatever order: never two open, never more answers than there are, and no answer changes."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from governance.appeals import transitions
from governance.appeals.transitions import MOST_ANSWERS, MOST_APPEALS, AppealState, AppealStatus
from governance.decisions.states import Status
from governance.errors import AnswerableError

OUTCOMES = ("offer", "gift", "nothing")
START = datetime(2026, 11, 23, 10, tzinfo=UTC)
ACTS = st.one_of(
    st.just(("open",)),
    st.just(("withdraw",)),
    st.tuples(
        st.just("answer"),
        st.booleans(),
        st.sampled_from([None, *OUTCOMES, "a yacht"]),
        st.booleans(),
    ),
)


@given(st.lists(ACTS, max_size=25), st.sampled_from(OUTCOMES))
def test_appeals_stay_in_order(acts, stands: str) -> None:
    appeals: list[AppealState] = []
    now = START
    for act in acts:
        now += timedelta(minutes=1)
        before, stood = list(appeals), stands
        try:
            if act[0] == "open":
                transitions.require_openable(Status.RELEASED, stands, appeals, erased=False)
                appeals.append(AppealState(status=AppealStatus.OPEN))
            elif not appeals:
                continue
            elif act[0] == "withdraw":
                appeals[-1] = transitions.withdraw(appeals[-1], now)
            else:
                _, upheld, outcome, has_answer = act
                appeals[-1] = transitions.answer(
                    appeals[-1],
                    upheld=upheld,
                    outcome=outcome,
                    has_answer=has_answer,
                    outcomes=OUTCOMES,
                    stands=stands,
                    erased=False,
                    now=now,
                )
                stands = appeals[-1].outcome or stands
        except AnswerableError:
            assert appeals == before, "what is refused changes nothing"
        closed = [one for one in before if one.status is not AppealStatus.OPEN]
        assert appeals[: len(closed)] == closed, "what is closed stays as it is"
        assert sum(one.status is AppealStatus.OPEN for one in appeals) <= 1
        answered = [one for one in appeals if one.status is AppealStatus.ANSWERED]
        assert len(answered) <= MOST_ANSWERS
        assert len(appeals) <= MOST_APPEALS
        assert all((one.outcome is not None) == one.upheld for one in answered)
        if stands != stood:
            assert appeals[-1].upheld, "an outcome changes by an appeal that was upheld alone"
            assert stands in OUTCOMES
