"""From a request to rows: the ruling, the view that answers it, and everything that is stored, made before any lock is taken."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

import msgspec
import orjson

from audits.log.entries import EntryKind, decimal_text
from governance.actors import Actor, ActorKind
from governance.clock import parse_rfc3339, rfc3339
from governance.configuration import Configuration, LivePolicy
from governance.decisions import queries, subject_links
from governance.decisions.asking import DecisionRequest
from governance.decisions.states import Status
from governance.decisions.storing.rows import Prepared, stored
from governance.decisions.views import DecisionView, RulingReason
from governance.deltas import states
from governance.deltas.states import State
from governance.errors import FieldProblem, InvalidInput, NotFound
from governance.keyring import Keyring
from governance.ledger import appending
from policies import rulings, texts

if TYPE_CHECKING:
    from governance.application import Answerable

#: How long after its release a sampled decision is to be looked at, in working time; what waits for a person comes before it.
CHECK_WITHIN: Final = timedelta(days=7)
#: How far ahead of our clock an app's ``occurred_at`` may be.
_CLOCK_SKEW = timedelta(minutes=5)
DECISION_PAYLOAD = "decision"
GROUPS_PAYLOAD = "groups"
#: Where the payload of a decision holds what a chat handed over.
HAND_OVER = "hand_over"


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One request with its idempotency key and the SHA-256 (hex) of its canonical body.

    The body holds group attributes and facts that can be guessed, so what is stored is an HMAC of that digest.
    """

    request: DecisionRequest
    idempotency_key: str | None = None
    body_digest: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Ruled:
    """A request that fits and what the policy says of it; of an imported one, what was done in the past and what turned out right.

    ``groups`` are the group attributes of somebody whom an import names by no reference.
    """

    request: DecisionRequest
    live: LivePolicy
    ruling: rulings.Ruling
    occurred_at: datetime | None
    due_at: datetime | None
    source: str
    status: str
    outcome: str | None
    imported: bool = False
    truth: str | None = None
    groups: Mapping[str, str] | None = None


def live_policy(configuration: Configuration, actor: Actor, point: str) -> LivePolicy:
    """Return the policy in force at a point that this actor may ask.

    Raises:
        NotFound: there is no such point, it has no published policy, or it is not one of the app's.
    """
    if actor.points is not None and point not in actor.points:
        raise NotFound(f"There is no decision point {point!r} for this key.")
    live = configuration.live.get(point)
    if live is None:
        raise NotFound(f"There is no decision point {point!r} with a published policy.")
    return live


@dataclass(frozen=True, slots=True, kw_only=True)
class Fitting:
    """A request without mistakes, ready to be ruled on."""

    live: LivePolicy
    checked: rulings.Checked
    proposal: rulings.Proposal | None
    occurred_at: datetime | None
    source: str


def check(
    configuration: Configuration, actor: Actor, request: DecisionRequest, now: datetime
) -> Fitting:
    """Check a request against the policy in force.

    Raises:
        NotFound: there is no such decision point for this actor.
        InvalidInput: the request does not fit; every mistake is listed.
    """
    live = live_policy(configuration, actor, request.decision_point)
    engine = live.engine
    source = f"{actor.kind.value}:{actor.name}"
    asked = request.proposal
    proposal = (
        None
        if asked is None
        else rulings.Proposal(
            outcome=asked.outcome,
            confidence=asked.confidence,
            source=source,
            alternatives=tuple(
                rulings.Alternative(outcome=a.outcome, confidence=a.confidence)
                for a in asked.alternatives
            ),
            reasons=tuple(
                rulings.Contribution(feature=r.feature, contribution=r.contribution)
                for r in asked.reasons
            ),
        )
    )
    problems: list[FieldProblem] = []
    occurred_at = None
    if request.occurred_at is not None:
        try:
            occurred_at = parse_rfc3339(request.occurred_at)
            if occurred_at > now + _CLOCK_SKEW:
                problems.append(
                    FieldProblem(
                        pointer="/occurred_at",
                        detail=f"{request.occurred_at} is more than 5 minutes ahead of our clock ({rfc3339(now)}).",
                    )
                )
        except (ValueError, OverflowError):
            problems.append(
                FieldProblem(
                    pointer="/occurred_at",
                    detail="Expected a time with an offset, like 2026-11-21T10:00:00Z.",
                )
            )
    subject = request.subject
    checked = engine.check(
        features=request.features,
        proposal=proposal,
        subject=None if subject is None else subject.ref,
        groups=None if subject is None else subject.groups,
    )
    problems += [
        FieldProblem(pointer=pointer, detail=detail) for pointer, detail in checked.problems
    ]
    if problems:
        count = len(problems)
        raise InvalidInput(
            f"The request does not fit: {count} problem{'s' if count > 1 else ''}. Nothing was stored.",
            problems,
        )
    return Fitting(
        live=live, checked=checked, proposal=proposal, occurred_at=occurred_at, source=source
    )


