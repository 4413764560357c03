"""The log with all that it takes to check it, as a folder or a zip that goes to an auditor.

Everything is read in one snapshot and written piece by piece, so that a log of any length takes the same memory.
"""

from __future__ import annotations

import base64
import zipfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial
from importlib.metadata import version
from pathlib import Path
from shutil import rmtree
from typing import TYPE_CHECKING, Any, Final, Protocol

import orjson
import sqlalchemy as sa
from cryptography.exceptions import InvalidTag
from sqlalchemy.orm import Session

from audits.log.cosignatures import with_lines
from audits.log.entries import EntryKind
from audits.log.proofs import SUFFIX, TlogProof, write_proof
from audits.log.tiles import WIDTH, TileMissing, range_root
from audits.log.tree import consistency_proof
from audits.log.witness_policy import PolicyLog, WitnessPolicy
from governance.actors import Actor
from governance.clock import rfc3339
from governance.decisions.models import Decision
from governance.errors import Conflict, InvalidInput, NotFound
from governance.ledger import anchoring, files, proving, queries, witnessing
from governance.ledger.models import KeyPurpose, Leaf, Log, LogRecord, StoredCheckpoint
from governance.ledger.receipting import Receipts
from governance.permissions import Permission
from governance.storage.snapshot import snapshot
from governance.subjects.keys import SubjectKeys
from governance.subjects.models import PayloadRow, SubjectKeyRow
from governance.work import Work

if TYPE_CHECKING:
    from governance.application import Answerable

VERSION: Final = 1
MOST_DISCLOSED: Final = 1000
#: So many checkpoints of an epoch at most are shown to be consistent with the newest; beyond it, of each day the last.
MOST_CONSISTENCY: Final = 1000
_PAGE: Final = 500
Progress = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What an export is to hold: entries placed within a period (None: from the first, to the last), and which decisions' payloads."""

    since: datetime | None = None
    until: datetime | None = None
    disclose: Sequence[str] = ()
    disclose_all: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Exported:
    """What an export holds."""

    epochs: int
    size: int
    entries: int
    disclosed: int
    left_out: Sequence[Mapping[str, Any]]


class Sink(Protocol):
    """Where files go."""

    def put(self, name: str, content: bytes) -> None:
        """Write one file."""


@dataclass(slots=True)
class _Export:
    """One export on its way."""

    session: Session
    keys: SubjectKeys
    receipts: Receipts
    sink: Sink
    wanted: Wanted
    policy: WitnessPolicy
    progress: Progress
    entries: int = 0
    disclosed: int = 0
    unreadable: int = 0
    pruned: int = 0
    unsigned: int = 0
    thinned: int = 0
    epochs: list[dict[str, Any]] = field(default_factory=list)


def export(
    answerable: Answerable,
    actor: Actor,
    target: Path,
    wanted: Wanted,
    *,
    zipped: bool = False,
    progress: Progress = lambda *_: None,
) -> Exported:
    """Write an export to a path where nothing is yet; the log says that it was taken, and what was disclosed, before it is.

    Raises:
        NotAllowed: the actor may not read the log, or may not read what is to be disclosed.
        NotFound: one of the decisions is none that the actor sees; or nothing was signed yet.
        InvalidInput: the period ends before it begins, or too many decisions are named.
        Conflict: something is at the path already, or the stored tree is damaged.
        SettingsInvalid: the policy of witnesses cannot be read.
        OSError: it cannot be written; nothing is left behind.
    """
    with answerable.work(actor) as work:
        note_taking(work, wanted)
    with _sink(target, zipped=zipped) as sink:
        return write(answerable, sink, wanted, progress)


def write(
    answerable: Answerable, sink: Sink, wanted: Wanted, progress: Progress = lambda *_: None
) -> Exported:
    """Write an export whose taking the log knows of already.

    Raises:
        NotFound, Conflict, SettingsInvalid, OSError: as ``export``.
    """
    policy = witnessing.policy(answerable)
    with snapshot(answerable.database) as session:
        made = _Export(
            session, answerable.keys, answerable.receipts, sink, wanted, policy, progress
        )
        try:
            _write(answerable, made)
        except TileMissing as damaged:
            raise Conflict(str(damaged)) from damaged
    return Exported(
        epochs=len(made.epochs),
        size=made.epochs[-1]["size"],
        entries=made.entries,
        disclosed=made.disclosed,
        left_out=_left_out(made),
    )


