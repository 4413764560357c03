"""Lines that say what turned out right. Reporting the same again changes nothing, so a line may be taken as often as it comes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Any, Final, Protocol
from zoneinfo import ZoneInfo

import msgspec
import orjson

from governance.actors import Actor
from governance.clock import parse_rfc3339
from governance.imports import targets, values
from governance.imports.checking import check_json, not_json
from governance.imports.many import Report, report_truths, taken
from governance.imports.past import outcome_reader
from governance.imports.reading import Row
from governance.imports.taking import Taken, readable
from governance.imports.targets import Target
from governance.imports.values import Unfit
from policies.document import Policy

if TYPE_CHECKING:
    from governance.application import Answerable

_NEVER: Final = "never"


@dataclass(frozen=True, slots=True, kw_only=True)
class TruthLine:
    """A line that can be read: which decisions, and what would have been right for them; ``outcome`` None: nobody will ever know."""

    target: Target
    outcome: str | None
    known_at: datetime | None


class Lines(Protocol):
    """Makes reports of rows."""

    def read(self, row: Row) -> TruthLine:
        """Return what a row says.

        Raises:
            Unfit: it cannot be read.
        """
        ...


class _Line(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    decision_id: str | None = None
    reference: str | None = None
    subject: str | None = None
    outcome: str | None = None
    never: bool = False
    known_at: str | None = None


_DECODER: Final = msgspec.json.Decoder(_Line)


class NdjsonLines:
    """Reads lines that are JSON objects."""

    def read(self, row: Row) -> TruthLine:
        try:
            document = orjson.loads(row.raw)
            line = _DECODER.decode(row.raw)
        except (ValueError, msgspec.MsgspecError, RecursionError) as error:
            not_json(error)
        check_json(row.raw, document, orjson.dumps(document))
        return _made(partial(getattr, line), line.outcome, line.known_at, never=line.never)


class CsvLines:
    """Reads rows of a table by what its columns mean."""

    def __init__(self, policy: Policy, fields: Sequence[str], zone: ZoneInfo) -> None:
        readers: dict[str, Callable[[str], Any]] = {
            "outcome": outcome_reader(policy),
            "never": values.truth,
            "known_at": values.times(zone),
        }
        self._outcomes = policy.outcomes
        self._fields = [
            (at, field, values.reading(field, readers.get(field, str.strip)))
            for at, field in enumerate(fields)
            if field
        ]

    def read(self, row: Row) -> TruthLine:
        cells = row.cells
        assert cells is not None, "a row without a problem has cells"
        said = {field: read(cells[at]) for at, field, read in self._fields if cells[at].strip()}
        outcome, never = said.get("outcome"), said.get("never", False)
        if outcome == _NEVER and _NEVER not in self._outcomes:
            outcome, never = None, True
        return _made(said.get, outcome, said.get("known_at"), never=never)


def _made(
    get: Callable[[str], Any], outcome: str | None, known_at: str | None, *, never: bool
) -> TruthLine:
    target = targets.target_of(get("decision_id"), get("reference"), get("subject"))
    if (outcome is None) is not never:
        raise Unfit("Expected either outcome, or never: true where nobody will ever know.")
    try:
        known = None if known_at is None else parse_rfc3339(known_at)
    except (ValueError, OverflowError):
        raise Unfit(
            "known_at: expected a time with an offset, like 2026-11-21T10:00:00Z."
        ) from None
    return TruthLine(target=target, outcome=outcome, known_at=known)


@dataclass(slots=True)
class Made:
    """One line on its way: read, and its decisions found; ``taken`` once it is known what becomes of it."""

    row: Row
    line: TruthLine | None = None
    decisions: Sequence[str] = ()
    taken: Taken | None = None


class Truths:
    """Takes lines of ground truth. One that is ``trying`` stores nothing."""

    def __init__(
        self, answerable: Answerable, actor: Actor, lines: Lines, policy: Policy, *, trying: bool
    ) -> None:
        self._answerable = answerable
        self._actor = actor
        self._lines = lines
        self._policy = policy
        self._trying = trying

    def make(self, rows: Sequence[Row]) -> list[Made]:
        """Read lines and find the decisions that they mean."""
        made = [self._read(row) for row in rows]
        point = self._policy.decision_point
        readable = [one for one in made if one.line is not None]
        with self._answerable.look(self._actor) as work:
            found = targets.find(
                work, point, [one.line.target for one in readable if one.line is not None]
            )
            now = work.now
        for one in readable:
            assert one.line is not None
            one.decisions = found[one.line.target]
            if not one.decisions:
                one.taken = Taken(
                    line=one.row.line, problem=targets.no_decision(one.line.target, point)
                )
            elif one.line.known_at is not None and one.line.known_at > now:
                one.taken = Taken(
                    line=one.row.line, problem="known_at: it lies ahead of our clock."
                )
            elif self._trying:
                one.taken = Taken(line=one.row.line)
        return made

    def store(self, made: Sequence[Made]) -> list[Taken]:
        """Report what was made, in one transaction.

        Raises:
            Unavailable: the database could not do it now.
        """
        waiting = [one for one in made if one.taken is None]
        if waiting:
            with self._answerable.work(self._actor) as work:
                stored = [report_truths(work, reports) for reports in _rounds(waiting)]
            # Only once it is committed: what is rolled back is taken again.
            for one in waiting:
                one.taken = taken(one.row.line, one.decisions, stored, "outcome")
        return [one.taken for one in made if one.taken is not None]

    def _read(self, row: Row) -> Made:
        made = Made(row)
        try:
            line = self._lines.read(readable(row))
        except Unfit as error:
            made.taken = Taken(line=row.line, problem=str(error))
            return made
        if line.outcome is not None and line.outcome not in self._policy.outcomes:
            outcomes = ", ".join(self._policy.outcomes)
            problem = f"outcome: expected one of {outcomes}, the policy's outcomes."
            made.taken = Taken(line=row.line, problem=problem)
        else:
            made.line = line
        return made


def _rounds(made: Sequence[Made]) -> Iterator[list[Report]]:
    """Yield what lines report, in so many rounds that none tells of a decision twice; the later line wins."""
    left = [
        Report(decision_id=decision_id, outcome=one.line.outcome, known_at=one.line.known_at)
        for one in made
        if one.line is not None
        for decision_id in one.decisions
    ]
    while left:
        now: dict[str, Report] = {}
        for report in left:
            now.setdefault(report.decision_id, report)
        yield list(now.values())
        left = [report for report in left if now[report.decision_id] is not report]