def rule(
    answerable: Answerable,
    configuration: Configuration,
    actor: Actor,
    request: DecisionRequest,
    now: datetime,
) -> Ruled:
    """Check a request and rule on it.

    Raises:
        NotFound: there is no such decision point for this actor.
        InvalidInput: the request does not fit; every mistake is listed.
    """
    fits = check(configuration, actor, request, now)
    engine, checked = fits.live.engine, fits.checked
    subject = request.subject
    earlier = None
    if engine.uses_earlier and subject is not None:
        earlier = _earlier(answerable, request.decision_point, subject.ref, now)
    ruling = engine.rule(
        rulings.Question(
            features=request.features,
            proposal=fits.proposal,
            subject_known=subject is not None,
            person_requested=request.person_requested,
            people_only=subject is not None
            and bool(configuration.people_only)
            and answerable.keys.tag_of(subject.ref) in configuration.people_only,
            holds=tuple(hold.reason for hold in configuration.holds_of(request.decision_point)),
            context=rulings.Context(
                now=now,
                zone=configuration.time_zone,
                language=request.language,
                channel=request.channel,
                earlier=earlier,
            ),
        ),
        checked,
    )
    due_at = None
    if ruling.status == "in_review" and ruling.due_in is not None and ruling.queue is not None:
        due_at = configuration.due(ruling.queue, now, ruling.due_in)
    return Ruled(
        request=request,
        live=fits.live,
        ruling=ruling,
        occurred_at=fits.occurred_at,
        due_at=due_at,
        source=fits.source,
        status=Status(ruling.status),
        outcome=ruling.outcome,
    )


def view(
    ruled: Ruled,
    *,
    decision_id: str | None,
    case_id: str | None,
    now: datetime,
    subject_page: str | None = None,
) -> DecisionView:
    """Return the answer to a request."""
    request, ruling, policy = ruled.request, ruled.ruling, ruled.live.policy
    notice, notice_language = notice_of(policy, request.language)
    asked = request.proposal
    return DecisionView(
        id=decision_id,
        point=request.decision_point,
        status=ruled.status,
        outcome=ruled.outcome,
        recorded_at=now,
        occurred_at=ruled.occurred_at,
        decided_at=None if ruled.status == Status.IN_REVIEW else now,
        effective_at=None,
        proposed_outcome=None if asked is None else asked.outcome,
        confidence=None if asked is None else asked.confidence,
        source=ruled.source,
        disposition=ruling.disposition.value,
        queue=ruling.queue,
        due_at=ruled.due_at,
        reasons=reasons_told(ruling, policy, request.language),
        policy_version=ruled.live.version,
        policy_digest=policy.digest,
        rollout=policy.rollout,
        imported=ruled.imported,
        person_requested=request.person_requested,
        language=request.language,
        channel=request.channel,
        sequence=request.sequence,
        notice=notice,
        notice_language=notice_language,
        case_id=case_id,
        features=request.features,
        metadata=request.metadata,
        alternatives=_alternatives(request),
        proposal_reasons=_reasons(request),
        subject_ref=None if request.subject is None else request.subject.ref,
        trace=None,
        provable=True,
        subject_page=subject_page,
    )


