"""The verbs of people: add, change, disable; their account, second factor and tokens.

Giving or taking a role that confirms what two people must do is itself a request. While fewer than two
people could confirm it, it is done at once, and its entry says that it was.
"""

from __future__ import annotations

import hmac
import re
import secrets
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final
from zoneinfo import available_timezones

import orjson
import pyotp
import sqlalchemy as sa

from audits.log.entries import EntryKind
from governance.clock import is_id
from governance.errors import Conflict, FieldProblem, InvalidInput, NotFound
from governance.identities import passwords, queries
from governance.identities.models import Person, PersonalToken, SignInLink, SignInSession
from governance.identities.queries import digest
from governance.identities.views import (
    OneTimeLink,
    PersonAdded,
    PersonChanged,
    PersonView,
    SecondFactorSetup,
    TokenCreated,
    TokenView,
)
from governance.installation.service import LANGUAGES, business_settings
from governance.ledger.models import LogRecord
from governance.permissions import CONFIRMING_ROLES, Permission, Role
from governance.queues.models import QueueMember
from governance.queues.service import ensure_queue
from governance.requests import service as requests
from governance.requests.eligible import people_who_may
from governance.requests.models import Request
from governance.requests.service import RequestStatus, RequestView, confirmable
from governance.work import Work

ROLES_REQUEST: Final = "person.roles"
RESET_REQUEST: Final = "person.reset"
#: How long whoever asked may make the link once another person has confirmed it.
RESET_WITHIN: Final = timedelta(hours=24)
#: Where a one-time link leads, below the public URL.
LINK_PATH: Final = "/set-password/"
LINK_LASTS: Final = timedelta(hours=72)
TOKEN_DAYS: Final = 366
CODE_SECONDS: Final = 30
_EMAIL: Final = re.compile(r"[^@\s]{1,64}@[^@\s]{1,185}")
_LONGEST_NAME: Final = 100


# ------------------------------------------------------------------------------------- people


def add_person(
    work: Work,
    *,
    email: str,
    name: str,
    roles: Iterable[str] = (),
    queues: Iterable[str] = (),
    expires_at: datetime | None = None,
    password: str | None = None,
    reason: str = "",
) -> PersonAdded:
    """Give somebody an account, with a one-time link where no password is given.

    Queues that do not exist are made. Roles that confirm may become a request, see the module.

    Raises:
        InvalidInput: something does not fit; all mistakes but the password's are listed.
        Conflict: the e-mail address has an account.
    """
    work.require(Permission.PEOPLE_MANAGE)
    wanted = _checked_roles(roles)
    email = email.strip().lower()
    _check(work, {"email": email, "name": name, "expires_at": expires_at})
    if password is not None:
        passwords.check(password, email=email, name=name)
    if queries.person_by_email(work.session, email) is not None:
        raise Conflict(f"{email} has an account already. Change that, or give another address.")
    business = business_settings(work.session)
    alone = _nobody_confirms(work)
    at_once = wanted if alone else wanted - CONFIRMING_ROLES
    person = Person(
        id=work.new_id(),
        email=email,
        name=name.strip(),
        password_hash=None if password is None else passwords.hashed(password),
        roles=_codes(at_once),
        language=business.language,
        time_zone=business.time_zone,
        mail_notices=True,
        created_at=work.now,
        expires_at=expires_at,
    )
    work.session.add(person)
    work.session.flush()
    _set_queues(work, person.id, frozenset(queues))
    work.record(
        EntryKind.PERSON_ADDED,
        refs={"person": person.id},
        data=_facts(work, person, bootstrap=alone and bool(at_once & CONFIRMING_ROLES)),
        payloads={"person": orjson.dumps({"email": email, "name": person.name})},
    )
    request = _ask_for_roles(work, person, wanted - at_once, frozenset(), reason)
    link = None if password is not None else _new_link(work, person)
    return PersonAdded(person=_view(work, person), link=link, request=request)


