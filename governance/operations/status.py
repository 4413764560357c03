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
from functools import partial
from typing import TYPE_CHECKING, Final
from weakref import WeakKeyDictionary

import sqlalchemy as sa
from sqlalchemy.orm import Session

from audits.log.highwater import SigningRefused
from audits.log.tiles import TileMissing
from audits.sentences import Sentence, numbered, sentence, together, verbatim
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
from governance.operations import keks, retention
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
    VERIFICATION = "verification"
    LOG_EXPORTS = "log_exports"
    OVERDUE = "overdue"
    NOTICES = "notices"
    MAIL = "mail"
    WEBHOOKS = "webhooks"
    COUNTS = "counts"
    RECONCILIATION = "reconciliation"
    MONITORS = "monitors"
    OVERSIGHT = "oversight"
    REPORTS = "reports"
    IMPORTS = "imports"
    RETENTION = "retention"
    KEKS = "keks"
    ERASING = "erasing"
    CLEANING = "cleaning"


_NOTHING: Final = verbatim("")


@dataclass(frozen=True, slots=True, kw_only=True)
class PartView:
    """One part: what was found (``detail``), since when it fails, and what to do about it."""

    part: Part
    state: State
    detail: Sentence
    since: datetime | None = None
    todo: Sentence = _NOTHING


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

_START_WORKER: Final = sentence(
    'Background work runs in the web service, or with background = "apart" in `answerable worker`. See that it runs, and what it '
    "writes to standard error."
)

#: What is done in the background and has nothing more to tell than that.
_DOES: Final = {
    Part.VERIFICATION: sentence("Checks of the log that were asked for are made."),
    Part.LOG_EXPORTS: sentence("Exports of the log that were asked for are made."),
    Part.NOTICES: sentence("Whoever must be told that something waits is told."),
    Part.RECONCILIATION: sentence("Counts by group are compared with decisions every day."),
    Part.OVERSIGHT: sentence("Figures of oversight are made, and alarms come of them."),
    Part.REPORTS: sentence("Reports that were asked for are made."),
    Part.IMPORTS: sentence("Files that were uploaded are imported."),
    Part.ERASING: sentence("Persons concerned are erased once two people agreed."),
    Part.CLEANING: sentence("What is kept for a while only is dropped in time."),
}

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
                lambda: _receipts(answerable, session, now),
                lambda: _overdue(session, said, now),
                lambda: _mail(answerable, said),
                lambda: _webhooks(session, said),
                lambda: _counts(answerable, session, said),
                lambda: _monitors(session, said),
                lambda: _retention(answerable, actor, said),
                lambda: _keks(answerable, session, said, now),
                *(partial(_background, part, said) for part in _DOES),
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
            detail=sentence(
                "More than %(limit)s entries wait for the sequencer.",
                limit=answerable.settings.log_pending_limit,
            ),
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
    return _ok(
        Part.DATABASE,
        sentence("%(database)s took a write in %(took)s ms.", database=kind, took=round(took)),
    )