def prepare(
    answerable: Answerable,
    configuration: Configuration,
    actor: Actor,
    asked: Asked,
    ruled: Ruled,
    now: datetime,
) -> tuple[Prepared, DecisionView]:
    """Make all rows of a decision and the view that answers it."""
    prepared, case_id = prepared_rows(answerable, configuration, actor, asked, ruled, now)
    told = view(
        ruled,
        decision_id=prepared.decision_id,
        case_id=case_id,
        now=now,
        subject_page=subject_page(answerable, prepared.decision_id, now),
    )
    return prepared, told


def subject_page(answerable: Answerable, decision_id: str, given_at: datetime) -> str:
    """Return the token of the page of the person concerned, as it is given at an instant."""
    days = answerable.settings.subject_page_days
    return subject_links.token_of(answerable.keyring, decision_id, given_at, days)


def prepared_rows(
    answerable: Answerable,
    configuration: Configuration,
    actor: Actor,
    asked: Asked,
    ruled: Ruled,
    now: datetime,
    *,
    decision_id: str | None = None,
) -> tuple[Prepared, str | None]:
    """Make all rows of a decision; return them and the id of its case.

    With a ``decision_id`` of the caller's, a decision that is there already under it is not stored again.
    """
    request, ruling, policy = ruled.request, ruled.ruling, ruled.live.policy
    repeatable = decision_id is not None
    decision_id = decision_id or answerable.new_id()
    in_review = ruled.status == Status.IN_REVIEW
    case_id = answerable.new_id() if in_review else None
    subject = request.subject
    key = answerable.keys.for_subject(None if subject is None else subject.ref)
    trace = rulings.trace_document(ruling)
    body_digest = stored_digest(answerable, asked)
    plaintext = orjson.dumps(
        {
            "features": request.features,
            "metadata": request.metadata,
            "alternatives": _alternatives(request),
            "reasons": _reasons(request),
            "subject": None if subject is None else subject.ref,
            "trace": trace,
            # No entry may hold these; here they are committed to, so that verify can compare the row's.
            "asked": {"digest": body_digest, "key": asked.idempotency_key},
        }
        | ({} if request.hand_over is None else {HAND_OVER: msgspec.to_builtins(request.hand_over)})
    )
    nonce, ciphertext = key.encrypt(decision_id, DECISION_PAYLOAD, plaintext)
    commitments = {DECISION_PAYLOAD: key.commit(decision_id, DECISION_PAYLOAD, plaintext)}
    rows: dict[str, tuple[Any, ...]] = {}
    if key.is_new:
        rows["subject_keys"] = tuple(
            stored(value) for value in answerable.keys.row_of(key, now).values()
        )
    rows["payloads"] = (decision_id, DECISION_PAYLOAD, key.id, nonce, ciphertext)
    told = ruled.groups if subject is None else subject.groups
    if told:
        groups = orjson.dumps(told, option=orjson.OPT_SORT_KEYS)
        group_nonce, group_ciphertext = key.encrypt(decision_id, GROUPS_PAYLOAD, groups)
        rows["group_vault"] = (decision_id, key.id, group_nonce, group_ciphertext)
        commitments[GROUPS_PAYLOAD] = key.commit(decision_id, GROUPS_PAYLOAD, groups)
    codes = [{"code": reason.code.value, "rule": reason.rule} for reason in ruling.reasons]
    app_id = actor.id if actor.kind is ActorKind.APP else None
    overdue = ruling.when_overdue
    decided_at = None if in_review else ruled.occurred_at if ruled.imported else now
    rows["decisions"] = (
        decision_id,
        request.decision_point,
        ruled.live.version,
        policy.digest,
        app_id,
        actor.reference,
        ruled.source,
        ruled.imported,
        policy.rollout,
        ruling.disposition.value,
        stored(codes, json=True),
        None if request.proposal is None else request.proposal.outcome,
        None if request.proposal is None else request.proposal.confidence,
        ruling.queue if in_review else None,
        stored(ruled.due_at),
        stored(now),
        stored(ruled.occurred_at),
        request.person_requested,
        request.language,
        request.channel,
        request.sequence,
        body_digest,
        asked.idempotency_key,
        ruled.status,
        ruled.outcome,
        stored(decided_at),
        None,
        None,
    )
    rows["count_deltas"] = (
        decision_id,
        None,
        states.text(State(status=ruled.status, outcome=ruled.outcome, truth=ruled.truth or "")),
        None,
    )
    if ruled.truth is not None:
        rows["ground_truths"] = (decision_id, ruled.truth, None, stored(now), actor.reference)
    case_data: dict[str, Any] | None = None
    if in_review:
        case_data = {
            "queue": ruling.queue,
            "due_at": stored(ruled.due_at),
            "due_seconds": None if ruling.due_in is None else int(ruling.due_in.total_seconds()),
            "escalate_to": None if overdue is None else overdue.escalate_to,
            "sensitive": ruling.sensitive,
            "sign_offs": ruling.sign_offs,
            "judge_first": answerable.keyring.draw("judge first", decision_id) < ruling.judge_first,
            "approvable": ruling.approvable,
            "undo_seconds": int(ruling.undo.total_seconds()),
        }
        rows["cases"] = _case_row(case_id, decision_id, "decide", now, request, case_data)
    check_id = check_data = None
    if _is_sampled(answerable, ruled, decision_id):
        check_id = answerable.new_id()
        check_data = _check(answerable, configuration, ruled, decision_id, now)
        rows["cases"] = _case_row(check_id, decision_id, "check", now, request, check_data)
    record = appending.prepare(
        EntryKind.DECISION_IMPORTED if ruled.imported else EntryKind.DECISION_RECORDED,
        record_id=decision_id,
        origin=configuration.origin,
        actor=actor,
        recorded_at=now,
        occurred_at=ruled.occurred_at,
        decision_id=decision_id,
        refs={"case": case_id, "check": check_id},
        data=({} if check_data is None else {"check": check_data})
        | ({} if ruled.truth is None else {"ground_truth": ruled.truth})
        | recorded_data(
            point=request.decision_point,
            policy_version=ruled.live.version,
            policy_digest=policy.digest,
            source=ruled.source,
            rollout=policy.rollout,
            disposition=ruling.disposition.value,
            reasons=codes,
            proposed_outcome=None if request.proposal is None else request.proposal.outcome,
            confidence=None if request.proposal is None else request.proposal.confidence,
            person_requested=request.person_requested,
            language=request.language,
            channel=request.channel,
            sequence=request.sequence,
            status=ruled.status,
            outcome=ruled.outcome,
            case=case_data,
        ),
        commitments=commitments,
    )
    rows["log_records"] = (record.id, record.kind, stored(now), record.decision_id, record.entry)
    rows["log_pending"] = (record.id, record.leaf_hash)
    idempotency = None
    if asked.idempotency_key is not None and app_id is not None:
        idempotency = (app_id, asked.idempotency_key)
    prepared = Prepared(
        decision_id=decision_id,
        generation=configuration.generation,
        rows=rows,
        idempotency=idempotency,
        key=key,
        repeatable=repeatable,
    )
    return prepared, case_id


