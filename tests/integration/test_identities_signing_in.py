"""Signing in, sessions and tokens, on both databases."""

from __future__ import annotations

import pyotp
import pytest
import sqlalchemy as sa

from governance.actors import service
from governance.errors import InvalidInput, NotAllowed, NotFound, NotSignedIn, TooManyTries
from governance.identities import service as identities
from governance.identities import signing_in, throttle
from governance.identities.models import PersonalToken, SignInSession
from tests.accounts import ADDRESS, PASSWORD, again, email_of, entries, join

SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"


@pytest.fixture
def ada(answerable):
    return join(answerable, "Ada", "manager", queues=["offers"])


def _sign_in(answerable, name="Ada", password=PASSWORD, address=ADDRESS):
    return signing_in.sign_in(answerable, email=email_of(name), password=password, address=address)


def _with_second_factor(answerable, actor, clock):
    with answerable.work(actor) as work:
        identities.confirm_second_factor(
            work, secret=SECRET, code=pyotp.TOTP(SECRET).at(clock.now())
        )
    clock.advance(seconds=30)


def _code(clock):
    return pyotp.TOTP(SECRET).at(clock.now())


def test_whoever_signs_in_acts_as_themselves(answerable, ada):
    signed_in = _sign_in(answerable)
    assert not signed_in.second_factor_due
    assert signing_in.actor_of_session(answerable, signed_in.session_secret) == ada
    (entry,) = entries(answerable, "person.signed_in")
    assert entry["actor"] == {"type": "person", "ref": ada.id}


def test_the_address_is_the_same_however_it_is_written(answerable, ada):
    assert signing_in.sign_in(
        answerable, email="  ADA@Corner.Example ", password=PASSWORD, address=ADDRESS
    )


def test_only_a_digest_of_the_session_is_kept(answerable, ada):
    secret = _sign_in(answerable).session_secret
    with answerable.database.read() as session:
        row = session.execute(sa.select(SignInSession)).scalar_one()
    assert secret not in str(vars(row))


@pytest.mark.parametrize(("name", "password"), [("Ada", "not her password"), ("Dov", PASSWORD)])
def test_a_wrong_password_and_an_unknown_address_get_the_same_answer(
    answerable, ada, name, password
):
    with pytest.raises(NotSignedIn, match="e-mail address or the password is wrong"):
        _sign_in(answerable, name, password)


def test_after_five_failures_each_try_waits_longer_even_with_the_right_password(
    answerable, ada, clock
):
    for _ in range(5):
        with pytest.raises(NotSignedIn):
            _sign_in(answerable, password="not her password")
    with pytest.raises(TooManyTries) as slowed:
        _sign_in(answerable)
    assert slowed.value.retry_after == 2
    clock.advance(seconds=2)
    with pytest.raises(NotSignedIn):
        _sign_in(answerable, password="not her password")
    with pytest.raises(TooManyTries) as slowed:
        _sign_in(answerable)
    assert slowed.value.retry_after == 4
    clock.advance(seconds=4)
    assert _sign_in(answerable)
    with pytest.raises(NotSignedIn):
        _sign_in(answerable, password="not her password")
    assert _sign_in(answerable)
    (locked,) = entries(answerable, "person.locked")
    assert locked["refs"] == {"person": ada.id}


def test_the_fifth_try_may_be_the_right_one_and_locks_nothing(answerable, ada):
    for _ in range(4):
        with pytest.raises(NotSignedIn):
            _sign_in(answerable, password="not her password")
    assert _sign_in(answerable)
    assert entries(answerable, "person.locked") == []


def test_an_address_that_tries_many_accounts_is_slowed_too(answerable, ada):
    for number in range(19):
        with answerable.work(service("door")) as work:
            tried = throttle.counters(answerable.keyring, email_of(f"Dov{number}"), ADDRESS)
            throttle.count(work.session, tried, work.now)
    with pytest.raises(NotSignedIn):
        _sign_in(answerable, name="Dov")
    with pytest.raises(TooManyTries):
        _sign_in(answerable)
    assert _sign_in(answerable, address="192.0.2.8")


