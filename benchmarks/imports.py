"""How many lines of the past does `answerable import` take in a second?

``python -m benchmarks.imports`` writes files of decisions (drawn from a seed), imports them with the real command into a fresh installation on SQLite and on
PostgreSQL, and prints lines a second from the command's start to its end, and CPU microseconds a line of the command and of the database. Then it reports
ground truth and groups for some of them, and says how fast the same file is found to be there. Writes JSON with ``--out``.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import random
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from pathlib import Path

from benchmarks.decisions import POLICY, installation, postgresql

POINT = "retention-offer"
GOAL = 5000


@dataclass(frozen=True, kw_only=True)
class Measured:
    """One file's import. CPU in microseconds a line."""

    database: str
    what: str
    lines: int
    seconds: float
    cpu_command: float
    cpu_database: float

    @property
    def rate(self) -> float:
        """Return lines a second."""
        return self.lines / self.seconds


def main() -> None:
    """Run it all and print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--lines", type=int, default=100_000, help="decisions in a file")
    parser.add_argument("--later", type=int, default=10_000, help="lines of truth and of groups")
    parser.add_argument("--out", type=Path, help="also write the figures as JSON")
    parser.add_argument("--without-postgresql", action="store_true")
    options = parser.parse_args()
    results: list[Measured] = []
    with tempfile.TemporaryDirectory(prefix="answerable-bench-") as folder:
        root = Path(folder)
        files = written(root, options.lines, options.later)
        print(
            f"{'':<12}{'':<34}{'lines':>9}{'lines/s':>9}{'CPU us':>8}{'DB us':>7}   load {os.getloadavg()[0]:.1f}"
        )
        with postgresql(root, wanted=not options.without_postgresql) as server:
            urls = {"SQLite": None, **({} if server is None else {"PostgreSQL": server})}
            for database, url in urls.items():
                environment = {
                    "ANSWERABLE_HOME": str(root / database),
                    "ANSWERABLE_HIGHWATER_DIR": str(root / f"{database}-highwater"),
                    "ANSWERABLE_LOG_LEVEL": "error",
                }
                if url is not None:
                    environment["ANSWERABLE_DATABASE_URL"] = url
                installation(environment)
                for what, kind, path in files:
                    measured = measure(database, what, kind, path, environment)
                    results.append(measured)
                    print(
                        f"{database:<12}{what:<34}{measured.lines:>9,}{measured.rate:>9,.0f}"
                        f"{measured.cpu_command:>8.0f}{measured.cpu_database:>7.0f}",
                        flush=True,
                    )
    slow = [one for one in results if one.what.startswith("decisions") and one.rate < GOAL]
    print(f"Goal: {GOAL:,} decisions a second. {'Missed' if slow else 'Reached'} here.")
    if options.out is not None:
        options.out.write_text(json.dumps([asdict(one) for one in results], indent=1))


def written(root: Path, lines: int, later: int) -> list[tuple[str, str, Path]]:
    """Write the files; return what each is, its command, and where it is, in the order in which they are imported."""
    dice = random.Random(1)

    def decision(number: int) -> dict[str, object]:
        outcome = dice.choice(["offer_discount", "no_offer"])
        return {
            "subject": f"cust-{dice.randrange(max(1, lines // 2))}",
            "gender": dice.choice(["female", "male"]),
            "age_band": dice.choice(["18-29", "30-59", "60+"]),
            "tenure_months": dice.randrange(70),
            "monthly_charges": round(dice.uniform(10, 120), 2),
            "contract": dice.choice(["month-to-month", "one-year", "two-year"]),
            "proposed": outcome,
            "confidence": round(dice.random(), 4),
            "outcome": outcome,
            "occurred_at": f"2026-{dice.randrange(1, 11):02d}-{dice.randrange(1, 28):02d}T08:00:00Z",
            "ground_truth": dice.choice(["", "offer_discount", "no_offer"]),
        }

    def as_request(number: int) -> str:
        told = decision(number)
        request = {
            "subject": {
                "ref": told["subject"],
                "groups": {"gender": told["gender"], "age_band": told["age_band"]},
            },
            "features": {
                name: told[name] for name in ("tenure_months", "monthly_charges", "contract")
            },
            "proposal": {"outcome": told["proposed"], "confidence": told["confidence"]},
            "outcome": told["outcome"],
            "occurred_at": told["occurred_at"],
        }
        return json.dumps(request) + "\n"

    def table(name: str, count: int, row: Callable[[int], dict[str, object]]) -> Path:
        path = root / name
        with path.open("w", newline="") as file:
            writer = csv.DictWriter(file, list(row(0)))
            writer.writeheader()
            writer.writerows(row(number) for number in range(count))
        return path

    def lines_of(name: str, texts: Iterable[str]) -> Path:
        path = root / name
        with path.open("w") as file:
            file.writelines(texts)
        return path

    plain = table("decisions.csv", lines, decision)
    named = table("named.csv", lines, lambda n: {"reference": f"R-{n}", **decision(n)})
    return [
        ("decisions, CSV", "decisions", plain),
        ("decisions, CSV with references", "decisions", named),
        (
            "decisions, NDJSON",
            "decisions",
            lines_of("decisions.ndjson", (as_request(n) for n in range(lines))),
        ),
        ("the same CSV again", "decisions", plain),
        (
            "ground truth by reference",
            "ground-truth",
            table("truth.csv", later, lambda n: {"reference": f"R-{n}", "outcome": "no_offer"}),
        ),
        (
            "groups by reference",
            "groups",
            table("groups.csv", later, lambda n: {"reference": f"R-{n}", "gender": "other"}),
        ),
    ]


def measure(
    database: str,
    what: str,
    kind: str,
    path: Path,
    environment: dict[str, str],
) -> Measured:
    """Import one file with the command, and read the clocks around it."""
    with path.open("rb") as file:
        lines = sum(1 for _ in file) - (path.suffix == ".csv")
    command = [str(Path(sys.executable).with_name("answerable")), "import", kind, str(path)]
    cpu, base = resource.getrusage(resource.RUSAGE_CHILDREN), database_seconds()
    begun = time.perf_counter()
    subprocess.run(
        [*command, "--point", POINT],
        env={**os.environ, **environment},
        check=True,
        stdout=subprocess.DEVNULL,
    )
    seconds = time.perf_counter() - begun
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    spent = used.ru_utime + used.ru_stime - cpu.ru_utime - cpu.ru_stime
    return Measured(
        database=database,
        what=what,
        lines=lines,
        seconds=seconds,
        cpu_command=1e6 * spent / lines,
        cpu_database=1e6 * (database_seconds() - base) / lines if database == "PostgreSQL" else 0.0,
    )


def database_seconds() -> float:
    """Return the CPU time of PostgreSQL's processes, those that ended too, which their parent has counted."""
    total = 0
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                if (entry / "comm").read_text().strip() != "postgres":
                    continue
                parts = (entry / "stat").read_text().rpartition(")")[2].split()
            except OSError:
                continue
            total += sum(int(part) for part in parts[11:15])
    return total / os.sysconf("SC_CLK_TCK")


if __name__ == "__main__":
    assert "gender" in POLICY, "the files give group attributes"
    main()
