"""Cases with a known answer, put among the others: served at a random place of each block of a person's verdicts, told once it counts.

To whom it is served it looks like any other until then; nobody else sees it, and nothing comes of it (see ``governance.decisions.sight``).
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import orjson
import sqlalchemy as sa

from audits.log.entries import EntryKind
from governance.actors import service
from governance.appeals.models import Appeal
from governance.clock import rfc3339
from governance.configuration import LivePolicy
from governance.decisions.models import Decision
from governance.decisions.preparing import DECISION_PAYLOAD, recorded_data
from governance.decisions.sight import ALL, GOLD, serves
from governance.decisions.states import Status
from governance.decisions.storing.rows import stored
from governance.errors import NotFound
from governance.gold.models import GoldCase, GoldProgress, GoldServing
from governance.permissions import Permission
from governance.points import queries as points
from governance.reviews.models import Case, Judgement, Reveal, Skip, Verdict
from governance.reviews.transitions import CaseStatus
from governance.reviews.views import Known, Results
from governance.storage.inserting import insert
from governance.subjects import payloads
from governance.subjects.keys import SubjectKey
from governance.subjects.models import SubjectKeyRow
from governance.work import Work

if TYPE_CHECKING:
    from governance.application import Answerable

NOTE_PAYLOAD: Final = "note"
#: How long a known case is kept for whom it was served to, once they let it go.
KEPT: Final = timedelta(days=1)
#: Known cases that a person is told of at once, and that a list of them goes back to.
_MOST_TOLD: Final = 200
#: So few digits tell no two subjects apart, so that other letters are made up too.
_FEW_DIGITS: Final = 3
#: How often another subject is made up where one is somebody's.
_ATTEMPTS: Final = 20
_VOWELS, _CONSONANTS = "aeiou", "bcdfghjklmnpqrstvwxyz"


class _Source(NamedTuple):
    """What a known case is made of."""

    gold: GoldCase
    decision: Decision
    case: Case
    document: dict[str, Any]
    key: SubjectKey


# --------------------------------------------------------------------------------------- serving


def serve(work: Work, queues: Collection[str], instead_of: Case) -> tuple[Case, Decision] | None:
    """Make a known case the next one of the actor, where the place of one in their block has come; None where it has not.

    It reads as received a moment before the one that would come, so that it comes when it would.
    """
    for point, live in sorted(work.configuration.live.items()):
        share = live.policy.review.gold
        if share:
            served = _serve_at(work, point, live, round(1 / share), queues, instead_of)
            if served is not None:
                return served
    return None


def _serve_at(
    work: Work,
    point: str,
    live: LivePolicy,
    size: int,
    queues: Collection[str],
    instead_of: Case,
) -> tuple[Case, Decision] | None:
    mine = (GoldProgress.person_id == work.person_id, GoldProgress.point == point)
    given = work.session.execute(sa.select(GoldProgress.verdicts).where(*mine)).scalar()
    block, place = divmod(given or 0, size)
    if place < place_in(work, point, block, size):
        return None
    if given is None:
        count_by(work, point, 0)
    # Who asks twice at once gets one.
    work.session.execute(sa.select(GoldProgress).where(*mine).with_for_update())
    before = sa.select(GoldServing.decision_id).where(
        GoldServing.person_id == work.person_id,
        GoldServing.point == point,
        GoldServing.block == block,
    )
    if work.session.execute(before.limit(1)).first() is not None:
        return None
    source = next(_sources(work, live, block, queues), None)
    if source is None:
        return None
    earlier = work.answerable.keyring.draw("gold received", f"{instead_of.id}/{work.person_id}")
    return _materialise(
        work, source, block, instead_of.opened_at - timedelta(seconds=1 + int(earlier * 59))
    )


def place_in(work: Work, point: str, block: int, size: int) -> int:
    """Return the place of the known case in a block of the actor's verdicts, which nobody can steer."""
    return int(work.answerable.keyring.draw("gold", f"{work.person_id}/{point}/{block}") * size)


def _sources(
    work: Work, live: LivePolicy, block: int, queues: Collection[str]
) -> Iterator[_Source]:
    """Give the known cases that may be served to the actor, in a drawn order."""
    rows = work.session.execute(_servable(work, live.policy.decision_point, queues)).all()
    drawn = work.answerable.keyring.draw
    for gold, decision, case in sorted(
        rows, key=lambda row: drawn("gold case", f"{work.person_id}/{block}/{row[0].id}")
    ):
        policy = points.engine_of(work, decision.point, decision.policy_version).policy
        key = payloads.key_of_record(work.session, work.answerable.keys, decision.id)
        if key is None or not policy.outcomes.keys() <= live.policy.outcomes.keys():
            continue
        said = payloads.read(work.session, work.answerable.keys, decision.id, DECISION_PAYLOAD)
        if said is not None:
            yield _Source(gold, decision, case, orjson.loads(said), key)


