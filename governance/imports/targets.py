"""Which decisions a line of ground truth or groups is about: by id, by the reference of an import, or by the person concerned."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import sqlalchemy as sa

from governance.clock import is_id
from governance.decisions.models import Decision
from governance.decisions.preparing import DECISION_PAYLOAD
from governance.imports.identity import REFERENCE, reference_text
from governance.imports.models import ImportReference
from governance.imports.values import Unfit
from governance.subjects.models import PayloadRow, SubjectKeyRow
from governance.work import Work

_AT_ONCE: Final = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """How a line says which decisions it means: ``by`` is decision_id, reference or subject."""

    by: str
    text: str


def target_of(decision_id: str | None, reference: str | None, subject: str | None) -> Target:
    """Return how a line says it; exactly one way must be taken.

    Raises:
        Unfit: none is, or several are.
    """
    said = [
        Target(by=by, text=text)
        for by, text in (
            ("decision_id", decision_id),
            ("reference", reference),
            ("subject", subject),
        )
        if text
    ]
    if len(said) != 1:
        raise Unfit("Expected one of decision_id, reference and subject, and no more.")
    if said[0].by == "decision_id":
        text = said[0].text.lower()
        if not is_id(text):
            raise Unfit("decision_id: expected an id as Answerable gives it.")
        return Target(by="decision_id", text=text)
    return said[0]


def find(work: Work, point: str, targets: Iterable[Target]) -> dict[Target, list[str]]:
    """Return the ids of the decisions at a point that each target means, in the order in which they were recorded; empty: there is none."""
    wanted: dict[str, dict[str, Target]] = defaultdict(dict)
    for target in targets:
        wanted[target.by][_key(work, point, target)] = target
    found: dict[Target, list[str]] = {
        target: [] for targets_by in wanted.values() for target in targets_by.values()
    }
    for by, keys in wanted.items():
        query = _QUERIES[by]
        for some in _some(list(keys)):
            rows = work.session.execute(
                query(some).where(Decision.point == point).order_by(Decision.id)
            )
            for key, decision_id in rows:
                found[keys[key]].append(decision_id)
    return found


def no_decision(target: Target, point: str) -> str:
    """Say that a target means no decision. The person's reference is not repeated."""
    words = {
        "decision_id": "decision_id: there is no such decision",
        "reference": "reference: no imported decision has it",
        "subject": "subject: there is no decision about them",
    }
    return f"{words[target.by]} at {point}."


def _key(work: Work, point: str, target: Target) -> str:
    if target.by == "reference":
        return work.answerable.keyring.tag(REFERENCE, reference_text(point, target.text))
    if target.by == "subject":
        return work.answerable.keys.tag_of(target.text)
    return target.text


def _by_id(keys: Sequence[str]) -> sa.Select[str, str]:
    return sa.select(Decision.id, Decision.id).where(Decision.id.in_(keys))


def _by_reference(keys: Sequence[str]) -> sa.Select[str, str]:
    return (
        sa.select(ImportReference.tag, Decision.id)
        .join(Decision, Decision.id == ImportReference.decision_id)
        .where(ImportReference.tag.in_(keys))
    )


def _by_subject(keys: Sequence[str]) -> sa.Select[str | None, str]:
    return (
        sa.select(SubjectKeyRow.subject_tag, Decision.id)
        .join(PayloadRow, PayloadRow.key_id == SubjectKeyRow.id)
        .join(Decision, Decision.id == PayloadRow.record_id)
        .where(SubjectKeyRow.subject_tag.in_(keys), PayloadRow.name == DECISION_PAYLOAD)
    )


_QUERIES: Final[Mapping[str, Callable[[Sequence[str]], Any]]] = {
    "decision_id": _by_id,
    "reference": _by_reference,
    "subject": _by_subject,
}


def _some(keys: Sequence[str]) -> Iterable[Sequence[str]]:
    return (keys[start : start + _AT_ONCE] for start in range(0, len(keys), _AT_ONCE))
