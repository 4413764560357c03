"""Was what receipts promise kept? Whoever asked for decisions keeps them; here they are held against the log."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from audits.log import receipts
from audits.log.notes import (
    Checkpoint,
    MalformedNote,
    NoteRefused,
    VerifyingKey,
    open_checkpoint,
)
from audits.log.receipts import OpenedReceipt, Receipt
from audits.log.tiles import WIDTH, TileMissing
from audits.log.tree import HASH_BYTES, inclusion_holds
from governance.clock import rfc3339
from governance.ledger import proving, queries, rotation
from governance.ledger.models import KeyPurpose, Tile
from governance.ledger.receipting import due
from governance.storage.snapshot import snapshot

if TYPE_CHECKING:
    from governance.application import Answerable

Progress = Callable[[str, int, int], None]
#: How many findings a report keeps; all are counted.
MOST_FINDINGS: Final = 1000
_EVERY: Final = 100


class Verdict(StrEnum):
    """What became of one promise."""

    KEPT = "kept"
    #: The time that was promised is not over.
    NOT_DUE = "not_due"
    #: It is over, and the signed log has no such entry.
    BROKEN = "broken"
    #: No key of this log signed it, or it was changed since.
    FORGED = "forged"
    #: A key that was stolen signed it, and the log has no such entry: nobody can tell who promised that.
    WORTHLESS = "worthless"
    #: It is no receipt.
    UNREADABLE = "unreadable"


_WRONG: Final = frozenset({Verdict.BROKEN, Verdict.FORGED})
_UNCLEAR: Final = frozenset({Verdict.WORTHLESS, Verdict.UNREADABLE})


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """A receipt that is not simply kept or not due: where it was read, and what is wrong with it."""

    where: str
    verdict: Verdict
    record_id: str | None
    detail: str

    def __str__(self) -> str:
        about = "" if self.record_id is None else f" decision {self.record_id}:"
        return f"{self.verdict}:{about} {self.detail} ({self.where})"


@dataclass(slots=True, kw_only=True)
class Report:
    """How many receipts came to what, and those that somebody must look at."""

    counts: Counter[Verdict] = field(default_factory=Counter)
    without: int = 0
    findings: list[Finding] = field(default_factory=list)

    @property
    def checked(self) -> int:
        """How many receipts were looked at."""
        return self.counts.total()

    @property
    def exit_code(self) -> int:
        """Return 0 when all were kept or are not due, 1 when one was broken or forged, 2 when some tell nothing, 3 when there was none."""
        if not self.checked:
            return 3
        if any(self.counts[verdict] for verdict in _WRONG):
            return 1
        return 2 if any(self.counts[verdict] for verdict in _UNCLEAR) else 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """A text that should be a receipt, and where it was read; None: an answer without one."""

    where: str
    text: str | None


def read(paths: Iterable[Path]) -> Iterator[Kept]:
    """Yield the receipts in files and, for folders, in all files below them.

    A file that ends in .note is one receipt. Any other holds answers of the API as JSON, one a line or one in all.

    Raises:
        OSError: a file cannot be read.
    """
    for path in paths:
        if path.is_dir():
            yield from read(sorted(each for each in path.rglob("*") if each.is_file()))
        elif path.suffix == receipts.SUFFIX:
            yield Kept(where=str(path), text=path.read_bytes().decode("utf-8", "replace"))
        else:
            yield from _answers(path)


def _answers(path: Path) -> Iterator[Kept]:
    with path.open("rb") as file:
        first = file.readline()
        file.seek(0)
        if not _is_json(first):
            yield from _of(_parsed(file.read()), str(path))
            return
        for number, line in enumerate(file, start=1):
            if line.strip():
                yield from _of(_parsed(line), f"{path}:{number}")


def _is_json(text: bytes) -> bool:
    try:
        json.loads(text)
    except ValueError:
        return False
    return True


def _parsed(text: bytes) -> Any:
    return json.loads(text) if _is_json(text) else None


def _of(answer: Any, where: str) -> Iterator[Kept]:
    if isinstance(answer, list):
        for number, each in enumerate(answer, start=1):
            yield from _of(each, f"{where}, item {number}")
        return
    text = answer.get("receipt") if isinstance(answer, dict) else ""
    yield Kept(where=where, text=text if text is None or isinstance(text, str) else "")


def check(
    answerable: Answerable, kept: Iterable[Kept], *, progress: Progress | None = None
) -> Report:
    """Hold receipts against the signed log. ``progress`` is told how many were looked at."""
    report = Report()
    tell = progress or (lambda *_: None)
    with snapshot(answerable.database) as session:
        checking = _Checking(session, answerable.clock.now(), report)
        for number, each in enumerate(kept, start=1):
            if each.text is None:
                report.without += 1
            else:
                checking.look(each.where, each.text)
            if number % _EVERY == 0:
                tell("receipts", number, number)
        checking.finish()
    return report


class _Checking:
    def __init__(self, session: Session, now: datetime, report: Report) -> None:
        self._session = session
        self._now = now
        self._report = report
        rows = queries.keys_of(session, KeyPurpose.RECEIPT)
        self._keys = [VerifyingKey.parse(row.vkey) for row in rows]
        self._stolen = {
            VerifyingKey.parse(row.vkey) for row in rows if row.retired_because == rotation.STOLEN
        }
        self._logs = {log.epoch: log for log in queries.epochs(session)}
        self._signed: dict[str, Checkpoint | None] = {}
        self._missing: list[tuple[str, OpenedReceipt]] = []

    def look(self, where: str, text: str) -> None:
        """Check one receipt; one whose record has no proof that fits is looked for by its hash in the end."""
        try:
            opened = receipts.open_receipt(text, self._keys)
        except MalformedNote as refused:
            self._say(Verdict.UNREADABLE, where, None, str(refused))
            return
        except NoteRefused as refused:
            self._say(Verdict.FORGED, where, _record_of(text), str(refused))
            return
        if self._is_proven(opened.receipt):
            self._report.counts[Verdict.KEPT] += 1
        else:
            self._missing.append((where, opened))

    def finish(self) -> None:
        """Tell what became of the receipts that were not found by their record."""
        placed = self._placed({opened.receipt.leaf_hash for _, opened in self._missing})
        for where, opened in self._missing:
            receipt = opened.receipt
            if receipt.leaf_hash in placed:
                self._report.counts[Verdict.KEPT] += 1
            elif due(receipt) >= self._now:
                self._report.counts[Verdict.NOT_DUE] += 1
            elif self._stolen.issuperset(opened.signed_by):
                detail = "a stolen key signed it, and the signed log has no such entry"
                self._say(Verdict.WORTHLESS, where, receipt.record_id, detail)
            else:
                detail = (
                    f"its entry was promised to be in the log by {rfc3339(due(receipt))}, "
                    "and the signed log has none with this hash"
                )
                self._say(Verdict.BROKEN, where, receipt.record_id, detail)

    def _say(self, verdict: Verdict, where: str, record_id: str | None, detail: str) -> None:
        self._report.counts[verdict] += 1
        if len(self._report.findings) < MOST_FINDINGS:
            finding = Finding(where=where, verdict=verdict, record_id=record_id, detail=detail)
            self._report.findings.append(finding)

    def _is_proven(self, receipt: Receipt) -> bool:
        try:
            proof = proving.proof_of(self._session, receipt.record_id)
        except TileMissing:
            return False
        return proof is not None and self._holds(
            receipt.leaf_hash, proof.epoch, proof.index, proof.hashes, proof.note
        )

    def _holds(
        self, leaf: bytes, epoch: int, index: int, hashes: Sequence[bytes], note: str
    ) -> bool:
        signed = self._opened(epoch, note)
        return signed is not None and inclusion_holds(
            index=index, size=signed.size, leaf=leaf, proof=hashes, root=signed.root
        )

    def _opened(self, epoch: int, note: str) -> Checkpoint | None:
        """Return what a checkpoint says, None where no key that counts at its size signed it."""
        if note not in self._signed:
            log = self._logs[epoch]
            retired = log.retired_keys
            try:
                said = open_checkpoint(note, log.verifying_keys)
                counting = [
                    key for key in log.verifying_keys if retired.get(key, said.size) >= said.size
                ]
                self._signed[note] = open_checkpoint(note, counting)
            except NoteRefused:
                self._signed[note] = None
        return self._signed[note]

    def _placed(self, hashes: set[bytes]) -> set[bytes]:
        """Return those of these leaf hashes that stand in the signed tree, though the row that places their record is gone."""
        found: set[bytes] = set()
        for epoch in self._logs if hashes else ():
            newest = queries.newest_checkpoint(self._session, epoch)
            if newest is None:
                continue
            for leaf, index in self._places(epoch, hashes):
                try:
                    proof = proving.inclusion(self._session, epoch, index, newest.size)
                except (TileMissing, ValueError):
                    continue
                if self._holds(leaf, epoch, index, proof, newest.note):
                    found.add(leaf)
        return found

    def _places(self, epoch: int, hashes: set[bytes]) -> list[tuple[bytes, int]]:
        places = []
        for tile, row in self._session.execute(
            sa.select(Tile.idx, Tile.hashes)
            .where(Tile.epoch == epoch, Tile.level == 0)
            .execution_options(yield_per=100)
        ):
            for offset in range(0, len(row), HASH_BYTES):
                leaf = row[offset : offset + HASH_BYTES]
                if leaf in hashes:
                    places.append((leaf, tile * WIDTH + offset // HASH_BYTES))
        return places


def _record_of(text: str) -> str | None:
    try:
        return receipts.parse(text).record_id
    except MalformedNote:
        return None