def _database_failing(answerable: Answerable, error: Exception, now: datetime) -> PartView:
    return PartView(
        part=Part.DATABASE,
        state=State.FAILING,
        detail=sentence(
            "The database cannot be read or written (%(error)s).",
            error=type(getattr(error, "orig", None) or error).__name__,
        ),
        since=_since(answerable, Part.DATABASE, now),
        todo=sentence(
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
            detail=error.said,
            since=_since(answerable, Part.SCHEMA, now),
            todo=sentence(
                "Run `answerable db upgrade` with the newest program, then start every process again."
            ),
        )
    _well(answerable, Part.SCHEMA)
    return _ok(Part.SCHEMA, sentence("Schema %(version)s.", version=schema.head()))


def _disk(answerable: Answerable, now: datetime) -> PartView:
    try:
        usage = shutil.disk_usage(answerable.settings.home)
    except OSError as error:
        return PartView(
            part=Part.DISK,
            state=State.FAILING,
            detail=sentence(
                "The home folder cannot be looked at: %(why)s.", why=str(error.strerror)
            ),
            since=_since(answerable, Part.DISK, now),
            todo=sentence(
                "See that %(folder)s is there and belongs to the service's user.",
                folder=str(answerable.settings.home),
            ),
        )
    told = sentence(
        "%(free)s GB of %(total)s GB are free in the home folder.",
        free=usage.free / 1e9,
        total=usage.total / 1e9,
    )
    if usage.free < min(_LEAST_FREE_BYTES, usage.total * _LEAST_FREE_SHARE):
        return PartView(
            part=Part.DISK,
            state=State.FAILING,
            detail=told,
            since=_since(answerable, Part.DISK, now),
            todo=sentence(
                "Make room or enlarge the disk. When it is full nothing can be decided, and apps get 503."
            ),
        )
    _well(answerable, Part.DISK)
    return _ok(Part.DISK, told)


def _clock(answerable: Answerable, session: Session, now: datetime) -> PartView:
    last_tick = queries.current(session).last_tick_at
    ahead = timedelta() if last_tick is None else last_tick - now
    of_database = False
    if not answerable.database.is_sqlite:
        theirs: datetime = session.execute(sa.select(sa.func.clock_timestamp())).scalar_one()
        here = answerable.clock.now()
        if abs(theirs - here) > max(ahead, CLOCK_TOLERANCE):
            ahead, of_database = theirs - here, True
    if abs(ahead) > CLOCK_TOLERANCE and (ahead > timedelta() or of_database):
        return PartView(
            part=Part.CLOCK,
            state=State.FAILING,
            detail=_apart(ahead, of_database=of_database),
            since=_since(answerable, Part.CLOCK, now),
            todo=sentence(
                "Set the clocks by NTP. Times in the log would otherwise be wrong, and the log goes without ticks until they are right. "
                "Where the log's last tick is far ahead because the clock was, `answerable audit new-epoch --reason ...` begins a log with right ones."
            ),
        )
    _well(answerable, Part.CLOCK)
    return _ok(Part.CLOCK, sentence("The clock agrees with the log and the database."))


def _apart(ahead: timedelta, *, of_database: bool) -> Sentence:
    span = _span(abs(ahead))
    if not of_database:
        return sentence("This machine's clock is %(span)s behind the log's last tick.", span=span)
    if ahead > timedelta():
        return sentence("This machine's clock is %(span)s behind the database's clock.", span=span)
    return sentence("This machine's clock is %(span)s ahead of the database's clock.", span=span)


def _worker(answerable: Answerable, said: Mapping[str, Reported], now: datetime) -> PartView:
    report = said.get(Part.WORKER)
    if report is None:
        return PartView(
            part=Part.WORKER,
            state=State.FAILING,
            detail=sentence("Background work has never run."),
            since=_since(answerable, Part.WORKER, now),
            todo=_START_WORKER,
        )
    if now - report.seen_at > WORKER_LATE:
        return PartView(
            part=Part.WORKER,
            state=State.FAILING,
            detail=sentence(
                "Background work was last seen %(span)s ago.", span=_span(now - report.seen_at)
            ),
            since=report.seen_at,
            todo=_START_WORKER,
        )
    return _ok(
        Part.WORKER,
        sentence("Background work runs in the web service.")
        if answerable.settings.background == "embedded"
        else sentence("Background work runs apart."),
    )


def _sequencer(
    answerable: Answerable, session: Session, said: Mapping[str, Reported], now: datetime
) -> PartView:
    failing = _reported(
        Part.SEQUENCER,
        said,
        sentence("Run `answerable audit verify`; its findings say what was damaged."),
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
            detail=sentence(
                "An entry has waited for its place in the log for %(span)s; receipts promise %(promised)s.",
                span=_span(now - oldest),
                promised=_span(promised),
            ),
            since=oldest,
            todo=together(
                _START_WORKER,
                sentence(
                    "It needs the log's key: the file log-<epoch>.key among the secrets, or ANSWERABLE_SECRET_LOG."
                ),
            ),
        )
    return _ok(Part.SEQUENCER, sentence("No entry waits long for its place in the log."))


def _checkpoint(session: Session, said: Mapping[str, Reported], now: datetime) -> PartView:
    failing = _reported(
        Part.CHECKPOINT,
        said,
        sentence("Decisions go on and are recorded meanwhile; only signing waits."),
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
            detail=sentence(
                "The log has grown, and no checkpoint was signed for %(span)s.",
                span=_span(now - since),
            ),
            since=since,
            todo=_START_WORKER,
        )
    if newest is None:
        return _ok(Part.CHECKPOINT, sentence("The first checkpoint is about to be signed."))
    told = numbered(
        "The newest checkpoint covers %(num)s entry.",
        "The newest checkpoint covers %(num)s entries.",
        newest.size,
    )
    waits = sentence("It waits for witnesses.") if newest.published_at is None else None
    return _ok(Part.CHECKPOINT, together(told, waits))


def _high_water(
    answerable: Answerable, session: Session, said: Mapping[str, Reported], now: datetime
) -> PartView:
    log = queries.current(session)
    folder = answerable.settings.highwater
    if answerable.settings.background == "apart" and not folder.exists():
        return PartView(
            part=Part.HIGH_WATER,
            state=State.OFF,
            detail=sentence("The high-water file is kept where the worker runs."),
        )
    try:
        mark = publishing.guard(answerable, session, log)
    except SigningRefused as refused:
        reported = said.get(Part.CHECKPOINT)
        return PartView(
            part=Part.HIGH_WATER,
            state=State.FAILING,
            detail=refused.found,
            since=(reported and reported.failing_since) or _since(answerable, Part.HIGH_WATER, now),
            todo=refused.advice,
        )
    except (TileMissing, OSError) as error:
        return PartView(
            part=Part.HIGH_WATER,
            state=State.FAILING,
            detail=error.said if isinstance(error, TileMissing) else verbatim(str(error)),
            since=_since(answerable, Part.HIGH_WATER, now),
            todo=sentence(
                "See that %(folder)s can be read and written by the service's user, and run `answerable audit verify`.",
                folder=str(folder),
            ),
        )
    _well(answerable, Part.HIGH_WATER)
    return _ok(
        Part.HIGH_WATER,
        sentence("Nothing was signed yet.")
        if mark is None
        else numbered(
            "The log still holds the %(num)s entry that was signed.",
            "The log still holds the %(num)s entries that were signed.",
            mark.size,
        ),
    )


def _witnesses(
    answerable: Answerable, session: Session, said: Mapping[str, Reported], now: datetime
) -> PartView:
    if answerable.settings.witnessing == "off":
        return PartView(
            part=Part.WITNESSES,
            state=State.OFF,
            detail=sentence(
                "Nobody outside watches the log: whoever has its key could write another past."
            ),
            todo=sentence("Name witnesses in a file, and the file in witness_policy."),
        )
    required = answerable.settings.witnessing == "required"
    todo = (
        sentence(
            "No further checkpoint is given out until a quorum has cosigned it; decisions go on."
        )
        if required
        else sentence("Checkpoints are given out meanwhile, without these cosignatures.")
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
            detail=error.said,
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
                detail=sentence(
                    "Checkpoints wait for a quorum of witnesses; the newest that was given out covers %(given_out)s of %(size)s entries.",
                    given_out=given_out,
                    size=signed.size,
                ),
                since=waiting,
                todo=together(_START_WORKER, sentence("The quorum is the one of witness_policy.")),
            )
    seen = [one.cosigned_at for one in witnessing.views(session, wanted, log.epoch)]
    times = sorted(one for one in seen if one is not None)
    if not times:
        return _ok(
            Part.WITNESSES,
            numbered(
                "%(num)s witness is named; it has not cosigned yet.",
                "%(num)s witnesses are named; none has cosigned yet.",
                len(seen),
            ),
        )
    return _ok(
        Part.WITNESSES,
        numbered(
            "%(cosigned)s of %(num)s witness has cosigned, the last time on %(at)s.",
            "%(cosigned)s of %(num)s witnesses have cosigned, the last on %(at)s.",
            len(seen),
            cosigned=len(times),
            at=times[-1],
        ),
    )


def _anchors(
    answerable: Answerable, session: Session, said: Mapping[str, Reported], now: datetime
) -> PartView:
    wanted = anchoring.methods(answerable.settings)
    if not wanted:
        return PartView(
            part=Part.ANCHORS,
            state=State.OFF,
            detail=sentence("Checkpoints are laid down nowhere outside."),
            todo=sentence("Set anchor_file, anchor_git or anchor_timestamp_url."),
        )
    failing = _reported(
        Part.ANCHORS,
        said,
        sentence("It is tried again every half minute; decisions and signing go on."),
    )
    if failing is not None:
        return failing
    made = {(one.method, one.place): one.made_at for one in anchoring.newest(session)}
    times = [made.get(place) for place in wanted.items()]
    known = [one for one in times if one is not None]
    if len(known) < len(times):
        return _ok(Part.ANCHORS, sentence("The first anchors are about to be made."))
    oldest = min(known)
    late = ANCHORS_LATE[answerable.settings.anchor_every]
    if now - oldest > late:
        return PartView(
            part=Part.ANCHORS,
            state=State.FAILING,
            detail=sentence("An anchor was last made %(span)s ago.", span=_span(now - oldest)),
            since=oldest + late,
            todo=_START_WORKER,
        )
    return _ok(
        Part.ANCHORS,
        numbered(
            "Checkpoints are laid down at %(num)s place, the last on %(at)s.",
            "Checkpoints are laid down at %(num)s places, the last on %(at)s.",
            len(times),
            at=max(known),
        ),
    )


def _receipts(answerable: Answerable, session: Session, now: datetime) -> PartView:
    answerable.configuration.fresh(session)
    if answerable.receipts.key is None:
        return PartView(
            part=Part.RECEIPTS,
            state=State.FAILING,
            detail=sentence(
                "None of the keys for receipts here counts, so answers go without a receipt."
            ),
            since=_since(answerable, Part.RECEIPTS, now),
            todo=sentence(
                "Give this process the newest file receipt*.key among the secrets, or %(variable)s, then start it again. "
                "Where it is lost, `answerable audit rotate-key receipt` makes another.",
                variable=RECEIPT_VARIABLE,
            ),
        )
    _well(answerable, Part.RECEIPTS)
    promised = timedelta(seconds=answerable.settings.log_promise)
    return _ok(
        Part.RECEIPTS,
        sentence("Receipts promise a place in the log within %(span)s.", span=_span(promised)),
    )


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
            detail=numbered(
                "%(num)s case is overdue and was not moved on.",
                "%(num)s cases are overdue and were not moved on.",
                count,
            ),
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
            detail=numbered(
                "%(num)s appeal is past the day that the person concerned was told.",
                "%(num)s appeals are past the day that the persons concerned were told.",
                late,
            ),
            since=since,
            todo=sentence(
                "Have somebody answer them who had no part in the decision; the queue shows them as overdue."
            ),
        )
    return _ok(Part.OVERDUE, sentence("What is overdue is moved on."))


