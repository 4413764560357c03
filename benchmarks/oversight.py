"""What raises the rubber-stamp alarm, and how soon is leaning against a group found? ``python -m benchmarks.oversight``.

Made-up reviewers on real cases, with fixed seeds: the folder of data sets is named by ``--data``.
"""

from __future__ import annotations

import argparse
import random
import sys
from collections import Counter
from pathlib import Path

from audits.oversight import alarm, disparity, samples
from audits.oversight.plan import Plan, Volume
from audits.oversight.records import GroupCounts
from tests.overseen import (
    ACTOR,
    BIASED,
    HONEST,
    STAMPER,
    TERSE,
    Case,
    Person,
    cases_of,
    override_cells,
    reviewed,
)

PEOPLE = (STAMPER, ACTOR, HONEST, TERSE)


def raised(person: Person, cases: tuple[Case, ...], runs: int, reviews: int) -> Counter[str]:
    """Count in how many runs the alarm, its two ways and each of its signs came."""
    found: Counter[str] = Counter()
    for seed in range(runs):
        own = [one for one, _ in reviewed(person, cases, reviews, seed=seed)]
        told = alarm.document(own, Volume(reviews=len(own), weeks=5, plan=Plan()))
        found["raised"] += told["state"] == alarm.State.RAISED
        found["by_gold"] += told["by_gold"]
        found["by_signs"] += told["by_signs"]
        found.update(sign["sign"] for sign in told["signs"] if sign["met"])
    return found


def leaning(
    person: Person, cases: tuple[Case, ...], runs: int, reviews: int, least: int
) -> Counter[str]:
    """Count in how many runs overrides against women are said to be more, or less, frequent than against men."""
    found: Counter[str] = Counter()
    plan = Plan(group=least)
    for seed in range(runs):
        pairs = list(reviewed(person, cases, reviews, seed=seed))
        counts = GroupCounts(
            attributes=("gender",),
            reference={"gender": "Male"},
            overrides=override_cells(pairs),
        )
        told = disparity.overrides(counts, Volume(reviews=reviews, weeks=5, plan=plan))
        found.update(row["says"] for row in told["comparisons"] if row["direction"] == "against")
    return found


def looks(runs: int, cases: int, *, every: int) -> float:
    """Return how often somebody who catches 80 % is called a stamper at some look at the last six gold cases."""
    drawing, found = random.Random(1), 0
    rule = samples.smallest()
    for _ in range(runs):
        caught = [drawing.random() < samples.GOOD for _ in range(cases)]
        found += any(
            sum(caught[end - rule.of : end]) < rule.flag_below
            for end in range(rule.of, cases + 1, every)
        )
    return found / runs


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--runs", type=int, default=200)
    options = parser.parse_args()
    if not options.data.is_dir():
        sys.exit(f"There are no data sets in {options.data}; name their folder with --data.")
    heads = ("raised", "by_gold", "by_signs", *(sign.value for sign in alarm.Sign))
    for name in ("german_credit", "vehicle_coupon"):
        cases = cases_of(options.data / name)
        print(f"\n{name}, 120 reviews, {options.runs} runs: share of runs")
        print(f"{'':10}" + "".join(f"{head:>14}" for head in heads))
        for person in PEOPLE:
            found = raised(person, cases, options.runs, 120)
            print(
                f"{person.name:10}"
                + "".join(f"{found[head] / options.runs:14.3f}" for head in heads)
            )
    cases = cases_of(options.data / "vehicle_coupon")
    print("\nvehicle_coupon: overrides against women said to be more frequent, by reviews")
    print(
        f"{'reviews':>8}{'biased':>10}{'biased, no least':>18}{'honest':>10}{'honest, no least':>18}"
    )
    for reviews in (50, 100, 200, 300, 350, 400, 500, 600, 800, 1200):
        row = [
            leaning(person, cases, options.runs, reviews, least)["more"] / options.runs
            for person in (BIASED, HONEST)
            for least in (100, 1)
        ]
        print(f"{reviews:8}{row[0]:10.3f}{row[1]:18.3f}{row[2]:10.3f}{row[3]:18.3f}")

    print("\nsomebody who catches 80 %, called a stamper at some look, by reviews")
    print(f"{'reviews':>8}{'each gold case':>16}{'each window':>14}")
    for golds in (6, 12, 24, 50):
        print(
            f"{golds * 20:8}{looks(20_000, golds, every=1):16.3f}{looks(20_000, golds, every=6):14.3f}"
        )


if __name__ == "__main__":
    main()
