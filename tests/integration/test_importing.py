"""`answerable import`: the past comes in as it was, each line once, and what does not fit is named."""

from __future__ import annotations

import csv
import json
import random
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from click.testing import CliRunner, Result

from audits.fairness.counts import NEVER, Stage
from governance.actors import service as service_actor
from governance.application import Answerable
from governance.cli import answerable as command
from governance.counting import folding, reading, reconciling
from governance.decisions import service
from governance.decisions.models import Decision
from governance.errors import Unavailable
from governance.imports import background, crew, parts, running
from governance.imports import service as imports
from governance.imports.identity import LineIds
from governance.imports.models import ImportPart, ImportReference, ImportRun
from governance.imports.past import Decisions
from governance.imports.running import RunKeeper
from governance.imports.states import Kind
from governance.ledger.models import PendingRecord
from governance.ledger.sequencing import drain
from governance.operations import verifying
from governance.points import service as points
from governance.subjects.models import PayloadRow, SubjectKeyRow, VaultRow
from governance.truth.models import GroundTruth
from tests import accounts
from tests.conftest import MOSTLY_POSTGRESQL, MOSTLY_SQLITE, paired
from tests.retention import POINT, POLICY, body

CSV = """\
customer,gender,tenure_months,monthly_charges,contract,offered,occurred_at,proposal.outcome,proposal.confidence,shoe size
c-1,female,3,89.5,one-year,offer_discount,2026-10-01T08:00:00Z,offer_discount,0.9,38
c-2,male,many,10,one-year,no_offer,2026-10-01T08:00:00Z,no_offer,0.9,44
c-3,male,7,10,one-year,a yacht,2026-10-01T08:00:00Z,no_offer,0.9,44
"""
MAPS = ["--map", "customer=subject.ref", "--map", "offered=outcome"]
HEADER = "reference,subject,gender,tenure_months,monthly_charges,contract,proposed,confidence,outcome,date,ground_truth\n"
THEN = "2026-10-01T08:00:00Z"


def run(answerable: Answerable, *arguments: str) -> Result:
    environment = {
        "ANSWERABLE_HOME": str(answerable.settings.home),
        "ANSWERABLE_DATABASE_URL": str(answerable.settings.database_url),
        "ANSWERABLE_HIGHWATER_DIR": str(answerable.settings.highwater_dir),
        "ANSWERABLE_LOG_PENDING_LIMIT": str(answerable.settings.log_pending_limit),
    }
    return CliRunner().invoke(command, ["import", *arguments], env=environment)


def _run(answerable: Answerable, *arguments: str) -> Result:
    return run(answerable, "decisions", *arguments)


def line(number: int, **changes: str) -> str:
    dice = random.Random(number)
    cells = {
        "reference": f"A-{number}",
        "subject": f"c-{number % 40}",
        "gender": dice.choice(["female", "male", "unknown"]),
        "tenure_months": str(dice.randrange(70)),
        "monthly_charges": f"{dice.uniform(10, 120):.2f}",
        "contract": dice.choice(["month-to-month", "one-year"]),
        "proposed": dice.choice(["offer_discount", "no_offer"]),
        "confidence": f"{dice.random():.3f}",
        "outcome": dice.choice(["offer_discount", "no_offer"]),
        "date": f"2026-10-{dice.randrange(1, 28):02d}",
        "ground_truth": dice.choice(["", "offer_discount", "no_offer"]),
        **changes,
    }
    return ",".join(cells.values()) + "\n"


def table(tmp_path: Path, count: int, name: str = "october.csv", **changes: str) -> Path:
    file = tmp_path / name
    file.write_text(HEADER + "".join(line(number, **changes) for number in range(count)))
    return file


def stored(answerable: Answerable) -> int:
    with answerable.database.read() as session:
        return session.execute(
            sa.select(sa.func.count()).select_from(Decision).where(Decision.imported)
        ).scalar_one()


def counted(answerable: Answerable) -> int:
    """Fold everything, see that the counts are those of the rows, and return how many decisions they hold."""
    while folding.fold(answerable):
        pass
    assert reconciling.reconcile(answerable, service_actor("tests")).differing == 0
    with answerable.look(service_actor("tests")) as work:
        cells = reading.counts(work, POINT).cells
    return sum(cell.count for cell in cells if cell.stage is Stage.OUTCOME)


def findings(answerable: Answerable) -> list[str]:
    drain(answerable)
    return [str(one) for one in verifying.verify(answerable).findings]


def finished(answerable: Answerable) -> list[dict]:
    return [entry["data"] for entry in accounts.entries(answerable, "import.finished")]


