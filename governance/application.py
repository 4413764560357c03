"""The service as one process holds it: settings, clock, secrets, database and what is cached of it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import TYPE_CHECKING, Final

import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.orm import Session

from audits.sentences import sentence
from governance import keyring as secrets
from governance import readings
from governance.actors import Actor, ActorKind
from governance.clock import Clock, IdSource, SystemClock, uuid7
from governance.configuration import ConfigurationCache
from governance.errors import Conflict, Unavailable, WrongInstallation
from governance.installation.models import Installation
from governance.keyring import Keyring
from governance.schema import check_schema
from governance.settings import Settings
from governance.storage.database import Database, unavailable
from governance.subjects.keys import SubjectKeys
from governance.work import Reading, Work

if TYPE_CHECKING:
    from governance.decisions.commit import DecisionWriter
    from governance.ledger.receipting import Receipts

#: What PostgreSQL says where a row that must be unique is there already; on SQLite one writes at a time and looks first.
_TAKEN: Final = "23505"
#: What it says where a role may not do something to a table.
_FORBIDDEN: Final = "42501"


class Answerable:
    """One process's hold on the installation. Make one with ``open_installation``."""

    def __init__(
        self,
        settings: Settings,
        keyring: Keyring,
        database: Database,
        *,
        clock: Clock,
        new_id: IdSource,
        origin: str,
    ) -> None:
        from governance.decisions.commit import DecisionWriter
        from governance.ledger.receipting import Receipts

        self.settings = settings
        self.keyring = keyring
        self.database = database
        self.clock = clock
        self.new_id = new_id
        self.origin = origin
        self.keys = SubjectKeys(keyring, new_id)
        self.configuration = ConfigurationCache(database, keyring)
        self.writer: DecisionWriter = DecisionWriter(self)
        self.receipts: Receipts = Receipts(self)
        #: The database as the fairness role sees it, which alone reads the vault; one role does for all where no other is named.
        self.fairness_database = (
            database if settings.fairness_database is None else Database(settings.fairness_database)
        )
        self.readings_told = readings.Told()
        #: When this process last looked whether too many entries wait for the sequencer (monotonic), and what it saw.
        self.log_checked: tuple[float, bool] = (0.0, False)

    @contextmanager
    def work(self, actor: Actor, *, at: datetime | None = None) -> Iterator[Work]:
        """Yield a unit of work that is committed at its end, or undone when anything is raised.

        Raises:
            Unavailable: the database could not do it; nothing was stored.
            Conflict: another unit of work took a name or an address first; nothing was stored.
        """
        with self._work(self.database, actor, at) as work:
            yield work

    @contextmanager
    def work_as_fairness(self, actor: Actor) -> Iterator[Work]:
        """Yield a unit of work that may read the vault; for folding counts and recording groups, and nothing else.

        Raises:
            Unavailable, Conflict: as ``work``.
        """
        with self._work(self.fairness_database, actor, None) as work:
            yield work

    @contextmanager
    def look_as_fairness(self, actor: Actor) -> Iterator[Work]:
        """Yield a unit of work that only reads, the vault too.

        Raises:
            Unavailable: the database could not do it.
        """
        with self._look(self.fairness_database, actor) as work:
            yield work

    @contextmanager
    def _work(self, database: Database, actor: Actor, at: datetime | None) -> Iterator[Work]:
        try:
            with database.write() as session:
                now = at or self.clock.now()
                _see(session, actor, now)
                work = Work(
                    answerable=self,
                    session=session,
                    actor=actor,
                    now=now,
                    writes=True,
                )
                yield work
                if work.readings:
                    readings.write(work, self.readings_told.untold(actor, work.readings, now))
            self.readings_told.add(actor, work.readings, now)
        except (OperationalError, sa.exc.TimeoutError) as error:
            raise unavailable(error) from error
        except DBAPIError as error:
            if error.connection_invalidated:
                raise unavailable(error) from error
            if getattr(error.orig, "sqlstate", None) == _FORBIDDEN:
                raise _vault_shut() from error
            if getattr(error.orig, "sqlstate", None) == _TAKEN:
                raise Conflict(
                    sentence(
                        "Somebody else did the same at the same moment. Nothing was stored; look again, then try again."
                    )
                ) from error
            raise

    @contextmanager
    def look(self, actor: Actor) -> Iterator[Work]:
        """Yield a unit of work that only reads.

        Raises:
            Unavailable: the database could not do it.
        """
        with self._look(self.database, actor) as work:
            yield work

    @contextmanager
    def _look(self, database: Database, actor: Actor) -> Iterator[Work]:
        try:
            with database.read() as session:
                now = self.clock.now()
                _see(session, actor, now)
                work = Work(
                    answerable=self,
                    session=session,
                    actor=actor,
                    now=now,
                    writes=False,
                )
                yield work
            self._tell_of(actor, work.readings)
        except (OperationalError, sa.exc.TimeoutError) as error:
            raise unavailable(error) from error
        except DBAPIError as error:
            if error.connection_invalidated:
                raise unavailable(error) from error
            if getattr(error.orig, "sqlstate", None) == _FORBIDDEN:
                raise _vault_shut() from error
            raise

    def _tell_of(self, actor: Actor, read: list[Reading]) -> None:
        """Say in the log what was read; where that cannot be said now, nothing is shown either."""
        if read and self.readings_told.untold(actor, read, self.clock.now()):
            with self._work(self.database, actor, None) as work:
                work.readings.extend(read)

    def close(self) -> None:
        """Give all connections back."""
        self.writer.close()
        self.database.dispose()
        if self.fairness_database is not self.database:
            self.fairness_database.dispose()


def _see(session: Session, actor: Actor, now: datetime) -> None:
    """Let a session know which person looks, and when; ``governance.decisions.sight`` shows by that."""
    if actor.kind is ActorKind.PERSON:
        session.info["person"] = actor.id, now


def _vault_shut() -> Unavailable:
    return Unavailable(
        sentence(
            "This process's database role may not do that. What reads the vault of group attributes (folding counts, verifying, backups) "
            "runs with fairness_database_url, in `answerable worker` or on the command line."
        )
    )


def open_installation(
    settings: Settings,
    *,
    clock: Clock | None = None,
    new_id: IdSource | None = None,
    receipt_key_needed: bool = True,
) -> Answerable:
    """Open the installation that the settings name.

    One that has no key for receipts yet is given one. Where all copies of it were lost the installation opens only to make another.

    Raises:
        WrongInstallation: there is none, or the schema, the secrets or the key for receipts of this process are not the database's.
        SettingsInvalid: secrets are missing.
        Unavailable: the database cannot be reached.
    """
    from governance.ledger import rotation

    keyring = secrets.load(settings.home / "secrets")
    database = Database(settings.database)
    if database.file is not None and not database.file.exists():
        raise WrongInstallation(
            f"There is no database at {database.file}. `answerable init` makes one."
        )
    try:
        check_schema(database)
        with database.read() as session:
            installation = session.execute(sa.select(Installation)).scalar_one_or_none()
    except OperationalError as error:
        raise unavailable(error) from error
    if installation is None:
        raise WrongInstallation("The database is empty. `answerable init` makes an installation.")
    keyring.check(installation.fingerprints)
    answerable = Answerable(
        settings,
        keyring,
        database,
        clock=clock or SystemClock(),
        new_id=new_id or uuid7,
        origin=installation.origin,
    )
    try:
        rotation.ensure_receipt_key(answerable, needed=receipt_key_needed)
    except BaseException:
        answerable.close()
        raise
    return answerable
