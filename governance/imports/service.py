"""The verbs of imports: take a file at once, or take one in, say what its columns mean, try it, and let it be imported in the background."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Final
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from audits.log.entries import EntryKind
from governance.actors import Actor, ActorKind
from governance.clock import is_id, rfc3339
from governance.deltas.models import CountDelta
from governance.errors import Conflict, InvalidInput, NotFound
from governance.imports import (
    crew,
    fields,
    groups,
    inspecting,
    parts,
    past,
    reading,
    running,
    truths,
)
from governance.imports.groups import GroupsLine
from governance.imports.identity import LineIds, run_digest
from governance.imports.models import ImportRun
from governance.imports.parts import Refused, StoredSource
from governance.imports.reading import PathSource, Row, Source
from governance.imports.running import AT_ONCE, Going, Progress, RunKeeper, Untold
from governance.imports.states import Form, Kind, RunStatus
from governance.imports.taking import Taker
from governance.imports.telling import Lines
from governance.imports.truths import TruthLine
from governance.imports.views import Offered, Outcome, RunView
from governance.permissions import Permission
from governance.work import Work
from policies.document import Policy

if TYPE_CHECKING:
    from governance.application import Answerable

#: Bytes of an uploaded file.
MOST_BYTES: Final = 100_000_000
_LONGEST_NAME: Final = 200
_SAMPLES: Final = 3
#: What a run may do that its permission alone does not say: it reports for decisions of everybody, and nobody sees them by it.
_IMPLIED: Final = frozenset(
    {Permission.TRUTH_REPORT, Permission.DECISIONS_READ, Permission.LOG_READ}
)
Refusing = Callable[[Sequence[Refused]], None]


class ImportedBefore(Conflict):
    """The very file was imported before, with other meanings of its columns; its decisions would be counted twice."""

    code = "imported-before"


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """A file that is understood: what its lines are, where it lies, and what its columns mean."""

    kind: Kind
    policy: Policy
    form: Form
    delimiter: str
    fields: tuple[str, ...]
    zone: ZoneInfo
    source: Source


def require(actor: Actor, kind: Kind) -> None:
    """Raise unless the actor may import files of a kind.

    Raises:
        NotAllowed: they may not.
    """
    actor.require(Permission.IMPORTS_RUN)
    if kind is Kind.GROUPS:
        actor.require(Permission.GROUPS_RECORD)


def policy_of(answerable: Answerable, point: str) -> Policy:
    """Return the policy in force at a decision point, whose facts and outcomes a file must fit.

    Raises:
        NotFound: there is none.
    """
    live = answerable.configuration.reload().live.get(point)
    if live is None:
        raise NotFound(f"There is no decision point {point!r} with a published policy.")
    return live.policy


# ------------------------------------------------------------------------------- at once, by command


def try_file(
    answerable: Answerable,
    actor: Actor,
    *,
    kind: Kind,
    point: str,
    path: Path,
    mapping: Mapping[str, str],
    progress: Progress,
    refusing: Refusing,
) -> Outcome:
    """Read and check a file of this machine, and store nothing. ``refusing`` is told of refused lines as they are met.

    Raises:
        NotAllowed, NotFound: the actor may not, or there is no such decision point.
        InvalidInput: the file or its columns cannot be taken at all.
    """
    require(actor, kind)
    policy = policy_of(answerable, point)
    form = inspecting.form_of(path.name)
    lines = inspecting.inspected(path.name, inspecting.chunks_of(path)).lines
    plan, understanding = _planned(answerable, kind, policy, form, PathSource(path), mapping)
    understanding.check(path.name)
    keeper = Untold(refusing=refusing)
    going = Going(
        answerable,
        reading.rows(plan.source, plan.form, plan.delimiter),
        _taker(answerable, actor, plan, None),
        keeper,
        at_once=AT_ONCE[kind],
        stores=False,
    )
    going.all(progress, lines)
    return Outcome(
        run_id=None,
        before=None,
        lines=lines,
        accepted=keeper.tally.accepted,
        known=keeper.tally.known,
        refused=keeper.tally.refused,
        unused=understanding.unused,
    )


def import_file(
    answerable: Answerable,
    actor: Actor,
    *,
    kind: Kind,
    point: str,
    path: Path,
    mapping: Mapping[str, str],
    progress: Progress,
    again: bool = False,
) -> Outcome:
    """Import a file of this machine, from where an earlier try stopped. ``again``: also where its bytes were imported under another map.

    Raises:
        NotAllowed, NotFound, InvalidInput: as ``try_file``.
        ImportedBefore: the same bytes were imported under another map.
        Conflict: another process goes through the file.
        Unavailable: the database could not do it; importing the file again goes on.
    """
    require(actor, kind)
    policy = policy_of(answerable, point)
    form = inspecting.form_of(path.name)
    looked = inspecting.inspected(path.name, inspecting.chunks_of(path))
    plan, understanding = _planned(answerable, kind, policy, form, PathSource(path), mapping)
    understanding.check(path.name)
    digest = run_digest(kind, point, understanding.mapping, looked.sha256)
    with answerable.work(actor) as work:
        run = _of_digest(work, digest)
        if run is None:
            if not again:
                _refuse_twin(work, kind, point, looked.sha256, digest)
            run = _new_run(work, kind, point, path.name, looked.lines, digest)
            run.mapping = _described(plan, understanding.mapping, looked.sha256)
        elif run.status == RunStatus.DONE and not parts.has(work.session, run.id, parts.REFUSED):
            return Outcome(
                run_id=run.id,
                before=run.finished_at,
                lines=looked.lines,
                accepted=0,
                known=0,
                refused=run.refused,
                unused=understanding.unused,
            )
        elif run.status in (RunStatus.WAITING, RunStatus.RUNNING) and parts.has(
            work.session, run.id, parts.FILE
        ):
            raise Conflict("The same file is being imported from the pages at the moment.")
        before = run.finished_at
        _set_going(run)
        run_id = run.id
    opened = open_run(answerable, actor, run_id, plan)
    jobs = _jobs(answerable, actor, run_id, path, understanding, opened)
    if jobs:
        crew.all_lines(answerable, jobs, opened.keeper, progress, opened.lines)
    else:
        opened.going.all(progress, opened.lines)
    view = finish(answerable, actor, run_id)
    nothing_new = opened.keeper.tally.accepted == opened.keeper.tally.known
    return Outcome(
        run_id=run_id,
        before=before if nothing_new else None,
        lines=view.lines,
        accepted=view.accepted,
        known=view.known,
        refused=view.refused,
        unused=understanding.unused,
    )


def joined(
    answerable: Answerable,
    actor: Actor,
    run_id: str,
    path: Path,
    said: Mapping[str, str],
    after: int,
) -> tuple[Iterator[Row], Taker]:
    """Return the rows of a file behind a line and what takes them, for a process that joins a run which another one keeps account of.

    Raises:
        NotAllowed, NotFound, InvalidInput: it cannot.
    """
    with answerable.look(actor) as work:
        run = _run(work, run_id)
        kind, point, form = Kind(run.kind), run.point, Form(run.mapping["form"])
        ids = LineIds(digest=run.digest, started_at=run.started_at)
    require(actor, kind)
    policy = policy_of(answerable, point)
    plan, understanding = _planned(answerable, kind, policy, form, PathSource(path), said)
    understanding.check(path.name)
    rows = reading.rows(plan.source, plan.form, plan.delimiter, after=after)
    return rows, _taker(answerable, actor, plan, ids)


def _jobs(
    answerable: Answerable,
    actor: Actor,
    run_id: str,
    path: Path,
    understanding: fields.Understanding,
    opened: Opened,
) -> list[crew.Job]:
    """Return what several processes would do with the rest of a file; none where one process alone is as fast."""
    members = crew.size()
    if (
        opened.kind is not Kind.DECISIONS
        or members < 2
        or opened.lines - opened.done < crew.FROM_LINES
        or actor.kind is not ActorKind.SERVICE
    ):
        return []
    return [
        crew.Job(
            settings=crew.described(answerable.settings),
            actor=actor.id,
            os_user=actor.os_user,
            run_id=run_id,
            path=str(path.resolve()),
            said=_out_loud(understanding),
            after=opened.done,
            only=None if opened.only is None else sorted(opened.only),
            at_once=AT_ONCE[opened.kind],
            member=member,
            of=members,
        )
        for member in range(members)
    ]


# ------------------------------------------------------------------------------------- uploads


def take_in(
    answerable: Answerable,
    actor: Actor,
    *,
    kind: Kind,
    point: str,
    file_name: str,
    chunks: Iterable[bytes],
) -> RunView:
    """Take a file in, piece by piece and encrypted; nothing of it is imported before somebody says what its columns mean.

    Raises:
        NotAllowed, NotFound: the actor may not, or there is no such decision point.
        InvalidInput: it is no text in UTF-8, has no columns, or is larger than ``MOST_BYTES``; nothing of it is kept.
    """
    require(actor, kind)
    policy_of(answerable, point)
    name = Path(file_name.replace("\\", "/")).name[-_LONGEST_NAME:]
    form = inspecting.form_of(name)
    inspector = inspecting.Inspector(name)
    with answerable.work(actor) as work:
        run = _new_run(work, kind, point, name, None, None)
        run.mapping = {"form": form.value, "delimiter": "", "columns": {}, "file": ""}
        key = parts.key_of(work, run)
        run_id = run.id
    try:
        size = 0
        for piece in _pieces(chunks):
            size += len(piece)
            _check_size(name, size)
            inspector.feed(piece)
            with answerable.work(actor) as work:
                parts.add(work.session, run_id, key, parts.FILE, piece)
        looked = inspector.finish()
        head = reading.head(StoredSource(answerable, run_id), form)
        if form is Form.CSV:
            fields.understood(kind, policy_of(answerable, point), head.columns, {})
        with answerable.work(actor) as work:
            run = _locked(work, run_id)
            run.lines = looked.lines
            run.mapping = {**run.mapping, "delimiter": head.delimiter, "file": looked.sha256}
            return _view(work, run)
    except BaseException:
        with answerable.work(actor) as work:
            _forget(work, _locked(work, run_id))
        raise


def offered(answerable: Answerable, actor: Actor, run_id: str) -> Offered:
    """Return an uploaded file as it is understood: by what was said of its columns, else by their names.

    Its first cells are for whoever uploaded it; those of group attributes are shown to nobody.

    Raises:
        NotAllowed, NotFound: the actor may not; there is no such import.
        Conflict: its file is not here any more.
    """
    with answerable.look(actor) as work:
        run = _run(work, run_id)
        view = _view(work, run)
        said = run.mapping["columns"]
        own = run.started_by == actor.reference
    if not view.here:
        raise Conflict("The file of this import is not kept any more.")
    policy = policy_of(answerable, view.point)
    head = reading.head(StoredSource(answerable, run_id), view.form, rows=_SAMPLES if own else 0)
    understanding = _understood(view.kind, policy, view.form, head.columns, said)
    known = fields.fields_of(view.kind, policy)
    hidden = {field.name for field in known if field.secret}
    samples = tuple(
        ()
        if column.field in hidden
        else tuple(cells[at] for cells in head.rows if cells[at].strip())
        for at, column in enumerate(understanding.columns)
    )
    return Offered(run=view, understanding=understanding, fields=known, samples=samples)


def try_out(
    answerable: Answerable, actor: Actor, run_id: str, mapping: Mapping[str, str] | None = None
) -> RunView:
    """Have an uploaded file tried in the background, with what is said of its columns (None: as before).

    Raises:
        NotAllowed, NotFound: as ``offered``.
        InvalidInput: the columns cannot mean that.
        Conflict: it is being imported, or was.
    """
    seen = offered(answerable, actor, run_id)
    said = seen.run.columns if mapping is None else mapping
    policy = policy_of(answerable, seen.run.point)
    names = [column.name for column in seen.understanding.columns]
    understanding = _understood(seen.run.kind, policy, seen.run.form, names, said)
    with answerable.work(actor) as work:
        run = _locked(work, run_id)
        _require_unsettled(run)
        run.mapping = {**run.mapping, "columns": dict(said)}
    # What was said is kept, also where it does not do yet: so the page shows it again.
    understanding.check(seen.run.file_name)
    with answerable.work(actor) as work:
        run = _locked(work, run_id)
        _require_unsettled(run)
        _reset(work, run)
        run.status, run.dry_run = RunStatus.WAITING, True
        return _view(work, run)


def start(answerable: Answerable, actor: Actor, run_id: str, *, again: bool = False) -> RunView:
    """Have an uploaded file imported in the background; return its run.

    Where the same file was imported before, that is the run of then: done where nothing is left to do, else going on with what was uploaded.

    Raises:
        NotAllowed, NotFound, InvalidInput: as ``try_out``.
        ImportedBefore: its bytes were imported under another map, unless ``again``.
        Conflict: it is being imported, or was.
    """
    seen = offered(answerable, actor, run_id)
    seen.understanding.check(seen.run.file_name)
    with answerable.work(actor) as work:
        run = _locked(work, run_id)
        _require_unsettled(run)
        digest = run_digest(
            seen.run.kind, seen.run.point, seen.understanding.mapping, run.mapping["file"]
        )
        same = _of_digest(work, digest)
        if same is not None and same.status == RunStatus.DONE and not same.refused:
            _forget(work, run)
            return _view(work, same)
        if same is None and not again:
            _refuse_twin(work, seen.run.kind, seen.run.point, run.mapping["file"], digest)
        _reset(work, run)
        if same is None:
            run.started_at, run.digest = work.now, digest
            run.mapping = {**run.mapping, "columns": _out_loud(seen.understanding)}
        else:
            _adopt(work, run, same)
            run = same
        run.started_by = actor.reference
        _set_going(run)
        run.status = RunStatus.WAITING
        work.session.flush()
        return _view(work, run)


def discard(work: Work, run_id: str) -> None:
    """Forget an upload that was not imported, or stop one that is being imported; what was imported stays.

    Raises:
        NotAllowed, NotFound: as ``get``.
        Conflict: it is over.
    """
    run = _locked(work, run_id)
    if run.status == RunStatus.OPEN or run.dry_run:
        _forget(work, run)
    elif run.status in (RunStatus.WAITING, RunStatus.RUNNING):
        run.status = RunStatus.FAILED
        run.problem = "It was stopped."
        parts.drop(work, run, parts.FILE)
    else:
        raise Conflict("This import is over.")


# ------------------------------------------------------------------------------------- looking


def list_runs(
    work: Work, *, limit: int = 50, before: tuple[datetime, str] | None = None
) -> list[RunView]:
    """Return imports, those begun last first.

    Raises:
        NotAllowed: the actor may not import.
    """
    work.require(Permission.IMPORTS_RUN)
    query = sa.select(ImportRun).order_by(ImportRun.started_at.desc(), ImportRun.id.desc())
    if before is not None:
        at, run_id = before
        query = query.where(
            sa.or_(
                ImportRun.started_at < at,
                sa.and_(ImportRun.started_at == at, ImportRun.id < run_id),
            )
        )
    return [_view(work, run) for run in work.session.execute(query.limit(limit)).scalars()]


def get(work: Work, run_id: str) -> RunView:
    """Return one import.

    Raises:
        NotAllowed, NotFound: the actor may not import; there is no such import.
    """
    return _view(work, _run(work, run_id))


def refused(
    answerable: Answerable, actor: Actor, run_id: str, *, after: int = 0, limit: int | None = None
) -> list[Refused]:
    """Return refused lines of an import, those behind a line, in the order of the file.

    Raises:
        NotAllowed, NotFound: as ``get``.
    """
    return list(islice(every_refused(answerable, actor, run_id, after=after), limit))


def every_refused(
    answerable: Answerable, actor: Actor, run_id: str, *, after: int = 0
) -> Iterator[Refused]:
    """Yield refused lines of an import one by one, however many there are.

    Raises:
        NotAllowed, NotFound: as ``get``.
    """
    with answerable.look(actor) as work:
        _run(work, run_id)
    return (one for one in parts.refused(answerable, run_id) if one.line > after)


def being_counted(work: Work) -> int:
    """Return how many changes of decisions the figures do not show yet.

    Raises:
        NotAllowed: the actor may not import.
    """
    work.require(Permission.IMPORTS_RUN)
    return work.session.execute(sa.select(sa.func.count()).select_from(CountDelta)).scalar_one()


# ---------------------------------------------------------------------------- going through a run


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """A run that somebody goes through: behind the line ``done``, through ``only`` some lines where it refused these before."""

    kind: Kind
    going: Going
    keeper: RunKeeper
    lines: int
    done: int
    only: frozenset[int] | None


def open_run(
    answerable: Answerable,
    actor: Actor,
    run_id: str,
    plan: Plan | None = None,
    *,
    at_once: Mapping[Kind, int] = AT_ONCE,
) -> Opened:
    """Begin, or go on, with a run. Without a ``plan`` its file is the one that was uploaded.

    Raises:
        NotAllowed, NotFound, InvalidInput, Gone: it cannot go on.
    """
    with answerable.work(actor) as work:
        run = _locked(work, run_id)
        require(actor, Kind(run.kind))
        run.status = RunStatus.RUNNING
        kind, point, done, lines = Kind(run.kind), run.point, run.done, run.lines or 0
        ids = None if run.dry_run else LineIds(digest=run.digest, started_at=run.started_at)
        described = run.mapping
        once_more = run.finished_at is not None
    if plan is None:
        policy = policy_of(answerable, point)
        source = StoredSource(answerable, run_id)
        form = Form(described["form"])
        plan, understanding = _planned(answerable, kind, policy, form, source, described["columns"])
        understanding.check("The file")
    rows = reading.rows(plan.source, plan.form, plan.delimiter, after=done)
    only: frozenset[int] | None = None
    if once_more:
        only = left = frozenset(one.line for one in parts.refused(answerable, run_id))
        rows = (row for row in rows if row.line in left)
    keeper = RunKeeper(answerable, actor, run_id, done)
    taker = _taker(answerable, actor, plan, ids)
    going = Going(answerable, rows, taker, keeper, at_once=at_once[kind], stores=ids is not None)
    return Opened(kind=kind, going=going, keeper=keeper, lines=lines, done=done, only=only)


def finish(answerable: Answerable, actor: Actor, run_id: str) -> RunView:
    """Say that a run has gone through its file, in the log too; drop the file, unless it was only tried.

    Raises:
        Elsewhere: it is not this process that goes through it.
    """
    with answerable.work(actor) as work:
        run = _locked(work, run_id)
        if run.status != RunStatus.RUNNING:
            raise running.Elsewhere("This import was ended by another process.")
        run.status, run.done = RunStatus.DONE, run.lines or 0
        if not run.dry_run:
            if run.finished_at is not None:
                parts.drop(work, run, parts.REFUSED)
                parts.rename(work, run, parts.AGAIN, parts.REFUSED)
            run.finished_at = work.now
            work.record(
                EntryKind.IMPORT_FINISHED,
                data={
                    "import": run.id,
                    "kind": run.kind,
                    "point": run.point,
                    "digest": run.digest,
                    "started_at": rfc3339(run.started_at),
                    "lines": run.lines,
                    "accepted": run.accepted,
                    "known": run.known,
                    "refused": run.refused,
                },
            )
            parts.drop(work, run, parts.FILE)
        return _view(work, run)


def fail(answerable: Answerable, actor: Actor, run_id: str, problem: str) -> None:
    """Say why a run cannot go on. Importing the file again goes on where it stopped."""
    with answerable.work(actor) as work:
        run = work.session.get(ImportRun, run_id, with_for_update=True)
        if run is not None:
            run.status, run.problem = RunStatus.FAILED, problem
            if not run.dry_run:
                parts.drop(work, run, parts.FILE)


def acting(actor: Actor) -> Actor:
    """Return a person with what running an import implies: reporting for decisions that they need not see."""
    if actor.kind is not ActorKind.PERSON or not actor.may(Permission.IMPORTS_RUN):
        return actor
    return replace(actor, permissions=actor.permissions | _IMPLIED)


# ------------------------------------------------------------------------------------- details


def _planned(
    answerable: Answerable,
    kind: Kind,
    policy: Policy,
    form: Form,
    source: Source,
    said: Mapping[str, str],
) -> tuple[Plan, fields.Understanding]:
    head = reading.head(source, form)
    understanding = _understood(kind, policy, form, head.columns, said)
    plan = Plan(
        kind=kind,
        policy=policy,
        form=form,
        delimiter=head.delimiter,
        fields=tuple(column.field for column in understanding.columns),
        zone=ZoneInfo(answerable.configuration.current().time_zone),
        source=source,
    )
    return plan, understanding


def _understood(
    kind: Kind, policy: Policy, form: Form, names: Sequence[str], said: Mapping[str, str]
) -> fields.Understanding:
    if form is Form.CSV:
        return fields.understood(kind, policy, names, said)
    if said:
        raise InvalidInput(
            "A map is for the columns of a table; this file holds a JSON object a line."
        )
    return fields.Understanding(columns=())


def _taker(answerable: Answerable, actor: Actor, plan: Plan, ids: LineIds | None) -> Taker:
    """Return what takes the lines; without ``ids`` nothing is stored."""
    actor, policy, csv = acting(actor), plan.policy, plan.form is Form.CSV
    trying = ids is None
    if plan.kind is Kind.DECISIONS:
        lines: past.Lines = (
            past.CsvLines(policy, plan.fields, plan.zone) if csv else past.NdjsonLines(policy)
        )
        return past.Decisions(answerable, actor, lines, policy.decision_point, ids)
    if plan.kind is Kind.GROUND_TRUTH:
        reports: Lines[TruthLine] = (
            truths.CsvLines(policy, plan.fields, plan.zone) if csv else truths.NdjsonLines()
        )
        return truths.Truths(answerable, actor, reports, policy, trying=trying)
    told: Lines[GroupsLine] = groups.CsvLines(plan.fields) if csv else groups.NdjsonLines()
    return groups.Groups(answerable, actor, told, policy, trying=trying)


def _new_run(
    work: Work, kind: Kind, point: str, name: str, lines: int | None, digest: str | None
) -> ImportRun:
    run_id = work.new_id()
    run = ImportRun(
        id=run_id,
        kind=kind.value,
        point=point,
        # Until it is said what its columns mean, an upload is itself alone.
        digest=digest or run_digest(kind, point, {}, run_id),
        file_name=name[-_LONGEST_NAME:],
        mapping={},
        dry_run=False,
        status=RunStatus.OPEN.value,
        lines=lines,
        done=0,
        accepted=0,
        known=0,
        refused=0,
        problem=None,
        started_at=work.now,
        started_by=work.actor.reference,
        finished_at=None,
        key_id=None,
    )
    work.session.add(run)
    work.session.flush()
    return run


def _described(plan: Plan, mapping: Mapping[str, str], sha256: str) -> dict[str, object]:
    return {
        "form": plan.form.value,
        "delimiter": plan.delimiter,
        "columns": dict(mapping),
        "file": sha256,
    }


def _out_loud(understanding: fields.Understanding) -> dict[str, str]:
    """Return what all columns mean, said out loud: so a later policy changes nothing of a run on its way."""
    return {column.name: column.field for column in understanding.columns if column.name}


def _of_digest(work: Work, digest: str) -> ImportRun | None:
    return work.session.execute(
        sa.select(ImportRun).where(ImportRun.digest == digest).with_for_update()
    ).scalar_one_or_none()


def _refuse_twin(work: Work, kind: Kind, point: str, sha256: str, digest: str) -> None:
    """Raise where the same bytes were imported with other meanings of their columns: decisions would be counted twice.

    Raises:
        ImportedBefore: they were.
    """
    if kind is not Kind.DECISIONS:
        return
    runs = work.session.execute(
        sa.select(ImportRun).where(
            ImportRun.kind == kind.value,
            ImportRun.point == point,
            ImportRun.digest != digest,
            ImportRun.dry_run.is_(False),
            ImportRun.status != RunStatus.OPEN.value,
            ImportRun.accepted > 0,
        )
    ).scalars()
    for run in runs:
        if run.mapping.get("file") == sha256:
            raise ImportedBefore(
                f"This very file was imported on {run.started_at:%Y-%m-%d at %H:%M} UTC, with other meanings of its columns. "
                "To import it once more would count its decisions twice; where that is wanted, `--again` on the command line does it."
            )


def _set_going(run: ImportRun) -> None:
    """Let a run begin; one that is done goes once more through the lines it refused."""
    if run.status == RunStatus.DONE:
        run.done, run.refused = 0, 0
    run.status, run.dry_run, run.problem = RunStatus.RUNNING, False, None


def _reset(work: Work, run: ImportRun) -> None:
    """Forget what an earlier trial came to."""
    run.done = run.accepted = run.known = run.refused = 0
    run.problem, run.dry_run, run.status = None, False, RunStatus.OPEN
    parts.drop(work, run, parts.REFUSED)


def _adopt(work: Work, run: ImportRun, same: ImportRun) -> None:
    """Let the run that stands for the same file already go on with what was uploaded; the upload's own row goes."""
    lists = {
        what: list(parts.refused(work.answerable, same.id, what=what))
        for what in (parts.REFUSED, parts.AGAIN)
    }
    parts.drop(work, same, parts.FILE, *lists)
    parts.hand_over(work, run, same)
    work.session.delete(run)
    work.session.flush()
    for what, refused in lists.items():
        parts.add_refused(work, same, refused, what=what)


