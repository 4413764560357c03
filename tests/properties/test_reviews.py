"""Several people at drafts, holds, cases and verdicts in any order: what must never happen does not."""

from __future__ import annotations

import shutil
import tempfile
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path

import hypothesis
import sqlalchemy as sa
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, invariant, rule

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
def _fresh_home() -> Path:
    """Make an installation with its policy and people once; each example works on a copy."""
    folder = Path(tempfile.mkdtemp(prefix="answerable-reviews-"))
    settings = Settings(home=folder / "home", highwater_dir=folder / "highwater")
    clock = SettableClock(START)
    create(settings, business_name="Corner & Co.", clock=clock)
    answerable = open_installation(settings, clock=clock)
    publish(answerable, POLICY)
    for name in NAMES:
        person(answerable, name, queues=(QUEUE, "sales-leads"))
    answerable.close()
    return folder


def _policy(sign_offs: int, undo: int, mark: int) -> str:
    text = POLICY.replace("undo: 10s", f"undo: {undo}s\n  sign_offs: {sign_offs}")
    return text.replace("owner: sales-managers", f"owner: sales-managers-{mark}")


class PeopleAtWork(RuleBasedStateMachine):
    """Every person here may do everything that people do, so that only the rules keep them apart."""

    cases = Bundle("cases")
    asked = Bundle("asked")
    people = st.sampled_from(NAMES)

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp(prefix="answerable-example-"))
        shutil.copytree(_fresh_home(), self.folder, dirs_exist_ok=True)
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
        self.leases: dict[str, tuple[str, datetime]] = {}
        self.counted: dict[str, tuple[str, str | None]] = {}

    def teardown(self) -> None:
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

    @rule(target=asked, who=people, sign_offs=st.integers(1, 3), undo=st.sampled_from([0, 10]))
    def draft(self, who, sign_offs, undo):
        self.drafted += 1
        made = self.do(who, points.draft, _policy(sign_offs, undo, self.drafted), "Better.")
        assert made is not None
        return made.request_id

    @rule(target=asked, who=people)
    def step_back(self, who):
        made = self.do(who, points.restore_before, POINT, "It was better before.")
        return None if made is None else made.id

    @rule(who=people, everywhere=st.booleans())
    def hold(self, who, everywhere):
        self.do(who, holds.set_hold, None if everywhere else POINT, "Stop.")

    @rule(target=asked, who=people)
    def ask_to_lift(self, who):
        standing = [row for row in self.rows(Hold) if row.lifted_at is None]
        if not standing:
            return None
        made = self.do(who, holds.request_lift, standing[0].id, "Go on.")
        return None if made is None else made.id

    @rule(who=people, request_id=asked)
    def confirm(self, who, request_id):
        if request_id is None:
            return
        done = self.do(who, requests.confirm, request_id, "Yes.")
        if done is not None:
            assert done.requested_by != self.actors[who].reference

    @rule(who=people, request_id=asked)
    def decline(self, who, request_id):
        if request_id is not None:
            self.do(who, requests.decline, request_id, "No.")

    # --------------------------------------------------------------------------------- decisions

    @rule(target=cases, sure=st.booleans())
    def ask(self, sure):
        held = any(row.lifted_at is None for row in self.rows(Hold))
        made = decisions.ask(
            self.answerable, self.shop, Asked(request=request() if sure else unsure())
        )
        assert (made.status == "released") == (sure and not held)
        return made.case_id

    @rule(case_id=cases)
    def withdraw(self, case_id):
        if case_id is None:
            return
        with self.answerable.database.read() as session:
            decision_id = session.get_one(Case, case_id).decision_id
        try:
            with self.answerable.work(self.shop) as work:
                decisions.withdraw(work, decision_id)
        except AnswerableError:
            return
        assert decision_id not in self.counted

    # -------------------------------------------------------------------------------------- cases

    @rule(who=people, case_id=cases)
    def claim(self, who, case_id):
        if case_id is None:
            return
        holder = self.holder(case_id)
        if self.do(who, reviews.claim, case_id) is not None:
            assert holder in {None, who}, "two people never hold one case"
            self.leases[case_id] = (who, self.clock.now() + LEASE)

    @rule(who=people)
    def take_the_next(self, who):
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

    @rule(who=people, case_id=cases)
    def release(self, who, case_id):
        if case_id is not None and self.do(who, reviews.release, case_id) is not None:
            del self.leases[case_id]

    @rule(
        who=people,
        case_id=cases,
        kind=st.sampled_from(["approve", "approve", "change", "reject"]),
        claiming=st.booleans(),
    )
    def judge(self, who, case_id, kind, claiming):
        if case_id is None:
            return
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

    @rule(who=people, case_id=cases)
    def undo(self, who, case_id):
        if case_id is None:
            return
        holder = self.holder(case_id)
        done = self.do(who, reviews.undo, case_id)
        if done is not None:
            assert done.decision.id not in self.counted, "what has counted is never taken back"
            if holder is None:
                self.leases[case_id] = (who, self.clock.now() + LEASE)

    @rule(who=people, case_id=cases)
    def escalate(self, who, case_id):
        if case_id is None:
            return
        holder = self.holder(case_id)
        if self.do(who, reviews.escalate, case_id, reason="For you.") is not None:
            assert holder in {None, who}
            self.leases.pop(case_id, None)

    # --------------------------------------------------------------------------------------- time

    @rule(
        passed=st.sampled_from(
            [timedelta(seconds=4), timedelta(seconds=10), timedelta(minutes=6), timedelta(hours=4)]
        )
    )
    def time_passes(self, passed):
        self.clock.set(self.clock.now() + passed)

    @rule()
    def the_clock_strikes(self):
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


TestPeopleAtWork = PeopleAtWork.TestCase
TestPeopleAtWork.settings = hypothesis.settings(
    max_examples=300 if FULL else 30, stateful_step_count=60 if FULL else 40
)
