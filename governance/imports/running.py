"""Going through a file, some lines at a time, and keeping how far it is.

Lines are stored first, and kept account of afterwards. Whoever is killed in between stores some again, which finds them there: so each line is taken once,
and each counts once.
"""

from __future__ import annotations

import contextlib
import gc
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import islice
from typing import TYPE_CHECKING, Any, Final, Protocol

import sqlalchemy as sa

from audits.sentences import sentence
from governance.actors import Actor
from governance.errors import AnswerableError, Conflict, Unavailable
from governance.imports import parts
from governance.imports.models import ImportRun
from governance.imports.parts import Refused
from governance.imports.reading import Row
from governance.imports.states import Kind, RunStatus
from governance.imports.taking import Taken, Taker
from governance.ledger import keys, queries
from governance.ledger.models import PendingRecord
from governance.ledger.sequencing import Sequencer, TreeDamaged

if TYPE_CHECKING:
    from governance.application import Answerable

#: Lines that a command takes at once; each kind's are one transaction.
AT_ONCE: Final = {Kind.DECISIONS: 1000, Kind.GROUND_TRUTH: 500, Kind.GROUPS: 500}
#: Lines that the background work takes at once, beside the service.
BESIDE: Final = {Kind.DECISIONS: 250, Kind.GROUND_TRUTH: 100, Kind.GROUPS: 100}
_TRIES: Final = 4
_PAUSE: Final = 0.2
_MOMENT: Final = 0.05
_OBJECTS: Final = 100_000
#: How long an import waits for a log that nobody sequences.
_PATIENCE: Final = 60.0

Progress = Callable[[int, int], None]


class Elsewhere(Conflict):
    """The file is gone through by another process, or was stopped."""

    code = "import-elsewhere"


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What some lines came to."""

    accepted: int
    known: int
    refused: tuple[Refused, ...]

    @classmethod
    def of(cls, taken: Sequence[Taken]) -> Seen:
        """Count lines."""
        refused = tuple(
            Refused(line=one.line, problem=one.problem) for one in taken if one.problem is not None
        )
        return cls(
            accepted=len(taken) - len(refused),
            known=sum(one.known for one in taken),
            refused=refused,
        )


class Keeper(Protocol):
    """Keeps account of what became of lines."""

    def keep(self, until: int, seen: Seen) -> None:
        """Keep that all lines up to one are gone through, and what became of those since the last.

        Raises:
            Elsewhere: another process is at it.
            Unavailable: the database could not do it now.
        """
        ...


@dataclass(slots=True)
class Tally:
    """What lines came to so far."""

    accepted: int = 0
    known: int = 0
    refused: int = 0

    def add(self, seen: Seen) -> None:
        """Count more lines."""
        self.accepted += seen.accepted
        self.known += seen.known
        self.refused += len(seen.refused)


@dataclass(slots=True, kw_only=True)
class Untold:
    """Keeps account of a trial that leaves no trace; who wants to know is told of refused lines."""

    tally: Tally = field(default_factory=Tally)
    refusing: Callable[[Sequence[Refused]], None] = lambda _: None

    def keep(self, until: int, seen: Seen) -> None:
        self.tally.add(seen)
        self.refusing(seen.refused)


class RunKeeper:
    """Keeps account in the run's row, and refused lines in its list, in one transaction."""

    def __init__(self, answerable: Answerable, actor: Actor, run_id: str, done: int) -> None:
        self._answerable = answerable
        self._actor = actor
        self._run_id = run_id
        self._done = done
        #: What this process has seen of the run.
        self.tally = Tally()

    def keep(self, until: int, seen: Seen) -> None:
        with self._answerable.work(self._actor) as work:
            run = work.session.get(ImportRun, self._run_id, with_for_update=True)
            # A connection that broke off after the commit leaves the very state that is to be kept.
            kept = run is not None and run.done == until > self._done
            if (
                run is None
                or run.status != RunStatus.RUNNING
                or run.done not in (self._done, until)
            ):
                raise Elsewhere(
                    "This import was stopped, or goes on in another process. What was imported stays; the history says how far it is."
                )
            if not kept:
                run.done = until
                run.accepted += seen.accepted
                run.known += seen.known
                run.refused += len(seen.refused)
                what = parts.REFUSED if run.finished_at is None else parts.AGAIN
                parts.add_refused(work, run, seen.refused, what=what)
        self._done = until
        self.tally.add(seen)


