"""Proving who one is: passwords, one-time links, codes, sessions and tokens.

These verbs take the whole service rather than a unit of work. Hashing a password is slow by design and
must not hold the turn to write, and a failure is counted even though what was tried is undone.
"""

from __future__ import annotations

import hmac
import secrets
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from audits.log.entries import EntryKind
from governance import actors
from governance.actors import Actor
from governance.clock import is_id
from governance.errors import FieldProblem, InvalidInput, NotFound, NotSignedIn, Unavailable
from governance.identities import passwords, queries, throttle
from governance.identities.models import Person, PersonalToken, SignInLink, SignInSession
from governance.identities.queries import digest
from governance.identities.service import matching_step
from governance.identities.throttle import Counter
from governance.identities.views import PersonState
from governance.permissions import Permission
from governance.work import Work

if TYPE_CHECKING:
    from governance.application import Answerable

#: A session ends then, however much it is used.
SESSION_LASTS: Final = timedelta(days=7)
#: How long somebody may take to type the code after the password.
CODE_WITHIN: Final = timedelta(minutes=10)
_SEEN_EVERY: Final = timedelta(minutes=1)
_TOKEN_USED_EVERY: Final = timedelta(hours=1)
_WRONG: Final = "The e-mail address or the password is wrong."
_WRONG_CODE: Final = "This is not the code of now, or it was used before. Give the newest one."


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedIn:
    """A session that began; it opens nothing while ``second_factor_due``."""

    session_secret: str
    second_factor_due: bool
    person_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkOwner:
    """Whose one-time link it is."""

    person_id: str
    email: str
    name: str


def sign_in(answerable: Answerable, *, email: str, password: str, address: str) -> SignedIn:
    """Begin a session for whoever knows the password. ``address`` is the network address it comes from.

    Raises:
        NotSignedIn: address and password do not belong together, or the account is closed; which, is not told.
        TooManyTries: too many tries failed; says when the next may be made.
    """
    email = email.strip().lower()
    tried = throttle.counters(answerable.keyring, email, address)
    at_limit = _count(answerable, tried)
    with answerable.look(_door()) as work:
        person = queries.person_by_email(work.session, email)
    if not passwords.proves(password, None if person is None else person.password_hash):
        _log_lock(answerable, person, at_limit=at_limit)
        raise NotSignedIn(_WRONG)
    assert person is not None
    with answerable.work(_actor(answerable, person)) as work:
        known = queries.locked_person(work.session, person.id)
        # The account may have changed while the password was checked.
        active = queries.state_of(known, work.now) is PersonState.ACTIVE
        if not active or known.password_hash != person.password_hash:
            raise NotSignedIn(_WRONG)
        throttle.take_back(work.session, tried)
        return _begin(work, known, second_factor_due=known.totp_secret is not None)


def second_factor(
    answerable: Answerable, *, session_secret: str, code: str, address: str
) -> SignedIn:
    """Finish signing in with a code; the session goes on under a new secret.

    Raises:
        NotSignedIn: the code is wrong or used, or the session waits for none (any more).
        TooManyTries: too many codes were wrong.
    """
    with answerable.look(_door()) as work:
        found = _session(work, session_secret, due=True)
    if found is None:
        raise NotSignedIn("The time for the code has passed. Sign in again.")
    person = found[1]
    tried = throttle.counters(answerable.keyring, f"code of {person.id}", address)
    at_limit = _count(answerable, tried)
    right = False
    with answerable.work(_actor(answerable, person)) as work:
        known = queries.locked_person(work.session, person.id)
        present = _session(work, session_secret, due=True)
        if present is not None and _use_code(work, known, code):
            right = True
            throttle.take_back(work.session, tried)
            work.session.delete(present[0])
            return _begin(work, known, second_factor_due=False)
    if not right:
        _log_lock(answerable, person, at_limit=at_limit)
    raise NotSignedIn(_WRONG_CODE)


def sign_out(answerable: Answerable, session_secret: str) -> None:
    """End a session; one that is not there stays so."""
    with answerable.look(_door()) as work:
        found = _session(work, session_secret)
    if found is None:
        return
    with answerable.work(_actor(answerable, found[1])) as work:
        present = _session(work, session_secret)
        if present is not None:
            work.session.delete(present[0])
            work.record(EntryKind.PERSON_SIGNED_OUT)


def actor_of_session(answerable: Answerable, session_secret: str) -> Actor | None:
    """Return whose session it is; None where it ended, waits for a code, or its person may not sign in."""
    with answerable.look(_door()) as work:
        found = _session(work, session_secret)
        if found is None:
            return None
        row, person = found
        actor = queries.actor_of(work.session, person, work.now)
        stale = work.now - row.last_seen_at >= _SEEN_EVERY
    if stale:
        _touch(
            answerable,
            sa.update(SignInSession)
            .where(SignInSession.secret_hash == row.secret_hash)
            .values(last_seen_at=work.now),
        )
    return actor


