"""Counts by group follow what happens to decisions, once each, on both databases."""

from __future__ import annotations

import random

import pytest
import sqlalchemy as sa

from audits.fairness.counts import NEVER, RIGHT, WRONG, ReasonKind, Result, Reviewed, Routed, Stage
from governance.actors import Actor, service
from governance.appeals import service as appeals
from governance.appeals import subject_page
from governance.application import Answerable
from governance.counting import folding, reading, reconciling
from governance.counting.groups import MOST_VALUES, OTHERS
from governance.counting.models import CellRow, OverrideRow, PathRow, ScoreRow, ScoreStep
from governance.counting.regrouping import record_groups
from governance.decisions import service as decisions
from governance.decisions.asking import DecisionRequest
from governance.decisions.preparing import Asked
from governance.deltas.models import CountDelta
from governance.errors import InvalidInput, NotAllowed, NotFound
from governance.reviews import overdue
from governance.reviews import service as reviews
from governance.reviews.models import Case
from governance.subjects.models import PayloadRow
from governance.truth import service as truth
from tests.people import app, person, publish
from tests.retention import POINT, POLICY, QUEUE, request, unsure

STRATIFIED = POLICY.replace(
    "label: {en: Contract}}", "label: {en: Contract}, stratum: true}"
).replace("notice:", "measure: {positive: offer_discount, enough: 2, maturity: 2d}\nnotice:")
FEMALE_60 = (("age_band", "60+"), ("gender", "female"))


@pytest.fixture
def shop(answerable: Answerable) -> Actor:
    publish(answerable, STRATIFIED)
    return app(answerable)


@pytest.fixture
def ada(answerable: Answerable) -> Actor:
    return person(answerable, "Ada", queues=(QUEUE,))


def fold(answerable: Answerable) -> int:
    taken = 0
    while some := folding.fold(answerable):
        taken += some
    return taken


def counts(answerable: Answerable):
    with answerable.look(service("tests")) as work:
        return reading.counts(work, POINT)


def cells(answerable: Answerable, stage: Stage) -> dict:
    return {
        (cell.group, cell.value, cell.truth): cell.count
        for cell in counts(answerable).cells
        if cell.stage is stage
    }


def agree(answerable: Answerable) -> bool:
    return reconciling.reconcile(answerable, service("tests")).differing == 0


def case_of(answerable: Answerable, decision_id: str | None) -> str:
    with answerable.database.read() as session:
        return session.execute(
            sa.select(Case.id).where(Case.decision_id == decision_id)
        ).scalar_one()


def verdict(answerable: Answerable, who: Actor, decision_id: str | None, kind: str, **said) -> None:
    case_id = case_of(answerable, decision_id)
    with answerable.work(who) as work:
        reviews.claim(work, case_id)
        reviews.give_verdict(work, case_id, verdict=kind, **said)


def test_a_released_decision_is_counted_by_its_group_at_each_stage(answerable, shop):
    decisions.ask(answerable, shop, Asked(request=request()))
    assert fold(answerable) == 1
    assert fold(answerable) == 0
    assert cells(answerable, Stage.PROPOSAL) == {(FEMALE_60, "offer_discount", ""): 1}
    assert cells(answerable, Stage.ROUTING) == {(FEMALE_60, Routed.RELEASED, ""): 1}
    assert cells(answerable, Stage.OUTCOME) == {(FEMALE_60, "offer_discount", ""): 1}
    assert cells(answerable, Stage.REVIEW) == {}
    found = counts(answerable)
    assert [(one.result, one.count) for one in found.scores] == [(Result.UNLABELLED_POSITIVE, 1)]
    assert {(one.stage, one.feature, one.positive) for one in found.strata} == {
        (Stage.PROPOSAL, "contract", True),
        (Stage.OUTCOME, "contract", True),
    }
    assert found.versions == {1: 1}
    assert agree(answerable)


def test_what_a_person_changes_moves_from_waiting_to_away_and_says_how_long_it_took(
    answerable, clock, shop, ada
):
    view = decisions.ask(answerable, shop, Asked(request=unsure()))
    fold(answerable)
    assert cells(answerable, Stage.REVIEW) == {(FEMALE_60, Reviewed.WAITING, ""): 1}
    assert cells(answerable, Stage.OUTCOME) == {(FEMALE_60, "", ""): 1}
    clock.advance(minutes=12)
    verdict(answerable, ada, view.id, "reject", reason="No.")
    assert fold(answerable) == 0, "it could still be undone"
    clock.advance(seconds=11)
    assert fold(answerable) == 1
    assert cells(answerable, Stage.REVIEW) == {(FEMALE_60, Reviewed.AWAY, ""): 1}
    assert cells(answerable, Stage.OUTCOME) == {(FEMALE_60, "no_offer", ""): 1}
    found = counts(answerable)
    assert [(one.at_most, one.count) for one in found.waits] == [(15, 1)]
    rules = [one.name for one in found.reasons if one.kind is ReasonKind.RULE]
    assert rules == ["review.confidence_below"]
    assert agree(answerable)


