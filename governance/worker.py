"""What is done in the background: placing and signing the log, moving on what is overdue, sending mails, cleaning up.

It runs in a thread of the web service, or apart as ``answerable worker``. Of the processes that share a home folder one does the work; the others stand by
and take over when it ends. Processes with other home folders may run it too: every act is safe to try twice.
"""

from __future__ import annotations

import fcntl
import os
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import sqlalchemy as sa
import structlog

from audits.log.highwater import SigningRefused
from audits.sentences import Sentence, sentence, verbatim
from governance import readings
from governance.auditing import draws
from governance.counting import folding, reconciling
from governance.decisions.models import Decision
from governance.erasing import carrying_out
from governance.erasing.erasers import KEEP_IDEMPOTENCY_KEYS
from governance.errors import AnswerableError, Failed
from governance.identities.models import SignInFailure, SignInLink, SignInSession
from governance.imports.background import Imports
from governance.jobs import mail, queue
from governance.jobs.parts import Parts
from governance.ledger import (
    anchoring,
    keys,
    mirroring,
    publishing,
    queries,
    rotation,
    witnessing,
)
from governance.ledger.sequencing import Sequencer
from governance.monitors import acting, watching
from governance.operations import keks, verification
from governance.operations.retention import Retention
from governance.overseeing import alarms, figures
from governance.queues import competence
from governance.reporting import files, log_exports, making
from governance.reviews import digests, gold, lateness, notices, overdue
from governance.webhooks import delivering
from governance.webhooks.delivering import Deliveries

if TYPE_CHECKING:
    from governance.application import Answerable

log = structlog.get_logger("answerable.worker")

SEQUENCE_EVERY = 0.15
PUBLISH_EVERY = 1.0
FOLD_EVERY = 1.0
DELIVER_EVERY = 0.5
MIRROR_EVERY = 2.0
OVERSEE_EVERY = 600.0
ANCHOR_LOOK_EVERY = 30.0
KEEP_LINKS = timedelta(days=30)
#: Between two parts of one task that writes, so that whoever waits gets a turn.
_BETWEEN_PARTS = 0.01
_STAND_BY = 1.0
_LONGEST_BACK_OFF = 5.0
#: Rows that one transaction of the cleaning touches, so that nobody waits long for it.
_BATCH = 1000


@dataclass(slots=True)
class _Task:
    """Something done every so often; ``part`` is its name on the status page. It returns True to be run again at once."""

    part: str
    every: float
    run: Callable[[], bool | None]
    due: float = 0.0
    failures: int = field(default=0)


