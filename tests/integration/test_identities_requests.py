"""What needs two people, on both databases."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from governance.actors import service
from governance.errors import Conflict, InvalidInput, NotAllowed, NotFound, SelfConfirmation
from governance.identities import service as identities
from governance.installation.service import business_settings
from governance.permissions import Permission
from governance.requests import few
from governance.requests import service as requests
from tests.accounts import entries, join

CLI = service("cli")
KIND = "tests.act"
done: list[str] = []
declined: list[str] = []


@requests.confirmable(
    KIND,
    ask=Permission.POLICIES_DRAFT,
    confirm=Permission.POLICIES_PUBLISH,
    declined=lambda work, request: declined.append(request.id),
    parties=lambda work, details: [details["author"]] if "author" in details else [],
)
def _act(work, request):
    if request.details.get("impossible"):
        raise Conflict("It is no longer possible.")
    done.append(request.id)


@pytest.fixture(autouse=True)
def _nothing_done():
    done.clear()
    declined.clear()


@pytest.fixture
def people(answerable):
    return {
        "Pia": join(answerable, "Pia", "publisher"),
        "Paul": join(answerable, "Paul", "publisher"),
        "Cleo": join(answerable, "Cleo", "auditor"),
        "Anna": join(answerable, "Anna", "admin"),
        "Dov": join(answerable, "Dov"),
    }


def _make(answerable, actor, reason="It is time.", **details):
    with answerable.work(actor) as work:
        return requests.make(work, KIND, details, reason)


def _confirm(answerable, actor, request, reason=None):
    with answerable.work(actor) as work:
        return requests.confirm(work, request.id, reason)


def test_another_person_confirms_and_then_it_is_done(answerable, people):
    made = _make(answerable, people["Pia"], version="3")
    assert (made.status, made.requested_by_name, made.may_confirm) == ("open", "Pia", False)
    with answerable.look(people["Paul"]) as work:
        (waiting,) = requests.list_open(work)
        assert waiting.may_confirm
    confirmed = _confirm(answerable, people["Paul"], made, "Read and tested.")
    assert (confirmed.status, confirmed.closed_by_name) == ("confirmed", "Paul")
    assert not confirmed.single_handed
    assert done == [made.id]
    (asked,) = entries(answerable, "request.made")
    assert asked["data"] == {"kind": KIND, "details": {"version": "3"}}
    (answered,) = entries(answerable, "request.confirmed")
    assert answered["actor"]["ref"] == people["Paul"].id
    assert answered["data"]["single_handed"] is False
    assert "Read and tested" not in str(answered)
    with answerable.look(people["Cleo"]) as work:
        assert requests.list_open(work) == []
        assert [one.id for one in requests.list_closed(work)] == [made.id]
        assert requests.get(work, made.id).closing_reason == "Read and tested."


def test_whoever_asked_cannot_confirm(answerable, people):
    made = _make(answerable, people["Pia"])
    with pytest.raises(SelfConfirmation):
        _confirm(answerable, people["Pia"], made, "I am sure.")
    assert done == []


def test_whoever_is_party_to_it_cannot_confirm(answerable, people):
    made = _make(answerable, CLI, author=people["Paul"].reference)
    with pytest.raises(SelfConfirmation):
        _confirm(answerable, people["Paul"], made)
    _confirm(answerable, people["Pia"], made)


def test_the_command_line_asks_and_never_confirms(answerable, people):
    made = _make(answerable, CLI)
    assert made.requested_by == "service:cli"
    with pytest.raises(NotAllowed, match="signed-in person"):
        _confirm(answerable, CLI, made)
    assert _confirm(answerable, people["Pia"], made).requested_by_name == "service:cli"


@pytest.mark.parametrize("name", ["Cleo", "Anna", "Dov"])
def test_whoever_may_not_do_it_may_not_confirm_it(answerable, people, name):
    made = _make(answerable, people["Pia"])
    with pytest.raises(NotAllowed):
        _confirm(answerable, people[name], made)
    assert done == []


def test_whoever_may_not_ask_is_told_so(answerable, people):
    with pytest.raises(NotAllowed, match="policies:draft"):
        _make(answerable, people["Cleo"])


def test_a_request_is_confirmed_once(answerable, people):
    made = _make(answerable, people["Pia"])
    _confirm(answerable, people["Paul"], made)
    with pytest.raises(Conflict, match="Paul confirmed this request already"):
        _confirm(answerable, people["Paul"], made)
    with pytest.raises(Conflict), answerable.work(people["Pia"]) as work:
        requests.decline(work, made.id, "Too late.")
    assert done == [made.id]


def test_of_many_who_confirm_at_once_one_does_it(answerable, people):
    made = _make(answerable, CLI)
    together = threading.Barrier(8)

    def confirm(name):
        together.wait(timeout=30)
        try:
            return _confirm(answerable, people[name], made).status
        except Conflict:
            return "too late"

    with ThreadPoolExecutor(8) as pool:
        outcomes = list(pool.map(confirm, ["Pia", "Paul"] * 4))
    assert sorted(outcomes) == ["confirmed", *["too late"] * 7]
    assert done == [made.id]
    assert len(entries(answerable, "request.confirmed")) == 1


def test_what_is_no_longer_possible_leaves_the_request_open(answerable, people):
    made = _make(answerable, people["Pia"], impossible=True)
    with pytest.raises(Conflict, match="no longer possible"):
        _confirm(answerable, people["Paul"], made)
    with answerable.look(people["Paul"]) as work:
        assert requests.get(work, made.id).status == "open"
    assert entries(answerable, "request.confirmed") == []


def test_one_may_take_back_what_one_asked_for_and_confirmers_may_decline(answerable, people):
    for name in ("Pia", "Paul"):
        made = _make(answerable, people["Pia"])
        with answerable.work(people[name]) as work:
            assert requests.decline(work, made.id, "Not yet.").status == "declined"
        assert declined.pop() == made.id
    assert done == []
    assert len(entries(answerable, "request.declined")) == 2


def test_others_may_not_decline_and_nobody_without_a_reason(answerable, people):
    made = _make(answerable, people["Pia"])
    with pytest.raises(NotAllowed), answerable.work(people["Cleo"]) as work:
        requests.decline(work, made.id, "No.")
    with pytest.raises(InvalidInput), answerable.work(people["Paul"]) as work:
        requests.decline(work, made.id, " ")


def test_the_same_is_not_asked_for_twice(answerable, people):
    first = _make(answerable, people["Pia"], version="3")
    with pytest.raises(Conflict, match=f"Pia asked for the same already.*{first.id}"):
        _make(answerable, people["Paul"], version="3")
    _make(answerable, people["Paul"], version="4")


@pytest.mark.parametrize("request_id", ["nothing", "0191f0a0-0000-7000-8000-000000000000"])
def test_an_unknown_request_is_not_found_and_strangers_learn_nothing(
    answerable, people, request_id
):
    with answerable.work(people["Pia"]) as work, pytest.raises(NotFound):
        requests.confirm(work, request_id)
    with answerable.work(people["Dov"]) as work:
        for verb in (requests.confirm, requests.get):
            with pytest.raises(NotAllowed, match="requests:read"):
                verb(work, request_id)


# ------------------------------------------------------------------------------- few people


def _few(answerable, value=True):
    with answerable.work(CLI) as work:
        assert few.change_people_few(work, value=value) is None


def test_a_business_of_one_confirms_alone_after_a_day_with_a_reason(answerable, clock):
    pia = join(answerable, "Pia", "publisher")
    _few(answerable)
    made = _make(answerable, pia)
    with pytest.raises(SelfConfirmation, match="from 2026-11-24 10:00 UTC on"):
        _confirm(answerable, pia, made, "Nobody else is here.")
    clock.advance(hours=24)
    with pytest.raises(InvalidInput, match="needs a reason"):
        _confirm(answerable, pia, made)
    assert _confirm(answerable, pia, made, "Nobody else is here.").single_handed
    assert done == [made.id]
    (entry,) = entries(answerable, "request.confirmed")
    assert entry["data"]["single_handed"] is True


def test_a_business_that_has_not_said_that_its_people_are_few_waits(answerable, clock):
    pia = join(answerable, "Pia", "publisher")
    made = _make(answerable, pia)
    clock.advance(days=30)
    with pytest.raises(SelfConfirmation, match="another person"):
        _confirm(answerable, pia, made, "Nobody else is here.")


def test_where_a_second_person_could_confirm_nobody_does_it_alone(answerable, clock):
    pia, paul = join(answerable, "Pia", "publisher"), join(answerable, "Paul", "publisher")
    _few(answerable)
    made = _make(answerable, pia)
    clock.advance(days=30)
    with pytest.raises(SelfConfirmation, match="another person"):
        _confirm(answerable, pia, made, "Paul is slow.")
    with answerable.work(CLI) as work:
        identities.disable_person(work, paul.id)
    assert _confirm(answerable, pia, made, "Paul has left.").single_handed


def test_with_two_admins_the_setting_itself_needs_both(answerable):
    anna, ben = join(answerable, "Anna", "admin"), join(answerable, "Ben", "admin")
    with answerable.work(anna) as work:
        made = few.change_people_few(work, value=True, reason="We are two.")
    with pytest.raises(SelfConfirmation), answerable.work(anna) as work:
        requests.confirm(work, made.id)
    with answerable.look(anna) as work:
        assert not business_settings(work.session).people_few
    with answerable.work(ben) as work:
        requests.confirm(work, made.id)
    with answerable.look(anna) as work:
        assert business_settings(work.session).people_few
    assert entries(answerable, "settings.changed")[-1]["refs"] == {"request": made.id}


def test_a_lone_admin_sets_it_at_once_and_the_entry_says_so(answerable):
    anna = join(answerable, "Anna", "admin")
    with answerable.work(anna) as work:
        assert few.change_people_few(work, value=True) is None
        with pytest.raises(Conflict, match="on already"):
            few.change_people_few(work, value=True)
    data = entries(answerable, "settings.changed")[-1]["data"]
    assert data == {"names": ["people_few"], "bootstrap": True}
