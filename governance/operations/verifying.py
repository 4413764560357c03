"""Is the log what was signed, and does the database say what the log says?

``audits.log.verify`` checks each epoch by itself. Here it is given the stored log, and then everything that the entries vouch for is held
against them: decisions, cases, verdicts, policies and payloads. All of it is read in one snapshot.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

import orjson
import sqlalchemy as sa
from cryptography.exceptions import InvalidTag
from sqlalchemy.orm import Session

from audits.log import drawing
from audits.log import verify as log_verify
from audits.log.entries import EntryKind, instant_text
from audits.log.highwater import HighWater, SigningRefused
from audits.log.tiles import ReadTile
from audits.log.tree import leaf_hash
from audits.log.verify import Severity, StoredEntry
from governance.appeals.models import Appeal, Reversal
from governance.auditing.models import Draw, DrawnDecision, SentCount
from governance.clock import rfc3339
from governance.decisions import sight
from governance.decisions.models import Decision
from governance.erasing.models import ErasedRecord, Erasure, LegalHold
from governance.errors import AnswerableError
from governance.gold.models import GoldCase, GoldServing
from governance.holds.models import Hold
from governance.identities.models import AppKey, Person
from governance.ledger import highwater_file, keys, queries
from governance.ledger.models import (
    Leaf,
    Log,
    LogKey,
    LogRecord,
    PendingRecord,
    QuarantinedRecord,
    StoredCheckpoint,
    Tile,
)
from governance.operations import comparing, log_keys, standing
from governance.points.models import DecisionPoint, PolicyVersion
from governance.reporting import signing
from governance.reporting.models import ReportRow
from governance.requests.models import Request
from governance.reviews.models import Case, Verdict
from governance.rights.models import RightsRequest
from governance.storage.snapshot import snapshot
from governance.subjects.keys import SubjectKey
from governance.subjects.models import (
    PayloadRow,
    PeopleOnlyRow,
    PrunedDecision,
    SubjectKeyRow,
    VaultRow,
)
from governance.truth.models import Feedback, GroundTruth
from policies import document

if TYPE_CHECKING:
    from governance.application import Answerable

_PAGE = 1000
#: How many findings a report keeps; all are counted.
MOST_FINDINGS = 1000
Progress = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that is not as it must be, and the decision or entry that it is about."""

    severity: Severity
    what: str
    expected: str
    got: str
    decision_id: str | None = None
    record_id: str | None = None
    epoch: int | None = None
    index: int | None = None

    def __str__(self) -> str:
        about = []
        if self.decision_id is not None:
            about.append(f"decision {self.decision_id}")
        elif self.record_id is not None:
            about.append(f"record {self.record_id}")
        if self.index is not None:
            about.append(f"entry {self.index} of epoch {self.epoch}")
        where = f"{', '.join(about)}: " if about else ""
        return f"{self.severity}: {where}{self.what}; expected {self.expected}, got {self.got}"


@dataclass(slots=True, kw_only=True)
class Report:
    """What a verification came to.

    ``erased`` payloads are not there any more, as the log says; ``missing`` ones are not there and nothing says why. These and ``pending`` entries could not
    be checked to the end. ``lost`` entries had been signed in an epoch that was then given up, as the next
    one says: they went with a restored backup. ``pruned`` payloads and ``pruned_entries`` were deleted when their time had
    passed, as the log says too.
    """

    started_at: datetime
    finished_at: datetime | None = None
    epochs: int = 0
    entries: int = 0
    decisions: int = 0
    payloads: int = 0
    erased: int = 0
    pruned: int = 0
    pruned_entries: int = 0
    missing: int = 0
    pending: int = 0
    lost: int = 0
    signed: int = 0
    tampered: int = 0
    incomplete: int = 0
    findings: list[Finding] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        """Tell whether everything agrees and everything could be checked."""
        return not self.tampered and not self.incomplete

    @property
    def exit_code(self) -> int:
        """Return 0 when all agrees, 1 when something was tampered with, 2 when something cannot be checked."""
        return 1 if self.tampered else 2 if self.incomplete else 0


def verify(answerable: Answerable, *, progress: Progress | None = None) -> Report:
    """Check the log and everything that it vouches for. ``progress`` is told what is looked at, how far it is, and how far it goes."""
    report = Report(started_at=answerable.clock.now())
    with snapshot(answerable.fairness_database) as session:
        sight.of_all(session)
        verification = _Verification(answerable, session, report, progress or (lambda *_: None))
        for finding in verification.run():
            if finding.severity is Severity.TAMPERED:
                report.tampered += 1
            else:
                report.incomplete += 1
            if len(report.findings) < MOST_FINDINGS:
                report.findings.append(finding)
    report.finished_at = answerable.clock.now()
    return report