class Going:
    """One process on its way through a file."""

    def __init__(
        self,
        answerable: Answerable,
        rows: Iterator[Row],
        taker: Taker,
        keeper: Keeper,
        *,
        at_once: int,
        stores: bool = True,
    ) -> None:
        self._answerable = answerable
        self._rows = rows
        self._taker = taker
        self._keeper = keeper
        self._at_once = at_once
        self._stores = stores
        self._until = 0

    def step(self) -> bool:
        """Take some lines; return whether there were any.

        Raises:
            Elsewhere, Unavailable, InvalidInput: as ``Keeper`` and ``reading.rows`` say; the lines may be taken again.
        """
        rows = list(islice(self._rows, self._at_once))
        if not rows:
            return False
        made = self._taker.make(rows)
        if self._stores:
            wait_for_log(self._answerable)
        taken = patiently(lambda: self._taker.store(made))
        self._until = rows[-1].until
        patiently(lambda: self._keeper.keep(self._until, Seen.of(taken)))
        return True

    def all(self, progress: Progress, lines: int) -> None:
        """Take all lines.

        Raises:
            Elsewhere, Unavailable, InvalidInput: as ``step``.
        """
        with collecting_seldom():
            while self.step():
                progress(self._until, lines)
        progress(lines, lines)


@contextmanager
def collecting_seldom() -> Iterator[None]:
    """Let Python look for garbage less often: hundreds of thousands of rows live shortly, and none of them in a circle."""
    before = gc.get_threshold()
    gc.set_threshold(_OBJECTS, *before[1:])
    try:
        yield
    finally:
        gc.set_threshold(*before)


def patiently(act: Callable[[], Any]) -> Any:
    """Do something that is harmless to repeat, a few times where the database cannot do it at once."""
    for attempt in range(_TRIES):
        try:
            return act()
        except Unavailable:
            if attempt == _TRIES - 1:
                raise
            time.sleep(_PAUSE * 2**attempt)
    raise AssertionError


def log_is_behind(answerable: Answerable) -> bool:
    """Tell whether nearly as many entries wait for the sequencer as would keep the service from deciding."""
    most = answerable.settings.log_pending_limit * 4 // 5
    with answerable.database.read() as session:
        waiting = sa.select(PendingRecord.record_id).limit(most + 1).subquery()
        count = session.execute(sa.select(sa.func.count()).select_from(waiting)).scalar_one()
    return count > most


def wait_for_log(answerable: Answerable, *, helping: bool = True) -> None:
    """Wait until the sequencer has caught up, ``helping`` it where the log's key is here.

    Raises:
        Unavailable: it does not catch up.
    """
    give_up = time.monotonic() + _PATIENCE
    helper = Helper(answerable) if helping else None
    while log_is_behind(answerable):
        if helper is not None and helper.place():
            give_up = time.monotonic() + _PATIENCE
            continue
        if time.monotonic() > give_up:
            raise Unavailable(
                sentence(
                    "Too many log entries wait to be sequenced. Start the service or a worker, then import the file again: it goes on where it stopped."
                )
            )
        time.sleep(_PAUSE if helping else _MOMENT)


class Helper:
    """Places entries of the log where its key is here, beside whoever else does."""

    def __init__(self, answerable: Answerable) -> None:
        self._answerable = answerable
        self._sequencer: Sequencer | None = None

    def place(self) -> bool:
        """Place some entries; return whether there were any that this process may place.

        Raises:
            Unavailable: the log's tree is damaged.
        """
        if self._sequencer is None:
            if not _has_log_key(self._answerable):
                return False
            self._sequencer = Sequencer(self._answerable)
        try:
            return self._sequencer.tick().placed > 0
        except TreeDamaged as error:
            raise Unavailable(error.said) from error

    def follow(self, stop: threading.Event) -> None:
        """Place entries while many wait, until told to stop; whoever waits for the log says what keeps it."""
        while not stop.is_set():
            with contextlib.suppress(AnswerableError, sa.exc.SQLAlchemyError):
                if _many_wait(self._answerable) and self.place():
                    continue
            stop.wait(_MOMENT)


def _many_wait(answerable: Answerable) -> bool:
    most = answerable.settings.log_pending_limit // 2
    with answerable.database.read() as session:
        return (
            session.execute(sa.select(PendingRecord.record_id).offset(most).limit(1)).first()
            is not None
        )


def _has_log_key(answerable: Answerable) -> bool:
    with answerable.database.read() as session:
        return bool(keys.signing_keys(answerable, queries.current(session)))