def change_person(
    work: Work,
    person_id: str,
    *,
    name: str | None = None,
    roles: Iterable[str] | None = None,
    queues: Iterable[str] | None = None,
    expires_at: datetime | None = None,
    never_expires: bool = False,
    reason: str = "",
) -> PersonChanged:
    """Change what somebody is called, is here to do, or until when; None leaves each as it is.

    Raises:
        NotFound: there is no such person.
        InvalidInput: something does not fit.
        Conflict: no admin would be left, or the same roles are asked for already.
    """
    work.require(Permission.PEOPLE_MANAGE)
    wanted = None if roles is None else _checked_roles(roles)
    _lock_people(work)
    person = queries.locked_person(work.session, person_id)
    _check(work, {"name": person.name if name is None else name, "expires_at": expires_at})
    before, was_admin = _facts(work, person), _is_lasting_admin(person)
    renamed = name is not None and name.strip() != person.name
    if renamed and name is not None:
        person.name = name.strip()
    if expires_at is not None or never_expires:
        person.expires_at = None if never_expires else expires_at
    if queues is not None:
        _set_queues(work, person.id, frozenset(queues))
    request = None
    bootstrap = False
    if wanted is not None:
        given, taken = _confirming(wanted - _roles(person)), _confirming(_roles(person) - wanted)
        bootstrap = bool(given | taken) and _nobody_confirms(work)
        if bootstrap:
            given, taken = frozenset(), frozenset()
        person.roles = _codes((wanted - given) | taken)
        request = _ask_for_roles(work, person, given, taken, reason)
    work.session.flush()
    _keep_an_admin(work, person, was=was_admin)
    if renamed or _facts(work, person) != before:
        work.record(
            EntryKind.PERSON_CHANGED,
            refs={"person": person.id},
            data=_facts(work, person, bootstrap=bootstrap),
            payloads={"person": orjson.dumps({"name": person.name})} if renamed else None,
        )
    return PersonChanged(person=_view(work, person), request=request)


def disable_person(work: Work, person_id: str) -> PersonView:
    """Close somebody's account at once: their sessions, tokens and links open nothing any more.

    Raises:
        NotFound: there is no such person.
        Conflict: they are disabled already, or no admin would be left.
    """
    work.require(Permission.PEOPLE_MANAGE)
    _lock_people(work)
    person = queries.locked_person(work.session, person_id)
    if person.disabled_at is not None:
        raise Conflict(f"{person.name} is disabled already.")
    was_admin = _is_lasting_admin(person)
    person.disabled_at = work.now
    work.session.flush()
    _keep_an_admin(work, person, was=was_admin)
    _end_access(work, person)
    work.record(
        EntryKind.PERSON_DISABLED, refs={"person": person.id}, data={"roles": sorted(person.roles)}
    )
    return _view(work, person)


def enable_person(work: Work, person_id: str) -> PersonAdded:
    """Let somebody back in with a fresh link. Roles that confirm do not come back with them.

    Raises:
        NotFound: there is no such person.
        Conflict: they are not disabled.
    """
    work.require(Permission.PEOPLE_MANAGE)
    person = queries.locked_person(work.session, person_id)
    if person.disabled_at is None:
        raise Conflict(f"{person.name} is not disabled.")
    person.disabled_at = None
    person.password_hash = None
    person.roles = _codes(_roles(person) - CONFIRMING_ROLES)
    work.session.flush()
    work.record(
        EntryKind.PERSON_CHANGED,
        refs={"person": person.id},
        data=_facts(work, person) | {"enabled": True},
    )
    return PersonAdded(person=_view(work, person), link=_new_link(work, person), request=None)


def reset_person(
    work: Work, person_id: str, *, second_factor: bool = False, reason: str = ""
) -> OneTimeLink | RequestView:
    """Make a link with which somebody sets a new password, and end their sessions.

    The password they have stays good until the link is used. ``second_factor`` drops that too, for
    somebody who has lost the device. Whoever holds the link can act as them: where they have a role that
    confirms, another person who could confirm it is asked first. Once that one has, whoever asked calls
    this again within a day. Where there is no such person it is done at once, and the entry says so.

    Raises:
        NotFound: there is no such person.
        Conflict: they are disabled, or the same is asked for already.
    """
    work.require(Permission.PEOPLE_MANAGE)
    person = queries.locked_person(work.session, person_id)
    if person.disabled_at is not None:
        raise Conflict(f"{person.name} is disabled. Let them back in instead.")
    data: dict[str, Any] = {"link": "password reset"}
    confirmed = None
    if _confirming(_roles(person)) and work.actor.id != person.id:
        details = {"person": person.id, "second_factor": second_factor}
        confirmed = _confirmed_reset(work, details)
        if confirmed is None:
            if _somebody_else_confirms(work, person):
                return requests.make(work, RESET_REQUEST, details, reason)
            data["single_handed"] = True
    _end_access(work, person, tokens=False)
    link = _new_link(work, person)
    work.record(
        EntryKind.PERSON_CHANGED, refs={"person": person.id, "request": confirmed}, data=data
    )
    if second_factor and person.totp_secret is not None:
        person.totp_secret = person.totp_last_step = None
        work.session.flush()
        work.record(
            EntryKind.SECOND_FACTOR_CHANGED, refs={"person": person.id}, data={"state": "removed"}
        )
    return link