def _mirror(answerable: Answerable, said: Mapping[str, Reported]) -> PartView:
    folder = answerable.settings.log_mirror_dir
    if folder is None:
        return PartView(
            part=Part.MIRROR,
            state=State.OFF,
            detail=sentence(
                "No copy of the log is kept as files; whoever checks it reads it from this service."
            ),
            todo=sentence("Set log_mirror_dir to have one kept that any web server gives out."),
        )
    todo = sentence(
        "See that %(folder)s belongs to the service's user and is not on a full disk; what it holds stays a whole log.",
        folder=str(folder),
    )
    return _reported(Part.MIRROR, said, todo) or _ok(
        Part.MIRROR,
        sentence("%(folder)s holds the newest checkpoint and its hashes.", folder=str(folder)),
    )


def _mail(answerable: Answerable, said: Mapping[str, Reported]) -> PartView:
    if answerable.settings.smtp_host is None:
        return PartView(
            part=Part.MAIL,
            state=State.OFF,
            detail=sentence("No mail server is set, so nobody is told that cases wait."),
            todo=sentence("Set smtp_host and mail_from to have mails sent."),
        )
    return _reported(
        Part.MAIL,
        said,
        sentence("Mend the smtp settings or the mail server; mails are kept and tried again."),
    ) or _ok(Part.MAIL, sentence("Mails go to %(host)s.", host=answerable.settings.smtp_host))