def test_a_verdict_that_is_undone_leaves_no_trace_in_the_counts(answerable, clock, shop, ada):
    view = decisions.ask(answerable, shop, Asked(request=unsure()))
    fold(answerable)
    verdict(answerable, ada, view.id, "approve")
    with answerable.work(ada) as work:
        reviews.undo(work, case_of(answerable, view.id))
    with answerable.database.read() as session:
        assert session.execute(sa.select(CountDelta)).first() is None
    clock.advance(hours=1)
    assert fold(answerable) == 0
    assert cells(answerable, Stage.REVIEW) == {(FEMALE_60, Reviewed.WAITING, ""): 1}


def test_a_case_that_lapses_and_one_that_is_withdrawn_are_told_apart(answerable, clock, shop):
    lapsing = decisions.ask(answerable, shop, Asked(request=unsure()))
    withdrawn = decisions.ask(answerable, shop, Asked(request=unsure()))
    assert lapsing.id != withdrawn.id
    with answerable.work(shop) as work:
        decisions.withdraw(work, withdrawn.id)
    for _ in range(2):
        clock.advance(days=2)
        overdue.run(answerable)
    fold(answerable)
    assert cells(answerable, Stage.REVIEW) == {
        (FEMALE_60, Reviewed.LAPSED, ""): 1,
        (FEMALE_60, Reviewed.WITHDRAWN, ""): 1,
    }
    assert agree(answerable)


def test_ground_truth_moves_a_decision_to_its_label_and_ratings_are_counted(
    answerable, clock, shop
):
    first = decisions.ask(answerable, shop, Asked(request=request()))
    second = decisions.ask(answerable, shop, Asked(request=request()))
    fold(answerable)
    with answerable.work(shop) as work:
        truth.report_truth(work, first.id, outcome="no_offer")
        truth.report_truth(work, second.id, never=True)
        truth.report_feedback(work, first.id, scale="csat", rating=4)
    with answerable.work(shop) as work:
        truth.report_feedback(work, first.id, scale="csat", rating=2)
    fold(answerable)
    assert cells(answerable, Stage.PROPOSAL) == {
        (FEMALE_60, "offer_discount", "no_offer"): 1,
        (FEMALE_60, "offer_discount", NEVER): 1,
    }
    assert cells(answerable, Stage.ROUTING)[FEMALE_60, Routed.RELEASED, WRONG] == 1
    assert [(one.scale, one.rating, one.count) for one in counts(answerable).ratings] == [
        ("csat", 2, 1)
    ]
    assert {cell.mature for cell in counts(answerable).cells} == {False}
    clock.advance(days=3)
    assert {cell.mature for cell in counts(answerable).cells} == {True}
    with answerable.work(shop) as work:
        truth.report_truth(work, first.id, outcome="offer_discount")
    fold(answerable)
    assert cells(answerable, Stage.ROUTING)[FEMALE_60, Routed.RELEASED, RIGHT] == 1
    assert agree(answerable)


def test_ground_truth_that_does_not_fit_is_refused_and_others_decisions_are_not_found(
    answerable, shop
):
    view = decisions.ask(answerable, shop, Asked(request=request()))
    other = app(answerable, "other")
    for said in ({}, {"outcome": "a yacht"}, {"outcome": "no_offer", "never": True}):
        with pytest.raises(InvalidInput), answerable.work(shop) as work:
            truth.report_truth(work, view.id, **said)
    for scale, rating in (("csat", 0), ("csat", 6), ("nps", 11), ("stars", 3)):
        with pytest.raises(InvalidInput), answerable.work(shop) as work:
            truth.report_feedback(work, view.id, scale=scale, rating=rating)
    with pytest.raises(NotFound), answerable.work(other) as work:
        truth.report_truth(work, view.id, outcome="no_offer")
    with (
        pytest.raises(NotAllowed),
        answerable.work(app(answerable, "r", scope="decisions:read")) as work,
    ):
        truth.report_truth(work, view.id, outcome="no_offer")


