"""Exports of the log that an auditor asks for on a page or by the API: made in the background, kept for a while, taken as a zip file.

They hold entries, which tell nobody's data; payloads are disclosed by the command line alone, into a folder of whoever runs the service.
"""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import IO, TYPE_CHECKING, Final, cast

import sqlalchemy as sa

from audits.log.entries import EntryKind
from governance.clock import is_id
from governance.errors import AnswerableError, Conflict, NotFound
from governance.identities.queries import names_of
from governance.jobs import queue as jobs
from governance.ledger import exporting
from governance.ledger.exporting import Wanted, ZipSink
from governance.permissions import Permission
from governance.reporting.models import LogExport, LogExportPart
from governance.work import Work

if TYPE_CHECKING:
    from governance.application import Answerable

KEPT: Final = timedelta(days=7)
#: So many may be asked for and not made yet.
MOST_ASKED: Final = 3
PART_BYTES: Final = 1 << 20
_MAKE: Final = "log.export"


@dataclass(frozen=True, slots=True, kw_only=True)
class LogExportView:
    """An export: ``status`` is asked, made or failed, ``size`` the bytes of its file."""

    id: str
    asked_at: datetime
    asked_by_name: str
    since: datetime | None
    until: datetime | None
    status: str
    problem: str | None
    size: int | None
    entries: int | None
    log_size: int | None
    made_at: datetime | None
    kept_until: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportFile:
    """An export's zip file, which is read piece by piece as it is given out."""

    name: str
    size: int
    pieces: Iterator[bytes]


def ask(
    work: Work, *, since: datetime | None = None, until: datetime | None = None
) -> LogExportView:
    """Have an export made; the log says who asked.

    Raises:
        NotAllowed, InvalidInput: the actor may not read the log; the period ends before it begins.
        Conflict: too many wait already.
    """
    wanted = Wanted(since=since, until=until)
    exporting.check(work, wanted)
    waiting = work.session.execute(
        sa.select(sa.func.count()).select_from(LogExport).where(LogExport.status == "asked")
    ).scalar_one()
    if waiting >= MOST_ASKED:
        raise Conflict(f"{waiting} exports are being made already. Ask again when one is done.")
    exporting.note_taking(work, wanted)
    row = LogExport(
        id=work.new_id(),
        asked_by=work.actor.reference,
        asked_at=work.now,
        since=since,
        until=until,
        status="asked",
    )
    work.session.add(row)
    work.session.flush()
    jobs.add(work, kind=_MAKE, unique_key=f"{_MAKE}:{row.id}", payload={"export": row.id})
    return _views(work, [row])[0]


def exports(work: Work) -> list[LogExportView]:
    """Return the exports that are kept, the newest first.

    Raises:
        NotAllowed: the actor may not read the log.
    """
    work.require(Permission.LOG_READ)
    rows = work.session.execute(
        sa.select(LogExport).order_by(LogExport.asked_at.desc(), LogExport.id.desc()).limit(50)
    ).scalars()
    return _views(work, list(rows))


def one(work: Work, export_id: str) -> LogExportView:
    """Return one export.

    Raises:
        NotAllowed, NotFound: the actor may not read the log; there is no such export, or it is kept no longer.
    """
    work.require(Permission.LOG_READ)
    return _views(work, [_row(work, export_id)])[0]


def file_of(work: Work, export_id: str) -> ExportFile:
    """Return an export's file; the log says that it was taken.

    Raises:
        NotAllowed, NotFound: as ``one``.
        Conflict: it is not made yet, or could not be.
    """
    work.require(Permission.LOG_READ)
    row = _row(work, export_id)
    if row.attempt is None or row.size is None:
        raise Conflict(row.problem or "The export is being made. Ask again in a moment.")
    work.record(EntryKind.ACCESS_READ, refs={"export": row.id}, data={"what": "log.export.file"})
    name = f"log-{row.asked_at:%Y-%m-%d}-{row.id[-6:]}.zip"
    pieces = _pieces(work.answerable, row.id, row.attempt)
    return ExportFile(name=name, size=row.size, pieces=pieces)


