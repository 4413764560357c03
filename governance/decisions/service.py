"""The verbs of decisions: ask, read, search, wait, withdraw."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, TypeVar

import orjson
import sqlalchemy as sa

from audits.log.entries import EntryKind
from governance import configuration as configurations
from governance.actors import Actor, ActorKind, service
from governance.application import Answerable
from governance.decisions import first_judgement, masking, preparing, queries
from governance.decisions.asking import DecisionRequest
from governance.decisions.models import Decision
from governance.decisions.preparing import DECISION_PAYLOAD, HAND_OVER, Asked
from governance.decisions.states import Status, is_final, visible
from governance.decisions.storing.rows import Fate, Prepared
from governance.decisions.views import DecisionView, OpenQuestion, RulingReason
from governance.deltas.noting import counted
from governance.errors import (
    AnswerableError,
    CaseClosed,
    Gone,
    IdempotencyConflict,
    InvalidInput,
    LogUnavailable,
    NotAllowed,
    NotFound,
    Unavailable,
)
from governance.ledger import proving
from governance.ledger.models import PendingRecord
from governance.ledger.proving import Proof
from governance.permissions import Permission
from governance.points import queries as points
from governance.readings import hour_of
from governance.reviews.models import Case
from governance.storage.database import unavailable
from governance.subjects import payloads
from governance.work import Work
from policies import rulings, texts

#: The payload of the entry of a question that a person asked the app.
QUESTION_PAYLOAD = "question"
#: Rulings made again because the configuration changed meanwhile, or a key was erased, before the service gives up.
_TRIES = 8

_Found = TypeVar("_Found")


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """Some decisions, newest first, and where the next page begins (None: there is none)."""

    decisions: Sequence[DecisionView]
    next_cursor: tuple[datetime, str] | None


def ask(answerable: Answerable, actor: Actor, asked: Asked) -> DecisionView:
    """Rule on a request and store the decision.

    Raises:
        NotAllowed, NotFound, InvalidInput: the request may not be made, or does not fit; nothing was stored.
        IdempotencyConflict: its key was used with another body.
        Gone: its key was used for a decision that was erased.
        Unavailable: it cannot be stored now. Where the connection was lost meanwhile nobody knows; the same key tells.
    """
    (answer,) = ask_many(answerable, actor, [asked])
    if isinstance(answer, AnswerableError):
        raise answer
    return answer


def ask_many(
    answerable: Answerable, actor: Actor, many: Sequence[Asked]
) -> list[DecisionView | AnswerableError]:
    """Rule on several requests and store the decisions; each has its own answer, in order.

    Raises:
        NotAllowed: the actor may not ask at all.
    """
    actor.require(Permission.DECISIONS_CREATE)
    _require_log(answerable)
    answers: list[DecisionView | AnswerableError | None] = [None] * len(many)
    left = list(range(len(many)))
    leaves: dict[str, bytes] = {}
    for attempt in range(_TRIES):
        configuration = (
            answerable.configuration.current()
            if attempt == 0
            else answerable.configuration.reload()
        )
        configuration = _with_key(answerable, configuration, actor)
        batch: list[tuple[int, Prepared, DecisionView]] = []
        with answerable.writer.preparing():
            for position in left:
                now = answerable.clock.now()
                try:
                    _require_unspent(answerable, configuration, actor, many[position], now)
                    ruled = preparing.rule(
                        answerable, configuration, actor, many[position].request, now
                    )
                    prepared, view = preparing.prepare(
                        answerable, configuration, actor, many[position], ruled, now
                    )
                except AnswerableError as error:
                    # A point or a policy this process has not read yet must not be denied on stale knowledge.
                    if (
                        attempt == 0
                        and isinstance(error, NotFound | InvalidInput)
                        and _outdated(answerable, configuration)
                    ):
                        continue
                    answers[position] = error
                else:
                    batch.append((position, prepared, view))
        if batch:
            answerable.writer.commit([prepared for _, prepared, _ in batch])
        for position, prepared, view in batch:
            answers[position] = _answer(answerable, prepared, view, many[position])
            leaves[prepared.decision_id] = prepared.rows["log_pending"][1]
        left = [position for position in left if answers[position] is None]
        if not left:
            break
    for position in left:
        answers[position] = Unavailable(
            "The configuration kept changing. Nothing was stored; try again.", retry_after=1
        )
    return _with_receipts(answerable, [answer for answer in answers if answer is not None], leaves)


def _with_receipts(
    answerable: Answerable,
    answers: list[DecisionView | AnswerableError],
    leaves: Mapping[str, bytes],
) -> list[DecisionView | AnswerableError]:
    """Add receipts to the answers, all of which are committed by now: one signature for those stored together, one for each replayed."""
    receipts = answerable.receipts.sign(
        [
            (answer.id, leaves[answer.id], answer.recorded_at)
            for answer in answers
            if isinstance(answer, DecisionView) and answer.id is not None and answer.id in leaves
        ]
    )
    for position, answer in enumerate(answers):
        if isinstance(answer, DecisionView) and answer.id is not None:
            if answer.id not in leaves:
                with answerable.look(service("replay")) as work:
                    text = answerable.receipts.again(work.session, answer.id)
            else:
                text = receipts.get(answer.id)
            answers[position] = replace(answer, receipt=text)
    return answers


def receipt(work: Work, decision_id: str) -> str:
    """Return what the log promised when a decision was asked for.

    Raises:
        NotAllowed: the actor may not read it, or is a person who may not read the log.
        NotFound: as ``get``; or nobody was promised anything, as it was imported or made by a person.
        Unavailable: every key for receipts here was retired.
    """
    _require_evidence(work)
    readable(work, decision_id)
    text = work.answerable.receipts.again(work.session, decision_id)
    if text is not None:
        return text
    if work.answerable.receipts.key is None:
        raise Unavailable(
            "This process has no key for receipts that counts. The status page says what to do."
        )
    raise NotFound(
        "There is no receipt for this decision: it was not asked for, but imported or made by a person."
    )


def dry_run(answerable: Answerable, actor: Actor, request: DecisionRequest) -> DecisionView:
    """Rule on a request and store nothing.

    Raises:
        NotAllowed, NotFound, InvalidInput: as ``ask``.
    """
    actor.require(Permission.DECISIONS_CREATE)
    with answerable.look(actor) as work:
        configuration = work.configuration
    configuration = _with_key(answerable, configuration, actor)
    now = answerable.clock.now()
    ruled = preparing.rule(answerable, configuration, actor, request, now)
    return replace(
        preparing.view(ruled, decision_id=None, case_id=None, now=now),
        trace=rulings.trace_document(ruled.ruling),
    )


def get(work: Work, decision_id: str) -> DecisionView:
    """Return one decision with its payload; the trace only to who may read explanations for reviewers.

    Raises:
        NotAllowed: the actor may read no decisions.
        NotFound: there is none, or it is not one of the actor's.
    """
    view = full_view(work, readable(work, decision_id))
    return view if work.actor.may(Permission.EXPLANATIONS_REVIEW) else replace(view, trace=None)


def readable(work: Work, decision_id: str) -> Decision:
    """Return a decision's row if the actor may see it: apps their own, managers those of their queues, auditors all.

    Raises:
        NotAllowed, NotFound: as ``get``.
    """
    work.require(Permission.DECISIONS_READ)
    row = queries.by_id(work.session, decision_id)
    if row is None or not _may_see(work, row):
        raise NotFound("There is no such decision, or it is not one of yours.")
    return row


def prove(work: Work, decision_id: str) -> Proof:
    """Prove that the log has a decision's entry, whose id is the decision's.

    Raises:
        NotAllowed, NotFound: as ``get``.
        NotProvenYet: the entry waits for its place, or for a checkpoint over it.
    """
    _require_evidence(work)
    readable(work, decision_id)
    return proving.proof_of(work.session, decision_id) or proving.not_yet()


def _require_evidence(work: Work) -> None:
    if not _may_prove(work):
        work.require(Permission.LOG_READ)


def _may_prove(work: Work) -> bool:
    """Tell whether the actor may ask for what the log holds, as apps and auditors may. A known case is none of its entries, which would tell whoever decides that it is one."""
    return work.actor.kind is not ActorKind.PERSON or work.actor.may(Permission.LOG_READ)


def search(
    work: Work,
    *,
    limit: int = 50,
    point: str | None = None,
    status: str | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
    subject_ref: str | None = None,
    before: tuple[datetime, str] | None = None,
) -> Page:
    """Return a page of the decisions that the actor may see, newest first, without their payloads."""
    work.require(Permission.DECISIONS_READ)
    actor = work.actor
    rows = queries.page(
        work.session,
        now=work.now,
        limit=limit + 1,
        app_id=actor.id if actor.kind is ActorKind.APP else None,
        points=None if actor.points is None else sorted(actor.points),
        queues=None if sees_all(actor) else sorted(actor.queues),
        point=point,
        status=status,
        since=since,
        until=until,
        subject_tag=None if subject_ref is None else work.answerable.keys.tag_of(subject_ref),
        before=before,
    )
    more = rows[limit:]
    rows = rows[:limit]
    hidden = first_judgement.withheld(work, [row.id for row in rows])
    # That it fits a filter would tell what became of a decision that the actor judges blind.
    blind = {} if status is None else first_judgement.held_blind(work, [row.id for row in rows])
    return Page(
        decisions=[
            _withheld(work, row, row_view(work, row)) if row.id in hidden else row_view(work, row)
            for row in rows
            if row.id not in blind
        ],
        next_cursor=(rows[-1].recorded_at, rows[-1].id) if more else None,
    )


def withdraw(work: Work, decision_id: str) -> DecisionView:
    """Take back a decision that waits for a person; the app that asked for it may.

    Raises:
        NotAllowed, NotFound: as ``get``; a person may not withdraw.
        CaseClosed: it no longer waits for a person.
    """
    work.require(Permission.DECISIONS_WITHDRAW)
    row = queries.lock(work.session, decision_id)
    if row is None or not _may_see(work, row):
        raise NotFound("There is no such decision, or it is not one of yours.")
    if row.status != Status.IN_REVIEW:
        told = visible(row.status, row.outcome, row.effective_at, work.now)[0]
        raise CaseClosed(
            f"Only a decision in review can be withdrawn; this one is {_told(told, row)}."
        )
    case = work.session.execute(
        sa.select(Case)
        .where(Case.decision_id == row.id, Case.purpose == "decide")
        .with_for_update()
    ).scalar_one()
    with counted(work, row):
        row.status, row.outcome, row.decided_at = Status.WITHDRAWN, None, work.now
    case.status, case.closed_at, case.claimed_by, case.claimed_until = (
        "closed",
        work.now,
        None,
        None,
    )
    case.revision += 1
    work.record(EntryKind.DECISION_WITHDRAWN, decision_id=row.id, refs={"case": case.id})
    work.session.flush()
    return full_view(work, row)


def _told(status: Status, row: Decision) -> str:
    return (
        "about to be decided"
        if status is Status.IN_REVIEW and row.effective_at is not None
        else str(status)
    )


class Waiting:
    """Bounds how many requests of a process may wait at once, for an outcome or for a proof."""

    def __init__(self, answerable: Answerable) -> None:
        self._answerable = answerable
        self._places = threading.BoundedSemaphore(max(1, answerable.settings.wait_places))
        self._allowed = answerable.settings.wait_places > 0

    def until_final(self, actor: Actor, decision_id: str, seconds: float) -> bool:
        """Wait until a decision's outcome is effective, at most so long. Return False when there was no place to wait."""

        def final(work: Work) -> bool | None:
            row = readable(work, decision_id)
            return is_final(row.status, row.effective_at, work.now) or None

        return self._until(final, actor, seconds)[0]

    def until_proven(
        self, actor: Actor, decision_id: str, seconds: float
    ) -> tuple[bool, Proof | None]:
        """Wait until a decision's entry is in the signed log, at most so long; say whether there was a place to wait, and return the proof."""

        def proven(work: Work) -> Proof | None:
            return proving.proof_of(work.session, readable(work, decision_id).id)

        return self._until(proven, actor, seconds)

    def _until(
        self, found: Callable[[Work], _Found | None], actor: Actor, seconds: float
    ) -> tuple[bool, _Found | None]:
        if not self._allowed or not self._places.acquire(blocking=False):
            return False, None
        try:
            end = time.monotonic() + min(seconds, self._answerable.settings.wait_longest)
            pause = 0.05
            while time.monotonic() < end:
                with self._answerable.look(actor) as work:
                    result = found(work)
                if result is not None:
                    return True, result
                time.sleep(max(0.0, min(pause, end - time.monotonic())))
                pause = min(pause * 1.5, 0.5)
            return True, None
        finally:
            self._places.release()