def test_groups_uploaded_later_move_what_was_counted(answerable, clock, shop, ada):
    asked = unsure(subject={"ref": "c-1"})
    counted, fresh = (decisions.ask(answerable, shop, Asked(request=asked)) for _ in range(2))
    with answerable.database.write() as session:
        session.execute(sa.delete(CountDelta).where(CountDelta.decision_id == fresh.id))
        session.add(
            CountDelta(
                decision_id=fresh.id, was=None, now='{"s":"in_review","o":null}', ready_at=None
            )
        )
    while folding.fold(answerable, limit=1) and not cells(answerable, Stage.PROPOSAL):
        pass
    verdict(answerable, ada, counted.id, "approve")
    for view in (counted, fresh):
        with answerable.work_as_fairness(service("cli")) as work:
            assert record_groups(work, view.id, {"gender": "male"}, POINT)
        with answerable.work_as_fairness(service("cli")) as work:
            assert not record_groups(work, view.id, {"gender": "male"}, POINT)
    clock.advance(minutes=1)
    fold(answerable)
    male = (("gender", "male"),)
    assert cells(answerable, Stage.PROPOSAL) == {(male, "offer_discount", ""): 2}
    assert cells(answerable, Stage.REVIEW) == {
        (male, Reviewed.KEPT, ""): 1,
        (male, Reviewed.WAITING, ""): 1,
    }
    assert agree(answerable)
    for point, told in (
        (POINT, {"shoe": "38"}),
        (POINT, {"gender": " "}),
        ("other", {"gender": "x"}),
    ):
        with (
            pytest.raises((InvalidInput, NotFound)),
            answerable.work_as_fairness(service("cli")) as work,
        ):
            record_groups(work, counted.id, told, point)


def test_an_attribute_cannot_fill_the_counts_with_ever_new_values(answerable, shop):
    for number in range(MOST_VALUES + 5):
        groups = {"gender": f"g{number}"}
        asked = request(subject={"ref": f"c-{number}", "groups": groups})
        decisions.ask(answerable, shop, Asked(request=asked))
    fold(answerable)
    found = cells(answerable, Stage.PROPOSAL)
    assert len(found) == MOST_VALUES + 1
    assert found[(("gender", OTHERS),), "offer_discount", ""] == 5
    assert agree(answerable)


def test_counts_that_were_edited_are_found_and_put_right(answerable, shop):
    decisions.ask(answerable, shop, Asked(request=request()))
    fold(answerable)
    with answerable.database.write() as session:
        session.execute(sa.update(CellRow).where(CellRow.stage == "proposal").values(n=7))
        session.execute(sa.delete(ScoreRow))
    assert reconciling.reconcile(answerable, service("tests")).differing == 2
    assert agree(answerable)
    assert cells(answerable, Stage.PROPOSAL) == {(FEMALE_60, "offer_discount", ""): 1}


def test_what_is_counted_of_somebody_erased_stays(answerable, shop):
    view = decisions.ask(answerable, shop, Asked(request=request()))
    fold(answerable)
    with answerable.database.write() as session:
        session.execute(sa.delete(PayloadRow).where(PayloadRow.record_id == view.id))
    with answerable.work(shop) as work:
        truth.report_truth(work, view.id, outcome="no_offer")
    fold(answerable)
    assert cells(answerable, Stage.PROPOSAL) == {(FEMALE_60, "offer_discount", ""): 1}
    assert reconciling.reconcile(answerable, service("tests")).erased == 1


def test_confidences_of_a_large_day_are_kept_in_hundredths_once_it_is_over(
    answerable, clock, shop, monkeypatch
):
    monkeypatch.setattr(reconciling, "_EXACT_ROWS", 2)
    for confidence in (0.851, 0.852, 0.9, 1.0):
        decisions.ask(answerable, shop, Asked(request=_sure(confidence)))
    fold(answerable)
    assert len(counts(answerable).scores) == 4
    clock.advance(days=1)
    assert agree(answerable)
    with answerable.database.read() as session:
        assert session.execute(sa.select(ScoreStep.step)).scalar_one() == 10_000
    kept = {(one.confidence, one.count) for one in counts(answerable).scores}
    assert kept == {(855_000, 2), (905_000, 1), (1_000_000, 1)}
    assert agree(answerable), "what is compared later is as coarse"


