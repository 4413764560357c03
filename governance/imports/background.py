"""Importing what was uploaded, a step at a time beside the other background work, and forgetting what is kept no longer.

Whoever is killed leaves the run as it stood after its last step; whoever takes over goes on from there.
"""

from __future__ import annotations

import time
from datetime import timedelta
from typing import TYPE_CHECKING, Final

import sqlalchemy as sa

from governance.actors import Actor, service
from governance.errors import AnswerableError, Gone, NotAllowed, Unavailable
from governance.identities import queries
from governance.identities.models import Person
from governance.identities.views import PersonState
from governance.imports import parts, running
from governance.imports.models import ImportPart, ImportRun
from governance.imports.running import BESIDE, Elsewhere
from governance.imports.service import Opened, fail, finish, open_run
from governance.imports.states import RunStatus

if TYPE_CHECKING:
    from governance.application import Answerable

#: How long an upload waits for somebody to say what is to be done with it.
KEEP_UPLOADS: Final = timedelta(days=7)
#: How long the list of a run's refused lines is kept.
KEEP_REFUSED: Final = timedelta(days=30)
_CLEAN_EVERY: Final = 3600.0
#: After so many failures in a row for which nobody has a word, a run is given up.
_MOST_FAILURES: Final = 10
_GOING: Final = (RunStatus.WAITING.value, RunStatus.RUNNING.value)


class Imports:
    """The imports of one process's background work."""

    def __init__(self, answerable: Answerable) -> None:
        self._answerable = answerable
        self._run_id: str | None = None
        self._actor: Actor | None = None
        self._opened: Opened | None = None
        self._failures = 0
        self._cleaned_at = float("-inf")

    def work(self) -> bool:
        """Take one step; return whether there is more to do at once.

        Raises:
            Unavailable: the database could not do it now; the step is taken again.
        """
        self._clean_if_due()
        if self._run_id is None:
            self._run_id = self._next()
        if self._run_id is None or running.log_is_behind(self._answerable):
            return False
        try:
            self._step(self._run_id)
        except Elsewhere:
            self._close()
        except Unavailable:
            self._reopen()
            raise
        except AnswerableError as error:
            self._give_up(error.detail)
        except Exception as error:
            self._failures += 1
            self._reopen()
            if self._failures >= _MOST_FAILURES:
                self._give_up(
                    f"It failed with {type(error).__name__}; the service's log says when."
                )
            raise
        else:
            self._failures = 0
        return True

    def _step(self, run_id: str) -> None:
        if self._opened is None:
            self._actor = self._who(run_id)
            self._opened = open_run(self._answerable, self._actor, run_id, at_once=BESIDE)
        assert self._actor is not None, "whoever opened it is known"
        if not self._opened.going.step():
            finish(self._answerable, self._actor, run_id)
            self._close()

    def _next(self) -> str | None:
        """Return the uploaded file that waits longest."""
        with self._answerable.database.read() as session:
            here = sa.exists().where(
                ImportPart.run_id == ImportRun.id, ImportPart.what == parts.FILE
            )
            return session.execute(
                sa.select(ImportRun.id)
                .where(ImportRun.status.in_(_GOING), here)
                .order_by(ImportRun.started_at, ImportRun.id)
                .limit(1)
            ).scalar_one_or_none()

    def _who(self, run_id: str) -> Actor:
        """Return whoever had the file imported, as they are now.

        Raises:
            NotAllowed: they may no longer.
        """
        with self._answerable.look(service("imports")) as work:
            run = work.session.get(ImportRun, run_id)
            if run is None:
                raise Gone("This import was forgotten meanwhile.")
            kind, _, identity = run.started_by.partition(":")
            if kind != "person":
                return service("imports")
            person = work.session.get(Person, identity)
            if person is None or queries.state_of(person, work.now) is not PersonState.ACTIVE:
                raise NotAllowed("Whoever began this import can no longer sign in.")
            return queries.actor_of(work.session, person, work.now)

    def _give_up(self, problem: str) -> None:
        assert self._run_id is not None, "it is a run that is given up"
        fail(self._answerable, service("imports"), self._run_id, problem)
        self._close()

    def _reopen(self) -> None:
        self._opened = None

    def _close(self) -> None:
        self._run_id = self._opened = self._actor = None
        self._failures = 0

    def _clean_if_due(self) -> None:
        if time.monotonic() - self._cleaned_at > _CLEAN_EVERY:
            clean(self._answerable)
            self._cleaned_at = time.monotonic()


def clean(answerable: Answerable) -> None:
    """Forget uploads that nobody had imported, and lists of refused lines that are old."""
    actor = service("imports")
    with answerable.look(actor) as work:
        forgotten = work.session.execute(
            sa.select(ImportRun.id).where(
                sa.or_(ImportRun.status == RunStatus.OPEN.value, ImportRun.dry_run),
                ImportRun.started_at < work.now - KEEP_UPLOADS,
            )
        ).scalars()
        listed = work.session.execute(
            sa.select(ImportRun.id).where(
                ImportRun.key_id.is_not(None),
                ImportRun.status.in_([RunStatus.DONE.value, RunStatus.FAILED.value]),
                ImportRun.dry_run.is_(False),
                sa.func.coalesce(ImportRun.finished_at, ImportRun.started_at)
                < work.now - KEEP_REFUSED,
            )
        ).scalars()
        old, lists = list(forgotten), list(listed)
    for run_id in [*old, *lists]:
        with answerable.work(actor) as work:
            run = work.session.get(ImportRun, run_id, with_for_update=True)
            if run is None:
                continue
            parts.drop(work, run, parts.FILE, parts.REFUSED, parts.AGAIN)
            if run_id in old:
                work.session.delete(run)