def note_taking(work: Work, wanted: Wanted) -> None:
    """Say in the log that somebody takes an export, and which decisions' payloads go with it.

    Raises:
        NotAllowed, NotFound, InvalidInput: as ``export``.
    """
    check(work, wanted)
    period = {
        name: None if at is None else rfc3339(at)
        for name, at in (("since", wanted.since), ("until", wanted.until))
    }
    told = {"what": "log.export", **period}
    if wanted.disclose_all:
        told["disclosed"] = "all"
    work.record(EntryKind.ACCESS_READ, data=told)
    for decision_id in wanted.disclose:
        work.record(
            EntryKind.ACCESS_READ,
            decision_id=decision_id,
            data={"what": "log.disclosure"},
        )


def check(work: Work, wanted: Wanted) -> None:
    """Raise unless the actor may have such an export.

    Raises:
        NotAllowed, NotFound, InvalidInput: as ``export``.
    """
    work.require(Permission.LOG_READ)
    if wanted.disclose or wanted.disclose_all:
        work.require(Permission.DECISIONS_READ)
        work.require(Permission.EXPLANATIONS_AUDIT)
    if wanted.since is not None and wanted.until is not None and wanted.since >= wanted.until:
        raise InvalidInput("The period ends before it begins; give --until after --since.")
    if len(wanted.disclose) > MOST_DISCLOSED:
        raise InvalidInput(
            f"At most {MOST_DISCLOSED} decisions can be named; {len(wanted.disclose)} are. Disclose all of a period instead."
        )
    # What the actor does not see is left out of the query by itself.
    seen = set(
        work.session.execute(
            sa.select(Decision.id).where(Decision.id.in_(list(wanted.disclose)))
        ).scalars()
    )
    for decision_id in wanted.disclose:
        if decision_id not in seen:
            raise NotFound(f"There is no decision {decision_id} to disclose.")


def _write(answerable: Answerable, made: _Export) -> None:
    logs = queries.epochs(made.session)
    for log in logs:
        folder = "" if log is logs[-1] else files.epoch_folder(log.epoch)
        _epoch(made, log, folder)
    if not made.epochs or made.epochs[-1]["epoch"] != logs[-1].epoch:
        raise NotFound(
            "No checkpoint of the current epoch was signed yet. The sequencer does it within seconds; `answerable check` says what it waits for."
        )
    manifest = {
        "v": VERSION,
        "made_at": rfc3339(answerable.clock.now()),
        "software": f"answerable {version('answerable')}",
        "origin": answerable.origin,
        "epoch": logs[-1].epoch,
        "since": None if made.wanted.since is None else rfc3339(made.wanted.since),
        "until": None if made.wanted.until is None else rfc3339(made.wanted.until),
        "epochs": made.epochs,
        "entries": made.entries,
        "disclosed": made.disclosed,
        "left_out": _left_out(made),
    }
    made.sink.put("manifest.json", _json(manifest))


def _epoch(made: _Export, log: Log, folder: str) -> None:
    signed = queries.published_checkpoint(made.session, log.epoch)
    if signed is None:
        made.unsigned += log.size
        return
    made.unsigned += log.size - signed.size
    put = _into(made.sink, folder)
    note = queries.note_of(made.session, signed)
    put(files.CHECKPOINT, note.encode())
    put(files.VKEY, files.vkeys(log))
    _watchers(made, log, put)
    for path, content in files.hash_tiles(made.session, log.epoch, signed.size):
        put(path, content)
    start, end = _range(made, log, signed.size)
    read = f"Entries of epoch {log.epoch}"
    for first, path, bundle in files.bundles(made.session, log, start, end):
        made.progress(read, first - start, end - start)
        width = min(WIDTH, end - first)
        if bundle is None:
            made.pruned += width
            continue
        put(path, bundle)
        made.entries += width
        _disclose(made, log, first, width, signed.size, note, put)
    made.progress(read, end - start, end - start)
    for index in {start, end - 1} if end > start else ():
        _prove(made, log, index, signed.size, note, put)
    _checkpoints(made, log, signed, put)
    for anchor in anchoring.export_files(made.session, log.epoch, most=signed.size):
        put(f"anchors/{anchor.name}", anchor.content)
    made.epochs.append(
        {
            "epoch": log.epoch,
            "origin": log.origin,
            "size": signed.size,
            "min_index": log.min_index,
            "entries": [start, end],
        }
    )


def _watchers(made: _Export, log: Log, put: Callable[[str, bytes], None]) -> None:
    """Write the policy that says whose signatures an epoch's checkpoints need, and the keys of witnesses and of receipts."""
    logs = tuple(PolicyLog(key=key) for key in log.verifying_keys)
    policy = replace(made.policy, logs=logs)
    put("policy", policy.encode())
    if policy.witnesses:
        vkeys = [f"{one.key.encode()}\n" for one in policy.witnesses]
        put("witness.vkey", "".join(vkeys).encode())
    signing = queries.keys_of(made.session, KeyPurpose.RECEIPT)
    if signing:
        put("receipt.vkey", "".join(f"{key.vkey}\n" for key in signing).encode())