def list_people(work: Work) -> Sequence[PersonView]:
    """Return everybody who has or had an account, by name."""
    work.require(Permission.PEOPLE_MANAGE)
    people = work.session.execute(sa.select(Person).order_by(Person.name, Person.id)).scalars()
    return queries.views(work.session, people.all(), work.now)


def person(work: Work, person_id: str) -> PersonView:
    """Return one person.

    Raises:
        NotFound: there is no such person.
    """
    work.require(Permission.PEOPLE_MANAGE)
    row = work.session.get(Person, person_id) if is_id(person_id) else None
    if row is None:
        raise NotFound(f"There is no person {person_id!r}.")
    return _view(work, row)


# ------------------------------------------------------------------------- roles that confirm


def _parties(work: Work, details: Mapping[str, Any]) -> Collection[str]:
    # Whoever is to be given a role cannot be the one who confirms it; giving one up they may.
    return [f"person:{details['person']}"] if details["give"] else []


@confirmable(
    ROLES_REQUEST,
    ask=Permission.PEOPLE_MANAGE,
    confirm=Permission.PEOPLE_MANAGE,
    parties=_parties,
)
def _change_roles(work: Work, request: RequestView) -> None:
    _lock_people(work)
    person = queries.locked_person(work.session, request.details["person"])
    if person.disabled_at is not None:
        raise Conflict(f"{person.name} was disabled meanwhile. Decline this request.")
    given = _checked_roles(request.details["give"])
    taken = _checked_roles(request.details["take"])
    was_admin = _is_lasting_admin(person)
    person.roles = _codes((_roles(person) | given) - taken)
    work.session.flush()
    _keep_an_admin(work, person, was=was_admin)
    work.record(
        EntryKind.PERSON_CHANGED,
        refs={"person": person.id, "request": request.id},
        data=_facts(work, person),
    )


@confirmable(
    RESET_REQUEST,
    ask=Permission.PEOPLE_MANAGE,
    confirm=Permission.PEOPLE_MANAGE,
    parties=lambda _, details: [f"person:{details['person']}"],
)
def _let_reset(work: Work, request: RequestView) -> None:
    """Do nothing yet: the link is told once, to whoever asked, when they ask again."""


def _confirmed_reset(work: Work, details: Mapping[str, Any]) -> str | None:
    """Return the request that another person confirmed for this actor, and that no link was made for yet."""
    last_link: datetime | None = work.session.execute(
        sa.select(sa.func.max(SignInLink.created_at)).where(
            SignInLink.person_id == details["person"]
        )
    ).scalar_one()
    settled = work.session.execute(
        sa.select(Request).where(
            Request.kind == RESET_REQUEST,
            Request.status == RequestStatus.CONFIRMED,
            Request.requested_by == work.actor.reference,
            Request.closed_at > work.now - RESET_WITHIN,
        )
    ).scalars()
    for row in settled:
        unused = last_link is None or (row.closed_at is not None and last_link < row.closed_at)
        if unused and dict(row.details) == dict(details):
            return row.id
    return None


def _somebody_else_confirms(work: Work, person: Person) -> bool:
    able = people_who_may(work.session, Permission.PEOPLE_MANAGE, work.now)
    return bool(set(able) - {person.id, work.actor.id})


def _ask_for_roles(
    work: Work, person: Person, give: Collection[Role], take: Collection[Role], reason: str
) -> RequestView | None:
    if not give and not take:
        return None
    details = {"person": person.id, "give": _codes(give), "take": _codes(take)}
    return requests.make(work, ROLES_REQUEST, details, reason)


