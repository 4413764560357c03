"""Whether people really look, from verdicts that were given: the records, the figures, and who may read them; on both databases."""

from __future__ import annotations

import json
import random

import pytest
import sqlalchemy as sa
from click.testing import CliRunner

from governance.actors import Actor
from governance.actors import service as system
from governance.application import Answerable
from governance.cli import answerable as command
from governance.counting import folding, reconciling
from governance.decisions import service as decisions
from governance.decisions.preparing import Asked
from governance.errors import InvalidInput, NotAllowed, NotFound
from governance.reporting import oversight
from governance.reviews import judging, service
from governance.reviews.models import Case
from governance.reviews.views import Looked
from governance.subjects.models import PayloadRow
from governance.truth import service as truth
from tests.overseen import BIASED, YES, cases_of
from tests.people import app, person, publish
from tests.retention import POINT, POLICY, QUEUE, request, unsure

FIRST = POLICY.replace("undo: 10s", "undo: 10s\n  judge_first: 1")


@pytest.fixture
def cleo(answerable: Answerable) -> Actor:
    publish(answerable, FIRST)
    return person(answerable, "Cleo")


def decide(
    answerable: Answerable,
    who: Actor,
    shop: Actor,
    *,
    first: str,
    verdict: str,
    right: str | None = None,
    looked: Looked | None = None,
    reason: str | None = None,
) -> str:
    made = decisions.ask(answerable, shop, Asked(request=unsure()))
    assert made.case_id is not None
    with answerable.work(who) as work:
        service.claim(work, made.case_id)
    with answerable.work(who) as work:
        judging.judge(work, made.case_id, outcome=first)
    with answerable.work(who) as work:
        service.give_verdict(work, made.case_id, verdict=verdict, reason=reason, looked=looked)
    if right is not None:
        with answerable.work(shop) as work:
            truth.report_truth(work, str(made.id), outcome=right)
    return made.case_id


def report(answerable: Answerable, who: Actor, **said):
    while folding.fold(answerable):
        pass
    with answerable.look(who) as work:
        return oversight.report(work, POINT, **said)


def test_verdicts_become_the_figures_of_oversight(answerable, clock, cleo):
    shop = app(answerable)
    ada = person(answerable, "Ada", queues=(QUEUE,))
    quick = Looked(seconds=1.0, parts_seen=1)
    for _ in range(3):
        decide(
            answerable,
            ada,
            shop,
            first="no_offer",
            verdict="approve",
            right="no_offer",
            looked=quick,
        )
        clock.advance(seconds=20)
    clock.advance(hours=1)
    decide(
        answerable,
        ada,
        shop,
        first="no_offer",
        verdict="reject",
        right="no_offer",
        looked=Looked(seconds=90.0, parts_seen=2),
        reason="They asked us not to.",
    )
    found = report(answerable, cleo)
    assert (found["reviews"], found["reviewers"], found["people"]) == (4, 1, None)
    measures = found["measures"]
    assert measures["overrides"]["overall"]["changed"]["of"] == [1, 4]
    # Three times the proposal was wrong and was accepted all the same.
    assert measures["reliance"]["over"]["of"] == [3, 4]
    assert measures["switches"]["switched"]["of"][0] == 3
    assert measures["dwell"]["below_floor"]["of"] == [3, 4]
    assert measures["opened"]["opened"]["of"] == [1, 4]
    assert found["complete"]


def test_what_was_taken_back_and_what_lies_outside_the_window_does_not_count(
    answerable, clock, cleo
):
    shop = app(answerable)
    ada = person(answerable, "Ada", queues=(QUEUE,))
    case_id = decide(answerable, ada, shop, first="no_offer", verdict="approve")
    with answerable.work(ada) as work:
        service.undo(work, case_id)
    assert report(answerable, cleo)["reviews"] == 0
    with answerable.work(ada) as work:
        service.give_verdict(work, case_id, verdict="approve")
    assert report(answerable, cleo)["reviews"] == 1
    assert report(answerable, cleo, until="2026-11-22", since="2026-11-01")["reviews"] == 0


def test_no_figure_is_of_one_person_and_none_names_anybody(answerable, cleo):
    shop = app(answerable)
    ada = person(answerable, "Ada", queues=(QUEUE,))
    decide(answerable, ada, shop, first="no_offer", verdict="reject", reason="canary")
    told = json.dumps(report(answerable, cleo))
    assert ada.id not in told
    assert "Ada" not in told
    assert "canary" not in told


def test_a_session_ends_after_half_an_hour_without_a_verdict(answerable, clock, cleo):
    shop = app(answerable)
    ada = person(answerable, "Ada", queues=(QUEUE,))
    for pause in (1, 1, 31, 1):
        clock.advance(minutes=pause)
        decide(answerable, ada, shop, first="no_offer", verdict="approve")
    with answerable.look(cleo) as work:
        policy = work.configuration.live[POINT].policy
        places = [
            one.position for one in oversight.reviews(work, policy, "2026-11-23", "2026-11-23")
        ]
    assert sorted(places) == [1, 1, 2, 2]


