"""How each part of the service is: ok, failing or off; since when, and what to do about it.

It works while the database does not: that is when it is needed most. Whether the service is ready to take decisions is asked much more often, and
looks at less.
"""

from __future__ import annotations

import shutil
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Final
from weakref import WeakKeyDictionary

import sqlalchemy as sa
from sqlalchemy.orm import Session

from audits.log.highwater import SigningRefused
from audits.log.tiles import TileMissing
from governance import schema
from governance.actors import Actor
from governance.appeals.models import Appeal
from governance.counting.models import Reconciliation
from governance.errors import SettingsInvalid, WrongInstallation
from governance.jobs import parts
from governance.jobs.models import PartState
from governance.jobs.parts import Reported
from governance.ledger import anchoring, publishing, queries, witnessing
from governance.ledger.keys import RECEIPT_VARIABLE
from governance.ledger.models import Leaf, LogRecord, PendingRecord, StoredCheckpoint
from governance.monitors.models import Incident
from governance.permissions import Permission
from governance.reviews.models import Case
from governance.reviews.purposes import DECIDE
from governance.storage.inserting import insert
from governance.webhooks import queries as webhooks

if TYPE_CHECKING:
    from governance.application import Answerable


class State(StrEnum):
    """How a part is; ``off`` is a part that is not wanted or not set up here."""

    OK = "ok"
    FAILING = "failing"
    OFF = "off"


class Part(StrEnum):
    """What is looked at, in the order in which one failing explains the next."""

    DATABASE = "database"
    SCHEMA = "schema"
    DISK = "disk"
    CLOCK = "clock"
    WORKER = "worker"
    SEQUENCER = "sequencer"
    CHECKPOINT = "checkpoint"
    HIGH_WATER = "high_water"
    MIRROR = "mirror"
    WITNESSES = "witnesses"
    ANCHORS = "anchors"
    RECEIPTS = "receipts"
    OVERDUE = "overdue"
    MAIL = "mail"
    WEBHOOKS = "webhooks"
    COUNTS = "counts"
    MONITORS = "monitors"
    REPORTS = "reports"
    IMPORTS = "imports"
    CLEANING = "cleaning"


@dataclass(frozen=True, slots=True, kw_only=True)
class PartView:
    """One part: what was found (``detail``), since when it fails, and what to do about it."""

    part: Part
    state: State
    detail: str
    since: datetime | None = None
    todo: str = ""


#: How long a part may be silent.
CHECKPOINT_LATE: Final = timedelta(seconds=60)
WORKER_LATE: Final = timedelta(seconds=90)
OVERDUE_LATE: Final = timedelta(minutes=5)
WITNESSES_LATE: Final = timedelta(seconds=120)
#: The log ticks every quarter of an hour at least, so that there is always something new to lay down.
ANCHORS_LATE: Final = {"hourly": timedelta(hours=2), "daily": timedelta(hours=25)}
CLOCK_TOLERANCE: Final = timedelta(seconds=5)
_LEAST_FREE_BYTES: Final = 500 * 1024 * 1024
_LEAST_FREE_SHARE: Final = 0.02

_START_WORKER: Final = (
    'Background work runs in the web service, or with background = "apart" in `answerable worker`. See that it runs, and what it '
    "writes to standard error."
)

#: When a part was first found failing in this process, where nothing stored tells it.
_first_seen: WeakKeyDictionary[Answerable, dict[str, datetime]] = WeakKeyDictionary()
_lock = threading.Lock()


def status(answerable: Answerable, actor: Actor) -> list[PartView]:
    """Return how each part is.

    Raises:
        NotAllowed: the actor may not see the status page.
    """
    actor.require(Permission.STATUS_READ)
    now = answerable.clock.now()
    database = _database(answerable, now)
    views = [database, _disk(answerable, now)]
    if database.state is State.OK:
        views.append(_schema(answerable, now))
        with answerable.database.read() as session:
            said = parts.reported(session)
            looks: list[Callable[[], PartView]] = [
                lambda: _clock(answerable, session, now),
                lambda: _worker(answerable, said, now),
                lambda: _sequencer(answerable, session, said, now),
                lambda: _checkpoint(session, said, now),
                lambda: _high_water(answerable, session, said, now),
                lambda: _mirror(answerable, said),
                lambda: _witnesses(answerable, session, said, now),
                lambda: _anchors(answerable, session, said, now),
                lambda: _receipts(answerable, now),
                lambda: _overdue(session, said, now),
                lambda: _mail(answerable, said),
                lambda: _webhooks(session, said),
                lambda: _counts(answerable, session, said),
                lambda: _monitors(session, said),
                lambda: _background(Part.REPORTS, said, "Reports that were asked for are made."),
                lambda: _background(Part.IMPORTS, said, "Files that were uploaded are imported."),
                lambda: _cleaning(said),
            ]
            views += [look() for look in looks]
    order = list(Part)
    return sorted(views, key=lambda view: order.index(view.part))