def _nobody_confirms(work: Work) -> bool:
    """Tell whether a business has no second admin; one who was shut out or ended within a day counts as there.

    Otherwise an admin could shut the others out and make themselves a second one who agrees to everything.
    """
    if len(people_who_may(work.session, Permission.PEOPLE_MANAGE, work.now)) >= 2:
        return False
    since = work.now - requests.ALONE_AFTER
    ended = work.session.execute(
        sa.select(Person.roles).where(
            Person.expires_at <= work.now,
            Person.expires_at > since,
            Person.password_hash.is_not(None),
        )
    ).scalars()
    shut_out = work.session.execute(
        sa.select(LogRecord.entry).where(
            LogRecord.kind == EntryKind.PERSON_DISABLED, LogRecord.recorded_at > since
        )
    ).scalars()
    roles = [*ended, *(orjson.loads(entry)["data"].get("roles", ()) for entry in shut_out)]
    return not any(Role.ADMIN in each for each in roles)


def _confirming(roles: Collection[Role]) -> frozenset[Role]:
    return CONFIRMING_ROLES & frozenset(roles)


# ------------------------------------------------------------------------------- one's account


def account(work: Work) -> PersonView:
    """Return whoever is signed in."""
    work.require(Permission.ACCOUNT_USE)
    return _view(work, work.session.get_one(Person, work.person_id))


def change_account(
    work: Work,
    *,
    name: str | None = None,
    language: str | None = None,
    time_zone: str | None = None,
    mail_notices: bool | None = None,
    mail_digest: bool | None = None,
) -> PersonView:
    """Change one's own name, language, time zone or wish for mails; None leaves each as it is.

    Raises:
        InvalidInput: something does not fit.
    """
    work.require(Permission.ACCOUNT_USE)
    person = queries.locked_person(work.session, work.person_id)
    given = {
        "name": name.strip() if name is not None else None,
        "language": language,
        "time_zone": time_zone,
        "mail_notices": mail_notices,
        "mail_digest": mail_digest,
    }
    changes = {
        field: value
        for field, value in given.items()
        if value is not None and value != getattr(person, field)
    }
    _check(work, changes)
    for field, value in changes.items():
        setattr(person, field, value)
    if changes:
        work.session.flush()
        work.record(
            EntryKind.PERSON_CHANGED,
            refs={"person": person.id},
            data={"changed": sorted(changes)},
            payloads={"person": orjson.dumps(changes)},
        )
    return _view(work, person)


def begin_second_factor(work: Work) -> SecondFactorSetup:
    """Make a secret for an authenticator app; nothing is stored until a code of it was confirmed.

    Raises:
        Conflict: there is a second factor already.
    """
    work.require(Permission.ACCOUNT_USE)
    person = work.session.get_one(Person, work.person_id)
    _require_no_second_factor(person)
    secret = pyotp.random_base32()
    business = business_settings(work.session).business_name
    uri = pyotp.TOTP(secret).provisioning_uri(name=person.email, issuer_name=business)
    return SecondFactorSetup(secret=secret, uri=uri)


def confirm_second_factor(work: Work, *, secret: str, code: str) -> None:
    """Ask for a code at each sign-in from now on; ``code`` shows that the app has the secret.

    Raises:
        Conflict: there is a second factor already.
        InvalidInput: the code is not one of now.
    """
    work.require(Permission.ACCOUNT_USE)
    person = queries.locked_person(work.session, work.person_id)
    _require_no_second_factor(person)
    well_formed = re.fullmatch(r"[A-Z2-7]{32}", secret) is not None
    step = matching_step(secret, code, None, work.now) if well_formed else None
    if step is None:
        detail = "This is not the code of now. Check the device's clock and give the newest code."
        raise InvalidInput(detail, [FieldProblem(pointer="/code", detail=detail)])
    person.totp_secret = work.keyring.wrap(person.id, secret.encode())
    person.totp_last_step = step
    work.session.flush()
    work.record(
        EntryKind.SECOND_FACTOR_CHANGED, refs={"person": person.id}, data={"state": "added"}
    )


def matching_step(secret: str, code: str, last_step: int | None, now: datetime) -> int | None:
    """Return the 30-second step whose code this is: now or one beside it, later than ``last_step``."""
    digits = re.sub(r"\s", "", code)
    totp = pyotp.TOTP(secret)
    present = int(now.timestamp()) // CODE_SECONDS
    for step in (present, present - 1, present + 1):
        right = hmac.compare_digest(totp.generate_otp(step).encode(), digits.encode())
        if right and (last_step is None or step > last_step):
            return step
    return None