class Background:
    """The background work of one process."""

    def __init__(self, answerable: Answerable) -> None:
        self._answerable = answerable
        self._parts = Parts(answerable)
        self._sequencer = Sequencer(answerable)
        self._has_key = False
        self._key_looked_at = -60.0
        self._stop = threading.Event()
        self._threads: list[threading.Thread] = []
        self._leader: threading.Thread | None = None
        self._name = f"{os.uname().nodename}:{os.getpid()}"
        #: Set while this process does the work rather than standing by.
        self.leads = threading.Event()

    def start(self) -> None:
        """Begin, in threads that do not keep the process from ending."""
        self._stop.clear()
        self._leader = threading.Thread(target=self._lead, name="background", daemon=True)
        self._leader.start()

    def stop(self, timeout: float = 15.0) -> None:
        """End what is being done, and let another process take over."""
        self._stop.set()
        if self._leader is not None:
            self._leader.join(timeout)
            self._leader = None

    def run(self) -> None:
        """Work until ``stop`` is called, from a signal handler for instance."""
        self._lead()

    def ask_to_stop(self) -> None:
        """Let ``run`` return soon; safe in a signal handler."""
        self._stop.set()

    # ------------------------------------------------------------------------------ leading

    def _lead(self) -> None:
        path = self._answerable.settings.home / "background.lock"
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            while not self._stop.is_set():
                try:
                    fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                except BlockingIOError:
                    self._stop.wait(_STAND_BY)
                    continue
                self._work()
        finally:
            # Closing it gives the lock to whoever stands by.
            os.close(descriptor)

    def _work(self) -> None:
        log.info("background.started")
        self.leads.set()
        answerable = self._answerable
        lines: list[list[_Task]] = [
            [
                _Task("sequencer", SEQUENCE_EVERY, self._sequence),
                _Task("checkpoint", PUBLISH_EVERY, self._publish),
            ],
            [
                _Task("worker", 5.0, lambda: None),
                _Task("overdue", 5.0, lambda: self._overdue() >= 100),
                _Task("cleaning", 3600.0, self._clean),
            ],
            [
                _Task("notices", 60.0, self._notify),
                _Task("verification", 2.0, lambda: verification.run(answerable, self._name)),
            ],
        ]
        lines.append(
            [
                _Task("counts", FOLD_EVERY, self._count),
                _Task("monitors", 1.0, lambda: acting.act(answerable) > 1000),
                _Task("reports", 1.0, self._report),
                _Task("reconciliation", 600.0, lambda: reconciling.run_if_due(answerable) and None),
            ]
        )
        # An export of a long log takes minutes, and keeps nothing else waiting.
        lines.append([_Task("log_exports", 1.0, self._export)])
        # A mail server that hangs keeps nothing else waiting.
        lines.append([_Task("mail", 1.0, self._mail)])
        lines.append([_Task("imports", 1.0, Imports(answerable).work)])
        lines.append(
            [
                _Task("retention", 600.0, Retention(answerable).work),
                _Task("keks", 60.0, lambda: keks.work(answerable)),
            ]
        )
        lines.append([_Task("oversight", OVERSEE_EVERY, self._oversee)])
        lines.append([_Task("erasing", 1.0, self._erase)])
        folder = answerable.settings.log_mirror_dir
        if folder is not None:
            lines.append([_Task("mirror", MIRROR_EVERY, partial(self._mirror, folder))])
        if answerable.settings.witnessing != "off":
            every = float(answerable.settings.witness_every)
            lines.append([_Task("witnesses", every, self._witness)])
        if anchoring.methods(answerable.settings):
            lines.append([_Task("anchors", ANCHOR_LOOK_EVERY, self._anchor)])
        webhooks = Deliveries(answerable)
        lines.append([_Task("webhooks", DELIVER_EVERY, webhooks.work)])
        self._threads = [
            threading.Thread(
                target=self._repeat, args=(tasks,), name=f"background-{tasks[0].part}", daemon=True
            )
            for tasks in lines
        ]
        for thread in self._threads:
            thread.start()
        for thread in self._threads:
            thread.join()
        webhooks.close()
        self.leads.clear()
        log.info("background.stopped")

    def _repeat(self, tasks: Sequence[_Task]) -> None:
        while not self._stop.is_set():
            for task in tasks:
                if self._stop.is_set():
                    return
                if time.monotonic() >= task.due:
                    self._do(task)
            pause = min(task.due for task in tasks) - time.monotonic()
            # Even when much waits, others get a turn to write in between.
            self._stop.wait(max(0.002, pause))

    def _do(self, task: _Task) -> None:
        try:
            again = task.run()
        except Exception as error:  # noqa: BLE001 -- whatever happens, the work goes on.
            task.failures += 1
            pause = min(_LONGEST_BACK_OFF, task.every * 2.0**task.failures)
            task.due = time.monotonic() + max(task.every, pause)
            log.warning("background.failed", part=task.part, error=type(error).__name__)
            self._parts.failing(task.part, told(error))
            return
        task.failures = 0
        task.due = time.monotonic() + (0.0 if again else task.every)
        self._parts.well(task.part)

    # -------------------------------------------------------------------------------- tasks

    def _sequence(self) -> bool:
        if not self._may_sequence():
            return False
        return self._sequencer.tick().more

    def _publish(self) -> None:
        if self._may_sequence():
            publishing.publish(self._answerable)

    def _witness(self) -> None:
        witnessing.run(self._answerable)

    def _anchor(self) -> None:
        anchoring.run(self._answerable)

    def _may_sequence(self) -> bool:
        """Tell whether the log's key is here; looked at every few seconds, as an epoch may have been opened."""
        if time.monotonic() - self._key_looked_at > 5.0:
            with self._answerable.database.read() as session:
                current = queries.current(session)
            self._has_key = bool(keys.signing_keys(self._answerable, current))
            self._key_looked_at = time.monotonic()
        return self._has_key

    def _export(self) -> bool:
        return log_exports.run(self._answerable, self._name) > 0

    def _mirror(self, folder: Path) -> None:
        mirroring.mirror(self._answerable, folder)

    def _overdue(self) -> int:
        return overdue.run(self._answerable) + gold.expire(self._answerable)

    def _count(self) -> bool:
        """Count so many changes, on SQLite in parts: while one is counted nobody else can write."""
        part = folding.SQLITE_BATCH if self._answerable.database.is_sqlite else folding.BATCH
        for begin in range(0, folding.BATCH, part):
            if begin and self._stop.wait(_BETWEEN_PARTS):
                return False
            if folding.fold(self._answerable, watch=watching.watch, limit=part) < part:
                return False
        # Where this process decides too, counting goes slowly while it does, and catches up afterwards.
        return self._answerable.writer.idle

    def _report(self) -> bool:
        return (
            making.run(self._answerable, self._name)
            + files.run(self._answerable, self._name)
            + draws.settle_due(self._answerable)
            > 0
        )

    def _oversee(self) -> None:
        figures.make_due(self._answerable)
        alarms.judge_due(self._answerable)

    def _erase(self) -> None:
        carrying_out.run(self._answerable)

    def _notify(self) -> None:
        for owed in (notices.run, digests.run, lateness.run, competence.warn):
            owed(self._answerable)

    def _mail(self) -> bool:
        return mail.deliver(self._answerable, self._name) > 0

    def _clean(self) -> None:
        clean(self._answerable)