def test_right_sign_ins_do_not_use_an_address_up(answerable, ada):
    for _ in range(throttle.ADDRESS_LIMIT + 1):
        with answerable.work(service("door")) as work:
            tried = throttle.counters(answerable.keyring, email_of("Ada"), ADDRESS)
            throttle.count(work.session, tried, work.now)
            throttle.take_back(work.session, tried)
    assert _sign_in(answerable)


def test_failures_of_yesterday_no_longer_count(answerable, ada, clock):
    for _ in range(4):
        with pytest.raises(NotSignedIn):
            _sign_in(answerable, password="not her password")
    clock.advance(hours=24)
    for _ in range(4):
        with pytest.raises(NotSignedIn):
            _sign_in(answerable, password="not her password")
    assert _sign_in(answerable)


def test_a_session_ends_after_the_hours_without_use(answerable, ada, clock):
    secret = _sign_in(answerable).session_secret
    for _ in range(3):
        clock.advance(hours=11)
        assert signing_in.actor_of_session(answerable, secret) is not None
    clock.advance(hours=12)
    assert signing_in.actor_of_session(answerable, secret) is None


def test_a_session_ends_after_a_week_however_much_it_is_used(answerable, ada, clock):
    secret = _sign_in(answerable).session_secret
    for _ in range(15):
        clock.advance(hours=11)
        assert signing_in.actor_of_session(answerable, secret) is not None
    clock.advance(hours=3)
    assert signing_in.actor_of_session(answerable, secret) is None


def test_when_a_session_was_seen_is_written_at_most_once_a_minute(answerable, ada, clock):
    secret = _sign_in(answerable).session_secret
    begun = clock.now()

    def seen():
        with answerable.database.read() as session:
            return session.execute(sa.select(SignInSession.last_seen_at)).scalar_one()

    clock.advance(seconds=59)
    signing_in.actor_of_session(answerable, secret)
    assert seen() == begun
    clock.advance(seconds=1)
    signing_in.actor_of_session(answerable, secret)
    assert seen() == clock.now()


def test_signing_out_ends_the_session(answerable, ada):
    secret = _sign_in(answerable).session_secret
    signing_in.sign_out(answerable, secret)
    signing_in.sign_out(answerable, secret)
    assert signing_in.actor_of_session(answerable, secret) is None
    assert len(entries(answerable, "person.signed_out")) == 1


def test_a_lost_role_is_lost_in_open_sessions(answerable, ada):
    anna = join(answerable, "Anna", "admin")
    secret = _sign_in(answerable).session_secret
    with answerable.work(anna) as work:
        identities.change_person(work, ada.id, roles=["auditor"], queues=[])
    actor = signing_in.actor_of_session(answerable, secret)
    assert actor.roles == {"auditor"}
    assert actor.queues == frozenset()
    assert not actor.may("cases:decide")


def test_a_new_password_ends_the_other_sessions(answerable, ada):
    here, there = _sign_in(answerable).session_secret, _sign_in(answerable).session_secret
    signing_in.change_password(
        answerable,
        ada,
        old=PASSWORD,
        new="another sentence altogether",
        address=ADDRESS,
        keep_session=here,
    )
    assert signing_in.actor_of_session(answerable, here) is not None
    assert signing_in.actor_of_session(answerable, there) is None
    with pytest.raises(NotSignedIn):
        _sign_in(answerable)
    assert _sign_in(answerable, password="another sentence altogether")


def test_the_present_password_cannot_be_guessed_from_an_open_session(answerable, ada):
    for _ in range(5):
        with pytest.raises(InvalidInput, match="not your present password"):
            signing_in.change_password(
                answerable, ada, old="a guess of many", new=PASSWORD, address=ADDRESS
            )
    with pytest.raises(TooManyTries):
        signing_in.change_password(
            answerable, ada, old=PASSWORD, new="another sentence", address=ADDRESS
        )


# ------------------------------------------------------------------------------ second factor


