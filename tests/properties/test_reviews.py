"""Several people at drafts, holds, cases and verdicts in any order: what must never happen does not."""

from __future__ import annotations

import atexit
import shutil
import tempfile
import uuid
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path

import hypothesis
import orjson
import psycopg
import pytest
import sqlalchemy as sa
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy.engine import make_url

from audits.log.entries import EntryKind
from governance.actors import service
from governance.application import Answerable, open_installation
from governance.decisions import service as decisions
from governance.decisions.models import Decision
from governance.decisions.preparing import Asked
from governance.decisions.states import visible
from governance.errors import AnswerableError
from governance.holds import service as holds
from governance.holds.models import Hold
from governance.identities import service as identities
from governance.identities.models import Person
from governance.installation.service import create
from governance.ledger.models import LogRecord
from governance.permissions import Role, of_roles
from governance.points import service as points
from governance.points.models import PolicyVersion
from governance.requests import service as requests
from governance.requests.models import Request
from governance.reviews import handling, judging, overdue
from governance.reviews import service as reviews
from governance.reviews.models import Case, Judgement, Verdict
from governance.reviews.queries import SKIPPED_FOR
from governance.reviews.transitions import RESERVED
from governance.settings import Settings
from governance.webhooks import outbox
from governance.webhooks import service as webhooks
from governance.webhooks.models import WebhookDelivery
from governance.webhooks.transitions import DeliveryState, Event
from tests.conftest import DATABASE_PREFIX, FULL, SettableClock
from tests.people import app, person, publish
from tests.retention import POINT, POLICY, QUEUE, request, unsure

START = datetime(2026, 11, 23, 10, tzinfo=UTC)
NAMES = ("Ada", "Ben", "Pia")
LEASE = timedelta(minutes=10)
#: How far the clocks of two processes are apart: less than what an undo leaves for its commit.
SKEW = timedelta(milliseconds=200)


class Ahead:
    """The clock of a process on another machine."""

    def __init__(self, clock: SettableClock) -> None:
        self._clock = clock

    def now(self) -> datetime:
        return self._clock.now() + SKEW


