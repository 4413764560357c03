"""Figures of somebody and alarms about them, kept as the worker keeps them, for tests of those who look at them."""

from __future__ import annotations

from datetime import timedelta

from audits.oversight.records import GroupCounts
from audits.oversight.report import oversight_report
from governance.actors import Actor, service
from governance.application import Answerable
from governance.overseeing.models import AlarmWindow, PersonFigures
from tests import retention
from tests.overseen import STAMPER, drawn_cases, reviewed

WINDOW = {"decision_point": "credit", "since": "2026-10-01", "until": "2026-12-31"}


def keep_overseen(answerable: Answerable, who: Actor) -> None:
    """Keep figures and an alarm of somebody who stamps: those of yesterday, and those that they had for a week."""
    reviews = [one for one, _ in reviewed(STAMPER, drawn_cases(), 120, seed=3)]
    report = oversight_report(reviews, GroupCounts(), **WINDOW, people=True)
    (mine,) = report["people"]
    with answerable.work(service("oversight")) as work:
        for days in (1, 8):
            made = work.now - timedelta(days=days)
            work.session.add(
                PersonFigures(
                    id=work.new_id(),
                    point=retention.POINT,
                    person_id=who.id,
                    since=(made - timedelta(days=90)).date().isoformat(),
                    until=made.date().isoformat(),
                    made_at=made,
                    document={"person": mine, "pooled": None, "plan": report["plan"]},
                )
            )
            work.session.add(
                AlarmWindow(
                    id=work.new_id(),
                    point=retention.POINT,
                    person=who.id,
                    begins_at=made - timedelta(days=31),
                    ends_at=made,
                    judged_at=made,
                    reviews=120,
                    state="raised",
                    measures=mine["measures"],
                )
            )