def test_a_second_factor_is_stored_only_once_a_code_was_right(answerable, ada, clock):
    with answerable.work(ada) as work:
        setup = identities.begin_second_factor(work)
        assert setup.uri.startswith("otpauth://totp/")
        assert "Corner" in setup.uri
        with pytest.raises(InvalidInput, match="code of now"):
            identities.confirm_second_factor(work, secret=setup.secret, code="000000")
    assert not _sign_in(answerable).second_factor_due
    with answerable.work(ada) as work:
        code = pyotp.TOTP(setup.secret).at(clock.now())
        identities.confirm_second_factor(work, secret=setup.secret, code=code)
    assert _sign_in(answerable).second_factor_due


def test_a_session_opens_nothing_before_the_code(answerable, ada, clock):
    _with_second_factor(answerable, ada, clock)
    waiting = _sign_in(answerable)
    assert waiting.second_factor_due
    assert signing_in.actor_of_session(answerable, waiting.session_secret) is None
    done = signing_in.second_factor(
        answerable, session_secret=waiting.session_secret, code=_code(clock), address=ADDRESS
    )
    assert done.session_secret != waiting.session_secret
    assert signing_in.actor_of_session(answerable, done.session_secret) == ada
    assert signing_in.actor_of_session(answerable, waiting.session_secret) is None
    assert len(entries(answerable, "person.signed_in")) == 1


def test_a_code_is_good_once(answerable, ada, clock):
    _with_second_factor(answerable, ada, clock)
    code = _code(clock)
    for expected in (None, NotSignedIn):
        waiting = _sign_in(answerable).session_secret
        if expected is None:
            signing_in.second_factor(answerable, session_secret=waiting, code=code, address=ADDRESS)
            continue
        with pytest.raises(expected, match="used before"):
            signing_in.second_factor(answerable, session_secret=waiting, code=code, address=ADDRESS)


def test_codes_cannot_be_guessed(answerable, ada, clock):
    _with_second_factor(answerable, ada, clock)
    waiting = _sign_in(answerable).session_secret
    for _ in range(5):
        with pytest.raises(NotSignedIn):
            signing_in.second_factor(
                answerable, session_secret=waiting, code="123", address=ADDRESS
            )
    with pytest.raises(TooManyTries):
        signing_in.second_factor(
            answerable, session_secret=waiting, code=_code(clock), address=ADDRESS
        )
    assert len(entries(answerable, "person.locked")) == 1


def test_the_code_must_come_soon(answerable, ada, clock):
    _with_second_factor(answerable, ada, clock)
    waiting = _sign_in(answerable).session_secret
    clock.advance(minutes=10)
    with pytest.raises(NotSignedIn, match="Sign in again"):
        signing_in.second_factor(
            answerable, session_secret=waiting, code=_code(clock), address=ADDRESS
        )


def test_removing_the_second_factor_takes_the_password(answerable, ada, clock):
    _with_second_factor(answerable, ada, clock)
    with pytest.raises(InvalidInput):
        signing_in.remove_second_factor(
            answerable, ada, password="not her password", address=ADDRESS
        )
    signing_in.remove_second_factor(answerable, ada, password=PASSWORD, address=ADDRESS)
    assert not _sign_in(answerable).second_factor_due
    with pytest.raises(NotFound):
        signing_in.remove_second_factor(answerable, ada, password=PASSWORD, address=ADDRESS)
    states = [entry["data"]["state"] for entry in entries(answerable, "second_factor.changed")]
    assert states == ["added", "removed"]


def test_the_second_factor_is_kept_encrypted(answerable, ada, clock):
    _with_second_factor(answerable, ada, clock)
    with answerable.database.read() as session:
        kept = session.execute(sa.text("SELECT totp_secret FROM people")).scalar_one()
    assert SECRET.encode() not in bytes(kept)


# ------------------------------------------------------------------------------------- tokens


def _token(answerable, actor, *scopes, days=9):
    with answerable.work(actor) as work:
        return identities.create_token(work, name="script", scopes=scopes, days=days)


