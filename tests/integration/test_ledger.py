"""The ledger finds decisions by what stands in clear, each for those who may see them, and hands them over as a file."""

from __future__ import annotations

import csv
import io
import itertools
from dataclasses import replace
from datetime import date, timedelta

import orjson
import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st

from governance.actors import Actor, service
from governance.application import Answerable
from governance.clock import rfc3339
from governance.decisions import service as decisions
from governance.decisions.importing import Past, import_many
from governance.decisions.preparing import Asked
from governance.errors import Conflict, InvalidInput, NotAllowed, NotFound
from governance.ledger.models import LogRecord
from governance.operations.verifying import verify
from governance.reporting import exporting, ledger, saved_views
from governance.reporting.exporting import COLUMNS, Form
from governance.reporting.filters import NAMES, Filters, read
from governance.reviews import service as reviews
from governance.truth import service as truth
from tests import retention
from tests.people import app, person, publish
from tests.retention import POINT, POLICY, QUEUE

OTHER = POLICY.replace("retention-offer", "win-back")


@pytest.fixture
def shop(answerable: Answerable) -> Actor:
    publish(answerable, POLICY)
    publish(answerable, OTHER)
    return app(answerable, "shop")


@pytest.fixture
def cleo(answerable: Answerable, shop: Actor) -> Actor:
    return person(answerable, "Cleo")


def ask(answerable, who, outcome="offer_discount", confidence=0.95, **changes):
    proposal = {"outcome": outcome, "confidence": confidence}
    asked = Asked(request=retention.request(proposal=proposal, **changes))
    return str(decisions.ask(answerable, who, asked).id)


def found(answerable, who, **said):
    with answerable.look(who) as work:
        return [row.decision.id for row in ledger.search(work, read(said)).rows]


def decide(answerable, ada, decision, verdict, **more):
    with answerable.work(ada) as work:
        case = decisions.get(work, decision).case_id
        reviews.claim(work, case)
        reviews.give_verdict(work, case, verdict=verdict, **more)


def is_right(answerable, decision, outcome):
    with answerable.work(service("tests")) as work:
        truth.report_truth(work, decision, outcome=outcome, never=outcome is None)


def test_each_filter_finds_what_it_names_and_nothing_else(answerable, clock, shop, cleo):
    ada = person(answerable, "Ada", queues=(QUEUE,))
    released = ask(answerable, shop)
    unsure = ask(answerable, shop, confidence=0.5)
    large = ask(
        answerable,
        shop,
        features={"tenure_months": 3, "monthly_charges": 120, "contract": "one-year"},
    )
    refused = ask(
        answerable,
        shop,
        features={"tenure_months": 0, "monthly_charges": 1, "contract": "one-year"},
    )
    elsewhere = ask(answerable, shop, "no_offer", decision_point="win-back")
    decide(answerable, ada, unsure, "approve")
    decide(answerable, ada, large, "change", outcome="no_offer", reason="They pay too much.")
    clock.advance(seconds=11)
    is_right(answerable, released, "no_offer")
    is_right(answerable, unsure, "offer_discount")
    is_right(answerable, elsewhere, None)
    for said, expected in [
        ({}, {released, unsure, large, refused, elsewhere}),
        ({"point": "win-back"}, {elsewhere}),
        ({"point": "nowhere"}, set()),
        ({"status": "released"}, {released, elsewhere}),
        ({"status": "changed"}, {large}),
        ({"disposition": "review"}, {unsure, large}),
        ({"disposition": "refuse"}, {refused}),
        ({"proposed": "no_offer"}, {elsewhere}),
        ({"outcome": "no_offer"}, {large, refused, elsewhere}),
        ({"version": "1", "point": POINT}, {released, unsure, large, refused}),
        ({"version": "2"}, set()),
        ({"rule": "big-discount"}, {large}),
        ({"rule": "big"}, set()),
        ({"rule": "review.confidence_below"}, {unsure}),
        ({"rule": "%"}, set()),
        ({"reason": "confidence_below"}, {unsure}),
        ({"reason": "rule_matched"}, {large, refused}),
        ({"person": "sent"}, {unsure, large}),
        ({"person": "none"}, {released, refused, elsewhere}),
        ({"person": "kept"}, {unsure}),
        ({"person": "changed"}, {large}),
        ({"truth": "known"}, {released, unsure}),
        ({"truth": "never"}, {elsewhere}),
        ({"truth": "missing"}, {large, refused}),
        ({"truth": "proposal_wrong"}, {released}),
        ({"truth": "proposal_right"}, {unsure}),
        ({"truth": "outcome_wrong"}, {released}),
        ({"confidence_from": "0.5", "confidence_to": "0.5"}, {unsure}),
        ({"confidence_from": "0,9", "disposition": "review"}, {large}),
        ({"imported": "yes"}, set()),
        ({"source": "app:shop", "point": "win-back"}, {elsewhere}),
        ({"source": "app:crm"}, set()),
        (
            {"since": "2026-11-23", "until": "2026-11-23"},
            {released, unsure, large, refused, elsewhere},
        ),
        ({"until": "2026-11-22"}, set()),
        ({"since": "2026-11-24"}, set()),
    ]:
        assert set(found(answerable, cleo, **said)) == expected, said


