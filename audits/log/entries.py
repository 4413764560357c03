"""What does the log say of an act, and in which form?

An entry names kind, time, actor and what the act concerned, in codes and opaque ids. It holds no personal
data: what was said of a person stands in encrypted payloads, and the entry holds a commitment to each, under a
key that erasing deletes.
"""

from __future__ import annotations

import hmac
import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, Final

VERSION: Final = 1
COMMITMENT_ALGORITHM: Final = "hmac-sha256"
COMMITMENT_KEY_BYTES: Final = 32
_COMMITMENT_DOMAIN: Final = b"answerable/commitment/1\n"


class EntryKind(StrEnum):
    """Each kind of act that writes an entry: ``<word>.<past participle>``, but for the log's own ticks."""

    DECISION_RECORDED = "decision.recorded"
    DECISION_IMPORTED = "decision.imported"
    DECISION_WITHDRAWN = "decision.withdrawn"
    DECISION_REVERSED = "decision.reversed"
    CASE_OPENED = "case.opened"
    CASE_CLOSED = "case.closed"
    CASE_CLAIMED = "case.claimed"
    CASE_RELEASED = "case.released"
    CASE_ESCALATED = "case.escalated"
    CASE_SKIPPED = "case.skipped"
    CASE_PUT_OFF = "case.put_off"
    CASE_HANDED_OVER = "case.handed_over"
    CASE_LAPSED = "case.lapsed"
    FACTS_REVEALED = "facts.revealed"
    JUDGEMENT_GIVEN = "judgement.given"
    QUESTION_ASKED = "question.asked"
    INFORMATION_GIVEN = "information.given"
    VERDICT_GIVEN = "verdict.given"
    BULK_BEGUN = "bulk.begun"
    BULK_OPENED = "bulk.opened"
    VERDICT_UNDONE = "verdict.undone"
    SIGN_OFF_FELL = "sign_off.fell"
    COMMENT_ADDED = "comment.added"
    GOLD_MADE = "gold.made"
    GOLD_RETIRED = "gold.retired"
    GOLD_SERVED = "gold.served"
    GOLD_ENDED = "gold.ended"
    AUTOMATION_DOUBTED = "automation.doubted"
    APPEAL_OPENED = "appeal.opened"
    APPEAL_ADDED = "appeal.added"
    APPEAL_WITHDRAWN = "appeal.withdrawn"
    APPEAL_ANSWERED = "appeal.answered"
    PEOPLE_ONLY_SET = "people_only.set"
    PEOPLE_ONLY_LIFTED = "people_only.lifted"
    RIGHTS_ASKED = "rights.asked"
    RIGHTS_ANSWERED = "rights.answered"
    RIGHTS_WITHDRAWN = "rights.withdrawn"
    ERASURE_ASKED = "erasure.asked"
    SUBJECT_ERASED = "subject.erased"
    RECORDS_ERASED = "records.erased"
    LEGAL_HOLD_SET = "legal_hold.set"
    LEGAL_HOLD_LIFTED = "legal_hold.lifted"
    POLICY_DRAFTED = "policy.drafted"
    POLICY_PUBLISHED = "policy.published"
    POLICY_WITHDRAWN = "policy.withdrawn"
    POLICY_RESTORED = "policy.restored"
    GROUND_TRUTH_REPORTED = "ground_truth.reported"
    GROUND_TRUTH_WITHDRAWN = "ground_truth.withdrawn"
    FEEDBACK_GIVEN = "feedback.given"
    GROUPS_RECORDED = "groups.recorded"
    COUNTS_CORRECTED = "counts.corrected"
    IMPORT_FINISHED = "import.finished"
    REPORT_MADE = "report.made"
    COUNT_REPORTED = "count.reported"
    DRAW_MADE = "draw.made"
    DRAW_SETTLED = "draw.settled"
    DRAWN_LOOKED_AT = "drawn.looked_at"
    INCIDENT_OPENED = "incident.opened"
    INCIDENT_NOTED = "incident.noted"
    INCIDENT_CLOSED = "incident.closed"
    STAFF_NOTICE_PUBLISHED = "staff_notice.published"
    STAFF_NOTICE_ACKNOWLEDGED = "staff_notice.acknowledged"
    FIGURES_COMMENTED = "figures.commented"
    ALARM_RAISED = "alarm.raised"
    ALARM_HANDLED = "alarm.handled"
    REQUEST_MADE = "request.made"
    REQUEST_CONFIRMED = "request.confirmed"
    REQUEST_DECLINED = "request.declined"
    HOLD_SET = "hold.set"
    HOLD_LIFTED = "hold.lifted"
    QUEUE_CREATED = "queue.created"
    QUEUE_CHANGED = "queue.changed"
    COMPETENCE_SHOWN = "competence.shown"
    COMPETENCE_ENDED = "competence.ended"
    PERSON_ADDED = "person.added"
    PERSON_CHANGED = "person.changed"
    PERSON_DISABLED = "person.disabled"
    PERSON_SIGNED_IN = "person.signed_in"
    PERSON_SIGNED_OUT = "person.signed_out"
    PERSON_LOCKED = "person.locked"
    PASSWORD_CHANGED = "password.changed"  # noqa: S105 - a kind of entry, no secret
    SECOND_FACTOR_CHANGED = "second_factor.changed"
    TOKEN_CREATED = "token.created"  # noqa: S105 - a kind of entry, no secret
    TOKEN_REVOKED = "token.revoked"  # noqa: S105 - a kind of entry, no secret
    APP_KEY_CREATED = "app_key.created"
    APP_KEY_REVOKED = "app_key.revoked"
    WEBHOOK_CREATED = "webhook.created"
    WEBHOOK_CHANGED = "webhook.changed"
    WEBHOOK_REMOVED = "webhook.removed"
    WEBHOOK_SECRET_ADDED = "webhook.secret_added"  # noqa: S105 - a kind of entry, no secret
    WEBHOOK_SECRET_ENDED = "webhook.secret_ended"  # noqa: S105 - a kind of entry, no secret
    SETTINGS_CHANGED = "settings.changed"
    INSTALLATION_CREATED = "installation.created"
    BACKUP_MADE = "backup.made"
    BACKUP_RESTORED = "backup.restored"
    KEK_ROTATED = "kek.rotated"
    KEK_DELETED = "kek.deleted"
    PAYLOADS_PRUNED = "payloads.pruned"
    ACCESS_READ = "access.read"
    LOG_OPENED = "log.opened"
    LOG_CLOSED = "log.closed"
    LOG_TICK = "log.tick"
    LOG_KEY_ADDED = "log.key_added"
    LOG_KEY_RETIRED = "log.key_retired"
    LOG_ANOMALY_FOUND = "log.anomaly_found"
    LOG_PRUNED = "log.pruned"
    ANCHOR_MADE = "anchor.made"


