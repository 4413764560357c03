"""Building the demo business: a real installation, made through the same verbs as every other."""

from __future__ import annotations

import shlex
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from importlib.resources import files
from typing import Any, Final

import orjson
import sqlalchemy as sa

from governance.actors import Actor, service
from governance.application import Answerable, open_installation
from governance.counting import folding
from governance.decisions import preparing
from governance.decisions import service as decisions
from governance.decisions.asking import DecisionRequest
from governance.decisions.importing import Past, import_many
from governance.decisions.preparing import Asked
from governance.decisions.views import DecisionView
from governance.deltas.models import CountDelta
from governance.demo import folder
from governance.demo.generating import COUNTS, Shop
from governance.errors import AnswerableError
from governance.gold import service as gold
from governance.holds import service as holds
from governance.identities import keys, signing_in
from governance.identities import service as identities
from governance.installation import service as installation
from governance.ledger import publishing, sequencing
from governance.monitors import acting, watching
from governance.operations import verifying
from governance.points import service as points
from governance.queues import service as queues
from governance.requests import service as requests
from governance.reviews import service as reviews
from governance.reviews.models import Case
from governance.reviews.purposes import CHECK, DOUBLE, SECOND_LOOKS
from governance.settings import Settings
from policies import rulings

#: Told how far the build is: what is being done, how much of it is done, of how much.
Progress = Callable[[str, int, int], None]

BUSINESS: Final = "Corner & Co."
APP: Final = "shop"
POINTS: Final = tuple(COUNTS)
_CHUNK: Final = 250


@dataclass(frozen=True, slots=True, kw_only=True)
class Somebody:
    """A person of the demo. The password is public: a demo listens on this machine alone."""

    name: str
    role: str
    password: str
    queues: tuple[str, ...] = ()
    here_to: str

    @property
    def email(self) -> str:
        """Return the address to sign in with."""
        return f"{self.name.lower()}@corner.example"


PEOPLE: Final = (
    Somebody(
        name="Ada",
        role="manager",
        password="espresso at nine",  # noqa: S106 -- public, as the class says.
        queues=("support", "safety-desk", "sales", "offers"),
        here_to="decides cases of support, safety, sales and offers",
    ),
    Somebody(
        name="Ben",
        role="manager",
        password="filter at eleven",  # noqa: S106
        queues=("support-leads", "safety-desk", "sales", "sales-leads", "offers"),
        here_to="decides too, and heads support and sales",
    ),
    Somebody(
        name="Cleo",
        role="auditor",
        password="count every bean",  # noqa: S106
        here_to="reads the reports of fairness, follows decisions and checks the log",
    ),
    Somebody(
        name="Pia",
        role="publisher",
        password="grind, then brew",  # noqa: S106
        here_to="writes policies; confirms what Paul wrote",
    ),
    Somebody(
        name="Paul",
        role="publisher",
        password="taste, then pour",  # noqa: S106
        here_to="writes policies; confirms what Pia wrote",
    ),
    Somebody(
        name="Anna",
        role="admin",
        password="keys to the shop",  # noqa: S106
        here_to="looks after people, queues, app keys and settings",
    ),
)

_WEEK: Final = ("monday", "tuesday", "wednesday", "thursday", "friday")
_OFFICE: Final[Mapping[str, Any]] = {
    "zone": "Europe/Berlin",
    "hours": {day: [["09:00", "17:30"]] for day in _WEEK},
}
_SHOP: Final[Mapping[str, Any]] = {
    "zone": "Europe/Berlin",
    "hours": {day: [["08:30", "18:30"]] for day in _WEEK} | {"saturday": [["10:00", "16:00"]]},
}
#: Each queue's title and working hours; the safety desk is always open.
_QUEUES: Final[Mapping[str, tuple[str, Mapping[str, Any] | None]]] = {
    "support": ("Support", _SHOP),
    "support-leads": ("Head of support", _OFFICE),
    "safety-desk": ("Safety desk", None),
    "sales": ("Sales", _OFFICE),
    "sales-leads": ("Head of sales", _OFFICE),
    "offers": ("Offers", _SHOP),
}

