"""An auditor's draw: nobody knows it before the checkpoint, and everybody who holds the log can draw it again."""

from __future__ import annotations

from datetime import timedelta

import orjson
import pytest
import sqlalchemy as sa

from audits.log import drawing
from governance.auditing import draws
from governance.auditing.models import COMMENT
from governance.decisions import service as decisions
from governance.decisions.preparing import Asked
from governance.errors import InvalidInput, NotAllowed, NotFound
from governance.ledger import publishing, reading
from governance.ledger.models import Leaf, LogRecord, StoredCheckpoint
from governance.ledger.sequencing import drain
from governance.operations import verifying
from governance.subjects import payloads
from tests import people, retention
from tests.conftest import Beginning

OTHER = retention.POLICY.replace("decision_point: retention-offer", "decision_point: other-offer")


def publish_log(answerable) -> None:
    drain(answerable)
    publishing.publish(answerable)


def doubted(answerable) -> list[str | None]:
    """Return the draws that the check finds wrong; the people of these tests are in no entry."""
    return [one.record_id for one in verifying.verify(answerable).findings if "draw" in one.what]


def fill(answerable) -> None:
    people.publish(answerable, retention.POLICY)
    people.publish(answerable, OTHER)
    shop = people.app(answerable)
    for number in range(30):
        answerable.clock.advance(minutes=1)
        point = retention.POINT if number % 3 else "other-offer"
        decisions.ask(
            answerable,
            shop,
            Asked(request=retention.request(decision_point=point, sequence=number)),
        )
    publish_log(answerable)


@pytest.fixture
def beginning() -> Beginning:
    return Beginning("draws", fill)


@pytest.fixture
def cleo(answerable):
    return people.person(answerable, "Cleo")


def test_what_is_drawn_follows_from_the_log_alone(answerable, begun, cleo):
    since = answerable.clock.now() - timedelta(minutes=20)
    with answerable.work(cleo) as work:
        asked = draws.ask(work, wanted=5, point=retention.POINT, since=since)
    assert (asked.population, asked.settled_at) == (14, None)
    assert draws.settle_due(answerable) == 0
    # What comes after the ask is not drawn from, though the checkpoint covers it.
    decisions.ask(answerable, people.app(answerable), Asked(request=retention.request()))
    publish_log(answerable)
    assert draws.settle_due(answerable) == 1
    with answerable.look(cleo) as work:
        whole = draws.get(work, asked.id)
        placed = work.session.execute(
            sa.select(LogRecord.entry, Leaf.epoch, Leaf.leaf_index).join(
                Leaf, Leaf.record_id == LogRecord.id
            )
        ).all()
        place = whole.draw.epoch, whole.draw.size
        root = work.session.get_one(StoredCheckpoint, place).root
    log = [(orjson.loads(entry), epoch, index) for entry, epoch, index in placed]
    made = next(entry for entry, _, _ in log if entry["id"] == asked.id)["data"]
    members = [e["id"] for e, epoch, index in log if drawing.is_member(e, epoch, index, made)]
    assert len(members) == made["population"] == 14
    by_anybody = drawing.drawn(drawing.seed_of(root, asked.id), members, made["wanted"])
    assert [one.decision_id for one in whole.decisions] == by_anybody
    drain(answerable)
    with answerable.look(cleo) as work:
        (settled,) = reading.entries(work, kind="draw.settled").entries
    assert settled.data["digest"] == drawing.digest_of(by_anybody)
    assert (settled.data["root"], settled.data["drawn"]) == (root.hex(), 5)
    assert draws.settle_due(answerable) == 0


def test_a_drawn_decision_put_in_the_place_of_another_is_found(answerable, begun, cleo):
    with answerable.work(cleo) as work:
        asked = draws.ask(work, wanted=3)
    publish_log(answerable)
    draws.settle_due(answerable)
    drain(answerable)
    assert not doubted(answerable)
    with answerable.look(cleo) as work:
        drawn = {one.decision_id for one in draws.get(work, asked.id).decisions}
    with answerable.database.write() as session:
        other = (
            session.execute(
                sa.select(LogRecord.id).where(
                    LogRecord.kind == "decision.recorded", LogRecord.id.not_in(drawn)
                )
            )
            .scalars()
            .first()
        )
        session.execute(
            sa.text("UPDATE drawn_decisions SET decision_id = :other WHERE position = 2"),
            {"other": other},
        )
    assert doubted(answerable) == [asked.id]


def test_what_an_auditor_says_of_a_drawn_decision_lies_under_the_key_of_whom_it_is_about(
    answerable, begun, cleo
):
    with answerable.work(cleo) as work:
        asked = draws.ask(work, wanted=2)
    publish_log(answerable)
    draws.settle_due(answerable)
    with answerable.work(cleo) as work:
        first, second = draws.get(work, asked.id).decisions
        draws.look_at(work, asked.id, first.decision_id, comment="Nothing to say against it.")
        whole = draws.look_at(work, asked.id, second.decision_id)
        assert whole.draw.looked_at == 2
        assert [one.comment for one in whole.decisions] == ["Nothing to say against it.", None]
        assert whole.decisions[0].looked_by_name == "Cleo"
        with pytest.raises(NotFound):
            draws.look_at(work, asked.id, asked.id)
    with answerable.look(cleo) as work:
        (said,) = work.session.execute(
            sa.select(LogRecord.id).where(
                LogRecord.kind == "drawn.looked_at", LogRecord.decision_id == first.decision_id
            )
        ).scalars()
        entry = reading.entry(work, said)
        assert entry.payloads == [COMMENT]
        keys = [
            payloads.key_of_record(work.session, answerable.keys, record, name).id
            for record, name in ((entry.id, COMMENT), (first.decision_id, "decision"))
        ]
    assert keys[0] == keys[1]
    assert not doubted(answerable)


def test_what_cannot_be_drawn_is_said_and_who_may_not_draws_nothing(answerable, begun, cleo):
    with answerable.work(cleo) as work:
        for wrong in (
            {"wanted": 0},
            {"wanted": 1001},
            {"wanted": 1, "since": work.now + timedelta(seconds=1)},
        ):
            with pytest.raises(InvalidInput):
                draws.ask(work, **wrong)
        with pytest.raises(NotFound):
            draws.ask(work, wanted=1, point="no-such-point")
    with answerable.work(people.person(answerable, "Pia")) as work, pytest.raises(NotAllowed):
        draws.ask(work, wanted=1)
