"""Epochs of the log: opening the first, and another where the one before cannot or should not go on.

Entries carry the installation's own name of the log in every epoch. An epoch has an origin, a key and a tree of its own; its first entries say
what is known of the one before.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from audits.log.entries import EntryKind
from audits.log.highwater import HighWater, SigningRefused
from audits.log.tiles import TileMissing
from audits.log.tree import EMPTY_ROOT
from governance.errors import AnswerableError, InvalidInput
from governance.ledger import highwater_file, keys, publishing, queries, sequencing
from governance.ledger.models import KeyPurpose, Log, PendingRecord
from governance.permissions import Permission
from governance.work import Work


@dataclass(frozen=True, slots=True, kw_only=True)
class EpochView:
    """One epoch, and how the one before ended.

    There ``previous_size`` entries stood in it, ``previous_signed`` had been signed (None: not known), and of these ``lost`` are nowhere any more.
    """

    epoch: int
    origin: str
    vkey: str
    previous_size: int | None = None
    previous_signed: int | None = None
    previous_closed: bool = False
    lost: int | None = None


def open_first(work: Work) -> EpochView:
    """Open the log of a new installation, with a fresh key; its first entry says so."""
    work.require(Permission.SETTINGS_MANAGE)
    return _open(work, 1, work.answerable.origin, {})


def new_epoch(work: Work, *, reason: str) -> EpochView:
    """Go on in a new epoch with a fresh key: after a restored backup, a lost high-water file, or a stolen key.

    The epoch before gets a last entry only where it still is what was signed and its key is here; otherwise nothing is added to it. When that is
    committed, ``publishing.publish(answerable, epoch=...)`` signs it. Entries that wait go to the new one.

    Raises:
        InvalidInput: no reason is given.
    """
    work.require(Permission.SETTINGS_MANAGE)
    if not reason.strip():
        raise InvalidInput(
            "A new epoch of the log needs a reason that says why the one before ends."
        )
    before = queries.current(work.session, lock=True)
    epoch = before.epoch + 1
    origin = f"{work.answerable.origin}/{epoch}"
    mark, fault = _mark_of(work, before)
    closed = (
        fault is None
        and before.size > 0
        and sequencing.close(
            work.session,
            before,
            sequencing.own_record(
                work.answerable, EntryKind.LOG_CLOSED, work.now, data={"next_origin": origin}
            ),
            work.now,
        )
    )
    work.session.refresh(before)
    before.closed_at = work.now
    # Entries that waited when a backup was made got their place later, and are here still.
    waiting = work.session.execute(
        sa.select(sa.func.count()).select_from(PendingRecord)
    ).scalar_one()
    lost = None if mark is None else max(0, mark.size - before.size - waiting)
    previous: dict[str, Any] = {
        "previous_origin": before.origin,
        "previous_size": before.size,
        "previous_root": before.root.hex(),
        "previous_closed": closed,
        "previous_fault": fault,
        "signed_size": None if mark is None else mark.size,
        "signed_root": None if mark is None else mark.root.hex(),
        "lost": lost,
    }
    opened = _open(work, epoch, origin, previous, reason=reason)
    return EpochView(
        epoch=opened.epoch,
        origin=opened.origin,
        vkey=opened.vkey,
        previous_size=before.size,
        previous_signed=None if mark is None else mark.size,
        previous_closed=closed,
        lost=lost,
    )


def _open(
    work: Work, epoch: int, origin: str, data: dict[str, Any], *, reason: str | None = None
) -> EpochView:
    vkey = keys.make_signing_key(work.answerable, epoch, origin).verifying_key.encode()
    work.session.add(
        Log(
            epoch=epoch,
            origin=origin,
            vkey=vkey,
            size=0,
            root=EMPTY_ROOT,
            min_index=0,
            opened_at=work.now,
            last_tick_at=None,
            closed_at=None,
        )
    )
    queries.add_key(
        work.session, vkey=vkey, purpose=KeyPurpose.LOG, epoch=epoch, active_from=0, now=work.now
    )
    work.record(
        EntryKind.LOG_OPENED,
        data={
            "epoch": epoch,
            "origin": origin,
            "vkey": vkey,
            "receipt_vkeys": [
                key.vkey for key in queries.active_keys(work.session, KeyPurpose.RECEIPT)
            ],
            **data,
        },
        payloads=None if reason is None else {"reason": reason.encode()},
    )
    return EpochView(epoch=epoch, origin=origin, vkey=vkey)


def _mark_of(work: Work, log: Log) -> tuple[HighWater | None, str | None]:
    """Return an epoch's mark as far as it is known, and what keeps the epoch from being closed in order."""
    try:
        mark = publishing.guard(work.answerable, work.session, log)
        has_key = bool(keys.signing_keys(work.answerable, log))
    except (SigningRefused, TileMissing, OSError, AnswerableError) as refused:
        fault = type(refused).__name__
    else:
        return mark, None if has_key else "KeyMissing"
    try:
        return highwater_file.load(work.answerable, log), fault
    except (SigningRefused, OSError):
        return None, fault
