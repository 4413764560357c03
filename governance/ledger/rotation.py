"""Keys that follow one another: each is announced by an entry before it counts, and another entry says from where on it no longer does."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Final

from sqlalchemy.orm import Session

from audits.log import receipts
from audits.log.entries import EntryKind
from audits.log.notes import NoteRefused, VerifyingKey, open_note
from governance.actors import service
from governance.errors import Conflict, InvalidInput, WrongInstallation
from governance.ledger import keys, queries
from governance.ledger.models import KeyPurpose, Log, LogKey
from governance.permissions import Permission
from governance.work import Work

if TYPE_CHECKING:
    from governance.application import Answerable

#: How long a key and the one that follows it both count, so that readers and processes can change over.
BOTH_COUNT: Final = timedelta(days=30)
REPLACED: Final = "replaced"
STOLEN: Final = "stolen"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rotated:
    """A key that was added; where its seed is kept, which keys count beside it, and until when."""

    purpose: KeyPurpose
    vkey: str
    file: Path
    beside: tuple[str, ...]
    until: datetime | None


def rotate(work: Work, purpose: KeyPurpose, *, stolen_because: str | None = None) -> Rotated:
    """Add the key that follows the one in use; both count for a while, but the one before at once no longer where it was stolen.

    Raises:
        InvalidInput: a log key was stolen, which takes a new epoch, or no reason is given.
        Conflict: keys are changing over already, or no key of the log is here.
    """
    work.require(Permission.SETTINGS_MANAGE)
    stolen = stolen_because is not None
    if stolen_because is not None and not stolen_because.strip():
        raise InvalidInput("Say how you know that the key was stolen; it stands in the log.")
    log = queries.current(work.session, lock=True)
    active = _active(work.session, log, purpose)
    if purpose is KeyPurpose.LOG:
        if stolen:
            raise InvalidInput(
                "What a stolen log key signs cannot be told from what the log signs. "
                "Go on with `answerable audit new-epoch --reason ...`."
            )
        if not keys.signing_keys(work.answerable, log):
            raise Conflict("No key of the log is here. Run this where the sequencer runs.")
        name, prefix = log.origin, f"log-{log.epoch}"
    else:
        name, prefix = receipts.key_name(work.answerable.origin), "receipt"
    until = work.now + BOTH_COUNT
    lost = purpose is KeyPurpose.RECEIPT and not _receipt_key_here(work)
    if len(active) > 1 and not stolen and not lost:
        since = max(key.added_at for key in active)
        raise Conflict(
            f"The keys change over since {since:%Y-%m-%d}; the one before is retired {BOTH_COUNT.days} days after. Wait until then."
        )
    made, file = keys.make_next(work.answerable, name, prefix)
    vkey = made.verifying_key.encode()
    _add(work, log, purpose, vkey)
    if stolen_because is not None:
        for key in active:
            _retire(work, log, key, STOLEN, reason=stolen_because)
    return Rotated(
        purpose=purpose,
        vkey=vkey,
        file=file,
        beside=() if stolen else tuple(key.vkey for key in active),
        until=None if stolen else until,
    )


def ensure_receipt_key(answerable: Answerable, *, needed: bool = True) -> None:
    """See that receipts can be signed here: the first process of an installation makes the key, the others must have one that counts.

    Raises:
        WrongInstallation: none of the keys here counts, and one is needed.
        SettingsInvalid: what should be a key is malformed.
    """
    with answerable.database.read() as session:
        vkeys = [key.vkey for key in queries.active_keys(session, KeyPurpose.RECEIPT)]
    if not vkeys:
        with answerable.work(service("keys")) as work:
            vkeys = [make_first_receipt_key(work)]
    if needed and not keys.receipt_keys(answerable, answerable.origin, vkeys):
        raise WrongInstallation(
            "The key for receipts here is none of those that count. Give this process the newest of the files "
            f"{keys.receipt_file(answerable).with_name('receipt*.key')} of the others, or the same {keys.RECEIPT_VARIABLE}, and start it again. "
            "Where no process has it any more, `answerable audit rotate-key receipt` makes another."
        )


def make_first_receipt_key(work: Work) -> str:
    """Make an installation's first key for receipts, unless another process was faster; return the one that counts."""
    log = queries.current(work.session, lock=True)
    known = queries.active_keys(work.session, KeyPurpose.RECEIPT)
    if known:
        return known[-1].vkey
    vkey = keys.make_receipt_key(work.answerable, work.answerable.origin).verifying_key.encode()
    _add(work, log, KeyPurpose.RECEIPT, vkey)
    return vkey


