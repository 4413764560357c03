from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from audits.oversight.agreement import bounded, krippendorff
from audits.oversight.plan import Plan, Volume
from audits.oversight.records import Purpose, Review, TruthFrom
from audits.oversight.report import measures_of
from tests.overseen import BEGUN, review

OUTCOMES = ("a", "b", "c")


@st.composite
def reviews(draw: st.DrawFn) -> list[Review]:
    found = []
    for number in range(draw(st.integers(0, 40))):
        purpose = draw(st.sampled_from(Purpose))
        source = draw(st.none() | st.sampled_from([TruthFrom.LATER, TruthFrom.APPEAL]))
        source = TruthFrom.GOLD if purpose is Purpose.GOLD else source
        required = draw(st.integers(0, 3))
        found.append(
            review(
                reviewer=draw(st.sampled_from(["r1", "r2", "r3"])),
                given_at=BEGUN + timedelta(minutes=number),
                purpose=purpose,
                verdict="change",
                proposed=draw(st.none() | st.sampled_from(OUTCOMES)),
                outcome=draw(st.sampled_from(OUTCOMES)),
                first=draw(st.none() | st.sampled_from(OUTCOMES)),
                truth=None if source is None else draw(st.sampled_from(OUTCOMES)),
                truth_from=source,
                confidence=draw(st.none() | st.floats(0, 1)),
                pair=draw(st.none() | st.sampled_from(["p1", "p2", "p3", "p4"])),
                seconds=draw(st.none() | st.floats(0, 300)),
                words=draw(st.integers(0, 500)),
                panels_required=required,
                panels_opened=draw(st.integers(0, required)),
                reason_digest=draw(st.none() | st.sampled_from(["x", "y"])),
                position=draw(st.none() | st.integers(1, 80)),
                hour=draw(st.none() | st.integers(0, 23)),
            )
        )
    return found


def figures(found: list[Review]) -> dict[str, Any]:
    # Small demands, so that as much as can be is said.
    plan = Plan(reviews=5, known=2, gold=1, pairs=1, switches=1, reasons=2)
    return measures_of(found, Volume(reviews=len(found), weeks=2, plan=plan))


units = st.lists(
    st.lists(st.none() | st.sampled_from(OUTCOMES), min_size=2, max_size=4), max_size=25
)


@given(table=units)
def test_perfect_agreement_is_1_and_nothing_is_above(table: list[list[str | None]]) -> None:
    found = krippendorff(table).alpha
    assert found is None or found <= 1
    agreed = [[unit[0] or "a"] * len(unit) for unit in table]
    perfect = krippendorff(agreed)
    if len({unit[0] for unit in agreed}) > 1:
        assert perfect.alpha == 1
    else:
        assert perfect.alpha is None


@given(table=units, order=st.permutations(OUTCOMES))
def test_renaming_outcomes_and_raters_changes_no_agreement(
    table: list[list[str | None]], order: list[str]
) -> None:
    names = dict(zip(OUTCOMES, order, strict=True))
    renamed = [[None if v is None else names[v] for v in reversed(unit)] for unit in table]
    assert krippendorff(renamed).alpha == krippendorff(table).alpha
    assert bounded(renamed, 1.96, 0.95) == bounded(table, 1.96, 0.95)


@settings(max_examples=50)
@given(found=reviews(), order=st.permutations(OUTCOMES))
def test_renaming_reviewers_and_outcomes_changes_no_figure(
    found: list[Review], order: list[str]
) -> None:
    names = dict(zip(OUTCOMES, order, strict=True))
    people = {"r1": "z", "r2": "y", "r3": "x"}

    def named(value: str | None) -> str | None:
        return None if value is None else names[value]

    renamed = [
        replace(
            one,
            reviewer=people[one.reviewer],
            proposed=named(one.proposed),
            outcome=names[one.outcome],
            first=named(one.first),
            truth=named(one.truth),
        )
        for one in found
    ]
    assert figures(renamed) == figures(found)


@settings(max_examples=50)
@given(found=reviews(), order=st.randoms(use_true_random=False))
def test_the_order_in_which_reviews_are_read_changes_no_figure(found: list[Review], order) -> None:
    mixed = list(found)
    order.shuffle(mixed)
    assert figures(mixed) == figures(found)


@settings(max_examples=50)
@given(found=reviews())
def test_what_is_undefined_is_none_and_never_nothing_or_a_pass(found: list[Review]) -> None:
    def check(value: Any) -> None:
        if isinstance(value, dict):
            if "rate" in value and "of" in value:
                hits, of = value["of"]
                assert 0 <= hits <= of
                assert (value["rate"] is None) == (of == 0) == (value["interval"] is None)
                if of:
                    low, high = value["interval"]
                    assert 0 <= low <= value["rate"] <= high <= 1
                    assert low < high
                assert (value["needed"] is None) == value["enough"]
            for one in value.values():
                check(one)
        elif isinstance(value, list):
            for one in value:
                check(one)

    told = figures(found)
    check(told)
    if told["alarm"]["state"] == "quiet":
        assert told["gold"]["says"] == "caught"
        assert told["alarm"]["met"] + told["alarm"]["unknown"] < 2
