"""Several people at cases, checks and second opinions in any order: nobody judges blind what they decided, and no check changes a decision."""

from __future__ import annotations

import atexit
import shutil
import tempfile
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path

import hypothesis
import pytest
import sqlalchemy as sa
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from governance.application import Answerable, open_installation
from governance.decisions import service as decisions
from governance.decisions.models import Decision
from governance.decisions.preparing import Asked
from governance.errors import AnswerableError
from governance.identities.models import Person
from governance.installation.service import create
from governance.reviews import handling, overdue
from governance.reviews import service as reviews
from governance.reviews.models import Case, Verdict
from governance.settings import Settings
from tests.conftest import FULL, SettableClock
from tests.people import app, person, publish
from tests.retention import POLICY, QUEUE, request, unsure

START = datetime(2026, 11, 23, 10, tzinfo=UTC)
NAMES = ("Ada", "Ben", "Paul")
LOOKS = POLICY.replace(
    "undo: 10s", "undo: 10s\n  sample: 0.7\n  double: 0.7\n  judge_first: 0"
).replace("sensitive: true", "sign_offs: 2")


@cache
def _home() -> Path:
    """Make an installation with a policy and people once; each example works on a copy."""
    folder = Path(tempfile.mkdtemp(prefix="answerable-looks-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    settings = Settings(home=folder / "home", highwater_dir=folder / "highwater")
    clock = SettableClock(START)
    create(settings, business_name="Corner & Co.", clock=clock)
    answerable = open_installation(settings, clock=clock)
    publish(answerable, LOOKS)
    for name in NAMES[:2]:
        person(answerable, name, queues=(QUEUE,))
    with answerable.database.write() as session:
        session.execute(sa.update(Person).values(password_hash="unused"))
    app(answerable)
    answerable.close()
    return folder


class PeopleLookingTwice(RuleBasedStateMachine):
    """Two managers of one queue, an app, and the clock."""

    people = st.sampled_from(NAMES[:2])

    @initialize()
    def begin(self):
        self.folder = Path(tempfile.mkdtemp(prefix="answerable-example-"))
        shutil.copytree(_home(), self.folder, dirs_exist_ok=True)
        self.clock = SettableClock(START)
        settings = Settings(home=self.folder / "home", highwater_dir=self.folder / "highwater")
        self.answerable: Answerable = open_installation(settings, clock=self.clock)
        self.actors = {name: person(self.answerable, name, queues=(QUEUE,)) for name in NAMES[:2]}
        self.shop = app(self.answerable)
        for sure in (True, False, False):
            self.ask(sure=sure)
        for who in NAMES[:2]:
            self.next_and_decide(who, "approve", "offer_discount", reverse=False)
        self.wait(timedelta(minutes=11))

    def teardown(self) -> None:
        if hasattr(self, "answerable"):
            self.answerable.close()
            shutil.rmtree(self.folder)

    def do(self, who, act, *arguments, **said):
        try:
            with self.answerable.work(self.actors[who]) as work:
                return act(work, *arguments, **said)
        except AnswerableError:
            return None

    def rows(self, table):
        with self.answerable.database.read() as session:
            return list(session.execute(sa.select(table).order_by(table.id)).scalars())

    def case(self, pick: int) -> str:
        found = sorted(self.rows(Case), key=lambda row: (row.purpose == "double", row.id))
        return found[-1 - pick % len(found)].id

    @rule(sure=st.booleans())
    def ask(self, sure):
        made = request() if sure else unsure()
        decisions.ask(self.answerable, self.shop, Asked(request=made))

    @rule(
        who=people,
        verdict=st.sampled_from(["approve", "reject", "change"]),
        outcome=st.sampled_from(["offer_discount", "offer_gift", "no_offer"]),
        reverse=st.booleans(),
    )
    def next_and_decide(self, who, verdict, outcome, reverse):
        view = self.do(who, reviews.next_case)
        if view is None:
            return
        if view.purpose == "double":
            self.do(who, reviews.give_verdict, view.id, outcome=outcome)
            return
        self.do(
            who,
            reviews.give_verdict,
            view.id,
            verdict=verdict,
            outcome=outcome if verdict == "change" else None,
            reason="As I see it.",
            reverse=reverse and view.purpose == "check",
        )

    @rule(who=people, to=people, pick=st.integers(0, 3))
    def take_and_hand_over(self, who, to, pick):
        self.do(who, reviews.claim, self.case(pick))
        self.do(who, handling.hand_over, self.case(pick), to=self.actors[to].id)

    @rule(who=people, pick=st.integers(0, 3))
    def take(self, who, pick):
        self.do(who, reviews.claim, self.case(pick))

    @rule(who=people, pick=st.integers(0, 3))
    def undo(self, who, pick):
        self.do(who, reviews.undo, self.case(pick))

    @rule(after=st.sampled_from([timedelta(seconds=4), timedelta(minutes=11), timedelta(days=20)]))
    def wait(self, after):
        self.clock.set(self.clock.now() + after)
        overdue.run(self.answerable)

    @invariant()
    def nobody_holds_or_gives_a_second_opinion_on_what_they_decided(self):
        verdicts = self.rows(Verdict)
        for double in (row for row in self.rows(Case) if row.purpose == "double"):
            before = {
                one.person_id
                for one in verdicts
                if one.decision_id == double.decision_id and one.case_id != double.id
            } - {double.second_look_of}
            given = {one.person_id for one in verdicts if one.case_id == double.id}
            assert not before & (given | {double.claimed_by})
            assert double.opened_at <= self.clock.now() or not given

    @invariant()
    def a_check_changes_nothing_about_its_decision(self):
        checked = {row.decision_id for row in self.rows(Case) if row.purpose == "check"}
        for row in self.rows(Decision):
            if row.id in checked:
                assert (row.status, row.outcome) == ("released", "offer_discount")
                assert row.decided_at == row.recorded_at

    @invariant()
    def a_second_look_is_decided_by_one_verdict_that_stands(self):
        standing: dict[str, int] = {}
        for one in self.rows(Verdict):
            standing[one.case_id] = standing.get(one.case_id, 0) + (one.undone_at is None)
        for case in self.rows(Case):
            if case.purpose in {"check", "double"}:
                assert standing.get(case.id, 0) == (case.status == "decided")


TestPeopleLookingTwice = pytest.mark.timeout(1800)(PeopleLookingTwice.TestCase)
TestPeopleLookingTwice.settings = hypothesis.settings(
    max_examples=200 if FULL else 8, stateful_step_count=40 if FULL else 20
)