def _range(made: _Export, log: Log, size: int) -> tuple[int, int]:
    """Return which entries were placed within the period, widened to whole bundles, without those that were pruned."""
    start, end = log.min_index, size
    if made.wanted.since is not None:
        first = _first_at(made.session, log, made.wanted.since, size)
        start = max(start, size if first == size else first // WIDTH * WIDTH)
    if made.wanted.until is not None:
        last = _first_at(made.session, log, made.wanted.until, size)
        end = min(size, -(-last // WIDTH) * WIDTH)
    return min(start, size), max(end, min(start, size))


def _first_at(session: Session, log: Log, at: datetime, size: int) -> int:
    """Return the first index that was placed at an instant or later, by halves: places are given in the order of time."""
    low, high = log.min_index, size
    while low < high:
        middle = (low + high) // 2
        leaf = session.execute(
            sa.select(Leaf.integrated_at).where(Leaf.epoch == log.epoch, Leaf.leaf_index == middle)
        ).scalar_one()
        low, high = (middle + 1, high) if leaf < at else (low, middle)
    return low


def _disclose(
    made: _Export,
    log: Log,
    first: int,
    width: int,
    size: int,
    note: str,
    put: Callable[[str, bytes], None],
) -> None:
    """Write the payloads of a stretch of the log that are to be disclosed, each with the key that its commitment is checked with."""
    if not (made.wanted.disclose or made.wanted.disclose_all):
        return
    query = (
        sa.select(
            Leaf.leaf_index,
            PayloadRow.record_id,
            PayloadRow.name,
            PayloadRow.nonce,
            PayloadRow.ciphertext,
            SubjectKeyRow.id,
            SubjectKeyRow.subject_tag,
            SubjectKeyRow.wrapped,
        )
        .select_from(Leaf)
        .join(LogRecord, LogRecord.id == Leaf.record_id)
        # Known cases are no decisions of anybody, and are left out of this by the session.
        .join(Decision, Decision.id == LogRecord.decision_id)
        .join(PayloadRow, PayloadRow.record_id == Leaf.record_id)
        .join(SubjectKeyRow, SubjectKeyRow.id == PayloadRow.key_id)
        .where(Leaf.epoch == log.epoch, Leaf.leaf_index >= first, Leaf.leaf_index < first + width)
        .order_by(Leaf.leaf_index, PayloadRow.name)
    )
    if not made.wanted.disclose_all:
        query = query.where(LogRecord.decision_id.in_(list(made.wanted.disclose)))
    found: dict[tuple[int, str], list[dict[str, str]]] = {}
    for row in made.session.execute(query):
        key = made.keys.open(row.id, row.subject_tag, row.wrapped)
        try:
            plaintext = key.decrypt(row.record_id, row.name, row.nonce, row.ciphertext)
        except InvalidTag:
            made.unreadable += 1
            continue
        found.setdefault((row.leaf_index, row.record_id), []).append(
            {
                "name": row.name,
                "data": base64.b64encode(plaintext).decode(),
                "key": key.commitment_key(row.record_id, row.name).hex(),
            }
        )
    for (index, record_id), payloads in found.items():
        put(
            f"disclosures/{record_id}.json",
            _json({"record": record_id, "payloads": payloads}),
        )
        made.disclosed += 1
        receipt = made.receipts.again(made.session, record_id)
        if receipt is not None:
            put(f"receipts/{record_id}.note", receipt.encode())
        if not made.wanted.disclose_all:
            _prove(made, log, index, size, note, put)


def _prove(
    made: _Export,
    log: Log,
    index: int,
    size: int,
    note: str,
    put: Callable[[str, bytes], None],
) -> None:
    entry = made.session.execute(
        sa.select(LogRecord.entry)
        .join(Leaf, Leaf.record_id == LogRecord.id)
        .where(Leaf.epoch == log.epoch, Leaf.leaf_index == index)
    ).scalar_one_or_none()
    if entry is None:
        return
    hashes = proving.inclusion(made.session, log.epoch, index, size)
    text = write_proof(TlogProof(index=index, hashes=hashes, checkpoint=note))
    put(f"proofs/{index}{SUFFIX}", text.encode())
    put(f"proofs/{index}.leaf", entry)


def _checkpoints(
    made: _Export,
    log: Log,
    signed: StoredCheckpoint,
    put: Callable[[str, bytes], None],
) -> None:
    """Write the checkpoints that are kept, and how the last of each hour leads to the newest one."""
    kept: list[tuple[str, int, bytes]] = []
    for row, note in _earlier(made.session, log.epoch, signed.size):
        put(f"checkpoints/{row.size:012d}", note.encode())
        hour = rfc3339(row.signed_at)[:13]
        if kept and kept[-1][0] == hour:
            kept.pop()
        kept.append((hour, row.size, row.root))
    if len(kept) > MOST_CONSISTENCY:
        made.thinned += len(kept)
        kept = list({hour[:10]: (hour, size, root) for hour, size, root in kept}.values())
    proven = []
    range_of = partial(range_root, read_tile=queries.tile_reader(made.session, log.epoch))
    for at, (_hour, size, root) in enumerate(kept):
        if at % 100 == 99:
            # What was read so far is let go of, so that memory does not grow with the log.
            range_of = partial(range_root, read_tile=queries.tile_reader(made.session, log.epoch))
        hashes = consistency_proof(size, signed.size, range_of)
        proven.append(
            {
                "old": size,
                "new": signed.size,
                "old_root": base64.b64encode(root).decode(),
                "new_root": base64.b64encode(signed.root).decode(),
                "proof": [base64.b64encode(one).decode() for one in hashes],
            }
        )
    put("consistency.json", _json(proven))


def _earlier(session: Session, epoch: int, size: int) -> Iterator[tuple[Any, str]]:
    after = -1
    while True:
        rows = session.execute(
            sa.select(
                StoredCheckpoint.size,
                StoredCheckpoint.root,
                StoredCheckpoint.note,
                StoredCheckpoint.signed_at,
            )
            .where(
                StoredCheckpoint.epoch == epoch,
                StoredCheckpoint.size > after,
                StoredCheckpoint.size < size,
                StoredCheckpoint.published_at.is_not(None),
            )
            .order_by(StoredCheckpoint.size)
            .limit(_PAGE)
        ).all()
        if not rows:
            return
        lines = queries.cosignature_lines(session, epoch, [row.size for row in rows])
        for row in rows:
            yield row, with_lines(row.note, lines.get(row.size, []))
        after = rows[-1].size


def _left_out(made: _Export) -> list[dict[str, Any]]:
    """Say what is not in the export, and why."""
    signed = sum(one["size"] for one in made.epochs)
    reasons = (
        ("entries", "pruned or outside the period", signed - made.entries),
        ("entries", "placed, and not covered by a signed checkpoint yet", made.unsigned),
        ("entries", "within the period, and not stored any more", made.pruned),
        ("payloads", "do not decrypt; `answerable audit verify` says more", made.unreadable),
        ("consistency proofs", "of each day the last checkpoint alone is proven", made.thinned),
    )
    return [{"what": what, "why": why, "count": count} for what, why, count in reasons if count > 0]


def _into(sink: Sink, folder: str) -> Callable[[str, bytes], None]:
    return lambda name, content: sink.put(f"{folder}{name}", content)


def _json(value: Any) -> bytes:
    return orjson.dumps(value, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)


class ZipSink:
    """Puts files into a zip archive."""

    def __init__(self, archive: zipfile.ZipFile) -> None:
        self._archive = archive

    def put(self, name: str, content: bytes) -> None:
        # Hashes do not get smaller.
        hashes = "tile/" in name and "tile/entries/" not in name
        self._archive.writestr(
            name, content, zipfile.ZIP_STORED if hashes else zipfile.ZIP_DEFLATED, 6
        )


class _Plain:
    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def put(self, name: str, content: bytes) -> None:
        path = self._folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)


@contextmanager
def _sink(target: Path, *, zipped: bool) -> Iterator[Sink]:
    """Yield where the files go; they come to their place when all are written, and go where one cannot be."""
    if target.exists() and (zipped or not target.is_dir() or any(target.iterdir())):
        raise Conflict(f"There is something at {target} already. Name a path where nothing is.")
    fresh = target.with_name(f".{target.name}.partial")
    _remove(fresh)
    fresh.parent.mkdir(parents=True, exist_ok=True)
    try:
        if zipped:
            fresh.touch(mode=0o600)
            with zipfile.ZipFile(fresh, "w") as archive:
                yield ZipSink(archive)
        else:
            fresh.mkdir(mode=0o700)
            yield _Plain(fresh)
        fresh.rename(target)
    finally:
        _remove(fresh)


def _remove(path: Path) -> None:
    if path.is_dir():
        rmtree(path)
    else:
        path.unlink(missing_ok=True)
