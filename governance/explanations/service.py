"""Why it was decided so, for one audience; and the whole story of a decision."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import orjson
import sqlalchemy as sa

from audits.log.entries import EntryKind
from governance.actors import ActorKind
from governance.decisions import first_judgement, masking
from governance.decisions import service as decisions
from governance.decisions.models import Decision
from governance.decisions.preparing import DECISION_PAYLOAD
from governance.decisions.sight import DECIDING, app_of
from governance.decisions.states import Status, visible
from governance.errors import Conflict, FieldProblem, InvalidInput
from governance.identities.models import App
from governance.identities.queries import names
from governance.ledger.models import Leaf
from governance.monitors.models import NOTE
from governance.permissions import Permission
from governance.points import queries as points
from governance.reviews import history
from governance.reviews import queries as reviews
from governance.reviews.models import Case
from governance.reviews.purposes import CHECK, DOUBLE
from governance.reviews.service import REASON_PAYLOAD
from governance.reviews.views import MessageKind
from governance.subjects import payloads
from governance.work import Work
from policies import explanations, rulings
from policies.explanations import Audience, Ending, Explanation, HumanPart

_NEEDED: Final = {
    Audience.SUBJECT: Permission.EXPLANATIONS_READ,
    Audience.REVIEWER: Permission.EXPLANATIONS_REVIEW,
    Audience.AUDITOR: Permission.EXPLANATIONS_AUDIT,
}
_ERASED: Final = {
    "en": (
        "The content of this decision was erased",
        "What remains says that there was a decision, when, and by which policy.",
    ),
    "de": (
        "Der Inhalt dieser Entscheidung wurde gelöscht",
        "Was bleibt, sagt, dass es eine Entscheidung gab, wann und nach welcher Richtlinie.",
    ),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class LogPlace:
    """Where an entry stands in the log."""

    epoch: int
    index: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One step of a decision's story.

    ``kind`` is received, done_elsewhere (before it was imported), ruled, case_opened, claimed, released, sign_off (a verdict that did not decide), verdict
    (the one that did), sampled (for a look afterwards), checked (what that look found), drawn (for a second opinion), second_opinion, not_looked_at
    (a second look that was closed without one), undone, fell (a sign-off, as what it was given on changed), skipped, put_off, handed_over, commented, doubted, question_asked, information_given, revealed, judged, escalated, lapsed, withdrawn
    or effective. ``record_id`` is the entry that
    tells of it, None for what follows from another; ``place`` is None while that entry waits for the
    sequencer. ``by`` is a name where the actor may know it. ``data`` is what the entry says in clear, ``reason`` what the
    person wrote.
    """

    kind: str
    at: datetime
    by_kind: ActorKind
    by_id: str
    by: str | None
    data: Mapping[str, Any]
    reason: str | None
    record_id: str | None
    place: LogPlace | None


_KINDS: Final = {
    EntryKind.DECISION_RECORDED: "received",
    EntryKind.DECISION_IMPORTED: "received",
    EntryKind.CASE_OPENED: "drawn",
    EntryKind.CASE_CLOSED: "not_looked_at",
    EntryKind.CASE_CLAIMED: "claimed",
    EntryKind.CASE_RELEASED: "released",
    EntryKind.CASE_ESCALATED: "escalated",
    EntryKind.CASE_SKIPPED: "skipped",
    EntryKind.CASE_PUT_OFF: "put_off",
    EntryKind.CASE_HANDED_OVER: "handed_over",
    EntryKind.COMMENT_ADDED: "commented",
    EntryKind.AUTOMATION_DOUBTED: "doubted",
    EntryKind.QUESTION_ASKED: "question_asked",
    EntryKind.INFORMATION_GIVEN: "information_given",
    EntryKind.FACTS_REVEALED: "revealed",
    EntryKind.JUDGEMENT_GIVEN: "judged",
    EntryKind.CASE_LAPSED: "lapsed",
    EntryKind.VERDICT_UNDONE: "undone",
    EntryKind.SIGN_OFF_FELL: "fell",
    EntryKind.DECISION_WITHDRAWN: "withdrawn",
}


#: What people write, by the name of the payload that holds it.
_WRITTEN: Final = {
    REASON_PAYLOAD: frozenset(
        {
            EntryKind.VERDICT_GIVEN,
            EntryKind.CASE_SKIPPED,
            EntryKind.CASE_PUT_OFF,
            EntryKind.CASE_HANDED_OVER,
            EntryKind.CASE_ESCALATED,
            EntryKind.FACTS_REVEALED,
        }
    ),
    MessageKind.COMMENT.value: frozenset({EntryKind.COMMENT_ADDED}),
    NOTE: frozenset({EntryKind.AUTOMATION_DOUBTED}),
    MessageKind.QUESTION.value: frozenset({EntryKind.QUESTION_ASKED}),
}