def readiness(answerable: Answerable) -> PartView | None:
    """Return the part that keeps this process from taking decisions, None when it is ready; anybody may ask."""
    now = answerable.clock.now()
    try:
        with answerable.database.read() as session:
            waiting = sa.select(PendingRecord.record_id).limit(
                answerable.settings.log_pending_limit + 1
            )
            count = session.execute(
                sa.select(sa.func.count()).select_from(waiting.subquery())
            ).scalar_one()
    except Exception as error:  # noqa: BLE001 -- whatever keeps it from reading keeps it from deciding.
        return _database_failing(answerable, error, now)
    if count > answerable.settings.log_pending_limit:
        return PartView(
            part=Part.SEQUENCER,
            state=State.FAILING,
            detail=f"More than {answerable.settings.log_pending_limit} entries wait for the sequencer.",
            since=_since(answerable, Part.SEQUENCER, now),
            todo=_START_WORKER,
        )
    _well(answerable, Part.SEQUENCER)
    found = _schema(answerable, now)
    return None if found.state is State.OK else found


# ----------------------------------------------------------------------------- each part in turn


def _database(answerable: Answerable, now: datetime) -> PartView:
    begun = time.monotonic()
    try:
        with answerable.database.write() as session:
            session.execute(
                insert(session, PartState)
                .values(part=Part.DATABASE, seen_at=now, failing_since=None, detail="")
                .on_conflict_do_update(index_elements=["part"], set_={"seen_at": now})
            )
    except Exception as error:  # noqa: BLE001 -- this is what tells it.
        return _database_failing(answerable, error, now)
    _well(answerable, Part.DATABASE)
    took = (time.monotonic() - begun) * 1000
    kind = "SQLite" if answerable.database.is_sqlite else "PostgreSQL"
    return _ok(Part.DATABASE, f"{kind} took a write in {took:.0f} ms.")


def _database_failing(answerable: Answerable, error: Exception, now: datetime) -> PartView:
    return PartView(
        part=Part.DATABASE,
        state=State.FAILING,
        detail=f"The database cannot be read or written ({type(getattr(error, 'orig', None) or error).__name__}).",
        since=_since(answerable, Part.DATABASE, now),
        todo=(
            "With PostgreSQL: see that the server runs and that database_url is right. With SQLite: see that the home folder is there, "
            "belongs to the service's user and is not on a full disk. Apps get 503 and try again; nothing is lost."
        ),
    )


def _schema(answerable: Answerable, now: datetime) -> PartView:
    try:
        schema.check_schema(answerable.database)
    except WrongInstallation as error:
        return PartView(
            part=Part.SCHEMA,
            state=State.FAILING,
            detail=error.detail,
            since=_since(answerable, Part.SCHEMA, now),
            todo="Run `answerable db upgrade` with the newest program, then start every process again.",
        )
    _well(answerable, Part.SCHEMA)
    return _ok(Part.SCHEMA, f"Schema {schema.head()}.")


def _disk(answerable: Answerable, now: datetime) -> PartView:
    try:
        usage = shutil.disk_usage(answerable.settings.home)
    except OSError as error:
        return PartView(
            part=Part.DISK,
            state=State.FAILING,
            detail=f"The home folder cannot be looked at: {error.strerror}.",
            since=_since(answerable, Part.DISK, now),
            todo=f"See that {answerable.settings.home} is there and belongs to the service's user.",
        )
    told = f"{usage.free / 1e9:.1f} GB of {usage.total / 1e9:.1f} GB are free in the home folder."
    if usage.free < min(_LEAST_FREE_BYTES, usage.total * _LEAST_FREE_SHARE):
        return PartView(
            part=Part.DISK,
            state=State.FAILING,
            detail=told,
            since=_since(answerable, Part.DISK, now),
            todo="Make room or enlarge the disk. When it is full nothing can be decided, and apps get 503.",
        )
    _well(answerable, Part.DISK)
    return _ok(Part.DISK, told)


