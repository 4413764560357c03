"""Are 256 entries what their leaves say, each canonical by itself, and what of them do later steps need?

Each bundle is checked without the others, so that several processes share the work. What comes back of one is
small: its root, its findings, digests of its ids, and the few entries that speak of the log itself.
"""

from __future__ import annotations

import re
from collections.abc import Container, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

from audits.log import profile
from audits.log.bundles import MAX_BUNDLE_BYTES, MalformedBundle, bundle_path, parse_bundle
from audits.log.entries import COMMITMENT_ALGORITHM, VERSION, ActorType, EntryKind
from audits.log.profile import NotCanonical
from audits.log.tiles import TILE_BYTES, WIDTH, perfect_root, tile_path
from audits.log.tree import HASH_BYTES
from audits.verifying.findings import Findings, Step
from audits.verifying.sources import FileDamaged, Source, open_source

ID_DIGEST_BYTES: Final = 16
BUCKETS: Final = 64
PER_BUNDLE: Final = 2 * WIDTH
"""So many findings of a step a bundle may have; it holds no more entries than half of that."""

_INDEX_BITS: Final = 48
_LAST_EPOCH: Final = 0xFFFF
_KINDS: Final = frozenset(kind.value for kind in EntryKind)
_ACTORS: Final = frozenset(kind.value for kind in ActorType)
#: Of these an app counts, by numbers of its own.
_NUMBERED: Final = frozenset({EntryKind.DECISION_RECORDED, EntryKind.DECISION_IMPORTED})
_FIELDS: Final = frozenset(
    ("v", "id", "log", "kind", "recorded_at", "actor", "refs", "data", "payload")
)
_PAYLOAD: Final = frozenset(("name", "alg", "commit"))
_is_id = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.ASCII).fullmatch
_is_instant = re.compile(
    r"[0-9]{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12][0-9]|3[01])T(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]\.[0-9]{6}Z",
    re.ASCII,
).fullmatch
_is_commitment = re.compile(r"[0-9a-f]{64}", re.ASCII).fullmatch


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """What every bundle of an epoch is scanned for."""

    epoch: int
    folder: str
    """The epoch's own files begin with this: empty for the newest one."""
    log: str
    size: int
    promised: tuple[int, int]
    """The manifest says that the entries from here to there are in the export."""
    leaves: frozenset[bytes] = frozenset()
    """Leaf hashes whose place is wanted."""
    records: frozenset[str] = frozenset()
    """Ids of records whose place is wanted."""
    rows: frozenset[int] = frozenset()
    """Bundles whose leaf hashes are wanted, as a signed tree ends within them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnEntry:
    """An entry in which the log speaks of itself."""

    index: int
    record_id: str
    kind: str
    recorded_at: str
    data: dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """Entries between two of the log's own, and the earliest and latest time at which they say that they were recorded."""

    start: int
    end: int
    earliest: str
    latest: str


@dataclass(slots=True, kw_only=True)
class Scanned:
    """What one bundle came to.

    ``stored`` is the leaf hashes of the tile, ``computed`` those of the entries; each is None where it is missing, and
    both are emptied where only the roots are needed.
    """

    index: int
    width: int
    stored_root: bytes | None = None
    computed_root: bytes | None = None
    stored: bytes | None = None
    computed: bytes | None = None
    ids: list[bytes] = field(default_factory=list)
    own: list[OwnEntry] = field(default_factory=list)
    spans: list[Span] = field(default_factory=list)
    numbers: dict[str, list[tuple[int, int]]] = field(default_factory=dict)
    """By app, the sequence numbers in ranges, as they come."""
    leaves: dict[bytes, int] = field(default_factory=dict)
    records: dict[str, int] = field(default_factory=dict)
    findings: Findings = field(default_factory=lambda: Findings(PER_BUNDLE))


_opened: dict[Path, Source] = {}
"""What a process of the pool has opened; an archive's list of files is read once."""


def scan_bundles(path: Path, ask: Ask, indexes: Sequence[int]) -> tuple[list[Scanned], list[bytes]]:
    """Scan some bundles of an export in a process of its own."""
    source = _opened.get(path)
    if source is None:
        source = _opened[path] = open_source(path)
    return scan_task(source, ask, indexes)


def scan_task(
    source: Source, ask: Ask, indexes: Sequence[int]
) -> tuple[list[Scanned], list[bytes]]:
    """Scan some bundles; the digests of their ids come apart, in buckets for ``repeated``."""
    scanned = [scan_bundle(source, ask, index) for index in indexes]
    buckets: list[list[bytes]] = [[] for _ in range(BUCKETS)]
    for bundle in scanned:
        first = (min(ask.epoch, _LAST_EPOCH) << _INDEX_BITS) + bundle.index * WIDTH
        for place, digest in enumerate(bundle.ids, first):
            buckets[digest[-1] % BUCKETS].append(digest + place.to_bytes(8))
        bundle.ids = []
    return scanned, [b"".join(rows) for rows in buckets]


