"""What is done for many decisions at once is what would be done for each alone, and is tried in every state a decision can be in."""

from __future__ import annotations

import contextlib
import random
from dataclasses import replace
from datetime import timedelta

import pytest
import sqlalchemy as sa

from audits.log.entries import EntryKind
from governance.actors import service
from governance.application import Answerable
from governance.counting import folding, reconciling, regrouping
from governance.counting.models import (
    CellRow,
    RatingRow,
    ReasonRow,
    ScoreRow,
    StratumRow,
    WaitRow,
)
from governance.decisions import service as decisions
from governance.decisions.models import Decision
from governance.decisions.preparing import Asked
from governance.deltas.models import CountDelta
from governance.errors import AnswerableError, NotAllowed
from governance.imports import many
from governance.imports.many import Report
from governance.ledger.models import LogRecord
from governance.ledger.sequencing import drain
from governance.operations import verifying
from governance.permissions import Permission
from governance.points import service as points
from governance.reviews import service as reviews
from governance.reviews.models import Case
from governance.subjects.models import PayloadRow
from governance.truth import service as truth
from governance.truth.models import GroundTruth
from tests import accounts
from tests.conftest import Beginning
from tests.people import app
from tests.retention import POINT, POLICY, QUEUE, request, unsure

CLI = service("cli")


def fill(answerable: Answerable) -> list[str]:
    """Make decisions: released, in review, decided and effective, decided and still to be undone; half of them counted, some with truth, one erased."""
    with answerable.work(CLI) as work:
        points.bootstrap_publish(work, POLICY)
        points.bootstrap_publish(work, POLICY.replace("offer_gift:", "offer_tea:"))
        points.bootstrap_publish(work, POLICY)
    ada = accounts.join(answerable, "Ada", "manager", queues=[QUEUE])
    shop = app(answerable)
    ids: list[str] = []

    def ask(asked) -> str:
        ids.append(str(decisions.ask(answerable, shop, Asked(request=asked)).id))
        return ids[-1]

    def decide(decision_id: str, verdict: str) -> None:
        with answerable.database.read() as session:
            case = session.execute(
                sa.select(Case.id).where(Case.decision_id == decision_id)
            ).scalar_one()
        with answerable.work(ada) as work:
            reviews.claim(work, case)
            reviews.give_verdict(work, case, verdict=verdict, reason="So.")

    for half in (0, 1):
        for number in range(4):
            ask(request(subject={"ref": f"c-{number}", "groups": {"gender": "female"}}))
            ask(request(subject=None))
        waiting = [ask(unsure(subject={"ref": f"w-{n}", "groups": {}})) for n in range(3)]
        answerable.clock.advance(minutes=7)
        decide(waiting[0], "approve")
        answerable.clock.advance(minutes=1)
        decide(waiting[1], "reject")
        with answerable.work(CLI) as work:
            truth.report_truth(work, ids[-1], outcome="no_offer")
            truth.report_truth(work, ids[-2], never=True)
            truth.report_truth(work, ids[-6], outcome="offer_gift", known_at=answerable.clock.now())
        if half == 0:
            while folding.fold(answerable):
                pass
    with answerable.database.write() as session:
        session.execute(sa.delete(PayloadRow).where(PayloadRow.record_id == ids[2]))
        # One was decided under a policy that knows another outcome.
        session.execute(sa.update(Decision).where(Decision.id == ids[4]).values(policy_version=2))
    return ids


@pytest.fixture
def beginning(request: pytest.FixtureRequest) -> Beginning | None:
    return Beginning("half-counted", fill) if "made" in request.fixturenames else None


@pytest.fixture
def made(begun: list[str]) -> list[str]:
    return begun


def agreed(answerable: Answerable, clock) -> None:
    clock.advance(minutes=5)
    while folding.fold(answerable):
        pass
    reconciled = reconciling.reconcile(answerable, service("tests"))
    assert reconciled.erased == 1


@pytest.mark.parametrize("seed", range(4))
def test_truth_for_many_is_truth_for_each(
    answerable: Answerable, made: list[str], clock, seed: int
) -> None:
    dice = random.Random(seed)
    reports = [
        Report(
            decision_id=one,
            outcome=dice.choice([None, "offer_gift", "no_offer"]),
            known_at=dice.choice([None, clock.now() - timedelta(days=1)]),
        )
        for one in dice.sample(made, len(made) - seed)
    ]
    pictures = []
    for way in ("each", "many"):
        with answerable.work(CLI) as work:
            if way == "many":
                stored = many.report_truths(work, reports)
            else:
                _each(work, reports)
            work.session.flush()
            pictures.append(_inside(work))
            work.session.rollback()
    assert pictures[0] == pictures[1]
    expected = {report.decision_id for report in reports if report.outcome == "offer_gift"}
    assert stored.unfit == expected & {made[4]}
    with answerable.work(CLI) as work:
        many.report_truths(work, reports)
    with answerable.work(CLI) as work:
        again = many.report_truths(work, reports)
    assert (again.new, again.gone) == (frozenset(), frozenset())
    agreed(answerable, clock)


