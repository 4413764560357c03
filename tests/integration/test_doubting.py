"""A person says of a case that the automation is wrong: an incident that others look into, on both databases."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from governance.actors import Actor
from governance.application import Answerable
from governance.decisions import service as decisions
from governance.decisions.preparing import Asked
from governance.errors import InvalidInput, NotAllowed, NotFound
from governance.explanations import service as explanations
from governance.jobs.models import Job
from governance.ledger.sequencing import drain
from governance.monitors import doubting, service
from governance.operations.verifying import verify
from governance.reporting import home
from governance.reviews import judging
from governance.reviews import service as reviews
from tests.people import app, person, publish
from tests.retention import POINT, POLICY, QUEUE, unsure

WHY = "It takes every complaint for a request to leave."


@pytest.fixture
def shop(answerable: Answerable) -> Actor:
    publish(answerable, POLICY)
    return app(answerable)


@pytest.fixture
def ada(answerable: Answerable) -> Actor:
    return person(answerable, "Ada", queues=(QUEUE,))


def waiting(answerable: Answerable, shop: Actor) -> str:
    made = decisions.ask(answerable, shop, Asked(request=unsure()))
    assert made.case_id is not None
    return made.case_id


def doubts(answerable: Answerable, who: Actor, case_id: str, words: str = WHY):
    with answerable.work(who) as work:
        return doubting.doubt(work, case_id, words=words)


def incident(answerable: Answerable, who: Actor, incident_id: str):
    with answerable.look(who) as work:
        return service.incident(work, incident_id)


def test_the_first_doubt_opens_an_incident_and_further_ones_join_it_until_it_is_closed(
    answerable: Answerable, shop: Actor, ada: Actor
) -> None:
    ben, pia = person(answerable, "Ben", queues=(QUEUE,)), person(answerable, "Pia")
    case_id = waiting(answerable, shop)
    first = doubts(answerable, ada, case_id)
    second = doubts(answerable, ben, waiting(answerable, shop), "This one too.")
    assert first.id == second.id
    assert (first.point, first.level, first.status, first.held) == (POINT, "doubt", "open", False)
    told = incident(answerable, pia, first.id)
    assert [(one.kind, one.by_name, one.words) for one in told.notes] == [
        ("doubt", "Ada", WHY),
        ("doubt", "Ben", "This one too."),
    ]
    with answerable.work(pia) as work:
        service.close(work, first.id, "The model was replaced.")
    assert doubts(answerable, ada, case_id).id != first.id


def test_a_doubt_is_in_the_log_without_its_words_and_verifies(
    answerable: Answerable, shop: Actor, ada: Actor
) -> None:
    doubts(answerable, ada, waiting(answerable, shop))
    drain(answerable)
    with answerable.database.read() as session:
        entry = session.execute(
            sa.text("SELECT entry FROM log_records WHERE kind = 'automation.doubted'")
        ).scalar_one()
    assert WHY.encode() not in bytes(entry)
    assert not [one for one in verify(answerable).findings if one.decision_id is not None]


def test_whoever_handles_incidents_is_mailed_once_and_the_home_of_auditors_says_so(
    answerable: Answerable, shop: Actor, ada: Actor
) -> None:
    object.__setattr__(answerable.settings, "smtp_host", "mail.example")
    person(answerable, "Pia")
    doubts(answerable, ada, waiting(answerable, shop))
    doubts(answerable, ada, waiting(answerable, shop))
    with answerable.database.read() as session:
        mails = session.execute(sa.select(Job.payload).where(Job.kind == "mail.incident")).all()
    assert len(mails) == 1
    assert WHY not in repr(mails)
    with answerable.work(person(answerable, "Cleo")) as work:
        (point,) = home.home(work, work.now).points
    assert home.Sign.DOUBTED in point.signs


def test_what_colleagues_doubt_is_kept_from_who_still_decides_and_judges_first(
    answerable: Answerable, ada: Actor
) -> None:
    publish(answerable, POLICY.replace("  undo: 10s\n", "  undo: 10s\n  judge_first: 1\n"))
    case_id = waiting(answerable, app(answerable))
    ben = person(answerable, "Ben", queues=(QUEUE,))
    raised = doubts(answerable, ada, case_id)

    def seen(who: Actor) -> str:
        with answerable.look(who) as work:
            view = reviews.case_view(work, case_id)
            story = explanations.story(work, view.decision.id)
        return repr((view, story, incident(answerable, who, raised.id)))

    assert WHY not in seen(ben)
    with answerable.work(ben) as work:
        reviews.claim(work, case_id)
        judging.judge(work, case_id, outcome="no_offer")
    assert WHY in seen(ben)
    assert WHY in seen(ada)


def test_words_about_a_case_are_not_told_to_managers_of_other_queues(
    answerable: Answerable, shop: Actor, ada: Actor
) -> None:
    raised = doubts(answerable, ada, waiting(answerable, shop))
    ben = person(answerable, "Ben", queues=("sales-leads",))
    (note,) = incident(answerable, ben, raised.id).notes
    assert (note.words, note.decision_id) == (None, None)


def test_only_who_decides_cases_of_the_queue_may_doubt_and_says_why(
    answerable: Answerable, shop: Actor, ada: Actor
) -> None:
    case_id = waiting(answerable, shop)
    with pytest.raises(NotFound):
        doubts(answerable, person(answerable, "Ben", queues=("sales-leads",)), case_id)
    for who in (person(answerable, "Cleo"), shop):
        with pytest.raises(NotAllowed):
            doubts(answerable, who, case_id)
    with pytest.raises(InvalidInput):
        doubts(answerable, ada, case_id, "  ")