def _clock(answerable: Answerable, session: Session, now: datetime) -> PartView:
    last_tick = queries.current(session).last_tick_at
    ahead = timedelta() if last_tick is None else last_tick - now
    compared = "the log's last tick"
    if not answerable.database.is_sqlite:
        theirs: datetime = session.execute(sa.select(sa.func.clock_timestamp())).scalar_one()
        here = answerable.clock.now()
        if abs(theirs - here) > max(ahead, CLOCK_TOLERANCE):
            ahead, compared = theirs - here, "the database's clock"
    if abs(ahead) > CLOCK_TOLERANCE and (ahead > timedelta() or compared != "the log's last tick"):
        apart = "behind" if ahead > timedelta() else "ahead of"
        return PartView(
            part=Part.CLOCK,
            state=State.FAILING,
            detail=f"This machine's clock is {_span(abs(ahead))} {apart} {compared}.",
            since=_since(answerable, Part.CLOCK, now),
            todo="Set the clocks by NTP. Times in the log would otherwise be wrong, and the log goes without ticks until they are right. "
            "Where the log's last tick is far ahead because the clock was, `answerable audit new-epoch --reason ...` begins a log with right ones.",
        )
    _well(answerable, Part.CLOCK)
    return _ok(Part.CLOCK, "The clock agrees with the log and the database.")


def _worker(answerable: Answerable, said: Mapping[str, Reported], now: datetime) -> PartView:
    report = said.get(Part.WORKER)
    if report is None:
        return PartView(
            part=Part.WORKER,
            state=State.FAILING,
            detail="Background work has never run.",
            since=_since(answerable, Part.WORKER, now),
            todo=_START_WORKER,
        )
    if now - report.seen_at > WORKER_LATE:
        return PartView(
            part=Part.WORKER,
            state=State.FAILING,
            detail=f"Background work was last seen {_span(now - report.seen_at)} ago.",
            since=report.seen_at,
            todo=_START_WORKER,
        )
    where = "in the web service" if answerable.settings.background == "embedded" else "apart"
    return _ok(Part.WORKER, f"Background work runs {where}.")


def _sequencer(
    answerable: Answerable, session: Session, said: Mapping[str, Reported], now: datetime
) -> PartView:
    failing = _reported(
        Part.SEQUENCER, said, "Run `answerable audit verify`; its findings say what was damaged."
    )
    if failing is not None:
        return failing
    oldest = session.execute(
        sa.select(LogRecord.recorded_at)
        .join(PendingRecord, PendingRecord.record_id == LogRecord.id)
        .order_by(PendingRecord.record_id)
        .limit(1)
    ).scalar_one_or_none()
    promised = timedelta(seconds=answerable.settings.log_promise)
    if oldest is not None and now - oldest > promised:
        return PartView(
            part=Part.SEQUENCER,
            state=State.FAILING,
            detail=f"An entry has waited for its place in the log for {_span(now - oldest)}; receipts promise {_span(promised)}.",
            since=oldest,
            todo=_START_WORKER
            + " It needs the log's key: the file log-<epoch>.key among the secrets, or ANSWERABLE_SECRET_LOG.",
        )
    return _ok(Part.SEQUENCER, "No entry waits long for its place in the log.")


def _checkpoint(session: Session, said: Mapping[str, Reported], now: datetime) -> PartView:
    failing = _reported(
        Part.CHECKPOINT, said, "Decisions go on and are recorded meanwhile; only signing waits."
    )
    if failing is not None:
        return failing
    log = queries.current(session)
    newest = queries.newest_checkpoint(session, log.epoch)
    unsigned = session.get(Leaf, (log.epoch, 0 if newest is None else newest.size))
    if unsigned is not None and now - unsigned.integrated_at > CHECKPOINT_LATE:
        since = unsigned.integrated_at
        return PartView(
            part=Part.CHECKPOINT,
            state=State.FAILING,
            detail=f"The log has grown, and no checkpoint was signed for {_span(now - since)}.",
            since=since,
            todo=_START_WORKER,
        )
    if newest is None:
        return _ok(Part.CHECKPOINT, "The first checkpoint is about to be signed.")
    waits = "" if newest.published_at is not None else " It waits for witnesses."
    return _ok(Part.CHECKPOINT, f"The newest checkpoint covers {newest.size} entries.{waits}")


