"""The rubber-stamp alarm: judged once for each window, told to the person first, with what was done about it.

Looked at again and again it would be wrong sooner or later of everybody; see ``audits.oversight.alarm``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from audits.log.entries import EntryKind
from audits.oversight import alarm, gold
from audits.oversight.alarm import State
from audits.oversight.plan import Volume
from audits.oversight.records import Review
from governance.actors import ActorKind, service
from governance.clock import is_id
from governance.counting import reading
from governance.decisions.models import Decision
from governance.errors import Conflict, FieldProblem, InvalidInput, NotAllowed, NotFound
from governance.identities.queries import names, names_of
from governance.overseeing import notice, periods
from governance.overseeing.figures import FIRST, KEPT
from governance.overseeing.models import AlarmWindow
from governance.overseeing.periods import Period, covered
from governance.permissions import Permission
from governance.reporting import oversight
from governance.requests.eligible import people_who_may
from governance.reviews.models import Verdict
from governance.storage.inserting import insert
from governance.subjects import payloads
from governance.work import Work

if TYPE_CHECKING:
    from governance.application import Answerable

LONGEST_WORDS: Final = 4000
#: Judged so long after a window ended, so that what could be undone is settled.
SETTLED: Final = timedelta(hours=1)
_NOTE: Final = "note"
_ALL: Final = ""


class Done(StrEnum):
    """What was done about an alarm."""

    JUDGE_FIRST = "judge_first"
    SECOND_REVIEWER = "second_reviewer"
    COACHING = "coaching"
    FINE = "fine"
    OTHER = "other"


@dataclass(frozen=True, slots=True, kw_only=True)
class AlarmView:
    """An alarm, of all people together or of one, and what was done about it.

    ``of_one`` tells which; ``name`` is of whom, empty for all and where it is not told any more. ``mine`` tells that it is about the one who
    looks, ``may_handle`` that they may say what was done. ``measures`` are what it rests on: the alarm's document and that of gold cases, empty
    after 90 days where it is about one person.
    """

    id: str
    point: str
    of_one: bool
    name: str
    mine: bool
    begins_at: datetime
    ends_at: datetime
    judged_at: datetime
    reviews: int
    measures: Mapping[str, Any]
    shown_at: datetime
    done: Done | None
    done_at: datetime | None
    done_by_name: str
    words: str | None
    may_handle: bool


def listed(work: Work, point: str | None = None) -> Sequence[AlarmView]:
    """Return alarms, the newest first: of all people together, and of one where the actor may see it and that person had it for a week.

    Raises:
        NotAllowed: the actor may not read reports.
        NotFound: there is no such point.
    """
    work.require(Permission.REPORTS_READ)
    if point is not None:
        reading.live_policy(work, point)
    query = sa.select(AlarmWindow).where(
        AlarmWindow.state == State.RAISED.value, _seen_by_overseer(work)
    )
    if point is not None:
        query = query.where(AlarmWindow.point == point)
    rows = work.session.execute(
        query.order_by(AlarmWindow.ends_at.desc(), AlarmWindow.id.desc()).limit(200)
    ).scalars()
    return _views(work, list(rows))


def own(work: Work) -> Sequence[AlarmView]:
    """Return the alarms about the actor, the newest first; they see them before anybody else.

    Raises:
        NotAllowed: the actor has no account, or is no person.
    """
    work.require(Permission.ACCOUNT_USE)
    rows = work.session.execute(
        sa.select(AlarmWindow)
        .where(
            AlarmWindow.person == work.person_id,
            AlarmWindow.state == State.RAISED.value,
            AlarmWindow.judged_at > work.now - KEPT,
        )
        .order_by(AlarmWindow.ends_at.desc())
    ).scalars()
    return _views(work, list(rows))


def open_points(work: Work) -> Sequence[str]:
    """Name the decision points with an alarm that the actor may handle and nobody did; none to who may handle none."""
    if not (
        work.actor.may(Permission.INCIDENTS_HANDLE) and work.actor.may(Permission.REPORTS_READ)
    ):
        return ()
    named = work.session.execute(
        sa.select(AlarmWindow.point)
        .where(
            AlarmWindow.state == State.RAISED.value,
            AlarmWindow.done.is_(None),
            _seen_by_overseer(work),
        )
        .distinct()
        .order_by(AlarmWindow.point)
    ).scalars()
    return [point for point in named if point in work.configuration.live]


def handle(work: Work, alarm_id: str, done: str, words: str = "") -> AlarmView:
    """Say what was done about an alarm, once.

    Nobody handles an alarm about themselves, unless nobody else could; the log then says so.

    Raises:
        NotAllowed: the actor may not handle incidents, or it is about them.
        NotFound: there is no such alarm that the actor may see.
        InvalidInput: it is none of ``Done``, or ``other`` is said without words.
        Conflict: somebody said it before.
    """
    work.require(Permission.INCIDENTS_HANDLE)
    work.require(Permission.REPORTS_READ)
    row = None
    if is_id(alarm_id):
        row = work.session.execute(
            sa.select(AlarmWindow)
            .where(
                AlarmWindow.id == alarm_id,
                AlarmWindow.state == State.RAISED.value,
                _seen_by_overseer(work),
            )
            .with_for_update()
            .execution_options(populate_existing=True)
        ).scalar_one_or_none()
    if row is None:
        raise NotFound("There is no such alarm.")
    alone = _about_actor(work, row)
    if alone and _others(work):
        raise NotAllowed("This alarm is about you, so another person says what was done.")
    chosen, said = _checked(done, words)
    if row.done is not None:
        raise Conflict(f"What was done was said at {row.done_at:%Y-%m-%d %H:%M} UTC already.")
    row.done_entry = work.record(
        EntryKind.ALARM_HANDLED,
        refs={"alarm": row.id},
        data={"point": row.point, "done": chosen.value}
        | ({"single_handed": True} if alone else {}),
        payloads={_NOTE: said.encode()} if said else {},
    )
    row.done, row.done_at, row.done_by = chosen.value, work.now, work.actor.reference
    work.session.flush()
    return _views(work, [row])[0]


# ------------------------------------------------------------------------------ judging


def judge_due(answerable: Answerable) -> int:
    """Judge the windows that ended, and let go of what is kept for 90 days only; return how many were judged."""
    with answerable.look(service("oversight")) as work:
        measured = notice.measured(work.session)
        live = list(work.configuration.live)
    judged = 0
    for point in live:
        for person in (_ALL, *sorted(measured)):
            # Reading and counting takes a while, in which others may write.
            with answerable.look(service("oversight")) as work:
                found = _window(work, point, person, measured.get(person, ()))
            if found is not None:
                with answerable.work(service("oversight")) as work:
                    judged += _keep(work, found)
    with answerable.work(service("oversight")) as work:
        _forget(work)
    return judged


def _window(work: Work, point: str, person: str, known: Sequence[Period]) -> dict[str, Any] | None:
    """Return the next window of somebody, or of all, with what it comes to; None while it has not ended."""
    begins = _begins(work, point, person, known)
    settled = work.now - SETTLED
    if begins is None or settled < periods.month_after(begins):
        return None
    given = _given(work, point, person, known, begins, periods.month_after(begins))
    if len(given) < periods.LEAST:
        given = _given(work, point, person, known, begins, settled)
    ends = periods.ends_at(begins, [one.given_at for one in given])
    if ends is None or settled < ends:
        return None
    within = [one for one in given if one.given_at < ends]
    weeks = (ends - begins) / timedelta(weeks=1)
    volume = Volume(
        reviews=len(within), weeks=weeks, plan=oversight.plan_of(reading.live_policy(work, point))
    )
    return {
        "point": point,
        "person": person,
        "begins_at": begins,
        "ends_at": ends,
        "reviews": len(within),
        **_said(within, volume),
    }


def _given(
    work: Work,
    point: str,
    person: str,
    known: Sequence[Period],
    begins: datetime,
    ends: datetime,
) -> list[Review]:
    """Return the reviews between two instants, of all or of one person where that person knew."""
    found = oversight.reviews(
        work,
        reading.live_policy(work, point),
        begins.date().isoformat(),
        ends.date().isoformat(),
        of=person or None,
    )
    return [
        one
        for one in found
        if begins <= one.given_at < ends and (not person or covered(known, one.given_at))
    ]


def _said(within: Sequence[Review], volume: Volume) -> dict[str, Any]:
    told = alarm.document(within, volume)
    return {
        "state": told["state"],
        "measures": {"alarm": told, "gold": gold.document(within, volume)},
    }


def _begins(work: Work, point: str, person: str, known: Sequence[Period]) -> datetime | None:
    """Return where the window before ended, or else the month of the first review, and of the acknowledgement where that is later."""
    last = work.session.execute(
        sa.select(sa.func.max(AlarmWindow.ends_at)).where(
            AlarmWindow.point == point, AlarmWindow.person == person
        )
    ).scalar_one()
    if last is not None:
        found: datetime = last
        return found
    query = (
        sa.select(sa.func.min(Verdict.given_at))
        .join(Decision, Decision.id == Verdict.decision_id)
        .where(Decision.point == point, Verdict.undone_at.is_(None))
    )
    if person:
        query = query.where(Verdict.person_id == person, Verdict.given_at >= known[0].begins)
    first = work.session.execute(query).scalar_one()
    return None if first is None else periods.month_of(first)


def _keep(work: Work, found: Mapping[str, Any]) -> int:
    """Store a judged window and say in the log where it raises an alarm, once however many processes try."""
    stored = work.session.execute(
        insert(work.session, AlarmWindow)
        .values(id=work.new_id(), judged_at=work.now, **found)
        .on_conflict_do_nothing()
        .returning(AlarmWindow.id)
    ).scalar_one_or_none()
    if stored is None:
        return 0
    if found["state"] == State.RAISED:
        told = found["measures"]["alarm"]
        work.record(
            EntryKind.ALARM_RAISED,
            refs={"alarm": stored},
            data={
                "point": found["point"],
                "of": "person" if found["person"] else "all",
                "reviews": found["reviews"],
                "by_gold": told["by_gold"],
                "signs": [one["sign"] for one in told["signs"] if one["met"]],
            },
        )
    return 1


def _forget(work: Work) -> None:
    """Take the figures from windows about one person after 90 days; of all but the last of a person, whose they are too."""
    old = sa.and_(AlarmWindow.person != _ALL, AlarmWindow.judged_at <= work.now - KEPT)
    later = aliased(AlarmWindow)
    follows = sa.exists().where(
        later.point == AlarmWindow.point,
        later.person == AlarmWindow.person,
        later.begins_at > AlarmWindow.begins_at,
    )
    for row in work.session.execute(
        sa.select(AlarmWindow).where(old, AlarmWindow.person != _named(AlarmWindow.id), follows)
    ).scalars():
        row.person = row.id
    for row in work.session.execute(sa.select(AlarmWindow).where(old)).scalars():
        if row.measures:
            row.measures = {}


def _named(column: Any) -> Any:
    return sa.cast(column, sa.String(36))


# ------------------------------------------------------------------------------ who sees it


def _seen_by_overseer(work: Work) -> sa.ColumnElement[bool]:
    """Return the condition under which an alarm is told to somebody who answers for oversight."""
    of_all = AlarmWindow.person == _ALL
    if not work.actor.may(Permission.OVERSIGHT_PEOPLE):
        return of_all
    return sa.or_(of_all, AlarmWindow.judged_at <= work.now - FIRST)


def _about_actor(work: Work, row: AlarmWindow) -> bool:
    return work.actor.kind is ActorKind.PERSON and row.person == work.actor.id


def _others(work: Work) -> bool:
    """Tell whether anybody else could handle an alarm about the actor."""
    wanted = (Permission.INCIDENTS_HANDLE, Permission.OVERSIGHT_PEOPLE)
    able = [set(people_who_may(work.session, one, work.now)) for one in wanted]
    return bool(set.intersection(*able) - {work.actor.id})


def _checked(done: str, words: str) -> tuple[Done, str]:
    said = words.strip()
    problems = []
    if done not in set(Done):
        problems.append(FieldProblem(pointer="/done", detail=f"Expected one of {', '.join(Done)}."))
    if len(said) > LONGEST_WORDS:
        detail = f"Expected at most {LONGEST_WORDS} characters."
        problems.append(FieldProblem(pointer="/words", detail=detail))
    if done == Done.OTHER and not said:
        detail = "Say what was done; auditors will read it."
        problems.append(FieldProblem(pointer="/words", detail=detail))
    if problems:
        raise InvalidInput(" ".join(one.detail for one in problems), problems)
    return Done(done), said


def _views(work: Work, rows: Sequence[AlarmWindow]) -> list[AlarmView]:
    said = payloads.read_many(
        work.session,
        work.answerable.keys,
        [row.done_entry for row in rows if row.done_entry is not None],
        _NOTE,
    )
    known = names(work.session, [row.person for row in rows if is_id(row.person)])
    by = names_of(work.session, [row.done_by for row in rows])
    return list(_each(work, rows, said, known, by))


def _each(
    work: Work,
    rows: Sequence[AlarmWindow],
    said: Mapping[str, bytes],
    known: Mapping[str, str],
    by: Mapping[str, str],
) -> Iterator[AlarmView]:
    handles = work.actor.may(Permission.INCIDENTS_HANDLE)
    for row in rows:
        kept = row.judged_at > work.now - KEPT
        words = said.get(row.done_entry or "")
        about_actor = _about_actor(work, row)
        yield AlarmView(
            id=row.id,
            point=row.point,
            of_one=row.person != _ALL,
            name=known.get(row.person, "") if kept else "",
            mine=about_actor,
            begins_at=row.begins_at,
            ends_at=row.ends_at,
            judged_at=row.judged_at,
            reviews=row.reviews,
            measures=row.measures if kept or row.person == _ALL else {},
            shown_at=row.judged_at + (FIRST if row.person != _ALL else timedelta()),
            done=None if row.done is None else Done(row.done),
            done_at=row.done_at,
            done_by_name=by.get(row.done_by or "", ""),
            words=None if words is None else words.decode(),
            may_handle=handles and row.done is None and not (about_actor and _others(work)),
        )