def _servable(
    work: Work, point: str, queues: Collection[str]
) -> sa.Select[GoldCase, Decision, Case]:
    """Select the known cases of a point that the actor has had no part in, with what they are made of."""
    me = work.person_id
    of_decision = GoldCase.decision_id
    had_part = (
        sa.select(Verdict.id).where(Verdict.decision_id == of_decision, Verdict.person_id == me),
        sa.select(Reveal.id).where(Reveal.decision_id == of_decision, Reveal.person_id == me),
        sa.select(Skip.id).where(Skip.case_id == Case.id, Skip.person_id == me),
        sa.select(Judgement.id).where(Judgement.case_id == Case.id, Judgement.person_id == me),
        sa.select(Appeal.id).where(Appeal.decision_id == of_decision, Appeal.answered_by == me),
        sa.select(GoldServing.decision_id).where(
            GoldServing.gold_case_id == GoldCase.id, GoldServing.person_id == me
        ),
    )
    return (
        sa.select(GoldCase, Decision, Case)
        .join(Decision, Decision.id == GoldCase.decision_id)
        .join(Case, (Case.decision_id == Decision.id) & (Case.purpose == "decide"))
        .where(
            GoldCase.point == point,
            GoldCase.retired_at.is_(None),
            GoldCase.made_by != me,
            Decision.queue.in_(sorted(queues)),
            Decision.actor != work.actor.reference,
            *(~one.exists() for one in had_part),
        )
    )


def _materialise(
    work: Work, source: _Source, block: int, received_at: datetime
) -> tuple[Case, Decision]:
    gold, old, old_case, document, key = source
    new_id, case_id = work.new_id(), work.new_id()
    calendar = work.configuration.calendars.get(old.queue or "")
    due_at = None
    if old_case.due_seconds is not None:
        span = timedelta(seconds=old_case.due_seconds)
        due_at = received_at + span if calendar is None else calendar.after(received_at, span)
    judge_first = work.answerable.keyring.draw("judge first", new_id) < document["trace"].get(
        "judge_first", 0.0
    )
    decision = Decision(
        id=new_id,
        **{name: getattr(old, name) for name in _COPIED},
        app_id=None,
        imported=False,
        due_at=due_at,
        recorded_at=received_at,
        occurred_at=None
        if old.occurred_at is None
        else received_at - max(timedelta(), old.recorded_at - old.occurred_at),
        status=Status.IN_REVIEW.value,
        gold_for=work.person_id,
    )
    case = Case(
        id=case_id,
        decision_id=new_id,
        **{name: getattr(old_case, name) for name in _COPIED_OF_CASE},
        purpose=GOLD,
        queue=old.queue,
        status=CaseStatus.OPEN.value,
        opened_at=received_at,
        due_at=due_at,
        judge_first=judge_first,
        revision=1,
    )
    subject = document["subject"]
    invented = None if subject is None else made_up(work, subject, new_id)
    work.session.add(decision)
    work.session.flush()
    serves(work.session)
    work.session.add_all(
        [
            case,
            GoldServing(
                decision_id=new_id,
                gold_case_id=gold.id,
                person_id=work.person_id,
                point=old.point,
                block=block,
                subject_tag=None if invented is None else work.answerable.keys.tag_of(invented),
                served_at=work.now,
            ),
        ]
    )
    document |= {
        "subject": invented,
        # The key is that of the person concerned, so that erasing them erases this too.
        "source_subject": subject,
    }
    case_data = {name: getattr(case, name) for name in ("queue", "judge_first", *_TOLD_OF_CASE)}
    work.record(
        EntryKind.GOLD_SERVED,
        record_id=new_id,
        decision_id=new_id,
        occurred_at=decision.occurred_at,
        refs={"case": case_id, "gold": gold.id},
        data=recorded_data(
            **{name: getattr(decision, name) for name in _TOLD},
            outcome=None,
            case=case_data | {"due_at": stored(due_at)},
        )
        | {"asker": decision.actor, "block": block, "received_at": rfc3339(received_at)},
        payloads={DECISION_PAYLOAD: orjson.dumps(document)},
        key=key,
    )
    work.session.flush()
    return case, decision


