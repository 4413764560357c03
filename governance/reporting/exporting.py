"""Taking decisions away as a file: the clear columns of those that the ledger shows, never features, subjects or group attributes.

The language of a decision is left out too: where work is routed it counts as a group attribute.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterator, Mapping, Sequence
from enum import StrEnum
from typing import Any, Final

import orjson

from audits.log.entries import EntryKind
from governance.actors import Actor
from governance.application import Answerable
from governance.clock import rfc3339
from governance.permissions import Permission
from governance.reporting import ledger
from governance.reporting.filters import Filters
from governance.reporting.ledger import LedgerRow, Place
from governance.reporting.tables import plain
from governance.work import Work

#: Decisions that one export holds at most.
MOST: Final = 100_000
_AT_ONCE: Final = 1_000
_BEYOND: Final = "There are more decisions than one export holds. This one ends here, after {count}; go on with after={cursor}, or narrow the filters."


class Form(StrEnum):
    """The forms of an export: a table for spreadsheets, or a line of JSON for each decision."""

    CSV = "csv"
    NDJSON = "ndjson"

    @property
    def content_type(self) -> str:
        """The media type of such a file."""
        return "application/x-ndjson" if self is Form.NDJSON else "text/csv; charset=utf-8"


COLUMNS: Final[Mapping[str, Callable[[LedgerRow], Any]]] = {
    "id": lambda row: row.decision.id,
    "decision_point": lambda row: row.decision.point,
    "happened_at": lambda row: rfc3339(row.happened_at),
    "recorded_at": lambda row: rfc3339(row.decision.recorded_at),
    "status": lambda row: str(row.decision.status),
    "proposed_outcome": lambda row: row.decision.proposed_outcome,
    "confidence": lambda row: row.decision.confidence,
    "outcome": lambda row: row.decision.outcome,
    "decided_at": lambda row: _instant(row.decision.decided_at),
    "disposition": lambda row: row.decision.disposition,
    "rules": lambda row: [one.rule for one in row.decision.reasons if one.rule],
    "reasons": lambda row: [one.code for one in row.decision.reasons],
    "queue": lambda row: row.decision.queue,
    "due_at": lambda row: _instant(row.decision.due_at),
    "policy_version": lambda row: row.decision.policy_version,
    "policy_digest": lambda row: row.decision.policy_digest,
    "rollout": lambda row: row.decision.rollout,
    "source": lambda row: row.decision.source,
    "channel": lambda row: row.decision.channel,
    "sequence": lambda row: row.decision.sequence,
    "imported": lambda row: row.decision.imported,
    "person_requested": lambda row: row.decision.person_requested,
    "ground_truth": lambda row: row.truth,
    "ground_truth_never": lambda row: row.never,
}


def export(
    work: Work,
    filters: Filters,
    form: Form,
    *,
    before: Place | None = None,
    cursor_of: Callable[[Place], str],
) -> Iterator[bytes]:
    """Log that the actor takes decisions away, and return the file piece by piece, read as it is taken.

    It holds what the ledger shows with the same filters, newest first. Beyond ``MOST`` its last line says where to go on.

    Raises:
        NotAllowed: the actor may read no decisions.
    """
    work.require(Permission.DECISIONS_READ)
    said = filters.written
    work.record(
        EntryKind.ACCESS_READ,
        data={"what": "ledger", "form": form.value, "filters": sorted(said), "most": str(MOST)},
        payloads={"filters": orjson.dumps(said, option=orjson.OPT_SORT_KEYS)},
    )
    write = _csv if form is Form.CSV else _ndjson
    return write(_pieces(work.answerable, work.actor, filters, before), cursor_of)


#: Some decisions, and where to go on once the export is full (None: it is not, or there is no more).
_Piece = tuple[Sequence[LedgerRow], Place | None]


def _pieces(
    answerable: Answerable, actor: Actor, filters: Filters, before: Place | None
) -> Iterator[_Piece]:
    left = MOST
    while True:
        with answerable.look(actor) as work:
            page = ledger.search(work, filters, limit=min(_AT_ONCE, left), before=before)
        left -= len(page.rows)
        before = page.next_cursor
        yield page.rows, before if left == 0 else None
        if before is None or left == 0:
            return


def _csv(pieces: Iterator[_Piece], cursor_of: Callable[[Place], str]) -> Iterator[bytes]:
    """Write a table as RFC 4180 says; a cell that a spreadsheet would compute is written with an apostrophe before it."""
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    writer.writerow(COLUMNS)
    for rows, following in pieces:
        writer.writerows([_cell(value(row)) for value in COLUMNS.values()] for row in rows)
        if following is not None:
            writer.writerow([_BEYOND.format(count=MOST, cursor=cursor_of(following))])
        yield buffer.getvalue().encode()
        buffer.seek(0)
        buffer.truncate()


def _ndjson(pieces: Iterator[_Piece], cursor_of: Callable[[Place], str]) -> Iterator[bytes]:
    for rows, following in pieces:
        lines = [
            orjson.dumps({name: value(row) for name, value in COLUMNS.items()}) for row in rows
        ]
        if following is not None:
            cursor = cursor_of(following)
            beyond = _BEYOND.format(count=MOST, cursor=cursor)
            lines.append(orjson.dumps({"more": beyond, "next_cursor": cursor}))
        yield b"".join(line + b"\n" for line in lines)


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return plain("; ".join(value))
    return plain(str(value))


def _instant(value: Any) -> str | None:
    return None if value is None else rfc3339(value)
