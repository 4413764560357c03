"""People and what they may do, on both databases."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from governance.actors import service
from governance.errors import (
    Conflict,
    InvalidInput,
    NotAllowed,
    NotFound,
    NotSignedIn,
    SelfConfirmation,
)
from governance.identities import service as identities
from governance.identities import signing_in
from governance.requests import service as requests
from tests.accounts import ADDRESS, PASSWORD, again, email_of, entries, join

CLI = service("cli", os_user="root")


def _sign_in(answerable, name):
    return signing_in.sign_in(
        answerable, email=email_of(name), password=PASSWORD, address=ADDRESS
    ).session_secret


def test_the_first_admin_is_added_at_once_and_the_entry_says_why(answerable):
    with answerable.work(CLI) as work:
        added = identities.add_person(
            work, email=" Anna@Corner.example ", name="Anna", roles=["admin"], queues=["offers"]
        )
    assert added.person.email == "anna@corner.example"
    assert added.person.roles == ("admin",)
    assert added.person.queues == ("offers",)
    assert added.person.state == "invited"
    assert added.request is None
    assert added.link.url == f"http://127.0.0.1:8000/set-password/{added.link.token}"
    (entry,) = entries(answerable, "person.added")
    assert entry["data"] == {"roles": ["admin"], "queues": ["offers"], "bootstrap": True}
    assert {payload["name"] for payload in entry["payload"]} == {"person", "actor"}
    assert [entry["refs"]["queue"] for entry in entries(answerable, "queue.created")] == ["offers"]


def test_a_one_time_link_sets_a_password_once(answerable, clock):
    with answerable.work(CLI) as work:
        link = identities.add_person(work, email=email_of("Ada"), name="Ada").link
    assert signing_in.link_owner(answerable, link.token).name == "Ada"
    with pytest.raises(InvalidInput, match="12 to 256"):
        signing_in.set_password_by_link(answerable, token=link.token, password="short")
    signing_in.set_password_by_link(answerable, token=link.token, password=PASSWORD)
    assert _sign_in(answerable, "Ada")
    assert signing_in.link_owner(answerable, link.token) is None
    with pytest.raises(NotFound, match="used already"):
        signing_in.set_password_by_link(answerable, token=link.token, password=PASSWORD)
    assert len(entries(answerable, "password.changed")) == 1


def test_a_one_time_link_ends_after_three_days(answerable, clock):
    with answerable.work(CLI) as work:
        link = identities.add_person(work, email=email_of("Ada"), name="Ada").link
    clock.advance(hours=72)
    assert signing_in.link_owner(answerable, link.token) is None


def test_names_and_addresses_stay_out_of_the_entries(answerable):
    anna = join(answerable, "Anna", "admin")
    with answerable.work(anna) as work:
        identities.change_person(work, anna.id, name="Anna Maria")
    _sign_in(answerable, "Anna")
    text = str(entries(answerable))
    assert "Anna" not in text
    assert "corner.example" not in text


def test_two_people_cannot_have_one_address(answerable):
    anna = join(answerable, "Anna", "admin")
    with pytest.raises(Conflict, match="has an account"), answerable.work(anna) as work:
        identities.add_person(work, email="ANNA@corner.example", name="Another")


def test_two_who_add_one_address_at_once_do_not_both_succeed(answerable):
    anna = join(answerable, "Anna", "admin")
    together = threading.Barrier(2)

    def add(queue):
        try:
            with answerable.work(anna) as work:
                if not answerable.database.is_sqlite:
                    together.wait(timeout=30)
                identities.add_person(work, email=email_of("Dov"), name="Dov", queues=[queue])
        except Conflict:
            return "refused"
        return "done"

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(add, ("offers", "offers"))) == ["done", "refused"]


def test_all_mistakes_are_listed(answerable, clock):
    with pytest.raises(InvalidInput) as refused, answerable.work(CLI) as work:
        identities.add_person(
            work, email="nowhere", name=" ", expires_at=clock.now() - timedelta(days=1)
        )
    assert [problem.pointer for problem in refused.value.problems] == [
        "/email",
        "/name",
        "/expires_at",
    ]
    with answerable.work(CLI) as work, pytest.raises(InvalidInput, match="publisher, auditor"):
        identities.add_person(work, email="ada@corner.example", name="Ada", roles=["owner"])


def test_only_whoever_manages_people_sees_or_changes_them(answerable):
    ada = join(answerable, "Ada", "manager")
    with answerable.work(ada) as work:
        for verb in (
            lambda: identities.list_people(work),
            lambda: identities.person(work, "no such id"),
            lambda: identities.add_person(work, email="dov@corner.example", name="Dov"),
            lambda: identities.change_person(work, ada.id, roles=["admin"]),
            lambda: identities.disable_person(work, ada.id),
            lambda: identities.reset_person(work, ada.id),
        ):
            with pytest.raises(NotAllowed, match="people:manage"):
                verb()


@pytest.mark.parametrize("person_id", ["nobody", "0191f0a0-0000-7000-8000-000000000000"])
def test_somebody_unknown_is_not_found(answerable, person_id):
    with answerable.work(CLI) as work:
        with pytest.raises(NotFound):
            identities.person(work, person_id)
        with pytest.raises(NotFound):
            identities.change_person(work, person_id, name="Dov")


def test_with_two_admins_a_role_that_confirms_needs_the_other_one(answerable):
    anna, ben = join(answerable, "Anna", "admin"), join(answerable, "Ben", "admin")
    dov = join(answerable, "Dov")
    with answerable.work(anna) as work:
        changed = identities.change_person(
            work, dov.id, roles=["manager", "publisher"], reason="Dov writes our policies."
        )
    assert changed.person.roles == ("manager",)
    assert changed.request.details == {"person": dov.id, "give": ["publisher"], "take": []}
    with pytest.raises(SelfConfirmation), answerable.work(anna) as work:
        requests.confirm(work, changed.request.id)
    assert again(answerable, dov.id).roles == {"manager"}
    with answerable.work(ben) as work:
        assert requests.confirm(work, changed.request.id).status == "confirmed"
    assert again(answerable, dov.id).roles == {"manager", "publisher"}
    last = entries(answerable, "person.changed")[-1]
    assert last["refs"] == {"person": dov.id, "request": changed.request.id}
    assert last["actor"]["ref"] == ben.id


def test_with_two_admins_a_new_admin_waits_for_one_of_them(answerable):
    anna, ben = join(answerable, "Anna", "admin"), join(answerable, "Ben", "admin")
    with answerable.work(anna) as work:
        added = identities.add_person(
            work, email=email_of("Dov"), name="Dov", roles=["admin", "auditor"]
        )
    assert added.person.roles == ("auditor",)
    with answerable.work(ben) as work:
        requests.decline(work, added.request.id, "We are enough.")
    assert again(answerable, added.person.id).roles == {"auditor"}


def test_whoever_is_given_a_role_cannot_confirm_it(answerable):
    anna, ben = join(answerable, "Anna", "admin"), join(answerable, "Ben", "admin")
    with answerable.work(anna) as work:
        request = identities.change_person(work, ben.id, roles=["admin", "publisher"]).request
    with pytest.raises(SelfConfirmation, match="party to it"), answerable.work(ben) as work:
        requests.confirm(work, request.id)


def test_taking_a_role_that_confirms_needs_two_people(answerable):
    anna, ben = join(answerable, "Anna", "admin"), join(answerable, "Ben", "admin")
    with answerable.work(anna) as work:
        changed = identities.change_person(work, ben.id, roles=["auditor"])
    assert set(changed.person.roles) == {"admin", "auditor"}
    with answerable.work(ben) as work:
        requests.confirm(work, changed.request.id)
    assert again(answerable, ben.id).roles == {"auditor"}


def test_an_admin_who_was_only_invited_does_not_count_as_a_second(answerable):
    anna = join(answerable, "Anna", "admin")
    with answerable.work(anna) as work:
        identities.add_person(work, email=email_of("Ben"), name="Ben", roles=["admin"])
        changed = identities.change_person(work, anna.id, roles=["admin", "publisher"])
    assert changed.request is None
    assert entries(answerable, "person.changed")[-1]["data"]["bootstrap"] is True


@pytest.mark.parametrize("back", [False, True])
def test_an_admin_who_shuts_the_other_out_cannot_make_another_at_once(answerable, clock, back):
    anna, ben = join(answerable, "Anna", "admin"), join(answerable, "Ben", "admin")
    clock.advance(hours=1)
    with answerable.work(anna) as work:
        identities.disable_person(work, ben.id)
        if back:
            identities.enable_person(work, ben.id)
        added = identities.add_person(work, email=email_of("Dov"), name="Dov", roles=["admin"])
        assert added.person.roles == ()
        assert added.request.details["give"] == ["admin"]
    with pytest.raises(SelfConfirmation), answerable.work(anna) as work:
        requests.confirm(work, added.request.id)
    clock.advance(hours=24)
    with answerable.work(anna) as work:
        requests.decline(work, added.request.id, "Nobody is there to confirm it.")
        changed = identities.change_person(work, added.person.id, roles=["admin"])
    assert changed.request is None
    assert entries(answerable, "person.changed")[-1]["data"]["bootstrap"] is True


def test_an_admin_who_ends_the_others_account_cannot_make_another_at_once(answerable, clock):
    anna, ben = join(answerable, "Anna", "admin"), join(answerable, "Ben", "admin")
    with answerable.work(anna) as work:
        identities.change_person(work, ben.id, expires_at=clock.now() + timedelta(minutes=1))
    clock.advance(minutes=2)
    with answerable.work(anna) as work:
        added = identities.add_person(work, email=email_of("Dov"), name="Dov", roles=["publisher"])
    assert added.request is not None


def test_the_last_admin_stays(answerable, clock):
    anna = join(answerable, "Anna", "admin")
    join(answerable, "Ben", "admin", expires_at=clock.now() + timedelta(days=3))
    for change in (
        lambda work: identities.disable_person(work, anna.id),
        lambda work: identities.change_person(
            work, anna.id, expires_at=work.now + timedelta(days=1)
        ),
    ):
        with pytest.raises(Conflict, match="no admin"), answerable.work(anna) as work:
            change(work)
    assert again(answerable, anna.id).roles == {"admin"}


def test_a_lone_admin_cannot_give_the_role_away(answerable):
    anna = join(answerable, "Anna", "admin")
    with pytest.raises(Conflict, match="no admin"), answerable.work(anna) as work:
        identities.change_person(work, anna.id, roles=["manager"])


def test_two_admins_who_disable_each_other_at_once_do_not_both_succeed(answerable):
    anna, ben = join(answerable, "Anna", "admin"), join(answerable, "Ben", "admin")
    together = threading.Barrier(2)

    def disable(who, whom):
        with answerable.work(who) as work:
            if not answerable.database.is_sqlite:
                # SQLite has let one of them begin; on PostgreSQL both have.
                together.wait(timeout=30)
            try:
                identities.disable_person(work, whom.id)
            except Conflict:
                return "refused"
            return "done"

    with ThreadPoolExecutor(2) as pool:
        outcomes = pool.map(disable, (anna, ben), (ben, anna))
        assert sorted(outcomes) == ["done", "refused"]


def test_a_disabled_person_is_out_at_once(answerable):
    anna, ada = join(answerable, "Anna", "admin"), join(answerable, "Ada", "manager")
    secret = _sign_in(answerable, "Ada")
    with answerable.work(ada) as work:
        token = identities.create_token(work, name="script", scopes=["cases:read"], days=9).secret
    with answerable.work(anna) as work:
        assert identities.disable_person(work, ada.id).state == "disabled"
    assert signing_in.actor_of_session(answerable, secret) is None
    with pytest.raises(NotSignedIn):
        signing_in.actor_of_token(answerable, token)
    with pytest.raises(NotSignedIn):
        _sign_in(answerable, "Ada")
    with answerable.work(anna) as work:
        with pytest.raises(Conflict, match="disabled already"):
            identities.disable_person(work, ada.id)
        with pytest.raises(Conflict, match="disabled"):
            identities.reset_person(work, ada.id)


def test_an_account_that_expires_is_out_at_that_instant(answerable, clock):
    join(answerable, "Ada", "manager", expires_at=clock.now() + timedelta(hours=1))
    secret = _sign_in(answerable, "Ada")
    clock.advance(minutes=59)
    assert signing_in.actor_of_session(answerable, secret) is not None
    clock.advance(minutes=1)
    assert signing_in.actor_of_session(answerable, secret) is None


def test_whoever_comes_back_has_no_role_that_confirms_and_no_password(answerable):
    anna, ben = join(answerable, "Anna", "admin"), join(answerable, "Ben", "admin", "manager")
    with answerable.work(anna) as work:
        identities.disable_person(work, ben.id)
        back = identities.enable_person(work, ben.id)
    assert back.person.roles == ("manager",)
    with pytest.raises(NotSignedIn):
        _sign_in(answerable, "Ben")
    signing_in.set_password_by_link(answerable, token=back.link.token, password=PASSWORD)
    assert _sign_in(answerable, "Ben")


def test_a_reset_ends_sessions_and_earlier_links_but_not_the_password(answerable):
    anna, ada = join(answerable, "Anna", "admin"), join(answerable, "Ada", "manager")
    secret = _sign_in(answerable, "Ada")
    with answerable.work(anna) as work:
        first = identities.reset_person(work, ada.id)
        second = identities.reset_person(work, ada.id)
    assert signing_in.actor_of_session(answerable, secret) is None
    assert signing_in.link_owner(answerable, first.token) is None
    assert _sign_in(answerable, "Ada")
    signing_in.set_password_by_link(
        answerable, token=second.token, password="another sentence altogether"
    )
    with pytest.raises(NotSignedIn):
        _sign_in(answerable, "Ada")


def test_resetting_somebody_who_confirms_needs_another_admin(answerable, clock):
    """Whoever has the link could act as them, and so confirm what they asked for themselves."""
    anna, ben = join(answerable, "Anna", "admin"), join(answerable, "Ben", "admin", "publisher")
    pia = join(answerable, "Pia")
    with answerable.work(anna) as work:
        asked = identities.change_person(work, pia.id, roles=["publisher"]).request
    with answerable.work(ben) as work:
        requests.confirm(work, asked.id)
    secret = _sign_in(answerable, "Pia")
    with answerable.work(anna) as work:
        request = identities.reset_person(work, pia.id, reason="She forgot it.")
        assert request.kind == "person.reset"
    assert signing_in.actor_of_session(answerable, secret) is not None, "nothing is done yet"
    with answerable.work(anna) as work:
        with pytest.raises(Conflict, match="the same already"):
            identities.reset_person(work, pia.id)
        with pytest.raises(SelfConfirmation):
            requests.confirm(work, request.id)
    clock.advance(seconds=1)
    with answerable.work(ben) as work:
        requests.confirm(work, request.id)
        assert identities.reset_person(work, pia.id).kind == "person.reset", "Ben asked nobody"
    with answerable.work(anna) as work:
        link = identities.reset_person(work, pia.id)
    assert signing_in.link_owner(answerable, link.token).name == "Pia"
    assert entries(answerable, "person.changed")[-1]["refs"]["request"] == request.id
    # It was confirmed for one link alone; the next would have to be asked for, as Ben has meanwhile.
    with pytest.raises(Conflict, match="Ben asked for the same"), answerable.work(anna) as work:
        identities.reset_person(work, pia.id)


def test_a_confirmed_reset_holds_for_a_day_and_for_what_was_asked(answerable, clock):
    anna, ben = join(answerable, "Anna", "admin"), join(answerable, "Ben", "admin")
    carl = join(answerable, "Carl")
    with answerable.work(anna) as work:
        asked = identities.change_person(work, carl.id, roles=["admin"]).request
    with answerable.work(ben) as work:
        requests.confirm(work, asked.id)
    with answerable.work(anna) as work:
        request = identities.reset_person(work, carl.id)
    with pytest.raises(SelfConfirmation), answerable.work(again(answerable, carl.id)) as work:
        requests.confirm(work, request.id)
    with answerable.work(ben) as work:
        requests.confirm(work, request.id)
    with answerable.work(anna) as work:
        assert identities.reset_person(work, carl.id, second_factor=True).kind == "person.reset"
    clock.advance(hours=24)
    with answerable.work(anna) as work:
        assert identities.reset_person(work, carl.id).kind == "person.reset"


def test_where_nobody_else_confirms_a_reset_is_done_at_once_and_marked(answerable):
    anna, pia = join(answerable, "Anna", "admin"), join(answerable, "Pia", "publisher")
    with answerable.work(anna) as work:
        assert identities.reset_person(work, pia.id).token
    assert entries(answerable, "person.changed")[-1]["data"] == {
        "link": "password reset",
        "single_handed": True,
    }


def test_a_change_that_changes_nothing_writes_no_entry(answerable):
    anna = join(answerable, "Anna", "admin", queues=["offers"])
    before = len(entries(answerable))
    with answerable.work(anna) as work:
        identities.change_person(work, anna.id, name="Anna", roles=["admin"], queues=["offers"])
    assert len(entries(answerable)) == before


def test_queues_are_given_and_taken(answerable):
    anna = join(answerable, "Anna", "admin")
    ada = join(answerable, "Ada", "manager", queues=["offers", "leads"])
    assert ada.queues == {"offers", "leads"}
    with answerable.work(anna) as work:
        changed = identities.change_person(work, ada.id, queues=["leads", "support"])
    assert changed.person.queues == ("leads", "support")
    with pytest.raises(InvalidInput, match="cannot name a queue"), answerable.work(anna) as work:
        identities.change_person(work, ada.id, queues=["No Such Name"])


def test_people_change_what_is_their_own(answerable):
    ada = join(answerable, "Ada", "manager")
    with answerable.work(ada) as work:
        changed = identities.change_account(
            work, language="de", time_zone="UTC", mail_notices=False
        )
    assert (changed.language, changed.time_zone, changed.mail_notices) == ("de", "UTC", False)
    assert entries(answerable, "person.changed")[-1]["data"] == {
        "changed": ["language", "mail_notices", "time_zone"]
    }
    with pytest.raises(InvalidInput), answerable.work(ada) as work:
        identities.change_account(work, language="tlh")