def _is_sampled(answerable: Answerable, ruled: Ruled, decision_id: str) -> bool:
    """Tell whether a person looks at a decision afterwards: a share of what is released live."""
    share = ruled.live.policy.review.sample
    if not share or ruled.imported or ruled.status != Status.RELEASED:
        return False
    return answerable.keyring.draw("check", decision_id) < share


def _check(
    answerable: Answerable,
    configuration: Configuration,
    ruled: Ruled,
    decision_id: str,
    now: datetime,
) -> dict[str, Any]:
    """Return what the case of a sampled check is, as its decision's entry says it."""
    policy = ruled.live.policy
    review, drawn = policy.review, answerable.keyring.draw("judge first", decision_id)
    return {
        "queue": review.queue,
        "due_at": stored(configuration.due(review.queue, now, CHECK_WITHIN)),
        "due_seconds": None,
        "escalate_to": None,
        "sensitive": False,
        "sign_offs": 1,
        "judge_first": drawn < policy.judge_first,
        "approvable": True,
        "undo_seconds": int(review.undo.total_seconds()),
    }


def _case_row(
    case_id: str | None,
    decision_id: str,
    purpose: str,
    now: datetime,
    request: DecisionRequest,
    data: Mapping[str, Any],
) -> tuple[Any, ...]:
    return (
        case_id,
        decision_id,
        request.decision_point,
        purpose,
        data["queue"],
        "open",
        stored(now),
        data["due_at"],
        data["due_seconds"],
        data["escalate_to"],
        None,
        data["sensitive"],
        data["sign_offs"],
        data["judge_first"],
        data["approvable"],
        data["undo_seconds"],
        *[None] * 11,
        1,
    )