def row_view(work: Work, row: Decision, *, as_created: bool = False) -> DecisionView:
    """Return a decision from its clear columns alone; ``as_created`` as the first answer told it."""
    engine = points.engine_of(work, row.point, row.policy_version)
    if as_created:
        status, outcome = _status_as_created(row, engine.policy)
        decided_at = None if status == Status.IN_REVIEW else row.recorded_at
        effective_at = None
    else:
        status, outcome = visible(row.status, row.outcome, row.effective_at, work.now)
        decided_at = None if status is Status.IN_REVIEW else row.decided_at
        effective_at = row.effective_at if decided_at is not None else None
    notice, notice_language = preparing.notice_of(engine.policy, row.language)
    return DecisionView(
        id=row.id,
        point=row.point,
        status=status,
        outcome=outcome,
        recorded_at=row.recorded_at,
        occurred_at=row.occurred_at,
        decided_at=decided_at,
        effective_at=effective_at,
        proposed_outcome=row.proposed_outcome,
        confidence=row.confidence,
        source=row.source,
        disposition=row.disposition,
        queue=row.queue,
        due_at=row.due_at,
        reasons=tuple(
            RulingReason(code=reason["code"], rule=reason["rule"], text="")
            for reason in row.reasons
        ),
        policy_version=row.policy_version,
        policy_digest=row.policy_digest,
        rollout=row.rollout,
        imported=row.imported,
        person_requested=row.person_requested,
        language=row.language,
        channel=row.channel,
        sequence=row.sequence,
        notice=notice,
        notice_language=notice_language,
        provable=_may_prove(work),
        # Apps pass it on. People of the business get none: with it they could object as somebody else, and answer themselves.
        subject_page=None
        if work.actor.kind is ActorKind.PERSON
        else preparing.subject_page(
            work.answerable, row.id, row.recorded_at if as_created else work.now
        ),
    )