def test_a_token_acts_as_its_person_within_its_scopes(answerable, ada):
    created = _token(answerable, ada, "cases:read", "decisions:read")
    actor = signing_in.actor_of_token(answerable, created.secret)
    assert (actor.id, actor.kind, actor.queues) == (ada.id, "person", {"offers"})
    assert actor.permissions == {"cases:read", "decisions:read"}
    with answerable.database.read() as session:
        row = session.execute(sa.select(PersonalToken)).scalar_one()
    assert created.secret.rpartition("_")[2] not in str(vars(row))


def test_a_token_opens_no_more_than_its_person_may(answerable, ada):
    with pytest.raises(InvalidInput, match="permissions you have"):
        _token(answerable, ada, "people:manage")
    limited = _token(answerable, ada, "account:use", "cases:read").secret
    with pytest.raises(InvalidInput, match="permissions you have"):
        _token(answerable, signing_in.actor_of_token(answerable, limited), "cases:decide")


def test_a_token_ends_with_the_role(answerable, ada):
    anna = join(answerable, "Anna", "admin")
    secret = _token(answerable, ada, "cases:decide").secret
    with answerable.work(anna) as work:
        identities.change_person(work, ada.id, roles=["auditor"])
    assert signing_in.actor_of_token(answerable, secret).permissions == frozenset()


def test_a_token_ends_with_its_days(answerable, ada, clock):
    secret = _token(answerable, ada, "cases:read", days=1).secret
    clock.advance(hours=23, minutes=59)
    assert signing_in.actor_of_token(answerable, secret)
    clock.advance(minutes=1)
    with pytest.raises(NotSignedIn):
        signing_in.actor_of_token(answerable, secret)


def test_a_token_made_with_a_token_does_not_outlive_it(answerable, ada, clock):
    first = _token(answerable, ada, "account:use", "cases:read", days=2)
    clock.advance(days=1)
    actor = signing_in.actor_of_token(answerable, first.secret)
    second = _token(answerable, actor, "cases:read", days=300)
    assert second.token.expires_at == first.token.expires_at


def test_a_password_set_by_link_ends_the_tokens(answerable, ada):
    anna = join(answerable, "Anna", "admin")
    secret = _token(answerable, ada, "cases:read").secret
    with answerable.work(anna) as work:
        link = identities.reset_person(work, ada.id)
    signing_in.set_password_by_link(answerable, token=link.token, password=f"{PASSWORD} again")
    with pytest.raises(NotSignedIn):
        signing_in.actor_of_token(answerable, secret)
    assert len(entries(answerable, "token.revoked")) == 1


def test_a_revoked_token_is_out_at_once(answerable, ada):
    created = _token(answerable, ada, "cases:read")
    ben = join(answerable, "Ben", "manager")
    with pytest.raises(NotFound), answerable.work(ben) as work:
        identities.revoke_token(work, created.token.id)
    with answerable.work(ada) as work:
        assert [token.id for token in identities.list_tokens(work)] == [created.token.id]
        identities.revoke_token(work, created.token.id)
        assert identities.list_tokens(work) == []
    with pytest.raises(NotSignedIn):
        signing_in.actor_of_token(answerable, created.secret)


@pytest.mark.parametrize(
    "token", ["", "anp_", "anp_x_y", "ans_0123456789abcdef_0", "anp_{id}_", "anp_{id}_wrong"]
)
def test_what_is_no_token_is_nobody(answerable, ada, token):
    created = _token(answerable, ada, "cases:read")
    with pytest.raises(NotSignedIn):
        signing_in.actor_of_token(answerable, token.format(id=created.token.id))


def test_an_app_or_a_command_has_no_account(answerable):
    with answerable.work(service("cli")) as work:
        with pytest.raises(NotAllowed, match="signed-in person"):
            identities.account(work)
        with pytest.raises(NotAllowed, match="signed-in person"):
            identities.create_token(work, name="script", scopes=["cases:read"], days=1)


def test_somebody_without_roles_still_has_an_account(answerable):
    dov = join(answerable, "Dov")
    assert again(answerable, dov.id).permissions == {"account:use"}
    with answerable.work(dov) as work:
        assert identities.account(work).name == "Dov"