def stored_digest(answerable: Answerable, asked: Asked) -> str | None:
    """Return what is kept of a body: it tells whether another one is the same, and nothing to who lacks the lookup secret."""
    if asked.body_digest is None:
        return None
    return answerable.keyring.tag("request body", asked.body_digest)


def spent_tag(keyring: Keyring, app_id: str, key: str) -> str:
    """Return what is kept of the idempotency key of a decision that was erased."""
    return keyring.tag("idempotency key", f"{app_id}\0{key}")


def recorded_data(
    *,
    point: str,
    policy_version: int,
    policy_digest: str,
    source: str,
    rollout: str,
    disposition: str,
    reasons: list[dict[str, Any]],
    proposed_outcome: str | None,
    confidence: float | None,
    person_requested: bool,
    language: str | None,
    channel: str | None,
    sequence: int | None,
    status: str,
    outcome: str | None,
    case: Mapping[str, Any] | None,
) -> dict[str, Any]:
    """Return what the entry of a decision says in clear; ``verify`` compares the row's columns with it."""
    return {
        "point": point,
        "policy_version": policy_version,
        "policy_digest": policy_digest,
        "source": source,
        "rollout": rollout,
        "disposition": disposition,
        "reasons": reasons,
        "proposed_outcome": proposed_outcome,
        "confidence": None if confidence is None else decimal_text(confidence),
        "person_requested": person_requested,
        "language": language,
        "channel": channel,
        "sequence": sequence,
        "status": status,
        "outcome": outcome,
        "case": None if case is None else dict(case),
    }


def reasons_told(
    ruling: rulings.Ruling, policy: Any, language: str | None
) -> tuple[RulingReason, ...]:
    """Return a ruling's reasons with their sentences."""
    return tuple(
        RulingReason(
            code=reason.code.value,
            rule=reason.rule,
            text=texts.render(reason, policy, language or "en"),
        )
        for reason in ruling.reasons
    )


def notice_of(policy: Any, language: str | None) -> tuple[str | None, str | None]:
    """Return the policy's notice for the person concerned and the language it is in."""
    if policy.notice is None:
        return None, None
    wanted = (language or "en").split("-")[0].lower()
    chosen = wanted if wanted in policy.notice else "en"
    return policy.notice.in_(chosen), chosen


def _alternatives(request: DecisionRequest) -> list[dict[str, Any]]:
    asked = request.proposal
    return (
        []
        if asked is None
        else [{"outcome": a.outcome, "confidence": a.confidence} for a in asked.alternatives]
    )


def _reasons(request: DecisionRequest) -> list[dict[str, Any]]:
    if request.proposal is None:
        return []
    return [
        {"feature": r.feature, "contribution": r.contribution} for r in request.proposal.reasons
    ]


def _earlier(answerable: Answerable, point: str, reference: str, now: datetime) -> rulings.Earlier:

    with answerable.database.read() as session:
        count, last_outcome, last_at = queries.earlier_of_subject(
            session, answerable.keys.tag_of(reference), point, now
        )
    return rulings.Earlier(count_30d=count, last_outcome=last_outcome, last_at=last_at)