@cache
def _home(server: str | None) -> tuple[Path, str | None]:
    """Make an installation with a policy of Ada's and people once, on SQLite or on a server; each example works on a copy."""
    folder = Path(tempfile.mkdtemp(prefix="answerable-reviews-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    database = None if server is None else _database(server)
    settings = _settings(folder, server, database)
    clock = SettableClock(START)
    create(settings, business_name="Corner & Co.", clock=clock)
    answerable = open_installation(settings, clock=clock)
    publish(answerable, _policy(10, 0))
    author, *_ = (person(answerable, name, queues=(QUEUE, "sales-leads")) for name in NAMES)
    with answerable.database.write() as session:
        session.execute(sa.update(PolicyVersion).values(drafted_by=author.reference))
        # Who never came cannot be handed a case.
        session.execute(sa.update(Person).values(password_hash="x"))
    app(answerable)
    with answerable.work(service("tests")) as work:
        webhooks.create_webhook(work, app="shop", url="https://app.example.com/hooks")
    answerable.close()
    return folder, database


def _database(server: str, template: str = "template1") -> str:
    """Make a database on a server; return its name. The session's end drops what is left."""
    name = f"{DATABASE_PREFIX}_{uuid.uuid4().hex[:12]}"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY FILE_COPY")
    return name


def _settings(folder: Path, server: str | None, database: str | None) -> Settings:
    url = None
    if server is not None:
        url = make_url(server).set(database=database).render_as_string(hide_password=False)
    return Settings(
        home=folder / "home",
        highwater_dir=folder / "highwater",
        database_url=url,
        background="apart",
    )


def _policy(undo: int, mark: int) -> str:
    """Return a policy by which the charges say how many people must sign a case off."""
    text = POLICY.replace("undo: 10s", f"undo: {undo}s").replace(
        "rules:\n",
        """\
rules:
  - {name: two-people, when: features.monthly_charges > 200, then: review, sign_offs: 2}
  - {name: three-people, when: features.monthly_charges > 300, then: review, sign_offs: 3}
  - {name: judge-first, when: features.monthly_charges < 50, then: review, judge_first: true}
""",
    )
    return text.replace("owner: sales-managers", f"owner: sales-managers-{mark}")


class PeopleAtWork(RuleBasedStateMachine):
    """Every person here may do everything that people do, so that only the rules keep them apart."""

    people = st.sampled_from(NAMES)
    server: str | None = None
    #: Counted from the newest, so that people mostly meet at the same thing.
    recent = st.integers(0, 2)

    @initialize()
    def begin(self):
        self.folder = Path(tempfile.mkdtemp(prefix="answerable-example-"))
        kept, template = _home(self.server)
        shutil.copytree(kept, self.folder, dirs_exist_ok=True)
        self.database = None
        if self.server is not None and template is not None:
            self.database = _database(self.server, template)
        settings = _settings(self.folder, self.server, self.database)
        self.clock = SettableClock(START)
        self.answerable: Answerable = open_installation(settings, clock=self.clock)
        # A second process, whose clock is ahead by as much as a commit may take.
        self.other: Answerable = open_installation(settings, clock=Ahead(self.clock))
        self.acts = 0
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
        self.sent: dict[str, str] = {}
        self.skipped: dict[tuple[str, str], datetime] = {}
        self.disabled: set[str] = set()
        self.without_role: set[str] = set()
        for people in (3, 2, 1):
            self.ask(people=people)

    def teardown(self) -> None:
        if hasattr(self, "answerable"):
            try:
                self.every_case_comes_to_an_end()
            finally:
                self.other.close()
                self.answerable.close()
                shutil.rmtree(self.folder)
                if self.server is not None and self.database is not None:
                    with psycopg.connect(self.server, autocommit=True) as connection:
                        connection.execute(f"DROP DATABASE {self.database} WITH (FORCE)")

    def every_case_comes_to_an_end(self) -> None:
        """Nobody comes any more: what is open lapses, and no case is lost."""
        for _ in range(3):
            self.clock.advance(days=2)
            while overdue.run(self.answerable):
                pass
            self.the_app_is_told()
        self.what_the_app_was_told_stands()
        assert {case.status for case in self.rows(Case)} <= {"decided", "closed"}
        self.what_counted_once_counts_for_ever()

    def process(self) -> Answerable:
        """Return the process that takes the next act: now this, now that."""
        return (self.answerable, self.other)[self.acts % 2]

    def now(self) -> datetime:
        """Return the time as that process knows it."""
        return self.process().clock.now()

    def do(self, who: str, act, *arguments, **more):
        """Do one act of a person in a unit of work; None when it was refused, and then nothing was written."""
        if who in self.disabled:
            return None  # The doors let nobody in who is disabled.
        before = self.entries()
        try:
            with self.process().work(self.actors[who]) as work:
                done = act(work, *arguments, **more)
        except AnswerableError:
            assert self.entries() == before, "what is refused leaves no trace"
            return None
        finally:
            self.done_at = self.now()
            self.acts += 1
        assert self.entries() > before, "what is done has an entry"
        assert who not in self.without_role or act.__module__.startswith(
            ("governance.holds", "governance.points", "governance.requests")
        ), "cases are for those who have the role"
        return done

    def entries(self) -> int:
        """Count what was done; that somebody read comes once an hour, whatever they do."""
        counted = (
            sa.select(sa.func.count())
            .select_from(LogRecord)
            .where(LogRecord.kind != EntryKind.ACCESS_READ)
        )
        with self.answerable.database.read() as session:
            return session.execute(counted).scalar_one()

    def rows(self, table):
        with self.answerable.database.read() as session:
            return list(session.execute(sa.select(table)).scalars())

    def holder(self, case_id: str) -> str | None:
        name, until = self.leases.get(case_id, ("", START))
        return name if self.now() < until else None

    # ------------------------------------------------------------------------ drafts and holds

    @rule(
        who=people,
        undo=st.sampled_from([0, 10]),
        confirming=st.sampled_from([None, *NAMES]),
    )
    def draft(self, who, undo, confirming):
        self.drafted += 1
        made = self.do(who, points.draft, _policy(undo, self.drafted), "Better.")
        if made is None:
            assert who in self.disabled
            return
        self.asked.append(made.request_id)
        if confirming is not None:
            confirmed = self.do(confirming, requests.confirm, made.request_id)
            assert (confirmed is None) == (confirming == who or confirming in self.disabled)

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

    @rule(people=st.sampled_from([0, 1, 2, 3, "judge first"]))
    def ask(self, people):
        held = any(row.lifted_at is None for row in self.rows(Hold))
        asking = request() if people == 0 else unsure()
        if people:
            charges = 40.0 if people == "judge first" else people * 101.0
            asking = unsure(features={**asking.features, "monthly_charges": charges})
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

    # ------------------------------------------------------------------------------------- people

    @rule(who=people, act=st.sampled_from(["disable", "enable", "take role", "give role"]))
    def staff_changes(self, who, act):
        actor = self.actors[who]
        if act == "disable" and who not in self.disabled:
            with self.answerable.work(service("cli")) as work:
                identities.disable_person(work, actor.id)
            self.disabled.add(who)
        elif act == "enable" and who in self.disabled:
            with self.answerable.work(service("cli")) as work:
                identities.enable_person(work, actor.id)
            self.disabled.remove(who)
            self.keep(who, password_hash="x")
        elif act in {"take role", "give role"}:
            roles = frozenset({Role.PUBLISHER} | ({Role.MANAGER} if act == "give role" else set()))
            self.actors[who] = replace(actor, roles=roles, permissions=of_roles(roles))
            self.keep(who, roles=sorted(roles))
            (self.without_role.add if act == "take role" else self.without_role.discard)(who)

    def keep(self, who: str, **columns) -> None:
        with self.answerable.database.write() as session:
            person_id = self.actors[who].id
            session.execute(sa.update(Person).where(Person.id == person_id).values(**columns))

    # -------------------------------------------------------------------------------------- cases

    def case(self, back: int) -> str:
        return self.cases[-1 - back % len(self.cases)]

    @rule(
        who=people,
        back=recent,
        act=st.sampled_from(["claim", "release", "escalate", "next", "pass on"]),
    )
    def handle(self, who, back, act):
        {
            "claim": self.claim,
            "release": self.release,
            "escalate": self.escalate,
            "next": lambda who, _: self.take_the_next(who),
            "pass on": lambda who, _: self.pass_on_what_comes(who),
        }[act](who, self.case(back))

    @rule(
        who=people,
        back=recent,
        act=st.sampled_from(["skip", "put off", "hand over", "ask", "judge first"]),
        to=people,
        claiming=st.sampled_from([True, True, True, False]),
    )
    def instead(self, who, back, act, to, claiming):
        case_id = self.case(back)
        if claiming:
            self.claim(who, case_id)
        holder = self.holder(case_id)
        hour = self.now() + timedelta(hours=1)
        verb, said = {
            "skip": (handling.skip, {"reason": "no_time"}),
            "put off": (handling.put_off, {"until": hour}),
            "hand over": (handling.hand_over, {"to": self.actors[to].id}),
            "ask": (handling.ask, {"words": "Since when?", "until": hour}),
            "judge first": (judging.judge, {"outcome": "no_offer"}),
        }[act]
        if self.do(who, verb, case_id, **said) is None:
            return
        assert holder in {None, who}, "nobody does anything with a case that another holds"
        if act == "judge first":
            return
        assert self.leases.pop(case_id)[0] == who
        if act == "skip":
            self.skipped[who, case_id] = self.done_at
            self.take_the_next(who)
        if act == "hand over":
            assert to not in self.disabled | self.without_role, "whoever gets it can decide it"
            assert to != who

    @rule(back=recent, signing=people, asking=people)
    def the_app_answers(self, back, signing, asking):
        case_id = self.case(back)
        self.decide(signing, case_id, "approve", claiming=True)
        self.claim(asking, case_id)
        hour = self.now() + timedelta(hours=1)
        if self.do(asking, handling.ask, case_id, words="Since when?", until=hour) is not None:
            self.leases.pop(case_id)
        with self.answerable.database.read() as session:
            question = session.get_one(Case, case_id).question_id
        if question is None:
            return
        try:
            with self.process().work(self.shop) as work:
                handling.inform(work, case_id, question=question, words="2019.", facts=None)
        except AnswerableError:
            return
        standing = [one for one in self.rows(Verdict) if one.case_id == case_id]
        assert all(one.undone_at is not None for one in standing), "sign-offs fall"

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
                self.leases[case_id] = (who, self.done_at + LEASE)

    def claim(self, who: str, case_id: str) -> None:
        holder = self.holder(case_id)
        if self.do(who, reviews.claim, case_id) is not None:
            assert holder in {None, who}, "two people never hold one case"
            self.leases[case_id] = (who, self.done_at + LEASE)

    def take_the_next(self, who: str) -> None:
        if who in self.disabled | self.without_role:
            return
        mine = {case for case in self.leases if self.holder(case) == who}
        before = self.entries()
        with self.process().work(self.actors[who]) as work:
            kept = {
                case.id
                for case in work.session.execute(sa.select(Case)).scalars()
                if case.reserved_for == work.person_id and case.reserved_until > work.now
            }
            asleep = {
                case.id
                for case in work.session.execute(sa.select(Case)).scalars()
                if case.sleeps_until is not None and case.sleeps_until > work.now
            }
            now, view = work.now, reviews.next_case(work)
        self.done_at = now
        if view is None:
            return
        if self.entries() == before:
            assert view.id in mine
        else:
            assert self.holder(view.id) is None
            if view.id not in kept:
                assert view.id not in asleep, "what is put off is handed to nobody"
                passed_on = self.skipped.get((who, view.id), START - timedelta(days=1))
                assert now - passed_on >= SKIPPED_FOR, "what was passed on comes back only later"
            self.leases[view.id] = (who, self.done_at + LEASE)

    def pass_on_what_comes(self, who: str) -> None:
        self.take_the_next(who)
        for case_id in [one for one in self.leases if self.holder(one) == who]:
            if self.do(who, handling.skip, case_id, reason="no_time") is not None:
                self.leases.pop(case_id)
                self.skipped[who, case_id] = self.done_at
        self.take_the_next(who)

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
        self.the_app_is_told()

    @rule(back=recent, somebody=st.sampled_from([None, *NAMES]))
    def the_clock_strikes(self, back, somebody):
        self.clock.set(self.clock.now() + timedelta(hours=3, minutes=55))
        if somebody is not None:
            self.claim(somebody, self.case(back))
        self.clock.set(self.clock.now() + timedelta(minutes=6))
        self.acts += self.acts % 2
        held = {case for case in self.leases if self.holder(case) is not None}
        before = {row.id: row.revision for row in self.rows(Case)}
        overdue.run(self.answerable)
        moved = {row.id for row in self.rows(Case) if row.revision != before[row.id]}
        assert not moved & held, "nothing is taken out of somebody's hands"
        for case_id in moved:
            self.leases.pop(case_id, None)

    def the_app_is_told(self) -> None:
        """Send what is due, as a worker does that looks at the decision once more before it sends."""
        with self.other.database.write() as session:
            due = session.execute(
                sa.select(WebhookDelivery).where(
                    WebhookDelivery.state == DeliveryState.WAITING,
                    WebhookDelivery.event == Event.DECISION_RESOLVED,
                    WebhookDelivery.due_at <= self.other.clock.now(),
                )
            ).scalars()
            for delivery in due:
                decision = session.get_one(Decision, delivery.decision_id)
                assert outbox.still_holds(decision, delivery), "nothing waits that is not so"
                assert decision.id not in self.sent, "the app is told once"
                delivery.state, delivery.attempts = DeliveryState.DELIVERED, 1
                self.sent[decision.id] = orjson.loads(delivery.body)["data"]["outcome"]

    # ------------------------------------------------------------------------------ what must hold

    @invariant()
    def what_the_app_was_told_stands(self):
        for row in self.rows(Decision):
            if row.id in self.sent:
                assert row.outcome == self.sent[row.id]

    @invariant()
    def nobody_gives_a_verdict_before_the_judgement_that_comes_first(self):
        first = {row.id for row in self.rows(Case) if row.judge_first}
        judged = {(row.case_id, row.person_id): row.given_at for row in self.rows(Judgement)}
        for verdict in self.rows(Verdict):
            if verdict.case_id in first:
                assert judged[verdict.case_id, verdict.person_id] <= verdict.given_at + SKEW
        assert len(judged) == len(self.rows(Judgement))

    @invariant()
    def what_is_kept_or_put_off_is_so_for_a_while_only(self):
        now = self.clock.now() + SKEW
        for row in self.rows(Case):
            if row.status == "open":
                assert row.due_at is not None, "the clock ends what nobody does"
                assert row.sleeps_until is None or row.sleeps_until <= row.due_at
                assert row.reserved_until is None or row.reserved_until <= now + RESERVED
                assert row.claimed_until is None or row.claimed_until <= now + LEASE

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
        now = self.clock.now() + SKEW
        for row in self.rows(Decision):
            status, outcome = visible(row.status, row.outcome, row.effective_at, now)
            if row.id in self.counted:
                assert (status, outcome) == self.counted[row.id]
            elif status != "in_review":
                self.counted[row.id] = (status, outcome)
            if status == "lapsed":
                assert outcome == "no_offer"


@pytest.mark.timeout(1800)
@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_people_at_work(kind: str, request: pytest.FixtureRequest) -> None:
    server = None if kind == "sqlite" else request.getfixturevalue("postgres_server")
    machine = type("People", (PeopleAtWork,), {"server": server})
    examples = 6 if kind == "sqlite" else 4
    run_state_machine_as_test(
        machine,
        settings=hypothesis.settings(
            max_examples=300 if FULL else examples, stateful_step_count=40 if FULL else 30
        ),
    )