def _high_water(
    answerable: Answerable, session: Session, said: Mapping[str, Reported], now: datetime
) -> PartView:
    log = queries.current(session)
    folder = answerable.settings.highwater
    if answerable.settings.background == "apart" and not folder.exists():
        return PartView(
            part=Part.HIGH_WATER,
            state=State.OFF,
            detail="The high-water file is kept where the worker runs.",
        )
    try:
        mark = publishing.guard(answerable, session, log)
    except SigningRefused as refused:
        reported = said.get(Part.CHECKPOINT)
        return PartView(
            part=Part.HIGH_WATER,
            state=State.FAILING,
            detail=str(refused),
            since=(reported and reported.failing_since) or _since(answerable, Part.HIGH_WATER, now),
            todo="\n".join(refused.diagnostics().split("\n")[1:]),
        )
    except (TileMissing, OSError) as error:
        return PartView(
            part=Part.HIGH_WATER,
            state=State.FAILING,
            detail=str(error),
            since=_since(answerable, Part.HIGH_WATER, now),
            todo=f"See that {folder} can be read and written by the service's user, and run `answerable audit verify`.",
        )
    _well(answerable, Part.HIGH_WATER)
    return _ok(
        Part.HIGH_WATER,
        "Nothing was signed yet."
        if mark is None
        else f"The log still holds the {mark.size} entries that were signed.",
    )


def _witnesses(
    answerable: Answerable, session: Session, said: Mapping[str, Reported], now: datetime
) -> PartView:
    if answerable.settings.witnessing == "off":
        return PartView(
            part=Part.WITNESSES,
            state=State.OFF,
            detail="Nobody outside watches the log: whoever has its key could write another past.",
            todo="Name witnesses in a file, and the file in witness_policy.",
        )
    required = answerable.settings.witnessing == "required"
    todo = (
        "No further checkpoint is given out until a quorum has cosigned it; decisions go on."
        if required
        else "Checkpoints are given out meanwhile, without these cosignatures."
    )
    failing = _reported(Part.WITNESSES, said, todo)
    if failing is not None:
        return failing
    try:
        wanted = witnessing.policy(answerable)
    except SettingsInvalid as error:
        return PartView(
            part=Part.WITNESSES,
            state=State.FAILING,
            detail=error.detail,
            since=_since(answerable, Part.WITNESSES, now),
            todo=todo,
        )
    _well(answerable, Part.WITNESSES)
    log = queries.current(session)
    signed = queries.newest_checkpoint(session, log.epoch)
    published = queries.published_checkpoint(session, log.epoch)
    given_out = 0 if published is None else published.size
    if required and signed is not None and signed.size > given_out:
        waiting = session.execute(
            sa.select(sa.func.min(StoredCheckpoint.signed_at)).where(
                StoredCheckpoint.epoch == log.epoch, StoredCheckpoint.size > given_out
            )
        ).scalar_one()
        if now - waiting > WITNESSES_LATE:
            return PartView(
                part=Part.WITNESSES,
                state=State.FAILING,
                detail=f"Checkpoints wait for a quorum of witnesses; the newest that was given out covers {given_out} of {signed.size} entries.",
                since=waiting,
                todo=f"{_START_WORKER} The quorum is the one of witness_policy.",
            )
    seen = [one.cosigned_at for one in witnessing.views(session, wanted, log.epoch)]
    times = sorted(one for one in seen if one is not None)
    if not times:
        return _ok(Part.WITNESSES, f"{len(seen)} witnesses are named; none has cosigned yet.")
    return _ok(
        Part.WITNESSES,
        f"{len(times)} of {len(seen)} witnesses have cosigned, the last on {times[-1]:%Y-%m-%d %H:%M} UTC.",
    )