def clean(answerable: Answerable) -> None:
    """Drop what is kept for a while only: old idempotency keys, dead sessions, links, failed sign-ins, who read what within the hour, done jobs, old webhooks, checkpoints between hours; name in the log what was erased, and retire keys of the log that others follow."""
    now = answerable.clock.now()
    while _forget_keys(answerable) == _BATCH:
        pass
    with answerable.database.write() as session:
        session.execute(sa.delete(SignInSession).where(SignInSession.expires_at < now))
        session.execute(sa.delete(SignInLink).where(SignInLink.expires_at < now - KEEP_LINKS))
        session.execute(
            sa.delete(SignInFailure).where(
                SignInFailure.last_at < now - timedelta(days=1),
                sa.or_(SignInFailure.blocked_until.is_(None), SignInFailure.blocked_until < now),
            )
        )
        readings.forget_old(session, now)
    mail.drop_stale(answerable)
    queue.clean(answerable)
    log_exports.drop_old(answerable)
    delivering.forget_old(answerable)
    publishing.thin_out(answerable, now)
    carrying_out.forget_spent(answerable)
    carrying_out.name_records(answerable)
    rotation.retire_due(answerable)


def _forget_keys(answerable: Answerable) -> int:
    """Forget some idempotency keys that are older than they are kept; return how many."""
    before = answerable.clock.now() - KEEP_IDEMPOTENCY_KEYS
    with answerable.database.read() as session:
        ids = list(
            session.execute(
                sa.select(Decision.id)
                .where(Decision.recorded_at < before, Decision.idempotency_key.is_not(None))
                .order_by(Decision.recorded_at)
                .limit(_BATCH)
            ).scalars()
        )
    if ids:
        with answerable.database.write() as session:
            session.execute(
                sa.update(Decision)
                .where(Decision.id.in_(ids))
                .values(idempotency_key=None)
                .execution_options(synchronize_session=False)
            )
    return len(ids)


def told(error: Exception) -> Sentence:
    """Return what an error is told as on the status page, without anything that a row or a mail may hold."""
    if isinstance(error, SigningRefused):
        return error.diagnostics()
    if isinstance(error, AnswerableError | Failed):
        return error.said
    if isinstance(error, OSError) and error.filename is not None:
        return verbatim(f"{error.strerror}: {error.filename}")
    return sentence(
        "It failed with %(error)s; the service's log says when.", error=type(error).__name__
    )