def explain(
    work: Work, decision_id: str, *, audience: str = "subject", language: str | None = None
) -> Explanation:
    """Explain a decision for one audience, in the form of its time, in the language asked for, else the actor's.

    Raises:
        NotAllowed: the actor may not read what is made for this audience.
        NotFound: there is no such decision for the actor.
        Conflict: the actor's own judgement comes first.
        InvalidInput: there is no such audience.
    """
    told_to = _audience(audience)
    work.require(_NEEDED[told_to])
    row = decisions.readable(work, decision_id)
    if first_judgement.withheld(work, [row.id]):
        raise Conflict("Say first what you would decide of this case; it is explained to you then.")
    language = language or work.actor.language
    plaintext = payloads.read(work.session, work.answerable.keys, row.id, DECISION_PAYLOAD)
    if plaintext is None:
        return _erased(told_to, language)
    decisions.note_reading(work, row)
    document = orjson.loads(plaintext)
    policy = points.engine_of(work, row.point, row.policy_version).policy
    hidden = masking.hidden_from(work, row.id, policy)
    if row.imported:
        return explanations.explain_imported(
            policy,
            _proposal(row, document),
            document["features"],
            told_to,
            language,
            outcome=row.outcome,
            verdict=_human_part(work, row),
            hidden=hidden,
        )
    return explanations.explain(
        policy,
        rulings.trace_from(document["trace"]),
        _proposal(row, document),
        document["features"],
        told_to,
        language,
        _human_part(work, row),
        hidden=hidden,
    )


def story(work: Work, decision_id: str) -> list[Step]:
    """Return what happened to a decision, in order of time, as far as the actor may know it by now.

    Raises:
        NotAllowed, NotFound: there is no such decision for the actor.
    """
    row = decisions.readable(work, decision_id)
    case = _case_of(work, row)
    signed = False
    if case is not None:
        signed = work.actor.id in {
            verdict.person_id for verdict in reviews.standing_verdicts(work.session, case.id)
        }
    events = history.told(
        work,
        history.of_decision(work, row.id),
        decision=row,
        case=case,
        has_signed=signed,
    )
    withheld = first_judgement.withheld(work, [row.id])
    names = _Names(work, row, events)
    reasons = _reasons(work, events)
    if reasons:
        decisions.note_reading(work, row)
    places = _places(work, [event.record_id for event in events])
    steps: list[Step] = []
    for event in events:
        step = Step(
            kind=_kind(event),
            at=event.at,
            by_kind=event.actor_kind,
            by_id=event.actor_id if names.told else "",
            by=names.of(event),
            data=event.data,
            reason=reasons.get(event.record_id),
            record_id=event.record_id,
            place=places.get(event.record_id),
        )
        steps.append(step)
        if step.kind == "received":
            steps += _that_followed(row, step, withheld=row.id in withheld)
    blind = first_judgement.held_blind(work, [row.id])
    if not blind and row.effective_at is not None and row.effective_at <= work.now:
        steps.append(_effective(row))
    return steps


def _audience(audience: str) -> Audience:
    try:
        return Audience(audience)
    except ValueError:
        detail = f"There is no audience {audience!r}; expected one of {', '.join(Audience)}."
        raise InvalidInput(detail, [FieldProblem(pointer="/audience", detail=detail)]) from None


def _erased(audience: Audience, language: str) -> Explanation:
    spoken = language.partition("-")[0].lower()
    spoken = spoken if spoken in _ERASED else "en"
    headline, paragraph = _ERASED[spoken]
    return Explanation(
        audience=audience,
        language=spoken,
        headline=headline,
        paragraphs=(paragraph,),
        facts=(),
        reasons=(),
        trace=None,
        what_would_change=(),
    )


def _proposal(row: Decision, document: Mapping[str, Any]) -> rulings.Proposal | None:
    if row.proposed_outcome is None:
        return None
    return rulings.Proposal(
        outcome=row.proposed_outcome,
        confidence=row.confidence,
        source=row.source,
        alternatives=tuple(
            rulings.Alternative(outcome=other["outcome"], confidence=other["confidence"])
            for other in document["alternatives"]
        ),
        reasons=tuple(
            rulings.Contribution(feature=reason["feature"], contribution=reason["contribution"])
            for reason in document["reasons"]
            if reason["contribution"] is not None
        ),
    )