def full_view(
    work: Work, row: Decision, *, as_created: bool = False, language: str | None = None
) -> DecisionView:
    """Return a decision with its payload; what was erased is None."""
    view = row_view(work, row, as_created=as_created)
    withheld = row.id in first_judgement.withheld(work, [row.id])
    case = queries.case_of(work.session, row.id)
    if case is not None:
        view = replace(view, case_id=case.id, question=_question(work, case))
    plaintext = payloads.read(work.session, work.answerable.keys, row.id, DECISION_PAYLOAD)
    if plaintext is None:
        return _withheld(work, row, view) if withheld else view
    note_reading(work, row)
    document: dict[str, Any] = orjson.loads(plaintext)
    engine = points.engine_of(work, row.point, row.policy_version)
    ruling = rulings.trace_from(document["trace"])
    told_in = language or row.language or "en"
    hidden = masking.hidden_from(work, row.id, engine.policy)
    packet = document.get(HAND_OVER)
    if hidden:
        # What an app sent along for itself is not declared, so nobody can tell whether it gives the same away.
        document |= {
            "features": masking.shown_features(document["features"], hidden),
            "reasons": masking.shown_reasons(document["reasons"], hidden, engine.policy),
            "trace": masking.shown_trace(document["trace"], hidden),
            "metadata": {},
        }
        given = orjson.loads(plaintext)["features"].keys() | (
            set() if packet is None else {masking.PACKET}
        )
        view = replace(
            view,
            masked=[
                name for name in (*engine.policy.features, masking.PACKET) if name in hidden & given
            ],
        )
    view = replace(
        view,
        reasons=tuple(
            RulingReason(
                code=reason.code.value,
                rule=reason.rule,
                text=texts.render(reason, engine.policy, told_in),
            )
            for reason in ruling.reasons
        ),
        features=document["features"],
        metadata=document["metadata"],
        hand_over=None if masking.PACKET in hidden or work.actor.kind is ActorKind.APP else packet,
        alternatives=document["alternatives"],
        proposal_reasons=document["reasons"],
        subject_ref=document["subject"],
        trace=document["trace"],
    )
    return _withheld(work, row, view) if withheld else view