def test_a_verdict_that_can_be_undone_is_not_seen_yet(answerable, clock, shop, cleo):
    ada = person(answerable, "Ada", queues=(QUEUE,))
    decision = ask(answerable, shop, confidence=0.5)
    decide(answerable, ada, decision, "approve")
    is_right(answerable, decision, "no_offer")
    seen_later = [
        {"status": "approved"},
        {"outcome": "offer_discount"},
        {"person": "kept"},
        {"truth": "outcome_wrong"},
    ]
    assert found(answerable, cleo, status="in_review") == [decision]
    assert [found(answerable, cleo, **said) for said in seen_later] == [[]] * 4
    clock.advance(seconds=11)
    assert found(answerable, cleo, status="in_review") == []
    assert [found(answerable, cleo, **said) for said in seen_later] == [[decision]] * 4


def test_days_are_those_on_which_it_happened_as_reports_count_them(answerable, clock, shop, cleo):
    said = rfc3339(clock.now() - timedelta(days=40))
    live = ask(answerable, shop, occurred_at=said)
    past = Past(
        request=retention.request(occurred_at="2025-03-02T23:30:00-02:00"),
        outcome="offer_discount",
    )
    (imported,) = import_many(answerable, service("import"), [past])
    assert found(answerable, cleo, until="2026-11-01") == [live, imported]
    assert found(answerable, cleo, since="2025-03-03", until="2025-03-03") == [imported]
    assert found(answerable, cleo, imported="yes") == [imported]
    assert found(answerable, cleo, imported="no") == [live]


def test_each_sees_what_is_theirs(answerable, shop, cleo):
    crm = app(answerable, "crm", points=("win-back",))
    ada = person(answerable, "Ada", queues=(QUEUE,))
    released, waiting = ask(answerable, shop), ask(answerable, shop, confidence=0.5)
    other = ask(answerable, crm, decision_point="win-back")
    assert set(found(answerable, cleo)) == {released, waiting, other}
    assert found(answerable, ada) == [waiting]
    assert set(found(answerable, shop)) == {released, waiting}
    assert found(answerable, crm) == [other]
    assert found(answerable, replace(shop, points=frozenset({"win-back"}))) == []
    with pytest.raises(NotAllowed), answerable.look(person(answerable, "Pia")) as work:
        ledger.search(work, Filters())


def test_pages_of_all_points_follow_each_other_and_miss_nothing(answerable, clock, shop, cleo):
    made = []
    for number, point in enumerate(itertools.islice(itertools.cycle((POINT, "win-back")), 23)):
        # Several happen at the same instant, and one long before it was recorded.
        clock.advance(seconds=number % 3)
        at = {"occurred_at": rfc3339(clock.now() - timedelta(days=9))} if number == 7 else {}
        made.append(ask(answerable, shop, decision_point=point, **at))
    before, seen, happened = None, [], []
    with answerable.look(cleo) as work:
        while True:
            page = ledger.search(work, Filters(), limit=4, before=before)
            seen += [row.decision.id for row in page.rows]
            happened += [row.happened_at for row in page.rows]
            before = page.next_cursor
            if before is None:
                break
        assert ledger.total(work, Filters()) == ledger.Total(count=23, exact=True)
    assert sorted(seen) == sorted(made)
    assert happened == sorted(happened, reverse=True)
    assert seen[-1] == made[7]


