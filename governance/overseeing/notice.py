"""The staff notice: nobody's work is measured person by person before they were told, and said that they know."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import orjson
import sqlalchemy as sa
from sqlalchemy.orm import Session

from audits.log.entries import EntryKind
from governance.actors import ActorKind
from governance.errors import Conflict, FieldProblem, InvalidInput, NotFound
from governance.identities.models import Person
from governance.identities.queries import names_of, state_of
from governance.identities.views import PersonState
from governance.overseeing import periods
from governance.overseeing.models import Acknowledgement, StaffNotice
from governance.overseeing.periods import Period
from governance.permissions import Permission, Role, of_roles
from governance.queues.models import QueueMember
from governance.subjects import payloads
from governance.work import Work

LANGUAGES: Final = ("en", "de")
LONGEST: Final = 8000
_TEXTS: Final = "notice"

#: What is offered to whoever writes the notice.
DEFAULTS: Final[Mapping[str, str]] = {
    "en": """\
What is measured. When you review cases here, we measure how often you change a proposal, how long the page was open and in use, whether you opened what must be looked at, whether reasons repeat, and how many known mistakes (gold cases) you notice. Some cases are shown to you without the proposal first, and some are judged by a second person.

Why. The law and our customers expect that people really decide and do not just confirm. The figures show where time, training or a better page is missing. They are no basis for pay, promotion or dismissal.

Who sees it. You see your own figures first, on the page "My reviews", and can comment on them. Seven days later auditors and admins see them with your comment. There is no ranking, and nothing is published.

How long. Your figures cover the last 90 days and are deleted after 90 days. Only reviews count that you give after you acknowledged this notice.

Whom to ask. Ask an admin of this business, or whoever represents the staff.""",
    "de": """\
Was gemessen wird. Wenn Sie hier Fälle prüfen, messen wir, wie oft Sie einen Vorschlag ändern, wie lange die Seite offen und in Gebrauch war, ob Sie geöffnet haben, was anzusehen ist, ob sich Begründungen wiederholen, und wie viele bekannte Fehler (Goldfälle) Sie bemerken. Manche Fälle sehen Sie zuerst ohne den Vorschlag, manche beurteilt eine zweite Person.

Warum. Das Gesetz und unsere Kundschaft erwarten, dass Menschen wirklich entscheiden und nicht nur bestätigen. Die Zahlen zeigen, wo Zeit, Schulung oder eine bessere Seite fehlt. Sie sind keine Grundlage für Lohn, Beförderung oder Kündigung.

Wer es sieht. Sie sehen Ihre Zahlen zuerst, auf der Seite „Meine Prüfungen“, und können dazu Stellung nehmen. Sieben Tage später sehen sie Auditoren und Admins, mit Ihrer Stellungnahme. Es gibt keine Rangliste, und nichts wird veröffentlicht.

Wie lange. Ihre Zahlen umfassen die letzten 90 Tage und werden nach 90 Tagen gelöscht. Es zählen nur Prüfungen, die Sie geben, nachdem Sie diese Mitteilung bestätigt haben.

