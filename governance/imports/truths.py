"""Lines that say what turned out right. Reporting the same again changes nothing, so a line may be taken as often as it comes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any, Final
from zoneinfo import ZoneInfo

import msgspec
import orjson

from governance.clock import parse_rfc3339
from governance.imports import targets, values
from governance.imports.checking import check_json, not_json
from governance.imports.many import Report, Stored, report_truths
from governance.imports.past import outcome_reader
from governance.imports.reading import Row
from governance.imports.targets import Target
from governance.imports.telling import Telling
from governance.imports.values import Unfit
from policies.document import Policy

_NEVER: Final = "never"


@dataclass(frozen=True, slots=True, kw_only=True)
class TruthLine:
    """A line that can be read: which decisions, and what would have been right for them; ``outcome`` None: nobody will ever know."""

    target: Target
    outcome: str | None
    known_at: datetime | None


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


class Truths(Telling[TruthLine]):
    """Takes lines of ground truth."""

    field = "outcome"

    def check(self, line: TruthLine) -> None:
        outcomes = self.policy.outcomes
        if line.outcome is not None and line.outcome not in outcomes:
            raise Unfit(f"outcome: expected one of {', '.join(outcomes)}, the policy's outcomes.")

    def check_time(self, line: TruthLine, now: datetime) -> None:
        if line.known_at is not None and line.known_at > now:
            raise Unfit("known_at: it lies ahead of our clock.")

    def record(self, rounds: Iterator[Mapping[str, TruthLine]]) -> list[Stored]:
        with self.answerable.work(self.actor) as work:
            return [
                report_truths(
                    work,
                    [
                        Report(decision_id=one, outcome=line.outcome, known_at=line.known_at)
                        for one, line in told.items()
                    ],
                )
                for told in rounds
            ]