def renew_lost_receipt_key(work: Work) -> None:
    """See that an installation that was restored has a key for receipts: one of its own that is here, or another."""
    if not queries.active_keys(work.session, KeyPurpose.RECEIPT):
        make_first_receipt_key(work)
    elif not _receipt_key_here(work):
        rotate(work, KeyPurpose.RECEIPT)


def retire_due(answerable: Answerable) -> int:
    """Retire keys whose followers have counted long enough and are in use here; return how many."""
    with answerable.database.read() as session:
        if not _due(answerable, session, queries.current(session), answerable.clock.now()):
            return 0
    with answerable.work(service("keys")) as work:
        log = queries.current(work.session, lock=True)
        due = _due(answerable, work.session, log, work.now)
        for key in due:
            _retire(work, log, key, REPLACED)
    return len(due)


def _receipt_key_here(work: Work) -> bool:
    vkeys = [key.vkey for key in queries.active_keys(work.session, KeyPurpose.RECEIPT)]
    return bool(keys.receipt_keys(work.answerable, work.answerable.origin, vkeys))


def _active(session: Session, log: Log, purpose: KeyPurpose) -> list[LogKey]:
    return [
        key
        for key in queries.active_keys(session, purpose)
        if purpose is KeyPurpose.RECEIPT or key.epoch == log.epoch
    ]


def _due(answerable: Answerable, session: Session, log: Log, now: datetime) -> list[LogKey]:
    due = []
    for purpose in KeyPurpose:
        active = _active(session, log, purpose)
        if (
            len(active) > 1
            and active[-1].added_at + BOTH_COUNT <= now
            and _in_use(answerable, session, log, active[-1])
        ):
            due += active[:-1]
    return due


def _in_use(answerable: Answerable, session: Session, log: Log, key: LogKey) -> bool:
    """Tell whether a key signs already; before it does, none may be retired for it."""
    if key.purpose == KeyPurpose.RECEIPT:
        here = keys.receipt_keys(answerable, answerable.origin, [key.vkey])
        return bool(here)
    newest = queries.newest_checkpoint(session, log.epoch)
    try:
        return newest is not None and bool(
            open_note(newest.note, [VerifyingKey.parse(key.vkey)]).signed_by
        )
    except NoteRefused:
        return False


def _add(work: Work, log: Log, purpose: KeyPurpose, vkey: str) -> None:
    queries.add_key(
        work.session,
        vkey=vkey,
        purpose=purpose,
        epoch=log.epoch,
        active_from=log.size,
        now=work.now,
    )
    work.record(
        EntryKind.LOG_KEY_ADDED,
        data={
            "purpose": purpose.value,
            "vkey": vkey,
            "epoch": log.epoch,
            "active_from": log.size,
        },
    )
    if purpose is KeyPurpose.RECEIPT:
        work.configuration_changed()


def _retire(work: Work, log: Log, key: LogKey, because: str, *, reason: str | None = None) -> None:
    key.retired_at, key.retired_epoch, key.retired_at_index = work.now, log.epoch, log.size
    key.retired_because = because
    work.session.flush()
    work.record(
        EntryKind.LOG_KEY_RETIRED,
        data={
            "purpose": key.purpose,
            "vkey": key.vkey,
            "epoch": log.epoch,
            "retired_at": log.size,
            "because": because,
        },
        payloads=None if reason is None else {"reason": reason.encode()},
    )
    if key.purpose == KeyPurpose.RECEIPT:
        work.configuration_changed()
