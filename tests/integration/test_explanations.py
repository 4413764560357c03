"""Why a decision is as it is, and what happened to it, told to each who may know, on both databases."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from governance.decisions import service as decisions
from governance.decisions.importing import Past, import_many
from governance.decisions.preparing import Asked
from governance.errors import InvalidInput, NotAllowed, NotFound
from governance.explanations import service
from governance.ledger import sequencing
from governance.reviews import overdue
from governance.reviews import service as reviews
from governance.subjects.models import SubjectKeyRow
from tests.people import app, person, publish
from tests.retention import POLICY, QUEUE, request, unsure


@pytest.fixture
def shop(answerable):
    publish(answerable, POLICY)
    return app(answerable)


@pytest.fixture
def ada(answerable):
    return person(answerable, "Ada", queues=(QUEUE,))


@pytest.fixture
def cleo(answerable):
    return person(answerable, "Cleo")


def ask(answerable, shop, **changes):
    return decisions.ask(answerable, shop, Asked(request=unsure(**changes)))


def explain(answerable, who, made, audience="subject", language=None):
    with answerable.look(who) as work:
        return service.explain(work, made.id, audience=audience, language=language)


def story(answerable, who, made):
    with answerable.look(who) as work:
        return service.story(work, made.id)


def reject(answerable, who, made, reason="reason-canary"):
    with answerable.work(who) as work:
        reviews.claim(work, made.case_id)
        reviews.give_verdict(work, made.case_id, verdict="reject", reason=reason)


def test_each_audience_is_told_what_is_meant_for_it(answerable, clock, shop, ada, cleo):
    made = ask(answerable, shop)
    reject(answerable, ada, made)
    clock.advance(seconds=10)
    subject = explain(answerable, shop, made)
    assert "a person rejected it" in subject.headline
    assert "reason-canary" not in repr(subject)
    assert "0.8" not in repr(subject)
    assert subject.trace is None
    reviewer = explain(answerable, ada, made, "reviewer")
    assert "reason-canary" in repr(reviewer)
    auditor = explain(answerable, cleo, made, "auditor")
    assert auditor.trace is not None
    assert "0.5" in repr(auditor.paragraphs)


def test_nobody_reads_what_is_made_for_another_audience(answerable, shop, ada):
    made = ask(answerable, shop)
    for audience in ("reviewer", "auditor"):
        with pytest.raises(NotAllowed):
            explain(answerable, shop, made, audience)
    with pytest.raises(NotAllowed):
        explain(answerable, ada, made, "auditor")
    with pytest.raises(InvalidInput):
        explain(answerable, shop, made, "everybody")
    with pytest.raises(NotFound):
        explain(answerable, app(answerable, "elsewhere"), made)
    with pytest.raises(NotAllowed):
        explain(answerable, person(answerable, "Dov"), made)


def test_a_verdict_that_can_be_taken_back_is_not_told(answerable, clock, shop, ada, cleo):
    made = ask(answerable, shop)
    reject(answerable, ada, made)
    assert "A person is deciding" in explain(answerable, shop, made).headline
    assert "verdict" not in [step.kind for step in story(answerable, shop, made)]
    assert "verdict" not in [step.kind for step in story(answerable, cleo, made)]
    assert "verdict" in [step.kind for step in story(answerable, ada, made)]
    clock.advance(seconds=10)
    assert "verdict" in [step.kind for step in story(answerable, cleo, made)]


def test_an_explanation_is_told_in_the_language_asked_for(answerable, shop, cleo):
    made = ask(answerable, shop)
    assert explain(answerable, shop, made, language="de").headline.startswith("Ein Mensch")
    assert (
        explain(answerable, cleo, made, "reviewer", "de-AT").headline == "Warum das zu Ihnen kommt"
    )


def test_what_was_erased_is_said_to_be(answerable, shop, cleo):
    made = ask(answerable, shop)
    with answerable.database.write() as session:
        session.execute(sa.text("DELETE FROM group_vault"))
        session.execute(sa.text("DELETE FROM payloads WHERE name = 'decision'"))
        session.execute(sa.delete(SubjectKeyRow).where(SubjectKeyRow.subject_tag.is_not(None)))
    assert "erased" in explain(answerable, shop, made).headline
    assert "gelöscht" in explain(answerable, cleo, made, "auditor", "de").headline


def test_groups_are_in_no_explanation_and_no_story(answerable, shop, ada, cleo):
    made = ask(answerable, shop, subject={"ref": "cust-1", "groups": {"gender": "group-canary"}})
    for who, audience in ((shop, "subject"), (ada, "reviewer"), (cleo, "auditor")):
        assert "group-canary" not in repr(explain(answerable, who, made, audience))
        assert "group-canary" not in repr(story(answerable, who, made))


def test_the_story_has_every_step_with_whose_it_was(answerable, clock, shop, ada, cleo):
    made = ask(answerable, shop)
    clock.advance(seconds=1)
    with answerable.work(ada) as work:
        reviews.claim(work, made.case_id)
    clock.advance(seconds=1)
    with answerable.work(ada) as work:
        reviews.give_verdict(work, made.case_id, verdict="approve")
    clock.advance(seconds=1)
    with answerable.work(ada) as work:
        reviews.undo(work, made.case_id)
    clock.advance(seconds=1)
    with answerable.work(ada) as work:
        reviews.give_verdict(work, made.case_id, verdict="reject", reason="No.")
    clock.advance(seconds=10)
    steps = story(answerable, cleo, made)
    assert [step.kind for step in steps] == [
        "received",
        "ruled",
        "case_opened",
        "claimed",
        "verdict",
        "undone",
        "verdict",
        "effective",
    ]
    assert [step.by for step in steps] == ["shop", None, None, "Ada", "Ada", "Ada", "Ada", None]
    assert steps[6].reason == "No."
    assert steps[1].data["disposition"] == "review"
    assert steps[2].data["queue"] == QUEUE
    assert steps[7].data == {"status": "rejected", "outcome": "no_offer"}
    assert {step.place for step in steps} == {None}, "nothing is sequenced yet"
    told = story(answerable, shop, made)
    assert [step.kind for step in told] == [step.kind for step in steps]
    assert "Ada" not in repr(told)
    assert ada.id not in repr([step.by_id for step in told])
    assert {step.reason for step in told} == {None}


def test_a_step_names_its_place_in_the_log(answerable, shop, cleo):
    made = decisions.ask(answerable, shop, Asked(request=request()))
    sequencing.drain(answerable)
    (received, ruled) = story(answerable, cleo, made)
    assert received.place is not None
    assert ruled.place == received.place


def test_a_case_that_lapsed_tells_so(answerable, clock, shop, cleo):
    made = ask(answerable, shop)
    clock.advance(hours=4)
    overdue.run(answerable)
    clock.advance(hours=4)
    overdue.run(answerable)
    assert [step.kind for step in story(answerable, cleo, made)][3:] == [
        "escalated",
        "lapsed",
        "effective",
    ]
    assert "Nobody decided in time" in explain(answerable, shop, made).headline


@pytest.mark.parametrize("audience", ["subject", "auditor"])
def test_what_was_imported_is_told_as_reported_and_never_as_ruled(answerable, shop, audience):
    past = Past(
        request=request(occurred_at="2026-10-01T08:00:00Z"),
        outcome="no_offer",
        verdict="reject",
    )
    (decision_id,) = import_many(answerable, shop, [past])
    with answerable.look(person(answerable, "Cleo")) as work:
        told = service.explain(work, decision_id, audience=audience, language="en")
        steps = service.story(work, decision_id)
    assert told.headline == "Decided earlier: No offer."
    assert "the policy did not rule on it" in " ".join(told.paragraphs)
    assert (told.reasons, told.what_would_change) == ((), ())
    assert [(step.kind, step.data.get("outcome")) for step in steps][1:] == [
        ("done_elsewhere", "no_offer")
    ]
