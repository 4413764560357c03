"""Several people at drafts, holds, cases and verdicts in any order: what must never happen does not."""

from __future__ import annotations

import atexit
import shutil
import tempfile
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path

import hypothesis
import pytest
import sqlalchemy as sa
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from governance.application import Answerable, open_installation
from governance.decisions import service as decisions
from governance.decisions.models import Decision
from governance.decisions.preparing import Asked
from governance.decisions.states import visible
from governance.errors import AnswerableError
from governance.holds import service as holds
from governance.holds.models import Hold
from governance.installation.service import create
from governance.ledger.models import LogRecord
from governance.permissions import Role, of_roles
from governance.points import service as points
from governance.points.models import PolicyVersion
from governance.requests import service as requests
from governance.requests.models import Request
from governance.reviews import overdue
from governance.reviews import service as reviews
from governance.reviews.models import Case, Verdict
from governance.settings import Settings
from tests.conftest import FULL, SettableClock
from tests.people import app, person, publish
from tests.retention import POINT, POLICY, QUEUE, request, unsure

START = datetime(2026, 11, 23, 10, tzinfo=UTC)
NAMES = ("Ada", "Ben", "Pia")
LEASE = timedelta(minutes=10)


@cache
def _home() -> Path:
    """Make an installation with a policy of Ada's and people once; each example works on a copy."""
    folder = Path(tempfile.mkdtemp(prefix="answerable-reviews-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    settings = Settings(home=folder / "home", highwater_dir=folder / "highwater")
    clock = SettableClock(START)
    create(settings, business_name="Corner & Co.", clock=clock)
    answerable = open_installation(settings, clock=clock)
    publish(answerable, _policy(10, 0))
    author, *_ = (person(answerable, name, queues=(QUEUE, "sales-leads")) for name in NAMES)
    with answerable.database.write() as session:
        session.execute(sa.update(PolicyVersion).values(drafted_by=author.reference))
    app(answerable)
    answerable.close()
    return folder


def _policy(undo: int, mark: int) -> str:
    """Return a policy by which the charges say how many people must sign a case off."""
    text = POLICY.replace("undo: 10s", f"undo: {undo}s").replace(
        "rules:\n",
        """\
rules:
  - {name: two-people, when: features.monthly_charges > 200, then: review, sign_offs: 2}
  - {name: three-people, when: features.monthly_charges > 300, then: review, sign_offs: 3}
""",
    )
    return text.replace("owner: sales-managers", f"owner: sales-managers-{mark}")


class PeopleAtWork(RuleBasedStateMachine):
    """Every person here may do everything that people do, so that only the rules keep them apart."""

    people = st.sampled_from(NAMES)
    #: Counted from the newest, so that people mostly meet at the same thing.
    recent = st.integers(0, 2)

    @initialize()
    def begin(self):
        self.folder = Path(tempfile.mkdtemp(prefix="answerable-example-"))
        shutil.copytree(_home(), self.folder, dirs_exist_ok=True)
        self.clock = SettableClock(START)
        settings = Settings(home=self.folder / "home", highwater_dir=self.folder / "highwater")
        self.answerable: Answerable = open_installation(settings, clock=self.clock)
        everything = frozenset({Role.MANAGER, Role.PUBLISHER})
        self.actors = {
            name: replace(
                person(self.answerable, name, queues=(QUEUE, "sales-leads")),
                roles=everything,
                permissions=of_roles(everything),
            )
            for name in NAMES
        }
        self.shop = app(self.answerable)
        self.drafted = 0
        self.cases: list[str] = []
        self.asked: list[str] = []
        self.leases: dict[str, tuple[str, datetime]] = {}
        self.counted: dict[str, tuple[str, str | None]] = {}
        for people in (3, 2, 1):
            self.ask(people=people)

    def teardown(self) -> None:
        if hasattr(self, "answerable"):
            self.answerable.close()
            shutil.rmtree(self.folder)

    def do(self, who: str, act, *arguments, **more):
        """Do one act of a person in a unit of work; None when it was refused, and then nothing was written."""
        before = self.entries()
        try:
            with self.answerable.work(self.actors[who]) as work:
                done = act(work, *arguments, **more)
        except AnswerableError:
            assert self.entries() == before, "what is refused leaves no trace"
            return None
        assert self.entries() > before, "what is done has an entry"
        return done

    def entries(self) -> int:
        with self.answerable.database.read() as session:
            return session.execute(sa.select(sa.func.count()).select_from(LogRecord)).scalar_one()

    def rows(self, table):
        with self.answerable.database.read() as session:
            return list(session.execute(sa.select(table)).scalars())

    def holder(self, case_id: str) -> str | None:
        name, until = self.leases.get(case_id, ("", START))
        return name if self.clock.now() < until else None

    # ------------------------------------------------------------------------ drafts and holds

    @rule(
        who=people,
        undo=st.sampled_from([0, 10]),
        confirming=st.sampled_from([None, *NAMES]),
    )
    def draft(self, who, undo, confirming):
        self.drafted += 1
        made = self.do(who, points.draft, _policy(undo, self.drafted), "Better.")
        assert made is not None
        self.asked.append(made.request_id)
        if confirming is not None:
            confirmed = self.do(confirming, requests.confirm, made.request_id)
            assert (confirmed is None) == (confirming == who)

    @rule(who=people, act=st.sampled_from(["hold", "hold all", "lift", "step back"]))
    def hold_or_lift_or_step_back(self, who, act):
        standing = [row for row in self.rows(Hold) if row.lifted_at is None]
        if act == "step back":
            made = self.do(who, points.restore_before, POINT, "It was better before.")
        elif act == "lift" and standing:
            made = self.do(who, holds.request_lift, standing[0].id, "Go on.")
        else:
            self.do(who, holds.set_hold, None if act == "hold all" else POINT, "Stop.")
            return
        if made is not None:
            self.asked.append(made.id)

    @precondition(lambda self: self.asked)
    @rule(who=people, back=recent, decline=st.sampled_from([False, False, False, True]))
    def answer_a_request(self, who, back, decline):
        request_id = self.asked[-1 - back % len(self.asked)]
        if decline:
            self.do(who, requests.decline, request_id, "No.")
            return
        done = self.do(who, requests.confirm, request_id, "Yes.")
        if done is not None:
            assert done.requested_by != self.actors[who].reference

    # --------------------------------------------------------------------------------- decisions

    @rule(people=st.integers(0, 3))
    def ask(self, people):
        held = any(row.lifted_at is None for row in self.rows(Hold))
        asking = request() if people == 0 else unsure()
        if people:
            asking = unsure(features={**asking.features, "monthly_charges": people * 101.0})
        made = decisions.ask(self.answerable, self.shop, Asked(request=asking))
        assert (made.status == "released") == (people == 0 and not held)
        if made.case_id is not None:
            self.cases.append(made.case_id)

    @rule(back=recent)
    def withdraw(self, back):
        case_id = self.case(back)
        with self.answerable.database.read() as session:
            decision_id = session.get_one(Case, case_id).decision_id
        try:
            with self.answerable.work(self.shop) as work:
                decisions.withdraw(work, decision_id)
        except AnswerableError:
            return
        assert decision_id not in self.counted
        self.leases.pop(case_id, None)

    # -------------------------------------------------------------------------------------- cases

    def case(self, back: int) -> str:
        return self.cases[-1 - back % len(self.cases)]

    @rule(who=people, back=recent, act=st.sampled_from(["claim", "release", "escalate", "next"]))
    def handle(self, who, back, act):
        {
            "claim": self.claim,
            "release": self.release,
            "escalate": self.escalate,
            "next": lambda who, _: self.take_the_next(who),
        }[act](who, self.case(back))

    @rule(
        who=people,
        back=recent,
        kind=st.sampled_from(["approve", "approve", "change", "reject"]),
        claiming=st.sampled_from([True, True, False]),
        regret_after=st.sampled_from([None, 0, 4, 10]),
    )
    def judge(self, who, back, kind, claiming, regret_after):
        self.decide(who, self.case(back), kind, claiming=claiming)
        if regret_after is not None:
            self.undo(who, self.case(back), timedelta(seconds=regret_after))

    @rule(back=recent, kind=st.sampled_from(["approve", "change", "reject"]))
    def all_say_the_same(self, back, kind):
        for who in NAMES:
            self.decide(who, self.case(back), kind, claiming=True)

    @rule(who=people, back=recent, late=st.sampled_from([0, 4, 10]))
    def think_again(self, who, back, late):
        self.undo(who, self.case(back), timedelta(seconds=late))

    def undo(self, who: str, case_id: str, late: timedelta) -> None:
        self.clock.set(self.clock.now() + late)
        self.what_counted_once_counts_for_ever()
        holder = self.holder(case_id)
        done = self.do(who, reviews.undo, case_id)
        if done is not None:
            assert done.decision.id not in self.counted, "what has counted is never taken back"
            if holder is None:
                self.leases[case_id] = (who, self.clock.now() + LEASE)

    def claim(self, who: str, case_id: str) -> None:
        holder = self.holder(case_id)
        if self.do(who, reviews.claim, case_id) is not None:
            assert holder in {None, who}, "two people never hold one case"
            self.leases[case_id] = (who, self.clock.now() + LEASE)

    def take_the_next(self, who: str) -> None:
        mine = {case for case in self.leases if self.holder(case) == who}
        before = self.entries()
        with self.answerable.work(self.actors[who]) as work:
            view = reviews.next_case(work)
        if view is None:
            return
        if self.entries() == before:
            assert view.id in mine
        else:
            assert self.holder(view.id) is None
            self.leases[view.id] = (who, self.clock.now() + LEASE)

    def release(self, who: str, case_id: str) -> None:
        if self.do(who, reviews.release, case_id) is not None:
            assert self.leases.pop(case_id)[0] == who

    def decide(self, who: str, case_id: str, kind: str, *, claiming: bool) -> None:
        if claiming:
            self.claim(who, case_id)
        holder = self.holder(case_id)
        done = self.do(
            who,
            reviews.give_verdict,
            case_id,
            verdict=kind,
            outcome="offer_gift" if kind == "change" else None,
            reason="Seen.",
        )
        if done is not None:
            assert holder in {None, who}
            assert self.leases.pop(case_id)[0] == who, "only who claimed it last decides it"

    def escalate(self, who: str, case_id: str) -> None:
        holder = self.holder(case_id)
        if self.do(who, reviews.escalate, case_id, reason="For you.") is not None:
            assert holder in {None, who}
            self.leases.pop(case_id, None)

    # --------------------------------------------------------------------------------------- time

    @rule(passed=st.sampled_from([timedelta(seconds=4), timedelta(minutes=6), timedelta(hours=4)]))
    def time_passes(self, passed):
        self.clock.set(self.clock.now() + passed)

    @rule(back=recent, somebody=st.sampled_from([None, *NAMES]))
    def the_clock_strikes(self, back, somebody):
        self.clock.set(self.clock.now() + timedelta(hours=3, minutes=55))
        if somebody is not None:
            self.claim(somebody, self.case(back))
        self.clock.set(self.clock.now() + timedelta(minutes=6))
        held = {case for case in self.leases if self.holder(case) is not None}
        before = {row.id: row.revision for row in self.rows(Case)}
        overdue.run(self.answerable)
        moved = {row.id for row in self.rows(Case) if row.revision != before[row.id]}
        assert not moved & held, "nothing is taken out of somebody's hands"
        for case_id in moved:
            self.leases.pop(case_id, None)

    # ------------------------------------------------------------------------------ what must hold

    @invariant()
    def nobody_confirmed_what_they_asked_for_or_wrote(self):
        for row in self.rows(Request):
            assert row.status != "confirmed" or row.closed_by != row.requested_by
        for row in self.rows(PolicyVersion):
            if row.published_by is not None and row.published_by != "service:tests":
                assert row.published_by != row.drafted_by

    @invariant()
    def a_case_is_decided_once_by_enough_people_of_one_mind(self):
        authors = {row.version: row.drafted_by for row in self.rows(PolicyVersion)}
        ruled = {row.id: row for row in self.rows(Decision)}
        standing: dict[str, list[Verdict]] = {}
        for verdict in self.rows(Verdict):
            if verdict.undone_at is None:
                standing.setdefault(verdict.case_id, []).append(verdict)
        for case in self.rows(Case):
            given = standing.get(case.id, [])
            decision = ruled[case.decision_id]
            assert len({verdict.person_id for verdict in given}) == len(given)
            deciding = [verdict for verdict in given if verdict.decides]
            assert len(deciding) == (1 if case.status == "decided" else 0)
            for verdict in deciding:
                agreeing = [other for other in given if other.outcome == verdict.outcome]
                assert len(agreeing) == case.sign_offs
                assert decision.outcome == verdict.outcome
            if case.sign_offs > 1:
                author = authors[decision.policy_version]
                assert author not in {f"person:{verdict.person_id}" for verdict in given}
            waits = case.status == "open"
            assert waits == (decision.status == "in_review")

    @invariant()
    def what_counted_once_counts_for_ever(self):
        now = self.clock.now()
        for row in self.rows(Decision):
            status, outcome = visible(row.status, row.outcome, row.effective_at, now)
            if row.id in self.counted:
                assert (status, outcome) == self.counted[row.id]
            elif status != "in_review":
                self.counted[row.id] = (status, outcome)
            if status == "lapsed":
                assert outcome == "no_offer"


TestPeopleAtWork = pytest.mark.timeout(1800)(PeopleAtWork.TestCase)
TestPeopleAtWork.settings = hypothesis.settings(
    max_examples=300 if FULL else 25, stateful_step_count=40 if FULL else 30
)
