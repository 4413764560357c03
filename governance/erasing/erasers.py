"""What is done to each table when a subject is erased. A table that is in neither list below lets a test fail.

Payloads and the vault are unreadable once the keys are gone; their rows go too, so that nothing is left to guess at.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

import sqlalchemy as sa

from governance.appeals.models import Appeal
from governance.decisions.models import Decision
from governance.decisions.preparing import spent_tag
from governance.erasing.models import ErasedRecord, Erasure, LegalHold, SpentKey
from governance.erasing.queries import Scope, some
from governance.gold.models import GoldServing
from governance.imports import parts
from governance.imports.models import ImportReference, ImportRun
from governance.imports.states import RunStatus
from governance.requests.models import Request
from governance.rights.models import RightsRequest
from governance.storage.inserting import insert
from governance.subjects.models import PayloadRow, PeopleOnlyRow, SubjectKeyRow, VaultRow
from governance.webhooks.models import WebhookAttempt, WebhookDelivery
from governance.work import Work

#: How long an idempotency key is kept.
KEEP_IDEMPOTENCY_KEYS: Final = timedelta(days=30)
_NO_SYNC: Final = {"synchronize_session": False}


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """Whom to erase: all that belongs to them, and how apps name them (None: nobody knows)."""

    scope: Scope
    reference: str | None


Eraser = Callable[[Work, Subject], None]


def _deliveries(work: Work, subject: Subject) -> None:
    for part in some(subject.scope.decision_ids):
        found = sa.select(WebhookDelivery.id).where(WebhookDelivery.decision_id.in_(part))
        _delete(work, WebhookAttempt, WebhookAttempt.delivery_id.in_(found))
        _delete(work, WebhookDelivery, WebhookDelivery.decision_id.in_(part))


def _import_references(work: Work, subject: Subject) -> None:
    for part in some(subject.scope.decision_ids):
        _delete(work, ImportReference, ImportReference.decision_id.in_(part))


def _import_parts(work: Work, subject: Subject) -> None:
    """Drop files and lists of refused lines that name the subject, of imports that ended."""
    if subject.reference is None:
        return
    runs = sa.select(ImportRun).where(
        ImportRun.key_id.is_not(None),
        ImportRun.status.not_in((RunStatus.WAITING, RunStatus.RUNNING)),
    )
    for run in work.session.execute(runs).scalars().all():
        kinds = (parts.FILE, parts.REFUSED, parts.AGAIN)
        if any(_names(work, run, what, subject.reference.encode()) for what in kinds):
            parts.drop(work, run, *kinds)


def _names(work: Work, run: ImportRun, what: str, reference: bytes) -> bool:
    """Tell whether a file or list names somebody, also where one piece ends and the next begins."""
    before = b""
    for piece in parts.read_in(work, run, what):
        if reference in before + piece:
            return True
        before = piece[-len(reference) :]
    return False


def _appeals(work: Work, subject: Subject) -> None:
    _update(work, Appeal, Appeal.decision_id, subject.scope.decision_ids, {"form": None})


def _gold_servings(work: Work, subject: Subject) -> None:
    column = GoldServing.decision_id
    _update(work, GoldServing, column, subject.scope.decision_ids, {"subject_tag": None})


def _decisions(work: Work, subject: Subject) -> None:
    """Forget how the decisions were asked for; of an idempotency key that still serves its time an HMAC is kept."""
    for part in some(subject.scope.decision_ids):
        asked = work.session.execute(
            sa.select(Decision.app_id, Decision.idempotency_key, Decision.recorded_at).where(
                Decision.id.in_(part), Decision.idempotency_key.is_not(None)
            )
        ).all()
        spent = [
            {
                "tag": spent_tag(work.answerable.keyring, row.app_id, row.idempotency_key),
                "until": until,
            }
            for row in asked
            if (until := row.recorded_at + KEEP_IDEMPOTENCY_KEYS) > work.now
        ]
        if spent:
            work.session.execute(insert(work.session, SpentKey).on_conflict_do_nothing(), spent)
            # Processes know these keys by the configuration, which also sends back what was ruled before.
            work.configuration_changed()
    ids = subject.scope.decision_ids
    _update(work, Decision, Decision.id, ids, {"body_digest": None, "idempotency_key": None})


def _requests(work: Work, subject: Subject) -> None:
    """Forget what people wrote on the requests to erase this subject; the codes stay."""
    for part in some(subject.scope.key_ids):
        mine = sa.select(Erasure.request_id).where(Erasure.key_id.in_(part))
        work.session.execute(
            sa.update(Request).where(Request.id.in_(mine)).values(reason="", closing_reason=None),
            execution_options=_NO_SYNC,
        )


def _vault(work: Work, subject: Subject) -> None:
    _delete_of_keys(work, VaultRow, subject)


def _payloads(work: Work, subject: Subject) -> None:
    """Note which records lose payloads, for the log to name them later among others, and delete these."""
    for part in some(subject.scope.record_ids):
        rows = [{"record_id": one} for one in part]
        work.session.execute(insert(work.session, ErasedRecord).on_conflict_do_nothing(), rows)
    _delete_of_keys(work, PayloadRow, subject)


def _hanging(model: Any) -> Eraser:
    """Return what erases rows of a table that hang on the keys: the rows stay, and no longer say whose they are."""

    def erase(work: Work, subject: Subject) -> None:
        _update(work, model, model.key_id, subject.scope.key_ids, {"key_id": None})

    return erase


def _people_only(work: Work, subject: Subject) -> None:
    gone = 0
    for part in some(subject.scope.key_ids):
        gone += _delete(work, PeopleOnlyRow, PeopleOnlyRow.key_id.in_(part))
    if gone:
        work.configuration_changed()


def _keys(work: Work, subject: Subject) -> None:
    for part in some(subject.scope.key_ids):
        _delete(work, SubjectKeyRow, SubjectKeyRow.id.in_(part))


#: What is done, in this order: what hangs on something goes before it.
ERASERS: Final[Mapping[str, Eraser]] = {
    "webhook_deliveries": _deliveries,
    "import_references": _import_references,
    "import_parts": _import_parts,
    "appeals": _appeals,
    "gold_servings": _gold_servings,
    "decisions": _decisions,
    "requests": _requests,
    "group_vault": _vault,
    "payloads": _payloads,
    "people_only": _people_only,
    "rights_requests": _hanging(RightsRequest),
    "legal_holds": _hanging(LegalHold),
    "erasures": _hanging(Erasure),
    "subject_keys": _keys,
}

_CODES = "ids, codes, figures and times alone"
_STAFF = "people of the business, who are erased by nobody's wish but their employment's"
_COUNTS = "counts"
_LOG = "ids, codes and commitments; what was said of a person are payloads"
#: Tables that hold nothing of a subject, and what they hold.
HOLD_NONE: Final[Mapping[str, str]] = {
    "alarm_windows": _CODES,
    "app_keys": "apps and their keys",
    "apps": "apps and their keys",
    "bulk_approvals": _CODES,
    "business_settings": "the business",
    "case_skips": _CODES,
    "cases": _CODES,
    "competences": _STAFF,
    "count_deltas": "codes; counted when the subject is erased",
    "decision_points": "the business's policies",
    "drawn_decisions": _CODES,
    "draws": "bounds and seeds",
    "erased_counts": _COUNTS,
    "erased_records": "ids, until the log has named them",
    "fairness_cells": _COUNTS,
    "fairness_group_values": _COUNTS,
    "fairness_ratings": _COUNTS,
    "fairness_reasons": _COUNTS,
    "fairness_reconciliations": _COUNTS,
    "fairness_score_steps": _COUNTS,
    "fairness_scores": _COUNTS,
    "fairness_strata": _COUNTS,
    "fairness_waits": _COUNTS,
    "feedback": "a figure on a scale",
    "gold_cases": _CODES,
    "gold_progress": _STAFF,
    "ground_truths": _CODES,
    "holds": "why automation was stopped at a point",
    "home_visits": _STAFF,
    "import_runs": "a file's name, map and counts",
    "incident_notes": _CODES,
    "incidents": "figures, and names of groups",
    "installation": "the installation",
    "jobs": "mails to people of the business, dropped when sent, and ids",
    "judgements": _CODES,
    "key_encryption_keys": "ids of keys, and times",
    "log_anchors": _LOG,
    "log_checkpoints": _LOG,
    "log_cosignatures": _LOG,
    "log_export_parts": "exports of the log without payloads, for 7 days",
    "log_exports": "ids and times of exports",
    "log_keys": _LOG,
    "log_leaves": _LOG,
    "log_pending": _LOG,
    "log_quarantine": _LOG,
    "log_records": _LOG,
    "log_tiles": _LOG,
    "log_witnesses": _LOG,
    "logs": _LOG,
    "monitors": _COUNTS,
    "oversight_overrides": _COUNTS,
    "oversight_paths": _COUNTS,
    "part_states": "how parts of the service fare",
    "people": _STAFF,
    "person_figures": _STAFF,
    "personal_tokens": _STAFF,
    "policy_versions": "the business's policies",
    "pruned_decisions": _CODES,
    "queue_members": _STAFF,
    "queues": "the business's queues",
    "readings": "ids and hours, for an hour",
    "report_files": _COUNTS,
    "reports": _COUNTS,
    "retention_marks": "points and days",
    "reveals": "names of features, whose values are payloads",
    "reversals": _CODES,
    "saved_views": "filters by codes and times",
    "sent_counts": "apps' own counts",
    "sessions": _STAFF,
    "sign_in_failures": _STAFF,
    "sign_in_links": _STAFF,
    "spent_keys": "HMACs of idempotency keys, for 30 days",
    "staff_acknowledgements": _STAFF,
    "staff_notices": _STAFF,
    "verdicts": _CODES,
    "webhook_attempts": "deleted with the messages that they tried to deliver",
    "webhook_endpoints": "apps' addresses",
    "webhook_secrets": "apps' secrets",
}


def _delete(work: Work, model: Any, *conditions: Any) -> int:
    statement = sa.delete(model).where(*conditions)
    done: Any = work.session.execute(statement, execution_options=_NO_SYNC)
    return int(done.rowcount)


def _delete_of_keys(work: Work, model: Any, subject: Subject) -> None:
    for part in some(subject.scope.key_ids):
        _delete(work, model, model.key_id.in_(part))


def _update(work: Work, model: Any, column: Any, ids: Any, values: Mapping[str, Any]) -> None:
    for part in some(ids):
        work.session.execute(
            sa.update(model).where(column.in_(part)).values(**values),
            execution_options=_NO_SYNC,
        )