def actor_of_token(answerable: Answerable, token: str) -> Actor:
    """Return the person a personal token (``anp_...``) stands for, with what the token opens of their permissions.

    Raises:
        NotSignedIn: it is unknown, revoked or expired, or its person may not sign in.
    """
    prefix, _, rest = token.partition("_")
    token_id, _, secret = rest.partition("_")
    unknown = NotSignedIn(
        "This token is not known, or has ended. Make another on the account page."
    )
    if prefix != "anp" or not is_id(token_id):
        raise unknown
    with answerable.look(_door()) as work:
        row = work.session.get(PersonalToken, token_id)
        if row is None or not hmac.compare_digest(row.secret_hash, digest(secret)):
            raise unknown
        if row.revoked_at is not None or row.expires_at <= work.now:
            raise unknown
        person = work.session.get_one(Person, row.person_id)
        if queries.state_of(person, work.now) is not PersonState.ACTIVE:
            raise unknown
        actor = queries.actor_of(work.session, person, work.now)
        used = row.last_used_at
        stale = used is None or work.now - used >= _TOKEN_USED_EVERY
    if stale:
        _touch(
            answerable,
            sa.update(PersonalToken)
            .where(PersonalToken.id == token_id)
            .values(last_used_at=work.now),
        )
    opened = frozenset(p for p in actor.permissions if p in row.scopes)
    return replace(actor, permissions=opened, ends_at=row.expires_at)


def link_owner(answerable: Answerable, token: str) -> LinkOwner | None:
    """Return whose one-time link it is; None where it was used, has ended, or was never made."""
    with answerable.look(_door()) as work:
        found = _link(work.session, token, work.now)
    if found is None:
        return None
    _, person = found
    return LinkOwner(person_id=person.id, email=person.email, name=person.name)


def set_password_by_link(answerable: Answerable, *, token: str, password: str) -> LinkOwner:
    """Set a first or new password; the link is used up, and all sessions and tokens of the person end.

    Raises:
        NotFound: the link was used, has ended, or was never made.
        InvalidInput: the password does not fit.
    """
    owner = link_owner(answerable, token)
    if owner is None:
        raise _no_link()
    passwords.check(password, email=owner.email, name=owner.name)
    kept = passwords.hashed(password)
    with answerable.look(_door()) as work:
        actor = queries.actor_of(
            work.session, work.session.get_one(Person, owner.person_id), work.now
        )
    with answerable.work(actor) as work:
        person = queries.locked_person(work.session, owner.person_id)
        if _link(work.session, token, work.now) is None:
            raise _no_link()
        _set_password(work, person, kept, keep_session=None)
        work.session.execute(
            sa.update(SignInLink)
            .where(SignInLink.person_id == person.id, SignInLink.used_at.is_(None))
            .values(used_at=work.now)
        )
        account, _ = throttle.counters(answerable.keyring, person.email, "")
        throttle.forget(work.session, account)
        work.record(EntryKind.PASSWORD_CHANGED, refs={"person": person.id}, data={"by": "link"})
        # Whoever needed a new password may have lost more than the old one.
        for token_row in work.session.execute(
            sa.select(PersonalToken).where(
                PersonalToken.person_id == person.id, PersonalToken.revoked_at.is_(None)
            )
        ).scalars():
            token_row.revoked_at = work.now
            work.record(EntryKind.TOKEN_REVOKED, refs={"token": token_row.id})
    return owner


def change_password(
    answerable: Answerable,
    actor: Actor,
    *,
    old: str,
    new: str,
    address: str,
    keep_session: str | None = None,
) -> None:
    """Change one's own password and end all one's sessions but ``keep_session``, given by its secret.

    Raises:
        NotAllowed: the actor is no person.
        InvalidInput: the old password is wrong, or the new one does not fit.
        TooManyTries: the old password was wrong too often.
    """
    person = _prove_again(answerable, actor, old, address, field="old")
    passwords.check(new, email=person.email, name=person.name)
    kept = passwords.hashed(new)
    with answerable.work(actor) as work:
        known = queries.locked_person(work.session, person.id)
        _set_password(work, known, kept, keep_session=keep_session)
        work.record(EntryKind.PASSWORD_CHANGED, refs={"person": person.id}, data={"by": "person"})


def remove_second_factor(
    answerable: Answerable, actor: Actor, *, password: str, address: str
) -> None:
    """Ask for no code any more when this person signs in.

    Raises:
        NotAllowed: the actor is no person.
        NotFound: there is no second factor.
        InvalidInput: the password is wrong.
        TooManyTries: the password was wrong too often.
    """
    person = _prove_again(answerable, actor, password, address, field="password")
    with answerable.work(actor) as work:
        known = queries.locked_person(work.session, person.id)
        if known.totp_secret is None:
            raise NotFound("There is no second factor to remove.")
        known.totp_secret = known.totp_last_step = None
        work.session.flush()
        work.record(
            EntryKind.SECOND_FACTOR_CHANGED, refs={"person": person.id}, data={"state": "removed"}
        )