def _anchors(
    answerable: Answerable, session: Session, said: Mapping[str, Reported], now: datetime
) -> PartView:
    wanted = anchoring.methods(answerable.settings)
    if not wanted:
        return PartView(
            part=Part.ANCHORS,
            state=State.OFF,
            detail="Checkpoints are laid down nowhere outside.",
            todo="Set anchor_file, anchor_git or anchor_timestamp_url.",
        )
    failing = _reported(
        Part.ANCHORS, said, "It is tried again every half minute; decisions and signing go on."
    )
    if failing is not None:
        return failing
    made = {(one.method, one.place): one.made_at for one in anchoring.newest(session)}
    times = [made.get(place) for place in wanted.items()]
    known = [one for one in times if one is not None]
    if len(known) < len(times):
        return _ok(Part.ANCHORS, "The first anchors are about to be made.")
    oldest = min(known)
    late = ANCHORS_LATE[answerable.settings.anchor_every]
    if now - oldest > late:
        return PartView(
            part=Part.ANCHORS,
            state=State.FAILING,
            detail=f"An anchor was last made {_span(now - oldest)} ago.",
            since=oldest + late,
            todo=_START_WORKER,
        )
    return _ok(
        Part.ANCHORS,
        f"Checkpoints are laid down at {len(times)} {'place' if len(times) == 1 else 'places'}, the last on {max(known):%Y-%m-%d %H:%M} UTC.",
    )


def _receipts(answerable: Answerable, now: datetime) -> PartView:
    if answerable.receipts.key is None:
        return PartView(
            part=Part.RECEIPTS,
            state=State.FAILING,
            detail="None of the keys for receipts here counts, so answers go without a receipt.",
            since=_since(answerable, Part.RECEIPTS, now),
            todo=f"Give this process the newest file receipt*.key among the secrets, or {RECEIPT_VARIABLE}, then start it again. "
            "Where it is lost, `answerable audit rotate-key receipt` makes another.",
        )
    _well(answerable, Part.RECEIPTS)
    promised = timedelta(seconds=answerable.settings.log_promise)
    return _ok(Part.RECEIPTS, f"Receipts promise a place in the log within {_span(promised)}.")


def _overdue(session: Session, said: Mapping[str, Reported], now: datetime) -> PartView:
    failing = _reported(Part.OVERDUE, said, _START_WORKER)
    if failing is not None:
        return failing
    count, oldest = session.execute(
        sa.select(sa.func.count(), sa.func.min(Case.due_at)).where(
            Case.status == "open",
            Case.purpose == DECIDE,
            Case.due_at <= now - OVERDUE_LATE,
            sa.or_(Case.claimed_until.is_(None), Case.claimed_until <= now - OVERDUE_LATE),
        )
    ).one()
    if count:
        return PartView(
            part=Part.OVERDUE,
            state=State.FAILING,
            detail=f"{count} cases are overdue and were not moved on.",
            since=oldest,
            todo=_START_WORKER,
        )
    late, since = session.execute(
        sa.select(sa.func.count(), sa.func.min(Appeal.due_at)).where(
            Appeal.status == "open", Appeal.due_at <= now
        )
    ).one()
    if late:
        # The clock answers nobody: what people objected to waits until somebody does.
        return PartView(
            part=Part.OVERDUE,
            state=State.FAILING,
            detail=f"{late} appeals are past the day that the persons concerned were told.",
            since=since,
            todo="Have somebody answer them who had no part in the decision; the queue shows them as overdue.",
        )
    return _ok(Part.OVERDUE, "What is overdue is moved on.")


def _mirror(answerable: Answerable, said: Mapping[str, Reported]) -> PartView:
    folder = answerable.settings.log_mirror_dir
    if folder is None:
        return PartView(
            part=Part.MIRROR,
            state=State.OFF,
            detail="No copy of the log is kept as files; whoever checks it reads it from this service.",
            todo="Set log_mirror_dir to have one kept that any web server gives out.",
        )
    todo = f"See that {folder} belongs to the service's user and is not on a full disk; what it holds stays a whole log."
    return _reported(Part.MIRROR, said, todo) or _ok(
        Part.MIRROR, f"{folder} holds the newest checkpoint and its hashes."
    )


def _mail(answerable: Answerable, said: Mapping[str, Reported]) -> PartView:
    if answerable.settings.smtp_host is None:
        return PartView(
            part=Part.MAIL,
            state=State.OFF,
            detail="No mail server is set, so nobody is told that cases wait.",
            todo="Set smtp_host and mail_from to have mails sent.",
        )
    return _reported(
        Part.MAIL,
        said,
        "Mend the smtp settings or the mail server; mails are kept and tried again.",
    ) or _ok(Part.MAIL, f"Mails go to {answerable.settings.smtp_host}.")