@dataclass(frozen=True, slots=True, kw_only=True)
class Description:
    """What a kind of entry says, and whose act writes it, in a line each."""

    what: str
    written_by: str


def _describe(what: str, written_by: str) -> Description:
    return Description(what=what, written_by=written_by)


_DESCRIPTIONS: Final[Mapping[EntryKind, Description]] = {
    EntryKind.DECISION_RECORDED: _describe(
        "A decision was ruled and stored, with its case if one is needed.", "app"
    ),
    EntryKind.DECISION_IMPORTED: _describe(
        "A decision of the past was stored as it was made elsewhere.", "person, service"
    ),
    EntryKind.DECISION_WITHDRAWN: _describe(
        "A decision in review was withdrawn before its outcome, by its app or because its subject is erased.",
        "app, service",
    ),
    EntryKind.DECISION_REVERSED: _describe(
        "A person upheld an appeal, or put right what a sampled check found wrong: a decision was stored that takes the place of another, which it names.",
        "person",
    ),
    EntryKind.CASE_OPENED: _describe(
        "A case that a person decided was drawn for a second opinion, and a case was opened for it.",
        "person",
    ),
    EntryKind.CASE_CLOSED: _describe(
        "A second look ended without one: nobody looked in time, the verdict it was for was taken back, or its subject is erased.",
        "person, service",
    ),
    EntryKind.CASE_CLAIMED: _describe("A person took a case to judge it.", "person"),
    EntryKind.CASE_RELEASED: _describe("A claimed case went back to its queue.", "person, service"),
    EntryKind.CASE_ESCALATED: _describe("A case moved to another queue.", "person, service"),
    EntryKind.CASE_SKIPPED: _describe(
        "A person passed a case on undecided; says why in a code.", "person"
    ),
    EntryKind.CASE_PUT_OFF: _describe("A person put a case off until a time.", "person"),
    EntryKind.CASE_HANDED_OVER: _describe(
        "A person handed a case to another, for whom it is kept for a while.", "person"
    ),
    EntryKind.QUESTION_ASKED: _describe(
        "A person asked the app for information on a case; the text is a payload.", "person"
    ),
    EntryKind.INFORMATION_GIVEN: _describe(
        "The app answered a question on a case; the text and facts are a payload.", "app"
    ),
    EntryKind.JUDGEMENT_GIVEN: _describe(
        "A person said what they would decide before the proposal was shown to them.", "person"
    ),
    EntryKind.FACTS_REVEALED: _describe(
        "A person had facts shown that the policy masks; names them, and the reason is a payload.",
        "person",
    ),
    EntryKind.CASE_LAPSED: _describe(
        "A case stayed undecided past its due time and got the fallback.", "service"
    ),
    EntryKind.BULK_BEGUN: _describe(
        "A person chose cases to approve together; names the cases that were drawn for them to open first.",
        "person",
    ),
    EntryKind.BULK_OPENED: _describe(
        "A person opened a case that was drawn from those they want to approve together.", "person"
    ),
    EntryKind.VERDICT_GIVEN: _describe(
        "A person gave a verdict on a case; says whether it decides the case.", "person"
    ),
    EntryKind.VERDICT_UNDONE: _describe(
        "A person took a verdict back before it became effective.", "person"
    ),
    EntryKind.SIGN_OFF_FELL: _describe(
        "A sign-off no longer stands, because what it was given on changed.", "app"
    ),
    EntryKind.COMMENT_ADDED: _describe(
        "A person commented on a case; the text is a payload.", "person"
    ),
    EntryKind.GOLD_MADE: _describe(
        "A person made a known case of a resolved one; names the right answer, and why is a payload.",
        "person",
    ),
    EntryKind.GOLD_RETIRED: _describe(
        "A known case is served to nobody any more.", "person, service"
    ),
    EntryKind.GOLD_SERVED: _describe(
        "A person was given a known case as the next one; what it is made of is copied, its ids, times and subject are not.",
        "person",
    ),
    EntryKind.GOLD_ENDED: _describe(
        "A known case ended without a verdict: the person moved it away, or its time ran out.",
        "person, service",
    ),
    EntryKind.AUTOMATION_DOUBTED: _describe(
        "A person said of a case that the automation is wrong, which opened or joined an incident; why is a payload.",
        "person",
    ),
    EntryKind.APPEAL_OPENED: _describe(
        "The person concerned objected, by themselves, by an app or by a manager; words, corrected facts and files are payloads.",
        "app, person, service",
    ),
    EntryKind.APPEAL_ADDED: _describe(
        "The person concerned added words to an appeal; they are a payload.", "app, person, service"
    ),
    EntryKind.APPEAL_WITHDRAWN: _describe(
        "The person concerned took an appeal back.", "app, person, service"
    ),
    EntryKind.APPEAL_ANSWERED: _describe(
        "A person answered an appeal for good; says whether it was upheld. The answer is a payload.",
        "person",
    ),
    EntryKind.PEOPLE_ONLY_SET: _describe(
        "From now on a person always decides about a subject; whom is a payload.",
        "app, person, service",
    ),
    EntryKind.PEOPLE_ONLY_LIFTED: _describe(
        "A person need no longer always decide about a subject; whom is a payload.",
        "app, person, service",
    ),
    EntryKind.RIGHTS_ASKED: _describe(
        "A person concerned asked for a copy of their data, or to be erased; who, and their words, are payloads.",
        "app, person, service",
    ),
    EntryKind.RIGHTS_ANSWERED: _describe(
        "What a person concerned asked for was granted or refused; the answer is a payload.",
        "person, service",
    ),
    EntryKind.RIGHTS_WITHDRAWN: _describe(
        "A person concerned took back what they had asked for.", "service"
    ),
    EntryKind.ERASURE_ASKED: _describe(
        "Somebody asked for a person concerned to be erased, and on which ground; whom, and why in words, are payloads.",
        "person, service",
    ),
    EntryKind.SUBJECT_ERASED: _describe(
        "A person concerned was erased; says on which ground, who asked and who confirmed, and names none of their records.",
        "service",
    ),
    EntryKind.RECORDS_ERASED: _describe(
        "Names records whose payloads were erased: those of several people, sorted, so that none can be told whose it was; or how many, where too few people were erased.",
        "service",
    ),
    EntryKind.LEGAL_HOLD_SET: _describe(
        "A person concerned must not be erased for now; whom, and why, are payloads.",
        "person, service",
    ),
    EntryKind.LEGAL_HOLD_LIFTED: _describe(
        "A person concerned may be erased again; why is a payload.", "person, service"
    ),
    EntryKind.POLICY_DRAFTED: _describe("A policy version was drafted.", "person, service"),
    EntryKind.POLICY_PUBLISHED: _describe("A policy version came into force.", "person, service"),
    EntryKind.POLICY_WITHDRAWN: _describe(
        "A draft was withdrawn before it was published.", "person, service"
    ),
    EntryKind.POLICY_RESTORED: _describe(
        "The policy version before came back into force.", "person, service"
    ),
    EntryKind.GROUND_TRUTH_REPORTED: _describe(
        "What turned out to be right for a decision was reported, or that it will never be known.",
        "app, person, service",
    ),
    EntryKind.GROUND_TRUTH_WITHDRAWN: _describe(
        "What a sampled check had said to be right no longer holds, as its verdict was taken back.",
        "person",
    ),
    EntryKind.FEEDBACK_GIVEN: _describe(
        "The person concerned rated a decision, as the app tells.", "app, person, service"
    ),
    EntryKind.GROUPS_RECORDED: _describe(
        "Group attributes of a decision were uploaded later; they are a payload.",
        "person, service",
    ),
    EntryKind.COUNTS_CORRECTED: _describe(
        "Counts by group differed from the rows they are made of, and were made anew.", "service"
    ),
    EntryKind.IMPORT_FINISHED: _describe(
        "A file of the past was read to its end; says how many lines were taken and refused.",
        "person, service",
    ),
    EntryKind.REPORT_MADE: _describe(
        "A report was made and signed; names its digest.", "person, service"
    ),
    EntryKind.COUNT_REPORTED: _describe(
        "An app, or somebody for it, said how many decisions it asked for within a window, by its own count.",
        "app, person, service",
    ),
    EntryKind.DRAW_MADE: _describe(
        "Decisions were asked for at random; says how many, and from which part of the log. The seed comes from the next checkpoint.",
        "person, service",
    ),
    EntryKind.DRAW_SETTLED: _describe(
        "A draw got its seed; names the checkpoint it is made of, and the digest of the decisions that it drew.",
        "service",
    ),
    EntryKind.DRAWN_LOOKED_AT: _describe(
        "A person said that they looked at a drawn decision; what they said of it is a payload.",
        "person",
    ),
    EntryKind.INCIDENT_OPENED: _describe(
        "A monitor found a disparity, or errors, beyond what the policy tolerates.", "service"
    ),
    EntryKind.INCIDENT_NOTED: _describe(
        "Somebody did something about an incident; the words are a payload.", "person, service"
    ),
    EntryKind.INCIDENT_CLOSED: _describe(
        "An incident was closed, and its monitor started anew.", "person"
    ),
    EntryKind.STAFF_NOTICE_PUBLISHED: _describe(
        "A notice came into force that tells people how their work is measured; its texts are a payload.",
        "person, service",
    ),
    EntryKind.STAFF_NOTICE_ACKNOWLEDGED: _describe(
        "A person said that they read the staff notice in force.", "person"
    ),
    EntryKind.FIGURES_COMMENTED: _describe(
        "A person said something about their own figures; the words are deleted with these.",
        "person",
    ),
    EntryKind.ALARM_RAISED: _describe(
        "Reviews of a window looked like accepting without looking; says whether of one person or of all, and names nobody.",
        "service",
    ),
    EntryKind.ALARM_HANDLED: _describe(
        "Somebody said what was done about an alarm; the words are a payload.", "person, service"
    ),
    EntryKind.REQUEST_MADE: _describe(
        "An act was asked for that a second person must confirm.", "person, service"
    ),
    EntryKind.REQUEST_CONFIRMED: _describe(
        "A second person confirmed a request, and it was done.", "person"
    ),
    EntryKind.REQUEST_DECLINED: _describe("A request was declined or taken back.", "person"),
    EntryKind.HOLD_SET: _describe(
        "A decision point, or all of them, went to people only.", "person, service"
    ),
    EntryKind.HOLD_LIFTED: _describe("A hold ended.", "person, service"),
    EntryKind.QUEUE_CREATED: _describe(
        "A queue was made, by hand or because a published policy names it.", "person, service"
    ),
    EntryKind.QUEUE_CHANGED: _describe(
        "A queue's name, hours, holidays, zone or people changed.", "person, service"
    ),
    EntryKind.COMPETENCE_SHOWN: _describe(
        "A person was said to have shown that they can judge a queue's cases, and until when that counts; a note is a payload.",
        "person, service",
    ),
    EntryKind.COMPETENCE_ENDED: _describe(
        "A person's competence for a queue was ended before its time.", "person, service"
    ),
    EntryKind.PERSON_ADDED: _describe("A person was given an account.", "person, service"),
    EntryKind.PERSON_CHANGED: _describe(
        "A person's roles, queues or expiry changed.", "person, service"
    ),
    EntryKind.PERSON_DISABLED: _describe("A person's account was closed.", "person, service"),
    EntryKind.PERSON_SIGNED_IN: _describe("A person signed in.", "person"),
    EntryKind.PERSON_SIGNED_OUT: _describe("A person signed out.", "person"),
    EntryKind.PERSON_LOCKED: _describe("Failed sign-ins slowed an account down.", "service"),
    EntryKind.PASSWORD_CHANGED: _describe("A password was set or changed.", "person, service"),
    EntryKind.SECOND_FACTOR_CHANGED: _describe(
        "A second factor was added or removed.", "person, service"
    ),
    EntryKind.TOKEN_CREATED: _describe("A personal token was made.", "person"),
    EntryKind.TOKEN_REVOKED: _describe("A personal token was ended.", "person, service"),
    EntryKind.APP_KEY_CREATED: _describe("An app key was made.", "person, service"),
    EntryKind.APP_KEY_REVOKED: _describe("An app key was ended.", "person, service"),
    EntryKind.WEBHOOK_CREATED: _describe(
        "An app is told of events at an address from now on; the address is a payload.",
        "person, service",
    ),
    EntryKind.WEBHOOK_CHANGED: _describe(
        "A webhook's address or events changed, or it was switched on or off; off by itself when nothing arrived for days or the receiver was gone.",
        "person, service",
    ),
    EntryKind.WEBHOOK_REMOVED: _describe(
        "A webhook was removed, and its secrets with it.", "person, service"
    ),
    EntryKind.WEBHOOK_SECRET_ADDED: _describe(
        "A webhook got a secret with which messages are signed.", "person, service"
    ),
    EntryKind.WEBHOOK_SECRET_ENDED: _describe(
        "A secret of a webhook was ended.", "person, service"
    ),
    EntryKind.SETTINGS_CHANGED: _describe(
        "A setting of the installation changed.", "person, service"
    ),
    EntryKind.INSTALLATION_CREATED: _describe("The installation was made.", "service"),
    EntryKind.BACKUP_MADE: _describe("A backup was written.", "service"),
    EntryKind.BACKUP_RESTORED: _describe("A backup was restored.", "service"),
    EntryKind.KEK_ROTATED: _describe(
        "Another key-encryption key came into use, under which the keys of subjects are encrypted; names both.",
        "service, person",
    ),
    EntryKind.KEK_DELETED: _describe(
        "A key-encryption key was deleted, so that no backup made while it was in use opens a payload any more.",
        "service",
    ),
    EntryKind.PAYLOADS_PRUNED: _describe(
        "Payloads of decisions were deleted that had been settled for longer than the policy keeps them; says how many, and not whose.",
        "service",
    ),
    EntryKind.ACCESS_READ: _describe(
        "A payload, counts by group or an export were read by somebody, once an actor, object and hour; each file that was taken away.",
        "person, app, service",
    ),
    EntryKind.LOG_OPENED: _describe(
        "This log began; names the log before and why, if there was one.", "service"
    ),
    EntryKind.LOG_CLOSED: _describe("This log ended; nothing follows in it.", "service"),
    EntryKind.LOG_TICK: _describe(
        "The sequencer's clock, so that entries can be placed in time.", "service"
    ),
    EntryKind.LOG_KEY_ADDED: _describe(
        "A key that signs checkpoints or receipts of this log was added; names it, what it signs and from which size on.",
        "service",
    ),
    EntryKind.LOG_KEY_RETIRED: _describe(
        "A key no longer signs for this log; says from which size on, and whether it was replaced in order or stolen.",
        "service",
    ),
    EntryKind.LOG_ANOMALY_FOUND: _describe(
        "Something in the log's storage or clock is not as it must be.", "service"
    ),
    EntryKind.LOG_PRUNED: _describe(
        "Entries older than anything is kept for were deleted, up to an index; their hashes stay, so that all proofs do.",
        "service",
    ),
    EntryKind.ANCHOR_MADE: _describe(
        "A checkpoint was laid down outside: in a file, in a git repository or with a time-stamping authority; names its size, its root and what it is found by.",
        "service",
    ),
}