def test_a_search_that_would_look_at_too_much_stops_and_goes_on(
    answerable, clock, shop, cleo, monkeypatch
):
    monkeypatch.setattr(ledger, "_LOOKED_AT", (2, 4))
    monkeypatch.setattr(ledger, "_COUNTED_AMONG", 3)
    wanted = [ask(answerable, shop, "no_offer", decision_point="win-back")]
    for _ in range(11):
        clock.advance(seconds=1)
        ask(answerable, shop)
    clock.advance(seconds=1)
    wanted.append(ask(answerable, shop, "no_offer"))
    filters, before, seen, looked_back = read({"proposed": "no_offer"}), None, [], 0
    with answerable.look(cleo) as work:
        for _ in range(9):
            page = ledger.search(work, filters, limit=10, before=before)
            seen += [row.decision.id for row in page.rows]
            looked_back += page.looked_back_to is not None
            before = page.next_cursor
            if before is None:
                break
        assert ledger.total(work, filters) == ledger.Total(count=1, exact=False)
    assert seen == wanted[::-1]
    assert looked_back == 1
    assert page.looked_back_to is None


def test_a_search_in_pieces_misses_nothing_that_happened_at_once(
    answerable, clock, shop, cleo, monkeypatch
):
    made = []
    for _ in range(5):
        made += [ask(answerable, shop) for _ in range(3)]
        clock.advance(seconds=1)
    monkeypatch.setattr(ledger, "_LOOKED_AT", (4,) * 9)
    assert set(found(answerable, cleo, proposed="offer_discount")) == set(made)


def test_many_matches_are_counted_up_to_a_limit(answerable, shop, cleo, monkeypatch):
    monkeypatch.setattr(ledger, "MOST_COUNTED", 3)
    for point in (POINT, "win-back", POINT, "win-back"):
        ask(answerable, shop, decision_point=point)
    with answerable.look(cleo) as work:
        assert ledger.total(work, Filters()) == ledger.Total(count=3, exact=False)
        assert ledger.total(work, read({"point": POINT})) == ledger.Total(count=2, exact=True)


def test_every_search_goes_along_an_index(answerable, shop, cleo):
    """What a filter has no index for is looked at along the point's own, in the order that is wanted."""
    ask(answerable, shop)
    statements = []

    def keep(connection, cursor, statement, parameters, context, executemany):
        statements.append((statement, parameters))

    sa.event.listen(answerable.database.engine, "before_cursor_execute", keep)
    found(answerable, cleo, point=POINT, proposed="no_offer", since="2026-01-01")
    sa.event.remove(answerable.database.engine, "before_cursor_execute", keep)
    searched = [one for one in statements if "coalesce" in one[0] and "LIMIT" in one[0]]
    assert len(searched) == 2
    if answerable.database.is_sqlite:
        with answerable.database.engine.connect() as connection:
            for statement, parameters in searched:
                told = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)
                plan = " ".join(row[3] for row in told)
                assert "ix_decisions_point_happened" in plan
                assert "TEMP B-TREE" not in plan, "nothing is sorted"


# ------------------------------------------------------------------------------------ filters

FILTERS = st.builds(
    Filters,
    point=st.none() | st.sampled_from([POINT, "win-back"]),
    status=st.none() | st.sampled_from(["released", "in_review"]),
    version=st.none() | st.integers(1, 2**31 - 1),
    truth=st.none() | st.sampled_from(["never", "proposal_wrong"]),
    confidence_from=st.none() | st.floats(0, 1),
    imported=st.none() | st.booleans(),
    rule=st.none() | st.text(st.characters(categories=["L", "N", "P"]), min_size=1, max_size=200),
    since=st.none() | st.dates(),
)


@given(FILTERS)
def test_filters_are_read_as_they_are_written(filters: Filters) -> None:
    assert read(filters.written) == filters