def create_token(work: Work, *, name: str, scopes: Iterable[str], days: int) -> TokenCreated:
    """Make a token with which programs act as this person on the API, within some permissions.

    Raises:
        InvalidInput: the name, the days or the scopes do not fit; all mistakes are listed.
    """
    work.require(Permission.ACCOUNT_USE)
    person_id = work.person_id
    wanted = frozenset(scopes)
    problems = []
    if not 0 < len(name.strip()) <= _LONGEST_NAME:
        problems.append(("name", f"Give a name of 1 to {_LONGEST_NAME} characters."))
    if not 1 <= days <= TOKEN_DAYS:
        problems.append(("days", f"Give a number of days from 1 to {TOKEN_DAYS}."))
    if not wanted or not wanted <= work.actor.permissions:
        own = ", ".join(sorted(work.actor.permissions))
        problems.append(("scopes", f"Choose from the permissions you have: {own}."))
    _raise(problems)
    secret = secrets.token_hex(32)
    ends_at = work.now + timedelta(days=days)
    if work.actor.ends_at is not None:
        # A token may make others, but none that outlives it.
        ends_at = min(ends_at, work.actor.ends_at)
    row = PersonalToken(
        id=work.new_id(),
        person_id=person_id,
        name=name.strip(),
        secret_hash=digest(secret),
        scopes=sorted(wanted),
        created_at=work.now,
        expires_at=ends_at,
    )
    work.session.add(row)
    work.session.flush()
    work.record(EntryKind.TOKEN_CREATED, refs={"token": row.id}, data={"scopes": list(row.scopes)})
    return TokenCreated(token=_token(row), secret=f"anp_{row.id}_{secret}")


def revoke_token(work: Work, token_id: str) -> None:
    """End a token of one's own; whoever manages people may end anybody's.

    Raises:
        NotFound: there is no such token in use.
    """
    work.require(Permission.ACCOUNT_USE)
    row = None
    if is_id(token_id):
        row = work.session.get(PersonalToken, token_id, with_for_update=True)
    foreign = row is not None and row.person_id != work.actor.id
    if (
        row is None
        or row.revoked_at is not None
        or (foreign and not work.actor.may(Permission.PEOPLE_MANAGE))
    ):
        raise NotFound(f"There is no token {token_id!r} in use.")
    row.revoked_at = work.now
    work.session.flush()
    work.record(EntryKind.TOKEN_REVOKED, refs={"token": row.id})


def list_tokens(work: Work) -> Sequence[TokenView]:
    """Return one's own tokens that still open something, newest first."""
    work.require(Permission.ACCOUNT_USE)
    rows = work.session.execute(
        sa.select(PersonalToken)
        .where(
            PersonalToken.person_id == work.person_id,
            PersonalToken.revoked_at.is_(None),
            PersonalToken.expires_at > work.now,
        )
        .order_by(PersonalToken.created_at.desc())
    ).scalars()
    return [_token(row) for row in rows]


# ------------------------------------------------------------------------------------- inside


def _view(work: Work, row: Person) -> PersonView:
    (view,) = queries.views(work.session, [row], work.now)
    return view


def _token(row: PersonalToken) -> TokenView:
    return TokenView(
        id=row.id,
        name=row.name,
        scopes=tuple(row.scopes),
        created_at=row.created_at,
        expires_at=row.expires_at,
        last_used_at=row.last_used_at,
    )


def _roles(row: Person) -> frozenset[Role]:
    return frozenset(map(Role, row.roles))


def _codes(roles: Collection[Role]) -> list[str]:
    return sorted(role.value for role in roles)


def _facts(work: Work, row: Person, *, bootstrap: bool = False) -> dict[str, Any]:
    """Return what an entry says of a person: codes and a date, nothing that names them."""
    members = sa.select(QueueMember.queue).where(QueueMember.person_id == row.id)
    queues = work.session.execute(members.order_by(QueueMember.queue)).scalars().all()
    facts: dict[str, Any] = {"roles": sorted(row.roles), "queues": list(queues)}
    if row.expires_at is not None:
        facts["expires_at"] = f"{row.expires_at:%Y-%m-%dT%H:%M:%SZ}"
    if bootstrap:
        facts["bootstrap"] = True
    return facts


