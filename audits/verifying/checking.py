"""Is an export what was recorded and signed? All steps, over all epochs."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Executor, ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from cryptography import x509

from audits.log.cosignatures import CosignerKey
from audits.log.entries import EntryKind
from audits.log.notes import NoteRefused, encode_base64, parse_checkpoint, split_note
from audits.log.witness_policy import MAX_BYTES, MalformedPolicy, WitnessPolicy
from audits.verifying import epochs as epoch_checks
from audits.verifying import evidence
from audits.verifying.clock import instant
from audits.verifying.epochs import MAX_NOTE_BYTES, Epoch, Progress, Trusted
from audits.verifying.findings import Finding, Findings, Severity, Step
from audits.verifying.scanning import BUCKETS, place_of, repeated
from audits.verifying.sources import FileDamaged, Source, open_source

_ALONE: Final = 20_000
"""Fewer entries than this are faster checked by one process."""
_WAITING: Final = 3
"""So many tasks wait for each process."""
_MOST_GAPS: Final = 1_000
_MOST_EPOCHS: Final = 10_000
_MANIFEST: Final = "manifest.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What is to be verified, and what the reader holds it against."""

    export: Path
    policy: WitnessPolicy | None = None
    pins: Sequence[tuple[str, str]] = ()
    """Names and texts of checkpoints that the reader kept."""
    receipts: Sequence[Path] = ()
    authorities: Sequence[x509.Certificate] = ()
    max_age: timedelta | None = None
    jobs: int = 1
    now: datetime = field(default_factory=lambda: datetime.now(UTC))
    progress: Progress = lambda *_: None