def publish(answerable: Answerable, text: str) -> None:
    """Put a policy in force as the command line does while nobody has an account."""
    with answerable.work(service_actor("cli")) as work:
        points.bootstrap_publish(work, text)


@pytest.fixture(autouse=True)
def _policy(answerable: Answerable) -> None:
    publish(answerable, POLICY)


# --------------------------------------------------------------------------------- what comes in


@pytest.mark.parametrize("dry", [True, False])
def test_a_csv_is_imported_by_its_map_and_bad_lines_are_named(
    answerable: Answerable, tmp_path: Path, dry: bool
) -> None:
    file = tmp_path / "october.csv"
    file.write_text(CSV)
    ran = _run(answerable, str(file), "--point", POINT, *MAPS, *(["--dry-run"] if dry else []))
    assert ran.exit_code == 1
    assert "october.csv:3: features.tenure_months: 'many' cannot be read" in ran.stderr
    assert "october.csv:4: /outcome: Expected one of" in ran.stderr
    assert "Not used: shoe size." in ran.stderr
    assert ran.stdout == (
        f"1 decisions {'would be imported' if dry else 'imported'}, 2 lines refused.\n"
    )
    with answerable.look(service_actor("tests")) as work:
        found = service.search(work, subject_ref="c-1").decisions
        assert [(view.outcome, view.imported, view.source) for view in found] == (
            [] if dry else [("offer_discount", True, "import")]
        )
        assert (work.session.execute(sa.select(ImportRun)).first() is None) is dry


def test_ndjson_is_imported_as_requests_with_their_outcome(
    answerable: Answerable, tmp_path: Path
) -> None:
    file = tmp_path / "october.ndjson"
    past = body(
        occurred_at=THEN,
        outcome="no_offer",
        verdict="reject",
        ground_truth="offer_gift",
        reference="A-1",
        metadata={"ticket": "T-1"},
    )
    file.write_text("\n".join([json.dumps(past), "{", json.dumps({**past, "colour": 1}), ""]))
    ran = _run(answerable, str(file), "--point", POINT, "--json")
    told = json.loads(ran.stdout)
    assert (told["imported"], told["refused_count"]) == (1, 2)
    assert [line["line"] for line in told["refused"]] == [2, 3]
    with answerable.look(service_actor("tests")) as work:
        (found,) = service.search(work, subject_ref="cust-4711").decisions
        view = service.get(work, found.id)
        assert (view.status, view.outcome) == ("rejected", "no_offer")
        assert view.metadata == {"ticket": "T-1", "reference": "A-1"}
        assert work.session.get_one(GroundTruth, found.id).outcome == "offer_gift"
    assert findings(answerable) == []


def test_a_decision_without_a_machine_comes_in_and_is_counted_where_there_is_something_to_count(
    answerable: Answerable, tmp_path: Path
) -> None:
    file = table(tmp_path, 3, proposed="", confidence="")
    assert _run(answerable, str(file), "--point", POINT).exit_code == 0
    assert counted(answerable) == 3
    assert findings(answerable) == []
    half = table(tmp_path, 1, "half.csv", proposed="", confidence="0.5", reference="B")
    ran = _run(answerable, str(half), "--point", POINT)
    assert "proposal.outcome: required where a line gives a confidence." in ran.stderr


def test_a_group_is_counted_though_nobody_is_named(answerable: Answerable, tmp_path: Path) -> None:
    file = table(tmp_path, 4, subject="", gender="zz-female")
    assert _run(answerable, str(file), "--point", POINT).exit_code == 0
    assert counted(answerable) == 4
    with answerable.look(service_actor("tests")) as work:
        assert {one.group for one in reading.counts(work, POINT).cells} == {
            (("gender", "zz-female"),)
        }
    with answerable.database.read() as session:
        tags = session.execute(sa.select(SubjectKeyRow.subject_tag)).scalars()
        assert set(tags) == {None}, "each has a key of its own"
    assert findings(answerable) == []


def test_an_unknown_group_is_not_recorded(answerable: Answerable, tmp_path: Path) -> None:
    file = table(tmp_path, 1, gender="Unknown")
    _run(answerable, str(file), "--point", POINT)
    with answerable.database.read() as session:
        assert session.execute(sa.select(VaultRow)).first() is None


def test_an_outcome_may_stand_by_its_label_and_a_time_by_the_businesss_clock(
    answerable: Answerable, tmp_path: Path
) -> None:
    file = table(tmp_path, 1, outcome="Offer a discount", date="2026-10-01 00:30")
    assert _run(answerable, str(file), "--point", POINT).exit_code == 0
    with answerable.database.read() as session:
        (row,) = session.execute(sa.select(Decision)).scalars()
    assert (row.outcome, row.occurred_at.isoformat()) == (
        "offer_discount",
        "2026-09-30T22:30:00+00:00",
    )