def _forget(work: Work, run: ImportRun) -> None:
    parts.drop(work, run, parts.FILE, parts.REFUSED, parts.AGAIN)
    work.session.delete(run)
    work.session.flush()


def _require_unsettled(run: ImportRun) -> None:
    """Raise where a run can neither be tried nor begun any more.

    Raises:
        Conflict: it is being imported, or was.
    """
    if run.status != RunStatus.OPEN and not run.dry_run:
        raise Conflict("This file is being imported already, or was.")
    if run.lines is None:
        raise Conflict("This file did not arrive as a whole. Upload it again.")


def _run(work: Work, run_id: str) -> ImportRun:
    work.require(Permission.IMPORTS_RUN)
    row = work.session.get(ImportRun, run_id) if is_id(run_id) else None
    if row is None:
        raise NotFound("There is no such import.")
    return row


def _locked(work: Work, run_id: str) -> ImportRun:
    work.require(Permission.IMPORTS_RUN)
    row = work.session.get(ImportRun, run_id, with_for_update=True) if is_id(run_id) else None
    if row is None:
        raise NotFound("There is no such import.")
    return row


def _view(work: Work, run: ImportRun) -> RunView:
    return RunView(
        id=run.id,
        kind=Kind(run.kind),
        point=run.point,
        file_name=run.file_name,
        form=Form(run.mapping["form"]),
        columns=run.mapping["columns"],
        status=RunStatus(run.status),
        trial=run.dry_run,
        lines=run.lines or 0,
        done=run.done,
        accepted=run.accepted,
        known=run.known,
        refused=run.refused,
        problem=run.problem,
        started_at=run.started_at,
        started_by=run.started_by,
        finished_at=run.finished_at,
        here=parts.has(work.session, run.id, parts.FILE),
        listed=parts.has(work.session, run.id, parts.REFUSED),
    )


def _check_size(name: str, size: int) -> None:
    if size > MOST_BYTES:
        raise InvalidInput(
            f"{name} is larger than {MOST_BYTES // 1_000_000} MB. Import it on the command line, which takes any size, or in parts."
        )


def _pieces(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """Yield the same bytes in pieces as they are stored."""
    held: list[bytes] = []
    size = 0
    for chunk in chunks:
        held.append(chunk)
        size += len(chunk)
        while size >= parts.PIECE:
            joined = b"".join(held)
            yield joined[: parts.PIECE]
            held, size = [joined[parts.PIECE :]], size - parts.PIECE
    if size:
        yield b"".join(held)