def note_reading(work: Work, row: Decision) -> None:
    """Say that the actor is shown what a decision was made on, or what was written of it.

    What an app sent itself is no news to it within the hour: ``decision.recorded`` says that it had it.
    """
    own = work.actor.kind is ActorKind.APP and row.app_id == work.actor.id
    if not own or hour_of(row.recorded_at) != hour_of(work.now):
        work.reads("decision", row.id, decision_id=row.id)


def _withheld(work: Work, row: Decision, view: DecisionView) -> DecisionView:
    engine = points.engine_of(work, row.point, row.policy_version)
    view = first_judgement.without_proposal(view, engine)
    blind = row.id in first_judgement.held_blind(work, [row.id])
    return first_judgement.without_outcome(view) if blind else view


def _question(work: Work, case: Case) -> OpenQuestion | None:
    if case.question_id is None or case.status != "open":
        return None
    said = payloads.read(work.session, work.answerable.keys, case.question_id, QUESTION_PAYLOAD)
    return OpenQuestion(
        id=case.question_id,
        words=None if said is None else said.decode(),
        until=case.sleeps_until,
    )


def _answer(
    answerable: Answerable, prepared: Prepared, view: DecisionView, asked: Asked
) -> DecisionView | AnswerableError | None:
    if prepared.fate is Fate.STORED:
        return view
    if prepared.fate is Fate.DUPLICATE:
        return _replay(answerable, prepared, view, asked)
    if prepared.fate is Fate.CONFIGURATION_CHANGED:
        return None
    if prepared.fate is Fate.KEY_GONE:
        answerable.keys.forget(prepared.key)
        return None
    error = prepared.error
    assert error is not None
    if isinstance(error, AnswerableError):
        return error
    return unavailable(error)