# -------------------------------------------------------------------------------- once, each line


def test_the_same_file_again_brings_nothing_new_whatever_it_is_called(
    answerable: Answerable, tmp_path: Path
) -> None:
    file = table(tmp_path, 20)
    first = _run(answerable, str(file), "--point", POINT)
    assert first.stdout == "20 decisions imported, 0 lines refused.\n"
    for name in ("october.csv", "copy.csv"):
        again = _run(answerable, str(file.rename(tmp_path / name)), "--point", POINT)
        assert "was imported on 2026-11-2" in again.stdout
        assert "nothing new" in again.stdout
        assert again.exit_code == 0
        file = tmp_path / name
    assert (stored(answerable), counted(answerable)) == (20, 20)
    (entry,) = finished(answerable)
    assert {name: entry[name] for name in ("kind", "point", "lines", "accepted", "refused")} == {
        "kind": "decisions",
        "point": POINT,
        "lines": 21,
        "accepted": 20,
        "refused": 0,
    }
    assert findings(answerable) == []


def test_the_same_bytes_with_another_map_are_imported_only_when_that_is_said(
    answerable: Answerable, tmp_path: Path
) -> None:
    file = table(tmp_path, 2)
    _run(answerable, str(file), "--point", POINT, "--map", "reference=")
    other = _run(answerable, str(file), "--point", POINT)
    assert other.exit_code == 1
    assert "with other meanings of its columns" in other.stderr
    assert stored(answerable) == 2
    ran = _run(answerable, str(file), "--point", POINT, "--again")
    assert ran.stdout == "2 decisions imported, 0 lines refused.\n"
    assert stored(answerable) == 4


class Killed(BaseException):
    """What stands in for a process that ends."""


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("batch", [1, 2, 4])
def test_an_import_that_was_interrupted_goes_on_where_it_stopped(
    answerable: Answerable,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    when: str,
    batch: int,
) -> None:
    file = tmp_path / "october.csv"
    lines = [line(n, **({"outcome": "a yacht"} if n % 9 == 0 else {})) for n in range(50)]
    file.write_text(HEADER + "".join(lines))
    monkeypatch.setitem(running.AT_ONCE, Kind.DECISIONS, 10)
    owner, name = (Decisions, "store") if when == "before" else (RunKeeper, "keep")
    act, turns = getattr(owner, name), iter(range(99))

    def interrupted(*arguments):
        # Between what is stored and what is kept account of, or after it.
        if next(turns) == batch:
            raise Killed
        return act(*arguments)

    monkeypatch.setattr(owner, name, interrupted)
    with pytest.raises(Killed):
        imports.import_file(
            answerable,
            service_actor("cli"),
            kind=Kind.DECISIONS,
            point=POINT,
            path=file,
            mapping={},
            progress=lambda *_: None,
        )
    monkeypatch.undo()
    with answerable.database.read() as session:
        (stopped,) = session.execute(sa.select(ImportRun)).scalars()
    assert (stopped.status, stopped.finished_at) == ("running", None)
    assert 0 < stopped.done < 51
    assert finished(answerable) == []
    ran = _run(answerable, str(file), "--point", POINT)
    assert ran.stdout == "44 decisions imported, 6 lines refused.\n"
    assert ran.stderr.count("/outcome") == 6, "also those refused before it was interrupted"
    assert (stored(answerable), counted(answerable)) == (44, 44)
    (entry,) = finished(answerable)
    assert (entry["accepted"], entry["refused"]) == (44, 6)
    assert findings(answerable) == []


def test_each_decision_has_the_id_that_run_and_line_give(
    answerable: Answerable, tmp_path: Path
) -> None:
    _run(answerable, str(table(tmp_path, 5)), "--point", POINT)
    with answerable.database.read() as session:
        (made,) = session.execute(sa.select(ImportRun)).scalars()
        found = sorted(session.execute(sa.select(Decision.id)).scalars())
    ids = LineIds(digest=made.digest, started_at=made.started_at)
    assert found == [ids.of(number) for number in range(2, 7)]


def test_lines_refused_before_are_tried_again_with_the_same_file_and_only_these(
    answerable: Answerable, tmp_path: Path
) -> None:
    file = tmp_path / "october.csv"
    file.write_text(HEADER + line(1) + line(2, outcome="a_yacht") + line(3, date="soon"))
    assert "1 decisions imported, 2 lines" in _run(answerable, str(file), "--point", POINT).stdout
    publish(answerable, POLICY.replace("offer_gift:", "a_yacht:"))
    again = _run(answerable, str(file), "--point", POINT)
    assert again.stdout == "2 decisions imported, 1 line refused.\n"
    assert "october.csv:4: occurred_at" in again.stderr
    third = _run(answerable, str(file), "--point", POINT)
    assert "nothing new, 1 line refused." in third.stdout
    assert (stored(answerable), counted(answerable)) == (2, 2)
    assert findings(answerable) == []