def _webhooks(session: Session, said: Mapping[str, Reported]) -> PartView:
    endpoints, troubled = webhooks.count(session)
    if not endpoints:
        return PartView(
            part=Part.WEBHOOKS,
            state=State.OFF,
            detail=sentence("No app is told what became of its decisions; apps ask."),
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
            detail=sentence(
                "Nothing is sent to %(stopped)s of %(all)s webhooks (of %(apps)s), as nothing arrived there for days or the receiver was gone.",
                stopped=len(stopped),
                all=endpoints,
                apps=apps,
            ),
            since=stopped[0][1],
            todo=sentence(
                "Mend the receiver, then switch the webhook on again on the page Webhooks; what was owed meanwhile is sent then."
            ),
        )
    told = numbered(
        "Apps are told at %(num)s webhook.", "Apps are told at %(num)s webhooks.", endpoints
    )
    late = sentence(
        "The last message to %(troubled)s of them did not arrive yet.", troubled=troubled
    )
    return _ok(Part.WEBHOOKS, together(told, late if troubled else None))


def _counts(answerable: Answerable, session: Session, said: Mapping[str, Reported]) -> PartView:
    failing = _reported(
        Part.COUNTS,
        said,
        sentence("Nothing is lost: what is to be counted waits until it can be."),
    )
    if failing is not None:
        return failing
    apart = answerable.database.is_sqlite or answerable.settings.fairness_database_url is not None
    vault = None if apart else sentence("The vault is apart by program, not by database role.")
    compared = session.execute(
        sa.select(Reconciliation).order_by(Reconciliation.finished_at.desc()).limit(1)
    ).scalar_one_or_none()
    if compared is None:
        return _ok(
            Part.COUNTS,
            together(
                sentence("Counts by group are kept; they were not compared with the rows yet."),
                vault,
            ),
        )
    return _ok(Part.COUNTS, together(_compared(compared), vault))