def place_of(number: int) -> tuple[int, int]:
    """Return the epoch and index of an entry that ``repeated`` names."""
    return number >> _INDEX_BITS, number & (1 << _INDEX_BITS) - 1


def repeated(bucket: bytes) -> list[tuple[int, int]]:
    """Return pairs of entries that have the same id, the first one first, each as ``place_of`` reads it."""
    row = ID_DIGEST_BYTES + 8
    rows = [bucket[at : at + row] for at in range(0, len(bucket), row)]
    if len({one[:ID_DIGEST_BYTES] for one in rows}) == len(rows):
        return []
    pairs: list[tuple[int, int]] = []
    first: dict[bytes, int] = {}
    for one in rows:
        index = int.from_bytes(one[ID_DIGEST_BYTES:])
        earlier = first.setdefault(one[:ID_DIGEST_BYTES], index)
        if earlier != index:
            pairs.append((min(earlier, index), max(earlier, index)))
    return pairs


def scan_bundle(source: Source, ask: Ask, index: int) -> Scanned:
    """Scan one bundle with the tile of its leaves."""
    width = min(WIDTH, ask.size - index * WIDTH)
    scanned = Scanned(index=index, width=width)
    scanned.stored = _read_tile(source, ask, scanned)
    entries = read_entries(source, ask, index, scanned.findings)
    if entries is not None:
        _scan_entries(ask, scanned, entries)
        if scanned.stored is None and not scanned.findings.count(Step.TREE):
            scanned.findings.incomplete(
                Step.TREE,
                f"{tile_path(0, index, width)} is missing",
                expected=f"{width * HASH_BYTES} bytes",
                got="nothing",
                epoch=ask.epoch,
                index=index * WIDTH,
            )
    elif scanned.stored is not None and ask.leaves:
        _look_for(ask, scanned, scanned.stored)
    keep = width < WIDTH or index in ask.rows
    if width == WIDTH:
        scanned.stored_root = _root_of(scanned.stored)
        scanned.computed_root = (
            scanned.stored_root
            if scanned.computed == scanned.stored
            else _root_of(scanned.computed)
        )
    if not keep:
        scanned.stored = scanned.computed = None
    return scanned


def _root_of(row: bytes | None) -> bytes | None:
    return None if row is None else perfect_root(row)


def read_entries(
    source: Source, ask: Ask, index: int, findings: Findings | None = None
) -> list[bytes] | None:
    """Read the entries of a bundle, None where they cannot be had; findings are added where they are asked for."""
    findings = Findings() if findings is None else findings
    width = min(WIDTH, ask.size - index * WIDTH)
    start, end = index * WIDTH, index * WIDTH + width
    path = bundle_path(index, width)
    try:
        # A log that has grown since may serve the whole bundle in the place of its beginning.
        bundle = source.read(ask.folder + path, MAX_BUNDLE_BYTES)
        whole = None
        if bundle is None and width < WIDTH:
            whole = source.read(ask.folder + bundle_path(index), MAX_BUNDLE_BYTES)
    except FileDamaged as damaged:
        findings.tampered(
            Step.TREE,
            f"{path} cannot be read",
            expected=f"entries {start} to {end - 1}",
            got=damaged,
            epoch=ask.epoch,
            index=start,
        )
        return None
    if bundle is None and whole is None:
        if start < ask.promised[1] and end > ask.promised[0]:
            findings.tampered(
                Step.TREE,
                f"{path} is missing, while the manifest says that its entries are here",
                expected=f"entries {start} to {end - 1}",
                got="nothing",
                epoch=ask.epoch,
                index=start,
            )
        return None
    try:
        if bundle is not None:
            return parse_bundle(bundle, width)
        entries = parse_bundle(whole or b"")
    except MalformedBundle as refused:
        findings.tampered(
            Step.TREE,
            f"{path} is not a bundle of entries {start} to {end - 1}: something was cut off or put in",
            expected=f"{width} entries",
            got=refused,
            epoch=ask.epoch,
            index=start,
        )
        return None
    if len(entries) < width:
        findings.tampered(
            Step.TREE,
            f"{bundle_path(index)} ends too early: something was cut off",
            expected=f"at least {width} entries",
            got=f"{len(entries)} entries",
            epoch=ask.epoch,
            index=start + len(entries),
        )
        return None
    return entries[:width]