#: What a known case has of the decision and of the case that it was made from.
_COPIED: Final = (
    "point",
    "policy_version",
    "policy_digest",
    "actor",
    "source",
    "rollout",
    "disposition",
    "reasons",
    "proposed_outcome",
    "confidence",
    "queue",
    "person_requested",
    "language",
    "channel",
    "sequence",
)
_TOLD: Final = (*(name for name in _COPIED if name not in {"actor", "queue"}), "status")
_TOLD_OF_CASE: Final = (
    "due_seconds",
    "escalate_to",
    "sensitive",
    "sign_offs",
    "approvable",
    "undo_seconds",
)
_COPIED_OF_CASE: Final = ("point", *_TOLD_OF_CASE)


def made_up(work: Work, reference: str, decision_id: str) -> str:
    """Return another reference that reads like this one, and is nobody's as far as we know."""
    for attempt in range(_ATTEMPTS):
        told = _reads_like(work, reference, f"{decision_id}/{attempt}")
        known = sa.select(SubjectKeyRow.id).where(
            SubjectKeyRow.subject_tag == work.answerable.keys.tag_of(told)
        )
        if work.session.execute(known.limit(1)).first() is None:
            break
    return told


def _reads_like(work: Work, reference: str, seed: str) -> str:
    """Return a reference with other digits, or other letters where there are few."""
    drawn = bytes.fromhex(work.answerable.keyring.tag("gold subject", seed))
    few = sum(one in "0123456789" for one in reference) < _FEW_DIGITS
    told = []
    for place, one in enumerate(reference):
        at = drawn[place % len(drawn)] + place // len(drawn)
        if one in "123456789":
            told.append("123456789"[at % 9])
        elif few and one.lower() in _VOWELS:
            told.append(_like(one, _VOWELS[at % len(_VOWELS)]))
        elif few and one.lower() in _CONSONANTS:
            told.append(_like(one, _CONSONANTS[at % len(_CONSONANTS)]))
        else:
            told.append(one)
    return "".join(told)


def _like(one: str, other: str) -> str:
    return other.upper() if one.isupper() else other


def count_by(work: Work, point: str, by: int) -> None:
    """Note that so many more verdicts of the actor stand at a point, where known cases are served."""
    live = work.configuration.live.get(point)
    if live is None or not live.policy.review.gold:
        return
    work.session.execute(
        insert(work.session, GoldProgress)
        .values(person_id=work.person_id, point=point, verdicts=max(0, by))
        .on_conflict_do_update(
            index_elements=["person_id", "point"],
            set_={"verdicts": GoldProgress.verdicts + by},
        )
    )


# ---------------------------------------------------------------------------------------- ending


def ends(work: Work, case: Case, decision: Decision) -> bool:
    """End a locked known case that its person would move away, and say so; False where it is another case, which moves."""
    if case.purpose != GOLD:
        return False
    _end(work, case, decision)
    return True


def expire(answerable: Answerable, *, limit: int = 100) -> int:
    """End the known cases that nobody took up again for a day, or that are due; return how many."""
    worker = service("worker")
    with answerable.look(worker) as work:
        found = work.session.execute(_left(work).limit(limit)).scalars().all()
    for decision_id in found:
        with answerable.work(worker) as work:
            query = sa.select(Decision).where(Decision.id == decision_id)
            decision = work.session.execute(query.with_for_update(), execution_options=ALL).scalar()
            left = _left(work).where(Case.decision_id == decision_id)
            if decision is not None and work.session.execute(left).first() is not None:
                case = sa.select(Case).where(Case.decision_id == decision_id).with_for_update()
                _end(
                    work,
                    work.session.execute(case, execution_options=ALL).scalar_one(),
                    decision,
                )
    return len(found)


def _left(work: Work) -> sa.Select[str]:
    let_go = sa.func.coalesce(Case.claimed_until, GoldServing.served_at)
    return (
        sa.select(Case.decision_id)
        .join(GoldServing, GoldServing.decision_id == Case.decision_id)
        .where(
            Case.status == CaseStatus.OPEN.value,
            sa.or_(Case.claimed_until.is_(None), Case.claimed_until <= work.now),
            sa.or_(let_go <= work.now - KEPT, Case.due_at <= work.now),
        )
        .order_by(Case.decision_id)
        .execution_options(**ALL)
    )