class _Verification:
    def __init__(
        self, answerable: Answerable, session: Session, report: Report, progress: Progress
    ) -> None:
        self._answerable = answerable
        self._session = session
        self._report = report
        self._progress = progress
        self._opened: dict[str, SubjectKey | None] = {}
        self._asked: dict[str, tuple[str | None, str | None]] = {}
        self._digests: dict[tuple[str, int], str] = {}
        self._regrouped: dict[str, str] = {}
        self._ends: dict[int, Mapping[str, Any]] = {}
        self._let_go: set[str] = set()
        self._erased: set[str] = set()
        self._erased_unnamed = 0

    def run(self) -> Iterator[Finding]:
        self._ends = self._ends_told()
        for log in queries.epochs(self._session):
            self._report.epochs += 1
            yield from self._epoch(log)
        yield from self._log_keys()
        yield from self._policies()
        yield from self._in_force()
        yield from self._reports()
        yield from self._gold()
        yield from self._pruned_payloads()
        self._erased, self._erased_unnamed = self._erased_told()
        yield from self._draws()
        yield from self._records()
        yield from self._decisions()

    # ------------------------------------------------------------------------------- the log

    def _epoch(self, log: Log) -> Iterator[Finding]:
        try:
            # The key's own half, where it is here, is worth more than what the database says of it.
            keys.signing_keys(self._answerable, log)
        except AnswerableError as error:
            yield _tampered(
                "the log key here is not the one the log names",
                expected=log.vkey,
                got=error.detail,
                epoch=log.epoch,
            )
        mark, faults = self._mark(log)
        yield from faults
        pruned_to = yield from self._pruned_to(log)
        for found in log_verify.verify(
            origin=log.origin,
            log=self._answerable.origin,
            size=log.size,
            root=log.root,
            entries=self._entries(log),
            read_tile=self._tiles(log),
            checkpoints=self._checkpoints(log),
            keys=log.verifying_keys,
            retired=log.retired_keys,
            highwater=mark,
            min_index=pruned_to,
        ):
            yield Finding(
                severity=found.severity,
                what=found.what,
                expected=found.expected,
                got=found.got,
                record_id=found.record_id,
                decision_id=self._decision_of(found.record_id),
                epoch=log.epoch,
                index=found.index,
            )

    def _pruned_to(self, log: Log) -> Generator[Finding, None, int]:
        """Return before which index entries may be gone, and find whether others are gone than the log says."""
        told = [one for one in self._said(EntryKind.LOG_PRUNED) if one.get("epoch") == log.epoch]
        pruned_to = max((int(one["min_index"]) for one in told), default=0)
        if log.min_index != pruned_to:
            yield _tampered(
                "logs.min_index is not what the entries say",
                expected=pruned_to,
                got=log.min_index,
                epoch=log.epoch,
            )
        gone = self._session.execute(
            sa.select(sa.func.count())
            .select_from(Leaf)
            .outerjoin(LogRecord, LogRecord.id == Leaf.record_id)
            .where(Leaf.epoch == log.epoch, Leaf.leaf_index < pruned_to, LogRecord.id.is_(None))
        ).scalar_one()
        expected = sum(int(one["entries"]) for one in told)
        if gone != expected:
            yield _tampered(
                f"not as many entries before index {pruned_to} are gone as were pruned",
                expected=expected,
                got=gone,
                epoch=log.epoch,
            )
        self._report.pruned_entries += gone
        return pruned_to

    def _pruned_payloads(self) -> Iterator[Finding]:
        """Find whether more decisions count as pruned than the log says."""
        told = sum(int(one["decisions"]) for one in self._said(EntryKind.PAYLOADS_PRUNED))
        marked = self._count(PrunedDecision)
        if marked != told:
            yield _tampered(
                "not as many decisions are marked as pruned as the entries say",
                expected=told,
                got=marked,
            )

    def _said(self, kind: EntryKind) -> list[dict[str, Any]]:
        """Return what the entries of a kind say."""
        entries = self._session.execute(
            sa.select(self._bytes(LogRecord.entry)).where(LogRecord.kind == kind)
        ).scalars()
        return [said["data"] for said in map(_parsed, entries) if said is not None]

    def _ends_told(self) -> dict[int, Mapping[str, Any]]:
        """Return what the first entry of each later epoch says of the one before, by that one's number."""
        told: dict[int, Mapping[str, Any]] = {}
        for entry in self._session.execute(
            sa.select(self._bytes(LogRecord.entry)).where(LogRecord.kind == EntryKind.LOG_OPENED)
        ).scalars():
            said = _parsed(entry)
            if said is not None and isinstance(said["data"].get("previous_size"), int):
                told[said["data"]["epoch"] - 1] = said["data"]
        return told

    def _mark(self, log: Log) -> tuple[HighWater | None, list[Finding]]:
        """Return the mark to hold an epoch against, and what is wrong about it.

        How an epoch that was given up ended stands in the next one, which is signed and has a mark of its own.
        """
        end = self._ends.get(log.epoch)
        findings: list[Finding] = []
        if end is not None:
            if (log.size, log.root.hex()) != (end["previous_size"], end["previous_root"]):
                findings.append(
                    _tampered(
                        "the epoch is not as the next one says it ended",
                        expected=f"{end['previous_size']} entries, root {end['previous_root']}",
                        got=f"{log.size} entries, root {log.root.hex()}",
                        epoch=log.epoch,
                    )
                )
            self._report.lost += end["lost"] or 0
            if end.get("previous_fault") is not None:
                return None, findings
        try:
            mark = highwater_file.load(self._answerable, log)
        except SigningRefused as refused:
            return None, [
                *findings,
                _tampered(
                    "the high-water file is not as it was written",
                    expected="the newest signed checkpoint",
                    got=str(refused),
                    epoch=log.epoch,
                ),
            ]
        except OSError as error:
            return None, [*findings, _unchecked_mark(log, str(error))]
        if (
            mark is None
            and end is None
            and queries.newest_checkpoint(self._session, log.epoch) is not None
        ):
            path = highwater_file.path_of(self._answerable, log)
            findings.append(_unchecked_mark(log, f"no file {path}"))
        return mark, findings

    def _entries(self, log: Log) -> Iterator[StoredEntry]:
        after = -1
        entry = self._bytes(LogRecord.entry)
        leaf = self._bytes(Leaf.leaf_hash)
        while True:
            rows = self._session.execute(
                sa.select(Leaf.leaf_index, Leaf.record_id, leaf, entry)
                .outerjoin(LogRecord, LogRecord.id == Leaf.record_id)
                .where(Leaf.epoch == log.epoch, Leaf.leaf_index > after)
                .order_by(Leaf.leaf_index)
                .limit(_PAGE)
            ).all()
            for index, record_id, hashed, entry_bytes in rows:
                self._report.entries += 1
                yield StoredEntry(
                    index=index, record_id=record_id, entry=entry_bytes, leaf_hash=hashed
                )
            self._progress("entries of the log", self._report.entries, log.size)
            if len(rows) < _PAGE:
                return
            after = rows[-1].leaf_index

    def _tiles(self, log: Log) -> ReadTile:
        hashes = self._bytes(Tile.hashes)

        def read(level: int, index: int) -> bytes | None:
            return self._session.execute(
                sa.select(hashes).where(
                    Tile.epoch == log.epoch, Tile.level == level, Tile.idx == index
                )
            ).scalar_one_or_none()

        return read

    def _checkpoints(self, log: Log) -> Iterator[log_verify.StoredCheckpoint]:
        for size, root, note in self._session.execute(
            sa.select(
                StoredCheckpoint.size, self._bytes(StoredCheckpoint.root), StoredCheckpoint.note
            )
            .where(StoredCheckpoint.epoch == log.epoch)
            .order_by(StoredCheckpoint.size)
        ).all():
            self._report.signed = size
            yield log_verify.StoredCheckpoint(size=size, root=root, note=note)

    def _decision_of(self, record_id: str | None) -> str | None:
        if record_id is None:
            return None
        found = self._session.execute(
            sa.select(LogRecord.decision_id).where(LogRecord.id == record_id)
        ).scalar_one_or_none()
        if found is not None:
            return found
        return self._session.execute(
            sa.select(Decision.id).where(Decision.id == record_id)
        ).scalar_one_or_none()

    def _log_keys(self) -> Iterator[Finding]:
        """Hold the keys that count against the entries that named them."""
        told = [
            _parsed(entry)
            for entry in self._session.execute(
                sa.select(self._bytes(LogRecord.entry)).where(LogRecord.kind.in_(log_keys.KINDS))
            ).scalars()
        ]
        try:
            found = list(
                log_keys.differences(
                    [said for said in told if said is not None],
                    self._all(LogKey),
                    {log.epoch: log.min_index for log in queries.epochs(self._session)},
                )
            )
        except (KeyError, TypeError) as error:
            found = [("the log's keys", "entries of this program", f"{type(error).__name__}")]
        for key, expected, got in found:
            yield _tampered(
                f"the key {key} is not what the entries say", expected=expected, got=got
            )
        self._session.expunge_all()

    # ------------------------------------------------------------------------------ policies

    def _policies(self) -> Iterator[Finding]:
        named: dict[tuple[str, int], str] = {}
        for entry in self._session.execute(
            sa.select(self._bytes(LogRecord.entry)).where(
                LogRecord.kind.in_([EntryKind.POLICY_DRAFTED, EntryKind.POLICY_PUBLISHED])
            )
        ).scalars():
            said = _parsed(entry)
            if said is not None and {"point", "version", "digest"} <= said["data"].keys():
                data = said["data"]
                named[data["point"], data["version"]] = data["digest"]
        for row in self._session.execute(
            sa.select(
                PolicyVersion.point,
                PolicyVersion.version,
                PolicyVersion.digest,
                PolicyVersion.text,
            ).order_by(PolicyVersion.point, PolicyVersion.version)
        ):
            what = f"version {row.version} of the policy of {row.point}"
            self._digests[row.point, row.version] = row.digest
            expected = named.pop((row.point, row.version), None)
            if expected is None:
                yield _tampered(f"{what} is in no entry", expected="an entry", got="none")
            elif row.digest != expected:
                yield _tampered(
                    f"the digest of {what} is not the one published",
                    expected=expected,
                    got=row.digest,
                )
            try:
                computed = document.load(row.text).digest
            except Exception as error:  # noqa: BLE001 -- a text that was edited may fail anyhow.
                computed = f"a text that cannot be read ({type(error).__name__})"
            if computed != row.digest:
                yield _tampered(
                    f"the text of {what} does not have its digest",
                    expected=row.digest,
                    got=computed,
                )
        for point, version in named:
            yield _tampered(
                f"version {version} of the policy of {point} is gone",
                expected="its text",
                got="nothing",
            )

    # ------------------------------------------------------------------------ what is in force

    def _in_force(self) -> Iterator[Finding]:
        """Hold live policies, holds, roles, app keys, requests and what persons concerned asked for against the entries that made them so."""
        said = []
        for entry in self._session.execute(
            sa.select(self._bytes(LogRecord.entry))
            .outerjoin(Leaf, Leaf.record_id == LogRecord.id)
            .where(LogRecord.kind.in_(standing.KINDS))
            .order_by(
                Leaf.epoch.is_(None),
                Leaf.epoch,
                Leaf.leaf_index,
                LogRecord.recorded_at,
                LogRecord.id,
            )
        ).scalars():
            parsed = _parsed(entry)
            if parsed is not None:
                said.append(parsed)
        try:
            known = standing.follow(said)
            rows = {
                "decision_points": {row.name: row for row in self._all(DecisionPoint)},
                "policy_versions": {
                    (row.point, row.version): row for row in self._all(PolicyVersion)
                },
                "holds": {row.id: row for row in self._all(Hold)},
                "people": {row.id: row for row in self._all(Person)},
                "app_keys": {row.id: row for row in self._all(AppKey)},
                "requests": {row.id: row for row in self._all(Request)},
                "people_only": {row.key_id: row for row in self._all(PeopleOnlyRow)},
                "legal_holds": {row.id: row for row in self._all(LegalHold)},
                "erasures": {row.id: row for row in self._all(Erasure)},
                "rights_requests": {row.id: row for row in self._all(RightsRequest)},
            }
            # A mark goes with the subject's key, when the subject is erased.
            marked = known["people_only"]
            there = self._keys_there(list(marked))
            known["people_only"] = {key: said for key, said in marked.items() if key in there}
            for difference in standing.compare(known, rows):
                yield _tampered(
                    f"{difference.where} is not what the entries say",
                    expected=difference.expected,
                    got=difference.got,
                )
        except (KeyError, ValueError, TypeError, sa.exc.DBAPIError) as error:
            yield _tampered(
                "what is in force cannot be held against the entries",
                expected="entries and rows of this program",
                got=f"{type(error).__name__}: {error}",
            )
        self._session.expunge_all()

    def _keys_there(self, ids: Sequence[str]) -> set[str]:
        """Return those of these keys of subjects that were not erased."""
        there: set[str] = set()
        for start in range(0, len(ids), _PAGE):
            some = SubjectKeyRow.id.in_(ids[start : start + _PAGE])
            there.update(self._session.execute(sa.select(SubjectKeyRow.id).where(some)).scalars())
        return there

    # ------------------------------------------------------------------- records and payloads

    def _records(self) -> Iterator[Finding]:
        total = self._count(LogRecord)
        self._report.pending = self._count(PendingRecord)
        done = 0
        for ids in self._pages(LogRecord.id):
            rows = yield from self._readable(
                ids,
                lambda some: self._session.execute(
                    sa.select(
                        LogRecord.id,
                        LogRecord.kind,
                        LogRecord.recorded_at,
                        LogRecord.decision_id,
                        self._bytes(LogRecord.entry).label("entry"),
                        Leaf.leaf_index,
                        self._bytes(PendingRecord.leaf_hash).label("pending_hash"),
                        QuarantinedRecord.detail.label("quarantined"),
                    )
                    .outerjoin(Leaf, Leaf.record_id == LogRecord.id)
                    .outerjoin(PendingRecord, PendingRecord.record_id == LogRecord.id)
                    .outerjoin(QuarantinedRecord, QuarantinedRecord.record_id == LogRecord.id)
                    .where(LogRecord.id.in_(some))
                ).all(),
                "the record's row",
            )
            stored = self._stored_payloads(ids)
            self._regrouped = self._groups_recorded_later(ids)
            self._let_go = self._pruned_of([*ids, *(row.decision_id for row in rows)])
            recorded = [row.id for row in rows if row.kind in comparing.RECORDED]
            present = self._asked = {
                decision_id: (digest, key)
                for decision_id, digest, key in self._session.execute(
                    sa.select(Decision.id, Decision.body_digest, Decision.idempotency_key).where(
                        Decision.id.in_(recorded)
                    )
                )
            }
            for row in rows:
                yield from self._record(row, stored.get(row.id, {}))
                if row.kind in comparing.RECORDED and row.id not in present:
                    yield _tampered(
                        "the decision is gone while its entry is there",
                        expected="its row",
                        got="nothing",
                        decision_id=row.decision_id or row.id,
                        record_id=row.id,
                    )
            done += len(ids)
            self._progress("records and payloads", done, total)
        yield from self._orphans()

    def _record(self, row: Any, stored: Mapping[str, Any]) -> Iterator[Finding]:
        about = {"decision_id": row.decision_id, "record_id": row.id}
        if row.quarantined is not None:
            yield _tampered(
                "the entry was changed before it got its place in the log, and is kept out",
                expected="the bytes that were recorded",
                got=row.quarantined,
                **about,
            )
        elif row.leaf_index is None and row.pending_hash is None:
            yield _tampered(
                "the entry neither has a place in the log nor waits for one",
                expected="a leaf or a pending row",
                got="neither",
                **about,
            )
        elif row.leaf_index is None and leaf_hash(row.entry) != row.pending_hash:
            yield _tampered(
                "the entry, which waits for its place, was changed",
                expected=row.pending_hash.hex(),
                got=leaf_hash(row.entry).hex(),
                **about,
            )
        said = _parsed(row.entry)
        if said is None:
            # Steps of the log have told it; nothing else can be said of such an entry.
            return
        for name, expected, got in (
            ("kind", said["kind"], row.kind),
            ("recorded_at", said["recorded_at"], _text(row.recorded_at)),
            ("decision_id", said["refs"].get("decision"), row.decision_id),
        ):
            if expected != got:
                yield _tampered(
                    f"log_records.{name} is not what the entry says",
                    expected=expected,
                    got=got,
                    decision_id=said["refs"].get("decision") or row.decision_id,
                    record_id=row.id,
                )
        commitments = {item["name"]: item["commit"] for item in said["payload"]}
        if self._was_let_go(row, said):
            gone = commitments.keys() - stored.keys()
            self._report.pruned += len(gone)
            commitments = {name: commitments[name] for name in commitments.keys() - gone}
        if row.id in self._regrouped:
            commitments["groups"] = self._regrouped[row.id]
        for name, commit in commitments.items():
            yield from self._payload(row.id, name, commit, stored.get(name), about)
        for name in stored.keys() - commitments.keys():
            yield _tampered(
                f"the payload {name} is in no entry", expected="no payload", got="one", **about
            )

    def _pruned_of(self, ids: Sequence[str | None]) -> set[str]:
        """Return which of these decisions lost their payloads to retention."""
        wanted = sorted({one for one in ids if one is not None})
        found: set[str] = set()
        for start in range(0, len(wanted), _PAGE):
            some = PrunedDecision.decision_id.in_(wanted[start : start + _PAGE])
            found.update(
                self._session.execute(sa.select(PrunedDecision.decision_id).where(some)).scalars()
            )
        return found

    def _was_let_go(self, row: Any, said: Mapping[str, Any]) -> bool:
        """Tell whether an entry's payloads went with those of a decision; a known case's went with what it was made of."""
        if row.decision_id in self._let_go or row.id in self._let_go:
            return True
        source = said["refs"].get("source")
        return said["kind"] == EntryKind.GOLD_MADE and bool(self._pruned_of([source]))

    def _payload(
        self, record_id: str, name: str, commit: str, stored: Any, about: dict[str, Any]
    ) -> Iterator[Finding]:
        if stored is None:
            if record_id in self._erased or self._one_unnamed(record_id):
                self._report.erased += 1
                return
            self._report.missing += 1
            yield Finding(
                severity=Severity.INCOMPLETE,
                what=f"the payload {name} is not there any more, and nothing says that it was erased",
                expected="the payload that the entry commits to",
                got="nothing",
                **about,
            )
            return
        self._report.payloads += 1
        key = self._key(stored)
        if key is None:
            yield _tampered(
                f"the key of the payload {name} does not open",
                expected="a key wrapped under this installation's kek",
                got=f"key {stored.key_id}, changed or wrapped under another",
                **about,
            )
            return
        try:
            plaintext = key.decrypt(record_id, name, stored.nonce, stored.ciphertext)
        except (InvalidTag, ValueError, TypeError):
            yield _tampered(
                f"the payload {name} does not decrypt",
                expected="the bytes that were stored",
                got="others",
                **about,
            )
            return
        if key.commit(record_id, name, plaintext).hex() != commit:
            yield _tampered(
                f"the payload {name} is not the one that the entry commits to",
                expected=commit,
                got=key.commit(record_id, name, plaintext).hex(),
                **about,
            )
        elif name == "decision":
            document = orjson.loads(plaintext)
            yield from self._subject(document, key, about)
            yield from self._how_it_was_asked(document, record_id, about)

    def _erased_told(self) -> tuple[set[str], int]:
        """Return the records whose payloads were erased, as the log names them or is about to, and how many it counts without naming them."""
        named = set(self._session.execute(sa.select(ErasedRecord.record_id)).scalars())
        unnamed = 0
        for entry in self._session.execute(
            sa.select(self._bytes(LogRecord.entry)).where(
                LogRecord.kind == EntryKind.RECORDS_ERASED
            )
        ).scalars():
            said = (_parsed(entry) or {"data": {}})["data"]
            if "ids" in said:
                named.update(said["ids"])
            else:
                unnamed += int(said.get("records", 0))
        return named, unnamed

    def _one_unnamed(self, record_id: str) -> bool:
        """Take a record as one of those that the log counts without naming them; False once these are used up."""
        if not self._erased_unnamed:
            return False
        self._erased_unnamed -= 1
        self._erased.add(record_id)
        return True

    def _how_it_was_asked(
        self, document: Mapping[str, Any], record_id: str, about: dict[str, Any]
    ) -> Iterator[Finding]:
        said, row = document.get("asked"), self._asked.get(record_id)
        if row is None or said is None:
            return
        for name, expected, got in zip(
            ("body_digest", "idempotency_key"), (said["digest"], said["key"]), row, strict=True
        ):
            # Keys are forgotten when they have served their time; nothing takes another's place.
            if got != expected and not (name == "idempotency_key" and got is None):
                yield _tampered(
                    f"decisions.{name} is not what was recorded",
                    expected=expected,
                    got=got,
                    **about,
                )

    def _subject(
        self, document: Mapping[str, Any], key: SubjectKey, about: dict[str, Any]
    ) -> Iterator[Finding]:
        # What is copied for a gold case stays under the key of the person it is about.
        reference = document.get("source_subject", document.get("subject"))
        expected = None if reference is None else self._answerable.keys.tag_of(reference)
        if key.subject_tag != expected:
            yield _tampered(
                "subject_keys.subject_tag is not the subject's",
                expected=expected,
                got=key.subject_tag,
                **about,
            )

    def _key(self, stored: Any) -> SubjectKey | None:
        if stored.key_id not in self._opened:
            if len(self._opened) > 50_000:
                self._opened.clear()
            try:
                self._opened[stored.key_id] = self._answerable.keys.open(
                    stored.key_id, stored.subject_tag, stored.wrapped
                )
            except (InvalidTag, ValueError, TypeError):
                self._opened[stored.key_id] = None
        return self._opened[stored.key_id]

    def _groups_recorded_later(self, ids: Sequence[str]) -> dict[str, str]:
        """Return, by decision, the newest commitment to group attributes that were recorded after it."""
        found: dict[str, str] = {}
        for row in self._session.execute(
            sa.select(LogRecord.decision_id, self._bytes(LogRecord.entry).label("entry"))
            .outerjoin(Leaf, Leaf.record_id == LogRecord.id)
            .where(LogRecord.decision_id.in_(ids), LogRecord.kind == EntryKind.GROUPS_RECORDED)
            .order_by(Leaf.epoch.is_(None), Leaf.epoch, Leaf.leaf_index, LogRecord.id)
        ):
            said = _parsed(row.entry)
            if said is not None and isinstance(said["data"].get("commit"), str):
                found[row.decision_id] = said["data"]["commit"]
        return found

    def _stored_payloads(self, ids: Sequence[str]) -> dict[str, dict[str, Any]]:
        found: dict[str, dict[str, Any]] = {}
        for record, name, model in (
            (PayloadRow.record_id, PayloadRow.name, PayloadRow),
            (VaultRow.decision_id, sa.literal("groups"), VaultRow),
        ):
            for row in self._session.execute(
                sa.select(
                    record.label("record_id"),
                    name.label("name"),
                    model.key_id,
                    self._bytes(model.nonce).label("nonce"),
                    self._bytes(model.ciphertext).label("ciphertext"),
                    SubjectKeyRow.subject_tag,
                    self._bytes(SubjectKeyRow.wrapped).label("wrapped"),
                )
                .outerjoin(SubjectKeyRow, SubjectKeyRow.id == model.key_id)
                .where(record.in_(ids))
            ):
                found.setdefault(row.record_id, {})[row.name] = row
        return found

    def _orphans(self) -> Iterator[Finding]:
        """Find payloads, and cases, that no entry and no decision speaks of."""
        for column, what in (
            (PayloadRow.record_id, "a payload belongs to no entry"),
            (VaultRow.decision_id, "group attributes belong to no entry"),
        ):
            for record_id in self._session.execute(
                sa.select(column)
                .outerjoin(LogRecord, LogRecord.id == column)
                .where(LogRecord.id.is_(None))
                .limit(MOST_FINDINGS)
            ).scalars():
                yield _tampered(what, expected="an entry", got="none", record_id=record_id)

    # ------------------------------------------------------------------------------- reports

    def _reports(self) -> Iterator[Finding]:
        """Hold each signed report that is kept against the entry that names its digest."""
        said: dict[str, str] = {}
        for entry in self._session.execute(
            sa.select(self._bytes(LogRecord.entry)).where(LogRecord.kind == EntryKind.REPORT_MADE)
        ).scalars():
            parsed = _parsed(entry)
            if parsed is not None and parsed["refs"].get("report") is not None:
                said[parsed["refs"]["report"]] = str(parsed["data"].get("digest"))
        for row in self._all(ReportRow):
            expected = said.pop(row.id, None)
            if expected is None:
                yield _tampered(f"report {row.id} is in no entry", expected="an entry", got="none")
            elif expected != signing.digest_of(row.document) or expected != row.digest:
                yield _tampered(
                    f"report {row.id} is not the one that was signed",
                    expected=expected,
                    got=signing.digest_of(row.document),
                )
        for missing, digest in said.items():
            yield _tampered(f"report {missing} is gone", expected=digest, got="nothing")

    # --------------------------------------------------------- draws, and what apps say they sent

    def _draws(self) -> Iterator[Finding]:
        """Hold draws, the decisions they named and apps' own counts against the entries that tell of them."""
        said: dict[str, dict[str, Any]] = {}
        kinds = (EntryKind.COUNT_REPORTED, EntryKind.DRAW_MADE, EntryKind.DRAW_SETTLED)
        for entry in self._session.execute(
            sa.select(self._bytes(LogRecord.entry))
            .where(LogRecord.kind.in_(kinds))
            .order_by(LogRecord.id)
        ).scalars():
            parsed = _parsed(entry)
            if parsed is None:
                continue
            data = parsed["data"]
            if parsed["kind"] == EntryKind.DRAW_SETTLED:
                settled = {name: data[name] for name in ("epoch", "size", "seed", "digest")}
                said.setdefault(parsed["refs"]["draw"], {}).update(settled)
            elif parsed["kind"] == EntryKind.DRAW_MADE:
                unsettled = {"epoch": None, "size": None, "seed": None}
                said[parsed["id"]] = {**unsettled, "digest": drawing.digest_of([]), **data}
            else:
                said[parsed["id"]] = {**data, "app_id": parsed["refs"]["app"]}
        rows: dict[str, dict[str, Any]] = {}
        for draw in self._all(Draw):
            named = self._session.execute(
                sa.select(DrawnDecision.decision_id)
                .where(DrawnDecision.draw_id == draw.id)
                .order_by(DrawnDecision.position)
            ).scalars()
            rows[draw.id] = {
                name: getattr(draw, name)
                for name in ("wanted", "point", "bounds", "population", "epoch", "size", "seed")
            } | {"digest": drawing.digest_of(named), **_times(draw)}
        for count in self._all(SentCount):
            rows[count.id] = {
                name: getattr(count, name) for name in ("app_id", "sent", "last_sequence")
            } | _times(count)
        for record_id in sorted(said.keys() | rows.keys()):
            expected, got = said.get(record_id), rows.get(record_id)
            if expected != got:
                yield _tampered(
                    "a draw, or what an app says it sent, is not what the entries say",
                    expected=_text(expected or "nothing"),
                    got=_text(got or "nothing"),
                    record_id=record_id,
                )

    # ---------------------------------------------------------------------------- gold cases

    def _gold(self) -> Iterator[Finding]:
        """Hold known cases, and to whom they were served, against the entries that made, served and retired them."""
        made: dict[str, dict[str, Any]] = {}
        served: dict[str, dict[str, Any]] = {}
        for entry in self._session.execute(
            sa.select(self._bytes(LogRecord.entry)).where(LogRecord.kind.in_(comparing.GOLD))
        ).scalars():
            said = _parsed(entry)
            if said is not None:
                comparing.follow_gold(said, made, served)
        for known, model in ((made, GoldCase), (served, GoldServing)):
            rows = {
                getattr(row, "decision_id" if model is GoldServing else "id"): row
                for row in self._all(model)
            }
            for difference in comparing.compare_gold(model.__tablename__, known, rows):
                yield _tampered(
                    f"{difference.where} is not what the entries say",
                    expected=_text(difference.expected),
                    got=_text(difference.got),
                )

    # ----------------------------------------------------------------------------- decisions

    def _decisions(self) -> Iterator[Finding]:
        total = self._count(Decision)
        for ids in self._pages(Decision.id):
            decisions = yield from self._readable(
                ids, lambda some: self._all(Decision, Decision.id.in_(some)), "the decision's row"
            )
            cases = yield from self._by_decision(ids, Case)
            verdicts = yield from self._by_decision(ids, Verdict)
            truths = yield from self._by_decision(ids, GroundTruth)
            feedback = yield from self._by_decision(ids, Feedback)
            appeals = yield from self._by_decision(ids, Appeal)
            reversals = yield from self._by_decision(ids, Reversal)
            entries = self._entries_of(ids)
            unrecorded = self._pruned_entries_of(ids)
            for row in decisions:
                if row.id in unrecorded:
                    # Nothing is left that it could be held against.
                    continue
                yield from self._decision(
                    row,
                    cases.get(row.id, []),
                    verdicts.get(row.id, []),
                    (truths.get(row.id, []), feedback.get(row.id, [])),
                    (appeals.get(row.id, []), reversals.get(row.id, [])),
                    entries.get(row.id, []),
                )
            self._report.decisions += len(ids)
            self._session.expunge_all()
            self._progress("decisions", self._report.decisions, total)

    def _decision(
        self,
        row: Decision,
        cases: Sequence[Case],
        verdicts: Sequence[Verdict],
        learnt: tuple[Sequence[GroundTruth], Sequence[Feedback]],
        appealed: tuple[Sequence[Appeal], Sequence[Reversal]],
        entries: Sequence[Mapping[str, Any]],
    ) -> Iterator[Finding]:
        ordered = [entry for entry in entries if entry["id"] == row.id]
        ordered += [entry for entry in entries if entry["id"] != row.id]
        if not ordered or ordered[0]["kind"] not in comparing.RECORDED:
            yield _tampered(
                "the decision has no entry that recorded it",
                expected="an entry",
                got="none that can be read",
                decision_id=row.id,
            )
            return
        digest = self._digests.get((row.point, row.policy_version))
        if digest is None or digest != row.policy_digest:
            yield _tampered(
                f"version {row.policy_version} of the policy of {row.point} is not the one it was ruled by",
                expected=row.policy_digest,
                got=digest or "no such version",
                decision_id=row.id,
            )
        try:
            truths, feedback = learnt
            for difference in (
                *comparing.compare(row, cases, verdicts, ordered),
                *comparing.compare_learnt(next(iter(truths), None), feedback, ordered),
                *comparing.compare_appeals(*appealed, ordered),
            ):
                yield _tampered(
                    f"{difference.where} is not what the entries say",
                    expected=_text(difference.expected),
                    got=_text(difference.got),
                    decision_id=row.id,
                )
        except (KeyError, ValueError, TypeError) as error:
            yield _tampered(
                "the decision's entries do not say what their kinds must",
                expected="entries of this program",
                got=f"{type(error).__name__}: {error}",
                decision_id=row.id,
            )

    def _pruned_entries_of(self, ids: Sequence[str]) -> set[str]:
        """Return the decisions whose first entry was pruned; that it was one place in the log shows by its leaf."""
        return set(
            self._session.execute(
                sa.select(Leaf.record_id)
                .join(Log, Log.epoch == Leaf.epoch)
                .outerjoin(LogRecord, LogRecord.id == Leaf.record_id)
                .where(
                    Leaf.record_id.in_(ids),
                    Leaf.leaf_index < Log.min_index,
                    LogRecord.id.is_(None),
                )
            ).scalars()
        )

    def _entries_of(self, ids: Sequence[str]) -> dict[str, list[dict[str, Any]]]:
        """Return the parsed entries of decisions in the order of the log; those that wait come last."""
        found: dict[str, list[dict[str, Any]]] = {}
        for row in self._session.execute(
            sa.select(LogRecord.decision_id, self._bytes(LogRecord.entry).label("entry"))
            .outerjoin(Leaf, Leaf.record_id == LogRecord.id)
            .where(LogRecord.decision_id.in_(ids))
            .order_by(
                Leaf.epoch.is_(None),
                Leaf.epoch,
                Leaf.leaf_index,
                LogRecord.recorded_at,
                LogRecord.id,
            )
        ):
            said = _parsed(row.entry)
            if said is not None:
                found.setdefault(row.decision_id, []).append(said)
        return found

    def _by_decision(
        self, ids: Sequence[str], model: Any
    ) -> Generator[Finding, None, dict[str, list[Any]]]:
        rows = yield from self._readable(
            ids,
            lambda some: self._all(model, model.decision_id.in_(some)),
            f"a row of {model.__tablename__}",
        )
        found: dict[str, list[Any]] = {}
        for row in rows:
            found.setdefault(row.decision_id, []).append(row)
        return found

    # -------------------------------------------------------------------------------- reading

    def _all(self, model: Any, *conditions: Any) -> Sequence[Any]:
        return self._session.execute(sa.select(model).where(*conditions)).scalars().all()

    def _readable(
        self, ids: Sequence[str], read: Callable[[Sequence[str]], Sequence[Any]], what: str
    ) -> Generator[Finding, None, Sequence[Any]]:
        """Return the rows of a page; one that cannot be read at all makes a finding and keeps no other from being checked."""
        try:
            return read(ids)
        except (ValueError, TypeError, sa.exc.DBAPIError):
            pass
        rows: list[Any] = []
        for one in ids:
            try:
                rows += read([one])
            except (ValueError, TypeError, sa.exc.DBAPIError) as error:
                yield _tampered(
                    f"{what} cannot be read",
                    expected="values of their types",
                    got=str(getattr(error, "orig", None) or error),
                    decision_id=self._decision_of(one),
                    record_id=one,
                )
        return rows

    def _pages(self, column: Any) -> Iterator[list[str]]:
        after: str | None = None
        while True:
            query = sa.select(column).order_by(column).limit(_PAGE)
            if after is not None:
                query = query.where(column > after)
            ids = list(self._session.execute(query).scalars())
            if ids:
                yield ids
            if len(ids) < _PAGE:
                return
            after = ids[-1]

    def _count(self, model: Any) -> int:
        return self._session.execute(sa.select(sa.func.count()).select_from(model)).scalar_one()

    def _bytes(self, column: Any) -> Any:
        """Return a column of bytes, as bytes even where an edit left text in it, which SQLite allows."""
        if self._answerable.database.is_sqlite:
            return sa.cast(column, sa.LargeBinary).label(column.key)
        return column