def test_confidences_of_a_large_month_are_kept_under_one_day_once_it_is_long_over(
    answerable, clock, shop, monkeypatch
):
    monkeypatch.setattr(reconciling, "_EXACT_ROWS", 1)
    monkeypatch.setattr(reconciling, "_MONTH_ROWS", 2)
    made = []
    for _ in range(2):
        made += [
            decisions.ask(answerable, shop, Asked(request=_sure(confidence)))
            for confidence in (0.851, 0.852, 0.9)
        ]
        clock.advance(days=1)
    fold(answerable)
    clock.advance(days=10)
    assert agree(answerable)
    with answerable.database.read() as session:
        kept = set(session.execute(sa.select(ScoreStep.kept_as)).scalars())
    assert kept == {"2026-11-23", "2026-11-24"}
    clock.advance(days=120)
    assert agree(answerable)
    with answerable.database.read() as session:
        assert set(session.execute(sa.select(ScoreRow.day)).scalars()) == {"2026-11-23"}
    with answerable.work(shop) as work:
        truth.report_truth(work, made[0].id, outcome="no_offer")
    fold(answerable)
    found = {(one.result, one.confidence, one.count) for one in counts(answerable).scores}
    assert found == {
        (Result.FALSE_POSITIVE, 855_000, 1),
        (Result.UNLABELLED_POSITIVE, 855_000, 3),
        (Result.UNLABELLED_POSITIVE, 905_000, 2),
    }
    assert agree(answerable)


def test_whatever_happens_in_whatever_order_the_counts_agree_with_the_rows(
    answerable, clock, shop, ada
):
    chance = random.Random(3)
    made: list[str] = []

    def ask():
        groups = {} if chance.random() < 0.2 else {"gender": chance.choice(["female", "male"])}
        asked = chance.choice([request, unsure])(subject={"ref": "c", "groups": groups})
        made.append(str(decisions.ask(answerable, shop, Asked(request=asked)).id))

    def decide():
        verdict(
            answerable, ada, chance.choice(made), chance.choice(["approve", "reject"]), reason="r"
        )

    def undo():
        with answerable.work(ada) as work:
            reviews.undo(work, case_of(answerable, chance.choice(made)))

    def label():
        with answerable.work(shop) as work:
            outcome = chance.choice(["offer_discount", "offer_gift", "no_offer", None])
            truth.report_truth(work, chance.choice(made), outcome=outcome, never=outcome is None)

    def group():
        with answerable.work_as_fairness(service("cli")) as work:
            told = {"age_band": chance.choice(["60+", "18-29"])}
            record_groups(work, chance.choice(made), told, POINT)

    ask()
    for _ in range(60):
        act = chance.choice([ask, ask, decide, decide, undo, label, group])
        try:
            act()
        except Exception as error:
            if type(error).__module__ not in {"governance.errors", "sqlalchemy.exc"}:
                raise
        clock.advance(seconds=chance.choice([0, 3, 20]))
        if chance.random() < 0.4:
            folding.fold(answerable, limit=chance.choice([1, 2, 400]))
        if chance.random() < 0.2:
            assert agree(answerable)
    clock.advance(minutes=5)
    fold(answerable)
    assert agree(answerable)
    assert sum(cells(answerable, Stage.PROPOSAL).values()) == len(made)


def _sure(confidence: float) -> DecisionRequest:
    return request(proposal={"outcome": "offer_discount", "confidence": confidence})


def objects(answerable: Answerable, decision_id: str) -> str:
    with answerable.work(subject_page.actor()) as work:
        return appeals.open_appeal(work, decision_id, words="Look at it again.").case_id


def answers(answerable: Answerable, person: Actor, case_id: str, **said) -> None:
    with answerable.work(person) as work:
        reviews.claim(work, case_id)
    with answerable.work(person) as work:
        appeals.answer(work, case_id, answer="We looked.", **said)


def test_objections_are_counted_by_group_and_what_reverses_is_no_decision_more(
    answerable: Answerable, shop: Actor, ada: Actor
) -> None:
    ids = [str(decisions.ask(answerable, shop, Asked(request=request())).id) for _ in range(4)]
    fold(answerable)
    before = cells(answerable, Stage.OUTCOME)
    cases = [objects(answerable, decision_id) for decision_id in ids[:3]]
    fold(answerable)
    assert appealed(answerable) == {(FEMALE_60, "open"): 3}
    answers(answerable, ada, cases[0], upheld=True, outcome="no_offer")
    answers(answerable, ada, cases[1], upheld=False)
    with answerable.work(subject_page.actor()) as work:
        appeals.withdraw(work, ids[2])
    fold(answerable)
    assert appealed(answerable) == {
        (FEMALE_60, "upheld"): 1,
        (FEMALE_60, "dismissed"): 1,
        (FEMALE_60, "withdrawn"): 1,
    }
    # Whoever takes an objection back has none; what reverses is no decision made by a person.
    assert overseen(answerable)[1] == {
        (FEMALE_60, "automated", True, True): 1,
        (FEMALE_60, "automated", True, False): 1,
        (FEMALE_60, "automated", False, None): 2,
    }
    assert cells(answerable, Stage.OUTCOME) == before
    assert sum(cells(answerable, Stage.PROPOSAL).values()) == 4
    assert reconciling.reconcile(answerable, service("tests")).differing == 0


