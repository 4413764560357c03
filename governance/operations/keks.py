"""Rotating the key-encryption key, so that old backups open nothing any more.

A key comes into use in one transaction, which every process notices before it encrypts the next key of a subject. Then what stands under the key
before is encrypted anew, by presence and in small batches. The key before is kept for a while, so that a backup made under it can be restored, and deleted.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import sqlalchemy as sa
from cryptography.exceptions import InvalidTag
from sqlalchemy.orm import Session

from audits.log.entries import EntryKind
from governance import keyring
from governance.actors import Actor, service
from governance.errors import Conflict
from governance.identities.models import Person
from governance.installation.models import Installation, KeyEncryptionKey
from governance.permissions import Permission
from governance.subjects.models import SubjectKeyRow
from governance.webhooks.models import WebhookSecret

if TYPE_CHECKING:
    from governance.application import Answerable

#: Rows that one transaction encrypts anew, so that nobody waits long for it.
_BATCH: Final = 500
_FILE: Final = "kek.key"
Progress = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class KekView:
    """A key-encryption key that was ever in use; ``held`` tells whether this process has it, ``deleted_due`` when it is to be deleted."""

    id: str
    used_from: datetime
    used_until: datetime | None
    rewrapped_at: datetime | None
    deleted_at: datetime | None
    deleted_due: datetime | None
    held: bool


def list_keks(answerable: Answerable, actor: Actor) -> list[KekView]:
    """Return every key-encryption key that was ever in use, the newest first.

    Raises:
        NotAllowed: the actor may not see how the service is.
    """
    actor.require(Permission.STATUS_READ)
    with answerable.database.read() as session:
        return known(answerable, session)


def known(answerable: Answerable, session: Session) -> list[KekView]:
    """Return the same for the status page."""
    held = answerable.keyring.held
    horizon = answerable.settings.kek_horizon
    return [
        KekView(
            id=row.id,
            used_from=row.used_from,
            used_until=row.used_until,
            rewrapped_at=row.rewrapped_at,
            deleted_at=row.deleted_at,
            deleted_due=None if row.used_until is None else row.used_until + horizon,
            held=row.id in held,
        )
        for row in session.execute(
            sa.select(KeyEncryptionKey).order_by(KeyEncryptionKey.used_from.desc())
        ).scalars()
    ]


def work(answerable: Answerable) -> None:
    """Do what is due: rotate, encrypt anew, delete; each of it goes on where it was stopped."""
    settle_files(answerable)
    if _is_due(answerable):
        rotate(answerable, service("keks"))
    rewrap(answerable)
    delete_old(answerable)


def prepare(answerable: Answerable, actor: Actor) -> Path:
    """Make the next key as a file beside the one in use, to be copied to every machine before it comes into use; one that waits is kept.

    Raises:
        NotAllowed: the actor may not manage settings.
        Conflict: the key in use comes from a variable, and the next one must too.
    """
    actor.require(Permission.SETTINGS_MANAGE)
    ring = answerable.keyring
    with answerable.database.read() as session:
        waiting = _waiting(answerable, session)
    if ring.files is None:
        fresh = keyring.encoded(secrets.token_bytes(32))
        raise Conflict(
            "The key-encryption key comes from ANSWERABLE_SECRET_KEK, so no file is made. Give every process ANSWERABLE_SECRET_KEK_PREVIOUS with the value that "
            f"ANSWERABLE_SECRET_KEK has now, and ANSWERABLE_SECRET_KEK with a fresh one, for instance\n\n  {fresh}\n\n"
            "and start them again, one by one. Then run `answerable kek rotate` with both."
        )
    if waiting is None:
        waiting = secrets.token_bytes(32)
        keyring.write_secret(keyring.other_kek_path(ring.files, waiting), waiting)
    return keyring.other_kek_path(ring.files, waiting)


def rotate(answerable: Answerable, actor: Actor) -> KekView:
    """Bring the next key into use: one that was put beside the one in use, else a fresh one where keys are files.

    Raises:
        NotAllowed: the actor may not manage settings.
        Conflict: the next key must come from a variable and is not there.
        WrongInstallation: this process does not have the key in use.
    """
    actor.require(Permission.SETTINGS_MANAGE)
    ring = answerable.keyring
    with answerable.work(actor) as work:
        installation = work.session.execute(sa.select(Installation).with_for_update()).scalar_one()
        ring.adopt(installation.fingerprints["kek"])
        fresh = _waiting(answerable, work.session)
        if fresh is None:
            path = prepare(answerable, actor)
            fresh = keyring.read_secret(path)
        before, after = ring.kek_id, keyring.kek_id(fresh)
        work.session.execute(
            sa.update(KeyEncryptionKey)
            .where(KeyEncryptionKey.id == before)
            .values(used_until=work.now)
        )
        work.session.add(KeyEncryptionKey(id=after, used_from=work.now))
        in_use = keyring.fingerprint("kek", fresh)
        installation.fingerprints = {**installation.fingerprints, "kek": in_use}
        work.session.flush()
        # From their next change on all processes use it.
        work.configuration_changed()
        work.record(EntryKind.KEK_ROTATED, data={"before": before, "after": after})
    ring.adopt(in_use)
    settle_files(answerable)
    return list_keks(answerable, actor)[0]


def rewrap(answerable: Answerable, *, progress: Progress | None = None) -> int:
    """Encrypt under the key in use what stands under another; return how much it was. What no key opens stays as it is."""
    ring, done = answerable.keyring, 0
    with answerable.database.read() as session:
        ring.adopt(session.execute(sa.select(Installation.fingerprints)).scalar_one()["kek"])
        before = list(
            session.execute(
                sa.select(KeyEncryptionKey.id).where(
                    KeyEncryptionKey.used_until.is_not(None),
                    KeyEncryptionKey.rewrapped_at.is_(None),
                )
            ).scalars()
        )
    if not before:
        return 0
    in_use = ring.kek_id
    for model in (SubjectKeyRow, WebhookSecret):
        stale = (model.kek_id != in_use, model.wrapped.is_not(None))
        with answerable.database.read() as session:
            total = session.execute(
                sa.select(sa.func.count()).select_from(model).where(*stale)
            ).scalar_one()
        gone_through = 0
        for rows in _pages(answerable, model, stale):
            fresh = []
            for row in rows:
                with suppress(InvalidTag):
                    wrapped = ring.rewrap(row.id, row.wrapped) or row.wrapped
                    fresh.append({"at": row.id, "was": row.wrapped, "wrapped": wrapped})
            if fresh:
                _store(answerable, model, fresh, kek_id=in_use)
            done += len(fresh)
            gone_through += len(rows)
            if progress is not None:
                progress(model.__tablename__, gone_through, total)
    done += _second_factors(answerable)
    with answerable.database.write() as session:
        for kek in before:
            if not _stands_under(session, kek, ring.held.get(kek)):
                session.execute(
                    sa.update(KeyEncryptionKey)
                    .where(KeyEncryptionKey.id == kek)
                    .values(rewrapped_at=answerable.clock.now())
                )
    return done


def delete_old(answerable: Answerable) -> int:
    """Delete the keys that were rotated so long ago that no backup made under them is meant to open; return how many."""
    now, deleted = answerable.clock.now(), 0
    with answerable.database.read() as session:
        due = [
            one
            for one in known(answerable, session)
            if one.deleted_due is not None and one.deleted_due <= now
        ]
    for one in due:
        if one.deleted_at is None:
            # A process that was slow to notice may have used it until just now.
            with answerable.database.write() as session:
                session.execute(
                    sa.update(KeyEncryptionKey)
                    .where(KeyEncryptionKey.id == one.id)
                    .values(rewrapped_at=None)
                )
            rewrap(answerable)
            with answerable.database.read() as session:
                if session.get_one(KeyEncryptionKey, one.id).rewrapped_at is None:
                    continue
        _delete_file(answerable, one.id)
        if one.deleted_at is not None or one.id in _kept(answerable):
            continue
        with answerable.work(service("keks")) as work:
            row = work.session.get_one(KeyEncryptionKey, one.id, with_for_update=True)
            if row.deleted_at is None:
                row.deleted_at = work.now
                work.configuration_changed()
                work.record(EntryKind.KEK_DELETED, data={"kek": one.id})
                deleted += 1
    if due:
        with answerable.database.read() as session:
            in_use = session.execute(sa.select(Installation.fingerprints)).scalar_one()["kek"]
        answerable.keyring.adopt(in_use)
    return deleted


def settle_files(answerable: Answerable) -> None:
    """Let ``kek.key`` be the key in use, whatever was interrupted; the one before lies beside it under its id."""
    ring = answerable.keyring
    folder = ring.files
    if folder is None:
        return
    with answerable.database.read() as session:
        ring.adopt(session.execute(sa.select(Installation.fingerprints)).scalar_one()["kek"])
    path = folder / _FILE
    before = keyring.read_secret(path)
    if before != ring.kek:
        with suppress(FileExistsError):
            keyring.write_secret(keyring.other_kek_path(folder, before), before)
        making = folder / f"{_FILE}.making"
        making.unlink(missing_ok=True)
        keyring.write_secret(making, ring.kek)
        making.replace(path)
        _sync(folder)
    keyring.other_kek_path(folder, ring.kek).unlink(missing_ok=True)


# ------------------------------------------------------------------------------------- the parts


def _is_due(answerable: Answerable) -> bool:
    every = answerable.settings.rotates_every
    if every is None or answerable.keyring.files is None:
        return False
    with answerable.database.read() as session:
        since = session.execute(
            sa.select(KeyEncryptionKey.used_from).where(KeyEncryptionKey.used_until.is_(None))
        ).scalar_one()
    return since + every <= answerable.clock.now()


def _waiting(answerable: Answerable, session: Session) -> bytes | None:
    """Return a key that is held and was never in use."""
    used = set(session.execute(sa.select(KeyEncryptionKey.id)).scalars())
    kept = _kept(answerable)
    return next((key for name, key in kept.items() if name not in used), None)


def _kept(answerable: Answerable) -> dict[str, bytes]:
    return {keyring.kek_id(key): key for key in answerable.keyring.reread()}


def _pages(answerable: Answerable, model: Any, stale: tuple[Any, ...]) -> Iterator[list[Any]]:
    after = ""
    while True:
        query = sa.select(model.id, model.wrapped).where(*stale).order_by(model.id).limit(_BATCH)
        if after:
            query = query.where(model.id > after)
        with answerable.database.read() as session:
            rows = list(session.execute(query).all())
        if rows:
            yield rows
        if len(rows) < _BATCH:
            return
        after = rows[-1].id


def _store(answerable: Answerable, model: Any, fresh: list[dict[str, Any]], *, kek_id: str) -> None:
    table = model.__table__
    statement = (
        sa.update(table)
        .where(table.c.id == sa.bindparam("at"), table.c.wrapped == sa.bindparam("was"))
        .values(wrapped=sa.bindparam("fresh"), kek_id=kek_id)
    )
    with answerable.database.write() as session:
        session.connection().execute(
            statement,
            [{"at": one["at"], "was": one["was"], "fresh": one["wrapped"]} for one in fresh],
        )


def _second_factors(answerable: Answerable) -> int:
    """Do the same for second factors, whose rows do not say under which key they stand."""
    done = 0
    with answerable.database.write() as session:
        for person in session.execute(
            sa.select(Person).where(Person.totp_secret.is_not(None))
        ).scalars():
            with suppress(InvalidTag):
                wrapped = answerable.keyring.rewrap(person.id, person.totp_secret or b"")
                if wrapped is not None:
                    person.totp_secret = wrapped
                    done += 1
    return done


def _stands_under(session: Session, kek: str, key: bytes | None) -> bool:
    """Tell whether something is left to be encrypted anew; what is damaged, so that its own key does not open it, never will be."""
    for model in (SubjectKeyRow, WebhookSecret):
        left = sa.select(model.id, model.wrapped).where(
            model.kek_id == kek, model.wrapped.is_not(None)
        )
        for row in session.execute(left):
            if key is None or keyring.opens(key, row.id, row.wrapped):
                return True
    return False


def _delete_file(answerable: Answerable, kek: str) -> None:
    folder = answerable.keyring.files
    if folder is None:
        return
    for path in folder.glob("kek-*.key"):
        with suppress(ValueError, FileNotFoundError):
            if keyring.kek_id(keyring.read_secret(path)) == kek:
                # Overwritten first, for disks that keep what a deleted file held.
                with path.open("r+b") as file:
                    file.write(b"\0" * path.stat().st_size)
                    file.flush()
                    os.fsync(file.fileno())
                path.unlink()
    _sync(folder)


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