def _compared(found: Reconciliation) -> Sentence:
    decisions = numbered("%(num)s decision", "%(num)s decisions", found.decisions)
    if not found.differing:
        return sentence(
            "Counts by group were compared with %(decisions)s on %(at)s, and agreed.",
            decisions=decisions,
            at=found.finished_at,
        )
    return numbered(
        "Counts by group were compared with %(decisions)s on %(at)s, and %(num)s row was put right.",
        "Counts by group were compared with %(decisions)s on %(at)s, and %(num)s rows were put right.",
        found.differing,
        decisions=decisions,
        at=found.finished_at,
    )


def _monitors(session: Session, said: Mapping[str, Reported]) -> PartView:
    failing = _reported(
        Part.MONITORS, said, sentence("Alarms are kept, and acted upon once it works again.")
    )
    if failing is not None:
        return failing
    waiting = session.execute(
        sa.select(sa.func.count()).select_from(Incident).where(Incident.status == "open")
    ).scalar_one()
    told = (
        numbered("%(num)s incident is open.", "%(num)s incidents are open.", waiting)
        if waiting
        else sentence("No incident is open.")
    )
    return _ok(Part.MONITORS, together(sentence("Monitors look at what is counted."), told))


def _background(part: Part, said: Mapping[str, Reported]) -> PartView:
    return _reported(part, said, _START_WORKER) or _ok(part, _DOES[part])


