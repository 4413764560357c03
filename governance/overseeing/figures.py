"""Figures of single people: made once a week, shown to the person first, a week later to those who answer for it, deleted after 90 days."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

import sqlalchemy as sa

from audits.log.entries import EntryKind
from audits.oversight.records import GroupCounts
from audits.oversight.report import oversight_report
from governance.actors import service
from governance.clock import is_id
from governance.counting import reading
from governance.decisions.models import Decision
from governance.errors import FieldProblem, InvalidInput, NotFound
from governance.identities.queries import names
from governance.overseeing import notice
from governance.overseeing.models import PersonFigures
from governance.overseeing.periods import Period, covered
from governance.permissions import Permission
from governance.reporting import oversight
from governance.reviews.models import Case, Verdict
from governance.storage.inserting import insert
from governance.subjects.models import SubjectKeyRow
from governance.work import Work

if TYPE_CHECKING:
    from governance.application import Answerable

#: How far back figures look, and how long they are kept.
KEPT: Final = timedelta(days=90)
EVERY: Final = timedelta(days=7)
#: How long somebody has their figures before anybody else sees them.
FIRST: Final = timedelta(days=7)
#: People that a figure of all together is of at least, so that nobody can be told from it.
LEAST_PEOPLE: Final = 3
LONGEST_COMMENT: Final = 4000
_COMMENT: Final = "comment"


@dataclass(frozen=True, slots=True, kw_only=True)
class FiguresView:
    """One person's figures at a decision point: ``person`` as ``audits.oversight.report`` writes a person.

    ``pooled`` are the measures of all people together where a person's own are too few, and None where those would be of fewer than three.
    ``shown_at`` is when those who answer for it see it.
    """

    id: str
    point: str
    person_id: str
    name: str
    since: str
    until: str
    made_at: datetime
    shown_at: datetime
    person: Mapping[str, Any]
    pooled: Mapping[str, Any] | None
    plan: Mapping[str, Any]
    comment: str | None
    commented_at: datetime | None


def own(work: Work) -> Sequence[FiguresView]:
    """Return the actor's own figures, the newest of each decision point, by the point's name.

    Raises:
        NotAllowed: the actor has no account, or is no person.
    """
    work.require(Permission.ACCOUNT_USE)
    mine = PersonFigures.person_id == work.person_id
    return sorted(_newest(work, mine), key=lambda one: one.point)


def of_people(work: Work, point: str) -> Sequence[FiguresView]:
    """Return the newest figures that each person had for a week, by the people's names.

    Raises:
        NotAllowed: the actor may not see figures of people.
        NotFound: there is no such point.
    """
    work.require(Permission.OVERSIGHT_PEOPLE)
    reading.live_policy(work, point)
    shown = sa.and_(PersonFigures.point == point, PersonFigures.made_at <= work.now - FIRST)
    return sorted(_newest(work, shown), key=lambda one: (one.name.casefold(), one.person_id))


def comment(work: Work, figures_id: str, words: str) -> FiguresView:
    """Say something about one's own figures, which stands beside them; said again, it takes the place of what was said.

    Raises:
        NotAllowed: the actor has no account, or is no person.
        NotFound: there are no such figures of the actor's.
        InvalidInput: nothing is said, or too much.
    """
    work.require(Permission.ACCOUNT_USE)
    person_id = work.person_id
    row = None
    if is_id(figures_id):
        row = work.session.execute(
            sa.select(PersonFigures)
            .where(PersonFigures.id == figures_id, PersonFigures.person_id == person_id)
            .with_for_update()
        ).scalar_one_or_none()
    if row is None:
        raise NotFound("There are no such figures of yours; they are deleted after 90 days.")
    said = words.strip()
    if not 0 < len(said) <= LONGEST_COMMENT:
        detail = f"Say in 1 to {LONGEST_COMMENT} characters what the figures do not tell."
        raise InvalidInput(detail, [FieldProblem(pointer="/words", detail=detail)])
    before, key = row.comment_key, work.stored_key()
    row.comment_key, row.commented_at = key.id, work.now
    row.nonce, row.ciphertext = key.encrypt(row.id, _COMMENT, said.encode())
    work.session.flush()
    _drop_keys(work, [before])
    # The entry commits to no words, because they are deleted with the figures.
    work.record(EntryKind.FIGURES_COMMENTED, refs={"figures": row.id}, data={"point": row.point})
    return _views(work, [row])[0]


# ------------------------------------------------------------------------------ made each week


def make_due(answerable: Answerable) -> int:
    """Make the figures of everybody whose last are a week old, and delete those that are 90 days old; return how many were made."""
    made = 0
    with answerable.look(service("oversight")) as work:
        measured = notice.measured(work.session)
        live = list(work.configuration.live) if measured else []
    for point in live:
        # Reading and counting takes a while, in which others may write.
        with answerable.look(service("oversight")) as work:
            found = list(_made(work, point, measured))
        if found:
            with answerable.work(service("oversight")) as work:
                made += _keep(work, found)
    with answerable.work(service("oversight")) as work:
        _forget(work)
    return made


def _made(
    work: Work, point: str, measured: Mapping[str, Sequence[Period]]
) -> Iterator[dict[str, Any]]:
    """Yield the figures that are due at a point, as rows."""
    due = _due(work, point, measured)
    if not due:
        return
    policy = reading.live_policy(work, point)
    since, until = (work.now - KEPT).date().isoformat(), work.now.date().isoformat()
    told = [
        one
        for one in oversight.reviews(work, policy, since, until)
        if covered(measured.get(one.reviewer, ()), one.given_at)
    ]
    report = oversight_report(
        told,
        GroupCounts(),
        decision_point=point,
        since=since,
        until=until,
        plan=oversight.plan_of(policy),
        people=True,
    )
    together = report["measures"] if report["reviewers"] >= LEAST_PEOPLE else None
    for person in report["people"]:
        if person["reviewer"] in due:
            yield {
                "point": point,
                "person_id": person["reviewer"],
                "since": since,
                "until": until,
                "document": {
                    "person": person,
                    "pooled": together if person["pooled"] else None,
                    "plan": report["plan"],
                },
            }


def _keep(work: Work, found: Sequence[Mapping[str, Any]]) -> int:
    for values in found:
        work.session.execute(
            insert(work.session, PersonFigures)
            .values(id=work.new_id(), made_at=work.now, **values)
            .on_conflict_do_nothing()
        )
    return len(found)


def _due(work: Work, point: str, measured: Mapping[str, Sequence[Period]]) -> set[str]:
    """Return who gave reviews that may be measured and has no figures of the last week."""
    recent = work.session.execute(
        sa.select(PersonFigures.person_id).where(
            PersonFigures.point == point, PersonFigures.made_at > work.now - EVERY
        )
    ).scalars()
    wanted = set(measured) - set(recent)
    if not wanted:
        return set()
    latest = work.session.execute(
        sa.select(Verdict.person_id, sa.func.max(Verdict.given_at))
        .join(Decision, Decision.id == Verdict.decision_id)
        .join(Case, Case.id == Verdict.case_id)
        .where(
            Decision.point == point,
            Verdict.person_id.in_(wanted),
            Verdict.undone_at.is_(None),
            Verdict.given_at >= work.now - KEPT,
        )
        .group_by(Verdict.person_id)
    )
    return {person for person, last in latest if last >= measured[person][0].begins}


def _forget(work: Work) -> None:
    """Delete figures after 90 days, and what was said of them."""
    old = work.session.execute(
        sa.select(PersonFigures.id, PersonFigures.comment_key)
        .where(PersonFigures.made_at <= work.now - KEPT)
        .limit(500)
    ).all()
    work.session.execute(
        sa.delete(PersonFigures)
        .where(PersonFigures.id.in_([row.id for row in old]))
        .execution_options(synchronize_session=False)
    )
    _drop_keys(work, [row.comment_key for row in old])


def _drop_keys(work: Work, keys: Sequence[str | None]) -> None:
    """Delete keys of comments, which open nothing else."""
    work.session.execute(
        sa.delete(SubjectKeyRow)
        .where(SubjectKeyRow.id.in_([one for one in keys if one is not None]))
        .execution_options(synchronize_session=False)
    )


def _newest(work: Work, condition: sa.ColumnElement[bool]) -> list[FiguresView]:
    """Return the newest figures of each person and point among those that a condition lets through and that are kept."""
    kept = sa.and_(condition, PersonFigures.made_at > work.now - KEPT)
    rows = work.session.execute(
        sa.select(PersonFigures).where(kept).order_by(PersonFigures.made_at, PersonFigures.id)
    ).scalars()
    return _views(work, list({(row.point, row.person_id): row for row in rows}.values()))


def _views(work: Work, rows: Sequence[PersonFigures]) -> list[FiguresView]:
    known = names(work.session, [row.person_id for row in rows])
    return [
        FiguresView(
            id=row.id,
            point=row.point,
            person_id=row.person_id,
            name=known.get(row.person_id, row.person_id),
            since=row.since,
            until=row.until,
            made_at=row.made_at,
            shown_at=row.made_at + FIRST,
            person=row.document["person"],
            pooled=row.document["pooled"],
            plan=row.document["plan"],
            comment=_comment(work, row),
            commented_at=row.commented_at,
        )
        for row in rows
    ]


def _comment(work: Work, row: PersonFigures) -> str | None:
    if row.comment_key is None or row.nonce is None or row.ciphertext is None:
        return None
    stored = work.session.get_one(SubjectKeyRow, row.comment_key)
    key = work.answerable.keys.open(stored.id, stored.subject_tag, stored.wrapped)
    return key.decrypt(row.id, _COMMENT, row.nonce, row.ciphertext).decode()