def test_a_decision_objected_to_twice_counts_once_by_what_weighs_more(
    answerable: Answerable, shop: Actor, ada: Actor
) -> None:
    decision_id = str(decisions.ask(answerable, shop, Asked(request=request())).id)
    answers(answerable, ada, objects(answerable, decision_id), upheld=False)
    ben = person(answerable, "Ben", queues=(QUEUE,))
    case_id = objects(answerable, decision_id)
    fold(answerable)
    assert appealed(answerable) == {(FEMALE_60, "open"): 1}
    answers(answerable, ben, case_id, upheld=True, outcome="no_offer")
    fold(answerable)
    assert appealed(answerable) == {(FEMALE_60, "upheld"): 1}
    assert reconciling.reconcile(answerable, service("tests")).differing == 0


def appealed(answerable: Answerable) -> dict:
    """Return the counted objections by group and by what became of them."""
    return {
        (cell.group, cell.value): cell.count
        for cell in counts(answerable).cells
        if cell.stage is Stage.APPEAL
    }


def overseen(answerable: Answerable):
    with answerable.look(service("tests")) as work:
        overrides, appealed = reading.overseen(work, POINT, "2000-01-01", "2100-01-01")
    return (
        {
            (one.group, one.band, one.positive, one.overridden): one.count
            for one in overrides
            if one.count
        },
        {
            (one.group, one.path, one.appealed, one.overturned): one.count
            for one in appealed
            if one.count
        },
    )


def test_what_a_person_turns_round_is_counted_by_group_and_band_and_moves_with_the_group(
    answerable, clock, shop, ada
):
    views = [decisions.ask(answerable, shop, Asked(request=unsure())) for _ in range(4)]
    decisions.ask(answerable, shop, Asked(request=request()))
    fold(answerable)
    assert overseen(answerable) == ({}, {(FEMALE_60, "automated", False, None): 1})
    verdict(answerable, ada, views[0].id, "reject", reason="No.")
    verdict(answerable, ada, views[1].id, "approve")
    # A gift is none of what this policy measures as positive, so this turns round too.
    verdict(answerable, ada, views[2].id, "change", outcome="offer_gift", reason="Nicer.")
    verdict(answerable, ada, views[3].id, "approve")
    with answerable.work(ada) as work:
        reviews.undo(work, case_of(answerable, views[3].id))
    clock.advance(hours=1)
    fold(answerable)
    overrides, paths = overseen(answerable)
    assert overrides == {
        (FEMALE_60, "0.5-0.6", True, True): 2,
        (FEMALE_60, "0.5-0.6", True, False): 1,
    }
    assert paths == {
        (FEMALE_60, "automated", False, None): 1,
        (FEMALE_60, "reviewed", False, None): 3,
    }
    assert agree(answerable)
    with answerable.work_as_fairness(service("tests")) as work:
        record_groups(work, str(views[0].id), {"gender": "male"}, POINT)
    moved = (("age_band", "60+"), ("gender", "male"))
    assert overseen(answerable)[0] == {
        (moved, "0.5-0.6", True, True): 1,
        (FEMALE_60, "0.5-0.6", True, True): 1,
        (FEMALE_60, "0.5-0.6", True, False): 1,
    }
    assert agree(answerable)


def test_counts_of_oversight_that_went_wrong_are_made_good(answerable, shop, clock, ada):
    view = decisions.ask(answerable, shop, Asked(request=unsure()))
    verdict(answerable, ada, view.id, "reject", reason="No.")
    clock.advance(hours=1)
    fold(answerable)
    right = overseen(answerable)
    with answerable.database.write() as session:
        session.execute(sa.delete(OverrideRow))
        session.execute(sa.update(PathRow).values(n=7))
    assert not agree(answerable)
    assert overseen(answerable) == right
    assert agree(answerable)