def _webhooks(session: Session, said: Mapping[str, Reported]) -> PartView:
    endpoints, troubled = webhooks.count(session)
    if not endpoints:
        return PartView(
            part=Part.WEBHOOKS,
            state=State.OFF,
            detail="No app is told what became of its decisions; apps ask.",
            todo="",
        )
    failing = _reported(Part.WEBHOOKS, said, _START_WORKER)
    if failing is not None:
        return failing
    stopped = webhooks.stopped_by_themselves(session)
    if stopped:
        apps = ", ".join(dict.fromkeys(app for app, _ in stopped))
        return PartView(
            part=Part.WEBHOOKS,
            state=State.FAILING,
            detail=f"Nothing is sent to {len(stopped)} of {endpoints} webhooks (of {apps}), as nothing arrived there for days or the receiver was gone.",
            since=stopped[0][1],
            todo="Mend the receiver, then switch the webhook on again on the page Webhooks; what was owed meanwhile is sent then.",
        )
    told = f" The last message to {troubled} of them did not arrive yet." if troubled else ""
    return _ok(Part.WEBHOOKS, f"Apps are told at {endpoints} webhooks.{told}")


def _counts(answerable: Answerable, session: Session, said: Mapping[str, Reported]) -> PartView:
    failing = _reported(
        Part.COUNTS, said, "Nothing is lost: what is to be counted waits until it can be."
    )
    if failing is not None:
        return failing
    apart = answerable.database.is_sqlite or answerable.settings.fairness_database_url is not None
    vault = "" if apart else " The vault is apart by program, not by database role."
    compared = session.execute(
        sa.select(Reconciliation).order_by(Reconciliation.finished_at.desc()).limit(1)
    ).scalar_one_or_none()
    if compared is None:
        return _ok(
            Part.COUNTS,
            f"Counts by group are kept; they were not compared with the rows yet.{vault}",
        )
    what = (
        "and agreed" if not compared.differing else f"and {compared.differing} rows were put right"
    )
    return _ok(
        Part.COUNTS,
        f"Counts by group were compared with {compared.decisions} decisions on {compared.finished_at:%Y-%m-%d %H:%M} UTC, {what}.{vault}",
    )


def _monitors(session: Session, said: Mapping[str, Reported]) -> PartView:
    failing = _reported(Part.MONITORS, said, "Alarms are kept, and acted upon once it works again.")
    if failing is not None:
        return failing
    waiting = session.execute(
        sa.select(sa.func.count()).select_from(Incident).where(Incident.status == "open")
    ).scalar_one()
    told = "No incident is open." if not waiting else f"{waiting} incidents are open."
    return _ok(Part.MONITORS, f"Monitors look at what is counted. {told}")


def _background(part: Part, said: Mapping[str, Reported], told: str) -> PartView:
    return _reported(part, said, _START_WORKER) or _ok(part, told)


def _cleaning(said: Mapping[str, Reported]) -> PartView:
    return _reported(Part.CLEANING, said, _START_WORKER) or _ok(
        Part.CLEANING, "What is kept for a while only is dropped in time."
    )


# -------------------------------------------------------------------------------------- phrasing


def _ok(part: Part, detail: str) -> PartView:
    return PartView(part=part, state=State.OK, detail=detail)


def _reported(part: Part, said: Mapping[str, Reported], todo: str) -> PartView | None:
    report = said.get(part)
    if report is None or report.failing_since is None:
        return None
    return PartView(
        part=part, state=State.FAILING, detail=report.detail, since=report.failing_since, todo=todo
    )


def _since(answerable: Answerable, part: str, now: datetime) -> datetime:
    with _lock:
        return _first_seen.setdefault(answerable, {}).setdefault(part, now)


def _well(answerable: Answerable, part: str) -> None:
    with _lock:
        _first_seen.setdefault(answerable, {}).pop(part, None)


def _span(duration: timedelta) -> str:
    seconds = int(duration.total_seconds())
    for unit, length in (("day", 86_400), ("hour", 3600), ("minute", 60)):
        if seconds >= length:
            count = seconds // length
            return f"{count} {unit}{'' if count == 1 else 's'}"
    return f"{seconds} second{'' if seconds == 1 else 's'}"