def parse_entry(entry: bytes) -> dict[str, Any] | None:
    """Return an entry's record, None where it cannot be read; ``scan_bundle`` has said so already."""
    try:
        return profile.parse(entry)
    except NotCanonical:
        return None


def _read_tile(source: Source, ask: Ask, scanned: Scanned) -> bytes | None:
    index, width = scanned.index, scanned.width
    path = tile_path(0, index, width)
    try:
        row = source.read(ask.folder + path, TILE_BYTES)
        exact = row is not None
        if row is None and width < WIDTH:
            row = source.read(ask.folder + tile_path(0, index), TILE_BYTES)
    except FileDamaged as damaged:
        scanned.findings.tampered(
            Step.TREE,
            f"{path} cannot be read",
            expected=f"{width * HASH_BYTES} bytes",
            got=damaged,
            epoch=ask.epoch,
            index=index * WIDTH,
        )
        return None
    if row is None:
        return None
    if len(row) < width * HASH_BYTES or (exact and len(row) > width * HASH_BYTES):
        scanned.findings.tampered(
            Step.TREE,
            f"{path} is not of the length that its name says",
            expected=f"{width * HASH_BYTES} bytes",
            got=f"{len(row)} bytes",
            epoch=ask.epoch,
            index=index * WIDTH + min(width, len(row) // HASH_BYTES),
        )
    return row[: width * HASH_BYTES] if len(row) >= width * HASH_BYTES else None


def _look_for(ask: Ask, scanned: Scanned, row: bytes) -> None:
    for offset in range(scanned.width):
        leaf = row[offset * HASH_BYTES : (offset + 1) * HASH_BYTES]
        if leaf in ask.leaves:
            scanned.leaves[leaf] = scanned.index * WIDTH + offset


def _scan_entries(ask: Ask, scanned: Scanned, entries: list[bytes]) -> None:
    start = scanned.index * WIDTH
    scanned.computed = computed = b"".join([sha256(b"\x00" + entry).digest() for entry in entries])
    if ask.leaves:
        _look_for(ask, scanned, computed)
    records: list[dict[str, Any] | None] = []
    strange: set[int] = set()
    for index, record in enumerate(profile.parse_all(entries), start):
        if isinstance(record, NotCanonical):
            scanned.findings.tampered(
                Step.ENTRIES,
                "the entry is not canonical",
                expected="the one form that is allowed",
                got=record.detail,
                epoch=ask.epoch,
                index=index,
            )
            records.append(None)
            scanned.ids.append(_digest(f"entry {index}"))
            continue
        records.append(record)
        if not _is_sound(record, ask.log):
            strange.add(index)
            _check_record(ask, scanned.findings, index, record)
        record_id = record.get("id")
        scanned.ids.append(_digest(record_id if isinstance(record_id, str) else f"entry {index}"))
        if record_id in ask.records:
            scanned.records[record_id] = index
    if scanned.stored is not None and scanned.stored != computed:
        _name_differences(ask, scanned, records)
    _gather(scanned, records, strange)


def _digest(record_id: str) -> bytes:
    """Return what tells ids apart: the bytes of a UUID, or of a hash where it is none."""
    if _is_id(record_id) is not None:
        return bytes.fromhex(record_id.replace("-", ""))
    return sha256(record_id.encode("utf-8", "surrogatepass")).digest()[:ID_DIGEST_BYTES]


def _is_sound(record: dict[str, Any], log: str) -> bool:
    """Say in one go whether a record is as ``entries.build`` makes it; what is not, ``_check_record`` names."""
    try:
        actor, kind = record["actor"], record["kind"]
        return (
            record["v"] == VERSION
            and record["log"] == log
            and kind in _KINDS
            and _is_id(record["id"]) is not None
            and _is_instant(record["recorded_at"]) is not None
            and actor["type"] in _ACTORS
            and type(actor["ref"]) is str
            and type(record["refs"]) is dict
            and type(record["data"]) is dict
            and (record.keys() == _FIELDS or record.keys() - {"occurred_at"} == _FIELDS)
            and (not record["payload"] or _payloads_fit(record["payload"]))
        )
    except (KeyError, TypeError):
        return False


def _payloads_fit(payloads: Any) -> bool:
    if type(payloads) is not list:
        return False
    for one in payloads:
        fits = (
            type(one) is dict
            and one.keys() == _PAYLOAD
            and type(one["name"]) is str
            and one["alg"] == COMMITMENT_ALGORITHM
            and type(one["commit"]) is str
            and _is_commitment(one["commit"]) is not None
        )
        if not fits:
            return False
    return True


def _check_record(ask: Ask, findings: Findings, index: int, record: dict[str, Any]) -> None:
    """Name what is wrong with a record."""
    record_id = record.get("id")
    known_id = record_id if isinstance(record_id, str) else None

    def found(what: str, expected: object, got: object) -> None:
        findings.tampered(
            Step.ENTRIES,
            what,
            expected=expected,
            got=got,
            epoch=ask.epoch,
            index=index,
            record_id=known_id,
        )

    version, kind, at = record.get("v"), record.get("kind"), record.get("recorded_at")
    if version != VERSION or type(version) is not int:
        findings.incomplete(
            Step.ENTRIES,
            "the entry is of a version that this program does not know; a newer one may",
            expected=VERSION,
            got=version,
            epoch=ask.epoch,
            index=index,
            record_id=known_id,
        )
        return
    if record.get("log") != ask.log:
        found("the entry belongs to another log", ask.log, record.get("log"))
    if known_id is None or _is_id(known_id) is None:
        found("the entry has no id", "a lower-case UUID", record_id)
    if not isinstance(at, str) or _is_instant(at) is None:
        found("the entry says no time of recording", "RFC 3339, microseconds, UTC", at)
    if not isinstance(kind, str):
        found("the entry has no kind", "a kind", kind)
    elif kind not in _KINDS:
        findings.incomplete(
            Step.ENTRIES,
            "the entry is of a kind that this program does not know; a newer one may",
            expected="a known kind",
            got=kind,
            epoch=ask.epoch,
            index=index,
            record_id=known_id,
        )
    actor = record.get("actor")
    if (
        not isinstance(actor, dict)
        or actor.get("type") not in _ACTORS
        or not isinstance(actor.get("ref"), str)
    ):
        found("the entry does not say whose act it tells of", "a type and a ref", actor)
    if not isinstance(record.get("refs"), dict) or not isinstance(record.get("data"), dict):
        found("the entry's refs or data are missing", "two objects", "another form")
    if not _payloads_fit(record.get("payload")):
        found("the entry's commitments are not of their form", "names and commitments", "others")
    fields = record.keys() - {"occurred_at"}
    if fields != _FIELDS:
        found(
            "the entry has other fields than an entry has",
            ", ".join(sorted(_FIELDS)),
            ", ".join(sorted(record)),
        )


def _name_differences(ask: Ask, scanned: Scanned, records: list[dict[str, Any] | None]) -> None:
    stored, computed = scanned.stored or b"", scanned.computed or b""
    for offset, record in enumerate(records):
        at = slice(offset * HASH_BYTES, (offset + 1) * HASH_BYTES)
        if stored[at] == computed[at]:
            continue
        record_id = None if record is None else record.get("id")
        scanned.findings.tampered(
            Step.TREE,
            "the entry does not hash to its leaf: one of the two was changed",
            expected=stored[at].hex(),
            got=computed[at].hex(),
            epoch=ask.epoch,
            index=scanned.index * WIDTH + offset,
            record_id=record_id if isinstance(record_id, str) else None,
        )


def _gather(
    scanned: Scanned, records: list[dict[str, Any] | None], strange: Container[int]
) -> None:
    """Keep what the log says of itself, the span of times between, and the apps' own numbers.

    Of ``strange`` entries it was said already what is wrong; they are not relied on to be of their form.
    """
    start = scanned.index * WIDTH
    times: list[str] = []
    begun = start

    def close(end: int) -> None:
        if times:
            scanned.spans.append(Span(start=begun, end=end, earliest=min(times), latest=max(times)))
            times.clear()

    for index, record in enumerate(records, start):
        if record is None or (index in strange and not _is_readable(record)):
            continue
        kind, at, data = record["kind"], record["recorded_at"], record["data"]
        if kind.startswith("log."):
            close(index)
            begun = index + 1
            scanned.own.append(
                OwnEntry(
                    index=index,
                    record_id=str(record.get("id")),
                    kind=kind,
                    recorded_at=at,
                    data=data,
                )
            )
            continue
        times.append(at)
        number = data.get("sequence")
        if type(number) is int and kind in _NUMBERED and record["actor"].get("type") == "app":
            # An app counts on when its key changes.
            ranges = scanned.numbers.setdefault(record["actor"]["ref"].partition("/")[0], [])
            if ranges and ranges[-1][1] + 1 == number:
                ranges[-1] = (ranges[-1][0], number)
            else:
                ranges.append((number, number))
    close(start + len(records))


def _is_readable(record: dict[str, Any]) -> bool:
    at, actor = record.get("recorded_at"), record.get("actor")
    return (
        isinstance(record.get("kind"), str)
        and isinstance(at, str)
        and _is_instant(at) is not None
        and isinstance(record.get("data"), dict)
        and isinstance(actor, dict)
        and isinstance(actor.get("ref"), str)
    )
