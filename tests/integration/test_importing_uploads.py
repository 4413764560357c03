"""Uploads: taken in encrypted, tried, imported step by step in the background, and forgotten; whoever is killed loses nothing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import sqlalchemy as sa

from governance.actors import Actor
from governance.actors import service as service_actor
from governance.application import Answerable
from governance.decisions.models import Decision
from governance.errors import Conflict, InvalidInput, NotAllowed, NotFound, Unavailable
from governance.identities.models import Person
from governance.imports import background, running
from governance.imports import service as imports
from governance.imports.background import Imports
from governance.imports.fields import MisfitCode
from governance.imports.models import ImportPart
from governance.imports.past import Decisions
from governance.imports.running import RunKeeper
from governance.imports.service import ImportedBefore
from governance.imports.states import Kind, RunStatus
from governance.imports.views import RunView
from governance.permissions import Permission
from governance.points import service as points
from governance.subjects.models import PayloadRow, SubjectKeyRow, VaultRow
from governance.truth.models import GroundTruth
from tests import accounts
from tests.integration.test_importing import (
    HEADER,
    Killed,
    counted,
    findings,
    finished,
    line,
    run,
    stored,
    table,
)
from tests.people import publish
from tests.retention import POINT, POLICY

CANARY = "zz-canary-of-a-person"


@pytest.fixture
def anna(answerable: Answerable) -> Actor:
    with answerable.work(service_actor("cli")) as work:
        points.bootstrap_publish(work, POLICY)
    return accounts.join(answerable, "Anna", "admin")


def upload(
    answerable: Answerable,
    actor: Actor,
    raw: bytes | str,
    *,
    kind: Kind = Kind.DECISIONS,
    name: str = "october.csv",
) -> RunView:
    raw = raw.encode() if isinstance(raw, str) else raw
    pieces = (raw[start : start + 1000] for start in range(0, len(raw), 1000))
    return imports.take_in(answerable, actor, kind=kind, point=POINT, file_name=name, chunks=pieces)


def work_off(answerable: Answerable, task: Imports | None = None) -> None:
    task = task or Imports(answerable)
    while task.work():
        pass


def view(answerable: Answerable, actor: Actor, run_id: str) -> RunView:
    with answerable.look(actor) as work:
        return imports.get(work, run_id)


def keys_and_parts(answerable: Answerable) -> tuple[int, int]:
    """Return how many keys there are that open no decision, and how many parts there are."""
    used = sa.union(sa.select(PayloadRow.key_id), sa.select(VaultRow.key_id))
    with answerable.database.read() as session:
        kept = session.execute(
            sa.select(sa.func.count())
            .select_from(SubjectKeyRow)
            .where(SubjectKeyRow.id.not_in(used))
        ).scalar_one()
        return kept, session.execute(
            sa.select(sa.func.count()).select_from(ImportPart)
        ).scalar_one()


LINES = HEADER + "".join(line(number) for number in range(600)) + line(600, outcome="a yacht")


def test_a_file_is_tried_then_imported_and_only_the_list_of_refused_lines_stays(
    answerable: Answerable, anna: Actor
) -> None:
    taken = upload(answerable, anna, LINES)
    assert (taken.status, taken.lines, taken.here) == (RunStatus.OPEN, 602, True)
    tried = imports.try_out(answerable, anna, taken.id)
    assert (tried.status, tried.trial) == (RunStatus.WAITING, True)
    work_off(answerable)
    tried = view(answerable, anna, taken.id)
    assert (tried.status, tried.trial, tried.accepted, tried.refused) == (
        RunStatus.DONE,
        True,
        600,
        1,
    )
    assert (stored(answerable), tried.here, finished(answerable)) == (0, True, [])
    imports.start(answerable, anna, taken.id)
    work_off(answerable)
    done = view(answerable, anna, taken.id)
    assert (done.status, done.trial, done.accepted, done.refused) == (
        RunStatus.DONE,
        False,
        600,
        1,
    )
    assert (done.here, done.listed, keys_and_parts(answerable)) == (False, True, (1, 1))
    (refused,) = imports.refused(answerable, anna, taken.id)
    assert (refused.line, refused.problem[:8]) == (602, "/outcome")
    assert (stored(answerable), counted(answerable)) == (600, 600)
    (entry,) = accounts.entries(answerable, "import.finished")
    assert entry["actor"] == {"type": "person", "ref": anna.id}
    with answerable.database.read() as session:
        actors = set(session.execute(sa.select(Decision.actor)).scalars())
    assert actors == {f"person:{anna.id}"}
    assert findings(answerable) == []


def test_nothing_of_a_file_lies_anywhere_in_clear(
    answerable: Answerable, anna: Actor, tmp_path: Path
) -> None:
    taken = upload(answerable, anna, HEADER + line(1, subject=CANARY, gender=CANARY, date=CANARY))
    imports.try_out(answerable, anna, taken.id)
    work_off(answerable)
    assert CANARY in imports.refused(answerable, anna, taken.id)[0].problem
    with answerable.database.read() as session:
        parts = session.execute(sa.select(ImportPart.ciphertext)).scalars().all()
        assert len(parts) == 2
        assert not any(CANARY.encode() in bytes(part) for part in parts)
    for file in tmp_path.rglob("*"):
        assert not file.is_file() or CANARY.encode() not in file.read_bytes(), file
    with answerable.work(anna) as work:
        imports.discard(work, taken.id)
    assert keys_and_parts(answerable) == (0, 0)


def test_what_columns_mean_is_shown_to_whoever_uploaded_and_groups_to_nobody(
    answerable: Answerable, anna: Actor
) -> None:
    taken = upload(answerable, anna, HEADER.replace("date", "made") + line(1) + line(2))
    seen = imports.offered(answerable, anna, taken.id)
    by_name = dict(
        zip([column.name for column in seen.understanding.columns], seen.samples, strict=True)
    )
    assert by_name["reference"] == ("A-1", "A-2")
    assert by_name["gender"] == ()
    assert [one.code for one in seen.understanding.problems] == [MisfitCode.MISSING]
    with pytest.raises(InvalidInput, match="No column gives occurred_at"):
        imports.try_out(answerable, anna, taken.id, {"made": "", "reference": ""})
    again = imports.offered(answerable, anna, taken.id)
    assert "reference" not in again.understanding.mapping, "what was said is kept"
    other = replace(anna, id="01890000-0000-7000-8000-000000000000")
    assert set(imports.offered(answerable, other, taken.id).samples) == {()}
    imports.try_out(answerable, anna, taken.id, {"made": "occurred_at"})
    work_off(answerable)
    assert view(answerable, anna, taken.id).accepted == 2


@pytest.mark.parametrize("where", ["store", "keep"])
def test_whoever_takes_over_goes_on_where_the_other_was_killed(
    answerable: Answerable, anna: Actor, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    monkeypatch.setitem(running.BESIDE, Kind.DECISIONS, 100)
    taken = upload(answerable, anna, LINES)
    imports.try_out(answerable, anna, taken.id)
    imports.start(answerable, anna, taken.id)
    owner = Decisions if where == "store" else RunKeeper
    act, turns = getattr(owner, where), iter(range(99))

    def dying(*arguments):
        if next(turns) in (1, 3, 4):
            raise Killed
        return act(*arguments)

    monkeypatch.setattr(owner, where, dying)
    deaths = 0
    while True:
        try:
            work_off(answerable)
        except Killed:
            deaths += 1
        else:
            break
    assert deaths == 3
    done = view(answerable, anna, taken.id)
    assert (done.accepted, done.refused, stored(answerable)) == (600, 1, 600)
    assert counted(answerable) == 600
    assert len(finished(answerable)) == 1
    assert findings(answerable) == []


def test_two_that_go_through_the_same_file_take_each_line_once(
    answerable: Answerable, anna: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(running.BESIDE, Kind.DECISIONS, 50)
    taken = upload(answerable, anna, LINES)
    imports.try_out(answerable, anna, taken.id)
    imports.start(answerable, anna, taken.id)
    one, other = Imports(answerable), Imports(answerable)
    # Not in step with each other, so that either is behind at times.
    while [task.work() for task in (one, one, other, other, other, one)][-2:] != [False, False]:
        pass
    done = view(answerable, anna, taken.id)
    assert (done.status, done.accepted, done.refused) == (RunStatus.DONE, 600, 1)
    assert (stored(answerable), len(finished(answerable))) == (600, 1)


def test_a_file_that_was_imported_before_is_forgotten_for_the_import_there_was(
    answerable: Answerable, anna: Actor, tmp_path: Path
) -> None:
    ran = run(answerable, "decisions", str(table(tmp_path, 5)), "--point", POINT)
    assert ran.exit_code == 0
    taken = upload(answerable, anna, (tmp_path / "october.csv").read_bytes(), name="same.csv")
    imports.try_out(answerable, anna, taken.id)
    work_off(answerable)
    known = imports.start(answerable, anna, taken.id)
    assert (known.file_name, known.status) == ("october.csv", RunStatus.DONE)
    with pytest.raises(NotFound):
        view(answerable, anna, taken.id)
    assert (stored(answerable), keys_and_parts(answerable)) == (5, (0, 0))


def test_an_upload_goes_on_with_what_a_command_had_begun(
    answerable: Answerable, anna: Actor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "october.csv"
    file.write_text(LINES)
    monkeypatch.setitem(running.AT_ONCE, Kind.DECISIONS, 100)
    keep, turns = RunKeeper.keep, iter(range(99))

    def dying(*arguments):
        if next(turns) == 2:
            raise Killed
        return keep(*arguments)

    monkeypatch.setattr(RunKeeper, "keep", dying)
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
    assert 200 <= stored(answerable) < 600
    taken = upload(answerable, anna, LINES)
    imports.try_out(answerable, anna, taken.id)
    work_off(answerable)
    begun = imports.start(answerable, anna, taken.id)
    assert (begun.id != taken.id, begun.done) == (True, 201)
    with pytest.raises(NotFound):
        view(answerable, anna, taken.id)
    with pytest.raises(Conflict):
        imports.start(answerable, anna, begun.id)
    busy = run(answerable, "decisions", str(file), "--point", POINT)
    assert "imported from the pages at the moment" in busy.stderr
    work_off(answerable)
    done = view(answerable, anna, begun.id)
    assert (done.accepted, done.refused, stored(answerable)) == (600, 1, 600)
    assert counted(answerable) == 600
    again = run(answerable, "decisions", str(file), "--point", POINT)
    assert "nothing new, 1 line refused." in again.stdout
    assert findings(answerable) == []


def test_the_very_file_with_other_meanings_is_imported_only_when_that_is_said(
    answerable: Answerable, anna: Actor
) -> None:
    raw = HEADER + line(1)
    first = upload(answerable, anna, raw)
    imports.try_out(answerable, anna, first.id, {"reference": ""})
    imports.start(answerable, anna, first.id)
    work_off(answerable)
    second = upload(answerable, anna, raw)
    imports.try_out(answerable, anna, second.id)
    work_off(answerable)
    with pytest.raises(ImportedBefore):
        imports.start(answerable, anna, second.id)
    imports.start(answerable, anna, second.id, again=True)
    work_off(answerable)
    assert stored(answerable) == 2


def test_an_import_is_stopped_and_goes_on_when_the_file_comes_again(
    answerable: Answerable, anna: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(running.BESIDE, Kind.DECISIONS, 100)
    task = Imports(answerable)
    taken = upload(answerable, anna, LINES)
    imports.try_out(answerable, anna, taken.id)
    imports.start(answerable, anna, taken.id)
    assert task.work()
    with answerable.work(anna) as work:
        imports.discard(work, taken.id)
    work_off(answerable, task)
    stopped = view(answerable, anna, taken.id)
    assert (stopped.status, stopped.problem) == (RunStatus.FAILED, "It was stopped.")
    assert stored(answerable) in {100, 200}, "what was stored stays"
    assert keys_and_parts(answerable) == (0, 0)
    again = upload(answerable, anna, LINES)
    imports.try_out(answerable, anna, again.id)
    assert imports.start(answerable, anna, again.id).id == taken.id
    work_off(answerable, task)
    assert (view(answerable, anna, taken.id).accepted, stored(answerable)) == (600, 600)
    with answerable.work(anna) as work, pytest.raises(Conflict, match="is over"):
        imports.discard(work, taken.id)


def test_lines_refused_before_are_tried_again_when_the_file_comes_again(
    answerable: Answerable, anna: Actor
) -> None:
    first = upload(answerable, anna, LINES)
    imports.try_out(answerable, anna, first.id)
    imports.start(answerable, anna, first.id)
    work_off(answerable)
    publish(answerable, POLICY.replace("offer_gift:", '"a yacht":'))
    again = upload(answerable, anna, LINES)
    imports.try_out(answerable, anna, again.id)
    once_more = imports.start(answerable, anna, again.id)
    assert (once_more.id, once_more.accepted, once_more.done) == (first.id, 600, 0)
    work_off(answerable)
    done = view(answerable, anna, first.id)
    assert (done.accepted, done.refused, stored(answerable)) == (601, 0, 601)
    assert (counted(answerable), keys_and_parts(answerable)) == (601, (0, 0))


def test_ground_truth_and_groups_are_uploaded_too(answerable: Answerable, anna: Actor) -> None:
    for kind, raw in (
        (Kind.DECISIONS, HEADER + "".join(line(n, ground_truth="", gender="") for n in range(5))),
        (Kind.GROUND_TRUTH, "reference,outcome\nA-1,no_offer\nA-9,no_offer\n"),
        (Kind.GROUPS, "reference,gender\nA-1,female\nA-2,unknown\n"),
    ):
        taken = upload(answerable, anna, raw, kind=kind)
        imports.try_out(answerable, anna, taken.id)
        work_off(answerable)
        assert view(answerable, anna, taken.id).accepted > 0
        imports.start(answerable, anna, taken.id)
        work_off(answerable)
    with answerable.database.read() as session:
        (reported,) = session.execute(sa.select(GroundTruth)).scalars()
    assert reported.reported_by == f"person:{anna.id}"
    (entry,) = accounts.entries(answerable, "groups.recorded")
    assert entry["actor"]["type"] == "person"
    assert counted(answerable) == 5
    assert findings(answerable) == []


def test_only_who_may_import_does_and_groups_take_a_permission_of_their_own(
    answerable: Answerable, anna: Actor
) -> None:
    cleo = accounts.join(answerable, "Cleo", "auditor")
    narrow = replace(anna, permissions=frozenset({Permission.IMPORTS_RUN}))
    with pytest.raises(NotAllowed):
        upload(answerable, cleo, LINES)
    with pytest.raises(NotAllowed):
        upload(answerable, narrow, "subject,gender\nc,x\n", kind=Kind.GROUPS)
    taken = upload(answerable, anna, LINES)
    for act in (
        lambda: view(answerable, cleo, taken.id),
        lambda: imports.offered(answerable, cleo, taken.id),
        lambda: imports.start(answerable, cleo, taken.id),
        lambda: imports.refused(answerable, cleo, taken.id),
    ):
        with pytest.raises(NotAllowed):
            act()
    with answerable.look(cleo) as work, pytest.raises(NotAllowed):
        imports.list_runs(work)


def test_somebody_who_was_shut_out_imports_nothing_more(
    answerable: Answerable, anna: Actor
) -> None:
    taken = upload(answerable, anna, LINES)
    imports.try_out(answerable, anna, taken.id)
    imports.start(answerable, anna, taken.id)
    with answerable.database.write() as session:
        session.get_one(Person, anna.id).disabled_at = answerable.clock.now()
    work_off(answerable)
    failed = view(answerable, anna, taken.id)
    assert failed.status is RunStatus.FAILED
    assert failed.problem == "Whoever began this import can no longer sign in."
    assert (stored(answerable), keys_and_parts(answerable)) == (0, (0, 0))


@pytest.mark.parametrize(
    ("raw", "name", "told"),
    [
        (b"", "a.csv", "is empty"),
        (b"\n", "a.csv", "names no columns"),
        (b"a,a\n1,2\n", "a.csv", "more than once"),
        (b"PK\x03\x04", "a.csv", "an Excel workbook"),
        (b"a\xff\n", "a.csv", "is not UTF-8"),
        (b"a,b\n", "a.xlsx", "ends in .csv or .ndjson"),
        (b"a,b\n" + b"x" * 2_000, "a.csv", "larger than"),
    ],
)
def test_of_a_file_that_cannot_be_taken_nothing_is_kept(
    answerable: Answerable,
    anna: Actor,
    monkeypatch: pytest.MonkeyPatch,
    raw: bytes,
    name: str,
    told: str,
) -> None:
    monkeypatch.setattr(imports, "MOST_BYTES", 1_000)
    with pytest.raises(InvalidInput, match=told):
        upload(answerable, anna, raw, name=name)
    with answerable.look(anna) as work:
        assert imports.list_runs(work) == []
    assert keys_and_parts(answerable) == (0, 0)


def test_an_upload_that_breaks_off_leaves_nothing(answerable: Answerable, anna: Actor) -> None:
    def broken() -> Iterator[bytes]:
        yield b"a" * 3_000_000
        raise ConnectionResetError

    with pytest.raises(ConnectionResetError):
        imports.take_in(
            answerable,
            anna,
            kind=Kind.DECISIONS,
            point=POINT,
            file_name="a.csv",
            chunks=broken(),
        )
    assert keys_and_parts(answerable) == (0, 0)


def test_a_large_file_is_kept_in_pieces_and_read_as_one(
    answerable: Answerable, anna: Actor
) -> None:
    raw = HEADER + "".join(line(number, contract="x" * 700) for number in range(5000))
    taken = upload(answerable, anna, raw)
    assert keys_and_parts(answerable) == (1, 4)
    imports.try_out(answerable, anna, taken.id)
    work_off(answerable)
    assert view(answerable, anna, taken.id).accepted == 5000


def test_uploads_that_nobody_had_imported_are_forgotten_after_a_week(
    answerable: Answerable, anna: Actor, clock
) -> None:
    left, tried = upload(answerable, anna, LINES), upload(answerable, anna, HEADER + line(1))
    imports.try_out(answerable, anna, tried.id)
    work_off(answerable)
    clock.advance(days=6)
    background.clean(answerable)
    assert view(answerable, anna, left.id).here
    clock.advance(days=2)
    background.clean(answerable)
    with answerable.look(anna) as work:
        assert imports.list_runs(work) == []
    assert keys_and_parts(answerable) == (0, 0)


def test_an_import_waits_while_too_much_waits_for_the_log(
    answerable: Answerable, anna: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    taken = upload(answerable, anna, LINES)
    imports.try_out(answerable, anna, taken.id)
    imports.start(answerable, anna, taken.id)
    monkeypatch.setattr(running, "log_is_behind", lambda _: True)
    assert not Imports(answerable).work()
    assert stored(answerable) == 0


def test_what_fails_is_tried_again_and_given_up_in_the_end(
    answerable: Answerable, anna: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(running, "_PAUSE", 0.0)
    store, faults = Decisions.store, [Unavailable("Away."), RuntimeError("?"), None]

    def failing(*arguments):
        fault = faults.pop(0) if len(faults) > 1 else faults[0]
        if fault is not None:
            raise fault
        return store(*arguments)

    monkeypatch.setattr(Decisions, "store", failing)
    taken = upload(answerable, anna, HEADER + line(1))
    imports.try_out(answerable, anna, taken.id)
    task = Imports(answerable)
    with pytest.raises(RuntimeError):
        work_off(answerable, task)
    work_off(answerable, task)
    assert view(answerable, anna, taken.id).accepted == 1
    faults[:] = [RuntimeError("?")]
    imports.start(answerable, anna, taken.id)
    for _ in range(10):
        with pytest.raises(RuntimeError):
            work_off(answerable, task)
    failed = view(answerable, anna, taken.id)
    assert failed.problem == "It failed with RuntimeError; the service's log says when."