def _each(work, reports: list[Report]) -> None:
    for report in reports:
        with contextlib.suppress(AnswerableError):
            truth.report_truth(
                work,
                report.decision_id,
                outcome=report.outcome,
                never=report.outcome is None,
                known_at=report.known_at,
            )


def _inside(work) -> dict[str, object]:
    """Return what a transaction has changed, before it is undone."""
    work.session.expire_all()
    rows = {
        table.__tablename__: sorted(
            str({c.name: getattr(row, c.name) for c in table.__table__.columns if c.name != "id"})
            for row in work.session.execute(sa.select(table)).scalars()
            if getattr(row, "n", 1)
        )
        for table in (
            GroundTruth,
            CountDelta,
            CellRow,
            ScoreRow,
            WaitRow,
            StratumRow,
            ReasonRow,
            RatingRow,
        )
    }
    entries = work.session.execute(
        sa.select(LogRecord.kind, LogRecord.decision_id).where(
            LogRecord.kind.in_([EntryKind.GROUND_TRUTH_REPORTED, EntryKind.GROUPS_RECORDED])
        )
    )
    return rows | {"entries": sorted(map(str, entries))}


@pytest.mark.parametrize("seed", range(4))
def test_groups_for_many_are_groups_for_each(
    answerable: Answerable, made: list[str], clock, seed: int
) -> None:
    dice = random.Random(seed)
    told = {
        one: dice.choice(
            [{"gender": "male"}, {"gender": " female "}, {"age_band": "60+", "gender": "x"}]
        )
        for one in dice.sample(made, len(made) - seed)
    }
    pictures = []
    for way in ("each", "many"):
        with answerable.work_as_fairness(CLI) as work:
            if way == "many":
                stored = many.record_groups(work, told, POINT)
            else:
                for one, groups in told.items():
                    with contextlib.suppress(AnswerableError):
                        regrouping.record_groups(work, one, groups, POINT)
            work.session.flush()
            pictures.append(_inside(work))
            work.session.rollback()
    assert pictures[0] == pictures[1]
    assert stored.gone == told.keys() & {made[2]}
    with answerable.work_as_fairness(CLI) as work:
        many.record_groups(work, told, POINT)
        assert many.record_groups(work, told, "elsewhere").gone == frozenset(told)
    with answerable.work_as_fairness(CLI) as work:
        assert many.record_groups(work, told, POINT).new == frozenset()
        assert many.record_groups(work, {made[0]: {"faith": "x"}}, POINT).unfit == {made[0]}
    agreed(answerable, clock)


def test_the_log_vouches_for_what_was_done_for_many(answerable: Answerable, clock) -> None:
    with answerable.work(CLI) as work:
        points.bootstrap_publish(work, POLICY)
    shop = app(answerable)
    ids = [str(decisions.ask(answerable, shop, Asked(request=request())).id) for _ in range(20)]
    with answerable.work(CLI) as work:
        many.report_truths(
            work, [Report(decision_id=one, outcome=None, known_at=clock.now()) for one in ids]
        )
    with answerable.work_as_fairness(CLI) as work:
        many.record_groups(work, {one: {"gender": "male"} for one in ids}, POINT)
    drain(answerable)
    assert [str(one) for one in verifying.verify(answerable).findings] == []


def test_who_may_not_may_not_for_many_either(answerable: Answerable, made: list[str]) -> None:
    anna = accounts.join(answerable, "Anna", "admin")
    report = [Report(decision_id=made[0], outcome=None, known_at=None)]
    for permissions in (
        set(),
        {Permission.TRUTH_REPORT},
        {Permission.LOG_READ, Permission.IMPORTS_RUN},
    ):
        actor = replace(anna, permissions=frozenset(permissions))
        with answerable.work(actor) as work, pytest.raises(NotAllowed):
            many.report_truths(work, report)
        with answerable.work_as_fairness(actor) as work, pytest.raises(NotAllowed):
            many.record_groups(work, {made[0]: {"gender": "male"}}, POINT)