Wen Sie fragen können. Fragen Sie eine Admin-Person dieses Unternehmens oder die Vertretung der Beschäftigten.""",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticeView:
    """The notice in force: ``version`` 0 where none was published. ``texts`` are by language; ``to_acknowledge`` asks the one who looks."""

    version: int
    texts: Mapping[str, str]
    published_at: datetime | None
    published_by_name: str
    acknowledged_at: datetime | None
    to_acknowledge: bool

    def text_in(self, language: str) -> tuple[str, str]:
        """Return the text in a language, or in the one there is, with its language."""
        found = language if language in self.texts else next(iter(self.texts), "en")
        return self.texts.get(found, ""), found


@dataclass(frozen=True, slots=True, kw_only=True)
class StandingView:
    """Whether somebody who works a queue acknowledged the notice in force, and when."""

    person_id: str
    name: str
    acknowledged_at: datetime | None


def current(work: Work) -> NoticeView:
    """Return the notice in force.

    Raises:
        NotAllowed: the actor has no account.
    """
    work.require(Permission.ACCOUNT_USE)
    row = _newest(work.session)
    if row is None:
        return NoticeView(
            version=0,
            texts={},
            published_at=None,
            published_by_name="",
            acknowledged_at=None,
            to_acknowledge=False,
        )
    told = payloads.read(work.session, work.answerable.keys, row.entry_id, _TEXTS)
    own = work.session.get(Acknowledgement, (row.version, work.actor.id)) if _person(work) else None
    return NoticeView(
        version=row.version,
        texts={} if told is None else orjson.loads(told),
        published_at=row.published_at,
        published_by_name=names_of(work.session, [row.published_by])[row.published_by],
        acknowledged_at=None if own is None else own.acknowledged_at,
        to_acknowledge=own is None and asked(work),
    )


def asked(work: Work) -> bool:
    """Tell whether the actor is one whose work would be measured: a person who works a queue."""
    return _person(work) and work.actor.may(Permission.CASES_DECIDE) and bool(work.actor.queues)


def waits(work: Work) -> bool:
    """Tell whether the actor has yet to acknowledge the notice in force; cheap enough for a first page."""
    if not asked(work):
        return False
    row = _newest(work.session)
    return row is not None and (
        work.session.get(Acknowledgement, (row.version, work.actor.id)) is None
    )


def publish(work: Work, texts: Mapping[str, str]) -> NoticeView:
    """Put a notice in force, dated now; whoever works a queue is asked to acknowledge it, and is measured again only then.

    Raises:
        NotAllowed: the actor may not change settings.
        InvalidInput: there is no text, one is too long, or a language is unknown.
        Conflict: these are the texts in force.
    """
    work.require(Permission.SETTINGS_MANAGE)
    said = {language: text.strip() for language, text in texts.items() if text.strip()}
    _check(said)
    before = current(work)
    if before.version and dict(before.texts) == said:
        raise Conflict("This notice is in force already. Nobody needs to acknowledge it again.")
    version = before.version + 1
    entry = work.record(
        EntryKind.STAFF_NOTICE_PUBLISHED,
        data={"version": version, "languages": sorted(said)},
        payloads={_TEXTS: orjson.dumps(said, option=orjson.OPT_SORT_KEYS)},
    )
    work.session.add(
        StaffNotice(
            version=version,
            entry_id=entry,
            published_at=work.now,
            published_by=work.actor.reference,
        )
    )
    work.session.flush()
    return current(work)


def acknowledge(work: Work, version: int) -> NoticeView:
    """Say that one read the notice in force; doing it again changes nothing.

    Raises:
        NotAllowed: the actor decides no cases.
        NotFound: no notice was published.
        Conflict: another version is in force.
    """
    work.require(Permission.CASES_DECIDE)
    person_id = work.person_id
    row = _newest(work.session)
    if row is None:
        raise NotFound("No staff notice was published yet.")
    if row.version != version:
        raise Conflict(
            f"Version {row.version} of the staff notice is in force, not {version}. Read it first."
        )
    if work.session.get(Acknowledgement, (version, person_id)) is None:
        work.session.add(
            Acknowledgement(version=version, person_id=person_id, acknowledged_at=work.now)
        )
        work.session.flush()
        work.record(EntryKind.STAFF_NOTICE_ACKNOWLEDGED, data={"version": version})
    return current(work)


def standing(work: Work) -> Sequence[StandingView]:
    """Return who works a queue, by name, and whether they acknowledged the notice in force.

    Raises:
        NotAllowed: the actor may not change settings.
    """
    work.require(Permission.SETTINGS_MANAGE)
    row = _newest(work.session)
    version = 0 if row is None else row.version
    people = work.session.execute(
        sa.select(Person, Acknowledgement.acknowledged_at)
        .outerjoin(
            Acknowledgement,
            (Acknowledgement.person_id == Person.id) & (Acknowledgement.version == version),
        )
        .where(Person.id.in_(sa.select(QueueMember.person_id)))
        .order_by(Person.name, Person.id)
    )
    return [
        StandingView(person_id=person.id, name=person.name, acknowledged_at=at)
        for person, at in people
        if state_of(person, work.now) is not PersonState.DISABLED
        and Permission.CASES_DECIDE in of_roles(frozenset(map(Role, person.roles)))
    ]


def measured(session: Session) -> dict[str, list[Period]]:
    """Return, for each person who ever acknowledged a notice, when their work could be measured."""
    rows = session.execute(sa.select(StaffNotice.version, StaffNotice.published_at))
    published = dict(rows.all())
    told: dict[str, dict[int, datetime]] = {}
    for row in session.execute(sa.select(Acknowledgement)).scalars():
        told.setdefault(row.person_id, {})[row.version] = row.acknowledged_at
    return {
        person: found
        for person, versions in told.items()
        if (found := periods.measured(published, versions))
    }


def _newest(session: Session) -> StaffNotice | None:
    return session.execute(
        sa.select(StaffNotice).order_by(StaffNotice.version.desc()).limit(1)
    ).scalar_one_or_none()


def _person(work: Work) -> bool:
    return work.actor.kind is ActorKind.PERSON


def _check(said: Mapping[str, str]) -> None:
    problems = [
        FieldProblem(pointer=f"/texts/{language}", detail=detail)
        for language, text in said.items()
        if (detail := _fault(language, text))
    ]
    if not said:
        detail = "Write the notice in at least one language; a default text is offered."
        problems = [FieldProblem(pointer="/texts", detail=detail)]
    if problems:
        raise InvalidInput(" ".join(one.detail for one in problems), problems)


def _fault(language: str, text: str) -> str:
    if language not in LANGUAGES:
        return f"{language!r} is not known; expected one of {', '.join(LANGUAGES)}."
    return f"Expected at most {LONGEST} characters." if len(text) > LONGEST else ""