def _end(work: Work, case: Case, decision: Decision) -> None:
    case.status, case.closed_at = CaseStatus.CLOSED.value, work.now
    case.claimed_by = case.claimed_at = case.claimed_until = case.sleeps_until = None
    case.revision += 1
    decision.status, decision.outcome = Status.WITHDRAWN.value, None
    decision.decided_at = decision.effective_at = work.now
    serving = work.session.get_one(GoldServing, decision.id)
    serving.ended_at = serving.told_at = work.now
    work.record(EntryKind.GOLD_ENDED, decision_id=decision.id, refs={"case": case.id})
    work.session.flush()


# --------------------------------------------------------------------------------------- telling


def over(case: Case, decision: Decision, now: datetime) -> bool:
    """Tell whether a case is a known one of which its person may be told: it ended, or their verdict counts."""
    return (
        case.purpose == GOLD and decision.effective_at is not None and decision.effective_at <= now
    )


def source_of(work: Work, decision: Decision) -> tuple[str, str] | None:
    """Return the decision and the case that a known case was made from; None where this is none."""
    if decision.gold_for is None:
        return None
    found = work.session.execute(
        sa.select(Case.decision_id, Case.id)
        .join(GoldCase, GoldCase.decision_id == Case.decision_id)
        .join(GoldServing, GoldServing.gold_case_id == GoldCase.id)
        .where(GoldServing.decision_id == decision.id, Case.purpose == "decide")
    ).one()
    return found[0], found[1]


def purpose_told(case: Case, decision: Decision, now: datetime) -> str:
    """Return what a case says that it is for: to decide, as long as nobody may know better."""
    return case.purpose if case.purpose != GOLD or over(case, decision, now) else "decide"


def known_of(work: Work, case: Case, decision: Decision) -> Known | None:
    """Return what was right, of a known case that is over; None of any other."""
    if not over(case, decision, work.now):
        return None
    return next(iter(_told(work, GoldServing.decision_id == decision.id)), None)


def results(work: Work) -> Results:
    """Return how the actor did on the known cases they decided, the newest first.

    Raises:
        NotAllowed: the actor decides no cases.
    """
    work.require(Permission.CASES_DECIDE)
    found = _told(work, GoldServing.ended_at.is_(None))
    mistakes = [one for one in found if one.mistake]
    right = [one for one in found if not one.mistake]
    return Results(
        mistakes=len(mistakes),
        caught=sum(bool(one.caught) for one in mistakes),
        right=len(right),
        kept=sum(one.said == one.proposed for one in right),
        cases=found,
    )


def news(work: Work) -> list[Known]:
    """Return the known cases that the actor decided and has not said that they have seen the answer of."""
    return _told(work, GoldServing.told_at.is_(None))


def seen(work: Work, case_id: str) -> None:
    """Note that the actor has seen what was right of a known case.

    Raises:
        NotAllowed, NotFound: the actor decides no cases; this is no known case of theirs that is over.
    """
    work.require(Permission.CASES_DECIDE)
    for one in _told(work, Case.id == case_id):
        serving = work.session.get_one(GoldServing, one.decision_id)
        serving.told_at = serving.told_at or work.now
        return
    raise NotFound("There is no such known case of yours whose answer may be told.")


def _told(work: Work, condition: sa.ColumnElement[bool]) -> list[Known]:
    """Return what is known of the actor's known cases that are over, newest first."""
    rows = work.session.execute(
        sa.select(GoldServing, GoldCase.answer, Decision, Case.id)
        .join(GoldCase, GoldCase.id == GoldServing.gold_case_id)
        .join(Decision, Decision.id == GoldServing.decision_id)
        .join(Case, Case.decision_id == Decision.id)
        .where(
            GoldServing.person_id == work.actor.id,
            Decision.effective_at <= work.now,
            condition,
        )
        .order_by(GoldServing.served_at.desc(), GoldServing.decision_id)
        .limit(_MOST_TOLD)
        .execution_options(**ALL)
    ).all()
    notes = payloads.read_many(
        work.session, work.answerable.keys, [row[0].gold_case_id for row in rows], NOTE_PAYLOAD
    )
    return [
        Known(
            case_id=case_id,
            decision_id=decision.id,
            point=decision.point,
            policy=points.engine_of(work, decision.point, decision.policy_version).policy,
            served_at=serving.served_at,
            proposed=decision.proposed_outcome or "",
            answer=answer,
            said=decision.outcome,
            note=notes[serving.gold_case_id].decode() if serving.gold_case_id in notes else None,
        )
        for serving, answer, decision, case_id in rows
    ]