def test_only_who_may_read_reports_reads_it_and_of_points_and_days_there_are(answerable, cleo):
    with (
        pytest.raises(NotAllowed),
        answerable.look(person(answerable, "Ada", queues=(QUEUE,))) as work,
    ):
        oversight.report(work, POINT)
    with answerable.look(cleo) as work:
        with pytest.raises(NotFound):
            oversight.report(work, "nowhere")
        with pytest.raises(InvalidInput):
            oversight.report(work, POINT, since="2026-12-02", until="2026-12-01")


def test_an_erased_reason_leaves_the_figures_that_do_not_need_it(answerable, cleo):
    shop = app(answerable)
    ada = person(answerable, "Ada", queues=(QUEUE,))
    decide(answerable, ada, shop, first="no_offer", verdict="reject", reason="They moved.")
    with answerable.database.write() as session:
        session.execute(sa.delete(PayloadRow).where(PayloadRow.name == "reason"))
    assert report(answerable, cleo)["reviews"] == 1


def test_the_command_writes_it_as_json_and_as_a_page(answerable, cleo, tmp_path):
    shop = app(answerable)
    ada = person(answerable, "Ada", queues=(QUEUE,))
    decide(answerable, ada, shop, first="no_offer", verdict="approve")
    environment = {
        "ANSWERABLE_HOME": str(answerable.settings.home),
        "ANSWERABLE_DATABASE_URL": str(answerable.settings.database_url),
    }
    arguments = ["report", "oversight", "--point", POINT, "--since", "2026-11-01"]
    ran = CliRunner().invoke(command, arguments, env=environment)
    assert ran.exit_code == 0, ran.output
    assert json.loads(ran.stdout)["reviews"] == 1
    out = tmp_path / "oversight.html"
    ran = CliRunner().invoke(
        command,
        [*arguments, "--format", "html", "--language", "de", "--out", str(out)],
        env=environment,
    )
    assert ran.exit_code == 0, ran.output
    assert 'lang="de"' in out.read_text()


def test_records_are_what_the_figures_take(answerable, cleo):
    shop = app(answerable)
    ada = person(answerable, "Ada", queues=(QUEUE,))
    case_id = decide(
        answerable, ada, shop, first="offer_gift", verdict="approve", right="offer_discount"
    )
    with answerable.look(cleo) as work:
        policy = work.configuration.live[POINT].policy
        (one,) = oversight.reviews(work, policy, "2026-11-23", "2026-11-23")
        assert work.session.get_one(Case, case_id).queue == one.queue
    assert (one.first, one.proposed, one.outcome, one.truth) == (
        "offer_gift",
        "offer_discount",
        "offer_discount",
        "offer_discount",
    )
    assert (one.seconds, one.hour, one.proposed_positive) == (None, 11, True)
    assert one.words > 5


MEASURED = POLICY.replace("groups: [gender, age_band]", "groups: [gender]").replace(
    "notice:", "measure: {positive: offer_discount, reference: {gender: Male}}\nnotice:"
)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_who_overrides_favourable_proposals_for_one_group_is_found_from_live_counts(
    answerable, clock, shared_data
):
    """Real people and predictions, a made-up reviewer, and every count by way of the vault; needs 100 of each group."""
    publish(answerable, MEASURED)
    cleo, shop = person(answerable, "Cleo"), app(answerable)
    biased = person(answerable, "Ada", queues=(QUEUE,))
    fair = {"Female": 0, "Male": 0}
    drawing = random.Random(11)
    for case in cases_of(shared_data / "vehicle_coupon"):
        group = dict(case.group)["gender"]
        if case.proposed != YES or fair[group] >= 130:
            continue
        fair[group] += 1
        made = decisions.ask(
            answerable,
            shop,
            Asked(
                request=request(
                    subject={"ref": f"driver-{sum(fair.values())}", "groups": {"gender": group}},
                    # As sure as the model was, and never sure enough to go without a person.
                    proposal={
                        "outcome": "offer_discount",
                        "confidence": min(case.confidence, 0.79),
                    },
                )
            ),
        )
        assert made.case_id is not None
        turned = BIASED.outcome(case, drawing) != case.proposed
        with answerable.work(biased) as work:
            service.claim(work, made.case_id)
            service.give_verdict(
                work,
                made.case_id,
                verdict="reject" if turned else "approve",
                reason="Not now." if turned else None,
            )
    assert fair == {"Female": 130, "Male": 130}
    clock.advance(hours=1)
    groups = report(answerable, cleo)["groups"]
    (row,) = (one for one in groups["overrides"]["comparisons"] if one["direction"] == "against")
    assert (row["group"], row["says"]) == ({"gender": "Female"}, "more")
    assert row["own"]["of"][1] == 130
    assert groups["appeals"]["appealed"]["of"] == [0, 260]
    assert reconciling.reconcile(answerable, system("tests")).differing == 0