@dataclass(frozen=True, slots=True, kw_only=True)
class EpochReport:
    """One epoch in figures."""

    number: int
    origin: str
    size: int
    root: str
    checked: int
    checkpoints: int
    cosigned_by: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What came of it: per step what was looked at, what was found, what was not checked, and what is worth knowing."""

    epochs: tuple[EpochReport, ...]
    done: dict[Step, str]
    idle: frozenset[Step]
    """Steps for which there was nothing in the export and nothing from the reader."""
    findings: tuple[Finding, ...]
    counts: dict[Step, tuple[int, int]]
    """How much of each step is tampered and incomplete, kept or not."""
    not_checked: tuple[str, ...]
    remarks: tuple[str, ...]

    @property
    def tampered(self) -> int:
        return sum(count[0] for count in self.counts.values())

    @property
    def incomplete(self) -> int:
        return sum(count[1] for count in self.counts.values())


def verify(request: Request) -> Report:
    """Check an export.

    Raises:
        audits.verifying.sources.NoExport: there is none.
        MalformedPolicy: the export's policy is needed, and is none.
    """
    return _Check(request).run()


class _Check:
    def __init__(self, request: Request) -> None:
        self._request = request
        self._source: Source = open_source(request.export)
        self._findings = Findings()
        self._not_checked: list[str] = []
        self._remarks: list[str] = []
        self._done: dict[Step, str] = {}
        self._idle: set[Step] = set()

    def run(self) -> Report:
        findings, source = self._findings, self._source
        for oddity in source.oddities():
            findings.tampered(
                Step.CHECKPOINT,
                "the archive is not one that an export writes",
                expected="each file once, below the archive",
                got=oddity,
            )
        trusted = self._trusted()
        epochs = self._epochs(trusted)
        if epochs:
            self._pins(epochs, trusted)
            self._scan(epochs)
            self._conclude(epochs, trusted)
        self._say_limits(trusted)
        return self._report(epochs)

    def _trusted(self) -> Trusted:
        policy, is_own = self._request.policy, self._request.policy is not None
        if policy is None:
            policy = self._policy_of_export()
            self._not_checked.append(
                "Whether the keys are those of the log and its witnesses: they came with the export, whoever made it. "
                "Get them from elsewhere and give them with --policy."
            )
        cosigners = [one.key for one in policy.witnesses]
        # Keys that come with the export say nothing beside those that the reader trusts.
        for key in () if is_own else self._witness_keys():
            if key not in cosigners:
                cosigners.append(key)
        return Trusted(policy=policy, is_own=is_own, cosigners=tuple(cosigners))

    def _policy_of_export(self) -> WitnessPolicy:
        try:
            content = self._source.read("policy", MAX_BYTES)
            return WitnessPolicy() if content is None else WitnessPolicy.parse(content)
        except (FileDamaged, MalformedPolicy) as refused:
            self._findings.tampered(
                Step.CHECKPOINT,
                "the export's policy cannot be relied on",
                expected="a tlog-policy",
                got=refused,
            )
            return WitnessPolicy()

    def _witness_keys(self) -> Iterator[CosignerKey]:
        try:
            content = self._source.read("witness.vkey", MAX_BYTES) or b""
            for line in content.decode().splitlines():
                if line.strip():
                    yield CosignerKey.parse(line.strip())
        except (FileDamaged, UnicodeDecodeError, NoteRefused) as refused:
            self._findings.tampered(
                Step.CHECKPOINT,
                "witness.vkey cannot be relied on",
                expected="a witness's key a line",
                got=refused,
            )

    def _epochs(self, trusted: Trusted) -> list[Epoch]:
        """Read every epoch that the export holds, in order."""
        manifest = epoch_checks.read_json(self._source, _MANIFEST, self._findings, Step.CHECKPOINT)
        earlier = sorted(
            int(name)
            for name in self._source.names("epochs")
            if name.isascii() and name.isdigit() and len(name) < 5 and str(int(name)) == name
        )
        said = manifest.get("epoch") if isinstance(manifest, dict) else None
        last = max(earlier, default=0)
        current = said if type(said) is int and 0 < said <= _MOST_EPOCHS else last + 1
        # A copy that a web server gives out has no manifest, and its current epoch in a folder as well.
        if last and self._same_checkpoint(last):
            current = last
        elif current <= last:
            self._findings.tampered(
                Step.HISTORY,
                "the manifest says that an epoch is the newest which is not",
                expected=f"one after {last}",
                got=current,
            )
            current = last + 1
        if manifest is None:
            self._not_checked.append(
                "What was left out of the export, as it has no manifest that says so."
            )
        found: list[Epoch] = []
        for number, folder in [
            *((number, f"epochs/{number}/") for number in earlier if number != current),
            (current, ""),
        ]:
            epoch = epoch_checks.read_epoch(
                self._source,
                number=number,
                folder=folder,
                is_current=not folder,
                trusted=trusted,
                findings=self._findings,
            )
            if epoch is not None:
                epoch.promised = _promised(manifest, number)
                found.append(epoch)
        absent = sorted(set(range(1, current)) - {epoch.number for epoch in found})
        if absent:
            self._findings.incomplete(
                Step.HISTORY,
                "earlier epochs of the log are not in the export",
                expected=f"{current} epochs",
                got=f"none of number {_listed(absent)}",
            )
        self._key_of_policy(found, trusted)
        return found

    def _same_checkpoint(self, number: int) -> bool:
        try:
            return self._source.read("checkpoint", MAX_NOTE_BYTES) == self._source.read(
                f"epochs/{number}/checkpoint", MAX_NOTE_BYTES
            )
        except FileDamaged:
            return False

    def _key_of_policy(self, epochs: Sequence[Epoch], trusted: Trusted) -> None:
        if not trusted.is_own or not trusted.policy.logs:
            if trusted.is_own:
                self._not_checked.append(
                    "Whether the log's key is the log's: your policy names no log, so the export's was taken."
                )
            return
        known = {one.key.name for one in trusted.policy.logs}
        for epoch in epochs:
            if epoch.origin in known:
                continue
            if epoch.is_current:
                self._findings.incomplete(
                    Step.CHECKPOINT,
                    "your policy does not name the log of this export, so its key was taken from the export",
                    expected=" or ".join(sorted(known)),
                    got=epoch.origin,
                    epoch=epoch.number,
                )
            else:
                self._not_checked.append(
                    f"Whether the key of epoch {epoch.number} is the log's: your policy does not name {epoch.origin}. "
                    "Its tree is the one that the next epoch names."
                )

    def _pins(self, epochs: Sequence[Epoch], trusted: Trusted) -> None:
        for name, note in self._request.pins:
            origin = parse_checkpoint(split_note(note)[0]).origin
            epoch = next((one for one in epochs if one.origin == origin), None)
            if epoch is None:
                self._findings.incomplete(
                    Step.HISTORY,
                    f"{name} is a checkpoint of a log or epoch that is not in the export",
                    expected=" or ".join(one.origin for one in epochs),
                    got=origin,
                )
            else:
                epoch_checks.pin(epoch, name, note, trusted, self._findings)

    def _scan(self, epochs: Sequence[Epoch]) -> None:
        """Go through the newest epoch first, as it says how the one before ended."""
        source, findings, request = self._source, self._findings, self._request
        self._held = [
            one
            for number, folder in enumerate(dict.fromkeys(["", *(e.folder for e in epochs)]))
            for one in evidence.read_receipts(
                source, folder, request.receipts if number == 0 else (), findings
            )
        ]
        leaves = frozenset(one.receipt.leaf_hash for one in self._held)
        records = frozenset(
            [
                *(one.receipt.record_id for one in self._held),
                *(r for e in epochs for r in evidence.disclosed_records(source, e.folder)),
            ]
        )
        self._anchors = {
            epoch.number: evidence.read_anchors(source, epoch, request.authorities, findings)
            for epoch in epochs
        }
        buckets = [bytearray() for _ in range(BUCKETS)]
        entries = sum(min(epoch.size, 10**9) for epoch in epochs)
        jobs = request.jobs if entries >= _ALONE else 1
        with _pool(jobs) as pool:
            after: Epoch | None = None
            for epoch in reversed(epochs):
                said = _opening(after)
                anchors = self._anchors[epoch.number]
                epoch_checks.scan(
                    source,
                    request.export,
                    epoch,
                    ends=[
                        *(size for size, _ in _ends_told(said)),
                        *(one.checkpoint.size for one in anchors.found),
                    ],
                    leaves=leaves,
                    records=records,
                    dated=[*epoch_checks.dated_by(epoch), *anchors.dated],
                    pool=pool,
                    in_flight=_WAITING * jobs,
                    findings=findings,
                    progress=request.progress,
                    buckets=buckets,
                )
                self._end(epoch, after, said)
                after = epoch
            self._repeated(epochs, buckets, pool)

    def _repeated(
        self, epochs: Sequence[Epoch], buckets: list[bytearray], pool: Executor | None
    ) -> None:
        by_number = {epoch.number: epoch for epoch in epochs}
        rows = (bytes(bucket) for bucket in buckets)
        found = map(repeated, rows) if pool is None else pool.map(repeated, rows)
        for pairs in found:
            for first, again in pairs:
                (first_epoch, first_index), (epoch, index) = place_of(first), place_of(again)
                record = epoch_checks.entry_at(self._source, by_number[epoch], index)
                self._findings.tampered(
                    Step.ENTRIES,
                    "the record stands in the log twice",
                    expected=f"entry {first_index} of epoch {first_epoch} alone",
                    got=f"also entry {index} of epoch {epoch}",
                    epoch=epoch,
                    index=index,
                    record_id=None if record is None else str(record.get("id")),
                )

    def _end(self, epoch: Epoch, after: Epoch | None, said: Mapping[str, Any] | None) -> None:
        """Hold an epoch against what the next one says of its end."""
        if after is None:
            return
        if said is None:
            self._not_checked.append(
                f"How epoch {epoch.number} ended: the entry that says so is not in the export."
            )
            return
        if said.get("previous_origin") != epoch.origin:
            self._findings.tampered(
                Step.HISTORY,
                f"epoch {after.number} follows another log than epoch {epoch.number}",
                expected=said.get("previous_origin"),
                got=epoch.origin,
                epoch=epoch.number,
            )
            return
        told = list(_ends_told(said))
        for size, root in told:
            if epoch.roots.get(size) and root not in epoch.roots[size]:
                self._findings.tampered(
                    Step.HISTORY,
                    f"epoch {epoch.number} has another history than epoch {after.number} says",
                    expected=encode_base64(root),
                    got=", ".join(map(encode_base64, sorted(epoch.roots[size]))),
                    epoch=epoch.number,
                    index=size,
                )
        fault, end = said.get("previous_fault"), max((size for size, _ in told), default=0)
        signed = min((size for size, _ in told), default=0)
        if epoch.size < end:
            # What was never signed, or was lost, is not in an export; what was signed in order must be.
            in_order = fault is None and epoch.size < signed
            report = self._findings.tampered if in_order else self._findings.incomplete
            report(
                Step.HISTORY,
                f"epoch {epoch.number} has fewer signed entries than epoch {after.number} says that it had",
                expected=f"{end} entries",
                got=f"{epoch.size} entries",
                epoch=epoch.number,
                index=epoch.size,
            )
        elif said.get("previous_closed") is True and epoch.size > end:
            self._findings.tampered(
                Step.HISTORY,
                f"entries were added to epoch {epoch.number} after it was closed",
                expected=f"{end} entries",
                got=f"{epoch.size} entries",
                epoch=epoch.number,
                index=end,
            )
        if fault is not None:
            lost = said.get("lost")
            self._remarks.append(
                f"Epoch {after.number} was opened because epoch {epoch.number} could not go on ({fault})"
                + (f"; {lost} entries are lost by its account." if lost else ".")
            )

    def _conclude(self, epochs: Sequence[Epoch], trusted: Trusted) -> None:
        findings = self._findings
        pruned = _pruned(epochs)
        for epoch in epochs:
            epoch_checks.conclude(self._source, epoch, trusted, findings)
            evidence.check_anchors(epoch, self._anchors[epoch.number], findings)
            self._remarks += epoch.remarks
            self._missing(epoch, pruned.get(epoch.number, 0))
            self._doubts(epoch)
        current = epochs[-1]
        self._quorum(current, trusted)
        self._age(current)
        keys = evidence.receipt_keys(self._source, epochs, findings)
        kept, _ = evidence.check_receipts(self._held, keys, epochs, _as_of(epochs), findings)
        disclosed = evidence.check_disclosures(self._source, epochs, findings)
        stamps = [one for anchors in self._anchors.values() for one in anchors.dated]
        unchecked = [line for anchors in self._anchors.values() for line in anchors.unchecked]
        if self._request.authorities and not stamps:
            findings.incomplete(
                Step.ANCHORS,
                "no time stamp by the authorities given is in the export",
                expected="one",
                got="none",
            )
        self._say_done(epochs, kept=kept, disclosed=disclosed, stamps=len(stamps))
        if unchecked:
            self._not_checked += [f"Anchors: {line}." for line in unchecked[:5]]
            if len(unchecked) > 5:
                self._not_checked.append(f"Anchors: {len(unchecked) - 5} more.")

    def _quorum(self, epoch: Epoch, trusted: Trusted) -> None:
        cosigners = [one.cosigner for one in epoch.newest.cosignatures]
        if trusted.policy.is_met(cosigners):
            return
        met = [
            one.checkpoint.size
            for one in epoch.signed
            if one.keys and trusted.policy.is_met([c.cosigner for c in one.cosignatures])
        ]
        self._findings.incomplete(
            Step.CHECKPOINT,
            "the newest checkpoint is not cosigned by the quorum that the policy asks for"
            + (f"; the last that is has size {max(met)}" if met else ""),
            expected=f"a quorum {trusted.policy.quorum}",
            got=", ".join(one.name for one in cosigners) or "no cosignature of a known witness",
            epoch=epoch.number,
            index=max(met, default=None),
        )

    def _age(self, epoch: Epoch) -> None:
        most = self._request.max_age
        if most is None:
            self._not_checked.append(
                "Whether the export is recent: an old one verifies as well. Give --max-age."
            )
            return
        others = [one.at for one in epoch_checks.dated_by(epoch) if one.size == epoch.size]
        others += [one.at for one in self._anchors[epoch.number].dated if one.size == epoch.size]
        own = _as_of([epoch])
        at = max(others, default=own)
        if not others:
            self._not_checked.append(
                "Whether the export is recent, but by the log's own clock: nobody else dated the newest checkpoint."
            )
        if at is None or self._request.now - at > most:
            self._findings.incomplete(
                Step.CHECKPOINT,
                "the newest checkpoint is older than you allow: an old one may be shown as the current one",
                expected=f"seen within {most}",
                got="nobody says when" if at is None else f"last seen {at:%Y-%m-%d %H:%M:%S} UTC",
                epoch=epoch.number,
            )

    def _missing(self, epoch: Epoch, pruned: int) -> None:
        for start, end in epoch.missing:
            if end <= pruned:
                self._not_checked.append(
                    f"Entries {start} to {end - 1} of epoch {epoch.number}: pruned, as the log itself says; their hashes are here and were checked."
                )
                continue
            self._findings.incomplete(
                Step.TREE,
                f"entries {start} to {end - 1} are not in the export, their hashes alone were checked",
                expected="entries",
                got="hashes",
                epoch=epoch.number,
                index=start,
            )

    def _doubts(self, epoch: Epoch) -> None:
        for start, end in () if epoch.clock is None else epoch.clock.doubts:
            until = "the end" if end is None else f"tick {end}"
            self._remarks.append(
                f"The log says at entry {start} of epoch {epoch.number} that its clock went back. Times from there to {until} rest on nothing."
            )

    def _say_done(self, epochs: Sequence[Epoch], *, kept: int, disclosed: int, stamps: int) -> None:
        current = epochs[-1]
        checked = sum(epoch.checked for epoch in epochs)
        cosigners = sorted({one.cosigner.name for one in current.newest.cosignatures})
        signed = sum(len(epoch.signed) for epoch in epochs)
        pins = sum(one.is_pin for epoch in epochs for one in epoch.signed)
        proofs = sum(len(epoch.proofs) for epoch in epochs)
        ticks = sum(epoch.clock.ticks for epoch in epochs if epoch.clock is not None)
        found, ends = evidence.gaps(epochs)
        self._done = {
            Step.CHECKPOINT: f"The newest checkpoint of {current.origin} covers {current.size:,} entries; cosigned by {', '.join(cosigners) or 'nobody known'}.",
            Step.TREE: f"{checked:,} entries hashed, and the trees of {_counted(len(epochs), 'epoch')} rebuilt from them.",
            Step.ENTRIES: f"{checked:,} entries read, each by itself and against the others.",
            Step.HISTORY: f"{_counted(signed - pins, 'earlier checkpoint')}, {_counted(pins, 'pin')} of yours, {_counted(proofs, 'proof')} and {_counted(len(epochs), 'epoch')}.",
            Step.TIME: f"{_counted(ticks, 'tick')} of the log's clock, and what others dated.",
            Step.RECEIPTS: f"{_counted(len(self._held), 'receipt')}, of which {kept:,} are kept.",
            Step.ANCHORS: f"{_counted(sum(len(a.found) for a in self._anchors.values()), 'anchor')}, of which {_counted(stamps, 'time stamp')} by an authority that you gave.",
            Step.DISCLOSURES: f"{_counted(disclosed, 'disclosed payload')} held against the entries.",
            Step.SEQUENCES: f"{_counted(len(ends), 'app')} with numbers of their own, and {_counted(len(found), 'gap')} in them.",
        }
        anchors = sum(len(one.found) for one in self._anchors.values())
        looked_at = {
            Step.RECEIPTS: len(self._held),
            Step.ANCHORS: anchors,
            Step.DISCLOSURES: disclosed,
            Step.SEQUENCES: len(ends),
        }
        self._idle = {step for step, count in looked_at.items() if not count}
        if not self._held:
            self._not_checked.append(
                "Whether anything was left out before it came into the log: no receipt is here. Give those that apps kept with --receipts."
            )
        if not pins:
            self._not_checked.append(
                "Whether the log was written anew from the start: give a checkpoint that you kept with --pin."
            )
        for gap in found[:_MOST_GAPS]:
            numbers = str(gap.first) if gap.first == gap.last else f"{gap.first} to {gap.last}"
            self._remarks.append(
                f"App {gap.app} counted on over {numbers}: these decisions were refused, or never arrived. Ask whoever runs the app."
            )
        if len(found) > _MOST_GAPS:
            self._remarks.append(f"{len(found) - _MOST_GAPS:,} more gaps in apps' numbers.")

    def _say_limits(self, trusted: Trusted) -> None:
        if trusted.policy.quorum == "none":
            self._not_checked.append(
                "Whether others saw the same log: the policy asks for no witness."
            )
        self._not_checked += [
            "Whether the database that is in use says the same: `answerable audit verify` compares it, where it is.",
            "Whether what was recorded was true when it was recorded.",
        ]

    def _report(self, epochs: Sequence[Epoch]) -> Report:
        findings = self._findings
        return Report(
            epochs=tuple(
                EpochReport(
                    number=epoch.number,
                    origin=epoch.origin,
                    size=epoch.size,
                    root=encode_base64(epoch.newest.checkpoint.root),
                    checked=epoch.checked,
                    checkpoints=len(epoch.signed),
                    cosigned_by=tuple(
                        sorted({one.cosigner.name for one in epoch.newest.cosignatures})
                    ),
                )
                for epoch in epochs
            ),
            done=self._done,
            idle=frozenset(self._idle),
            findings=tuple(findings.kept()),
            counts={
                step: (
                    findings.count(step, Severity.TAMPERED),
                    findings.count(step, Severity.INCOMPLETE),
                )
                for step in Step
            },
            not_checked=tuple(self._not_checked),
            remarks=tuple(self._remarks),
        )


def _promised(manifest: Any, number: int) -> tuple[int, int]:
    """Return which entries of an epoch the manifest says to be there; none where it says nothing that can be read."""
    listed = manifest.get("epochs") if isinstance(manifest, dict) else None
    for one in listed if isinstance(listed, list) else ():
        if isinstance(one, dict) and one.get("epoch") == number:
            entries = one.get("entries")
            if isinstance(entries, list) and [type(at) for at in entries] == [int, int]:
                return entries[0], entries[1]
    return 0, 0


def _opening(epoch: Epoch | None) -> Mapping[str, Any] | None:
    """Return what an epoch's first words say of the one before."""
    for one in () if epoch is None else epoch.own:
        if one.kind == EntryKind.LOG_OPENED:
            return one.data
    return None


