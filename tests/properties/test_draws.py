from __future__ import annotations

import hashlib
from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from audits.log import drawing

IDS = st.lists(st.uuids().map(str), unique=True, max_size=60)
SEEDS = st.binary(min_size=32, max_size=32)


@given(SEEDS, IDS, st.integers(1, 80), st.randoms())
def test_a_draw_names_so_many_different_members_whatever_their_order(seed, ids, wanted, shuffling):
    drawn = drawing.drawn(seed, ids, wanted)
    assert len(drawn) == len(set(drawn)) == min(wanted, len(ids))
    assert set(drawn) <= set(ids)
    mixed = list(ids)
    shuffling.shuffle(mixed)
    assert drawing.drawn(seed, iter(mixed), wanted) == drawn


@given(SEEDS, IDS, st.integers(1, 30))
def test_asking_for_more_adds_to_the_same_draw_and_a_member_more_changes_at_most_one(
    seed, ids, wanted
):
    drawn = drawing.drawn(seed, ids, wanted)
    assert drawing.drawn(seed, ids, wanted + 7)[: len(drawn)] == drawn
    assert len(set(drawn) - set(drawing.drawn(seed, [*ids, "another"], wanted))) <= 1


@given(st.binary(min_size=32, max_size=32), IDS)
def test_anybody_draws_the_same_by_what_is_documented(root, ids):
    draw_id = "0199a0f0-0000-7000-8000-000000000001"
    seed = hashlib.sha256(b"answerable/draw-seed/1\n" + root + draw_id.encode()).digest()
    assert drawing.seed_of(root, draw_id) == seed
    by_ticket = sorted(
        ids,
        key=lambda one: hashlib.sha256(
            b"answerable/draw-ticket/1\n" + seed + one.encode()
        ).digest(),
    )
    assert drawing.drawn(seed, ids, 5) == by_ticket[:5]


def test_each_member_is_drawn_about_equally_often():
    ids = [f"decision-{number}" for number in range(20)]
    seen = Counter(
        one
        for draw in range(4000)
        for one in drawing.drawn(drawing.seed_of(bytes(32), str(draw)), ids, 5)
    )
    # 1000 each is expected, with a standard deviation of 27; six of them are never seen by chance.
    assert all(abs(seen[one] - 1000) < 165 for one in ids)
