"""What may happen to a case."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from governance.errors import (
    AlreadySigned,
    CaseClosed,
    ClaimedByAnother,
    Conflict,
    InvalidInput,
    NotAllowed,
    NotClaimed,
    UndoPassed,
)
from governance.reviews import transitions
from governance.reviews.transitions import LEASE, CaseState, CaseStatus, Lease, VerdictKind

NOW = datetime(2026, 11, 23, 10, tzinfo=UTC)
ADA, BEN, PIA = "ada", "ben", "pia"
CASE = CaseState(
    status=CaseStatus.OPEN,
    outcomes=frozenset({"offer_discount", "offer_gift", "no_offer"}),
    fallback="no_offer",
    proposed="offer_discount",
    approvable=True,
    sensitive=False,
    sign_offs=1,
    undo=timedelta(seconds=10),
)
APPROVE, CHANGE, REJECT = VerdictKind.APPROVE, VerdictKind.CHANGE, VerdictKind.REJECT


def decided(
    state: CaseState,
    person: str,
    kind: VerdictKind = APPROVE,
    *,
    outcome: str | None = None,
    has_reason: bool = True,
    at: datetime = NOW,
) -> CaseState:
    claimed = transitions.claim(state, person, at)
    after, _ = transitions.decide(
        claimed,
        verdict_id=f"verdict-{person}",
        person_id=person,
        kind=kind,
        outcome=outcome,
        has_reason=has_reason,
        now=at,
    )
    return after


def test_a_claim_lasts_ten_minutes_and_keeps_others_out_until_then():
    claimed = transitions.claim(CASE, ADA, NOW)
    assert claimed.holder(NOW + LEASE - timedelta(microseconds=1)) == ADA
    with pytest.raises(ClaimedByAnother):
        transitions.claim(claimed, BEN, NOW + LEASE - timedelta(microseconds=1))
    assert claimed.holder(NOW + LEASE) is None
    assert transitions.claim(claimed, BEN, NOW + LEASE).holder(NOW + LEASE) == BEN


def test_claiming_again_gives_the_whole_time_and_keeps_the_beginning():
    later = NOW + timedelta(minutes=8)
    again = transitions.claim(transitions.claim(CASE, ADA, NOW), ADA, later)
    assert again.lease == Lease(person_id=ADA, since=NOW, until=later + LEASE)


def test_a_claim_that_ran_out_begins_anew():
    later = NOW + timedelta(minutes=11)
    again = transitions.claim(transitions.claim(CASE, ADA, NOW), ADA, later)
    assert again.lease == Lease(person_id=ADA, since=later, until=later + LEASE)


def test_only_the_holder_gives_a_case_back():
    claimed = transitions.claim(CASE, ADA, NOW)
    assert transitions.release(claimed, ADA, NOW).lease is None
    with pytest.raises(ClaimedByAnother):
        transitions.release(claimed, BEN, NOW)
    with pytest.raises(NotClaimed):
        transitions.release(CASE, BEN, NOW)


def test_a_case_is_decided_only_by_whoever_claimed_it():
    with pytest.raises(NotClaimed):
        transitions.decide(
            CASE,
            verdict_id="v",
            person_id=ADA,
            kind=APPROVE,
            outcome=None,
            has_reason=True,
            now=NOW,
        )


def test_deciding_after_the_claim_ran_out_is_accepted_while_nobody_else_claimed_it():
    claimed = transitions.claim(CASE, ADA, NOW)
    late = NOW + timedelta(hours=1)
    arguments = {
        "verdict_id": "v",
        "person_id": ADA,
        "kind": APPROVE,
        "outcome": None,
        "has_reason": False,
        "now": late,
    }
    after, _ = transitions.decide(claimed, **arguments)
    assert after.status is CaseStatus.DECIDED
    with pytest.raises(ClaimedByAnother):
        transitions.decide(transitions.claim(claimed, BEN, late), **arguments)


def test_the_verdict_counts_once_the_time_to_take_it_back_is_over():
    after = decided(CASE, ADA)
    assert (after.status, after.effective_at) == (
        CaseStatus.DECIDED,
        NOW + timedelta(seconds=10),
    )
    assert [(s.person_id, s.outcome, s.decides) for s in after.signed] == [
        (ADA, "offer_discount", True)
    ]


@pytest.mark.parametrize(
    ("kind", "outcome", "given"),
    [
        (APPROVE, None, "offer_discount"),
        (APPROVE, "offer_discount", "offer_discount"),
        (CHANGE, "offer_gift", "offer_gift"),
        (CHANGE, "no_offer", "no_offer"),
        (REJECT, None, "no_offer"),
    ],
)
def test_each_verdict_gives_its_outcome(kind, outcome, given):
    assert transitions.outcome_of(CASE, kind, outcome) == given


@pytest.mark.parametrize(
    ("kind", "outcome", "message"),
    [
        (CHANGE, None, "needs the outcome"),
        (CHANGE, "offer_discount", "is what was proposed"),
        (CHANGE, "offer_car", "no outcome 'offer_car'"),
        (APPROVE, "no_offer", "only change takes another"),
        (REJECT, "offer_gift", "only change takes another"),
    ],
)
def test_an_outcome_that_does_not_go_with_the_verdict_is_refused(kind, outcome, message):
    with pytest.raises(InvalidInput, match=message):
        transitions.outcome_of(CASE, kind, outcome)


@pytest.mark.parametrize(
    "state",
    [
        replace(CASE, approvable=False),
        replace(CASE, proposed="offer_car"),
        replace(CASE, proposed=None),
    ],
)
def test_what_no_person_may_approve_can_still_be_changed_and_rejected(state):
    with pytest.raises(InvalidInput, match="cannot be approved"):
        transitions.outcome_of(state, APPROVE, None)
    assert transitions.outcome_of(state, CHANGE, "offer_gift") == "offer_gift"
    assert transitions.outcome_of(state, REJECT, None) == "no_offer"


@pytest.mark.parametrize(
    ("sensitive", "kind", "needed"),
    [
        (False, APPROVE, False),
        (False, CHANGE, True),
        (False, REJECT, True),
        (True, APPROVE, True),
    ],
)
def test_a_reason_is_needed_where_something_changes_and_for_all_that_is_sensitive(
    sensitive, kind, needed
):
    state = replace(CASE, sensitive=sensitive)
    outcome = "offer_gift" if kind is CHANGE else None
    if needed:
        with pytest.raises(InvalidInput, match="a reason is needed"):
            decided(state, ADA, kind, outcome=outcome, has_reason=False)
    else:
        decided(state, ADA, kind, outcome=outcome, has_reason=False)


def test_two_sign_offs_take_two_people_of_one_mind():
    one = decided(replace(CASE, sign_offs=2), ADA)
    assert (one.status, one.effective_at, one.lease) == (CaseStatus.OPEN, None, None)
    with pytest.raises(AlreadySigned):
        transitions.claim(one, ADA, NOW)
    split = decided(one, BEN, REJECT)
    assert split.status is CaseStatus.OPEN
    settled = decided(split, PIA, REJECT)
    assert settled.status is CaseStatus.DECIDED
    assert [s.decides for s in settled.signed] == [False, False, True]


def test_people_who_are_barred_can_neither_claim_nor_decide():
    state = replace(CASE, barred=((PIA, "You wrote this version."),))
    assert not transitions.may_decide(state, PIA)
    assert transitions.may_decide(state, ADA)
    with pytest.raises(NotAllowed, match="You wrote"):
        transitions.claim(state, PIA, NOW)


@pytest.mark.parametrize("status", [CaseStatus.DECIDED, CaseStatus.CLOSED])
def test_nothing_but_undo_happens_to_a_case_that_is_not_open(status):
    state = replace(CASE, status=status)
    with pytest.raises(CaseClosed):
        transitions.claim(state, ADA, NOW)
    with pytest.raises(CaseClosed):
        transitions.release(state, ADA, NOW)
    with pytest.raises(CaseClosed):
        transitions.require_escalatable(state, ADA, NOW)
    with pytest.raises(CaseClosed):
        transitions.decide(
            state,
            verdict_id="v",
            person_id=ADA,
            kind=APPROVE,
            outcome=None,
            has_reason=True,
            now=NOW,
        )
    assert not transitions.lapses(status, None, NOW, NOW)


def test_a_verdict_is_taken_back_until_it_is_effective_and_never_after():
    after = decided(CASE, ADA)
    assert after.effective_at is not None
    last_moment = after.effective_at - timedelta(microseconds=1)
    back, verdict = transitions.undo(after, ADA, last_moment)
    assert (back.status, back.signed, back.effective_at) == (CaseStatus.OPEN, (), None)
    assert back.holder(last_moment) == ADA
    assert verdict.kind is APPROVE
    with pytest.raises(UndoPassed):
        transitions.undo(after, ADA, after.effective_at)


def test_where_the_policy_gives_no_time_nothing_can_be_taken_back():
    with pytest.raises(UndoPassed):
        transitions.undo(decided(replace(CASE, undo=timedelta(0)), ADA), ADA, NOW)


def test_nobody_takes_back_what_another_decided():
    after = decided(CASE, ADA)
    with pytest.raises(Conflict, match="no verdict"):
        transitions.undo(after, BEN, NOW)
    both = decided(decided(replace(CASE, sign_offs=2), ADA), BEN)
    with pytest.raises(Conflict, match="Another person's verdict"):
        transitions.undo(both, ADA, NOW)


def test_taking_a_sign_off_back_leaves_the_case_with_whoever_holds_it():
    one = decided(replace(CASE, sign_offs=2), ADA)
    with_ben = transitions.claim(one, BEN, NOW)
    back, _ = transitions.undo(with_ben, ADA, NOW)
    assert back.signed == ()
    assert back.holder(NOW) == BEN
    assert transitions.undo(one, ADA, NOW)[0].holder(NOW) == ADA


def test_a_case_lapses_when_it_is_overdue_and_nobody_is_at_it():
    lease = Lease(person_id=ADA, since=NOW, until=NOW + LEASE)
    assert transitions.lapses(CaseStatus.OPEN, None, NOW, NOW)
    assert not transitions.lapses(CaseStatus.OPEN, None, NOW + timedelta(seconds=1), NOW)
    assert not transitions.lapses(CaseStatus.OPEN, None, None, NOW)
    assert not transitions.lapses(CaseStatus.OPEN, lease, NOW, NOW)
    assert transitions.lapses(CaseStatus.OPEN, lease, NOW, NOW + LEASE)