def _ends_told(said: Mapping[str, Any] | None) -> Iterator[tuple[int, bytes]]:
    """Yield size and root of the epoch before, as it was stored and as it was signed."""
    if said is None:
        return
    for which in ("previous", "signed"):
        size, root = said.get(f"{which}_size"), said.get(f"{which}_root")
        if type(size) is not int or not isinstance(root, str):
            continue
        try:
            yield size, bytes.fromhex(root)
        except ValueError:
            continue


def _pruned(epochs: Sequence[Epoch]) -> dict[int, int]:
    """Return up to which index each epoch's entries were pruned, as the log says."""
    found: dict[int, int] = {}
    for epoch in epochs:
        for one in epoch.own:
            of, index = one.data.get("epoch", epoch.number), one.data.get("min_index")
            if one.kind == "log.pruned" and type(of) is int and type(index) is int:
                found[of] = max(index, found.get(of, 0))
    return found


def _as_of(epochs: Sequence[Epoch]) -> datetime | None:
    """Return the last time at which the log said that it was alive."""
    ticks = [epoch.clock.last_tick for epoch in epochs if epoch.clock is not None]
    return instant(max(ticks, default=""))


def _counted(count: int, what: str) -> str:
    return f"{count:,} {what}" + ("" if count == 1 else "s")


def _listed(numbers: Sequence[int]) -> str:
    shown = ", ".join(map(str, numbers[:20]))
    return shown if len(numbers) <= 20 else f"{shown} and {len(numbers) - 20} more"


@contextmanager
def _pool(jobs: int) -> Iterator[Executor | None]:
    if jobs < 2:
        yield None
        return
    context = multiprocessing.get_context("fork" if os.name == "posix" else None)
    with ProcessPoolExecutor(jobs, mp_context=context) as pool:
        try:
            yield pool
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise
