from __future__ import annotations

from audits.oversight import appeals
from audits.oversight.plan import Plan, Volume
from audits.oversight.records import GroupCounts
from tests.overseen import HONEST, drawn_cases, group_counts, reviewed

VOLUME = Volume(reviews=1000, weeks=4, plan=Plan())
COUNTS = group_counts(list(reviewed(HONEST, drawn_cases(), 40, seed=1)))


def test_appeals_are_told_over_all_by_path_and_by_group():
    found = appeals.document(COUNTS, VOLUME)

    assert found["appealed"]["of"] == [46, 1000]
    assert found["overturned"]["of"] == [15, 44]
    assert found["waiting"] == 2
    assert [(row["path"], row["appealed"]["of"], row["overturned"]["of"]) for row in found["by_path"]] == [
        ("automated", [32, 986], [12, 32]),
        ("reviewed", [14, 14], [3, 12]),
    ]  # fmt: skip
    assert [row["of"] for row in found["appealed_by_group"]] == [[37, 500], [9, 500]]
    assert [row["of"] for row in found["overturned_by_group"]] == [[15, 35], [0, 9]]
    assert [row["enough"] for row in found["overturned_by_group"]] == [True, False]


def test_no_appeals_are_no_proof_of_being_right():
    found = appeals.document(GroupCounts(attributes=("gender",)), VOLUME)
    assert found["appealed"]["rate"] is found["overturned"]["rate"] is None
    assert found["appealed_by_group"] == []
