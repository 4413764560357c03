"""The staff notice, figures of people and alarms over the API: the same rules as on the pages."""

from __future__ import annotations

from datetime import timedelta

import pytest

from governance.clock import uuid7
from governance.overseeing.models import AlarmWindow, PersonFigures

POINT = "retention-offer"


def alarm(served, person: str, *, days: int) -> str:
    """Store an alarm that was judged so many days ago."""
    now = served.answerable.clock.now()
    with served.answerable.database.write() as session:
        row = AlarmWindow(
            id=uuid7(),
            point=POINT,
            person=person,
            begins_at=now - timedelta(days=days + 30),
            ends_at=now - timedelta(days=days),
            judged_at=now - timedelta(days=days),
            reviews=120,
            state="raised",
            measures={},
        )
        session.add(row)
        return row.id


def made(served, name: str, *, days: int) -> str:
    """Store figures that were made so many days ago."""
    now = served.answerable.clock.now()
    person = served.people[name]
    with served.answerable.database.write() as session:
        row = PersonFigures(
            id=uuid7(),
            point=POINT,
            person_id=person,
            since="2026-01-01",
            until=(now - timedelta(days=days)).date().isoformat(),
            made_at=now - timedelta(days=days),
            document={"person": {"reviewer": person, "reviews": 3}, "pooled": None, "plan": {}},
        )
        session.add(row)
        return row.id


def test_the_notice_is_published_and_acknowledged(served) -> None:
    assert served.call("Ada", "GET", "/staff-notice").json["version"] == 0
    body = {"texts": {"en": "We measure.", "de": "Wir messen."}}
    assert served.call("Ada", "PUT", "/staff-notice", json=body).status_code == 403
    assert served.call("Anna", "PUT", "/staff-notice", json={"texts": {}}).status_code == 422
    told = served.call("Anna", "PUT", "/staff-notice", json=body)
    assert (told.status_code, told.json["version"], told.json["texts"]) == (200, 1, body["texts"])
    path = "/staff-notice/acknowledgement"
    assert served.call("Ada", "POST", path, json={"version": 2}).status_code == 409
    assert served.call("Cleo", "POST", path, json={"version": 1}).status_code == 403
    mine = served.call("Ada", "POST", path, json={"version": 1}).json
    assert mine["acknowledged_at"] is not None
    assert mine["to_acknowledge"] is False
    people = served.call("Anna", "GET", "/staff-notice/people").json["people"]
    assert [(one["name"], one["acknowledged_at"] is None) for one in people] == [
        ("Ada", False),
        ("Ben", True),
    ]


def test_figures_are_the_persons_first_and_others_see_them_a_week_later(served) -> None:
    older, newer = made(served, "Ben", days=8), made(served, "Ben", days=1)
    (own,) = served.call("Ben", "GET", "/account/reviews").json["figures"]
    assert (own["id"], own["person"]["reviews"]) == (newer, 3)
    path = f"/reports/oversight/people?decision_point={POINT}"
    for who in ("Cleo", "Anna"):
        (seen,) = served.call(who, "GET", path).json["figures"]
        assert (seen["id"], seen["name"]) == (older, "Ben")
    for who in ("Ada", "Ben", "Pia", "crm"):
        assert served.call(who, "GET", path).status_code == 403
    words = {"words": "I was new here."}
    assert (
        served.call("Ada", "PUT", f"/account/reviews/{older}/comment", json=words).status_code
        == 404
    )
    assert (
        served.call("Ben", "PUT", f"/account/reviews/{older}/comment", json=words).status_code
        == 200
    )
    assert served.call("Anna", "GET", path).json["figures"][0]["comment"] == "I was new here."
    assert (
        served.call("Anna", "GET", "/reports/oversight/people?decision_point=no").status_code == 404
    )


def test_alarms_about_one_person_are_told_to_others_a_week_later_and_handled_once(served) -> None:
    ben = served.people["Ben"]
    all_of_them, of_ben, fresh = (
        alarm(served, "", days=0),
        alarm(served, ben, days=8),
        alarm(served, ben, days=1),
    )
    mine = served.call("Ben", "GET", "/account/alarms").json["alarms"]
    assert [one["id"] for one in mine] == [fresh, of_ben]

    def seen(who: str) -> set[str]:
        return {one["id"] for one in served.call(who, "GET", "/alarms").json["alarms"]}

    assert seen("Pia") == {all_of_them}
    assert seen("Anna") == seen("Cleo") == {all_of_them, of_ben}
    assert served.call("Ada", "GET", "/alarms").status_code == 403

    def handle(who: str, which: str, **body):
        return served.call(who, "POST", f"/alarms/{which}/handling", json=body)

    assert handle("Cleo", of_ben, done="fine").status_code == 403
    assert handle("Pia", of_ben, done="fine").status_code == 404
    assert handle("Anna", fresh, done="fine").status_code == 404
    assert handle("Anna", of_ben, done="nothing").status_code == 422
    assert handle("Anna", of_ben, done="other").status_code == 422
    told = handle("Anna", of_ben, done="coaching", words="We talked.").json
    assert (told["done"], told["done_by_name"], told["name"]) == ("coaching", "Anna", "Ben")
    assert handle("Anna", of_ben, done="fine").status_code == 409


@pytest.mark.parametrize("minutes", [-1, 99_999, "many"])
def test_the_minutes_for_measuring_are_those_of_a_week(served, minutes) -> None:
    settings = {"oversight_minutes_per_week": minutes}
    assert served.call("Anna", "PATCH", "/settings", json=settings).status_code == 422


def test_the_minutes_for_measuring_stand_in_the_report(served) -> None:
    settings = {"oversight_minutes_per_week": 45}
    told = served.call("Anna", "PATCH", "/settings", json=settings)
    assert told.json["oversight_minutes_per_week"] == 45
    report = served.call("Cleo", "GET", f"/reports/oversight?decision_point={POINT}").json
    assert report["cost"]["most_minutes"] == 45