@pytest.mark.parametrize(
    ("said", "wrong"),
    [
        ({"gender": "female"}, ["/gender"]),
        ({"status": "done", "truth": "yes"}, ["/status", "/truth"]),
        ({"confidence_from": "1.1"}, ["/confidence_from"]),
        ({"confidence_from": "nan"}, ["/confidence_from"]),
        ({"confidence_from": "0.9", "confidence_to": "0.1"}, ["/confidence_to"]),
        ({"version": "0"}, ["/version"]),
        ({"version": "２"}, ["/version"]),
        ({"version": "9" * 5000}, ["/version"]),
        ({"since": "2026-02-30"}, ["/since"]),
        ({"since": "2026-02-02", "until": "2026-02-01"}, ["/until"]),
        ({"imported": "true"}, ["/imported"]),
        ({"rule": "x" * 201}, ["/rule"]),
        ({"source": "a\0"}, ["/source"]),
    ],
)
def test_what_is_no_filter_is_named(said, wrong) -> None:
    with pytest.raises(InvalidInput) as raised:
        read(said)
    assert [problem.pointer for problem in raised.value.problems] == wrong


def test_the_first_and_the_last_day_of_the_calendar_are_days(answerable, shop, cleo):
    decision = ask(answerable, shop)
    assert found(answerable, cleo, since="0001-01-01", until="9999-12-31") == [decision]
    assert read({"since": "0001-01-01"}).since == date.min


# ------------------------------------------------------------------------------------ exports


def export(answerable, who, form, **said):
    with answerable.work(who) as work:
        pieces = exporting.export(work, read(said), form, cursor_of=lambda place: place[1])
    return b"".join(pieces).decode()


def test_both_forms_hold_the_same_and_neither_what_is_encrypted(answerable, clock, shop, cleo):
    ask(answerable, shop, language="tr-canary", metadata={"ticket": "canary"})
    waiting = ask(answerable, shop, confidence=0.5)
    is_right(answerable, waiting, None)
    table = list(csv.DictReader(io.StringIO(export(answerable, cleo, Form.CSV))))
    lines = [orjson.loads(one) for one in export(answerable, cleo, Form.NDJSON).splitlines()]
    assert [row["id"] for row in table] == [line["id"] for line in lines]
    assert table[0]["id"] == waiting
    assert [*table[0]] == [*lines[0]] == [*COLUMNS]
    row, line = table[0], lines[0]
    assert (row["status"], line["status"]) == ("in_review", "in_review")
    assert (row["rules"], line["rules"]) == ("review.confidence_below", ["review.confidence_below"])
    assert (row["outcome"], line["outcome"]) == ("", None)
    assert (row["ground_truth_never"], line["ground_truth_never"]) == ("yes", True)
    assert row["confidence"] == "0.5"
    for told in (str(table), str(lines)):
        for hidden in ("canary", "cust-4711", "female", "60+", "tenure", "month-to-month"):
            assert hidden not in told, hidden


@pytest.mark.parametrize("first", ["=", "+", "-", "@", "\t=", "\r=", "＝", "  ="])
def test_no_cell_is_a_formula(answerable, shop, cleo, first):
    harm = f'{first}HYPERLINK("//evil.example")'
    ask(answerable, shop, harm, channel=harm)
    text = export(answerable, cleo, Form.CSV)
    (row,) = csv.DictReader(io.StringIO(text, newline=""))
    assert row["proposed_outcome"] == row["channel"] == f"'{harm}"
    (line,) = export(answerable, cleo, Form.NDJSON).splitlines()
    assert orjson.loads(line)["channel"] == harm, "no spreadsheet reads lines of JSON"


def test_an_export_that_is_full_says_where_to_go_on(answerable, clock, shop, cleo, monkeypatch):
    monkeypatch.setattr(exporting, "MOST", 5)
    monkeypatch.setattr(exporting, "_AT_ONCE", 2)
    made = []
    for _ in range(7):
        clock.advance(seconds=1)
        made.insert(0, ask(answerable, shop))
    table = list(csv.reader(io.StringIO(export(answerable, cleo, Form.CSV))))
    assert [row[0] for row in table[1:-1]] == made[:5]
    assert f"after={made[4]}" in table[-1][0]
    *lines, last = export(answerable, cleo, Form.NDJSON).splitlines()
    assert [orjson.loads(line)["id"] for line in lines] == made[:5]
    assert orjson.loads(last)["next_cursor"] == made[4]
    monkeypatch.setattr(exporting, "MOST", 7)
    assert len(export(answerable, cleo, Form.NDJSON).splitlines()) == 7, "nothing is beyond it"


