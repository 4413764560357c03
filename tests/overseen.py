"""Reviews of made-up people on real cases, for tests of what tells real oversight from stamping."""

from __future__ import annotations

import csv
import gzip
import random
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path as Folder
from typing import Any, Final

from audits.fairness.counts import WaitCell
from audits.oversight.attention import floor_of
from audits.oversight.overrides import band
from audits.oversight.records import (
    AppealCell,
    GroupCounts,
    OverrideCell,
    Path,
    Purpose,
    QueueCell,
    Review,
    TruthFrom,
    Verdict,
)

BEGUN: Final = datetime(2026, 10, 5, 8, 0, tzinfo=UTC)
POINT: Final = "credit"
YES, NO = "yes", "no"


def review(**more: Any) -> Review:
    """Make a review of a proposal that was accepted, changed in what a test is about."""
    known: dict[str, Any] = {
        "reviewer": "r1",
        "decision_point": POINT,
        "queue": "main",
        "given_at": BEGUN,
        "purpose": Purpose.DECIDE,
        "verdict": Verdict.APPROVE,
        "proposed": YES,
        "proposed_positive": True,
        "outcome": YES,
    }
    found = known | more
    if "verdict" not in more and found["outcome"] != found["proposed"]:
        found["verdict"] = Verdict.CHANGE
    return Review(**found)


def gold(*, caught: bool, **more: Any) -> Review:
    """Make a review of a known mistake."""
    outcome = NO if caught else YES
    return review(
        purpose=Purpose.GOLD, truth=NO, truth_from=TruthFrom.GOLD, outcome=outcome, **more
    )


# ------------------------------------------------------------------------------------ real cases


@dataclass(frozen=True, kw_only=True)
class Case:
    """A real case: what a model made of it, and what was right."""

    proposed: str
    truth: str
    confidence: float
    group: tuple[tuple[str, str], ...]

    @property
    def wrong(self) -> bool:
        return self.proposed != self.truth


@cache
def cases_of(folder: Folder) -> tuple[Case, ...]:
    """Read the prepared predictions of a data set; those of the model that sees no group."""
    raw = gzip.decompress((folder / "expected" / "baseline_predictions.csv.gz").read_bytes())
    found = []
    for row in csv.DictReader(raw.decode().splitlines()):
        score = float(row["score_lr_blind"])
        groups = {
            name.removeprefix("group:"): value
            for name, value in row.items()
            if name in {"group:gender", "group:age"}
        }
        found.append(
            Case(
                proposed=YES if score >= 0.5 else NO,
                truth=YES if row["y"] == "1" else NO,
                confidence=max(score, 1 - score),
                group=tuple(sorted(groups.items())),
            )
        )
    return tuple(found)


# ------------------------------------------------------------------------------------ made-up people


@dataclass(frozen=True, kw_only=True)
class Person:
    """How somebody reviews: the share of wrong proposals caught, of right ones overridden, and how it looks from outside.

    ``pace`` is the median of the time looked at over its floor; ``opens`` how often all panels are opened; ``alike`` how often a reason is the
    usual one. ``against`` is the group whose favourable proposals are overridden with the chance ``spite``, beside all else.
    """

    name: str
    catches: float
    spoils: float = 0.05
    pace: float = 2.0
    opens: float = 0.85
    alike: float = 0.15
    against: tuple[str, str] | None = None
    spite: float = 0.5

    def outcome(self, case: Case, drawing: random.Random) -> str:
        other = NO if case.proposed == YES else YES
        if self.against in case.group and case.proposed == YES and drawing.random() < self.spite:
            return other
        chance = self.catches if case.wrong else self.spoils
        return other if drawing.random() < chance else case.proposed


HONEST: Final = Person(name="honest", catches=0.8)
#: Accepts nearly everything, quickly, and ticks the reason off.
STAMPER: Final = Person(name="stamper", catches=0.1, spoils=0.01, pace=0.6, opens=0.3, alike=0.97)
#: Accepts nearly everything and looks busy: only gold cases can tell.
ACTOR: Final = replace(STAMPER, name="actor", pace=2.0, opens=0.85, alike=0.15)
#: Catches as much as the honest one, but reads fast and writes the same reason nearly always.
TERSE: Final = replace(HONEST, name="terse", pace=0.9, alike=0.95)
BIASED: Final = Person(name="biased", catches=0.8, against=("gender", "Female"))


