"""App keys, on both databases."""

from __future__ import annotations

from datetime import timedelta

import pytest

from governance.actors import service
from governance.application import open_installation
from governance.errors import Conflict, InvalidInput, NotAllowed, NotFound, NotSignedIn
from governance.identities import keys
from tests.accounts import entries, join
from tests.people import publish
from tests.retention import POINT, POLICY

CLI = service("cli")


def _key(answerable, **given):
    with answerable.work(CLI) as work:
        return keys.create_key(work, **{"app": "shop", **given})


def test_a_key_lets_its_app_in_with_its_scopes_at_its_points(answerable):
    publish(answerable, POLICY)
    created = _key(answerable, points=[POINT], scopes=["decisions:read"])
    actor = keys.actor_of_key(answerable, created.secret)
    assert (actor.kind, actor.id, actor.name) == ("app", created.key.app_id, "shop")
    assert actor.key_id == created.key.id
    assert actor.points == {POINT}
    assert actor.permissions == {"decisions:read", "explanations:read", "points:read"}
    (entry,) = entries(answerable, "app_key.created")
    assert entry["data"] == {"scopes": ["decisions:read"], "points": [POINT]}
    assert created.secret not in str(entries(answerable))


def test_two_keys_of_one_app_are_one_app(answerable):
    one, other = _key(answerable), _key(answerable)
    assert one.key.app_id == other.key.app_id
    assert one.secret != other.secret


@pytest.mark.parametrize("damage", ["", "ans_", "anp_{rest}", "ans_{rest}0", "{key}\n", "x{key}"])
def test_what_is_not_the_whole_key_is_nobody(answerable, damage):
    key = _key(answerable).secret
    with pytest.raises(NotSignedIn):
        keys.actor_of_key(answerable, damage.format(key=key, rest=key.removeprefix("ans_")))


def test_the_secret_of_another_key_is_nobody(answerable):
    one, other = _key(answerable).secret, _key(answerable).secret
    mixed = f"{one.rpartition('_')[0]}_{other.rpartition('_')[2]}"
    with pytest.raises(NotSignedIn):
        keys.actor_of_key(answerable, mixed)


def test_a_key_made_in_another_process_is_known_at_once(answerable, clock):
    answerable.configuration.current()
    other = open_installation(answerable.settings, clock=clock)
    try:
        key = _key(other).secret
    finally:
        other.close()
    assert keys.actor_of_key(answerable, key).name == "shop"


def test_a_key_that_is_known_costs_no_look_at_the_database(answerable):
    key = _key(answerable).secret
    keys.actor_of_key(answerable, key)
    answerable.database.dispose()
    engine, answerable.database.engine = answerable.database.engine, None
    try:
        assert keys.actor_of_key(answerable, key).name == "shop"
    finally:
        answerable.database.engine = engine


def test_a_key_expires_at_its_instant(answerable, clock):
    key = _key(answerable, expires_at=clock.now() + timedelta(hours=1)).secret
    actor = keys.actor_of_key(answerable, key)
    clock.advance(hours=1)
    with pytest.raises(NotSignedIn):
        keys.actor_of_key(answerable, key)
    with answerable.look(actor) as work, pytest.raises(NotSignedIn):
        keys.key_still_valid(work)
    with answerable.look(CLI) as work:
        assert [view.state for view in keys.list_keys(work)] == ["expired"]


def test_a_key_revoked_in_another_process_is_no_longer_valid_here(answerable, clock):
    created = _key(answerable)
    actor = keys.actor_of_key(answerable, created.secret)
    other = open_installation(answerable.settings, clock=clock)
    try:
        with other.work(CLI) as work:
            assert keys.revoke_key(work, created.key.id).state == "revoked"
    finally:
        other.close()
    with answerable.look(actor) as work, pytest.raises(NotSignedIn):
        keys.key_still_valid(work)
    with pytest.raises(NotSignedIn):
        keys.actor_of_key(answerable, created.secret)
    with pytest.raises(Conflict, match="revoked already"), answerable.work(CLI) as work:
        keys.revoke_key(work, created.key.id)
    assert len(entries(answerable, "app_key.revoked")) == 1


def test_all_mistakes_are_listed_and_nothing_is_stored(answerable, clock):
    with pytest.raises(InvalidInput) as refused:
        _key(
            answerable,
            app="",
            points=["nowhere"],
            scopes=["cases:decide"],
            expires_at=clock.now(),
        )
    assert [problem.pointer for problem in refused.value.problems] == [
        "/app",
        "/scopes",
        "/points",
        "/expires_at",
    ]
    assert entries(answerable, "app_key.created") == []


def test_a_key_that_opens_no_point_at_all_is_refused(answerable):
    with pytest.raises(InvalidInput, match="names no decision point"):
        _key(answerable, points=[])


def test_only_whoever_manages_keys_sees_or_makes_them(answerable):
    join(answerable, "Anna", "admin")
    ada = join(answerable, "Ada", "manager", "publisher", "auditor")
    with answerable.work(ada) as work:
        for verb in (
            lambda: keys.list_keys(work),
            lambda: keys.create_key(work, app="shop"),
            lambda: keys.revoke_key(work, "0123456789abcdef"),
        ):
            with pytest.raises(NotAllowed, match="keys:manage"):
                verb()


def test_an_unknown_key_cannot_be_revoked(answerable):
    with pytest.raises(NotFound), answerable.work(CLI) as work:
        keys.revoke_key(work, "0123456789abcdef")
