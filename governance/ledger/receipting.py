"""Promising to whom asked for a decision that its entry will be in the log: signed only for what is committed, and always with the same words."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

import sqlalchemy as sa
import structlog
from sqlalchemy.orm import Session

from audits.log import receipts
from audits.log.entries import EntryKind
from audits.log.notes import SigningKey
from audits.log.receipts import Receipt
from audits.log.tree import leaf_hash
from governance.errors import SettingsInvalid
from governance.ledger import keys
from governance.ledger.models import Leaf, LogRecord, PendingRecord

if TYPE_CHECKING:
    from governance.application import Answerable
    from governance.configuration import Configuration

log = structlog.get_logger("answerable.log")

_BEGINNING: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND: Final = timedelta(milliseconds=1)
#: A committed entry: its record's id, its leaf hash, and when it was recorded.
Committed = tuple[str, bytes, datetime]


class Receipts:
    """Signs a process's receipts, with the newest key that counts and is here."""

    def __init__(self, answerable: Answerable) -> None:
        self._answerable = answerable
        self._lock = threading.Lock()
        self._looked: tuple[Configuration | None, SigningKey | None] = (None, None)

    @property
    def key(self) -> SigningKey | None:
        """Return the key to sign with, None where every key here was retired.

        A key that is added or retired raises the configuration's generation, so it is looked for again by then.
        """
        configuration = self._answerable.configuration.current()
        looked, key = self._looked
        if looked is not configuration:
            with self._lock:
                key = self._newest(configuration.receipt_vkeys, key)
                self._looked = (configuration, key)
            if key is None:
                log.error("receipts.no_key")
        return key

    def _newest(self, vkeys: Sequence[str], before: SigningKey | None) -> SigningKey | None:
        try:
            found = keys.receipt_keys(self._answerable, self._answerable.origin, vkeys)
        except (OSError, SettingsInvalid) as error:
            # What was committed is answered all the same, with the key from before as long as it counts.
            log.warning("receipts.key_unreadable", error=type(error).__name__)
            found = [] if before is None else [before]
        counting = [key for key in found if key.verifying_key.encode() in vkeys]
        return counting[-1] if counting else None

    def sign(self, committed: Sequence[Committed]) -> dict[str, str]:
        """Sign receipts for entries that were committed together, once for all of them; return each by its record's id.

        Where every key here was retired there are none.
        """
        key = self.key
        if key is None or not committed:
            return {}
        promised = [self._promise(*each) for each in committed]
        texts = receipts.sign_many(promised, key)
        return {receipt.record_id: text for receipt, text in zip(promised, texts, strict=True)}

    def again(self, session: Session, record_id: str) -> str | None:
        """Sign the receipt of a decision that was asked for before; None where the log has no such entry, or no key is here.

        The words are those of the first receipt as long as the delay that is promised stays.
        """
        # This process may have decided nothing since a key was retired.
        self._answerable.configuration.fresh(session)
        found = session.execute(
            sa.select(
                LogRecord.entry, LogRecord.recorded_at, Leaf.leaf_hash, PendingRecord.leaf_hash
            )
            .outerjoin(Leaf, Leaf.record_id == LogRecord.id)
            .outerjoin(PendingRecord, PendingRecord.record_id == LogRecord.id)
            .where(LogRecord.id == record_id, LogRecord.kind == EntryKind.DECISION_RECORDED)
        ).one_or_none()
        if found is None:
            return None
        entry, recorded_at, placed, waiting = found
        leaf = placed or waiting or leaf_hash(entry)
        return self.sign([(record_id, leaf, recorded_at)]).get(record_id)

    def _promise(self, record_id: str, leaf: bytes, recorded_at: datetime) -> Receipt:
        return Receipt(
            origin=self._answerable.origin,
            record_id=record_id,
            leaf_hash=leaf,
            at_ms=(recorded_at - _BEGINNING) // _MILLISECOND,
            mmd_s=self._answerable.settings.log_promise,
        )


def due(receipt: Receipt) -> datetime:
    """Return until when a receipt's promise must be kept."""
    return _BEGINNING + receipt.due_ms * _MILLISECOND