def run(answerable: Answerable, by: str) -> int:
    """Make an export that was asked for; return how many were made."""
    taken = jobs.take(answerable, by, kind=_MAKE, limit=1)
    for job in taken:
        export_id = job.payload["export"]
        with answerable.database.read() as session:
            row = session.get(LogExport, export_id)
        if row is None or row.status != "asked":
            jobs.done(answerable, [job])
            continue
        parts = _Parts(answerable, export_id, job.attempts)
        try:
            with zipfile.ZipFile(cast("IO[bytes]", parts), "w") as archive:
                wanted = Wanted(since=row.since, until=row.until)
                made = exporting.write(answerable, ZipSink(archive), wanted)
            parts.close()
        except AnswerableError as error:
            _end(answerable, export_id, status="failed", problem=error.detail)
            jobs.give_up(answerable, [job], error.detail)
            continue
        _end(
            answerable,
            export_id,
            status="made",
            attempt=job.attempts,
            size=parts.written,
            entries=made.entries,
            log_size=made.size,
            made_at=answerable.clock.now(),
        )
        jobs.done(answerable, [job])
    return len(taken)


def drop_old(answerable: Answerable) -> None:
    """Drop exports that were kept long enough."""
    old = LogExport.asked_at < answerable.clock.now() - KEPT
    with answerable.database.write() as session:
        session.execute(
            sa.delete(LogExportPart).where(
                LogExportPart.export_id.in_(sa.select(LogExport.id).where(old))
            )
        )
        session.execute(sa.delete(LogExport).where(old))


class _Parts:
    """A file that is only written at its end, kept as rows; each attempt has its own, so that two at once do not mix."""

    def __init__(self, answerable: Answerable, export_id: str, attempt: int) -> None:
        self._answerable = answerable
        self._export_id = export_id
        self._attempt = attempt
        self._pending = bytearray()
        self._number = 0
        self.written = 0

    def write(self, data: bytes) -> int:
        self._pending += data
        self.written += len(data)
        while len(self._pending) >= PART_BYTES:
            self._keep(PART_BYTES)
        return len(data)

    def flush(self) -> None:
        """Keep nothing yet: parts are of one length, but the last."""

    def close(self) -> None:
        if self._pending:
            self._keep(len(self._pending))

    def _keep(self, length: int) -> None:
        with self._answerable.database.write() as session:
            session.add(
                LogExportPart(
                    export_id=self._export_id,
                    attempt=self._attempt,
                    number=self._number,
                    content=bytes(self._pending[:length]),
                )
            )
        del self._pending[:length]
        self._number += 1


def _end(answerable: Answerable, export_id: str, **ended: object) -> None:
    with answerable.database.write() as session:
        session.execute(
            sa.update(LogExport)
            .where(LogExport.id == export_id, LogExport.status == "asked")
            .values(**ended)
        )
        kept = sa.select(sa.func.coalesce(LogExport.attempt, 0)).where(LogExport.id == export_id)
        session.execute(
            sa.delete(LogExportPart).where(
                LogExportPart.export_id == export_id,
                LogExportPart.attempt != kept.scalar_subquery(),
            )
        )


def _pieces(answerable: Answerable, export_id: str, attempt: int) -> Iterator[bytes]:
    number = 0
    while True:
        with answerable.database.read() as session:
            part = session.get(LogExportPart, (export_id, attempt, number))
        if part is None:
            return
        yield part.content
        number += 1


def _row(work: Work, export_id: str) -> LogExport:
    row = work.session.get(LogExport, export_id) if is_id(export_id) else None
    if row is None:
        raise NotFound(
            f"There is no such export. They are kept for {KEPT.days} days; ask for it again."
        )
    return row


def _views(work: Work, rows: list[LogExport]) -> list[LogExportView]:
    names = names_of(work.session, [row.asked_by for row in rows])
    return [
        LogExportView(
            id=row.id,
            asked_at=row.asked_at,
            asked_by_name=names[row.asked_by],
            since=row.since,
            until=row.until,
            status=row.status,
            problem=row.problem,
            size=row.size,
            entries=row.entries,
            log_size=row.log_size,
            made_at=row.made_at,
            kept_until=row.asked_at + KEPT,
        )
        for row in rows
    ]