def test_a_line_is_known_by_its_reference_in_every_later_file(
    answerable: Answerable, tmp_path: Path
) -> None:
    _run(answerable, str(table(tmp_path, 10)), "--point", POINT)
    file = tmp_path / "november.csv"
    file.write_text(
        HEADER
        + "".join(line(number) for number in range(12))
        + line(3, outcome="offer_gift")
        + line(20)
        + line(21, reference="A-20")
    )
    ran = _run(answerable, str(file), "--point", POINT)
    assert ran.stdout == "13 decisions imported, 10 of them there already, 2 lines refused.\n"
    assert "november.csv:14: reference: an earlier file has it for a decision" in ran.stderr
    assert "november.csv:16: reference: line 15 has the same." in ran.stderr
    assert stored(answerable) == 13
    corrected = table(tmp_path, 1, "corrected.csv", outcome="offer_gift")
    other = _run(answerable, str(corrected), "--point", POINT)
    assert "an earlier file has it for a decision with another time or outcome" in other.stderr
    dry = _run(answerable, str(file), "--point", POINT, "--dry-run", "--map", "gender=")
    assert (
        dry.stdout == "13 decisions would be imported, 13 of them there already, 2 lines refused.\n"
    )
    with answerable.database.read() as session:
        known = session.execute(sa.select(ImportReference.tag)).scalars().all()
    assert len(known) == 13
    assert not any("A-" in tag for tag in known), "references are kept as keyed tags alone"