def _human_part(work: Work, row: Decision) -> HumanPart | None:
    """Return how the case ended, None while it waits or the verdict can still be taken back."""
    status, outcome = visible(row.status, row.outcome, row.effective_at, work.now)
    if status.value not in {ending.value for ending in Ending}:
        return None
    reason = ""
    case = _case_of(work, row)
    if case is not None:
        deciding = [v for v in reviews.standing_verdicts(work.session, case.id) if v.decides]
        for verdict in deciding:
            said = payloads.read(work.session, work.answerable.keys, verdict.id, REASON_PAYLOAD)
            reason = "" if said is None else said.decode()
    return HumanPart(ending=Ending(status), outcome=outcome, reason=reason)


def _case_of(work: Work, row: Decision) -> Case | None:
    return work.session.execute(
        sa.select(Case).where(Case.decision_id == row.id, Case.purpose.in_(DECIDING))
    ).scalar_one_or_none()


def _kind(event: history.Event) -> str:
    if event.kind is EntryKind.VERDICT_GIVEN and "purpose" in event.data:
        return {CHECK: "checked", DOUBLE: "second_opinion"}[event.data["purpose"]]
    if event.kind is EntryKind.VERDICT_GIVEN:
        return "verdict" if event.data.get("decides") else "sign_off"
    return _KINDS.get(event.kind, event.kind.value)


def _that_followed(row: Decision, received: Step, *, withheld: bool) -> list[Step]:
    """Return the ruling and the opening of the case, which the entry of the decision tells of too; of an imported one what was done."""
    if row.imported:
        return [
            _by_the_service(
                "done_elsewhere", received, {"status": row.status, "outcome": row.outcome}
            )
        ]
    ruling = {
        "disposition": row.disposition,
        "reasons": [] if withheld else row.reasons,
        "policy_version": row.policy_version,
        "policy_digest": row.policy_digest,
    }
    steps = [_by_the_service("ruled", received, ruling)]
    case = received.data.get("case")
    if case is not None:
        steps.append(_by_the_service("case_opened", received, case))
    check = received.data.get("check")
    if check is not None:
        steps.append(_by_the_service("sampled", received, check))
    return steps


def _by_the_service(kind: str, received: Step, data: Mapping[str, Any]) -> Step:
    return Step(
        kind=kind,
        at=received.at,
        by_kind=ActorKind.SERVICE,
        by_id="",
        by=None,
        data=data,
        reason=None,
        record_id=received.record_id,
        place=received.place,
    )


def _effective(row: Decision) -> Step:
    assert row.effective_at is not None
    return Step(
        kind="effective",
        at=row.effective_at,
        by_kind=ActorKind.SERVICE,
        by_id="",
        by=None,
        data={"status": Status(row.status).value, "outcome": row.outcome},
        reason=None,
        record_id=None,
        place=None,
    )


class _Names:
    """Whose act each event was. Apps are told no names of people, and people are told those of apps."""

    def __init__(self, work: Work, row: Decision, events: list[history.Event]) -> None:
        self.told = work.actor.kind is not ActorKind.APP
        self._people: dict[str, str] = {}
        self._app: str | None = None
        if self.told:
            self._people = names(work.session, [event.person_id for event in events])
        app_id = app_of(row)
        if app_id is not None:
            app = work.session.get(App, app_id)
            self._app = None if app is None else app.name

    def of(self, event: history.Event) -> str | None:
        if event.person_id is not None:
            return self._people.get(event.person_id)
        return self._app if event.actor_kind is ActorKind.APP else None


def _reasons(work: Work, events: list[history.Event]) -> dict[str, str]:
    """Return what people wrote, which apps are not told."""
    if work.actor.kind is ActorKind.APP:
        return {}
    told: dict[str, str] = {}
    for name, kinds in _WRITTEN.items():
        found = payloads.read_many(
            work.session,
            work.answerable.keys,
            [event.record_id for event in events if event.kind in kinds],
            name,
        )
        told |= {record_id: said.decode() for record_id, said in found.items()}
    return told


def _places(work: Work, record_ids: list[str]) -> dict[str, LogPlace]:
    rows = work.session.execute(sa.select(Leaf).where(Leaf.record_id.in_(record_ids)))
    return {
        leaf.record_id: LogPlace(epoch=leaf.epoch, index=leaf.leaf_index) for leaf in rows.scalars()
    }
