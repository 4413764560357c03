"""Second looks: sampled checks of what was released, and blind second opinions on what was decided; on both databases."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
import sqlalchemy as sa

from governance.actors import Actor
from governance.appeals import service as appeals
from governance.appeals import subject_page
from governance.appeals.models import Reversal
from governance.application import Answerable
from governance.decisions import service as decisions
from governance.decisions.models import Decision
from governance.decisions.preparing import Asked
from governance.errors import (
    AnswerableError,
    Conflict,
    InvalidInput,
    NotAllowed,
    NotFound,
    UndoPassed,
)
from governance.explanations import service as explanations
from governance.identities.models import Person
from governance.ledger.sequencing import drain
from governance.operations.verifying import verify
from governance.permissions import Role, of_roles
from governance.reporting import filters, ledger, oversight
from governance.reviews import handling, judging, notices, overdue, service
from governance.reviews.models import Case
from governance.truth import service as truth
from tests.conftest import SettableClock
from tests.people import app, person, publish
from tests.people import service as the_service
from tests.retention import POINT, POLICY, QUEUE, request, unsure

RELEASES = POLICY.replace("undo: 10s", "undo: 10s\n  sample: 1")
DOUBLES = POLICY.replace("undo: 10s", "undo: 10s\n  double: 1")


@pytest.fixture
def ada(answerable: Answerable) -> Actor:
    return colleague(answerable, "Ada")


@pytest.fixture
def ben(answerable: Answerable) -> Actor:
    return colleague(answerable, "Ben")


def colleague(answerable: Answerable, name: str) -> Actor:
    """Return somebody of the queue who can sign in."""
    actor = person(answerable, name, queues=(QUEUE,))
    with answerable.database.write() as session:
        session.execute(
            sa.update(Person).where(Person.id == actor.id).values(password_hash="unused")
        )
    return actor


def do(answerable: Answerable, who: Actor, act, *arguments, **said):
    with answerable.work(who) as work:
        return act(work, *arguments, **said)


def look(answerable: Answerable, who: Actor, act, *arguments, **said):
    with answerable.look(who) as work:
        return act(work, *arguments, **said)


def cases(answerable: Answerable, purpose: str) -> list[Case]:
    with answerable.database.read() as session:
        return list(
            session.execute(
                sa.select(Case).where(Case.purpose == purpose).order_by(Case.id)
            ).scalars()
        )


def sound(answerable: Answerable) -> bool:
    drain(answerable)
    return not [one for one in verify(answerable).findings if one.decision_id is not None]


# ------------------------------------------------------------------------------------ checks


@pytest.fixture
def shop(answerable: Answerable) -> Actor:
    publish(answerable, RELEASES)
    return app(answerable)


def released(answerable: Answerable, shop: Actor, **changes) -> tuple[str, str]:
    """Return a decision that was released and drawn, and the case of its check."""
    made = decisions.ask(answerable, shop, Asked(request=request(**changes)))
    (case,) = [one for one in cases(answerable, "check") if one.decision_id == made.id]
    return str(made.id), case.id


def checks(answerable: Answerable, who: Actor, case_id: str, **said):
    do(answerable, who, service.claim, case_id)
    return do(answerable, who, service.give_verdict, case_id, **said)


def row(answerable: Answerable, decision_id: str) -> Decision:
    with answerable.database.read() as session:
        return session.get_one(Decision, decision_id)


def learnt(answerable: Answerable, decision_id: str) -> str | None:
    found = look(answerable, the_service("tests"), truth.truth_of, decision_id)
    return None if found is None else found.outcome


def test_what_was_released_live_is_drawn_and_the_app_is_told_nothing_of_it(
    answerable: Answerable, shop: Actor, ada: Actor, clock: SettableClock
) -> None:
    made = decisions.ask(answerable, shop, Asked(request=request()))
    assert (made.status, made.case_id, made.queue, made.due_at) == ("released", None, None, None)
    decisions.ask(answerable, shop, Asked(request=unsure()))
    decisions.dry_run(answerable, shop, request())
    (case,) = cases(answerable, "check")
    assert (case.decision_id, case.queue) == (made.id, QUEUE)
    assert case.due_at == clock.now() + timedelta(days=7)
    told = repr(look(answerable, shop, explanations.story, str(made.id)))
    assert QUEUE not in told
    assert case.id not in told + repr(look(answerable, shop, decisions.get, str(made.id)))
    listed = look(answerable, ada, service.list_cases).cases
    assert [one.purpose for one in listed] == ["decide", "check"], "what waits comes first"
    publish(answerable, RELEASES.replace("owner:", "rollout: observe\nowner:"))
    decisions.ask(answerable, shop, Asked(request=request()))
    assert len(cases(answerable, "check")) == 1
    assert sound(answerable)


def test_the_share_of_what_is_released_is_as_the_secret_draws_it(answerable: Answerable) -> None:
    publish(answerable, RELEASES.replace("sample: 1", "sample: 0.3"))
    asked = [Asked(request=request(sequence=number)) for number in range(100)]
    made = decisions.ask_many(answerable, app(answerable), asked)
    wanted = {one.id for one in made if answerable.keyring.draw("check", str(one.id)) < 0.3}
    assert {one.decision_id for one in cases(answerable, "check")} == wanted
    assert 7 < len(wanted) < 53, "within five standard deviations of the share"


def test_what_a_check_finds_is_ground_truth_and_the_decision_stands(
    answerable: Answerable, shop: Actor, ada: Actor
) -> None:
    right, first = released(answerable, shop)
    wrong, second = released(answerable, shop)
    view = checks(answerable, ada, first, verdict="approve")
    assert (view.status, view.decision.outcome) == ("decided", "offer_discount")
    checks(answerable, ada, second, verdict="change", outcome="offer_gift", reason="Prefers gifts.")
    assert (learnt(answerable, right), learnt(answerable, wrong)) == (
        "offer_discount",
        "offer_gift",
    )
    for one in (right, wrong):
        assert (row(answerable, one).status, row(answerable, one).outcome) == (
            "released",
            "offer_discount",
        )
    assert sound(answerable)


def test_taking_a_check_back_takes_the_ground_truth_back_unless_a_report_took_its_place(
    answerable: Answerable, shop: Actor, ada: Actor, clock: SettableClock
) -> None:
    decision_id, case_id = released(answerable, shop)
    checks(answerable, ada, case_id, verdict="reject", reason="Not now.")
    view = do(answerable, ada, service.undo, case_id)
    assert (view.status, learnt(answerable, decision_id)) == ("open", None)
    do(answerable, ada, service.give_verdict, case_id, verdict="approve")
    do(answerable, shop, truth.report_truth, decision_id, outcome="offer_gift")
    do(answerable, ada, service.undo, case_id)
    assert learnt(answerable, decision_id) == "offer_gift"
    do(answerable, ada, service.give_verdict, case_id, verdict="approve")
    assert learnt(answerable, decision_id) == "offer_gift", "what was reported stands"
    clock.advance(seconds=10)
    with pytest.raises(UndoPassed):
        do(answerable, ada, service.undo, case_id)
    assert sound(answerable)


def test_a_check_that_puts_it_right_makes_a_decision_in_its_place_for_good(
    answerable: Answerable, shop: Actor, ada: Actor
) -> None:
    decision_id, case_id = released(answerable, shop)
    assert look(answerable, ada, service.case_view, case_id).may_reverse
    view = checks(
        answerable, ada, case_id, verdict="reject", reason="She asked for none.", reverse=True
    )
    made = row(answerable, str(view.reversed_by))
    assert (made.status, made.outcome, made.app_id) == ("changed", "no_offer", shop.id)
    assert row(answerable, decision_id).outcome == "offer_discount"
    assert view.undo is None
    with pytest.raises(UndoPassed):
        do(answerable, ada, service.undo, case_id)
    told = look(answerable, subject_page.actor(), appeals.standing, decision_id)
    assert (told.outcome, told.reversed_by) == ("no_offer", made.id)
    assert sound(answerable)
    with answerable.database.write() as session:
        session.execute(sa.update(Reversal).values(check_id=None))
    assert [one for one in verify(answerable).findings if "reversals" in one.what]


def test_a_check_puts_right_only_what_is_wrong_stands_and_is_not_objected_to(
    answerable: Answerable, shop: Actor, ada: Actor, ben: Actor
) -> None:
    decision_id, case_id = released(answerable, shop)
    do(answerable, ada, service.claim, case_id)
    for said, error in (
        ({"verdict": "approve", "reverse": True}, InvalidInput),
        ({"verdict": "reject", "reverse": True}, InvalidInput),
        ({"verdict": "change", "outcome": "offer_discount", "reason": "?"}, InvalidInput),
        ({"outcome": "offer_gift"}, InvalidInput),
    ):
        with pytest.raises(error):
            do(answerable, ada, service.give_verdict, case_id, **said)
    do(answerable, subject_page.actor(), appeals.open_appeal, decision_id, words="Why?")
    with pytest.raises(Conflict, match="objects"):
        do(
            answerable,
            ada,
            service.give_verdict,
            case_id,
            verdict="reject",
            reason="Wrong.",
            reverse=True,
        )
    assert not look(answerable, ada, service.case_view, case_id).may_reverse
    do(answerable, ada, service.give_verdict, case_id, verdict="reject", reason="Wrong.")
    # Whoever checked it had part in it, and answers no objection to it.
    (appeal,) = cases(answerable, "appeal")
    with pytest.raises(NotAllowed):
        do(answerable, ada, service.claim, appeal.id)
    do(answerable, ben, service.claim, appeal.id)
    told = look(answerable, ben, appeals.appeal_case, appeal.id)
    assert told.earlier == [], "software decided it"


def test_a_second_look_is_neither_sent_on_nor_asked_about_and_takes_no_answer(
    answerable: Answerable, shop: Actor, ada: Actor
) -> None:
    _, case_id = released(answerable, shop)
    do(answerable, ada, service.claim, case_id)
    with pytest.raises(Conflict):
        do(answerable, ada, service.escalate, case_id, reason="Others know.")
    with pytest.raises(Conflict):
        do(answerable, ada, handling.ask, case_id, words="Since when?")
    with pytest.raises(Conflict):
        do(answerable, ada, appeals.answer, case_id, upheld=False, answer="No.")
    do(answerable, ada, handling.skip, case_id, reason="no_time")


def test_a_check_that_asks_for_the_own_judgement_first_tells_its_holder_no_outcome_before(
    answerable: Answerable, ada: Actor, ben: Actor
) -> None:
    publish(answerable, RELEASES.replace("sample: 1", "sample: 1\n  judge_first: 1"))
    decision_id, case_id = released(answerable, app(answerable))
    assert look(answerable, ada, decisions.get, decision_id).outcome == "offer_discount"
    do(answerable, ada, service.claim, case_id)
    for door, told in seen(answerable, ada, decision_id, case_id).items():
        assert "offer_discount" not in repr(told), door
    assert look(answerable, ben, decisions.get, decision_id).outcome == "offer_discount"
    with pytest.raises(Conflict, match="Say first"):
        do(answerable, ada, service.give_verdict, case_id, verdict="approve")
    view = do(answerable, ada, judging.judge, case_id, outcome="no_offer")
    assert (view.blind, view.decision.outcome) == (False, "offer_discount")
    do(answerable, ada, service.give_verdict, case_id, verdict="approve")
    assert sound(answerable)


def test_a_second_look_that_nobody_gave_is_closed_a_month_after_it_was_due(
    answerable: Answerable, shop: Actor, ada: Actor, clock: SettableClock
) -> None:
    decision_id, case_id = released(answerable, shop)
    clock.advance(days=36)
    assert overdue.run(answerable) == 0
    do(answerable, ada, service.claim, case_id)
    clock.advance(days=1)
    assert overdue.run(answerable) == 1
    (case,) = cases(answerable, "check")
    assert (case.status, case.closed_at) == ("closed", clock.now())
    assert (row(answerable, decision_id).status, learnt(answerable, decision_id)) == (
        "released",
        None,
    )
    assert sound(answerable)
    with answerable.database.write() as session:
        session.execute(sa.update(Case).values(status="open", closed_at=None))
    assert [one for one in verify(answerable).findings if "cases.status" in one.what]


# ------------------------------------------------------------------------------------ doubles


def decided(answerable: Answerable, who: Actor, **said) -> tuple[str, str]:
    """Return a decision that somebody decided, and its case; the verdict can still be taken back."""
    made = decisions.ask(answerable, app_of(answerable), Asked(request=unsure()))
    do(answerable, who, service.claim, str(made.case_id))
    given = {"verdict": "approve", **said}
    do(answerable, who, service.give_verdict, str(made.case_id), **given)
    return str(made.id), str(made.case_id)


def app_of(answerable: Answerable) -> Actor:
    publish(answerable, DOUBLES)
    return app(answerable)


def seen(answerable: Answerable, who: Actor, decision_id: str, case_id: str) -> dict[str, object]:
    """Return all that somebody can see of a decision they hold a case of, door by door."""
    found: dict[str, object] = {}
    with answerable.look(who) as work:
        view = service.case_view(work, case_id)
        found["case"] = [
            getattr(view, name) for name in view.__slots__ if name not in {"policy", "changes"}
        ]
        found["lists"] = [
            [getattr(one, name) for name in one.__slots__ if name != "policy"]
            for status in ("open", "decided")
            for one in service.list_cases(work, status=status).cases
        ]
        others = sa.select(Case.id).where(Case.decision_id == decision_id, Case.id != case_id)
        for other in work.session.execute(others).scalars():
            view = service.case_view(work, other)
            found[f"case {view.purpose}"] = (
                [
                    getattr(view, name)
                    for name in view.__slots__
                    if name not in {"policy", "changes"}
                ],
                service.last_act(work, other),
            )
        for name, act in (
            ("decision", lambda: decisions.get(work, decision_id)),
            ("story", lambda: explanations.story(work, decision_id)),
            ("search", lambda: decisions.search(work).decisions),
            ("filtered", lambda: decisions.search(work, status="changed").decisions),
            ("ledger", lambda: ledger.search(work, filters.Filters()).rows),
            ("truth", lambda: truth.truth_of(work, decision_id)),
            ("reversal", lambda: appeals.reversal(work, decision_id)),
            ("standing", lambda: appeals.standing(work, decision_id)),
            ("reviewer", lambda: explanations.explain(work, decision_id, audience="reviewer")),
            ("appeal", lambda: appeals.appeals_of(work, decision_id)),
            ("last act", lambda: service.last_act(work, case_id)),
        ):
            try:
                found[name] = act()
            except AnswerableError as refused:
                found[name] = refused.detail
    return found


def test_a_second_opinion_is_there_once_the_verdict_counts_and_only_for_another(
    answerable: Answerable, ada: Actor, ben: Actor, clock: SettableClock
) -> None:
    decision_id, _ = decided(answerable, ada)
    (double,) = cases(answerable, "double")
    assert (double.decision_id, double.opened_at) == (
        decision_id,
        clock.now() + timedelta(seconds=10),
    )
    for who in (ada, ben):
        assert do(answerable, who, service.next_case) is None
        assert look(answerable, who, service.waiting, 10) == 0
        with pytest.raises(NotFound):
            do(answerable, who, service.claim, double.id)
    clock.advance(seconds=10)
    assert do(answerable, ada, service.next_case) is None
    with pytest.raises(NotAllowed, match="gave a verdict"):
        do(answerable, ada, service.claim, double.id)
    found = do(answerable, ben, service.next_case)
    assert found is not None
    assert (found.id, found.purpose) == (double.id, "double")
    with pytest.raises(InvalidInput):
        do(answerable, ben, handling.hand_over, double.id, to=ada.id)


def test_no_door_tells_whoever_holds_a_second_opinion_what_was_proposed_or_decided(
    answerable: Answerable, ada: Actor, clock: SettableClock
) -> None:
    everything = of_roles(frozenset({Role.MANAGER, Role.AUDITOR}))
    owner = replace(colleague(answerable, "Ben"), permissions=everything)
    decision_id, first = decided(
        answerable, ada, verdict="change", outcome="offer_gift", reason="Canary: gifts work."
    )
    do(answerable, ada, handling.comment, first, words="Canary: I chose the gift.")
    clock.advance(seconds=10)
    do(answerable, app(answerable), truth.report_truth, decision_id, outcome="offer_gift")
    (double,) = cases(answerable, "double")
    assert look(answerable, owner, decisions.get, decision_id).outcome == "offer_gift"
    do(answerable, owner, service.claim, double.id)
    doors = seen(answerable, owner, decision_id, double.id)
    assert doors["filtered"] == [], "what fits a filter is told by it"
    for door, told in doors.items():
        for secret in ("offer_gift", "offer_discount", "Canary", "changed", "confidence_below"):
            assert secret not in repr(told), (door, secret)
    view = do(answerable, owner, service.give_verdict, double.id, outcome="no_offer")
    assert not view.blind
    assert [one.outcome for one in (*view.compared, *view.sign_offs)] == ["offer_gift", "no_offer"]
    assert row(answerable, decision_id).outcome == "offer_gift", "nothing about it changes"
    assert sound(answerable)


def test_a_second_opinion_is_an_outcome_and_stays_as_it_was_given(
    answerable: Answerable, ada: Actor, ben: Actor, clock: SettableClock
) -> None:
    decided(answerable, ada)
    clock.advance(seconds=10)
    (double,) = cases(answerable, "double")
    do(answerable, ben, service.claim, double.id)
    for said in ({}, {"outcome": "a pony"}, {"outcome": "no_offer", "verdict": "reject"}):
        with pytest.raises(InvalidInput):
            do(answerable, ben, service.give_verdict, double.id, **said)
    with pytest.raises(InvalidInput, match="sampled check"):
        do(answerable, ben, service.give_verdict, double.id, outcome="no_offer", reverse=True)
    view = do(answerable, ben, service.give_verdict, double.id, outcome="offer_discount")
    assert (view.undo, [one.verdict for one in view.sign_offs]) == (None, ["approve"])
    with pytest.raises(UndoPassed):
        do(answerable, ben, service.undo, double.id)


def test_taking_the_verdict_back_withdraws_the_second_opinion(
    answerable: Answerable, ada: Actor, ben: Actor, clock: SettableClock
) -> None:
    _, case_id = decided(answerable, ada)
    do(answerable, ada, service.undo, case_id)
    assert [one.status for one in cases(answerable, "double")] == ["closed"]
    do(answerable, ada, service.give_verdict, case_id, verdict="approve")
    clock.advance(seconds=10)
    assert [one.status for one in cases(answerable, "double")] == ["closed", "open"]
    assert look(answerable, ben, service.waiting, 10) == 1
    assert sound(answerable)


def test_where_nobody_else_works_the_queue_it_is_ones_own_second_look_a_month_later(
    answerable: Answerable, ada: Actor, clock: SettableClock
) -> None:
    decided(answerable, ada)
    (double,) = cases(answerable, "double")
    clock.advance(days=30)
    assert do(answerable, ada, service.next_case) is None
    clock.advance(seconds=10)
    view = do(answerable, ada, service.next_case)
    assert view is not None
    assert (view.id, view.own_second_look, view.blind) == (double.id, True, True)
    do(answerable, ada, service.give_verdict, double.id, outcome="offer_discount")
    assert sound(answerable)


def test_a_second_opinion_that_is_not_there_yet_is_no_news_for_a_mail(
    answerable: Answerable, ada: Actor, clock: SettableClock
) -> None:
    decided(answerable, ada)
    with answerable.look(the_service("tests")) as work:
        assert notices._waiting(work, ada.id) == 0
    clock.advance(days=31)
    with answerable.look(the_service("tests")) as work:
        assert notices._waiting(work, ada.id) == 1


# ------------------------------------------------------------------------------------ figures


def test_second_looks_become_the_figures_of_oversight(
    answerable: Answerable, ada: Actor, ben: Actor, clock: SettableClock
) -> None:
    both = RELEASES.replace("sample: 1", "sample: 1\n  double: 1")
    publish(answerable, both)
    shop = app(answerable)
    _, checked = released(answerable, shop)
    checks(answerable, ada, checked, verdict="change", outcome="offer_gift", reason="A gift.")
    released(answerable, shop)
    made = decisions.ask(answerable, shop, Asked(request=unsure()))
    do(answerable, ada, service.claim, str(made.case_id))
    do(answerable, ada, service.give_verdict, str(made.case_id), verdict="approve")
    clock.advance(seconds=10)
    (double,) = cases(answerable, "double")
    do(answerable, ben, service.claim, double.id)
    do(answerable, ben, service.give_verdict, double.id, outcome="no_offer")
    with answerable.look(person(answerable, "Cleo")) as work:
        policy = work.configuration.live[POINT].policy
        found = list(oversight.reviews(work, policy, "2026-11-23", "2026-11-23"))
        told = oversight.report(work, POINT, since="2026-11-23", until="2026-11-23")
    by_purpose = {one.purpose: one for one in found}
    check, first, second = (by_purpose[one] for one in ("check", "decide", "double"))
    assert (check.proposed, check.outcome, check.truth) == (
        "offer_discount",
        "offer_gift",
        "offer_gift",
    )
    assert (check.truth_from, check.pair) == ("later", None)
    assert (first.truth, first.truth_from) == ("no_offer", "double")
    assert (second.truth, second.outcome) == (None, "no_offer")
    assert first.pair == second.pair == made.id
    between = told["measures"]["agreement"]["between_people"]
    assert (between["units"], between["disagreeing"]) == (1, 1)
    # The check found the software wrong, which is no merit or fault of whoever follows it.
    assert told["measures"]["overrides"]["overall"]["error"]["of"] == [2, 2]
    assert told["measures"]["reliance"]["over"]["of"] == [1, 1]
    assert told["second_looks"] == {
        "check": {"given": 1, "waiting": 1, "not_looked_at": 0},
        "double": {"given": 1, "waiting": 0, "not_looked_at": 0},
    }


def test_ones_own_second_look_tells_steadiness_and_no_truth(
    answerable: Answerable, ada: Actor, clock: SettableClock
) -> None:
    decided(answerable, ada)
    clock.advance(days=30, seconds=10)
    (double,) = cases(answerable, "double")
    do(answerable, ada, service.claim, double.id)
    do(answerable, ada, service.give_verdict, double.id, outcome="no_offer")
    with answerable.look(person(answerable, "Cleo")) as work:
        policy = work.configuration.live[POINT].policy
        found = list(oversight.reviews(work, policy, "2026-11-01", "2026-12-31"))
        told = oversight.report(work, POINT, since="2026-11-01", until="2026-12-31")
    assert [one.truth for one in found] == [None, None]
    assert told["measures"]["agreement"]["own_second_look"]["units"] == 1
    assert told["measures"]["agreement"]["between_people"]["units"] == 0