def _checked_roles(roles: Iterable[str]) -> frozenset[Role]:
    try:
        return frozenset(map(Role, roles))
    except ValueError:
        detail = f"A role is one of {', '.join(Role)}."
        raise InvalidInput(detail, [FieldProblem(pointer="/roles", detail=detail)]) from None


def _check(work: Work, given: Mapping[str, Any]) -> None:
    problems = []
    if "email" in given and not _EMAIL.fullmatch(given["email"]):
        problems.append(("email", "Give an e-mail address like ada@example.com."))
    if "name" in given and not 0 < len(given["name"].strip()) <= _LONGEST_NAME:
        problems.append(("name", f"Give a name of 1 to {_LONGEST_NAME} characters."))
    if given.get("expires_at") is not None and given["expires_at"] <= work.now:
        problems.append(("expires_at", "Give a time to come, or disable the account."))
    if given.get("language", "en") not in LANGUAGES:
        problems.append(("language", f"Choose one of {', '.join(LANGUAGES)}."))
    if given.get("time_zone", "UTC") not in available_timezones():
        problems.append(("time_zone", "Give the name of a time zone, like Europe/Berlin."))
    _raise(problems)


def _require_no_second_factor(row: Person) -> None:
    if row.totp_secret is not None:
        raise Conflict("There is a second factor already. Remove it before you add another.")


def _raise(problems: Sequence[tuple[str, str]]) -> None:
    if problems:
        raise InvalidInput(
            " ".join(detail for _, detail in problems),
            [FieldProblem(pointer=f"/{field}", detail=detail) for field, detail in problems],
        )


def _set_queues(work: Work, person_id: str, wanted: Collection[str]) -> None:
    for name in sorted(wanted):
        ensure_queue(work, name)
    work.session.execute(
        sa.delete(QueueMember).where(
            QueueMember.person_id == person_id, QueueMember.queue.not_in(wanted)
        )
    )
    members = sa.select(QueueMember.queue).where(QueueMember.person_id == person_id)
    present = set(work.session.execute(members).scalars())
    work.session.add_all(
        QueueMember(queue=name, person_id=person_id) for name in sorted(set(wanted) - present)
    )
    work.session.flush()


def _lock_people(work: Work) -> None:
    # Two admins who disable each other at the same moment must not both succeed.
    work.session.execute(
        sa.select(Person.id)
        .where(Person.disabled_at.is_(None))
        .order_by(Person.id)
        .with_for_update()
    ).all()


def _is_lasting_admin(row: Person) -> bool:
    return Role.ADMIN in row.roles and row.disabled_at is None and row.expires_at is None


def _keep_an_admin(work: Work, row: Person, *, was: bool) -> None:
    """Raise where this change took the last admin whose account has no end."""
    if not was or _is_lasting_admin(row):
        return
    everybody = work.session.execute(sa.select(Person)).scalars()
    if not any(map(_is_lasting_admin, everybody)):
        raise Conflict(
            "This would leave no admin whose account lasts. Make another person an admin first."
        )


def _end_access(work: Work, row: Person, *, tokens: bool = True) -> None:
    session = work.session
    session.execute(sa.delete(SignInSession).where(SignInSession.person_id == row.id))
    session.execute(
        sa.update(SignInLink)
        .where(SignInLink.person_id == row.id, SignInLink.used_at.is_(None))
        .values(used_at=work.now)
    )
    if tokens:
        session.execute(
            sa.update(PersonalToken)
            .where(PersonalToken.person_id == row.id, PersonalToken.revoked_at.is_(None))
            .values(revoked_at=work.now)
        )


def _new_link(work: Work, row: Person) -> OneTimeLink:
    token = secrets.token_urlsafe(32)
    expires_at = work.now + LINK_LASTS
    work.session.add(
        SignInLink(
            token_hash=digest(token),
            person_id=row.id,
            created_at=work.now,
            expires_at=expires_at,
        )
    )
    work.session.flush()
    url = f"{work.answerable.settings.public_url}{LINK_PATH}{token}"
    return OneTimeLink(url=url, token=token, expires_at=expires_at)