def describe(kind: EntryKind) -> Description:
    """Say what an entry of this kind tells, for the reference page and the pages of the log."""
    return _DESCRIPTIONS[kind]


class ActorType(StrEnum):
    """Who can act: a signed-in person, an app by its key, or the installation itself."""

    PERSON = "person"
    APP = "app"
    SERVICE = "service"


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """Whose act an entry records; ``ref`` is an opaque id or a service's name, never a person's name."""

    type: ActorType
    ref: str

    def __post_init__(self) -> None:
        if not self.ref:
            raise ValueError(
                "An actor needs a ref: a person's or app key's id, or the name of a service."
            )


def build(
    kind: EntryKind,
    *,
    record_id: str,
    origin: str,
    recorded_at: datetime,
    occurred_at: datetime | None = None,
    actor: Actor,
    refs: Mapping[str, str] | None = None,
    data: Mapping[str, Any] | None = None,
    commitments: Mapping[str, bytes] | None = None,
) -> dict[str, Any]:
    """Make the record that ``canonical`` turns into an entry.

    Args:
        kind: What was done.
        record_id: The entry's own id, a lower-case UUIDv7.
        origin: The log's name, as in its checkpoints.
        recorded_at: When this installation recorded the act.
        occurred_at: When the caller says that it happened, if the caller says so.
        actor: Whose act it was.
        refs: Ids of what the act concerned, by word: ``{"decision": ..., "case": ...}``.
        data: Codes and figures of the act; decimals as ``decimal_text``; nothing of a person.
        commitments: The commitment to each payload, by the payload's name.

    Raises:
        ValueError: a time carries no zone.
    """
    record: dict[str, Any] = {
        "v": VERSION,
        "id": record_id,
        "log": origin,
        "kind": kind.value,
        "recorded_at": instant_text(recorded_at),
        "actor": {"type": actor.type.value, "ref": actor.ref},
        "refs": dict(refs) if refs else {},
        "data": dict(data) if data else {},
        "payload": [
            {"name": name, "alg": COMMITMENT_ALGORITHM, "commit": commit.hex()}
            for name, commit in sorted(commitments.items())
        ]
        if commitments
        else [],
    }
    if occurred_at is not None:
        record["occurred_at"] = instant_text(occurred_at)
    return record