def _times(row: Any) -> dict[str, str | None]:
    """Return a row's window as entries write it."""
    return {
        name: None if (at := getattr(row, name)) is None else instant_text(at)
        for name in ("since", "until")
    }


def _tampered(what: str, *, expected: object, got: object, **about: Any) -> Finding:
    return Finding(
        severity=Severity.TAMPERED, what=what, expected=_text(expected), got=_text(got), **about
    )


def _unchecked_mark(log: Log, got: str) -> Finding:
    return Finding(
        severity=Severity.INCOMPLETE,
        what="whether the log was rolled back cannot be checked without the high-water file",
        expected="the newest signed checkpoint, outside the database",
        got=got,
        epoch=log.epoch,
    )


def _parsed(entry: bytes | None) -> dict[str, Any] | None:
    """Return an entry's record, None where it is not what entries are; the log's own check says so, and whether it is canonical."""
    try:
        said = orjson.loads(entry or b"")
    except orjson.JSONDecodeError:
        return None
    shaped = (
        isinstance(said, dict)
        and isinstance(said.get("refs"), dict)
        and isinstance(said.get("data"), dict)
        and isinstance(said.get("payload"), list)
        and all(isinstance(said.get(name), str) for name in ("id", "kind", "recorded_at"))
    )
    return said if shaped else None


def _text(value: object) -> str:
    if isinstance(value, datetime):
        return rfc3339(value)
    return "nothing" if value is None else str(value)