# ------------------------------------------------------------------------------------- inside


def _door() -> Actor:
    """Return who looks while nobody is known yet."""
    return actors.service("door")


def _actor(answerable: Answerable, person: Person) -> Actor:
    with answerable.look(_door()) as work:
        return queries.actor_of(work.session, person, work.now)


def _count(answerable: Answerable, tried: tuple[Counter, Counter]) -> bool:
    with answerable.work(_door()) as work:
        return throttle.count(work.session, tried, work.now)


def _log_lock(answerable: Answerable, person: Person | None, *, at_limit: bool) -> None:
    if at_limit and person is not None:
        with answerable.work(_door()) as work:
            work.record(EntryKind.PERSON_LOCKED, refs={"person": person.id})


def _begin(work: Work, person: Person, *, second_factor_due: bool) -> SignedIn:
    secret = secrets.token_urlsafe(32)
    work.session.add(
        SignInSession(
            secret_hash=digest(secret),
            person_id=person.id,
            created_at=work.now,
            last_seen_at=work.now,
            expires_at=work.now + (CODE_WITHIN if second_factor_due else SESSION_LASTS),
            second_factor_due=second_factor_due,
        )
    )
    work.session.flush()
    if not second_factor_due:
        factor = "password" if person.totp_secret is None else "password and code"
        work.record(EntryKind.PERSON_SIGNED_IN, data={"by": factor})
    return SignedIn(session_secret=secret, second_factor_due=second_factor_due, person_id=person.id)


def _session(work: Work, secret: str, *, due: bool = False) -> tuple[SignInSession, Person] | None:
    found = work.session.execute(
        sa.select(SignInSession, Person)
        .join(Person, Person.id == SignInSession.person_id)
        .where(SignInSession.secret_hash == digest(secret))
    ).one_or_none()
    if found is None:
        return None
    row, person = found
    idle = timedelta(hours=work.answerable.settings.session_hours)
    ended = row.expires_at <= work.now or row.last_seen_at + idle <= work.now
    if ended or row.second_factor_due != due:
        return None
    return (row, person) if queries.state_of(person, work.now) is PersonState.ACTIVE else None


def _link(session: Session, token: str, now: datetime) -> tuple[SignInLink, Person] | None:
    found = session.execute(
        sa.select(SignInLink, Person)
        .join(Person, Person.id == SignInLink.person_id)
        .where(SignInLink.token_hash == digest(token), SignInLink.used_at.is_(None))
    ).one_or_none()
    if found is None:
        return None
    link, person = found
    usable = queries.state_of(person, now) in {PersonState.ACTIVE, PersonState.INVITED}
    return (link, person) if usable and link.expires_at > now else None


def _no_link() -> NotFound:
    return NotFound("This link was used already, or its time ran out. Ask an admin for a new one.")


def _use_code(work: Work, person: Person, code: str) -> bool:
    """Tell whether the code is right, and use it up; the person's row is locked."""
    if person.totp_secret is None:
        return False
    secret = work.answerable.keyring.unwrap(person.id, person.totp_secret).decode()
    step = matching_step(secret, code, person.totp_last_step, work.now)
    if step is None:
        return False
    person.totp_last_step = step
    return True


def _set_password(work: Work, person: Person, kept: str, *, keep_session: str | None) -> None:
    person.password_hash = kept
    others = sa.delete(SignInSession).where(SignInSession.person_id == person.id)
    if keep_session is not None:
        others = others.where(SignInSession.secret_hash != digest(keep_session))
    work.session.execute(others)
    work.session.flush()


def _prove_again(
    answerable: Answerable, actor: Actor, password: str, address: str, *, field: str
) -> Person:
    """Return the acting person once they have shown that they know the password."""
    actor.require(Permission.ACCOUNT_USE)
    with answerable.look(actor) as work:
        person = work.session.get_one(Person, work.person_id)
    tried = throttle.counters(answerable.keyring, person.email, address)
    at_limit = _count(answerable, tried)
    if not passwords.proves(password, person.password_hash):
        _log_lock(answerable, person, at_limit=at_limit)
        detail = "This is not your present password."
        raise InvalidInput(detail, [FieldProblem(pointer=f"/{field}", detail=detail)])
    with answerable.work(actor) as work:
        throttle.take_back(work.session, tried)
    return person


def _touch(answerable: Answerable, statement: Any) -> None:
    try:
        with answerable.work(_door()) as work:
            work.session.execute(statement)
    except Unavailable:
        # Who was seen when matters less than that they may go on reading.
        return