#: What the shop asks live: at which point, what first speaks for the ruling, how often.
_ASKED: Final = (
    ("ticket-routing", "someone-may-be-hurt", 2),
    ("ticket-routing", "lawyer-or-press", 1),
    ("ticket-routing", "expensive-return", 1),
    ("ticket-routing", "keeps-writing", 2),
    ("ticket-routing", "review.confidence_below", 4),
    ("ticket-routing", "rules", 7),
    ("lead-scoring", "large-office-turned-away", 1),
    ("lead-scoring", "public-sector", 2),
    ("lead-scoring", "review.confidence_below", 3),
    ("lead-scoring", "no-call-without-consent", 1),
    ("lead-scoring", "rules", 3),
    ("retention-offer", "big-discount", 2),
    ("retention-offer", "complaint-first", 2),
    ("retention-offer", "review.confidence_below", 5),
    ("retention-offer", "one-discount-a-year", 1),
    ("retention-offer", "rules", 3),
)
#: How many requests are drawn at a point, at most, to find those.
_DRAWN: Final = 20_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """What one person does with a case that came to people for this reason."""

    who: str
    point: str
    because: str
    verdict: str
    reason: str | None = None
    #: Why the answer is right, where a known case is made of it.
    known: str | None = None


_TURNS: Final = (
    Turn(
        who="Ada",
        point="ticket-routing",
        because="someone-may-be-hurt",
        verdict="approve",
        reason="The workshop calls today; the customer was told to leave it unplugged.",
    ),
    Turn(who="Ada", point="ticket-routing", because="review.confidence_below", verdict="approve"),
    Turn(
        who="Ada",
        point="ticket-routing",
        because="review.confidence_below",
        verdict="change",
        reason="It is about something else than the machine thought.",
    ),
    Turn(who="Ada", point="ticket-routing", because="expensive-return", verdict="approve"),
    Turn(
        who="Ada",
        point="lead-scoring",
        because="review.confidence_below",
        verdict="approve",
        known="The machine was unsure and right: size and interest fit.",
    ),
    # The first of the two that sign off a big discount; the case stays open for the second.
    Turn(
        who="Ada",
        point="retention-offer",
        because="big-discount",
        verdict="approve",
        reason="With us for years, and a fair price for both sides.",
    ),
    Turn(
        who="Ben",
        point="lead-scoring",
        because="large-office-turned-away",
        verdict="change",
        reason="They moved into the building next door; I shall go there.",
        known="A large office is worth a visit, whatever the form says of the budget.",
    ),
    Turn(who="Ben", point="lead-scoring", because="public-sector", verdict="approve"),
    Turn(who="Ben", point="retention-offer", because="complaint-first", verdict="approve"),
    Turn(
        who="Ben",
        point="retention-offer",
        because="review.confidence_below",
        verdict="reject",
        reason="They paused for a holiday and are not about to leave.",
        known="A pause that was announced is no reason for an offer.",
    ),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Demo:
    """What somebody needs to try the demo: where it is, who may sign in, and how an app asks."""

    url: str
    people: Sequence[Somebody]
    key: str

    @property
    def curl_review(self) -> str:
        """Return a command that asks for a decision which goes to a person."""
        return self._curl(_example("delivery", 0.55))

    @property
    def curl_release(self) -> str:
        """Return a command that asks for a decision which is released at once."""
        return self._curl(_example("delivery", 0.91))

    def _curl(self, body: Mapping[str, Any]) -> str:
        return (
            f"curl -s {self.url}/api/v1/decisions -H 'Authorization: Bearer {self.key}' "
            f"-H 'Content-Type: application/json' -d {shlex.quote(orjson.dumps(body).decode())}"
        )


def demo_of(settings: Settings) -> Demo:
    """Describe a finished demo."""
    return Demo(url=settings.public_url, people=PEOPLE, key=folder.key_of(settings.home))


def policy_text(point: str) -> str:
    """Return the policy of one of the demo's decision points."""
    return (files("governance.demo") / "policies" / f"{point}.yaml").read_text(encoding="utf-8")


def build(
    settings: Settings,
    progress: Progress,
    *,
    actor: Actor,
    counts: Mapping[str, int] = COUNTS,
) -> Demo:
    """Build the demo business in the settings' home folder; what an earlier try left there is replaced.

    Args:
        counts: How many decisions of the past there are at each point.

    Raises:
        Conflict: the folder holds something else than a demo, or another process is building there.
    """
    if folder.stage_of(settings.home) is folder.Stage.FINISHED:
        return demo_of(settings)
    with folder.building(settings.home):
        folder.clear(settings.home)
        progress("Make the installation", 0, 1)
        clock = _Early()
        installation.create(
            settings,
            business_name=BUSINESS,
            language="en",
            time_zone="Europe/Berlin",
            public_url=settings.public_url,
            actor=actor,
            clock=clock,
        )
        progress("Make the installation", 1, 1)
        answerable = open_installation(settings, clock=clock)
        try:
            key = _Builder(answerable, clock, progress).build(actor, counts)
        finally:
            answerable.close()
        folder.finish(settings.home, key=key)
    return demo_of(settings)


def check(answerable: Answerable, progress: Progress) -> list[str]:
    """Verify the log and look at all parts, as `answerable check` and `audit verify` do; return what is wrong."""
    sequencing.drain(answerable)
    publishing.publish(answerable)
    report = verifying.verify(
        answerable, progress=lambda what, done, of: progress(f"Verify {what}", done, of)
    )
    return [] if report.ok else [str(finding) for finding in report.findings]


class _Early:
    """The machine's clock, a minute slow until ``catch_up``: by then the verdicts of the demo count."""

    def __init__(self) -> None:
        self._behind = timedelta(minutes=1)

    def now(self) -> datetime:
        return datetime.now(UTC) - self._behind

    def catch_up(self) -> None:
        """Tell the time."""
        self._behind = timedelta()


class _Builder:
    """Fills a fresh installation, step by step, as the demo's people and its app."""

    def __init__(self, answerable: Answerable, clock: _Early, progress: Progress) -> None:
        self._answerable = answerable
        self._clock = clock
        self._progress = progress
        self._shop = Shop()
        self._sessions: dict[str, str] = {}

    def build(self, actor: Actor, counts: Mapping[str, int]) -> str:
        """Do it all; return the app's key."""
        self._add_people(actor)
        self._publish()
        self._set_hours()
        self._hold_and_lift()
        with self._answerable.work(self._person("Anna")) as work:
            key = keys.create_key(work, app=APP).secret
        app = keys.actor_of_key(self._answerable, key)
        past = list(self._shop.past(self._answerable.clock.now(), counts))
        # Cases are claimed before the past is imported and decided after it, so that deciding takes a while, as it does.
        asked = self._ask(app)
        claimed = [(turn, self._claim(turn, asked)) for turn in _TURNS]
        self._import(app, past)
        for turn, case_id in claimed:
            self._decide(turn, case_id)
        self._look_twice(app)
        self._clock.catch_up()
        for turn, case_id in claimed:
            self._make_known(turn, case_id)
        self._withdraw(app, asked)
        self._draft()
        for secret in self._sessions.values():
            signing_in.sign_out(self._answerable, secret)
        self._count()
        self._sequence()
        return key

    def _person(self, name: str) -> Actor:
        """Return somebody as an actor, signed in as people do."""
        if name not in self._sessions:
            who = next(person for person in PEOPLE if person.name == name)
            signed_in = signing_in.sign_in(
                self._answerable, email=who.email, password=who.password, address="127.0.0.1"
            )
            self._sessions[name] = signed_in.session_secret
        actor = signing_in.actor_of_session(self._answerable, self._sessions[name])
        assert actor is not None, "the session has only just begun"
        return actor

    def _add_people(self, actor: Actor) -> None:
        # The command line makes the first admin, who makes all others.
        order = sorted(PEOPLE, key=lambda person: person.role != "admin")
        for done, who in enumerate(order):
            self._progress("Add people", done, len(order))
            with self._answerable.work(self._person("Anna") if done else actor) as work:
                identities.add_person(
                    work,
                    email=who.email,
                    name=who.name,
                    roles=[who.role],
                    queues=who.queues,
                    password=who.password,
                )
        self._progress("Add people", len(order), len(order))

    def _publish(self) -> None:
        for done, point in enumerate(POINTS):
            self._progress("Publish policies", done, len(POINTS))
            with self._answerable.work(self._person("Pia")) as work:
                draft = points.draft(work, policy_text(point), "The first version.")
            assert draft.request_id is not None, "a draft waits for a second person"
            with self._answerable.work(self._person("Paul")) as work:
                requests.confirm(work, draft.request_id, "Read and tested.")
        self._progress("Publish policies", len(POINTS), len(POINTS))

    def _set_hours(self) -> None:
        for name, (title, calendar) in _QUEUES.items():
            with self._answerable.work(self._person("Anna")) as work:
                queues.change_queue(work, name, title=title, calendar=calendar)

    def _hold_and_lift(self) -> None:
        with self._answerable.work(self._person("Ada")) as work:
            hold = holds.set_hold(work, "lead-scoring", "The fair's leads came in twice.")
        with self._answerable.work(self._person("Ben")) as work:
            request = holds.request_lift(work, hold.id, "The doubles are gone.")
        with self._answerable.work(self._person("Pia")) as work:
            requests.confirm(work, request.id, "Looked at ten of them; all are single.")

    def _ask(self, app: Actor) -> dict[tuple[str, str], list[DecisionView]]:
        """Ask live for what ``_ASKED`` names; return the decisions by point and what spoke for the ruling."""
        total, done = sum(count for *_, count in _ASKED), 0
        self._progress("Decide live", done, total)
        wanted = self._find(app)
        # Somebody asks for a person, though the machine is sure.
        plain = wanted["ticket-routing", "rules"].pop()
        asked: dict[tuple[str, str], list[DecisionView]] = defaultdict(list)
        for key, found in [*wanted.items(), (("ticket-routing", "person_requested"), [plain])]:
            for request in found:
                self._progress("Decide live", done, total)
                numbered = self._shop.numbered(
                    request, person_requested=key[1] == "person_requested"
                )
                asked[key].append(decisions.ask(self._answerable, app, Asked(request=numbered)))
                done += 1
        self._progress("Decide live", total, total)
        return asked

    def _find(self, app: Actor) -> dict[tuple[str, str], list[DecisionRequest]]:
        """Draw requests until the policies say of enough of them what is wanted."""
        configuration, now = self._answerable.configuration.reload(), self._answerable.clock.now()
        found: dict[tuple[str, str], list[DecisionRequest]] = {}
        for point in POINTS:
            missing = {because: count for at, because, count in _ASKED if at == point}
            found |= {(point, because): [] for because in missing}
            for _ in range(_DRAWN):
                if not any(missing.values()):
                    break
                request = self._shop.request(point)
                ruled = preparing.rule(self._answerable, configuration, app, request, now)
                because = ruled.ruling.reasons[0].rule
                if missing.get(because, 0):
                    missing[because] -= 1
                    found[point, because].append(request)
            assert not any(missing.values()), f"the shop never draws {missing} at {point}"
        return found

    def _claim(self, turn: Turn, asked: Mapping[tuple[str, str], list[DecisionView]]) -> str:
        waiting = asked[turn.point, turn.because]
        fallback = "no_offer" if turn.verdict == "reject" else None
        decision = next(view for view in waiting if view.proposed_outcome != fallback)
        waiting.remove(decision)
        assert decision.case_id is not None, "it was asked for because it goes to a person"
        with self._answerable.work(self._person(turn.who)) as work:
            reviews.claim(work, decision.case_id)
        return decision.case_id

    def _decide(self, turn: Turn, case_id: str) -> None:
        with self._answerable.work(self._person(turn.who)) as work:
            case = reviews.case_view(work, case_id)
            reviews.give_verdict(
                work,
                case_id,
                verdict=turn.verdict,
                outcome=case.changes[0] if turn.verdict == "change" else None,
                reason=turn.reason,
            )

    def _look_twice(self, app: Actor) -> None:
        """Ask and decide until a release and a verdict are drawn for a second look; nobody can steer which."""
        configuration, now = self._answerable.configuration.reload(), self._answerable.clock.now()
        self._progress("Draw second looks", 0, 1)
        for _ in range(_DRAWN):
            drawn = self._second_looks()
            if drawn == {CHECK, DOUBLE}:
                break
            request = self._shop.request("lead-scoring")
            ruled = preparing.rule(self._answerable, configuration, app, request, now)
            unsure = ruled.ruling.reasons[0].rule == rulings.CONFIDENCE_RULE
            if unsure and DOUBLE not in drawn:
                case_id = str(self._ask_one(app, request).case_id)
                with self._answerable.work(self._person("Ada")) as work:
                    reviews.claim(work, case_id)
                with self._answerable.work(self._person("Ada")) as work:
                    reviews.give_verdict(work, case_id, verdict="approve")
            elif ruled.status == "released" and CHECK not in drawn:
                self._ask_one(app, request)
        self._progress("Draw second looks", 1, 1)

    def _ask_one(self, app: Actor, request: DecisionRequest) -> DecisionView:
        return decisions.ask(self._answerable, app, Asked(request=self._shop.numbered(request)))

    def _second_looks(self) -> set[str]:
        """Return which second looks there are in a queue that both managers work."""
        with self._answerable.database.read() as session:
            found = sa.select(Case.purpose).where(Case.queue == "sales", Case.status == "open")
            return set(session.execute(found.where(Case.purpose.in_(SECOND_LOOKS))).scalars())

    def _make_known(self, turn: Turn, case_id: str) -> None:
        """Have the auditor make a known case of what one person decided, where the policy gives some."""
        if turn.known is None:
            return
        with self._answerable.look(self._person(turn.who)) as work:
            decision = reviews.case_view(work, case_id).decision
        assert decision.id is not None, "it was stored"
        assert decision.outcome is not None, "it was decided a minute ago"
        with self._answerable.work(self._person("Cleo")) as work:
            gold.make(work, decision.id, answer=decision.outcome, note=turn.known)

    def _withdraw(self, app: Actor, asked: Mapping[tuple[str, str], list[DecisionView]]) -> None:
        decision = asked["ticket-routing", "keeps-writing"][0]
        assert decision.id is not None, "it was stored"
        with self._answerable.work(app) as work:
            decisions.withdraw(work, decision.id)

    def _import(self, app: Actor, past: Sequence[Past]) -> None:
        for done in range(0, len(past), _CHUNK):
            self._progress("Import 60 days of decisions", done, len(past))
            for answer in import_many(self._answerable, app, past[done : done + _CHUNK]):
                if isinstance(answer, AnswerableError):
                    raise answer
        self._progress("Import 60 days of decisions", len(past), len(past))

    def _count(self) -> None:
        """Count what was decided and let the monitors act, as the background does within seconds."""
        with self._answerable.look(service("demo")) as work:
            total = work.session.execute(
                sa.select(sa.func.count()).select_from(CountDelta)
            ).scalar_one()
        counted = 0
        self._progress("Count by group", counted, total)
        while taken := folding.fold(self._answerable, watch=watching.watch):
            counted = min(total, counted + taken)
            self._progress("Count by group", counted, total)
        acting.act(self._answerable)

    def _draft(self) -> None:
        text = policy_text("ticket-routing")
        stricter = text.replace("confidence_below: 0.60", "confidence_below: 0.70")
        assert stricter != text, "the policy's threshold is the one that the draft raises"
        with self._answerable.work(self._person("Paul")) as work:
            points.draft(work, stricter, "Too many tickets came back from the wrong team.")

    def _sequence(self) -> None:
        self._progress("Sequence and sign the log", 0, 1)
        sequencing.drain(self._answerable)
        publishing.publish(self._answerable)
        self._progress("Sequence and sign the log", 1, 1)


def _example(outcome: str, confidence: float) -> dict[str, Any]:
    return {
        "decision_point": "ticket-routing",
        "subject": {"ref": "cust-4711", "groups": {"gender": "female", "age_band": "60+"}},
        "features": {"text": "Where is my parcel?", "language": "en", "tickets_30d": 0},
        "proposal": {"outcome": outcome, "confidence": confidence},
        "language": "en",
    }
