"""Always a person: about some subjects no policy decides without one, from the next request on in every process.

A mark is found by the tag of the subject's reference, as their keys are, and hangs on one of these keys: whoever erases the subject erases it too.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

import sqlalchemy as sa

from audits.log.entries import EntryKind
from governance.actors import ActorKind
from governance.errors import FieldProblem, InvalidInput, NotAllowed
from governance.permissions import Permission
from governance.storage.inserting import insert
from governance.subjects.keys import SubjectKey
from governance.subjects.models import PeopleOnlyRow, SubjectKeyRow
from governance.work import Work

SUBJECT: Final = "subject"
_LONGEST_REFERENCE: Final = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Marked:
    """Whether a person always decides about a subject, and since when."""

    people_only: bool
    since: datetime | None


def state_of(work: Work, reference: str) -> Marked:
    """Return whether a person always decides about a subject.

    Raises:
        NotAllowed: the actor may not mark subjects.
        InvalidInput: the reference is none.
    """
    work.require(Permission.SUBJECTS_MARK)
    return _told(_row(work, tag_of(work, reference)))


def mark(work: Work, reference: str, *, decision_id: str | None = None) -> Marked:
    """Have a person always decide about a subject; doing so again changes nothing.

    Raises:
        NotAllowed: the actor may not mark subjects.
        InvalidInput: the reference is none.
    """
    work.require(Permission.SUBJECTS_MARK)
    tag = tag_of(work, reference)
    present = _row(work, tag)
    if present is not None:
        return _told(present)
    key = key_of(work, tag)
    made = work.session.execute(
        insert(work.session, PeopleOnlyRow)
        .values(subject_tag=tag, key_id=key.id, set_at=work.now, set_by=work.actor.reference)
        .on_conflict_do_nothing(index_elements=["subject_tag"])
        .returning(PeopleOnlyRow.key_id)
    ).first()
    if made is None:
        # Somebody else did the same at the same moment, and their entry tells of it.
        return Marked(people_only=True, since=work.now)
    work.configuration_changed()
    work.record(
        EntryKind.PEOPLE_ONLY_SET,
        refs={"about": decision_id, "subject_key": key.id},
        payloads={SUBJECT: reference.encode()},
        key=key,
    )
    return Marked(people_only=True, since=work.now)


def lift(work: Work, reference: str, *, decision_id: str | None = None) -> Marked:
    """Let policies decide about a subject again; where they do, this changes nothing.

    Raises:
        NotAllowed: the actor may not mark subjects; or it is an app, and the mark is the person's own or another's.
        InvalidInput: the reference is none.
    """
    work.require(Permission.SUBJECTS_MARK)
    present = _row(work, tag_of(work, reference))
    if present is None:
        return Marked(people_only=False, since=None)
    # A wish that somebody uttered themselves is not the app's to take back.
    if work.actor.kind is ActorKind.APP and present.set_by != work.actor.reference:
        raise NotAllowed(
            "This was not set by your app. The person concerned lifts it on their page, or a manager does."
        )
    stored = work.session.get_one(SubjectKeyRow, present.key_id)
    key = work.answerable.keys.open(stored.id, stored.subject_tag, stored.wrapped)
    work.session.delete(present)
    work.session.flush()
    work.configuration_changed()
    work.record(
        EntryKind.PEOPLE_ONLY_LIFTED,
        refs={"about": decision_id, "subject_key": key.id},
        payloads={SUBJECT: reference.encode()},
        key=key,
    )
    return Marked(people_only=False, since=None)


def tag_of(work: Work, reference: str) -> str:
    """Return the tag under which a subject is found.

    Raises:
        InvalidInput: the reference is none.
    """
    if not reference or len(reference) > _LONGEST_REFERENCE or not _is_text(reference):
        detail = f"Expected the subject's reference, 1 to {_LONGEST_REFERENCE} characters."
        raise InvalidInput(detail, [FieldProblem(pointer="/subject/ref", detail=detail)])
    return work.answerable.keys.tag_of(reference)


def _is_text(reference: str) -> bool:
    try:
        return b"\0" not in reference.encode()
    except UnicodeEncodeError:
        return False


def _row(work: Work, tag: str) -> PeopleOnlyRow | None:
    return work.session.get(PeopleOnlyRow, tag, populate_existing=True)


def key_of(work: Work, tag: str) -> SubjectKey:
    """Return a subject's oldest key; a subject nobody knew gets one."""
    found = work.session.execute(
        sa.select(SubjectKeyRow)
        .where(SubjectKeyRow.subject_tag == tag)
        .order_by(SubjectKeyRow.created_at, SubjectKeyRow.id)
        .limit(1)
    ).scalar_one_or_none()
    if found is None:
        return work.stored_key(work.answerable.keys.fresh(tag))
    return work.answerable.keys.open(found.id, found.subject_tag, found.wrapped)


def _told(row: PeopleOnlyRow | None) -> Marked:
    return Marked(people_only=row is not None, since=None if row is None else row.set_at)
