"""What do others hold of the log, and does it agree: receipts, anchors, disclosed payloads, apps' own numbers?"""

from __future__ import annotations

import base64
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from cryptography import x509

from audits.log import receipts
from audits.log.entries import commitment, instant_text
from audits.log.notes import (
    Checkpoint,
    NoteRefused,
    VerifyingKey,
    encode_base64,
    open_note,
    parse_checkpoint,
)
from audits.log.receipts import Receipt
from audits.verifying.clock import Dated
from audits.verifying.epochs import (
    MAX_NOTE_BYTES,
    Epoch,
    entry_at,
    introduced,
    joined,
    read_json,
    retired,
)
from audits.verifying.findings import Findings, Step
from audits.verifying.sources import FileDamaged, Source
from audits.verifying.timestamps import (
    MAX_BYTES,
    TimestampUnknown,
    TimestampWrong,
    check_timestamp,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldReceipt:
    """A receipt as found, and what it says before anybody's signature is checked."""

    name: str
    text: str
    receipt: Receipt


@dataclass(frozen=True, slots=True, kw_only=True)
class Anchor:
    """A checkpoint that was left with others: of which file it is, and what it says."""

    name: str
    checkpoint: Checkpoint


@dataclass(slots=True, kw_only=True)
class Anchors:
    """An epoch's anchors, how many time stamps hold, and how many nobody here can check."""

    found: list[Anchor]
    dated: list[Dated]
    unchecked: list[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
    """Numbers of an app that no decision in the export has."""

    app: str
    first: int
    last: int


def read_receipts(
    source: Source, folder: str, own: Sequence[Path], findings: Findings
) -> list[HeldReceipt]:
    """Read the receipts of an export's folder, or those in the reader's own directories."""
    held: list[HeldReceipt] = []
    for name, text in _receipt_texts(source, folder, own, findings):
        try:
            held.append(HeldReceipt(name=name, text=text, receipt=receipts.parse(text)))
        except NoteRefused as refused:
            findings.tampered(
                Step.RECEIPTS, f"{name} is not a receipt", expected="a receipt", got=refused
            )
    return held


def _receipt_texts(
    source: Source, folder: str, own: Sequence[Path], findings: Findings
) -> Iterator[tuple[str, str]]:
    for name in source.names(f"{folder}receipts"):
        path = f"{folder}receipts/{name}"
        try:
            content = source.read(path, MAX_NOTE_BYTES)
            if content is not None:
                yield path, content.decode()
        except (FileDamaged, UnicodeDecodeError) as error:
            findings.tampered(
                Step.RECEIPTS, f"{path} cannot be read", expected="a receipt", got=error
            )
    for directory in own:
        for file in sorted(directory.rglob("*.note")):
            try:
                with file.open("rb") as stream:
                    yield str(file), stream.read(MAX_NOTE_BYTES).decode()
            except (OSError, UnicodeDecodeError) as error:
                findings.tampered(
                    Step.RECEIPTS, f"{file} cannot be read", expected="a receipt", got=error
                )


def receipt_keys(source: Source, epochs: Sequence[Epoch], findings: Findings) -> list[VerifyingKey]:
    """Return the keys that receipts may be signed by: those that entries introduced, or which lie beside the log's."""
    keys: dict[str, VerifyingKey] = {}
    texts = {vkey for epoch in epochs for vkey in introduced(epoch, "receipt")}
    introduced_all = not any(epoch.missing for epoch in epochs)
    for folder in {epoch.folder for epoch in epochs}:
        try:
            content = source.read(f"{folder}receipt.vkey", MAX_NOTE_BYTES) or b""
            lines = {line.strip() for line in content.decode().splitlines() if line.strip()}
        except (FileDamaged, UnicodeDecodeError) as error:
            findings.tampered(
                Step.RECEIPTS,
                f"{folder}receipt.vkey cannot be read",
                expected="keys",
                got=error,
            )
            continue
        for line in sorted(lines - texts):
            if introduced_all:
                findings.tampered(
                    Step.ENTRIES,
                    f"{folder}receipt.vkey holds a key that no entry introduced",
                    expected=" or ".join(sorted(texts)) or "none",
                    got=line,
                )
            else:
                texts.add(line)
    for text in texts:
        try:
            keys[text] = VerifyingKey.parse(text)
        except NoteRefused:
            continue
    return list(keys.values())


def check_receipts(
    held: Iterable[HeldReceipt],
    keys: Sequence[VerifyingKey],
    epochs: Sequence[Epoch],
    as_of: datetime | None,
    findings: Findings,
) -> tuple[int, int]:
    """Hold each promise against the trees; return how many were kept, and how many are not due by what the log shows of time."""
    kept = early = 0
    stolen = {
        vkey
        for epoch in epochs
        for vkey, (_, because) in retired(epoch, "receipt").items()
        if because == "stolen"
    }
    names = {epoch.name for epoch in epochs}
    for one in held:
        said = one.receipt
        if said.origin not in names:
            findings.incomplete(
                Step.RECEIPTS,
                f"{one.name} is of another log",
                expected=" or ".join(sorted(names)),
                got=said.origin,
                record_id=said.record_id,
            )
            continue
        places = [
            (epoch, index)
            for epoch in epochs
            if (index := epoch.leaves.get(said.leaf_hash)) is not None
        ]
        try:
            opened = receipts.open_receipt(one.text, keys)
        except NoteRefused as refused:
            findings.tampered(
                Step.RECEIPTS,
                f"{one.name} cannot be relied on: nobody whose key the log introduced signed it, or it was changed",
                expected=f"a receipt signed by {receipts.key_name(said.origin)}",
                got=refused,
                record_id=said.record_id,
            )
            continue
        if places:
            kept += 1
            continue
        other = [
            (epoch, index)
            for epoch in epochs
            if (index := epoch.records.get(said.record_id)) is not None
        ]
        due = _instant_of(said.due_ms)
        if other:
            epoch, index = other[0]
            findings.tampered(
                Step.RECEIPTS,
                "the record stands in the log with other content than was promised",
                expected=encode_base64(said.leaf_hash),
                got="another leaf",
                epoch=epoch.number,
                index=index,
                record_id=said.record_id,
            )
        elif all(key.encode() in stolen for key in opened.signed_by):
            findings.incomplete(
                Step.RECEIPTS,
                "a promise was not kept that is signed by a key of which the log says that it was stolen; the thief may have made it",
                expected="an entry",
                got="none",
                record_id=said.record_id,
            )
        elif as_of is not None and due is not None and due <= as_of:
            findings.tampered(
                Step.RECEIPTS,
                "the log promised to hold this record, and does not: it was left out",
                expected=f"an entry by {instant_text(due)}",
                got=f"none by {instant_text(as_of)}",
                record_id=said.record_id,
            )
        else:
            early += 1
            findings.incomplete(
                Step.RECEIPTS,
                "the record is not in the log, and the promise was not due yet when the log was last seen alive; verify a later export",
                expected=f"an entry by {'a time that no calendar has' if due is None else instant_text(due)}",
                got="none" if as_of is None else f"none by {instant_text(as_of)}",
                record_id=said.record_id,
            )
    return kept, early


def _instant_of(milliseconds: int) -> datetime | None:
    try:
        return datetime.fromtimestamp(milliseconds / 1000, UTC)
    except (ValueError, OverflowError, OSError):
        return None


def read_anchors(
    source: Source,
    epoch: Epoch,
    authorities: Sequence[x509.Certificate],
    findings: Findings,
) -> Anchors:
    """Read an epoch's anchors, and check the time stamps among them if authorities are given."""
    anchors = Anchors(found=[], dated=[], unchecked=[])
    for name in source.names(f"{epoch.folder}anchors"):
        path = f"{epoch.folder}anchors/{name}"
        try:
            if name.endswith(".json"):
                _read_statement(source, epoch, path, anchors, findings)
            elif name.endswith(".tsr"):
                _read_stamp(source, epoch, path, authorities, anchors, findings)
        except (FileDamaged, NoteRefused, UnicodeDecodeError) as refused:
            findings.tampered(
                Step.ANCHORS,
                f"{path} cannot be relied on",
                expected=f"a checkpoint signed by {epoch.origin}",
                got=refused,
                epoch=epoch.number,
            )
    return anchors


def _read_statement(
    source: Source, epoch: Epoch, path: str, anchors: Anchors, findings: Findings
) -> None:
    said = read_json(source, path, findings, Step.ANCHORS, epoch.number)
    if said is None:
        return
    note = said.get("note") if isinstance(said, dict) else None
    if isinstance(note, str):
        checkpoint = parse_checkpoint(open_note(note, epoch.keys).body)
    else:
        checkpoint = _stated(said, epoch)
    if isinstance(said, dict) and said.get("size") != checkpoint.size:
        raise NoteRefused(f"It says size {said.get('size')!r}, and its note {checkpoint.size}.")
    anchors.found.append(Anchor(name=path, checkpoint=checkpoint))
    where = said.get("where")
    anchors.unchecked.append(
        f"{path}: compare it with what lies at {where if isinstance(where, str) else 'its place'}"
    )


def _stated(said: Any, epoch: Epoch) -> Checkpoint:
    try:
        size, root = said["size"], base64.b64decode(said["root"], validate=True)
    except (TypeError, KeyError, ValueError):
        raise NoteRefused("It names no size and root.") from None
    if type(size) is not int or len(root) != 32:
        raise NoteRefused("It names no size and root.")
    return Checkpoint(origin=epoch.origin, size=size, root=root)


def _read_stamp(
    source: Source,
    epoch: Epoch,
    path: str,
    authorities: Sequence[x509.Certificate],
    anchors: Anchors,
    findings: Findings,
) -> None:
    stem = path.removesuffix(".tsr")
    number = stem.rpartition("/")[2].partition("-")[0]
    note = None
    for name in (
        f"{stem}.note",
        f"{epoch.folder}checkpoints/{number}",
        f"{epoch.folder}checkpoint",
    ):
        note = source.read(name, MAX_NOTE_BYTES)
        if note is not None:
            break
    token = source.read(path, MAX_BYTES)
    if note is None or token is None:
        raise NoteRefused("The checkpoint that it is of is not in the export.")
    checkpoint = parse_checkpoint(open_note(note.decode(), epoch.keys).body)
    anchors.found.append(Anchor(name=path, checkpoint=checkpoint))
    if not authorities:
        anchors.unchecked.append(f"{path}: give the authority's certificates with --anchors")
        return
    try:
        stamp = check_timestamp(token, [note], authorities)
    except TimestampUnknown as unknown:
        anchors.unchecked.append(f"{path}: {unknown}; `openssl ts -verify` may know more")
    except TimestampWrong as wrong:
        findings.tampered(
            Step.ANCHORS,
            f"{path} does not hold",
            expected="a time stamp of the checkpoint by one of the authorities given",
            got=wrong,
            epoch=epoch.number,
            index=checkpoint.size,
        )
    else:
        anchors.dated.append(
            Dated(size=checkpoint.size, at=stamp.at, by=f"authority {stamp.authority}")
        )


def check_anchors(epoch: Epoch, anchors: Anchors, findings: Findings) -> None:
    """Hold what was anchored against the tree."""
    for one in anchors.found:
        said = one.checkpoint
        roots = epoch.roots.get(said.size, frozenset())
        if said.size > epoch.size:
            findings.tampered(
                Step.ANCHORS,
                f"more entries were anchored than there are: the log was cut short or rolled back, as {one.name} shows",
                expected=f"{said.size} entries or more",
                got=f"{epoch.size} entries",
                epoch=epoch.number,
                index=epoch.size,
            )
        elif said.origin != epoch.origin or (roots and said.root not in roots):
            findings.tampered(
                Step.ANCHORS,
                f"{one.name} is of another history than the one that is here",
                expected=encode_base64(said.root),
                got=", ".join(map(encode_base64, sorted(roots))) or epoch.origin,
                epoch=epoch.number,
                index=said.size,
            )
        elif not roots:
            findings.incomplete(
                Step.ANCHORS,
                f"{one.name} cannot be compared, as entries before it are missing with their hashes",
                expected=encode_base64(said.root),
                got="no root",
                epoch=epoch.number,
                index=said.size,
            )


def disclosed_records(source: Source, folder: str) -> list[str]:
    """Return the ids of the records whose payloads an export discloses."""
    return [
        name.removesuffix(".json")
        for name in source.names(f"{folder}disclosures")
        if name.endswith(".json")
    ]


def check_disclosures(source: Source, epochs: Sequence[Epoch], findings: Findings) -> int:
    """Hold disclosed payloads against the commitments of their entries; return how many agree."""
    agreed = 0
    for epoch in epochs:
        for record_id in disclosed_records(source, epoch.folder):
            name = f"{epoch.folder}disclosures/{record_id}.json"
            said = read_json(source, name, findings, Step.DISCLOSURES, epoch.number)
            if said is not None:
                agreed += _check_disclosure(source, epochs, name, record_id, said, findings)
    return agreed


def _check_disclosure(
    source: Source,
    epochs: Sequence[Epoch],
    name: str,
    record_id: str,
    said: Any,
    findings: Findings,
) -> int:
    place = next(
        ((epoch, epoch.records[record_id]) for epoch in epochs if record_id in epoch.records), None
    )
    if place is None:
        report = findings.incomplete if any(e.missing for e in epochs) else findings.tampered
        report(
            Step.DISCLOSURES,
            f"{name} discloses a record that is not among the entries",
            expected="its entry",
            got="none",
            record_id=record_id,
        )
        return 0
    epoch, index = place

    def found(what: str, expected: object, got: object) -> None:
        findings.tampered(
            Step.DISCLOSURES,
            what,
            expected=expected,
            got=got,
            epoch=epoch.number,
            index=index,
            record_id=record_id,
        )

    payloads = (entry_at(source, epoch, index) or {}).get("payload")
    committed = {
        one["name"]: one["commit"]
        for one in (payloads if isinstance(payloads, list) else ())
        if isinstance(one, dict) and isinstance(one.get("name"), str) and "commit" in one
    }
    agreed = 0
    try:
        if said["record"] != record_id:
            found(f"{name} is of another record than its name says", record_id, said["record"])
        for payload in said["payloads"]:
            label, key = payload["name"], bytes.fromhex(payload["key"])
            data = base64.b64decode(payload["data"], validate=True)
            computed = commitment(key, record_id, label, data).hex()
            if label not in committed:
                found(f"the entry commits to no payload named {label}", "a commitment", "none")
            elif computed != committed[label]:
                found(
                    f"the disclosed {label} is not what the entry commits to",
                    committed[label],
                    computed,
                )
            else:
                agreed += 1
    except (TypeError, KeyError, ValueError, AttributeError) as error:
        found(f"{name} has not the form of a disclosure", "record and payloads", error)
    return agreed


def gaps(epochs: Iterable[Epoch]) -> tuple[list[Gap], Mapping[str, tuple[int, int]]]:
    """Return the numbers missing within each app's own counting, and each app's first and last."""
    found: list[Gap] = []
    ends: dict[str, tuple[int, int]] = {}
    for app, first, last in joined(one for epoch in epochs for one in epoch.numbers):
        if app in ends:
            found.append(Gap(app=app, first=ends[app][1] + 1, last=first - 1))
        ends[app] = (ends.get(app, (first, last))[0], last)
    return found, ends