def _require_unspent(
    answerable: Answerable,
    configuration: configurations.Configuration,
    actor: Actor,
    asked: Asked,
    now: datetime,
) -> None:
    """Raise where the idempotency key is that of a decision that was erased, of which only an HMAC of the key is left."""
    if configuration.spent and asked.idempotency_key is not None:
        tag = preparing.spent_tag(answerable.keyring, actor.id, asked.idempotency_key)
        until = configuration.spent.get(tag)
        if until is not None and now < until:
            raise Gone("The decision made under this Idempotency-Key was erased.")


def _replay(
    answerable: Answerable, prepared: Prepared, fresh: DecisionView, asked: Asked
) -> DecisionView | AnswerableError:
    with answerable.look(service("replay")) as work:
        if queries.by_id(work.session, prepared.decision_id) is not None:
            return fresh
        row = None
        if prepared.idempotency is not None:
            row = queries.by_idempotency_key(work.session, *prepared.idempotency)
        if row is None:
            return Unavailable(
                "Another request with this idempotency key is being stored. Try again.",
                retry_after=1,
            )
        if row.body_digest != preparing.stored_digest(answerable, asked):
            return IdempotencyConflict(
                "This Idempotency-Key was used with another body. Use a fresh key for another decision, or send the same body."
            )
        view = full_view(work, row, as_created=True)
    if view.features is None:
        return Gone("The decision made under this Idempotency-Key was erased.")
    return replace(view, trace=None, replayed=True)


def _status_as_created(row: Decision, policy: Any) -> tuple[Status, str | None]:
    if row.queue is not None:
        return Status.IN_REVIEW, None
    return Status(row.status), row.outcome


def _may_see(work: Work, row: Decision) -> bool:
    actor = work.actor
    if actor.kind is ActorKind.APP:
        return row.app_id == actor.id and (actor.points is None or row.point in actor.points)
    if sees_all(actor):
        return True
    if row.queue in actor.queues:
        return True
    # Of a case that moved, and of one that answers an appeal to what was decided without a case.
    moved_to = work.session.execute(
        sa.select(Case.queue).where(Case.decision_id == row.id)
    ).scalars()
    return any(queue in actor.queues for queue in moved_to)


def sees_all(actor: Actor) -> bool:
    """Tell whether an actor who is no app sees the decisions of all queues, not of their own alone."""
    return actor.kind is not ActorKind.PERSON or actor.may(Permission.LOG_READ)


def _outdated(answerable: Answerable, configuration: configurations.Configuration) -> bool:
    try:
        return answerable.configuration.reload().generation != configuration.generation
    except sa.exc.OperationalError as error:
        raise unavailable(error) from error


def _with_key(
    answerable: Answerable, configuration: configurations.Configuration, actor: Actor
) -> configurations.Configuration:
    """Return a configuration that knows the actor's key: this one, or a newer one for a key made meanwhile."""
    if actor.kind is not ActorKind.APP or actor.key_id in configuration.keys:
        return configuration
    newest = answerable.configuration.reload()
    if actor.key_id not in newest.keys:
        raise NotAllowed("This app key was revoked. Ask an admin for another.")
    return newest


def _require_log(answerable: Answerable) -> None:
    """Raise when the sequencer is so far behind that more entries must not pile up; looked at once a second."""
    checked_at, full = answerable.log_checked
    if time.monotonic() - checked_at > 1.0:
        limit = answerable.settings.log_pending_limit
        try:
            with answerable.database.read() as session:
                waiting = sa.select(PendingRecord.record_id).limit(limit + 1).subquery()
                full = (
                    session.execute(sa.select(sa.func.count()).select_from(waiting)).scalar_one()
                    > limit
                )
        except (sa.exc.OperationalError, sa.exc.TimeoutError) as error:
            raise unavailable(error) from error
        answerable.log_checked = (time.monotonic(), full)
    if full:
        raise LogUnavailable(
            "Too many log entries wait to be sequenced, so nothing may be decided now. The status page says since when and what to do.",
            retry_after=5,
        )