def instant_text(instant: datetime) -> str:
    """Write an instant as entries hold it: RFC 3339, UTC, microseconds and ``Z``.

    Text order is time order, which ``verify`` relies on.
    """
    if instant.tzinfo is None:
        raise ValueError(f"The time {instant.isoformat()} carries no zone; give an aware datetime.")
    utc = instant.astimezone(UTC).replace(tzinfo=None)
    return f"{utc.isoformat(timespec='microseconds')}Z"


def decimal_text(value: float) -> str:
    """Write a number as the shortest text that reads back as the same float.

    An integer is written as the float it equals (``1`` as ``1.0``), since databases do not keep them apart.

    >>> decimal_text(0.71), decimal_text(1)
    ('0.71', '1.0')
    """
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TypeError(f"Expected a number to write as a decimal, got {type(value).__name__}.")
    try:
        number = float(value)
    except OverflowError:
        number = math.inf
    if not math.isfinite(number) or number != value:
        raise ValueError(
            f"{value!r} cannot be written as a decimal that reads back equal; give a finite float."
        )
    return repr(number)


def commitment(key: bytes, record_id: str, name: str, plaintext: bytes) -> bytes:
    """Commit to a payload's exact stored bytes, as belonging to this record under this name.

    Without the key the commitment tells nothing, and with it a commitment moved to another record or
    name does not match. Id and name go in with their lengths, so that no two inputs are framed alike.

    Raises:
        ValueError: the key is not 32 bytes; HMAC pads shorter ones, so two keys would commit alike.
    """
    if len(key) != COMMITMENT_KEY_BYTES:
        raise ValueError(f"A commitment key takes {COMMITMENT_KEY_BYTES} bytes, got {len(key)}.")
    record, label = record_id.encode(), name.encode()
    message = b"".join(
        (
            _COMMITMENT_DOMAIN,
            len(record).to_bytes(4, "big"),
            record,
            len(label).to_bytes(4, "big"),
            label,
            plaintext,
        )
    )
    # `hmac.digest` lets go of the interpreter's lock for the shortest, and under load waits long to have it back.
    return hmac.new(key, message, "sha256").digest()