def test_an_export_is_one_entry_that_verify_holds(answerable, shop, cleo):
    ask(answerable, shop)
    export(answerable, cleo, Form.CSV, point=POINT, proposed="Jane Doe")
    with answerable.database.read() as session:
        (record,) = session.execute(
            sa.select(LogRecord).where(LogRecord.kind == "access.read")
        ).scalars()
    said = orjson.loads(record.entry)
    assert said["actor"] == {"type": "person", "ref": cleo.id}
    assert said["data"] == {
        "what": "ledger",
        "form": "csv",
        "filters": ["point", "proposed"],
        "most": "100000",
    }
    assert b"Jane Doe" not in record.entry
    assert [one for one in verify(answerable).findings if one.record_id == record.id] == []
    with pytest.raises(NotAllowed):
        export(answerable, person(answerable, "Pia"), Form.CSV)


def test_an_export_reads_as_it_is_taken(answerable, clock, shop, cleo, monkeypatch):
    monkeypatch.setattr(exporting, "_AT_ONCE", 2)
    for _ in range(6):
        clock.advance(seconds=1)
        ask(answerable, shop)
    with answerable.work(cleo) as work:
        pieces = exporting.export(work, Filters(), Form.NDJSON, cursor_of=str)
    first = next(pieces)
    assert first.count(b"\n") == 2
    clock.advance(seconds=1)
    late = ask(answerable, shop)
    rest = b"".join(pieces)
    assert (first + rest).count(b"\n") == 6
    assert late.encode() not in rest


# -------------------------------------------------------------------------------- saved views


def test_views_are_kept_for_oneself(answerable, cleo):
    ada = person(answerable, "Ada", queues=(QUEUE,))
    filters = read({"truth": "proposal_wrong", "point": POINT})
    with answerable.work(cleo) as work:
        kept = saved_views.save(work, "  Wrong   discounts ", filters)
        assert (kept.name, kept.filters) == ("Wrong discounts", filters)
        saved_views.save(work, "all", Filters())
        assert [one.name for one in saved_views.views(work)] == ["all", "Wrong discounts"]
        with pytest.raises(Conflict):
            saved_views.save(work, "all", filters)
        with pytest.raises(Conflict):
            saved_views.change(work, kept.id, name="all")
        assert saved_views.change(work, kept.id, name="Wrong discounts").id == kept.id
    for name in ("", "   ", "x" * 81):
        with pytest.raises(InvalidInput), answerable.work(cleo) as work:
            saved_views.save(work, name, filters)
    with answerable.work(ada) as work:
        saved_views.save(work, "all", filters)
        for act in (saved_views.view, saved_views.delete):
            with pytest.raises(NotFound):
                act(work, kept.id)
    with answerable.work(cleo) as work:
        saved_views.delete(work, kept.id)
        assert [one.name for one in saved_views.views(work)] == ["all"]
        with pytest.raises(NotFound):
            saved_views.view(work, "nonsense")


def test_nobody_keeps_views_without_end(answerable, cleo, monkeypatch):
    monkeypatch.setattr(saved_views, "MOST", 2)
    with answerable.work(cleo) as work:
        for name in ("one", "two"):
            saved_views.save(work, name, Filters())
        with pytest.raises(Conflict):
            saved_views.save(work, "three", Filters())


def test_apps_and_commands_keep_no_views(answerable, shop):
    for who in (shop, service("cli")):
        with pytest.raises(NotAllowed), answerable.work(who) as work:
            saved_views.save(work, "mine", Filters())


def test_no_filter_goes_by_groups_subjects_or_facts() -> None:
    assert {"group", "groups", "gender", "age_band", "subject", "ref", "features"}.isdisjoint(NAMES)