def _retention(answerable: Answerable, actor: Actor, said: Mapping[str, Reported]) -> PartView:
    failing = _reported(
        Part.RETENTION,
        said,
        sentence("Nothing is lost: what is due to be deleted waits until it can be."),
    )
    if failing is not None:
        return failing
    with answerable.look(actor) as work:
        told = retention.standing_of(work)
    if told.limits == 0:
        return PartView(
            part=Part.RETENTION,
            state=State.OFF,
            detail=sentence(
                "No live policy says how long facts about persons are kept, so all are kept for good."
            ),
            todo=sentence("Say so in the policies, for instance retention: {keep: 400d}.")
            if told.for_good
            else _NOTHING,
        )
    ran = said.get(Part.RETENTION)
    due = numbered(
        "Payloads go when their policy's retention has passed; those of %(num)s decision are due.",
        "Payloads go when their policy's retention has passed; those of %(num)s decisions are due.",
        told.waiting.due,
    )
    kept = numbered(
        "%(num)s stays, as a legal hold or a copy that was asked for needs it.",
        "%(num)s stay, as a legal hold or a copy that was asked for needs them.",
        told.waiting.held,
    )
    for_good = sentence("Kept for good: %(points)s.", points=", ".join(told.for_good))
    return _ok(
        Part.RETENTION,
        together(
            due,
            kept if told.waiting.held else None,
            for_good if told.for_good else None,
            None if ran is None else sentence("Last looked %(at)s.", at=ran.seen_at),
        ),
    )


def _keks(
    answerable: Answerable, session: Session, said: Mapping[str, Reported], now: datetime
) -> PartView:
    failing = _reported(
        Part.KEKS, said, sentence("See that the secrets folder can be read and written.")
    )
    if failing is not None:
        return failing
    in_use, *before = keks.known(answerable, session)
    late = [one for one in before if one.deleted_at is None and one.deleted_due]
    stale = [one for one in late if one.deleted_due and one.deleted_due + WORKER_LATE < now]
    if stale:
        return PartView(
            part=Part.KEKS,
            state=State.FAILING,
            detail=sentence(
                "The key-encryption key %(kek)s was to be deleted by now and is still there.",
                kek=stale[-1].id,
            ),
            since=stale[-1].deleted_due,
            todo=sentence(
                "Take it out of ANSWERABLE_SECRET_KEK_PREVIOUS, or its file out of the secrets folders, and start every process again; see too that background work runs."
            ),
        )
    told = sentence(
        "The key-encryption key has been in use since %(day)s.", day=in_use.used_from.date()
    )
    if late and late[0].deleted_due:
        opens = sentence("Backups made before open until %(day)s.", day=late[0].deleted_due.date())
        told = together(told, opens)
    every = answerable.settings.rotates_every
    if every is None or answerable.keyring.files is None:
        return PartView(
            part=Part.KEKS,
            state=State.OFF,
            detail=together(
                told,
                sentence(
                    "It is not rotated by itself here, so old backups open for as long as it is there."
                ),
            ),
            todo=sentence(
                "Rotate it regularly: `answerable kek rotate`, or set kek_rotation_days where one machine holds its file."
            ),
        )
    rotated = sentence("It is rotated every %(span)s.", span=_span(every))
    return _ok(Part.KEKS, together(told, rotated))


# -------------------------------------------------------------------------------------- phrasing


def _ok(part: Part, detail: Sentence) -> PartView:
    return PartView(part=part, state=State.OK, detail=detail)


def _reported(part: Part, said: Mapping[str, Reported], todo: Sentence) -> PartView | None:
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


def _span(duration: timedelta) -> Sentence:
    seconds = int(duration.total_seconds())
    if seconds >= 86_400:
        return numbered("%(num)s day", "%(num)s days", seconds // 86_400)
    if seconds >= 3600:
        return numbered("%(num)s hour", "%(num)s hours", seconds // 3600)
    if seconds >= 60:
        return numbered("%(num)s minute", "%(num)s minutes", seconds // 60)
    return numbered("%(num)s second", "%(num)s seconds", seconds)