def reviewed(
    person: Person, cases: Sequence[Case], count: int, *, seed: int, known: float = 0.3
) -> Iterator[tuple[Review, Case]]:
    """Let a person review so many cases, one of each block of 20 at a random place a known mistake.

    ``known`` is the share of ordinary cases whose truth turns out later.
    """
    drawing = random.Random(seed)
    mistakes = [case for case in cases if case.wrong]
    for number in range(count):
        if number % 20 == 0:
            planted = number + drawing.randrange(20)
        is_gold = number == planted
        case = drawing.choice(mistakes if is_gold else cases)
        outcome = person.outcome(case, drawing)
        words = drawing.randint(80, 240)
        alike = drawing.random() < person.alike
        told = is_gold or drawing.random() < known
        source = TruthFrom.GOLD if is_gold else TruthFrom.LATER
        yield (
            review(
                reviewer=person.name,
                given_at=BEGUN + timedelta(days=number // 25, minutes=3 * (number % 25)),
                purpose=Purpose.GOLD if is_gold else Purpose.DECIDE,
                proposed=case.proposed,
                proposed_positive=case.proposed == YES,
                outcome=outcome,
                confidence=case.confidence,
                truth=case.truth if told else None,
                truth_from=source if told else None,
                words=words,
                seconds=floor_of(words) * person.pace * drawing.lognormvariate(0, 0.5),
                panels_required=2,
                panels_opened=2 if drawing.random() < person.opens else drawing.randint(0, 1),
                reason_digest="usual" if alike else f"{person.name} {number}",
                reason_length=4 if alike else 40,
                position=number % 25 + 1,
                hour=8 + number % 25 // 10,
            ),
            case,
        )


def override_cells(pairs: Sequence[tuple[Review, Case]]) -> tuple[OverrideCell, ...]:
    """Count reviews of ordinary cases by group and band of score, as the vault does."""
    found = Counter(
        (case.group, str(band(one.confidence)), one.proposed == YES, one.overridden)
        for one, case in pairs
        if one.purpose is not Purpose.GOLD
    )
    return tuple(
        OverrideCell(group=group, band=name, positive=positive, overridden=overridden, count=count)
        for (group, name, positive, overridden), count in sorted(found.items())
    )


# ------------------------------------------------------------------------------------ samples


def drawn_cases(count: int = 400, *, seed: int = 1) -> tuple[Case, ...]:
    """Draw cases that are nobody's, for where the real ones are not needed."""
    drawing = random.Random(seed)
    found = []
    for _ in range(count):
        score = drawing.betavariate(2, 2)
        found.append(
            Case(
                proposed=YES if score >= 0.5 else NO,
                truth=YES if drawing.random() < score else NO,
                confidence=max(score, 1 - score),
                group=(("gender", drawing.choice(["female", "male"])),),
            )
        )
    return tuple(found)


def group_counts(pairs: Sequence[tuple[Review, Case]]) -> GroupCounts:
    women, men = (("gender", "female"),), (("gender", "male"),)
    return GroupCounts(
        attributes=("gender",),
        overrides=override_cells(pairs),
        queue=[
            QueueCell(group=group, queued=queued, wrong=wrong, count=count)
            for group, queued, wrong, count in [
                (women, True, None, 240),
                (women, False, True, 31),
                (women, False, False, 229),
                (men, True, None, 150),
                (men, False, True, 22),
                (men, False, False, 328),
            ]
        ],
        waits=[
            WaitCell(group=women, at_most=240, count=180),
            WaitCell(group=women, at_most=1440, count=60),
            WaitCell(group=men, at_most=120, count=150),
        ],
        appeals=[
            AppealCell(group=group, path=path, appealed=appealed, overturned=over, count=count)
            for group, path, appealed, over, count in [
                (women, Path.AUTOMATED, True, True, 12),
                (women, Path.AUTOMATED, True, False, 20),
                (women, Path.REVIEWED, True, True, 3),
                (women, Path.REVIEWED, True, None, 2),
                (women, Path.AUTOMATED, False, None, 463),
                (men, Path.REVIEWED, True, False, 9),
                (men, Path.AUTOMATED, False, None, 491),
            ]
        ],
    )


def doubled(pairs: Sequence[tuple[Review, Case]], *, seed: int = 5) -> list[Review]:
    """Let a careful colleague judge every sixth case again, without seeing the proposal."""
    drawing = random.Random(seed)
    found = []
    for at, (one, case) in enumerate(pairs):
        if at % 6 or one.purpose is Purpose.GOLD:
            found.append(one)
            continue
        pair = f"case-{at:04}"
        right = drawing.random() < 0.8
        other = case.truth if right else (NO if case.truth == YES else YES)
        found += [
            replace(one, pair=pair, first=case.truth if right else case.proposed),
            review(
                reviewer="colleague",
                purpose=Purpose.DOUBLE,
                verdict=Verdict.CHANGE if other != case.proposed else Verdict.APPROVE,
                proposed=case.proposed,
                outcome=other,
                given_at=one.given_at + timedelta(hours=2),
                pair=pair,
                seconds=60.0,
                words=120,
            ),
        ]
    return found
