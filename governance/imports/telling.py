"""Lines that tell something of decisions which are here already, whatever they tell: their decisions are found, and it is stored for each of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Generic, Protocol, TypeVar

from governance.actors import Actor
from governance.imports import targets
from governance.imports.many import Stored, taken
from governance.imports.reading import Row
from governance.imports.taking import Taken, readable
from governance.imports.targets import Target
from governance.imports.values import Unfit
from policies.document import Policy

if TYPE_CHECKING:
    from governance.application import Answerable


class Told(Protocol):
    """A line that can be read."""

    @property
    def target(self) -> Target:
        """Which decisions it tells of."""
        ...


Line = TypeVar("Line", bound=Told)
Line_co = TypeVar("Line_co", bound=Told, covariant=True)


class Lines(Protocol[Line_co]):
    """Makes lines of rows."""

    def read(self, row: Row) -> Line_co:
        """Return what a row says.

        Raises:
            Unfit: it cannot be read.
        """
        ...


@dataclass(slots=True)
class Made(Generic[Line]):
    """One line on its way: read, and its decisions found; ``taken`` once it is known what becomes of it."""

    row: Row
    line: Line | None = None
    decisions: Sequence[str] = ()
    taken: Taken | None = None


class Telling(Generic[Line]):
    """Takes such lines. One that is ``trying`` stores nothing."""

    #: What a line tells, as the list of refused lines names it.
    field: str

    def __init__(
        self,
        answerable: Answerable,
        actor: Actor,
        lines: Lines[Line],
        policy: Policy,
        *,
        trying: bool,
    ) -> None:
        self.answerable = answerable
        self.actor = actor
        self.policy = policy
        self._lines = lines
        self._trying = trying

    def check(self, line: Line) -> None:
        """Check a line against the policy.

        Raises:
            Unfit: it tells what the policy does not know.
        """
        raise NotImplementedError

    def check_time(self, line: Line, now: datetime) -> None:
        """Check a line against our clock.

        Raises:
            Unfit: it tells of what lies ahead.
        """

    def tells(self, line: Line) -> bool:
        """Tell whether there is anything to store of a line."""
        return True

    def record(self, rounds: Iterator[Mapping[str, Line]]) -> list[Stored]:
        """Store lines by decision, round by round, in one transaction.

        Raises:
            Unavailable: the database could not do it now.
        """
        raise NotImplementedError

    def make(self, rows: Sequence[Row]) -> list[Made[Line]]:
        """Read lines and find the decisions that they mean."""
        made = [self._read(row) for row in rows]
        wanted = [one.line.target for one in made if one.line is not None]
        with self.answerable.look(self.actor) as work:
            found = targets.find(work, self.policy.decision_point, wanted)
            now = work.now
        for one in made:
            if one.line is not None:
                one.decisions = found[one.line.target]
                one.taken = self._settled(one, one.line, now)
        return made

    def store(self, made: Sequence[Made[Line]]) -> list[Taken]:
        """Store what was made, in one transaction.

        Raises:
            Unavailable: the database could not do it now.
        """
        waiting = [one for one in made if one.taken is None]
        if waiting:
            stored = self.record(_rounds(waiting))
            # Only once it is committed: what is rolled back is taken again.
            for one in waiting:
                one.taken = taken(one.row.line, one.decisions, stored, self.field)
        return [one.taken for one in made if one.taken is not None]

    def _read(self, row: Row) -> Made[Line]:
        try:
            line = self._lines.read(readable(row))
            self.check(line)
        except Unfit as error:
            return Made(row, taken=Taken(line=row.line, problem=str(error)))
        return Made(row, line)

    def _settled(self, one: Made[Line], line: Line, now: datetime) -> Taken | None:
        """Return what becomes of a line of which nothing is to be stored."""
        if not one.decisions:
            problem = targets.no_decision(line.target, self.policy.decision_point)
            return Taken(line=one.row.line, problem=problem)
        try:
            self.check_time(line, now)
        except Unfit as error:
            return Taken(line=one.row.line, problem=str(error))
        return Taken(line=one.row.line) if self._trying or not self.tells(line) else None


def _rounds(made: Sequence[Made[Line]]) -> Iterator[Mapping[str, Line]]:
    """Yield what lines tell, in so many rounds that none tells of a decision twice; the later line wins."""
    left = [
        (decision_id, one.line)
        for one in made
        if one.line is not None
        for decision_id in one.decisions
    ]
    while left:
        now: dict[str, Line] = {}
        later = []
        for decision_id, line in left:
            if decision_id in now:
                later.append((decision_id, line))
            else:
                now[decision_id] = line
        yield now
        left = later