def test_a_policy_that_changes_meanwhile_is_the_one_that_counts(
    answerable: Answerable, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store, turns = Decisions.store, iter(range(9))

    def changed(taker, made):
        if next(turns) == 0:
            publish(answerable, POLICY.replace("0.80", "0.85"))
        return store(taker, made)

    monkeypatch.setattr(Decisions, "store", changed)
    file = table(tmp_path, 5)
    assert "5 decisions imported" in _run(answerable, str(file), "--point", POINT).stdout
    with answerable.database.read() as session:
        assert set(session.execute(sa.select(Decision.policy_version)).scalars()) == {2}
    assert findings(answerable) == []


def test_a_database_that_cannot_be_written_stops_an_import_that_goes_on_later(
    answerable: Answerable, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(running, "_PAUSE", 0.0)

    def failing(*_):
        raise Unavailable("The database is away.")

    monkeypatch.setattr(Decisions, "store", failing)
    file = table(tmp_path, 5)
    ran = _run(answerable, str(file), "--point", POINT)
    assert ran.exit_code == 1
    assert "Error: The database is away." in ran.stderr
    monkeypatch.undo()
    assert "5 decisions imported" in _run(answerable, str(file), "--point", POINT).stdout


def test_an_import_lets_the_log_catch_up(
    answerable: Answerable, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(running.AT_ONCE, Kind.DECISIONS, 50)
    answerable.settings.__dict__["log_pending_limit"] = 100
    ran = _run(answerable, str(table(tmp_path, 400)), "--point", POINT)
    assert "400 decisions imported" in ran.stdout
    with answerable.database.read() as session:
        waiting = session.execute(
            sa.select(sa.func.count()).select_from(PendingRecord)
        ).scalar_one()
    assert waiting <= 150


def test_a_log_that_nobody_sequences_stops_an_import(
    answerable: Answerable, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(running.AT_ONCE, Kind.DECISIONS, 50)
    for name, value in (("_PATIENCE", 0.0), ("_PAUSE", 0.0)):
        monkeypatch.setattr(running, name, value)
    monkeypatch.setattr(running, "_has_log_key", lambda _: False)
    answerable.settings.__dict__["log_pending_limit"] = 100
    ran = _run(answerable, str(table(tmp_path, 400)), "--point", POINT)
    assert ran.exit_code == 1
    assert "Start the service or a worker" in ran.stderr
    assert 0 < stored(answerable) < 400


# ---------------------------------------------------------------------- several processes, one file


@pytest.fixture
def crowd(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let two processes take even a small file."""
    monkeypatch.setattr(crew, "FROM_LINES", 5)
    monkeypatch.setattr(crew, "size", lambda: 2)
    monkeypatch.setitem(running.AT_ONCE, Kind.DECISIONS, 10)


@MOSTLY_SQLITE
def test_several_processes_take_a_file_as_one_does(
    answerable: Answerable, tmp_path: Path, crowd: None
) -> None:
    file = tmp_path / "october.csv"
    lines = [line(n, **({"outcome": "a yacht"} if n % 9 == 0 else {})) for n in range(95)]
    file.write_text(HEADER + "".join(lines))
    ran = _run(answerable, str(file), "--point", POINT)
    assert ran.stdout == "84 decisions imported, 11 lines refused.\n"
    refused = [int(one.split(":")[1]) for one in ran.stderr.splitlines() if "/outcome" in one]
    assert refused == [n + 2 for n in range(0, 95, 9)], "in the order of the file"
    assert (stored(answerable), counted(answerable)) == (84, 84)
    publish(answerable, POLICY.replace("offer_gift:", '"a yacht":'))
    again = _run(answerable, str(file), "--point", POINT)
    assert again.stdout == "95 decisions imported, 0 lines refused.\n"
    assert (stored(answerable), counted(answerable)) == (95, 95)
    assert findings(answerable) == []


@MOSTLY_POSTGRESQL
def test_a_reference_that_two_processes_meet_at_once_is_taken_once(
    answerable: Answerable, tmp_path: Path, crowd: None
) -> None:
    file = tmp_path / "october.csv"
    lines = [line(n, reference=f"A-{n // 20 * 10 + n % 10}") for n in range(80)]
    file.write_text(HEADER + "".join(lines))
    ran = _run(answerable, str(file), "--point", POINT)
    assert ran.stdout == "40 decisions imported, 40 lines refused.\n"
    assert ran.stderr.count("reference: line ") == 40
    with answerable.database.read() as session:
        tags = session.execute(sa.select(ImportReference.tag)).scalars().all()
    assert (len(set(tags)), stored(answerable), counted(answerable)) == (40, 40, 40)
    assert findings(answerable) == []


@paired("fault", "ended", "away")
def test_a_process_that_helps_and_ends_stops_the_import_which_goes_on_later(
    answerable: Answerable,
    tmp_path: Path,
    crowd: None,
    monkeypatch: pytest.MonkeyPatch,
    fault: str,
) -> None:
    described = crew.described

    def broken(settings):
        told = described(settings)
        # A home that is not there is said; settings that cannot be read end the process.
        return told | ({"home": "/nowhere"} if fault == "away" else {"commit_queue": "?"})

    monkeypatch.setattr(crew, "described", broken)
    file = table(tmp_path, 40)
    ran = _run(answerable, str(file), "--point", POINT)
    assert ran.exit_code == 1
    told = "has ended. Import the file again" if fault == "ended" else "The secret kek is missing"
    assert told in ran.stderr
    monkeypatch.setattr(crew, "FROM_LINES", 1_000)
    assert "40 decisions imported" in _run(answerable, str(file), "--point", POINT).stdout
    assert (stored(answerable), counted(answerable)) == (40, 40)


# ------------------------------------------------------------------------------- what is refused

NOWHERE = "was imported"
NONSENSE = {
    "empty": ("a.csv", b"", "is empty"),
    "no-columns": ("a.csv", b"\n\n", "names no columns"),
    "binary": ("a.csv", bytes(range(256)), "byte 0 in line 1"),
    "workbook": ("a.csv", b"PK\x03\x04\x14", "an Excel workbook"),
    "spreadsheet": ("a.xlsx", b"PK\x03\x04\x14", r"ends in .csv or .ndjson"),
    "latin": ("a.csv", "reference\nMünchen\n".encode("latin-1"), "is not UTF-8: line 2"),
    "utf-16": ("a.csv", "reference\nA\n".encode("utf-16"), "written in UTF-16"),
    "nulls": ("a.csv", HEADER.encode() + b"A\0,1\n", "byte 0 in line 2"),
    "header-twice": ("a.csv", b"outcome,outcome\n1,2\n", "names outcome more than once"),
    "columns-missing": ("a.csv", b"outcome,date\nno_offer,2026-10-01\n", "features.tenure_months"),
    "json-mapped": ("a.ndjson", b"{}\n", "A map is for the columns of a table"),
}


@pytest.mark.parametrize("kind", ["decisions", "ground-truth", "groups"])
def test_a_file_that_cannot_be_taken_at_all_is_one_sentence_and_nothing_is_kept(
    answerable: Answerable, tmp_path: Path, kind: str
) -> None:
    for name, (called, raw, told) in NONSENSE.items():
        # Other kinds need other columns.
        if name == "columns-missing" and kind != "decisions":
            continue
        file = tmp_path / called
        file.write_bytes(raw)
        maps = ["--map", "a=outcome"] if name == "json-mapped" else []
        for dry in ([], ["--dry-run"]):
            ran = run(answerable, kind, str(file), "--point", POINT, *maps, *dry)
            assert ran.exit_code == 1, (name, ran.output)
            assert told in ran.stderr, name
            assert ran.stderr.startswith("Error: "), name
            assert "Traceback" not in ran.output, name
    with answerable.database.read() as session:
        assert session.execute(sa.select(ImportRun)).first() is None


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--point", "nowhere"], "no decision point 'nowhere'"),
        (["--point", POINT, "--map", "client=subject.ref"], "has no column client"),
        (["--point", POINT, "--map", "shoe size=features.shoe"], "cannot mean 'features.shoe'"),
        (["--point", POINT], "No column gives outcome"),
    ],
)
def test_a_command_that_does_not_fit_the_file_is_refused(
    answerable: Answerable, tmp_path: Path, arguments: list[str], told: str
) -> None:
    file = tmp_path / "october.csv"
    file.write_text(CSV)
    ran = _run(answerable, str(file), *arguments)
    assert ran.exit_code == 1
    assert told in ran.stderr


def test_nonsense_in_a_line_is_refused_alone_and_listed_in_a_file(
    answerable: Answerable, tmp_path: Path
) -> None:
    good = json.dumps(body(occurred_at=THEN, outcome="no_offer"))
    changed = {
        "not JSON": '{"a": ',
        "a list": "[]",
        "NaN": good.replace("89.5", "NaN"),
        "too large a number": good.replace("89.5", "1e999"),
        "too large a whole number": good.replace('"tenure_months": 3', f'"tenure_months": {2**60}'),
        "huge in metadata": good[:-1] + ', "metadata": {"n": ' + "9" * 30 + "}}",
        "U+0000": good.replace("cust-4711", "c\\u0000"),
        "half a surrogate": good.replace("cust-4711", "\\ud800"),
        "a key twice": good[:-1] + ', "outcome": "offer_gift"}',
        "too deep": good[:-1] + ', "metadata": {"a": ' + "[" * 40 + "]" * 40 + "}}",
        "another point": good.replace(POINT, "elsewhere"),
        "no outcome": json.dumps(body(occurred_at=THEN)),
        "no time": json.dumps(body(outcome="no_offer")),
        "the future": good.replace(THEN, "2027-10-01T08:00:00Z"),
        "no such day": good.replace(THEN, "2026-02-30T08:00:00Z"),
        "a long channel": good[:-1] + f', "channel": "{"x" * 65}"}}',
        "a strange language": good[:-1] + ', "language": "English!"}',
        "a negative counter": good[:-1] + ', "sequence": -1}',
        "a long proposal": good.replace('"offer_discount"', f'"{"x" * 201}"'),
        "an undeclared group": good.replace('"gender"', '"faith"'),
        "a confidence beyond 1": good.replace("0.91", "1.01"),
        "a strange verdict": good[:-1] + ', "verdict": "maybe"}',
        "a strange truth": good[:-1] + ', "ground_truth": "a yacht"}',
        "10 MB": good.replace("cust-4711", "x" * 10_000_000),
    }
    file = tmp_path / "october.ndjson"
    file.write_text("\n".join([good, *changed.values(), good]) + "\n")
    listed = tmp_path / "refused.csv"
    ran = _run(answerable, str(file), "--point", POINT, "--refused", str(listed))
    assert ran.exit_code == 1
    assert ran.stdout == f"2 decisions imported, {len(changed)} lines refused.\n"
    with listed.open(newline="") as opened:
        rows = list(csv.reader(opened))
    assert rows[0] == ["line", "problem"]
    assert [row[0] for row in rows[1:]] == [str(n) for n in range(2, len(changed) + 2)]
    assert all(0 < len(row[1]) < 400 for row in rows[1:])
    assert findings(answerable) == []


def test_many_refused_lines_are_counted_and_the_first_are_shown(
    answerable: Answerable, tmp_path: Path
) -> None:
    file = table(tmp_path, 1200, outcome="a yacht")
    ran = _run(answerable, str(file), "--point", POINT)
    assert ran.stderr.count("/outcome") == 50
    assert "... and 1150 more" in ran.stderr
    told = json.loads(_run(answerable, str(file), "--point", POINT, "--json").stdout)
    assert (told["refused_count"], len(told["refused"])) == (1200, 1000)


def test_refused_lines_are_kept_encrypted_for_thirty_days(
    answerable: Answerable, tmp_path: Path, clock
) -> None:
    file = table(tmp_path, 3, outcome="zz-canary")
    with answerable.database.read() as session:
        before = session.execute(sa.select(sa.func.count()).select_from(SubjectKeyRow)).scalar_one()
    _run(answerable, str(file), "--point", POINT, "--map", "gender=")
    with answerable.database.read() as session:
        (made,) = session.execute(sa.select(ImportRun)).scalars()
        (part,) = session.execute(sa.select(ImportPart)).scalars()
    assert b"outcome" not in bytes(part.ciphertext)
    assert [one.line for one in parts.refused(answerable, made.id)] == [2, 3, 4]
    assert made.finished_at is not None
    clock.set(made.finished_at + timedelta(days=29))
    background.clean(answerable)
    assert list(parts.refused(answerable, made.id)) != []
    clock.advance(days=2)
    background.clean(answerable)
    with answerable.database.read() as session:
        assert session.execute(sa.select(ImportPart)).first() is None
        keys = session.execute(sa.select(sa.func.count()).select_from(SubjectKeyRow)).scalar_one()
        # The entry of an act on the command line has a key of its own for the system's user.
        assert keys == before + 1
        assert session.get_one(ImportRun, made.id).key_id is None


# ---------------------------------------------------------------------------- ground truth and groups


@pytest.fixture
def ids(answerable: Answerable, tmp_path: Path) -> list[str]:
    """Return the ids of ten decisions, A-0 to A-9, about c-0 to c-9; none has ground truth."""
    _run(answerable, str(table(tmp_path, 10, ground_truth="", gender="")), "--point", POINT)
    with answerable.database.read() as session:
        return sorted(session.execute(sa.select(Decision.id)).scalars())


def truths(answerable: Answerable) -> dict[str, str | None]:
    with answerable.database.read() as session:
        rows = session.execute(sa.select(GroundTruth.decision_id, GroundTruth.outcome))
        return {str(row.decision_id): row.outcome for row in rows}


def test_ground_truth_is_found_by_id_reference_and_subject(
    answerable: Answerable, tmp_path: Path, ids: list[str]
) -> None:
    file = tmp_path / "truth.csv"
    file.write_text(
        "decision_id,reference,customer,right,never,known_at\n"
        f"{ids[0].upper()},,,Send a gift,,2026-10-20\n"
        ",A-1,,no_offer,,\n"
        ",,c-2,,true,\n"
        ",A-3,,never,,\n"
        ",A-99,,no_offer,,\n"
        ",,nobody,no_offer,,\n"
        f"{'0' * 36},,,no_offer,,\n"
        "not-an-id,,,no_offer,,\n"
        ",A-4,c-4,no_offer,,\n"
        ",A-4,,a yacht,,\n"
        ",A-4,,,,\n"
        ",A-4,,no_offer,true,\n"
        ",A-4,,no_offer,,2027-01-01\n"
    )
    maps = ["--map", "customer=subject", "--map", "right=outcome"]
    ran = run(answerable, "ground-truth", str(file), "--point", POINT, *maps)
    assert ran.stdout == "4 lines of ground truth imported, 9 lines refused.\n"
    assert truths(answerable) == {
        ids[0]: "offer_gift",
        ids[1]: "no_offer",
        ids[2]: None,
        ids[3]: None,
    }
    assert counted(answerable) == 10
    with answerable.look(service_actor("tests")) as work:
        told = [
            one.truth for one in reading.counts(work, POINT).cells if one.stage is Stage.OUTCOME
        ]
    assert {"offer_gift", "no_offer", NEVER, ""} == set(told)
    reported = accounts.entries(answerable, "ground_truth.reported")
    assert len(reported) == 4
    assert findings(answerable) == []


def test_ground_truth_as_ndjson_and_a_subject_with_several_decisions(
    answerable: Answerable, tmp_path: Path
) -> None:
    _run(answerable, str(table(tmp_path, 4, subject="c-1", ground_truth="")), "--point", POINT)
    file = tmp_path / "truth.ndjson"
    file.write_text(
        '{"subject": "c-1", "outcome": "no_offer", "known_at": "2026-10-20T00:00:00Z"}\n'
        '{"reference": "A-1", "never": true, "colour": 1}\n'
        '{"reference": "A-1", "outcome": "no_offer", "known_at": "soon"}\n'
    )
    ran = run(answerable, "ground-truth", str(file), "--point", POINT)
    assert ran.stdout == "1 lines of ground truth imported, 2 lines refused.\n"
    assert list(truths(answerable).values()) == ["no_offer"] * 4


def test_ground_truth_again_changes_nothing_and_later_files_win(
    answerable: Answerable, tmp_path: Path, ids: list[str]
) -> None:
    first, second = tmp_path / "first.csv", tmp_path / "second.csv"
    first.write_text("reference,outcome\nA-1,no_offer\nA-77,no_offer\n")
    second.write_text("reference,outcome\nA-1,offer_gift\nA-2,no_offer\n")
    for file in (first, second, first):
        ran = run(answerable, "ground-truth", str(file), "--point", POINT)
    assert "nothing new, 1 line refused" in ran.stdout
    assert truths(answerable) == {ids[1]: "offer_gift", ids[2]: "no_offer"}
    third = tmp_path / "third.csv"
    third.write_text("reference,outcome\nA-1,offer_gift\nA-2,offer_gift\n")
    ran = run(answerable, "ground-truth", str(third), "--point", POINT)
    assert (
        ran.stdout
        == "2 lines of ground truth imported, 1 of them there already, 0 lines refused.\n"
    )
    assert counted(answerable) == 10


def test_groups_go_to_the_vault_and_the_counts_follow(
    answerable: Answerable, tmp_path: Path, ids: list[str], clock
) -> None:
    counted(answerable)
    file = tmp_path / "groups.csv"
    file.write_text(
        "reference,gender,age_band\nA-1,zz-female,60+\nA-2,Unknown,\nA-3,zz-male,unknown\nA-99,zz-male,\n"
        f"A-4,{'z' * 201},\n"
    )
    ran = run(answerable, "groups", str(file), "--point", POINT)
    assert ran.stdout == "3 lines of group attributes imported, 2 lines refused.\n"
    assert "zz-" not in ran.output + "zzz" * 0, "no value is told"
    assert counted(answerable) == 10
    with answerable.look(service_actor("tests")) as work:
        groups = {one.group for one in reading.counts(work, POINT).cells}
    assert (("age_band", "60+"), ("gender", "zz-female")) in groups
    assert (("gender", "zz-male"),) in groups
    assert len(accounts.entries(answerable, "groups.recorded")) == 2
    again = run(answerable, "groups", str(file), "--point", POINT)
    assert "nothing new, 2 lines refused." in again.stdout
    assert len(accounts.entries(answerable, "groups.recorded")) == 2
    assert findings(answerable) == []


def test_groups_of_somebody_who_was_erased_are_refused(
    answerable: Answerable, tmp_path: Path, ids: list[str]
) -> None:
    with answerable.database.write() as session:
        session.execute(sa.delete(PayloadRow).where(PayloadRow.record_id == ids[1]))
    file = tmp_path / "groups.ndjson"
    file.write_text(
        '{"reference": "A-1", "groups": {"gender": "x"}}\n'
        '{"reference": "A-2", "groups": {"gender": "x"}}\n'
        '{"reference": "A-3", "groups": {"faith": "x"}}\n'
        '{"reference": "A-3", "groups": {"gender": 1}}\n'
    )
    ran = run(answerable, "groups", str(file), "--point", POINT, "--json")
    told = json.loads(ran.stdout)
    assert [one["line"] for one in told["refused"]] == [1, 3, 4]
    assert "was erased" in told["refused"][0]["problem"]
    assert "declares no faith" in told["refused"][1]["problem"]


@pytest.mark.parametrize("kind", ["ground-truth", "groups"])
def test_truth_and_groups_go_on_where_they_stopped(
    answerable: Answerable,
    tmp_path: Path,
    ids: list[str],
    monkeypatch: pytest.MonkeyPatch,
    kind: str,
) -> None:
    file = tmp_path / "later.csv"
    column, value = ("outcome", "no_offer") if kind == "ground-truth" else ("gender", "female")
    file.write_text(f"reference,{column}\n" + "".join(f"A-{n},{value}\n" for n in range(12)))
    for one in Kind:
        monkeypatch.setitem(running.AT_ONCE, one, 3)
    keep, turns = RunKeeper.keep, iter(range(99))

    def interrupted(*arguments):
        if next(turns) == 2:
            raise Killed
        return keep(*arguments)

    monkeypatch.setattr(RunKeeper, "keep", interrupted)
    with pytest.raises(Killed):
        imports.import_file(
            answerable,
            service_actor("cli"),
            kind=Kind(kind.replace("-", "_")),
            point=POINT,
            path=file,
            mapping={},
            progress=lambda *_: None,
        )
    monkeypatch.undo()
    ran = run(answerable, kind, str(file), "--point", POINT)
    assert ", 2 lines refused." in ran.stdout
    assert ran.stdout.startswith("10 lines of ")
    entries = accounts.entries(
        answerable, "ground_truth.reported" if kind == "ground-truth" else "groups.recorded"
    )
    assert len(entries) == 10, "each is reported once, though three of them were taken twice"
    assert counted(answerable) == 10
    assert findings(answerable) == []
